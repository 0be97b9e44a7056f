//! Command line: one file a subcommand.
mod analyze;
mod ask;
mod bench;
mod cameras;
mod challenge;
mod compare;
mod completions;
mod config;
mod detect;
mod doctor;
mod due;
mod enroll;
mod exit;
mod feed;
mod forget;
mod guard;
mod input;
mod key;
mod log;
mod looker;
mod man;
mod out;
mod outcome;
mod padtest;
mod people;
mod plot;
mod png;
mod preview;
mod proof;
mod replay;
mod sessions;
mod soak;
mod span;
mod stage;
mod still;
mod stop;
mod table;

use std::{ffi::OsString, path::PathBuf};

use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use exit::Exit;

/// Checks, offline, that a real and present person stands before a webcam.
///
/// The environment variable LIVENESS_ISA (portable, avx2 or avx512) holds the networks to what an older processor
/// can do; what is found is the same but for rounding.
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
    /// Read settings from a TOML file, under the flags' own names: at the top for every command
    /// that has the flag, under [COMMAND] for one. Flags that are typed win.
    #[arg(long, global = true, value_name = "FILE.toml")]
    config: Option<PathBuf>,
    /// Use the networks in DIR instead of those built in (same file names; see models/README.md).
    #[arg(long, global = true, value_name = "DIR")]
    models: Option<PathBuf>,
    /// Say more on standard error: -v warnings and news, -vv steps, -vvv every frame.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
    /// sha256 of all flags and settings.
    #[arg(skip)]
    settings: String,
}

// Each is described where it is: a comment here would hide the longer one there.
#[derive(Subcommand)]
enum Command {
    Challenge(challenge::Challenge),
    Preview(preview::Preview),
    Demo(challenge::Demo),
    Log(log::Log),
    Key(key::Key),
    Replay(replay::Replay),
    Analyze(analyze::Analyze),
    Compare(compare::Compare),
    Enroll(enroll::Enroll),
    Forget(forget::Forget),
    Cameras(cameras::Cameras),
    Doctor(doctor::Doctor),
    Completions(completions::Completions),
    Detect(detect::Detect),
    Padtest(padtest::Padtest),
    Soak(soak::Soak),
    Man(man::Man),
}

/// Runs the program on its arguments, the first of which is its own name.
pub fn run(args: Vec<OsString>) -> Exit {
    let command = Cli::command();
    let configured = match config::configure(args, &command) {
        Ok(configured) => configured,
        Err(error) => return fail(&error, Exit::Usage),
    };
    let parsed = (command.clone().try_get_matches_from(&configured.args))
        .and_then(|matches| Cli::from_arg_matches(&matches));
    let mut cli = match parsed {
        Ok(cli) => cli,
        Err(error) => return show(&error, &configured, &command),
    };
    start_log(cli.common.verbose);
    cli.common.settings = proof::settings(&configured.args);
    let done = match cli.command {
        Command::Challenge(challenge) => challenge.run(&cli.common),
        Command::Preview(preview) => preview.run(&cli.common),
        Command::Demo(demo) => demo.run(&cli.common),
        Command::Log(log) => out::until_closed(log.run()),
        Command::Key(key) => out::until_closed(key.run()),
        Command::Replay(replay) => out::until_closed(replay.run()),
        Command::Analyze(analyze) => out::until_closed(analyze.run(&cli.common)),
        Command::Doctor(doctor) => out::until_closed(doctor.run(&cli.common)),
        Command::Cameras(cameras) => out::until_closed(cameras.run()),
        // Its exit code decides: a caller who has left does not hear "the same".
        Command::Compare(compare) => compare.run(&cli.common),
        Command::Enroll(enroll) => enroll.run(&cli.common),
        Command::Forget(forget) => forget.run(&cli.common),
        Command::Completions(completions) => out::until_closed(completions.run(Cli::command())),
        Command::Detect(detect) => out::until_closed(detect.run(&cli.common)),
        Command::Padtest(padtest) => out::until_closed(padtest.run(&cli.common)),
        // Its exit code decides, too.
        Command::Soak(soak) => soak.run(&cli.common),
        Command::Man(man) => out::until_closed(man.run(Cli::command())),
    };
    done.unwrap_or_else(|error| fail(&error, exit::of(&error)))
}

/// Says why the program ends.
fn fail(error: &anyhow::Error, exit: Exit) -> Exit {
    out::say(format_args!("error: {}", out::explain(error)));
    exit
}

/// Prints what clap has to say: help on stdout, errors on stderr.
fn show(error: &clap::Error, configured: &config::Configured, command: &clap::Command) -> Exit {
    // Nothing is left to do when even this cannot be written.
    let _ = error.print();
    if !error.use_stderr() {
        return Exit::Done;
    }
    if let Some(file) = &configured.file
        && config::is_to_blame(configured, command)
    {
        let added = configured.added.join(" ".as_ref());
        let (file, added) = (file.display(), added.display());
        out::say(format_args!("note: {file} adds {added}"));
    }
    Exit::Usage
}

fn start_log(verbose: u8) {
    let level = match verbose {
        0 => ::log::LevelFilter::Warn,
        1 => ::log::LevelFilter::Info,
        2 => ::log::LevelFilter::Debug,
        _ => ::log::LevelFilter::Trace,
    };
    env_logger::Builder::new()
        .filter_level(::log::LevelFilter::Warn)
        // It warns of every straight line.
        .filter_module("tiny_skia", ::log::LevelFilter::Off)
        .filter_module("liveness", level)
        .format_timestamp(None)
        .format_target(false)
        .init();
}
