//! How long others wait.

use crate::lint::found::Found;
use crate::lint::rule::{Check, rule};
use crate::lint::statement::{Kind, Statement};
use crate::lint::step::Step;
use crate::report::grouped;
use crate::schema::Name;

rule! {
    /// A statement that holds the lock of the database for long, by the rows that the database at hand has.
    ///
    /// # Why
    ///
    /// While a revision runs nobody else can write, and at the end nobody can read unless the database is in WAL mode. A
    /// rebuild copies every row and builds all indexes again; an index, a new NOT NULL or CHECK reads every row. The time
    /// is an estimate from the number of rows, on an ordinary machine. Nothing is found without a database.
    ///
    /// # Fix
    ///
    /// `schemactl rehearse` measures it on a copy. Run the revision when nobody is there, with `--lock-timeout` for those
    /// who come anyhow.
    "SC212", "long-lock", Warn, Check::Rows(check)
}

/// Shorter than this nobody notices, in microseconds.
const LONG: u64 = 1_000_000;

/// Microseconds for a row, measured on a table with six columns and two indexes: see [`Work`].
const COPY: u64 = 3;
const SORT: u64 = 2;
const REWRITE: u64 = 1;
const TENTHS_READ: u64 = 1;

/// What a statement does to each row of a table.
struct Work<'a> {
    table: &'a Name,
    what: &'static str,
    /// Tenths of a microsecond for a row.
    tenths: u64,
}

fn check(step: &Step<'_>) -> Vec<Found> {
    step.statements.iter().filter_map(|statement| found(step, statement)).collect()
}

fn found(step: &Step<'_>, statement: &Statement) -> Option<Found> {
    let work = work(step, &statement.kind)?;
    let rows = step.facts.rows(work.table)?;
    let microseconds = rows * work.tenths / 10;
    if microseconds < LONG {
        return None;
    }
    let seconds = microseconds.div_ceil(1_000_000);
    let message = format!("{} `{}` holds the lock for about {}", work.what, work.table, time(seconds));
    let span = statement.span_of(work.table).unwrap_or_else(|| statement.span.clone());
    let found = Found::sql(span, message).label(format!("{} rows in the database", grouped(rows)));
    Some(found.help("`schemactl rehearse` measures it on a copy"))
}

fn time(seconds: u64) -> String {
    match seconds {
        1 => "a second".to_owned(),
        2..120 => format!("{seconds} seconds"),
        _ => format!("{} minutes", seconds.div_ceil(60)),
    }
}

fn work<'a>(step: &'a Step<'_>, kind: &'a Kind) -> Option<Work<'a>> {
    Some(match kind {
        Kind::Insert { into, from: Some(from) } => {
            let stages = step.rebuilt();
            let (table, _) = stages.iter().find(|(table, stage)| *stage == into && *table == from)?;
            Work { table, what: "rebuilding", tenths: COPY * 10 }
        }
        Kind::CreateIndex { table, .. } => Work { table, what: "building an index on", tenths: SORT * 10 },
        Kind::DropColumn { table, .. } => Work { table, what: "rewriting", tenths: REWRITE * 10 },
        Kind::Update { table, has_condition: false, .. } => {
            Work { table, what: "updating all of", tenths: REWRITE * 10 }
        }
        Kind::Tighten { table } => Work { table, what: "reading all of", tenths: TENTHS_READ },
        _ => return None,
    })
}
