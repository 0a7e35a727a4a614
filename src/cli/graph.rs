//! `schemactl graph`: the schema as a picture.

use std::path::Path;

use clap::ValueEnum;
use serde_json::json;

use super::context::Context;
use super::options::NONE;
use super::shown::Shown;
use super::written;
use crate::picture::{Columns, Picture, dot, html, mermaid, svg};
use crate::report::{Class, Diagnostic, Failure, count};

const EXAMPLES: &str = "\
Examples:
  schemactl graph -o schema.svg            the model as a picture
  schemactl graph -o schema.html           a page to look at in a browser
  schemactl graph                          Mermaid, for Markdown
  schemactl graph --at database --tables 'task*' --columns keys -o tasks.svg
  schemactl graph --at -1 --as dot | dot -Tpdf > before.pdf";

/// What `graph` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Which schema, and where the picture goes.
    #[command(flatten)]
    pub shown: Shown,

    /// How it is drawn; left out, the end of the name of FILE says it, or else it is Mermaid
    #[arg(long = "as", value_enum, value_name = "FORM")]
    pub form: Option<Form>,

    /// The columns that are drawn
    #[arg(long, value_enum, default_value_t, value_name = "WHICH")]
    pub columns: Which,
}

/// How a picture is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// For Markdown.
    #[value(help = NONE)]
    Mermaid,
    /// For Graphviz.
    #[value(help = NONE)]
    Dot,
    /// For browsers and documents.
    #[value(help = NONE)]
    Svg,
    /// A page around the SVG.
    #[value(help = NONE)]
    Html,
}

/// Which columns are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Which {
    /// All.
    #[value(help = NONE)]
    #[default]
    All,
    /// Those of primary and foreign keys.
    #[value(help = NONE)]
    Keys,
    /// None.
    #[value(help = NONE)]
    None,
}

impl Form {
    fn of_file(path: &Path) -> Option<Form> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "mmd" | "mermaid" => Some(Form::Mermaid),
            "dot" | "gv" => Some(Form::Dot),
            "svg" => Some(Form::Svg),
            "html" | "htm" => Some(Form::Html),
            _ => None,
        }
    }
}

/// Draws a schema.
///
/// # Errors
/// When it cannot be read, or no table is meant.
pub fn run(args: &Args, context: &mut Context) -> Result<(), Failure> {
    let form = form(args)?;
    let (project, side) = args.shown.at.of_project(context)?;
    let schema = side.shown(context, &project)?;
    let columns = match args.columns {
        Which::All => Columns::All,
        Which::Keys => Columns::Keys,
        Which::None => Columns::None,
    };
    let picture = Picture::of(&schema, &args.shown.chosen(&schema)?, columns);
    let text = match form {
        Form::Mermaid => mermaid::write(&picture),
        Form::Dot => dot::write(&picture),
        Form::Svg => svg::write(&picture),
        Form::Html => html::write(&picture, &written::title(&side, context, &project)?),
    };
    let shape = form.to_possible_value().map(|value| value.get_name().to_owned());
    let path = match &args.shown.output {
        Some(file) => Some(written::write(context, file, &text)?),
        None => None,
    };
    if context.output.is_json() {
        let picture = path.is_none().then_some(text);
        context.output.json(&json!({ "version": 1, "as": shape, "picture": picture, "path": path }));
    } else if let Some(path) = path {
        let (tables, keys) = (picture.cards.len(), picture.references.len());
        context.output.answer(format!("wrote {path}: {}, {}", count(tables, "table"), count(keys, "foreign key")));
    } else {
        context.output.verbatim(&text);
    }
    Ok(())
}

fn form(args: &Args) -> Result<Form, Failure> {
    match (args.form, &args.shown.output) {
        (Some(form), _) => Ok(form),
        (None, None) => Ok(Form::Mermaid),
        (None, Some(file)) => Form::of_file(file).ok_or_else(|| {
            let name = super::visible::visible(&file.to_string_lossy()).into_owned();
            let words = format!("the name `{name}` does not say how the picture is to be written");
            let help = "end it with `.svg`, `.html`, `.mmd` or `.dot`, or say it with `--as`";
            Failure::new(Class::Input, Diagnostic::new("unknown_form", words).help(help))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::parse;
    use crate::cli::side::Side;

    #[test]
    fn the_name_of_the_file_says_the_form_unless_it_is_said() {
        let form = |line: &[&str]| form(&parse(line).unwrap()).map_err(|failure| failure.diagnostics()[0].code);
        assert_eq!(form(&[]).unwrap(), Form::Mermaid);
        assert_eq!(form(&["-o", "a.SVG"]).unwrap(), Form::Svg);
        assert_eq!(form(&["-o", "a.txt", "--as", "dot"]).unwrap(), Form::Dot);
        assert_eq!(form(&["-o", "a.txt"]), Err("unknown_form"));
    }

    #[test]
    fn a_revision_before_the_head_can_be_drawn() {
        assert_eq!(parse::<Args>(&["--at", "-1"]).unwrap().shown.at, Side::Revision("-1".to_owned()));
    }
}
