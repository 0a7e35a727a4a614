//! What happens to the rows: values that the model gives for columns that are added, tightened or converted.

use indexmap::{IndexMap, IndexSet};

use crate::model::Intent;
use crate::schema::{Column, Expression, Name, Table};
use crate::token::{TokenKind, significant_tokens};

use super::native::is_constant;
use super::statement::Statement;

/// Expressions for existing rows, by table and column as they are called afterwards.
#[derive(Debug, Clone, Default)]
pub struct RowWork {
    backfills: IndexMap<(Name, Name), Expression>,
    conversions: IndexMap<(Name, Name), Expression>,
    returning: IndexMap<Name, Vec<Statement>>,
    restored: IndexSet<(Name, Name)>,
}

impl RowWork {
    /// The row work that a model asks for.
    #[must_use]
    pub fn from_intent(intent: &Intent) -> RowWork {
        RowWork { backfills: intent.backfills.clone(), conversions: intent.conversions.clone(), ..RowWork::default() }
    }

    /// What fills a column that is added or tightened.
    #[must_use]
    pub fn backfill(&self, table: &Name, column: &Name) -> Option<&Expression> {
        self.backfills.get(&(table.clone(), column.clone()))
    }

    /// What a column's old value becomes when its type changes.
    #[must_use]
    pub fn conversion(&self, table: &Name, column: &Name) -> Option<&Expression> {
        self.conversions.get(&(table.clone(), column.clone()))
    }

    /// The expression that makes a column's values anew: it does so only where the declared type changes.
    pub(super) fn converting(&self, table: &Name, before: &Column, after: &Column) -> Option<&Expression> {
        self.conversion(table, &after.name).filter(|_| before.type_name != after.type_name)
    }

    /// Gives a column whose type changes its values back, as far as there are any.
    pub(super) fn restore(&mut self, table: &Name, column: &Name, value: Expression) {
        let column = (table.clone(), column.clone());
        self.conversions.insert(column.clone(), value);
        self.restored.insert(column);
    }

    /// Whether the values of a column are converted by an expression that somebody has thought of.
    pub(super) fn is_converted(&self, table: &Name, column: &Name) -> bool {
        self.conversion(table, column).is_some() && !self.restored.contains(&(table.clone(), column.clone()))
    }

    /// Whether what the model says of the rows of a table names a column.
    pub(super) fn speaks_of(&self, table: &Name, column: &Name) -> bool {
        let names_it = |expression: &Expression| {
            significant_tokens(expression.as_str()).any(|token| {
                matches!(token.kind, TokenKind::Word | TokenKind::QuotedName) && *column == *token.unquoted()
            })
        };
        let work = self.backfills.iter().chain(&self.conversions);
        work.filter(|((of, _), _)| of == table).any(|(_, expression)| names_it(expression))
    }

    /// Fills a column that is added or tightened, whatever was to fill it before.
    pub(super) fn set_backfill(&mut self, table: &Name, column: &Name, value: Expression) {
        self.backfills.insert((table.clone(), column.clone()), value);
    }

    /// Fills a table as soon as it is created.
    pub(super) fn return_rows(&mut self, table: &Name, statements: Vec<Statement>) {
        self.returning.insert(table.clone(), statements);
    }

    /// What fills a table that is created.
    pub(super) fn returning_rows(&self, table: &Name) -> &[Statement] {
        self.returning.get(table).map_or(&[], Vec::as_slice)
    }

    /// What takes the place of NULL in a column that becomes NOT NULL: its backfill, or else its literal default.
    #[must_use]
    pub fn filling<'a>(&'a self, table: &Table, column: &'a Column) -> Option<&'a Expression> {
        let default = column.default.as_ref().filter(|default| is_constant(default) && default.normal() != "NULL");
        self.backfill(&table.name, &column.name).or(default)
    }
}
