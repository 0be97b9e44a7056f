//! Settings in, arguments out.
use super::*;
use clap::ArgAction;

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
        .subcommand(Command::new("challenge").args([list, fps.clone(), lang, json.clone(), tags]))
        .subcommand(Command::new("analyze").args([fps, json.clone(), least]))
        .subcommand(
            Command::new("log")
                .arg(Arg::new("log").long("log").global(true))
                .arg(json.global(true))
                .subcommand(Command::new("list").arg(Arg::new("last").long("last")))
                .subcommand(Command::new("stats")),
        )
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
fn a_flag_that_a_command_shares_with_those_below_it_is_set_for_them() {
    for settings in [
        "log = 'a.jsonl'",
        "[log]\nlog = 'a.jsonl'",
        "[log.list]\nlog = 'a.jsonl'",
        "[log]\nlog = 'b.jsonl'\n[log.list]\nlog = 'a.jsonl'\n[log.stats]\nlog = 'c.jsonl'",
    ] {
        let got = line("log list --config FILE", settings).unwrap();
        assert_eq!(got, "liveness log list --log=a.jsonl", "{settings}");
    }
    let got = line("log list --config FILE --log x", "[log]\nlog = 'a'").unwrap();
    assert_eq!(got, "liveness log list --log x");
    let error = line("log stats --config FILE", "[log.stats]\nlast = 1").unwrap_err();
    assert!(
        error.contains("unknown setting \"last\" for stats"),
        "{error}"
    );
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
fn without_a_file_nothing_changes() {
    assert_eq!(
        line("analyze a --fps 3", "!").unwrap(),
        "liveness analyze a --fps 3"
    );
    assert!(line("analyze -- --config FILE", "!").is_ok());
}
