//! Whether the parts of a model fit together where SQLite itself does not look: foreign keys to nowhere, keys and
//! indexes of columns that are not there.

use std::collections::BTreeMap;
use std::ops::Range;

use super::constraint::Key;
use super::draft::Draft;
use super::toml_reader::Text;
use crate::diff::Renames;
use crate::report::{Diagnostic, count, nearest};
use crate::schema::{ForeignKey, IndexKey, Name, ObjectKind, ObjectRef, Schema, Table};
use crate::token::significant_tokens;

/// Why a foreign key does not work, though SQLite takes it (<https://www.sqlite.org/foreignkeys.html#fk_indexes>).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Misfit {
    /// There is no such table.
    NoTable,
    /// The parent is a view or a virtual table.
    NoOrdinaryTable,
    /// The parent table has no such column.
    NoColumn(Name),
    /// Child and parent columns differ in number.
    Count {
        /// The parent columns.
        parent: usize,
    },
    /// The parent columns are neither the primary key nor unique.
    NoKey,
}

/// Why a foreign key of a schema does not work, if it does not.
pub(super) fn misfit(schema: &Schema, foreign_key: &ForeignKey) -> Option<Misfit> {
    let Some(parent) = schema.tables.get(&foreign_key.parent) else {
        let name = &foreign_key.parent;
        let is_other = schema.views.contains_key(name) || schema.virtual_tables.contains_key(name);
        return Some(if is_other { Misfit::NoOrdinaryTable } else { Misfit::NoTable });
    };
    let columns = &foreign_key.parent_columns;
    if columns.is_empty() {
        let count = parent.primary_key.as_ref().map_or(0, |key| key.columns.len());
        return match count {
            0 => Some(Misfit::NoKey),
            count => (count != foreign_key.columns.len()).then_some(Misfit::Count { parent: count }),
        };
    }
    if let Some(missing) = columns.iter().find(|name| parent.column(name).is_none()) {
        return Some(Misfit::NoColumn(missing.clone()));
    }
    if columns.len() != foreign_key.columns.len() {
        return Some(Misfit::Count { parent: columns.len() });
    }
    (!is_key(parent, columns)).then_some(Misfit::NoKey)
}

/// Whether these columns, in any order, are the primary key or a unique key whose collations are those of its columns.
fn is_key(table: &Table, columns: &[Name]) -> bool {
    let binary = Name::from("BINARY");
    let fits = |name: &Name, collate: Option<&Name>| {
        let own = table.column(name).and_then(|column| column.collate.as_ref()).unwrap_or(&binary);
        columns.contains(name) && collate.unwrap_or(own) == own
    };
    let primary = table.primary_key.iter().map(|key| &key.columns);
    let mut keys = primary.chain(table.uniques.iter().map(|unique| &unique.columns));
    let is_constraint = keys
        .any(|key| key.len() == columns.len() && key.iter().all(|column| fits(&column.name, column.collate.as_ref())));
    is_constraint
        || table.indexes.values().any(|index| {
            index.unique
                && index.predicate.is_none()
                && index.terms.len() == columns.len()
                && index.terms.iter().all(|term| match &term.key {
                    IndexKey::Column(name) => fits(name, term.collate.as_ref()),
                    IndexKey::Expression(_) => false,
                })
        })
}

/// Notes each foreign key that does not work and is not said to be so on purpose.
pub(super) fn references(draft: &Draft<'_>) {
    // A key of the parent may be among what could not be read.
    let keys_are_known = draft.mistakes.count() == 0;
    for (_, reference) in &draft.references {
        let foreign_key = &reference.foreign_key;
        if reference.unchecked || draft.ignore.covers(&foreign_key.parent) {
            continue;
        }
        let misfit = misfit(&draft.schema, foreign_key);
        if let Some(misfit) = misfit.filter(|misfit| keys_are_known || *misfit == Misfit::NoTable) {
            let column = match &misfit {
                Misfit::NoColumn(name) => foreign_key.parent_columns.iter().position(|column| column == name),
                _ => None,
            };
            let place = column.and_then(|at| reference.columns.get(at)).unwrap_or(&reference.place);
            draft.mistakes.add(explain(&draft.schema, foreign_key, &misfit).at(place.clone()));
        }
    }
}

fn explain(schema: &Schema, foreign_key: &ForeignKey, misfit: &Misfit) -> Diagnostic {
    const ANYWAY: &str = "or say that it is so on purpose: `unchecked = true`";
    let parent = &foreign_key.parent;
    match misfit {
        Misfit::NoTable => no_table(schema, parent),
        Misfit::NoOrdinaryTable => {
            Diagnostic::new("bad_reference", format!("`{parent}` is no ordinary table, so nothing can reference it"))
        }
        Misfit::NoColumn(name) => {
            let known = schema.tables.get(parent).into_iter().flat_map(|table| &table.columns);
            no_column(parent, name, known.map(|column| &column.name))
        }
        Misfit::Count { parent: columns } => {
            let (child, columns) = (count(foreign_key.columns.len(), "column"), count(*columns, "column"));
            let message = format!("found {child} for {columns} of `{parent}`");
            Diagnostic::new("bad_reference", message).help("name as many parent columns as there are child columns")
        }
        Misfit::NoKey if foreign_key.parent_columns.is_empty() => {
            let message = format!("`{parent}` has no primary key to reference");
            Diagnostic::new("bad_reference", message).help(format!("name the parent columns, {ANYWAY}"))
        }
        Misfit::NoKey => {
            let columns: Vec<&str> = foreign_key.parent_columns.iter().map(Name::as_str).collect();
            let columns = columns.join(", ");
            let message = format!("`{parent}({columns})` is neither the primary key nor unique");
            let help = format!("make it unique in `{parent}`, {ANYWAY}");
            Diagnostic::new("bad_reference", message).help(help)
        }
    }
}

/// A table that is named and is not there.
pub(super) fn no_table(schema: &Schema, name: &Name) -> Diagnostic {
    let known = schema.tables.keys().chain(schema.views.keys()).chain(schema.virtual_tables.keys());
    let diagnostic = Diagnostic::new("unknown_table", format!("there is no table `{name}`"));
    match nearest(name.as_str(), known.map(Name::as_str)) {
        Some(meant) => diagnostic.help(format!("did you mean `{meant}`?")),
        None => diagnostic.help(format!("add `[tables.{name}]`, or put it under `ignore` if another program owns it")),
    }
}

/// A column that is named and is not there.
fn no_column<'a>(table: &Name, name: &Name, known: impl Iterator<Item = &'a Name>) -> Diagnostic {
    let known: Vec<&str> = known.map(Name::as_str).collect();
    let diagnostic = Diagnostic::new("unknown_column", format!("table `{table}` has no column `{name}`"));
    match nearest(name.as_str(), known.iter().copied()) {
        Some(meant) => diagnostic.help(format!("did you mean `{meant}`?")),
        None => diagnostic.note(format!("it has {}", super::toml_reader::list(&known))),
    }
}

/// Notes a column that a table is said to have and has not.
pub(super) fn column(table: &Table, name: &Name, text: &Text<'_>) {
    if table.column(name).is_none() {
        text.mistake(no_column(&table.name, name, table.columns.iter().map(|column| &column.name)));
    }
}

/// Notes the columns of a key that its table does not have.
pub(super) fn key(table: &Table, key: &Key<'_>) {
    for (column_of_key, text) in key.columns.iter().zip(&key.texts) {
        column(table, &column_of_key.name, text);
    }
}

/// Notes things that say they were once the same thing.
pub(super) fn renames(draft: &Draft<'_>) {
    let Renames { tables, columns, indexes } = &draft.intent.renames;
    let mut before: BTreeMap<(ObjectKind, Option<&Name>, &Name), &Name> = BTreeMap::new();
    let tables = tables.iter().map(|(new, old)| (ObjectKind::Table, None, old, new));
    let columns = columns.iter().map(|((table, new), old)| (ObjectKind::Table, Some(table), old, new));
    let indexes = indexes.iter().map(|(new, old)| (ObjectKind::Index, None, old, new));
    for (kind, table, old, new) in tables.chain(columns).chain(indexes) {
        let Some(other) = before.insert((kind, table, old), new) else { continue };
        let message = format!("both `{other}` and `{new}` are renamed from `{old}`");
        let place = match table {
            Some(table) => draft.place(&ObjectRef::new(kind, table), Some(new)),
            None => draft.place(&ObjectRef::new(kind, new), None),
        };
        let mut mistake = Diagnostic::new("bad_rename", message).help("leave out one `renamed_from`");
        mistake.place = place;
        draft.mistakes.add(mistake);
    }
}

/// Where the text of a trigger names its table: after the ON that follows the event.
pub(super) fn table_of_trigger(sql: &str) -> Range<usize> {
    let mut tokens = significant_tokens(sql).skip_while(|token| !token.is_word("ON"));
    let name = tokens.nth(1);
    let last = match tokens.next() {
        Some(dot) if dot.is_operator(".") => tokens.next(),
        _ => None,
    };
    last.or(name).map_or(0..sql.len(), |token| token.span())
}
