//! When it begins, and who must have been looked at when it ends.
use super::{
    tests::{READY_MS, by_hand, go, gone, resting, showing},
    *,
};

#[test]
fn nothing_asked_is_nothing_shown() {
    let mut challenge = Challenge::new(vec![], by_hand(), Timestamp::default());
    for ms in (0..=READY_MS).step_by(30) {
        challenge.see(&resting(ms));
    }
    let never = Verdict::Inconclusive(Reason::NeverReady);
    assert_eq!(challenge.state(), State::Done(never));
}

/// Whoever came in the last seconds was once failed for the time that nobody was there.
#[test]
fn the_time_limit_begins_anew_with_the_first_question() {
    let rules = Rules {
        session: Duration::from_secs(3),
        ..by_hand()
    };
    let mut challenge = Challenge::new(vec![Step::Nod], rules, Timestamp::default());
    for ms in (0..2_000).step_by(30) {
        challenge.see(&gone(ms));
    }
    for ms in (2_000..4_000).step_by(30) {
        challenge.see(&resting(ms));
    }
    go(&mut challenge, &showing(Step::Nod, 4_500, 800));
    assert_eq!(challenge.state(), State::Done(Verdict::Passed));
}

/// To hold still as the last step once needed no look: somebody else could do that.
#[test]
fn the_last_step_needs_looks_whatever_it_is() {
    let look = Look {
        same: Some(0.5),
        ..Look::default()
    };
    let run = |looks: bool| {
        let rules = Rules { look, ..by_hand() };
        let mut challenge = Challenge::new(vec![Step::HoldStill], rules, Timestamp::default());
        for ms in (0..4_000).step_by(30) {
            let same = (looks || ms < 800).then_some(0.1);
            challenge.see(&Reading {
                same,
                ..resting(ms)
            });
        }
        challenge.state()
    };
    assert_eq!(run(true), State::Done(Verdict::Passed));
    assert!(matches!(run(false), State::Asking { .. }));
}

/// A face that looks like another's at the beginning is waited for until the looks agree.
#[test]
fn nobody_is_asked_before_it_is_known_whose_face_it_is() {
    let look = Look {
        same: Some(0.5),
        ..Look::default()
    };
    let run = |same: Option<f32>| {
        let rules = Rules { look, ..by_hand() };
        let mut challenge = Challenge::new(vec![Step::Nod], rules, Timestamp::default());
        for ms in (0..2_000).step_by(30) {
            challenge.see(&Reading {
                same,
                ..resting(ms)
            });
        }
        challenge.state()
    };
    assert!(matches!(run(Some(0.1)), State::Asking { .. }));
    assert!(matches!(run(Some(0.7)), State::Waiting { .. }));
    assert!(matches!(run(None), State::Waiting { .. }));
}
