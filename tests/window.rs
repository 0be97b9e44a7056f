//! The real window, on a display without a screen (Xvfb) whose pixels lie in a file.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod display;
mod place;

use std::{
    collections::HashSet,
    fs,
    io::{BufRead as _, BufReader, Lines},
    process::{Child, ChildStdout, Stdio},
};

use display::Display;
use liveness::time::Clock;
use place::{Place, signal};

fn colours(pixels: &[u32]) -> usize {
    pixels.iter().collect::<HashSet<_>>().len()
}

/// Begins a demo that is shown there; gives its lines, too.
fn begin(place: &Place, display: &Display, script: &str) -> (Child, Lines<BufReader<ChildStdout>>) {
    let line = format!("demo --json --seed 3 --script {script} --log l.jsonl");
    let mut child = display
        .on(place.program(&line))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let told = BufReader::new(child.stdout.take().unwrap()).lines();
    (child, told)
}

#[test]
fn a_challenge_is_shown_and_passes() {
    let place = Place::new();
    let display = Display::start(&place);
    assert_eq!(colours(&display.look().1), 1, "an empty display");
    let (mut child, mut told) = begin(&place, &display, "nod,blink");
    // Between two steps the window has been drawn many times.
    let done = told.find(|line| line.as_ref().unwrap().contains("\"done\""));
    done.expect("a step that is done").unwrap();
    let (width, pixels) = display.look();
    assert!(colours(&pixels) > 5_000, "{} colours", colours(&pixels));
    // The window is 960 x 720: it covers that many pixels and not the whole display.
    let drawn = pixels.iter().filter(|p| **p != 0).count();
    assert!(
        (500_000..=960 * 720).contains(&drawn),
        "{drawn} of {width}x…"
    );
    let last = told.last().unwrap().unwrap();
    assert!(last.contains("\"verdict\":\"passed\""), "{last}");
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// A session whose window is lost while a step is asked: it is cancelled and in the log.
fn loses(lose: impl FnOnce(Display) -> Option<Display>) {
    let place = Place::new();
    let display = Display::start(&place);
    let (mut child, mut told) = begin(&place, &display, "nod,blink,nod,blink");
    let asked = told.find(|line| line.as_ref().unwrap().contains("\"asked\""));
    asked.expect("a step that is asked").unwrap();
    let display = lose(display);
    let last = told.last().unwrap().unwrap();
    let result: serde_json::Value = serde_json::from_str(&last).unwrap();
    assert_eq!(result["verdict"], "cancelled");
    assert!(result["steps"][0]["seen_ms"].is_null(), "{last}");
    assert_eq!(child.wait().unwrap().code(), Some(6));
    place.run("log verify --log l.jsonl").code(0);
    drop(display);
}

#[test]
fn a_session_whose_display_dies_is_cancelled_and_in_the_log() {
    loses(|_| None);
}

#[test]
fn so_is_one_whose_window_somebody_destroys() {
    loses(|display| {
        display.destroy_windows();
        Some(display)
    });
}

#[test]
fn a_preview_plays_a_recording_at_its_own_pace() {
    let place = Place::new();
    let display = Display::start(&place);
    fs::create_dir(place.path("frames")).unwrap();
    for i in 0..11 {
        place.picture(&format!("frames/{i:02}.png"));
    }
    let began = Clock::start();
    let line = "preview --source frames --fps 10 --seconds 60 --bench";
    let ended = display.on(place.program(line)).output().unwrap();
    assert_eq!(ended.status.code(), Some(0));
    // From the first frame to the eleventh.
    let took = began.now().as_millis_f64();
    assert!(took >= 1_000.0, "{took} ms");
    let told = String::from_utf8(ended.stderr).unwrap();
    let line = told
        .lines()
        .find(|line| line.contains("detect"))
        .expect(&told);
    assert_eq!(line.split_whitespace().nth(1), Some("11"), "{told}");
}

#[test]
fn a_preview_that_is_terminated_tells_what_it_measured() {
    let place = Place::new();
    let display = Display::start(&place);
    let mut child = display
        .on(place.program("preview --source demo --bench"))
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Somebody is shown, so frames have been looked at.
    while colours(&display.look().1) < 5_000 {
        assert!(
            child.try_wait().unwrap().is_none(),
            "it has ended by itself"
        );
        std::thread::yield_now();
    }
    signal(&child, "TERM");
    let ended = child.wait_with_output().unwrap();
    let told = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(0), "{told}");
    assert!(
        told.contains("detect") && told.contains("frames dropped"),
        "{told}"
    );
}
