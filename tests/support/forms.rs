//! The forms of a script for runners with fewer switches, held against the script as it is: the same schema, the same
//! rows, by a connection that refuses what such a runner refuses.

use std::collections::BTreeMap;

use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::types::Value;
use rusqlite::{Connection, ErrorCode};
use schemactl::database::Scratch;
use schemactl::diff::{Change, ColumnOrder, Renames, diff};
use schemactl::plan::{self, Error, Options, Switches, write_section};
use schemactl::schema::{Action, Schema};

use super::laws::{self, Trial};
use super::rows;

/// What became of the forms of a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// It did the same to this many rows, or to none.
    Same { with_rows: bool },
    /// Rows stood in the way of both.
    Refused,
    /// It does not leave rows that refer to nothing, as the script would.
    Stricter,
    /// Rows that refer to each other would be set to what they may not be, as no order of deleting them avoids.
    Bound,
    /// There is no such form, and it was said.
    Unknown,
}

/// Plans a change for runners with fewer switches and puts its script in their forms.
pub fn all(trial: &Trial, seed: u64) -> Result<Vec<(&'static str, Form)>, String> {
    let options = Options { catalog_edits: false, ..trial.options };
    let planned = |switches| {
        let options = Options { switches, ..options };
        plan::draft(trial.before, trial.after, trial.intent, options)
    };
    let Ok(ordinary) = planned(Switches::All) else { return Ok(Vec::new()) };
    let up = write_section(&ordinary.up);
    let scratch = Scratch::build(trial.before).unwrap();
    let mut found = Vec::new();
    for switches in [Switches::ForeignKeys, Switches::None] {
        let forms = [
            ("planned", planned(switches).map(|draft| write_section(&draft.up))),
            ("rewritten", plan::confine(&scratch, &up, switches)),
        ];
        for (way, form) in forms {
            let told = |told: &str| format!("{told}\n--- {way} for {switches:?}\n--- as it is\n{up}");
            let form = match form {
                Ok(text) => {
                    ran(trial, &up, &text, switches, seed).map_err(|problem| told(&format!("{problem}\n{text}")))?
                }
                // A runner without any switches leaves some changes to nobody.
                Err(Error::NotConfined { .. } | Error::Refused { .. }) if switches == Switches::None => Form::Unknown,
                // The marks of a rebuild cannot name a table whose name is more than a line.
                Err(Error::NotConfined { .. })
                    if trial.before.tables.keys().any(|name| name.as_str().contains('\n')) =>
                {
                    Form::Unknown
                }
                Err(error) => return Err(told(&format!("{error:?}"))),
            };
            found.push((way, form));
        }
    }
    Ok(found)
}

/// Runs both on the same rows.
fn ran(trial: &Trial, script: &str, text: &str, switches: Switches, seed: u64) -> Result<Form, String> {
    let mut found = Form::Refused;
    for most in [5, 1] {
        let mut ends = Vec::new();
        for (script, is_form) in [(script, false), (text, true)] {
            let mut connection = laws::open();
            connection.execute_batch(&laws::script(trial.before)).unwrap();
            connection.pragma_update(None, "foreign_keys", true).unwrap();
            rows::fill(&connection, trial.before, most, seed);
            connection.pragma_update(None, "foreign_keys", is_form && switches == Switches::None).unwrap();
            let ran = if is_form {
                confined(&mut connection, script)
            } else {
                connection.execute_batch(&format!("BEGIN;\n{script}COMMIT"))
            };
            ends.push((connection, ran));
        }
        let [(one, there), (other, here)] = <[_; 2]>::try_from(ends).map_err(|_| "two").unwrap();
        match (there, here) {
            (Ok(()), Ok(())) => {
                let schema = laws::read(&one);
                let left = diff(&schema, &laws::read(&other), &Renames::default(), ColumnOrder::Strict);
                if !left.is_empty() && trial.options.column_order == ColumnOrder::Strict {
                    let lines: Vec<String> = left.iter().flat_map(Change::lines).map(|line| line.text).collect();
                    return Err(format!("the schemas differ: {}", lines.join("; ")));
                }
                laws::reached(&other, trial.after, trial.options.column_order)?;
                let (rows, others) = (contents(&one, &schema), contents(&other, &schema));
                if rows != others {
                    return Err(format!("the rows differ: {rows:#?}\n{others:#?}"));
                }
                return Ok(Form::Same { with_rows: rows.values().any(|rows| !rows.is_empty()) });
            }
            (Err(_), Err(_)) => {}
            (Ok(()), Err(error))
                if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) && has_orphans(&one) =>
            {
                found = Form::Stricter;
            }
            (Ok(()), Err(error))
                if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) && are_bound(trial.before) =>
            {
                found = Form::Bound;
            }
            (Ok(()), Err(error)) => return Err(format!("the form is refused: {error}")),
            (Err(error), Ok(())) => return Err(format!("the form is taken, and the script is not: {error}")),
        }
    }
    Ok(found)
}

fn confined(connection: &mut Connection, script: &str) -> rusqlite::Result<()> {
    let refuse = |context: AuthContext<'_>| match context.action {
        AuthAction::Pragma {
            pragma_name: "legacy_alter_table" | "writable_schema" | "foreign_keys",
            pragma_value: Some(_),
        }
        | AuthAction::CreateTempTable { .. } => Authorization::Deny,
        _ => Authorization::Allow,
    };
    connection.authorizer(Some(refuse))?;
    let ran = connection.execute_batch(&format!("BEGIN;\n{script};\nCOMMIT"));
    connection.authorizer(None::<fn(AuthContext<'_>) -> Authorization>)?;
    ran
}

/// Whether rows that are deleted lead around in a ring to themselves, and are set to something on the way.
fn are_bound(schema: &Schema) -> bool {
    let keys = || schema.tables.values().flat_map(|child| child.foreign_keys.iter().map(move |key| (&child.name, key)));
    let acting = || keys().filter(|(_, key)| !matches!(key.on_delete, Action::NoAction | Action::Restrict));
    acting().filter(|(_, key)| key.on_delete != Action::Cascade).any(|(child, key)| {
        let mut reached = vec![child];
        let mut at = 0;
        while let Some(parent) = reached.get(at).copied() {
            for (next, _) in acting().filter(|(_, key)| key.parent == *parent) {
                if !reached.contains(&next) {
                    reached.push(next);
                }
            }
            at += 1;
        }
        reached.contains(&&key.parent)
    })
}

fn has_orphans(connection: &Connection) -> bool {
    connection.prepare("PRAGMA foreign_key_check").unwrap().exists([]).unwrap_or(true)
}

/// The rows of all tables, with their rowids and the counters.
fn contents(connection: &Connection, schema: &Schema) -> BTreeMap<String, Vec<String>> {
    let mut contents = BTreeMap::new();
    let mut read = |name: &str, sql: &str| {
        let mut statement = connection.prepare(sql).unwrap_or_else(|error| panic!("{error} in {sql}"));
        let width = statement.column_count();
        let rows =
            statement.query_map([], |row| (0..width).map(|at| row.get(at)).collect::<rusqlite::Result<Vec<Value>>>());
        let mut rows: Vec<String> = rows.unwrap().map(|row| format!("{:?}", row.unwrap())).collect();
        rows.sort();
        contents.insert(name.to_owned(), rows);
    };
    for table in schema.tables.values() {
        let rowid = table.rowid_name().map_or(String::new(), |rowid| format!("{rowid}, "));
        let columns: Vec<String> = table
            .columns
            .iter()
            .filter(|column| column.is_copied())
            .map(|column| format!("hex({0}), typeof({0})", column.name.quoted()))
            .collect();
        read(&table.name.folded(), &format!("SELECT {rowid}{} FROM {}", columns.join(", "), table.name.quoted()));
        if table.primary_key.as_ref().is_some_and(|key| key.autoincrement) {
            read("sqlite_sequence", "SELECT name, seq FROM sqlite_sequence WHERE name NOT LIKE 'schemactl%'");
        }
    }
    contents
}
