//! The loops over tiles, for each instruction set.
#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{__m256, __m512};

use super::{
    Winograd,
    head::{Head, PIXELS},
    sides::{self, INPUTS, OUTPUTS, PLACES, more},
};
use crate::nn::kernels::{
    Dims, Isa,
    tile::unroll,
    vector::{Eight, Portable, Vector},
};

/// Tiles computed together: whole groups of every size that the products are computed in, few enough
/// that what lies between the transforms stays in the second cache.
pub const TILES: usize = 24;

/// Numbers from one place to the next where tiles have `channels` numbers. A cache line more than
/// needed: at a multiple of 1 KB the places of one tile would drive one another out of the cache.
pub fn plane(channels: usize) -> usize {
    TILES * channels + 16
}

/// Computes up to [`TILES`] tiles.
///
/// # Safety
///
/// The processor has the instruction set. Weights, biases and slopes are packed for it. The job's input and
/// output have the sizes it names, the output as many channels as the head gives, if there is one, and
/// otherwise as the convolution; its planes and its tile are as long as it says, and `count` tiles, at most
/// [`TILES`], lie in the output from the cursor on.
pub type Sweep = unsafe fn(&Winograd, &Job<'_>, Cursor);

/// One run.
pub struct Job<'a> {
    pub input: &'a [f32],
    pub dims: Dims,
    pub output: Dims,
    pub out: *mut f32,
    /// Inputs after their transform, `[PLACES, TILES, inputs]`, places a [`plane`] apart.
    pub there: *mut f32,
    /// Products, `[PLACES, TILES, outputs]`, likewise.
    pub back: *mut f32,
    /// A tile of outputs on its way into the head: for each register of channels, for each pixel, the
    /// register. Where there is no head it is not used.
    pub tile: *mut f32,
    /// Tiles to compute.
    pub count: usize,
}

/// Walks over tiles in order: picture, and row and column of the first output.
#[derive(Clone, Copy)]
pub struct Cursor {
    pub n: usize,
    pub y: usize,
    pub x: usize,
}

impl Cursor {
    /// To the next tile.
    pub fn advance(&mut self, output: Dims) {
        self.x += OUTPUTS;
        if self.x >= output.w {
            self.x = 0;
            self.y += OUTPUTS;
        }
        if self.y >= output.h {
            self.y = 0;
            self.n += 1;
        }
    }
}

/// Lanes of a register, most registers in a group, and the loops.
pub fn pick(isa: Isa) -> (usize, usize, Sweep) {
    match isa {
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 => (16, 4, avx512 as Sweep),
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => (8, 2, avx2 as Sweep),
        _ => (8, 1, portable as Sweep),
    }
}

/// The tiles of a job.
///
/// # Safety
///
/// As for [`Sweep`], the instruction set being that of `V` and `H`, and groups of registers packed for at most
/// `MOST`.
#[inline(always)]
unsafe fn sweep<V: Vector, H: Eight, const MOST: usize>(
    conv: &Winograd,
    job: &Job<'_>,
    first: Cursor,
) {
    let mut cursor = first;
    for tile in 0..job.count {
        // SAFETY: the caller's conditions.
        unsafe { forth::<V>(conv, job, cursor, tile) };
        cursor.advance(job.output);
    }
    // SAFETY: the caller's conditions; weights are read in the order in which they were packed.
    unsafe {
        let mut weights = conv.weights.as_ptr();
        for place in 0..PLACES {
            let from = job.there.add(place * plane(conv.inputs));
            let to = job.back.add(place * plane(conv.outputs));
            let mut channel = 0;
            while channel < conv.outputs {
                let registers = ((conv.outputs - channel) / V::N).min(MOST);
                let to = to.add(channel);
                // `MOST` in each arm: what cannot be is not compiled.
                match registers {
                    4 if MOST == 4 => groups::<V, 4, 6, 4>(conv, weights, from, to, job.count),
                    3 if MOST == 4 => groups::<V, 3, 8, 4>(conv, weights, from, to, job.count),
                    2 if MOST == 4 => groups::<V, 2, 12, 4>(conv, weights, from, to, job.count),
                    2 if MOST == 2 => groups::<V, 2, 6, 4>(conv, weights, from, to, job.count),
                    1 if MOST > 1 => groups::<V, 1, 12, 4>(conv, weights, from, to, job.count),
                    _ => groups::<V, 1, 4, 2>(conv, weights, from, to, job.count),
                }
                weights = weights.add(registers * V::N * conv.spec.inputs);
                channel += registers * V::N;
            }
        }
    }
    let mut cursor = first;
    for tile in 0..job.count {
        // SAFETY: the caller's conditions.
        unsafe {
            match &conv.head {
                None => back::<V, false>(conv, job, cursor, tile),
                Some(head) => {
                    back::<V, true>(conv, job, cursor, tile);
                    behind::<V, H>(head, job, cursor);
                }
            }
        }
        cursor.advance(job.output);
    }
}

/// `B^T d B` of one tile, register after register of channels; zeros where it reaches beyond the input.
///
/// # Safety
///
/// As for [`sweep`]; `tile` is below [`TILES`].
#[inline(always)]
unsafe fn forth<V: Vector>(conv: &Winograd, job: &Job<'_>, at: Cursor, tile: usize) {
    let Dims { h, w, c, .. } = job.dims;
    let [rows, columns] = inside(job.dims, at, INPUTS);
    let whole = rows == INPUTS && columns == INPUTS;
    let plane = plane(conv.inputs);
    let mut channel = 0;
    while channel < c {
        let lanes = (c - channel).min(V::N);
        // SAFETY: rows and columns counted lie in the input; a partial register is loaded in part; the
        // planes have room for whole registers of each tile.
        unsafe {
            let from = job.input.as_ptr();
            let from = from.add(((at.n * h + at.y) * w + at.x) * c + channel);
            let mut d = [[V::splat(0.0); INPUTS]; INPUTS];
            // In part and all at once only where that is one instruction each: else it is 50 KB of program.
            if whole && (V::MASKS || lanes == V::N) {
                unroll!(y < INPUTS, {
                    unroll!(x < INPUTS, {
                        let from = from.add((y * w + x) * c);
                        d[y][x] = match lanes == V::N {
                            true => V::load(from),
                            false => V::load_first(from, lanes),
                        };
                    });
                });
            } else {
                for (y, d) in d.iter_mut().enumerate().take(rows) {
                    for (x, d) in d.iter_mut().enumerate().take(columns) {
                        *d = V::load_first(from.add((y * w + x) * c), lanes);
                    }
                }
            }
            unroll!(x < INPUTS, {
                let mut column = [V::splat(0.0); INPUTS];
                unroll!(y < INPUTS, column[y] = d[y][x]);
                let column = sides::forth(column);
                unroll!(y < INPUTS, d[y][x] = column[y]);
            });
            let to = job.there.add(tile * conv.inputs + channel);
            unroll!(y < INPUTS, {
                let row = sides::forth(d[y]);
                unroll!(x < INPUTS, row[x].store(to.add((INPUTS * y + x) * plane)));
            });
        }
        channel += V::N;
    }
}

/// One place of all tiles times its weights: `R` registers of channels, `T` tiles at a time, or `SHORT`
/// where no more are left.
///
/// # Safety
///
/// The processor has the instruction set of `V`. There are `R` registers of weights for each channel
/// read; `from` and `to` are planes of [`TILES`] tiles, `to` from a channel on that has `R` registers; `count`
/// is at most [`TILES`].
#[inline(always)]
unsafe fn groups<V: Vector, const R: usize, const T: usize, const SHORT: usize>(
    conv: &Winograd,
    weights: *const f32,
    from: *const f32,
    to: *mut f32,
    count: usize,
) {
    const { assert!(TILES.is_multiple_of(T) && T > SHORT) };
    for first in (0..count).step_by(T) {
        // SAFETY: the caller's conditions. Tiles beyond `count` lie in the planes, which are a multiple of
        // `T`, and what is in them does not matter.
        unsafe {
            let (from, to) = (from.add(first * conv.inputs), to.add(first * conv.outputs));
            match count - first > SHORT {
                true => products::<V, R, T>(conv, weights, from, to),
                false => products::<V, R, SHORT>(conv, weights, from, to),
            }
        }
    }
}

/// One place of `T` tiles times its weights: `R` registers of channels.
///
/// # Safety
///
/// As for [`groups`], but for `T` tiles instead of a whole plane.
#[inline(always)]
unsafe fn products<V: Vector, const R: usize, const T: usize>(
    conv: &Winograd,
    mut weights: *const f32,
    from: *const f32,
    to: *mut f32,
) {
    // SAFETY: the caller's conditions.
    unsafe {
        let mut sums = [[V::splat(0.0); R]; T];
        for i in 0..conv.spec.inputs {
            let mut row = [V::splat(0.0); R];
            unroll!(r < R, row[r] = V::load(weights.add(r * V::N)));
            weights = weights.add(R * V::N);
            unroll!(t < T, {
                let value = V::splat(*from.add(t * conv.inputs + i));
                unroll!(r < R, sums[t][r] = value.mul_add(row[r], sums[t][r]));
            });
        }
        unroll!(t < T, {
            let to = to.add(t * conv.outputs);
            unroll!(r < R, sums[t][r].store(to.add(r * V::N)));
        });
    }
}

/// How many rows and columns of a tile of `side` lie in a picture of these sizes.
fn inside(dims: Dims, at: Cursor, side: usize) -> [usize; 2] {
    [dims.h - at.y, dims.w - at.x].map(|left| left.min(side))
}

/// Where the first outputs of a tile lie.
fn place(job: &Job<'_>, at: Cursor) -> *mut f32 {
    let Dims { h, w, c, .. } = job.output;
    job.out.wrapping_add(((at.n * h + at.y) * w + at.x) * c)
}

/// `A^T m A` of one tile, with bias and PReLU. What reaches beyond the output is left out; with `ASIDE`
/// the whole tile is kept for the head.
///
/// # Safety
///
/// As for [`sweep`]; `tile` is below [`TILES`].
#[inline(always)]
unsafe fn back<V: Vector, const ASIDE: bool>(
    conv: &Winograd,
    job: &Job<'_>,
    at: Cursor,
    tile: usize,
) {
    let plane = plane(conv.outputs);
    let Dims { w, c, .. } = job.output;
    let (channels, [rows, columns], line, pixel) = match ASIDE {
        true => (conv.outputs, [OUTPUTS; 2], OUTPUTS * V::N, V::N),
        false => (c, inside(job.output, at, OUTPUTS), w * c, c),
    };
    let mut channel = 0;
    while channel < channels {
        let lanes = (channels - channel).min(V::N);
        // SAFETY: planes, bias and slopes have whole registers, and so has each pixel of the tile that is kept
        // aside; rows and columns counted lie in the output; a partial register is stored in part.
        unsafe {
            let from = job.back.add(tile * conv.outputs + channel);
            let mut t = [[V::splat(0.0); INPUTS]; OUTPUTS];
            unroll!(x < INPUTS, {
                let mut column = [V::splat(0.0); INPUTS];
                unroll!(
                    y < INPUTS,
                    column[y] = V::load(from.add((INPUTS * y + x) * plane))
                );
                let column = sides::back(column);
                unroll!(y < OUTPUTS, t[y][x] = column[y]);
            });
            let bias = V::load(conv.bias.as_ptr().add(channel));
            let slope = V::load(conv.slopes.as_ptr().add(channel));
            let to = match ASIDE {
                true => job.tile.add(channel * PIXELS),
                false => place(job, at).add(channel),
            };
            unroll!(y < OUTPUTS, {
                let sums = sides::back(t[y]);
                unroll!(x < OUTPUTS, {
                    if y < rows && x < columns {
                        let sum = more(sums[x], bias).prelu(slope);
                        let to = to.add(y * line + x * pixel);
                        match lanes == V::N {
                            true => sum.store(to),
                            false => sum.store_first(to, lanes),
                        }
                    }
                });
            });
        }
        channel += V::N;
    }
}

/// The head of the tile that has been kept.
///
/// # Safety
///
/// As for [`sweep`]; all outputs of the tile have been kept.
#[inline(always)]
unsafe fn behind<V: Vector, H: Eight>(head: &Head, job: &Job<'_>, at: Cursor) {
    let line = job.output.w * job.output.c;
    // SAFETY: the caller's conditions; rows and columns counted lie in the output.
    unsafe {
        head.tile::<H>(
            V::N,
            job.tile,
            inside(job.output, at, OUTPUTS),
            place(job, at),
            line,
        )
    }
}

/// Compiles [`sweep`] for an instruction set.
macro_rules! sweeps {
    ($($name:ident, $vector:ty, $head:ty, $most:literal $(, $feature:literal)?;)*) => {$(
        /// # Safety
        ///
        /// As for [`sweep`].
        $(#[target_feature(enable = $feature)])?
        unsafe fn $name(conv: &Winograd, job: &Job<'_>, first: Cursor) {
            // SAFETY: the caller's conditions are the same.
            unsafe { sweep::<$vector, $head, $most>(conv, job, first) }
        }
    )*};
}

sweeps! {
    portable, Portable, Portable, 1;
}

#[cfg(target_arch = "x86_64")]
sweeps! {
    avx2, __m256, __m256, 2, "avx2,fma";
    avx512, __m512, __m256, 4, "avx512f,avx512vl,avx2,fma";
}
