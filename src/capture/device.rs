//! What a watched camera is opened, waited for and closed through: a real one, or one in virtual time.
use std::convert::Infallible;
use std::time::Duration;

use crossbeam_channel::{Receiver, never, select_biased};

use super::Options;
use super::cameras::CameraId;
use super::fault::Fault;
use super::known::{self, Known};
use super::worker::{Word, Worker};
use crate::error::Error;
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
    fn open(&mut self, which: CameraId, wish: Options) -> Result<(), Error>;

    /// Whether one is open, or is being opened.
    fn is_open(&self) -> bool;

    /// Waits so long at most for what it says; `None` once `leash` is cut.
    fn wait(&mut self, leash: &Receiver<Infallible>, patience: Duration) -> Option<Word>;

    /// Closes it, if it is open.
    fn close(&mut self);
}

/// The cameras of this machine, one of them on a thread of its own.
pub struct Real {
    clock: Clock,
    worker: Option<Worker>,
}

impl Real {
    /// None is open yet.
    pub fn new(clock: Clock) -> Self {
        let worker = None;
        Self { clock, worker }
    }
}

impl Device for Real {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn present(&self) -> Vec<(CameraId, Known)> {
        known::present()
    }

    fn open(&mut self, which: CameraId, wish: Options) -> Result<(), Error> {
        self.worker = Some(Worker::start(which, wish, self.clock)?);
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
            worker.stop();
        }
    }
}
