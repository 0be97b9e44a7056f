//! A log in a database. The only folder that names rusqlite.
mod rows;
mod schema;
#[cfg(test)]
pub(super) mod tests;

use std::{path::Path, path::PathBuf, time::Duration};

use rusqlite::{
    Connection, ErrorCode, OpenFlags, Row, Transaction, TransactionBehavior, params_from_iter,
    types::ValueRef,
};

use rows::{TABLES, is_same, rows};
use schema::{MIGRATIONS, are_tables, soundness, strangers};

use super::{
    Piece, Tail,
    entry::Sealed,
    trouble::{MISSING, integrity, log_error},
};
use crate::error::{Cause, Error};

/// How long another program may write: we hold a lock of our own before, so that is a foreign one.
const PATIENCE: Duration = Duration::from_secs(10);

/// Pages that are kept in memory, in KiB.
const CACHE_KIB: i32 = 256;

/// What is wrong with a database whose tables are not ours.
const FOREIGN: &str = "its tables are missing or not ours; see `liveness log verify`";
/// What is wrong with one that gives rows out of order.
const KNOTTED: &str = "it is damaged: rows do not follow one another; put back a copy";

/// A log in a database.
#[derive(Debug)]
pub(super) struct Base {
    path: PathBuf,
    connection: Connection,
}

impl Base {
    /// Makes the database where there is none, and brings its tables up to date.
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(|e| wrong(path, e))?;
        let mut base = Self {
            path: path.to_owned(),
            connection,
        };
        base.set_up().map_err(|e| wrong(path, e))?;
        base.migrate()?;
        // A trigger would run with the next entry.
        let tx = base.connection.unchecked_transaction();
        let strangers = tx.and_then(|tx| strangers(&tx));
        if let Some(stranger) = strangers.map_err(|e| wrong(path, e))?.first() {
            let text = format!(
                "{stranger}; see `liveness log verify`, put back a copy, or begin a new log with --log PATH"
            );
            return Err(integrity(path, text));
        }
        Ok(base)
    }

    /// Opens a database that is there, and changes nothing in it.
    pub(super) fn to_read(path: &Path) -> Result<Self, Error> {
        // SQLite would say only that it cannot.
        std::fs::metadata(path).map_err(|e| log_error(path, super::advice(&e, MISSING)))?;
        let open = |name: &str, more| {
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | more;
            let connection = Connection::open_with_flags(name, flags)?;
            connection.busy_timeout(PATIENCE)?;
            // The first look at the file: what is wrong with it shows here.
            connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
            Ok(connection)
        };
        let name = path.to_string_lossy();
        let connection = open(&name, OpenFlags::empty()).or_else(|error: rusqlite::Error| {
            // On a disk that is read-only there is no place for what several readers share.
            match error.sqlite_error_code() {
                Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly) => open(
                    &format!("file:{}?immutable=1", uri(&name)),
                    OpenFlags::SQLITE_OPEN_URI,
                ),
                _ => Err(error),
            }
        });
        let base = Self {
            path: path.to_owned(),
            connection: connection.map_err(|e| wrong(path, e))?,
        };
        if base.version()? > MIGRATIONS.len() {
            return Err(base.newer());
        }
        Ok(base)
    }

    fn set_up(&mut self) -> rusqlite::Result<()> {
        self.connection.busy_timeout(PATIENCE)?;
        // Of its usual 2 MB an append needs a few pages.
        self.connection
            .pragma_update(None, "cache_size", -CACHE_KIB)?;
        // What is purged is overwritten. What somebody else put into the schema is not run.
        self.connection.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA trusted_schema = OFF;",
        )
    }

    fn version(&self) -> Result<usize, Error> {
        let version = self
            .connection
            .query_row("PRAGMA user_version", [], |row| row.get::<_, usize>(0));
        version.map_err(|e| wrong(&self.path, e))
    }

    fn newer(&self) -> Error {
        log_error(
            &self.path,
            "a newer liveness wrote it; use that one, or begin a new log with --log PATH".into(),
        )
    }

    fn migrate(&mut self) -> Result<(), Error> {
        let version = self.version()?;
        if version > MIGRATIONS.len() {
            return Err(self.newer());
        }
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

    pub(super) fn last(&self) -> Result<Tail, Error> {
        let sql = "SELECT text FROM chain ORDER BY seq DESC LIMIT 1";
        let text = self.connection.query_row(sql, [], bytes_of);
        match text {
            Ok(bytes) => Ok(match Sealed::read(&bytes) {
                Ok(sealed) => Tail::Sealed(Box::new(sealed)),
                Err(_) => Tail::Unsigned,
            }),
            Err(rusqlite::Error::QueryReturnedNoRows) => Ok(Tail::Empty),
            Err(error) => Err(wrong(&self.path, error)),
        }
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
            tx.commit()?;
            if !remove.is_empty() {
                // What was removed still stands in the write-ahead log.
                connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
            }
            Ok(())
        };
        change(&mut self.connection).map_err(|e| wrong(&path, e))
    }

    /// The last entries, oldest first.
    pub(super) fn recent(&self, entries: u64) -> Result<Vec<Sealed>, Error> {
        let query = || {
            let sql = "SELECT text FROM chain ORDER BY seq DESC LIMIT ?1";
            let mut query = self.connection.prepare(sql)?;
            let rows = query.query_map([entries], bytes_of)?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        };
        let texts = query().map_err(|e| wrong(&self.path, e))?;
        let entries = texts.iter().filter_map(|text| Sealed::read(text).ok());
        let mut entries: Vec<_> = entries.collect();
        entries.reverse();
        Ok(entries)
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

    /// The same, each with what is wrong with its rows; gives what is wrong with the database itself.
    pub(super) fn checked(&mut self, mut take: impl FnMut(Piece)) -> Vec<String> {
        let mut found = vec![];
        // One moment of the database for all that is asked.
        let mut check = || -> rusqlite::Result<()> {
            let tx = self.connection.transaction()?;
            let strangers = strangers(&tx)?;
            // What somebody else put into the schema would be computed by the check.
            let sound = match strangers.is_empty() {
                true => soundness(&tx),
                false => None,
            };
            let whole = strangers.is_empty() && sound.is_none();
            found.extend(strangers.into_iter().chain(sound));
            if !are_tables(&tx)? {
                return Ok(());
            }
            let mut counts = [0; TABLES.len()];
            let mut selects = vec![];
            for (table, _) in TABLES {
                let order = if table == "steps" { "seq, n" } else { "seq" };
                let sql = format!("SELECT * FROM {table} WHERE seq = ?1 ORDER BY {order}");
                selects.push(tx.prepare(&sql)?);
            }
            let mut query = tx.prepare("SELECT seq, text FROM chain ORDER BY seq")?;
            let mut entries = query.query([])?;
            let mut before = None;
            while let Some(row) = entries.next()? {
                if !follows(row, &mut before)? {
                    found.push(KNOTTED.to_owned());
                    return Ok(());
                }
                let mut piece = piece(row)?;
                let seq: i64 = row.get(0)?;
                let wanted = Sealed::read(&piece.text).ok().and_then(|s| rows(&s).ok());
                for (t, ((table, _), select)) in TABLES.iter().zip(&mut selects).enumerate() {
                    let wanted = wanted.iter().flatten().filter(|(of, _)| *of == t);
                    let wanted: Vec<_> = wanted.map(|(_, values)| values).collect();
                    let mut got = select.query([seq])?;
                    let mut n = 0;
                    let mut fits = true;
                    // One more than there should be tells enough.
                    while n <= wanted.len()
                        && let Some(row) = got.next()?
                    {
                        fits &= wanted.get(n).is_some_and(|want| {
                            let same =
                                |(i, want)| row.get_ref(i).is_ok_and(|got| is_same(want, got));
                            want.iter().enumerate().all(same)
                        });
                        n += 1;
                    }
                    counts[t] += n;
                    if !fits || n != wanted.len() {
                        piece
                            .troubles
                            .push(format!("its row in {table} is not what was signed"));
                    }
                }
                take(piece);
            }
            // Counting goes through the whole tree without a look at what it counts.
            let countable = whole.then(|| TABLES.iter().zip(counts));
            for ((table, _), counted) in countable.into_iter().flatten() {
                let sql = format!("SELECT count(*) FROM {table}");
                let all: usize = tx.query_row(&sql, [], |row| row.get(0))?;
                if all != counted {
                    let more = all.abs_diff(counted);
                    found.push(format!("{more} rows in {table} belong to no record"));
                }
            }
            Ok(())
        };
        if let Err(error) = check() {
            found.push(format!("it is damaged: {error}"));
        }
        found
    }
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

fn bytes_of(row: &Row<'_>) -> rusqlite::Result<Vec<u8>> {
    Ok(match row.get_ref(0)? {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.to_vec(),
        _ => vec![],
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

/// The database's words, with the way out where it is known.
fn wrong(path: &Path, error: rusqlite::Error) -> Error {
    let way_out = match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            let text = format!(
                "{error}; see `liveness log verify`, put back a copy, or begin a new log with --log PATH"
            );
            return integrity(path, text);
        }
        Some(ErrorCode::DiskFull) => "; make room, or choose another place with --log PATH",
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
            "; choose another place with --log PATH"
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            "; another program writes to it and does not end; end that one, or name another log with --log PATH"
        }
        Some(ErrorCode::SystemIoFailure) => {
            "; is the disk full or broken? make room, or choose another place with --log PATH"
        }
        _ => "",
    };
    log_error(path, format!("{error}{way_out}").into())
}
