//! Laws that hold for every schema, tried on random ones.

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use rusqlite::Connection;
use schemactl::database::{Filter, introspect};
use schemactl::schema::Schema;
use schemactl::sql::{
    Statement, fingerprint, read, write_index, write_table, write_trigger, write_view, write_virtual_table,
};

use crate::support::{generate, mutate};

/// The CREATE statements of a schema with what each must read as, in an order in which they can be run.
fn statements(schema: &Schema) -> Vec<(String, Statement)> {
    let mut statements = Vec::new();
    for table in schema.tables.values() {
        let mut bare = table.clone();
        bare.indexes.clear();
        statements.push((write_table(table), Statement::Table(bare)));
        for index in table.indexes.values() {
            let statement = Statement::Index { table: table.name.clone(), index: index.clone() };
            statements.push((write_index(&table.name, index), statement));
        }
    }
    for table in schema.virtual_tables.values() {
        statements.push((write_virtual_table(table), Statement::VirtualTable(table.clone())));
    }
    for view in schema.views.values() {
        statements.push((write_view(view), Statement::View(view.clone())));
    }
    for trigger in schema.triggers.values() {
        statements.push((write_trigger(trigger), Statement::Trigger(trigger.clone())));
    }
    statements
}

fn build(schema: &Schema) -> Result<Connection, TestCaseError> {
    let connection = Connection::open_in_memory().unwrap();
    for (sql, _) in statements(schema) {
        connection
            .execute_batch(&format!("{sql};"))
            .map_err(|error| TestCaseError::fail(format!("{error} in\n{sql}")))?;
    }
    for view in schema.views.keys() {
        let query = format!("SELECT * FROM {}", view.quoted());
        connection.prepare(&query).map_err(|error| TestCaseError::fail(format!("{error} in view {view}")))?;
    }
    Ok(connection)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_reads_as_what_it_was(schema in generate::schema()) {
        for (sql, statement) in statements(&schema) {
            let read = read(&sql).map_err(|error| TestCaseError::fail(format!("{error} in\n{sql}")))?;
            prop_assert_eq!(&read, &statement, "{}", sql);
            // Equality forgives the case of names and the white space of expressions; this does not.
            prop_assert_eq!(format!("{read:?}"), format!("{statement:?}"), "{}", sql);
        }
    }

    #[test]
    fn sqlite_accepts_and_keeps_what_is_written(schema in generate::schema()) {
        let connection = build(&schema)?;
        let query = "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL";
        let mut statement = connection.prepare(query).unwrap();
        let stored: Vec<String> = statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        for (sql, statement) in statements(&schema) {
            let found = stored.iter().any(|text| read(text).as_ref() == Ok(&statement));
            prop_assert!(found, "not in the database as written:\n{}", sql);
        }
    }

    #[test]
    fn what_is_built_is_introspected_as_it_was(schema in generate::schema()) {
        let connection = build(&schema)?;
        let read = introspect::read(&connection, &Filter::default())
            .map_err(|error| TestCaseError::fail(format!("{error} in\n{:#?}", statements(&schema))))?;
        prop_assert_eq!(fingerprint(&read), fingerprint(&schema));
        prop_assert_eq!(read, schema);
    }

    #[test]
    fn a_change_changes_the_fingerprint((before, after) in mutate::change()) {
        build(&before)?;
        build(&after)?;
        prop_assert_ne!(fingerprint(&before), fingerprint(&after));
        prop_assert_eq!(fingerprint(&before), fingerprint(&before.clone()));
    }

    #[test]
    fn the_order_of_objects_does_not_change_the_fingerprint(schema in generate::schema()) {
        let mut reversed = schema.clone();
        reversed.tables.reverse();
        reversed.views.reverse();
        reversed.virtual_tables.reverse();
        for table in reversed.tables.values_mut() {
            table.indexes.reverse();
            table.checks.reverse();
            table.foreign_keys.reverse();
        }
        prop_assert_eq!(fingerprint(&schema), fingerprint(&reversed));
    }

    #[test]
    fn no_text_makes_reading_panic(text in "(CREATE (UNIQUE )?(TABLE|INDEX|VIEW|TRIGGER|VIRTUAL TABLE) )?[-a-z0-9()'\"\\[\\]`;,.+*/ \nA-Zé\u{feff}]{0,80}") {
        if let Err(error) = read(&text) {
            prop_assert!(text.get(error.span).is_some());
        }
    }
}

#[test]
fn random_schemas_reach_every_clause() {
    let mut runner = TestRunner::deterministic();
    let mut text = String::new();
    for _ in 0..1_000 {
        let schema = generate::schema().new_tree(&mut runner).unwrap().current();
        text.extend(statements(&schema).into_iter().map(|(sql, _)| sql + ";\n"));
    }
    let clauses = [
        " STRICT;",
        " WITHOUT ROWID;",
        " STRICT, WITHOUT ROWID;",
        " PRIMARY KEY AUTOINCREMENT",
        " AUTOINCREMENT)",
        " PRIMARY KEY DESC",
        "\n  PRIMARY KEY (",
        "\" PRIMARY KEY",
        "INTEGER PRIMARY KEY",
        " UNIQUE",
        "\n  UNIQUE (",
        " CHECK (",
        "\n  CHECK (",
        " REFERENCES ",
        "\n  FOREIGN KEY (",
        "REFERENCES \"no such table\"",
        " NOT NULL",
        " DEFAULT (",
        " DEFAULT '",
        " DEFAULT -",
        " DEFAULT NULL",
        " DEFAULT CURRENT_TIMESTAMP",
        " DEFAULT x'",
        " COLLATE NOCASE",
        " COLLATE RTRIM DESC",
        " GENERATED ALWAYS AS (",
        ") STORED",
        "ON CONFLICT ROLLBACK",
        "ON CONFLICT ABORT",
        "ON CONFLICT FAIL",
        "ON CONFLICT IGNORE",
        "ON CONFLICT REPLACE",
        " ON DELETE SET NULL",
        " ON DELETE SET DEFAULT",
        " ON DELETE CASCADE",
        " ON DELETE RESTRICT",
        " ON UPDATE SET NULL",
        " ON UPDATE SET DEFAULT",
        " ON UPDATE CASCADE",
        " ON UPDATE RESTRICT",
        " MATCH SIMPLE",
        " MATCH \"FULL\"",
        " DEFERRABLE",
        " DEFERRABLE INITIALLY DEFERRED",
        " DEFERRABLE INITIALLY IMMEDIATE",
        " NOT DEFERRABLE",
        " NOT DEFERRABLE INITIALLY DEFERRED",
        " CONSTRAINT \"",
        "\n  CONSTRAINT \"",
        "CREATE INDEX ",
        "CREATE UNIQUE INDEX ",
        " WHERE CASE",
        "(lower(",
        " DESC)",
        " DESC,",
        "CREATE VIEW ",
        "AS\nWITH ",
        " BEFORE INSERT ",
        " AFTER INSERT ",
        " INSTEAD OF INSERT ",
        " BEFORE DELETE ",
        " AFTER DELETE ",
        " INSTEAD OF DELETE ",
        " BEFORE UPDATE ON ",
        " AFTER UPDATE ON ",
        " INSTEAD OF UPDATE ON ",
        " BEFORE UPDATE OF ",
        " AFTER UPDATE OF ",
        " INSTEAD OF UPDATE OF ",
        "\nWHEN new.",
        "\nWHEN (SELECT",
        " USING fts5(",
        " USING rtree(",
        " USING fts4(",
        "\"line\nbreak",
        "\"quo\"\"te",
        "\"Größe",
        "\"select",
        "\"-- c",
    ];
    let missing: Vec<&str> = clauses.into_iter().filter(|clause| !text.contains(clause)).collect();
    assert!(missing.is_empty(), "not reached: {missing:#?}");
}
