//! A presentation to the camera, bona fide or an attack, for the bench: it hears what is asked and
//! gives frames in virtual time.
//!
//! Everything follows from its seed: who, how near, in what light, what is tried when.
mod film;
mod hold;
mod mask;
mod people;
mod screen;
mod swipe;

use std::time::Duration;

use image::RgbImage;

use crate::{error::Error, frame::Frame, step::Step, time::Timestamp};

use super::{
    Behaviour, Cue, Stance,
    camera_noise::CameraNoise,
    conditions::{Conditions, Given, Light},
    dice::Dice,
    kind::Kind,
    lens::Lens,
    portrait::Sitter,
    render::Canvas,
    scene::{Framing, Scene},
};
use hold::Hold;
use mask::Mask;
use people::{Person, Two};
use screen::Screen;
use swipe::Swipe;

/// Width and height of the frames.
const SIZE: (u32, u32) = (640, 480);
/// How long a hand passes before the eyes, and before the mouth, in milliseconds: about as long as
/// lids are shut, and as mouths are open.
const OVER_EYES_MS: (f32, f32) = (250.0, 700.0);
const OVER_MOUTH_MS: (f32, f32) = (500.0, 1_400.0);
/// When somebody who is not understood tries again, in milliseconds after the question or the last try.
const AGAIN_MS: (f32, f32) = (3_200.0, 4_500.0);
/// Frames that a camera loses, of a thousand.
const LOST: u64 = 10;

/// What stands before the camera.
#[derive(Clone, Debug)]
enum Set {
    Person(Box<Person>),
    Two(Box<Two>),
    Print(Box<Scene>, Box<Hold>, Option<(Swipe, [f32; 2])>),
    Mask(Box<Mask>),
    Screen(Box<Screen>),
}

/// A picture that stands still from a moment on.
#[derive(Clone, Debug)]
struct Stuck {
    /// `None` until a question decides it.
    from: Option<Timestamp>,
    picture: Option<RgbImage>,
}

/// A presentation to the camera: an endless source of frames in virtual time.
///
/// ```
/// use liveness::capture::puppet::{Kind, Staged};
/// use liveness::step::Step;
///
/// let mut attack = Staged::new(Kind::PrintBent, 7, &[Step::Nod])?;
/// let frame = attack.next_frame()?;
/// assert_eq!(frame.image.dimensions(), (640, 480));
/// # Ok::<(), liveness::error::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Staged {
    conditions: Conditions,
    set: Set,
    stuck: Option<Stuck>,
    lens: Lens,
    noise: CameraNoise,
    dice: Dice,
    /// What a person is asked, and when it is done again unless it was seen.
    again: Option<(Step, Timestamp)>,
    /// Number of the next frame, and the moment of the last one.
    seq: u64,
    last: Timestamp,
}

impl Staged {
    /// A presentation of `kind` to a session that asks for `script`, which a replay takes care not
    /// to show.
    ///
    /// # Errors
    ///
    /// [`Error::Source`] where a built-in portrait is damaged.
    pub fn new(kind: Kind, seed: u64, script: &[Step]) -> Result<Self, Error> {
        let conditions = Conditions::draw(kind, &mut Dice::new(seed, 7));
        Self::under(kind, conditions, seed, script)
    }

    /// The same, but for conditions that are given.
    ///
    /// # Errors
    ///
    /// As [`Staged::new`].
    pub fn given(kind: Kind, given: &[Given], seed: u64, script: &[Step]) -> Result<Self, Error> {
        let drawn = Conditions::draw(kind, &mut Dice::new(seed, 7));
        let bad = |error| Error::source("the conditions", error);
        Self::under(kind, drawn.with(given).map_err(bad)?, seed, script)
    }

    /// The same, all conditions given.
    ///
    /// # Errors
    ///
    /// As [`Staged::new`].
    pub fn under(
        kind: Kind,
        conditions: Conditions,
        seed: u64,
        script: &[Step],
    ) -> Result<Self, Error> {
        let mut dice = Dice::new(seed, 15);
        let (sitter, tempo) = (conditions.sitter, conditions.tempo);
        let others: Vec<Sitter> = Sitter::ALL.into_iter().filter(|s| *s != sitter).collect();
        let other = dice.pick(&others).unwrap_or_default();
        let framing = Framing {
            alone: true,
            glasses: conditions.glasses,
            ..Framing::new(SIZE, conditions.face_px)
        };
        let printed = Framing {
            alone: false,
            contrast: dice.between(0.75, 1.0),
            brightness: dice.between(-15.0, 15.0),
            ..framing
        };
        let print = |swipe: Option<((f32, f32), &[usize])>| -> Result<Set, Error> {
            let mut scene = Scene::framed(sitter, &printed)?;
            let swipe = swipe.map(|(length_ms, points)| {
                let at = scene.at_rest(points);
                let sum = at.iter().fold([0.0; 2], |[x, y], p| [x + p[0], y + p[1]]);
                let middle = sum.map(|v| v / at.len().max(1) as f32);
                (Swipe::new(seed, length_ms), middle)
            });
            Ok(Set::Print(
                Box::new(scene),
                Box::new(Hold::new(kind, seed)),
                swipe,
            ))
        };
        let set = match kind {
            Kind::BonaFide | Kind::Frozen => {
                let person = Person::new(sitter, &framing, Behaviour::Obey, seed, tempo)?;
                Set::Person(Box::new(person))
            }
            Kind::PrintHeld | Kind::PrintWaved | Kind::PrintTilted | Kind::PrintBent => {
                print(None)?
            }
            // Corners of both eyes; corners of the mouth.
            Kind::HandOverEyes => print(Some((OVER_EYES_MS, &[33, 133, 362, 263])))?,
            Kind::HandOverMouth => print(Some((OVER_MOUTH_MS, &[61, 291])))?,
            Kind::EyeHoles => Set::Mask(Box::new(Mask::new(&printed, &conditions, other, seed)?)),
            Kind::ReplayOtherScript | Kind::ReplayRandom | Kind::ReplayLooped => {
                let wall = Scene::framed(other, &framing)?.wall().clone();
                let screen = Screen::new(kind, &conditions, wall, seed, script)?;
                Set::Screen(Box::new(screen))
            }
            Kind::FaceSwap => Set::Two(Box::new(Two::swapped(&framing, &conditions, other, seed)?)),
            Kind::StandIn => Set::Two(Box::new(Two::by_turns(&framing, &conditions, other, seed)?)),
            Kind::FlipBook => {
                let person = Person::new(sitter, &framing, Behaviour::Obey, seed, tempo)?;
                Set::Person(Box::new(person.in_stills()))
            }
            Kind::TwoFaces => {
                Set::Two(Box::new(Two::together(&framing, &conditions, other, seed)?))
            }
        };
        let stuck = (kind == Kind::Frozen).then(|| Stuck {
            // From its first frame on, or only when something is asked.
            from: (dice.next() >> 63 == 0).then(Timestamp::default),
            picture: None,
        });
        // A camera in the dark turns its amplifier up.
        let grain = if conditions.light == Light::Dark {
            2.2
        } else {
            1.0
        };
        Ok(Self {
            lens: Lens::new(&conditions, SIZE.0 as usize, dice.sign() < 0.0),
            noise: CameraNoise::grainy(seed, 3 * SIZE.0 as usize, grain),
            conditions,
            set,
            stuck,
            dice,
            again: None,
            seq: 0,
            last: Timestamp::default(),
        })
    }

    /// The conditions it takes place in.
    pub fn conditions(&self) -> &Conditions {
        &self.conditions
    }

    /// Says something after the last frame.
    pub fn hear(&mut self, cue: Cue) {
        let at = self.last;
        match &mut self.set {
            Set::Person(person) => person.hear(at, cue),
            Set::Two(two) => two.hear(at, cue),
            Set::Print(_, hold, swipe) => {
                hold.hear(at, cue);
                if let Some((swipe, _)) = swipe {
                    swipe.hear(at, cue);
                }
            }
            Set::Mask(mask) => mask.hear(at, cue),
            Set::Screen(screen) => screen.hear(at, cue),
        }
        self.again = match cue {
            Cue::Ask(step) => Some((step, self.later(at))),
            Cue::Rest => None,
        };
        if let (Some(stuck), Cue::Ask(_)) = (&mut self.stuck, cue) {
            let wait = Duration::from_millis(self.dice.between(0.0, 1_500.0) as u64);
            stuck.from.get_or_insert(at.after(wait));
        }
    }

    fn later(&mut self, at: Timestamp) -> Timestamp {
        let wait = self.conditions.tempo * self.dice.between(AGAIN_MS.0, AGAIN_MS.1);
        at.after(Duration::from_millis(wait as u64))
    }

    /// Lets a person do again what was not seen. Hands and screens see to that themselves.
    fn try_again(&mut self, at: Timestamp) {
        let Some((step, _)) = self.again.filter(|(_, due)| *due <= at) else {
            return;
        };
        self.again = Some((step, self.later(at)));
        match &mut self.set {
            Set::Person(person) => person.hear(at, Cue::Ask(step)),
            Set::Two(two) => two.try_again(at, step),
            Set::Mask(mask) => mask.hear(at, Cue::Ask(step)),
            Set::Print(..) | Set::Screen(_) => {}
        }
    }

    /// Lets the moment of the next frame pass without taking it.
    pub(super) fn miss_frame(&mut self) {
        self.seq += 1;
    }

    /// The next frame.
    ///
    /// # Errors
    ///
    /// [`Error::Source`] where it cannot be drawn.
    pub fn next_frame(&mut self) -> Result<Frame, Error> {
        if self.seq > 0 && self.dice.next() % 1_000 < LOST {
            self.seq += 1;
        }
        let seq = self.seq;
        self.seq += 1;
        let early = self.conditions.jitter * self.dice.between(-0.5, 0.5);
        let seconds = (seq as f64 + 0.5 + f64::from(early)) / f64::from(self.conditions.fps);
        let at = Timestamp::from_micros((seconds * 1e6) as u64).max(self.last);
        self.last = at;
        self.try_again(at);
        let standing = self.stuck.as_ref().and_then(|stuck| {
            let since = stuck.from.filter(|from| *from <= at);
            since.and(stuck.picture.clone())
        });
        if let Some(image) = standing {
            return Ok(Frame { at, seq, image });
        }
        let image = self.film(at)?;
        if let Some(stuck) = &mut self.stuck {
            stuck.picture = Some(image.clone());
        }
        Ok(Frame { at, seq, image })
    }

    fn film(&mut self, at: Timestamp) -> Result<RgbImage, Error> {
        let face_px = self.conditions.face_px;
        let canvas: &mut Canvas = match &mut self.set {
            Set::Person(person) => person.set(at),
            Set::Two(two) => two.set(at),
            Set::Mask(mask) => mask.set(at),
            Set::Screen(screen) => screen.set(at),
            Set::Print(scene, hold, swipe) => {
                let sheet = hold.sheet(at);
                let target = swipe
                    .as_ref()
                    .map(|(_, spot)| scene.on_print(&sheet, *spot));
                let canvas = scene.set(&Stance::Print(sheet));
                if let (Some((swipe, _)), Some(target)) = (swipe, target) {
                    swipe.draw(canvas, at, target, face_px);
                }
                canvas
            }
        };
        self.lens.expose(canvas);
        let pixels = self.noise.develop(&canvas.pixels, 3 * canvas.width);
        RgbImage::from_raw(SIZE.0, SIZE.1, pixels)
            .ok_or_else(|| Error::source("padtest", "a frame has not the size of its picture"))
    }
}

#[cfg(test)]
mod tests;
