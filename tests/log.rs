//! `liveness log` on logs whole and damaged.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod place;

use std::{fs, process::Stdio};

use predicates::{prelude::PredicateBooleanExt as _, str::contains};
use serde_json::Value;

use place::{Place, lines};

/// A record as the program writes it, of session `name`.
fn record(place: &Place, name: &str, verdict: &str) -> String {
    let log = place.path("one.jsonl");
    if !log.exists() {
        place
            .run("demo --headless --seed 3 --script nod --log one.jsonl")
            .code(0);
    }
    let mut one: Value = serde_json::from_str(&fs::read_to_string(log).unwrap()).unwrap();
    one["session"] = name.into();
    one["verdict"] = verdict.into();
    one.to_string()
}

fn two_records(place: &Place) -> (String, String) {
    (
        record(place, "aaaa", "passed"),
        record(place, "bbbb", "failed"),
    )
}

#[test]
fn sessions_are_listed_shown_and_counted() {
    let place = Place::new();
    let (a, b) = two_records(&place);
    place.put("l.jsonl", format!("{a}\n{b}\n"));
    place
        .run("log list --log l.jsonl")
        .code(0)
        .stdout(contains("aaaa").and(contains("bbbb")));
    let listed = lines(&place.run("log list --json --log l.jsonl").code(0));
    assert_eq!(
        listed,
        [&a, &b].map(|l| serde_json::from_str::<Value>(l).unwrap())
    );
    place.run("log show bbbb --log l.jsonl").code(0).stdout(
        contains("bbbb")
            .and(contains("failed"))
            .and(contains("aaaa").not()),
    );
    let shown = lines(&place.run("log show bbbb --json --log l.jsonl").code(0));
    assert_eq!(shown[0]["session"], "bbbb");
    place
        .run("log stats --log l.jsonl")
        .code(0)
        .stdout(contains("passed"));
    lines(&place.run("log stats --json --log l.jsonl").code(0));
}

#[test]
fn a_damaged_line_is_reported_and_the_rest_is_read() {
    let place = Place::new();
    let (a, b) = two_records(&place);
    let half = &b[..b.len() / 2];
    for (log, line) in [
        (format!("{a}\n{b}\n{half}"), "line 3"),
        (format!("{a}\n{half}\n{b}\n"), "line 2"),
    ] {
        place.put("l.jsonl", log);
        let ended = place.run("log list --json --log l.jsonl").code(5);
        assert_eq!(lines(&ended).len(), 2);
        ended.stderr(contains(line));
    }
}

#[test]
fn a_record_after_a_torn_line_stands_on_a_line_of_its_own() {
    let place = Place::new();
    let a = record(&place, "aaaa", "passed");
    // As the program wrote it: the version first.
    let a = format!("{{\"schema\":1,{}", &a[1..]);
    place.put("l.jsonl", &a[..a.len() / 2]);
    place
        .run("demo --headless --seed 3 --script nod --log l.jsonl")
        .code(0);
    let ended = place.run("log list --json --log l.jsonl").code(5);
    assert_eq!(lines(&ended).len(), 1, "the new one");
}

#[test]
fn an_empty_log_a_missing_one_and_an_unknown_session_are_told_apart() {
    let place = Place::new();
    place.put("empty.jsonl", "");
    let ended = place.run("log list --json --log empty.jsonl").code(0);
    ended.stdout("");
    let ended = place.run("log list --log gone.jsonl");
    ended.code(2).stderr(contains("gone.jsonl"));
    let ended = place.run("log show cccc --log empty.jsonl");
    ended.code(2).stderr(contains("cccc"));
    let one = record(&place, "aaaa", "passed");
    place.put("twice.jsonl", format!("{one}\n{one}\n"));
    place.run("log show aaaa --log twice.jsonl").code(0);
    let ended = place.run("log show aa --log twice.jsonl");
    ended.code(2).stderr(contains("write more"));
}

#[test]
fn two_programs_on_one_log_tear_no_line() {
    let place = Place::new();
    let start = |seed: u32| {
        place
            .program("demo --headless --script nod --log l.jsonl")
            .args(["--seed", &seed.to_string()])
            .stderr(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap()
    };
    for mut child in [1, 2, 3, 4].map(start) {
        child.wait().unwrap();
    }
    let ended = place.run("log list --json --log l.jsonl").code(0);
    assert_eq!(lines(&ended).len(), 4);
}
