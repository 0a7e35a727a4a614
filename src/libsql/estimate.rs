//! How long a server takes to write tables anew: it is asked to do it with a few of their rows, which it takes back.
//!
//! An estimate; nothing it does is left.

use std::time::Duration;

use super::Server;
use super::error::Error;
use super::hrana::{Batch, Results};
use super::stream::Then;
use crate::schema::{Index, Name, Schema, Table};
use crate::sql;

/// A table that is written anew, and what that takes.
#[derive(Debug, Clone, PartialEq)]
pub struct Foreseen {
    /// The table.
    pub table: Name,
    /// Its rows.
    pub rows: u64,
    /// How long it takes, about.
    pub time: Duration,
}

/// Up to so many rows in all nothing is tried.
const FEW: u64 = 20_000;
/// How many rows a second a server writes that cannot be tried: sqld 0.24 was seen to write 20,000 with indexes.
const ROWS_A_SECOND: u32 = 20_000;
/// With how many rows it is tried: with more only where those before it show that they do not take long.
const SAMPLES: [u32; 2] = [200, 5000];
/// How long a sample may take, so that nobody waits for it.
const SHORT: Duration = Duration::from_millis(300);
/// A whole table takes longer than its part: trees grow deeper, sorting grows, and the old rows are let go. 450,000 rows
/// with three indexes took 1.9 times as long each as the first 5,000.
const WHOLE: f64 = 2.0;

/// The table that rows are tried on.
const PROBE: &str = "schemactl_probe";

/// What it takes to write these tables of a schema anew; nothing where they are small.
pub(super) fn foresee(server: &Server, schema: &Schema, tables: &[Name]) -> Result<Vec<Foreseen>, Error> {
    if tables.is_empty() {
        return Ok(Vec::new());
    }
    let mut batch = Batch::default();
    // A table that an earlier step of one transaction has made cannot be asked for yet, and is no large one.
    let numbers = tables.iter().map(|table| batch.aside(format!("SELECT count(*) FROM {}", table.quoted())));
    let numbers: Vec<usize> = numbers.collect();
    let results = server.stream().run(&batch, Then::Close)?;
    let rows = |number: usize| results.answer(number).integer().and_then(|rows| u64::try_from(rows).ok());
    let counted: Vec<(&Name, u64)> =
        tables.iter().zip(numbers).map(|(table, number)| (table, rows(number).unwrap_or_default())).collect();
    if counted.iter().map(|(_, rows)| rows).sum::<u64>() < FEW {
        return Ok(Vec::new());
    }
    let large = counted.into_iter().filter(|(_, rows)| *rows > 0);
    let foreseen = large.map(|(table, rows)| {
        let row = schema.tables.get(table).map_or(Ok(None), |table| row(server, table))?;
        let row = row.unwrap_or(Duration::from_secs(1) / ROWS_A_SECOND);
        Ok(Foreseen { table: table.clone(), rows, time: row.mul_f64(as_real(rows) * WHOLE) })
    });
    foreseen.collect()
}

/// How long all of it takes.
pub(super) fn total(foreseen: &[Foreseen]) -> Duration {
    foreseen.iter().map(|table| table.time).sum()
}

/// How long a row takes; nothing where the server does not say, or the table cannot be made a second time.
fn row(server: &Server, table: &Table) -> Result<Option<Duration>, Error> {
    let mut row = None;
    for sample in SAMPLES {
        let Some(time) = tried(server, table, sample)? else { break };
        row = Some(time / sample);
        if row.is_some_and(|row| row * SAMPLES[SAMPLES.len() - 1] > SHORT) {
            break;
        }
    }
    Ok(row)
}

/// How long the server takes for the first rows of a table and their indexes.
fn tried(server: &Server, table: &Table, rows: u32) -> Result<Option<Duration>, Error> {
    let probe = Table { name: PROBE.into(), ..table.clone() };
    let columns = table.columns.iter().filter(|column| column.generated.is_none());
    let columns = columns.map(|column| column.name.quoted()).collect::<Vec<_>>().join(", ");
    let mut batch = Batch::default();
    batch.then("PRAGMA foreign_keys = OFF");
    batch.then("BEGIN IMMEDIATE");
    batch.then(sql::write_table(&probe));
    let (there, here) = (table.name.quoted(), probe.name.quoted());
    let copied = batch.then(format!("INSERT INTO {here} ({columns}) SELECT {columns} FROM {there} LIMIT {rows}"));
    let indexes = table.indexes.values().enumerate().map(|(number, index)| {
        let index = Index { name: Name::new(format!("{PROBE}_{number}")), ..index.clone() };
        batch.then(sql::write_index(&probe.name, &index))
    });
    let timed: Vec<usize> = std::iter::once(copied).chain(indexes.collect::<Vec<_>>()).collect();
    let last = batch.last();
    batch.then("ROLLBACK");
    batch.otherwise("ROLLBACK");
    let results = server.stream().run(&batch, Then::Close)?;
    Ok(results.is_done(last).then(|| sum(&results, &timed)).flatten())
}

fn sum(results: &Results, numbers: &[usize]) -> Option<Duration> {
    numbers.iter().map(|number| results.answer(*number).took).sum()
}

#[expect(clippy::cast_precision_loss, reason = "it is about right anyway")]
fn as_real(rows: u64) -> f64 {
    rows as f64
}
