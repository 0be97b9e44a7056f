//! How the program ends: the table of exit codes in one place.
use std::process::ExitCode;

use liveness::error::Error;

use super::out::Closed;

/// What the program's exit code says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Passed (`challenge`, `demo`), one person (`compare`), or done (others).
    Done = 0,
    /// The challenge was not met; two people (`compare`); a day went as it must not (`soak`).
    Failed = 1,
    /// Wrong flag or configuration, a log that cannot be written, no display.
    Usage = 2,
    /// Nobody came, or the session timed out before it began.
    Nobody = 3,
    /// The camera or the recording failed, or shows nobody who can be compared.
    Source = 4,
    /// A model, a template, a key or the log is not what it must be.
    Integrity = 5,
    /// Cancelled by the person or by the caller.
    Cancelled = 6,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// The exit code for an error that ended the program.
pub fn of(error: &anyhow::Error) -> Exit {
    if error.is::<Closed>() {
        return Exit::Cancelled;
    }
    let known = error.chain().find_map(|e| e.downcast_ref::<Error>());
    match known {
        Some(
            Error::Camera { .. } | Error::Source { .. } | Error::Face { .. } | Error::Panic { .. },
        ) => Exit::Source,
        Some(
            Error::Model { .. }
            | Error::Template { .. }
            | Error::Integrity { .. }
            | Error::Key { .. },
        ) => Exit::Integrity,
        Some(_) | None => Exit::Usage,
    }
}
