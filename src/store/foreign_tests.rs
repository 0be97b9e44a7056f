//! What is no log of ours, or cannot be read as one.
use std::fs;

use super::{
    samples::{fill, report},
    *,
};

#[test]
fn a_file_of_something_else_is_no_log_and_stays_as_it_is() {
    let zeros = "\0".repeat(100_000);
    for (name, text) in [
        ("notes.txt", "milk\n{\"eggs\": 6}\n"),
        ("l.db", "milk\n"),
        ("package.json", "{\n  \"name\": \"a\"\n}\n"),
        ("m.c", "int main()\n{\n}\n"),
        ("open.txt", "hello\n{"),
        ("zeros.bin", zeros.as_str()),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(name);
        fs::write(&path, text).unwrap();
        let key = dir.path().join("log.key");
        for error in [
            Log::open(&path, &key).map(drop).unwrap_err(),
            would_take(&path, &key).unwrap_err(),
        ] {
            assert!(matches!(error, Error::Log { .. }), "{name}: {error}");
            assert!(error.to_string().contains("--log PATH"), "{error}");
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
        assert!(!key.exists(), "no key is made for it");
    }
}

#[test]
fn a_refused_log_gets_neither_key_nor_head() {
    let dir = tempfile::tempdir().unwrap();
    fill(dir.path(), "l.jsonl", &["a"]);
    let new = dir.path().join("new");
    fs::create_dir(&new).unwrap();
    let (path, key) = (new.join("l.jsonl"), new.join("log.key"));
    fs::copy(dir.path().join("l.jsonl"), &path).unwrap();
    for error in [
        Log::open(&path, &key).map(drop).unwrap_err(),
        would_take(&path, &key).unwrap_err(),
    ] {
        assert!(matches!(error, Error::Integrity { .. }), "{error}");
        assert!(error.to_string().contains(".head is missing"), "{error}");
    }
    assert!(!key.exists() && !new.join("l.jsonl.head").exists());
}

#[test]
fn somebody_elses_database_stays_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("places.db");
    let words = "CREATE TABLE places (name TEXT); PRAGMA user_version = 75;";
    sqlite::tests::run(&path, words);
    let before = fs::read(&path).unwrap();
    let error = Log::open(&path, &dir.path().join("log.key")).unwrap_err();
    assert!(
        error.to_string().contains("a database of something else"),
        "{error}"
    );
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn an_empty_database_is_taken() {
    let dir = tempfile::tempdir().unwrap();
    let (path, key) = (dir.path().join("l.db"), dir.path().join("log.key"));
    sqlite::tests::run(&path, "PRAGMA user_version = 1; PRAGMA user_version = 0;");
    would_take(&path, &key).unwrap();
    fill(dir.path(), "l.db", &["a"]);
    assert_eq!(report(dir.path(), "l.db").findings, []);
}

#[test]
fn what_is_no_file_is_not_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    fill(dir.path(), "l.db", &["a"]);
    let key = Key::read(&dir.path().join("log.key")).unwrap();
    for other in [dir.path(), Path::new("/dev/null")] {
        let error = verify(other, &key.line()).unwrap_err();
        assert!(matches!(error, Error::Log { .. }), "{error}");
        assert!(read(other).is_err());
    }
}

/// A row behind the last entry would make the next one fail, after its session: no session begins.
#[test]
fn a_row_where_the_next_entry_belongs_is_found_before_a_session() {
    for sql in [
        "INSERT INTO chain SELECT 2, kind, at, clock_went_back, prev, hash, key, text FROM chain",
        "INSERT INTO evidence (seq, app, models) VALUES (2, '', '')",
        "INSERT INTO steps VALUES (9, 0, 'nod', 0, NULL, 0)",
        "UPDATE chain SET seq = 2",
    ] {
        let dir = tempfile::tempdir().unwrap();
        fill(dir.path(), "l.db", &["a"]);
        let (path, key) = (dir.path().join("l.db"), dir.path().join("log.key"));
        sqlite::tests::run(&path, sql);
        for error in [
            Log::open(&path, &key).map(drop).unwrap_err(),
            would_take(&path, &key).unwrap_err(),
        ] {
            assert!(matches!(error, Error::Integrity { .. }), "{sql}: {error}");
        }
        assert_ne!(report(dir.path(), "l.db").findings, [], "{sql}");
    }
}

#[test]
fn a_log_that_was_emptied_is_refused_and_not_made_anew() {
    for name in ["l.db", "l.jsonl"] {
        let dir = tempfile::tempdir().unwrap();
        fill(dir.path(), name, &["a", "b"]);
        let (path, key) = (dir.path().join(name), dir.path().join("log.key"));
        fs::write(&path, "").unwrap();
        for error in [
            Log::open(&path, &key).map(drop).unwrap_err(),
            would_take(&path, &key).unwrap_err(),
            read(&path).map(drop).unwrap_err(),
        ] {
            assert!(matches!(error, Error::Integrity { .. }), "{name}: {error}");
        }
        assert_eq!(fs::metadata(&path).unwrap().len(), 0, "{name}");
        assert_ne!(report(dir.path(), name).findings, [], "{name}");
    }
    // Rows are left that belong to no entry.
    let dir = tempfile::tempdir().unwrap();
    fill(dir.path(), "l.db", &["a"]);
    sqlite::tests::run(&dir.path().join("l.db"), "DELETE FROM chain");
    let error = read(&dir.path().join("l.db")).map(drop).unwrap_err();
    assert!(
        error.to_string().contains("1 entries are missing"),
        "{error}"
    );
    // The tables alone stood in what SQLite writes ahead.
    let dir = tempfile::tempdir().unwrap();
    fill(dir.path(), "l.db", &["a"]);
    let (path, key) = (dir.path().join("l.db"), dir.path().join("log.key"));
    fs::remove_file(&path).unwrap();
    sqlite::tests::run(&path, "PRAGMA journal_mode = WAL");
    for _ in 0..2 {
        let error = Log::open(&path, &key).unwrap_err();
        assert!(
            error.to_string().contains("its tables are missing"),
            "{error}"
        );
        assert!(read(&path).is_err(), "it is not made an empty log");
    }
}

/// A pipe would be waited for, for ever.
#[cfg(unix)]
#[test]
fn what_belongs_to_a_log_must_be_files() {
    for ending in ["head", "lock"] {
        let dir = tempfile::tempdir().unwrap();
        fill(dir.path(), "l.db", &["a"]);
        let (path, key) = (dir.path().join("l.db"), dir.path().join("log.key"));
        let file = dir.path().join(format!("l.db.{ending}"));
        fs::remove_file(&file).unwrap();
        std::os::unix::fs::symlink("/dev/null", &file).unwrap();
        for error in [
            Log::open(&path, &key).map(drop).unwrap_err(),
            would_take(&path, &key).unwrap_err(),
        ] {
            let text = error.to_string();
            assert!(
                text.contains("it is no ordinary file; a file must be"),
                "{text}"
            );
        }
    }
    // SQLite would read these, and wait.
    for ending in ["-wal", "-shm", "-journal"] {
        let dir = tempfile::tempdir().unwrap();
        fill(dir.path(), "l.db", &["a"]);
        let (path, key) = (dir.path().join("l.db"), dir.path().join("log.key"));
        let file = dir.path().join(format!("l.db{ending}"));
        let made = std::process::Command::new("mkfifo").arg(&file).status();
        assert!(made.unwrap().success());
        for error in [
            Log::open(&path, &key).map(drop).unwrap_err(),
            would_take(&path, &key).unwrap_err(),
            verify(&path, &[]).map(drop).unwrap_err(),
            read(&path).map(drop).unwrap_err(),
        ] {
            let text = error.to_string();
            assert!(
                text.contains(ending) && text.contains("no ordinary"),
                "{text}"
            );
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let key = dir.path().join("log.key");
    std::os::unix::fs::symlink("/dev/null", &key).unwrap();
    let error = Key::read(&key).unwrap_err();
    assert!(error.to_string().contains("no ordinary file"), "{error}");
}

#[test]
fn the_files_beside_a_log_are_no_logs() {
    let dir = tempfile::tempdir().unwrap();
    let key = dir.path().join("log.key");
    for name in ["l.db.lock", "l.db.head"] {
        let error = Log::open(&dir.path().join(name), &key).unwrap_err();
        assert!(error.to_string().contains("so the ."), "{error}");
    }
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    // What somebody writes just now is not swept up with them.
    fill(dir.path(), "l.db", &["a"]);
    let staged = dir.path().join(".l.db.head.1.new");
    fs::write(&staged, "").unwrap();
    for name in ["l.db.head", "l.db-wal", "l.db-shm", "l.db-journal"] {
        let path = dir.path().join(name);
        for error in [
            Log::open(&path, &key).map(drop).unwrap_err(),
            would_take(&path, &key).unwrap_err(),
        ] {
            assert!(error.to_string().contains("of a log is called"), "{error}");
        }
        assert!(!beside(&path, "lock").exists());
    }
    assert!(staged.exists());
    // What is a log already may be called as it likes, and folders are no logs.
    fill(dir.path(), "l.jsonl", &["a"]);
    let first = dir.path().join("l.jsonl");
    for (name, other) in [
        ("door.head", "door"),
        ("day-wal", "day"),
        ("x-journal", "x"),
    ] {
        let path = dir.path().join(name);
        fs::copy(&first, &path).unwrap();
        fs::copy(beside(&first, "head"), beside(&path, "head")).unwrap();
        fs::write(dir.path().join(other), "").unwrap();
        Log::open(&path, &key).unwrap();
    }
    fs::create_dir(dir.path().join("y")).unwrap();
    Log::open(&dir.path().join("y-journal"), &key).unwrap();
}

/// They keep nobody from reading, nor from writing lines.
#[test]
fn folders_called_as_sqlites_files_change_nothing() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["l.db", "l.jsonl"] {
        fill(dir.path(), name, &["a"]);
        for ending in ["-wal", "-shm", "-journal"] {
            fs::create_dir(dir.path().join(format!("l.jsonl{ending}"))).unwrap_or_default();
        }
        fill(dir.path(), name, &["b"]);
        assert_eq!(report(dir.path(), name).findings, []);
    }
    fs::create_dir(dir.path().join("l.db-shm")).unwrap_or_default();
    assert_eq!(report(dir.path(), "l.db").findings, []);
}

#[test]
fn blank_lines_alone_are_a_log_that_was_emptied() {
    let dir = tempfile::tempdir().unwrap();
    fill(dir.path(), "l.jsonl", &["a"]);
    let path = dir.path().join("l.jsonl");
    for text in ["", "\n", " \n", "\r\n"] {
        fs::write(&path, text).unwrap();
        assert!(read(&path).is_err(), "{text:?}");
    }
    // Cut in its first line, and without a head, it is not mended by the next start.
    fill(dir.path(), "m.jsonl", &["a"]);
    let path = dir.path().join("m.jsonl");
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..60]).unwrap();
    fs::remove_file(beside(&path, "head")).unwrap();
    let findings = report(dir.path(), "m.jsonl").findings;
    assert!(!findings.iter().any(|f| f.trouble.contains("sets it right")));
    assert_ne!(findings, []);
}

/// Nothing was logged there where there is neither.
#[test]
fn a_log_that_is_gone_is_missed_by_a_head_that_was_changed() {
    for name in ["l.db", "l.jsonl"] {
        let dir = tempfile::tempdir().unwrap();
        fill(dir.path(), name, &["a"]);
        let path = dir.path().join(name);
        fs::remove_file(&path).unwrap();
        fs::write(beside(&path, "head"), "{}").unwrap();
        let findings = report(dir.path(), name).findings;
        assert_eq!(findings.len(), 1);
        assert!(findings[0].trouble.contains(".head was changed"));
        assert!(matches!(read(&path), Err(Error::Integrity { .. })));
    }
}

/// SQLite takes away what is written ahead of a database without a byte.
#[test]
fn what_is_left_of_a_database_that_was_cut_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    fill(dir.path(), "l.db", &["a"]);
    let (path, key) = (dir.path().join("l.db"), dir.path().join("log.key"));
    let ahead = dir.path().join("l.db-wal");
    // As if it had been killed: the reader keeps what is written ahead from being taken in.
    let base = sqlite::Base::to_read(&path).unwrap();
    fill(dir.path(), "l.db", &["b"]);
    let left = fs::read(&ahead).unwrap();
    drop(base);
    fs::write(&path, "").unwrap();
    fs::write(&ahead, &left).unwrap();
    assert!(!left.is_empty());
    for error in [
        Log::open(&path, &key).map(drop).unwrap_err(),
        would_take(&path, &key).unwrap_err(),
        read(&path).map(drop).unwrap_err(),
    ] {
        assert!(matches!(error, Error::Integrity { .. }), "{error}");
        assert!(error.to_string().contains("in its -wal file"), "{error}");
    }
    assert_ne!(report(dir.path(), "l.db").findings, []);
    assert_eq!(fs::read(&ahead).unwrap(), left);
}
