use std::fs;

use super::{
    samples::{evidence, fill, moment, names, open, record, report},
    *,
};
use crate::record as records;

/// Both kinds of log.
const LOGS: [&str; 2] = ["l.jsonl", "l.db"];

#[test]
fn what_is_appended_is_read_back_in_order_and_verifies() {
    for name in LOGS {
        let dir = tempfile::tempdir().unwrap();
        let deep = dir.path().join("deep/er");
        fs::create_dir_all(&deep).unwrap();
        for session in ["a", "b"] {
            fill(&deep, name, &[session]);
        }
        let contents = read(&deep.join(name)).unwrap();
        let (seq, added) = contents.sessions[1].signed.clone().unwrap();
        assert_eq!((seq, added), (2, Some(evidence())));
        assert_eq!(contents.into_records(), [record("a"), record("b")]);
        let report = report(&deep, name);
        assert_eq!(report.findings, []);
        assert_eq!((report.entries, report.sessions), (2, 2));
    }
}

#[test]
fn an_empty_log_verifies_and_one_that_is_gone_is_missed() {
    for name in LOGS {
        let dir = tempfile::tempdir().unwrap();
        let key = dir.path().join("log.key");
        assert!(open(dir.path(), name).is_empty().unwrap());
        assert_eq!(report(dir.path(), name).findings, []);
        // As if it had been ended, or the disk were full, before the head was there.
        fs::remove_file(dir.path().join(format!("{name}.head"))).unwrap();
        let findings = report(dir.path(), name).findings;
        assert!(
            findings[0]
                .trouble
                .contains("or its very first start was cut short")
        );
        open(dir.path(), name);
        assert_eq!(report(dir.path(), name).findings, []);
        fill(dir.path(), name, &["a"]);
        fs::remove_file(dir.path().join(name)).unwrap();
        let error = Log::open(&dir.path().join(name), &key).unwrap_err();
        assert!(matches!(error, Error::Integrity { .. }), "{error}");
        assert!(!dir.path().join(name).exists());
    }
}

#[test]
fn a_log_without_its_head_takes_nothing() {
    for name in LOGS {
        let dir = tempfile::tempdir().unwrap();
        fill(dir.path(), name, &["a"]);
        fs::remove_file(dir.path().join(format!("{name}.head"))).unwrap();
        assert_eq!(report(dir.path(), name).findings.len(), 1);
        let error = Log::open(&dir.path().join(name), &dir.path().join("log.key")).unwrap_err();
        assert!(error.to_string().contains("head is missing"), "{error}");
    }
}

#[test]
fn an_entry_that_was_not_acknowledged_is_whole_and_the_next_follows_it() {
    for name in LOGS {
        let dir = tempfile::tempdir().unwrap();
        let head = dir.path().join(format!("{name}.head"));
        fill(dir.path(), name, &["a"]);
        let before = fs::read(&head).unwrap();
        fill(dir.path(), name, &["b"]);
        fs::write(&head, before).unwrap();
        assert_eq!(report(dir.path(), name).findings, []);
        fill(dir.path(), name, &["c"]);
        assert_eq!(names(dir.path(), name), ["a", "b", "c"]);
        assert_eq!(report(dir.path(), name).findings, []);
    }
}

#[test]
fn a_line_that_a_crash_cut_short_is_taken_away() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("l.jsonl");
    fill(dir.path(), "l.jsonl", &["a"]);
    let whole = fs::read(&path).unwrap();
    fs::write(&path, [&whole[..], &whole[..400]].concat()).unwrap();
    assert_eq!(names(dir.path(), "l.jsonl"), ["a"]);
    let found = report(dir.path(), "l.jsonl");
    assert!(found.is_sound() && found.unfinished, "{found:?}");
    // What was acknowledged is missed.
    fs::write(&path, &whole[..whole.len() - 9]).unwrap();
    assert_eq!(report(dir.path(), "l.jsonl").findings.len(), 1);
    fs::write(&path, [&whole[..], &whole[..400]].concat()).unwrap();
    fill(dir.path(), "l.jsonl", &["b"]);
    assert_eq!(names(dir.path(), "l.jsonl"), ["a", "b"]);
    assert_eq!(report(dir.path(), "l.jsonl").findings, []);
    // The very first entry.
    fs::create_dir(dir.path().join("new")).unwrap();
    let new = dir.path().join("new/l.jsonl");
    drop(open(dir.path(), "new/l.jsonl"));
    for len in [3, 400] {
        fs::write(&new, &whole[..len]).unwrap();
        assert!(report(dir.path(), "new/l.jsonl").is_sound());
        let opened = open(dir.path(), "new/l.jsonl");
        assert!(opened.is_empty().unwrap());
    }
    fill(dir.path(), "new/l.jsonl", &["a"]);
    assert_eq!(names(dir.path(), "new/l.jsonl"), ["a"]);
    assert_eq!(report(dir.path(), "new/l.jsonl").unsigned, 0);
    // Only the end of its line is missing: nothing is lost.
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() - 1]).unwrap();
    fill(dir.path(), "l.jsonl", &["c"]);
    assert_eq!(names(dir.path(), "l.jsonl"), ["a", "b", "c"]);
    assert_eq!(report(dir.path(), "l.jsonl").findings, []);
}

#[test]
fn records_of_other_versions_are_read_or_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("l.jsonl");
    let mut old = serde_json::to_value(record("old")).unwrap();
    let stand = old["rules"]["stand"].as_object_mut().unwrap();
    stand.remove("gap_ms").unwrap();
    stand.remove("max_mouth").unwrap();
    let newer = format!("{{\"schema\":{},\"verdict\":[7]}}", records::SCHEMA + 1);
    fs::write(&path, format!("{old}\n{newer}\n")).unwrap();
    let contents = read(&path).unwrap();
    assert!(contents.damaged[0].1.contains("a newer liveness"));
    assert_eq!(contents.into_records(), [record("old")]);
}

#[test]
fn sessions_of_an_older_log_are_taken_into_a_database() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = open(dir.path(), "l.db");
    // Another program has found it empty as well.
    let mut other = open(dir.path(), "l.db");
    assert!(log.is_empty().unwrap() && other.is_empty().unwrap());
    assert!(log.import(vec![record("a"), record("b")]).unwrap());
    assert!(!other.import(vec![record("a"), record("b")]).unwrap());
    log.append(&record("c"), evidence()).unwrap();
    assert_eq!(names(dir.path(), "l.db"), ["a", "b", "c"]);
    assert_eq!(report(dir.path(), "l.db").findings, []);
}

#[test]
fn a_purge_leaves_a_chain_that_can_be_followed() {
    for name in LOGS {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(name);
        let mut log = open(dir.path(), name);
        for (day, session) in [(1, "a"), (20, "b"), (2, "c"), (3, "d"), (21, "e")] {
            let mut record = record(session);
            record.started = moment(&format!("2026-10-{day:02}T12:00:00Z"));
            log.append(&record, evidence()).unwrap();
        }
        let purged = log.purge(moment("2026-10-02T13:00:00Z")).unwrap();
        assert_eq!(purged.sessions, 2);
        assert_eq!(names(dir.path(), name), ["b", "d", "e"]);
        let found = report(dir.path(), name);
        assert_eq!(found.findings, []);
        assert_eq!(found.purged, 2);
        log.rotate().unwrap();
        assert_eq!(
            log.purge(moment("2026-10-04T00:00:00Z")).unwrap().sessions,
            1
        );
        fill(dir.path(), name, &["f"]);
        assert_eq!(names(dir.path(), name), ["b", "e", "f"]);
        let found = report(dir.path(), name);
        assert_eq!(found.findings, []);
        // With the entry that told of the first purge.
        assert_eq!(found.purged, 4);
        assert_eq!(
            log.purge(moment("2026-10-04T00:00:00Z")).unwrap().sessions,
            0
        );
        let bytes = fs::read(&path).unwrap();
        let has = |text: &str| bytes.windows(text.len()).any(|w| w == text.as_bytes());
        assert!(
            !has("2026-10-03"),
            "{name}: what was purged is gone from the disk"
        );
    }
}

#[test]
fn a_log_goes_on_under_a_new_key_and_old_entries_still_verify() {
    for name in LOGS {
        let dir = tempfile::tempdir().unwrap();
        let mut log = open(dir.path(), name);
        let old = log.key().public();
        log.append(&record("a"), evidence()).unwrap();
        log.rotate().unwrap();
        log.append(&record("b"), evidence()).unwrap();
        drop(log);
        // A key that was changed while nobody wrote.
        Key::open(&dir.path().join("log.key"))
            .unwrap()
            .rotate()
            .unwrap();
        fill(dir.path(), name, &["c"]);
        let path = dir.path().join(name);
        assert_eq!(report(dir.path(), name).findings, []);
        assert_eq!(verify(&path, &[old]).unwrap().findings, []);
        let stranger = Key::open(&dir.path().join("other.key")).unwrap();
        assert_eq!(
            verify(&path, &[stranger.public()]).unwrap().findings.len(),
            1
        );
        let error = Log::open(&path, stranger.path()).unwrap_err();
        assert!(
            error.to_string().contains("put the right key back"),
            "{error}"
        );
    }
}

#[test]
fn a_clock_set_back_is_noted_and_changes_nothing_else() {
    for name in LOGS {
        let dir = tempfile::tempdir().unwrap();
        fill(dir.path(), name, &["a"]);
        let mut log = open(dir.path(), name);
        log.clock = || moment("2020-01-01T00:00:00Z");
        let back = log.append(&record("b"), evidence()).unwrap();
        assert!(back.entry.clock_went_back);
        let next = log.append(&record("c"), evidence()).unwrap();
        assert!(!next.entry.clock_went_back);
        assert_eq!((back.entry.seq, next.entry.seq), (2, 3));
        let last = last_at(&dir.path().join(name)).unwrap();
        assert_eq!(last, Some(moment("2020-01-01T00:00:00Z")));
        assert_eq!(names(dir.path(), name), ["a", "b", "c"]);
        assert_eq!(report(dir.path(), name).findings, []);
    }
}

#[test]
fn a_database_of_a_newer_version_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    fill(dir.path(), "l.db", &["a"]);
    let path = dir.path().join("l.db");
    sqlite::tests::run(&path, "PRAGMA user_version = 2");
    for error in [
        Log::open(&path, &dir.path().join("log.key")).unwrap_err(),
        read(&path).unwrap_err(),
    ] {
        assert!(error.to_string().contains("a newer liveness"), "{error}");
    }
}

#[test]
fn a_log_that_cannot_be_written_says_so_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let key = dir.path().join("log.key");
    let text = Log::open(dir.path(), &key).unwrap_err().to_string();
    assert!(text.contains("name a file in it"), "{text}");
    fs::write(dir.path().join("file"), "x").unwrap();
    for name in LOGS {
        assert!(Log::open(&dir.path().join("file").join(name), &key).is_err());
    }
}

/// Whoever signs may write any numbers; a range of them that ends before it begins ended the program.
#[test]
fn a_gap_that_ends_before_it_begins_is_survived() {
    for name in LOGS {
        let dir = tempfile::tempdir().unwrap();
        let mut log = open(dir.path(), name);
        let gap = |from, to| entry::Gap {
            from,
            to,
            after: String::new(),
            hash: String::new(),
        };
        let purged = What::Purged {
            before: moment("2026-10-01T00:00:00Z"),
            sessions: 0,
            adopted: false,
            gaps: vec![gap(9, 3), gap(0, u64::MAX)],
        };
        log.write(vec![purged]).unwrap();
        let again = "it was purged, and is there again";
        let findings = report(dir.path(), name).findings;
        assert!(findings.iter().any(|f| f.trouble == again), "{findings:?}");
    }
}

/// Once the entry is on the disk the session is logged, whatever becomes of the head: it was said not to be.
#[test]
fn a_head_that_cannot_be_renamed_takes_no_result_with_it() {
    thread_local! {
        static HEAD: std::cell::RefCell<PathBuf> = const { std::cell::RefCell::new(PathBuf::new()) };
    }
    for name in LOGS {
        let dir = tempfile::tempdir().unwrap();
        let head = dir.path().join(format!("{name}.head"));
        fill(dir.path(), name, &["a"]);
        let kept = fs::read(&head).unwrap();
        let mut log = open(dir.path(), name);
        HEAD.replace(head.clone());
        // The clock is read when the end has been looked at, and nothing has been written.
        log.clock = || {
            HEAD.with_borrow(|head| {
                fs::remove_file(head).unwrap();
                fs::create_dir(head).unwrap();
            });
            record::wall_time()
        };
        log.append(&record("b"), evidence()).unwrap();
        fs::remove_dir(&head).unwrap();
        fs::write(&head, kept).unwrap();
        assert_eq!(names(dir.path(), name), ["a", "b"]);
        assert_eq!(report(dir.path(), name).findings, []);
        let left = fs::read_dir(dir.path()).unwrap().flatten();
        let left = left.filter(|e| e.file_name().to_string_lossy().ends_with(".new"));
        assert_eq!(left.count(), 0);
    }
}
