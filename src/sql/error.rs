//! Why a text could not be read as SQL of a schema, and where in it.

use std::ops::Range;

use crate::report::{Class, Diagnostic, Report, nearest};
use crate::schema::Name;

/// What is expected after the type of a column.
pub(super) const COLUMN_CONSTRAINT: &str = "a column constraint";

/// How constraints of columns begin, and what they are in whole.
const CONSTRAINTS: [(&str, &str); 9] = [
    ("NOT", "NOT NULL"),
    ("NOTNULL", "NOT NULL"),
    ("PRIMARY", "PRIMARY KEY"),
    ("UNIQUE", "UNIQUE"),
    ("CHECK", "CHECK (…)"),
    ("DEFAULT", "DEFAULT …"),
    ("COLLATE", "COLLATE …"),
    ("REFERENCES", "REFERENCES …"),
    ("GENERATED", "GENERATED ALWAYS AS (…)"),
];

/// A text that could not be read: what is wrong with which bytes of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct ReadError {
    /// What is wrong.
    pub problem: Problem,
    /// The bytes of the text that it is about; empty at the end of the text.
    pub span: Range<usize>,
}

/// What can be wrong with a text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Something else stands where one of a few things can stand.
    #[error("found {found}, expected {expected}")]
    Unexpected {
        /// What stands there, in backticks.
        found: String,
        /// What can stand there.
        expected: String,
    },
    /// A stray character or an unclosed quote.
    #[error("found `{0}`, which is no SQL")]
    Illegal(String),
    /// A `(` without its `)`.
    #[error("found `(` without its `)`")]
    Unclosed,
    /// A second statement after the first.
    #[error("found `;` inside a statement, expected one statement")]
    SecondStatement,
    /// `CREATE TEMP …`.
    #[error("found a temporary object, expected one that the database file keeps")]
    Temporary,
    /// `CREATE TABLE … AS SELECT …`.
    #[error("found `AS SELECT`, expected the columns of the table")]
    AsSelect,
    /// `CREATE TABLE other.t …`.
    #[error("found an object of the database `{0}`, expected one of `main`")]
    OtherDatabase(Name),
    /// `NULLS FIRST` or `NULLS LAST`, which SQLite reads there and then refuses.
    #[error("found `NULLS` in a key or an index, where SQLite does not support it")]
    NullsOrder,
    /// An expression in a PRIMARY KEY or UNIQUE constraint.
    #[error("found an expression, expected a column: SQLite has expressions in indexes only")]
    ExpressionInKey,
    /// A second PRIMARY KEY in a table.
    #[error("found a second primary key, expected one per table")]
    SecondPrimaryKey,
}

impl ReadError {
    /// The error as it is shown; the caller knows the file and adds the place.
    #[must_use]
    pub fn diagnostic(&self) -> Diagnostic {
        let diagnostic = Diagnostic::new("unreadable_sql", self.to_string());
        match self.help() {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        }
    }

    fn help(&self) -> Option<String> {
        if let Problem::Unexpected { found, expected } = &self.problem {
            let word = found.trim_matches('`');
            let meant = nearest(word, CONSTRAINTS.map(|(word, _)| word)).filter(|_| expected == COLUMN_CONSTRAINT)?;
            let (_, whole) = CONSTRAINTS.iter().find(|(word, _)| *word == meant)?;
            return Some(format!("did you mean `{whole}`?"));
        }
        let help = match self.problem {
            Problem::Unexpected { .. } | Problem::Illegal(_) | Problem::Unclosed => None,
            Problem::SecondStatement => Some("write each statement by itself"),
            Problem::Temporary => Some("leave out `TEMP`"),
            Problem::AsSelect => Some("write the columns out, then fill the table with `INSERT INTO … SELECT …`"),
            Problem::OtherDatabase(_) => Some("leave out the name of the database"),
            Problem::NullsOrder => Some("leave out `NULLS FIRST` or `NULLS LAST`"),
            Problem::ExpressionInKey => Some("write a UNIQUE index on the expression"),
            Problem::SecondPrimaryKey => Some("write one `PRIMARY KEY (…)` with all its columns"),
        };
        help.map(str::to_owned)
    }
}

impl Report for ReadError {
    fn class(&self) -> Class {
        Class::Input
    }

    fn diagnostics(&self) -> Vec<Diagnostic> {
        vec![self.diagnostic()]
    }
}

#[cfg(test)]
mod tests {
    use crate::schema::Name;
    use crate::sql::read_column;

    #[test]
    fn a_slip_in_a_constraint_is_told_with_what_was_meant() {
        for (column, meant) in [
            ("TEXT NOT NUL", "NOT NULL"),
            ("TEXT notnull", "NOT NULL"),
            ("INTEGER PRIMARY KY", "PRIMARY KEY"),
            ("INTEGER DEFAULT 1 UNIQE", "UNIQUE"),
            ("TEXT NOT NULL COLATE NOCASE", "COLLATE …"),
        ] {
            let told = read_column(column, &Name::new("a")).unwrap_err().diagnostic();
            assert_eq!(told.help, Some(format!("did you mean `{meant}`?")), "{column}: {}", told.message);
        }
        assert_eq!(read_column("INTEGER DEFAULT 1 xyzzy", &Name::new("a")).unwrap_err().diagnostic().help, None);
    }
}
