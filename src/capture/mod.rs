//! Where frames come from. A source of frames is any iterator of `Result<Frame, Error>`.
//!
//! A live source (a camera, the demo) is stamped as its frames arrive. A recording carries its own
//! times, which begin at zero, and loses no frame however slowly it is read.
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::error::{Cause, Error};
use crate::frame::Frame;
use crate::time::{Clock, Timestamp};

pub mod camera;
mod cameras;
mod ffmpeg_log;
pub mod format;
pub mod mjpeg;
pub mod pixels;
mod splitter;
pub mod stills;
pub mod video;

pub use camera::{Camera, list_cameras};
pub use cameras::{CameraId, CameraInfo};
pub use stills::{pictures_in, read_picture};

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
    /// 640x480 shows a face at arm's length 150 to 200 pixels wide; 30/s shows every blink.
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

fn open_path(path: &Path, fps: u32) -> Result<Frames, Error> {
    Ok(
        match kind(path).map_err(|why| Error::source(path.display(), why))? {
            Kind::Stills => Box::new(stills::Stills::open(path, fps)?),
            Kind::Mjpeg => Box::new(mjpeg::Mjpeg::open(path, fps)?),
            Kind::Video => Box::new(video::Video::open(path, fps)?),
        },
    )
}

#[derive(Debug, PartialEq)]
enum Kind {
    Stills,
    Mjpeg,
    Video,
}

/// Tells by content what a path holds, and by its name only where the content leaves it open.
fn kind(path: &Path) -> Result<Kind, Cause> {
    let meta = path.metadata().map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => format!("there is no such file or folder; {SOURCES}"),
        _ => e.to_string(),
    })?;
    if meta.is_dir() {
        return Ok(Kind::Stills);
    }
    if !meta.is_file() {
        return Err("neither a file nor a folder; a camera is written camera:/dev/video0".into());
    }
    let mut head = Vec::new();
    File::open(path)?.take(512).read_to_end(&mut head)?;
    match &head[..] {
        [] => Err("the file is empty".into()),
        [0xFF, 0xD8, 0xFF, ..] if names_a_stream(path) => Ok(Kind::Mjpeg),
        // Phones append a second picture (depth, gain map) to a photograph: the name decides.
        [0xFF, 0xD8, 0xFF, ..] if names_a_photograph(path) => Ok(Kind::Stills),
        [0xFF, 0xD8, 0xFF, ..] if holds_two_pictures(path)? => Ok(Kind::Mjpeg),
        [0xFF, 0xD8, 0xFF, ..] | [0x89, b'P', b'N', b'G', ..] => Ok(Kind::Stills),
        // Streams saved from a web camera begin with a multipart header.
        _ if names_a_stream(path) => Ok(Kind::Mjpeg),
        // The one video format that begins with a line of text.
        [b'Y', b'U', b'V', b'4', b'M', b'P', b'E', b'G', ..] => Ok(Kind::Video),
        text if is_text(text) => Err(format!("it is text; {SOURCES}").into()),
        _ => Ok(Kind::Video),
    }
}

fn names_a_stream(path: &Path) -> bool {
    ends_in(path, &["mjpg", "mjpeg"])
}

fn names_a_photograph(path: &Path) -> bool {
    ends_in(path, &["jpg", "jpeg", "jpe", "jfif", "mpo"])
}

fn ends_in(path: &Path, endings: &[&str]) -> bool {
    let ending = path.extension().and_then(|e| e.to_str());
    ending.is_some_and(|ending| endings.iter().any(|e| e.eq_ignore_ascii_case(ending)))
}

fn holds_two_pictures(path: &Path) -> Result<bool, Cause> {
    let mut file = File::open(path)?;
    let mut splitter = splitter::Splitter::default();
    let mut chunk = vec![0; 64 * 1024];
    let mut whole = 0;
    loop {
        match file.read(&mut chunk)? {
            0 => return Ok(false),
            n => splitter.push(&chunk[..n]),
        }
        whole += std::iter::from_fn(|| splitter.pop()).count();
        if whole >= 2 {
            return Ok(true);
        }
    }
}

fn is_text(head: &[u8]) -> bool {
    let valid = match std::str::from_utf8(head) {
        Ok(_) => true,
        // Up to three bytes of a last letter may lie beyond the bytes read.
        Err(e) => e.error_len().is_none(),
    };
    let control = |b: &u8| *b < b' ' && !b.is_ascii_whitespace();
    valid && !head.iter().any(control)
}

/// Moment of picture number `index` at a pretended rate.
fn moment(index: u64, fps: u32) -> Timestamp {
    Timestamp::from_micros(index.saturating_mul(1_000_000) / u64::from(fps.max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jpeg() -> Vec<u8> {
        let mut bytes = std::io::Cursor::new(Vec::new());
        image::RgbImage::new(16, 16)
            .write_to(&mut bytes, image::ImageFormat::Jpeg)
            .unwrap();
        bytes.into_inner()
    }

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
    fn content_decides_before_the_name() {
        let dir = tempfile::tempdir().unwrap();
        let (one, two) = (jpeg(), [jpeg(), jpeg()].concat());
        let cases: [(&str, &[u8], Kind); 8] = [
            ("one", &one, Kind::Stills),
            ("one.bin", &one, Kind::Stills),
            ("two", &two, Kind::Mjpeg),
            ("photo_with_depth.jpg", &two, Kind::Stills),
            ("one.mjpeg", &one, Kind::Mjpeg),
            ("named.mp4", &two, Kind::Mjpeg),
            ("named.jpg", b"\0\0\0\x20ftypisom\0\0", Kind::Video),
            (
                "web.mjpg",
                b"--boundary\r\nContent-Type: image/jpeg\r\n",
                Kind::Mjpeg,
            ),
        ];
        for (name, bytes, want) in cases {
            let path = dir.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            assert_eq!(kind(&path).unwrap(), want, "{name}");
        }
        assert_eq!(kind(dir.path()).unwrap(), Kind::Stills);
    }

    #[test]
    fn what_cannot_be_a_source_is_said_plainly() {
        let dir = tempfile::tempdir().unwrap();
        let failure = |name: &str, bytes: Option<&[u8]>| {
            let path = dir.path().join(name);
            bytes.map(|b| std::fs::write(&path, b).unwrap());
            let opened = open(&Source::Path(path), &Options::default(), Clock::start());
            opened.err().unwrap().to_string()
        };
        assert!(failure("gone.mp4", None).contains("no such file or folder"));
        assert!(failure("empty.mp4", Some(b"")).contains("empty.mp4: the file is empty"));
        assert!(failure("notes.txt", Some("Grüße".as_bytes())).contains("it is text"));
        let demo = open(&Source::Demo, &Options::default(), Clock::start());
        assert!(demo.is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_device_file_is_no_recording() {
        let error = kind(Path::new("/dev/null")).unwrap_err().to_string();
        assert!(error.contains("camera:/dev/video0"), "{error}");
    }

    #[test]
    fn a_text_file_may_end_in_the_middle_of_a_letter() {
        assert!(is_text(&"Grüße".as_bytes()[..3]));
        assert!(!is_text(b"\0\0\0\x18ftyp"));
        assert!(!is_text(&[0x1A, 0x45, 0xDF, 0xA3]));
    }
}
