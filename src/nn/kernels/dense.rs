//! Dense layers: each output reads every input. With few pictures it is not the sums that take time but
//! their waiting for each other and the reading of weights, so a sum is kept in several registers, and
//! many weights are kept in 16 bits.
#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{__m256, __m512};

use half::f16;

use super::{
    ConvSpec, Dims, Isa,
    conv::slopes_of,
    packed::{Group, Packed, filled},
    tile::unroll,
    vector::{Portable, Stored, Vector},
};

/// From this many weights on they are kept in 16 bits: as floats they would take half of a second-level
/// cache of 1 MB, and soon come from the third at half the rate. Measured on O-Net's 256 x 1152: 8.7 us in
/// floats (136 GB/s), 4.3 in halves.
const HALVED: usize = 1 << 17;

/// What the largest weight of an output becomes in 16 bits: a power of two that leaves room below for
/// weights 2^29 times as small before they lose digits.
const LARGEST: f32 = 32_768.0;

/// A dense layer with its weights, packed for one instruction set.
#[derive(Clone, Debug)]
pub struct Dense {
    spec: ConvSpec,
    weights: Weights,
    /// What the sums of each output are multiplied by: 1, or what brings 16 bits to their full range.
    scales: Vec<f32>,
    bias: Vec<f32>,
    /// Factor of negative outputs; 1 leaves them as they are.
    slopes: Vec<f32>,
}

#[derive(Clone, Debug)]
enum Weights {
    Whole(Packed<f32, Sweep<f32>>),
    Half(Packed<f16, Sweep<f16>>),
}

type Sweep<W> = unsafe fn(&Job<'_, W>);

/// One group of one run.
struct Job<'a, W> {
    dense: &'a Dense,
    weights: &'a [W],
    group: Group<Sweep<W>>,
    /// `[pictures, inputs]`.
    input: &'a [f32],
    pictures: usize,
    out: *mut f32,
}

impl Dense {
    /// A dense layer with `weights` `[O, I, H, W]`, as ONNX keeps them, `bias` `[O]` and PReLU `slopes`
    /// `[O]` (none: no activation). The kernel is as large as the pictures it will get.
    ///
    /// Every processor computes with the same weights: those that some keep in 16 bits are rounded to
    /// them on all.
    ///
    /// # Panics
    ///
    /// Where the numbers of weights, biases or slopes are not those of `spec`.
    pub fn new(
        isa: Isa,
        spec: ConvSpec,
        weights: &[f32],
        bias: &[f32],
        slopes: Option<&[f32]>,
    ) -> Self {
        Self::packed(isa, spec, weights, bias, slopes, weights.len() >= HALVED)
    }

    /// See [`Dense::new`]; `halved`: with weights of 16 bits.
    fn packed(
        isa: Isa,
        spec: ConvSpec,
        weights: &[f32],
        bias: &[f32],
        slopes: Option<&[f32]>,
        halved: bool,
    ) -> Self {
        spec.check(isa, weights, bias, slopes);
        let taps = spec.taps();
        let mut scales = vec![1.0; spec.outputs];
        let weights = if halved {
            for (scale, row) in scales.iter_mut().zip(weights.chunks_exact(taps)) {
                let most = row.iter().fold(0f32, |most, w| most.max(w.abs()));
                // Else the row is as good as nothing, or holds what is no number.
                if (most / LARGEST).is_normal() {
                    *scale = most / LARGEST;
                }
            }
            let rounded = |o: usize, tap: usize| f16::from_f32(weights[o * taps + tap] / scales[o]);
            match isa {
                // Without instructions for it, making floats of them takes longer than reading floats.
                Isa::Portable => Weights::Whole(pack(isa, &spec, |o, t| rounded(o, t).to_f32())),
                _ => Weights::Half(pack(isa, &spec, rounded)),
            }
        } else {
            Weights::Whole(pack(isa, &spec, |o, t| weights[o * taps + t]))
        };
        Self {
            spec,
            weights,
            scales: filled(scales),
            bias: filled(bias.to_vec()),
            slopes: filled(slopes_of(slopes, spec.outputs)),
        }
    }

    /// What it does.
    pub fn spec(&self) -> &ConvSpec {
        &self.spec
    }

    /// Computes the outputs `[N, outputs]` of `input`, sized `dims`.
    ///
    /// # Panics
    ///
    /// Where the pictures are not as large as the kernel, or a slice is not as long as its sizes say.
    pub fn run(&self, input: &[f32], dims: Dims, out: &mut [f32]) {
        assert_eq!([dims.h, dims.w], self.spec.kernel, "size of the pictures");
        assert_eq!(dims.c, self.spec.inputs, "input channels");
        let numbers = |each: usize| dims.n.checked_mul(each);
        assert_eq!(Some(input.len()), numbers(self.spec.taps()), "input");
        assert_eq!(Some(out.len()), numbers(self.spec.outputs), "output");
        match &self.weights {
            Weights::Whole(packed) => self.sweep(packed, input, dims.n, out),
            Weights::Half(packed) => self.sweep(packed, input, dims.n, out),
        }
    }

    fn sweep<W>(
        &self,
        packed: &Packed<W, Sweep<W>>,
        input: &[f32],
        pictures: usize,
        out: &mut [f32],
    ) where
        W: Stored,
    {
        for group in &packed.groups {
            let job = Job {
                dense: self,
                weights: &packed.weights[group.weights..],
                group: *group,
                input,
                pictures,
                out: out.as_mut_ptr(),
            };
            // SAFETY: `new` has asserted that the processor has the instruction set that `pick` chose
            // for. `run` has checked that `input` has all numbers of all pictures and `out` room for
            // all outputs; all that is read by registers has been filled up to whole ones.
            unsafe { (group.sweep)(&job) }
        }
    }
}

/// The weights, packed for the kernels of `isa`.
fn pack<W: Stored>(
    isa: Isa,
    spec: &ConvSpec,
    weight: impl Fn(usize, usize) -> W,
) -> Packed<W, Sweep<W>> {
    Packed::new(spec, |left| pick::<W>(isa, left), weight)
}

/// The kernel for the next outputs of `left`: its lanes, how many registers of them it fills, and itself.
fn pick<W: Stored>(isa: Isa, left: usize) -> (usize, usize, Sweep<W>) {
    match isa {
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 if left > 8 => match left.div_ceil(16) {
            1 => (16, 1, avx512_1::<W> as Sweep<W>),
            2 | 3 => (16, 2, avx512_2::<W>),
            _ => (16, 4, avx512_4::<W>),
        },
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 | Isa::Avx512 => match left.div_ceil(8) {
            1 => (8, 1, avx2_1::<W> as Sweep<W>),
            _ => (8, 2, avx2_2::<W>),
        },
        _ => (8, 1, portable_1::<W> as Sweep<W>),
    }
}

/// All pictures of a job, four at a time, the last ones two or one at a time: with `FOUR`, `TWO` or `ONE`
/// registers for each sum, so that the processor always has some that wait for nothing.
///
/// # Safety
///
/// The processor has the instruction set of `V`; the job's sizes hold (see [`Dense::run`]).
#[inline(always)]
unsafe fn sweep<
    V: Vector,
    W: Stored,
    const R: usize,
    const FOUR: usize,
    const TWO: usize,
    const ONE: usize,
>(
    job: &Job<'_, W>,
) {
    let mut at = 0;
    while at < job.pictures {
        // SAFETY: the caller's conditions; no more pictures are asked for than are left.
        at += unsafe {
            match job.pictures - at {
                1 => block::<V, W, R, 1, ONE>(job, at),
                2 | 3 => block::<V, W, R, 2, TWO>(job, at),
                _ => block::<V, W, R, 4, FOUR>(job, at),
            }
        };
    }
}

/// `P` pictures from `at` on; each sum is kept in `S` registers, whose shares are added in the end.
///
/// # Safety
///
/// As for [`sweep`]; there are `P` pictures from `at` on.
#[inline(always)]
unsafe fn block<V: Vector, W: Stored, const R: usize, const P: usize, const S: usize>(
    job: &Job<'_, W>,
    at: usize,
) -> usize {
    let (dense, group) = (job.dense, &job.group);
    let inputs = dense.spec.taps();
    let input = job.input.as_ptr().wrapping_add(at * inputs);
    // SAFETY: each picture has `inputs` numbers, and so many times R registers are the group's weights;
    // scales, biases and slopes are filled up to whole registers; `out` has the group's outputs for each
    // picture.
    unsafe {
        let mut sums = [[[V::splat(0.0); R]; P]; S];
        let mut weights = job.weights.as_ptr();
        let mut tap = 0;
        while tap + S <= inputs {
            unroll!(s < S, {
                let mut row = [V::splat(0.0); R];
                unroll!(
                    r < R,
                    row[r] = W::load::<V>(weights.add((s * R + r) * V::N))
                );
                unroll!(p < P, {
                    let value = V::splat(*input.add(p * inputs + tap + s));
                    unroll!(r < R, sums[s][p][r] = value.mul_add(row[r], sums[s][p][r]));
                });
            });
            weights = weights.add(S * R * V::N);
            tap += S;
        }
        for tap in tap..inputs {
            unroll!(r < R, {
                let row = W::load::<V>(weights.add(r * V::N));
                unroll!(p < P, {
                    let value = V::splat(*input.add(p * inputs + tap));
                    sums[0][p][r] = value.mul_add(row, sums[0][p][r]);
                });
            });
            weights = weights.add(R * V::N);
        }
        let one = V::splat(1.0);
        let outputs = dense.spec.outputs;
        unroll!(r < R, {
            let channel = group.first + r * V::N;
            let scale = V::load(dense.scales.as_ptr().add(channel));
            let bias = V::load(dense.bias.as_ptr().add(channel));
            let slope = V::load(dense.slopes.as_ptr().add(channel));
            unroll!(p < P, {
                let mut sum = sums[0][p][r];
                unroll!(
                    s < S,
                    if s > 0 {
                        sum = sums[s][p][r].mul_add(one, sum)
                    }
                );
                let sum = sum.mul_add(scale, bias).prelu(slope);
                let out = job.out.add((at + p) * outputs + channel);
                if r + 1 == R && group.last < V::N {
                    sum.store_first(out, group.last);
                } else {
                    sum.store(out);
                }
            });
        });
    }
    P
}

/// Compiles [`sweep`] for an instruction set.
macro_rules! sweeps {
    ($($name:ident, $vector:ty, $registers:literal, $four:literal, $two:literal, $one:literal $(, $feature:literal)?;)*) => {$(
        /// # Safety
        ///
        /// As for [`sweep`].
        $(#[target_feature(enable = $feature)])?
        unsafe fn $name<W: Stored>(job: &Job<'_, W>) {
            // SAFETY: the caller's conditions are the same.
            unsafe { sweep::<$vector, W, $registers, $four, $two, $one>(job) }
        }
    )*};
}

sweeps! {
    portable_1, Portable, 1, 1, 2, 4;
}

#[cfg(target_arch = "x86_64")]
sweeps! {
    avx2_1, __m256, 1, 2, 4, 8, "avx2,fma,f16c";
    avx2_2, __m256, 2, 1, 2, 4, "avx2,fma,f16c";
    avx512_1, __m512, 1, 2, 4, 8, "avx512f,avx512vl,avx2,fma,f16c";
    avx512_2, __m512, 2, 1, 2, 4, "avx512f,avx512vl,avx2,fma,f16c";
    avx512_4, __m512, 4, 1, 2, 2, "avx512f,avx512vl,avx2,fma,f16c";
}

#[cfg(test)]
#[path = "dense_tests.rs"]
mod tests;
