//! A picture, or a folder of pictures → Frame, at a pretended rate.
use std::ffi::OsStr;
use std::fs;
use std::io::{Cursor, ErrorKind};
use std::path::{Path, PathBuf};

use image::metadata::Orientation;
use image::{
    ColorType, DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, RgbImage,
};

use super::{moment, pixels::can_hold};
use crate::error::{Cause, Error};
use crate::frame::Frame;

/// Ends of the names that count as pictures in a folder.
const ENDINGS: [&str; 3] = ["jpg", "jpeg", "png"];

const CUT: &str = "the picture is cut off: its end is missing";

/// Most bytes of a decoded picture: 100 million pixels of 3 bytes. A progressive JPEG takes three times as much
/// while it is decoded.
const LARGEST_BYTES: u64 = 300_000_000;

/// Reads a JPEG or PNG, told by its content, as 8-bit RGB.
///
/// A picture that says how it is to be turned (EXIF) is turned. Grey becomes RGB, 16 bits become
/// 8, transparency is left out.
///
/// # Errors
///
/// [`Error::Source`] where the file cannot be read, is no such picture, is cut off or too large.
pub fn read_picture(path: impl AsRef<Path>) -> Result<RgbImage, Error> {
    read_picture_in(path, RgbImage::default())
}

/// As [`read_picture`], in the memory of a picture that nobody needs any more. So memory follows the largest
/// of many pictures, and not what an allocator makes of sizes that come and go.
///
/// # Errors
///
/// As there; then the memory is given back.
pub fn read_picture_in(path: impl AsRef<Path>, room: RgbImage) -> Result<RgbImage, Error> {
    let path = path.as_ref();
    fs::read(path)
        .map_err(Cause::from)
        .and_then(|bytes| decode(&bytes, room))
        .map_err(|why| Error::source(path.display(), why))
}

fn decode(bytes: &[u8], room: RgbImage) -> Result<RgbImage, Cause> {
    if bytes.is_empty() {
        return Err("the file is empty".into());
    }
    let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format()?;
    let format = match reader.format() {
        Some(ImageFormat::Jpeg) if is_cut(bytes) => {
            return Err(CUT.into());
        }
        Some(format @ (ImageFormat::Jpeg | ImageFormat::Png)) => format,
        Some(other) => {
            let name = format!("{other:?}").to_lowercase();
            return Err(format!("it is {name}; jpeg and png can be read").into());
        }
        None => return Err("it is no picture; jpeg and png can be read".into()),
    };
    let mut decoder = reader.into_decoder().map_err(in_words)?;
    let (width, height) = decoder.dimensions();
    let size = decoder.total_bytes();
    if size > LARGEST_BYTES {
        // A header of a few bytes may ask for more memory than there is, which ends the program.
        let text = format!(
            "it has {width}x{height} pixels, {size} bytes of them; {LARGEST_BYTES} can be read"
        );
        return Err(text.into());
    }
    if format == ImageFormat::Jpeg && !can_hold(bytes.len(), (width, height)) {
        return Err("the picture is cut off: it has more pixels than its bytes can hold".into());
    }
    let turn = decoder.orientation().map_err(in_words)?;
    if decoder.color_type() == ColorType::Rgb8 && turn == Orientation::NoTransforms {
        let mut rgb = room.into_raw();
        // Black where a damaged picture leaves something out, not the face of the one before it.
        rgb.clear();
        if rgb.capacity() < size as usize {
            // The old memory first, and not more than is needed: what there once was of both is kept.
            rgb = vec![];
            rgb.reserve_exact(size as usize);
        }
        rgb.resize(size as usize, 0);
        decoder.read_image(&mut rgb).map_err(in_words)?;
        return RgbImage::from_raw(width, height, rgb).ok_or_else(|| "it has no pixels".into());
    }
    // Turned as RGB, of which a copy takes less.
    let image = DynamicImage::from_decoder(decoder)
        .map_err(in_words)?
        .into_rgb8();
    let mut image = DynamicImage::from(image);
    image.apply_orientation(turn);
    Ok(image.into_rgb8())
}

/// Why a picture could not be decoded.
fn in_words(error: ImageError) -> Cause {
    match &error {
        ImageError::IoError(io) if io.kind() == ErrorKind::UnexpectedEof => CUT.into(),
        _ => error.into(),
    }
}

/// Whether a JPEG has no end. Decoders make up what is missing, and no face is seen where one is.
fn is_cut(jpeg: &[u8]) -> bool {
    let last = |marker: [u8; 2]| jpeg.windows(2).rposition(|bytes| bytes == marker);
    // Start of scan, end of image. A preview in the header has both, but before the last scan.
    last([0xff, 0xd9]) < last([0xff, 0xda])
}

/// The pictures of a folder (jpg, jpeg, png) in the order of their names; never an empty list.
pub fn pictures_in(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let fail = |why: Cause| Error::source(folder.display(), why);
    let mut pictures = Vec::new();
    for entry in fs::read_dir(folder).map_err(|e| fail(e.into()))? {
        let path = entry.map_err(|e| fail(e.into()))?.path();
        if is_picture_name(&path) {
            pictures.push(path);
        }
    }
    if pictures.is_empty() {
        return Err(fail("the folder holds no picture (jpg, jpeg, png)".into()));
    }
    pictures.sort();
    Ok(pictures)
}

fn is_picture_name(path: &Path) -> bool {
    // macOS leaves `._name.jpg` beside `name.jpg` on foreign disks; it is no picture.
    let hidden = path
        .file_name()
        .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    let ending = path.extension().and_then(OsStr::to_str).unwrap_or_default();
    !hidden && ENDINGS.iter().any(|e| e.eq_ignore_ascii_case(ending))
}

/// Frames of one picture or of a folder, at a pretended rate.
///
/// A picture that cannot be read is an `Err` in its place; the ones behind it still follow.
#[derive(Debug)]
pub struct Stills {
    paths: std::vec::IntoIter<PathBuf>,
    fps: u32,
    seq: u64,
}

impl Stills {
    /// Takes a picture, or the pictures of a folder, in the order of their names.
    pub fn open(path: &Path, fps: u32) -> Result<Self, Error> {
        let paths = if path.is_dir() {
            pictures_in(path)?
        } else {
            vec![path.to_path_buf()]
        };
        Ok(Self {
            paths: paths.into_iter(),
            fps,
            seq: 0,
        })
    }
}

impl Iterator for Stills {
    type Item = Result<Frame, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let path = self.paths.next()?;
        let seq = self.seq;
        self.seq += 1;
        let at = moment(seq, self.fps);
        Some(read_picture(path).map(|image| Frame { at, seq, image }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{GrayImage, ImageBuffer, Luma, Rgb, Rgba};

    /// A folder with whatever pictures a test puts in.
    struct Folder(tempfile::TempDir);

    impl Folder {
        fn new() -> Self {
            Self(tempfile::tempdir().unwrap())
        }

        fn put(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
            let path = self.0.path().join(name);
            fs::write(&path, bytes).unwrap();
            path
        }

        fn draw(&self, name: &str, image: impl Into<DynamicImage>) -> PathBuf {
            let path = self.0.path().join(name);
            image.into().save(&path).unwrap();
            path
        }
    }

    #[test]
    fn the_memory_of_another_picture_changes_nothing() {
        let folder = Folder::new();
        let noise = |w, h| RgbImage::from_fn(w, h, |x, y| Rgb([(x * y * 7 % 251) as u8; 3]));
        let grey = GrayImage::from_pixel(9, 9, Luma([77]));
        for path in [
            folder.draw("a.jpg", noise(31, 17)),
            folder.draw("b.png", noise(31, 17)),
            folder.draw("c.png", grey),
        ] {
            let wanted = read_picture(&path).unwrap();
            for (w, h) in [(0, 0), (3, 5), (31, 17), (200, 100)] {
                let room = RgbImage::from_pixel(w, h, Rgb([255, 0, 9]));
                assert_eq!(read_picture_in(&path, room).unwrap(), wanted, "{w}x{h}");
            }
        }
    }

    #[test]
    fn a_picture_whose_end_is_missing_is_an_error() {
        let folder = Folder::new();
        for name in ["whole.jpg", "whole.png"] {
            let noise = RgbImage::from_fn(64, 64, |x, y| Rgb([(x * y * 7 % 251) as u8; 3]));
            let bytes = fs::read(folder.draw(name, noise)).unwrap();
            for share in [3, 6, 9] {
                let cut = folder.put(name, &bytes[..bytes.len() * share / 10]);
                assert!(!failure(cut).is_empty(), "{name} {share}");
            }
            // What follows the end is none of our business.
            let more = folder.put(name, [bytes.as_slice(), b"more"].concat());
            assert!(read_picture(more).is_ok(), "{name}");
        }
    }

    #[test]
    fn a_header_that_asks_for_all_memory_is_an_error() {
        let folder = Folder::new();
        let mut png = fs::read(folder.draw("small.png", halves())).unwrap();
        // Width and height stand behind the signature and the name of the first chunk, whose sum
        // (CRC 32, reflected) follows its 17 bytes.
        png[16..24].copy_from_slice(&[0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]);
        let sum = png[12..29].iter().fold(u32::MAX, |sum, byte| {
            (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
                (sum >> 1) ^ (0xedb8_8320 * (sum & 1))
            })
        });
        png[29..33].copy_from_slice(&(!sum).to_be_bytes());
        let why = failure(folder.put("huge.png", png));
        assert!(why.contains("60000x60000"), "{why}");
    }

    fn failure(path: impl AsRef<Path>) -> String {
        read_picture(path).unwrap_err().to_string()
    }

    /// Left half black, right half white, 16x8; so a turn shows.
    fn halves() -> RgbImage {
        RgbImage::from_fn(16, 8, |x, _| Rgb([if x < 8 { 0 } else { 255 }; 3]))
    }

    #[test]
    fn grey_alpha_and_sixteen_bits_become_rgb() {
        let folder = Folder::new();
        let grey = folder.draw("grey.png", GrayImage::from_pixel(3, 2, Luma([77])));
        assert_eq!(read_picture(grey).unwrap().get_pixel(2, 1).0, [77; 3]);
        let clear = image::RgbaImage::from_pixel(3, 2, Rgba([9, 8, 7, 128]));
        let alpha = folder.draw("alpha.png", clear);
        assert_eq!(read_picture(alpha).unwrap().get_pixel(0, 0).0, [9, 8, 7]);
        let deep: ImageBuffer<Rgb<u16>, _> =
            ImageBuffer::from_pixel(3, 2, Rgb([0xFFFF, 0x8080, 0]));
        let deep = folder.draw("deep.png", DynamicImage::ImageRgb16(deep));
        assert_eq!(read_picture(deep).unwrap().get_pixel(0, 0).0, [255, 128, 0]);
        let grey = folder.draw("grey.jpg", GrayImage::from_pixel(16, 16, Luma([77])));
        assert_eq!(read_picture(grey).unwrap().dimensions(), (16, 16));
    }

    #[test]
    fn a_picture_that_says_it_lies_on_its_side_is_turned() {
        let folder = Folder::new();
        let flat = fs::read(folder.draw("flat.jpg", halves())).unwrap();
        // TIFF header, one entry: tag 0x0112 (orientation), type 3, count 1, value 6 (turn right).
        let exif = b"Exif\0\0MM\0\x2A\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
        let length = (exif.len() as u16 + 2).to_be_bytes();
        let turned = [&flat[..2], &[0xFF, 0xE1], &length, exif, &flat[2..]].concat();
        let image = read_picture(folder.put("turned.jpg", turned)).unwrap();
        assert_eq!(image.dimensions(), (8, 16));
        let (top, bottom) = (image.get_pixel(4, 1).0[0], image.get_pixel(4, 14).0[0]);
        assert!(top < 20 && bottom > 235, "left became top: {top}, {bottom}");
    }

    #[test]
    fn the_content_counts_not_the_name() {
        let folder = Folder::new();
        let png = fs::read(folder.draw("a.png", halves())).unwrap();
        assert!(read_picture(folder.put("really_png.jpg", png)).is_ok());
    }

    #[test]
    fn what_is_no_picture_is_named_with_what_would_be_one() {
        let folder = Folder::new();
        let text = failure(folder.put("notes.txt", "Dear reader, this is text."));
        assert!(
            text.contains("notes.txt: it is no picture; jpeg and png"),
            "{text}"
        );
        let gif = failure(folder.put("a.gif", "GIF89a\0\0\0\0\0\0\0"));
        assert!(
            gif.ends_with("it is gif; jpeg and png can be read"),
            "{gif}"
        );
        let empty = failure(folder.put("empty.jpg", ""));
        assert!(empty.ends_with("empty.jpg: the file is empty"), "{empty}");
        let png = fs::read(folder.draw("a.png", halves())).unwrap();
        // In the middle of the pixels, and before them.
        for most in [png.len() / 2, 40, 20] {
            let cut = failure(folder.put("cut.png", &png[..most]));
            let end = "cut.png: the picture is cut off: its end is missing";
            assert!(cut.ends_with(end), "{most}: {cut}");
        }
        assert!(failure(folder.0.path().join("gone.jpg")).contains("gone.jpg"));
    }

    #[test]
    fn a_folder_plays_in_name_order_at_the_pretended_rate() {
        let folder = Folder::new();
        for (name, shade) in [("c.PNG", 3), ("a.png", 1), ("b.png", 2)] {
            folder.draw(name, GrayImage::from_pixel(2, 2, Luma([shade])));
        }
        folder.put("notes.txt", "not shown");
        folder.put("._a.png", "not shown");
        let frames: Vec<_> = Stills::open(folder.0.path(), 10)
            .unwrap()
            .map(Result::unwrap)
            .map(|f| (f.seq, f.at.as_micros(), f.image.get_pixel(0, 0).0[0]))
            .collect();
        assert_eq!(frames, [(0, 0, 1), (1, 100_000, 2), (2, 200_000, 3)]);
    }

    #[test]
    fn a_broken_picture_does_not_stop_the_ones_behind_it() {
        let folder = Folder::new();
        folder.put("a.jpg", "broken");
        folder.draw("b.png", halves());
        let mut frames = Stills::open(folder.0.path(), 30).unwrap();
        assert!(frames.next().unwrap().is_err());
        assert_eq!(frames.next().unwrap().unwrap().seq, 1);
        assert!(frames.next().is_none());
    }

    #[test]
    fn a_folder_without_pictures_is_an_error() {
        let folder = Folder::new();
        let error = Stills::open(folder.0.path(), 30).unwrap_err().to_string();
        assert!(
            error.ends_with("holds no picture (jpg, jpeg, png)"),
            "{error}"
        );
    }
}
