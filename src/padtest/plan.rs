//! Which sessions a run has: all from one seed, in an order that shards share out.
use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    challenge::{self, ScriptError, Strength},
    entropy::Repeatable,
    step::Step,
};

/// One session to be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// The name of its kind.
    pub kind: String,
    /// Its number among those of its kind, from 0.
    pub number: u32,
    /// What all its chance comes from.
    pub seed: u64,
}

impl Job {
    /// What is asked in it, and what is in reserve: drawn as the program draws them, from its seed.
    ///
    /// # Errors
    ///
    /// [`ScriptError`] where `steps` is none.
    pub fn script(
        &self,
        strength: Strength,
        steps: usize,
        extra: u8,
    ) -> Result<(Vec<Step>, Vec<Step>), ScriptError> {
        if steps == 0 {
            return Err(ScriptError::Empty);
        }
        // Another stream than the subject's.
        let mut random = Repeatable::new(self.seed ^ 0x5c41_9700_d1ce_0001);
        let bits = || Ok(random.bits());
        challenge::script(
            strength.words(),
            steps,
            extra.into(),
            strength.catches(),
            bits,
        )
    }
}

/// One of several equal parts of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shard {
    /// Which part, from 1.
    pub part: u32,
    /// Of how many.
    pub of: u32,
}

impl Default for Shard {
    /// All of it.
    fn default() -> Self {
        Self { part: 1, of: 1 }
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.part, self.of)
    }
}

/// The text names no part of a run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no part of a run; write K/N, such as 2/3 for the second of three")]
pub struct BadShard(String);

impl FromStr for Shard {
    type Err = BadShard;

    fn from_str(text: &str) -> Result<Self, BadShard> {
        let bad = || BadShard(text.to_owned());
        let (part, of) = text.split_once('/').ok_or_else(bad)?;
        let number = |text: &str| text.parse::<u32>().map_err(|_| bad());
        let (part, of) = (number(part)?, number(of)?);
        if part == 0 || part > of {
            return Err(bad());
        }
        Ok(Self { part, of })
    }
}

/// What a run is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Each kind's name, and how many sessions of it there are.
    pub kinds: Vec<(String, u32)>,
    /// What all chance comes from.
    pub seed: u64,
    /// The part that is run here.
    pub shard: Shard,
    /// The one number that is run of each kind, if not all are.
    pub only: Option<u32>,
}

impl Plan {
    /// The sessions, one of each kind after the other: a run that is broken off has about as many of
    /// each.
    pub fn jobs(&self) -> Vec<Job> {
        let most = self.kinds.iter().map(|(_, sessions)| *sessions).max();
        let numbers = match self.only {
            Some(only) => only..only.saturating_add(1),
            None => 0..most.unwrap_or(0),
        };
        let all = numbers.flat_map(|number| {
            let is_run = move |sessions: u32| number < sessions || self.only.is_some();
            let kinds = self.kinds.iter().filter(move |(_, n)| is_run(*n));
            kinds.map(move |(kind, _)| (kind, number))
        });
        let of = self.shard.of.max(1) as usize;
        all.enumerate()
            .filter(|(i, _)| i % of + 1 == self.shard.part as usize)
            .map(|(_, (kind, number))| Job {
                kind: kind.clone(),
                number,
                seed: self.seed_of(kind, number),
            })
            .collect()
    }

    /// The seed of one session. It depends on the kind's name, not on its place in a list, so that a
    /// session found in one run is the same in another.
    fn seed_of(&self, kind: &str, number: u32) -> u64 {
        let mut seed = Repeatable::new(self.seed).bits();
        for byte in kind.bytes().chain(number.to_le_bytes()) {
            seed = Repeatable::new(seed ^ u64::from(byte)).bits();
        }
        seed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plan(sessions: u32, seed: u64, shard: Shard) -> Plan {
        Plan {
            kinds: vec![
                ("bona_fide".to_owned(), sessions),
                ("frozen".to_owned(), sessions + 3),
                ("face_swap".to_owned(), sessions / 2),
            ],
            seed,
            shard,
            only: None,
        }
    }

    proptest! {
        #[test]
        fn shards_share_a_run_out_and_leave_nothing(sessions in 0u32..40, seed: u64, of in 1u32..7) {
            let key = |job: &Job| (job.number, job.kind.clone(), job.seed);
            let mut all: Vec<_> = plan(sessions, seed, Shard::default()).jobs().iter().map(key).collect();
            let parts = (1..=of).flat_map(|part| plan(sessions, seed, Shard { part, of }).jobs());
            let mut together: Vec<_> = parts.map(|job| key(&job)).collect();
            all.sort();
            together.sort();
            prop_assert_eq!(all, together);
        }
    }

    #[test]
    fn a_session_run_alone_is_the_same_and_no_two_are() {
        let all = plan(30, 7, Shard::default()).jobs();
        let only = Plan {
            kinds: vec![("frozen".to_owned(), 1)],
            only: Some(12),
            ..plan(1, 7, Shard::default())
        };
        assert!(all.contains(&only.jobs()[0]));
        let mut seeds: Vec<u64> = all.iter().map(|job| job.seed).collect();
        seeds.sort();
        seeds.dedup();
        assert_eq!(seeds.len(), 30 + 33 + 15);
        assert_ne!(plan(30, 8, Shard::default()).jobs()[0].seed, all[0].seed);
    }

    #[test]
    fn scripts_are_as_long_as_asked_for_and_differ() {
        let jobs = plan(50, 1, Shard::default()).jobs();
        let standard = Strength::Standard;
        let scripts: Vec<_> = (jobs.iter())
            .map(|job| job.script(standard, 3, 4).unwrap())
            .collect();
        // Three gestures and a moment of stillness.
        assert!(scripts.iter().all(|(s, r)| s.len() == 4 && r.len() == 4));
        assert!(scripts.iter().any(|(s, _)| *s != scripts[0].0));
        assert!(jobs[0].script(standard, 0, 4).is_err());
    }

    #[test]
    fn a_shard_reads_as_it_is_written() {
        assert_eq!("2/3".parse(), Ok(Shard { part: 2, of: 3 }));
        assert_eq!(Shard { part: 2, of: 3 }.to_string(), "2/3");
        for bad in ["", "1", "0/3", "4/3", "a/b", "1/0"] {
            assert!(bad.parse::<Shard>().is_err(), "{bad}");
        }
    }
}
