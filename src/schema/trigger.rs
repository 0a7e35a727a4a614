//! A trigger.

use super::{Expression, Name};

/// A trigger (<https://www.sqlite.org/lang_createtrigger.html>).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trigger {
    /// Its name.
    pub name: Name,
    /// The table or view that it watches.
    pub table: Name,
    /// When it fires.
    pub timing: Timing,
    /// What it fires on.
    pub event: Event,
    /// `WHEN …`
    pub when: Option<Expression>,
    /// The statements between BEGIN and END, as written.
    pub body: Expression,
}

impl Trigger {
    /// Whether some UPDATE of its table fires it.
    #[must_use]
    pub fn fires_on_update(&self) -> bool {
        matches!(self.event, Event::Update(_))
    }
}

/// When a trigger fires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timing {
    /// `BEFORE`, also where nothing is written.
    Before,
    /// `AFTER`
    After,
    /// `INSTEAD OF`, on views.
    InsteadOf,
}

/// What a trigger fires on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// `INSERT`
    Insert,
    /// `DELETE`
    Delete,
    /// `UPDATE`, of these columns if any are named.
    Update(Vec<Name>),
}
