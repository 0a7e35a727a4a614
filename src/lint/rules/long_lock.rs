//! How long others wait.

use indexmap::IndexMap;

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
    /// rebuild copies every row and sorts all indexes again; a new NOT NULL or CHECK reads every row. The time
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

/// Tenths of a microsecond for a row, measured on five million rows with six columns.
const COPY: u64 = 10;
const SORT: u64 = 12;
const REWRITE: u64 = 10;
const READ: u64 = 1;

/// What a statement does to each row of a table.
struct Work<'a> {
    table: &'a Name,
    what: &'static str,
    tenths: u64,
}

fn check(step: &Step<'_>) -> Vec<Found> {
    let mut by_table: IndexMap<&Name, Vec<(&Statement, Work<'_>)>> = IndexMap::new();
    for statement in &step.statements {
        if let Some(work) = work(step, &statement.kind) {
            by_table.entry(work.table).or_default().push((statement, work));
        }
    }
    by_table.iter().filter_map(|(table, works)| found(step, table, works)).collect()
}

fn found(step: &Step<'_>, table: &Name, works: &[(&Statement, Work<'_>)]) -> Option<Found> {
    let rows = step.facts.rows(table)?;
    let microseconds = rows.saturating_mul(works.iter().map(|(_, work)| work.tenths).sum()) / 10;
    let (first, _) = works.iter().max_by_key(|(_, work)| work.tenths)?;
    if microseconds < LONG {
        return None;
    }
    let mut what: Vec<&str> = works.iter().map(|(_, work)| work.what).collect();
    what.dedup();
    let seconds = microseconds.div_ceil(1_000_000);
    let message = format!("{} `{table}` holds the lock for about {}", what.join(" and "), time(seconds));
    let span = first.span_of(table).unwrap_or_else(|| first.span.clone());
    let found = Found::sql(span, message)
        .label(format!("{} rows in the database, from which the time is estimated", grouped(rows)));
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
        Kind::Insert { from: Some(table), .. } => Work { table, what: "copying", tenths: COPY },
        Kind::CreateIndex { table, .. } => Work { table, what: "sorting", tenths: SORT },
        Kind::DropColumn { table, .. } => Work { table, what: "rewriting", tenths: REWRITE },
        Kind::Update { table, .. } => Work { table, what: "updating", tenths: REWRITE },
        Kind::Tighten { table } => Work { table, what: "reading", tenths: READ },
        _ => return None,
    })
    .filter(|work| step.before.tables.contains_key(work.table))
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::{lines, lines_with_rows};

    const INDEX: &str = "CREATE TABLE t (id INTEGER PRIMARY KEY, a);\n-- migrate:up\nCREATE INDEX i ON t (a);";

    fn rows(number: u32) -> String {
        format!(
            "WITH n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {number}) INSERT INTO t (a) SELECT i FROM n"
        )
    }

    #[test]
    fn the_rows_of_the_database_decide() {
        assert!(lines("SC212", INDEX).is_empty());
        assert!(lines_with_rows("SC212", &rows(9), INDEX).is_empty());
        let found = lines_with_rows("SC212", &rows(900_000), INDEX);
        assert!(
            found[0].starts_with("sorting `t` holds the lock for about 2 seconds 900,000 rows in the database"),
            "{found:?}"
        );
    }

    #[test]
    fn times_are_said_in_words_that_fit() {
        assert_eq!(
            [1, 7, 119, 120, 601].map(super::time),
            ["a second", "7 seconds", "119 seconds", "2 minutes", "11 minutes"]
        );
    }
}
