//! An index on a table: a list of its terms, or a table with more.

use super::blame::NO_SQL;
use super::draft::Draft;
use super::expression;
use super::toml_reader::{Text, Value};
use super::toml_writer::{array, inline, write};
use super::{check, constraint, statement};
use crate::report::Diagnostic;
use crate::schema::{Index, IndexKey, IndexTerm, Name, ObjectKind, Table};
use crate::sql::{self, Statement};

/// Reads the index under its name.
pub(super) fn read(value: &Value<'_>, table: &Table, draft: &mut Draft<'_>) {
    let Some(name_text) = value.key_text() else { return };
    let name = Name::new(name_text.as_str());
    draft.claim(ObjectKind::Index, &name, name_text.place());
    draft.add_passages(ObjectKind::Index, &name, &value.texts(&NO_SQL));
    let index = if value.kind().is_array() {
        read_terms(value, table).map(|terms| Index { name, unique: false, terms, predicate: None })
    } else {
        read_table(value, name, table, draft)
    };
    if let Some(index) = index {
        draft.add_index(table.name.clone(), index, name_text.place());
    }
}

fn read_table(value: &Value<'_>, name: Name, table: &Table, draft: &mut Draft<'_>) -> Option<Index> {
    let fields = value.fields_or(format!("index `{name}`"), "a list of columns and expressions, or a table")?;
    if let Some(before) = constraint::read_name(&fields, "renamed_from") {
        draft.intent.renames.indexes.insert(name.clone(), before);
    }
    if let Some(sql) = fields.get("sql") {
        fields.forbid(&["columns", "unique", "where"], "sql");
        fields.finish();
        return read_whole(&sql.text()?, &name, table);
    }
    let columns = fields.required("columns");
    let unique = fields.flag("unique");
    let predicate = fields.get("where");
    fields.finish();
    let predicate = match predicate {
        Some(value) => Some(expression::read(&value.text_or("a condition in quotes")?)?),
        None => None,
    };
    Some(Index { name, unique, terms: read_terms(&columns?, table)?, predicate })
}

fn read_terms(value: &Value<'_>, table: &Table) -> Option<Vec<IndexTerm>> {
    let items = value.items_or("a list of columns and expressions")?;
    if items.is_empty() {
        value.mistake(Diagnostic::new("empty", "found no column, expected at least one"));
    }
    let texts = items.iter().filter_map(|item| item.text_or("a column or an expression in quotes"));
    let terms: Vec<IndexTerm> = texts.filter_map(|text| read_term(&text, table)).collect();
    (terms.len() == items.len()).then_some(terms)
}

fn read_term(text: &Text<'_>, table: &Table) -> Option<IndexTerm> {
    match sql::read_index_term(text.as_str()) {
        Ok(term) => {
            // SQLite would take a quoted name that is no column for a string, and index that.
            if let IndexKey::Column(name) = &term.key {
                check::column(table, name, text);
            }
            Some(term)
        }
        Err(error) => {
            text.mistake_in(error.span.clone(), error.diagnostic());
            None
        }
    }
}

/// Reads `sql = "CREATE INDEX …"`.
fn read_whole(text: &Text<'_>, name: &Name, table: &Table) -> Option<Index> {
    match statement::read(text)? {
        Statement::Index { table: on, index } if index.name == *name => {
            if on != table.name {
                let message = format!("an index on `{on}` under table `{}`", table.name);
                text.mistake(Diagnostic::new("bad_value", message));
            }
            Some(index)
        }
        other => {
            statement::not_that(text, &other, ObjectKind::Index, name);
            None
        }
    }
}

/// What the index of a table is written as.
pub(super) fn write_index(table: &Table, index: &Index) -> String {
    let Index { name: _, unique, terms, predicate } = index;
    let is_column = |term: &IndexTerm| match &term.key {
        IndexKey::Column(name) => table.column(name).is_some(),
        IndexKey::Expression(_) => true,
    };
    if !terms.iter().all(is_column) {
        return inline(&[("sql", write(&sql::write_index(&table.name, index)))]);
    }
    let columns = array(&terms.iter().map(|term| write(&write_term(term))).collect::<Vec<_>>());
    if !unique && predicate.is_none() {
        return columns;
    }
    let mut fields = vec![("columns", columns)];
    if *unique {
        fields.push(("unique", "true".to_owned()));
    }
    fields.extend(predicate.as_ref().map(|predicate| ("where", expression::write(predicate))));
    inline(&fields)
}

fn write_term(term: &IndexTerm) -> String {
    let sql = sql::write_index_term(term);
    match &term.key {
        IndexKey::Column(name) => expression::with_bare_name(name, sql),
        IndexKey::Expression(_) => sql,
    }
}
