//! `liveness doctor`: is everything there that a session needs, and what to do where it is not.
mod camera;
mod light;

use std::{env, path::Path};

use clap::Args;
use liveness::{
    capture::{Options, Source},
    files::{self, Staged},
    mtcnn::{Follow, Params},
    nn,
    observation::Observer,
    record::{self, WallTime},
    store,
    time::{Clock, Timestamp},
    view::Window,
};
use serde::Serialize;

use super::{
    Common,
    exit::Exit,
    out::{print_json, print_line},
    proof,
};

/// When this version was written, set by hand: no moment before it is now. The day it was built would be
/// nearer, but the same source must give the same program on any day.
const WRITTEN: &str = "2026-11-25T00:00:00Z";

/// Room below which a disk soon is full, and below which it as good as is: a session takes 4 kB.
const ROOM: (u64, u64) = (200 << 20, 10 << 20);

/// Check camera, light, models, display, log, clock and disk, and say what to do.
///
/// Exit code 0: a session can run; 4: the camera is what is missing; 5: the networks or the log are.
#[derive(Args, Debug)]
pub struct Doctor {
    /// Which camera: its number, or its path.
    #[arg(long, value_name = "CAMERA", default_value = "camera:0")]
    source: Source,
    /// Check this log, its key and its folder [default: $XDG_STATE_HOME/liveness/sessions.db].
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
        let (mut checks, frame) = match &self.source {
            Source::Camera(camera) => camera::checks(camera),
            other => {
                let text = format!("{other} is no camera: write camera:0");
                (vec![check("camera", State::Fail, text)], None)
            }
        };
        let (models, observer) = models(common.models.as_deref());
        checks.extend(frame.map(|frame| light::check(frame, observer)));
        checks.push(models);
        checks.push(display());
        checks.extend(self.log());
        let path = proof::log_path(self.log.as_ref()).ok();
        // A log that cannot be read is the business of `log verify`.
        let logged = path.and_then(|path| store::last_at(&path).ok().flatten());
        checks.push(clock(record::wall_time(), logged));
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
        let written = files::make_private_folder(folder)
            .and_then(|()| Staged::new(&folder.join("liveness-doctor"), b"x"))
            .map(drop);
        if let Err(why) = written {
            let name = folder.display();
            let text = format!("{name}: {why}; name another place with --log PATH");
            return vec![check("log", State::Fail, text)];
        }
        let log = match store::would_take(&path, &store::key_path(&path)) {
            Ok(()) => check(
                "log",
                State::Ok,
                format_args!("{} can be written", path.display()),
            ),
            Err(why) => check("log", State::Fail, why),
        };
        vec![log, disk(folder)]
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

/// Whether the networks load and run; the one that looks for faces, if so.
fn models(folder: Option<&Path>) -> (Check, Option<Observer<Follow>>) {
    let clock = Clock::start();
    let run = || {
        let print = nn::fingerprint(folder)?;
        let size = Some(Options::default().size);
        let observer = Observer::load(Params::default(), folder, clock, size)?;
        Ok::<_, liveness::error::Error>((print, observer))
    };
    match run() {
        Ok((print, observer)) => {
            let ms = clock.now().since(Timestamp::default()).as_millis();
            let text = format_args!("{print}; loaded and run in {ms} ms");
            (check("models", State::Ok, text), Some(observer))
        }
        Err(why) => (check("models", State::Fail, why), None),
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

/// Whether the clock can be right; `logged` is when the log's last entry was written.
fn clock(now: WallTime, logged: Option<WallTime>) -> Check {
    let written = WRITTEN.parse::<WallTime>().ok();
    let before = if written.is_some_and(|written| now < written) {
        let day = WRITTEN.split('T').next().unwrap_or_default();
        format!("before this version was written ({day})")
    } else if let Some(logged) = logged.filter(|logged| now < *logged) {
        format!("before the last entry of the log ({logged}): it is wrong, or was then")
    } else {
        return check("clock", State::Ok, now);
    };
    let text = format_args!("it says {now}, {before}; set it (`timedatectl set-ntp true`)");
    check("clock", State::Warn, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_from_before_the_program_or_its_log_is_not_believed() {
        let at = |text: &str| text.parse::<WallTime>().unwrap();
        let told = |now, logged| {
            let Check { state, text, .. } = clock(now, logged);
            (state, text)
        };
        let (state, text) = told(at("1970-01-01T00:03:00Z"), None);
        assert_eq!(state, State::Warn);
        assert!(text.contains("was written (2026-11-25); set it"), "{text}");
        let (now, later) = (at("2027-01-01T00:00:00Z"), at("2027-01-01T00:00:01Z"));
        assert_eq!(told(later, Some(now)), (State::Ok, later.to_string()));
        let (state, text) = told(now, Some(later));
        assert_eq!(state, State::Warn);
        assert!(
            text.contains("last entry of the log (2027-01-01T00:00:01Z)"),
            "{text}"
        );
        assert_eq!(clock(record::wall_time(), None).state, State::Ok);
    }

    #[test]
    fn what_is_missing_decides_how_it_ends() {
        assert_eq!(check("camera", State::Fail, "").exit, Exit::Source);
        assert_eq!(check("log", State::Fail, "").exit, Exit::Integrity);
        assert_eq!(check("display", State::Warn, "").exit, Exit::Done);
    }
}
