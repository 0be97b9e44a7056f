//! Registers of AVX-512.
use std::arch::x86_64::{
    __m512, _mm_storeu_ps, _mm256_loadu_si256, _mm512_castpd_ps, _mm512_castps_pd,
    _mm512_castps512_ps128, _mm512_cmpge_epi32_mask, _mm512_cvtph_ps, _mm512_extractf32x4_ps,
    _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_loadu_si512, _mm512_mask_mov_ps,
    _mm512_mask_permutexvar_ps, _mm512_mask_storeu_ps, _mm512_maskz_loadu_ps, _mm512_max_ps,
    _mm512_min_ps, _mm512_permutex2var_ps, _mm512_set1_epi32, _mm512_set1_ps, _mm512_storeu_ps,
    _mm512_unpackhi_pd, _mm512_unpackhi_ps, _mm512_unpacklo_pd, _mm512_unpacklo_ps,
};

use half::f16;

use super::Vector;

// SAFETY: all intrinsics are of AVX-512F, with the trait's own conditions.
unsafe impl Vector for __m512 {
    const N: usize = 16;
    const MASKS: bool = true;

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
    unsafe fn replace_first(self, by: Self, count: usize) -> Self {
        // SAFETY: as the trait says.
        unsafe { _mm512_mask_mov_ps(self, ((1u32 << count) - 1) as u16, by) }
    }

    #[inline(always)]
    unsafe fn load_thirds(from: *const f32) -> [Self; 3] {
        // SAFETY: as the trait says.
        unsafe {
            let [a, b, c] = [0, 16, 32].map(|at| Self::load(from.add(at)));
            let third = |channel: i32| {
                // Counted through all three registers; the last five or six lie in the third.
                let places: [i32; 16] = std::array::from_fn(|i| 3 * i as i32 + channel);
                let places = _mm512_loadu_si512(places.as_ptr().cast());
                let in_third = _mm512_cmpge_epi32_mask(places, _mm512_set1_epi32(32));
                let two = _mm512_permutex2var_ps(a, places, b);
                _mm512_mask_permutexvar_ps(two, in_third, places, c)
            };
            [third(0), third(1), third(2)]
        }
    }

    #[inline(always)]
    unsafe fn by_parity(self, other: Self) -> [Self; 2] {
        // SAFETY: as the trait says.
        unsafe {
            let half = |parity: i32| {
                let places: [i32; 16] = std::array::from_fn(|i| 2 * i as i32 + parity);
                let places = _mm512_loadu_si512(places.as_ptr().cast());
                _mm512_permutex2var_ps(self, places, other)
            };
            [half(0), half(1)]
        }
    }

    #[inline(always)]
    unsafe fn store_columns(four: [Self; 4], to: *mut f32, step: usize) {
        // SAFETY: as the trait says.
        unsafe {
            let pair = |low, high| {
                let (low, high) = (_mm512_castps_pd(low), _mm512_castps_pd(high));
                let both = [_mm512_unpacklo_pd(low, high), _mm512_unpackhi_pd(low, high)];
                both.map(|four| _mm512_castpd_ps(four))
            };
            let [a, b, c, d] = four;
            let [x0, x1] = pair(_mm512_unpacklo_ps(a, b), _mm512_unpacklo_ps(c, d));
            let [x2, x3] = pair(_mm512_unpackhi_ps(a, b), _mm512_unpackhi_ps(c, d));
            for (i, x) in [x0, x1, x2, x3].into_iter().enumerate() {
                _mm_storeu_ps(to.add(i * step), _mm512_castps512_ps128(x));
                _mm_storeu_ps(to.add((i + 4) * step), _mm512_extractf32x4_ps::<1>(x));
                _mm_storeu_ps(to.add((i + 8) * step), _mm512_extractf32x4_ps::<2>(x));
                _mm_storeu_ps(to.add((i + 12) * step), _mm512_extractf32x4_ps::<3>(x));
            }
        }
    }

    #[inline(always)]
    unsafe fn load_half(from: *const f16) -> Self {
        // SAFETY: as the trait says.
        unsafe { _mm512_cvtph_ps(_mm256_loadu_si256(from.cast())) }
    }
}
