//! A face cut out of its picture so that eyes, nose and mouth lie where the network learnt them.
use image::RgbImage;

use crate::{face::Landmarks5, geometry::Point, nn};

/// Side of the network's input in pixels.
pub const SIDE: usize = 150;

/// Where the five points lie in the chip, in pixels: the mean of the points MTCNN finds in LFW's pictures
/// (fold 1, 807 faces), where dlib's own alignment lays them (`get_face_chip_details`, 150 px, padding
/// 0.25, its 68 points taken from our mesh); the same on both sides.
///
/// Errors of 600 pairs of LFW's fold 1 at a distance of 0.6, one look: with MTCNN's points 7, without the
/// nose 6, without the mouth 8; with the five points of dlib's alignment taken from the mesh 7, with its 33 of
/// 68 points 7. So the cascade's own points do, and no mesh is needed.
const PLACES: [Point; 5] = [
    Point { x: 48.47, y: 46.2 },
    Point { x: 101.53, y: 46.2 },
    Point { x: 75.0, y: 78.1 },
    Point { x: 51.5, y: 104.4 },
    Point { x: 98.5, y: 104.4 },
];

/// Most samples a pixel of the chip is made of, along a side. A chip of faces up to 1,500 px is then free of
/// aliasing, and no picture takes long.
const MOST_SAMPLES: usize = 16;

/// From the chip to the picture: a turn, a scale and a shift.
pub struct Chip {
    /// Of the chip, in its own pixels.
    middle: Point,
    /// Where that lies in the picture.
    centre: Point,
    /// Picture pixels per chip pixel, times the cosine and the sine of the turn.
    cos: f32,
    sin: f32,
}

impl Chip {
    /// The chip whose points lie as near as can be to those of a face: least squares, in the
    /// picture, as dlib's `find_similarity_transform`.
    pub fn of(landmarks: &Landmarks5) -> Self {
        let points = landmarks.points();
        let (middle, centre) = (mean(&PLACES), mean(&points));
        let (mut along, mut across, mut size) = (0.0, 0.0, 0.0);
        for (place, point) in PLACES.iter().zip(&points) {
            let (x, y) = (place.x - middle.x, place.y - middle.y);
            let (u, v) = (point.x - centre.x, point.y - centre.y);
            along += x * u + y * v;
            across += x * v - y * u;
            size += x * x + y * y;
        }
        Self {
            middle,
            centre,
            cos: along / size,
            sin: across / size,
        }
    }

    /// Chip coordinates to picture coordinates.
    fn to_picture(&self, x: f32, y: f32) -> Point {
        let (x, y) = (x - self.middle.x, y - self.middle.y);
        Point {
            x: self.centre.x + x * self.cos - y * self.sin,
            y: self.centre.y + x * self.sin + y * self.cos,
        }
    }

    /// Writes the chip, `[SIDE, SIDE, 3]`, as the network wants it; black beyond the picture's edge.
    ///
    /// Each pixel is the mean of as many bilinear samples along a side as picture pixels lie under it,
    /// so that a large face is not aliased.
    pub fn sample(&self, image: &RgbImage, chip: &mut [f32]) {
        let scale = self.cos.hypot(self.sin);
        let samples = (scale.ceil() as usize).clamp(1, MOST_SAMPLES);
        let share = 1.0 / (samples * samples) as f32;
        let within = |i: usize| (i as f32 + 0.5) / samples as f32;
        let pixel = |at: usize| {
            let (x, y) = ((at % SIDE) as f32, (at / SIDE) as f32);
            let mut sum = [0.0; 3];
            for (j, i) in (0..samples).flat_map(|j| (0..samples).map(move |i| (j, i))) {
                let place = self.to_picture(x + within(i), y + within(j));
                for (sum, colour) in sum.iter_mut().zip(bilinear(image, place)) {
                    *sum += colour;
                }
            }
            sum.map(|sum| sum * share)
        };
        nn::recognition((0..SIDE * SIDE).map(pixel), chip);
    }
}

fn mean(points: &[Point; 5]) -> Point {
    let sum = |of: fn(&Point) -> f32| points.iter().map(of).sum::<f32>() / 5.0;
    Point {
        x: sum(|p| p.x),
        y: sum(|p| p.y),
    }
}

/// The colour between the four pixels about a place; black beyond the edge.
fn bilinear(image: &RgbImage, place: Point) -> [f32; 3] {
    // Pixel (0, 0) has its centre at (0.5, 0.5).
    let (x, y) = (place.x - 0.5, place.y - 0.5);
    let (left, top) = (x.floor(), y.floor());
    let (fx, fy) = (x - left, y - top);
    let (width, height) = (image.width() as f32, image.height() as f32);
    let mut sum = [0.0; 3];
    let four = [
        (left, top, (1.0 - fx) * (1.0 - fy)),
        (left + 1.0, top, fx * (1.0 - fy)),
        (left, top + 1.0, (1.0 - fx) * fy),
        (left + 1.0, top + 1.0, fx * fy),
    ];
    for (x, y, weight) in four {
        // A place that is no number is in no picture.
        if (0.0..width).contains(&x) && (0.0..height).contains(&y) {
            let pixel = image.get_pixel(x as u32, y as u32).0;
            for (sum, colour) in sum.iter_mut().zip(pixel) {
                *sum += weight * f32::from(colour);
            }
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The five points, turned, scaled and shifted.
    fn placed(turn: f32, scale: f32, shift: Point) -> Landmarks5 {
        let (sin, cos) = turn.sin_cos();
        Landmarks5::from(PLACES.map(|p| Point {
            x: shift.x + scale * (p.x * cos - p.y * sin),
            y: shift.y + scale * (p.x * sin + p.y * cos),
        }))
    }

    fn colours(chip: &Chip, image: &RgbImage) -> Vec<f32> {
        let mut out = vec![f32::NAN; SIDE * SIDE * 3];
        chip.sample(image, &mut out);
        let mean = [122.782, 117.001, 104.298];
        let number = |(i, n): (usize, &f32)| n * 256.0 + mean[i % 3];
        out.iter().enumerate().map(number).collect()
    }

    #[test]
    fn a_chip_in_its_place_is_the_picture_itself() {
        let image = RgbImage::from_fn(150, 150, |x, y| image::Rgb([x as u8, y as u8, 7]));
        let chip = Chip::of(&placed(0.0, 1.0, Point::default()));
        let got = colours(&chip, &image);
        for (got, wanted) in got.iter().zip(image.as_raw()) {
            assert!(
                (got - f32::from(*wanted)).abs() < 0.01,
                "{got} for {wanted}"
            );
        }
    }

    #[test]
    fn a_large_face_is_not_aliased() {
        // Stripes one pixel wide, four to a pixel of the chip: grey, not black or white.
        let image = RgbImage::from_fn(600, 600, |x, _| image::Rgb([(x % 2) as u8 * 255; 3]));
        let chip = Chip::of(&placed(0.0, 4.0, Point::default()));
        let got = colours(&chip, &image);
        // A border of half a pixel samples the black outside.
        for row in got.chunks_exact(SIDE * 3).skip(1).take(SIDE - 2) {
            for grey in &row[3..(SIDE - 1) * 3] {
                assert!((grey - 127.5).abs() < 1.0, "{grey}");
            }
        }
    }

    #[test]
    fn landmarks_that_are_none_give_a_black_chip() {
        let image = RgbImage::from_pixel(20, 20, image::Rgb([200; 3]));
        for point in [f32::NAN, f32::INFINITY, 1e30, -1e30] {
            let point = Point { x: point, y: point };
            let chip = Chip::of(&Landmarks5::from([point; 5]));
            let got = colours(&chip, &image);
            assert!(got.iter().all(|c| c.abs() < 0.01), "{point:?}");
        }
    }

    proptest! {
        #[test]
        fn the_points_of_a_face_lie_in_their_places(
            turn in -3f32..3.0, scale in 0.1f32..10.0, x in -500f32..500.0, y in -500f32..500.0
        ) {
            let landmarks = placed(turn, scale, Point { x, y });
            let chip = Chip::of(&landmarks);
            for (place, point) in PLACES.iter().zip(landmarks.points()) {
                prop_assert!(chip.to_picture(place.x, place.y).distance(point) < 0.01 * scale.max(1.0));
            }
        }
    }
}
