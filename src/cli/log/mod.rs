//! `liveness log`: what was logged, and whether it is what was logged.
mod change;
mod export;
mod show;
mod verify;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use liveness::store::{self, PublicKey};

use super::{exit::Exit, out::say, proof::log_to_read, span::Span};
use export::{Format, Since};

/// Damaged entries that are named one by one.
const WARNINGS: usize = 10;

/// List, show, count, check, export and purge results.
#[derive(Args, Debug)]
pub struct Log {
    #[command(subcommand)]
    what: What,
    /// Read this log [default: $XDG_STATE_HOME/liveness/sessions.db].
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
    /// Find every record that was changed, removed, moved, inserted or doubled. Exit code 0: there is
    /// none; 5: there is, and it is named.
    Verify {
        /// Believe this key, which signed the log at some time, as `liveness key show` printed it. Whoever
        /// replaced the log and this machine's key together is found in no other way [default: this machine's].
        #[arg(long, value_name = "PUB")]
        key: Option<PublicKey>,
        /// Look for these results too: the last lines of `challenge --json`, kept elsewhere. A log that was put
        /// back, cut or written anew by somebody who has the key does not hold them. Those purged since are
        /// passed over.
        #[arg(long, value_name = "FILE")]
        results: Option<PathBuf>,
    },
    /// Print sessions: whole and signed as lines of JSON, or the main fields as CSV.
    Export {
        /// Only sessions that began at WHEN or later: 2026-11-24, 2026-11-24T08:00:00Z, or 7d for the last
        /// seven days.
        #[arg(long, value_name = "WHEN")]
        since: Option<Since>,
        /// As jsonl or csv.
        #[arg(long, value_name = "AS", default_value = "jsonl")]
        format: Format,
    },
    /// Delete old sessions. A signed entry that says how many stays, so that the log still verifies.
    Purge {
        /// Delete what began longer ago than TIME: 30d, 12h.
        #[arg(long, value_name = "TIME")]
        older_than: Span,
    },
}

impl Log {
    pub fn run(&self) -> anyhow::Result<Exit> {
        let path = log_to_read(self.log.as_ref())?;
        match &self.what {
            What::Verify { key, results } => {
                return verify::run(&path, key.as_ref(), results.as_deref(), self.json);
            }
            What::Purge { older_than } => return change::purge(&path, *older_than, self.json),
            _ => {}
        }
        let contents = store::read(&path)?;
        for (place, trouble) in contents.damaged.iter().take(WARNINGS) {
            say(format_args!(
                "warning: {}: {place} is damaged and was skipped: {trouble}",
                path.display()
            ));
        }
        if contents.damaged.len() > WARNINGS {
            let more = contents.damaged.len() - WARNINGS;
            say(format_args!("warning: so are {more} more"));
        }
        let sessions = &contents.sessions;
        match &self.what {
            What::List { last } => show::list(sessions, *last, self.json),
            What::Show { id } => show::show(sessions, id, self.json),
            What::Export { since, format } => export::run(sessions, *since, *format),
            _ => show::stats(&contents, self.json),
        }?;
        Ok(if contents.damaged.is_empty() {
            Exit::Done
        } else {
            Exit::Integrity
        })
    }
}
