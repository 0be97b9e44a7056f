//! What tests keep in logs.
use std::path::Path;

use super::{Evidence, Key, Log, Report, Told, read, sha256, verify};
use crate::{
    challenge::{Reason, Rules},
    record::{FrameCounts, SCHEMA, SessionRecord, StepRecord, WallTime},
    step::Step,
};

pub(super) fn record(session: &str) -> SessionRecord {
    let step = |step, asked_ms, seen_ms| StepRecord {
        step,
        asked_ms,
        seen_ms,
        strikes: 1,
    };
    SessionRecord {
        schema: SCHEMA,
        session: session.to_owned(),
        started: "2026-11-23T16:07:01Z".parse().unwrap(),
        duration_ms: 9120.5,
        app: "0.1.0".to_owned(),
        models: sha256(b"models"),
        source: "camera:0".to_owned(),
        rehearsal: false,
        script: vec![Step::Blink, Step::Nod],
        rules: Rules::default(),
        steps: vec![
            step(Step::Blink, 1240.1, Some(2610.7)),
            step(Step::Nod, 2700.3, None),
        ],
        verdict: "failed".to_owned(),
        reason: Some(Reason::StepTimeout),
        said: None,
        frames: FrameCounts::default(),
        faults: std::collections::BTreeMap::new(),
    }
}

pub(super) fn evidence() -> Evidence {
    Evidence {
        nonce: Some("order 7, \"quoted\", 验".to_owned()),
        program: sha256(b"program"),
        config: sha256(b"config"),
        camera: Some("Front camera (usb-0000:00:14.0-1)".to_owned()),
        virtual_camera: Some(false),
        still: None,
        locked_until: None,
    }
}

pub(super) fn told(session: &str) -> Told {
    Told {
        record: record(session),
        evidence: evidence(),
    }
}

/// A key of the test's own.
pub(super) fn key() -> Key {
    let dir = tempfile::tempdir().unwrap();
    thread_local! {
        static KEY: std::cell::OnceCell<(tempfile::TempDir, std::path::PathBuf)> = const { std::cell::OnceCell::new() };
    }
    KEY.with(|kept| {
        let (_, path) = kept.get_or_init(|| {
            let path = dir.path().join("log.key");
            (dir, path)
        });
        Key::open(path).unwrap()
    })
}

/// Opens a log in `folder`, with its key.
pub(super) fn open(folder: &Path, name: &str) -> Log {
    Log::open(&folder.join(name), &folder.join("log.key")).unwrap()
}

/// Logs sessions of these names.
pub(super) fn fill(folder: &Path, name: &str, sessions: &[&str]) {
    let mut log = open(folder, name);
    for session in sessions {
        log.append(&record(session), evidence()).unwrap();
    }
}

/// What verifying a log comes to, by the key beside it.
pub(super) fn report(folder: &Path, name: &str) -> Report {
    let key = Key::read(&folder.join("log.key")).unwrap();
    verify(&folder.join(name), &key.line()).unwrap()
}

/// The sessions of a log that is not damaged.
pub(super) fn names(folder: &Path, name: &str) -> Vec<String> {
    let contents = read(&folder.join(name)).unwrap();
    assert_eq!(contents.damaged, []);
    contents
        .into_records()
        .into_iter()
        .map(|r| r.session)
        .collect()
}

/// A moment, as it is written.
pub(super) fn moment(text: &str) -> WallTime {
    text.parse().unwrap()
}
