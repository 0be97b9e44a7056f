//! What the subject's head is doing at one moment, and the curves that bring it there and back.
use std::{
    ops::{Add, Mul},
    time::Duration,
};

use crate::{step::Step, time::Timestamp};

/// What a head is doing at one moment; the default is rest.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pose {
    /// Lids: 0 open, 1 shut.
    pub lids: f32,
    /// Jaw: 0 shut, 1 wide open.
    pub jaw: f32,
    /// Turn in degrees, positive towards the subject's own left (larger x).
    pub yaw_deg: f32,
    /// Tilt in degrees, positive with the chin down.
    pub pitch_deg: f32,
    /// Roll in degrees, positive clockwise in the picture.
    pub roll_deg: f32,
    /// Shift to the right, in face widths.
    pub right: f32,
    /// Shift downwards, in face widths.
    pub down: f32,
}

impl Add for Pose {
    type Output = Self;

    /// Movements add; lids and jaw go no further than shut and wide open.
    fn add(self, other: Self) -> Self {
        Self {
            lids: (self.lids + other.lids).min(1.0),
            jaw: (self.jaw + other.jaw).min(1.0),
            yaw_deg: self.yaw_deg + other.yaw_deg,
            pitch_deg: self.pitch_deg + other.pitch_deg,
            roll_deg: self.roll_deg + other.roll_deg,
            right: self.right + other.right,
            down: self.down + other.down,
        }
    }
}

/// How a printed photograph is held at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sheet {
    /// Turn in degrees, positive with the right edge away.
    pub yaw_deg: f32,
    /// Tilt in degrees, positive with the upper edge nearer.
    pub pitch_deg: f32,
    /// Roll in degrees, positive clockwise in the picture.
    pub roll_deg: f32,
    /// Shift to the right, in face widths.
    pub right: f32,
    /// Shift downwards, in face widths.
    pub down: f32,
    /// Bend about the vertical: sheet widths per bending radius, positive with the edges away.
    pub bend: f32,
}

impl Add for Sheet {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            yaw_deg: self.yaw_deg + other.yaw_deg,
            pitch_deg: self.pitch_deg + other.pitch_deg,
            roll_deg: self.roll_deg + other.roll_deg,
            right: self.right + other.right,
            down: self.down + other.down,
            bend: self.bend + other.bend,
        }
    }
}

impl Mul<f32> for Sheet {
    type Output = Self;

    fn mul(self, part: f32) -> Self {
        Self {
            yaw_deg: self.yaw_deg * part,
            pitch_deg: self.pitch_deg * part,
            roll_deg: self.roll_deg * part,
            right: self.right * part,
            down: self.down * part,
            bend: self.bend * part,
        }
    }
}

/// What stands before the camera at one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Stance {
    /// A head.
    Head(Pose),
    /// A print: whatever its pose, the face on it keeps its shape.
    Print(Sheet),
}

/// One performed step: a movement from rest and back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Act {
    pub(super) step: Step,
    pub(super) begin: Timestamp,
    pub(super) length: Duration,
    /// Size of the movement, 1 = usual.
    pub(super) size: f32,
    /// -1 to 1: what comes along with it (a little roll and tilt), and a shake's first side.
    pub(super) manner: f32,
}

/// Peak turn of the head in degrees: a kiosk's arrow asks for about a third of a right angle.
const TURN_DEG: f32 = 38.0;
/// Peak turn to each side of a shake, in degrees.
const SHAKE_DEG: f32 = 34.0;
/// How far the chin goes down in a nod, in degrees.
const NOD_DEG: f32 = 26.0;
/// How far it rises before, in degrees.
const NOD_LIFT_DEG: f32 = 13.0;
/// How far it overshoots after, in degrees.
const NOD_REBOUND_DEG: f32 = 7.0;

impl Act {
    pub(super) fn end(&self) -> Timestamp {
        self.begin.after(self.length)
    }

    /// The movement at `at`; rest before its begin and after its end.
    pub(super) fn pose(&self, at: Timestamp) -> Pose {
        if at <= self.begin || at >= self.end() {
            return Pose::default();
        }
        let u = at.since(self.begin).as_secs_f32() / self.length.as_secs_f32();
        let (size, manner) = (self.size, self.manner);
        let rest = Pose::default();
        match self.step {
            // Lids fall faster than they rise. Source: Evinger et al. 1991.
            Step::Blink => Pose {
                lids: swing(u, 0.0, 0.3, 0.58, 1.0),
                down: 0.004 * swing(u, 0.0, 0.4, 0.5, 1.0),
                ..rest
            },
            Step::BlinkTwice => Pose {
                lids: swing(u, 0.0, 0.12, 0.22, 0.38) + swing(u, 0.62, 0.74, 0.84, 1.0),
                ..rest
            },
            Step::HoldStill => rest,
            Step::OpenMouth => Pose {
                jaw: size * swing(u, 0.0, 0.33, 0.62, 1.0),
                ..rest
            },
            Step::TurnLeft => turn(u, size * TURN_DEG, manner),
            Step::TurnRight => turn(u, -size * TURN_DEG, manner),
            // Chins rise a little before they drop, and a little too far when they come back.
            Step::Nod => Pose {
                pitch_deg: size
                    * (NOD_DEG * swing(u, 0.16, 0.46, 0.5, 0.8)
                        - NOD_LIFT_DEG * swing(u, 0.0, 0.2, 0.21, 0.4)
                        - NOD_REBOUND_DEG * swing(u, 0.56, 0.78, 0.8, 1.0)),
                roll_deg: manner * swing(u, 0.0, 0.4, 0.4, 1.0),
                ..rest
            },
            Step::Shake => {
                let first = swing(u, 0.0, 0.24, 0.30, 0.54);
                let second = swing(u, 0.42, 0.66, 0.72, 1.0);
                Pose {
                    yaw_deg: size * SHAKE_DEG * manner.signum() * (first - second),
                    roll_deg: manner * (first - second),
                    ..rest
                }
            }
        }
    }
}

fn turn(u: f32, yaw_deg: f32, manner: f32) -> Pose {
    let part = swing(u, 0.0, 0.38, 0.60, 1.0);
    Pose {
        yaw_deg: yaw_deg * part,
        pitch_deg: 1.5 * manner * part,
        roll_deg: 2.0 * manner * part,
        right: yaw_deg.signum() * 0.02 * part,
        ..Pose::default()
    }
}

/// 0 until `a`, up to 1 at `b`, 1 until `c`, down to 0 at `d`; smooth in speed all the way.
pub(super) fn swing(u: f32, a: f32, b: f32, c: f32, d: f32) -> f32 {
    let ramp = |from: f32, to: f32| minimum_jerk(((u - from) / (to - from)).clamp(0.0, 1.0));
    ramp(a, b) * (1.0 - ramp(c, d))
}

/// The way from 0 to 1 that human limbs take.
///
/// Source: Flash and Hogan 1985: 10u³ - 15u⁴ + 6u⁵.
fn minimum_jerk(u: f32) -> f32 {
    u * u * u * (10.0 - u * (15.0 - 6.0 * u))
}

/// Rows of the matrix that rolls, then tilts, then turns; signs as in [`Pose`].
pub(super) fn rotation(yaw_deg: f32, pitch_deg: f32, roll_deg: f32) -> [[f32; 3]; 3] {
    let [(sy, cy), (sp, cp), (sr, cr)] =
        [yaw_deg, pitch_deg, roll_deg].map(|deg| deg.to_radians().sin_cos());
    [
        [cy * cr - sy * sp * sr, -cy * sr - sy * sp * cr, -sy * cp],
        [cp * sr, cp * cr, -sp],
        [sy * cr + cy * sp * sr, -sy * sr + cy * sp * cr, cy * cp],
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_act() -> impl Strategy<Value = Act> {
        let step = proptest::sample::select(Step::MOVES.to_vec());
        (step, 150u64..1900, 0.9f32..1.1, -1f32..1.0).prop_map(|(step, ms, size, manner)| Act {
            step,
            begin: Timestamp::from_millis(1000),
            length: Duration::from_millis(ms),
            size,
            manner,
        })
    }

    fn numbers(p: Pose) -> [f32; 7] {
        [
            p.lids,
            p.jaw,
            p.yaw_deg / 30.0,
            p.pitch_deg / 30.0,
            p.roll_deg / 30.0,
            p.right,
            p.down,
        ]
    }

    proptest! {
        #[test]
        fn an_act_begins_and_ends_at_rest(act in any_act()) {
            prop_assert_eq!(act.pose(act.begin), Pose::default());
            prop_assert_eq!(act.pose(act.end()), Pose::default());
        }

        #[test]
        fn an_act_never_jumps(act in any_act()) {
            // The steepest curve, the first of two blinks, shuts the lids in an eighth of its length.
            let most = 1.01 * 1.875 / 0.12 / (act.length.as_secs_f32() * 1000.0) * act.size.max(1.0);
            for ms in 990..1000 + act.length.as_millis() as u64 + 10 {
                let (a, b) = (act.pose(Timestamp::from_millis(ms)), act.pose(Timestamp::from_millis(ms + 1)));
                for (x, y) in numbers(a).into_iter().zip(numbers(b)) {
                    prop_assert!((x - y).abs() <= most, "{act:?} at {ms}: {x} to {y}");
                }
            }
        }

        #[test]
        fn an_act_moves_what_its_step_names_and_no_more(act in any_act()) {
            let (mut least, mut most) = (Pose::default(), Pose::default());
            for ms in (1000..1000 + act.length.as_millis() as u64).step_by(5) {
                let p = act.pose(Timestamp::from_millis(ms));
                most.lids = most.lids.max(p.lids);
                most.jaw = most.jaw.max(p.jaw);
                most.yaw_deg = most.yaw_deg.max(p.yaw_deg);
                least.yaw_deg = least.yaw_deg.min(p.yaw_deg);
                most.pitch_deg = most.pitch_deg.max(p.pitch_deg);
            }
            let seen = [
                (if act.step == Step::BlinkTwice { act.step } else { Step::Blink }, most.lids > 0.95),
                (Step::OpenMouth, most.jaw > 0.5),
                (Step::TurnLeft, most.yaw_deg > 20.0 && least.yaw_deg > -1.0),
                (Step::TurnRight, least.yaw_deg < -20.0 && most.yaw_deg < 1.0),
                (Step::Nod, most.pitch_deg > 12.0),
                (Step::Shake, most.yaw_deg > 18.0 && least.yaw_deg < -18.0),
            ];
            for (step, shown) in seen {
                prop_assert_eq!(shown, step == act.step, "{} of {:?}", step, act);
            }
        }
    }
}
