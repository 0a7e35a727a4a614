//! Gates: questions to the rows whose answer must be "none", before a script may run.
//!
//! In a script they stand as comments, so that any runner can run it; schemactl's asks them inside the transaction.

use std::fmt::Write as _;
use std::ops::Range;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, ffi};

use crate::schema::Name;
use crate::sql;
use crate::token::{Token, quote_string};

/// A question whose answer must be "no rows".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gate {
    /// What is wrong with rows that it finds: ``NULL in `user.email` ``.
    pub violation: String,
    /// A SELECT that gives the key of each offending row, on one line.
    pub sql: String,
    /// What to do about them while the script is being made: the line to add to the model, or what else.
    pub help: String,
    /// What to do about them once the script is there.
    pub help_in_script: String,
}

/// What to do about a gate that is no question.
pub const HOW: &str = "write one SELECT that gives the rows which must not be there, on the line below, after `--   `";

impl Gate {
    /// What is wrong with its SQL, from its words alone: whatever else it were would be done to the rows that it asks about.
    #[must_use]
    pub fn mistake(&self) -> Option<&'static str> {
        let statements = sql::statements(&self.sql);
        let [question] = statements.as_slice() else { return Some("a question to the rows is one SELECT") };
        let is = |token: &Token<'_>, words: &[&str]| words.iter().any(|word| token.is_word(word));
        let asks = question.first().is_some_and(|first| is(first, &["SELECT", "WITH", "VALUES"]));
        // WITH may stand before these, too; `replace(` is a function.
        let writes = question.windows(2).any(|pair| {
            is(&pair[0], &["DELETE", "UPDATE", "INSERT"]) || is(&pair[0], &["REPLACE"]) && is(&pair[1], &["INTO"])
        });
        if asks && !writes { None } else { Some("a question to the rows is a SELECT, and changes nothing") }
    }
}

/// Rows that a gate finds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offending {
    /// How many there are.
    pub number: usize,
    /// Up to five of them: `id = 7`.
    pub examples: Vec<String>,
}

/// How many offending rows are shown.
pub const SHOWN: usize = 5;

/// Asks a database; `None` means that the gate is open.
///
/// # Errors
/// When SQLite cannot answer.
pub fn offending_rows(connection: &Connection, gate: &Gate) -> rusqlite::Result<Option<Offending>> {
    let refused = |why: &str| rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_ERROR), Some(why.to_owned()));
    if let Some(mistake) = gate.mistake() {
        return Err(refused(mistake));
    }
    let mut statement = connection.prepare(&gate.sql)?;
    if statement.parameter_count() > 0 {
        return Err(refused("a question to the rows takes no parameters"));
    }
    let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let mut rows = statement.query([])?;
    let mut found = Offending { number: 0, examples: Vec::new() };
    while let Some(row) = rows.next()? {
        found.number += 1;
        if found.examples.len() < SHOWN {
            let values = columns.iter().enumerate().map(|(at, column)| {
                let value = row.get_ref(at).map(|value| match value {
                    ValueRef::Null => "NULL".to_owned(),
                    ValueRef::Integer(number) => number.to_string(),
                    ValueRef::Real(number) => number.to_string(),
                    ValueRef::Text(text) => quote_string(&String::from_utf8_lossy(text)),
                    ValueRef::Blob(blob) => format!("a blob of {} bytes", blob.len()),
                });
                value.map(|value| format!("{column} = {value}"))
            });
            found.examples.push(values.collect::<Result<Vec<_>, _>>()?.join(", "));
        }
    }
    Ok((found.number > 0).then_some(found))
}

/// The condition of a gate for the rows of `child` with values in `columns` that no row of `parent` has in
/// `parent_columns`, which are as many.
#[must_use]
pub fn orphans(child: &Name, columns: &[&Name], parent: &Name, parent_columns: &[&Name]) -> String {
    let table = child.quoted();
    let present: Vec<_> = columns.iter().map(|column| format!("{} IS NOT NULL", column.quoted())).collect();
    let pairs = columns.iter().zip(parent_columns);
    let matched: Vec<_> = pairs
        .map(|(column, parent)| format!("\"schemactl_parent\".{} = {table}.{}", parent.quoted(), column.quoted()))
        .collect();
    format!(
        "{} AND NOT EXISTS (SELECT 1 FROM {} AS \"schemactl_parent\" WHERE {})",
        present.join(" AND "),
        parent.quoted(),
        matched.join(" AND ")
    )
}

/// The gates as comments of a script.
#[must_use]
pub fn write(gates: &[Gate]) -> String {
    let mut text = String::new();
    // A literal with a line break in it has no place in a comment of one line; SQLite itself refuses such rows then.
    for gate in gates.iter().filter(|gate| !gate.sql.contains('\n') && !gate.violation.contains('\n')) {
        let _ = writeln!(text, "{MARK}{}\n{SELECT}{}", gate.violation, gate.sql);
        if !gate.help_in_script.contains('\n') {
            let _ = writeln!(text, "{HELP}{}", gate.help_in_script);
        }
    }
    text
}

/// A section without its gates.
#[must_use]
pub fn without(section: &str) -> String {
    let mut kept = section.to_owned();
    for (span, _) in found(section).into_iter().rev() {
        kept.replace_range(span, "");
    }
    kept
}

/// How the line of a gate begins.
pub const MARK: &str = "-- stops at: ";
const SELECT: &str = "--   ";
const HELP: &str = "--   help: ";

/// The gates that a section of a script carries.
#[must_use]
pub fn read(section: &str) -> Vec<Gate> {
    found(section).into_iter().map(|(_, gate)| gate).collect()
}

/// The gates with the bytes of their lines. Written by hand, the mark may be in other letters, and the question go on over
/// more lines. What is marked just as schemactl does it is a gate even without a question, and found to be none when it
/// is asked: nobody means rows to go that a script is to stop at.
fn found(section: &str) -> Vec<(Range<usize>, Gate)> {
    let mut lines = section.split_inclusive('\n').peekable();
    let (mut gates, mut at) = (Vec::new(), 0);
    while let Some(line) = lines.next() {
        let start = at;
        at += line.len();
        let Some(violation) = said(line, "stops at:") else { continue };
        let mut sql = String::new();
        while let Some(line) = lines.next_if(|line| is_of_question(line, sql.is_empty())) {
            at += line.len();
            if !sql.is_empty() {
                sql.push(' ');
            }
            sql.push_str(line["--".len()..].trim());
        }
        if sql.is_empty() && !line.starts_with(MARK.trim_end()) {
            continue;
        }
        let help = lines.next_if(|line| said(line, "help:").is_some());
        at += help.map_or(0, str::len);
        let help = help.and_then(|line| said(line, "help:")).unwrap_or("change these rows, then run the command again");
        let violation = if violation.is_empty() { "rows that must not be there" } else { violation };
        let (violation, help) = (violation.to_owned(), help.to_owned());
        gates.push((start..at, Gate { violation, sql, help_in_script: help.clone(), help }));
    }
    gates
}

/// What a line of a comment says after a word that it begins with, in whatever letters.
fn said<'a>(line: &'a str, word: &str) -> Option<&'a str> {
    let text = line.strip_prefix("--")?.trim();
    let (begin, rest) = text.split_at_checked(word.len())?;
    begin.eq_ignore_ascii_case(word).then(|| rest.trim())
}

/// Whether a line is the first, or another, of the question of a gate.
fn is_of_question(line: &str, is_first: bool) -> bool {
    let text = line.strip_prefix("--").filter(|text| text.starts_with([' ', '\t'])).map(str::trim);
    let Some(text) = text.filter(|text| !text.is_empty()) else { return false };
    if said(line, "help:").is_some() || said(line, "stops at:").is_some() {
        return false;
    }
    let begins = |word: &&str| text.get(..word.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(word));
    line.starts_with(SELECT) || is_first && ["SELECT ", "WITH ", "VALUES "].iter().any(begins)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(sql: &str) -> Gate {
        let words = String::new;
        Gate { violation: words(), sql: sql.to_owned(), help: words(), help_in_script: words() }
    }

    #[test]
    fn what_is_written_is_read_and_taken_out() {
        let gate = Gate {
            violation: "NULL in `t.a`".to_owned(),
            sql: "SELECT a FROM t WHERE a IS NULL".to_owned(),
            help: "add `backfill`".to_owned(),
            help_in_script: "fill them".to_owned(),
        };
        let text = format!("-- a word\n{}DELETE FROM t;\n", write(&[gate.clone(), gate.clone()]));
        let read = read(&text);
        assert_eq!(read.len(), 2);
        assert_eq!(read[1], Gate { help: gate.help_in_script.clone(), ..gate });
        assert_eq!(without(&text), "-- a word\nDELETE FROM t;\n");
    }

    #[test]
    fn a_gate_by_hand_is_read_in_whatever_letters_and_over_lines() {
        for (text, sql) in [
            ("-- Stops at: a\n-- select 1\nSELECT 2;", "select 1"),
            ("--stops at: a\n--\tSELECT 1\n", "SELECT 1"),
            ("-- stops at:\n--   SELECT 1\n--     WHERE 0\n--   help: none\n-- and so on", "SELECT 1 WHERE 0"),
            ("-- stops at: a\nSELECT 1;", ""),
        ] {
            let gates = read(text);
            assert_eq!(gates.iter().map(|gate| gate.sql.as_str()).collect::<Vec<_>>(), [sql], "{text}");
        }
        assert_eq!(read("-- it Stops At: the end\n-- Stops at: noon\n-- and goes on\nSELECT 1;"), []);
    }

    #[test]
    fn only_one_select_is_asked() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE t (a); INSERT INTO t VALUES (1); BEGIN").unwrap();
        for sql in [
            "",
            "COMMIT",
            "ROLLBACK",
            "DELETE FROM t",
            "WITH w AS (SELECT 1) DELETE FROM t",
            "WITH w AS (SELECT 1) REPLACE INTO t SELECT 1",
            "SELECT 1 WHERE 0; DELETE FROM t",
            "PRAGMA user_version = 3",
            "SELECT a FROM t WHERE a = ?1",
        ] {
            let error = offending_rows(&connection, &gate(sql)).unwrap_err().to_string();
            assert!(error.contains("a question to the rows"), "{sql}: {error}");
        }
        assert!(!connection.is_autocommit());
        for sql in ["SELECT replace(a, 1, 2) FROM t", "WITH w AS (SELECT a FROM t) SELECT * FROM w;", "VALUES (1)"] {
            let found = offending_rows(&connection, &gate(sql)).unwrap();
            assert_eq!(found.map(|found| found.number), Some(1), "{sql}");
        }
    }
}
