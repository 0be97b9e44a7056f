//! `liveness detect`: faces in pictures.
use std::path::{Path, PathBuf};

use clap::Args;
use liveness::{
    face::Face,
    mtcnn::{Mtcnn, Params},
    time::Clock,
};
use serde::Serialize;

use super::{Common, exit::Exit, print_json};

/// Find faces in pictures.
#[derive(Args, Debug)]
pub struct Detect {
    /// Pictures (JPEG or PNG).
    #[arg(required = true, value_name = "PICTURE")]
    pictures: Vec<PathBuf>,
    /// Side of the smallest face to find, in pixels.
    #[arg(long, value_name = "PX", default_value_t = Params::default().min_face_px)]
    min_face: f32,
    /// Print one JSON object a picture.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Line<'a> {
    Picture {
        source: String,
        width: u32,
        height: u32,
        ms: f64,
        faces: &'a [Face],
    },
    Error {
        source: String,
        error: String,
    },
}

impl Detect {
    pub fn run(&self, common: &Common) -> anyhow::Result<Exit> {
        let params = Params {
            min_face_px: self.min_face,
            ..Params::default()
        };
        let mut cascade = Mtcnn::load(params, common.models.as_deref())?;
        let mut exit = Exit::Done;
        for path in &self.pictures {
            if let Err(error) = self.one(&mut cascade, path) {
                exit = Exit::Source;
                print_json(&Line::Error {
                    source: path.display().to_string(),
                    error: format!("{error:#}"),
                })?;
            }
        }
        Ok(exit)
    }

    fn one(&self, cascade: &mut Mtcnn, path: &Path) -> anyhow::Result<()> {
        let image = image::open(path)?.to_rgb8();
        let clock = Clock::start();
        let faces = cascade.find(&image)?;
        print_json(&Line::Picture {
            source: path.display().to_string(),
            width: image.width(),
            height: image.height(),
            ms: clock.now().as_millis_f64(),
            faces: &faces,
        })
    }
}
