//! Where a log ends, and whether that is where it was left.
use super::{Log, PublicKey, Sealed, Tail, head::Head, trouble::integrity};
use crate::{error::Error, record::WallTime};

/// Where the next entry follows.
pub(super) struct Last {
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
        let unsigned = match self.store.last()? {
            Tail::Sealed(last) => return self.follow(&head, &last),
            Tail::Unsigned => true,
            Tail::Empty => false,
        };
        if head.seq > 0 {
            return Err(self.cut(head.seq));
        }
        if self.key.since(&head.key).is_none() {
            return Err(self.foreign(&head.key));
        }
        Ok(Last {
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
            seq: entry.seq,
            hash,
            at: Some(entry.at),
            key: entry.key,
            unsigned: false,
        })
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
