//! What makes a result worth something afterwards: where it goes, what goes with it, what it takes to get one.
use std::{
    ffi::OsString,
    fs::File,
    io,
    path::{Path, PathBuf},
    thread::JoinHandle,
};

use anyhow::{Context as _, anyhow};
use clap::Args;
use liveness::{
    capture::{Source, software::Identity},
    challenge::Reason,
    error::Error,
    record::{self, WallTime},
    store::{self, Evidence, Lockout, Log},
    thread,
};

use super::{out::say, span::Span, still::Audit};

/// The longest nonce: it stands in every log entry.
const LONGEST_NONCE: usize = 512;

/// Flags of the record.
#[derive(Args, Clone, Debug)]
pub struct Proof {
    /// Append the result to this log: a database (.db, .sqlite), or one line of JSON a result (any other
    /// name) [default: $XDG_STATE_HOME/liveness/sessions.db].
    #[arg(long, value_name = "PATH")]
    log: Option<PathBuf>,
    /// Put TEXT into the signed result: a result that holds it answers this call and no other. There is one
    /// session then, and no other by the space key.
    #[arg(long, value_name = "TEXT", value_parser = nonce)]
    nonce: Option<String>,
    /// After 5 failures within 3 minutes in this log, ask nobody anything for TIME (60s, 3m, 2h): sessions
    /// then end at once, inconclusive (locked_out), with exit code 3. Whoever was asked something and did not
    /// pass has failed, also if he went away, covered the lens, cancelled, or the camera broke down; who
    /// was asked nothing has not. A rehearsal locks rehearsals alone [default: never].
    #[arg(long, value_name = "TIME", value_parser = lock)]
    lockout: Option<Span>,
    /// Take no camera that is made of software, or of which the system does not say, and nothing that is no
    /// camera: exit code 4.
    #[arg(long)]
    no_virtual_camera: bool,
    #[command(flatten)]
    pub audit: Audit,
}

fn nonce(text: &str) -> Result<String, String> {
    match text.len() {
        0 => Err("an empty one says nothing; leave the flag out".to_owned()),
        1..=LONGEST_NONCE => Ok(text.to_owned()),
        _ => Err(format!("it may have {LONGEST_NONCE} bytes")),
    }
}

fn lock(text: &str) -> Result<Span, String> {
    let span: Span = text.parse()?;
    if span.0.is_zero() {
        return Err("a lock of no time locks nothing; leave the flag out".to_owned());
    }
    Ok(span)
}

/// Why nobody is asked anything.
pub struct Refusal {
    /// In the record.
    pub reason: Reason,
    /// For whoever reads standard error.
    pub words: String,
    /// Until when, where that is why.
    pub until: Option<WallTime>,
}

/// What the machine says for itself.
pub struct Witness {
    program: Option<JoinHandle<io::Result<String>>>,
    sum: String,
    config: String,
}

impl Witness {
    /// Begins to find out what program this is, which takes as long as reading it does.
    pub fn call(config: &str) -> Result<Self, Error> {
        Ok(Self {
            program: Some(thread::spawn("fingerprint", program)?),
            sum: String::new(),
            config: config.to_owned(),
        })
    }

    /// What goes with a result, but for its camera.
    pub fn evidence(&mut self, proof: &Proof) -> anyhow::Result<Evidence> {
        if let Some(program) = self.program.take() {
            let sum = program.join().map_err(|_| anyhow!("reading it broke down"));
            self.sum = sum
                .and_then(|sum| Ok(sum?))
                .context("the program cannot read itself, to say which one it is")?;
        }
        Ok(Evidence {
            nonce: proof.nonce.clone(),
            program: self.sum.clone(),
            config: self.config.clone(),
            virtual_camera: None,
            camera: None,
            still: None,
            locked_until: None,
        })
    }
}

impl Proof {
    /// Whether the result answers one call.
    pub fn has_nonce(&self) -> bool {
        self.nonce.is_some()
    }

    /// The log that was named, if one was.
    pub fn named_log(&self) -> Option<&Path> {
        self.log.as_deref()
    }

    /// Whether failures lock.
    pub fn locks(&self) -> bool {
        self.lockout.is_some()
    }

    /// Names the log.
    pub fn log_to(&mut self, path: PathBuf) {
        self.log = Some(path);
    }

    /// Opens the log. One that an older version has left in the usual place is taken in, and stays.
    ///
    /// # Errors
    ///
    /// Where there is no usual place, or it cannot be written.
    pub fn open_log(&self) -> anyhow::Result<Log> {
        let path = log_path(self.log.as_ref())?;
        let mut log = Log::open(&path, &store::key_path(&path))?;
        if self.log.is_none()
            && log.is_empty()?
            && let Some(old) = store::old_path()
        {
            let contents = store::read(&old)?;
            let damaged = contents.damaged.len();
            let records = contents.into_records();
            let (count, name) = (records.len(), old.display());
            if !log.import(records)? {
                // Another program was first.
                return Ok(log);
            }
            let damaged = match damaged {
                0 => String::new(),
                n => format!("; {n} damaged lines are only there"),
            };
            say(format_args!(
                "note: {count} results of {name} were taken into {}; that file stays, and is no longer written{damaged}",
                path.display()
            ));
        }
        Ok(log)
    }

    /// Why this camera is not taken, if so.
    pub fn refuses_camera(&self, source: &Source, camera: Option<&Identity>) -> Option<Refusal> {
        if !self.no_virtual_camera {
            return None;
        }
        let words = match camera {
            _ if !matches!(source, Source::Camera(_)) => format!("{source} is no camera"),
            Some(camera) if camera.is_virtual => {
                format!("{source} is made of software: {}", camera.name)
            }
            Some(_) => return None,
            None => format!(
                "the system does not say whether {source} is made of software; is it there?"
            ),
        };
        Some(Refusal {
            reason: Reason::VirtualCamera,
            words: format!("{words} (--no-virtual-camera)"),
            until: None,
        })
    }

    /// Whether nothing but a real camera will do.
    pub fn wants_a_camera(&self) -> bool {
        self.no_virtual_camera
    }

    /// Why nobody may be asked anything now, if so.
    ///
    /// # Errors
    ///
    /// Where the log cannot be read.
    pub fn refuses(
        &self,
        log: &Log,
        source: &Source,
        camera: Option<&Identity>,
        rehearsal: bool,
    ) -> anyhow::Result<Option<Refusal>> {
        if let Some(refusal) = self.refuses_camera(source, camera) {
            return Ok(Some(refusal));
        }
        let Some(Span(lock)) = self.lockout else {
            return Ok(None);
        };
        let now = record::wall_time();
        let left = log.locked_for(&Lockout::new(lock), rehearsal, now)?;
        Ok(left.map(|left| Refusal {
            reason: Reason::LockedOut,
            words: format!(
                "too many failed; somebody may try again in {} s",
                left.as_secs() + 1
            ),
            until: now.checked_add(left).ok(),
        }))
    }
}

/// The log that a flag names, or the usual one.
///
/// # Errors
///
/// Where there is no usual place: in a service without a home.
pub(super) fn log_path(named: Option<&PathBuf>) -> anyhow::Result<PathBuf> {
    let path = named.cloned().or_else(store::default_path);
    path.context(
        "no place for the log: HOME and XDG_STATE_HOME are not set; name one with --log PATH",
    )
}

/// The log to read: the same, or the one that an older version has left as long as there is no new one.
///
/// # Errors
///
/// As [`log_path`].
pub fn log_to_read(named: Option<&PathBuf>) -> anyhow::Result<PathBuf> {
    let path = log_path(named)?;
    if named.is_none() && !store::is_there(&path) {
        return Ok(store::old_path().unwrap_or(path));
    }
    Ok(path)
}

/// sha256 of the program that runs.
fn program() -> io::Result<String> {
    // On Linux by the name that still means this program after another was put in its place.
    let running = Path::new("/proc/self/exe");
    let path = if cfg!(target_os = "linux") && running.exists() {
        running.to_owned()
    } else {
        std::env::current_exe()?
    };
    store::sha256_of(File::open(path)?)
}

/// sha256 of all flags, those of a configuration among them, as `sha256:HEX`: of all but the nonce, which
/// is another each time.
pub fn settings(args: &[OsString]) -> String {
    let mut bytes = vec![];
    let mut args = args.iter().skip(1);
    while let Some(arg) = args.next() {
        if arg == "--nonce" {
            args.next();
        } else if !arg.to_string_lossy().starts_with("--nonce=") {
            bytes.extend(arg.as_encoded_bytes());
            bytes.push(0);
        }
    }
    store::sha256(&bytes)
}

/// sha256 of settings and of what they name: with nothing named that of the settings alone.
pub fn settings_and(settings: &str, named: &[String]) -> String {
    match named {
        [] => settings.to_owned(),
        named => store::sha256(format!("{settings}\0{}", named.join("\0")).as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_told_apart_and_a_nonce_is_none() {
        let sum = |line: &str| {
            let args: Vec<_> = line.split(' ').map(OsString::from).collect();
            settings(&args)
        };
        let plain = sum("liveness demo --steps 3");
        assert_eq!(plain, sum("/bin/liveness demo --nonce 7 --steps 3"));
        assert_eq!(plain, sum("liveness demo --nonce=8 --steps 3"));
        assert_ne!(plain, sum("liveness demo --steps 4"));
    }

    #[test]
    fn the_program_knows_itself() {
        assert_eq!(program().unwrap(), program().unwrap());
        assert!(program().unwrap().starts_with("sha256:"));
    }
}
