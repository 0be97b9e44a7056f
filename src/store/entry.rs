//! An entry of the log: what it says, sealed to the one before.
use std::io;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::key::{About, Handover, Key, PublicKey, hex};
use crate::{
    error::Cause,
    record::{SCHEMA, SessionRecord, WallTime},
};

/// What is wrong with something whole that is no entry.
pub(super) const UNSIGNED: &str = "it is not signed";
/// What an entry begins with.
const BEGIN: &[u8] = br#"{"kind":"#;
/// What stands between an entry's words and its signature.
const SEAL: &str = ",\"sig\":\"";
/// Largest number of an entry: a database has no larger ones, and one more is still a number.
const LAST: u64 = i64::MAX as u64;
/// Hexadecimal digits of a signature.
const SIGNATURE: usize = 128;

/// What the caller and the machine add to a session's record.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// The caller's words: that the result answers this call and no other.
    pub nonce: Option<String>,
    /// sha256 of the program.
    pub program: String,
    /// sha256 of its flags and settings, and of the passive network and the expected face that they name.
    pub config: String,
    /// Which camera it was, where it was one and the system names it.
    pub camera: Option<String>,
    /// Whether the camera is made of software; `None` where that cannot be told, or it was none.
    pub virtual_camera: Option<bool>,
    /// sha256 of the still that was kept, as it was kept.
    pub still: Option<String>,
    /// Until when nobody is asked anything, where that is why nobody was.
    pub locked_until: Option<WallTime>,
}

/// A session as the log holds it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// How it went.
    #[serde(flatten)]
    pub record: SessionRecord,
    /// Where, and for whom.
    #[serde(flatten)]
    pub evidence: Evidence,
}

/// Entries that are no longer there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// Number of the first.
    pub from: u64,
    /// Number of the last.
    pub to: u64,
    /// Hash of the entry before the first; empty where that was the log's first.
    pub after: String,
    /// The hash by which the next entry names the last of them.
    pub hash: String,
}

/// What an entry says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum What {
    /// A session has ended.
    Session(Box<Told>),
    /// A session of an older log that had no signatures: it may have been changed before.
    Imported(Box<SessionRecord>),
    /// So much of the file was there, unsigned, when the first entry was made.
    Adopted {
        /// Bytes.
        bytes: u64,
        /// sha256 of them.
        sha256: String,
    },
    /// From this entry on another key signs.
    Rotated {
        /// From the key before to the one that signs this.
        handovers: Vec<Handover>,
    },
    /// Sessions were removed for their age.
    Purged {
        /// They were older than this.
        before: WallTime,
        /// How many they were.
        sessions: u64,
        /// Whether the unsigned lines at the beginning went with them.
        adopted: bool,
        /// All entries that are no longer there, those of earlier purges as well.
        gaps: Vec<Gap>,
    },
}

impl What {
    /// The name in the log.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Session(_) => "session",
            Self::Imported(_) => "imported",
            Self::Adopted { .. } => "adopted",
            Self::Rotated { .. } => "rotated",
            Self::Purged { .. } => "purged",
        }
    }

    /// The session it tells of.
    pub fn record(&self) -> Option<&SessionRecord> {
        match self {
            Self::Session(told) => Some(&told.record),
            Self::Imported(record) => Some(record),
            Self::Adopted { .. } | Self::Rotated { .. } | Self::Purged { .. } => None,
        }
    }

    /// What the machine added to it.
    pub fn evidence(&self) -> Option<&Evidence> {
        match self {
            Self::Session(told) => Some(&told.evidence),
            _ => None,
        }
    }
}

/// One entry, without its signature.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// What it says.
    #[serde(flatten)]
    pub what: What,
    /// Its number: one more than that of the entry before, whatever the clock says.
    pub seq: u64,
    /// The log's own random name: no entry of another stands in it.
    pub log: String,
    /// Hash of the entry before; empty for the first.
    pub prev: String,
    /// When it was written.
    pub at: WallTime,
    /// Whether the clock then stood before the moment of the entry before.
    pub clock_went_back: bool,
    /// Who signs it.
    pub key: PublicKey,
}

/// An entry as it is kept: JSON in one line, the last field of which is the signature of all that stands
/// before it.
#[derive(Clone, Debug, PartialEq)]
pub struct Sealed {
    /// What it says.
    pub entry: Entry,
    text: String,
}

impl Sealed {
    /// Signs an entry.
    pub(super) fn new(entry: Entry, key: &Key) -> Result<Self, Cause> {
        let body = serde_json::to_string(&entry)?;
        let signature = key.sign(About::Entry, body.as_bytes());
        let open = body.strip_suffix('}').unwrap_or(&body);
        let text = format!("{open}{SEAL}{signature}\"}}");
        Ok(Self { entry, text })
    }

    /// Reads an entry. Its signature is not looked at, only that there is one.
    ///
    /// # Errors
    ///
    /// In words, where these bytes are none.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        let text = str::from_utf8(bytes).map_err(|e| e.to_string())?;
        if parts(text).is_none() {
            return Err(match serde_json::from_slice::<serde_json::Value>(bytes) {
                Err(why) => why.to_string(),
                Ok(_) => UNSIGNED.to_owned(),
            });
        }
        let entry: Entry = serde_json::from_str(text).map_err(|e| e.to_string())?;
        if entry.seq > LAST {
            return Err(format!("no log has an entry {}", entry.seq));
        }
        let schema = entry.what.record().map_or(SCHEMA, |record| record.schema);
        if schema > SCHEMA {
            return Err(format!("schema {schema}: a newer liveness wrote it"));
        }
        Ok(Self {
            entry,
            text: text.to_owned(),
        })
    }

    /// Whether these bytes are how an entry begins: what a writer leaves that is killed, or whose power
    /// fails. Anything whole is none, and may have been put there.
    pub(super) fn is_cut_short(bytes: &[u8]) -> bool {
        // Some file systems leave zeros where the power failed.
        let zeros = bytes.iter().rev().take_while(|b| **b == 0).count();
        let (bytes, _) = bytes.split_at(bytes.len() - zeros);
        if bytes.len() < BEGIN.len() {
            return BEGIN.starts_with(bytes);
        }
        let read = serde_json::from_slice::<serde::de::IgnoredAny>(bytes);
        Self::begins(bytes) && read.is_err_and(|why| why.is_eof())
    }

    /// Whether this is how an entry begins, and no line of before there were signatures.
    pub(super) fn begins(bytes: &[u8]) -> bool {
        bytes.starts_with(BEGIN)
    }

    /// The line, as it is kept and printed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// By this the next entry names it.
    pub fn hash(&self) -> String {
        sha256(self.text.as_bytes())
    }

    /// Whether the key that the entry names has signed it, to the last byte.
    pub fn is_signed(&self) -> bool {
        parts(&self.text).is_some_and(|(open, signature)| {
            let body = format!("{open}}}");
            (self.entry.key).signed(About::Entry, body.as_bytes(), signature)
        })
    }
}

/// A line's words, without the last brace, and its signature.
fn parts(text: &str) -> Option<(&str, &str)> {
    let open = text.strip_suffix("\"}")?;
    let (body, signature) = open.split_at_checked(open.len().checked_sub(SIGNATURE)?)?;
    Some((body.strip_suffix(SEAL)?, signature))
}

/// sha256, as `sha256:HEX`.
pub fn sha256(bytes: &[u8]) -> String {
    format!("sha256:{}", hex(&Sha256::digest(bytes)))
}

/// sha256 of all that can be read, as `sha256:HEX`.
///
/// # Errors
///
/// What reading gives.
pub fn sha256_of(mut reader: impl io::Read) -> io::Result<String> {
    let mut hash = Sha256::new();
    io::copy(&mut reader, &mut hash)?;
    Ok(format!("sha256:{}", hex(&hash.finalize())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::samples::{key, told};

    fn sealed() -> Sealed {
        let entry = Entry {
            what: What::Session(Box::new(told("a"))),
            seq: 7,
            log: "0123".to_owned(),
            prev: sha256(b"before"),
            at: "2026-11-23T16:07:11Z".parse().unwrap(),
            clock_went_back: false,
            key: key().public(),
        };
        Sealed::new(entry, &key()).unwrap()
    }

    #[test]
    fn what_is_sealed_is_read_back_and_its_signature_fits() {
        let sealed = sealed();
        let read = Sealed::read(sealed.text().as_bytes()).unwrap();
        assert_eq!(read, sealed);
        assert!(read.is_signed());
        let shown: serde_json::Value = serde_json::from_str(sealed.text()).unwrap();
        for field in ["session", "nonce", "virtual_camera", "seq", "prev", "sig"] {
            assert!(shown.get(field).is_some(), "{field}");
        }
    }

    /// A slice of what `tests/tamper.rs` does with whole logs.
    #[test]
    fn no_bit_can_be_flipped() {
        let whole = sealed();
        let bytes = whole.text().as_bytes();
        for at in (0..bytes.len()).step_by(7) {
            for bit in 0..8 {
                let mut bytes = bytes.to_vec();
                bytes[at] ^= 1 << bit;
                let fits = Sealed::read(&bytes).is_ok_and(|sealed| sealed.is_signed());
                assert!(!fits, "bit {bit} of byte {at}");
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn whatever_the_bytes_nothing_breaks(bytes: Vec<u8>, cut: usize) {
            let _ = Sealed::read(&bytes);
            let whole = sealed();
            let text = whole.text().as_bytes();
            let cut = cut % text.len();
            let part = [&text[..cut], &bytes[..], &text[cut..]].concat();
            let same = bytes.is_empty();
            let fits = Sealed::read(&part).is_ok_and(|sealed| sealed.is_signed());
            proptest::prop_assert_eq!(fits, same);
        }
    }

    #[test]
    fn a_newer_entry_and_an_unsigned_one_are_named() {
        let newer = sealed().text().replace("\"schema\":1", "\"schema\":2");
        assert!(
            Sealed::read(newer.as_bytes())
                .unwrap_err()
                .contains("newer")
        );
        assert_eq!(Sealed::read(b"{}").unwrap_err(), "it is not signed");
    }

    /// One more than the largest number ended the program.
    #[test]
    fn an_entry_has_a_number_that_another_can_follow() {
        let mut entry = sealed().entry;
        for (seq, reads) in [(LAST, true), (LAST + 1, false), (u64::MAX, false)] {
            entry.seq = seq;
            let sealed = Sealed::new(entry.clone(), &key()).unwrap();
            assert_eq!(Sealed::read(sealed.text().as_bytes()).is_ok(), reads);
        }
    }
}
