//! What the world sees of a challenge, and how it can end it.
use serde::{Deserialize, Serialize};

use super::{Guide, Verdict};
use crate::{step::Step, time::Timestamp};

/// Where a challenge stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Waiting for one face that can be judged.
    Waiting {
        /// What is in the way; `None` while a good face is being measured at rest.
        guide: Option<Guide>,
    },
    /// The subject has been asked for `step`.
    Asking {
        /// What is asked.
        step: Step,
        /// Its place in the script, from 0.
        index: usize,
        /// Since when.
        since: Timestamp,
        /// The time limit of this step.
        until: Timestamp,
        /// How many wrong gestures were seen so far in this challenge.
        strikes: u32,
        /// Whether the gesture was seen and only the return to rest is missing.
        seen: bool,
        /// What keeps the face from being judged; the clock stands still meanwhile.
        guide: Option<Guide>,
    },
    /// Over.
    Done(Verdict),
}

/// Why a challenge is ended from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// The recording is over.
    SourceEnded,
    /// The camera or the recording failed.
    SourceFailed,
    /// The subject or the caller wants no more.
    Cancelled,
}
