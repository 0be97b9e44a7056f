//! A display without a screen (Xvfb), whose pixels lie in a file.
#![allow(dead_code, reason = "no test file needs all of it")]
use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use x11rb::{
    connection::Connection as _,
    protocol::xproto::{ClientMessageEvent, ConnectionExt as _, EventMask, Window},
    rust_connection::RustConnection,
};

use super::place::Place;

/// A display of its own.
pub struct Display {
    server: Child,
    pub name: String,
    pixels: PathBuf,
}

impl Display {
    pub fn start(place: &Place) -> Self {
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

    /// A program that shows its window here.
    pub fn on(&self, mut program: Command) -> Command {
        program
            .env("DISPLAY", &self.name)
            .env_remove("WAYLAND_DISPLAY");
        program
    }

    /// What it shows: width, and the pixels as `0x00RRGGBB`. An XWD file: a header of big-endian
    /// words (0: its length, 4: width, 5: height, 19: number of colours of 12 bytes each), then
    /// pixels in the machine's order.
    pub fn look(&self) -> (usize, Vec<u32>) {
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

    /// A connection of our own, and every window.
    fn windows(&self) -> (RustConnection, Vec<Window>) {
        let (server, number) = x11rb::connect(Some(&self.name)).unwrap();
        let root = server.setup().roots[number].root;
        let windows = server.query_tree(root).unwrap().reply().unwrap().children;
        assert!(!windows.is_empty());
        (server, windows)
    }

    /// Destroys every window, as nobody should.
    pub fn destroy_windows(&self) {
        let (server, windows) = self.windows();
        for window in windows {
            server.destroy_window(window).unwrap().check().unwrap();
        }
    }

    /// Asks every window to close, as the cross in its corner does.
    pub fn close_windows(&self) {
        let (server, windows) = self.windows();
        let atom = |name: &[u8]| {
            let asked = server.intern_atom(false, name).unwrap();
            asked.reply().unwrap().atom
        };
        let protocols = atom(b"WM_PROTOCOLS");
        let close = [atom(b"WM_DELETE_WINDOW"), x11rb::CURRENT_TIME, 0, 0, 0];
        for window in windows {
            let event = ClientMessageEvent::new(32, window, protocols, close);
            let sent = server.send_event(false, window, EventMask::NO_EVENT, event);
            sent.unwrap().check().unwrap();
        }
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
