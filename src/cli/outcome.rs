//! How a session ended: said, kept, and turned into an exit code.
use std::path::Path;

use anyhow::Context as _;
use liveness::{
    challenge::{Reason, Verdict},
    record::SessionRecord,
    session::Tape,
    store::Sealed,
};
use serde::Serialize;

use super::{exit::Exit, out::print_line};

/// The last line of `challenge --json`.
#[derive(Serialize)]
pub struct ResultLine<'a> {
    r#type: &'static str,
    #[serde(flatten)]
    record: &'a SessionRecord,
}

impl<'a> From<&'a SessionRecord> for ResultLine<'a> {
    fn from(record: &'a SessionRecord) -> Self {
        let r#type = "result";
        Self { r#type, record }
    }
}

/// Says how a session ended, in the words that are in the log.
pub fn report(record: &SessionRecord, sealed: &Sealed, json: bool) -> anyhow::Result<()> {
    if json {
        // The line that is in the log, to the letter, and one field more: whoever keeps it can prove later
        // what was logged.
        let line = sealed.text().trim_start_matches('{');
        return print_line(format_args!("{{\"type\":\"result\",{line}"));
    }
    let verdict = &record.verdict;
    match record.reason {
        None => print_line(verdict),
        Some(reason) => print_line(format_args!("{verdict}: {reason}")),
    }
}

/// Writes a session's tape into a folder, under the session's name.
pub fn keep(folder: &Path, session: &str, tape: &Tape) -> anyhow::Result<()> {
    let path = folder.join(session).with_extension("jsonl");
    (tape.save(&path))
        .with_context(|| format!("the session's tape was not written to {}", path.display()))
}

/// The exit code of a verdict.
pub fn exit_of(verdict: Verdict) -> Exit {
    match verdict {
        Verdict::Passed => Exit::Done,
        Verdict::Failed(_) => Exit::Failed,
        Verdict::Inconclusive(
            Reason::SourceFailed | Reason::FrozenPicture | Reason::VirtualCamera,
        ) => Exit::Source,
        Verdict::Inconclusive(_) => Exit::Nobody,
        Verdict::Cancelled => Exit::Cancelled,
    }
}
