//! Sessions decided again from their readings, as they were and with one thing changed: what
//! becomes of a session when a face is lost, swapped, joined, late or early, without a pixel.
//!
//! `tests/replays/*.jsonl` hold the readings of the simulated subject, one a line, as the real
//! networks read them. Made anew by `cargo test --release --test replay -- --ignored`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "tests fail by panicking"
)]
use std::{fs, ops::Range, path::PathBuf, time::Duration};

use crossbeam_channel::bounded;
use liveness::{
    capture::{
        Change, Fault, News,
        puppet::{Behaviour, Options, Pace, Puppet},
    },
    challenge::{End, Reason, Rules, State},
    mesh::Mesher,
    mtcnn::{Follow, Params},
    observation::Observer,
    reading::Reading,
    record::{SessionRecord, wall_time},
    session::{Event, Plan, Session, StepState},
    signal::Sample,
    step::Step,
    time::{Clock, Timestamp},
    track::TrackId,
};

#[path = "replays/cues.rs"]
mod cues;

/// The recorded sessions: name, how the subject behaved, its seed, what was asked, how it ended.
const CASES: [(&str, Behaviour, u64, &[Step], &str); 4] = [
    ("obey", Behaviour::Obey, 7, &SCRIPT, "passed"),
    // A turn of the head moves the nose between eyes and mouth too, and was once taken for a nod.
    (
        "wrong-nod",
        Behaviour::Wrong,
        3,
        &[Step::Nod],
        "wrong_gesture",
    ),
    ("replay", Behaviour::Replay, 4, &SCRIPT, "wrong_gesture"),
    (
        "photo",
        Behaviour::Photo,
        2,
        &[Step::TurnLeft],
        "step_timeout",
    ),
];

const SCRIPT: [Step; 3] = [Step::TurnLeft, Step::Blink, Step::Nod];

/// What slow and wrong answers add: nothing the recorded subject would do.
const RESERVE: [Step; 4] = [Step::Shake; 4];

fn path(name: &str) -> PathBuf {
    let replays = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/replays");
    replays.join(name).with_extension("jsonl")
}

/// The readings of a session that passed.
fn obey() -> Vec<Reading> {
    readings("obey")
}

fn readings(name: &str) -> Vec<Reading> {
    let text = fs::read_to_string(path(name)).unwrap();
    let readings = text.lines().map(|line| serde_json::from_str(line).unwrap());
    readings.collect()
}

fn session(script: &[Step]) -> Session {
    session_by(script, Rules::default())
}

fn session_by(script: &[Step], rules: Rules) -> Session {
    let plan = Plan {
        session: "replay".to_owned(),
        started: wall_time(),
        source: "replay".to_owned(),
        models: String::new(),
        rehearsal: true,
        script: script.to_vec(),
        reserve: RESERVE.to_vec(),
        rules,
    };
    Session::new(plan, Timestamp::default())
}

/// How a session goes: its record, and its events.
fn replay_of(script: &[Step], readings: &[Reading]) -> (SessionRecord, Vec<Event>) {
    let mut session = session(script);
    for reading in readings {
        session.take(reading);
    }
    session.end(End::SourceEnded);
    (session.record().unwrap().clone(), session.events())
}

fn verdict_of(readings: &[Reading]) -> (String, Option<Reason>) {
    let record = replay_of(&SCRIPT, readings).0;
    (record.verdict, record.reason)
}

fn failed(reason: Reason) -> (String, Option<Reason>) {
    ("failed".to_owned(), Some(reason))
}

fn passed() -> (String, Option<Reason>) {
    ("passed".to_owned(), None)
}

/// When each step was asked.
fn asked(readings: &[Reading]) -> Vec<Timestamp> {
    let events = replay_of(&SCRIPT, readings).1;
    let asked = events.iter().filter_map(|event| match event {
        Event::Step {
            state: StepState::Asked,
            t_ms,
            ..
        } => Some(Timestamp::default().after(Duration::from_secs_f64(t_ms / 1e3))),
        _ => None,
    });
    asked.collect()
}

/// The `length` ms from 100 ms after the second question on.
fn span(readings: &[Reading], length: u64) -> Range<Timestamp> {
    let from = asked(readings)[1].after(Duration::from_millis(100));
    from..from.after(Duration::from_millis(length))
}

/// Changes the readings of that span.
fn during(length: u64, change: impl Fn(&mut Reading)) -> Vec<Reading> {
    let mut readings = obey();
    let span = span(&readings, length);
    let these = readings.iter_mut().filter(|r| span.contains(&r.at));
    these.for_each(change);
    readings
}

fn without_face(reading: &mut Reading) {
    *reading = Reading {
        at: reading.at,
        size: reading.size,
        luma: Some(120.0),
        // Not what this is about: the track's gestures would be told a moment later.
        gestures: reading.gestures.clone(),
        ..Reading::default()
    };
}

/// Films the sessions anew: slow, and what it finds is for a person to look at.
#[test]
#[ignore = "writes tests/replays anew"]
fn film() {
    for (name, behaviour, seed, script, _) in CASES {
        let readings = filmed(behaviour, seed, script);
        fs::write(path(name), readings).unwrap();
    }
}

fn filmed(behaviour: Behaviour, seed: u64, script: &[Step]) -> String {
    let (say, heard) = bounded(8);
    let options = Options {
        behaviour,
        seed,
        ..Options::default()
    };
    let puppet = Puppet::new(options, Pace::Virtual, heard).unwrap();
    let detector = Follow::load(Params::default(), None).unwrap();
    let clock = Clock::start();
    let mut observer = Observer::new(detector, Mesher::load(None).unwrap(), clock);
    let mut session = session(script);
    let mut text = String::new();
    for frame in puppet {
        let seen = observer.look(frame.unwrap()).unwrap();
        let reading = session.see(&seen);
        text += &serde_json::to_string(&reading).unwrap();
        text.push('\n');
        for event in session.events() {
            if let Some(cue) = event.cue() {
                say.send(cue).unwrap();
            }
        }
        if matches!(session.state(), State::Done(_)) {
            break;
        }
    }
    text
}

#[test]
fn every_recorded_session_ends_as_it_did() {
    for (name, _, _, script, end) in CASES {
        let record = replay_of(script, &readings(name)).0;
        let told = record.reason.map_or(record.verdict, |r| r.to_string());
        assert_eq!(told, end, "{name}");
    }
}

#[test]
fn a_strike_that_fails_a_session_is_on_its_record() {
    let record = replay_of(&[Step::Nod], &readings("wrong-nod")).0;
    let strikes: u32 = record.steps.iter().map(|step| step.strikes).sum();
    assert_eq!(strikes, Rules::default().strikes);
}

#[test]
fn as_it_was_it_passes_and_tells_each_step() {
    let (record, events) = replay_of(&SCRIPT, &obey());
    assert_eq!((record.verdict, record.reason), passed());
    let steps = events.iter().filter_map(|event| match event {
        Event::Step { step, state, .. } => Some((*step, *state)),
        _ => None,
    });
    let want = SCRIPT.map(|step| [(step, StepState::Asked), (step, StepState::Done)]);
    assert_eq!(steps.collect::<Vec<_>>(), want.concat());
    let ends = record.steps.iter().map(|s| (s.step, s.strikes));
    assert_eq!(ends.collect::<Vec<_>>(), SCRIPT.map(|step| (step, 0)));
    assert!(record.steps.iter().all(|s| s.seen_ms.unwrap() > s.asked_ms));
}

#[test]
fn no_beginning_of_it_passes() {
    let readings = obey();
    for end in 0..readings.len() {
        let (verdict, reason) = verdict_of(&readings[..end]);
        assert_ne!(verdict, "passed", "after {end} of {}", readings.len());
        assert_eq!(reason, Some(Reason::SourceEnded));
    }
}

#[test]
fn another_script_fails() {
    for script in [
        [Step::TurnRight, Step::Blink, Step::Nod],
        [Step::Nod, Step::Blink, Step::TurnLeft],
        [Step::TurnLeft, Step::OpenMouth, Step::Nod],
    ] {
        let record = replay_of(&script, &obey()).0;
        assert_eq!(record.verdict, "failed", "{script:?}");
    }
}

#[test]
fn a_face_lost_for_long_fails_and_for_a_moment_does_not() {
    assert_eq!(verdict_of(&during(400, without_face)), passed());
    let lost = during(950, without_face);
    assert_eq!(verdict_of(&lost), failed(Reason::FaceLost));
}

#[test]
fn frames_that_stall_are_the_cameras_fault_and_pass_nobody() {
    let stalled = |length| {
        let mut readings = obey();
        let span = span(&readings, length);
        readings.retain(|r| !span.contains(&r.at) || !r.gestures.is_empty());
        readings
    };
    assert_eq!(verdict_of(&stalled(400)), passed());
    let inconclusive = ("inconclusive".to_owned(), Some(Reason::SourceFailed));
    assert_eq!(verdict_of(&stalled(950)), inconclusive);
}

#[test]
fn a_session_that_waits_takes_nothing_from_a_camera_that_stands_still() {
    let mut session = session(&SCRIPT);
    let told = |at, state| News {
        at,
        state,
        fault: Fault::Frozen,
        text: String::new(),
    };
    let at = |ms| Timestamp::from_millis(ms);
    session.hear(&told(at(0), Change::Fault));
    let face = obey().into_iter().find(|r| r.sample.is_some()).unwrap();
    for ms in (0..20_000).step_by(33) {
        session.take(&Reading {
            at: at(ms),
            ..face.clone()
        });
        assert!(session.is_waiting(), "{ms}: {:?}", session.state());
    }
    session.hear(&told(at(20_000), Change::Back));
    for mut reading in obey() {
        reading.at = reading.at.after(Duration::from_secs(21));
        let sample = reading.sample.as_mut();
        sample.into_iter().for_each(|s| s.at = reading.at);
        session.take(&reading);
    }
    assert!(!session.is_waiting());
}

#[test]
fn a_second_face_that_stays_fails_and_one_that_passes_by_does_not() {
    let joined = |length| during(length, |reading| reading.people = 2);
    assert_eq!(verdict_of(&joined(200)), passed());
    assert_eq!(verdict_of(&joined(500)), failed(Reason::SeveralFaces));
}

#[test]
fn another_track_fails_at_once() {
    let swapped = during(40, |reading| reading.track = Some(TrackId(99)));
    assert_eq!(verdict_of(&swapped), failed(Reason::FaceChanged));
}

#[test]
fn a_blink_that_begins_too_soon_is_no_answer() {
    let mut readings = obey();
    let question = asked(&readings)[1];
    let blink =
        |r: &&mut Reading| r.at > question && r.gestures.iter().any(|g| g.step == SCRIPT[1]);
    let answer = readings.iter_mut().find(blink).expect("an answer");
    let gesture = answer.gestures.iter_mut().find(|g| g.step == SCRIPT[1]);
    gesture.unwrap().start.at = question.after(Duration::from_millis(240));
    assert_ne!(verdict_of(&readings), passed());
}

#[test]
fn at_half_the_frames_it_passes_too() {
    let mut readings = obey();
    // The last one is kept: it ends the session.
    let mut left = readings.len();
    readings.retain(|r| {
        left -= 1;
        left.is_multiple_of(2) || !r.gestures.is_empty()
    });
    assert_eq!(verdict_of(&readings), passed());
}

#[test]
fn played_slowly_it_is_asked_for_more_than_it_holds() {
    let slow = |r: Reading| {
        let late = |at: Timestamp| Timestamp::from_micros(at.as_micros() * 2);
        let gestures = r.gestures.iter().map(|g| {
            let mut g = *g;
            for moment in [&mut g.start, &mut g.peak, &mut g.end] {
                moment.at = late(moment.at);
            }
            g
        });
        Reading {
            at: late(r.at),
            gestures: gestures.collect(),
            sample: r.sample.map(|s| Sample {
                at: late(s.at),
                ..s
            }),
            ..r
        }
    };
    let readings: Vec<_> = obey().into_iter().map(slow).collect();
    let record = replay_of(&SCRIPT, &readings).0;
    assert_eq!(record.verdict, "failed");
    assert!(record.steps.len() > SCRIPT.len(), "{:?}", record.steps);
}

#[test]
fn played_backwards_it_never_passes() {
    let mut readings = obey();
    let last = readings.last().unwrap().at;
    readings.reverse();
    // With the stamps as they were, which then run backwards, and with new ones.
    assert_ne!(verdict_of(&readings), passed());
    for reading in &mut readings {
        reading.at = Timestamp::default().after(last.since(reading.at));
    }
    assert_ne!(verdict_of(&readings), passed());
}

#[test]
fn a_frame_seen_twice_changes_nothing() {
    let readings = obey();
    let twice = readings.iter().flat_map(|r| {
        let again = Reading {
            gestures: vec![],
            ..r.clone()
        };
        [r.clone(), again]
    });
    assert_eq!(verdict_of(&twice.collect::<Vec<_>>()), passed());
}
