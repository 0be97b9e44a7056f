//! Memory, counted block by block: a kiosk runs for months, on pictures of any size.
#![allow(clippy::unwrap_used)]
use dhat::{HeapStats, Profiler};
use image::RgbImage;
use liveness::{
    face::Detect as _,
    frame::Frame,
    mesh::Mesher,
    mtcnn::{Follow, Mtcnn, Params},
    nn::{self, Net},
    observation::Observer,
    reading::Reader,
    time::{Clock, Timestamp},
};

#[global_allocator]
static HEAP: dhat::Alloc = dhat::Alloc;

/// Bytes held at the moment.
fn held() -> usize {
    HeapStats::get().curr_bytes
}

/// The portrait on a picture of this size.
fn picture(width: u32, height: u32) -> RgbImage {
    let portrait = image::open("assets/portraits/astronaut.jpg").unwrap();
    portrait
        .resize_exact(width, height, image::imageops::FilterType::Triangle)
        .to_rgb8()
}

// One test: there is one heap, and tests run side by side.
#[test]
fn memory_does_not_grow_and_a_run_needs_next_to_none() {
    let _profiler = Profiler::builder().testing().build();

    // Frames of one camera, searched and followed.
    let follow = Follow::load(Params::default(), None).unwrap();
    let mut observer = Observer::new(follow, Mesher::load(None).unwrap(), Clock::start());
    let mut reader = Reader::default();
    let image = picture(320, 240);
    let mut look = |seq: u64| {
        let frame = Frame {
            at: Timestamp::from_millis(33 * seq),
            seq,
            image: image.clone(),
        };
        let seen = observer.look(frame).unwrap();
        assert!(reader.read(&seen).sample.is_some());
    };
    (0..600).for_each(&mut look);
    let before = held();
    (600..1_500).for_each(&mut look);
    assert!(
        held() <= before + 1_024,
        "{before} bytes grew to {}",
        held()
    );

    // Pictures of many sizes: all in the memory of the largest.
    let mut cascade = Mtcnn::load(Params::default(), None).unwrap();
    let mut sizes = |range: std::ops::Range<u32>| {
        for i in range {
            let image = picture(160 + 7 * i % 400, 120 + 11 * i % 300);
            let frame = Frame {
                at: Timestamp::default(),
                seq: 0,
                image,
            };
            cascade.detect(&frame).unwrap();
        }
    };
    sizes(0..200);
    let before = held();
    sizes(200..400);
    let most = before + 500_000;
    assert!(held() <= most, "{before} bytes grew to {}", held());

    // However many faces are in a picture, all that it takes was there before the first.
    let frame = |image| Frame {
        at: Timestamp::default(),
        seq: 0,
        image,
    };
    let crowd = |faces: u32| {
        let face = picture(100, 100);
        let mut image = RgbImage::new(640, 480);
        for i in 0..faces {
            let (x, y) = (i % 6 * 105, i / 6 * 110);
            image::imageops::replace(&mut image, &face, x.into(), y.into());
        }
        frame(image)
    };
    let params = Params {
        min_face_px: 20.0,
        ..Params::default()
    };
    let mut cascade = Mtcnn::load(params, None).unwrap();
    cascade.warm_up(&frame(RgbImage::new(640, 480))).unwrap();
    let before = held();
    let found: Vec<_> = (0..24)
        .map(|n| cascade.detect(&crowd(n)).unwrap().len())
        .collect();
    assert!(found[23] > 8, "{found:?}");
    drop(found);
    let most = before + 200_000;
    assert!(held() <= most, "{before} bytes grew to {}", held());

    // What a network needs for one run beside its own buffers.
    for (spec, shape) in [
        (&nn::PNET, [1, 96, 128, 3]),
        (&nn::RNET, [16, 24, 24, 3]),
        (&nn::ONET, [1, 48, 48, 3]),
        (&nn::MESH, [1, 256, 256, 3]),
        (&nn::EMBEDDING, [2, 150, 150, 3]),
    ] {
        let mut net = Net::load(spec, None).unwrap();
        (0..3).for_each(|_| drop(net.run(shape, |_| {}).unwrap()));
        let before = HeapStats::get().total_bytes;
        (0..10).for_each(|_| drop(net.run(shape, |_| {}).unwrap()));
        let each = (HeapStats::get().total_bytes - before) / 10;
        assert!(each < 4_096, "{}: {each} bytes a run", spec.file);
    }
}
