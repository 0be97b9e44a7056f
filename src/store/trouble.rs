//! What can be wrong with a log, with the way out.
use std::{
    io,
    path::{Path, PathBuf},
};

use crate::{
    error::{Cause, Error},
    files,
};

/// The way out where a log cannot be written to a place.
pub(super) const ELSEWHERE: &str = "; name another place with --log PATH";
/// The way out where there is nothing to read.
pub(super) const MISSING: &str =
    "; nothing has been logged there yet, or name another with --log PATH";

/// The file that belongs to a log: its name, and an ending more.
pub(super) fn beside(log: &Path, ending: &str) -> PathBuf {
    let mut name = log.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    name.into()
}

/// The log that a path leads to: all that belongs to it lies beside it, whatever links lead there.
pub(super) fn real(path: &Path) -> Result<PathBuf, Error> {
    files::behind_links(path).map_err(|e| log_error(path, advice(&e, ELSEWHERE)))
}

pub(super) fn log_error(path: &Path, source: Cause) -> Error {
    Error::Log {
        path: path.to_owned(),
        source,
    }
}

pub(super) fn integrity(path: &Path, source: impl Into<Cause>) -> Error {
    Error::Integrity {
        path: path.to_owned(),
        source: source.into(),
    }
}

/// The operating system's words, with the way out where it is known; `missing` is the one for a
/// place that is not there.
pub(super) fn advice(error: &io::Error, missing: &'static str) -> Cause {
    let way_out = match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "; choose another place with --log PATH"
        }
        io::ErrorKind::NotFound => missing,
        io::ErrorKind::InvalidInput => "; results need an ordinary file: name one with --log PATH",
        io::ErrorKind::StorageFull => "; make room, or choose another place with --log PATH",
        io::ErrorKind::IsADirectory => "; name a file in it, as in --log DIR/sessions.jsonl",
        _ => "",
    };
    format!("{error}{way_out}").into()
}

/// The same, of a file that belongs to a log.
pub(super) fn belonging(error: &io::Error) -> Cause {
    match error.kind() {
        io::ErrorKind::IsADirectory | io::ErrorKind::InvalidInput => {
            let text = "a file must be there; remove what is, or name another log with --log PATH";
            format!("{error}; {text}").into()
        }
        _ => advice(error, ELSEWHERE),
    }
}
