//! Registers of AVX2, with what FMA and F16C add.
use std::arch::x86_64::{
    __m256, __m256i, _mm_castps_pd, _mm_cvtsd_f64, _mm_loadl_epi64, _mm_loadu_ps, _mm_loadu_si128,
    _mm_movehl_ps, _mm_store_ss, _mm_storeu_ps, _mm256_add_ps, _mm256_blend_ps, _mm256_blendv_ps,
    _mm256_castpd_ps, _mm256_castps_pd, _mm256_castps256_ps128, _mm256_castsi256_ps,
    _mm256_cvtepi32_ps, _mm256_cvtepu8_epi32, _mm256_cvtph_ps, _mm256_extractf128_ps,
    _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_loadu_si256, _mm256_maskload_ps, _mm256_max_ps,
    _mm256_min_ps, _mm256_permute2f128_ps, _mm256_permute4x64_pd, _mm256_permutevar8x32_ps,
    _mm256_set_m128, _mm256_set1_ps, _mm256_setr_epi32, _mm256_shuffle_ps, _mm256_storeu_ps,
    _mm256_unpackhi_pd, _mm256_unpackhi_ps, _mm256_unpacklo_pd, _mm256_unpacklo_ps,
};

use half::f16;

use super::{Eight, Vector};

/// Masks of AVX2: eight numbers from `8 - count` on have `count` times all bits, then none.
static MASKS: [i32; 16] = [-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0];

/// The mask of the first `count` of eight.
///
/// # Safety
///
/// The processor has AVX2, `count` is at most 8.
#[inline(always)]
unsafe fn first(count: usize) -> __m256i {
    debug_assert!(count <= 8);
    // SAFETY: 8 - count .. 16 - count lies within the table.
    unsafe { _mm256_loadu_si256(MASKS.as_ptr().add(8 - count).cast()) }
}

// SAFETY: all intrinsics are of AVX, AVX2, FMA and F16C, with the trait's own conditions.
unsafe impl Vector for __m256 {
    const N: usize = 8;
    const MASKS: bool = true;

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
        debug_assert!(count <= Self::N);
        if count == Self::N {
            // SAFETY: as the trait says.
            return unsafe { self.store(to) };
        }
        // In pieces of four, two and one: on AMD's Zen 3, where a masked store of AVX is microcode, a layer of six
        // outputs takes a third longer with one, and one of 28 a twelfth.
        // SAFETY: as the trait says: the pieces that are written are `count` floats together.
        unsafe {
            let (mut rest, mut to) = (_mm256_castps256_ps128(self), to);
            if count & 4 != 0 {
                _mm_storeu_ps(to, rest);
                (rest, to) = (_mm256_extractf128_ps::<1>(self), to.add(4));
            }
            if count & 2 != 0 {
                let two = _mm_cvtsd_f64(_mm_castps_pd(rest));
                to.cast::<f64>().write_unaligned(two);
                (rest, to) = (_mm_movehl_ps(rest, rest), to.add(2));
            }
            if count & 1 != 0 {
                _mm_store_ss(to, rest);
            }
        }
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
    unsafe fn replace_first(self, by: Self, count: usize) -> Self {
        // SAFETY: as the trait says.
        unsafe { _mm256_blendv_ps(self, by, _mm256_castsi256_ps(first(count))) }
    }

    #[inline(always)]
    unsafe fn load_thirds(from: *const f32) -> [Self; 3] {
        // SAFETY: as the trait says.
        unsafe {
            let [a, b, c] = [0, 8, 16].map(|at| Self::load(from.add(at)));
            // Of each lane one of the three registers has the channel's float: taken as they lie, then put
            // in order.
            [
                _mm256_permutevar8x32_ps(
                    _mm256_blend_ps::<0b00100100>(_mm256_blend_ps::<0b10010010>(a, b), c),
                    _mm256_setr_epi32(0, 3, 6, 1, 4, 7, 2, 5),
                ),
                _mm256_permutevar8x32_ps(
                    _mm256_blend_ps::<0b01001001>(_mm256_blend_ps::<0b00100100>(a, b), c),
                    _mm256_setr_epi32(1, 4, 7, 2, 5, 0, 3, 6),
                ),
                _mm256_permutevar8x32_ps(
                    _mm256_blend_ps::<0b10010010>(_mm256_blend_ps::<0b01001001>(a, b), c),
                    _mm256_setr_epi32(2, 5, 0, 3, 6, 1, 4, 7),
                ),
            ]
        }
    }

    #[inline(always)]
    unsafe fn by_parity(self, other: Self) -> [Self; 2] {
        // SAFETY: as the trait says.
        unsafe {
            // Pairs of both in turn, to be put in order.
            let ordered = |pairs| _mm256_permute4x64_pd::<0b11_01_10_00>(_mm256_castps_pd(pairs));
            let even = ordered(_mm256_shuffle_ps::<0b10_00_10_00>(self, other));
            let odd = ordered(_mm256_shuffle_ps::<0b11_01_11_01>(self, other));
            [even, odd].map(|four| _mm256_castpd_ps(four))
        }
    }

    #[inline(always)]
    unsafe fn store_columns(four: [Self; 4], to: *mut f32, step: usize) {
        // SAFETY: as the trait says.
        unsafe {
            let pair = |low, high| {
                let (low, high) = (_mm256_castps_pd(low), _mm256_castps_pd(high));
                let both = [_mm256_unpacklo_pd(low, high), _mm256_unpackhi_pd(low, high)];
                both.map(|four| _mm256_castpd_ps(four))
            };
            let [a, b, c, d] = four;
            let [x0, x1] = pair(_mm256_unpacklo_ps(a, b), _mm256_unpacklo_ps(c, d));
            let [x2, x3] = pair(_mm256_unpackhi_ps(a, b), _mm256_unpackhi_ps(c, d));
            for (i, x) in [x0, x1, x2, x3].into_iter().enumerate() {
                _mm_storeu_ps(to.add(i * step), _mm256_castps256_ps128(x));
                _mm_storeu_ps(to.add((i + 4) * step), _mm256_extractf128_ps::<1>(x));
            }
        }
    }

    #[inline(always)]
    unsafe fn load_half(from: *const f16) -> Self {
        // SAFETY: as the trait says.
        unsafe { _mm256_cvtph_ps(_mm_loadu_si128(from.cast())) }
    }
}

// SAFETY: as above; a register has eight floats.
unsafe impl Eight for __m256 {
    #[inline(always)]
    unsafe fn load_bytes(from: *const u8) -> Self {
        // SAFETY: as the trait says; eight bytes are read.
        unsafe { _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64(from.cast()))) }
    }

    #[inline(always)]
    unsafe fn load_fours(low: *const f32, high: *const f32) -> Self {
        // SAFETY: as the trait says; four floats of each are read.
        unsafe { _mm256_set_m128(_mm_loadu_ps(high), _mm_loadu_ps(low)) }
    }

    #[inline(always)]
    unsafe fn store_fours(self, low: *mut f32, high: *mut f32) {
        // SAFETY: as the trait says; four floats of each are written.
        unsafe {
            _mm_storeu_ps(low, _mm256_castps256_ps128(self));
            _mm_storeu_ps(high, _mm256_extractf128_ps::<1>(self));
        }
    }

    #[inline(always)]
    unsafe fn sums([a, b, c, d, e, f, g, h]: [Self; 8]) -> Self {
        // SAFETY: as the trait says.
        unsafe {
            // Within each half: of two registers two sums each, of two such all four.
            let two = |a, b| _mm256_add_ps(_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
            let four = |a, b| {
                let first = _mm256_shuffle_ps::<0b01_00_01_00>(a, b);
                _mm256_add_ps(first, _mm256_shuffle_ps::<0b11_10_11_10>(a, b))
            };
            let (low, high) = (four(two(a, b), two(c, d)), four(two(e, f), two(g, h)));
            let first = _mm256_permute2f128_ps::<0x20>(low, high);
            _mm256_add_ps(first, _mm256_permute2f128_ps::<0x31>(low, high))
        }
    }
}
