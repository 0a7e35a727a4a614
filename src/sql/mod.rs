//! SQL text to schema and back, an object per file, each read and written in one place.
//!
//! Reads what SQLite's own grammar takes in `CREATE TABLE`, `INDEX`, `VIEW`, `TRIGGER` and `VIRTUAL TABLE`, refuses
//! the rest with its place, and takes all of the text: nothing is dropped silently. Expressions and bodies are kept as
//! they were written. Whether columns and tables that they name exist is for SQLite to say.
//!
//! Law: `read(write(object)) == object` for everything that reading gives, and SQLite sees the same in both texts.

mod agreement;
mod column;
mod constraint;
mod cursor;
pub mod double_quoted;
mod error;
mod fingerprint;
mod foreign_key;
mod index;
mod script;
pub mod since;
mod table;
mod text;
mod trigger;
mod view;
mod virtual_table;

#[cfg(test)]
mod differential;

use crate::schema::{Index, Name, Table, Trigger, View, VirtualTable};

pub use agreement::agreement;
pub use column::{ColumnDefinition, read_column, write_column, write_definition};
pub use constraint::{read_key_column, write_key_column};
pub use error::{Problem, ReadError};
pub use fingerprint::{Texts, fingerprint};
pub use foreign_key::{read_deferrable, read_references, write_deferrable};
pub use index::{read_index_term, write_index, write_index_term};
pub use script::statements;
pub use table::write_table;
pub use trigger::write_trigger;
pub use view::write_view;
pub use virtual_table::write_virtual_table;

use cursor::Cursor;

/// What one CREATE statement makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Statement {
    /// `CREATE TABLE`
    Table(Table),
    /// `CREATE INDEX`
    Index {
        /// The table that it stands on.
        table: Name,
        /// The index.
        index: Index,
    },
    /// `CREATE VIEW`
    View(View),
    /// `CREATE TRIGGER`
    Trigger(Trigger),
    /// `CREATE VIRTUAL TABLE`
    VirtualTable(VirtualTable),
}

/// Reads one CREATE statement, as `sqlite_schema` stores it or a person types it.
///
/// A `;` at the end, `IF NOT EXISTS` and `main.` before the name are taken and mean nothing here.
pub fn read(sql: &str) -> Result<Statement, ReadError> {
    let mut cursor = Cursor::of_statement(sql)?;
    cursor.expect("CREATE")?;
    if cursor.is("TEMP") || cursor.is("TEMPORARY") {
        return Err(cursor.problem(Problem::Temporary));
    }
    if cursor.accept("TRIGGER") {
        return trigger::read(&mut cursor).map(Statement::Trigger);
    }
    if let Some(mark) = cursor.rest().iter().find(|token| token.is_operator(";")) {
        return Err(ReadError { problem: Problem::SecondStatement, span: mark.span() });
    }
    if cursor.accept("TABLE") {
        table::read(&mut cursor).map(Statement::Table)
    } else if cursor.is("UNIQUE") || cursor.is("INDEX") {
        index::read(&mut cursor).map(|(table, index)| Statement::Index { table, index })
    } else if cursor.accept("VIEW") {
        view::read(&mut cursor).map(Statement::View)
    } else if cursor.accept("VIRTUAL TABLE") {
        virtual_table::read(&mut cursor).map(Statement::VirtualTable)
    } else {
        Err(cursor.unexpected("`TABLE`, `INDEX`, `VIEW`, `TRIGGER` or `VIRTUAL TABLE`"))
    }
}

/// Reads `[IF NOT EXISTS] [main.]name`.
fn read_object_name(cursor: &mut Cursor<'_>, what: &str) -> Result<Name, ReadError> {
    cursor.accept("IF NOT EXISTS");
    let place = cursor.peek();
    let name = cursor.name(what)?;
    if !cursor.accept_operator(".") {
        return Ok(name);
    }
    match place {
        Some(token) if name == *"temp" => Err(ReadError { problem: Problem::Temporary, span: token.span() }),
        Some(token) if name != *"main" => Err(ReadError { problem: Problem::OtherDatabase(name), span: token.span() }),
        _ => cursor.name(what),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_is_refused_with_its_place() {
        // Each text with the stretch that is underlined and the beginning of the message.
        let refused = [
            ("CREATE TEMP TABLE t(a)", "TEMP", "found a temporary object"),
            ("CREATE TEMPORARY TRIGGER t", "TEMPORARY", "found a temporary object"),
            ("CREATE VIEW temp.v AS SELECT 1", "temp", "found a temporary object"),
            ("CREATE TABLE other.t(a)", "other", "found an object of the database `other`"),
            ("CREATE TABLE t AS SELECT 1", "AS", "found `AS SELECT`"),
            ("CREATE TABLE t(a);CREATE TABLE u(a)", ";", "found `;` inside a statement"),
            ("CREATE TABLE t(a INT GARBAGE(1, 2, 3))", ",", "found `,`, expected `,` or `)` after a number"),
            ("CREATE TABLE t(a VARCHAR(MAX))", "MAX", "found `MAX`, expected a number"),
            ("CREATE TABLE t(a INT ! b)", "!", "found `!`, which is no SQL"),
            ("CREATE TABLE t(a 'open)", "'open)", "found `'open)`, which is no SQL"),
            ("CREATE TABLE t(a DEFAULT)", ")", "found `)`, expected a value"),
            ("CREATE TABLE t(a DEFAULT 1 2)", "2", "found `2`, expected a constraint, `,` or `)`"),
            ("CREATE TABLE t(a CHECK (b > ((1))", "(", "found `(` without its `)`"),
            ("CREATE TABLE t(a CHECK ())", ")", "found `)`, expected an expression"),
            ("CREATE TABLE t(a CHECK (a) ON CONFLICT FAIL)", "ON", "found `ON`, expected a constraint"),
            ("CREATE TABLE t(a NOT NULL ON CONFLICT PANIC)", "PANIC", "found `PANIC`, expected `ROLLBACK`"),
            ("CREATE TABLE t(a REFERENCES p ON DELETE EXPLODE)", "EXPLODE", "found `EXPLODE`, expected `CASCADE`"),
            ("CREATE TABLE t(a REFERENCES p DEFERRABLE INITIALLY)", ")", "found `)`, expected `DEFERRED` or"),
            ("CREATE TABLE t(a PRIMARY KEY, PRIMARY KEY (a))", "PRIMARY", "found a second primary key"),
            ("CREATE TABLE t(a, PRIMARY KEY (a + 1))", "a", "found an expression, expected a column"),
            ("CREATE TABLE t(a, PRIMARY KEY ())", ")", "found `)`, expected a column"),
            ("CREATE TABLE t(a, UNIQUE (a NULLS FIRST))", "NULLS FIRST", "found `NULLS` in a key or an index"),
            ("CREATE TABLE t(a, UNIQUE (a), b INT)", "b", "found `b`, expected `CONSTRAINT`"),
            ("CREATE TABLE t(a,)", ")", "found `)`, expected the name of a column"),
            ("CREATE TABLE t()", ")", "found `)`, expected the name of a column"),
            ("CREATE TABLE t(a", "", "found the end of the text, expected a constraint, `,` or `)`"),
            ("CREATE TABLE t(a) PARTITION BY a", "PARTITION", "found `PARTITION`, expected `WITHOUT ROWID`"),
            ("CREATE TABLE t(a) STRICT STRICT", "STRICT", "found `STRICT`, expected `WITHOUT ROWID`"),
            ("CREATE TABLE t(a) STRICT,", "", "found the end of the text, expected `WITHOUT ROWID` or `STRICT`"),
            ("CREATE TABLE table(a)", "table", "found `table`, expected the name of the table"),
            ("CREATE INDEX i ON t(a) USING btree", "USING", "found `USING`, expected `WHERE` or the end"),
            ("CREATE INDEX i ON t(a) WHERE", "", "found the end of the text, expected a condition"),
            ("CREATE INDEX i ON t(a, )", ")", "found `)`, expected a column or an expression"),
            ("CREATE INDEX i ON t(a) WHERE a)", ")", "found `)`, expected no `)` without its `(`"),
            ("CREATE VIEW v AS DELETE FROM t", "DELETE", "found `DELETE`, expected `SELECT`"),
            ("CREATE TRIGGER t AFTER TRUNCATE ON t BEGIN SELECT 1; END", "TRUNCATE", "found `TRUNCATE`, expected"),
            (
                "CREATE TRIGGER t AFTER INSERT ON t FOR EACH STATEMENT BEGIN SELECT 1; END",
                "FOR",
                "found `FOR`, expected",
            ),
            (
                "CREATE TRIGGER t AFTER INSERT ON t BEGIN SELECT 1 END",
                "",
                "found the end of the text, expected `;` and",
            ),
            ("CREATE TRIGGER t AFTER INSERT ON t BEGIN SELECT 1; END garbage", "garbage", "found `garbage`, expected"),
            (
                "CREATE TRIGGER t AFTER INSERT ON t WHEN BEGIN SELECT 1; END",
                "BEGIN",
                "found `BEGIN`, expected a condition",
            ),
            ("CREATE TRIGGER t AFTER INSERT ON t WHEN a; b BEGIN SELECT 1; END", ";", "found `;` inside a statement"),
            ("CREATE TRIGGER t AFTER INSERT ON t BEGIN END", "END", "found `END`, expected `UPDATE`"),
            ("CREATE VIRTUAL TABLE t fts5(a)", "fts5", "found `fts5`, expected `USING`"),
            ("CREATE VIRTUAL TABLE t USING fts5(a", "", "found the end of the text, expected `,` or `)`"),
            ("CREATE FUNCTION f()", "FUNCTION", "found `FUNCTION`, expected `TABLE`"),
            ("DROP TABLE t", "DROP", "found `DROP`, expected `CREATE`"),
            ("", "", "found the end of the text, expected `CREATE`"),
        ];
        for (sql, underlined, message) in refused {
            let error = read(sql).expect_err(sql);
            assert_eq!(&sql[error.span.clone()], underlined, "{sql}: {error}");
            assert!(error.to_string().starts_with(message), "{sql}: {error}");
        }
    }

    #[test]
    fn no_depth_of_nesting_overflows_the_stack() {
        let deep = |inner: &str| format!("{}{inner}{}", "(".repeat(20_000), ")".repeat(20_000));
        for sql in [
            format!("CREATE TABLE t(a DEFAULT {} CHECK {})", deep("1"), deep("a")),
            format!("CREATE TABLE t(a, UNIQUE ({}), CHECK ({} OR {}))", deep("a"), deep("a"), deep("b")),
            format!("CREATE INDEX i ON t({} COLLATE nocase) WHERE {}", deep("a"), deep("a")),
            format!("CREATE VIEW v AS SELECT {}", deep("1")),
            format!("CREATE TRIGGER t INSERT ON t WHEN {} BEGIN SELECT {}; END", deep("1"), deep("1")),
            format!("CREATE VIRTUAL TABLE t USING m({})", deep("1")),
        ] {
            read(&sql).unwrap();
            read(&sql.replace(')', "")).unwrap_err();
        }
    }

    #[test]
    fn an_error_shows_no_more_of_a_token_than_a_line_bears() {
        let error = read(&format!("CREATE {}", "x".repeat(1000))).unwrap_err();
        assert!(error.to_string().len() < 150, "{error}");
        let error = read("CREATE 'a\nb'").unwrap_err();
        assert!(error.to_string().starts_with("found `'a…`"), "{error}");
    }
}
