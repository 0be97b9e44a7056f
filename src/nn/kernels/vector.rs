//! One register of floats, for each instruction set.
#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{
    __m256, __m256i, __m512, _mm_loadu_si128, _mm256_cvtph_ps, _mm256_fmadd_ps, _mm256_loadu_ps,
    _mm256_loadu_si256, _mm256_maskload_ps, _mm256_maskstore_ps, _mm256_max_ps, _mm256_min_ps,
    _mm256_set1_ps, _mm256_storeu_ps, _mm512_cvtph_ps, _mm512_fmadd_ps, _mm512_loadu_ps,
    _mm512_mask_storeu_ps, _mm512_maskz_loadu_ps, _mm512_max_ps, _mm512_min_ps, _mm512_set1_ps,
    _mm512_storeu_ps,
};

use half::f16;

/// As many floats as one register of an instruction set holds.
///
/// The operations are inlined into functions compiled for that instruction set; outside of such a
/// function they would be slow, and on a processor that lacks it they must not run at all.
///
/// # Safety
///
/// For all functions: the processor has the instruction set. For those that take a pointer: it is
/// valid for [`Vector::N`] floats (or for as many as `count` says), read or written.
pub unsafe trait Vector: Copy {
    /// Floats in one register.
    const N: usize;

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

/// Eight floats in plain Rust: two registers of SSE2 or NEON, which the compiler finds by itself.
#[derive(Clone, Copy)]
pub struct Portable([f32; 8]);

impl Portable {
    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(f32, f32) -> f32) -> Self {
        Self(std::array::from_fn(|i| f(self.0[i], other.0[i])))
    }
}

// SAFETY: no instruction set is needed; pointers are used for the floats the trait names.
unsafe impl Vector for Portable {
    const N: usize = 8;

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller vouches for eight floats; an array of floats needs no more alignment.
        Self(unsafe { from.cast::<[f32; 8]>().read() })
    }

    #[inline(always)]
    unsafe fn load_first(from: *const f32, count: usize) -> Self {
        let mut all = [0.0; 8];
        // SAFETY: the caller vouches for `count` floats, at most eight.
        all[..count].copy_from_slice(unsafe { std::slice::from_raw_parts(from, count) });
        Self(all)
    }

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        Self([value; 8])
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the caller vouches for eight floats.
        unsafe { to.cast::<[f32; 8]>().write(self.0) }
    }

    #[inline(always)]
    unsafe fn store_first(self, to: *mut f32, count: usize) {
        // SAFETY: the caller vouches for `count` floats, at most eight.
        unsafe { std::slice::from_raw_parts_mut(to, count) }.copy_from_slice(&self.0[..count]);
    }

    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self {
        // AArch64 always has a fused multiply-add; elsewhere it would be a call into libm.
        let fused = cfg!(target_arch = "aarch64");
        Self(std::array::from_fn(|i| match fused {
            true => self.0[i].mul_add(factor.0[i], term.0[i]),
            false => self.0[i] * factor.0[i] + term.0[i],
        }))
    }

    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        self.zip(other, |a, b| if a > b { a } else { b })
    }

    #[inline(always)]
    unsafe fn min(self, other: Self) -> Self {
        self.zip(other, |a, b| if a < b { a } else { b })
    }

    #[inline(always)]
    unsafe fn load_half(from: *const f16) -> Self {
        // SAFETY: the caller vouches for eight halves; an array of halves needs no more alignment.
        Self(unsafe { from.cast::<[f16; 8]>().read() }.map(f16::to_f32))
    }
}

/// Masks of AVX2: eight numbers from `8 - count` on have `count` times all bits, then none.
#[cfg(target_arch = "x86_64")]
static MASKS: [i32; 16] = [-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0];

/// The mask of the first `count` of eight.
///
/// # Safety
///
/// The processor has AVX2, `count` is at most 8.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
unsafe fn first(count: usize) -> __m256i {
    debug_assert!(count <= 8);
    // SAFETY: 8 - count .. 16 - count lies within the table.
    unsafe { _mm256_loadu_si256(MASKS.as_ptr().add(8 - count).cast()) }
}

// SAFETY: every function is one or two intrinsics of AVX, AVX2, FMA and F16C, with the trait's own
// conditions.
#[cfg(target_arch = "x86_64")]
unsafe impl Vector for __m256 {
    const N: usize = 8;

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: as the trait says.
        unsafe { _mm256_loadu_ps(from) }
    }

    #[inline(always)]
    unsafe fn load_first(from: *const f32, count: usize) -> Self {
        // SAFETY: as the trait says; masked places are not touched.
        unsafe { _mm256_maskload_ps(from, first(count)) }
    }

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        // SAFETY: as the trait says.
        unsafe { _mm256_set1_ps(value) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: as the trait says.
        unsafe { _mm256_storeu_ps(to, self) }
    }

    #[inline(always)]
    unsafe fn store_first(self, to: *mut f32, count: usize) {
        // SAFETY: as the trait says; masked places are not touched.
        unsafe { _mm256_maskstore_ps(to, first(count), self) }
    }

    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self {
        // SAFETY: as the trait says.
        unsafe { _mm256_fmadd_ps(self, factor, term) }
    }

    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        // SAFETY: as the trait says.
        unsafe { _mm256_max_ps(self, other) }
    }

    #[inline(always)]
    unsafe fn min(self, other: Self) -> Self {
        // SAFETY: as the trait says.
        unsafe { _mm256_min_ps(self, other) }
    }

    #[inline(always)]
    unsafe fn load_half(from: *const f16) -> Self {
        // SAFETY: as the trait says.
        unsafe { _mm256_cvtph_ps(_mm_loadu_si128(from.cast())) }
    }
}

// SAFETY: every function is one or two intrinsics of AVX-512F, with the trait's own conditions.
#[cfg(target_arch = "x86_64")]
unsafe impl Vector for __m512 {
    const N: usize = 16;

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: as the trait says.
        unsafe { _mm512_loadu_ps(from) }
    }

    #[inline(always)]
    unsafe fn load_first(from: *const f32, count: usize) -> Self {
        // SAFETY: as the trait says; masked places are not touched.
        unsafe { _mm512_maskz_loadu_ps(((1u32 << count) - 1) as u16, from) }
    }

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        // SAFETY: as the trait says.
        unsafe { _mm512_set1_ps(value) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: as the trait says.
        unsafe { _mm512_storeu_ps(to, self) }
    }

    #[inline(always)]
    unsafe fn store_first(self, to: *mut f32, count: usize) {
        // SAFETY: as the trait says; masked places are not touched.
        unsafe { _mm512_mask_storeu_ps(to, ((1u32 << count) - 1) as u16, self) }
    }

    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self {
        // SAFETY: as the trait says.
        unsafe { _mm512_fmadd_ps(self, factor, term) }
    }

    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        // SAFETY: as the trait says.
        unsafe { _mm512_max_ps(self, other) }
    }

    #[inline(always)]
    unsafe fn min(self, other: Self) -> Self {
        // SAFETY: as the trait says.
        unsafe { _mm512_min_ps(self, other) }
    }

    #[inline(always)]
    unsafe fn load_half(from: *const f16) -> Self {
        // SAFETY: as the trait says.
        unsafe { _mm512_cvtph_ps(_mm256_loadu_si256(from.cast())) }
    }
}
