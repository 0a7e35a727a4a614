//! An index that another one makes superfluous.

use crate::lint::found::Found;
use crate::lint::rule::{Check, rule};
use crate::lint::subject::{Sorting, Subject, sortings};
use crate::schema::{IndexKey, Table};

rule! {
    /// An index that is the beginning of another index, of the primary key or of a UNIQUE constraint.
    ///
    /// # Why
    ///
    /// Every query that it could serve is served by the longer one. It costs room, and time with each row that is written.
    ///
    /// # Bad
    ///
    /// ```sql
    /// CREATE TABLE post (id INTEGER PRIMARY KEY, author INTEGER NOT NULL, written_on TEXT);
    /// CREATE INDEX post_by_author ON post (author);
    /// CREATE INDEX post_by_author_and_day ON post (author, written_on);
    /// ```
    ///
    /// # Good
    ///
    /// ```sql
    /// CREATE TABLE post (id INTEGER PRIMARY KEY, author INTEGER NOT NULL, written_on TEXT);
    /// CREATE INDEX post_by_author_and_day ON post (author, written_on);
    /// ```
    ///
    /// # Fix
    ///
    /// Drop the shorter index.
    "SC109", "redundant-index", Warn, Check::Schema(check)
}

fn check(subject: &Subject<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    for table in subject.tables() {
        let all = sortings(table);
        for (at, own) in all.iter().enumerate() {
            let Some(index) = own.index else { continue };
            if is_rowid(table, own) {
                let message = format!("the index `{}` sorts by the rowid, which the table itself does", index.name);
                found.push(Found::index(table, index, message).help(format!("drop `{}`", index.name)));
                continue;
            }
            let better =
                all.iter().enumerate().find(|(other_at, other)| *other_at != at && covers(other, *other_at, own, at));
            if let Some((_, other)) = better {
                let same = if other.terms.len() == own.terms.len() { "is the same as" } else { "is the beginning of" };
                let message = format!("the index `{}` on `{}` {same} {}", index.name, table.name, other.what);
                found.push(Found::index(table, index, message).help(format!("drop `{}`", index.name)));
            }
        }
    }
    found
}

fn is_rowid(table: &Table, sorting: &Sorting<'_>) -> bool {
    let first = sorting.index.and_then(|index| index.terms.first()).map(|term| &term.key);
    let is_alias = |key: &IndexKey| match key {
        IndexKey::Column(name) => table.rowid_alias().is_some_and(|alias| alias.name == *name),
        IndexKey::Expression(_) => false,
    };
    sorting.terms.len() == 1
        && sorting.index.is_some_and(|index| index.predicate.is_none())
        && first.is_some_and(is_alias)
}

/// Whether one sorting serves all that another does. Of two that are the same the first is kept.
fn covers(other: &Sorting<'_>, other_at: usize, own: &Sorting<'_>, at: usize) -> bool {
    let predicate = |sorting: &Sorting<'_>| sorting.index.and_then(|index| index.predicate.clone());
    let Some(first) = other.terms.get(..own.terms.len()) else { return false };
    let is_same = own.terms.len() == other.terms.len();
    let is_beginning = first == own.terms.as_slice()
        // Either order can be read backwards.
        || first.iter().zip(&own.terms).all(|(a, b)| a.0 == b.0 && a.1 == b.1 && a.2 != b.2);
    let is_kept = match (own.is_unique, other.is_unique) {
        (true, true) => is_same && other_at < at,
        (true, false) => false,
        (false, true) => true,
        (false, false) => !is_same || other_at < at,
    };
    is_beginning && is_kept && predicate(own) == predicate(other)
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::{clean, finds};

    const TABLE: &str = "CREATE TABLE t (id INTEGER PRIMARY KEY, a, b, c COLLATE NOCASE, UNIQUE (b, a));";

    #[test]
    fn keys_constraints_and_other_indexes_count() {
        for (bad, what) in [
            ("CREATE INDEX i ON t (b)", "`i` on `t` is the beginning of a UNIQUE constraint"),
            ("CREATE INDEX i ON t (id)", "`i` sorts by the rowid"),
            ("CREATE UNIQUE INDEX i ON t (b, a)", "`i` on `t` is the same as a UNIQUE constraint"),
            ("CREATE INDEX i ON t (a); CREATE INDEX j ON t (a)", "`j` on `t` is the same as the index `i`"),
            (
                "CREATE INDEX i ON t (a DESC); CREATE INDEX j ON t (a, c)",
                "`i` on `t` is the beginning of the index `j`",
            ),
        ] {
            finds("SC109", &format!("{TABLE}{bad}"), what);
        }
    }

    #[test]
    fn what_another_index_cannot_do_is_not_redundant() {
        for good in [
            "CREATE INDEX i ON t (a); CREATE INDEX j ON t (c, a)",
            "CREATE UNIQUE INDEX i ON t (a); CREATE INDEX j ON t (a, c)",
            "CREATE INDEX i ON t (a) WHERE b > 1; CREATE INDEX j ON t (a, c)",
            "CREATE INDEX i ON t (c COLLATE BINARY); CREATE INDEX j ON t (c, a)",
            "CREATE INDEX i ON t (a, c DESC); CREATE INDEX j ON t (a, c, id)",
            "CREATE INDEX i ON t (lower(a)); CREATE INDEX j ON t (a)",
        ] {
            clean("SC109", &format!("{TABLE}{good}"));
        }
    }
}
