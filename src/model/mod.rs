//! `migrations.toml` <-> schema: the settings, the model, and the text that `introspect` prints.
//!
//! An object is read and written in the file of its name. What is wrong is told with its place in the TOML, all of it
//! in one run. Whether SQLite takes the model is not judged here: a scratch database does that.

mod amount;
mod blame;
mod check;
mod column;
mod constraint;
mod databases;
mod draft;
mod environment;
mod expression;
mod files;
mod foreign_key;
mod given;
mod hook;
mod ignore;
mod index;
mod intent;
mod json_schema;
mod settings;
mod statement;
mod table;
mod template;
mod toml_reader;
mod toml_writer;
mod trigger;
mod view;
mod virtual_table;

use std::collections::BTreeSet;
use std::sync::Arc;

use indexmap::IndexMap;

use crate::report::{Class, Diagnostic, Place, Report, Source, count};
use crate::schema::{Name, ObjectKind, ObjectRef, Schema};

use blame::Passages;
use draft::Draft;
use toml_reader::{Document, Fields, Mistakes};

pub use blame::Blame;
pub use databases::Origin;
pub use environment::Lookup;
pub use files::{read_source, sources};
pub use given::Given;
pub use hook::{Hook, HookKind, Hooks};
pub use ignore::Ignore;
pub use intent::{Allowed, Intent, renamed_from};
pub use json_schema::{SCHEMA_FILE, json_schema};
pub use settings::{Backup, Drift, Level, LintSetting, ModelFiles, Settings};
pub use template::{settings_text, template};

/// Where objects and, with a column, columns stand.
type Places = IndexMap<(ObjectRef, Option<Name>), Place>;

/// What a model says.
#[derive(Debug, Clone, Default)]
pub struct Model {
    /// The schema as written; what SQLite makes of it is known once it has been built.
    pub schema: Schema,
    /// What is said about the way from an older schema.
    pub intent: Intent,
    /// Views and triggers that are said not to compile on purpose.
    pub unchecked: BTreeSet<ObjectRef>,
    /// Findings of `lint` that are agreed to.
    pub allowed: Vec<Allowed>,
    places: Places,
    passages: Passages,
}

/// A model that was read together with the settings, or what is wrong with it.
pub type ReadModel = Result<Model, Error>;

impl Model {
    /// Reads a model from its files, TOML or, if so named, `.sql`. The settings may stand in one of them.
    pub fn read(files: &[Arc<Source>], settings: &Settings) -> Result<Model, Error> {
        let mistakes = Mistakes::default();
        let model = read_files(files, settings, &mistakes);
        if mistakes.count() > 0 { Err(Error::Mistakes(mistakes.into_sorted(files))) } else { Ok(model) }
    }

    /// The model in a file that holds the settings too.
    fn of_document(document: &Document<'_>, settings: &Settings) -> Result<Model, Error> {
        let mistakes = Mistakes::default();
        let model = read_document(document, settings, &mistakes);
        if mistakes.count() > 0 { Err(Error::Mistakes(mistakes.into_sorted(&[]))) } else { Ok(model) }
    }

    /// Where an object or a column of it stands, for what SQLite finds wrong with it.
    #[must_use]
    pub fn place(&self, object: &ObjectRef, column: Option<&Name>) -> Option<&Place> {
        let of_column = column.and_then(|column| self.places.get(&(object.clone(), Some(column.clone()))));
        of_column.or_else(|| self.places.get(&(object.clone(), None)))
    }
}

/// Reads the files of a model and notes what is wrong with them.
fn read_files(files: &[Arc<Source>], settings: &Settings, mistakes: &Mistakes) -> Model {
    let mut draft = Draft::new(mistakes, &settings.ignore);
    let mut complete = true;
    for source in files {
        if is_sql(&source.path) {
            statement::read_file(source, &mut draft, mistakes);
        } else if let Some(document) = Document::parse(source, mistakes) {
            let with_settings = settings.source.as_ref().is_some_and(|settings| Arc::ptr_eq(settings, source));
            read_file(document.fields("the model", mistakes), with_settings, &mut draft);
        } else {
            complete = false;
        }
    }
    draft.finish(complete)
}

/// The same for the one file that holds the settings too.
fn read_document(document: &Document<'_>, settings: &Settings, mistakes: &Mistakes) -> Model {
    let mut draft = Draft::new(mistakes, &settings.ignore);
    read_file(document.fields("the model", mistakes), true, &mut draft);
    draft.finish(true)
}

fn is_sql(path: &str) -> bool {
    std::path::Path::new(path).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("sql"))
}

fn read_file(root: Fields<'_>, with_settings: bool, draft: &mut Draft<'_>) {
    for (key, read) in [
        ("tables", table::read as fn(&toml_reader::Value<'_>, &mut Draft<'_>)),
        ("virtual_tables", virtual_table::read),
        ("views", view::read),
        ("triggers", trigger::read),
    ] {
        for value in root.get(key).and_then(|value| value.fields(format!("`{key}`"))).iter().flat_map(Fields::all) {
            read(&value, draft);
        }
    }
    if !with_settings {
        for value in ["schemactl", "environments"].iter().filter_map(|key| root.get(key)) {
            let message = format!("`[{}]` in a file of the model", value.key());
            let help = "settings stand in `migrations.toml`";
            root.mistake_elsewhere(Diagnostic::new("misplaced_settings", message).at(value.key_place()).help(help));
        }
        root.finish();
    }
}

/// The model of a schema as a person would have written it, without settings.
///
/// Law: reading it gives the schema back.
#[must_use]
pub fn write(schema: &Schema) -> String {
    write_unchecked(schema, &BTreeSet::new())
}

/// As [`write()`], where these views and triggers are known not to compile, and say so in the model.
#[must_use]
pub fn write_unchecked(schema: &Schema, broken: &BTreeSet<ObjectRef>) -> String {
    let is_broken = |kind, name: &Name| broken.contains(&ObjectRef::new(kind, name));
    let Schema { tables, virtual_tables, views, triggers } = schema;
    let mut out = String::new();
    for table in tables.values() {
        table::write_table(schema, table, &mut out);
    }
    for table in virtual_tables.values() {
        virtual_table::write_virtual_table(table, &mut out);
    }
    for view in views.values() {
        view::write_view(view, is_broken(ObjectKind::View, &view.name), &mut out);
    }
    for trigger in triggers.values() {
        trigger::write_trigger(trigger, is_broken(ObjectKind::Trigger, &trigger.name), &mut out);
    }
    out
}

/// Why settings or a model could not be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Mistakes in the files; never empty.
    #[error("{}", summary(.0))]
    Mistakes(Vec<Diagnostic>),
    /// No environment of that name.
    #[error("there is no environment `{name}`")]
    UnknownEnvironment {
        /// What was asked for.
        name: String,
        /// The environment that may have been meant.
        nearest: Option<String>,
        /// All environments.
        known: Vec<String>,
    },
    /// The settings name no database.
    #[error("no database is named")]
    NoDatabase,
    /// The settings name many, and one is needed.
    #[error("the settings list `databases`, and this works on one")]
    ManyDatabases,
    /// A file that cannot be read.
    #[error("cannot read `{path}`")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// A file that is larger than any model.
    #[error("`{path}` holds {bytes} bytes, more than the {limit} that a model may have")]
    TooLarge {
        /// The file.
        path: String,
        /// Its size.
        bytes: u64,
        /// The largest size.
        limit: u64,
    },
}

fn summary(mistakes: &[Diagnostic]) -> String {
    match mistakes {
        [only] => only.message.clone(),
        several => count(several.len(), "mistake"),
    }
}

impl Report for Error {
    fn class(&self) -> Class {
        Class::Input
    }

    fn diagnostics(&self) -> Vec<Diagnostic> {
        let diagnostic = match self {
            Error::Mistakes(mistakes) => return mistakes.clone(),
            Error::UnknownEnvironment { nearest, known, .. } => {
                let known: Vec<&str> = known.iter().map(String::as_str).collect();
                let diagnostic = Diagnostic::new("unknown_environment", self.to_string());
                match (nearest, known.as_slice()) {
                    (_, []) => diagnostic.help("add `[environments.NAME]` to the settings"),
                    (Some(meant), known) => diagnostic
                        .note(format!("there is {}", toml_reader::list(known)))
                        .help(format!("did you mean `{meant}`?")),
                    (None, known) => diagnostic.help(format!("choose one of {}", toml_reader::list(known))),
                }
            }
            Error::NoDatabase => Diagnostic::new("no_database", self.to_string())
                .help("add `database = \"app.db\"` under `[schemactl]`, or pass `--database`"),
            Error::ManyDatabases => Diagnostic::new("many_databases", self.to_string())
                .help("name one of them, or one to write revisions with: `--database PATH`"),
            Error::Unreadable { source, .. } => {
                Diagnostic::new("unreadable_file", self.to_string()).note(source.to_string())
            }
            Error::TooLarge { .. } => Diagnostic::new("too_large", self.to_string())
                .help("spread the model over several files with `model = [\"models/*.toml\"]`"),
        };
        vec![diagnostic]
    }
}

#[cfg(test)]
mod settings_tests;
#[cfg(test)]
mod tests;
