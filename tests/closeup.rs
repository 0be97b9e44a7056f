//! When a face is looked at closely, in sessions on the real chain.
#![allow(clippy::unwrap_used)]
use std::time::Duration;

use liveness::{
    capture::puppet::{Given, Kind, Staged},
    challenge::{Rules, State, Verdict},
    identity::{SAME_SESSION, Watch},
    mesh::Mesher,
    mtcnn::{Follow, Params},
    observation::Observer,
    reading::Reading,
    record,
    session::{Closeup, Plan, Session},
    step::Step,
    time::{Clock, Timestamp},
};

const SCRIPT: [Step; 3] = [Step::Nod, Step::TurnLeft, Step::OpenMouth];

/// What is read while this person answers, until the verdict.
fn readings(sitter: &str, closeup: &mut Closeup) -> (State, Vec<Reading>) {
    let given = [
        &*format!("sitter={sitter}"),
        "light=even",
        "glasses=without",
    ];
    let given = given.map(|text| text.parse::<Given>().unwrap());
    let mut person = Staged::given(Kind::BonaFide, &given, 5, &SCRIPT).unwrap();
    let detector = Follow::load(Params::default(), None).unwrap();
    let mesher = Mesher::load(None).unwrap();
    let mut observer = Observer::new(detector, mesher, Clock::start());
    let plan = Plan {
        session: "closeup".to_owned(),
        started: record::wall_time(),
        source: "staged".to_owned(),
        models: String::new(),
        rehearsal: true,
        script: SCRIPT.to_vec(),
        reserve: vec![],
        rules: Rules {
            look: closeup.rules(false, SAME_SESSION),
            ..Rules::default()
        },
    };
    let mut session = Session::new(plan, Timestamp::default());
    let mut readings = vec![];
    while !matches!(session.state(), State::Done(_)) {
        let seen = observer.look(person.next_frame().unwrap()).unwrap();
        readings.push(closeup.see(&seen, &mut session).unwrap());
        for event in session.events() {
            if let Some(cue) = event.cue() {
                person.hear(cue);
            }
        }
    }
    (session.state(), readings)
}

#[test]
fn faces_are_looked_at_when_they_are_level_and_now_and_then() {
    let mut closeup = Closeup::new(None, Some(Watch::load(None, None).unwrap()));
    let (state, all) = readings("obama", &mut closeup);
    assert!(matches!(state, State::Done(Verdict::Passed)), "{state:?}");
    let looks: Vec<&Reading> = all.iter().filter(|r| r.same.is_some()).collect();
    let first = looks[0].sample.unwrap();
    for look in &looks {
        let s = look.sample.unwrap();
        assert!((s.yaw_deg - first.yaw_deg).abs() < 15.0, "{s:?}");
        assert!((s.pitch_deg - first.pitch_deg).abs() < 13.0, "{s:?}");
        assert!(s.mouth < 0.27 && s.score > 0.0, "{s:?}");
    }
    // Each gesture leaves the places where a face is looked at: else this proves nothing.
    let far = |far: fn(&Reading) -> bool| all.iter().filter(|r| far(r)).count();
    let pitched = |r: &Reading| r.sample.is_some_and(|s| s.pitch_deg.abs() > 15.0);
    assert!(far(pitched) > 2 && far(|r| r.sample.is_some_and(|s| s.yaw_deg > 18.0)) > 2);
    // Not in every frame, but for those after the last gesture.
    let pauses = looks.windows(2).map(|pair| pair[1].at.since(pair[0].at));
    let short = pauses.filter(|pause| *pause < Duration::from_millis(119));
    assert!(looks.len() > 10 && short.count() <= 3, "{}", looks.len());
    assert!(looks.iter().all(|r| r.same < Some(SAME_SESSION)));
}

#[test]
fn the_next_person_is_not_held_against_the_last_one() {
    let mut closeup = Closeup::new(None, Some(Watch::load(None, None).unwrap()));
    for sitter in ["obama", "biden"] {
        closeup.begin();
        let (state, all) = readings(sitter, &mut closeup);
        assert!(
            matches!(state, State::Done(Verdict::Passed)),
            "{sitter} {state:?}"
        );
        assert!(all.iter().all(|r| r.same.is_none_or(|d| d < SAME_SESSION)));
    }
}
