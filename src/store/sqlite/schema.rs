//! The tables: how they are made, and whether they are ours.
use rusqlite::Connection;

/// What makes version `n + 1` of the tables out of version `n`.
pub(super) const MIGRATIONS: [&str; 1] = [include_str!("schema.sql")];

/// What SQLite itself finds wrong.
pub(super) fn soundness(tx: &Connection) -> Option<String> {
    let sql = "PRAGMA integrity_check(1)";
    match tx.query_row(sql, [], |row| row.get::<_, String>(0)) {
        Ok(word) if word == "ok" => None,
        Ok(word) => Some(format!("it is damaged: {word}")),
        Err(error) => Some(format!("it is damaged: {error}")),
    }
}

/// Whether there is nothing in the schema yet.
pub(super) fn is_empty(connection: &Connection) -> rusqlite::Result<bool> {
    let sql = "SELECT count(*) = 0 FROM sqlite_schema";
    connection.query_row(sql, [], |row| row.get(0))
}

/// Each object of a schema, with the words that make it.
fn objects(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let sql =
        "SELECT type || ' ' || name || ': ' || coalesce(sql, '') FROM sqlite_schema ORDER BY 1";
    let mut query = connection.prepare(sql)?;
    let rows = query.query_map([], |row| row.get::<_, String>(0))?;
    rows.collect()
}

/// The objects of a schema that we make.
fn our_objects() -> rusqlite::Result<Vec<String>> {
    let ours = Connection::open_in_memory()?;
    for step in MIGRATIONS {
        ours.execute_batch(step)?;
    }
    objects(&ours)
}

/// Whether what has our tables' names are our tables: a view in the place of one may never end.
pub(super) fn are_tables(connection: &Connection) -> rusqlite::Result<bool> {
    let theirs = objects(connection)?;
    Ok(our_objects()?.iter().all(|ours| theirs.contains(ours)))
}

/// What is in the schema and was not put there by us, or is missing there.
pub(super) fn strangers(tx: &Connection) -> rusqlite::Result<Vec<String>> {
    let (ours, theirs) = (our_objects()?, objects(tx)?);
    let other = |a: &[String], b: &[String], what: &str| {
        let odd = a.iter().filter(|name| !b.contains(name));
        let word = |name: &String| name.split(':').next().unwrap_or_default().to_owned();
        odd.map(|name| format!("its {} is {what}", word(name)))
            .collect::<Vec<_>>()
    };
    let mut found = other(&theirs, &ours, "not ours");
    found.extend(other(&ours, &theirs, "missing or changed"));
    Ok(found)
}
