//! UNIQUE where rows may be alike.

use super::over_rows::{Tightening, columns_in, found, is_old};
use crate::diff::TableChange;
use crate::lint::found::{Found, listed};
use crate::lint::rule::{Check, rule};
use crate::lint::step::Step;
use crate::schema::{Index, IndexKey, KeyColumn, Name};

rule! {
    /// A new UNIQUE constraint, unique index or primary key on a table that has rows.
    ///
    /// # Why
    ///
    /// On an empty database the script runs. On one where two rows are alike it stops, in production rather than here.
    /// Where a database is at hand its rows are asked.
    ///
    /// # Bad
    ///
    /// ```sql
    /// CREATE TABLE user (id INTEGER PRIMARY KEY, mail TEXT);
    /// -- migrate:up
    /// CREATE UNIQUE INDEX user_mail ON user (mail);
    /// ```
    ///
    /// # Good
    ///
    /// ```sql
    /// CREATE TABLE user (id INTEGER PRIMARY KEY, mail TEXT);
    /// -- migrate:up
    /// -- stops at: equal rows in `user` (mail)
    /// --   SELECT id, mail FROM (SELECT id, mail, count(*) OVER (PARTITION BY mail) AS same FROM user) WHERE same > 1
    /// CREATE UNIQUE INDEX user_mail ON user (mail);
    /// ```
    ///
    /// # Fix
    ///
    /// Bring the rows apart first, in the script or by hand. A line `-- stops at:` with a query, as generated scripts have
    /// it, looks for such rows before anything runs.
    "SC204", "unique-over-rows", Warn, Check::Revision(check)
}

fn check(step: &Step<'_>) -> Vec<Found> {
    let mut all = Vec::new();
    for (alter, change) in step.table_changes() {
        let table = &alter.after;
        let (columns, what): (Vec<&Name>, String) = match change {
            TableChange::AddUnique(unique) => (names(&unique.columns), "a UNIQUE constraint".to_owned()),
            TableChange::AlterPrimaryKey { before, after: Some(key) } => {
                let same = before.as_ref().is_some_and(|before| names(&before.columns) == names(&key.columns));
                if same {
                    continue;
                }
                (names(&key.columns), "the primary key".to_owned())
            }
            TableChange::CreateIndex(index) if index.unique => {
                (indexed(table, index), format!("the unique index `{}`", index.name))
            }
            TableChange::AlterIndex { before, after } if after.unique && !alter.is_only_renamed(before, after) => {
                if before.unique
                    && indexed(table, before) == indexed(table, after)
                    && before.predicate == after.predicate
                {
                    continue;
                }
                (indexed(table, after), format!("the unique index `{}`", after.name))
            }
            _ => continue,
        };
        // A column that is new is NULL everywhere, or the same everywhere, which SQLite says at once.
        if !columns.iter().any(|column| is_old(alter, column)) || prepares(step, &table.name) {
            continue;
        }
        let message = format!(
            "{what} on `{}` is new: no two rows may have the same {}",
            table.name,
            listed(columns.iter().copied())
        );
        let help = "bring equal rows apart first; generated scripts look for them before they run";
        all.extend(found(step, &Tightening { alter, change, columns, message, help }));
    }
    all
}

/// Whether the script deletes or changes rows of the table, which is how equal ones are brought apart.
fn prepares(step: &Step<'_>, table: &Name) -> bool {
    use crate::lint::statement::Kind;
    step.statement(
        |kind| matches!(kind, Kind::Delete { table: of, .. } | Kind::Update { table: of, .. } if of == table),
    )
    .is_some()
}

fn names(columns: &[KeyColumn]) -> Vec<&Name> {
    columns.iter().map(|column| &column.name).collect()
}

fn indexed<'a>(table: &'a crate::schema::Table, index: &'a Index) -> Vec<&'a Name> {
    let terms = index.terms.iter().flat_map(|term| match &term.key {
        IndexKey::Column(name) => vec![name],
        IndexKey::Expression(expression) => columns_in(table, expression.as_str()),
    });
    terms.collect()
}
