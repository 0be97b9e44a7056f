//! Any video that an installed ffmpeg decodes → Frame.
use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};
use image::RgbImage;

use super::LARGEST_SIDE_PX;
use super::ffmpeg_log::{self, Line, Shown};
use crate::error::{Cause, Error};
use crate::frame::Frame;
use crate::thread;
use crate::time::Timestamp;

/// Frames announced and not yet read. ffmpeg is never far ahead of its own output; more than its
/// output buffer can hold would only cost memory.
const AHEAD: usize = 64;

/// Words by which ffmpeg says that a recording ends too early, although it then exits with 0.
const CUT_SHORT: [&str; 3] = ["partial file", "ended prematurely", "truncated"];

/// Frames of a recording, decoded by a child `ffmpeg`, at the recording's own times.
///
/// The first frame is at time zero. Rotated recordings are upright, variable frame rates are kept,
/// nothing is dropped. A recording that ends early or is damaged gives the frames that could be
/// read, then an `Err` with ffmpeg's own words.
#[derive(Debug)]
pub struct Video {
    what: String,
    // Before `child`, so that the log's thread ends with the child.
    notes: Receiver<Note>,
    frames: ChildStdout,
    child: Running,
    times: Times,
    seq: u64,
    over: bool,
}

/// What the log's thread reports.
#[derive(Debug)]
enum Note {
    Frame { shown: Shown, tick: Option<f64> },
    End { trouble: String },
}

impl Video {
    /// Starts ffmpeg on a file. `fps` serves only where the recording gives no times.
    pub fn open(path: &Path, fps: u32) -> Result<Self, Error> {
        Self::open_with(OsStr::new("ffmpeg"), path, fps)
    }

    fn open_with(program: &OsStr, path: &Path, fps: u32) -> Result<Self, Error> {
        let what = path.display().to_string();
        let fail = |e: io::Error| match e.kind() {
            io::ErrorKind::NotFound => Error::source(&what, MISSING),
            _ => Error::source(&what, format!("ffmpeg does not start: {e}")),
        };
        let mut child = Running(command(program, path).spawn().map_err(fail)?);
        let pipes = (child.0.stdout.take(), child.0.stderr.take());
        let (Some(frames), Some(log)) = pipes else {
            return Err(Error::source(&what, "ffmpeg gives no output"));
        };
        let (tx, notes) = bounded(AHEAD);
        thread::spawn("ffmpeg log", move || read_log(log, &tx))?;
        Ok(Self {
            what,
            notes,
            frames,
            child,
            times: Times::new(fps),
            seq: 0,
            over: false,
        })
    }

    fn frame(&mut self) -> Result<Option<Frame>, Cause> {
        let (shown, tick) = match self.notes.recv() {
            Ok(Note::Frame { shown, tick }) => (shown, tick),
            Ok(Note::End { trouble }) => return self.end(&trouble),
            Err(_) => return self.end(""),
        };
        let (width, height) = shown.size;
        if width.max(height) > LARGEST_SIDE_PX {
            return Err(format!("a frame of {width}x{height} is too large").into());
        }
        let mut rgb = vec![0; width as usize * height as usize * 3];
        if self.frames.read_exact(&mut rgb).is_err() {
            // The log tells why; frames announced behind this one will not come either.
            let trouble = self.notes.iter().find_map(|note| match note {
                Note::End { trouble } => Some(trouble),
                Note::Frame { .. } => None,
            });
            let trouble = trouble.unwrap_or_default();
            return Err(self.end(&trouble).err().unwrap_or_else(|| CUT.into()));
        }
        let at = self.times.next(shown, tick);
        let seq = self.seq;
        self.seq += 1;
        let image = RgbImage::from_raw(width, height, rgb).ok_or(CUT)?;
        Ok(Some(Frame { at, seq, image }))
    }

    /// No frame follows: tells a recording that is over from one that is broken.
    fn end(&mut self, trouble: &str) -> Result<Option<Frame>, Cause> {
        let status = self.child.0.wait()?;
        let cut_short = CUT_SHORT.iter().any(|words| trouble.contains(words));
        match trouble {
            "" if !status.success() => Err(format!("ffmpeg failed ({status})").into()),
            "" if self.seq == 0 => Err("it holds no picture".into()),
            old if old.contains("fps_mode") => Err(format!("{old}; {OLD}").into()),
            why if !status.success() || cut_short || self.seq == 0 => Err(why.into()),
            "" => Ok(None),
            noise => {
                log::warn!("{}: ffmpeg went on after: {noise}", self.what);
                Ok(None)
            }
        }
    }
}

const CUT: &str = "the recording ends in the middle of a frame";
const OLD: &str = "ffmpeg 5.1 or newer is needed";
const MISSING: &str = "videos are decoded by ffmpeg, which is not installed; install it by \
    `sudo apt install ffmpeg`, `brew install ffmpeg` or `winget install ffmpeg`";

impl Iterator for Video {
    type Item = Result<Frame, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        let item = self.frame().transpose();
        self.over = !matches!(item, Some(Ok(_)));
        item.map(|frame| frame.map_err(|why| Error::source(&self.what, why)))
    }
}

fn command(program: &OsStr, path: &Path) -> Command {
    // As a `file:` URL a name cannot be taken for an option or an address in the network.
    let mut input = OsString::from("file:");
    input.push(path);
    let mut command = Command::new(program);
    command
        .args([
            "-nostdin",
            "-hide_banner",
            "-nostats",
            "-loglevel",
            "level+info",
        ])
        .args(["-protocol_whitelist", "file", "-i"])
        .arg(input)
        .args(["-map", "0:v:0", "-vf", "showinfo=checksum=0"])
        .args([
            "-fps_mode",
            "passthrough",
            "-f",
            "rawvideo",
            "-pix_fmt",
            "rgb24",
        ])
        // Two frames closer than the nominal rate would otherwise share a time, with a complaint.
        .args(["-enc_time_base", "-1"])
        .args(["-flush_packets", "1", "-"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn read_log(log: ChildStderr, tx: &Sender<Note>) {
    let mut tick = None;
    // The last line is often only "invalid data"; the one before it says what is wrong.
    let mut trouble: VecDeque<String> = VecDeque::new();
    for line in BufReader::new(log).split(b'\n').map_while(Result::ok) {
        match ffmpeg_log::parse(&String::from_utf8_lossy(&line)) {
            Some(Line::TimeBase(seconds)) => tick = Some(seconds),
            Some(Line::Frame(shown)) => {
                if tx.send(Note::Frame { shown, tick }).is_err() {
                    return;
                }
            }
            Some(Line::Trouble(text)) if !trouble.contains(&text) => {
                trouble.truncate(1);
                trouble.push_front(text);
            }
            Some(Line::Trouble(_)) | None => {}
        }
    }
    let trouble: Vec<_> = trouble.into_iter().rev().collect();
    let trouble = trouble.join("; ");
    // Nobody listens any more when the recording was closed early.
    let _ = tx.send(Note::End { trouble });
}

/// A child that is ended when it is dropped. One that hangs when the program ends at once is ended by its next
/// word, which nobody hears.
#[derive(Debug)]
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only if the child is gone already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Turns ffmpeg's times into moments that begin at zero and never run back.
#[derive(Debug)]
struct Times {
    first: Option<f64>,
    last: Timestamp,
    /// Between two frames of which one has no time.
    usual: Duration,
}

impl Times {
    fn new(fps: u32) -> Self {
        Self {
            first: None,
            last: Timestamp::default(),
            usual: Duration::from_secs(1) / fps.max(1),
        }
    }

    fn next(&mut self, shown: Shown, tick: Option<f64>) -> Timestamp {
        // Ticks first: ffmpeg rounds the seconds to six digits, 10 ms after 1000 s.
        let exact = shown.ticks.zip(tick).map(|(n, tick)| n as f64 * tick);
        let begun = self.first.is_some();
        self.last = match exact.or(shown.seconds) {
            Some(seconds) => {
                let since = seconds - *self.first.get_or_insert(seconds);
                Timestamp::from_micros((since * 1e6).round() as u64).max(self.last)
            }
            None if begun => self.last.after(self.usual),
            None => {
                self.first = Some(0.0);
                self.last
            }
        };
        self.last
    }
}

#[cfg(test)]
#[path = "video_tests.rs"]
mod tests;
