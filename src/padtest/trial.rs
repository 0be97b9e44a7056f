//! Runs one session on the real chain.
use std::path::{Path, PathBuf};

use crate::{
    capture::{
        self, Frames, Source,
        puppet::{Cue, Given, Kind, Staged},
    },
    challenge::{End, Rules, ScriptError, State},
    error::Error,
    frame::Frame,
    identity::{SAME_SESSION, Watch},
    mesh::Mesher,
    mtcnn::{Follow, Params},
    observation::Observer,
    record,
    session::{Closeup, Plan as SessionPlan, Session},
    time::{Clock, Timestamp},
};

use super::{outcome::Outcome, plan::Job};

/// What is presented in a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// One that is staged for the session.
    Staged(Kind),
    /// A recording, which hears nothing.
    Recording(PathBuf),
}

/// How sessions are run.
#[derive(Clone, Debug)]
pub struct Trial {
    /// Every limit.
    pub rules: Rules,
    /// How many steps are asked at the least.
    pub steps: usize,
    /// Conditions that are the same in every session that is staged.
    pub given: Vec<Given>,
    /// How faces are looked for.
    pub params: Params,
    /// Other networks than those built in.
    pub models: Option<PathBuf>,
    /// Where the tapes of wrong decisions go, if anywhere; see [`crate::session::Tape`].
    pub keep: Option<PathBuf>,
    /// How recordings are read.
    pub options: capture::Options,
}

/// Frames, and somebody who may listen.
enum Feed {
    Staged(Box<Staged>),
    Frames(Frames),
    /// The recording could not be opened.
    Nothing,
}

impl Feed {
    fn hear(&mut self, cue: Cue) {
        if let Self::Staged(staged) = self {
            staged.hear(cue);
        }
    }

    fn next(&mut self) -> Option<Result<Frame, Error>> {
        match self {
            Self::Staged(staged) => Some(staged.next_frame()),
            Self::Frames(frames) => frames.next(),
            Self::Nothing => None,
        }
    }
}

impl Trial {
    /// Runs one session to its end; `None` where `go_on` no longer says so.
    ///
    /// A recording that cannot be read ends its session without a decision.
    ///
    /// # Errors
    ///
    /// [`Error::Model`] where a network is missing or cannot run; [`Error::Source`] where a tape cannot be
    /// written.
    pub fn run(
        &self,
        job: &Job,
        subject: &Subject,
        go_on: impl Fn() -> bool,
    ) -> Result<Option<Outcome>, Error> {
        let clock = Clock::start();
        let bad = |error: ScriptError| Error::source("a script", error);
        let (script, reserve) = job
            .script(self.rules.strength, self.steps, self.rules.extra)
            .map_err(bad)?;
        let mut broken = false;
        let mut feed = match subject {
            Subject::Staged(kind) => {
                let staged = Staged::given(*kind, &self.given, job.seed, &script)?;
                Feed::Staged(Box::new(staged))
            }
            Subject::Recording(path) => self.open(path, clock).unwrap_or_else(|error| {
                log::warn!("{error}");
                broken = true;
                Feed::Nothing
            }),
        };
        let conditions = match &feed {
            Feed::Staged(staged) => Some(*staged.conditions()),
            Feed::Frames(_) | Feed::Nothing => None,
        };
        let models = self.models.as_deref();
        let detector = Follow::load(self.params, models)?;
        let mut observer = Observer::new(detector, Mesher::load(models)?, clock);
        let watch = Watch::load(models, None)?;
        let mut closeup = Closeup::new(None, Some(watch));
        let plan = SessionPlan {
            session: format!("{} {}", job.kind, job.number),
            started: record::wall_time(),
            source: "padtest".to_owned(),
            models: String::new(),
            rehearsal: true,
            script,
            reserve,
            rules: Rules {
                look: closeup.rules(false, SAME_SESSION),
                ..self.rules
            },
        };
        let mut session = Session::taped(plan, Timestamp::default());
        loop {
            for event in session.events() {
                if let Some(cue) = event.cue() {
                    feed.hear(cue);
                }
            }
            if matches!(session.state(), State::Done(_)) {
                break;
            }
            if !go_on() {
                return Ok(None);
            }
            match feed.next() {
                Some(Ok(frame)) => {
                    closeup.see(&observer.look(frame)?, &mut session)?;
                }
                Some(Err(error)) => {
                    log::warn!("{error}");
                    session.end(End::SourceFailed);
                }
                None if broken => session.end(End::SourceFailed),
                None => session.end(End::SourceEnded),
            }
        }
        let recording = match subject {
            Subject::Staged(_) => None,
            Subject::Recording(path) => Some(path.display().to_string()),
        };
        let record = session.record();
        let outcome = record.map(|record| Outcome::new(job, recording, conditions, record));
        if let (Some(outcome), Some(folder), Some(tape)) = (&outcome, &self.keep, session.tape())
            && outcome.is_wrong()
        {
            let path = folder.join(format!("{}-{}.jsonl", job.kind, job.number));
            (tape.save(&path)).map_err(|error| Error::source(path.display(), error))?;
        }
        Ok(outcome)
    }

    fn open(&self, path: &Path, clock: Clock) -> Result<Feed, Error> {
        let source = Source::Path(path.to_owned());
        Ok(Feed::Frames(capture::open(&source, &self.options, clock)?))
    }
}
