//! A file of JPEGs, one after the other → Frame.
use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::splitter::{Piece, Splitter};
use super::{moment, pixels};
use crate::error::Error;
use crate::frame::Frame;

/// Bytes read from the file at a time.
const CHUNK: usize = 64 * 1024;

/// Frames of an MJPEG file, at a pretended rate.
///
/// A damaged picture is left out with a warning; the gap in `seq` shows it, and time goes on.
#[derive(Debug)]
pub struct Mjpeg {
    what: String,
    file: Option<File>,
    splitter: Splitter,
    fps: u32,
    seq: u64,
    delivered: u64,
}

impl Mjpeg {
    /// Opens the file.
    pub fn open(path: &Path, fps: u32) -> Result<Self, Error> {
        let what = path.display().to_string();
        let file = File::open(path).map_err(|e| Error::source(&what, e))?;
        Ok(Self {
            what,
            file: Some(file),
            splitter: Splitter::default(),
            fps,
            seq: 0,
            delivered: 0,
        })
    }

    fn piece(&mut self) -> Result<Option<Piece>, Error> {
        loop {
            if let Some(piece) = self.splitter.pop() {
                return Ok(Some(piece));
            }
            let Some(file) = &mut self.file else {
                return Ok(None);
            };
            let mut chunk = vec![0; CHUNK];
            match file.read(&mut chunk) {
                Ok(0) => {
                    self.file = None;
                    self.splitter.finish();
                }
                Ok(n) => self.splitter.push(&chunk[..n]),
                Err(e) => {
                    self.file = None;
                    return Err(Error::source(&self.what, e));
                }
            }
        }
    }
}

impl Iterator for Mjpeg {
    type Item = Result<Frame, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let decoded = match self.piece() {
                Err(error) => {
                    // Nor is more to be said of it.
                    self.delivered = 1;
                    return Some(Err(error));
                }
                Ok(Some(Piece::Whole(bytes))) => pixels::jpeg(&bytes),
                Ok(Some(Piece::Broken)) => Err("it is cut off".into()),
                Ok(None) if self.delivered == 0 => {
                    self.delivered = 1;
                    return Some(Err(Error::source(&self.what, "no whole picture is in it")));
                }
                Ok(None) => return None,
            };
            let seq = self.seq;
            self.seq += 1;
            match decoded {
                Ok(image) => {
                    self.delivered += 1;
                    let at = moment(seq, self.fps);
                    return Some(Ok(Frame { at, seq, image }));
                }
                Err(why) => log::warn!("{}: picture {seq} left out: {why}", self.what),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{ImageFormat, Rgb, RgbImage};

    fn jpeg(shade: u8) -> Vec<u8> {
        let image = RgbImage::from_fn(32, 24, |x, y| Rgb([shade, x as u8 * 8, y as u8 * 9]));
        let mut bytes = std::io::Cursor::new(Vec::new());
        image.write_to(&mut bytes, ImageFormat::Jpeg).unwrap();
        bytes.into_inner()
    }

    #[test]
    fn a_damaged_picture_leaves_a_gap_and_keeps_the_time() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.mjpeg");
        let a = jpeg(10);
        std::fs::write(&path, [&a[..], &a[..a.len() - 9], &a, &a[..40]].concat()).unwrap();
        let frames: Vec<_> = Mjpeg::open(&path, 25)
            .unwrap()
            .map(Result::unwrap)
            .collect();
        let seen: Vec<_> = frames.iter().map(|f| (f.seq, f.at.as_micros())).collect();
        assert_eq!(seen, [(0, 0), (2, 80_000)]);
        assert_eq!(frames[1].image.dimensions(), (32, 24));
    }

    #[test]
    fn a_file_without_one_whole_picture_is_an_error_once() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.mjpeg");
        std::fs::write(&path, &jpeg(10)[..100]).unwrap();
        let mut frames = Mjpeg::open(&path, 30).unwrap();
        let error = frames.next().unwrap().unwrap_err().to_string();
        assert!(
            error.ends_with("a.mjpeg: no whole picture is in it"),
            "{error}"
        );
        assert!(frames.next().is_none());
    }
}
