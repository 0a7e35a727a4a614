//! Why something failed for a database of a fleet, in a few classes that call for different answers.

use std::fmt;

use crate::report::Diagnostic;

/// The class of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// Another program held the lock for too long.
    Busy,
    /// Rows do not fit what a script makes of the schema.
    Constraint,
    /// Rows would refer to rows that are not there.
    ForeignKey,
    /// The schema is not the one that the revisions made.
    Drift,
    /// The database has revisions that have no script here, or a format of a newer SQLite.
    Newer,
    /// The file is damaged.
    Corrupt,
    /// The file is something else.
    NotADatabase,
    /// There is no file.
    Missing,
    /// The file or its folder may not be read or written.
    ReadOnly,
    /// The disk is full, or fails.
    Disk,
    /// A script or the way through the revisions is wrong.
    Script,
    /// A hook of the settings fails.
    Hook,
    /// Anything else.
    Other,
}

impl Cause {
    /// All of them, with their words.
    pub const ALL: [(Cause, &'static str); 13] = [
        (Cause::Busy, "busy"),
        (Cause::Constraint, "constraint"),
        (Cause::ForeignKey, "foreign_key"),
        (Cause::Drift, "drift"),
        (Cause::Newer, "newer"),
        (Cause::Corrupt, "corrupt"),
        (Cause::NotADatabase, "not_a_database"),
        (Cause::Missing, "missing"),
        (Cause::ReadOnly, "readonly"),
        (Cause::Disk, "disk"),
        (Cause::Script, "script"),
        (Cause::Hook, "hook"),
        (Cause::Other, "other"),
    ];

    /// Its word in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Cause::ALL.iter().find(|(cause, _)| *cause == self).map_or("other", |(_, word)| word)
    }

    /// The class of what a diagnostic tells, by its code.
    #[must_use]
    pub fn of(diagnostic: &Diagnostic) -> Cause {
        match diagnostic.code {
            "locked" | "transaction_timeout" | "stream_expired" | "connection_lost" => Cause::Busy,
            "rows_refuse" => Cause::Constraint,
            // The words are SQLite's own, and the same in all of its versions.
            "statement_failed" if diagnostic.message.contains("FOREIGN KEY constraint failed") => Cause::ForeignKey,
            "statement_failed" if diagnostic.message.contains("constraint failed") => Cause::Constraint,
            "foreign_key" => Cause::ForeignKey,
            "drift" | "by_hand" => Cause::Drift,
            "unknown_applied" | "newer_format" => Cause::Newer,
            "corrupt" => Cause::Corrupt,
            "not_a_database" | "is_folder" | "not_a_file" => Cause::NotADatabase,
            "unreachable" | "no_namespace" | "no_database" | "no_folder" | "dangling_link" | "link_loop" => {
                Cause::Missing
            }
            "unauthorized" | "forbidden" | "blocked" | "read_only" | "read_only_folder" | "no_permission"
            | "hot_journal" => Cause::ReadOnly,
            "full" | "io" | "no_room" | "backup_folder" => Cause::Disk,
            "statement_failed"
            | "schema_mismatch"
            | "rows_lost"
            | "broken_object"
            | "not_allowed"
            | "outside_transaction"
            | "left_open"
            | "application_collation"
            | "irreversible"
            | "no_script" => Cause::Script,
            "before_hook_failed" | "after_hook_failed" => Cause::Hook,
            _ => Cause::Other,
        }
    }

    /// Whether a script is to blame, or the rows that it meets: on a copy it would fail in the same way.
    #[must_use]
    pub fn is_of_the_run(self) -> bool {
        matches!(self, Cause::Constraint | Cause::ForeignKey | Cause::Script | Cause::Other)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::database;
    use crate::report::Report;

    #[test]
    fn errors_of_databases_have_their_classes() {
        let path = || PathBuf::from("x.db");
        for (error, cause) in [
            (database::Error::Missing { path: path() }, Cause::Missing),
            (database::Error::IsFolder { path: path() }, Cause::NotADatabase),
            (database::Error::Full { path: path() }, Cause::Disk),
            (database::Error::ReadOnlyFile { path: path() }, Cause::ReadOnly),
            (database::Error::NewerFormat { path: path() }, Cause::Newer),
            (database::Error::Corrupt { path: path(), message: String::new() }, Cause::Corrupt),
            (database::Error::Locked { path: path(), waited: std::time::Duration::ZERO }, Cause::Busy),
            (database::Error::Sqlite { path: path(), message: String::new() }, Cause::Other),
        ] {
            assert_eq!(Cause::of(&error.diagnostics()[0]), cause, "{error}");
        }
        let failed = |words: &str| Cause::of(&Diagnostic::new("statement_failed", words));
        assert_eq!(failed("cannot upgrade `a`: UNIQUE constraint failed: t.x"), Cause::Constraint);
        assert_eq!(failed("cannot upgrade `a`: FOREIGN KEY constraint failed"), Cause::ForeignKey);
        assert_eq!(failed("cannot upgrade `a`: no such table: t"), Cause::Script);
    }

    #[test]
    fn each_class_has_a_word_of_its_own() {
        let words: std::collections::BTreeSet<&str> = Cause::ALL.iter().map(|(cause, _)| cause.as_str()).collect();
        assert_eq!(words.len(), Cause::ALL.len());
    }
}
