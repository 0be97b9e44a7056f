//! What moves floats about, against where they should lie. Arithmetic is tested by the kernels.
use super::*;
use crate::nn::kernels::Isa;
#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{__m256, __m512};

/// Where each float ends, told by numbers from 0 on.
///
/// # Safety
///
/// The processor has the instruction set of `V`.
unsafe fn check<V: Vector>() {
    let numbers: Vec<f32> = (0..64).map(|i| i as f32).collect();
    let at = |i: usize| numbers[i..].as_ptr();
    let listed = |register: V| {
        let mut floats = vec![0.0; V::N];
        // SAFETY: it is as long as a register, of an instruction set that the caller has.
        unsafe { register.store(floats.as_mut_ptr()) };
        floats
    };
    let every = |step: usize, first: usize| -> Vec<f32> {
        let places = numbers.iter().skip(first).step_by(step);
        places.take(V::N).copied().collect()
    };
    // SAFETY: there are four registers of floats, of an instruction set that the caller has.
    let [a, b, c, d] = [0, 1, 2, 3].map(|i| unsafe { V::load(at(i * V::N)) });
    // SAFETY: as above.
    let (thirds, parities) = unsafe { (V::load_thirds(at(0)), a.by_parity(b)) };
    assert_eq!(thirds.map(listed), [0, 1, 2].map(|i| every(3, i)));
    assert_eq!(parities.map(listed), [0, 1].map(|i| every(2, i)));
    for count in 0..=V::N {
        // SAFETY: as above.
        let mixed = listed(unsafe { a.replace_first(b, count) });
        assert_eq!(mixed, [&listed(b)[..count], &listed(a)[count..]].concat());
        let mut written = vec![f32::NAN; V::N];
        // SAFETY: as above; what is written is as long as a register.
        let read = listed(unsafe {
            b.store_first(written.as_mut_ptr(), count);
            V::load_first(at(V::N), count)
        });
        assert_eq!(written[..count], listed(b)[..count]);
        assert!(
            written[count..].iter().all(|float| float.is_nan()),
            "{count}"
        );
        assert_eq!(
            read,
            [&listed(b)[..count], &vec![0.0; V::N - count]].concat()
        );
    }
    for step in [4, 5, 10, 33] {
        let mut columns = vec![f32::NAN; step * V::N];
        // SAFETY: there is room for so many steps.
        unsafe { V::store_columns([a, b, c, d], columns.as_mut_ptr(), step) };
        for (i, got) in columns.chunks_exact(step).enumerate() {
            assert_eq!(got[..4], [0, 1, 2, 3].map(|k| numbers[k * V::N + i]));
            assert!(got[4..].iter().all(|float| float.is_nan()), "step {step}");
        }
    }
}

/// The same for what only registers of eight do; their sums, too.
///
/// # Safety
///
/// The processor has the instruction set of `V`.
unsafe fn check_eight<V: Eight>() {
    let numbers: Vec<f32> = (0..12).map(|i| i as f32).collect();
    let bytes = [0, 1, 2, 3, 127, 128, 254, 255];
    let (mut fours, mut floats) = ([f32::NAN; 8], [0.0; 8]);
    // SAFETY: all are as long as a register or its half, of an instruction set that the caller has.
    unsafe {
        let from = |at: usize| numbers[at..].as_ptr();
        let register = V::load_fours(from(7), from(1));
        register.store_fours(fours.as_mut_ptr(), fours[3..].as_mut_ptr());
        V::load_bytes(bytes.as_ptr()).store(floats.as_mut_ptr());
    }
    assert_eq!(floats[..], bytes.map(f32::from));
    assert_eq!(fours[..7], [7.0, 8.0, 9.0, 1.0, 2.0, 3.0, 4.0]);
    assert!(fours[7].is_nan());
    // Each place of each of eight counts once, and in its register's sum alone.
    let mut numbers = [[0.0; 8]; 8];
    for (i, number) in numbers.iter_mut().flatten().enumerate() {
        *number = (i * i) as f32;
    }
    // SAFETY: as above.
    unsafe { V::sums(numbers.map(|eight| V::load(eight.as_ptr()))).store(floats.as_mut_ptr()) };
    assert_eq!(floats[..], numbers.map(|eight| eight.iter().sum::<f32>()));
}

#[test]
fn every_instruction_set_moves_floats_to_the_same_places() {
    for isa in Isa::available() {
        // SAFETY: the processor has the instruction set.
        unsafe {
            match isa {
                #[cfg(target_arch = "x86_64")]
                Isa::Avx512 => check::<__m512>(),
                #[cfg(target_arch = "x86_64")]
                Isa::Avx2 => {
                    check::<__m256>();
                    check_eight::<__m256>();
                }
                _ => {
                    check::<Portable>();
                    check_eight::<Portable>();
                }
            }
        }
    }
}
