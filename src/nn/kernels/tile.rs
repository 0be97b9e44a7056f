//! The inner loop of a convolution: some pixels times some registers of channels, all sums held in
//! registers from the first tap to the activation.
#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{__m256, __m512};
use std::ops::Range;

use super::{
    Dims, Isa,
    conv::{Conv, Residual},
    packed::Group,
    vector::{Portable, Vector},
};

/// Says `$body` for each `$i` below `$n` (at most 12). A compiler unrolls a loop only while it
/// thinks it short; one left as a loop keeps all sums in memory, at a third of the speed.
macro_rules! unroll {
    ($i:ident < $n:expr, $body:expr) => {
        unroll!(@ $i, $n, $body, 0 1 2 3 4 5 6 7 8 9 10 11)
    };
    (@ $i:ident, $n:expr, $body:expr, $($k:literal)*) => {$(
        if $k < $n {
            let $i: usize = $k;
            $body
        }
    )*};
}
pub(super) use unroll;

/// Computes one group for a range of pixels.
pub type Sweep = unsafe fn(&Job<'_>);

/// The kernel for the next output channels of `left`: its lanes, how many registers of them it
/// fills, and itself. Chosen so that pixels x registers just fill the register file.
pub fn pick(isa: Isa, left: usize) -> (usize, usize, Sweep) {
    match isa {
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 if left > 8 => match left.div_ceil(16) {
            1 => (16, 1, avx512_1 as Sweep),
            2 => (16, 2, avx512_2),
            3 => (16, 3, avx512_3),
            _ => (16, 4, avx512_4),
        },
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 | Isa::Avx512 => match left.div_ceil(8) {
            1 => (8, 1, avx2_1 as Sweep),
            3 => (8, 3, avx2_3),
            _ => (8, 2, avx2_2),
        },
        _ => (8, 1, portable_1 as Sweep),
    }
}

/// One group of one run.
pub struct Job<'a> {
    pub conv: &'a Conv,
    pub group: Group<Sweep>,
    pub input: &'a [f32],
    pub dims: Dims,
    pub output: Dims,
    pub residual: Option<Residual<'a>>,
    pub pixels: Range<usize>,
    pub out: *mut f32,
}

/// Walks over the output pixels of a job in order.
struct Cursor {
    x: usize,
    y: usize,
    /// Where the pixel's first tap lies in the input.
    offset: usize,
    /// From the last pixel of a row to the first of the next.
    wrap: usize,
    /// The same, from one picture to the next.
    wrap_picture: usize,
    step: usize,
    /// Whether all pixels lie evenly apart, rows and pictures too: those of a kernel of one pixel
    /// do, at a stride of 1.
    even: bool,
}

impl Cursor {
    fn new(job: &Job<'_>) -> Self {
        let (dims, output, spec) = (job.dims, job.output, &job.conv.spec);
        let at = job.pixels.start;
        let (x, row) = (at % output.w.max(1), at / output.w.max(1));
        let (y, n) = (row % output.h.max(1), row / output.h.max(1));
        let step = spec.stride[1] * dims.c;
        let line = dims.w * dims.c;
        let last = output.w.saturating_sub(1) * step;
        let wrap = spec.stride[0] * line - last;
        let top = output.h.saturating_sub(1) * spec.stride[0] * line;
        let wrap_picture = dims.h * line - top - last;
        Self {
            x,
            y,
            offset: (n * dims.h + y * spec.stride[0]) * line + x * step,
            wrap,
            wrap_picture,
            step,
            even: wrap == step && wrap_picture == step,
        }
    }

    #[inline(always)]
    fn advance(&mut self, output: Dims) {
        self.x += 1;
        if self.x < output.w {
            self.offset += self.step;
            return;
        }
        self.x = 0;
        self.y += 1;
        if self.y < output.h {
            self.offset += self.wrap;
        } else {
            self.y = 0;
            self.offset += self.wrap_picture;
        }
    }
}

/// All pixels of a job, `PX` at a time, the last ones `FEW` or one at a time.
///
/// # Safety
///
/// The processor has the instruction set of `V`; the job's sizes hold (see [`Conv::run`]).
#[inline(always)]
unsafe fn sweep<V: Vector, const R: usize, const PX: usize, const FEW: usize>(job: &Job<'_>) {
    let mut cursor = Cursor::new(job);
    let mut at = job.pixels.start;
    while at < job.pixels.end {
        let left = job.pixels.end - at;
        // SAFETY: the caller's conditions; at most `left` pixels are written.
        at += unsafe {
            match left {
                1 => tile::<V, R, 1>(job, &mut cursor, at, left),
                2.. if left <= FEW => tile::<V, R, FEW>(job, &mut cursor, at, left),
                _ => tile::<V, R, PX>(job, &mut cursor, at, left),
            }
        };
    }
}

/// Up to `PX` pixels from `at` on, in `PX` x `R` registers; gives how many.
///
/// # Safety
///
/// As for [`sweep`]; there are at least `left` pixels from `at` on.
#[inline(always)]
unsafe fn tile<V: Vector, const R: usize, const PX: usize>(
    job: &Job<'_>,
    cursor: &mut Cursor,
    at: usize,
    left: usize,
) -> usize {
    let (conv, group) = (job.conv, &job.group);
    let spec = &conv.spec;
    let count = left.min(PX);
    let mut taps = [job.input.as_ptr(); PX];
    // Beyond the last pixel the last one is computed again, and not written.
    if cursor.even {
        unroll!(p < PX, {
            let offset = cursor.offset + p.min(count - 1) * cursor.step;
            taps[p] = taps[p].wrapping_add(offset);
        });
        cursor.offset += count * cursor.step;
    } else {
        for (i, taps) in taps.iter_mut().enumerate() {
            *taps = taps.wrapping_add(cursor.offset);
            if i + 1 < count {
                cursor.advance(job.output);
            }
        }
        cursor.advance(job.output);
    }
    let run = spec.kernel[1] * spec.inputs;
    let line = job.dims.w * job.dims.c;
    // SAFETY: `Conv::new` filled weights, bias and slopes up to R registers for each tap of the
    // group, and a pixel's taps lie in the input: `run` of them in each of the kernel's rows.
    let mut sums = unsafe {
        let bias = conv.bias.as_ptr().add(group.first);
        let mut sums = [[V::splat(0.0); R]; PX];
        unroll!(r < R, {
            let bias = V::load(bias.add(r * V::N));
            unroll!(p < PX, sums[p][r] = bias);
        });
        let mut weights = conv.packed.weights.as_ptr().add(group.weights);
        for y in 0..spec.kernel[0] {
            for t in y * line..y * line + run {
                let mut row = [V::splat(0.0); R];
                unroll!(r < R, row[r] = V::load(weights.add(r * V::N)));
                weights = weights.add(R * V::N);
                unroll!(p < PX, {
                    let value = V::splat(*taps[p].add(t));
                    unroll!(r < R, sums[p][r] = value.mul_add(row[r], sums[p][r]));
                });
            }
        }
        sums
    };
    if let Some(residual) = job.residual {
        // SAFETY: the residual has its channels for each pixel of the output.
        unsafe {
            unroll!(r < R, {
                let channel = group.first + r * V::N;
                if residual.channels > channel {
                    let lanes = (residual.channels - channel).min(V::N);
                    let from = residual.data.as_ptr().add(at * residual.channels + channel);
                    unroll!(p < PX, {
                        if p < count {
                            let more = V::load_first(from.add(p * residual.channels), lanes);
                            sums[p][r] = more.mul_add(V::splat(1.0), sums[p][r]);
                        }
                    });
                }
            });
        }
    }
    let out = job
        .out
        .wrapping_add((at - job.pixels.start) * spec.outputs + group.first);
    // SAFETY: `out` has the group's channels for each of `count` pixels; slopes as above.
    unsafe {
        let slopes = conv.slopes.as_ptr().add(group.first);
        unroll!(r < R, {
            let slope = V::load(slopes.add(r * V::N));
            unroll!(p < PX, sums[p][r] = sums[p][r].prelu(slope));
            let out = out.add(r * V::N);
            if r + 1 == R && group.last < V::N {
                unroll!(p < PX, {
                    if p < count {
                        sums[p][r].store_first(out.add(p * spec.outputs), group.last);
                    }
                });
            } else {
                unroll!(p < PX, {
                    if p < count {
                        sums[p][r].store(out.add(p * spec.outputs));
                    }
                });
            }
        });
    }
    count
}

/// Compiles [`sweep`] for an instruction set.
macro_rules! sweeps {
    ($($name:ident, $vector:ty, $registers:literal, $pixels:literal, $few:literal $(, $feature:literal)?;)*) => {$(
        /// # Safety
        ///
        /// As for [`sweep`].
        $(#[target_feature(enable = $feature)])?
        unsafe fn $name(job: &Job<'_>) {
            // SAFETY: the caller's conditions are the same.
            unsafe { sweep::<$vector, $registers, $pixels, $few>(job) }
        }
    )*};
}

sweeps! {
    portable_1, Portable, 1, 4, 2;
}

#[cfg(target_arch = "x86_64")]
sweeps! {
    avx2_1, __m256, 1, 10, 4, "avx2,fma";
    avx2_2, __m256, 2, 6, 3, "avx2,fma";
    avx2_3, __m256, 3, 4, 2, "avx2,fma";
    avx512_1, __m512, 1, 10, 4, "avx512f,avx512vl,avx2,fma";
    avx512_2, __m512, 2, 10, 4, "avx512f,avx512vl,avx2,fma";
    avx512_3, __m512, 3, 8, 4, "avx512f,avx512vl,avx2,fma";
    avx512_4, __m512, 4, 6, 3, "avx512f,avx512vl,avx2,fma";
}
