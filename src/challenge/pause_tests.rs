//! The clock stands still while the face cannot be judged.
use super::{
    tests::{READY_MS, asked, go, resting, showing},
    *,
};

/// A resting face in the dark.
fn dark(ms: u64) -> Reading {
    let mut reading = resting(ms);
    reading.sample.as_mut().unwrap().quality.brightness = 10.0;
    reading
}

#[test]
fn the_clock_stands_still_while_the_face_cannot_be_judged_and_not_for_ever() {
    let mut challenge = asked(&[Step::Nod], &[]);
    // Longer than a whole step, all in the dark but a second.
    let step = Rules::default().step.as_millis() as u64;
    let light = READY_MS + step;
    for ms in (READY_MS..light).step_by(30) {
        let state = challenge.see(&dark(ms));
        let told = matches!(
            state,
            State::Asking {
                guide: Some(Guide::TooDark),
                ..
            }
        );
        assert_eq!(told, ms >= READY_MS + 270, "{ms}: {state:?}");
    }
    let state = go(&mut challenge, &resting(light + 1_000));
    assert!(
        matches!(state, State::Asking { guide: None, .. }),
        "{state:?}"
    );
    let passed = go(&mut challenge, &showing(Step::Nod, light + 2_000, 600));
    assert_eq!(passed, State::Done(Verdict::Passed));

    let mut challenge = asked(&[Step::Nod], &[]);
    let ended = (READY_MS..30_000)
        .step_by(30)
        .map(|ms| challenge.see(&dark(ms)));
    let ended = ended.last().unwrap();
    let poor = Verdict::Inconclusive(Reason::PoorPicture);
    assert_eq!(ended, State::Done(poor));
}

#[test]
fn one_dark_frame_now_and_then_is_nothing_to_speak_of() {
    let mut challenge = asked(&[Step::Nod], &[]);
    for ms in (READY_MS..READY_MS + 3_000).step_by(30) {
        let reading = if ms % 90 == 0 { dark(ms) } else { resting(ms) };
        let state = challenge.see(&reading);
        assert!(
            matches!(state, State::Asking { guide: None, .. }),
            "{ms}: {state:?}"
        );
    }
}
