//! What may lie in the place of a log, and beside it.
use std::{
    fs,
    path::{Path, PathBuf},
};

use super::trouble::{ELSEWHERE, advice, belonging, integrity, log_error};
use crate::{error::Error, files};

/// How our own files beside a log end.
const OURS: [&str; 2] = [".lock", ".head"];
/// What SQLite writes ahead of a database.
const AHEAD: &str = "-wal";
/// How its files beside a database end.
const SQLITES: [&str; 3] = [AHEAD, "-shm", "-journal"];

/// A log, and what SQLite reads beside one, are files: a pipe would be waited for, for ever.
pub(super) fn is_ordinary(path: &Path) -> Result<(), Error> {
    files::is_ordinary(path).map_err(|error| log_error(path, advice(&error, ELSEWHERE)))?;
    for ending in SQLITES {
        let file = with_ending(path, ending);
        files::is_ordinary(&file).map_err(|error| log_error(&file, belonging(&error)))?;
    }
    Ok(())
}

/// A database without a byte was cut where something is written ahead of it; SQLite would take that away with the
/// first look, and it may be all that is left.
pub(super) fn is_not_cut(path: &Path) -> Result<(), Error> {
    let length = |path: &Path| fs::metadata(path).map(|file| file.len()).ok();
    // In this order: whoever makes a database just now writes to the file first.
    let is_ahead = length(&with_ending(path, AHEAD)).is_some_and(|length| length > 0);
    if is_ahead && length(path) == Some(0) {
        let text = format!(
            "it is empty, and results stand in its {AHEAD} file; copy that one away, then put back a copy of both, or begin a new log with --log PATH"
        );
        return Err(integrity(path, text));
    }
    Ok(())
}

/// Whether a log may be called so: not as what belongs to another one, which is there or may be one day.
pub(super) fn is_no_part(path: &Path) -> Result<(), Error> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut endings = OURS.iter().chain(&SQLITES);
    let part = endings.find_map(|ending| Some((name.strip_suffix(ending)?, ending)));
    let Some((other, ending)) = part else {
        return Ok(());
    };
    let is_new = fs::metadata(path).map_or(true, |there| there.len() == 0);
    if is_new || path.with_file_name(other).exists() {
        let text = format!("so the {ending} of a log is called; name another file with --log PATH");
        return Err(log_error(path, text.into()));
    }
    Ok(())
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}
