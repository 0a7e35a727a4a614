//! Whether references lead where they led before a script: they do where no row was written on either side, and tables
//! and keys are what they were; of a key that is new a gate of the script may have asked already.
//!
//! Compares what is known and asks nobody; in doubt the answer is no.

use super::evidence::Intended;
use super::kinship::affinity;
use crate::database::gate::{Gate, orphans};
use crate::schema::{ForeignKey, Name, Schema, Table};
use crate::token::{Token, TokenKind, significant_tokens};

/// Whether a script may have rows refer to nothing that did not: not where all that it does is to build indexes, to add
/// columns and checks, and to change whether columns may be NULL. Takes any word for a keyword, so that it says no too
/// rarely rather than too often.
pub(super) fn may_change(script: &str) -> bool {
    let tokens: Vec<Token<'_>> = significant_tokens(script).collect();
    tokens.split(|token| token.is_operator(";")).filter(|statement| !statement.is_empty()).any(|statement| {
        let is = |at: usize, word: &str| statement.get(at).is_some_and(|token: &Token<'_>| token.is_word(word));
        let builds = is(0, "CREATE") && (is(1, "INDEX") || is(1, "UNIQUE") && is(2, "INDEX"));
        let alters = is(0, "ALTER") && is(1, "TABLE") && (is(3, "ADD") || is(3, "ALTER"));
        !builds && !alters || statement.iter().any(|token| token.is_word("REFERENCES"))
    })
}

/// What was before a script, and what it did.
pub(super) struct Past<'a> {
    /// The schema before.
    pub schema: &'a Schema,
    /// What the script did.
    pub intended: &'a Intended,
    /// What no row was found for, before anything was written.
    pub gates: &'a [Gate],
}

impl Past<'_> {
    /// Whether no row of a table can have come to refer to nothing.
    pub(super) fn settles(&self, table: &Table, after: &Schema) -> bool {
        let Some(old) = self.stays(&table.name, after) else { return false };
        table.foreign_keys.iter().all(|key| {
            let Some(parent) = self.stays(&key.parent, after) else { return false };
            old.foreign_keys.iter().any(|known| is_same(known, key)) || self.has_asked(key, old, parent)
        })
    }

    /// A table as it was, where it holds the same rows, and its columns and keys are the same.
    fn stays(&self, name: &Name, after: &Schema) -> Option<&Table> {
        let Intended { dropped, created, deleted_from, written, renamed } = self.intended;
        let is_of_sqlite = |name: &Name| *name == *"sqlite_schema" || *name == *"sqlite_master";
        let is_touched = [dropped, created, deleted_from, written].iter().any(|tables| tables.contains(name))
            || written.iter().chain(deleted_from).any(is_of_sqlite)
            || renamed.iter().any(|(old, new)| old == name || new == name);
        let (old, new) = (self.schema.tables.get(name)?, after.tables.get(name)?);
        let is_same = old.columns == new.columns
            && old.primary_key == new.primary_key
            && old.uniques == new.uniques
            && (old.strict, old.without_rowid) == (new.strict, new.without_rowid)
            && old
                .indexes
                .iter()
                .filter(|(_, index)| index.unique)
                .all(|(name, index)| new.indexes.get(name) == Some(index));
        (is_same && !is_touched).then_some(old)
    }

    /// Whether a gate asked the rows of `child` about a key, and compared them as SQLite does for the key.
    fn has_asked(&self, key: &ForeignKey, child: &Table, parent: &Table) -> bool {
        let Some(primary) = &parent.primary_key else { return false };
        let is_plain = primary.columns.iter().all(|column| column.collate.is_none());
        let parent_columns: Vec<&Name> = primary.columns.iter().map(|column| &column.name).collect();
        let is_primary = key.parent_columns.is_empty() || key.parent_columns.iter().eq(parent_columns.iter().copied());
        let columns: Vec<&Name> = key.columns.iter().collect();
        let compares_as_it_is = columns.len() == parent_columns.len()
            && columns.iter().zip(&parent_columns).all(|(own, other)| {
                match (child.column(own), parent.column(other)) {
                    (Some(own), Some(other)) => affinity(child, own) == affinity(parent, other),
                    _ => false,
                }
            });
        let condition = orphans(&child.name, &columns, &parent.name, &parent_columns);
        let question = format!(" FROM {} WHERE {condition}", child.name.quoted());
        is_plain && is_primary && compares_as_it_is && self.gates.iter().any(|gate| asks(gate, &question))
    }
}

/// Whether a gate shows columns of the rows for which a question holds, and of all of them.
fn asks(gate: &Gate, question: &str) -> bool {
    let shown = gate.sql.strip_prefix("SELECT ").and_then(|rest| rest.strip_suffix(question));
    let is_column = |token: &Token<'_>| token.kind == TokenKind::QuotedName || token.is_word("rowid");
    shown.is_some_and(|shown| significant_tokens(shown).all(|token| is_column(&token) || token.is_operator(",")))
}

/// Whether two keys refer alike, whatever they do when a parent goes.
fn is_same(one: &ForeignKey, other: &ForeignKey) -> bool {
    (&one.columns, &one.parent, &one.parent_columns) == (&other.columns, &other.parent, &other.parent_columns)
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;
    use crate::database::{Filter, introspect};

    const PARENT: &str = "CREATE TABLE p (id INTEGER PRIMARY KEY, code TEXT UNIQUE)";
    const PLAIN: &str = "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, b TEXT)";
    const REFERS: &str = "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT REFERENCES p, b TEXT)";

    fn schema(sql: &str) -> Schema {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(sql).unwrap();
        introspect::read(&connection, &Filter::default()).unwrap()
    }

    fn settles(before: &str, after: &str, intended: &Intended, gates: &[Gate]) -> bool {
        let (before, after) = (schema(before), schema(after));
        let past = Past { schema: &before, intended, gates };
        past.settles(&after.tables[&Name::from("t")], &after)
    }

    fn gate(sql: &str) -> Gate {
        Gate { violation: String::new(), sql: sql.to_owned(), help: String::new(), help_in_script: String::new() }
    }

    #[test]
    fn columns_checks_and_indexes_change_no_reference() {
        for (script, may) in [
            (
                "ALTER TABLE t ADD COLUMN a INT DEFAULT 5; -- one\nALTER TABLE \"t\" ADD CONSTRAINT c CHECK (a > 1);",
                false,
            ),
            (
                "ALTER TABLE t ALTER COLUMN a SET NOT NULL; CREATE UNIQUE INDEX i ON t (a); CREATE INDEX j ON t (a)",
                false,
            ),
            ("ALTER TABLE t ADD COLUMN a INT REFERENCES t DEFAULT 5", true),
            ("ALTER TABLE t RENAME COLUMN a TO b", true),
            ("ALTER TABLE t DROP COLUMN a", true),
            ("ALTER TABLE t ADD COLUMN a; UPDATE t SET a = 1", true),
            ("CREATE TRIGGER g AFTER INSERT ON t BEGIN CREATE INDEX i ON t (a); END", true),
            ("DROP INDEX i", true),
        ] {
            assert_eq!(may_change(script), may, "{script}");
        }
    }

    #[test]
    fn keys_stay_where_neither_rows_nor_tables_do_otherwise() {
        let both = format!("{PARENT}; {REFERS}");
        let same = |intended: Intended| settles(&both, &both, &intended, &[]);
        let one = |name: &str| [Name::from(name)].into();
        assert!(same(Intended::default()) && same(Intended { written: one("other"), ..Intended::default() }));
        for name in ["t", "P", "sqlite_master"] {
            assert!(!same(Intended { written: one(name), ..Intended::default() }), "{name}");
            assert!(!same(Intended { deleted_from: one(name), ..Intended::default() }), "{name}");
        }
        assert!(!same(Intended { dropped: one("t"), ..Intended::default() }));
        assert!(!same(Intended { created: one("p"), ..Intended::default() }));
        assert!(!same(Intended { renamed: vec![("q".into(), "p".into())], ..Intended::default() }));
        let nothing = Intended::default();
        let more = both.replace("b TEXT)", "b TEXT, CHECK (a > 1)); CREATE INDEX i ON t (a)");
        assert!(settles(&both, &more, &nothing, &[]));
        assert!(settles(&both, &both.replace("REFERENCES p", "REFERENCES p ON DELETE CASCADE"), &nothing, &[]));
        for (from, to) in [
            ("a INT", "a TEXT"),
            ("a INT REFERENCES p", "a INT REFERENCES p (code)"),
            ("code TEXT UNIQUE", "code TEXT"),
        ] {
            assert!(!settles(&both, &both.replace(from, to), &nothing, &[]), "{to}");
        }
        assert!(!settles(&both, REFERS, &nothing, &[]) && !settles(PARENT, &both, &nothing, &[]));
    }

    #[test]
    fn a_key_that_a_gate_has_asked_about_in_the_same_words_is_not_asked_about_again() {
        let (before, after) = (format!("{PARENT}; {PLAIN}"), format!("{PARENT}; {REFERS}"));
        let asked = "SELECT \"id\" FROM \"t\" WHERE \"a\" IS NOT NULL AND NOT EXISTS \
                     (SELECT 1 FROM \"p\" AS \"schemactl_parent\" WHERE \"schemactl_parent\".\"id\" = \"t\".\"a\")";
        let nothing = Intended::default();
        assert!(settles(&before, &after, &nothing, &[gate(asked)]));
        assert!(!settles(&before, &after, &nothing, &[]));
        for (from, to) in [
            ("IS NOT NULL", "> 5"),
            ("\"id\" FROM", "1 EXCEPT SELECT \"id\" FROM"),
            ("\"id\" FROM", "DISTINCT \"id\" FROM"),
        ] {
            assert!(!settles(&before, &after, &nothing, &[gate(&asked.replace(from, to))]), "{to}");
        }
        assert!(settles(&before, &after, &nothing, &[gate(&asked.replace("\"id\" FROM", "\"id\", \"a\" FROM"))]));
        // A gate would take '1' and 1 for the same.
        let (text, text_after) = (before.replace("a INT", "a TEXT"), after.replace("a INT", "a TEXT"));
        assert!(!settles(&text, &text_after, &nothing, &[gate(asked)]));
    }
}
