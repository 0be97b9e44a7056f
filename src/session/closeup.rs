//! Close looks at a face: is it live, is it the same, is it the one expected?
use std::time::Duration;

use super::Session;
use crate::{
    challenge::Look,
    error::Error,
    identity::{Posture, SAME_MOVING, SAME_SESSION, Watch},
    observation::Observation,
    passive::Passive,
    reading::Reading,
    time::Timestamp,
    track::TrackId,
};

/// Time from one close look to the next: several fall into the second between two gestures, and one into a blink.
const PAUSE: Duration = Duration::from_millis(120);

/// The same where the face has just left its rest, or come back: the first moment of a blink may be its last.
const TURN: Duration = Duration::from_millis(30);

/// A distance beyond all others.
const FAR: f32 = 9.0;

/// Who looks.
#[derive(Default)]
pub struct Closeup {
    passive: Option<Passive>,
    watch: Option<Watch>,
    /// When it was looked at last, and how it stood then.
    last: Option<(Timestamp, Posture)>,
    /// Whose face was looked at.
    track: Option<TrackId>,
}

impl Closeup {
    /// Close looks by these; by nobody where there is none.
    pub fn new(passive: Option<Passive>, watch: Option<Watch>) -> Self {
        Self {
            passive,
            watch,
            last: None,
            track: None,
        }
    }

    /// What the rules must ask for, when `denies` says what the passive network's word is worth and
    /// `expected` how near the expected face must be.
    pub fn rules(&self, denies: bool, expected: f32) -> Look {
        Look {
            same: self.watch.as_ref().map(|_| SAME_SESSION),
            moving: self.watch.as_ref().map(|_| SAME_MOVING),
            expected: (self.watch.as_ref()).and_then(|w| w.expects().then_some(expected)),
            passive: self.passive.as_ref().map(Passive::threshold),
            passive_denies: denies,
        }
    }

    /// Begins a session: somebody else may come now.
    pub fn begin(&mut self) {
        self.last = None;
        if let Some(watch) = &mut self.watch {
            watch.begin();
        }
    }

    /// Has `session` take in what was seen in a frame, and what close looks at it give; gives what was read.
    ///
    /// # Errors
    ///
    /// [`Error::Model`] where a network cannot run.
    pub fn see(&mut self, seen: &Observation, session: &mut Session) -> Result<Reading, Error> {
        let mut reading = session.read(seen);
        self.look(seen, session, &mut reading)?;
        session.take_frame(seen.frame.seq, &reading);
        Ok(reading)
    }

    /// Adds to `reading` what close looks give, if the time has come.
    fn look(
        &mut self,
        seen: &Observation,
        session: &Session,
        reading: &mut Reading,
    ) -> Result<(), Error> {
        let (Some(subject), Some(posture)) = (&seen.subject, session.posture(reading)) else {
            return Ok(());
        };
        let due = self.last.is_none_or(|(last, before)| {
            let pause = if posture == before { PAUSE } else { TURN };
            reading.at.since(last) >= pause
        });
        // After the last gesture the session waits for looks.
        if !(due || session.is_about_to_end()) {
            return Ok(());
        }
        if self.track != reading.track {
            // Somebody else: the one before was never asked anything, or the session is over.
            self.begin();
            self.track = reading.track;
        }
        self.last = Some((reading.at, posture));
        let image = &seen.frame.image;
        let moving = posture == Posture::Moving;
        if let (Some(passive), false) = (&mut self.passive, moving) {
            let live = passive.look(image, &subject.face.bbox)?;
            // What is no number says nothing good, and JSON has no word for it.
            reading.passive = Some(if live.is_finite() { live } else { 0.0 });
        }
        if let Some(watch) = &mut self.watch {
            let likeness = watch.look(image, &subject.face.landmarks, posture)?;
            let far = |d: f32| if d.is_finite() { d } else { FAR };
            let same = likeness.same.map(far);
            if moving {
                reading.moving = same;
            } else {
                (reading.same, reading.expected) = (same, likeness.expected.map(far));
            }
        }
        Ok(())
    }
}
