//! `schemactl ensure-version`: makes the version table where there is none.

use serde_json::json;

use super::context::Context;
use super::open::LOCK_TIMEOUT;
use crate::database::version_table;
use crate::operation::stamp;
use crate::report::Failure;

const EXAMPLES: &str = "\
Examples:
  schemactl ensure-version";

/// What `ensure-version` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Print the SQL, and touch no database
    #[arg(long)]
    pub sql: bool,
}

/// Creates the version table, if it is not there.
///
/// # Errors
/// When the database cannot be written.
pub fn run(args: &Args, context: &mut Context) -> Result<(), Failure> {
    let project = context.project()?;
    let table = &project.settings.version_table;
    if args.sql {
        context.output.sql(&format!("{};\n", version_table::create_sql(table)));
        return Ok(());
    }
    let name = context.database_name(&project)?;
    let Some(is_new) = stamp::ensure_table(&project, LOCK_TIMEOUT)? else {
        return super::open::no_database(&name);
    };
    if context.output.is_json() {
        context.output.json(&json!({ "version": 1, "table": table.as_str(), "created": is_new }));
    } else {
        let done = if is_new { "created" } else { "is there already:" };
        context.output.answer(format!("{done} `{table}` in {name}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::parse;

    #[test]
    fn the_table_can_be_printed() {
        assert!(parse::<Args>(&["--sql"]).unwrap().sql);
    }
}
