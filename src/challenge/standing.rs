//! Where a challenge stands, for whoever shows it, keeps it, or looks at the face for it.
use super::{Challenge, Phase, Rest, State, asked, looks::Said, ready::good_face};
use crate::{identity::Posture, reading::Reading, step::Step};

impl Challenge {
    /// What is asked, in order; it grows while answers are slow, wrong or missing.
    pub fn script(&self) -> &[Step] {
        self.questions.script()
    }

    /// How many gestures were wrong, and questions without an answer.
    pub fn strikes(&self) -> u32 {
        self.strikes
    }

    /// What networks said that looked at the face itself.
    pub fn said(&self) -> Option<Said> {
        self.looks.said()
    }

    /// How the face of `reading` stands; `None` where there is nothing to look at.
    pub fn posture(&self, reading: &Reading) -> Option<Posture> {
        let sample = reading.sample.as_ref()?;
        match &self.phase {
            Phase::Waiting(_) => good_face(reading, &self.rules.stand)
                .is_ok()
                .then_some(Posture::Beginning),
            Phase::Asking(_, ready) if asked::is_level(sample, &ready.rest) => Some(Posture::Rest),
            Phase::Asking(..) => sample.is_readable().then_some(Posture::Moving),
            Phase::Done(_) => None,
        }
    }

    /// How the subject looks at rest, once that is known.
    pub fn rest(&self) -> Option<Rest> {
        match &self.phase {
            Phase::Asking(_, ready) => Some(ready.rest),
            Phase::Waiting(_) | Phase::Done(_) => None,
        }
    }

    /// Where the challenge stands.
    pub fn state(&self) -> State {
        match &self.phase {
            Phase::Waiting(waiting) => State::Waiting {
                guide: waiting.hint(),
            },
            Phase::Asking(asked, _) => State::Asking {
                step: asked.step,
                index: asked.index,
                since: asked.since,
                until: asked.until,
                strikes: self.strikes,
                seen: asked.seen.is_some(),
                guide: asked.guide,
            },
            Phase::Done(verdict) => State::Done(*verdict),
        }
    }
}
