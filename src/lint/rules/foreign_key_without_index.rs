//! A child's rows are looked for whenever a parent's row goes.

use crate::lint::found::{Found, listed};
use crate::lint::rule::{Check, rule};
use crate::lint::subject::{Subject, collation, sortings};
use crate::schema::{ForeignKey, Table};
use crate::token::significant_tokens;

rule! {
    /// A foreign key without an index on its columns.
    ///
    /// # Why
    ///
    /// Whenever a row of the parent is deleted, or its key is changed, SQLite looks for the rows that refer to it. Without
    /// an index it reads the whole child table, for each row of the parent. Joins from the parent do the same.
    ///
    /// # Bad
    ///
    /// ```sql
    /// CREATE TABLE team (id INTEGER PRIMARY KEY);
    /// CREATE TABLE member (id INTEGER PRIMARY KEY, team_id INTEGER REFERENCES team (id) ON DELETE CASCADE);
    /// ```
    ///
    /// # Good
    ///
    /// ```sql
    /// CREATE TABLE team (id INTEGER PRIMARY KEY);
    /// CREATE TABLE member (id INTEGER PRIMARY KEY, team_id INTEGER REFERENCES team (id) ON DELETE CASCADE);
    /// CREATE INDEX member_by_team ON member (team_id);
    /// ```
    ///
    /// # Fix
    ///
    /// Add an index that begins with the columns of the foreign key. Its collation must be that of the parent's column,
    /// or SQLite cannot use it. A primary key or a UNIQUE constraint that begins with them does as well.
    /// See <https://www.sqlite.org/foreignkeys.html#fk_indexes>.
    "SC101", "foreign-key-without-index", Warn, Check::Schema(check)
}

fn check(subject: &Subject<'_>) -> Vec<Found> {
    let keys = subject.foreign_keys().filter(|(table, key)| !is_indexed(subject, table, key));
    keys.map(|(table, key)| {
        let columns = listed(&key.columns);
        let message = format!("no index of `{}` begins with {columns}, which refers to `{}`", table.name, key.parent);
        let names: Vec<&str> = key.columns.iter().map(crate::schema::Name::as_str).collect();
        let quoted: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
        let index = format!("{}_by_{}", table.name, names.join("_")).replace(|c: char| !c.is_ascii_alphanumeric(), "_");
        Found::column(table, &key.columns[0], message)
            .help(format!("add an index to the table: {index} = [{}]", quoted.join(", ")))
    })
    .collect()
}

/// Whether the rows that refer to a row of the parent are found without reading all.
fn is_indexed(subject: &Subject<'_>, table: &Table, key: &ForeignKey) -> bool {
    let references = subject.references(table, key);
    let is_rowid = |column: &str| table.rowid_alias().is_some_and(|alias| alias.name == *column);
    if key.columns.len() == 1 && is_rowid(key.columns[0].as_str()) {
        return true;
    }
    sortings(table).iter().any(|sorting| {
        let first = sorting.terms.get(..key.columns.len()).unwrap_or_default();
        let is_whole = sorting.index.and_then(|index| index.predicate.as_ref()).is_none_or(|predicate| {
            let words: Vec<String> =
                significant_tokens(predicate.as_str()).map(|token| token.unquoted().to_lowercase()).collect();
            // A search by value implies that it is not NULL.
            matches!(words.as_slice(), [column, is, not, null]
                if is == "is" && not == "not" && null == "null" && key.columns.iter().any(|own| *own == **column))
        });
        is_whole
            && !first.is_empty()
            && key.columns.iter().enumerate().all(|(at, column)| {
                let term = first.iter().find(|(name, ..)| *name == column.folded());
                term.is_some_and(|(_, own, _)| {
                    references.as_ref().is_none_or(|references| *own == collation(references[at].parent))
                })
            })
    })
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::{clean, finds};

    #[test]
    fn keys_unique_constraints_and_partial_indexes_without_null_do() {
        let parent = "CREATE TABLE p (id INTEGER PRIMARY KEY, a, b, c TEXT COLLATE NOCASE UNIQUE, UNIQUE (a, b));";
        for good in [
            "CREATE TABLE c (id INTEGER PRIMARY KEY REFERENCES p)",
            "CREATE TABLE c (p_id INTEGER NOT NULL REFERENCES p, x, PRIMARY KEY (p_id, x)) WITHOUT ROWID",
            "CREATE TABLE c (id INTEGER PRIMARY KEY, x UNIQUE REFERENCES p)",
            "CREATE TABLE c (id INTEGER PRIMARY KEY, x REFERENCES p); CREATE INDEX i ON c (x, id) WHERE x IS NOT NULL",
            "CREATE TABLE c (id INTEGER PRIMARY KEY, x, y, FOREIGN KEY (x, y) REFERENCES p (a, b)); CREATE INDEX i ON c (y, x)",
            "CREATE TABLE c (id INTEGER PRIMARY KEY, x TEXT REFERENCES p (c)); CREATE INDEX i ON c (x COLLATE NOCASE)",
        ] {
            clean("SC101", &format!("{parent}{good}"));
        }
        for bad in [
            "CREATE TABLE c (id INTEGER PRIMARY KEY, x REFERENCES p); CREATE INDEX i ON c (x) WHERE x > 5",
            "CREATE TABLE c (id INTEGER PRIMARY KEY, x REFERENCES p); CREATE INDEX i ON c (id, x)",
            "CREATE TABLE c (id INTEGER PRIMARY KEY, x, y, FOREIGN KEY (x, y) REFERENCES p (a, b)); CREATE INDEX i ON c (x)",
            "CREATE TABLE c (id INTEGER PRIMARY KEY, x TEXT REFERENCES p (c)); CREATE INDEX i ON c (x)",
        ] {
            finds("SC101", &format!("{parent}{bad}"), "no index of `c` begins with `x`");
        }
    }
}
