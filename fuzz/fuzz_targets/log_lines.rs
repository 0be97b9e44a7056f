//! A log of lines: its head up to the first zero byte, then the lines.
#![no_main]
mod logs;
mod scratch;

use std::{fs, path::PathBuf, sync::LazyLock};

use libfuzzer_sys::fuzz_target;
use liveness::store::Sealed;

static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| scratch::folder("lines"));

fuzz_target!(|bytes: &[u8]| {
    let at = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len());
    let (head, lines) = bytes.split_at(at);
    let lines = lines.get(1..).unwrap_or_default();
    for line in lines.split(|b| *b == b'\n') {
        if let Ok(sealed) = Sealed::read(line) {
            let _ = sealed.is_signed();
        }
    }
    let (path, key) = (FOLDER.join("l.jsonl"), FOLDER.join("log.key"));
    logs::put_key(&key);
    fs::write(&path, lines).unwrap();
    fs::write(FOLDER.join("l.jsonl.head"), head).unwrap();
    logs::use_log(&path, &key);
});
