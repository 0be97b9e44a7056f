//! The picture as if behind dark frosted glass: what surrounds the oval.
use image::RgbImage;

use super::{canvas::Canvas, picture::locate, placement::Placement};

impl Canvas {
    /// Covers the canvas with the mirrored picture as behind dark frosted glass, in register with the sharp
    /// one; beyond its edges it goes on mirrored. `light` is its share of the picture's brightness.
    pub(super) fn frosted(&mut self, image: &RgbImage, placement: &Placement, light: f32) {
        let (small, side) = shrink(image);
        let small = soften(&soften(&small));
        let (w, h) = self.size();
        let cell = (w.max(h) / CELLS).max(1.0);
        let (across, down) = ((w / cell).ceil() as u32, (h / cell).ceil() as u32);
        let size = (across as f32 * cell, down as f32 * cell);
        let cells = RgbImage::from_fn(across, down, |i, j| {
            // Cells count from the right, as the source does.
            let (x, y) = (w - (i as f32 + 0.5) * cell, (j as f32 + 0.5) * cell);
            let source = (
                placement.source.0 - (x - placement.left) / placement.scale,
                (y - placement.top) / placement.scale,
            );
            // Darker towards the corners: the eye stays in the middle.
            let away = (x / w - 0.5).hypot(y / h - 0.5);
            let light = light * (1.15 - 1.15 * away);
            let rgb = sample(&small, source.0 / side, source.1 / side);
            image::Rgb([rgb[0] * 0.92, rgb[1] * 0.98, rgb[2] * 1.06].map(|v| (v * light) as u8))
        });
        let coarse = Placement {
            scale: cell,
            left: w - size.0,
            top: 0.0,
            source: (across as f32, down as f32),
        };
        let width = self.width();
        self.stretch(&cells, &coarse, &|_| (0, width));
    }
}

/// Pixels across the small picture of [`shrink`]: few, so that nothing but large shapes is left of it.
const ACROSS: u32 = 40;
/// Cells of frost along the canvas's longer side.
const CELLS: f32 = 64.0;

/// The picture shrunk, and source pixels per pixel of it.
fn shrink(image: &RgbImage) -> (RgbImage, f32) {
    let side = (image.width() / ACROSS).max(1);
    let (w, h) = (
        (image.width() / side).max(1),
        (image.height() / side).max(1),
    );
    // Every other line and column is enough for a mean of some 200 pixels.
    let stride = if side > 4 { 2 } else { 1 };
    let small = RgbImage::from_fn(w, h, |x, y| {
        let mut sum = [0u32; 3];
        let mut count = 0;
        for sy in (y * side..((y + 1) * side).min(image.height())).step_by(stride) {
            for sx in (x * side..((x + 1) * side).min(image.width())).step_by(stride) {
                for (total, value) in sum.iter_mut().zip(image.get_pixel(sx, sy).0) {
                    *total += u32::from(value);
                }
                count += 1;
            }
        }
        image::Rgb(sum.map(|total| (total / count.max(1)) as u8))
    });
    (small, side as f32)
}

/// A 3 x 3 binomial blur.
fn soften(image: &RgbImage) -> RgbImage {
    let (w, h) = image.dimensions();
    RgbImage::from_fn(w, h, |x, y| {
        let mut sum = [8u32; 3];
        for (dy, wy) in [(0, 1), (1, 2), (2, 1)] {
            for (dx, wx) in [(0, 1), (1, 2), (2, 1)] {
                let sx = (x + dx).saturating_sub(1).min(w - 1);
                let sy = (y + dy).saturating_sub(1).min(h - 1);
                for (total, value) in sum.iter_mut().zip(image.get_pixel(sx, sy).0) {
                    *total += wx * wy * u32::from(value);
                }
            }
        }
        image::Rgb(sum.map(|total| (total / 16) as u8))
    })
}

/// The colour at a point, between its four neighbours; reflected beyond the edges.
fn sample(image: &RgbImage, x: f32, y: f32) -> [f32; 3] {
    let (w, h) = image.dimensions();
    let ((x, wx), (y, wy)) = (locate(x, w as usize), locate(y, h as usize));
    let mut mean = [0.0; 3];
    for (x, wx) in [(x, 256 - wx), ((x + 1).min(w - 1), wx)] {
        for (y, wy) in [(y, 256 - wy), ((y + 1).min(h - 1), wy)] {
            for (total, value) in mean.iter_mut().zip(image.get_pixel(x, y).0) {
                *total += f32::from(value) * (wx * wy) as f32 / 65_536.0;
            }
        }
    }
    mean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frost_is_dark_mirrored_and_everywhere() {
        let image = RgbImage::from_fn(640, 480, |x, _| {
            image::Rgb(if x < 320 { [255, 0, 0] } else { [0, 0, 255] })
        });
        let mut canvas = Canvas::new(900, 300);
        let place = Placement::about((640, 480), (450.0, 150.0), 0.5);
        canvas.frosted(&image, &place, 0.5);
        assert!(canvas.pixels().iter().all(|&p| p & 0xff <= 0xa0 && p > 0));
        // Beyond the picture's left edge (x = 290) it is reflected: still its blue half.
        assert!(canvas.pixels()[150 * 900 + 250] & 0xff > 0x40);
    }
}
