//! Session time. The only file that reads a monotonic clock.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// Moment in a session, in microseconds since the session began.
///
/// Stamped once, at capture. Everything downstream reads it and never the clock, so a recording
/// replays faster than real time with the same outcome.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(u64);

impl Timestamp {
    /// Builds a moment from microseconds.
    pub const fn from_micros(us: u64) -> Self {
        Self(us)
    }

    /// Builds a moment from milliseconds.
    pub const fn from_millis(ms: u64) -> Self {
        Self(ms.saturating_mul(1_000))
    }

    /// Microseconds since the session began.
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// Milliseconds since the session began, as `--json` prints them.
    pub fn as_millis_f64(self) -> f64 {
        self.0 as f64 / 1_000.0
    }

    /// Time elapsed since `earlier`; zero if `earlier` is in fact later.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }

    /// The moment `by` later.
    #[must_use]
    pub fn after(self, by: Duration) -> Self {
        Self(self.0.saturating_add(micros(by)))
    }

    /// The moment `by` earlier, or the session's begin.
    #[must_use]
    pub fn before(self, by: Duration) -> Self {
        Self(self.0.saturating_sub(micros(by)))
    }
}

fn micros(d: Duration) -> u64 {
    u64::try_from(d.as_micros()).unwrap_or(u64::MAX)
}

/// Durations as whole milliseconds in records, for `#[serde(with = "millis")]`.
pub mod millis {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    /// Writes milliseconds.
    ///
    /// # Errors
    ///
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(d: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u64(super::micros(*d) / 1_000)
    }

    /// Reads milliseconds.
    ///
    /// # Errors
    ///
    /// Those of the deserializer.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        u64::deserialize(from).map(Duration::from_millis)
    }
}

/// Source of timestamps for one session. Copies share their origin.
#[derive(Clone, Copy, Debug)]
pub struct Clock(Instant);

impl Clock {
    /// Starts a session at time zero.
    #[expect(clippy::disallowed_methods, reason = "this file is the clock")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Time now.
    pub fn now(self) -> Timestamp {
        Timestamp(micros(self.0.elapsed()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_never_runs_below_zero() {
        let (a, b) = (Timestamp::from_millis(3), Timestamp::from_millis(5));
        assert_eq!(b.since(a), Duration::from_millis(2));
        assert_eq!(a.since(b), Duration::ZERO);
        assert_eq!(a.before(Duration::from_secs(1)), Timestamp::default());
        assert_eq!(a.after(Duration::from_millis(2)), b);
    }
}
