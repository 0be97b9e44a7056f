//! One picture and the moment it was taken.
use image::RgbImage;

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
        last.map_or(0, |last| self.seq.saturating_sub(last + 1))
    }
}
