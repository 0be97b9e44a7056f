//! Square crops of a picture to network input, without a copy in between.
use image::RgbImage;

use super::{
    input::{BLACK, SIGNED},
    kernels::{Across, Finish, Isa, blend},
};
use crate::geometry::BBox;

/// How the pixels of a crop are weighed from those of the picture under them. Anti-aliased: a kernel
/// widens with the shrinking (but see `apart`). Measured on WIDER (AP, 333 faces) and LFW (landmark error, 200 faces),
/// the same kernel in all stages: box .748 .0483, tent .773 .0481, Hamming .761 .0464, Catmull-Rom
/// .764 .0469; the mix the stages use .767 .0460.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kernel {
    /// Bell of two pixels (a raised cosine on a sinc).
    Hamming,
    /// Cubic of four pixels, the sharpest.
    CatmullRom,
}

impl Kernel {
    /// Pixels on each side beyond which it is zero.
    fn reach(self) -> f32 {
        match self {
            Self::Hamming => 1.0,
            Self::CatmullRom => 2.0,
        }
    }

    /// Pixels of the picture under one of the crop for each that is looked at; of more, some are left out.
    /// The first look at large boxes then takes half the time, and what is found is the same (AP on
    /// WIDER .774 with and without), but stripes as fine as the step are not averaged. The last look,
    /// which the landmarks come from, leaves out nothing.
    fn apart(self) -> f32 {
        match self {
            Self::Hamming => 2.0,
            Self::CatmullRom => f32::INFINITY,
        }
    }

    /// Its value at a distance `x` of 0 or more pixels.
    fn at(self, x: f32) -> f32 {
        match self {
            Self::Hamming if x >= 1.0 => 0.0,
            Self::Hamming => {
                let turn = std::f32::consts::PI * x;
                let sinc = if x < 1e-4 { 1.0 } else { turn.sin() / turn };
                sinc * (0.54 + 0.46 * turn.cos())
            }
            Self::CatmullRom if x >= 2.0 => 0.0,
            Self::CatmullRom if x >= 1.0 => ((2.5 - 0.5 * x) * x - 4.0) * x + 2.0,
            Self::CatmullRom => (1.5 * x - 2.5) * x * x + 1.0,
        }
    }
}

/// Values of a kernel that are tabled for each pixel of distance. Between two of them it changes by
/// less than a thousandth.
const STEPS: f32 = 2_048.0;

/// A part of a step: pixels between two of a table are counted in these.
const FRACTION: f32 = 65_536.0;

/// Cuts crops of `side` x `side` pixels.
pub struct Cutter {
    isa: Isa,
    side: usize,
    kernel: Kernel,
    table: Vec<f32>,
    columns: Axis,
    rows: Axis,
    across: Across,
    /// One row of the crop as wide as the picture under it, RGB, and what is read behind it.
    line: Vec<f32>,
}

/// What each pixel along a side of the crop is made of.
#[derive(Default)]
struct Axis {
    /// First pixel of the picture, and how many are looked at.
    spans: Vec<(usize, usize)>,
    /// `taps` weights for each span; those beyond its pixels are 0.
    weights: Vec<f32>,
    /// No pixel of the crop is made of more.
    taps: usize,
    /// From one pixel that is looked at to the next.
    step: usize,
}

impl Axis {
    /// The pixels of the picture that are needed at all.
    fn needed(&self) -> std::ops::Range<usize> {
        let used = || self.spans.iter().filter(|(_, count)| *count > 0);
        let first = used().map(|(first, _)| *first).min().unwrap_or(0);
        let last = used().map(|(first, count)| first + (count - 1) * self.step + 1);
        first..last.max().unwrap_or(first)
    }
}

impl Cutter {
    /// A cutter whose crops are weighed by `kernel`.
    pub fn new(side: usize, kernel: Kernel) -> Self {
        let steps = (kernel.reach() * STEPS) as usize;
        let isa = Isa::best();
        // The cubic overshoots at edges.
        let finish = Finish {
            most: 255.0,
            factor: SIGNED,
            shift: BLACK,
        };
        Self {
            isa,
            side,
            kernel,
            table: (0..=steps).map(|i| kernel.at(i as f32 / STEPS)).collect(),
            columns: Axis::default(),
            rows: Axis::default(),
            across: Across::new(isa, finish),
            line: vec![],
        }
    }

    /// Writes the part of `image` under `bbox`, `[side, side, 3]`, RGB in -1..1; beyond the picture
    /// there is black, and nothing but black under a box that is none.
    ///
    /// # Panics
    ///
    /// Where `out` is not that long.
    pub fn cut(&mut self, image: &RgbImage, bbox: &BBox, out: &mut [f32]) {
        assert_eq!(out.len(), self.side * self.side * 3, "a crop");
        let (width, height) = (image.width() as usize, image.height() as usize);
        // A box far larger than the picture would be nearly all black: no stage makes one.
        let most = width.max(height) as f32 * 4.0 + 64.0;
        let drawable = bbox.is_finite() && bbox.area() > 0.0 && width * height > 0;
        if !drawable || bbox.width().max(bbox.height()) > most {
            return out.fill(BLACK);
        }
        let Self { columns, rows, .. } = self;
        let table = (self.kernel, self.table.as_slice());
        weigh(columns, table, self.side, bbox.x1, bbox.width(), width);
        weigh(rows, table, self.side, bbox.y1, bbox.height(), height);
        self.draw(image, out);
    }

    /// The crop, a row at a time: down over as wide a line as is needed, then across.
    fn draw(&mut self, image: &RgbImage, out: &mut [f32]) {
        let Self { columns, rows, .. } = self;
        let needed = columns.needed();
        // What a pixel with nothing of the picture under it reads weighs nothing.
        let firsts = columns.spans.iter();
        let firsts = firsts.map(|(first, _)| first.saturating_sub(needed.start));
        self.across
            .set(firsts, &columns.weights, columns.taps, columns.step);
        let wide = needed.len() * 3;
        self.line.clear();
        // Where a pixel is made of fewer than others, what weighs nothing is read behind the line.
        self.line.resize(wide.max(self.across.reach()), 0.0);
        let stride = image.width() as usize * 3;
        let hop = rows.step * stride;
        let spans = rows.spans.iter().zip(rows.weights.chunks_exact(rows.taps));
        for ((&(first, count), weights), out) in spans.zip(out.chunks_exact_mut(self.side * 3)) {
            let line = &mut self.line[..wide];
            let pixels = &image.as_raw()[first * stride + needed.start * 3..];
            blend(self.isa, pixels, hop, &weights[..count], line);
            self.across.run(&self.line, out);
        }
    }
}

/// Sets what `side` pixels are made of that lie evenly between `start` and `start + length` on a
/// picture of `limit` pixels. Weights of pixels beyond it are left out, but count.
fn weigh(
    axis: &mut Axis,
    (kernel, table): (Kernel, &[f32]),
    side: usize,
    start: f32,
    length: f32,
    limit: usize,
) {
    let scale = length / side as f32;
    let wide = scale.max(1.0);
    let reach = kernel.reach();
    axis.step = ((wide / kernel.apart()) as usize).max(1);
    axis.taps = (2.0 * reach * wide) as usize / axis.step + 1;
    axis.spans.clear();
    axis.weights.clear();
    axis.weights.resize(side * axis.taps, 0.0);
    let (step, taps) = (axis.step, axis.taps);
    // Places in the table are whole numbers: to look up each weight takes longer than all else here. Those of all
    // taps together lie within four times the reach of the kernel, 2^30. A hop is cut by less than its
    // smallest part, for all taps by far less than a place.
    let fine = STEPS / wide * FRACTION;
    let hop = (fine * step as f32) as i32;
    for (i, weights) in axis.weights.chunks_exact_mut(taps).enumerate() {
        let centre = start + (i as f32 + 0.5) * scale - 0.5;
        let begin = (centre - reach * wide).ceil();
        let all = ((centre + reach * wide - begin) as usize / step + 1).min(taps);
        let mut place = ((begin - centre) * fine) as i32;
        let begin = begin as isize;
        let before = begin.min(0).unsigned_abs().div_ceil(step).min(all);
        let first = begin + (before * step) as isize;
        let room = (limit as isize - first).max(0) as usize;
        let count = room.div_ceil(step).min(all - before);
        let mut sum = 0.0;
        for tap in 0..all {
            let nearest = (place.unsigned_abs() + FRACTION as u32 / 2) / FRACTION as u32;
            let weight = table.get(nearest as usize).copied().unwrap_or(0.0);
            place += hop;
            sum += weight;
            if (before..before + count).contains(&tap) {
                weights[tap - before] = weight;
            }
        }
        for weight in &mut weights[..count] {
            *weight /= sum;
        }
        axis.spans
            .push((if count > 0 { first as usize } else { 0 }, count));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KERNELS: [Kernel; 2] = [Kernel::Hamming, Kernel::CatmullRom];

    /// Red grows with x, green with y.
    fn gradient(width: u32, height: u32) -> RgbImage {
        RgbImage::from_fn(width, height, |x, y| {
            image::Rgb([x as u8 * 2, y as u8 * 3, 200])
        })
    }

    fn cut(image: &RgbImage, [x1, y1, x2, y2]: [f32; 4], side: usize, kernel: Kernel) -> Vec<f32> {
        let mut out = vec![f32::NAN; side * side * 3];
        Cutter::new(side, kernel).cut(image, &BBox { x1, y1, x2, y2 }, &mut out);
        out.iter().map(|n| n * 128.0 + 127.5).collect()
    }

    fn assert_near(got: &[f32], wanted: &[f32], tolerance: f32) {
        for (i, (got, wanted)) in got.iter().zip(wanted).enumerate() {
            assert!((got - wanted).abs() <= tolerance, "{i}: {got} for {wanted}");
        }
    }

    #[test]
    fn at_its_own_size_a_crop_is_the_pixels_themselves() {
        for kernel in KERNELS {
            let got = cut(&gradient(40, 30), [5.0, 7.0, 9.0, 11.0], 4, kernel);
            assert_near(&got[..6], &[10.0, 21.0, 200.0, 12.0, 21.0, 200.0], 0.1);
            assert_near(&got[36..39], &[10.0, 30.0, 200.0], 0.1);
        }
    }

    #[test]
    fn shrunk_and_enlarged_a_slope_stays_a_slope() {
        for kernel in KERNELS {
            for side in [5, 24, 48] {
                let got = cut(&gradient(120, 80), [20.0, 15.0, 70.0, 65.0], side, kernel);
                let wanted = (0..side * side).flat_map(|i| {
                    let at = |k: usize| (k as f32 + 0.5) * 50.0 / side as f32 - 0.5;
                    let (x, y) = (20.0 + at(i % side), 15.0 + at(i / side));
                    [2.0 * x, 3.0 * y, 200.0]
                });
                // A bell of two pixels is no straight line between them.
                let tolerance = if side == 48 && kernel == Kernel::Hamming {
                    0.6
                } else {
                    0.3
                };
                assert_near(&got, &wanted.collect::<Vec<_>>(), tolerance);
            }
        }
    }

    #[test]
    fn fine_stripes_are_averaged_where_nothing_is_left_out() {
        let stripes = RgbImage::from_fn(400, 400, |x, _| image::Rgb([(x % 2 * 200) as u8; 3]));
        for (kernel, most) in [(Kernel::CatmullRom, 400.0), (Kernel::Hamming, 95.0)] {
            for side in [48.0, 72.0, 95.0, 192.0, 400.0f32] {
                if side <= most {
                    let got = cut(&stripes, [0.0, 0.0, side, side], 24, kernel);
                    // Away from the edge, beyond which there is black.
                    assert_near(&got[5 * 72 + 15..5 * 72 + 54], &[100.0; 39], 3.0);
                }
            }
        }
    }

    #[test]
    fn beyond_the_edge_it_is_black() {
        let image = RgbImage::from_pixel(20, 20, image::Rgb([200; 3]));
        for kernel in KERNELS {
            let got = cut(&image, [-20.0, 0.0, 20.0, 40.0], 40, kernel);
            let at = |x: usize, y: usize| got[(y * 40 + x) * 3];
            assert_near(
                &[at(10, 10), at(30, 10), at(30, 30)],
                &[0.0, 200.0, 0.0],
                0.1,
            );
        }
        for nothing in [
            [30.0, 0.0, 50.0, 20.0],
            [5.0, 5.0, 5.0, 9.0],
            [0.0, 0.0, 1e6, 1e6],
        ] {
            assert_near(&cut(&image, nothing, 4, Kernel::Hamming), &[0.0; 48], 1e-3);
        }
    }

    /// What pixel `i` of `side` along a box from `start` on is made of, as it is defined: pixels of the picture
    /// and their weights.
    fn parts(
        kernel: Kernel,
        side: usize,
        i: usize,
        (start, length): (f32, f32),
        limit: u32,
    ) -> Vec<(u32, f32)> {
        let scale = length / side as f32;
        let wide = scale.max(1.0);
        let step = (wide / kernel.apart()).floor().max(1.0);
        let centre = start + (i as f32 + 0.5) * scale - 0.5;
        let begin = (centre - kernel.reach() * wide).ceil();
        let all = (0..).map(|tap| begin + tap as f32 * step);
        let all = all.take_while(|p| *p <= centre + kernel.reach() * wide);
        let all: Vec<(f32, f32)> = all
            .map(|p| (p, kernel.at((p - centre).abs() / wide)))
            .collect();
        let sum: f32 = all.iter().map(|(_, weight)| weight).sum();
        let inside = all.iter().filter(|(p, _)| (0.0..limit as f32).contains(p));
        inside
            .map(|(p, weight)| (*p as u32, weight / sum))
            .collect()
    }

    proptest! {
        #[test]
        fn a_crop_is_what_its_kernel_says(
            x in -60f32..200.0, y in -60f32..200.0, w in 1f32..300.0, h in 1f32..300.0,
            width in 60u32..150, height in 1u32..150, side in 1usize..30,
        ) {
            let noise = |x: u32, y: u32| ((x * 7919 + y * 104_729) % 251) as u8;
            let image = RgbImage::from_fn(width, height, |x, y| {
                image::Rgb([noise(x, y), noise(y, x), noise(x + 9, y)])
            });
            for kernel in KERNELS {
                let got = cut(&image, [x, y, x + w, y + h], side, kernel);
                // As the cutter knows it: what is added may be rounded.
                let (w, h) = (x + w - x, y + h - y);
                for (i, got) in got.chunks_exact(3).enumerate() {
                    let across = parts(kernel, side, i % side, (x, w), width);
                    let down = parts(kernel, side, i / side, (y, h), height);
                    for (channel, got) in got.iter().enumerate() {
                        let row = |y: u32| -> f32 {
                            let pixels = across.iter();
                            pixels.map(|(x, part)| part * f32::from(image[(*x, y)][channel])).sum()
                        };
                        let wanted: f32 = down.iter().map(|(y, part)| part * row(*y)).sum();
                        let wanted = wanted.clamp(0.0, 255.0);
                        prop_assert!((got - wanted).abs() < 0.3, "{kernel:?}, {i}: {got} for {wanted}");
                    }
                }
            }
        }

        #[test]
        fn any_box_on_any_picture_gives_colours(
            x in -300f32..300.0, y in -300f32..300.0, w in -9f32..400.0, h in -9f32..400.0,
            width in 0u32..40, height in 0u32..40,
        ) {
            let image = gradient(width, height);
            for kernel in KERNELS {
                let got = cut(&image, [x, y, x + w, y + h], 12, kernel);
                prop_assert!(got.iter().all(|n| (-0.1..255.1).contains(n)));
            }
        }
    }
}
