use rusqlite::types::Value;

use super::{rows::is_same, *};
use crate::store::samples::{fill, told};

/// Does to a database what it should not.
pub fn run(path: &Path, sql: &str) {
    Connection::open(path).unwrap().execute_batch(sql).unwrap();
}

/// All values that differ from this one by one bit.
fn flipped(value: &Value) -> Vec<Value> {
    let bits = |n: u64| (0..64).map(move |bit| n ^ (1 << bit));
    match value {
        Value::Null => vec![Value::Integer(0), Value::Text(String::new())],
        Value::Integer(n) => bits(n.cast_unsigned())
            .map(|n| Value::Integer(n.cast_signed()))
            .collect(),
        Value::Real(x) => bits(x.to_bits())
            .map(|n| Value::Real(f64::from_bits(n)))
            .collect(),
        Value::Text(text) => (0..text.len() * 8)
            .map(|flip| {
                let mut bytes = text.clone().into_bytes();
                bytes[flip / 8] ^= 1 << (flip % 8);
                Value::Blob(bytes)
            })
            .collect(),
        Value::Blob(_) => vec![],
    }
}

/// As SQLite gives it: text may be anything.
fn as_read(value: &Value) -> ValueRef<'_> {
    match value {
        Value::Blob(bytes) => ValueRef::Text(bytes),
        other => other.into(),
    }
}

/// Every bit of every value of every row; of 50 records with LIVENESS_LONG=1.
#[test]
fn no_bit_of_any_value_can_be_flipped() {
    let records = if std::env::var_os("LIVENESS_LONG").is_some() {
        50
    } else {
        1
    };
    let dir = tempfile::tempdir().unwrap();
    let names: Vec<_> = (0..records).map(|n| format!("{n:016x}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    fill(dir.path(), "l.db", &names);
    let base = Base::to_read(&dir.path().join("l.db")).unwrap();
    let mut flips = 0;
    base.pieces(|piece| {
        let sealed = Sealed::read(&piece.text).unwrap();
        for (table, values) in rows(&sealed).unwrap() {
            for (column, value) in values.iter().enumerate() {
                for new in flipped(value) {
                    let got = as_read(&new);
                    // The entry itself stands in its last column: the others are checked against it.
                    let found = if (table, column) == (0, TABLES[0].1) {
                        let read = got.as_bytes().map(Sealed::read);
                        !read.unwrap().is_ok_and(|sealed| sealed.is_signed())
                    } else {
                        !is_same(value, got)
                    };
                    assert!(found, "{} {column} {value:?}", TABLES[table].0);
                    flips += 1;
                }
            }
        }
    })
    .unwrap();
    eprintln!("{flips} bits of {records} records flipped, each found");
}

#[test]
fn columns_say_what_the_entry_says() {
    let dir = tempfile::tempdir().unwrap();
    fill(dir.path(), "l.db", &["a"]);
    let db = Connection::open(dir.path().join("l.db")).unwrap();
    let sql = "SELECT s.session, s.verdict, e.nonce, e.virtual_camera, count(*) FROM sessions s JOIN evidence e USING (seq) JOIN steps USING (seq)";
    let got: (String, String, String, bool, i64) = db
        .query_row(sql, [], |row| {
            Ok((
                row.get(0)?,
                row.get(1)?,
                row.get(2)?,
                row.get(3)?,
                row.get(4)?,
            ))
        })
        .unwrap();
    let nonce = told("a").evidence.nonce.unwrap();
    assert_eq!(got, ("a".to_owned(), "failed".to_owned(), nonce, false, 2));
    for (table, columns) in TABLES {
        let query = db.prepare(&format!("SELECT * FROM {table}")).unwrap();
        assert_eq!(query.column_count(), columns + 1, "{table}");
    }
}

/// A view may compute for ever, and what an index or a check computes may take all memory.
#[test]
fn what_only_looks_like_our_tables_is_not_asked() {
    let dir = tempfile::tempdir().unwrap();
    fill(dir.path(), "l.db", &["a"]);
    let path = dir.path().join("l.db");
    run(
        &path,
        "DROP TABLE chain; CREATE VIEW chain(seq, text) AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i, '' FROM n;",
    );
    let error = crate::store::read(&path).unwrap_err();
    assert!(matches!(error, Error::Integrity { .. }), "{error}");
    let report = crate::store::verify(&path, &[]).unwrap();
    let view = "its view chain is not ours";
    assert!(report.findings.iter().any(|f| f.trouble == view));
}

/// Of a page that names another twice its rows come twice; of pages that name one another, for hours.
#[test]
fn rows_that_come_again_end_the_reading() {
    let dir = tempfile::tempdir().unwrap();
    fill(dir.path(), "l.db", &["a"; 12]);
    let path = dir.path().join("l.db");
    let sql = "PRAGMA journal_mode = DELETE; PRAGMA page_size = 512; VACUUM;";
    run(&path, sql);
    let root: usize = Connection::open(&path)
        .unwrap()
        .query_row(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'chain'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    let page = &mut bytes[(root - 1) * 512..root * 512];
    assert_eq!(page[0], 5, "a page of pages");
    let cell = usize::from(u16::from_be_bytes([page[12], page[13]]));
    let last: [u8; 4] = page[8..12].try_into().unwrap();
    page[cell..cell + 4].copy_from_slice(&last);
    std::fs::write(&path, bytes).unwrap();
    let error = crate::store::read(&path).unwrap_err();
    assert!(error.to_string().contains(KNOTTED), "{error}");
    let report = crate::store::verify(&path, &[]).unwrap();
    assert!(report.findings.iter().any(|f| f.trouble == KNOTTED));
}
