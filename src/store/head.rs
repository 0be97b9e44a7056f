//! Beside each log: how far it goes, signed, and a lock for who writes.
use std::{
    fs::{File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use serde::{Deserialize, Serialize};

use super::{
    key::{About, Key, PublicKey},
    trouble::{ELSEWHERE, advice, integrity, log_error},
};
use crate::{error::Error, files};

/// How long another program may hold the log: it writes one entry.
const PATIENCE: u32 = 500;
/// From one look at the lock to the next.
const PAUSE: Duration = Duration::from_millis(20);

/// The last entry that was acknowledged. The log holds this one, and those after it that were written
/// but not yet acknowledged: what is missing at the end is missed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Head {
    /// Number of the entry; 0 where there is none yet.
    pub seq: u64,
    /// Its hash.
    pub hash: String,
    /// Who says so.
    pub key: PublicKey,
    sig: String,
}

impl Head {
    pub(super) fn new(seq: u64, hash: String, key: &Key) -> Self {
        let sig = key.sign(About::Head, &words(seq, &hash));
        Self {
            seq,
            hash,
            key: key.public(),
            sig,
        }
    }

    pub(super) fn is_signed(&self) -> bool {
        let words = words(self.seq, &self.hash);
        self.key.signed(About::Head, &words, &self.sig)
    }

    /// The head of a log; `None` where there is none.
    ///
    /// # Errors
    ///
    /// [`Error::Integrity`] where it is damaged or its signature does not fit.
    pub(super) fn read(log: &Path) -> Result<Option<Self>, Error> {
        let path = beside(log, "head");
        let bytes = match std::fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            read => read.map_err(|e| log_error(&path, advice(&e, "")))?,
        };
        let head: Option<Self> = serde_json::from_slice(&bytes).ok();
        match head.filter(Self::is_signed) {
            Some(head) => Ok(Some(head)),
            None => Err(integrity(log, format!("{} was changed", path.display()))),
        }
    }

    pub(super) fn write(&self, log: &Path) -> Result<(), Error> {
        let path = beside(log, "head");
        let written = serde_json::to_vec(self)
            .map_err(io::Error::from)
            .and_then(|bytes| files::write_whole(&path, &bytes));
        written.map_err(|e| log_error(&path, advice(&e, ELSEWHERE)))
    }
}

fn words(seq: u64, hash: &str) -> Vec<u8> {
    format!("{seq}\n{hash}").into_bytes()
}

/// The file that belongs to a log: its name, and an ending more.
fn beside(log: &Path, ending: &str) -> PathBuf {
    let mut name = log.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    name.into()
}

/// The right to write a log, or to read it while nobody does. Ends with the process, however that ends.
#[derive(Debug)]
pub(super) struct Lock {
    _file: Option<File>,
}

impl Lock {
    /// Waits for the right to write.
    pub(super) fn to_write(log: &Path) -> Result<Self, Error> {
        let path = beside(log, "lock");
        let file = (OpenOptions::new().create(true).truncate(false).write(true))
            .open(&path)
            .map_err(|e| log_error(&path, advice(&e, ELSEWHERE)))?;
        wait(log, || file.try_lock())?;
        Ok(Self { _file: Some(file) })
    }

    /// Waits until nobody writes. A log that has no lock, or none that we may open, is nobody's.
    pub(super) fn to_read(log: &Path) -> Result<Self, Error> {
        let Ok(file) = File::open(beside(log, "lock")) else {
            return Ok(Self { _file: None });
        };
        wait(log, || file.try_lock_shared())?;
        Ok(Self { _file: Some(file) })
    }
}

fn wait(log: &Path, lock: impl Fn() -> Result<(), TryLockError>) -> Result<(), Error> {
    for _ in 0..PATIENCE {
        match lock() {
            Ok(()) => return Ok(()),
            // Nothing comes: a wait.
            Err(TryLockError::WouldBlock) => {
                let _ = crossbeam_channel::never::<()>().recv_timeout(PAUSE);
            }
            // Some file systems have no locks. Two programs on one log are then the caller's care.
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
                return Ok(());
            }
            Err(TryLockError::Error(error)) => {
                return Err(log_error(log, advice(&error, ELSEWHERE)));
            }
        }
    }
    let text = "another program holds it and does not let go; end that one, or name another log with --log PATH";
    Err(log_error(log, text.into()))
}
