//! Too many failures in a short time: nobody is asked anything for a while.
use std::{collections::VecDeque, time::Duration};

use super::{Sealed, What};
use crate::record::WallTime;

/// So many of the last entries are looked at: more than a lock lets in.
pub(super) const ENTRIES: u64 = 4096;
/// The same in bytes of a file of lines.
pub(super) const BYTES: u64 = 8 << 20;

/// How a session ended, as far as a lock is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Past {
    /// When it was logged.
    pub at: WallTime,
    /// Whether the challenge was not met. Whoever did not come, or could not be seen, has not failed.
    pub failed: bool,
}

impl Past {
    /// Rehearsals and real sessions do not fail for one another.
    pub(super) fn of(sealed: &Sealed, rehearsal: bool) -> Option<Self> {
        match &sealed.entry.what {
            What::Session(told) => Some(Self {
                at: sealed.entry.at,
                failed: told.record.verdict == "failed" && told.record.rehearsal == rehearsal,
            }),
            _ => None,
        }
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
    pub fn remaining(&self, past: &[Past], now: WallTime) -> Option<Duration> {
        let mut elapsed = Duration::ZERO;
        let mut before = None;
        let mut fails = VecDeque::new();
        let mut until = None;
        for session in past {
            elapsed += since(before, session.at);
            before = Some(session.at);
            if !session.failed {
                continue;
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
            failed,
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
    fn after_a_lock_as_many_failures_lock_again() {
        let mut sessions = FIVE.to_vec();
        sessions.extend([(225, true), (230, true), (235, true), (240, true)]);
        assert_eq!(left(&sessions, 241), None);
        sessions.push((245, true));
        assert_eq!(left(&sessions, 246), Some(59));
    }
}
