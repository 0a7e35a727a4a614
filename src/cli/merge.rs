//! `schemactl merge`: a revision that brings branches together.

use serde_json::json;

use super::context::Context;
use super::open::target;
use super::style::Meaning;
use crate::operation::merge::{self, Proof};
use crate::operation::new_revision::{self, Head};
use crate::report::{Class, Diagnostic, Failure};
use crate::revision::{RevisionId, Splice};

const EXAMPLES: &str = "\
Examples:
  schemactl merge heads -m \"Bring the branches together\"
  schemactl merge ae10 27c6";

/// What `merge` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The revisions to bring together; `heads` for all heads
    #[arg(value_name = "REV", required = true)]
    pub revisions: Vec<String>,

    /// What the revision does, in a few words
    #[arg(short, long, value_name = "TEXT")]
    pub message: Option<String>,

    /// A name for the branch that it begins
    #[arg(long, value_name = "LABEL")]
    pub branch_label: Option<String>,

    /// Its id, instead of a random one
    #[arg(long, value_name = "ID")]
    pub rev_id: Option<String>,

    /// Let it follow a revision that is no head
    #[arg(long)]
    pub splice: bool,

    /// Write it though the order in which the branches run makes a difference
    #[arg(long)]
    pub force: bool,
}

/// Writes a revision that joins others.
///
/// # Errors
/// When there is nothing to join, or the revisions are no heads.
pub fn run(args: &Args, context: &mut Context) -> Result<(), Failure> {
    let project = context.project()?;
    let graph = project.graph()?;
    let targets = args.revisions.iter().map(|word| target(word)).collect::<Result<Vec<_>, _>>()?;
    let splice = if args.splice { Splice::Yes } else { Splice::No };
    let placement = graph.place_merge(&targets, splice)?;
    let id = match &args.rev_id {
        Some(id) => id.clone(),
        None => context.ids.next_id()?,
    };
    let id = RevisionId::new(id)?;
    let labels: Vec<String> = args.branch_label.iter().cloned().collect();
    graph.check_new(&id, &labels)?;
    let proof = merge::prove(&project, &graph, &placement.parents)?;
    if !proof.clashes.is_empty() && !args.force {
        return Err(clash(&proof));
    }
    if !proof.rows.is_empty() {
        let mut warning =
            Diagnostic::new("rows_change", "these revisions change rows: see that both orders give the same rows");
        warning.notes = proof.rows.iter().map(ToString::to_string).collect();
        context.output.warn(&warning);
    }
    let message = args.message.clone().unwrap_or_else(|| {
        let parents: Vec<&str> = placement.parents.iter().map(RevisionId::as_str).collect();
        format!("merge {}", parents.join(" and "))
    });
    let head = Head { id, message, created: context.now()?, placement, labels };
    let script = new_revision::empty(&project, head)?;
    let path = context.shown(&new_revision::write(&project, &graph, &script, None)?)?;
    if context.output.is_json() {
        let parents: Vec<&str> = script.revision.parents.iter().map(RevisionId::as_str).collect();
        context.output.json(&json!({
            "version": 1, "revision": script.revision.id.as_str(), "parents": parents, "path": path, "changes": []
        }));
    } else {
        context.output.answer(format!("wrote {}", Meaning::Path.paint(&path)));
        if proof.clashes.is_empty() {
            context.output.talk("proved on scratch databases: both orders give the same schema");
        }
        context.output.talk("to run both branches: schemactl upgrade head");
    }
    Ok(())
}

fn clash(proof: &Proof) -> Failure {
    let mut diagnostic = Diagnostic::new("order_matters", "the branches do not give the same schema in both orders");
    diagnostic.notes.clone_from(&proof.clashes);
    let help = "change one of the branches so that they do, or write the merge all the same with `--force`";
    Failure::new(Class::Input, diagnostic.help(help))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::parse;

    #[test]
    fn several_revisions_are_brought_together() {
        let args: Args = parse(&["ae10", "27c6", "-m", "both"]).unwrap();
        assert_eq!(args.revisions, ["ae10", "27c6"]);
        assert_eq!(args.message.as_deref(), Some("both"));
        assert!(parse::<Args>(&["-m", "none"]).is_err());
    }
}
