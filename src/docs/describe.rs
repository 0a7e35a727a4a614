//! What is said of a table.

use super::{Block, Comments, Span, code, comment, heading, text, triggers};
use crate::schema::{Action, Column, ForeignKey, Index, KeyColumn, Name, Schema, Table};
use crate::sql;

/// Comment, columns, keys, references both ways, indexes and triggers.
pub(super) fn table(schema: &Schema, table: &Table, comments: &Comments) -> Vec<Block> {
    let mut blocks = vec![heading(&table.name)];
    blocks.extend(comment(comments, &table.name));
    let kinds: Vec<&str> = [(table.strict, "STRICT"), (table.without_rowid, "WITHOUT ROWID")]
        .into_iter()
        .filter_map(|(is_it, kind)| is_it.then_some(kind))
        .collect();
    if !kinds.is_empty() {
        blocks.push(Block::Paragraph(vec![code(kinds.join(", "))]));
    }
    blocks.push(columns(table, comments));
    let facts: Vec<Vec<Span>> = keys(table)
        .into_iter()
        .chain(table.checks.iter().map(|check| vec![text("check "), code(check.expression.as_str())]))
        .chain(table.foreign_keys.iter().map(|key| refers(schema, key)))
        .chain(referred(schema, table))
        .chain(table.indexes.values().map(index))
        .collect();
    if !facts.is_empty() {
        blocks.push(Block::List(facts));
    }
    blocks.extend(triggers(schema, &table.name));
    blocks
}

fn columns(table: &Table, comments: &Comments) -> Block {
    let comment = |column: &Column| comments.get(&(table.name.clone(), Some(column.name.clone())));
    let mut head = vec!["column", "type", "null", "default"];
    let has_comments = table.columns.iter().any(|column| comment(column).is_some());
    if has_comments {
        head.push("comment");
    }
    let row = |column: &Column| {
        let type_name = column.type_name.iter().map(|name| code(name.as_str())).collect();
        let mut row = vec![vec![code(column.name.as_str())], type_name, vec![text(null(table, column))], value(column)];
        if has_comments {
            row.push(comment(column).iter().map(|words| text(words.trim())).collect());
        }
        row
    };
    Block::Table { head, rows: table.columns.iter().map(row).collect() }
}

fn null(table: &Table, column: &Column) -> &'static str {
    let is_rowid = table.rowid_alias().is_some_and(|alias| alias.name == column.name);
    if column.not_null.is_some() || is_rowid || table.is_not_null_by_key(column) { "no" } else { "yes" }
}

fn value(column: &Column) -> Vec<Span> {
    match (&column.generated, &column.default) {
        (Some(generated), _) => {
            let how = if generated.stored { "stored: " } else { "computed: " };
            vec![text(how), code(generated.expression.as_str())]
        }
        (None, Some(default)) => vec![code(default.as_str())],
        (None, None) => Vec::new(),
    }
}

fn keys(table: &Table) -> Vec<Vec<Span>> {
    let key = |what: &str, columns: &[KeyColumn], more: &str| {
        vec![
            text(format!("{what} ")),
            code(columns.iter().map(sql::write_key_column).collect::<Vec<_>>().join(", ")),
            text(more),
        ]
    };
    let autoincrement = |is_it: bool| if is_it { ", AUTOINCREMENT" } else { "" };
    let primary = table.primary_key.iter().map(|it| key("primary key", &it.columns, autoincrement(it.autoincrement)));
    primary.chain(table.uniques.iter().map(|unique| key("unique", &unique.columns, ""))).collect()
}

fn names(names: &[Name]) -> String {
    names.iter().map(Name::as_str).collect::<Vec<_>>().join(", ")
}

/// A foreign key, as its table sees it.
fn refers(schema: &Schema, key: &ForeignKey) -> Vec<Span> {
    let parent = if schema.tables.contains_key(&key.parent) {
        Span::Link(key.parent.clone())
    } else {
        code(key.parent.as_str())
    };
    let mut line = vec![code(names(&key.columns)), text(" refers to "), parent];
    if !key.parent_columns.is_empty() {
        line.extend([text(" "), code(names(&key.parent_columns))]);
    }
    for (when, action) in [("delete", key.on_delete), ("update", key.on_update)] {
        if action != Action::NoAction {
            line.extend([text(format!(", on {when} ")), code(action.keywords())]);
        }
    }
    if key.is_deferred() {
        line.push(text(", checked at commit"));
    }
    line
}

/// The foreign keys that lead to a table.
fn referred<'a>(schema: &'a Schema, table: &'a Table) -> impl Iterator<Item = Vec<Span>> + 'a {
    let keys = schema.tables.values().flat_map(|child| child.foreign_keys.iter().map(move |key| (child, key)));
    let keys = keys.filter(move |(_, key)| key.parent == table.name);
    keys.map(|(child, key)| {
        vec![text("referred to by "), Span::Link(child.name.clone()), text(" "), code(names(&key.columns))]
    })
}

fn index(index: &Index) -> Vec<Span> {
    let what = if index.unique { "unique index " } else { "index " };
    let terms = index.terms.iter().map(sql::write_index_term).collect::<Vec<_>>().join(", ");
    let mut line = vec![text(what), code(index.name.as_str()), text(" on "), code(terms)];
    if let Some(predicate) = &index.predicate {
        line.extend([text(" where "), code(predicate.as_str())]);
    }
    line
}
