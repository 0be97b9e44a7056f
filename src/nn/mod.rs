//! A network: load it, check it, make it fast, run it.
//!
//! tract reads the file and knows every shape; `lower` recognises what our kernels can do and
//! `program` runs them, as one operator of tract's (`fused`); what it cannot do tract does (`planned`).
mod constants;
mod cut;
mod fingerprint;
mod fused;
mod input;
mod kernels;
mod lower;
mod net;
mod operator;
mod outputs;
mod planned;
mod program;
#[cfg(test)]
mod samples;
mod tensors;
mod widen;

use std::{borrow::Cow, path::Path};

use crate::error::Error;

pub use cut::{Cutter, Kernel};
pub use fingerprint::{fingerprint, sum};
pub use input::{UNIT, recognition, signed, unscaled};
pub use net::Net;
pub use outputs::{Outputs, View};

/// What a network must look like to take its place, and the copy compiled into the program.
///
/// Sizes are `[N, C, H, W]`; `None` may be any number.
#[derive(Debug)]
pub struct Spec {
    /// File name, in `models/` and in `--models DIR`.
    pub file: &'static str,
    /// The ONNX file compiled into the program.
    pub built_in: &'static [u8],
    /// Shape of the one input.
    pub input: [Option<usize>; 4],
    /// Names of the outputs that are read, each with its number of channels (the second size).
    pub outputs: &'static [(&'static str, usize)],
}

impl Spec {
    /// The bytes of the network and where they are from: the program itself, or `dir`.
    fn read(&self, dir: Option<&Path>) -> Result<(String, Cow<'static, [u8]>), Error> {
        let Some(dir) = dir else {
            return Ok(("the program itself".to_owned(), self.built_in.into()));
        };
        let path = dir.join(self.file);
        let origin = path.display().to_string();
        match std::fs::read(&path) {
            Ok(bytes) => Ok((origin, bytes.into())),
            Err(error) => Err(Error::Model {
                net: self.file,
                origin,
                source: error.into(),
            }),
        }
    }
}

macro_rules! built_in {
    ($file:literal) => {
        include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/models/", $file))
    };
}

/// Stage 1: RGB in -1..1; `prob` `[1, 2, h, w]` (channel 1 is the face), `reg` `[1, 4, h, w]`.
pub static PNET: Spec = Spec {
    file: "mtcnn_pnet.onnx",
    built_in: built_in!("mtcnn_pnet.onnx"),
    input: [Some(1), Some(3), None, None],
    outputs: &[("prob", 2), ("reg", 4)],
};

/// Stage 2: RGB in -1..1; `prob` `[N, 2]`, `reg` `[N, 4]`.
pub static RNET: Spec = Spec {
    file: "mtcnn_rnet.onnx",
    built_in: built_in!("mtcnn_rnet.onnx"),
    input: [None, Some(3), Some(24), Some(24)],
    outputs: &[("prob", 2), ("reg", 4)],
};

/// Stage 3: RGB in -1..1; `prob` `[N, 2]`, `reg` `[N, 4]`, `landmarks` `[N, 10]` (x1..x5, y1..y5
/// as fractions of the crop).
pub static ONET: Spec = Spec {
    file: "mtcnn_onet.onnx",
    built_in: built_in!("mtcnn_onet.onnx"),
    input: [None, Some(3), Some(48), Some(48)],
    outputs: &[("prob", 2), ("reg", 4), ("landmarks", 10)],
};

/// Face mesh V2: RGB in 0..1; `landmarks` `[1, 1434]` (478 × x, y, z in crop pixels),
/// `face_presence_logit` `[1, 1]`.
pub static MESH: Spec = Spec {
    file: "face_mesh_v2.onnx",
    built_in: built_in!("face_mesh_v2.onnx"),
    input: [Some(1), Some(3), Some(256), Some(256)],
    outputs: &[("landmarks", 1434), ("face_presence_logit", 1)],
};

/// Face embedding, dlib's ResNet: RGB as [`recognition`] makes it; `embedding` `[N, 128]`, of which two
/// of one person lie near each other.
pub static EMBEDDING: Spec = Spec {
    file: "dlib_resnet_v1.onnx",
    built_in: built_in!("dlib_resnet_v1.onnx"),
    input: [None, Some(3), Some(150), Some(150)],
    outputs: &[("embedding", 128)],
};
