//! A plain pixel buffer and what can be drawn on it. Everything here is in canvas pixels.
use tiny_skia::{
    FillRule, LineCap, LineJoin, Mask, Path, PathBuilder, PathStroker, Stroke, Transform,
};

use super::colour::{Colour, blend};

/// Pixels as a window shows them: 0RGB, row by row, top left first.
#[derive(Clone, Debug)]
pub struct Canvas {
    width: usize,
    height: usize,
    pixels: Vec<u32>,
}

/// Axis-aligned rectangle in canvas pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Area {
    pub(super) x: f32,
    pub(super) y: f32,
    pub(super) w: f32,
    pub(super) h: f32,
}

impl Area {
    /// The middle.
    pub(super) fn centre(&self) -> (f32, f32) {
        (self.x + self.w / 2.0, self.y + self.h / 2.0)
    }

    /// The same middle, `by` pixels more on every side.
    pub(super) fn grow(&self, by: f32) -> Self {
        Self {
            x: self.x - by,
            y: self.y - by,
            w: self.w + 2.0 * by,
            h: self.h + 2.0 * by,
        }
    }

    /// Whole pixels touched, cut to a canvas: `x0, y0, x1, y1`, half open; `None` where there are none.
    pub(super) fn pixels(&self, width: usize, height: usize) -> Option<[usize; 4]> {
        let clip = |v: f32, most: usize| (v.max(0.0) as usize).min(most);
        let [x0, y0] = [clip(self.x.floor(), width), clip(self.y.floor(), height)];
        let x1 = clip((self.x + self.w).ceil(), width);
        let y1 = clip((self.y + self.h).ceil(), height);
        (x1 > x0 && y1 > y0).then_some([x0, y0, x1, y1])
    }
}

impl Canvas {
    /// A black canvas; no side is shorter than one pixel.
    pub fn new(width: usize, height: usize) -> Self {
        let [width, height] = [width.max(1), height.max(1)];
        Self {
            width,
            height,
            pixels: vec![0; width * height],
        }
    }

    /// Takes the size of a window that may have changed; its pixels are to be drawn anew.
    pub fn resize(&mut self, (width, height): (usize, usize)) {
        if (self.width, self.height) != (width.max(1), height.max(1)) {
            *self = Self::new(width, height);
        }
    }

    /// Width in pixels.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Height in pixels.
    pub fn height(&self) -> usize {
        self.height
    }

    /// All pixels, 0RGB, row by row.
    pub fn pixels(&self) -> &[u32] {
        &self.pixels
    }

    /// All pixels, to be written.
    pub(super) fn pixels_mut(&mut self) -> &mut [u32] {
        &mut self.pixels
    }

    /// Width and height as floats, for layouts.
    pub(super) fn size(&self) -> (f32, f32) {
        (self.width as f32, self.height as f32)
    }

    /// Covers the whole canvas.
    pub(super) fn tint(&mut self, colour: Colour) {
        if colour.alpha >= 256 {
            self.pixels.fill(colour.rgb);
            return;
        }
        for pixel in &mut self.pixels {
            *pixel = blend(*pixel, colour.rgb, colour.alpha);
        }
    }

    /// Fills a shape, its edge smoothed. Work is in proportion to the shape's bounding box.
    pub(super) fn fill(&mut self, path: &Path, colour: Colour) {
        let bounds = path.bounds();
        let area = Area {
            x: bounds.left(),
            y: bounds.top(),
            w: bounds.width(),
            h: bounds.height(),
        };
        let Some([x0, y0, x1, y1]) = area.grow(1.0).pixels(self.width, self.height) else {
            return;
        };
        let Some(mut mask) = Mask::new((x1 - x0) as u32, (y1 - y0) as u32) else {
            return;
        };
        let shift = Transform::from_translate(-(x0 as f32), -(y0 as f32));
        mask.fill_path(path, FillRule::Winding, true, shift);
        self.stamp(mask.data(), x1 - x0, (x0 as i32, y0 as i32), colour);
    }

    /// Draws a line along a path with round ends and corners.
    pub(super) fn stroke(&mut self, path: &Path, width: f32, colour: Colour) {
        let stroke = Stroke {
            width,
            line_cap: LineCap::Round,
            line_join: LineJoin::Round,
            ..Stroke::default()
        };
        if let Some(outline) = PathStroker::new().stroke(path, &stroke, 1.0) {
            self.fill(&outline, colour);
        }
    }

    /// Covers with `colour` where `coverage`, rows of `stride` bytes, says so; may reach over the edge.
    pub(super) fn stamp(
        &mut self,
        coverage: &[u8],
        stride: usize,
        (left, top): (i32, i32),
        colour: Colour,
    ) {
        if stride == 0 {
            return;
        }
        let skip = usize::try_from(-left).unwrap_or(0).min(stride);
        let start = usize::try_from(left).unwrap_or(0).min(self.width);
        let share = |cover: u8| {
            // 255 is full cover: +1 of 255 makes 256ths of it.
            let cover = u32::from(cover) + u32::from(cover >> 7);
            (cover * colour.alpha) >> 8
        };
        for (row, line) in coverage.chunks_exact(stride).enumerate() {
            let Ok(y) = usize::try_from(top + row as i32) else {
                continue;
            };
            if y >= self.height {
                break;
            }
            let pixels = &mut self.pixels[y * self.width + start..(y + 1) * self.width];
            let line = &line[skip..];
            // Inside and outside of a shape, eight are covered alike.
            for (pixels, line) in pixels.chunks_mut(8).zip(line.chunks(8)) {
                let alike = line.first_chunk::<8>().filter(|&&l| l == [l[0]; 8]);
                match alike.map(|line| share(line[0])) {
                    Some(0) => {}
                    Some(share) => {
                        for pixel in pixels {
                            *pixel = blend(*pixel, colour.rgb, share);
                        }
                    }
                    None => {
                        for (pixel, &cover) in pixels.iter_mut().zip(line) {
                            *pixel = blend(*pixel, colour.rgb, share(cover));
                        }
                    }
                }
            }
        }
    }

    /// A filled rectangle with round corners.
    pub(super) fn panel(&mut self, area: Area, radius: f32, colour: Colour) {
        if let Some(path) = rounded(area, radius) {
            self.fill(&path, colour);
        }
    }

    /// An open line through points.
    pub(super) fn polyline(
        &mut self,
        points: impl IntoIterator<Item = (f32, f32)>,
        width: f32,
        colour: Colour,
    ) {
        let mut path = PathBuilder::new();
        for (x, y) in points {
            if path.is_empty() {
                path.move_to(x, y);
            } else {
                path.line_to(x, y);
            }
        }
        if let Some(path) = path.finish() {
            self.stroke(&path, width, colour);
        }
    }

    /// Part of the ellipse in `area`: `share` of it, clockwise from the top; negative runs the other way.
    pub(super) fn ring(&mut self, area: Area, share: f32, width: f32, colour: Colour) {
        let (cx, cy) = area.centre();
        let share = share.clamp(-1.0, 1.0);
        // Four pixels a piece look round.
        let pieces = ((area.w + area.h) * 1.6 * share.abs() / 4.0)
            .ceil()
            .max(2.0) as usize;
        if share.abs() * (area.w + area.h) < 0.5 {
            return;
        }
        let turn = std::f32::consts::TAU * share / pieces as f32;
        let points = (0..=pieces).map(|i| {
            let (sin, cos) = (turn * i as f32).sin_cos();
            (cx + area.w / 2.0 * sin, cy - area.h / 2.0 * cos)
        });
        self.polyline(points, width, colour);
    }
}

/// The outline of a rectangle with round corners.
fn rounded(area: Area, radius: f32) -> Option<Path> {
    // Distance of a cubic's handles that makes it a quarter circle.
    const HANDLE: f32 = 0.447_715;
    let r = radius.min(area.w / 2.0).min(area.h / 2.0).max(0.0);
    let (k, Area { x, y, w, h }) = (r * HANDLE, area);
    let (right, bottom) = (x + w, y + h);
    let mut path = PathBuilder::new();
    path.move_to(x + r, y);
    path.line_to(right - r, y);
    path.cubic_to(right - k, y, right, y + k, right, y + r);
    path.line_to(right, bottom - r);
    path.cubic_to(right, bottom - k, right - k, bottom, right - r, bottom);
    path.line_to(x + r, bottom);
    path.cubic_to(x + k, bottom, x, bottom - k, x, bottom - r);
    path.line_to(x, y + r);
    path.cubic_to(x, y + k, x + k, y, x + r, y);
    path.close();
    path.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::colour::WHITE;

    fn lit(canvas: &Canvas) -> usize {
        canvas.pixels().iter().filter(|&&p| p > 0x80_8080).count()
    }

    #[test]
    fn shapes_cover_their_area_and_nothing_outside() {
        let mut canvas = Canvas::new(40, 30);
        let area = Area {
            x: 10.0,
            y: 5.0,
            w: 20.0,
            h: 10.0,
        };
        canvas.panel(area, 0.0, WHITE);
        assert_eq!(lit(&canvas), 200);
        assert_eq!(canvas.pixels()[5 * 40 + 10], 0xff_ffff);
        assert_eq!(canvas.pixels()[4 * 40 + 10], 0);
    }

    #[test]
    fn shapes_may_reach_over_every_edge() {
        let mut canvas = Canvas::new(20, 20);
        for at in [
            (-3.0, 5.0),
            (23.0, 5.0),
            (5.0, -3.0),
            (5.0, 23.0),
            (-99.0, 0.0),
        ] {
            canvas.dot(at, 6.0, WHITE);
        }
        assert!(lit(&canvas) > 0);
        canvas.stamp(&[255; 9], 3, (-2, 19), WHITE);
        assert_eq!(canvas.pixels()[19 * 20], 0xff_ffff);
    }

    #[test]
    fn a_ring_covers_its_share() {
        let area = Area {
            x: 20.0,
            y: 20.0,
            w: 200.0,
            h: 260.0,
        };
        let count = |share| {
            let mut canvas = Canvas::new(240, 300);
            canvas.ring(area, share, 6.0, WHITE);
            lit(&canvas) as f32
        };
        let whole = count(1.0);
        for share in [0.25, 0.5, 0.75] {
            assert!((count(share) / whole - share).abs() < 0.03, "{share}");
        }
        assert!(count(0.0) < 1.0);
    }
}
