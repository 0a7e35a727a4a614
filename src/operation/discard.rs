//! What is going to be discarded of the rows that are there, counted before anything runs.
//!
//! Scripts are read by what they do, in [`super::flow`]: those that people wrote count too.

use rusqlite::Connection;

use crate::database::{self, Filter, introspect};
use crate::diff::Discard;
use crate::report::{Class, Diagnostic, Failure, count};
use crate::revision::{Section, Target};
use crate::schema::{Name, Schema};

use super::flow::{self, Flow};
use super::walk::{self, Direction};
use super::{Project, Rows, State};

/// What a walk is going to discard, a warning each.
///
/// # Errors
/// When there is no such walk, or the database cannot be read.
pub fn ahead(
    project: &Project,
    connection: &Connection,
    state: &State,
    direction: Direction,
    target: &Target,
) -> Result<Vec<Diagnostic>, Failure> {
    let steps = walk::steps(state, &walk::route(state, direction, target)?)?;
    let scripts = || steps.iter().filter_map(|step| Some((&step.revision, step.script.as_ref()?)));
    if !scripts().any(|(_, script)| flow::may_discard(script.sql())) {
        return Ok(Vec::new());
    }
    let mut flow = Flow::of(&introspect::read(connection, &project.filter()?)?);
    let rows = project.rows(connection)?;
    let mut warnings = Vec::new();
    for (revision, script) in scripts() {
        for discard in flow.follow(script.sql()) {
            if let Some(what) = counted(&rows, &discard)? {
                let words = format!("{what} will be discarded by `{revision}`");
                warnings.push(Diagnostic::new("discards", words));
            }
        }
    }
    Ok(warnings)
}

/// What a script discards of the rows of a database with that schema, a text each: `7 rows of x`.
///
/// # Errors
/// When the database cannot be read.
pub fn of_script(rows: &Rows<'_>, schema: &Schema, script: &str) -> Result<Vec<String>, Failure> {
    let counted = |discard: Discard| counted(rows, &discard).transpose();
    Flow::of(schema).follow(script).into_iter().filter_map(counted).collect()
}

/// Whether scripts discard anything that a database has, or keep values of it in no other form than one that they compute,
/// as `using` asks for.
///
/// # Errors
/// When the database cannot be read.
pub fn any_of<'a>(
    connection: &Connection,
    rows: &Rows<'_>,
    filter: &Filter,
    scripts: impl Iterator<Item = &'a Section>,
) -> Result<bool, database::Error> {
    let mut flow = Flow::of(&introspect::read(connection, filter)?);
    let is_discarded = scripts.flat_map(|script| flow.follow(script.sql())).any(|discard| is_there(rows, &discard));
    let is_converted = |(table, column): &(Name, Name)| {
        is_there(rows, &Discard::Values { table: table.clone(), column: column.clone() })
    };
    Ok(is_discarded || flow.converted().any(is_converted))
}

/// Whether a database has any of what is discarded. Where it cannot tell, it has.
fn is_there(rows: &Rows<'_>, discard: &Discard) -> bool {
    let question = match discard {
        Discard::Rows { table } => format!("SELECT EXISTS (SELECT 1 FROM {})", table.quoted()),
        Discard::Values { table, column } => {
            format!("SELECT EXISTS (SELECT 1 FROM {} WHERE {} IS NOT NULL)", table.quoted(), column.quoted())
        }
    };
    rows.number(&question) != Ok(0)
}

/// What a database has of that which is discarded: `7 rows of x`, or nothing.
///
/// # Errors
/// When the database cannot be read.
fn counted(rows: &Rows<'_>, discard: &Discard) -> Result<Option<String>, Failure> {
    let (sql, thing, whose) = match discard {
        Discard::Rows { table } => (format!("SELECT count(*) FROM {}", table.quoted()), "row", format!("`{table}`")),
        Discard::Values { table, column } => (
            format!("SELECT count({}) FROM {}", column.quoted(), table.quoted()),
            "value",
            format!("`{table}.{column}`"),
        ),
    };
    let number = rows.number(&sql).map_err(|error| {
        Failure::new(Class::Database, Diagnostic::new("count", format!("cannot count what is in {whose}: {error}")))
    })?;
    let number = usize::try_from(number).unwrap_or_default();
    Ok((number > 0).then(|| format!("{} of {whose}", count(number, thing))))
}
