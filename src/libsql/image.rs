//! The image: the schema of a server and the rows of its version table in a database in memory, so that everything
//! that asks a database asks this one.
//!
//! Has none of the other rows, and is never written back.

use rusqlite::Connection;
use rusqlite::types::Value as Local;

use super::Server;
use super::error::Error;
use super::hrana::{Answer, Batch, Value};
use super::stream::{Then, understood};
use crate::database::{Scratch, StandIns};
use crate::schema::{Name, SqliteVersion};
use crate::token::quote_string;

/// What a server's database was when it was looked at.
pub struct Image {
    /// Its schema and the rows of its version table.
    pub scratch: Scratch,
    /// The number that SQLite changes with each change of the schema.
    pub schema_version: i64,
    /// The version of the server's SQLite.
    pub sqlite: SqliteVersion,
    /// Whether there is a version table.
    pub has_version_table: bool,
}

/// An object of `sqlite_schema`.
struct Object {
    kind: String,
    name: String,
    sql: String,
}

/// The objects that SQLite does not make by itself.
const OBJECTS: &str = "SELECT type, name, sql FROM sqlite_schema \
    WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY rowid";

impl Image {
    /// Looks at a server's database; schema and version table are of one moment.
    ///
    /// # Errors
    /// When the server cannot be asked, or its schema cannot be built here.
    pub fn read(server: &Server, version_table: &Name) -> Result<Image, Error> {
        let mut batch = Batch::default();
        batch.then("BEGIN");
        let sqlite = batch.then("SELECT sqlite_version()");
        let schema_version = batch.then("SELECT schema_version FROM pragma_schema_version");
        let objects = batch.then(OBJECTS);
        // The version table may not be there yet.
        let rows = batch.aside(format!("SELECT * FROM {} ORDER BY rowid", version_table.quoted()));
        batch.then("COMMIT");
        let results = server.stream()?.run(&batch, Then::Close)?;
        if let Some((_, refusal)) = results.failed {
            return Err(understood(refusal));
        }
        let found = results.answer(objects);
        let objects =
            objects_of(&found).ok_or_else(|| Error::Image { message: "a row of sqlite_schema".to_owned() })?;
        let has_version_table = objects.iter().any(|object| object.kind == "table" && *version_table == *object.name);
        if has_version_table && !results.is_done(rows) {
            return Err(Error::Image { message: format!("the table `{version_table}` cannot be read") });
        }
        let mut scratch = build(objects)?;
        fill(&mut scratch, version_table, &results.answer(rows))?;
        let sqlite = results.answer(sqlite).text().and_then(|text| text.parse().ok());
        Ok(Image {
            scratch,
            schema_version: results.answer(schema_version).integer().unwrap_or_default(),
            sqlite: sqlite.ok_or_else(|| Error::Image { message: "the server does not say its version".to_owned() })?,
            has_version_table,
        })
    }

    /// The schema that is there at the end of a batch, built here.
    ///
    /// # Errors
    /// As [`Image::read`].
    pub(super) fn built(answer: &Answer) -> Result<Scratch, Error> {
        let objects =
            objects_of(answer).ok_or_else(|| Error::Image { message: "a row of sqlite_schema".to_owned() })?;
        build(objects)
    }

    /// The statement whose answer [`Image::built`] takes.
    pub(super) fn question() -> &'static str {
        OBJECTS
    }

    /// What only the application has.
    #[must_use]
    pub fn stand_ins(&self) -> &StandIns {
        self.scratch.stand_ins()
    }

    /// The image alone, to be asked and not to be written.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn into_connection(self) -> Result<Connection, Error> {
        let connection = self.scratch.into_connection();
        connection.pragma_update(None, "query_only", true).map_err(|error| failed(&error))?;
        Ok(connection)
    }
}

fn failed(error: &rusqlite::Error) -> Error {
    Error::Local(crate::database::Error::from_sqlite(":memory:".as_ref(), error))
}

fn objects_of(answer: &Answer) -> Option<Vec<Object>> {
    let text = |value: &Value| match value {
        Value::Text(text) => Some(text.clone()),
        _ => None,
    };
    let object = |row: &Vec<Value>| match row.as_slice() {
        [kind, name, sql] => Some(Object { kind: text(kind)?, name: text(name)?, sql: text(sql)? }),
        _ => None,
    };
    answer.rows.iter().map(object).collect()
}

/// Builds objects: tables before what hangs on them, each kind in the order of the server, which is also that in which
/// triggers fire.
fn build(objects: Vec<Object>) -> Result<Scratch, Error> {
    const KINDS: [&str; 4] = ["table", "index", "view", "trigger"];
    let mut scratch = Scratch::empty()?;
    let run = |scratch: &mut Scratch, sql: &str| scratch.run(sql).map_err(|failure| failure.message);
    let whole = |message: String| Error::Image { message };
    run(&mut scratch, "BEGIN").map_err(whole)?;
    let is_virtual = |object: &Object| object.kind == "table" && !starts_with_table(&object.sql);
    // Virtual tables make their shadow tables themselves, under names that the server lists as well.
    let (virtual_tables, plain): (Vec<Object>, Vec<Object>) = objects.into_iter().partition(is_virtual);
    let mut all: Vec<&Object> = virtual_tables.iter().collect();
    for kind in KINDS {
        all.extend(plain.iter().filter(|object| object.kind == kind));
    }
    for object in all {
        if object.kind == "table" && is_there(&scratch, &object.name).map_err(|error| failed(&error))? {
            continue;
        }
        run(&mut scratch, &object.sql)
            .map_err(|message| Error::Image { message: format!("the {} `{}`: {message}", object.kind, object.name) })?;
    }
    run(&mut scratch, "COMMIT").map_err(whole)?;
    Ok(scratch)
}

fn starts_with_table(sql: &str) -> bool {
    crate::token::significant_tokens(sql).nth(1).is_some_and(|token| token.is_word("TABLE"))
}

fn is_there(scratch: &Scratch, table: &str) -> rusqlite::Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1 COLLATE NOCASE)";
    scratch.connection().query_row(sql, [table], |row| row.get(0))
}

/// Puts the rows of the version table into the image.
fn fill(scratch: &mut Scratch, table: &Name, rows: &Answer) -> Result<(), Error> {
    if rows.rows.is_empty() {
        return Ok(());
    }
    let columns: Vec<String> = rows.columns.iter().map(|column| crate::token::quote_name(column)).collect();
    let places = vec!["?"; columns.len()].join(", ");
    let sql = format!("INSERT INTO {} ({}) VALUES ({places})", table.quoted(), columns.join(", "));
    let connection = scratch.connection();
    let mut insert = connection.prepare(&sql).map_err(|error| failed(&error))?;
    for row in &rows.rows {
        let values = row.iter().map(local);
        insert.execute(rusqlite::params_from_iter(values)).map_err(|error| failed(&error))?;
    }
    Ok(())
}

fn local(value: &Value) -> Local {
    match value {
        Value::Null => Local::Null,
        Value::Integer(number) => Local::Integer(*number),
        Value::Real(number) => Local::Real(*number),
        Value::Text(text) => Local::Text(text.clone()),
        // A table with blobs is not schemactl's, and is refused by its columns.
        Value::Blob { length } => Local::Blob(vec![0; *length]),
    }
}

/// A condition that holds as long as the version table has these revisions in this order.
pub(super) fn stands_at(table: &Name, revisions: &[String]) -> String {
    let list = serde_json::Value::from(revisions.to_vec()).to_string();
    format!(
        "(SELECT json_group_array(\"revision\") FROM (SELECT \"revision\" FROM {} ORDER BY \"sequence\", rowid)) = json({})",
        table.quoted(),
        quote_string(&list)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::{Filter, introspect};

    fn answer(connection: &Connection) -> Answer {
        let mut statement = connection.prepare(OBJECTS).unwrap();
        let text = |row: &rusqlite::Row<'_>, at| row.get(at).map(Value::Text);
        let rows = statement.query_map([], |row| Ok(vec![text(row, 0)?, text(row, 1)?, text(row, 2)?])).unwrap();
        Answer { rows: rows.map(Result::unwrap).collect(), ..Answer::default() }
    }

    #[test]
    fn an_image_has_the_schema_of_the_server_whatever_is_in_it() {
        let server = Connection::open_in_memory().unwrap();
        server
            .execute_batch(
                "CREATE VIEW early AS SELECT a FROM t;
                 CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a TEXT UNIQUE REFERENCES u (x));
                 CREATE VIRTUAL TABLE f USING fts5(body, content='t');
                 CREATE INDEX i ON t (a) WHERE a > '';
                 CREATE TABLE u (x PRIMARY KEY) WITHOUT ROWID;
                 CREATE TRIGGER b AFTER INSERT ON t BEGIN SELECT 1; END;
                 CREATE TRIGGER a AFTER INSERT ON t BEGIN SELECT 2; END;
                 ALTER TABLE t ADD COLUMN c DEFAULT 'é'; ANALYZE;",
            )
            .unwrap();
        let image = Image::built(&answer(&server)).unwrap();
        let read = |connection: &Connection| introspect::read(connection, &Filter::default()).unwrap();
        assert_eq!(read(image.connection()), read(&server));
    }

    #[test]
    fn the_rows_of_the_version_table_tell_where_the_server_stands() {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch("CREATE TABLE v (revision, sequence); INSERT INTO v VALUES ('b', 2), ('a', 1)")
            .unwrap();
        let holds = |revisions: &[&str]| {
            let revisions: Vec<String> = revisions.iter().map(|&id| id.to_owned()).collect();
            let sql = format!("SELECT {}", stands_at(&"v".into(), &revisions));
            connection.query_row(&sql, [], |row| row.get::<_, bool>(0)).unwrap()
        };
        assert!(holds(&["a", "b"]) && !holds(&["a"]) && !holds(&["b", "a"]) && !holds(&[]));
    }
}
