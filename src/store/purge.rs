//! Sessions that are too old to be kept: taken away, and said so.
use super::{
    Log, Piece, Store,
    entry::{Gap, Sealed, What},
    head::Head,
    trouble::integrity,
    verify::Snapshot,
};
use crate::{
    error::Error,
    record::{SessionRecord, WallTime},
};

/// What a purge has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Purged {
    /// Sessions taken away, those from before there were signatures among them.
    pub sessions: u64,
    /// Sessions older than was asked for that had to stay: unsigned lines go all at once or not at all.
    pub kept: u64,
    /// Whether what was taken away, now or before, still lies on the disk: somebody reads an older state
    /// of the database. The next purge overwrites it.
    pub lingers: bool,
}

impl Log {
    /// Takes away the sessions that began before a moment. An entry that stays behind names them by
    /// number and hash, so that the chain can still be followed.
    ///
    /// # Errors
    ///
    /// [`Error::Integrity`] where the log is not sound: what is missing would then look purged.
    /// Otherwise as [`Log::append`].
    pub fn purge(&mut self, before: WallTime) -> Result<Purged, Error> {
        // This takes long, and others write meanwhile. What is changed after it breaks the chain all the
        // same: what goes is named by its hash, as the entries around it name it.
        let snapshot = Snapshot::of(&self.path).map_err(|(_, error)| error)?;
        let report = snapshot.examine(&self.key.line())?;
        if let Some(finding) = report.findings.first() {
            let text = format!(
                "{}: {}; a log that was changed is not purged, see `liveness log verify`",
                finding.place, finding.trouble
            );
            return Err(integrity(&self.path, text));
        }
        let _lock = self.lock()?;
        Head::sweep(&self.path);
        self.end()?;
        let mut sorted = Sorted::default();
        self.store.pieces(|piece| sorted.take(piece, before))?;
        let adopted = sorted.old_lines > 0 && sorted.new_lines == 0;
        let mut purged = Purged {
            sessions: sorted.sessions,
            ..Purged::default()
        };
        if adopted {
            purged.sessions += sorted.old_lines;
        } else {
            purged.kept = sorted.old_lines;
        }
        if purged.sessions == 0 {
            // Somebody may have read when the last purge was done.
            purged.lingers = self.lingers()?;
            return Ok(purged);
        }
        let what = What::Purged {
            before,
            sessions: purged.sessions,
            adopted: adopted || sorted.adopted_is_purged,
            gaps: sorted.gaps(),
        };
        let sealed = self.seal(vec![what])?;
        let head = self.head_of(&sealed)?;
        match &mut self.store {
            Store::Base(base) => {
                let removed: Vec<_> = sorted.removed.iter().map(|gap| gap.from).collect();
                base.change(&sealed, &removed)?;
            }
            Store::Lines(lines) => {
                let first = match adopted || sorted.adopted_is_purged {
                    true => 0,
                    false => sorted.unsigned,
                };
                let mut kept = sorted.kept;
                kept.extend(sealed.iter().map(|s| s.text().as_bytes().to_vec()));
                lines.replace(first, &kept)?;
            }
        }
        if let Some(head) = head {
            self.acknowledge(head, &sealed);
        }
        purged.lingers = self.lingers()?;
        Ok(purged)
    }

    fn lingers(&self) -> Result<bool, Error> {
        match &self.store {
            Store::Base(base) => base.forget().map(|done| !done),
            Store::Lines(_) => Ok(false),
        }
    }
}

/// A log's entries, sorted into those that stay and those that go.
#[derive(Default)]
struct Sorted {
    /// Lines that stay, as they are.
    kept: Vec<Vec<u8>>,
    /// How many bytes at the beginning are lines from before there were signatures.
    unsigned: u64,
    /// How many of them tell of a session that should go, and of one that should stay.
    old_lines: u64,
    new_lines: u64,
    /// Each entry that goes.
    removed: Vec<Gap>,
    /// Sessions among them.
    sessions: u64,
    /// What was purged before.
    before: Vec<Gap>,
    adopted_is_purged: bool,
}

impl Sorted {
    fn take(&mut self, piece: Piece, before: WallTime) {
        let text = piece.text;
        let Ok(sealed) = Sealed::read(&text) else {
            if piece.unfinished {
                return;
            }
            match serde_json::from_slice::<SessionRecord>(&text) {
                Ok(record) if record.started >= before => self.new_lines += 1,
                Ok(_) => self.old_lines += 1,
                // Who knows how old it is? It goes with the others.
                Err(_) => {}
            }
            return;
        };
        let entry = &sealed.entry;
        let goes = match &entry.what {
            What::Session(told) => told.record.started < before,
            What::Imported(record) => record.started < before,
            // The next one says all that this one does.
            What::Purged { gaps, adopted, .. } => {
                self.before.clone_from(gaps);
                self.adopted_is_purged |= adopted;
                true
            }
            // By these the rest is verified.
            What::Rotated { .. } => false,
            What::Adopted { bytes, .. } => {
                self.unsigned = *bytes;
                false
            }
        };
        if goes {
            self.removed.push(Gap {
                from: entry.seq,
                to: entry.seq,
                after: entry.prev.clone(),
                hash: sealed.hash(),
            });
            self.sessions += u64::from(entry.what.record().is_some());
        } else {
            self.kept.push(text);
        }
    }

    /// All that is not there any more afterwards, in as few pieces as may be.
    fn gaps(&self) -> Vec<Gap> {
        let mut all: Vec<_> = self.before.iter().chain(&self.removed).cloned().collect();
        all.sort_by_key(|gap| gap.from);
        let mut joined: Vec<Gap> = vec![];
        for gap in all {
            match joined.last_mut() {
                Some(last) if last.to.checked_add(1) == Some(gap.from) => {
                    last.to = gap.to;
                    last.hash = gap.hash;
                }
                _ => joined.push(gap),
            }
        }
        joined
    }
}
