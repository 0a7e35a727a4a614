//! Constraints of a table: keys, uniqueness, checks, references.
//!
//! Each knows whether it was written with its column (`inline`) or as a table constraint; both mean the same to
//! SQLite, but for `INTEGER PRIMARY KEY DESC`, which is a rowid alias only as a table constraint.

use super::{Expression, Name};

/// What happens when a constraint is violated (<https://www.sqlite.org/lang_conflict.html>).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConflictClause {
    /// `ROLLBACK`
    Rollback,
    /// `ABORT`, the default.
    Abort,
    /// `FAIL`
    Fail,
    /// `IGNORE`
    Ignore,
    /// `REPLACE`
    Replace,
}

impl ConflictClause {
    /// All of them with the keyword of each.
    pub const ALL: [(ConflictClause, &'static str); 5] = [
        (ConflictClause::Rollback, "ROLLBACK"),
        (ConflictClause::Abort, "ABORT"),
        (ConflictClause::Fail, "FAIL"),
        (ConflictClause::Ignore, "IGNORE"),
        (ConflictClause::Replace, "REPLACE"),
    ];

    /// The keyword.
    #[must_use]
    pub fn keyword(self) -> &'static str {
        Self::ALL.iter().find(|(clause, _)| *clause == self).map_or("ABORT", |(_, keyword)| keyword)
    }

    /// The clause of a keyword in any case.
    #[must_use]
    pub fn from_keyword(word: &str) -> Option<ConflictClause> {
        Self::ALL.iter().find(|(_, keyword)| keyword.eq_ignore_ascii_case(word)).map(|(clause, _)| *clause)
    }
}

/// `NOT NULL` on a column.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NotNull {
    /// `CONSTRAINT name`
    pub name: Option<Name>,
    /// `ON CONFLICT …`; `None` where it is not written.
    pub on_conflict: Option<ConflictClause>,
}

/// A column of a primary key or a UNIQUE constraint.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct KeyColumn {
    /// The column.
    pub name: Name,
    /// `COLLATE …`
    pub collate: Option<Name>,
    /// `DESC`
    pub descending: bool,
}

impl KeyColumn {
    /// A key column without COLLATE and DESC.
    pub fn new(name: impl Into<String>) -> KeyColumn {
        KeyColumn { name: Name::new(name), collate: None, descending: false }
    }
}

/// `PRIMARY KEY`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrimaryKey {
    /// `CONSTRAINT name`
    pub name: Option<Name>,
    /// Its columns in key order.
    pub columns: Vec<KeyColumn>,
    /// `ON CONFLICT …`
    pub on_conflict: Option<ConflictClause>,
    /// `AUTOINCREMENT`
    pub autoincrement: bool,
    /// Written with its column.
    pub inline: bool,
}

/// `UNIQUE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unique {
    /// `CONSTRAINT name`
    pub name: Option<Name>,
    /// Its columns in key order.
    pub columns: Vec<KeyColumn>,
    /// `ON CONFLICT …`
    pub on_conflict: Option<ConflictClause>,
    /// Written with its column.
    pub inline: bool,
}

/// `CHECK (…)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// `CONSTRAINT name`
    pub name: Option<Name>,
    /// The condition, without its parentheses.
    pub expression: Expression,
    /// `ON CONFLICT …`, which SQLite reads and does not use here.
    pub on_conflict: Option<ConflictClause>,
    /// The column that it was written with; `None` for a table constraint.
    pub inline: Option<Name>,
}

/// What happens to child rows when the parent row goes or changes
/// (<https://www.sqlite.org/foreignkeys.html#fk_actions>).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Action {
    /// `NO ACTION`, the default.
    #[default]
    NoAction,
    /// `RESTRICT`
    Restrict,
    /// `SET NULL`
    SetNull,
    /// `SET DEFAULT`
    SetDefault,
    /// `CASCADE`
    Cascade,
}

impl Action {
    /// All of them with the keywords of each.
    pub const ALL: [(Action, &'static str); 5] = [
        (Action::NoAction, "NO ACTION"),
        (Action::Restrict, "RESTRICT"),
        (Action::SetNull, "SET NULL"),
        (Action::SetDefault, "SET DEFAULT"),
        (Action::Cascade, "CASCADE"),
    ];

    /// The keywords.
    #[must_use]
    pub fn keywords(self) -> &'static str {
        Self::ALL.iter().find(|(action, _)| *action == self).map_or("NO ACTION", |(_, keywords)| keywords)
    }

    /// The action of its keywords in any case, separated by one space.
    #[must_use]
    pub fn from_keywords(words: &str) -> Option<Action> {
        Self::ALL.iter().find(|(_, keywords)| keywords.eq_ignore_ascii_case(words)).map(|(action, _)| *action)
    }
}

/// A DEFERRABLE clause as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Deferrable {
    /// `NOT DEFERRABLE`
    pub not: bool,
    /// `INITIALLY …`
    pub initially: Option<Initially>,
}

/// `INITIALLY DEFERRED` or `INITIALLY IMMEDIATE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Initially {
    /// Checked at COMMIT.
    Deferred,
    /// Checked at the end of each statement.
    Immediate,
}

/// `FOREIGN KEY … REFERENCES …` (<https://www.sqlite.org/foreignkeys.html>).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignKey {
    /// `CONSTRAINT name`
    pub name: Option<Name>,
    /// The child columns.
    pub columns: Vec<Name>,
    /// The parent table, which need not exist.
    pub parent: Name,
    /// The parent columns; empty for `REFERENCES t`, which means the parent's primary key.
    pub parent_columns: Vec<Name>,
    /// `ON DELETE …`
    pub on_delete: Action,
    /// `ON UPDATE …`
    pub on_update: Action,
    /// `MATCH …`, which SQLite reads and does not use.
    pub match_type: Option<Name>,
    /// `[NOT] DEFERRABLE …` as written.
    pub deferrable: Option<Deferrable>,
    /// Written with its column.
    pub inline: bool,
}

impl ForeignKey {
    /// Whether it is checked at COMMIT only; all other spellings of DEFERRABLE mean the same: at once.
    #[must_use]
    pub fn is_deferred(&self) -> bool {
        self.deferrable == Some(Deferrable { not: false, initially: Some(Initially::Deferred) })
    }
}
