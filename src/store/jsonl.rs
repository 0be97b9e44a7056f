//! A log of one entry a line, only ever appended to.
use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufRead as _, BufReader, Read, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

use super::{
    Piece, Tail,
    entry::{Sealed, What},
    trouble::{ELSEWHERE, MISSING, advice, integrity, log_error},
};
use crate::{error::Error, files, record::SessionRecord};

/// What a line of before there were signatures begins with, in every version.
const RECORD: &[u8] = br#"{"schema":"#;

/// Bytes at the end of a log that are looked at first: more than an entry has.
const TAIL: u64 = 64 << 10;

/// A log of lines. Whoever writes opens its file anew for each use: a purge puts another in its place.
#[derive(Debug)]
pub(super) struct Lines {
    path: PathBuf,
    /// For whoever reads: the file, and how far it went when it was opened.
    view: Option<(File, u64)>,
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
        let opened = files::private().create(true).append(true).open(path);
        let synced = opened.and_then(|file| file.sync_all());
        synced.map_err(|e| log_error(path, advice(&e, ELSEWHERE)))?;
        if made {
            files::sync_folder_of(path);
        }
        Ok(Self {
            path: path.to_owned(),
            view: None,
        })
    }

    /// A log that is only read: what it holds at this moment, whatever is done to it meanwhile.
    pub(super) fn to_read(path: &Path) -> Result<Self, Error> {
        let open = || {
            let file = File::open(path)?;
            let len = file.metadata()?.len();
            Ok((file, len))
        };
        let view = open().map_err(|e: io::Error| log_error(path, advice(&e, MISSING)))?;
        Ok(Self {
            path: path.to_owned(),
            view: Some(view),
        })
    }

    /// All bytes of the log, from the first on.
    fn whole(&self) -> io::Result<impl Read> {
        match &self.view {
            Some((file, len)) => {
                let mut file = file.try_clone()?;
                file.seek(SeekFrom::Start(0))?;
                Ok(file.take(*len))
            }
            None => Ok(File::open(&self.path)?.take(u64::MAX)),
        }
    }

    /// Whether an entry stands anywhere in it, or something that was one.
    pub(super) fn is_written(&self) -> Result<bool, Error> {
        let mut found = false;
        self.pieces(|piece| {
            found |= is_entry(&piece.text);
        })?;
        Ok(found)
    }

    pub(super) fn last(&self) -> Result<Tail, Error> {
        let mut file = File::open(&self.path).map_err(|e| self.unreadable(&e))?;
        Ok(end(&mut file).map_err(|e| self.unreadable(&e))?.tail)
    }

    /// Whether all that is there is something else than results of sessions.
    pub(super) fn is_foreign(&self) -> Result<bool, Error> {
        let (mut ours, mut other) = (false, false);
        self.pieces(|piece| {
            let text = &piece.text;
            if text.starts_with(RECORD) || is_entry(text) || is_record(text) {
                ours = true;
            } else {
                // Of the very first record a crash may have left less.
                let torn = piece.unfinished && RECORD.starts_with(text);
                other |= !torn && !text.trim_ascii().is_empty();
            }
        })?;
        Ok(other && !ours)
    }

    /// What says that the lines there are were not signed, where there are any.
    pub(super) fn adoption(&self) -> Result<Option<What>, Error> {
        let mut bytes = fs::read(&self.path).map_err(|e| self.unreadable(&e))?;
        let cut = bytes
            .iter()
            .rposition(|b| *b == b'\n')
            .map_or(0, |at| at + 1);
        if Sealed::is_cut_short(&bytes[cut..]) {
            bytes.truncate(cut);
        }
        if bytes.split(|b| *b == b'\n').any(is_entry) {
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
        if end.ours {
            // What a crash cut short was never acknowledged.
            file.set_len(end.whole).map_err(fail)?;
        } else if end.torn || end.open {
            bytes.push(b'\n');
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

    /// Puts these lines in place of all others, but for the file's first bytes: their hash is in the log.
    pub(super) fn replace(&self, first: u64, lines: &[Vec<u8>]) -> Result<(), Error> {
        let fail = |e: io::Error| log_error(&self.path, advice(&e, ELSEWHERE));
        let rights = fs::metadata(&self.path).map_err(fail)?.permissions();
        let mut bytes = vec![];
        let mut begin = self.whole().map_err(fail)?.take(first);
        begin.read_to_end(&mut bytes).map_err(fail)?;
        bytes.extend(lines.join(&b'\n'));
        bytes.push(b'\n');
        files::write_whole(&self.path, &bytes).map_err(fail)?;
        fs::set_permissions(&self.path, rights).map_err(fail)
    }

    /// Hands out line after line, those that are blank left out.
    pub(super) fn pieces(&self, mut take: impl FnMut(Piece)) -> Result<(), Error> {
        let mut file = BufReader::new(self.whole().map_err(|e| self.unreadable(&e))?);
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

    /// Hands out line after line from the last on, until one is enough.
    pub(super) fn backwards(&self, mut take: impl FnMut(&[u8]) -> bool) -> Result<(), Error> {
        let mut read = || {
            let mut file = File::open(&self.path)?;
            let mut start = file.metadata()?.len();
            // The end of a line whose beginning has not been read yet.
            let mut open = vec![];
            while start > 0 {
                let size = start.min(TAIL);
                start -= size;
                file.seek(SeekFrom::Start(start))?;
                let mut bytes = vec![];
                (&mut file).take(size).read_to_end(&mut bytes)?;
                bytes.append(&mut open);
                let mut lines: Vec<_> = bytes.split(|b| *b == b'\n').collect();
                if start > 0 {
                    // The first may have begun before.
                    open = lines.remove(0).to_vec();
                }
                let more = lines.iter().rev().filter(|line| !line.is_empty());
                for line in more {
                    if !take(line) {
                        return Ok(());
                    }
                }
            }
            Ok(())
        };
        read().map_err(|e: io::Error| self.unreadable(&e))
    }

    /// sha256 of the file's first bytes.
    pub(super) fn beginning(&self, bytes: u64) -> Result<String, Error> {
        let read = || super::sha256_of(self.whole()?.take(bytes));
        read().map_err(|e: io::Error| self.unreadable(&e))
    }

    fn unreadable(&self, error: &io::Error) -> Error {
        log_error(&self.path, advice(error, MISSING))
    }
}

/// Whether a line is an entry, or something that was one.
fn is_entry(line: &[u8]) -> bool {
    Sealed::begins(line) || Sealed::read(line).is_ok()
}

/// Whether a line is a record of before there were signatures.
fn is_record(line: &[u8]) -> bool {
    serde_json::from_slice::<SessionRecord>(line).is_ok()
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
            let ours = torn && Sealed::is_cut_short(rest);
            return Ok(End {
                open: open.is_some(),
                tail: match (open, last) {
                    (Some(sealed), _) => Tail::Sealed(Box::new(sealed)),
                    // No writer of ours leaves that.
                    (None, _) if torn && !ours => Tail::Unsigned,
                    (None, Some((_, line))) => match Sealed::read(line) {
                        Ok(sealed) => Tail::Sealed(Box::new(sealed)),
                        Err(_) => Tail::Unsigned,
                    },
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
