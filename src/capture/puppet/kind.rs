//! What is presented to the camera: a person, or one of the attacks.
use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// What is presented to the camera.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A person who does what is asked.
    BonaFide,
    /// A print, held as still as a hand can.
    PrintHeld,
    /// A print that is turned and shifted when something is asked.
    PrintWaved,
    /// A print that is tilted and rolled when something is asked.
    PrintTilted,
    /// A print bent about the vertical, turned when something is asked.
    PrintBent,
    /// A print before whose eyes a hand passes.
    HandOverEyes,
    /// A print before whose mouth a hand passes.
    HandOverMouth,
    /// A print before somebody's face, with holes where that one's eyes blink.
    EyeHoles,
    /// A screen that shows the recording of a session with another script.
    ReplayOtherScript,
    /// A screen that shows, after every question, a gesture picked by chance.
    ReplayRandom,
    /// A screen that shows a few gestures again and again.
    ReplayLooped,
    /// A person who obeys, and another one who takes the place midway.
    FaceSwap,
    /// A face at rest, and another person in its place for each gesture.
    StandIn,
    /// Photographs of one person that take each other's place: at rest, turned, with eyes shut, and so on.
    FlipBook,
    /// Two people, one of whom obeys.
    TwoFaces,
    /// A person who obeys, through a camera whose picture stands still.
    Frozen,
}

impl Kind {
    /// Every kind, bona fide first.
    pub const ALL: [Self; 16] = [
        Self::BonaFide,
        Self::PrintHeld,
        Self::PrintWaved,
        Self::PrintTilted,
        Self::PrintBent,
        Self::HandOverEyes,
        Self::HandOverMouth,
        Self::EyeHoles,
        Self::ReplayOtherScript,
        Self::ReplayRandom,
        Self::ReplayLooped,
        Self::FaceSwap,
        Self::StandIn,
        Self::FlipBook,
        Self::TwoFaces,
        Self::Frozen,
    ];

    /// The names of all kinds, with commas between them.
    pub fn names() -> String {
        Self::ALL.map(Self::name).join(", ")
    }

    /// The name used on the command line and in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::BonaFide => "bona_fide",
            Self::PrintHeld => "print_held",
            Self::PrintWaved => "print_waved",
            Self::PrintTilted => "print_tilted",
            Self::PrintBent => "print_bent",
            Self::HandOverEyes => "hand_over_eyes",
            Self::HandOverMouth => "hand_over_mouth",
            Self::EyeHoles => "eye_holes",
            Self::ReplayOtherScript => "replay_other_script",
            Self::ReplayRandom => "replay_random",
            Self::ReplayLooped => "replay_looped",
            Self::FaceSwap => "face_swap",
            Self::StandIn => "stand_in",
            Self::FlipBook => "flip_book",
            Self::TwoFaces => "two_faces",
            Self::Frozen => "frozen",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The text is not the name of a kind; says which names there are.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown kind {0:?}; kinds are {names}", names = Kind::names())]
pub struct UnknownKind(String);

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(text: &str) -> Result<Self, UnknownKind> {
        let found = Self::ALL.into_iter().find(|kind| kind.name() == text);
        found.ok_or_else(|| UnknownKind(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_back_and_is_that_of_json() {
        for kind in Kind::ALL {
            assert_eq!(kind.to_string().parse(), Ok(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
        }
        let unknown = "mask".parse::<Kind>().unwrap_err().to_string();
        assert!(unknown.contains("print_bent, hand_over_eyes"), "{unknown}");
    }
}
