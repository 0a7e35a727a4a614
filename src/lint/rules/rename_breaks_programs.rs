//! Names that programs know.

use crate::diff::TableChange;
use crate::lint::found::Found;
use crate::lint::rule::{Check, rule};
use crate::lint::step::Step;

rule! {
    /// A revision that renames a table or a column.
    ///
    /// # Why
    ///
    /// A program that still runs, or an older version of it, asks for the old name and fails. Between the revision and the
    /// last restart nothing can go right.
    ///
    /// # Bad
    ///
    /// ```sql
    /// CREATE TABLE user (id INTEGER PRIMARY KEY, mail TEXT);
    /// -- migrate:up
    /// ALTER TABLE user RENAME COLUMN mail TO email;
    /// ```
    ///
    /// # Good
    ///
    /// ```sql
    /// CREATE TABLE user (id INTEGER PRIMARY KEY, mail TEXT);
    /// -- migrate:up
    /// -- schemactl: allow SC208 the program stands still during the upgrade
    /// ALTER TABLE user RENAME COLUMN mail TO email;
    /// ```
    ///
    /// # Fix
    ///
    /// Where programs run on: add the new column, let triggers keep both alike, drop the old one in a later revision; a
    /// view can keep the old name of a table. Where they stand still, agree to it with a reason.
    "SC208", "rename-breaks-programs", Warn, Check::Revision(check)
}

fn check(step: &Step<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    for (alter, change) in step.table_changes() {
        let (before, after) = (&alter.before.name, &alter.after.name);
        match change {
            // A view of the old name answers in place of the table.
            TableChange::Rename if before != after && !step.after.views.contains_key(before) => {
                let message = format!("programs that run on know the table `{before}`, not `{after}`");
                found.push(Found::sql(step.place(&[before, after]), message));
            }
            TableChange::RenameColumn { before, after: new } if before != new => {
                let message = format!("programs that run on know the column `{after}.{before}`, not `{new}`");
                found.push(Found::sql(step.place(&[before, new, after]), message));
            }
            _ => {}
        }
    }
    let help = "if no program runs meanwhile, say so in the line before: `-- schemactl: allow SC208 ...`";
    found.into_iter().map(|one| one.help(help)).collect()
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::{clean, finds};

    #[test]
    fn a_view_can_stand_in_for_a_table() {
        let rename = "CREATE TABLE person (id INTEGER PRIMARY KEY);\n-- migrate:up\nALTER TABLE person RENAME TO user;";
        finds("SC208", rename, "the table `person`, not `user`");
        clean("SC208", &format!("{rename}\nCREATE VIEW person AS SELECT * FROM user;"));
    }
}
