//! The thread a camera runs on, which can be thrown away.
//!
//! A camera that stalls holds whoever waits for its next frame for ever, and its driver may panic or hang
//! while it stops; so that nobody else is held, it lives on a thread of its own. The only file that
//! interrupts threads.
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use super::Options;
use super::camera::{Camera, Shot};
use super::cameras::CameraId;
use super::fault::{Fault, Trouble};
use super::format::Format;
use super::known::Known;
use crate::error::Error;
use crate::thread;
use crate::time::Clock;

/// How long a thread may take to end; then it is left to itself.
const ENDING: Duration = Duration::from_millis(900);

/// From one signal to the next: one that comes just before the thread begins to wait is lost.
const AGAIN: Duration = Duration::from_millis(20);

/// What a worker has to say.
pub enum Word {
    /// The camera is open.
    Opened(Known, Format),
    /// It gave something.
    Shot(Shot),
    /// It gives no more; the worker ends.
    Failed(Trouble),
    /// Nothing yet.
    Nothing,
}

/// A camera on a thread of its own.
pub struct Worker {
    words: Receiver<Word>,
    /// Closes when the thread ends.
    ended: Receiver<()>,
    thread: JoinHandle<()>,
}

impl Worker {
    /// Begins to open a camera.
    pub fn start(which: CameraId, wish: Options, clock: Clock) -> Result<Self, Error> {
        signals::listen();
        let (tell, words) = bounded(1);
        let (end, ended) = bounded(0);
        let work = move || {
            let _end: Sender<()> = end;
            let run = || run(&which, wish, clock, &tell);
            if catch_unwind(AssertUnwindSafe(run)).is_err() {
                // Where nobody listens, the panic itself is on standard error.
                let _ = tell.send(Word::Failed(Fault::Crashed.into()));
            }
        };
        let thread = thread::spawn("camera", work)?;
        Ok(Self {
            words,
            ended,
            thread,
        })
    }

    /// What it says, word by word. They must be taken soon: it waits meanwhile.
    pub fn words(&self) -> &Receiver<Word> {
        &self.words
    }

    /// Closes the camera; gives its thread where it does not let itself be closed within a second. It is then
    /// left to itself, and the device may stay busy.
    pub fn stop(self) -> Option<JoinHandle<()>> {
        let Self {
            words,
            ended,
            thread,
        } = self;
        drop(words);
        let mut waited = Duration::ZERO;
        while ended.recv_timeout(AGAIN) == Err(RecvTimeoutError::Timeout) {
            waited += AGAIN;
            if waited > ENDING {
                log::error!("a camera does not let itself be closed; its thread is given up");
                return Some(thread);
            }
            signals::interrupt(&thread);
        }
        // It has caught its panics.
        let _ = thread.join();
        None
    }
}

fn run(which: &CameraId, wish: Options, clock: Clock, tell: &Sender<Word>) {
    let mut camera = match Camera::try_open(which, wish, clock) {
        Ok(camera) => camera,
        Err(why) => return drop(tell.send(Word::Failed(why))),
    };
    let opened = Word::Opened(camera.known().clone(), camera.format());
    let mut heard = tell.send(opened).is_ok();
    while heard {
        heard = match camera.shoot() {
            Ok(shot) => tell.send(Word::Shot(shot)).is_ok(),
            Err(why) => {
                // Closed before that is told: the next one to open it must not find it busy.
                drop(camera);
                return drop(tell.send(Word::Failed(why)));
            }
        };
    }
}

#[cfg(unix)]
mod signals {
    use std::os::unix::thread::JoinHandleExt as _;
    use std::sync::atomic::AtomicBool;
    use std::sync::{Arc, OnceLock};
    use std::thread::JoinHandle;

    use nix::sys::pthread::pthread_kill;
    use nix::sys::signal::Signal;

    /// Nobody dies of this one where no handler hears it, and hardly anybody uses it.
    const WAKE: Signal = Signal::SIGURG;

    /// Lets the signal interrupt whoever waits: one without a handler does not.
    pub fn listen() {
        static HEARD: OnceLock<()> = OnceLock::new();
        HEARD.get_or_init(|| {
            let nobody_looks = Arc::new(AtomicBool::new(false));
            if let Err(why) = signal_hook::flag::register(WAKE as i32, nobody_looks) {
                log::warn!("a camera that stalls cannot be interrupted: {why}");
            }
        });
    }

    /// Interrupts a thread that waits for its camera.
    pub fn interrupt(thread: &JoinHandle<()>) {
        // It has not been joined, so its number is still its own. One that has just ended needs no signal.
        let _ = pthread_kill(thread.as_pthread_t() as _, WAKE);
    }
}

#[cfg(not(unix))]
mod signals {
    use std::thread::JoinHandle;

    pub fn listen() {}

    // Media Foundation and the like do not wait for ever.
    pub fn interrupt(_: &JoinHandle<()>) {}
}
