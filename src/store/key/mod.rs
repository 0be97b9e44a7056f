//! The key that signs the log. The only folder that names ed25519-dalek.
mod public;
#[cfg(test)]
mod tests;

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
};

use ed25519_dalek::{Signer as _, SigningKey};
use serde::{Deserialize, Serialize};

pub(super) use public::{About, hex};
pub use public::{Handover, PublicKey};

use public::unhex;

use super::lock::Lock;
use crate::{
    entropy,
    error::{Cause, Error},
    files, record,
};

/// Name of the key's file in the data folder.
const FILE: &str = "log.key";

/// Version of the key's file.
const VERSION: u32 = 1;

/// The key of this machine, and the handovers that led to it.
pub struct Key {
    path: PathBuf,
    secret: SigningKey,
    handovers: Vec<Handover>,
    marks: Vec<Mark>,
}

/// A log of which this machine remembers that its key was rotated: whoever has a key that was given up
/// can write another log, but not this memory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark {
    /// The log's random name.
    pub log: String,
    /// Where it lay.
    pub path: String,
    /// Number of the entry that says so.
    pub seq: u64,
    /// Its hash.
    pub hash: String,
    /// The key that signs from there on.
    pub key: PublicKey,
}

/// What the key's file holds.
#[derive(Serialize, Deserialize)]
struct Kept {
    version: u32,
    secret: String,
    public: PublicKey,
    handovers: Vec<Handover>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    marks: Vec<Mark>,
}

impl Key {
    /// Reads the key; makes one where there is none.
    ///
    /// # Errors
    ///
    /// [`Error::Key`] where it cannot be made or read, is damaged, or others may read it.
    pub fn open(path: &Path) -> Result<Self, Error> {
        if files::may_be_there(path) {
            return Self::read(path);
        }
        files::make_private_folder(files::folder_of(path)).map_err(|e| cannot_make(path, &e))?;
        let key = Self {
            path: path.to_owned(),
            secret: SigningKey::from_bytes(&entropy::secret()?),
            handovers: vec![],
            marks: vec![],
        };
        let _lock = key.lock()?;
        if path.exists() {
            // Another program was first, which not all file systems would tell below.
            return Self::read(path);
        }
        key.keep_first().map_err(|e| cannot_make(path, &e))?;
        // Another program may have been first.
        Self::read(path)
    }

    /// Reads the key.
    ///
    /// # Errors
    ///
    /// [`Error::Key`] where there is none, it is damaged, or others may read it.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let fail = |source: Cause| Error::Key {
            path: path.to_owned(),
            source,
        };
        let text = files::is_ordinary(path).and_then(|()| fs::read_to_string(path));
        let text = text.map_err(|error| {
            fail(match error.kind() {
                io::ErrorKind::NotFound => {
                    "there is none; where nothing is logged yet, a first `liveness challenge` or `demo` makes it".into()
                }
                _ => format!("{error}; whoever runs liveness must be able to read it").into(),
            })
        })?;
        guarded(path).map_err(fail)?;
        let damaged = |why: String| {
            fail(format!("it is damaged ({why}); put back a copy of it, or move it and the log away to begin anew").into())
        };
        let kept: Kept = serde_json::from_str(&text).map_err(|e| damaged(e.to_string()))?;
        if kept.version > VERSION {
            return Err(fail("a newer liveness wrote it".into()));
        }
        let secret = unhex(&kept.secret).ok_or_else(|| damaged("no secret".into()))?;
        let key = Self {
            path: path.to_owned(),
            secret: SigningKey::from_bytes(&secret),
            handovers: kept.handovers,
            marks: kept.marks,
        };
        if key.public() != kept.public {
            return Err(damaged("its halves do not fit".into()));
        }
        Ok(key)
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its public half.
    pub fn public(&self) -> PublicKey {
        PublicKey::new(self.secret.verifying_key().to_bytes())
    }

    /// Every key that may have signed a log of this machine: this one, and those that led to it.
    pub fn line(&self) -> Vec<PublicKey> {
        let before = self.handovers.iter().map(|handover| handover.from);
        before.chain([self.public()]).collect()
    }

    /// Puts a new key in the place of the one that lies there now; that one says so, and is forgotten.
    ///
    /// # Errors
    ///
    /// [`Error::Key`] where the new one cannot be kept: the old one then stays.
    pub fn rotate(&mut self) -> Result<(), Error> {
        let _lock = self.lock()?;
        // Somebody else may have rotated it.
        let old = Self::read(&self.path)?;
        let secret = SigningKey::from_bytes(&entropy::secret()?);
        let (from, at) = (old.public(), record::wall_time());
        let to = PublicKey::new(secret.verifying_key().to_bytes());
        let signature = old.sign(About::Handover, &Handover::words(&from, &to, at));
        let mut new = Self { secret, ..old };
        new.handovers.push(Handover {
            from,
            to,
            at,
            signature,
        });
        new.keep()?;
        *self = new;
        Ok(())
    }

    /// Takes the key that lies there now: another program may have rotated it.
    pub(super) fn refresh(&mut self) -> Result<(), Error> {
        *self = Self::read(&self.path)?;
        Ok(())
    }

    /// Remembers that a log's key was rotated.
    pub(super) fn remember(&mut self, mark: Mark) -> Result<(), Error> {
        let _lock = self.lock()?;
        let mut new = Self::read(&self.path)?;
        (new.marks).retain(|old| old.log != mark.log && old.path != mark.path);
        new.marks.push(mark);
        new.keep()?;
        *self = new;
        Ok(())
    }

    /// What is remembered of a log, by its name or its place.
    pub(super) fn marks_of(&self, log: &str, path: &Path) -> impl Iterator<Item = &Mark> {
        let path = place(path);
        let is_of = move |mark: &&Mark| mark.log == log || mark.path == path;
        self.marks.iter().filter(is_of)
    }

    /// Whether a key was given up before another began to sign.
    pub(super) fn is_older(&self, key: &PublicKey, than: &PublicKey) -> bool {
        let line = self.line();
        let place = |key| line.iter().position(|other| other == key);
        // One that is not in the line may have followed while we looked.
        place(key).is_some_and(|key| Some(key) < place(than))
    }

    /// The handovers from `old` to this key: none where it is this key, `None` where there are none.
    pub(super) fn since(&self, old: &PublicKey) -> Option<&[Handover]> {
        if *old == self.public() {
            return Some(&[]);
        }
        let first = self.handovers.iter().position(|h| h.from == *old)?;
        self.handovers.get(first..)
    }

    /// This key's signature, in hexadecimal digits.
    pub(super) fn sign(&self, about: About, bytes: &[u8]) -> String {
        hex(&self.secret.sign(&about.message(bytes)).to_bytes())
    }

    /// The right to change the key's file: two logs, each with its own lock, may have one key.
    fn lock(&self) -> Result<Lock, Error> {
        Lock::to_write(&self.path).map_err(|error| Error::Key {
            path: self.path.clone(),
            source: error.into(),
        })
    }

    fn keep(&self) -> Result<(), Error> {
        files::sweep(&self.path);
        let kept = self.kept();
        let kept = kept.and_then(|text| files::write_whole(&self.path, &text));
        kept.map_err(|e| cannot_make(&self.path, &e))
    }

    fn kept(&self) -> io::Result<Vec<u8>> {
        let kept = Kept {
            version: VERSION,
            secret: hex(&self.secret.to_bytes()),
            public: self.public(),
            handovers: self.handovers.clone(),
            marks: self.marks.clone(),
        };
        Ok(serde_json::to_vec(&kept)?)
    }

    /// Gives the file its name unless there is one: of two programs that start at once, one makes
    /// the key of both.
    fn keep_first(&self) -> io::Result<()> {
        let folder = files::folder_of(&self.path);
        let new = folder.join(format!(
            ".{FILE}.{:016x}.new",
            u64::from_le_bytes(random()?)
        ));
        let done = files::write_private(&new, &self.kept()?).and_then(|()| {
            match fs::hard_link(&new, &self.path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
                // Some file systems have no second name for a file.
                Err(_) => fs::rename(&new, &self.path),
                done => done,
            }
        });
        let _ = fs::remove_file(&new);
        files::sync_folder(folder);
        done
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({}, {:?})", self.public(), self.path)
    }
}

/// A log's place, as it is remembered.
pub(super) fn place(log: &Path) -> String {
    let whole = fs::canonicalize(log).unwrap_or_else(|_| log.to_owned());
    whole.to_string_lossy().into_owned()
}

/// Where the key lies: in the data folder, or beside the log where there is none.
pub fn key_path(log: &Path) -> PathBuf {
    let folder = record::data_folder();
    folder
        .unwrap_or_else(|| files::folder_of(log).to_owned())
        .join(FILE)
}

/// Refuses a key that others may read: they could sign what they like.
#[cfg(unix)]
fn guarded(path: &Path) -> Result<(), Cause> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = fs::metadata(path)?.permissions().mode();
    if mode & 0o077 == 0 {
        return Ok(());
    }
    let mode = mode & 0o777;
    Err(format!("others may read it (mode {mode:o}); chmod 600 it, and `liveness key rotate` if somebody may have").into())
}

#[cfg(not(unix))]
fn guarded(_: &Path) -> Result<(), Cause> {
    Ok(())
}

fn cannot_make(path: &Path, error: &io::Error) -> Error {
    Error::Key {
        path: path.to_owned(),
        source: format!("{error}; results are signed with a key that must be kept there: make its folder writable, or set XDG_STATE_HOME to one that is").into(),
    }
}

fn random() -> io::Result<[u8; 8]> {
    let bits = entropy::bits().map_err(io::Error::other)?;
    Ok(bits.to_le_bytes())
}
