//! The mirrored picture: where it lies on the canvas, and its sharp drawing.
use image::RgbImage;

use super::canvas::{Area, Canvas};
use crate::geometry::Point;

/// Where the mirrored picture lies on the canvas; its right edge is the source's left.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Placement {
    /// Canvas pixels per source pixel.
    pub(super) scale: f32,
    /// Left edge on the canvas.
    pub(super) left: f32,
    /// Top edge on the canvas.
    pub(super) top: f32,
    /// Size of the source in its own pixels.
    pub(super) source: (f32, f32),
}

impl Placement {
    /// The whole canvas covered; the picture's longer sides are cut.
    pub fn cover(source: (u32, u32), canvas: &Canvas) -> Self {
        let (w, h) = canvas.size();
        let scale = (w / source.0.max(1) as f32).max(h / source.1.max(1) as f32);
        Self::about(source, (w / 2.0, h / 2.0), scale)
    }

    /// The whole picture visible, the canvas perhaps not covered.
    pub fn fit(source: (u32, u32), canvas: &Canvas) -> Self {
        let (w, h) = canvas.size();
        let scale = (w / source.0.max(1) as f32).min(h / source.1.max(1) as f32);
        Self::about(source, (w / 2.0, h / 2.0), scale)
    }

    /// The picture's middle at `centre`, `scale` canvas pixels per source pixel.
    pub(super) fn about(source: (u32, u32), centre: (f32, f32), scale: f32) -> Self {
        let source = (source.0.max(1) as f32, source.1.max(1) as f32);
        Self {
            scale,
            left: centre.0 - source.0 * scale / 2.0,
            top: centre.1 - source.1 * scale / 2.0,
            source,
        }
    }

    /// Where a point of the source lies on the canvas.
    pub fn point(&self, p: Point) -> (f32, f32) {
        let x = self.left + (self.source.0 - p.x) * self.scale;
        (x, self.top + p.y * self.scale)
    }

    /// Canvas pixels per source pixel.
    pub fn scale(&self) -> f32 {
        self.scale
    }

    /// What the picture covers.
    pub(super) fn area(&self) -> Area {
        Area {
            x: self.left,
            y: self.top,
            w: self.source.0 * self.scale,
            h: self.source.1 * self.scale,
        }
    }
}

/// Which part of each canvas row is drawn: `x0..x1` for row `y`.
pub(super) type Span<'a> = &'a dyn Fn(usize) -> (usize, usize);

impl Canvas {
    /// Draws the picture mirrored; what it does not cover stays.
    pub fn picture(&mut self, image: &RgbImage, placement: &Placement) {
        let area = placement.area();
        let x = (
            area.x.round().max(0.0) as usize,
            (area.x + area.w).round().max(0.0) as usize,
        );
        let y = (
            area.y.round().max(0.0) as usize,
            (area.y + area.h).round().max(0.0) as usize,
        );
        self.stretch(image, placement, &|row| {
            if (y.0..y.1).contains(&row) { x } else { (0, 0) }
        });
    }

    /// Draws the part of the mirrored picture inside an ellipse. Its edge is hard: a ring goes over it.
    pub(super) fn picture_in(&mut self, image: &RgbImage, placement: &Placement, oval: Area) {
        let (cx, cy) = oval.centre();
        self.stretch(image, placement, &|row| {
            let dy = (row as f32 + 0.5 - cy) / (oval.h / 2.0);
            let half = oval.w / 2.0 * (1.0 - dy * dy).max(0.0).sqrt();
            let end = |x: f32| x.round().max(0.0) as usize;
            (end(cx - half), end(cx + half))
        });
    }

    /// Bilinear stretch, mirrored, of the given part of each row; reads beyond the picture are reflected.
    ///
    /// The colours of a pixel lie in one `u64`, 21 bits each, blue lowest, so that one multiplication weighs
    /// all three. What the lanes hold below a whole step of colour is rounded by a pattern (ordered dither):
    /// frost is so smooth that plain rounding shows as stripes.
    pub(super) fn stretch(&mut self, image: &RgbImage, at: &Placement, span: Span<'_>) {
        let (sw, sh) = (image.width() as usize, image.height() as usize);
        if sw == 0 || sh == 0 || at.scale <= 0.0 {
            return;
        }
        let width = self.width();
        let columns: Vec<(u32, u32)> = (0..width)
            .map(|x| {
                let mirrored = sw as f32 - (x as f32 + 0.5 - at.left) / at.scale;
                locate(mirrored, sw)
            })
            .collect();
        let mut lines = Lines::new(image);
        let mut mixed = vec![(0, 0); sw];
        for (y, row) in self.pixels_mut().chunks_exact_mut(width).enumerate() {
            let (x0, x1) = span(y);
            let (x0, x1) = (x0.min(width), x1.min(width));
            if x0 >= x1 {
                continue;
            }
            // Only the source columns between the two ends are read; reflected spans read all.
            let (a, b) = (columns[x0].0 as usize, columns[x1 - 1].0 as usize);
            let reflected = at.left > x0 as f32 || at.area().x + at.area().w < x1 as f32;
            let used = if reflected {
                0..sw
            } else {
                a.min(b)..(a.max(b) + 2).min(sw)
            };
            let (line, weight) = locate((y as f32 + 0.5 - at.top) / at.scale, sh);
            lines.mix(line as usize, u64::from(weight), used, &mut mixed);
            let pattern = &DITHER[y % 8];
            let drawn = row[x0..x1].iter_mut().zip(&columns[x0..x1]).enumerate();
            for (i, (pixel, &(column, weight))) in drawn {
                let rounding = pattern[(x0 + i) % 8];
                let (base, slope) = mixed[column as usize];
                let sum = slope
                    .wrapping_mul(u64::from(weight))
                    .wrapping_add(base + rounding);
                let (blue, green, red) =
                    (sum >> 13 & 0xff, sum >> 26 & 0xff00, sum >> 39 & 0xff_0000);
                *pixel = (blue | green | red) as u32;
            }
        }
    }
}

/// One in each of the three lanes.
const ONES: u64 = 1 | 1 << 21 | 1 << 42;

/// Bayer's 8 x 8 thresholds, spread over a step of colour (2^13), in all lanes.
const DITHER: [[u64; 8]; 8] = {
    let mut table = [[0; 8]; 8];
    let mut i = 0;
    while i < 64 {
        let (x, y) = (i % 8, i / 8);
        let (odd, mut level, mut bit) = (x ^ y, 0, 0);
        while bit < 3 {
            level |= (odd >> bit & 1) << (5 - 2 * bit) | (y >> bit & 1) << (4 - 2 * bit);
            bit += 1;
        }
        table[y][x] = (level as u64 * 128 + 64) * ONES;
        i += 1;
    }
    table
};

/// The source pixel left of (above) a coordinate, and the weight of its neighbour in 256ths.
pub(super) fn locate(coordinate: f32, size: usize) -> (u32, u32) {
    let period = 2.0 * size as f32;
    let folded = coordinate.rem_euclid(period);
    let inside = if folded > size as f32 {
        period - folded
    } else {
        folded
    };
    let v = (inside - 0.5).clamp(0.0, (size - 1) as f32);
    (v as u32, (v.fract() * 256.0) as u32)
}

/// The two source lines a canvas row lies between, unpacked once each.
struct Lines<'a> {
    image: &'a RgbImage,
    held: [(Option<usize>, Vec<u64>); 2],
}

impl<'a> Lines<'a> {
    fn new(image: &'a RgbImage) -> Self {
        let empty = || (None, vec![0; image.width() as usize]);
        Self {
            image,
            held: [empty(), empty()],
        }
    }

    fn unpack(&mut self, line: usize) {
        let slot = &mut self.held[line % 2];
        if slot.0 == Some(line) {
            return;
        }
        slot.0 = Some(line);
        let stride = slot.1.len() * 3;
        let bytes = self.image.as_raw().get(line * stride..(line + 1) * stride);
        for (lane, rgb) in slot.1.iter_mut().zip(bytes.unwrap_or(&[]).chunks_exact(3)) {
            *lane = u64::from(rgb[2]) | u64::from(rgb[1]) << 21 | u64::from(rgb[0]) << 42;
        }
    }

    /// Mixes `line` and the next into `out`: each pixel times 2^13, and the 2^8th part of its difference to its
    /// right neighbour.
    fn mix(
        &mut self,
        line: usize,
        weight: u64,
        used: std::ops::Range<usize>,
        out: &mut [(u64, u64)],
    ) {
        // 13 bits a lane are kept: 8 of colour, 5 below.
        const LANES: u64 = 0x1fff * ONES;
        let next = (line + 1).min(self.image.height() as usize - 1);
        self.unpack(line);
        self.unpack(next);
        let [top, bottom] = [&self.held[line % 2].1, &self.held[next % 2].1];
        let mut before: Option<u64> = None;
        let both = top[used.clone()].iter().zip(&bottom[used.clone()]);
        for (at, (&a, &b)) in (used.start..).zip(both) {
            let mixed = ((a * (256 - weight) + b * weight) >> 3) & LANES;
            if let Some(last) = before {
                out[at - 1].1 = mixed.wrapping_sub(last);
            }
            out[at] = (mixed << 8, 0);
            before = Some(mixed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Red left half, blue right half, as the camera sees it.
    fn halves(w: u32, h: u32) -> RgbImage {
        RgbImage::from_fn(w, h, |x, _| {
            image::Rgb(if x < w / 2 { [255, 0, 0] } else { [0, 0, 255] })
        })
    }

    #[test]
    fn the_picture_is_mirrored_and_covers() {
        let image = halves(64, 48);
        for (w, h) in [(64, 48), (320, 240), (200, 50), (50, 200), (33, 17)] {
            let mut canvas = Canvas::new(w, h);
            let place = Placement::cover(image.dimensions(), &canvas);
            canvas.picture(&image, &place);
            for y in [0, h / 2, h - 1] {
                assert_eq!(canvas.pixels()[y * w], 0x00_00ff, "{w}x{h}");
                assert_eq!(canvas.pixels()[y * w + w - 1], 0xff_0000, "{w}x{h}");
            }
        }
    }

    #[test]
    fn at_full_size_every_pixel_is_kept() {
        let image = RgbImage::from_fn(7, 5, |x, y| image::Rgb([x as u8 * 30, y as u8 * 40, 9]));
        let mut canvas = Canvas::new(7, 5);
        canvas.picture(&image, &Placement::fit((7, 5), &canvas));
        for (x, y, rgb) in image.enumerate_pixels() {
            let [r, g, b] = rgb.0.map(u32::from);
            let seen = canvas.pixels()[y as usize * 7 + 6 - x as usize];
            assert_eq!(seen, r << 16 | g << 8 | b, "{x} {y}");
        }
    }

    #[test]
    fn points_lie_where_their_pixels_are_drawn() {
        let mut image = RgbImage::new(64, 48);
        image.put_pixel(10, 20, image::Rgb([255; 3]));
        let mut canvas = Canvas::new(640, 300);
        let place = Placement::fit((64, 48), &canvas);
        canvas.picture(&image, &place);
        let (x, y) = place.point(Point { x: 10.5, y: 20.5 });
        let brightest = (0..640 * 300).max_by_key(|&i| canvas.pixels()[i]).unwrap();
        assert!((x - (brightest % 640) as f32).abs() < place.scale());
        assert!((y - (brightest / 640) as f32).abs() < place.scale());
    }

    #[test]
    fn a_picture_of_one_pixel_draws() {
        let mut canvas = Canvas::new(8, 8);
        let image = RgbImage::from_pixel(1, 1, image::Rgb([1, 2, 3]));
        canvas.picture(&image, &Placement::cover((1, 1), &canvas));
        assert!(canvas.pixels().iter().all(|&p| p == 0x01_0203));
    }
}
