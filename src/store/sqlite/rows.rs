//! The rows that an entry makes: written when it is, and checked against it ever after.
use rusqlite::types::{Value, ValueRef};

use crate::{
    error::Cause,
    store::{Sealed, What},
};

/// The tables, each with its columns but for `seq`, which is the first of all.
pub(super) const TABLES: [(&str, usize); 4] = [
    ("chain", 7),
    ("sessions", 11),
    ("steps", 5),
    ("evidence", 12),
];

/// One row: in which of [`TABLES`], and what stands in it.
pub(super) type Row = (usize, Vec<Value>);

/// The rows of an entry, table after table.
pub(super) fn rows(sealed: &Sealed) -> Result<Vec<Row>, Cause> {
    let entry = &sealed.entry;
    let seq = number(entry.seq)?;
    let mut rows = vec![(
        0,
        vec![
            seq.clone(),
            text(entry.what.name()),
            text(entry.at),
            flag(entry.clock_went_back),
            text(&entry.prev),
            text(sealed.hash()),
            text(entry.key),
            text(sealed.text()),
        ],
    )];
    let Some(record) = entry.what.record() else {
        return Ok(rows);
    };
    rows.push((
        1,
        vec![
            seq.clone(),
            text(&record.session),
            text(record.started),
            Value::Real(record.duration_ms),
            text(&record.verdict),
            maybe(record.reason),
            flag(record.rehearsal),
            text(&record.source),
            text(
                record
                    .script
                    .iter()
                    .map(|step| step.name())
                    .collect::<Vec<_>>()
                    .join(","),
            ),
            number(record.frames.captured)?,
            number(record.frames.analysed)?,
            number(record.frames.dropped)?,
        ],
    ));
    for (n, step) in (1..).zip(&record.steps) {
        rows.push((
            2,
            vec![
                seq.clone(),
                number(n)?,
                text(step.step),
                Value::Real(step.asked_ms),
                step.seen_ms.map_or(Value::Null, Value::Real),
                number(u64::from(step.strikes))?,
            ],
        ));
    }
    let evidence = match &entry.what {
        What::Session(told) => Some(&told.evidence),
        _ => None,
    };
    let said = record.said.unwrap_or_default();
    rows.push((
        3,
        vec![
            seq,
            text(&record.app),
            text(&record.models),
            maybe(evidence.map(|e| &e.program)),
            maybe(evidence.map(|e| &e.config)),
            maybe(evidence.and_then(|e| e.nonce.as_ref())),
            maybe(evidence.and_then(|e| e.camera.as_ref())),
            evidence
                .and_then(|e| e.virtual_camera)
                .map_or(Value::Null, flag),
            maybe(evidence.and_then(|e| e.still.as_ref())),
            maybe(evidence.and_then(|e| e.locked_until)),
            real(said.same_most),
            real(said.expected),
            real(said.passive),
        ],
    ));
    Ok(rows)
}

/// Whether this stands there, of the same type and to the last bit.
pub(super) fn is_same(want: &Value, got: ValueRef<'_>) -> bool {
    match (want, got) {
        (Value::Null, ValueRef::Null) => true,
        (Value::Integer(a), ValueRef::Integer(b)) => *a == b,
        (Value::Real(a), ValueRef::Real(b)) => a.to_bits() == b.to_bits(),
        (Value::Text(a), ValueRef::Text(b)) => a.as_bytes() == b,
        _ => false,
    }
}

fn text(value: impl ToString) -> Value {
    Value::Text(value.to_string())
}

fn maybe(value: Option<impl ToString>) -> Value {
    value.map_or(Value::Null, text)
}

fn flag(value: bool) -> Value {
    Value::Integer(value.into())
}

fn number(value: u64) -> Result<Value, Cause> {
    Ok(Value::Integer(value.try_into()?))
}

fn real(value: Option<f32>) -> Value {
    value.map_or(Value::Null, |value| Value::Real(value.into()))
}
