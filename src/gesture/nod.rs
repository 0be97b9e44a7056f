//! A nod: O-Net's nose moves down between eyes and mouth and up again, or the other way round.
use std::time::Duration;

use super::{Gesture, Moment};
use crate::{signal::Sample, step::Step, time::Timestamp, track::Track};

/// How far the nose must go, in eye-mouth distances (study: 0.172 to 0.218 give the same result).
pub const SWING: f32 = 0.187;
/// How far it must come back, as a share of [`SWING`] and of the way it went.
const BACK_OF_SWING: f32 = 0.6;
const BACK_OF_LEG: f32 = 0.5;
/// Longest and shortest way there, and way back.
const LEG_LONGEST: Duration = Duration::from_millis(1600);
const LEG_SHORTEST: Duration = Duration::from_millis(60);
/// Beyond this yaw the ratio means something else. The mesh's yaw, not the study's five-point one:
/// that one reads 35 degrees on a head that merely looks far up.
const YAW_DEG: f32 = 30.0;
/// Where a leg counts as begun: beyond this share of it. Before that the face just rests.
const BEGUN: f32 = 0.15;

/// Finds nods.
#[derive(Debug, Default)]
pub struct Nods {
    /// When the last nod ended: samples belong to one nod only.
    spent: Option<Timestamp>,
}

impl Nods {
    pub fn see(&mut self, track: &Track, sample: &Sample) -> Option<Gesture> {
        let from = sample.at.before(LEG_LONGEST * 2);
        let from = self.spent.map_or(from, |spent| spent.max(from));
        let past: Vec<&Sample> = track.since(from).collect();
        let gesture = swing(&past, 1.0).or_else(|| swing(&past, -1.0))?;
        self.spent = Some(sample.at);
        Some(gesture)
    }
}

/// A nod that the last sample completes; `sign` 1 with the nose going down first, -1 up first.
fn swing(past: &[&Sample], sign: f32) -> Option<Gesture> {
    let now = past.last()?;
    let height = |s: &Sample| sign * s.nod;
    let by_height =
        |a: &(usize, &&Sample), b: &(usize, &&Sample)| height(a.1).total_cmp(&height(b.1));

    let back_from = now.at.before(LEG_LONGEST);
    let (top, peak) = (past.iter().enumerate())
        .filter(|(_, s)| s.at >= back_from)
        .max_by(by_height)?;
    let there_from = peak.at.before(LEG_LONGEST);
    let (low, _) = (past.iter().enumerate().take(top))
        .filter(|(_, s)| s.at >= there_from)
        .min_by(by_height)?;

    let base = height(past.get(low)?);
    let leg = height(peak) - base;
    let back = height(peak) - height(now);
    // The last sample that still rests, so that a long rest before is not part of the nod.
    let begun = (past.iter().take(top)).rposition(|s| height(s) <= base + BEGUN * leg)?;
    let start = past.get(begun)?;
    // A head may come back from a turn straight into a nod: only its second half must look ahead.
    let half = (past.iter().take(top)).rposition(|s| height(s) <= base + 0.5 * leg)?;
    let nod = leg >= SWING
        && back >= (BACK_OF_SWING * SWING).max(BACK_OF_LEG * leg)
        && peak.at.since(start.at) >= LEG_SHORTEST
        && now.at.since(peak.at) >= LEG_SHORTEST
        && past.iter().skip(half).all(|s| s.yaw_deg.abs() < YAW_DEG);
    nod.then(|| Gesture {
        step: Step::Nod,
        start: Moment::from(*start),
        peak: Moment::from(*peak),
        end: Moment::from(*now),
    })
}
