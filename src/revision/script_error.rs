//! What can be wrong in the text of a script.

use std::fmt;

use super::header::{BadValue, HeaderKey};
use crate::report::{Class, Diagnostic, Place, Report};

/// A script that cannot be read; every flaw of it that can be told apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptError {
    /// What is wrong; never empty.
    pub flaws: Vec<Flaw>,
}

/// One thing that is wrong in a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// What it is.
    pub fault: Fault,
    /// Where it is.
    pub place: Place,
}

/// What can be wrong in a script.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A key that no head has.
    #[error("unknown key `{key}` in the head of the script")]
    UnknownKey {
        /// The word before the colon.
        key: String,
        /// The key that it was meant to be.
        near: Option<&'static str>,
    },
    /// A key twice.
    #[error("`{key}` is given a second time, first on line {first_line}")]
    DuplicateKey {
        /// The key.
        key: &'static str,
        /// The line of the first.
        first_line: usize,
    },
    /// A key that every head must have.
    #[error("the head of the script does not say `{key}`")]
    MissingKey {
        /// The key.
        key: &'static str,
    },
    /// A value that does not fit its key.
    #[error("`{key}`: {what}")]
    Value {
        /// The key.
        key: &'static str,
        /// What is wrong with its value.
        what: BadValue,
    },
    /// SQL above the first marker, which would never run.
    #[error("SQL stands before `-- migrate:up` and would never run")]
    SqlBeforeUp,
    /// No line `-- migrate:up`.
    #[error("the script has no line `-- migrate:up`")]
    MissingUp,
    /// The halves the wrong way round.
    #[error("`-- migrate:down` stands before `-- migrate:up`")]
    DownBeforeUp,
    /// The same marker twice.
    #[error("a second `{marker}`, the first is on line {first_line}")]
    SecondMarker {
        /// The line.
        marker: String,
        /// The line of the first.
        first_line: usize,
    },
    /// A marker that means nothing.
    #[error("unknown marker `migrate:{word}`, expected `migrate:up` or `migrate:down`")]
    UnknownMarker {
        /// The word after `migrate:`.
        word: String,
        /// The word that it was meant to be.
        near: Option<String>,
    },
    /// An option of a marker that means nothing.
    #[error("unknown option `{option}`, expected `transaction:false`")]
    UnknownOption {
        /// The option.
        option: String,
    },
    /// SQL to be written that holds a marker.
    #[error("the SQL holds a line that would be read as a marker `-- migrate:…`")]
    MarkerInSql,
}

impl Fault {
    /// A stable word for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Fault::UnknownKey { .. } => "unknown_header_key",
            Fault::DuplicateKey { .. } => "duplicate_header_key",
            Fault::MissingKey { .. } => "missing_header_key",
            Fault::Value { .. } => "bad_header_value",
            Fault::SqlBeforeUp => "sql_before_up",
            Fault::MissingUp => "missing_up",
            Fault::DownBeforeUp => "down_before_up",
            Fault::SecondMarker { .. } => "second_marker",
            Fault::UnknownMarker { .. } => "unknown_marker",
            Fault::UnknownOption { .. } => "unknown_marker_option",
            Fault::MarkerInSql => "marker_in_sql",
        }
    }

    fn help(&self) -> String {
        match self {
            Fault::UnknownKey { near: Some(near), .. } => format!("did you mean `{near}`?"),
            Fault::UnknownKey { near: None, .. } => {
                format!(
                    "the keys are {}; put other comments below `-- migrate:up`",
                    HeaderKey::ALL.map(|key| format!("`{}`", key.as_str())).join(", ")
                )
            }
            Fault::DuplicateKey { .. } | Fault::SecondMarker { .. } => "remove one of the two".to_owned(),
            Fault::MissingKey { key: "parents" } => {
                "add a line `-- parents: none`, or the revisions that it follows".to_owned()
            }
            Fault::MissingKey { key } => format!("add a line `-- {key}: …`"),
            Fault::Value { key: "parents", .. } => "write `-- parents: none` or `-- parents: a, b`".to_owned(),
            Fault::Value { .. } => "correct the value or remove the line".to_owned(),
            Fault::SqlBeforeUp => "move it below a line `-- migrate:up`".to_owned(),
            Fault::MissingUp => "add a line `-- migrate:up` before the SQL that carries the revision out".to_owned(),
            Fault::DownBeforeUp => "put the half `-- migrate:up` first".to_owned(),
            Fault::UnknownMarker { near, .. } => {
                format!("write `-- migrate:{}`", near.as_deref().unwrap_or("up` or `-- migrate:down"))
            }
            Fault::UnknownOption { .. } => "remove it, or put the comment on a line of its own".to_owned(),
            Fault::MarkerInSql => "indent that comment, so that it does not begin its line".to_owned(),
        }
    }
}

impl fmt::Display for ScriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, Flaw { fault, place }) in self.flaws.iter().enumerate() {
            let (line, _) = place.line_and_column();
            let separator = if number > 0 { "; " } else { "" };
            write!(f, "{separator}{}:{line}: {fault}", place.source.path)?;
        }
        Ok(())
    }
}

impl std::error::Error for ScriptError {}

impl Report for ScriptError {
    fn class(&self) -> Class {
        Class::Input
    }

    fn diagnostics(&self) -> Vec<Diagnostic> {
        let diagnostic = |Flaw { fault, place }: &Flaw| {
            Diagnostic::new(fault.code(), fault.to_string()).at(place.clone()).help(fault.help())
        };
        self.flaws.iter().map(diagnostic).collect()
    }
}
