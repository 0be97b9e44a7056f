//! A log of one entry a line, only ever appended to.
use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

use super::{
    Piece, Tail,
    entry::{Sealed, What},
    trouble::{ELSEWHERE, MISSING, advice, integrity, log_error},
};
use crate::{error::Error, files};

/// Bytes at the end of a log that are looked at first: more than an entry has.
const TAIL: u64 = 64 << 10;

/// A log of lines. Its file is opened anew for each use: a purge puts another in its place.
#[derive(Debug)]
pub(super) struct Lines {
    path: PathBuf,
}

/// How a file ends.
struct End {
    tail: Tail,
    /// So long is the file up to the end of its last whole line.
    whole: u64,
    /// Whether something follows that is no whole line.
    torn: bool,
    /// Whether that is the beginning of an entry.
    ours: bool,
    /// Whether the last line is whole but for its end.
    open: bool,
}

impl Lines {
    /// Makes the file where there is none, and proves that it can be written.
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let made = !path.exists();
        let opened = OpenOptions::new().create(true).append(true).open(path);
        let synced = opened.and_then(|file| file.sync_all());
        synced.map_err(|e| log_error(path, advice(&e, ELSEWHERE)))?;
        if made {
            files::sync_folder_of(path);
        }
        Ok(Self::there(path))
    }

    /// A log that is only read.
    pub(super) fn there(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
        }
    }

    pub(super) fn last(&self) -> Result<Tail, Error> {
        let mut file = File::open(&self.path).map_err(|e| self.unreadable(&e))?;
        Ok(end(&mut file).map_err(|e| self.unreadable(&e))?.tail)
    }

    /// What says that the lines there are were not signed, where there are any.
    pub(super) fn adoption(&self) -> Result<Option<What>, Error> {
        let mut bytes = fs::read(&self.path).map_err(|e| self.unreadable(&e))?;
        let cut = bytes
            .iter()
            .rposition(|b| *b == b'\n')
            .map_or(0, |at| at + 1);
        if is_ours(&bytes[cut..]) {
            bytes.truncate(cut);
        }
        if bytes
            .split(|b| *b == b'\n')
            .any(|line| Sealed::read(line).is_ok())
        {
            return Err(integrity(
                &self.path,
                "unsigned lines follow signed ones; see `liveness log verify`, and begin a new log with --log PATH",
            ));
        }
        // A line cut short by a crash gets its end before ours begins.
        let ends = bytes.last().is_none_or(|last| *last == b'\n');
        let bytes = if ends {
            bytes
        } else {
            [bytes, vec![b'\n']].concat()
        };
        Ok((!bytes.is_empty()).then(|| What::Adopted {
            bytes: bytes.len() as u64,
            sha256: super::sha256(&bytes),
        }))
    }

    /// Appends entries, all or none, and waits until the disk has them.
    pub(super) fn add(&self, entries: &[Sealed]) -> Result<(), Error> {
        let fail = |e: io::Error| log_error(&self.path, advice(&e, ELSEWHERE));
        let mut file = (OpenOptions::new().append(true).read(true))
            .open(&self.path)
            .map_err(fail)?;
        let end = end(&mut file).map_err(fail)?;
        let mut bytes = vec![];
        match end.tail {
            // What a crash cut short was never acknowledged.
            Tail::Sealed(_) if end.torn => file.set_len(end.whole).map_err(fail)?,
            _ if end.ours => file.set_len(end.whole).map_err(fail)?,
            _ if end.torn || end.open => bytes.push(b'\n'),
            _ => {}
        }
        for entry in entries {
            bytes.extend(entry.text().as_bytes());
            bytes.push(b'\n');
        }
        let before = file.metadata().map_err(fail)?.len();
        let written = file.write_all(&bytes).and_then(|()| file.sync_data());
        written.map_err(|error| {
            // A full disk takes half a line.
            let _ = file.set_len(before);
            fail(error)
        })
    }

    /// Puts these lines in place of all others.
    pub(super) fn replace(&self, lines: &[Vec<u8>]) -> Result<(), Error> {
        let fail = |e: io::Error| log_error(&self.path, advice(&e, ELSEWHERE));
        let rights = fs::metadata(&self.path).map_err(fail)?.permissions();
        let mut bytes = lines.join(&b'\n');
        bytes.push(b'\n');
        files::write_whole(&self.path, &bytes).map_err(fail)?;
        fs::set_permissions(&self.path, rights).map_err(fail)
    }

    /// Hands out line after line, those that are blank left out.
    pub(super) fn pieces(&self, mut take: impl FnMut(Piece)) -> Result<(), Error> {
        let file = File::open(&self.path).map_err(|e| self.unreadable(&e))?;
        let mut file = BufReader::new(file);
        let mut offset = 0;
        for number in 1.. {
            let mut line = vec![];
            let read = file.read_until(b'\n', &mut line);
            let read = read.map_err(|e| self.unreadable(&e))? as u64;
            if read == 0 {
                break;
            }
            let finished = line.pop_if(|last| *last == b'\n').is_some();
            if !line.is_empty() {
                take(Piece {
                    place: format!("line {number}"),
                    offset,
                    text: line,
                    unfinished: !finished,
                    troubles: vec![],
                });
            }
            offset += read;
        }
        Ok(())
    }

    /// The last entries: as many as lie in so many bytes.
    pub(super) fn recent(&self, bytes: u64) -> Result<Vec<Sealed>, Error> {
        let read = || {
            let mut file = File::open(&self.path)?;
            let start = file.metadata()?.len().saturating_sub(bytes);
            tail_from(&mut file, start)
        };
        let bytes = read().map_err(|e| self.unreadable(&e))?;
        let lines = bytes.split(|b| *b == b'\n');
        Ok(lines.filter_map(|line| Sealed::read(line).ok()).collect())
    }

    /// sha256 of the file's first bytes.
    pub(super) fn beginning(&self, bytes: u64) -> Result<String, Error> {
        let read = || {
            let file = File::open(&self.path)?;
            super::sha256_of(file.take(bytes))
        };
        read().map_err(|e: io::Error| self.unreadable(&e))
    }

    fn unreadable(&self, error: &io::Error) -> Error {
        log_error(&self.path, advice(error, MISSING))
    }
}

/// Whether this is how an entry begins, and no line of before there were signatures.
fn is_ours(bytes: &[u8]) -> bool {
    let begin = br#"{"kind":"#;
    !bytes.is_empty() && (bytes.starts_with(begin) || begin.starts_with(bytes))
}

fn tail_from(file: &mut File, start: u64) -> io::Result<Vec<u8>> {
    let mut bytes = vec![];
    file.seek(SeekFrom::Start(start))?;
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads the end of a log, from behind.
fn end(file: &mut File) -> io::Result<End> {
    let len = file.metadata()?.len();
    let mut size = TAIL;
    loop {
        let start = len.saturating_sub(size);
        let bytes = tail_from(file, start)?;
        let cut = bytes
            .iter()
            .rposition(|b| *b == b'\n')
            .map_or(0, |at| at + 1);
        let (whole, rest) = bytes.split_at(cut);
        let open = Sealed::read(rest).ok();
        let lines = whole.split(|b| *b == b'\n').enumerate();
        let last = lines
            .filter(|(_, line)| !line.trim_ascii().is_empty())
            .last();
        // The first line may have begun before what was read.
        let is_seen = start == 0 || open.is_some() || last.is_some_and(|(n, _)| n > 0);
        if is_seen {
            let whole_len = start + cut as u64;
            let torn = !rest.is_empty() && open.is_none();
            let ours = torn && is_ours(rest);
            return Ok(End {
                open: open.is_some(),
                tail: match (open, last) {
                    (Some(sealed), _) => Tail::Sealed(Box::new(sealed)),
                    (None, Some((_, line))) => match Sealed::read(line) {
                        Ok(sealed) => Tail::Sealed(Box::new(sealed)),
                        Err(_) => Tail::Unsigned,
                    },
                    (None, None) if torn && !ours => Tail::Unsigned,
                    (None, None) => Tail::Empty,
                },
                whole: whole_len,
                torn,
                ours,
            });
        }
        size *= 2;
    }
}
