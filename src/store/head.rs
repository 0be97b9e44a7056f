//! Beside each log: how far it goes, signed.
use std::{io, path::Path};

use serde::{Deserialize, Serialize};

use super::{
    key::{About, Key, PublicKey, hex},
    trouble::{ELSEWHERE, advice, belonging, beside, integrity, log_error},
};
use crate::{
    entropy,
    error::Error,
    files::{self, Staged},
};

/// The last entry that was acknowledged. The log holds this one, and those after it that were written
/// but not yet acknowledged: what is missing at the end is missed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Head {
    /// The log's own random name.
    pub log: String,
    /// Number of the entry; 0 where there is none yet.
    pub seq: u64,
    /// Its hash.
    pub hash: String,
    /// Who says so.
    pub key: PublicKey,
    sig: String,
}

impl Head {
    /// The head of a log that begins. Its name is random: otherwise the first head of all logs of a key
    /// would be the same, and fit each of them whatever was cut away.
    pub(super) fn first(key: &Key) -> Result<Self, Error> {
        let bits = entropy::secret()?;
        let (name, _) = bits.split_at(16);
        Ok(Self::new(hex(name), 0, String::new(), key))
    }

    pub(super) fn new(log: String, seq: u64, hash: String, key: &Key) -> Self {
        let sig = key.sign(About::Head, &words(&log, seq, &hash));
        let key = key.public();
        Self {
            log,
            seq,
            hash,
            key,
            sig,
        }
    }

    pub(super) fn is_signed(&self) -> bool {
        let words = words(&self.log, self.seq, &self.hash);
        self.key.signed(About::Head, &words, &self.sig)
    }

    /// The head of a log; `None` where there is none.
    ///
    /// # Errors
    ///
    /// [`Error::Integrity`] where it is damaged or its signature does not fit.
    pub(super) fn read(log: &Path) -> Result<Option<Self>, Error> {
        let path = beside(log, "head");
        let bytes = match files::is_ordinary(&path).and_then(|()| std::fs::read(&path)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            read => read.map_err(|e| log_error(&path, belonging(&e)))?,
        };
        let head: Option<Self> = serde_json::from_slice(&bytes).ok();
        match head.filter(Self::is_signed) {
            Some(head) => Ok(Some(head)),
            None => Err(integrity(log, format!("{} was changed", path.display()))),
        }
    }

    /// Writes it down to the last byte, but for its name: that it cannot be written is found out before
    /// the log says more than it does.
    pub(super) fn stage(&self, log: &Path) -> Result<Staged, Error> {
        let path = beside(log, "head");
        let staged = serde_json::to_vec(self)
            .map_err(io::Error::from)
            .and_then(|bytes| Staged::new(&path, &bytes));
        staged.map_err(|e| log_error(&path, advice(&e, ELSEWHERE)))
    }

    /// Deletes what those have left who were killed while they wrote a log or its head.
    pub(super) fn sweep(log: &Path) {
        files::sweep(log);
        files::sweep(&beside(log, "head"));
    }
}

fn words(log: &str, seq: u64, hash: &str) -> Vec<u8> {
    format!("{log}\n{seq}\n{hash}").into_bytes()
}
