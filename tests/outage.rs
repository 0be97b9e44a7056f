//! Sessions of the whole program before a false camera (see tests/camera.rs) that breaks down: what is
//! told, what is logged, and that the program ends.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)]

mod display;
mod place;
mod v4l2shim;

use std::{
    io::{BufRead as _, BufReader, Read as _},
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread,
    time::Duration,
};

use liveness::time::{Clock, Timestamp};
use serde_json::Value;

use display::Display;
use place::{Place, lines, signal};
use v4l2shim::Machine;

/// A program that says nothing for so long hangs.
const PATIENCE: Duration = Duration::from_secs(40);

/// The program ends within this when it is asked to.
const CLOSED: Duration = Duration::from_secs(1);

/// A session under way.
struct Session {
    child: Child,
    told: Receiver<Value>,
}

impl Session {
    fn begin(mut program: Command) -> Self {
        let mut child = program
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (tell, told) = channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        thread::spawn(move || {
            for line in stdout.lines() {
                let line = serde_json::from_str(&line.unwrap()).unwrap();
                if tell.send(line).is_err() {
                    return;
                }
            }
        });
        Self { child, told }
    }

    /// The first line whose `key` is `value`.
    fn until(&mut self, key: &str, value: &str) -> Value {
        let mut others = vec![];
        while let Ok(line) = self.told.recv_timeout(PATIENCE) {
            if line[key] == value {
                return line;
            }
            others.push(line);
        }
        panic!("no {key} {value}: {others:?}, {:?}", self.end().1);
    }

    /// Its exit code, and what it said on standard error.
    fn end(&mut self) -> (Option<i32>, String) {
        // Its lines end when it does.
        let over = loop {
            match self.told.recv_timeout(PATIENCE) {
                Ok(_) => {}
                Err(why) => break why == RecvTimeoutError::Disconnected,
            }
        };
        if !over {
            self.child.kill().unwrap();
        }
        let mut said = String::new();
        let mut stderr = self.child.stderr.take().unwrap();
        stderr.read_to_string(&mut said).unwrap();
        assert!(over, "it hangs: {said}");
        (self.child.wait().unwrap().code(), said)
    }

    fn terminate(&self) {
        signal(&self.child, "TERM");
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const LINE: &str = "challenge --source camera:42 --json --log l.db";

/// The one session in the log, which verifies.
fn logged(place: &Place) -> Value {
    place.run("log verify --log l.db").code(0);
    let mut sessions = lines(&place.run("log list --json --log l.db").code(0));
    sessions.retain(|line| line["session"].is_string());
    assert_eq!(sessions.len(), 1, "{sessions:?}");
    sessions.remove(0)
}

/// A fault that comes while a step is asked.
fn breaks_down(state: &str, fault: &str, why: &str) {
    let (place, machine) = (Place::new(), Machine::with_a_face().moved());
    let program = place.program(&format!("{LINE} --headless"));
    let mut session = Session::begin(machine.equip(program));
    session.until("state", "asked");
    machine.switch(state);
    let told = session.until("type", "camera");
    assert_eq!(told["state"], "fault");
    assert_eq!(told["fault"], fault);
    assert_eq!(told["text"], why);
    assert!(told["t_ms"].is_f64(), "{told}");
    let result = session.until("type", "result");
    let (code, said) = session.end();
    assert_eq!(code, Some(4), "{said}");
    assert!(said.contains(&format!("camera 42 failed: {why}")), "{said}");
    assert_eq!(result["verdict"], "inconclusive");
    assert_eq!(result["reason"], "source_failed");
    assert_eq!(result["rehearsal"], false);
    assert_eq!(result["faults"][fault], 1);
    assert_eq!(result["steps"][0]["seen_ms"], Value::Null);
    let logged = logged(&place);
    for key in ["session", "verdict", "reason", "faults", "steps"] {
        assert_eq!(logged[key], result[key], "{key}");
    }
}

#[test]
fn a_stall_while_a_step_is_asked_is_nobodys_failure() {
    let why = "no frame for 2 s; unplug it and plug it in again";
    breaks_down("stall", "stalled", why);
}

#[test]
fn a_camera_unplugged_while_a_step_is_asked_is_nobodys_failure() {
    let why = "it is not there any more; is it unplugged?";
    breaks_down("unplug", "unplugged", why);
}

#[test]
fn a_camera_that_comes_back_before_anybody_is_asked_is_waited_for() {
    let (place, machine) = (Place::new(), Machine::with(&["640x480.yuyv"]).moved());
    let program = place.program(&format!("{LINE} --headless"));
    let mut session = Session::begin(machine.equip(program));
    session.until("code", "no_face");
    machine.switch("unplug");
    session.until("state", "fault");
    machine.switch("ok");
    let back = session.until("state", "back");
    assert_eq!(back["fault"], "unplugged");
    session.terminate();
    assert_eq!(session.end().0, Some(6));
    assert_eq!(logged(&place)["faults"]["unplugged"], 1);
}

/// A session before a camera that is in this state from the beginning; the camera stays as long as the machine
/// does.
fn before(state: &str, flags: &str) -> (Place, Machine, Session) {
    let place = Place::new();
    let machine = Machine::with(&["640x480.yuyv"]).set("SHIM_STATE", state);
    let program = place.program(&format!("{LINE} --headless {flags}"));
    let session = Session::begin(machine.equip(program));
    (place, machine, session)
}

/// Its end where the camera failed; gives the result, and what was said.
fn failed(session: &mut Session) -> (Value, String) {
    let result = session.until("type", "result");
    let (code, said) = session.end();
    assert_eq!(code, Some(4), "{said}");
    assert_eq!(result["reason"], "source_failed");
    (result, said)
}

#[test]
fn a_black_camera_is_not_taken_for_an_empty_room() {
    let (_place, _machine, mut session) = before("black", "--timeout 5");
    let (_, said) = failed(&mut session);
    assert!(said.contains("is its lens covered?"), "{said}");
}

/// A camera that is not well from the beginning: the first words of it, its exit code 4, the record.
fn never_begins(state: &str, fault: &str, flags: &str, why: &str) {
    let (place, _machine, mut session) = before(state, flags);
    let told = session.until("type", "camera");
    assert_eq!(
        (&told["state"], &told["fault"]),
        (&"fault".into(), &fault.into())
    );
    let at = told["t_ms"].as_f64().unwrap();
    println!("{fault}: told after {at} ms");
    let (result, said) = failed(&mut session);
    let why = format!("error: camera 42 failed: {why}");
    assert!(said.contains(&why), "{said}");
    assert_eq!(result["faults"][fault], 1);
    assert_eq!(logged(&place)["faults"][fault], 1);
    // From its own beginning, which is before the camera is open.
    assert!(at < 4_000.0, "{at}");
}

#[test]
fn a_camera_that_is_busy_from_the_beginning_is_told_and_counted() {
    never_begins("busy", "busy", "", "busy; is another program using it?");
}

#[test]
fn a_camera_that_never_opens_is_told_in_a_short_session_too() {
    never_begins("hang", "stalled", "--timeout 5", "no frame for 2 s");
}

#[test]
fn a_camera_that_never_sends_is_told_long_before_it_is_given_up() {
    let why = "no frame for 10 s; does another program use it?";
    never_begins("stall", "stalled", "", why);
}

/// Programs are asked to end while a fault lasts, until one does so in time. Of three, for on a machine
/// that is busy with other things the disk alone may take a second; whoever waits for a camera is late each
/// time.
fn closes(state: &str, fault: &str, flags: &str, display: Option<&Display>) {
    let times: Vec<_> = (0..3)
        .map(|_| close(state, fault, flags, display))
        .take_while(|took| *took >= CLOSED)
        .collect();
    assert!(times.len() < 3, "{fault}: {times:?}");
}

/// How long a program takes that is asked to end while a fault lasts.
fn close(state: &str, fault: &str, flags: &str, display: Option<&Display>) -> Duration {
    let (place, machine) = (Place::new(), Machine::with(&["640x480.yuyv"]).moved());
    let mut program = machine.equip(place.program(&format!("{LINE} {flags}")));
    program.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
    if let Some(display) = display {
        program.env("DISPLAY", &display.name);
    }
    let mut session = Session::begin(program);
    session.until("code", "no_face");
    machine.switch(state);
    assert_eq!(session.until("type", "camera")["fault"], fault);
    let clock = Clock::start();
    let from = clock.now();
    match display {
        Some(display) => display.close_windows(),
        None => session.terminate(),
    }
    let result = session.until("type", "result");
    let (code, said) = session.end();
    let took = clock.now().since(from);
    assert_eq!(code, Some(6), "{said}");
    assert_eq!(result["verdict"], "cancelled");
    let logged = logged(&place);
    assert_eq!(logged["session"], result["session"]);
    assert_eq!(logged["verdict"], "cancelled");
    println!("{fault}: ended after {} ms {flags}", took.as_millis());
    took
}

const FAULTS: [(&str, &str); 3] = [
    ("stall", "stalled"),
    ("unplug", "unplugged"),
    ("black", "black"),
];

#[test]
fn whoever_ends_it_while_the_camera_is_broken_waits_a_second_at_most() {
    for (state, fault) in FAULTS {
        closes(state, fault, "--headless", None);
    }
}

#[test]
fn whoever_ends_it_while_a_camera_does_not_open_does_not_wait_for_it() {
    let (place, _machine, mut session) = before("hang", "");
    session.until("type", "hello");
    let clock = Clock::start();
    session.terminate();
    let (code, said) = session.end();
    let took = clock.now().since(Timestamp::default());
    assert_eq!(code, Some(6), "{said}");
    assert_eq!(logged(&place)["verdict"], "cancelled");
    // The camera is given up after 10 s.
    assert!(took < Duration::from_secs(5), "{took:?}");
}

#[test]
fn whoever_closes_the_window_while_the_camera_is_broken_waits_a_second_at_most() {
    let place = Place::new();
    let display = Display::start(&place);
    for (state, fault) in FAULTS {
        closes(state, fault, "", Some(&display));
    }
}

#[test]
fn whoever_ends_it_while_a_decoder_hangs_does_not_wait_for_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::new();
    // Longer than anybody waits, and not for ever: it outlives the program.
    let ffmpeg = place.put("ffmpeg", "#!/bin/sh\nexec sleep 30\n");
    std::fs::set_permissions(&ffmpeg, std::fs::Permissions::from_mode(0o755)).unwrap();
    place.put("talk.mp4", b"\0\0\0\x18ftypmp42");
    let line = "challenge --source talk.mp4 --headless --json --log l.db";
    let mut program = place.program(line);
    let path = std::env::var("PATH").unwrap();
    program.env("PATH", format!("{}:{path}", place.folder().display()));
    let mut session = Session::begin(program);
    session.until("type", "hello");
    session.terminate();
    let (code, said) = session.end();
    assert_eq!(code, Some(6), "{said}");
    assert_eq!(logged(&place)["verdict"], "cancelled");
}
