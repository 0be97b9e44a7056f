//! A session and its one line in the log. The only reader of wall time.
use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::{
    capture::Fault,
    challenge::{Reason, Rules, Said, Verdict},
    entropy,
    error::{Cause, Error},
    step::Step,
};

/// Version of a record's fields.
pub const SCHEMA: u32 = 1;

/// A moment of wall time, as the log keeps it.
pub type WallTime = jiff::Timestamp;

/// Wall time now. Read once a session, when it starts.
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

/// The log of a kiosk: one record a line, only ever appended to.
#[derive(Debug)]
pub struct Log {
    path: PathBuf,
    file: File,
}

impl Log {
    /// Opens the log for appending and proves that it can be written; makes it, and the folders
    /// above it, where there is none.
    ///
    /// # Errors
    ///
    /// [`Error::Log`] where that is not possible.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let fail = |error: io::Error| log_error(path, advice(&error, ELSEWHERE));
        if let Some(folder) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
            fs::create_dir_all(folder).map_err(fail)?;
        }
        let made = !path.exists();
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .read(true)
            .open(path)
            .map_err(fail)?;
        // A line cut short by a crash must not swallow the next one.
        if !ends_line(&mut file).map_err(fail)? {
            file.write_all(b"\n").map_err(fail)?;
        }
        file.sync_all().map_err(fail)?;
        if made {
            sync_folder(path);
        }
        Ok(Self {
            path: path.to_owned(),
            file,
        })
    }

    /// Appends one record and waits until the disk has it.
    ///
    /// # Errors
    ///
    /// [`Error::Log`] where the disk did not take it.
    pub fn append(&mut self, record: &SessionRecord) -> Result<(), Error> {
        let fail = |cause: Cause| log_error(&self.path, cause);
        let mut line = serde_json::to_vec(record).map_err(|e| fail(e.into()))?;
        line.push(b'\n');
        self.file
            .write_all(&line)
            .and_then(|()| self.file.sync_data())
            .map_err(|e| fail(advice(&e, ELSEWHERE)))
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// What a log holds.
#[derive(Debug, Default)]
pub struct Contents {
    /// The records that could be read, oldest first.
    pub records: Vec<SessionRecord>,
    /// Line number (from 1) and trouble of each line that could not.
    pub damaged: Vec<(usize, String)>,
}

/// Reads a whole log; damaged lines are reported, the others kept.
///
/// # Errors
///
/// [`Error::Log`] where there is no log, or it cannot be read at all.
pub fn read(path: &Path) -> Result<Contents, Error> {
    let missing = "; nothing has been logged there yet, or name another with --log PATH";
    let fail = |error: io::Error| log_error(path, advice(&error, missing));
    let file = File::open(path).map_err(fail)?;
    let mut contents = Contents::default();
    for (i, line) in BufReader::new(file).split(b'\n').enumerate() {
        let line = line.map_err(fail)?;
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        match record_of(&line) {
            Ok(record) => contents.records.push(record),
            Err(why) => contents.damaged.push((i + 1, why)),
        }
    }
    Ok(contents)
}

/// The record on a line of the log, or what is wrong with it.
fn record_of(line: &[u8]) -> Result<SessionRecord, String> {
    #[derive(Deserialize)]
    struct Version {
        schema: u32,
    }
    let read = serde_json::from_slice::<SessionRecord>(line);
    match read {
        Ok(record) if record.schema <= SCHEMA => Ok(record),
        // A newer one may not even read.
        other => match serde_json::from_slice(line) {
            Ok(Version { schema }) if schema > SCHEMA => {
                Err(format!("schema {schema}: a newer liveness wrote it"))
            }
            _ => other.map_err(|e| e.to_string()),
        },
    }
}

/// Where the log lies unless told otherwise: `$XDG_STATE_HOME/liveness/sessions.jsonl`, or
/// `~/.local/state/liveness/sessions.jsonl`; on Windows `%LOCALAPPDATA%`. `None` without any of
/// these variables.
pub fn default_path() -> Option<PathBuf> {
    let var = |name: &str| {
        let value = std::env::var_os(name).filter(|v| !v.is_empty());
        value.map(PathBuf::from)
    };
    let base = var("XDG_STATE_HOME")
        .filter(|p| p.is_absolute())
        .or_else(|| var("LOCALAPPDATA"))
        .or_else(|| var("HOME").map(|home| home.join(".local/state")))?;
    Some(base.join("liveness").join("sessions.jsonl"))
}

fn log_error(path: &Path, source: Cause) -> Error {
    Error::Log {
        path: path.to_owned(),
        source,
    }
}

/// The way out where a log cannot be written to a place.
const ELSEWHERE: &str = "; name another place with --log PATH";

/// The operating system's words, with the way out where it is known; `missing` is the one for a
/// place that is not there.
fn advice(error: &io::Error, missing: &'static str) -> Cause {
    let way_out = match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "; choose another place with --log PATH"
        }
        io::ErrorKind::NotFound => missing,
        io::ErrorKind::InvalidInput => "; results need an ordinary file: name one with --log PATH",
        io::ErrorKind::StorageFull => "; make room, or choose another place with --log PATH",
        io::ErrorKind::IsADirectory => "; name a file in it, as in --log DIR/sessions.jsonl",
        _ => "",
    };
    format!("{error}{way_out}").into()
}

/// Whether the file is empty or ends with a line's end.
fn ends_line(file: &mut File) -> io::Result<bool> {
    if file.metadata()?.len() == 0 {
        return Ok(true);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

/// Makes a new file's name durable. Not every system can open a folder, and a log that was made a
/// moment ago holds no result yet, so a refusal is no error.
fn sync_folder(path: &Path) {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty());
    if let Ok(folder) = File::open(folder.unwrap_or(Path::new("."))) {
        let _ = folder.sync_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub fn record(session: &str) -> SessionRecord {
        SessionRecord {
            schema: SCHEMA,
            session: session.to_owned(),
            started: "2026-11-23T16:07:01Z".parse().unwrap(),
            duration_ms: 9120.5,
            app: "0.1.0".to_owned(),
            models: "sha256:00".to_owned(),
            source: "camera:0".to_owned(),
            rehearsal: false,
            script: vec![Step::Blink, Step::Nod],
            rules: Rules::default(),
            steps: vec![],
            verdict: "failed".to_owned(),
            reason: Some(Reason::StepTimeout),
            said: None,
            frames: FrameCounts::default(),
            faults: BTreeMap::new(),
        }
    }

    #[test]
    fn what_is_appended_is_read_back_in_order() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("deep/er/log.jsonl");
        for name in ["a", "b"] {
            Log::open(&path).unwrap().append(&record(name)).unwrap();
        }
        let contents = read(&path).unwrap();
        assert_eq!(contents.records, [record("a"), record("b")]);
        assert_eq!(contents.damaged, []);
    }

    #[test]
    fn a_line_cut_short_is_reported_and_the_next_one_is_whole() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log.jsonl");
        Log::open(&path).unwrap().append(&record("a")).unwrap();
        let whole = fs::read(&path).unwrap();
        fs::write(&path, [&whole[..], &whole[..40]].concat()).unwrap();
        assert_eq!(read(&path).unwrap().damaged.len(), 1);
        Log::open(&path).unwrap().append(&record("b")).unwrap();
        let contents = read(&path).unwrap();
        assert_eq!(contents.records, [record("a"), record("b")]);
        let (line, _) = &contents.damaged[0];
        assert_eq!((*line, contents.damaged.len()), (2, 1));
    }

    #[test]
    fn records_of_other_versions_are_read_or_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log.jsonl");
        let mut old = serde_json::to_value(record("old")).unwrap();
        let stand = old["rules"]["stand"].as_object_mut().unwrap();
        stand.remove("gap_ms").unwrap();
        stand.remove("max_mouth").unwrap();
        let newer = format!("{{\"schema\":{},\"verdict\":[7]}}", SCHEMA + 1);
        fs::write(&path, format!("{old}\n{newer}\n")).unwrap();
        let contents = read(&path).unwrap();
        assert_eq!(contents.records, [record("old")]);
        assert!(contents.damaged[0].1.contains("a newer liveness"));
    }

    #[test]
    fn a_log_that_cannot_be_written_says_so_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let text = Log::open(dir.path()).unwrap_err().to_string();
        assert!(text.contains("name a file in it"), "{text}");
        let below_a_file = dir.path().join("file/log.jsonl");
        fs::write(dir.path().join("file"), "x").unwrap();
        assert!(Log::open(&below_a_file).is_err());
    }
}
