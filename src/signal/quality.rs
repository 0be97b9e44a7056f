//! How well a face can be judged: its size, light and sharpness.
use image::RgbImage;
use serde::{Deserialize, Serialize};

use crate::geometry::BBox;

/// How well one face can be judged at one moment, measured on the face itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Quality {
    /// Width of the face box in source-frame pixels.
    pub face_px: f32,
    /// Mean luma of the face, `0.0..=255.0`.
    pub brightness: f32,
    /// Share of the face that is as dark or as bright as a picture can be, `0.0..=1.0`.
    #[serde(default)]
    pub clipped: f32,
    /// Variance of the Laplacian of luma on a 64 px crop of the face: small is blurred.
    pub sharpness: f32,
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

/// Luma beyond which nothing can be told any more; a camera's black is seldom 0, its white seldom 255.
const ENDS: (f32, f32) = (5.0, 250.0);

/// Side of the crop on which quality is measured, so that its figures do not depend on distance.
const QUALITY_PX: usize = 64;

/// Measures the face under `bbox`.
pub(super) fn quality(image: &RgbImage, bbox: &BBox) -> Quality {
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
    let ends = grey
        .iter()
        .filter(|luma| !(ENDS.0..=ENDS.1).contains(*luma));
    Quality {
        clipped: ends.count() as f32 / grey.len() as f32,
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
            let mut sum = [0u32; 3];
            for y in top..bottom {
                let line = image.as_raw().get((y * w + left) * 3..(y * w + right) * 3);
                for pixel in line.unwrap_or_default().chunks_exact(3) {
                    for (sum, &colour) in sum.iter_mut().zip(pixel) {
                        *sum += u32::from(colour);
                    }
                }
            }
            let [r, g, b] = sum.map(|sum| sum as f32);
            let count = (right - left) * (bottom - top);
            grey.push((0.299 * r + 0.587 * g + 0.114 * b) / count as f32);
        }
    }
    grey
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;
    use proptest::prelude::*;

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
        let glare = quality(&stripes(255), &bbox);
        assert!(
            flat.clipped < 1e-6 && (glare.clipped - 0.5).abs() < 0.02,
            "{glare:?}"
        );
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
