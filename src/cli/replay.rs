//! `liveness replay`: decides recorded sessions again, from their samples alone.
use std::{
    fs::File,
    io::BufReader,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use clap::Args;
use liveness::{error::Error, session::Tape};

use super::{
    exit::{self, Exit},
    out::{Closed, explain, print_json, print_line, say},
    outcome::ResultLine,
};

/// Decide recorded sessions again, from what was read from their frames: no picture, no network.
///
/// `challenge --tape DIR` and `padtest --keep DIR` write such files. Exit code 0: every session came out as
/// it did then; 4: a file cannot be read; 5: one did not, or its file is damaged.
#[derive(Args, Debug)]
pub struct Replay {
    /// Replay these.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Print what `challenge --json` printed, without what the log adds to its last line (signature, place in
    /// the chain, clock).
    #[arg(long)]
    json: bool,
}

impl Replay {
    pub fn run(&self) -> anyhow::Result<Exit> {
        let mut exit = Exit::Done;
        for file in &self.files {
            match self.replay(file) {
                Ok(true) => {}
                Ok(false) => exit = Exit::Integrity,
                Err(error) if error.is::<Closed>() => return Err(error),
                Err(error) => {
                    say(format_args!("error: {}", explain(&error)));
                    exit = match (exit::of(&error), exit) {
                        (Exit::Source, Exit::Done) => Exit::Source,
                        (Exit::Source, worse) => worse,
                        _ => Exit::Integrity,
                    };
                }
            }
        }
        Ok(exit)
    }

    /// Whether the session came out as it did then.
    fn replay(&self, file: &Path) -> anyhow::Result<bool> {
        let name = file.display();
        let opened = File::open(file).map_err(|why| Error::source(&name, why))?;
        let tape = Tape::read(BufReader::new(opened)).with_context(|| format!("{name}"))?;
        let replay = tape.play();
        if self.json {
            replay.events.iter().try_for_each(print_json)?;
        }
        let Some(record) = &replay.record else {
            anyhow::bail!("{name} breaks off before the session's end");
        };
        if self.json {
            print_json(&ResultLine::from(record))?;
        } else {
            let reason = record.reason.map(|reason| format!(": {reason}"));
            let verdict = &record.verdict;
            print_line(format_args!(
                "{name}  {verdict}{}",
                reason.unwrap_or_default()
            ))?;
        }
        let same = tape.result() == Some(record);
        if !same {
            let then = tape.result().map_or("nothing", |then| &then.verdict);
            say(format_args!(
                "{name}: it came to something else then ({then}), or to the same in another way"
            ));
        }
        Ok(same)
    }
}
