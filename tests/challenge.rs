//! Sessions, as the whole program runs them: verdicts, records, bad input.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod place;

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Command as System, Stdio},
};

use liveness::{
    capture::puppet::{Behaviour, Cue, Options, Pace, Puppet},
    step::Step,
};
use predicates::str::contains;
use serde_json::Value;

use place::{Place, lines, signal};

/// Films the simulated subject: `cues` are said at their frame.
fn film(place: &Place, name: &str, behaviour: Behaviour, frames: usize, cues: &[(usize, Step)]) {
    let (say, heard) = crossbeam_channel::bounded(8);
    let options = Options {
        behaviour,
        seed: 5,
        ..Options::default()
    };
    let puppet = Puppet::new(options, Pace::Virtual, heard).unwrap();
    fs::create_dir(place.path(name)).unwrap();
    for (i, frame) in puppet.take(frames).enumerate() {
        let frame = frame.unwrap();
        let path = place.path(&format!("{name}/{i:04}.jpg"));
        frame.image.save(path).unwrap();
        for (_, step) in cues.iter().filter(|(at, _)| *at == i) {
            say.send(Cue::Ask(*step)).unwrap();
        }
    }
}

/// The last line, which must be the result.
fn result(lines: &[Value]) -> &Value {
    let last = lines.last().unwrap();
    assert_eq!(last["type"], "result", "{last}");
    last
}

#[test]
fn an_obedient_subject_passes_and_is_logged() {
    let place = Place::new();
    let ended = place
        .run("demo --headless --json --seed 3 --log l.jsonl")
        .code(0);
    let lines = lines(&ended);
    assert_eq!(lines[0]["type"], "hello");
    // Three steps, and to hold still.
    assert_eq!(lines[0]["script"].as_array().unwrap().len(), 4);
    let of = |state: &str| {
        let steps = lines.iter().filter(|line| line["state"] == state);
        steps.map(|line| line["step"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(of("done"), of("asked"));
    let mut told = result(&lines).clone();
    assert_eq!(told["verdict"], "passed");
    assert_eq!(told["rehearsal"], true);
    assert_eq!(told["reason"], Value::Null);
    assert_eq!(told["rules"]["strength"], "standard");
    assert_eq!(told["rules"]["step_ms"], 6_000);
    assert_eq!(told["rules"]["stand"]["still_ms"], 700);
    let logged = fs::read_to_string(place.path("l.jsonl")).unwrap();
    let logged: Value = serde_json::from_str(&logged).expect("one line");
    told.as_object_mut().unwrap().remove("type");
    assert_eq!(told, logged);
}

#[test]
fn the_same_seed_gives_the_same_session() {
    let place = Place::new();
    let run = || {
        let ended = place.run("demo --headless --json --seed 11 --script nod --log l.jsonl");
        lines(&ended)[1..lines(&ended).len() - 1].to_vec()
    };
    assert_eq!(run(), run());
}

#[test]
fn a_subject_that_does_nothing_fails() {
    let place = Place::new();
    let line = "demo --headless --json --seed 3 --behaviour still --script nod --log l.jsonl";
    let lines = lines(&place.run(line).code(1));
    assert_eq!(result(&lines)["reason"], "step_timeout");
}

#[test]
fn a_recording_passes_its_own_script_and_no_other() {
    let place = Place::new();
    let cues = [
        (30, Step::TurnLeft),
        (120, Step::TurnRight),
        (210, Step::Nod),
    ];
    film(&place, "film", Behaviour::Obey, 300, &cues);
    let run = |script: &str| {
        place.run(&format!(
            "challenge --source film --script {script} --headless --json --log l.jsonl"
        ))
    };
    let passed = lines(&run("turn_left,turn_right,nod").code(0));
    assert_eq!(result(&passed)["verdict"], "passed");
    assert_eq!(result(&passed)["rehearsal"], true);
    let failed = lines(&run("turn_right,turn_left,nod").code(1));
    assert_eq!(result(&failed)["reason"], "wrong_gesture");
    // The obedient subject blinks of its own accord; a print never does.
    film(&place, "print", Behaviour::Photo, 290, &[]);
    let line = "challenge --source print --script blink --headless --json --log l.jsonl";
    let failed = lines(&place.run(line).code(1));
    assert_eq!(result(&failed)["verdict"], "failed");
}

#[test]
fn a_source_that_is_none_exits_with_4_and_says_what_to_do() {
    let place = Place::new();
    place.put("notes.txt", "Dear reader");
    fs::create_dir(place.path("empty")).unwrap();
    for (source, why) in [
        ("camera:9", "camera 9 failed"),
        ("notes.txt", "it is text"),
        ("empty", "no picture"),
        ("gone.mp4", "no such file or folder"),
    ] {
        let line = format!("challenge --source {source} --headless --json --log l.jsonl");
        let ended = place.run(&line).code(4).stderr(contains(why));
        let lines = lines(&ended);
        assert_eq!(result(&lines)["reason"], "source_failed", "{source}");
    }
    let log = fs::read_to_string(place.path("l.jsonl")).unwrap();
    assert_eq!(log.lines().count(), 4, "each is on record");
    place.video("v.mp4");
    let line = "challenge --source v.mp4 --headless --log l.jsonl";
    let ended = place.command(line).env("PATH", "").assert();
    ended.code(4).stderr(contains("apt install ffmpeg"));
}

#[test]
fn a_hint_is_said_when_it_lasts_and_not_again_until_another_was() {
    let place = Place::new();
    fs::create_dir(place.path("grey")).unwrap();
    for i in 0..30 {
        let grey = image::RgbImage::from_pixel(320, 240, image::Rgb([90; 3]));
        grey.save(place.path(&format!("grey/{i:02}.png"))).unwrap();
    }
    let codes = |source: &str, code: i32| -> Vec<String> {
        let line = format!("{source} --headless --json --log l.jsonl");
        let ended = place.run(&line).code(code);
        let events = lines(&ended).into_iter();
        let guides = events.filter(|event| event["type"] == "guide");
        guides
            .map(|g| g["code"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(codes("challenge --source grey", 3), ["no_face"]);
    let small = codes("demo --seed 1 --size 200x150 --timeout 20", 3);
    assert!(
        !small.is_empty() && small.iter().zip(&small[1..]).all(|(a, b)| a != b),
        "{small:?}"
    );
    let fine = codes("demo --seed 1", 0);
    assert!(!fine.contains(&"no_face".to_owned()), "{fine:?}");
}

#[test]
fn without_a_home_the_log_must_be_named() {
    let place = Place::new();
    for line in ["demo --headless --steps 1", "log list"] {
        let mut program = place.command(line);
        program
            .env_remove("HOME")
            .env_remove("XDG_STATE_HOME")
            .env_remove("LOCALAPPDATA");
        program.assert().code(2).stderr(contains("--log PATH"));
    }
    assert!(!place.path("liveness").exists());
}

#[test]
fn wrong_words_exit_with_2_before_anything_starts() {
    let place = Place::new();
    fs::create_dir(place.path("folder")).unwrap();
    place.put("file", "");
    place.put("broken.toml", "steps = = 3");
    for (flags, why) in [
        ("--script wink", "wink"),
        ("--allow nod,wink", "wink"),
        ("--steps 0", "--steps"),
        ("--timeout 0", "--timeout"),
        ("--behaviour sleepy", "sleepy"),
        ("--lang fr", "fr"),
        ("--log folder", "folder"),
        ("--log file/l.jsonl", "file/l.jsonl"),
        ("--config broken.toml", "broken.toml, line 1"),
        ("--allow nod", "no step comes twice in a row"),
    ] {
        let ended = place.run(&format!("demo --headless {flags}"));
        ended.code(2).stdout("").stderr(contains(why));
    }
}

#[test]
fn only_the_simulated_subject_can_be_told_how_to_behave() {
    let place = Place::new();
    for flag in ["--behaviour still", "--seed 3"] {
        let ended = place.run(&format!("challenge --headless --log l.jsonl {flag}"));
        ended.code(2).stderr(contains("simulated subject"));
        assert!(!place.path("l.jsonl").exists());
    }
}

#[test]
fn without_a_display_the_way_out_is_named() {
    let place = Place::new();
    let command = |line| {
        let mut command = place.command(line);
        command.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
        command
    };
    let ended = command("challenge --log l.jsonl").assert();
    ended.code(2).stderr(contains("--headless"));
    let ended = command("preview").assert();
    ended.code(2).stderr(contains("liveness analyze"));
    let ended = command("demo --seed 3 --script nod --log l.jsonl").assert();
    ended.code(0).stderr(contains("terminal"));
}

#[test]
fn a_wrong_network_exits_with_5() {
    let place = Place::new();
    fs::create_dir(place.path("nets")).unwrap();
    let ended = place.run("demo --headless --models nets --log l.jsonl");
    ended.code(5).stderr(contains("nets"));
}

#[test]
fn a_log_that_takes_nothing_is_told_before_anybody_is_asked() {
    let place = Place::new();
    let ended = place.run("demo --headless --seed 3 --script nod --log /dev/full");
    ended.code(2).stdout("").stderr(contains("/dev/full"));
}

#[test]
fn whoever_stops_it_gets_a_record() {
    let place = Place::new();
    let line = "demo --headless --json --behaviour still --script nod,blink,nod --log l.jsonl";
    let mut child = place.program(line).stdout(Stdio::piped()).spawn().unwrap();
    let mut told = BufReader::new(child.stdout.take().unwrap()).lines();
    let asked = told.find(|line| line.as_ref().unwrap().contains("asked"));
    asked.unwrap().unwrap();
    signal(&child, "INT");
    let last: Value = serde_json::from_str(&told.last().unwrap().unwrap()).unwrap();
    assert_eq!(last["verdict"], "cancelled");
    assert_eq!(child.wait().unwrap().code(), Some(6));
    let logged = fs::read_to_string(place.path("l.jsonl")).unwrap();
    assert!(logged.contains("\"cancelled\""));
}

#[test]
fn whoever_stops_reading_cancels_and_the_record_is_kept() {
    let place = Place::new();
    let mut child = place
        .program("demo --headless --json --seed 3 --log l.jsonl")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut told = BufReader::new(child.stdout.take().unwrap()).lines();
    told.next().unwrap().unwrap();
    drop(told);
    assert_eq!(child.wait().unwrap().code(), Some(6));
    let logged = fs::read_to_string(place.path("l.jsonl")).unwrap();
    assert!(logged.contains("\"cancelled\""), "{logged}");
}

#[test]
fn a_cut_recording_exits_with_4_and_its_record_says_so() {
    let place = Place::new();
    let whole = fs::read(place.video("v.mp4")).unwrap();
    place.put("cut.mp4", &whole[..whole.len() * 3 / 4]);
    let ended = place
        .run("challenge --source cut.mp4 --headless --json --log l.jsonl")
        .code(4)
        .stderr(contains("cut.mp4"));
    let lines = lines(&ended);
    assert_eq!(result(&lines)["verdict"], "inconclusive");
    assert_eq!(result(&lines)["reason"], "source_failed");
    let logged = fs::read_to_string(place.path("l.jsonl")).unwrap();
    assert!(logged.contains("\"source_failed\""));
}

/// A disk that is full before the record is: a limit on the size of files, of which the log has
/// used up most. Where it is hit the program is told by an error rather than killed.
#[test]
#[cfg(target_os = "linux")]
fn a_disk_that_fills_during_the_session_loses_no_record() {
    let place = Place::new();
    place.put("l.jsonl", "\n".repeat(900));
    let liveness = env!("CARGO_BIN_EXE_liveness");
    let run = format!(
        "trap '' XFSZ; ulimit -f 2; exec {liveness} demo --headless --json --seed 3 --log l.jsonl"
    );
    let output = System::new("sh")
        .args(["-c", &run])
        .current_dir(place.folder())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(5), "{said}");
    assert!(said.contains("the result was not logged"), "{said}");
    let record = said.lines().last().unwrap();
    let record: Value = serde_json::from_str(record).expect("the record, on standard error");
    assert_eq!(record["verdict"], "passed");
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(
        !told.contains("\"result\""),
        "not told what is not kept: {told}"
    );
}

#[test]
fn nobody_but_the_expected_person_passes() {
    let place = Place::new();
    let portraits = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/portraits");
    let run = |flags: &str, code: i32| {
        let line = format!("demo --headless --json --seed 3 --log l.jsonl --templates t {flags}");
        let ended = place.run(&line).code(code);
        result(&lines(&ended)).clone()
    };
    let photo = |name: &str| format!("--match {}", portraits.join(name).display());
    let own = run(&photo("astronaut.jpg"), 0);
    assert!(own["said"]["expected"].as_f64().unwrap() < 0.45, "{own}");
    let other = run(&photo("obama.jpg"), 1);
    assert_eq!(other["reason"], "no_match");
    assert!(other["said"]["expected"].as_f64().unwrap() > 0.6, "{other}");
    let enrol = format!(
        "enroll collins --templates t --source {}",
        portraits.join("astronaut.jpg").display()
    );
    place.run(&enrol).code(0);
    assert_eq!(run("--expect collins", 0)["verdict"], "passed");
}

#[test]
fn a_photograph_that_cannot_be_compared_says_so_before_anybody_is_asked() {
    let place = Place::new();
    let grey = image::RgbImage::from_pixel(320, 240, image::Rgb([90; 3]));
    grey.save(place.path("grey.png")).unwrap();
    for (flags, code, why) in [
        ("--match grey.png", 4, "no face"),
        ("--match nowhere.jpg", 4, "nowhere.jpg"),
        ("--expect nobody --templates t", 2, "nobody"),
        ("--expect ../x --templates t", 2, "../x"),
        ("--match grey.png --expect nobody", 2, "cannot be used with"),
    ] {
        let line = format!("demo --headless --log l.jsonl {flags}");
        place.run(&line).code(code).stderr(contains(why));
    }
    assert!(!place.path("l.jsonl").exists(), "no session was begun");
}
