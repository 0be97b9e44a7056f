//! The whole cascade on whole pictures.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{fs, path::Path};

use image::{RgbImage, imageops};
use liveness::{
    capture::read_picture,
    face::Face,
    frame::Frame,
    geometry::{BBox, Point},
    mtcnn::{Mtcnn, Params},
    observation::Observer,
    time::{Clock, Timestamp},
};

fn find(image: &RgbImage) -> Vec<Face> {
    find_from(image, Params::default().min_face_px)
}

fn find_from(image: &RgbImage, min_face_px: f32) -> Vec<Face> {
    let params = Params {
        min_face_px,
        ..Params::default()
    };
    Mtcnn::load(params, None).unwrap().find(image).unwrap()
}

fn in_repository(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn astronaut() -> RgbImage {
    read_picture(in_repository("assets/portraits/astronaut.jpg")).unwrap()
}

fn numbers(face: &Face) -> Vec<f32> {
    let marks = face.landmarks.points();
    let marks = marks.iter().flat_map(|p| [p.x, p.y]);
    <[f32; 4]>::from(face.bbox)
        .into_iter()
        .chain(marks)
        .collect()
}

/// Coordinates agree one by one.
fn assert_near(got: &Face, want: &Face, px: f32) {
    for (got, want) in numbers(got).into_iter().zip(numbers(want)) {
        assert!((got - want).abs() <= px, "{got} for {want}");
    }
}

#[test]
fn a_portrait_gives_the_face_it_gave_before() {
    let golden = in_repository("tests/golden/astronaut.faces.json");
    let got = find(&astronaut());
    if std::env::var_os("BLESS").is_some() {
        fs::write(&golden, serde_json::to_string_pretty(&got).unwrap() + "\n").unwrap();
    }
    let text = fs::read_to_string(golden).expect("BLESS=1 writes it");
    let want: Vec<Face> = serde_json::from_str(&text).unwrap();
    assert_eq!(got.len(), want.len());
    for (got, want) in got.iter().zip(&want) {
        assert_near(got, want, 2.0);
        assert!((got.score - want.score).abs() < 0.02, "{}", got.score);
    }
}

#[test]
fn a_mirrored_picture_gives_mirrored_landmarks() {
    let image = astronaut();
    let width = image.width() as f32;
    let mirror = |p: Point| Point {
        x: width - p.x,
        y: p.y,
    };
    let (plain, mirrored) = (find(&image), find(&imageops::flip_horizontal(&image)));
    let ([plain], [mirrored]) = (&plain[..], &mirrored[..]) else {
        panic!("{} and {} faces", plain.len(), mirrored.len());
    };
    let [eye_l, eye_r, nose, mouth_l, mouth_r] = plain.landmarks.points().map(mirror);
    // Left and right are those of the picture.
    let want = Face {
        bbox: mirrored.bbox,
        score: 1.0,
        landmarks: [eye_r, eye_l, nose, mouth_r, mouth_l].into(),
    };
    assert_near(mirrored, &want, 3.0);
}

/// A picture with the portrait at `x`, `y`, on grey.
fn with_portrait(width: u32, height: u32, x: i64, y: i64) -> RgbImage {
    let mut image = RgbImage::from_pixel(width, height, [90; 3].into());
    imageops::replace(&mut image, &astronaut(), x, y);
    image
}

fn assert_is_the_astronaut(faces: &[Face], x: f32, y: f32, px: f32) {
    let [face] = faces else {
        panic!("{} faces", faces.len());
    };
    let nose = face.landmarks.nose;
    assert!(
        (nose.x - 225.0 - x).abs() < px && (nose.y - 128.0 - y).abs() < px,
        "{nose:?}"
    );
}

#[test]
fn wide_tall_and_grey_pictures_work() {
    // 8000 px wide: swept in tiles, the face across the edge of one.
    let wide = with_portrait(8000, 512, 4900, 0);
    assert_is_the_astronaut(&find(&wide), 4900.0, 0.0, 6.0);
    let tall = with_portrait(512, 3000, 0, 2000);
    assert_is_the_astronaut(&find(&tall), 0.0, 2000.0, 6.0);
    let grey = image::DynamicImage::from(astronaut()).into_luma8();
    let grey = image::DynamicImage::from(grey).into_rgb8();
    assert_is_the_astronaut(&find(&grey), 0.0, 0.0, 6.0);
}

#[test]
fn a_face_at_the_edge_of_the_picture_is_found() {
    let cut = imageops::crop_imm(&astronaut(), 195, 60, 317, 300).to_image();
    let faces = find(&cut);
    assert_eq!(faces.len(), 1);
    assert!(faces[0].bbox.is_finite());
}

#[test]
fn a_picture_without_a_face_gives_none() {
    // Noise on a gradient, by a small generator that gives the same on every machine.
    let mut state = 1u32;
    let noise = RgbImage::from_fn(640, 480, |x, y| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let noise = (state >> 26) as u8;
        [(x / 4) as u8 + noise, (y / 3) as u8 + noise, 60 + noise].into()
    });
    assert_eq!(find(&noise), []);
    assert_eq!(find(&RgbImage::new(640, 480)), []);
}

#[test]
fn pictures_too_small_for_a_face_give_none() {
    for (width, height) in [(1, 1), (11, 11), (11, 400), (400, 3), (12, 12), (13, 59)] {
        let image = RgbImage::from_pixel(width, height, [200, 150, 120].into());
        assert_eq!(find_from(&image, 12.0), [], "{width}x{height}");
    }
}

#[test]
fn the_stages_narrow_down_to_the_faces() {
    let mut cascade = Mtcnn::load(Params::default(), None).unwrap();
    let image = astronaut();
    let stages = cascade.find_stages(&image).unwrap();
    assert_eq!(stages.faces, cascade.find(&image).unwrap());
    let windows: usize = stages.pyramid.iter().map(|s| s.candidates.len()).sum();
    assert!(windows >= stages.proposed.len());
    assert!(stages.proposed.len() >= stages.refined.len());
    assert!(stages.refined.len() >= stages.faces.len());
    let near = |bbox: &BBox| bbox.iou(&stages.faces[0].bbox.square()) > 0.5;
    assert!(stages.proposed.iter().any(near) && stages.refined.iter().any(near));
    assert_eq!(stages.pyramid[0].level.width, 103);
}

#[test]
fn warming_up_changes_nothing_that_is_seen() {
    let observed = |warm: bool| {
        let size = warm.then_some((640, 480));
        let mut observer = Observer::load(Params::default(), None, Clock::start(), size).unwrap();
        let seen = (0..3).map(|seq| {
            let frame = Frame {
                at: Timestamp::from_millis(33 * seq),
                seq,
                image: astronaut(),
            };
            let seen = observer.look(frame).unwrap();
            (seen.faces, seen.subject)
        });
        seen.collect::<Vec<_>>()
    };
    assert_eq!(observed(true), observed(false));
    assert!(observed(true).iter().all(|(_, subject)| subject.is_some()));
}
