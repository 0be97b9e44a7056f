//! Too many failures in a short time: nobody is asked anything for a while.
use std::{collections::VecDeque, time::Duration};

use super::{
    Log,
    entry::{Gap, Sealed, What},
    lock::Lock,
    trouble::integrity,
};
use crate::{error::Error, record::WallTime};

/// How a session ended, as far as a lock is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    /// It says nothing.
    Nothing,
    /// Somebody was asked something and did not pass. Who covers the lens when a script does not suit him
    /// has failed as well; whoever did not come has not.
    Failed,
    /// Nobody was asked anything, for so much longer.
    Locked(Duration),
}

impl Told {
    /// Rehearsals and real sessions do not fail for one another.
    fn of(sealed: &Sealed, rehearsal: bool) -> Self {
        let What::Session(told) = &sealed.entry.what else {
            return Self::Nothing;
        };
        let record = &told.record;
        if record.rehearsal != rehearsal {
            return Self::Nothing;
        }
        if let Some(until) = told.evidence.locked_until {
            return Self::Locked(since(Some(sealed.entry.at), until));
        }
        let is_asked = !record.steps.is_empty();
        match record.verdict.as_str() {
            "passed" => Self::Nothing,
            "failed" => Self::Failed,
            _ if is_asked => Self::Failed,
            _ => Self::Nothing,
        }
    }
}

/// A session, and when it was logged.
#[derive(Clone, Copy, Debug)]
struct Past {
    at: WallTime,
    told: Told,
}

impl Log {
    /// For how much longer nobody is asked anything; `None` where somebody may be. `rehearsal` says whose
    /// failures count.
    ///
    /// # Errors
    ///
    /// [`Error::Log`] where it cannot be read, [`Error::Integrity`] where what is looked at was changed:
    /// whoever can write the log must not be able to lift a lock.
    pub fn locked_for(
        &self,
        rule: &Lockout,
        rehearsal: bool,
        now: WallTime,
    ) -> Result<Option<Duration>, Error> {
        let past = self.past(rule, rehearsal, now)?;
        Ok(rule.remaining(&past, now))
    }

    /// How sessions ended lately, oldest first: as far back as a lock may come from, or to the last that was
    /// refused, which says how long it lasts. From the end, whose signature is looked at, each entry is
    /// the one that the next names.
    fn past(&self, rule: &Lockout, rehearsal: bool, now: WallTime) -> Result<Vec<Past>, Error> {
        let _lock = Lock::to_read(&self.path)?;
        let last = self.end()?;
        let mut chain = Chain {
            next: last.seq,
            hash: last.hash,
            gaps: vec![],
            knows_gaps: false,
        };
        let (mut passed, mut after) = (Duration::ZERO, now);
        let mut past = vec![];
        let (mut is_whole, mut is_enough) = (true, false);
        self.store.backwards(|bytes| {
            if chain.next == 0 {
                return false;
            }
            let Some(sealed) = chain.step(bytes) else {
                // A writer that was killed leaves half an entry at the end.
                let torn = past.is_empty() && Sealed::is_cut_short(bytes);
                is_whole = torn || bytes.trim_ascii().is_empty();
                return is_whole;
            };
            let at = sealed.entry.at;
            passed += since(Some(at), after);
            after = at;
            let told = Told::of(&sealed, rehearsal);
            past.push(Past { at, told });
            is_enough = matches!(told, Told::Locked(_)) || passed > rule.within + rule.lock;
            !is_enough
        })?;
        if !is_whole || !(is_enough || chain.is_at_begin()) {
            let text = "an entry from which a lock may come was changed or is missing; see `liveness log verify`, and begin a new log with --log PATH";
            return Err(integrity(&self.path, text));
        }
        past.reverse();
        Ok(past)
    }
}

/// The way from the end of a log to its beginning.
struct Chain {
    /// The entry that comes next must have this number, and this hash.
    next: u64,
    hash: String,
    /// What the last purge has taken away.
    gaps: Vec<Gap>,
    knows_gaps: bool,
}

impl Chain {
    /// Whether nothing stands before the entry that was seen last, or a purge has taken it away.
    fn is_at_begin(&self) -> bool {
        let all = |gap: &Gap| (gap.from, gap.to) == (1, self.next) && gap.hash == self.hash;
        self.next == 0 || self.gaps.iter().any(all)
    }

    /// The entry, if it is the one that comes next.
    fn step(&mut self, bytes: &[u8]) -> Option<Sealed> {
        let sealed = Sealed::read(bytes).ok()?;
        let (entry, hash) = (&sealed.entry, sealed.hash());
        let is_next = entry.seq == self.next && hash == self.hash;
        let over = |gap: &Gap| {
            (gap.from, gap.to) == (entry.seq.saturating_add(1), self.next)
                && (&gap.after, &gap.hash) == (&hash, &self.hash)
        };
        if !is_next && !self.gaps.iter().any(over) {
            return None;
        }
        if let (What::Purged { gaps, .. }, false) = (&entry.what, self.knows_gaps) {
            self.gaps.clone_from(gaps);
            self.knows_gaps = true;
        }
        self.next = entry.seq.saturating_sub(1);
        self.hash.clone_from(&entry.prev);
        Some(sealed)
    }
}

/// After how many failures, within what time, nobody is asked for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lockout {
    /// So many failures.
    pub failures: usize,
    /// Within this time.
    pub within: Duration,
    /// Lock for so long, from the last of them on.
    pub lock: Duration,
}

impl Lockout {
    /// Five failures within three minutes lock for `lock`.
    pub const fn new(lock: Duration) -> Self {
        Self {
            failures: 5,
            within: Duration::from_secs(180),
            lock,
        }
    }

    /// For how much longer nobody is asked anything; `None` where somebody may be.
    ///
    /// Time that the clock was set back by does not pass: from one entry to the next, and from the last
    /// one to `now`, at least nothing goes by. A clock set forward unlocks; only a clock that nobody can
    /// set would not.
    fn remaining(&self, past: &[Past], now: WallTime) -> Option<Duration> {
        let mut elapsed = Duration::ZERO;
        let mut before = None;
        let mut fails = VecDeque::new();
        let mut until = None;
        for session in past {
            elapsed += since(before, session.at);
            before = Some(session.at);
            match session.told {
                Told::Nothing => continue,
                Told::Failed => {}
                Told::Locked(left) => {
                    until = Some(elapsed + left);
                    fails.clear();
                    continue;
                }
            }
            fails.push_back(elapsed);
            while fails
                .front()
                .is_some_and(|first| elapsed - *first > self.within)
            {
                fails.pop_front();
            }
            if fails.len() >= self.failures {
                until = Some(elapsed + self.lock);
                // The next lock takes as many again.
                fails.clear();
            }
        }
        elapsed += since(before, now);
        until?.checked_sub(elapsed).filter(|left| !left.is_zero())
    }
}

/// Time from one moment to the next, none where the clock went back.
fn since(before: Option<WallTime>, now: WallTime) -> Duration {
    let passed = before.map(|before| now.duration_since(before));
    passed
        .and_then(|passed| Duration::try_from(passed).ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: Lockout = Lockout::new(Duration::from_secs(60));

    fn at(seconds: i64) -> WallTime {
        WallTime::from_second(1_800_000_000 + seconds).unwrap()
    }

    fn past(sessions: &[(i64, bool)]) -> Vec<Past> {
        let of = |&(seconds, failed)| Past {
            at: at(seconds),
            told: if failed { Told::Failed } else { Told::Nothing },
        };
        sessions.iter().map(of).collect()
    }

    fn left(sessions: &[(i64, bool)], now: i64) -> Option<u64> {
        RULE.remaining(&past(sessions), at(now))
            .map(|d| d.as_secs())
    }

    const FIVE: [(i64, bool); 5] = [(0, true), (40, true), (80, true), (120, true), (160, true)];

    #[test]
    fn five_failures_in_three_minutes_lock_for_a_time() {
        assert_eq!(left(&FIVE, 161), Some(59));
        assert_eq!(left(&FIVE, 219), Some(1));
        assert_eq!(left(&FIVE, 220), None);
        assert_eq!(left(&FIVE[..4], 121), None);
        let slow = FIVE.map(|(t, failed)| (t * 2, failed));
        assert_eq!(left(&slow, 321), None);
        assert_eq!(left(&[], 0), None);
    }

    #[test]
    fn whoever_did_not_fail_is_not_counted_and_does_not_help() {
        let mut sessions = FIVE.to_vec();
        sessions.insert(3, (90, false));
        assert_eq!(left(&sessions, 161), Some(59));
        sessions.retain(|(at, _)| *at != 160);
        sessions.push((161, false));
        assert_eq!(left(&sessions, 162), None);
    }

    #[test]
    fn a_clock_set_back_does_not_unlock_nor_lock_for_ever() {
        assert_eq!(left(&FIVE, -100_000), Some(60));
        // Somebody who was refused then starts the time anew.
        let mut sessions = FIVE.to_vec();
        sessions.push((-100_000, false));
        assert_eq!(left(&sessions, -99_990), Some(50));
        assert_eq!(left(&sessions, -99_940), None);
    }

    #[test]
    fn a_refusal_says_how_long_a_lock_lasts_and_counts_for_none() {
        let refused = |seconds, left| Past {
            at: at(seconds),
            told: Told::Locked(Duration::from_secs(left)),
        };
        let mut sessions = vec![refused(0, 50)];
        let left = |sessions: &[Past], now| RULE.remaining(sessions, at(now));
        assert_eq!(left(&sessions, 10), Some(Duration::from_secs(40)));
        assert_eq!(left(&sessions, 50), None);
        sessions.extend(past(&[(60, true), (61, true), (62, true), (63, true)]));
        assert_eq!(left(&sessions, 64), None);
        sessions.extend(past(&[(65, true)]));
        assert_eq!(left(&sessions, 66), Some(Duration::from_secs(59)));
    }

    #[test]
    fn after_a_lock_as_many_failures_lock_again() {
        let mut sessions = FIVE.to_vec();
        sessions.extend([(225, true), (230, true), (235, true), (240, true)]);
        assert_eq!(left(&sessions, 241), None);
        sessions.push((245, true));
        assert_eq!(left(&sessions, 246), Some(59));
    }
}
