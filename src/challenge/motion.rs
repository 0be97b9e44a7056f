//! Whether a gesture was a movement: a head, a mouth and a lid that go from one place to another are seen
//! on the way. Pictures that take each other's place are not.
use super::{Proof, Rest};
use crate::{gesture::Gesture, signal::Sample, step::Step};

/// The part of the whole way in which a sample is neither here nor there.
const BETWEEN: (f32, f32) = (0.15, 0.85);

/// Samples a second from which a head that turns shows between its ends once each way, and from which it shows
/// as often as is asked for, as do a nod, a mouth and lids.
///
/// In the recordings and in 32 staged sessions the quickest turns and nods lay there twice each way at 24 frames
/// a second, each leg of a shake three times, a mouth five times in all, a blink once. Photographs that take each
/// other's place lie there once on a leg, where the shutter was open for both, and a mouth twice in all.
const TURN_RATE: f32 = 12.0;
const RATE: f32 = 20.0;

/// How far the pitch of a nod goes, in degrees, where that is what must show on its way; of a smaller one the
/// parallax must: the pitch would be lost in the mesh's unrest.
const NOD_DEG: f32 = 8.0;

/// Whether enough samples of `span`, from just before `gesture` on, lie on its way: of what a head does some on
/// each leg. Where samples are too few to tell it is taken for one.
pub fn is_movement(gesture: &Gesture, span: &[&Sample], rest: &Rest, proof: &Proof) -> bool {
    let (Some(rate), true) = (rate(span), proof.between > 0) else {
        return true;
    };
    let between = usize::from(proof.between);
    let values = |value: &dyn Fn(&Sample) -> f32| span.iter().map(|s| value(s)).collect();
    // How many on each leg, and in all.
    let (each, all) = match gesture.step {
        Step::HoldStill => return true,
        Step::TurnLeft | Step::TurnRight | Step::Shake if rate < TURN_RATE => return true,
        Step::TurnLeft | Step::TurnRight | Step::Shake if rate < RATE => (1, 1),
        _ if rate < RATE => return true,
        Step::Shake => (between, between),
        // A head may come back so fast that it goes on to the other side.
        Step::TurnLeft | Step::TurnRight | Step::Nod => (1, between + 1),
        Step::OpenMouth => (0, between + 1),
        Step::Blink | Step::BlinkTwice => (0, 1),
    };
    let ways: Vec<f32> = match gesture.step {
        Step::TurnLeft | Step::Shake => values(&|s| s.yaw_deg - rest.yaw_deg),
        Step::TurnRight => values(&|s| rest.yaw_deg - s.yaw_deg),
        Step::Nod => nodded(gesture, span, rest),
        Step::OpenMouth => values(&|s| s.mouth - rest.mouth),
        _ => values(&|s| rest.eyes - s.eyes),
    };
    let made: Vec<bool> = span.iter().map(|s| is_within(gesture, s)).collect();
    let legs = legs(&ways, &made, gesture.step == Step::Shake);
    legs.iter().all(|leg| *leg >= each) && legs.iter().sum::<usize>() >= all
}

fn is_within(gesture: &Gesture, sample: &Sample) -> bool {
    (gesture.start.at..=gesture.end.at).contains(&sample.at)
}

/// How far a head has nodded from where it rests: by its pitch, or where that hardly moves by the parallax of its
/// nose.
fn nodded(gesture: &Gesture, span: &[&Sample], rest: &Rest) -> Vec<f32> {
    let to_its_side = |ways: Vec<f32>| -> Vec<f32> {
        let made = (ways.iter().zip(span)).filter(|(_, s)| is_within(gesture, s));
        let far = made.max_by(|(a, _), (b, _)| a.abs().total_cmp(&b.abs()));
        let sign = far.map_or(1.0, |(way, _)| way.signum());
        ways.iter().map(|way| sign * way).collect()
    };
    let pitches = to_its_side(span.iter().map(|s| s.pitch_deg - rest.pitch_deg).collect());
    if (pitches.iter().zip(span)).any(|(pitch, s)| is_within(gesture, s) && *pitch >= NOD_DEG) {
        return pitches;
    }
    // At rest there is none.
    to_its_side(
        span.iter()
            .map(|s| s.parallax.map_or(0.0, |p| p.down))
            .collect(),
    )
}

/// How many samples lie between the ends of each leg of a way: to where it is farthest from rest and back, or to
/// the one side, to the other, and back. `made` says which of them belong to the gesture itself.
fn legs(ways: &[f32], made: &[bool], both_sides: bool) -> Vec<usize> {
    let farthest = |sign: f32| {
        let far = (ways.iter().enumerate().zip(made))
            .filter(|(_, made)| **made)
            .map(|(way, _)| way)
            .max_by(|(_, a), (_, b)| (sign * **a).total_cmp(&(sign * **b)));
        far.map_or((0, 0.0), |(i, way)| (i, *way))
    };
    let mut turns = vec![farthest(1.0)];
    if both_sides {
        turns.push(farthest(-1.0));
        turns.sort_by_key(|(i, _)| *i);
    }
    // From rest, by way of the turns, to rest.
    let mut ends = vec![(0, 0.0)];
    ends.extend(turns);
    ends.push((ways.len(), 0.0));
    let between = |leg: &[(usize, f32)]| {
        let &[(start, a), (end, b)] = leg else {
            return 0;
        };
        let part = |way: &f32| (way - a) / (b - a);
        let leg = ways.get(start..end).unwrap_or_default();
        leg.iter()
            .filter(|way| (BETWEEN.0..BETWEEN.1).contains(&part(way)))
            .count()
    };
    ends.windows(2).map(between).collect()
}

fn rate(span: &[&Sample]) -> Option<f32> {
    let (first, last) = (span.first()?, span.last()?);
    let seconds = last.at.since(first.at).as_secs_f32();
    (seconds > 0.0).then(|| (span.len() - 1) as f32 / seconds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{gesture::Moment, parallax::Parallax, time::Timestamp};

    /// Samples that lie so far on the way of any gesture.
    fn samples(every_ms: u64, ways: &[f32]) -> Vec<Sample> {
        (0..)
            .zip(ways)
            .map(|(i, way)| Sample {
                at: Timestamp::from_millis(every_ms * i),
                yaw_deg: 30.0 * way,
                pitch_deg: 20.0 * way,
                mouth: 0.02 + 0.6 * way,
                eyes: 0.3 - 0.25 * way,
                ..Sample::default()
            })
            .collect()
    }

    fn check(step: Step, samples: &[Sample]) -> bool {
        let span: Vec<&Sample> = samples.iter().collect();
        let [start, end] = [span[0], span[span.len() - 1]].map(Moment::from);
        let gesture = Gesture {
            step,
            start,
            peak: end,
            end,
        };
        let rest = Rest {
            eyes: 0.3,
            mouth: 0.02,
            ..Rest::default()
        };
        is_movement(&gesture, &span, &rest, &Proof::default())
    }

    fn seen(step: Step, every_ms: u64, ways: &[f32]) -> bool {
        check(step, &samples(every_ms, ways))
    }

    const STEPS: [Step; 4] = [Step::TurnLeft, Step::Nod, Step::OpenMouth, Step::Blink];

    #[test]
    fn what_is_seen_on_its_way_moves_and_what_only_changes_places_does_not() {
        for step in STEPS {
            assert!(
                seen(step, 33, &[0.0, 0.3, 0.7, 1.0, 0.9, 0.6, 0.3, 0.0]),
                "{step}"
            );
            assert!(!seen(step, 33, &[0.0, 0.0, 1.0, 1.0, 1.0, 0.0]), "{step}");
            assert!(
                !seen(step, 33, &[0.02, 0.0, 0.95, 1.0, 0.9, 0.05]),
                "{step}"
            );
        }
        // A head both ways, and more than once in all: an open shutter shows two pictures as one, half-way.
        for step in [Step::TurnLeft, Step::Nod] {
            assert!(
                !seen(step, 33, &[0.0, 0.3, 0.5, 0.6, 1.0, 0.0, 0.0]),
                "{step}"
            );
            assert!(
                !seen(step, 33, &[0.0, 0.0, 1.0, 0.6, 0.5, 0.2, 0.0]),
                "{step}"
            );
            assert!(!seen(step, 33, &[0.0, 0.5, 1.0, 1.0, 0.5, 0.0]), "{step}");
            assert!(seen(step, 33, &[0.0, 0.3, 0.6, 1.0, 0.5, 0.0]), "{step}");
        }
        assert!(!seen(Step::OpenMouth, 33, &[0.0, 0.5, 1.0, 1.0, 0.5, 0.0]));
        assert!(seen(Step::Blink, 33, &[0.0, 0.5, 1.0, 0.0]));
    }

    #[test]
    fn a_shake_is_seen_on_each_of_its_three_legs() {
        let there = [0.0, 0.4, 0.8, 1.0, 0.5, 0.0, -0.5, -1.0, -0.7, -0.3, 0.0];
        assert!(seen(Step::Shake, 33, &there));
        assert!(seen(Step::Shake, 33, &there.map(|way| -way)));
        let by_pictures = [0.0, 1.0, 1.0, 1.0, 0.5, 0.0, 0.0, -1.0, -1.0, -1.0, 0.0];
        assert!(!seen(Step::Shake, 33, &by_pictures));
        assert!(!seen(Step::Shake, 33, &by_pictures.map(|way| -way)));
        // At 15 frames a second once on each.
        assert!(seen(
            Step::Shake,
            66,
            &[0.0, 0.5, 1.0, 0.0, -1.0, -0.5, 0.0]
        ));
        assert!(!seen(Step::Shake, 66, &[0.0, 1.0, 0.0, -1.0, -0.5, 0.0]));
    }

    #[test]
    fn a_nod_that_comes_back_beyond_rest_is_told_by_its_own_half() {
        // Pitches of the demo's subject, in twentieths of a degree.
        let down_and_up = [
            0.0, -0.12, -0.29, -0.42, -0.53, -0.57, -0.51, -0.38, -0.06, 0.3, 0.5, 0.6,
        ];
        let samples = samples(33, &down_and_up);
        let span: Vec<&Sample> = samples.iter().collect();
        let [start, peak, end] = [0, 5, 8].map(|i| Moment::from(span[i]));
        let step = Step::Nod;
        let nod = Gesture {
            step,
            start,
            peak,
            end,
        };
        assert!(is_movement(
            &nod,
            &span,
            &Rest::default(),
            &Proof::default()
        ));
    }

    #[test]
    fn a_nod_whose_pitch_hardly_moves_is_seen_by_its_parallax() {
        let nod = |ways: &[f32]| {
            let samples = samples(33, ways);
            let deep: Vec<Sample> = (samples.iter().zip(ways))
                .map(|(sample, way)| Sample {
                    pitch_deg: 2.0 * way,
                    parallax: Some(Parallax {
                        across: 0.0,
                        down: 0.4 * way,
                    }),
                    ..*sample
                })
                .collect();
            check(Step::Nod, &deep)
        };
        assert!(nod(&[0.0, 0.3, 0.7, 1.0, 0.9, 0.6, 0.3, 0.0]));
        assert!(!nod(&[0.0, 0.0, 1.0, 1.0, 0.5, 0.0]));
    }

    #[test]
    fn where_samples_are_few_nothing_can_be_told() {
        for step in STEPS {
            assert!(seen(step, 100, &[0.0, 0.0, 1.0, 1.0, 0.0]), "{step}");
        }
        assert!(seen(Step::Blink, 66, &[0.0, 0.0, 1.0, 0.0]));
        assert!(!seen(Step::TurnLeft, 66, &[0.0, 0.0, 1.0, 1.0, 0.0]));
    }
}
