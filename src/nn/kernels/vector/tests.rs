//! What moves floats about, against where they should lie. Arithmetic is tested by the kernels.
use super::*;
use crate::nn::kernels::Isa;
#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{__m256, __m512};

/// Where each float ends, told by numbers from 0 on.
fn check<V: Vector>() {
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
    let (thirds, halves) = unsafe { (V::load_thirds(at(0)), a.halves(b)) };
    assert_eq!(thirds.map(listed), [0, 1, 2].map(|i| every(3, i)));
    assert_eq!(halves.map(listed), [0, 1].map(|i| every(2, i)));
    for count in 0..=V::N {
        // SAFETY: as above.
        let mixed = listed(unsafe { a.but_first(b, count) });
        assert_eq!(mixed, [&listed(b)[..count], &listed(a)[count..]].concat());
    }
    let mut columns = vec![-1.0; 5 * V::N];
    // SAFETY: there is room for a register of times five floats.
    unsafe { V::store_columns([a, b, c, d], columns.as_mut_ptr(), 5) };
    for (i, five) in columns.chunks_exact(5).enumerate() {
        let wanted = [0, 1, 2, 3].map(|k| numbers[k * V::N + i]);
        assert_eq!(five, [&wanted[..], &[-1.0]].concat());
    }
}

#[test]
fn every_instruction_set_moves_floats_to_the_same_places() {
    for isa in Isa::available() {
        match isa {
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 => check::<__m512>(),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => check::<__m256>(),
            _ => check::<Portable>(),
        }
    }
}
