//! Where the rows and values of a database go while scripts run, read from what the scripts say.
//!
//! A value stays through renames and through copies of whole tables, `INSERT INTO a (x) SELECT y FROM b`; it goes with
//! DROP and with DELETE of all rows. A copy that cannot be followed carries nothing: what is not understood is taken
//! for the worst.

use std::collections::BTreeSet;

use indexmap::IndexMap;

use crate::diff::{Discard, resolve_renames};
use crate::model::Renames;
use crate::plan;
use crate::schema::{Name, Schema};
use crate::sql::{self, Statement};
use crate::token::{Token, TokenKind, significant_tokens};

/// Which tables and columns hold what there was at the start.
#[derive(Debug, Clone, Default)]
pub struct Flow {
    tables: IndexMap<Name, Held>,
    /// In how many tables the rows of each table of the start are, in the order of the start.
    rows: IndexMap<Name, usize>,
    /// In how many columns the values of each column of the start are.
    values: IndexMap<(Name, Name), usize>,
    /// What has been in none for a moment, as its places in the two.
    loose_rows: BTreeSet<usize>,
    loose_values: BTreeSet<usize>,
    /// Columns of the start of which a copy carries nothing but what it computes from them.
    converted: BTreeSet<(Name, Name)>,
}

/// What a table holds of what there was, by the names of the start.
#[derive(Debug, Clone, Default)]
struct Held {
    rows: BTreeSet<Name>,
    columns: IndexMap<Name, BTreeSet<(Name, Name)>>,
}

impl Flow {
    /// The start: each table holds its own.
    #[must_use]
    pub fn of(schema: &Schema) -> Flow {
        let held = |table: &Name, columns: Vec<Name>| {
            let of_itself = |column: Name| (column.clone(), [(table.clone(), column)].into());
            (
                table.clone(),
                Held { rows: [table.clone()].into(), columns: columns.into_iter().map(of_itself).collect() },
            )
        };
        let tables = schema.tables.values().map(|table| {
            let copied = table.columns.iter().filter(|column| column.is_copied());
            held(&table.name, copied.map(|column| column.name.clone()).collect())
        });
        let virtual_tables = schema.virtual_tables.values().filter(|table| plan::holds_rows(table)).map(|table| {
            let tokens =
                table.arguments.iter().map(|argument| significant_tokens(argument.as_str()).collect::<Vec<_>>());
            let columns = tokens.filter(|tokens| !tokens.iter().any(|token| token.is_operator("=")));
            held(&table.name, columns.filter_map(|tokens| Some(name(tokens.first()?))).collect())
        });
        let mut flow = Flow { tables: tables.chain(virtual_tables).collect(), ..Flow::default() };
        for held in flow.tables.values() {
            flow.rows.extend(held.rows.iter().map(|row| (row.clone(), 1)));
            flow.values.extend(held.columns.values().flatten().map(|value| (value.clone(), 1)));
        }
        flow
    }

    /// Follows a script, and says what no table holds any more after it.
    pub fn follow(&mut self, script: &str) -> Vec<Discard> {
        for statement in statements(script) {
            self.take(script, &statement);
        }
        let mut lost: Vec<Discard> = Vec::new();
        for place in std::mem::take(&mut self.loose_rows) {
            if let Some((table, 0)) = self.rows.get_index(place) {
                lost.push(Discard::Rows { table: table.clone() });
            }
        }
        for place in std::mem::take(&mut self.loose_values) {
            if let Some(((table, column), 0)) = self.values.get_index(place)
                && self.rows.get(table).is_some_and(|number| *number > 0)
            {
                lost.push(Discard::Values { table: table.clone(), column: column.clone() });
            }
        }
        lost
    }

    /// The columns, by their names at the start, whose values went on in a form that was computed from them.
    pub fn converted(&self) -> impl Iterator<Item = &(Name, Name)> {
        self.converted.iter()
    }

    /// The name that a table had at the start; none where it was not there, or holds rows of several.
    #[must_use]
    pub fn table(&self, table: &Name) -> Option<&Name> {
        only(&self.tables.get(table)?.rows)
    }

    /// The names that a column and its table had at the start.
    #[must_use]
    pub fn column(&self, table: &Name, column: &Name) -> Option<(&Name, &Name)> {
        let (table, column) = only(self.tables.get(table)?.columns.get(column)?)?;
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
        for value in held.columns.values().flatten() {
            *self.values.entry(value.clone()).or_default() += 1;
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
        for value in held.columns.values().flatten() {
            if let Some((place, _, number)) = self.values.get_full_mut(value) {
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
                        held.columns.values_mut().for_each(BTreeSet::clear);
                    });
                }
            }
            () if is(0, "CREATE") && is(1, "TABLE") => {
                let (Some(first), Some(last)) = (tokens.first(), tokens.last()) else { return };
                if let Ok(Statement::Table(table)) = sql::read(&script[first.span().start..last.span().end]) {
                    let copied = table.columns.iter().filter(|column| column.is_copied());
                    let columns = copied.map(|column| (column.name.clone(), BTreeSet::new())).collect();
                    self.tables.entry(table.name).or_insert(Held { rows: BTreeSet::new(), columns });
                }
            }
            () if is(0, "INSERT") => {
                if let Some(copy) = self.copy(tokens) {
                    self.converted.extend(copy.converted.iter().cloned());
                    self.fill(copy);
                }
            }
            () if is(0, "UPDATE") => self.update(tokens),
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

    /// `UPDATE t SET c = …` for all rows: what it is made of is held by `c` too.
    fn update(&mut self, tokens: &[Token<'_>]) {
        let Some((table, at)) = named(tokens, 1) else { return };
        let is_set = tokens.get(at).is_some_and(|token| token.is_word("SET"));
        let narrows = ["WHERE", "FROM", "LIMIT"].iter().any(|word| tokens.iter().any(|token| token.is_word(word)));
        if !is_set || narrows {
            return;
        }
        self.change(&table, |held| {
            for assignment in split(&tokens[at + 1..]) {
                let [column, equals, value @ ..] = assignment else { continue };
                if equals.is_operator("=") {
                    let origins: Vec<_> = mentioned(value, &held.columns).collect();
                    held.columns.entry(name(column)).or_default().extend(origins);
                }
            }
        });
    }

    /// What `INSERT INTO a (x, …) SELECT y, … FROM b` carries, where it carries all rows.
    fn copy(&self, tokens: &[Token<'_>]) -> Option<Copy> {
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
        let list = &tokens[at + 1..from];
        let values: Vec<BTreeSet<(Name, Name)>> = match list {
            [star] if star.is_operator("*") => held.columns.values().cloned().collect(),
            _ => split(list).map(|value| mentioned(value, &held.columns).collect()).collect(),
        };
        let (plain, computed): (Vec<_>, Vec<_>) = split(list).partition(|value| keeps_what_it_names(value));
        let of = |values: &[&[Token<'_>]]| -> BTreeSet<(Name, Name)> {
            values.iter().flat_map(|value| mentioned(value, &held.columns)).collect()
        };
        let converted = of(&computed).difference(&of(&plain)).cloned().collect();
        let columns = match columns {
            Some(columns) => columns,
            None => self.tables.get(&target)?.columns.keys().cloned().collect(),
        };
        (columns.len() == values.len()).then(|| Copy {
            target,
            rows: held.rows.clone(),
            columns: columns.into_iter().zip(values).collect(),
            converted,
        })
    }

    fn fill(&mut self, copy: Copy) {
        self.tables.entry(copy.target.clone()).or_default();
        self.change(&copy.target, |held| {
            held.rows.extend(copy.rows);
            for (column, origins) in copy.columns {
                held.columns.entry(column).or_default().extend(origins);
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
    columns: Vec<(Name, BTreeSet<(Name, Name)>)>,
    converted: BTreeSet<(Name, Name)>,
}

/// Whether a value is a column as it is, with or without something in place of NULL, or all columns.
fn keeps_what_it_names(value: &[Token<'_>]) -> bool {
    match value {
        [_] => true,
        [_, dot, _] => dot.is_operator("."),
        [function, open, column, comma, ..] => {
            let is_name = matches!(column.kind, TokenKind::Word | TokenKind::QuotedName);
            let fills = function.is_word("coalesce") || function.is_word("ifnull");
            fills && open.is_operator("(") && is_name && comma.is_operator(",")
        }
        _ => false,
    }
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
    significant_tokens(script).any(|token| token.is_word("DROP") || token.is_word("DELETE"))
}

/// The statements of a script, as their tokens without the semicolon; a trigger is one of them.
pub(super) fn statements(script: &str) -> Vec<Vec<Token<'_>>> {
    let mut statements = vec![Vec::new()];
    // Within a trigger: how many CASE are open, from its BEGIN to its END.
    let mut body: Option<usize> = None;
    for token in significant_tokens(script) {
        let statement: &mut Vec<Token<'_>> = statements.last_mut().expect("there is one from the start");
        match body {
            None if token.is_operator(";") => {
                statements.push(Vec::new());
                continue;
            }
            None if token.is_word("BEGIN") && is_trigger(statement) => body = Some(0),
            Some(0) if token.is_word("END") => body = None,
            Some(open) if token.is_word("END") => body = Some(open - 1),
            Some(open) if token.is_word("CASE") => body = Some(open + 1),
            _ => {}
        }
        statement.push(token);
    }
    statements.retain(|statement| !statement.is_empty());
    statements
}

fn is_trigger(statement: &[Token<'_>]) -> bool {
    statement.first().is_some_and(|token| token.is_word("CREATE"))
        && (1..=2).any(|at| statement.get(at).is_some_and(|token| token.is_word("TRIGGER")))
}

fn name(token: &Token<'_>) -> Name {
    Name::new(token.unquoted().into_owned())
}

/// The name of a table, `main.` before it or not, and where it ends.
fn named(tokens: &[Token<'_>], at: usize) -> Option<(Name, usize)> {
    let first = tokens.get(at)?;
    if tokens.get(at + 1).is_some_and(|token| token.is_operator(".")) {
        let table = tokens.get(at + 2).filter(|_| first.is_word("main") || first.unquoted() == "main")?;
        return Some((name(table), at + 3));
    }
    Some((name(first), at + 1))
}

/// The tokens outside of all parentheses, with their places.
fn top_level<'a, 't>(tokens: &'a [Token<'t>]) -> impl Iterator<Item = (usize, &'a Token<'t>)> {
    let mut depth = 0_usize;
    tokens.iter().enumerate().filter(move |(_, token)| {
        let here = depth;
        if token.is_operator("(") {
            depth += 1;
        } else if token.is_operator(")") {
            depth = depth.saturating_sub(1);
        }
        here == 0
    })
}

/// The parts between commas.
fn split<'a, 't>(tokens: &'a [Token<'t>]) -> impl Iterator<Item = &'a [Token<'t>]> {
    let commas: Vec<usize> = top_level(tokens).filter(|(_, token)| token.is_operator(",")).map(|(at, _)| at).collect();
    let starts = std::iter::once(0).chain(commas.clone().into_iter().map(|at| at + 1));
    let ends = commas.into_iter().chain([tokens.len()]);
    starts.zip(ends).map(|(start, end)| &tokens[start..end])
}

/// What the columns hold that an expression names.
fn mentioned<'a>(
    value: &'a [Token<'_>],
    columns: &'a IndexMap<Name, BTreeSet<(Name, Name)>>,
) -> impl Iterator<Item = (Name, Name)> + 'a {
    let names = value.iter().filter(|token| matches!(token.kind, TokenKind::Word | TokenKind::QuotedName));
    names.filter_map(|token| columns.get(&name(token))).flatten().cloned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::{Filter, Scratch};

    fn flow(schema: &str) -> Flow {
        let mut scratch = Scratch::empty().unwrap();
        scratch.run(schema).unwrap();
        Flow::of(&scratch.schema(&Filter::default()).unwrap())
    }

    fn rows(table: &str) -> Discard {
        Discard::Rows { table: Name::from(table) }
    }

    fn values(table: &str, column: &str) -> Discard {
        Discard::Values { table: Name::from(table), column: Name::from(column) }
    }

    #[track_caller]
    fn loses(schema: &str, script: &str, wanted: &[Discard]) {
        assert_eq!(flow(schema).follow(script), wanted, "{script}");
    }

    #[test]
    fn values_stay_through_renames_and_copies() {
        let schema = "CREATE TABLE a (x, y); CREATE TABLE r (id INTEGER PRIMARY KEY, old, g AS (old))";
        loses(
            schema,
            "ALTER TABLE a RENAME TO \"b\"; ALTER TABLE main.b RENAME COLUMN x TO z; ALTER TABLE b RENAME y TO w; \
             CREATE TABLE schemactl_new_r (id INTEGER PRIMARY KEY, new, n); \
             INSERT OR ABORT INTO schemactl_new_r (id, new) SELECT id, coalesce(\"old\", ('x')) FROM r ORDER BY id; \
             DROP TABLE r; ALTER TABLE schemactl_new_r RENAME TO r",
            &[],
        );
        loses(schema, "CREATE TABLE c (p, q); INSERT INTO c SELECT * FROM a; DROP TABLE IF EXISTS a", &[]);
        loses(schema, "ALTER TABLE a ADD z; UPDATE a SET z = lower(x); ALTER TABLE a DROP x", &[]);
        loses(schema, "ALTER TABLE a DROP CONSTRAINT x; ALTER TABLE a ADD CONSTRAINT y CHECK (x)", &[]);
    }

    #[test]
    fn renames_are_read_from_a_script_and_rebuilds_are_none() {
        let schema = |sql: &str| {
            let mut scratch = Scratch::empty().unwrap();
            scratch.run(sql).unwrap();
            scratch.schema(&Filter::default()).unwrap()
        };
        let before = schema("CREATE TABLE a (x, y); CREATE TABLE r (x, o)");
        let mut flow = Flow::of(&before);
        flow.follow(
            "ALTER TABLE a RENAME TO \"b\"; ALTER TABLE b RENAME COLUMN x TO z; ALTER TABLE b RENAME y TO w; \
             CREATE TABLE schemactl_new_r (x, n); INSERT INTO schemactl_new_r (x, n) SELECT x, o FROM r; \
             DROP TABLE r; ALTER TABLE schemactl_new_r RENAME TO r;",
        );
        let renames = flow.renames(&before, &schema("CREATE TABLE b (z, w); CREATE TABLE r (x, n)"));
        assert_eq!(renames.tables, [(Name::from("b"), Name::from("a"))].into());
        assert_eq!(renames.columns.len(), 3, "{renames:?}");
        assert_eq!(flow.column(&Name::from("r"), &Name::from("n")), Some((&Name::from("r"), &Name::from("o"))));
    }

    #[test]
    fn what_goes_is_told_by_the_names_of_the_start() {
        let schema = "CREATE TABLE a (x, y); CREATE TABLE b (z)";
        loses(
            schema,
            "ALTER TABLE a RENAME TO c; ALTER TABLE c RENAME x TO q; ALTER TABLE c DROP COLUMN q",
            &[values("a", "x")],
        );
        loses(schema, "DROP TABLE main.b; CREATE TABLE b (z)", &[rows("b")]);
        loses(schema, "DELETE FROM b", &[rows("b")]);
        loses(
            schema,
            "CREATE TABLE c (x); INSERT INTO c SELECT x FROM a; DROP TABLE a; ALTER TABLE c RENAME TO a",
            &[values("a", "y")],
        );
        for partial in ["WHERE x", "LIMIT 5", "JOIN b", "GROUP BY x", "ORDER BY x LIMIT 1"] {
            let script = format!("CREATE TABLE c (x, y); INSERT INTO c SELECT * FROM a {partial}; DROP TABLE a");
            loses(schema, &script, &[rows("a")]);
        }
        loses(schema, "CREATE TABLE c (x, y); INSERT OR IGNORE INTO c SELECT * FROM a; DROP TABLE a", &[rows("a")]);
    }

    #[test]
    fn a_trigger_copies_nothing_yet() {
        let trigger = "CREATE TRIGGER t AFTER DELETE ON a BEGIN SELECT CASE WHEN 1 THEN 2 END; \
                       INSERT INTO b SELECT x FROM a; END;";
        let schema = "CREATE TABLE a (x); CREATE TABLE b (z)";
        loses(schema, &format!("{trigger} DROP TABLE a"), &[rows("a")]);
        assert_eq!(statements(&format!("{trigger} SELECT 1; ; SELECT 2")).len(), 3);
    }

    #[test]
    fn full_text_tables_keep_what_is_copied_and_have_nothing_where_they_show_another() {
        let schema = "CREATE TABLE a (x); CREATE VIRTUAL TABLE f USING fts5(p, q UNINDEXED, tokenize = 'ascii'); \
                      CREATE VIRTUAL TABLE shown USING fts5(x, content='a')";
        let copy = "CREATE VIRTUAL TABLE n USING fts5(p, q); INSERT INTO n (rowid, p, q) SELECT rowid, p, q FROM f; \
                    DROP TABLE f; ALTER TABLE n RENAME TO f; DROP TABLE shown";
        loses(schema, copy, &[]);
        loses(schema, "DROP TABLE f", &[rows("f")]);
        loses(schema, &copy.replace(", q", ""), &[values("f", "q")]);
    }

    #[test]
    fn what_a_step_makes_is_nobodys_loss_in_the_next() {
        let mut flow = flow("CREATE TABLE a (x)");
        assert_eq!(flow.follow("CREATE TABLE b (y); CREATE TABLE kept (x); INSERT INTO kept (x) SELECT x FROM a"), []);
        assert_eq!(flow.follow("DROP TABLE a; DROP TABLE b"), []);
        assert_eq!(flow.follow("DROP TABLE kept"), [rows("a")]);
    }
}
