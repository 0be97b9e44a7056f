//! Whether a gesture was a movement: a head, a mouth and a lid that go from one place to another are seen
//! on the way. Pictures that take each other's place are not.
use super::{Proof, Rest};
use crate::{gesture::Gesture, signal::Sample, step::Step};

/// The part of the whole way in which a sample is neither here nor there. Through the quickest turns of the
/// recordings one sample or two lay there each way, through the quickest blink and mouth one in all.
const BETWEEN: (f32, f32) = (0.15, 0.85);

/// Samples a second from which a turn, and from which anything else shows between its ends.
const TURN_RATE: f32 = 12.0;
const RATE: f32 = 20.0;

/// Pitch of a nod, in degrees, from which it must show on its way: a smaller one is lost in the mesh's unrest.
const NOD_DEG: f32 = 12.0;

/// Whether as many samples of `span`, from just before `gesture` on, lie on its way as `proof` asks for: each
/// way of a turn, in all of any other. Where samples are too few to tell it is taken for one.
pub fn is_movement(gesture: &Gesture, span: &[&Sample], rest: &Rest, proof: &Proof) -> bool {
    let turn = match gesture.step {
        Step::TurnLeft | Step::TurnRight => true,
        // A shake is not looked at yet: pictures that take each other's place can make one.
        Step::Shake | Step::HoldStill => return true,
        Step::Blink | Step::BlinkTwice | Step::OpenMouth | Step::Nod => false,
    };
    let way = |s: &Sample| match gesture.step {
        Step::TurnLeft => s.yaw_deg - rest.yaw_deg,
        Step::TurnRight => rest.yaw_deg - s.yaw_deg,
        Step::Nod => (s.pitch_deg - rest.pitch_deg).abs(),
        Step::OpenMouth => s.mouth - rest.mouth,
        _ => rest.eyes - s.eyes,
    };
    let ways: Vec<f32> = span.iter().map(|s| way(s)).collect();
    let farthest = (ways.iter().copied().enumerate()).max_by(|a, b| a.1.total_cmp(&b.1));
    let Some((peak, top)) = farthest else {
        return true;
    };
    let fast = rate(span).is_some_and(|rate| rate >= if turn { TURN_RATE } else { RATE });
    if !fast || (gesture.step == Step::Nod && top < NOD_DEG) {
        return true;
    }
    let (near, far) = (BETWEEN.0 * top, BETWEEN.1 * top);
    let between = |ways: &[f32]| ways.iter().filter(|w| (near..far).contains(w)).count();
    let (out, back) = ways.split_at(peak);
    let wanted = usize::from(proof.between);
    if turn {
        between(out) >= wanted && between(back) >= wanted
    } else {
        between(&ways) >= wanted
    }
}

fn rate(span: &[&Sample]) -> Option<f32> {
    let (first, last) = (span.first()?, span.last()?);
    let seconds = last.at.since(first.at).as_secs_f32();
    (seconds > 0.0).then(|| (span.len() - 1) as f32 / seconds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{gesture::Moment, time::Timestamp};

    /// A gesture at 30 samples a second whose samples lie so far on the way.
    fn seen(step: Step, every_ms: u64, ways: &[f32]) -> bool {
        let samples: Vec<Sample> = (0..)
            .zip(ways)
            .map(|(i, way)| Sample {
                at: Timestamp::from_millis(every_ms * i),
                yaw_deg: 30.0 * way,
                pitch_deg: 20.0 * way,
                mouth: 0.02 + 0.6 * way,
                eyes: 0.3 - 0.25 * way,
                ..Sample::default()
            })
            .collect();
        let span: Vec<&Sample> = samples.iter().collect();
        let moment = Moment::from(span[0]);
        let gesture = Gesture {
            step,
            start: moment,
            peak: moment,
            end: moment,
        };
        let rest = Rest {
            eyes: 0.3,
            mouth: 0.02,
            ..Rest::default()
        };
        is_movement(&gesture, &span, &rest, &Proof::default())
    }

    const STEPS: [Step; 4] = [Step::TurnLeft, Step::Nod, Step::OpenMouth, Step::Blink];

    #[test]
    fn what_is_seen_on_its_way_moves_and_what_only_changes_places_does_not() {
        for step in STEPS {
            assert!(seen(step, 33, &[0.0, 0.5, 1.0, 0.9, 0.4, 0.0]), "{step}");
            assert!(!seen(step, 33, &[0.0, 0.0, 1.0, 1.0, 1.0, 0.0]), "{step}");
            assert!(
                !seen(step, 33, &[0.02, 0.0, 0.95, 1.0, 0.9, 0.05]),
                "{step}"
            );
        }
        // A turn both ways.
        assert!(!seen(Step::TurnLeft, 33, &[0.0, 0.5, 1.0, 1.0, 0.0, 0.0]));
        assert!(!seen(Step::TurnLeft, 33, &[0.0, 0.0, 1.0, 0.5, 0.2, 0.0]));
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
