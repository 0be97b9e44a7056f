//! Observations for one run: from two threads as they happen, or one by one as fast as they can be
//! looked at.
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    time::Duration,
};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TrySendError, after, bounded};
use liveness::{
    capture::{
        self, Fault, Frames, News, Source,
        puppet::{self, Behaviour, Cue, Pace, Puppet},
    },
    error::Error,
    frame::Frame,
    mesh::Mesher,
    mtcnn::{Follow, Params},
    observation::{Observation, Observer},
    pipeline::{self, Late},
    time::{Clock, Timestamp},
};

use super::guard::Guard;

/// How long to wait for a frame before time passes without one.
const TICK: Duration = Duration::from_millis(50);

/// Largest frame to warm up for.
const WARM: (u32, u32) = (1_920, 1_080);

/// Cues that may wait for the simulated subject: more than a session has.
const CUES: usize = 64;

/// What to look at, and how.
#[derive(Clone, Debug)]
pub struct Wish {
    pub source: Source,
    pub options: capture::Options,
    pub params: Params,
    pub models: Option<PathBuf>,
    /// Of the simulated subject.
    pub behaviour: Behaviour,
    /// Of the simulated subject.
    pub seed: u64,
    /// Whether frames come at their own pace, for somebody who watches.
    pub watched: bool,
    /// Whether a camera that fails is waited for; else its fault is an error.
    pub patient: bool,
}

/// What comes next.
pub enum Next {
    /// A frame, and what was seen in it.
    Seen(Observation),
    /// Time has passed without a frame.
    Tick(Timestamp),
    /// Something is wrong with the camera, or is so no more.
    Camera(News),
    /// The recording is over.
    End,
}

/// A stream of observations.
pub struct Feed {
    kind: Kind,
    cues: Option<Sender<Cue>>,
    clock: Clock,
    camera: Option<Guard>,
    /// In a recording no time passes between frames, however long we take to look at them: the
    /// moment of the last one.
    recorded: Option<Timestamp>,
}

enum Kind {
    /// Two threads look at frames as they happen.
    Threads(Receiver<Result<Observation, Error>>),
    /// Frames are looked at when asked for: in virtual time.
    Inline(Frames, Box<dyn FnMut(Frame) -> Result<Observation, Error>>),
    /// The source could not be opened: said when it is asked for, so that a session is on record.
    Broken(Option<Error>),
}

impl Feed {
    /// Starts to look.
    pub fn open(wish: Wish) -> anyhow::Result<Self> {
        let clock = Clock::start();
        let (cues, heard) = bounded(CUES);
        let demo = wish.source == Source::Demo;
        let live = wish.watched || matches!(wish.source, Source::Camera(_));
        let (watched, camera) = match &wish.source {
            Source::Camera(camera) => {
                let (watched, watch) = capture::watch(camera, wish.options, clock);
                let news = Box::new(move || watch.news());
                let guard = Guard::new(camera.clone(), wish.patient, news);
                (Some(watched), Some(guard))
            }
            Source::Demo | Source::Path(_) => (None, None),
        };
        let recorded = matches!(wish.source, Source::Path(_)).then(Timestamp::default);
        let kind = if live {
            let late = match wish.source {
                Source::Camera(_) | Source::Demo => Late::Drop,
                Source::Path(_) => Late::Wait,
            };
            let looking = wish.clone();
            let pace = Pace::Live(clock);
            Kind::Threads(pipeline::spawn(
                move || match watched {
                    Some(watched) => Ok(Box::new(watched) as Frames),
                    None => open(&wish, pace, heard, clock),
                },
                move || {
                    let mut observer = observer(&looking, clock)?;
                    if late == Late::Drop {
                        // While the camera opens. One that is asked for more may take longer over
                        // its first frame.
                        let (width, height) = looking.options.size;
                        observer.warm_up((width.min(WARM.0), height.min(WARM.1)))?;
                    }
                    Ok(move |frame| observer.look(frame))
                },
                late,
            )?)
        } else {
            let mut observer = observer(&wish, clock)?;
            match open(&wish, Pace::Virtual, heard, clock) {
                Ok(frames) => Kind::Inline(frames, Box::new(move |frame| observer.look(frame))),
                Err(error) => Kind::Broken(Some(error)),
            }
        };
        Ok(Self {
            kind,
            cues: demo.then_some(cues),
            clock,
            camera,
            recorded,
        })
    }

    /// Waits for what comes next, at most a twentieth of a second.
    pub fn next(&mut self) -> Result<Next, Error> {
        let (kind, clock, recorded) = (&mut self.kind, self.clock, &mut self.recorded);
        let mut wait = || wait(kind, clock, recorded);
        match &mut self.camera {
            Some(camera) => camera.next(wait, clock),
            None => wait(),
        }
    }

    /// What is wrong with the camera now, the gravest first.
    pub fn faults(&self) -> impl Iterator<Item = &News> {
        self.camera.iter().flat_map(Guard::faults)
    }

    /// The fault that keeps anything from being judged now.
    pub fn fault(&self) -> Option<Fault> {
        let broken = self.camera.as_ref()?.broken()?;
        Some(broken.fault)
    }

    /// The same as an error.
    pub fn failure(&self) -> Option<Error> {
        self.camera.as_ref()?.failure()
    }

    /// Now, by the clock that stamps a live source's frames.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Tells the simulated subject what is asked; a person sees the window.
    pub fn cue(&self, cue: Cue) {
        let Some(cues) = &self.cues else { return };
        if let Err(TrySendError::Full(cue)) = cues.try_send(cue) {
            log::warn!("the simulated subject did not hear {cue:?}");
        }
    }
}

fn wait(kind: &mut Kind, clock: Clock, recorded: &mut Option<Timestamp>) -> Result<Next, Error> {
    let next = match kind {
        Kind::Threads(seen) => match seen.recv_timeout(TICK) {
            Ok(observation) => observation.map(Next::Seen),
            Err(RecvTimeoutError::Timeout) => {
                let now = recorded.unwrap_or_else(|| clock.now());
                Ok(Next::Tick(now))
            }
            Err(RecvTimeoutError::Disconnected) => Ok(Next::End),
        },
        Kind::Inline(frames, look) => {
            let next = || frames.next().map(|frame| frame.and_then(look));
            // As the threads do: a session ends on record whatever breaks down.
            match catch_unwind(AssertUnwindSafe(next)) {
                Ok(None) => Ok(Next::End),
                Ok(Some(seen)) => seen.map(Next::Seen),
                Err(_) => Err(Error::Panic { thread: "main" }),
            }
        }
        Kind::Broken(error) => match error.take() {
            Some(error) => Err(error),
            None => Ok(Next::End),
        },
    };
    if let (Some(last), Ok(Next::Seen(seen))) = (recorded, &next) {
        *last = seen.frame.at;
    }
    next
}

/// Waits as [`Feed::next`] does when nothing comes: for somebody at the keyboard once the feed has ended.
pub fn pause() {
    let _ = after(TICK).recv();
}

fn observer(wish: &Wish, clock: Clock) -> Result<Observer<Follow>, Error> {
    let models = wish.models.as_deref();
    let detector = Follow::load(wish.params, models)?;
    Ok(Observer::new(detector, Mesher::load(models)?, clock))
}

fn open(wish: &Wish, pace: Pace, cues: Receiver<Cue>, clock: Clock) -> Result<Frames, Error> {
    if wish.source != Source::Demo {
        return capture::open(&wish.source, &wish.options, clock);
    }
    let options = puppet::Options {
        behaviour: wish.behaviour,
        seed: wish.seed,
        size: wish.options.size,
        fps: wish.options.fps as f32,
        ..puppet::Options::default()
    };
    Ok(Box::new(Puppet::new(options, pace, cues)?))
}
