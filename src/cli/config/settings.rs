//! The settings of one file: each is a flag's, checked as clap would check it.
use std::{collections::BTreeMap, ffi::OsString, path::Path};

use anyhow::anyhow;
use clap::{
    Arg, ArgAction, Command,
    error::{ContextKind, ContextValue, ErrorKind},
};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{Named, is_typed};

/// The settings of one file, each checked to be one.
pub(super) struct Settings<'a> {
    file: &'a Path,
    text: &'a str,
    root: &'a Command,
    table: DeTable<'a>,
}

/// One setting and the flag it stands for.
struct Setting<'a> {
    /// As the file writes it.
    key: &'a str,
    /// Number of its first byte in the file.
    at: usize,
    arg: &'a Arg,
    value: &'a DeValue<'a>,
}

impl<'a> Settings<'a> {
    pub(super) fn read(file: &'a Path, text: &'a str, root: &'a Command) -> anyhow::Result<Self> {
        let parsed = DeTable::parse(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            located(file, text, at, error.message())
        })?;
        Ok(Self {
            file,
            text,
            root,
            table: parsed.into_inner(),
        })
    }

    /// The arguments that these settings give the innermost command of `path`.
    pub(super) fn arguments(
        &self,
        path: &[Named<'_>],
        args: &[OsString],
    ) -> anyhow::Result<Vec<OsString>> {
        let mut chosen = BTreeMap::new();
        // A flag that a command shares with those below it is set for them as well.
        let runs: Vec<_> = [self.root]
            .into_iter()
            .chain(path.iter().map(|named| named.command))
            .collect();
        self.collect(&self.table, &[self.root], Some(&runs), &mut chosen)?;
        let mut arguments = vec![];
        for setting in chosen.values() {
            let written = self.write(setting)?;
            if !is_typed(args, setting.arg) {
                arguments.extend(written);
            }
        }
        Ok(arguments)
    }

    /// Checks the keys of `table`, which belongs to the last command of `chain`, and collects those
    /// that count for the command that runs; inner tables come last and win. Both `chain` and `runs`,
    /// which leads to that command, begin at the root; `runs` is `None` where the table is for
    /// another command.
    fn collect<'s>(
        &'s self,
        table: &'s DeTable<'a>,
        chain: &[&'s Command],
        runs: Option<&[&'s Command]>,
        chosen: &mut BTreeMap<String, Setting<'s>>,
    ) -> anyhow::Result<()> {
        let command = chain.last().copied().unwrap_or(self.root);
        let mut inner = vec![];
        for (key, value) in table {
            let at = key.span().start;
            let key = key.get_ref().as_ref();
            let name = key.replace('_', "-");
            let known = names(chain).contains(&name.as_str());
            // `log` is both: a table is the command's, anything else the flag's.
            match (command.find_subcommand(key), value.get_ref()) {
                (Some(below), DeValue::Table(table)) => {
                    inner.push((table, below));
                    continue;
                }
                (Some(_), _) if !known => {
                    let why = format!("{key} is a command; put its settings under [{key}]");
                    return Err(self.error(at, &why));
                }
                _ => {}
            }
            if !known {
                return Err(self.unknown(key, at, value, chain));
            }
            if let Some(arg) = runs.and_then(|runs| flag(runs, &name)) {
                let value = value.get_ref();
                let setting = Setting {
                    key,
                    at,
                    arg,
                    value,
                };
                chosen.insert(name, setting);
            }
        }
        for (table, below) in inner {
            let runs = runs.filter(|runs| {
                let here = runs.get(chain.len());
                here.is_some_and(|here| here.get_name() == below.get_name())
            });
            let chain: Vec<_> = chain.iter().copied().chain([below]).collect();
            self.collect(table, &chain, runs, chosen)?;
        }
        Ok(())
    }

    fn error(&self, at: usize, why: &str) -> anyhow::Error {
        located(self.file, self.text, at, why)
    }

    fn unknown(
        &self,
        key: &str,
        at: usize,
        value: &Spanned<DeValue<'_>>,
        chain: &[&Command],
    ) -> anyhow::Error {
        let command = chain.last().copied().unwrap_or(self.root);
        let is_table = matches!(value.get_ref(), DeValue::Table(_));
        let near = if is_table {
            nearest(key, command.get_subcommands().map(Command::get_name))
        } else {
            nearest(&key.replace('_', "-"), names(chain))
        };
        let near = near.map_or(String::new(), |near| match is_table {
            true => format!("; did you mean [{near}]?"),
            false => format!("; did you mean {near}?"),
        });
        let where_ = match command.get_name() {
            name if name == self.root.get_name() => String::new(),
            name => format!(" for {name}"),
        };
        let what = if is_table { "command" } else { "setting" };
        self.error(at, &format!("unknown {what} {key:?}{where_}{near}"))
    }

    /// The setting as arguments, checked as clap would check them.
    fn write(&self, setting: &Setting<'_>) -> anyhow::Result<Vec<OsString>> {
        let Setting {
            key,
            at,
            arg,
            value,
        } = setting;
        let fail = |why: String| self.error(*at, &format!("{key} {why}"));
        let long = arg.get_long().unwrap_or_default();
        let one = |value: &str| OsString::from(format!("--{long}={value}"));
        let written = match (arg.get_action(), value) {
            (ArgAction::Count, DeValue::Integer(n)) => {
                let times = n.to_string().parse::<usize>().ok().filter(|n| *n <= 9);
                let times = times.ok_or_else(|| fail(format!("is 0 to 9, not {n}")))?;
                vec![format!("--{long}").into(); times]
            }
            (ArgAction::SetTrue | ArgAction::Count, DeValue::Boolean(on)) => {
                vec![format!("--{long}").into(); usize::from(*on)]
            }
            (ArgAction::Count, _) => return Err(fail("is a number".into())),
            (ArgAction::SetTrue, other) => {
                return Err(fail(format!("is true or false, not {}", kind(other))));
            }
            (_, DeValue::Array(items)) => {
                let items = items.iter().map(|item| plain(item.get_ref()));
                let items: Option<Vec<_>> = items.collect();
                let items = items.ok_or_else(|| fail("is a list of plain values".into()))?;
                match (arg.get_value_delimiter(), arg.get_action()) {
                    (Some(between), _) => vec![one(&items.join(&between.to_string()))],
                    (None, ArgAction::Append) => items.iter().map(|item| one(item)).collect(),
                    (None, _) => return Err(fail("is one value, not a list".into())),
                }
            }
            (_, other) => {
                let value = plain(other);
                let value =
                    value.ok_or_else(|| fail(format!("needs a value, not {}", kind(other))))?;
                vec![one(&value)]
            }
        };
        self.check(setting, &written)?;
        Ok(written)
    }

    /// Has clap look at the arguments alone, so that a wrong value is answered with the file's
    /// name and not with a flag that nobody typed.
    fn check(&self, setting: &Setting<'_>, written: &[OsString]) -> anyhow::Result<()> {
        if !setting.arg.get_action().takes_values() {
            return Ok(());
        }
        let mut alone = Command::new("setting")
            .no_binary_name(true)
            .disable_help_flag(true);
        // Only what belongs to the value itself; other flags it speaks of are not here.
        let mut arg = Arg::new("setting")
            .action(setting.arg.get_action().clone())
            .long("setting")
            .value_parser(setting.arg.get_value_parser().clone());
        if let Some(between) = setting.arg.get_value_delimiter() {
            arg = arg.value_delimiter(between);
        }
        alone = alone.arg(arg);
        let long = format!("--{}", setting.arg.get_long().unwrap_or_default());
        let renamed = written.iter().map(|argument| {
            let argument = argument.to_string_lossy();
            format!(
                "--setting{}",
                argument.strip_prefix(&long).unwrap_or_default()
            )
        });
        let Err(error) = alone.try_get_matches_from(renamed) else {
            return Ok(());
        };
        let given = match error.get(ContextKind::InvalidValue) {
            Some(ContextValue::String(given)) => format!("{given:?}"),
            _ => "this value".into(),
        };
        let why = match (error.kind(), error.get(ContextKind::ValidValue)) {
            (ErrorKind::InvalidValue, Some(ContextValue::Strings(valid))) if !valid.is_empty() => {
                format!("it is one of {}", valid.join(", "))
            }
            _ => match std::error::Error::source(&error) {
                Some(source) => source.to_string(),
                None => "it needs a value".into(),
            },
        };
        let why = format!("{} cannot be {given}: {why}", setting.key);
        Err(self.error(setting.at, &why))
    }
}

/// An error with its place.
fn located(file: &Path, text: &str, at: usize, why: &str) -> anyhow::Error {
    let before = text.as_bytes().get(..at).unwrap_or(text.as_bytes());
    let line = 1 + before.iter().filter(|b| **b == b'\n').count();
    anyhow!("{}, line {line}: {why}", file.display())
}

/// Whether a flag can be set from a file.
fn is_setting(arg: &Arg) -> bool {
    let action = arg.get_action();
    let shows = matches!(
        action,
        ArgAction::Help | ArgAction::HelpShort | ArgAction::HelpLong | ArgAction::Version
    );
    !shows && arg.get_long().is_some_and(|long| long != "config")
}

/// The settings that can stand in a table of the last command of `chain`: its own, those of the
/// commands above it, and those of the commands below it.
fn names<'a>(chain: &[&'a Command]) -> Vec<&'a str> {
    fn below<'a>(command: &'a Command, all: &mut Vec<&'a str>) {
        let settings = command.get_arguments().filter(|arg| is_setting(arg));
        all.extend(settings.filter_map(Arg::get_long));
        for inner in command.get_subcommands() {
            below(inner, all);
        }
    }
    let mut all = vec![];
    if let Some((last, above)) = chain.split_last() {
        below(last, &mut all);
        let above = above.iter().flat_map(|command| command.get_arguments());
        all.extend(
            above
                .filter(|arg| is_setting(arg))
                .filter_map(Arg::get_long),
        );
    }
    all
}

/// The flag of this name that the last command of `runs` understands, its own before one it shares.
fn flag<'a>(runs: &[&'a Command], name: &str) -> Option<&'a Arg> {
    let mut all = runs
        .iter()
        .rev()
        .flat_map(|command| command.get_arguments());
    all.find(|arg| is_setting(arg) && arg.get_long() == Some(name))
}

/// The name that is most like `key`, if one is like it at all.
fn nearest<'a>(key: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let near = names.into_iter().map(|name| (likeness(key, name), name));
    let best = near.max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 >= 0.6).then_some(best.1)
}

/// From 0, nothing in common, to 1, the same: what share of the longer word need not be changed.
fn likeness(a: &str, b: &str) -> f32 {
    let longer = a.chars().count().max(b.chars().count()).max(1);
    1.0 - strsim::osa_distance(a, b) as f32 / longer as f32
}

/// A value as it would be typed; `None` for lists and tables.
fn plain(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => Some(number.to_string()),
        DeValue::Float(number) => Some(number.to_string()),
        DeValue::Datetime(moment) => Some(moment.to_string()),
        DeValue::Boolean(_) | DeValue::Array(_) | DeValue::Table(_) => None,
    }
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(true) => "true",
        DeValue::Boolean(false) => "false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
