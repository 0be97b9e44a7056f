//! Pixels to network input: the only place that scales them.

/// Writes interleaved 8-bit RGB as three planes of `(p - 127.5) / 128`, in -1..1.
///
/// `rgb` is `[H, W, 3]`, `planes` becomes `[3, H, W]`. Source: the MTCNN authors' own scaling,
/// `(p - 127.5) * 0.0078125`, which the weights were trained with.
pub fn planes_signed(rgb: &[u8], planes: &mut Vec<f32>) {
    planes_of(rgb, planes, |p| (f32::from(p) - 127.5) / 128.0);
}

/// Writes interleaved 8-bit RGB as three planes of `p / 255`, in 0..1, as MediaPipe's networks
/// want it. Shapes as in [`planes_signed`].
pub fn planes_unit(rgb: &[u8], planes: &mut Vec<f32>) {
    planes_of(rgb, planes, |p| f32::from(p) / 255.0);
}

/// Appends the three planes of one picture.
fn planes_of(rgb: &[u8], planes: &mut Vec<f32>, scale: impl Fn(u8) -> f32) {
    let table: [f32; 256] = std::array::from_fn(|p| scale(p as u8));
    for channel in 0..3 {
        let values = rgb.chunks_exact(3).map(|p| table[usize::from(p[channel])]);
        planes.extend(values);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planes_follow_each_other_red_green_blue() {
        let mut planes = vec![];
        planes_unit(&[255, 0, 51, 0, 255, 51], &mut planes);
        assert_eq!(planes, [1.0, 0.0, 0.0, 1.0, 0.2, 0.2]);
        planes.clear();
        planes_signed(&[0, 255, 127], &mut planes);
        assert_eq!(planes, [-127.5 / 128.0, 127.5 / 128.0, -0.5 / 128.0]);
    }
}
