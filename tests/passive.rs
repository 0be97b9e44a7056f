//! A network of the user's own: `--passive`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, dead_code)]

mod place;

use std::{fs, path::Path};

use predicates::{prelude::PredicateBooleanExt as _, str::contains};
use serde_json::Value;

use place::{Place, lines};

/// How the network of `tests/passive` wants its input: "live" is how bright the face is.
const MANUAL: &str = r#"
input = [8, 8]
white = 1.0
crop = 0.8
output = "score"
classes = 2
live = 1
"#;

/// A place with the network and `manual` beside it.
fn place(manual: &str) -> Place {
    let place = Place::new();
    let network = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/passive/bright.onnx");
    fs::copy(network, place.path("bright.onnx")).unwrap();
    fs::write(place.path("bright.toml"), manual).unwrap();
    place
}

fn result(place: &Place, flags: &str, code: i32) -> Value {
    let line =
        format!("demo --headless --json --seed 3 --log l.jsonl --passive bright.onnx {flags}");
    lines(&place.run(&line).code(code)).pop().unwrap()
}

#[test]
fn its_word_is_noted_and_counts_for_nothing_unless_it_may_deny() {
    // The portrait's face is lighter than a third and darker than nine tenths.
    let place = place(&format!("{MANUAL}threshold = 0.3\n"));
    let noted = result(&place, "", 0);
    let bright = noted["said"]["passive"].as_f64().unwrap();
    assert!((0.3..0.9).contains(&bright), "{bright}");
    assert!(noted["said"]["looks"][0].as_u64().unwrap() > 5, "{noted}");
    let session = noted["session"].as_str().unwrap();
    let shown = place.run(&format!("log show {session} --log l.jsonl"));
    let line = format!("passive   {bright:.2} that it is live");
    shown.success().stdout(contains(line));
    result(&place, "--passive-role deny", 0);
    fs::write(
        place.path("bright.toml"),
        format!("{MANUAL}threshold = 0.9\n"),
    )
    .unwrap();
    let changed = result(&place, "", 0);
    assert_ne!(
        changed["config"], noted["config"],
        "the record says which network it was"
    );
    assert_eq!(result(&place, "", 0)["config"], changed["config"]);
    let denied = result(&place, "--passive-role deny", 1);
    assert_eq!(denied["reason"], "not_live");
}

#[test]
fn a_role_without_a_network_is_refused() {
    let ended = Place::new()
        .run("demo --headless --passive-role deny")
        .code(2);
    ended.stderr(contains("--passive <MODEL.onnx>"));
}

#[test]
fn colours_and_scale_are_as_its_manual_says() {
    let said = |manual: &str| {
        let place = place(manual);
        result(&place, "", 0)["said"]["passive"].as_f64().unwrap()
    };
    // Frames are dropped where the machine is busy: not quite the same ones are looked at each time.
    let near = 5e-3;
    let plain = said(MANUAL);
    let swapped = said(&format!("{MANUAL}colours = \"bgr\"\n"));
    assert!((plain - swapped).abs() < near, "a mean knows no order");
    let scaled = said(&MANUAL.replace("white = 1.0", "black = -1.0\nwhite = 3.0"));
    assert!(
        (scaled - (4.0 * plain - 1.0)).abs() < 4.0 * near,
        "{scaled} for {plain}"
    );
    let other = said(&MANUAL.replace("live = 1", "live = 0"));
    assert!((other - (1.0 - plain)).abs() < near, "{other} for {plain}");
    let soft = said(&format!("{MANUAL}softmax = true\n"));
    let wanted = 1.0 / (1.0 + (1.0 - 2.0 * plain).exp());
    assert!((soft - wanted).abs() < 1e-2, "{soft} for {wanted}");
}

#[test]
fn what_does_not_fit_says_so_before_anybody_is_asked() {
    for (manual, why) in [
        ("input = 8", "bright.toml: TOML parse error"),
        (
            &*MANUAL.replace("live = 1", "live = 2"),
            "`live` must be below `classes`",
        ),
        (&*MANUAL.replace("[8, 8]", "[8, 9]"), "two equal sides"),
        (&*MANUAL.replace("\"score\"", "\"scores\""), "scores"),
        (
            &*MANUAL.replace("classes = 2", "classes = 3"),
            "output `score` has shape",
        ),
        (
            &*format!("{MANUAL}colour = \"rgb\"\n"),
            "unknown field `colour`",
        ),
    ] {
        let place = place(manual);
        let line = "demo --headless --log l.jsonl --passive bright.onnx";
        place.run(line).code(5).stderr(contains(why));
    }
    let place = Place::new();
    let line = "demo --headless --log l.jsonl --passive nowhere.onnx";
    let gone = "cannot use network nowhere.onnx from .: No such file";
    place.run(line).code(5).stderr(contains(gone));
    place.put("nowhere.onnx", "a network without its manual");
    let alone = place.run(line).code(5);
    alone.stderr(contains("nowhere.toml: No such file").and(contains("needs this file beside it")));
}

/// Borders of 60,000 pixels asked for 115 GB; a constant of 12,000 x 12,000 was held, and took seconds.
#[test]
fn a_network_that_asks_for_all_memory_says_so() {
    for (name, why) in [
        ("border", "more than 256 MB"),
        ("constant", "by ConstantOfShape"),
    ] {
        let place = place(MANUAL);
        let network = format!("{}/tests/passive/{name}.onnx", env!("CARGO_MANIFEST_DIR"));
        fs::copy(network, place.path("bright.onnx")).unwrap();
        let line = "demo --headless --log l.jsonl --passive bright.onnx";
        place.run(line).code(5).stderr(contains(why));
    }
    let place = place(&MANUAL.replace("[8, 8]", "[100000, 100000]"));
    let line = "demo --headless --log l.jsonl --passive bright.onnx";
    place.run(line).code(5).stderr(contains("8 to 1024 px"));
}
