//! `schemactl purge`: discards what `keep_dropped` has kept aside.

use serde_json::{Value, json};

use super::context::Context;
use super::open::{LOCK_TIMEOUT, no_database};
use super::style::Meaning;
use super::table::{Cell, Table};
use crate::database::Access;
use crate::operation::purge::{self, Side};
use crate::report::{Class, Diagnostic, Failure, count, grouped};

const EXAMPLES: &str = "\
Examples:
  schemactl purge --dry-run   what is kept aside by `keep_dropped`
  schemactl purge --yes       drop it: a downgrade brings back what is empty";

/// What `purge` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Say what would be dropped, and change nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// Lists the side tables and drops them.
///
/// # Errors
/// When nobody has agreed, or the database cannot be had.
pub fn run(args: &Args, context: &mut Context) -> Result<(), Failure> {
    let project = context.project_or_bare()?;
    let name = context.database_name(&project)?;
    let Some(connection) = project.connect(Access::Read, LOCK_TIMEOUT)? else {
        return no_database(&name);
    };
    let sides = purge::sides(&connection, &project.rows(&connection)?)?;
    drop(connection);
    if !context.output.is_json() {
        show(context, &name, &sides);
    }
    let is_purged = !args.dry_run && !sides.is_empty();
    if is_purged {
        agree(context, sides.len())?;
        if !purge::drop(&project, &sides, LOCK_TIMEOUT)? {
            return no_database(&name);
        }
    }
    if context.output.is_json() {
        let tables: Vec<Value> = sides
            .iter()
            .map(|side| json!({ "name": side.name.as_str(), "rows": side.rows, "bytes": side.bytes }))
            .collect();
        context.output.json(&json!({ "version": 1, "tables": tables, "purged": is_purged }));
    } else if is_purged {
        context.output.answer(format!("dropped {}", count(sides.len(), "table")));
        context.output.talk("the file keeps its size and SQLite uses the space again; `VACUUM` gives it back");
    } else if args.dry_run && !sides.is_empty() {
        context.output.answer("dry run: nothing was changed");
    }
    Ok(())
}

fn show(context: &Context, name: &str, sides: &[Side]) {
    if sides.is_empty() {
        context.output.answer(format!("nothing to purge: {name} has nothing that was kept aside"));
        return;
    }
    let mut table = Table::new(["rows", "bytes", "table"]);
    for side in sides {
        table.row([
            Cell::from(grouped(side.rows)),
            Cell::from(grouped(side.bytes)),
            Cell::new(Meaning::Removed, side.name.as_str()),
        ]);
    }
    context.output.answer(table.render(context.output.width()));
}

fn agree(context: &Context, number: usize) -> Result<(), Failure> {
    let question = format!("Drop {}, so that no downgrade can bring their rows back?", count(number, "table"));
    match context.prompt.confirm(&question) {
        Some(true) => Ok(()),
        answer => {
            let found = match answer {
                Some(_) => "nothing was dropped",
                None => "nobody has agreed to drop what was kept; nothing was dropped",
            };
            Err(Failure::new(Class::No, Diagnostic::new("not_confirmed", found).help("run `schemactl purge --yes`")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::parse;

    #[test]
    fn it_may_be_a_dry_run() {
        assert!(parse::<Args>(&["--dry-run"]).unwrap().dry_run);
    }
}
