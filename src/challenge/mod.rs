//! Decides. Pure: no clock, no thread, no file, no pixel.
mod guide;
mod verdict;

pub use guide::Guide;
pub use verdict::{Reason, Verdict};

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
    },
    /// Over.
    Done(Verdict),
}
