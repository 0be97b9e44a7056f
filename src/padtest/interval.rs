//! Exact binomial intervals.
use serde::{Deserialize, Serialize};
use statrs::function::beta::beta_reg;

/// What is left outside of an interval, on both sides together: 5 %.
const OUTSIDE: f64 = 0.05;
/// Halvings of the search: past this, f64 has no finer numbers.
const HALVINGS: usize = 60;

/// A share with the bounds that hold it at a confidence of 95 %.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The share that was counted; 0 where nothing was.
    pub rate: f64,
    /// The lower bound.
    pub low: f64,
    /// The upper bound.
    pub high: f64,
}

/// The share `count` of `sessions`, with its exact bounds.
///
/// Source: Clopper and Pearson 1934. The lower bound `p` is where `count` or more of `sessions` have a
/// chance of 2.5 %, and the chance of so many is `I_p(count, sessions - count + 1)`. With none or all
/// counted the other side has the usual two-sided bound, as ISO/IEC 30107-3 reports are wont to give.
pub fn clopper_pearson(count: u64, sessions: u64) -> Interval {
    if sessions == 0 {
        return Interval {
            rate: 0.0,
            low: 0.0,
            high: 1.0,
        };
    }
    let count = count.min(sessions);
    let (k, n) = (count as f64, sessions as f64);
    let low = if count == 0 {
        0.0
    } else {
        solve(|p| beta_reg(k, n - k + 1.0, p), OUTSIDE / 2.0)
    };
    let high = if count == sessions {
        1.0
    } else {
        solve(|p| beta_reg(k + 1.0, n - k, p), 1.0 - OUTSIDE / 2.0)
    };
    Interval {
        rate: k / n,
        low,
        high,
    }
}

/// Where `rising`, which goes from 0 to 1 over `0.0..=1.0`, is `level`.
fn solve(rising: impl Fn(f64) -> f64, level: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..HALVINGS {
        let middle = (low + high) / 2.0;
        if rising(middle) < level {
            low = middle;
        } else {
            high = middle;
        }
    }
    (low + high) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn bounds_are_those_of_the_tables() {
        // None of n: the upper bound is 1 - 0.025^(1/n).
        for (count, sessions, low, high) in [
            (0, 300, 0.0, 0.012_22),
            (0, 20, 0.0, 0.168_43),
            (20, 20, 0.831_57, 1.0),
            (1, 10, 0.002_53, 0.445_02),
            (5, 20, 0.086_57, 0.491_05),
            (4, 300, 0.003_64, 0.033_79),
        ] {
            let found = clopper_pearson(count, sessions);
            assert!(
                (found.low - low).abs() < 2e-5,
                "{count}/{sessions}: {found:?}"
            );
            assert!(
                (found.high - high).abs() < 2e-5,
                "{count}/{sessions}: {found:?}"
            );
        }
        assert!(clopper_pearson(0, 0).high > 0.999);
    }

    proptest! {
        #[test]
        fn bounds_hold_the_share_and_narrow_with_more_sessions(n in 1u64..2_000, part in 0f64..=1.0) {
            let count = (part * n as f64) as u64;
            let one = clopper_pearson(count, n);
            let four = clopper_pearson(4 * count, 4 * n);
            prop_assert!(0.0 <= one.low && one.low <= one.rate && one.rate <= one.high && one.high <= 1.0);
            prop_assert!(four.high - four.low < one.high - one.low);
        }
    }
}
