//! Whether it matters to a script that foreign keys are enforced while it runs.
//!
//! schemactl switches them off; other tools leave them on, or off, as it happens. Reads what the statements say, and takes
//! what it does not understand for the worst.

use crate::plan::rebuild::stage_name;
use crate::schema::{ForeignKey, Name, Schema, Table};
use crate::sql;
use crate::token::{Token, significant_tokens};

/// Whether what a script leaves, or whether it runs at all, may depend on foreign keys being enforced: it drops a table
/// that others refer to, or writes what a foreign key looks at.
///
/// `before` and `after` are the schemas between which the script leads.
#[must_use]
pub fn is_at_stake(script: &str, before: &Schema, after: &Schema) -> bool {
    let stake = Stake { schemas: [before, after] };
    stake.keys().next().is_some() && sql::statements(script).iter().any(|statement| stake.is_in(statement))
}

struct Stake<'a> {
    schemas: [&'a Schema; 2],
}

/// Statements that write no rows of tables.
const WITHOUT_ROWS: [&str; 8] = ["CREATE", "ANALYZE", "REINDEX", "PRAGMA", "SELECT", "VALUES", "EXPLAIN", "VACUUM"];

/// The names of a row's number.
const ROWID: [&str; 3] = ["rowid", "oid", "_rowid_"];

impl Stake<'_> {
    fn is_in(&self, statement: &[Token<'_>]) -> bool {
        let is = |at: usize, word: &str| statement.get(at).is_some_and(|token| token.is_word(word));
        let has = |word: &str| statement.iter().any(|token| token.is_word(word));
        let name = |at: usize| {
            let is_plain = statement.get(at + 1).is_none_or(|token| !token.is_operator("."));
            statement.get(at).filter(|_| is_plain).map(|token| Name::new(token.unquoted().into_owned()))
        };
        let after = |word: &str| statement.iter().position(|token| token.is_word(word)).map(|at| at + 1);
        match () {
            () if WITHOUT_ROWS.iter().any(|word| is(0, word)) => false,
            // Where they are enforced a new column that refers to something must be NULL
            // (https://www.sqlite.org/lang_altertable.html#altertabaddcol).
            () if is(0, "ALTER") => has("REFERENCES") && has("DEFAULT"),
            () if is(0, "DROP") && !is(1, "TABLE") => false,
            () if is(0, "DROP") => name(if is(2, "IF") { 4 } else { 2 }).is_none_or(|table| self.is_parent(&table)),
            () if is(0, "UPDATE") && !is(1, "OR") => {
                let columns = assigned(statement);
                let is_written = |column: &Name| columns.as_ref().is_none_or(|columns| columns.contains(column));
                name(1).is_none_or(|table| self.is_written(&table, is_written))
            }
            () if is(0, "UPDATE") => name(3).is_none_or(|table| self.is_written(&table, |_| true)),
            () => {
                let place = match () {
                    () if is(0, "INSERT") || is(0, "REPLACE") => after("INTO"),
                    () if is(0, "DELETE") => after("FROM"),
                    () => None,
                };
                place.and_then(name).is_none_or(|table| self.is_written(&table, |_| true))
            }
        }
    }

    /// Whether a statement that writes these columns of a table writes what a foreign key looks at. What triggers write
    /// is not followed.
    fn is_written(&self, name: &Name, is_written: impl Fn(&Name) -> bool) -> bool {
        let fires = |schema: &&Schema| schema.triggers.values().any(|trigger| trigger.table == *name);
        if self.schemas.iter().any(fires) {
            return true;
        }
        let is_no_table = |schema: &&Schema| schema.virtual_tables.contains_key(name);
        let mut tables = self.tables(name).peekable();
        if tables.peek().is_none() {
            return *name != *"sqlite_sequence" && !self.schemas.iter().any(is_no_table);
        }
        tables.any(|table| {
            let own = table.foreign_keys.iter().flat_map(|key| &key.columns);
            let key = table.primary_key.iter().flat_map(|key| &key.columns).map(|column| &column.name);
            let others = self.keys_to(&table.name).flat_map(|key| &key.parent_columns);
            own.clone().any(&is_written)
                || self.is_parent(&table.name)
                    && (key.chain(others).any(&is_written)
                        || ROWID.iter().any(|rowid| is_written(&Name::from(*rowid)))
                        || replaces(table))
        })
    }

    /// The table in each of the schemas, also under the name that it has while it is rebuilt.
    fn tables(&self, name: &Name) -> impl Iterator<Item = &Table> {
        let is_it = |table: &&Table| table.name == *name || stage_name(&table.name) == *name;
        self.schemas.into_iter().flat_map(|schema| schema.tables.values()).filter(is_it)
    }

    fn is_parent(&self, table: &Name) -> bool {
        self.keys_to(table).next().is_some()
    }

    fn keys_to(&self, table: &Name) -> impl Iterator<Item = &ForeignKey> {
        self.keys().filter(|key| key.parent == *table)
    }

    fn keys(&self) -> impl Iterator<Item = &ForeignKey> {
        let tables = self.schemas.into_iter().flat_map(|schema| schema.tables.values());
        tables.flat_map(|table| &table.foreign_keys)
    }
}

/// Whether a row may take the place of another one of the table.
fn replaces(table: &Table) -> bool {
    significant_tokens(&sql::write_table(table)).any(|token| token.is_word("REPLACE"))
}

/// The columns that an UPDATE assigns; none where it does not say them plainly.
fn assigned(statement: &[Token<'_>]) -> Option<Vec<Name>> {
    let set = statement.iter().position(|token| token.is_word("SET"))?;
    let mut columns = Vec::new();
    let mut depth = 0_usize;
    let mut is_start = true;
    for (at, token) in statement.iter().enumerate().skip(set + 1) {
        if is_start {
            if !statement.get(at + 1)?.is_operator("=") {
                return None;
            }
            columns.push(Name::new(token.unquoted().into_owned()));
        } else if token.is_operator("(") {
            depth += 1;
        } else if token.is_operator(")") {
            depth = depth.checked_sub(1)?;
        } else if depth == 0 && (token.is_word("WHERE") || token.is_word("FROM")) {
            break;
        }
        is_start = depth == 0 && token.is_operator(",");
    }
    Some(columns)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::{Filter, Scratch};

    const SCHEMA: &str = "CREATE TABLE team (id INTEGER PRIMARY KEY, name TEXT);
        CREATE TABLE person (id INTEGER PRIMARY KEY, team_id INT REFERENCES team, name TEXT);
        CREATE TABLE log (line TEXT); CREATE TABLE loud (line TEXT);
        CREATE TRIGGER loud_delete AFTER DELETE ON loud BEGIN DELETE FROM team; END;
        CREATE VIRTUAL TABLE words USING fts5(name, content='person', content_rowid='id');";

    fn is_at_stake(script: &str) -> bool {
        let mut scratch = Scratch::empty().unwrap();
        scratch.run(SCHEMA).unwrap();
        let schema = scratch.schema(&Filter::default()).unwrap();
        super::is_at_stake(script, &schema, &schema)
    }

    #[test]
    fn it_matters_where_a_statement_writes_what_a_foreign_key_looks_at() {
        for script in [
            "DROP TABLE team",
            "DROP TABLE IF EXISTS \"team\";",
            "DELETE FROM team WHERE id = 1",
            "INSERT INTO person (id) VALUES (1)",
            "INSERT INTO schemactl_new_person SELECT * FROM person",
            "UPDATE person SET name = upper(name), team_id = 2",
            "UPDATE team SET id = id + 1",
            "UPDATE team SET rowid = 7",
            "UPDATE OR REPLACE team SET name = 'a'",
            "UPDATE person SET (name, team_id) = (SELECT 1, 2)",
            "REPLACE INTO team VALUES (1, 'a')",
            "WITH x AS (SELECT 1) DELETE FROM log",
            "DELETE FROM main.log",
            "DELETE FROM stranger",
            "DELETE FROM loud",
            "ALTER TABLE log ADD COLUMN team INT DEFAULT 1 REFERENCES team",
        ] {
            assert!(is_at_stake(script), "{script}");
        }
    }

    #[test]
    fn it_does_not_matter_where_none_looks() {
        for script in [
            "CREATE TABLE a (b REFERENCES team ON DELETE CASCADE); CREATE INDEX i ON a (b)",
            "CREATE TRIGGER x AFTER INSERT ON log BEGIN DELETE FROM team; END",
            "DROP TABLE person",
            "DROP VIEW v; DROP INDEX i; DROP TRIGGER loud_delete",
            "UPDATE person SET name = coalesce((SELECT 1, 2 FROM team WHERE id = 3), name) WHERE team_id = 1",
            "UPDATE team SET name = 'a', \"name\" = 'b'",
            "INSERT INTO log VALUES ('x')",
            "INSERT INTO words (words) VALUES ('rebuild')",
            "UPDATE sqlite_sequence SET seq = 1",
            "ALTER TABLE person ADD COLUMN boss INT REFERENCES person; ALTER TABLE team RENAME TO teams",
            "",
        ] {
            assert!(!is_at_stake(script), "{script}");
        }
        let empty = Schema::default();
        assert!(!super::is_at_stake("DELETE FROM anything", &empty, &empty));
    }
}
