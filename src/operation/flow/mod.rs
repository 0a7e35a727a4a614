//! Where the rows and values of a database go while scripts run, read from what the scripts say.
//!
//! A value stays through renames and through copies of whole tables, `INSERT INTO a (x) SELECT y FROM b`; it goes with
//! DROP and with DELETE or UPDATE of all rows. What is computed of a value is not the value: where that alone is left, it
//! is said. A copy that cannot be followed carries nothing: what is not understood is taken for the worst.

mod conversion;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;

use crate::diff::{Discard, Renames, resolve_renames};
use crate::plan;
use crate::schema::{Affinity, Column, Name, Schema, TypeName};
use crate::sql::{self, Statement};
use crate::token::{Token, significant_tokens};

use conversion::Computed;
pub use conversion::Conversion;
use words::{name, named, split, top_level};

/// A column of the start, by its table and its name there.
type Origin = (Name, Name);

/// Which tables and columns hold what there was at the start.
#[derive(Debug, Clone, Default)]
pub struct Flow {
    tables: IndexMap<Name, Held>,
    /// In how many tables the rows of each table of the start are, in the order of the start.
    rows: IndexMap<Name, usize>,
    /// In how many columns the values of each column of the start are.
    values: IndexMap<Origin, Places>,
    /// What has been in none for a moment, as its places in the two.
    loose_rows: BTreeSet<usize>,
    loose_values: BTreeSet<usize>,
    /// What was computed last of the values of a column.
    computed: BTreeMap<Origin, Conversion>,
    /// Columns of which nothing is left but what was computed of them, and those of them that nobody has asked for yet.
    converted: BTreeSet<Origin>,
    conversions: Vec<Conversion>,
}

/// What a table holds of what there was, by the names of the start.
#[derive(Debug, Clone, Default)]
struct Held {
    rows: BTreeSet<Name>,
    columns: IndexMap<Name, Cells>,
}

/// What a column holds of what there was.
#[derive(Debug, Clone, Default)]
struct Cells {
    affinity: Option<Affinity>,
    of: BTreeMap<Origin, Form>,
}

/// How a value is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Form {
    /// As something that was computed of it.
    Computed,
    /// As it was.
    Whole,
}

/// In how many columns something is, in either form.
#[derive(Debug, Clone, Copy, Default)]
struct Places {
    whole: usize,
    computed: usize,
}

impl Places {
    fn of(&mut self, form: Form) -> &mut usize {
        match form {
            Form::Whole => &mut self.whole,
            Form::Computed => &mut self.computed,
        }
    }
}

impl Cells {
    fn of(column: &Column) -> Cells {
        Cells { affinity: column.type_name.as_ref().map(TypeName::affinity), of: BTreeMap::new() }
    }

    fn take(&mut self, origins: BTreeMap<Origin, Form>) {
        for (origin, form) in origins {
            let held = self.of.entry(origin).or_insert(form);
            *held = form.max(*held);
        }
    }
}

impl Flow {
    /// The start: each table holds its own.
    #[must_use]
    pub fn of(schema: &Schema) -> Flow {
        let held = |table: &Name, columns: Vec<(Name, Cells)>| {
            let of_itself = |(column, mut cells): (Name, Cells)| {
                cells.of.insert((table.clone(), column.clone()), Form::Whole);
                (column, cells)
            };
            (
                table.clone(),
                Held { rows: [table.clone()].into(), columns: columns.into_iter().map(of_itself).collect() },
            )
        };
        let tables = schema.tables.values().map(|table| {
            let copied = table.columns.iter().filter(|column| column.is_copied());
            held(&table.name, copied.map(|column| (column.name.clone(), Cells::of(column))).collect())
        });
        let virtual_tables = schema.virtual_tables.values().filter(|table| plan::holds_rows(table)).map(|table| {
            let tokens =
                table.arguments.iter().map(|argument| significant_tokens(argument.as_str()).collect::<Vec<_>>());
            let columns = tokens.filter(|tokens| !tokens.iter().any(|token| token.is_operator("=")));
            held(&table.name, columns.filter_map(|tokens| Some((name(tokens.first()?), Cells::default()))).collect())
        });
        let mut flow = Flow { tables: tables.chain(virtual_tables).collect(), ..Flow::default() };
        for held in flow.tables.values() {
            flow.rows.extend(held.rows.iter().map(|row| (row.clone(), 1)));
            let values = held.columns.values().flat_map(|cells| cells.of.keys());
            flow.values.extend(values.map(|value| (value.clone(), Places { whole: 1, computed: 0 })));
        }
        flow
    }

    /// Follows a script, and says what no table holds any more after it.
    pub fn follow(&mut self, script: &str) -> Vec<Discard> {
        for statement in sql::statements(script) {
            self.take(script, &statement);
        }
        let mut lost: Vec<Discard> = Vec::new();
        for place in std::mem::take(&mut self.loose_rows) {
            if let Some((table, 0)) = self.rows.get_index(place) {
                lost.push(Discard::Rows { table: table.clone() });
            }
        }
        for place in std::mem::take(&mut self.loose_values) {
            let Some((value, places)) = self.values.get_index(place) else { continue };
            let (table, column) = value;
            if places.whole > 0 || self.rows.get(table).is_none_or(|number| *number == 0) {
                continue;
            }
            if places.computed == 0 {
                lost.push(Discard::Values { table: table.clone(), column: column.clone() });
            } else if let Some(conversion) = self.computed.get(value)
                && self.converted.insert(value.clone())
            {
                self.conversions.push(conversion.clone());
            }
        }
        lost
    }

    /// The columns of which the scripts since the last time that this was asked have left nothing but what they compute
    /// of their values.
    pub fn conversions(&mut self) -> Vec<Conversion> {
        std::mem::take(&mut self.conversions)
    }

    /// The name that a table had at the start; none where it was not there, or holds rows of several.
    #[must_use]
    pub fn table(&self, table: &Name) -> Option<&Name> {
        only(&self.tables.get(table)?.rows)
    }

    /// The names that a column and its table had at the start.
    #[must_use]
    pub fn column(&self, table: &Name, column: &Name) -> Option<(&Name, &Name)> {
        let of = &self.tables.get(table)?.columns.get(column)?.of;
        let ((table, column), _) = of.first_key_value().filter(|_| of.len() == 1)?;
        Some((table, column))
    }

    /// The renames that lead from the schema of the start to the one after.
    #[must_use]
    pub fn renames(&self, before: &Schema, after: &Schema) -> Renames {
        let mut renames = Renames::default();
        for table in after.tables.values() {
            let Some(origin) = self.table(&table.name) else { continue };
            let is_renamed = !after.tables.contains_key(origin) && !before.tables.contains_key(&table.name);
            if is_renamed {
                renames.tables.insert(table.name.clone(), origin.clone());
            } else if *origin != table.name {
                continue;
            }
            for column in &table.columns {
                if let Some((of, old)) = self.column(&table.name, &column.name)
                    && of == origin
                    && table.column(old).is_none()
                {
                    renames.columns.insert((table.name.clone(), column.name.clone()), old.clone());
                }
            }
        }
        resolve_renames(before, after, &renames).unwrap_or_default()
    }

    /// Changes what a table holds, if it is there.
    fn change(&mut self, table: &Name, change: impl FnOnce(&mut Held)) {
        let Some(mut held) = self.tables.get_mut(table).map(std::mem::take) else { return };
        self.let_go(&held);
        change(&mut held);
        for row in &held.rows {
            *self.rows.entry(row.clone()).or_default() += 1;
        }
        for (value, form) in held.columns.values().flat_map(|cells| &cells.of) {
            *self.values.entry(value.clone()).or_default().of(*form) += 1;
        }
        self.tables.insert(table.clone(), held);
    }

    /// Takes note of what a table does not hold any more.
    fn let_go(&mut self, held: &Held) {
        for row in &held.rows {
            if let Some((place, _, number)) = self.rows.get_full_mut(row) {
                *number -= 1;
                self.loose_rows.extend((*number == 0).then_some(place));
            }
        }
        for (value, form) in held.columns.values().flat_map(|cells| &cells.of) {
            if let Some((place, _, places)) = self.values.get_full_mut(value) {
                let number = places.of(*form);
                *number -= 1;
                self.loose_values.extend((*number == 0).then_some(place));
            }
        }
    }

    fn take(&mut self, script: &str, tokens: &[Token<'_>]) {
        let is = |at: usize, word: &str| tokens.get(at).is_some_and(|token| token.is_word(word));
        match () {
            () if is(0, "ALTER") && is(1, "TABLE") => self.alter(tokens),
            () if is(0, "DROP") && is(1, "TABLE") => {
                let at = if is(2, "IF") { 4 } else { 2 };
                if let Some((table, _)) = named(tokens, at)
                    && let Some(held) = self.tables.shift_remove(&table)
                {
                    self.let_go(&held);
                }
            }
            () if is(0, "DELETE") && is(1, "FROM") => {
                if let Some((table, end)) = named(tokens, 2)
                    && end == tokens.len()
                {
                    self.change(&table, |held| {
                        held.rows.clear();
                        held.columns.values_mut().for_each(|cells| cells.of.clear());
                    });
                }
            }
            () if is(0, "CREATE") && is(1, "TABLE") => {
                let (Some(first), Some(last)) = (tokens.first(), tokens.last()) else { return };
                if let Ok(Statement::Table(table)) = sql::read(&script[first.span().start..last.span().end]) {
                    let copied = table.columns.iter().filter(|column| column.is_copied());
                    let columns = copied.map(|column| (column.name.clone(), Cells::of(column))).collect();
                    self.tables.entry(table.name).or_insert(Held { rows: BTreeSet::new(), columns });
                }
            }
            () if is(0, "INSERT") => {
                if let Some(copy) = self.copy(script, tokens) {
                    self.fill(copy);
                }
            }
            () if is(0, "UPDATE") => self.update(script, tokens),
            () => {}
        }
    }

    fn alter(&mut self, tokens: &[Token<'_>]) {
        let is = |at: usize, word: &str| tokens.get(at).is_some_and(|token| token.is_word(word));
        let Some((table, at)) = named(tokens, 2) else { return };
        if is(at, "RENAME") && is(at + 1, "TO") {
            if let (Some((new, _)), Some(held)) = (named(tokens, at + 2), self.tables.shift_remove(&table))
                && let Some(other) = self.tables.insert(new, held)
            {
                self.let_go(&other);
            }
            return;
        }
        let first = if is(at + 1, "COLUMN") && !is(at + 2, "TO") { at + 2 } else { at + 1 };
        let Some(column) = tokens.get(first).map(name) else { return };
        self.change(&table, |held| {
            if is(at, "RENAME") {
                if let (Some(new), Some(origins)) =
                    (tokens.get(first + 2).map(name), held.columns.shift_remove(&column))
                {
                    held.columns.insert(new, origins);
                }
            } else if is(at, "ADD") && !is(first, "CONSTRAINT") && !is(first, "CHECK") {
                held.columns.entry(column).or_default();
            } else if is(at, "DROP") && !is(first, "CONSTRAINT") {
                held.columns.shift_remove(&column);
            }
        });
    }

    /// `UPDATE t SET c = …` for all rows: `c` holds what it is made of, and nothing else any more.
    fn update(&mut self, script: &str, tokens: &[Token<'_>]) {
        let Some((table, at)) = named(tokens, 1) else { return };
        let is_set = tokens.get(at).is_some_and(|token| token.is_word("SET"));
        let narrows =
            ["WHERE", "FROM", "LIMIT"].iter().any(|word| top_level(tokens).any(|(_, token)| token.is_word(word)));
        let Some(held) = self.tables.get(&table).filter(|_| is_set && !narrows) else { return };
        let mut computed = Computed::new(&table, held);
        let mut made = Vec::new();
        for assignment in split(&tokens[at + 1..]) {
            let [column, equals, value @ ..] = assignment else { continue };
            if equals.is_operator("=") {
                let column = name(column);
                let origins = computed.take(script, value, held.columns.get(&column).and_then(|cells| cells.affinity));
                made.push((column, origins));
            }
        }
        computed.note_in(&mut self.computed);
        self.change(&table, |held| {
            for (column, origins) in made {
                held.columns.entry(column).or_default().of = origins;
            }
        });
    }

    /// What `INSERT INTO a (x, …) SELECT y, … FROM b` carries, where it carries all rows.
    fn copy(&mut self, script: &str, tokens: &[Token<'_>]) -> Option<Copy> {
        let is = |at: usize, word: &str| tokens.get(at).is_some_and(|token| token.is_word(word));
        let into = if is(1, "OR") && !is(2, "IGNORE") && !is(2, "REPLACE") { 3 } else { 1 };
        let (target, mut at) = named(tokens, into + 1).filter(|_| is(into, "INTO"))?;
        let mut columns: Option<Vec<Name>> = None;
        if tokens.get(at)?.is_operator("(") {
            let end = at + tokens[at..].iter().position(|token| token.is_operator(")"))?;
            columns = Some(tokens[at + 1..end].iter().filter(|token| !token.is_operator(",")).map(name).collect());
            at = end + 1;
        }
        if !is(at, "SELECT") || is(at + 1, "DISTINCT") {
            return None;
        }
        let from = at + top_level(&tokens[at..]).find(|(_, token)| token.is_word("FROM"))?.0;
        let (source, end) = named(tokens, from + 1)?;
        let is_ordered = is(end, "ORDER") && !tokens[end..].iter().any(|token| token.is_word("LIMIT"));
        if end != tokens.len() && !is_ordered {
            return None;
        }
        let held = self.tables.get(&source)?;
        let columns = match columns {
            Some(columns) => columns,
            None => self.tables.get(&target)?.columns.keys().cloned().collect(),
        };
        let affinity = |at: usize| self.tables.get(&target)?.columns.get(columns.get(at)?)?.affinity;
        let mut computed = Computed::new(&source, held);
        let values: Vec<BTreeMap<Origin, Form>> = match &tokens[at + 1..from] {
            [star] if star.is_operator("*") => held.columns.values().map(|cells| cells.of.clone()).collect(),
            list => split(list).enumerate().map(|(at, value)| computed.take(script, value, affinity(at))).collect(),
        };
        if columns.len() != values.len() {
            return None;
        }
        let rows = held.rows.clone();
        computed.note_in(&mut self.computed);
        Some(Copy { target, rows, columns: columns.into_iter().zip(values).collect() })
    }

    fn fill(&mut self, copy: Copy) {
        self.tables.entry(copy.target.clone()).or_default();
        self.change(&copy.target, |held| {
            held.rows.extend(copy.rows);
            for (column, origins) in copy.columns {
                held.columns.entry(column).or_default().take(origins);
            }
        });
    }
}

fn only<T: Ord>(set: &BTreeSet<T>) -> Option<&T> {
    set.first().filter(|_| set.len() == 1)
}

struct Copy {
    target: Name,
    rows: BTreeSet<Name>,
    columns: Vec<(Name, BTreeMap<Origin, Form>)>,
}

/// The renames that a script makes, from one schema to the other.
#[must_use]
pub fn renames(script: &str, before: &Schema, after: &Schema) -> Renames {
    let mut flow = Flow::of(before);
    flow.follow(script);
    flow.renames(before, after)
}

/// Whether a script says anything by which rows or values could go.
#[must_use]
pub fn may_discard(script: &str) -> bool {
    significant_tokens(script).any(|token| ["DROP", "DELETE", "UPDATE"].iter().any(|word| token.is_word(word)))
}

#[cfg(test)]
mod tests;
