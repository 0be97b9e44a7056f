//! A stream of bytes → the JPEGs in it.
use std::collections::VecDeque;

/// Bytes after which a picture without an end is given up: a 4K frame at best quality is 15 MB.
const LARGEST: usize = 32 << 20;

/// Pictures without an end that are looked for in one stretch: a cut in a header's last segment hides as many
/// of the next ones, and each costs another walk through what follows.
const TRIES: u32 = 32;

/// One stretch of an MJPEG stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// A picture from its first byte to its last.
    Whole(Vec<u8>),
    /// A picture that began and has no end; its place in time counts all the same.
    Broken,
}

/// Cuts a stream into JPEGs, whatever the sizes of the chunks in which it arrives.
///
/// Follows each picture's own structure, so a thumbnail inside its header is not taken for a
/// picture. Bytes between pictures, such as multipart headers, are left out.
#[derive(Debug, Default)]
pub struct Splitter {
    bytes: Vec<u8>,
    /// Where in `bytes` the picture begins, or what has not been looked at.
    start: usize,
    /// Where to read on in `bytes`.
    at: usize,
    /// How far `bytes` have been walked through for a picture that was given up.
    walked: usize,
    /// Pictures given up that began before that.
    tries: u32,
    place: Place,
    pieces: VecDeque<Piece>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Place {
    #[default]
    Outside,
    /// At a marker of the header, or between two scans.
    Segments,
    /// In compressed data, which ends at the next real marker.
    Scan,
}

impl Splitter {
    /// Takes the stream's next bytes.
    pub fn push(&mut self, chunk: &[u8]) {
        // Moving the rest costs no more than what was left behind.
        if self.start > self.bytes.len() / 2 {
            self.bytes.drain(..self.start);
            self.at = self.at.saturating_sub(self.start);
            self.walked = self.walked.saturating_sub(self.start);
            self.start = 0;
        }
        self.bytes.extend_from_slice(chunk);
        while self.step().is_some() {}
    }

    /// The next piece that is complete.
    pub fn pop(&mut self) -> Option<Piece> {
        self.pieces.pop_front()
    }

    /// Says that the stream ends here.
    pub fn finish(&mut self) {
        // A picture cut off inside a segment may hide whole ones behind that segment's length.
        while self.place != Place::Outside {
            self.give_up(self.start + 2);
            while self.step().is_some() {}
        }
    }

    /// Goes one marker on; `None` when that takes more bytes.
    fn step(&mut self) -> Option<()> {
        match self.place {
            Place::Outside => self.find_start(),
            _ if self.at - self.start > LARGEST => {
                self.give_up(self.start + 2);
                Some(())
            }
            Place::Segments => self.skip_segment(),
            Place::Scan => self.skip_scan(),
        }
    }

    fn find_start(&mut self) -> Option<()> {
        let starts =
            |w: &[u8]| matches!(w, [0xFF, 0xD8, 0xFF, 0xC0..=0xFE]) && !matches!(w[3], 0xD0..=0xD9);
        let rest = self.bytes.get(self.start..)?;
        let start = rest.windows(4).position(starts);
        self.start += start.unwrap_or(rest.len().saturating_sub(3));
        start?;
        if self.start >= self.walked {
            self.tries = 0;
        }
        self.at = self.start + 2;
        self.place = Place::Segments;
        Some(())
    }

    fn skip_segment(&mut self) -> Option<()> {
        let &[mark, kind] = self.bytes.get(self.at..self.at + 2)? else {
            return None;
        };
        match (mark, kind) {
            (0xFF, 0xFF) => self.at += 1,
            (0xFF, 0xD9) => self.complete(),
            (0xFF, 0x01 | 0xD0..=0xD7) => self.at += 2,
            (0xFF, 0xC0..=0xD7 | 0xDA..=0xFE) => {
                let &[high, low] = self.bytes.get(self.at + 2..self.at + 4)? else {
                    return None;
                };
                self.at += 2 + usize::from(u16::from_be_bytes([high, low])).max(2);
                if kind == 0xDA {
                    self.place = Place::Scan;
                }
            }
            // The next picture has begun inside this one.
            (0xFF, 0xD8) => self.give_up(self.at),
            _ => self.give_up(self.start + 2),
        }
        Some(())
    }

    fn skip_scan(&mut self) -> Option<()> {
        let rest = self.bytes.get(self.at..)?;
        let marker = rest
            .windows(2)
            .position(|w| w[0] == 0xFF && !matches!(w[1], 0x00 | 0xFF | 0xD0..=0xD7));
        self.at += marker.unwrap_or(rest.len().saturating_sub(1));
        marker?;
        self.place = Place::Segments;
        Some(())
    }

    fn complete(&mut self) {
        let end = self.at + 2;
        let whole = self.bytes.get(self.start..end).unwrap_or_default();
        self.pieces.push_back(Piece::Whole(whole.to_vec()));
        self.start = end;
        self.place = Place::Outside;
    }

    /// Looks for the next picture from here on.
    fn give_up(&mut self, from: usize) {
        self.pieces.push_back(Piece::Broken);
        self.walked = self.walked.max(self.at);
        self.tries += 1;
        let from = match self.tries > TRIES {
            true => self.walked,
            false => from,
        };
        self.start = from.min(self.bytes.len());
        self.place = Place::Outside;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{Clock, Timestamp};
    use image::{ImageFormat, Rgb, RgbImage};
    use proptest::prelude::*;

    fn jpeg(shade: u8) -> Vec<u8> {
        let image = RgbImage::from_fn(32, 24, |x, y| Rgb([shade, x as u8 * 8, y as u8 * 9]));
        let mut bytes = std::io::Cursor::new(Vec::new());
        image.write_to(&mut bytes, ImageFormat::Jpeg).unwrap();
        bytes.into_inner()
    }

    fn split(chunks: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Vec<Piece> {
        let mut splitter = Splitter::default();
        for chunk in chunks {
            splitter.push(chunk.as_ref());
        }
        splitter.finish();
        std::iter::from_fn(|| splitter.pop()).collect()
    }

    /// The same picture with a whole one in its header, as cameras add a thumbnail.
    fn with_thumbnail(jpeg: &[u8], thumbnail: &[u8]) -> Vec<u8> {
        let length = (thumbnail.len() as u16 + 2).to_be_bytes();
        [&jpeg[..2], &[0xFF, 0xE1], &length, thumbnail, &jpeg[2..]].concat()
    }

    #[test]
    fn junk_between_pictures_is_left_out() {
        let (a, b) = (jpeg(10), jpeg(200));
        let stream = [b"--boundary\r\n\xFF\xD8", &a[..], b"\r\n\xFF", &b, b"tail"].concat();
        assert_eq!(split([stream]), [Piece::Whole(a), Piece::Whole(b)]);
    }

    #[test]
    fn a_thumbnail_is_part_of_its_picture() {
        let picture = with_thumbnail(&jpeg(10), &jpeg(99));
        let stream = [&picture[..], &picture].concat();
        let whole = Piece::Whole(picture);
        assert_eq!(split([stream]), [whole.clone(), whole]);
    }

    #[test]
    fn a_picture_cut_off_in_its_data_does_not_take_the_next_with_it() {
        let (a, b) = (with_thumbnail(&jpeg(10), &jpeg(99)), jpeg(200));
        let stream = [&a[..a.len() - 20], &b].concat();
        assert_eq!(split([stream]), [Piece::Broken, Piece::Whole(b)]);
    }

    #[test]
    fn a_picture_cut_off_in_its_header_does_not_take_the_next_with_it() {
        let (a, b) = (jpeg(10), jpeg(200));
        let stream = [&a[..30], &b].concat();
        assert_eq!(split([stream]), [Piece::Broken, Piece::Whole(b)]);
    }

    #[test]
    fn a_stream_cut_off_at_its_end_keeps_what_was_whole() {
        let a = jpeg(10);
        let stream = [&a[..], &a[..a.len() / 2]].concat();
        assert_eq!(split([stream]), [Piece::Whole(a), Piece::Broken]);
        assert_eq!(split([b""]), []);
    }

    /// Headers that lead past one another took the square of their length.
    #[test]
    fn pictures_inside_pictures_are_not_walked_through_for_ever() {
        let nested = b"\xFF\xD8\xFF\xE0\xFF\xFF".repeat(1 << 19);
        let after_a_scan = [
            &nested[..65_532],
            b"\xFF\xDA\0\x02",
            &[0; 1 << 20],
            b"\xFF\x02",
        ]
        .concat();
        let tiny = [
            &nested[..6],
            &b"\xFF\xD8\xFF\xE0\0\x02\xFF\xD9".repeat(1 << 18)[..],
        ]
        .concat();
        for stream in [nested, after_a_scan.repeat(3), tiny] {
            let clock = Clock::start();
            split(stream.chunks(1 << 16));
            split([&stream]);
            assert!(
                clock.now() < Timestamp::from_millis(5_000),
                "{:?}",
                clock.now()
            );
        }
    }

    proptest! {
        #[test]
        fn the_chunks_in_which_it_arrives_make_no_difference(
            parts in prop::collection::vec((0u8..3, 0usize..600, any::<u8>()), 0..6),
            cuts in prop::collection::vec(1usize..900, 1..20),
        ) {
            let mut stream = Vec::new();
            for (kind, length, byte) in parts {
                let picture = jpeg(byte);
                match kind {
                    0 => stream.extend(vec![byte; length]),
                    1 => stream.extend(picture),
                    _ => stream.extend(&picture[..length.min(picture.len())]),
                }
            }
            let mut rest = &stream[..];
            let chunks = cuts.into_iter().cycle().map_while(|cut| {
                let (chunk, left) = rest.split_at(cut.min(rest.len()));
                rest = left;
                (!chunk.is_empty()).then_some(chunk)
            });
            prop_assert_eq!(split(chunks), split([&stream]));
        }

        #[test]
        fn pictures_in_junk_come_out_unchanged(
            shades in prop::collection::vec(any::<u8>(), 0..5),
            junk in prop::collection::vec(0u8..0xFF, 0..50),
        ) {
            let pictures: Vec<_> = shades.into_iter().map(jpeg).collect();
            let stream: Vec<u8> = pictures.iter().flat_map(|p| [&junk[..], p].concat()).collect();
            let whole: Vec<_> = pictures.into_iter().map(Piece::Whole).collect();
            prop_assert_eq!(split([stream]), whole);
        }

        #[test]
        fn any_bytes_at_all_are_survived(bytes in prop::collection::vec(
            prop_oneof![Just(0xFF), Just(0xD8), Just(0xD9), Just(0xDA), any::<u8>()], 0..400)
        ) {
            split([bytes]);
        }
    }
}
