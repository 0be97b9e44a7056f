use image::{Rgb, RgbImage};

use super::*;
use crate::{
    face::Landmarks5,
    geometry::BBox,
    mesh::{POINTS, Point3},
    time::Timestamp,
};

const GREY: u32 = 0x80_8080;

fn frame() -> Frame {
    Frame {
        at: Timestamp::default(),
        seq: 0,
        image: RgbImage::from_pixel(640, 480, Rgb([0x80; 3])),
    }
}

/// A face in the left third of the frame, so in the right third of the mirrored screen.
fn face() -> Face {
    let centre = Point { x: 160.0, y: 240.0 };
    Face {
        bbox: BBox::around(centre, 120.0),
        score: 0.987,
        landmarks: Landmarks5 {
            eye_l: centre,
            eye_r: centre,
            nose: centre,
            mouth_l: centre,
            mouth_r: centre,
        },
    }
}

fn bare(frame: &Frame) -> Preview<'_> {
    Preview {
        frame: Some(frame),
        show_signals: false,
        ..Preview::blank(Lang::En)
    }
}

fn drawn(size: (usize, usize), preview: &Preview<'_>) -> Canvas {
    let mut canvas = Canvas::new(size.0, size.1);
    PreviewScreen::new().unwrap().draw(&mut canvas, preview);
    canvas
}

/// The pixels in which two screens differ.
fn difference(a: &Canvas, b: &Canvas) -> Vec<(usize, usize)> {
    let pairs = a.pixels().iter().zip(b.pixels()).enumerate();
    let other = pairs.filter(|(_, (a, b))| a != b);
    other.map(|(i, _)| (i % a.width(), i / a.width())).collect()
}

#[test]
fn a_face_is_framed_where_it_is_in_the_mirrored_picture() {
    let (frame, faces) = (frame(), [face()]);
    let without = drawn((640, 480), &bare(&frame));
    let with = drawn(
        (640, 480),
        &Preview {
            faces: &faces,
            ..bare(&frame)
        },
    );
    let changed = difference(&without, &with);
    assert!(changed.len() > 200, "{}", changed.len());
    // The box, as wide as its lines; its score stands above it.
    assert!(changed.iter().all(|(x, _)| (410..550).contains(x)));
    assert!(changed.iter().all(|(_, y)| (145..310).contains(y)));
    let corner = (changed.iter()).any(|(x, y)| x.abs_diff(420) < 4 && y.abs_diff(180) < 4);
    assert!(corner, "no line at the box's corner");
}

#[test]
fn the_mesh_is_dots_on_its_points_and_can_be_hidden() {
    let frame = frame();
    let point = Point3 {
        x: 160.0,
        y: 240.0,
        z: 0.0,
    };
    let mesh = Mesh {
        points: vec![point; POINTS],
        presence: 1.0,
    };
    let shown = Preview {
        mesh: Some(&mesh),
        ..bare(&frame)
    };
    let hidden = Preview {
        show_mesh: false,
        ..shown
    };
    let without = drawn((640, 480), &bare(&frame));
    let dots = difference(&without, &drawn((640, 480), &shown));
    assert!(!dots.is_empty());
    assert!(
        dots.iter()
            .all(|(x, y)| x.abs_diff(480) < 4 && y.abs_diff(240) < 4)
    );
    let without = Preview {
        show_mesh: false,
        ..bare(&frame)
    };
    let without = drawn((640, 480), &without);
    assert_eq!(difference(&without, &drawn((640, 480), &hidden)), []);
}

#[test]
fn signals_are_plotted_and_move_with_their_values() {
    let frame = frame();
    let samples = |eyes: f32| {
        let sample = |i: u64| Sample {
            at: Timestamp::from_millis(33 * i),
            eyes: if i % 20 < 10 { eyes } else { 0.3 },
            ..Sample::default()
        };
        (0..60).map(sample).collect::<Vec<_>>()
    };
    let (open, blinking) = (samples(0.3), samples(0.05));
    let screen = |samples| {
        let preview = Preview {
            samples,
            show_signals: true,
            ..bare(&frame)
        };
        drawn((1280, 720), &preview)
    };
    let hidden = drawn((1280, 720), &bare(&frame));
    assert!(difference(&hidden, &screen(&open)).len() > 1_000);
    assert!(difference(&screen(&open), &screen(&blinking)).len() > 50);
}

#[test]
fn every_moment_can_be_drawn_at_every_size() {
    let (plain, faces) = (frame(), [face(), face()]);
    let stages = [("detect", 12.0), ("mesh", 8.0)];
    for size in [(1, 1), (160, 120), (640, 480), (1920, 1080), (480, 800)] {
        for lang in [Lang::En, Lang::Zh] {
            for frame in [None, Some(&plain)] {
                let preview = Preview {
                    frame,
                    faces: &faces,
                    stages: &stages,
                    fps: 29.9,
                    dropped: 3,
                    guide: Some(Guide::MoveCloser),
                    show_signals: true,
                    lang,
                    ..bare(&plain)
                };
                let canvas = drawn(size, &preview);
                assert_eq!(canvas.pixels().len(), size.0 * size.1);
            }
        }
    }
}

#[test]
fn the_picture_fills_what_nothing_is_drawn_on() {
    let canvas = drawn((640, 480), &bare(&frame()));
    let grey = canvas.pixels().iter().filter(|p| **p == GREY).count();
    assert!(grey > 640 * 480 * 3 / 4, "{grey}");
}
