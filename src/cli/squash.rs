//! `schemactl squash`: one revision in the place of a stretch of them.

use clap::builder::FalseyValueParser;
use serde_json::json;

use super::context::Context;
use super::open::target;
use super::style::Meaning;
use super::walk::words;
use crate::operation::squash::{self, Head, Squashed};
use crate::report::{Class, Diagnostic, Failure, count};
use crate::revision::{Mention, RevisionId, Target, Word};

const EXAMPLES: &str = "\
Examples:
  schemactl squash ae10:27c6 -m \"The tables of 2025\"
  schemactl squash base:27c6         all up to 27c6
  schemactl squash ae10:head --sql   what would be written

The files of what is replaced stay where they are: a database in the middle of
them walks them to their end. Once every database is past them, remove them.";

/// What `squash` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The first and the last revision of the stretch; without the first it begins at the base, without the last it
    /// goes to the head
    #[arg(value_name = "FROM:TO", allow_hyphen_values = true)]
    pub range: String,

    /// What the revision does, in a few words
    #[arg(short, long, value_name = "TEXT")]
    pub message: Option<String>,

    /// Its id, instead of a random one
    #[arg(long, value_name = "ID")]
    pub rev_id: Option<String>,

    /// Print the script, and write no file
    #[arg(long)]
    pub sql: bool,

    /// Run none of the hooks that the settings have
    #[arg(long, env = "SCHEMACTL_NO_HOOKS", hide_env = true, value_parser = FalseyValueParser::new())]
    pub no_hooks: bool,
}

/// Writes a revision that stands for others.
///
/// # Errors
/// When the stretch cannot become one revision, or what it does cannot be shown to be the same.
pub fn run(args: &Args, context: &mut Context) -> Result<(), Failure> {
    let project = context.project()?;
    let graph = project.graph()?;
    let Some((from, to)) = args.range.split_once(':') else {
        let diagnostic = Diagnostic::new("no_range", format!("`{}` is one place, a stretch has two ends", args.range));
        let help = format!("name both: `schemactl squash {}:head`", args.range);
        return Err(Failure::new(Class::Input, diagnostic.help(help)));
    };
    let from = match (from.trim(), &graph.bases()[..]) {
        ("" | "base", [base]) => target(base.id.as_str())?,
        ("" | "base", bases) => {
            let mut diagnostic = Diagnostic::new("several_bases", format!("there are {} bases", bases.len()));
            diagnostic.notes = bases.iter().map(|base| Mention::from(*base).to_string()).collect();
            return Err(Failure::new(Class::Input, diagnostic.help("name the first revision of the stretch")));
        }
        (named, _) => target(named)?,
    };
    let to = if to.trim().is_empty() { Target::of(Word::Head) } else { target(to.trim())? };
    let id = match &args.rev_id {
        Some(id) => id.clone(),
        None => context.ids.next_id()?,
    };
    let head = Head { id: RevisionId::new(id)?, message: args.message.clone(), created: context.now()? };
    let squashed = squash::prepare(&project, &graph, &from, &to, head)?;
    if !squashed.differing_rows.is_empty() {
        let mut warning = Diagnostic::new("rows_differ", "the same statements gave other rows the second time");
        warning.notes.clone_from(&squashed.differing_rows);
        context.output.warn(&warning);
    }
    if args.sql {
        context.output.sql(&squashed.script.source.text);
        return Ok(());
    }
    let path = squash::write(&project, &graph, &squashed)?;
    if !args.no_hooks {
        super::shell::post_write(context, &project, &squashed.script, &path)?;
    }
    let path = context.shown(&path)?;
    give(context, &squashed, &path);
    Ok(())
}

fn give(context: &Context, squashed: &Squashed, path: &str) {
    let revision = &squashed.script.revision;
    let ids = |mentions: &[Mention]| mentions.iter().map(|mention| mention.id.to_string()).collect::<Vec<_>>();
    if context.output.is_json() {
        context.output.json(&json!({
            "version": 1, "revision": revision.id.as_str(), "parents": words(&revision.parents), "path": path,
            "replaces": words(&revision.replaces), "planned": ids(&squashed.planned), "joined": ids(&squashed.joined),
            "changes": []
        }));
        return;
    }
    context.output.answer(format!("wrote {}", Meaning::Path.paint(path)));
    let output = &context.output;
    output.talk(format!("it replaces {}", count(revision.replaces.len(), "revision")));
    if !squashed.planned.is_empty() {
        output.talk(format!("planned anew, from an empty database: {}", ids(&squashed.planned).join(", ")));
    }
    if !squashed.joined.is_empty() {
        output.talk(format!("joined as they stand: {}", ids(&squashed.joined).join(", ")));
    }
    if !squashed.rows.is_empty() {
        output.talk(format!("of these, work on rows: {}", ids(&squashed.rows).join(", ")));
    }
    output.talk(match squashed.proved_rows {
        0 => "proved on scratch databases: the same schema".to_owned(),
        rows => format!("proved on scratch databases: the same schema, and {} the same", count(rows, "row")),
    });
    output.talk("their files stay for databases in the middle of them; remove them once every database is past");
}
