//! tract's tensors as memory that is used again, and the order of numbers in them.
use std::sync::Arc;

use tract_onnx::{
    prelude::{Datum, Tensor, TractResult},
    tract_core::internal::bail,
};

use super::kernels::Dims;

/// Has `fill` write as many numbers as `shape` has, the first of `tensor`: of a new one of this shape where that
/// is too small or still in use.
pub fn write<T: Datum>(
    tensor: &mut Arc<Tensor>,
    shape: &[usize],
    fill: impl FnOnce(&mut [T]),
) -> TractResult<()> {
    let new = |shape: &[usize]| Tensor::zero_dt(T::datum_type(), shape).map(Arc::new);
    let length = shape.iter().product();
    if tensor.len() < length || Arc::get_mut(tensor).is_none() {
        // The old one goes first: never both.
        *tensor = new(&[0])?;
        *tensor = new(shape)?;
    }
    let Some(tensor) = Arc::get_mut(tensor) else {
        bail!("a new tensor has one owner");
    };
    fill(&mut tensor.try_as_plain_ram_mut()?.as_slice_mut()?[..length]);
    Ok(())
}

/// Turns `[N, H, W, C]` into `[N, C, H, W]`.
pub fn to_planes(dims: Dims, pixels: &[f32], planes: &mut [f32]) {
    let picture = (dims.h * dims.w).max(1);
    let numbers = picture * dims.c.max(1);
    let pictures = planes.chunks_exact_mut(numbers);
    for (to, from) in pictures.zip(pixels.chunks_exact(numbers)) {
        for (channel, to) in to.chunks_exact_mut(picture).enumerate() {
            let from = from.iter().skip(channel).step_by(dims.c);
            for (to, from) in to.iter_mut().zip(from) {
                *to = *from;
            }
        }
    }
}
