//! A camera's buffer → RGB.
use std::io::Cursor;

use image::RgbImage;
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::LARGEST_SIDE_PX;
use crate::error::Cause;

/// Decodes Y0 U Y1 V, `[height, width / 2, 4]`, into RGB 0–255.
///
/// BT.601 in limited range (black 16, white 235, chroma centred on 128): what the USB video class
/// prescribes where a camera names no other, and what V4L2 assumes of YUYV. In fixed point, 8
/// bits below the dot. Bytes after the picture are ignored; fewer are an error.
///
/// Source: ITU-R BT.601-7, 2.5; coefficients rounded to 1/256.
pub fn yuyv(bytes: &[u8], (width, height): (u32, u32)) -> Result<RgbImage, Cause> {
    if !width.is_multiple_of(2) {
        return Err(format!("a YUYV picture cannot be {width} pixels wide").into());
    }
    // A driver may say any size.
    let Some(pixels) = pixels_of((width, height)) else {
        return Err(format!("it has {width}x{height} pixels; {LARGEST_PX} can be read").into());
    };
    let Some(bytes) = bytes.get(..pixels * 2) else {
        let (have, want) = (bytes.len(), pixels * 2);
        return Err(format!("the frame is cut short: {have} of {want} bytes").into());
    };
    let mut rgb = vec![0; pixels * 3];
    for (pair, yuyv) in rgb.chunks_exact_mut(6).zip(bytes.chunks_exact(4)) {
        let (u, v) = (i32::from(yuyv[1]) - 128, i32::from(yuyv[3]) - 128);
        let red = 409 * v + 128;
        let green = -100 * u - 208 * v + 128;
        let blue = 516 * u + 128;
        for (pixel, luma) in pair.chunks_exact_mut(3).zip([yuyv[0], yuyv[2]]) {
            let luma = 298 * (i32::from(luma) - 16);
            pixel[0] = to_byte(luma + red);
            pixel[1] = to_byte(luma + green);
            pixel[2] = to_byte(luma + blue);
        }
    }
    RgbImage::from_raw(width, height, rgb).ok_or_else(|| "the frame has no pixels".into())
}

/// The product of the sides, where that can be read.
fn pixels_of((width, height): (u32, u32)) -> Option<usize> {
    let pixels = u64::from(width) * u64::from(height);
    usize::try_from(pixels)
        .ok()
        .filter(|_| pixels <= LARGEST_PX)
}

fn to_byte(fixed: i32) -> u8 {
    (fixed >> 8).clamp(0, 255) as u8
}

/// Most pixels of a camera's picture: 8K has 33 million.
const LARGEST_PX: u64 = 1 << 26;

/// Pixels that a byte of a JPEG can make: each 8x8 block of the brightness takes a bit at the least, which makes
/// 512; twice that is sure.
const PX_A_BYTE: u64 = 1024;

/// Whether a JPEG of so many bytes can have so many pixels. A decoder makes up those that are missing, for
/// seconds, out of a header of a few bytes.
pub(super) fn can_hold(bytes: usize, (width, height): (u32, u32)) -> bool {
    u64::from(width) * u64::from(height) <= PX_A_BYTE.saturating_mul(bytes as u64)
}

/// Decodes a JPEG into RGB 0–255. Bytes after its end are ignored.
pub fn jpeg(bytes: &[u8]) -> Result<RgbImage, Cause> {
    let options = DecoderOptions::default()
        .jpeg_set_out_colorspace(ColorSpace::RGB)
        .set_max_width(LARGEST_SIDE_PX as usize)
        .set_max_height(LARGEST_SIDE_PX as usize);
    let mut decoder = JpegDecoder::new_with_options(Cursor::new(bytes), options);
    decoder.decode_headers().map_err(|e| e.to_string())?;
    let info = decoder.info().ok_or("the JPEG names no size")?;
    let size @ (width, height) = (u32::from(info.width), u32::from(info.height));
    if pixels_of(size).is_none() {
        return Err(format!("it has {width}x{height} pixels; {LARGEST_PX} can be read").into());
    }
    if !can_hold(bytes.len(), size) {
        return Err(format!(
            "it is cut off: {} bytes of {width}x{height} pixels",
            bytes.len()
        )
        .into());
    }
    let rgb = decoder.decode().map_err(|e| e.to_string())?;
    RgbImage::from_raw(width, height, rgb)
        .ok_or_else(|| "the JPEG holds fewer pixels than it says".into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;
    use proptest::prelude::*;

    fn one_colour(y: u8, u: u8, v: u8) -> [u8; 3] {
        let image = yuyv(&[y, u, y, v], (2, 1)).unwrap();
        assert_eq!(image.get_pixel(0, 0), image.get_pixel(1, 0));
        image.get_pixel(0, 0).0
    }

    #[test]
    fn the_corners_of_the_range_are_black_white_and_pure() {
        assert_eq!(one_colour(16, 128, 128), [0, 0, 0]);
        assert_eq!(one_colour(235, 128, 128), [255, 255, 255]);
        assert_eq!(one_colour(126, 128, 128), [128, 128, 128]);
        assert_eq!(one_colour(0, 128, 128), [0, 0, 0], "below black");
        assert_eq!(one_colour(255, 128, 128), [255, 255, 255], "above white");
        // BT.601's red: Y 81, U 90, V 240. 298*65 = 19370; + 409*112 + 128 = 65306; / 256 = 255.
        assert_eq!(one_colour(81, 90, 240), [255, 0, 0]);
    }

    #[test]
    fn both_pixels_of_a_pair_keep_their_own_brightness() {
        let image = yuyv(&[16, 128, 235, 128], (2, 1)).unwrap();
        assert_eq!(image.get_pixel(0, 0), &Rgb([0, 0, 0]));
        assert_eq!(image.get_pixel(1, 0), &Rgb([255, 255, 255]));
    }

    #[test]
    fn a_short_buffer_is_an_error_and_a_long_one_is_not() {
        let error = yuyv(&[0; 15], (4, 2)).unwrap_err().to_string();
        assert_eq!(error, "the frame is cut short: 15 of 16 bytes");
        assert!(yuyv(&[0; 4096], (4, 2)).is_ok());
        assert!(yuyv(&[0; 6], (3, 1)).is_err(), "odd width");
        let error = yuyv(&[0x10], (0xFFD8_8E7E, 0x8E7E_FFD8)).unwrap_err();
        assert!(error.to_string().contains("can be read"), "{error}");
    }

    proptest! {
        #[test]
        fn fixed_point_keeps_to_the_formula(y: u8, u: u8, v: u8) {
            let (luma, cb, cr) = (f64::from(y) - 16.0, f64::from(u) - 128.0, f64::from(v) - 128.0);
            let exact = [
                255.0 / 219.0 * luma + 255.0 / 224.0 * 1.402 * cr,
                255.0 / 219.0 * luma - 255.0 / 224.0 * (0.344_136 * cb + 0.714_136 * cr),
                255.0 / 219.0 * luma + 255.0 / 224.0 * 1.772 * cb,
            ];
            for (got, exact) in one_colour(y, u, v).into_iter().zip(exact) {
                let exact = exact.clamp(0.0, 255.0);
                prop_assert!((f64::from(got) - exact).abs() <= 1.0, "{got} for {exact}");
            }
        }
    }

    #[test]
    fn a_jpeg_keeps_its_colours_and_its_tail_is_ignored() {
        let red = RgbImage::from_pixel(24, 16, Rgb([200, 30, 40]));
        let mut bytes = Vec::new();
        red.write_to(&mut Cursor::new(&mut bytes), image::ImageFormat::Jpeg)
            .unwrap();
        bytes.extend([0xAB; 500]);
        let image = jpeg(&bytes).unwrap();
        assert_eq!(image.dimensions(), (24, 16));
        for (got, want) in image.get_pixel(9, 9).0.into_iter().zip([200, 30, 40]) {
            assert!(got.abs_diff(want) <= 4, "{got} for {want}");
        }
    }

    #[test]
    fn a_few_bytes_are_no_large_picture() {
        let mut small = Vec::new();
        RgbImage::new(8, 8)
            .write_to(&mut Cursor::new(&mut small), image::ImageFormat::Jpeg)
            .unwrap();
        // Height and width stand behind the frame's marker, its length and its depth.
        let frame = small.windows(2).position(|w| w == [0xFF, 0xC0]).unwrap() + 5;
        for (size, why) in [(0x3FFF_u16, "pixels"), (0x1000, "cut off"), (0xFFFF, "")] {
            let side = size.to_be_bytes();
            small[frame..frame + 4].copy_from_slice(&[side, side].concat());
            let error = jpeg(&small).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
    }

    #[test]
    fn what_is_no_jpeg_is_an_error_not_a_panic() {
        for bytes in [&b""[..], b"\xFF\xD8\xFF", b"no picture", &[0; 1000]] {
            assert!(jpeg(bytes).is_err());
        }
    }
}
