//! How a place in the graph is named: `head`, `ae10+2`, `billing@head`, `a:b`.
//!
//! Only the words are taken apart here; what they stand for is for the graph to say.

use std::fmt;
use std::str::FromStr;

use super::id::{RESERVED, is_word_character};
use super::naming::NamingError;

/// The name of a place: a branch, a word and a number of steps, each of which may be left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The whole as it was written.
    pub written: String,
    /// What stands before `@`: a label, or a revision whose line is meant.
    pub branch: Option<String>,
    /// The word.
    pub word: Option<Word>,
    /// The steps up from there; down if less than zero.
    pub steps: i64,
}

/// The word of a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Word {
    /// `head`: the one revision that no other follows.
    Head,
    /// `heads`: all of them.
    Heads,
    /// `base`: before the first revision.
    Base,
    /// `current`: where the database stands.
    Current,
    /// An identifier, the beginning of one, or a label.
    Name(String),
}

impl FromStr for Target {
    type Err = NamingError;

    fn from_str(text: &str) -> Result<Target, NamingError> {
        let written = text.trim().to_owned();
        let malformed = |why: &'static str| NamingError::Malformed { written: written.clone(), why };
        if written.is_empty() {
            return Err(malformed("no revision is named"));
        }
        if written.contains(':') {
            return Err(malformed("expected one revision, found a range"));
        }
        let (branch, rest) = match written.split_once('@') {
            Some(("", _)) => return Err(malformed("expected a branch before `@`")),
            Some((_, "")) => return Err(malformed("expected a revision after `@`")),
            Some((branch, rest)) => (Some(branch.to_owned()), rest),
            None => (None, written.as_str()),
        };
        let end = rest.find(|c| !is_word_character(c)).unwrap_or(rest.len());
        let steps = match rest[end..].chars().next() {
            None => 0,
            Some('+' | '-') if rest.len() > end + 1 && rest[end + 1..].bytes().all(|b| b.is_ascii_digit()) => {
                // More steps than a number can hold are more than there are revisions.
                let steps = rest[end + 1..].parse::<i64>().unwrap_or(i64::MAX);
                if rest[end..].starts_with('-') { -steps } else { steps }
            }
            Some('+' | '-') => return Err(malformed("expected a number of steps after the sign")),
            Some('@') => return Err(malformed("expected one `@`")),
            Some(_) => return Err(malformed("expected letters, digits and underscores")),
        };
        let word = match &rest[..end] {
            "" => None,
            "head" => Some(Word::Head),
            "heads" => Some(Word::Heads),
            "base" => Some(Word::Base),
            "current" => Some(Word::Current),
            name => Some(Word::Name(name.to_owned())),
        };
        Ok(Target { written, branch, word, steps })
    }
}

impl Target {
    /// The target that a word means, such as [`Word::Heads`].
    #[must_use]
    pub fn of(word: Word) -> Target {
        let written = match &word {
            Word::Head => "head",
            Word::Heads => "heads",
            Word::Base => "base",
            Word::Current => "current",
            Word::Name(name) => name,
        };
        Target { written: written.to_owned(), branch: None, word: Some(word), steps: 0 }
    }

    /// Whether only a database can tell what it means: `current`, `+2`, `current-1`.
    #[must_use]
    pub fn is_from_current(&self) -> bool {
        matches!(self.word, None | Some(Word::Current))
    }

    /// Whether it counts from where the database stands: `+2`, `current-1`.
    pub(super) fn counts_from_current(&self) -> bool {
        self.steps != 0 && self.is_from_current()
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

/// The words that have a meaning where revisions are named.
pub(super) fn words<'a>() -> impl Iterator<Item = &'a str> {
    RESERVED.into_iter().filter(|word| *word != "none")
}

/// A stretch of the history, `a:b`; both ends belong to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    /// The whole as it was written.
    pub written: String,
    /// Where it begins; from the base if left out, from several places if they are separated by commas.
    pub lower: Vec<Target>,
    /// Where it ends; at the heads if left out.
    pub upper: Option<Target>,
}

impl FromStr for Range {
    type Err = NamingError;

    fn from_str(text: &str) -> Result<Range, NamingError> {
        let written = text.trim().to_owned();
        let malformed = |why| NamingError::Malformed { written: written.clone(), why };
        let (lower, upper) =
            written.split_once(':').ok_or_else(|| malformed("expected a range, `a:b`, `a:` or `:b`"))?;
        if upper.contains(':') {
            return Err(malformed("expected one `:`"));
        }
        let is_open = |end: &str| end.trim().is_empty();
        let lower = if is_open(lower) { Vec::new() } else { targets(lower)? };
        let upper = if is_open(upper) { None } else { Some(upper.parse()?) };
        Ok(Range { written, lower, upper })
    }
}

/// The targets of a list, separated by commas.
pub fn targets(list: &str) -> Result<Vec<Target>, NamingError> {
    list.split(',').map(str::parse).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> (Option<String>, Option<Word>, i64) {
        let target: Target = text.parse().unwrap();
        (target.branch, target.word, target.steps)
    }

    #[test]
    fn a_target_is_a_branch_a_word_and_steps() {
        let name = |text: &str| Some(Word::Name(text.to_owned()));
        let branch = |text: &str| Some(text.to_owned());
        for (text, expected) in [
            ("ae10", (None, name("ae10"), 0)),
            (" head ", (None, Some(Word::Head), 0)),
            ("heads", (None, Some(Word::Heads), 0)),
            ("base+2", (None, Some(Word::Base), 2)),
            ("current-1", (None, Some(Word::Current), -1)),
            ("+2", (None, None, 2)),
            ("-1", (None, None, -1)),
            ("-0", (None, None, 0)),
            ("ae10+2", (None, name("ae10"), 2)),
            ("head-1", (None, Some(Word::Head), -1)),
            ("billing@head", (branch("billing"), Some(Word::Head), 0)),
            ("billing@+1", (branch("billing"), None, 1)),
            ("billing@ae10-3", (branch("billing"), name("ae10"), -3)),
            ("head@head", (branch("head"), Some(Word::Head), 0)),
            ("-99999999999999999999", (None, None, -i64::MAX)),
            ("größe", (None, name("größe"), 0)),
        ] {
            assert_eq!(parts(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_target_is_refused_with_the_reason() {
        for (text, why) in [
            ("", "no revision is named"),
            ("a:b", "expected one revision, found a range"),
            ("@head", "expected a branch before `@`"),
            ("billing@", "expected a revision after `@`"),
            ("a@b@c", "expected one `@`"),
            ("a+", "expected a number of steps after the sign"),
            ("a+1+1", "expected a number of steps after the sign"),
            ("a-b", "expected a number of steps after the sign"),
            ("a.b", "expected letters, digits and underscores"),
            ("a b", "expected letters, digits and underscores"),
        ] {
            let error = text.parse::<Target>().unwrap_err();
            assert!(matches!(&error, NamingError::Malformed { why: found, .. } if *found == why), "{text}: {error}");
        }
    }

    #[test]
    fn a_range_has_two_ends_that_may_be_open() {
        let range = |text: &str| {
            let range: Range = text.parse().unwrap();
            let words: Vec<_> = range.lower.into_iter().map(|target| target.written).collect();
            (words.join(" "), range.upper.map(|target| target.written))
        };
        assert_eq!(range(":"), (String::new(), None));
        assert_eq!(range("a:"), ("a".to_owned(), None));
        assert_eq!(range("a, b:head-1"), ("a b".to_owned(), Some("head-1".to_owned())));
        for text in ["", "a", "a:b:c", "a,:b", "a@:"] {
            assert!(text.parse::<Range>().is_err(), "{text}");
        }
    }
}
