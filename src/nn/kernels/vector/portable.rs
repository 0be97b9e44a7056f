//! Registers of any processor.
use half::f16;

use super::Vector;

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
    const MASKS: bool = false;

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
    unsafe fn replace_first(self, by: Self, count: usize) -> Self {
        Self(std::array::from_fn(|i| match i < count {
            true => by.0[i],
            false => self.0[i],
        }))
    }

    #[inline(always)]
    unsafe fn load_thirds(from: *const f32) -> [Self; 3] {
        // SAFETY: the caller vouches for three times eight floats.
        let all = unsafe { from.cast::<[[f32; 3]; 8]>().read() };
        std::array::from_fn(|channel| Self(all.map(|three| three[channel])))
    }

    #[inline(always)]
    unsafe fn by_parity(self, other: Self) -> [Self; 2] {
        let all = [self.0, other.0];
        std::array::from_fn(|parity| Self(std::array::from_fn(|i| all[i / 4][i % 4 * 2 + parity])))
    }

    #[inline(always)]
    unsafe fn store_columns(four: [Self; 4], to: *mut f32, step: usize) {
        for i in 0..Self::N {
            // SAFETY: the caller vouches for four floats at each step.
            unsafe {
                let to = to.add(i * step).cast::<[f32; 4]>();
                to.write(four.map(|from| from.0[i]));
            }
        }
    }

    #[inline(always)]
    unsafe fn load_half(from: *const f16) -> Self {
        // SAFETY: the caller vouches for eight halves; an array of halves needs no more alignment.
        Self(unsafe { from.cast::<[f16; 8]>().read() }.map(f16::to_f32))
    }
}
