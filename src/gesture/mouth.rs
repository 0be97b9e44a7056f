//! An open mouth: the lips part wide and meet again.
use std::time::Duration;

use super::{Gesture, Moment, hysteresis::Hysteresis};
use crate::{signal::Sample, step::Step};

/// Mouth ratio of an open mouth; absolute, as a person's own rest did not help in the study.
pub const OPEN: f32 = 0.30;
/// Mouth ratio below which it is shut again.
pub const SHUT: f32 = 0.18;
/// A mouth that rests wider than 0.12, in a smile, is shut so far above its rest, and open so far
/// above that: the distances of the levels above from a mouth at rest, and from one another.
const SHUT_ABOVE_REST: f32 = 0.06;
const OPEN_ABOVE_SHUT: f32 = OPEN - SHUT;
/// Shorter openings are noise.
const SHORTEST: Duration = Duration::from_millis(60);

/// Finds open mouths.
#[derive(Debug, Default)]
pub struct Mouths {
    lips: Hysteresis,
    /// Mouth ratio at rest.
    rest: f32,
}

impl Mouths {
    /// See [`Watcher::rest_at`](super::Watcher::rest_at).
    pub fn rest_at(&mut self, mouth: f32) {
        self.rest = mouth;
    }

    pub fn see(&mut self, sample: &Sample) -> Option<Gesture> {
        if !sample.is_readable() {
            return None;
        }
        let now = Moment::from(sample);
        let shut = SHUT.max(self.rest + SHUT_ABOVE_REST);
        let open = shut + OPEN_ABOVE_SHUT;
        let rise = self.lips.feed(sample.mouth, now, open, |_| shut)?;
        (now.at.since(rise.start.at) >= SHORTEST).then_some(Gesture {
            step: Step::OpenMouth,
            start: rise.start,
            peak: rise.peak,
            end: now,
        })
    }
}
