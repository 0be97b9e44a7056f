//! `liveness replay`: decides recorded sessions again, from their samples alone.
use std::{
    fs::File,
    io::BufReader,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use clap::Args;
use liveness::session::Tape;

use super::{
    exit::Exit,
    out::{print_json, print_line, say},
    outcome::ResultLine,
};

/// Decide recorded sessions again, from what was read from their frames: no picture, no network.
///
/// `challenge --tape DIR` and `padtest --keep DIR` write such files. Exit code 0: every session came out as
/// it did then; 5: one did not, or its file is damaged.
#[derive(Args, Debug)]
pub struct Replay {
    /// Replay these.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Print the lines of `challenge --json` once more.
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
                Err(error) if error.is::<super::out::Closed>() => return Err(error),
                Err(error) => {
                    say(format_args!("error: {error:#}"));
                    exit = Exit::Integrity;
                }
            }
        }
        Ok(exit)
    }

    /// Whether the session came out as it did then.
    fn replay(&self, file: &Path) -> anyhow::Result<bool> {
        let name = file.display();
        let opened = File::open(file).with_context(|| format!("cannot read {name}"))?;
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
