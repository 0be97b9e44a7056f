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
        self, CameraId, Frames, Source,
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

/// How long to wait for a frame before time passes without one.
const TICK: Duration = Duration::from_millis(50);

/// A camera that sends nothing for so long has stalled: even in the dark it sends ten frames a second.
const STALL: Duration = Duration::from_secs(2);

/// A camera may take so long to open and to send its first frame, networks being loaded meanwhile; on
/// macOS a person may have to allow it first.
const OPENING: Duration = Duration::from_secs(if cfg!(target_os = "macos") { 70 } else { 10 });

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
}

/// What comes next.
pub enum Next {
    /// A frame, and what was seen in it.
    Seen(Observation),
    /// Time has passed without a frame.
    Tick(Timestamp),
    /// The recording is over.
    End,
}

/// A stream of observations.
pub struct Feed {
    kind: Kind,
    cues: Option<Sender<Cue>>,
    clock: Clock,
    /// The camera that is watched for stalling, and when it last sent a frame.
    camera: Option<(CameraId, Option<Timestamp>)>,
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
        let camera = match &wish.source {
            Source::Camera(camera) => Some((camera.clone(), None)),
            Source::Demo | Source::Path(_) => None,
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
                move || open(&wish, pace, heard, clock),
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
        let next = match &mut self.kind {
            Kind::Threads(seen) => match seen.recv_timeout(TICK) {
                Ok(observation) => observation.map(Next::Seen),
                Err(RecvTimeoutError::Timeout) => {
                    let now = self.recorded.unwrap_or_else(|| self.clock.now());
                    self.stalled(now).map_or(Ok(Next::Tick(now)), Err)
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
        if let Ok(Next::Seen(seen)) = &next {
            if let Some(last) = &mut self.recorded {
                *last = seen.frame.at;
            }
            if let Some((_, last)) = &mut self.camera {
                *last = Some(self.clock.now());
            }
        }
        next
    }

    /// What to say of a camera that has sent nothing for too long.
    fn stalled(&self, now: Timestamp) -> Option<Error> {
        let (camera, last) = self.camera.as_ref()?;
        let (since, patience, way_out) = match last {
            Some(at) => (*at, STALL, "unplug it and plug it in again"),
            None => (
                Timestamp::default(),
                OPENING,
                "does another program use it?",
            ),
        };
        (now.since(since) > patience).then(|| {
            let seconds = patience.as_secs();
            Error::camera(camera, format!("no frame for {seconds} s; {way_out}"))
        })
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
