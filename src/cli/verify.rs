//! `schemactl verify`: whether every revision goes up, down and up again; exit code 1 when one does not.

use serde_json::json;

use super::context::Context;
use super::diagnostic::{self, Severity};
use super::fleet::Choice;
use super::interrupt;
use super::style::Meaning;
use super::visible::visible;
use crate::fleet::View;
use crate::operation::verify::{self, Verification, Verified, WayBack};
use crate::report::{Class, Failure, count};

const EXAMPLES: &str = "\
Examples:
  schemactl verify                 each revision up, down and up: for CI
  schemactl verify --format json";

/// What `verify` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Databases that are to be whole, too, and to have the schema that their revisions made.
    #[command(flatten)]
    pub choice: Choice,
}

/// Says what is wrong with the revisions.
///
/// # Errors
/// When something is, and when the revisions do not hang together.
pub fn run(args: &Args, context: &mut Context) -> Result<(), Failure> {
    let project = context.project()?;
    let members = context.fleet(&args.choice, None, &project)?;
    let progress = context.output.progress("verifying revisions", None);
    let outcome = verify::verify(&project, &interrupt::flag()?, &mut |done, _| progress.set(done as u64));
    progress.finish();
    let verification = outcome?;
    if context.output.is_json() {
        context.output.json(&document(&verification));
    } else {
        give(&verification, context);
    }
    match (verification.findings().next(), members) {
        (Some(_), _) => Err(Failure::answered(Class::No)),
        (None, None) => Ok(()),
        (None, Some(members)) => {
            super::fleet::look(View::Soundness, &args.choice, members, context, &project).map(|_| ())
        }
    }
}

fn document(verification: &Verification) -> serde_json::Value {
    let revision = |verified: &Verified| {
        json!({
            "revision": verified.revision.as_str(),
            "message": verified.message,
            "rows": verified.rows,
            "way_back": verified.way_back.as_str(),
            "refused": verified.refused,
        })
    };
    let revisions: Vec<_> = verification.revisions.iter().map(revision).collect();
    let mut findings = Vec::new();
    for verified in &verification.revisions {
        for found in &verified.findings {
            let mut finding = diagnostic::json(std::slice::from_ref(found))["error"].take();
            finding["revision"] = verified.revision.as_str().into();
            findings.push(finding);
        }
    }
    let unreached = super::walk::words(&verification.unreached);
    json!({ "version": 1, "revisions": revisions, "findings": findings, "unreached": unreached })
}

fn proved(verified: &Verified) -> String {
    let rows = match verified.rows {
        0 => "without rows".to_owned(),
        rows => count(rows, "row"),
    };
    match &verified.refused {
        None => format!("up, down and up, {rows}"),
        Some(refused) => format!("up, down and up, {rows}; the way back refuses others: {refused}"),
    }
}

fn give(verification: &Verification, context: &Context) {
    let output = &context.output;
    for verified in &verification.revisions {
        let what = match (verified.findings.is_empty(), verified.way_back) {
            (true, WayBack::Irreversible) => "up; it cannot be taken back, as its header says".to_owned(),
            (true, _) => proved(verified),
            (false, _) => count(verified.findings.len(), "finding"),
        };
        let message = visible(&verified.message);
        output.answer(format!(
            "{}  {message}  {}",
            Meaning::Revision.paint(&verified.revision),
            Meaning::Dim.paint(what)
        ));
        for finding in &verified.findings {
            output.answer(diagnostic::text(Severity::Error, finding, output.width()));
        }
    }
    if !verification.unreached.is_empty() {
        output.talk(format!("not reached: {}", super::walk::words(&verification.unreached).join(", ")));
    }
    let findings = verification.findings().count();
    match (verification.revisions.len(), findings) {
        (0, _) => output.answer("there are no revisions to verify"),
        (revisions, 0) => output.answer(format!("{} verified", count(revisions, "revision"))),
        (_, findings) => output.answer(format!("{} to mend", count(findings, "finding"))),
    }
}
