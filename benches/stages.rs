//! How long looking takes, one thread: the five networks, a whole search, following, a whole
//! tracked frame, and telling who it is; and how long it takes to draw what was seen.
//!
//! `make bench`, or `cargo bench --bench stages -- FILTER`. `benches/peers.py` reads the medians.
#![expect(clippy::expect_used, reason = "a bench that cannot run must say so")]
use std::{hint::black_box, time::Duration};

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use image::{RgbImage, imageops::FilterType};
use liveness::{
    challenge::State,
    face::Detect as _,
    frame::Frame,
    identity::Recognizer,
    mesh::Mesher,
    mtcnn::{Follow, Mtcnn, Params},
    nn::{self, Net},
    observation::Observer,
    reading::Reader,
    time::{Clock, Timestamp},
    view::{Canvas, ChallengeScreen, Lang, Preview, PreviewScreen, Scene},
};

/// The scaled sizes (height, width) of a 640x480 picture down to a smallest face, as the authors
/// make them: by 12 / smallest, then by 0.709 each, while 12 px are left.
fn pyramid(min_face: f64) -> Vec<[usize; 2]> {
    let first = 12.0 / min_face;
    let scales = std::iter::successors(Some(first), |scale| Some(scale * 0.709));
    scales
        .map(|scale| {
            [
                (480.0 * scale).ceil() as usize,
                (640.0 * scale).ceil() as usize,
            ]
        })
        .take_while(|[height, _]| *height >= 12)
        .collect()
}

fn networks(c: &mut Criterion) {
    let noise = |input: &mut [f32]| {
        for (i, number) in input.iter_mut().enumerate() {
            *number = (i.wrapping_mul(2_654_435_761) >> 8 & 0xffff) as f32 / 32_768.0 - 1.0;
        }
    };
    let mut group = c.benchmark_group("network");
    for min_face in [60, 20] {
        let levels = pyramid(f64::from(min_face));
        let mut net = Net::load(&nn::PNET, None).expect("P-Net");
        group.bench_function(format!("pnet_pyramid_{min_face}"), |b| {
            b.iter(|| {
                for [height, width] in &levels {
                    black_box(
                        net.run([1, *height, *width, 3], |_| {})
                            .expect("P-Net runs"),
                    );
                }
            });
        });
    }
    let fixed = [
        ("rnet_16", &nn::RNET, [16, 24, 24, 3]),
        ("onet_1", &nn::ONET, [1, 48, 48, 3]),
        ("mesh", &nn::MESH, [1, 256, 256, 3]),
        ("embedding_1", &nn::EMBEDDING, [1, 150, 150, 3]),
        ("embedding_2", &nn::EMBEDDING, [2, 150, 150, 3]),
    ];
    for (name, spec, shape) in fixed {
        let mut net = Net::load(spec, None).expect(name);
        net.run(shape, noise).expect(name);
        group.bench_function(name, |b| {
            b.iter(|| black_box(net.run(shape, |_| {}).expect(name)));
        });
    }
    group.finish();
}

/// One face on 640x480: the portrait that comes with the crate.
fn picture() -> RgbImage {
    let portrait = image::open("assets/portraits/astronaut.jpg").expect("the portrait");
    let mut picture = RgbImage::new(640, 480);
    let portrait = portrait.resize(640, 480, FilterType::Triangle).to_rgb8();
    let left = i64::from(640 - portrait.width()) / 2;
    image::imageops::overlay(&mut picture, &portrait, left, 0);
    picture
}

fn looking(c: &mut Criterion) {
    let picture = picture();
    let mut group = c.benchmark_group("look");
    for min_face in [60, 20] {
        let params = Params {
            min_face_px: min_face as f32,
            ..Params::default()
        };
        let mut cascade = Mtcnn::load(params, None).expect("the cascade");
        let faces = cascade.find(&picture).expect("it runs").len();
        assert_eq!(faces, 1, "one face in the picture");
        group.bench_function(format!("detect_{min_face}"), |b| {
            b.iter(|| black_box(cascade.find(&picture).expect("it runs")));
        });
    }
    let face = Mtcnn::load(Params::default(), None).and_then(|mut cascade| cascade.find(&picture));
    let landmarks = face.expect("it runs")[0].landmarks;
    let mut recognizer = Recognizer::load(None).expect("the embedding");
    group.bench_function("embed", |b| {
        b.iter(|| black_box(recognizer.embed(&picture, &landmarks).expect("it runs")));
    });
    let frame = |seq| Frame {
        at: Timestamp::from_millis(seq * 33),
        seq,
        image: picture.clone(),
    };
    let follow = Follow::load(Params::default(), None).expect("the cascade");
    let mesher = Mesher::load(None).expect("the mesh");
    let mut observer = Observer::new(follow, mesher, Clock::start());
    let mut reader = Reader::default();
    let mut seq = 0;
    group.bench_function("tracked_frame", |b| {
        b.iter_batched(
            || {
                seq += 1;
                frame(seq)
            },
            |frame| {
                let seen = observer.look(frame).expect("it runs");
                black_box(reader.read(&seen));
            },
            BatchSize::SmallInput,
        );
    });
    let mut follow = Follow::load(Params::default(), None).expect("the cascade");
    group.bench_function("follow", |b| {
        b.iter_batched(
            || {
                seq += 1;
                frame(seq)
            },
            |frame| black_box(follow.detect(&frame).expect("it runs")),
            BatchSize::SmallInput,
        );
    });
    group.finish();
}

fn drawing(c: &mut Criterion) {
    let image = image::imageops::resize(&picture(), 1280, 720, FilterType::Triangle);
    let follow = Follow::load(Params::default(), None).expect("the cascade");
    let mesher = Mesher::load(None).expect("the mesh");
    let mut observer = Observer::new(follow, mesher, Clock::start());
    let mut reader = Reader::default();
    let mut seen = None;
    for seq in 0..180 {
        let frame = Frame {
            at: Timestamp::from_millis(seq * 33),
            seq,
            image: image.clone(),
        };
        let look = observer.look(frame).expect("it runs");
        reader.read(&look);
        seen = Some(look);
    }
    let seen = seen.expect("180 looks");
    let samples: Vec<_> = reader.track().iter().copied().collect();
    let stages = [("detect", 1.0), ("mesh", 6.0), ("draw", 9.0)];
    let whole = Preview {
        frame: Some(&seen.frame),
        faces: &seen.faces,
        mesh: seen.subject.as_ref().map(|subject| &subject.mesh),
        samples: &samples,
        stages: &stages,
        fps: 30.0,
        ..Preview::blank(Lang::En)
    };
    let plain = Preview {
        show_mesh: false,
        show_signals: false,
        ..whole
    };
    let mesh = Preview {
        show_mesh: true,
        ..plain
    };
    let mut group = c.benchmark_group("draw");
    let mut screen = PreviewScreen::new().expect("the font");
    for (name, preview, size) in [
        ("preview", whole, (960, 720)),
        ("preview_plain", plain, (960, 720)),
        ("preview_mesh", mesh, (960, 720)),
        ("preview_full", whole, (1920, 1080)),
    ] {
        let mut canvas = Canvas::new(size.0, size.1);
        group.bench_function(name, |b| {
            b.iter(|| screen.draw(&mut canvas, black_box(&preview)))
        });
    }
    let mut screen = ChallengeScreen::new().expect("the font");
    let scene = Scene {
        state: State::Waiting { guide: None },
        script_len: 3,
        now: Timestamp::from_millis(1000),
        lang: Lang::En,
        fault: None,
        again: false,
    };
    for (name, size) in [("challenge", (960, 720)), ("challenge_full", (1920, 1080))] {
        let mut canvas = Canvas::new(size.0, size.1);
        group.bench_function(name, |b| {
            b.iter(|| screen.draw(&mut canvas, Some(&seen.frame), black_box(&scene)));
        });
    }
    group.finish();
}

criterion_group! {
    name = stages;
    config = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .sample_size(50);
    targets = networks, looking, drawing
}
criterion_main!(stages);
