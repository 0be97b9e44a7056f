//! `liveness enroll`: keep a person's face, as numbers, under a name.
mod watch;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;
use liveness::{
    capture::{Source, stills_at},
    error::Error,
    identity::{Crowd, Disagreement, Embedding},
    templates::{Name, References, Template, Templates},
};
use serde::Serialize;

use super::{
    Common,
    exit::Exit,
    input::Input,
    out::{count, print_json, print_line},
    people::{Folder, Threshold},
    table::table,
};

/// Keep a person's face, as numbers, under a name.
///
/// From one picture, a folder of pictures of one person, or some seconds before a camera or of a recording.
/// No picture is kept. `liveness forget NAME` deletes what is.
#[derive(Args, Debug)]
pub struct Enroll {
    /// Keep the face under this name: letters and digits, with - _ . between them.
    #[arg(
        value_name = "NAME",
        required_unless_present = "list",
        conflicts_with = "list"
    )]
    name: Option<Name>,
    #[command(flatten)]
    input: Input,
    #[command(flatten)]
    threshold: Threshold,
    #[command(flatten)]
    folder: Folder,
    /// Replace the template of this name.
    #[arg(long)]
    replace: bool,
    /// List the templates there are.
    #[arg(long)]
    list: bool,
    /// Print one JSON object; with --list one a template.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct ResultLine<'a> {
    r#type: &'static str,
    name: &'a Name,
    frames: usize,
    /// Largest distance between two of the frames.
    spread: f32,
}

#[derive(Serialize)]
struct TemplateLine<'a> {
    r#type: &'static str,
    name: &'a Name,
    /// When it was made, and of how many frames; `null` where it cannot be used.
    made: Option<String>,
    frames: Option<usize>,
    error: Option<String>,
}

/// The faces of one person, and what to call each of them in an error.
struct Faces {
    embeddings: Vec<Embedding>,
    names: Vec<String>,
}

impl Enroll {
    pub fn run(&self, common: &Common) -> anyhow::Result<Exit> {
        let mut references = self.folder.references(common);
        let templates = references.templates()?;
        if self.list {
            return self.list(&templates);
        }
        let name = self.name.as_ref().context("name the person")?;
        if templates.has(name) && !self.replace {
            bail!("there is a template of {name} already; --replace replaces it");
        }
        let pictures = match &self.input.source {
            Source::Path(path) => stills_at(path)?,
            Source::Camera(_) | Source::Demo => None,
        };
        let faces = match pictures {
            Some(pictures) => look_at(&pictures, &mut references)?,
            None => match watch::watch(&self.input, common)? {
                watch::Watched::Enough(faces) => faces,
                watch::Watched::Nobody(error) => {
                    return Ok(super::fail(&error.into(), Exit::Nobody));
                }
                watch::Watched::Stopped => return Ok(Exit::Cancelled),
            },
        };
        let frames = faces.embeddings.len();
        let threshold = self.threshold.threshold;
        let one = Embedding::of_one(&faces.embeddings, threshold);
        let (embedding, spread) = one.map_err(|apart| self.disagreement(&faces, apart))?;
        templates.save(name, embedding, frames)?;
        self.report(name, frames, spread)
    }

    fn disagreement(&self, faces: &Faces, apart: Disagreement) -> Error {
        let name = |i: usize| faces.names.get(i).map_or("", String::as_str);
        let text = format!(
            "{} and {} are {:.2} apart, {} at most may one person's be; all must show one person",
            name(apart.a),
            name(apart.b),
            apart.distance,
            self.threshold.threshold
        );
        Error::Face {
            what: self.input.source.to_string(),
            source: text.into(),
        }
    }

    fn report(&self, name: &Name, frames: usize, spread: f32) -> anyhow::Result<Exit> {
        if self.json {
            print_json(&ResultLine {
                r#type: "result",
                name,
                frames,
                spread,
            })?;
        } else {
            let pictures = count(frames, "picture", "pictures");
            print_line(format_args!(
                "enrolled {name}: {pictures}, at most {spread:.2} apart; no picture is kept"
            ))?;
        }
        Ok(Exit::Done)
    }

    fn list(&self, templates: &Templates) -> anyhow::Result<Exit> {
        let mut exit = Exit::Done;
        let mut table = table(["name", "made", "pictures", ""]);
        for name in templates.names()? {
            let line = match templates.load(&name) {
                Ok(Template { made, frames, .. }) => TemplateLine {
                    r#type: "template",
                    name: &name,
                    made: Some(made.strftime("%Y-%m-%d %H:%M:%SZ").to_string()),
                    frames: Some(frames),
                    error: None,
                },
                Err(error) => {
                    exit = Exit::Integrity;
                    TemplateLine {
                        r#type: "template",
                        name: &name,
                        made: None,
                        frames: None,
                        error: Some(error.to_string()),
                    }
                }
            };
            if self.json {
                print_json(&line)?;
                continue;
            }
            table.add_row([
                name.to_string(),
                line.made.unwrap_or_default(),
                line.frames
                    .map_or(String::new(), |frames| frames.to_string()),
                line.error.unwrap_or_default(),
            ]);
        }
        if !self.json {
            print_line(table)?;
        }
        Ok(exit)
    }
}

/// The faces of pictures, each of which must show one person.
fn look_at(pictures: &[PathBuf], references: &mut References) -> anyhow::Result<Faces> {
    let portraits = references.portraits()?;
    let read = |path: &PathBuf| portraits.read(path, Crowd::Refuse);
    let read: Result<Vec<_>, _> = pictures.iter().map(read).collect();
    Ok(Faces {
        embeddings: read?
            .into_iter()
            .map(|portrait| portrait.embedding)
            .collect(),
        names: pictures.iter().map(|path| file_name(path)).collect(),
    })
}

fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}
