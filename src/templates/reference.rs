//! Who is expected, as the command line says it.
use std::{fmt, path::PathBuf, str::FromStr};

use serde::Serialize;

use super::{Name, Templates, default_folder};
use crate::{
    error::Error,
    identity::{Crowd, Embedding, Portraits},
};

/// Who is expected: a picture of them, or a template.
///
/// Written as the path of a picture, or `template:NAME`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reference {
    /// An ID photograph.
    Photo(PathBuf),
    /// A person who was enrolled.
    Template(Name),
}

impl FromStr for Reference {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.strip_prefix("template:") {
            Some(name) => Ok(Self::Template(name.parse()?)),
            None if text.is_empty() => Err("name a picture, or template:NAME".to_owned()),
            None => Ok(Self::Photo(text.into())),
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Photo(path) => path.display().fmt(f),
            Self::Template(name) => write!(f, "template:{name}"),
        }
    }
}

impl Serialize for Reference {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

/// A face that is expected.
#[derive(Clone, Debug, PartialEq)]
pub struct Expected {
    /// The face.
    pub embedding: Embedding,
    /// How many faces the picture shows; `None` of a template.
    pub faces: Option<usize>,
}

/// Finds out whose face a [`Reference`] means. Networks are loaded when they are needed.
pub struct References {
    models: Option<PathBuf>,
    folder: Option<PathBuf>,
    portraits: Option<Portraits>,
}

impl References {
    /// For pictures, and for templates in `folder` (`None`: [`default_folder`]), with the networks compiled
    /// in or those in `models`.
    pub fn new(folder: Option<PathBuf>, models: Option<PathBuf>) -> Self {
        Self {
            models,
            folder: folder.or_else(default_folder),
            portraits: None,
        }
    }

    /// The templates.
    ///
    /// # Errors
    ///
    /// [`Error::Templates`] where there is no place for them, [`Error::Model`] where the network cannot be read.
    pub fn templates(&self) -> Result<Templates, Error> {
        let folder = self.folder.as_deref().ok_or_else(|| Error::Templates {
            path: PathBuf::new(),
            source: NO_PLACE.into(),
        })?;
        Templates::open(folder, self.models.as_deref())
    }

    /// The face that is expected: in a photograph, or of a template.
    ///
    /// # Errors
    ///
    /// As [`Portraits::read`] and [`Templates::load`].
    pub fn read(&mut self, reference: &Reference, crowd: Crowd) -> Result<Expected, Error> {
        match reference {
            Reference::Photo(path) => {
                let portrait = self.portraits()?.read(path, crowd)?;
                Ok(Expected {
                    embedding: portrait.embedding,
                    faces: Some(portrait.faces),
                })
            }
            Reference::Template(name) => Ok(Expected {
                embedding: self.templates()?.load(name)?.embedding,
                faces: None,
            }),
        }
    }

    /// Reader of pictures.
    ///
    /// # Errors
    ///
    /// As [`Portraits::load`].
    pub fn portraits(&mut self) -> Result<&mut Portraits, Error> {
        let portraits = match self.portraits.take() {
            Some(portraits) => portraits,
            None => Portraits::load(self.models.as_deref())?,
        };
        Ok(self.portraits.insert(portraits))
    }
}

const NO_PLACE: &str =
    "no place for them: HOME and XDG_STATE_HOME are not set; name one with --templates DIR";
