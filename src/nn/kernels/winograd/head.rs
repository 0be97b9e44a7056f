//! A convolution of one pixel behind the other, tile by tile: its inputs are read while they are in the
//! first cache, and never stored as a whole.
//!
//! On its own it waits for memory: six outputs of 32 channels take less time to compute than the channels
//! take to be read from the second cache. The channels lie in the lanes, and the sums across them come
//! last: outputs in the lanes would leave two of eight empty, and have each channel of each pixel loaded
//! into all lanes.
use super::{
    super::{ConvSpec, tile::unroll, vector::Eight},
    sides::{OUTPUTS, more},
};

/// Most channels it gives: the two classes and four numbers of a box that P-Net ends in. Of fewer the
/// others are computed as well.
const MOST: usize = 6;

/// Lanes of its registers, for all instruction sets.
const LANES: usize = 8;

/// Pixels of a tile.
pub const PIXELS: usize = OUTPUTS * OUTPUTS;

/// A convolution of one pixel, packed.
#[derive(Clone, Debug)]
pub struct Head {
    spec: ConvSpec,
    /// For each register of channels read, for each output: the register.
    weights: Vec<[[f32; LANES]; MOST]>,
    bias: [f32; LANES],
}

impl Head {
    /// Whether it can compute this behind a convolution that gives what it reads.
    pub fn suits(spec: &ConvSpec) -> bool {
        spec.kernel == [1, 1] && spec.stride == [1, 1] && spec.outputs <= MOST
    }

    /// Packs `weights` `[O, I, 1, 1]` and `bias` `[O]`, of as many as `spec` says, for inputs that are
    /// `channels` with what fills them up.
    ///
    /// # Panics
    ///
    /// Where it does not suit.
    pub fn new(spec: ConvSpec, channels: usize, weights: &[f32], bias: &[f32]) -> Self {
        assert!(Self::suits(&spec), "{spec:?}");
        let weight = |o: usize, i: usize| match o < spec.outputs && i < spec.inputs {
            true => weights[o * spec.inputs + i],
            false => 0.0,
        };
        let groups = (0..channels).step_by(LANES);
        let packed = groups.map(|first| {
            std::array::from_fn(|o| std::array::from_fn(|lane| weight(o, first + lane)))
        });
        Self {
            spec,
            weights: packed.collect(),
            bias: std::array::from_fn(|o| bias.get(o).copied().unwrap_or(0.0)),
        }
    }

    /// What it does.
    pub fn spec(&self) -> &ConvSpec {
        &self.spec
    }

    /// Computes `rows` x `columns` pixels of a tile. `from` is, for each `group` of channels, for each of the
    /// [`PIXELS`], these channels; `to` takes the first pixel's outputs, and the next row's `line` floats on.
    ///
    /// # Safety
    ///
    /// The processor has the instruction set of `V`. `group` is a multiple of [`LANES`], and the channels that the
    /// head was made for are a multiple of it. `from` has all of them; `to` has room for the outputs of each pixel;
    /// rows and columns are at most those of a tile.
    #[inline(always)]
    pub unsafe fn tile<V: Eight>(
        &self,
        group: usize,
        from: *const f32,
        [rows, columns]: [usize; 2],
        to: *mut f32,
        line: usize,
    ) {
        const { assert!(V::N == LANES) };
        let outputs = self.spec.outputs;
        let pixels = (0..rows).flat_map(|y| (0..columns).map(move |x| (y, x)));
        for (y, x) in pixels {
            // SAFETY: the caller's conditions: each register of channels has one of weights for each output,
            // and there are no more outputs than lanes.
            unsafe {
                let mut sums = [V::splat(0.0); LANES];
                for (g, weights) in self.weights.chunks_exact(group / LANES).enumerate() {
                    let from = from.add((g * PIXELS + y * OUTPUTS + x) * group);
                    for (i, weights) in weights.iter().enumerate() {
                        let channels = V::load(from.add(i * LANES));
                        unroll!(o < MOST, {
                            let weights = V::load(weights[o].as_ptr());
                            sums[o] = channels.mul_add(weights, sums[o]);
                        });
                    }
                }
                let sums = more(V::sums(sums), V::load(self.bias.as_ptr()));
                sums.store_first(to.add(y * line + x * outputs), outputs);
            }
        }
    }
}
