//! What is noted before a script runs and compared after it: rows, references, views and triggers.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;

use super::mentions::{Mentions, names_in};
use super::references::{Past, may_change};
use crate::database::check;
use crate::database::error::words;
use crate::database::gate::Gate;
use crate::database::stand_ins::StandIns;
use crate::schema::{Name, ObjectKind, ObjectRef, Schema};

/// What is known of a database before a script runs.
pub(super) struct Evidence<'a> {
    /// The schema.
    schema: &'a Schema,
    /// Rows of each table that the script can reach.
    rows: BTreeMap<Name, i64>,
    /// Rows of those tables that refer to nothing; none where the script has no way to change that.
    violations: Option<BTreeMap<Name, Violations>>,
    /// Views and triggers that compile, among those that the script can reach.
    compiled: BTreeSet<ObjectRef>,
}

/// What a script did on purpose.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Intended {
    /// Tables that it dropped.
    pub dropped: BTreeSet<Name>,
    /// Tables that it created under their name.
    pub created: BTreeSet<Name>,
    /// Tables that it told SQLite to delete or replace rows of, itself or by a trigger.
    pub deleted_from: BTreeSet<Name>,
    /// Tables that it told SQLite to write rows of, itself or by a trigger.
    pub written: BTreeSet<Name>,
    /// Tables that it renamed: the old name and the new one, in order.
    pub renamed: Vec<(Name, Name)>,
}

impl Intended {
    /// The name under which the rows of a table are to be found afterwards, all of them; `None` where some may have gone
    /// on purpose, or the table itself has.
    #[must_use]
    pub fn keeps_rows_of(&self, table: &Name, before: &Schema, after: &Schema) -> Option<Name> {
        let is_there = |name: &Name| after.tables.contains_key(name);
        // Where the table of that name has gone, its rows have been copied to a new one under the old name.
        let now = Some(self.name_now(table)).filter(is_there).unwrap_or_else(|| table.clone());
        // A table that was dropped and came back by a rename was rebuilt; one that was created was made anew.
        let is_meant = |name: &Name| {
            self.deleted_from.contains(name) || self.dropped.contains(name) && self.created.contains(name)
        };
        let is_replaced = self.dropped.contains(table)
            && before.tables.keys().any(|other| other != table && self.name_now(other) == now);
        let is_kept = is_there(&now) && !is_replaced && !is_meant(table) && !is_meant(&now);
        is_kept.then_some(now)
    }

    fn name_now(&self, table: &Name) -> Name {
        let follow = |name: Name, (old, new): &(Name, Name)| if name == *old { new.clone() } else { name };
        self.renamed.iter().fold(table.clone(), follow)
    }
}

/// Something that a script did and must not do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Damage {
    /// Rows went that no statement deleted.
    RowsLost {
        /// The table.
        table: Name,
        /// Its rows before.
        before: i64,
        /// Its rows after.
        after: i64,
    },
    /// Rows refer to nothing that did not before.
    Dangling {
        /// Their table.
        child: Name,
        /// How many there are.
        rows: usize,
        /// The tables that they refer to.
        parents: BTreeSet<String>,
    },
    /// A foreign key can no longer be checked.
    Mismatch {
        /// SQLite's words.
        message: String,
    },
    /// A view or a trigger no longer compiles.
    Broken {
        /// Which.
        object: ObjectRef,
        /// SQLite's words.
        message: String,
    },
}

/// The rows of a child table that refer to nothing: parent and rowid, which tables WITHOUT ROWID do not have.
type Dangling = Vec<(String, Option<i64>)>;

/// What `foreign_key_check` says of one table; SQLite's words where it cannot look.
type Violations = Result<Dangling, String>;

impl<'a> Evidence<'a> {
    /// Notes what can be compared later, for the tables that a script can reach.
    pub(super) fn gather(
        connection: &Connection,
        schema: &'a Schema,
        script: &str,
        mentions: &mut Mentions,
        stand_ins: &mut StandIns,
    ) -> rusqlite::Result<Evidence<'a>> {
        let reach = reach(schema, script);
        let mut rows = BTreeMap::new();
        let mut violations = may_change(script).then(BTreeMap::new);
        for table in schema.tables.values().filter(|table| reach.contains(&table.name)) {
            rows.insert(table.name.clone(), count(connection, &table.name, stand_ins)?);
            if let Some(violations) = &mut violations
                && !table.foreign_keys.is_empty()
            {
                violations.insert(table.name.clone(), check_foreign_keys(connection, &table.name, stand_ins)?);
            }
        }
        let mut compiled = mentions.reached(connection, schema, script)?;
        let broken = check::broken_among(connection, schema, &|object| compiled.contains(object), stand_ins)?;
        for (object, _) in &broken {
            compiled.remove(object);
        }
        Ok(Evidence { schema, rows, violations, compiled })
    }

    /// The rows of each table that the script can reach.
    pub(super) fn rows(&self) -> &BTreeMap<Name, i64> {
        &self.rows
    }

    /// Whether the script can reach a table.
    pub(super) fn reaches(&self, table: &Name) -> bool {
        self.rows.contains_key(table)
    }

    /// The first damage that a script did, whose gates no row was found for.
    pub(super) fn damage(
        &self,
        connection: &Connection,
        after: &Schema,
        intended: &Intended,
        gates: &[Gate],
        stand_ins: &mut StandIns,
    ) -> rusqlite::Result<Option<Damage>> {
        if let Some(damage) = self.rows_lost(connection, after, intended, stand_ins)? {
            return Ok(Some(damage));
        }
        if let Some(damage) =
            self.dangling(connection, after, &Past { schema: self.schema, intended, gates }, stand_ins)?
        {
            return Ok(Some(damage));
        }
        let is_asked = |object: &ObjectRef| self.compiled.contains(object);
        let broken = check::broken_among(connection, after, &is_asked, stand_ins)?;
        let newly_broken = broken.into_iter().find(|(object, _)| self.compiled.contains(object));
        Ok(newly_broken.map(|(object, message)| Damage::Broken { object, message }))
    }

    fn rows_lost(
        &self,
        connection: &Connection,
        after: &Schema,
        intended: &Intended,
        stand_ins: &mut StandIns,
    ) -> rusqlite::Result<Option<Damage>> {
        for (table, &before) in self.rows.iter().filter(|(_, rows)| **rows > 0) {
            let Some(now) = intended.keeps_rows_of(table, self.schema, after) else { continue };
            let rows = count(connection, &now, stand_ins)?;
            if rows < before {
                return Ok(Some(Damage::RowsLost { table: table.clone(), before, after: rows }));
            }
        }
        Ok(None)
    }

    fn dangling(
        &self,
        connection: &Connection,
        after: &Schema,
        past: &Past<'_>,
        stand_ins: &mut StandIns,
    ) -> rusqlite::Result<Option<Damage>> {
        let Some(violations) = &self.violations else { return Ok(None) };
        // Rows of a table that was renamed are found again under its new name.
        let gone = violations.iter().filter(|(table, _)| !after.tables.contains_key(*table));
        let mut pardoned: usize = gone.filter_map(|(_, violations)| violations.as_ref().ok()).map(Vec::len).sum();
        for table in after.tables.values().filter(|table| !table.foreign_keys.is_empty()) {
            let is_new = !self.schema.tables.contains_key(&table.name);
            if !is_new && !self.rows.contains_key(&table.name) || past.settles(table, after) {
                continue;
            }
            let before = violations.get(&table.name);
            let now = match (check_foreign_keys(connection, &table.name, stand_ins)?, before) {
                (Ok(now), _) => self.lost(connection, after, now)?,
                (Err(message), Some(Ok(_))) => return Ok(Some(Damage::Mismatch { message })),
                (Err(_), _) => continue,
            };
            let before = before.and_then(|before| before.as_ref().ok()).cloned().unwrap_or_default();
            let before = self.lost(connection, after, before)?;
            let more = now.len().saturating_sub(before.len());
            let mut fresh = if past.intended.dropped.contains(&table.name) {
                // A rebuild may number rows anew: only how many there are can be compared.
                more
            } else {
                let known: BTreeSet<&(String, Option<i64>)> = before.iter().collect();
                let unknown = now.iter().filter(|row| !known.contains(row)).count();
                // What was missing in a table that was renamed is missing there under its new name.
                let is_gone =
                    |parent: &Name| self.schema.tables.contains_key(parent) && !after.tables.contains_key(parent);
                let renamed = before.iter().filter(|(parent, _)| is_gone(&Name::new(parent))).count();
                more.max(unknown.saturating_sub(renamed))
            };
            if is_new {
                let pardon = fresh.min(pardoned);
                pardoned -= pardon;
                fresh -= pardon;
            }
            if fresh > 0 {
                let parents = now.into_iter().map(|(parent, _)| parent).collect();
                return Ok(Some(Damage::Dangling { child: table.name.clone(), rows: fresh, parents }));
            }
        }
        Ok(None)
    }
}

impl Evidence<'_> {
    /// The rows among these whose parent is a table that was there before or is there now. Others refer to no table at
    /// all, by a foreign key that says so: no row of theirs has gone.
    fn lost(&self, connection: &Connection, after: &Schema, rows: Dangling) -> rusqlite::Result<Dangling> {
        let mut nowhere = BTreeSet::new();
        for parent in rows.iter().map(|(parent, _)| Name::new(parent)).collect::<BTreeSet<_>>() {
            let is_known = self.schema.tables.contains_key(&parent) || after.tables.contains_key(&parent);
            if !is_known && !is_table(connection, &parent)? {
                nowhere.insert(parent);
            }
        }
        Ok(rows.into_iter().filter(|(parent, _)| !nowhere.contains(&Name::new(parent))).collect())
    }
}

/// Whether there is such a table, one of those that are ignored, maybe.
fn is_table(connection: &Connection, table: &Name) -> rusqlite::Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM main.sqlite_schema WHERE type = 'table' AND lower(name) = lower(?1))";
    connection.query_row(sql, [table.as_str()], |row| row.get(0))
}

/// The tables that a script can reach: those that it names, those that the views and triggers on its way name, and
/// those that refer to them. Takes any word for a name, so that it finds too many rather than too few.
#[must_use]
pub fn reach(schema: &Schema, script: &str) -> BTreeSet<Name> {
    let mut reached: BTreeSet<Name> = BTreeSet::new();
    let mut texts = vec![script];
    let mut taken: BTreeSet<ObjectRef> = BTreeSet::new();
    while let Some(text) = texts.pop() {
        reached.extend(names_in(text));
        for view in schema.views.values().filter(|view| reached.contains(&view.name)) {
            if taken.insert(ObjectRef::new(ObjectKind::View, &view.name)) {
                texts.push(view.select.as_str());
            }
        }
        for trigger in schema.triggers.values().filter(|trigger| reached.contains(&trigger.table)) {
            if taken.insert(ObjectRef::new(ObjectKind::Trigger, &trigger.name)) {
                texts.push(trigger.body.as_str());
            }
        }
    }
    let refers =
        schema.tables.values().filter(|table| table.foreign_keys.iter().any(|key| reached.contains(&key.parent)));
    let children: Vec<Name> = refers.map(|table| table.name.clone()).collect();
    reached.extend(children);
    reached
}

/// The rows of a table that refer to nothing. One table at a time: over all of them SQLite stops at the first foreign
/// key that it cannot check (<https://www.sqlite.org/pragma.html#pragma_foreign_key_check>).
///
/// References that are compared by a collation of the application's cannot be checked.
fn check_foreign_keys(connection: &Connection, table: &Name, stand_ins: &mut StandIns) -> rusqlite::Result<Violations> {
    let look = || -> rusqlite::Result<Dangling> {
        connection
            .prepare(&format!("PRAGMA main.foreign_key_check({})", table.quoted()))?
            .query_map([], |row| Ok((row.get(2)?, row.get(1)?)))?
            .collect()
    };
    match stand_ins.looking(connection, look) {
        Ok((rows, false)) => Ok(Ok(rows)),
        Ok((_, true)) => Ok(Err(format!("the references of `{table}` are compared as only the application can"))),
        Err(error) if words(&error).contains("foreign key mismatch") => Ok(Err(words(&error))),
        Err(error) => Err(error),
    }
}

fn count(connection: &Connection, table: &Name, stand_ins: &mut StandIns) -> rusqlite::Result<i64> {
    let sql = format!("SELECT count(*) FROM main.{}", table.quoted());
    stand_ins.looking(connection, || connection.query_row(&sql, [], |row| row.get(0))).map(|(rows, _)| rows)
}
