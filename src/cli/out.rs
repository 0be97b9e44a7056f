//! Standard output and standard error: the only writer of either.
use std::{
    fmt::Display,
    io::{self, Write as _},
};

use anyhow::Context as _;
use serde::Serialize;

use super::exit::Exit;

/// Whoever read our standard output has left, as `| head` does.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("standard output was closed")]
pub struct Closed;

/// Prints one line of data.
pub fn print_line(line: impl Display) -> anyhow::Result<()> {
    print_text(format!("{line}\n").as_bytes())
}

/// Prints text that has its own line ends.
pub fn print_text(text: &[u8]) -> anyhow::Result<()> {
    // `println!` panics where the reader has left.
    let mut out = io::stdout().lock();
    match out.write_all(text).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(Closed.into()),
        other => other.context("cannot write to standard output"),
    }
}

/// Prints one object as one line of JSON.
pub fn print_json(value: &impl Serialize) -> anyhow::Result<()> {
    print_line(serde_json::to_string(value)?)
}

/// Says something on standard error; where even that is closed, nobody listens.
pub fn say(text: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Takes a reader who left early for one who has seen enough. Only for commands that decide
/// nothing: a challenge whose caller has left is not passed.
pub fn until_closed(done: anyhow::Result<Exit>) -> anyhow::Result<Exit> {
    match done {
        Err(error) if error.is::<Closed>() => Ok(Exit::Done),
        other => other,
    }
}

/// A text of somebody else's for the terminal: what would steer that is written out.
pub fn plain(text: &str) -> String {
    let written = |c: char| match c.is_control() {
        true => c.escape_default().to_string(),
        false => c.to_string(),
    };
    text.chars().map(written).collect()
}

/// So many of something: "1 session", "2 sessions".
pub fn count(n: impl Display, one: &str, many: &str) -> String {
    let n = n.to_string();
    let of = if n == "1" { one } else { many };
    format!("{n} {of}")
}

/// The error with its causes on one line, each said once: our own errors name their cause already.
pub fn explain(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if text.is_empty() {
            text = cause;
        } else if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use liveness::error::Error;

    #[test]
    fn what_a_terminal_obeys_is_written_out() {
        assert_eq!(plain("ü\u{1b}[2K\n"), "ü\\u{1b}[2K\\n");
    }

    #[test]
    fn no_cause_is_said_twice() {
        let error = Error::source("a.mp4", "the file is empty");
        let error = anyhow::Error::new(error).context("cannot analyze");
        let want = "cannot analyze: cannot read a.mp4: the file is empty";
        assert_eq!(explain(&error), want);
    }

    #[test]
    fn a_reader_who_leaves_is_no_error_where_nothing_is_decided() {
        assert_eq!(until_closed(Err(Closed.into())).ok(), Some(Exit::Done));
        assert_eq!(crate::cli::exit::of(&Closed.into()), Exit::Cancelled);
        assert!(until_closed(Err(anyhow::anyhow!("other"))).is_err());
    }
}
