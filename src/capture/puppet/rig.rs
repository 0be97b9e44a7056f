//! The head as a puppet: the face's mesh, rings of points round it, and where they go in a pose.
use super::{
    anatomy::{self, MOUTH, OVAL, Pull, smooth},
    portrait::{FACE_POINTS, Portrait},
    pose::{Pose, rotation},
    render::{Corner, Paint, Triangle},
};

/// Rings round the face: radius as a multiple of the face outline's own, and how far the ring keeps to
/// the head (1) or to the room (0). The third lies about where the hair ends.
const RINGS: [(f32, f32); 6] = [
    (1.10, 1.0),
    (1.28, 1.0),
    (1.6, 1.0),
    (1.95, 0.85),
    (2.3, 0.4),
    (2.7, 0.0),
];
/// The same below the chin, where the neck soon stands still.
const RINGS_BELOW: [(f32, f32); 6] = [
    (1.08, 0.8),
    (1.2, 0.5),
    (1.35, 0.25),
    (1.5, 0.1),
    (1.65, 0.03),
    (1.8, 0.0),
];
/// How far the rings follow the jaw.
const JAW_FOLLOW: [f32; 6] = [0.75, 0.4, 0.15, 0.0, 0.0, 0.0];

/// The head's turning point, in face widths from the middle of the face: below it and behind it.
const PIVOT: [f32; 3] = [0.0, 0.12, 0.55];
/// Distance of the camera in face widths: an arm's length.
const DISTANCE: f32 = 6.0;

/// Inside of a mouth from the teeth down to the lip: how far down each strip reaches, and its colour.
/// The lens makes one gradient of them.
const MOUTH_INSIDE: [(f32, [u8; 3]); 4] = [
    (0.55, [46, 20, 20]),
    (0.78, [66, 28, 27]),
    (0.92, [98, 46, 43]),
    (1.0, [132, 70, 64]),
];

/// One point of the head.
#[derive(Clone, Copy, Debug)]
struct Vertex {
    /// At rest, in picture pixels.
    rest: [f32; 3],
    /// Where its skin is in the photograph.
    skin: [f32; 2],
    lids: Pull,
    jaw: Pull,
    /// 1 = part of the head, 0 = part of the room.
    rigid: f32,
}

/// The head as a puppet.
#[derive(Clone, Debug)]
pub(super) struct Rig {
    vertices: Vec<Vertex>,
    triangles: Vec<Triangle>,
    /// The lower edge of the upper teeth, and the lower lip below each of its points.
    teeth: Vec<(usize, usize)>,
    /// Points inside the mouth: each its index, which of `teeth` it hangs from, and how far down.
    inside: Vec<(usize, usize, f32)>,
    centre: [f32; 3],
    width: f32,
}

impl Rig {
    pub(super) fn new(portrait: &Portrait) -> Self {
        let photo = &portrait.points;
        let width = photo[454][0] - photo[234][0];
        let middle = |axis: usize| (photo[454][axis] + photo[234][axis]) / 2.0;
        // In depth: between the eyes.
        let centre = [
            middle(0),
            (photo[10][1] + photo[152][1]) / 2.0,
            photo[168][2],
        ];
        let (lids, jaw) = (anatomy::lid_pulls(photo), anatomy::jaw_pulls(photo, width));
        let rest = anatomy::relax_lips(photo)
            .into_iter()
            .map(|p| anatomy::relief(p, centre[2], width));
        let rest: Vec<_> = rest.collect();
        let face = (0..FACE_POINTS).map(|i| Vertex {
            rest: rest[i],
            skin: [photo[i][0], photo[i][1]],
            lids: lids[i],
            jaw: jaw[i],
            rigid: 1.0,
        });
        let triangles = portrait.triangles.iter().map(|&corners| Triangle {
            corners,
            paint: Paint::Photo,
        });
        let mut rig = Self {
            vertices: face.collect(),
            triangles: triangles.collect(),
            teeth: Vec::new(),
            inside: Vec::new(),
            centre,
            width,
        };
        rig.add_rings();
        rig.add_mouth(photo);
        rig
    }

    pub(super) fn triangles(&self) -> &[Triangle] {
        &self.triangles
    }

    /// Middle of the face in picture pixels.
    pub(super) fn centre(&self) -> [f32; 2] {
        [self.centre[0], self.centre[1]]
    }

    /// Width of the face in picture pixels.
    pub(super) fn width(&self) -> f32 {
        self.width
    }

    /// Hair, ears and neck: rings of points that carry the outline's movement outwards, less and less.
    fn add_rings(&mut self) {
        let [cx, cy, _] = self.centre;
        let back = self.centre[2] + PIVOT[2] * self.width;
        let mut inner = OVAL;
        for (ring, (&beside, &below)) in RINGS.iter().zip(&RINGS_BELOW).enumerate() {
            let outer = OVAL.map(|index| {
                let edge = self.vertices[index];
                let [dx, dy] = [edge.rest[0] - cx, edge.rest[1] - cy];
                // 1 straight down, 0 from the ears upwards.
                let down = smooth(1.5 * dy / dx.hypot(dy) - 0.15);
                let mix = |a: f32, b: f32| a + (b - a) * down;
                let (radius, rigid) = (mix(beside.0, below.0), mix(beside.1, below.1));
                let skin = [(cx + radius * dx).max(0.0), (cy + radius * dy).max(0.0)];
                let z = edge.rest[2] + (back - edge.rest[2]) * smooth((radius - 1.0) / 0.6);
                self.vertices.push(Vertex {
                    rest: [skin[0], skin[1], z],
                    skin,
                    lids: [0.0; 3],
                    jaw: edge.jaw.map(|way| way * JAW_FOLLOW[ring]),
                    rigid,
                });
                self.vertices.len() - 1
            });
            for i in 0..OVAL.len() {
                let j = (i + 1) % OVAL.len();
                self.add_quad([outer[i], outer[j], inner[j], inner[i]], Paint::Photo);
            }
            inner = outer;
        }
    }

    /// What shows between the lips: the upper teeth as photographed, and the dark below them.
    fn add_mouth(&mut self, photo: &[[f32; 3]]) {
        let (upper, lower) = MOUTH;
        let edge: [usize; 11] = std::array::from_fn(|i| {
            let (top, bottom) = (photo[upper[i]], photo[lower[i]]);
            // The smile shows the upper teeth down to about here.
            let at =
                |part: f32| [0, 1, 2].map(|axis| top[axis] + part * (bottom[axis] - top[axis]));
            let [x, y, z] = at(0.85);
            let tooth = self.add_point([x, y, z]);
            self.teeth.push((tooth, lower[i]));
            tooth
        });
        for i in 0..10 {
            let quad = [upper[i], upper[i + 1], edge[i + 1], edge[i]];
            self.add_quad(quad, Paint::Photo);
        }
        let mut above = edge;
        for (part, colour) in MOUTH_INSIDE {
            let below: [usize; 11] = std::array::from_fn(|i| {
                self.vertices.push(self.vertices[edge[i]]);
                let index = self.vertices.len() - 1;
                self.inside.push((index, i, part));
                index
            });
            for i in 0..10 {
                let quad = [above[i], above[i + 1], below[i + 1], below[i]];
                self.add_quad(quad, Paint::Flat(colour));
            }
            above = below;
        }
    }

    /// A point that goes with the head; gives its index.
    pub(super) fn add_point(&mut self, rest: [f32; 3]) -> usize {
        self.vertices.push(Vertex {
            rest,
            skin: [rest[0], rest[1]],
            lids: [0.0; 3],
            jaw: [0.0; 3],
            rigid: 1.0,
        });
        self.vertices.len() - 1
    }

    /// Where a point is at rest, in picture pixels.
    pub(super) fn rest(&self, index: usize) -> [f32; 3] {
        self.vertices[index].rest
    }

    pub(super) fn add_quad(&mut self, [a, b, c, d]: [usize; 4], paint: Paint) {
        for corners in [[a, b, c], [a, c, d]] {
            self.triangles.push(Triangle { corners, paint });
        }
    }

    /// Where every point is in `pose`, in picture pixels, with its depth and its skin.
    pub(super) fn shape(&self, pose: &Pose, out: &mut Vec<Corner>) {
        let pivot = [0, 1, 2].map(|axis| self.centre[axis] + PIVOT[axis] * self.width);
        let turn = rotation(pose.yaw_deg, pose.pitch_deg, pose.roll_deg);
        let distance = DISTANCE * self.width;
        let nearer = |z: f32| distance / (distance + z);
        let place = |v: &Vertex| {
            let at = [0, 1, 2]
                .map(|a| v.rest[a] + pose.lids * v.lids[a] + pose.jaw * v.jaw[a] - pivot[a]);
            let turned = turn.map(|row| row[0] * at[0] + row[1] * at[1] + row[2] * at[2]);
            // Relative to rest, so that a resting head is the photograph itself.
            let grow = nearer(turned[2]) / nearer(at[2]);
            let moved = [
                turned[0] * grow + pose.right * self.width,
                turned[1] * grow + pose.down * self.width,
            ];
            let mix = |a: usize| pivot[a] + at[a] + (moved[a] - at[a]) * v.rigid;
            Corner {
                x: mix(0),
                y: mix(1),
                z: turned[2],
                u: v.skin[0],
                v: v.skin[1],
            }
        };
        out.clear();
        out.extend(self.vertices.iter().map(place));
        // Behind closing lips the teeth are hidden, not pushed out.
        for &(tooth, lip) in &self.teeth {
            let (lip_x, lip_y) = (out[lip].x, out[lip].y);
            if out[tooth].y > lip_y {
                (out[tooth].x, out[tooth].y) = (lip_x, lip_y);
            }
        }
        for &(index, tooth, part) in &self.inside {
            let (tooth, lip) = self.teeth[tooth];
            out[index].x = out[tooth].x + part * (out[lip].x - out[tooth].x);
            out[index].y = out[tooth].y + part * (out[lip].y - out[tooth].y);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::puppet::portrait::Sitter;

    fn shape(pose: Pose) -> Vec<Corner> {
        let mut out = Vec::new();
        Rig::new(&Portrait::of(Sitter::default()).unwrap()).shape(&pose, &mut out);
        out
    }

    #[test]
    fn at_rest_only_the_mouth_differs_from_the_photograph() {
        for (i, c) in shape(Pose::default()).iter().enumerate().take(FACE_POINTS) {
            assert!((c.x - c.u).hypot(c.y - c.v) < 7.0, "{i}");
        }
        let nose = shape(Pose::default())[1];
        assert!((nose.x - nose.u).hypot(nose.y - nose.v) < 1e-3);
    }

    #[test]
    fn the_outermost_ring_never_moves() {
        let pose = Pose {
            yaw_deg: 30.0,
            pitch_deg: 20.0,
            jaw: 1.0,
            lids: 1.0,
            right: 0.1,
            ..Pose::default()
        };
        let corners = shape(pose);
        let last = FACE_POINTS + 5 * OVAL.len();
        for c in &corners[last..last + OVAL.len()] {
            assert!((c.x - c.u).hypot(c.y - c.v) < 1e-2);
        }
    }

    #[test]
    fn left_is_to_larger_x_and_a_nod_goes_down() {
        let nose = |pose| shape(pose)[1];
        let rest = nose(Pose::default());
        assert!(
            nose(Pose {
                yaw_deg: 20.0,
                ..Pose::default()
            })
            .x > rest.x + 10.0
        );
        assert!(
            nose(Pose {
                pitch_deg: 20.0,
                ..Pose::default()
            })
            .y > rest.y + 10.0
        );
        let [left, right] = [33, 263].map(|i| {
            shape(Pose {
                roll_deg: 10.0,
                ..Pose::default()
            })[i]
        });
        assert!(right.y - left.y > 5.0, "clockwise in the picture");
    }
}
