//! How a challenge ends.
use std::fmt;

use serde::{Deserialize, Serialize};

/// How a challenge ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// As many steps as were asked for were performed, in order and in time; one that was not seen may have
    /// been replaced by another.
    Passed,
    /// It was not.
    Failed(Reason),
    /// It could not be told; nothing is held against the subject.
    Inconclusive(Reason),
    /// The subject or the caller stopped it.
    Cancelled,
}

impl Verdict {
    /// The word in `--json` and in the log.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed(_) => "failed",
            Self::Inconclusive(_) => "inconclusive",
            Self::Cancelled => "cancelled",
        }
    }

    /// Why, where there is a reason.
    pub const fn reason(self) -> Option<Reason> {
        match self {
            Self::Passed | Self::Cancelled => None,
            Self::Failed(reason) | Self::Inconclusive(reason) => Some(reason),
        }
    }
}

/// Why a challenge did not pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The step was not seen in time.
    StepTimeout,
    /// Gestures other than the one asked for, more often than allowed.
    WrongGesture,
    /// The face was gone for longer than allowed.
    FaceLost,
    /// Another face took its place.
    FaceChanged,
    /// A face without depth seemed to turn: a picture of one.
    FlatFace,
    /// The face was covered while it answered.
    FaceCovered,
    /// The face moved faster than a head can.
    FaceJumped,
    /// The picture stood still to the last bit.
    FrozenPicture,
    /// A picture came again, the same to the last bit: a recording in place of the camera.
    RepeatedPicture,
    /// The face is not the one that was expected.
    NoMatch,
    /// A network that looks for pictures of faces found one.
    NotLive,
    /// A second face was in view for longer than allowed.
    SeveralFaces,
    /// The whole session took longer than allowed.
    SessionTimeout,
    /// Nobody stood before the camera.
    NobodyCame,
    /// Light, distance or a hand kept the face from being judged for too long.
    PoorPicture,
    /// Somebody came, but never stood so that the challenge could begin.
    NeverReady,
    /// The recording ended before the challenge did.
    SourceEnded,
    /// The camera or recording failed.
    SourceFailed,
    /// The camera is made of software, and such a one is not taken.
    VirtualCamera,
    /// Too many failed a moment ago.
    LockedOut,
}

impl Reason {
    /// Every reason there is.
    pub const ALL: [Self; 20] = [
        Self::PoorPicture,
        Self::NoMatch,
        Self::NotLive,
        Self::FlatFace,
        Self::FaceCovered,
        Self::FaceJumped,
        Self::FrozenPicture,
        Self::RepeatedPicture,
        Self::StepTimeout,
        Self::WrongGesture,
        Self::FaceLost,
        Self::FaceChanged,
        Self::SeveralFaces,
        Self::SessionTimeout,
        Self::NobodyCame,
        Self::NeverReady,
        Self::SourceEnded,
        Self::SourceFailed,
        Self::VirtualCamera,
        Self::LockedOut,
    ];

    /// The code in `--json` and in the log.
    pub const fn name(self) -> &'static str {
        match self {
            Self::StepTimeout => "step_timeout",
            Self::WrongGesture => "wrong_gesture",
            Self::FaceLost => "face_lost",
            Self::FaceChanged => "face_changed",
            Self::FlatFace => "flat_face",
            Self::FaceCovered => "face_covered",
            Self::FaceJumped => "face_jumped",
            Self::FrozenPicture => "frozen_picture",
            Self::RepeatedPicture => "repeated_picture",
            Self::NoMatch => "no_match",
            Self::NotLive => "not_live",
            Self::SeveralFaces => "several_faces",
            Self::SessionTimeout => "session_timeout",
            Self::NobodyCame => "nobody_came",
            Self::PoorPicture => "poor_picture",
            Self::NeverReady => "never_ready",
            Self::SourceEnded => "source_ended",
            Self::SourceFailed => "source_failed",
            Self::VirtualCamera => "virtual_camera",
            Self::LockedOut => "locked_out",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
