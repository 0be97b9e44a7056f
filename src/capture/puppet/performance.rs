//! What the subject does when: cues in, a stance for any moment out. No pixel, no clock.
use std::{ops::Add, time::Duration};

use crate::{step::Step, time::Timestamp};

use super::{
    Behaviour, Cue,
    dice::Dice,
    idle::Idle,
    pose::{Act, Stance},
};

/// How long a subject takes to read, understand and begin, in milliseconds.
const REACTION_MS: (f32, f32) = (300.0, 900.0);
/// The same for one who comes too late: past every step's limit of 8 s.
const LATE_MS: (f32, f32) = (8_400.0, 9_500.0);
/// From one movement's end to the next one's begin, at least.
const BREATHER: Duration = Duration::from_millis(200);
/// No spontaneous blink this long before and after a movement: they would run into one another.
const QUIET: Duration = Duration::from_millis(500);
/// A recording starts to move this long after it is seen.
const REPLAY_AFTER: Duration = Duration::from_secs(1);
/// Movements on a recording before it begins again.
const REPLAY_ACTS: usize = 8;

/// A moment range in which the subject does not blink of its own accord; open while `to` is `None`.
#[derive(Clone, Copy, Debug)]
struct Quiet {
    from: Timestamp,
    to: Option<Timestamp>,
}

/// One subject's behaviour in time. What it does at a moment follows from its seed and from the cues
/// it heard before.
#[derive(Clone, Debug)]
pub struct Performance {
    behaviour: Behaviour,
    idle: Idle,
    dice: Dice,
    acts: Vec<Act>,
    quiet: Vec<Quiet>,
    /// Length of the recording, for [`Behaviour::Replay`].
    reel: Duration,
}

impl Performance {
    /// A subject at rest, at time zero.
    pub fn new(behaviour: Behaviour, seed: u64) -> Self {
        let mut performance = Self {
            behaviour,
            idle: Idle::new(seed),
            dice: Dice::new(seed, 3),
            acts: Vec::new(),
            quiet: Vec::new(),
            reel: Duration::ZERO,
        };
        if behaviour == Behaviour::Replay {
            performance.record();
        }
        performance
    }

    /// Tells the subject something at `at`.
    pub fn hear(&mut self, at: Timestamp, cue: Cue) {
        match (self.behaviour, cue) {
            (Behaviour::Still | Behaviour::Replay | Behaviour::Photo, _) => {}
            (Behaviour::Late, Cue::Rest) => {}
            (Behaviour::Obey | Behaviour::Wrong, Cue::Rest) => {
                self.acts.retain(|act| act.begin <= at);
                for quiet in &mut self.quiet {
                    quiet.to = Some(quiet.to.map_or(at, |to| to.min(at.after(QUIET))));
                }
            }
            (Behaviour::Obey | Behaviour::Wrong | Behaviour::Late, Cue::Ask(asked)) => {
                self.plan(at, asked)
            }
        }
    }

    fn plan(&mut self, at: Timestamp, asked: Step) {
        let late = self.behaviour == Behaviour::Late;
        let delay = if late { LATE_MS } else { REACTION_MS };
        let heard = at.after(Duration::from_millis(
            self.dice.between(delay.0, delay.1) as u64
        ));
        if !late {
            // What is asked now replaces what was asked before and not yet begun.
            self.acts.retain(|act| act.begin <= at);
        }
        let free = self.acts.last().map_or(at, |act| act.end().after(BREATHER));
        let step = match self.behaviour {
            Behaviour::Wrong => self.dice.pick(others(asked)).unwrap_or(asked),
            _ => asked,
        };
        let act = draw(&mut self.dice, step, heard.max(free));
        // A blink of its own accord must not answer for the subject who does not mean to.
        let from = if late && asked != Step::Blink {
            act.begin.before(QUIET)
        } else {
            at
        };
        let open = self.behaviour == Behaviour::Wrong && asked == Step::Blink;
        let to = (!open).then(|| act.end().after(QUIET));
        self.quiet.push(Quiet { from, to });
        self.acts.push(act);
        // Long past: no frame asks for it again.
        let past = at.before(Duration::from_secs(60));
        self.acts.retain(|act| act.end() >= past);
        self.quiet
            .retain(|quiet| quiet.to.is_none_or(|to| to >= past));
    }

    /// Fills the reel of a recording: steps in an order of its own, with natural pauses.
    fn record(&mut self) {
        let mut end = Timestamp::default();
        for _ in 0..REPLAY_ACTS {
            let begin = end.after(Duration::from_millis(
                self.dice.between(900.0, 2_600.0) as u64
            ));
            let step = self.dice.pick(&Step::ALL).unwrap_or(Step::Blink);
            let act = draw(&mut self.dice, step, begin);
            end = act.end();
            self.acts.push(act);
        }
        self.reel = end
            .after(Duration::from_millis(800))
            .since(Timestamp::default());
    }

    /// What stands before the camera at `at`.
    pub fn stance(&self, at: Timestamp) -> Stance {
        if self.behaviour == Behaviour::Photo {
            return Stance::Print(self.idle.hold(at));
        }
        let stage = self.stage_time(at);
        let acting = self.acts.iter().map(|act| act.pose(stage));
        let pose = acting.fold(self.idle.sway(at), Add::add);
        Stance::Head(
            self.blinks(at)
                .map(|blink| blink.pose(at))
                .fold(pose, Add::add),
        )
    }

    /// The steps under way at `at`: spontaneous blinks are not steps.
    pub fn performing(&self, at: Timestamp) -> impl Iterator<Item = Step> {
        let stage = self.stage_time(at);
        let now = move |act: &&Act| act.begin < stage && stage < act.end();
        self.acts.iter().filter(now).map(|act| act.step)
    }

    /// The moment on the reel of a recording; for all others, the moment itself.
    fn stage_time(&self, at: Timestamp) -> Timestamp {
        if self.reel.is_zero() {
            return at;
        }
        let played = at
            .since(Timestamp::default().after(REPLAY_AFTER))
            .as_micros()
            % self.reel.as_micros();
        Timestamp::from_micros(u64::try_from(played).unwrap_or(0))
    }

    fn blinks(&self, at: Timestamp) -> impl Iterator<Item = Act> {
        let lively = matches!(
            self.behaviour,
            Behaviour::Obey | Behaviour::Wrong | Behaviour::Late
        );
        let own = self.idle.blinks(at).into_iter();
        own.filter(move |blink| {
            let hushed =
                |q: &Quiet| q.from <= blink.begin && q.to.is_none_or(|to| blink.begin < to);
            lively && !self.quiet.iter().any(hushed)
        })
    }
}

/// Steps which neither are `asked` nor hold it nor are held by it: a shake holds both turns.
fn others(asked: Step) -> &'static [Step] {
    use Step::{Blink, Nod, OpenMouth, Shake, TurnLeft, TurnRight};
    match asked {
        Blink => &[OpenMouth, TurnLeft, TurnRight],
        OpenMouth => &[Blink, TurnLeft, TurnRight, Nod, Shake],
        TurnLeft => &[Blink, OpenMouth, TurnRight, Nod],
        TurnRight => &[Blink, OpenMouth, TurnLeft, Nod],
        Nod => &[Blink, OpenMouth, TurnLeft, TurnRight, Shake],
        Shake => &[Blink, OpenMouth, Nod],
    }
}

/// One performance of `step`, as long and as large as people do it.
fn draw(dice: &mut Dice, step: Step, begin: Timestamp) -> Act {
    let (shortest, longest) = match step {
        Step::Blink => (200.0, 300.0),
        Step::OpenMouth => (850.0, 1_200.0),
        Step::TurnLeft | Step::TurnRight => (1_250.0, 1_800.0),
        Step::Nod => (950.0, 1_200.0),
        Step::Shake => (1_500.0, 1_800.0),
    };
    Act {
        step,
        begin,
        length: Duration::from_millis(dice.between(shortest, longest) as u64),
        size: dice.between(0.93, 1.07),
        manner: dice.sign() * dice.between(0.2, 1.0),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::pose::Pose, *};
    use proptest::prelude::*;

    fn ms(ms: u64) -> Timestamp {
        Timestamp::from_millis(ms)
    }

    fn any_step() -> impl Strategy<Value = Step> {
        proptest::sample::select(Step::ALL.to_vec())
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
            Stance::Print(_) => panic!("a print"),
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
            if step == Step::Blink {
                prop_assert!((at + 301..at + 8_300).all(|t| head(&performance, t).lids < 0.01));
            }
        }

        #[test]
        fn wrong_never_does_what_is_asked(seed: u64, step in any_step(), at in 0u64..20_000) {
            let performance = asked(Behaviour::Wrong, seed, step, at);
            let mut done = Step::ALL.into_iter().filter(|&s| begins(&performance, s).is_some());
            let other = done.next();
            prop_assert!(other.is_some() && other != Some(step) && done.next().is_none());
            let side = [Step::TurnLeft, Step::TurnRight];
            prop_assert!(!(side.contains(&step) && other == Some(Step::Shake)));
            prop_assert!(!(step == Step::Shake && other.is_some_and(|o| side.contains(&o))));
            if step == Step::Blink {
                prop_assert!((at + 301..at + 9_000).all(|t| head(&performance, t).lids < 0.01));
            }
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
            prop_assert!(poses.iter().all(|p| p.lids < 0.01 && p.jaw < 0.01 && p.yaw_deg.abs() < 3.0 && p.pitch_deg.abs() < 3.0));
            prop_assert!(poses.windows(2).all(|w| w[0] != w[1]));
        }

        #[test]
        fn a_print_has_no_face_of_its_own(seed: u64, at in 0u64..100_000) {
            let performance = asked(Behaviour::Photo, seed, Step::Blink, 0);
            prop_assert!(matches!(performance.stance(ms(at)), Stance::Print(_)));
        }
    }

    #[test]
    fn a_resting_subject_blinks_now_and_then() {
        let performance = Performance::new(Behaviour::Obey, 5);
        let shut: Vec<bool> = (0..60_000)
            .map(|t| head(&performance, t).lids > 0.9)
            .collect();
        let blinks = shut.windows(2).filter(|w| !w[0] && w[1]).count();
        assert!((10..=15).contains(&blinks), "{blinks} in a minute");
    }

    #[test]
    fn rest_calls_off_what_has_not_begun() {
        let mut performance = asked(Behaviour::Obey, 3, Step::Nod, 1_000);
        performance.hear(ms(1_200), Cue::Rest);
        assert_eq!(begins(&performance, Step::Nod), None);
    }
}
