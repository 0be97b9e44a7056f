//! The real window, on a display without a screen (Xvfb) whose pixels lie in a file.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod place;

use std::{
    collections::HashSet,
    fs,
    io::{BufRead as _, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use place::Place;

/// A display of its own.
struct Display {
    server: Child,
    name: String,
    pixels: PathBuf,
}

impl Display {
    fn start(place: &Place) -> Self {
        // `-displayfd 1`: the server picks a free number and says it once it is ready.
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "1280x800x24"])
            .args(["-nolisten", "tcp", "-fbdir"])
            .arg(place.folder())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("these tests need Xvfb: `make deps` installs it");
        let mut number = String::new();
        let mut said = BufReader::new(server.stdout.take().unwrap());
        said.read_line(&mut number).unwrap();
        Self {
            server,
            name: format!(":{}", number.trim()),
            pixels: place.path("Xvfb_screen0"),
        }
    }

    /// What it shows: width, and the pixels as `0x00RRGGBB`. An XWD file: a header of big-endian
    /// words (0: its length, 4: width, 5: height, 19: number of colours of 12 bytes each), then
    /// pixels in the machine's order.
    fn look(&self) -> (usize, Vec<u32>) {
        let bytes = fs::read(&self.pixels).unwrap();
        let word = |i: usize| {
            let four = bytes[4 * i..4 * i + 4].try_into().unwrap();
            u32::from_be_bytes(four) as usize
        };
        let (width, height) = (word(4), word(5));
        let data = &bytes[word(0) + 12 * word(19)..];
        let pixels = data.chunks_exact(4).take(width * height);
        let rgb = pixels.map(|p| u32::from_le_bytes(p.try_into().unwrap()) & 0xff_ffff);
        (width, rgb.collect())
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn colours(pixels: &[u32]) -> usize {
    pixels.iter().collect::<HashSet<_>>().len()
}

#[test]
fn a_challenge_is_shown_and_passes() {
    let place = Place::new();
    let display = Display::start(&place);
    assert_eq!(colours(&display.look().1), 1, "an empty display");
    let mut child = place
        .program("demo --json --seed 3 --script nod,blink --log l.jsonl")
        .env("DISPLAY", &display.name)
        .env_remove("WAYLAND_DISPLAY")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = BufReader::new(child.stdout.take().unwrap()).lines();
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
