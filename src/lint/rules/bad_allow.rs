//! Agreements that nobody can follow.

use crate::lint::rule::{Check, rule};

rule! {
    /// An `allow` without a reason, or for a rule that does not exist.
    ///
    /// # Why
    ///
    /// The reason is for whoever reads the script next year. An `allow` without one counts for nothing.
    ///
    /// # Fix
    ///
    /// `-- schemactl: allow SC202 the report that used it is gone`, or in the model
    /// `allow = { SC101 = "rows of the parent are never deleted" }`.
    "SC003", "bad-allow", Error, Check::Linting
}
