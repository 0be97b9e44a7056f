//! How much is asked of a subject, and what that is worth against a recording.
use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::must_turn;
use crate::step::Step;

/// How hard a challenge is to meet by luck. Cues that deny work at any strength.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strength {
    /// Two steps: where a false alarm costs more than an impostor.
    Low,
    /// Three steps and one moment of stillness.
    #[default]
    Standard,
    /// Five steps and two moments of stillness; no wrong answer is forgiven.
    High,
}

impl Strength {
    /// Every strength, weakest first.
    pub const ALL: [Self; 3] = [Self::Low, Self::Standard, Self::High];

    /// The name used on the command line and in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Standard => "standard",
            Self::High => "high",
        }
    }

    /// How many gestures are asked.
    pub const fn steps(self) -> usize {
        match self {
            Self::Low => 2,
            Self::Standard => 3,
            Self::High => 5,
        }
    }

    /// How often the subject is asked to hold still among them.
    pub const fn catches(self) -> usize {
        match self {
            Self::Low => 0,
            Self::Standard => 1,
            Self::High => 2,
        }
    }

    /// So many wrong gestures fail.
    pub const fn strikes(self) -> u32 {
        match self {
            Self::Low | Self::Standard => 2,
            Self::High => 1,
        }
    }

    /// What steps are drawn from. One blink is met by chance in more than half of all questions:
    /// people blink 13 times a minute unasked (Bentivoglio et al. 1997: 17 at rest). Two in a row are
    /// not.
    pub const fn words(self) -> &'static [Step] {
        match self {
            Self::Low => &[
                Step::Blink,
                Step::OpenMouth,
                Step::TurnLeft,
                Step::TurnRight,
                Step::Nod,
                Step::Shake,
            ],
            Self::Standard | Self::High => &[
                Step::BlinkTwice,
                Step::OpenMouth,
                Step::TurnLeft,
                Step::TurnRight,
                Step::Nod,
                Step::Shake,
            ],
        }
    }
}

impl fmt::Display for Strength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The text is not the name of a strength; says which names there are.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown strength {0:?}; strengths are low, standard, high")]
pub struct UnknownStrength(String);

impl FromStr for Strength {
    type Err = UnknownStrength;

    fn from_str(text: &str) -> Result<Self, UnknownStrength> {
        let found = Self::ALL.into_iter().find(|s| s.name() == text);
        found.ok_or_else(|| UnknownStrength(text.to_owned()))
    }
}

/// What a kind of script is worth against recordings.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Odds {
    /// Scripts of this kind: each as likely as any other.
    pub scripts: f64,
    /// The chance that a recording of somebody who obeyed another script of this kind shows these
    /// gestures in this order, wherever it holds still: a movement then costs no more than a strike.
    pub same_script: f64,
    /// The chance that gestures made at random, one a question, meet one, wrong and missing answers that
    /// are forgiven included; see [`Odds::of`].
    pub random_gestures: f64,
}

impl Odds {
    /// The odds of scripts of `steps` gestures drawn from `words`, none twice in a row and not all without
    /// a turn (see [`script`](super::script())), with `catches` moments of stillness among them, when `strikes`
    /// wrong gestures fail and each one before adds a step.
    ///
    /// Random gestures meet each question with a chance of 1 in `w` words; a single blink is met by
    /// whoever is alive, because people blink every few seconds. `k` of them may be wrong or
    /// missing (fewer than `strikes`), each at any of the questions so far. After a wrong one the question is
    /// asked again, instead of a missing one another, and either way one more in the end:
    /// the sum over `k` of `C(n + k - 1, k) p^(n + k) (1 - p)^k`, `p` being the mean chance of a word. They are taken to hold still
    /// whenever they should, which flatters them.
    pub fn of(words: &[Step], steps: usize, catches: usize, strikes: u32) -> Self {
        let (w, n) = (words.len().max(1) as f64, steps as i32);
        let excluded = if must_turn(words, steps) {
            orders(words.iter().filter(|step| !step.is_turn()).count(), n)
        } else {
            0.0
        };
        let orders = orders(words.len(), n) - excluded;
        // Never two moments of stillness side by side: a choice of the places between gestures.
        let scripts = orders * choose(steps + 1, catches);
        let met = |step: &Step| if *step == Step::Blink { 1.0 } else { 1.0 / w };
        let right = words.iter().map(met).sum::<f64>() / w;
        let random = (0..strikes as i32).map(|k| {
            choose((n + k - 1).max(0) as usize, k as usize)
                * right.powi(n + k)
                * (1.0 - right).powi(k)
        });
        Self {
            scripts,
            same_script: 1.0 / orders,
            random_gestures: random.sum(),
        }
    }
}

/// In how many orders `steps` of so many words can come, none twice in a row.
fn orders(words: usize, steps: i32) -> f64 {
    match words {
        0 => 0.0,
        1 if steps > 1 => 0.0,
        _ => words as f64 * (words as f64 - 1.0).powi(steps - 1),
    }
}

/// In how many ways `k` of `n` can be chosen.
fn choose(n: usize, k: usize) -> f64 {
    (0..k.min(n)).fold(if k > n { 0.0 } else { 1.0 }, |ways, i| {
        ways * (n - i) as f64 / (i + 1) as f64
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_back_and_is_the_json_name() {
        for strength in Strength::ALL {
            assert_eq!(strength.name().parse(), Ok(strength));
            let json = serde_json::to_string(&strength).unwrap();
            assert_eq!(json, format!("\"{strength}\""));
        }
        let unknown = "weak".parse::<Strength>().unwrap_err().to_string();
        assert!(unknown.contains("standard"), "{unknown}");
    }

    #[test]
    fn odds_by_hand() {
        // Three of six, none twice in a row, stillness at one of four places: 6 * 5 * 5 * 4. Not blinks,
        // mouths and nods alone: without 3 * 2 * 2 * 4.
        let six = Strength::Standard.words();
        let odds = Odds::of(six, 3, 1, 2);
        assert!((odds.scripts - 552.0).abs() < 1e-9);
        let p = 1.0 / 6.0f64;
        let wanted = p.powi(3) + 3.0 * p.powi(4) * (1.0 - p);
        assert!((odds.random_gestures - wanted).abs() < 1e-12);
        assert!((Odds::of(six, 1, 0, 1).random_gestures - p).abs() < 1e-12);
        assert!(
            Odds::of(&six[..2], 1, 3, 1).scripts.abs() < 1e-12,
            "no room"
        );
        // One word of four is met by any face that lives.
        let four = [Step::Blink, Step::OpenMouth, Step::Nod, Step::Shake];
        let met = Odds::of(&four, 2, 0, 1).random_gestures;
        assert!((met - (1.75f64 / 4.0).powi(2)).abs() < 1e-12);
    }
}
