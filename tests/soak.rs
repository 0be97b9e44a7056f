//! A kiosk's day in virtual time, as the whole program plays it: a few minutes of it, with many faults.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod place;

use std::fs;

use liveness::capture::Fault;
use serde_json::Value;

use place::{Place, lines};

fn sum(counts: &Value) -> u64 {
    let counts = counts.as_object().unwrap().values();
    counts.map(|count| count.as_u64().unwrap()).sum()
}

#[test]
fn minutes_full_of_faults_lose_no_session_and_pass_nobody_by_accident() {
    let place = Place::new();
    let ended = place.run("soak --hours 0.1 --faults-per-hour 200 --fps 12 --json --log day.db");
    let lines = lines(&ended.success());
    let [day] = &lines[..] else {
        panic!("{lines:?}");
    };
    assert_eq!(day["type"], "result");
    assert_eq!(day["violations"], Value::Array(vec![]), "{day}");
    assert!(day["frames"].as_u64().unwrap() > 1_500, "{day}");
    assert!(
        (day["hours"].as_f64().unwrap() - 0.1).abs() < 0.001,
        "{day}"
    );
    assert!(
        sum(&day["visits"]) > 5 && sum(&day["sessions"]) > 10,
        "{day}"
    );
    assert!(day["sessions"]["passed"].as_u64().unwrap() > 0, "{day}");
    assert_eq!(day["log_sound"], true);
    assert_eq!(day["log_entries"], sum(&day["sessions"]));
    let faults = day["faults"].as_object().unwrap();
    assert!(faults.len() >= Fault::ALL.len() / 2, "{day}");
    assert!(day["recoveries"].as_u64().unwrap() > 3, "{day}");

    // The log that was named stays, and is taken up by another day.
    place.run("log verify --log day.db").success();
    place
        .run("soak --hours 0.002 --seed 2 --log day.db")
        .success();
    assert!(!fs::exists(place.path("state/liveness/sessions.db")).unwrap());
}

#[test]
fn a_day_that_cannot_be_is_said() {
    let place = Place::new();
    for (flags, why) in [
        ("--hours 0", "such as 24"),
        ("--faults-per-hour 601", "such as 2"),
        ("--fps 1", "5..=60"),
        ("--lockout 60s", "counts in wall time"),
        ("--no-virtual-camera", "refuses a virtual kiosk"),
    ] {
        let ended = place.run(&format!("soak {flags}")).code(2);
        ended.stderr(predicates::str::contains(why));
    }
}
