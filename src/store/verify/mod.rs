//! Is the log the one that was written? Names each record that is not.
#[cfg(test)]
mod tests;
mod walk;

use std::{collections::BTreeMap, path::Path};

use super::{
    Store, Tail,
    entry::{Gap, Sealed},
    head::Head,
    key::{Key, PublicKey},
    lock::Lock,
    neighbours::{is_not_cut, is_ordinary},
    trouble::{integrity, real},
};
use crate::error::Error;
use walk::Walk;

/// Something that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Where: a record's number, a line, or the log as a whole.
    pub place: String,
    /// What is wrong there.
    pub trouble: String,
}

/// What came of looking at a log.
#[derive(Debug, Default)]
pub struct Report {
    /// Entries whose signature fits.
    pub entries: u64,
    /// Sessions among them.
    pub sessions: u64,
    /// Lines from before there were signatures.
    pub unsigned: u64,
    /// Entries that a purge has taken away, and said so.
    pub purged: u64,
    /// Whether the log ends with an entry that was never finished, nor acknowledged: whoever wrote it was
    /// killed. The next one takes it away.
    pub unfinished: bool,
    /// The log's own random name.
    pub log: Option<String>,
    /// The key that signed last.
    pub key: Option<PublicKey>,
    /// Number and hash of the last entry.
    pub last: Option<(u64, String)>,
    /// What is wrong; empty where all is well.
    pub findings: Vec<Finding>,
    /// Hash of each entry whose signature fits.
    hashes: BTreeMap<u64, String>,
    /// What is not there any more, as the log itself says.
    gaps: Vec<Gap>,
}

/// Where an entry stands that somebody has kept elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// In the log, to the letter.
    There,
    /// Its number was purged; whether it had that number nobody can say any more.
    Purged,
    /// Not in the log: it is not the log that it was written to, or the log was put back or cut.
    Missing,
}

/// Looks at every entry of a log: its signature, its place in the chain, its columns, and whether the
/// last one is there. One of `keys` must have signed it, or have handed over to the key that did.
///
/// # Errors
///
/// [`Error::Log`] where there is no log, or it cannot be read; what is wrong with it is in the report.
pub fn verify(path: &Path, keys: &[PublicKey]) -> Result<Report, Error> {
    let path = &real(path)?;
    // That another program holds it for long is nothing wrong with it.
    let lock = Lock::to_read(path)?;
    match Snapshot::under(lock, path) {
        Ok(snapshot) => snapshot.examine(keys),
        // There was a log.
        Err((Some(head), _)) if !path.exists() => {
            let mut report = Report::default();
            report.miss(1, head.seq);
            Ok(report)
        }
        // There is one that can no longer be read as one.
        Err((_, Error::Integrity { source, .. })) => {
            let mut report = Report::default();
            report.find("the log", source.to_string());
            Ok(report)
        }
        // Nor is it known whether it is the one that was written.
        Err((_, error)) => Err(error),
    }
}

/// The same by this machine's own key, which knows more: an entry by which that key was rotated is missed,
/// and so is what it signed, where somebody writes on with a key that was given up.
///
/// # Errors
///
/// As [`verify`].
pub fn verify_own(path: &Path, key: &Key) -> Result<Report, Error> {
    let mut report = verify(path, &key.line())?;
    let (Some(log), Some(last)) = (report.log.clone(), report.key) else {
        return Ok(report);
    };
    for mark in key.marks_of(&log, &real(path)?) {
        let there = report.hashes.get(&mark.seq) == Some(&mark.hash);
        if mark.log == log && !there {
            let place = format!("record {}", mark.seq);
            let text = "by it this machine's key was rotated, and it is not there as it was";
            report.find(&place, text);
        }
        if key.is_older(&last, &mark.key) {
            let text = format!(
                "{last} signed it last, which was given up when the key of this log was rotated"
            );
            report.find("the log", text);
        }
    }
    Ok(report)
}

/// What a log and its head hold at one moment. Who writes waits only until it is taken.
pub(super) struct Snapshot {
    store: Store,
    head: Result<Option<Head>, Error>,
}

impl Snapshot {
    /// Takes it, or says why not, and what the head says of a log that is not there.
    #[expect(clippy::result_large_err, reason = "the head goes with the error once")]
    pub(super) fn of(path: &Path) -> Result<Self, (Option<Head>, Error)> {
        let path = &real(path).map_err(|error| (None, error))?;
        let lock = Lock::to_read(path).map_err(|error| (None, error))?;
        Self::under(lock, path)
    }

    /// The same of the file itself, under a lock that is given back.
    #[expect(clippy::result_large_err, reason = "the head goes with the error once")]
    fn under(_lock: Lock, path: &Path) -> Result<Self, (Option<Head>, Error)> {
        // First: what is written meanwhile, where there are no locks, is then only more than it tells of.
        let head = Head::read(path);
        let fits = is_ordinary(path).and_then(|()| is_not_cut(path));
        let store = fits.and_then(|()| Store::to_read(path));
        match store {
            Ok(store) => Ok(Self { store, head }),
            Err(error) => match head {
                // There was one, if nobody can say how long.
                Err(error) if !path.exists() => Err((None, error)),
                Ok(Some(head)) if head.seq > 0 => Err((Some(head), error)),
                _ => Err((None, error)),
            },
        }
    }

    /// Whether there is a head, be it damaged.
    pub(super) fn has_head(&self) -> bool {
        !matches!(self.head, Ok(None))
    }

    /// Of the entries that were acknowledged one is there.
    pub(super) fn is_not_emptied(&self, path: &Path) -> Result<(), Error> {
        let seq = match &self.head {
            Ok(Some(head)) if head.seq > 0 => head.seq,
            _ => return Ok(()),
        };
        let is_empty = match (&self.store, self.store.last()) {
            (_, Ok(Tail::Empty)) => true,
            // Rows may be left that belong to no entry.
            (Store::Base(base), Ok(Tail::Unsigned)) => {
                let mut is_empty = true;
                base.backwards(|_| {
                    is_empty = false;
                    false
                })?;
                is_empty
            }
            // What else is wrong is said by whoever reads on.
            _ => false,
        };
        if !is_empty {
            return Ok(());
        }
        let text =
            format!("its {seq} entries are missing; see `liveness log verify`, or put back a copy");
        Err(integrity(path, text))
    }

    /// What is kept.
    pub(super) fn store(&self) -> &Store {
        &self.store
    }

    /// Looks at every entry.
    pub(super) fn examine(self, keys: &[PublicKey]) -> Result<Report, Error> {
        let mut walk = Walk::default();
        // Nothing was ever acknowledged.
        let is_new = matches!(&self.head, Ok(Some(head)) if head.seq == 0);
        match &self.store {
            Store::Lines(lines) => {
                lines.pieces(|piece| walk.take(&piece))?;
                walk.settle_adopted(is_new, |bytes| lines.beginning(bytes))?;
            }
            Store::Base(base) => {
                for trouble in base.checked(|piece| walk.take(&piece)) {
                    walk.report.find("the database", trouble);
                }
            }
        }
        walk.settle_gaps();
        match self.head {
            Ok(Some(head)) => walk.settle_head(&head),
            Ok(None) if walk.is_bare() => {
                let text = "it holds nothing and its .head is missing: it was emptied, or its very first start was cut short, and then the next one sets it right";
                walk.report.find("the log", text);
            }
            Ok(None) => {
                let text =
                    "its .head is missing: whether records are missing at the end cannot be told";
                walk.report.find("the log", text);
            }
            Err(error) => walk.report.find("the log", error.to_string()),
        }
        walk.settle_key(keys);
        Ok(walk.report)
    }
}

impl Report {
    /// Whether the log is the one that was written.
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty()
    }

    /// Where an entry stands that was printed when it was written.
    pub fn standing(&self, sealed: &Sealed) -> Standing {
        let seq = sealed.entry.seq;
        let purged = |gap: &Gap| (gap.from..=gap.to).contains(&seq);
        match self.hashes.get(&seq) {
            Some(hash) if *hash == sealed.hash() => Standing::There,
            None if self.gaps.iter().any(purged) => Standing::Purged,
            _ => Standing::Missing,
        }
    }

    /// Names records that are not there.
    fn miss(&mut self, from: u64, to: u64) {
        let place = match from == to {
            true => format!("record {from}"),
            false => format!("records {from} to {to}"),
        };
        self.find(&place, "missing");
    }

    fn find(&mut self, place: &str, trouble: impl Into<String>) {
        self.findings.push(Finding {
            place: place.to_owned(),
            trouble: trouble.into(),
        });
    }
}
