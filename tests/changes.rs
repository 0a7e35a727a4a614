//! The laws of planned changes, tried on random pairs of schemas with random rows.
//!
//! `SCHEMACTL_CASES` says how many pairs, instead of the few that each run of the tests takes.

use std::collections::BTreeMap;
use std::sync::Mutex;

use proptest::prelude::*;
use proptest::test_runner::{TestError, TestRunner};
use rusqlite::Connection;
use schemactl::diff::{ColumnOrder, resolve_renames};
use schemactl::model::Intent;
use schemactl::plan::Options;
use schemactl::schema::{Name, Schema, SqliteVersion};

use crate::support::generate::{Choices, choices};
use crate::support::laws::{self, Outcome, Trial};
use crate::support::{mutate, rows, ways};

/// A random change: two schemas, what is renamed between them, and a seed for the rows.
#[derive(Debug, Clone)]
struct Pair {
    before: Schema,
    after: Schema,
    intent: Intent,
    options: Options,
    seed: u64,
}

fn options(choices: &mut Choices) -> Options {
    Options {
        target: *choices.pick(&[SqliteVersion::new(3, 54), SqliteVersion::new(3, 40), SqliteVersion::new(3, 24)]),
        column_order: *choices.pick(&[ColumnOrder::Loose, ColumnOrder::Strict]),
        catalog_edits: *choices.pick(&[false, false, true]),
    }
}

/// Two schemas that have nothing in common but some names.
fn unrelated() -> impl Strategy<Value = Pair> {
    (choices(300), choices(300), any::<u64>()).prop_map(|(mut first, mut second, seed)| {
        let (before, after, intent) =
            (as_sqlite_has_it(&first.schema()), as_sqlite_has_it(&second.schema()), Intent::default());
        Pair { before, after, intent, options: options(&mut second), seed }
    })
}

/// A schema that some changes lead away from, renames among them.
fn related() -> impl Strategy<Value = Pair> {
    (choices(300), choices(120), any::<u64>()).prop_map(|(mut first, mut steps, seed)| {
        let before = as_sqlite_has_it(&first.schema());
        let (mut after, mut intent) = (before.clone(), Intent::default());
        let options = options(&mut steps);
        for _ in 0..steps.below(3) {
            rename(&mut after, &mut intent, &mut steps);
        }
        for _ in 0..=steps.below(6) {
            after = mutate::mutate(&after, &mut steps);
        }
        let after = as_sqlite_has_it(&after);
        // The old name may have come back, or the new one gone.
        intent.renames = resolve_renames(&before, &after, &intent.renames).unwrap_or_default();
        Pair { before, after, intent, options, seed }
    })
}

fn as_sqlite_has_it(schema: &Schema) -> Schema {
    laws::read(&build(schema))
}

fn build(schema: &Schema) -> Connection {
    let connection = laws::open();
    let script = laws::script(schema);
    connection.execute_batch(&script).unwrap_or_else(|error| panic!("{error} in\n{script}"));
    connection
}

/// Renames a table or a column, where SQLite does: it rewrites all that names it.
fn rename(schema: &mut Schema, intent: &mut Intent, choices: &mut Choices) {
    let Some((old, table)) = schema.tables.get_index(choices.below(schema.tables.len())) else { return };
    let connection = build(schema);
    let fresh = Name::new(format!("{old} renamed"));
    if choices.once_in(3) {
        let sql = format!("ALTER TABLE {} RENAME TO {}", old.quoted(), fresh.quoted());
        if schema.tables.contains_key(&fresh) || connection.execute_batch(&sql).is_err() {
            return;
        }
        let origin = intent.renames.tables.shift_remove(old).unwrap_or_else(|| old.clone());
        let columns: Vec<_> = intent.renames.columns.drain(..).collect();
        intent.renames.columns.extend(
            columns
                .into_iter()
                .map(|((table, column), origin)| ((if table == *old { fresh.clone() } else { table }, column), origin)),
        );
        intent.renames.tables.insert(fresh, origin);
    } else {
        let column = choices.pick(&table.columns).name.clone();
        let to = Name::new(format!("{column} renamed"));
        let sql = format!("ALTER TABLE {} RENAME COLUMN {} TO {}", old.quoted(), column.quoted(), to.quoted());
        if table.column(&to).is_some() || connection.execute_batch(&sql).is_err() {
            return;
        }
        let origin = intent.renames.columns.shift_remove(&(old.clone(), column.clone())).unwrap_or(column);
        intent.renames.columns.insert((old.clone(), to), origin);
    }
    *schema = laws::read(&connection);
}

fn told(pair: &Pair, problem: &str) -> String {
    format!(
        "{problem}\n--- {:?} {:?} seed {}\n--- before\n{}\n--- after\n{}",
        pair.options,
        pair.intent.renames,
        pair.seed,
        laws::script(&pair.before),
        laws::script(&pair.after)
    )
}

fn cases(few: u32) -> u32 {
    crate::support::shared::asked("SCHEMACTL_CASES").and_then(|number| number.parse().ok()).unwrap_or(few)
}

/// Tries that many pairs. The choices are the same every time, unless another number is asked for.
fn try_all(few: u32, pairs: impl Strategy<Value = Pair>) {
    let cases = cases(few);
    let config =
        ProptestConfig { cases, failure_persistence: None, max_shrink_iters: 300, ..ProptestConfig::default() };
    let mut runner = TestRunner::new(config);
    let outcomes = Mutex::new(BTreeMap::<&str, usize>::new());
    let tried = runner.run(&pairs, |pair| {
        let trial = Trial { before: &pair.before, after: &pair.after, intent: &pair.intent, options: pair.options };
        for most in [5, 1] {
            let outcome = laws::hold(&trial, |connection, schema| rows::fill(connection, schema, most, pair.seed))
                .map_err(|problem| TestCaseError::fail(told(&pair, &problem)))?;
            let word = match outcome {
                Outcome::Proved(0) => "without rows",
                Outcome::Proved(_) => "with rows",
                Outcome::RefusedUp => "refused up",
                Outcome::RefusedDown => "refused down",
            };
            *outcomes.lock().unwrap().entry(word).or_default() += 1;
            if matches!(outcome, Outcome::Proved(_)) {
                break;
            }
        }
        Ok(())
    });
    println!("{:?}", outcomes.lock().unwrap());
    match tried {
        Ok(()) => {}
        Err(TestError::Fail(reason, _)) => panic!("{reason}"),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn any_schema_becomes_any_other() {
    try_all(100, unrelated());
}

#[test]
fn any_chain_of_changes_goes_up_and_down_with_every_row() {
    try_all(150, related());
}

#[test]
fn any_chain_of_changes_ends_the_same_in_both_ways_of_rebuilding() {
    let config = ProptestConfig {
        cases: cases(25),
        failure_persistence: None,
        max_shrink_iters: 300,
        ..ProptestConfig::default()
    };
    let total = Mutex::new((0, 0));
    let tried = TestRunner::new(config).run(&related(), |pair| {
        let failed = |problem: String| TestCaseError::fail(told(&pair, &problem));
        let Ok(draft) = schemactl::plan::draft(&pair.before, &pair.after, &pair.intent, pair.options) else {
            return Ok(());
        };
        let database = build(&pair.before);
        rows::fill(&database, &pair.before, 5, pair.seed);
        let format = ways::format(usize::try_from(pair.seed % 12).unwrap());
        let taken = ways::same(&database, &draft.up, &draft.down, format).map_err(failed)?;
        let mut total = total.lock().unwrap();
        *total = (total.0 + taken.fast, total.1 + taken.classic);
        Ok(())
    });
    println!("fast and classic: {:?}", total.lock().unwrap());
    match tried {
        Ok(()) => assert!(total.lock().unwrap().0 > 0),
        Err(TestError::Fail(reason, _)) => panic!("{reason}"),
        Err(other) => panic!("{other}"),
    }
}
