//! The laws of planned changes, tried on random pairs of schemas with random rows.
//!
//! `SCHEMACTL_CASES` says how many pairs, instead of the few that each run of the tests takes.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestError, TestRng, TestRunner};
use rusqlite::Connection;
use schemactl::diff::{Change, ColumnOrder, TableChange, diff, resolve_renames};
use schemactl::model::Intent;
use schemactl::plan::{Options, Switches, write_section};
use schemactl::schema::{Expression, Name, Schema, SqliteVersion};

use crate::support::generate::{Choices, choices};
use crate::support::laws::{self, Outcome, Trial};
use crate::support::{forms, judges, links, mutate, rows, statistics, ways};

/// A random change: two schemas, what is renamed between them, and a seed for the rows.
#[derive(Debug, Clone)]
struct Pair {
    before: Schema,
    after: Schema,
    intent: Intent,
    options: Options,
    keep: bool,
    seed: u64,
}

fn options(choices: &mut Choices) -> Options {
    Options {
        target: *choices.pick(&[SqliteVersion::new(3, 54), SqliteVersion::new(3, 40), SqliteVersion::new(3, 24)]),
        column_order: *choices.pick(&[ColumnOrder::Loose, ColumnOrder::Strict]),
        catalog_edits: *choices.pick(&[false, false, true]),
        fast_rebuild: false,
        switches: Switches::All,
    }
}

/// A schema whose tables hang together.
fn schema(schema: &mut Choices, links: &mut Choices) -> Schema {
    let mut schema = schema.schema();
    links::link(&mut schema, links);
    as_sqlite_has_it(&schema)
}

/// Two schemas that have nothing in common but some names.
fn unrelated() -> impl Strategy<Value = Pair> {
    let schemas = [(); 2].map(|()| (choices(300), choices(60)));
    (schemas, choices(8), any::<u64>()).prop_map(|([(mut one, mut its), (mut other, mut others)], mut rest, seed)| {
        let (before, after) = (schema(&mut one, &mut its), schema(&mut other, &mut others));
        let (options, keep) = (options(&mut rest), rest.once_in(4));
        Pair { before, after, intent: Intent::default(), options, keep, seed }
    })
}

/// A schema that some changes lead away from, renames among them.
fn related() -> impl Strategy<Value = Pair> {
    (choices(300), choices(60), choices(120), any::<u64>()).prop_map(|(mut first, mut links, mut steps, seed)| {
        let before = schema(&mut first, &mut links);
        let (mut after, mut intent) = (before.clone(), Intent::default());
        let (options, keep) = (options(&mut steps), steps.once_in(4));
        for _ in 0..steps.below(3) {
            rename(&mut after, &mut intent, &mut steps);
        }
        for _ in 0..=steps.below(6) {
            after = mutate::mutate_boldly(&after, &mut steps);
        }
        let after = as_sqlite_has_it(&after);
        // The old name may have come back, or the new one gone.
        intent.renames = resolve_renames(&before, &after, &intent.renames).unwrap_or_default();
        work_on_rows(&before, &after, &mut intent, options, &mut steps);
        Pair { before, after, intent, options, keep, seed }
    })
}

/// Says what fills some of the columns that are new or tightened, and how some are converted.
fn work_on_rows(before: &Schema, after: &Schema, intent: &mut Intent, options: Options, choices: &mut Choices) {
    for change in diff(before, after, &intent.renames, options.column_order) {
        let Change::AlterTable(alter) = change else { continue };
        for change in &alter.changes {
            let (filled, converted) = match change {
                TableChange::AddColumn(column) => (column.is_copied(), false),
                TableChange::AlterColumn { before, after } => {
                    let is_tightened = before.not_null.is_none() && after.not_null.is_some();
                    let is_plain = before.is_copied() && after.is_copied() && before.name == after.name;
                    (is_plain && is_tightened, is_plain && before.type_name != after.type_name)
                }
                _ => continue,
            };
            let (TableChange::AddColumn(column) | TableChange::AlterColumn { after: column, .. }) = change else {
                continue;
            };
            let key = (alter.after.name.clone(), column.name.clone());
            if filled && choices.once_in(2) {
                let value = *choices.pick(&["1", "'x'", "abs(-2) || ''", "(SELECT count(*) FROM sqlite_schema)"]);
                intent.backfills.insert(key, Expression::new(value));
            } else if converted && choices.once_in(3) {
                let forms = ["CAST({} AS TEXT)", "CAST({} AS INTEGER)", "coalesce({}, 0)"];
                let using = choices.pick(&forms).replace("{}", &column.name.quoted());
                intent.conversions.insert(key, Expression::new(using));
            }
        }
    }
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
    if links::is_indexed(schema, old) {
        // The index would name what is not there any more.
        return;
    }
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
        "{problem}\n--- {:?} {:?} keep {} seed {}\n--- before\n{}\n--- after\n{}",
        pair.options,
        pair.intent,
        pair.keep,
        pair.seed,
        laws::script(&pair.before),
        laws::script(&pair.after)
    )
}

/// Holds all laws against a pair: with many rows, or with few where many do not satisfy the schema after it.
fn hold(pair: &Pair, is_judged: bool) -> Result<&'static str, String> {
    let Pair { before, after, intent, options, keep, seed } = pair;
    let trial = Trial { before, after, intent, options: *options, keep: *keep };
    let draft = laws::drafted(&trial)?;
    let mut word = "refused up";
    for most in [5, 1] {
        let filled = || {
            let connection = build(before);
            rows::fill(&connection, before, most, *seed);
            connection
        };
        let told = |problem| {
            format!("{problem}\n--- up\n{}\n--- down\n{}", write_section(&draft.up), write_section(&draft.down))
        };
        let outcome = laws::walked(&trial, &draft, &filled()).map_err(told)?;
        if is_judged {
            judges::agree(&trial, &draft, &filled()).map_err(told)?;
        }
        word = match outcome {
            Outcome::Proved(0) => "without rows",
            Outcome::Proved(_) => "with rows",
            Outcome::RefusedUp => "refused up",
            Outcome::RefusedDown => "refused down",
        };
        if matches!(outcome, Outcome::Proved(_)) {
            break;
        }
    }
    Ok(word)
}

fn cases(few: u32) -> u32 {
    crate::support::shared::asked("SCHEMACTL_CASES").and_then(|number| number.parse().ok()).unwrap_or(few)
}

/// Makes that many pairs, the same ones each time; or as many new ones as are asked for.
fn runner(few: u32) -> TestRunner {
    let cases = cases(few);
    let config =
        ProptestConfig { cases, failure_persistence: None, max_shrink_iters: 300, ..ProptestConfig::default() };
    if cases == few {
        return TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    }
    TestRunner::new(config)
}

/// Tries that many pairs, or as many as are asked for. Judges of other making see all of them then, else some.
fn try_all(few: u32, pairs: impl Strategy<Value = Pair>) {
    let cases = cases(few);
    let judged_in = if cases == few { 10 } else { 1 };
    let mut runner = runner(few);
    let (outcomes, tries) = (Mutex::new(BTreeMap::<&str, usize>::new()), AtomicU32::new(0));
    let tried = runner.run(&pairs, |pair| {
        let at = tries.fetch_add(1, Ordering::Relaxed);
        // A failure is made smaller under the same eyes that saw it.
        let is_judged = at % judged_in == 0 || at >= cases;
        let word = hold(&pair, is_judged).map_err(|problem| TestCaseError::fail(told(&pair, &problem)))?;
        *outcomes.lock().unwrap().entry(word).or_default() += 1;
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
    let total = Mutex::new((0, 0, 0));
    let tried = runner(25).run(&related(), |mut pair| {
        // The fast way has no triggers in the catalog by then.
        pair.intent.backfills.retain(|_, value| !value.as_str().contains("sqlite_schema"));
        let pair = pair;
        let failed = |problem: String| TestCaseError::fail(told(&pair, &problem));
        let Ok(draft) = schemactl::plan::draft(&pair.before, &pair.after, &pair.intent, pair.options) else {
            return Ok(());
        };
        let database = build(&pair.before);
        rows::fill(&database, &pair.before, 5, pair.seed);
        let format = ways::format(usize::try_from(pair.seed % 12).unwrap());
        let schemas = (&pair.before, &pair.after);
        let facts = statistics::kept(&database, &draft, schemas, &pair.intent.renames, format).map_err(failed)?;
        if pair.seed % 5 < 2 {
            database.execute_batch("ANALYZE").unwrap();
        }
        let taken = ways::same(&database, &draft.up, &draft.down, format).map_err(failed)?;
        let mut total = total.lock().unwrap();
        *total = (total.0 + taken.fast, total.1 + taken.classic, total.2 + facts);
        Ok(())
    });
    println!("fast, classic, and facts of ANALYZE that were kept: {:?}", total.lock().unwrap());
    match tried {
        Ok(()) => assert!(total.lock().unwrap().0 > 0),
        Err(TestError::Fail(reason, _)) => panic!("{reason}"),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn any_chain_of_changes_ends_the_same_in_the_forms_of_all_runners() {
    let total = Mutex::new(BTreeMap::<_, usize>::new());
    let tried = runner(25).run(&related(), |mut pair| {
        (pair.before, pair.after) = (links::fitting(&pair.before, &build), links::fitting(&pair.after, &build));
        // What is worked out from the catalog itself sees the views that give way.
        pair.intent.backfills.retain(|_, value| !value.as_str().contains("sqlite_schema"));
        let Pair { before, after, intent, options, .. } = &pair;
        let trial = Trial { before, after, intent, options: *options, keep: false };
        let found = forms::all(&trial, pair.seed).map_err(|problem| TestCaseError::fail(told(&pair, &problem)))?;
        for form in found {
            *total.lock().unwrap().entry(form).or_default() += 1;
        }
        Ok(())
    });
    let total = total.into_inner().unwrap();
    println!("{total:?}");
    match tried {
        Ok(()) => assert!(total.keys().any(|(_, form)| *form == forms::Form::Same { with_rows: true })),
        Err(TestError::Fail(reason, _)) => panic!("{reason}"),
        Err(other) => panic!("{other}"),
    }
}
