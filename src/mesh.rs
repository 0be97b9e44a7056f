//! (Frame, Face) → dense landmarks: the 478 points of face mesh V2.
use std::path::Path;

use image::RgbImage;

use crate::{
    error::Error,
    face::{Face, Landmarks5},
    geometry::{BBox, Point},
    nn::{self, Net},
};

/// Number of points of face mesh V2: 468 of the face, 5 of each iris.
pub const POINTS: usize = 478;

/// Side of the network's input in pixels.
const SIDE: usize = 256;

/// Side of the crop in sides of the face's square. The network was trained on crops 1.5 times
/// the box of its own points; 1.40 MTCNN boxes is the same, fitted on recordings (`SIGNALS`, ROI).
const CROP: f32 = 1.40;

/// How far below the box's middle the crop's middle lies, in sides (same source).
const DROP: f32 = 0.055;

/// One point of the mesh. `x`, `y` in source-frame pixels; `z` in the same scale, smaller is
/// nearer the camera, zero near the middle of the head.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point3 {
    /// Pixels from the left edge.
    pub x: f32,
    /// Pixels from the top edge.
    pub y: f32,
    /// Pixels behind the head's middle; negative towards the camera.
    pub z: f32,
}

impl Point3 {
    /// The point as it lies in the picture.
    pub fn flat(self) -> Point {
        Point {
            x: self.x,
            y: self.y,
        }
    }
}

/// Dense landmarks of one face.
#[derive(Clone, Debug, PartialEq)]
pub struct Mesh {
    /// [`POINTS`] points in MediaPipe's order.
    pub points: Vec<Point3>,
    /// The network's probability that its crop holds a face, `0.0..=1.0`.
    pub presence: f32,
}

impl Mesh {
    /// Point `i`; the origin if there is none.
    pub fn point(&self, i: usize) -> Point3 {
        self.points.get(i).copied().unwrap_or_default()
    }

    /// Middles of the eyes, tip of the nose, mouth corners.
    pub fn marks(&self) -> Landmarks5 {
        let at = |i: usize| self.point(i).flat();
        Landmarks5::from([
            at(33).midpoint(at(133)),
            at(362).midpoint(at(263)),
            at(1),
            at(61),
            at(291),
        ])
    }

    /// The box around its points.
    pub fn span(&self) -> BBox {
        let none = BBox {
            x1: f32::INFINITY,
            y1: f32::INFINITY,
            x2: f32::NEG_INFINITY,
            y2: f32::NEG_INFINITY,
        };
        self.points.iter().fold(none, |span, p| BBox {
            x1: span.x1.min(p.x),
            y1: span.y1.min(p.y),
            x2: span.x2.max(p.x),
            y2: span.y2.max(p.y),
        })
    }
}

/// The face mesh network.
pub struct Mesher {
    net: Net,
}

impl Mesher {
    /// Loads the network: the one compiled in, or the one in `models`.
    ///
    /// # Errors
    ///
    /// [`Error::Model`] where it is missing, damaged or of another shape.
    pub fn load(models: Option<&Path>) -> Result<Self, Error> {
        Ok(Self {
            net: Net::load(&nn::MESH, models)?,
        })
    }

    /// Looks at the middle of `image` once, as at a face: the memory that takes is then touched.
    ///
    /// # Errors
    ///
    /// [`Error::Model`] where the network cannot run.
    pub fn warm_up(&mut self, image: &RgbImage) -> Result<(), Error> {
        let middle = Point {
            x: image.width() as f32 / 2.0,
            y: image.height() as f32 / 2.0,
        };
        let face = Face {
            bbox: BBox::around(middle, middle.y),
            score: 0.0,
            landmarks: Landmarks5::from([middle; 5]),
        };
        self.fit(image, &face).map(drop)
    }

    /// The dense landmarks of `face` in `image`.
    ///
    /// # Errors
    ///
    /// [`Error::Model`] where the network cannot run.
    pub fn fit(&mut self, image: &RgbImage, face: &Face) -> Result<Mesh, Error> {
        let patch = Patch::of(face);
        let shape = [1, SIDE, SIDE, 3];
        let outputs = self.net.run(shape, |input| patch.sample(image, input))?;
        let [landmarks, presence] = outputs.views();
        let point = |p: &[f32]| match *p {
            [x, y, z] => patch.to_frame(x, y, z),
            _ => Point3::default(),
        };
        let logit = presence.data.first().copied().unwrap_or(f32::NEG_INFINITY);
        Ok(Mesh {
            points: landmarks.data.chunks_exact(3).map(point).collect(),
            presence: 1.0 / (1.0 + (-logit).exp()),
        })
    }
}

/// A square cut out of the frame, turned so that the eyes are level.
struct Patch {
    centre: Point,
    /// Source pixels per crop pixel.
    scale: f32,
    cos: f32,
    sin: f32,
}

impl Patch {
    fn of(face: &Face) -> Self {
        let (l, r) = (face.landmarks.eye_l, face.landmarks.eye_r);
        let angle = (r.y - l.y).atan2(r.x - l.x);
        let (sin, cos) = angle.sin_cos();
        let side = face.bbox.square().width();
        let middle = face.bbox.centre();
        Self {
            // "Down" is the face's own.
            centre: Point {
                x: middle.x - sin * DROP * side,
                y: middle.y + cos * DROP * side,
            },
            scale: side * CROP / SIDE as f32,
            cos,
            sin,
        }
    }

    /// Crop coordinates to source-frame coordinates.
    fn to_frame(&self, x: f32, y: f32, z: f32) -> Point3 {
        let half = SIDE as f32 / 2.0;
        let (u, v) = ((x - half) * self.scale, (y - half) * self.scale);
        Point3 {
            x: self.centre.x + u * self.cos - v * self.sin,
            y: self.centre.y + u * self.sin + v * self.cos,
            z: z * self.scale,
        }
    }

    /// Writes the crop, `[SIDE, SIDE, 3]`, RGB in 0..1, bilinear; black beyond the picture's edge.
    fn sample(&self, image: &RgbImage, crop: &mut [f32]) {
        let step = (fixed(self.cos * self.scale), fixed(self.sin * self.scale));
        for (row, line) in crop.chunks_exact_mut(SIDE * 3).enumerate() {
            // Centre of pixel (0, row), then equal steps along the row. Pixel (0, 0) of the frame
            // has its centre at (0.5, 0.5).
            let start = self.to_frame(0.5, row as f32 + 0.5, 0.0);
            let (mut x, mut y) = (fixed(start.x - 0.5), fixed(start.y - 0.5));
            for pixel in line.chunks_exact_mut(3) {
                for (to, colour) in pixel.iter_mut().zip(bilinear(image, x, y)) {
                    *to = f32::from(colour) * (nn::UNIT / 256.0);
                }
                x = x.saturating_add(step.0);
                y = y.saturating_add(step.1);
            }
        }
    }
}

/// Parts of a pixel in a [`Fixed`].
const ONE: f64 = (1u64 << 32) as f64;

/// A place along an axis, in pixels times 2^32: its whole pixel and what is left over take a shift
/// each, and equal steps add up without an error.
type Fixed = i64;

fn fixed(place: f32) -> Fixed {
    // A place too far away for the type is outside of any picture all the same.
    (f64::from(place) * ONE) as Fixed
}

/// The colour between the four pixels about (`x`, `y`), which count from pixel centres; times 256.
///
/// Integers, three colours in one: on the oldest x86 that is three times as fast as floats, which
/// the compiler does not gather four pixels at a time. A place counts to 1/256 of a pixel, which
/// moves a colour by less than 8-bit rounding does.
#[inline]
fn bilinear(image: &RgbImage, x: Fixed, y: Fixed) -> [u16; 3] {
    let (left, top) = (x >> 32, y >> 32);
    let (fx, fy) = (((x >> 24) & 255) as u64, ((y >> 24) & 255) as u64);
    let both = (fx * fy) >> 8;
    // They add up to 256.
    let weights = [256 + both - fx - fy, fx - both, fy - both, both];
    let (w, h) = (i64::from(image.width()), i64::from(image.height()));
    // Two pixels side by side; the last two bytes are the next one's.
    let pair = |y: i64| {
        let at = (y * w + left) as usize * 3;
        let eight = image.as_raw().get(at..at + 8)?.first_chunk()?;
        Some(u64::from_le_bytes(*eight))
    };
    let inner = left >= 0 && top >= 0 && left + 2 < w && top + 1 < h;
    if inner
        && let Some(upper) = pair(top)
        && let Some(lower) = pair(top + 1)
    {
        // 16 bits for each colour, green on top: 255 x 256 just fits.
        let spread = |rgb: u64| (rgb & 0xff_00ff) | (rgb & 0xff00) << 24;
        let sum = spread(upper) * weights[0]
            + spread(upper >> 24) * weights[1]
            + spread(lower) * weights[2]
            + spread(lower >> 24) * weights[3];
        return [sum as u16, (sum >> 32) as u16, (sum >> 16) as u16];
    }
    at_edge(image, left, top, weights)
}

/// As [`bilinear`], where some of the four pixels lie outside.
#[cold]
fn at_edge(image: &RgbImage, left: i64, top: i64, weights: [u64; 4]) -> [u16; 3] {
    let places = [(0, 0), (1, 0), (0, 1), (1, 1)].map(|(x, y)| (left + x, top + y));
    let mut sum = [0; 3];
    for ((x, y), weight) in places.into_iter().zip(weights) {
        if let (Ok(x), Ok(y)) = (u32::try_from(x), u32::try_from(y))
            && let Some(pixel) = image.get_pixel_checked(x, y)
        {
            for (sum, colour) in sum.iter_mut().zip(pixel.0) {
                *sum += u16::from(colour) * weight as u16;
            }
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{face::Landmarks5, geometry::BBox};

    fn face(side: f32, roll: f32) -> Face {
        let (sin, cos) = roll.sin_cos();
        let point = |dx: f32, dy: f32| Point {
            x: 50.0 + dx * cos - dy * sin,
            y: 40.0 + dx * sin + dy * cos,
        };
        Face {
            bbox: BBox::around(Point { x: 50.0, y: 40.0 }, side),
            score: 1.0,
            landmarks: Landmarks5 {
                eye_l: point(-5.0, -3.0),
                eye_r: point(5.0, -3.0),
                ..Landmarks5::default()
            },
        }
    }

    #[test]
    fn the_patch_follows_the_eyes() {
        let level = Patch::of(&face(20.0, 0.0));
        let middle = level.to_frame(128.0, 128.0, 0.0);
        assert!((middle.x - 50.0).abs() < 1e-4 && (middle.y - 41.1).abs() < 1e-4);
        let quarter = Patch::of(&face(20.0, std::f32::consts::FRAC_PI_2));
        // Turned by 90 degrees clockwise, the face's "right" is the picture's "down".
        let right = quarter.to_frame(256.0, 128.0, 0.0);
        assert!(
            (right.x - 48.9).abs() < 1e-3 && (right.y - 54.0).abs() < 1e-3,
            "{right:?}"
        );
    }

    #[test]
    fn sampling_at_pixel_centres_gives_the_pixels() {
        let image = RgbImage::from_fn(8, 8, |x, y| image::Rgb([x as u8 * 10, y as u8 * 10, 7]));
        let colour = |x: f32, y: f32| bilinear(&image, fixed(x), fixed(y)).map(|c| c >> 8);
        assert_eq!(colour(3.0, 4.0), [30, 40, 7]);
        assert_eq!(colour(3.5, 4.0), [35, 40, 7]);
        assert_eq!(colour(6.5, 6.5), [65, 65, 7]);
        assert_eq!(colour(7.0, 7.0), [70, 70, 7]);
        assert_eq!(colour(-0.5, 4.0), [0, 20, 3]);
        for outside in [-1.0, -3.0, -1e9, 9.0, 1e9, f32::NAN, f32::INFINITY] {
            let black = if outside.is_nan() { [0, 40, 7] } else { [0; 3] };
            assert_eq!(colour(outside, 4.0), black, "{outside}");
        }
    }
}
