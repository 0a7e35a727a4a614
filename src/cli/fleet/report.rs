//! Where the records of a run go: the report, the answer for programs, and the line that shows how far it has come.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use anyhow::Context as _;

use crate::cli::context::Context;
use crate::cli::progress::Progress;
use crate::cli::visible::visible;
use crate::fleet::{self, RanCommand, Record, Tally};
use crate::report::{Class, Diagnostic, Failure, count};

/// The way out for records.
pub(super) struct Sink<'a> {
    context: &'a Context,
    file: Option<File>,
    progress: Progress,
}

impl<'a> Sink<'a> {
    /// Opens the report, if one is wanted; `label` says what is done.
    ///
    /// # Errors
    /// When it cannot be written, or something else stands there.
    pub(super) fn open(
        context: &'a Context,
        report: Option<&Path>,
        label: &str,
        total: usize,
    ) -> Result<Sink<'a>, Failure> {
        let file = report.map(create).transpose()?;
        let progress = context.output.progress(label, Some(total as u64));
        Ok(Sink { context, file, progress })
    }

    /// Takes a record.
    ///
    /// # Errors
    /// When the report cannot be written.
    pub(super) fn take(&mut self, record: &Record, tally: &Tally) -> Result<(), Failure> {
        self.progress.set(tally.total as u64);
        if tally.failed() > 0 {
            self.progress.say(format!("{} failed", tally.failed()));
        }
        let is_verbose = self.context.output.is_verbose();
        let shown: Vec<&RanCommand> = record.commands.iter().filter(|command| is_verbose || !command.is_well).collect();
        if !shown.is_empty() {
            self.progress.tell(printed(&record.id, &shown));
        }
        for by_hand in &record.by_hand {
            self.progress.tell(format!("{}: {}", visible(&record.id), visible(&by_hand.words())));
        }
        self.write(&record.json())
    }

    /// Ends the report, and takes the progress away.
    ///
    /// # Errors
    /// When the report cannot be written.
    pub(super) fn finish(mut self, tally: &Tally) -> Result<(), Failure> {
        self.write(&tally.json())?;
        self.progress.finish();
        Ok(())
    }

    fn write(&mut self, line: &serde_json::Value) -> Result<(), Failure> {
        if self.context.output.is_json() {
            self.context.output.json(line);
        }
        if let Some(file) = &mut self.file {
            // Whole lines at once: what is there when the run is killed can be read.
            file.write_all(format!("{line}\n").as_bytes()).context("cannot write the report")?;
        }
        Ok(())
    }
}

/// What commands beside the revisions of a database have printed, each line with its name.
fn printed(id: &str, commands: &[&RanCommand]) -> String {
    let id = visible(id);
    let mut lines = Vec::new();
    for command in commands {
        lines.push(format!("{id}: hook: {}", visible(&command.line)));
        lines.extend(command.printed.lines().map(|line| format!("{id}: {}", visible(line))));
    }
    lines.join("\n")
}

/// A new report, or one in the place of an earlier one.
fn create(path: &Path) -> Result<File, Failure> {
    let is_there = path.metadata().is_ok_and(|file| file.len() > 0);
    if is_there && fleet::finished(path).is_err() {
        let found = format!("`{}` is there already, and is no report", path.display());
        return Err(Failure::new(Class::Input, Diagnostic::new("already_there", found).help("name another file")));
    }
    File::create(path).map_err(|error| {
        let found = format!("cannot write the report `{}`: {error}", path.display());
        Failure::new(Class::Input, Diagnostic::new("no_report", found).help("name another file with `--report`"))
    })
}

/// `10,000 databases`
pub(super) fn databases(number: usize) -> String {
    count(number, "database")
}
