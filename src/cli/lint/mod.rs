//! `schemactl lint`: what is dangerous in the model and in revisions; exit code 1 when something is an error.

mod github;
mod sarif;

use std::path::PathBuf;

use anyhow::Context as _;
use clap::ValueEnum;
use serde_json::{Value, json};

use super::context::Context;
use super::diagnostic::{self, Severity};
use super::open::{LOCK_TIMEOUT, warn_of_problems};
use super::options::NONE;
use super::style::Meaning;
use crate::database::Access;
use crate::lint::{self, Finding, Linted, Scope};
use crate::model::Level;
use crate::operation::Project;
use crate::report::{Class, Failure, Place, count};
use crate::revision::Range;

const EXAMPLES: &str = "\
Examples:
  schemactl lint                        the model, and what is not run yet
  schemactl lint --offline --strict     for CI: all of them; warnings count, too
  schemactl lint -r ae10:head           some revisions
  schemactl lint versions/20261122190200_3f1f8da0f743_added_user_table.sql
  schemactl lint --database app.db      a database without a model
  schemactl lint --output-format github  annotations
  schemactl explain SC101               what a rule is about

A finding that is meant is agreed to with a reason: in a script by a line
`-- schemactl: allow CODE reason` before the statement, in the model by
`allow = { CODE = \"reason\" }`. Levels are settings, under [schemactl.lint].";

/// What `lint` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Only these files: scripts, or files of the model
    #[arg(value_name = "FILE", conflicts_with_all = ["all", "rev_range"])]
    pub files: Vec<PathBuf>,

    /// All revisions, not only those that the database does not have
    #[arg(long, conflicts_with = "rev_range")]
    pub all: bool,

    /// Only the revisions from one to another, both included; either may be left out
    #[arg(short, long, value_name = "FROM:TO", allow_hyphen_values = true)]
    pub rev_range: Option<String>,

    /// Do not open the database: no rows are counted, and all revisions count as new
    #[arg(long)]
    pub offline: bool,

    /// End with exit code 1 for warnings as well
    #[arg(long)]
    pub strict: bool,

    /// How findings are written; left out, `--format` decides
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub output_format: Option<OutputFormat>,
}

/// How findings are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    /// For people.
    #[value(help = NONE)]
    Text,
    /// For programs.
    #[value(help = NONE)]
    Json,
    /// As commands of a GitHub workflow, which shows them beside the lines.
    #[value(help = NONE)]
    Github,
    /// As SARIF 2.1.0, for code scanning and editors.
    #[value(help = NONE)]
    Sarif,
}

/// Says what is dangerous.
///
/// # Errors
/// When a finding is an error, and when the model, the revisions or the database cannot be read.
pub fn run(args: &Args, context: &mut Context) -> Result<(), Failure> {
    let is_bare = context.config().is_err() && context.options.config.is_none() && context.options.database.is_some();
    let project = context.project_or_bare()?;
    let linted = if is_bare { database(&project, context)? } else { of_project(args, &project, context)? };
    let format =
        args.output_format.unwrap_or(if context.output.is_json() { OutputFormat::Json } else { OutputFormat::Text });
    match format {
        OutputFormat::Text => text(&linted, context),
        OutputFormat::Json => context.output.json(&document(&linted)),
        OutputFormat::Github => context.output.verbatim(&github::annotations(&linted)),
        OutputFormat::Sarif => context.output.json(&sarif::log(&linted)),
    }
    let worst = if args.strict { Level::Warn } else { Level::Error };
    if linted.findings.iter().any(|finding| finding.level >= worst) {
        Err(Failure::answered(Class::No))
    } else {
        Ok(())
    }
}

fn database(project: &Project, context: &Context) -> Result<Linted, Failure> {
    match project.connect(Access::Read, LOCK_TIMEOUT)? {
        Some(connection) => lint::lint_database(project, &connection),
        None => super::open::no_database(&context.database_name(project)?),
    }
}

fn of_project(args: &Args, project: &Project, context: &Context) -> Result<Linted, Failure> {
    let scope = scope(args, context)?;
    // Without a database everything counts as new: that is what CI has.
    let is_named = project.place().is_ok();
    let connection = if args.offline || !is_named { None } else { project.connect(Access::Read, LOCK_TIMEOUT)? };
    warn_of_problems(context, &project.graph()?);
    lint::lint(project, &scope, connection.as_ref())
}

fn scope(args: &Args, context: &Context) -> Result<Scope, Failure> {
    if !args.files.is_empty() {
        let shown =
            |file: &PathBuf| context.shown(&std::path::absolute(file).context("cannot tell the current folder")?);
        return Ok(Scope::Files(args.files.iter().map(shown).collect::<Result<_, _>>()?));
    }
    if let Some(range) = &args.rev_range {
        return Ok(Scope::Range(range.parse::<Range>()?));
    }
    Ok(if args.all { Scope::All } else { Scope::Pending })
}

fn severity(level: Level) -> Severity {
    if level == Level::Error { Severity::Error } else { Severity::Warning }
}

fn text(linted: &Linted, context: &Context) {
    let output = &context.output;
    for finding in &linted.findings {
        output.answer(diagnostic::coded(severity(finding.level), &finding.diagnostic, output.width()));
        output.answer("");
    }
    if !linted.unreached.is_empty() {
        let ids: Vec<&str> = linted.unreached.iter().map(crate::revision::RevisionId::as_str).collect();
        output.talk(format!("not looked at: {}", ids.join(", ")));
    }
    output.answer(summary(linted));
    if let Some(rule) = linted.rules().first() {
        output.talk(Meaning::Dim.paint(format!("what it is about: schemactl explain {}", rule.code)));
    }
}

/// `1 error, 2 warnings in 8 tables and 3 revisions, 1 agreed to`.
fn summary(linted: &Linted) -> String {
    let (errors, warnings) = (linted.count(Level::Error), linted.count(Level::Warn));
    let found: Vec<String> = [(errors, "error"), (warnings, "warning")]
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, word)| count(number, word))
        .collect();
    let looked: Vec<String> = [(linted.tables, "table"), (linted.revisions, "revision")]
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, word)| count(number, word))
        .collect();
    let place = if looked.is_empty() { String::new() } else { format!(" in {}", looked.join(" and ")) };
    let agreed = if linted.allowed > 0 { format!(", {} agreed to", linted.allowed) } else { String::new() };
    let found = if found.is_empty() { "nothing found".to_owned() } else { found.join(", ") };
    format!("{found}{place}{agreed}")
}

fn document(linted: &Linted) -> Value {
    let findings: Vec<Value> = linted.findings.iter().map(one).collect();
    let unreached: Vec<&str> = linted.unreached.iter().map(crate::revision::RevisionId::as_str).collect();
    json!({
        "version": 1,
        "findings": findings,
        "errors": linted.count(Level::Error),
        "warnings": linted.count(Level::Warn),
        "allowed": linted.allowed,
        "tables": linted.tables,
        "revisions": linted.revisions,
        "unreached": unreached,
    })
}

fn one(finding: &Finding) -> Value {
    let said = &finding.diagnostic;
    let at = said.place.as_ref().map(|place| {
        let ((line, column), (end_line, end_column)) = ends(place);
        let file = &place.source.path;
        json!({ "file": file, "line": line, "column": column, "end_line": end_line, "end_column": end_column })
    });
    json!({
        "code": finding.rule.code,
        "rule": finding.rule.name,
        "level": finding.level.as_str(),
        "revision": finding.revision.as_ref().map(crate::revision::RevisionId::as_str),
        "message": said.message,
        "label": Some(&said.label).filter(|label| !label.is_empty()),
        "notes": said.notes,
        "help": said.help,
        "at": at,
    })
}

/// Lines and columns where a place begins and where it ends; the end is the first character that is not in it.
fn ends(place: &Place) -> ((usize, usize), (usize, usize)) {
    let end = place.span.end.max(place.span.start);
    (place.line_and_column(), Place::new(&place.source, end..end).line_and_column())
}

/// All that is said about a finding beside its message, a line each.
fn facts(finding: &Finding) -> impl Iterator<Item = String> {
    let said = &finding.diagnostic;
    let label = Some(said.label.clone()).filter(|label| !label.is_empty());
    let help = said.help.as_ref().map(|help| format!("help: {help}"));
    label.into_iter().chain(said.notes.iter().cloned()).chain(help)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::parse;

    #[test]
    fn what_is_linted_is_said_in_one_way() {
        assert!(parse::<Args>(&["--all"]).unwrap().all);
        assert_eq!(parse::<Args>(&["-r", "-2:"]).unwrap().rev_range.as_deref(), Some("-2:"));
        assert!(parse::<Args>(&["--all", "-r", "a:b"]).is_err());
        assert!(parse::<Args>(&["--all", "a.sql"]).is_err());
        assert_eq!(parse::<Args>(&["--output-format", "sarif"]).unwrap().output_format, Some(OutputFormat::Sarif));
    }

    #[test]
    fn the_last_line_says_how_much_was_found_and_in_what() {
        let linted = Linted { allowed: 1, revisions: 1, tables: 8, ..Linted::default() };
        assert_eq!(summary(&linted), "nothing found in 8 tables and 1 revision, 1 agreed to");
        assert_eq!(summary(&Linted::default()), "nothing found");
    }
}
