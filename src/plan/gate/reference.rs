//! Rows that refer to no row.

use crate::database::gate;
use crate::diff::{Change, TableChange};
use crate::plan::rows::RowWork;
use crate::schema::{Affinity, Column, ForeignKey, Name, Schema, Table};

use super::{Asked, Gate, Remedy, affinity};

/// Why a table that changes create has no rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Empty {
    /// It is new.
    New,
    /// It comes back on a way back, and its rows are gone.
    Lost,
}

/// Gates for rows that the changes let refer to a table that they create empty.
#[must_use]
pub fn of_empty_parents(changes: &[Change], rows: &RowWork, empty: Empty) -> Vec<Gate> {
    let is_empty = |parent: &Name| {
        rows.returning_rows(parent).is_empty()
            && changes.iter().any(|change| matches!(change, Change::CreateTable(table) if table.name == *parent))
    };
    let mut gates = Vec::new();
    for change in changes {
        let Change::AlterTable(alter) = change else { continue };
        let asked = Asked { alter };
        let keys = alter.changes.iter().filter_map(|change| match change {
            TableChange::AddForeignKey(key) if is_empty(&key.parent) => Some(key),
            _ => None,
        });
        gates.extend(keys.filter_map(|key| match empty {
            Empty::New => asked.new_parent(key, rows),
            Empty::Lost => asked.lost_parent(key, rows),
        }));
    }
    gates
}

/// That a key refers to a row: one with a NULL does not.
fn all_present(columns: &[&Name]) -> String {
    let present: Vec<String> = columns.iter().map(|name| format!("{} IS NOT NULL", name.quoted())).collect();
    if present.is_empty() { "1".to_owned() } else { present.join(" AND ") }
}

/// Whether changes leave a table alone to which a key refers, as far as its columns are concerned.
fn keeps_parent(changes: &[Change], key: &ForeignKey, columns: &[&Name], rows: &RowWork) -> bool {
    changes.iter().all(|change| match change {
        Change::CreateTable(table) => table.name != key.parent,
        Change::AlterTable(alter) if alter.after.name == key.parent || alter.before.name == key.parent => {
            let asked = Asked { alter };
            let primary = |table: &Table| table.primary_key.as_ref().map(|key| key.columns.clone());
            let is_kept = |name: &&Name| {
                asked.old_column(name).is_some_and(|old| old.name == **name)
                    && asked.is_read_alike(name, rows)
                    && !asked.is_filled(name, rows)
            };
            alter.before.name == alter.after.name
                && (!key.parent_columns.is_empty() || primary(&alter.before) == primary(&alter.after))
                && columns.iter().all(is_kept)
        }
        _ => true,
    })
}

impl Asked<'_> {
    /// Rows whose values, which they keep, are those of no row of a table that keeps its own.
    pub(super) fn foreign_key(
        &self,
        schema: &Schema,
        changes: &[Change],
        key: &ForeignKey,
        rows: &RowWork,
    ) -> Option<Gate> {
        if !key.columns.iter().all(|name| self.keeps_values(name, rows)) {
            return None;
        }
        let parent = schema.tables.get(&key.parent)?;
        let parent_columns: Vec<&Name> = if key.parent_columns.is_empty() {
            parent.primary_key.as_ref()?.columns.iter().map(|column| &column.name).collect()
        } else {
            key.parent_columns.iter().collect()
        };
        let columns: Vec<&Column> = key.columns.iter().map(|name| self.old_column(name)).collect::<Option<_>>()?;
        let is_answerable = parent_columns.len() == columns.len()
            && parent_columns.iter().zip(&columns).all(|(name, own)| self.compares_like_key(own, parent, name));
        if !is_answerable || !keeps_parent(changes, key, &parent_columns, rows) {
            return None;
        }
        let own: Vec<&Name> = columns.iter().map(|column| &column.name).collect();
        let condition = gate::orphans(&self.before().name, &own, &parent.name, &parent_columns);
        let names: Vec<_> = key.columns.iter().map(Name::as_str).collect();
        Some(self.gate_showing(
            format!(
                "a row of `{}` whose {} refers to no row of `{}`",
                self.alter.after.name,
                names.join(", "),
                key.parent
            ),
            &condition,
            &columns.iter().map(|column| &column.name).collect::<Vec<_>>(),
            Remedy::Rows(format!("delete these rows or add their parents to `{}`", key.parent)),
        ))
    }

    /// Whether a column equals one of the parent where a key says so: SQLite gives the child's value the affinity of the
    /// parent's column (<https://www.sqlite.org/foreignkeys.html#fk_indexes>), which `=` does not where it is text.
    fn compares_like_key(&self, own: &Column, parent: &Table, name: &Name) -> bool {
        let Some(column) = parent.column(name) else { return false };
        let affinities = [affinity(self.before(), own), affinity(parent, column)];
        !(affinities.contains(&Affinity::Blob) && affinities.contains(&Affinity::Text))
    }

    /// Rows that will refer to a row of a table that is new.
    fn new_parent(&self, key: &ForeignKey, rows: &RowWork) -> Option<Gate> {
        // What a value becomes that is computed, only the script can tell.
        let kept = |name| self.old_column(name).filter(|_| self.keeps_values(name, rows));
        let columns: Vec<&Column> = key.columns.iter().map(kept).collect::<Option<_>>()?;
        let own: Vec<&Name> = columns.iter().map(|column| &column.name).collect();
        let (table, parent) = (&self.alter.after.name, &key.parent);
        let names: Vec<_> = key.columns.iter().map(Name::as_str).collect();
        let names = names.join(", ");
        let violation = format!("a row of `{table}` whose {names} refers to `{parent}`, which is new and empty");
        let remedy = Remedy::Rows(format!("create `{parent}` and fill it"));
        let mut gate = self.gate_showing(violation, &all_present(&own), &own, remedy);
        gate.help_in_script = format!(
            "{}, then run the command again; or create `{parent}` and fill it in a revision before this one",
            self.letting_go(key)
        );
        Some(gate)
    }

    /// What makes rows refer to nothing.
    fn letting_go(&self, key: &ForeignKey) -> String {
        let takes_null = |column: Option<&Column>| column.is_some_and(|column| column.not_null.is_none());
        let old = key.columns.iter().filter(|name| takes_null(self.alter.after.column(name)));
        match old.filter_map(|name| self.old_column(name)).find(|old| takes_null(Some(old))) {
            Some(old) => format!("set {} to NULL in these rows", old.name),
            None => "delete these rows".to_owned(),
        }
    }

    /// Rows that will refer to a row of a table that comes back without its rows.
    fn lost_parent(&self, key: &ForeignKey, rows: &RowWork) -> Option<Gate> {
        let (table, parent) = (&self.alter.after, &key.parent);
        let mut shown = Vec::new();
        for name in &key.columns {
            match self.old_column(name) {
                Some(column) => shown.push(&column.name),
                // One that comes back and stays NULL refers to nothing.
                None => {
                    rows.filling(table, table.column(name)?)?;
                }
            }
        }
        let names: Vec<_> = key.columns.iter().map(Name::as_str).collect();
        let (table, names) = (&table.name, names.join(", "));
        let violation =
            format!("a row of `{table}` whose {names} refers to `{parent}`, which comes back without its rows");
        let mut gate = self.gate_showing(violation, &all_present(&shown), &shown, Remedy::Rows(String::new()));
        gate.help = format!(
            "delete this script, set `keep_dropped = true` under `[schemactl]`, and make it anew: it then brings the \
             rows of `{parent}` back"
        );
        gate.help_in_script = format!(
            "put the copy from before this revision in place (`schemactl restore`), or {}; where \
             `keep_dropped = true` is set when a script is made, it brings the rows of `{parent}` back",
            self.letting_go(key)
        );
        Some(gate)
    }
}
