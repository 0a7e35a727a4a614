//! What a rule finds, before it is known how bad that is and whether somebody has agreed to it.

use std::ops::Range;

use super::statement::Statement;
use crate::schema::{Column, Index, Name, ObjectKind, ObjectRef, Table};

/// Something that a rule finds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub at: At,
    pub message: String,
    pub label: String,
    pub notes: Vec<String>,
    pub help: Option<String>,
}

/// Where it is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum At {
    /// An object of the schema, or a column of it. `owner` is the object that an `allow` would stand with.
    Object { object: ObjectRef, column: Option<Name>, owner: ObjectRef },
    /// Bytes of the SQL of a section.
    Sql(Range<usize>),
    /// The head of a script.
    Head,
}

impl Found {
    fn new(at: At, message: impl Into<String>) -> Found {
        Found { at, message: message.into(), label: String::new(), notes: Vec::new(), help: None }
    }

    pub fn table(table: &Table, message: impl Into<String>) -> Found {
        Found::object(ObjectRef::new(ObjectKind::Table, &table.name), message)
    }

    pub fn column(table: &Table, column: &Name, message: impl Into<String>) -> Found {
        let object = ObjectRef::new(ObjectKind::Table, &table.name);
        Found::new(At::Object { owner: object.clone(), object, column: Some(column.clone()) }, message)
    }

    pub fn index(table: &Table, index: &Index, message: impl Into<String>) -> Found {
        let owner = ObjectRef::new(ObjectKind::Table, &table.name);
        Found::new(At::Object { object: ObjectRef::new(ObjectKind::Index, &index.name), column: None, owner }, message)
    }

    pub fn object(object: ObjectRef, message: impl Into<String>) -> Found {
        Found::new(At::Object { owner: object.clone(), object, column: None }, message)
    }

    pub fn statement(statement: &Statement, message: impl Into<String>) -> Found {
        Found::new(At::Sql(statement.span.clone()), message)
    }

    pub fn sql(span: Range<usize>, message: impl Into<String>) -> Found {
        Found::new(At::Sql(span), message)
    }

    pub fn head(message: impl Into<String>) -> Found {
        Found::new(At::Head, message)
    }

    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Found {
        self.label = label.into();
        self
    }

    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Found {
        self.notes.push(note.into());
        self
    }

    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Found {
        self.help = Some(help.into());
        self
    }
}

/// The type of a column as written, or words for none.
pub(super) fn type_text(column: &Column) -> &str {
    column.type_name.as_ref().map_or("no type", crate::schema::TypeName::as_str)
}

/// Names in backticks with commas between them.
pub(super) fn listed<'a>(names: impl IntoIterator<Item = &'a Name>) -> String {
    names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
