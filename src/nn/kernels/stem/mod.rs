//! The first layer of a network: a convolution that reads and gives few channels, and the pool behind
//! it. Its channels would leave registers half empty, so the pixels of a row lie in the lanes: even columns
//! in one register, odd ones in another, so that the pool is taken between registers before anything is
//! written.
mod planes;
#[cfg(test)]
mod tests;
mod tiles;

use std::ops::Range;

use super::{ConvSpec, Dims, Isa, Pool, kept, slopes_of};
use planes::Split;
use tiles::{Job, MOST_INPUTS, MOST_ROWS, Shape};

/// Rows of the convolution under one row of the pool.
const ROWS: usize = 2;

/// A convolution and a pool of 2 x 2 in steps of 2, with its weights packed for one instruction set.
#[derive(Clone, Debug)]
pub struct Stem {
    spec: ConvSpec,
    pool: Pool,
    shape: Shape,
    split: Split,
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
            spec,
            pool,
            shape,
            split: planes::pick(isa),
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
        let planes = Planes::new(self, dims, output);
        let room = kept(room, planes.slots * planes.slot);
        let line = dims.w * dims.c;
        for (i, out) in out.chunks_exact_mut(output.w * output.c).enumerate() {
            let (n, y) = (i / output.h, i % output.h);
            let rows = self.pool.rows(y, whole.h);
            let rows = rows.start..rows.end + self.spec.kernel[0] - 1;
            // Rows of the input that no row of the pool before this one has put in planes.
            let first = match y {
                0 => rows.start,
                _ => rows.start + self.spec.kernel[0] - 1,
            };
            for y in first..rows.end {
                let from = &input[(n * dims.h + y) * line..][..line];
                let to = &mut room[y % planes.slots * planes.slot..][..planes.slot];
                // SAFETY: `new` has asserted that the processor has the instruction set.
                unsafe { (self.split)(from, dims.c, to, planes.plane) }
            }
            let width = whole.w.min(output.w * 2);
            self.row(&planes, room, rows, width, out);
        }
    }

    /// A row of the output, one pixel for each two of `width`, from these rows of the input.
    fn row(
        &self,
        planes: &Planes,
        room: &[f32],
        numbers: Range<usize>,
        width: usize,
        out: &mut [f32],
    ) {
        let mut rows = [[[room.as_ptr(); 2]; MOST_INPUTS]; MOST_ROWS + 1];
        let rows = &mut rows[..numbers.len()];
        for (y, row) in numbers.zip(rows.iter_mut()) {
            let slot = &room[y % planes.slots * planes.slot..][..planes.slot];
            let columns = row.iter_mut().flatten();
            for (to, plane) in columns.zip(slot.chunks_exact(planes.plane)) {
                *to = plane.as_ptr();
            }
        }
        let (step, outputs) = (self.shape.group, self.spec.outputs);
        let windows = width.div_ceil(2);
        assert_eq!(out.len(), windows * outputs);
        let reach = windows.next_multiple_of(self.shape.lanes) + self.spec.kernel[1].div_ceil(2);
        assert!(planes.plane >= reach && rows.len() >= self.spec.kernel[0]);
        for first in (0..self.bias.len()).step_by(step) {
            let job = Job {
                rows,
                spec: &self.spec,
                weights: &self.weights[first * self.spec.taps()..][..step * self.spec.taps()],
                bias: &self.bias[first..][..step],
                slopes: &self.slopes[first..][..step],
                width,
                pixel: outputs,
                channels: step.min(outputs - first),
                out: out[first..].as_mut_ptr(),
            };
            // SAFETY: `new` has asserted that the processor has the instruction set of `shape`, and filled
            // weights, biases and slopes up to whole groups. The planes were just taken at their full
            // length, which is enough, and the output holds all windows, as asserted.
            unsafe { (self.shape.sweep)(&job) }
        }
    }
}

/// How the room of a run is divided. Lengths in floats.
struct Planes {
    /// Rows of the input that are held, each at its number modulo this.
    slots: usize,
    /// One of them: for each channel a plane of its even columns and one of its odd ones.
    slot: usize,
    plane: usize,
}

impl Planes {
    fn new(stem: &Stem, dims: Dims, output: Dims) -> Self {
        // The input may be wider than what the pool looks at.
        let windows = output.w.next_multiple_of(stem.shape.lanes);
        let columns = dims.w.div_ceil(2).next_multiple_of(stem.shape.lanes);
        let plane = columns.max(windows + stem.spec.kernel[1].div_ceil(2));
        Self {
            slots: stem.spec.kernel[0] + ROWS - 1,
            slot: plane * dims.c * 2,
            plane,
        }
    }
}
