//! The table that says which revisions a database has: one row each, in the order of their application.
//!
//! Plain SQL that any SQLite and any person can read. Knows nothing of the graph: heads are derived elsewhere.

use std::time::Duration;

use rusqlite::{Connection, Row, params};

use super::error::{Error, words};
use crate::revision::RevisionId;
use crate::schema::Name;
use crate::token::quote_string;

/// The name of the table where the settings give no other.
pub const DEFAULT_NAME: &str = "schemactl_version";

/// A revision that a database has.
#[derive(Debug, Clone, PartialEq)]
pub struct Applied {
    /// Its identifier.
    pub revision: RevisionId,
    /// The revisions that it follows.
    pub parents: Vec<RevisionId>,
    /// The revisions and labels that it needs beside them.
    pub depends_on: Vec<String>,
    /// How it came to be here.
    pub kind: Kind,
    /// Its message.
    pub message: String,
    /// The checksum of the script that ran.
    pub checksum: String,
    /// The fingerprint of the schema after it, where it is known.
    pub schema: Option<String>,
    /// The fingerprint of the schema before it, where it is known: what its way back must restore.
    pub schema_before: Option<String>,
    /// The script that takes it back; `None` for an irreversible revision.
    pub down_sql: Option<String>,
    /// Whether that script runs inside a transaction.
    pub down_transaction: bool,
    /// When it was applied, RFC 3339 in UTC.
    pub applied_at: String,
    /// How long it took.
    pub duration: Duration,
    /// The schemactl that applied it.
    pub tool_version: String,
}

/// How a revision came to be in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Its script ran.
    Upgrade,
    /// It was declared to be there.
    Stamp,
    /// It was taken over from another tool.
    Adopt,
    /// It stands for revisions that were squashed into it.
    Squash,
}

impl Kind {
    const ALL: [(Kind, &'static str); 4] =
        [(Kind::Upgrade, "upgrade"), (Kind::Stamp, "stamp"), (Kind::Adopt, "adopt"), (Kind::Squash, "squash")];

    /// The word that stands in the table.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("upgrade", |(_, word)| word)
    }
}

const COLUMNS: [&str; 14] = [
    "revision",
    "sequence",
    "parents",
    "depends_on",
    "kind",
    "message",
    "checksum",
    "schema",
    "schema_before",
    "down_sql",
    "down_transaction",
    "applied_at",
    "duration_ms",
    "tool_version",
];

/// The place of "sequence" among the columns.
const SEQUENCE: usize = 1;

/// The statement that makes the table, as it also stands in offline scripts.
#[must_use]
pub fn create_sql(table: &Name) -> String {
    format!(
        "CREATE TABLE {} (\n  \
           \"revision\" TEXT PRIMARY KEY NOT NULL,\n  \
           \"sequence\" INTEGER NOT NULL,\n  \
           \"parents\" TEXT NOT NULL,\n  \
           \"depends_on\" TEXT NOT NULL,\n  \
           \"kind\" TEXT NOT NULL,\n  \
           \"message\" TEXT NOT NULL,\n  \
           \"checksum\" TEXT NOT NULL,\n  \
           \"schema\" TEXT,\n  \
           \"schema_before\" TEXT,\n  \
           \"down_sql\" TEXT,\n  \
           \"down_transaction\" INTEGER NOT NULL,\n  \
           \"applied_at\" TEXT NOT NULL,\n  \
           \"duration_ms\" REAL NOT NULL,\n  \
           \"tool_version\" TEXT NOT NULL\n)",
        table.quoted()
    )
}

/// The revisions of a database in the order of their application; none where the table is missing.
///
/// # Errors
///
/// Refuses a table of that name with other columns, and rows that schemactl did not write.
pub fn read(connection: &Connection, table: &Name) -> Result<Vec<Applied>, Error> {
    if !exists(connection, table)? {
        return Ok(Vec::new());
    }
    let sql = format!("SELECT {} FROM main.{} ORDER BY rowid", quoted_columns(), table.quoted());
    let failed = |error: &rusqlite::Error| failed(connection, error);
    let mut statement = connection.prepare(&sql).map_err(|error| failed(&error))?;
    let mut rows = statement.query([]).map_err(|error| failed(&error))?;
    let mut applied = Vec::new();
    while let Some(row) = rows.next().map_err(|error| failed(&error))? {
        // What is no number was edited by hand, and comes last.
        let sequence = row.get_ref(SEQUENCE).map_err(|error| failed(&error))?.as_i64().unwrap_or(i64::MAX);
        applied.push((sequence, read_row(row, table)?));
    }
    // The rows mostly are in this order already, which costs next to nothing here; SQLite would copy and sort them all.
    applied.sort_by_key(|(sequence, _)| *sequence);
    Ok(applied.into_iter().map(|(_, row)| row).collect())
}

fn read_row(row: &Row<'_>, table: &Name) -> Result<Applied, Error> {
    let bad = |message: String| Error::BadVersionRow { table: table.clone(), message };
    // In the order of the columns: SQLite would compare all names for each value.
    let [
        revision,
        _,
        parents,
        depends_on,
        kind,
        message,
        checksum,
        schema,
        schema_before,
        down_sql,
        down_transaction,
        applied_at,
        duration_ms,
        tool_version,
    ]: [usize; COLUMNS.len()] = std::array::from_fn(|place| place);
    let text = |place: usize| row.get::<_, String>(place).map_err(|error| bad(words(&error)));
    let optional = |place: usize| row.get::<_, Option<String>>(place).map_err(|error| bad(words(&error)));
    let kind = text(kind)?;
    let milliseconds: f64 = row.get(duration_ms).map_err(|error| bad(words(&error)))?;
    let id = |word: &str| RevisionId::new(word).map_err(|error| bad(error.to_string()));
    Ok(Applied {
        revision: id(&text(revision)?)?,
        parents: split(&text(parents)?).iter().map(|parent| id(parent)).collect::<Result<_, _>>()?,
        depends_on: split(&text(depends_on)?),
        kind: Kind::ALL
            .iter()
            .find(|(_, word)| *word == kind)
            .map(|(kind, _)| *kind)
            .ok_or_else(|| bad(format!("its kind is `{kind}`")))?,
        message: text(message)?,
        checksum: text(checksum)?,
        schema: optional(schema)?,
        schema_before: optional(schema_before)?,
        down_sql: optional(down_sql)?,
        down_transaction: row.get(down_transaction).map_err(|error| bad(words(&error)))?,
        applied_at: text(applied_at)?,
        duration: Duration::try_from_secs_f64(milliseconds / 1000.0).unwrap_or_default(),
        tool_version: text(tool_version)?,
    })
}

fn split(list: &str) -> Vec<String> {
    list.split(',').map(str::trim).filter(|id| !id.is_empty()).map(str::to_owned).collect()
}

/// Makes the table where it is missing; true if it was.
///
/// # Errors
///
/// Refuses a table of that name with other columns.
pub fn ensure(connection: &Connection, table: &Name) -> Result<bool, Error> {
    if exists(connection, table)? {
        return Ok(false);
    }
    connection.execute_batch(&create_sql(table)).map_err(|error| failed(connection, &error))?;
    Ok(true)
}

/// Adds a revision at the end.
///
/// # Errors
///
/// Fails where the revision is there already.
pub fn insert(connection: &Connection, table: &Name, applied: &Applied) -> Result<(), Error> {
    let sql = format!(
        "INSERT INTO main.{table} ({columns}) SELECT ?1, \
         coalesce((SELECT \"sequence\" FROM main.{table} ORDER BY rowid DESC LIMIT 1), 0) + 1, \
         ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13",
        table = table.quoted(),
        columns = quoted_columns(),
    );
    let values = params![
        applied.revision.as_str(),
        applied.parents.iter().map(RevisionId::as_str).collect::<Vec<_>>().join(","),
        applied.depends_on.join(","),
        applied.kind.as_str(),
        applied.message,
        applied.checksum,
        applied.schema,
        applied.schema_before,
        applied.down_sql,
        applied.down_transaction,
        applied.applied_at,
        applied.duration.as_secs_f64() * 1000.0,
        applied.tool_version,
    ];
    connection.execute(&sql, values).map_err(|error| failed(connection, &error))?;
    Ok(())
}

/// Writes down what the script of a revision says now: its message, its checksum and its way back.
///
/// # Errors
///
/// Fails where SQLite cannot write.
pub fn update(connection: &Connection, table: &Name, applied: &Applied) -> Result<(), Error> {
    connection.execute_batch(&update_sql(table, applied)).map_err(|error| failed(connection, &error))
}

/// Begins a transaction that writes; it is rolled back unless it is committed.
///
/// # Errors
///
/// Fails where another connection holds the lock for longer than this one waits.
pub fn begin(connection: &mut Connection) -> Result<rusqlite::Transaction<'_>, Error> {
    let path = connection.path().unwrap_or_default().to_owned();
    connection
        .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)
        .map_err(|error| Error::from_sqlite(path.as_ref(), &error))
}

/// Makes a transaction last.
///
/// # Errors
///
/// Fails where SQLite cannot write.
pub fn commit(transaction: rusqlite::Transaction<'_>) -> Result<(), Error> {
    let path = transaction.path().unwrap_or_default().to_owned();
    transaction.commit().map_err(|error| Error::from_sqlite(path.as_ref(), &error))
}

/// The statement that adds a revision at the end, as it stands in offline scripts.
#[must_use]
pub fn insert_sql(table: &Name, applied: &Applied) -> String {
    let text = |text: &str| quote_string(text);
    let optional = |text: &Option<String>| text.as_deref().map_or_else(|| "NULL".to_owned(), quote_string);
    let values = [
        text(&applied.parents.iter().map(RevisionId::as_str).collect::<Vec<_>>().join(",")),
        text(&applied.depends_on.join(",")),
        text(applied.kind.as_str()),
        text(&applied.message),
        text(&applied.checksum),
        optional(&applied.schema),
        optional(&applied.schema_before),
        optional(&applied.down_sql),
        u8::from(applied.down_transaction).to_string(),
        text(&applied.applied_at),
        format!("{:.1}", applied.duration.as_secs_f64() * 1000.0),
        text(&applied.tool_version),
    ];
    format!(
        "INSERT INTO {table} ({columns})\n  SELECT {revision}, coalesce(max(\"sequence\"), 0) + 1, {values}\n  FROM {table}",
        table = table.quoted(),
        columns = quoted_columns(),
        revision = text(applied.revision.as_str()),
        values = values.join(", "),
    )
}

/// The statement that writes down what the script of a revision says now.
#[must_use]
pub fn update_sql(table: &Name, applied: &Applied) -> String {
    let optional = |text: &Option<String>| text.as_deref().map_or_else(|| "NULL".to_owned(), quote_string);
    let Applied { revision, message, checksum, down_sql, down_transaction, schema, .. } = applied;
    format!(
        "UPDATE main.{} SET \"message\" = {}, \"checksum\" = {}, \"down_sql\" = {}, \"down_transaction\" = {}, \
         \"schema\" = {} WHERE \"revision\" = {}",
        table.quoted(),
        quote_string(message),
        quote_string(checksum),
        optional(down_sql),
        u8::from(*down_transaction),
        optional(schema),
        quote_string(revision.as_str())
    )
}

/// The statement that removes a revision, as it stands in offline scripts.
#[must_use]
pub fn delete_sql(table: &Name, revision: &RevisionId) -> String {
    format!("DELETE FROM {} WHERE \"revision\" = {}", table.quoted(), quote_string(revision.as_str()))
}

/// Removes a revision; true if it was there.
///
/// # Errors
///
/// Fails where SQLite cannot write.
pub fn delete(connection: &Connection, table: &Name, revision: &RevisionId) -> Result<bool, Error> {
    let sql = format!("DELETE FROM main.{} WHERE \"revision\" = ?1", table.quoted());
    connection.execute(&sql, [revision.as_str()]).map(|rows| rows > 0).map_err(|error| failed(connection, &error))
}

/// Whether the table is there, with the columns that it must have.
fn exists(connection: &Connection, table: &Name) -> Result<bool, Error> {
    let failed = |error: rusqlite::Error| failed(connection, &error);
    // The pragma itself: as a table in a SELECT it costs three times as much.
    let mut statement = connection.prepare(&format!("PRAGMA main.table_xinfo({})", table.quoted())).map_err(failed)?;
    let columns =
        statement.query_map([], |row| row.get::<_, String>(1)).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let columns = columns.map_err(failed)?;
    if columns.is_empty() {
        return Ok(false);
    }
    let has = |wanted: &str| columns.iter().any(|column| column == wanted);
    let missing: Vec<&str> = COLUMNS.into_iter().filter(|column| !has(column)).collect();
    let is_ours = || ["revision", "checksum", "tool_version"].iter().all(|column| has(column));
    let table = table.clone();
    match &missing[..] {
        [] => Ok(true),
        _ if is_ours() => Err(Error::OtherVersionTable { table, missing: format!("`{}`", missing.join("`, `")) }),
        _ => Err(Error::ForeignVersionTable { table, columns: format!("`{}`", columns.join("`, `")) }),
    }
}

fn quoted_columns() -> String {
    COLUMNS.map(crate::token::quote_name).join(", ")
}

fn failed(connection: &Connection, error: &rusqlite::Error) -> Error {
    Error::on(connection, error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Report;

    fn id(word: &str) -> RevisionId {
        RevisionId::new(word).unwrap()
    }

    fn applied(revision: &str, parents: &[&str]) -> Applied {
        Applied {
            revision: id(revision),
            parents: parents.iter().map(|parent| id(parent)).collect(),
            depends_on: Vec::new(),
            kind: Kind::Upgrade,
            message: "Added it's \"table\"".to_owned(),
            checksum: "sha256:00".to_owned(),
            schema: None,
            schema_before: None,
            down_sql: Some("DROP TABLE t;\n".to_owned()),
            down_transaction: true,
            applied_at: "2026-11-22T19:37:12Z".to_owned(),
            duration: Duration::from_micros(1250),
            tool_version: "0.1.0".to_owned(),
        }
    }

    #[test]
    fn rows_come_back_as_they_were_written_in_the_order_of_application() {
        let connection = Connection::open_in_memory().unwrap();
        let table = Name::from("odd \"name\"");
        assert_eq!(read(&connection, &table).unwrap(), []);
        assert!(!delete_missing(&connection, &table));
        assert!(ensure(&connection, &table).unwrap());
        assert!(!ensure(&connection, &table).unwrap());
        let rows = [applied("f", &[]), applied("a", &["f"]), applied("c", &["a", "f"])];
        for row in &rows {
            insert(&connection, &table, row).unwrap();
        }
        assert_eq!(read(&connection, &table).unwrap(), rows);
        assert!(delete(&connection, &table, &id("a")).unwrap());
        assert!(!delete(&connection, &table, &id("a")).unwrap());
        assert_eq!(read(&connection, &table).unwrap().len(), 2);
        assert!(insert(&connection, &table, &rows[0]).is_err());
    }

    fn delete_missing(connection: &Connection, table: &Name) -> bool {
        delete(connection, table, &id("a")).is_ok()
    }

    #[test]
    fn another_table_of_that_name_is_refused() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE schemactl_version (id, text)").unwrap();
        let error = read(&connection, &Name::from(DEFAULT_NAME)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the table `schemactl_version` is not schemactl's: it has the columns `id`, `text`"
        );
        assert!(ensure(&connection, &Name::from(DEFAULT_NAME)).is_err());
    }

    #[test]
    fn a_table_of_another_schemactl_can_be_put_aside() {
        let connection = Connection::open_in_memory().unwrap();
        let table = Name::from(DEFAULT_NAME);
        ensure(&connection, &table).unwrap();
        connection.execute_batch("ALTER TABLE schemactl_version DROP COLUMN schema_before").unwrap();
        let error = read(&connection, &table).unwrap_err();
        assert!(error.to_string().contains("has no column `schema_before`"), "{error}");
        let help = error.diagnostics().remove(0).help.unwrap();
        let statement = help.split('`').find(|part| part.starts_with("ALTER")).unwrap();
        connection.execute_batch(statement).unwrap();
        assert_eq!(read(&connection, &table).unwrap(), []);
    }

    #[test]
    fn a_row_of_an_unknown_kind_is_refused() {
        let connection = Connection::open_in_memory().unwrap();
        let table = Name::from(DEFAULT_NAME);
        ensure(&connection, &table).unwrap();
        insert(&connection, &table, &applied("a", &[])).unwrap();
        connection.execute_batch("UPDATE schemactl_version SET kind = 'magic'").unwrap();
        let error = read(&connection, &table).unwrap_err();
        assert!(error.to_string().contains("its kind is `magic`"), "{error}");
    }
}
