//! What may lie in the place of a log, and beside it.
use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{
    is_base,
    trouble::{ELSEWHERE, advice, belonging, beside, integrity, log_error},
};
use crate::{error::Error, files};

/// How our own files beside a log end.
const OURS: [&str; 2] = [".lock", ".head"];
/// What SQLite writes ahead of a database.
const AHEAD: &str = "-wal";
/// How its files beside a database end.
const SQLITES: [&str; 3] = [AHEAD, "-shm", "-journal"];

/// A log is a file, and what SQLite reads beside a database is nothing that would be waited for, for ever.
pub(super) fn is_ordinary(path: &Path) -> Result<(), Error> {
    files::is_ordinary(path).map_err(|error| log_error(path, advice(&error, ELSEWHERE)))?;
    if !is_base(path)? {
        return Ok(());
    }
    for ending in SQLITES {
        let file = with_ending(path, ending);
        match files::is_ordinary(&file) {
            // SQLite finds out by itself.
            Err(error) if error.kind() == io::ErrorKind::IsADirectory => {}
            is => is.map_err(|error| log_error(&file, belonging(&error)))?,
        }
    }
    Ok(())
}

/// A database without a byte was cut where something is written ahead of it; SQLite would take that away with the
/// first look, and it may be all that is left.
pub(super) fn is_not_cut(path: &Path) -> Result<(), Error> {
    let length = |path: &Path| fs::metadata(path).map(|file| file.len()).ok();
    // In this order: whoever makes a database just now writes to the file first.
    let is_ahead = length(&with_ending(path, AHEAD)).is_some_and(|length| length > 0);
    if is_ahead && length(path) == Some(0) && is_base(path)? {
        let text = format!(
            "it is empty, and results may stand in its {AHEAD} file; move that one away, then put back a copy, or begin a new log with --log PATH"
        );
        return Err(integrity(path, text));
    }
    Ok(())
}

/// Whether a log may be called so: not as what belongs to another one, which is there or, in our own words, may be
/// one day. One that has a head is a log.
pub(super) fn is_no_part(path: &Path) -> Result<(), Error> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let is_new = fs::metadata(path).map_or(true, |there| there.len() == 0);
    for ending in OURS.iter().chain(&SQLITES) {
        let Some(other) = name.strip_suffix(ending).filter(|name| !name.is_empty()) else {
            continue;
        };
        let is_beside = path.with_file_name(other).is_file() && !beside(path, "head").exists();
        if is_beside || (is_new && OURS.contains(ending)) {
            let text =
                format!("so the {ending} of a log is called; name another file with --log PATH");
            return Err(log_error(path, text.into()));
        }
    }
    Ok(())
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}
