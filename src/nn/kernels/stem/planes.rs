//! From pixels with their channels side by side to planes of one channel, two for each: its even columns and
//! its odd ones.
use crate::nn::kernels::vector::Vector;

/// Splits a row of pixels of `channels` floats into planes, each `plane` floats from the last.
pub type Split = unsafe fn(from: &[f32], channels: usize, to: &mut [f32], plane: usize);

/// As [`Split`].
///
/// # Safety
///
/// The processor has the instruction set of `V`.
///
/// # Panics
///
/// Where the planes are shorter than half the row filled up to whole registers.
#[inline(always)]
pub unsafe fn split<V: Vector>(from: &[f32], channels: usize, to: &mut [f32], plane: usize) {
    if channels != 3 {
        for (i, planes) in to.chunks_exact_mut(2 * plane).enumerate() {
            for (parity, plane) in planes.chunks_exact_mut(plane).enumerate() {
                let values = from.iter().skip(parity * channels + i);
                for (to, from) in plane.iter_mut().zip(values.step_by(2 * channels)) {
                    *to = *from;
                }
            }
        }
        return;
    }
    // Floats of two registers of each channel.
    let step = 6 * V::N;
    let (most, last) = (V::N * from.len().div_ceil(step), from.len() / step * step);
    assert!(to.len() == 6 * plane && plane >= most, "planes");
    let mut ragged = [0.0; MOST];
    ragged[..from.len() - last].copy_from_slice(&from[last..]);
    for i in 0..most / V::N {
        let from = match i * step {
            at if at < last => from[at..].as_ptr(),
            _ => ragged.as_ptr(),
        };
        // SAFETY: the caller's condition. There are `step` floats to read, here and there, and room for a
        // register in all six planes, asserted above.
        unsafe {
            let (left, right) = (V::load_thirds(from), V::load_thirds(from.add(step / 2)));
            for (channel, (left, right)) in left.into_iter().zip(right).enumerate() {
                for (parity, half) in left.halves(right).into_iter().enumerate() {
                    let at = (2 * channel + parity) * plane + i * V::N;
                    half.store(to[at..].as_mut_ptr());
                }
            }
        }
    }
}

/// Floats of six of the widest registers.
const MOST: usize = 96;
