//! Rows of a picture, weighed and added up.
#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::__m256;

use super::{
    Isa,
    vector::{Eight, Portable},
};

/// Writes the sum of rows of `bytes`, each as long as `line` and times its weight; `hop` is from the beginning of
/// one row to that of the next.
///
/// # Panics
///
/// Where the last row ends beyond `bytes`, or the processor lacks the instruction set.
pub fn blend(isa: Isa, bytes: &[u8], hop: usize, weights: &[f32], line: &mut [f32]) {
    assert!(isa.is_available(), "{isa:?} on this machine");
    let last = weights.len().saturating_sub(1).checked_mul(hop);
    let end = last.and_then(|last| last.checked_add(line.len()));
    let inside = end.is_some_and(|end| end <= bytes.len());
    assert!(weights.is_empty() || inside, "rows");
    let rows = Rows {
        bytes,
        hop,
        weights,
    };
    // SAFETY: the processor has the instruction set, and every row lies in `bytes`, as just asserted.
    unsafe {
        match isa {
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 | Isa::Avx512 => avx2(&rows, line),
            _ => portable(&rows, line),
        }
    }
}

struct Rows<'a> {
    bytes: &'a [u8],
    hop: usize,
    weights: &'a [f32],
}

impl Rows<'_> {
    /// `R` registers of the sum, from `at` on.
    ///
    /// # Safety
    ///
    /// The processor has the instruction set of `V`; so many bytes from `at` on lie in every row, and so many floats
    /// in `line`.
    #[inline(always)]
    unsafe fn sum<V: Eight, const R: usize>(&self, at: usize, line: &mut [f32]) {
        // SAFETY: the caller's conditions.
        unsafe {
            let mut sums = [V::splat(0.0); R];
            for (i, weight) in self.weights.iter().enumerate() {
                let from = self.bytes.as_ptr().add(i * self.hop + at);
                let weight = V::splat(*weight);
                for (r, sum) in sums.iter_mut().enumerate() {
                    *sum = V::load_bytes(from.add(r * V::N)).mul_add(weight, *sum);
                }
            }
            for (r, sum) in sums.iter().enumerate() {
                sum.store(line.as_mut_ptr().add(at + r * V::N));
            }
        }
    }
}

/// The whole line, `R` registers at a time. The last ones begin where they end with the line: what lies under
/// two is computed twice.
///
/// # Safety
///
/// The processor has the instruction set of `V`; every row lies in the bytes.
#[inline(always)]
unsafe fn sweep<V: Eight, const R: usize>(rows: &Rows<'_>, line: &mut [f32]) {
    let wide = R * V::N;
    let step = if line.len() < wide { V::N } else { wide };
    if line.len() < step {
        for (x, to) in line.iter_mut().enumerate() {
            let parts = rows.weights.iter().enumerate();
            *to = parts
                .map(|(i, weight)| weight * f32::from(rows.bytes[i * rows.hop + x]))
                .sum();
        }
        return;
    }
    for x in (0..line.len()).step_by(step) {
        let at = x.min(line.len() - step);
        // SAFETY: the caller's conditions; `step` floats from `at` on lie in the line.
        unsafe {
            match step == wide {
                true => rows.sum::<V, R>(at, line),
                false => rows.sum::<V, 1>(at, line),
            }
        }
    }
}

/// # Safety
///
/// As for [`sweep`].
unsafe fn portable(rows: &Rows<'_>, line: &mut [f32]) {
    // SAFETY: the caller's conditions are the same.
    unsafe { sweep::<Portable, 2>(rows, line) }
}

/// # Safety
///
/// As for [`sweep`].
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn avx2(rows: &Rows<'_>, line: &mut [f32]) {
    // SAFETY: the caller's conditions are the same.
    unsafe { sweep::<__m256, 4>(rows, line) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_instruction_set_adds_up_what_a_plain_loop_does(
            width in 0usize..150,
            gap in 0usize..20,
            weights in proptest::collection::vec(-1.0f32..1.0, 0..12),
            seed in 0usize..1000,
        ) {
            let hop = width + gap;
            let count = (weights.len().max(1) - 1) * hop + width;
            let bytes: Vec<u8> = (0..count).map(|i| ((i + seed) * 7919 % 251) as u8).collect();
            for isa in Isa::available() {
                let mut line = vec![f32::NAN; width];
                blend(isa, &bytes, hop, &weights, &mut line);
                for (x, got) in line.iter().enumerate() {
                    let rows = weights.iter().enumerate();
                    let wanted: f32 = rows.map(|(i, w)| w * f32::from(bytes[i * hop + x])).sum();
                    prop_assert!((got - wanted).abs() < 1e-3, "{isa:?}, {x}: {got} for {wanted}");
                }
            }
        }
    }

    #[test]
    #[should_panic(expected = "rows")]
    fn a_row_beyond_the_bytes_is_refused() {
        blend(Isa::Portable, &[0; 19], 10, &[1.0; 2], &mut [0.0; 10]);
    }

    #[test]
    #[should_panic(expected = "rows")]
    fn a_row_so_far_beyond_that_it_comes_round_is_refused() {
        let hop = 1 << (usize::BITS - 1);
        blend(Isa::best(), &[0; 16], hop, &[1.0; 3], &mut [0.0; 8]);
    }
}
