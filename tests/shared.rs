//! Several programs on one log, one key, at once.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod logbook;
mod place;

use std::{fs, process::Stdio};

use liveness::store::would_take;
use predicates::{prelude::PredicateBooleanExt as _, str::contains};
use rusqlite::Connection;

use logbook::{LOGS, Logbook, evidence, fill, record};
use place::Place;

/// A quick session that passes.
const PASS: &str = "demo --headless --json --seed 3 --script nod";

#[test]
fn keys_that_are_rotated_at_once_follow_one_another() {
    for name in LOGS {
        let place = Place::new();
        fill(&place.path(name), &place.key(), 1);
        fill(&place.path("other.db"), &place.key(), 1);
        for _ in 0..4 {
            let rotate = |log: &str| {
                let mut program = place.program(&format!("key rotate --log {log}"));
                program.stdout(Stdio::null()).spawn().unwrap()
            };
            for mut child in [name, "other.db", name].map(rotate) {
                assert!(child.wait().unwrap().success());
            }
        }
        for log in [name, "other.db"] {
            fill(&place.path(log), &place.key(), 1);
            place.run(&format!("log verify --log {log}")).code(0);
        }
    }
}

#[test]
fn a_session_under_way_survives_that_its_key_is_rotated() {
    for name in LOGS {
        let book = Logbook::new(name, 1);
        let mut kiosk = book.open();
        book.open().rotate().unwrap();
        kiosk.append(&record(), evidence()).unwrap();
        book.open().rotate().unwrap();
        kiosk.append(&record(), evidence()).unwrap();
        assert_eq!(book.findings(), [""; 0]);
        assert_eq!(book.listed().len(), 3);
    }
}

#[test]
fn older_results_are_taken_over_once_whoever_starts_first() {
    let place = Place::new();
    fs::create_dir_all(place.path("state/liveness")).unwrap();
    let old = serde_json::to_string(&record()).unwrap();
    place.put(
        "state/liveness/sessions.jsonl",
        format!("{old}\n").repeat(40),
    );
    let start = |_| {
        let mut program = place.program(PASS);
        program
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    };
    for mut child in [0; 4].map(start) {
        assert!(child.wait().unwrap().success());
    }
    let listed = place::lines(&place.run("log list --json").code(0));
    assert_eq!(listed.len(), 44);
}

/// What is deleted is deleted from the disk, or it is said that it is not.
#[test]
fn a_purge_says_so_while_somebody_reads_what_it_deletes() {
    let place = Place::new();
    fill(&place.path("l.db"), &place.key(), 3);
    // While this one looks, the database's old state is kept; while the other is open, its files are.
    let [reader, _other] = [(); 2].map(|()| Connection::open(place.path("l.db")).unwrap());
    reader.execute_batch("BEGIN").unwrap();
    let count = |db: &Connection| {
        db.query_row("SELECT count(*) FROM chain", [], |row| row.get::<_, u32>(0))
            .unwrap()
    };
    assert_eq!(count(&reader), 3);
    let is_on_disk = || {
        ["l.db", "l.db-wal"].iter().any(|name| {
            let bytes = fs::read(place.path(name)).unwrap_or_default();
            String::from_utf8_lossy(&bytes).contains("order 7")
        })
    };
    let purge = "log purge --older-than 0s --log l.db";
    let ended = place.run(purge).code(2).stdout(contains("3 sessions"));
    ended.stderr(contains("still on the disk"));
    assert!(is_on_disk());
    assert_eq!(count(&reader), 3);
    reader.execute_batch("COMMIT").unwrap();
    place.run(purge).code(0).stdout(contains("0 sessions"));
    assert!(!is_on_disk());
    place.run("log verify --log l.db").code(0);
}

#[test]
fn a_log_says_whether_it_would_take_a_result_and_makes_nothing() {
    for name in LOGS {
        let book = Logbook::bare(name);
        let folder = book.path.parent().unwrap();
        let files = || {
            let names = fs::read_dir(folder)
                .unwrap()
                .map(|e| e.unwrap().file_name());
            let mut names: Vec<_> = names.collect();
            names.sort();
            names
        };
        let asked = || {
            let before = files();
            let answer = would_take(&book.path, &book.key).map_err(|e| e.to_string());
            assert_eq!(files(), before);
            answer
        };
        assert_eq!(asked(), Ok(()), "one may be made");
        book.add(2);
        assert_eq!(asked(), Ok(()));
        let why = |words: &str| {
            let why = asked().unwrap_err();
            assert!(why.contains(words), "{why}");
        };
        let head = fs::read(book.head()).unwrap();
        fs::remove_file(book.head()).unwrap();
        why("head is missing");
        fs::write(book.head(), "x").unwrap();
        why("was changed");
        fs::write(book.head(), head).unwrap();
        let key = fs::read(&book.key).unwrap();
        fs::remove_file(&book.key).unwrap();
        why("it is missing, and signs the log");
        fs::write(&book.key, key).unwrap();
        why("chmod 600");
        fs::remove_file(&book.path).unwrap();
        why("it is gone, 2 entries");
        fs::create_dir(&book.path).unwrap();
        why("name a file in it");
    }
}

#[test]
fn a_log_that_another_program_holds_is_busy_and_not_changed() {
    let place = Place::new();
    fill(&place.path("l.jsonl"), &place.key(), 1);
    let lock = fs::File::open(place.path("l.jsonl.lock")).unwrap();
    lock.lock().unwrap();
    let busy = place.run("log verify --log l.jsonl").code(2);
    busy.stderr(contains("another program"));
    lock.unlock().unwrap();
    place.run("log verify --log l.jsonl").code(0);
}

#[test]
fn a_log_whose_key_is_lost_takes_nothing_and_gets_no_second_one() {
    for name in LOGS {
        let place = Place::new();
        fill(&place.path(name), &place.key(), 1);
        fs::remove_file(place.key()).unwrap();
        let ended = place.run(&format!("{PASS} --log {name}")).code(5);
        ended.stderr(contains("log.key").and(contains("it is missing")));
        assert!(!place.key().exists());
        let doctor = place.run(&format!("doctor --log {name}"));
        doctor.stdout(contains("it is missing, and signs the log that is there"));
    }
}
