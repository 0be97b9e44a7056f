//! `liveness challenge` and `liveness demo`: run sessions and report the verdict.
use std::{path::Path, sync::Arc};

use anyhow::Context as _;
use clap::Args;
use crossbeam_channel::Receiver;
use liveness::{
    capture::{Source, puppet::Cue},
    challenge::{End, Guide, Reason, Rules, State, Verdict},
    entropy,
    frame::Frame,
    nn,
    record::{self, SessionRecord},
    session::{Closeup, Event, Plan, Session, StepState, Tape},
    step::Step,
    store::Sealed,
    time::Timestamp,
};
use serde::Serialize;

use super::{
    Common,
    ask::Ask,
    exit::{self, Exit},
    fail,
    feed::{Feed, Next, Wish},
    input::{Input, Looking},
    out::{print_json, print_line, say},
    proof::{Proof, Witness},
    stage::{Stage, Wanted},
    stop,
};

/// Run a challenge and report the verdict.
///
/// A person stands before the camera and does what the window asks. Exit code 0: passed; 1: failed;
/// 3: nobody came or was ready; 4: the camera or recording failed; 6: cancelled.
#[derive(Args, Debug)]
pub struct Challenge {
    #[command(flatten)]
    input: Input,
    #[command(flatten)]
    ask: Ask,
}

/// Run a challenge on the built-in simulated subject: no camera, no files.
///
/// A portrait, moved by its own face mesh, hears what is asked and obeys (or fails in a known way,
/// with --behaviour); the real networks look at it. Without a display the demo runs in the terminal.
#[derive(Args, Debug)]
pub struct Demo {
    #[command(flatten)]
    looking: Looking,
    #[command(flatten)]
    ask: Ask,
}

impl Challenge {
    pub fn run(&self, common: &Common) -> anyhow::Result<Exit> {
        run(&self.input.source, &self.input.looking, &self.ask, common)
    }
}

impl Demo {
    pub fn run(&self, common: &Common) -> anyhow::Result<Exit> {
        run(&Source::Demo, &self.looking, &self.ask, common)
    }
}

/// The last line of `challenge --json`.
#[derive(Serialize)]
pub struct ResultLine<'a> {
    r#type: &'static str,
    #[serde(flatten)]
    record: &'a SessionRecord,
}

impl<'a> From<&'a SessionRecord> for ResultLine<'a> {
    fn from(record: &'a SessionRecord) -> Self {
        let r#type = "result";
        Self { r#type, record }
    }
}

fn run(source: &Source, looking: &Looking, ask: &Ask, common: &Common) -> anyhow::Result<Exit> {
    let demo = *source == Source::Demo;
    // Everything that can be wrong is found out before the subject is asked for anything.
    ask.check(demo)?;
    let drawn = ask.draw()?;
    if ask.explain {
        let odds = ask.odds();
        if ask.json {
            print_json(&odds)?;
        } else {
            print_line(&odds)?;
        }
        return Ok(Exit::Done);
    }
    let mut closeup = ask.looks.load(common)?;
    ask.proof.audit.prepare()?;
    let mut log = ask.proof.open_log()?;
    let mut witness = Witness::call(&common.settings)?;
    let models = nn::fingerprint(common.models.as_deref())?;
    let mut stage = match Stage::open(ask) {
        Ok(stage) => stage,
        Err(error) if demo && !ask.fullscreen => {
            say(format_args!("{error}; the demo runs in the terminal"));
            None
        }
        Err(error) => {
            return Err(error)
                .context("a challenge needs a display, or --headless where there is none");
        }
    };
    let seed = match ask.seed {
        Some(seed) => seed,
        None => entropy::bits()?,
    };
    let mut feed = Feed::open(Wish {
        source: source.clone(),
        options: looking.options(),
        params: looking.session_params(),
        models: common.models.clone(),
        behaviour: ask.behaviour(),
        seed,
        watched: stage.is_some(),
    })?;
    // A session that is stopped is cancelled, and logged, rather than lost.
    let stop = stop::signal()?;
    let live = source.is_live();
    let mut drawn = Some(drawn);
    let mut begun = Timestamp::default();
    loop {
        let (script, reserve) = match drawn.take() {
            Some(drawn) => drawn,
            None => ask.draw()?,
        };
        let plan = Plan {
            session: record::new_session_id()?,
            started: record::wall_time(),
            source: source.to_string(),
            models: models.clone(),
            rehearsal: ask.is_rehearsed() || !matches!(source, Source::Camera(_)),
            script,
            reserve,
            rules: Rules {
                look: closeup.rules(ask.looks.denies(), ask.looks.expected_within()),
                ..ask.rules(live)
            },
        };
        let camera = Proof::camera(source);
        let refusal = (ask.proof).refuses(&log, source, camera.as_ref(), plan.rehearsal)?;
        closeup.begin();
        let session = match ask.tape {
            Some(_) => Session::taped(plan, begun),
            None => Session::new(plan, begun),
        };
        let mut run = Run {
            session,
            closeup: &mut closeup,
            feed: &mut feed,
            stage: stage.as_mut(),
            ask,
            stop: &stop,
            now: begun,
            asked: None,
            still: None,
        };
        let mut evidence = witness.evidence(&ask.proof, camera)?;
        if let Some(refusal) = &refusal {
            say(format_args!("error: {}", refusal.words));
            evidence.locked_until = refusal.until;
            run.session.end(End::Cancelled);
            // That it has begun is no news.
            run.session.events();
        }
        let (failure, frame) = run.play();
        begun = run.now;
        let mut record = run
            .session
            .record()
            .context("the session did not end")?
            .clone();
        let verdict = match (&refusal, run.session.state()) {
            (Some(refusal), _) => Verdict::Inconclusive(refusal.reason),
            (None, State::Done(verdict)) => verdict,
            (None, _) => return Ok(Exit::Failed),
        };
        if refusal.is_some() {
            record.conclude(verdict, 0.0);
        }
        let audit = &ask.proof.audit;
        evidence.still = audit.keep(&record.session, run.still.as_deref());
        // The disk has the result before anybody sees it.
        let sealed = match log.append(&record, evidence) {
            Ok(sealed) => sealed,
            Err(error) => {
                audit.forget(&record.session);
                say(format_args!("error: the result was not logged: {error}"));
                say(serde_json::to_string(&record)?);
                return Ok(Exit::Integrity);
            }
        };
        if let (Some(folder), Some(tape), None) = (&ask.tape, run.session.tape(), &refusal)
            && let Err(error) = keep(folder, &record.session, tape)
        {
            say(format_args!("error: {error:#}"));
        }
        let reported = report(&record, &sealed, ask);
        let again = match stage.as_mut() {
            Some(stage) if verdict != Verdict::Cancelled => {
                stage.linger(&mut feed, &stop, verdict, frame, &mut begun)
            }
            _ => false,
        };
        match failure {
            Some(error) if verdict == Verdict::Cancelled => {
                return Ok(fail(&error, Exit::Cancelled));
            }
            Some(error) => return Err(error),
            None => reported?,
        }
        let exit = exit_of(verdict);
        if !again {
            return Ok(exit);
        }
    }
}

fn report(record: &SessionRecord, sealed: &Sealed, ask: &Ask) -> anyhow::Result<()> {
    if ask.json {
        // The line that is in the log, to the letter, and one field more: whoever keeps it can prove later
        // what was logged.
        let line = sealed.text().trim_start_matches('{');
        return print_line(format_args!("{{\"type\":\"result\",{line}"));
    }
    let verdict = &record.verdict;
    match record.reason {
        None => print_line(verdict),
        Some(reason) => print_line(format_args!("{verdict}: {reason}")),
    }
}

/// Writes a session's tape into a folder, under the session's name.
fn keep(folder: &Path, session: &str, tape: &Tape) -> anyhow::Result<()> {
    let path = folder.join(session).with_extension("jsonl");
    (tape.save(&path))
        .with_context(|| format!("the session's tape was not written to {}", path.display()))
}

fn exit_of(verdict: Verdict) -> Exit {
    match verdict {
        Verdict::Passed => Exit::Done,
        Verdict::Failed(_) => Exit::Failed,
        Verdict::Inconclusive(Reason::SourceFailed | Reason::VirtualCamera) => Exit::Source,
        Verdict::Inconclusive(_) => Exit::Nobody,
        Verdict::Cancelled => Exit::Cancelled,
    }
}

/// One session under way.
struct Run<'a> {
    session: Session,
    closeup: &'a mut Closeup,
    feed: &'a mut Feed,
    stage: Option<&'a mut Stage>,
    ask: &'a Ask,
    stop: &'a Receiver<()>,
    now: Timestamp,
    /// The step that was asked last.
    asked: Option<Step>,
    /// The last frame of a face at rest before anything was asked, where one is to be kept.
    still: Option<Arc<Frame>>,
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
                if self.ask.proof.audit.is_wanted() && waits && self.session.is_at_rest(&reading) {
                    self.still = Some(Arc::clone(&seen.frame));
                }
                *frame = Some(seen.frame);
            }
            Next::Tick(now) => {
                self.now = self.now.max(now);
                self.session.tick(now);
            }
            Next::End => self.session.end(End::SourceEnded),
        }
        // The result is shown only after it has been logged.
        let state = self.session.state();
        if let (Some(stage), false) = (self.stage.as_mut(), matches!(state, State::Done(_))) {
            let script_len = self.session.script_len();
            match stage.show(frame.as_deref(), state, script_len, self.now)? {
                Wanted::Stop => self.session.end(End::Cancelled),
                Wanted::Nothing | Wanted::Again => {}
            }
        }
        Ok(())
    }

    /// Passes on what has happened: to the caller, the simulated subject, the terminal.
    fn tell(&mut self) -> anyhow::Result<()> {
        for event in self.session.events() {
            if let Event::Step { step, state, .. } = &event {
                self.feed.cue(match state {
                    StepState::Asked => Cue::Ask(*step),
                    StepState::Done | StepState::Failed => Cue::Rest,
                });
            }
            if self.ask.json {
                print_json(&event)?;
            } else if self.stage.is_none() {
                say(words(&event, self.asked));
            }
            if let Event::Step { step, state, .. } = event {
                self.asked = (state == StepState::Asked).then_some(step);
            }
        }
        Ok(())
    }
}

/// An event for somebody who reads the terminal; `asked` is the step that is under way.
fn words(event: &Event, asked: Option<Step>) -> String {
    match event {
        Event::Hello { script, .. } => match script.len() {
            1 => "look at the camera; one step follows".to_owned(),
            n => format!("look at the camera; {n} steps follow"),
        },
        Event::Guide { code } => match code {
            Guide::NoFace => "waiting for a face".to_owned(),
            other => format!("please: {}", code_name(*other)),
        },
        Event::Step { step, state, t_ms } => {
            let seconds = t_ms / 1e3;
            match state {
                // Neither done nor failed since: a strike.
                StepState::Asked if asked == Some(*step) => {
                    format!("{seconds:6.1} s  that was something else; once more: {step}")
                }
                StepState::Asked => format!("{seconds:6.1} s  asked for {step}"),
                StepState::Done => format!("{seconds:6.1} s  seen: {step}"),
                StepState::Failed => format!("{seconds:6.1} s  not seen: {step}"),
            }
        }
    }
}

fn code_name(guide: Guide) -> String {
    // The code in JSON reads well enough: "move_closer".
    let quoted = serde_json::to_string(&guide).unwrap_or_default();
    quoted.trim_matches('"').replace('_', " ")
}
