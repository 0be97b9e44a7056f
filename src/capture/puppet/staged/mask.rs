//! A print held before somebody's face, with holes where that one's eyes blink.
use image::RgbImage;

use crate::{
    capture::puppet::{
        Behaviour, Cue, Performance, Pose, Sheet, Sitter, Stance,
        anatomy::eye_outlines,
        conditions::Conditions,
        dice::Dice,
        render::{Canvas, Corner, Paint, Triangle, draw},
        scene::{Framing, Scene},
        texture::Texture,
    },
    error::Error,
    time::Timestamp,
};

/// How much larger the holes are cut than the printed eyes.
const CUT: (f32, f32) = (1.1, 1.5);
/// Radius to which a sheet bends that is held against a face, in sheet widths per radius: 100-200 mm.
const BEND: (f32, f32) = (1.5, 3.0);
/// How far the face of the one behind lies before its turning point, in face widths.
const ARM: f32 = 0.55;
/// What falls on the eyes behind, of 256: the paper shades them.
const SHADE: u16 = 200;

/// The print and the person behind it.
#[derive(Clone, Debug)]
pub(super) struct Mask {
    print: Scene,
    behind: Scene,
    performance: Performance,
    bend: f32,
    /// Each hole's outline in the frame: where the print shows it at rest, and what is seen there of
    /// the one behind.
    holes: Vec<[[f32; 2]; 2]>,
    triangles: Vec<Triangle>,
    corners: Vec<Corner>,
    order: Vec<(f32, usize)>,
}

impl Mask {
    pub(super) fn new(
        framing: &Framing,
        conditions: &Conditions,
        behind: Sitter,
        seed: u64,
    ) -> Result<Self, Error> {
        let mut dice = Dice::new(seed, 12);
        let mut print = Scene::framed(conditions.sitter, framing)?;
        let plain = Framing {
            alone: true,
            contrast: 1.0,
            brightness: 0.0,
            ..*framing
        };
        let mut behind = Scene::framed(behind, &plain)?;
        let cut = dice.between(CUT.0, CUT.1);
        let (mut holes, mut triangles) = (Vec::new(), Vec::new());
        for outline in eye_outlines() {
            let [front, back] =
                [print.at_rest(&outline), behind.at_rest(&outline)].map(|ring| widened(&ring, cut));
            let middle = holes.len();
            holes.push([centre(&front), centre(&back)]);
            holes.extend(
                front
                    .into_iter()
                    .zip(back)
                    .map(|(front, back)| [front, back]),
            );
            let count = holes.len() - middle - 1;
            for i in 0..count {
                let corners = [middle, middle + 1 + i, middle + 1 + (i + 1) % count];
                triangles.push(Triangle {
                    corners,
                    paint: Paint::Photo,
                });
            }
        }
        Ok(Self {
            print,
            behind,
            performance: Performance::paced(Behaviour::Obey, seed, conditions.tempo),
            bend: dice.between(BEND.0, BEND.1),
            holes,
            triangles,
            corners: Vec::new(),
            order: Vec::new(),
        })
    }

    pub(super) fn hear(&mut self, at: Timestamp, cue: Cue) {
        self.performance.hear(at, cue);
    }

    /// The print and the eyes behind it at `at`, as they are.
    pub(super) fn set(&mut self, at: Timestamp) -> &mut Canvas {
        let pose = match self.performance.stance(at) {
            Stance::Head(pose) => pose,
            Stance::Print(_) => Pose::default(),
        };
        // The face goes with the print, so the holes always show the same part of it.
        let eyes = Pose {
            lids: pose.lids,
            ..Pose::default()
        };
        let behind = self.behind.set(&Stance::Head(eyes));
        let shaded = |v: &u8| ((u16::from(*v) * SHADE) >> 8) as u8;
        let pixels = behind.pixels.iter().map(shaded).collect();
        let picture = RgbImage::from_raw(behind.width as u32, behind.height as u32, pixels);
        let texture = Texture::new(&picture.unwrap_or_default());
        let sheet = Sheet {
            yaw_deg: pose.yaw_deg,
            pitch_deg: pose.pitch_deg,
            roll_deg: pose.roll_deg,
            right: pose.right + ARM * pose.yaw_deg.to_radians().sin(),
            down: pose.down + ARM * pose.pitch_deg.to_radians().sin(),
            bend: self.bend,
        };
        let print = &self.print;
        self.corners.clear();
        self.corners
            .extend(self.holes.iter().map(|&[front, [u, v]]| {
                let [x, y] = print.on_print(&sheet, front);
                Corner { x, y, z: 0.0, u, v }
            }));
        for triangle in &mut self.triangles {
            // One of the two eyes runs the other way round.
            let [a, b, c] = triangle
                .corners
                .map(|i| self.corners.get(i).copied().unwrap_or_default());
            if (b.x - a.x) * (c.y - a.y) < (b.y - a.y) * (c.x - a.x) {
                triangle.corners.swap(1, 2);
            }
        }
        let canvas = self.print.set(&Stance::Print(sheet));
        draw(
            canvas,
            &texture,
            &self.corners,
            &self.triangles,
            &mut self.order,
        );
        canvas
    }
}

fn centre(ring: &[[f32; 2]]) -> [f32; 2] {
    let sum = ring.iter().fold([0.0; 2], |[x, y], p| [x + p[0], y + p[1]]);
    sum.map(|v| v / ring.len().max(1) as f32)
}

fn widened(ring: &[[f32; 2]], times: f32) -> Vec<[f32; 2]> {
    let [x, y] = centre(ring);
    let wider = |p: &[f32; 2]| [x + times * (p[0] - x), y + times * (p[1] - y)];
    ring.iter().map(wider).collect()
}
