//! How far the nose stands out of a face, seen while it moves: a head has depth, a picture of one has
//! none.
//!
//! Eyes and mouth corners at rest and now fix how a plane through them has moved (a homography). On a
//! plane the nose moves with them; on a head it does not, because it lies before them.
use std::{collections::VecDeque, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{face::Landmarks5, geometry::Point, median::median_by, time::Timestamp};

/// How far the nose is from where a plane through eyes and mouth corners would have it, in the face at
/// rest and in its eye distances. At 20 degrees of yaw 0.15 for a head, up to 0.03 for a flat print
/// (`FACTS`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Parallax {
    /// To larger x.
    pub across: f32,
    /// To larger y.
    pub down: f32,
}

/// How far back the face at rest is taken from.
const MEMORY: Duration = Duration::from_secs(5);

/// How long a face has held still, about, when it is told to be at rest.
const STILL: Duration = Duration::from_millis(1_000);

/// How near its resting yaw a face counts as at rest, in degrees.
const NEAR_DEG: f32 = 8.0;

/// Fewest frames that make a reference.
const FEWEST: usize = 3;

/// Measures the parallax of one face against the same face at rest.
#[derive(Clone, Debug, Default)]
pub struct Depth {
    /// The last frames: yaw in degrees, and the points from the eyes' middle on, in eye distances.
    recent: VecDeque<(Timestamp, f32, Landmarks5)>,
    reference: Option<Landmarks5>,
    /// Whether the reference stays as it is.
    settled: bool,
}

impl Depth {
    /// The parallax of the face at `at`; `None` before it has been seen at rest.
    pub fn measure(&mut self, at: Timestamp, yaw_deg: f32, marks: &Landmarks5) -> Option<Parallax> {
        if !self.settled {
            let normal = normal(marks).map(|marks| (at, yaw_deg, marks));
            self.recent.extend(normal);
            while (self.recent.front()).is_some_and(|(old, ..)| at.since(*old) > MEMORY) {
                self.recent.pop_front();
            }
            // Whoever looks ahead is at rest, as far as is known yet.
            if yaw_deg.abs() < NEAR_DEG {
                self.reference = self.median(0.0).or(self.reference);
            }
        }
        parallax(&self.reference?, marks)
    }

    /// From now on the face as it was at its resting yaw until now is the reference: what moves later
    /// cannot change it.
    pub fn settle(&mut self, yaw_deg: f32) {
        // What was before it held still is not rest.
        if let Some(&(last, ..)) = self.recent.back() {
            self.recent.retain(|(at, ..)| last.since(*at) <= STILL);
        }
        self.reference = self.median(yaw_deg).or(self.reference);
        self.settled = self.reference.is_some();
        if self.settled {
            self.recent.clear();
        }
    }

    /// The face in the middle of those seen about a yaw; `None` where there are too few.
    fn median(&self, yaw_deg: f32) -> Option<Landmarks5> {
        let near = |(_, yaw, _): &&(Timestamp, f32, Landmarks5)| (yaw - yaw_deg).abs() < NEAR_DEG;
        let faces: Vec<[Point; 5]> = (self.recent.iter())
            .filter(near)
            .map(|(.., marks)| marks.points())
            .collect();
        if faces.len() < FEWEST {
            return None;
        }
        let middle = |value: &dyn Fn(&[Point; 5]) -> f32| {
            let values = faces.iter().map(value).collect();
            median_by(values, f32::total_cmp).unwrap_or_default()
        };
        Some(Landmarks5::from(std::array::from_fn(|i| Point {
            x: middle(&|points| points[i].x),
            y: middle(&|points| points[i].y),
        })))
    }
}

/// The points from the eyes' middle on, in eye distances; `None` where there is no distance.
fn normal(marks: &Landmarks5) -> Option<Landmarks5> {
    let middle = marks.eye_l.midpoint(marks.eye_r);
    let eyes = marks.eye_l.distance(marks.eye_r);
    let scaled = |p: Point| Point {
        x: (p.x - middle.x) / eyes,
        y: (p.y - middle.y) / eyes,
    };
    (eyes > 1e-3).then(|| Landmarks5::from(marks.points().map(scaled)))
}

/// How far the nose of `now`, taken back to the face at `rest`, is from the nose there.
fn parallax(rest: &Landmarks5, now: &Landmarks5) -> Option<Parallax> {
    let now = normal(now)?;
    let back = product(&square_to(rest)?, &inverse(&square_to(&now)?)?);
    let [x, y, w] =
        back.map(|row| row[0] * f64::from(now.nose.x) + row[1] * f64::from(now.nose.y) + row[2]);
    let (x, y) = ((x / w) as f32, (y / w) as f32);
    // A face seen so far from the side that the plane turns over says nothing.
    (x.is_finite() && y.is_finite() && x.hypot(y) < FARTHEST).then_some(Parallax {
        across: x - rest.nose.x,
        down: y - rest.nose.y,
    })
}

/// Eye distances beyond which a nose is no nose.
const FARTHEST: f32 = 5.0;

type Matrix = [[f64; 3]; 3];

/// The homography from the unit square to eyes and mouth corners.
///
/// Source: Heckbert 1989, "Fundamentals of Texture Mapping and Image Warping", 2.2.3.
fn square_to(marks: &Landmarks5) -> Option<Matrix> {
    let [a, b, c, d] = [marks.eye_l, marks.eye_r, marks.mouth_r, marks.mouth_l]
        .map(|p| [f64::from(p.x), f64::from(p.y)]);
    let minus = |p: [f64; 2], q: [f64; 2]| [p[0] - q[0], p[1] - q[1]];
    let (right, left) = (minus(b, c), minus(d, c));
    let sum = [a[0] - b[0] + c[0] - d[0], a[1] - b[1] + c[1] - d[1]];
    let cross = |p: [f64; 2], q: [f64; 2]| p[0] * q[1] - p[1] * q[0];
    let area = cross(right, left);
    if area.abs() < 1e-6 {
        return None;
    }
    let (g, h) = (cross(sum, left) / area, cross(right, sum) / area);
    let row = |i: usize| [b[i] - a[i] + g * b[i], d[i] - a[i] + h * d[i], a[i]];
    Some([row(0), row(1), [g, h, 1.0]])
}

/// The inverse, but for a factor, which homographies do not have.
fn inverse(m: &Matrix) -> Option<Matrix> {
    let minor = |r: [usize; 2], c: [usize; 2]| {
        m[r[0]][c[0]] * m[r[1]][c[1]] - m[r[0]][c[1]] * m[r[1]][c[0]]
    };
    let others = [[1, 2], [0, 2], [0, 1]];
    let sign = |i: usize, j: usize| if (i + j).is_multiple_of(2) { 1.0 } else { -1.0 };
    let adjugate: Matrix =
        std::array::from_fn(|i| std::array::from_fn(|j| sign(i, j) * minor(others[j], others[i])));
    let determinant: f64 = (0..3).map(|k| m[0][k] * adjugate[k][0]).sum();
    (determinant.abs() > 1e-9).then_some(adjugate)
}

fn product(a: &Matrix, b: &Matrix) -> Matrix {
    std::array::from_fn(|i| std::array::from_fn(|j| (0..3).map(|k| a[i][k] * b[k][j]).sum()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A face seen from the front through a camera far away: eyes, nose, mouth corners `[x, y, z]`.
    const FACE: [[f32; 3]; 5] = [
        [-32.0, -30.0, 0.0],
        [32.0, -30.0, 0.0],
        [0.0, 5.0, -30.0],
        [-25.0, 35.0, 0.0],
        [25.0, 35.0, 0.0],
    ];

    /// The face turned and tilted, its nose `depth` times as long, 600 away from the camera.
    fn seen(yaw_deg: f32, pitch_deg: f32, depth: f32) -> Landmarks5 {
        let (sy, cy) = yaw_deg.to_radians().sin_cos();
        let (sp, cp) = pitch_deg.to_radians().sin_cos();
        Landmarks5::from(FACE.map(|[x, y, z]| {
            let z = z * depth;
            let (x, z) = (x * cy - z * sy, x * sy + z * cy);
            let (y, z) = (y * cp - z * sp, y * sp + z * cp);
            let scale = 900.0 / (600.0 + z);
            Point {
                x: 320.0 + x * scale,
                y: 240.0 + y * scale,
            }
        }))
    }

    fn of(yaw_deg: f32, pitch_deg: f32, depth: f32) -> Parallax {
        let rest = normal(&seen(0.0, 0.0, depth)).unwrap();
        parallax(&rest, &seen(yaw_deg, pitch_deg, depth)).unwrap()
    }

    #[test]
    fn a_head_has_parallax_in_the_way_it_turns() {
        let (left, right) = (of(20.0, 0.0, 1.0), of(-20.0, 0.0, 1.0));
        assert!((0.12..0.25).contains(&left.across), "{left:?}");
        assert!((left.across + right.across).abs() < 0.01);
        let (down, up) = (of(0.0, 15.0, 1.0), of(0.0, -15.0, 1.0));
        assert!(down.down > 0.08 && up.down < -0.08, "{down:?} {up:?}");
    }

    #[test]
    fn the_reference_is_the_face_at_rest_until_it_settles() {
        let mut depth = Depth::default();
        let at = |i: u64| Timestamp::from_millis(i * 33);
        assert_eq!(depth.measure(at(0), 20.0, &seen(20.0, 0.0, 1.0)), None);
        for i in 1..10 {
            depth.measure(at(i), 0.0, &seen(0.0, 0.0, 1.0));
        }
        depth.settle(0.0);
        // Who says that it looks ahead while it does not moves nothing any more.
        for i in 10..300 {
            let turned = depth.measure(at(i), 0.0, &seen(20.0, 0.0, 1.0)).unwrap();
            assert!(turned.across > 0.12, "{i}: {turned:?}");
        }
    }

    #[test]
    fn a_face_that_rests_beside_the_camera_has_its_parallax_from_there() {
        let mut depth = Depth::default();
        let at = |i: u64| Timestamp::from_millis(i * 33);
        for i in 0..20 {
            let none = depth.measure(at(i), 13.0, &seen(13.0, 0.0, 1.0));
            assert_eq!(none, None);
        }
        depth.settle(13.0);
        let turned = depth.measure(at(20), 33.0, &seen(33.0, 0.0, 1.0)).unwrap();
        assert!(turned.across > 0.12, "{turned:?}");
        let other = depth
            .measure(at(21), -10.0, &seen(-10.0, 0.0, 1.0))
            .unwrap();
        assert!(other.across < -0.12, "{other:?}");
    }

    proptest! {
        #[test]
        fn a_plane_has_none_however_it_is_held(yaw in -45f32..45.0, pitch in -40f32..40.0) {
            let none = of(yaw, pitch, 0.0);
            prop_assert!(none.across.abs() < 1e-3 && none.down.abs() < 1e-3, "{none:?}");
        }

        #[test]
        fn any_points_give_numbers(numbers in prop::array::uniform20(-50f32..50.0)) {
            let marks = |k: usize| Landmarks5::from(std::array::from_fn(|i| Point {
                x: numbers[k + 2 * i],
                y: numbers[k + 2 * i + 1],
            }));
            if let Some(p) = normal(&marks(0)).and_then(|rest| parallax(&rest, &marks(10))) {
                prop_assert!(p.across.is_finite() && p.down.is_finite());
            }
        }
    }
}
