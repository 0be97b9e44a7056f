//! Registers of any processor.
use half::f16;
use wide::f32x8;

use super::{Eight, Vector};

/// Eight floats: two registers of SSE2 or NEON, or whatever the program is compiled for. Of eight floats in
/// plain Rust the compiler makes registers only where it optimizes most.
#[derive(Clone, Copy)]
pub struct Portable(f32x8);

impl Portable {
    #[inline(always)]
    fn from_fn(number: impl FnMut(usize) -> f32) -> Self {
        Self(f32x8::new(std::array::from_fn(number)))
    }
}

// SAFETY: no instruction set is needed; pointers are used for the floats the trait names.
unsafe impl Vector for Portable {
    const N: usize = 8;
    const MASKS: bool = false;

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller vouches for eight floats; an array of floats needs no more alignment.
        Self(f32x8::new(unsafe { from.cast::<[f32; 8]>().read() }))
    }

    #[inline(always)]
    unsafe fn load_first(from: *const f32, count: usize) -> Self {
        let mut all = [0.0; 8];
        // SAFETY: the caller vouches for `count` floats, at most eight.
        all[..count].copy_from_slice(unsafe { std::slice::from_raw_parts(from, count) });
        Self(f32x8::new(all))
    }

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        Self(f32x8::splat(value))
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the caller vouches for eight floats.
        unsafe { to.cast::<[f32; 8]>().write(self.0.to_array()) }
    }

    #[inline(always)]
    unsafe fn store_first(self, to: *mut f32, count: usize) {
        // SAFETY: the caller vouches for `count` floats, at most eight.
        unsafe { std::slice::from_raw_parts_mut(to, count) }
            .copy_from_slice(&self.0.as_array()[..count]);
    }

    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self {
        // Fused where the processor certainly can.
        Self(self.0.mul_add(factor.0, term.0))
    }

    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        Self(self.0.fast_max(other.0))
    }

    #[inline(always)]
    unsafe fn min(self, other: Self) -> Self {
        Self(self.0.fast_min(other.0))
    }

    #[inline(always)]
    unsafe fn replace_first(self, by: Self, count: usize) -> Self {
        let (own, by) = (self.0.to_array(), by.0.to_array());
        Self::from_fn(|i| if i < count { by[i] } else { own[i] })
    }

    #[inline(always)]
    unsafe fn load_thirds(from: *const f32) -> [Self; 3] {
        // SAFETY: the caller vouches for three times eight floats.
        let all = unsafe { from.cast::<[[f32; 3]; 8]>().read() };
        std::array::from_fn(|channel| Self::from_fn(|i| all[i][channel]))
    }

    #[inline(always)]
    unsafe fn by_parity(self, other: Self) -> [Self; 2] {
        let all = [self.0.to_array(), other.0.to_array()];
        std::array::from_fn(|parity| Self::from_fn(|i| all[i / 4][i % 4 * 2 + parity]))
    }

    #[inline(always)]
    unsafe fn store_columns(four: [Self; 4], to: *mut f32, step: usize) {
        let four = four.map(|from| from.0.to_array());
        for i in 0..Self::N {
            // SAFETY: the caller vouches for four floats at each step.
            unsafe {
                let to = to.add(i * step).cast::<[f32; 4]>();
                to.write(four.map(|from| from[i]));
            }
        }
    }

    #[inline(always)]
    unsafe fn load_half(from: *const f16) -> Self {
        // SAFETY: the caller vouches for eight halves; an array of halves needs no more alignment.
        let halves = unsafe { from.cast::<[f16; 8]>().read() };
        Self(f32x8::new(halves.map(f16::to_f32)))
    }
}

// SAFETY: as above; there are eight floats.
unsafe impl Eight for Portable {
    #[inline(always)]
    unsafe fn load_bytes(from: *const u8) -> Self {
        // SAFETY: the caller vouches for eight bytes.
        let bytes = unsafe { from.cast::<[u8; 8]>().read() };
        Self::from_fn(|i| f32::from(bytes[i]))
    }

    #[inline(always)]
    unsafe fn load_fours(low: *const f32, high: *const f32) -> Self {
        // SAFETY: the caller vouches for four floats each; arrays of floats need no more alignment.
        let fours = unsafe { [low, high].map(|four| four.cast::<[f32; 4]>().read()) };
        Self::from_fn(|i| fours[i / 4][i % 4])
    }

    #[inline(always)]
    unsafe fn store_fours(self, low: *mut f32, high: *mut f32) {
        let fours = self.0.to_array();
        for (to, four) in [low, high].into_iter().zip(fours.as_chunks::<4>().0) {
            // SAFETY: the caller vouches for four floats each.
            unsafe { to.cast::<[f32; 4]>().write(*four) };
        }
    }

    #[inline(always)]
    unsafe fn sums(eight: [Self; 8]) -> Self {
        let [a, b, c, d, e, f, g, h] = f32x8::transpose(eight.map(|from| from.0));
        Self(((a + e) + (b + f)) + ((c + g) + (d + h)))
    }
}
