//! What SQLite says, in our words.
use std::path::Path;

use rusqlite::ErrorCode;

use crate::{
    error::Error,
    store::trouble::{integrity, log_error},
};

/// The database's words in one line, without the SQL that they may be about.
pub(super) fn words(error: &rusqlite::Error) -> String {
    let text = match error {
        rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
        other => other.to_string(),
    };
    text.lines().next().unwrap_or_default().to_owned()
}

/// The database's words, with the way out where it is known.
pub(super) fn wrong(path: &Path, error: rusqlite::Error) -> Error {
    let said = words(&error);
    let way_out = match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => "; make room, or choose another place with --log PATH",
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
            "; choose another place with --log PATH"
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            "; another program writes to it and does not end; end that one, or name another log with --log PATH"
        }
        Some(ErrorCode::SystemIoFailure) => {
            "; is the disk full or broken? make room, or choose another place with --log PATH"
        }
        Some(ErrorCode::OutOfMemory | ErrorCode::OperationInterrupted) => "",
        // It is no database, or what stands in it is not what we would have put there.
        _ => {
            let text = format!(
                "{said}; see `liveness log verify`, put back a copy, or begin a new log with --log PATH"
            );
            return integrity(path, text);
        }
    };
    log_error(path, format!("{said}{way_out}").into())
}
