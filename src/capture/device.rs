//! What a watched camera is opened, waited for and closed through: a real one, or one in virtual time.
use std::convert::Infallible;
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, never, select_biased};

use super::Options;
use super::cameras::CameraId;
use super::fault::{Fault, Trouble};
use super::known::{self, Known};
use super::worker::{Word, Worker};
use crate::time::{Clock, Timestamp};

/// Cameras as they are seen by whoever watches over one of them, and the time there.
pub trait Device {
    /// Now.
    fn now(&self) -> Timestamp;

    /// The cameras that are there. Cheap: nothing is opened.
    fn present(&self) -> Vec<(CameraId, Known)>;

    /// Begins to open one.
    ///
    /// # Errors
    ///
    /// Where that cannot even begin.
    fn open(&mut self, which: CameraId, wish: Options) -> Result<(), Trouble>;

    /// Whether one is open, or is being opened.
    fn is_open(&self) -> bool;

    /// Waits so long at most for what it says; `None` once `leash` is cut.
    fn wait(&mut self, leash: &Receiver<Infallible>, patience: Duration) -> Option<Word>;

    /// Closes it, if it is open.
    fn close(&mut self);
}

/// So many threads that hang in a driver may be left to themselves; each holds a descriptor and a stack. Then
/// the camera is opened again when one of them has come back.
const GIVEN_UP: usize = 2;

/// The cameras of this machine, one of them on a thread of its own.
pub struct Real {
    clock: Clock,
    worker: Option<Worker>,
    /// Threads that did not end when they should have.
    given_up: Vec<JoinHandle<()>>,
}

impl Real {
    /// None is open yet.
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            worker: None,
            given_up: vec![],
        }
    }
}

impl Device for Real {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn present(&self) -> Vec<(CameraId, Known)> {
        known::present()
    }

    fn open(&mut self, which: CameraId, wish: Options) -> Result<(), Trouble> {
        self.given_up.retain(|thread| !thread.is_finished());
        if self.given_up.len() >= GIVEN_UP {
            let text = "its driver hangs: plug the camera in anew, or restart the machine";
            return Err(Trouble::new(Fault::Stalled, text));
        }
        let worker = Worker::start(which, wish, self.clock);
        self.worker = Some(worker.map_err(|why| Trouble::new(Fault::Crashed, why.to_string()))?);
        Ok(())
    }

    fn is_open(&self) -> bool {
        self.worker.is_some()
    }

    fn wait(&mut self, leash: &Receiver<Infallible>, patience: Duration) -> Option<Word> {
        let silence = never();
        let words = self.worker.as_ref().map_or(&silence, Worker::words);
        select_biased! {
            recv(leash) -> _ => None,
            recv(words) -> word => Some(word.unwrap_or_else(|_| Word::Failed(Fault::Crashed.into()))),
            default(patience) => Some(Word::Nothing),
        }
    }

    fn close(&mut self) {
        if let Some(worker) = self.worker.take() {
            self.given_up.extend(worker.stop());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossbeam_channel::bounded;

    #[test]
    fn a_driver_that_hangs_holds_two_threads_at_most_and_is_opened_again_when_it_lets_go() {
        let (hold, held) = bounded::<()>(0);
        let hang = || {
            let held = held.clone();
            std::thread::spawn(move || {
                let _ = held.recv();
            })
        };
        let mut cameras = Real::new(Clock::start());
        cameras.given_up = vec![hang(), hang()];
        let nowhere = CameraId::Index(9_999);
        let open = |cameras: &mut Real| cameras.open(nowhere.clone(), Options::default());
        let trouble = open(&mut cameras).unwrap_err();
        assert_eq!(trouble.fault, Fault::Stalled, "{trouble:?}");
        drop(hold);
        while cameras.given_up.iter().any(|thread| !thread.is_finished()) {
            std::thread::yield_now();
        }
        open(&mut cameras).unwrap();
        assert!(cameras.given_up.is_empty());
        cameras.close();
    }
}
