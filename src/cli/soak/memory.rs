//! How much memory the program has.
use std::{env, fs, iter::Peekable, time::Duration};

use liveness::{capture::puppet::Visits, time::Timestamp};

use super::account::Memory;

/// Memory is compared with that after so many frames.
const SETTLED: u64 = 10_000;

/// Whoever has left is forgotten by then.
const FORGOTTEN: Duration = Duration::from_secs(1);

/// Whether glibc was told to give large blocks back to the system as soon as they are free. Else resident
/// memory also grows whenever somebody comes who needs more to be drawn than all before: whoever is simulated
/// needs up to 12 MB, and that stays.
const GIVES_BACK: &str = "MALLOC_MMAP_THRESHOLD_";

/// Looks at resident memory while nobody is there.
pub struct Looks {
    visits: Peekable<Visits>,
    left: Timestamp,
    early: Option<u64>,
    late: Option<u64>,
}

impl Looks {
    /// On the day of this seed.
    pub fn new(seed: u64) -> Self {
        Self {
            visits: Visits::new(seed).peekable(),
            left: Timestamp::default(),
            early: None,
            late: None,
        }
    }

    /// Looks, if nobody is there at `now`, after so many frames. Gives what there is.
    pub fn look(&mut self, now: Timestamp, frames: u64) -> Option<u64> {
        let resident = resident()?;
        while let Some(visit) = self.visits.next_if(|visit| visit.to <= now) {
            self.left = visit.to;
        }
        let nobody = self.visits.peek().is_none_or(|next| now < next.from);
        if nobody && now.since(self.left) >= FORGOTTEN && frames >= SETTLED {
            self.early.get_or_insert(resident);
            self.late = Some(resident);
        }
        Some(resident)
    }

    /// What came of it.
    pub fn memory(&self) -> Option<Memory> {
        Some(Memory {
            early: self.early?,
            late: self.late?,
            judged: env::var_os(GIVES_BACK).is_some(),
        })
    }
}

/// Resident memory, in bytes; `None` where the system does not say.
fn resident() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(1_024 * kilobytes)
}
