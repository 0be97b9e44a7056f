//! (Frame, Face) → dense landmarks: the 478 points of face mesh V2.
use std::path::Path;

use image::RgbImage;

use crate::{
    error::Error,
    face::Face,
    geometry::Point,
    nn::{self, Net},
};

/// Number of points of face mesh V2: 468 of the face, 5 of each iris.
pub const POINTS: usize = 478;

/// Side of the network's input in pixels.
const SIDE: usize = 256;

/// Side of the crop in sides of the face's square. The networks was trained on crops 1.5 times
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
}

/// The face mesh network.
pub struct Mesher {
    net: Net,
    crop: Vec<u8>,
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
            crop: vec![],
        })
    }

    /// The dense landmarks of `face` in `image`.
    ///
    /// # Errors
    ///
    /// [`Error::Model`] where the network cannot run.
    pub fn fit(&mut self, image: &RgbImage, face: &Face) -> Result<Mesh, Error> {
        let patch = Patch::of(face);
        patch.sample(image, &mut self.crop);
        let crop = &self.crop;
        let outputs = self
            .net
            .run([1, SIDE, SIDE, 3], |input| nn::unit(crop, input))?;
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

    /// Writes the crop, `[SIDE, SIDE, 3]`, bilinear; black beyond the picture's edge.
    fn sample(&self, image: &RgbImage, crop: &mut Vec<u8>) {
        crop.clear();
        crop.reserve(SIDE * SIDE * 3);
        for row in 0..SIDE {
            // Centre of pixel (0, row), then equal steps along the row.
            let start = self.to_frame(0.5, row as f32 + 0.5, 0.0);
            let (dx, dy) = (self.cos * self.scale, self.sin * self.scale);
            for column in 0..SIDE {
                let k = column as f32;
                // Pixel (0, 0) of the frame has its centre at (0.5, 0.5).
                let rgb = bilinear(image, start.x + k * dx - 0.5, start.y + k * dy - 0.5);
                crop.extend_from_slice(&rgb);
            }
        }
    }
}

/// The colour between the four pixels about (`x`, `y`), which count from pixel centres.
fn bilinear(image: &RgbImage, x: f32, y: f32) -> [u8; 3] {
    let (left, top) = (x.floor(), y.floor());
    let (fx, fy) = (x - left, y - top);
    let (left, top) = (left as i64, top as i64);
    let (w, h) = (i64::from(image.width()), i64::from(image.height()));
    let at = |x: i64, y: i64| -> [f32; 3] {
        if x < 0 || y < 0 || x >= w || y >= h {
            return [0.0; 3];
        }
        let i = (y * w + x) as usize * 3;
        match image.as_raw().get(i..i + 3) {
            Some(&[r, g, b]) => [f32::from(r), f32::from(g), f32::from(b)],
            _ => [0.0; 3],
        }
    };
    let (a, b) = (at(left, top), at(left + 1, top));
    let (c, d) = (at(left, top + 1), at(left + 1, top + 1));
    std::array::from_fn(|i| {
        let upper = a[i] + (b[i] - a[i]) * fx;
        let lower = c[i] + (d[i] - c[i]) * fx;
        (upper + (lower - upper) * fy + 0.5) as u8
    })
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
        assert_eq!(bilinear(&image, 3.0, 4.0), [30, 40, 7]);
        assert_eq!(bilinear(&image, 3.5, 4.0), [35, 40, 7]);
        assert_eq!(bilinear(&image, -3.0, 4.0), [0, 0, 0]);
    }
}
