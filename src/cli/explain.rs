//! `schemactl explain`: what a rule of `lint` is about, or all of them in a list.

use serde_json::{Value, json};

use super::context::Context;
use super::style::Meaning;
use super::table::{Cell, Table};
use crate::lint::{self, Rule};
use crate::model::Level;
use crate::report::{Class, Failure};

const EXAMPLES: &str = "\
Examples:
  schemactl explain                    all rules
  schemactl explain SC101              one of them
  schemactl explain drop-table         by its name";

/// What `explain` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The code or the name of a rule; without it all rules are listed
    #[arg(value_name = "CODE")]
    pub code: Option<String>,
}

/// Explains a rule, or lists them all.
///
/// # Errors
/// When there is no such rule.
pub fn run(args: &Args, context: &mut Context) -> Result<(), Failure> {
    let output = &context.output;
    let Some(code) = &args.code else {
        if output.is_json() {
            let rules: Vec<Value> = lint::rules().iter().copied().map(document).collect();
            output.json(&json!({ "version": 1, "rules": rules }));
        } else {
            output.answer(list().render(output.width()));
        }
        return Ok(());
    };
    let Some(rule) = lint::rule(code) else { return Err(Failure::new(Class::Input, lint::unknown(code))) };
    if output.is_json() {
        output.json(&json!({ "version": 1, "rules": [document(rule)] }));
    } else {
        output.answer(page(rule));
    }
    Ok(())
}

fn document(rule: &Rule) -> Value {
    json!({
        "code": rule.code,
        "name": rule.name,
        "group": rule.group().as_str(),
        "level": rule.level.as_str(),
        "summary": rule.summary(),
        "page": rule.page(),
    })
}

fn list() -> Table<4> {
    let mut table = Table::new(["code", "level", "name", "finds"]);
    for rule in lint::rules() {
        let meaning = match rule.level {
            Level::Error => Meaning::Error,
            Level::Warn => Meaning::Warning,
            Level::Off => Meaning::Dim,
        };
        let level = Cell::new(meaning, rule.level.as_str());
        table.row([Cell::new(Meaning::Revision, rule.code), level, rule.name.into(), rule.summary().into()]);
    }
    table
}

/// The page for a terminal: headings in colour, examples indented.
fn page(rule: &Rule) -> String {
    let level = match rule.level {
        Level::Off => "off unless the settings say otherwise".to_owned(),
        level => format!("{} unless the settings say otherwise", level.as_str()),
    };
    let mut text = format!(
        "{} {}\n{}\n",
        Meaning::Revision.paint(rule.code),
        Meaning::Heading.paint(rule.name),
        Meaning::Dim.paint(level)
    );
    let mut in_code = false;
    for line in rule.page().lines() {
        text.push('\n');
        if line.starts_with("```") {
            in_code = !in_code;
            text.pop();
        } else if in_code {
            text.push_str("    ");
            text.push_str(line);
        } else if let Some(heading) = line.strip_prefix("# ") {
            text += &Meaning::Heading.paint(heading);
        } else {
            text += line;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_shows_its_examples_indented_and_without_fences() {
        let rule = lint::rule("SC201").unwrap();
        let shown = anstream::adapter::strip_str(&page(rule)).to_string();
        assert!(shown.starts_with("SC201 drop-table\nerror unless"), "{shown}");
        assert!(shown.contains("\nBad\n\n    CREATE TABLE report"), "{shown}");
        assert!(!shown.contains("```") && !shown.contains("\n# "), "{shown}");
    }
}
