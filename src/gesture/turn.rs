//! A turn to one side and back; two turns in one movement, one to each side, are a shake.
use std::time::Duration;

use super::{Gesture, Moment, hysteresis::Hysteresis};
use crate::{signal::Sample, step::Step, track::Track};

/// Yaw of a turn in degrees: the study's plateau is 8 to 20, bent prints reach 14 now and then.
pub const TURNED_DEG: f32 = 14.0;
/// The same at 15 frames a second, where a median of three frames flattens a quick turn.
const TURNED_SLOW_DEG: f32 = 12.0;
/// A head turned longer than this looks at something else.
const LONGEST: Duration = Duration::from_secs(5);
/// Longest pause between the two turns of a shake.
const SHAKE_PAUSE: Duration = Duration::from_millis(400);
/// Longest shake: a slower one is two turns.
const SHAKE_LONGEST: Duration = Duration::from_millis(3000);

/// Finds turns and shakes.
#[derive(Debug, Default)]
pub struct Turns {
    left: Hysteresis,
    right: Hysteresis,
    /// Yaw of a head that looks ahead. Fixed once: in the study a running median hurt.
    rest_deg: f32,
    /// The last two readable yaws and the last moment at rest before a turn.
    before: [Option<f32>; 2],
    left_rest: Option<Moment>,
    right_rest: Option<Moment>,
    last: Option<Gesture>,
}

impl Turns {
    pub fn see(&mut self, track: &Track, sample: &Sample) -> Vec<Gesture> {
        if !sample.is_readable() {
            return vec![];
        }
        let yaw = self.smooth(sample.yaw_deg);
        // From the camera's axis and from rest: a print that swings from one side of the axis to the
        // other has not turned as far as that.
        let to_left = yaw.min(yaw - self.rest_deg);
        let to_right = (-yaw).min(self.rest_deg - yaw);
        let on = threshold(track.rate());
        let now = Moment::from(sample);
        let left = one_way(&mut self.left, &mut self.left_rest, to_left, now, on);
        let right = one_way(&mut self.right, &mut self.right_rest, to_right, now, on);
        let turns = [(Step::TurnLeft, left), (Step::TurnRight, right)];
        let mut seen = vec![];
        for (step, turn) in turns {
            let Some((start, peak)) = turn else { continue };
            let gesture = Gesture {
                step,
                start,
                peak,
                end: now,
            };
            seen.push(gesture);
            seen.extend(self.last.and_then(|first| shake(&first, &gesture)));
            // A turn belongs to one shake only.
            self.last = (seen.len() == 1).then_some(gesture);
        }
        seen
    }

    /// See [`Watcher::rest_at`](super::Watcher::rest_at).
    pub fn rest_at(&mut self, yaw_deg: f32) {
        self.rest_deg = yaw_deg;
    }

    /// Median of three frames: the mesh's yaw jumps for a single frame now and then.
    fn smooth(&mut self, yaw: f32) -> f32 {
        let [older, old] = self.before;
        self.before = [old, Some(yaw)];
        match (older, old) {
            (Some(a), Some(b)) => a.min(b).max(a.max(b).min(yaw)),
            _ => yaw,
        }
    }
}

/// Feeds the yaw towards one side; gives start and peak of a completed turn.
fn one_way(
    side: &mut Hysteresis,
    rest: &mut Option<Moment>,
    yaw: f32,
    now: Moment,
    on: f32,
) -> Option<(Moment, Moment)> {
    let off = on / 2.0;
    if side.risen().is_none() && yaw < off {
        *rest = Some(now);
    }
    let rise = side.feed(yaw, now, on, |_| off)?;
    let start = rest.unwrap_or(rise.start);
    *rest = Some(now);
    (now.at.since(rise.start.at) <= LONGEST).then_some((start, rise.peak))
}

fn threshold(rate: Option<f32>) -> f32 {
    let share = ((rate.unwrap_or(30.0) - 17.0) / 8.0).clamp(0.0, 1.0);
    TURNED_SLOW_DEG + (TURNED_DEG - TURNED_SLOW_DEG) * share
}

fn shake(first: &Gesture, second: &Gesture) -> Option<Gesture> {
    let one_movement = first.step != second.step
        && second.start.at.since(first.end.at) <= SHAKE_PAUSE
        && second.end.at.since(first.start.at) <= SHAKE_LONGEST;
    one_movement.then_some(Gesture {
        step: Step::Shake,
        start: first.start,
        peak: second.peak,
        end: second.end,
    })
}
