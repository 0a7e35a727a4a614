//! Made-up rows in a scratch database, and whether they survive.
//!
//! They are chosen to break careless migrations: gaps between rowids, quotes, leading zeros, NULL where it may be, an
//! AUTOINCREMENT counter ahead of its rows. A table whose constraints no guess satisfies stays empty.

use indexmap::{IndexMap, IndexSet};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, Row};

use crate::diff::Renames;
use crate::schema::{Affinity, Column, Name, Schema, Table, VirtualTable};
use crate::token::{TokenKind, quote_string, significant_tokens};

use super::rows::RowWork;
use super::station::{Refused, Station, is_demanding, pass, refusal};
use super::virtual_table::{holds_rows, is_full_text, virtual_columns};

/// How many guesses a row gets before its table is given up.
const GUESSES: usize = 48;

/// How many rows each table gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Amount {
    /// Five, with NULL where it may be.
    Several,
    /// Five, without NULL.
    SeveralWithoutNull,
    /// One, without NULL: it satisfies most constraints that a change can bring.
    One,
    /// None: the statements alone are proved.
    None,
}

impl Amount {
    /// How many rows that is.
    #[must_use]
    pub fn rows(self) -> usize {
        match self {
            Amount::Several | Amount::SeveralWithoutNull => 5,
            Amount::One => 1,
            Amount::None => 0,
        }
    }
}

/// Fills all tables of a scratch database, as far as the rows can go the whole way, and returns how many rows went in.
///
/// # Errors
/// When SQLite refuses something other than a guess.
pub fn fill(connection: &Connection, schema: &Schema, amount: Amount, way: &[Station]) -> rusqlite::Result<usize> {
    let rows = amount.rows();
    if rows == 0 {
        return Ok(0);
    }
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    let mut filled = 0;
    // Rows that refer to parents by keys which the change brings are likelier to pass it.
    let mut keyed = schema.clone();
    for (name, table) in &mut keyed.tables {
        table.foreign_keys.extend(way.iter().flat_map(|station| station.new_keys(name)).cloned());
        // What new checks name is most likely what they allow.
        table.checks.extend(way.iter().flat_map(|station| station.new_checks(name)).cloned());
    }
    for table in parents_first(&keyed) {
        let is_demanding = is_demanding(&table.name, way);
        for row in 0..rows {
            let mut accepted = false;
            for guess in 0..GUESSES {
                if is_demanding {
                    connection.execute_batch("SAVEPOINT schemactl_guess")?;
                }
                accepted = insert(connection, table, row, guess, amount).is_ok()
                    && (!is_demanding || pass(connection, &table.name, way));
                if is_demanding {
                    connection.execute_batch(if accepted {
                        "RELEASE schemactl_guess"
                    } else {
                        "ROLLBACK TO schemactl_guess; RELEASE schemactl_guess"
                    })?;
                }
                if accepted {
                    break;
                }
            }
            if !accepted {
                break;
            }
            filled += 1;
        }
        // The rows as they are now stand in the stations too, where the guesses for other tables refer to them.
        pass(connection, &table.name, way);
        if table.primary_key.as_ref().is_some_and(|key| key.autoincrement) {
            connection.execute("UPDATE sqlite_sequence SET seq = seq + 10 WHERE name = ?1", [table.name.as_str()])?;
        }
    }
    for table in schema.virtual_tables.values().filter(|table| holds_rows(table)) {
        filled += (0..rows).filter(|row| insert_virtual(connection, table, *row).is_ok()).count();
    }
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, true)?;
    Ok(filled)
}

/// Why rows that have gone up cannot come back, a sentence for each table.
pub(super) fn refused(connection: &Connection, schema: &Schema, way: &[Station]) -> Vec<String> {
    let why = |table: &Table| {
        let Refused(why) = refusal(connection, &table.name, way)?;
        Some(format!("the way back refuses rows of `{}`: {why}", table.name))
    };
    parents_first(schema).into_iter().filter_map(why).collect()
}

fn parents_first(schema: &Schema) -> Vec<&Table> {
    fn visit<'a>(schema: &'a Schema, table: &'a Table, seen: &mut IndexSet<&'a Name>, order: &mut Vec<&'a Table>) {
        // An explicit stack is not needed: the depth is that of a chain of foreign keys, cut at what was seen.
        if seen.insert(&table.name) {
            for parent in table.foreign_keys.iter().filter_map(|key| schema.tables.get(&key.parent)) {
                visit(schema, parent, seen, order);
            }
            order.push(table);
        }
    }
    let (mut seen, mut order) = (IndexSet::new(), Vec::new());
    for table in schema.tables.values() {
        visit(schema, table, &mut seen, &mut order);
    }
    order
}

fn insert(connection: &Connection, table: &Table, row: usize, guess: usize, amount: Amount) -> rusqlite::Result<usize> {
    let mut names = Vec::new();
    let mut values = Vec::new();
    if table.rowid_alias().is_none()
        && let Some(rowid) = table.rowid_name()
    {
        names.push(rowid.to_owned());
        values.push((row * 10 + 5).to_string());
    }
    for (at, column) in table.columns.iter().enumerate().filter(|(_, column)| column.is_copied()) {
        let candidates = candidates(connection, table, column, row, amount);
        // The first guess takes each column's own first value; later ones walk through the others at different paces.
        let choice = if guess == 0 { 0 } else { guess / (1 + at % 3) + guess % (at + 2) };
        names.push(column.name.quoted());
        values.push(candidates[choice % candidates.len()].clone());
    }
    if names.is_empty() {
        return connection.execute(&format!("INSERT INTO {} DEFAULT VALUES", table.name.quoted()), []);
    }
    let sql =
        format!("INSERT OR ABORT INTO {} ({}) VALUES ({})", table.name.quoted(), names.join(", "), values.join(", "));
    connection.execute(&sql, [])
}

/// Fills a virtual table as far as its module takes words or numbers.
fn insert_virtual(connection: &Connection, table: &VirtualTable, row: usize) -> rusqlite::Result<usize> {
    let names: Vec<String> = virtual_columns(connection, &table.name)?.iter().map(Name::quoted).collect();
    let number = row + 1;
    let value = if is_full_text(table) { quote_string(&format!("it's row 0{number}")) } else { number.to_string() };
    let (mut names, mut values) = (names.clone(), vec![value; names.len()]);
    if is_full_text(table) {
        names.insert(0, "rowid".to_owned());
        values.insert(0, (row * 10 + 5).to_string());
    }
    let sql = format!("INSERT INTO {} ({}) VALUES ({})", table.name.quoted(), names.join(", "), values.join(", "));
    connection.execute(&sql, [])
}

/// Values that a column may take, as SQL literals, the likeliest first.
fn candidates(connection: &Connection, table: &Table, column: &Column, row: usize, amount: Amount) -> Vec<String> {
    let mut candidates = Vec::new();
    let may_be_null = column.not_null.is_none() && !table.is_in_primary_key(&column.name);
    if may_be_null && amount == Amount::Several && row % 3 == 2 {
        candidates.push("NULL".to_owned());
    }
    if let Some(value) = parent_value(connection, table, column, row) {
        candidates.push(value);
    }
    let literals = check_literals(table, column);
    let rotated = literals.len().checked_rem(row.max(1)).unwrap_or(0);
    candidates.extend(literals.iter().cycle().skip(rotated).take(literals.len()).cloned());
    let number = row + 1;
    let affinity = column.type_name.as_ref().map_or(Affinity::Blob, crate::schema::TypeName::affinity);
    if affinity == Affinity::Text {
        // What must differ may be what is spelled out with more behind it, or a number of so many digits.
        candidates
            .extend(literals.iter().filter_map(|literal| Some(format!("{}{number}'", literal.strip_suffix('\'')?))));
        let lengths =
            literals.iter().filter_map(|literal| literal.parse().ok()).filter(|length: &usize| *length <= 100);
        candidates.extend(lengths.map(|length| format!("'{number:0>length$}'")));
    }
    candidates.extend(match affinity {
        Affinity::Integer => vec![(number * 10).to_string(), number.to_string(), "0".to_owned(), (row % 2).to_string()],
        Affinity::Real => vec![format!("{number}.5"), number.to_string()],
        Affinity::Numeric => vec![number.to_string(), format!("{number}.25"), "'2026-01-02 03:04:05'".to_owned()],
        Affinity::Text => vec![
            quote_string(&format!("it's {number}")),
            quote_string(&format!("0{number}")),
            quote_string(&format!("2026-01-0{number}")),
            quote_string(&format!("a{number}")),
            "'{}'".to_owned(),
            quote_string(&format!("2026-01-0{number} 04:05:06")),
            quote_string(&format!("a{number}@example.com")),
            number.to_string(),
            "'[]'".to_owned(),
        ],
        Affinity::Blob => {
            vec![format!("x'00ff0{number}'"), quote_string(&format!("text {number}")), number.to_string()]
        }
    });
    if let Some(default) = &column.default {
        candidates.push(format!("({default})"));
    }
    if may_be_null {
        candidates.push("NULL".to_owned());
    }
    candidates
}

/// A value of the parent row that stands at the same place.
fn parent_value(connection: &Connection, table: &Table, column: &Column, row: usize) -> Option<String> {
    let key = table.foreign_keys.iter().find(|key| key.columns.contains(&column.name))?;
    let at = key.columns.iter().position(|name| *name == column.name)?;
    let parent_column = match key.parent_columns.get(at) {
        Some(name) => name.quoted(),
        None => "rowid".to_owned(),
    };
    let parent = key.parent.quoted();
    let sql = format!(
        "SELECT quote({parent_column}) FROM {parent} LIMIT 1 OFFSET {row} % (SELECT max(1, count(*)) FROM {parent})"
    );
    // A parent that is missing or empty gives no value: the other candidates are tried.
    connection.query_row(&sql, [], |row| row.get(0)).ok()
}

/// The literals of the checks that name a column: most likely what they allow.
pub(super) fn check_literals(table: &Table, column: &Column) -> Vec<String> {
    let mut literals = Vec::new();
    for check in &table.checks {
        let tokens: Vec<_> = significant_tokens(check.expression.as_str()).collect();
        let names_it = tokens.iter().any(|token| {
            matches!(token.kind, TokenKind::Word | TokenKind::QuotedName) && column.name == *token.unquoted()
        });
        if names_it {
            let values = tokens.iter().filter(|token| matches!(token.kind, TokenKind::String | TokenKind::Number));
            literals.extend(values.map(|token| token.text.to_owned()));
        }
    }
    literals
}

/// All rows of the tables of a scratch database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rows {
    tables: IndexMap<Name, TableRows>,
    virtual_tables: IndexMap<Name, VirtualRows>,
}

/// What is in a virtual table that holds rows of its own, row by row.
#[derive(Debug, Clone, PartialEq, Eq)]
struct VirtualRows {
    module: Name,
    /// The rowid, where it is kept, and the columns.
    columns: IndexMap<Name, Vec<String>>,
    number: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct TableRows {
    table: Table,
    rowids: Option<Vec<String>>,
    columns: IndexMap<Name, Vec<String>>,
    counter: Option<i64>,
}

impl Rows {
    /// Reads all rows. For scratch databases only: everything is held in memory.
    ///
    /// # Errors
    /// When SQLite cannot read a table.
    pub fn read(connection: &Connection, schema: &Schema) -> rusqlite::Result<Rows> {
        let tables = schema
            .tables
            .values()
            .map(|table| Ok((table.name.clone(), TableRows::read(connection, table)?)))
            .collect::<rusqlite::Result<_>>()?;
        let virtual_tables = schema.virtual_tables.values().filter(|table| holds_rows(table));
        // A table whose module only the application has cannot be read here.
        let virtual_tables = virtual_tables
            .filter_map(|table| Some((table.name.clone(), VirtualRows::read(connection, table).ok()?)))
            .collect();
        Ok(Rows { tables, virtual_tables })
    }

    /// How many rows there are.
    #[must_use]
    pub fn count(&self) -> usize {
        let of_virtual_tables: usize = self.virtual_tables.values().map(|rows| rows.number).sum();
        self.tables.values().map(TableRows::count).sum::<usize>() + of_virtual_tables
    }

    /// What of these rows is not in `after`, a sentence each: rows and rowids of tables that are still there, values of
    /// columns whose declaration leaves them as they were, counters.
    #[must_use]
    pub fn missing_in(&self, after: &Rows, renames: &Renames, work: &RowWork) -> Vec<String> {
        let mut missing = Vec::new();
        for new in after.tables.values() {
            let table_name = renames.tables.get(&new.table.name).unwrap_or(&new.table.name);
            let Some(old) = self.tables.get(table_name) else { continue };
            if old.count() != new.count() {
                missing.push(format!("`{table_name}` had {} rows and has {}", old.count(), new.count()));
                continue;
            }
            let kept = old.kept_in(new, renames, work);
            let names: Vec<&Name> = kept.iter().map(|(_, new)| *new).collect();
            // A column that becomes the rowid brings its own values.
            let alias = |rows: &TableRows| rows.table.rowid_alias().map(|column| column.name.clone());
            let old_name = |column: Name| {
                let renamed = renames.columns.get(&(new.table.name.clone(), column.clone()));
                renamed.cloned().unwrap_or(column)
            };
            let is_renumbered = alias(new).is_some_and(|column| alias(old) != Some(old_name(column)));
            let with_rowids = old.rowids.is_some() && new.rowids.is_some() && !is_renumbered;
            let before = old.tuples(&kept.iter().map(|(old, _)| *old).collect::<Vec<_>>(), with_rowids);
            if before != new.tuples(&names, with_rowids) {
                missing.push(format!("rows of `{table_name}` have changed"));
            }
            if let (Some(old), Some(new)) = (old.counter, new.counter)
                && new < old
            {
                missing.push(format!("the AUTOINCREMENT counter of `{table_name}` went from {old} to {new}"));
            }
        }
        for (name, new) in &after.virtual_tables {
            // Another module may have other notions of a value.
            let Some(old) = self.virtual_tables.get(name).filter(|old| old.module == new.module) else { continue };
            let mut shared =
                new.columns.iter().filter_map(|(name, new)| Some((old.columns.get(name)?, new))).peekable();
            if shared.peek().is_some() && (old.number != new.number || shared.any(|(old, new)| old != new)) {
                missing.push(format!("what is in `{name}` has changed"));
            }
        }
        missing
    }
}

impl VirtualRows {
    fn read(connection: &Connection, table: &VirtualTable) -> rusqlite::Result<VirtualRows> {
        let mut columns = virtual_columns(connection, &table.name)?;
        let rowid = is_full_text(table).then(|| Name::from("rowid"));
        columns.extend(rowid);
        let read = |column: &Name| -> rusqlite::Result<Vec<String>> {
            let (column, table) = (column.quoted(), table.name.quoted());
            quoted_values(connection, &format!("SELECT quote({column}) FROM {table} ORDER BY rowid"))
        };
        let columns: IndexMap<Name, Vec<String>> =
            columns.into_iter().map(|column| Ok((column.clone(), read(&column)?))).collect::<rusqlite::Result<_>>()?;
        let number = columns.values().next().map_or(0, Vec::len);
        Ok(VirtualRows { module: table.module.clone(), columns, number })
    }
}

impl Rows {
    /// Whether a table has the same rows there: all of them with rowids and counter, or the same values in some columns.
    pub(super) fn are_same_in(&self, other: &Rows, table: &Name, columns: Option<&[Name]>) -> bool {
        let (Some(one), Some(other)) = (self.tables.get(table), other.tables.get(table)) else { return false };
        match columns {
            None => one.rowids == other.rowids && one.columns == other.columns && one.counter == other.counter,
            Some(columns) => columns.iter().all(|column| one.columns.get(column) == other.columns.get(column)),
        }
    }
}

/// The texts that a query gives; `CAST(x AS TEXT)` may have made text of what is none.
fn quoted_values(connection: &Connection, sql: &str) -> rusqlite::Result<Vec<String>> {
    let text = |row: &Row| Ok(String::from_utf8_lossy(row.get_ref(0)?.as_bytes()?).into_owned());
    connection.prepare(sql)?.query_map([], text)?.collect()
}

impl TableRows {
    fn read(connection: &Connection, table: &Table) -> rusqlite::Result<TableRows> {
        let column = |expression: &str| -> rusqlite::Result<Vec<String>> {
            let order = match (table.rowid_name(), &table.primary_key) {
                (Some(rowid), _) => rowid.to_owned(),
                (None, Some(key)) => {
                    key.columns.iter().map(|column| column.name.quoted()).collect::<Vec<_>>().join(", ")
                }
                (None, None) => "1".to_owned(),
            };
            quoted_values(
                connection,
                &format!("SELECT quote({expression}) FROM {} ORDER BY {order}", table.name.quoted()),
            )
        };
        let rowids = table.rowid_name().map(column).transpose()?;
        let columns = table
            .columns
            .iter()
            .filter(|column| column.is_copied())
            .map(|c| Ok((c.name.clone(), column(&c.name.quoted())?)))
            .collect::<rusqlite::Result<_>>()?;
        let counter = if table.primary_key.as_ref().is_some_and(|key| key.autoincrement) {
            let sql = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = ?1";
            Some(connection.query_row(sql, [table.name.as_str()], |row| row.get(0))?)
        } else {
            None
        };
        Ok(TableRows { table: table.clone(), rowids, columns, counter })
    }

    fn count(&self) -> usize {
        let of_columns = || self.columns.values().next().map_or(0, Vec::len);
        self.rowids.as_ref().map_or_else(of_columns, Vec::len)
    }

    /// The columns, old and new name, whose values must be the same in `new`.
    fn kept_in<'a>(&'a self, new: &'a TableRows, renames: &Renames, work: &RowWork) -> Vec<(&'a Name, &'a Name)> {
        let is_kept = |old: &Column, column: &Column| {
            let is_converted = old.type_name != column.type_name || self.table.strict != new.table.strict;
            let is_rowid =
                |table: &Table, column: &Column| table.rowid_alias().is_some_and(|alias| alias.name == column.name);
            let becomes_rowid = is_rowid(&new.table, column) && !is_rowid(&self.table, old);
            let is_filled = old.not_null.is_none() && (column.not_null.is_some() || becomes_rowid);
            !is_converted && !is_filled && work.conversion(&new.table.name, &column.name).is_none()
        };
        new.columns
            .keys()
            .filter_map(|name| {
                let old_name = renames.columns.get(&(new.table.name.clone(), name.clone())).unwrap_or(name);
                let (old_name, _) = self.columns.get_key_value(old_name)?;
                let (old, column) = (self.table.column(old_name)?, new.table.column(name)?);
                is_kept(old, column).then_some((old_name, name))
            })
            .collect()
    }

    /// One tuple a row, sorted: rowid first if both sides have one, then the columns.
    fn tuples(&self, columns: &[&Name], with_rowids: bool) -> Vec<Vec<&str>> {
        let rowids = self.rowids.as_ref().filter(|_| with_rowids);
        let mut tuples: Vec<Vec<&str>> = (0..self.count())
            .map(|row| {
                let rowid = rowids.map(|rowids| rowids[row].as_str());
                rowid.into_iter().chain(columns.iter().map(|name| self.columns[*name][row].as_str())).collect()
            })
            .collect();
        tuples.sort_unstable();
        tuples
    }
}
