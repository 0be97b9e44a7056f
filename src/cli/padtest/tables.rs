//! What a run came to, for people.
use liveness::{
    challenge::Strength,
    padtest::{BONA_FIDE, Interval, Report, Wrong},
    step::Step,
};

use super::{super::table::of_numbers, Facts};

/// One line that says what was run.
pub(super) fn title(facts: &Facts, partial: bool) -> String {
    let Facts {
        strength,
        seed,
        steps,
        under,
        ..
    } = facts;
    let part = if partial { "PARTIAL: " } else { "" };
    let under: String = under.iter().map(|given| format!(", {given}")).collect();
    format!("{part}{strength}, {steps} steps, seed {seed}{under}")
}

/// All tables of a report.
pub(super) fn text(facts: &Facts, report: &Report, partial: bool) -> String {
    let mut parts = vec![title(facts, partial), attacks(report)];
    if report.bpcer.is_some() {
        parts.push(people(report));
    }
    if !report.conditions.is_empty() {
        parts.push(conditions(report));
    }
    parts.push(steps(report));
    parts.join("\n") + "\n"
}

/// One wrong decision, and how to see it again.
pub(super) fn wrong(facts: &Facts, wrong: &Wrong) -> String {
    let Wrong {
        kind,
        number,
        seed,
        ending,
        step,
    } = wrong;
    let what = match (*ending, step) {
        ("passed", _) => "let in".to_owned(),
        (why, Some(step)) => format!("turned away at {step}, {why}"),
        (why, None) => format!("turned away, {why}"),
    };
    let mut flags = String::new();
    if facts.recordings {
        flags += "--recordings DIR ";
    }
    let usual = Strength::default();
    if facts.strength != usual.to_string() || usize::from(facts.steps) != usual.steps() {
        flags += &format!("--strength {} --steps {} ", facts.strength, facts.steps);
    }
    if !facts.under.is_empty() {
        flags += &format!("--under {} ", facts.under.join(","));
    }
    let run = facts.seed;
    format!(
        "wrong: {kind} {number} (seed {seed}): {what}; {flags}--seed {run} --kinds {kind} --only {number}"
    )
}

fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

fn bounds(interval: &Interval) -> String {
    format!(
        "{:.1} to {:.1} %",
        100.0 * interval.low,
        100.0 * interval.high
    )
}

fn no_response(report: &Report, kind: &str) -> String {
    let silent = report.non_response.get(kind);
    silent.map_or_else(String::new, |silent| silent.count.to_string())
}

/// How sessions of a kind ended, most often first.
fn endings(report: &Report, kind: &str) -> String {
    let mut endings: Vec<_> = report.endings.get(kind).into_iter().flatten().collect();
    endings.sort_by(|a, b| b.1.cmp(a.1));
    let text = endings.iter().map(|(why, count)| format!("{why} {count}"));
    text.collect::<Vec<_>>().join(", ")
}

fn attacks(report: &Report) -> String {
    let mut table = of_numbers([
        "attack, worst first",
        "sessions",
        "let in",
        "APCER",
        "95 % bounds",
        "no decision",
        "ended by",
    ]);
    for (kind, attack) in report.worst_first() {
        table.add_row([
            kind.to_owned(),
            attack.sessions.to_string(),
            attack.accepted.to_string(),
            percent(attack.apcer.rate),
            bounds(&attack.apcer),
            no_response(report, kind),
            endings(report, kind),
        ]);
    }
    table.to_string()
}

fn people(report: &Report) -> String {
    let mut table = of_numbers([
        "people",
        "sessions",
        "turned away",
        "BPCER",
        "95 % bounds",
        "no decision",
        "seconds, median and p90",
        "ended by",
    ]);
    if let Some(people) = &report.bpcer {
        let took = report.seconds_to_verdict.map_or_else(String::new, |took| {
            format!("{:.1}, {:.1}", took.median, took.p90)
        });
        table.add_row([
            BONA_FIDE.to_owned(),
            people.sessions.to_string(),
            people.rejected.to_string(),
            percent(people.bpcer.rate),
            bounds(&people.bpcer),
            no_response(report, BONA_FIDE),
            took,
            endings(report, BONA_FIDE),
        ]);
    }
    table.to_string()
}

fn conditions(report: &Report) -> String {
    let mut table = of_numbers([
        "people by condition",
        "",
        "sessions",
        "turned away",
        "no decision",
    ]);
    for (heading, groups) in &report.conditions {
        for (name, group) in groups {
            table.add_row([
                (*heading).to_owned(),
                (*name).to_owned(),
                group.sessions.to_string(),
                group.rejected.to_string(),
                group.non_response.to_string(),
            ]);
        }
    }
    table.to_string()
}

fn steps(report: &Report) -> String {
    let mut table = of_numbers(["steps met / asked", "", "", "", "", "", ""]);
    let mut header = vec!["steps met / asked".to_owned()];
    header.extend(Step::ALL.iter().map(ToString::to_string));
    table.set_header(header);
    for (kind, steps) in &report.steps {
        let mut row = vec![kind.clone()];
        row.extend(Step::ALL.iter().map(|step| {
            let count = steps.get(step).copied().unwrap_or_default();
            format!("{} / {}", count.met, count.asked)
        }));
        table.add_row(row);
    }
    table.to_string()
}
