//! Holds the tables that were read against SQLite's pragmas, the second opinion on every fact that they tell.
//!
//! Three joins over table-valued pragmas whatever the number of tables (<https://www.sqlite.org/pragma.html#pragfunc>).

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use rusqlite::{Connection, Row};

use super::error::Error;
use super::introspect::failed;
use crate::schema::{
    Column, Expression, ForeignKey, Index, IndexKey, KeyColumn, Name, ObjectKind, ObjectRef, Table, TypeName,
};
use crate::token::{TokenKind, quote_string, significant_tokens};

/// What SQLite says about a table.
#[derive(Default)]
struct Facts {
    columns: Vec<ColumnFacts>,
    indexes: IndexMap<String, IndexFacts>,
    foreign_keys: BTreeMap<i64, ForeignKeyFacts>,
    without_rowid: bool,
    strict: bool,
}

/// A row of `table_xinfo`.
struct ColumnFacts {
    name: String,
    type_name: String,
    not_null: bool,
    default: Option<String>,
    key_position: i64,
    hidden: i64,
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

/// Whether both say the same of an object.
pub(super) fn agree(object: &ObjectRef, what: &str, sqlite: &str, read: &str) -> Result<(), Error> {
    if sqlite == read {
        return Ok(());
    }
    Err(Error::Disagreement {
        object: object.clone(),
        what: what.to_owned(),
        sqlite: sqlite.to_owned(),
        read: read.to_owned(),
    })
}

/// From this many tables on, the pragmas are asked about all of them at once.
const MANY: usize = 32;

/// Holds tables against SQLite's pragmas, but for those that have been and have not changed since.
///
/// # Errors
///
/// Names the first object and property that differ, with both readings.
pub(super) fn check(
    connection: &Connection,
    tables: &IndexMap<Name, Table>,
    checked: &IndexMap<Name, Table>,
) -> Result<(), Error> {
    let new: Vec<&Table> = tables.values().filter(|table| checked.get(&table.name) != Some(*table)).collect();
    let some: Vec<&str> = new.iter().map(|table| table.name.as_str()).collect();
    let facts = match some.len() {
        0 => return Ok(()),
        number if number < MANY => gather(connection, Some(&some)),
        _ => gather(connection, None),
    };
    let facts = facts.map_err(|error| failed(connection, &error))?;
    let none = Facts::default();
    for table in new {
        check_table(table, facts.get(table.name.as_str()).unwrap_or(&none))?;
    }
    Ok(())
}

/// The facts of the tables of these names, or of all tables.
fn gather(connection: &Connection, names: Option<&[&str]>) -> rusqlite::Result<BTreeMap<String, Facts>> {
    let mut all: BTreeMap<String, Facts> = BTreeMap::new();
    let names = names.map(|names| names.iter().map(|name| quote_string(name)).collect::<Vec<_>>().join(", "));
    let chosen = names.as_ref().map_or(String::new(), |names| format!("AND t.name IN ({names}) "));
    // Virtual tables and views have no root page; asking about them would load modules and compile views.
    each(
        connection,
        &format!(
            "SELECT t.name, c.name, c.type, c.\"notnull\", c.dflt_value, c.pk, c.hidden \
             FROM sqlite_schema AS t JOIN pragma_table_xinfo(t.name, 'main') AS c \
             WHERE t.type = 'table' AND t.rootpage > 0 {chosen}ORDER BY t.rowid, c.cid"
        ),
        |row| {
            all.entry(row.get(0)?).or_default().columns.push(ColumnFacts {
                name: row.get(1)?,
                type_name: row.get(2)?,
                not_null: row.get(3)?,
                default: row.get(4)?,
                key_position: row.get(5)?,
                hidden: row.get(6)?,
            });
            Ok(())
        },
    )?;
    each(
        connection,
        &format!(
            "SELECT t.name, i.name, i.\"unique\", i.origin, i.partial, c.name, c.\"desc\", c.coll \
             FROM sqlite_schema AS t JOIN pragma_index_list(t.name, 'main') AS i \
             JOIN pragma_index_xinfo(i.name, 'main') AS c \
             WHERE t.type = 'table' AND t.rootpage > 0 AND c.key {chosen}ORDER BY t.rowid, i.seq, c.seqno"
        ),
        |row| {
            let facts = all.entry(row.get(0)?).or_default();
            let index = facts.indexes.entry(row.get(1)?).or_insert(IndexFacts {
                unique: row.get(2)?,
                origin: row.get(3)?,
                partial: row.get(4)?,
                terms: Vec::new(),
            });
            index.terms.push(TermFacts {
                name: row.get(5)?,
                descending: row.get(6)?,
                collate: row.get::<_, String>(7)?.to_ascii_uppercase(),
            });
            Ok(())
        },
    )?;
    each(
        connection,
        &format!(
            "SELECT t.name, k.id, k.\"table\", k.\"from\", k.\"to\", k.on_update, k.on_delete \
             FROM sqlite_schema AS t JOIN pragma_foreign_key_list(t.name, 'main') AS k \
             WHERE t.type = 'table' AND t.rootpage > 0 {chosen}ORDER BY t.rowid, k.id, k.seq"
        ),
        |row| {
            let key = all.entry(row.get(0)?).or_default().foreign_keys.entry(row.get(1)?).or_default();
            key.parent = row.get(2)?;
            key.from.push(row.get(3)?);
            key.to.push(row.get(4)?);
            key.on_update = row.get(5)?;
            key.on_delete = row.get(6)?;
            Ok(())
        },
    )?;
    let kinds = match names {
        None => "SELECT name, wr, strict FROM pragma_table_list WHERE schema = 'main'".to_owned(),
        Some(names) => format!(
            "SELECT l.name, l.wr, l.strict FROM sqlite_schema AS t JOIN pragma_table_list(t.name) AS l \
             WHERE t.type = 'table' AND t.name IN ({names}) AND l.schema = 'main'"
        ),
    };
    each(connection, &kinds, |row| {
        if let Some(facts) = all.get_mut(&row.get::<_, String>(0)?) {
            facts.without_rowid = row.get(1)?;
            facts.strict = row.get(2)?;
        }
        Ok(())
    })?;
    Ok(all)
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

fn check_table(table: &Table, facts: &Facts) -> Result<(), Error> {
    let object = ObjectRef::new(ObjectKind::Table, &table.name);
    let agree = |what: &str, sqlite: String, read: String| agree(&object, what, &sqlite, &read);
    agree(
        "the list of its columns",
        list(facts.columns.iter().map(|column| &column.name)),
        list(table.columns.iter().map(|column| column.name.as_str())),
    )?;
    agree("WITHOUT ROWID", facts.without_rowid.to_string(), table.without_rowid.to_string())?;
    agree("STRICT", facts.strict.to_string(), table.strict.to_string())?;
    for (column, facts) in table.columns.iter().zip(&facts.columns) {
        check_column(table, column, facts, &object)?;
    }
    agree(
        "the list of its foreign keys",
        sorted(facts.foreign_keys.values().map(ForeignKeyFacts::text)),
        sorted(table.foreign_keys.iter().map(foreign_key_text)),
    )?;
    check_keys(table, facts, &object)?;
    let made_by_hand = || facts.indexes.iter().filter(|(_, index)| index.origin == "c");
    agree(
        "the list of its indexes",
        sorted(made_by_hand().map(|(name, _)| name.clone())),
        sorted(table.indexes.keys().map(|name| name.as_str().to_owned())),
    )?;
    for (name, facts) in made_by_hand() {
        if let Some(index) = table.indexes.get(&Name::new(name)) {
            check_index(table, index, facts)?;
        }
    }
    Ok(())
}

fn check_column(table: &Table, column: &Column, facts: &ColumnFacts, object: &ObjectRef) -> Result<(), Error> {
    let agree = |what: &str, sqlite: String, read: String| {
        agree(object, &format!("{what} of the column `{}`", column.name), &sqlite, &read)
    };
    let written = column.type_name.as_ref().map(stored_type).unwrap_or_default();
    if !written.eq_ignore_ascii_case(&facts.type_name) {
        let normal = |text: &str| TypeName::new(text).normal();
        if normal(&written) != normal(&facts.type_name) {
            agree("the type", format!("`{}`", facts.type_name), format!("`{written}`"))?;
        }
    }
    // Key columns that SQLite makes NOT NULL by itself (https://www.sqlite.org/withoutrowid.html, stricttables.html).
    let implied = table.is_not_null_by_key(column);
    agree("NOT NULL", facts.not_null.to_string(), (column.not_null.is_some() || implied).to_string())?;
    let default = |text: Option<Expression>| text.map_or("none".to_owned(), |text| format!("`{}`", text.normal()));
    agree(
        "the default",
        default(facts.default.as_deref().map(plain_default)),
        default(column.default.as_ref().map(|default| plain_default(default.as_str()))),
    )?;
    let hidden = match &column.generated {
        None => 0,
        Some(generated) if generated.stored => 3,
        Some(_) => 2,
    };
    agree("the kind", facts.hidden.to_string(), hidden.to_string())?;
    let position = key_columns(table).iter().position(|key| key.name == column.name).map_or(0, |position| position + 1);
    agree("the place in the primary key", facts.key_position.to_string(), position.to_string())
}

/// A type as SQLite stores it: of a quoted one only the first name, without its quotes.
fn stored_type(type_name: &TypeName) -> String {
    match significant_tokens(type_name.as_str()).next() {
        Some(token) if matches!(token.kind, TokenKind::QuotedName | TokenKind::String) => token.unquoted().into_owned(),
        _ => type_name.as_str().to_owned(),
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
fn check_keys(table: &Table, facts: &Facts, object: &ObjectRef) -> Result<(), Error> {
    let key = |columns: &mut dyn Iterator<Item = &KeyColumn>| -> Key {
        columns.map(|column| (column.name.folded(), collation(table, column))).collect()
    };
    let mut read: BTreeSet<Key> = table.uniques.iter().map(|unique| key(&mut unique.columns.iter())).collect();
    if table.primary_key.is_some() && table.rowid_alias().is_none() {
        let columns = key_columns(table);
        // The COLLATE of a single INTEGER key is lost where SQLite makes a key of its own for a table WITHOUT ROWID.
        let type_name = columns.first().and_then(|only| table.column(&only.name)?.type_name.as_ref());
        if let ([only], true) = (columns.as_slice(), type_name.is_some_and(TypeName::is_integer)) {
            read.insert(key(&mut [&KeyColumn { collate: None, ..(*only).clone() }].into_iter()));
        } else {
            read.insert(key(&mut columns.into_iter()));
        }
    }
    let sqlite: BTreeSet<Key> = facts
        .indexes
        .values()
        .filter(|index| index.origin != "c")
        .map(|index| index.terms.iter().map(|term| (term.folded_name(), term.collate.clone())).collect())
        .collect();
    let text = |keys: &BTreeSet<Key>| {
        let one = |key: &Key| list(key.iter().map(|(name, collate)| format!("{name} {collate}")));
        list(keys.iter().map(|key| format!("({})", one(key))))
    };
    agree(object, "what is unique", &text(&sqlite), &text(&read))
}

fn check_index(table: &Table, index: &Index, facts: &IndexFacts) -> Result<(), Error> {
    let object = ObjectRef::new(ObjectKind::Index, &index.name);
    agree(&object, "UNIQUE", &facts.unique.to_string(), &index.unique.to_string())?;
    agree(&object, "WHERE", &facts.partial.to_string(), &index.predicate.is_some().to_string())?;
    let text = |name: &str, collate: &str, descending: bool| {
        format!("{name} {}{}", collate.to_ascii_uppercase(), if descending { " DESC" } else { "" })
    };
    let sqlite = facts.terms.iter().map(|term| text(&term.folded_name(), &term.collate, term.descending));
    let read = index.terms.iter().map(|term| {
        let column = indexed_column(table, &term.key);
        let collate = term.collate.as_ref().or(column.and_then(|column| column.collate.as_ref()));
        let name = column.map_or(EXPRESSION.to_owned(), |column| column.name.folded());
        text(&name, collate.map_or("BINARY", Name::as_str), term.descending)
    });
    agree(&object, "what it sorts by", &list(sqlite), &list(read))
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
