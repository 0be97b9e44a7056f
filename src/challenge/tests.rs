//! Challenges on readings made by hand.
use super::*;
use crate::{
    geometry::{BBox, Point},
    gesture::Moment,
    parallax::Parallax,
    signal::{Quality, Sample},
    track::TrackId,
};

/// A face that is ready to be asked, at rest.
pub(super) fn resting(ms: u64) -> Reading {
    let sample = Sample {
        at: Timestamp::from_millis(ms),
        bbox: BBox::around(Point { x: 320.0, y: 240.0 }, 150.0),
        score: 0.99,
        presence: 0.99,
        eyes: 0.3,
        lids: [0.3; 2],
        parallax: Some(Parallax::default()),
        nod: 0.5,
        quality: Quality {
            face_px: 150.0,
            brightness: 120.0,
            clipped: 0.0,
            sharpness: 200.0,
        },
        ..Sample::default()
    };
    Reading {
        at: sample.at,
        size: (640, 480),
        people: 1,
        track: Some(TrackId(1)),
        sample: Some(sample),
        ..Reading::default()
    }
}

/// Nobody in view.
pub(super) fn gone(ms: u64) -> Reading {
    Reading {
        at: Timestamp::from_millis(ms),
        ..Reading::default()
    }
}

/// The resting face and a second one.
pub(super) fn crowd(ms: u64) -> Reading {
    Reading {
        people: 2,
        ..resting(ms)
    }
}

/// A resting face of another track.
pub(super) fn other(ms: u64) -> Reading {
    Reading {
        track: Some(TrackId(2)),
        ..resting(ms)
    }
}

fn moment(ms: u64) -> Moment {
    Moment {
        at: Timestamp::from_millis(ms),
        seq: ms / 33,
    }
}

/// A resting face that completes `step` at `ms`, begun `length` ms before.
pub(super) fn showing(step: Step, ms: u64, length: u64) -> Reading {
    let gesture = Gesture {
        step,
        start: moment(ms.saturating_sub(length)),
        peak: moment(ms.saturating_sub(length / 2)),
        end: moment(ms),
    };
    let mut reading = resting(ms);
    if let Some(sample) = &mut reading.sample {
        prove(step, sample);
    }
    Reading {
        gestures: vec![gesture],
        ..reading
    }
}

/// What goes with a gesture, all in one sample.
fn prove(step: Step, sample: &mut Sample) {
    let parallax = match step {
        Step::TurnLeft => (0.3, 0.0),
        Step::TurnRight => (-0.3, 0.0),
        Step::Nod => (0.0, 0.4),
        _ => (0.0, 0.0),
    };
    sample.parallax = Some(Parallax {
        across: parallax.0,
        down: parallax.1,
    });
    // Still turned: it is back in the next reading.
    sample.yaw_deg = 70.0 * parallax.0;
    if step == Step::Blink {
        sample.lids = [0.05; 2];
    }
}

const FRAME: Duration = Duration::from_millis(30);

pub(super) const READY_MS: u64 = 720;

/// The rules, but for gestures that show their end alone: none is seen on its way.
pub(super) fn by_hand() -> Rules {
    let mut rules = Rules::default();
    rules.proof.moves = false;
    rules
}

/// A challenge whose first step is asked at [`READY_MS`].
pub(super) fn asked(script: &[Step], reserve: &[Step]) -> Challenge {
    let mut challenge = Challenge::new(script.to_vec(), by_hand(), Timestamp::default())
        .with_reserve(reserve.to_vec());
    for ms in (0..=READY_MS).step_by(30) {
        challenge.see(&resting(ms));
    }
    assert!(matches!(challenge.state(), State::Asking { index: 0, .. }));
    challenge
}

/// Goes on at rest until `reading`, and takes that in.
pub(super) fn go(challenge: &mut Challenge, reading: &Reading) -> State {
    let (from, to) = (challenge.now, reading.at);
    let mut at = from.after(FRAME);
    while at < to {
        challenge.see(&resting(at.as_millis_f64() as u64));
        at = at.after(FRAME);
    }
    challenge.see(reading)
}

pub(super) fn failed(reason: Reason) -> State {
    State::Done(Verdict::Failed(reason))
}

#[test]
fn all_steps_in_order_pass() {
    let mut challenge = asked(&[Step::Blink, Step::Nod], &[]);
    go(&mut challenge, &showing(Step::Blink, 1500, 200));
    assert!(matches!(
        challenge.state(),
        State::Asking {
            step: Step::Nod,
            index: 1,
            ..
        }
    ));
    go(&mut challenge, &resting(3000));
    go(&mut challenge, &showing(Step::Nod, 3000, 800));
    assert_eq!(challenge.state(), State::Done(Verdict::Passed));
}

#[test]
fn what_begins_too_soon_is_no_answer() {
    let mut challenge = asked(&[Step::Blink], &[]);
    go(&mut challenge, &showing(Step::Blink, READY_MS + 300, 100));
    assert!(matches!(
        challenge.state(),
        State::Asking {
            seen: false,
            strikes: 0,
            ..
        }
    ));
    go(&mut challenge, &showing(Step::Blink, READY_MS + 500, 100));
    assert_eq!(challenge.state(), State::Done(Verdict::Passed));
}

#[test]
fn two_strikes_fail() {
    let mut challenge = asked(&[Step::TurnLeft], &[]);
    go(&mut challenge, &showing(Step::TurnRight, 2000, 800));
    assert!(matches!(
        challenge.state(),
        State::Asking { strikes: 1, .. }
    ));
    go(&mut challenge, &resting(4000));
    go(&mut challenge, &showing(Step::OpenMouth, 4000, 800));
    assert_eq!(challenge.state(), failed(Reason::WrongGesture));
}

#[test]
fn a_blink_is_never_a_strike() {
    let mut challenge = asked(&[Step::TurnLeft], &[]);
    for i in 0..5 {
        go(&mut challenge, &showing(Step::Blink, 1500 + 300 * i, 150));
    }
    assert!(matches!(
        challenge.state(),
        State::Asking { strikes: 0, .. }
    ));
}

#[test]
fn a_nod_is_a_wrong_turn_unless_the_head_was_turning() {
    let mut challenge = asked(&[Step::TurnLeft], &[]);
    go(&mut challenge, &showing(Step::Nod, 2000, 800));
    assert!(matches!(
        challenge.state(),
        State::Asking { strikes: 1, .. }
    ));
    let mut challenge = asked(&[Step::TurnLeft], &[]);
    for ms in [1500, 1530] {
        let mut turning = resting(ms);
        turning.sample.as_mut().unwrap().yaw_deg = 25.0;
        go(&mut challenge, &turning);
    }
    go(&mut challenge, &showing(Step::Nod, 2000, 800));
    assert!(matches!(
        challenge.state(),
        State::Asking { strikes: 0, .. }
    ));
}

#[test]
fn a_nod_counts_only_while_the_head_looks_ahead_and_the_mouth_is_shut() {
    let changes: [fn(&mut Sample); 2] = [|s| s.yaw_deg = 20.0, |s| s.mouth = 0.5];
    for change in changes {
        let mut challenge = asked(&[Step::Nod], &[]);
        for ms in [1500, 1530] {
            let mut moving = resting(ms);
            moving.sample.iter_mut().for_each(change);
            go(&mut challenge, &moving);
        }
        go(&mut challenge, &showing(Step::Nod, 2000, 800));
        assert!(matches!(
            challenge.state(),
            State::Asking { seen: false, .. }
        ));
        // Once more, and nothing else with it but a frame that the mesh misread.
        let mut misread = resting(2600);
        misread.sample.iter_mut().for_each(change);
        go(&mut challenge, &misread);
        go(&mut challenge, &showing(Step::Nod, 3000, 800));
        assert_eq!(challenge.state(), State::Done(Verdict::Passed));
    }
}

#[test]
fn a_prompt_answer_adds_no_step_and_a_slow_one_adds_one() {
    let reserve = [Step::OpenMouth, Step::Nod];
    let mut prompt = asked(&[Step::Blink], &reserve);
    go(&mut prompt, &showing(Step::Blink, READY_MS + 1_600, 200));
    assert_eq!(prompt.state(), State::Done(Verdict::Passed));
    let mut slow = asked(&[Step::Blink], &reserve);
    go(&mut slow, &resting(READY_MS + 1_800));
    go(&mut slow, &showing(Step::Blink, READY_MS + 1_800, 200));
    assert_eq!(slow.script(), [Step::Blink, Step::OpenMouth]);
    assert!(matches!(slow.state(), State::Asking { index: 1, .. }));
}

#[test]
fn a_wrong_answer_adds_a_step() {
    let mut challenge = asked(&[Step::Blink], &[Step::Nod]);
    go(&mut challenge, &showing(Step::TurnLeft, 1800, 700));
    assert_eq!(challenge.script(), [Step::Blink, Step::Nod]);
}

#[test]
fn no_more_steps_are_added_than_the_rules_allow() {
    let many = [Step::Nod, Step::Blink].repeat(9);
    let mut challenge = asked(&[Step::Blink], &many);
    for _ in &many {
        challenge.questions.add();
    }
    let extra = usize::from(Rules::default().extra);
    assert_eq!(challenge.script().len(), 1 + extra);
}

#[test]
fn a_step_without_an_answer_times_out() {
    let mut challenge = asked(&[Step::Nod], &[]);
    go(&mut challenge, &resting(READY_MS + 6_000));
    assert!(matches!(challenge.state(), State::Asking { .. }));
    go(&mut challenge, &resting(READY_MS + 6_400));
    assert_eq!(challenge.state(), failed(Reason::StepTimeout));
}

#[test]
fn an_answer_without_a_way_back_times_out() {
    let mut challenge = asked(&[Step::OpenMouth], &[]);
    let mut open = showing(Step::OpenMouth, 1800, 700);
    open.sample.as_mut().unwrap().mouth = 0.6;
    go(&mut challenge, &open);
    for ms in (1830..12_000).step_by(30) {
        open = resting(ms);
        open.sample.as_mut().unwrap().mouth = 0.6;
        challenge.see(&open);
    }
    assert_eq!(challenge.state(), failed(Reason::StepTimeout));
}

#[test]
fn a_face_that_is_gone_too_long_fails() {
    let mut challenge = asked(&[Step::Nod], &[]);
    challenge.see(&gone(READY_MS + 750));
    assert!(matches!(challenge.state(), State::Asking { .. }));
    challenge.see(&gone(READY_MS + 850));
    assert_eq!(challenge.state(), failed(Reason::FaceLost));
}

#[test]
fn whoever_was_not_watched_for_a_while_cannot_be_judged_and_a_silent_camera_fails_nobody() {
    let mut challenge = asked(&[Step::Nod], &[]);
    challenge.tick(Timestamp::from_millis(READY_MS + 900));
    assert!(matches!(challenge.state(), State::Asking { .. }));
    challenge.see(&resting(READY_MS + 910));
    let unwatched = Verdict::Inconclusive(Reason::SourceFailed);
    assert_eq!(challenge.state(), State::Done(unwatched));
}

#[test]
fn a_camera_that_stalls_before_a_limit_fails_nobody() {
    let unwatched = State::Done(Verdict::Inconclusive(Reason::SourceFailed));
    let stalls_at = |ms: u64, reserve: &[Step]| {
        let mut challenge = asked(&[Step::Nod], reserve);
        go(&mut challenge, &resting(READY_MS + ms));
        challenge.tick(Timestamp::from_millis(READY_MS + 6_500))
    };
    assert_eq!(stalls_at(5_500, &[]), unwatched);
    // Nothing else is asked for, and no strike counted, before a camera that is gone.
    assert_eq!(stalls_at(5_500, &[Step::TurnLeft]), unwatched);
    assert_eq!(stalls_at(5_900, &[]), failed(Reason::StepTimeout));
}

#[test]
fn a_second_face_that_stays_fails_and_one_that_passes_by_does_not() {
    let mut challenge = asked(&[Step::Nod], &[]);
    challenge.see(&crowd(800));
    challenge.see(&crowd(1000));
    challenge.see(&resting(1030));
    challenge.see(&crowd(1100));
    assert!(matches!(challenge.state(), State::Asking { .. }));
    challenge.see(&crowd(1400));
    assert_eq!(challenge.state(), failed(Reason::SeveralFaces));
}

#[test]
fn another_face_fails() {
    let mut challenge = asked(&[Step::Nod], &[]);
    go(
        &mut challenge,
        &Reading {
            track: Some(TrackId(2)),
            ..showing(Step::Nod, 2000, 800)
        },
    );
    assert_eq!(challenge.state(), failed(Reason::FaceChanged));
}

#[test]
fn ends_from_outside_never_pass() {
    for why in [End::SourceEnded, End::SourceFailed, End::Cancelled] {
        for mut challenge in [
            asked(&[Step::Nod], &[]),
            Challenge::new(vec![Step::Nod], Rules::default(), Timestamp::default()),
        ] {
            let state = challenge.end(why);
            assert!(matches!(state, State::Done(_)));
            assert_ne!(state, State::Done(Verdict::Passed));
        }
    }
}

#[test]
fn nobody_and_nobody_ready_are_inconclusive_and_so_is_a_blind_wait() {
    let wait = |mut last: Reading, at: u64| {
        let mut challenge = Challenge::new(vec![Step::Nod], Rules::default(), Timestamp::default());
        last.at = Timestamp::from_millis(at);
        challenge.see(&last);
        challenge.tick(Timestamp::from_millis(60_500))
    };
    let ended = |reason| State::Done(Verdict::Inconclusive(reason));
    for (reading, reason) in [
        (Reading::default(), Reason::NobodyCame),
        (resting(0), Reason::NeverReady),
    ] {
        assert_eq!(wait(reading.clone(), 60_000), ended(reason));
        // Whoever came since was not looked at.
        assert_eq!(wait(reading, 58_000), ended(Reason::SourceFailed));
    }
}
