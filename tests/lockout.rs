//! A lock that holds: what is written to the log, and what is done to it, does not lift it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod logbook;

use std::{fs, time::Duration};

use liveness::{
    challenge::Reason,
    error::Error,
    record::{SessionRecord, wall_time},
    store::{Lockout, Log},
};

use logbook::{LOGS, Logbook, evidence, record};

const RULE: Lockout = Lockout::new(Duration::from_secs(60));

fn left(log: &Log) -> Option<u64> {
    let left = log.locked_for(&RULE, false, wall_time()).unwrap();
    left.map(|left| left.as_secs())
}

fn ended(verdict: &str, reason: Option<Reason>, asked: bool) -> SessionRecord {
    let mut record = record();
    record.verdict = verdict.to_owned();
    record.reason = reason;
    if !asked {
        record.steps.clear();
    }
    record
}

#[test]
fn whoever_breaks_off_what_does_not_suit_him_has_failed() {
    use Reason::{FrozenPicture, NobodyCame, PoorPicture, RepeatedPicture, SourceFailed};
    for name in LOGS {
        let book = Logbook::bare(name);
        let mut log = book.open();
        // Nothing was asked.
        for _ in 0..5 {
            for session in [
                ended("cancelled", None, false),
                ended("inconclusive", Some(SourceFailed), false),
                ended("inconclusive", Some(NobodyCame), false),
                ended("passed", None, true),
            ] {
                log.append(&session, evidence()).unwrap();
            }
        }
        assert_eq!(left(&log), None);
        for (verdict, reason) in [
            ("cancelled", None),
            ("inconclusive", Some(SourceFailed)),
            ("failed", Some(FrozenPicture)),
            ("failed", Some(RepeatedPicture)),
            ("inconclusive", Some(PoorPicture)),
        ] {
            assert_eq!(left(&log), None);
            log.append(&ended(verdict, reason, true), evidence())
                .unwrap();
        }
        assert!(left(&log).is_some_and(|left| left > 50), "{name}");
    }
}

/// Each refusal is an entry: thousands of them stood between the failures and whoever looked for them.
#[test]
fn refusals_do_not_push_a_lock_out_of_sight() {
    for name in LOGS {
        let book = Logbook::bare(name);
        let mut log = book.open();
        for _ in 0..5 {
            log.append(&record(), evidence()).unwrap();
        }
        for _ in 0..40 {
            let mut told = evidence();
            told.locked_until = wall_time().checked_add(Duration::from_secs(55)).ok();
            let refused = ended("inconclusive", Some(Reason::LockedOut), false);
            log.append(&refused, told).unwrap();
        }
        // The last of them says until when.
        assert!(matches!(left(&log), Some(50..=55)), "{:?}", left(&log));
        // A rehearsal's lock is another's.
        assert_eq!(log.locked_for(&RULE, true, wall_time()).unwrap(), None);
    }
}

#[test]
fn a_lock_is_not_lifted_by_a_change_to_what_it_comes_from() {
    for name in LOGS {
        for gone in [false, true] {
            let book = Logbook::new(name, 5);
            assert!(left(&book.open()).is_some());
            book.open()
                .append(&ended("passed", None, true), evidence())
                .unwrap();
            if name == "l.db" {
                let db = rusqlite::Connection::open(&book.path).unwrap();
                let sql = match gone {
                    true => "DELETE FROM chain WHERE seq = 2",
                    false => {
                        "UPDATE chain SET text = replace(text, 'failed', 'passed') WHERE seq = 2"
                    }
                };
                assert_eq!(db.execute(sql, []), Ok(1));
            } else {
                let text = fs::read_to_string(&book.path).unwrap();
                let line = text.lines().nth(1).unwrap();
                let new = if gone {
                    String::new()
                } else {
                    line.replace("failed", "passed")
                };
                fs::write(&book.path, text.replace(line, &new)).unwrap();
            }
            let error = book
                .open()
                .locked_for(&RULE, false, wall_time())
                .unwrap_err();
            assert!(matches!(error, Error::Integrity { .. }), "{name}: {error}");
        }
    }
}

#[test]
fn what_was_purged_is_not_missed() {
    for name in LOGS {
        let book = Logbook::bare(name);
        let mut log = book.open();
        for day in [20, 1, 2, 20, 20] {
            let mut record = record();
            record.started = format!("2026-10-{day:02}T12:00:00Z").parse().unwrap();
            log.append(&record, evidence()).unwrap();
        }
        let purged = log.purge("2026-10-03T00:00:00Z".parse().unwrap());
        assert_eq!(purged.unwrap().sessions, 2);
        assert_eq!(left(&log), None, "three are left");
        for _ in 0..2 {
            log.append(&record(), evidence()).unwrap();
        }
        assert!(left(&log).is_some(), "{name}");
        log.purge(wall_time()).unwrap();
        assert_eq!(left(&log), None, "{name}");
        assert_eq!(book.findings(), [""; 0]);
    }
}
