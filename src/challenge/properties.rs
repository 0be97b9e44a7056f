//! What holds for any readings.
use proptest::prelude::*;

use super::{
    tests::{READY_MS, asked, crowd, gone, other, resting, showing},
    *,
};

/// One thing that can happen to a challenge.
#[derive(Clone, Debug)]
enum Input {
    Rest,
    Show(Step, u64),
    Away,
    Crowd,
    Other,
    Tick,
}

fn inputs() -> impl Strategy<Value = Vec<(i64, Input)>> {
    let step = proptest::sample::select(Step::ALL.to_vec());
    let input = prop_oneof![
        8 => Just(Input::Rest),
        6 => (step, 50u64..2_000).prop_map(|(step, length)| Input::Show(step, length)),
        1 => Just(Input::Away),
        1 => Just(Input::Crowd),
        1 => Just(Input::Other),
        1 => Just(Input::Tick),
    ];
    let jump = prop_oneof![9 => 1i64..400, 1 => -2_000i64..0];
    proptest::collection::vec((jump, input), 0..60)
}

fn feed(challenge: &mut Challenge, ms: u64, input: &Input) -> State {
    match input {
        Input::Rest => challenge.see(&resting(ms)),
        Input::Show(step, length) => challenge.see(&showing(*step, ms, *length)),
        Input::Away => challenge.see(&gone(ms)),
        Input::Crowd => challenge.see(&crowd(ms)),
        Input::Other => challenge.see(&other(ms)),
        Input::Tick => challenge.tick(Timestamp::from_millis(ms)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_verdict_never_changes(inputs in inputs()) {
        let mut challenge = asked(&[Step::Blink, Step::Nod], &[Step::TurnLeft]);
        let (mut ms, mut done) = (READY_MS as i64, None);
        for (jump, input) in &inputs {
            ms = (ms + jump).max(0);
            let state = feed(&mut challenge, ms as u64, input);
            if let Some(done) = done {
                prop_assert_eq!(state, done);
            } else if matches!(state, State::Done(_)) {
                done = Some(state);
            }
        }
        if let Some(done) = done {
            prop_assert_eq!(challenge.end(End::Cancelled), done);
        }
    }

    #[test]
    fn only_the_whole_script_in_order_passes(inputs in inputs()) {
        let script = [Step::Blink, Step::Nod, Step::Blink];
        let mut challenge = asked(&script, &[]);
        let mut ms = READY_MS as i64;
        // The right gestures that were shown, each against the step asked at that moment.
        let mut answered = 0;
        for (jump, input) in &inputs {
            ms = (ms + jump).max(0);
            let before = challenge.state();
            let state = feed(&mut challenge, ms as u64, input);
            if let (State::Asking { step, index, since, seen: false, .. }, Input::Show(shown, length)) =
                (before, input)
            {
                let began = Timestamp::from_millis((ms as u64).saturating_sub(*length));
                if *shown == step && began >= since.after(Rules::default().too_soon) {
                    answered = index + 1;
                }
            }
            if let State::Asking { index, .. } = state {
                prop_assert!(index <= answered, "step {index} after {answered} answers");
            }
            if state == State::Done(Verdict::Passed) {
                prop_assert_eq!(answered, script.len());
            }
        }
    }

    #[test]
    fn time_that_runs_backwards_is_the_last_time(inputs in inputs()) {
        let script = [Step::Blink, Step::Nod];
        let (mut as_told, mut clamped) = (asked(&script, &[]), asked(&script, &[]));
        let (mut ms, mut latest) = (READY_MS as i64, READY_MS as i64);
        for (jump, input) in &inputs {
            ms = (ms + jump).max(0);
            latest = latest.max(ms);
            // Gestures carry moments of their own; all else that is seen is seen at the latest time.
            let input = match input {
                Input::Show(..) => &Input::Rest,
                other => other,
            };
            let told = feed(&mut as_told, ms as u64, input);
            let held = feed(&mut clamped, latest as u64, input);
            prop_assert_eq!(told, held);
        }
    }

    #[test]
    fn a_script_grows_step_by_step_and_never_beyond_its_reserve(inputs in inputs()) {
        let mut challenge = asked(&[Step::Blink, Step::Nod], &[Step::TurnLeft, Step::Blink]);
        let (mut ms, mut len) = (READY_MS as i64, 2);
        for (jump, input) in &inputs {
            ms = (ms + jump).max(0);
            feed(&mut challenge, ms as u64, input);
            let now = challenge.script().len();
            // Two at a time where a question is replaced.
            prop_assert!((len..=len + 2).contains(&now));
            len = now;
        }
        prop_assert!(len <= 4);
    }
}
