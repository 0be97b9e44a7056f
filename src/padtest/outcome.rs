//! How one session went.
use serde::{Deserialize, Serialize};

use crate::{capture::puppet::Conditions, challenge::Reason, record::SessionRecord, step::Step};

use super::{BONA_FIDE, plan::Job};

/// One step that was asked, and whether it was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// What was asked.
    pub step: Step,
    /// Whether it was seen.
    pub met: bool,
    /// How many wrong gestures came instead.
    pub strikes: u32,
}

/// How one session went: one line of `padtest --json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// Its kind.
    pub kind: String,
    /// Its number among those of its kind.
    pub number: u32,
    /// What all its chance came from.
    pub seed: u64,
    /// The recording that was played, if one was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recording: Option<String>,
    /// The conditions it took place in, where they were ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conditions: Option<Conditions>,
    /// `passed`, `failed` or `inconclusive`.
    pub verdict: String,
    /// Why, if it did not pass.
    pub reason: Option<Reason>,
    /// What was asked, in its order.
    pub steps: Vec<Answer>,
    /// From the first frame to the verdict, in milliseconds.
    pub duration_ms: f64,
    /// Frames looked at.
    pub frames: u64,
}

impl Outcome {
    /// The outcome of a session, by its record.
    pub(super) fn new(
        job: &Job,
        recording: Option<String>,
        conditions: Option<Conditions>,
        record: &SessionRecord,
    ) -> Self {
        let answers = record.steps.iter().map(|step| Answer {
            step: step.step,
            met: step.seen_ms.is_some(),
            strikes: step.strikes,
        });
        Self {
            kind: job.kind.clone(),
            number: job.number,
            seed: job.seed,
            recording,
            conditions,
            verdict: record.verdict.clone(),
            reason: record.reason,
            steps: answers.collect(),
            duration_ms: record.duration_ms,
            frames: record.frames.analysed,
        }
    }

    /// Whether it was let in.
    pub fn passed(&self) -> bool {
        self.verdict == "passed"
    }

    /// Whether it ended without a decision. A recording that is over, or broken, decides nothing,
    /// whatever a session makes of it.
    pub fn is_non_response(&self) -> bool {
        let cut = [Some(Reason::SourceEnded), Some(Reason::SourceFailed)].contains(&self.reason);
        !self.passed() && (cut || self.verdict != "failed")
    }

    /// Whether it is no attack.
    pub fn is_bona_fide(&self) -> bool {
        self.kind == BONA_FIDE
    }

    /// Whether the decision was wrong: an attack let in, a person turned away.
    pub fn is_wrong(&self) -> bool {
        if self.is_bona_fide() {
            !self.passed() && !self.is_non_response()
        } else {
            self.passed()
        }
    }

    /// Why it ended, in one word.
    pub fn ending(&self) -> &'static str {
        self.reason.map_or("passed", Reason::name)
    }
}
