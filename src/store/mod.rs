//! The log: every result signed, each entry naming the one before, in a database or in lines.
//!
//! | file | what |
//! |---|---|
//! | `sessions.db` | entries, and their fields as tables for whoever asks in SQL |
//! | `sessions.db.head` | how far the log goes, signed: what is missing at the end is missed |
//! | `sessions.db.lock` | held by whoever writes |
//! | `log.key` | the key that signs, in the data folder; it remembers where which log's key was rotated |
//!
//! An entry's words are signed as they stand, byte for byte, with the log's random name, and the next
//! entry holds their hash. Who has neither the key nor the right to run the program as its owner cannot
//! change, remove, add or reorder an entry without [`verify()`]'s finding it; he can take away the log with
//! all that belongs to it, put back an old copy of that, or put a log and a key of his own in the place
//! of both. The results that were printed, which are entries of the log, tell the difference, and so does
//! the public key, if it is kept elsewhere.
#[cfg(test)]
mod adopted_tests;
mod contents;
mod end;
mod entry;
#[cfg(test)]
mod foreign_tests;
mod head;
mod jsonl;
mod key;
mod lock;
mod lockout;
mod log;
mod neighbours;
mod purge;
#[cfg(test)]
mod samples;
mod sqlite;
#[cfg(test)]
mod tests;
mod trouble;
mod verify;

use std::{
    fs::{self, File},
    io::{self, Read as _},
    path::{Path, PathBuf},
};

pub use self::log::{Log, would_take};
pub use contents::{Contents, Kept, last_at, read};
pub use entry::{Entry, Evidence, Gap, Sealed, Told, What, sha256, sha256_of};
pub use key::{Handover, Key, PublicKey, key_path};
pub use lockout::Lockout;
pub use purge::Purged;
pub use verify::{Finding, Report, Standing, verify, verify_own};

use jsonl::Lines;
use sqlite::Base;
use trouble::{ELSEWHERE, advice, beside, log_error, real};

use crate::{error::Error, record};

/// Name of the default log in the data folder.
const FILE: &str = "sessions.db";
/// Name of the log that was the default before there were signatures.
const OLD_FILE: &str = "sessions.jsonl";
/// What a file of the other kind begins with.
const MAGIC: &[u8] = b"SQLite format 3\0";
/// Endings of a database's name.
const ENDINGS: [&str; 3] = ["db", "sqlite", "sqlite3"];

/// Where the log lies unless told otherwise: `sessions.db` in the data folder.
pub fn default_path() -> Option<PathBuf> {
    Some(record::data_folder()?.join(FILE))
}

/// The log that an older version has left beside the default one, if there is one.
pub fn old_path() -> Option<PathBuf> {
    let path = record::data_folder()?.join(OLD_FILE);
    path.is_file().then_some(path)
}

/// Whether there is a log, or a head that misses one.
pub fn is_there(path: &Path) -> bool {
    let head = real(path).map(|path| beside(&path, "head").exists());
    path.exists() || head.unwrap_or_default()
}

/// One entry as it lies in a store, not yet read.
struct Piece {
    /// Where, for whoever looks for it.
    place: String,
    /// Byte at which it begins, in a file of lines.
    offset: u64,
    text: Vec<u8>,
    /// Whether it breaks off: whoever wrote it was killed while it did.
    unfinished: bool,
    /// What the store itself finds wrong with it.
    troubles: Vec<String>,
}

/// The last entry of a store.
enum Tail {
    Empty,
    /// Something that is no entry.
    Unsigned,
    Sealed(Box<Sealed>),
}

#[derive(Debug)]
enum Store {
    Lines(Lines),
    Base(Base),
}

impl Store {
    /// Opens it for writing; makes it where there is none. One that has `begun` holds an entry.
    fn open(path: &Path, begun: bool) -> Result<Self, Error> {
        if is_base(path)? {
            Base::open(path, begun).map(Self::Base)
        } else {
            Lines::open(path).map(Self::Lines)
        }
    }

    fn to_read(path: &Path) -> Result<Self, Error> {
        if is_base(path)? {
            Base::to_read(path).map(Self::Base)
        } else {
            Lines::to_read(path).map(Self::Lines)
        }
    }

    fn last(&self) -> Result<Tail, Error> {
        match self {
            Self::Lines(lines) => lines.last(),
            Self::Base(base) => base.last(),
        }
    }

    fn add(&mut self, entries: &[Sealed]) -> Result<(), Error> {
        match self {
            Self::Lines(lines) => lines.add(entries),
            Self::Base(base) => base.change(entries, &[]),
        }
    }

    /// Whether an entry stands anywhere in it, or something that was one.
    fn is_written(&self) -> Result<bool, Error> {
        match self {
            Self::Lines(lines) => lines.is_written(),
            Self::Base(base) => base.is_written(),
        }
    }

    /// Hands out what is there from the last entry on, until one is enough.
    fn backwards(&self, take: impl FnMut(&[u8]) -> bool) -> Result<(), Error> {
        match self {
            Self::Lines(lines) => lines.backwards(take),
            Self::Base(base) => base.backwards(take),
        }
    }

    fn pieces(&self, take: impl FnMut(Piece)) -> Result<(), Error> {
        match self {
            Self::Lines(lines) => lines.pieces(take),
            Self::Base(base) => base.pieces(take),
        }
    }
}

/// Whether the log is a database: by what it holds, or by its name where it holds nothing.
fn is_base(path: &Path) -> Result<bool, Error> {
    let mut first = [0; MAGIC.len()];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut first));
    match read {
        Ok(()) => return Ok(first == MAGIC),
        // Shorter, or not there.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            let empty = fs::metadata(path).is_ok_and(|file| file.len() == 0);
            if !empty {
                return Ok(false);
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(log_error(path, advice(&error, ELSEWHERE))),
    }
    let ending = path.extension().and_then(|ending| ending.to_str());
    Ok(ending.is_some_and(|ending| ENDINGS.contains(&ending)))
}
