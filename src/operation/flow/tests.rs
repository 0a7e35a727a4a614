//! Where values are after a script, told by small scripts.

use super::*;
use crate::database::{Filter, Scratch};

fn flow(schema: &str) -> Flow {
    let mut scratch = Scratch::empty().unwrap();
    scratch.run(schema).unwrap();
    Flow::of(&scratch.schema(&Filter::default()).unwrap())
}

fn rows(table: &str) -> Discard {
    Discard::Rows { table: Name::from(table) }
}

fn values(table: &str, column: &str) -> Discard {
    Discard::Values { table: Name::from(table), column: Name::from(column) }
}

#[track_caller]
fn loses(schema: &str, script: &str, wanted: &[Discard]) {
    assert_eq!(flow(schema).follow(script), wanted, "{script}");
}

#[test]
fn values_stay_through_renames_and_copies() {
    let schema = "CREATE TABLE a (x, y); CREATE TABLE r (id INTEGER PRIMARY KEY, old, g AS (old))";
    loses(
        schema,
        "ALTER TABLE a RENAME TO \"b\"; ALTER TABLE main.b RENAME COLUMN x TO z; ALTER TABLE b RENAME y TO w; \
         CREATE TABLE schemactl_new_r (id INTEGER PRIMARY KEY, new, n); \
         INSERT OR ABORT INTO schemactl_new_r (id, new) SELECT id, coalesce(\"old\", ('x')) FROM r ORDER BY id; \
         DROP TABLE r; ALTER TABLE schemactl_new_r RENAME TO r",
        &[],
    );
    loses(schema, "CREATE TABLE c (p, q); INSERT INTO c SELECT * FROM a; DROP TABLE IF EXISTS a", &[]);
    loses(schema, "ALTER TABLE a ADD z; UPDATE a SET z = lower(x); ALTER TABLE a DROP x", &[]);
    loses(schema, "ALTER TABLE a DROP CONSTRAINT x; ALTER TABLE a ADD CONSTRAINT y CHECK (x)", &[]);
}

#[test]
fn renames_are_read_from_a_script_and_rebuilds_are_none() {
    let schema = |sql: &str| {
        let mut scratch = Scratch::empty().unwrap();
        scratch.run(sql).unwrap();
        scratch.schema(&Filter::default()).unwrap()
    };
    let before = schema("CREATE TABLE a (x, y); CREATE TABLE r (x, o)");
    let mut flow = Flow::of(&before);
    flow.follow(
        "ALTER TABLE a RENAME TO \"b\"; ALTER TABLE b RENAME COLUMN x TO z; ALTER TABLE b RENAME y TO w; \
         CREATE TABLE schemactl_new_r (x, n); INSERT INTO schemactl_new_r (x, n) SELECT x, o FROM r; \
         DROP TABLE r; ALTER TABLE schemactl_new_r RENAME TO r;",
    );
    let renames = flow.renames(&before, &schema("CREATE TABLE b (z, w); CREATE TABLE r (x, n)"));
    assert_eq!(renames.tables, [(Name::from("b"), Name::from("a"))].into());
    assert_eq!(renames.columns.len(), 3, "{renames:?}");
    assert_eq!(flow.column(&Name::from("r"), &Name::from("n")), Some((&Name::from("r"), &Name::from("o"))));
}

#[test]
fn what_goes_is_told_by_the_names_of_the_start() {
    let schema = "CREATE TABLE a (x, y); CREATE TABLE b (z)";
    loses(
        schema,
        "ALTER TABLE a RENAME TO c; ALTER TABLE c RENAME x TO q; ALTER TABLE c DROP COLUMN q",
        &[values("a", "x")],
    );
    loses(schema, "DROP TABLE main.b; CREATE TABLE b (z)", &[rows("b")]);
    loses(schema, "DELETE FROM b", &[rows("b")]);
    loses(
        schema,
        "CREATE TABLE c (x); INSERT INTO c SELECT x FROM a; DROP TABLE a; ALTER TABLE c RENAME TO a",
        &[values("a", "y")],
    );
    for partial in ["WHERE x", "LIMIT 5", "JOIN b", "GROUP BY x", "ORDER BY x LIMIT 1"] {
        let script = format!("CREATE TABLE c (x, y); INSERT INTO c SELECT * FROM a {partial}; DROP TABLE a");
        loses(schema, &script, &[rows("a")]);
    }
    loses(schema, "CREATE TABLE c (x, y); INSERT OR IGNORE INTO c SELECT * FROM a; DROP TABLE a", &[rows("a")]);
}

#[test]
fn a_trigger_copies_nothing_yet() {
    let trigger = "CREATE TRIGGER t AFTER DELETE ON a BEGIN SELECT CASE WHEN 1 THEN 2 END; \
                   INSERT INTO b SELECT x FROM a; END;";
    let schema = "CREATE TABLE a (x); CREATE TABLE b (z)";
    loses(schema, &format!("{trigger} DROP TABLE a"), &[rows("a")]);
    assert_eq!(sql::statements(&format!("{trigger} SELECT 1; ; SELECT 2")).len(), 3);
}

#[test]
fn full_text_tables_keep_what_is_copied_and_have_nothing_where_they_show_another() {
    let schema = "CREATE TABLE a (x); CREATE VIRTUAL TABLE f USING fts5(p, q UNINDEXED, tokenize = 'ascii'); \
                  CREATE VIRTUAL TABLE shown USING fts5(x, content='a')";
    let copy = "CREATE VIRTUAL TABLE n USING fts5(p, q); INSERT INTO n (rowid, p, q) SELECT rowid, p, q FROM f; \
                DROP TABLE f; ALTER TABLE n RENAME TO f; DROP TABLE shown";
    loses(schema, copy, &[]);
    loses(schema, "DROP TABLE f", &[rows("f")]);
    loses(schema, &copy.replace(", q", ""), &[values("f", "q")]);
}

#[test]
fn what_a_step_makes_is_nobodys_loss_in_the_next() {
    let mut flow = flow("CREATE TABLE a (x)");
    assert_eq!(flow.follow("CREATE TABLE b (y); CREATE TABLE kept (x); INSERT INTO kept (x) SELECT x FROM a"), []);
    assert_eq!(flow.follow("DROP TABLE a; DROP TABLE b"), []);
    assert_eq!(flow.follow("DROP TABLE kept"), [rows("a")]);
}

/// Each conversion of a script as the column and what takes its place.
fn converts(schema: &str, script: &str) -> Vec<String> {
    let mut flow = flow(schema);
    flow.follow(script);
    let told = |one: Conversion| format!("{}.{} {}", one.table, one.column, one.expressions.join(" & "));
    flow.conversions().into_iter().map(told).collect()
}

#[test]
fn values_of_which_only_something_computed_is_left_are_converted() {
    let schema = "CREATE TABLE a (x TEXT, y)";
    let rebuild = |values: &str| {
        format!(
            "CREATE TABLE n (x INT, y, z); INSERT INTO n (x, y) SELECT {values} FROM a; DROP TABLE a; \
             ALTER TABLE n RENAME TO a"
        )
    };
    assert_eq!(converts(schema, &rebuild("(CAST(x  AS\n INT)), y")), ["a.x CAST(x AS INT)"]);
    assert_eq!(converts(schema, &rebuild("x AS x, coalesce(y, x)")), Vec::<String>::new());
    assert_eq!(converts(schema, "UPDATE a SET x = lower(x), y = y"), ["a.x lower(x)"]);
    assert_eq!(converts(schema, "UPDATE a SET x = y, y = x"), Vec::<String>::new());
    assert_eq!(
        converts(schema, "ALTER TABLE a ADD z; UPDATE a SET z = trim(x), y = x || y; ALTER TABLE a DROP x"),
        ["a.x trim(x) & x || y", "a.y x || y"]
    );
}

#[test]
fn values_that_stand_aside_are_not_converted() {
    let script =
        "CREATE TABLE kept (id, x); INSERT INTO kept (id, x) SELECT rowid, x FROM a; UPDATE a SET x = lower(x)";
    assert_eq!(converts("CREATE TABLE a (x)", script), Vec::<String>::new());
}

#[test]
fn an_update_of_every_row_discards_what_it_does_not_use() {
    let schema = "CREATE TABLE a (x, y)";
    loses(schema, "UPDATE a SET x = 5", &[values("a", "x")]);
    loses(schema, "UPDATE a SET x = 5 WHERE y; UPDATE a SET y = (SELECT 1 WHERE 0)", &[values("a", "y")]);
    loses(schema, "UPDATE a SET x = coalesce(x, 5)", &[]);
}

#[test]
fn what_is_not_the_same_any_more_is_counted_under_the_names_of_the_start() {
    let connection = rusqlite::Connection::open_in_memory().unwrap();
    connection
        .execute_batch(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, \"a b\" TEXT COLLATE NOCASE, c);
             INSERT INTO t (\"a b\", c) VALUES ('1', 1), ('007', 2), ('A', 3), ('a', 4), (NULL, 5), ('2.0', 6)",
        )
        .unwrap();
    let schema = crate::database::introspect::read(&connection, &Filter::default()).unwrap();
    let number = |script: &str| {
        let mut flow = Flow::of(&schema);
        flow.follow(script);
        let conversion = flow.conversions().remove(0);
        let question = conversion.question.expect("a question");
        connection.query_row(&question, [], |row| row.get::<_, i64>(0)).unwrap()
    };
    assert_eq!(number("UPDATE t SET \"a b\" = lower(\"a b\")"), 1);
    assert_eq!(number("ALTER TABLE t RENAME TO u; ALTER TABLE u RENAME \"a b\" TO d; UPDATE u SET d = upper(u.d)"), 1);
    let rebuild = "CREATE TABLE n (id INTEGER PRIMARY KEY, d REAL); INSERT INTO n SELECT id, trim(\"a b\") FROM t; \
                   DROP TABLE t; ALTER TABLE n RENAME TO t";
    // `1` becomes 1.0, `007` becomes 7.0.
    assert_eq!(number(rebuild), 2);
}
