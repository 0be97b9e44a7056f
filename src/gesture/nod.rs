//! A nod: the nose moves down between eyes and mouth and up again, or the other way round: O-Net's, or the
//! mesh's against the plane through eyes and mouth corners, or the whole head by its pitch.
use std::time::Duration;

use super::{Gesture, Moment};
use crate::{signal::Sample, step::Step, time::Timestamp, track::Track};

/// How far the nose must go, in eye-mouth distances (study: 0.172 to 0.218 give the same result).
pub const SWING: f32 = 0.187;
/// The same of the parallax (see [`crate::parallax`]), in eye distances. In the dark and behind thick rims
/// O-Net's nose stays where noses usually are, and the mesh's does not.
const DEEP_SWING: f32 = 0.3;
/// How far the head's pitch must swing along with it, in degrees. In the study a parallax wandered by 0.34 behind
/// glasses while the pitch did by 4; of nods it does by 25.
const DEEP_DEG: f32 = 12.0;
/// The same of the pitch, in degrees: far away and behind thick rims the nose is too few pixels. What wanders
/// by less is no nod.
const PITCH_SWING_DEG: f32 = 20.0;
/// Mouth ratio from which the parallax and the pitch are not read.
const MOUTH: f32 = 0.2;
/// How far it must come back, as a share of the swing and of the way it went.
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
        let flat = |s: &Sample| Some(s.nod);
        // A jaw that drops takes the mouth's corners along.
        let deep = |s: &Sample| s.parallax.filter(|_| s.mouth < MOUTH).map(|p| p.down);
        let tilted = |s: &Sample| (s.mouth < MOUTH).then_some(s.pitch_deg);
        let gesture = (swing(track, from, SWING, flat))
            .or_else(|| {
                let nod = swing(track, from, DEEP_SWING, deep);
                nod.filter(|nod| pitch_swing(track, nod.start.at) >= DEEP_DEG)
            })
            .or_else(|| swing(track, from, PITCH_SWING_DEG, tilted))?;
        self.spent = Some(sample.at);
        Some(gesture)
    }
}

/// How far the pitch has swung since `from`, in degrees.
fn pitch_swing(track: &Track, from: Timestamp) -> f32 {
    let pitches = track.since(from).map(|s| s.pitch_deg);
    let (least, most) = pitches.fold((f32::MAX, f32::MIN), |(a, b), p| (a.min(p), b.max(p)));
    most - least
}

/// A nod that the last sample completes, of at least `least`, the nose going down first or up first;
/// `place` tells where it is, down being more.
fn swing(
    track: &Track,
    from: Timestamp,
    least: f32,
    place: impl Fn(&Sample) -> Option<f32>,
) -> Option<Gesture> {
    // The last sample must be one of them: else it completes nothing.
    place(track.last()?)?;
    let past = track.since(from);
    let past: Vec<(&Sample, f32)> = past.filter_map(|s| Some((s, place(s)?))).collect();
    one_way(&past, least, 1.0).or_else(|| one_way(&past, least, -1.0))
}

/// As [`swing`]; `sign` 1 with the nose going down first, -1 up first.
fn one_way(past: &[(&Sample, f32)], least: f32, sign: f32) -> Option<Gesture> {
    let height = |&(_, place): &(&Sample, f32)| sign * place;
    type At<'a, 'b> = (usize, &'a (&'b Sample, f32));
    let by_height = |a: &At<'_, '_>, b: &At<'_, '_>| height(a.1).total_cmp(&height(b.1));
    let last = past.last()?;
    let now = last.0;

    let back_from = now.at.before(LEG_LONGEST);
    let (top, peak) = (past.iter().enumerate())
        .filter(|(_, (s, _))| s.at >= back_from)
        .max_by(by_height)?;
    let there_from = peak.0.at.before(LEG_LONGEST);
    let (low, _) = (past.iter().enumerate().take(top))
        .filter(|(_, (s, _))| s.at >= there_from)
        .min_by(by_height)?;

    let base = height(past.get(low)?);
    let leg = height(peak) - base;
    let back = height(peak) - height(last);
    // The last sample that still rests, so that a long rest before is not part of the nod.
    let begun = (past.iter().take(top)).rposition(|s| height(s) <= base + BEGUN * leg)?;
    let (start, _) = past.get(begun)?;
    let peak = peak.0;
    // A head may come back from a turn straight into a nod: only its second half must look ahead.
    let half = (past.iter().take(top)).rposition(|s| height(s) <= base + 0.5 * leg)?;
    let nod = leg >= least
        && back >= (BACK_OF_SWING * least).max(BACK_OF_LEG * leg)
        && peak.at.since(start.at) >= LEG_SHORTEST
        && now.at.since(peak.at) >= LEG_SHORTEST
        && past
            .iter()
            .skip(half)
            .all(|(s, _)| s.yaw_deg.abs() < YAW_DEG);
    nod.then(|| Gesture {
        step: Step::Nod,
        start: Moment::from(*start),
        peak: Moment::from(peak),
        end: Moment::from(now),
    })
}
