//! Sessions one after the other: each planned, played and logged, whoever looks on.
use std::sync::Arc;

use anyhow::{Context as _, bail};
use crossbeam_channel::Receiver;
use liveness::{
    capture::Source,
    challenge::{End, Reason, Rules, State, Verdict},
    error::Error,
    frame::Frame,
    nn,
    record::{self, SessionRecord},
    session::{Closeup, Event, Plan, Session},
    store::{Log, Sealed},
    time::Timestamp,
};

use super::{
    Common,
    ask::{Drawn, Terms},
    exit::{self, Exit},
    feed::{Feed, Next},
    out::{explain, say},
    outcome::keep,
    proof::{self, Witness},
    stage::{Stage, Wanted},
    still::Audit,
};

/// Who hears each event. An error ends the session: the reader of our lines has left.
pub type Hear<'a> = &'a mut dyn FnMut(&Event) -> anyhow::Result<()>;

/// Sessions one after the other.
pub struct Sessions<'a> {
    terms: &'a Terms,
    source: Source,
    closeup: Closeup,
    pub log: Log,
    witness: Witness,
    models: String,
    /// When the last one ended: the next one begins then.
    pub now: Timestamp,
}

/// How a session ended.
pub struct Ended {
    pub verdict: Verdict,
    pub record: SessionRecord,
    /// The same, as it is in the log.
    pub sealed: Sealed,
    /// The error that ended it, if one did.
    pub failure: Option<anyhow::Error>,
    /// What was wrong with the camera when that ended it. Of one that may yet come back: another session may
    /// be asked for.
    pub broken: Option<Error>,
    /// The last frame.
    pub frame: Option<Arc<Frame>>,
}

impl<'a> Sessions<'a> {
    /// Finds out all that can be wrong before anybody is asked for anything.
    pub fn prepare(terms: &'a Terms, source: Source, common: &Common) -> anyhow::Result<Self> {
        let (closeup, named) = terms.looks.load(common)?;
        terms.proof.audit.prepare()?;
        Ok(Self {
            terms,
            source,
            closeup,
            log: terms.proof.open_log()?,
            witness: Witness::call(&proof::settings_and(&common.settings, &named))?,
            models: nn::fingerprint(common.models.as_deref())?,
            now: Timestamp::default(),
        })
    }

    /// Plays one session to its end, and logs it. `None` where the log did not take it, which was said.
    pub fn play(
        &mut self,
        (script, reserve): Drawn,
        feed: &mut Feed,
        stage: Option<&mut Stage>,
        stop: &Receiver<()>,
        hear: Hear<'_>,
    ) -> anyhow::Result<Option<Ended>> {
        let (terms, proof) = (self.terms, &self.terms.proof);
        let source = &self.source;
        let plan = Plan {
            session: record::new_session_id()?,
            started: record::wall_time(),
            source: source.to_string(),
            models: self.models.clone(),
            rehearsal: terms.is_rehearsed() || !matches!(source, Source::Camera(_)),
            script,
            reserve,
            rules: Rules {
                look: (self.closeup).rules(terms.looks.denies(), terms.looks.expected_within()),
                ..terms.rules(source.is_live())
            },
        };
        let camera = feed.identity();
        let mut refusal = proof.refuses(&self.log, source, camera.as_ref(), plan.rehearsal)?;
        self.closeup.begin();
        let session = match terms.tape {
            Some(_) => Session::taped(plan, self.now),
            None => Session::new(plan, self.now),
        };
        let mut run = Run {
            session,
            closeup: &mut self.closeup,
            feed,
            stage,
            audit: &proof.audit,
            stop,
            hear,
            now: self.now,
            still: None,
            broken: None,
        };
        for news in run.feed.faults() {
            run.session.hear(news);
        }
        let mut evidence = self.witness.evidence(proof)?;
        if let Some(refusal) = &refusal {
            say(format_args!("error: {}", refusal.words));
            evidence.locked_until = refusal.until;
            run.session.end(End::Cancelled);
            // That it has begun is no news.
            run.session.events();
        }
        let (failure, frame) = run.play();
        // Before anything was asked it may have gone and come back, as another.
        let camera = run.feed.identity().or(camera);
        if run.session.state() == State::Done(Verdict::Passed) {
            refusal = proof.refuses_camera(source, camera.as_ref());
            (refusal.iter()).for_each(|refusal| say(format_args!("error: {}", refusal.words)));
        }
        evidence.virtual_camera = camera.as_ref().map(|camera| camera.is_virtual);
        evidence.camera = camera.map(|camera| camera.name);
        self.now = run.now;
        let record = run.session.record().context("the session did not end")?;
        let mut record = record.clone();
        let verdict = match (&refusal, run.session.state()) {
            (Some(refusal), _) => Verdict::Inconclusive(refusal.reason),
            (None, State::Done(verdict)) => verdict,
            (None, state) => bail!("the session ended and is still {state:?}"),
        };
        if refusal.is_some() {
            record.conclude(verdict, 0.0);
        }
        let audit = &proof.audit;
        evidence.still = audit.keep(&record.session, run.still.as_deref());
        // The disk has the result before anybody sees it.
        let sealed = match self.log.append(&record, evidence) {
            Ok(sealed) => sealed,
            Err(error) => {
                audit.forget(&record.session);
                say(format_args!("error: the result was not logged: {error}"));
                say(serde_json::to_string(&record)?);
                return Ok(None);
            }
        };
        if let (Some(folder), Some(tape), None) = (&terms.tape, run.session.tape(), &refusal)
            && let Err(error) = keep(folder, &record.session, tape)
        {
            say(format_args!("error: {}", explain(&error)));
        }
        Ok(Some(Ended {
            verdict,
            record,
            sealed,
            failure,
            broken: run.broken.take(),
            frame,
        }))
    }
}

/// One session under way.
struct Run<'a> {
    session: Session,
    closeup: &'a mut Closeup,
    feed: &'a mut Feed,
    stage: Option<&'a mut Stage>,
    audit: &'a Audit,
    stop: &'a Receiver<()>,
    hear: Hear<'a>,
    now: Timestamp,
    /// The last frame of a face at rest before anything was asked, where one is to be kept.
    still: Option<Arc<Frame>>,
    /// What was wrong with the camera when that ended the session.
    broken: Option<Error>,
}

impl Run<'_> {
    /// Plays the session to its end, whatever happens; gives the error that ended it, if one did,
    /// and the last frame.
    fn play(&mut self) -> (Option<anyhow::Error>, Option<Arc<Frame>>) {
        let mut failure = None;
        let mut frame = None;
        while !matches!(self.session.state(), State::Done(_)) {
            if self.stop.try_recv().is_ok() {
                self.session.end(End::Cancelled);
            } else if let Err(error) = self.turn(&mut frame) {
                self.session.end(match exit::of(&error) {
                    Exit::Source | Exit::Integrity => End::SourceFailed,
                    // The display has gone, or whoever reads our lines.
                    _ => End::Cancelled,
                });
                failure = Some(error);
            }
        }
        // The last events; who no longer reads them has the record in the log.
        let told = self.tell();
        (failure.or(told.err()), frame)
    }

    /// Takes in what comes next, and shows how things stand.
    fn turn(&mut self, frame: &mut Option<Arc<Frame>>) -> anyhow::Result<()> {
        self.tell()?;
        match self.feed.next()? {
            Next::Seen(seen) => {
                self.now = self.now.max(seen.frame.at);
                let reading = self.closeup.see(&seen, &mut self.session)?;
                log::trace!("{reading:?}");
                let waits = self.still.is_none() || self.session.is_waiting();
                if self.audit.is_wanted() && waits && self.session.is_at_rest(&reading) {
                    self.still = Some(Arc::clone(&seen.frame));
                }
                *frame = Some(seen.frame);
            }
            Next::Tick(now) => {
                self.now = self.now.max(now);
                self.session.tick(now);
            }
            Next::Camera(news) => {
                self.now = self.now.max(news.at);
                self.session.hear(&news);
                if news.breaks() {
                    // A picture from before the fault would look like a mirror that has stopped.
                    *frame = None;
                }
            }
            Next::End => self.session.end(End::SourceEnded),
        }
        // The result is shown only after it has been logged.
        let state = self.session.state();
        if state == State::Done(Verdict::Inconclusive(Reason::SourceFailed)) {
            self.broken = Some(self.feed.failure().unwrap_or_else(|| Error::Source {
                what: (self.session.record()).map_or_else(String::new, |r| r.source.clone()),
                source: "no picture came in time to be judged; is this machine busy with other things?".into(),
            }));
        }
        if let (Some(stage), false) = (self.stage.as_mut(), matches!(state, State::Done(_))) {
            let script_len = self.session.script_len();
            match stage.show(
                frame.as_deref(),
                state,
                script_len,
                self.now,
                self.feed.fault(),
            )? {
                Wanted::Stop => self.session.end(End::Cancelled),
                Wanted::Nothing | Wanted::Again => {}
            }
        }
        Ok(())
    }

    /// Passes on what has happened: to the simulated subject, and to whoever hears.
    fn tell(&mut self) -> anyhow::Result<()> {
        for event in self.session.events() {
            if let Some(cue) = event.cue() {
                self.feed.cue(cue);
            }
            (self.hear)(&event)?;
        }
        Ok(())
    }
}
