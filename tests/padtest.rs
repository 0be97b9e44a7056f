//! The attack bench, as the whole program runs it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod place;

use std::fs;

use predicates::{prelude::PredicateBooleanExt as _, str::contains};
use serde_json::Value;

use place::{Place, lines};

/// What does not depend on how a run was shared out.
fn sorted(mut lines: Vec<Value>) -> Vec<String> {
    lines.retain(|line| line["type"] == "session");
    let mut text: Vec<String> = lines.iter().map(ToString::to_string).collect();
    text.sort();
    text
}

#[test]
fn a_run_s_shards_repeat_it_and_merge_to_it() {
    let place = Place::new();
    let run = "padtest --json --sessions 2 --kinds frozen,bona_fide --steps 1 --seed 5";
    let whole = lines(&place.run(run).success());
    assert_eq!(whole[0]["type"], "plan");
    let result = whole.last().unwrap();
    assert_eq!(result["type"], "result");
    assert_eq!(result["strength"], "standard");
    assert_eq!(result["seed"], 5);
    assert_eq!(result["partial"], false);
    assert_eq!(result["apcer"]["frozen"]["sessions"], 2);
    assert_eq!(result["apcer"]["frozen"]["accepted"], 0);
    assert!((result["apcer"]["frozen"]["high"].as_f64().unwrap() - 0.8419).abs() < 1e-4);
    assert_eq!(result["bpcer"]["sessions"], 2);
    assert_eq!(result["non_response"]["frozen"]["sessions"], 2);

    for part in 1..=2 {
        let ended = place.run(&format!("{run} --shard {part}/2")).success();
        let text = ended.get_output().stdout.clone();
        assert_eq!(lines(&ended).last().unwrap()["partial"], true);
        place.put(&format!("{part}.jsonl"), text);
    }
    let merged = lines(
        &place
            .run("padtest --json --merge 1.jsonl 2.jsonl")
            .success(),
    );
    assert_eq!(sorted(merged.clone()), sorted(whole.clone()));
    assert_eq!(merged.last(), whole.last());

    // One part alone is said to be one, and one part twice is refused.
    let half = place.run("padtest --merge 2.jsonl").success();
    half.stdout(contains("PARTIAL"));
    let twice = place.run("padtest --merge 1.jsonl 1.jsonl").code(2);
    twice.stderr(contains("comes twice"));
}

#[test]
fn one_session_runs_alone_and_is_drawn() {
    let place = Place::new();
    let run = "padtest --kinds two_faces --only 3 --seed 5 --steps 1 --plot rates.png";
    place.run(run).success().stdout(contains("two_faces"));
    let plot = image::open(place.path("rates.png")).unwrap();
    assert!(plot.width() > 1_000);
}

#[test]
fn recordings_are_attacks_by_the_name_of_their_folder() {
    let place = Place::new();
    fs::create_dir_all(place.path("r/photo_on_paper/a")).unwrap();
    for i in 0..8 {
        place.portrait(&format!("r/photo_on_paper/a/{i}.jpg"));
    }
    fs::create_dir_all(place.path("r/bona_fide")).unwrap();
    place.put("r/bona_fide/broken.mp4", "no video at all");
    let run = place.run("padtest --json --recordings r --sessions 2");
    let lines = lines(&run.success());
    let result = lines.last().unwrap();
    assert_eq!(result["apcer"]["photo_on_paper"]["sessions"], 2);
    assert_eq!(result["non_response"]["photo_on_paper"]["count"], 2);
    assert_eq!(result["bpcer"]["rejected"], 0);
    let endings = &result["endings"];
    assert_eq!(endings["photo_on_paper"]["source_ended"], 2);
    assert_eq!(endings["bona_fide"]["source_failed"], 2);
}

#[test]
fn what_cannot_be_run_is_said() {
    let place = Place::new();
    for (line, why) in [
        ("padtest --kinds mask", "print_bent"),
        ("padtest --shard 3/2", "no part of a run"),
        ("padtest --recordings gone", "cannot read gone"),
        ("padtest --recordings .", "holds no recordings"),
        ("padtest --merge gone", "cannot read gone"),
        ("padtest --merge a --seed 3", "cannot be used with"),
        ("padtest --plot a.jpg", "name it .png"),
        (
            "padtest --under fps=15,face_px=60,fps=12",
            "gives fps twice",
        ),
        (
            "padtest --kinds frozen --sessions 1 --shard 2/2",
            "nothing to run",
        ),
    ] {
        place.run(line).code(2).stderr(contains(why));
    }
    place.put("other.txt", "{}\n");
    let ended = place.run("padtest --merge other.txt").code(2);
    ended.stderr(contains("other.txt:1"));
    let run = place.run("padtest --json --sessions 1 --kinds frozen --steps 1");
    let text = String::from_utf8(run.success().get_output().stdout.clone()).unwrap();
    let foreign = text.replace(r#""kind":"frozen""#, r#""kind":"frosted""#);
    place.put("foreign.jsonl", foreign);
    let ended = place.run("padtest --merge foreign.jsonl").code(2);
    ended.stderr(contains("foreign.jsonl:2").and(contains("unknown kind \"frosted\"")));
}
