//! `liveness log verify`: is the log the one that was written?
use std::{fs, path::Path};

use anyhow::Context as _;
use liveness::store::{self, Finding, Key, PublicKey, Report, Sealed, Standing, key_path};
use serde::Serialize;

use crate::cli::{
    exit::Exit,
    out::{print_json, print_line},
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
    key: Option<PublicKey>,
    last: Option<u64>,
    hash: Option<&'a str>,
}

pub fn run(
    path: &Path,
    key: Option<&PublicKey>,
    results: Option<&Path>,
    json: bool,
) -> anyhow::Result<Exit> {
    let keys = match key {
        Some(key) => vec![*key],
        None => Key::read(&key_path(path))
            .context("without --key PUB this machine's own key is needed")?
            .line(),
    };
    let mut report = store::verify(path, &keys)?;
    if let Some(file) = results {
        let text = fs::read_to_string(file)
            .with_context(|| format!("cannot read the results in {}", file.display()))?;
        let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.is_empty());
        let found: Vec<_> = lines
            .filter_map(|(n, line)| {
                let place = format!("{}, line {n}", file.display());
                strange(&report, line).map(|trouble| Finding { place, trouble })
            })
            .collect();
        report.findings.extend(found);
    }
    if json {
        print_report(&report)?;
    } else {
        say_report(&report, path)?;
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

fn print_report(report: &Report) -> anyhow::Result<()> {
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
        key: report.key,
        last: report.last.as_ref().map(|(seq, _)| *seq),
        hash: report.last.as_ref().map(|(_, hash)| hash.as_str()),
    })
}

fn say_report(report: &Report, path: &Path) -> anyhow::Result<()> {
    for finding in &report.findings {
        print_line(format_args!("{}: {}", finding.place, finding.trouble))?;
    }
    if !report.is_sound() {
        let n = report.findings.len();
        let things = if n == 1 { "thing is" } else { "things are" };
        return print_line(format_args!(
            "{}: {n} {things} not as they were written",
            path.display()
        ));
    }
    print_line(format_args!(
        "{} entries, {} sessions: each as it was written, none missing",
        report.entries, report.sessions
    ))?;
    if report.purged > 0 {
        print_line(format_args!(
            "{} entries were purged for their age",
            report.purged
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
    match &report.key {
        Some(key) => print_line(format_args!("key       {key}")),
        None => Ok(()),
    }
}
