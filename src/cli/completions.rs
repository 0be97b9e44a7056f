//! `liveness completions`: lets a shell complete our commands and flags.
use clap::{Args, Command};
use clap_complete::Shell;

use super::{exit::Exit, out::print_text};

/// Print a script that lets a shell complete our commands and flags.
#[derive(Args, Debug)]
pub struct Completions {
    /// Write it for this shell.
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

impl Completions {
    pub fn run(&self, mut command: Command) -> anyhow::Result<Exit> {
        let mut script = vec![];
        clap_complete::generate(self.shell, &mut command, "liveness", &mut script);
        print_text(&script)?;
        Ok(Exit::Done)
    }
}
