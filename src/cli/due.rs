//! When the frames of a recording are due for somebody who watches: as far apart as they were taken.
use std::time::Duration;

use liveness::time::Timestamp;

/// Longest time that a frame stands: a gap in a recording is cut to it.
const LONGEST: Duration = Duration::from_secs(2);

/// Begins with the first frame.
#[derive(Default)]
pub struct Due {
    /// The first frame's moment in the recording, and when it came.
    first: Option<(Timestamp, Timestamp)>,
}

impl Due {
    /// How long to wait at `now` before a frame that was taken at `at` is shown.
    pub fn wait(&mut self, at: Timestamp, now: Timestamp) -> Duration {
        let &mut (first, began) = self.first.get_or_insert((at, now));
        let wait = began.after(at.since(first)).since(now);
        if wait > LONGEST {
            self.first = Some((at, now.after(LONGEST)));
        }
        wait.min(LONGEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recording_takes_as_long_as_it_took() {
        let at = Timestamp::from_millis;
        let mut due = Due::default();
        let wait = |(frame, now): (u64, u64)| due.wait(at(frame), at(now)).as_millis();
        let waits = [
            (500, 7_000),
            (533, 7_010),
            (533, 7_033),
            (566, 7_100),
            (600, 7_100),
        ]
        .map(wait);
        // The fourth is late: it does not wait, and the fifth is not delayed by it.
        assert_eq!(waits, [0, 23, 0, 0, 0]);
        assert_eq!(due.wait(at(700), at(7_100)).as_millis(), 100);
    }

    #[test]
    fn a_gap_of_an_hour_is_two_seconds() {
        let at = Timestamp::from_millis;
        let mut due = Due::default();
        let wait = |(frame, now): (u64, u64)| due.wait(at(frame), at(now)).as_millis();
        let hour = 3_600_000;
        let waits = [
            (0, 100),
            (hour, 110),
            (hour, 1_110),
            (hour, 2_110),
            (hour + 33, 2_120),
        ]
        .map(wait);
        assert_eq!(waits, [0, 2_000, 1_000, 0, 23]);
        // Moments that go backwards wait for nothing.
        assert_eq!(due.wait(at(5), at(2_130)), Duration::ZERO);
    }
}
