//! What a caller is told while a session runs.
use serde::Serialize;

use crate::{
    capture::{Change, Fault, puppet::Cue},
    challenge::Guide,
    step::Step,
};

/// How a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// It has been asked, for the first time or once more.
    Asked,
    /// It has been done.
    Done,
    /// It has failed: something else is asked, or the challenge is over.
    Failed,
}

/// What a caller is told while a session runs: the lines of `challenge --json` but the last.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// The session has begun.
    Hello {
        /// Its name.
        session: String,
        /// Version of these lines.
        schema: u32,
        /// What will be asked.
        script: Vec<Step>,
    },
    /// The subject should do something before the first step, or so that the next can be judged.
    Guide {
        /// What.
        code: Guide,
    },
    /// A step is asked, done or failed.
    Step {
        /// Which.
        step: Step,
        /// How it stands.
        state: StepState,
        /// When, in milliseconds of the session.
        t_ms: f64,
    },
    /// Something is wrong with the camera, or is so no more.
    Camera {
        /// Whether the fault has come or gone.
        state: Change,
        /// Which fault.
        fault: Fault,
        /// What is known of it, and what to do.
        text: String,
        /// When, in milliseconds of the session.
        t_ms: f64,
    },
}

impl Event {
    /// What it says to a simulated subject, if anything.
    pub fn cue(&self) -> Option<Cue> {
        match self {
            Self::Step { step, state, .. } => Some(match state {
                StepState::Asked => Cue::Ask(*step),
                StepState::Done | StepState::Failed => Cue::Rest,
            }),
            Self::Hello { .. } | Self::Guide { .. } | Self::Camera { .. } => None,
        }
    }
}
