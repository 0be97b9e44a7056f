//! One register of floats, for each instruction set.
#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod portable;
#[cfg(test)]
mod tests;

use half::f16;

pub use portable::Portable;

/// As many floats as one register of an instruction set holds.
///
/// The operations are inlined into functions compiled for that instruction set; outside of such a
/// function they would be slow, and on a processor that lacks it they must not run at all.
///
/// What comes of a number that is none (NaN) is each instruction set's own affair.
///
/// # Safety
///
/// For all functions: the processor has the instruction set, and a `count` is at most [`Vector::N`]. For
/// those that take a pointer: it is valid for `N` floats, or for as many as the function says, read or
/// written.
pub unsafe trait Vector: Copy {
    /// Floats in one register.
    const N: usize;

    /// Whether the first floats alone are loaded by one instruction, as all of them are.
    const MASKS: bool;

    /// The `N` floats at `from`.
    unsafe fn load(from: *const f32) -> Self;

    /// The first `count` (at most `N`) floats at `from`, and zeros.
    unsafe fn load_first(from: *const f32, count: usize) -> Self;

    /// `value` in every place.
    unsafe fn splat(value: f32) -> Self;

    /// Writes all `N` floats.
    unsafe fn store(self, to: *mut f32);

    /// Writes the first `count` (at most `N`) floats.
    unsafe fn store_first(self, to: *mut f32, count: usize);

    /// `self * factor + term`.
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self;

    /// The larger of each two.
    unsafe fn max(self, other: Self) -> Self;

    /// The smaller of each two.
    unsafe fn min(self, other: Self) -> Self;

    /// The first `count` of `by`, then the rest of its own.
    unsafe fn replace_first(self, by: Self, count: usize) -> Self;

    /// `3 * N` floats dealt out to three in turn.
    unsafe fn load_thirds(from: *const f32) -> [Self; 3];

    /// The even and the odd places of both, its own first.
    unsafe fn by_parity(self, other: Self) -> [Self; 2];

    /// Writes the first of all four side by side, `step` floats on the second of all four, and so on:
    /// `N` times four floats.
    unsafe fn store_columns(four: [Self; 4], to: *mut f32, step: usize);

    /// The `N` halves at `from`, as floats.
    unsafe fn load_half(from: *const f16) -> Self;

    /// PReLU: negative numbers times `slope`.
    #[inline(always)]
    unsafe fn prelu(self, slope: Self) -> Self {
        // SAFETY: as the trait says.
        unsafe {
            let zero = Self::splat(0.0);
            self.min(zero).mul_add(slope, self.max(zero))
        }
    }
}

/// Registers of eight floats, for pictures and few channels, which do not fill wider ones.
///
/// # Safety
///
/// As for [`Vector`]; `N` is 8.
pub unsafe trait Eight: Vector {
    /// The eight bytes at `from`, as floats.
    unsafe fn load_bytes(from: *const u8) -> Self;

    /// The four floats at `low`, then those at `high`.
    unsafe fn load_fours(low: *const f32, high: *const f32) -> Self;

    /// Writes the first four floats at `low`, then the others at `high`, which may begin before those end.
    unsafe fn store_fours(self, low: *mut f32, high: *mut f32);

    /// The sum of each register's floats, the first one's in the first place.
    unsafe fn sums(eight: [Self; 8]) -> Self;
}

/// A number as weights are stored.
pub trait Stored: Copy + Default {
    /// A register of them, as floats.
    ///
    /// # Safety
    ///
    /// As for [`Vector`]: `from` is valid for `N` of them.
    unsafe fn load<V: Vector>(from: *const Self) -> V;
}

impl Stored for f32 {
    #[inline(always)]
    unsafe fn load<V: Vector>(from: *const Self) -> V {
        // SAFETY: the caller's conditions are the same.
        unsafe { V::load(from) }
    }
}

impl Stored for f16 {
    #[inline(always)]
    unsafe fn load<V: Vector>(from: *const Self) -> V {
        // SAFETY: the caller's conditions are the same.
        unsafe { V::load_half(from) }
    }
}
