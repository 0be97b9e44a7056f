use super::{super::pose::Pose, *};
use proptest::prelude::*;

fn ms(ms: u64) -> Timestamp {
    Timestamp::from_millis(ms)
}

fn any_step() -> impl Strategy<Value = Step> {
    proptest::sample::select(Step::MOVES.to_vec())
}

fn asked(behaviour: Behaviour, seed: u64, step: Step, at: u64) -> Performance {
    let mut performance = Performance::new(behaviour, seed);
    performance.hear(ms(at), Cue::Ask(step));
    performance
}

/// First moment in milliseconds at which `step` is under way, up to 30 s.
fn begins(performance: &Performance, step: Step) -> Option<u64> {
    (0..30_000).find(|&t| performance.performing(ms(t)).any(|s| s == step))
}

fn head(performance: &Performance, at: u64) -> Pose {
    match performance.stance(ms(at)) {
        Stance::Head(pose) => pose,
        Stance::Print(_) => unreachable!("a print"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn obey_reacts_like_a_person(seed: u64, step in any_step(), at in 0u64..20_000) {
        let begin = begins(&asked(Behaviour::Obey, seed, step, at), step);
        prop_assert!(begin.is_some_and(|b| (at + 300..=at + 901).contains(&b)), "{:?}", begin);
    }

    #[test]
    fn late_is_late(seed: u64, step in any_step(), at in 0u64..5_000) {
        let performance = asked(Behaviour::Late, seed, step, at);
        prop_assert!(begins(&performance, step).is_some_and(|b| b > at + 8_300));
    }

    #[test]
    fn wrong_never_does_what_is_asked(seed: u64, step in any_step(), at in 0u64..20_000) {
        let performance = asked(Behaviour::Wrong, seed, step, at);
        let mut done = Step::MOVES.into_iter().filter(|&s| begins(&performance, s).is_some());
        let other = done.next();
        prop_assert!(other.is_some() && other != Some(step) && done.next().is_none());
        let side = [Step::TurnLeft, Step::TurnRight];
        prop_assert!(!(side.contains(&step) && other == Some(Step::Shake)));
        prop_assert!(!(step == Step::Shake && other.is_some_and(|o| side.contains(&o))));
    }

    #[test]
    fn asked_again_it_does_it_again(seed: u64, step in any_step()) {
        let mut performance = asked(Behaviour::Obey, seed, step, 1_000);
        performance.hear(ms(5_000), Cue::Ask(step));
        let doing = |range: std::ops::Range<u64>| range.filter(|&t| performance.performing(ms(t)).count() == 1).count();
        prop_assert!(doing(1_000..5_000) > 100 && doing(5_000..9_000) > 100);
    }

    #[test]
    fn a_pose_never_jumps(seed: u64, steps in proptest::collection::vec(any_step(), 4)) {
        for behaviour in [Behaviour::Obey, Behaviour::Still, Behaviour::Wrong, Behaviour::Late, Behaviour::Replay] {
            let mut performance = Performance::new(behaviour, seed);
            for (step, at) in steps.iter().zip([1_000, 4_000, 5_000, 9_000]) {
                performance.hear(ms(at), Cue::Ask(*step));
            }
            for t in 0..14_000 {
                let (a, b) = (head(&performance, t), head(&performance, t + 1));
                prop_assert!((a.lids - b.lids).abs() < 0.05 && (a.jaw - b.jaw).abs() < 0.02, "{} at {t}", behaviour);
                let turned = (a.yaw_deg - b.yaw_deg).abs().max((a.pitch_deg - b.pitch_deg).abs());
                prop_assert!(turned < 0.4 && (a.right - b.right).hypot(a.down - b.down) < 0.01, "{} at {t}", behaviour);
            }
        }
    }

    #[test]
    fn a_recording_hears_nothing_and_loops(seed: u64, step in any_step()) {
        let quiet = Performance::new(Behaviour::Replay, seed);
        let spoken = asked(Behaviour::Replay, seed, step, 700);
        let moments = || (0..60_000).step_by(50);
        prop_assert!(moments().all(|t| quiet.stance(ms(t)) == spoken.stance(ms(t))));
        prop_assert!((0..1_900).all(|t| quiet.performing(ms(t)).count() == 0));
        let reel = quiet.reel.as_millis() as u64;
        let steps = |t: u64| quiet.performing(ms(t)).collect::<Vec<_>>();
        prop_assert!((1_000..1_000 + reel).step_by(50).all(|t| steps(t) == steps(t + reel)));
        prop_assert!(moments().any(|t| !steps(t).is_empty()));
    }

    #[test]
    fn a_still_subject_lives_and_does_nothing(seed: u64, step in any_step()) {
        let performance = asked(Behaviour::Still, seed, step, 500);
        let poses: Vec<Pose> = (0..20_000).step_by(100).map(|t| head(&performance, t)).collect();
        prop_assert!(poses.iter().all(|p| p.jaw < 0.01 && p.yaw_deg.abs() < 3.0 && p.pitch_deg.abs() < 3.0));
        prop_assert!(poses.windows(2).all(|w| w[0] != w[1]));
    }

    #[test]
    fn a_print_has_no_face_of_its_own(seed: u64, at in 0u64..100_000) {
        let performance = asked(Behaviour::Photo, seed, Step::Blink, 0);
        prop_assert!(matches!(performance.stance(ms(at)), Stance::Print(_)));
    }
}

#[test]
fn every_living_subject_blinks_now_and_then() {
    use Behaviour::{Late, Obey, Replay, Still, Wrong};
    for (behaviour, asked) in [
        (Obey, false),
        (Still, true),
        (Late, true),
        (Wrong, true),
        (Replay, false),
    ] {
        let mut performance = Performance::new(behaviour, 5);
        for at in (1_000..60_000).step_by(9_000).filter(|_| asked) {
            performance.hear(ms(at), Cue::Ask(Step::Nod));
        }
        let shut = |t: u64| head(&performance, t).lids > 0.9;
        let own = |t: &u64| {
            performance
                .performing(ms(*t))
                .all(|step| step != Step::Blink)
        };
        let falls = (1..60_000u64).filter(|&t| shut(t) && !shut(t - 1));
        let blinks = falls.filter(own).count();
        // A recording has little rest between its movements.
        let least = if behaviour == Replay { 2 } else { 8 };
        assert!(
            (least..=15).contains(&blinks),
            "{behaviour}: {blinks} in a minute"
        );
    }
}

#[test]
fn rest_calls_off_what_has_not_begun() {
    let mut performance = asked(Behaviour::Obey, 3, Step::Nod, 1_000);
    performance.hear(ms(1_200), Cue::Rest);
    assert_eq!(begins(&performance, Step::Nod), None);
}
