//! The hand that holds a print, or a screen: how it moves it when something is asked.
use std::time::Duration;

use crate::{
    capture::puppet::{Cue, Kind, Sheet, dice::Dice, idle::Idle, pose::swing},
    step::Step,
    time::Timestamp,
};

/// From a question to the first movement, in milliseconds: an attacker is as quick as anybody.
const REACTION_MS: (f32, f32) = (300.0, 900.0);
/// Length of a movement, in milliseconds: that of a head's.
const LENGTH_MS: (f32, f32) = (900.0, 1_800.0);
/// From one try's begin to the next one's, in milliseconds, while nothing else is asked.
const AGAIN_MS: (f32, f32) = (2_200.0, 3_200.0);
/// How far a print is turned or tilted, in degrees.
const SWING_DEG: (f32, f32) = (22.0, 42.0);
/// Width of a face in millimetres, ear to ear.
const FACE_MM: f32 = 145.0;
/// Width of the sheet in face widths; see `sheet.rs`.
const SHEET: f32 = 2.1;

/// One movement of the sheet and back; a shake goes the other way, too.
#[derive(Clone, Copy, Debug)]
struct Move {
    begin: Timestamp,
    length: Duration,
    peak: Sheet,
    shake: bool,
}

impl Move {
    fn sheet(&self, at: Timestamp) -> Sheet {
        let u = at.since(self.begin).as_secs_f32() / self.length.as_secs_f32();
        if at <= self.begin || u >= 1.0 {
            return Sheet::default();
        }
        let part = if self.shake {
            swing(u, 0.0, 0.24, 0.30, 0.54) - swing(u, 0.42, 0.66, 0.72, 1.0)
        } else {
            swing(u, 0.0, 0.38, 0.60, 1.0)
        };
        self.peak * part
    }
}

/// The hand that holds something flat.
#[derive(Clone, Debug)]
pub(super) struct Hold {
    kind: Kind,
    idle: Idle,
    /// How much of an untrained hand's sway is left.
    calm: f32,
    bend: f32,
    dice: Dice,
    moves: Vec<Move>,
    /// What is asked, and when it is tried next.
    asked: Option<(Step, Timestamp)>,
}

impl Hold {
    /// A hand that presents `kind`.
    pub(super) fn new(kind: Kind, seed: u64) -> Self {
        let mut dice = Dice::new(seed, 8);
        let calm = match kind {
            // A tablet is heavy, or stands.
            Kind::ReplayOtherScript | Kind::ReplayRandom | Kind::ReplayLooped => {
                dice.between(0.02, 0.2)
            }
            _ => dice.between(0.05, 0.4),
        };
        // Radius 60-200 mm. With the edges nearer than the middle, paper hides its own face when
        // it is bent much: such bends stay gentle.
        let bend = if kind == Kind::PrintBent {
            let away = dice.between(0.0, 1.0) < 0.7;
            let least = if away { 60.0 } else { 140.0 };
            let bend = SHEET * FACE_MM / dice.between(least, 200.0);
            if away { bend } else { -bend }
        } else {
            0.0
        };
        Self {
            kind,
            idle: Idle::new(seed),
            calm,
            bend,
            dice,
            moves: Vec::new(),
            asked: None,
        }
    }

    pub(super) fn hear(&mut self, at: Timestamp, cue: Cue) {
        self.asked = match cue {
            Cue::Ask(step) => {
                let wait = self.dice.between(REACTION_MS.0, REACTION_MS.1);
                Some((step, at.after(Duration::from_millis(wait as u64))))
            }
            Cue::Rest => None,
        };
    }

    /// How the sheet is held at `at`. Moments must not go back.
    pub(super) fn sheet(&mut self, at: Timestamp) -> Sheet {
        if let Some((step, begin)) = self.asked
            && begin <= at
        {
            self.try_step(step, begin);
        }
        self.moves.retain(|m| m.begin.after(m.length) > at);
        let rest = self.idle.hold(at) * self.calm;
        let moved = self.moves.iter().fold(rest, |sheet, m| sheet + m.sheet(at));
        Sheet {
            bend: self.bend + moved.bend,
            ..moved
        }
    }

    fn try_step(&mut self, step: Step, begin: Timestamp) {
        let millis = |dice: &mut Dice, (low, high): (f32, f32)| {
            Duration::from_millis(dice.between(low, high) as u64)
        };
        let length = millis(&mut self.dice, LENGTH_MS);
        self.asked = Some((
            step,
            begin
                .after(millis(&mut self.dice, AGAIN_MS))
                .max(begin.after(length)),
        ));
        let deg = self.dice.between(SWING_DEG.0, SWING_DEG.1);
        let (sign, part) = (self.dice.sign(), self.dice.between(0.1, 0.3));
        let rest = Sheet::default();
        let turned = match step {
            Step::TurnLeft => Sheet {
                yaw_deg: deg,
                ..rest
            },
            Step::TurnRight => Sheet {
                yaw_deg: -deg,
                ..rest
            },
            Step::Shake => Sheet {
                yaw_deg: sign * deg,
                ..rest
            },
            Step::Nod => Sheet {
                pitch_deg: deg,
                ..rest
            },
            Step::HoldStill => rest,
            Step::Blink | Step::BlinkTwice | Step::OpenMouth => Sheet {
                pitch_deg: sign * deg,
                ..rest
            },
        };
        let peak = match self.kind {
            Kind::PrintWaved => {
                turned
                    + Sheet {
                        right: sign * part,
                        down: part / 2.0,
                        ..rest
                    }
            }
            Kind::PrintTilted => Sheet {
                pitch_deg: if step == Step::Nod { deg } else { sign * deg },
                roll_deg: sign * deg / 2.0,
                ..rest
            },
            Kind::PrintBent => turned,
            // The other hand does what lids and lips would.
            Kind::HandOverEyes | Kind::HandOverMouth
                if !matches!(step, Step::Blink | Step::OpenMouth) =>
            {
                turned
            }
            _ => return,
        };
        let shake = step == Step::Shake;
        self.moves.push(Move {
            begin,
            length,
            peak,
            shake,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Least and most of something about the sheet, before and after a question at second 2.
    fn spans(kind: Kind, step: Step, seed: u64, of: impl Fn(Sheet) -> f32) -> [f32; 2] {
        let mut hold = Hold::new(kind, seed);
        let mut span = |from: u64| {
            let values: Vec<f32> = (from..from + 2_500)
                .step_by(20)
                .map(|ms| of(hold.sheet(Timestamp::from_millis(ms))))
                .collect();
            if from == 0 {
                hold.hear(Timestamp::from_millis(2_500), Cue::Ask(step));
            }
            let most = values.iter().copied().fold(f32::MIN, f32::max);
            most - values.iter().copied().fold(f32::MAX, f32::min)
        };
        [span(0), span(2_500)]
    }

    #[test]
    fn a_print_moves_when_it_is_asked_to_and_as_its_kind_says() {
        for seed in 0..20 {
            let [before, after] = spans(Kind::PrintWaved, Step::TurnLeft, seed, |s| s.yaw_deg);
            assert!(before < 14.0 && after > 18.0, "{seed}: {before} {after}");
            let [_, tilt] = spans(Kind::PrintTilted, Step::Nod, seed, |s| s.pitch_deg);
            assert!(tilt > 18.0, "{seed}: {tilt}");
            let [_, held] = spans(Kind::PrintHeld, Step::Nod, seed, |s| s.pitch_deg);
            assert!(held < 14.0, "{seed}: {held}");
        }
    }

    #[test]
    fn a_bent_print_has_a_radius_of_60_to_200_mm_and_no_other_is_bent() {
        for seed in 0..200 {
            let bend = |kind| Hold::new(kind, seed).bend;
            let radius_mm = SHEET * FACE_MM / bend(Kind::PrintBent).abs();
            assert!((59.9..200.1).contains(&radius_mm), "{radius_mm}");
            assert!(bend(Kind::PrintWaved).abs() < 1e-6);
        }
    }
}
