//! A network of the user's own. First byte even: the ONNX file; odd: the TOML file beside it.
#![no_main]
mod scratch;

use std::{fs, panic, path::PathBuf, sync::LazyLock};

use libfuzzer_sys::fuzz_target;
use liveness::{geometry::BBox, passive::Passive};

const NETWORK: &[u8] = include_bytes!("../../tests/passive/bright.onnx");
const MANUAL: &str =
    "input = [8, 8]\nwhite = 1.0\ncrop = 0.8\noutput = \"score\"\nclasses = 2\nlive = 1\n";

static FILES: LazyLock<[PathBuf; 2]> = LazyLock::new(|| {
    let folder = scratch::folder("passive");
    ["a.onnx", "a.toml"].map(|name| folder.join(name))
});

fuzz_target!(
    init: {
        // Panics inside tract are caught where networks are loaded; one that is not still ends the target.
        panic::set_hook(Box::new(|panic| {
            let foreign = ["/registry/", "/library/", "/rustc/"];
            let theirs = |file: &str| foreign.iter().any(|place| file.contains(place));
            let theirs = panic.location().is_some_and(|at| theirs(at.file()));
            if !theirs || std::env::var_os("FUZZ_SHOW").is_some() {
                eprintln!("{panic}");
            }
            if !theirs {
                std::process::abort();
            }
        }));
    },
    |bytes: &[u8]| {
        let Some((which, bytes)) = bytes.split_first() else { return };
        let [model, manual] = &*FILES;
        let (network, text) = match which % 2 {
            0 => (bytes, MANUAL.as_bytes()),
            _ => (NETWORK, bytes),
        };
        fs::write(model, network).unwrap();
        fs::write(manual, text).unwrap();
        if let Ok(mut passive) = Passive::load(model) {
            let image = image::RgbImage::from_pixel(32, 24, image::Rgb([90; 3]));
            let bbox = BBox { x1: 4.0, y1: 4.0, x2: 20.0, y2: 20.0 };
            let _ = passive.look(&image, &bbox);
        }
    }
);
