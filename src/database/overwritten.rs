//! Which rows and values a script deletes or writes over, as SQLite finds when it compiles each statement
//! (<https://www.sqlite.org/c3ref/set_authorizer.html>): what its triggers do is told as well.
//!
//! Knows nothing of how many rows there are, and takes what cannot be told for the worst.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::hooks::{AuthAction, AuthContext, Authorization};

use super::scratch::Scratch;
use super::statements::Failure;
use super::switches::{clean_up, within};
use crate::schema::Name;
use crate::token::{Token, significant_tokens};

/// What a script does to rows that are there, by names at the time of the statement.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overwritten {
    /// Tables of which it deletes or replaces rows; those that it drops are not among them.
    pub rows: BTreeSet<Name>,
    /// Columns whose values it sets, but for those that it sets only where there is none.
    pub values: BTreeSet<(Name, Name)>,
    /// Tables that it drops or takes a column of: those that are there afterwards are written anew.
    pub rewritten: BTreeSet<Name>,
}

/// What SQLite asks leave for.
#[derive(Default)]
struct Heard {
    deletes: BTreeSet<Name>,
    inserts: BTreeSet<Name>,
    updates: BTreeSet<(Name, Name)>,
    drops: BTreeSet<Name>,
    alters: BTreeSet<Name>,
}

impl Scratch {
    /// Runs a script as [`Scratch::run_revision`] does, and says which rows it deletes and which values it writes over.
    ///
    /// # Errors
    ///
    /// As [`Scratch::run`].
    pub fn run_listening(&mut self, script: &str) -> Result<Overwritten, Failure> {
        let watch = Failure::of_connection;
        let heard: Arc<Mutex<Heard>> = Arc::default();
        let hearing = Arc::clone(&heard);
        let listen = move |context: AuthContext<'_>| {
            hearing.lock().unwrap_or_else(PoisonError::into_inner).note(&context);
            within(context)
        };
        self.connection.authorizer(Some(listen)).map_err(watch)?;
        let mut found = Overwritten::default();
        let outcome = self.run_unwatched(script, &mut |_, span| {
            let heard = std::mem::take(&mut *heard.lock().unwrap_or_else(PoisonError::into_inner));
            found.take_in(&script[span], heard);
        });
        self.connection.authorizer(None::<fn(AuthContext<'_>) -> Authorization>).map_err(watch)?;
        outcome?;
        clean_up(&self.connection).map_err(watch)?;
        Ok(found)
    }
}

impl Heard {
    fn note(&mut self, context: &AuthContext<'_>) {
        // For this action alone the database is told in another place.
        if let AuthAction::AlterTable { database_name: "main", table_name } = context.action {
            self.alters.insert(Name::new(table_name));
        }
        if context.database_name != Some("main") {
            return;
        }
        match context.action {
            AuthAction::Delete { table_name } => self.deletes.insert(Name::new(table_name)),
            AuthAction::Insert { table_name } => self.inserts.insert(Name::new(table_name)),
            AuthAction::Update { table_name, column_name } => {
                self.updates.insert((Name::new(table_name), Name::new(column_name)))
            }
            AuthAction::DropTable { table_name } => self.drops.insert(Name::new(table_name)),
            _ => false,
        };
    }
}

impl Overwritten {
    fn take_in(&mut self, statement: &str, heard: Heard) {
        let tokens: Vec<Token<'_>> = significant_tokens(statement).collect();
        let is = |at: usize, word: &str| tokens.get(at).is_some_and(|token| token.is_word(word));
        self.rewritten.extend(heard.drops);
        if is(0, "ALTER") && tokens.iter().any(|token| token.is_word("DROP")) {
            self.rewritten.extend(heard.alters);
        }
        // To SQLite these delete rows, and update its own tables.
        if is(0, "DROP") || is(0, "ALTER") || is(0, "CREATE") {
            return;
        }
        self.rows.extend(heard.deletes);
        // In SQLite the word INTO is not optional after this one, unlike in the name of the function.
        if (0..tokens.len()).any(|at| is(at, "REPLACE") && is(at + 1, "INTO")) {
            self.rows.extend(heard.inserts);
        }
        let filled = filled_column(&tokens);
        self.values.extend(heard.updates.into_iter().filter(|(_, column)| filled.as_ref() != Some(column)));
    }
}

/// The column of `UPDATE t SET c = … WHERE c IS NULL`, which writes over nothing.
fn filled_column(tokens: &[Token<'_>]) -> Option<Name> {
    let name = |at: usize| tokens.get(at).map(|token| Name::new(token.unquoted()));
    let is_update = tokens.first()?.is_word("UPDATE") && tokens.get(2)?.is_word("SET");
    let [.., before, column, is, null] = tokens else { return None };
    let is_null = before.is_word("WHERE") && is.is_word("IS") && null.is_word("NULL");
    let set = name(3).filter(|set| *set == Name::new(column.unquoted()))?;
    (is_update && is_null && tokens.get(4)?.is_operator("=")).then_some(set)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(script: &str) -> Overwritten {
        let mut scratch = Scratch::empty().unwrap();
        scratch.run("CREATE TABLE t (id INTEGER PRIMARY KEY, a, b); CREATE TABLE u (x UNIQUE)").unwrap();
        scratch.run_listening(script).unwrap()
    }

    fn names(found: &Overwritten) -> Vec<String> {
        let rows = found.rows.iter().map(ToString::to_string);
        rows.chain(found.values.iter().map(|(table, column)| format!("{table}.{column}"))).collect()
    }

    #[test]
    fn deletes_updates_and_replacements_are_heard_in_whatever_form() {
        for (script, wanted) in [
            ("DELETE FROM t", vec!["t"]),
            ("WITH old AS (SELECT 1 AS id) DELETE FROM t WHERE id IN (SELECT id FROM old)", vec!["t"]),
            ("REPLACE INTO u VALUES (1)", vec!["u"]),
            ("INSERT OR REPLACE INTO u SELECT a FROM t", vec!["u"]),
            ("UPDATE t SET a = replace(a, 'x', 'y')", vec!["t.a"]),
            ("UPDATE t SET a = 1, b = 2 WHERE b IS NULL", vec!["t.a", "t.b"]),
            ("INSERT INTO u VALUES (1) ON CONFLICT DO UPDATE SET x = 2", vec!["u.x"]),
            ("CREATE TEMP TRIGGER g AFTER INSERT ON u BEGIN DELETE FROM t; END; INSERT INTO u VALUES (1)", vec!["t"]),
        ] {
            assert_eq!(names(&of(script)), wanted, "{script}");
        }
    }

    #[test]
    fn tables_that_are_written_anew_are_told() {
        let rebuild =
            "CREATE TABLE new (id, a); INSERT INTO new SELECT id, a FROM t; DROP TABLE t; ALTER TABLE new RENAME TO t";
        for script in [rebuild, "ALTER TABLE t DROP COLUMN b"] {
            assert_eq!(of(script).rewritten, BTreeSet::from(["t".into()]), "{script}");
        }
        assert_eq!(of("ALTER TABLE t ADD COLUMN c; ALTER TABLE u RENAME TO v").rewritten, BTreeSet::new());
    }

    #[test]
    fn what_writes_over_nothing_is_not_told() {
        for script in [
            "CREATE TRIGGER g AFTER INSERT ON u BEGIN DELETE FROM t; END",
            "INSERT INTO u SELECT replace(a, 'x', 'y') FROM t",
            "UPDATE \"t\" SET \"a\" = (0) WHERE \"a\" IS NULL",
            "ALTER TABLE t DROP COLUMN b; DROP TABLE u; ALTER TABLE t RENAME TO v",
            "-- DELETE FROM t",
        ] {
            assert_eq!(names(&of(script)), Vec::<String>::new(), "{script}");
        }
    }
}
