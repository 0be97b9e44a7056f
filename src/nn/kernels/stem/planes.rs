//! From pixels with their channels side by side to planes of one channel: two for each, its even columns and
//! its odd ones.
#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{__m256, __m512};

use crate::nn::kernels::{
    Isa,
    vector::{Portable, Vector},
};

/// Splits a row of pixels of `channels` floats into planes, each `plane` floats from the last.
///
/// # Safety
///
/// The processor has the instruction set.
///
/// # Panics
///
/// Where the row is not made of whole pixels, `to` not of as many planes as are needed, or a plane is
/// shorter than half the row filled up to whole registers.
pub type Split = unsafe fn(from: &[f32], channels: usize, to: &mut [f32], plane: usize);

/// The one for an instruction set.
pub fn pick(isa: Isa) -> Split {
    match isa {
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 => avx512 as Split,
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => avx2 as Split,
        _ => portable as Split,
    }
}

/// Floats of six of the widest registers.
const STEP: usize = 96;

/// As [`Split`].
///
/// # Safety
///
/// As there.
#[inline(always)]
unsafe fn split<V: Vector>(from: &[f32], channels: usize, to: &mut [f32], plane: usize) {
    assert!(from.len().is_multiple_of(channels), "pixels");
    assert_eq!(to.len(), 2 * channels * plane, "planes");
    let columns = from.len() / channels;
    assert!(plane >= columns.div_ceil(2).next_multiple_of(V::N), "plane");
    match channels {
        // A picture: the case that matters, and shuffles are three times as fast as single floats.
        // SAFETY: the caller's condition; the planes are as long as asserted.
        3 => unsafe { split_three::<V>(from, to, plane) },
        _ => {
            for (i, plane) in to.chunks_exact_mut(plane).enumerate() {
                let (channel, parity) = (i / 2, i % 2);
                let values = from.iter().skip(parity * channels + channel);
                for (to, from) in plane.iter_mut().zip(values.step_by(2 * channels)) {
                    *to = *from;
                }
            }
        }
    }
}

/// [`split`] for three channels, two registers of each at a time.
///
/// # Safety
///
/// The processor has the instruction set of `V`; `from` is whole pixels, `to` is six planes, each as long as
/// half the row filled up to whole registers.
#[inline(always)]
unsafe fn split_three<V: Vector>(from: &[f32], to: &mut [f32], plane: usize) {
    const { assert!(6 * V::N <= STEP) };
    let steps = from.chunks_exact(6 * V::N);
    let mut rest = [0.0; STEP];
    let left = steps.remainder();
    rest[..left.len()].copy_from_slice(left);
    let rest = (!left.is_empty()).then_some(&rest[..]);
    for (i, from) in steps.chain(rest).enumerate() {
        let (from, to) = (from.as_ptr(), to[i * V::N..].as_mut_ptr());
        // SAFETY: the caller's conditions. There are six registers to read, here and there.
        unsafe {
            let (left, right) = (V::load_thirds(from), V::load_thirds(from.add(3 * V::N)));
            for channel in 0..3 {
                let [even, odd] = left[channel].by_parity(right[channel]);
                even.store(to.add(2 * channel * plane));
                odd.store(to.add((2 * channel + 1) * plane));
            }
        }
    }
}

/// Compiles [`split`] for an instruction set.
macro_rules! splits {
    ($($name:ident, $vector:ty $(, $feature:literal)?;)*) => {$(
        /// # Safety
        ///
        /// As for [`Split`].
        $(#[target_feature(enable = $feature)])?
        unsafe fn $name(from: &[f32], channels: usize, to: &mut [f32], plane: usize) {
            // SAFETY: the caller's condition is the same.
            unsafe { split::<$vector>(from, channels, to, plane) }
        }
    )*};
}

splits! {
    portable, Portable;
}

#[cfg(target_arch = "x86_64")]
splits! {
    avx2, __m256, "avx2,fma";
    avx512, __m512, "avx512f,avx512vl,avx2,fma";
}
