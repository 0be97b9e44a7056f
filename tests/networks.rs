//! The five networks on our engine against onnxruntime's numbers, the files against their sums,
//! and what `--models DIR` says of a file that will not do.
#![allow(clippy::unwrap_used, clippy::expect_used)]
use std::{fs, path::Path};

use liveness::{
    error::Error,
    nn::{EMBEDDING, MESH, Net, ONET, PNET, RNET, Spec, View},
};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

/// Every network that is compiled in.
const ALL: [&Spec; 5] = [&PNET, &RNET, &ONET, &MESH, &EMBEDDING];

/// What onnxruntime computed; `models/convert/golden.py` describes and writes these files.
#[derive(Deserialize)]
struct Golden {
    sha256: String,
    input: Input,
    outputs: Vec<Output>,
}

/// An input made by formula.
#[derive(Deserialize)]
struct Input {
    shape: [usize; 4],
    range: [f64; 2],
    #[serde(flatten)]
    formula: Formula,
}

#[derive(Deserialize)]
#[serde(tag = "formula", rename_all = "lowercase")]
enum Formula {
    Hash,
    Paint {
        ground: [f64; 3],
        ellipses: Vec<Ellipse>,
    },
}

#[derive(Deserialize)]
struct Ellipse {
    centre: [f64; 2],
    radius: [f64; 2],
    colour: [f64; 3],
    edge: f64,
}

#[derive(Deserialize)]
struct Output {
    name: String,
    shape: Vec<usize>,
    data: Vec<f32>,
}

impl Input {
    /// The numbers, `[N, C, H, W]`.
    fn data(&self) -> Vec<f32> {
        let [low, high] = self.range;
        let count = self.shape.iter().product();
        let unit = |i| match &self.formula {
            Formula::Hash => hashed(i),
            Formula::Paint { ground, ellipses } => painted(self.shape, i, ground, ellipses),
        };
        (0..count)
            .map(|i| (low + unit(i) * (high - low)) as f32)
            .collect()
    }
}

/// `[N, C, H, W]` to `[N, H, W, C]`.
fn interleave(planes: &[f32], [n, c, h, w]: [usize; 4], pixels: &mut [f32]) {
    assert_eq!(pixels.len(), n * c * h * w);
    for (i, number) in pixels.iter_mut().enumerate() {
        let (channel, at) = (i % c, i / c);
        *number = planes[(at / (h * w) * c + channel) * h * w + at % (h * w)];
    }
}

fn hashed(i: usize) -> f64 {
    let high_bits = (i as u32).wrapping_mul(2_654_435_761) >> 8;
    f64::from(high_bits) / f64::from(1 << 24)
}

fn painted(shape: [usize; 4], i: usize, ground: &[f64; 3], ellipses: &[Ellipse]) -> f64 {
    let [_, channels, height, width] = shape;
    let channel = i / (width * height) % channels;
    let px = ((i % width) as f64 + 0.5) / width as f64;
    let py = ((i / width % height) as f64 + 0.5) / height as f64;
    ellipses.iter().fold(ground[channel], |u, e| {
        let dx = (px - e.centre[0]) / e.radius[0];
        let dy = (py - e.centre[1]) / e.radius[1];
        let cover = (e.edge * (1.0 - dx * dx - dy * dy)).clamp(0.0, 1.0);
        u + cover * (e.colour[channel] - u)
    })
}

/// Largest difference allowed, by network and output.
fn tolerance(spec: &Spec, output: &str) -> f32 {
    match (spec.file, output) {
        // Pixels of a crop of 256: 1e-4 of its side, the same share that 1e-4 is of the cascade's
        // outputs, which are fractions.
        ("face_mesh_v2.onnx", "landmarks") => 1e-4 * 256.0,
        // Not squeezed into 0..1 as a probability is; near 0 it moves that by a quarter of this.
        ("face_mesh_v2.onnx", _) => 1e-3,
        _ => 1e-4,
    }
}

fn agrees(spec: &'static Spec, name: &str) {
    let path = format!("tests/golden/{name}.json");
    let golden: Golden = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(golden.sha256, sha256(spec.built_in), "{name}: another file");
    let mut net = Net::load(spec, None).unwrap();
    let [n, c, h, w] = golden.input.shape;
    let data = golden.input.data();
    let outputs = net
        .run([n, h, w, c], |input| interleave(&data, [n, c, h, w], input))
        .unwrap();
    assert!(net.is_fused(), "{name} runs on our kernels");
    let found: [View<'_>; 3] = outputs.views();
    for ((output, _), found) in spec.outputs.iter().zip(found) {
        let wanted = golden.outputs.iter().find(|o| o.name == *output).unwrap();
        assert_eq!(found.shape, wanted.shape, "{name}: `{output}`");
        assert_eq!(found.data.len(), wanted.data.len(), "{name}: `{output}`");
        let pairs = found.data.iter().zip(&wanted.data);
        // NaN fails too: `max` would drop it.
        let worst = pairs.map(|(a, b)| (a - b).abs()).max_by(f32::total_cmp);
        let worst = worst.unwrap();
        eprintln!("{name} {output}: off by at most {worst:e}");
        assert!(
            worst <= tolerance(spec, output),
            "{name}: `{output}` is off by {worst}"
        );
    }
}

#[test]
fn pnet_gives_onnxruntimes_numbers() {
    agrees(&PNET, "mtcnn_pnet");
}

#[test]
fn rnet_gives_onnxruntimes_numbers() {
    agrees(&RNET, "mtcnn_rnet");
    agrees(&RNET, "mtcnn_rnet_face");
}

#[test]
fn onet_gives_onnxruntimes_numbers() {
    agrees(&ONET, "mtcnn_onet");
    agrees(&ONET, "mtcnn_onet_face");
}

#[test]
fn the_mesh_gives_onnxruntimes_numbers() {
    agrees(&MESH, "face_mesh_v2");
    agrees(&MESH, "face_mesh_v2_face");
}

#[test]
fn the_embedding_gives_onnxruntimes_numbers() {
    agrees(&EMBEDDING, "dlib_resnet_v1");
    agrees(&EMBEDDING, "dlib_resnet_v1_face");
}

fn sha256(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn models_are_the_files_that_their_readme_names() {
    let readme = fs::read_to_string("models/README.md").unwrap();
    let mut seen = 0;
    for entry in fs::read_dir("models").unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "onnx") {
            let name = path.file_name().unwrap().to_str().unwrap();
            let sum = sha256(&fs::read(&path).unwrap());
            let row = format!("| `{name}` | `{sum}` |");
            assert!(readme.contains(&row), "no row `{row}` in models/README.md");
            seen += 1;
        }
    }
    assert_eq!(seen, ALL.len());
}

/// The text of the error that loading `spec` from a folder with these `bytes` gives; `None` leaves
/// the file out.
fn refusal(spec: &'static Spec, bytes: Option<&[u8]>) -> String {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(spec.file);
    if let Some(bytes) = bytes {
        fs::write(&path, bytes).unwrap();
    }
    let error = Net::load(spec, Some(dir.path()))
        .err()
        .expect("must be refused");
    assert!(matches!(error, Error::Model { .. }), "{error:?}");
    let text = error.to_string();
    let path = path.display().to_string();
    assert!(text.contains(&path), "{text:?} does not name {path}");
    text
}

#[test]
fn the_networks_load_from_a_folder() {
    for spec in ALL {
        Net::load(spec, Some(Path::new("models"))).unwrap();
    }
}

#[test]
fn a_missing_network_is_named() {
    for spec in ALL {
        refusal(spec, None);
    }
}

#[test]
fn a_damaged_network_is_named() {
    for spec in ALL {
        let bytes = spec.built_in;
        for length in [0, 1, 100, bytes.len() / 2, bytes.len() - 1] {
            refusal(spec, Some(&bytes[..length]));
        }
        refusal(spec, Some(b"not a network at all\n"));
    }
}

/// Of 300 channels, made by tests/passive/make_hungry.py: it loads in a blink, and takes 300 MB for a tile of
/// 512 x 512.
#[test]
fn a_network_that_large_pictures_would_make_huge_is_refused() {
    let bytes = fs::read("tests/passive/wide.onnx").unwrap();
    let words = refusal(&PNET, Some(&bytes));
    assert!(words.contains("more than 256 MB"), "{words}");
}

#[test]
fn one_network_in_anothers_place_is_named() {
    for spec in ALL {
        for other in ALL {
            if spec.file != other.file {
                refusal(spec, Some(other.built_in));
            }
        }
    }
}
