//! The first layer of a network: a convolution that reads and gives few channels, and the pool behind
//! it. Its channels would leave registers half empty, so the pixels of a row lie in the lanes.
mod planes;
#[cfg(test)]
mod tests;
mod tiles;

use super::{ConvSpec, Dims, Isa, Pool, slopes_of};
use planes::{Merge, Split};
use tiles::{Job, MOST_INPUTS, MOST_ROWS, Shape, WIDE};

/// Rows of the convolution under one row of the pool.
const ROWS: usize = 2;

/// A convolution and a pool of 2 x 2 in steps of 2, with its weights packed for one instruction set.
#[derive(Clone, Debug)]
pub struct Stem {
    isa: Isa,
    spec: ConvSpec,
    pool: Pool,
    shape: Shape,
    /// Group after group: for each kernel row, channel read and kernel column the group's channels,
    /// filled up with zeros.
    weights: Vec<f32>,
    /// Filled up to whole groups.
    bias: Vec<f32>,
    slopes: Vec<f32>,
}

impl Stem {
    /// Whether it can compute this, and pays: where its groups of channels leave less empty than the whole
    /// registers of [`Conv`](super::Conv) would, by a quarter.
    pub fn suits(isa: Isa, spec: &ConvSpec, pool: &Pool) -> bool {
        let shape = Shape::of(isa);
        let lanes = spec.outputs.next_multiple_of(shape.lanes);
        spec.stride == [1, 1]
            && spec.inputs <= MOST_INPUTS
            && spec.kernel[0] <= MOST_ROWS
            && spec.outputs.next_multiple_of(shape.group) * 4 <= lanes * 3
            && (pool.side, pool.stride) == (ROWS, ROWS)
    }

    /// As [`Conv::new`](super::Conv::new), with `pool` behind it.
    ///
    /// # Panics
    ///
    /// As there, and where it does not suit.
    pub fn new(
        isa: Isa,
        spec: ConvSpec,
        weights: &[f32],
        bias: &[f32],
        slopes: Option<&[f32]>,
        pool: Pool,
    ) -> Self {
        assert!(Self::suits(isa, &spec, &pool), "{spec:?}, {pool:?}");
        spec.check(isa, weights, bias, slopes);
        let shape = Shape::of(isa);
        let outputs = spec.outputs.next_multiple_of(shape.group);
        let filled = |mut values: Vec<f32>| {
            values.resize(outputs, 0.0);
            values
        };
        let [height, width] = spec.kernel;
        let mut packed = Vec::with_capacity(outputs * spec.taps());
        for first in (0..outputs).step_by(shape.group) {
            for y in 0..height {
                for i in 0..spec.inputs {
                    for x in 0..width {
                        packed.extend((first..first + shape.group).map(|o| {
                            match o < spec.outputs {
                                true => weights[((o * spec.inputs + i) * height + y) * width + x],
                                false => 0.0,
                            }
                        }));
                    }
                }
            }
        }
        Self {
            isa,
            spec,
            pool,
            shape,
            weights: packed,
            bias: filled(bias.to_vec()),
            slopes: filled(slopes_of(slopes, spec.outputs)),
        }
    }

    /// The convolution.
    #[cfg(test)]
    pub fn spec(&self) -> &ConvSpec {
        &self.spec
    }

    /// Sizes of the output for an input of these sizes.
    pub fn output(&self, input: Dims) -> Dims {
        self.pool.output(self.spec.output(input))
    }

    /// Computes the output of `input`, sized `dims`; `room` is kept for the next time.
    ///
    /// # Panics
    ///
    /// Where a slice is not as long as its sizes say.
    pub fn run(&self, input: &[f32], dims: Dims, room: &mut Vec<f32>, out: &mut [f32]) {
        let (whole, output) = (self.spec.output(dims), self.output(dims));
        assert_eq!(dims.c, self.spec.inputs, "input channels");
        assert_eq!(input.len(), dims.len(), "input");
        assert_eq!(out.len(), output.len(), "output");
        if output.is_empty() {
            return;
        }
        let band = Band::new(self, dims, whole);
        let (planes, sums, pooled) = band.split(room);
        let line = dims.w * dims.c;
        for (i, out) in out.chunks_exact_mut(output.w * output.c).enumerate() {
            let (n, y) = (i / output.h, i % output.h);
            let rows = self.pool.rows(y, whole.h);
            // Rows of the input that no pool row before this one has put in its planes.
            let end = rows.end + self.spec.kernel[0] - 1;
            let first = match y {
                0 => rows.start,
                _ => rows.start + self.spec.kernel[0] - 1,
            };
            for y in first..end {
                let from = &input[(n * dims.h + y) * line..][..line];
                let to = &mut planes[y % band.slots * band.slot..][..band.slot];
                self.isa.run(Split {
                    from,
                    channels: dims.c,
                    to,
                    plane: band.plane,
                });
            }
            for (y, sums) in rows.clone().zip(sums.chunks_exact_mut(band.sums)) {
                self.row(&band, planes, y, whole.w, sums);
            }
            self.isa.run(Merge {
                rows: &sums[..rows.len() * band.sums],
                row: band.sums,
                stride: band.sum,
                width: whole.w,
                channels: output.c,
                pooled,
                out,
            });
        }
    }

    /// Row `y` of the convolution, `[outputs, width]`, each output `band.sum` from the last.
    fn row(&self, band: &Band, planes: &[f32], y: usize, width: usize, sums: &mut [f32]) {
        let mut rows = [[planes.as_ptr(); MOST_INPUTS]; MOST_ROWS];
        let kernel_rows = rows[..self.spec.kernel[0]].iter_mut();
        for (ky, rows) in kernel_rows.enumerate() {
            for (i, row) in rows[..self.spec.inputs].iter_mut().enumerate() {
                let at = (y + ky) % band.slots * band.slot + i * band.plane;
                *row = planes[at..][..band.plane].as_ptr();
            }
        }
        let step = self.shape.group;
        let tiles = width.next_multiple_of(self.shape.lanes * WIDE);
        assert!(band.sum >= tiles && band.plane >= tiles + self.spec.kernel[1] - 1);
        for first in (0..self.bias.len()).step_by(step) {
            let job = Job {
                rows: &rows,
                spec: &self.spec,
                weights: &self.weights[first * self.spec.taps()..][..step * self.spec.taps()],
                bias: &self.bias[first..][..step],
                slopes: &self.slopes[first..][..step],
                width,
                stride: band.sum,
                out: sums[first * band.sum..][..step * band.sum].as_mut_ptr(),
            };
            // SAFETY: `new` has asserted that the processor has the instruction set of `shape`. The slices
            // of planes and sums were just taken at their full lengths, and those hold whole tiles,
            // asserted above.
            unsafe { (self.shape.sweep)(&job) }
        }
    }
}

/// How the room of a run is divided. Lengths in floats.
struct Band {
    /// Rows of the input that are held, each at its number modulo this.
    slots: usize,
    /// One of them: a plane for each channel.
    slot: usize,
    plane: usize,
    /// One row of the convolution: a plane for each output.
    sums: usize,
    sum: usize,
    pooled: usize,
}

impl Band {
    fn new(stem: &Stem, dims: Dims, whole: Dims) -> Self {
        let sum = whole.w.next_multiple_of(stem.shape.lanes * WIDE);
        let plane = sum + stem.spec.kernel[1] - 1;
        Self {
            slots: stem.spec.kernel[0] + ROWS - 1,
            slot: plane * dims.c,
            plane,
            sums: sum * stem.bias.len(),
            sum,
            pooled: sum / 2 * whole.c,
        }
    }

    /// Planes of the input, rows of the convolution, a pooled row.
    fn split<'a>(&self, room: &'a mut Vec<f32>) -> (&'a mut [f32], &'a mut [f32], &'a mut [f32]) {
        let lengths = [self.slots * self.slot, ROWS * self.sums, self.pooled];
        let all = lengths.iter().sum();
        if room.len() < all {
            room.resize(all, 0.0);
        }
        let (planes, rest) = room[..all].split_at_mut(lengths[0]);
        let (sums, pooled) = rest.split_at_mut(lengths[1]);
        (planes, sums, pooled)
    }
}
