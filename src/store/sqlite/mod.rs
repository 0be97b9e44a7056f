//! A log in a database. The only folder that names rusqlite.
mod check;
mod rows;
mod schema;
#[cfg(test)]
pub(super) mod tests;
mod trouble;

use std::{path::Path, path::PathBuf, time::Duration};

use rusqlite::{
    Connection, ErrorCode, OpenFlags, OptionalExtension as _, Row, Transaction,
    TransactionBehavior, params_from_iter, types::ValueRef,
};

use rows::{TABLES, rows};
use schema::{MIGRATIONS, are_tables, is_empty, strangers};
use trouble::wrong;

use super::{
    Piece, Tail,
    entry::Sealed,
    trouble::{ELSEWHERE, MISSING, advice, integrity, log_error},
};
use crate::{
    error::{Cause, Error},
    files,
};

/// How long another program may write: we hold a lock of our own before, so that is a foreign one.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long others may read what was purged.
const READERS: Duration = Duration::from_secs(3);

/// Pages that are kept in memory, in KiB.
const CACHE_KIB: i32 = 256;

/// What is wrong with a database whose tables are not ours.
const FOREIGN: &str = "its tables are missing or not ours; see `liveness log verify`";
/// What is wrong with one whose number of tables' version is not that of its tables.
const VERSION: &str = "its version does not fit its tables; see `liveness log verify`, put back a copy, or begin a new log with --log PATH";
/// What is wrong with one that has a higher version.
const NEWER: &str = "a newer liveness wrote it, or it was changed; use that one, put back a copy, or begin a new log with --log PATH";
/// What is wrong with one that gives rows out of order.
const KNOTTED: &str = "it is damaged: rows do not follow one another; put back a copy";

/// A log in a database.
#[derive(Debug)]
pub(super) struct Base {
    path: PathBuf,
    connection: Connection,
}

impl Base {
    /// Makes the database where there is none, and brings its tables up to date; not those of one that has
    /// `begun`: without any they were lost.
    pub(super) fn open(path: &Path, begun: bool) -> Result<Self, Error> {
        // What SQLite makes, others may read; what it makes beside a file is as that is.
        let made = files::private().create(true).append(true).open(path);
        made.map_err(|e| log_error(path, advice(&e, ELSEWHERE)))?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(|e| wrong(path, e))?;
        let mut base = Self {
            path: path.to_owned(),
            connection,
        };
        (base.connection.busy_timeout(PATIENCE)).map_err(|e| wrong(path, e))?;
        // Before it is changed in any way: it may be somebody else's.
        base.is_no_other()?;
        let version = base.version()?;
        if begun && version == 0 {
            return Err(integrity(path, FOREIGN));
        }
        base.set_up().map_err(|e| wrong(path, e))?;
        base.migrate(version)?;
        base.is_ours()?;
        Ok(base)
    }

    /// Nothing stands in it, or our table does.
    fn is_no_other(&self) -> Result<(), Error> {
        let sql = "SELECT count(*) = 0 OR sum(name = 'chain') > 0 FROM sqlite_schema";
        let own = self.connection.query_row(sql, [], |row| row.get(0));
        match own.map_err(|e| wrong(&self.path, e))? {
            true => Ok(()),
            false => {
                let text = "it is a database of something else; name another file with --log PATH";
                Err(log_error(&self.path, text.into()))
            }
        }
    }

    /// Whether there is nothing in the schema yet.
    pub(super) fn is_empty(&self) -> Result<bool, Error> {
        is_empty(&self.connection).map_err(|e| wrong(&self.path, e))
    }

    /// Nothing in the schema is from somebody else: a trigger would run with the next entry.
    pub(super) fn is_ours(&self) -> Result<(), Error> {
        let strangers = strangers(&self.connection).map_err(|e| wrong(&self.path, e))?;
        match strangers.first() {
            None => Ok(()),
            Some(stranger) => {
                let text = format!(
                    "{stranger}; see `liveness log verify`, put back a copy, or begin a new log with --log PATH"
                );
                Err(integrity(&self.path, text))
            }
        }
    }

    /// Opens a database that is there, and changes nothing in it: what it holds at this moment, whatever is
    /// done to it meanwhile.
    pub(super) fn to_read(path: &Path) -> Result<Self, Error> {
        Self::opened(path, false)
    }

    /// The same, for whoever keeps writers away as long as he looks: SQLite makes nothing beside it.
    pub(super) fn to_look(path: &Path) -> Result<Self, Error> {
        Self::opened(path, is_all(path))
    }

    fn opened(path: &Path, alone: bool) -> Result<Self, Error> {
        // SQLite would say only that it cannot.
        std::fs::metadata(path).map_err(|e| log_error(path, advice(&e, MISSING)))?;
        let open = |name: &str, more| {
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | more;
            let connection = Connection::open_with_flags(name, flags)?;
            connection.busy_timeout(PATIENCE)?;
            // From the first look on one moment is seen. What is wrong with the file shows here.
            connection.execute_batch("BEGIN")?;
            connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
            Ok(connection)
        };
        let name = path.to_string_lossy();
        let open_alone = || {
            let name = format!("file:{}?immutable=1", uri(&name));
            open(&name, OpenFlags::SQLITE_OPEN_URI)
        };
        let connection = if alone {
            open_alone()
        } else {
            open(&name, OpenFlags::empty())
        };
        let connection = match connection {
            // On a disk that is read-only there is no place for what several readers share.
            Err(error) if !alone && is_refused(&error) => {
                if !is_all(path) {
                    let text = "its latest results stand in its -wal file, which can be read only where this one can be written; copy it, -wal and .head to another folder";
                    return Err(log_error(path, text.into()));
                }
                open_alone()
            }
            opened => opened,
        };
        let base = Self {
            path: path.to_owned(),
            connection: connection.map_err(|e| wrong(path, e))?,
        };
        base.version()?;
        Ok(base)
    }

    fn set_up(&mut self) -> rusqlite::Result<()> {
        // Of its usual 2 MB an append needs a few pages.
        self.connection
            .pragma_update(None, "cache_size", -CACHE_KIB)?;
        // What is purged is overwritten. What somebody else put into the schema is not run.
        self.connection.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA trusted_schema = OFF;",
        )
    }

    /// How many steps have made its tables.
    fn version(&self) -> Result<usize, Error> {
        let ask = || {
            let sql = "PRAGMA user_version";
            let version: i64 = self.connection.query_row(sql, [], |row| row.get(0))?;
            // Somebody may have set it back: the steps would fail, in their own words.
            let made = is_empty(&self.connection)? == (version == 0);
            Ok(usize::try_from(version).ok().filter(|_| made))
        };
        match ask().map_err(|e| wrong(&self.path, e))? {
            Some(version) if version <= MIGRATIONS.len() => Ok(version),
            // Nobody signs the version: it may as well have been changed.
            Some(_) => Err(integrity(&self.path, NEWER)),
            None => Err(integrity(&self.path, VERSION)),
        }
    }

    /// Brings tables that so many steps have made up to date.
    fn migrate(&mut self, version: usize) -> Result<(), Error> {
        let change = |connection: &mut Connection| {
            let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            for step in MIGRATIONS.iter().skip(version) {
                tx.execute_batch(step)?;
            }
            tx.pragma_update(None, "user_version", MIGRATIONS.len())?;
            tx.commit()
        };
        if version < MIGRATIONS.len() {
            change(&mut self.connection).map_err(|e| wrong(&self.path, e))?;
        }
        Ok(())
    }

    /// Whether any row stands anywhere in it.
    pub(super) fn is_written(&self) -> Result<bool, Error> {
        let ask = || {
            if !are_tables(&self.connection)? {
                return Ok(false);
            }
            for (table, _) in TABLES {
                let sql = format!("SELECT count(*) FROM (SELECT 1 FROM {table} LIMIT 1)");
                if self.connection.query_row(&sql, [], |row| row.get(0))? {
                    return Ok(true);
                }
            }
            Ok(false)
        };
        ask().map_err(|e| wrong(&self.path, e))
    }

    pub(super) fn last(&self) -> Result<Tail, Error> {
        let ask = || {
            if !are_tables(&self.connection)? {
                return Ok(None);
            }
            let sql = "SELECT seq, text FROM chain ORDER BY seq DESC LIMIT 1";
            let row = |row: &Row<'_>| Ok((row.get::<_, i64>(0)?, piece(row)?.text));
            let last = self.connection.query_row(sql, [], row).optional()?;
            // A row beyond the last entry, in whichever table, stands where the next one belongs.
            let end = last.as_ref().map_or(i64::MIN, |(seq, _)| *seq);
            for (table, _) in TABLES {
                let sql = format!("SELECT max(seq) FROM {table}");
                let most: Option<i64> = self.connection.query_row(&sql, [], |row| row.get(0))?;
                if most.is_some_and(|most| most > end) {
                    return Ok(Some(Tail::Unsigned));
                }
            }
            Ok(Some(
                match last.map(|(seq, text)| (seq, Sealed::read(&text))) {
                    None => Tail::Empty,
                    Some((seq, Ok(sealed))) if u64::try_from(seq) == Ok(sealed.entry.seq) => {
                        Tail::Sealed(Box::new(sealed))
                    }
                    Some(_) => Tail::Unsigned,
                },
            ))
        };
        let last = ask().map_err(|e| wrong(&self.path, e))?;
        last.ok_or_else(|| integrity(&self.path, FOREIGN))
    }

    /// Adds entries and takes others away, all or nothing, and waits until the disk has it.
    pub(super) fn change(&mut self, add: &[Sealed], remove: &[u64]) -> Result<(), Error> {
        let path = self.path.clone();
        let all: Result<Vec<_>, Cause> = add.iter().map(rows).collect();
        let all = all.map_err(|e| log_error(&path, e))?;
        let change = |connection: &mut Connection| {
            let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            for (table, _) in TABLES {
                let mut delete = tx.prepare(&format!("DELETE FROM {table} WHERE seq = ?1"))?;
                for &seq in remove {
                    delete.execute([seq])?;
                }
            }
            for (table, values) in all.into_iter().flatten() {
                insert(&tx, table, values)?;
            }
            tx.commit()
        };
        change(&mut self.connection).map_err(|e| wrong(&path, e))
    }

    /// Empties the write-ahead log, in which what was removed still stands; says whether that could be
    /// done: who reads an older state of the database needs it.
    pub(super) fn forget(&self) -> Result<bool, Error> {
        let empty = || {
            self.connection.busy_timeout(READERS)?;
            let sql = "PRAGMA wal_checkpoint(TRUNCATE)";
            let busy: i64 = self.connection.query_row(sql, [], |row| row.get(0))?;
            self.connection.busy_timeout(PATIENCE)?;
            Ok(busy == 0)
        };
        empty().map_err(|e| wrong(&self.path, e))
    }

    /// Hands out entry after entry from the last on, until one is enough.
    pub(super) fn backwards(&self, mut take: impl FnMut(&[u8]) -> bool) -> Result<(), Error> {
        let mut query = || {
            let mut query = self
                .connection
                .prepare("SELECT -seq, text FROM chain ORDER BY seq DESC")?;
            let mut rows = query.query([])?;
            let mut before = None;
            while let Some(row) = rows.next()? {
                if !follows(row, &mut before)? {
                    return Ok(Some(KNOTTED));
                }
                if !take(&piece(row)?.text) {
                    break;
                }
            }
            Ok(None)
        };
        match query().map_err(|e| wrong(&self.path, e))? {
            None => Ok(()),
            Some(why) => Err(integrity(&self.path, why)),
        }
    }

    /// Hands out entry after entry.
    pub(super) fn pieces(&self, mut take: impl FnMut(Piece)) -> Result<(), Error> {
        let mut query = || {
            if !are_tables(&self.connection)? {
                return Ok(Some(FOREIGN));
            }
            let mut query = self
                .connection
                .prepare("SELECT seq, text FROM chain ORDER BY seq")?;
            let mut rows = query.query([])?;
            let mut before = None;
            while let Some(row) = rows.next()? {
                if !follows(row, &mut before)? {
                    return Ok(Some(KNOTTED));
                }
                take(piece(row)?);
            }
            Ok(None)
        };
        match query().map_err(|e| wrong(&self.path, e))? {
            None => Ok(()),
            Some(why) => Err(integrity(&self.path, why)),
        }
    }
}

/// Whether all that a database holds is in its file, and nothing in the write-ahead log beside it.
fn is_all(path: &Path) -> bool {
    let log = format!("{}-wal", path.display());
    std::fs::metadata(log).map_or(true, |log| log.len() == 0)
}

fn is_refused(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly)
    )
}

/// Whether a row of the chain follows the one `before`. Damaged pages that name one another give the same
/// rows for ever.
fn follows(row: &Row<'_>, before: &mut Option<i64>) -> rusqlite::Result<bool> {
    let seq = row.get(0)?;
    Ok(before.replace(seq).is_none_or(|before| before < seq))
}

fn insert(
    tx: &Transaction<'_>,
    table: usize,
    values: Vec<rusqlite::types::Value>,
) -> rusqlite::Result<()> {
    let Some((name, columns)) = TABLES.get(table) else {
        return Ok(());
    };
    let marks = ", ?".repeat(*columns);
    tx.execute(
        &format!("INSERT INTO {name} VALUES (?{marks})"),
        params_from_iter(values),
    )
    .map(drop)
}

fn piece(row: &Row<'_>) -> rusqlite::Result<Piece> {
    let seq: i64 = row.get(0)?;
    Ok(Piece {
        place: format!("record {seq}"),
        offset: 0,
        text: match row.get_ref(1)? {
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.to_vec(),
            _ => vec![],
        },
        unfinished: false,
        troubles: vec![],
    })
}

/// A path as part of a URI.
fn uri(path: &str) -> String {
    let escape = |c: char| match c {
        '%' | '?' | '#' => format!("%{:02x}", u32::from(c)),
        c => c.to_string(),
    };
    path.chars().map(escape).collect()
}
