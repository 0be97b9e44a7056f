//! Pixels to network input: the only place that scales them.

/// Times an 8-bit colour, and [`BLACK`] more, it is in -1..1 (see [`signed`]).
pub const SIGNED: f32 = 1.0 / 128.0;

/// The number of black in -1..1.
pub const BLACK: f32 = -127.5 / 128.0;

/// Writes 8-bit colours as `(p - 127.5) / 128`, in -1..1, in the order they come.
///
/// Source: the MTCNN authors' own scaling, `(p - 127.5) * 0.0078125`, which the weights were
/// trained with.
pub fn signed(colours: &[u8], numbers: &mut [f32]) {
    for (number, p) in numbers.iter_mut().zip(colours) {
        *number = f32::from(*p) * SIGNED + BLACK;
    }
}

/// A number made by [`signed`] as a part of white, in 0..1.
pub fn unscaled(number: f32) -> f32 {
    (number - BLACK) / (255.0 * SIGNED)
}

/// Times an 8-bit colour it is in 0..1, as MediaPipe's networks want it.
pub const UNIT: f32 = 1.0 / 255.0;

/// Writes RGB pixels as dlib's ResNet wants them: `(p - mean) / 256`.
///
/// Source: the means and the divisor of `input_rgb_image_sized` in dlib (`dlib/dnn/input.h`), which the
/// network's file names too.
pub fn recognition(pixels: impl Iterator<Item = [f32; 3]>, numbers: &mut [f32]) {
    const MEAN: [f32; 3] = [122.782, 117.001, 104.298];
    for (to, pixel) in numbers.as_chunks_mut::<3>().0.iter_mut().zip(pixels) {
        *to = std::array::from_fn(|c| (pixel[c] - MEAN[c]) / 256.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_become_numbers_in_their_order() {
        let mut numbers = vec![0.0; 3];
        signed(&[0, 255, 127], &mut numbers);
        assert_eq!(numbers, vec![-127.5 / 128.0, 127.5 / 128.0, -0.5 / 128.0]);
        let back = numbers.iter().map(|n| (unscaled(*n) * 255.0).round());
        assert_eq!(back.collect::<Vec<_>>(), [0.0, 255.0, 127.0]);
    }
}
