//! `--config FILE.toml`: settings under the flags' own names.
//!
//! Settings become arguments, put right behind the command's name, so that every flag has one
//! meaning and one check. A flag that is typed beats a setting; a setting under `[command]` beats
//! one at the top, which counts for every command that has such a flag.
mod settings;
#[cfg(test)]
mod tests;

use std::{
    ffi::{OsStr, OsString},
    fs,
    path::PathBuf,
};

use anyhow::Context as _;
use clap::{Arg, Command};

use settings::Settings;

/// Arguments as they were typed, and what the file adds to them.
#[derive(Debug, Default)]
pub struct Configured {
    /// All arguments, the program's name first.
    pub args: Vec<OsString>,
    /// Those of them that come from the file.
    pub added: Vec<OsString>,
    /// The file, where one was named.
    pub file: Option<PathBuf>,
}

/// Adds the settings of the file that `args` name, if they name one, to `args`.
///
/// # Errors
///
/// The file cannot be read, or holds something that is not a setting of some command.
pub fn configure(args: Vec<OsString>, root: &Command) -> anyhow::Result<Configured> {
    let Some(file) = file_of(&args) else {
        let args = Configured {
            args,
            ..Configured::default()
        };
        return Ok(args);
    };
    let text = fs::read_to_string(&file)
        .with_context(|| format!("cannot read the configuration {}", file.display()))?;
    let path = path_of(&args, root);
    let added = Settings::read(&file, &text, root)?.arguments(&path, &args)?;
    let mut all = args;
    // Without a command clap says what is missing; there is no place for settings then.
    if let Some(last) = path.last() {
        all.splice(last.place + 1..last.place + 1, added.iter().cloned());
    }
    Ok(Configured {
        args: all,
        added,
        file: Some(file),
    })
}

/// The arguments in which flags may stand: those before `--`.
fn flags(args: &[OsString]) -> impl Iterator<Item = &OsString> {
    args.iter().skip(1).take_while(|arg| *arg != "--")
}

fn file_of(args: &[OsString]) -> Option<PathBuf> {
    let mut found = None;
    let mut flags = flags(args);
    while let Some(arg) = flags.next() {
        if arg == "--config" {
            found = flags.next().map(PathBuf::from);
        } else if let Some(file) = arg.to_str().and_then(|a| a.strip_prefix("--config=")) {
            found = Some(file.into());
        }
    }
    found
}

/// A command on the way from the program to the one that runs, and where its name stands.
struct Named<'a> {
    command: &'a Command,
    place: usize,
}

/// The commands that `args` name, outer first: `log`, then `list`.
fn path_of<'a>(args: &[OsString], root: &'a Command) -> Vec<Named<'a>> {
    let mut path = vec![];
    let mut inner = root;
    let mut is_value = false;
    for (place, arg) in (1..).zip(flags(args)) {
        let text = arg.to_string_lossy();
        if is_value {
            is_value = false;
        } else if let Some(flag) = text.strip_prefix('-').filter(|flag| !flag.is_empty()) {
            is_value = takes_next(flag, root, inner);
        } else if let Some(command) = inner.find_subcommand(arg) {
            path.push(Named { command, place });
            inner = command;
        } else {
            break;
        }
    }
    path
}

/// Whether the flag, written without its first hyphen, takes the next argument as its value.
fn takes_next(flag: &str, root: &Command, inner: &Command) -> bool {
    let mut known = inner.get_arguments().chain(root.get_arguments());
    let arg = match flag.strip_prefix('-') {
        Some(long) => known.find(|a| a.get_long() == Some(long)),
        None => known.find(|a| a.get_short().is_some_and(|c| flag == c.to_string())),
    };
    arg.is_some_and(|a| a.get_action().takes_values())
}

/// Whether a person typed this flag.
fn is_typed(args: &[OsString], arg: &Arg) -> bool {
    flags(args).any(|typed| {
        let typed = typed.to_string_lossy();
        match typed.strip_prefix("--") {
            Some(long) => arg.get_long() == long.split('=').next(),
            None => {
                let cluster = typed.strip_prefix('-').unwrap_or_default();
                arg.get_short().is_some_and(|c| cluster.starts_with(c))
            }
        }
    })
}

/// Whether the typed arguments alone would do, so that the file must be what is wrong.
pub fn is_to_blame(configured: &Configured, root: &Command) -> bool {
    let added = &configured.added;
    let typed: Vec<&OsStr> = (configured.args.iter())
        .filter(|arg| !added.contains(arg))
        .map(OsString::as_os_str)
        .collect();
    !added.is_empty() && root.clone().try_get_matches_from(typed).is_ok()
}
