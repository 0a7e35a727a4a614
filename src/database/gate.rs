//! Gates: questions to the rows whose answer must be "none", before a script may run.
//!
//! In a script they stand as comments, so that any runner can run it; schemactl's asks them inside the transaction.

use std::fmt::Write as _;

use rusqlite::Connection;
use rusqlite::types::ValueRef;

use crate::schema::Name;
use crate::token::quote_string;

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
    let mut statement = connection.prepare(&gate.sql)?;
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
    let mut lines = section.split_inclusive('\n').peekable();
    let mut kept = String::with_capacity(section.len());
    while let Some(line) = lines.next() {
        if line.starts_with(MARK) && lines.next_if(|line| line.starts_with(SELECT)).is_some() {
            lines.next_if(|line| line.starts_with(HELP));
            continue;
        }
        kept.push_str(line);
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
    let mut lines = section.lines().peekable();
    let mut gates = Vec::new();
    while let Some(line) = lines.next() {
        if let Some(violation) = line.strip_prefix(MARK)
            && let Some(sql) = lines.next_if(|line| line.starts_with(SELECT))
        {
            let help = lines.next_if(|line| line.starts_with(HELP)).map(|line| line[HELP.len()..].trim());
            let help = help.unwrap_or("change these rows, then run the command again");
            gates.push(Gate {
                violation: violation.trim().to_owned(),
                sql: sql[SELECT.len()..].trim().to_owned(),
                help: help.to_owned(),
                help_in_script: help.to_owned(),
            });
        }
    }
    gates
}
