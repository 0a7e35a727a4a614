//! What the rows could refuse: questions to the database before anything is changed.
//!
//! Each gate is one SELECT for the offending rows. It is asked read-only when a revision is made, and it stands in the
//! script as a comment that the runner asks again inside the transaction.

use crate::database::gate::{self, Gate};
use crate::diff::{AlterTable, Change, TableChange};
use crate::schema::{
    Affinity, Check, Column, Expression, ForeignKey, IndexKey, IndexTerm, KeyColumn, Name, PrimaryKey, Schema, Table,
    TypeName,
};
use crate::token::{TokenKind, significant_tokens};

use super::rows::RowWork;

/// All gates of a way up from `before`, the schema of the database that will be asked.
#[must_use]
pub fn gates(before: &Schema, changes: &[Change], rows: &RowWork) -> Vec<Gate> {
    let mut gates = of_tables(before, changes, rows);
    gates.extend(of_empty_parents(changes, rows, Empty::New));
    gates
}

/// The gates of tables that are altered, each by itself.
#[must_use]
pub fn of_tables(before: &Schema, changes: &[Change], rows: &RowWork) -> Vec<Gate> {
    let altered = changes.iter().filter_map(|change| match change {
        Change::AlterTable(alter) => Some(alter),
        _ => None,
    });
    altered.flat_map(|alter| of_table(before, alter, rows)).collect()
}

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

fn of_table(schema: &Schema, alter: &AlterTable, rows: &RowWork) -> Vec<Gate> {
    let asked = Asked { alter };
    let mut gates = Vec::new();
    for change in &alter.changes {
        match change {
            TableChange::AddColumn(column) => gates.extend(asked.new_column(column, rows)),
            TableChange::AlterColumn { before, after } => {
                gates.extend(asked.tightened(before, after, rows));
                gates.extend(asked.converted(before, after, rows));
                gates.extend(asked.compared(before, after, rows));
            }
            TableChange::AddCheck(check) => gates.extend(asked.check(check)),
            TableChange::AddUnique(unique) => gates.extend(asked.unique(&terms_of(&unique.columns), None, rows)),
            TableChange::AlterPrimaryKey { before, after: Some(key) } => {
                if !asked.is_key_already(before.as_ref(), key) {
                    gates.extend(asked.unique(&terms_of(&key.columns), None, rows));
                }
                gates.extend(asked.key_without_values(rows));
            }
            TableChange::CreateIndex(index) | TableChange::AlterIndex { after: index, .. } if index.unique => {
                gates.extend(asked.unique(&index.terms, index.predicate.as_ref(), rows));
            }
            TableChange::AddForeignKey(key) => gates.extend(asked.foreign_key(schema, key)),
            TableChange::SetStrict(true) => {
                gates.extend(asked.strict(rows));
                gates.extend(asked.key_without_values(rows));
            }
            TableChange::SetWithoutRowid(true) => gates.extend(asked.key_without_values(rows)),
            // Outside a STRICT table the type ANY turns text into numbers.
            TableChange::SetStrict(false) => {
                let is_changed_elsewhere = |column: &Column| {
                    alter.changes.iter().any(
                        |change| matches!(change, TableChange::AlterColumn { after, .. } if after.name == column.name),
                    )
                };
                let same = alter.after.columns.iter().filter(|column| !is_changed_elsewhere(column));
                gates.extend(same.filter_map(|column| asked.converted(asked.old_column(&column.name)?, column, rows)));
            }
            _ => {}
        }
    }
    // Several changes may ask the same.
    let mut asked: Vec<Gate> = Vec::with_capacity(gates.len());
    for gate in gates {
        if !asked.contains(&gate) {
            asked.push(gate);
        }
    }
    asked
}

/// The terms that a key of columns is, as in an index.
fn terms_of(columns: &[KeyColumn]) -> Vec<IndexTerm> {
    let term = |column: &KeyColumn| IndexTerm {
        key: IndexKey::Column(column.name.clone()),
        collate: column.collate.clone(),
        descending: column.descending,
    };
    columns.iter().map(term).collect()
}

/// That a key refers to a row: one with a NULL does not.
fn all_present(columns: &[&Name]) -> String {
    let present: Vec<String> = columns.iter().map(|name| format!("{} IS NOT NULL", name.quoted())).collect();
    if present.is_empty() { "1".to_owned() } else { present.join(" AND ") }
}

fn column_of(term: &IndexTerm) -> Option<&Name> {
    match &term.key {
        IndexKey::Column(name) => Some(name),
        IndexKey::Expression(_) => None,
    }
}

/// What to do about rows that are in the way.
enum Remedy {
    /// They have no value for a new column; a line of the model gives them one, and what that is.
    Value(String, &'static str),
    /// They are to be changed, or else a line of the model has the script change them, and what that is.
    Model(String, &'static str),
    /// They are to be changed: `make them differ`.
    Rows(String),
}

impl Remedy {
    fn fills(column: &Column) -> Remedy {
        let line = format!("add `backfill = \"...\"` to `{}` in the model", column.name);
        Remedy::Model(line, "an expression for rows where it is NULL")
    }

    fn converts(column: &Column) -> Remedy {
        let line = format!("add `using = \"...\"` to `{}` in the model", column.name);
        Remedy::Model(line, "the expression that converts the old value")
    }

    fn gate(self, violation: String, sql: &str) -> Gate {
        let anew = |line: &str| format!("delete this script, {line}, and run `schemactl revision --autogenerate`");
        let (help, help_in_script) = match self {
            Remedy::Value(line, what) => (format!("{line}: {what}"), anew(&line)),
            Remedy::Model(line, what) => (
                format!("{line}: {what}"),
                format!("change these rows, then run the command again; or {}", anew(&line)),
            ),
            Remedy::Rows(change) => (
                format!("{change} first, in a revision of your own: `schemactl revision -m \"...\"`"),
                format!(
                    "{change}, then run the command again; or write the SQL that does it in place of these lines from \
                     `{}` on",
                    gate::MARK.trim()
                ),
            ),
        };
        Gate { violation, sql: one_line(sql), help, help_in_script }
    }
}

/// A table that is asked under its old name, with its old columns.
struct Asked<'a> {
    alter: &'a AlterTable,
}

impl Asked<'_> {
    fn before(&self) -> &Table {
        &self.alter.before
    }

    /// What tells a row from the others: its key, or its rowid, or all that it has.
    fn row_key(&self) -> Vec<String> {
        let table = self.before();
        match (&table.primary_key, table.rowid_name()) {
            (Some(key), _) => key.columns.iter().map(|column| column.name.quoted()).collect(),
            (None, Some(rowid)) => vec![rowid.to_owned()],
            (None, None) => table.columns.iter().map(|column| column.name.quoted()).collect(),
        }
    }

    /// A gate over the rows for which a condition holds.
    fn gate(&self, violation: String, condition: &str, remedy: Remedy) -> Gate {
        self.gate_showing(violation, condition, &[], remedy)
    }

    /// The same with the values of some columns beside the key.
    fn gate_showing(&self, violation: String, condition: &str, columns: &[&Name], remedy: Remedy) -> Gate {
        let (shown, table) = (self.shown(columns.iter().map(|name| name.quoted())), self.before().name.quoted());
        remedy.gate(violation, &format!("SELECT {shown} FROM {table} WHERE {condition}"))
    }

    /// The key of a row, and columns beside it, for a SELECT.
    fn shown(&self, columns: impl Iterator<Item = String>) -> String {
        let mut shown = self.row_key();
        for column in columns {
            if !shown.contains(&column) {
                shown.push(column);
            }
        }
        shown.join(", ")
    }

    /// The old form of a column, if it is there already.
    fn old_column(&self, name: &Name) -> Option<&Column> {
        self.alter.old_column(name)
    }

    fn new_column(&self, column: &Column, rows: &RowWork) -> Option<Gate> {
        let (table, name) = (&self.alter.after, &self.alter.after.name);
        let default_is_null = column.default.as_ref().is_none_or(|default| default.normal() == "NULL");
        let has_no_value = column.generated.is_none() && default_is_null && rows.backfill(name, &column.name).is_none();
        let needs_one = column.not_null.is_some() || table.is_not_null_by_key(column);
        // The rowid under another name: rows have one.
        let is_rowid = table.rowid_alias().is_some_and(|alias| alias.name == column.name);
        if !needs_one || !has_no_value || is_rowid {
            return None;
        }
        Some(self.gate(
            format!("no value for the new column `{name}.{}`, which is NOT NULL", column.name),
            "1",
            Remedy::Value(
                format!("give `{}` a `default = ...` or a `backfill = \"...\"` in the model", column.name),
                "an expression for existing rows",
            ),
        ))
    }

    fn tightened(&self, before: &Column, after: &Column, rows: &RowWork) -> Option<Gate> {
        let table = &self.alter.after;
        if before.not_null.is_some() || after.not_null.is_none() || rows.filling(table, after).is_some() {
            return None;
        }
        let old = self.old_column(&after.name)?;
        Some(self.gate(
            format!("NULL in `{}.{}`", table.name, after.name),
            &format!("{} IS NULL", old.name.quoted()),
            Remedy::fills(after),
        ))
    }

    /// Values that are one and the same under the new collation of a column whose values must differ.
    fn compared(&self, before: &Column, after: &Column, rows: &RowWork) -> Vec<Gate> {
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

    /// NULL in columns that become the rowid, which SQLite would number itself, or a key that holds no NULL.
    fn key_without_values(&self, rows: &RowWork) -> Vec<Gate> {
        let keys = self.alter.after.primary_key.iter().flat_map(|key| &key.columns);
        keys.filter_map(|key| self.key_without_value(&key.name, rows)).collect()
    }

    fn key_without_value(&self, name: &Name, rows: &RowWork) -> Option<Gate> {
        let table = &self.alter.after;
        let (old, new) = (self.old_column(name)?, table.column(name)?);
        let is_alias = |table: &Table, name: &Name| table.rowid_alias().is_some_and(|alias| alias.name == *name);
        let takes_null = |table: &Table, column: &Column| {
            column.not_null.is_none() && !is_alias(table, &column.name) && !table.is_not_null_by_key(column)
        };
        let is_asked_elsewhere = new.not_null.is_some();
        if !takes_null(self.before(), old) || takes_null(table, new) || is_asked_elsewhere {
            return None;
        }
        if rows.filling(table, new).is_some() {
            return None;
        }
        Some(self.gate(
            format!("NULL in `{}.{}`, which becomes the key", table.name, new.name),
            &format!("{} IS NULL", old.name.quoted()),
            Remedy::fills(new),
        ))
    }

    /// Values that do not survive the change of affinity
    /// (<https://www.sqlite.org/datatype3.html#type_affinity>).
    fn converted(&self, before: &Column, after: &Column, rows: &RowWork) -> Option<Gate> {
        let table = &self.alter.after.name;
        let is_copied = before.is_copied() && after.is_copied();
        let (old_affinity, new_affinity) = (affinity(self.before(), before), affinity(&self.alter.after, after));
        if !is_copied || old_affinity == new_affinity || rows.is_converted(table, &after.name) {
            return None;
        }
        let old = self.old_column(&after.name)?;
        let c = old.name.quoted();
        // A comparison with CAST applies numeric affinity to the other side: it holds exactly for text that SQLite
        // would turn into a number.
        let number_as_text = format!("typeof({c}) = 'text' AND CAST({c} AS NUMERIC) = +{c}");
        let condition = match new_affinity {
            Affinity::Text => {
                format!("typeof({c}) IN ('integer', 'real') AND CAST(CAST({c} AS TEXT) AS NUMERIC) <> {c}")
            }
            Affinity::Integer | Affinity::Numeric => {
                format!("{number_as_text} AND CAST(CAST({c} AS NUMERIC) AS TEXT) <> +{c}")
            }
            Affinity::Real => format!(
                "{number_as_text} AND CAST(CAST({c} AS REAL) AS TEXT) <> +{c} AND CAST(CAST({c} AS INTEGER) AS TEXT) <> +{c} \
                 OR typeof({c}) = 'integer' AND CAST(CAST({c} AS REAL) AS INTEGER) <> {c}"
            ),
            Affinity::Blob => return None,
        };
        let type_name = after.type_name.as_ref().map_or("no type", TypeName::as_str);
        Some(self.gate_showing(
            format!("a value of `{table}.{}` that changes when it becomes {type_name}", after.name),
            &condition,
            &[&old.name],
            Remedy::converts(after),
        ))
    }

    fn check(&self, check: &Check) -> Option<Gate> {
        // A check that names a new column is asked by SQLite itself when the rows are copied.
        let table = &self.alter.after;
        let rows = self.rows_with(&self.named(&check.expression), None)?;
        let shown = self.shown(std::iter::empty());
        let condition = without_comments(check.expression.as_str());
        Some(Remedy::Rows("change these rows".to_owned()).gate(
            format!("a row of `{}` that violates CHECK ({})", table.name, one_line(check.expression.as_str())),
            &format!("SELECT {shown} FROM {rows} WHERE NOT ({condition})"),
        ))
    }

    /// The columns of the new table that an expression names.
    fn named(&self, expression: &Expression) -> Vec<&Name> {
        let names = significant_tokens(expression.as_str())
            .filter(|token| matches!(token.kind, TokenKind::Word | TokenKind::QuotedName))
            .map(|token| Name::new(token.unquoted().into_owned()));
        names.filter_map(|name| Some(&self.alter.after.column(&name)?.name)).collect()
    }

    /// The old rows where some columns are called as they are going to be, and the table too, new ones with the constant
    /// that they get; `None` where one of these columns is new otherwise, or takes a name by which rows are told apart.
    fn rows_with(&self, names: &[&Name], fills: Option<&RowWork>) -> Option<String> {
        let (before, after) = (self.before(), &self.alter.after);
        let value = |name: &Name| match self.old_column(name) {
            Some(old) => Some(old.name.quoted()),
            None => self.constant(after.column(name)?, fills?),
        };
        let values: Vec<(&Name, String)> =
            names.iter().map(|name| Some((*name, value(name)?))).collect::<Option<_>>()?;
        let table = before.name.quoted();
        let alias = if before.name == after.name { String::new() } else { format!(" AS {}", after.name.quoted()) };
        let named_anew: Vec<_> = values.iter().filter(|(name, value)| name.quoted() != *value).collect();
        if named_anew.is_empty() {
            return Some(format!("{table}{alias}"));
        }
        let key = self.row_key();
        if named_anew.iter().any(|(name, _)| key.contains(&name.quoted())) {
            return None;
        }
        let mut columns = key;
        for (name, value) in &values {
            let new = name.quoted();
            let term = if new == *value { new } else { format!("{value} AS {new}") };
            if !columns.contains(&term) {
                columns.push(term);
            }
        }
        Some(format!("(SELECT {} FROM {table}) AS {}", columns.join(", "), after.name.quoted()))
    }

    /// Whether the rows differ in these columns already, since they are the key before under the same names.
    fn is_key_already(&self, before: Option<&PrimaryKey>, after: &PrimaryKey) -> bool {
        let keeps_name = |key: &KeyColumn| self.old_column(&key.name).is_some_and(|old| old.name == key.name);
        before.is_some_and(|before| before.columns == after.columns) && after.columns.iter().all(keeps_name)
    }

    /// What all rows get in a new column, as it stands there: NULL, or a default that its affinity leaves as it is.
    fn constant(&self, column: &Column, rows: &RowWork) -> Option<String> {
        let table = &self.alter.after;
        let is_rowid = table.rowid_alias().is_some_and(|alias| alias.name == column.name);
        if is_rowid || column.generated.is_some() || rows.backfill(&table.name, &column.name).is_some() {
            return None;
        }
        let Some(default) = &column.default else { return Some("NULL".to_owned()) };
        let tokens: Vec<_> = significant_tokens(default.as_str()).collect();
        let [token] = tokens[..] else { return None };
        let affinity = affinity(table, column);
        let stays = match token.kind {
            TokenKind::Number => matches!(affinity, Affinity::Integer | Affinity::Numeric | Affinity::Blob),
            TokenKind::String => matches!(affinity, Affinity::Text | Affinity::Blob),
            _ => token.is_word("NULL"),
        };
        stays.then(|| token.text.to_owned())
    }

    /// All rows of which another one has the same key.
    fn unique(&self, terms: &[IndexTerm], predicate: Option<&Expression>, rows: &RowWork) -> Option<Gate> {
        let expressions = terms.iter().filter_map(|term| match &term.key {
            IndexKey::Expression(expression) => Some(expression),
            IndexKey::Column(_) => None,
        });
        let mut names: Vec<&Name> = expressions.chain(predicate).flat_map(|text| self.named(text)).collect();
        let is_kept = |name: &Name| self.old_column(name).is_some_and(|old| old.name == *name);
        let columns = || terms.iter().filter_map(|term| column_of(term));
        let is_old = names.iter().all(|name| is_kept(name)) && columns().all(|name| self.old_column(name).is_some());
        if !is_old {
            names.extend(columns());
        }
        let table = if names.is_empty() { self.before().name.quoted() } else { self.rows_with(&names, Some(rows))? };
        let keys: Vec<String> = terms.iter().map(|term| self.key(term, is_old)).collect::<Option<_>>()?;
        if keys.is_empty() {
            return None;
        }
        let mut conditions: Vec<String> = keys.iter().map(|key| format!("{key} IS NOT NULL")).collect();
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
        Some(Remedy::Rows("make them differ".to_owned()).gate(violation.replace('"', ""), &sql))
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

    fn foreign_key(&self, schema: &Schema, key: &ForeignKey) -> Option<Gate> {
        let parent = schema.tables.get(&key.parent)?;
        let parent_columns: Vec<&Name> = if key.parent_columns.is_empty() {
            parent.primary_key.as_ref()?.columns.iter().map(|column| &column.name).collect()
        } else {
            key.parent_columns.iter().collect()
        };
        let columns: Vec<&Column> = key.columns.iter().map(|name| self.old_column(name)).collect::<Option<_>>()?;
        let is_answerable =
            parent_columns.len() == columns.len() && parent_columns.iter().all(|name| parent.column(name).is_some());
        if !is_answerable {
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

    /// Rows that will refer to a row of a table that is new.
    fn new_parent(&self, key: &ForeignKey, rows: &RowWork) -> Option<Gate> {
        let (table, parent) = (&self.alter.after, &key.parent);
        // What a value becomes that is computed, only the script can tell.
        let kept = |name| self.old_column(name).filter(|_| rows.conversion(&table.name, name).is_none());
        let columns: Vec<&Column> = key.columns.iter().map(kept).collect::<Option<_>>()?;
        let own: Vec<&Name> = columns.iter().map(|column| &column.name).collect();
        let names: Vec<_> = key.columns.iter().map(Name::as_str).collect();
        let violation = format!(
            "a row of `{}` whose {} refers to `{parent}`, which is new and empty",
            table.name,
            names.join(", ")
        );
        let remedy = Remedy::Rows(format!("create `{parent}` and fill it"));
        Some(self.gate_showing(violation, &all_present(&own), &own, remedy))
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
        let may_be_null = |name: &&Name| self.before().column(name).is_some_and(|column| column.not_null.is_none());
        let other = match shown.iter().copied().find(may_be_null) {
            Some(name) => format!("set {name} to NULL in these rows"),
            None => "delete these rows".to_owned(),
        };
        gate.help_in_script = format!(
            "put the copy from before this revision in place (`schemactl restore`), or {other}; where \
             `keep_dropped = true` is set when a script is made, it brings the rows of `{parent}` back"
        );
        Some(gate)
    }

    /// Values that a STRICT table refuses (<https://www.sqlite.org/stricttables.html>).
    fn strict(&self, rows: &RowWork) -> Vec<Gate> {
        let table = &self.alter.after;
        let copied = table.columns.iter().filter(|column| column.is_copied());
        copied
            .filter(|column| rows.conversion(&table.name, &column.name).is_none())
            .filter_map(|column| {
                let old = self.old_column(&column.name)?;
                let type_name = column.type_name.as_ref()?.as_str().to_ascii_uppercase();
                let c = old.name.quoted();
                let becomes_number = format!("typeof({c}) = 'text' AND CAST({c} AS NUMERIC) = +{c}");
                let condition = match type_name.as_str() {
                    "INT" | "INTEGER" => format!(
                        "typeof({c}) NOT IN ('integer', 'null') AND NOT (typeof({c}) = 'real' AND CAST({c} AS INTEGER) = {c}) \
                         AND NOT ({becomes_number} AND CAST({c} AS INTEGER) = CAST({c} AS NUMERIC))"
                    ),
                    "REAL" => format!("typeof({c}) NOT IN ('integer', 'real', 'null') AND NOT ({becomes_number})"),
                    "TEXT" => format!("typeof({c}) = 'blob'"),
                    "BLOB" => format!("typeof({c}) NOT IN ('blob', 'null')"),
                    _ => return None,
                };
                Some(self.gate_showing(
                    format!("a value of `{}.{}` that is no {type_name}, as STRICT demands", table.name, column.name),
                    &condition,
                    &[&old.name],
                    Remedy::converts(column),
                ))
            })
            .collect()
    }
}

/// The affinity of a column; ANY has none in a STRICT table (<https://www.sqlite.org/stricttables.html>).
fn affinity(table: &Table, column: &Column) -> Affinity {
    match &column.type_name {
        Some(name) if table.strict && name.as_str().eq_ignore_ascii_case("ANY") => Affinity::Blob,
        Some(name) => name.affinity(),
        None => Affinity::Blob,
    }
}

/// The same SQL with one space for each stretch of white space and comments; literals stay as they are.
fn one_line(sql: &str) -> String {
    let mut line = String::with_capacity(sql.len());
    for token in crate::token::tokens(sql) {
        if token.is_significant() {
            line.push_str(token.text);
        } else if !line.ends_with(' ') {
            line.push(' ');
        }
    }
    line.trim().to_owned()
}

fn without_comments(sql: &str) -> String {
    crate::token::tokens(sql).map(|token| if token.kind == TokenKind::Comment { " " } else { token.text }).collect()
}
