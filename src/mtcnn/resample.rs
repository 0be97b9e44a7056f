//! Shrinks pictures for the pyramid. The only file that names fast_image_resize.
use fast_image_resize::{
    FilterType, ResizeAlg, ResizeOptions, Resizer,
    images::{TypedImage, TypedImageRef},
    pixels::U8x3,
};
use image::RgbImage;

use super::Level;
use crate::geometry::BBox;

/// A picture to shrink: interleaved RGB, `[height, width, 3]`.
#[derive(Clone, Copy, Debug)]
pub struct Picture<'a> {
    pixels: &'a [u8],
    width: u32,
    height: u32,
}

impl<'a> Picture<'a> {
    /// A level of the pyramid, made before.
    pub fn level(level: Level, pixels: &'a [u8]) -> Self {
        Self {
            pixels,
            width: level.width,
            height: level.height,
        }
    }

    /// Where the whole of it lies.
    pub fn whole(&self) -> BBox {
        BBox {
            x1: 0.0,
            y1: 0.0,
            x2: self.width as f32,
            y2: self.height as f32,
        }
    }
}

impl<'a> From<&'a RgbImage> for Picture<'a> {
    fn from(image: &'a RgbImage) -> Self {
        Self {
            pixels: image.as_raw(),
            width: image.width(),
            height: image.height(),
        }
    }
}

/// A resizer with its scratch memory.
pub struct Shrinker {
    resizer: Resizer,
    options: ResizeOptions,
}

impl Shrinker {
    /// A shrinker that weighs pixels by a tent; what other kernels did is told at [`crate::nn::Kernel`].
    pub fn new() -> Self {
        let tent = ResizeAlg::Convolution(FilterType::Bilinear);
        Self {
            resizer: Resizer::new(),
            options: ResizeOptions::new().resize_alg(tent),
        }
    }

    /// Writes the part of `picture` under `area`, which lies in it, at the size of `level`.
    pub fn shrink(&mut self, picture: Picture<'_>, area: &BBox, level: Level, out: &mut Vec<u8>) {
        let Level { width, height } = level;
        out.resize(width as usize * height as usize * 3, 0);
        // Wide numbers: a width that was rounded could reach beyond the picture, which is refused.
        let [x1, y1, x2, y2] = <[f32; 4]>::from(*area).map(f64::from);
        let options = self.options.crop(x1, y1, x2 - x1, y2 - y1);
        let Picture {
            pixels,
            width: w,
            height: h,
        } = picture;
        // Typed: the other pixel types would be 3 MB of program.
        let source = TypedImageRef::<U8x3>::from_buffer(w, h, pixels);
        let target = TypedImage::<U8x3>::from_buffer(width, height, out);
        let done = match (source, target) {
            (Ok(source), Ok(mut target)) => {
                self.resizer.resize_typed(&source, &mut target, &options)
            }
            // Lengths that do not fit their sizes: nothing to see.
            _ => return out.fill(0),
        };
        if let Err(error) = done {
            log::debug!("{area:?} of {w}x{h}: {error}");
            out.fill(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;

    fn shrunk(image: &RgbImage, area: &BBox, side: u32) -> Vec<u8> {
        let mut out = vec![];
        let level = Level {
            width: side,
            height: side,
        };
        Shrinker::new().shrink(image.into(), area, level, &mut out);
        out
    }

    #[test]
    fn a_part_at_its_own_size_is_the_pixels_themselves() {
        let image = RgbImage::from_fn(40, 30, |x, y| Rgb([x as u8, y as u8, 200]));
        let area = BBox {
            x1: 5.0,
            y1: 7.0,
            x2: 9.0,
            y2: 11.0,
        };
        let got = shrunk(&image, &area, 4);
        assert_eq!(&got[..6], [5, 7, 200, 6, 7, 200]);
        assert_eq!(&got[4 * 3 * 3..][..3], [5, 10, 200]);
    }

    #[test]
    fn a_part_that_ends_with_the_picture_is_not_refused() {
        // In f32 this width comes out as 2060.1665, and ends at 4096.0001.
        let image = RgbImage::from_pixel(4_096, 4, Rgb([90; 3]));
        let area = BBox {
            x1: 2_035.833_6,
            y1: 0.0,
            x2: 4_096.0,
            y2: 4.0,
        };
        assert_eq!(shrunk(&image, &area, 2), [90; 12]);
    }

    #[test]
    fn shrinking_averages() {
        let image = RgbImage::from_fn(64, 64, |x, _| Rgb([if x % 2 == 0 { 0 } else { 200 }; 3]));
        let got = shrunk(&image, &Picture::from(&image).whole(), 8);
        assert!(got.iter().all(|p| p.abs_diff(100) <= 12), "{got:?}");
    }

    #[test]
    fn what_lies_beyond_the_picture_is_black() {
        let image = RgbImage::from_pixel(10, 10, Rgb([90; 3]));
        let beyond = BBox {
            x1: 20.0,
            y1: 0.0,
            x2: 24.0,
            y2: 4.0,
        };
        assert_eq!(shrunk(&image, &beyond, 2), [0; 12]);
    }
}
