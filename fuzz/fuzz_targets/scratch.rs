//! Files for parsers that read files, in memory where there is a place for that.
use std::path::{Path, PathBuf};

/// A folder of this process's own.
pub fn folder(name: &str) -> PathBuf {
    let shm = Path::new("/dev/shm");
    let base = if shm.is_dir() {
        shm.to_owned()
    } else {
        std::env::temp_dir()
    };
    let folder = base.join(format!("liveness-fuzz-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}
