//! The inner loop: some channels times some registers of pixels, all sums held in registers from the first
//! tap to the activation.
#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{__m256, __m512};

use crate::nn::kernels::{
    ConvSpec, Isa,
    tile::unroll,
    vector::{Portable, Vector},
};

/// Most channels read: each is a plane of its own.
pub const MOST_INPUTS: usize = 4;

/// Most rows of a kernel.
pub const MOST_ROWS: usize = 8;

/// How much is computed at once: `group` channels times one or two registers of `lanes` pixels, whose sums
/// the register file holds.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    pub lanes: usize,
    pub group: usize,
    pub sweep: Sweep,
}

impl Shape {
    /// The one for an instruction set.
    pub fn of(isa: Isa) -> Self {
        let (lanes, group, sweep) = match isa {
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 => (16, 10, avx512 as Sweep),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => (8, 5, avx2 as Sweep),
            _ => (8, 5, portable as Sweep),
        };
        Self {
            lanes,
            group,
            sweep,
        }
    }
}

/// Computes one row of one group.
pub type Sweep = unsafe fn(&Job<'_>);

/// Most registers of pixels in a tile.
pub const WIDE: usize = 2;

/// One group of channels of one row.
pub struct Job<'a> {
    /// The kernel's rows, a plane for each channel.
    pub rows: &'a [[*const f32; MOST_INPUTS]; MOST_ROWS],
    pub spec: &'a ConvSpec,
    pub weights: &'a [f32],
    pub bias: &'a [f32],
    pub slopes: &'a [f32],
    pub width: usize,
    /// From one channel of the output to the next.
    pub stride: usize,
    pub out: *mut f32,
}

/// All pixels of a job, `PX` registers at a time, the last ones one.
///
/// # Safety
///
/// The processor has the instruction set of `V`; a row of the output is as long as the job's width filled
/// up to whole tiles, a plane longer than that by the kernel's width less one. `PX` is at most [`WIDE`].
#[inline(always)]
unsafe fn sweep<V: Vector, const C: usize, const PX: usize>(job: &Job<'_>) {
    let mut x = 0;
    while x < job.width {
        // SAFETY: the caller's conditions.
        x += unsafe {
            match job.width - x > V::N {
                true => tile::<V, C, PX>(job, x),
                false => tile::<V, C, 1>(job, x),
            }
        };
    }
}

/// `PX` registers of pixels from `x` on, for `C` channels; gives how many pixels.
///
/// # Safety
///
/// As for [`sweep`]; `x` is a pixel of the row.
#[inline(always)]
unsafe fn tile<V: Vector, const C: usize, const PX: usize>(job: &Job<'_>, x: usize) -> usize {
    debug_assert!(job.bias.len() == C && job.slopes.len() == C);
    // SAFETY: the job's weights, biases and slopes are `C` for each tap, for each channel; the planes
    // and the output as the caller says.
    unsafe {
        let mut sums = [[V::splat(0.0); PX]; C];
        unroll!(c < C, {
            let bias = V::splat(*job.bias.get_unchecked(c));
            unroll!(p < PX, sums[c][p] = bias);
        });
        let mut weights = job.weights.as_ptr();
        for rows in &job.rows[..job.spec.kernel[0]] {
            for row in &rows[..job.spec.inputs] {
                for kx in 0..job.spec.kernel[1] {
                    let from = row.add(x + kx);
                    let mut values = [V::splat(0.0); PX];
                    unroll!(p < PX, values[p] = V::load(from.add(p * V::N)));
                    unroll!(c < C, {
                        let weight = V::splat(*weights.add(c));
                        unroll!(p < PX, sums[c][p] = values[p].mul_add(weight, sums[c][p]));
                    });
                    weights = weights.add(C);
                }
            }
        }
        let zero = V::splat(0.0);
        unroll!(c < C, {
            let slope = V::splat(*job.slopes.get_unchecked(c));
            unroll!(p < PX, {
                let sum = sums[c][p];
                let sum = sum.min(zero).mul_add(slope, sum.max(zero));
                sum.store(job.out.add(c * job.stride + x + p * V::N));
            });
        });
    }
    PX * V::N
}

/// # Safety
///
/// As for [`sweep`].
unsafe fn portable(job: &Job<'_>) {
    // SAFETY: the caller's conditions are the same.
    unsafe { sweep::<Portable, 5, 1>(job) }
}

/// # Safety
///
/// As for [`sweep`].
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn avx2(job: &Job<'_>) {
    // SAFETY: the caller's conditions are the same.
    unsafe { sweep::<__m256, 5, WIDE>(job) }
}

/// # Safety
///
/// As for [`sweep`].
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx2,fma")]
unsafe fn avx512(job: &Job<'_>) {
    // SAFETY: the caller's conditions are the same.
    unsafe { sweep::<__m512, 10, WIDE>(job) }
}
