//! A schema built in memory, where SQLite itself can be asked about it.
//!
//! Holds no rows of anyone. What the application alone has is replaced by stand-ins.

use std::cell::RefCell;
use std::ops::Range;

use rusqlite::Connection;
use rusqlite::config::DbConfig;
use rusqlite::hooks::{AuthContext, Authorization};

use super::bulk;
use super::connect;
use super::error::{Error, words};
use super::filter::Filter;
use super::introspect::{self, Known};
use super::stand_ins::{Missing, StandIns};
use super::statements::{Failure, Statements};
use super::switches::Switches;
use crate::report::{Class, Diagnostic, Report};
use crate::schema::{Index, Name, ObjectKind, ObjectRef, Schema, Table, Trigger, View, VirtualTable};
use crate::sql;
use crate::token::{Token, significant_tokens};

/// A database in memory with the objects of a schema and no rows.
#[derive(Debug)]
pub struct Scratch {
    pub(super) connection: Connection,
    pub(super) stand_ins: StandIns,
    /// What was read of it before.
    pub(super) known: RefCell<Known>,
    /// What its scripts may switch.
    pub(super) switches: Switches,
}

/// An object that SQLite refuses.
#[derive(Debug, thiserror::Error)]
#[error("SQLite refuses {object}: {message}")]
pub struct BuildError {
    /// The object.
    pub object: ObjectRef,
    /// SQLite's words.
    pub message: String,
    /// Its CREATE statement.
    pub sql: String,
    /// Where in the statement the token stands that SQLite blames, in bytes.
    pub offset: Option<usize>,
    /// The name that was probably meant.
    pub nearest: Option<String>,
}

impl Report for BuildError {
    fn class(&self) -> Class {
        Class::Input
    }

    fn diagnostics(&self) -> Vec<Diagnostic> {
        let mut diagnostic = Diagnostic::new("refused_by_sqlite", self.to_string());
        diagnostic.notes.push(format!("the statement is: {}", self.sql));
        diagnostic.help = self.nearest.as_ref().map(|name| format!("did you mean `{name}`?"));
        vec![diagnostic]
    }
}

impl Scratch {
    /// A database with nothing in it.
    ///
    /// # Errors
    ///
    /// Fails where SQLite cannot open a database in memory.
    pub fn empty() -> Result<Scratch, Error> {
        Scratch::with(StandIns::default()).map_err(|error| Error::from_sqlite(":memory:".as_ref(), &error))
    }

    /// A database with nothing in it but stand-ins.
    pub(super) fn with(stand_ins: StandIns) -> rusqlite::Result<Scratch> {
        let connection = connect::in_memory()?;
        stand_ins.register(&connection)?;
        Ok(Scratch { connection, stand_ins, known: RefCell::default(), switches: Switches::default() })
    }

    /// Builds a schema that stands in a database already: what this SQLite lacks is the application's.
    ///
    /// # Errors
    ///
    /// Names the first object that SQLite refuses.
    pub fn build(schema: &Schema) -> Result<Scratch, BuildError> {
        build(schema, StandIns::default())
    }

    /// Builds a schema that a person wrote: a name that is nearly that of something built in is a slip of the pen,
    /// unless it is among those known from the database.
    ///
    /// # Errors
    ///
    /// Names the first object that SQLite refuses, and the name that was probably meant.
    pub fn build_as_written(schema: &Schema, known: &StandIns) -> Result<Scratch, BuildError> {
        build(schema, StandIns::doubting(known))
    }

    /// A database with the same in it, and no confinement.
    ///
    /// # Errors
    ///
    /// Fails where SQLite cannot open a database in memory.
    #[cfg(feature = "cli")]
    pub fn copy(&self) -> Result<Scratch, Error> {
        let copied = || -> rusqlite::Result<Scratch> {
            let mut copy = Scratch::with(self.stand_ins.clone())?;
            rusqlite::backup::Backup::new(&self.connection, &mut copy.connection)?.step(-1)?;
            Ok(copy)
        };
        copied().map_err(|error| Error::from_sqlite(":memory:".as_ref(), &error))
    }

    /// Reads the schema back.
    ///
    /// # Errors
    ///
    /// As [`introspect::read`].
    pub fn schema(&self, filter: &Filter) -> Result<Schema, Error> {
        introspect::read_again(&self.connection, filter, &mut self.known.borrow_mut())
    }

    /// What only the application has.
    #[must_use]
    pub fn stand_ins(&self) -> &StandIns {
        &self.stand_ins
    }

    /// The connection, for what is not offered here.
    #[must_use]
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// The connection, for what runs on one of its own.
    #[must_use]
    pub fn connection_mut(&mut self) -> &mut Connection {
        &mut self.connection
    }

    /// The connection alone.
    #[must_use]
    pub fn into_connection(self) -> Connection {
        self.connection
    }

    /// Runs a script; what it needs of the application is replaced by stand-ins, slips of the pen are not. No other file
    /// can be opened or written.
    ///
    /// # Errors
    ///
    /// Stops at the first statement that fails; what ran before it stays done.
    pub fn run(&mut self, script: &str) -> Result<(), Failure> {
        self.run_each(script, &mut |_, _| {})
    }

    /// The same, telling where in the script each statement stands once it has run.
    ///
    /// # Errors
    ///
    /// As [`Scratch::run`].
    pub fn run_each(&mut self, script: &str, each: &mut dyn FnMut(&Connection, Range<usize>)) -> Result<(), Failure> {
        let watch = Failure::of_connection;
        self.connection.authorizer(Some(self.switches.authorizer())).map_err(watch)?;
        let outcome = self.run_unwatched(script, each);
        self.connection.authorizer(None::<fn(AuthContext<'_>) -> Authorization>).map_err(watch)?;
        outcome
    }

    /// Runs a script under the authorizer that is set.
    pub(super) fn run_unwatched(
        &mut self,
        script: &str,
        each: &mut dyn FnMut(&Connection, Range<usize>),
    ) -> Result<(), Failure> {
        let mut done = 0;
        loop {
            let mut statements = Statements::starting_at(&self.connection, script, done);
            let mut run = || -> Result<(), Failure> {
                while let Some(prepared) = statements.next() {
                    let prepared = prepared?;
                    let span = prepared.span.clone();
                    prepared.run()?;
                    each(&self.connection, span);
                    done = statements.position();
                }
                Ok(())
            };
            let Err(failure) = run() else { return Ok(()) };
            if let Some(length) = self.do_without_module(&script[done..], &failure.message) {
                each(&self.connection, done..done + length);
                done += length;
                continue;
            }
            let met = self.stand_ins.meet_in_script(&self.connection, &failure.message);
            if !met.unwrap_or(false) {
                return Err(failure);
            }
        }
    }
}

fn build(schema: &Schema, stand_ins: StandIns) -> Result<Scratch, BuildError> {
    match bulk::build(schema, &stand_ins)? {
        Some(scratch) => Ok(scratch),
        None => build_one_by_one(schema, stand_ins),
    }
}

fn build_one_by_one(schema: &Schema, stand_ins: StandIns) -> Result<Scratch, BuildError> {
    let refused = |error: rusqlite::Error| BuildError {
        object: ObjectRef::new(ObjectKind::Table, &"sqlite_schema".into()),
        message: words(&error),
        sql: String::new(),
        offset: None,
        nearest: None,
    };
    let mut scratch = Scratch::with(stand_ins).map_err(refused)?;
    scratch.connection.execute_batch("BEGIN").map_err(refused)?;
    for (object, sql) in statements_of(schema) {
        scratch.create(&object, &sql)?;
    }
    scratch.connection.execute_batch("COMMIT").map_err(refused)?;
    Ok(scratch)
}

/// The statements that build a schema, in an order that SQLite takes; triggers in the order of their creation.
fn statements_of(schema: &Schema) -> impl Iterator<Item = (ObjectRef, String)> {
    let indexes = schema
        .tables
        .values()
        .flat_map(|table| table.indexes.values().map(|index| index_statement(&table.name, index)));
    let tables = schema.tables.values().map(table_statement);
    let virtual_tables = schema.virtual_tables.values().map(virtual_table_statement);
    let views = schema.views.values().map(view_statement);
    tables.chain(indexes).chain(virtual_tables).chain(views).chain(schema.triggers.values().map(trigger_statement))
}

pub(super) fn table_statement(table: &Table) -> (ObjectRef, String) {
    (ObjectRef::new(ObjectKind::Table, &table.name), sql::write_table(table))
}

pub(super) fn index_statement(table: &Name, index: &Index) -> (ObjectRef, String) {
    (ObjectRef::new(ObjectKind::Index, &index.name), sql::write_index(table, index))
}

pub(super) fn virtual_table_statement(table: &VirtualTable) -> (ObjectRef, String) {
    (ObjectRef::new(ObjectKind::VirtualTable, &table.name), sql::write_virtual_table(table))
}

pub(super) fn view_statement(view: &View) -> (ObjectRef, String) {
    (ObjectRef::new(ObjectKind::View, &view.name), sql::write_view(view))
}

pub(super) fn trigger_statement(trigger: &Trigger) -> (ObjectRef, String) {
    (ObjectRef::new(ObjectKind::Trigger, &trigger.name), sql::write_trigger(trigger))
}

impl Scratch {
    /// Does what a script's next statement says about a virtual table whose module only the application has, and gives
    /// the statement's length: the table is entered or struck out, since SQLite itself can do neither.
    fn do_without_module(&mut self, rest: &str, message: &str) -> Option<usize> {
        let missing = Missing::in_message(message).filter(|missing| matches!(missing, Missing::Module(_)))?;
        if self.stand_ins.is_slip_in_script(&missing, &self.connection) {
            return None;
        }
        let end = significant_tokens(rest).find(|token| token.is_operator(";"));
        let length = end.map_or(rest.len(), |token| token.span().end);
        let statement = &rest[..end.map_or(rest.len(), |token| token.start)];
        let words: Vec<Token<'_>> = significant_tokens(statement).collect();
        self.lift_confinement(true).ok()?;
        let done = match words.as_slice() {
            [drop, table, name] if drop.is_word("DROP") && table.is_word("TABLE") => self.strike_out(&name.unquoted()),
            _ => match sql::read(statement) {
                Ok(sql::Statement::VirtualTable(table)) => {
                    let object = ObjectRef::new(ObjectKind::VirtualTable, &table.name);
                    self.enter_virtual_table(&object, &sql::write_virtual_table(&table))
                }
                _ => Err(rusqlite::Error::InvalidQuery),
            },
        };
        self.lift_confinement(false).ok()?;
        done.ok()?;
        if let Missing::Module(name) = missing {
            self.stand_ins.modules.insert(name);
        }
        Some(length)
    }

    /// What is done in a module's place is no part of the script that is watched.
    fn lift_confinement(&mut self, is_lifted: bool) -> rusqlite::Result<()> {
        match (self.switches, is_lifted) {
            (Switches::All, _) => Ok(()),
            (_, true) => self.connection.authorizer(None::<fn(AuthContext<'_>) -> Authorization>),
            (switches, false) => self.connection.authorizer(Some(switches.authorizer())),
        }
    }

    /// Takes a virtual table whose module is missing out of the schema.
    fn strike_out(&self, table: &str) -> rusqlite::Result<()> {
        self.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, false)?;
        self.connection.pragma_update(None, "writable_schema", true)?;
        let sql = "DELETE FROM sqlite_schema WHERE type = 'table' AND rootpage = 0 AND lower(name) = lower(?1)";
        self.connection.execute(sql, [table])?;
        self.connection.execute_batch("PRAGMA writable_schema = RESET")
    }

    /// Creates one object; what only the application has is met with stand-ins.
    pub(super) fn create(&mut self, object: &ObjectRef, sql: &str) -> Result<(), BuildError> {
        while let Err(error) = self.connection.execute_batch(sql) {
            let missing = Missing::in_message(&words(&error));
            let slip = missing.as_ref().and_then(|missing| self.stand_ins.slip(missing, &self.connection));
            let failed = |message: String| BuildError {
                object: object.clone(),
                message,
                sql: sql.to_owned(),
                offset: match &error {
                    rusqlite::Error::SqlInputError { offset, .. } => usize::try_from(*offset).ok(),
                    _ => None,
                },
                nearest: slip.clone(),
            };
            if self.stand_ins.meet(&self.connection, &error).map_err(|error| failed(words(&error)))? {
                continue;
            }
            let lacks_module = matches!(missing, Some(Missing::Module(_))) && slip.is_none();
            if lacks_module && object.kind == ObjectKind::VirtualTable {
                return self.enter_virtual_table(object, sql).map_err(|error| failed(words(&error)));
            }
            return Err(failed(words(&error)));
        }
        Ok(())
    }

    /// Enters a virtual table whose module is missing: SQLite loads modules only when a table is used.
    fn enter_virtual_table(&self, object: &ObjectRef, sql: &str) -> rusqlite::Result<()> {
        self.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, false)?;
        self.connection.pragma_update(None, "writable_schema", true)?;
        self.connection.execute(
            "INSERT INTO sqlite_schema (type, name, tbl_name, rootpage, sql) VALUES ('table', ?1, ?1, 0, ?2)",
            [object.name.as_str(), sql],
        )?;
        self.connection.execute_batch("PRAGMA writable_schema = RESET")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(in crate::database) fn schema_of(sql: &str) -> Schema {
        let mut scratch = Scratch::empty().unwrap();
        scratch.run(sql).unwrap();
        scratch.schema(&Filter::default()).unwrap()
    }

    #[test]
    fn a_schema_that_is_built_reads_back_as_it_was() {
        let schema = schema_of(
            "CREATE TABLE a (id INTEGER PRIMARY KEY AUTOINCREMENT, b TEXT NOT NULL DEFAULT 'x' COLLATE unicase UNIQUE,
               c AS (fold(b)) STORED CHECK (c > 0), FOREIGN KEY (b) REFERENCES later (z) ON DELETE CASCADE);
             CREATE TABLE later (z PRIMARY KEY, y) WITHOUT ROWID;
             CREATE UNIQUE INDEX i ON later (y DESC) WHERE y > 1;
             CREATE VIRTUAL TABLE f USING fts5(b, content = 'a');
             CREATE VIEW v (one) AS SELECT b FROM a; CREATE VIEW w AS SELECT one FROM v;
             CREATE TRIGGER second INSTEAD OF INSERT ON w BEGIN INSERT INTO a (b) VALUES (NEW.one); END;
             CREATE TRIGGER first AFTER INSERT ON a BEGIN SELECT 1; END;",
        );
        let scratch = Scratch::build(&schema).unwrap();
        assert_eq!(scratch.schema(&Filter::default()).unwrap(), schema);
        assert_eq!(scratch.stand_ins().collations.len() + scratch.stand_ins().functions.len(), 2);
    }

    #[test]
    fn a_script_may_make_and_drop_a_table_of_an_application_module() {
        let mut scratch = Scratch::empty().unwrap();
        scratch
            .run("CREATE TABLE t (a);\n-- vectors\nCREATE VIRTUAL TABLE \"v;1\" USING vec0(e float[4]);\nCREATE TABLE u (b);")
            .unwrap();
        let schema = scratch.schema(&Filter::default()).unwrap();
        assert_eq!((schema.tables.len(), schema.virtual_tables.len()), (2, 1));
        scratch.run("DROP TABLE \"v;1\";\nDROP TABLE u").unwrap();
        let schema = scratch.schema(&Filter::default()).unwrap();
        assert_eq!((schema.tables.len(), schema.virtual_tables.len()), (1, 0));
        assert!(scratch.run("CREATE VIRTUAL TABLE f USING fts6(a)").is_err());
    }

    #[test]
    fn the_object_that_sqlite_refuses_is_named_with_the_place() {
        let mut schema = schema_of("CREATE TABLE t (a, b CHECK (b > 0))");
        schema.tables[0].checks[0].expression = crate::schema::Expression::new("b > absent");
        let error = Scratch::build(&schema).unwrap_err();
        assert_eq!(error.to_string(), "SQLite refuses table `t`: no such column: absent");
        assert!(error.sql[error.offset.unwrap()..].starts_with("absent"), "{error:?}");
    }

    #[test]
    fn a_slip_of_the_pen_is_refused_where_a_person_wrote_it_and_not_in_a_database() {
        let mut schema = schema_of("CREATE TABLE t (a CHECK (length(a) > 0))");
        schema.tables[0].checks[0].expression = crate::schema::Expression::new("lenght(a) > 0");
        assert!(Scratch::empty().unwrap().run("CREATE TABLE t (a CHECK (lenght(a) > 0))").is_err());
        let error = Scratch::build_as_written(&schema, &StandIns::default()).unwrap_err();
        assert_eq!(error.nearest.as_deref(), Some("length"));
        assert!(Scratch::build(&schema).is_ok());
        let known = Scratch::build(&schema).unwrap().stand_ins().clone();
        assert!(Scratch::build_as_written(&schema, &known).is_ok());
    }

    #[test]
    fn a_slip_in_a_view_is_found_where_a_person_wrote_it() {
        let schema = schema_of(
            "CREATE TABLE t (a); CREATE VIEW v AS SELECT lenght(a) FROM t; CREATE VIEW w AS SELECT own(a) FROM t",
        );
        let mut written = Scratch::build_as_written(&schema, &StandIns::default()).unwrap();
        let findings = written.check(&schema).unwrap();
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].message, "no such function: lenght");
        assert!(Scratch::build(&schema).unwrap().check(&schema).unwrap().is_empty());
    }

    #[test]
    fn a_script_reaches_no_other_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("other.db");
        let mut scratch = Scratch::empty().unwrap();
        for sql in ["ATTACH '{}' AS other", "VACUUM INTO '{}'"] {
            assert!(scratch.run(&sql.replace("{}", &path.display().to_string())).is_err(), "{sql}");
        }
        assert!(!path.exists());
        scratch.run("CREATE TABLE t (a); VACUUM").unwrap();
    }

    #[test]
    fn a_virtual_table_whose_module_is_missing_is_entered_all_the_same() {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch(
                "PRAGMA writable_schema = ON;
                 INSERT INTO sqlite_schema VALUES ('table', 'v', 'v', 0, 'CREATE VIRTUAL TABLE v USING vec0(a float[3])');
                 PRAGMA writable_schema = RESET; CREATE TABLE t (a); CREATE VIEW w AS SELECT * FROM v",
            )
            .unwrap();
        let schema = introspect::read(&connection, &Filter::default()).unwrap();
        let mut scratch = Scratch::build(&schema).unwrap();
        assert_eq!(scratch.schema(&Filter::default()).unwrap(), schema);
        assert_eq!(scratch.check(&schema).unwrap(), []);
        assert!(scratch.stand_ins().modules.contains(&Name::from("vec0")));
    }
}
