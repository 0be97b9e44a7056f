//! `liveness doctor` before a false camera (see tests/camera.rs): well, badly lit, broken, and breaking
//! down while it is measured.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod place;
mod v4l2shim;

use std::time::Duration;

use assert_cmd::{Command, assert::Assert};
use predicates::str::contains;
use serde_json::Value;

use place::{Place, lines};
use v4l2shim::Machine;

/// A doctor who has not come to an end by then hangs.
const PATIENCE: Duration = Duration::from_secs(40);

const FORMATS: &str = "YUYV 640x480 at 15, 30/s";

fn bars() -> Machine {
    Machine::with(&["640x480.yuyv"])
}

fn run(machine: &Machine, line: &str) -> Assert {
    let place = Place::new();
    let mut program = machine.equip(place.program(line));
    program.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
    Command::from_std(program).timeout(PATIENCE).assert()
}

/// Its checks in their order: name, state and text of each.
fn checks(machine: &Machine, code: i32) -> Vec<(String, String, String)> {
    let ended = run(machine, "doctor --source camera:42 --json").code(code);
    let text = |check: &Value, key: &str| check[key].as_str().unwrap().to_owned();
    let checks = lines(&ended).into_iter();
    let checks = checks.map(|c| (text(&c, "check"), text(&c, "state"), text(&c, "text")));
    checks.collect()
}

/// One that fails: what it says of the camera comes first, and all that has nothing to do with the camera
/// is looked at as well.
fn fails(machine: &Machine, why: &str, formats: Option<&str>) {
    let checks = checks(machine, 4);
    let names: Vec<_> = checks.iter().map(|(name, ..)| name.as_str()).collect();
    let others = ["models", "display", "log", "disk", "clock"];
    let of_camera = ["camera", "formats"];
    let of_camera = &of_camera[..1 + usize::from(formats.is_some())];
    assert_eq!(names, [of_camera, &others].concat());
    let (_, state, text) = &checks[0];
    assert_eq!(state, "fail");
    assert_eq!(*text, format!("camera 42 failed: {why}"));
    if let Some(formats) = formats {
        assert_eq!(checks[1].2, formats);
    }
    // No display here.
    let states = checks[of_camera.len()..].iter();
    let states: Vec<_> = states.map(|(_, state, _)| state.as_str()).collect();
    assert_eq!(states, ["ok", "warn", "ok", "ok", "ok"], "{checks:?}");
}

/// Frames a second, as it says.
fn rate(text: &str) -> f32 {
    text.split(' ').next().unwrap().parse().unwrap()
}

#[test]
fn a_camera_that_is_well_and_sees_a_face_is_fine() {
    let checks = checks(&Machine::with_a_face(), 0);
    let of = |i: usize| {
        let (name, state, text) = &checks[i];
        (name.as_str(), state.as_str(), text.as_str())
    };
    assert_eq!(of(0), ("camera", "ok", "camera:42 of 42 (Shim Camera)"));
    let formats = "MJPG 640x480 at 15, 30/s";
    assert_eq!(of(1), ("formats", "ok", formats));
    let (name, state, text) = of(2);
    assert_eq!((name, state), ("rate", "ok"));
    assert!((25.0..32.0).contains(&rate(text)), "{text}");
    let (name, state, text) = of(3);
    assert_eq!((name, state), ("light", "ok"));
    assert!(text.ends_with(" of 255 on the face"), "{text}");
}

#[test]
fn without_a_face_the_light_of_the_picture_is_told_as_no_more_than_that() {
    let machine = bars().set("SHIM_FPS", "15");
    let checks = checks(&machine, 0);
    let (name, state, text) = &checks[2];
    assert_eq!((name.as_str(), state.as_str()), ("rate", "warn"));
    assert!((13.0..16.5).contains(&rate(text)), "{text}");
    assert!(text.contains("a blink may be missed"), "{text}");
    let (name, state, text) = &checks[3];
    assert_eq!((name.as_str(), state.as_str()), ("light", "ok"));
    assert!(text.contains("no face is seen"), "{text}");
    assert!(text.contains("stand before the camera"), "{text}");
}

#[test]
fn people_read_the_same() {
    let ended = run(&bars(), "doctor --source camera:42").code(0);
    let ended = ended.stdout(contains("ok    camera  camera:42 of 42 (Shim Camera)\n"));
    ended.stdout(contains(format!("ok    formats {FORMATS}\n")));
    let machine = bars().set("SHIM_STATE", "busy");
    let ended = run(&machine, "doctor --source camera:42").code(4);
    ended.stdout(contains(
        "FAIL  camera  camera 42 failed: busy; is another program using it?\n",
    ));
}

#[test]
fn one_that_stalls_or_is_unplugged_while_it_is_measured_is_told() {
    let stalls = bars().set("SHIM_SCRIPT", "20:stall");
    let why = "no frame for 2 s; unplug it and plug it in again";
    fails(&stalls, why, Some(FORMATS));
    let goes = bars().set("SHIM_SCRIPT", "20:unplug");
    let why = "it is not there any more; is it unplugged?";
    fails(&goes, why, Some(FORMATS));
}

#[test]
fn one_that_is_broken_from_the_beginning_is_told() {
    let broken = |state| bars().set("SHIM_STATE", state);
    let why = "busy; is another program using it?";
    fails(&broken("busy"), why, Some(FORMATS));
    let why = "its pictures are black; is its lens covered?";
    fails(&broken("black"), why, Some(FORMATS));
    let why = "permission denied; add yourself to group video and log in anew";
    fails(&broken("denied"), why, None);
}

#[test]
fn one_that_never_sends_anything_is_given_up() {
    let silent = bars().set("SHIM_STATE", "stall");
    let why = "no frame for 10 s; does another program use it?";
    fails(&silent, why, Some(FORMATS));
}

#[test]
fn one_whose_driver_hangs_is_given_up_too() {
    let why = "no frame for 10 s; does another program use it?";
    fails(&bars().set("SHIM_STATE", "hang"), why, None);
}

#[test]
fn one_that_is_not_there_is_answered_with_those_that_are() {
    let ended = run(&bars(), "doctor --source camera:9").code(4);
    ended.stdout(contains(
        "there is no such camera; there is 42 (Shim Camera)",
    ));
    let ended = run(&Machine::bare(), "doctor --source camera:42").code(4);
    ended.stdout(contains("FAIL  camera  no camera found; plug in"));
}
