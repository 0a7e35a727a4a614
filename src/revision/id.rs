//! Identifiers of revisions and the words that may stand for one.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use uuid::Uuid;

use crate::report::{Class, Diagnostic, Report};

/// The identifier of a revision: letters, digits and underscores; upper and lower case differ.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RevisionId(Arc<str>);

/// A word that cannot be an identifier or a label.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IllegalWord {
    /// There is nothing.
    #[error("expected a word of letters, digits and underscores, found nothing")]
    Empty,
    /// A character that has another meaning where revisions are named, such as `@` or `-`.
    #[error("`{word}` holds {character:?}, expected only letters, digits and underscores")]
    Character {
        /// The whole word.
        word: String,
        /// The first character that cannot stand in it.
        character: char,
    },
    /// A word that names a place in every graph.
    #[error("`{0}` has a meaning of its own where revisions are named")]
    Reserved(String),
}

impl Report for IllegalWord {
    fn class(&self) -> Class {
        Class::Input
    }

    fn diagnostics(&self) -> Vec<Diagnostic> {
        let help = "choose a word of letters, digits and underscores, such as `reports_2026`";
        vec![Diagnostic::new("illegal_word", self.to_string()).help(help)]
    }
}

/// The words that no revision and no label can be called.
pub(super) const RESERVED: [&str; 5] = ["head", "heads", "base", "current", "none"];

/// Checks that a word can be an identifier or a label.
pub fn check_word(word: &str) -> Result<(), IllegalWord> {
    if word.is_empty() {
        return Err(IllegalWord::Empty);
    }
    if let Some(character) = word.chars().find(|&c| !is_word_character(c)) {
        return Err(IllegalWord::Character { word: word.to_owned(), character });
    }
    if RESERVED.iter().any(|reserved| word.eq_ignore_ascii_case(reserved)) {
        return Err(IllegalWord::Reserved(word.to_owned()));
    }
    Ok(())
}

/// Whether a character can stand in an identifier or a label.
pub(super) fn is_word_character(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

impl RevisionId {
    /// An identifier, checked.
    pub fn new(word: impl Into<Arc<str>>) -> Result<RevisionId, IllegalWord> {
        let word = word.into();
        check_word(&word)?;
        Ok(RevisionId(word))
    }

    /// The identifier of a new revision: the last 12 hexadecimal digits of a random UUID.
    #[must_use]
    pub fn from_uuid(random: Uuid) -> RevisionId {
        RevisionId(format!("{:012x}", random.as_u128() & 0xffff_ffff_ffff).into())
    }

    /// The identifier as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RevisionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for RevisionId {
    type Err = IllegalWord;

    fn from_str(word: &str) -> Result<RevisionId, IllegalWord> {
        RevisionId::new(word)
    }
}

impl Borrow<str> for RevisionId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for RevisionId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_is_a_word() {
        for word in ["ec7d02f185ab", "0001", "add_user", "Größe", "A"] {
            assert_eq!(RevisionId::new(word).unwrap().as_str(), word);
        }
        for word in ["", "a-b", "a:1", "a@b", "a+1", "a b", "head", "HEADS", "base", "current", "none", "a.b", "a,b"] {
            assert!(RevisionId::new(word).is_err(), "{word}");
        }
    }

    #[test]
    fn a_random_identifier_has_twelve_digits() {
        let id = RevisionId::from_uuid(Uuid::from_u128(0xaaaa_bbbb_cccc_4ddd_8eee_0c7d_02f1_85ab));
        assert_eq!(id.as_str(), "0c7d02f185ab");
        assert_eq!(RevisionId::from_uuid(Uuid::nil()).as_str(), "000000000000");
    }
}
