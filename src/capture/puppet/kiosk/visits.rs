//! Who comes to the kiosk when, and what its camera sees of that.
use std::{f32::consts::TAU, time::Duration};

use image::RgbImage;

use crate::{
    capture::puppet::{
        Conditions, Cue, Kind, Sitter, Staged,
        camera_noise::CameraNoise,
        dice::Dice,
        render::Canvas,
        scene::{Framing, Scene},
    },
    error::Error,
    time::Timestamp,
};

/// Width and height of the frames: those of whoever is staged.
pub(super) const SIZE: (u32, u32) = (640, 480);
/// How long nobody is there, and how long somebody stays, in seconds: a face costs four times as much to
/// draw and to look at as an empty room, and most sessions take eight.
const NOBODY_S: (f32, f32) = (5.0, 45.0);
const SOMEBODY_S: (f32, f32) = (6.0, 18.0);
/// Of so many visitors one attacks.
const ATTACKS: u64 = 4;
/// The light in the empty room, 1 = as in the photograph: clouds and lamps, waves of so many seconds.
const LIGHT: f32 = 0.75;
const WAVES: [(f32, f32); 2] = [(0.35, 5_400.0), (0.1, 37.0)];

/// Somebody who comes to the kiosk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visit {
    /// Who: a person, or an attack.
    pub kind: Kind,
    /// When it begins.
    pub from: Timestamp,
    /// When it is over.
    pub to: Timestamp,
    seed: u64,
}

/// Visits, one after the other, without an end.
#[derive(Clone, Debug)]
pub struct Visits {
    dice: Dice,
    last: Timestamp,
}

impl Visits {
    /// At random moments that follow from the seed.
    pub fn new(seed: u64) -> Self {
        Self {
            dice: Dice::new(seed, 21),
            last: Timestamp::default(),
        }
    }

    fn seconds(&mut self, (low, high): (f32, f32)) -> Duration {
        Duration::from_secs_f32(self.dice.between(low, high))
    }
}

impl Iterator for Visits {
    type Item = Visit;

    fn next(&mut self) -> Option<Visit> {
        let from = self.last.after(self.seconds(NOBODY_S));
        let to = from.after(self.seconds(SOMEBODY_S));
        self.last = to;
        let kind = if self.dice.next().is_multiple_of(ATTACKS) {
            // A camera that stands still is one of the mishaps.
            let attacks: Vec<Kind> = (Kind::ALL.into_iter())
                .filter(|kind| !matches!(kind, Kind::BonaFide | Kind::Frozen))
                .collect();
            self.dice.pick(&attacks)?
        } else {
            Kind::BonaFide
        };
        let seed = self.dice.next();
        Some(Visit {
            kind,
            from,
            to,
            seed,
        })
    }
}

/// The room before the camera, with or without somebody.
#[derive(Debug)]
pub(super) struct Room {
    fps: u32,
    visits: Visits,
    /// The visit that is under way, or comes next.
    visit: Option<Visit>,
    who: Option<Box<Staged>>,
    wall: Canvas,
    lit: Vec<u8>,
    noise: CameraNoise,
}

impl Room {
    pub(super) fn new(seed: u64, fps: u32) -> Result<Self, Error> {
        let mut visits = Visits::new(seed);
        let framing = Framing::new(SIZE, 150.0);
        let wall = Scene::framed(Sitter::default(), &framing)?.wall().clone();
        Ok(Self {
            fps,
            visit: visits.next(),
            visits,
            who: None,
            lit: vec![0; wall.pixels.len()],
            noise: CameraNoise::new(seed, 3 * wall.width),
            wall,
        })
    }

    /// Says something to whoever is there.
    pub(super) fn hear(&mut self, cue: Cue) {
        if let Some(who) = &mut self.who {
            who.hear(cue);
        }
    }

    /// Lets those go whose visit is over.
    fn leave(&mut self, at: Timestamp) {
        while self.visit.is_some_and(|visit| visit.to <= at) {
            self.who = None;
            self.visit = self.visits.next();
        }
    }

    /// What the camera sees.
    pub(super) fn picture(&mut self, at: Timestamp) -> Result<RgbImage, Error> {
        self.leave(at);
        let Some(visit) = self.visit.filter(|visit| visit.from <= at) else {
            return self.nobody(at);
        };
        let who = match self.who.take() {
            Some(who) => who,
            None => {
                let drawn = Conditions::draw(visit.kind, &mut Dice::new(visit.seed, 7));
                let conditions = Conditions {
                    fps: self.fps as f32,
                    jitter: 0.0,
                    ..drawn
                };
                Box::new(Staged::under(visit.kind, conditions, visit.seed, &[])?)
            }
        };
        let who = self.who.insert(who);
        Ok(who.next_frame()?.image)
    }

    /// Lets the moment of a frame pass: for whoever is there as well.
    pub(super) fn miss(&mut self, at: Timestamp) {
        self.leave(at);
        if let Some(who) = &mut self.who {
            who.miss_frame();
        }
    }

    fn nobody(&mut self, at: Timestamp) -> Result<RgbImage, Error> {
        let t = at.since(Timestamp::default()).as_secs_f32();
        let waves = WAVES.map(|(high, long)| high * (TAU * t / long).sin());
        let light = ((LIGHT + waves.iter().sum::<f32>()) * 256.0) as u16;
        for (lit, &wall) in self.lit.iter_mut().zip(&self.wall.pixels) {
            *lit = ((u32::from(wall) * u32::from(light)) >> 8).min(255) as u8;
        }
        developed(&mut self.noise, &self.lit)
    }

    /// What the camera sees with its lens covered.
    pub(super) fn black(&mut self) -> Result<RgbImage, Error> {
        self.lit.fill(0);
        developed(&mut self.noise, &self.lit)
    }
}

fn developed(noise: &mut CameraNoise, scene: &[u8]) -> Result<RgbImage, Error> {
    let pixels = noise.develop(scene, 3 * SIZE.0 as usize);
    RgbImage::from_raw(SIZE.0, SIZE.1, pixels)
        .ok_or_else(|| Error::source("the kiosk", "a frame has not the size of its picture"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_in_four_are_people_and_they_come_and_go() {
        let all: Vec<Visit> = Visits::new(5).take(2_000).collect();
        let people = all.iter().filter(|v| v.kind == Kind::BonaFide).count();
        assert!((1_440..1_560).contains(&people), "{people}");
        assert!(all.windows(2).all(|pair| pair[0].to < pair[1].from));
        assert!(all.iter().all(|v| v.kind != Kind::Frozen));
        assert_eq!(all[..9], Visits::new(5).take(9).collect::<Vec<_>>());
    }

    #[test]
    fn the_empty_room_changes_its_light_and_never_gives_a_picture_twice() {
        let mut room = Room::new(3, 15).unwrap();
        let mut seen = |seconds: u64| {
            let at = Timestamp::default().after(Duration::from_secs(seconds));
            room.nobody(at).unwrap()
        };
        let mean = |image: &RgbImage| {
            image.iter().map(|&v| u64::from(v)).sum::<u64>() / image.len() as u64
        };
        let (now, next, later) = (seen(0), seen(0), seen(1_350));
        assert!(now != next);
        assert!(mean(&later) > mean(&now) + 15, "{}", mean(&later));
        assert!(room.black().unwrap().iter().all(|&v| v <= 16));
    }
}
