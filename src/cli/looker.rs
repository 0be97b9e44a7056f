//! Flags of close looks at the face: whose is it, and is it live?
use std::{fs::File, path::PathBuf};

use clap::{Args, ValueEnum};
use liveness::{
    identity::{self, Crowd, SAME_SESSION, Watch},
    passive::Passive,
    session::Closeup,
    store,
    templates::{Name, Reference},
};

use super::{Common, people::Folder};

/// Flags of close looks.
#[derive(Args, Clone, Debug)]
pub struct Looks {
    /// Let nobody pass but the person on this photograph (JPEG, PNG; one face, 50 px wide at least).
    #[arg(long = "match", value_name = "PHOTO", conflicts_with = "expect")]
    photo: Option<PathBuf>,
    /// Let nobody pass but the person enrolled under this name.
    #[arg(long, value_name = "NAME")]
    expect: Option<Name>,
    #[command(flatten)]
    folder: Folder,
    /// Ask this network too whether the face is live, while it is at rest. Beside MODEL.onnx lies MODEL.toml:
    /// input = [80, 80], white = 255.0 (its number for white), crop = 2.7 (sides of the face's box),
    /// output = "NAME", classes = 3, live = 1 (which of them, from 0); and where they are others than these:
    /// colours = "rgb" (or "bgr"), black = 0.0, threshold = 0.5, softmax = false.
    #[arg(long, value_name = "MODEL.onnx")]
    passive: Option<PathBuf>,
    /// What the word of that network is worth: advisory is noted in the record, deny fails the session.
    #[arg(
        long,
        value_name = "ROLE",
        default_value = "advisory",
        requires = "passive"
    )]
    passive_role: Role,
}

/// What the word of a network is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Role {
    Advisory,
    Deny,
}

impl Looks {
    /// Loads what the flags name; gives sha256 of each as well: the record is to say which it was.
    pub fn load(&self, common: &Common) -> anyhow::Result<(Closeup, Vec<String>)> {
        let mut named = vec![];
        let passive = self.passive.as_deref().map(Passive::load).transpose()?;
        if let Some(model) = &self.passive {
            for file in [model.clone(), Passive::manual(model)] {
                named.push(store::sha256_of(File::open(file)?)?);
            }
        }
        let reference = match (&self.photo, &self.expect) {
            (Some(photo), _) => Some(Reference::Photo(photo.clone())),
            (None, Some(name)) => Some(Reference::Template(name.clone())),
            (None, None) => None,
        };
        let mut references = self.folder.references(common);
        let expected = match &reference {
            Some(reference) => Some(references.read(reference, Crowd::Refuse)?.embedding),
            None => None,
        };
        if let Some(expected) = &expected {
            named.push(store::sha256(&serde_json::to_vec(expected)?));
        }
        let watch = Watch::load(common.models.as_deref(), expected)?;
        Ok((Closeup::new(passive, Some(watch)), named))
    }

    /// Whether the passive network's word denies.
    pub fn denies(&self) -> bool {
        self.passive_role == Role::Deny
    }

    /// How near the expected face must be. A photograph may be years old and of another camera.
    pub fn expected_within(&self) -> f32 {
        match self.photo {
            Some(_) => identity::THRESHOLD,
            None => SAME_SESSION,
        }
    }
}
