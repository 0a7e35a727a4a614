//! Takes a script apart into statements with SQLite's own parser and knows where in the text each one stands.
//!
//! Each statement is prepared only after the one before it has run, so it may use what that one made.

use std::ops::Range;

use rusqlite::fallible_iterator::FallibleIterator;
use rusqlite::{Batch, Connection};

use super::error::words;
use crate::token::{significant_tokens, tokens};

/// Walks through the statements of a script.
pub struct Statements<'c> {
    connection: &'c Connection,
    /// The script and a NUL byte: SQLite copies the whole rest of a text that does not end in one.
    text: String,
    at: usize,
}

/// A statement that is ready to run.
pub struct Prepared<'c> {
    /// The statement.
    pub statement: rusqlite::Statement<'c>,
    /// The bytes of the script that it takes, without what surrounds it.
    pub span: Range<usize>,
}

/// A statement that cannot be prepared or run.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// SQLite's words.
    pub message: String,
    /// The bytes of the script that are to blame; the whole statement where SQLite does not say.
    pub span: Range<usize>,
    /// The error as it came, where it is SQLite's.
    pub source: Option<rusqlite::Error>,
}

impl Failure {
    /// What no statement of the script is to blame for.
    pub(super) fn of_connection(error: rusqlite::Error) -> Failure {
        Failure { message: words(&error), span: 0..0, source: Some(error) }
    }
}

impl<'c> Statements<'c> {
    /// The statements of a script, to be run on a connection.
    #[must_use]
    pub fn new(connection: &'c Connection, script: &str) -> Statements<'c> {
        Statements::starting_at(connection, script, 0)
    }

    /// The statements of a script from a byte on where one ends.
    pub(super) fn starting_at(connection: &'c Connection, script: &str, at: usize) -> Statements<'c> {
        Statements { connection, text: format!("{script}\0"), at }
    }

    /// The byte where the last statement ended.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// Whether the next statement is the first in this stretch of the script.
    pub(super) fn is_about_to_enter(&mut self, span: &Range<usize>) -> bool {
        self.skip_what_stands_between() && span.contains(&self.at)
    }

    /// The script that is left, without the NUL byte.
    fn rest(&self) -> &str {
        &self.text[self.at..self.text.len() - 1]
    }

    /// Goes on to where a statement begins; false at the end of the script.
    fn skip_what_stands_between(&mut self) -> bool {
        loop {
            let before = self.at;
            if self.rest().starts_with('\u{feff}') {
                self.at += '\u{feff}'.len_utf8();
            }
            let between = tokens(self.rest()).take_while(|token| !token.is_significant() || token.is_operator(";"));
            self.at += between.map(|token| token.text.len()).sum::<usize>();
            if self.at == before {
                return !self.rest().is_empty();
            }
        }
    }

    fn fail(&mut self, message: String, source: Option<rusqlite::Error>) -> Failure {
        let start = self.at + offset(source.as_ref()).unwrap_or(0);
        let rest = self.text.get(start..).unwrap_or_default();
        let length =
            significant_tokens(rest).next().filter(|token| token.start == 0).map_or(0, |token| token.text.len());
        let end = (start + length).min(self.text.len() - 1);
        self.at = self.text.len() - 1;
        Failure { message, span: start.min(end)..end, source }
    }
}

/// Where in the statement the token stands that SQLite blames (<https://www.sqlite.org/c3ref/errcode.html>).
fn offset(error: Option<&rusqlite::Error>) -> Option<usize> {
    match error? {
        rusqlite::Error::SqlInputError { offset, .. } => usize::try_from(*offset).ok(),
        _ => None,
    }
}

impl<'c> Iterator for Statements<'c> {
    type Item = Result<Prepared<'c>, Failure>;

    /// The next statement; nothing more after one that cannot be prepared, since only SQLite knows where it ends.
    fn next(&mut self) -> Option<Self::Item> {
        if !self.skip_what_stands_between() {
            return None;
        }
        let prepared = Batch::new(self.connection, &self.text[self.at..]).next();
        let statement = match prepared {
            Ok(Some(statement)) => statement,
            Ok(None) => return Some(Err(self.fail("the script holds a NUL byte".to_owned(), None))),
            Err(error) => return Some(Err(self.fail(words(&error), Some(error)))),
        };
        if let Some(parameter) = (1..=statement.parameter_count()).next() {
            let name = statement.parameter_name(parameter).unwrap_or("?").to_owned();
            return Some(Err(self.fail(format!("the parameter `{name}` has no value in a script"), None)));
        }
        // Without parameters the expanded text is the text that SQLite read, to the semicolon.
        let length = statement.expanded_sql().map_or(0, |sql| sql.len());
        if length == 0 {
            return Some(Err(self.fail("the statement is too long".to_owned(), None)));
        }
        let text =
            self.text[self.at..self.at + length].trim_end_matches(|c: char| c == ';' || c == '\0' || c.is_whitespace());
        let span = self.at..self.at + text.len();
        self.at = (self.at + length).min(self.text.len() - 1);
        Some(Ok(Prepared { statement, span }))
    }
}

impl Prepared<'_> {
    /// Runs the statement to its end; rows that it gives are read and dropped.
    ///
    /// # Errors
    ///
    /// What SQLite says, with the whole statement as its place.
    pub fn run(mut self) -> Result<(), Failure> {
        let mut rows = self.statement.raw_query();
        loop {
            match rows.next() {
                Ok(Some(_)) => {}
                Ok(None) => return Ok(()),
                Err(error) => {
                    return Err(Failure { message: words(&error), span: self.span.clone(), source: Some(error) });
                }
            }
        }
    }
}

/// Runs all statements of a script.
///
/// # Errors
///
/// Stops at the first statement that fails; what ran before it stays done.
pub fn run_all(connection: &Connection, script: &str) -> Result<(), Failure> {
    Statements::new(connection, script).try_for_each(|prepared| prepared?.run())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spans<'s>(script: &'s str, connection: &Connection) -> Vec<&'s str> {
        Statements::new(connection, script)
            .map(|prepared| {
                let prepared = prepared.unwrap();
                let text = &script[prepared.span.clone()];
                prepared.run().unwrap();
                text
            })
            .collect()
    }

    fn failure(script: &str) -> (String, String) {
        let connection = Connection::open_in_memory().unwrap();
        let failure = run_all(&connection, script).unwrap_err();
        (failure.message, script[failure.span].to_owned())
    }

    #[test]
    fn sqlite_finds_the_ends_of_statements() {
        let connection = Connection::open_in_memory().unwrap();
        let trigger =
            "CREATE TRIGGER g AFTER INSERT ON t BEGIN\n  SELECT CASE WHEN 1 THEN ';' END; -- ; END;\n  SELECT 2;\nEND";
        let script = format!(
            "\u{feff}-- a; b\n;;CREATE TABLE t (a DEFAULT ';') /* ; */ ; \r\n{trigger};\nINSERT INTO t VALUES ('é;')"
        );
        assert_eq!(
            spans(&script, &connection),
            ["CREATE TABLE t (a DEFAULT ';') /* ; */", trigger, "INSERT INTO t VALUES ('é;')"]
        );
        assert_eq!(spans("", &connection), Vec::<&str>::new());
        assert_eq!(spans(" ; -- nothing", &connection), Vec::<&str>::new());
        assert_eq!(spans("SELECT 1; -- trailing", &connection), ["SELECT 1"]);
    }

    #[test]
    fn the_token_that_sqlite_blames_is_the_place() {
        let of = |message: &str, text: &str| (message.to_owned(), text.to_owned());
        assert_eq!(failure("SELECT 1;\nSELECT absent;"), of("no such column: absent", "absent"));
        assert_eq!(failure("-- hi\nCREATE TABLE t (a,);"), of("near \")\": syntax error", ")"));
        assert_eq!(
            failure("CREATE TABLE t (a UNIQUE);\nINSERT INTO t VALUES (1), (1);").1,
            "INSERT INTO t VALUES (1), (1)"
        );
        assert_eq!(failure("SELECT 1; CREATE TABLE t (").0, "incomplete input");
        assert_eq!(failure("SELECT ?1"), of("the parameter `?1` has no value in a script", "SELECT"));
        assert_eq!(failure("SELECT 1;\0SELECT 2").0, "the script holds a NUL byte");
    }

    #[test]
    fn a_statement_that_fails_ends_the_walk() {
        let connection = Connection::open_in_memory().unwrap();
        let mut walk = Statements::new(&connection, "SELEC 1; SELECT 2");
        assert!(walk.next().unwrap().is_err());
        assert!(walk.next().is_none());
    }
}
