//! A scratch database with its schema before and after the script that ran last.
//!
//! Most scripts make tables and columns, and touch nothing that they do not name: of a large schema only what they name
//! is read and compared again.

use std::collections::BTreeSet;
use std::ops::Range;

use rusqlite::Connection;

use crate::database::statements::Failure as Refusal;
use crate::database::{Filter, Scratch, introspect};
use crate::diff::{Change, ColumnOrder, Renames, diff};
use crate::operation::flow;
use crate::report::Failure;
use crate::schema::{Name, Schema};
use crate::token::{TokenKind, significant_tokens};

/// A scratch database on its way.
pub(super) struct Stage {
    scratch: Scratch,
    filter: Filter,
    before: Schema,
    after: Schema,
    /// What of `after` is not in `before` yet.
    ahead: Part,
}

/// What a script did to the schema.
pub(super) struct Done {
    pub changes: Vec<Change>,
}

/// A part of a schema.
enum Part {
    /// All of it.
    All,
    /// These tables, if they are there.
    Tables(BTreeSet<Name>),
}

impl Stage {
    /// A database with this schema.
    pub fn build(schema: Schema, filter: Filter) -> Result<Stage, Failure> {
        let scratch = Scratch::build(&schema)?;
        let ahead = Part::Tables(BTreeSet::new());
        Ok(Stage { scratch, filter, before: schema.clone(), after: schema, ahead })
    }

    /// The schema before the script that ran last.
    pub fn before(&self) -> &Schema {
        &self.before
    }

    /// The schema after it.
    pub fn after(&self) -> &Schema {
        &self.after
    }

    /// Runs a script that nobody looks at.
    pub fn pass(&mut self, sql: &str) -> Result<(), Refusal> {
        // What it changes is read when somebody looks at the next one.
        self.ahead = Part::All;
        self.after = Schema::default();
        self.scratch.run(sql)
    }

    /// Runs a script and says what it changed; `each` is told of each statement that ran.
    pub fn run(
        &mut self,
        sql: &str,
        each: &mut dyn FnMut(&Connection, Range<usize>),
    ) -> Result<Result<Done, Refusal>, Failure> {
        self.catch_up()?;
        if let Err(refusal) = self.scratch.run_each(sql, each) {
            return Ok(Err(refusal));
        }
        self.ahead = named(sql).filter(|_| self.after.virtual_tables.is_empty()).map_or(Part::All, Part::Tables);
        let done = match &self.ahead {
            Part::All => {
                self.after = self.scratch.schema(&self.filter)?;
                let renames = flow::renames(sql, &self.before, &self.after);
                Done { changes: diff(&self.before, &self.after, &renames, ColumnOrder::Loose) }
            }
            Part::Tables(names) => {
                let tables = introspect::read_tables(self.scratch.connection(), &self.filter, names)?;
                self.after.tables.extend(tables);
                let changes = diff(
                    &part(&self.before, names),
                    &part(&self.after, names),
                    &Renames::default(),
                    ColumnOrder::Loose,
                );
                Done { changes }
            }
        };
        Ok(Ok(done))
    }

    /// Brings the schema before the next script to where the last one has led.
    fn catch_up(&mut self) -> Result<(), Failure> {
        match &self.ahead {
            Part::All if self.after.is_empty() => {
                self.after = self.scratch.schema(&self.filter)?;
                self.before.clone_from(&self.after);
            }
            Part::All => self.before.clone_from(&self.after),
            Part::Tables(names) => self.before.tables.extend(part(&self.after, names).tables),
        }
        self.ahead = Part::Tables(BTreeSet::new());
        Ok(())
    }
}

/// These tables of a schema.
fn part(schema: &Schema, names: &BTreeSet<Name>) -> Schema {
    let tables = names.iter().filter_map(|name| schema.tables.get(name));
    Schema { tables: tables.map(|table| (table.name.clone(), table.clone())).collect(), ..Schema::default() }
}

/// All that a script names, if it can change no table that it does not name: nothing is dropped or renamed in it, and
/// it makes tables and indexes alone.
fn named(sql: &str) -> Option<BTreeSet<Name>> {
    let mut names = BTreeSet::new();
    for token in significant_tokens(sql) {
        let reaches_further = ["DROP", "RENAME", "VIEW", "TRIGGER", "VIRTUAL", "writable_schema"];
        if reaches_further.iter().any(|word| token.is_word(word)) {
            return None;
        }
        if matches!(token.kind, TokenKind::Word | TokenKind::QuotedName | TokenKind::String) {
            names.insert(Name::new(token.unquoted()));
        }
    }
    Some(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_what_is_named_and_reading_all_come_to_the_same() {
        let mut stage = Stage::build(Schema::default(), Filter::default()).unwrap();
        let scripts = [
            "CREATE TABLE a (x REFERENCES b); CREATE TABLE \"b\" (id INTEGER PRIMARY KEY);",
            "CREATE INDEX ax ON A (x); CREATE UNIQUE INDEX bx ON b (id);",
            "ALTER TABLE a ADD COLUMN y TEXT; INSERT INTO b VALUES (1);",
            "CREATE VIEW v AS SELECT y FROM a; CREATE TRIGGER g AFTER INSERT ON a BEGIN SELECT 1; END;",
            "ALTER TABLE 'a' ADD z;",
            "ALTER TABLE b RENAME TO c; ALTER TABLE a DROP COLUMN z;",
            "CREATE TABLE d AS SELECT * FROM c; ALTER TABLE a ADD CHECK (y > 1);",
            "DROP INDEX ax;",
        ];
        for script in scripts {
            let before = stage.after().clone();
            let done = stage.run(script, &mut |_, _| {}).unwrap().unwrap();
            assert_eq!(*stage.before(), before, "{script}");
            let whole = stage.scratch.schema(&Filter::default()).unwrap();
            assert_eq!(*stage.after(), whole, "{script}");
            assert_eq!(
                done.changes,
                diff(&before, &whole, &flow::renames(script, &before, &whole), ColumnOrder::Loose),
                "{script}"
            );
        }
    }

    #[test]
    fn a_script_that_nobody_looks_at_counts_for_the_next_one() {
        let mut stage = Stage::build(Schema::default(), Filter::default()).unwrap();
        stage.pass("CREATE TABLE a (x)").unwrap();
        let done = stage.run("CREATE TABLE b (x)", &mut |_, _| {}).unwrap().unwrap();
        assert_eq!((stage.before().tables.len(), stage.after().tables.len(), done.changes.len()), (1, 2, 1));
    }
}
