//! Holds the tables that were read against SQLite's pragmas, the second opinion on every fact that they tell.
//!
//! A few tables are asked about one by one, many in three joins whatever their number.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use rusqlite::{Connection, Row};

use super::error::Error;
use super::familiar::Forms;
use super::introspect::failed;
use crate::schema::{
    Column, Expression, ForeignKey, Index, IndexKey, KeyColumn, Name, ObjectKind, ObjectRef, Table, TypeName,
};
use crate::token::{TokenKind, quote_name, significant_tokens};

/// A table and what SQLite says about it.
struct Facts<'a> {
    table: &'a Table,
    key: Vec<&'a KeyColumn>,
    columns: usize,
    indexes: IndexMap<String, IndexFacts>,
    foreign_keys: BTreeMap<i64, ForeignKeyFacts>,
    without_rowid: bool,
    strict: bool,
}

/// A row of `index_list` with its rows of `index_xinfo`.
struct IndexFacts {
    unique: bool,
    origin: String,
    partial: bool,
    terms: Vec<TermFacts>,
}

/// What stands in the place of a name for an indexed expression.
const EXPRESSION: &str = "(expression)";

struct TermFacts {
    /// The column; `None` for an expression.
    name: Option<String>,
    descending: bool,
    collate: String,
}

/// The rows of `foreign_key_list` with one id.
#[derive(Default)]
struct ForeignKeyFacts {
    parent: String,
    from: Vec<String>,
    to: Vec<Option<String>>,
    on_update: String,
    on_delete: String,
}

/// The error that both say something else of an object.
pub(super) fn disagreement(
    object: ObjectRef,
    what: impl Into<String>,
    sqlite: impl Into<String>,
    read: impl Into<String>,
) -> Error {
    Error::Disagreement { object, what: what.into(), sqlite: sqlite.into(), read: read.into() }
}

/// From this many tables on, the pragmas are asked about all of them at once, in three joins
/// (<https://www.sqlite.org/pragma.html#pragfunc>).
const MANY: usize = 32;

/// A table as it was read, and the statements that it and its indexes were read from.
pub(super) struct Read<'a> {
    pub table: &'a Table,
    pub sql: &'a str,
    pub indexes: Vec<&'a str>,
}

/// Holds tables against SQLite's pragmas, but for those that say nothing which others of them do not say too.
///
/// # Errors
///
/// Names the first object and property that differ, with both readings.
pub(super) fn check(connection: &Connection, mut tables: Vec<Read<'_>>) -> Result<(), Error> {
    let mut forms = Forms::default();
    tables.retain(|table| !forms.meet(table));
    let mut all: IndexMap<&str, Facts<'_>> =
        tables.iter().map(|read| (read.table.name.as_str(), Facts::of(read.table))).collect();
    if all.is_empty() {
        return Ok(());
    }
    let gathered =
        if all.len() < MANY { gather_one_by_one(connection, &mut all) } else { gather(connection, &mut all) };
    gathered.map_err(|error| failed(connection, &error))??;
    // Without these words no table is of these kinds.
    let has = |sql: &str, word: &str| {
        sql.as_bytes().windows(word.len()).any(|part| part.eq_ignore_ascii_case(word.as_bytes()))
    };
    let special: Vec<&Name> = tables
        .iter()
        .filter(|read| has(read.sql, "WITHOUT") || has(read.sql, "STRICT"))
        .map(|read| &read.table.name)
        .collect();
    gather_kinds(connection, &special, &mut all).map_err(|error| failed(connection, &error))?;
    all.values().try_for_each(check_table)
}

/// Gathers the facts of tables with pragmas of their own, and checks their columns on the way. For a few tables this
/// costs less than to have the pragmas as tables, and a join over them.
fn gather_one_by_one(
    connection: &Connection,
    all: &mut IndexMap<&str, Facts<'_>>,
) -> rusqlite::Result<Result<(), Error>> {
    let mut outcome = Ok(());
    for facts in all.values_mut() {
        let name = facts.table.name.quoted();
        each(connection, &format!("PRAGMA main.table_xinfo({name})"), |row| {
            if outcome.is_ok() {
                outcome = check_next_column(facts, row)?;
            }
            Ok(())
        })?;
        each(connection, &format!("PRAGMA main.index_list({name})"), |row| facts.take_index(row).map(|_| ()))?;
        for (name, index) in &mut facts.indexes {
            each(connection, &format!("PRAGMA main.index_xinfo({})", quote_name(name)), |row| {
                let is_key = row.get(5)?;
                if is_key { index.take_term(row, 2) } else { Ok(()) }
            })?;
        }
        each(connection, &format!("PRAGMA main.foreign_key_list({name})"), |row| facts.take_foreign_key(row))?;
    }
    Ok(outcome)
}

/// Gathers the facts of many tables, and checks their columns on the way. Virtual tables and views have no root page;
/// asking about them would load modules and compile views.
///
/// The columns of the rows stand in the places that they have in the rows of the pragmas.
fn gather(connection: &Connection, all: &mut IndexMap<&str, Facts<'_>>) -> rusqlite::Result<Result<(), Error>> {
    // The rows come table by table, since SQLite keeps the order of a CROSS JOIN
    // (https://www.sqlite.org/optoverview.html#crossjoin); in another order tables would be found to differ.
    let mut outcome = Ok(());
    each(
        connection,
        "SELECT t.name, c.name, c.type, c.\"notnull\", c.dflt_value, c.pk, c.hidden \
         FROM sqlite_schema AS t CROSS JOIN pragma_table_xinfo(t.name, 'main') AS c \
         WHERE t.type = 'table' AND t.rootpage > 0",
        |row| {
            if outcome.is_ok()
                && let Some(facts) = all.get_mut(text(row, 0)?)
            {
                outcome = check_next_column(facts, row)?;
            }
            Ok(())
        },
    )?;
    each(
        connection,
        "SELECT t.name, i.name, i.\"unique\", i.origin, i.partial, c.name, c.\"desc\", c.coll \
         FROM sqlite_schema AS t CROSS JOIN pragma_index_list(t.name, 'main') AS i \
         CROSS JOIN pragma_index_xinfo(i.name, 'main') AS c \
         WHERE t.type = 'table' AND t.rootpage > 0 AND c.key",
        |row| match all.get_mut(text(row, 0)?) {
            Some(facts) => facts.take_index(row)?.take_term(row, 5),
            None => Ok(()),
        },
    )?;
    each(
        connection,
        "SELECT k.id, t.name, k.\"table\", k.\"from\", k.\"to\", k.on_update, k.on_delete \
         FROM sqlite_schema AS t CROSS JOIN pragma_foreign_key_list(t.name, 'main') AS k \
         WHERE t.type = 'table' AND t.rootpage > 0",
        |row| match all.get_mut(text(row, 1)?) {
            Some(facts) => facts.take_foreign_key(row),
            None => Ok(()),
        },
    )?;
    Ok(outcome)
}

/// Gathers of these tables whether they are WITHOUT ROWID or STRICT.
fn gather_kinds(
    connection: &Connection,
    tables: &[&Name],
    all: &mut IndexMap<&str, Facts<'_>>,
) -> rusqlite::Result<()> {
    let mut take = |row: &Row<'_>| -> rusqlite::Result<()> {
        if text(row, 0)? == "main"
            && let Some(facts) = all.get_mut(text(row, 1)?)
        {
            facts.without_rowid = row.get(4)?;
            facts.strict = row.get(5)?;
        }
        Ok(())
    };
    match tables.len() {
        0 => Ok(()),
        // It asks nothing of views and virtual tables, as long as it is about one table.
        number if number < MANY => tables
            .iter()
            .try_for_each(|table| each(connection, &format!("PRAGMA main.table_list({})", table.quoted()), &mut take)),
        _ => each(connection, "PRAGMA table_list", take),
    }
}

fn each(
    connection: &Connection,
    sql: &str,
    mut take: impl FnMut(&Row<'_>) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        take(row)?;
    }
    Ok(())
}

fn text<'a>(row: &'a Row<'_>, place: usize) -> rusqlite::Result<&'a str> {
    Ok(row.get_ref(place)?.as_str()?)
}

impl<'a> Facts<'a> {
    /// A table of which nothing is known yet.
    fn of(table: &'a Table) -> Facts<'a> {
        Facts {
            table,
            key: key_columns(table),
            columns: 0,
            indexes: IndexMap::new(),
            foreign_keys: BTreeMap::new(),
            without_rowid: false,
            strict: false,
        }
    }

    fn object(&self) -> ObjectRef {
        ObjectRef::new(ObjectKind::Table, &self.table.name)
    }

    /// Takes a row of `index_list`.
    fn take_index(&mut self, row: &Row<'_>) -> rusqlite::Result<&mut IndexFacts> {
        let name = text(row, 1)?;
        if !self.indexes.contains_key(name) {
            let (unique, origin, partial) = (row.get(2)?, row.get(3)?, row.get(4)?);
            self.indexes.insert(name.to_owned(), IndexFacts { unique, origin, partial, terms: Vec::new() });
        }
        Ok(&mut self.indexes[name])
    }

    /// Takes a row of `foreign_key_list`.
    fn take_foreign_key(&mut self, row: &Row<'_>) -> rusqlite::Result<()> {
        let key = self.foreign_keys.entry(row.get(0)?).or_default();
        key.parent = row.get(2)?;
        key.from.push(row.get(3)?);
        key.to.push(row.get(4)?);
        key.on_update = row.get(5)?;
        key.on_delete = row.get(6)?;
        Ok(())
    }
}

impl IndexFacts {
    /// Takes a row of `index_xinfo`, whose name, direction and collation stand from a place on.
    fn take_term(&mut self, row: &Row<'_>, place: usize) -> rusqlite::Result<()> {
        let term = TermFacts { name: row.get(place)?, descending: row.get(place + 1)?, collate: row.get(place + 2)? };
        self.terms.push(term);
        Ok(())
    }
}

fn check_table(facts: &Facts<'_>) -> Result<(), Error> {
    let table = facts.table;
    let differs = |what: &str, sqlite: String, read: String| Err(disagreement(facts.object(), what, sqlite, read));
    if facts.columns != table.columns.len() {
        return differs("the number of its columns", facts.columns.to_string(), table.columns.len().to_string());
    }
    if facts.without_rowid != table.without_rowid {
        return differs("WITHOUT ROWID", facts.without_rowid.to_string(), table.without_rowid.to_string());
    }
    if facts.strict != table.strict {
        return differs("STRICT", facts.strict.to_string(), table.strict.to_string());
    }
    if !facts.foreign_keys.is_empty() || !table.foreign_keys.is_empty() {
        let sqlite = sorted(facts.foreign_keys.values().map(ForeignKeyFacts::text));
        let read = sorted(table.foreign_keys.iter().map(foreign_key_text));
        if sqlite != read {
            return differs("the list of its foreign keys", sqlite, read);
        }
    }
    check_keys(facts)?;
    let mut known = 0;
    for (name, index_facts) in &facts.indexes {
        if index_facts.origin == "c"
            && let Some((read, index)) = table.indexes.get_key_value(&Name::from(name.as_str()))
            && read.as_str() == name
        {
            known += 1;
            check_index(table, index, index_facts)?;
        }
    }
    let made_by_hand = || facts.indexes.iter().filter(|(_, index)| index.origin == "c");
    if known != table.indexes.len() || known != made_by_hand().count() {
        let sqlite = sorted(made_by_hand().map(|(name, _)| name.clone()));
        return differs("the list of its indexes", sqlite, sorted(table.indexes.keys().map(ToString::to_string)));
    }
    Ok(())
}

/// Holds the next column of a table against its row of `table_xinfo`.
fn check_next_column(facts: &mut Facts<'_>, row: &Row<'_>) -> rusqlite::Result<Result<(), Error>> {
    let table = facts.table;
    let place = facts.columns;
    facts.columns += 1;
    // A column too many is told by the number of columns.
    let Some(column) = table.columns.get(place) else { return Ok(Ok(())) };
    let differs = |what: &str, sqlite: String, read: String| {
        let what = format!("{what} of the column `{}`", column.name);
        Ok(Err(disagreement(facts.object(), what, sqlite, read)))
    };
    let name = text(row, 1)?;
    if name != column.name.as_str() {
        return differs("the name", format!("`{name}`"), format!("`{}`", column.name));
    }
    let stored = text(row, 2)?;
    let written = column.type_name.as_ref().map(stored_type).unwrap_or_default();
    if !written.eq_ignore_ascii_case(stored)
        && TypeName::new(written.clone()).normal() != TypeName::new(stored).normal()
    {
        return differs("the type", format!("`{stored}`"), format!("`{written}`"));
    }
    // Key columns that SQLite makes NOT NULL by itself (https://www.sqlite.org/withoutrowid.html, stricttables.html).
    let not_null = column.not_null.is_some() || table.is_not_null_by_key(column);
    let is_not_null: bool = row.get(3)?;
    if is_not_null != not_null {
        return differs("NOT NULL", is_not_null.to_string(), not_null.to_string());
    }
    let default = row.get_ref(4)?.as_str_or_null()?;
    if default != column.default.as_ref().map(Expression::as_str) {
        let normal =
            |text: Option<&str>| text.map_or("none".to_owned(), |text| format!("`{}`", plain_default(text).normal()));
        let (sqlite, read) = (normal(default), normal(column.default.as_ref().map(Expression::as_str)));
        if sqlite != read {
            return differs("the default", sqlite, read);
        }
    }
    let hidden = match &column.generated {
        None => 0,
        Some(generated) if generated.stored => 3,
        Some(_) => 2,
    };
    let is_hidden: i64 = row.get(6)?;
    if is_hidden != hidden {
        return differs("the kind", is_hidden.to_string(), hidden.to_string());
    }
    let position = (1_i64..).zip(&facts.key).find(|(_, key)| key.name == column.name).map_or(0, |(place, _)| place);
    let key_position: i64 = row.get(5)?;
    if key_position != position {
        return differs("the place in the primary key", key_position.to_string(), position.to_string());
    }
    Ok(Ok(()))
}

/// A type as SQLite stores it: of a quoted one only the first name, without its quotes.
fn stored_type(type_name: &TypeName) -> Cow<'_, str> {
    match significant_tokens(type_name.as_str()).next() {
        Some(token) if matches!(token.kind, TokenKind::QuotedName | TokenKind::String) => token.unquoted(),
        _ => Cow::Borrowed(type_name.as_str()),
    }
}

/// A default without the `+` that SQLite drops.
fn plain_default(text: &str) -> Expression {
    let default = Expression::default_value(text);
    match default.as_str().strip_prefix('+') {
        Some(rest) => Expression::default_value(rest),
        None => default,
    }
}

/// The primary key's columns; in a table WITHOUT ROWID repeated ones count once.
fn key_columns(table: &Table) -> Vec<&KeyColumn> {
    let Some(key) = &table.primary_key else { return Vec::new() };
    let mut columns: Vec<&KeyColumn> = Vec::new();
    for column in &key.columns {
        let is_repeated =
            |seen: &&&KeyColumn| seen.name == column.name && collation(table, column) == collation(table, seen);
        if !table.without_rowid || !columns.iter().any(|seen| is_repeated(&seen)) {
            columns.push(column);
        }
    }
    columns
}

/// What an index that a constraint makes sorts by.
type Key = Vec<(String, String)>;

/// The indexes that PRIMARY KEY and UNIQUE make. SQLite makes one for constraints that say the same.
fn check_keys(facts: &Facts<'_>) -> Result<(), Error> {
    let table = facts.table;
    let key = |columns: &mut dyn Iterator<Item = &KeyColumn>| -> Key {
        columns.map(|column| (column.name.folded(), collation(table, column))).collect()
    };
    let mut read: BTreeSet<Key> = table.uniques.iter().map(|unique| key(&mut unique.columns.iter())).collect();
    if table.primary_key.is_some() && table.rowid_alias().is_none() {
        let columns = &facts.key;
        // The COLLATE of a single INTEGER key is lost where SQLite makes a key of its own for a table WITHOUT ROWID.
        let type_name = columns.first().and_then(|only| table.column(&only.name)?.type_name.as_ref());
        if let ([only], true) = (columns.as_slice(), type_name.is_some_and(TypeName::is_integer)) {
            read.insert(key(&mut [&KeyColumn { collate: None, ..(*only).clone() }].into_iter()));
        } else {
            read.insert(key(&mut columns.iter().copied()));
        }
    }
    let sqlite: BTreeSet<Key> = facts
        .indexes
        .values()
        .filter(|index| index.origin != "c")
        .map(|index| index.terms.iter().map(|term| (term.folded_name(), term.collate.to_ascii_uppercase())).collect())
        .collect();
    if sqlite == read {
        return Ok(());
    }
    let text = |keys: &BTreeSet<Key>| {
        let one = |key: &Key| list(key.iter().map(|(name, collate)| format!("{name} {collate}")));
        list(keys.iter().map(|key| format!("({})", one(key))))
    };
    Err(disagreement(facts.object(), "what is unique", text(&sqlite), text(&read)))
}

fn check_index(table: &Table, index: &Index, facts: &IndexFacts) -> Result<(), Error> {
    let differs = |what: &str, sqlite: String, read: String| {
        Err(disagreement(ObjectRef::new(ObjectKind::Index, &index.name), what, sqlite, read))
    };
    if facts.unique != index.unique {
        return differs("UNIQUE", facts.unique.to_string(), index.unique.to_string());
    }
    if facts.partial != index.predicate.is_some() {
        return differs("WHERE", facts.partial.to_string(), index.predicate.is_some().to_string());
    }
    let read = || {
        index.terms.iter().map(|term| {
            let column = indexed_column(table, &term.key);
            let collate = term.collate.as_ref().or(column.and_then(|column| column.collate.as_ref()));
            (
                column.map_or(EXPRESSION, |column| column.name.as_str()),
                collate.map_or("BINARY", Name::as_str),
                term.descending,
            )
        })
    };
    let sqlite = || {
        let terms = facts.terms.iter();
        terms.map(|term| (term.name.as_deref().unwrap_or(EXPRESSION), term.collate.as_str(), term.descending))
    };
    let is_same = facts.terms.len() == index.terms.len()
        && sqlite().zip(read()).all(|(sqlite, read)| {
            sqlite.0.eq_ignore_ascii_case(read.0) && sqlite.1.eq_ignore_ascii_case(read.1) && sqlite.2 == read.2
        });
    if is_same {
        return Ok(());
    }
    let text = |(name, collate, descending): (&str, &str, bool)| {
        format!(
            "{} {}{}",
            name.to_ascii_lowercase(),
            collate.to_ascii_uppercase(),
            if descending { " DESC" } else { "" }
        )
    };
    differs("what it sorts by", list(sqlite().map(text)), list(read().map(text)))
}

/// The column that a bare name in an index means; none for a double-quoted word that names no column, which SQLite
/// takes as a string (<https://www.sqlite.org/quirks.html#dblquote>).
fn indexed_column<'a>(table: &'a Table, key: &IndexKey) -> Option<&'a Column> {
    match key {
        IndexKey::Column(name) => table.column(name),
        IndexKey::Expression(_) => None,
    }
}

fn collation(table: &Table, column: &KeyColumn) -> String {
    let own = || table.column(&column.name).and_then(|column| column.collate.as_ref());
    column.collate.as_ref().or_else(own).map_or("BINARY".to_owned(), |name| name.as_str().to_ascii_uppercase())
}

impl TermFacts {
    fn folded_name(&self) -> String {
        self.name.as_ref().map_or(EXPRESSION.to_owned(), |name| name.to_ascii_lowercase())
    }
}

impl ForeignKeyFacts {
    fn text(&self) -> String {
        let to: Vec<&str> = self.to.iter().flatten().map(String::as_str).collect();
        let from: Vec<&str> = self.from.iter().map(String::as_str).collect();
        key_text(&from, &self.parent, &to, &self.on_update, &self.on_delete)
    }
}

fn foreign_key_text(key: &ForeignKey) -> String {
    let from: Vec<&str> = key.columns.iter().map(Name::as_str).collect();
    let to: Vec<&str> = key.parent_columns.iter().map(Name::as_str).collect();
    key_text(&from, key.parent.as_str(), &to, key.on_update.keywords(), key.on_delete.keywords())
}

fn key_text(from: &[&str], parent: &str, to: &[&str], on_update: &str, on_delete: &str) -> String {
    let names = format!("({}) to {parent} ({})", from.join(", "), to.join(", ")).to_ascii_lowercase();
    format!("{names} ON UPDATE {on_update} ON DELETE {on_delete}")
}

fn list(items: impl Iterator<Item = impl AsRef<str>>) -> String {
    items.map(|item| item.as_ref().to_owned()).collect::<Vec<_>>().join(", ")
}

fn sorted(items: impl Iterator<Item = String>) -> String {
    let mut items: Vec<String> = items.collect();
    items.sort();
    items.join(", ")
}
