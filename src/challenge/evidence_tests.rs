//! What a gesture is worth when its face is not seen all the while, and when its score flickers.
use super::*;
use crate::gesture::Moment;

/// What `step` is worth that these samples show from `start` on, each with its time in milliseconds.
fn worth(step: Step, samples: &[(u64, Sample)], start: usize, peak: usize) -> Worth {
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
    let moment = |i: usize| {
        let (ms, sample) = samples[i];
        let at = Timestamp::from_millis(ms);
        Moment::from(&Sample { at, ..sample })
    };
    let gesture = Gesture {
        step,
        start: moment(start),
        peak: moment(peak),
        end: moment(samples.len() - 1),
    };
    let rest = Rest {
        eyes: 0.3,
        ..Rest::default()
    };
    evidence.weigh(&gesture, &rest, &proof, &Look::default())
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
fn a_blink_with_a_gap_in_it_is_none() {
    let blink = every_67_ms(&[0.0, 0.5, 1.0, 0.5, 0.0].map(shut));
    assert_eq!(worth(Step::Blink, &blink, 0, 2), Worth::Proven);
    let mut gone = blink;
    for (ms, _) in gone.iter_mut().skip(2) {
        *ms += 140;
    }
    assert_eq!(worth(Step::Blink, &gone, 0, 2), Worth::Unproven);
}

#[test]
fn a_score_that_flickers_covers_nothing_but_where_the_lids_are_down() {
    let lids = [0.0, 0.0, 0.5, 1.0, 0.6, 0.2, 0.0].map(shut);
    let blink = |low: &[usize], score: f32| {
        let mut samples = every_67_ms(&lids);
        for &i in low {
            samples[i].1.score = score;
        }
        // The first one is before the blink.
        worth(Step::Blink, &samples, 1, 3)
    };
    // At 60 px a face at rest has scores like these.
    for low in [&[1][..], &[2], &[4], &[1, 4], &[2, 5]] {
        assert_eq!(blink(low, 0.71), Worth::Proven, "{low:?}");
    }
    // Two in a row; a hand that is there for one picture, and is the blink; a face that only the mesh holds.
    assert_eq!(blink(&[4, 5], 0.71), Worth::Covered);
    assert_eq!(blink(&[3], 0.71), Worth::Covered);
    assert_eq!(blink(&[4], 0.0), Worth::Covered);
}

#[test]
fn a_score_is_no_flicker_after_a_gap() {
    let mut samples = every_67_ms(&[0.0, 0.5, 1.0, 0.6, 0.0].map(shut));
    samples[3].1.score = 0.71;
    assert_eq!(worth(Step::Blink, &samples, 0, 2), Worth::Proven);
    for (ms, _) in samples.iter_mut().skip(3) {
        *ms += 60;
    }
    assert_eq!(worth(Step::Blink, &samples, 0, 2), Worth::Covered);
}
