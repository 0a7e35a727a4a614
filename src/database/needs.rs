//! Whether a schema may need what only an application has, told from its words alone.
//!
//! Builds nothing, and asks SQLite nothing. A doubt says that it may; building the schema, as [`super::Scratch`] does, tells
//! for sure.

use crate::schema::{Expression, IndexKey, KeyColumn, Name, Schema, Table};
use crate::token::{TokenKind, is_reserved, significant_tokens};

/// The collations that every SQLite has (<https://www.sqlite.org/datatype3.html#collating_sequences>).
const COLLATIONS: [&str; 3] = ["BINARY", "NOCASE", "RTRIM"];

/// Functions and modules that this SQLite has, in order: those that schemas use (<https://www.sqlite.org/lang_corefunc.html>
/// and the pages beside it). To ask it for all that it has takes longer than all else here.
#[rustfmt::skip]
const OWN: &[&str] = &[
    "abs", "avg", "ceil", "ceiling", "changes", "char", "coalesce", "concat", "count", "cume_dist", "date", "datetime",
    "dense_rank", "exp", "first_value", "floor", "format", "fts3", "fts4", "fts5", "glob", "group_concat", "hex",
    "ifnull", "iif", "instr", "json", "json_array", "json_array_length", "json_each", "json_extract",
    "json_group_array", "json_group_object", "json_insert", "json_object", "json_patch", "json_quote", "json_remove",
    "json_replace", "json_set", "json_tree", "json_type", "json_valid", "julianday", "lag", "last_insert_rowid",
    "last_value", "lead", "length", "like", "likely", "ln", "log", "log10", "log2", "lower", "ltrim", "max", "min",
    "mod", "nth_value", "ntile", "nullif", "percent_rank", "pi", "pow", "power", "printf", "quote", "random",
    "randomblob", "rank", "replace", "round", "row_number", "rtree", "rtrim", "sign", "sqrt", "strftime", "substr",
    "substring", "sum", "time", "total", "trim", "trunc", "typeof", "unicode", "unixepoch", "unlikely", "upper",
    "zeroblob",
];

/// Words that stand before parentheses, call no function, and are not reserved.
const NO_FUNCTIONS: [&str; 5] = ["CAST", "FILTER", "MATERIALIZED", "OVER", "RAISE"];

/// Whether a schema may name functions, collations or modules that this SQLite lacks.
#[must_use]
pub fn may_need_application(schema: &Schema) -> bool {
    let mut needs = Needs::default();
    schema.tables.values().for_each(|table| needs.of_table(table));
    schema.views.values().for_each(|view| needs.of_expression(&view.select));
    for trigger in schema.triggers.values() {
        needs.of_expression(&trigger.body);
        trigger.when.iter().for_each(|when| needs.of_expression(when));
    }
    for table in schema.virtual_tables.values() {
        needs.of_callable(&table.module.folded());
        // A tokenizer may be the application's, and SQLite has no list of them.
        needs.doubts |=
            table.arguments.iter().any(|argument| argument.as_str().to_ascii_lowercase().contains("tokenize"));
    }
    needs.doubts
}

/// Whether something was named that is not known to be SQLite's own.
#[derive(Default)]
struct Needs {
    doubts: bool,
}

impl Needs {
    fn of_table(&mut self, table: &Table) {
        let Table { columns, primary_key, uniques, checks, indexes, .. } = table;
        for column in columns {
            self.of_collation(column.collate.as_ref());
            let generated = column.generated.iter().map(|generated| &generated.expression);
            column.default.iter().chain(generated).for_each(|expression| self.of_expression(expression));
        }
        let keys = primary_key.iter().map(|key| &key.columns).chain(uniques.iter().map(|unique| &unique.columns));
        keys.flatten().for_each(|KeyColumn { collate, .. }| self.of_collation(collate.as_ref()));
        for check in checks {
            self.of_expression(&check.expression);
        }
        for index in indexes.values() {
            index.predicate.iter().for_each(|predicate| self.of_expression(predicate));
            for term in &index.terms {
                self.of_collation(term.collate.as_ref());
                if let IndexKey::Expression(expression) = &term.key {
                    self.of_expression(expression);
                }
            }
        }
    }

    fn of_collation(&mut self, name: Option<&Name>) {
        self.doubts |= name.is_some_and(|name| !COLLATIONS.iter().any(|known| *name == **known));
    }

    fn of_expression(&mut self, expression: &Expression) {
        let mut before_last = None;
        let mut last: Option<crate::token::Token<'_>> = None;
        for token in significant_tokens(expression.as_str()) {
            if let Some(name) = &last {
                let is_word = name.kind == TokenKind::Word && !is_reserved(name.text);
                let is_name = is_word || name.kind == TokenKind::QuotedName;
                let is_table = before_last.is_some_and(|before: crate::token::Token<'_>| before.is_word("INTO"));
                let is_called = token.is_operator("(") && is_name && !is_table;
                if is_called && !NO_FUNCTIONS.iter().any(|word| name.is_word(word)) {
                    self.of_callable(&name.unquoted().to_ascii_lowercase());
                }
                if name.is_word("COLLATE") {
                    self.of_collation(Some(&Name::new(token.unquoted())));
                }
            }
            before_last = last.replace(token);
        }
    }

    /// A function, or a module, which a function in FROM is too; in lower case.
    fn of_callable(&mut self, name: &str) {
        self.doubts |= OWN.binary_search(&name).is_err();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::{Filter, Scratch};

    fn may(sql: &str) -> bool {
        let mut scratch = Scratch::empty().unwrap();
        scratch.run(sql).unwrap();
        let schema = scratch.schema(&Filter::default()).unwrap();
        may_need_application(&schema)
    }

    #[test]
    fn this_sqlite_has_what_is_listed_as_its_own() {
        assert!(OWN.is_sorted());
        let connection = rusqlite::Connection::open_in_memory().unwrap();
        let sql = "SELECT EXISTS (SELECT 1 FROM pragma_function_list WHERE name = ?1 \
                   UNION ALL SELECT 1 FROM pragma_module_list WHERE name = ?1)";
        for name in OWN {
            let is_listed: bool = connection.query_row(sql, [name], |row| row.get(0)).unwrap();
            assert!(is_listed || connection.prepare(&format!("SELECT 1 FROM {name}('')")).is_ok(), "{name}");
        }
    }

    #[test]
    fn what_sqlite_has_itself_is_no_need() {
        for sql in [
            "CREATE TABLE t (a CHECK (length(a) > 0), b AS (Lower(a)) STORED, c DEFAULT (date('now')) COLLATE nocase)",
            "CREATE TABLE t (a); CREATE INDEX i ON t (abs(a) COLLATE RTRIM) WHERE a IN (1, 2)",
            "CREATE TABLE t (a); CREATE VIEW v AS SELECT CAST(a AS TEXT), sum(a) FILTER (WHERE a > (1)) OVER (ORDER BY a) \
             FROM t, json_each(t.a) WHERE EXISTS (SELECT 1)",
            "CREATE TABLE t (a); CREATE TABLE \"my log\" (a); \
             CREATE TRIGGER g AFTER INSERT ON t WHEN NOT (NEW.a) BEGIN INSERT INTO \"my log\" (a) VALUES (1); END",
            "CREATE VIRTUAL TABLE f USING fts5(a, content = '')",
        ] {
            assert!(!may(sql), "{sql}");
        }
    }

    #[test]
    fn what_an_application_has_is_a_need_wherever_it_is_named() {
        for sql in [
            "CREATE TABLE t (a CHECK (fold(a) > 0))",
            "CREATE TABLE t (a, b AS (\"fold\"(a)))",
            "CREATE TABLE t (a, b COLLATE unicase)",
            "CREATE TABLE t (a, UNIQUE (a COLLATE unicase))",
            "CREATE TABLE t (a); CREATE INDEX i ON t (a COLLATE unicase)",
            "CREATE TABLE t (a); CREATE INDEX i ON t (a) WHERE a = 'x' COLLATE unicase",
            "CREATE TABLE t (a); CREATE VIEW v AS SELECT fold(a) FROM t",
            "CREATE TABLE t (a); CREATE VIEW v AS SELECT * FROM series(1)",
            "CREATE TABLE t (a); CREATE TRIGGER g AFTER INSERT ON t WHEN fold(NEW.a) BEGIN SELECT 1; END",
            "CREATE TABLE t (a); CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT fold(NEW.a); END",
            "CREATE VIRTUAL TABLE v USING vec0(e float[4])",
            "CREATE VIRTUAL TABLE f USING fts5(a, tokenize = 'porter')",
        ] {
            assert!(may(sql), "{sql}");
        }
    }
}
