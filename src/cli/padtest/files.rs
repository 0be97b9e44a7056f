//! Files that the bench reads: recordings, and what other runs have printed.
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail, ensure};
use liveness::{
    capture::puppet::Kind,
    padtest::{Job, Outcome},
};

use super::{Facts, Line};

/// Recordings by kind, each kind's in the order of their names.
pub(super) struct Recordings(BTreeMap<String, Vec<PathBuf>>);

impl Recordings {
    /// What the folders in `folder` hold; their names are the kinds'.
    pub(super) fn in_folder(folder: &Path) -> anyhow::Result<Self> {
        let mut kinds = BTreeMap::new();
        for kind in entries(folder)? {
            if !kind.is_dir() {
                continue;
            }
            let name = kind.file_name().unwrap_or_default();
            let held = entries(&kind)?;
            if !held.is_empty() {
                kinds.insert(name.to_string_lossy().into_owned(), held);
            }
        }
        ensure!(
            !kinds.is_empty(),
            "{} holds no recordings: make a folder in it for each kind, and put them there",
            folder.display()
        );
        Ok(Self(kinds))
    }

    /// Each kind, and how many sessions it has with so many scripts a recording.
    pub(super) fn counts(&self, scripts: u32) -> Vec<(String, u32)> {
        let sessions = |held: &Vec<PathBuf>| scripts.saturating_mul(held.len() as u32);
        let kinds = self.0.iter();
        kinds
            .map(|(kind, held)| (kind.clone(), sessions(held)))
            .collect()
    }

    /// The recording of a session: by turns.
    pub(super) fn of(&self, job: &Job) -> Option<PathBuf> {
        let held = self.0.get(&job.kind)?;
        let index = (job.number as usize).checked_rem(held.len())?;
        held.get(index).cloned()
    }
}

/// What is in a folder, in the order of names; hidden files are left out.
fn entries(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let cannot = || format!("cannot read {}", folder.display());
    let mut found = vec![];
    for entry in fs::read_dir(folder).with_context(cannot)? {
        let entry = entry.with_context(cannot)?;
        if !entry.file_name().to_string_lossy().starts_with('.') {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

/// Puts together what runs have printed; says as well whether it is all that they were to run.
pub(super) fn merge(files: &[PathBuf]) -> anyhow::Result<(Facts, Vec<Outcome>, bool)> {
    let mut facts: Option<Facts> = None;
    let (mut outcomes, mut seen) = (vec![], BTreeSet::new());
    let (mut shards, mut planned) = (BTreeSet::new(), 0);
    for file in files {
        let text =
            fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        for (number, line) in text.lines().enumerate() {
            let place = || format!("{}:{}", file.display(), number + 1);
            match parse(line).with_context(place)? {
                Some(Line::Plan {
                    facts: found,
                    shard,
                    sessions,
                }) => {
                    shards.insert(shard);
                    planned += sessions;
                    let first = facts.get_or_insert_with(|| found.clone());
                    ensure!(
                        *first == found,
                        "{}: another run: {} and not {}",
                        place(),
                        serde_json::to_string(&found)?,
                        serde_json::to_string(first)?
                    );
                }
                Some(Line::Session(outcome)) => {
                    // Recordings bring kinds of their own.
                    let own = facts.as_ref().is_some_and(|facts| facts.recordings);
                    if !own {
                        outcome.kind.parse::<Kind>().with_context(place)?;
                    }
                    let is_new = seen.insert((outcome.kind.clone(), outcome.number));
                    ensure!(
                        is_new,
                        "{}: {} {} comes twice",
                        place(),
                        outcome.kind,
                        outcome.number
                    );
                    outcomes.push(outcome);
                }
                None => {}
            }
        }
    }
    let Some(facts) = facts else {
        bail!("nothing to merge: these files are not what `padtest --json` prints");
    };
    // `3/3` tells how many parts there were.
    let parts = shards
        .first()
        .and_then(|s| s.split_once('/')?.1.parse().ok());
    let whole = parts == Some(shards.len()) && planned == outcomes.len();
    Ok((facts, outcomes, whole))
}

/// A plan or a session; `None` for a result, which is counted anew.
fn parse(line: &str) -> anyhow::Result<Option<Line>> {
    let value: serde_json::Value = serde_json::from_str(line)?;
    if value.get("type").is_some_and(|kind| kind == "result") {
        return Ok(None);
    }
    Ok(Some(serde_json::from_value(value)?))
}
