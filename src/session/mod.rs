//! One run, from the first frame to the line in the log: observations in, events out.
mod closeup;
mod event;
mod tape;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub use closeup::Closeup;
pub use event::{Event, StepState};
pub use tape::{Line, Replay, Tape, TapeError};

use crate::{
    capture::{Change, Fault, News},
    challenge::{Challenge, End, Guide, HINT_HOLD, Rules, State, Verdict},
    frame,
    identity::Posture,
    observation::Observation,
    reading::{Reader, Reading},
    record::{FrameCounts, SCHEMA, SessionRecord, StepRecord, WallTime},
    step::Step,
    time::Timestamp,
};

/// What a session is to be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Its own random name; see [`crate::record::new_session_id`].
    pub session: String,
    /// When it starts.
    pub started: WallTime,
    /// Where frames come from.
    pub source: String,
    /// sha256 of the networks.
    pub models: String,
    /// Whether its outcome proves nothing: a known script, a recording, the demo.
    pub rehearsal: bool,
    /// What is asked.
    pub script: Vec<Step>,
    /// What is asked beyond that when answers are slow or wrong; see [`Challenge::with_reserve`].
    pub reserve: Vec<Step>,
    /// Every limit.
    pub rules: Rules,
}

/// One run.
pub struct Session {
    reader: Reader,
    challenge: Challenge,
    record: SessionRecord,
    state: State,
    begun: Timestamp,
    now: Timestamp,
    last_seq: Option<u64>,
    events: Vec<Event>,
    /// The last hint that was passed on.
    said: Option<Guide>,
    /// What is wrong with the camera now, so that nothing can be judged.
    broken: BTreeSet<Fault>,
    tape: Option<Tape>,
}

impl Session {
    /// Begins to wait for a subject at `begun`.
    pub fn new(plan: Plan, begun: Timestamp) -> Self {
        let challenge =
            Challenge::new(plan.script.clone(), plan.rules, begun).with_reserve(plan.reserve);
        let hello = Event::Hello {
            session: plan.session.clone(),
            schema: SCHEMA,
            script: plan.script.clone(),
        };
        let record = SessionRecord {
            schema: SCHEMA,
            session: plan.session,
            started: plan.started,
            duration_ms: 0.0,
            app: env!("CARGO_PKG_VERSION").to_owned(),
            models: plan.models,
            source: plan.source,
            rehearsal: plan.rehearsal,
            script: plan.script,
            rules: plan.rules,
            steps: vec![],
            verdict: String::new(),
            reason: None,
            said: None,
            frames: FrameCounts::default(),
            faults: BTreeMap::new(),
        };
        Self {
            reader: Reader::default(),
            state: challenge.state(),
            challenge,
            record,
            begun,
            now: begun,
            last_seq: None,
            events: vec![hello],
            said: None,
            broken: BTreeSet::new(),
            tape: None,
        }
    }

    /// As [`Session::new`], and keeps all that it is told.
    pub fn taped(plan: Plan, begun: Timestamp) -> Self {
        let mut tape = Tape::default();
        tape.push(Line::Plan {
            plan: Box::new(plan.clone()),
            begun,
        });
        Self {
            tape: Some(tape),
            ..Self::new(plan, begun)
        }
    }

    /// Keeps a line, where all is kept.
    fn keep(&mut self, line: impl FnOnce() -> Line) {
        if let Some(tape) = &mut self.tape {
            tape.push(line());
        }
    }

    /// All that it was told, where that was to be kept.
    pub fn tape(&self) -> Option<&Tape> {
        self.tape.as_ref()
    }

    /// Where the challenge stands.
    pub fn state(&self) -> State {
        self.state
    }

    /// Number of steps in the script, which grows while answers are slow or wrong.
    pub fn script_len(&self) -> usize {
        self.challenge.script().len()
    }

    /// Takes in what was seen in a frame; gives what was read from it.
    pub fn see(&mut self, seen: &Observation) -> Reading {
        let reading = self.read(seen);
        self.take_frame(seen.frame.seq, &reading);
        reading
    }

    /// Reads what was seen in a frame, without taking it in: there may be more to say about it. It must
    /// then be taken in by [`Session::take_frame`].
    pub fn read(&mut self, seen: &Observation) -> Reading {
        self.reader.read(seen)
    }

    /// How the face of `reading` stands; `None` where there is nothing to look at.
    pub fn posture(&self, reading: &Reading) -> Option<Posture> {
        self.challenge.posture(reading)
    }

    /// Whether the face of `reading` is at rest.
    pub fn is_at_rest(&self, reading: &Reading) -> bool {
        !matches!(self.posture(reading), None | Some(Posture::Moving))
    }

    /// Takes in what was read elsewhere from the frame numbered `seq`.
    pub fn take_frame(&mut self, seq: u64, reading: &Reading) {
        self.keep(|| Line::Frame {
            seq,
            reading: Box::new(reading.clone()),
        });
        let dropped = frame::dropped_since(self.last_seq, seq);
        self.last_seq = Some(seq);
        let frames = &mut self.record.frames;
        frames.analysed += 1;
        // A tape may say any number.
        frames.dropped = frames.dropped.saturating_add(dropped);
        frames.captured = frames.analysed.saturating_add(frames.dropped);
        self.take(reading);
    }

    /// Takes in what was read from a frame elsewhere, and counts no frame.
    pub fn take(&mut self, reading: &Reading) {
        let state = if self.is_over(reading.at) {
            self.challenge.end(End::SourceFailed)
        } else if self.broken.is_empty() {
            self.challenge.see(reading)
        } else {
            self.challenge.tick(reading.at) // A picture that stands still or is black is nobody's.
        };
        self.advance(state, reading.at);
    }

    /// Whether time is over while the camera is not well: whoever stood before it cannot be told from nobody.
    fn is_over(&self, now: Timestamp) -> bool {
        !self.broken.is_empty() && now.since(self.begun) > self.record.rules.session
    }

    /// Whether nothing has been asked yet.
    pub fn is_waiting(&self) -> bool {
        matches!(self.state, State::Waiting { .. })
    }

    /// Whether the last gesture has been seen, and only the return to rest is missing.
    pub fn is_about_to_end(&self) -> bool {
        let last = self.challenge.script().len();
        matches!(self.state, State::Asking { index, seen: true, .. } if index + 1 == last)
    }

    /// Lets time pass without a frame.
    pub fn tick(&mut self, now: Timestamp) {
        self.keep(|| Line::Tick { now });
        let state = if self.is_over(now) {
            self.challenge.end(End::SourceFailed)
        } else {
            self.challenge.tick(now)
        };
        self.advance(state, now);
    }

    /// Hears what a watched camera has to say. While nobody has been asked for anything its return is
    /// waited for; a session that is under way ends, for nothing seen from now on belongs to it.
    pub fn hear(&mut self, news: &News) {
        self.keep(|| Line::Camera { news: news.clone() });
        self.events.push(Event::Camera {
            state: news.state,
            fault: news.fault,
            text: news.text.clone(),
            t_ms: self.since_begin(news.at),
        });
        match news.state {
            Change::Fault => {
                *self.record.faults.entry(news.fault).or_default() += 1;
                if news.breaks() {
                    self.broken.insert(news.fault);
                }
            }
            Change::Back => {
                self.broken.remove(&news.fault);
            }
        }
        if news.breaks() && !self.is_waiting() {
            let state = self.challenge.end(End::SourceFailed);
            self.advance(state, news.at);
        }
    }

    /// Ends the session from outside.
    pub fn end(&mut self, why: End) {
        self.keep(|| Line::End { why });
        let state = self.challenge.end(why);
        self.advance(state, self.now);
    }

    /// The events since the last call, oldest first.
    pub fn events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    /// The record of a session that is done; `None` before.
    pub fn record(&self) -> Option<&SessionRecord> {
        matches!(self.state, State::Done(_)).then_some(&self.record)
    }

    /// Notes what has changed from the last state to `new`.
    fn advance(&mut self, new: State, now: Timestamp) {
        self.now = self.now.max(now);
        let now_ms = self.since_begin(self.now);
        let old = std::mem::replace(&mut self.state, new);
        match (old, new) {
            (State::Done(_), _) => {}
            (State::Waiting { guide: before }, State::Waiting { guide }) => {
                // A waiting session begins with nobody there; that is worth saying only when it
                // lasts as long as any other hint stands. And a hint that comes back is not said
                // again until another was.
                let settled = guide != before || self.now.since(self.begun) >= HINT_HOLD;
                if let Some(code) = guide.filter(|_| settled && guide != self.said) {
                    self.said = guide;
                    self.events.push(Event::Guide { code });
                }
            }
            (
                State::Waiting { .. },
                State::Asking {
                    step, index, since, ..
                },
            ) => {
                if let Some(rest) = self.challenge.rest() {
                    self.reader.rest_at(rest.yaw_deg, rest.mouth);
                }
                self.asked(step, index, since);
            }
            (
                State::Asking {
                    step: old_step,
                    index: old_index,
                    since: old_since,
                    strikes: old_strikes,
                    ..
                },
                State::Asking {
                    step,
                    index,
                    since,
                    seen,
                    guide,
                    strikes,
                    ..
                },
            ) => {
                self.count_strikes();
                if let Some(code) = guide.filter(|_| guide != self.said) {
                    self.events.push(Event::Guide { code });
                }
                self.said = guide;
                if index != old_index {
                    // Answers that come to a strike are asked for once more, at their place.
                    let missed = strikes != old_strikes;
                    self.told(old_step, !missed);
                    self.asked(step, index, since);
                } else if since != old_since {
                    self.asked(step, index, since);
                }
                if let (true, Some(last)) = (seen, self.record.steps.last_mut()) {
                    last.seen_ms.get_or_insert(now_ms);
                }
            }
            (State::Asking { step, .. }, State::Done(verdict)) => {
                self.count_strikes();
                self.told(step, verdict == Verdict::Passed);
                self.conclude(verdict);
            }
            (State::Waiting { .. }, State::Done(verdict)) => self.conclude(verdict),
            (State::Asking { .. }, State::Waiting { .. }) => {
                log::error!("a challenge went back to waiting: {old:?} {new:?}");
            }
        }
    }

    /// Writes into the record how the session has ended.
    fn conclude(&mut self, verdict: Verdict) {
        self.record.said = self.challenge.said();
        self.record.conclude(verdict, self.since_begin(self.now));
        let record = Box::new(self.record.clone());
        self.keep(|| Line::Result { record });
    }

    /// Notes the strikes that came since the last step was asked.
    fn count_strikes(&mut self) {
        if let Some((last, before)) = self.record.steps.split_last_mut() {
            let before: u32 = before.iter().map(|step| step.strikes).sum();
            last.strikes = self.challenge.strikes().saturating_sub(before);
        }
    }

    /// Milliseconds from the session's begin.
    fn since_begin(&self, at: Timestamp) -> f64 {
        Timestamp::default()
            .after(at.since(self.begun))
            .as_millis_f64()
    }

    fn asked(&mut self, step: Step, index: usize, since: Timestamp) {
        self.events.push(Event::Step {
            step,
            state: StepState::Asked,
            t_ms: self.since_begin(since),
        });
        if self.record.steps.len() <= index {
            self.record.steps.push(StepRecord {
                step,
                asked_ms: self.since_begin(since),
                seen_ms: None,
                strikes: 0,
            });
        }
    }

    fn told(&mut self, step: Step, done: bool) {
        let now = self.since_begin(self.now);
        if let (true, Some(last)) = (done, self.record.steps.last_mut()) {
            last.seen_ms.get_or_insert(now);
        }
        let state = if done {
            StepState::Done
        } else {
            StepState::Failed
        };
        self.events.push(Event::Step {
            step,
            state,
            t_ms: now,
        });
    }
}
