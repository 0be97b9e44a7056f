//! Is a database the one that was written, to the last column?
use super::{
    Base, KNOTTED, follows, piece,
    rows::{TABLES, is_same, rows},
    schema::{are_tables, soundness, strangers},
    trouble::words,
};
use crate::store::{Piece, Sealed};

impl Base {
    /// Hands out entry after entry, each with what is wrong with its rows; gives what is wrong with the
    /// database itself. It must have been opened to be read: one moment of it is looked at.
    pub(in crate::store) fn checked(&self, mut take: impl FnMut(Piece)) -> Vec<String> {
        let mut found = vec![];
        let mut check = || -> rusqlite::Result<()> {
            let tx = &self.connection;
            let strangers = strangers(tx)?;
            // What somebody else put into the schema would be computed by the check.
            let sound = match strangers.is_empty() {
                true => soundness(tx),
                false => None,
            };
            let whole = strangers.is_empty() && sound.is_none();
            found.extend(strangers.into_iter().chain(sound));
            if !are_tables(tx)? {
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
            found.push(format!("it is damaged: {}", words(&error)));
        }
        found
    }
}
