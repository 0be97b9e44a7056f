//! `liveness compare`: are two pictures of one person?
use clap::Args;
use liveness::{
    identity::{Comparison, Crowd},
    templates::{Expected, Reference, References},
};
use serde::Serialize;

use super::{
    Common,
    exit::Exit,
    out::{print_json, print_line, say},
    people::{Folder, Threshold},
};

/// Tell whether two pictures show one person.
///
/// Exit code 0: one person; 1: two; 4: a picture that cannot be read or shows no face that can be compared.
#[derive(Args, Debug)]
pub struct Compare {
    /// Compare this picture (JPEG, PNG), or template:NAME.
    #[arg(value_name = "A")]
    a: Reference,
    /// Compare it with this one.
    #[arg(value_name = "B")]
    b: Reference,
    #[command(flatten)]
    threshold: Threshold,
    #[command(flatten)]
    folder: Folder,
    /// Refuse pictures of several people; else the large face near the middle is compared.
    #[arg(long)]
    strict: bool,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct ResultLine<'a> {
    r#type: &'static str,
    a: &'a Reference,
    b: &'a Reference,
    #[serde(flatten)]
    comparison: Comparison,
    /// How many faces each picture shows; `null` of a template.
    faces: [Option<usize>; 2],
}

impl Compare {
    pub fn run(&self, common: &Common) -> anyhow::Result<Exit> {
        let mut references = self.folder.references(common);
        let (a, b) = (
            self.read(&mut references, &self.a)?,
            self.read(&mut references, &self.b)?,
        );
        let comparison = a.embedding.compare(&b.embedding, self.threshold.threshold);
        if self.json {
            print_json(&ResultLine {
                r#type: "result",
                a: &self.a,
                b: &self.b,
                comparison,
                faces: [a.faces, b.faces],
            })?;
        } else {
            print_line(words(&comparison))?;
        }
        Ok(match comparison.same {
            true => Exit::Done,
            false => Exit::Failed,
        })
    }

    fn read(&self, references: &mut References, reference: &Reference) -> anyhow::Result<Expected> {
        let crowd = match self.strict {
            true => Crowd::Refuse,
            false => Crowd::Middle,
        };
        let expected = references.read(reference, crowd)?;
        if let Some(faces) = expected.faces.filter(|&faces| faces > 1) {
            say(format_args!(
                "note: {reference} shows {faces} faces; the large one near the middle is compared"
            ));
        }
        Ok(expected)
    }
}

/// A comparison for somebody who reads the terminal.
fn words(c: &Comparison) -> String {
    let (verdict, how) = match c.same {
        true => ("same person", "below"),
        false => ("different people", "not below"),
    };
    format!(
        "{verdict}: distance {:.3}, {how} {}",
        c.distance, c.threshold
    )
}
