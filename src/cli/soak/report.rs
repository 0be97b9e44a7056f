//! A virtual day in numbers: the line of `soak --json`.
use std::collections::BTreeMap;

use liveness::{
    capture::{
        Fault,
        puppet::{Day, Kind, Visit},
    },
    record::SessionRecord,
    store,
    time::Timestamp,
};
use serde::Serialize;

use super::account::{Account, Pass, Tally};

/// A virtual day in numbers.
#[derive(Debug, Serialize)]
pub struct Report {
    r#type: &'static str,
    pub seed: u64,
    pub fps: u32,
    pub faults_per_hour: f32,
    /// Virtual hours.
    pub hours: f64,
    /// How long it took, in seconds.
    pub took_s: f64,
    /// Frames that were looked at.
    pub frames: u64,
    /// Who came, and how often.
    pub visits: BTreeMap<Kind, u32>,
    /// Sessions by verdict, and by reason.
    pub sessions: BTreeMap<String, u32>,
    pub reasons: BTreeMap<String, u32>,
    /// Who stood there when a session passed.
    pub passed: BTreeMap<&'static str, u32>,
    /// Gaps that are too short to be faults.
    pub gaps: usize,
    /// Faults that were staged and told.
    pub faults: BTreeMap<Fault, Tally>,
    /// Faults that were told and are over.
    pub recoveries: usize,
    /// Resident memory after 10,000 frames and in the end, in bytes, where the system says.
    pub memory_early: Option<u64>,
    pub memory_late: Option<u64>,
    pub log_entries: u64,
    pub log_sound: bool,
    /// Everything that must never happen, and did.
    pub violations: Vec<String>,
}

impl Report {
    pub fn new(day: &Day) -> Self {
        Self {
            r#type: "result",
            seed: day.seed,
            fps: day.fps,
            faults_per_hour: day.faults_per_hour,
            hours: 0.0,
            took_s: 0.0,
            frames: 0,
            visits: BTreeMap::new(),
            sessions: BTreeMap::new(),
            reasons: BTreeMap::new(),
            passed: BTreeMap::new(),
            gaps: 0,
            faults: BTreeMap::new(),
            recoveries: 0,
            memory_early: None,
            memory_late: None,
            log_entries: 0,
            log_sound: false,
            violations: vec![],
        }
    }

    /// Counts a session.
    pub fn note(&mut self, record: &SessionRecord) {
        self.frames += record.frames.analysed;
        *self.sessions.entry(record.verdict.clone()).or_default() += 1;
        if let Some(reason) = record.reason {
            *self.reasons.entry(reason.to_string()).or_default() += 1;
        }
    }

    /// Counts who came, and who was there when a session passed. `asked` are the first questions of all
    /// sessions.
    pub fn visits(
        &mut self,
        visits: impl Iterator<Item = Visit>,
        passes: &[Pass],
        asked: &[Timestamp],
    ) {
        let mut passes = passes.iter().peekable();
        for visit in visits {
            *self.visits.entry(visit.kind).or_default() += 1;
            let first = asked.partition_point(|at| *at < visit.from);
            while let Some(pass) = passes.next_if(|pass| pass.from < visit.to) {
                let name = match visit.kind {
                    _ if pass.from < visit.from => continue,
                    // Whoever has come in another's place is one person, who obeys.
                    Kind::FaceSwap if asked.get(first) != Some(&pass.from) => "after_face_swap",
                    kind => kind.name(),
                };
                *self.passed.entry(name).or_default() += 1;
            }
        }
    }

    /// Sums up the day.
    pub fn conclude(&mut self, account: &Account, log: &store::Report, took: Timestamp) {
        let seconds = |at: Timestamp| at.as_millis_f64() / 1e3;
        self.hours = seconds(account.end) / 3_600.0;
        self.took_s = seconds(took);
        self.gaps = account.mishaps.iter().filter(|m| m.fault.is_none()).count();
        self.faults = account.faults();
        self.recoveries = account.spells.iter().filter(|s| s.to.is_some()).count();
        self.memory_early = account.memory.map(|memory| memory.early);
        self.memory_late = account.memory.map(|memory| memory.late);
        self.log_entries = log.entries;
        self.log_sound = log.is_sound();
        self.violations = account.violations();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use liveness::capture::puppet::Visits;
    use std::time::Duration;

    #[test]
    fn whoever_has_taken_the_place_of_another_is_no_attack_in_the_next_session() {
        let swap = |visit: &Visit| visit.kind == Kind::FaceSwap;
        let visit = Visits::new(1).find(swap).unwrap();
        let at = |ms| visit.from.after(Duration::from_millis(ms));
        let pass = |from| Pass {
            session: 1,
            from,
            to: from,
        };
        let passed = |pass: Pass, asked: &[Timestamp]| {
            let mut report = Report::new(&Day {
                seed: 1,
                fps: 12,
                length: Duration::ZERO,
                faults_per_hour: 0.0,
            });
            let end = visit.to;
            report.visits(Visits::new(1).take_while(|v| v.to <= end), &[pass], asked);
            report.passed.into_keys().collect::<Vec<_>>()
        };
        let before = Timestamp::default();
        assert_eq!(passed(pass(at(9)), &[before, at(9), at(90)]), ["face_swap"]);
        assert_eq!(
            passed(pass(at(90)), &[before, at(9), at(90)]),
            ["after_face_swap"]
        );
        assert!(passed(pass(before), &[before]).is_empty());
    }
}
