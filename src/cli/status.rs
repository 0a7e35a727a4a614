//! `schemactl status`: where the database stands: what is run, what is not, what differs.

use serde_json::{Value, json};

use super::context::Context;
use super::fleet::Choice;
use super::open::LOCK_TIMEOUT;
use super::style::Meaning;
use crate::adopt::Since;
use crate::database::Access;
use crate::diff::Line;
use crate::fleet::View;
use crate::operation::adopt;
use crate::operation::drift::Recognised;
use crate::operation::repair::Edited;
use crate::operation::status::{self, Missing, Revisions, Status};
use crate::report::{Class, Diagnostic, Failure, count};
use crate::revision::Mention;

const EXAMPLES: &str = "\
Examples:
  schemactl status
  schemactl status --env production
  schemactl status --format json";

/// What `status` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Of which databases.
    #[command(flatten)]
    pub choice: Choice,
}

/// Tells model, revisions, version table and schema apart; exit code 1 unless all say the same.
///
/// # Errors
/// When something differs; when the revisions or the database cannot be read at all.
pub fn run(args: &Args, context: &mut Context) -> Result<(), Failure> {
    let project = context.project()?;
    if let Some(members) = context.fleet(&args.choice, None, &project)? {
        return super::fleet::look(View::Status, &args.choice, members, context, &project).map(|_| ());
    }
    let connection = project.connect(Access::Read, LOCK_TIMEOUT)?;
    let status = status::status(&project, connection.as_ref())?;
    if context.output.is_json() {
        context.output.json(&document(&status));
    } else {
        let name = context.database_name(&project)?;
        for part in [
            model(&status.model),
            revisions(&status),
            schema(&status.schema, &name, connection.is_some(), &status.revisions),
        ] {
            part.give(context);
        }
    }
    if status.is_in_sync() { Ok(()) } else { Err(Failure::answered(Class::No)) }
}

/// One of the three answers as people read it.
struct Part {
    title: &'static str,
    verdicts: Vec<Verdict>,
}

/// A finding, what it is about, and the command that comes next.
struct Verdict {
    words: String,
    meaning: Meaning,
    lines: Vec<String>,
    next: Option<String>,
}

impl Verdict {
    fn good(words: impl Into<String>) -> Verdict {
        Verdict { words: words.into(), meaning: Meaning::Added, lines: Vec::new(), next: None }
    }

    fn finding(words: impl Into<String>, lines: Vec<String>, next: impl Into<String>) -> Verdict {
        Verdict { words: words.into(), meaning: Meaning::Warning, lines, next: Some(next.into()) }
    }

    fn trouble(diagnostic: &Diagnostic) -> Verdict {
        let place = diagnostic.place.as_ref().map(|place| {
            let (line, column) = place.line_and_column();
            format!("{}:{line}:{column}", place.source.path)
        });
        let lines = place.into_iter().chain(diagnostic.notes.iter().cloned()).collect();
        Verdict { words: diagnostic.message.clone(), meaning: Meaning::Error, lines, next: diagnostic.help.clone() }
    }
}

impl Part {
    fn give(&self, context: &Context) {
        for (number, verdict) in self.verdicts.iter().enumerate() {
            let title = if number == 0 { self.title } else { "" };
            let words = verdict.meaning.paint(&verdict.words);
            context.output.answer(format!("{}{words}", Meaning::Heading.paint(format!("{title:<11}"))));
            for line in &verdict.lines {
                context.output.answer(format!("{:<13}{}", "", super::visible::visible(line)));
            }
            if let Some(next) = &verdict.next {
                context.output.answer(format!("{:<11}{} {next}", "", Meaning::Help.paint("next:")));
            }
        }
    }
}

fn model(model: &Result<Vec<Line>, Failure>) -> Part {
    let verdicts = match model {
        Err(failure) => failure.diagnostics().iter().map(Verdict::trouble).collect(),
        Ok(lines) if lines.is_empty() => vec![Verdict::good("in sync: the revisions make what the model says")],
        Ok(lines) => vec![Verdict::finding(
            format!("{} that no revision makes yet", count(lines.len(), "change")),
            lines.iter().map(|line| line.text.clone()).collect(),
            "schemactl revision --autogenerate -m \"...\"",
        )],
    };
    Part { title: "model", verdicts }
}

fn revisions(Status { revisions, others, .. }: &Status) -> Part {
    let mut verdicts: Vec<Verdict> = revisions.problems.iter().map(Verdict::trouble).collect();
    verdicts.extend(others.iter().map(|since| {
        let Diagnostic { message, notes, .. } = adopt::told(since);
        Verdict::finding(message, notes, format!("schemactl adopt --from {}", since.tool.name()))
    }));
    let lines = |mentions: &[Mention]| mentions.iter().map(ToString::to_string).collect::<Vec<_>>();
    if !revisions.missing.is_empty() {
        verdicts.push(Verdict::finding(
            format!("{} applied, with no file here", count(revisions.missing.len(), "revision")),
            revisions.missing.iter().map(ToString::to_string).collect(),
            "schemactl switch --dry-run, to see how the database would come to this checkout's head",
        ));
    }
    if !revisions.edited.is_empty() {
        let line = |edited: &Edited| {
            format!("{}: {} differs from what the database keeps ({})", edited.revision, edited.what(), edited.path)
        };
        verdicts.push(Verdict::finding(
            format!("{} edited after it ran", count(revisions.edited.len(), "script")),
            revisions.edited.iter().map(line).collect(),
            "undo the edit, or accept it: schemactl repair",
        ));
    }
    if !revisions.out_of_order.is_empty() {
        verdicts.push(Verdict::finding(
            format!(
                "{} out of order: not applied, though later ones are",
                count(revisions.out_of_order.len(), "revision")
            ),
            lines(&revisions.out_of_order),
            "schemactl upgrade heads, or `schemactl stamp` if the schema has them already",
        ));
    }
    if !revisions.pending.is_empty()
        && let Some(next) = revisions.recognised.next()
    {
        let Recognised { revisions: made, on_rows, .. } = &revisions.recognised;
        let on_rows =
            on_rows.iter().map(|work| format!("works on rows, and no schema shows whether it has run: {work}"));
        verdicts.push(Verdict::finding(
            "not recorded, though the schema is the one that they make".to_owned(),
            lines(made).into_iter().chain(on_rows).collect(),
            next,
        ));
    } else if !revisions.pending.is_empty() {
        let target = if revisions.heads.len() > 1 { "heads" } else { "head" };
        verdicts.push(Verdict::finding(
            format!("behind by {}", count(revisions.pending.len(), "revision")),
            lines(&revisions.pending),
            format!("schemactl upgrade {target}"),
        ));
    }
    if verdicts.is_empty() {
        verdicts.push(Verdict::good(match &revisions.current[..] {
            [] => "in sync: there are no revisions yet".to_owned(),
            current => {
                let ids: Vec<String> = current.iter().map(|mention| mention.id.to_string()).collect();
                format!("in sync: all are applied, up to {}", ids.join(", "))
            }
        }));
    }
    Part { title: "revisions", verdicts }
}

fn schema(schema: &Result<Vec<Line>, Failure>, name: &str, is_there: bool, revisions: &Revisions) -> Part {
    let verdicts = match schema {
        Err(failure) => failure.diagnostics().iter().map(Verdict::trouble).collect(),
        Ok(lines) if lines.is_empty() && !is_there => {
            vec![Verdict::good(format!("there is no {name} yet; the first `schemactl upgrade` makes it"))]
        }
        Ok(lines) if lines.is_empty() => {
            vec![Verdict::good(format!("in sync: {name} is what its applied revisions make"))]
        }
        Ok(lines) => vec![Verdict::finding(
            format!("drift: {name} differs from what its applied revisions make"),
            lines.iter().map(|line| line.text.clone()).collect(),
            match (revisions.recognised.next(), &revisions.current[..]) {
                (Some(next), _) => next,
                (None, [one]) => {
                    format!("schemactl diff --from {} --to database --sql, to see the change as SQL", one.id)
                }
                _ => "schemactl diff, to see what the model says of it".to_owned(),
            },
        )],
    };
    Part { title: "database", verdicts }
}

fn document(status: &Status) -> Value {
    let changes = |lines: &Result<Vec<Line>, Failure>, other: &str| match lines {
        Ok(lines) => json!({ "state": if lines.is_empty() { "in_sync" } else { other }, "changes": lines }),
        Err(failure) => {
            let messages: Vec<&str> =
                failure.diagnostics().iter().map(|diagnostic| diagnostic.message.as_str()).collect();
            json!({ "state": "unknown", "changes": [], "errors": messages })
        }
    };
    let Revisions { problems, heads, current, pending, out_of_order, edited, missing, recognised } = &status.revisions;
    let mentions = |mentions: &[Mention]| mentions.iter().map(mention).collect::<Vec<_>>();
    let edited = edited.iter().map(edit);
    let missing = missing.iter().map(self::missing);
    json!({
        "version": 1,
        "in_sync": status.is_in_sync(),
        "model": changes(&status.model, "pending"),
        "revisions": {
            "state": if status.revisions.are_in_sync() { "in_sync" } else { "differ" },
            "errors": problems.iter().map(|problem| problem.message.as_str()).collect::<Vec<_>>(),
            "heads": mentions(heads),
            "current": mentions(current),
            "pending": mentions(pending),
            "out_of_order": mentions(out_of_order),
            "edited": edited.collect::<Vec<_>>(),
            "missing": missing.collect::<Vec<_>>(),
            "recognised": mentions(&recognised.revisions),
            "on_rows": mentions(&recognised.on_rows),
        },
        "run_by_others": status.others.iter().map(other).collect::<Vec<_>>(),
        "schema": changes(&status.schema, "drift"),
    })
}

fn mention(mention: &Mention) -> Value {
    json!({ "revision": mention.id.as_str(), "message": mention.message })
}

/// An applied revision without a file for programs.
#[must_use]
pub fn missing(missing: &Missing) -> Value {
    json!({
        "revision": missing.revision.id.as_str(), "message": missing.revision.message,
        "applied_at": missing.applied_at, "has_way_back": missing.has_way_back
    })
}

/// What another tool has run for programs.
#[must_use]
pub fn other(since: &Since) -> Value {
    json!({ "tool": since.tool.name(), "versions": since.versions })
}

/// An edited script for programs.
#[must_use]
pub fn edit(edited: &Edited) -> Value {
    json!({
        "revision": edited.revision.id.as_str(), "message": edited.revision.message, "path": edited.path,
        "up": edited.up, "down": edited.down, "schema": edited.schema
    })
}
