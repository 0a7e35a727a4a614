//! A schema as one page to be read: tables with their columns, keys, comments and picture, views, triggers.
//!
//! [`page`] says what stands on it, as blocks; [`markdown`] and [`html`] write those. Nothing here reads a database.

mod describe;
pub mod html;
pub mod markdown;

use indexmap::IndexMap;

use crate::picture::{Columns, Picture};
use crate::report::count;
use crate::schema::{Name, Schema, Table, Trigger};
use crate::sql;

/// Comments on tables and views and, with a column, on columns.
pub type Comments = IndexMap<(Name, Option<Name>), String>;

/// A part of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// A heading of this level, 1 being that of the page; those of objects can be linked to.
    Heading {
        /// Its level.
        level: u8,
        /// Its words.
        text: String,
        /// The object that it is about.
        object: Option<Name>,
    },
    /// A paragraph.
    Paragraph(Vec<Span>),
    /// A list of lines.
    List(Vec<Vec<Span>>),
    /// Rows under headings.
    Table {
        /// The headings.
        head: Vec<&'static str>,
        /// The rows.
        rows: Vec<Vec<Vec<Span>>>,
    },
    /// SQL.
    Sql(String),
    /// The picture of the whole.
    Picture(Picture),
}

/// A piece of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Span {
    /// Words.
    Text(String),
    /// A name or a piece of SQL.
    Code(String),
    /// A name that leads to the heading of an object.
    Link(Name),
}

fn text(words: impl Into<String>) -> Span {
    Span::Text(words.into())
}

fn code(words: impl Into<String>) -> Span {
    Span::Code(words.into())
}

/// The page about the tables and views that `is_shown` takes.
#[must_use]
pub fn page(title: &str, schema: &Schema, comments: &Comments, is_shown: &dyn Fn(&Name) -> bool) -> Vec<Block> {
    let mut blocks = vec![Block::Heading { level: 1, text: title.to_owned(), object: None }];
    let tables: Vec<&Table> = schema.tables.values().filter(|table| is_shown(&table.name)).collect();
    let virtual_tables = || schema.virtual_tables.values().filter(|table| is_shown(&table.name));
    let views = || schema.views.values().filter(|view| is_shown(&view.name));
    let counts = [
        (tables.len(), "table"),
        (virtual_tables().count(), "virtual table"),
        (views().count(), "view"),
        (schema.triggers.values().filter(|trigger| is_shown(&trigger.table)).count(), "trigger"),
    ];
    let counts = counts.iter().filter(|(number, _)| *number > 0).map(|(number, thing)| count(*number, thing));
    let counts = counts.collect::<Vec<_>>().join(", ");
    blocks.push(Block::Paragraph(vec![text(if counts.is_empty() { "Nothing is in it." } else { &counts })]));
    let picture = Picture::of(schema, is_shown, Columns::All);
    if !picture.cards.is_empty() {
        blocks.push(Block::Picture(picture));
    }
    let mut part = |heading: &str, objects: Vec<Vec<Block>>| {
        if !objects.is_empty() {
            blocks.push(Block::Heading { level: 2, text: heading.to_owned(), object: None });
            blocks.extend(objects.into_iter().flatten());
        }
    };
    part("Tables", tables.iter().map(|table| describe::table(schema, table, comments)).collect());
    let virtual_table =
        |table: &crate::schema::VirtualTable| object(schema, &table.name, comments, &sql::write_virtual_table(table));
    part("Virtual tables", virtual_tables().map(virtual_table).collect());
    let view = |view: &crate::schema::View| object(schema, &view.name, comments, &sql::write_view(view));
    part("Views", views().map(view).collect());
    blocks
}

/// What is said of a virtual table or a view: its comment, its statement, its triggers.
fn object(schema: &Schema, name: &Name, comments: &Comments, statement: &str) -> Vec<Block> {
    let mut blocks = vec![heading(name)];
    blocks.extend(comment(comments, name));
    blocks.push(Block::Sql(format!("{statement};")));
    blocks.extend(triggers(schema, name));
    blocks
}

fn heading(name: &Name) -> Block {
    Block::Heading { level: 3, text: name.to_string(), object: Some(name.clone()) }
}

fn comment(comments: &Comments, name: &Name) -> Option<Block> {
    let words = comments.get(&(name.clone(), None))?;
    Some(Block::Paragraph(vec![text(words.trim())]))
}

/// The triggers on a table or view, each whole.
fn triggers(schema: &Schema, name: &Name) -> Vec<Block> {
    let statement = |trigger: &Trigger| Block::Sql(format!("{};", sql::write_trigger(trigger)));
    let statements: Vec<Block> = schema.triggers_on(name).map(statement).collect();
    let heading =
        Block::Paragraph(vec![text(format!("{}:", if statements.len() == 1 { "Trigger" } else { "Triggers" }))]);
    if statements.is_empty() { statements } else { std::iter::once(heading).chain(statements).collect() }
}

#[cfg(test)]
mod tests;
