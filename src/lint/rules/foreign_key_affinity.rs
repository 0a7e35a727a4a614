//! Foreign keys between text and numbers.

use crate::lint::found::{Found, type_text};
use crate::lint::rule::{Check, rule};
use crate::lint::subject::{Subject, affinity, affinity_word};
use crate::schema::Affinity;

rule! {
    /// A foreign key between text and numbers.
    ///
    /// # Why
    ///
    /// A column keeps what its affinity makes of a value: `'7'` is a number in an INTEGER column and text in a TEXT column.
    /// A foreign key compares as the parent does, a join as numbers: `7` refers to no `'07'`, and is joined with it. The
    /// join cannot use the index of the column that holds text.
    ///
    /// # Bad
    ///
    /// ```sql
    /// CREATE TABLE team (id INTEGER PRIMARY KEY);
    /// CREATE TABLE member (id INTEGER PRIMARY KEY, team_id TEXT UNIQUE REFERENCES team (id));
    /// ```
    ///
    /// # Good
    ///
    /// ```sql
    /// CREATE TABLE team (id INTEGER PRIMARY KEY);
    /// CREATE TABLE member (id INTEGER PRIMARY KEY, team_id INTEGER UNIQUE REFERENCES team (id));
    /// ```
    ///
    /// # Fix
    ///
    /// Declare both columns alike. See <https://www.sqlite.org/foreignkeys.html#fk_basics>.
    "SC112", "foreign-key-affinity", Warn, Check::Schema(check)
}

fn check(subject: &Subject<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    for (table, key) in subject.foreign_keys() {
        for reference in subject.references(table, key).into_iter().flatten() {
            let (own, other) = (affinity(reference.child), affinity(reference.parent));
            if is_text_and_number(own, other) {
                let message = format!(
                    "`{}.{}` is {} and refers to `{}.{}`, which is {}",
                    table.name,
                    reference.child.name,
                    described(reference.child),
                    key.parent,
                    reference.parent.name,
                    described(reference.parent)
                );
                found.push(Found::column(table, &reference.child.name, message).help("declare both columns alike"));
            }
        }
    }
    found
}

fn described(column: &crate::schema::Column) -> String {
    let word = affinity_word(affinity(column));
    if type_text(column).eq_ignore_ascii_case(word) {
        word.to_owned()
    } else {
        format!("{} ({word})", type_text(column))
    }
}

fn is_text_and_number(one: Affinity, other: Affinity) -> bool {
    let is_number = |affinity| matches!(affinity, Affinity::Integer | Affinity::Numeric | Affinity::Real);
    one == Affinity::Text && is_number(other) || other == Affinity::Text && is_number(one)
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::{clean, finds};

    #[test]
    fn numbers_of_different_kinds_go_together() {
        let parent = "CREATE TABLE p (id INTEGER PRIMARY KEY, code VARCHAR(3) UNIQUE);";
        clean(
            "SC112",
            &format!(
                "{parent} CREATE TABLE c (a BIGINT UNIQUE REFERENCES p, b CHAR UNIQUE REFERENCES p (code), c UNIQUE REFERENCES p)"
            ),
        );
        finds(
            "SC112",
            &format!("{parent} CREATE TABLE c (a STRING UNIQUE REFERENCES p (code))"),
            "`c.a` is STRING (NUMERIC) and refers to `p.code`, which is VARCHAR(3) (TEXT)",
        );
    }
}
