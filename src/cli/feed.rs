//! Observations for one run: from two threads as they happen, or one by one as fast as they can be
//! looked at. In the second case time is that of the frames, and no clock decides anything.
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    rc::Rc,
    time::Duration,
};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TrySendError, after, bounded};
use liveness::{
    capture::{
        self, CameraId, Fault, Frames, Moment, News, Source, Watch,
        puppet::{self, Behaviour, Cue, Day, Pace, Puppet},
        software::{self, Identity},
    },
    error::Error,
    mtcnn::Params,
    observation::{Observation, Observer},
    pipeline::{self, Late},
    time::{Clock, Timestamp},
};

use super::guard::Guard;

/// How long to wait for a frame before time passes without one.
pub const TICK: Duration = Duration::from_millis(50);

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
    watch: Option<Rc<Watch>>,
    /// Where no time passes however long we take to look, in a recording and at a virtual kiosk: the
    /// moment of what came last.
    virtual_now: Option<Timestamp>,
}

enum Kind {
    /// Two threads look at frames as they happen.
    Threads(Receiver<Result<Observation, Error>>),
    /// Frames are looked at when asked for: in virtual time.
    Inline(Box<dyn FnMut() -> Result<Next, Error>>),
    /// The source could not be opened: said when it is asked for, so that a session is on record.
    Broken(Option<Error>),
}

impl Feed {
    /// Starts to look.
    pub fn open(wish: Wish) -> anyhow::Result<Self> {
        let clock = Clock::start();
        let (cues, heard) = bounded(CUES);
        let demo = wish.source == Source::Demo;
        // A recording may hang in its decoder; whoever waits must hear that the program is to stop.
        let threads = wish.watched || !demo;
        let (watched, camera) = match &wish.source {
            Source::Camera(camera) => {
                let (watched, watch) = capture::watch(camera, wish.options, clock);
                let watch = Rc::new(watch);
                let news = Rc::clone(&watch);
                let news = Box::new(move || news.news());
                let guard = Guard::new(camera.clone(), wish.patient, news);
                (Some((watched, watch)), Some(guard))
            }
            Source::Demo | Source::Path(_) => (None, None),
        };
        let (watched, watch) = watched.unzip();
        let virtual_now = matches!(wish.source, Source::Path(_)).then(Timestamp::default);
        let kind = if threads {
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
                    let models = looking.models.as_deref();
                    // While the camera opens. One that is asked for more may take longer over its first
                    // frame.
                    let (width, height) = looking.options.size;
                    let size = (width.min(WARM.0), height.min(WARM.1));
                    let size = (late == Late::Drop).then_some(size);
                    let mut observer = Observer::load(looking.params, models, clock, size)?;
                    Ok(move |frame| observer.look(frame))
                },
                late,
            )?)
        } else {
            let mut observer = Observer::load(wish.params, wish.models.as_deref(), clock, None)?;
            match open(&wish, Pace::Virtual, heard, clock) {
                Ok(mut frames) => Kind::Inline(Box::new(move || match frames.next() {
                    Some(frame) => frame.and_then(|f| observer.look(f)).map(Next::Seen),
                    None => Ok(Next::End),
                })),
                Err(error) => Kind::Broken(Some(error)),
            }
        };
        Ok(Self {
            kind,
            cues: demo.then_some(cues),
            clock,
            camera,
            watch,
            virtual_now,
        })
    }

    /// Starts to look at a virtual kiosk; ends when its day does.
    pub fn kiosk(day: Day, params: Params, models: Option<&Path>) -> anyhow::Result<Self> {
        // Measures what looking costs, which decides nothing.
        let clock = Clock::start();
        let (cues, heard) = bounded(CUES);
        let (mut watched, watch) = puppet::kiosk(day, heard)?;
        let mut observer = Observer::load(params, models, clock, Some(day.size()))?;
        let wait = move || match watched.wait() {
            Some(Ok(Moment::Frame(frame))) => observer.look(frame).map(Next::Seen),
            Some(Ok(Moment::Silence(now))) => Ok(Next::Tick(now)),
            Some(Err(error)) => Err(error),
            None => Ok(Next::End),
        };
        Ok(Self {
            kind: Kind::Inline(Box::new(wait)),
            cues: Some(cues),
            clock,
            camera: Some(Guard::new(
                CameraId::Index(0),
                true,
                Box::new(move || watch.news()),
            )),
            watch: None,
            virtual_now: Some(Timestamp::default()),
        })
    }

    /// Waits for what comes next, at most a twentieth of a second.
    pub fn next(&mut self) -> Result<Next, Error> {
        let (kind, clock, now) = (&mut self.kind, self.clock, &mut self.virtual_now);
        let mut wait = || wait(kind, clock, now);
        match &mut self.camera {
            Some(camera) => camera.next(wait),
            None => wait(),
        }
    }

    /// What the system tells of the real camera that frames come from.
    pub fn identity(&self) -> Option<Identity> {
        software::look_up(&self.watch.as_ref()?.camera())
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

fn wait(kind: &mut Kind, clock: Clock, virtual_now: &mut Option<Timestamp>) -> Result<Next, Error> {
    let next = match kind {
        Kind::Threads(seen) => match seen.recv_timeout(TICK) {
            Ok(observation) => observation.map(Next::Seen),
            Err(RecvTimeoutError::Timeout) => {
                let now = virtual_now.unwrap_or_else(|| clock.now());
                Ok(Next::Tick(now))
            }
            Err(RecvTimeoutError::Disconnected) => Ok(Next::End),
        },
        Kind::Inline(next) => {
            // As the threads do: a session ends on record whatever breaks down.
            let next = catch_unwind(AssertUnwindSafe(next));
            next.unwrap_or(Err(Error::Panic { thread: "main" }))
        }
        Kind::Broken(error) => match error.take() {
            Some(error) => Err(error),
            None => Ok(Next::End),
        },
    };
    if let Some(now) = virtual_now {
        match &next {
            Ok(Next::Seen(seen)) => *now = seen.frame.at,
            Ok(Next::Tick(at)) => *now = *at,
            _ => {}
        }
    }
    next
}

/// Waits without the feed: for somebody at the keyboard once it has ended, or until a frame is due.
pub fn pause(time: Duration) {
    if !time.is_zero() {
        let _ = after(time).recv();
    }
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
