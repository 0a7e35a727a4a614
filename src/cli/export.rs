//! `schemactl export`: the revisions as another tool runs them.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::builder::{PossibleValuesParser, TypedValueParser};
use serde_json::json;

use super::context::Context;
use super::open::target;
use super::style::Meaning;
use crate::export::Tool;
use crate::operation::export::{self, Exported, InTheWay, Outcome, Placed};
use crate::report::{Failure, count};
use crate::revision::{Applied, Target, Word};

const EXAMPLES: &str = "\
Examples:
  schemactl export --format sqlx                 all revisions, to migrations/
  schemactl export --format dbmate -o db/migrations
  schemactl export --format goose ae10:head      what comes after ae10
  schemactl export --tool d1 --format json       the answer as JSON

Writing the same again changes nothing; no file is replaced without `--force`.";

/// What `export` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The tool that is to run them; `--format TOOL` says the same
    #[arg(long, value_name = "TOOL", value_parser = tool())]
    pub tool: Tool,

    /// Which revisions, as for `upgrade --sql`: up to a target, or `FROM:TO` for what a database at FROM lacks
    #[arg(value_name = "RANGE", default_value = "heads", allow_hyphen_values = true)]
    pub range: String,

    /// The folder for the files; left out, the one in which the tool looks, beside the settings
    #[arg(short, long, value_name = "FOLDER")]
    pub output: Option<PathBuf>,

    /// Replace files that have another text, and remove those of the same revisions under other names
    #[arg(long)]
    pub force: bool,
}

fn tool() -> impl TypedValueParser<Value = Tool> {
    PossibleValuesParser::new(Tool::ALL.map(|(word, _)| word)).map(|word| {
        let found = Tool::ALL.into_iter().find(|(known, _)| *known == word);
        found.map_or(Tool::Sql, |(_, tool)| tool)
    })
}

/// The command line with `--tool` in the place of a `--format` of `export` that names no form of the answer: for people
/// the format of an export is the tool.
pub(super) fn with_tool(line: Vec<OsString>) -> Vec<OsString> {
    const WITH_VALUE: [&str; 6] = ["--config", "-c", "--database", "--env", "--format", "--color"];
    let is_form = |value: &str| ["text", "json"].contains(&value);
    let mut words = line.iter().skip(1).map(|word| word.to_string_lossy());
    let command = loop {
        match words.next() {
            Some(option) if WITH_VALUE.contains(&option.as_ref()) => drop(words.next()),
            Some(option) if option.starts_with('-') => {}
            word => break word,
        }
    };
    if command.as_deref() != Some("export") {
        return line;
    }
    let mut given = Vec::with_capacity(line.len());
    let mut words = line.into_iter().peekable();
    while let Some(word) = words.next() {
        let text = word.to_string_lossy();
        let value = words.peek().map(|value| value.to_string_lossy());
        given.push(match text.strip_prefix("--format=") {
            Some(value) if !is_form(value) => format!("--tool={value}").into(),
            None if text == "--format" && value.is_some_and(|value| !is_form(&value)) => "--tool".into(),
            _ => word,
        });
    }
    given
}

/// Writes the files of another tool.
///
/// # Errors
/// When the range names nothing, a revision cannot be said to the tool, or files are in the way.
pub fn run(args: &Args, context: &mut Context) -> Result<(), Failure> {
    let project = context.project()?;
    let graph = project.graph()?;
    let (from, to) = args.range.split_once(':').unwrap_or(("", &args.range));
    let mut start = Vec::new();
    for word in from.split(',').map(str::trim).filter(|word| !word.is_empty()) {
        start.extend(graph.resolve(&target(word)?, None)?.into_iter().map(|revision| revision.id.clone()));
    }
    let applied: Applied = graph.applied_at(&start);
    let to = if to.trim().is_empty() { Target::of(Word::Heads) } else { target(to.trim())? };
    let exported = export::revisions(&project, &graph, args.tool, &applied, &to)?;
    let folder = args.output.clone().unwrap_or_else(|| project.settings.path(args.tool.folder()));
    let in_the_way = if args.force { InTheWay::Replace } else { InTheWay::Refuse };
    let placed = export::write(&project, args.tool, &folder, &exported, in_the_way)?;
    give(args, context, &folder, &exported, &placed)
}

fn give(
    args: &Args,
    context: &Context,
    folder: &Path,
    exported: &[Exported],
    placed: &[Placed],
) -> Result<(), Failure> {
    let requires = exported.iter().filter_map(|exported| exported.requires).max();
    if context.output.is_json() {
        let file = |placed: &Placed| {
            let path = context.shown(&placed.path)?;
            let (revision, outcome) = (placed.revision.as_str(), placed.outcome.as_str());
            Ok(json!({ "path": path, "revision": revision, "outcome": outcome }))
        };
        let files = placed.iter().map(file).collect::<Result<Vec<_>, Failure>>()?;
        context.output.json(&json!({
            "version": 1, "tool": args.tool.as_str(), "folder": context.shown(folder)?, "files": files,
            "requires": requires.map(|version| version.to_string()),
        }));
        return Ok(());
    }
    for Placed { path, outcome, .. } in placed.iter().filter(|placed| placed.outcome != Outcome::Same) {
        let verb = if *outcome == Outcome::Written { "wrote" } else { outcome.as_str() };
        context.output.answer(format!("{verb} {}", Meaning::Path.paint(context.shown(path)?)));
    }
    if placed.is_empty() {
        context.output.answer("nothing to do: there is no revision with a statement");
        return Ok(());
    }
    let same = placed.iter().filter(|placed| placed.outcome == Outcome::Same).count();
    match same {
        0 => {}
        same if same == placed.len() => {
            context.output.answer(format!("nothing to do: {}", as_it_was(same)));
        }
        same => context.output.talk(as_it_was(same)),
    }
    if let Some(version) = requires {
        context.output.talk(format!("the scripts need SQLite {version} in {}", args.tool));
    }
    let one_way = exported.iter().filter(|exported| !exported.goes_down).count();
    if args.tool.goes_down() && one_way > 0 {
        context
            .output
            .talk(format!("{} cannot be taken back, and says so where it is tried", count(one_way, "revision")));
    } else if !args.tool.goes_down() {
        context.output.talk(format!("{} takes no revision back: there are no ways down", args.tool));
    }
    Ok(())
}

/// Files that are left alone: `1 file is as it was`.
fn as_it_was(number: usize) -> String {
    format!("{} {}", count(number, "file"), if number == 1 { "is as it was" } else { "are as they were" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_of_an_export_is_its_tool() {
        let said = |line: &str| {
            let line = with_tool(line.split(' ').map(OsString::from).collect());
            line.iter().map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
        };
        for (line, expected) in [
            ("schemactl export --format sqlx", "schemactl export --tool sqlx"),
            ("schemactl -c x.toml --format=d1 export a:b", "schemactl -c x.toml --tool=d1 export a:b"),
            ("schemactl export --format json --tool goose", "schemactl export --format json --tool goose"),
            ("schemactl export --format", "schemactl export --format"),
            ("schemactl check --format sqlx", "schemactl check --format sqlx"),
            ("schemactl --database export check --format xml", "schemactl --database export check --format xml"),
        ] {
            assert_eq!(said(line), expected);
        }
    }

    #[test]
    fn every_tool_has_its_word() {
        for (word, tool) in Tool::ALL {
            assert_eq!((tool.as_str(), crate::cli::parse::<Args>(&["--tool", word]).unwrap().tool), (word, tool));
        }
        assert!(crate::cli::parse::<Args>(&["--tool", "flyway"]).is_err());
        assert!(crate::cli::parse::<Args>(&[]).is_err());
    }
}
