//! What is done with a log that somebody else may have written.
use std::path::Path;

use liveness::{
    record::wall_time,
    store::{self, Key, Lockout, Log, PublicKey},
};

/// The key of the logs in the corpus; it has signed nothing else.
pub const KEY: &str = include_str!("../log.key");

/// Reads a log, checks it, and opens it to write to it.
pub fn use_log(path: &Path, key: &Path) {
    let _ = store::read(path);
    let _ = store::would_take(path, key);
    let keys: Vec<PublicKey> = Key::read(key).map(|key| key.line()).unwrap_or_default();
    if let Ok(report) = store::verify(path, &keys) {
        let _ = report.is_sound();
    }
    if let Ok(mut log) = Log::open(path, key) {
        let rule = Lockout::new(std::time::Duration::from_secs(60));
        let _ = log.locked_for(&rule, false, wall_time());
        let _ = log.purge(wall_time());
        let _ = log.rotate();
        let _ = store::verify(path, &log.key().line());
    }
}

/// Puts the key in place, as no one else may read it.
pub fn put_key(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let _ = std::fs::remove_file(path);
    std::fs::write(path, KEY).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}
