//! The words of a challenge: what a subject can be asked to do.
use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// One thing a subject can be asked for; a gesture is one of these, seen.
///
/// Left and right are the *subject's* own: in the (never mirrored) picture a turn to their left
/// moves the nose to larger x.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Close both eyes briefly.
    Blink,
    /// Open the mouth wide and close it.
    OpenMouth,
    /// Turn the head to their own left and back.
    TurnLeft,
    /// Turn the head to their own right and back.
    TurnRight,
    /// Lower the head and raise it again, or the other way round.
    Nod,
    /// Turn to one side and at once to the other: a "no".
    Shake,
    /// Close both eyes briefly, twice.
    BlinkTwice,
    /// Do nothing for a moment: no gesture, but a thing to ask.
    HoldStill,
}

impl Step {
    /// Every step, in the order help texts list them.
    pub const ALL: [Self; 8] = [
        Self::Blink,
        Self::OpenMouth,
        Self::TurnLeft,
        Self::TurnRight,
        Self::Nod,
        Self::Shake,
        Self::BlinkTwice,
        Self::HoldStill,
    ];

    /// Those that are movements: all but holding still.
    pub const MOVES: [Self; 7] = [
        Self::Blink,
        Self::OpenMouth,
        Self::TurnLeft,
        Self::TurnRight,
        Self::Nod,
        Self::Shake,
        Self::BlinkTwice,
    ];

    /// Whether a head must have depth to do it; a picture of one may do the others.
    pub const fn needs_depth(self) -> bool {
        self.is_turn() || matches!(self, Self::Nod)
    }

    /// Whether the head turns to a side: what pictures show least, be they flat or one after the other.
    pub const fn is_turn(self) -> bool {
        matches!(self, Self::TurnLeft | Self::TurnRight | Self::Shake)
    }

    /// The name used on the command line and in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Blink => "blink",
            Self::OpenMouth => "open_mouth",
            Self::TurnLeft => "turn_left",
            Self::TurnRight => "turn_right",
            Self::Nod => "nod",
            Self::Shake => "shake",
            Self::BlinkTwice => "blink_twice",
            Self::HoldStill => "hold_still",
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The text is not the name of a step; says which names there are.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown step {0:?}; steps are blink, open_mouth, turn_left, turn_right, nod, shake, blink_twice, hold_still"
)]
pub struct UnknownStep(String);

impl FromStr for Step {
    type Err = UnknownStep;

    fn from_str(text: &str) -> Result<Self, UnknownStep> {
        let found = Self::ALL.into_iter().find(|step| step.name() == text);
        found.ok_or_else(|| UnknownStep(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_back_and_is_the_json_name() {
        for step in Step::ALL {
            assert_eq!(step.name().parse(), Ok(step));
            let json = serde_json::to_string(&step).unwrap();
            assert_eq!(json, format!("\"{step}\""));
        }
        let unknown = "smile".parse::<Step>().unwrap_err().to_string();
        for step in Step::ALL {
            assert!(unknown.contains(step.name()), "{unknown}");
        }
    }
}
