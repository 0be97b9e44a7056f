//! Every limit of a challenge, in one place.
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Look, Proof, Stand, Strength};
use crate::time::millis;

/// Every limit of a challenge.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
// A record of an earlier version has fewer.
#[serde(default)]
pub struct Rules {
    /// How much is asked.
    pub strength: Strength,
    /// What a face must be like before the first step.
    pub stand: Stand,
    /// What must be seen beside a gesture, and what denies.
    pub proof: Proof,
    /// What is asked of networks that look at the face itself.
    pub look: Look,
    /// A gesture that begins sooner after the question was not an answer to it: nobody reads and
    /// reacts in a quarter of a second.
    #[serde(with = "millis", rename = "too_soon_ms")]
    pub too_soon: Duration,
    /// A right answer that begins later than this after the question is accepted but costs one
    /// more step: people begin within a second or so, while a recording that goes on by itself
    /// hits the question mostly late.
    #[serde(with = "millis", rename = "prompt_ms")]
    pub prompt: Duration,
    /// An answer must begin within this.
    #[serde(with = "millis", rename = "late_ms")]
    pub late: Duration,
    /// How many steps slow, wrong and missing answers can add in all.
    pub extra: u8,
    /// Time for one step: to begin, and for the longest gesture.
    #[serde(with = "millis", rename = "step_ms")]
    pub step: Duration,
    /// How long a subject must hold still where that is asked. A recording of somebody who goes from
    /// gesture to gesture rarely does.
    #[serde(with = "millis", rename = "hold_ms")]
    pub hold: Duration,
    /// Longest time from the begin of the first of two blinks to that of the second.
    #[serde(with = "millis", rename = "twice_ms")]
    pub twice: Duration,
    /// Time to come back to rest after a gesture, beyond the step's own.
    #[serde(with = "millis", rename = "back_ms")]
    pub back: Duration,
    /// How long the clock may stand still in all, while light, distance or a hand keep the face from being
    /// judged.
    #[serde(with = "millis", rename = "pause_ms")]
    pub pause: Duration,
    /// So many wrong gestures, or questions without an answer, fail.
    pub strikes: u32,
    /// Longest absence of the face: a head far to the side, in bad light, is lost for half a second.
    #[serde(with = "millis", rename = "absence_ms")]
    pub absence: Duration,
    /// Longest presence of a second face.
    #[serde(with = "millis", rename = "company_ms")]
    pub company: Duration,
    /// Time for the whole session, waiting included.
    #[serde(with = "millis", rename = "session_ms")]
    pub session: Duration,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            strength: Strength::default(),
            stand: Stand::default(),
            proof: Proof::default(),
            look: Look::default(),
            too_soon: Duration::from_millis(250),
            prompt: Duration::from_millis(1_500),
            late: Duration::from_secs(4),
            extra: 4,
            step: Duration::from_secs(6),
            hold: Duration::from_millis(1_500),
            twice: Duration::from_millis(2_000),
            back: Duration::from_secs(2),
            pause: Duration::from_secs(10),
            strikes: 2,
            absence: Duration::from_millis(800),
            company: Duration::from_millis(300),
            session: Duration::from_secs(60),
        }
    }
}

impl Rules {
    /// The limits for a strength.
    pub fn of(strength: Strength) -> Self {
        Self {
            strength,
            strikes: strength.strikes(),
            ..Self::default()
        }
    }
}
