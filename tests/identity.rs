//! One person and two, from pixels to exit codes; what is kept of them.
#![allow(clippy::unwrap_used, clippy::expect_used)]
mod place;

use std::{fs, path::Path};

use crossbeam_channel::bounded;
use image::{
    RgbImage,
    imageops::{FilterType, overlay, resize},
};
use liveness::{
    capture::{
        puppet::{self, Behaviour, Pace, Puppet, Sitter},
        read_picture,
    },
    identity::{Crowd, Embedding, Portraits, THRESHOLD, Unfit},
};
use predicates::{prelude::PredicateBooleanExt as _, str::contains};
use serde_json::Value;

use place::{Place, lines};

fn portrait(name: &str) -> RgbImage {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/portraits");
    read_picture(folder.join(name)).unwrap()
}

const PORTRAITS: [&str; 3] = ["astronaut.jpg", "obama.jpg", "biden.jpg"];

/// Frames of the simulated subject, a second and a half apart, with a face of this width.
fn frames(sitter: Sitter, seed: u64, face_px: f32) -> Vec<RgbImage> {
    let options = puppet::Options {
        behaviour: Behaviour::Still,
        sitter,
        seed,
        face_px: Some(face_px),
        fps: 10.0,
        ..puppet::Options::default()
    };
    let (_, cues) = bounded(1);
    let puppet = Puppet::new(options, Pace::Virtual, cues).unwrap();
    let frames = puppet.skip(5).step_by(15).take(2);
    frames.map(|frame| frame.unwrap().image).collect()
}

/// Two portraits side by side.
fn couple() -> RgbImage {
    let mut both = RgbImage::new(1024, 512);
    overlay(&mut both, &portrait("obama.jpg"), 0, 0);
    overlay(&mut both, &portrait("biden.jpg"), 512, 0);
    both
}

/// The astronaut, `side` pixels wide and high.
fn shrunk(side: u32) -> RgbImage {
    resize(&portrait("astronaut.jpg"), side, side, FilterType::Triangle)
}

#[test]
fn one_person_stays_near_and_two_far_in_every_size_and_pose() {
    let mut portraits = Portraits::load(None).unwrap();
    let mut look = |image: &RgbImage| -> Embedding {
        let found = portraits.look(image, Crowd::Refuse).unwrap();
        found.unwrap().embedding
    };
    let mut people: Vec<Vec<Embedding>> = vec![];
    for (sitter, name) in Sitter::ALL.into_iter().zip(PORTRAITS) {
        let mut one = vec![look(&portrait(name))];
        for (seed, face_px) in [(1, 120.0), (2, 150.0), (3, 300.0)] {
            one.extend(frames(sitter, seed, face_px).iter().map(&mut look));
        }
        people.push(one);
    }
    let all: Vec<_> = people.iter().enumerate().collect();
    for (i, a) in all
        .iter()
        .flat_map(|(i, one)| one.iter().map(move |a| (*i, a)))
    {
        for (j, b) in all
            .iter()
            .flat_map(|(j, one)| one.iter().map(move |b| (*j, b)))
        {
            let distance = a.distance(b);
            // Far from the threshold on either side: this is one photograph each.
            let right = if i == j {
                distance < 0.45
            } else {
                distance > 0.7
            };
            assert!(right, "{i} and {j}: {distance}");
        }
    }
}

#[test]
fn a_picture_that_will_not_do_says_why() {
    let mut portraits = Portraits::load(None).unwrap();
    let mut look = |image: &RgbImage, crowd| portraits.look(image, crowd).unwrap();
    let nobody = RgbImage::from_pixel(320, 240, image::Rgb([90; 3]));
    assert_eq!(look(&nobody, Crowd::Refuse), Err(Unfit::NoFace));
    let several = look(&couple(), Crowd::Refuse);
    assert_eq!(several, Err(Unfit::SeveralFaces(2)));
    let small = look(&shrunk(200), Crowd::Refuse);
    assert!(
        matches!(small, Err(Unfit::TooSmall(px)) if px < 50.0),
        "{small:?}"
    );
    // Whoever is in the middle is meant.
    let mut middle = couple();
    let other = shrunk(512);
    overlay(&mut middle, &other, 256, 0);
    let found = look(&middle, Crowd::Middle).unwrap();
    let alone = look(&other, Crowd::Refuse).unwrap();
    assert!(found.embedding.distance(&alone.embedding) < THRESHOLD);
}

#[test]
fn compare_says_same_or_different_and_exits_so() {
    let place = Place::new();
    place.portrait("a.jpg");
    let frame = &frames(Sitter::Astronaut, 7, 150.0)[1];
    frame.save(place.path("again.png")).unwrap();
    portrait("obama.jpg").save(place.path("other.png")).unwrap();
    let ended = place.run("compare a.jpg again.png").success().stderr("");
    ended.stdout(contains("same person: distance 0."));
    let ended = place.run("compare a.jpg other.png").code(1).stderr("");
    ended.stdout(contains("different people: distance 0."));
    let ended = place.run("compare a.jpg other.png --json").code(1);
    let line = &lines(&ended)[0];
    assert_eq!(line["type"], "result");
    assert_eq!(
        (&line["a"], &line["b"]),
        (&"a.jpg".into(), &"other.png".into())
    );
    assert_eq!(
        (&line["same"], &line["faces"]),
        (&false.into(), &Value::from(vec![1, 1]))
    );
    let distance = line["distance"].as_f64().unwrap();
    assert!(distance > line["threshold"].as_f64().unwrap(), "{line}");
    // The threshold decides, and nothing else.
    place.run("compare a.jpg other.png --threshold 1.2").code(0);
    place
        .run("compare a.jpg again.png --threshold 0.01")
        .code(1);
}

#[test]
fn compare_names_the_picture_it_cannot_use() {
    let place = Place::new();
    place.portrait("a.jpg");
    place.picture("nobody.png");
    place.put("notes.jpg", "this is text");
    couple().save(place.path("couple.png")).unwrap();
    shrunk(200).save(place.path("small.png")).unwrap();
    for (line, code, why) in [
        (
            "compare a.jpg nobody.png",
            4,
            "nobody.png: no face was found",
        ),
        (
            "compare nobody.png a.jpg",
            4,
            "nobody.png: no face was found",
        ),
        (
            "compare a.jpg couple.png --strict",
            4,
            "couple.png: 2 faces were found",
        ),
        ("compare a.jpg small.png", 4, "pixels wide; 50 are needed"),
        ("compare a.jpg notes.jpg", 4, "notes.jpg: it is no picture"),
        ("compare a.jpg gone.jpg", 4, "gone.jpg"),
        ("compare a.jpg", 2, "<B>"),
        ("compare a.jpg a.jpg --threshold 60", 2, "such as 0.58"),
        ("compare a.jpg template:../a", 2, "a name has letters"),
        (
            "compare a.jpg template:ada --templates t",
            2,
            "none of that name",
        ),
    ] {
        let ended = place.run(line).code(code).stdout("");
        ended.stderr(contains(why));
    }
    let ended = place.run("compare couple.png couple.png").success();
    ended.stderr(contains("couple.png shows 2 faces"));
}

#[test]
fn a_person_is_enrolled_compared_listed_and_forgotten() {
    let place = Place::new();
    place.portrait("a.jpg");
    portrait("obama.jpg").save(place.path("other.png")).unwrap();
    place.run("enroll --list --templates t").success();
    let ended = place.run("enroll ada --source a.jpg --templates t --json");
    let ended = ended.success().stderr("");
    assert_eq!(lines(&ended)[0]["frames"], 1);
    let again = place.run("enroll ada --source other.png --templates t");
    again.code(2).stderr(contains("--replace"));
    place
        .run("compare a.jpg template:ada --templates t")
        .success();
    place
        .run("compare other.png template:ada --templates t")
        .code(1);
    place
        .run("enroll ada --replace --source other.png --templates t")
        .success();
    place
        .run("compare other.png template:ada --templates t")
        .success();
    // What is kept is one small text file: numbers, no picture.
    let kept: Vec<_> = fs::read_dir(place.path("t")).unwrap().collect();
    assert_eq!(kept.len(), 1);
    let text = fs::read_to_string(place.path("t/ada.json")).unwrap();
    let template: Value = serde_json::from_str(&text).unwrap();
    let fields: Vec<_> = template.as_object().unwrap().keys().collect();
    assert_eq!(fields, ["embedding", "frames", "made", "model", "version"]);
    assert!(text.len() < 4_096, "{} bytes", text.len());
    let listed = place.run("enroll --list --json --templates t").success();
    assert_eq!(lines(&listed)[0]["name"], "ada");
    place.run("forget ada --templates t").success();
    assert!(!place.path("t/ada.json").exists());
    let ended = place.run("forget ada --templates t").code(2);
    ended.stderr(contains("enroll --list"));
    place.run("enroll --list --templates t").success();
}

#[test]
fn several_pictures_must_show_one_person() {
    let place = Place::new();
    fs::create_dir(place.path("one")).unwrap();
    for (i, frame) in frames(Sitter::Biden, 5, 150.0).iter().enumerate() {
        frame.save(place.path(&format!("one/{i}.png"))).unwrap();
    }
    let ended = place.run("enroll b --source one --templates t").success();
    ended.stdout(contains("enrolled b: 2 pictures"));
    portrait("astronaut.jpg")
        .save(place.path("one/x.png"))
        .unwrap();
    let ended = place.run("enroll c --source one --templates t").code(4);
    ended.stderr(contains("and x.png are 0.").and(contains("all must show one person")));
    couple().save(place.path("one/y.png")).unwrap();
    let ended = place.run("enroll c --source one --templates t").code(4);
    ended.stderr(contains("y.png: 2 faces were found"));
    assert!(!place.path("t/c.json").exists());
}

#[test]
fn frames_of_a_subject_are_enrolled() {
    let place = Place::new();
    let ended = place.run("enroll demo --source demo --templates t --json");
    let ended = ended.success();
    assert_eq!(lines(&ended)[0]["frames"], 5);
    place.portrait("a.jpg");
    place
        .run("compare a.jpg template:demo --templates t")
        .success();
    // A recording in which nobody is seen.
    place.video("test.mp4");
    let ended = place
        .run("enroll nobody --source test.mp4 --templates t")
        .code(4);
    ended.stderr(contains("test.mp4").and(contains("no face is seen")));
}

#[test]
fn a_template_of_another_network_is_refused() {
    let place = Place::new();
    place.portrait("a.jpg");
    place
        .run("enroll ada --source a.jpg --templates t")
        .success();
    fs::create_dir(place.path("models")).unwrap();
    for entry in fs::read_dir("models").unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "onnx") {
            let mut bytes = fs::read(&path).unwrap();
            if path.ends_with("dlib_resnet_v1.onnx") {
                // A note of one letter (`doc_string`, field 6): the same weights in another file.
                bytes.extend([0x32, 1, b'x']);
            }
            let name = path.file_name().unwrap().to_str().unwrap();
            place.put(&format!("models/{name}"), bytes);
        }
    }
    let line = "compare a.jpg template:ada --templates t --models models";
    let ended = place.run(line).code(5).stdout("");
    ended.stderr(contains(
        "another network made it; enroll this person again",
    ));
    let listed = place.run("enroll --list --templates t --models models");
    listed.code(5).stdout(contains("another network"));
}
