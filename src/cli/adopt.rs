//! `schemactl adopt`: takes a database and its scripts over from another tool.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::builder::PossibleValuesParser;
use serde_json::json;

use super::context::{CONFIG, Context};
use super::open::LOCK_TIMEOUT;
use super::style::Meaning;
use super::walk::{place, words};
use crate::database::Tool;
use crate::model::{self, Settings};
use crate::operation::Project;
use crate::operation::adopt::{self, Accepted, Adopted, Beginning, Options, Taken};
use crate::report::{Class, Diagnostic, Failure, Source, count};
use crate::revision::RevisionId;

const EXAMPLES: &str = "\
Examples:
  schemactl adopt --database app.db --dry-run    what would be taken over
  schemactl adopt --database app.db              what its table tells
  schemactl adopt --from goose --scripts sql     as somebody says
  schemactl adopt --baseline                 one revision for all of them";

/// What `adopt` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The tool; `auto` tells it by its version table
    #[arg(long, value_name = "TOOL", default_value = "auto", value_parser = tools())]
    pub from: String,

    /// The folder with its scripts, where it is not the tool's usual one
    #[arg(long, value_name = "FOLDER")]
    pub scripts: Option<PathBuf>,

    /// The table in which it says what it has applied, where it is not called as usual
    #[arg(long, value_name = "TABLE")]
    pub table: Option<String>,

    /// Let one revision stand for all that is applied, without running it; only what is left becomes revisions
    #[arg(long)]
    pub baseline: bool,

    /// Go on although the database is more than its scripts (drift), scripts are not what ran (edits), or tables look left over (leftovers)
    #[arg(long, value_name = "WHAT", value_enum)]
    pub accept: Vec<Accept>,

    /// Say what would be done, and write nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// What can be wrong and meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Accept {
    /// What was done beside the scripts becomes a revision of its own
    Drift,
    /// Scripts count as they are now
    Edits,
    /// Tables that look left over from a change are part of the schema
    Leftovers,
}

impl From<Accept> for Accepted {
    fn from(accept: Accept) -> Accepted {
        match accept {
            Accept::Drift => Accepted::Drift,
            Accept::Edits => Accepted::Edits,
            Accept::Leftovers => Accepted::Leftovers,
        }
    }
}

fn tools() -> PossibleValuesParser {
    PossibleValuesParser::new(std::iter::once("auto").chain(Tool::ALL.iter().map(|(_, name)| *name)))
}

/// Takes a database over.
///
/// # Errors
/// When the other tool is not known, its state is not whole, or its scripts do not make what is there.
pub fn run(args: &Args, context: &mut Context) -> Result<(), Failure> {
    let accepted: Vec<Accepted> = args.accept.iter().copied().map(Accepted::from).collect();
    let options = Options {
        from: Tool::named(&args.from),
        table: args.table.as_deref(),
        scripts: args.scripts.as_deref(),
        baseline: args.baseline,
        accepted: &accepted,
        dry_run: args.dry_run,
        lock_timeout: LOCK_TIMEOUT,
        now: context.now()?,
        id: RevisionId::new(context.ids.next_id()?)?,
    };
    let config = context.options.config.clone().unwrap_or_else(|| CONFIG.into());
    let has_config = context.config().is_ok();
    let (project, settings) = if has_config || context.options.environment.is_some() {
        (context.project()?, None)
    } else {
        let (project, settings) = begin(&config, &options, context)?;
        (project, Some(settings))
    };
    let root = match &settings {
        Some(_) => folder_of(&config),
        None => folder_of(&context.config()?),
    };
    let name = context.database_name(&project)?;
    if project.is_new()? {
        context.output.talk(format!("there is no database `{name}`: no script counts as applied"));
    }
    let beginning = settings.as_ref().map(|settings| Beginning { config: &config, settings });
    let adopted = adopt::adopt(&project, beginning, &root, &options)?;
    for warning in &adopted.warnings {
        context.output.warn(warning);
    }
    let config = beginning.map(|_| super::visible::visible(&config.to_string_lossy()).into_owned());
    if context.output.is_json() {
        let revisions = adopted.revisions.iter().map(|taken| of_json(taken, context)).collect::<Result<Vec<_>, _>>()?;
        context.output.json(&json!({
            "version": 1, "tool": adopted.tool.name(), "config": config, "dry_run": args.dry_run,
            "revisions": revisions, "changes": adopted.differences,
            "heads": words(&adopted.heads), "pending": adopted.pending,
        }));
        return Ok(());
    }
    tell(&adopted, &name, config.as_deref(), args.dry_run, context)
}

fn folder_of(file: &Path) -> PathBuf {
    file.parent().map(Path::to_owned).unwrap_or_default()
}

/// A project that begins with this: its database is the one that is named, or that of the variable which most tools
/// read.
fn begin(config: &Path, options: &Options<'_>, context: &Context) -> Result<(Project, String), Failure> {
    let variable = || -> Result<Option<String>, Failure> {
        let url = context.variables(config)?.get("DATABASE_URL");
        Ok(url.map(|url| file_of_url(&url).to_owned()))
    };
    let database = match &context.options.database {
        Some(named) => Some(named.clone()),
        None => variable()?,
    };
    let Some(database) = database else {
        let diagnostic = Diagnostic::new("no_database", "no database is named")
            .help("name the one to take over: `schemactl adopt --database app.db`");
        return Err(Failure::new(Class::Input, diagnostic));
    };
    let shown = super::visible::visible(&config.to_string_lossy()).into_owned();
    let project = |text: &str| -> Result<Project, Failure> {
        let source = Arc::new(Source { path: shown.clone(), text: text.to_owned() });
        Ok(Project::new(Settings::read(&source, None, &|_| None)?, None))
    };
    let plain = model::settings_text(&database, &[]);
    let renamed = adopt::renamed_tables(&project(&plain)?, options)?;
    let settings = model::settings_text(&database, &renamed);
    Ok((project(&settings)?, settings))
}

/// The file of `sqlite:app.db?mode=rwc`, as the tools write it.
fn file_of_url(url: &str) -> &str {
    let file = ["sqlite3:", "sqlite:", "file:"].iter().find_map(|scheme| url.strip_prefix(scheme)).unwrap_or(url);
    let file = file.strip_prefix("//").unwrap_or(file);
    file.split_once('?').map_or(file, |(file, _)| file)
}

fn of_json(taken: &Taken, context: &Context) -> Result<serde_json::Value, Failure> {
    let shown = |path: &Option<PathBuf>| path.as_ref().map(|path| context.shown(path)).transpose();
    Ok(json!({
        "revision": taken.revision.id.as_str(), "message": taken.revision.message,
        "from": shown(&taken.origin)?, "path": shown(&taken.path)?,
        "applied": taken.applied_at.is_some(), "applied_at": taken.applied_at,
    }))
}

fn tell(adopted: &Adopted, name: &str, config: Option<&str>, is_dry: bool, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    let (applied, left) = adopted.scripts;
    let (tool, wrote) = (adopted.tool.name(), if is_dry { "would write" } else { "wrote" });
    output.talk(match &adopted.folder {
        Some(folder) => {
            let folder = context.shown(folder)?;
            format!("{tool}: {} in {folder} applied, {left} not yet", count(applied, "script"))
        }
        None => format!("{tool}: the database is taken as it is"),
    });
    if let (Some(config), Some(schema)) = (config, &adopted.model) {
        output.answer(format!(
            "{wrote} {}: {}, {}, {}",
            Meaning::Path.paint(config),
            count(schema.tables.len() + schema.virtual_tables.len(), "table"),
            count(schema.views.len(), "view"),
            count(schema.triggers.len(), "trigger")
        ));
    }
    for taken in &adopted.revisions {
        if let Some(path) = &taken.path {
            output.answer(format!("{wrote} {}", Meaning::Path.paint(context.shown(path)?)));
        }
    }
    for line in &adopted.differences {
        let beside = if adopted.is_replayed { "beside the scripts" } else { "beyond the revisions" };
        output.answer(format!("{beside}: {}", Meaning::of_change(line.kind).paint(&line.text)));
    }
    let recorded = adopted.revisions.iter().filter(|taken| taken.applied_at.is_some()).count();
    if recorded > 0 {
        let proof = if adopted.is_replayed { "; run on a scratch database, they make what is there" } else { "" };
        let would = if is_dry { "would record" } else { "recorded" };
        output.answer(format!("{would} {} as applied{proof}", count(recorded, "revision")));
    }
    let place = place(&adopted.graph, &adopted.heads);
    let next = if adopted.pending > 0 {
        format!("; {} to run: schemactl upgrade", count(adopted.pending, "revision"))
    } else {
        String::new()
    };
    output.answer(match () {
        () if is_dry => format!("nothing was written: {name} would be at {place}"),
        () if adopted.revisions.is_empty() => format!("nothing to do: {name} is at {place}"),
        () => format!("{name} is at {place}{next}"),
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::parse;

    #[test]
    fn the_tool_is_one_that_is_known() {
        assert_eq!(parse::<Args>(&[]).unwrap().from, "auto");
        assert_eq!(parse::<Args>(&["--from", "golang-migrate"]).unwrap().from, "golang-migrate");
        assert!(parse::<Args>(&["--from", "goosse"]).is_err());
    }

    #[test]
    fn several_things_can_be_accepted() {
        let args: Args = parse(&["--accept", "drift", "--accept", "edits"]).unwrap();
        assert_eq!(args.accept, [Accept::Drift, Accept::Edits]);
    }

    #[test]
    fn the_urls_of_tools_are_files() {
        for url in
            ["sqlite:db/app.db", "sqlite://db/app.db?mode=rwc", "sqlite3:db/app.db", "file:db/app.db", "db/app.db"]
        {
            assert_eq!(file_of_url(url), "db/app.db", "{url}");
        }
        assert_eq!(file_of_url("sqlite:///srv/app.db"), "/srv/app.db");
    }
}
