//! A kiosk in virtual time: people come and go before its camera, and its camera has mishaps.
//!
//! ```text
//! Visits ─▶ Room ─▶ picture ─┐
//!                  Mishaps ─▶ Kiosk, a Device ─▶ Watched, as before any camera
//! ```
mod mishaps;
mod visits;

use std::convert::Infallible;
use std::time::Duration;

use crossbeam_channel::{Receiver, TryRecvError};
use image::RgbImage;

use super::Cue;
use crate::{
    capture::{
        self, CameraId, Fault, Trouble, Watch, Watched,
        device::Device,
        format::{Encoding, Format},
        known::Known,
        watched::watch_through,
        worker::Word,
    },
    error::Error,
    frame::Frame,
    time::Timestamp,
};

pub use mishaps::{Mishap, Mishaps};
pub use visits::{Visit, Visits};

use visits::{Room, SIZE};

/// How long the camera takes to open.
const OPENING: Duration = Duration::from_millis(400);
/// A slow camera gives one frame of so many.
const SLOWED: u64 = 3;

/// A kiosk's day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Day {
    /// Decides all chance.
    pub seed: u64,
    /// Frames a second.
    pub fps: u32,
    /// How long it is.
    pub length: Duration,
    /// Faults an hour, on average.
    pub faults_per_hour: f32,
}

impl Day {
    /// Width and height of its frames.
    pub fn size(&self) -> (u32, u32) {
        SIZE
    }
}

/// A kiosk's camera on one day, watched as any other; whoever stands before it hears `cues`. It ends when
/// the day does.
///
/// # Errors
///
/// [`Error::Source`] where a built-in portrait is damaged.
pub fn kiosk(day: Day, cues: Receiver<Cue>) -> Result<(Watched<Kiosk>, Watch), Error> {
    let wish = capture::Options {
        size: SIZE,
        fps: day.fps,
    };
    let kiosk = Kiosk::new(day, cues)?;
    let which = CameraId::Index(kiosk.number);
    Ok(watch_through(kiosk, &which, wish))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Closed,
    /// It is being opened under this number, until a moment.
    Opening(CameraNumber, Timestamp),
    Open,
}

/// `None`: something else than a number.
type CameraNumber = Option<u32>;

/// The camera of a kiosk in virtual time, and another one, which nobody should open.
#[derive(Debug)]
pub struct Kiosk {
    room: Room,
    mishaps: Mishaps,
    /// The mishap that is under way, or comes next.
    mishap: Option<Mishap>,
    cues: Receiver<Cue>,
    fps: u32,
    now: Timestamp,
    closing: Timestamp,
    state: State,
    /// Number of the next frame.
    seq: u64,
    /// The number under which it is plugged in, and the other camera's.
    number: u32,
    other: u32,
    /// What is known of the camera, and of the other one.
    ours: Known,
    theirs: Known,
    /// The picture that stands still.
    stuck: Option<RgbImage>,
}

impl Kiosk {
    fn new(day: Day, cues: Receiver<Cue>) -> Result<Self, Error> {
        let mut mishaps = Mishaps::new(day.seed, day.faults_per_hour);
        Ok(Self {
            room: Room::new(day.seed, day.fps)?,
            mishap: mishaps.next(),
            mishaps,
            cues,
            fps: day.fps.max(1),
            now: Timestamp::default(),
            closing: Timestamp::default().after(day.length),
            state: State::Closed,
            seq: 0,
            number: 0,
            other: 1,
            ours: Known::numbered("Kiosk Cam", "A1"),
            theirs: Known::numbered("Kiosk Cam", "B2"),
            stuck: None,
        })
    }

    /// Lets time pass.
    fn pass(&mut self, to: Timestamp) {
        self.now = self.now.max(to);
        while let Some(mishap) = self.mishap.filter(|mishap| mishap.to <= self.now) {
            if mishap.fault == Some(Fault::Unplugged) {
                // It comes back in the other one's place.
                std::mem::swap(&mut self.number, &mut self.other);
            }
            self.mishap = self.mishaps.next();
        }
    }

    /// When the next frame is due.
    fn due(&self) -> Timestamp {
        Timestamp::from_micros(self.seq.saturating_mul(1_000_000) / u64::from(self.fps))
    }

    /// What is wrong now.
    fn mishap(&self) -> Option<Mishap> {
        self.mishap.filter(|mishap| mishap.lasts(self.now))
    }

    /// How opening it ends.
    fn opened(&mut self, number: CameraNumber) -> Word {
        use Fault::{Busy, Crashed, Denied, FormatRefused, Unplugged};
        let fault = self.mishap().and_then(|mishap| mishap.fault);
        if let Some(fault @ (Unplugged | Denied | Busy | FormatRefused | Crashed)) = fault {
            return Word::Failed(fault.into());
        }
        if number != Some(self.number) {
            return Word::Failed(Trouble::new(Unplugged, "another camera was opened"));
        }
        self.state = State::Open;
        let format = Format {
            encoding: Encoding::Yuyv,
            size: SIZE,
            fps: self.fps,
        };
        Word::Opened(self.ours.clone(), format)
    }

    /// What comes of the frame that is due now.
    fn shoot(&mut self) -> Word {
        let mishap = self.mishap();
        let fault = mishap.and_then(|mishap| mishap.fault);
        if fault != Some(Fault::Frozen) {
            self.stuck = None;
        }
        let image = match (mishap, fault) {
            (None, _) => self.room.picture(self.now),
            // A gap.
            (Some(_), None | Some(Fault::Stalled)) => return self.miss(Word::Nothing),
            (_, Some(Fault::Slow)) if !self.seq.is_multiple_of(SLOWED) => {
                return self.miss(Word::Nothing);
            }
            (_, Some(Fault::Slow)) => self.room.picture(self.now),
            (_, Some(Fault::Frozen)) => self.still(),
            (_, Some(Fault::Black)) => {
                self.room.miss(self.now);
                self.room.black()
            }
            (_, Some(fault @ (Fault::WrongSize | Fault::Damaged))) => {
                return self.miss(Word::Shot(Err(fault.into())));
            }
            (_, Some(fault @ (Fault::Unplugged | Fault::Crashed | Fault::IoError))) => {
                return self.miss(Word::Failed(fault.into()));
            }
            // Why it cannot be had is only known when it is opened anew.
            (_, Some(Fault::Denied | Fault::Busy | Fault::FormatRefused)) => {
                return self.miss(Word::Failed(Fault::IoError.into()));
            }
        };
        let (at, seq) = (self.now, self.seq);
        match image {
            Ok(image) => Word::Shot(Ok(Frame { at, seq, image })),
            Err(why) => Word::Failed(Trouble::new(Fault::Crashed, why.to_string())),
        }
    }

    fn miss(&mut self, word: Word) -> Word {
        self.room.miss(self.now);
        word
    }

    fn still(&mut self) -> Result<RgbImage, Error> {
        if let Some(stuck) = &self.stuck {
            self.room.miss(self.now);
            return Ok(stuck.clone());
        }
        let image = self.room.picture(self.now)?;
        Ok(self.stuck.insert(image).clone())
    }
}

impl Device for Kiosk {
    fn now(&self) -> Timestamp {
        self.now
    }

    fn present(&self) -> Vec<(CameraId, Known)> {
        let mut all = vec![(CameraId::Index(self.other), self.theirs.clone())];
        let gone = self.mishap().and_then(|mishap| mishap.fault) == Some(Fault::Unplugged);
        if !gone {
            all.push((CameraId::Index(self.number), self.ours.clone()));
        }
        all
    }

    fn open(&mut self, which: CameraId, _: capture::Options) -> Result<(), Trouble> {
        let number = match which {
            CameraId::Index(number) => Some(number),
            CameraId::Path(_) => None,
        };
        self.state = State::Opening(number, self.now.after(OPENING));
        Ok(())
    }

    fn is_open(&self) -> bool {
        self.state != State::Closed
    }

    fn wait(&mut self, leash: &Receiver<Infallible>, patience: Duration) -> Option<Word> {
        let cut = leash.try_recv() == Err(TryRecvError::Disconnected);
        if cut || self.now >= self.closing {
            return None;
        }
        while let Ok(cue) = self.cues.try_recv() {
            self.room.hear(cue);
        }
        let until = self.now.after(patience);
        // Frames that fell due while it was closed.
        while self.due() <= self.now {
            self.room.miss(self.now);
            self.seq += 1;
        }
        match self.state {
            State::Opening(number, at) if at <= until => {
                self.pass(at);
                Some(self.opened(number))
            }
            State::Open if self.due() <= until => {
                self.pass(self.due());
                let word = self.shoot();
                self.seq += 1;
                Some(word)
            }
            State::Closed | State::Opening(..) | State::Open => {
                self.pass(until);
                Some(Word::Nothing)
            }
        }
    }

    fn close(&mut self) {
        self.state = State::Closed;
    }
}

#[cfg(test)]
mod tests;
