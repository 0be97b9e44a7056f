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
