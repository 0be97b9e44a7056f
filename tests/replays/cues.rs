//! Each cue that denies or confirms, in a recorded session: that it alone decides, and that a person at
//! its edge does not trip it.
use liveness::{
    challenge::{Look, Proof},
    geometry::Point,
    gesture::{Gesture, Moment},
    parallax::Parallax,
};

use super::*;

/// The recorded session with every sample changed.
fn with(change: impl Fn(&mut Sample)) -> Vec<Reading> {
    let mut readings = obey();
    readings
        .iter_mut()
        .flat_map(|r| &mut r.sample)
        .for_each(change);
    readings
}

/// The recorded session with its parallax scaled until the largest turn reaches `most`.
fn turning(most: f32) -> Vec<Reading> {
    let samples = obey().into_iter().filter_map(|r| r.sample);
    let reached = samples
        .filter_map(|s| s.parallax)
        .map(|p| p.across)
        .fold(0.0, f32::max);
    with(|s| {
        s.parallax
            .iter_mut()
            .for_each(|p| p.across *= most / reached)
    })
}

#[test]
fn a_turn_without_depth_is_a_picture() {
    let proof = Proof::default();
    assert_eq!(verdict_of(&turning(0.01)), failed(Reason::FlatFace));
    let nearly = turning(0.95 * proof.flat_parallax);
    assert_eq!(verdict_of(&nearly), failed(Reason::FlatFace));
    // Shallow: no proof, and none against it.
    let shallow = turning(1.1 * proof.flat_parallax);
    assert_eq!(verdict_of(&shallow).1, Some(Reason::SourceEnded));
    assert_eq!(verdict_of(&turning(1.05 * proof.turn_parallax)), passed());
}

#[test]
fn a_turn_whose_nose_goes_the_other_way_is_a_picture() {
    let mirrored = with(|s| s.parallax.iter_mut().for_each(|p| p.across = -p.across));
    assert_eq!(verdict_of(&mirrored), failed(Reason::FlatFace));
}

#[test]
fn a_nod_without_depth_is_none() {
    let range = |readings: &[Reading]| {
        let from = asked(readings)[2];
        let down = (readings.iter().filter(|r| r.at >= from))
            .filter_map(|r| r.sample)
            .filter_map(|s| s.parallax)
            .map(|p| p.down);
        let (least, most) = down.fold((f32::MAX, f32::MIN), |(a, b), d| (a.min(d), b.max(d)));
        most - least
    };
    let full = range(&obey());
    let nodding =
        |wanted: f32| with(|s| s.parallax.iter_mut().for_each(|p| p.down *= wanted / full));
    let proof = Proof::default();
    assert_eq!(
        verdict_of(&nodding(0.9 * proof.nod_parallax)).1,
        Some(Reason::SourceEnded)
    );
    assert_eq!(verdict_of(&nodding(1.1 * proof.nod_parallax)), passed());
}

#[test]
fn a_covered_face_that_answers_is_denied() {
    assert_eq!(verdict_of(&with(|s| s.score = s.score.min(0.82))), passed());
    let from = asked(&obey())[0];
    let scored = |score| {
        with(|s| {
            if s.at > from {
                s.score = score;
            }
        })
    };
    // A blink behind a hand is none, and so many deny; a turn far to the side is one by its depth.
    for (covered, reason) in [(1, Reason::FaceCovered), (2, Reason::SourceEnded)] {
        let mut rules = Rules::default();
        rules.proof.covered = covered;
        let mut session = session_by(&SCRIPT, rules);
        scored(0.7).iter().for_each(|reading| session.take(reading));
        session.end(End::SourceEnded);
        let record = session.record().unwrap();
        assert_eq!(record.reason, Some(reason));
        assert!(record.steps[0].seen_ms.is_some() && record.steps[1].seen_ms.is_none());
    }
}

/// The mesh of a turned head opens its mouth a little, and O-Net is not sure of such a head.
#[test]
fn a_mouth_that_opens_in_a_turn_is_none_and_none_that_is_covered() {
    let mut readings = obey();
    let turning = |r: &&mut Reading| r.sample.is_some_and(|s| s.yaw_deg > 18.0);
    for reading in readings.iter_mut().filter(turning) {
        reading.sample.iter_mut().for_each(|s| s.score = 0.7);
        let moment = Moment::from(&reading.sample.unwrap());
        reading.gestures.push(Gesture {
            step: Step::OpenMouth,
            start: moment,
            peak: moment,
            end: moment,
        });
    }
    assert_eq!(verdict_of(&readings), passed());
}

#[test]
fn a_face_that_jumps_is_denied() {
    let jumping = |widths: f32| {
        let mut readings = obey();
        let at = asked(&readings)[1].after(Duration::from_millis(150));
        let shifted = readings
            .iter_mut()
            .filter(|r| r.at > at)
            .flat_map(|r| &mut r.sample);
        shifted.for_each(|s| {
            let moved = s.marks.points().map(|p| Point {
                x: p.x + widths * s.bbox.width(),
                ..p
            });
            s.marks = moved.into();
        });
        readings
    };
    // A frame lasts 33 ms: 7 and 15 widths a second.
    assert_eq!(verdict_of(&jumping(0.25)), passed());
    assert_eq!(verdict_of(&jumping(0.5)), failed(Reason::FaceJumped));
}

#[test]
fn a_picture_that_stands_still_ends_the_session() {
    let frozen = |length| during(length, |reading| reading.picture = 7);
    assert_eq!(verdict_of(&frozen(400)), passed());
    let ended = ("inconclusive".to_owned(), Some(Reason::FrozenPicture));
    assert_eq!(verdict_of(&frozen(700)), ended);
    // From the first frame on: it holds still, and is never asked anything.
    let mut still = obey();
    still.iter_mut().for_each(|reading| reading.picture = 7);
    assert_eq!(verdict_of(&still), ended);
}

#[test]
fn a_picture_that_comes_again_is_a_recording() {
    let readings = obey();
    let (first, span) = (readings[3].picture, span(&readings, 40));
    let mut looped = readings.clone();
    let again = looped.iter_mut().find(|r| span.contains(&r.at));
    again.unwrap().picture = first;
    assert_eq!(verdict_of(&looped), failed(Reason::RepeatedPicture));
    // A camera that fills up its rate with the frame before.
    let mut last = 0;
    let mut doubled = readings;
    for (i, reading) in doubled.iter_mut().enumerate() {
        match i % 2 {
            0 => last = reading.picture,
            _ => reading.picture = last,
        }
    }
    assert_eq!(verdict_of(&doubled), passed());
}

#[test]
fn a_wink_is_no_blink() {
    let open = obey()[5].sample.unwrap().lids[1];
    // The right eye never closes by more than this share.
    let winking = |share: f32| with(|s| s.lids[1] = s.lids[1].max((1.0 - share) * open));
    let wanted = Proof::default().lids;
    assert_ne!(verdict_of(&winking(0.5 * wanted)), passed());
    assert_eq!(verdict_of(&winking(1.25 * wanted)), passed());
}

#[test]
fn a_session_of_an_earlier_version_knows_no_pictures() {
    let mut readings = obey();
    readings.iter_mut().for_each(|reading| reading.picture = 0);
    assert_eq!(verdict_of(&readings), passed());
    let flat = with(|s| s.parallax = Some(Parallax::default()));
    assert_eq!(verdict_of(&flat), failed(Reason::FlatFace));
    // What is not known proves nothing, and denies nothing.
    let unknown = with(|s| s.parallax = None);
    assert_eq!(verdict_of(&unknown).1, Some(Reason::SourceEnded));
}

/// Readings after the end of the recorded session.
const TAIL: usize = 5;

/// What becomes of the recorded session when networks look closely in every tenth reading; `change` gives
/// them their words, from the number of the look and how many there are.
fn looked(look: Look, change: impl Fn(usize, usize, &mut Reading)) -> (String, Option<Reason>) {
    let mut readings = obey();
    // Somebody who is done stays for a moment: that is looked at in every frame.
    let done = readings.len() - 1;
    for i in 1..=TAIL as u64 {
        let mut more = readings[done].clone();
        let later = Duration::from_millis(33 * i);
        more.at = more.at.after(later);
        more.picture = i;
        more.gestures.clear();
        more.sample.as_mut().unwrap().at = more.at;
        readings.push(more);
    }
    let looks: Vec<usize> = (0..readings.len())
        .filter(|&i| i >= done || (done - i).is_multiple_of(10))
        .collect();
    for (number, &i) in looks.iter().enumerate() {
        change(number, looks.len(), &mut readings[i]);
    }
    let mut session = session_by(
        &SCRIPT,
        Rules {
            look,
            ..Rules::default()
        },
    );
    readings.iter().for_each(|reading| session.take(reading));
    session.end(End::SourceEnded);
    let record = session.record().unwrap();
    (record.verdict.clone(), record.reason)
}

#[test]
fn a_face_that_looks_like_anothers_twice_or_at_the_end_is_denied() {
    let look = Look {
        same: Some(0.5),
        ..Look::default()
    };
    let strange = |these: fn(usize, usize) -> bool| {
        looked(look, |i, n, r| {
            r.same = Some(if these(i, n) { 0.6 } else { 0.45 })
        })
    };
    assert_eq!(strange(|_, _| false), passed());
    assert_eq!(strange(|i, n| i == n / 2), passed(), "one odd look");
    let changed = failed(Reason::FaceChanged);
    assert_eq!(strange(|i, n| i == n / 2 || i == n / 2 + 1), changed);
    assert_eq!(strange(|i, n| i >= n - TAIL), changed);
    assert_ne!(looked(look, |_, _, _| {}), passed(), "never looked at");
    let nobodys = looked(look, |_, _, r| r.same = Some(f32::NAN));
    assert_ne!(nobodys, passed(), "what is no number is nobody's");
    let unasked = looked(Look::default(), |_, _, r| r.same = Some(0.9));
    assert_eq!(unasked, passed());
}

#[test]
fn only_the_expected_face_passes() {
    let look = Look {
        expected: Some(0.58),
        ..Look::default()
    };
    let apart = |distance| looked(look, |_, _, r| r.expected = Some(distance));
    assert_eq!(apart(0.57), passed());
    assert_eq!(apart(0.59), failed(Reason::NoMatch));
    assert_eq!(apart(f32::NAN), failed(Reason::NoMatch));
    // The median counts: one odd look does not.
    let odd = looked(look, |i, _, r| {
        r.expected = Some(if i == 3 { 0.9 } else { 0.5 })
    });
    assert_eq!(odd, passed());
    let unseen = ("inconclusive".to_owned(), Some(Reason::PoorPicture));
    assert_eq!(looked(look, |_, _, _| {}), unseen);
}

#[test]
fn a_network_that_says_not_live_denies_only_if_it_may() {
    let look = |denies| Look {
        passive: Some(0.5),
        passive_denies: denies,
        ..Look::default()
    };
    let live = |denies, value| looked(look(denies), |_, _, r| r.passive = Some(value));
    assert_eq!(live(true, 0.51), passed());
    assert_eq!(live(true, 0.49), failed(Reason::NotLive));
    assert_eq!(live(false, 0.01), passed());
    let unseen = ("inconclusive".to_owned(), Some(Reason::PoorPicture));
    assert_eq!(looked(look(true), |_, _, _| {}), unseen);
}

/// The recorded session, its face looked at in every frame: at rest it is near, in a gesture so far off.
fn made_by(moving: Option<f32>) -> (String, Option<Reason>) {
    let spans: Vec<(Timestamp, Timestamp)> = obey()
        .iter()
        .flat_map(|r| &r.gestures)
        .map(|gesture| (gesture.start.at, gesture.end.at))
        .collect();
    let look = Look {
        same: Some(0.5),
        moving: Some(0.65),
        ..Look::default()
    };
    let mut readings = obey();
    let last = readings[readings.len() - 1].clone();
    for i in 1..=TAIL as u64 {
        let mut more = last.clone();
        more.at = last.at.after(Duration::from_millis(33 * i));
        more.picture = i;
        more.gestures.clear();
        more.sample.as_mut().unwrap().at = more.at;
        readings.push(more);
    }
    for reading in &mut readings {
        let within = |(from, to): &(Timestamp, Timestamp)| (*from..=*to).contains(&reading.at);
        if spans.iter().any(within) {
            reading.moving = moving;
        } else {
            reading.same = Some(0.2);
        }
    }
    let rules = Rules {
        look,
        ..Rules::default()
    };
    let mut session = session_by(&SCRIPT, rules);
    readings.iter().for_each(|reading| session.take(reading));
    session.end(End::SourceEnded);
    let record = session.record().unwrap();
    (record.verdict.clone(), record.reason)
}

/// A photograph at rest and somebody else's gestures once passed: faces were looked at at rest alone.
#[test]
fn a_gesture_that_another_face_makes_answers_nothing_and_two_deny() {
    assert_eq!(made_by(Some(0.64)), passed());
    assert_eq!(made_by(Some(0.66)), failed(Reason::FaceChanged));
    assert_ne!(made_by(None), passed(), "never looked at while it moved");
}

/// Photographs that take each other's place once passed: nothing asked for what lies between two places.
#[test]
fn a_turn_that_is_not_seen_on_its_way_is_none() {
    let mut readings = obey();
    let mut at_rest = readings[0].sample.unwrap();
    for sample in readings.iter_mut().flat_map(|r| &mut r.sample) {
        let (at, seq, yaw) = (sample.at, sample.seq, sample.yaw_deg.abs());
        if yaw < 5.0 {
            at_rest = *sample;
        } else if yaw < 28.0 {
            *sample = Sample { at, seq, ..at_rest };
        }
    }
    assert_ne!(verdict_of(&readings), passed());
}

#[test]
fn a_step_under_way_when_a_session_is_cancelled_was_not_seen() {
    let readings = obey();
    let second = asked(&readings)[1];
    let mut session = session(&SCRIPT);
    let until = readings.iter().filter(|reading| reading.at <= second);
    until.for_each(|reading| session.take(reading));
    session.end(End::Cancelled);
    let record = session.record().unwrap();
    let seen: Vec<bool> = record
        .steps
        .iter()
        .map(|step| step.seen_ms.is_some())
        .collect();
    assert_eq!(seen, [true, false], "{record:?}");
    let done = |event: &Event| {
        matches!(
            event,
            Event::Step {
                state: StepState::Done,
                ..
            }
        )
    };
    assert_eq!(
        session.events().iter().filter(|event| done(event)).count(),
        1
    );
}
