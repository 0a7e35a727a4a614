//! `schemactl graph`: the schema as a picture.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use serde_json::json;

use super::context::Context;
use super::options::NONE;
use super::side::Side;
use super::written;
use crate::model::Ignore;
use crate::picture::{Columns, Picture, dot, html, mermaid, svg};
use crate::report::{Class, Diagnostic, Failure, count};
use crate::schema::{Name, Schema};

/// The most tables that one message lists.
const LISTED: usize = 8;

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
    /// The schema that is drawn: `model`, `database`, or that after a revision
    #[arg(long, value_name = "SCHEMA", default_value = "model", allow_negative_numbers = true)]
    pub at: Side,

    /// How it is drawn; left out, the end of the name of FILE says it, or else it is Mermaid
    #[arg(long = "as", value_enum, value_name = "FORM")]
    pub form: Option<Form>,

    /// The tables that are drawn; those that they refer to are shown by name
    #[arg(long, value_name = "PATTERN", num_args = 1.., value_delimiter = ',')]
    pub tables: Vec<String>,

    /// The columns that are drawn
    #[arg(long, value_enum, default_value_t, value_name = "WHICH")]
    pub columns: Which,

    /// Write it to a file
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
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
    let (project, side) = args.at.of_project(context)?;
    let schema = side.shown(context, &project)?;
    let columns = match args.columns {
        Which::All => Columns::All,
        Which::Keys => Columns::Keys,
        Which::None => Columns::None,
    };
    let picture = Picture::of(&schema, &chosen(&args.tables, &schema)?, columns);
    let text = match form {
        Form::Mermaid => mermaid::write(&picture),
        Form::Dot => dot::write(&picture),
        Form::Svg => svg::write(&picture),
        Form::Html => html::write(&picture, &written::title(&side, context, &project)?),
    };
    let shape = form.to_possible_value().map(|value| value.get_name().to_owned());
    let path = match &args.output {
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
    match (args.form, &args.output) {
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

/// Which tables are meant; all, where none are named.
///
/// # Errors
/// When a pattern is none, or matches nothing.
pub(super) fn chosen(patterns: &[String], schema: &Schema) -> Result<impl Fn(&Name) -> bool + use<>, Failure> {
    let wrong = |code: &'static str, words: String| Failure::new(Class::Input, Diagnostic::new(code, words));
    let names = || schema.tables.keys().chain(schema.virtual_tables.keys()).chain(schema.views.keys());
    for pattern in patterns {
        let one = Ignore::new(vec![pattern.clone()]).map_err(|error| wrong("bad_pattern", error.to_string()))?;
        if !names().any(|name| one.covers(name)) {
            let words = format!("no table is called like `{pattern}`");
            let meant = crate::report::nearest(pattern, names().map(Name::as_str));
            let help = meant.map_or_else(|| there_are(names()), |meant| format!("did you mean `{meant}`?"));
            return Err(Failure::new(Class::Input, Diagnostic::new("unknown_table", words).help(help)));
        }
    }
    let all = patterns.is_empty();
    let set = Ignore::new(patterns.to_vec()).map_err(|error| wrong("bad_pattern", error.to_string()))?;
    Ok(move |name: &Name| all || set.covers(name))
}

fn there_are<'a>(names: impl Iterator<Item = &'a Name>) -> String {
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    let more = match names.len().saturating_sub(LISTED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let shown = names.get(..LISTED).unwrap_or(&names).join(", ");
    format!("there are {shown}{more}; `*` stands for any letters")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::parse;

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
        assert_eq!(parse::<Args>(&["--at", "-1"]).unwrap().at, Side::Revision("-1".to_owned()));
    }
}
