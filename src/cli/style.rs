//! What each colour means: one table for everything that is shown.

use std::fmt::Display;

use anstyle::{AnsiColor, Style};
use clap::builder::Styles;

use super::visible::visible;
use crate::diff::LineKind;

/// What a piece of text means to its reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// The head of a list or of a table's column.
    Heading,
    /// What comes: a table, a column, a line of SQL.
    Added,
    /// What goes.
    Removed,
    /// What stays, but differs.
    Changed,
    /// The id of a revision.
    Revision,
    /// A file or a folder.
    Path,
    /// Worth a look.
    Warning,
    /// Wrong.
    Error,
    /// What can be done now.
    Help,
    /// What can be skipped.
    Dim,
}

impl Meaning {
    /// How it looks.
    #[must_use]
    pub const fn style(self) -> Style {
        match self {
            Meaning::Heading => Style::new().bold(),
            Meaning::Added => AnsiColor::Green.on_default(),
            Meaning::Removed => AnsiColor::Red.on_default(),
            Meaning::Changed => AnsiColor::Yellow.on_default(),
            Meaning::Revision => AnsiColor::Magenta.on_default(),
            Meaning::Path => AnsiColor::Cyan.on_default(),
            Meaning::Warning => AnsiColor::Yellow.on_default().bold(),
            Meaning::Error => AnsiColor::Red.on_default().bold(),
            Meaning::Help => AnsiColor::Green.on_default().bold(),
            Meaning::Dim => Style::new().dimmed(),
        }
    }

    /// The colour of a change.
    #[must_use]
    pub fn of_change(kind: LineKind) -> Meaning {
        match () {
            () if kind.adds() => Meaning::Added,
            () if kind.drops() => Meaning::Removed,
            () => Meaning::Changed,
        }
    }

    /// A name or a short text in this colour, with its control characters escaped; not to be nested.
    #[must_use]
    pub fn paint(self, text: impl Display) -> String {
        let style = self.style();
        format!("{style}{}{style:#}", visible(&text.to_string()))
    }
}

/// The same table for the help of the command line.
pub const HELP: Styles = Styles::styled()
    .header(Meaning::Heading.style())
    .usage(Meaning::Heading.style())
    .literal(Meaning::Path.style())
    .placeholder(Meaning::Dim.style())
    .error(Meaning::Error.style())
    .valid(Meaning::Added.style())
    .invalid(Meaning::Changed.style());

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn painted_text_ends_plain_and_cannot_bring_its_own_escapes() {
        assert_eq!(Meaning::Added.paint("user"), "\u{1b}[32muser\u{1b}[0m");
        assert_eq!(Meaning::Removed.paint("u\u{1b}[2Jser"), "\u{1b}[31mu\\u{1b}[2Jser\u{1b}[0m");
    }
}
