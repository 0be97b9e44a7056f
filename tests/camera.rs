//! The real camera code, from the list of cameras to the pixels, against a false V4L2 camera.
//!
//! The false camera lives in a library that must be loaded before the program starts, so each test
//! runs this program again, as `probe`, and reads what it prints.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)]

use image::RgbImage;
use liveness::capture::{self, Options, Source};
use liveness::time::Clock;

mod v4l2shim;
use v4l2shim::{BARS, MARKER_STEP, Machine, ROUND};

/// What the other tests run under the shim: `list`, or `SOURCE WIDTH FRAMES`.
#[test]
#[ignore = "runs under the shim; the other tests start it"]
fn probe() {
    env_logger::init();
    let probe = std::env::var("PROBE").unwrap();
    println!();
    match probe.split(' ').collect::<Vec<_>>()[..] {
        ["list"] => list(),
        [source, width, frames] => {
            stream(source, width.parse().unwrap(), frames.parse().unwrap());
        }
        _ => panic!("PROBE is {probe:?}"),
    }
}

fn list() {
    for camera in capture::list_cameras().unwrap() {
        println!("probe: {} {} {}", camera.index, camera.path, camera.name);
        match camera.formats {
            Ok(formats) => formats
                .iter()
                .for_each(|format| println!("probe: {format}")),
            Err(why) => println!("probe: {why}"),
        }
    }
}

fn stream(source: &str, width: u32, count: usize) {
    let source: Source = source.parse().unwrap();
    let options = Options {
        size: (width, if width == 1280 { 720 } else { 480 }),
        fps: 30,
    };
    let frames = match capture::open(&source, &options, Clock::start()) {
        Ok(frames) => frames,
        Err(error) => return println!("probe: error {error}"),
    };
    for frame in frames.take(count) {
        match frame {
            Ok(frame) => {
                let (width, height) = frame.image.dimensions();
                let (seq, at) = (frame.seq, frame.at.as_micros());
                let wrong = worst_bar(&frame.image);
                let marker = marker(&frame.image).unwrap_or(9_999);
                println!("probe: frame {seq} {at} {width} {height} {wrong} {marker}");
            }
            Err(error) => println!("probe: error {error}"),
        }
    }
    println!("probe: over");
}

/// Largest difference of a channel from what the bars should be, away from their edges.
fn worst_bar(image: &RgbImage) -> u8 {
    let (width, height) = image.dimensions();
    let rows = [1, height / 3, height * 3 / 4 - 20];
    let points = (0..8).flat_map(|bar| rows.map(|y| (bar, (2 * bar + 1) * width / 16, y)));
    let differences = points.flat_map(|(bar, x, y)| {
        let (got, want) = (image.get_pixel(x, y).0, BARS[bar as usize]);
        [0, 1, 2].map(|channel| got[channel].abs_diff(want[channel]))
    });
    differences.max().unwrap()
}

/// Number of the picture, read off its marker.
fn marker(image: &RgbImage) -> Option<u32> {
    let y = image.height() * 7 / 8;
    (0..ROUND).find(|i| image.get_pixel(i * MARKER_STEP + MARKER_STEP / 2, y).0[1] > 128)
}

/// One `frame` line.
struct Seen {
    seq: u64,
    at_us: u64,
    size: (u64, u64),
    wrong: u64,
    marker: u64,
}

fn seen(lines: &[String]) -> Vec<Seen> {
    let frames = lines.iter().filter_map(|line| line.strip_prefix("frame "));
    let numbers = frames.map(|f| f.split(' ').map(|n| n.parse().unwrap()).collect::<Vec<_>>());
    numbers
        .map(|n| Seen {
            seq: n[0],
            at_us: n[1],
            size: (n[2], n[3]),
            wrong: n[4],
            marker: n[5],
        })
        .collect()
}

/// A hundred frames of the right size and colours, in order, at about the camera's rate.
fn assert_streams(lines: &[String], size: (u64, u64), tolerance: u64) {
    let frames = seen(lines);
    assert_eq!(frames.len(), 100, "{:?}", lines.last());
    for (seq, frame) in (0..).zip(&frames) {
        assert_eq!((frame.seq, frame.size), (seq, size));
        assert!(
            frame.wrong <= tolerance,
            "frame {seq}: colours off by {}",
            frame.wrong
        );
        assert!(frame.marker < u64::from(ROUND), "frame {seq}: no marker");
    }
    for pair in frames.windows(2) {
        let (a, b) = (&pair[0], &pair[1]);
        assert!(
            a.at_us < b.at_us,
            "stamps rise: {} then {}",
            a.at_us,
            b.at_us
        );
        assert_ne!(a.marker, b.marker, "no frame is delivered twice");
    }
    let took_us = frames[99].at_us - frames[0].at_us;
    assert!(
        took_us > 2_500_000,
        "stamped as they arrive: {took_us} µs for 100"
    );
}

fn the_one_line(machine: &Machine, probe: &str) -> String {
    let lines = machine.run(probe).lines;
    assert_eq!(lines.len(), 1, "{lines:?}");
    lines.into_iter().next().unwrap()
}

#[test]
fn cameras_are_listed_with_their_formats() {
    let machine = Machine::with(&["640x480.yuyv", "1280x720.mjpg"]).set("SHIM_NAME", "Kiosk Cam");
    let want = [
        "42 /dev/video42 Kiosk Cam",
        "MJPG 1280x720 at 15/s",
        "MJPG 1280x720 at 30/s",
        "YUYV 640x480 at 15/s",
        "YUYV 640x480 at 30/s",
    ];
    assert_eq!(machine.run("list").lines, want);
    assert_eq!(Machine::bare().run("list").lines, [""; 0]);
}

#[test]
fn yuyv_is_negotiated_and_streams() {
    let machine = Machine::with(&["640x480.yuyv", "640x480.mjpg", "320x240.yuyv"]);
    let outcome = machine.run("camera:42 640 100");
    assert!(
        outcome.log.contains("YUYV 640x480 at 30/s"),
        "{}",
        outcome.log
    );
    assert_streams(&outcome.lines, (640, 480), 2);
}

#[test]
fn mjpeg_is_negotiated_and_streams() {
    let machine = Machine::with(&["640x480.yuyv", "1280x720.mjpg"]);
    let outcome = machine.run("camera:/dev/video42 1280 100");
    assert!(
        outcome.log.contains("MJPG 1280x720 at 30/s"),
        "{}",
        outcome.log
    );
    assert_streams(&outcome.lines, (1280, 720), 12);
}

#[test]
fn a_few_damaged_frames_are_left_out() {
    let machine = Machine::with(&["640x480.mjpg"]).set("SHIM_SCRIPT", "40:black,44:ok");
    let outcome = machine.run("camera:42 640 80");
    let frames = seen(&outcome.lines);
    assert_eq!(frames.len(), 80);
    assert!((0..).zip(&frames).all(|(seq, frame)| frame.seq == seq));
    let left_out = outcome.log.matches("camera 42: a frame left out").count();
    assert!((1..=4).contains(&left_out), "{left_out}: {}", outcome.log);
}

#[test]
fn a_camera_that_gives_only_damaged_frames_has_failed() {
    let machine = Machine::with(&["640x480.mjpg"]).set("SHIM_STATE", "black");
    let lines = machine.run("camera:42 640 5").lines;
    assert!(
        lines[0].starts_with("error camera 42 failed: 30 damaged frames in a row"),
        "{lines:?}"
    );
    assert_eq!(lines[1..], ["over"]);
}

#[test]
fn an_unplugged_camera_is_an_error_and_the_end() {
    let machine = Machine::with(&["640x480.yuyv"]).set("SHIM_SCRIPT", "40:unplug");
    let lines = machine.run("camera:42 640 100").lines;
    let frames = seen(&lines).len();
    assert!((1..=40).contains(&frames), "{frames}");
    let why = "error camera 42 failed: it is not there any more; is it unplugged?";
    assert_eq!(lines[frames..], [why, "over"]);
}

#[test]
fn a_camera_that_fails_while_it_streams_closes_without_a_panic() {
    let machine = |script: &str| Machine::with(&["640x480.yuyv"]).set("SHIM_SCRIPT", script);
    let lines = machine("40:eio").run("camera:42 640 60").lines;
    let [.., error, over] = &lines[..] else {
        panic!("{lines:?}");
    };
    assert!(error.contains("Input/output error"), "{error}");
    assert!(error.contains("check its cable"), "{error}");
    assert_eq!(over, "over");
    // Frames go on, but the driver refuses to give its buffers back.
    let outcome = machine("40:busy").run("camera:42 640 60");
    assert_eq!(outcome.lines.last().unwrap(), "over");
    assert!(
        outcome.log.contains("did not stop properly"),
        "{}",
        outcome.log
    );
}

#[test]
fn without_a_camera_the_way_out_is_named() {
    let line = the_one_line(&Machine::bare(), "camera:0 640 1");
    let want = "error camera 0 failed: no camera found; plug one in (`liveness demo` needs none)";
    assert_eq!(line, want);
}

#[test]
fn a_wrong_number_is_answered_with_the_right_ones() {
    let line = the_one_line(&Machine::with(&["640x480.yuyv"]), "camera:9 640 1");
    let want = "error camera 9 failed: there is no such camera; there is 42 (Shim Camera)";
    assert_eq!(line, want);
}

#[test]
fn a_busy_camera_says_so() {
    let machine = Machine::with(&["640x480.yuyv"]).set("SHIM_STATE", "busy");
    let line = the_one_line(&machine, "camera:42 640 1");
    assert_eq!(
        line,
        "error camera 42 failed: busy; is another program using it?"
    );
}

#[test]
fn a_forbidden_camera_is_listed_with_the_reason() {
    let machine = Machine::with(&["640x480.yuyv"]).set("SHIM_STATE", "denied");
    let why = "permission denied; add yourself to group video and log in anew";
    let line = the_one_line(&machine, "camera:42 640 1");
    assert_eq!(line, format!("error camera 42 failed: {why}"));
    assert_eq!(
        machine.run("list").lines,
        ["42 /dev/video42 Shim Camera", why]
    );
}

#[test]
fn a_camera_whose_driver_hangs_holds_nobody_who_lists_them() {
    let machine = Machine::with(&["640x480.yuyv"]).set("SHIM_STATE", "hang");
    let why = "it does not answer; unplug it and plug it in again";
    assert_eq!(
        machine.run("list").lines,
        ["42 /dev/video42 Shim Camera", why]
    );
}

#[test]
fn a_camera_without_a_format_we_read_says_so() {
    let line = the_one_line(&Machine::with(&["640x480.grey"]), "camera:42 640 1");
    assert_eq!(
        line,
        "error camera 42 failed: it offers no format that can be read"
    );
}

/// A session of the whole program on this machine: how it ends, what it says, what it logs.
fn session(machine: &Machine, flags: &str) -> (Option<i32>, String, String) {
    let folder = tempfile::tempdir().unwrap();
    let output = machine
        .command(env!("CARGO_BIN_EXE_liveness"))
        .args(["challenge", "--headless", "--log", "l.jsonl"])
        .args(flags.split(' '))
        .current_dir(folder.path())
        // What it leaves behind stays there.
        .env("XDG_STATE_HOME", folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    let log = std::fs::read_to_string(folder.path().join("l.jsonl")).unwrap();
    (output.status.code(), said, log)
}

#[test]
fn the_program_exits_with_4_and_says_what_is_wrong_with_the_camera() {
    let good = || Machine::with(&["640x480.yuyv"]);
    let grey = Machine::with(&["640x480.grey"]);
    for (machine, camera, why) in [
        (Machine::bare(), 42, "no camera found"),
        (
            good().set("SHIM_STATE", "busy"),
            42,
            "is another program using it?",
        ),
        (good().set("SHIM_STATE", "denied"), 42, "group video"),
        (grey, 42, "no format that can be read"),
        (good(), 9, "there is 42 (Shim Camera)"),
    ] {
        let (code, said, _) = session(&machine, &format!("--source camera:{camera}"));
        assert_eq!(code, Some(4), "{said}");
        assert!(said.contains(why), "{said}");
    }
}

#[test]
fn a_camera_that_sees_nobody_is_inconclusive_and_logged() {
    let machine = Machine::with(&["640x480.yuyv"]);
    let (code, said, log) = session(&machine, "--source camera:42 --timeout 5");
    assert_eq!(code, Some(3), "{said}");
    assert!(log.contains("\"reason\":\"nobody_came\""), "{log}");
    assert!(log.contains("\"rehearsal\":false"), "{log}");
}

#[test]
fn an_unplugged_camera_ends_the_session_and_is_logged() {
    let machine = Machine::with(&["640x480.yuyv"]).set("SHIM_SCRIPT", "40:unplug");
    // Nobody has been asked for anything yet, so its return is waited for.
    let (code, said, log) = session(&machine, "--source camera:42 --timeout 5");
    assert_eq!(code, Some(4), "{said}");
    assert!(said.contains("is it unplugged?"), "{said}");
    assert!(log.contains("\"reason\":\"source_failed\""), "{log}");
    assert!(log.contains("\"faults\":{\"unplugged\":1}"), "{log}");
}

#[test]
fn a_stalled_camera_ends_the_session_and_is_logged() {
    let machine = Machine::with(&["640x480.yuyv"]).set("SHIM_SCRIPT", "20:stall");
    let (code, said, log) = session(&machine, "--source camera:42 --timeout 5");
    assert_eq!(code, Some(4), "{said}");
    assert!(said.contains("no frame for 2 s"), "{said}");
    assert!(log.contains("\"reason\":\"source_failed\""), "{log}");
    // A command that judges nobody ends too.
    let output = (machine.command(env!("CARGO_BIN_EXE_liveness")))
        .args(["analyze", "camera:42"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(4));
}
