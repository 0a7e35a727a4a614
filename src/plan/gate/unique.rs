//! Rows that are the same in what must differ.

use crate::plan::rows::RowWork;
use crate::schema::{Column, Expression, IndexKey, IndexTerm, KeyColumn, Name, PrimaryKey};

use super::{Asked, Gate, Remedy, without_comments};

/// The terms that a key of columns is, as in an index.
pub(super) fn terms_of(columns: &[KeyColumn]) -> Vec<IndexTerm> {
    let term = |column: &KeyColumn| IndexTerm {
        key: IndexKey::Column(column.name.clone()),
        collate: column.collate.clone(),
        descending: column.descending,
    };
    columns.iter().map(term).collect()
}

fn column_of(term: &IndexTerm) -> Option<&Name> {
    match &term.key {
        IndexKey::Column(name) => Some(name),
        IndexKey::Expression(_) => None,
    }
}

impl Asked<'_> {
    /// All rows of which another one has the same key.
    pub(super) fn unique(&self, terms: &[IndexTerm], predicate: Option<&Expression>, rows: &RowWork) -> Option<Gate> {
        let expressions = terms.iter().filter_map(|term| match &term.key {
            IndexKey::Expression(expression) => Some(expression),
            IndexKey::Column(_) => None,
        });
        let mut names: Vec<&Name> = expressions.chain(predicate).flat_map(|text| self.named(text)).collect();
        let is_kept = |name: &Name| self.old_column(name).is_some_and(|old| old.name == *name);
        let columns = || terms.iter().filter_map(|term| column_of(term));
        let is_old = names.iter().all(|name| is_kept(name)) && columns().all(|name| self.old_column(name).is_some());
        let is_known = names.iter().all(|name| self.is_read_alike(name, rows))
            && columns().all(|name| self.is_equal_alike(name, rows));
        if !is_known {
            return None;
        }
        let unfilled = self.unfilled(&names, rows);
        let meant: Vec<&Name> = names.iter().copied().chain(columns()).collect();
        if !is_old {
            names.extend(columns());
        }
        let table = if names.is_empty() { self.before().name.quoted() } else { self.rows_with(&names, rows)? };
        let keys: Vec<String> = terms.iter().map(|term| self.key(term, is_old)).collect::<Option<_>>()?;
        if keys.is_empty() {
            return None;
        }
        let mut conditions: Vec<String> = keys.iter().map(|key| format!("{key} IS NOT NULL")).collect();
        conditions.extend(unfilled);
        conditions.extend(predicate.map(|predicate| format!("({})", without_comments(predicate.as_str()))));
        let list = keys.join(", ");
        let called = |name: &Name| match self.old_column(name) {
            Some(old) if is_old => old.name.quoted(),
            _ => name.quoted(),
        };
        let shown = self.shown(columns().map(called));
        let sql = format!(
            "SELECT {shown} FROM (SELECT {shown}, count(*) OVER (PARTITION BY {list}) AS \"schemactl_same\" FROM {table} \
             WHERE {}) WHERE \"schemactl_same\" > 1",
            conditions.join(" AND ")
        );
        let table = &self.alter.after.name;
        let violation = format!("several rows of `{table}` with the same ({list}), which becomes unique");
        let gate = Remedy::Rows("make them differ".to_owned()).gate(violation.replace('"', ""), &sql);
        Some(self.saying_what_is_idle(gate, &meant, rows))
    }

    /// What of a row must differ from other rows, with the collation by which it is compared.
    fn key(&self, term: &IndexTerm, is_old: bool) -> Option<String> {
        let name = match &term.key {
            IndexKey::Expression(expression) => return Some(format!("({})", without_comments(expression.as_str()))),
            IndexKey::Column(name) => name,
        };
        let old = self.old_column(name);
        let declared = self.alter.after.column(name)?.collate.as_ref();
        let collate = term.collate.as_ref().or(declared).map(|name| format!(" COLLATE {}", name.quoted()));
        let plain = if old.is_some_and(|old| old.collate.is_some()) { " COLLATE BINARY" } else { "" };
        let called = old.filter(|_| is_old).map_or(name, |old| &old.name);
        Some(format!("{}{}", called.quoted(), collate.as_deref().unwrap_or(plain)))
    }

    /// Values that are one and the same under the new collation of a column whose values must differ.
    pub(super) fn compared(&self, before: &Column, after: &Column, rows: &RowWork) -> Vec<Gate> {
        if before.collate == after.collate {
            return Vec::new();
        }
        let table = &self.alter.after;
        let names_it = |keys: &[KeyColumn]| keys.iter().any(|key| key.name == after.name && key.collate.is_none());
        let primary = table.primary_key.iter().map(|key| &key.columns);
        let keys = primary.chain(table.uniques.iter().map(|unique| &unique.columns)).filter(|keys| names_it(keys));
        let mut gates: Vec<Gate> = keys.filter_map(|keys| self.unique(&terms_of(keys), None, rows)).collect();
        let is_column = |term: &IndexTerm| {
            term.collate.is_none() && matches!(&term.key, IndexKey::Column(name) if *name == after.name)
        };
        for index in table.indexes.values().filter(|index| index.unique && index.terms.iter().any(is_column)) {
            gates.extend(self.unique(&index.terms, index.predicate.as_ref(), rows));
        }
        gates
    }

    /// Whether the rows differ in these columns already, since they are the key before under the same names.
    pub(super) fn is_key_already(&self, before: Option<&PrimaryKey>, after: &PrimaryKey) -> bool {
        let keeps_name = |key: &KeyColumn| self.old_column(&key.name).is_some_and(|old| old.name == key.name);
        before.is_some_and(|before| before.columns == after.columns) && after.columns.iter().all(keeps_name)
    }
}
