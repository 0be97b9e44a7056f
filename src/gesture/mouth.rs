//! An open mouth: the lips part wide and meet again.
use std::time::Duration;

use super::{Gesture, Moment, hysteresis::Hysteresis};
use crate::{signal::Sample, step::Step};

/// Mouth ratio of an open mouth; absolute, as a person's own rest did not help in the study.
pub const OPEN: f32 = 0.30;
/// Mouth ratio below which it is shut again.
pub const SHUT: f32 = 0.18;
/// Shorter openings are noise.
const SHORTEST: Duration = Duration::from_millis(60);

/// Finds open mouths.
#[derive(Debug, Default)]
pub struct Mouths {
    lips: Hysteresis,
}

impl Mouths {
    pub fn see(&mut self, sample: &Sample) -> Option<Gesture> {
        if !sample.is_readable() {
            return None;
        }
        let now = Moment::from(sample);
        let rise = self.lips.feed(sample.mouth, now, OPEN, |_| SHUT)?;
        (now.at.since(rise.start.at) >= SHORTEST).then_some(Gesture {
            step: Step::OpenMouth,
            start: rise.start,
            peak: rise.peak,
            end: now,
        })
    }
}
