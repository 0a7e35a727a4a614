//! `schemactl config`: the settings in force, and where each comes from.

use clap::ValueEnum;
use clap::parser::ValueSource;
use serde_json::{Value, json};

use super::context::Context;
use super::options::Options;
use super::secret::masked;
use super::style::Meaning;
use super::table::{Cell, Table};
use super::variables::Variables;
use crate::diff::ColumnOrder;
use crate::model::{Backup, Drift, Given, Settings};
use crate::report::{Failure, Place};

const EXAMPLES: &str = "\
Examples:
  schemactl config                         what counts here
  schemactl config --env production        what counts there
  schemactl config --format json";

/// What `config` takes: nothing but the options of every command.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {}

/// A setting or an option, its value, and where that comes from.
struct Row {
    name: String,
    value: Value,
    from: String,
}

/// Shows the settings.
///
/// # Errors
/// When there is no configuration, or it is mistaken.
pub fn run(_: &Args, context: &mut Context) -> Result<(), Failure> {
    let config = context.config()?;
    let variables = context.variables(&config)?;
    let project = context.project()?;
    let settings = settings(&context.options, &project.settings, &variables);
    let options = options(context, &context.shown(&config)?);
    if context.output.is_json() {
        let rows = |rows: &[Row]| rows.iter().map(Row::document).collect::<Vec<_>>();
        context.output.json(&json!({
            "version": 1,
            "config": context.shown(&config)?,
            "environment": project.settings.environment,
            "environments": project.settings.environments,
            "settings": rows(&settings),
            "options": rows(&options),
        }));
        return Ok(());
    }
    for (title, rows) in [("setting", &settings), ("option", &options)] {
        let mut table = Table::new([title, "value", "from"]);
        for row in rows {
            let meaning = if row.from == DEFAULT { Meaning::Dim } else { Meaning::Path };
            table.row([row.name.as_str().into(), row.shown().into(), Cell::new(meaning, &row.from)]);
        }
        context.output.answer(table.render(context.output.width()));
        if title == "setting" {
            context.output.answer("");
        }
    }
    if !project.settings.environments.is_empty() {
        let names = project.settings.environments.join(", ");
        context.output.talk(format!("environments: {}", super::visible::visible(&names)));
    }
    Ok(())
}

/// What stands as the origin of a value that nobody has given.
const DEFAULT: &str = "default";

impl Row {
    fn document(&self) -> Value {
        json!({ "name": self.name, "value": self.value, "from": self.from })
    }

    fn shown(&self) -> String {
        match &self.value {
            Value::Null => "none".to_owned(),
            Value::String(text) => text.clone(),
            Value::Array(items) if items.is_empty() => "none".to_owned(),
            Value::Array(items) => {
                items.iter().map(|item| item.as_str().unwrap_or_default()).collect::<Vec<_>>().join(", ")
            }
            other => other.to_string(),
        }
    }
}

fn settings(options: &Options, settings: &Settings, variables: &Variables) -> Vec<Row> {
    let mut rows: Vec<Row> = values(settings)
        .into_iter()
        .map(|(name, value)| {
            let origin = settings.given.get(name);
            let from = origin.map_or_else(|| DEFAULT.to_owned(), |origin| from(settings, origin, variables));
            Row { name: name.to_owned(), value, from }
        })
        .collect();
    // A setting that is not listed above is shown as it is written.
    for (name, origin) in &settings.given {
        if !rows.iter().any(|row| row.name == *name) {
            let written = &origin.place.source.text[origin.place.span.clone()];
            let written = written.split('"').map(masked).collect::<Vec<_>>().join("\"");
            rows.push(Row { name: name.clone(), value: written.into(), from: from(settings, origin, variables) });
        }
    }
    if let (Some(database), Some(row)) = (&options.database, rows.first_mut()) {
        row.value = masked(database).into();
        row.from = source(options.source("database"), "database");
    }
    rows
}

/// The settings with their values; the database is the first.
fn values(settings: &Settings) -> Vec<(&'static str, Value)> {
    let word = |word: &str| Value::from(word);
    vec![
        ("database", settings.database().map_or(Value::Null, |database| masked(database).into())),
        ("versions", json!(settings.versions)),
        ("model", settings.model.as_ref().map_or_else(|| word("this file"), |files| json!(files.patterns))),
        ("version_table", word(settings.version_table.as_str())),
        ("ignore", json!(settings.ignore.patterns())),
        ("target_sqlite", settings.target_sqlite.map_or_else(|| word("the one built in"), |it| it.to_string().into())),
        (
            "column_order",
            word(match settings.column_order {
                ColumnOrder::Loose => "loose",
                ColumnOrder::Strict => "strict",
            }),
        ),
        ("mirror", settings.mirror.map_or(Value::Null, |mirror| mirror.as_str().into())),
        (
            "drift",
            word(match settings.drift {
                Drift::Warn => "warn",
                Drift::Refuse => "refuse",
            }),
        ),
        (
            "backup",
            word(match settings.backup {
                Backup::Destructive => "destructive",
                Backup::Always => "always",
                Backup::Never => "never",
            }),
        ),
        ("backups_kept", settings.backups_kept.into()),
        ("backups_size", settings.backups_size.map_or_else(|| word("no limit"), Into::into)),
        ("keep_dropped", settings.keep_dropped.into()),
        ("catalog_edits", settings.catalog_edits.into()),
        ("fast_rebuild", settings.fast_rebuild.into()),
    ]
}

/// `migrations.toml:8 [environments.production], DATABASE from .env:3`
fn from(settings: &Settings, origin: &Given, variables: &Variables) -> String {
    let (line, _) = origin.place.line_and_column();
    let table = table_of(&origin.place, settings);
    let mut from = format!("{}:{line} [{table}]", origin.place.source.path);
    for name in &origin.variables {
        let whence = variables.origin(name).map_or_else(|| "is not set".to_owned(), |whence| format!("from {whence}"));
        from += &[", ", name, " ", &whence].concat();
    }
    from
}

/// The table of the file that a place is in, by the last header above it.
fn table_of(place: &Place, settings: &Settings) -> String {
    let above = &place.source.text[..place.span.start];
    let is_environment = above.lines().rev().find_map(|line| line.trim_start().strip_prefix('['));
    match (&settings.environment, is_environment) {
        (Some(name), Some(header)) if header.trim_start().starts_with("environments") => format!("environments.{name}"),
        _ => "schemactl".to_owned(),
    }
}

/// The options that every command takes.
fn options(context: &Context, config: &str) -> Vec<Row> {
    let options = &context.options;
    let word = |value: &dyn Fn() -> Option<clap::builder::PossibleValue>| {
        value().map_or(Value::Null, |value| value.get_name().into())
    };
    let found = if options.config.is_none() { Some("the nearest folder that has one") } else { None };
    [
        ("config", "config", json!(config), found),
        ("env", "environment", json!(options.environment), None),
        ("format", "format", word(&|| options.format.to_possible_value()), None),
        ("quiet", "quiet", json!(options.quiet), None),
        ("verbose", "verbose", json!(options.verbose), None),
        ("color", "color", word(&|| options.color.to_possible_value()), None),
        ("yes", "yes", json!(options.yes), None),
    ]
    .into_iter()
    .map(|(name, id, value, found)| {
        let from = found.map_or_else(|| source(options.source(id), name), str::to_owned);
        Row { name: name.to_owned(), value, from }
    })
    .collect()
}

/// Where the value of an option comes from.
fn source(source: Option<ValueSource>, name: &str) -> String {
    match source {
        Some(ValueSource::CommandLine) => format!("--{name}"),
        Some(ValueSource::EnvVariable) => format!("SCHEMACTL_{}", name.to_uppercase()),
        _ => DEFAULT.to_owned(),
    }
}
