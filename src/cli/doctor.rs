//! `liveness doctor`: is everything there that a session needs, and what to do where it is not.
use std::{env, fs, path::Path, time::Duration};

use clap::Args;
use liveness::{
    capture::{self, CameraId, Options, Source},
    files,
    frame::Frame,
    mesh::Mesher,
    mtcnn::{Follow, Params},
    nn,
    observation::Observer,
    record::{self, WallTime},
    time::{Clock, Timestamp},
    view::Window,
};
use serde::Serialize;

use super::{
    Common,
    cameras::lines,
    exit::Exit,
    out::{print_json, print_line},
    proof,
};

/// No moment before this one is now.
const NOT_BEFORE: &str = "2026-11-25T00:00:00Z";

/// Room below which a disk soon is full, and below which it as good as is: a session takes 4 kB.
const ROOM: (u64, u64) = (200 << 20, 10 << 20);

/// How long a camera's rate is measured.
const MEASURED: Duration = Duration::from_secs(2);

/// Brightness, of 255, outside of which a face is hard to see.
const LIGHT: (f32, f32) = (50.0, 220.0);

/// Check camera, light, models, display, log, clock and disk, and say what to do.
///
/// Exit code 0: a session can run; 4: the camera is what is missing; 5: the networks or the log are.
#[derive(Args, Debug)]
pub struct Doctor {
    /// Which camera: its number, or its path.
    #[arg(long, value_name = "CAMERA", default_value = "camera:0")]
    source: Source,
    /// Check this log's folder [default: $XDG_STATE_HOME/liveness/sessions.db].
    #[arg(long, value_name = "PATH")]
    log: Option<std::path::PathBuf>,
    /// Print one JSON object a check.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Ok,
    Warn,
    Fail,
}

/// One check, as `--json` prints it.
#[derive(Debug, Serialize)]
struct Check {
    r#type: &'static str,
    check: &'static str,
    state: State,
    text: String,
    #[serde(skip)]
    exit: Exit,
}

fn check(check: &'static str, state: State, text: impl ToString) -> Check {
    Check {
        r#type: "check",
        check,
        state,
        text: text.to_string(),
        exit: match (check, state) {
            (_, State::Ok | State::Warn) => Exit::Done,
            ("camera" | "rate", _) => Exit::Source,
            _ => Exit::Integrity,
        },
    }
}

impl Doctor {
    pub fn run(&self, common: &Common) -> anyhow::Result<Exit> {
        let mut checks = match &self.source {
            Source::Camera(camera) => cameras(camera),
            other => vec![check(
                "camera",
                State::Fail,
                format_args!("{other} is no camera: write camera:0"),
            )],
        };
        checks.push(models(common.models.as_deref()));
        checks.push(display());
        checks.extend(self.log());
        checks.push(clock(record::wall_time()));
        for check in &checks {
            if self.json {
                print_json(check)?;
            } else {
                let state = match check.state {
                    State::Ok => "ok  ",
                    State::Warn => "warn",
                    State::Fail => "FAIL",
                };
                print_line(format_args!("{state}  {:8}{}", check.check, check.text))?;
            }
        }
        // A camera is the first thing to look after: nothing runs without one.
        let failed = |exit| checks.iter().any(|check| check.exit == exit);
        Ok(if failed(Exit::Source) {
            Exit::Source
        } else if failed(Exit::Integrity) {
            Exit::Integrity
        } else {
            Exit::Done
        })
    }

    fn log(&self) -> Vec<Check> {
        let path = match proof::log_path(self.log.as_ref()) {
            Ok(path) => path,
            Err(why) => return vec![check("log", State::Fail, why)],
        };
        let folder = files::folder_of(&path);
        let probe = folder.join(format!(".liveness-doctor-{}", std::process::id()));
        let written = fs::create_dir_all(folder)
            .and_then(|()| fs::write(&probe, "x"))
            .and_then(|()| fs::remove_file(&probe));
        let name = folder.display();
        match written {
            Ok(()) => {
                let text = format_args!("{name} can be written");
                vec![check("log", State::Ok, text), disk(folder)]
            }
            Err(why) => {
                let text = format!("{name}: {why}; name another place with --log PATH");
                vec![check("log", State::Fail, text)]
            }
        }
    }
}

fn disk(folder: &Path) -> Check {
    match fs4::available_space(folder) {
        Ok(room) => {
            let state = match room {
                room if room < ROOM.1 => State::Fail,
                room if room < ROOM.0 => State::Warn,
                _ => State::Ok,
            };
            let more = if state == State::Ok {
                ""
            } else {
                "; make room"
            };
            check("disk", state, format_args!("{} MB free{more}", room >> 20))
        }
        Err(why) => check(
            "disk",
            State::Warn,
            format_args!("its room cannot be told: {why}"),
        ),
    }
}

fn cameras(which: &CameraId) -> Vec<Check> {
    let present = match capture::list_cameras() {
        Ok(present) => present,
        Err(why) => return vec![check("camera", State::Fail, why)],
    };
    if present.is_empty() {
        let text = "no camera found; plug in a USB webcam (`ls /dev/video*` shows it), or give this virtual machine or container one; `liveness demo` needs none";
        return vec![check("camera", State::Fail, text)];
    }
    let names = present.iter().map(|c| format!("{} ({})", c.index, c.name));
    let names = names.collect::<Vec<_>>().join(", ");
    let clock = Clock::start();
    let camera = Source::Camera(which.clone());
    let mut checks = vec![];
    let (mut count, mut first, mut last) = (0u32, None, None::<Frame>);
    let options = Options::default();
    let (frames, watch) = capture::watch(which, options, clock);
    for frame in frames {
        let frame = match frame {
            Ok(frame) => frame,
            Err(why) => {
                checks.push(check("camera", State::Fail, why));
                return checks;
            }
        };
        let since = *first.get_or_insert(frame.at);
        count += 1;
        let over = frame.at.since(since) >= MEASURED || watch.news().is_some_and(|n| n.breaks());
        last = Some(frame);
        if over {
            break;
        }
    }
    checks.push(check(
        "camera",
        State::Ok,
        format_args!("{camera} of {names}"),
    ));
    let offers = present.iter().flat_map(|c| c.formats.iter().flatten());
    let formats = lines(&offers.cloned().collect::<Vec<_>>()).join("; ");
    checks.push(check("formats", State::Ok, formats));
    let took = last
        .as_ref()
        .zip(first)
        .map_or(Duration::ZERO, |(f, at)| f.at.since(at));
    let rate = (count.saturating_sub(1)) as f32 / took.as_secs_f32().max(0.001);
    let (state, advice) = if rate < 20.0 {
        (
            State::Warn,
            "; a blink may be missed: more light, or another USB port",
        )
    } else {
        (State::Ok, "")
    };
    checks.push(check(
        "rate",
        state,
        format_args!("{rate:.1} frames/s{advice}"),
    ));
    if let Some(frame) = last {
        let bytes = frame.image.as_raw();
        let mean = bytes.iter().map(|&b| f32::from(b)).sum::<f32>() / bytes.len().max(1) as f32;
        let (state, advice) = if mean < LIGHT.0 {
            (State::Warn, "; too dark: find more light")
        } else if mean > LIGHT.1 {
            (State::Warn, "; too bright: avoid strong light")
        } else {
            (State::Ok, "")
        };
        checks.push(check(
            "light",
            state,
            format_args!("{mean:.0} of 255{advice}"),
        ));
    }
    checks
}

fn models(folder: Option<&Path>) -> Check {
    let clock = Clock::start();
    let run = || {
        let print = nn::fingerprint(folder)?;
        let detector = Follow::load(Params::default(), folder)?;
        let mut observer = Observer::new(detector, Mesher::load(folder)?, clock);
        observer.warm_up(Options::default().size)?;
        Ok::<_, liveness::error::Error>(print)
    };
    match run() {
        Ok(print) => {
            let ms = clock.now().since(Timestamp::default()).as_millis();
            check(
                "models",
                State::Ok,
                format_args!("{print}; loaded and run in {ms} ms"),
            )
        }
        Err(why) => check("models", State::Fail, why),
    }
}

fn display() -> Check {
    match Window::open("liveness doctor", (320, 240), false) {
        Ok(_) => check("display", State::Ok, "a window opens"),
        Err(why) => {
            let set = if env::var_os("DISPLAY").is_none() {
                "start it in a desktop session, or set DISPLAY (`DISPLAY=:0`)"
            } else {
                "is the display DISPLAY names running?"
            };
            let text = format!("{why}; {set}; or run with --headless");
            check("display", State::Warn, text)
        }
    }
}

fn clock(now: WallTime) -> Check {
    let sane = NOT_BEFORE.parse::<WallTime>().is_ok_and(|then| now >= then);
    if sane {
        check("clock", State::Ok, now)
    } else {
        let text = format!(
            "it says {now}, before this program was made; set it (`timedatectl set-ntp true`)"
        );
        check("clock", State::Warn, text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_from_before_the_program_is_not_believed() {
        assert_eq!(
            clock("1970-01-01T00:03:00Z".parse().unwrap()).state,
            State::Warn
        );
        assert_eq!(clock(record::wall_time()).state, State::Ok);
    }

    #[test]
    fn what_is_missing_decides_how_it_ends() {
        assert_eq!(check("camera", State::Fail, "").exit, Exit::Source);
        assert_eq!(check("log", State::Fail, "").exit, Exit::Integrity);
        assert_eq!(check("display", State::Warn, "").exit, Exit::Done);
    }
}
