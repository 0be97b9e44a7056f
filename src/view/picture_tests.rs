use super::*;
use crate::geometry::Point;
use proptest::prelude::*;

/// Red left half, blue right half, as the camera sees it.
fn halves(w: u32, h: u32) -> RgbImage {
    RgbImage::from_fn(w, h, |x, _| {
        image::Rgb(if x < w / 2 { [255, 0, 0] } else { [0, 0, 255] })
    })
}

#[test]
fn the_picture_is_mirrored_and_covers() {
    let image = halves(64, 48);
    for (w, h) in [(64, 48), (320, 240), (200, 50), (50, 200), (33, 17)] {
        let mut canvas = Canvas::new(w, h);
        let place = Placement::cover(image.dimensions(), &canvas);
        canvas.picture(&image, &place, 0);
        for y in [0, h / 2, h - 1] {
            assert_eq!(canvas.pixels()[y * w], 0x00_00ff, "{w}x{h}");
            assert_eq!(canvas.pixels()[y * w + w - 1], 0xff_0000, "{w}x{h}");
        }
    }
}

#[test]
fn at_full_size_every_pixel_is_kept() {
    let image = RgbImage::from_fn(7, 5, |x, y| image::Rgb([x as u8 * 30, y as u8 * 40, 9]));
    let mut canvas = Canvas::new(7, 5);
    canvas.picture(&image, &Placement::fit((7, 5), &canvas), 0);
    for (x, y, rgb) in image.enumerate_pixels() {
        let [r, g, b] = rgb.0.map(u32::from);
        let seen = canvas.pixels()[y as usize * 7 + 6 - x as usize];
        assert_eq!(seen, r << 16 | g << 8 | b, "{x} {y}");
    }
}

#[test]
fn points_lie_where_their_pixels_are_drawn() {
    let mut image = RgbImage::new(64, 48);
    image.put_pixel(10, 20, image::Rgb([255; 3]));
    let mut canvas = Canvas::new(640, 300);
    let place = Placement::fit((64, 48), &canvas);
    canvas.picture(&image, &place, 0);
    let (x, y) = place.point(Point { x: 10.5, y: 20.5 });
    let brightest = (0..640 * 300).max_by_key(|&i| canvas.pixels()[i]).unwrap();
    assert!((x - (brightest % 640) as f32).abs() < place.scale());
    assert!((y - (brightest / 640) as f32).abs() < place.scale());
}

#[test]
fn what_the_picture_does_not_cover_is_margin() {
    let margin = 0x0b_1118;
    let image = RgbImage::from_pixel(4, 4, image::Rgb([200; 3]));
    let shown = |(w, h): (usize, usize), image: &RgbImage, left: f32| {
        let mut canvas = Canvas::new(w, h);
        canvas.pixels_mut().fill(0xff_ffff);
        let mut at = Placement::fit((4, 4), &canvas);
        at.left += left;
        canvas.picture(image, &at, margin);
        let row = (0..w).map(|x| canvas.pixels()[h / 2 * w + x] == margin);
        let column = (0..h).map(|y| canvas.pixels()[y * w + w / 2] == margin);
        [row.filter(|m| *m).count(), column.filter(|m| *m).count()]
    };
    assert_eq!(shown((12, 4), &image, 0.0), [8, 0]);
    assert_eq!(shown((4, 12), &image, 0.0), [0, 8]);
    assert_eq!(shown((12, 4), &image, -99.0), [12, 4]);
    assert_eq!(shown((12, 4), &image, 99.0), [12, 4]);
    assert_eq!(shown((12, 4), &RgbImage::new(0, 4), 0.0), [12, 4]);
}

#[test]
fn a_picture_of_one_pixel_draws() {
    let mut canvas = Canvas::new(8, 8);
    let image = RgbImage::from_pixel(1, 1, image::Rgb([1, 2, 3]));
    canvas.picture(&image, &Placement::cover((1, 1), &canvas), 0);
    assert!(canvas.pixels().iter().all(|&p| p == 0x01_0203));
}

proptest! {
    /// Shrunk, kept or stretched, half on the canvas or beyond it: between the four source pixels.
    #[test]
    fn every_pixel_lies_between_four(
        (w, h) in (1u32..40, 1u32..30),
        (left, top) in (-30f32..30.0, -30f32..30.0),
        scale in 0.2f32..2.5,
        seed in any::<u32>(),
    ) {
        let noise = |x: u32, y: u32, c: u32| (x * 7_919 + y * 104_729 + c * 31).wrapping_mul(seed | 1) >> 24;
        let image = RgbImage::from_fn(w, h, |x, y| {
            image::Rgb([0, 1, 2].map(|c| noise(x, y, c) as u8))
        });
        let mut canvas = Canvas::new(23, 17);
        let at = Placement { scale, left, top, source: (w as f32, h as f32) };
        canvas.stretch(&image, &at, &|y| (y / 3, 23 - y / 4));
        for (i, pixel) in canvas.pixels().iter().enumerate() {
            let (x, y) = (i % 23, i / 23);
            let drawn = (y / 3..23 - y / 4).contains(&x);
            let (sx, wx) = locate(w as f32 - (x as f32 + 0.5 - left) / scale, w as usize);
            let (sy, wy) = locate((y as f32 + 0.5 - top) / scale, h as usize);
            for (c, shift) in [16, 8, 0].into_iter().enumerate() {
                let at = |dx: u32, dy: u32| {
                    let place = ((sx + dx).min(w - 1), (sy + dy).min(h - 1));
                    f32::from(image.get_pixel(place.0, place.1).0[c])
                };
                let mix = |a: f32, b: f32, weight: u32| a + (b - a) * weight as f32 / 256.0;
                let wanted = mix(mix(at(0, 0), at(1, 0), wx), mix(at(0, 1), at(1, 1), wx), wy);
                let got = (pixel >> shift & 0xff) as f32;
                let wanted = if drawn { wanted } else { 0.0 };
                prop_assert!((got - wanted).abs() < 1.6, "{x} {y}: {got} for {wanted}");
            }
        }
    }
}
