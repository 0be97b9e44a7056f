//! What can be wrong with a camera, in words that say what to do.
use std::error;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::time::Timestamp;

/// What is wrong with a camera. The gravest first: of several, that one is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// It is not there (any more).
    Unplugged,
    /// This program may not use it.
    Denied,
    /// Another program uses it.
    Busy,
    /// It offers no format that can be read, or does not keep to the one agreed on.
    FormatRefused,
    /// Its driver broke down inside our program.
    Crashed,
    /// Reading from it fails.
    IoError,
    /// It sends nothing.
    Stalled,
    /// Its pictures have another size than agreed.
    WrongSize,
    /// Its pictures are damaged or cut short.
    Damaged,
    /// Its pictures are black.
    Black,
    /// It sends the same picture again and again.
    Frozen,
    /// It sends far fewer pictures than agreed.
    Slow,
}

impl Fault {
    /// Every fault there is.
    pub const ALL: [Self; 12] = [
        Self::Unplugged,
        Self::Denied,
        Self::Busy,
        Self::FormatRefused,
        Self::Crashed,
        Self::IoError,
        Self::Stalled,
        Self::WrongSize,
        Self::Damaged,
        Self::Black,
        Self::Frozen,
        Self::Slow,
    ];

    /// The word in `--json` and in the log.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unplugged => "unplugged",
            Self::Denied => "denied",
            Self::Busy => "busy",
            Self::FormatRefused => "format_refused",
            Self::Crashed => "crashed",
            Self::IoError => "io_error",
            Self::Stalled => "stalled",
            Self::WrongSize => "wrong_size",
            Self::Damaged => "damaged",
            Self::Black => "black",
            Self::Frozen => "frozen",
            Self::Slow => "slow",
        }
    }

    /// Whether nothing can be judged while it lasts: a session under way ends. A slow camera shows
    /// what it shows; blinks may be missed, which costs the subject a step at most.
    pub const fn breaks(self) -> bool {
        !matches!(self, Self::Slow)
    }

    /// Whether no frame comes while it lasts.
    pub(super) const fn silences(self) -> bool {
        !matches!(self, Self::Black | Self::Frozen | Self::Slow)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unplugged => "it is not there any more; is it unplugged?",
            Self::Denied => "permission denied; add yourself to group video and log in anew",
            Self::Busy => "busy; is another program using it?",
            Self::FormatRefused => "it offers no format that can be read",
            Self::Crashed => "its driver broke down; plug it in anew, and report what stands above",
            Self::IoError => "reading from it fails; check its cable, or use another USB port",
            Self::Stalled => "no frame for 2 s; unplug it and plug it in again",
            Self::WrongSize => "its pictures have another size than agreed; plug it in anew",
            Self::Damaged => "its pictures are damaged; check its cable, or use another USB port",
            Self::Black => "its pictures are black; is its lens covered?",
            Self::Frozen => "its picture stands still; plug it in anew",
            Self::Slow => {
                "it sends far fewer pictures than agreed; more light, another USB port, or less work for this machine"
            }
        })
    }
}

/// A fault with what is known of it.
#[derive(Clone, Debug)]
pub struct Trouble {
    /// Which.
    pub fault: Fault,
    why: String,
}

impl Trouble {
    /// A fault, and what is known of it beyond.
    pub fn new(fault: Fault, why: impl Into<String>) -> Self {
        let why = why.into();
        Self { fault, why }
    }
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        Self::new(fault, fault.to_string())
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl error::Error for Trouble {}

/// Whether a fault has come or gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It has come.
    Fault,
    /// It is over.
    Back,
}

/// What a watched camera has to say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct News {
    /// When. Frames from before a fault are not to be judged any more.
    pub at: Timestamp,
    /// Whether the fault has come or gone.
    pub state: Change,
    /// Which fault.
    pub fault: Fault,
    /// What is known of it, and what to do; how long it lasted.
    pub text: String,
}

impl News {
    /// That a fault has come.
    pub fn fault(at: Timestamp, trouble: &Trouble) -> Self {
        Self {
            at,
            state: Change::Fault,
            fault: trouble.fault,
            text: trouble.to_string(),
        }
    }

    /// That a fault is over, and how long it lasted.
    pub fn back(at: Timestamp, fault: Fault, lasted: Duration) -> Self {
        Self {
            at,
            state: Change::Back,
            fault,
            text: format!("over after {:.1} s", lasted.as_secs_f32()),
        }
    }

    /// Whether nothing can be judged from now on.
    pub fn breaks(&self) -> bool {
        self.state == Change::Fault && self.fault.breaks()
    }

    /// The same as the error of somebody who does not wait for its end.
    pub fn error(&self, camera: impl fmt::Display) -> Error {
        Error::camera(camera, Trouble::new(self.fault, self.text.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_written_as_it_is_named_and_says_what_to_do() {
        for fault in Fault::ALL {
            let quoted = serde_json::to_string(&fault).unwrap();
            assert_eq!(quoted, format!("{:?}", fault.name()));
            assert!(fault.to_string().len() > 20);
        }
        assert!(Fault::ALL.is_sorted());
    }
}
