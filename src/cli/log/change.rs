//! `liveness log purge`: old sessions go, and the log says so.
use std::path::Path;

use anyhow::{Context as _, ensure};
use liveness::{
    record,
    store::{self, Log, key_path},
};
use serde::Serialize;

use crate::cli::{
    exit::Exit,
    out::{count, print_json, print_line, say},
    span::Span,
};

/// The line of `log purge --json`.
#[derive(Serialize)]
struct PurgeLine {
    r#type: &'static str,
    sessions: u64,
    kept: u64,
    lingers: bool,
}

pub fn purge(path: &Path, older_than: Span, json: bool) -> anyhow::Result<Exit> {
    ensure!(
        store::is_there(path),
        "log {}: nothing has been logged there yet, or name another with --log PATH",
        path.display()
    );
    let before = record::wall_time()
        .checked_sub(older_than.0)
        .context("so long ago there was no clock")?;
    let purged = Log::open(path, &key_path(path))?.purge(before)?;
    if purged.kept > 0 {
        say(format_args!(
            "note: {} from before there were signatures left: they go together when the last of them is old enough",
            count(purged.kept, "session", "sessions")
        ));
    }
    if json {
        print_json(&PurgeLine {
            r#type: "purge",
            sessions: purged.sessions,
            kept: purged.kept,
            lingers: purged.lingers,
        })?;
    } else {
        let sessions = count(purged.sessions, "session", "sessions");
        print_line(format_args!("{sessions} deleted"))?;
    }
    if purged.lingers {
        say(format_args!(
            "error: what was deleted is still on the disk, in {}-wal: another program reads an older state of the log; end it, and purge again",
            path.display()
        ));
        return Ok(Exit::Usage);
    }
    Ok(Exit::Done)
}
