//! The mirrored picture, stretched onto the canvas.
use std::ops::Range;

use image::RgbImage;

use super::{
    canvas::{Area, Canvas},
    placement::Placement,
};

/// Which part of each canvas row is drawn: `x0..x1` for row `y`.
pub(super) type Span<'a> = &'a dyn Fn(usize) -> (usize, usize);

impl Canvas {
    /// Draws the picture mirrored, and `margin` (0RGB) where it is not.
    pub fn picture(&mut self, image: &RgbImage, placement: &Placement, margin: u32) {
        let area = match image.is_empty() {
            true => Area::default(),
            false => placement.area(),
        };
        let (width, height) = (self.width(), self.height());
        let within = |at: f32, most: usize| (at.round().max(0.0) as usize).min(most);
        let x = within(area.x, width)..within(area.x + area.w, width);
        let y = within(area.y, height)..within(area.y + area.h, height);
        for (row, pixels) in self.pixels_mut().chunks_exact_mut(width).enumerate() {
            if y.contains(&row) {
                pixels[..x.start].fill(margin);
                pixels[x.end..].fill(margin);
            } else {
                pixels.fill(margin);
            }
        }
        self.stretch(image, placement, &|row| {
            if y.contains(&row) {
                (x.start, x.end)
            } else {
                (0, 0)
            }
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
    /// A picture that grows: each source line is stretched once, then two of them are mixed per row, in loops a
    /// compiler turns into vector instructions. What lies below a whole step of colour is rounded by a pattern
    /// (ordered dither): frost is so smooth that plain rounding shows as stripes. One that does not grow has
    /// a line for each row at least: two of them are mixed first, and only the mixture is read at each column.
    pub(super) fn stretch(&mut self, image: &RgbImage, at: &Placement, span: Span<'_>) {
        let (sw, sh) = (image.width() as usize, image.height() as usize);
        if sw == 0 || sh == 0 || at.scale <= 0.0 {
            return;
        }
        let (width, height) = (self.width(), self.height());
        let spans: Vec<(usize, usize)> = (0..height)
            .map(span)
            .map(|(x0, x1)| (x0.min(width), x1.min(width)))
            .collect();
        let drawn = || spans.iter().filter(|(x0, x1)| x0 < x1);
        let Some(first) = drawn().map(|s| s.0).min() else {
            return;
        };
        let last = drawn().map(|s| s.1).max().unwrap_or(first);
        let columns = (first..last).map(|x| {
            let mirrored = sw as f32 - (x as f32 + 0.5 - at.left) / at.scale;
            locate(mirrored, sw)
        });
        let columns: Vec<_> = columns.collect();
        let across = |y: usize| locate((y as f32 + 0.5 - at.top) / at.scale, sh);
        if at.scale <= 1.0 {
            let mut mixture = Mixture::new(image, &columns);
            let rows = self.pixels_mut().chunks_exact_mut(width).zip(&spans);
            for (y, (row, &(x0, x1))) in rows.enumerate().filter(|(_, (_, s))| s.0 < s.1) {
                mixture.draw(across(y), x0 - first..x1 - first, &mut row[x0..x1]);
            }
            return;
        }
        let mut lines = Lines::new(image, columns);
        let mut mixed = vec![0; lines.columns.len() * 4];
        let rows = self.pixels_mut().chunks_exact_mut(width).zip(&spans);
        for (y, (row, &(x0, x1))) in rows.enumerate().filter(|(_, (_, s))| s.0 < s.1) {
            let (line, weight) = across(y);
            let part = x0 - first..x1 - first;
            let bytes = &mut mixed[part.start * 4..part.end * 4];
            lines.mix(line as usize, weight, part, &DITHER[y % 8], bytes);
            for (pixel, bytes) in row[x0..x1].iter_mut().zip(bytes.chunks_exact(4)) {
                *pixel = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], 0]);
            }
        }
    }
}

/// Bayer's 8 x 8 thresholds, spread over 1 to 253 of a step's 256, for four channels of eight pixels.
const DITHER: [[u16; 32]; 8] = {
    let mut table = [[0; 32]; 8];
    let mut i = 0;
    while i < 256 {
        let (x, y) = (i / 4 % 8, i / 32);
        let (odd, mut level, mut bit) = (x ^ y, 0, 0);
        while bit < 3 {
            level |= (odd >> bit & 1) << (5 - 2 * bit) | (y >> bit & 1) << (4 - 2 * bit);
            bit += 1;
        }
        table[y][i % 32] = 1 + level as u16 * 4;
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

/// A canvas row of a picture that does not grow.
struct Mixture<'a> {
    image: &'a RgbImage,
    /// First and last source pixel seen.
    seen: (usize, usize),
    /// Two source lines mixed, RGB, from the first pixel seen on; eight bytes can be read at each.
    line: Vec<u8>,
    /// Where each canvas column's pixel and the next lie in it, and the next one's weight for each byte.
    columns: Vec<usize>,
    weights: Vec<[u16; 4]>,
    /// The two pixels of each column, from six bytes of eight; then each alone, and what they make.
    pairs: Vec<u64>,
    ends: [Vec<[u8; 4]>; 2],
    mixed: Vec<[u8; 4]>,
}

impl<'a> Mixture<'a> {
    fn new(image: &'a RgbImage, columns: &[(u32, u32)]) -> Self {
        let seen = columns.iter().map(|c| c.0 as usize);
        let first = seen.clone().min().unwrap_or(0);
        let last = (seen.clone().max().unwrap_or(0) + 1).min(image.width() as usize - 1);
        let room = || vec![[0; 4]; columns.len()];
        Self {
            image,
            seen: (first, last),
            // A last column with nothing beside it reads bytes that weigh nothing.
            line: vec![0; (last - first) * 3 + 8],
            columns: seen.map(|x| (x - first) * 3).collect(),
            weights: columns.iter().map(|c| [c.1 as u16; 4]).collect(),
            pairs: vec![0; columns.len()],
            ends: [room(), room()],
            mixed: room(),
        }
    }

    /// Mixes a source line with as many 256ths of the next, and draws the given `part` of all columns.
    fn draw(&mut self, (line, weight): (u32, u32), part: Range<usize>, row: &mut [u32]) {
        let next = (line + 1).min(self.image.height() - 1);
        let width = self.image.width() as usize;
        let [top, bottom] = [line, next].map(|line| {
            let at = |x| (line as usize * width + x) * 3;
            &self.image.as_raw()[at(self.seen.0)..at(self.seen.1 + 1)]
        });
        let ends = top.iter().zip(bottom);
        for (out, (&a, &b)) in self.line.iter_mut().zip(ends) {
            *out = between(a, b, weight as u16);
        }
        let columns = &self.columns[part.clone()];
        for (pair, &at) in self.pairs.iter_mut().zip(columns) {
            let eight = self.line.get(at..at + 8).and_then(|e| e.first_chunk());
            *pair = u64::from_le_bytes(*eight.unwrap_or(&[0; 8]));
        }
        let [left, right] = &mut self.ends;
        let ends = left.iter_mut().zip(right.iter_mut());
        for ((left, right), &pair) in ends.zip(&self.pairs[..columns.len()]) {
            *left = (pair as u32).to_le_bytes();
            *right = ((pair >> 24) as u32).to_le_bytes();
        }
        let weights = self.weights[part].as_flattened();
        let ends = left.as_flattened().iter().zip(right.as_flattened());
        let mixed = self.mixed.as_flattened_mut();
        for (out, ((&a, &b), &weight)) in mixed.iter_mut().zip(ends.zip(weights)) {
            *out = between(a, b, weight);
        }
        for (pixel, &mixed) in row.iter_mut().zip(&self.mixed) {
            *pixel = u32::from_be_bytes(mixed) >> 8;
        }
    }
}

/// `weight` 256ths of the way from `a` to `b`.
fn between(a: u8, b: u8, weight: u16) -> u8 {
    ((u16::from(a) * (256 - weight) + u16::from(b) * weight + 128) >> 8) as u8
}

/// The two source lines a canvas row lies between, each stretched once.
struct Lines<'a> {
    image: &'a RgbImage,
    /// Source pixel and weight of each canvas column.
    columns: Vec<(u32, u32)>,
    /// One source line as colour times 256 and difference to the right neighbour, 16 bits a channel.
    line: Vec<(u64, u64)>,
    held: [(Option<usize>, Vec<[u16; 4]>); 2],
}

impl<'a> Lines<'a> {
    fn new(image: &'a RgbImage, columns: Vec<(u32, u32)>) -> Self {
        let empty = || (None, vec![[0; 4]; columns.len()]);
        Self {
            image,
            line: vec![(0, 0); image.width() as usize],
            held: [empty(), empty()],
            columns,
        }
    }

    /// Stretches one source line, unless it is held.
    ///
    /// Three channels lie in one `u64`, blue lowest, so that one multiplication weighs them all.
    fn hold(&mut self, line: usize) {
        let (held, stretched) = &mut self.held[line % 2];
        if *held == Some(line) {
            return;
        }
        *held = Some(line);
        let stride = self.line.len() * 3;
        let bytes = self.image.as_raw().get(line * stride..(line + 1) * stride);
        let pixels = bytes.unwrap_or(&[]).chunks_exact(3);
        for (lane, rgb) in self.line.iter_mut().zip(pixels) {
            let [r, g, b] = [rgb[0], rgb[1], rgb[2]].map(u64::from);
            *lane = ((b | g << 16 | r << 32) << 8, 0);
        }
        for i in 1..self.line.len() {
            self.line[i - 1].1 = (self.line[i].0 >> 8).wrapping_sub(self.line[i - 1].0 >> 8);
        }
        for (out, &(column, weight)) in stretched.iter_mut().zip(&self.columns) {
            let (base, slope) = self.line[column as usize];
            let sum = slope.wrapping_mul(u64::from(weight)).wrapping_add(base);
            *out = [sum as u16, (sum >> 16) as u16, (sum >> 32) as u16, 0];
        }
    }

    /// Mixes the stretched `line` and the next: blue, green, red, nothing, a byte each.
    fn mix(
        &mut self,
        line: usize,
        weight: u32,
        part: Range<usize>,
        rounding: &[u16; 32],
        out: &mut [u8],
    ) {
        let next = (line + 1).min(self.image.height() as usize - 1);
        self.hold(line);
        self.hold(next);
        let [top, bottom] = [line, next].map(|i| self.held[i % 2].1[part.clone()].as_flattened());
        // 65,536ths that fit 16 bits: their products' upper halves lose at most 2, which is added back.
        let below = (weight << 8) as u16;
        let above = u16::MAX - below;
        let share = |value: u16, of: u16| ((u32::from(value) * u32::from(of)) >> 16) as u16;
        let mix = |a: u16, b: u16, r: u16| {
            let sum = share(a, above).wrapping_add(share(b, below));
            (sum.wrapping_add(r + 2) >> 8) as u8
        };
        let eights = out
            .chunks_exact_mut(32)
            .zip(top.chunks_exact(32).zip(bottom.chunks_exact(32)));
        for (out, (a, b)) in eights {
            for i in 0..32 {
                out[i] = mix(a[i], b[i], rounding[i]);
            }
        }
        let done = out.len() / 32 * 32;
        let rest = out[done..]
            .iter_mut()
            .zip(top[done..].iter().zip(&bottom[done..]));
        for ((out, (&a, &b)), &r) in rest.zip(rounding) {
            *out = mix(a, b, r);
        }
    }
}

#[cfg(test)]
#[path = "picture_tests.rs"]
mod tests;
