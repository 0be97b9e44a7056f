//! What keeps a challenge from beginning, one hint at a time.
use serde::{Deserialize, Serialize};

/// A hint for the subject while the challenge waits for a face it can judge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Guide {
    /// Nobody is in view.
    NoFace,
    /// More than one person is in view.
    SeveralFaces,
    /// The face is too small.
    MoveCloser,
    /// The face is too large.
    MoveBack,
    /// The face is not in the oval.
    CentreFace,
    /// The face is too dark.
    TooDark,
    /// The face is too bright.
    TooBright,
    /// The face moves, or the picture is blurred.
    HoldStill,
    /// The face looks to a side, up or down.
    LookAhead,
    /// The mouth is open.
    CloseMouth,
    /// Part of the face is hidden.
    FaceCovered,
    /// The eyes cannot be read behind their glasses.
    RemoveGlasses,
}

impl Guide {
    /// Every hint there is.
    pub const ALL: [Self; 12] = [
        Self::NoFace,
        Self::SeveralFaces,
        Self::MoveCloser,
        Self::MoveBack,
        Self::CentreFace,
        Self::TooDark,
        Self::TooBright,
        Self::HoldStill,
        Self::LookAhead,
        Self::CloseMouth,
        Self::FaceCovered,
        Self::RemoveGlasses,
    ];
}
