//! What somebody does who may write the log's folder and has no key, or one that was given up.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod logbook;
mod place;

use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    path::{Path, PathBuf},
};

use liveness::{record::WallTime, store::Log};
use predicates::{prelude::PredicateBooleanExt as _, str::contains};
use rusqlite::Connection;

use logbook::{LOGS, Logbook, evidence, fill, record};
use place::Place;

/// A quick session that passes.
const PASS: &str = "demo --headless --json --seed 3 --script nod";

fn append(path: &Path, bytes: impl AsRef<[u8]>) {
    let mut file = OpenOptions::new().append(true).open(path).unwrap();
    file.write_all(bytes.as_ref()).unwrap();
}

fn sql(path: &Path, words: &str) {
    let db = Connection::open(path).unwrap();
    db.execute_batch(words).unwrap();
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    PathBuf::from(format!("{}{ending}", path.display()))
}

/// Puts a log and its head in place of another.
fn put(from: &Path, to: &Path) {
    for ending in ["-wal", "-shm"] {
        let _ = fs::remove_file(beside(to, ending));
    }
    for ending in ["", ".head", "-wal"] {
        if beside(from, ending).exists() {
            fs::copy(beside(from, ending), beside(to, ending)).unwrap();
        }
    }
}

#[test]
fn a_log_that_has_lost_its_head_gets_no_new_one() {
    for name in LOGS {
        let book = Logbook::new(name, 3);
        fs::remove_file(book.head()).unwrap();
        if name == "l.db" {
            let row = "INSERT INTO chain VALUES (9999, 'x', 'x', 0, 'x', 'x', 'x', 'x')";
            sql(&book.path, row);
        } else {
            append(&book.path, "x\n");
        }
        let error = Log::open(&book.path, &book.key).unwrap_err().to_string();
        assert!(error.contains("head is missing"), "{error}");
        assert!(!book.head().exists(), "{name}");
    }
}

#[test]
fn the_head_of_another_log_of_the_same_key_does_not_fit() {
    for name in LOGS {
        let book = Logbook::new(name, 3);
        let other = book.path.with_file_name(format!("other-{name}"));
        drop(Log::open(&other, &book.key).unwrap());
        fs::copy(beside(&other, ".head"), book.head()).unwrap();
        let found = book.findings();
        assert!(found.iter().any(|f| f.contains("another log")), "{found:?}");
        let error = Log::open(&book.path, &book.key).unwrap_err().to_string();
        assert!(error.contains("another log"), "{error}");
    }
}

#[test]
fn a_record_without_a_line_end_is_not_believed_unless_it_is_signed() {
    let book = Logbook::new("l.jsonl", 2);
    let whole = fs::read(&book.path).unwrap();
    let entry = whole.split(|b| *b == b'\n').next().unwrap().to_vec();
    let mut forged = record();
    forged.verdict = "passed".to_owned();
    let forged = serde_json::to_string(&forged).unwrap();
    let typed = forged.replacen('{', "{\"kind\":\"session\",", 1);
    for tail in [&forged, &typed, "{\"kind\":x", "garbage"] {
        fs::write(&book.path, [&whole[..], tail.as_bytes()].concat()).unwrap();
        assert_eq!(book.findings().len(), 1, "{tail}");
        assert!(Log::open(&book.path, &book.key).is_err(), "{tail}");
        let contents = liveness::store::read(&book.path).unwrap();
        assert_eq!((contents.sessions.len(), contents.damaged.len()), (2, 1));
    }
    // What a writer leaves that is killed.
    for cut in [1, 9, 300, entry.len() - 1] {
        fs::write(&book.path, [&whole[..], &entry[..cut]].concat()).unwrap();
        assert_eq!(book.findings(), [""; 0], "{cut}");
        assert_eq!(book.listed().len(), 2);
    }
    book.add(1);
    assert_eq!(book.listed().len(), 3);
}

/// Of two copies of one log that were both written on, one was purged: the other's records have the same
/// key, the same numbers and the same log.
#[test]
fn what_stands_before_a_purge_is_what_stood_there() {
    let book = Logbook::bare("l.jsonl");
    drop(book.open());
    let fork = book.path.with_file_name("fork.jsonl");
    put(&book.path, &fork);
    let old: WallTime = "2026-01-01T00:00:00Z".parse().unwrap();
    for path in [&book.path, &fork] {
        let mut log = Log::open(path, &book.key).unwrap();
        for n in 0..4 {
            let mut record = record();
            if n == 1 || n == 2 {
                record.started = old;
            }
            log.append(&record, evidence()).unwrap();
        }
        let later = "2026-02-01T00:00:00Z".parse().unwrap();
        assert_eq!(log.purge(later).unwrap().sessions, 2);
    }
    assert_eq!(book.findings(), [""; 0]);
    let of = |path: &Path| fs::read_to_string(path).unwrap();
    let (ours, theirs) = (of(&book.path), of(&fork));
    let first = |text: &str| text.lines().next().unwrap().to_owned();
    fs::write(&book.path, ours.replace(&first(&ours), &first(&theirs))).unwrap();
    let found = book.findings();
    assert!(
        found.len() == 1 && found[0].starts_with("record 1"),
        "{found:?}"
    );
}

#[test]
fn a_log_that_was_forged_with_a_key_that_was_given_up_is_found() {
    for name in LOGS {
        let place = Place::new();
        let (path, key) = (place.path(name), place.key());
        fill(&path, &key, 3);
        // Somebody has taken a copy of all there was, the key with it.
        let stolen = place.path("stolen.key");
        fs::copy(&key, &stolen).unwrap();
        let fork = place.path(&format!("fork-{name}"));
        put(&path, &fork);
        fill(&fork, &stolen, 2);
        let forged = place.path(&format!("forged-{name}"));
        fill(&forged, &stolen, 3);
        place.run(&format!("key rotate --log {name}")).code(0);
        fill(&path, &key, 1);
        let verify = format!("log verify --log {name}");
        place.run(&verify).code(0);
        for written in [&fork, &forged] {
            put(written, &path);
            place.run(&verify).code(5);
            assert!(Log::open(&path, &key).is_err(), "it is not blessed");
        }
        // Another log of this machine, of which nobody has heard since.
        let verify = format!("log verify --log forged-{name}");
        place
            .run(&verify)
            .code(0)
            .stdout(contains("not the one that signs now"));
    }
}

#[test]
fn a_log_that_is_gone_is_missed() {
    for name in LOGS {
        let place = Place::new();
        fill(&place.path(name), &place.key(), 3);
        fs::remove_file(place.path(name)).unwrap();
        let ended = place.run(&format!("log verify --log {name}")).code(5);
        ended.stdout(contains("records 1 to 3: missing"));
        place.run(&format!("log list --log {name}")).code(5);
        place.run(&format!("key rotate --log {name}")).code(5);
    }
}

#[test]
#[cfg(unix)]
fn a_log_behind_a_link_is_purged_where_it_lies() {
    for name in LOGS {
        let place = Place::new();
        fs::create_dir(place.path("disk")).unwrap();
        let target = place.path("disk").join(name);
        std::os::unix::fs::symlink(&target, place.path(name)).unwrap();
        let mut log = Log::open(&place.path(name), &place.key()).unwrap();
        let session = record();
        log.append(&session, evidence()).unwrap();
        drop(log);
        let stale = place.put(&format!("disk/.{name}.4711.new"), "left by a kill");
        let purge = format!("log purge --older-than 0s --log {name}");
        place
            .run(&purge)
            .code(0)
            .stdout(contains("1 session deleted"));
        assert!(place.path(name).is_symlink() && !stale.exists());
        for entry in fs::read_dir(place.path("disk")).unwrap() {
            let bytes = fs::read(entry.unwrap().path()).unwrap();
            let text = String::from_utf8_lossy(&bytes);
            assert!(!text.contains(&session.session), "{name}");
        }
        place.run(&format!("log verify --log {name}")).code(0);
        assert!(beside(&target, ".head").exists(), "it lies beside the log");
    }
}

#[test]
fn a_database_whose_version_or_rows_are_wrong_says_so_in_one_line() {
    for (words, why) in [
        ("PRAGMA user_version = 0", "version"),
        ("PRAGMA user_version = -3", "version"),
        (
            "INSERT INTO sessions SELECT seq + 1, session, started, duration_ms, verdict, reason, rehearsal, source, script, frames_captured, frames_analysed, frames_dropped FROM sessions",
            "begin a new log",
        ),
    ] {
        let place = Place::new();
        fill(&place.path("l.db"), &place.key(), 1);
        sql(&place.path("l.db"), words);
        place.run("log verify --log l.db").code(5);
        let ended = place.run(&format!("{PASS} --log l.db")).code(5);
        let ended = ended.stderr(contains("begin a new log").and(contains(why)));
        let said = String::from_utf8(ended.get_output().stderr.clone()).unwrap();
        let about = said.lines().filter(|line| line.contains("l.db")).count();
        assert!(about == 1 && said.lines().count() <= 3, "{said}");
    }
}

#[test]
#[cfg(unix)]
fn nobody_else_reads_what_is_kept() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::new();
    place.run(&format!("{PASS} --tape tapes")).code(0);
    place.run(&format!("{PASS} --log deep/er/l.jsonl")).code(0);
    for folder in ["state/liveness", "tapes", "deep", "deep/er"] {
        let folder = place.path(folder);
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&folder), 0o700, "{}", folder.display());
        let files = fs::read_dir(&folder).unwrap().map(|e| e.unwrap().path());
        for path in files.filter(|path| path.is_file()) {
            assert_eq!(mode(&path), 0o600, "{}", path.display());
        }
    }
}
