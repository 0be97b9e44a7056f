//! One picture and the moment it was taken.
use std::hash::Hasher as _;

use image::RgbImage;
use rapidhash::quality::RapidHasher;

use crate::time::Timestamp;

/// One captured picture: 8-bit sRGB, never mirrored.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Moment of capture.
    pub at: Timestamp,
    /// Position in the stream, from 0; a gap means frames were dropped.
    pub seq: u64,
    /// Pixels, as the camera saw them.
    pub image: RgbImage,
}

impl Frame {
    /// Frames dropped between the one numbered `last`, if there was one, and this one.
    pub fn dropped_since(&self, last: Option<u64>) -> u64 {
        dropped_since(last, self.seq)
    }

    /// A number that two pictures share only if they are the same, as far as every eighth row tells. A
    /// camera's grain never gives a picture twice.
    pub fn fingerprint(&self) -> u64 {
        let row = self.image.width() as usize * 3;
        let rows = self.image.as_raw().chunks_exact(row.max(1));
        let mut hasher = RapidHasher::default();
        rows.step_by(EVERY).for_each(|row| hasher.write(row));
        hasher.finish()
    }
}

/// Frames dropped between the one numbered `last`, if there was one, and the one numbered `seq`.
pub fn dropped_since(last: Option<u64>, seq: u64) -> u64 {
    last.map_or(0, |last| seq.saturating_sub(last.saturating_add(1)))
}

/// Rows of a picture from one that is looked at for its fingerprint to the next.
const EVERY: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fingerprint_tells_pictures_apart() {
        let frame = |seq, red| Frame {
            at: Timestamp::from_millis(seq),
            seq,
            image: RgbImage::from_fn(20, 20, |x, y| {
                image::Rgb([if (x, y) == (7, 8) { red } else { 9 }, 5, 200])
            }),
        };
        assert_eq!(frame(1, 9).fingerprint(), frame(2, 9).fingerprint());
        assert_ne!(frame(1, 9).fingerprint(), frame(1, 10).fingerprint());
    }
}
