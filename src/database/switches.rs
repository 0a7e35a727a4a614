//! What a runner lets a script switch: how a rebuild has to be written for it.
//!
//! A scratch database that is confined refuses the same things, so that what it takes, such a runner takes.

use rusqlite::hooks::{AuthAction, AuthContext, Authorization};

use super::scratch::{Scratch, no_other_file};
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
        move |context| if self.refuses(&context.action) { Authorization::Deny } else { no_other_file(context) }
    }
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
    fn a_table_whose_module_is_missing_can_still_be_made_and_dropped() {
        let mut scratch = Scratch::empty().unwrap();
        scratch.confine(Switches::None).unwrap();
        scratch.run("CREATE VIRTUAL TABLE v USING vec0(e float[4]); DROP TABLE v; CREATE TABLE t (a)").unwrap();
    }
}
