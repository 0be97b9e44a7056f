//! Where a log ends, and whether that is where it was left.
use super::{Log, PublicKey, Sealed, Store, Tail, head::Head, trouble::integrity};
use crate::{error::Error, record::WallTime};

/// Where the next entry follows.
pub(super) struct Last {
    pub log: String,
    pub seq: u64,
    pub hash: String,
    pub at: Option<WallTime>,
    pub key: PublicKey,
    /// Whether unsigned lines stand there.
    pub unsigned: bool,
}

impl Log {
    /// The end of the log, if it is the one that was written.
    pub(super) fn end(&self) -> Result<Last, Error> {
        let Some(head) = Head::read(&self.path)? else {
            return Err(integrity(&self.path, "its head has gone meanwhile"));
        };
        let last = match (self.store.last()?, &self.store) {
            (Tail::Sealed(last), _) => self.follow(&head, &last)?,
            (Tail::Empty, _) if head.seq > 0 => return Err(self.cut(head.seq)),
            // Only lines may have been there before there were signatures.
            (Tail::Unsigned, Store::Lines(_)) if head.seq == 0 => self.begin(head, true)?,
            (Tail::Unsigned, _) => {
                let text = "what stands at its end is no entry of it; see `liveness log verify`, put back a copy, or begin a new log with --log PATH";
                return Err(integrity(&self.path, text));
            }
            (Tail::Empty, _) => self.begin(head, false)?,
        };
        self.is_remembered(&last)?;
        Ok(last)
    }

    fn begin(&self, head: Head, unsigned: bool) -> Result<Last, Error> {
        if self.key.since(&head.key).is_none() {
            return Err(self.foreign(&head.key));
        }
        Ok(Last {
            log: head.log,
            seq: 0,
            hash: String::new(),
            at: None,
            key: head.key,
            unsigned,
        })
    }

    fn follow(&self, head: &Head, last: &Sealed) -> Result<Last, Error> {
        let entry = &last.entry;
        let hash = last.hash();
        if entry.log != head.log {
            let text = "its head is that of another log; put the right one back, or begin a new log with --log PATH";
            return Err(integrity(&self.path, text));
        }
        if entry.seq < head.seq {
            return Err(self.cut(head.seq - entry.seq));
        }
        if !last.is_signed() || (entry.seq == head.seq && hash != head.hash) {
            let text = format!(
                "its last entry, {}, was changed; see `liveness log verify`, and begin a new log with --log PATH",
                entry.seq
            );
            return Err(integrity(&self.path, text));
        }
        if self.key.since(&entry.key).is_none() {
            return Err(self.foreign(&entry.key));
        }
        Ok(Last {
            log: entry.log.clone(),
            seq: entry.seq,
            hash,
            at: Some(entry.at),
            key: entry.key,
            unsigned: false,
        })
    }

    /// Nobody has written on with a key that was given up: the next entry would make that good.
    fn is_remembered(&self, last: &Last) -> Result<(), Error> {
        for mark in self.key.marks_of(&last.log, &self.path) {
            if mark.log == last.log && last.seq < mark.seq {
                return Err(self.cut(mark.seq - last.seq));
            }
            let same = mark.seq != last.seq || mark.hash == last.hash;
            if (mark.log == last.log && !same) || self.key.is_older(&last.key, &mark.key) {
                let text = "it is not the one whose key was rotated here, or somebody wrote on with the key that was given up; see `liveness log verify`, and begin a new log with --log PATH";
                return Err(integrity(&self.path, text));
            }
        }
        Ok(())
    }

    fn cut(&self, missing: u64) -> Error {
        let text = format!(
            "{missing} entries at its end are missing or damaged; see `liveness log verify`, put back a copy, or begin a new log with --log PATH"
        );
        integrity(&self.path, text)
    }

    pub(super) fn foreign(&self, signer: &PublicKey) -> Error {
        let text = format!(
            "{signer} signed it, and the key in {} is {}; put the right key back, or begin a new log with --log PATH",
            self.key.path().display(),
            self.key.public()
        );
        integrity(&self.path, text)
    }
}
