//! Names of schema objects: spelling kept, compared as SQLite compares.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use crate::token::quote_name;

/// The name of a table, a column, an index, a constraint, a collation.
///
/// Equality, order and hash fold ASCII letters, as SQLite does; [`Name::is_spelled_like`] tells case apart.
#[derive(Debug, Clone)]
pub struct Name(String);

impl Name {
    /// A name from its text, without quotes.
    pub fn new(text: impl Into<String>) -> Name {
        Name(text.into())
    }

    /// The name as it was written, without quotes.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name in double quotes, ready to stand in SQL.
    #[must_use]
    pub fn quoted(&self) -> String {
        quote_name(&self.0)
    }

    /// The name with ASCII letters in lower case.
    #[must_use]
    pub fn folded(&self) -> String {
        self.0.to_ascii_lowercase()
    }

    /// Whether two names are equal letter by letter, case included.
    #[must_use]
    pub fn is_spelled_like(&self, other: &Name) -> bool {
        self.0 == other.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for Name {
    fn from(text: &str) -> Name {
        Name::new(text)
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Name) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl PartialEq<str> for Name {
    fn eq(&self, other: &str) -> bool {
        self.0.eq_ignore_ascii_case(other)
    }
}

impl Eq for Name {}

impl Hash for Name {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // In pieces, since a call for each byte costs more than the hash itself.
        let mut folded = [0; 32];
        for piece in self.0.as_bytes().chunks(folded.len()) {
            let folded = &mut folded[..piece.len()];
            folded.copy_from_slice(piece);
            folded.make_ascii_lowercase();
            state.write(folded);
        }
        state.write_u8(0xff);
    }
}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Name) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Name {
    fn cmp(&self, other: &Name) -> Ordering {
        let (one, other) = (self.0.bytes(), other.0.bytes());
        one.map(|b| b.to_ascii_lowercase()).cmp(other.map(|b| b.to_ascii_lowercase()))
    }
}
