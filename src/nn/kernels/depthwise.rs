//! Depthwise convolution, 3 x 3 with a border of one zero: each channel for itself.
#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{__m256, __m512};

use super::{
    Dims, Isa,
    vector::{Portable, Vector},
};

/// Kernel height and width.
const SIDE: usize = 3;

/// Output pixels computed together: they share the columns they look at.
const PX: usize = 4;

/// A depthwise convolution with its weights.
#[derive(Clone, Debug)]
pub struct Depthwise {
    channels: usize,
    /// `[3, 3, channels]`, channels filled up to a whole register.
    weights: Vec<f32>,
    /// Filled up alike.
    bias: Vec<f32>,
    sweep: Sweep,
}

/// Computes all channels of all pixels.
type Sweep = unsafe fn(&Depthwise, &[f32], Dims, *mut f32);

impl Depthwise {
    /// A convolution with `weights` `[C, 1, 3, 3]`, as ONNX keeps them, and `bias` `[C]`.
    ///
    /// # Panics
    ///
    /// Where there are not nine weights for each bias.
    pub fn new(isa: Isa, weights: &[f32], bias: &[f32]) -> Self {
        let channels = bias.len();
        assert_eq!(weights.len(), channels * SIDE * SIDE, "weights");
        assert!(isa.is_available(), "{isa:?} on this machine");
        let (lanes, sweep) = match isa {
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 if channels > 8 => (16, avx512 as Sweep),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 | Isa::Avx512 => (8, avx2 as Sweep),
            _ => (8, portable as Sweep),
        };
        let width = channels.next_multiple_of(lanes);
        let mut packed = vec![0.0; SIDE * SIDE * width];
        for (i, weight) in weights.iter().enumerate() {
            let (channel, tap) = (i / (SIDE * SIDE), i % (SIDE * SIDE));
            packed[tap * width + channel] = *weight;
        }
        let mut bias = bias.to_vec();
        bias.resize(width, 0.0);
        Self {
            channels,
            weights: packed,
            bias,
            sweep,
        }
    }

    /// Computes the output of `input`, sized `dims`; `out` has the same sizes and is overwritten.
    ///
    /// # Panics
    ///
    /// Where a slice is not as long as its sizes say.
    pub fn run(&self, input: &[f32], dims: Dims, out: &mut [f32]) {
        assert_eq!(dims.c, self.channels, "channels");
        assert_eq!(input.len(), dims.len(), "input");
        assert_eq!(out.len(), dims.len(), "output");
        if dims.is_empty() {
            return;
        }
        // SAFETY: `new` has asserted the instruction set, the slices have the sizes of `dims`, no row is
        // empty, and weights and bias are filled up to whole registers.
        unsafe { (self.sweep)(self, input, dims, out.as_mut_ptr()) }
    }
}

/// All pixels, register after register of channels.
///
/// # Safety
///
/// The processor has the instruction set of `V`; `input` and `out` have the sizes of `dims`, none of which is 0.
#[inline(always)]
unsafe fn sweep<V: Vector>(conv: &Depthwise, input: &[f32], dims: Dims, out: *mut f32) {
    for row in 0..dims.n * dims.h {
        let y = row % dims.h;
        // Rows of the kernel that lie in the picture.
        let rows = usize::from(y == 0)..SIDE - usize::from(y + 1 == dims.h);
        let line = Line {
            conv,
            input: input.as_ptr(),
            out,
            row,
            rows,
            dims,
        };
        let mut channel = 0;
        while channel < dims.c {
            let mut x = 1;
            // SAFETY: all pixels named are in the row, all columns they look at too: one to the
            // left of each and one to the right, except at the edges.
            unsafe {
                line.edge::<V>(0, channel);
                while x + PX < dims.w {
                    line.inner::<V, PX>(x, channel);
                    x += PX;
                }
                while x + 1 < dims.w {
                    line.inner::<V, 1>(x, channel);
                    x += 1;
                }
                if dims.w > 1 {
                    line.edge::<V>(dims.w - 1, channel);
                }
            }
            channel += V::N;
        }
    }
}

/// One row of the output.
struct Line<'a> {
    conv: &'a Depthwise,
    input: *const f32,
    out: *mut f32,
    /// Counted through all pictures.
    row: usize,
    /// Rows of the kernel that lie in the picture.
    rows: std::ops::Range<usize>,
    dims: Dims,
}

impl Line<'_> {
    /// `P` pixels from `x` on, one register of channels.
    ///
    /// # Safety
    ///
    /// The pixels and their neighbours on both sides are in the row; see [`sweep`].
    #[inline(always)]
    unsafe fn inner<V: Vector, const P: usize>(&self, x: usize, channel: usize) {
        let Dims { w, c, .. } = self.dims;
        let lanes = (c - channel).min(V::N);
        let width = self.conv.bias.len();
        // SAFETY: the caller's conditions; a partial register is loaded and stored in part.
        unsafe {
            let mut sums = [V::load(self.conv.bias.as_ptr().add(channel)); P];
            for ky in self.rows.clone() {
                let from = ((self.row + ky - 1) * w + x - 1) * c + channel;
                let from = self.input.add(from);
                let weights = self.conv.weights.as_ptr().add(ky * SIDE * width + channel);
                for kx in 0..SIDE {
                    let weight = V::load(weights.add(kx * width));
                    for (p, sum) in sums.iter_mut().enumerate() {
                        let from = from.add((kx + p) * c);
                        let value = match lanes == V::N {
                            true => V::load(from),
                            false => V::load_first(from, lanes),
                        };
                        *sum = value.mul_add(weight, *sum);
                    }
                }
            }
            for (p, sum) in sums.iter().enumerate() {
                let to = self.out.add((self.row * w + x + p) * c + channel);
                match lanes == V::N {
                    true => sum.store(to),
                    false => sum.store_first(to, lanes),
                }
            }
        }
    }

    /// The pixel `x` at an edge, one register of channels.
    ///
    /// # Safety
    ///
    /// The pixel is in the row; see [`sweep`].
    #[inline(always)]
    unsafe fn edge<V: Vector>(&self, x: usize, channel: usize) {
        let Dims { w, c, .. } = self.dims;
        let lanes = (c - channel).min(V::N);
        let width = self.conv.bias.len();
        // SAFETY: only columns in the row are read; a partial register is loaded and stored in part.
        unsafe {
            let mut sum = V::load(self.conv.bias.as_ptr().add(channel));
            for ky in self.rows.clone() {
                for kx in 0..SIDE {
                    let column = (x + kx).wrapping_sub(1);
                    if column < w {
                        let from = ((self.row + ky - 1) * w + column) * c + channel;
                        let value = V::load_first(self.input.add(from), lanes);
                        let weight = (ky * SIDE + kx) * width + channel;
                        let weight = V::load(self.conv.weights.as_ptr().add(weight));
                        sum = value.mul_add(weight, sum);
                    }
                }
            }
            let to = (self.row * w + x) * c + channel;
            sum.store_first(self.out.add(to), lanes);
        }
    }
}

/// Compiles [`sweep`] for an instruction set.
macro_rules! sweeps {
    ($($name:ident, $vector:ty $(, $feature:literal)?;)*) => {$(
        /// # Safety
        ///
        /// As for [`sweep`].
        $(#[target_feature(enable = $feature)])?
        unsafe fn $name(conv: &Depthwise, input: &[f32], dims: Dims, out: *mut f32) {
            // SAFETY: the caller's conditions are the same.
            unsafe { sweep::<$vector>(conv, input, dims, out) }
        }
    )*};
}

sweeps! {
    portable, Portable;
}

#[cfg(target_arch = "x86_64")]
sweeps! {
    avx2, __m256, "avx2,fma";
    avx512, __m512, "avx512f,avx512vl,avx2,fma";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::kernels::plain;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]
        #[test]
        fn every_instruction_set_gives_what_the_plain_loop_gives(
            n in 1usize..3, h in 0usize..9, w in 0usize..15, c in 1usize..40, seed: u64
        ) {
            let dims = Dims { n, h, w, c };
            let mut random = plain::numbers(seed);
            let mut draw = |count: usize| -> Vec<f32> { random.by_ref().take(count).collect() };
            let (input, weights, bias) = (draw(dims.len()), draw(c * 9), draw(c));
            let wanted = plain::depthwise(&input, dims, &weights, &bias);
            for isa in Isa::available() {
                let mut got = vec![f32::NAN; dims.len()];
                Depthwise::new(isa, &weights, &bias).run(&input, dims, &mut got);
                for (i, (got, wanted)) in got.iter().zip(&wanted).enumerate() {
                    prop_assert!((got - wanted).abs() <= 1e-4, "{isa:?} {i}: {got} for {wanted}");
                }
            }
        }
    }
}
