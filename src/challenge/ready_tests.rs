//! What a face is told before the first step, and when it is ready.
use super::{
    super::tests::{crowd, gone, other, resting},
    *,
};
use crate::{geometry::BBox, track::TrackId};

/// Where the middle of the picture is.
const MIDDLE: Point = Point { x: 320.0, y: 240.0 };

/// What is wrong with a face.
type Trouble = fn(&mut Sample);

/// A reading at `ms` with its sample changed.
fn with(ms: u64, change: impl Fn(&mut Sample)) -> Reading {
    let mut reading = resting(ms);
    reading.sample.iter_mut().for_each(change);
    reading
}

/// Feeds one, where nobody looks closely.
fn see(waiting: &mut Waiting, reading: &Reading) -> Option<Ready> {
    waiting.see(reading, &Stand::default(), &Look::default())
}

fn guide(reading: &Reading) -> Option<Guide> {
    good_face(reading, &Stand::default()).err()
}

#[test]
fn each_trouble_has_its_guide() {
    assert_eq!(guide(&resting(0)), None);

    let changes: [(Trouble, Guide); 17] = [
        (|s| s.quality.face_px = 51.0, Guide::MoveCloser),
        (|s| s.bbox = BBox::around(MIDDLE, 550.0), Guide::MoveBack),
        (
            |s| s.bbox = BBox::around(Point { x: 150.0, ..MIDDLE }, 150.0),
            Guide::CentreFace,
        ),
        (
            |s| s.bbox = BBox::around(Point { y: 370.0, ..MIDDLE }, 150.0),
            Guide::CentreFace,
        ),
        (|s| s.quality.brightness = 39.0, Guide::TooDark),
        (|s| s.quality.brightness = 231.0, Guide::TooBright),
        (|s| s.quality.clipped = 0.31, Guide::TooDark),
        (
            |s| (s.quality.clipped, s.quality.brightness) = (0.31, 160.0),
            Guide::TooBright,
        ),
        (|s| s.presence = 0.7, Guide::FaceCovered),
        (|s| s.score = 0.7, Guide::FaceCovered),
        (|s| s.yaw_deg = -16.0, Guide::LookAhead),
        (|s| s.pitch_deg = 31.0, Guide::LookAhead),
        (|s| s.roll_deg = 26.0, Guide::LookAhead),
        (|s| s.mouth = 0.25, Guide::CloseMouth),
        (|s| s.quality.sharpness = 11.0, Guide::HoldStill),
        (|s| s.eyes = 0.07, Guide::RemoveGlasses),
        // Of two troubles, the one that a person mends first.
        (
            |s| {
                s.quality.face_px = 50.0;
                s.quality.sharpness = 5.0;
            },
            Guide::MoveCloser,
        ),
    ];
    for (change, want) in changes {
        assert_eq!(guide(&with(0, change)), Some(want));
    }
    assert_eq!(guide(&crowd(0)), Some(Guide::SeveralFaces));
    let empty = |luma| Reading {
        luma: Some(luma),
        ..Reading::default()
    };
    assert_eq!(guide(&empty(120.0)), Some(Guide::NoFace));
    assert_eq!(guide(&empty(10.0)), Some(Guide::TooDark));
}

#[test]
fn a_face_is_ready_after_700_ms_of_stillness_and_not_before() {
    let mut waiting = Waiting::default();
    for ms in (0..700).step_by(25) {
        assert_eq!(see(&mut waiting, &resting(ms)), None, "{ms} ms");
    }
    let ready = see(&mut waiting, &resting(700)).unwrap();
    assert_eq!(ready.track, TrackId(1));
    assert!((ready.rest.eyes - 0.3).abs() < 1e-6);
}

#[test]
fn whoever_is_not_watched_does_not_hold_still() {
    let mut waiting = Waiting::default();
    for ms in [0, 250, 500, 751] {
        assert_eq!(see(&mut waiting, &resting(ms)), None, "{ms} ms");
    }
    // From the gap on it begins anew.
    assert_eq!(see(&mut waiting, &resting(1_000)), None);
    assert_eq!(see(&mut waiting, &resting(1_250)), None);
    assert!(see(&mut waiting, &resting(1_451)).is_some());
}

#[test]
fn whoever_moves_turns_away_or_changes_begins_anew() {
    let moved = |ms| {
        with(ms, |s| {
            s.bbox = BBox::around(Point { x: 335.0, ..MIDDLE }, 150.0);
        })
    };
    let turned = |ms| with(ms, |s| s.yaw_deg = 20.0);
    let disturbances: [&dyn Fn(u64) -> Reading; 4] = [&moved, &turned, &other, &gone];
    for disturbed in disturbances {
        let mut waiting = Waiting::default();
        for ms in (0..600).step_by(25) {
            see(&mut waiting, &resting(ms));
        }
        see(&mut waiting, &disturbed(600));
        for ms in (625..1_325).step_by(25) {
            assert_eq!(see(&mut waiting, &resting(ms)), None, "{ms} ms");
        }
        assert!(see(&mut waiting, &resting(1_325)).is_some());
    }
}

#[test]
fn resting_values_are_the_medians() {
    let mut waiting = Waiting::default();
    let mut ready = None;
    for ms in (0..=700).step_by(50) {
        // A blink in the middle is no resting value.
        let eyes = if (300..400).contains(&ms) { 0.1 } else { 0.25 };
        ready = see(&mut waiting, &with(ms, |s| s.eyes = eyes));
    }
    assert!((ready.unwrap().rest.eyes - 0.25).abs() < 1e-6);
}

#[test]
fn a_hint_stays_for_600_ms() {
    let mut waiting = Waiting::default();
    assert_eq!(waiting.hint(), Some(Guide::NoFace));
    let far = |ms| with(ms, |s| s.quality.face_px = 50.0);
    let dark = |ms| with(ms, |s| s.quality.brightness = 20.0);
    see(&mut waiting, &far(0));
    assert_eq!(waiting.hint(), Some(Guide::MoveCloser));
    for ms in (30..600).step_by(30) {
        see(&mut waiting, &if ms % 60 == 0 { far(ms) } else { dark(ms) });
        assert_eq!(waiting.hint(), Some(Guide::MoveCloser), "{ms} ms");
    }
    see(&mut waiting, &dark(600));
    assert_eq!(waiting.hint(), Some(Guide::TooDark));
    see(&mut waiting, &resting(1_170));
    assert_eq!(waiting.hint(), Some(Guide::TooDark));
    see(&mut waiting, &resting(1_200));
    assert_eq!(waiting.hint(), None);
}

#[test]
fn whoever_was_let_in_at_a_limit_is_not_stopped_by_its_flicker() {
    let stand = Stand::default();
    type Set = fn(&mut Sample, f32);
    let limits: [(Set, Guide); 5] = [
        (|s, by| s.quality.face_px = 52.0 / by, Guide::MoveCloser),
        (|s, by| s.quality.brightness = 40.0 / by, Guide::TooDark),
        (|s, by| s.quality.brightness = 230.0 * by, Guide::TooBright),
        (
            |s, by| {
                s.quality.brightness = 150.0;
                s.quality.clipped = 0.3 * by;
            },
            Guide::TooBright,
        ),
        (|s, by| s.score = 0.8 / by, Guide::FaceCovered),
    ];
    for (set, guide) in limits {
        let at = |by: f32| with(0, |s| set(s, by));
        let disturbed = |by: f32| disturbance(&at(by).sample.unwrap(), &stand);
        assert!(good_face(&at(0.99), &stand).is_ok());
        assert_eq!(good_face(&at(1.01), &stand), Err(guide));
        assert_eq!(disturbed(1.04), None, "{guide:?}");
        assert_eq!(disturbed(1.6), Some(guide));
    }
}
