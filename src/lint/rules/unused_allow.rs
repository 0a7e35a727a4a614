//! Agreements that have outlived what they were about.

use crate::lint::rule::{Check, rule};

rule! {
    /// An `allow` that agrees to nothing.
    ///
    /// # Why
    ///
    /// What it was written for is gone, or it stands in the wrong place. Left where it is, it would hide the next finding.
    ///
    /// # Fix
    ///
    /// Take it out. In a script, `-- schemactl: allow CODE reason` counts for the statement on its line, or else for the
    /// next one; above `-- migrate:up` it counts for the whole script. In the model, `allow` counts for the table, view
    /// or trigger that it stands with.
    "SC002", "unused-allow", Warn, Check::Linting
}
