//! A blink: both lids fall and rise within 800 ms.
use std::time::Duration;

use super::{Gesture, Moment, hysteresis::Hysteresis};
use crate::{median::median_by, signal::Sample, step::Step, time::Timestamp, track::Track};

/// How far back the person's own open eye is taken from.
pub const BASELINE: Duration = Duration::from_secs(3);
/// Shut lids that stay longer are no blink.
const LONGEST: Duration = Duration::from_millis(800);
/// A track must be this old before its median means anything.
const WARM_UP: Duration = Duration::from_millis(300);
/// How far the eyes must close, as a share of the open eye, at 25 frames a second and more. The
/// study's plateau is 0.22 to 0.60.
pub const CLOSED: f32 = 0.45;
/// The same at 15 frames a second, where the deepest moment often falls between two frames.
const CLOSED_SLOW: f32 = 0.32;
/// Beyond this yaw one eye hides behind the nose.
const YAW_DEG: f32 = 30.0;
/// O-Net's score from two frames before to two frames after: a hand over the eyes lowers it.
const SCORE: f32 = 0.8;
/// Frames before and after a blink in which the score counts too.
const GUARD: usize = 2;

/// Finds blinks.
#[derive(Debug, Default)]
pub struct Blinks {
    lids: Hysteresis,
    /// The rise under way has been spoilt: a turned head, a covered face.
    spoilt: bool,
    /// Lids must open once before they can blink again.
    waiting: bool,
    /// A blink whose last guard frames are still to come, and how many.
    pending: Option<(Gesture, usize)>,
}

impl Blinks {
    pub fn see(&mut self, track: &Track, sample: &Sample) -> Option<Gesture> {
        let good = is_clear(sample, track.iter().nth_back(1));
        let done = self.confirm(good);
        let Some(first) = track.iter().next() else {
            return done;
        };
        if !sample.is_readable() {
            self.lids.forget();
            self.spoilt = false;
            return done;
        }
        if sample.at.since(first.at) < WARM_UP {
            return done;
        }
        let on = threshold(track.rate());
        let closed = 1.0 - sample.eyes / open_eye(track, sample.at).max(1e-3);
        if self.waiting {
            self.waiting = closed > 0.9 * on;
            return done;
        }
        let now = Moment::from(sample);
        // Lids often stay half low after a blink (a smile, a squint), so a deep blink ends early.
        let fallen = self
            .lids
            .feed(closed, now, on, |peak| (0.5 * on).max(0.6 * peak));
        let good = good && sample.yaw_deg.abs() < YAW_DEG;
        match (fallen, self.lids.risen()) {
            (Some(rise), _) => {
                self.waiting = closed > 0.9 * on;
                let clean = !self.spoilt
                    && good
                    && was_clear(track, rise.start.at)
                    && is_sure(track, rise.peak.at);
                self.spoilt = false;
                if clean && now.at.since(rise.start.at) <= LONGEST {
                    let gesture = Gesture {
                        step: Step::Blink,
                        start: rise.start,
                        peak: rise.peak,
                        end: now,
                    };
                    self.pending = Some((gesture, GUARD));
                }
            }
            (None, Some(rise)) => {
                self.spoilt |= !good;
                if now.at.since(rise.start.at) > LONGEST {
                    self.lids.forget();
                    self.spoilt = false;
                    self.waiting = true;
                }
            }
            (None, None) => {}
        }
        done
    }

    /// Counts a frame after a blink; gives the blink when the last guard frame is good.
    fn confirm(&mut self, good: bool) -> Option<Gesture> {
        let (gesture, left) = self.pending.take()?;
        match (good, left) {
            (false, _) => None,
            (true, 0 | 1) => Some(gesture),
            (true, _) => {
                self.pending = Some((gesture, left - 1));
                None
            }
        }
    }
}

/// How far lids must close at this frame rate: linear between 17 and 25 frames a second.
fn threshold(rate: Option<f32>) -> f32 {
    let share = ((rate.unwrap_or(30.0) - 17.0) / 8.0).clamp(0.0, 1.0);
    CLOSED_SLOW + (CLOSED - CLOSED_SLOW) * share
}

/// The median of the last three seconds.
fn open_eye(track: &Track, now: Timestamp) -> f32 {
    let recent = track.since(now.before(BASELINE));
    let eyes = recent.filter(|s| s.is_readable()).map(|s| s.eyes).collect();
    median_by(eyes, f32::total_cmp).unwrap_or(0.0)
}

/// Whether the face was surely one in the frames just before `start`.
fn was_clear(track: &Track, start: Timestamp) -> bool {
    let before = track.iter().rev().filter(|s| s.at < start);
    let before: Vec<&Sample> = before.take(GUARD + 1).collect();
    (before.iter().take(GUARD).enumerate()).all(|(i, s)| is_clear(s, before.get(i + 1).copied()))
}

/// Whether the very sample taken `at` then shows all of a face: what covers it for one picture is no shut lid.
fn is_sure(track: &Track, at: Timestamp) -> bool {
    !(track.since(at)).any(|s| s.at == at && s.score < SCORE)
}

/// Whether the sample surely shows a face, and all of it; `before` is the one before it.
fn is_clear(sample: &Sample, before: Option<&Sample>) -> bool {
    sample.steady_score(before) >= SCORE && sample.is_readable()
}
