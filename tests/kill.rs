//! Power fails: whatever moment a writer dies at, what it has acknowledged is in the log, whole.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod logbook;

use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::PathBuf,
    process::{Child, ChildStdout, Command, Stdio},
    time::Duration,
};

use liveness::{
    entropy::{self, Repeatable},
    store::Log,
};

use logbook::{Logbook, evidence, is_long, record};

/// What a writer says before each name: the test harness says other things.
const MARK: &str = "logged ";

/// In a process of its own, when the others start it: logs one session after another, and names each
/// when it is acknowledged.
#[test]
fn writer() {
    let var = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let (Some(path), Some(key)) = (var("LIVENESS_WRITER"), var("LIVENESS_KEY")) else {
        return;
    };
    let count = std::env::var("LIVENESS_COUNT").map_or(usize::MAX, |n| n.parse().unwrap());
    let mut log = Log::open(&path, &key).unwrap();
    let mut out = std::io::stdout();
    for _ in 0..count {
        let sealed = log.append(&record(), evidence()).unwrap();
        let session = &sealed.entry.what.record().unwrap().session;
        writeln!(out, "{MARK}{session}").unwrap();
        out.flush().unwrap();
    }
}

fn start(book: &Logbook, count: Option<usize>) -> (Child, BufReader<ChildStdout>) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["writer", "--exact", "--nocapture", "--test-threads=1"])
        .env("LIVENESS_WRITER", &book.path)
        .env("LIVENESS_KEY", &book.key)
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    if let Some(count) = count {
        command.env("LIVENESS_COUNT", count.to_string());
    }
    let mut child = command.spawn().unwrap();
    let told = BufReader::new(child.stdout.take().unwrap());
    (child, told)
}

/// The session that a line names. One that was cut short names none.
fn named(line: &str) -> Option<&str> {
    let (_, name) = line.split_once(MARK)?;
    Some(name.trim()).filter(|name| name.len() == 16)
}

/// Kills a writer at a moment that `dice` choose; gives what it had acknowledged.
fn killed(book: &Logbook, dice: &mut Repeatable) -> Vec<String> {
    let (mut child, mut told) = start(book, None);
    let mut names = vec![];
    // Now and then before it has even made the log.
    let least = (dice.bits() % 5) as usize;
    let mut line = String::new();
    while names.len() < least && told.read_line(&mut line).unwrap() > 0 {
        names.extend(named(&line).map(str::to_owned));
        line.clear();
    }
    // Nothing comes: the moment is anywhere in what it is doing.
    let moment = Duration::from_micros(dice.bits() % 12_000);
    let _ = crossbeam_channel::never::<()>().recv_timeout(moment);
    child.kill().unwrap();
    child.wait().unwrap();
    let rest = told.lines().map_while(Result::ok);
    names.extend(rest.filter_map(|line| named(&line).map(str::to_owned)));
    names
}

/// 100 times; 1,000 with LIVENESS_LONG=1.
#[test]
fn a_writer_that_is_killed_loses_nothing_that_it_acknowledged() {
    let seed = entropy::bits().unwrap();
    let mut dice = Repeatable::new(seed);
    let kills = if is_long() { 1_000 } else { 100 };
    let (mut acknowledged, mut kept) = (0, 0);
    for name in ["l.jsonl", "l.db"] {
        for round in 0..kills / 2 / 10 {
            let book = Logbook::bare(name);
            let mut names = vec![];
            for kill in 0..10 {
                names.extend(killed(&book, &mut dice));
                if !book.path.exists() {
                    continue;
                }
                let place = format!("seed {seed}, {name}, round {round}, kill {kill}");
                // A key may be there and no head yet, or no key: then nothing was acknowledged.
                if !book.head().exists() || !book.key.exists() {
                    assert!(names.is_empty(), "{place}");
                    continue;
                }
                assert_eq!(book.findings(), [""; 0], "{place}");
                let listed = book.listed();
                for name in &names {
                    assert!(listed.contains(name), "{place}: {name} is lost");
                }
                // At most one a kill was written and not yet acknowledged.
                assert!(listed.len() <= names.len() + kill + 1, "{place}");
            }
            acknowledged += names.len();
            kept += book.listed().len();
        }
    }
    eprintln!("{kills} kills: {acknowledged} acknowledged, {kept} in the logs, each verifies");
}

#[test]
fn writers_on_one_log_wait_for_one_another() {
    for name in ["l.jsonl", "l.db"] {
        let book = Logbook::bare(name);
        let writers = [(); 4].map(|()| start(&book, Some(6)));
        let mut names = vec![];
        for (mut child, told) in writers {
            let told = told.lines().map_while(Result::ok);
            names.extend(told.filter_map(|line| named(&line).map(str::to_owned)));
            assert!(child.wait().unwrap().success());
        }
        assert_eq!(book.findings(), [""; 0], "{name}");
        let mut listed = book.listed();
        listed.sort();
        names.sort();
        assert_eq!((names.len(), listed), (24, names));
    }
}

/// Runs a script where a disk with such limits is mounted as `disk`, which vanishes with it. `None` where
/// this machine lets nobody mount one, and that was said to be fine: LIVENESS_NO_MOUNT=1.
#[cfg(target_os = "linux")]
fn on_a_small_disk(book: &Logbook, limits: &str, script: &str) -> Option<String> {
    let folder = book.path.parent().unwrap();
    std::fs::create_dir_all(folder.join("disk")).unwrap();
    let mount =
        format!("mount -t tmpfs -o {limits} tmpfs disk && cat /proc/self/mounts | grep -q disk");
    let output = Command::new("unshare")
        .args(["-m", "sh", "-c", &format!("{mount} || exit 77\n{script}")])
        .current_dir(folder)
        .env("XDG_STATE_HOME", folder.join("state"))
        .env("LIVENESS", env!("CARGO_BIN_EXE_liveness"))
        .env("WRITER", std::env::current_exe().unwrap())
        .env("LIVENESS_KEY", folder.join("state/liveness/log.key"))
        .output();
    let output = output.expect("these tests need `unshare`");
    let said = String::from_utf8_lossy(&output.stderr);
    // Or `unshare` itself was refused.
    if output.status.code() == Some(77) || said.contains("unshare:") {
        assert!(
            std::env::var_os("LIVENESS_NO_MOUNT").is_some(),
            "no disk can be mounted here; LIVENESS_NO_MOUNT=1 leaves these tests out: {said}"
        );
        return None;
    }
    let told = String::from_utf8_lossy(&output.stdout);
    Some(format!("{told}{said}"))
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_loses_nothing_and_says_so() {
    for name in ["l.jsonl", "l.db"] {
        let book = Logbook::bare(name);
        let script = format!(
            "head -c 150000 /dev/zero > disk/ballast
            LIVENESS_WRITER=$PWD/disk/{name} $WRITER writer --exact --nocapture
            $LIVENESS demo --headless --seed 3 --script nod --log disk/{name}; echo full $?
            rm disk/ballast
            $LIVENESS log verify --log disk/{name}; echo verified $?
            $LIVENESS log list --json --log disk/{name} | sed 's/.*\"session\":\"\\([0-9a-f]*\\).*/listed \\1/'
            $LIVENESS demo --headless --seed 3 --script nod --log disk/{name}; echo roomy $?"
        );
        let Some(told) = on_a_small_disk(&book, "size=400k", &script) else {
            return;
        };
        let names: Vec<_> = told.lines().filter_map(named).collect();
        assert!(names.len() > 3, "{told}");
        for name in names {
            assert!(
                told.contains(&format!("listed {name}")),
                "{name} is lost: {told}"
            );
        }
        assert!(told.contains("make room"), "{told}");
        assert!(told.contains("full 2") || told.contains("full 5"), "{told}");
        assert!(
            told.contains("verified 0") && told.contains("roomy 0"),
            "{told}"
        );
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_read_only_disk_is_read_and_not_written() {
    for name in ["l.jsonl", "l.db"] {
        let book = Logbook::bare(name);
        let script = format!(
            "LIVENESS_COUNT=3 LIVENESS_WRITER=$PWD/disk/{name} $WRITER writer --exact --nocapture
            mount -o remount,ro disk || exit 77
            $LIVENESS log verify --log disk/{name}; echo verified $?
            $LIVENESS log list --json --log disk/{name} | grep -c session
            $LIVENESS demo --headless --seed 3 --script nod --log disk/{name}; echo written $?"
        );
        let Some(told) = on_a_small_disk(&book, "size=400k", &script) else {
            return;
        };
        assert!(told.contains("verified 0"), "{told}");
        assert!(told.lines().any(|line| line == "3"), "{told}");
        assert!(told.contains("written 2"), "{told}");
        assert!(
            told.contains("choose another place with --log PATH"),
            "{told}"
        );
    }
}

/// What a database's writer left in its write-ahead log cannot be read on such a disk: that is said, and
/// what stands in the file itself is not shown for all there is.
#[test]
#[cfg(target_os = "linux")]
fn results_that_cannot_be_read_on_a_read_only_disk_are_not_left_out() {
    let book = Logbook::bare("l.db");
    let script = "LIVENESS_WRITER=$PWD/disk/l.db $WRITER writer --exact --nocapture > told &
        until grep -q 'logged ' told; do :; done
        kill -KILL $!
        wait $!
        rm disk/l.db-shm
        mount -o remount,ro disk || exit 77
        $LIVENESS log list --log disk/l.db; echo listed $?
        $LIVENESS log verify --log disk/l.db; echo unverified $?
        mount -o remount,rw disk || exit 77
        $LIVENESS log list --json --log disk/l.db | grep -q session; echo found $?
        $LIVENESS log verify --log disk/l.db; echo verified $?";
    let Some(told) = on_a_small_disk(&book, "size=40m", script) else {
        return;
    };
    assert_eq!(told.matches("copy it, -wal and .head").count(), 2, "{told}");
    assert!(told.contains("listed 2"), "{told}");
    assert!(told.contains("unverified 2"), "{told}");
    assert!(
        told.contains("found 0") && told.contains("verified 0"),
        "{told}"
    );
}

/// A result whose head cannot be written is not in the log, as it is said.
#[test]
#[cfg(target_os = "linux")]
fn a_disk_that_takes_no_more_files_takes_no_half_a_result() {
    for name in ["l.jsonl", "l.db"] {
        let book = Logbook::bare(name);
        let script = format!(
            "LIVENESS_COUNT=2 LIVENESS_WRITER=$PWD/disk/{name} $WRITER writer --exact --nocapture
            for n in 1 2 3 4 5 6 7 8 9; do touch disk/ballast$n; done 2>/dev/null
            $LIVENESS demo --headless --seed 3 --script nod --log disk/{name}; echo full $?
            $LIVENESS log list --json --log disk/{name} | sed 's/^/listed /'
            rm disk/ballast*
            $LIVENESS log list --json --log disk/{name} | grep -c session
            $LIVENESS log verify --log disk/{name}; echo verified $?
            $LIVENESS demo --headless --seed 3 --script nod --log disk/{name}; echo roomy $?"
        );
        let Some(told) = on_a_small_disk(&book, "size=400k,nr_inodes=8", &script) else {
            return;
        };
        // A database needs more files beside it, before anybody is asked for anything.
        let why = match name {
            "l.db" => "unable to open",
            _ => "the result was not logged",
        };
        assert!(told.contains(why), "{told}");
        assert!(told.contains("full 2") || told.contains("full 5"), "{told}");
        assert!(told.lines().any(|line| line == "2"), "{told}");
        assert!(
            told.contains("verified 0") && told.contains("roomy 0"),
            "{told}"
        );
    }
}
