//! What is going to be discarded of the rows that are there, or replaced by what is computed of it, counted before
//! anything runs.
//!
//! Scripts are read by what they do, in [`super::flow`]: those that people wrote count too.

use rusqlite::Connection;

use crate::database::{self, Filter, introspect};
use crate::diff::Discard;
use crate::report::{Class, Diagnostic, Failure, count};
use crate::revision::{Section, Target};
use crate::schema::Schema;

use super::flow::{self, Conversion, Flow};
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
        for conversion in flow.conversions() {
            if let Some(what) = replaced(&rows, &conversion)? {
                let words = format!("{what} will be replaced by `{revision}`, {}", by_what(&conversion));
                warnings.push(Diagnostic::new("replaces", words));
            }
        }
    }
    Ok(warnings)
}

/// What a script discards or replaces of the rows of a database with that schema, a warning each.
///
/// # Errors
/// When the database cannot be read.
pub fn of_script(rows: &Rows<'_>, schema: &Schema, script: &str) -> Result<Vec<Diagnostic>, Failure> {
    let mut flow = Flow::of(schema);
    let mut warnings = Vec::new();
    for discard in flow.follow(script) {
        if let Some(what) = counted(rows, &discard)? {
            let words = format!("{what} will be discarded; downgrade cannot bring them back");
            warnings.push(Diagnostic::new("discards", words));
        }
    }
    for conversion in flow.conversions() {
        if let Some(what) = replaced(rows, &conversion)? {
            let words = format!("{what} will be replaced, {}; downgrade cannot bring them back", by_what(&conversion));
            warnings.push(Diagnostic::new("replaces", words));
        }
    }
    Ok(warnings)
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
    let is_converted = |conversion: Conversion| {
        is_there(rows, &Discard::Values { table: conversion.table, column: conversion.column })
    };
    Ok(is_discarded || flow.conversions().into_iter().any(is_converted))
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

/// How many values of a database are replaced by what is computed of them, and are not the same afterwards: `7 values of
/// x`, or nothing. Where the database cannot tell which, all of them may be.
fn replaced(rows: &Rows<'_>, conversion: &Conversion) -> Result<Option<String>, Failure> {
    let Conversion { table, column, question, .. } = conversion;
    let Some(number) = question.as_ref().and_then(|question| rows.number(question).ok()) else {
        let all = counted(rows, &Discard::Values { table: table.clone(), column: column.clone() })?;
        return Ok(all.map(|all| format!("up to {all}")));
    };
    let number = usize::try_from(number).unwrap_or_default();
    Ok((number > 0).then(|| format!("{} of `{table}.{column}`", count(number, "value"))))
}

/// What takes the place of values: ``each by `lower(name)` ``.
fn by_what(conversion: &Conversion) -> String {
    let expressions = conversion.expressions.iter().map(|expression| match expression.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("`{} …`", &expression[..end]),
        None => format!("`{expression}`"),
    });
    format!("each by {}", expressions.collect::<Vec<_>>().join(" and "))
}

/// The most characters of an expression that are shown.
const LONGEST: usize = 80;
