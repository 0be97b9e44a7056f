//! Is the log the one that was written? Names each record that is not.
use std::{collections::BTreeMap, fs::File, path::Path};

use super::{
    Piece, Store,
    entry::{Gap, Sealed, What},
    head::{Head, Lock},
    key::{Handover, PublicKey},
};
use crate::error::Error;

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
    /// The key that signs now.
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
    let _lock = Lock::to_read(path)?;
    let store = match Store::to_read(path) {
        Ok(store) => store,
        // There is a log, and it can no longer be read as one.
        Err(Error::Integrity { source, .. } | Error::Log { source, .. })
            if File::open(path).is_ok() =>
        {
            let mut report = Report::default();
            report.find("the log", source.to_string());
            return Ok(report);
        }
        Err(error) => return Err(error),
    };
    examine(store, path, keys)
}

/// The same, of a log that nobody writes meanwhile.
pub(super) fn examine(mut store: Store, path: &Path, keys: &[PublicKey]) -> Result<Report, Error> {
    let head = Head::read(path);
    let mut walk = Walk::default();
    match &mut store {
        Store::Lines(lines) => {
            lines.pieces(|piece| walk.take(&piece))?;
            walk.settle_adopted(|bytes| lines.beginning(bytes))?;
        }
        Store::Base(base) => {
            for trouble in base.checked(|piece| walk.take(&piece)) {
                walk.report.find("the database", trouble);
            }
        }
    }
    walk.settle_gaps();
    match head {
        Ok(Some(head)) => walk.settle_head(&head),
        Ok(None) => {
            let name = path.display();
            let text = format!(
                "{name}.head is missing: whether records are missing at the end cannot be told"
            );
            walk.report.find("the log", text);
        }
        Err(error) => walk.report.find("the log", error.to_string()),
    }
    walk.settle_key(keys);
    Ok(walk.report)
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

    fn find(&mut self, place: &str, trouble: impl Into<String>) {
        self.findings.push(Finding {
            place: place.to_owned(),
            trouble: trouble.into(),
        });
    }
}

/// What has been seen on the way through a log.
#[derive(Default)]
struct Walk {
    report: Report,
    /// The number that comes next, and the hash of the entry before where that is known.
    next: u64,
    prev: Option<String>,
    /// Numbers that were left out, and how the entry after them names the last.
    gaps: Vec<Gap>,
    /// What the last purge says is left out.
    purged: Vec<Gap>,
    /// Keys that a verified entry was signed by, or that handed over in one.
    keys: Vec<PublicKey>,
    /// Unsigned lines: where the first and the last begin.
    unsigned: Vec<(u64, String)>,
    /// What was there before the first entry: bytes and their hash.
    adopted: Option<(u64, String)>,
    adopted_is_purged: bool,
    /// Where the first entry begins.
    begin: Option<u64>,
}

impl Walk {
    fn take(&mut self, piece: &Piece) {
        let place = &piece.place;
        for trouble in &piece.troubles {
            self.report.find(place, trouble);
        }
        let sealed = match Sealed::read(&piece.text) {
            Ok(sealed) => sealed,
            // One that was acknowledged is missed by the head.
            Err(_) if piece.unfinished => {
                self.report.unfinished = true;
                return;
            }
            Err(why) => {
                if why == "it is not signed" || self.begin.is_none() {
                    self.unsigned.push((piece.offset, place.clone()));
                } else {
                    self.report.find(place, format!("it is damaged: {why}"));
                }
                // It may have been the one before the next.
                self.prev = None;
                return;
            }
        };
        self.begin.get_or_insert(piece.offset);
        let entry = &sealed.entry;
        let name = match entry.what.record() {
            Some(record) => format!("record {} (session {})", entry.seq, record.session),
            None => format!("record {} ({})", entry.seq, entry.what.name()),
        };
        if !sealed.is_signed() {
            self.report.find(
                &name,
                format!("{place} was changed: its signature does not fit"),
            );
            self.pass(entry.seq);
            self.prev = None;
            return;
        }
        self.chain(&sealed, &name);
        self.learn(&sealed, &name);
        self.report.entries += 1;
        self.report.sessions += u64::from(entry.what.record().is_some());
    }

    /// Takes a damaged entry's number for granted, so that it is not missed as well.
    fn pass(&mut self, seq: u64) {
        if seq >= self.next.max(1) {
            self.leave_out(seq, String::new());
            self.next = seq + 1;
        }
    }

    fn leave_out(&mut self, seq: u64, hash: String) {
        let next = self.next.max(1);
        if seq > next {
            self.gaps.push(Gap {
                from: next,
                to: seq - 1,
                hash,
            });
        }
    }

    /// Is the entry the one that follows?
    fn chain(&mut self, sealed: &Sealed, name: &str) {
        let entry = &sealed.entry;
        let (seq, hash, next) = (entry.seq, sealed.hash(), self.next.max(1));
        if seq < next {
            let same = self.report.hashes.get(&seq) == Some(&hash);
            let text = if same {
                "it stands there twice"
            } else if self.report.hashes.contains_key(&seq) {
                "another record has its number"
            } else {
                "it was moved: it stands behind later ones"
            };
            self.report.find(name, text);
            // It is not missing, though.
            self.gaps.retain(|gap| (gap.from, gap.to) != (seq, seq));
            self.report.hashes.entry(seq).or_insert(hash);
            return;
        }
        if seq > next {
            self.leave_out(seq, entry.prev.clone());
        } else if let Some(prev) = &self.prev
            && *prev != entry.prev
        {
            let text = format!(
                "it does not follow the record {} that stands before it",
                seq - 1
            );
            self.report.find(name, text);
        } else if seq == 1 && !entry.prev.is_empty() {
            self.report
                .find(name, "it is the first and names one before it");
        }
        self.report.hashes.insert(seq, hash.clone());
        self.next = seq + 1;
        self.prev = Some(hash.clone());
        self.report.last = Some((seq, hash));
    }

    /// What the entry says about the log itself.
    fn learn(&mut self, sealed: &Sealed, name: &str) {
        let entry = &sealed.entry;
        let current = self.report.key;
        let mut followed = current.is_none_or(|key| key == entry.key);
        match &entry.what {
            What::Rotated { handovers } => {
                let led = leads(handovers, current, entry.key);
                if led {
                    self.keys.extend(handovers.iter().map(|h| h.from));
                }
                followed = led;
            }
            What::Purged { gaps, adopted, .. } => {
                self.purged.clone_from(gaps);
                self.adopted_is_purged |= adopted;
            }
            What::Adopted { bytes, sha256 } if entry.seq == 1 => {
                self.adopted = Some((*bytes, sha256.clone()));
            }
            What::Adopted { .. } => self
                .report
                .find(name, "it takes in lines that stand amid others"),
            What::Session(_) | What::Imported(_) => {}
        }
        if followed {
            self.report.key = Some(entry.key);
            if !self.keys.contains(&entry.key) {
                self.keys.push(entry.key);
            }
        } else {
            let text = format!("{} signed it, to which nobody handed over", entry.key);
            self.report.find(name, text);
        }
    }

    /// Are unsigned lines those that were there before?
    fn settle_adopted(
        &mut self,
        beginning: impl FnOnce(u64) -> Result<String, Error>,
    ) -> Result<(), Error> {
        let end = match &self.adopted {
            Some(_) if self.adopted_is_purged => 0,
            Some((bytes, sum)) => {
                if beginning(*bytes)? != *sum {
                    let text = "the lines from before there were signatures were changed";
                    self.report.find("the log", text);
                }
                *bytes
            }
            None => 0,
        };
        for (offset, place) in std::mem::take(&mut self.unsigned) {
            if offset < end {
                self.report.unsigned += 1;
            } else {
                self.report.find(&place, "it is not signed");
            }
        }
        Ok(())
    }

    /// Are the records that are not there those that a purge took away?
    fn settle_gaps(&mut self) {
        for (_, place) in std::mem::take(&mut self.unsigned) {
            self.report.find(&place, "it is not signed");
        }
        let purged = std::mem::take(&mut self.purged);
        self.report.gaps.clone_from(&purged);
        for gap in &self.gaps {
            if purged.contains(gap) {
                self.report.purged += gap.to - gap.from + 1;
                continue;
            }
            let place = match gap.from == gap.to {
                true => format!("record {}", gap.from),
                false => format!("records {} to {}", gap.from, gap.to),
            };
            self.report.find(&place, "missing");
        }
        // Whoever signs may write any numbers, such as a gap that ends before it begins.
        let ordered = purged.iter().filter(|gap| gap.from <= gap.to);
        for gap in ordered.filter(|gap| !self.gaps.contains(gap)) {
            let there = self.report.hashes.range(gap.from..=gap.to).next();
            if let Some((seq, _)) = there {
                let place = format!("record {seq}");
                self.report
                    .find(&place, "it was purged, and is there again");
            }
        }
    }

    /// Is the last record there?
    fn settle_head(&mut self, head: &Head) {
        let last = self.next.max(1) - 1;
        if last < head.seq {
            let place = match last + 1 == head.seq {
                true => format!("record {}", head.seq),
                false => format!("records {} to {}", last + 1, head.seq),
            };
            self.report.find(&place, "missing at the end");
        } else if let Some(hash) = self.report.hashes.get(&head.seq)
            && *hash != head.hash
        {
            let place = format!("record {}", head.seq);
            self.report
                .find(&place, "it is not the one that was acknowledged");
        }
        if self.keys.is_empty() {
            self.report.key = Some(head.key);
            self.keys.push(head.key);
        } else if !self.keys.contains(&head.key) {
            let text = format!("its head is signed by {}, which signed no record", head.key);
            self.report.find("the log", text);
        }
    }

    /// Is it the log of the one whose key we know?
    fn settle_key(&mut self, keys: &[PublicKey]) {
        if !keys.iter().any(|key| self.keys.contains(key)) {
            let key = keys.last().map(PublicKey::to_string).unwrap_or_default();
            let text =
                format!("{key} signed none of its records, nor handed over to a key that did");
            self.report.find("the log", text);
        }
    }
}

/// Whether these handovers lead from a key to another. `None` is the key of an entry that is not there.
fn leads(handovers: &[Handover], from: Option<PublicKey>, to: PublicKey) -> bool {
    let mut key = from.or(handovers.first().map(|h| h.from));
    for handover in handovers {
        if !handover.is_signed() || key != Some(handover.from) {
            return false;
        }
        key = Some(handover.to);
    }
    key == Some(to)
}
