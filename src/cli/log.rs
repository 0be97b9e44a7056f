//! `liveness log`: list, show and summarise results.
use std::{collections::BTreeMap, path::PathBuf};

use anyhow::bail;
use clap::{Args, Subcommand};
use comfy_table::{Table, presets::UTF8_HORIZONTAL_ONLY};
use liveness::{
    median::median_by,
    record::{self, Contents, SessionRecord, StepRecord},
    step::Step,
};
use serde::Serialize;

use super::{
    ask::log_path,
    exit::Exit,
    out::{print_json, print_line, say},
};

/// Damaged lines that are named one by one.
const WARNINGS: usize = 10;

/// List, show and summarise results.
#[derive(Args, Debug)]
pub struct Log {
    #[command(subcommand)]
    what: What,
    /// Read this log [default: $XDG_STATE_HOME/liveness/sessions.jsonl].
    #[arg(long, global = true, value_name = "PATH")]
    log: Option<PathBuf>,
    /// Print JSON, one object a line.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand, Debug)]
enum What {
    /// List sessions, oldest first.
    List {
        /// Only the last N.
        #[arg(long, value_name = "N")]
        last: Option<usize>,
    },
    /// Show one session.
    Show {
        /// Its name, or as much of its beginning as tells it from the others.
        id: String,
    },
    /// Count sessions by verdict and reason.
    Stats,
}

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

impl Log {
    pub fn run(&self) -> anyhow::Result<Exit> {
        let path = log_path(self.log.as_ref())?;
        let contents = record::read(&path)?;
        for (line, trouble) in contents.damaged.iter().take(WARNINGS) {
            say(format_args!(
                "warning: {}: line {line} is damaged and was skipped: {trouble}",
                path.display()
            ));
        }
        if contents.damaged.len() > WARNINGS {
            let more = contents.damaged.len() - WARNINGS;
            say(format_args!("warning: so are {more} more lines"));
        }
        match &self.what {
            What::List { last } => self.list(&contents.records, *last),
            What::Show { id } => self.show(&contents.records, id),
            What::Stats => self.stats(&contents),
        }?;
        Ok(if contents.damaged.is_empty() {
            Exit::Done
        } else {
            Exit::Integrity
        })
    }

    fn list(&self, records: &[SessionRecord], last: Option<usize>) -> anyhow::Result<()> {
        let skip = last.map_or(0, |last| records.len().saturating_sub(last));
        let mut records = records.iter().skip(skip);
        if self.json {
            return records.try_for_each(print_json);
        }
        let mut table = Table::new();
        table.load_style(UTF8_HORIZONTAL_ONLY);
        table.set_header([
            "started", "session", "verdict", "reason", "steps", "seconds", "source",
        ]);
        for r in records {
            table.add_row([
                started(r),
                r.session.clone(),
                verdict(r),
                r.reason.map_or("", |reason| reason.name()).to_owned(),
                step_names(r),
                format!("{:.1}", r.duration_ms / 1e3),
                r.source.clone(),
            ]);
        }
        print_line(table)
    }

    fn show(&self, records: &[SessionRecord], id: &str) -> anyhow::Result<()> {
        if id.is_empty() {
            bail!("name a session; `liveness log list` shows their names");
        }
        let mut found: Vec<_> = records
            .iter()
            .filter(|r| r.session.starts_with(id))
            .collect();
        // The whole name tells it; a log that was copied together may hold it twice.
        if let Some(whole) = found.iter().find(|r| r.session == id) {
            found = vec![*whole];
        }
        let record = match found.as_slice() {
            [record] => *record,
            [] => bail!("no session is called {id}; `liveness log list` shows their names"),
            many => bail!(
                "{} sessions begin with {id}; write more of the name",
                many.len()
            ),
        };
        if self.json {
            return print_json(record);
        }
        print_line(format_args!("session   {}", record.session))?;
        print_line(format_args!("started   {}", started(record)))?;
        print_line(format_args!("verdict   {}", verdict(record)))?;
        if let Some(reason) = record.reason {
            print_line(format_args!("reason    {reason}"))?;
        }
        print_line(format_args!("took      {:.1} s", record.duration_ms / 1e3))?;
        print_line(format_args!("source    {}", record.source))?;
        let f = record.frames;
        print_line(format_args!(
            "frames    {} looked at, {} dropped",
            f.analysed, f.dropped
        ))?;
        print_line(format_args!("program   {}", record.app))?;
        print_line(format_args!("networks  {}", record.models))?;
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

    fn stats(&self, contents: &Contents) -> anyhow::Result<()> {
        let records = &contents.records;
        let mut stats = Stats {
            r#type: "stats",
            sessions: records.len(),
            rehearsals: records.iter().filter(|r| r.rehearsal).count(),
            verdicts: BTreeMap::new(),
            reasons: BTreeMap::new(),
            median_pass_ms: None,
            damaged_lines: contents.damaged.len(),
        };
        let mut passed = vec![];
        for r in records {
            *stats.verdicts.entry(r.verdict.clone()).or_default() += 1;
            if let Some(reason) = r.reason {
                *stats.reasons.entry(reason.name()).or_default() += 1;
            }
            if r.verdict == "passed" {
                passed.push(r.duration_ms);
            }
        }
        stats.median_pass_ms = median_by(passed, f64::total_cmp);
        if self.json {
            return print_json(&stats);
        }
        let mut table = Table::new();
        table.load_style(UTF8_HORIZONTAL_ONLY);
        table.set_header(["", "sessions"]);
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
}

fn started(r: &SessionRecord) -> String {
    r.started.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

fn verdict(r: &SessionRecord) -> String {
    let rehearsal = if r.rehearsal { " (rehearsal)" } else { "" };
    format!("{}{rehearsal}", r.verdict)
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
