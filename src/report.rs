//! What the library tells its caller when something is wrong: diagnostics as data, without I/O or colour.

use std::error::Error;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// One thing that is wrong, where, and what to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// A stable word for programs: `unknown_key`, `locked`.
    pub code: &'static str,
    /// What was found and what was expected: lowercase, no full stop, things in backticks.
    pub message: String,
    /// The text that it is about.
    pub place: Option<Place>,
    /// Words under the underlined text.
    pub label: String,
    /// More facts, a line each.
    pub notes: Vec<String>,
    /// A command or an edit that can be done now.
    pub help: Option<String>,
}

impl Diagnostic {
    /// A diagnostic with a code and a message.
    pub fn new(code: &'static str, message: impl Into<String>) -> Diagnostic {
        Diagnostic { code, message: message.into(), place: None, label: String::new(), notes: Vec::new(), help: None }
    }

    /// The same, about a place in a text.
    #[must_use]
    pub fn at(mut self, place: Place) -> Diagnostic {
        self.place = Some(place);
        self
    }

    /// The same, with words under the underlined text.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Diagnostic {
        self.label = label.into();
        self
    }

    /// The same, with one more fact.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Diagnostic {
        self.notes.push(note.into());
        self
    }

    /// The same, with what to do next.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = Some(help.into());
        self
    }
}

/// A file that was read: its name as the user knows it and its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The path as it is shown.
    pub path: String,
    /// The whole text.
    pub text: String,
}

/// A stretch of a file's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub source: Arc<Source>,
    /// The bytes of its text.
    pub span: Range<usize>,
}

impl Place {
    /// A stretch of a file.
    #[must_use]
    pub fn new(source: &Arc<Source>, span: Range<usize>) -> Place {
        Place { source: Arc::clone(source), span }
    }

    /// The line and the column where it begins, both counted from 1; columns in characters.
    #[must_use]
    pub fn line_and_column(&self) -> (usize, usize) {
        let mut end = self.span.start.min(self.source.text.len());
        while !self.source.text.is_char_boundary(end) {
            end -= 1;
        }
        let before = &self.source.text[..end];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }
}

/// The exit code that an error ends in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// The answer is no: pending changes, drift, findings. Exit code 1.
    No,
    /// Wrong arguments, model or revision files. Exit code 2.
    Input,
    /// The database could not be read or changed. Exit code 3.
    Database,
    /// Locked past the time limit. Exit code 4.
    Locked,
    /// Some databases of a fleet failed. Exit code 7.
    Fleet,
    /// Interrupted, rolled back. Exit code 130.
    Interrupted,
}

impl Class {
    /// The exit code.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Class::No => 1,
            Class::Input => 2,
            Class::Database => 3,
            Class::Locked => 4,
            Class::Fleet => 7,
            Class::Interrupted => 130,
        }
    }
}

/// An error that can be shown to a person and to a program; every error enum of the library is one.
pub trait Report: std::error::Error + Send + Sync + 'static {
    /// The exit code that it ends in.
    fn class(&self) -> Class;

    /// All that is wrong; never empty.
    fn diagnostics(&self) -> Vec<Diagnostic>;
}

/// Why a command did not end well: what is said about it, and the exit code.
#[derive(Debug, Clone)]
pub struct Failure {
    class: Class,
    diagnostics: Vec<Diagnostic>,
}

impl Failure {
    /// A failure that a command itself has found.
    #[must_use]
    pub fn new(class: Class, diagnostic: Diagnostic) -> Failure {
        Failure { class, diagnostics: vec![diagnostic] }
    }

    /// A failure with several diagnostics; there must be one at least.
    #[must_use]
    pub fn all(class: Class, diagnostics: Vec<Diagnostic>) -> Failure {
        Failure { class, diagnostics }
    }

    /// The answer has been given and says all; only the exit code is left.
    #[must_use]
    pub fn answered(class: Class) -> Failure {
        Failure { class, diagnostics: Vec::new() }
    }

    /// The exit code that it ends in.
    #[must_use]
    pub fn class(&self) -> Class {
        self.class
    }

    /// All that is said about it; nothing when the answer says it.
    #[must_use]
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }
}

impl<E: Report> From<E> for Failure {
    fn from(error: E) -> Failure {
        let mut diagnostics = error.diagnostics();
        if let Some(last) = diagnostics.last_mut() {
            tell_causes(last, error.source());
        }
        Failure { class: error.class(), diagnostics }
    }
}

/// What is no error of the library is a file, a folder or a program that could not be used.
#[cfg(feature = "cli")]
impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Failure {
        let mut diagnostic = Diagnostic::new("failed", error.to_string());
        tell_causes(&mut diagnostic, error.source());
        Failure::new(Class::Input, diagnostic)
    }
}

/// Notes the chain of causes, less what has been said already.
fn tell_causes(diagnostic: &mut Diagnostic, mut cause: Option<&(dyn Error + 'static)>) {
    while let Some(error) = cause {
        let words = error.to_string();
        let is_said = diagnostic.message.contains(&words) || diagnostic.notes.iter().any(|note| note.contains(&words));
        if !is_said {
            diagnostic.notes.push(format!("caused by: {words}"));
        }
        cause = error.source();
    }
}

/// The candidate nearest to what was written, if one is near enough to be meant.
pub fn nearest<'a>(written: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let fold = str::to_lowercase;
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&fold(written), &fold(candidate)), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.chars().count().min(written.chars().count()) / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The first of many things, in a line: `a, b and 3 more`.
#[must_use]
pub fn first_few(things: impl IntoIterator<Item = impl fmt::Display>, most: usize) -> String {
    let mut things = things.into_iter();
    let shown = things.by_ref().take(most).map(|thing| thing.to_string()).collect::<Vec<_>>().join(", ");
    match things.count() {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// The first of many things, a note each, and then how many more there are.
#[must_use]
pub fn first_notes(things: impl IntoIterator<Item = impl fmt::Display>, most: usize) -> Vec<String> {
    let mut things = things.into_iter();
    let mut notes: Vec<String> = things.by_ref().take(most).map(|thing| thing.to_string()).collect();
    notes.extend(Some(things.count()).filter(|more| *more > 0).map(|more| format!("and {more} more")));
    notes
}

/// A number with the word for the thing, in the plural where it is not one: `3 tables`.
#[must_use]
pub fn count(number: usize, thing: &str) -> String {
    let plural = match thing {
        thing if number == 1 => thing.to_owned(),
        thing if thing.ends_with('x') || thing.ends_with('s') || thing.ends_with("ch") => format!("{thing}es"),
        thing if thing.ends_with('y') && !["ay", "ey", "oy"].iter().any(|end| thing.ends_with(end)) => {
            format!("{}ies", &thing[..thing.len() - 1])
        }
        thing => format!("{thing}s"),
    };
    format!("{} {plural}", grouped(number as u64))
}

/// A number with its thousands set apart: `1,234,567`.
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_things_the_first_are_said_and_how_many_more_there_are() {
        let lines = |most| (first_few(["a", "b", "c"], most), first_notes(["a", "b", "c"], most));
        let said = |line: &str, notes: &[&str]| (line.to_owned(), notes.iter().map(ToString::to_string).collect());
        assert_eq!(lines(3), said("a, b, c", &["a", "b", "c"]));
        assert_eq!(lines(1), said("a and 2 more", &["a", "and 2 more"]));
        assert_eq!(first_notes([0; 0], 1), Vec::<String>::new());
    }
}
