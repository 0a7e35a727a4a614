//! What `defer_foreign_keys` does not defer.

use crate::lint::found::Found;
use crate::lint::rule::{Check, rule};
use crate::lint::statement::Kind;
use crate::lint::step::Step;

rule! {
    /// `PRAGMA defer_foreign_keys` in a script that drops a table.
    ///
    /// # Why
    ///
    /// It defers the checks, not the actions: where foreign keys are on, DROP TABLE deletes the rows of children with ON
    /// DELETE CASCADE at once, and sets others to NULL. The check at the end then finds nothing wrong.
    ///
    /// # Bad
    ///
    /// ```sql
    /// CREATE TABLE team (id INTEGER PRIMARY KEY, name TEXT);
    /// CREATE TABLE member (id INTEGER PRIMARY KEY, team_id INTEGER UNIQUE REFERENCES team (id) ON DELETE CASCADE);
    /// -- migrate:up
    /// PRAGMA defer_foreign_keys = ON;
    /// CREATE TABLE team_2 (id INTEGER PRIMARY KEY, name TEXT NOT NULL DEFAULT '');
    /// INSERT INTO team_2 (id, name) SELECT id, coalesce(name, '') FROM team;
    /// DROP TABLE team;
    /// ALTER TABLE team_2 RENAME TO team;
    /// ```
    ///
    /// # Good
    ///
    /// ```sql
    /// CREATE TABLE team (id INTEGER PRIMARY KEY, name TEXT);
    /// CREATE TABLE member (id INTEGER PRIMARY KEY, team_id INTEGER UNIQUE REFERENCES team (id) ON DELETE CASCADE);
    /// -- migrate:up
    /// UPDATE team SET name = '' WHERE name IS NULL;
    /// ALTER TABLE team ALTER COLUMN name SET NOT NULL;
    /// ```
    ///
    /// # Fix
    ///
    /// Take it out: schemactl runs scripts with foreign keys off and checks all references at the end. Let
    /// `schemactl revision --autogenerate` write the rebuild. See <https://www.sqlite.org/pragma.html#pragma_defer_foreign_keys>.
    "SC304", "defer-foreign-keys", Warn, Check::Revision(check)
}

fn check(step: &Step<'_>) -> Vec<Found> {
    let drops = step.statement(|kind| matches!(kind, Kind::DropTable(name) if step.before.tables.contains_key(name)));
    let pragma =
        step.statement(|kind| matches!(kind, Kind::Pragma { name, value: Some(_) } if *name == *"defer_foreign_keys"));
    let (Some(pragma), Some(_)) = (pragma, drops) else { return Vec::new() };
    let message = "`PRAGMA defer_foreign_keys` defers checks, not ON DELETE CASCADE or SET NULL";
    let help =
        "take it out: schemactl switches foreign keys off around the script, and checks all references at its end";
    vec![Found::statement(pragma, message).help(help)]
}

#[cfg(test)]
mod tests {
    #[test]
    fn sqlite_cascades_in_spite_of_it() {
        let connection = rusqlite::Connection::open_in_memory().unwrap();
        connection
            .execute_batch(
                "PRAGMA foreign_keys = ON; CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (p REFERENCES p ON DELETE CASCADE);
                 INSERT INTO p VALUES (1); INSERT INTO c VALUES (1); BEGIN; PRAGMA defer_foreign_keys = ON; DROP TABLE p; COMMIT",
            )
            .unwrap();
        let left: i64 = connection.query_row("SELECT count(*) FROM c", [], |row| row.get(0)).unwrap();
        assert_eq!(left, 0);
    }
}
