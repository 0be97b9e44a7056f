//! What is kept of a session. The only reader of wall time.
use std::{collections::BTreeMap, path::PathBuf};

use serde::{Deserialize, Serialize};

use crate::{
    capture::Fault,
    challenge::{Reason, Rules, Said, Verdict},
    entropy,
    error::Error,
    step::Step,
};

/// Version of a record's fields.
pub const SCHEMA: u32 = 1;

/// A moment of wall time, as the log keeps it.
pub type WallTime = jiff::Timestamp;

/// Wall time now. Read when a session starts, and when it is logged.
pub fn wall_time() -> WallTime {
    WallTime::now()
}

/// What was asked, and how it was answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepRecord {
    /// What was asked.
    pub step: Step,
    /// When, in milliseconds of the session.
    pub asked_ms: f64,
    /// When it was seen, if it was: some frames after the gesture's end.
    pub seen_ms: Option<f64>,
    /// How many wrong gestures came instead, and one where no answer came.
    pub strikes: u32,
}

/// Frames of one session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrameCounts {
    /// Frames the source delivered.
    pub captured: u64,
    /// Frames in which faces were looked for.
    pub analysed: u64,
    /// Frames dropped because looking took longer than a frame.
    pub dropped: u64,
}

/// One session. Never a picture, never a measure of the face.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SessionRecord {
    /// Version of these fields: [`SCHEMA`].
    pub schema: u32,
    /// Its own random name.
    pub session: String,
    /// When it started.
    pub started: WallTime,
    /// How long it took, in milliseconds.
    pub duration_ms: f64,
    /// Version of the program.
    pub app: String,
    /// sha256 of the networks it ran on.
    pub models: String,
    /// Where frames came from.
    pub source: String,
    /// Whether the script was known beforehand or the subject no camera's: never a real check.
    pub rehearsal: bool,
    /// What was to be asked at the least.
    pub script: Vec<Step>,
    /// The limits it ran under.
    pub rules: Rules,
    /// What was asked: the script, and a step more for each slow, wrong or missing answer.
    pub steps: Vec<StepRecord>,
    /// How it ended: `passed`, `failed`, `inconclusive` or `cancelled`.
    pub verdict: String,
    /// Why, if it did not pass.
    pub reason: Option<Reason>,
    /// What networks said that looked at the face itself, where some did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<Said>,
    /// Frames seen and dropped.
    pub frames: FrameCounts,
    /// What was wrong with the camera, and how often it came to that.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub faults: BTreeMap<Fault, u32>,
}

impl SessionRecord {
    /// Writes how the session ended.
    pub fn conclude(&mut self, verdict: Verdict, duration_ms: f64) {
        self.verdict = verdict.name().to_owned();
        self.reason = verdict.reason();
        self.duration_ms = duration_ms;
    }
}

/// A fresh random name for a session: 16 hexadecimal digits.
///
/// # Errors
///
/// [`Error::System`] where the operating system has no random numbers.
pub fn new_session_id() -> Result<String, Error> {
    Ok(format!("{:016x}", entropy::bits()?))
}

/// The folder of what is kept from one session to the next: `$XDG_STATE_HOME/liveness`, or
/// `~/.local/state/liveness`; on Windows in `%LOCALAPPDATA%`. `None` without any of these variables.
pub fn data_folder() -> Option<PathBuf> {
    let var = |name: &str| {
        let value = std::env::var_os(name).filter(|v| !v.is_empty());
        value.map(PathBuf::from)
    };
    let base = var("XDG_STATE_HOME")
        .filter(|p| p.is_absolute())
        .or_else(|| var("LOCALAPPDATA"))
        .or_else(|| var("HOME").map(|home| home.join(".local/state")))?;
    Some(base.join("liveness"))
}
