//! From the first entry of a log to the last, with what each tells of the others.
use super::Report;
use crate::{
    error::Error,
    store::{
        Piece,
        entry::{Gap, Sealed, UNSIGNED, What},
        head::Head,
        key::{Handover, PublicKey},
    },
};

/// Numbers that are not there.
struct Left {
    from: u64,
    to: u64,
    /// Hash of the entry before, where that is known.
    after: Option<String>,
    /// How the entry behind names the last.
    hash: String,
}

impl Left {
    fn is_at(&self, gap: &Gap) -> bool {
        (self.from, self.to) == (gap.from, gap.to)
    }
}

/// What has been seen on the way through a log.
#[derive(Default)]
pub(super) struct Walk {
    pub report: Report,
    /// The number that comes next, and the hash of the entry before where that is known.
    next: u64,
    prev: Option<String>,
    /// Numbers that were left out, between which entries.
    gaps: Vec<Left>,
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
    pub fn take(&mut self, piece: &Piece) {
        let place = &piece.place;
        for trouble in &piece.troubles {
            self.report.find(place, trouble);
        }
        let sealed = match Sealed::read(&piece.text) {
            Ok(sealed) => sealed,
            // One that was acknowledged is missed by the head.
            Err(_) if piece.unfinished && Sealed::is_cut_short(&piece.text) => {
                self.report.unfinished = true;
                return;
            }
            Err(why) => {
                if why == UNSIGNED || self.begin.is_none() {
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
            // Whoever changed it may have put anything there.
            Some(record) => {
                let session = record.session.escape_debug();
                format!("record {} (session {session})", entry.seq)
            }
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
        let log = self.report.log.get_or_insert_with(|| entry.log.clone());
        if *log != entry.log {
            self.report.find(&name, "it belongs to another log");
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
            let first = next == 1;
            self.gaps.push(Left {
                from: next,
                to: seq - 1,
                after: self.prev.clone().or(first.then(String::new)),
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

    /// Are unsigned lines those that were there before? `is_new` says that nothing is signed yet.
    pub fn settle_adopted(
        &mut self,
        is_new: bool,
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
            None if is_new && self.begin.is_none() => u64::MAX,
            None => 0,
        };
        for (offset, place) in std::mem::take(&mut self.unsigned) {
            if offset < end {
                self.report.unsigned += 1;
            } else {
                self.report.find(&place, UNSIGNED);
            }
        }
        Ok(())
    }

    /// Are the records that are not there those that a purge took away?
    pub fn settle_gaps(&mut self) {
        for (_, place) in std::mem::take(&mut self.unsigned) {
            self.report.find(&place, UNSIGNED);
        }
        let purged = std::mem::take(&mut self.purged);
        self.report.gaps.clone_from(&purged);
        for left in &self.gaps {
            let told = purged.iter().find(|gap| left.is_at(gap));
            let Some(gap) = told.filter(|gap| gap.hash == left.hash) else {
                self.report.miss(left.from, left.to);
                continue;
            };
            self.report.purged += left.to - left.from + 1;
            if left.after.as_ref().is_some_and(|hash| *hash != gap.after) {
                let place = format!("record {}", left.from - 1);
                let text = "it is not the one that stood there when those after it were purged";
                self.report.find(&place, text);
            }
        }
        // Whoever signs may write any numbers, such as a gap that ends before it begins.
        let ordered = purged.iter().filter(|gap| gap.from <= gap.to);
        for gap in ordered.filter(|gap| !self.gaps.iter().any(|left| left.is_at(gap))) {
            let there = self.report.hashes.range(gap.from..=gap.to).next();
            if let Some((seq, _)) = there {
                let place = format!("record {seq}");
                self.report
                    .find(&place, "it was purged, and is there again");
            }
        }
    }

    /// Whether nothing was there, nor is anything wrong with it.
    pub fn is_bare(&self) -> bool {
        let is_empty = self.begin.is_none() && self.unsigned.is_empty();
        is_empty && !self.report.unfinished && self.report.findings.is_empty()
    }

    /// Is the last record there?
    pub fn settle_head(&mut self, head: &Head) {
        let log = self.report.log.get_or_insert_with(|| head.log.clone());
        if *log != head.log {
            self.report
                .find("the log", "its head is that of another log");
        }
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
    pub fn settle_key(&mut self, keys: &[PublicKey]) {
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
