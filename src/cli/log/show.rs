//! `liveness log list | show | stats`: what was logged, for whoever reads it.
use std::collections::BTreeMap;

use anyhow::bail;
use liveness::{
    challenge::Said,
    median::median_by,
    record::{SessionRecord, StepRecord},
    step::Step,
    store::{Contents, Kept},
};
use serde::Serialize;

use crate::cli::{
    out::{plain, print_json, print_line},
    table::table,
};

/// The numbers of `log stats`.
#[derive(Serialize)]
struct Stats {
    r#type: &'static str,
    sessions: usize,
    rehearsals: usize,
    verdicts: BTreeMap<String, usize>,
    reasons: BTreeMap<&'static str, usize>,
    /// Of the sessions that passed.
    median_pass_ms: Option<f64>,
    damaged_lines: usize,
}

pub fn list(sessions: &[Kept], last: Option<usize>, json: bool) -> anyhow::Result<()> {
    let skip = last.map_or(0, |last| sessions.len().saturating_sub(last));
    let mut sessions = sessions.iter().skip(skip);
    if json {
        return sessions.try_for_each(|kept| print_line(&kept.text));
    }
    let mut table = table([
        "started", "session", "verdict", "reason", "steps", "seconds", "source",
    ]);
    for r in sessions.map(|kept| &kept.record) {
        table.add_row([
            started(r),
            plain(&r.session),
            verdict(r),
            r.reason.map_or("", |reason| reason.name()).to_owned(),
            step_names(r),
            format!("{:.1}", r.duration_ms / 1e3),
            plain(&r.source),
        ]);
    }
    print_line(table)
}

pub fn show(sessions: &[Kept], id: &str, json: bool) -> anyhow::Result<()> {
    if id.is_empty() {
        bail!("name a session; `liveness log list` shows their names");
    }
    let begins = |kept: &&Kept| kept.record.session.starts_with(id);
    let mut found: Vec<_> = sessions.iter().filter(begins).collect();
    // The whole name tells it; a log that was copied together may hold it twice.
    if let Some(whole) = found.iter().find(|kept| kept.record.session == id) {
        found = vec![*whole];
    }
    let kept = match found.as_slice() {
        [kept] => *kept,
        [] => bail!("no session is called {id}; `liveness log list` shows their names"),
        many => bail!(
            "{} sessions begin with {id}; write more of the name",
            many.len()
        ),
    };
    if json {
        return print_line(&kept.text);
    }
    let record = &kept.record;
    print_line(format_args!("session   {}", plain(&record.session)))?;
    print_line(format_args!("started   {}", started(record)))?;
    print_line(format_args!("verdict   {}", verdict(record)))?;
    if let Some(reason) = record.reason {
        print_line(format_args!("reason    {reason}"))?;
    }
    print_line(format_args!("took      {:.1} s", record.duration_ms / 1e3))?;
    print_line(format_args!("source    {}", plain(&record.source)))?;
    let f = record.frames;
    print_line(format_args!(
        "frames    {} looked at, {} dropped",
        f.analysed, f.dropped
    ))?;
    print_line(format_args!("program   {}", plain(&record.app)))?;
    print_line(format_args!("networks  {}", plain(&record.models)))?;
    if let Some(said) = &record.said {
        looked(said)?;
    }
    signed(kept)?;
    for (i, (step, told)) in steps(record).enumerate() {
        let seen = told.and_then(|s| s.seen_ms.map(|ms| (ms - s.asked_ms) / 1e3));
        let strikes = match told.map_or(0, |s| s.strikes) {
            0 => String::new(),
            n => format!(", {n} wrong"),
        };
        let how = match (told, seen) {
            (None, _) => "not asked".to_owned(),
            (Some(_), None) => format!("not seen{strikes}"),
            (Some(_), Some(seconds)) => format!("seen after {seconds:.1} s{strikes}"),
        };
        print_line(format_args!("step {}    {step:<10}  {how}", i + 1))?;
    }
    Ok(())
}

pub fn stats(contents: &Contents, json: bool) -> anyhow::Result<()> {
    let sessions = &contents.sessions;
    let mut stats = Stats {
        r#type: "stats",
        sessions: sessions.len(),
        rehearsals: sessions.iter().filter(|kept| kept.record.rehearsal).count(),
        verdicts: BTreeMap::new(),
        reasons: BTreeMap::new(),
        median_pass_ms: None,
        damaged_lines: contents.damaged.len(),
    };
    let mut passed = vec![];
    for r in sessions.iter().map(|kept| &kept.record) {
        *stats.verdicts.entry(r.verdict.clone()).or_default() += 1;
        if let Some(reason) = r.reason {
            *stats.reasons.entry(reason.name()).or_default() += 1;
        }
        if r.verdict == "passed" {
            passed.push(r.duration_ms);
        }
    }
    stats.median_pass_ms = median_by(passed, f64::total_cmp);
    if json {
        return print_json(&stats);
    }
    let mut table = table(["", "sessions"]);
    table.add_row(["all".to_owned(), stats.sessions.to_string()]);
    table.add_row([
        "of them rehearsals".to_owned(),
        stats.rehearsals.to_string(),
    ]);
    for (name, count) in &stats.verdicts {
        table.add_row([name.clone(), count.to_string()]);
    }
    for (name, count) in &stats.reasons {
        table.add_row([format!("because {name}"), count.to_string()]);
    }
    print_line(table)?;
    match stats.median_pass_ms {
        Some(ms) => print_line(format_args!("a pass takes {:.1} s (median)", ms / 1e3)),
        None => Ok(()),
    }
}

/// What networks said of the face.
fn looked(said: &Said) -> anyhow::Result<()> {
    if let Some(most) = said.same_most {
        print_line(format_args!("same face at most {most:.2} from the first"))?;
    }
    if let Some(expected) = said.expected {
        print_line(format_args!("expected  {expected:.2} from that face"))?;
    }
    match said.passive {
        Some(live) => print_line(format_args!("passive   {live:.2} that it is live")),
        None => Ok(()),
    }
}

/// What was added to a session's record, and where it stands in the chain.
fn signed(kept: &Kept) -> anyhow::Result<()> {
    let Some((seq, evidence)) = &kept.signed else {
        return print_line("entry     not signed");
    };
    let Some(evidence) = evidence else {
        return print_line(format_args!(
            "entry     {seq}, of an older log without signatures"
        ));
    };
    print_line(format_args!("entry     {seq}"))?;
    if let Some(nonce) = &evidence.nonce {
        // A caller's text may hold what a terminal obeys.
        print_line(format_args!("nonce     {}", nonce.escape_debug()))?;
    }
    if let Some(camera) = &evidence.camera {
        let kind = match evidence.virtual_camera {
            Some(true) => "  made of software",
            _ => "",
        };
        print_line(format_args!("camera    {}{kind}", camera.escape_debug()))?;
    }
    if let Some(until) = evidence.locked_until {
        print_line(format_args!("locked    until {until}"))?;
    }
    if let Some(still) = &evidence.still {
        print_line(format_args!("still     {}", plain(still)))?;
    }
    print_line(format_args!("binary    {}", plain(&evidence.program)))?;
    print_line(format_args!("settings  {}", plain(&evidence.config)))
}

fn started(r: &SessionRecord) -> String {
    r.started.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

fn verdict(r: &SessionRecord) -> String {
    let rehearsal = if r.rehearsal { " (rehearsal)" } else { "" };
    format!("{}{rehearsal}", plain(&r.verdict))
}

/// What was asked, with how it was answered, and what of the script was not asked any more: slow and
/// wrong answers add steps to it, an early end leaves some out.
fn steps(r: &SessionRecord) -> impl Iterator<Item = (Step, Option<&StepRecord>)> {
    let asked = r.steps.iter().map(|told| (told.step, Some(told)));
    let unasked = r.script.iter().skip(r.steps.len());
    asked.chain(unasked.map(|&step| (step, None)))
}

fn step_names(r: &SessionRecord) -> String {
    let names: Vec<_> = steps(r).map(|(step, _)| step.name()).collect();
    names.join(", ")
}
