//! What the program prints and how it exits.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod place;

use std::{fs, path::Path, process::Stdio};

use predicates::{prelude::PredicateBooleanExt as _, str::contains};
use serde_json::Value;

use place::{Place, lines};

#[test]
fn help_names_every_command_and_every_default() {
    let place = Place::new();
    for command in [
        "analyze",
        "cameras",
        "compare",
        "enroll",
        "forget",
        "completions",
        "detect",
        "man",
        "challenge",
        "demo",
        "log",
        "preview",
        "--config",
    ] {
        place.run("--help").success().stdout(contains(command));
    }
    place.run("analyze --help").success().stdout(
        contains("640x480]")
            .and(contains("[default: 60]"))
            .and(contains("--plot")),
    );
    place
        .run("detect --help")
        .success()
        .stdout(contains("[default: 0.7]"));
    place
        .run("--version")
        .success()
        .stdout(contains("liveness "));
}

#[test]
fn wrong_usage_exits_with_2_and_says_what_is_wrong() {
    let place = Place::new();
    for (line, why) in [
        ("", "Usage"),
        ("dance", "unrecognized subcommand 'dance'"),
        ("detect", "<PICTURE>"),
        ("analyze", "<SOURCE>"),
        ("detect a.jpg --fast", "unexpected argument '--fast'"),
        ("detect a.jpg --min-face 5", "write 12 or more"),
        ("detect a.jpg --min-score 2", "from 0 to 1"),
        ("analyze a.mp4 --fps 0", "1..=240"),
        ("analyze a.mp4 --size 640", "such as 640x480"),
        ("analyze a.mp4 --plot a.jpg", "name it .png"),
        ("analyze a.mp4 --plot gone/a.png", "cannot write gone/a.png"),
        ("completions lisp", "bash"),
    ] {
        let ended = place.run(line).code(2).stdout("");
        ended.stderr(contains(why));
    }
}

#[test]
fn detect_prints_one_object_a_picture() {
    let place = Place::new();
    place.portrait("b.jpg");
    place.picture("a.png");
    let ended = place.run("detect --json b.jpg a.png").success().stderr("");
    let lines = lines(&ended);
    assert_eq!(lines.len(), 2);
    assert_eq!(
        (&lines[0]["type"], &lines[0]["source"]),
        (&"picture".into(), &"b.jpg".into())
    );
    assert_eq!(
        (&lines[0]["width"], &lines[0]["height"]),
        (&512.into(), &512.into())
    );
    let face = &lines[0]["faces"][0];
    assert_eq!(face["bbox"].as_array().unwrap().len(), 4);
    assert!(face["landmarks"]["eye_l"][0].as_f64() < face["landmarks"]["eye_r"][0].as_f64());
    assert_eq!(lines[1]["faces"], Value::Array(vec![]));
}

#[test]
fn detect_tells_people_too() {
    let place = Place::new();
    place.portrait("b.jpg");
    place.picture("a.png");
    // A folder means all its pictures, in the order of their names.
    let ended = place.run("detect .").success();
    let text = String::from_utf8(ended.get_output().stdout.clone()).unwrap();
    let lines: Vec<_> = text.lines().collect();
    assert!(
        lines[0].starts_with("./a.png: 160x120, no face, "),
        "{text}"
    );
    assert!(lines[1].starts_with("./b.jpg: 512x512, 1 face, "), "{text}");
    assert!(
        lines[2].starts_with("    ") && lines[2].contains(" at "),
        "{text}"
    );
    assert_eq!(lines.len(), 3, "{text}");
}

#[test]
fn an_unreadable_picture_does_not_stop_the_others() {
    let place = Place::new();
    place.put("notes.jpg", "this is text");
    place.picture("a.png");
    let ended = place
        .run("detect --json notes.jpg gone.png a.png")
        .code(4)
        .stderr("");
    let lines = lines(&ended);
    let kinds: Vec<_> = lines
        .iter()
        .map(|line| line["type"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["error", "error", "picture"]);
    assert_eq!(lines[0]["source"], "notes.jpg");
    assert_eq!(
        lines[0]["error"],
        "cannot read notes.jpg: it is no picture; jpeg and png can be read"
    );
    let ended = place.run("detect notes.jpg a.png").code(4);
    ended
        .stdout(contains("a.png: 160x120, no face"))
        .stderr(contains("error: cannot read notes.jpg: it is no picture"));
}

#[test]
fn an_empty_folder_is_an_error_of_the_source() {
    let place = Place::new();
    fs::create_dir(place.path("empty")).unwrap();
    for line in ["detect empty", "analyze empty"] {
        let why = "cannot read empty: the folder holds no picture (jpg, jpeg, png)";
        place.run(line).code(4).stderr(contains(why));
    }
}

#[test]
fn detect_draws_what_it_found_and_what_each_stage_saw() {
    let place = Place::new();
    let before = image::open(place.portrait("b.jpg")).unwrap().into_rgb8();
    place
        .run("detect b.jpg --png out.png --stages st")
        .success();
    let drawn = image::open(place.path("out.png")).unwrap().into_rgb8();
    assert_eq!(drawn.dimensions(), before.dimensions());
    assert_ne!(drawn.as_raw(), before.as_raw());
    for name in ["1-pyramid-00-103x103", "2-pnet", "3-rnet", "4-onet"] {
        assert!(place.path(&format!("st/b/{name}.png")).exists(), "{name}");
    }
    // Of several pictures OUT is a folder, and no drawing overwrites another.
    place.picture("b.png");
    place.run("detect b.jpg b.png --png drawn").success();
    assert!(place.path("drawn/b.png").exists() && place.path("drawn/b-2.png").exists());
}

#[test]
fn fewer_faces_pass_a_higher_score() {
    let place = Place::new();
    place.portrait("b.jpg");
    let faces = |flags: &str| {
        let ended = place.run(&format!("detect --json b.jpg {flags}")).success();
        lines(&ended)[0]["faces"].as_array().unwrap().clone()
    };
    let found = faces("");
    assert_eq!(found.len(), 1);
    let score = found[0]["score"].as_f64().unwrap();
    assert_eq!(faces(&format!("--min-score {}", score - 1e-4)).len(), 1);
    assert!(score < 1.0);
    assert_eq!(faces("--min-score 1").len(), 0);
    place
        .run("detect b.jpg --min-face 300")
        .success()
        .stdout(contains("no face"));
}

#[test]
fn a_reader_who_leaves_early_is_no_error() {
    let place = Place::new();
    place.picture("a.png");
    let mut child = place
        .program("detect a.png a.png a.png")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn analyze_prints_every_frame() {
    let place = Place::new();
    place.video("v.mp4");
    let ended = place.run("analyze v.mp4 --json").success().stderr("");
    let frames = lines(&ended);
    assert_eq!(frames.len(), 15);
    assert_eq!(
        (&frames[14]["type"], &frames[14]["frame"]),
        (&"frame".into(), &14.into())
    );
    assert!((frames[14]["t_ms"].as_f64().unwrap() - 14_000.0 / 15.0).abs() < 1.0);
    place
        .run("analyze --source v.mp4")
        .success()
        .stdout(contains("no gesture; 15 frames in 0.9 s").and(contains(" frames a second")));
    // One picture has no pace: it was given 1000 frames a second.
    place.picture("one.png");
    place
        .run("analyze one.png")
        .success()
        .stdout(contains("1 frame in 0.0 s, a face in 0 % of them\n"));
    place
        .run("analyze v.mp4 -v")
        .success()
        .stdout(contains("frame    14").and(contains("no face")));
}

#[test]
fn analyze_reads_a_face_and_draws_its_signals() {
    let place = Place::new();
    for i in 0..4 {
        place.portrait(&format!("{i}.jpg"));
    }
    let ended = place
        .run("analyze . --json --fps 10 --plot p.png")
        .success();
    let frames = lines(&ended);
    assert_eq!(frames.len(), 4);
    assert_eq!(frames[3]["t_ms"], 300.0);
    let signals = &frames[3]["signals"];
    assert!(signals["eyes"].as_f64().unwrap() > 0.2, "{signals}");
    assert!(
        signals["yaw_deg"].as_f64().unwrap().abs() < 15.0,
        "{signals}"
    );
    let plot = image::open(place.path("p.png")).unwrap();
    assert!(plot.width() >= 1400, "{}", plot.width());
}

#[test]
fn a_truncated_video_gives_what_it_holds_then_exit_4() {
    let place = Place::new();
    let whole = fs::read(place.video("v.mp4")).unwrap();
    place.put("cut.mp4", &whole[..whole.len() * 3 / 5]);
    let ended = place.run("analyze cut.mp4 --json --plot p.png").code(4);
    let frames = lines(&ended);
    assert!((1..15).contains(&frames.len()), "{}", frames.len());
    ended.stderr(contains("error: cannot read cut.mp4"));
    assert!(place.path("p.png").exists(), "what was read is drawn");
    place.put("head.mp4", &whole[..200]);
    place
        .run("analyze head.mp4")
        .code(4)
        .stderr(contains("cannot read head.mp4"));
}

#[test]
fn what_is_no_source_exits_with_4() {
    let place = Place::new();
    place.put("notes.txt", "Dear reader");
    place
        .run("analyze notes.txt")
        .code(4)
        .stderr(contains("notes.txt: it is text; a source is"));
    place
        .run("analyze gone.mp4")
        .code(4)
        .stderr(contains("no such file or folder"));
    place
        .run("analyze camera:9")
        .code(4)
        .stderr(contains("camera 9 failed"));
}

#[test]
fn without_ffmpeg_the_way_to_install_it_is_named() {
    let place = Place::new();
    place.video("v.mp4");
    let ended = place.command("analyze v.mp4").env("PATH", "").assert();
    ended
        .code(4)
        .stderr(contains("ffmpeg, which is not installed").and(contains("apt install")));
}

#[test]
fn a_wrong_network_exits_with_5() {
    let place = Place::new();
    place.picture("a.png");
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    fs::create_dir(place.path("nets")).unwrap();
    place
        .run("detect a.png --models nets")
        .code(5)
        .stderr(contains("mtcnn_pnet.onnx"));
    for entry in fs::read_dir(models).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "onnx") {
            fs::copy(&path, place.path("nets").join(path.file_name().unwrap())).unwrap();
        }
    }
    place.run("detect a.png --models nets").success();
    let rnet = place.path("nets/mtcnn_rnet.onnx");
    fs::copy(place.path("nets/mtcnn_pnet.onnx"), &rnet).unwrap();
    place
        .run("detect a.png --models nets")
        .code(5)
        .stderr(contains("mtcnn_rnet.onnx"));
    fs::write(&rnet, "text").unwrap();
    place
        .run("detect a.png --models nets")
        .code(5)
        .stderr(contains("mtcnn_rnet.onnx"));
}

#[test]
fn no_camera_is_said_but_no_error() {
    let place = Place::new();
    // Only a machine without a camera can tell; others list theirs.
    let ended = place.run("cameras --json").success();
    let cameras = lines(&ended);
    assert!(cameras.iter().all(|camera| camera["type"] == "camera"));
    if cameras.is_empty() {
        place
            .run("cameras")
            .success()
            .stdout("")
            .stderr(contains("no camera found"));
    }
}

#[test]
fn completions_and_manual_pages_are_written() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        place
            .run(&format!("completions {shell}"))
            .success()
            .stdout(contains("min-face"));
    }
    place
        .run("man")
        .success()
        .stdout(contains(".TH liveness 1"));
    place.run("man --out pages").success().stdout("");
    assert!(
        fs::read_to_string(place.path("pages/liveness-detect.1"))
            .unwrap()
            .contains("min")
    );
}
