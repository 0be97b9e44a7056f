//! Whether a camera's buffer holds one whole picture.
//!
//! Its length tells nothing: it is that of the largest picture, and what an earlier picture left in it
//! stays behind a shorter one.
use std::collections::VecDeque;

use rapidhash::v3::rapidhash_v3;

use super::splitter::{Piece, Splitter};

/// Buffers that a driver may use in turn: what stays in one comes back after so many frames at most.
const BUFFERS: usize = 8;

/// Part of a picture's bytes, at its end, by which a torn one is known.
const TAIL: usize = 8;

/// Bytes looked at in one go for the end of a JPEG.
const CHUNK: usize = 32 * 1_024;

/// The JPEG at the start of a buffer, without what stands behind it; `None` where it has no end, or its
/// data hold what no JPEG's do.
pub fn whole_jpeg(buffer: &[u8]) -> Option<Vec<u8>> {
    let mut splitter = Splitter::default();
    for chunk in buffer.chunks(CHUNK) {
        splitter.push(chunk);
        match splitter.pop() {
            Some(Piece::Whole(bytes)) => return Some(bytes),
            Some(Piece::Broken) => return None,
            None => {}
        }
    }
    None
}

/// Remembers the ends of the last pictures, and finds them again under the beginnings of new ones.
///
/// Where a driver cuts pictures short, each buffer keeps its old end: it comes again when the buffer does,
/// and the pictures between have others. The grain of a real camera never repeats an end.
#[derive(Debug, Default)]
pub struct Tails(VecDeque<u64>);

impl Tails {
    /// Takes in a picture's bytes; whether it is torn.
    pub fn is_torn(&mut self, picture: &[u8]) -> bool {
        let tail = &picture[picture.len() - picture.len() / TAIL..];
        // One colour, as in the dark, is the same every time in a sound picture too. Two bytes and two
        // bytes: brightness and colour alternate.
        let flat = tail.windows(3).step_by(7).all(|w| w[0].abs_diff(w[2]) < 4);
        let hash = rapidhash_v3(tail);
        let torn = !flat && self.0.front() != Some(&hash) && self.0.contains(&hash);
        self.0.push_front(hash);
        self.0.truncate(BUFFERS);
        torn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jpeg() -> Vec<u8> {
        let image = image::RgbImage::from_fn(320, 240, |x, y| {
            image::Rgb([(x * y) as u8, ((x * 7) ^ y) as u8, y as u8])
        });
        let mut bytes = std::io::Cursor::new(Vec::new());
        image
            .write_to(&mut bytes, image::ImageFormat::Jpeg)
            .unwrap();
        bytes.into_inner()
    }

    #[test]
    fn a_jpeg_ends_where_it_ends() {
        let whole = jpeg();
        let buffer = [&whole[..], &[0xFF, 0xD9], &whole[30..900]].concat();
        assert_eq!(whole_jpeg(&buffer), Some(whole.clone()));
        let cut = [&whole[..whole.len() / 3], &[0; 40_000]].concat();
        assert_eq!(whole_jpeg(&cut), None);
        let mut spoilt = whole.clone();
        let middle = whole.len() / 2;
        spoilt[middle..middle + 2].copy_from_slice(&[0xFF, 0x24]);
        assert_eq!(whole_jpeg(&spoilt), None);
        assert_eq!(whole_jpeg(b"no picture"), None);
        assert_eq!(whole_jpeg(b""), None);
    }

    /// Pictures of 8,000 bytes, as they lie in four buffers; `cut` writes the first third alone.
    fn torn(cut: bool) -> usize {
        let mut buffers = vec![vec![0; 8_000]; 4];
        let mut tails = Tails::default();
        let torn = (0..40u32).filter(|&i| {
            let length = if cut && i >= 12 { 2_600 } else { 8_000 };
            let buffer = &mut buffers[i as usize % 4];
            for (at, byte) in (0u32..).zip(&mut buffer[..length]) {
                *byte = (at.wrapping_mul(i + 31) >> 3) as u8;
            }
            tails.is_torn(buffer)
        });
        torn.count()
    }

    #[test]
    fn pictures_cut_short_are_known_by_the_ends_of_older_ones() {
        assert_eq!(torn(false), 0);
        assert_eq!(torn(true), 28);
    }

    #[test]
    fn a_dark_or_still_picture_is_not_torn() {
        let mut tails = Tails::default();
        assert!(!(0..20).any(|_| tails.is_torn(&[16, 128].repeat(800))));
        let still: Vec<u8> = (0..1_600u32).map(|i| (i * i) as u8).collect();
        assert!(!(0..20).any(|_| tails.is_torn(&still)));
        assert!(!tails.is_torn(&[]));
    }
}
