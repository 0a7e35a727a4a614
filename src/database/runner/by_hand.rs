//! What somebody has made by hand in one database stays there. SQLite drops the indexes and triggers of a table with it,
//! and the triggers of a view, also where a script makes the table again and knows nothing of them
//! (<https://www.sqlite.org/lang_droptable.html>). Those that no revision makes are put back with their own text.
//!
//! What a script names in a DROP of its own is meant to go, and what revisions make is theirs.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, OptionalExtension, ffi};

use super::block;
use super::kinship::columns_of;
use super::mentions::names_in;
use super::work::Work;
use super::{Drift, Event, Problem, Runner, Step};
use crate::database::error::{primary_code, words};
use crate::database::scratch::Scratch;
use crate::revision::Section;
use crate::schema::{Event as Fires, Name, ObjectKind, ObjectRef, Schema};
use crate::sql::{self, Statement};
use crate::token::{Token, significant_tokens};

/// Something that no revision makes, and that a script has taken away with what it stands on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ByHand {
    /// The index or the trigger.
    pub object: ObjectRef,
    /// The table or view that it stands on, by its name after the script.
    pub table: Name,
    /// Its statement, with the names that things have after the script.
    pub sql: String,
    /// Why it is not there any more; `None` where it was put back.
    pub lost: Option<String>,
}

impl ByHand {
    /// What became of it, in a sentence.
    #[must_use]
    pub fn words(&self) -> String {
        let ByHand { object, table, lost, .. } = self;
        match lost {
            None => format!("the {object} on `{table}`, which no revision makes, is put back"),
            Some(why) => format!("the {object} on `{table}`, which no revision makes, is gone: {why}"),
        }
    }
}

/// Why what was made by hand cannot stay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotKept {
    /// An index or a trigger does not fit what the script makes of the table.
    Object {
        /// Which, and why.
        by_hand: ByHand,
    },
    /// A column of a table that the script rebuilds without it, with its values.
    Column {
        /// The table.
        table: Name,
        /// The column.
        column: Name,
    },
}

impl NotKept {
    /// What is wrong, in a sentence.
    pub(super) fn words(&self) -> String {
        match self {
            NotKept::Object { by_hand: ByHand { object, table, lost, .. } } => format!(
                "the {object} on `{table}`, which no revision makes, cannot be put back: {}",
                lost.as_deref().unwrap_or_default()
            ),
            NotKept::Column { table, column } => {
                format!("the script writes `{table}` anew without its column `{column}`, which no revision makes")
            }
        }
    }

    pub(super) fn note(&self) -> Option<String> {
        match self {
            NotKept::Object { by_hand } => Some(format!("it is: {}", by_hand.sql)),
            NotKept::Column { .. } => None,
        }
    }

    pub(super) fn help(&self) -> String {
        let undo = match self {
            NotKept::Object { by_hand } => {
                let word = if by_hand.object.kind == ObjectKind::Index { "INDEX" } else { "TRIGGER" };
                format!("DROP {word} {}", by_hand.object.name.quoted())
            }
            NotKept::Column { table, column } => {
                format!("ALTER TABLE {} DROP COLUMN {}", table.quoted(), column.quoted())
            }
        };
        format!("undo by hand what was made by hand, and run the command again: `{undo}`")
    }
}

/// The indexes and triggers that a script may drop with the tables and views that it names.
#[derive(Default)]
pub(super) struct Hanging {
    objects: Vec<Hung>,
}

struct Hung {
    object: ObjectRef,
    table: Name,
    sql: String,
}

impl Hanging {
    /// Notes those that are there, in the order of their creation, whoever's they are.
    pub(super) fn gather(connection: &Connection, script: &str) -> rusqlite::Result<Hanging> {
        // What a script brings may be large, and drops nothing.
        if !significant_tokens(script).any(|token| token.is_word("DROP")) {
            return Ok(Hanging::default());
        }
        let words: BTreeSet<Name> = names_in(script).collect();
        if !["TABLE", "VIEW"].iter().any(|kind| words.contains(&Name::from(*kind))) {
            return Ok(Hanging::default());
        }
        let mut objects = read(connection)?;
        objects.retain(|object| words.contains(&object.table));
        Ok(Hanging { objects })
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    /// Those that are gone, and that no statement of the script drops by name.
    fn gone(self, connection: &Connection, script: &str) -> rusqlite::Result<Vec<Hung>> {
        if self.objects.is_empty() {
            return Ok(Vec::new());
        }
        let there: BTreeMap<ObjectRef, String> = read(connection)?.into_iter().map(|it| (it.object, it.sql)).collect();
        let (dropped, created) = (named_after("DROP", script), named_after("CREATE", script));
        let is_gone = |it: &Hung| match there.get(&it.object) {
            None => true,
            // Another that the script has made, where there was room for its name.
            Some(now) => created.contains(&it.object) && !is_same(now, &it.sql),
        };
        Ok(self.objects.into_iter().filter(|it| is_gone(it) && !dropped.contains(&it.object)).collect())
    }
}

/// All indexes and triggers that have a text, in the order of their creation.
fn read(connection: &Connection) -> rusqlite::Result<Vec<Hung>> {
    let sql = "SELECT type, name, tbl_name, sql FROM main.sqlite_schema \
               WHERE type IN ('index', 'trigger') AND sql IS NOT NULL ORDER BY rowid";
    let mut statement = connection.prepare(sql)?;
    let objects = statement.query_map([], |row| {
        let kind = if row.get_ref(0)?.as_str()? == "index" { ObjectKind::Index } else { ObjectKind::Trigger };
        let object = ObjectRef { kind, name: Name::new(row.get::<_, String>(1)?) };
        Ok(Hung { object, table: Name::new(row.get::<_, String>(2)?), sql: row.get(3)? })
    })?;
    objects.collect()
}

/// The indexes and triggers that statements of a script drop, or create, by their names.
fn named_after(word: &str, script: &str) -> BTreeSet<ObjectRef> {
    let named = |tokens: &Vec<Token<'_>>| {
        let mut tokens = tokens.iter().filter(|token| !token.is_word("UNIQUE")).peekable();
        tokens.next_if(|token| token.is_word(word))?;
        let kind = match tokens.next()? {
            kind if kind.is_word("INDEX") => ObjectKind::Index,
            kind if kind.is_word("TRIGGER") => ObjectKind::Trigger,
            _ => return None,
        };
        let mut name = tokens.find(|token| !["IF", "NOT", "EXISTS"].iter().any(|word| token.is_word(word)))?;
        if tokens.next_if(|token| token.is_operator(".")).is_some() {
            name = tokens.next()?;
        }
        Some(ObjectRef { kind, name: Name::new(name.unquoted()) })
    };
    sql::statements(script).iter().filter_map(named).collect()
}

/// Whether two statements make the same.
fn is_same(one: &str, other: &str) -> bool {
    one == other || matches!((sql::read(one), sql::read(other)), (Ok(one), Ok(other)) if one == other)
}

fn is_there(connection: &Connection, name: &Name) -> rusqlite::Result<bool> {
    let sql =
        "SELECT EXISTS (SELECT 1 FROM main.sqlite_schema WHERE type IN ('table', 'view') AND name = ?1 COLLATE NOCASE)";
    connection.query_row(sql, [name.as_str()], |row| row.get(0))
}

/// A schema as it is after the renames of a script alone, where SQLite has brought every text to the new names.
struct Renamed {
    scratch: Scratch,
}

impl Renamed {
    /// `None` where a script renames nothing, or SQLite cannot follow it.
    fn by(script: &str, before: &Schema) -> Option<Renamed> {
        let renames = renames(script);
        if renames.is_empty() {
            return None;
        }
        let scratch = Scratch::build(before).ok()?;
        for rename in renames {
            let renamed = scratch.connection().execute_batch(&rename);
            // What the script itself has made is not there.
            let is_known = |error: &rusqlite::Error| words(error).contains("no such");
            if renamed.is_err_and(|error| !is_known(&error)) {
                return None;
            }
        }
        Some(Renamed { scratch })
    }

    /// Brings an object to the names that it has here; to that of a table which was put aside and made anew.
    fn follow(&self, object: &mut Hung, connection: &Connection) -> rusqlite::Result<()> {
        let scratch = self.scratch.connection();
        let sql = "SELECT tbl_name, sql FROM sqlite_schema WHERE type = ?1 AND name = ?2 COLLATE NOCASE";
        let read = || {
            let row = |row: &rusqlite::Row<'_>| Ok((Name::new(row.get::<_, String>(0)?), row.get::<_, String>(1)?));
            scratch.query_row(sql, [&object.object.kind.to_string(), object.object.name.as_str()], row).optional()
        };
        let Some((mut table, mut text)) = read()? else { return Ok(()) };
        if table != object.table && !is_there(connection, &table)? && is_there(connection, &object.table)? {
            let back = format!("ALTER TABLE {} RENAME TO {}", table.quoted(), object.table.quoted());
            if scratch.execute_batch(&back).is_ok()
                && let Some(found) = read()?
            {
                (table, text) = found;
            }
        }
        // A text that no rename is about stays as it was written.
        let is_same = matches!((sql::read(&text), sql::read(&object.sql)), (Ok(now), Ok(before)) if now == before);
        if !is_same {
            object.sql = text;
        }
        object.table = table;
        Ok(())
    }
}

/// The statements of a script that give tables and columns other names, in their order; a copy of rows to columns of
/// other names is written as such statements.
fn renames(script: &str) -> Vec<String> {
    let mut found: Vec<(usize, String)> = Vec::new();
    for statement in sql::statements(script) {
        let ([first, ..], Some(last)) = (statement.as_slice(), statement.last()) else { continue };
        if first.is_word("ALTER") && statement.iter().any(|token| token.is_word("RENAME")) {
            found.push((first.start, script[first.start..last.span().end].to_owned()));
        }
    }
    for block in block::blocks(script) {
        let Ok(rebuild) = block.rebuild else { continue };
        for (new, old) in rebuild.copied {
            let Some(old) = old.filter(|old| *old != new) else { continue };
            let (table, old, new) = (block.table.quoted(), old.quoted(), new.quoted());
            found.push((block.span.start, format!("ALTER TABLE {table} RENAME COLUMN {old} TO {new}")));
        }
    }
    found.sort_by_key(|(at, _)| *at);
    found.into_iter().map(|(_, rename)| rename).collect()
}

/// What of a table an object needs that is not there any more. SQLite itself takes a name in double quotes that names
/// nothing for a string, and lets a trigger watch a column that is not there.
fn missing(object: &Hung, before: &Schema, after: &Schema) -> Option<String> {
    let table = after.tables.get(&object.table)?;
    let needed = match sql::read(&object.sql).ok()? {
        Statement::Index { index, .. } => columns_of(before.tables.get(&object.table)?, &index),
        Statement::Trigger(trigger) => match trigger.event {
            Fires::Update(columns) => columns,
            Fires::Insert | Fires::Delete => return None,
        },
        _ => return None,
    };
    let column = needed.iter().find(|column| table.column(column).is_none())?;
    Some(format!("`{}` has no column `{column}` any more", table.name))
}

impl Runner<'_, '_> {
    /// Puts back what hung on tables and views and no revision makes; whether the schema has any of it. `is_expected` says
    /// that the schema before the script had the fingerprint that it should have.
    ///
    /// A plain index that fits no more goes with a word about it, since no row depends on it. All else stops the step,
    /// unless the script is committed already.
    pub(super) fn put_back(
        &mut self,
        step: &Step,
        script: &Section,
        hanging: Hanging,
        (before, is_expected): (&Schema, bool),
        after: &Schema,
    ) -> Result<bool, Problem> {
        let mut gone = hanging.gone(self.connection, script.sql()).map_err(|error| self.sqlite(&error))?;
        // Where scripts promise just what was there, nothing more was, but for what no fingerprint is of.
        let is_certain = is_expected && step.is_promised;
        gone.retain(|it| !is_certain || self.options.filter.ignores(it.object.name.as_str()));
        let columns = if is_certain { Vec::new() } else { rewritten_without(script, before, after) };
        if gone.is_empty() && columns.is_empty() {
            return Ok(false);
        }
        let expected = step.schema_before.as_deref().filter(|_| !is_expected).unwrap_or_default();
        let made = if is_certain { None } else { self.recall(expected, None).map(|recalled| recalled.schema) };
        if made.is_none() && (is_expected || step.schema_before.is_none()) {
            // Nothing shows that there is anything else but what revisions make.
            gone.retain(|it| self.options.filter.ignores(it.object.name.as_str()));
        }
        let made = made.unwrap_or_default();
        let of_revisions = |object: &ObjectRef| match object.kind {
            ObjectKind::Index => made.index(&object.name).is_some(),
            _ => made.triggers.contains_key(&object.name),
        };
        let known = |table: &Name, column: &Name| made.tables.get(table).is_none_or(|it| it.column(column).is_some());
        if let Some((table, column)) = columns.into_iter().find(|(table, column)| !known(table, column))
            && script.transaction
        {
            return Err(Problem::NotKept { what: NotKept::Column { table, column }, place: script.whole() });
        }
        let gone: Vec<Hung> = gone.into_iter().filter(|object| !of_revisions(&object.object)).collect();
        let renamed = if gone.is_empty() { None } else { Renamed::by(script.sql(), before) };
        let shape = renamed.as_ref().and_then(|renamed| renamed.scratch.schema(&self.options.filter).ok());
        let first = self.by_hand.len();
        for mut object in gone {
            let followed = renamed.as_ref().map(|renamed| renamed.follow(&mut object, self.connection)).transpose();
            followed.map_err(|error| self.sqlite(&error))?;
            let lost = self.put_one_back(&object, (shape.as_ref().unwrap_or(before), after))?;
            let Hung { object, table, sql } = object;
            let by_hand = ByHand { object, table, sql, lost };
            if by_hand.lost.is_some() && self.stops(&by_hand, script)? {
                return Err(Problem::NotKept { what: NotKept::Object { by_hand }, place: script.whole() });
            }
            self.by_hand.push(by_hand);
        }
        self.order_triggers(first, before).map_err(|error| self.sqlite(&error))?;
        // What is ignored is in no fingerprint.
        let counts = |it: &ByHand| it.lost.is_none() && !self.options.filter.ignores(it.object.name.as_str());
        Ok(self.by_hand[first..].iter().any(counts))
    }

    /// Why an object cannot be put back, where it cannot.
    fn put_one_back(&mut self, object: &Hung, (before, after): (&Schema, &Schema)) -> Result<Option<String>, Problem> {
        if !is_there(self.connection, &object.table).map_err(|error| self.sqlite(&error))? {
            return Ok(Some(format!("it goes with `{}`", object.table)));
        }
        if let Some(missing) = missing(object, before, after) {
            return Ok(Some(missing));
        }
        let work = Work::of(self.connection, &object.sql, &self.reached, &self.instructions);
        let takes_a_while = work.is_some();
        if let Some(work) = work {
            (self.observer)(Event::Working { work });
        }
        let outcome = loop {
            let Err(error) = self.connection.execute_batch(&object.sql) else { break Ok(None) };
            let met = self.stand_ins.meet(self.connection, &error).map_err(|error| self.sqlite(&error))?;
            if !met {
                break match primary_code(&error) {
                    ffi::SQLITE_ERROR | ffi::SQLITE_CONSTRAINT => Ok(Some(words(&error))),
                    ffi::SQLITE_INTERRUPT => Err(Problem::Interrupted),
                    _ => Err(self.sqlite(&error)),
                };
            }
        };
        if takes_a_while {
            (self.observer)(Event::Worked);
        }
        outcome
    }

    /// Whether what is lost stops the step: what says something of rows does, where its table is still there.
    fn stops(&self, by_hand: &ByHand, script: &Section) -> Result<bool, Problem> {
        let is_plain_index = matches!(sql::read(&by_hand.sql), Ok(Statement::Index { index, .. }) if !index.unique);
        let may_go = is_plain_index && self.options.drift == Drift::Warn;
        let has_table = is_there(self.connection, &by_hand.table).map_err(|error| self.sqlite(&error))?;
        Ok(has_table && !may_go && script.transaction)
    }

    /// Creates the triggers once more that stood behind one which was put back, so that they fire in the order that they
    /// had.
    fn order_triggers(&self, first: usize, before: &Schema) -> rusqlite::Result<()> {
        let put_back = |name: &Name| {
            let is_it =
                |it: &ByHand| it.object.kind == ObjectKind::Trigger && it.object.name == *name && it.lost.is_none();
            self.by_hand[first..].iter().any(is_it)
        };
        let mut behind: BTreeSet<Name> = BTreeSet::new();
        for (at, (name, trigger)) in before.triggers.iter().enumerate().filter(|(_, (name, _))| put_back(name)) {
            let later = before.triggers.values().skip(at + 1).filter(|later| later.table == trigger.table);
            behind.extend(later.map(|later| later.name.clone()).filter(|later| later != name && !put_back(later)));
        }
        if behind.is_empty() {
            return Ok(());
        }
        for Hung { object, sql, .. } in read(self.connection)? {
            if object.kind == ObjectKind::Trigger && behind.contains(&object.name) {
                self.connection.execute_batch(&format!("DROP TRIGGER main.{}", object.name.quoted()))?;
                self.connection.execute_batch(&sql)?;
            }
        }
        Ok(())
    }

    /// The fingerprint of the schema that a way back can restore: the one before, without what is lost for good.
    pub(super) fn restorable(&self, before: &Schema, fingerprint: &str) -> String {
        let lost: Vec<&ByHand> = self.by_hand.iter().filter(|by_hand| by_hand.lost.is_some()).collect();
        if lost.is_empty() {
            return fingerprint.to_owned();
        }
        let mut rest = before.clone();
        for ByHand { object, .. } in lost {
            rest.triggers.retain(|name, _| object.kind != ObjectKind::Trigger || *name != object.name);
            for table in rest.tables.values_mut() {
                table.indexes.retain(|name, _| object.kind != ObjectKind::Index || *name != object.name);
            }
        }
        sql::fingerprint(&rest)
    }
}

/// The columns that a script leaves behind without naming them, where it drops their table and makes it
/// again.
fn rewritten_without(script: &Section, before: &Schema, after: &Schema) -> Vec<(Name, Name)> {
    let mut found = Vec::new();
    for table in before.tables.values() {
        let Some(now) = after.tables.get(&table.name).filter(|now| *now != table) else { continue };
        let gone = table.columns.iter().filter(|column| now.column(&column.name).is_none());
        found.extend(gone.map(|column| (table.name.clone(), column.name.clone())));
    }
    if !found.is_empty() {
        let words: BTreeSet<Name> = names_in(script.sql()).collect();
        found.retain(|(_, column)| words.contains(&Name::from("DROP")) && !words.contains(column));
    }
    found
}
