//! Values for columns that come back on the way down, whose own values are gone.
//!
//! They are guesses: constants, neighbours of what a CHECK names, other columns of the row. Which of them SQLite takes,
//! one by one and together, is asked of SQLite, with made-up rows on scratch databases.

use crate::database::Scratch;
use crate::diff::{Change, ColumnOrder, Renames, TableChange, diff};
use crate::model::Intent;
use crate::schema::{Affinity, Check, Column, Expression, Index, IndexKey, IndexTerm, Name, Schema, Table, TypeName};
use crate::token::{TokenKind, significant_tokens};

use super::Error;
use super::rows::RowWork;
use super::sample::{self, Amount};
use super::station::Station;

/// How many combinations are tried for one table at most.
const COMBINATIONS: usize = 1000;

/// A table with columns that come back.
struct Returning<'a> {
    /// The table that they come back to, as it is then.
    source: Table,
    /// The table as it becomes.
    table: &'a Table,
    columns: Vec<Refilled<'a>>,
}

/// A column that comes back, with what may fill it, the likeliest first; `None` is its default.
struct Refilled<'a> {
    column: &'a Column,
    fillers: Vec<Option<Expression>>,
}

/// Guesses at what fills the columns that come back; at least one, which may be to fill none.
///
/// # Errors
/// When SQLite refuses the schema that the way back comes from.
pub(super) fn ways_back(
    scratch: &Scratch,
    before: &Schema,
    after: &Schema,
    renames: &Renames,
) -> Result<Vec<RowWork>, Error> {
    let mut returning = returning(before, after, renames);
    for Returning { source, table, columns } in &mut returning {
        for Refilled { column, fillers } in columns {
            // One value for all rows fits no more than one of them where values must differ.
            let is_key = is_unique_alone(table, column);
            fillers.sort_by_cached_key(|filler| {
                let is_one_for_all = is_key && !differs_by_row(source, filler.as_ref());
                (is_refused(scratch, source, table, column, filler.as_ref()), is_one_for_all)
            });
        }
    }
    let columns = || returning.iter().flat_map(|table| &table.columns);
    let most = columns().map(|column| column.fillers.len()).max().unwrap_or(1);
    let mut guesses: Vec<RowWork> = (0..most)
        .map(|guess| work(returning.iter().flat_map(|table| table.chosen(&vec![guess; table.columns.len()]))))
        .collect();
    if let Some(best) = together(&returning, before, after, renames)? {
        guesses.insert(0, best);
    }
    Ok(guesses)
}

fn work<'a>(fillers: impl Iterator<Item = (&'a Table, &'a Column, &'a Expression)>) -> RowWork {
    let mut intent = Intent::default();
    for (table, column, filler) in fillers {
        intent.backfills.insert((table.name.clone(), column.name.clone()), filler.clone());
    }
    RowWork::from_intent(&intent)
}

impl<'a> Returning<'a> {
    /// What fills the columns where each takes the filler of that place, or its last one.
    fn chosen(&self, places: &[usize]) -> Vec<(&'a Table, &'a Column, &Expression)> {
        let columns = self.columns.iter().zip(places);
        let chosen = columns.filter_map(|(Refilled { column, fillers }, place)| {
            Some((self.table, *column, fillers[(*place).min(fillers.len() - 1)].as_ref()?))
        });
        chosen.collect()
    }

    /// The combinations of places that are worth a question, those that all columns have in common first, then those of
    /// low numbers.
    fn combinations(&self) -> Vec<Vec<usize>> {
        let lengths: Vec<usize> = self.columns.iter().map(|column| column.fillers.len()).collect();
        let is_free: Vec<bool> =
            self.columns.iter().map(|column| shared_checks(self.table, column.column).next().is_some()).collect();
        let most = lengths.iter().copied().max().unwrap_or(1);
        let diagonal = (0..most).map(|place| vec![place; lengths.len()]);
        let free = is_free.iter().filter(|is_free| **is_free).count();
        // As many of each as there is room for.
        let each = (1..=most).rev().find(|each| {
            each.checked_pow(u32::try_from(free).unwrap_or(u32::MAX)).is_some_and(|all| all <= COMBINATIONS)
        });
        let mut others = vec![vec![]];
        for (length, is_free) in lengths.iter().zip(is_free) {
            let places = if is_free { (*length).min(each.unwrap_or(1)) } else { 1 };
            others = others
                .into_iter()
                .flat_map(|combination| (0..places).map(move |place| [combination.as_slice(), &[place]].concat()))
                .collect();
        }
        others.sort_by_key(|combination| combination.iter().sum::<usize>());
        diagonal.chain(others).collect()
    }
}

/// The fillers that fit together best, where some that have to fit together do not by themselves.
fn together(
    returning: &[Returning],
    before: &Schema,
    after: &Schema,
    renames: &Renames,
) -> Result<Option<RowWork>, Error> {
    let is_shared =
        |of: &Returning| of.columns.iter().any(|column| shared_checks(of.table, column.column).next().is_some());
    if !returning.iter().any(is_shared) {
        return Ok(None);
    }
    let there = Scratch::build(after)?;
    // The values that the checks name are those that matter to them.
    let mut named = after.clone();
    for Returning { source, table, .. } in returning {
        named.tables.entry(source.name.clone()).and_modify(|source| source.checks.extend(table.checks.iter().cloned()));
    }
    sample::fill(there.connection(), &named, Amount::Several, &[])?;
    let station = Station::build(after, before, renames, &RowWork::default())?;
    let mut best = Vec::new();
    for of in returning {
        let accepted = |places: &[usize]| {
            station.accepted(there.connection(), &of.source.name, &work(of.chosen(places).into_iter()))
        };
        let count = format!("SELECT count(*) FROM {}", of.source.name.quoted());
        let all: u32 = there.connection().query_row(&count, [], |row| row.get(0))?;
        let mut found = (0, vec![0; of.columns.len()]);
        for places in if is_shared(of) { of.combinations() } else { Vec::new() } {
            let number = accepted(&places);
            if number > found.0 {
                found = (number, places);
            }
            if found.0 >= all {
                break;
            }
        }
        best.extend(of.chosen(&found.1));
    }
    Ok(Some(work(best.into_iter())))
}

/// Whether a CHECK that is about one column alone refuses a value for it; `None` is its default. One that names other
/// columns, too, says nothing yet.
fn is_refused(scratch: &Scratch, source: &Table, table: &Table, column: &Column, filler: Option<&Expression>) -> bool {
    let Some(value) = filler.or(column.default.as_ref()) else { return false };
    let rowid = source.rowid_name().unwrap_or("rowid");
    table.checks.iter().any(|check| {
        let sql = format!(
            "SELECT 1 FROM (SELECT ({value}) AS {column} FROM (SELECT 1 AS {rowid})) WHERE ({check}) IS FALSE",
            column = column.name.quoted(),
            check = check.expression,
        );
        // What cannot be asked like this names other columns or tables.
        scratch.connection().prepare(&sql).and_then(|mut asked| asked.exists([])).unwrap_or(false)
    })
}

/// The columns of `before` that the way back adds and that may need a value of their own for each row.
fn returning<'a>(before: &'a Schema, after: &Schema, renames: &Renames) -> Vec<Returning<'a>> {
    let changes = diff(after, before, renames, ColumnOrder::Strict);
    let mut returning = Vec::new();
    for change in changes {
        let Change::AlterTable(alter) = change else { continue };
        let Some(table) = before.tables.get(&alter.after.name) else { continue };
        let added = alter.changes.iter().filter_map(|change| match change {
            TableChange::AddColumn(column) => table.column(&column.name).filter(|column| column.is_copied()),
            _ => None,
        });
        // SQLite numbers rows itself, and no two alike.
        let added = added.filter(|column| table.rowid_alias().is_none_or(|alias| alias.name != column.name));
        let wanting = added.filter(|column| {
            wants_a_value(table, column)
                || is_checked_by_its_default(table, column)
                || shared_checks(table, column).next().is_some()
        });
        let columns: Vec<Refilled> =
            wanting.map(|column| Refilled { column, fillers: fillers(before, &alter.before, table, column) }).collect();
        if !columns.is_empty() {
            returning.push(Returning { source: alter.before, table, columns });
        }
    }
    returning
}

fn wants_a_value(table: &Table, column: &Column) -> bool {
    (column.not_null.is_some() || table.is_not_null_by_key(column))
        && (column.default.is_none() || is_unique(table, column))
}

/// Whether rows get a default that a CHECK may refuse: SQLite never asked whether the two fit.
fn is_checked_by_its_default(table: &Table, column: &Column) -> bool {
    column.default.is_some() && !sample::check_literals(table, column).is_empty()
}

fn is_unique(table: &Table, column: &Column) -> bool {
    table.is_in_primary_key(&column.name)
        || table.uniques.iter().any(|unique| unique.columns.iter().any(|key| key.name == column.name))
        || table.indexes.values().any(|index| index.unique)
}

/// Whether no two rows may have the same value in a column.
fn is_unique_alone(table: &Table, column: &Column) -> bool {
    let is_it = |name: &Name| *name == column.name;
    let keys =
        table.primary_key.iter().map(|key| &key.columns).chain(table.uniques.iter().map(|unique| &unique.columns));
    let is_of_index = |index: &Index| {
        index.unique && matches!(index.terms.as_slice(), [IndexTerm { key: IndexKey::Column(name), .. }] if is_it(name))
    };
    keys.into_iter().any(|key| key.len() == 1 && is_it(&key[0].name)) || table.indexes.values().any(is_of_index)
}

/// The number of a row where its table has no rowids.
const ROW_NUMBER: &str = "row_number() OVER ()";

/// Whether each row gets a value of its own.
fn differs_by_row(source: &Table, filler: Option<&Expression>) -> bool {
    let number = source.rowid_name().unwrap_or(ROW_NUMBER);
    filler.is_some_and(|filler| filler.as_str().contains(number))
}

/// The checks that name a column together with others.
fn shared_checks<'a>(table: &'a Table, column: &'a Column) -> impl Iterator<Item = &'a Check> {
    table.checks.iter().filter(move |check| {
        let named = named_columns(table, check);
        named.contains(&&column.name) && named.iter().any(|name| **name != column.name)
    })
}

/// The columns of a table that a check names.
pub(super) fn named_columns<'a>(table: &'a Table, check: &Check) -> Vec<&'a Name> {
    significant_tokens(check.expression.as_str())
        .filter(|token| matches!(token.kind, TokenKind::Word | TokenKind::QuotedName))
        .filter_map(|token| table.column(&Name::new(token.unquoted())).map(|column| &column.name))
        .collect()
}

/// Values for the rows of a column whose own are gone, the likeliest to be accepted first; `None` is its default.
fn fillers(schema: &Schema, source: &Table, table: &Table, column: &Column) -> Vec<Option<Expression>> {
    let mut fillers = Vec::new();
    let of_column = |columns: &[Name]| columns.len() == 1 && columns[0] == column.name;
    if let Some(key) = table.foreign_keys.iter().find(|key| of_column(&key.columns)) {
        let parent_key = key.parent_columns.first().cloned().or_else(|| {
            let parent = schema.tables.get(&key.parent)?;
            Some(parent.primary_key.as_ref()?.columns.first()?.name.clone())
        });
        if let Some(parent_key) = parent_key {
            fillers.push(format!("SELECT min({}) FROM {}", parent_key.quoted(), key.parent.quoted()));
        }
    }
    let literals = sample::check_literals(table, column);
    // `> 0` and `< 0` take neither the number that they name nor anything else that is told from it but its neighbours.
    let numbers: Vec<i64> = literals.iter().filter_map(|literal| literal.parse().ok()).collect();
    let texts: Vec<String> = literals.iter().filter(|literal| literal.starts_with('\'')).cloned().collect();
    fillers.extend(literals);
    fillers.extend(numbers.iter().map(|number| number.saturating_add(1).to_string()));
    fillers.extend(numbers.iter().map(|number| number.saturating_sub(1).to_string()));
    let affinity = affinity(column);
    fillers.extend(neighbours(source, table, column));
    let lengths = lengths(&numbers);
    if is_unique(table, column) {
        let number = source.rowid_name().unwrap_or(ROW_NUMBER);
        if affinity == Affinity::Text {
            fillers.push(format!("'lost ' || {number}"));
            if is_checked(table, column) {
                fillers.extend(numbered_shapes(number));
                fillers.extend(lengths.iter().map(|length| format!("printf('%0{length}d', {number})")));
                fillers.extend(texts.iter().map(|text| format!("{text} || {number}")));
            }
        }
        fillers.push(number.to_owned());
    }
    let [plain, others @ ..] = match affinity {
        Affinity::Text => ["''", "'a'", "'b'"],
        Affinity::Blob if column.type_name.is_some() => ["x''", "x'00'", "x'01'"],
        Affinity::Real => ["0.0", "1.0", "2.0"],
        Affinity::Integer | Affinity::Numeric | Affinity::Blob => ["0", "1", "2"],
    };
    fillers.push(plain.to_owned());
    if is_checked(table, column) {
        fillers.extend(others.iter().map(|other| (*other).to_owned()));
        if affinity == Affinity::Text {
            fillers.extend(SHAPES.map(str::to_owned));
            fillers.extend(lengths.iter().map(|length| format!("'{}'", "a".repeat(*length))));
        }
    }
    let default = (!wants_a_value(table, column)).then_some(None);
    default.into_iter().chain(fillers.into_iter().map(Expression::new).map(Some)).collect()
}

/// Texts of a shape that a check may ask for, where it does not spell one out.
const SHAPES: [&str; 9] = [
    "'0'",
    "'2000-01-01'",
    "'2000-01-01 00:00:00'",
    "'2000-01-01T00:00:00Z'",
    "'{}'",
    "'[]'",
    "'lost@example.invalid'",
    "'https://example.invalid/'",
    "'00000000-0000-0000-0000-000000000000'",
];

/// The same for values that must differ, with a number in them.
fn numbered_shapes(number: &str) -> [String; 4] {
    [
        format!("'lost' || {number} || '@example.invalid'"),
        format!("'https://example.invalid/' || {number}"),
        format!("date('2000-01-01', {number} || ' days')"),
        format!("'00000000-0000-0000-0000-' || printf('%012d', {number})"),
    ]
}

/// No filler is longer than this by much.
const LONGEST: usize = 100;

/// How long a text may have to be: a number that a check of it names may be its length, or the one that it must exceed.
fn lengths(numbers: &[i64]) -> Vec<usize> {
    let lengths = numbers.iter().filter_map(|number| usize::try_from(*number).ok());
    lengths.filter(|length| *length <= LONGEST).flat_map(|length| [length, length + 1]).collect()
}

/// Whether a check names a column.
fn is_checked(table: &Table, column: &Column) -> bool {
    table.checks.iter().any(|check| named_columns(table, check).contains(&&column.name))
}

/// What lies about the values of other columns of the row that a check names together with this one.
fn neighbours(source: &Table, table: &Table, column: &Column) -> Vec<String> {
    let is_text = |column: &Column| affinity(column) == Affinity::Text;
    let others = shared_checks(table, column).flat_map(|check| named_columns(table, check));
    let mut neighbours = Vec::new();
    for other in others.filter_map(|name| source.column(name)).filter(|other| is_text(other) == is_text(column)) {
        let nothing = if is_text(column) { "''" } else { "0" };
        let may_be_null = other.not_null.is_none() && !source.is_not_null_by_key(other);
        let name = other.name.quoted();
        let name = if may_be_null && column.not_null.is_some() { format!("ifnull({name}, {nothing})") } else { name };
        let either = if is_text(column) {
            vec![format!("{name} || '0'")]
        } else {
            vec![format!("{name} + 1"), format!("{name} - 1")]
        };
        neighbours.push(name);
        neighbours.extend(either);
    }
    neighbours.dedup();
    neighbours
}

fn affinity(column: &Column) -> Affinity {
    column.type_name.as_ref().map_or(Affinity::Blob, TypeName::affinity)
}

#[cfg(test)]
mod tests {
    use crate::database::{Scratch, Switches};
    use crate::diff::ColumnOrder;
    use crate::model::Intent;
    use crate::plan::{Options, draft, planner, write_section};
    use crate::schema::{Schema, SqliteVersion};

    fn schema(sql: &str) -> Schema {
        let mut scratch = Scratch::empty().unwrap();
        planner::run(&mut scratch, sql).unwrap();
        planner::read(&scratch).unwrap()
    }

    /// Columns go and come back, and rows that are there by then do not stop them.
    #[track_caller]
    fn comes_back(before: &str, after: &str, rows: &str) {
        let target = SqliteVersion::new(3, 54);
        let options = Options {
            target,
            column_order: ColumnOrder::Loose,
            catalog_edits: false,
            fast_rebuild: false,
            switches: Switches::All,
        };
        let draft = draft(&schema(before), &schema(after), &Intent::default(), options).unwrap();
        let mut scratch = Scratch::empty().unwrap();
        for script in [before, &write_section(&draft.up), rows, &write_section(&draft.down)] {
            planner::run(&mut scratch, script).unwrap_or_else(|error| panic!("{error:?}\n{script}"));
        }
        let left: i64 = scratch.connection().query_row("SELECT count(*) FROM t", [], |row| row.get(0)).unwrap();
        assert!(left > 0);
    }

    #[test]
    fn values_that_only_fit_together_are_found_together() {
        let after = "CREATE TABLE t (id INTEGER PRIMARY KEY)";
        let rows = "INSERT INTO t VALUES (1), (2)";
        for columns in [
            "a INTEGER NOT NULL, b INTEGER NOT NULL, CHECK (a < b)",
            "a INTEGER NOT NULL DEFAULT 7, b INTEGER NOT NULL DEFAULT 3, c REAL NOT NULL, CHECK (a < b AND b < c)",
            "a TEXT NOT NULL, b TEXT NOT NULL, CHECK (a <> b)",
            "kind TEXT NOT NULL CHECK (kind IN ('x', 'y')), ref INTEGER, CHECK (kind <> 'x' OR ref IS NOT NULL)",
            "kind TEXT NOT NULL CHECK (kind = 'x'), ref INTEGER, CHECK (kind <> 'x' OR ref > 10)",
        ] {
            comes_back(&format!("CREATE TABLE t (id INTEGER PRIMARY KEY, {columns})"), after, rows);
        }
    }

    #[test]
    fn values_fit_what_the_rows_have_beside_them() {
        for (columns, check, rows) in [
            ("b INTEGER", "a INTEGER NOT NULL, CHECK (a < b)", "(1, -5), (2, 0), (3, 900)"),
            ("b TEXT NOT NULL", "a TEXT NOT NULL, CHECK (b < a)", "(1, ''), (2, '2026-01-02'), (3, 'ä')"),
            ("b TEXT", "a INTEGER, CHECK (b <> 'x' OR a IS NOT NULL)", "(1, 'x'), (2, 'y'), (3, NULL)"),
            ("b TEXT", "a INTEGER NOT NULL DEFAULT 3, CHECK (b <> 'x' OR a > 10)", "(1, 'x'), (2, 'y'), (3, NULL)"),
        ] {
            comes_back(
                &format!("CREATE TABLE t (id INTEGER PRIMARY KEY, {columns}, {check})"),
                &format!("CREATE TABLE t (id INTEGER PRIMARY KEY, {columns})"),
                &format!("INSERT INTO t VALUES {rows}"),
            );
        }
    }
}
