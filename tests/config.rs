//! `--config FILE.toml`, as the whole program reads it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod place;

use predicates::{prelude::PredicateBooleanExt as _, str::contains};
use serde_json::Value;

use place::{Place, lines};

#[test]
fn settings_come_from_a_file_and_flags_win() {
    let place = Place::new();
    place.portrait("b.jpg");
    place.put(
        "k.toml",
        "json = true\n[detect]\nmin_face = 300\n[analyze]\nsource = 'b.jpg'\n",
    );
    let ended = place.run("detect b.jpg --config k.toml").success();
    assert_eq!(lines(&ended)[0]["faces"], Value::Array(vec![]));
    let ended = place
        .run("detect b.jpg --min-face 40 --config=k.toml")
        .success();
    assert_eq!(lines(&ended)[0]["faces"].as_array().unwrap().len(), 1);
    let ended = place.run("--config k.toml analyze").success();
    assert_eq!(lines(&ended)[0]["faces"], 1);
}

#[test]
fn what_is_wrong_in_the_file_exits_with_2_and_names_it() {
    let place = Place::new();
    place.picture("a.png");
    for (settings, why) in [
        ("json = ", "error: k.toml, line 1: "),
        (
            "json = true\nmin-fce = 40",
            "k.toml, line 2: unknown setting \"min-fce\"; did you mean min-face?",
        ),
        (
            "[detect]\nplot = 'a.png'",
            "k.toml, line 2: unknown setting \"plot\" for detect",
        ),
        (
            "[detct]\njson = true",
            "unknown command \"detct\"; did you mean [detect]?",
        ),
        (
            "min-face = 5",
            "k.toml, line 1: min-face cannot be \"5\": faces under 12",
        ),
        ("json = 'yes'", "json is true or false, not text"),
    ] {
        place.put("k.toml", settings);
        let ended = place.run("detect a.png --config k.toml").code(2).stdout("");
        ended.stderr(contains(why).and(contains("--min-face").not()));
    }
    place
        .run("detect a.png --config gone.toml")
        .code(2)
        .stderr(contains("gone.toml: No such file"));
}
