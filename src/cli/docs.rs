//! `schemactl docs`: one page about the schema.

use std::path::Path;

use clap::ValueEnum;
use serde_json::json;

use super::context::Context;
use super::options::NONE;
use super::shown::Shown;
use super::written;
use crate::docs::{Comments, html, markdown, page};
use crate::report::Failure;

const EXAMPLES: &str = "\
Examples:
  schemactl docs -o SCHEMA.md              Markdown, with a Mermaid picture
  schemactl docs -o schema.html            a page with the picture
  schemactl docs --at database --tables 'task*' -o tasks.html
  schemactl docs --database app.db --as html > app.html";

/// What `docs` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Which schema, and where the page goes.
    #[command(flatten)]
    pub shown: Shown,

    /// How it is written; left out, the end of the name of FILE says it, or else it is Markdown
    #[arg(long = "as", value_enum, value_name = "FORM")]
    pub form: Option<Form>,

    /// What the page is called
    #[arg(long, value_name = "TEXT")]
    pub title: Option<String>,
}

/// How a page is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// For repositories and wikis.
    #[value(help = NONE)]
    Markdown,
    /// For browsers.
    #[value(help = NONE)]
    Html,
}

/// Describes a schema, with the comments of the model.
///
/// # Errors
/// When it cannot be read, or no table is meant.
pub fn run(args: &Args, context: &mut Context) -> Result<(), Failure> {
    let form = args.form.unwrap_or_else(|| form_of_file(args.shown.output.as_deref()));
    let (project, side) = args.shown.at.of_project(context)?;
    let schema = side.shown(context, &project)?;
    let comments = if project.settings.source.is_some() {
        match project.model() {
            Ok(model) => model.intent.comments.clone(),
            Err(failure) => {
                failure.diagnostics().iter().for_each(|mistake| context.output.warn(mistake));
                Comments::new()
            }
        }
    } else {
        Comments::new()
    };
    let title = args.title.clone().map_or_else(|| written::title(&side, context, &project), Ok)?;
    let page = page(&title, &schema, &comments, &args.shown.chosen(&schema)?);
    let text = match form {
        Form::Markdown => markdown::write(&page),
        Form::Html => html::write(&page),
    };
    let shape = form.to_possible_value().map(|value| value.get_name().to_owned());
    let path = match &args.shown.output {
        Some(file) => Some(written::write(context, file, &text)?),
        None => None,
    };
    if context.output.is_json() {
        let page = path.is_none().then_some(text);
        context.output.json(&json!({ "version": 1, "as": shape, "page": page, "path": path }));
    } else if let Some(path) = path {
        context.output.answer(format!("wrote {path}"));
    } else {
        context.output.verbatim(&text);
    }
    Ok(())
}

fn form_of_file(file: Option<&Path>) -> Form {
    let end = file.and_then(Path::extension).map(|end| end.to_string_lossy().to_ascii_lowercase());
    if end.is_some_and(|end| end == "html" || end == "htm") { Form::Html } else { Form::Markdown }
}
