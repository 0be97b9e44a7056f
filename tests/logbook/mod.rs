//! A log of its own, with records as sessions make them.
#![allow(dead_code, reason = "no test file needs all of it")]
use std::path::{Path, PathBuf};

use liveness::{
    challenge::{Reason, Rules, Said},
    record::{FrameCounts, SCHEMA, SessionRecord, StepRecord, new_session_id, wall_time},
    step::Step,
    store::{self, Evidence, Key, Log, sha256},
};
use rusqlite::{
    Connection,
    types::{Value, ValueRef},
};

/// Whether the long versions of these tests are to run.
pub fn is_long() -> bool {
    std::env::var_os("LIVENESS_LONG").is_some()
}

/// Both kinds of log.
pub const LOGS: [&str; 2] = ["l.jsonl", "l.db"];

/// Adds records to a log.
pub fn fill(path: &Path, key: &Path, records: usize) {
    let mut log = Log::open(path, key).unwrap();
    for _ in 0..records {
        log.append(&record(), evidence()).unwrap();
    }
}

/// A log of its own.
pub struct Logbook {
    folder: tempfile::TempDir,
    pub path: PathBuf,
    pub key: PathBuf,
}

impl Logbook {
    pub fn new(name: &str, records: usize) -> Self {
        let book = Self::bare(name);
        book.add(records);
        book
    }

    /// A place for a log, and no log yet.
    pub fn bare(name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            path: folder.path().join(name),
            key: folder.path().join("log.key"),
            folder,
        }
    }

    pub fn open(&self) -> Log {
        Log::open(&self.path, &self.key).unwrap()
    }

    pub fn add(&self, records: usize) {
        fill(&self.path, &self.key, records);
    }

    pub fn head(&self) -> PathBuf {
        PathBuf::from(format!("{}.head", self.path.display()))
    }

    /// What `verify` finds.
    pub fn findings(&self) -> Vec<String> {
        let key = Key::read(&self.key).unwrap();
        let report = store::verify(&self.path, &key.line()).expect("a log that can be read");
        let findings = report.findings.into_iter();
        findings
            .map(|f| format!("{}: {}", f.place, f.trouble))
            .collect()
    }

    /// Every session, to the letter.
    pub fn texts(&self) -> Vec<String> {
        let sessions = store::read(&self.path).unwrap().sessions;
        sessions.into_iter().map(|kept| kept.text).collect()
    }

    pub fn listed(&self) -> Vec<String> {
        let records = store::read(&self.path).unwrap().into_records();
        records.into_iter().map(|r| r.session).collect()
    }

    /// All rows of a table of the database.
    pub fn rows(&self, table: &str) -> Vec<Vec<Value>> {
        let db = Connection::open(&self.path).unwrap();
        let mut query = db.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let columns = query.column_count();
        let read = |value: ValueRef<'_>| match value {
            // No panic over text that is none.
            ValueRef::Text(bytes) => match String::from_utf8(bytes.to_vec()) {
                Ok(text) => Value::Text(text),
                Err(error) => Value::Blob(error.into_bytes()),
            },
            ValueRef::Null => Value::Null,
            ValueRef::Integer(n) => Value::Integer(n),
            ValueRef::Real(x) => Value::Real(x),
            ValueRef::Blob(bytes) => Value::Blob(bytes.to_vec()),
        };
        let rows = query.query_map([], |row| {
            (0..columns).map(|i| row.get_ref(i).map(read)).collect()
        });
        rows.unwrap().map(Result::unwrap).collect()
    }
}

pub fn record() -> SessionRecord {
    let step = |step, asked_ms, seen_ms| StepRecord {
        step,
        asked_ms,
        seen_ms,
        strikes: 0,
    };
    SessionRecord {
        schema: SCHEMA,
        session: new_session_id().unwrap(),
        started: wall_time(),
        duration_ms: 9_120.5,
        app: "0.1.0".to_owned(),
        models: sha256(b"models"),
        source: "camera:0".to_owned(),
        rehearsal: false,
        script: vec![Step::Blink, Step::Nod],
        rules: Rules::default(),
        steps: vec![
            step(Step::Blink, 1_240.1, Some(2_610.7)),
            step(Step::Nod, 2_700.3, None),
        ],
        verdict: "failed".to_owned(),
        reason: Some(Reason::StepTimeout),
        said: Some(Said::default()),
        frames: FrameCounts::default(),
        faults: std::collections::BTreeMap::new(),
    }
}

pub fn evidence() -> Evidence {
    Evidence {
        nonce: Some("order 7".to_owned()),
        program: sha256(b"program"),
        config: sha256(b"config"),
        camera: Some("Front camera (1-4:1.0)".to_owned()),
        virtual_camera: Some(false),
        still: None,
        locked_until: None,
    }
}
