//! Convolution 3 x 3 after Winograd: 36 products for each 4 x 4 outputs, where the sum over the kernel
//! takes 144.
//!
//! A tile of 6 x 6 inputs, a tile of outputs and the kernel are each transformed by sums of
//! multiples, so that the convolution becomes a product in each of the 36 places: for all tiles
//! together 36 dense layers. Tiles of 2 x 2 outputs would round less (the figures on real pictures are the
//! same to the third digit) and take a fifth more of P-Net's time.
//!
//! Source: Lavin and Gray 2016, "Fast Algorithms for Convolutional Neural Networks", F(4x4, 3x3).
mod head;
mod sides;
#[cfg(test)]
mod tests;
mod tiles;

use super::{ConvSpec, Dims, Isa, kept, slopes_of};
use head::{Head, PIXELS};
use sides::{INPUTS, OUTPUTS, PLACES};
use tiles::{Cursor, Job, Sweep, TILES, pick, plane};

/// Fewest channels read: below, the transforms cost as much as the products they save.
const FEWEST: usize = 8;

/// Most weights. Transformed they are four times as many, and read from beyond a core's cache they take as
/// long as the products that they save: with its layers of 128 to 128 channels, too, the embedding network
/// takes 2.21 ms instead of 2.25, and 9 MB more.
const MOST: usize = 100_000;

/// A convolution with its weights transformed.
#[derive(Clone, Debug)]
pub struct Winograd {
    spec: ConvSpec,
    /// Channels read and given, filled up to whole registers.
    inputs: usize,
    outputs: usize,
    /// For each place, for each group of registers, for each channel read: the group's channels.
    weights: Vec<f32>,
    bias: Vec<f32>,
    slopes: Vec<f32>,
    head: Option<Head>,
    sweep: Sweep,
}

impl Winograd {
    /// Whether it can compute this convolution, and pays.
    pub fn suits(spec: &ConvSpec) -> bool {
        Self::can(spec) && spec.taps() * spec.outputs <= MOST
    }

    fn can(spec: &ConvSpec) -> bool {
        spec.kernel == [3, 3] && spec.stride == [1, 1] && spec.inputs >= FEWEST
    }

    /// As [`Conv::new`](super::Conv::new).
    ///
    /// # Panics
    ///
    /// As there, and where the convolution does not suit.
    pub fn new(
        isa: Isa,
        spec: ConvSpec,
        weights: &[f32],
        bias: &[f32],
        slopes: Option<&[f32]>,
    ) -> Self {
        assert!(Self::can(&spec), "{spec:?}");
        spec.check(isa, weights, bias, slopes);
        let (lanes, most, sweep) = pick(isa);
        let outputs = spec.outputs.next_multiple_of(lanes);
        let filled = |mut values: Vec<f32>| {
            values.resize(outputs, 0.0);
            values
        };
        let transformed: Vec<[f32; PLACES]> = weights.chunks_exact(9).map(transformed).collect();
        let mut conv = Self {
            spec,
            inputs: spec.inputs.next_multiple_of(lanes),
            outputs,
            // At once: what grows takes up to twice as much.
            weights: Vec::with_capacity(PLACES * outputs * spec.inputs),
            bias: filled(bias.to_vec()),
            slopes: filled(slopes_of(slopes, spec.outputs)),
            head: None,
            sweep,
        };
        let weight = |o: usize, i: usize, place: usize| match o < spec.outputs {
            true => transformed[o * spec.inputs + i][place],
            false => 0.0,
        };
        for place in 0..PLACES {
            for first in (0..conv.outputs).step_by(most * lanes) {
                for i in 0..spec.inputs {
                    let group = first..conv.outputs.min(first + most * lanes);
                    conv.weights.extend(group.map(|o| weight(o, i, place)));
                }
            }
        }
        conv
    }

    /// Whether a convolution without activation that alone reads what this one gives can be computed with
    /// it.
    pub fn suits_head(spec: &ConvSpec) -> bool {
        Head::suits(spec)
    }

    /// The same with a convolution of one pixel behind it: `weights` `[O, I, 1, 1]`, `bias` `[O]`.
    ///
    /// # Panics
    ///
    /// Where it does not suit, does not read what this one gives, or has other numbers of weights or biases.
    pub fn with_head(mut self, spec: ConvSpec, weights: &[f32], bias: &[f32]) -> Self {
        assert_eq!(spec.inputs, self.spec.outputs, "channels of a head");
        // Its instruction set is that of the whole, which `new` has asserted.
        spec.check(Isa::Portable, weights, bias, None);
        self.head = Some(Head::new(spec, self.outputs, weights, bias));
        self
    }

    /// What it does without its head.
    #[cfg(test)]
    pub fn spec(&self) -> &ConvSpec {
        &self.spec
    }

    /// What the convolution behind it does.
    #[cfg(test)]
    pub fn head(&self) -> Option<&ConvSpec> {
        self.head.as_ref().map(Head::spec)
    }

    /// Sizes of the output for an input of these sizes.
    pub fn output(&self, input: Dims) -> Dims {
        let output = self.spec.output(input);
        self.head
            .as_ref()
            .map_or(output, |head| head.spec().output(output))
    }

    /// Computes the output of `input`, sized `dims`; `room` is kept for the next time.
    ///
    /// # Panics
    ///
    /// Where a slice is not as long as its sizes say.
    pub fn run(&self, input: &[f32], dims: Dims, room: &mut Vec<f32>, out: &mut [f32]) {
        let output = self.output(dims);
        assert_eq!(dims.c, self.spec.inputs, "input channels");
        assert_eq!(input.len(), dims.len(), "input");
        assert_eq!(out.len(), output.len(), "output");
        if output.is_empty() {
            return;
        }
        let [there, back] = [self.inputs, self.outputs].map(|channels| PLACES * plane(channels));
        let tile = match self.head {
            Some(_) => PIXELS * self.outputs,
            None => 0,
        };
        let room = kept(room, there + back + tile);
        let (there, rest) = room.split_at_mut(there);
        let (back, tile) = rest.split_at_mut(back);
        let mut left = output.n * output.h.div_ceil(OUTPUTS) * output.w.div_ceil(OUTPUTS);
        let mut cursor = Cursor { n: 0, y: 0, x: 0 };
        while left > 0 {
            let job = Job {
                input,
                dims,
                output,
                out: out.as_mut_ptr(),
                there: there.as_mut_ptr(),
                back: back.as_mut_ptr(),
                tile: tile.as_mut_ptr(),
                count: left.min(TILES),
            };
            // SAFETY: `new` has asserted the instruction set and filled weights, bias and slopes up to
            // whole registers. `input` and `out` have the sizes of `dims` and `output`, `there`,
            // `back` and `tile` are as long as `Job` says, and there are `count` tiles from `cursor` on.
            unsafe { (self.sweep)(self, &job, cursor) }
            (0..job.count).for_each(|_| cursor.advance(output));
            left -= job.count;
        }
    }
}

/// `G g G^T` of one kernel of 3 x 3.
fn transformed(kernel: &[f32]) -> [f32; PLACES] {
    // In double precision: this is done once.
    let g = |y: usize, x: usize| f64::from(kernel[3 * y + x]);
    let columns = [0, 1, 2].map(|x| sides::kernel([g(0, x), g(1, x), g(2, x)]));
    let rows: [_; INPUTS] = std::array::from_fn(|y| sides::kernel(columns.map(|column| column[y])));
    std::array::from_fn(|k| rows[k / INPUTS][k % INPUTS] as f32)
}
