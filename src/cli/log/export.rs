//! `liveness log export`: sessions for other programs.
use std::{borrow::Cow, str::FromStr};

use clap::ValueEnum;
use liveness::{
    record::{WallTime, wall_time},
    store::Kept,
};

use crate::cli::{out::print_line, span::Span};

/// The fields of a line of CSV.
const FIELDS: [&str; 16] = [
    "entry",
    "session",
    "started",
    "verdict",
    "reason",
    "rehearsal",
    "duration_ms",
    "source",
    "camera",
    "virtual_camera",
    "nonce",
    "script",
    "wrong",
    "app",
    "models",
    "program",
];

/// How sessions are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Jsonl,
    Csv,
}

/// From when on.
#[derive(Clone, Copy, Debug)]
pub struct Since(WallTime);

impl FromStr for Since {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(Span(back)) = text.parse() {
            let then = wall_time().checked_sub(back).map_err(|e| e.to_string());
            return then.map(Self);
        }
        let moment = text
            .parse()
            .or_else(|_| format!("{text}T00:00:00Z").parse());
        moment.map(Self).map_err(|_| {
            format!("{text:?} is no moment; write 2026-11-24, 2026-11-24T08:00:00Z, or 7d")
        })
    }
}

pub fn run(sessions: &[Kept], since: Option<Since>, format: Format) -> anyhow::Result<()> {
    let late = |kept: &&Kept| since.is_none_or(|since| kept.record.started >= since.0);
    let mut wanted = sessions.iter().filter(late);
    match format {
        Format::Jsonl => wanted.try_for_each(|kept| print_line(&kept.text)),
        Format::Csv => {
            print_line(FIELDS.join(","))?;
            wanted.try_for_each(|kept| print_line(line(kept)))
        }
    }
}

fn line(kept: &Kept) -> String {
    let record = &kept.record;
    let entry = kept.signed.as_ref().map(|(seq, _)| seq.to_string());
    let evidence = kept
        .signed
        .as_ref()
        .and_then(|(_, evidence)| evidence.as_ref());
    let script: Vec<_> = record.script.iter().map(|step| step.name()).collect();
    let wrong: u32 = record.steps.iter().map(|step| step.strikes).sum();
    let text = |field: Option<&String>| field.cloned().unwrap_or_default();
    let fields: [String; FIELDS.len()] = [
        entry.unwrap_or_default(),
        record.session.clone(),
        record.started.to_string(),
        record.verdict.clone(),
        record.reason.map(|r| r.to_string()).unwrap_or_default(),
        record.rehearsal.to_string(),
        record.duration_ms.to_string(),
        record.source.clone(),
        text(evidence.and_then(|e| e.camera.as_ref())),
        evidence
            .and_then(|e| e.virtual_camera)
            .map(|v| v.to_string())
            .unwrap_or_default(),
        text(evidence.and_then(|e| e.nonce.as_ref())),
        script.join(" "),
        wrong.to_string(),
        record.app.clone(),
        record.models.clone(),
        text(evidence.map(|e| &e.program)),
    ];
    fields
        .iter()
        .map(|field| quoted(field))
        .collect::<Vec<_>>()
        .join(",")
}

/// A field as RFC 4180 wants it. One that a spreadsheet would take for a formula begins with an apostrophe.
fn quoted(field: &str) -> Cow<'_, str> {
    let formula = field.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if !formula && !field.contains([',', '"', '\n', '\r']) {
        return field.into();
    }
    let mark = if formula { "'" } else { "" };
    format!("\"{mark}{}\"", field.replace('"', "\"\"")).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_quoted_where_they_must_be() {
        assert_eq!(quoted("plain text"), "plain text");
        assert_eq!(quoted("a, \"b\""), "\"a, \"\"b\"\"\"");
        assert_eq!(quoted("=1+1"), "\"'=1+1\"");
    }

    #[test]
    fn moments_are_days_times_or_so_long_ago() {
        let since = |text: &str| text.parse::<Since>().map(|since| since.0);
        let day = since("2026-11-24").unwrap();
        assert_eq!(Ok(day), since("2026-11-24T00:00:00Z"));
        assert!(since("7d").unwrap() < wall_time());
        assert!(since("yesterday").unwrap_err().contains("7d"));
    }
}
