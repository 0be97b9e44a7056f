//! Power fails: what was told was on the disk before. A process that is killed (`tests/kill.rs`) leaves all
//! that it wrote to the system; a power cut leaves what was synced.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod place;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use place::Place;

/// The shim that writes down what a program does to its files.
fn shim(place: &Place) -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/syncshim/shim.c");
    let library = place.path("shim.so");
    let output = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror"])
        .arg("-o")
        .args([&library, &source])
        .arg("-ldl")
        .output()
        .expect("these tests need a C compiler, `cc`: `make deps` installs it");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "it does not compile: {errors}");
    library
}

/// What would be lost if the power failed when the result is told: files with bytes, and folders with
/// names, that were not synced.
fn unsynced(events: &str, folder: &Path) -> BTreeSet<PathBuf> {
    let mut lost = BTreeSet::new();
    for event in events.lines() {
        let (what, path) = event.split_once(' ').unwrap();
        let path = folder.join(path);
        match what {
            "told" => return lost,
            // What readers share is made anew after a crash.
            "write" if path.to_string_lossy().ends_with("-shm") => {}
            "write" if path.starts_with(folder) => drop(lost.insert(path)),
            "from" => assert!(!lost.contains(&path), "{path:?} is renamed unsynced"),
            "to" => drop(lost.insert(path.parent().unwrap().to_owned())),
            "sync" => drop(lost.remove(&path)),
            _ => {}
        }
    }
    panic!("nothing was told");
}

#[test]
fn a_result_is_told_when_the_disk_has_it() {
    let place = Place::new();
    let shim = shim(&place);
    fs::create_dir(place.path("logs")).unwrap();
    let folder = place.path("logs").canonicalize().unwrap();
    for name in ["l.jsonl", "l.db"] {
        // With a log that is made, and with one that is there.
        for round in 0..2 {
            let line = format!("demo --headless --json --seed 3 --script nod --log logs/{name}");
            let told = place.path("events");
            let _ = fs::remove_file(&told);
            let output = place
                .program(&line)
                .env("LD_PRELOAD", &shim)
                .env("SYNC_LOG", &told)
                .output()
                .unwrap();
            assert!(output.status.success(), "{output:?}");
            // A name may be told as the program was, from the folder it runs in.
            let events = fs::read_to_string(told).unwrap();
            let about = |what: &str, ending: &str| {
                let begin = format!("{what} ");
                let of = |line: &&str| line.starts_with(&begin) && line.ends_with(ending);
                events.lines().filter(of).count()
            };
            let holds = if name == "l.db" { "l.db-wal" } else { name };
            for what in ["write", "sync"] {
                assert!(about(what, holds) > 0, "{what}, round {round}: {events}");
            }
            assert!(about("to", ".head") > 0, "{events}");
            let lost = unsynced(&events.replace(" logs/", " "), &folder);
            assert_eq!(lost, BTreeSet::new(), "{name}, round {round}: {events}");
        }
    }
}
