//! A camera's buffer, YUYV or JPEG, and pictures given by name. First byte: which; then width and height of YUYV.
#![no_main]
mod scratch;

use std::{fs, path::PathBuf, sync::LazyLock};

use libfuzzer_sys::fuzz_target;
use liveness::capture::{pixels, read_picture};

static FILE: LazyLock<PathBuf> = LazyLock::new(|| scratch::folder("pixels").join("a.jpg"));

fuzz_target!(|bytes: &[u8]| {
    let Some((which, bytes)) = bytes.split_first() else {
        return;
    };
    match which % 3 {
        0 => {
            let Some((&[w0, w1, h0, h1], bytes)) = bytes.split_first_chunk() else {
                return;
            };
            let size = (
                u16::from_le_bytes([w0, w1]).into(),
                u16::from_le_bytes([h0, h1]).into(),
            );
            if let Ok(image) = pixels::yuyv(bytes, size) {
                assert_eq!(image.dimensions(), size);
            }
            // What a driver says may be any number.
            let large = (
                u32::from_be_bytes([w0, w1, h0, h1]),
                u32::from_be_bytes([h0, h1, w0, w1]),
            );
            let _ = pixels::yuyv(bytes, large);
        }
        1 => {
            let _ = pixels::jpeg(bytes);
        }
        _ => {
            fs::write(&*FILE, bytes).unwrap();
            let _ = read_picture(&*FILE);
        }
    }
});
