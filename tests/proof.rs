//! What makes a result worth something afterwards, as the whole program does it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod logbook;
mod place;
#[cfg(target_os = "linux")]
mod v4l2shim;

use std::fs;

use liveness::{record::wall_time, store::Log};
use predicates::{prelude::PredicateBooleanExt as _, str::contains};
use serde_json::Value;

use logbook::{evidence, record};
use place::{Place, lines};

/// A quick session that passes.
const PASS: &str = "demo --headless --json --seed 3 --script nod";

fn text(place: &Place, line: &str, code: i32) -> String {
    let ended = place.run(line).code(code);
    String::from_utf8(ended.get_output().stdout.clone()).unwrap()
}

fn last(place: &Place, line: &str, code: i32) -> Value {
    lines(&place.run(line).code(code)).pop().unwrap()
}

/// A log in the usual place with sessions that ended like this, as rehearsals.
fn log_of(place: &Place, verdicts: &[&str]) {
    let folder = place.path("state/liveness");
    let mut log = Log::open(&folder.join("sessions.db"), &folder.join("log.key")).unwrap();
    for verdict in verdicts {
        let mut record = record();
        record.verdict = (*verdict).to_owned();
        record.rehearsal = true;
        if *verdict != "failed" {
            // Nobody was asked anything.
            record.steps.clear();
        }
        log.append(&record, evidence()).unwrap();
    }
}

#[test]
fn a_result_is_the_signed_entry_that_is_in_the_log() {
    for log in ["", " --log l.jsonl", " --log l.sqlite"] {
        let place = Place::new();
        let told = text(&place, &format!("{PASS} --nonce order-7{log}"), 0);
        let told = told.lines().last().unwrap().to_owned();
        let listed = text(&place, &format!("log list --json{log}"), 0);
        assert_eq!(
            told,
            listed.trim_end().replacen('{', "{\"type\":\"result\",", 1)
        );
        let result: Value = serde_json::from_str(&told).unwrap();
        assert_eq!(result["nonce"], "order-7");
        assert_eq!(result["seq"], 1);
        assert_eq!(result["virtual_camera"], Value::Null);
        for field in ["program", "config", "models"] {
            assert!(
                result[field].as_str().unwrap().starts_with("sha256:"),
                "{field}"
            );
        }
        let key = text(&place, &format!("key show{log}"), 0);
        assert_eq!(result["key"], key.trim());
        let line = format!("log verify --key {key}{log}");
        place
            .run(&line)
            .code(0)
            .stdout(contains("1 entry, 1 session"));
        let shown = format!("log show {}{log}", result["session"].as_str().unwrap());
        place
            .run(&shown)
            .code(0)
            .stdout(contains("order-7").and(contains("binary    sha256:")));
    }
}

#[test]
fn a_changed_log_is_named_and_takes_nothing_more() {
    let place = Place::new();
    place.run(&format!("{PASS} --log l.jsonl")).code(0);
    let log = fs::read_to_string(place.path("l.jsonl")).unwrap();
    place.put("l.jsonl", log.replace("\"passed\"", "\"failed\""));
    let ended = place.run("log verify --log l.jsonl").code(5);
    ended.stdout(contains("record 1 (session ").and(contains("line 1 was changed")));
    let found = lines(&place.run("log verify --json --log l.jsonl").code(5));
    assert_eq!(
        (&found[0]["type"], &found[1]["sound"]),
        (&"finding".into(), &false.into())
    );
    let ended = place.run(&format!("{PASS} --log l.jsonl")).code(5);
    ended.stdout("").stderr(contains("was changed"));
    let ended = place.run("log purge --older-than 1d --log l.jsonl");
    ended.code(5).stderr(contains("was changed"));
    place.put("l.jsonl", "");
    let ended = place.run("log verify --log l.jsonl").code(5);
    ended.stdout(contains("record 1: missing at the end"));
    let ended = place.run(&format!("{PASS} --log l.jsonl")).code(5);
    ended.stderr(contains("1 entries at its end are missing"));
}

#[test]
fn a_log_verifies_with_the_key_that_signed_it_alone() {
    let place = Place::new();
    log_of(&place, &["passed"]);
    let old = text(&place, "key show", 0);
    let new = text(&place, "key rotate", 0);
    assert_ne!(old, new);
    assert_eq!(last(&place, "key show --json", 0)["key"], new.trim());
    let own = contains("checked against this machine's own key");
    for key in [&old, &new] {
        let ended = place.run(&format!("log verify --key {key}")).code(0);
        ended.stdout(own.clone().not());
    }
    place.run("log verify").code(0).stdout(own);
    let told = last(&place, "log verify --json", 0);
    assert_eq!(
        (&told["own_key"], &told["outdated"]),
        (&true.into(), &false.into())
    );
    let stranger = old
        .replace("ed25519:", "")
        .chars()
        .rev()
        .collect::<String>();
    let ended = place
        .run(&format!("log verify --key {}", stranger.trim()))
        .code(5);
    ended.stdout(contains("signed none of its records"));
    place
        .run("log verify --key ed25519:7")
        .code(2)
        .stderr(contains("liveness key show"));
    let other = Place::new();
    let ended = other.run("log verify --log l.db").code(5);
    ended.stderr(contains("there is none; where nothing is logged yet"));
    fs::remove_file(place.key()).unwrap();
    place.run("key show").code(5).stderr(contains("log.key"));
    let ended = place.run(PASS).code(5).stdout("");
    ended.stderr(contains("put the right key back"));
}

#[test]
fn results_that_were_kept_elsewhere_tell_a_log_from_another_by_the_same_key() {
    let place = Place::new();
    let told = format!("{PASS} --log l.jsonl");
    let kept = text(&place, &told, 0).lines().last().unwrap().to_owned();
    place.put("kept.jsonl", format!("{kept}\n"));
    let old: Vec<_> = ["l.jsonl", "l.jsonl.head"]
        .map(|name| fs::read(place.path(name)).unwrap())
        .to_vec();
    let more = text(&place, &told, 0).lines().last().unwrap().to_owned();
    place.put("kept.jsonl", format!("{kept}\n{more}\n"));
    let verify = "log verify --log l.jsonl --results kept.jsonl";
    place.run(verify).code(0);
    // An old copy of the log and its head.
    place.put("l.jsonl", &old[0]);
    place.put("l.jsonl.head", &old[1]);
    place.run("log verify --log l.jsonl").code(0);
    let ended = place.run(verify).code(5);
    ended.stdout(contains("kept.jsonl, line 2: it is not in the log"));
    place.put("kept.jsonl", kept.replace("\"passed\"", "\"failed\""));
    place
        .run(verify)
        .code(5)
        .stdout(contains("its signature does not fit"));
}

#[test]
fn results_of_an_older_version_are_taken_over_and_stay() {
    let place = Place::new();
    let folder = place.path("state/liveness");
    fs::create_dir_all(&folder).unwrap();
    let old = serde_json::to_string(&record()).unwrap();
    let whole = format!("{old}\n{}\n{old}\n", &old[..99]);
    fs::write(folder.join("sessions.jsonl"), &whole).unwrap();
    assert_eq!(
        lines(&place.run("log list --json").code(5)).len(),
        2,
        "still read"
    );
    place.run(PASS).code(0).stderr(contains("2 results of"));
    place.run(PASS).code(0).stderr(contains("results of").not());
    assert_eq!(lines(&place.run("log list --json").code(0)).len(), 4);
    place.run("log verify").code(0);
    assert_eq!(
        fs::read_to_string(folder.join("sessions.jsonl")).unwrap(),
        whole
    );
}

#[test]
fn sessions_are_exported_and_purged_by_age() {
    let place = Place::new();
    log_of(&place, &["passed", "failed"]);
    let csv = text(&place, "log export --format csv --since 1d", 0);
    let csv: Vec<_> = csv.lines().collect();
    assert!(
        csv[0].starts_with("entry,session,started,verdict"),
        "{}",
        csv[0]
    );
    assert!(csv.len() == 3 && csv[1].starts_with("1,"), "{csv:?}");
    let whole = text(&place, "log export", 0);
    assert_eq!(whole, text(&place, "log list --json", 0));
    assert_eq!(text(&place, "log export --since 2999-01-01", 0), "");
    place
        .run("log purge --older-than 1h")
        .code(0)
        .stdout(contains("0 sessions"));
    assert_eq!(
        last(&place, "log purge --older-than 0s --json", 0)["sessions"],
        2
    );
    assert_eq!(text(&place, "log list --json", 0), "");
    place
        .run("log verify")
        .code(0)
        .stdout(contains("2 entries were purged"));
    place
        .run("log purge --older-than soon")
        .code(2)
        .stderr(contains("30d"));
    let ended = place.run("log purge --older-than 1d --log gone.db");
    ended
        .code(2)
        .stderr(contains("nothing has been logged there"));
    assert!(!place.path("gone.db").exists());
}

#[test]
fn too_many_failures_lock_and_a_restart_does_not_unlock() {
    let place = Place::new();
    log_of(
        &place,
        &[
            "failed",
            "failed",
            "inconclusive",
            "failed",
            "cancelled",
            "failed",
        ],
    );
    let locked = format!("{PASS} --lockout 2m");
    assert_eq!(
        last(&place, &locked, 0)["verdict"],
        "passed",
        "four, so far"
    );
    log_of(&place, &["failed"]);
    let until: Vec<_> = [(); 2]
        .map(|()| {
            let ended = place.run(&locked).code(3);
            let result = lines(&ended).pop().unwrap();
            ended.stderr(contains("somebody may try again in"));
            assert_eq!(result["verdict"], "inconclusive");
            assert_eq!(result["reason"], "locked_out");
            assert_eq!(result["steps"], Value::Array(vec![]), "nothing was asked");
            let until: liveness::record::WallTime =
                result["locked_until"].as_str().unwrap().parse().unwrap();
            until.duration_since(wall_time()).as_secs()
        })
        .to_vec();
    assert!(
        until.iter().all(|left| (60..=120).contains(left)),
        "{until:?}"
    );
    place.run(PASS).code(0);
    place.run("log verify").code(0);
    place.run(&format!("{PASS} --lockout 0s")).code(2);
}

#[test]
fn one_picture_is_kept_where_it_is_asked_for_and_nobody_sees_it_without_the_key() {
    let place = Place::new();
    let key = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";
    let told = last(
        &place,
        &format!("{PASS} --audit a --audit-key {key} --keep 30"),
        0,
    );
    let session = told["session"].as_str().unwrap();
    let still = fs::read(place.path(&format!("a/{session}.jpg.age"))).unwrap();
    assert!(still.starts_with(b"age-encryption.org/v1"));
    assert_eq!(told["still"], liveness::store::sha256(&still));
    assert_eq!(fs::read_dir(place.path("a")).unwrap().count(), 1);
    place
        .run(&format!("log show {session}"))
        .stdout(contains("still     sha256:"));
    assert_eq!(last(&place, PASS, 0)["still"], Value::Null);
    for (flags, why) in [
        ("--audit a", "--audit-key"),
        ("--audit a --audit-key age1x", "age-keygen"),
        (&format!("--audit-key {key}"), "--audit"),
        ("--keep 3", "--audit"),
    ] {
        place
            .run(&format!("{PASS} {flags}"))
            .code(2)
            .stderr(contains(why));
    }
    place.put("file", "");
    let ended = place.run(&format!("{PASS} --audit file --audit-key {key}"));
    ended
        .code(2)
        .stderr(contains("another folder with --audit"));
}

#[test]
fn a_camera_of_which_nothing_is_known_is_not_taken_for_a_real_one() {
    let place = Place::new();
    let line = "challenge --source camera:99 --headless --json --no-virtual-camera";
    let ended = place.run(line).code(4).stderr(contains("made of software"));
    let result = lines(&ended).pop().unwrap();
    assert_eq!(result["reason"], "virtual_camera");
    assert_eq!(result["verdict"], "inconclusive");
    // What is no camera at all is none that can be trusted.
    let demo = place.run(&format!("{PASS} --no-virtual-camera")).code(4);
    demo.stderr(contains("demo is no camera"));
}

#[test]
fn words_of_the_caller_are_kept_as_they_are() {
    let place = Place::new();
    let mut program = place.program(PASS);
    let nonce = "a \"b\" \u{1b}[31m 验 ,\n=1+1";
    program.args(["--nonce", nonce, "--log", "l.jsonl"]);
    assert!(program.output().unwrap().status.success());
    let kept = last(&place, "log list --json --log l.jsonl", 0);
    assert_eq!(kept["nonce"], nonce);
    place.run("log verify --log l.jsonl").code(0);
    let shown = format!(
        "log show {} --log l.jsonl",
        kept["session"].as_str().unwrap()
    );
    place.run(&shown).code(0).stdout(contains("\u{1b}").not());
    let long = format!("{PASS} --nonce {}", "x".repeat(513));
    place.run(&long).code(2).stderr(contains("512"));
}

#[test]
#[cfg(target_os = "linux")]
fn a_camera_of_software_is_named_and_refused_where_that_is_asked() {
    let place = Place::new();
    for (name, flag, is_virtual, code, reason) in [
        (
            "OBS Virtual Camera",
            "--no-virtual-camera",
            true,
            4,
            "virtual_camera",
        ),
        ("OBS Virtual Camera", "--timeout=5", true, 3, "nobody_came"),
        (
            "Shim Camera",
            "--no-virtual-camera",
            false,
            3,
            "nobody_came",
        ),
    ] {
        let machine = v4l2shim::Machine::with(&["640x480.yuyv"]).set("SHIM_NAME", name);
        let output = machine
            .command(env!("CARGO_BIN_EXE_liveness"))
            .args(["challenge", "--source", "camera:42", "--headless", "--json"])
            .args(["--timeout", "5", "--log", "l.jsonl", flag])
            .current_dir(place.folder())
            .env("XDG_STATE_HOME", place.path("state"))
            .output()
            .unwrap();
        assert_eq!(
            output.status.code(),
            Some(code),
            "{name} {flag}: {output:?}"
        );
        let told = String::from_utf8(output.stdout).unwrap();
        let result: Value = serde_json::from_str(told.lines().last().unwrap()).unwrap();
        assert_eq!(result["camera"], format!("{name} (1-4:1.0)"));
        assert_eq!(result["virtual_camera"], is_virtual, "{name}");
        assert_eq!(result["reason"], reason, "{name} {flag}");
    }
    place
        .run("log verify --log l.jsonl")
        .code(0)
        .stdout(contains("3 sessions"));
}
