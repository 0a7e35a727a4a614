//! What SQLite takes as a part of a type, though it was meant as a constraint.

use crate::lint::found::{Found, type_text};
use crate::lint::rule::{Check, rule};
use crate::lint::subject::{Subject, type_words};
use crate::report::nearest;

rule! {
    /// A misspelt type or constraint, which SQLite takes as the name of a type.
    ///
    /// # Why
    ///
    /// Whatever words stand behind the name of a column are its type, until a word that SQLite knows. So a constraint with
    /// a slip of the pen is no error: it is a part of the type, and constrains nothing.
    ///
    /// # Bad
    ///
    /// ```sql
    /// CREATE TABLE user (id INTEGER PRIMRY KEY, name TEXT NOTNUL);
    /// ```
    ///
    /// # Good
    ///
    /// ```sql
    /// CREATE TABLE user (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
    /// ```
    ///
    /// # Fix
    ///
    /// Correct the spelling.
    "SC108", "misspelt-type", Error, Check::Schema(check)
}

/// Words that begin or make up a constraint.
const CONSTRAINTS: [&str; 15] = [
    "PRIMARY",
    "UNIQUE",
    "DEFAULT",
    "CHECK",
    "REFERENCES",
    "COLLATE",
    "GENERATED",
    "AUTOINCREMENT",
    "NOTNULL",
    "CONSTRAINT",
    "ALWAYS",
    "VIRTUAL",
    "STORED",
    "CASCADE",
    "DEFERRABLE",
];

/// Types that people mean.
const TYPES: [&str; 16] = [
    "INTEGER",
    "TEXT",
    "BLOB",
    "REAL",
    "NUMERIC",
    "BOOLEAN",
    "DATETIME",
    "TIMESTAMP",
    "VARCHAR",
    "DOUBLE",
    "DECIMAL",
    "FLOAT",
    "BIGINT",
    "SMALLINT",
    "CHARACTER",
    "NVARCHAR",
];

/// Words that look like slips and are none.
const FINE: [&str; 13] = [
    "STORE", "LONGTEXT", "TEXTS", "ANY", "DATE", "TIME", "TINYINT", "NCHAR", "CHAR", "BOOL", "VARCHAR2", "NUMBER",
    "KEY",
];

fn check(subject: &Subject<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    for table in subject.tables().filter(|table| !table.strict) {
        for column in &table.columns {
            let words = type_words(column);
            for (at, word) in words.iter().enumerate() {
                let Some(meant) = meant(word, at) else { continue };
                let written = type_text(column);
                let message =
                    format!("`{}.{}` is of the type `{written}`: `{word}` is a part of it", table.name, column.name);
                let help = format!("did you mean `{meant}`?");
                found.push(
                    Found::column(table, &column.name, message).label("SQLite takes any words as a type").help(help),
                );
                break;
            }
        }
    }
    found
}

/// The word that was probably meant; none for one that is known, and for one that resembles nothing.
fn meant(word: &str, at: usize) -> Option<&'static str> {
    let is_known = CONSTRAINTS.contains(&word) || TYPES.contains(&word) || FINE.contains(&word);
    if is_known && !(CONSTRAINTS.contains(&word) && at > 0) || word.len() < 4 {
        return None;
    }
    if word == "AUTO_INCREMENT" || word == "IDENTITY" {
        return Some("AUTOINCREMENT");
    }
    let constraint = || nearest(word, CONSTRAINTS).filter(|_| at > 0);
    let of_type =
        || nearest(word, TYPES).filter(|meant| at == 0 && meant.len() > 3 && meant.as_bytes()[0] == word.as_bytes()[0]);
    constraint().or_else(of_type)
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::{clean, finds};

    #[test]
    fn slips_are_told_with_what_was_meant() {
        for (bad, meant) in [
            ("id INTEGR PRIMARY KEY", "INTEGER"),
            ("id INTEGER AUTO_INCREMENT PRIMARY KEY", "AUTOINCREMENT"),
            ("a TEXT UNIQE", "UNIQUE"),
            ("a TEXT DEFUALT", "DEFAULT"),
            ("a TXET", "TEXT"),
            ("a BOLEAN", "BOOLEAN"),
        ] {
            finds("SC108", &format!("CREATE TABLE t ({bad})"), &format!("did you mean `{meant}`?"));
        }
    }

    #[test]
    fn types_of_other_databases_are_no_slips() {
        clean(
            "SC108",
            "CREATE TABLE t (a DOUBLE PRECISION, b LONG VARCHAR, c NUMBER, d TINYTEXT, e MEDIUMBLOB, f BYTEA, g INT2, h DATE, i CHAR(3), \
             j VARYING CHARACTER (9), k UNSIGNED BIG INT, l TIMESTAMP WITH TIME ZONE, m GEOMETRY, n POINT, o JSONB, p MONEY, q YEAR, r CLOB, s BIT)",
        );
    }
}
