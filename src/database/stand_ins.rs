//! Collations, functions and modules that only the application has: stand-ins let schemas that use them be built,
//! compared and changed.
//!
//! A stand-in never gives a value: a function fails when it is called, and a collation remembers that it was asked to
//! compare, so that no row and no index can come out wrong unnoticed.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::Connection;
use rusqlite::functions::{Aggregate, Context, FunctionFlags, WindowAggregate};
use rusqlite::types::Null;

use super::error::words;
use crate::schema::Name;

/// What a schema uses and this SQLite lacks.
#[derive(Debug, Clone, Default)]
pub struct StandIns {
    /// Collations.
    pub collations: BTreeSet<Name>,
    /// Functions.
    pub functions: BTreeSet<Name>,
    /// Modules of virtual tables, and tokenizers of full-text tables.
    pub modules: BTreeSet<Name>,
    /// Whether what is nearly the name of something built in is a slip of the pen.
    doubtful: bool,
    compared: Arc<AtomicBool>,
}

/// Something that this SQLite lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Missing {
    Collation(Name),
    Function(Name),
    /// A function that is there, but not as an aggregate.
    Aggregate(Name),
    Module(Name),
}

impl Missing {
    /// What an error of SQLite says is missing.
    pub(super) fn in_message(message: &str) -> Option<Missing> {
        let after = |words: &str| {
            let (_, name) = message.rsplit_once(words)?;
            Some(Name::new(name.trim().trim_end_matches("()")))
        };
        let before = |words: &str| {
            let (start, _) = message.split_once(words)?;
            Some(Name::new(start.rsplit(' ').next().unwrap_or(start)))
        };
        after("no such collation sequence: ")
            .map(Missing::Collation)
            .or_else(|| after("no such function: ").map(Missing::Function))
            .or_else(|| after("no such module: ").map(Missing::Module))
            .or_else(|| after("no such tokenizer: ").map(Missing::Module))
            .or_else(|| after("unknown tokenizer: ").map(Missing::Module))
            .or_else(|| before("() may not be used as a window function").map(Missing::Aggregate))
            .or_else(|| after("may not be used with non-aggregate ").map(Missing::Aggregate))
    }

    /// The name of something built in that was probably meant: one letter more, less, other, or two exchanged. A name
    /// that holds the whole of the other, as `ulower` does, is one of its own.
    pub(super) fn near_miss(&self, connection: &Connection) -> Option<String> {
        let (name, list) = match self {
            Missing::Collation(name) => {
                (name, "SELECT name FROM pragma_collation_list WHERE name IN ('BINARY', 'NOCASE', 'RTRIM')")
            }
            Missing::Function(name) => (name, "SELECT DISTINCT name FROM pragma_function_list WHERE builtin"),
            Missing::Module(name) => (name, "SELECT name FROM pragma_module_list"),
            Missing::Aggregate(_) => return None,
        };
        let mut statement = connection.prepare(list).ok()?;
        let names: Vec<String> =
            statement.query_map([], |row| row.get(0)).ok()?.collect::<rusqlite::Result<_>>().ok()?;
        let name = name.folded();
        let is_near = |candidate: &String| {
            let candidate = candidate.to_ascii_lowercase();
            strsim::damerau_levenshtein(&name, &candidate) == 1 && !name.contains(&candidate)
        };
        names.into_iter().find(is_near)
    }

    /// Whether the schema of a database names it already.
    pub(super) fn is_named_in_schema(&self, connection: &Connection) -> rusqlite::Result<bool> {
        let (Missing::Collation(name) | Missing::Function(name) | Missing::Aggregate(name) | Missing::Module(name)) =
            self;
        connection.query_row(
            "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE instr(lower(sql), lower(?1)))",
            [name.as_str()],
            |row| row.get(0),
        )
    }
}

impl StandIns {
    /// Those that are known, to which nothing is added that is nearly the name of something built in.
    #[must_use]
    pub(super) fn doubting(known: &StandIns) -> StandIns {
        StandIns { doubtful: true, compared: Arc::default(), ..known.clone() }
    }

    /// The built-in name that was probably meant, where there is doubt.
    pub(super) fn slip(&self, missing: &Missing, connection: &Connection) -> Option<String> {
        if self.doubtful && !self.knows(missing) { missing.near_miss(connection) } else { None }
    }

    /// Whether nothing is missing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.collations.is_empty() && self.functions.is_empty() && self.modules.is_empty()
    }

    /// One line for the user; `None` where nothing is missing.
    #[must_use]
    pub fn notice(&self) -> Option<String> {
        let list = |thing: &str, names: &BTreeSet<Name>| {
            names.iter().map(|name| format!("the {thing} `{name}`")).collect::<Vec<_>>()
        };
        let all =
            [list("collation", &self.collations), list("function", &self.functions), list("module", &self.modules)]
                .concat();
        let verb = if all.len() == 1 { "exists" } else { "exist" };
        (!all.is_empty())
            .then(|| format!("{} {verb} only in the application; a stand-in took its place", all.join(", ")))
    }

    /// Takes in what others found.
    pub fn extend(&mut self, others: &StandIns) {
        self.collations.extend(others.collations.iter().cloned());
        self.functions.extend(others.functions.iter().cloned());
        self.modules.extend(others.modules.iter().cloned());
    }

    /// Puts all stand-ins on a connection; modules have none.
    ///
    /// # Errors
    ///
    /// Fails where SQLite does.
    pub fn register(&self, connection: &Connection) -> rusqlite::Result<()> {
        self.collations.iter().try_for_each(|name| self.register_collation(connection, name))?;
        self.functions.iter().try_for_each(|name| register_function(connection, name))
    }

    /// Whether a stand-in had to compare values, so that what came out of it may be wrong.
    pub(super) fn were_compared(&self) -> bool {
        self.compared.load(Ordering::Relaxed)
    }

    /// Does something that may use stand-ins to look at rows; whether it had to compare by one does not count as a
    /// change to them, and is told.
    pub(super) fn looking<T>(
        &mut self,
        connection: &Connection,
        mut look: impl FnMut() -> rusqlite::Result<T>,
    ) -> rusqlite::Result<(T, bool)> {
        let before = self.compared.swap(false, Ordering::Relaxed);
        let outcome = loop {
            match look() {
                Ok(value) => break Ok(value),
                Err(error) => match self.meet(connection, &error) {
                    Ok(true) => {}
                    Ok(false) => break Err(error),
                    Err(error) => break Err(error),
                },
            }
        };
        let compared = self.compared.swap(before, Ordering::Relaxed);
        outcome.map(|value| (value, compared))
    }

    /// Whether that is known to be the application's.
    pub(super) fn knows(&self, missing: &Missing) -> bool {
        match missing {
            Missing::Collation(name) => self.collations.contains(name),
            Missing::Function(name) | Missing::Aggregate(name) => self.functions.contains(name),
            Missing::Module(name) => self.modules.contains(name),
        }
    }

    /// Puts a stand-in on a connection for what an error says is missing; false where it says no such thing or where
    /// there is no stand-in to put.
    pub(super) fn meet(&mut self, connection: &Connection, error: &rusqlite::Error) -> rusqlite::Result<bool> {
        self.meet_message(connection, &words(error))
    }

    /// As [`StandIns::meet`] for an error of a script, by its words: what is nearly the name of something built in, and
    /// not in the schema yet, is a slip of the pen.
    pub(super) fn meet_in_script(&mut self, connection: &Connection, message: &str) -> rusqlite::Result<bool> {
        let Some(missing) = Missing::in_message(message) else { return Ok(false) };
        if self.is_slip_in_script(&missing, connection) { Ok(false) } else { self.meet_message(connection, message) }
    }

    /// Whether what a script needs is nearly the name of something built in, and in no schema yet.
    pub(super) fn is_slip_in_script(&self, missing: &Missing, connection: &Connection) -> bool {
        !self.knows(missing)
            && missing.near_miss(connection).is_some()
            && !missing.is_named_in_schema(connection).unwrap_or(false)
    }

    fn meet_message(&mut self, connection: &Connection, message: &str) -> rusqlite::Result<bool> {
        let missing = Missing::in_message(message);
        if missing.as_ref().is_some_and(|missing| self.slip(missing, connection).is_some()) {
            return Ok(false);
        }
        match missing {
            Some(Missing::Collation(name)) => {
                self.register_collation(connection, &name)?;
                Ok(self.collations.insert(name))
            }
            Some(Missing::Function(name)) => {
                register_function(connection, &name)?;
                Ok(self.functions.insert(name))
            }
            Some(Missing::Aggregate(name)) if self.functions.contains(&name) => {
                let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_INNOCUOUS;
                connection.create_window_function(name.as_str(), -1, flags, Application(name.as_str().to_owned()))?;
                Ok(true)
            }
            Some(Missing::Module(name)) => {
                self.modules.insert(name);
                Ok(false)
            }
            Some(Missing::Aggregate(_)) | None => Ok(false),
        }
    }

    fn register_collation(&self, connection: &Connection, name: &Name) -> rusqlite::Result<()> {
        let compared = Arc::clone(&self.compared);
        connection.create_collation(name.as_str(), move |a, b| {
            compared.store(true, Ordering::Relaxed);
            a.cmp(b)
        })
    }
}

fn register_function(connection: &Connection, name: &Name) -> rusqlite::Result<()> {
    // Deterministic, since only such functions may stand in indexes and generated columns.
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
    let application = Application(name.as_str().to_owned());
    connection.create_scalar_function(name.as_str(), -1, flags, move |_| application.refuse::<Null>())
}

/// A function of the application, by its name.
struct Application(String);

impl Application {
    fn refuse<T>(&self) -> rusqlite::Result<T> {
        let message = format!("the function `{}` exists only in the application", self.0);
        Err(rusqlite::Error::UserFunctionError(message.into()))
    }
}

impl Aggregate<(), Null> for Application {
    fn init(&self, _: &mut Context<'_>) -> rusqlite::Result<()> {
        self.refuse()
    }

    fn step(&self, _: &mut Context<'_>, (): &mut ()) -> rusqlite::Result<()> {
        self.refuse()
    }

    fn finalize(&self, _: &mut Context<'_>, _: Option<()>) -> rusqlite::Result<Null> {
        self.refuse()
    }
}

impl WindowAggregate<(), Null> for Application {
    fn value(&self, _: Option<&mut ()>) -> rusqlite::Result<Null> {
        self.refuse()
    }

    fn inverse(&self, _: &mut Context<'_>, (): &mut ()) -> rusqlite::Result<()> {
        self.refuse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_sqlite_say_what_is_missing() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE t (a)").unwrap();
        let missing = |sql: &str| Missing::in_message(&words(&connection.execute_batch(sql).unwrap_err()));
        assert_eq!(missing("SELECT fold(1)"), Some(Missing::Function(Name::from("fold"))));
        assert_eq!(missing("SELECT 1 ORDER BY 1 COLLATE unicase"), Some(Missing::Collation(Name::from("unicase"))));
        assert_eq!(missing("CREATE VIRTUAL TABLE v USING vec0(a)"), Some(Missing::Module(Name::from("vec0"))));
        assert_eq!(
            missing("CREATE VIRTUAL TABLE v USING fts5(a, tokenize = 'jieba')"),
            Some(Missing::Module(Name::from("jieba")))
        );
        assert_eq!(missing("SELECT absent"), None);
    }

    #[test]
    fn stand_ins_let_a_schema_be_built_and_never_give_a_value() {
        let connection = Connection::open_in_memory().unwrap();
        let mut stand_ins = StandIns::default();
        let mut run = |sql: &str| {
            while let Err(error) = connection.execute_batch(sql) {
                if !stand_ins.meet(&connection, &error).unwrap() {
                    return Err(words(&error));
                }
            }
            Ok(())
        };
        run("CREATE TABLE t (a CHECK (fold(a) > 0), b COLLATE unicase UNIQUE)").unwrap();
        run("CREATE VIEW v AS SELECT total_of(a) OVER (ORDER BY b) FROM t").unwrap();
        run("SELECT * FROM v").unwrap();
        assert!(run("INSERT INTO t VALUES (1, 2)").unwrap_err().contains("only in the application"));
        assert!(!stand_ins.were_compared());
        connection
            .execute_batch("PRAGMA ignore_check_constraints = ON; INSERT INTO t VALUES (1, 'a'), (2, 'b')")
            .unwrap();
        assert!(stand_ins.were_compared());
        let notice = stand_ins.notice().unwrap();
        assert!(
            notice.starts_with("the collation `unicase`, the function `fold`, the function `total_of` exist"),
            "{notice}"
        );
    }

    #[test]
    fn a_slip_of_the_pen_is_told_from_an_application_function() {
        let connection = Connection::open_in_memory().unwrap();
        let near = |missing: Missing| missing.near_miss(&connection);
        assert_eq!(near(Missing::Function(Name::from("lenght"))).as_deref(), Some("length"));
        assert_eq!(near(Missing::Collation(Name::from("nocaes"))).as_deref(), Some("NOCASE"));
        for own in ["my_own_function", "ulower", "regexp", "md5"] {
            assert_eq!(near(Missing::Function(Name::from(own))), None, "{own}");
        }
        assert_eq!(near(Missing::Collation(Name::from("unicase"))), None);
        // What stands in for one function of an application is no model for the name of another.
        connection.create_scalar_function("ST_MinX", 1, FunctionFlags::SQLITE_UTF8, |_| Ok(1)).unwrap();
        connection.create_collation("unicase", str::cmp).unwrap();
        assert_eq!(near(Missing::Function(Name::from("ST_MinY"))), None);
        assert_eq!(near(Missing::Collation(Name::from("unicase2"))), None);
    }
}
