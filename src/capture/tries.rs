//! When to open a camera anew: soon at first, then less and less often. Pure: time is an input.
use std::time::Duration;

use crate::time::Timestamp;

/// From a fault to the first try to open the camera anew, doubled with each that fails.
const FIRST: Duration = Duration::from_millis(500);

/// Longest time between two tries to open a camera that refuses: it should be back within 3 s of the moment
/// at which it would not refuse any more, and only a try tells.
const REFUSED: Duration = Duration::from_secs(1);

/// Longest time between two tries with one that opens and sends nothing new. It stays open meanwhile, so it
/// is back with its first frame.
const SILENT: Duration = Duration::from_secs(10);

/// A camera that is well for so long has recovered: the next fault begins with the first try again.
const WELL: Duration = Duration::from_secs(5);

/// Says when the next try is due.
#[derive(Debug)]
pub struct Tries {
    wait: Duration,
    next: Timestamp,
    well_since: Option<Timestamp>,
}

impl Default for Tries {
    /// The first try is due at once.
    fn default() -> Self {
        Self {
            wait: FIRST,
            next: Timestamp::default(),
            well_since: None,
        }
    }
}

impl Tries {
    /// Whether it is time for a try.
    pub fn is_due(&self, now: Timestamp) -> bool {
        now >= self.next
    }

    /// A try or a fault was just now: the next try comes after the wait.
    pub fn put_off(&mut self, now: Timestamp) {
        self.next = now.after(self.wait);
    }

    /// The next try comes now, and the one after it as late as it would have.
    pub fn at_once(&mut self, now: Timestamp) {
        self.next = now;
    }

    /// The last try was refused: the wait grows.
    pub fn refused(&mut self) {
        self.wait = (self.wait * 2).min(REFUSED);
    }

    /// It was closed: only a try tells when it is well, and none is far off, whatever was before.
    pub fn closed(&mut self) {
        self.wait = self.wait.min(REFUSED);
    }

    /// The last try brought nothing new: the wait grows.
    pub fn silent(&mut self) {
        self.wait = (self.wait * 2).min(SILENT);
    }

    /// The camera is plugged in again: nothing is known against it.
    pub fn afresh(&mut self, now: Timestamp) {
        self.wait = FIRST;
        self.next = now;
    }

    /// A frame came, or a fault: whether nothing keeps the camera from being judged now. One that sends
    /// while it is still frozen is not well.
    pub fn note(&mut self, well: bool, now: Timestamp) {
        if !well {
            self.well_since = None;
        } else if now.since(*self.well_since.get_or_insert(now)) >= WELL {
            self.wait = FIRST;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Timestamp {
        Timestamp::from_millis(ms)
    }

    /// When tries are made, in ms, by a watcher that looks every 50 ms until `until`; each of them fails
    /// as `fails` says.
    fn tried(tries: &mut Tries, until: u64, fails: fn(&mut Tries)) -> Vec<u64> {
        let mut moments = vec![];
        tries.put_off(ms(0));
        for now in (0..until).step_by(50) {
            if tries.is_due(ms(now)) {
                moments.push(now);
                fails(tries);
                tries.put_off(ms(now));
            }
        }
        moments
    }

    #[test]
    fn one_that_refuses_is_tried_every_second_for_ever() {
        let moments = tried(&mut Tries::default(), 60_000, Tries::refused);
        assert_eq!(moments[..5], [500, 1_500, 2_500, 3_500, 4_500]);
        let gaps = moments.windows(2).map(|pair| pair[1] - pair[0]);
        assert_eq!(gaps.max(), Some(1_000));
    }

    #[test]
    fn one_that_is_silent_is_tried_every_ten_seconds_for_ever() {
        let moments = tried(&mut Tries::default(), 120_000, Tries::silent);
        assert_eq!(
            moments[..7],
            [500, 1_500, 3_500, 7_500, 15_500, 25_500, 35_500]
        );
        let gaps = moments.windows(2).map(|pair| pair[1] - pair[0]);
        assert_eq!(gaps.max(), Some(10_000));
    }

    #[test]
    fn one_that_was_silent_for_long_and_then_refuses_is_asked_often() {
        let mut tries = Tries::default();
        tried(&mut tries, 60_000, Tries::silent);
        tries.refused();
        tries.put_off(ms(60_000));
        assert!(!tries.is_due(ms(60_999)) && tries.is_due(ms(61_000)));
    }

    #[test]
    fn one_that_was_silent_for_long_and_then_breaks_is_tried_soon() {
        let mut tries = Tries::default();
        tried(&mut tries, 60_000, Tries::silent);
        // Well for four seconds: the wait is still the longest.
        tries.note(true, ms(60_000));
        tries.note(true, ms(64_000));
        tries.closed();
        tries.put_off(ms(64_000));
        assert!(tries.is_due(ms(66_000)));
    }

    #[test]
    fn one_that_comes_back_is_tried_at_once_and_begins_anew() {
        let mut tries = Tries::default();
        tried(&mut tries, 60_000, Tries::silent);
        tries.afresh(ms(60_000));
        assert!(tries.is_due(ms(60_000)));
        assert_eq!(tried(&mut tries, 2_000, Tries::refused), [500, 1_500]);
    }

    #[test]
    fn five_seconds_of_health_and_no_less_are_a_recovery() {
        let long = |well_until: u64| {
            let mut tries = Tries::default();
            tried(&mut tries, 60_000, Tries::silent);
            (0..=well_until)
                .step_by(20)
                .for_each(|t| tries.note(true, ms(t)));
            tries.put_off(ms(0));
            tries.is_due(ms(500))
        };
        assert!(!long(4_980) && long(5_000));
    }

    #[test]
    fn one_that_sends_the_same_picture_for_ever_does_not_recover_by_that() {
        let mut tries = Tries::default();
        let mut moments = vec![];
        for now in (0..60_000).step_by(50) {
            tries.note(false, ms(now));
            if tries.is_due(ms(now)) {
                moments.push(now);
                tries.silent();
                tries.put_off(ms(now));
            }
        }
        assert_eq!(moments[..5], [0, 1_000, 3_000, 7_000, 15_000]);
        assert_eq!(moments[5..], [25_000, 35_000, 45_000, 55_000]);
    }
}
