//! One moment of a challenge, and what its screen remembers of the moments before.
use std::time::Duration;

use super::strings::Lang;
use crate::{capture::Fault, challenge::State, time::Timestamp};

/// How long a word about a wrong gesture stays.
const STRUCK: Duration = Duration::from_millis(2_500);

/// One moment of a challenge, as its screen needs it.
#[derive(Clone, Copy, Debug)]
pub struct Scene {
    /// Where the challenge stands.
    pub state: State,
    /// What keeps the camera from showing anything.
    pub fault: Option<Fault>,
    /// Number of steps in the script.
    pub script_len: usize,
    /// The moment drawn.
    pub now: Timestamp,
    /// The subject's language.
    pub lang: Lang,
    /// Whether the space key begins another session after this one.
    pub again: bool,
}

/// What the last scenes said; a scene alone does not tell when it began.
#[derive(Default)]
pub(super) struct Memory {
    last: Option<State>,
    /// When the challenge was seen to end.
    pub(super) done: Option<Timestamp>,
    strikes: u32,
    struck: Option<(Timestamp, usize)>,
}

impl Memory {
    /// Takes in what is drawn next.
    pub(super) fn note(&mut self, scene: &Scene) {
        match scene.state {
            State::Waiting { .. } => *self = Self::default(),
            State::Asking { index, strikes, .. } => {
                if strikes > self.strikes {
                    self.struck = Some((scene.now, index));
                }
                (self.strikes, self.done) = (strikes, None);
            }
            State::Done(_) if !matches!(self.last, None | Some(State::Done(_))) => {
                self.done = Some(scene.now);
            }
            State::Done(_) => {}
        }
        self.last = Some(scene.state);
    }

    /// Whether a wrong gesture was seen just now, in this step.
    pub(super) fn is_struck(&self, scene: &Scene, step: usize) -> bool {
        let fresh =
            |&(at, index): &(Timestamp, usize)| index == step && scene.now.since(at) < STRUCK;
        self.struck.as_ref().is_some_and(fresh)
    }
}
