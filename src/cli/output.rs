//! Where text goes: stdout carries the answer, stderr the talk.
//!
//! A closed or full stdout does not stop a command half-way: the first trouble is kept, and told at the end.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

use anstream::AutoStream;
use serde::Serialize;
use serde_json::json;
use terminal_size::{Width, terminal_size_of};

use super::diagnostic::{self, Severity};
use super::options::{Color, Format};
use super::progress::{Gauge, Progress, Show, Total};
use super::visible::visible_lines;
use crate::report::Diagnostic;

/// The two streams, and how much is said.
#[derive(Debug)]
pub struct Output {
    format: Format,
    color: anstream::ColorChoice,
    is_quiet: bool,
    is_verbose: bool,
    has_answered: Cell<bool>,
    trouble: RefCell<Option<io::Error>>,
}

impl Output {
    /// The streams of the process.
    #[must_use]
    pub fn new(format: Format, color: Color, is_quiet: bool, is_verbose: bool) -> Output {
        let (has_answered, trouble) = (Cell::new(false), RefCell::new(None));
        Output { format, color: color.into(), is_quiet, is_verbose, has_answered, trouble }
    }

    /// Whether the answer is to be JSON.
    #[must_use]
    pub fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// Whether longer answers are wanted.
    #[must_use]
    pub fn is_verbose(&self) -> bool {
        self.is_verbose
    }

    /// How many characters fit on a line of the answer; none where it is no terminal.
    #[must_use]
    pub fn width(&self) -> Option<usize> {
        terminal_size_of(io::stdout()).map(|(Width(width), _)| usize::from(width))
    }

    /// Gives the answer to people, with a line end after it.
    pub fn answer(&self, text: impl Display) {
        let mut stdout = AutoStream::new(io::stdout().lock(), self.color);
        self.given(writeln!(stdout, "{text}"));
    }

    /// Gives an answer byte by byte, for text that is more than words: SQL, a model, a script. A terminal is shown what
    /// would else be commands to it.
    pub fn verbatim(&self, text: &str) {
        let shown = if io::stdout().is_terminal() { visible_lines(text) } else { Cow::Borrowed(text) };
        self.given(io::stdout().lock().write_all(shown.as_bytes()));
    }

    /// Gives SQL as the answer: as it stands to people, in a document to programs.
    pub fn sql(&self, text: &str) {
        if self.is_json() {
            self.json(&json!({ "version": 1, "sql": text }));
        } else {
            self.verbatim(text);
        }
    }

    /// Gives the answer to programs: one document, on one line.
    pub fn json(&self, value: &impl Serialize) {
        let mut stdout = io::stdout().lock();
        let written = serde_json::to_writer(&mut stdout, value).map_err(io::Error::from);
        self.given(written.and_then(|()| stdout.write_all(b"\n")));
    }

    fn given(&self, written: io::Result<()>) {
        self.has_answered.set(true);
        if let Err(error) = written {
            self.trouble.borrow_mut().get_or_insert(error);
        }
    }

    /// Whether something was given already: stdout holds one JSON document, never two.
    #[must_use]
    pub fn has_answered(&self) -> bool {
        self.has_answered.get()
    }

    /// Writes what is left, and tells the first thing that kept an answer from being given.
    pub fn trouble(&self) -> Option<io::Error> {
        let flushed = io::stdout().flush();
        self.trouble.take().or(flushed.err())
    }

    /// Says what is being done, unless quiet.
    pub fn talk(&self, text: impl Display) {
        if !self.is_quiet {
            self.say(text);
        }
    }

    /// Says what only a close look needs.
    pub fn detail(&self, text: impl Display) {
        if self.is_verbose {
            self.talk(text);
        }
    }

    /// Warns, quiet or not.
    pub fn warn(&self, warning: &Diagnostic) {
        self.say(diagnostic::text(Severity::Warning, warning, stderr_width()));
    }

    /// Says what is wrong.
    pub(super) fn error(&self, error: &Diagnostic) {
        self.say(diagnostic::text(Severity::Error, error, stderr_width()));
    }

    /// Says something in any case. Nobody is left to tell when stderr is closed.
    pub(super) fn say(&self, text: impl Display) {
        let mut stderr = AutoStream::new(io::stderr().lock(), self.color);
        let _ = writeln!(stderr, "{text}");
    }

    /// Shows how far long work has come; `label` says what is done, `total` how much there is of it.
    #[must_use]
    pub fn progress(&self, label: &str, total: Option<u64>) -> Progress {
        Progress::start(self.show(), label, total.map(|number| Total { number, unit: "" }))
    }

    /// The same for work that is counted in something.
    #[must_use]
    pub fn counting(&self, label: &str, total: Total) -> Progress {
        Progress::start(self.show(), label, Some(total))
    }

    /// The same for work whose progress is asked for rather than told.
    #[must_use]
    pub fn measured(&self, label: &str, total: Option<Total>, gauge: Gauge) -> Progress {
        Progress::measured(self.show(), label, total, gauge)
    }

    fn show(&self) -> Show {
        match () {
            () if self.is_quiet => Show::Nothing,
            () if io::stderr().is_terminal() && !is_dumb() => Show::Bar,
            () => Show::Lines,
        }
    }
}

/// Whether the terminal cannot go back on a line.
fn is_dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|kind| kind == "dumb")
}

fn stderr_width() -> Option<usize> {
    terminal_size_of(io::stderr()).map(|(Width(width), _)| usize::from(width))
}
