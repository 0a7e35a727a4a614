//! A table with its columns, constraints and indexes.

use super::blame::NO_SQL;
use super::draft::Draft;
use super::toml_reader::{Fields, Value};
use super::toml_writer::{array_by_lines, write_key};
use super::{check, column, constraint, foreign_key, index, statement};
use crate::report::Diagnostic;
use crate::schema::{ForeignKey, Name, ObjectKind, Schema, Table};
use crate::sql::Statement;

/// Reads the table under its name.
pub(super) fn read(value: &Value<'_>, draft: &mut Draft<'_>) {
    let Some(name_text) = value.key_text() else { return };
    let name = Name::new(name_text.as_str());
    draft.claim(ObjectKind::Table, &name, name_text.place());
    draft.add_passages(ObjectKind::Table, &name, &value.texts(&NO_SQL));
    let mut table = Table::new(name.as_str());
    if let Some(fields) = value.fields(format!("table `{name}`")) {
        read_intent(&fields, &name, draft);
        draft.read_allowed(&fields, ObjectKind::Table, &name);
        if let Some(sql) = fields.get("sql") {
            let unchecked = fields.flag("unchecked");
            fields.forbid(&KEYS, "sql");
            if let Some(whole) = read_whole(&sql, &name, unchecked, draft) {
                table = whole;
            }
        } else {
            read_columns(&fields, &mut table, draft);
            read_constraints(&fields, &mut table, draft);
        }
        for value in fields.get("indexes").and_then(|value| value.fields("`indexes`")).iter().flat_map(Fields::all) {
            index::read(&value, &table, draft);
        }
        fields.finish();
    }
    draft.add_table(table);
}

/// The keys that `sql` stands for.
const KEYS: [&str; 7] = ["columns", "primary_key", "uniques", "checks", "foreign_keys", "without_rowid", "strict"];

fn read_intent(fields: &Fields<'_>, name: &Name, draft: &mut Draft<'_>) {
    if let Some(comment) = fields.text("comment") {
        draft.intent.comments.insert((name.clone(), None), comment.as_str().to_owned());
    }
    if let Some(before) = constraint::read_name(fields, "renamed_from") {
        draft.intent.renames.tables.insert(name.clone(), before);
    }
}

/// Reads `sql = "CREATE TABLE …"`.
fn read_whole(value: &Value<'_>, name: &Name, unchecked: bool, draft: &mut Draft<'_>) -> Option<Table> {
    let text = value.text()?;
    match statement::read(&text)? {
        Statement::Table(table) if table.name == *name => {
            draft.add_references(name, foreign_key::of_sql(&text, &table.foreign_keys, unchecked));
            Some(table)
        }
        other => {
            statement::not_that(&text, &other, ObjectKind::Table, name);
            None
        }
    }
}

fn read_columns(fields: &Fields<'_>, table: &mut Table, draft: &mut Draft<'_>) {
    let Some(columns) = fields.required("columns").and_then(|value| {
        let columns = value.fields("`columns`")?;
        if columns.all().next().is_none() {
            value.mistake(Diagnostic::new("empty", format!("table `{}` has no column", table.name)));
        }
        Some(columns)
    }) else {
        return;
    };
    for value in columns.all() {
        column::read(&value, table, draft);
    }
}

fn read_constraints(fields: &Fields<'_>, table: &mut Table, draft: &mut Draft<'_>) {
    if let Some(value) = fields.get("primary_key")
        && let Some((primary_key, key)) = constraint::read_primary_key(&value)
    {
        check::key(table, &key);
        constraint::put_primary_key(table, primary_key, &value.place(), draft);
    }
    for (unique, key) in list(fields, "uniques").iter().filter_map(constraint::read_unique) {
        check::key(table, &key);
        table.uniques.push(unique);
    }
    table.checks.extend(list(fields, "checks").iter().filter_map(|value| constraint::read_check(value, None)));
    for (reference, columns) in list(fields, "foreign_keys").iter().filter_map(foreign_key::read_table_key) {
        for (name, text) in reference.foreign_key.columns.iter().zip(&columns) {
            check::column(table, name, text);
        }
        table.foreign_keys.push(reference.foreign_key.clone());
        draft.add_references(&table.name, vec![reference]);
    }
    table.without_rowid = fields.flag("without_rowid");
    table.strict = fields.flag("strict");
}

fn list<'a>(fields: &Fields<'a>, key: &'static str) -> Vec<Value<'a>> {
    fields.get(key).and_then(|value| value.items_or("a list")).unwrap_or_default()
}

/// Writes a table of a schema, as sections that follow each other.
pub(super) fn write_table(schema: &Schema, table: &Table, out: &mut String) {
    let Table { name, columns, primary_key, uniques, checks, foreign_keys, without_rowid, strict, indexes } = table;
    let is_unchecked = |key: &ForeignKey| check::misfit(schema, key).is_some();
    let mut fields: Vec<(&str, String)> = Vec::new();
    if let Some(key) = primary_key.as_ref().filter(|key| column::column_of_primary_key(key).is_none()) {
        fields.push(("primary_key", constraint::write_primary_key(key)));
    }
    if *without_rowid {
        fields.push(("without_rowid", "true".to_owned()));
    }
    if *strict {
        fields.push(("strict", "true".to_owned()));
    }
    let uniques = uniques.iter().filter(|unique| column::column_of_unique(unique).is_none());
    push_list(&mut fields, "uniques", &uniques.map(constraint::write_unique).collect::<Vec<_>>());
    let checks = checks.iter().filter(|check| check.inline.is_none());
    push_list(&mut fields, "checks", &checks.map(constraint::write_check).collect::<Vec<_>>());
    let foreign_keys = foreign_keys.iter().filter(|key| column::column_of_foreign_key(key).is_none());
    let foreign_keys = foreign_keys.map(|key| foreign_key::write_table_key(key, is_unchecked(key)));
    push_list(&mut fields, "foreign_keys", &foreign_keys.collect::<Vec<_>>());
    let header = format!("tables.{}", write_key(name.as_str()));
    if !fields.is_empty() {
        section(out, &header, fields.iter().map(|(key, value)| (*key, value.clone())));
    }
    let columns = columns.iter().map(|c| (c.name.as_str(), column::write_column(table, c, is_unchecked)));
    section(out, &format!("{header}.columns"), columns);
    if !indexes.is_empty() {
        let indexes = indexes.values().map(|i| (i.name.as_str(), index::write_index(table, i)));
        section(out, &format!("{header}.indexes"), indexes);
    }
}

fn push_list(fields: &mut Vec<(&str, String)>, key: &'static str, items: &[String]) {
    if !items.is_empty() {
        fields.push((key, array_by_lines(items)));
    }
}

/// Writes a section: its header and a line for each key.
pub(super) fn section<'a>(out: &mut String, header: &str, lines: impl IntoIterator<Item = (&'a str, String)>) {
    if !out.is_empty() {
        out.push('\n');
    }
    out.extend(["[", header, "]\n"]);
    for (key, value) in lines {
        out.extend([write_key(key).as_str(), " = ", &value, "\n"]);
    }
}
