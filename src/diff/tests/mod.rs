//! Pairs of schemas with what must be said of them, and an independent judge of which pairs are equal.

mod cases;
mod judge;

use std::collections::BTreeMap;

use rusqlite::Connection;

use super::{Change, ColumnOrder, Discard, Line, Renames, diff, look_alikes, resolve_renames, unmet_renames};
use crate::report::Report;
use crate::schema::{Name, Schema};
use crate::sql::{self, Statement};

/// The schema that a script makes, read from what SQLite stores of it.
fn schema(script: &str) -> Schema {
    let connection = Connection::open_in_memory().unwrap();
    connection.execute_batch(script).unwrap_or_else(|error| panic!("{error}: {script}"));
    schema_of(&connection)
}

fn schema_of(connection: &Connection) -> Schema {
    let query =
        "SELECT s.sql FROM sqlite_schema s LEFT JOIN pragma_table_list l ON l.schema = 'main' AND l.name = s.name
        WHERE s.sql IS NOT NULL AND s.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND coalesce(l.type, '') <> 'shadow'
        ORDER BY s.type = 'index', s.rowid";
    let mut statement = connection.prepare(query).unwrap();
    let statements: Vec<String> = statement.query_map((), |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let mut schema = Schema::default();
    for text in &statements {
        match sql::read(text).unwrap_or_else(|error| panic!("{error}: {text}")) {
            Statement::Table(table) => drop(schema.tables.insert(table.name.clone(), table)),
            Statement::Index { table, index } => {
                drop(schema.tables.get_mut(&table).unwrap().indexes.insert(index.name.clone(), index));
            }
            Statement::View(view) => drop(schema.views.insert(view.name.clone(), view)),
            Statement::Trigger(trigger) => drop(schema.triggers.insert(trigger.name.clone(), trigger)),
            Statement::VirtualTable(table) => drop(schema.virtual_tables.insert(table.name.clone(), table)),
        }
    }
    schema
}

/// Renames from lines such as `table user = account`, `column user.email = mail`, `index b = a`.
fn renames(lines: &[&str]) -> Renames {
    let mut renames = Renames::default();
    for line in lines {
        let (kind, rest) = line.split_once(' ').unwrap();
        let (new, old) = rest.split_once(" = ").unwrap();
        match (kind, new.split_once('.')) {
            ("table", _) => drop(renames.tables.insert(new.into(), old.into())),
            ("index", _) => drop(renames.indexes.insert(new.into(), old.into())),
            (_, columns) => {
                let (table, new) = columns.unwrap();
                renames.columns.insert((table.into(), new.into()), old.into());
            }
        }
    }
    renames
}

fn texts(changes: &[Change]) -> Vec<String> {
    changes.iter().flat_map(Change::lines).map(|line| line.text).collect()
}

/// Changes without their order, inside tables neither.
fn as_set(changes: &[Change]) -> BTreeMap<String, usize> {
    let mut set = BTreeMap::new();
    for change in changes {
        let mut text = format!("{change:?}");
        if let Change::AlterTable(table) = change {
            let mut inside: Vec<String> = table.changes.iter().map(|change| format!("{change:?}")).collect();
            inside.sort();
            text = format!("{:?} {:?} {inside:?}", table.before, table.after);
        }
        *set.entry(text).or_default() += 1;
    }
    set
}

/// The laws that hold for any two schemas.
fn check_laws(what: &str, before: &Schema, after: &Schema, renames: &Renames) {
    for order in [ColumnOrder::Loose, ColumnOrder::Strict] {
        assert_eq!(diff(before, before, renames, order), [], "{what}: nothing differs from itself");
        assert_eq!(diff(after, after, renames, order), [], "{what}: nothing differs from itself");
        let there = diff(before, after, renames, order);
        let back = diff(after, before, &renames.reversed(), order);
        let reversed: Vec<Change> = there.iter().map(|change| change.reversed(order)).collect();
        assert_eq!(as_set(&reversed), as_set(&back), "{what}: the way back is the way there reversed");
        for change in &there {
            assert!(!change.lines().is_empty(), "{what}: each change is said in words: {change:?}");
        }
    }
}

#[test]
fn each_pair_of_schemas_has_exactly_the_changes_that_its_case_names() {
    let mut wrong = Vec::new();
    for case in cases::all() {
        let (before, after) = (schema(case.before), schema(case.after));
        let renames = renames(case.renames);
        let found = texts(&diff(&before, &after, &renames, ColumnOrder::Loose));
        if found != case.lines {
            wrong.push(format!(
                "{} -> {}\n    expected {:#?}\n    found {found:#?}",
                case.before, case.after, case.lines
            ));
        }
        check_laws(case.after, &before, &after, &renames);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_order_of_columns_counts_only_where_it_is_strict() {
    let strict = |before: &str, after: &str| {
        let changes = diff(&schema(before), &schema(after), &Renames::default(), ColumnOrder::Strict);
        texts(&changes)
    };
    let reordered = "changed the order of the columns of `t` to";
    assert_eq!(strict("CREATE TABLE t(a, b)", "CREATE TABLE t(b, a)"), [format!("{reordered} (b, a)")]);
    assert_eq!(
        strict("CREATE TABLE t(a, b)", "CREATE TABLE t(a, c, b)"),
        ["added column `t.c`".to_owned(), format!("{reordered} (a, c, b)")]
    );
    assert_eq!(strict("CREATE TABLE t(a, c, b)", "CREATE TABLE t(a, b)"), ["dropped column `t.c`"]);
    assert_eq!(strict("CREATE TABLE t(a, b)", "CREATE TABLE t(a, b, c)"), ["added column `t.c`"]);
}

#[test]
fn lines_are_json_with_kind_table_name_and_text() {
    let changes = diff(
        &schema("CREATE TABLE user(id)"),
        &schema("CREATE TABLE user(id, email)"),
        &Renames::default(),
        ColumnOrder::Loose,
    );
    let lines: Vec<Line> = changes.iter().flat_map(Change::lines).collect();
    assert_eq!(
        serde_json::to_string(&lines).unwrap(),
        r#"[{"kind":"add_column","table":"user","name":"email","text":"added column `user.email`"}]"#
    );
}

#[test]
fn changes_come_by_kind_new_ones_in_the_order_of_after_and_dropped_ones_last() {
    let before = schema("CREATE TABLE z(a, b); CREATE TABLE y(a); CREATE VIEW v AS SELECT 1; CREATE TABLE keep(a)");
    let after = schema("CREATE TABLE n2(a); CREATE TABLE keep(a, b); CREATE TABLE n1(a); CREATE VIEW w AS SELECT 1");
    let found = texts(&diff(&before, &after, &Renames::default(), ColumnOrder::Loose));
    assert_eq!(
        found,
        [
            "added table `n2`",
            "added column `keep.b`",
            "added table `n1`",
            "dropped table `z`",
            "dropped table `y`",
            "added view `w`",
            "dropped view `v`",
        ]
    );
}

#[test]
fn renames_that_contradict_the_schemas_are_errors_and_quiet_ones_are_left_out() {
    let resolve = |before: &str, after: &str, lines: &[&str]| {
        resolve_renames(&schema(before), &schema(after), &renames(lines)).map_err(|error| {
            assert!(error.diagnostics().iter().all(|diagnostic| diagnostic.help.is_some()));
            error.to_string()
        })
    };
    let user = |columns: &str| format!("CREATE TABLE user({columns})");
    let mail = &["column user.email = mail"][..];

    assert_eq!(resolve(&user("mail"), &user("email"), mail), Ok(renames(mail)));
    for (before, after) in [("email", "email"), ("mail", "mail, email"), ("x", "email"), ("mail", "x")] {
        assert_eq!(resolve(&user(before), &user(after), mail), Ok(Renames::default()), "{before} {after}");
    }
    assert_eq!(
        resolve(&user("mail, email"), &user("email"), mail),
        Err("column `user.mail` cannot be renamed to `email`: the database has both, and the model has no `mail`"
            .into())
    );
    assert_eq!(
        resolve(&user("mail"), &user("email, post"), &["column user.email = mail", "column user.post = mail"]),
        Err("column `user.mail` cannot be renamed to `email` and to `post`: only one can take its place".into())
    );
    assert_eq!(
        resolve("CREATE TABLE a(x)", "CREATE TABLE b(x); CREATE TABLE c(x)", &["table b = a", "table c = a"]),
        Err("table `a` cannot be renamed to `b` and to `c`: only one can take its place".into())
    );
    // A name that was taken by a rename carried out before may be given away again.
    let two = &["column user.email = mail", "column user.contact = mail"][..];
    assert_eq!(resolve(&user("mail, email"), &user("email, contact"), two), Ok(renames(&two[1..])));
}

#[test]
fn a_rename_from_a_name_that_never_was_is_unmet_where_something_goes() {
    let unmet = |before: &str, after: &str, lines: &[&str]| -> Vec<String> {
        let (before, renames) = (schema(before), renames(lines));
        let changes = diff(&before, &schema(after), &renames, ColumnOrder::Loose);
        let found = unmet_renames(&before, &changes, &renames);
        found.iter().map(|unmet| format!("{} = {}, not {:?}", unmet.new, unmet.old, unmet.dropped)).collect()
    };
    let table = &["table users = usr"][..];
    assert_eq!(
        unmet("CREATE TABLE user(a); CREATE TABLE note(a)", "CREATE TABLE users(a)", table),
        ["users = usr, not [Name(\"user\"), Name(\"note\")]"]
    );
    let column = &["table u = t", "column u.email = mial"][..];
    assert_eq!(
        unmet("CREATE TABLE t(mail, old)", "CREATE TABLE u(old, email)", column),
        ["email = mial, not [Name(\"mail\")]"]
    );
    let index = &["index j = ii"][..];
    assert_eq!(
        unmet("CREATE TABLE t(a); CREATE INDEX i ON t(a)", "CREATE TABLE t(a); CREATE INDEX j ON t(a)", index),
        ["j = ii, not [Name(\"i\")]"]
    );

    // Nothing goes; the table was there; the old name is there and stays; the rename is carried out.
    for (before, after) in [
        ("", "CREATE TABLE users(a)"),
        ("CREATE TABLE user(a)", "CREATE TABLE user(a); CREATE TABLE users(a)"),
        ("CREATE TABLE users(a); CREATE TABLE note(a)", "CREATE TABLE users(a)"),
        ("CREATE TABLE usr(a); CREATE TABLE note(a)", "CREATE TABLE usr(a); CREATE TABLE users(a)"),
        ("CREATE TABLE usr(a); CREATE TABLE note(a)", "CREATE TABLE users(a)"),
    ] {
        assert_eq!(unmet(before, after, table), [""; 0], "{before} -> {after}");
    }
    for (before, after) in [
        ("CREATE TABLE u(mail)", "CREATE TABLE u(mail, email)"),
        ("CREATE TABLE u(email, x)", "CREATE TABLE u(email)"),
        ("CREATE TABLE u(mial, x)", "CREATE TABLE u(email)"),
        ("CREATE TABLE t(x)", "CREATE TABLE u(email, x)"),
    ] {
        assert_eq!(unmet(before, after, column), [""; 0], "{before} -> {after}");
    }
    // An index that moves to another table was there.
    let moved = "CREATE TABLE t(a); CREATE TABLE u(a); CREATE INDEX j ON t(a); CREATE INDEX k ON u(a)";
    assert_eq!(unmet(moved, "CREATE TABLE t(a); CREATE TABLE u(a); CREATE INDEX j ON u(a)", index), [""; 0]);
}

#[test]
fn chains_and_swaps_of_names_are_carried_out_once() {
    let resolve = |before: &str, after: &str, lines: &[&str]| {
        resolve_renames(&schema(before), &schema(after), &renames(lines)).unwrap()
    };
    let chain = &["column t.b = a", "column t.c = b", "column t.d = c"][..];
    assert_eq!(resolve("CREATE TABLE t(a, b, c)", "CREATE TABLE t(b, c, d)", chain), renames(chain));
    assert_eq!(resolve("CREATE TABLE t(b, c, d)", "CREATE TABLE t(b, c, d)", chain), Renames::default());

    let swap = &["column t.a = b", "column t.b = a"][..];
    let (before, after) = ("CREATE TABLE t(a TEXT, b INT)", "CREATE TABLE t(a INT, b TEXT)");
    assert_eq!(resolve(before, after, swap), renames(swap));
    assert_eq!(resolve(after, after, swap), Renames::default());

    let swap = &["table t = u", "table u = t"][..];
    let (before, after) = ("CREATE TABLE t(a); CREATE TABLE u(b)", "CREATE TABLE t(b); CREATE TABLE u(a)");
    assert_eq!(resolve(before, after, swap), renames(swap));
    assert_eq!(resolve(after, after, swap), Renames::default());
    let changes = diff(&schema(before), &schema(after), &renames(swap), ColumnOrder::Loose);
    assert_eq!(texts(&changes), ["renamed table `u` to `t`", "renamed table `t` to `u`"]);
}

#[test]
fn what_looks_like_a_rename_is_pointed_out_and_not_made() {
    let alike = |before: &str, after: &str| -> Vec<String> {
        let changes = diff(&schema(before), &schema(after), &Renames::default(), ColumnOrder::Loose);
        let found = look_alikes(&changes);
        found.iter().map(|pair| format!("{} -> {}", pair.dropped, pair.added)).collect()
    };
    assert_eq!(
        alike("CREATE TABLE t(mail TEXT UNIQUE, n INT)", "CREATE TABLE t(email TEXT UNIQUE, m TEXT)"),
        ["mail -> email"]
    );
    assert_eq!(alike("CREATE TABLE t(a, mail TEXT UNIQUE)", "CREATE TABLE t(a, email TEXT)"), [""; 0]);
    assert_eq!(
        alike("CREATE TABLE t(k, first_name TEXT, mail TEXT)", "CREATE TABLE t(k, email TEXT, given_name TEXT)"),
        ["first_name -> given_name", "mail -> email"]
    );
    assert_eq!(alike("CREATE TABLE a(x, y, z, w)", "CREATE TABLE b(x, y, z, v)"), ["a -> b"]);
    assert_eq!(alike("CREATE TABLE a(x, y)", "CREATE TABLE b(x, z)"), [""; 0]);
    assert_eq!(
        alike("CREATE TABLE t(a); CREATE INDEX \"i\"\"1\" ON t(a)", "CREATE TABLE t(a); CREATE INDEX j ON t(a)"),
        ["i\"1 -> j"]
    );
}

#[test]
fn what_is_discarded_is_named_as_it_is_called_before() {
    let discards = |before: &str, after: &str, lines: &[&str]| -> Vec<Discard> {
        let changes = diff(&schema(before), &schema(after), &renames(lines), ColumnOrder::Loose);
        changes.iter().flat_map(Change::discards).collect()
    };
    let rows = |table: &str| Discard::Rows { table: table.into() };
    let values = |table: &str, column: &str| Discard::Values { table: table.into(), column: Name::from(column) };
    assert_eq!(discards("CREATE TABLE t(a)", "", &[]), [rows("t")]);
    assert_eq!(
        discards("CREATE TABLE t(a, b, c AS (a), d)", "CREATE TABLE u(a, d AS (a))", &["table u = t"]),
        [values("t", "d"), values("t", "b")]
    );
    assert_eq!(discards("CREATE TABLE t(a, b AS (a))", "CREATE TABLE t(a, b)", &[]), []);
    let fts = |arguments: &str| format!("CREATE VIRTUAL TABLE f USING fts5({arguments})");
    assert_eq!(discards(&fts("a"), &fts("a, b"), &[]), [rows("f")]);
    assert_eq!(discards(&fts("a"), "", &[]), [rows("f")]);
    assert_eq!(discards("CREATE TABLE t(a); CREATE VIEW v AS SELECT a FROM t", "CREATE TABLE t(a, b)", &[]), []);
}
