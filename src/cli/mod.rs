//! Command line: one file a subcommand.
#![allow(clippy::print_stdout, reason = "standard output is this module's job")]
mod analyze;
mod detect;
mod exit;
mod input;

use std::{ffi::OsString, path::PathBuf};

use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use serde::Serialize;

use exit::Exit;

/// Checks, offline, that a real and present person stands before a webcam.
#[derive(Parser)]
#[command(version, args_override_self = true, disable_help_subcommand = true)]
struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

/// Flags of every command.
#[derive(Args, Clone, Debug)]
pub struct Common {
    /// Read defaults from a TOML file: the flags' own names, at the top for every command or
    /// under [COMMAND] for one.
    #[arg(long, global = true, value_name = "FILE.toml")]
    config: Option<PathBuf>,
    /// Use the networks in DIR instead of those built in (same file names; see models/README.md).
    #[arg(long, global = true, value_name = "DIR")]
    models: Option<PathBuf>,
    /// Say more on standard error: -v warnings and news, -vv steps, -vvv every frame.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
}

#[derive(Subcommand)]
enum Command {
    /// Print the signals and gestures of a recording.
    Analyze(analyze::Analyze),
    /// Find faces in pictures.
    Detect(detect::Detect),
}

/// Runs the program on its arguments, the first of which is its own name.
pub fn run(args: Vec<OsString>) -> Exit {
    let command = Cli::command();
    let matches = match command.try_get_matches_from(args) {
        Ok(matches) => matches,
        Err(error) => return show(&error),
    };
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => return show(&error),
    };
    start_log(cli.common.verbose);
    let done = match cli.command {
        Command::Analyze(analyze) => analyze.run(&cli.common),
        Command::Detect(detect) => detect.run(&cli.common),
    };
    done.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        exit::of(&error)
    })
}

/// Prints what clap has to say: help on stdout, errors on stderr.
fn show(error: &clap::Error) -> Exit {
    // Nothing is left to do when even this cannot be written.
    let _ = error.print();
    if error.use_stderr() {
        Exit::Usage
    } else {
        Exit::Done
    }
}

fn start_log(verbose: u8) {
    let level = match verbose {
        0 => log::LevelFilter::Warn,
        1 => log::LevelFilter::Info,
        2 => log::LevelFilter::Debug,
        _ => log::LevelFilter::Trace,
    };
    env_logger::Builder::new()
        .filter_level(log::LevelFilter::Warn)
        .filter_module("liveness", level)
        .format_timestamp(None)
        .format_target(false)
        .init();
}

/// Prints one object as one line of JSON.
fn print_json(value: &impl Serialize) -> anyhow::Result<()> {
    println!("{}", serde_json::to_string(value)?);
    Ok(())
}
