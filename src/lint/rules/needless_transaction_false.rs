//! Scripts that give up their transaction for nothing.

use crate::lint::found::Found;
use crate::lint::rule::{Check, rule};
use crate::lint::statement::Kind;
use crate::lint::step::Step;
use crate::schema::Name;

rule! {
    /// `transaction:false` on a section that could be a transaction.
    ///
    /// # Why
    ///
    /// Without a transaction a script that fails in its middle leaves what it has done so far, and the database stands
    /// between two revisions. Only VACUUM and a few pragmas need that.
    ///
    /// # Bad
    ///
    /// ```sql
    /// -- migrate:up transaction:false
    /// CREATE TABLE user (id INTEGER PRIMARY KEY);
    /// ```
    ///
    /// # Good
    ///
    /// ```sql
    /// -- migrate:up transaction:false
    /// VACUUM;
    /// ```
    ///
    /// # Fix
    ///
    /// Take `transaction:false` out; put the statement that needs it into a revision of its own.
    "SC307", "needless-transaction-false", Warn, Check::Revision(check)
}

/// Pragmas that change nothing inside of a transaction.
const OUTSIDE: [&str; 7] =
    ["journal_mode", "auto_vacuum", "page_size", "wal_checkpoint", "foreign_keys", "synchronous", "incremental_vacuum"];

fn check(step: &Step<'_>) -> Vec<Found> {
    let is_pragma = |name: &Name| OUTSIDE.iter().any(|pragma| *name == **pragma);
    let needs_it = step.statement(|kind| match kind {
        Kind::Outside | Kind::Transaction => true,
        Kind::Pragma { name, .. } => is_pragma(name),
        _ => false,
    });
    if step.section.transaction || needs_it.is_some() {
        return Vec::new();
    }
    let message = "no statement of this section needs `transaction:false`";
    vec![Found::sql(0..0, message).help("take it out, so that a failure leaves nothing half done")]
}
