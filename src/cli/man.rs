//! `liveness man`: the manual pages.
use std::{fs, path::PathBuf};

use anyhow::Context as _;
use clap::{Args, Command};

use super::{
    exit::Exit,
    out::{self, print_text},
};

/// Print the manual page, or write one a command.
#[derive(Args, Debug)]
pub struct Man {
    /// Write liveness.1 and a page a command into DIR instead.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl Man {
    pub fn run(&self, command: Command) -> anyhow::Result<Exit> {
        let Some(folder) = &self.out else {
            let mut page = vec![];
            clap_mangen::Man::new(command).render(&mut page)?;
            print_text(&page)?;
            return Ok(Exit::Done);
        };
        fs::create_dir_all(folder)
            .and_then(|()| clap_mangen::generate_to(command, folder))
            .with_context(|| format!("cannot write manual pages to {}", folder.display()))?;
        out::say(format_args!("manual pages written to {}", folder.display()));
        Ok(Exit::Done)
    }
}
