//! `liveness detect`: faces in pictures.
use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use clap::Args;
use image::{RgbImage, imageops};
use liveness::{
    capture::{pictures_in, read_picture_in},
    face::Face,
    geometry::BBox,
    mtcnn::{Mtcnn, Params, Stages, Swept},
    time::Clock,
    view::{Mark, Marked},
};
use serde::Serialize;

use super::{
    Common,
    exit::Exit,
    input::{self, MinFace},
    out::{self, print_json, print_line},
    png,
};

/// Find faces in pictures.
#[derive(Args, Debug)]
pub struct Detect {
    /// Look at these pictures (JPEG, PNG), and at all pictures right in these folders.
    #[arg(required = true, value_name = "PICTURE")]
    pictures: Vec<PathBuf>,
    #[command(flatten)]
    smallest: MinFace,
    /// Leave out faces that the last network gives a lower score, 0 to 1.
    #[arg(long, value_name = "SCORE", default_value_t = Params::default().onet_score,
          value_parser = input::score)]
    min_score: f32,
    /// Print one JSON object a picture.
    #[arg(long)]
    json: bool,
    /// Draw the faces on the picture and save it; of several pictures, into the folder OUT.
    #[arg(long, value_name = "OUT")]
    png: Option<PathBuf>,
    /// Save what each stage of the cascade saw as pictures, into DIR/NAME-OF-PICTURE.
    #[arg(long, value_name = "DIR")]
    stages: Option<PathBuf>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Line<'a> {
    Picture(Picture<'a>),
    Error { source: String, error: String },
}

#[derive(Serialize)]
struct Picture<'a> {
    source: String,
    width: u32,
    height: u32,
    ms: f64,
    faces: &'a [Face],
}

/// A picture to look at and what its drawings are to be called.
struct Job {
    path: PathBuf,
    name: String,
}

impl Detect {
    pub fn run(&self, common: &Common) -> anyhow::Result<Exit> {
        let mut exit = Exit::Done;
        let jobs = self.jobs(&mut exit)?;
        let png = self.png_folder(&jobs)?;
        if let Some(folder) = &self.stages {
            make_folder(folder)?;
        }
        let params = Params {
            onet_score: self.min_score,
            ..self.smallest.params()
        };
        let mut cascade = Mtcnn::load(params, common.models.as_deref())?;
        let mut room = RgbImage::default();
        for job in &jobs {
            let image = match read_picture_in(&job.path, std::mem::take(&mut room)) {
                Ok(image) => image,
                Err(error) => {
                    self.unreadable(&job.path, error.into(), &mut exit)?;
                    continue;
                }
            };
            let clock = Clock::start();
            let stages = cascade.find_stages(&image)?;
            let ms = clock.now().as_millis_f64();
            self.print(&job.path, &image, ms, &stages.faces)?;
            if let Some(png) = &png {
                let path = png.as_ref().map_or_else(
                    || self.png.clone().unwrap_or_default(),
                    |folder| folder.join(format!("{}.png", job.name)),
                );
                png::save(&with_faces(&image, &stages.faces)?, &path)?;
            }
            if let Some(folder) = &self.stages {
                save_stages(&folder.join(&job.name), &image, &stages)?;
            }
            room = image;
        }
        Ok(exit)
    }

    /// The pictures, those of folders in the order of their names.
    fn jobs(&self, exit: &mut Exit) -> anyhow::Result<Vec<Job>> {
        let mut paths = vec![];
        for path in &self.pictures {
            if !path.is_dir() {
                paths.push(path.clone());
                continue;
            }
            match pictures_in(path) {
                Ok(inside) => paths.extend(inside),
                Err(error) => self.unreadable(path, error.into(), exit)?,
            }
        }
        let mut taken = HashSet::new();
        let named = paths.into_iter().map(|path| {
            let stem = path.file_stem().unwrap_or(path.as_os_str());
            let stem = stem.to_string_lossy().into_owned();
            let mut name = stem.clone();
            let mut count = 1;
            while !taken.insert(name.clone()) {
                count += 1;
                name = format!("{stem}-{count}");
            }
            Job { path, name }
        });
        Ok(named.collect())
    }

    /// Whether to draw at all, and if so into which folder; `Some(None)` is into one file.
    fn png_folder(&self, jobs: &[Job]) -> anyhow::Result<Option<Option<PathBuf>>> {
        let Some(out) = &self.png else {
            return Ok(None);
        };
        let many =
            jobs.len() > 1 || self.pictures.len() > 1 || self.pictures.iter().any(|p| p.is_dir());
        if many || out.is_dir() {
            make_folder(out)?;
            return Ok(Some(Some(out.clone())));
        }
        png::check_writable(out)?;
        Ok(Some(None))
    }

    fn unreadable(&self, path: &Path, error: anyhow::Error, exit: &mut Exit) -> anyhow::Result<()> {
        *exit = Exit::Source;
        let error = out::explain(&error);
        if self.json {
            let source = path.display().to_string();
            return print_json(&Line::Error { source, error });
        }
        out::say(format_args!("error: {error}"));
        Ok(())
    }

    fn print(&self, path: &Path, image: &RgbImage, ms: f64, faces: &[Face]) -> anyhow::Result<()> {
        let (width, height) = image.dimensions();
        let source = path.display().to_string();
        if self.json {
            return print_json(&Line::Picture(Picture {
                source,
                width,
                height,
                ms,
                faces,
            }));
        }
        let count = match faces.len() {
            0 => "no face".into(),
            1 => "1 face".into(),
            n => format!("{n} faces"),
        };
        print_line(format_args!(
            "{source}: {width}x{height}, {count}, {ms:.1} ms"
        ))?;
        faces.iter().try_for_each(|face| print_line(describe(face)))
    }
}

/// One face in one line, in whole pixels.
fn describe(face: &Face) -> String {
    let (b, marks) = (face.bbox, face.landmarks);
    let point = |p: liveness::geometry::Point| format!("{:.0},{:.0}", p.x, p.y);
    format!(
        "    {:.3}  {:.0}x{:.0} at {:.0},{:.0}  eyes {} {}  nose {}  mouth {} {}",
        face.score,
        b.width(),
        b.height(),
        b.x1,
        b.y1,
        point(marks.eye_l),
        point(marks.eye_r),
        point(marks.nose),
        point(marks.mouth_l),
        point(marks.mouth_r),
    )
}

fn make_folder(folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make folder {}", folder.display()))
}

fn with_faces(image: &RgbImage, faces: &[Face]) -> anyhow::Result<RgbImage> {
    let mut marked = Marked::new(image)?;
    // The best last, on top.
    faces.iter().rev().for_each(|face| marked.face(face));
    Ok(marked.into_image())
}

/// Saves the pyramid with P-Net's windows, and the boxes that leave each network.
fn save_stages(folder: &Path, image: &RgbImage, stages: &Stages) -> anyhow::Result<()> {
    make_folder(folder)?;
    for (i, swept) in stages.pyramid.iter().enumerate() {
        let (width, height) = (swept.level.width, swept.level.height);
        let name = format!("1-pyramid-{i:02}-{width}x{height}.png");
        png::save(&with_windows(image, swept)?, &folder.join(name))?;
    }
    for (name, boxes) in [("2-pnet", &stages.proposed), ("3-rnet", &stages.refined)] {
        let mut marked = Marked::new(image)?;
        boxes
            .iter()
            .rev()
            .for_each(|bbox| marked.bbox(bbox, Mark::Maybe));
        png::save(&marked.into_image(), &folder.join(format!("{name}.png")))?;
    }
    png::save(
        &with_faces(image, &stages.faces)?,
        &folder.join("4-onet.png"),
    )
}

/// Least width of the picture of a level: a few dozen pixels show nothing on a screen.
const SHOWN_PX: u32 = 400;

/// One level as P-Net sees it, its pixels enlarged where they are few, with its windows.
fn with_windows(image: &RgbImage, swept: &Swept) -> anyhow::Result<RgbImage> {
    let (width, height) = (swept.level.width, swept.level.height);
    let level = imageops::resize(image, width, height, imageops::FilterType::Triangle);
    let times = SHOWN_PX.div_ceil(width.max(1)).max(1);
    let nearest = imageops::FilterType::Nearest;
    let level = imageops::resize(&level, width * times, height * times, nearest);
    let mut marked = Marked::new(&level)?;
    let x = level.width() as f32 / image.width().max(1) as f32;
    let y = level.height() as f32 / image.height().max(1) as f32;
    for candidate in swept.candidates.iter().rev() {
        let b = candidate.bbox;
        let shown = BBox {
            x1: b.x1 * x,
            y1: b.y1 * y,
            x2: b.x2 * x,
            y2: b.y2 * y,
        };
        let sure = candidate.score >= 0.9;
        marked.bbox(&shown, if sure { Mark::Face } else { Mark::Maybe });
    }
    Ok(marked.into_image())
}
