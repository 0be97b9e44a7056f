//! `liveness log verify`: is the log the one that was written?
use std::{fs, path::Path};

use anyhow::Context as _;
use liveness::store::{self, Finding, Key, PublicKey, Report, Sealed, Standing, key_path};
use serde::Serialize;

use crate::cli::{
    exit::Exit,
    out::{count, print_json, print_line},
};

/// One thing that is wrong, as `--json` prints it.
#[derive(Serialize)]
struct FindingLine<'a> {
    r#type: &'static str,
    place: &'a str,
    trouble: &'a str,
}

/// The last line of `log verify --json`.
#[derive(Serialize)]
struct VerifyLine<'a> {
    r#type: &'static str,
    sound: bool,
    entries: u64,
    sessions: u64,
    unsigned: u64,
    purged: u64,
    unfinished: bool,
    findings: usize,
    /// How many kept results were looked for; `null` without --results.
    results: Option<usize>,
    log: Option<&'a str>,
    key: Option<PublicKey>,
    /// Whether this machine's own key was believed, which whoever replaced the log may have replaced too.
    own_key: bool,
    /// Whether another key signs by now, as far as this machine's own key tells.
    outdated: bool,
    last: Option<u64>,
    hash: Option<&'a str>,
}

pub fn run(
    path: &Path,
    key: Option<&PublicKey>,
    results: Option<&Path>,
    json: bool,
) -> anyhow::Result<Exit> {
    let own = match key {
        Some(_) => None,
        None => Some(
            Key::read(&key_path(path))
                .context("without --key PUB this machine's own key is needed")?,
        ),
    };
    let mut wanted = None;
    let mut report = match (&own, key) {
        (Some(own), _) => store::verify_own(path, own)?,
        (None, key) => store::verify(path, key.map(std::slice::from_ref).unwrap_or_default())?,
    };
    if let Some(file) = results {
        let text = fs::read_to_string(file)
            .with_context(|| format!("cannot read the results in {}", file.display()))?;
        let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.is_empty());
        wanted = Some(lines.clone().count());
        let found: Vec<_> = lines
            .filter_map(|(n, line)| {
                let place = format!("{}, line {n}", file.display());
                strange(&report, line).map(|trouble| Finding { place, trouble })
            })
            .collect();
        report.findings.extend(found);
    }
    if json {
        print_report(&report, own.as_ref(), wanted)?;
    } else {
        say_report(&report, path)?;
        if report.is_sound() {
            if let Some(wanted) = wanted {
                let results = count(wanted, "result", "results");
                print_line(format_args!(
                    "{results} looked for, each in it or purged since"
                ))?;
            }
            say_key(&report, key, own.as_ref())?;
        }
    }
    Ok(if report.is_sound() {
        Exit::Done
    } else {
        Exit::Integrity
    })
}

/// What is wrong with a result that somebody has kept, if something is.
fn strange(report: &Report, line: &str) -> Option<String> {
    // The field that the log does not have.
    let line = line.replacen("\"type\":\"result\",", "", 1);
    let sealed = match Sealed::read(line.as_bytes()) {
        Ok(sealed) => sealed,
        Err(why) => return Some(format!("it is no result that was signed: {why}")),
    };
    if !sealed.is_signed() {
        return Some("it was changed: its signature does not fit".to_owned());
    }
    match report.standing(&sealed) {
        Standing::There | Standing::Purged => None,
        Standing::Missing => Some("it is not in the log".to_owned()),
    }
}

fn print_report(report: &Report, own: Option<&Key>, results: Option<usize>) -> anyhow::Result<()> {
    for finding in &report.findings {
        print_json(&FindingLine {
            r#type: "finding",
            place: &finding.place,
            trouble: &finding.trouble,
        })?;
    }
    print_json(&VerifyLine {
        r#type: "verify",
        sound: report.is_sound(),
        entries: report.entries,
        sessions: report.sessions,
        unsigned: report.unsigned,
        purged: report.purged,
        unfinished: report.unfinished,
        findings: report.findings.len(),
        results,
        log: report.log.as_deref(),
        key: report.key,
        own_key: own.is_some(),
        outdated: own.is_some_and(|own| report.key.is_some_and(|key| key != own.public())),
        last: report.last.as_ref().map(|(seq, _)| *seq),
        hash: report.last.as_ref().map(|(_, hash)| hash.as_str()),
    })
}

fn say_report(report: &Report, path: &Path) -> anyhow::Result<()> {
    for finding in &report.findings {
        print_line(format_args!("{}: {}", finding.place, finding.trouble))?;
    }
    if !report.is_sound() {
        let things = count(report.findings.len(), "thing is", "things are");
        return print_line(format_args!("{}: {things} not as written", path.display()));
    }
    print_line(format_args!(
        "{}, {}: each as it was written, none missing",
        count(report.entries, "entry", "entries"),
        count(report.sessions, "session", "sessions")
    ))?;
    if report.purged > 0 {
        print_line(format_args!(
            "{} purged for age",
            count(report.purged, "entry was", "entries were")
        ))?;
    }
    if report.unfinished {
        print_line("one more was never finished, nor acknowledged: its writer was killed")?;
    }
    if report.unsigned > 0 {
        print_line(format_args!(
            "{} lines are from before there were signatures: unchanged since the first entry, no more is known",
            report.unsigned
        ))?;
    }
    if let Some((seq, hash)) = &report.last {
        print_line(format_args!("last      {seq}  {hash}"))?;
    }
    match &report.log {
        Some(log) => print_line(format_args!("log       {log}")),
        None => Ok(()),
    }
}

/// Which key a log was checked against, and what that leaves open.
fn say_key(report: &Report, given: Option<&PublicKey>, own: Option<&Key>) -> anyhow::Result<()> {
    if let Some(last) = &report.key {
        print_line(format_args!("key       {last}"))?;
        if own.is_some_and(|own| own.public() != *last) {
            print_line(
                "          this is not the one that signs now: nothing was logged here since it was rotated, what lies in its place is an old copy, or somebody who has the old key wrote this log",
            )?;
        }
        if given.is_some_and(|given| given != last) {
            print_line("          the key that you gave has handed over to it")?;
        }
    }
    match own {
        Some(own) => print_line(format_args!(
            "checked against this machine's own key, {}: whoever replaced log and key is found only with --key PUB",
            own.path().display()
        )),
        None => Ok(()),
    }
}
