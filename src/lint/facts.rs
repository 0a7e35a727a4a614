//! What the database has of that which a revision touches, where one is at hand: numbers, no guesses.

use crate::database::gate::{Gate, Offending};
use crate::operation::Rows;
use crate::operation::flow::{Conversion, Flow};
use crate::schema::Name;

/// The rows that a revision will find.
pub(super) struct Facts<'a> {
    rows: Option<&'a Rows<'a>>,
    /// Where the tables of the schema before the revision stand in the database.
    flow: &'a Flow,
}

impl<'a> Facts<'a> {
    /// The facts of a database; none where there is no database, or the revision has run in it.
    pub fn new(rows: Option<&'a Rows<'a>>, flow: &'a Flow) -> Facts<'a> {
        Facts { rows, flow }
    }

    /// How many rows a table has.
    pub fn rows(&self, table: &Name) -> Option<u64> {
        let own = self.flow.table(table)?;
        self.number(&format!("SELECT count(*) FROM {}", own.quoted()))
    }

    /// How many values a column has that are not NULL.
    pub fn values(&self, table: &Name, column: &Name) -> Option<u64> {
        let (own, column) = self.flow.column(table, column)?;
        self.number(&format!("SELECT count({}) FROM {}", column.quoted(), own.quoted()))
    }

    /// How many values are not the same after a conversion; nothing where the table has another name in the database.
    pub fn replaced(&self, conversion: &Conversion) -> Option<u64> {
        let (table, column) = (&conversion.table, &conversion.column);
        let is_there = self.flow.column(table, column) == Some((table, column));
        self.number(conversion.question.as_ref().filter(|_| is_there)?)
    }

    /// The rows that stand in the way of a change; nothing where no database can say.
    pub fn offending(&self, gates: &[Gate]) -> Option<Vec<Offending>> {
        let rows = self.rows?;
        // A question about tables that the revisions before have made or renamed cannot be asked yet.
        let answers: Vec<_> = gates.iter().filter_map(|gate| rows.offending(gate).ok()).collect();
        (!answers.is_empty()).then(|| answers.into_iter().flatten().collect())
    }

    /// A database that cannot answer is none: what cannot be counted is not told.
    fn number(&self, sql: &str) -> Option<u64> {
        u64::try_from(self.rows?.number(sql).ok()?).ok()
    }
}
