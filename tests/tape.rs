//! Sessions kept with `--tape` and decided again by `replay`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, dead_code)]
mod place;

use std::fs;

use place::Place;
use predicates::str::contains;
use serde_json::{Map, Value};

#[test]
fn sessions_are_decided_again_to_the_last_byte() {
    let place = Place::new();
    let told = |run: &str, code: i32| {
        let ended = place.run(run).code(code);
        String::from_utf8(ended.get_output().stdout.clone()).unwrap()
    };
    for (behaviour, code) in [("obey", 0), ("wrong", 1), ("photo", 1)] {
        let line = format!(
            "demo --headless --json --seed 5 --behaviour {behaviour} --log l.jsonl --tape {behaviour}"
        );
        let then = told(&line, code);
        let tapes = fs::read_dir(place.path(behaviour)).unwrap();
        let tape = tapes.last().unwrap().unwrap().path();
        let now = told(&format!("replay --json {}", tape.display()), 0);
        let (now, now_result) = now.trim_end().rsplit_once('\n').unwrap();
        let (then, then_result) = then.trim_end().rsplit_once('\n').unwrap();
        assert_eq!(now, then, "{behaviour}");
        // The log's own fields, the signature among them, are of that time; all others are the same.
        let fields = |line: &str| serde_json::from_str::<Map<String, Value>>(line).unwrap();
        let then = fields(then_result);
        for (name, value) in fields(now_result) {
            assert_eq!(Some(&value), then.get(&name), "{behaviour}: {name}");
        }
    }
}

#[test]
fn a_tape_that_was_changed_or_is_none_says_so() {
    let place = Place::new();
    place
        .run("demo --headless --seed 5 --log l.jsonl --tape t")
        .code(0);
    let tape = fs::read_dir(place.path("t")).unwrap().next().unwrap();
    let tape = tape.unwrap().path();
    let text = fs::read_to_string(&tape).unwrap();
    let changed = text.replacen("\"verdict\":\"passed\"", "\"verdict\":\"failed\"", 1);
    assert_ne!(changed, text);
    fs::write(place.path("changed.jsonl"), changed).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    fs::write(place.path("short.jsonl"), lines[..20].join("\n")).unwrap();
    fs::write(place.path("none.jsonl"), "{}\n").unwrap();
    for (file, why) in [
        ("changed.jsonl", "it came to something else then"),
        ("short.jsonl", "breaks off"),
        ("none.jsonl", "line 1"),
        // Whatever else cannot be read.
        ("nowhere.jsonl short.jsonl nowhere.jsonl", "breaks off"),
    ] {
        place
            .run(&format!("replay {file}"))
            .code(5)
            .stderr(contains(why));
    }
    place.put("prose.txt", "it was\n");
    let once = "error: prose.txt: line 1: expected value at line 1 column 1\n";
    place.run("replay prose.txt").code(5).stderr(once);
    let gone = place.run("replay nowhere.jsonl").code(4);
    gone.stderr(contains("cannot read nowhere.jsonl: No such file"));
    place.run("replay").code(2);
}
