//! Keys, UNIQUE and CHECK of tables and columns.

use super::draft::Draft;
use super::expression;
use super::settings::one_of;
use super::toml_reader::{Fields, Text, Value};
use super::toml_writer::{array, inline, write};
use crate::report::{Diagnostic, Place};
use crate::schema::{Check, ConflictClause, KeyColumn, Name, NotNull, PrimaryKey, Table, Unique};
use crate::sql;

/// What a constraint has in its long form besides what it is about.
#[derive(Default)]
struct Clauses {
    name: Option<Name>,
    on_conflict: Option<ConflictClause>,
}

impl Clauses {
    fn read(fields: &Fields<'_>) -> Clauses {
        Clauses { name: read_name(fields, "name"), on_conflict: read_on_conflict(fields) }
    }
}

/// The name that a key holds.
pub(super) fn read_name(fields: &Fields<'_>, key: &'static str) -> Option<Name> {
    fields.text(key).map(|text| Name::new(text.as_str()))
}

fn read_on_conflict(fields: &Fields<'_>) -> Option<ConflictClause> {
    let choices = ConflictClause::ALL.map(|(clause, keyword)| (keyword, clause));
    fields.get("on_conflict").and_then(|value| one_of(&value, &choices))
}

/// The clauses of a constraint of a column: `true` for none, or a table with them. `None` for `false`.
fn read_switch(value: &Value<'_>, what: &str, more: impl FnOnce(&Fields<'_>)) -> Option<Clauses> {
    if value.kind().is_bool() {
        return value.flag()?.then(Clauses::default);
    }
    let fields = value.fields_or(format!("`{what}`"), "true or a table")?;
    let clauses = Clauses::read(&fields);
    more(&fields);
    fields.finish();
    Some(clauses)
}

/// Reads `not_null` of a column.
pub(super) fn read_not_null(value: &Value<'_>) -> Option<NotNull> {
    read_switch(value, "not_null", |_| {}).map(|Clauses { name, on_conflict }| NotNull { name, on_conflict })
}

/// Reads `unique` of a column: `true`, a table, or a list of such.
pub(super) fn read_inline_uniques(value: &Value<'_>, column: &Name) -> Vec<Unique> {
    let read_one = |value: Value<'_>| {
        let Clauses { name, on_conflict } = read_switch(&value, "unique", |_| {})?;
        Some(Unique { name, columns: vec![KeyColumn::new(column.as_str())], on_conflict, inline: true })
    };
    value.one_or_many().into_iter().filter_map(read_one).collect()
}

/// Reads `primary_key` of a column; `autoincrement` may also stand beside it.
pub(super) fn read_inline_primary_key(fields: &Fields<'_>, column: &Name) -> Option<PrimaryKey> {
    let value = fields.get("primary_key");
    let autoincrement_beside = fields.get("autoincrement");
    let mut descending = false;
    let mut autoincrement = false;
    let clauses = value.and_then(|value| {
        read_switch(&value, "primary_key", |fields| {
            descending = fields.flag("descending");
            autoincrement = fields.flag("autoincrement");
        })
    });
    if let Some(beside) = &autoincrement_beside {
        autoincrement |= beside.flag().unwrap_or(false);
        if autoincrement && clauses.is_none() {
            let message = "`autoincrement` on a column that is no primary key";
            beside.mistake(Diagnostic::new("bad_value", message).help("add `primary_key = true`"));
        }
    }
    let Clauses { name, on_conflict } = clauses?;
    let columns = vec![KeyColumn { descending, ..KeyColumn::new(column.as_str()) }];
    Some(PrimaryKey { name, columns, on_conflict, autoincrement, inline: true })
}

/// Puts a primary key on a table, which can have one.
pub(super) fn put_primary_key(table: &mut Table, key: PrimaryKey, place: &Place, draft: &mut Draft<'_>) {
    if table.primary_key.is_some() {
        let message = format!("a second primary key on table `{}`", table.name);
        let help = "name all its columns in `primary_key` of the table";
        draft.mistakes.add(Diagnostic::new("second_primary_key", message).at(place.clone()).help(help));
    }
    table.primary_key = Some(key);
}

/// A key with the text of each of its columns.
pub(super) struct Key<'a> {
    pub(super) columns: Vec<KeyColumn>,
    pub(super) texts: Vec<Text<'a>>,
}

/// Reads the columns of a key: `["user_id", "created_at DESC"]`.
fn read_key<'a>(value: &Value<'a>) -> Option<Key<'a>> {
    let items = value.items_or("a list of columns")?;
    if items.is_empty() {
        value.mistake(Diagnostic::new("empty", "found no column, expected at least one"));
    }
    let mut key = Key { columns: Vec::new(), texts: Vec::new() };
    for text in items.iter().filter_map(|item| item.text_or("a column in quotes")) {
        match sql::read_key_column(text.as_str()) {
            Ok(column) => key.columns.push(column),
            Err(error) => text.mistake_in(error.span.clone(), error.diagnostic()),
        }
        key.texts.push(text);
    }
    (!items.is_empty() && key.columns.len() == items.len()).then_some(key)
}

/// Reads a key of a table: a list of its columns, or a table with `columns`.
fn read_table_key<'a>(value: &Value<'a>, what: &str, more: impl FnOnce(&Fields<'_>)) -> Option<(Clauses, Key<'a>)> {
    if value.kind().is_array() {
        return Some((Clauses::default(), read_key(value)?));
    }
    let fields = value.fields_or(what, "a list of columns or a table")?;
    let clauses = Clauses::read(&fields);
    let columns = fields.required("columns");
    more(&fields);
    fields.finish();
    Some((clauses, read_key(&columns?)?))
}

/// Reads `primary_key` of a table.
pub(super) fn read_primary_key<'a>(value: &Value<'a>) -> Option<(PrimaryKey, Key<'a>)> {
    let mut autoincrement = false;
    let (clauses, key) = read_table_key(value, "a primary key", |fields| autoincrement = fields.flag("autoincrement"))?;
    let Clauses { name, on_conflict } = clauses;
    Some((PrimaryKey { name, columns: key.columns.clone(), on_conflict, autoincrement, inline: false }, key))
}

/// Reads one of `uniques` of a table.
pub(super) fn read_unique<'a>(value: &Value<'a>) -> Option<(Unique, Key<'a>)> {
    let (Clauses { name, on_conflict }, key) = read_table_key(value, "a UNIQUE constraint", |_| {})?;
    Some((Unique { name, columns: key.columns.clone(), on_conflict, inline: false }, key))
}

/// Reads a check: an expression, or a table with `sql`. SQLite takes no ON CONFLICT on the check of a column.
pub(super) fn read_check(value: &Value<'_>, inline: Option<&Name>) -> Option<Check> {
    let (clauses, text) = if value.kind().is_table() {
        let fields = value.fields("a check")?;
        let on_conflict = if inline.is_none() { read_on_conflict(&fields) } else { None };
        let clauses = Clauses { name: read_name(&fields, "name"), on_conflict };
        let sql = fields.required("sql");
        fields.finish();
        (clauses, sql?.text()?)
    } else {
        (Clauses::default(), value.text_or("an expression in quotes, or a table with `sql`")?)
    };
    let expression = expression::read(&text)?;
    Some(Check { name: clauses.name, expression, on_conflict: clauses.on_conflict, inline: inline.cloned() })
}

fn write_clauses(name: Option<&Name>, on_conflict: Option<ConflictClause>) -> Vec<(&'static str, String)> {
    let name = name.map(|name| ("name", write(name.as_str())));
    let on_conflict = on_conflict.map(|clause| ("on_conflict", write(clause.keyword())));
    name.into_iter().chain(on_conflict).collect()
}

/// `true`, or a table with what there is to say.
fn write_switch(fields: &[(&str, String)]) -> String {
    if fields.is_empty() { "true".to_owned() } else { inline(fields) }
}

/// What `not_null` of a column is written as.
pub(super) fn write_not_null(not_null: &NotNull) -> String {
    let NotNull { name, on_conflict } = not_null;
    write_switch(&write_clauses(name.as_ref(), *on_conflict))
}

/// What `unique` of a column with at least one UNIQUE is written as.
pub(super) fn write_inline_uniques(uniques: &[&Unique]) -> String {
    let one = |unique: &&Unique| {
        let Unique { name, columns: _, on_conflict, inline: _ } = unique;
        write_switch(&write_clauses(name.as_ref(), *on_conflict))
    };
    match uniques {
        [only] => one(only),
        several => array(&several.iter().map(one).collect::<Vec<_>>()),
    }
}

/// What `primary_key` of a column is written as.
pub(super) fn write_inline_primary_key(key: &PrimaryKey) -> String {
    let PrimaryKey { name, columns, on_conflict, autoincrement, inline: _ } = key;
    let mut fields = write_clauses(name.as_ref(), *on_conflict);
    if *autoincrement {
        fields.push(("autoincrement", "true".to_owned()));
    }
    if columns.iter().any(|column| column.descending) {
        fields.push(("descending", "true".to_owned()));
    }
    write_switch(&fields)
}

/// A key column as a person writes it: `created_at DESC`.
fn write_key_column(column: &KeyColumn) -> String {
    expression::with_bare_name(&column.name, sql::write_key_column(column))
}

fn write_key(columns: &[KeyColumn]) -> String {
    array(&columns.iter().map(|column| write(&write_key_column(column))).collect::<Vec<_>>())
}

fn write_table_key(columns: &[KeyColumn], clauses: Vec<(&'static str, String)>) -> String {
    if clauses.is_empty() {
        return write_key(columns);
    }
    let mut fields = vec![("columns", write_key(columns))];
    fields.extend(clauses);
    inline(&fields)
}

/// What `primary_key` of a table is written as.
pub(super) fn write_primary_key(key: &PrimaryKey) -> String {
    let PrimaryKey { name, columns, on_conflict, autoincrement, inline: _ } = key;
    let mut clauses = write_clauses(name.as_ref(), *on_conflict);
    if *autoincrement {
        clauses.push(("autoincrement", "true".to_owned()));
    }
    write_table_key(columns, clauses)
}

/// What one of `uniques` of a table is written as.
pub(super) fn write_unique(unique: &Unique) -> String {
    let Unique { name, columns, on_conflict, inline: _ } = unique;
    write_table_key(columns, write_clauses(name.as_ref(), *on_conflict))
}

/// What a check is written as.
pub(super) fn write_check(check: &Check) -> String {
    let Check { name, expression, on_conflict, inline: _ } = check;
    let clauses = write_clauses(name.as_ref(), *on_conflict);
    if clauses.is_empty() {
        return expression::write(expression);
    }
    let mut fields = clauses;
    fields.insert(name.iter().len(), ("sql", expression::write(expression)));
    inline(&fields)
}
