//! Scripts that do not run.

use crate::lint::rule::{Check, rule};

rule! {
    /// A script that fails in a scratch database.
    ///
    /// # Why
    ///
    /// It was run on an empty database after the revisions before it, and SQLite refused a statement. Revisions that
    /// come after it cannot be looked at.
    ///
    /// # Fix
    ///
    /// Correct the statement that is underlined. `schemactl verify` runs the scripts with rows as well.
    "SC001", "script-fails", Error, Check::Linting
}
