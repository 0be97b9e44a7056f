//! Where frames come from. A source of frames is any iterator of `Result<Frame, Error>`.
//!
//! A live source (a camera, the demo) is stamped as its frames arrive. A recording carries its own
//! times, which begin at zero, and loses no frame however slowly it is read.
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::error::Error;
use crate::frame::Frame;
use crate::time::{Clock, Timestamp};

pub mod camera;
mod cameras;
mod device;
mod fault;
mod ffmpeg_log;
pub mod format;
mod kind;
mod known;
mod looks;
pub mod mjpeg;
pub mod pixels;
pub mod puppet;
pub mod software;
mod sound;
mod splitter;
pub mod stills;
mod sysfs;
mod tries;
pub mod video;
pub mod watched;
#[cfg(test)]
mod watched_tests;
mod worker;

use kind::Kind;

pub use camera::{Camera, list_cameras};
pub use cameras::{CameraId, CameraInfo, find_camera};
pub use fault::{Change, Fault, News, Trouble};
pub use stills::{pictures_in, read_picture, read_picture_in};
pub use watched::{Moment, Watch, Watched, watch};

/// Longest side of a frame that is decoded, in pixels: a damaged header must not claim all memory.
const LARGEST_SIDE_PX: u32 = 16_384;

/// Any source of frames, behind one type.
pub type Frames = Box<dyn Iterator<Item = Result<Frame, Error>> + Send>;

/// Size and rate to ask a source for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Wished width and height in pixels; only a camera can choose.
    pub size: (u32, u32),
    /// Wished frames a second; for pictures and MJPEG, the rate at which they are said to be taken.
    pub fps: u32,
}

impl Default for Options {
    /// 640x480 shows a face at 60 cm about 140 pixels wide, twice what detection needs; at 30/s a
    /// blink of 100 ms leaves three closed eyes.
    fn default() -> Self {
        Self {
            size: (640, 480),
            fps: 30,
        }
    }
}

/// Where frames are to come from, as the command line says it.
///
/// ```
/// use liveness::capture::Source;
///
/// let source: Source = "camera:0".parse()?;
/// assert!(source.is_live());
/// assert_eq!(source.to_string(), "camera:0");
/// # Ok::<(), liveness::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// `camera:0` or `camera:/dev/video2`.
    Camera(CameraId),
    /// `demo`: the simulated subject.
    Demo,
    /// Anything else: a picture, a folder of pictures, a recording.
    Path(PathBuf),
}

impl Source {
    /// Whether frames come as they happen, rather than from a recording.
    pub fn is_live(&self) -> bool {
        matches!(self, Self::Camera(_) | Self::Demo)
    }
}

impl FromStr for Source {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if text.is_empty() {
            return Err(Error::source("an empty source", SOURCES));
        }
        if let Some(camera) = text.strip_prefix("camera:") {
            return Ok(Self::Camera(camera.parse()?));
        }
        // A file of that name is reached as `./demo`.
        if text == "demo" {
            return Ok(Self::Demo);
        }
        Ok(Self::Path(text.into()))
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Camera(which) => write!(f, "camera:{which}"),
            Self::Demo => f.write_str("demo"),
            Self::Path(path) => path.display().fmt(f),
        }
    }
}

const SOURCES: &str =
    "a source is camera:0, camera:/dev/video2, demo, a picture, a folder of pictures or a video";

/// Opens a source. The demo is not opened here, because its subject needs the script.
pub fn open(source: &Source, options: &Options, clock: Clock) -> Result<Frames, Error> {
    match source {
        Source::Camera(which) => Ok(Box::new(Camera::open(which, *options, clock)?)),
        Source::Demo => Err(Error::source("demo", "it is no camera and no recording")),
        Source::Path(path) => open_path(path, options.fps),
    }
}

/// The pictures at `path`, if that is a picture or a folder of them; `None` for a recording.
///
/// # Errors
///
/// [`Error::Source`] where it is none of these.
pub fn stills_at(path: &Path) -> Result<Option<Vec<PathBuf>>, Error> {
    Ok(match kind_of(path)? {
        Kind::Stills if path.is_dir() => Some(pictures_in(path)?),
        Kind::Stills => Some(vec![path.to_owned()]),
        Kind::Mjpeg | Kind::Video => None,
    })
}

fn kind_of(path: &Path) -> Result<Kind, Error> {
    kind::of(path).map_err(|why| Error::source(path.display(), why))
}

fn open_path(path: &Path, fps: u32) -> Result<Frames, Error> {
    Ok(match kind_of(path)? {
        Kind::Stills => Box::new(stills::Stills::open(path, fps)?),
        Kind::Mjpeg => Box::new(mjpeg::Mjpeg::open(path, fps)?),
        Kind::Video => Box::new(video::Video::open(path, fps)?),
    })
}

/// Moment of picture number `index` at a pretended rate.
fn moment(index: u64, fps: u32) -> Timestamp {
    Timestamp::from_micros(index.saturating_mul(1_000_000) / u64::from(fps.max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_written_as_it_was_read() {
        for text in [
            "camera:0",
            "camera:/dev/video2",
            "demo",
            "./demo",
            "a/b c.mp4",
        ] {
            let source: Source = text.parse().unwrap();
            assert_eq!(source.to_string(), text);
            let live = text.starts_with("camera") || text == "demo";
            assert_eq!(source.is_live(), live, "{text}");
        }
        for text in ["", "camera:", "camera:99999999999"] {
            let error = text.parse::<Source>().unwrap_err().to_string();
            assert!(
                error.contains("camera:0") || error.contains("number"),
                "{error}"
            );
        }
    }

    #[test]
    fn what_cannot_be_a_source_is_said_plainly() {
        let dir = tempfile::tempdir().unwrap();
        let failure = |name: &str, bytes: Option<&[u8]>| {
            let path = dir.path().join(name);
            if let Some(bytes) = bytes {
                std::fs::write(&path, bytes).unwrap();
            }
            let opened = open(&Source::Path(path), &Options::default(), Clock::start());
            opened.err().unwrap().to_string()
        };
        assert!(failure("gone.mp4", None).contains("no such file or folder"));
        assert!(failure("empty.mp4", Some(b"")).contains("empty.mp4: the file is empty"));
        assert!(failure("notes.txt", Some("Grüße".as_bytes())).contains("it is text"));
        let demo = open(&Source::Demo, &Options::default(), Clock::start());
        assert!(demo.is_err());
    }
}
