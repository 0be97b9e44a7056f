//! The key that signs the log. The only folder that names ed25519-dalek.
mod public;

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
};

use ed25519_dalek::{Signer as _, SigningKey};
use serde::{Deserialize, Serialize};

pub(super) use public::{About, hex};
pub use public::{Handover, PublicKey};

use public::unhex;

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
}

/// What the key's file holds.
#[derive(Serialize, Deserialize)]
struct Kept {
    version: u32,
    secret: String,
    public: PublicKey,
    handovers: Vec<Handover>,
}

impl Key {
    /// Reads the key; makes one where there is none.
    ///
    /// # Errors
    ///
    /// [`Error::Key`] where it cannot be made or read, is damaged, or others may read it.
    pub fn open(path: &Path) -> Result<Self, Error> {
        match fs::symlink_metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            _ => return Self::read(path),
        }
        let key = Self {
            path: path.to_owned(),
            secret: SigningKey::from_bytes(&entropy::secret()?),
            handovers: vec![],
        };
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
        let text = fs::read_to_string(path).map_err(|error| {
            fail(match error.kind() {
                io::ErrorKind::NotFound => {
                    "there is none yet; a first `liveness challenge` or `demo` makes it".into()
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

    /// Puts a new key in this one's place; this one says so, and is forgotten.
    ///
    /// # Errors
    ///
    /// [`Error::Key`] where the new one cannot be kept: the old one then stays.
    pub fn rotate(&mut self) -> Result<(), Error> {
        let secret = SigningKey::from_bytes(&entropy::secret()?);
        let (from, at) = (self.public(), record::wall_time());
        let to = PublicKey::new(secret.verifying_key().to_bytes());
        let signature = self.sign(About::Handover, &Handover::words(&from, &to, at));
        let mut handovers = self.handovers.clone();
        handovers.push(Handover {
            from,
            to,
            at,
            signature,
        });
        let new = Self {
            path: self.path.clone(),
            secret,
            handovers,
        };
        let kept = new
            .kept()
            .and_then(|text| files::write_whole(&new.path, &text));
        kept.map_err(|e| cannot_make(&self.path, &e))?;
        *self = new;
        Ok(())
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

    fn kept(&self) -> io::Result<Vec<u8>> {
        let kept = Kept {
            version: VERSION,
            secret: hex(&self.secret.to_bytes()),
            public: self.public(),
            handovers: self.handovers.clone(),
        };
        Ok(serde_json::to_vec(&kept)?)
    }

    /// Gives the file its name unless there is one: of two programs that start at once, one makes
    /// the key of both.
    fn keep_first(&self) -> io::Result<()> {
        let folder = files::folder_of(&self.path);
        files::make_private_folder(folder)?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_only_its_owner_reads_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("deep/log.key");
        let first = Key::open(&path).unwrap().public();
        assert_eq!(Key::open(&path).unwrap().public(), first);
        assert_eq!(first.to_string().parse(), Ok(first));
        assert_eq!(fs::read_dir(dir.path().join("deep")).unwrap().count(), 1);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode(&path), 0o600);
            fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
            let text = Key::open(&path).unwrap_err().to_string();
            assert!(text.contains("chmod 600"), "{text}");
        }
    }

    #[test]
    fn programs_that_start_at_once_have_one_key() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log.key");
        let open = || Key::open(&path).unwrap().public();
        let keys = std::thread::scope(|scope| {
            let threads = [0; 8].map(|_| scope.spawn(open));
            threads.map(|thread| thread.join().unwrap())
        });
        assert_eq!(keys, [open(); 8]);
    }

    #[test]
    fn a_key_hands_over_to_the_next() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log.key");
        let mut key = Key::open(&path).unwrap();
        let old = key.public();
        key.rotate().unwrap();
        key.rotate().unwrap();
        let key = Key::read(&path).unwrap();
        let led = key.since(&old).unwrap();
        assert_eq!((led.len(), led[1].to), (2, key.public()));
        assert!(led.iter().all(Handover::is_signed));
        assert_eq!(key.since(&key.public()), Some(&[][..]));
        let forged = Handover {
            to: old,
            ..led[0].clone()
        };
        assert!(!forged.is_signed());
    }

    #[test]
    fn a_signature_fits_its_bytes_its_purpose_and_its_key() {
        let dir = tempfile::tempdir().unwrap();
        let key = Key::open(&dir.path().join("a")).unwrap();
        let other = Key::open(&dir.path().join("b")).unwrap();
        let signature = key.sign(About::Entry, b"x");
        assert!(key.public().signed(About::Entry, b"x", &signature));
        assert!(!key.public().signed(About::Entry, b"y", &signature));
        assert!(!key.public().signed(About::Head, b"x", &signature));
        assert!(!other.public().signed(About::Entry, b"x", &signature));
        assert!(
            !key.public()
                .signed(About::Entry, b"x", &signature.to_uppercase())
        );
    }

    #[test]
    fn a_damaged_key_says_what_to_do() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log.key");
        files::write_private(&path, b"{\"version\":1}").unwrap();
        let text = Key::open(&path).unwrap_err().to_string();
        assert!(text.contains("damaged"), "{text}");
        assert!("ed25519:00".parse::<PublicKey>().is_err());
    }
}
