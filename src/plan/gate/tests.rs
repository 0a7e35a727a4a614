use crate::database::gate::offending_rows;
use crate::database::{Scratch, Switches};
use crate::diff::{ColumnOrder, diff};
use crate::model::Intent;
use crate::plan::{Options, RowWork, draft, planner, write_section};
use crate::schema::{Expression, Name, Schema, SqliteVersion};

use super::{Gate, gates};

fn database(sql: &str) -> Scratch {
    let mut scratch = Scratch::empty().unwrap();
    planner::run(&mut scratch, sql).unwrap_or_else(|error| panic!("{error:?}\n{sql}"));
    scratch
}

fn schema(sql: &str) -> Schema {
    planner::read(&database(sql)).unwrap()
}

/// What a model says beside the columns of `t`: `b < a` renames, `b = …` converts, `b ? …` fills.
fn intent(lines: &[&str]) -> Intent {
    let mut intent = Intent::default();
    for line in lines {
        let mut words = line.splitn(3, ' ');
        let (column, sign, value) = (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
        let column = (Name::from("t"), Name::from(column));
        match sign {
            "<" => drop(intent.renames.columns.insert(column, Name::from(value))),
            "=" => drop(intent.conversions.insert(column, Expression::new(value))),
            "?" => drop(intent.backfills.insert(column, Expression::new(value))),
            _ => panic!("{line}"),
        }
    }
    intent
}

/// A change of tables with rows.
struct Case {
    before: &'static str,
    rows: &'static str,
    after: &'static str,
    intent: &'static [&'static str],
}

impl Case {
    /// The change of the table `t` by what stands behind its `id`.
    fn new(before: &'static str, rows: &'static str, after: &'static str, intent: &'static [&'static str]) -> Case {
        Case { before, rows, after, intent }
    }

    fn gates(&self) -> Vec<Gate> {
        let (before, after, intent) = (schema(&table(self.before)), schema(&table(self.after)), intent(self.intent));
        gates(&before, &diff(&before, &after, &intent.renames, ColumnOrder::Loose), &RowWork::from_intent(&intent))
    }

    /// What the gates say of the rows, and what SQLite says of them when the script runs all the same.
    fn outcome(&self) -> (Vec<String>, Result<(), String>) {
        let (before, after, intent) = (schema(&table(self.before)), schema(&table(self.after)), intent(self.intent));
        let options = Options {
            target: SqliteVersion::new(3, 40),
            column_order: ColumnOrder::Loose,
            catalog_edits: false,
            fast_rebuild: false,
            switches: Switches::All,
        };
        let mut scratch = database(&table(self.before));
        let connection = scratch.connection();
        connection.execute_batch(&format!("PRAGMA foreign_keys = OFF; {}", self.rows)).unwrap();
        let ask = |gate: &Gate| match offending_rows(connection, gate) {
            Ok(found) => found.map(|found| format!("{}: {}", gate.violation, found.examples.join("; "))),
            Err(error) => panic!("{error}: {}", gate.sql),
        };
        let refusals = self.gates().iter().filter_map(ask).collect();
        let up = write_section(&draft(&before, &after, &intent, options).unwrap().up);
        let taken = planner::run(&mut scratch, &up).map_err(|error| format!("{error:?}\n{up}")).and_then(|()| {
            let orphans = scratch.connection().prepare("PRAGMA foreign_key_check").unwrap().exists([]).unwrap();
            if orphans { Err("a reference is broken".to_owned()) } else { Ok(()) }
        });
        if taken.is_ok() {
            let left = diff(&planner::read(&scratch).unwrap(), &after, &Intent::default().renames, ColumnOrder::Loose);
            assert_eq!(left, []);
        }
        (refusals, taken)
    }
}

fn table(rest: &str) -> String {
    format!("CREATE TABLE t (id INTEGER PRIMARY KEY, {rest}")
}

#[test]
fn rows_that_only_the_new_values_fit_are_let_through() {
    let twice = "INSERT INTO t (id, age) VALUES (1, '20'), (2, '20')";
    let ages = "INSERT INTO t VALUES (1, '20'), (2, '7')";
    for case in [
        // A CHECK over what an expression makes.
        Case::new(
            "b REAL)",
            "INSERT INTO t VALUES (1, 1), (2, 2), (3, 3)",
            "cents INTEGER CHECK (cents >= 100))",
            &["cents < b", "cents = b * 100"],
        ),
        Case::new(
            "state VARCHAR(9) CHECK (state IN ('open', 'closed')))",
            "INSERT INTO t VALUES (1, 'open')",
            "state TEXT CHECK (state IN ('new', 'closed')))",
            &["state = replace(state, 'open', 'new')"],
        ),
        Case::new("a VARCHAR(9))", "INSERT INTO t VALUES (1, 'x'), (2, 'x')", "a TEXT UNIQUE)", &["a = a || id"]),
        Case::new("a TEXT)", "INSERT INTO t VALUES (1, NULL)", "a INTEGER NOT NULL)", &["a = coalesce(a, 0)"]),
        // … over what is filled.
        Case::new("a TEXT)", "INSERT INTO t VALUES (1, NULL)", "a TEXT NOT NULL, CHECK (a IS NOT NULL))", &["a ? 'q'"]),
        Case::new(
            "a TEXT)",
            "INSERT INTO t VALUES (1, NULL), (2, NULL)",
            "a TEXT NOT NULL); CREATE UNIQUE INDEX i ON t (coalesce(a, 'none'))",
            &["a ? 'q' || id"],
        ),
        // … over what another affinity makes.
        Case::new("age TEXT)", ages, "age INTEGER CHECK (age BETWEEN 0 AND 150))", &[]),
        Case::new("age TEXT)", ages, "years INTEGER CHECK (years <= 150))", &["years < age"]),
        Case::new("age TEXT)", ages, "age INTEGER CHECK (typeof(age) = 'integer'))", &[]),
        Case::new("a)", "INSERT INTO t VALUES (1, 1), (2, 1.0)", "a TEXT UNIQUE)", &[]),
        // … over what is compared another way.
        Case::new(
            "state TEXT)",
            "INSERT INTO t VALUES (1, 'OPEN')",
            "state TEXT COLLATE NOCASE CHECK (state IN ('open', 'closed')))",
            &[],
        ),
        // … over what is worked out from it.
        Case::new(
            "a TEXT, g AS (a + 1))",
            "INSERT INTO t (id, a) VALUES (1, '5')",
            "a INTEGER, g AS (a + 1), CHECK (g > 100))",
            &["a = 500"],
        ),
        // A unique index on a condition.
        Case::new(
            "age TEXT)",
            twice,
            "age INTEGER, z INTEGER DEFAULT 1); CREATE UNIQUE INDEX i ON t (age, z) WHERE age > 100",
            &[],
        ),
        Case::new(
            "age TEXT)",
            twice,
            "age TEXT, kind TEXT COLLATE NOCASE DEFAULT 'Std'); CREATE UNIQUE INDEX i ON t (age) WHERE kind <> 'std'",
            &[],
        ),
        Case::new(
            "age TEXT)",
            twice,
            "age TEXT, kind TEXT DEFAULT '5'); CREATE UNIQUE INDEX i ON t (age) WHERE kind <> 5",
            &[],
        ),
        // References.
        Case::new(
            "a TEXT); CREATE TABLE p (id INTEGER PRIMARY KEY)",
            "INSERT INTO p VALUES (7); INSERT INTO t VALUES (1, 'P-7')",
            "a INTEGER REFERENCES p); CREATE TABLE p (id INTEGER PRIMARY KEY)",
            &["a = substr(a, 3)"],
        ),
        Case::new(
            "a); CREATE TABLE p (id TEXT PRIMARY KEY)",
            "INSERT INTO p VALUES ('7'); INSERT INTO t VALUES (1, 7)",
            "a TEXT REFERENCES p); CREATE TABLE p (id TEXT PRIMARY KEY)",
            &[],
        ),
        Case::new(
            "a INTEGER); CREATE TABLE p (id INTEGER PRIMARY KEY, number INT)",
            "INSERT INTO p VALUES (1, 7); INSERT INTO t VALUES (1, 7)",
            "a INTEGER REFERENCES p); CREATE TABLE p (id INTEGER, number INT PRIMARY KEY)",
            &[],
        ),
    ] {
        let (refusals, taken) = case.outcome();
        assert_eq!(refusals, Vec::<String>::new(), "{}", case.after);
        taken.unwrap_or_else(|error| panic!("{error}"));
    }
}

#[test]
fn rows_are_asked_for_values_that_they_keep() {
    for (case, words) in [
        (
            Case::new(
                "a TEXT)",
                "INSERT INTO t VALUES (1, NULL), (2, 'x')",
                "a TEXT NOT NULL, CHECK (a <> 'x'))",
                &["a ? 'q'"],
            ),
            "CHECK (a <> 'x'): id = 2",
        ),
        (
            Case::new("a VARCHAR(9))", "INSERT INTO t VALUES (1, 'x')", "b TEXT CHECK (b <> 'x'))", &["b < a"]),
            "CHECK (b <> 'x'): id = 1",
        ),
        // An expression for a type that stays is not carried out.
        (
            Case::new("a TEXT)", "INSERT INTO t VALUES (1, 'x')", "a TEXT CHECK (a <> 'x'))", &["a = a || 'y'"]),
            "CHECK (a <> 'x'): id = 1",
        ),
        (
            Case::new(
                "a TEXT, g AS (a || '!'))",
                "INSERT INTO t (id, a) VALUES (1, 'x')",
                "a TEXT, g AS (a || '!'), CHECK (g <> 'x!'))",
                &[],
            ),
            "CHECK (g <> 'x!'): id = 1",
        ),
        (
            Case::new(
                "age INTEGER)",
                "INSERT INTO t VALUES (1, 200), (2, 200), (3, 20), (4, 20)",
                "age INTEGER, z INTEGER DEFAULT 1); CREATE UNIQUE INDEX i ON t (age, z) WHERE age > 100 AND z = '1'",
                &[],
            ),
            "id = 1, age = 200, z = 1; id = 2",
        ),
        (
            Case::new("a INTEGER)", "INSERT INTO t VALUES (1, 5), (2, 5)", "a TEXT UNIQUE)", &[]),
            "the same (a), which becomes unique: id = 1, a = 5; id = 2, a = 5",
        ),
        (
            Case::new(
                "a TEXT); CREATE TABLE p (id INTEGER PRIMARY KEY)",
                "INSERT INTO p VALUES (7); INSERT INTO t VALUES (1, '7'), (2, '8')",
                "a INTEGER REFERENCES p); CREATE TABLE p (id INTEGER PRIMARY KEY)",
                &[],
            ),
            "refers to no row of `p`: id = 2",
        ),
    ] {
        let (refusals, taken) = case.outcome();
        assert!(refusals.iter().any(|refusal| refusal.contains(words)), "{words}\n{refusals:?}\n{}", case.after);
        assert!(taken.is_err(), "{}", case.after);
    }
}

#[test]
fn a_row_that_refers_to_a_table_that_is_to_come_is_helped_by_what_can_be_done_before() {
    let help = |rest: &'static str, after: &'static str| {
        let gates = Case::new(rest, "", after, &[]).gates();
        gates.into_iter().find(|gate| gate.violation.contains("new and empty")).unwrap().help_in_script
    };
    let nullable = help("a INTEGER)", "a INTEGER REFERENCES p); CREATE TABLE p (id INTEGER PRIMARY KEY)");
    let wanted = "then run the command again; or create `p` and fill it in a revision before this one";
    assert_eq!(nullable, format!("set a to NULL in these rows, {wanted}"));
    let kept = help("a INT NOT NULL)", "a INT NOT NULL REFERENCES p); CREATE TABLE p (id INTEGER PRIMARY KEY)");
    assert_eq!(kept, format!("delete these rows, {wanted}"));
}

#[test]
fn what_the_model_says_of_values_that_stay_is_told_to_count_for_nothing() {
    for (case, words) in [
        (
            Case::new("a TEXT)", "", "a TEXT CHECK (a <> 'x'))", &["a = replace(a, 'x', 'y')"]),
            "; the `using` of `a` counts only where its type changes",
        ),
        (
            Case::new("a TEXT)", "", "a TEXT UNIQUE)", &["a = a || id"]),
            "; the `using` of `a` counts only where its type changes",
        ),
        (
            Case::new("a TEXT)", "", "a TEXT CHECK (a IS NOT NULL))", &["a ? 'q'"]),
            "; the `backfill` of `a` counts only where it becomes NOT NULL",
        ),
    ] {
        let [gate] = &case.gates()[..] else { panic!("{}", case.after) };
        assert!(gate.help.ends_with(words), "{}", gate.help);
    }
}
