//! A folder of its own in which the program runs.
#![allow(dead_code, reason = "no test file needs all of it")]
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command as System},
};

use assert_cmd::{Command, assert::Assert};
use serde_json::Value;

/// A folder of its own in which the program runs.
pub struct Place(tempfile::TempDir);

impl Place {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// Where the key of this machine lies.
    pub fn key(&self) -> PathBuf {
        self.path("state/liveness/log.key")
    }

    pub fn folder(&self) -> &Path {
        self.0.path()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn put(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        fs::write(self.path(name), bytes).unwrap();
        self.path(name)
    }

    /// A picture without a face.
    pub fn picture(&self, name: &str) -> PathBuf {
        let image = image::RgbImage::from_fn(160, 120, |x, y| [x as u8, y as u8, 90].into());
        image.save(self.path(name)).unwrap();
        self.path(name)
    }

    /// The portrait, shrunk, as `name`.
    pub fn portrait(&self, name: &str) -> PathBuf {
        fs::copy(astronaut(), self.path(name)).unwrap();
        self.path(name)
    }

    /// A second of ffmpeg's test picture, `moov` first so that a cut file still begins well.
    pub fn video(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        let made = System::new("ffmpeg")
            .args([
                "-v",
                "error",
                "-f",
                "lavfi",
                "-i",
                "testsrc=size=160x120:rate=15:duration=1",
            ])
            .args(["-g", "3", "-pix_fmt", "yuv420p"])
            .args(["-movflags", "+faststart"])
            .arg(&path)
            .status()
            .expect("these tests need ffmpeg: `make deps` installs it");
        assert!(made.success());
        path
    }

    /// Runs the program here; the words of `line` are its arguments.
    pub fn run(&self, line: &str) -> Assert {
        self.command(line).assert()
    }

    pub fn command(&self, line: &str) -> Command {
        Command::from_std(self.program(line))
    }

    /// The same, for a test that talks to the program while it runs.
    pub fn program(&self, line: &str) -> System {
        let mut program = System::new(env!("CARGO_BIN_EXE_liveness"));
        program
            .current_dir(self.0.path())
            // What a session leaves behind stays here.
            .env("XDG_STATE_HOME", self.path("state"))
            .args(line.split_whitespace());
        program
    }
}

/// Sends `child` a signal, by its name without SIG.
pub fn signal(child: &Child, name: &str) {
    // The shell's own `kill`: a bare machine has no other.
    let killed = System::new("sh")
        .args(["-c", "kill -$1 $0", &child.id().to_string(), name])
        .status();
    assert!(killed.unwrap().success());
}

pub fn astronaut() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/portraits/astronaut.jpg")
}

pub fn lines(assert: &Assert) -> Vec<Value> {
    let text = String::from_utf8(assert.get_output().stdout.clone()).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}
