//! The fast rebuild: rows are copied to a new table, then old and new exchange their pages in `sqlite_schema`, and the
//! old rows go with the name that was only for the copy. Indexes stay, where the rows that they speak of do.
//!
//! Ends in what the statements of the block would have ended in, text by text. Where that is not certain beforehand,
//! nothing is done and the reason is given. All of it is in a savepoint: what fails on the way has not happened.
//!
//! That nothing is lost is proved without another look at each row: SQLite has written the rows under the constraints
//! that they have after, no page of an index has been touched, and table and indexes hold as many entries as there were
//! rows, each with a root of its own.

use std::ops::Range;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OptionalExtension, ffi, params};

use super::block::{NewIndex, Rebuild};
use super::kinship::{Kinship, columns_of};
use crate::database::error::{primary_code, words};
use crate::database::statements::{Failure, run_all};
use crate::schema::{Index, Name, NotNull, Table};
use crate::sql::{self, Statement};

/// Why a table was not rebuilt in the fast way.
pub(super) enum Obstacle {
    /// The way is not open; the statements of the block are to be run as they stand.
    Classic(String),
    /// A statement of the script fails, as it would have by itself, or nothing can be done any more.
    Failed(Failure),
}

impl From<rusqlite::Error> for Obstacle {
    /// A full disk or an interrupt stops the script too; all else only this way.
    fn from(error: rusqlite::Error) -> Obstacle {
        let message = words(&error);
        match primary_code(&error) {
            ffi::SQLITE_FULL | ffi::SQLITE_IOERR | ffi::SQLITE_CORRUPT | ffi::SQLITE_INTERRUPT | ffi::SQLITE_NOMEM => {
                Obstacle::Failed(Failure { message, span: 0..0, source: Some(error) })
            }
            _ => Obstacle::Classic(message),
        }
    }
}

fn classic<T>(why: impl Into<String>) -> Result<T, Obstacle> {
    Err(Obstacle::Classic(why.into()))
}

/// Does what the statements of a block do.
///
/// # Errors
/// Why the block is to be run statement by statement, or that it would fail so too. Nothing has been changed then, but
/// for a transaction that SQLite has rolled back by itself.
pub(super) fn swap(connection: &Connection, script: &str, rebuild: &Rebuild, table: &Name) -> Result<(), Obstacle> {
    in_savepoint(connection, &Swap { connection, script, rebuild, table }).map_err(|obstacle| match obstacle {
        Obstacle::Failed(failure) if failure.span.is_empty() => {
            Obstacle::Failed(Failure { span: rebuild.create.clone(), ..failure })
        }
        // Nothing more may run where SQLite has rolled back by itself.
        Obstacle::Classic(message) if connection.is_autocommit() => {
            Obstacle::Failed(Failure { message, span: rebuild.create.clone(), source: None })
        }
        other => other,
    })
}

fn in_savepoint(connection: &Connection, swap: &Swap<'_>) -> Result<(), Obstacle> {
    connection.execute_batch("SAVEPOINT schemactl_swap")?;
    let outcome = swap.run();
    if connection.is_autocommit() {
        connection.execute_batch("PRAGMA writable_schema = RESET")?;
        return outcome;
    }
    if outcome.is_err() {
        connection.execute_batch("ROLLBACK TO schemactl_swap")?;
        // No rollback turns this off (https://www.sqlite.org/pragma.html#pragma_writable_schema).
        connection.execute_batch("PRAGMA writable_schema = RESET")?;
    }
    connection.execute_batch("RELEASE schemactl_swap")?;
    outcome
}

struct Swap<'a> {
    connection: &'a Connection,
    script: &'a str,
    rebuild: &'a Rebuild,
    table: &'a Name,
}

/// An index of the table that is there.
struct LiveIndex {
    name: String,
    /// Its statement; none where a constraint has made it.
    index: Option<Index>,
}

impl Swap<'_> {
    fn run(&self) -> Result<(), Obstacle> {
        let Swap { rebuild, table, .. } = *self;
        let mut before = self.live_table()?;
        let live = self.live_indexes()?.into_iter().filter_map(|live| live.index);
        before.indexes.extend(live.map(|index| (index.name.clone(), index)));
        let kinship = Kinship { before: &before, after: &rebuild.staged, copied: &rebuild.copied };
        if !kinship.keeps_rowids() {
            return classic("its rows do not keep their rowids");
        }
        let counts = |table: &Table| table.primary_key.as_ref().is_some_and(|key| key.autoincrement);
        if counts(&before) != counts(&rebuild.staged) {
            return classic("AUTOINCREMENT comes or goes");
        }
        let stage = &rebuild.staged.name;
        self.run_statement(&rebuild.create)?;
        let (shape, keys) = (self.shape(stage)?, self.keys(stage)?);
        self.check_keys(&kinship, &keys)?;
        let kept = self.kept_indexes(&kinship)?;
        if keys.iter().any(|key| !key.is_table) {
            // The indexes of constraints are there already, and only these rows are to be written.
            self.batch(&format!("DROP TABLE main.{}; {}", stage.quoted(), sql::write_table(&without_keys(rebuild))))?;
        }
        self.drop_the_rest(&kept)?;
        let rows = self.copy()?;
        self.exchange_pages(&kept)?;
        if self.shape(table)? != shape || self.keys(table)? != keys {
            return classic("SQLite reads the table in another way than the script's statement");
        }
        self.batch(&format!("DROP TABLE main.{}", stage.quoted()))?;
        for index in self.rebuild.indexes.iter().filter(|index| !kept.contains(&index.index.name)) {
            self.run_statement(&index.create)?;
        }
        self.order_indexes()?;
        self.check_roots()?;
        self.check_entries(rows)
    }

    fn batch(&self, sql: &str) -> Result<(), Obstacle> {
        Ok(self.connection.execute_batch(sql)?)
    }

    /// Runs a statement of the script.
    fn run_statement(&self, at: &Range<usize>) -> Result<(), Obstacle> {
        // SQLite keeps the text of an index up to the semicolon.
        let end = at.end + usize::from(self.script[at.end..].starts_with(';'));
        run_all(self.connection, &self.script[at.start..end]).map_err(|failure| {
            let span = at.start + failure.span.start..at.start + failure.span.end;
            Obstacle::Failed(Failure { span, ..failure })
        })
    }

    /// The table as it is before.
    fn live_table(&self) -> Result<Table, Obstacle> {
        let row = |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?));
        let found = "SELECT name, sql FROM main.sqlite_schema \
                     WHERE type = 'table' AND rootpage > 0 AND name = ?1 COLLATE NOCASE";
        let found = self.connection.query_row(found, [self.table.as_str()], row).optional()?;
        let Some((name, sql)) = found else { return classic("it is not an ordinary table") };
        let hidden = "SELECT EXISTS (SELECT 1 FROM temp.sqlite_schema)";
        if self.connection.query_row(hidden, [], |row| row.get::<_, bool>(0))? {
            return classic("there are temporary objects");
        }
        match sql::read(&sql) {
            Ok(Statement::Table(table)) if name == self.table.as_str() => Ok(table),
            _ => classic("it is called or written in another way"),
        }
    }

    fn live_indexes(&self) -> Result<Vec<LiveIndex>, Obstacle> {
        let sql = "SELECT name, sql FROM main.sqlite_schema \
                   WHERE type = 'index' AND tbl_name = ?1 COLLATE NOCASE ORDER BY rowid";
        let mut statement = self.connection.prepare(sql)?;
        let rows = statement.query_map([self.table.as_str()], |row| {
            let index = match row.get::<_, Option<String>>(1)?.map(|sql| sql::read(&sql)) {
                Some(Ok(Statement::Index { index, .. })) => Some(index),
                _ => None,
            };
            Ok(LiveIndex { name: row.get(0)?, index })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// What SQLite says of the columns of a table.
    fn shape(&self, table: &Name) -> Result<Vec<String>, Obstacle> {
        let sql = "SELECT format('%d %Q %Q %d %Q %d %d', c.cid, c.name, c.type, c.\"notnull\", c.dflt_value, c.pk, c.hidden) \
                   FROM pragma_table_xinfo(?1, 'main') AS c \
                   UNION ALL SELECT format('%d %d', wr, strict) FROM pragma_table_list(?1) WHERE schema = 'main'";
        let mut statement = self.connection.prepare(sql)?;
        let rows = statement.query_map([table.as_str()], |row| row.get(0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// The indexes that constraints make, in the order of their numbers.
    fn keys(&self, table: &Name) -> Result<Vec<Key>, Obstacle> {
        let sql = "SELECT i.name, i.name IN (SELECT name FROM main.sqlite_schema), i.\"unique\", x.name, x.\"desc\", x.coll, x.key \
                   FROM pragma_index_list(?1, 'main') AS i JOIN pragma_index_xinfo(i.name, 'main') AS x \
                   WHERE i.origin <> 'c' ORDER BY i.seq DESC, x.seqno";
        let mut statement = self.connection.prepare(sql)?;
        let mut rows = statement.query([table.as_str()])?;
        let mut keys: Vec<Key> = Vec::new();
        let mut last = None;
        while let Some(row) = rows.next()? {
            let name: String = row.get(0)?;
            if last.as_ref() != Some(&name) {
                // The key of a table WITHOUT ROWID is the table, and no object of its own.
                let number = name.rsplit('_').next().unwrap_or_default().to_owned();
                keys.push(Key { number, is_table: !row.get::<_, bool>(1)?, columns: Vec::new(), terms: Vec::new() });
                last = Some(name);
            }
            let key = keys.last_mut().expect("one was pushed");
            let column: Option<String> = row.get(3)?;
            if key.is_table && !row.get::<_, bool>(6)? {
                continue;
            }
            let (unique, descending): (bool, bool) = (row.get(2)?, row.get(4)?);
            let collate = row.get::<_, Option<String>>(5)?.unwrap_or_default().to_ascii_uppercase();
            key.terms.push(format!(
                "{} {unique} {descending} {collate}",
                Name::new(column.as_deref().unwrap_or_default()).folded()
            ));
            key.columns.extend(column.map(Name::new));
        }
        Ok(keys)
    }

    /// The indexes of constraints stay as they are.
    fn check_keys(&self, kinship: &Kinship<'_>, after: &[Key]) -> Result<(), Obstacle> {
        if self.keys(self.table)? != after {
            return classic("what is unique changes");
        }
        let columns: Vec<Name> = after.iter().flat_map(|key| key.columns.iter().cloned()).collect();
        if let Some(column) = columns.iter().find(|column| !kinship.keeps(column)) {
            return classic(format!("the values of `{column}` change, and they are unique"));
        }
        if self.are_turned(kinship, &columns)? {
            return classic("a key holds values of another type than its column");
        }
        Ok(())
    }

    /// The names of the indexes that need not be built again.
    fn kept_indexes(&self, kinship: &Kinship<'_>) -> Result<Vec<Name>, Obstacle> {
        let mut kept = Vec::new();
        for live in self.live_indexes()? {
            let Some(index) = live.index else { continue };
            let is_wanted = |new: &NewIndex| new.index == index && new.index.name.is_spelled_like(&index.name);
            if self.rebuild.indexes.iter().any(is_wanted)
                && kinship.keeps_index(&index)
                && !self.are_turned(kinship, &columns_of(kinship.before, &index))?
            {
                kept.push(index.name);
            }
        }
        Ok(kept)
    }

    /// Whether a row has a value in one of these columns that would become another by being copied.
    fn are_turned(&self, kinship: &Kinship<'_>, columns: &[Name]) -> Result<bool, Obstacle> {
        let questions: Vec<String> =
            kinship.turnable(columns).iter().map(|turnable| turnable.question(self.table)).collect();
        if questions.is_empty() {
            return Ok(false);
        }
        let sql = format!("SELECT coalesce({}, 0)", questions.join(" OR "));
        Ok(self.connection.query_row(&sql, [], |row| row.get(0))?)
    }

    /// Drops what the script creates again: triggers, and indexes that do not stay.
    fn drop_the_rest(&self, kept: &[Name]) -> Result<(), Obstacle> {
        let go = |live: LiveIndex| live.index.is_some() && !kept.contains(&Name::new(&live.name));
        for live in self.live_indexes()? {
            let name = Name::new(&live.name);
            if go(live) {
                self.batch(&format!("DROP INDEX main.{}", name.quoted()))?;
            }
        }
        let sql = "SELECT name FROM main.sqlite_schema WHERE type = 'trigger' AND tbl_name = ?1 COLLATE NOCASE";
        let triggers: Vec<String> = {
            let mut statement = self.connection.prepare(sql)?;
            let rows = statement.query_map([self.table.as_str()], |row| row.get(0))?;
            rows.collect::<rusqlite::Result<_>>()?
        };
        triggers.iter().try_for_each(|name| self.batch(&format!("DROP TRIGGER main.{}", Name::new(name).quoted())))
    }

    /// Copies the rows by the script's own statement, each of them once, and gives their number.
    fn copy(&self) -> Result<i64, Obstacle> {
        let count = format!("SELECT count(*) FROM main.{}", self.table.quoted());
        let rows: i64 = self.connection.query_row(&count, [], |row| row.get(0))?;
        let before = self.connection.total_changes();
        self.run_statement(&self.rebuild.copy)?;
        let copied = self.connection.total_changes() - before;
        if i64::try_from(copied) == Ok(rows) {
            Ok(rows)
        } else {
            classic(format!("{copied} of {rows} rows are copied"))
        }
    }

    /// Gives the table the pages and the text of the new one, and the other way round.
    fn exchange_pages(&self, kept: &[Name]) -> Result<(), Obstacle> {
        let (connection, stage) = (self.connection, self.rebuild.staged.name.as_str());
        let page = |name: &str| -> rusqlite::Result<i64> {
            let sql = "SELECT rootpage FROM main.sqlite_schema WHERE type = 'table' AND name = ?1";
            connection.query_row(sql, [name], |row| row.get(0))
        };
        let (old, new) = (page(self.table.as_str())?, page(stage)?);
        self.edit(|| {
            let set = "UPDATE main.sqlite_schema SET rootpage = ?1, sql = coalesce(?2, sql) \
                       WHERE type = 'table' AND name = ?3";
            connection.execute(set, params![new, self.rebuild.definition, self.table.as_str()])?;
            connection.execute(set, params![old, None::<String>, stage])?;
            for index in self.rebuild.indexes.iter().filter(|index| kept.contains(&index.index.name)) {
                connection.execute(
                    "UPDATE main.sqlite_schema SET sql = ?1 WHERE type = 'index' AND name = ?2",
                    params![index.definition, index.index.name.as_str()],
                )?;
            }
            Ok(())
        })
    }

    /// Brings the indexes into the order in which the script creates them.
    fn order_indexes(&self) -> Result<(), Obstacle> {
        let made = self.live_indexes()?.into_iter().filter(|live| live.index.is_some()).map(|live| live.name);
        let wanted = || self.rebuild.indexes.iter().map(|index| index.index.name.as_str());
        if wanted().eq(made) {
            return Ok(());
        }
        self.edit(|| {
            let last = "UPDATE main.sqlite_schema SET rowid = (SELECT max(rowid) + 1 FROM main.sqlite_schema) \
                        WHERE type = 'index' AND name = ?1";
            wanted().try_for_each(|name| self.connection.execute(last, [name]).map(|_| ()))
        })
    }

    /// Edits `sqlite_schema`, and has SQLite read it again.
    fn edit(&self, edit: impl FnOnce() -> rusqlite::Result<()>) -> Result<(), Obstacle> {
        let connection = self.connection;
        let defensive = connection.db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, false)?;
        let edited = connection
            .pragma_update(None, "writable_schema", true)
            .and_then(|()| edit())
            .and_then(|()| connection.execute_batch("PRAGMA writable_schema = RESET"));
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, defensive)?;
        Ok(edited?)
    }

    /// Every table and index has a root of its own.
    fn check_roots(&self) -> Result<(), Obstacle> {
        let sql = "SELECT count(rootpage) = count(DISTINCT rootpage) FROM main.sqlite_schema WHERE rootpage > 0";
        let is_so: bool = self.connection.query_row(sql, [], |row| row.get(0))?;
        if is_so { Ok(()) } else { classic("two tables or indexes have the same pages") }
    }

    /// The table has as many rows as were copied, and so has each index that is not about some of them only: one that
    /// was damaged before is built again by the script's own statements.
    fn check_entries(&self, rows: i64) -> Result<(), Obstacle> {
        let table = self.table.quoted();
        let sql = "SELECT name FROM pragma_index_list(?1, 'main') AS i WHERE NOT partial \
                   AND EXISTS (SELECT 1 FROM main.sqlite_schema AS s WHERE s.type = 'index' AND s.name = i.name)";
        let mut statement = self.connection.prepare(sql)?;
        let indexes = statement.query_map([self.table.as_str()], |row| row.get::<_, String>(0))?;
        let indexes: Vec<String> = indexes.collect::<rusqlite::Result<_>>()?;
        let rows_of = |way: &str| -> Result<i64, Obstacle> {
            let sql = format!("SELECT count(*) FROM main.{table} {way}");
            Ok(self.connection.query_row(&sql, [], |row| row.get(0))?)
        };
        let found = rows_of("NOT INDEXED")?;
        if found != rows {
            return classic(format!("it has {found} of {rows} rows"));
        }
        for index in indexes {
            // Without a condition SQLite counts the smallest index, whichever is asked for.
            let found = rows_of(&format!("INDEXED BY {} WHERE 1", Name::new(&index).quoted()))?;
            if found != rows {
                return classic(format!("its index `{index}` is damaged: it has {found} entries for {rows} rows"));
            }
        }
        Ok(())
    }
}

/// An index that a constraint makes, as SQLite tells of it.
#[derive(Debug, PartialEq, Eq)]
struct Key {
    /// Its number in the table.
    number: String,
    /// Whether it is the table itself.
    is_table: bool,
    columns: Vec<Name>,
    terms: Vec<String>,
}

/// The new table as its rows are stored, without the indexes of its constraints.
fn without_keys(rebuild: &Rebuild) -> Table {
    let mut table = rebuild.staged.clone();
    table.uniques.clear();
    if !table.without_rowid && table.rowid_alias().is_none() {
        let implied: Vec<bool> = table.columns.iter().map(|column| table.is_not_null_by_key(column)).collect();
        for (column, implied) in table.columns.iter_mut().zip(implied) {
            if implied {
                column.not_null.get_or_insert_with(NotNull::default);
            }
        }
        table.primary_key = None;
    }
    table
}
