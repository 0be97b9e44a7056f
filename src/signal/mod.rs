//! What a face is doing at one moment: frame, face and mesh in, a handful of numbers out.
//!
//! Formulas and the point numbers of the mesh are those of `SIGNALS`, where they were measured.
use std::cmp::Ordering;

use image::RgbImage;
use serde::{Deserialize, Serialize};

use crate::{
    face::{Face, Landmarks5},
    frame::Frame,
    geometry::{BBox, Point},
    mesh::{Mesh, Point3},
    time::Timestamp,
};

/// How well one face can be judged at one moment, measured on the face itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Quality {
    /// Width of the face box in source-frame pixels.
    pub face_px: f32,
    /// Mean luma of the face, `0.0..=255.0`.
    pub brightness: f32,
    /// Variance of the Laplacian of luma on a 64 px crop of the face: small is blurred.
    pub sharpness: f32,
}

/// One face at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// When the frame was captured.
    pub at: Timestamp,
    /// Which frame: its place in the stream.
    pub seq: u64,
    /// Where the face is, in source-frame pixels.
    pub bbox: BBox,
    /// O-Net's probability of a face.
    pub score: f32,
    /// The mesh's probability of a face; below 0.5 its signals are guesses.
    pub presence: f32,
    /// Eye aspect ratio, mean of both eyes: about 0.3 open, below 0.1 shut.
    pub eyes: f32,
    /// Mouth aspect ratio: inner lips' gap over inner mouth width; 0 shut.
    pub mouth: f32,
    /// Head turn in degrees; positive towards the subject's own left (larger x).
    pub yaw_deg: f32,
    /// Head tilt in degrees; positive with the chin down.
    pub pitch_deg: f32,
    /// Head roll in degrees; positive clockwise in the picture.
    pub roll_deg: f32,
    /// Where O-Net's nose lies between eyes (0) and mouth (1): rises and falls in a nod.
    pub nod: f32,
    /// How well the face can be judged.
    pub quality: Quality,
}

impl Sample {
    /// Whether the mesh fits well enough to believe its signals.
    pub fn is_readable(&self) -> bool {
        self.presence >= 0.5
    }
}

/// Reads the signals of `face` and its `mesh` in `frame`.
pub fn measure(frame: &Frame, face: &Face, mesh: &Mesh) -> Sample {
    let (yaw_deg, pitch_deg, roll_deg) = pose(mesh);
    Sample {
        at: frame.at,
        seq: frame.seq,
        bbox: face.bbox,
        score: face.score,
        presence: mesh.presence,
        eyes: eyes(mesh),
        mouth: mouth(mesh),
        yaw_deg,
        pitch_deg,
        roll_deg,
        nod: nod(&face.landmarks),
        quality: quality(&frame.image, &face.bbox),
    }
}

/// Mean luma of the whole picture, `0.0..=255.0`: how dark the room is when no face is seen.
pub fn luma_of(image: &RgbImage) -> f32 {
    let bbox = BBox {
        x1: 0.0,
        y1: 0.0,
        x2: image.width() as f32,
        y2: image.height() as f32,
    };
    let grey = shrink(image, &bbox);
    grey.iter().sum::<f32>() / grey.len() as f32
}

/// Distance of two mesh points in the picture.
fn gap(mesh: &Mesh, a: usize, b: usize) -> f32 {
    mesh.point(a).flat().distance(mesh.point(b).flat())
}

/// `part / whole`, zero where there is no whole.
fn ratio(part: f32, whole: f32) -> f32 {
    if whole.abs() > 1e-6 {
        part / whole
    } else {
        0.0
    }
}

/// Eye aspect ratio (Soukupová and Čech 2016): two lid gaps over twice the eye's width.
fn eyes(mesh: &Mesh) -> f32 {
    let eye = |[outer, up1, up2, inner, low2, low1]: [usize; 6]| {
        let lids = gap(mesh, up1, low1) + gap(mesh, up2, low2);
        ratio(lids, 2.0 * gap(mesh, outer, inner))
    };
    let left = eye([33, 160, 158, 133, 153, 144]);
    let right = eye([362, 385, 387, 263, 373, 380]);
    (left + right) / 2.0
}

/// Gap between the inner lips over the inner mouth's width.
fn mouth(mesh: &Mesh) -> f32 {
    ratio(gap(mesh, 13, 14), gap(mesh, 78, 308))
}

/// Yaw, pitch and roll in degrees, from the normal of the plane through the face's own axes: right
/// (eye corners, temples, mouth corners) and down (forehead to chin).
fn pose(mesh: &Mesh) -> (f32, f32, f32) {
    let span = |a: usize, b: usize| minus(mesh.point(b), mesh.point(a));
    let right = plus(plus(span(33, 263), span(234, 454)), span(61, 291));
    let down = span(10, 152);
    // The cross product points into the head; the face looks the other way.
    let normal = minus(Point3::default(), cross(right, down));
    let roll = right.y.atan2(right.x);
    // Seen by a camera that is tilted as the head is: a tilted head that nods does not turn.
    let (sin, cos) = roll.sin_cos();
    let across = normal.x * cos + normal.y * sin;
    let down = normal.y * cos - normal.x * sin;
    let yaw = across.atan2(-normal.z);
    let pitch = down.atan2(across.hypot(normal.z));
    (yaw.to_degrees(), pitch.to_degrees(), roll.to_degrees())
}

fn plus(a: Point3, b: Point3) -> Point3 {
    Point3 {
        x: a.x + b.x,
        y: a.y + b.y,
        z: a.z + b.z,
    }
}

fn minus(a: Point3, b: Point3) -> Point3 {
    Point3 {
        x: a.x - b.x,
        y: a.y - b.y,
        z: a.z - b.z,
    }
}

fn cross(a: Point3, b: Point3) -> Point3 {
    Point3 {
        x: a.y * b.z - a.z * b.y,
        y: a.z * b.x - a.x * b.z,
        z: a.x * b.y - a.y * b.x,
    }
}

/// How far down from the eyes (0) to the mouth (1) the nose lies, from the five landmarks.
fn nod(marks: &Landmarks5) -> f32 {
    let eyes = marks.eye_l.midpoint(marks.eye_r);
    let mouth = marks.mouth_l.midpoint(marks.mouth_r);
    let (ex, ey) = (marks.eye_r.x - marks.eye_l.x, marks.eye_r.y - marks.eye_l.y);
    // Along the normal of the eye line, so that roll does not matter.
    let down = |p: Point| (p.y - eyes.y) * ex - (p.x - eyes.x) * ey;
    ratio(down(marks.nose), down(mouth))
}

/// Side of the crop on which quality is measured, so that its figures do not depend on distance.
const QUALITY_PX: usize = 64;

fn quality(image: &RgbImage, bbox: &BBox) -> Quality {
    let grey = shrink(image, bbox);
    let n = QUALITY_PX;
    let mean = grey.iter().sum::<f32>() / grey.len() as f32;
    let (mut sum, mut squares, mut count) = (0.0, 0.0, 0.0);
    for y in 1..n - 1 {
        for x in 1..n - 1 {
            let at = |dx: usize, dy: usize| grey[(y + dy - 1) * n + x + dx - 1];
            let laplacian = at(0, 1) + at(2, 1) + at(1, 0) + at(1, 2) - 4.0 * at(1, 1);
            sum += laplacian;
            squares += laplacian * laplacian;
            count += 1.0;
        }
    }
    let average = sum / count;
    Quality {
        face_px: bbox.width(),
        brightness: mean,
        sharpness: squares / count - average * average,
    }
}

/// Luma (BT.601) of the picture under `bbox`, averaged to [`QUALITY_PX`] squared.
fn shrink(image: &RgbImage, bbox: &BBox) -> Vec<f32> {
    let n = QUALITY_PX;
    let (w, h) = (image.width() as usize, image.height() as usize);
    // Pixels from `a` to `b` under cell `i` of the crop: at least one, inside the picture.
    let span = |i: usize, from: f32, size: f32, limit: usize| {
        let at = |k: usize| (from + size * k as f32 / n as f32).max(0.0) as usize;
        let a = at(i).min(limit.saturating_sub(1));
        (a, at(i + 1).clamp(a + 1, limit.max(a + 1)))
    };
    let mut grey = Vec::with_capacity(n * n);
    for row in 0..n {
        let (top, bottom) = span(row, bbox.y1, bbox.height(), h);
        for column in 0..n {
            let (left, right) = span(column, bbox.x1, bbox.width(), w);
            let (mut sum, mut count) = (0.0, 0.0);
            for y in top..bottom {
                let line = image.as_raw().get((y * w + left) * 3..(y * w + right) * 3);
                for p in line.unwrap_or_default().chunks_exact(3) {
                    let luma = 0.299 * f32::from(p[0]) + 0.587 * f32::from(p[1]);
                    sum += luma + 0.114 * f32::from(p[2]);
                    count += 1.0;
                }
            }
            grey.push(if count > 0.0 { sum / count } else { 0.0 });
        }
    }
    grey
}

/// The middle one of `values` in this order, the upper of two; `None` where there is none.
pub fn median_by<T: Copy>(mut values: Vec<T>, order: impl FnMut(&T, &T) -> Ordering) -> Option<T> {
    let middle = values.len() / 2;
    (!values.is_empty()).then(|| *values.select_nth_unstable_by(middle, order).1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::POINTS;
    use image::Rgb;
    use proptest::prelude::*;

    fn mesh_with(points: &[(usize, [f32; 3])]) -> Mesh {
        let mut mesh = Mesh {
            points: vec![Point3::default(); POINTS],
            presence: 1.0,
        };
        for &(i, [x, y, z]) in points {
            mesh.points[i] = Point3 { x, y, z };
        }
        mesh
    }

    /// A flat head facing the camera, turned by `yaw` and tilted by `pitch` degrees.
    fn head(yaw: f32, pitch: f32) -> Mesh {
        let (sy, cy) = yaw.to_radians().sin_cos();
        let (sp, cp) = pitch.to_radians().sin_cos();
        // Yaw carries the nose (towards -z) to larger x; pitch carries it to larger y.
        let turn = |[x, y, _]: [f32; 3]| {
            let (y, z) = (y * cp, y * sp);
            [x * cy - z * sy, y, x * sy + z * cy]
        };
        let flat = [
            (33, [-3.0, -2.0, 0.0]),
            (263, [3.0, -2.0, 0.0]),
            (234, [-7.0, 0.0, 0.0]),
            (454, [7.0, 0.0, 0.0]),
            (61, [-2.5, 4.0, 0.0]),
            (291, [2.5, 4.0, 0.0]),
            (10, [0.0, -8.0, 0.0]),
            (152, [0.0, 8.0, 0.0]),
        ];
        let points: Vec<_> = flat.iter().map(|&(i, p)| (i, turn(p))).collect();
        mesh_with(&points)
    }

    #[test]
    fn pose_by_hand() {
        for (yaw, pitch) in [
            (0.0, 0.0),
            (20.0, 0.0),
            (-35.0, 0.0),
            (0.0, 15.0),
            (0.0, -10.0),
        ] {
            let (y, p, r) = pose(&head(yaw, pitch));
            assert!((y - yaw).abs() < 0.1, "yaw {yaw} read {y}");
            assert!((p - pitch).abs() < 0.1, "pitch {pitch} read {p}");
            assert!(r.abs() < 0.1, "roll {r}");
        }
    }

    #[test]
    fn a_tilted_head_that_nods_does_not_turn() {
        for (roll, pitch) in [(20.0f32, 34.0), (-25.0, 30.0), (10.0, -20.0)] {
            let (sin, cos) = roll.to_radians().sin_cos();
            let mut mesh = head(0.0, pitch);
            for p in &mut mesh.points {
                (p.x, p.y) = (p.x * cos - p.y * sin, p.x * sin + p.y * cos);
            }
            let (y, p, r) = pose(&mesh);
            assert!(
                y.abs() < 0.1 && (p - pitch).abs() < 0.1,
                "yaw {y}, pitch {p}"
            );
            assert!((r - roll).abs() < 0.1, "roll {r}");
        }
    }

    #[test]
    fn an_open_eye_and_mouth_by_hand() {
        let eye = |outer, up1, up2, inner, low2, low1, gap: f32| {
            [
                (outer, [0.0, 0.0, 0.0]),
                (inner, [10.0, 0.0, 0.0]),
                (up1, [3.0, -gap / 2.0, 0.0]),
                (low1, [3.0, gap / 2.0, 0.0]),
                (up2, [7.0, -gap / 2.0, 0.0]),
                (low2, [7.0, gap / 2.0, 0.0]),
            ]
        };
        let mut points = eye(33, 160, 158, 133, 153, 144, 3.0).to_vec();
        points.extend(eye(362, 385, 387, 263, 373, 380, 1.0));
        points.extend([(13, [0.0, 0.0, 0.0]), (14, [0.0, 4.0, 0.0])]);
        points.extend([(78, [-5.0, 2.0, 0.0]), (308, [5.0, 2.0, 0.0])]);
        let mesh = mesh_with(&points);
        assert!((eyes(&mesh) - 0.2).abs() < 1e-6);
        assert!((mouth(&mesh) - 0.4).abs() < 1e-6);
    }

    #[test]
    fn the_nose_ratio_does_not_see_roll() {
        let face = |roll: f32| {
            let (sin, cos) = roll.sin_cos();
            let p = |x: f32, y: f32| Point {
                x: x * cos - y * sin,
                y: x * sin + y * cos,
            };
            Landmarks5::from([
                p(-10.0, -10.0),
                p(10.0, -10.0),
                p(2.0, 2.0),
                p(-8.0, 14.0),
                p(8.0, 14.0),
            ])
        };
        for roll in [0.0, 0.4, -0.7] {
            let ratio = nod(&face(roll));
            assert!((ratio - 0.5).abs() < 1e-5, "{ratio}");
        }
        assert!(nod(&Landmarks5::default()).abs() < 1e-6);
    }

    #[test]
    fn quality_tells_dark_and_blurred() {
        let stripes = |dark: u8| {
            RgbImage::from_fn(128, 128, move |x, _| {
                Rgb([if x / 4 % 2 == 0 { dark } else { 250 }; 3])
            })
        };
        let bbox = BBox {
            x1: 0.0,
            y1: 0.0,
            x2: 128.0,
            y2: 128.0,
        };
        let sharp = quality(&stripes(10), &bbox);
        let flat = quality(&stripes(250), &bbox);
        assert!((sharp.brightness - 130.0).abs() < 1.0);
        assert!((flat.brightness - 250.0).abs() < 1.0);
        assert!(sharp.sharpness > 1000.0 && flat.sharpness < 1.0);
    }

    proptest! {
        #[test]
        fn quality_is_finite_for_any_box(x in -300f32..300.0, y in -300f32..300.0, w in -9f32..400.0, h in -9f32..400.0, side in 1u32..40) {
            let image = RgbImage::new(side, side + 3);
            let q = quality(&image, &BBox { x1: x, y1: y, x2: x + w, y2: y + h });
            prop_assert!(q.brightness.is_finite() && q.sharpness.is_finite());
        }
    }
}
