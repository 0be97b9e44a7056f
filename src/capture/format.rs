//! What a camera offers, and which of it to take.
use std::cmp::Reverse;
use std::fmt;

use super::Options;

/// Fewest frames a second in which a blink still shows: a 100 ms blink leaves two closed eyes.
const BLINK_FPS: u32 = 20;

/// How the bytes of a camera's buffer are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// Y0 U Y1 V: two pixels in four bytes.
    Yuyv,
    /// One JPEG a frame.
    Mjpeg,
    /// Any other, by its four letters; known here so that it can be listed, not read.
    Other(&'static str),
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Yuyv => "YUYV",
            Self::Mjpeg => "MJPG",
            Self::Other(letters) => letters,
        })
    }
}

/// One combination of encoding, size and rate that a camera offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Format {
    /// How a frame is written.
    pub encoding: Encoding,
    /// Width and height in pixels.
    pub size: (u32, u32),
    /// Frames a second.
    pub fps: u32,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (width, height) = self.size;
        write!(f, "{} {width}x{height} at {}/s", self.encoding, self.fps)
    }
}

/// Chooses the format nearest to `wish`; `None` if none of them can be read.
///
/// In this order, the first difference decides:
/// 1. not smaller than wished, because a small face shows no eyelid;
/// 2. fast enough for a blink, even if the picture is then larger than wished;
/// 3. nearest in area, so the exact size before any other;
/// 4. the wished rate reached, or the least missing of it;
/// 5. the least above the wished rate: more frames than wished are only dropped later;
/// 6. YUYV before MJPEG: a third of the work to decode, and no compression in the eyelids.
pub fn choose(offered: &[Format], wish: Options) -> Option<Format> {
    let (width, height) = wish.size;
    let readable = |format: &&Format| match format.encoding {
        Encoding::Yuyv => format.size.0.is_multiple_of(2),
        Encoding::Mjpeg => true,
        Encoding::Other(_) => false,
    };
    let rank = |format: &&Format| {
        let (w, h) = format.size;
        (
            w < width || h < height,
            format.fps < BLINK_FPS.min(wish.fps),
            area(format.size).abs_diff(area(wish.size)),
            wish.fps.saturating_sub(format.fps),
            format.fps.saturating_sub(wish.fps),
            Reverse(format.encoding == Encoding::Yuyv),
        )
    };
    offered.iter().filter(readable).min_by_key(rank).copied()
}

fn area((width, height): (u32, u32)) -> u64 {
    u64::from(width) * u64::from(height)
}

/// Formats in one line, for a message: sizes and rates are left out when there are many.
pub fn summary(formats: &[Format]) -> String {
    let mut words: Vec<String> = formats.iter().map(Format::to_string).collect();
    if words.len() > 6 {
        words = formats.iter().map(|f| f.encoding.to_string()).collect();
        words.sort();
        words.dedup();
    }
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use Encoding::{Mjpeg, Other, Yuyv};

    fn format(encoding: Encoding, width: u32, height: u32, fps: u32) -> Format {
        Format {
            encoding,
            size: (width, height),
            fps,
        }
    }

    fn chosen(offered: &[Format]) -> Option<Format> {
        choose(offered, Options::default())
    }

    #[test]
    fn an_ordinary_webcam_gives_yuyv_at_the_wished_size() {
        let exact = format(Yuyv, 640, 480, 30);
        let offered = [
            format(Yuyv, 320, 240, 30),
            format(Mjpeg, 640, 480, 30),
            format(Yuyv, 640, 480, 15),
            exact,
            format(Yuyv, 1280, 720, 10),
            format(Mjpeg, 1280, 720, 30),
        ];
        assert_eq!(chosen(&offered), Some(exact));
    }

    #[test]
    fn mjpeg_wins_where_yuyv_is_too_slow() {
        let offered = [format(Yuyv, 640, 480, 25), format(Mjpeg, 640, 480, 30)];
        assert_eq!(chosen(&offered), Some(offered[1]));
    }

    #[test]
    fn without_the_exact_size_the_next_larger_is_taken() {
        let offered = [
            format(Mjpeg, 1920, 1080, 30),
            format(Mjpeg, 800, 600, 30),
            format(Mjpeg, 600, 480, 30),
            format(Mjpeg, 1280, 720, 30),
        ];
        assert_eq!(chosen(&offered), Some(offered[1]));
        assert_eq!(chosen(&offered[2..3]), Some(offered[2]), "better than none");
    }

    #[test]
    fn a_rate_that_misses_blinks_loses_to_a_larger_picture() {
        let offered = [format(Yuyv, 640, 480, 10), format(Mjpeg, 1280, 720, 30)];
        assert_eq!(chosen(&offered), Some(offered[1]));
        let slow = Options {
            fps: 10,
            ..Options::default()
        };
        assert_eq!(choose(&offered, slow), Some(offered[0]), "as wished");
    }

    #[test]
    fn the_nearest_rate_is_taken_not_the_highest() {
        let offered = [format(Yuyv, 640, 480, 60), format(Yuyv, 640, 480, 30)];
        assert_eq!(chosen(&offered), Some(offered[1]));
        assert_eq!(chosen(&offered[..1]), Some(offered[0]));
    }

    #[test]
    fn formats_that_cannot_be_read_are_never_chosen() {
        assert_eq!(chosen(&[]), None);
        assert_eq!(chosen(&[format(Other("NV12"), 640, 480, 30)]), None);
        assert_eq!(chosen(&[format(Yuyv, 641, 480, 30)]), None, "odd width");
    }

    #[test]
    fn a_long_list_is_summed_up() {
        let few = [format(Other("GRAY"), 640, 400, 30)];
        assert_eq!(summary(&few), "GRAY 640x400 at 30/s");
        let many: Vec<_> = (1..9)
            .map(|i| format(Other("NV12"), 64 * i, 64, 30))
            .collect();
        assert_eq!(summary(&many), "NV12");
    }
}
