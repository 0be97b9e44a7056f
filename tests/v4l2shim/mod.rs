//! Builds the false camera (shim.h says what it can do) and runs this test program again under it.
#![allow(dead_code, reason = "no test file needs all of it")]
use std::ffi::OsStr;
use std::fs;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use image::{ImageFormat, Rgb, RgbImage};
use liveness::capture::puppet::{self, Pace, Puppet};

/// Longest that a probe may take: a camera that hangs must not hang the tests.
const PATIENCE: Duration = Duration::from_secs(60);

/// Pictures in a round; the marker of picture `i` stands at `i * MARKER_STEP`.
pub const ROUND: u32 = 20;
pub const MARKER_STEP: u32 = 16;

/// Colours of the bars, left to right: enough to catch swapped channels and wrong ranges.
pub const BARS: [[u8; 3]; 8] = [
    [191, 191, 191],
    [191, 191, 0],
    [0, 191, 191],
    [0, 191, 0],
    [191, 0, 191],
    [191, 0, 0],
    [0, 0, 191],
    [64, 32, 16],
];

/// Bars above; below, on black, a white marker that moves from picture to picture.
fn picture(width: u32, height: u32, index: u32) -> RgbImage {
    let marker = index * MARKER_STEP..(index + 1) * MARKER_STEP;
    RgbImage::from_fn(width, height, |x, y| {
        if y < height * 3 / 4 {
            Rgb(BARS[(x * 8 / width) as usize])
        } else if marker.contains(&x) {
            Rgb([255; 3])
        } else {
            Rgb([0; 3])
        }
    })
}

/// BT.601, limited range, straight from the formula.
fn yuyv(image: &RgbImage) -> Vec<u8> {
    let ycc = |pixel: &[u8]| {
        let [r, g, b] = [0, 1, 2].map(|i| f64::from(pixel[i]) / 255.0);
        let y = 0.299 * r + 0.587 * g + 0.114 * b;
        [
            16.0 + 219.0 * y,
            128.0 + 224.0 * (b - y) / 1.772,
            128.0 + 224.0 * (r - y) / 1.402,
        ]
    };
    let pairs = image.as_raw().chunks_exact(6);
    let bytes = pairs.flat_map(|pair| {
        let (a, b) = (ycc(&pair[..3]), ycc(&pair[3..]));
        [a[0], (a[1] + b[1]) / 2.0, b[0], (a[2] + b[2]) / 2.0]
    });
    bytes.map(|value| value.round() as u8).collect()
}

fn jpeg(image: &RgbImage) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, ImageFormat::Jpeg).unwrap();
    bytes.into_inner()
}

/// Ten seconds of somebody at rest.
const REST: usize = 300;

/// JPEGs of the simulated subject, made once.
fn film() -> &'static [u8] {
    static FILM: OnceLock<Vec<u8>> = OnceLock::new();
    FILM.get_or_init(|| {
        let (_, nothing) = crossbeam_channel::bounded(1);
        let puppet = Puppet::new(puppet::Options::default(), Pace::Virtual, nothing).unwrap();
        let pictures = puppet.take(REST).map(|frame| frame.unwrap().image);
        pictures.flat_map(|picture| jpeg(&picture)).collect()
    })
}

/// A machine whose only camera is the false one.
pub struct Machine {
    pictures: tempfile::TempDir,
    settings: Vec<(&'static str, String)>,
}

/// What a probe left behind.
pub struct Outcome {
    /// What it found, a line each.
    pub lines: Vec<String>,
    /// Its log.
    pub log: String,
}

impl Machine {
    /// A machine without a camera.
    pub fn bare() -> Self {
        Self {
            pictures: tempfile::tempdir().unwrap(),
            settings: Vec::new(),
        }
    }

    /// A machine whose camera offers these files: `640x480.yuyv`, `1280x720.mjpg`, `640x480.grey`.
    pub fn with(names: &[&str]) -> Self {
        let machine = Self::bare();
        for name in names {
            let (size, encoding) = name.split_once('.').unwrap();
            let (width, height) = size.split_once('x').unwrap();
            let (width, height) = (width.parse().unwrap(), height.parse().unwrap());
            let pictures = (0..ROUND).map(|i| picture(width, height, i));
            let bytes: Vec<u8> = match encoding {
                "yuyv" => pictures.flat_map(|p| yuyv(&p)).collect(),
                "mjpg" => pictures.flat_map(|p| jpeg(&p)).collect(),
                _ => vec![128; (width * height) as usize],
            };
            fs::write(machine.pictures.path().join(name), bytes).unwrap();
        }
        machine.switched_on()
    }

    /// A machine whose camera shows somebody at rest, for [`REST`] frames before one comes twice.
    pub fn with_a_face() -> Self {
        let machine = Self::bare();
        fs::write(machine.pictures.path().join("640x480.mjpg"), film()).unwrap();
        machine.switched_on()
    }

    fn switched_on(self) -> Self {
        let folder = self.pictures.path().display().to_string();
        self.set("SHIM_DIR", &folder)
    }

    /// A camera that [`Machine::switch`] moves from state to state.
    pub fn moved(self) -> Self {
        let control = self.pictures.path().join("state");
        fs::write(&control, "ok\n").unwrap();
        let control = control.display().to_string();
        self.set("SHIM_CTL", &control)
    }

    /// Moves the camera to a state.
    pub fn switch(&self, state: &str) {
        // In one step, for it is read every 5 ms.
        let control = self.pictures.path().join("state");
        let new = control.with_extension("new");
        fs::write(&new, format!("{state}\n")).unwrap();
        fs::rename(new, control).unwrap();
    }

    /// Sets one of the variables that shim.h lists.
    pub fn set(mut self, name: &'static str, value: &str) -> Self {
        self.settings.push((name, value.to_owned()));
        self
    }

    /// The program at `path`, on this machine.
    pub fn command(&self, path: impl AsRef<OsStr>) -> Command {
        self.equip(Command::new(path))
    }

    /// A program that is to run on this machine.
    pub fn equip(&self, mut command: Command) -> Command {
        command
            .env("LD_PRELOAD", library())
            .envs(self.settings.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs the test `probe` of this program on this machine.
    pub fn run(&self, probe: &str) -> Outcome {
        self.run_for(probe, PATIENCE)
    }

    /// The same, for a probe that takes long.
    pub fn run_for(&self, probe: &str, patience: Duration) -> Outcome {
        let mut child = self
            .command(std::env::current_exe().unwrap())
            .args([
                "--ignored",
                "--exact",
                "probe",
                "--nocapture",
                "--test-threads=1",
            ])
            .env("PROBE", probe)
            .env("RUST_LOG", "liveness=info")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (mut out, mut err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let (tx, both) = mpsc::channel();
        let reader = thread::spawn(move || {
            let mut text = String::new();
            err.read_to_string(&mut text).unwrap();
            text
        });
        thread::spawn(move || {
            let mut text = String::new();
            out.read_to_string(&mut text).unwrap();
            tx.send((text, reader.join().unwrap()))
        });
        let Ok((text, log)) = both.recv_timeout(patience) else {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("the probe {probe:?} hangs");
        };
        let status = child.wait().unwrap();
        assert!(status.success(), "the probe {probe:?} failed: {text}{log}");
        let lines = text.lines().filter_map(|line| line.strip_prefix("probe: "));
        let lines = lines.map(str::to_owned).collect();
        Outcome { lines, log }
    }
}

/// The shim, compiled once by the system's C compiler.
fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/v4l2shim");
        let built = tempfile::tempdir().unwrap();
        let (new, library) = (
            built.path().join("v4l2shim.so"),
            Path::new(env!("CARGO_TARGET_TMPDIR")).join("v4l2shim.so"),
        );
        let files = ["shim.c", "device.c", "ioctls.c", "pictures.c"].map(|f| sources.join(f));
        let output = Command::new("cc")
            .args([
                "-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o",
            ])
            .arg(&new)
            .args(files)
            .args(["-ldl", "-lpthread"])
            .output()
            .expect("these tests need a C compiler, `cc`: `make deps` installs it");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "the shim does not compile: {errors}"
        );
        // Put in place in one step, in case another run of these tests uses the old one.
        let beside = library.with_extension(format!("{}", std::process::id()));
        fs::copy(&new, &beside).unwrap();
        fs::rename(&beside, &library).unwrap();
        library
    })
}
