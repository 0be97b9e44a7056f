//! The log: every result signed, each entry naming the one before, in a database or in lines.
//!
//! | file | what |
//! |---|---|
//! | `sessions.db` | entries, and their fields as tables for whoever asks in SQL |
//! | `sessions.db.head` | how far the log goes, signed: what is missing at the end is missed |
//! | `sessions.db.lock` | held by whoever writes |
//! | `log.key` | the key that signs, in the data folder |
//!
//! An entry's words are signed as they stand, byte for byte, and the next entry holds their hash.
//! Who has neither the key nor the right to run the program as its owner cannot change, remove, add
//! or reorder an entry without [`verify()`]'s finding it. Who has both can write another log that
//! verifies; then the results that were printed, which are entries of the log, tell the difference.
mod contents;
mod end;
mod entry;
mod head;
mod jsonl;
mod key;
mod lockout;
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

pub use contents::{Contents, Kept, last_at, read};
pub use entry::{Entry, Evidence, Gap, Sealed, Told, What, sha256, sha256_of};
pub use key::{Handover, Key, PublicKey, key_path};
pub use lockout::{Lockout, Past};
pub use purge::Purged;
pub use verify::{Finding, Report, Standing, verify};

use head::{Head, Lock};
use jsonl::Lines;
use sqlite::Base;
use trouble::{ELSEWHERE, advice, integrity, log_error};

use crate::{
    error::Error,
    files,
    record::{self, SessionRecord},
};

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
    /// Opens it for writing; makes it where there is none.
    fn open(path: &Path) -> Result<Self, Error> {
        if is_base(path)? {
            Base::open(path).map(Self::Base)
        } else {
            Lines::open(path).map(Self::Lines)
        }
    }

    fn to_read(path: &Path) -> Result<Self, Error> {
        if is_base(path)? {
            Base::to_read(path).map(Self::Base)
        } else {
            Ok(Self::Lines(Lines::there(path)))
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

/// A log that is written.
#[derive(Debug)]
pub struct Log {
    path: PathBuf,
    key: Key,
    store: Store,
    /// Wall time; tests set it back.
    clock: fn() -> record::WallTime,
}

impl Log {
    /// Opens a log for writing and proves that it can be written and goes on where it ended; makes it,
    /// its key and the folders above them where there are none.
    ///
    /// # Errors
    ///
    /// [`Error::Log`] where it cannot be written, [`Error::Key`] without a key, [`Error::Integrity`]
    /// where its end is not the one that was written.
    pub fn open(path: &Path, key: &Path) -> Result<Self, Error> {
        let fail = |error: io::Error| log_error(path, advice(&error, ELSEWHERE));
        let folder = files::folder_of(path);
        fs::create_dir_all(folder).map_err(fail)?;
        if let Ok(there) = fs::metadata(path)
            && !there.is_file()
        {
            let kind = if there.is_dir() {
                io::ErrorKind::IsADirectory
            } else {
                io::ErrorKind::InvalidInput
            };
            return Err(fail(kind.into()));
        }
        let _lock = Lock::to_write(path)?;
        let head = Head::read(path)?;
        if let Some(head) = head.as_ref().filter(|head| head.seq > 0)
            && !path.exists()
        {
            let text = format!(
                "it is gone, {} entries of it; put it back, or remove {}.head too to begin anew",
                head.seq,
                path.display()
            );
            return Err(integrity(path, text));
        }
        let store = Store::open(path)?;
        let log = Self {
            path: path.to_owned(),
            key: Key::open(key)?,
            store,
            clock: record::wall_time,
        };
        if head.is_none() {
            if let Tail::Sealed(_) = log.store.last()? {
                let text = format!(
                    "{}.head is missing, which says how far it goes; put it back, or begin a new log with --log PATH",
                    path.display()
                );
                return Err(integrity(path, text));
            }
            Head::new(0, String::new(), &log.key).write(path)?;
        }
        log.end()?;
        Ok(log)
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The key that signs it.
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// Whether it holds no entry yet.
    ///
    /// # Errors
    ///
    /// [`Error::Log`] where it cannot be read.
    pub fn is_empty(&self) -> Result<bool, Error> {
        Ok(matches!(self.store.last()?, Tail::Empty))
    }

    /// Appends one session and waits until the disk has it; gives the entry, to be shown.
    ///
    /// # Errors
    ///
    /// [`Error::Log`] where the disk did not take it, [`Error::Integrity`] where the log's end is not
    /// the one that was written.
    pub fn append(&mut self, record: &SessionRecord, evidence: Evidence) -> Result<Sealed, Error> {
        let told = Box::new(Told {
            record: record.clone(),
            evidence,
        });
        let mut sealed = self.write(vec![What::Session(told)])?;
        sealed
            .pop()
            .ok_or_else(|| integrity(&self.path, "nothing was written"))
    }

    /// Takes in the sessions of an older log, which nobody signed.
    ///
    /// # Errors
    ///
    /// As [`Log::append`].
    pub fn import(&mut self, records: Vec<SessionRecord>) -> Result<(), Error> {
        let whats = records.into_iter().map(|r| What::Imported(Box::new(r)));
        self.write(whats.collect()).map(drop)
    }

    /// Puts a new key in place of the one that signs; the log's next entry says so.
    ///
    /// # Errors
    ///
    /// As [`Log::append`]; [`Error::Key`] where the new key cannot be kept.
    pub fn rotate(&mut self) -> Result<(), Error> {
        self.key.rotate()?;
        self.write(vec![]).map(drop)
    }

    /// How sessions ended lately, oldest first; `rehearsal` says which of them may have failed.
    ///
    /// # Errors
    ///
    /// [`Error::Log`] where it cannot be read.
    pub fn past(&self, rehearsal: bool) -> Result<Vec<Past>, Error> {
        let recent = match &self.store {
            Store::Lines(lines) => lines.recent(lockout::BYTES)?,
            Store::Base(base) => base.recent(lockout::ENTRIES)?,
        };
        let past = recent
            .iter()
            .filter_map(|sealed| Past::of(sealed, rehearsal));
        Ok(past.collect())
    }

    /// Writes entries, all or none, in the order in which they are given.
    fn write(&mut self, whats: Vec<What>) -> Result<Vec<Sealed>, Error> {
        let _lock = Lock::to_write(&self.path)?;
        let sealed = self.seal(whats)?;
        if let Some(last) = sealed.last() {
            self.store.add(&sealed)?;
            self.acknowledge(last)?;
        }
        Ok(sealed)
    }

    /// Notes that the log goes as far as `last`.
    fn acknowledge(&self, last: &Sealed) -> Result<(), Error> {
        Head::new(last.entry.seq, last.hash(), &self.key).write(&self.path)
    }

    /// Signs entries that follow what is there, and before them what must be said first.
    fn seal(&self, whats: Vec<What>) -> Result<Vec<Sealed>, Error> {
        let mut last = self.end()?;
        let mut all = vec![];
        if let (Store::Lines(lines), true) = (&self.store, last.unsigned) {
            all.extend(lines.adoption()?);
        }
        // Whoever wrote the last entry, or the log's beginning, must have handed over to our key.
        match self.key.since(&last.key) {
            Some([]) => {}
            Some(handovers) => all.push(What::Rotated {
                handovers: handovers.to_vec(),
            }),
            None => return Err(self.foreign(&last.key)),
        }
        all.extend(whats);
        let mut sealed = vec![];
        for what in all {
            let at = (self.clock)();
            let entry = Entry {
                what,
                seq: last.seq + 1,
                prev: last.hash,
                at,
                clock_went_back: last.at.is_some_and(|before| at < before),
                key: self.key.public(),
            };
            let new = Sealed::new(entry, &self.key).map_err(|e| log_error(&self.path, e))?;
            last.seq += 1;
            last.hash = new.hash();
            last.at = Some(at);
            sealed.push(new);
        }
        Ok(sealed)
    }
}
