//! Decides. Pure: no clock, no thread, no file, no pixel.
//!
//! *Wait* for one face that can be judged, *ask* each step of the script, be *done*. Every input
//! is a [`Reading`] or the mere passing of time, so a session replays from its readings.
mod guide;
#[cfg(test)]
mod properties;
mod ready;
mod script;
#[cfg(test)]
mod tests;
mod verdict;

use std::{collections::VecDeque, time::Duration};

use serde::{Deserialize, Serialize};

pub use guide::Guide;
pub use ready::{Ready, Rest, Stand};
pub use script::{ScriptError, draw};
pub use verdict::{Reason, Verdict};

use crate::{
    gesture::Gesture,
    reading::Reading,
    signal::Sample,
    step::Step,
    time::{Timestamp, millis},
};
use ready::Waiting;

/// Every limit of a challenge.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rules {
    /// What a face must be like before the first step.
    pub stand: Stand,
    /// A gesture that begins sooner after the question was not an answer to it: nobody reads and
    /// reacts in a quarter of a second.
    #[serde(with = "millis", rename = "too_soon_ms")]
    pub too_soon: Duration,
    /// A right answer that begins later than this after the question is accepted but costs one
    /// more step: people begin within a second or so, while a recording that goes on by itself
    /// hits the question mostly late.
    #[serde(with = "millis", rename = "prompt_ms")]
    pub prompt: Duration,
    /// How many steps slow and wrong answers can add in all.
    pub extra: u8,
    /// Time for one step.
    #[serde(with = "millis", rename = "step_ms")]
    pub step: Duration,
    /// Time to come back to rest after a gesture, beyond the step's own.
    #[serde(with = "millis", rename = "back_ms")]
    pub back: Duration,
    /// So many wrong gestures fail.
    pub strikes: u32,
    /// Longest absence of the face.
    #[serde(with = "millis", rename = "absence_ms")]
    pub absence: Duration,
    /// Longest presence of a second face.
    #[serde(with = "millis", rename = "company_ms")]
    pub company: Duration,
    /// Time for the whole session, waiting included.
    #[serde(with = "millis", rename = "session_ms")]
    pub session: Duration,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            stand: Stand::default(),
            too_soon: Duration::from_millis(250),
            prompt: Duration::from_millis(1_500),
            extra: 4,
            step: Duration::from_secs(8),
            back: Duration::from_secs(2),
            strikes: 2,
            absence: Duration::from_millis(500),
            company: Duration::from_millis(300),
            session: Duration::from_secs(60),
        }
    }
}

/// A gesture is told a few frames after its end; a step is not over before that.
const TOLD_LATE: Duration = Duration::from_millis(200);

/// How near its resting values a face is back at rest: yaw in degrees, nose ratio, share of the
/// open eye, mouth ratio. Half of what starts a gesture, and room for a posture that has changed.
const BACK_YAW_DEG: f32 = 12.0;
const BACK_NOD: f32 = 0.13;
const BACK_EYES: f32 = 0.6;
const BACK_MOUTH: f32 = 0.25;

/// Where a challenge stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Waiting for one face that can be judged.
    Waiting {
        /// What is in the way; `None` while a good face is being measured at rest.
        guide: Option<Guide>,
    },
    /// The subject has been asked for `step`.
    Asking {
        /// What is asked.
        step: Step,
        /// Its place in the script, from 0.
        index: usize,
        /// Since when.
        since: Timestamp,
        /// The time limit of this step.
        until: Timestamp,
        /// How many wrong gestures were seen so far in this challenge.
        strikes: u32,
        /// Whether the gesture was seen and only the return to rest is missing.
        seen: bool,
    },
    /// Over.
    Done(Verdict),
}

/// The step being asked.
#[derive(Clone, Copy, Debug)]
struct Asked {
    step: Step,
    index: usize,
    since: Timestamp,
    until: Timestamp,
    seen: Option<Gesture>,
    /// When the head was last turned or the mouth last open, since the question.
    busy: Option<Timestamp>,
}

#[derive(Debug)]
enum Phase {
    Waiting(Waiting),
    Asking(Asked, Ready),
    Done(Verdict),
}

/// One run through a script of steps.
#[derive(Debug)]
pub struct Challenge {
    script: Vec<Step>,
    /// Steps that slow and wrong answers add, the next one first.
    reserve: VecDeque<Step>,
    rules: Rules,
    phase: Phase,
    begun: Timestamp,
    now: Timestamp,
    last_seen: Timestamp,
    company_since: Option<Timestamp>,
    strikes: u32,
}

impl Challenge {
    /// Starts to wait at `at`.
    pub fn new(script: Vec<Step>, rules: Rules, at: Timestamp) -> Self {
        Self {
            script,
            reserve: VecDeque::new(),
            rules,
            phase: Phase::Waiting(Waiting::default()),
            begun: at,
            now: at,
            last_seen: at,
            company_since: None,
            strikes: 0,
        }
    }

    /// Gives it steps to ask beyond the script when answers are slow or wrong, in this order.
    ///
    /// A recording that performs gestures at random answers three questions by chance in 4 of 100
    /// sessions; with slow and wrong answers costing a step each, in 1 of 1,000 (simulated).
    #[must_use]
    pub fn with_reserve(mut self, reserve: Vec<Step>) -> Self {
        self.reserve = reserve.into();
        self.reserve.truncate(self.rules.extra.into());
        self
    }

    /// What is asked, in order; it grows while answers are slow or wrong.
    pub fn script(&self) -> &[Step] {
        &self.script
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
            },
            Phase::Done(verdict) => State::Done(*verdict),
        }
    }

    /// Advances by one reading.
    pub fn see(&mut self, reading: &Reading) -> State {
        self.pass_time(reading.at);
        match &mut self.phase {
            Phase::Done(_) => {}
            Phase::Waiting(waiting) => {
                if let Some(ready) = waiting.see(reading, &self.rules.stand) {
                    self.last_seen = self.now;
                    self.ask(0, ready);
                }
            }
            Phase::Asking(asked, ready) => {
                let (asked, ready) = (*asked, *ready);
                self.judge(reading, asked, ready);
            }
        }
        self.state()
    }

    /// Advances to `now` without a reading, so that limits hold when frames do not come. A `now`
    /// earlier than the last one changes nothing.
    pub fn tick(&mut self, now: Timestamp) -> State {
        self.pass_time(now);
        self.state()
    }

    /// Ends a challenge that is not done yet: the frames are over, the source failed, or somebody
    /// wants no more.
    pub fn end(&mut self, why: End) -> State {
        let verdict = match (&self.phase, why) {
            (Phase::Done(verdict), _) => *verdict,
            (_, End::Cancelled) => Verdict::Cancelled,
            (_, End::SourceFailed) => Verdict::Inconclusive(Reason::SourceFailed),
            (Phase::Waiting(_), End::SourceEnded) => Verdict::Inconclusive(Reason::SourceEnded),
            (Phase::Asking(..), End::SourceEnded) => Verdict::Failed(Reason::SourceEnded),
        };
        self.phase = Phase::Done(verdict);
        self.state()
    }

    /// The limits that hold whatever is seen.
    fn pass_time(&mut self, now: Timestamp) {
        self.now = self.now.max(now);
        let over = self.now.since(self.begun) > self.rules.session;
        let verdict = match &self.phase {
            Phase::Done(_) => return,
            Phase::Waiting(waiting) if over => Verdict::Inconclusive(if waiting.somebody {
                Reason::NeverReady
            } else {
                Reason::NobodyCame
            }),
            Phase::Waiting(_) => return,
            Phase::Asking(..) if over => Verdict::Failed(Reason::SessionTimeout),
            Phase::Asking(..) if self.now.since(self.last_seen) > self.rules.absence => {
                Verdict::Failed(Reason::FaceLost)
            }
            Phase::Asking(asked, _) if self.now > self.limit(asked) => {
                Verdict::Failed(Reason::StepTimeout)
            }
            Phase::Asking(..) => return,
        };
        self.phase = Phase::Done(verdict);
    }

    /// When a step is over for good: the question, and after the gesture the way back to rest.
    fn limit(&self, asked: &Asked) -> Timestamp {
        match asked.seen {
            None => asked.until.after(TOLD_LATE),
            Some(gesture) => asked.until.max(gesture.end.at).after(self.rules.back),
        }
    }

    fn judge(&mut self, reading: &Reading, mut asked: Asked, ready: Ready) {
        let fail = |reason| Phase::Done(Verdict::Failed(reason));
        if reading.people > 1 {
            let since = *self.company_since.get_or_insert(reading.at);
            if reading.at.since(since) >= self.rules.company {
                self.phase = fail(Reason::SeveralFaces);
                return;
            }
        } else {
            self.company_since = None;
        }
        let (Some(track), Some(sample)) = (reading.track, &reading.sample) else {
            return;
        };
        if track != ready.track {
            self.phase = fail(Reason::FaceChanged);
            return;
        }
        self.last_seen = self.now;
        if !is_ahead(sample, &ready.rest) {
            asked.busy = Some(reading.at);
        }
        for gesture in &reading.gestures {
            // What began before the question, or too soon after it, is no answer: neither a
            // right one nor a wrong one.
            if gesture.start.at < asked.since.after(self.rules.too_soon) {
                continue;
            }
            if gesture.step == asked.step {
                if gesture.end.at <= asked.until && asked.seen.is_none() {
                    asked.seen = Some(*gesture);
                    if gesture.start.at > asked.since.after(self.rules.prompt) {
                        self.script.extend(self.reserve.pop_front());
                    }
                }
            } else if asked.seen.is_none() && asked.contradicts(gesture) {
                self.strikes += 1;
                if self.strikes >= self.rules.strikes {
                    self.phase = fail(Reason::WrongGesture);
                    return;
                }
                self.script.extend(self.reserve.pop_front());
                // Asked once more, with the whole time to answer.
                asked.since = self.now;
                asked.until = self.now.after(self.rules.step);
            }
        }
        if asked.seen.is_some() && is_back(sample, &ready.rest) {
            self.ask(asked.index + 1, ready);
        } else {
            self.phase = Phase::Asking(asked, ready);
        }
    }

    /// Asks the step at `index`; the only place where a challenge passes is behind the last one.
    fn ask(&mut self, index: usize, ready: Ready) {
        self.phase = match self.script.get(index) {
            None => Phase::Done(Verdict::Passed),
            Some(&step) => {
                let asked = Asked {
                    step,
                    index,
                    since: self.now,
                    until: self.now.after(self.rules.step),
                    seen: None,
                    busy: None,
                };
                Phase::Asking(asked, ready)
            }
        };
    }
}

/// Why a challenge is ended from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The recording is over.
    SourceEnded,
    /// The camera or the recording failed.
    SourceFailed,
    /// The subject or the caller wants no more.
    Cancelled,
}

impl Asked {
    /// Whether `seen` is a wrong answer.
    ///
    /// Blinks never are: people blink every few seconds without being asked. A nod is none while
    /// the mouth opens or the head turns, because both move the nose between eyes and mouth a
    /// little; a shake is made of turns, which are judged themselves.
    fn contradicts(&self, seen: &Gesture) -> bool {
        use Step::{Blink, Nod, OpenMouth, Shake, TurnLeft, TurnRight};
        let clean = self.busy.is_none_or(|busy| busy < seen.start.at);
        match (self.step, seen.step) {
            (_, Blink | Shake) => false,
            (asked, Nod) => asked != Nod && (clean || asked == Blink),
            (asked, OpenMouth) => asked != OpenMouth,
            (Shake, TurnLeft | TurnRight) => false,
            (asked, turn @ (TurnLeft | TurnRight)) => asked != turn,
        }
    }
}

/// Whether the face is back at rest.
fn is_back(s: &Sample, rest: &Rest) -> bool {
    s.is_readable()
        && is_ahead(s, rest)
        && (s.nod - rest.nod).abs() < BACK_NOD
        && s.eyes > BACK_EYES * rest.eyes
}

/// Whether the head is not turned and the mouth shut.
fn is_ahead(s: &Sample, rest: &Rest) -> bool {
    (s.yaw_deg - rest.yaw_deg).abs() < BACK_YAW_DEG && s.mouth < BACK_MOUTH
}
