//! Loads SQL into an empty database on a server: what the server itself gives as a copy, or the sqlite3 shell.
//!
//! It is run in a database in memory first. COMMIT follows only when schema and row counts are the same on the server.

use std::collections::BTreeSet;
use std::path::Path;

use super::Server;
use super::error::Error;
use super::hrana::{Batch, Results, Value};
use super::image::Image;
use super::stream::{Stream, Then, understood};
use super::transaction::fails_if;
use super::transport::Wait;
use crate::database::statements::Statements;
use crate::database::{self, Filter, Scratch, introspect};
use crate::schema::Name;
use crate::sql;
use crate::token::{TokenKind, quote_string, significant_tokens};

/// How many objects are named that stand in the way.
const NAMED: usize = 5;
/// How much SQL goes into a request.
const CHUNK: usize = 500_000;

/// The content of a database, as statements that a server runs.
pub struct Content {
    statements: Vec<String>,
    /// What they make.
    scratch: Scratch,
}

impl Content {
    /// Reads SQL, and runs it in memory.
    ///
    /// # Errors
    /// When SQLite does not take it.
    pub fn read(text: &str) -> Result<Content, Error> {
        let bad = |message: String| Error::NotLoaded { message };
        let scratch = Scratch::empty()?;
        let connection = scratch.connection();
        // As in the shell: what is not in order yet is not checked, and virtual tables are written into the schema.
        let run = |sql: &str| connection.execute_batch(sql).map_err(|error| bad(error.to_string()));
        run("PRAGMA foreign_keys = OFF; PRAGMA writable_schema = ON; BEGIN")?;
        let mut statements = Vec::new();
        let mut prefixes = BTreeSet::new();
        for statement in Statements::new(connection, text) {
            let span = statement.map_err(|failure| bad(failure.message))?.span;
            let Some(statement) = for_servers(&text[span], &mut prefixes) else { continue };
            run(&statement)?;
            statements.push(statement);
        }
        run("COMMIT; PRAGMA writable_schema = OFF")?;
        Ok(Content { statements, scratch })
    }

    /// Writes what they make into a database file that is not there yet.
    ///
    /// # Errors
    /// When it is there, or cannot be written.
    pub fn write(&self, to: &Path) -> Result<(), Error> {
        let written = self.scratch.connection().execute("VACUUM INTO ?1", [to.to_string_lossy()]);
        written.map(drop).map_err(|error| Error::Local(database::Error::from_sqlite(to, &error)))
    }

    /// The number of statements.
    #[must_use]
    pub fn len(&self) -> usize {
        self.statements.len()
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.statements.is_empty()
    }

    /// The tables with their numbers of rows.
    fn counts(&self) -> Result<Vec<(Name, i64)>, Error> {
        let connection = self.scratch.connection();
        let failed = |error: &rusqlite::Error| Error::NotLoaded { message: error.to_string() };
        let names = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";
        let mut names = connection.prepare(names).map_err(|error| failed(&error))?;
        let names = names.query_map([], |row| row.get::<_, String>(0)).map_err(|error| failed(&error))?;
        let count = |name: rusqlite::Result<String>| {
            let name = Name::new(name.map_err(|error| failed(&error))?);
            let sql = format!("SELECT count(*) FROM {}", name.quoted());
            let number = connection.query_row(&sql, [], |row| row.get(0)).map_err(|error| failed(&error))?;
            Ok((name, number))
        };
        names.map(count).collect()
    }
}

/// A statement of a copy as a server takes it; nothing where it is only for shells. The tables behind a virtual table come
/// with it, and are filled with what they had; `prefixes` are how their names begin.
fn for_servers(statement: &str, prefixes: &mut BTreeSet<String>) -> Option<String> {
    let tokens: Vec<_> = significant_tokens(statement).take(3).collect();
    let is = |at: usize, word: &str| tokens.get(at).is_some_and(|token| token.is_word(word));
    let skipped = ["PRAGMA", "BEGIN", "COMMIT", "END", "ANALYZE", "ROLLBACK"];
    if skipped.iter().any(|word| is(0, word)) {
        return None;
    }
    if !is(0, "INSERT") || !is(1, "INTO") {
        return Some(statement.to_owned());
    }
    let table = tokens.get(2)?.unquoted().to_ascii_lowercase();
    if matches!(table.as_str(), "sqlite_schema" | "sqlite_master") {
        let strings: Vec<_> = significant_tokens(statement).filter(|token| token.kind == TokenKind::String).collect();
        let (name, sql) = (strings.get(1)?.unquoted(), strings.last()?.unquoted());
        prefixes.insert(format!("{}_", name.to_ascii_lowercase()));
        return Some(sql.into_owned());
    }
    if table.starts_with("sqlite_stat") {
        return None;
    }
    let is_behind = prefixes.iter().any(|prefix| table.starts_with(prefix.as_str()));
    if is_behind {
        let rest = &statement[tokens[1].start..];
        return Some(format!("INSERT OR REPLACE {rest}"));
    }
    Some(statement.to_owned())
}

impl Server {
    /// Fills an empty database, in which there may be a version table without rows.
    ///
    /// # Errors
    /// When it is not empty, the server does not take a statement, or it comes to something else there. Nothing is
    /// left of it then.
    pub fn load(
        &self,
        content: &Content,
        version_table: &Name,
        wait: &Wait,
        tell: &mut dyn FnMut(usize),
    ) -> Result<(), Error> {
        let mut stream = self.stream();
        self.begin_to_load(&mut stream, version_table, wait)?;
        let mut done = 0;
        while done < content.statements.len() {
            let mut batch = Batch::in_transaction();
            let mut size = 0;
            let from = done;
            while done < content.statements.len() && size < CHUNK {
                size += content.statements[done].len();
                batch.then(content.statements[done].as_str());
                done += 1;
            }
            batch.otherwise("ROLLBACK");
            let last = done - from;
            let results = stream.run_within(&batch, Then::Stay, wait)?;
            if !results.is_done(last) {
                let Some((at, refusal)) = results.failed else { return Err(Error::TransactionTimeout) };
                return Err(match (understood(refusal), at.checked_sub(1)) {
                    (Error::Refused { message, .. }, Some(at)) => Error::NotLoaded {
                        message: format!("{message}, in `{}`", shortened(&content.statements[from + at])),
                    },
                    (error, _) => error,
                });
            }
            tell(done);
        }
        let counts = content.counts()?;
        require_same(&mut stream, content, &counts, wait)?;
        let mut batch = Batch::in_transaction();
        let commit = batch.then("COMMIT");
        match stream.run(&batch, Then::Close) {
            Ok(results) if results.is_done(commit) => Ok(()),
            Ok(Results { failed: Some((_, refusal)), .. }) => Err(understood(refusal)),
            Ok(_) => Err(Error::TransactionTimeout),
            Err(error) if error.is_in_doubt() => {
                // One that is still empty can be begun with again.
                let mut again = self.stream();
                match self.begin_to_load(&mut again, version_table, wait) {
                    Err(Error::NotEmpty { .. }) => Ok(()),
                    Ok(()) => Err(error),
                    Err(asked) => Err(Error::InDoubt { why: error.to_string(), asked: asked.to_string() }),
                }
            }
            Err(error) => Err(error),
        }
    }

    fn begin_to_load(&self, stream: &mut Stream, version_table: &Name, wait: &Wait) -> Result<(), Error> {
        let image = self.image(version_table)?;
        let mut batch = Batch::default();
        batch.then("PRAGMA foreign_keys = OFF");
        batch.then("BEGIN IMMEDIATE");
        let table = quote_string(version_table.as_str());
        let others = format!(
            "SELECT name FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND tbl_name <> {table} COLLATE NOCASE"
        );
        let there = format!("EXISTS ({others})");
        let mut checks = vec![batch.then(fails_if(&there))];
        if image.has_version_table {
            checks.push(batch.then(fails_if(&format!("EXISTS (SELECT 1 FROM {})", version_table.quoted()))));
        }
        batch.otherwise("ROLLBACK");
        match stream.run_within(&batch, Then::Stay, wait)?.failed {
            None => Ok(()),
            Some((at, _)) if checks.contains(&at) => {
                let names = self.ask(&others)?.rows.into_iter().flatten().filter_map(Value::into_text);
                let mut names = names.map(|name| format!("`{name}`")).peekable();
                let found = match names.peek() {
                    Some(_) => names.take(NAMED).collect::<Vec<_>>().join(", "),
                    None => format!("rows in `{version_table}`"),
                };
                Err(Error::NotEmpty { server: self.to_string(), found })
            }
            Some((_, refusal)) => Err(understood(refusal)),
        }
    }
}

/// Refuses what has come to something else on the server.
fn require_same(stream: &mut Stream, content: &Content, counts: &[(Name, i64)], wait: &Wait) -> Result<(), Error> {
    let mut batch = Batch::in_transaction();
    let numbers: Vec<usize> =
        counts.iter().map(|(table, _)| batch.aside(format!("SELECT count(*) FROM {}", table.quoted()))).collect();
    let objects = batch.then(Image::question());
    let results = stream.run_within(&batch, Then::Stay, wait)?;
    if let Some((_, refusal)) = results.failed {
        return Err(understood(refusal));
    }
    if !results.is_done(objects) {
        return Err(Error::TransactionTimeout);
    }
    for ((table, here), number) in counts.iter().zip(numbers) {
        let there = results.answer(number).integer();
        if there != Some(*here) {
            let there = there.map_or_else(|| "none that can be counted".to_owned(), |number| number.to_string());
            let message = format!("`{table}` has {here} rows in the copy, and {there} on the server");
            return Err(Error::NotLoaded { message });
        }
    }
    let there = Image::built(&results.answer(objects))?;
    let fingerprint = |scratch: &Scratch| {
        let schema = introspect::read(scratch.connection(), &Filter::default())?;
        Ok::<_, database::Error>(sql::fingerprint(&schema))
    };
    if fingerprint(&there)? == fingerprint(&content.scratch)? {
        Ok(())
    } else {
        Err(Error::NotLoaded { message: "the schema on the server is not that of the copy".to_owned() })
    }
}

/// The beginning of a statement.
fn shortened(statement: &str) -> String {
    let mut words: String = statement.chars().take(60).collect();
    if words.len() < statement.len() {
        words.push('…');
    }
    words
}
