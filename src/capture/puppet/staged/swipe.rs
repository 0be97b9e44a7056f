//! A hand that passes before the eyes or the mouth of a print.
use std::time::Duration;

use crate::{
    capture::puppet::{Cue, dice::Dice, pose::swing, render::Canvas},
    time::Timestamp,
};

/// From a question to the first pass, in milliseconds.
const REACTION_MS: (f32, f32) = (300.0, 900.0);
/// From the end of one pass to the begin of the next, in milliseconds.
const PAUSE_MS: (f32, f32) = (700.0, 2_000.0);
/// Half of the palm along and across, in face widths.
const PALM: [f32; 2] = [0.36, 0.20];
/// Length and half the width of a finger, in face widths.
const FINGER: [f32; 2] = [0.5, 0.052];

/// The hand and what it is about to do.
#[derive(Clone, Debug)]
pub(super) struct Swipe {
    dice: Dice,
    /// Length of a pass, in milliseconds.
    length_ms: (f32, f32),
    skin: [f32; 3],
    /// The side it comes from: -1 or 1.
    side: f32,
    tilt: f32,
    /// The pass under way or to come.
    pass: Option<(Timestamp, Duration)>,
}

impl Swipe {
    /// A hand whose passes take so long.
    pub(super) fn new(seed: u64, length_ms: (f32, f32)) -> Self {
        let mut dice = Dice::new(seed, 9);
        let tone = dice.between(0.45, 1.0);
        Self {
            skin: [216.0, 164.0, 136.0].map(|v: f32| v * tone),
            side: dice.sign(),
            tilt: dice.between(-0.25, 0.25),
            length_ms,
            dice,
            pass: None,
        }
    }

    pub(super) fn hear(&mut self, at: Timestamp, cue: Cue) {
        match cue {
            Cue::Ask(_) => self.plan(at, REACTION_MS),
            // A pass under way is brought to its end.
            Cue::Rest => self.pass = self.pass.filter(|(begin, _)| *begin <= at),
        }
    }

    fn plan(&mut self, from: Timestamp, wait_ms: (f32, f32)) {
        let mut millis = |(low, high)| Duration::from_millis(self.dice.between(low, high) as u64);
        self.pass = Some((from.after(millis(wait_ms)), millis(self.length_ms)));
    }

    /// Draws the hand over `target`, where it is at `at`; faces are `face_px` wide. Moments must not
    /// go back.
    pub(super) fn draw(
        &mut self,
        canvas: &mut Canvas,
        at: Timestamp,
        target: [f32; 2],
        face_px: f32,
    ) {
        let Some((begin, length)) = self.pass else {
            return;
        };
        if at > begin.after(length) {
            self.plan(begin.after(length), PAUSE_MS);
            return;
        }
        if at <= begin {
            return;
        }
        let u = at.since(begin).as_secs_f32() / length.as_secs_f32();
        let away = 1.0 - swing(u, 0.0, 0.35, 0.65, 1.0);
        let middle = [
            target[0] + self.side * away * 1.5 * face_px,
            target[1] + away * 0.5 * face_px,
        ];
        self.paint(canvas, middle, face_px);
    }

    fn paint(&self, canvas: &mut Canvas, middle: [f32; 2], face_px: f32) {
        // As far as the arm goes.
        let reach = 6.0 * face_px;
        let span = |v: f32, most: usize| {
            let clip = |v: f32| (v.max(0.0) as usize).min(most);
            clip(v - reach)..clip(v + reach)
        };
        let (sin, cos) = self.tilt.sin_cos();
        for y in span(middle[1], canvas.height) {
            for x in span(middle[0], canvas.width) {
                let [dx, dy] = [x as f32 - middle[0], y as f32 - middle[1]].map(|v| v / face_px);
                // The fingers point away from the side the arm comes from.
                let along = -self.side * (cos * dx + sin * dy);
                let across = cos * dy - sin * dx;
                let depth = inside(along, across);
                let part = (depth * face_px / 2.0).clamp(0.0, 1.0);
                if part <= 0.0 {
                    continue;
                }
                // Round: darker towards each edge.
                let shade = 0.62 + 0.38 * (depth / 0.05).clamp(0.0, 1.0).sqrt();
                let start = 3 * (y * canvas.width + x);
                let Some(pixel) = canvas.pixels.get_mut(start..start + 3) else {
                    continue;
                };
                for (value, skin) in pixel.iter_mut().zip(self.skin) {
                    *value = (f32::from(*value) * (1.0 - part) + skin * shade * part) as u8;
                }
            }
        }
    }
}

/// How far inside the hand a place is, in face widths; below 0 it is outside. The palm's middle is a
/// little behind the hand's, four fingers point along, a forearm goes back.
fn inside(along: f32, across: f32) -> f32 {
    let palm = {
        let [a, b] = [(along + 0.12) / PALM[0], across / PALM[1]];
        (1.0 - a.hypot(b)) * PALM[1]
    };
    let finger = |i: f32| {
        let offset = (i - 1.5) * 2.0 * FINGER[1];
        let tip = FINGER[0] - 0.05 * (i - 1.2).abs();
        let past = (along - tip).max(0.0).max(0.05 - along);
        FINGER[1] - past.hypot(across - offset)
    };
    let arm = {
        let past = (along + 0.3).max(0.0);
        0.15 - past.hypot(across)
    };
    (0..4)
        .map(|i| finger(i as f32))
        .fold(palm.max(arm), f32::max)
}
