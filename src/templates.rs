//! Who is expected: embeddings under names, one small file each. Never a picture.
use std::{
    fmt,
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
    str::FromStr,
};

use serde::{Deserialize, Serialize};

use crate::{
    error::{Cause, Error},
    identity::{Crowd, Embedding, Portraits},
    nn,
    record::{self, WallTime},
};

/// Version of a template's fields.
pub const VERSION: u32 = 1;

/// Longest name in bytes, with room for the ending below what file systems allow (255).
const LONGEST: usize = 100;

/// Ending of a template's file.
const ENDING: &str = "json";

/// The name of a template: letters and digits of any script, `-`, `_` and `.` between them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Name(String);

impl Name {
    /// The name itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Name {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fits = |c: char| c.is_alphanumeric() || "-_.".contains(c);
        // No path, no hidden file, nothing that looks like a flag.
        let starts = text.starts_with(char::is_alphanumeric);
        match starts && text.chars().all(fits) && text.len() <= LONGEST {
            true => Ok(Self(text.to_owned())),
            false => Err(format!(
                "a name has letters and digits, with - _ . between them, {LONGEST} bytes at most"
            )),
        }
    }
}

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
            name: name.0.clone(),
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
        self.folder.join(format!("{}.{ENDING}", name.0))
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

/// Where templates lie unless told otherwise: `templates`, beside the log. `None` where the log has no
/// place either.
pub fn default_folder() -> Option<PathBuf> {
    Some(record::default_path()?.with_file_name("templates"))
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

/// Makes the folder where there is none, for its owner alone.
fn make_private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}

/// Writes a file that is there whole or not at all.
fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // Hidden, of no name a template can have, and of this process alone.
    let new = path.with_file_name(format!(".{}.new", std::process::id()));
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&new).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    let done = written.and_then(|()| fs::rename(&new, path));
    if done.is_err() {
        // It holds a face.
        let _ = fs::remove_file(&new);
    } else if let Some(folder) = path.parent() {
        sync_folder(folder);
    }
    done
}

/// Makes a new or missing name durable, where the system can open a folder.
fn sync_folder(folder: &Path) {
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
}

#[cfg(test)]
#[path = "templates_tests.rs"]
mod tests;
