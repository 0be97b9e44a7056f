//! `--config FILE.toml`: settings under the flags' own names.
//!
//! Settings become arguments, put right behind the command's name, so that every flag has one
//! meaning and one check. A flag that is typed beats a setting; a setting under `[command]` beats
//! one at the top, which counts for every command that has such a flag.
use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, anyhow};
use clap::{
    Arg, ArgAction, Command,
    error::{ContextKind, ContextValue, ErrorKind},
};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

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
    let mut place = 0;
    let mut is_value = false;
    for arg in flags(args) {
        place += 1;
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

/// The settings of one file, each checked to be one.
struct Settings<'a> {
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
    fn read(file: &'a Path, text: &'a str, root: &'a Command) -> anyhow::Result<Self> {
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
    fn arguments(&self, path: &[Named<'_>], args: &[OsString]) -> anyhow::Result<Vec<OsString>> {
        let mut chosen = BTreeMap::new();
        self.collect(&self.table, self.root, Some(path), &mut chosen)?;
        let mut arguments = vec![];
        for setting in chosen.values() {
            let written = self.write(setting)?;
            if !is_typed(args, setting.arg) {
                arguments.extend(written);
            }
        }
        Ok(arguments)
    }

    /// Checks the keys of `table`, which belongs to `command`, and collects those that count for
    /// the command that runs; inner tables come last and win. `path` leads from here to that
    /// command; `None` where it is another one.
    fn collect<'s>(
        &'s self,
        table: &'s DeTable<'a>,
        command: &'s Command,
        path: Option<&[Named<'s>]>,
        chosen: &mut BTreeMap<String, Setting<'s>>,
    ) -> anyhow::Result<()> {
        let target = path.map(|path| path.last().map_or(command, |last| last.command));
        let mut inner = vec![];
        for (key, value) in table {
            let at = key.span().start;
            let key = key.get_ref().as_ref();
            if let Some(below) = command.find_subcommand(key) {
                let DeValue::Table(table) = value.get_ref() else {
                    let why = format!("{key} is a command; put its settings under [{key}]");
                    return Err(self.error(at, &why));
                };
                inner.push((table, below));
                continue;
            }
            let name = key.replace('_', "-");
            if !names(self.root, command).contains(&name.as_str()) {
                return Err(self.unknown(key, at, value, command));
            }
            if let Some(arg) = target.and_then(|target| flag(self.root, target, &name)) {
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
            let path = match path {
                Some([first, rest @ ..]) if first.command.get_name() == below.get_name() => {
                    Some(rest)
                }
                _ => None,
            };
            self.collect(table, below, path, chosen)?;
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
        command: &Command,
    ) -> anyhow::Error {
        let is_table = matches!(value.get_ref(), DeValue::Table(_));
        let near = if is_table {
            nearest(key, command.get_subcommands().map(Command::get_name))
        } else {
            nearest(&key.replace('_', "-"), names(self.root, command))
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

/// The settings that can stand in a table of `command`: its own, those of the commands below it,
/// and those of every command.
fn names<'a>(root: &'a Command, command: &'a Command) -> Vec<&'a str> {
    let own = |command: &'a Command| {
        let settings = command.get_arguments().filter(|arg| is_setting(arg));
        settings.filter_map(Arg::get_long)
    };
    let mut all: Vec<_> = own(command).chain(own(root)).collect();
    for below in command.get_subcommands() {
        all.extend(names(root, below));
    }
    all
}

fn flag<'a>(root: &'a Command, command: &'a Command, name: &str) -> Option<&'a Arg> {
    let mut all = command.get_arguments().chain(root.get_arguments());
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
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let longer = a.len().max(b.len()).max(1);
    1.0 - changes(&a, &b) as f32 / longer as f32
}

/// Letters to add, leave out, replace or swap with their neighbour (optimal string alignment).
fn changes(a: &[char], b: &[char]) -> usize {
    let mut above: Vec<usize> = vec![];
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut next = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let at = |row: &[usize], j: usize| row.get(j).copied().unwrap_or(usize::MAX / 2);
            let mut fewest = (at(&row, j) + usize::from(x != y))
                .min(at(&row, j + 1) + 1)
                .min(at(&next, j) + 1);
            let before =
                |word: &[char], k: usize| k.checked_sub(1).and_then(|k| word.get(k)).copied();
            if before(a, i) == Some(*y) && before(b, j) == Some(*x) {
                fewest = fewest.min(at(&above, j - 1) + 1);
            }
            next.push(fewest);
        }
        above = std::mem::replace(&mut row, next);
    }
    row.last().copied().unwrap_or(0)
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

/// Whether the typed arguments alone would do, so that the file must be what is wrong.
pub fn is_to_blame(configured: &Configured, root: &Command) -> bool {
    let added = &configured.added;
    let typed: Vec<&OsStr> = (configured.args.iter())
        .filter(|arg| !added.contains(arg))
        .map(OsString::as_os_str)
        .collect();
    !added.is_empty() && root.clone().try_get_matches_from(typed).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root() -> Command {
        let list = Arg::new("allow").long("allow").value_delimiter(',');
        let fps = Arg::new("fps")
            .long("fps")
            .value_parser(clap::value_parser!(u32).range(1..=240));
        let lang = Arg::new("lang").long("lang").value_parser(["en", "zh"]);
        let json = Arg::new("json").long("json").action(ArgAction::SetTrue);
        let tags = Arg::new("tag").long("tag").action(ArgAction::Append);
        let least = Arg::new("min-face").long("min-face");
        let verbose = Arg::new("verbose").short('v').long("verbose");
        Command::new("liveness")
            .arg(Arg::new("config").long("config").global(true))
            .arg(Arg::new("models").long("models").global(true))
            .arg(verbose.action(ArgAction::Count).global(true))
            .subcommand(Command::new("challenge").args([
                list,
                fps.clone(),
                lang,
                json.clone(),
                tags,
            ]))
            .subcommand(Command::new("analyze").args([fps, json.clone(), least]))
            .subcommand(Command::new("log").subcommand(Command::new("list").arg(json)))
    }

    /// The whole command line that `typed` (words) and the settings give, or what is wrong.
    fn line(typed: &str, settings: &str) -> Result<String, String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("kiosk.toml");
        fs::write(&file, settings).unwrap();
        let file = file.display().to_string();
        let typed = format!("liveness {typed}").replace("FILE", &file);
        let args = typed.split(' ').map(OsString::from).collect();
        let configured = configure(args, &root()).map_err(|error| format!("{error:#}"))?;
        let line = configured.args.join(OsStr::new(" "));
        let line = line.into_string().unwrap();
        Ok(line.replace(&format!(" --config {file}"), ""))
    }

    #[test]
    fn settings_stand_right_behind_the_command() {
        let settings = "min_face = 80\njson = true\n[analyze]\nfps = 60\n[challenge]\nfps = 15\n";
        let got = line(
            "--models analyze --config FILE analyze a.mp4 --json",
            settings,
        );
        let want = "liveness --models analyze analyze --fps=60 --min-face=80 a.mp4 --json";
        assert_eq!(got.unwrap(), want);
        let got = line("challenge --config FILE", settings).unwrap();
        assert_eq!(
            got, "liveness challenge --fps=15 --json",
            "no --min-face there"
        );
        let got = line("challenge --config=FILE", "").unwrap();
        assert!(got.starts_with("liveness challenge --config="), "{got}");
    }

    #[test]
    fn a_table_beats_the_top_and_a_typed_flag_beats_both() {
        let settings = "fps = 10\njson = true\n[analyze]\nfps = 60\njson = false\n";
        let run = |typed: &str| line(typed, settings).unwrap();
        assert_eq!(run("analyze --config FILE"), "liveness analyze --fps=60");
        let typed = "liveness analyze --fps 5";
        assert_eq!(run("analyze --config FILE --fps 5"), typed);
        let got = line("-v analyze --config FILE", "verbose = 2").unwrap();
        assert_eq!(got, "liveness -v analyze");
    }

    #[test]
    fn lists_counts_and_inner_commands() {
        let settings = "verbose = 2\n[challenge]\nallow = ['nod', 'blink']\ntag = ['a', 1]\n";
        let got = line("challenge --config FILE", settings).unwrap();
        let want = "liveness challenge --allow=nod,blink --tag=a --tag=1 --verbose --verbose";
        assert_eq!(got, want);
        for settings in [
            "[log]\njson = true",
            "[log.list]\njson = true",
            "json = true",
        ] {
            let got = line("log list --config FILE", settings).unwrap();
            assert_eq!(got, "liveness log list --json", "{settings}");
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        for (settings, want) in [
            (
                "fps = 1\nfsp = 30",
                "line 2: unknown setting \"fsp\"; did you mean fps?",
            ),
            (
                "[analyze]\nmin_fase = 30",
                "line 2: unknown setting \"min_fase\" for analyze; did you mean min-face?",
            ),
            (
                "[analyze]\nallow = 'nod'",
                "unknown setting \"allow\" for analyze",
            ),
            (
                "[chalenge]\nfps = 3",
                "line 1: unknown command \"chalenge\"; did you mean [challenge]?",
            ),
            ("qqqqq = 1", "unknown setting \"qqqqq\""),
            ("config = 'other.toml'", "unknown setting \"config\""),
            ("help = true", "unknown setting \"help\""),
            (
                "analyze = 3",
                "analyze is a command; put its settings under [analyze]",
            ),
            (
                "[analyze]\nfps = 0",
                "line 2: fps cannot be \"0\": 0 is not in 1..=240",
            ),
            (
                "fps = 'fast'",
                "fps cannot be \"fast\": invalid digit found in string",
            ),
            ("fps = [1, 2]", "fps is one value, not a list"),
            ("fps = true", "fps needs a value, not true"),
            ("json = 'yes'", "json is true or false, not text"),
            ("verbose = -1", "verbose is 0 to 9, not -1"),
            ("fps = 3\nfps = 4", "line 2: duplicate key"),
            ("fps = = 3", "line 1: "),
        ] {
            let got = line("analyze --config FILE", settings).unwrap_err();
            assert!(
                got.contains("kiosk.toml") && got.contains(want),
                "{settings:?}: {got}"
            );
        }
        let lang = line("challenge --config FILE", "lang = 'fr'").unwrap_err();
        assert!(
            lang.ends_with("lang cannot be \"fr\": it is one of en, zh"),
            "{lang}"
        );
        let gone = line("analyze --config /nowhere/x.toml", "").unwrap_err();
        assert!(gone.contains("/nowhere/x.toml: No such file"), "{gone}");
    }

    #[test]
    fn a_mistyped_key_is_likened_to_the_right_one() {
        let words = |a: &str, b: &str| {
            changes(
                &a.chars().collect::<Vec<_>>(),
                &b.chars().collect::<Vec<_>>(),
            )
        };
        let pairs = [
            ("fsp", "fps", 1),
            ("", "abc", 3),
            ("kitten", "sitting", 3),
            ("a", "a", 0),
        ];
        for (a, b, want) in pairs {
            assert_eq!((words(a, b), words(b, a)), (want, want), "{a} {b}");
        }
    }

    #[test]
    fn without_a_file_nothing_changes() {
        assert_eq!(
            line("analyze a --fps 3", "!").unwrap(),
            "liveness analyze a --fps 3"
        );
        assert!(line("analyze -- --config FILE", "!").is_ok());
    }
}
