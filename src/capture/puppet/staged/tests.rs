use super::*;
use crate::capture::puppet::{Glasses, Kind};

const SCRIPT: [Step; 3] = [Step::Blink, Step::TurnLeft, Step::Nod];

/// One frame in five of the first seconds; a blink is asked for after the first one, a turn later.
fn film(kind: Kind, seed: u64) -> Vec<Frame> {
    long_film(kind, seed, 150)
}

fn long_film(kind: Kind, seed: u64, count: usize) -> Vec<Frame> {
    let mut staged = Staged::new(kind, seed, &SCRIPT).unwrap();
    let mut frames = Vec::new();
    for n in 0..count {
        let frame = staged.next_frame().unwrap();
        if n % 5 == 0 {
            frames.push(frame);
        }
        match n {
            0 => staged.hear(Cue::Ask(Step::Blink)),
            60 => staged.hear(Cue::Rest),
            61 => staged.hear(Cue::Ask(Step::TurnLeft)),
            _ => {}
        }
    }
    frames
}

/// Mean difference of two pictures in a box, in steps of 255.
fn difference(a: &RgbImage, b: &RgbImage, [x1, y1, x2, y2]: [u32; 4]) -> f64 {
    let mut sum = 0;
    for y in y1..y2 {
        for x in x1..x2 {
            let (a, b) = (a.get_pixel(x, y).0, b.get_pixel(x, y).0);
            sum += a
                .iter()
                .zip(b)
                .map(|(a, b)| u64::from(a.abs_diff(b)))
                .sum::<u64>();
        }
    }
    sum as f64 / f64::from(3 * (x2 - x1) * (y2 - y1))
}

const ALL: [u32; 4] = [0, 0, SIZE.0, SIZE.1];
/// Where faces are.
const MIDDLE: [u32; 4] = [240, 120, 400, 300];

fn luma(image: &RgbImage, [x1, y1, x2, y2]: [u32; 4]) -> f64 {
    let black = RgbImage::new(SIZE.0, SIZE.1);
    difference(image, &black, [x1, y1, x2, y2])
}

#[test]
fn every_kind_is_the_same_film_by_its_seed_and_another_by_another() {
    for kind in Kind::ALL {
        let [one, again, other] = [3, 3, 4].map(|seed| long_film(kind, seed, 36));
        for (a, b) in one.iter().zip(&again) {
            assert_eq!((a.at, a.seq), (b.at, b.seq), "{kind}");
            assert!(a.image == b.image, "{kind} at {:?}", a.at);
        }
        let differs = one.iter().zip(&other).any(|(a, b)| a.image != b.image);
        assert!(differs, "{kind}");
    }
}

#[test]
fn frames_come_in_order_about_as_often_as_they_should() {
    for seed in 0..8 {
        let mut staged = Staged::new(Kind::BonaFide, seed, &SCRIPT).unwrap();
        let period_us = 1e6 / f64::from(staged.conditions().fps);
        let mut last: Option<Frame> = None;
        for _ in 0..60 {
            let frame = staged.next_frame().unwrap();
            if let Some(last) = last {
                assert!(frame.seq > last.seq && frame.at > last.at);
                let step_us = frame.at.since(last.at).as_micros() as f64;
                let frames = (frame.seq - last.seq) as f64;
                assert!((step_us / period_us - frames).abs() < 0.36, "{step_us}");
            }
            last = Some(frame);
        }
    }
}

#[test]
fn a_frozen_camera_sends_one_picture_again_and_again() {
    let mut from_the_begin = 0;
    for seed in 0..6 {
        let frames = film(Kind::Frozen, seed);
        // The question comes after the first frame; a second and a half later it stands still.
        assert!(frames[20..].windows(2).all(|w| w[0].image == w[1].image));
        from_the_begin += u32::from(frames[..8].windows(2).all(|w| w[0].image == w[1].image));
    }
    assert!((1..6).contains(&from_the_begin), "{from_the_begin}");
}

#[test]
fn another_face_takes_the_place_or_comes_beside() {
    for seed in 0..4 {
        let swap = film(Kind::FaceSwap, seed);
        let (first, last) = (&swap[0].image, &swap[29].image);
        assert!(difference(first, last, MIDDLE) > 12.0, "{seed}");
        let two = film(Kind::TwoFaces, seed);
        let right = [480, 100, 640, 400];
        let alone = difference(&two[0].image, &two[29].image, right) > 12.0;
        let together = two
            .iter()
            .all(|f| difference(&f.image, &two[0].image, right) < 12.0);
        assert!(
            alone != together,
            "{seed}: came later, or was there from the begin"
        );
    }
}

#[test]
fn a_hand_passes_and_goes() {
    for kind in [Kind::HandOverEyes, Kind::HandOverMouth] {
        for seed in 0..4 {
            let frames = long_film(kind, seed, 60);
            let changes: Vec<f64> = (frames.iter())
                .map(|f| difference(&f.image, &frames[0].image, MIDDLE))
                .collect();
            let most = changes.iter().copied().fold(0.0, f64::max);
            assert!(most > 3.0, "{kind} {seed}: {changes:?}");
            assert!(changes[1] < most / 2.0, "{kind} {seed}: {changes:?}");
        }
    }
}

#[test]
fn prints_and_screens_have_an_edge_and_a_wall_behind_them() {
    let attack = |kind| long_film(kind, 2, 1).swap_remove(0).image;
    let corner = [0, 0, 40, 40];
    let print = attack(Kind::PrintHeld);
    for kind in [Kind::PrintBent, Kind::EyeHoles] {
        // The same wall: nothing of a sheet reaches the corner.
        assert!(difference(&print, &attack(kind), corner) < 6.0, "{kind}");
        assert!(difference(&print, &attack(kind), ALL) > 2.0, "{kind}");
    }
    let screen = attack(Kind::ReplayLooped);
    let darkest = screen
        .pixels()
        .map(|p| p.0.map(u32::from).iter().sum::<u32>())
        .min();
    assert!(darkest < Some(90), "a black frame: {darkest:?}");
}

#[test]
fn conditions_show() {
    let plain = *Staged::new(Kind::PrintHeld, 1, &SCRIPT)
        .unwrap()
        .conditions();
    let shot = |conditions: Conditions| {
        let mut staged = Staged::under(Kind::BonaFide, conditions, 1, &SCRIPT).unwrap();
        staged.next_frame().unwrap().image
    };
    let usual = shot(plain);
    let dark = shot(Conditions {
        light: Light::Dark,
        gain: 0.4,
        ..plain
    });
    let bright = shot(Conditions {
        light: Light::Bright,
        gain: 1.6,
        ..plain
    });
    assert!(luma(&dark, ALL) < 0.5 * luma(&usual, ALL));
    assert!(luma(&bright, ALL) > 1.15 * luma(&usual, ALL));
    let side = shot(Conditions {
        light: Light::Side,
        ..plain
    });
    let halves =
        [[0, 0, 200, 480], [440, 0, 640, 480]].map(|half| luma(&side, half) / luma(&usual, half));
    let ratio = halves[0] / halves[1];
    assert!(!(0.5..2.0).contains(&ratio), "{halves:?}");
    for glasses in [Glasses::Thin, Glasses::Thick] {
        let worn = shot(Conditions { glasses, ..plain });
        assert!(difference(&usual, &worn, MIDDLE) > 0.5, "{glasses:?}");
        assert!(difference(&usual, &worn, [0, 0, 100, 480]) < 0.1);
    }
    // Neighbouring pixels differ less.
    let rough = |image: &RgbImage| {
        let shifted =
            RgbImage::from_fn(SIZE.0, SIZE.1, |x, y| *image.get_pixel((x + 1) % SIZE.0, y));
        difference(image, &shifted, MIDDLE)
    };
    let blurred = shot(Conditions { blur: 2, ..plain });
    assert!(
        rough(&blurred) < rough(&usual),
        "{} {}",
        rough(&blurred),
        rough(&usual)
    );
    let near = shot(Conditions {
        face_px: 280.0,
        ..plain
    });
    assert!(difference(&usual, &near, ALL) > 10.0);
}
