//! A revision as rules look at it: its statements, and the schemas before and after them.

use std::ops::Range;

use super::facts::Facts;
use super::statement::{Kind, Statement};
use crate::database::gate::Gate;
use crate::diff::{AlterTable, Change, TableChange};
use crate::plan::keep;
use crate::revision::{Script, Section};
use crate::schema::{Name, Schema};
use crate::token::significant_tokens;

/// A revision that was run in a scratch database.
pub(super) struct Step<'a> {
    pub script: &'a Script,
    /// The SQL that was run.
    pub section: &'a Section,
    /// Its statements.
    pub statements: Vec<Statement>,
    pub before: &'a Schema,
    pub after: &'a Schema,
    pub changes: Vec<Change>,
    /// The questions to the rows that the script carries.
    pub gates: Vec<Gate>,
    pub facts: &'a Facts<'a>,
}

impl<'a> Step<'a> {
    /// The tables that stay and differ.
    pub fn altered(&self) -> impl Iterator<Item = &AlterTable> {
        self.changes.iter().filter_map(|change| match change {
            Change::AlterTable(alter) => Some(alter),
            _ => None,
        })
    }

    /// All changes inside of tables that stay.
    pub fn table_changes(&self) -> impl Iterator<Item = (&AlterTable, &TableChange)> {
        self.altered().flat_map(|alter| alter.changes.iter().map(move |change| (alter, change)))
    }

    /// Where the script does something to a table: at the statement that names most of these things, the first of
    /// them above all.
    pub fn place(&self, names: &[&Name]) -> Range<usize> {
        let score = |statement: &Statement| {
            let named = names.iter().enumerate().filter(|(_, name)| statement.names(name));
            named.map(|(at, _)| if at == 0 { names.len() + 1 } else { 1 }).sum::<usize>()
        };
        let mut best: Option<(usize, &Statement)> = None;
        for statement in &self.statements {
            let reached = score(statement);
            if reached > 0 && best.is_none_or(|(most, _)| reached > most) {
                best = Some((reached, statement));
            }
        }
        let Some((_, statement)) = best else { return 0..0 };
        names.iter().find_map(|name| statement.span_of(name)).unwrap_or_else(|| statement.span.clone())
    }

    /// The first statement that does something of a kind.
    pub fn statement(&self, is_it: impl Fn(&Kind) -> bool) -> Option<&Statement> {
        self.statements.iter().find(|statement| is_it(&statement.kind))
    }

    /// Whether a question that the script carries looks for rows of a table, in these columns where any are given.
    pub fn is_asked(&self, table: &Name, columns: &[&Name]) -> bool {
        self.gates.iter().any(|gate| {
            let names = |name: &&Name| {
                significant_tokens(&gate.sql)
                    .chain(significant_tokens(&gate.violation))
                    .any(|t| **name == *t.unquoted())
            };
            names(&table) && columns.iter().all(names)
        })
    }

    /// The tables that the script makes anew under a name of its own and puts in the place of the old one: each with
    /// the name that it is made under.
    pub fn rebuilt(&self) -> Vec<(&'a Name, &Name)> {
        let made = self.statements.iter().filter_map(|statement| match &statement.kind {
            Kind::CreateTable(name) => Some(name),
            _ => None,
        });
        let mut rebuilt = Vec::new();
        for stage in made.filter(|name| !self.before.tables.contains_key(*name)) {
            let renamed = self.statements.iter().find_map(|statement| match &statement.kind {
                Kind::RenameTable { from, to } if from == stage => Some(to),
                _ => None,
            });
            if let Some((name, _)) = renamed.and_then(|to| self.before.tables.get_key_value(to)) {
                rebuilt.push((name, stage));
            }
        }
        rebuilt
    }

    /// Whether the script puts the rows of a table aside, so that its way back can bring them back.
    pub fn keeps(&self, table: &Name) -> bool {
        let aside = keep::side_name(&self.script.revision.id, table);
        self.statement(|kind| matches!(kind, Kind::CreateTable(name) if *name == aside)).is_some()
    }

    /// The copies of a table's rows into the table that takes its place.
    fn copies(&self, table: &Name) -> impl Iterator<Item = &Statement> {
        let stages: Vec<Name> =
            self.rebuilt().into_iter().filter(|(of, _)| *of == table).map(|(_, to)| to.clone()).collect();
        self.statements.iter().filter(
            move |statement| matches!(&statement.kind, Kind::Insert { into, from: Some(_) } if stages.contains(into)),
        )
    }

    /// Whether the script gives values to a column before it is tightened: by an UPDATE, or by more than the bare
    /// column in the copy into a new table. Rows that are deleted count as well.
    pub fn is_prepared(&self, table: &Name, column: &Name) -> bool {
        let is_more_than_bare = |source: &str| significant_tokens(source).count() > 1;
        let by_statement = self.statement(|kind| match kind {
            Kind::Update { table: of, columns, .. } => of == table && columns.contains(column),
            Kind::Delete { table: of, .. } => of == table,
            _ => false,
        });
        by_statement.is_some() || self.copies(table).any(|copy| copy.source_of(column).is_some_and(is_more_than_bare))
    }

    /// Whether the copy into a new table brings values for a column that is new.
    pub fn is_filled(&self, table: &Name, column: &Name) -> bool {
        self.copies(table).any(|copy| copy.source_of(column).is_some())
    }

    /// Whether the copy into a new table takes the values of a column that goes, under whatever name.
    pub fn is_carried_over(&self, table: &Name, column: &Name) -> bool {
        self.copies(table).any(|copy| {
            let select = significant_tokens(&copy.text).skip_while(|token| !token.is_word("SELECT"));
            let mut sources = select.take_while(|token| !token.is_word("FROM"));
            sources.any(|token| *column == *token.unquoted())
        })
    }
}
