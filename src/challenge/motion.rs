//! Whether a gesture was a movement: a head, a mouth and a lid that go from one place to another are seen
//! on the way. Pictures that take each other's place are not.
use super::{Proof, Rest};
use crate::{gesture::Gesture, signal::Sample, step::Step};

/// The part of the whole way in which a sample is neither here nor there.
const BETWEEN: (f32, f32) = (0.15, 0.85);

/// A sample counts if it is farther along than the last one that did by this share of the way: one picture that
/// is shown for long is one place.
const FARTHER: f32 = 0.05;

/// Pictures a second from which the head's turns, and from which nods, mouths and lids show on their way. Fewer do
/// not tell a turn from two photographs (at 12, which was once too few, 16 of 16 staged sessions of such were let in;
/// people's turns were all seen).
const TURN_RATE: f32 = 10.0;
const RATE: f32 = 20.0;

/// Largest part of a leg from one sample to the next: of turns and shakes, which went 0.30 at most at 24 pictures
/// a second and 0.5 at 15; of a mouth, 0.39; of a nod, 0.48 at 24. (Four recordings, 33 staged sessions.) A picture
/// in another's place goes the whole way, or twice the half where an open shutter shows both.
const LEAP: f32 = 0.45;
const SLOW_LEAP: f32 = 0.6;
const NOD_LEAP: f32 = 0.6;

/// So many pictures in which a nodding face is lost, as faces with thick rims are, are no leap.
const LOST: f32 = 3.0;

/// How far the pitch of a nod goes, in degrees, where that is what must show on its way; of a smaller one the
/// parallax must: the pitch would be lost in the mesh's unrest.
const NOD_DEG: f32 = 8.0;

/// Where a sample is on a way, and after how many pictures.
type Place = (f32, f32);

/// One leg of a way, as it was seen.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Leg {
    /// Places between its ends.
    places: usize,
    /// Its largest part from one sample to the next.
    leap: f32,
}

/// Whether enough samples of `span`, from a moment before `gesture` on, lie on its way. Where pictures come too
/// slowly to tell, at `rate` a second, it is taken for one, but for turns and shakes, which are not. The rate is that of the pictures and not of the
/// samples: whoever hides a face between them must not make them few.
pub fn is_movement(
    gesture: &Gesture,
    span: &[&Sample],
    rate: Option<f32>,
    rest: &Rest,
    proof: &Proof,
) -> bool {
    let Some(rate) = rate.filter(|_| proof.moves) else {
        return true;
    };
    let values = |value: &dyn Fn(&Sample) -> f32| span.iter().map(|s| value(s)).collect();
    let ways: Vec<f32> = match gesture.step {
        Step::HoldStill => return true,
        // Whoever makes it dark makes a camera slow: a script that has a turn cannot be met then.
        turn if turn.is_turn() && rate < TURN_RATE => return false,
        Step::Nod | Step::OpenMouth | Step::Blink | Step::BlinkTwice if rate < RATE => return true,
        Step::TurnLeft | Step::Shake => values(&|s| s.yaw_deg - rest.yaw_deg),
        Step::TurnRight => values(&|s| rest.yaw_deg - s.yaw_deg),
        Step::Nod => nodded(gesture, span, rest),
        Step::OpenMouth => values(&|s| s.mouth - rest.mouth),
        Step::Blink | Step::BlinkTwice => values(&|s| rest.eyes - s.eyes),
    };
    let from = span.first().map(|s| s.at).unwrap_or_default();
    let pictures = |s: &&Sample| s.at.since(from).as_secs_f32() * rate;
    let places: Vec<Place> = (ways.into_iter()).zip(span.iter().map(pictures)).collect();
    let made: Vec<bool> = span.iter().map(|s| is_within(gesture, s)).collect();
    let lost = if gesture.step == Step::Nod { LOST } else { 1.0 };
    let legs = legs(&places, &made, gesture.step == Step::Shake, lost);
    let all: usize = legs.iter().map(|leg| leg.places).sum();
    let seen = |leap: f32| legs.iter().all(|leg| leg.places > 0 && leg.leap <= leap);
    match gesture.step {
        // A lid is too quick for more.
        Step::Blink | Step::BlinkTwice => all > 0,
        Step::OpenMouth => all > 1 && legs.iter().all(|leg| leg.leap <= LEAP),
        Step::Nod => all > 2 && seen(NOD_LEAP),
        _ if rate < RATE => seen(SLOW_LEAP),
        _ => seen(LEAP),
    }
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

/// The legs of a way: to where it is farthest from rest and back, or to the one side, to the other, and back.
/// `made` says which samples belong to the gesture itself; see [`climb`] for `lost`.
fn legs(ways: &[Place], made: &[bool], both_sides: bool, lost: f32) -> Vec<Leg> {
    let farthest = |sign: f32| {
        let far = (ways.iter().enumerate().zip(made))
            .filter(|(_, made)| **made)
            .map(|(way, _)| way)
            .max_by(|(_, (a, _)), (_, (b, _))| (sign * a).total_cmp(&(sign * b)));
        far.map_or((0, 0.0), |(i, (way, _))| (i, *way))
    };
    let mut turns = vec![farthest(1.0)];
    if both_sides {
        turns.push(farthest(-1.0));
        turns.sort_by_key(|(i, _)| *i);
    }
    // From each turn to the next place in time; the first one back to where it came from, in reverse.
    let mut legs = vec![];
    if let Some(&(first, top)) = turns.first() {
        let out = ways.iter().take(first + 1).rev();
        legs.push(climb(out, (top, 0.0), lost));
    }
    let ends = turns.iter().skip(1).copied();
    let ends = ends.chain([(ways.len().saturating_sub(1), 0.0)]);
    for (&(start, from), (end, to)) in turns.iter().zip(ends) {
        let on = ways.iter().take(end + 1).skip(start);
        legs.push(climb(on, (from, to), lost));
    }
    legs
}

/// What is seen of a way from a place to another: from where it last was at its begin to where it first is at its
/// end. Up to `lost` pictures without a face between two samples are no leap.
fn climb<'a>(way: impl Iterator<Item = &'a Place>, (from, to): (f32, f32), lost: f32) -> Leg {
    let part = |&(way, picture): &Place| ((way - from) / (to - from), picture);
    let mut way: Vec<Place> = way.map(part).collect();
    let end = way.iter().position(|(part, _)| *part >= BETWEEN.1);
    way.truncate(end.map_or(way.len(), |end| end + 1));
    let begin = way.iter().rposition(|(part, _)| *part <= BETWEEN.0);
    let run = way.get(begin.unwrap_or(0)..).unwrap_or_default();
    let mut leg = Leg {
        places: 0,
        // No way at all is one that nothing was seen of.
        leap: if run.len() > 1 { 0.0 } else { 1.0 },
    };
    let mut last = BETWEEN.0;
    for ((before, earlier), (now, later)) in run.iter().zip(run.iter().skip(1)) {
        let pictures = (later - earlier).abs().round().clamp(1.0, lost);
        // What is beyond either end is not on the way.
        leg.leap = leg.leap.max((now.min(1.0) - before.max(0.0)) / pictures);
        if (last + FARTHER..BETWEEN.1).contains(now) {
            leg.places += 1;
            last = *now;
        }
    }
    leg
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

    /// By a camera of which all samples are there.
    fn is_seen(gesture: &Gesture, samples: &[Sample], rest: &Rest) -> bool {
        let span: Vec<&Sample> = samples.iter().collect();
        let length = span[span.len() - 1].at.since(span[0].at).as_secs_f32();
        let rate = (span.len() - 1) as f32 / length;
        is_movement(gesture, &span, Some(rate), rest, &Proof::default())
    }

    fn check(step: Step, samples: &[Sample]) -> bool {
        let [start, end] = [&samples[0], &samples[samples.len() - 1]].map(Moment::from);
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
        is_seen(&gesture, samples, &rest)
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
        // Both ways, and not by one picture half-way: an open shutter shows two as one.
        for step in [Step::TurnLeft, Step::Nod, Step::OpenMouth] {
            for ways in [
                &[0.0, 0.3, 0.5, 0.6, 0.9, 1.0, 0.0, 0.0][..],
                &[0.0, 0.0, 1.0, 0.9, 0.6, 0.5, 0.2, 0.0],
                &[0.0, 0.5, 1.0, 1.0, 0.5, 0.0],
                // Shown for longer it is no more.
                &[0.0, 0.5, 0.5, 0.5, 1.0, 1.0, 0.5, 0.5, 0.0],
            ] {
                assert!(!seen(step, 33, ways), "{step} {ways:?}");
            }
            assert!(
                seen(step, 33, &[0.0, 0.4, 0.8, 1.0, 0.6, 0.2, 0.0]),
                "{step}"
            );
        }
        assert!(seen(Step::Blink, 33, &[0.0, 0.5, 1.0, 0.0]));
    }

    #[test]
    fn a_picture_that_is_not_quite_at_rest_is_no_way() {
        for step in [Step::TurnLeft, Step::Nod, Step::OpenMouth] {
            let ways = [0.0, 0.18, 0.18, 0.18, 1.0, 1.0, 0.18, 0.18, 0.0, 0.2, 0.3];
            assert!(!seen(step, 33, &ways), "{step}");
        }
    }

    #[test]
    fn a_face_that_is_hidden_on_its_way_is_not_seen_there() {
        // At 30 pictures a second; of those without a face there is no sample.
        let mut samples = samples(33, &[0.0, 0.0, 1.0, 1.0, 0.0, 0.0]);
        for (sample, ms) in samples.iter_mut().zip([0, 33, 66, 766, 800, 833]) {
            sample.at = Timestamp::from_millis(ms);
        }
        let span: Vec<&Sample> = samples.iter().collect();
        let [start, end] = [0, 5].map(|i| Moment::from(&samples[i]));
        for step in [Step::TurnLeft, Step::Nod, Step::OpenMouth] {
            let peak = end;
            let gesture = Gesture {
                step,
                start,
                peak,
                end,
            };
            let rest = Rest {
                mouth: 0.02,
                ..Rest::default()
            };
            assert!(!is_movement(
                &gesture,
                &span,
                Some(30.0),
                &rest,
                &Proof::default()
            ));
        }
    }

    #[test]
    fn a_shake_is_seen_on_each_of_its_three_legs() {
        let there = [0.0, 0.4, 0.8, 1.0, 0.5, 0.0, -0.5, -1.0, -0.7, -0.3, 0.0];
        assert!(seen(Step::Shake, 33, &there));
        assert!(seen(Step::Shake, 33, &there.map(|way| -way)));
        let by_pictures = [0.0, 1.0, 1.0, 1.0, 0.5, 0.0, 0.0, -1.0, -1.0, -1.0, 0.0];
        assert!(!seen(Step::Shake, 33, &by_pictures));
        assert!(!seen(Step::Shake, 33, &by_pictures.map(|way| -way)));
        // At 15 pictures a second as well.
        let slower = [0.0, 0.4, 0.8, 1.0, 0.4, -0.2, -0.8, -1.0, -0.6, -0.2, 0.0];
        assert!(seen(Step::Shake, 66, &slower));
        assert!(!seen(Step::Shake, 66, &[0.0, 1.0, 0.0, -1.0, -0.5, 0.0]));
    }

    #[test]
    fn a_nod_that_comes_back_beyond_rest_is_told_by_its_own_half() {
        // Pitches of the demo's subject, in twentieths of a degree.
        let down_and_up = [
            0.0, -0.12, -0.29, -0.42, -0.53, -0.57, -0.51, -0.38, -0.06, 0.3, 0.5, 0.6,
        ];
        let samples = samples(33, &down_and_up);
        let [start, peak, end] = [0, 5, 8].map(|i| Moment::from(&samples[i]));
        let step = Step::Nod;
        let nod = Gesture {
            step,
            start,
            peak,
            end,
        };
        assert!(is_seen(&nod, &samples, &Rest::default()));
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
    fn where_samples_are_few_nothing_can_be_told_and_turns_prove_nothing() {
        for step in STEPS {
            let few = seen(step, 120, &[0.0, 0.5, 1.0, 0.5, 0.0]);
            assert_eq!(few, !step.is_turn(), "{step}");
        }
        assert!(seen(Step::TurnLeft, 90, &[0.0, 0.5, 1.0, 0.5, 0.0]));
        assert!(seen(Step::Blink, 66, &[0.0, 0.0, 1.0, 0.0]));
        assert!(!seen(Step::TurnLeft, 66, &[0.0, 0.0, 1.0, 1.0, 0.0]));
    }
}
