//! A log in a database, beside the head that belongs to the one in the corpus.
#![no_main]
mod logs;
mod scratch;

use std::{fs, path::PathBuf, sync::LazyLock};

use libfuzzer_sys::fuzz_target;

const HEAD: &[u8] = include_bytes!("../log.head");

static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| scratch::folder("base"));

fuzz_target!(|bytes: &[u8]| {
    let (path, key) = (FOLDER.join("l.db"), FOLDER.join("log.key"));
    for left in ["l.db-wal", "l.db-shm", "l.db-journal"] {
        let _ = fs::remove_file(FOLDER.join(left));
    }
    logs::put_key(&key);
    fs::write(&path, bytes).unwrap();
    fs::write(FOLDER.join("l.db.head"), HEAD).unwrap();
    logs::use_log(&path, &key);
});
