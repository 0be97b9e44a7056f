//! The photograph as the renderer reads it.
use image::{Rgb, RgbImage};

/// A picture to take colours from, each pixel's channels in the 16-bit lanes of one number: all three
/// are mixed in one multiplication.
#[derive(Clone, Debug)]
pub(super) struct Texture {
    texels: Vec<u64>,
    width: usize,
    height: usize,
}

impl Texture {
    pub(super) fn new(picture: &RgbImage) -> Self {
        let lanes = |p: &Rgb<u8>| {
            let [r, g, b] = p.0.map(u64::from);
            r | g << 16 | b << 32
        };
        Self {
            texels: picture.pixels().map(lanes).collect(),
            width: picture.width() as usize,
            height: picture.height() as usize,
        }
    }

    /// Largest fixed-point coordinates that still have a neighbour to the right and below.
    pub(super) fn most(&self) -> [i32; 2] {
        [self.width, self.height].map(|side| ((side.saturating_sub(2) as i32) << 16) | 0xffff)
    }

    /// Colour at 16.16 fixed-point texel coordinates, mixed from four; black outside of [`most`](Self::most).
    #[inline(always)]
    pub(super) fn sample(&self, u: i32, v: i32) -> [u8; 3] {
        let start = (v >> 16) as usize * self.width + (u >> 16) as usize;
        let Some(four) = self.texels.get(start..start.saturating_add(self.width + 2)) else {
            return [0; 3];
        };
        let (right, down) = ((u >> 8) as u64 & 0xff, (v >> 8) as u64 & 0xff);
        let top = mix(four[0], four[1], right);
        let bottom = mix(four[self.width], four[self.width + 1], right);
        let [r, _, g, _, b, ..] = mix(top, bottom, down).to_le_bytes();
        [r, g, b]
    }

    /// The same; beyond the edges the edge goes on.
    pub(super) fn sample_clamped(&self, u: i32, v: i32) -> [u8; 3] {
        let [most_u, most_v] = self.most();
        self.sample(u.clamp(0, most_u), v.clamp(0, most_v))
    }

    /// Colour at texel coordinates; beyond the edges the picture is mirrored.
    pub(super) fn mirrored(&self, x: f32, y: f32) -> [u8; 3] {
        let fold = |v: f32, side: usize| {
            let side = side as f32;
            let v = v.rem_euclid(2.0 * side);
            v.min(2.0 * side - v) - 0.5
        };
        self.sample_clamped(fixed(fold(x, self.width)), fixed(fold(y, self.height)))
    }
}

/// In 16.16 fixed point.
pub(super) fn fixed(f: f32) -> i32 {
    (f * 65_536.0) as i32
}

/// `part`/256 of the way from `a` to `b`, in all lanes.
#[inline(always)]
fn mix(a: u64, b: u64, part: u64) -> u64 {
    ((a * (256 - part) + b * part) >> 8) & 0x00ff_00ff_00ff
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp() -> Texture {
        Texture::new(&RgbImage::from_fn(4, 3, |x, y| {
            Rgb([10 * x as u8, 10 * y as u8, 7])
        }))
    }

    #[test]
    fn between_texels_colours_mix() {
        assert_eq!(ramp().sample(fixed(1.5), fixed(0.5)), [15, 5, 7]);
        assert_eq!(ramp().sample(fixed(2.0), fixed(1.0)), [20, 10, 7]);
    }

    #[test]
    fn beyond_the_edge_the_picture_goes_on() {
        assert_eq!(ramp().sample_clamped(fixed(-9.0), fixed(-9.0)), [0, 0, 7]);
        assert_eq!(ramp().sample(fixed(-9.0), fixed(900.0)), [0, 0, 0]);
        // Mirrored, the texel before the first is the first.
        assert_eq!(ramp().mirrored(-0.5, 1.5), ramp().mirrored(0.5, 1.5));
        assert_eq!(ramp().mirrored(-1.5, 1.5), ramp().mirrored(1.5, 1.5));
    }
}
