//! What a living body does when nothing is asked of it: sway, breath, a blink now and then.
use std::{f32::consts::TAU, time::Duration};

use crate::{step::Step, time::Timestamp};

use super::{
    dice::Dice,
    pose::{Act, Pose, Sheet},
};

/// A sum of three slow waves of its own phases: never still, never far from zero.
#[derive(Clone, Debug)]
struct Drift([(f32, f32); 3]);

impl Drift {
    fn new(dice: &mut Dice, hertz: f32) -> Self {
        // Incommensurate factors, so that the sum does not repeat within a session.
        Self(
            [1.0, 1.73, 2.91]
                .map(|k| (k * hertz * dice.between(0.85, 1.15), dice.between(0.0, TAU))),
        )
    }

    /// In about `-1.0..=1.0`.
    fn at(&self, t: f32) -> f32 {
        let [a, b, c] = self.0.map(|(hertz, phase)| (TAU * hertz * t + phase).sin());
        0.55 * a + 0.3 * b + 0.15 * c
    }
}

/// The resting movement of one subject, or of the hand that holds a print.
#[derive(Clone, Debug)]
pub(super) struct Idle {
    drifts: [Drift; 6],
    breath: (f32, f32),
    seed: u64,
}

/// One spontaneous blink falls into each window: about 13 a minute.
/// Source: Bentivoglio et al. 1997 (17 at rest, fewer when attending).
const BLINK_EVERY_MS: u64 = 4_600;

impl Idle {
    pub(super) fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed, 1);
        let hertz = [0.11, 0.13, 0.09, 0.10, 0.12, 0.17];
        Self {
            drifts: hertz.map(|hertz| Drift::new(&mut dice, hertz)),
            breath: (dice.between(0.22, 0.3), dice.between(0.0, TAU)),
            seed,
        }
    }

    fn drift(&self, at: Timestamp) -> [f32; 6] {
        let t = at.since(Timestamp::default()).as_secs_f32();
        self.drifts.each_ref().map(|drift| drift.at(t))
    }

    /// Sway and breath of a head at `at`, without blinks.
    pub(super) fn sway(&self, at: Timestamp) -> Pose {
        let [yaw, pitch, roll, right, down, _] = self.drift(at);
        let t = at.since(Timestamp::default()).as_secs_f32();
        let breath = (TAU * self.breath.0 * t + self.breath.1).sin();
        Pose {
            yaw_deg: 1.4 * yaw,
            pitch_deg: 0.8 * pitch + 0.2 * breath,
            roll_deg: 1.0 * roll,
            right: 0.02 * right,
            down: 0.012 * down + 0.006 * breath,
            ..Pose::default()
        }
    }

    /// The print in its hand at `at`: slow swings, and a tremor that a resting head lacks.
    pub(super) fn hold(&self, at: Timestamp) -> Sheet {
        let [yaw, pitch, roll, right, down, bend] = self.drift(at);
        // The same waves, seven times as fast: about 0.8 Hz.
        let [shake_x, shake_y, ..] =
            self.drift(Timestamp::from_micros(at.as_micros().saturating_mul(7)));
        Sheet {
            yaw_deg: 14.0 * yaw,
            pitch_deg: 9.0 * pitch,
            roll_deg: 4.0 * roll,
            right: 0.15 * right + 0.02 * shake_x,
            down: 0.09 * down + 0.015 * shake_y,
            bend: 0.25 * bend,
        }
    }

    /// The spontaneous blink of the window that `at` is in; it lies within that window.
    pub(super) fn blink(&self, at: Timestamp) -> Act {
        let window = at.as_micros() / 1_000 / BLINK_EVERY_MS;
        let mut dice = Dice::new(self.seed.wrapping_add(window), 2);
        let offset_ms = dice.between(900.0, BLINK_EVERY_MS as f32 - 400.0);
        Act {
            step: Step::Blink,
            begin: Timestamp::from_millis(window * BLINK_EVERY_MS + offset_ms as u64),
            length: Duration::from_millis(dice.between(190.0, 250.0) as u64),
            size: 1.0,
            manner: 0.0,
        }
    }
}
