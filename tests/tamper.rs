//! What somebody does to a log who has no key: each change is found, and named.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod logbook;

use std::{collections::BTreeSet, fs, path::Path};

use proptest::prelude::*;
use rusqlite::{Connection, types::Value};

use logbook::{LOGS, Logbook, is_long};

fn lines(path: &Path) -> Vec<Vec<u8>> {
    let bytes = fs::read(path).unwrap();
    let mut lines: Vec<_> = bytes.split(|b| *b == b'\n').map(<[u8]>::to_vec).collect();
    assert_eq!(lines.pop(), Some(vec![]), "it ends with a line's end");
    lines
}

fn put(path: &Path, lines: &[Vec<u8>]) {
    fs::write(path, [&lines.join(&b'\n')[..], b"\n"].concat()).unwrap();
}

/// What is found in a log of lines after `change`.
fn found_in_lines(book: &Logbook, change: impl FnOnce(&mut Vec<Vec<u8>>)) -> Vec<String> {
    let whole = lines(&book.path);
    let mut changed = whole.clone();
    change(&mut changed);
    put(&book.path, &changed);
    let found = book.findings();
    put(&book.path, &whole);
    assert_eq!(book.findings(), [""; 0]);
    found
}

fn one_says(found: &[String], number: u64, words: &str) {
    let named =
        |text: &String| text.starts_with(&format!("record {number}")) && text.contains(words);
    assert!(found.iter().any(named), "{number} {words}: {found:?}");
}

/// Every bit of every record of both kinds of log; of 50 records with LIVENESS_LONG=1.
#[test]
fn no_bit_can_be_flipped() {
    let records = if is_long() { 50 } else { 3 };
    let mut flips = 0;
    let book = Logbook::new("l.jsonl", records);
    // A log of one record, in which that record's every bit is flipped: the others change nothing about
    // it, and the whole file need not be read for each.
    for line in lines(&book.path) {
        for at in 0..line.len() {
            for bit in 0..8 {
                let mut line = line.clone();
                line[at] ^= 1 << bit;
                let fits = liveness::store::Sealed::read(&line).is_ok_and(|s| s.is_signed());
                assert!(!fits, "bit {bit} of byte {at}");
                flips += 1;
            }
        }
    }
    eprintln!("{flips} bits flipped in lines, each found");
}

/// The same through the whole of `verify`, file and all: a sample, at all positions modulo a prime.
#[test]
fn a_flipped_bit_is_found_in_the_whole_log() {
    let book = Logbook::new("l.jsonl", 4);
    let whole = fs::read(&book.path).unwrap();
    let step = if is_long() { 1 } else { 61 };
    for flip in (0..whole.len() * 8).step_by(step) {
        let mut bytes = whole.clone();
        bytes[flip / 8] ^= 1 << (flip % 8);
        fs::write(&book.path, bytes).unwrap();
        assert!(!book.findings().is_empty(), "bit {flip}");
    }
}

/// Bits of every value in every table, changed in SQL: a sample, all of one record with LIVENESS_LONG=1.
/// All bits of all values of 50 records: `store::sqlite::tests`.
#[test]
fn no_bit_of_a_database_can_be_flipped() {
    let book = Logbook::new("l.db", 2);
    let db = Connection::open(&book.path).unwrap();
    db.execute_batch("PRAGMA synchronous = OFF").unwrap();
    let step = if is_long() { 1 } else { 89 };
    let mut flips = 0;
    for table in ["chain", "sessions", "steps", "evidence"] {
        let row = book.rows(table).remove(0);
        for (column, value) in columns(&db, table).iter().zip(&row) {
            // A step's row is the first of its session's.
            let which = if table == "steps" {
                "seq = 1 AND n = 1"
            } else {
                "seq = 1"
            };
            let set = format!("UPDATE {table} SET {column} = ?1 WHERE {which}");
            let text = set.replace("?1", "CAST(?1 AS TEXT)");
            for new in flipped(value).into_iter().step_by(step) {
                let sql = if matches!(new, Value::Blob(_)) {
                    &text
                } else {
                    &set
                };
                // What SQL itself refuses is no change.
                let Ok(1) = db.execute(sql, [&new]) else {
                    continue;
                };
                if book.rows(table).contains(&row) {
                    continue;
                }
                assert!(!book.findings().is_empty(), "{table}.{column}: {new:?}");
                flips += 1;
                let back = match column.as_str() {
                    "seq" | "n" => {
                        restore_key(&db, table, column, &new, value);
                        continue;
                    }
                    _ => &set,
                };
                db.execute(back, [value]).unwrap();
            }
        }
    }
    assert_eq!(book.findings(), [""; 0]);
    eprintln!("{flips} bits flipped in columns, each found");
}

/// Puts back the number by which a row is found.
fn restore_key(db: &Connection, table: &str, column: &str, new: &Value, old: &Value) {
    let sql = format!("UPDATE {table} SET {column} = ?1 WHERE {column} = ?2");
    assert_eq!(db.execute(&sql, [old, new]), Ok(1));
}

fn columns(db: &Connection, table: &str) -> Vec<String> {
    let query = db.prepare(&format!("SELECT * FROM {table}")).unwrap();
    query.column_names().map(str::to_owned).collect()
}

/// All values that differ from this one by one bit.
fn flipped(value: &Value) -> Vec<Value> {
    match value {
        Value::Null => vec![Value::Integer(0), Value::Text(String::new())],
        Value::Integer(n) => (0..64).map(|bit| Value::Integer(n ^ (1 << bit))).collect(),
        Value::Real(x) => (0..64)
            .map(|bit| Value::Real(f64::from_bits(x.to_bits() ^ (1 << bit))))
            .collect(),
        Value::Text(text) => (0..text.len() * 8)
            .map(|flip| {
                let mut bytes = text.clone().into_bytes();
                bytes[flip / 8] ^= 1 << (flip % 8);
                match String::from_utf8(bytes) {
                    Ok(text) => Value::Text(text),
                    Err(error) => Value::Blob(error.into_bytes()),
                }
            })
            .collect(),
        Value::Blob(_) => panic!("there is none"),
    }
}

/// Bytes of the file itself: what SQLite does not look at may change, what it reads may not.
#[test]
fn a_flipped_bit_of_the_file_is_found_or_changes_nothing() {
    let book = Logbook::new("l.db", 12);
    let whole = fs::read(&book.path).unwrap();
    let told = book.texts();
    let step = if is_long() { 101 } else { 2_003 };
    let (mut found, mut harmless) = (0, 0);
    for flip in (0..whole.len() * 8).step_by(step) {
        let mut bytes = whole.clone();
        bytes[flip / 8] ^= 1 << (flip % 8);
        fs::write(&book.path, bytes).unwrap();
        if !book.findings().is_empty() {
            found += 1;
        } else {
            assert_eq!(book.texts(), told, "bit {flip} changed what is read");
            harmless += 1;
        }
    }
    eprintln!("{found} found, {harmless} in bytes that nobody reads");
}

#[test]
fn a_record_dropped_moved_doubled_or_put_in_is_named() {
    let book = Logbook::new("l.jsonl", 6);
    one_says(&found_in_lines(&book, |l| drop(l.remove(2))), 3, "missing");
    one_says(&found_in_lines(&book, |l| drop(l.remove(0))), 1, "missing");
    one_says(
        &found_in_lines(&book, |l| drop(l.pop())),
        6,
        "missing at the end",
    );
    let swapped = found_in_lines(&book, |l| l.swap(1, 2));
    one_says(&swapped, 2, "moved");
    let twice = found_in_lines(&book, |l| l.insert(3, l[2].clone()));
    one_says(&twice, 3, "twice");
    let cut = found_in_lines(&book, |l| l[4].truncate(300));
    assert!(
        cut.iter()
            .any(|text| text.starts_with("line 5: it is damaged")),
        "{cut:?}"
    );
    let cut_off = found_in_lines(&book, |l| l.truncate(2));
    assert_eq!(cut_off, ["records 3 to 6: missing at the end"]);
    let other = Logbook::new("l.jsonl", 6);
    let strange = lines(&other.path);
    let foreign = found_in_lines(&book, |l| l.insert(3, strange[3].clone()));
    one_says(&foreign, 4, "");
    let replaced = found_in_lines(&book, |l| l.clone_from(&strange));
    assert!(!replaced.is_empty());
    let unsigned = found_in_lines(&book, |l| l.insert(1, b"{\"a\":1}".to_vec()));
    assert_eq!(unsigned[0], "line 2: it is not signed");
}

#[test]
fn the_same_in_a_database() {
    let book = Logbook::new("l.db", 6);
    let whole = fs::read(&book.path).unwrap();
    let after = |sql: &str| {
        Connection::open(&book.path)
            .unwrap()
            .execute_batch(sql)
            .unwrap();
        let found = book.findings();
        for more in ["-wal", "-shm"] {
            let _ = fs::remove_file(format!("{}{more}", book.path.display()));
        }
        fs::write(&book.path, &whole).unwrap();
        assert_eq!(book.findings(), [""; 0]);
        found
    };
    let all = |seq: u64, what: &str| {
        let tables = ["chain", "sessions", "steps", "evidence"];
        tables
            .map(|t| format!("{what} {t} WHERE seq = {seq};"))
            .concat()
    };
    one_says(&after(&all(3, "DELETE FROM")), 3, "missing");
    one_says(&after(&all(6, "DELETE FROM")), 6, "missing at the end");
    one_says(&after("DELETE FROM chain WHERE seq = 3"), 3, "missing");
    one_says(
        &after("DELETE FROM sessions WHERE seq = 3"),
        3,
        "its row in sessions",
    );
    one_says(
        &after("DELETE FROM steps WHERE seq = 3 AND n = 2"),
        3,
        "its row in steps",
    );
    one_says(
        &after("UPDATE sessions SET verdict = 'passed' WHERE seq = 2"),
        2,
        "its row in sessions",
    );
    one_says(
        &after("UPDATE evidence SET virtual_camera = NULL WHERE seq = 2"),
        2,
        "its row in evidence",
    );
    one_says(
        &after("UPDATE chain SET text = replace(text, 'failed', 'passed') WHERE seq = 2"),
        2,
        "changed",
    );
    let swap = "UPDATE chain SET seq = 100 WHERE seq = 2; UPDATE chain SET seq = 2 WHERE seq = 3; UPDATE chain SET seq = 3 WHERE seq = 100;";
    one_says(&after(swap), 2, "");
    let orphan = after("INSERT INTO steps VALUES (77, 1, 'nod', 1.0, 2.0, 0)");
    assert_eq!(
        orphan,
        ["the database: 1 rows in steps belong to no record"]
    );
    let twice = after(
        "INSERT INTO chain SELECT seq + 10, kind, at, clock_went_back, prev, hash, key, text FROM chain WHERE seq = 3",
    );
    one_says(&twice, 3, "twice");
    let trap =
        after("CREATE TRIGGER t AFTER INSERT ON chain BEGIN DELETE FROM chain WHERE seq < 3; END;");
    assert_eq!(trap, ["the database: its trigger t is not ours"]);
    let index = after("DROP TABLE steps");
    assert!(!index.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(24) })]
    /// Whatever order and choice of lines: sound if and only if it is the one that was written.
    #[test]
    fn no_other_sequence_of_records_verifies(picks in prop::collection::vec(0..5_usize, 0..8)) {
        let book = Logbook::new("l.jsonl", 5);
        let whole = lines(&book.path);
        let picked: Vec<_> = picks.iter().map(|i| whole[*i].clone()).collect();
        if picked.is_empty() {
            fs::write(&book.path, "").unwrap();
        } else {
            put(&book.path, &picked);
        }
        prop_assert_eq!(book.findings().is_empty(), picks == [0, 1, 2, 3, 4]);
    }
}

#[test]
fn an_older_head_hides_nothing_that_it_does_not_hold() {
    for name in LOGS {
        let book = Logbook::new(name, 3);
        let head = fs::read(book.head()).unwrap();
        book.add(2);
        fs::write(book.head(), &head).unwrap();
        assert_eq!(
            book.findings(),
            [""; 0],
            "what it does not tell of may be there"
        );
        let text = String::from_utf8(head).unwrap();
        fs::write(book.head(), text.replace("\"seq\":3", "\"seq\":2")).unwrap();
        assert!(book.findings()[0].contains("was changed"));
        fs::remove_file(book.head()).unwrap();
        assert!(book.findings()[0].contains("head is missing"));
    }
}

#[test]
fn each_session_name_is_listed_once() {
    for name in LOGS {
        let book = Logbook::new(name, 4);
        let listed = book.listed();
        assert_eq!(listed.iter().collect::<BTreeSet<_>>().len(), 4);
    }
}
