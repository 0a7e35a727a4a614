//! What a rule is: a code that never changes, a page that explains it, and a function that looks.
//!
//! The page is the doc comment of the rule. `explain` prints it, its first paragraph stands in the README, and its
//! examples are tests: what stands under "Bad" must be found, what stands under "Good" must not.

use super::found::Found;
use super::step::Step;
use super::subject::Subject;
use crate::model::Level;

/// A rule.
#[derive(Debug)]
pub struct Rule {
    /// `SC101`: the first digit is the group. A code is never given to another rule.
    pub code: &'static str,
    /// What it finds, as a word: `foreign-key-without-index`.
    pub name: &'static str,
    /// How bad it is where the settings say nothing.
    pub level: Level,
    /// The lines of its doc comment.
    pub(super) doc: &'static str,
    pub(super) check: Check,
}

/// Where a rule looks.
#[derive(Debug, Clone, Copy)]
pub(super) enum Check {
    /// At the schema that the model describes.
    Schema(fn(&Subject<'_>) -> Vec<Found>),
    /// At a revision: what it changes, and how.
    Revision(fn(&Step<'_>) -> Vec<Found>),
    /// At the rows that a revision is going to touch: finds nothing without a database.
    Rows(fn(&Step<'_>) -> Vec<Found>),
    /// At what the linting itself comes across.
    Linting,
}

/// What rules are about, by the first digit of their codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// The linting itself.
    Linting,
    /// The schema as it is to be.
    Schema,
    /// What a revision changes.
    Change,
    /// How a script goes about it.
    Script,
}

impl Group {
    /// The word for it: `schema`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Group::Linting => "linting",
            Group::Schema => "schema",
            Group::Change => "change",
            Group::Script => "script",
        }
    }
}

impl Rule {
    /// What the rule is about.
    #[must_use]
    pub fn group(&self) -> Group {
        match self.code.as_bytes().get(2) {
            Some(b'1') => Group::Schema,
            Some(b'2') => Group::Change,
            Some(b'3') => Group::Script,
            _ => Group::Linting,
        }
    }

    /// Whether only the rows of a database can show what it looks for.
    #[must_use]
    pub fn needs_rows(&self) -> bool {
        matches!(self.check, Check::Rows(_))
    }

    /// What explains it, as Markdown: what is found, why it matters, a bad and a good example, how to mend it.
    #[must_use]
    pub fn page(&self) -> String {
        let lines = self.doc.trim_end().lines();
        lines.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect::<Vec<_>>().join("\n")
    }

    /// What it finds, in a sentence without a full stop.
    #[must_use]
    pub fn summary(&self) -> String {
        let page = self.page();
        let paragraph: Vec<&str> = page.lines().take_while(|line| !line.is_empty()).collect();
        paragraph.join(" ").trim_end_matches('.').to_owned()
    }
}

/// Makes `RULE` of a doc comment, a code, a name, a level and a check.
macro_rules! rule {
    ($(#[doc = $line:literal])+ $code:literal, $name:literal, $level:ident, $check:expr) => {
        $(#[doc = $line])+
        pub static RULE: $crate::lint::rule::Rule = $crate::lint::rule::Rule {
            code: $code,
            name: $name,
            level: $crate::model::Level::$level,
            doc: concat!($($line, "\n"),+),
            check: $check,
        };
    };
}
pub(super) use rule;
