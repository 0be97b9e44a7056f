//! What a log holds, for whoever reads it.
use std::path::Path;

use super::{
    Tail,
    entry::{Evidence, Sealed, UNSIGNED},
    log::is_not_gone,
    verify::Snapshot,
};
use crate::{
    error::Error,
    record::{SCHEMA, SessionRecord, WallTime},
};

/// A session as it was kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// How it went.
    pub record: SessionRecord,
    /// Its number, and what was added to it; `None` where it was not signed.
    pub signed: Option<(u64, Option<Evidence>)>,
    /// The line, as it is kept.
    pub text: String,
}

/// What a log holds.
#[derive(Debug, Default)]
pub struct Contents {
    /// The sessions that could be read, oldest first.
    pub sessions: Vec<Kept>,
    /// Place and trouble of each entry that could not.
    pub damaged: Vec<(String, String)>,
}

/// Reads a whole log; damaged entries are reported, the others kept. Whether they are the ones that were
/// written is another question: [`super::verify`] answers it.
///
/// # Errors
///
/// [`Error::Log`] where there is no log, or it cannot be read at all; [`Error::Integrity`] where it is a
/// broken database.
pub fn read(path: &Path) -> Result<Contents, Error> {
    let snapshot = Snapshot::of(path).map_err(|(head, error)| {
        let gone = is_not_gone(path, head.as_ref());
        gone.err().unwrap_or(error)
    })?;
    snapshot.is_not_emptied(path)?;
    let has_head = snapshot.has_head();
    let mut contents = Contents::default();
    snapshot.store().pieces(|piece| {
        if piece.unfinished && has_head {
            // In a log that has a head, what breaks off was never acknowledged, and what does not even
            // break off must be signed: anybody may have put it there.
            if Sealed::is_cut_short(&piece.text) {
                return;
            }
            if !Sealed::read(&piece.text).is_ok_and(|sealed| sealed.is_signed()) {
                let why = format!("{UNSIGNED}, nor is its line ended");
                contents.damaged.push((piece.place, why));
                return;
            }
        }
        match kept(&piece.text) {
            Ok(Some(kept)) => contents.sessions.push(kept),
            Ok(None) => {}
            Err(why) => contents.damaged.push((piece.place, why)),
        }
    })?;
    Ok(contents)
}

/// When the last entry of a log was written, as it says itself; `None` where there is none that is signed.
///
/// # Errors
///
/// As [`read`].
pub fn last_at(path: &Path) -> Result<Option<WallTime>, Error> {
    let snapshot = Snapshot::of(path).map_err(|(_, why)| why)?;
    Ok(match snapshot.store().last()? {
        Tail::Sealed(sealed) => Some(sealed.entry.at),
        Tail::Empty | Tail::Unsigned => None,
    })
}

impl Contents {
    /// The sessions alone.
    pub fn into_records(self) -> Vec<SessionRecord> {
        let sessions = self.sessions.into_iter();
        sessions.map(|kept| kept.record).collect()
    }
}

/// The session that an entry tells of, if it tells of one, or what is wrong with it.
fn kept(bytes: &[u8]) -> Result<Option<Kept>, String> {
    #[derive(serde::Deserialize)]
    struct Version {
        schema: u32,
    }
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Ok(None);
    }
    if let Ok(sealed) = Sealed::read(bytes) {
        let what = &sealed.entry.what;
        return Ok(what.record().map(|record| Kept {
            record: record.clone(),
            signed: Some((sealed.entry.seq, what.evidence().cloned())),
            text: sealed.text().to_owned(),
        }));
    }
    // A newer one may not even read.
    if let Ok(Version { schema }) = serde_json::from_slice(bytes)
        && schema > SCHEMA
    {
        return Err(format!("schema {schema}: a newer liveness wrote it"));
    }
    // Before there were signatures, a line was a record.
    let record: SessionRecord = serde_json::from_slice(bytes).map_err(|e| e.to_string())?;
    let text = String::from_utf8_lossy(bytes).trim().to_owned();
    Ok(Some(Kept {
        record,
        signed: None,
        text,
    }))
}
