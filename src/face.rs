//! What leaves the cascade: a face, its five landmarks, and the seam where detectors plug in.
use serde::{Deserialize, Serialize};

use crate::{
    error::Error,
    frame::Frame,
    geometry::{BBox, Point},
};

/// The five landmarks, named as the *picture* shows them: `eye_l` is the eye nearer x = 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Landmarks5 {
    /// Eye nearer the left edge.
    pub eye_l: Point,
    /// Eye nearer the right edge.
    pub eye_r: Point,
    /// Tip of the nose.
    pub nose: Point,
    /// Mouth corner nearer the left edge.
    pub mouth_l: Point,
    /// Mouth corner nearer the right edge.
    pub mouth_r: Point,
}

impl Landmarks5 {
    /// The points in the networks' own order: eyes, nose, mouth corners, left before right.
    pub fn points(&self) -> [Point; 5] {
        [
            self.eye_l,
            self.eye_r,
            self.nose,
            self.mouth_l,
            self.mouth_r,
        ]
    }
}

impl From<[Point; 5]> for Landmarks5 {
    fn from([eye_l, eye_r, nose, mouth_l, mouth_r]: [Point; 5]) -> Self {
        Self {
            eye_l,
            eye_r,
            nose,
            mouth_l,
            mouth_r,
        }
    }
}

/// One detected face.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Face {
    /// Where, in source-frame pixels; may reach over the picture's edge.
    pub bbox: BBox,
    /// O-Net's probability, `0.0..=1.0`.
    pub score: f32,
    /// Five points, in source-frame pixels.
    pub landmarks: Landmarks5,
}

/// IoU from which two boxes, one frame apart, are taken for the same face: at 15 frames a second a head
/// moves less than half its width from one frame to the next.
pub const SAME_IOU: f32 = 0.2;

/// Finds faces: the cascade in the program, a closure in tests.
pub trait Detect {
    /// Finds the faces in `frame`, best first. No face is an empty list, never an error.
    ///
    /// # Errors
    ///
    /// [`Error::Model`] when a network cannot run.
    fn detect(&mut self, frame: &Frame) -> Result<Vec<Face>, Error>;

    /// Touches all memory that frames of the size of this one may ever need.
    ///
    /// # Errors
    ///
    /// As [`Detect::detect`].
    fn warm_up(&mut self, frame: &Frame) -> Result<(), Error> {
        self.detect(frame).map(drop)
    }
}

impl<F: FnMut(&Frame) -> Result<Vec<Face>, Error>> Detect for F {
    fn detect(&mut self, frame: &Frame) -> Result<Vec<Face>, Error> {
        self(frame)
    }
}
