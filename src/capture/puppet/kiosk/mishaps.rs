//! What goes wrong with the kiosk's camera, and when.
use std::time::Duration;

use crate::{
    capture::{Fault, puppet::dice::Dice},
    time::Timestamp,
};

/// How long most mishaps last, and one in ten, in seconds.
const LASTS_S: (f32, f32) = (1.0, 20.0);
const LASTS_LONG_S: (f32, f32) = (20.0, 180.0);
/// How long nothing comes in a gap that is no fault, in seconds: less than a stall.
const GAP_S: (f32, f32) = (0.2, 1.9);
/// Gaps for each fault.
const GAPS: f32 = 0.5;
/// Nothing goes wrong before: a camera that never gave a frame is an error of its own.
const WELL_AT_FIRST: Duration = Duration::from_secs(5);

/// Something that goes wrong with the camera for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mishap {
    /// What; `None` is a gap between two frames, too short to be a fault.
    pub fault: Option<Fault>,
    /// When it begins.
    pub from: Timestamp,
    /// When it is over.
    pub to: Timestamp,
}

impl Mishap {
    /// Whether it is under way.
    pub fn lasts(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.to
    }
}

/// Mishaps, one after the other, without an end. Each fault comes before any comes twice.
#[derive(Clone, Debug)]
pub struct Mishaps {
    dice: Dice,
    faults_per_hour: f32,
    last: Timestamp,
    deck: Vec<Fault>,
}

impl Mishaps {
    /// So many faults an hour, at random moments that follow from the seed.
    pub fn new(seed: u64, faults_per_hour: f32) -> Self {
        Self {
            dice: Dice::new(seed, 20),
            faults_per_hour,
            last: Timestamp::default().after(WELL_AT_FIRST),
            deck: vec![],
        }
    }

    fn seconds(&mut self, (low, high): (f32, f32)) -> Duration {
        Duration::from_secs_f32(self.dice.between(low, high))
    }

    fn fault(&mut self) -> Option<Fault> {
        if self.deck.is_empty() {
            self.deck = Fault::ALL.to_vec();
        }
        let left = u64::try_from(self.deck.len()).ok()?;
        let drawn = usize::try_from(self.dice.next() % left).ok()?;
        Some(self.deck.swap_remove(drawn))
    }
}

impl Iterator for Mishaps {
    type Item = Mishap;

    fn next(&mut self) -> Option<Mishap> {
        let per_second = self.faults_per_hour * (1.0 + GAPS) / 3_600.0;
        if per_second <= 0.0 {
            return None;
        }
        // As long as one waits for what may come at any moment.
        let wait = -(1.0 - self.dice.between(0.0, 1.0)).ln() / per_second;
        let from = self.last.after(Duration::from_secs_f32(wait));
        let fault = if self.dice.between(0.0, 1.0 + GAPS) < GAPS {
            None
        } else {
            self.fault()
        };
        let lasts = match fault {
            None => GAP_S,
            Some(_) if self.dice.next().is_multiple_of(10) => LASTS_LONG_S,
            Some(_) => LASTS_S,
        };
        let to = from.after(self.seconds(lasts));
        self.last = to;
        Some(Mishap { fault, from, to })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_an_hour_are_two_an_hour_and_every_fault_is_among_them() {
        let hours = 2_000;
        let end = Timestamp::default().after(Duration::from_secs(3_600 * hours));
        let all: Vec<Mishap> = Mishaps::new(7, 2.0).take_while(|m| m.from < end).collect();
        let of = |fault| all.iter().filter(|m| m.fault == fault).count();
        let gaps = of(None);
        let faults = all.len() - gaps;
        // Less what they last themselves.
        assert!((3_800..4_000).contains(&faults), "{faults}");
        assert!((1_800..2_100).contains(&gaps), "{gaps}");
        for fault in Fault::ALL {
            assert!(
                of(Some(fault)).abs_diff(faults / 12) < 2,
                "{fault:?} {}",
                of(Some(fault))
            );
        }
        assert!(all.windows(2).all(|pair| pair[0].to <= pair[1].from));
        let lasts = |m: &Mishap| m.to.since(m.from).as_secs_f32();
        let faulty = || all.iter().filter(|m| m.fault.is_some());
        let long = faulty().filter(|m| lasts(m) > 20.0).count();
        assert!((300..500).contains(&long), "{long}");
        assert!(faulty().all(|m| (0.9..181.0).contains(&lasts(m))));
        let short = all.iter().filter(|m| m.fault.is_none());
        assert!(short.map(lasts).all(|s| s < 2.0));
    }

    #[test]
    fn a_seed_repeats_and_none_an_hour_are_none() {
        let first = |seed| Mishaps::new(seed, 60.0).take(20).collect::<Vec<_>>();
        assert_eq!(first(1), first(1));
        assert_ne!(first(1), first(2));
        assert_eq!(Mishaps::new(1, 0.0).next(), None);
    }
}
