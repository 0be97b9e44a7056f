//! The inner loop: some channels times one or two registers of columns, all sums held in registers from the
//! first tap to the largest of each window.
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

/// How much is computed at once: `group` channels of `lanes` windows, whose sums the register file holds.
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

/// Most floats of a tile: all channels of a group for one register of windows.
const MOST_FLOATS: usize = 160;

/// Computes one row of the pool for one group.
pub type Sweep = unsafe fn(&Job<'_>);

/// Every second column of one channel of one row of the input, from the first on and from the second on: so
/// what is computed for neighbouring columns lies in the same lane of two registers, where the pool takes the
/// larger without a shuffle.
pub type Columns = [*const f32; 2];

/// One group of channels of one row of the pool.
pub struct Job<'a> {
    /// Rows of the input, with the columns of each channel.
    pub rows: &'a [[Columns; MOST_INPUTS]],
    pub spec: &'a ConvSpec,
    pub weights: &'a [f32],
    pub bias: &'a [f32],
    pub slopes: &'a [f32],
    /// Columns of the convolution that the pool looks at; where they are odd, the last window has one.
    pub width: usize,
    /// From one pixel of the output to the next.
    pub pixel: usize,
    /// Channels of the group that are not filled up.
    pub channels: usize,
    pub out: *mut f32,
}

/// All windows of a job, a register at a time.
///
/// # Safety
///
/// The processor has the instruction set of `V`. The job's weights are `C` for each tap, its biases and
/// slopes `C`, its channels at most `C`. Every plane named by its rows is as long as the windows filled up
/// to whole registers, and by half the kernel's width, rounded up, more: a column beyond the last tap is
/// read and not used. Its output holds `channels` floats for every window, `pixel` apart.
#[inline(always)]
unsafe fn sweep<V: Vector, const C: usize, const PX: usize>(job: &Job<'_>) {
    const { assert!(PX == 1 || PX == 2) };
    let windows = job.width.div_ceil(2);
    let mut ragged = [0.0; MOST_FLOATS];
    for x in (0..windows).step_by(V::N) {
        // The last register covers some windows again rather than none.
        let x = x.min(windows.saturating_sub(V::N));
        // SAFETY: the caller's conditions.
        unsafe {
            let largest = tile::<V, C, PX>(job, x);
            let out = job.out.add(x * job.pixel);
            if windows >= V::N && job.channels == C {
                transpose::<V, C>(&largest, out, job.pixel);
                continue;
            }
            transpose::<V, C>(&largest, ragged.as_mut_ptr(), C);
            let count = (windows - x).min(V::N);
            for (p, from) in ragged.chunks_exact(C).take(count).enumerate() {
                let to = out.add(p * job.pixel);
                std::ptr::copy_nonoverlapping(from.as_ptr(), to, job.channels);
            }
        }
    }
}

/// The largest of each window, for `C` channels of a register of windows from `x` on. Left and right
/// columns are computed at once where `PX` is 2, else one after the other.
///
/// # Safety
///
/// As for [`sweep`]; `x` is 0, or all windows of the register lie in the row.
#[inline(always)]
unsafe fn tile<V: Vector, const C: usize, const PX: usize>(job: &Job<'_>, x: usize) -> [V; C] {
    // SAFETY: the caller's conditions.
    unsafe {
        let mut largest = [V::splat(f32::NEG_INFINITY); C];
        for rows in job.rows.windows(job.spec.kernel[0]) {
            for first in (0..2).step_by(PX) {
                fold::<V, C, PX>(job, rows, x, first, &mut largest);
            }
        }
        largest
    }
}

/// Writes a register of windows, `C` channels each, `pixel` floats from one to the next.
///
/// # Safety
///
/// As for [`Vector`]; there is room for `C` floats of each window.
#[inline(always)]
unsafe fn transpose<V: Vector, const C: usize>(from: &[V; C], to: *mut f32, pixel: usize) {
    const { assert!(C >= 4 && V::N * C <= MOST_FLOATS) };
    // SAFETY: the caller's conditions.
    unsafe {
        for c in (0..C - 4).step_by(4).chain([C - 4]) {
            V::store_columns(std::array::from_fn(|i| from[c + i]), to.add(c), pixel);
        }
    }
}

/// Computes one row of the convolution, of each window the `PX` columns from `first` on, and folds it into
/// the `largest`.
///
/// # Safety
///
/// As for [`tile`].
#[inline(always)]
unsafe fn fold<V: Vector, const C: usize, const PX: usize>(
    job: &Job<'_>,
    rows: &[[Columns; MOST_INPUTS]],
    x: usize,
    first: usize,
    largest: &mut [V; C],
) {
    debug_assert!(job.bias.len() == C && job.slopes.len() == C);
    // SAFETY: the caller's conditions.
    unsafe {
        let mut sums = [[V::splat(0.0); PX]; C];
        unroll!(c < C, {
            let bias = V::splat(*job.bias.get_unchecked(c));
            unroll!(p < PX, sums[c][p] = bias);
        });
        let mut weights = job.weights.as_ptr();
        for row in rows {
            for columns in &row[..job.spec.inputs] {
                let load = |column: usize| V::load(columns[column % 2].add(x + column / 2));
                let mut values = [V::splat(0.0); PX];
                unroll!(p < PX, values[p] = load(first + p));
                for kx in 0..job.spec.kernel[1] {
                    unroll!(c < C, {
                        let weight = V::splat(*weights.add(c));
                        unroll!(p < PX, sums[c][p] = values[p].mul_add(weight, sums[c][p]));
                    });
                    // The right column is the next tap's left one.
                    values[0] = values[PX - 1];
                    values[PX - 1] = load(first + kx + PX);
                    weights = weights.add(C);
                }
            }
        }
        // Windows of this register that have both columns.
        let whole = (job.width / 2 - x).min(V::N);
        unroll!(c < C, {
            let slope = V::splat(*job.slopes.get_unchecked(c));
            unroll!(p < PX, {
                let mut sum = sums[c][p].prelu(slope);
                if first + p == 1 && whole < V::N {
                    // The others have their left one twice.
                    sum = largest[c].replace_first(sum, whole);
                }
                largest[c] = sum.max(largest[c]);
            });
        });
    }
}

/// Compiles [`sweep`] for an instruction set.
macro_rules! sweeps {
    ($($name:ident, $vector:ty, $channels:literal, $columns:literal $(, $feature:literal)?;)*) => {$(
        /// # Safety
        ///
        /// As for [`sweep`].
        $(#[target_feature(enable = $feature)])?
        unsafe fn $name(job: &Job<'_>) {
            // SAFETY: the caller's conditions are the same.
            unsafe { sweep::<$vector, $channels, $columns>(job) }
        }
    )*};
}

sweeps! {
    portable, Portable, 5, 1;
}

#[cfg(target_arch = "x86_64")]
sweeps! {
    avx2, __m256, 5, 2, "avx2,fma";
    avx512, __m512, 10, 2, "avx512f,avx512vl,avx2,fma";
}
