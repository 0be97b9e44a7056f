//! The simulated subject: a portrait photograph moved by its own face mesh, for the demo and for
//! tests. The networks read it as they read a living person; nothing here knows how.
//!
//! ```text
//! Cue ─▶ Performance ─▶ Stance ─▶ Rig or Print ─▶ Scene ─▶ CameraNoise ─▶ Frame
//!        what, when      a pose    points          pixels
//! ```
mod anatomy;
mod behaviour;
mod camera_noise;
mod conditions;
mod dice;
mod glasses;
mod idle;
mod kind;
mod kiosk;
mod lens;
mod performance;
mod portrait;
mod pose;
mod render;
mod rig;
mod scene;
mod sheet;
mod staged;
mod texture;

pub use behaviour::{Behaviour, UnknownBehaviour};
pub use conditions::{BadCondition, Conditions, Given, Glasses, Light};
pub use kind::{Kind, UnknownKind};
pub use kiosk::{Day, Kiosk, Mishap, Mishaps, Visit, Visits, kiosk};
pub use performance::Performance;
pub use portrait::Sitter;
pub use pose::{Pose, Sheet, Stance};
pub use staged::Staged;

use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, after};
use image::RgbImage;

use crate::{
    error::Error,
    frame::Frame,
    step::Step,
    time::{Clock, Timestamp},
};

use camera_noise::CameraNoise;
use scene::Scene;

/// What the challenge says to the subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cue {
    /// Please do this. May come again for the same step.
    Ask(Step),
    /// Nothing is asked any more.
    Rest,
}

/// How a subject is simulated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// How it behaves.
    pub behaviour: Behaviour,
    /// Whose photograph it is made of.
    pub sitter: Sitter,
    /// Decides all chance: reaction times, sizes, sway, grain.
    pub seed: u64,
    /// Width and height of the frames.
    pub size: (u32, u32),
    /// Frames a second.
    pub fps: f32,
    /// Width of the face in pixels, ear to ear; `None` is [`FACE_PART`] of the frame.
    pub face_px: Option<f32>,
}

/// Width of the face as a part of the width of a 4:3 frame: 150 px of 640, a person at arm's length.
pub const FACE_PART: f32 = 150.0 / 640.0;

/// Largest frame side and largest face: beyond, memory goes before sense is made.
const MOST_PX: u32 = 8_192;

impl Default for Options {
    fn default() -> Self {
        Self {
            behaviour: Behaviour::Obey,
            sitter: Sitter::default(),
            seed: 0,
            size: (640, 480),
            fps: 30.0,
            face_px: None,
        }
    }
}

/// Where a puppet's time comes from.
#[derive(Clone, Copy, Debug)]
pub enum Pace {
    /// Frame `n` is taken at `n / fps`, at once: for tests, as fast as the machine allows.
    Virtual,
    /// Frames are taken when this clock says that their moment has come.
    Live(Clock),
}

/// The simulated subject before its camera: an endless source of frames.
///
/// ```
/// use liveness::capture::puppet::{Options, Pace, Puppet};
///
/// let (_challenge, cues) = crossbeam_channel::bounded(8);
/// let puppet = Puppet::new(Options::default(), Pace::Virtual, cues)?;
/// let frames: Vec<_> = puppet.take(2).collect::<Result<_, _>>()?;
/// assert_eq!(frames[1].at.as_micros(), 33_333);
/// # Ok::<(), liveness::error::Error>(())
/// ```
#[derive(Debug)]
pub struct Puppet {
    performance: Performance,
    scene: Scene,
    noise: CameraNoise,
    options: Options,
    pace: Pace,
    cues: Receiver<Cue>,
    seq: u64,
}

impl Puppet {
    /// A subject at rest. It hears `cues`; when their sender is gone it goes on by itself.
    ///
    /// # Errors
    ///
    /// [`Error::Source`] when size, rate or face cannot be drawn.
    pub fn new(options: Options, pace: Pace, cues: Receiver<Cue>) -> Result<Self, Error> {
        let Options {
            behaviour,
            sitter,
            seed,
            size: (width, height),
            fps,
            face_px,
        } = options;
        let face_px = face_px.unwrap_or(FACE_PART * (width as f32).min(height as f32 * 4.0 / 3.0));
        let sides = 1..=MOST_PX;
        let drawable =
            sides.contains(&width) && sides.contains(&height) && (0.0..=2_000.0).contains(&face_px);
        if !drawable || !(0.1..=1_000.0).contains(&fps) {
            let what = format!("demo ({width}x{height}, {fps} fps, face {face_px} px)");
            return Err(Error::source(
                what,
                "give sides of 1 to 8192 px, 0.1 to 1000 fps, a face up to 2000 px",
            ));
        }
        let scene = Scene::new(sitter, (width, height), face_px.max(4.0))?;
        Ok(Self {
            performance: Performance::new(behaviour, seed),
            noise: CameraNoise::new(seed, scene.row()),
            scene,
            options,
            pace,
            cues,
            seq: 0,
        })
    }

    /// The moment of the next frame; cues that come before it are heard.
    fn await_moment(&mut self) -> Timestamp {
        match self.pace {
            Pace::Virtual => {
                let at = self.due();
                while let Ok(cue) = self.cues.try_recv() {
                    self.performance.hear(at, cue);
                }
                at
            }
            Pace::Live(clock) => self.await_live(clock),
        }
    }

    fn await_live(&mut self, clock: Clock) -> Timestamp {
        loop {
            let now = clock.now();
            let left = self.due().since(now);
            if left.is_zero() {
                // Frames whose moment passed unseen were never taken: a gap in `seq`.
                let period = f64::from(1.0 / self.options.fps);
                let current = (now.as_micros() as f64 / 1e6 / period) as u64;
                self.seq = self.seq.max(current);
                return now;
            }
            match self.cues.recv_timeout(left) {
                Ok(cue) => self.performance.hear(clock.now(), cue),
                Err(RecvTimeoutError::Timeout) => {}
                // Nobody speaks any more: only time is left to wait for.
                Err(RecvTimeoutError::Disconnected) => {
                    let _ = after(left).recv();
                }
            }
        }
    }

    /// The moment at which frame `seq` is due.
    fn due(&self) -> Timestamp {
        let seconds = self.seq as f64 / f64::from(self.options.fps);
        Timestamp::default().after(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX))
    }
}

impl Iterator for Puppet {
    type Item = Result<Frame, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let at = self.await_moment();
        let seq = self.seq;
        self.seq += 1;
        let row = self.scene.row();
        let scene = self.scene.show(&self.performance.stance(at));
        let pixels = self.noise.develop(scene, row);
        let (width, height) = self.options.size;
        let image = RgbImage::from_raw(width, height, pixels);
        let frame = image.map(|image| Frame { at, seq, image });
        Some(frame.ok_or_else(|| Error::source("demo", "a frame has not the size of its picture")))
    }
}

#[cfg(test)]
mod tests;
