//! A log that is written.
use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{
    Base, Store, Tail,
    entry::{Entry, Evidence, Sealed, Told, What},
    head::Head,
    is_base,
    key::{Key, Mark, place},
    lock::Lock,
    neighbours::{is_no_part, is_not_cut, is_ordinary},
    trouble::{ELSEWHERE, advice, integrity, log_error, real},
};
use crate::{
    error::Error,
    files::{self, Staged},
    record::{self, SessionRecord},
};

/// A log that is written.
#[derive(Debug)]
pub struct Log {
    pub(super) path: PathBuf,
    pub(super) key: Key,
    pub(super) store: Store,
    /// Wall time; tests set it back.
    pub(super) clock: fn() -> record::WallTime,
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
        let path = &real(path)?;
        is_no_part(path)?;
        files::make_private_folder(files::folder_of(path))
            .map_err(|error| log_error(path, advice(&error, ELSEWHERE)))?;
        is_ordinary(path)?;
        let _lock = Lock::to_write(path)?;
        Head::sweep(path);
        let head = Head::read(path)?;
        is_not_gone(path, head.as_ref())?;
        is_not_cut(path)?;
        has_its_key(head.is_some(), key)?;
        let store = Store::open(path, head.as_ref().is_some_and(|head| head.seq > 0))?;
        if head.is_none() {
            // Before a key is made for it.
            is_free(&store, path)?;
        }
        let log = Self {
            path: path.clone(),
            store,
            key: Key::open(key)?,
            clock: record::wall_time,
        };
        if head.is_none() {
            let first = Head::first(&log.key)?.stage(path)?;
            first
                .commit()
                .map_err(|error| log_error(path, advice(&error, ELSEWHERE)))?;
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
    /// the one that was written. The session is then not in the log.
    pub fn append(&mut self, record: &SessionRecord, evidence: Evidence) -> Result<Sealed, Error> {
        let told = Box::new(Told {
            record: record.clone(),
            evidence,
        });
        let _lock = self.lock()?;
        let mut sealed = self.write(vec![What::Session(told)])?;
        sealed
            .pop()
            .ok_or_else(|| integrity(&self.path, "nothing was written"))
    }

    /// Takes in the sessions of an older log, which nobody signed, unless there is an entry already: of
    /// two programs that start at once one does so. Says whether it did.
    ///
    /// # Errors
    ///
    /// As [`Log::append`].
    pub fn import(&mut self, records: Vec<SessionRecord>) -> Result<bool, Error> {
        let whats = records.into_iter().map(|r| What::Imported(Box::new(r)));
        let _lock = self.lock()?;
        if !self.is_empty()? {
            return Ok(false);
        }
        self.write(whats.collect()).map(|_| true)
    }

    /// Puts a new key in place of the one that signs; the log's next entry says so.
    ///
    /// # Errors
    ///
    /// As [`Log::append`]; [`Error::Key`] where the new key cannot be kept.
    pub fn rotate(&mut self) -> Result<(), Error> {
        let _lock = self.lock()?;
        // A log that takes no entry keeps its key.
        self.end()?;
        self.key.rotate()?;
        self.write(vec![]).map(drop)
    }

    /// The right to write, with the key that signs by then: somebody may have rotated it.
    pub(super) fn lock(&mut self) -> Result<Lock, Error> {
        let lock = Lock::to_write(&self.path)?;
        self.key.refresh()?;
        Ok(lock)
    }

    /// Writes entries, all or none, in the order in which they are given.
    pub(super) fn write(&mut self, whats: Vec<What>) -> Result<Vec<Sealed>, Error> {
        let sealed = self.seal(whats)?;
        if let Some(head) = self.head_of(&sealed)? {
            self.store.add(&sealed)?;
            self.acknowledge(head, &sealed);
        }
        Ok(sealed)
    }

    /// The head that the log has after these entries, on the disk but for its name.
    pub(super) fn head_of(&self, sealed: &[Sealed]) -> Result<Option<Staged>, Error> {
        let last = sealed.last().map(|last| {
            let log = last.entry.log.clone();
            Head::new(log, last.entry.seq, last.hash(), &self.key).stage(&self.path)
        });
        last.transpose()
    }

    /// Notes that the log goes as far as `head` says, with these entries. They are in it, whatever happens.
    pub(super) fn acknowledge(&mut self, head: Staged, sealed: &[Sealed]) {
        if let Err(error) = head.commit() {
            log::error!(
                "log {}: what was just written is in it, but its head could not be renamed ({error}): until the next one is, nobody would miss it",
                self.path.display()
            );
        }
        for rotated in sealed {
            if let What::Rotated { .. } = rotated.entry.what {
                let mark = Mark {
                    log: rotated.entry.log.clone(),
                    path: place(&self.path),
                    seq: rotated.entry.seq,
                    hash: rotated.hash(),
                    key: rotated.entry.key,
                };
                if let Err(error) = self.key.remember(mark) {
                    log::warn!(
                        "that the key of this log was rotated is not remembered beside the key: {error}"
                    );
                }
            }
        }
    }

    /// Signs entries that follow what is there, and before them what must be said first.
    pub(super) fn seal(&self, whats: Vec<What>) -> Result<Vec<Sealed>, Error> {
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
                log: last.log.clone(),
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

/// Whether a log would take a result now, as far as can be told without making or writing anything. Of
/// a log that is not there yet: whether one may be made, but not whether its folder can be written.
///
/// # Errors
///
/// As [`Log::open`].
pub fn would_take(path: &Path, key: &Path) -> Result<(), Error> {
    let path = &real(path)?;
    is_ordinary(path)?;
    is_no_part(path)?;
    Lock::place(path)?;
    let _lock = Lock::to_read(path)?;
    let head = Head::read(path)?;
    is_not_gone(path, head.as_ref())?;
    is_not_cut(path)?;
    if !path.exists() {
        // The first result makes both.
        return match files::may_be_there(key) {
            true => Key::read(key).map(drop),
            false => Ok(()),
        };
    }
    (fs::OpenOptions::new().append(true).open(path))
        .map_err(|error| log_error(path, advice(&error, ELSEWHERE)))?;
    let store = match is_base(path)? {
        true => Store::Base(Base::to_look(path)?),
        false => Store::to_read(path)?,
    };
    if let Store::Base(base) = &store
        && !base.is_empty()?
    {
        base.is_ours()?;
    }
    if head.is_none() {
        is_free(&store, path)?;
        if !files::may_be_there(key) {
            // The first result makes it.
            return Ok(());
        }
    }
    has_its_key(true, key)?;
    let log = Log {
        path: path.clone(),
        store,
        key: Key::read(key)?,
        clock: record::wall_time,
    };
    match head {
        Some(_) => log.end().map(drop),
        None => Ok(()),
    }
}

/// A log that is there was signed by a key that must be there, too: a new one would not fit.
fn has_its_key(is_signed: bool, key: &Path) -> Result<(), Error> {
    if is_signed && !files::may_be_there(key) {
        let source = "it is missing, and signs the log that is there; put the right key back, or begin a new log with --log PATH";
        return Err(Error::Key {
            path: key.to_owned(),
            source: source.into(),
        });
    }
    Ok(())
}

/// Whether a file without a head may become a log: nothing is written to one of something else, and with a new
/// head a log that has lost its own could be cut anywhere.
fn is_free(store: &Store, path: &Path) -> Result<(), Error> {
    if let Store::Lines(lines) = store
        && lines.is_foreign()?
    {
        let text = "there is something in it, and no result of a session; name another file with --log PATH";
        return Err(log_error(path, text.into()));
    }
    if !store.is_written()? {
        return Ok(());
    }
    let text = format!(
        "{}.head is missing, which says how far it goes; put it back, or begin a new log with --log PATH",
        path.display()
    );
    Err(integrity(path, text))
}

/// Entries that were acknowledged are somewhere.
pub(super) fn is_not_gone(path: &Path, head: Option<&Head>) -> Result<(), Error> {
    match head {
        Some(head) if head.seq > 0 && !path.exists() => {
            let text = format!(
                "it is gone, {} entries of it; put it back, or remove {}.head too to begin anew",
                head.seq,
                path.display()
            );
            Err(integrity(path, text))
        }
        _ => Ok(()),
    }
}
