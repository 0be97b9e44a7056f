//! A camera that always comes back: its faults are told, and it is opened anew until it is well.
//!
//! ```text
//!            thread "camera"          thread "capture"
//! device ──▶ Camera ──Word──▶[1]──▶ Watched ──Frame──▶ pipeline
//!            thrown away when         └─News──▶[32]──▶ Watch, which also ends it
//!            it stalls or breaks
//! ```
//!
//! Ownership is the shutdown: drop the [`Watch`] and the [`Watched`] ends, even while it waits for a camera
//! that is gone.
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};

use super::Options;
use super::cameras::CameraId;
use super::device::{Device, Real};
use super::fault::{Fault, News, Trouble};
use super::known::Known;
use super::looks::Looks;
use super::tries::Tries;
use super::worker::Word;
use crate::error::Error;
use crate::frame::Frame;
use crate::time::{Clock, Timestamp};

/// A camera that sends nothing for so long has stalled: even in the dark it sends ten frames a second.
const STALL: Duration = Duration::from_secs(2);

/// A camera may take so long to open and to send its first frame; on macOS a person may have to allow it
/// first.
const OPENING: Duration = Duration::from_secs(if cfg!(target_os = "macos") { 70 } else { 10 });

/// One that has not opened within this is told of: in its driver it may hang for ever.
const LATE: Duration = if cfg!(target_os = "macos") {
    OPENING
} else {
    STALL
};

/// A camera that gives only buffers without a picture for so long gives damaged ones.
const DAMAGED: Duration = Duration::from_secs(1);

/// From one look whether a camera that is gone is there again to the next: a look opens nothing.
const LOOK: Duration = Duration::from_millis(200);

/// News that may wait to be heard; whoever listens does so twenty times a second.
const NEWS: usize = 32;

/// Which camera was opened last: one that was unplugged may come back under another number.
type Opened = Arc<Mutex<CameraId>>;

/// Hears what a watched camera has to say, and ends it when dropped.
#[derive(Debug)]
pub struct Watch {
    news: Receiver<News>,
    opened: Opened,
    _leash: Sender<Infallible>,
}

impl Watch {
    /// The oldest news not heard yet.
    pub fn news(&self) -> Option<News> {
        self.news.try_recv().ok()
    }

    /// The camera that its frames come from: the one that was asked for, under the number it has now.
    pub fn camera(&self) -> CameraId {
        let opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        opened.clone()
    }
}

/// Frames of a camera that always comes back.
///
/// Only a camera that never gave a frame ends it, with an error: what is wrong then is wrong with the
/// settings. Frames are numbered through all interruptions.
pub struct Watched<D: Device = Real> {
    which: CameraId,
    wish: Options,
    device: D,
    known: Option<Known>,
    /// The other cameras that were there when it was opened: none of them is it.
    beside: Vec<Known>,
    /// Whether it is being opened, which may take longer than a frame may.
    opening: bool,
    fps: u32,
    looks: Looks,
    /// When the last good frame came, or the camera was last opened.
    last: Timestamp,
    /// Why the last buffers held no frame.
    spoilt: Option<Trouble>,
    /// The faults that last, and since when. One at most keeps frames from coming.
    faults: BTreeMap<Fault, Timestamp>,
    /// When to open it, while it is closed; when to open it anew, while a fault lasts.
    tries: Tries,
    /// When to look next whether it is there, and what the last look saw.
    next_look: Timestamp,
    there: bool,
    seq: u64,
    over: bool,
    tell: Sender<News>,
    opened: Opened,
    leash: Receiver<Infallible>,
}

/// Watches over a camera. It is opened when the first frame is asked for.
pub fn watch(which: &CameraId, wish: Options, clock: Clock) -> (Watched, Watch) {
    watch_through(Real::new(clock), which, wish)
}

/// The same, through any device.
pub(super) fn watch_through<D: Device>(
    device: D,
    which: &CameraId,
    wish: Options,
) -> (Watched<D>, Watch) {
    let (tell, news) = bounded(NEWS);
    let (hold, leash) = bounded(0);
    let watched = Watched {
        which: which.clone(),
        wish,
        last: device.now(),
        device,
        known: None,
        beside: vec![],
        opening: false,
        fps: wish.fps,
        looks: Looks::default(),
        spoilt: None,
        faults: BTreeMap::new(),
        tries: Tries::default(),
        next_look: Timestamp::default(),
        there: true,
        seq: 0,
        over: false,
        tell,
        opened: Arc::new(Mutex::new(which.clone())),
        leash,
    };
    let watch = Watch {
        news,
        opened: Arc::clone(&watched.opened),
        _leash: hold,
    };
    (watched, watch)
}

/// What comes of waiting for a camera.
pub enum Moment {
    /// A frame.
    Frame(Frame),
    /// None yet; the time is this.
    Silence(Timestamp),
}

impl<D: Device> Iterator for Watched<D> {
    type Item = Result<Frame, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.wait()? {
                Ok(Moment::Frame(frame)) => return Some(Ok(frame)),
                Ok(Moment::Silence(_)) => {}
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

impl<D: Device> Watched<D> {
    /// Waits for a frame, a twentieth of a second at most; `None` once it is over.
    pub fn wait(&mut self) -> Option<Result<Moment, Error>> {
        if self.over {
            return None;
        }
        match self.listen() {
            Ok(moment) => moment.map(Ok),
            Err(why) => {
                self.device.close();
                if self.seq == 0 {
                    // Told as well: whoever looks at frames may still be loading networks.
                    self.turn_into(why.clone(), self.device.now());
                    self.over = true;
                    return Some(Err(Error::camera(&self.which, why)));
                }
                self.fault(why);
                Some(Ok(Moment::Silence(self.device.now())))
            }
        }
    }

    /// The same; an error is why no frame can come any more from the camera as it is open now.
    fn listen(&mut self) -> Result<Option<Moment>, Trouble> {
        if !self.device.is_open() {
            self.open(self.device.now())?;
        }
        match self.device.wait(&self.leash, LOOK / 4) {
            None => {
                self.over = true;
                return Ok(None);
            }
            Some(Word::Opened(known, format)) => {
                self.fps = format.fps;
                let ours = self.known.get_or_insert(known);
                let others = self.device.present().into_iter().map(|(_, other)| other);
                self.beside = others.filter(|other| other != ours).collect();
                (self.last, self.opening) = (self.device.now(), false);
            }
            Some(Word::Shot(Ok(frame))) => return Ok(Some(Moment::Frame(self.take(frame)))),
            Some(Word::Shot(Err(why))) => {
                log::debug!("camera {}: a frame left out: {why}", self.which);
                self.spoilt = Some(why);
                self.check()?;
            }
            Some(Word::Nothing) => {
                if self.device.is_open() {
                    self.check()?;
                }
            }
            Some(Word::Failed(why)) => return Err(why),
        }
        Ok(Some(Moment::Silence(self.device.now())))
    }

    /// Opens the camera, if it is time for that.
    fn open(&mut self, now: Timestamp) -> Result<(), Trouble> {
        let mut which = self.which.clone();
        if let Some(known) = &self.known {
            if now < self.next_look {
                return Ok(());
            }
            self.next_look = now.after(LOOK);
            let mut present = self.device.present();
            present.retain(|(_, other)| other == known || !self.beside.contains(other));
            let Some(found) = known.find(&present) else {
                self.there = false;
                self.turn_into(Fault::Unplugged.into(), now);
                return Ok(());
            };
            if !self.there {
                // It has come back: nothing to wait for.
                log::info!("camera {}: it is there again, as {found}", self.which);
                self.there = true;
                self.tries.afresh(now);
            }
            which = found;
        }
        if !self.tries.is_due(now) {
            return Ok(());
        }
        self.tries.put_off(now);
        *(self.opened.lock().unwrap_or_else(PoisonError::into_inner)) = which.clone();
        self.device.open(which, self.wish)?;
        (self.last, self.spoilt, self.opening) = (now, None, true);
        self.looks.resume();
        Ok(())
    }

    /// Looks whether the camera still sends.
    fn check(&mut self) -> Result<(), Trouble> {
        let now = self.device.now();
        let silent = now.since(self.last);
        if self.seq == 0 {
            return self.check_first(now, silent);
        }
        let broken = self.faults.keys().any(|fault| fault.silences());
        if broken {
            // It was opened anew, or stays open, and nothing comes.
            let patience = if self.opening { OPENING } else { STALL };
            if self.tries.is_due(now) && silent >= patience {
                self.tries.silent();
                self.reopen(now);
            }
        } else if silent >= DAMAGED
            && let Some(why) = self.spoilt.take()
        {
            self.fault(why);
        } else if silent >= STALL && !self.opening {
            self.fault(Fault::Stalled.into());
            // Nothing but opening it anew helps, and it may help at once.
            self.reopen(now);
        }
        Ok(())
    }

    /// The same before the first frame, which may yet come when it is late.
    fn check_first(&mut self, now: Timestamp, silent: Duration) -> Result<(), Trouble> {
        if silent > OPENING {
            return Err(self.spoilt.take().unwrap_or_else(|| {
                let seconds = OPENING.as_secs();
                let text = format!("no frame for {seconds} s; does another program use it?");
                Trouble::new(Fault::Stalled, text)
            }));
        }
        let patience = if self.opening { LATE } else { STALL };
        match &self.spoilt {
            // One that is told stands: buffers that are bad in two ways would make it change with each.
            _ if !self.faults.is_empty() => {}
            Some(why) if silent >= DAMAGED => self.turn_into(why.clone(), now),
            None if silent >= patience => self.turn_into(Fault::Stalled.into(), now),
            _ => {}
        }
        Ok(())
    }

    /// Passes on a frame, and says what it shows of the camera.
    fn take(&mut self, mut frame: Frame) -> Frame {
        let now = frame.at;
        (self.last, self.spoilt) = (now, None);
        let seen = self.looks.see(&frame, self.fps);
        let over: Vec<Fault> = (self.faults.keys().copied())
            .filter(|fault| !seen.contains(fault))
            .collect();
        for fault in over {
            self.back(fault, now);
        }
        for fault in seen {
            if !self.faults.contains_key(&fault) {
                self.say(fault.into(), now);
                self.tries.put_off(now);
            }
        }
        let well = !self.faults.keys().any(|fault| fault.breaks());
        self.tries.note(well, now);
        if self.faults.contains_key(&Fault::Frozen) && self.tries.is_due(now) {
            // A driver that hangs often comes to itself when it is opened anew.
            self.tries.silent();
            self.reopen(now);
        }
        frame.seq = self.seq;
        self.seq += 1;
        frame
    }

    /// No frame comes any more.
    fn fault(&mut self, why: Trouble) {
        let now = self.device.now();
        if self.faults.keys().any(|fault| fault.silences()) {
            self.tries.refused();
        } else {
            self.tries.closed();
        }
        self.turn_into(why, now);
        self.tries.put_off(now);
    }

    /// Says that this is what is wrong now, and nothing else any more.
    fn turn_into(&mut self, why: Trouble, now: Timestamp) {
        self.tries.note(false, now);
        if self.faults.contains_key(&why.fault) {
            return;
        }
        let over: Vec<Fault> = self.faults.keys().copied().collect();
        // First, so that at no moment all seems well.
        self.say(why, now);
        for fault in over {
            self.back(fault, now);
        }
    }

    /// Closes it, to be opened anew at once.
    fn reopen(&mut self, now: Timestamp) {
        self.device.close();
        self.tries.at_once(now);
        self.next_look = now;
    }

    fn say(&mut self, why: Trouble, now: Timestamp) {
        log::info!("camera {}: {why}", self.which);
        self.faults.insert(why.fault, now);
        self.tell(News::fault(now, &why));
    }

    fn back(&mut self, fault: Fault, now: Timestamp) {
        if let Some(since) = self.faults.remove(&fault) {
            let news = News::back(now, fault, now.since(since));
            log::info!("camera {}: {} {}", self.which, fault.name(), news.text);
            self.tell(news);
        }
    }

    fn tell(&mut self, news: News) {
        match self.tell.try_send(news) {
            Ok(()) => {}
            Err(TrySendError::Full(news)) => log::warn!("nobody hears that {news:?}"),
            Err(TrySendError::Disconnected(_)) => self.over = true,
        }
    }
}

impl<D: Device> Drop for Watched<D> {
    fn drop(&mut self) {
        self.device.close();
    }
}
