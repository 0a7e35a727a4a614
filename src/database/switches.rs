//! What a runner lets a script switch: how a rebuild has to be written for it.
//!
//! A scratch database that is confined refuses the same things, so that what it takes, such a runner takes.

use rusqlite::Connection;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};

use super::scratch::Scratch;
use super::statements::Failure;
use crate::database::Error;

/// What may be switched around a script and in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Switches {
    /// Everything: foreign keys are off while the script runs, and it may switch `legacy_alter_table`, edit
    /// `sqlite_schema` and make TEMP tables. The runner of this crate, and the plain shell.
    #[default]
    All,
    /// Foreign keys alone, outside of the transaction: they are off while the script runs, and nothing else may be
    /// switched. A libSQL server.
    ForeignKeys,
    /// Nothing: the script runs in a transaction of somebody else with foreign keys enforced. D1, and libraries that
    /// run scripts in an application. `defer_foreign_keys` is no switch in this sense: it puts a check off and saves
    /// no row.
    None,
}

impl Switches {
    /// Whether a runner with these switches refuses an action.
    fn refuses(self, action: &AuthAction<'_>) -> bool {
        match action {
            AuthAction::Pragma { pragma_name, pragma_value } => {
                let is = |name: &str| pragma_name.eq_ignore_ascii_case(name);
                let is_for_all_alone = is("legacy_alter_table") || is("writable_schema");
                let is_silent = is("foreign_keys") && pragma_value.is_some();
                self != Switches::All && (is_for_all_alone || is_silent)
            }
            AuthAction::CreateTempTable { .. }
            | AuthAction::CreateTempView { .. }
            | AuthAction::CreateTempTrigger { .. }
            | AuthAction::CreateTempIndex { .. } => self != Switches::All,
            _ => false,
        }
    }

    /// The authorizer of a scratch database with these switches.
    pub(super) fn authorizer(self) -> impl Fn(AuthContext<'_>) -> Authorization + Send + 'static {
        move |context| if self.refuses(&context.action) { Authorization::Deny } else { within(context) }
    }
}

/// What a script in a scratch database does by itself: nothing to other files, and nothing to foreign keys, which no
/// script switches while its transaction runs (<https://www.sqlite.org/pragma.html#pragma_foreign_keys>).
///
/// VACUUM attaches a nameless database for itself; one with a name would be a file.
pub(super) fn within(context: AuthContext<'_>) -> Authorization {
    match context.action {
        AuthAction::Attach { filename } if !filename.is_empty() => Authorization::Deny,
        AuthAction::Pragma { pragma_name, pragma_value: Some(_) }
            if pragma_name.eq_ignore_ascii_case("foreign_keys") =>
        {
            Authorization::Ignore
        }
        _ => Authorization::Allow,
    }
}

/// Takes away what the script of a revision may leave on the connection, so that the next one finds nothing of it.
pub(super) fn clean_up(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "legacy_alter_table", false)?;
    let leftovers: Vec<String> = connection
        .prepare(
            "SELECT format('DROP %s IF EXISTS temp.\"%w\"', type, name) FROM sqlite_temp_schema \
             WHERE type IN ('table', 'view', 'trigger') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY type = 'table'",
        )?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    leftovers.iter().try_for_each(|drop| connection.execute_batch(drop))
}

impl Scratch {
    /// Refuses from now on what a runner with these switches refuses; without any, foreign keys are enforced.
    ///
    /// # Errors
    ///
    /// Fails where SQLite does.
    pub fn confine(&mut self, switches: Switches) -> Result<(), Error> {
        self.switches = switches;
        let enforced = switches == Switches::None;
        let outcome = self.connection.pragma_update(None, "foreign_keys", enforced);
        outcome.map_err(|error| Error::from_sqlite(":memory:".as_ref(), &error))
    }

    /// Runs the script of a revision: as [`Scratch::run`], and the next one finds nothing of what it leaves on the
    /// connection.
    ///
    /// # Errors
    ///
    /// As [`Scratch::run`].
    pub fn run_revision(&mut self, script: &str) -> Result<(), Failure> {
        self.run(script)?;
        clean_up(&self.connection).map_err(Failure::of_connection)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_confined_scratch_database_refuses_what_its_runner_refuses() {
        let words = [
            "PRAGMA legacy_alter_table = ON",
            "PRAGMA writable_schema = ON",
            "PRAGMA foreign_keys = OFF",
            "CREATE TEMP TABLE aside (a)",
        ];
        for switches in [Switches::All, Switches::ForeignKeys, Switches::None] {
            for word in words {
                let mut scratch = Scratch::empty().unwrap();
                scratch.confine(switches).unwrap();
                assert_eq!(scratch.run(word).is_ok(), switches == Switches::All, "{word} with {switches:?}");
                scratch.run("PRAGMA defer_foreign_keys = ON; CREATE TABLE t (a); ALTER TABLE t RENAME TO u").unwrap();
            }
        }
    }

    #[test]
    fn without_switches_foreign_keys_are_enforced() {
        let schema = "CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (p REFERENCES p)";
        for (switches, takes) in [(Switches::ForeignKeys, true), (Switches::None, false)] {
            let mut scratch = Scratch::empty().unwrap();
            scratch.confine(switches).unwrap();
            scratch.run(schema).unwrap();
            assert_eq!(scratch.run("INSERT INTO c VALUES (1)").is_ok(), takes);
        }
    }

    #[test]
    fn what_a_revision_leaves_on_the_connection_is_gone_before_the_next_one() {
        let mut scratch = Scratch::empty().unwrap();
        let first = "PRAGMA foreign_keys = ON; PRAGMA legacy_alter_table = ON; CREATE TEMP TABLE aside AS SELECT 1;
             CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (p REFERENCES p)";
        scratch.run_revision(first).unwrap();
        scratch.run_revision("CREATE TEMP TABLE aside (a); INSERT INTO c VALUES (1)").unwrap();
        scratch.run_revision("ALTER TABLE p RENAME TO q").unwrap();
        // Foreign keys on, this one would follow to `r` all the same.
        let legacy = "PRAGMA foreign_keys = ON; PRAGMA legacy_alter_table = ON; ALTER TABLE q RENAME TO r";
        scratch.run_revision(legacy).unwrap();
        let parent = |sql: &str| scratch.connection.query_row(sql, [], |row| row.get::<_, String>(0)).unwrap();
        assert_eq!(parent("SELECT \"table\" FROM pragma_foreign_key_list('c')"), "q");
    }

    #[test]
    fn a_table_whose_module_is_missing_can_still_be_made_and_dropped() {
        let mut scratch = Scratch::empty().unwrap();
        scratch.confine(Switches::None).unwrap();
        scratch.run("CREATE VIRTUAL TABLE v USING vec0(e float[4]); DROP TABLE v; CREATE TABLE t (a)").unwrap();
    }
}
