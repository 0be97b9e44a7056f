//! What must be seen beside a gesture, and what denies everything.
//!
//! Each cue has one role. A cue that *denies* is enough by itself, whatever else went well: frames
//! that stand still or come again, a face that turns without depth, jumps, or is covered where it
//! answers. A cue that *confirms* must be there for a gesture to count: depth through a turn or a
//! nod, both lids in a blink. Nothing is weighed against anything else.
use std::{
    collections::{HashSet, VecDeque},
    time::Duration,
};

use serde::{Deserialize, Serialize};

use super::{Look, Reason, Rest, asked::BACK_YAW_DEG, motion};
use crate::{
    gesture::Gesture,
    median::median_by,
    parallax::Parallax,
    reading::Reading,
    signal::Sample,
    step::Step,
    time::{Timestamp, millis},
    track::TrackId,
};

/// What the cues are held against.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
// A record of an earlier version has fewer.
#[serde(default)]
pub struct Proof {
    /// Parallax across that a turn must reach, in eye distances. Turns of real heads reached 0.20 and
    /// more (15 turns in 6 recordings), bent prints up to 0.17, flat ones 0.03 (`SIGNALS`).
    pub turn_parallax: f32,
    /// How far a head must turn from where it rests, in degrees. A print bent about somebody's head gets to
    /// 15 to 20 at most; people who are asked to turn go further (`SIGNALS`: 16 to 18 for a challenge).
    pub turn_deg: f32,
    /// Parallax across below which a face that seems to turn is flat.
    pub flat_parallax: f32,
    /// Parallax up and down, from the least to the most, that a nod must reach. Real nods: 0.34 and
    /// more; tilted prints: about 0.1 (`SIGNALS`).
    pub nod_parallax: f32,
    /// Least O-Net score throughout a blink and an open mouth, but for single pictures beside their farthest point:
    /// a hand before eyes or mouth lowers it. In real ones it was never below 0.90; of faces of 60 px it flickers
    /// down to 0.71, at rest too.
    pub min_score: f32,
    /// How many gestures of a covered face deny.
    pub covered: u32,
    /// How many gestures that another face makes deny.
    pub strange: u32,
    /// Whether a gesture must be seen on its way, as far as the camera's rate lets it be.
    pub moves: bool,
    /// How far each eye must close in a blink, as a share of the open eye; a wink closes one. In real
    /// blinks the eye that closed less did so by 0.39 and more.
    pub lids: f32,
    /// Longest blink that answers a question.
    #[serde(with = "millis", rename = "blink_ms")]
    pub blink: Duration,
    /// Fastest move of a face from one frame to the next, in face widths a second. The fastest real
    /// one, before a camera held in a hand, was 8.5.
    pub fastest: f32,
    /// How long the picture may stay the same to the last bit. Cameras fill up frames with the one
    /// before in the dark, but not for so long.
    #[serde(with = "millis", rename = "frozen_ms")]
    pub frozen: Duration,
}

impl Default for Proof {
    fn default() -> Self {
        Self {
            turn_parallax: 0.16,
            turn_deg: 18.0,
            flat_parallax: 0.06,
            nod_parallax: 0.2,
            min_score: 0.8,
            covered: 2,
            strange: 2,
            moves: true,
            lids: 0.3,
            blink: Duration::from_millis(600),
            fastest: 12.0,
            frozen: Duration::from_millis(500),
        }
    }
}

/// Longest time back that a gesture can have begun.
const MEMORY: Duration = Duration::from_secs(6);

/// Two frames further apart say nothing about speed.
const NEXT_FRAME: Duration = Duration::from_millis(120);

/// A face that is not seen for so long may have been away: three frames of fifteen a second.
const AWAY: Duration = Duration::from_millis(190);

/// A way so short is the mesh's unrest, however little time it took: in face widths.
const SHIVER: f32 = 0.2;

/// What a gesture begins with may lie so long before it: turns are told from a median of three frames.
const BEFORE: Duration = Duration::from_millis(200);

/// Frames before a gesture in which the face must not be covered either.
const GUARD: Duration = Duration::from_millis(70);

/// A nod is told when the head is back from its first half; what proves it may lie in the second.
pub const PROVEN_LATE: Duration = Duration::from_millis(700);

/// What a gesture is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Worth {
    /// All that goes with it was seen.
    Proven,
    /// Something that goes with it was not seen: it answers nothing, and is held against nobody.
    Unproven,
    /// The face was covered while it was made.
    Covered,
    /// A face without depth made it.
    Flat,
    /// Another face made it.
    Strange,
}

/// A close look at a face.
#[derive(Clone, Copy, Debug)]
struct Glance {
    at: Timestamp,
    /// Whether it was not at rest.
    moving: bool,
    /// Whether it was the face of the beginning.
    near: bool,
}

/// Follows what the readings show beside gestures.
#[derive(Debug, Default)]
pub struct Evidence {
    recent: VecDeque<Sample>,
    /// When pictures came that were not the one before once more.
    shots: VecDeque<Timestamp>,
    /// Close looks at the face.
    looks: VecDeque<Glance>,
    /// Whose the last sample was.
    track: Option<TrackId>,
    /// Fingerprints of all pictures so far.
    pictures: HashSet<u64>,
    /// The last one, and since when it has been the same.
    last: Option<(u64, Timestamp)>,
}

impl Evidence {
    /// Takes in a reading; gives what denies, if something does.
    pub fn see(&mut self, reading: &Reading, proof: &Proof, look: &Look) -> Option<Reason> {
        if reading.same.is_some() || reading.moving.is_some() {
            self.looks.push_back(Glance {
                at: reading.at,
                moving: reading.moving.is_some(),
                near: look.is_near(reading),
            });
        }
        if !self.is_same(reading) {
            self.shots.push_back(reading.at);
        }
        self.forget(reading.at.before(MEMORY));
        let picture = self.picture(reading, proof);
        // From one face to another is no way.
        let same = std::mem::replace(&mut self.track, reading.track) == reading.track;
        let jump = (reading.sample.as_ref()).and_then(|s| self.sample(s, proof).filter(|_| same));
        picture.or(jump)
    }

    /// Whether the reading shows the very picture of the one before.
    pub fn is_same(&self, reading: &Reading) -> bool {
        reading.picture != 0 && self.last.is_some_and(|(last, _)| last == reading.picture)
    }

    fn picture(&mut self, reading: &Reading, proof: &Proof) -> Option<Reason> {
        match (reading.picture, self.last) {
            // A reading of an earlier version.
            (0, _) => None,
            (now, Some((last, since))) if now == last => {
                let frozen = reading.at.since(since) >= proof.frozen;
                frozen.then_some(Reason::FrozenPicture)
            }
            (now, _) => {
                self.last = Some((now, reading.at));
                // A lens that is covered gives the same black again and again.
                let new = reading.sample.is_none() || self.pictures.insert(now);
                (!new).then_some(Reason::RepeatedPicture)
            }
        }
    }

    fn sample(&mut self, sample: &Sample, proof: &Proof) -> Option<Reason> {
        let jumped = self.recent.back().is_some_and(|last| {
            let time = sample.at.since(last.at);
            let way = moved(last, sample);
            let speed = way / time.as_secs_f32().max(1e-3);
            last.is_readable()
                && sample.is_readable()
                && time <= NEXT_FRAME
                && way > SHIVER
                && speed > proof.fastest
        });
        self.recent.push_back(*sample);
        jumped.then_some(Reason::FaceJumped)
    }

    /// Forgets what was before.
    fn forget(&mut self, from: Timestamp) {
        while self.recent.front().is_some_and(|s| s.at < from) {
            self.recent.pop_front();
        }
        while self.looks.front().is_some_and(|look| look.at < from) {
            self.looks.pop_front();
        }
        while self.shots.front().is_some_and(|at| *at < from) {
            self.shots.pop_front();
        }
    }

    /// Whether the head was turned while `gesture` was made.
    pub fn is_turned(&self, gesture: &Gesture, rest: &Rest) -> bool {
        let mut span = self.recent.iter().filter(|s| s.at >= gesture.start.at);
        span.any(|s| (s.yaw_deg - rest.yaw_deg).abs() > BACK_YAW_DEG)
    }

    /// What `gesture` is worth, of a face that rests so.
    pub fn weigh(&self, gesture: &Gesture, rest: &Rest, proof: &Proof, look: &Look) -> Worth {
        match self.shown(gesture, rest, proof) {
            Worth::Proven => self.made_by(gesture, look),
            worth => worth,
        }
    }

    /// Whether the face of the beginning made `gesture`, as far as it was looked at meanwhile.
    fn made_by(&self, gesture: &Gesture, look: &Look) -> Worth {
        if look.moving.is_none() {
            return Worth::Proven;
        }
        let during =
            |glance: &&Glance| gesture.start.at <= glance.at && glance.at <= gesture.end.at;
        let looks = || self.looks.iter().filter(during);
        // A face at rest in between answers for nobody who moves.
        let any = looks().any(|glance| glance.moving);
        let count = |near| {
            let these = looks().filter(|glance| glance.moving == any && glance.near == near);
            these.count()
        };
        match (count(true), count(false)) {
            (near, far) if near > far => Worth::Proven,
            (near, far) if near == far => Worth::Unproven,
            _ => Worth::Strange,
        }
    }

    /// Pictures a second since then.
    fn rate(&self, from: Timestamp) -> Option<f32> {
        let shots: Vec<_> = self.shots.iter().filter(|at| **at >= from).collect();
        let (first, last) = (shots.first()?, shots.last()?);
        let seconds = last.since(**first).as_secs_f32();
        (seconds > 0.0).then(|| (shots.len() - 1) as f32 / seconds)
    }

    /// The least score since then. One that flickers is excused, but not at the gesture's `peak`: a hand that is there
    /// for one picture would be the gesture.
    fn least_score(&self, from: Timestamp, peak: Timestamp) -> f32 {
        let before = std::iter::once(None).chain(self.recent.iter().map(Some));
        (self.recent.iter().zip(before))
            .filter(|(s, _)| s.at >= from)
            .map(|(s, before)| s.steady_score(before.filter(|_| s.at != peak)))
            .fold(f32::INFINITY, f32::min)
    }

    fn shown(&self, gesture: &Gesture, rest: &Rest, proof: &Proof) -> Worth {
        let from = gesture.start.at.before(GUARD);
        let span: Vec<&Sample> = self.recent.iter().filter(|s| s.at >= from).collect();
        let moves = gesture.step.needs_depth();
        // Turns and nods are proven by their depth: O-Net loses heads far to the side, or with thick rims that
        // look down, and what hides a moving face is a gap.
        if !moves && self.least_score(from, gesture.peak.at) < proof.min_score {
            return Worth::Covered;
        }
        // A face that goes away at rest and comes back at rest may have been another's meanwhile. A head far to
        // the side is lost now and then.
        let at_rest = |s: &Sample| (s.yaw_deg - rest.yaw_deg).abs() < BACK_YAW_DEG;
        let away = span.windows(2).any(|pair| match pair {
            [a, b] => b.at.since(a.at) > AWAY && (!moves || at_rest(a) || at_rest(b)),
            _ => false,
        });
        let from = gesture.start.at.before(BEFORE);
        let way: Vec<&Sample> = self.recent.iter().filter(|s| s.at >= from).collect();
        if away || !motion::is_movement(gesture, &way, self.rate(from), rest, proof) {
            return Worth::Unproven;
        }
        let depth =
            |value: fn(Parallax) -> f32| range(span.iter().filter_map(|s| s.parallax).map(value));
        // How far from the most to the right to the most to the left goes the way of the gesture.
        let way = |(right, left): (f32, f32)| match gesture.step {
            Step::TurnLeft => left,
            Step::TurnRight => -right,
            _ => left.min(-right),
        };
        let deep = match (gesture.step, depth(|p| p.across)) {
            (Step::OpenMouth | Step::HoldStill, _) => return Worth::Proven,
            (Step::Blink | Step::BlinkTwice, _) => {
                let shut = proof.lids.mul_add(-rest.eyes, rest.eyes);
                // At one moment: two winks are no blink.
                let both = span.iter().any(|s| s.lids[0].max(s.lids[1]) <= shut);
                let short = gesture.end.at.since(gesture.start.at) <= proof.blink;
                return proven(both && short);
            }
            (Step::Nod, _) => {
                let swing = depth(|p| p.down).map_or(0.0, |(up, down)| down - up);
                return proven(swing >= proof.nod_parallax);
            }
            // Nothing known of its depth proves nothing, and denies nothing.
            (_, None) => return Worth::Unproven,
            (Step::TurnLeft | Step::TurnRight | Step::Shake, Some(across)) => way(across),
        };
        if deep < proof.flat_parallax {
            return Worth::Flat;
        }
        let yaws = range(span.iter().map(|s| s.yaw_deg - rest.yaw_deg));
        let far = way(yaws.unwrap_or_default());
        proven(deep >= proof.turn_parallax && far >= proof.turn_deg)
    }
}

/// The least and the most of some numbers, if there are any.
fn range(values: impl Iterator<Item = f32>) -> Option<(f32, f32)> {
    values.fold(None, |range, value| {
        let (least, most) = range.unwrap_or((value, value));
        Some((least.min(value), most.max(value)))
    })
}

fn proven(yes: bool) -> Worth {
    if yes { Worth::Proven } else { Worth::Unproven }
}

/// How far the face has moved between two samples, in face widths: the median of its five marks.
fn moved(a: &Sample, b: &Sample) -> f32 {
    let ways = a.marks.points().into_iter().zip(b.marks.points());
    let ways = ways.map(|(a, b)| a.distance(b)).collect();
    let middle = median_by(ways, f32::total_cmp).unwrap_or_default();
    middle / b.bbox.width().max(1.0)
}

#[cfg(test)]
#[path = "evidence_tests.rs"]
mod tests;
