//! What the sessions of a run come to.
use std::collections::BTreeMap;

use serde::Serialize;

use crate::step::Step;

use super::{
    BONA_FIDE,
    interval::{Interval, clopper_pearson},
    outcome::Outcome,
};

/// Attacks of one kind.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Attack {
    /// How many sessions.
    pub sessions: u64,
    /// How many were let in.
    pub accepted: u64,
    /// That share: APCER.
    #[serde(flatten)]
    pub apcer: Interval,
}

/// Bona fide presentations.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BonaFide {
    /// How many sessions.
    pub sessions: u64,
    /// How many were taken for attacks.
    pub rejected: u64,
    /// That share: BPCER.
    #[serde(flatten)]
    pub bpcer: Interval,
}

/// Sessions of one kind that ended without a decision.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NonResponse {
    /// How many sessions.
    pub sessions: u64,
    /// How many ended without a decision.
    pub count: u64,
    /// That share.
    #[serde(flatten)]
    pub share: Interval,
}

/// How often a step was asked of a kind, and met.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct StepCount {
    /// How often it was asked.
    pub asked: u64,
    /// How often it was met.
    pub met: u64,
}

/// A wrong decision: run it again with `--kinds KIND --only NUMBER` and the run's seed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Wrong {
    /// Its kind.
    pub kind: String,
    /// Its number among those of its kind.
    pub number: u32,
    /// Its own seed.
    pub seed: u64,
    /// Why a person was turned away; `passed` for an attack.
    pub ending: &'static str,
    /// The last step that was asked.
    pub step: Option<Step>,
}

/// What the sessions of a run come to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// APCER by kind of attack.
    pub apcer: BTreeMap<String, Attack>,
    /// The kind with the highest APCER; the first one of several.
    pub worst: Option<String>,
    /// BPCER; `None` where no bona fide session was run.
    pub bpcer: Option<BonaFide>,
    /// Sessions without a decision, by kind.
    pub non_response: BTreeMap<String, NonResponse>,
    /// How bona fide sessions went in each group of conditions: heading, then group.
    pub conditions: BTreeMap<&'static str, BTreeMap<&'static str, Group>>,
    /// Seconds to the verdict of bona fide sessions that passed: median and 90th percentile.
    pub seconds_to_verdict: Option<Seconds>,
    /// How sessions ended, by kind.
    pub endings: BTreeMap<String, BTreeMap<&'static str, u64>>,
    /// What was asked and met, by kind and step.
    pub steps: BTreeMap<String, BTreeMap<Step, StepCount>>,
    /// Every wrong decision.
    pub wrong: Vec<Wrong>,
}

/// Bona fide sessions of one group of conditions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Group {
    /// How many sessions.
    pub sessions: u64,
    /// How many were taken for attacks.
    pub rejected: u64,
    /// How many ended without a decision.
    pub non_response: u64,
}

/// How long something takes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Seconds {
    /// Half of them take no longer.
    pub median: f64,
    /// Nine of ten take no longer.
    pub p90: f64,
}

impl Report {
    /// What `outcomes` come to, whatever their order.
    pub fn new(outcomes: &[Outcome]) -> Self {
        let mut by_kind: BTreeMap<&str, Vec<&Outcome>> = BTreeMap::new();
        for outcome in outcomes {
            by_kind.entry(&outcome.kind).or_default().push(outcome);
        }
        let count = |sessions: &[&Outcome], of: fn(&Outcome) -> bool| {
            sessions.iter().filter(|o| of(o)).count() as u64
        };
        let mut report = Self {
            apcer: BTreeMap::new(),
            worst: None,
            bpcer: None,
            non_response: BTreeMap::new(),
            conditions: BTreeMap::new(),
            seconds_to_verdict: None,
            endings: BTreeMap::new(),
            steps: BTreeMap::new(),
            wrong: wrong(outcomes),
        };
        for (kind, of_kind) in by_kind {
            let sessions = of_kind.len() as u64;
            let wrong = count(&of_kind, Outcome::is_wrong);
            let share = clopper_pearson(wrong, sessions);
            if kind == BONA_FIDE {
                report.bpcer = Some(BonaFide {
                    sessions,
                    rejected: wrong,
                    bpcer: share,
                });
                report.seconds_to_verdict = seconds(&of_kind);
                report.conditions = groups(&of_kind);
            } else {
                let attack = Attack {
                    sessions,
                    accepted: wrong,
                    apcer: share,
                };
                report.apcer.insert(kind.to_owned(), attack);
            }
            let silent = count(&of_kind, Outcome::is_non_response);
            let share = clopper_pearson(silent, sessions);
            let silent = NonResponse {
                sessions,
                count: silent,
                share,
            };
            report.non_response.insert(kind.to_owned(), silent);
            let endings = report.endings.entry(kind.to_owned()).or_default();
            let steps = report.steps.entry(kind.to_owned()).or_default();
            for outcome in of_kind {
                *endings.entry(outcome.ending()).or_default() += 1;
                for answer in &outcome.steps {
                    let step = steps.entry(answer.step).or_default();
                    step.asked += 1;
                    step.met += u64::from(answer.met);
                }
            }
        }
        report.worst = report
            .worst_first()
            .first()
            .map(|(kind, _)| (*kind).to_owned());
        report
    }

    /// The kinds of attack, the worst first: by APCER, then by name.
    pub fn worst_first(&self) -> Vec<(&str, &Attack)> {
        let mut kinds: Vec<_> = self.apcer.iter().map(|(k, a)| (k.as_str(), a)).collect();
        kinds.sort_by(|a, b| b.1.apcer.rate.total_cmp(&a.1.apcer.rate));
        kinds
    }
}

fn wrong(outcomes: &[Outcome]) -> Vec<Wrong> {
    let mut wrong: Vec<Wrong> = (outcomes.iter())
        .filter(|outcome| outcome.is_wrong())
        .map(|outcome| Wrong {
            kind: outcome.kind.clone(),
            number: outcome.number,
            seed: outcome.seed,
            ending: outcome.ending(),
            step: outcome.steps.last().map(|answer| answer.step),
        })
        .collect();
    wrong.sort_by(|a, b| (&a.kind, a.number).cmp(&(&b.kind, b.number)));
    wrong
}

fn groups(outcomes: &[&Outcome]) -> BTreeMap<&'static str, BTreeMap<&'static str, Group>> {
    let mut headings: BTreeMap<_, BTreeMap<_, Group>> = BTreeMap::new();
    for outcome in outcomes {
        let named = outcome
            .conditions
            .iter()
            .flat_map(|conditions| conditions.groups());
        for (heading, name) in named {
            let group = headings
                .entry(heading)
                .or_default()
                .entry(name)
                .or_default();
            group.sessions += 1;
            group.rejected += u64::from(outcome.is_wrong());
            group.non_response += u64::from(outcome.is_non_response());
        }
    }
    headings
}

fn seconds(outcomes: &[&Outcome]) -> Option<Seconds> {
    let passed = outcomes.iter().filter(|outcome| outcome.passed());
    let mut took: Vec<f64> = passed.map(|outcome| outcome.duration_ms / 1e3).collect();
    took.sort_by(f64::total_cmp);
    // The least time within which that part of them were done.
    let at = |part: f64| {
        took.get(((part * took.len() as f64).ceil() as usize).max(1) - 1)
            .copied()
    };
    Some(Seconds {
        median: at(0.5)?,
        p90: at(0.9)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{challenge::Reason, padtest::Answer};
    use proptest::prelude::*;

    fn outcome(kind: &str, number: u32, verdict: &str, seconds: f64) -> Outcome {
        Outcome {
            kind: kind.to_owned(),
            number,
            seed: u64::from(number),
            recording: None,
            conditions: None,
            verdict: verdict.to_owned(),
            reason: (verdict != "passed").then_some(Reason::StepTimeout),
            steps: vec![Answer {
                step: Step::Nod,
                met: verdict == "passed",
                strikes: 0,
            }],
            duration_ms: 1e3 * seconds,
            frames: 0,
        }
    }

    #[test]
    fn each_kind_is_counted_by_itself_and_the_worst_comes_first() {
        let mut outcomes = vec![];
        for i in 0..10 {
            let verdict = |passed| if passed { "passed" } else { "failed" };
            outcomes.push(outcome("frozen", i, verdict(i < 1), 1.0));
            outcomes.push(outcome("eye_holes", i, verdict(i < 4), 1.0));
            let person = if i == 9 {
                "inconclusive"
            } else {
                verdict(i > 1)
            };
            outcomes.push(outcome("bona_fide", i, person, f64::from(i)));
        }
        let report = Report::new(&outcomes);
        assert_eq!(report.worst.as_deref(), Some("eye_holes"));
        assert_eq!(report.apcer["eye_holes"].accepted, 4);
        assert_eq!(report.worst_first()[1].0, "frozen");
        let people = report.bpcer.as_ref().unwrap();
        assert_eq!((people.sessions, people.rejected), (10, 2));
        assert_eq!(report.non_response["bona_fide"].count, 1);
        assert_eq!(report.wrong.len(), 1 + 4 + 2);
        assert_eq!(
            report.steps["frozen"][&Step::Nod],
            StepCount { asked: 10, met: 1 }
        );
        // Numbers 2 to 8 passed.
        let seconds = report.seconds_to_verdict.unwrap();
        assert!((seconds.median - 5.0).abs() < 1e-9 && (seconds.p90 - 8.0).abs() < 1e-9);
    }

    #[test]
    fn a_recording_that_is_over_decides_nothing() {
        let mut cut = outcome(BONA_FIDE, 0, "failed", 1.0);
        cut.reason = Some(Reason::SourceEnded);
        let report = Report::new(&[cut]);
        assert_eq!(report.bpcer.unwrap().rejected, 0);
        assert_eq!(report.non_response[BONA_FIDE].count, 1);
    }

    #[test]
    fn nothing_run_is_nothing_said() {
        let report = Report::new(&[]);
        assert!(report.bpcer.is_none() && report.worst.is_none() && report.wrong.is_empty());
    }

    proptest! {
        /// What makes merged shards tell what one run tells.
        #[test]
        fn the_order_of_outcomes_does_not_matter(passed in proptest::collection::vec(any::<bool>(), 1..30)) {
            let mut outcomes: Vec<Outcome> = (0u32..).zip(&passed).map(|(i, &passed)| {
                let kind = ["bona_fide", "frozen", "face_swap"][i as usize % 3];
                outcome(kind, i, if passed { "passed" } else { "failed" }, f64::from(i))
            }).collect();
            let forwards = Report::new(&outcomes);
            outcomes.reverse();
            prop_assert_eq!(forwards, Report::new(&outcomes));
        }
    }
}
