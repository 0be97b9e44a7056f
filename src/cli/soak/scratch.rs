//! A folder for as long as it is needed.
use std::{fs, path::PathBuf};

use liveness::{files, record};

/// A folder of its own, removed when it goes out of scope.
pub struct Scratch(PathBuf);

impl Scratch {
    pub fn new() -> anyhow::Result<Self> {
        let name = format!("liveness-soak-{}", record::new_session_id()?);
        let folder = std::env::temp_dir().join(name);
        files::make_private_folder(&folder)?;
        Ok(Self(folder))
    }

    /// Where a log may lie in it.
    pub fn log(&self) -> PathBuf {
        self.0.join("sessions.db")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What is left over there is in nobody's way.
        let _ = fs::remove_dir_all(&self.0);
    }
}
