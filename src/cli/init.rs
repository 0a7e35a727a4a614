//! `schemactl init`: a model and a folder for revisions, ready to edit.

use std::path::Path;

use serde_json::json;

use super::context::{CONFIG, Context};
use super::open::LOCK_TIMEOUT;
use super::style::Meaning;
use super::variables;
use crate::model;
use crate::operation::baseline;
use crate::report::{Class, Diagnostic, Failure, count};
use crate::revision::RevisionId;

const EXAMPLES: &str = "\
Examples:
  schemactl init
  schemactl init --from-database app.db   start with what is there";

/// What `init` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Write the model of this database in place of an example
    #[arg(long, value_name = "DATABASE")]
    pub from_database: Option<String>,
}

/// Writes a model and a folder for revisions.
///
/// # Errors
/// When there is a model already, or the database to begin with cannot be read.
pub fn run(args: &Args, context: &mut Context) -> Result<(), Failure> {
    let config = context.options.config.clone().unwrap_or_else(|| CONFIG.into());
    let shown = super::visible::visible(&config.to_string_lossy()).into_owned();
    if config.exists() {
        let diagnostic = Diagnostic::new("exists", format!("`{shown}` is there already, and is not overwritten"))
            .help("edit it, or begin in another folder");
        return Err(Failure::new(Class::Input, diagnostic));
    }
    if let Some(existing) = &args.from_database {
        return from_database(existing, &config, &shown, context);
    }
    let text = model::template(context.options.database.as_deref().unwrap_or("app.db"));
    baseline::write_project(&config, &text)?.keep();
    if context.output.is_json() {
        context.output.json(&json!({ "version": 1, "config": shown, "versions": "versions" }));
        return Ok(());
    }
    context.output.answer(format!("wrote {}", Meaning::Path.paint(&shown)));
    context.output.answer(format!("made {}", Meaning::Path.paint("versions/")));
    context.output.talk(format!(
        "describe your tables in {shown}, then: schemactl revision --autogenerate -m \"Added user table\""
    ));
    Ok(())
}

fn from_database(existing: &str, config: &Path, shown: &str, context: &mut Context) -> Result<(), Failure> {
    let id = RevisionId::new(context.ids.next_id()?)?;
    let set = context.variables(config)?;
    let credentials = variables::credentials(&|name| set.get(name));
    let begun = baseline::from_database(existing, credentials, config, shown, id, context.now()?, LOCK_TIMEOUT)?;
    let path = context.shown(&begun.revision_path)?;
    for warning in &begun.warnings {
        context.output.warn(warning);
    }
    if context.output.is_json() {
        context.output.json(&json!({
            "version": 1, "config": shown, "versions": "versions",
            "revision": begun.revision.as_str(), "path": path,
        }));
    } else {
        let schema = &begun.schema;
        let tables = schema.tables.len() + schema.virtual_tables.len();
        context.output.answer(format!(
            "wrote {}: {}, {}, {}",
            Meaning::Path.paint(shown),
            count(tables, "table"),
            count(schema.views.len(), "view"),
            count(schema.triggers.len(), "trigger")
        ));
        context.output.answer(format!("wrote {}", Meaning::Path.paint(&path)));
        context.output.answer(format!("stamped {} with {}", begun.database, Meaning::Revision.paint(&begun.revision)));
        context
            .output
            .talk(format!("edit {shown} to change the schema, then: schemactl revision --autogenerate -m \"...\""));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::parse;

    #[test]
    fn a_model_can_start_from_a_database() {
        let args: Args = parse(&["--from-database", "app.db"]).unwrap();
        assert_eq!(args.from_database.as_deref(), Some("app.db"));
    }
}
