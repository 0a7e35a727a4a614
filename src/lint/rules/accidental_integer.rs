//! INT inside of another word.

use crate::lint::found::{Found, type_text};
use crate::lint::rule::{Check, rule};
use crate::lint::subject::{Subject, affinity, type_words};
use crate::schema::Affinity;

rule! {
    /// A type that holds INT by chance, so that SQLite takes it as INTEGER.
    ///
    /// # Why
    ///
    /// The first thing that SQLite looks for in a type are the letters INT, wherever they stand: in `FLOATING POINT` and in
    /// `INTERVAL` too. Text that looks like a whole number becomes one, and 3.0 is stored as 3.
    ///
    /// # Bad
    ///
    /// ```sql
    /// CREATE TABLE measure (id INTEGER PRIMARY KEY, value FLOATING POINT);
    /// ```
    ///
    /// # Good
    ///
    /// ```sql
    /// CREATE TABLE measure (id INTEGER PRIMARY KEY, value REAL);
    /// ```
    ///
    /// # Fix
    ///
    /// Declare what is meant: REAL, TEXT or BLOB.
    /// See <https://www.sqlite.org/datatype3.html#determination_of_column_affinity>.
    "SC107", "accidental-integer", Warn, Check::Schema(check)
}

fn check(subject: &Subject<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    for table in subject.tables().filter(|table| !table.strict) {
        for column in table.columns.iter().filter(|column| affinity(column) == Affinity::Integer) {
            let words = type_words(column);
            let accidents = words.iter().filter(|word| word.contains("INT") && !is_integer(word));
            if !words.iter().any(|word| is_integer(word)) && accidents.count() > 0 {
                let message = format!(
                    "`{}.{}` is declared {}, which SQLite takes as INTEGER",
                    table.name,
                    column.name,
                    type_text(column)
                );
                found.push(Found::column(table, &column.name, message).label("for the letters INT in it"));
            }
        }
    }
    found
}

/// Whether a word names integers: `INT`, `BIGINT`, `INT8`, `UINT32`, `INTEGER`.
fn is_integer(word: &str) -> bool {
    let word = word.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_');
    word.ends_with("INT") && word != "POINT" && !word.ends_with("POINT") && word != "PRINT"
        || word.ends_with("INTEGER")
        || word.ends_with("INTS")
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::{clean, finds};

    #[test]
    fn whole_numbers_under_any_name_are_fine() {
        clean(
            "SC107",
            "CREATE TABLE t (a INT, b BIGINT, c INT8, d UNSIGNED BIG INT, e MEDIUMINT(3), f UINTEGER, g INTEGER(11), h int64, i REAL, j)",
        );
        finds("SC107", "CREATE TABLE t (a INTERVAL)", "`t.a` is declared INTERVAL");
        finds("SC107", "CREATE TABLE t (a POINT)", "`t.a` is declared POINT");
    }
}
