//! What is going to be discarded of the rows that are there, or replaced by what is computed of it, counted before
//! anything runs.
//!
//! Scripts are read by what they do, in [`super::flow`]: those that people wrote count too.

use rusqlite::Connection;

use crate::database::{self, Filter, introspect};
use crate::diff::Discard;
use crate::report::{Class, Diagnostic, Failure, count};
use crate::revision::{RevisionId, Section, Target};
use crate::schema::{Name, Schema};

use super::flow::{self, Conversion, Flow};
use super::walk::{self, Direction};
use super::{Project, Rows, State};

/// What a database has that scripts leave in no table as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// Of which table, by its name before all scripts.
    pub table: Name,
    /// Of which column; none where whole rows go.
    pub column: Option<Name>,
    /// How many rows, or values that are not NULL.
    pub number: usize,
    /// Whether it may be fewer: the database cannot tell how many stay the same.
    pub at_most: bool,
    /// What takes the place of the values, an expression each; empty where nothing does.
    pub by: Vec<String>,
}

impl Loss {
    /// A word for what happens, for programs.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self.column {
            None => "rows",
            Some(_) if self.by.is_empty() => "values",
            Some(_) => "replaced",
        }
    }

    /// What is lost by a revision, in words.
    #[must_use]
    pub fn text(&self, revision: &RevisionId) -> String {
        match self.by_what() {
            None => format!("{} will be discarded by `{revision}`", self.what()),
            Some(by) => format!("{} will be replaced by `{revision}`, {by}", self.what()),
        }
    }

    /// A warning of what a revision is going to lose.
    #[must_use]
    pub fn of_revision(&self, revision: &RevisionId) -> Diagnostic {
        Diagnostic::new(self.code(), self.text(revision))
    }

    /// A warning of what a script is going to lose that has not been written yet.
    fn of_script(&self) -> Diagnostic {
        let words = match self.by_what() {
            None => format!("{} will be discarded; downgrade cannot bring them back", self.what()),
            Some(by) => format!("{} will be replaced, {by}; downgrade cannot bring them back", self.what()),
        };
        Diagnostic::new(self.code(), words)
    }

    fn code(&self) -> &'static str {
        if self.by.is_empty() { "discards" } else { "replaces" }
    }

    /// `7 rows of x`, `up to 3 values of x.y`.
    fn what(&self) -> String {
        let Loss { table, column, number, at_most, .. } = self;
        let up_to = if *at_most { "up to " } else { "" };
        match column {
            None => format!("{up_to}{} of `{table}`", count(*number, "row")),
            Some(column) => format!("{up_to}{} of `{table}.{column}`", count(*number, "value")),
        }
    }

    /// What takes the place of values: ``each by `lower(name)` ``.
    fn by_what(&self) -> Option<String> {
        let expressions = self.by.iter().map(|expression| match expression.char_indices().nth(LONGEST) {
            Some((end, _)) => format!("`{} …`", &expression[..end]),
            None => format!("`{expression}`"),
        });
        (!self.by.is_empty()).then(|| format!("each by {}", expressions.collect::<Vec<_>>().join(" and ")))
    }
}

/// What each revision of a walk is going to lose, in the order of the walk.
///
/// # Errors
/// When there is no such walk, or the database cannot be read.
pub fn ahead(
    project: &Project,
    connection: &Connection,
    state: &State,
    direction: Direction,
    target: &Target,
) -> Result<Vec<(RevisionId, Loss)>, Failure> {
    let steps = walk::steps(state, &walk::route(state, direction, target)?)?;
    let scripts = || steps.iter().filter_map(|step| Some((&step.revision, step.script.as_ref()?)));
    if !scripts().any(|(_, script)| flow::may_discard(script.sql())) {
        return Ok(Vec::new());
    }
    let mut flow = Flow::of(&introspect::read(connection, &project.filter()?)?);
    let rows = project.rows(connection)?;
    let mut losses = Vec::new();
    for (revision, script) in scripts() {
        let of_revision = losses_of(&rows, &mut flow, script.sql())?;
        losses.extend(of_revision.into_iter().map(|loss| (revision.clone(), loss)));
    }
    Ok(losses)
}

/// What a script discards or replaces of the rows of a database with that schema, a warning each.
///
/// # Errors
/// When the database cannot be read.
pub fn of_script(rows: &Rows<'_>, schema: &Schema, script: &str) -> Result<Vec<Diagnostic>, Failure> {
    let losses = losses_of(rows, &mut Flow::of(schema), script)?;
    Ok(losses.iter().map(Loss::of_script).collect())
}

fn losses_of(rows: &Rows<'_>, flow: &mut Flow, script: &str) -> Result<Vec<Loss>, Failure> {
    let mut losses = Vec::new();
    for discard in flow.follow(script) {
        losses.extend(counted(rows, &discard)?);
    }
    for conversion in flow.conversions() {
        losses.extend(replaced(rows, conversion)?);
    }
    Ok(losses)
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

/// What a database has of that which is discarded, or nothing.
///
/// # Errors
/// When the database cannot be read.
fn counted(rows: &Rows<'_>, discard: &Discard) -> Result<Option<Loss>, Failure> {
    let (table, column) = match discard {
        Discard::Rows { table } => (table, None),
        Discard::Values { table, column } => (table, Some(column)),
    };
    let counted = column.map_or_else(|| "*".to_owned(), Name::quoted);
    let number = rows.number(&format!("SELECT count({counted}) FROM {}", table.quoted())).map_err(|error| {
        let whose = column.map_or_else(|| format!("`{table}`"), |column| format!("`{table}.{column}`"));
        Failure::new(Class::Database, Diagnostic::new("count", format!("cannot count what is in {whose}: {error}")))
    })?;
    let number = usize::try_from(number).unwrap_or_default();
    let loss = || Loss { table: table.clone(), column: column.cloned(), number, at_most: false, by: Vec::new() };
    Ok((number > 0).then(loss))
}

/// The values of a database that are replaced by what is computed of them, and are not the same afterwards, or nothing.
/// Where the database cannot tell which, all of them may be.
fn replaced(rows: &Rows<'_>, conversion: Conversion) -> Result<Option<Loss>, Failure> {
    let Conversion { table, column, question, expressions: by } = conversion;
    let Some(number) = question.as_ref().and_then(|question| rows.number(question).ok()) else {
        let all = counted(rows, &Discard::Values { table, column })?;
        return Ok(all.map(|all| Loss { at_most: true, by, ..all }));
    };
    let number = usize::try_from(number).unwrap_or_default();
    Ok((number > 0).then_some(Loss { table, column: Some(column), number, at_most: false, by }))
}

/// The most characters of an expression that are shown.
const LONGEST: usize = 80;
