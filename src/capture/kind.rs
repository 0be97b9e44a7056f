//! What a path holds: pictures, an MJPEG stream, or a video.
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use super::{SOURCES, splitter};
use crate::error::Cause;

#[derive(Debug, PartialEq)]
pub enum Kind {
    /// A picture or a folder of pictures.
    Stills,
    /// JPEGs, one after the other.
    Mjpeg,
    /// Whatever ffmpeg makes of it.
    Video,
}

/// Tells by content what a path holds, and by its name only where the content leaves it open.
pub fn of(path: &Path) -> Result<Kind, Cause> {
    let meta = path.metadata().map_err(|e| match e.kind() {
        ErrorKind::NotFound => format!("there is no such file or folder; {SOURCES}"),
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
            assert_eq!(of(&path).unwrap(), want, "{name}");
        }
        assert_eq!(of(dir.path()).unwrap(), Kind::Stills);
    }

    #[cfg(unix)]
    #[test]
    fn a_device_file_is_no_recording() {
        let error = of(Path::new("/dev/null")).unwrap_err().to_string();
        assert!(error.contains("camera:/dev/video0"), "{error}");
    }

    #[test]
    fn a_text_file_may_end_in_the_middle_of_a_letter() {
        assert!(is_text(&"Grüße".as_bytes()[..3]));
        assert!(!is_text(b"\0\0\0\x18ftyp"));
        assert!(!is_text(&[0x1A, 0x45, 0xDF, 0xA3]));
    }
}
