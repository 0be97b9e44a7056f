//! An MJPEG file: the splitter, and the decoding of what it cuts out.
#![no_main]
mod scratch;

use std::{fs, path::PathBuf, sync::LazyLock};

use libfuzzer_sys::fuzz_target;
use liveness::capture::mjpeg::Mjpeg;

static FILE: LazyLock<PathBuf> = LazyLock::new(|| scratch::folder("mjpeg").join("a.mjpeg"));

fuzz_target!(|bytes: &[u8]| {
    fs::write(&*FILE, bytes).unwrap();
    let (mut last, mut frames) = (None, 0);
    for frame in Mjpeg::open(&FILE, 30).unwrap() {
        if let Ok(frame) = frame {
            assert!(last < Some(frame.seq), "frames in order");
            last = Some(frame.seq);
            frames += 1;
        }
    }
    assert!(frames <= bytes.len());
});
