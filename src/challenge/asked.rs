//! The step that is being asked: what answers it, what contradicts it, when it is over.
use std::time::Duration;

use super::{Guide, Rest, Rules};
use crate::{gesture::Gesture, signal::Sample, step::Step, time::Timestamp};

/// A gesture is told a few frames after its end; a step is not over before that.
pub const TOLD_LATE: Duration = Duration::from_millis(200);

/// How near its resting values a face is back at rest: yaw in degrees, nose ratio, share of the
/// open eye. Half of what starts a gesture, and room for a posture that has changed. A mouth is shut
/// below its ratio, or as far above its rest where it rests wide.
pub const BACK_YAW_DEG: f32 = 12.0;
const BACK_NOD: f32 = 0.13;
const BACK_EYES: f32 = 0.6;
/// The same of the pitch, for those who look at the face: a nod changes how it looks, its way back is
/// judged by the nose ratio.
const LEVEL_DEG: f32 = 10.0;
const BACK_MOUTH: (f32, f32) = (0.25, 0.07);

/// Whoever has tried again just when another question came has not heard that yet.
const REACTION: Duration = Duration::from_millis(1_000);

/// A face that cannot be judged for so short a time is nothing to speak of.
const BAD: Duration = Duration::from_millis(250);

/// A face that is not seen for so long may have moved.
const UNSEEN: Duration = Duration::from_millis(250);

/// The step being asked.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    pub step: Step,
    /// The step that was asked for in vain before, where this one is asked instead.
    pub instead_of: Option<Step>,
    pub index: usize,
    pub since: Timestamp,
    pub until: Timestamp,
    /// What keeps the face from being judged, and since when, where the clock stands still.
    pub guide: Option<Guide>,
    bad: Option<Timestamp>,
    /// How long the clock has stood still.
    pub paused: Duration,
    /// Close looks at the face since it was done.
    pub looks: usize,
    /// When the face was last seen.
    last: Timestamp,
    /// The gesture that answered it.
    pub seen: Option<Gesture>,
    /// The first of two blinks.
    first: Option<Gesture>,
    /// Whether the last reading showed a turned head or an open mouth.
    away: bool,
    /// When two readings in a row last did, since the question: one alone may be the mesh's mistake.
    busy: Option<Timestamp>,
}

/// What a gesture is to a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Nothing, or the first half of the right one.
    None,
    /// The right one.
    Right,
    /// A wrong one.
    Wrong,
}

impl Asked {
    /// Asks for `step` at `now`.
    pub fn new(step: Step, index: usize, now: Timestamp, rules: &Rules) -> Self {
        Self {
            step,
            instead_of: None,
            index,
            since: now,
            until: now.after(rules.step),
            guide: None,
            bad: None,
            paused: Duration::ZERO,
            looks: 0,
            last: now,
            seen: None,
            first: None,
            away: false,
            busy: None,
        }
    }

    /// Notes whether the face is at rest.
    pub fn watch(&mut self, sample: &Sample, rest: &Rest, now: Timestamp) {
        let away = sample.is_readable() && !is_ahead(sample, rest);
        // Whoever is not seen does not hold still.
        let hidden = self.step == Step::HoldStill
            && (!sample.is_readable() || self.bad.is_some() || now.since(self.last) > UNSEEN);
        if (away && self.away) || hidden {
            self.busy = Some(now);
        }
        self.last = now;
        self.away = away;
    }

    /// Notes what keeps the face from being judged. When that lasts the clock stands still, from the
    /// beginning of it on; gives how much longer.
    pub fn disturb(&mut self, guide: Option<Guide>, now: Timestamp) -> Duration {
        if guide.is_none() {
            (self.bad, self.guide) = (None, None);
            return Duration::ZERO;
        }
        let gone = now.since(*self.bad.get_or_insert(now));
        if self.guide.is_none() && gone < BAD {
            return Duration::ZERO;
        }
        self.guide = guide;
        self.paused += gone;
        self.until = self.until.after(gone);
        self.bad = Some(now);
        gone
    }

    /// Takes in a gesture that began after the question.
    pub fn hear(&mut self, gesture: &Gesture, rules: &Rules) -> Answer {
        if self.seen.is_some() {
            return Answer::None;
        }
        if self.is_answered_by(gesture) {
            let began = self.first.unwrap_or(*gesture).start;
            if gesture.end.at > self.until || began.at > self.since.after(rules.late + self.paused)
            {
                return Answer::None;
            }
            let soon = |first: Gesture| gesture.start.at.since(first.start.at) <= rules.twice;
            if self.step == Step::BlinkTwice && !self.first.is_some_and(soon) {
                // Not the second of two: perhaps the first.
                self.first = Some(*gesture);
                return Answer::None;
            }
            self.seen = Some(Gesture {
                start: began,
                ..*gesture
            });
            return Answer::Right;
        }
        let unheard = self.instead_of.is_some_and(|step| is_for(step, gesture))
            && gesture.start.at <= self.since.after(REACTION);
        if self.contradicts(gesture) && !unheard {
            return Answer::Wrong;
        }
        Answer::None
    }

    /// Whether the step has been done but for the way back to rest.
    pub fn is_done(&self, now: Timestamp, rules: &Rules) -> bool {
        match self.step {
            Step::HoldStill => {
                let since = self.busy.map_or(self.since, |busy| busy.max(self.since));
                now.since(since) >= rules.hold
            }
            _ => self.seen.is_some(),
        }
    }

    /// Whether `seen` is the kind of gesture asked for.
    pub fn is_for(&self, seen: &Gesture) -> bool {
        is_for(self.step, seen)
    }

    /// Whether `seen` is the gesture asked for. A nod must be one by itself: a turned head and an open
    /// mouth move the nose between eyes and mouth too.
    fn is_answered_by(&self, seen: &Gesture) -> bool {
        self.is_for(seen) && (seen.step != Step::Nod || self.is_clean(seen))
    }

    /// Whether the head looked ahead and the mouth was shut since `seen` began.
    fn is_clean(&self, seen: &Gesture) -> bool {
        self.busy.is_none_or(|busy| busy < seen.start.at)
    }

    /// Whether `seen` is a wrong answer.
    ///
    /// Blinks never are: people blink every few seconds without being asked. A nod is none while
    /// the mouth opens or the head turns, because both move the nose between eyes and mouth a
    /// little; a shake is made of turns, which are judged themselves.
    fn contradicts(&self, seen: &Gesture) -> bool {
        use Step::{Blink, BlinkTwice, HoldStill, Nod, OpenMouth, Shake, TurnLeft, TurnRight};
        match (self.step, seen.step) {
            (_, Blink | BlinkTwice | HoldStill | Shake) => false,
            (asked, Nod) => {
                asked != Nod && (self.is_clean(seen) || matches!(asked, Blink | BlinkTwice))
            }
            (asked, OpenMouth) => asked != OpenMouth,
            (Shake, TurnLeft | TurnRight) => false,
            (asked, turn @ (TurnLeft | TurnRight)) => asked != turn,
        }
    }
}

/// Whether `seen` is the kind of gesture that `asked` asks for.
fn is_for(asked: Step, seen: &Gesture) -> bool {
    match asked {
        Step::BlinkTwice => seen.step == Step::Blink,
        step => seen.step == step,
    }
}

/// Whether the face is back at rest.
pub fn is_back(s: &Sample, rest: &Rest) -> bool {
    s.is_readable()
        && is_ahead(s, rest)
        && (s.nod - rest.nod).abs() < BACK_NOD
        && s.eyes > BACK_EYES * rest.eyes
}

/// Whether the face is as it was when it was looked at first.
pub fn is_level(s: &Sample, rest: &Rest) -> bool {
    is_back(s, rest) && (s.pitch_deg - rest.pitch_deg).abs() < LEVEL_DEG
}

/// Whether the head is not turned and the mouth shut.
fn is_ahead(s: &Sample, rest: &Rest) -> bool {
    (s.yaw_deg - rest.yaw_deg).abs() < BACK_YAW_DEG
        && s.mouth < BACK_MOUTH.0.max(rest.mouth + BACK_MOUTH.1)
}
