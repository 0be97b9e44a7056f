//! Beside each log: a lock for who writes.
use std::{
    fs::{File, TryLockError},
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use super::trouble::{ELSEWHERE, advice, belonging, beside, log_error};
use crate::{error::Error, files};

/// How long another program may hold the log: it writes one entry.
const PATIENCE: u32 = 500;
/// From one look at the lock to the next.
const PAUSE: Duration = Duration::from_millis(20);

/// The right to write a log, or to look where it ends while nobody does. Ends with the process, however
/// that ends.
#[derive(Debug)]
pub(super) struct Lock {
    _file: Option<File>,
}

impl Lock {
    /// Waits for the right to write a log, or another file.
    pub(super) fn to_write(log: &Path) -> Result<Self, Error> {
        let path = Self::place(log)?;
        // Whoever may open it may hold it, and for as long as he likes.
        let file = (files::private().create(true).truncate(false).write(true))
            .open(&path)
            .map_err(|e| log_error(&path, advice(&e, ELSEWHERE)))?;
        wait(log, || file.try_lock())?;
        Ok(Self { _file: Some(file) })
    }

    /// Where the lock is, or may be made.
    pub(super) fn place(log: &Path) -> Result<PathBuf, Error> {
        let path = beside(log, "lock");
        match files::is_ordinary(&path) {
            Ok(()) => Ok(path),
            Err(error) => Err(log_error(&path, belonging(&error))),
        }
    }

    /// Waits until nobody writes. A log that has no lock, or none that we may open, is nobody's: its head
    /// is written last, and must be read first.
    pub(super) fn to_read(log: &Path) -> Result<Self, Error> {
        let file = Self::place(log).ok().map(File::open);
        let Some(Ok(file)) = file else {
            return Ok(Self { _file: None });
        };
        wait(log, || file.try_lock_shared())?;
        Ok(Self { _file: Some(file) })
    }
}

fn wait(log: &Path, lock: impl Fn() -> Result<(), TryLockError>) -> Result<(), Error> {
    for _ in 0..PATIENCE {
        match lock() {
            Ok(()) => return Ok(()),
            // Nothing comes: a wait.
            Err(TryLockError::WouldBlock) => {
                let _ = crossbeam_channel::never::<()>().recv_timeout(PAUSE);
            }
            // Some file systems have no locks. Two programs on one log are then the caller's care.
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
                return Ok(());
            }
            Err(TryLockError::Error(error)) => {
                return Err(log_error(log, advice(&error, ELSEWHERE)));
            }
        }
    }
    let text = "another program holds it and does not let go; end that one, or name another log with --log PATH";
    Err(log_error(log, text.into()))
}
