//! What the rows could refuse: questions to the database before anything is changed.
//!
//! Each gate is one SELECT for the offending rows. It is asked read-only when a revision is made, and it stands in the
//! script as a comment that the runner asks again inside the transaction.

use crate::database::gate::{self, Gate};
use crate::diff::{AlterTable, Change, TableChange};
use crate::schema::{Affinity, Check, Column, Name, Schema, Table, TypeName};
use crate::token::TokenKind;

mod kept;
mod reference;
#[cfg(test)]
mod tests;
mod unique;

pub use reference::{Empty, of_empty_parents};
use unique::terms_of;

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
    altered.flat_map(|alter| of_table(before, changes, alter, rows)).collect()
}

fn of_table(schema: &Schema, changes: &[Change], alter: &AlterTable, rows: &RowWork) -> Vec<Gate> {
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
            TableChange::AddCheck(check) => gates.extend(asked.check(check, rows)),
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
            TableChange::AddForeignKey(key) => gates.extend(asked.foreign_key(schema, changes, key, rows)),
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
        let old = self.old_column(&after.name).filter(|_| self.keeps_values(&after.name, rows))?;
        Some(self.gate(
            format!("NULL in `{}.{}`", table.name, after.name),
            &format!("{} IS NULL", old.name.quoted()),
            Remedy::fills(after),
        ))
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
        if rows.filling(table, new).is_some() || !self.keeps_values(name, rows) {
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

    fn check(&self, check: &Check, rows: &RowWork) -> Option<Gate> {
        let table = &self.alter.after;
        let named = self.named(&check.expression);
        // A check that names a new column is asked by SQLite itself when the rows are copied.
        if !named.iter().all(|name| self.old_column(name).is_some() && self.is_read_alike(name, rows)) {
            return None;
        }
        let from = self.rows_with(&named, rows)?;
        let mut conditions = self.unfilled(&named, rows);
        conditions.push(format!("NOT ({})", without_comments(check.expression.as_str())));
        let shown = self.shown(std::iter::empty());
        let gate = Remedy::Rows("change these rows".to_owned()).gate(
            format!("a row of `{}` that violates CHECK ({})", table.name, one_line(check.expression.as_str())),
            &format!("SELECT {shown} FROM {from} WHERE {}", conditions.join(" AND ")),
        );
        Some(self.saying_what_is_idle(gate, &named, rows))
    }

    /// Values that a STRICT table refuses (<https://www.sqlite.org/stricttables.html>).
    fn strict(&self, rows: &RowWork) -> Vec<Gate> {
        let table = &self.alter.after;
        let copied = table.columns.iter().filter(|column| column.is_copied());
        copied
            .filter(|column| self.keeps_values(&column.name, rows))
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
