//! Questions that nobody was seen to answer, and what is asked instead.
use super::{
    tests::{READY_MS, asked, failed, go, resting, showing},
    *,
};

#[test]
fn one_question_without_an_answer_is_replaced_and_a_second_one_fails() {
    // A nod needs depth: neither a mouth nor a blink will do instead of it.
    let reserve = [Step::OpenMouth, Step::TurnLeft, Step::Blink];
    let mut challenge = asked(&[Step::Nod], &reserve);
    let state = go(&mut challenge, &resting(READY_MS + 6_300));
    assert!(
        matches!(
            state,
            State::Asking {
                step: Step::TurnLeft,
                index: 1,
                strikes: 1,
                ..
            }
        ),
        "{state:?}"
    );
    let wanted = [Step::Nod, Step::TurnLeft, Step::OpenMouth];
    assert_eq!(challenge.script(), wanted, "and one step more");
    go(&mut challenge, &resting(READY_MS + 13_000));
    assert_eq!(challenge.state(), failed(Reason::StepTimeout));
    let mut without = asked(&[Step::Nod], &[Step::OpenMouth, Step::Blink]);
    go(&mut without, &resting(READY_MS + 6_300));
    assert_eq!(without.state(), failed(Reason::StepTimeout));
}

#[test]
fn whoever_tries_again_as_the_question_changes_is_not_struck_for_it() {
    let trying = |ms: u64| {
        let reserve = [Step::TurnLeft, Step::OpenMouth];
        let mut challenge = asked(&[Step::Nod], &reserve);
        go(&mut challenge, &resting(READY_MS + 6_300));
        go(&mut challenge, &resting(READY_MS + 6_300 + ms));
        go(
            &mut challenge,
            &showing(Step::Nod, READY_MS + 6_700 + ms, 400),
        )
    };
    let asking = trying(600);
    assert!(
        matches!(asking, State::Asking { strikes: 1, .. }),
        "{asking:?}"
    );
    assert_eq!(trying(1_400), failed(Reason::WrongGesture));
}
