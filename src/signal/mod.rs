//! What a face is doing at one moment: frame, face and mesh in, a handful of numbers out.
//!
//! Formulas and the point numbers of the mesh are those of `SIGNALS`, where they were measured.
mod pose;
mod quality;

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use quality::{Quality, luma_of};

use crate::{
    face::{Face, Landmarks5},
    frame::Frame,
    geometry::{BBox, Point},
    mesh::Mesh,
    parallax::Parallax,
    time::Timestamp,
};
use pose::pose;
use quality::quality;

/// One face at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// When the frame was captured.
    pub at: Timestamp,
    /// Which frame: its place in the stream.
    pub seq: u64,
    /// Where the face is, in source-frame pixels.
    pub bbox: BBox,
    /// O-Net's probability of a face; 0 where it finds none, and the mesh holds the last one.
    pub score: f32,
    /// The mesh's probability of a face; below 0.5 its signals are guesses.
    pub presence: f32,
    /// Eye aspect ratio, mean of both eyes: about 0.3 open, below 0.1 shut.
    pub eyes: f32,
    /// The same of each eye, the one nearer x = 0 first.
    #[serde(default)]
    pub lids: [f32; 2],
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
    /// The mesh's eyes (middles), tip of the nose and mouth corners, in source-frame pixels.
    #[serde(default)]
    pub marks: Landmarks5,
    /// How far the nose stands out of the face: see [`Parallax`]. Filled in by who knows the face at rest;
    /// `None` where nobody does, or the mesh does not fit.
    #[serde(default)]
    pub parallax: Option<Parallax>,
    /// How well the face can be judged.
    pub quality: Quality,
}

impl Sample {
    /// Whether the mesh fits well enough to believe its signals.
    pub fn is_readable(&self) -> bool {
        self.presence >= 0.5
    }

    /// The score, or that of the sample just `before` where this one is lower: at 60 px it flickers from 1 down to
    /// 0.7 on a face at rest. What is covered for two pictures has no such score, nor has a face that only the mesh
    /// holds.
    pub fn steady_score(&self, before: Option<&Sample>) -> f32 {
        let just_before = |before: &&Sample| self.at.since(before.at) <= JUST_BEFORE;
        let before = before.filter(just_before).filter(|_| self.score > 0.0);
        before.map_or(self.score, |before| before.score.max(self.score))
    }
}

/// How long before a sample the one before it was taken at most: one frame of fifteen a second, a little late.
const JUST_BEFORE: Duration = Duration::from_millis(90);

/// Reads the signals of `face` and its `mesh` in `frame`.
pub fn measure(frame: &Frame, face: &Face, mesh: &Mesh) -> Sample {
    let (yaw_deg, pitch_deg, roll_deg) = pose(mesh);
    let lids = lids(mesh);
    Sample {
        at: frame.at,
        seq: frame.seq,
        bbox: face.bbox,
        score: face.score,
        presence: mesh.presence,
        eyes: (lids[0] + lids[1]) / 2.0,
        lids,
        mouth: mouth(mesh),
        yaw_deg,
        pitch_deg,
        roll_deg,
        nod: nod(&face.landmarks),
        marks: mesh.marks(),
        parallax: None,
        quality: quality(&frame.image, &face.bbox),
    }
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

/// Eye aspect ratio of each eye (Soukupová and Čech 2016): two lid gaps over twice the eye's width.
fn lids(mesh: &Mesh) -> [f32; 2] {
    let eye = |[outer, up1, up2, inner, low2, low1]: [usize; 6]| {
        let lids = gap(mesh, up1, low1) + gap(mesh, up2, low2);
        ratio(lids, 2.0 * gap(mesh, outer, inner))
    };
    [
        eye([33, 160, 158, 133, 153, 144]),
        eye([362, 385, 387, 263, 373, 380]),
    ]
}

/// Gap between the inner lips over the inner mouth's width.
fn mouth(mesh: &Mesh) -> f32 {
    ratio(gap(mesh, 13, 14), gap(mesh, 78, 308))
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

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::mesh::{POINTS, Point3};

    pub fn mesh_with(points: &[(usize, [f32; 3])]) -> Mesh {
        let mut mesh = Mesh {
            points: vec![Point3::default(); POINTS],
            presence: 1.0,
        };
        for &(i, [x, y, z]) in points {
            mesh.points[i] = Point3 { x, y, z };
        }
        mesh
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
        let [left, right] = lids(&mesh);
        assert!((left - 0.3).abs() < 1e-6 && (right - 0.1).abs() < 1e-6);
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
}
