//! What stays as it is: which columns the old rows can be asked for, and how they are called by then.
//!
//! A question about the rows as they are going to be is asked only of values that are the same afterwards and are
//! compared the same way. Where they are not, SQLite itself refuses such rows when it copies them, and nothing is lost.

use std::fmt::Write as _;

use crate::plan::rows::RowWork;
use crate::schema::{Affinity, Column, Expression, Name};
use crate::token::{TokenKind, significant_tokens};

use super::{Asked, Gate, affinity};

impl Asked<'_> {
    /// The columns of the new table that an expression names.
    pub(super) fn named(&self, expression: &Expression) -> Vec<&Name> {
        let mut names = Vec::new();
        for token in significant_tokens(expression.as_str()) {
            if matches!(token.kind, TokenKind::Word | TokenKind::QuotedName)
                && let Some(column) = self.alter.after.column(&Name::new(token.unquoted()))
                && !names.contains(&&column.name)
            {
                names.push(&column.name);
            }
        }
        names
    }

    /// Whether a column is there already and its rows keep its values, but for NULL that is filled, and for what
    /// another affinity makes of them.
    pub(super) fn keeps_values(&self, name: &Name, rows: &RowWork) -> bool {
        let (Some(old), Some(new)) = (self.old_column(name), self.alter.after.column(name)) else { return false };
        let Some(generated) = &new.generated else {
            return rows.converting(&self.alter.after.name, old, new).is_none();
        };
        let is_same_source = |name: &&Name| {
            let source = self.old_column(name).filter(|source| source.name == **name && source.is_copied());
            source.is_some() && !self.is_filled(name, rows) && self.is_read_alike(name, rows)
        };
        old.generated.as_ref().is_some_and(|old| old.expression == generated.expression)
            && self.named(&generated.expression).iter().all(is_same_source)
    }

    /// Whether a column means the same to an expression before and after: its values do, and the affinity and the
    /// collation with which they are compared (<https://www.sqlite.org/datatype3.html#comparison_expressions>).
    pub(super) fn is_read_alike(&self, name: &Name, rows: &RowWork) -> bool {
        let collation = |column: &Column| column.collate.clone().unwrap_or_else(|| Name::from("BINARY"));
        let Some(new) = self.alter.after.column(name) else { return false };
        let new_affinity = affinity(&self.alter.after, new);
        match self.old_column(name) {
            Some(old) => {
                let is_compared_alike =
                    affinity(self.before(), old) == new_affinity && collation(old) == collation(new);
                is_compared_alike && self.keeps_values(name, rows)
            }
            // A literal has neither: CAST gives it an affinity, but not that of a column without a type.
            None => self
                .constant(new, rows)
                .is_some_and(|value| value == NULL || new_affinity != Affinity::Blob && collation(new) == *"BINARY"),
        }
    }

    /// Whether values of a column that are equal before are equal afterwards, by whatever collation.
    pub(super) fn is_equal_alike(&self, name: &Name, rows: &RowWork) -> bool {
        let Some(new) = self.alter.after.column(name) else { return false };
        let Some(old) = self.old_column(name) else { return self.constant(new, rows).is_some() };
        // 1 equals 1.0, and '1' is not '1.0'.
        let is_told_apart = affinity(&self.alter.after, new) == Affinity::Text
            && matches!(affinity(self.before(), old), Affinity::Blob | Affinity::Real);
        !is_told_apart && self.keeps_values(name, rows)
    }

    /// Whether something takes the place of NULL in a column that is there already.
    pub(super) fn is_filled(&self, name: &Name, rows: &RowWork) -> bool {
        let table = &self.alter.after;
        let (Some(old), Some(new)) = (self.old_column(name), table.column(name)) else { return false };
        let takes_null = new.not_null.is_none() && table.rowid_alias().is_none_or(|alias| alias.name != *name);
        old.not_null.is_none() && !takes_null && rows.filling(table, new).is_some()
    }

    /// The condition that a row is asked only for values that it keeps.
    pub(super) fn unfilled(&self, names: &[&Name], rows: &RowWork) -> Vec<String> {
        let filled = names.iter().filter(|name| self.is_filled(name, rows));
        filled.map(|name| format!("{} IS NOT NULL", name.quoted())).collect()
    }

    /// A gate over columns, with what the model says of their values and no script carries out.
    pub(super) fn saying_what_is_idle(&self, mut gate: Gate, names: &[&Name], rows: &RowWork) -> Gate {
        let table = &self.alter.after.name;
        for name in names.iter().filter(|name| self.old_column(name).is_some()) {
            // A column that is asked keeps its values, so that nothing converts it.
            if rows.conversion(table, name).is_some() {
                let _ = write!(gate.help, "; the `using` of `{name}` counts only where its type changes");
            }
            if rows.backfill(table, name).is_some() && !self.is_filled(name, rows) {
                let _ = write!(gate.help, "; the `backfill` of `{name}` counts only where it becomes NOT NULL");
            }
        }
        gate
    }

    /// The old rows where some columns are called as they are going to be, and the table too, new ones with the constant
    /// that they get; `None` where one of these columns is new otherwise, or takes a name by which rows are told apart.
    pub(super) fn rows_with(&self, names: &[&Name], rows: &RowWork) -> Option<String> {
        let (before, after) = (self.before(), &self.alter.after);
        let value = |name: &Name| match self.old_column(name) {
            Some(old) => Some(old.name.quoted()),
            None => self.constant(after.column(name)?, rows),
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

    /// What all rows get in a new column, as it stands there: NULL, or a default that its affinity leaves as it is.
    fn constant(&self, column: &Column, rows: &RowWork) -> Option<String> {
        let table = &self.alter.after;
        let is_rowid = table.rowid_alias().is_some_and(|alias| alias.name == column.name);
        if is_rowid || column.generated.is_some() || rows.backfill(&table.name, &column.name).is_some() {
            return None;
        }
        let Some(default) = &column.default else { return Some(NULL.to_owned()) };
        let tokens: Vec<_> = significant_tokens(default.as_str()).collect();
        let [token] = tokens[..] else { return None };
        let is_integer = token.kind == TokenKind::Number && token.text.parse::<i64>().is_ok();
        let is_text = token.kind == TokenKind::String;
        match affinity(table, column) {
            _ if token.is_word(NULL) => Some(NULL.to_owned()),
            Affinity::Integer | Affinity::Numeric if is_integer => Some(format!("CAST({} AS INTEGER)", token.text)),
            Affinity::Text if is_text => Some(format!("CAST({} AS TEXT)", token.text)),
            Affinity::Blob if is_integer || is_text => Some(token.text.to_owned()),
            _ => None,
        }
    }
}

const NULL: &str = "NULL";
