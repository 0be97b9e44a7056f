//! Two people: one after the other in the same place, or side by side.
use std::time::Duration;

use crate::{
    capture::puppet::{
        Behaviour, Cue, Performance, Pose, Sitter, Stance,
        anatomy::smooth,
        conditions::Conditions,
        dice::Dice,
        render::Canvas,
        scene::{Framing, Scene},
    },
    error::Error,
    step::Step,
    time::Timestamp,
};

/// Somebody before a camera.
#[derive(Clone, Debug)]
pub(super) struct Person {
    scene: Scene,
    performance: Performance,
    /// Whether each pose jumps from one end to the other.
    stills: bool,
}

impl Person {
    pub(super) fn new(
        sitter: Sitter,
        framing: &Framing,
        behaviour: Behaviour,
        seed: u64,
        tempo: f32,
    ) -> Result<Self, Error> {
        Ok(Self {
            scene: Scene::framed(sitter, framing)?,
            performance: Performance::paced(behaviour, seed, tempo),
            stills: false,
        })
    }

    /// Shown by photographs, one for each thing that can be asked.
    pub(super) fn in_stills(self) -> Self {
        Self {
            stills: true,
            ..self
        }
    }

    /// Whether a gesture is under way.
    fn is_moving(&self, at: Timestamp) -> bool {
        self.performance.performing(at).next().is_some()
    }

    pub(super) fn hear(&mut self, at: Timestamp, cue: Cue) {
        self.performance.hear(at, cue);
    }

    pub(super) fn set(&mut self, at: Timestamp) -> &mut Canvas {
        let stance: Stance = match self.performance.stance(at) {
            Stance::Head(pose) if self.stills => Stance::Head(still(&pose)),
            stance => stance,
        };
        self.scene.set(&stance)
    }
}

/// How far each goes on the photographs that show it, and from where on one of them is shown.
const SHUT: (f32, f32) = (1.0, 0.5);
const OPEN: (f32, f32) = (0.7, 0.35);
const TURNED_DEG: (f32, f32) = (30.0, 14.0);
const NODDED_DEG: (f32, f32) = (22.0, 10.0);

/// The photograph that is nearest to a pose.
fn still(pose: &Pose) -> Pose {
    let nearest = |value: f32, (whole, from): (f32, f32)| {
        if value.abs() > from {
            whole * value.signum()
        } else {
            0.0
        }
    };
    Pose {
        lids: nearest(pose.lids, SHUT),
        jaw: nearest(pose.jaw, OPEN),
        yaw_deg: nearest(pose.yaw_deg, TURNED_DEG),
        pitch_deg: nearest(pose.pitch_deg, NODDED_DEG),
        ..Pose::default()
    }
}

/// When, after the question that it waits for, a swap or an entrance begins, in milliseconds.
const AFTER_MS: (f32, f32) = (200.0, 2_500.0);
/// How long a swap takes, and an entrance, in milliseconds.
const SWAP_MS: (f32, f32) = (0.0, 400.0);
const ENTER_MS: (f32, f32) = (300.0, 900.0);
/// Half of the width over which one person's room turns into the other one's, in frame widths.
const SEAM: f32 = 0.05;

/// How the second person comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// In the first one's place.
    Over,
    /// Beside the first one, from the right.
    Beside,
    /// In the first one's place, for each gesture.
    ByTurns,
}

/// Two people before one camera.
#[derive(Clone, Debug)]
pub(super) struct Two {
    first: Person,
    second: Person,
    way: Way,
    dice: Dice,
    /// Questions still to come before the second one moves.
    wait: u8,
    /// When that begins, and how long it takes.
    change: Option<(Timestamp, Duration)>,
    canvas: Canvas,
}

impl Two {
    /// One person, and after the first or second question another one in the same place.
    pub(super) fn swapped(
        framing: &Framing,
        conditions: &Conditions,
        other: Sitter,
        seed: u64,
    ) -> Result<Self, Error> {
        let mut dice = Dice::new(seed, 13);
        let wait = if dice.next() >> 63 == 0 { 1 } else { 2 };
        let tempo = conditions.tempo;
        let person = |sitter, seed| Person::new(sitter, framing, Behaviour::Obey, seed, tempo);
        let first = person(conditions.sitter, seed)?;
        let second = person(other, seed ^ 1)?;
        Ok(Self::new(first, second, Way::Over, dice, wait))
    }

    /// One person at rest, and another one in the same place for each gesture.
    pub(super) fn by_turns(
        framing: &Framing,
        conditions: &Conditions,
        other: Sitter,
        seed: u64,
    ) -> Result<Self, Error> {
        let tempo = conditions.tempo;
        let first = Person::new(conditions.sitter, framing, Behaviour::Still, seed, tempo)?;
        let second = Person::new(other, framing, Behaviour::Obey, seed ^ 1, tempo)?;
        let dice = Dice::new(seed, 16);
        Ok(Self::new(first, second, Way::ByTurns, dice, 0))
    }

    /// Two people side by side, of whom one obeys. The second one is there from the begin, or comes
    /// when something is asked.
    pub(super) fn together(
        framing: &Framing,
        conditions: &Conditions,
        other: Sitter,
        seed: u64,
    ) -> Result<Self, Error> {
        let mut dice = Dice::new(seed, 14);
        let (wait, tempo) = (dice.pick(&[0, 1, 1]).unwrap_or(1), conditions.tempo);
        let (near, far) = if dice.next() >> 63 == 0 {
            (Behaviour::Obey, Behaviour::Still)
        } else {
            (Behaviour::Still, Behaviour::Obey)
        };
        let face_px = conditions.face_px.min(130.0);
        let left = Framing {
            face_px,
            at: [0.36, framing.at[1]],
            ..*framing
        };
        let right = Framing {
            face_px: face_px * dice.between(0.6, 0.95),
            at: [0.76, framing.at[1] + dice.between(-0.05, 0.1)],
            ..*framing
        };
        let first = Person::new(conditions.sitter, &left, near, seed, tempo)?;
        let second = Person::new(other, &right, far, seed ^ 1, tempo)?;
        let mut two = Self::new(first, second, Way::Beside, dice, wait);
        if wait == 0 {
            two.change = Some((Timestamp::default(), Duration::ZERO));
        }
        Ok(two)
    }

    fn new(mut first: Person, second: Person, way: Way, dice: Dice, wait: u8) -> Self {
        let canvas = first.set(Timestamp::default()).clone();
        Self {
            first,
            second,
            way,
            dice,
            wait,
            change: None,
            canvas,
        }
    }

    pub(super) fn hear(&mut self, at: Timestamp, cue: Cue) {
        self.first.hear(at, cue);
        self.second.hear(at, cue);
        if let (Cue::Ask(_), 1..) = (cue, self.wait) {
            self.wait -= 1;
            if self.wait == 0 {
                let takes = if self.way == Way::Over {
                    SWAP_MS
                } else {
                    ENTER_MS
                };
                let mut millis =
                    |(low, high)| Duration::from_millis(self.dice.between(low, high) as u64);
                self.change = Some((at.after(millis(AFTER_MS)), millis(takes)));
            }
        }
    }

    /// Lets both do again what was not seen.
    pub(super) fn try_again(&mut self, at: Timestamp, step: Step) {
        self.first.hear(at, Cue::Ask(step));
        self.second.hear(at, Cue::Ask(step));
    }

    /// Both at `at`, as they are.
    pub(super) fn set(&mut self, at: Timestamp) -> &mut Canvas {
        if self.way == Way::ByTurns {
            let shown = if self.second.is_moving(at) {
                &mut self.second
            } else {
                &mut self.first
            };
            let shown = shown.set(at);
            self.canvas.pixels.copy_from_slice(&shown.pixels);
            return &mut self.canvas;
        }
        let part = self.change.map_or(0.0, |(begin, length)| {
            let since = at.since(begin).as_secs_f32();
            if at < begin {
                0.0
            } else {
                smooth(since / length.as_secs_f32().max(1e-3))
            }
        });
        let first = self.first.set(at);
        self.canvas.pixels.copy_from_slice(&first.pixels);
        if part <= 0.0 {
            return &mut self.canvas;
        }
        let second = self.second.set(at);
        match self.way {
            Way::Over | Way::ByTurns => blend(&mut self.canvas, second, |_| part, 0),
            Way::Beside => {
                let width = second.width as f32;
                let shift = (1.0 - part) * 0.5 * width;
                let seam = 0.56 * width + shift;
                let weight = |x: usize| smooth((x as f32 - seam) / (2.0 * SEAM * width) + 0.5);
                blend(&mut self.canvas, second, weight, shift as usize);
            }
        }
        &mut self.canvas
    }
}

/// Mixes `from`, moved `shift` to the right, into `to`; `weight` says how much of it each column has.
fn blend(to: &mut Canvas, from: &Canvas, weight: impl Fn(usize) -> f32, shift: usize) {
    let width = to.width.max(1);
    let weights: Vec<f32> = (0..width).map(weight).collect();
    let rows = to
        .pixels
        .chunks_mut(3 * width)
        .zip(from.pixels.chunks(3 * width));
    for (to, from) in rows {
        let to = to
            .as_chunks_mut::<3>()
            .0
            .iter_mut()
            .zip(&weights)
            .skip(shift);
        for ((to, &weight), from) in to.zip(from.as_chunks::<3>().0) {
            for (to, &from) in to.iter_mut().zip(from) {
                *to = (f32::from(*to) * (1.0 - weight) + f32::from(from) * weight) as u8;
            }
        }
    }
}
