//! Who is expected: embeddings under names, one small file each. Never a picture.
mod name;
mod reference;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

pub use name::Name;
pub use reference::{Expected, Reference, References};

use crate::{
    error::{Cause, Error},
    files::{make_private_folder, sync_folder, write_whole},
    identity::Embedding,
    nn,
    record::{self, WallTime},
};

/// Version of a template's fields.
pub const VERSION: u32 = 1;

/// Ending of a template's file.
const ENDING: &str = "json";

/// What is kept of one person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Template {
    /// Version of these fields: [`VERSION`].
    pub version: u32,
    /// sha256 of the network that made the embedding; of another network's it says nothing.
    pub model: String,
    /// When it was made.
    pub made: WallTime,
    /// Of how many pictures or frames.
    pub frames: usize,
    /// The face.
    pub embedding: Embedding,
}

/// A folder of templates.
#[derive(Clone, Debug)]
pub struct Templates {
    folder: PathBuf,
    /// sha256 of the network in use.
    model: String,
}

impl Templates {
    /// The templates in `folder`, for the embedding network in use: the one compiled in, or the one in
    /// `models`. The folder may be missing.
    ///
    /// # Errors
    ///
    /// [`Error::Model`] where the network cannot be read.
    pub fn open(folder: &Path, models: Option<&Path>) -> Result<Self, Error> {
        Ok(Self {
            folder: folder.to_owned(),
            model: nn::sum(&nn::EMBEDDING, models)?,
        })
    }

    /// Keeps `embedding`, made of so many `frames`, as `name`; one of that name is replaced. Whoever reads
    /// meanwhile finds the old one or the new one, whole. On Unix nobody but the owner reads it.
    ///
    /// # Errors
    ///
    /// [`Error::Templates`] where it cannot be written.
    pub fn save(&self, name: &Name, embedding: Embedding, frames: usize) -> Result<(), Error> {
        let template = Template {
            version: VERSION,
            model: self.model.clone(),
            made: record::wall_time(),
            frames,
            embedding,
        };
        let path = self.path(name);
        let saved = make_private_folder(&self.folder)
            .and_then(|()| Ok(serde_json::to_vec(&template)?))
            .and_then(|bytes| write_whole(&path, &bytes));
        saved.map_err(|error| self.error(path, error))
    }

    /// The template `name`.
    ///
    /// # Errors
    ///
    /// [`Error::Templates`] where there is none, [`Error::Template`] where it is damaged or another network's.
    pub fn load(&self, name: &Name) -> Result<Template, Error> {
        let path = self.path(name);
        let text = fs::read_to_string(&path).map_err(|error| self.error(path.clone(), error))?;
        read(&text, &self.model).map_err(|source| Error::Template {
            name: name.to_string(),
            source,
        })
    }

    /// Whether there is a template of that name, whatever is in it.
    pub fn has(&self, name: &Name) -> bool {
        self.path(name).exists()
    }

    /// Deletes the template `name`.
    ///
    /// # Errors
    ///
    /// [`Error::Templates`] where there is none, or it cannot be deleted.
    pub fn forget(&self, name: &Name) -> Result<(), Error> {
        let path = self.path(name);
        fs::remove_file(&path).map_err(|error| self.error(path, error))?;
        sync_folder(&self.folder);
        Ok(())
    }

    /// All names, sorted. A folder that is missing has none.
    ///
    /// # Errors
    ///
    /// [`Error::Templates`] where the folder cannot be read.
    pub fn names(&self) -> Result<Vec<Name>, Error> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(vec![]),
            other => other.map_err(|error| self.error(self.folder.clone(), error))?,
        };
        let mut names = vec![];
        for entry in entries {
            let entry = entry.map_err(|error| self.error(self.folder.clone(), error))?;
            let path = PathBuf::from(entry.file_name());
            let stem = path.file_stem().and_then(|stem| stem.to_str());
            if path.extension().is_some_and(|ending| ending == ENDING) {
                // What has another name was not put here by us.
                names.extend(stem.and_then(|stem| stem.parse::<Name>().ok()));
            }
        }
        names.sort();
        Ok(names)
    }

    fn path(&self, name: &Name) -> PathBuf {
        self.folder.join(format!("{name}.{ENDING}"))
    }

    fn error(&self, path: PathBuf, error: io::Error) -> Error {
        let source: Cause = match error.kind() {
            io::ErrorKind::NotFound => {
                "there is none of that name; `liveness enroll --list` shows all".into()
            }
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                format!("{error}; choose another folder with --templates DIR").into()
            }
            _ => error.into(),
        };
        Error::Templates { path, source }
    }
}

/// Where templates lie unless told otherwise: `templates`, beside the log. `None` where the log has no
/// place either.
pub fn default_folder() -> Option<PathBuf> {
    Some(record::data_folder()?.join("templates"))
}

/// The template in a file's text, if it is one for this network.
fn read(text: &str, model: &str) -> Result<Template, Cause> {
    #[derive(Deserialize)]
    struct Version {
        version: u32,
    }
    // A newer one may not even read.
    if let Ok(Version { version }) = serde_json::from_str(text)
        && version > VERSION
    {
        return Err(format!("version {version}: a newer liveness wrote it").into());
    }
    let template: Template = serde_json::from_str(text)?;
    if template.model != model {
        return Err("another network made it; enroll this person again".into());
    }
    Ok(template)
}

#[cfg(test)]
mod tests;
