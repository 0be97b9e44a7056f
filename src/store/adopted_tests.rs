//! Lines from before there were signatures, in a log that has them.
use std::fs;

use super::{
    samples::{evidence, fill, moment, names, open, record, report},
    *,
};

fn two_old_lines(folder: &Path) {
    let line = serde_json::to_string(&record("a")).unwrap();
    fs::write(folder.join("l.jsonl"), format!("{line}\n{line}\n")).unwrap();
}

#[test]
fn a_log_from_before_there_were_signatures_is_taken_in_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("l.jsonl");
    let line = |name| serde_json::to_string(&record(name)).unwrap();
    let (a, b) = (line("a"), line("b"));
    fs::write(&path, format!("{a}\n{}\n{b}", &a[..90])).unwrap();
    fill(dir.path(), "l.jsonl", &["c"]);
    let contents = read(&path).unwrap();
    assert_eq!(contents.damaged[0].0, "line 2");
    assert_eq!(contents.into_records(), ["a", "b", "c"].map(record));
    let found = report(dir.path(), "l.jsonl");
    assert_eq!(found.findings, []);
    assert_eq!((found.unsigned, found.sessions), (3, 1));
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replacen("9120.5", "9120.6", 1)).unwrap();
    assert_eq!(report(dir.path(), "l.jsonl").findings.len(), 1);
    fs::write(&path, format!("{text}{a}\n")).unwrap();
    assert_eq!(
        report(dir.path(), "l.jsonl").findings[0].trouble,
        "it is not signed"
    );
}

/// The hash that the log holds is that of every byte there was, blank lines as well.
#[test]
fn a_purge_leaves_what_was_there_before_the_first_entry_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("l.jsonl");
    let line = |name| serde_json::to_string(&record(name)).unwrap();
    let mut newer = record("newer");
    newer.started = moment("2031-01-01T00:00:00Z");
    let newer = serde_json::to_string(&newer).unwrap();
    let old = format!("{}\n\n{newer}\n", line("a"));
    fs::write(&path, &old).unwrap();
    fill(dir.path(), "l.jsonl", &["b"]);
    let mut log = open(dir.path(), "l.jsonl");
    let purged = log.purge(moment("2030-01-01T00:00:00Z")).unwrap();
    assert_eq!((purged.sessions, purged.kept), (1, 1));
    assert!(fs::read_to_string(&path).unwrap().starts_with(&old));
    assert_eq!(report(dir.path(), "l.jsonl").findings, []);
    log.purge(moment("2032-01-01T00:00:00Z")).unwrap();
    assert_eq!(report(dir.path(), "l.jsonl").findings, []);
    assert_eq!(names(dir.path(), "l.jsonl"), Vec::<String>::new());
}

#[test]
fn an_old_log_to_which_nothing_was_written_yet_is_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    two_old_lines(dir.path());
    drop(open(dir.path(), "l.jsonl"));
    let found = report(dir.path(), "l.jsonl");
    assert_eq!((found.findings, found.unsigned), (vec![], 2));
}

#[test]
fn unsigned_lines_are_purged_all_at_once() {
    let dir = tempfile::tempdir().unwrap();
    two_old_lines(dir.path());
    let mut log = open(dir.path(), "l.jsonl");
    let mut late = record("b");
    late.started = moment("2026-12-01T00:00:00Z");
    log.append(&late, evidence()).unwrap();
    assert_eq!(
        log.purge(moment("2026-12-01T00:00:00Z")).unwrap().sessions,
        2
    );
    assert_eq!(names(dir.path(), "l.jsonl"), ["b"]);
    assert_eq!(report(dir.path(), "l.jsonl").findings, []);
}
