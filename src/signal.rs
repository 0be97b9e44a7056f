//! What a face is doing at one moment: frame, face and mesh in, a handful of numbers out.
use serde::{Deserialize, Serialize};

use crate::{geometry::BBox, time::Timestamp};

/// How well one face can be judged at one moment, measured on the face itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Quality {
    /// Width of the face box in source-frame pixels.
    pub face_px: f32,
    /// Mean luma of the face, `0.0..=255.0`.
    pub brightness: f32,
    /// Variance of the Laplacian on a crop of fixed size: small is blurred.
    pub sharpness: f32,
}

/// One face at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// When the frame was captured.
    pub at: Timestamp,
    /// Which frame: its place in the stream.
    pub seq: u64,
    /// Where the face is, in source-frame pixels.
    pub bbox: BBox,
    /// O-Net's probability of a face.
    pub score: f32,
    /// The mesh's probability of a face; below 0.5 its signals are guesses.
    pub presence: f32,
    /// Eye aspect ratio, mean of both eyes: about 0.3 open, below 0.1 shut.
    pub eyes: f32,
    /// Mouth aspect ratio: inner lips' gap over inner mouth width; 0 shut.
    pub mouth: f32,
    /// Head turn in degrees; positive towards the subject's own left (larger x).
    pub yaw_deg: f32,
    /// Head tilt in degrees; positive with the chin down.
    pub pitch_deg: f32,
    /// Head roll in degrees; positive clockwise in the picture.
    pub roll_deg: f32,
    /// Where O-Net's nose lies between eyes (0) and mouth (1): falls and rises in a nod.
    pub nod: f32,
    /// How well the face can be judged.
    pub quality: Quality,
}
