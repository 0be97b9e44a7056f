//! What a core can do at most, to hold the kernels against.
#![expect(clippy::disallowed_methods, reason = "a bench reads the clock")]
#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{__m256, __m512};
use std::{hint::black_box, time::Instant};

use super::{
    Isa,
    tile::unroll,
    vector::{Portable, Vector},
};

/// Multiplications and additions a second of one core that does nothing but multiply and add between
/// registers, fused where it can, for 40 to 80 microseconds: to be asked beside what is held against it, for
/// on a shared machine it changes from one millisecond to the next.
pub fn peak(isa: Isa) -> f64 {
    assert!(isa.is_available(), "{isa:?} on this machine");
    const ROUNDS: usize = 20_000;
    let run = match isa {
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 => avx512,
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => avx2,
        _ => portable as unsafe fn(usize) -> usize,
    };
    // Wide registers are slow for the first microseconds.
    // SAFETY: the processor has the instruction set, as just asserted.
    unsafe { run(ROUNDS) };
    let began = Instant::now();
    // SAFETY: as above.
    let operations = unsafe { run(ROUNDS) };
    operations as f64 / began.elapsed().as_secs_f64()
}

/// `C` sums, each waiting for itself only; gives how many operations that was.
///
/// # Safety
///
/// The processor has the instruction set of `V`.
#[inline(always)]
unsafe fn sums<V: Vector, const C: usize>(rounds: usize) -> usize {
    // SAFETY: the caller's condition; `out` has room for a register.
    unsafe {
        let (factor, term) = (V::splat(black_box(0.5)), V::splat(black_box(1.0)));
        let mut sums = [term; C];
        for _ in 0..rounds {
            unroll!(c < C, sums[c] = sums[c].mul_add(factor, term));
        }
        let mut out = [0.0f32; 16];
        unroll!(c < C, {
            sums[c].store(out.as_mut_ptr());
            black_box(&out);
        });
    }
    2 * rounds * C * V::N
}

/// # Safety
///
/// None; plain Rust. `unsafe` as its sisters.
unsafe fn portable(rounds: usize) -> usize {
    // SAFETY: any processor will do.
    unsafe { sums::<Portable, 6>(rounds) }
}

/// # Safety
///
/// The processor has the instruction sets named.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn avx2(rounds: usize) -> usize {
    // SAFETY: the caller's condition is the same.
    unsafe { sums::<__m256, 12>(rounds) }
}

/// # Safety
///
/// The processor has the instruction sets named.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx2,fma")]
unsafe fn avx512(rounds: usize) -> usize {
    // SAFETY: the caller's condition is the same.
    unsafe { sums::<__m512, 12>(rounds) }
}
