//! Glasses: rims, a bridge and temples that go with the head.
use super::{conditions::Glasses, render::Paint, rig::Rig};

/// Corners of each eye in the mesh, outer one first for the left, inner one first for the right: from
/// the smaller x to the larger.
const EYES: [[usize; 2]; 2] = [[33, 133], [362, 263]];
/// Where the temples end: before the ears.
const TEMPLES: [usize; 2] = [127, 356];
/// Sides of a rim.
const SIDES: usize = 24;
/// Half a lens each way, in widths of the eye.
const LENS: [f32; 2] = [0.95, 0.72];
/// What glasses must stand before: bridge and root of the nose, brows.
const BEHIND: [usize; 6] = [168, 6, 8, 9, 105, 334];
/// How far they stand before that, in face widths.
const BEFORE: f32 = 0.03;

/// Thickness of a rim, in face widths, and its colour.
fn rim(glasses: Glasses) -> Option<(f32, [u8; 3])> {
    match glasses {
        Glasses::Without => None,
        Glasses::Thin => Some((0.012, [92, 84, 76])),
        Glasses::Thick => Some((0.032, [28, 24, 24])),
    }
}

impl Rig {
    /// Puts on glasses.
    pub(super) fn put_on(&mut self, glasses: Glasses) {
        let Some((thick, colour)) = rim(glasses) else {
            return;
        };
        let (width, paint) = (self.width(), Paint::Flat(colour));
        let nearest = BEHIND
            .map(|i| self.rest(i)[2])
            .into_iter()
            .fold(f32::MAX, f32::min);
        let z = nearest - BEFORE * width;
        let mut inner_ends = Vec::new();
        for (side, (eye, temple)) in EYES.into_iter().zip(TEMPLES).enumerate() {
            let [a, b] = eye.map(|i| self.rest(i));
            let middle = [0, 1, 2].map(|axis| (a[axis] + b[axis]) / 2.0);
            let across = b[0] - a[0];
            let ring = |rig: &mut Self, more: f32| -> [usize; SIDES] {
                std::array::from_fn(|i| {
                    let (sin, cos) = (std::f32::consts::TAU * i as f32 / SIDES as f32).sin_cos();
                    // Between an ellipse and a rectangle, as frames are.
                    let squarer = |v: f32| v.signum() * v.abs().powf(0.7);
                    let at = |axis: usize, v: f32| {
                        middle[axis] + squarer(v) * (LENS[axis] * across + more)
                    };
                    rig.add_point([at(0, cos), at(1, sin), z])
                })
            };
            let (outer, inner) = (ring(self, thick * width), ring(self, 0.0));
            for i in 0..SIDES {
                let j = (i + 1) % SIDES;
                self.add_quad([outer[i], outer[j], inner[j], inner[i]], paint);
            }
            // Number 0 is at the right end of the lens, the middle one at its left.
            let (towards_nose, towards_ear) = if side == 0 {
                (0, SIDES / 2)
            } else {
                (SIDES / 2, 0)
            };
            inner_ends.push(outer[towards_nose]);
            let hinge = self.rest(outer[towards_ear]);
            self.add_bar(hinge, self.rest(temple), thick * width, paint);
            if glasses == Glasses::Thick {
                self.add_glare(middle, across, z);
            }
        }
        if let [left, right] = inner_ends.as_slice() {
            self.add_bar(self.rest(*left), self.rest(*right), thick * width, paint);
        }
    }

    /// A light mirrored in the upper part of a lens: a slanted streak.
    fn add_glare(&mut self, middle: [f32; 3], across: f32, z: f32) {
        let corner = |rig: &mut Self, x: f32, y: f32| {
            rig.add_point([middle[0] + x * across, middle[1] + y * across, z])
        };
        let corners = [(0.30, -0.62), (0.52, -0.62), (0.28, -0.22), (0.06, -0.22)];
        let [a, b, c, d] = corners.map(|(x, y)| corner(self, x, y));
        self.add_quad([a, b, c, d], Paint::Flat([214, 220, 228]));
    }

    /// A bar from one place to another, `tall` high, seen from both sides.
    fn add_bar(&mut self, from: [f32; 3], to: [f32; 3], tall: f32, paint: Paint) {
        let half = tall / 2.0;
        let corner =
            |rig: &mut Self, [x, y, z]: [f32; 3], down: f32| rig.add_point([x, y + down, z]);
        let a = corner(self, from, -half);
        let b = corner(self, to, -half);
        let c = corner(self, to, half);
        let d = corner(self, from, half);
        self.add_quad([a, b, c, d], paint);
        self.add_quad([d, c, b, a], paint);
    }
}
