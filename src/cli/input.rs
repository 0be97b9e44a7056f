//! Where frames come from: the flags that `challenge`, `preview` and `analyze` share.
use clap::Args;
use liveness::{
    capture::{Options, Source},
    mtcnn::Params,
};

/// Where frames come from and how faces are looked for.
#[derive(Args, Clone, Debug)]
pub struct Input {
    /// camera:N, camera:PATH, a picture, a folder of pictures, a video, or demo.
    #[arg(value_name = "SOURCE")]
    pub source: Source,
    /// Side of the smallest face to find, in pixels.
    #[arg(long, value_name = "PX", default_value_t = Params::default().min_face_px)]
    min_face: f32,
    /// Frames a second: wished from a camera, pretended for a folder or an MJPEG stream.
    #[arg(long, value_name = "N", default_value_t = Options::default().fps)]
    fps: u32,
}

impl Input {
    pub fn options(&self) -> Options {
        Options {
            fps: self.fps,
            ..Options::default()
        }
    }

    pub fn params(&self) -> Params {
        Params {
            min_face_px: self.min_face,
            ..Params::default()
        }
    }
}
