//! Decides. Pure: no clock, no thread, no file, no pixel.
//!
//! *Wait* for one face that can be judged, *ask* each step of the script, be *done*. Every input
//! is a [`Reading`] or the mere passing of time, so a session replays from its readings.
mod asked;
mod evidence;
mod guide;
#[cfg(test)]
mod known_tests;
mod looks;
mod motion;
#[cfg(test)]
mod pause_tests;
#[cfg(test)]
mod properties;
mod questions;
mod ready;
#[cfg(test)]
mod replaced_tests;
mod rules;
mod script;
mod standing;
mod state;
mod strength;
#[cfg(test)]
mod tests;
mod verdict;

use std::time::Duration;

pub use evidence::Proof;
pub use guide::Guide;
pub use looks::{Look, Said};
pub use ready::{HINT_HOLD, Ready, Rest, Stand, bad_light, good_face};
pub use rules::Rules;
pub use script::{ScriptError, catch, draw, must_turn, script};
pub use state::{End, State};
pub use strength::{Odds, Strength, UnknownStrength};
pub use verdict::{Reason, Verdict};

use crate::{gesture::Gesture, identity::LOOKS, reading::Reading, step::Step, time::Timestamp};
use asked::{Answer, Asked, TOLD_LATE};
use evidence::{Evidence, PROVEN_LATE, Worth};
use looks::Looks;
use questions::Questions;
use ready::Waiting;

/// Where no picture was looked at for so long, nobody can be said not to have come: a camera that sends
/// nothing for so long has stalled, and slower sources than one picture a second are none to wait before.
const BLIND: Duration = Duration::from_secs(2);

#[derive(Debug)]
enum Phase {
    Waiting(Waiting),
    Asking(Asked, Ready),
    Done(Verdict),
}

/// One run through a script of steps.
#[derive(Debug)]
pub struct Challenge {
    questions: Questions,
    rules: Rules,
    phase: Phase,
    begun: Timestamp,
    now: Timestamp,
    last_seen: Timestamp,
    last_read: Timestamp,
    company_since: Option<Timestamp>,
    strikes: u32,
    /// How long the clock has stood still.
    paused: Duration,
    /// How many gestures a covered face made, and how many another face.
    covered: u32,
    strange: u32,
    evidence: Evidence,
    looks: Looks,
    /// The last gesture that would be an answer if what goes with it were seen.
    unproven: Option<Gesture>,
}

impl Challenge {
    /// Starts to wait at `at`.
    pub fn new(script: Vec<Step>, rules: Rules, at: Timestamp) -> Self {
        Self {
            questions: Questions::new(script),
            rules,
            phase: Phase::Waiting(Waiting::default()),
            begun: at,
            now: at,
            last_seen: at,
            last_read: at,
            company_since: None,
            strikes: 0,
            paused: Duration::ZERO,
            covered: 0,
            strange: 0,
            evidence: Evidence::default(),
            looks: Looks::default(),
            unproven: None,
        }
    }

    /// Gives it steps to ask beyond the script when answers are slow, wrong or missing, in this order.
    ///
    /// A recording that performs gestures at random answers three questions by chance in 4 of 100
    /// sessions; with slow and wrong answers costing a step each, in 1 of 1,000 (simulated).
    #[must_use]
    pub fn with_reserve(mut self, reserve: Vec<Step>) -> Self {
        let most = self.rules.extra.into();
        self.questions.keep(reserve.into_iter().take(most));
        self
    }

    /// Advances by one reading.
    pub fn see(&mut self, reading: &Reading) -> State {
        self.pass_time(reading.at);
        self.miss();
        let same = self.evidence.is_same(reading);
        let denied = (self.evidence).see(reading, &self.rules.proof, &self.rules.look);
        // Looks at whoever stood there before are nobody's.
        let denied = match &self.phase {
            Phase::Asking(..) => denied.or(self.looks.see(reading, &self.rules.look)),
            Phase::Waiting(_) | Phase::Done(_) => denied,
        };
        match &mut self.phase {
            Phase::Done(_) => {}
            // A face in a picture that stands still holds still better than anybody.
            Phase::Waiting(_) if same && reading.sample.is_some() => {
                if denied == Some(Reason::FrozenPicture) {
                    self.phase = Phase::Done(Verdict::Inconclusive(Reason::FrozenPicture));
                }
            }
            Phase::Waiting(_)
                if denied == Some(Reason::RepeatedPicture) && reading.sample.is_some() =>
            {
                self.phase = Phase::Done(Verdict::Inconclusive(Reason::RepeatedPicture));
            }
            Phase::Waiting(waiting) => {
                if let Some(ready) = waiting.see(reading, &self.rules.stand, &self.rules.look) {
                    // From here on it is the subject who takes time.
                    (self.last_seen, self.begun) = (self.now, self.now);
                    self.ask(0, ready);
                }
            }
            Phase::Asking(asked, ready) => {
                let (asked, ready) = (*asked, *ready);
                match denied {
                    // The camera's fault, or somebody's who feeds it: it can be tried again.
                    Some(reason @ Reason::FrozenPicture) => {
                        self.phase = Phase::Done(Verdict::Inconclusive(reason));
                    }
                    Some(reason) => self.phase = Phase::Done(Verdict::Failed(reason)),
                    None => self.judge(reading, asked, ready),
                }
            }
        }
        self.state()
    }

    /// Advances to `now` without a reading, so that limits hold when frames do not come. A `now` earlier
    /// than the last one changes nothing. Nobody is missed before the next reading.
    pub fn tick(&mut self, now: Timestamp) -> State {
        self.pass_time(now);
        self.state()
    }

    /// Ends a challenge that is not done yet, for a reason from outside.
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
        // Whoever was not looked at cannot have been too slow, nor missed.
        let unread = self.now.since(self.last_read);
        let verdict = match &self.phase {
            Phase::Done(_) => return,
            Phase::Waiting(_) if !over => return,
            Phase::Asking(asked, _) if !over && self.now <= self.limit(asked) => return,
            Phase::Asking(..) if unread > self.rules.absence => {
                Verdict::Inconclusive(Reason::SourceFailed)
            }
            Phase::Waiting(_) if unread > BLIND => Verdict::Inconclusive(Reason::SourceFailed),
            Phase::Waiting(waiting) if waiting.somebody => {
                Verdict::Inconclusive(Reason::NeverReady)
            }
            Phase::Waiting(_) => Verdict::Inconclusive(Reason::NobodyCame),
            Phase::Asking(..) if over => Verdict::Failed(Reason::SessionTimeout),
            Phase::Asking(asked, ready) => {
                let (asked, ready) = (*asked, *ready);
                if self.give_another(&asked, ready) {
                    return;
                }
                Verdict::Failed(Reason::StepTimeout)
            }
        };
        self.phase = Phase::Done(verdict);
    }

    /// Asks for something else where nothing was seen in time: some gestures of some people cannot be, in
    /// the dark or behind glasses. It costs a strike. `false` where none is left, or nothing else to ask.
    fn give_another(&mut self, asked: &Asked, ready: Ready) -> bool {
        // Whoever cannot hold still is a recording, or will not.
        let still = asked.step == Step::HoldStill;
        if still || asked.seen.is_some() || self.strikes + 1 >= self.rules.strikes {
            return false;
        }
        if !self.questions.replace(asked.index) {
            return false;
        }
        self.strikes += 1;
        self.ask(asked.index + 1, ready);
        if let Phase::Asking(next, _) = &mut self.phase {
            next.instead_of = Some(asked.step);
        }
        true
    }

    /// Ends where the face was gone for too long: the subject's fault, unless no picture came for that long.
    fn miss(&mut self) {
        // A reading that is stamped earlier than the last tick comes now.
        let gap = self.now.since(self.last_read);
        self.last_read = self.now;
        let gone = self.now.since(self.last_seen) > self.rules.absence;
        if gone && matches!(self.phase, Phase::Asking(..)) {
            self.phase = Phase::Done(if gap > self.rules.absence {
                Verdict::Inconclusive(Reason::SourceFailed)
            } else {
                Verdict::Failed(Reason::FaceLost)
            });
        }
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
            let since = *self.company_since.get_or_insert(self.now);
            if self.now.since(since) >= self.rules.company {
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
        asked.watch(sample, &ready.rest, self.now);
        let guide = ready::disturbance(sample, &self.rules.stand);
        self.paused += asked.disturb(guide, self.now);
        if self.paused > self.rules.pause {
            self.phase = Phase::Done(Verdict::Inconclusive(Reason::PoorPicture));
            return;
        }
        let lately = self.now.before(PROVEN_LATE);
        let unproven = self.unproven.take().filter(|g| g.end.at >= lately);
        for gesture in unproven.iter().chain(&reading.gestures) {
            // What began before the question, or too soon after it, is no answer: neither a
            // right one nor a wrong one.
            if gesture.start.at < asked.since.after(self.rules.too_soon) {
                continue;
            }
            // The mesh of a turned head opens its mouth a little.
            if gesture.step == Step::OpenMouth
                && !asked.is_for(gesture)
                && self.evidence.is_turned(gesture, &ready.rest)
            {
                continue;
            }
            match (self.evidence).weigh(gesture, &ready.rest, &self.rules.proof, &self.rules.look) {
                Worth::Flat => {
                    self.phase = fail(Reason::FlatFace);
                    return;
                }
                Worth::Covered => {
                    self.covered += 1;
                    if self.covered >= self.rules.proof.covered {
                        self.phase = fail(Reason::FaceCovered);
                        return;
                    }
                    continue;
                }
                Worth::Strange => {
                    self.strange += 1;
                    if self.strange >= self.rules.proof.strange {
                        self.phase = fail(Reason::FaceChanged);
                        return;
                    }
                    continue;
                }
                Worth::Unproven => {
                    if asked.is_for(gesture) {
                        self.unproven = Some(*gesture);
                    }
                    continue;
                }
                Worth::Proven => {}
            }
            match asked.hear(gesture, &self.rules) {
                Answer::None => {}
                Answer::Right => {
                    let begun = asked.seen.unwrap_or(*gesture).start.at;
                    if begun > asked.since.after(self.rules.prompt) {
                        self.questions.add();
                    }
                }
                Answer::Wrong => {
                    self.strikes += 1;
                    if self.strikes >= self.rules.strikes {
                        self.phase = fail(Reason::WrongGesture);
                        return;
                    }
                    self.questions.add();
                    // Asked once more, with the whole time to answer.
                    asked = Asked::new(asked.step, asked.index, self.now, &self.rules);
                }
            }
        }
        let back = asked::is_back(sample, &ready.rest);
        let shown = asked.seen.is_some() || asked.step == Step::HoldStill;
        if back && shown && self.rules.look.is_near(reading) {
            asked.looks += 1;
        }
        if back && asked.is_done(self.now, &self.rules) && self.is_looked_at(&asked) {
            self.ask(asked.index + 1, ready);
        } else {
            self.phase = Phase::Asking(asked, ready);
        }
    }

    /// Whether the face has been looked at often enough since the gesture, or since it was asked to hold
    /// still: else somebody could take another's place for that one.
    fn is_looked_at(&self, asked: &Asked) -> bool {
        let last = asked.index + 1 == self.script().len();
        let wanted = if last { LOOKS } else { 1 };
        self.rules.look.same.is_none() || asked.looks >= wanted
    }

    /// Asks the step at `index`; the only place where a challenge passes is behind the last one.
    fn ask(&mut self, index: usize, ready: Ready) {
        self.phase = match self.script().get(index) {
            // Nothing was asked, so nothing was shown.
            None if index == 0 => Phase::Done(Verdict::Inconclusive(Reason::NeverReady)),
            None => Phase::Done(match self.looks.objection(&self.rules.look) {
                Some(objection) => objection,
                None => Verdict::Passed,
            }),
            Some(&step) => {
                let asked = Asked::new(step, index, self.now, &self.rules);
                Phase::Asking(asked, ready)
            }
        };
    }
}
