//! A virtual day for people.
use std::{collections::BTreeMap, fmt::Display};

use liveness::capture::puppet::Kind;

use super::{super::table::of_numbers, account::Longest, report::Report};

/// All tables of a day.
pub(super) fn text(report: &Report) -> String {
    [day(report), sessions(report), faults(report)].join("\n") + "\n"
}

fn day(report: &Report) -> String {
    let mut table = of_numbers(["a kiosk's day", ""]);
    let mut row = |name: &str, value: &dyn Display| {
        table.add_row([name.to_owned(), value.to_string()]);
    };
    row("virtual hours", &format!("{:.2}", report.hours));
    row("seed", &report.seed);
    row("frames a second", &report.fps);
    row("frames looked at", &report.frames);
    row("took, minutes", &format!("{:.1}", report.took_s / 60.0));
    let (people, attacks) = people_and_attacks(&report.visits);
    row("visits: people, attacks", &format!("{people}, {attacks}"));
    row("sessions", &report.sessions.values().sum::<u32>());
    let faults = report.faults.values();
    row(
        "faults staged",
        &faults.clone().map(|f| f.staged).sum::<u32>(),
    );
    row("faults told", &faults.map(|f| f.told).sum::<u32>());
    row("recoveries", &report.recoveries);
    row("gaps too short for a fault", &report.gaps);
    let megabytes = |bytes: u64| format!("{:.1} MB", bytes as f64 / 1e6);
    let memory = |bytes: Option<u64>| bytes.map_or("not known".to_owned(), megabytes);
    row("memory after 10,000 frames", &memory(report.memory_early));
    row("memory in the end", &memory(report.memory_late));
    let sound = if report.log_sound {
        "verifies"
    } else {
        "does not verify"
    };
    row("log", &format!("{} entries, {sound}", report.log_entries));
    row("violations", &report.violations.len());
    table.to_string()
}

fn people_and_attacks(counts: &BTreeMap<Kind, u32>) -> (u32, u32) {
    let people = counts.get(&Kind::BonaFide);
    let people = people.copied().unwrap_or_default();
    (people, counts.values().sum::<u32>() - people)
}

fn sessions(report: &Report) -> String {
    let mut table = of_numbers(["sessions", ""]);
    for (verdict, count) in &report.sessions {
        table.add_row([verdict.clone(), count.to_string()]);
    }
    for (kind, count) in &report.passed {
        table.add_row([format!("passed: {kind}"), count.to_string()]);
    }
    let mut reasons: Vec<_> = report.reasons.iter().collect();
    reasons.sort_by(|a, b| b.1.cmp(a.1));
    for (reason, count) in reasons {
        table.add_row([format!("because: {reason}"), count.to_string()]);
    }
    table.to_string()
}

fn faults(report: &Report) -> String {
    let mut table = of_numbers([
        "fault",
        "staged",
        "told by its name",
        "told in all",
        "longest to tell, s",
        "longest to be back, s",
    ]);
    let seconds = |longest: Longest| longest.0.map_or_else(String::new, |s| format!("{s:.1}"));
    for (fault, tally) in &report.faults {
        table.add_row([
            fault.name().to_owned(),
            tally.staged.to_string(),
            tally.recognised.to_string(),
            tally.told.to_string(),
            seconds(tally.longest_to_tell_s),
            seconds(tally.longest_to_recover_s),
        ]);
    }
    table.to_string()
}
