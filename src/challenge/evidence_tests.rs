//! What a gesture is worth when its face is not seen all the while, and when its score flickers.
use super::*;
use crate::gesture::Moment;

/// What `step` is worth, made by samples of so many milliseconds each.
fn worth(step: Step, samples: &[(u64, Sample)]) -> Worth {
    let proof = Proof::default();
    let mut evidence = Evidence::default();
    for &(ms, sample) in samples {
        let at = Timestamp::from_millis(ms);
        let sample = Some(Sample { at, ..sample });
        let reading = Reading {
            at,
            sample,
            ..Reading::default()
        };
        evidence.see(&reading, &proof, &Look::default());
    }
    let moment = |&(ms, sample): &(u64, Sample)| {
        let at = Timestamp::from_millis(ms);
        Moment::from(&Sample { at, ..sample })
    };
    let [start, end] = [samples.first(), samples.last()].map(|end| moment(end.unwrap()));
    let gesture = Gesture {
        step,
        start,
        peak: end,
        end,
    };
    let rest = Rest {
        eyes: 0.3,
        ..Rest::default()
    };
    evidence.weigh(&gesture, &rest, &proof, &Look::default())
}

/// A head that is so far down.
fn down(way: f32) -> Sample {
    Sample {
        score: 0.99,
        presence: 1.0,
        pitch_deg: 20.0 * way,
        parallax: Some(Parallax {
            across: 0.0,
            down: 0.4 * way,
        }),
        ..shut(0.0)
    }
}

/// Lids that are so far down.
fn shut(way: f32) -> Sample {
    let eyes = 0.3 - 0.25 * way;
    Sample {
        score: 0.99,
        presence: 1.0,
        eyes,
        lids: [eyes; 2],
        ..Sample::default()
    }
}

/// Of fifteen pictures a second.
fn every_67_ms(samples: &[Sample]) -> Vec<(u64, Sample)> {
    (0..).step_by(67).zip(samples.iter().copied()).collect()
}

#[test]
fn a_face_may_be_lost_far_down_in_a_nod_and_nowhere_else() {
    let ways = [0.0, 0.2, 0.6, 0.9, 0.8, 0.4, 0.2, 0.0];
    let nod = every_67_ms(&ways.map(down));
    assert_eq!(worth(Step::Nod, &nod), Worth::Proven);
    // A gap after each sample in turn.
    for after in 0..ways.len() - 1 {
        let mut nod = nod.clone();
        for (ms, _) in nod.iter_mut().skip(after + 1) {
            *ms += 200;
        }
        let far = ways[after] > 0.5 && ways[after + 1] > 0.5;
        let wanted = if far { Worth::Proven } else { Worth::Unproven };
        assert_eq!(worth(Step::Nod, &nod), wanted, "{after}");
    }
}

#[test]
fn a_blink_with_a_gap_in_it_is_none() {
    let blink = every_67_ms(&[0.0, 0.5, 1.0, 0.5, 0.0].map(shut));
    assert_eq!(worth(Step::Blink, &blink), Worth::Proven);
    let mut gone = blink;
    for (ms, _) in gone.iter_mut().skip(2) {
        *ms += 140;
    }
    assert_eq!(worth(Step::Blink, &gone), Worth::Unproven);
}

#[test]
fn a_score_that_flickers_once_covers_nothing_and_one_that_stays_low_does() {
    let blink = |low: &[usize], score: f32| {
        let mut samples = every_67_ms(&[0.0, 0.5, 1.0, 1.0, 0.5, 0.0].map(shut));
        for &i in low {
            samples[i].1.score = score;
        }
        worth(Step::Blink, &samples)
    };
    // At 60 px a face at rest has scores like these.
    assert_eq!(blink(&[2], 0.71), Worth::Proven);
    assert_eq!(blink(&[1, 3], 0.71), Worth::Proven);
    assert_eq!(blink(&[2, 3], 0.71), Worth::Covered);
    assert_eq!(blink(&[2], 0.5), Worth::Covered);
}
