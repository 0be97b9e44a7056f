//! What happened on a virtual day, and whether all of it may happen. Pure.
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use liveness::{
    capture::{Change, Fault, puppet::Mishap},
    session::Event,
    time::Timestamp,
};

/// A mishap that is shorter may go by untold: a camera has stalled after 2 s.
const TOLD_FROM: Duration = Duration::from_secs(3);
/// Longest until it is told.
const TOLD_WITHIN: Duration = Duration::from_millis(2_500);
/// Longest a fault may stand after what caused it is over.
const BACK_WITHIN: Duration = Duration::from_secs(3);
/// A fault that is told so long after a mishap is none of its doing: a rate is measured over 2 s.
const AFTERMATH: Duration = Duration::from_secs(3);
/// So much of a mishap may lie within a session that passes: it ends when a question meets no frame for
/// 0.8 s.
const WITHIN_PASS: Duration = Duration::from_secs(1);
/// Memory must grow by less, in bytes.
const GROWTH: u64 = 2_000_000;

/// A fault that was told, and until when it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spell {
    pub fault: Fault,
    pub from: Timestamp,
    pub to: Option<Timestamp>,
}

impl Spell {
    /// Whether it was told for some time between two moments.
    fn meets(&self, from: Timestamp, to: Timestamp) -> bool {
        self.from <= to && self.to.is_none_or(|end| from <= end)
    }
}

/// A session that passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pass {
    pub session: u64,
    /// When the first question came, and when it ended.
    pub from: Timestamp,
    pub to: Timestamp,
}

/// Resident memory after 10,000 frames and in the end, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    pub early: u64,
    pub late: u64,
    /// Whether the one may be held against the other.
    pub judged: bool,
}

/// What happened on a virtual day.
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// When it was over.
    pub end: Timestamp,
    /// Everything that went wrong with the camera, in its order.
    pub mishaps: Vec<Mishap>,
    /// Everything that was told of it.
    pub spells: Vec<Spell>,
    pub passes: Vec<Pass>,
    /// When the first question of each session came, where one did.
    pub asked: Vec<Timestamp>,
    /// Sessions that were played, and those that the log has.
    pub played: Vec<u64>,
    pub logged: Vec<u64>,
    /// What is wrong with the log.
    pub findings: Vec<String>,
    /// What broke down.
    pub broken: Vec<String>,
    pub memory: Option<Memory>,
}

impl Account {
    /// Hears an event of a session that began at `begun`.
    pub fn hear(&mut self, event: &Event, begun: Timestamp) {
        let Event::Camera {
            state, fault, t_ms, ..
        } = event
        else {
            return;
        };
        let at = begun.after(Duration::from_secs_f64(t_ms / 1e3));
        let standing = |spell: &&mut Spell| spell.fault == *fault && spell.to.is_none();
        let standing = self.spells.iter_mut().find(standing);
        match (state, standing) {
            (Change::Back, Some(spell)) => spell.to = Some(at),
            (Change::Fault, None) => self.spells.push(Spell {
                fault: *fault,
                from: at,
                to: None,
            }),
            // A new session hears once more what is wrong.
            (Change::Fault, Some(_)) | (Change::Back, None) => {}
        }
    }

    /// Everything that must never happen, and did.
    pub fn violations(&self) -> Vec<String> {
        let mut all = self.broken.clone();
        all.extend(self.lost());
        all.extend(self.findings.iter().map(|text| format!("the log: {text}")));
        all.extend(self.passed_by_accident());
        all.extend(self.untold());
        all.extend(self.told_too_long());
        all.extend(self.told_for_nothing());
        if let Some(Memory {
            early,
            late,
            judged: true,
        }) = self.memory
            && late >= early + GROWTH
        {
            let grown = late - early;
            all.push(format!("memory grew by {grown} bytes, from {early}"));
        }
        all
    }

    fn lost(&self) -> Vec<String> {
        let mut counts: BTreeMap<u64, (u32, u32)> = BTreeMap::new();
        for session in &self.played {
            counts.entry(*session).or_default().0 += 1;
        }
        for session in &self.logged {
            counts.entry(*session).or_default().1 += 1;
        }
        let wrong = counts.into_iter().filter(|(_, count)| *count != (1, 1));
        let text = |(session, (played, logged))| {
            format!("session {session:016x} was played {played} times and logged {logged} times")
        };
        wrong.map(text).collect()
    }

    /// Mishaps that keep anything from being judged.
    fn breaking(&self) -> impl Iterator<Item = (Fault, &Mishap)> {
        self.faulty().filter(|(fault, _)| fault.breaks())
    }

    /// Mishaps with a fault to be told.
    fn faulty(&self) -> impl Iterator<Item = (Fault, &Mishap)> {
        self.mishaps.iter().filter_map(|m| Some((m.fault?, m)))
    }

    fn passed_by_accident(&self) -> Vec<String> {
        let mut wrong = vec![];
        for pass in &self.passes {
            let mut add = |fault, from, what: String| {
                let (session, fault) = (pass.session, told(fault, from));
                wrong.push(format!("session {session:016x} passed, {what} {fault}"));
            };
            for (fault, mishap) in self.breaking() {
                let within = mishap.to.min(pass.to).since(mishap.from.max(pass.from));
                if within > WITHIN_PASS {
                    add(fault, mishap.from, format!("{} of it at", seconds(within)));
                }
            }
            let during = |s: &&Spell| pass.from < s.from && s.from < pass.to && s.fault.breaks();
            for spell in self.spells.iter().filter(during) {
                add(spell.fault, spell.from, "and was told".to_owned());
            }
        }
        wrong
    }

    /// Mishaps of which nobody told, or too late, or by another name.
    fn untold(&self) -> Vec<String> {
        let mut wrong = vec![];
        for (fault, mishap) in self.faulty() {
            let to = mishap.to.min(self.end);
            if to.since(mishap.from) < TOLD_FROM {
                continue;
            }
            let name = told(fault, mishap.from);
            let meets = |spell: &&Spell| spell.meets(mishap.from, to);
            let met: Vec<_> = self.spells.iter().filter(meets).collect();
            let Some(first) = met.iter().map(|spell| spell.from).min() else {
                let lasted = seconds(mishap.to.since(mishap.from));
                wrong.push(format!("nobody told of {name}, for {lasted}"));
                continue;
            };
            // Where the one before still stands, somebody knows already.
            if first < mishap.from {
                continue;
            }
            let late = first.since(mishap.from);
            if late > TOLD_WITHIN {
                wrong.push(format!("{name} was told after {}", seconds(late)));
            }
            if met.iter().all(|spell| spell.fault != fault) {
                let names: BTreeSet<_> = met.iter().map(|spell| spell.fault.name()).collect();
                let names: Vec<_> = names.into_iter().collect();
                wrong.push(format!("{name} was told as {} alone", names.join(", ")));
            }
        }
        wrong
    }

    fn told_too_long(&self) -> Vec<String> {
        let mut wrong = vec![];
        for spell in &self.spells {
            let quiet = self.longest_quiet(spell);
            if quiet > BACK_WITHIN {
                let still = match spell.to {
                    Some(_) => "",
                    None => ", and stands",
                };
                wrong.push(format!(
                    "{} was told for {} while nothing was wrong{still}",
                    told(spell.fault, spell.from),
                    seconds(quiet)
                ));
            }
        }
        wrong
    }

    /// The longest time without a mishap while a fault was told.
    fn longest_quiet(&self, spell: &Spell) -> Duration {
        let to = spell.to.unwrap_or(self.end);
        let (mut longest, mut since) = (Duration::ZERO, spell.from);
        for mishap in &self.mishaps {
            longest = longest.max(mishap.from.min(to).since(since));
            since = since.max(mishap.to);
        }
        longest.max(to.since(since))
    }

    fn told_for_nothing(&self) -> Vec<String> {
        let caused = |spell: &Spell| {
            let mut causes = self.mishaps.iter();
            causes.any(|m| m.from <= spell.from && spell.from.since(m.to) <= AFTERMATH)
        };
        let free = self.spells.iter().filter(|spell| !caused(spell));
        let text = |s: &Spell| format!("{} was told, and nothing was wrong", told(s.fault, s.from));
        free.map(text).collect()
    }

    /// How it went with each fault.
    pub fn faults(&self) -> BTreeMap<Fault, Tally> {
        let mut all: BTreeMap<Fault, Tally> = BTreeMap::new();
        for spell in &self.spells {
            all.entry(spell.fault).or_default().told += 1;
        }
        let nexts = self.mishaps.iter().skip(1).map(Some).chain([None]);
        for (mishap, next) in self.mishaps.iter().zip(nexts) {
            let Some(fault) = mishap.fault else { continue };
            let tally = all.entry(fault).or_default();
            tally.staged += 1;
            let during = || {
                self.spells
                    .iter()
                    .filter(|s| s.meets(mishap.from, mishap.to))
            };
            let own = during().any(|spell| spell.fault == fault);
            tally.recognised += u32::from(own);
            let fresh = during().all(|spell| mishap.from <= spell.from);
            if let (Some(first), true) = (during().map(|spell| spell.from).min(), fresh) {
                tally.longest_to_tell_s.note(first.since(mishap.from));
            }
            // One that goes over into the next has no end of its own.
            let over = during()
                .map(|spell| spell.to)
                .collect::<Option<BTreeSet<_>>>();
            if let Some(over) = over.and_then(|all| all.last().copied())
                && next.is_none_or(|next| over < next.from)
            {
                tally.longest_to_recover_s.note(over.since(mishap.to));
            }
        }
        all
    }
}

/// How it went with one fault.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct Tally {
    /// How often it was staged.
    pub staged: u32,
    /// How often it was told by its name while it lasted.
    pub recognised: u32,
    /// How often it was told at all: for another one, too, or after one.
    pub told: u32,
    pub longest_to_tell_s: Longest,
    pub longest_to_recover_s: Longest,
}

/// The longest of several times, in seconds; none of none.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize)]
#[serde(transparent)]
pub struct Longest(pub Option<f64>);

impl Longest {
    fn note(&mut self, time: Duration) {
        self.0 = Some(self.0.unwrap_or(0.0).max(time.as_secs_f64()));
    }
}

fn told(fault: Fault, at: Timestamp) -> String {
    let at = at.since(Timestamp::default()).as_secs_f64();
    format!("{} of {at:.1} s", fault.name())
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

#[cfg(test)]
#[path = "account_tests.rs"]
mod tests;
