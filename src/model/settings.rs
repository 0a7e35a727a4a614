//! `[schemactl]` and `[environments.NAME]`: what the program is told, apart from the model.
//!
//! A setting is expanded and judged only if it is the one that counts in the chosen environment.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use indexmap::IndexMap;

use super::databases::{self, Origin};
use super::environment::{Lookup, Unexpanded, expand};
use super::given::{Given, given};
use super::hook::{self, Hooks};
use super::toml_reader::{Document, Fields, Mistakes, Text, Value, list};
use super::{Error, Ignore, Model, ReadModel, amount};
use crate::diff::ColumnOrder;
use crate::mirror::Mirror;
use crate::report::{Diagnostic, Place, Source, nearest};
use crate::schema::{Name, SqliteVersion};

/// The top-level keys of a file that describe a schema.
const MODEL_KEYS: [&str; 4] = ["tables", "virtual_tables", "views", "triggers"];

/// The settings that count in one environment.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The environment that was chosen.
    pub environment: Option<String>,
    /// The names of all environments, in the order of the file.
    pub environments: Vec<String>,
    /// The file that they were read from.
    pub source: Option<Arc<Source>>,
    /// Where the settings that are not left out stand, by key.
    pub given: IndexMap<String, Given>,
    database: Option<Result<String, Diagnostic>>,
    databases: Option<Result<Vec<Origin>, Diagnostic>>,
    /// The folders with revisions, as written; new revisions go to the first.
    pub versions: Vec<String>,
    /// The files with the model, as written; `None` where the model stands with the settings.
    pub model: Option<ModelFiles>,
    /// The table that keeps account of revisions.
    pub version_table: Name,
    /// What other programs own.
    pub ignore: Ignore,
    /// The oldest SQLite that must be able to run the scripts; `None` for the bundled one.
    pub target_sqlite: Option<SqliteVersion>,
    /// Whether the order of columns counts.
    pub column_order: ColumnOrder,
    /// The other tool whose table of applied scripts is kept along.
    pub mirror: Option<Mirror>,
    /// What happens when the database is not as its revision left it.
    pub drift: Drift,
    /// When a copy is made before a run.
    pub backup: Backup,
    /// How many of those copies are kept; never none.
    pub backups_kept: usize,
    /// How many bytes those copies may take together; the newest is kept in any case.
    pub backups_size: Option<u64>,
    /// Whether the rows of dropped columns and tables are put aside.
    pub keep_dropped: bool,
    /// Whether `sqlite_schema` may be edited where that is proved safe.
    pub catalog_edits: bool,
    /// Whether tables may be rebuilt by exchanging root pages.
    pub fast_rebuild: bool,
    /// What runs beside revisions.
    pub hooks: Hooks,
    /// How bad rules of `lint` are; of two for the same rule the later one counts.
    pub lint: Vec<LintSetting>,
}

/// `CODE = "level"` in `[schemactl.lint]`. Which codes there are is for the rules to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LintSetting {
    /// The code of the rule.
    pub code: String,
    /// How bad what it finds is.
    pub level: Level,
    /// Where the code stands.
    pub place: Place,
}

/// How bad a finding of `lint` is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// It is not looked for.
    Off,
    /// It is told.
    Warn,
    /// It is told, and `lint` ends with exit code 1.
    Error,
}

impl Level {
    /// All of them with the word of each.
    pub const ALL: [(&str, Level); 3] = [("error", Level::Error), ("warn", Level::Warn), ("off", Level::Off)];

    /// The word that settings have for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(_, level)| *level == self).map_or("off", |(word, _)| word)
    }
}

/// `model = ["models/*.toml"]` with the place of each pattern.
#[derive(Debug, Clone)]
pub struct ModelFiles {
    /// The patterns as written.
    pub patterns: Vec<String>,
    /// Where each stands.
    pub places: Vec<Place>,
}

/// What happens when the database is not as its revision left it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Drift {
    /// It is said, and the run goes on.
    #[default]
    Warn,
    /// The run is refused.
    Refuse,
}

/// When a copy of the database is made before a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Backup {
    /// Before a run that discards rows.
    #[default]
    Destructive,
    /// Before every run.
    Always,
    /// Not at all.
    Never,
}

/// How many copies are kept where the settings say nothing.
const BACKUPS_KEPT: usize = 3;

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            environment: None,
            environments: Vec::new(),
            source: None,
            given: IndexMap::new(),
            database: None,
            databases: None,
            versions: vec!["versions".to_owned()],
            model: None,
            version_table: Name::from("schemactl_version"),
            ignore: Ignore::default(),
            target_sqlite: None,
            column_order: ColumnOrder::default(),
            mirror: None,
            drift: Drift::default(),
            backup: Backup::default(),
            backups_kept: BACKUPS_KEPT,
            backups_size: None,
            keep_dropped: false,
            catalog_edits: false,
            fast_rebuild: false,
            hooks: Hooks::default(),
            lint: Vec::new(),
        }
    }
}

impl Settings {
    /// Reads the settings of a file as they are in one of its environments.
    ///
    /// All mistakes are found in one run: where the model stands in the same file, its mistakes are told too.
    pub fn read(source: &Arc<Source>, environment: Option<&str>, lookup: &Lookup<'_>) -> Result<Settings, Error> {
        Settings::of_document(&Document::parse_alone(source)?, environment, lookup)
    }

    /// Reads the settings of a file, and the model where it stands in the same file: the text is read once for both.
    ///
    /// # Errors
    /// As [`Settings::read`]; what is wrong with the model alone is told in its place.
    pub fn read_with_model(
        source: &Arc<Source>,
        environment: Option<&str>,
        lookup: &Lookup<'_>,
    ) -> Result<(Settings, Option<ReadModel>), Error> {
        let document = Document::parse_alone(source)?;
        let settings = Settings::of_document(&document, environment, lookup)?;
        let model = settings.model.is_none().then(|| Model::of_document(&document, &settings));
        Ok((settings, model))
    }

    fn of_document(document: &Document<'_>, environment: Option<&str>, lookup: &Lookup<'_>) -> Result<Settings, Error> {
        let mistakes = Mistakes::default();
        let source = document.source();
        let mut settings = Settings { source: Some(Arc::clone(source)), ..Settings::default() };
        let root = document.fields("the file", &mistakes);
        let base = root.get("schemactl").and_then(|value| value.fields("`[schemactl]`"));
        let environments = root.get("environments").and_then(|value| value.fields("`[environments]`"));
        let mut chosen = None;
        for named in environments.iter().flat_map(Fields::all) {
            let name = named.key().to_owned();
            let Some(fields) = named.fields(format!("environment `{name}`")) else { continue };
            if environment == Some(name.as_str()) {
                chosen = Some(fields);
            } else {
                Written::read(&fields);
                fields.finish();
            }
            settings.environments.push(name);
        }
        let unknown = environment.filter(|name| !settings.environments.iter().any(|known| known == name));
        settings.given = given(base.iter().chain(&chosen));
        let first = chosen.as_ref().map(Written::read).unwrap_or_default();
        let written = first.or(base.as_ref().map(Written::read).unwrap_or_default());
        settings.environment = environment.map(str::to_owned);
        for (key, is_said) in [("database", written.database.is_some()), ("databases", written.databases.is_some())] {
            settings.given.retain(|name, _| is_said || name != key);
        }
        settings.choose(written, lookup);
        if settings.model.as_ref().is_some_and(|files| !files.cover(source)) {
            forbid_model(&root);
        }
        base.into_iter().chain(chosen).for_each(Fields::finish);
        for key in MODEL_KEYS {
            root.get(key);
        }
        root.finish();
        if mistakes.count() > 0 {
            if settings.model.is_none() {
                super::read_document(document, &settings, &mistakes);
            }
            return Err(Error::Mistakes(mistakes.into_sorted(&[])));
        }
        match unknown {
            Some(name) => Err(unknown_environment(name, &settings.environments)),
            None => Ok(settings),
        }
    }

    /// The database, a path as written or a URL, variables put in.
    pub fn database(&self) -> Result<&str, Error> {
        match &self.database {
            Some(Ok(database)) => Ok(database),
            Some(Err(mistake)) => Err(Error::Mistakes(vec![mistake.clone()])),
            None if self.databases.is_some() => Err(Error::ManyDatabases),
            None => Err(Error::NoDatabase),
        }
    }

    /// Where the databases of the fleet are listed, as written, variables put in; nothing where there is no fleet.
    pub fn databases(&self) -> Result<Option<&[Origin]>, Error> {
        match &self.databases {
            Some(Ok(origins)) => Ok(Some(origins)),
            Some(Err(mistake)) => Err(Error::Mistakes(vec![mistake.clone()])),
            None => Ok(None),
        }
    }

    /// A path as written, made relative to the folder of the settings rather than to the current one.
    #[must_use]
    pub fn path(&self, written: &str) -> PathBuf {
        let folder = self.source.as_ref().and_then(|source| Path::new(&source.path).parent());
        folder.map_or_else(|| PathBuf::from(written), |folder| folder.join(written))
    }

    fn choose(&mut self, written: Written<'_>, lookup: &Lookup<'_>) {
        let Written {
            database,
            databases,
            versions,
            model,
            version_table,
            ignore,
            target_sqlite,
            column_order,
            mirror,
            drift,
            backup,
            backups_kept,
            backups_size,
            keep_dropped,
            catalog_edits,
            fast_rebuild,
            before_run,
            after_run,
            before_revision,
            after_revision,
            post_write,
            lint,
        } = written;
        self.database = database.map(|text| expanded(&text, lookup));
        self.databases = databases
            .map(|origins| origins.iter().map(|origin| origin.try_map(|text| expanded(text, lookup))).collect());
        if let Some(list) = versions {
            self.versions = all_expanded(&list, lookup);
        }
        self.model = model.map(|list| ModelFiles {
            patterns: all_expanded(&list, lookup),
            places: list.iter().map(Text::place).collect(),
        });
        if let Some(text) = version_table
            && let Some(name) = noted(&text, lookup)
        {
            if name.to_ascii_lowercase().starts_with("sqlite_") {
                let message = format!("the name `{name}` is reserved for SQLite's own tables");
                text.mistake(Diagnostic::new("reserved_name", message));
            }
            self.version_table = Name::new(name);
        }
        if let Some(list) = ignore {
            self.ignore = read_ignore(&list);
        }
        self.target_sqlite = target_sqlite;
        self.column_order = column_order.unwrap_or_default();
        self.mirror = mirror;
        self.drift = drift.unwrap_or_default();
        self.backup = backup.unwrap_or_default();
        self.backups_kept = backups_kept.unwrap_or(BACKUPS_KEPT);
        self.backups_size = backups_size;
        self.keep_dropped = keep_dropped.unwrap_or_default();
        self.catalog_edits = catalog_edits.unwrap_or_default();
        self.fast_rebuild = fast_rebuild.unwrap_or_default();
        self.hooks = Hooks {
            before_run: hook::choose(before_run, lookup),
            after_run: hook::choose(after_run, lookup),
            before_revision: hook::choose(before_revision, lookup),
            after_revision: hook::choose(after_revision, lookup),
            post_write: hook::choose(post_write, lookup),
        };
        self.lint = lint;
    }
}

impl ModelFiles {
    /// Whether one of the patterns is the name of the file with the settings.
    fn cover(&self, source: &Source) -> bool {
        let name = Path::new(&source.path).file_name();
        let matches = |pattern: &String| {
            let pattern = pattern.strip_prefix("./").unwrap_or(pattern);
            globset::Glob::new(pattern).is_ok_and(|glob| name.is_some_and(|name| glob.compile_matcher().is_match(name)))
        };
        self.patterns.iter().any(matches)
    }
}

/// The settings of one table of the file, types checked, nothing expanded.
#[derive(Default)]
struct Written<'a> {
    database: Option<Text<'a>>,
    databases: Option<Vec<Origin<Text<'a>>>>,
    versions: Option<Vec<Text<'a>>>,
    model: Option<Vec<Text<'a>>>,
    version_table: Option<Text<'a>>,
    ignore: Option<Vec<Text<'a>>>,
    target_sqlite: Option<SqliteVersion>,
    column_order: Option<ColumnOrder>,
    mirror: Option<Mirror>,
    drift: Option<Drift>,
    backup: Option<Backup>,
    backups_kept: Option<usize>,
    backups_size: Option<u64>,
    keep_dropped: Option<bool>,
    catalog_edits: Option<bool>,
    fast_rebuild: Option<bool>,
    before_run: Option<Vec<hook::Written<'a>>>,
    after_run: Option<Vec<hook::Written<'a>>>,
    before_revision: Option<Vec<hook::Written<'a>>>,
    after_revision: Option<Vec<hook::Written<'a>>>,
    post_write: Option<Vec<hook::Written<'a>>>,
    lint: Vec<LintSetting>,
}

impl<'a> Written<'a> {
    fn read(fields: &Fields<'a>) -> Written<'a> {
        Written {
            database: fields.text("database"),
            databases: fields.get("databases").and_then(|value| databases::read(&value)),
            versions: fields.get("versions").and_then(|value| some_texts(&value)),
            model: fields.get("model").and_then(|value| some_texts(&value)),
            version_table: fields.text("version_table"),
            ignore: fields.get("ignore").and_then(|value| texts(&value)),
            target_sqlite: fields.get("target_sqlite").and_then(|value| read_version(&value)),
            column_order: fields
                .get("column_order")
                .and_then(|value| one_of(&value, &[("loose", ColumnOrder::Loose), ("strict", ColumnOrder::Strict)])),
            mirror: fields.get("mirror").and_then(|value| one_of(&value, &Mirror::ALL)),
            drift: fields
                .get("drift")
                .and_then(|value| one_of(&value, &[("warn", Drift::Warn), ("refuse", Drift::Refuse)])),
            backup: fields.get("backup").and_then(|value| {
                let choices =
                    [("destructive", Backup::Destructive), ("always", Backup::Always), ("never", Backup::Never)];
                one_of(&value, &choices)
            }),
            backups_kept: fields.get("backups_kept").and_then(|value| amount::number(&value)),
            backups_size: fields.get("backups_size").and_then(|value| amount::bytes(&value)),
            keep_dropped: fields.get("keep_dropped").and_then(|value| value.flag()),
            catalog_edits: fields.get("catalog_edits").and_then(|value| value.flag()),
            fast_rebuild: fields.get("fast_rebuild").and_then(|value| value.flag()),
            before_run: fields.get("before_run").and_then(|value| hook::read(&value)),
            after_run: fields.get("after_run").and_then(|value| hook::read(&value)),
            before_revision: fields.get("before_revision").and_then(|value| hook::read(&value)),
            after_revision: fields.get("after_revision").and_then(|value| hook::read(&value)),
            post_write: fields.get("post_write").and_then(|value| hook::read_commands(&value)),
            lint: fields.get("lint").map(|value| read_levels(&value)).unwrap_or_default(),
        }
    }

    /// These settings, and those of another table where these say nothing.
    fn or(self, other: Written<'a>) -> Written<'a> {
        let has_database = self.database.is_some();
        Written {
            // One database that is named here takes the place of the many that are listed there, and many here that of
            // one there: what is asked of one place is never done to another.
            database: self.database.or(if self.databases.is_some() { None } else { other.database }),
            databases: self.databases.or(if has_database { None } else { other.databases }),
            versions: self.versions.or(other.versions),
            model: self.model.or(other.model),
            version_table: self.version_table.or(other.version_table),
            ignore: self.ignore.or(other.ignore),
            target_sqlite: self.target_sqlite.or(other.target_sqlite),
            column_order: self.column_order.or(other.column_order),
            mirror: self.mirror.or(other.mirror),
            drift: self.drift.or(other.drift),
            backup: self.backup.or(other.backup),
            backups_kept: self.backups_kept.or(other.backups_kept),
            backups_size: self.backups_size.or(other.backups_size),
            keep_dropped: self.keep_dropped.or(other.keep_dropped),
            catalog_edits: self.catalog_edits.or(other.catalog_edits),
            fast_rebuild: self.fast_rebuild.or(other.fast_rebuild),
            before_run: self.before_run.or(other.before_run),
            after_run: self.after_run.or(other.after_run),
            before_revision: self.before_revision.or(other.before_revision),
            after_revision: self.after_revision.or(other.after_revision),
            post_write: self.post_write.or(other.post_write),
            lint: [other.lint, self.lint].concat(),
        }
    }
}

/// A string or a list of strings, at least one.
fn some_texts<'a>(value: &Value<'a>) -> Option<Vec<Text<'a>>> {
    let texts = texts(value)?;
    if texts.is_empty() {
        value.mistake(Diagnostic::new("empty", format!("`{}` is empty, expected at least one name", value.key())));
    }
    Some(texts)
}

/// A string or a list of strings.
fn texts<'a>(value: &Value<'a>) -> Option<Vec<Text<'a>>> {
    let items = value.one_or_many();
    items.iter().map(|item| item.text_or("a string or a list of strings")).collect()
}

/// One of a few words, in any case.
pub(super) fn one_of<T: Copy>(value: &Value<'_>, choices: &[(&str, T)]) -> Option<T> {
    let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
    if !value.kind().is_str() {
        value.wrong_type(&format!("one of {}", list(&words)));
        return None;
    }
    let text = value.text()?;
    let found = choices.iter().find(|(word, _)| word.eq_ignore_ascii_case(text.as_str()));
    if found.is_none() {
        let message = format!("`{}` takes one of {}, found `{}`", value.key(), list(&words), text.as_str());
        let mut mistake = Diagnostic::new("bad_value", message);
        mistake.help = nearest(text.as_str(), words).map(|meant| format!("did you mean `{meant}`?"));
        text.mistake(mistake);
    }
    found.map(|(_, choice)| *choice)
}

fn read_version(value: &Value<'_>) -> Option<SqliteVersion> {
    let text = value.text_or("a version in quotes, such as `\"3.45\"`")?;
    SqliteVersion::from_str(text.as_str())
        .map_err(|error| text.mistake(Diagnostic::new("bad_value", error.to_string())))
        .ok()
}

fn read_levels(value: &Value<'_>) -> Vec<LintSetting> {
    let fields = value.fields("`lint`");
    let levels = fields.iter().flat_map(Fields::all).filter_map(|value| {
        let level = one_of(&value, &Level::ALL)?;
        Some(LintSetting { code: value.key().to_owned(), level, place: value.key_place() })
    });
    levels.collect()
}

fn read_ignore(list: &[Text<'_>]) -> Ignore {
    let good = |text: &&Text<'_>| {
        Ignore::glob(text.as_str())
            .map_err(|error| text.mistake(Diagnostic::new("bad_pattern", error.to_string())))
            .is_ok()
    };
    let patterns = list.iter().filter(good).map(|text| text.as_str().to_owned()).collect();
    Ignore::new(patterns).unwrap_or_default()
}

/// The texts with their variables put in; a text that cannot be expanded is noted and left out.
fn all_expanded(list: &[Text<'_>], lookup: &Lookup<'_>) -> Vec<String> {
    list.iter().filter_map(|text| noted(text, lookup)).collect()
}

fn noted(text: &Text<'_>, lookup: &Lookup<'_>) -> Option<String> {
    expanded(text, lookup).map_err(|mistake| text.mistake_elsewhere(mistake)).ok()
}

/// The text with its variables put in.
pub(super) fn expanded(text: &Text<'_>, lookup: &Lookup<'_>) -> Result<String, Diagnostic> {
    match expand(text.as_str(), lookup) {
        Ok(expanded) if expanded.is_empty() => {
            Err(Diagnostic::new("empty", "an empty string, expected a name").at(text.place()))
        }
        Ok(expanded) => Ok(expanded),
        Err(Unexpanded::NotSet { variable, at }) => {
            Err(Diagnostic::new("variable_not_set", format!("the environment variable `{variable}` is not set"))
                .at(text.place_of(at))
                .help(format!("set it, or give a default: `${{{variable}:-…}}`")))
        }
        Err(Unexpanded::Malformed { at }) => {
            Err(Diagnostic::new("bad_variable", "not the name of an environment variable")
                .at(text.place_of(at))
                .help("write `${NAME}` or `${NAME:-default}`; `$${` stands for `${` itself"))
        }
    }
}

/// Objects beside the settings would not be read where `model` names other files.
fn forbid_model(root: &Fields<'_>) {
    for value in MODEL_KEYS.iter().filter_map(|key| root.get(key)) {
        let message = format!("`{}` beside the settings, while `model` names other files", value.key());
        let help = "move it to one of those files, or add this file to `model`";
        value.mistake(Diagnostic::new("model_elsewhere", message).help(help));
    }
}

fn unknown_environment(name: &str, known: &[String]) -> Error {
    Error::UnknownEnvironment {
        name: name.to_owned(),
        nearest: nearest(name, known.iter().map(String::as_str)).map(str::to_owned),
        known: known.to_vec(),
    }
}
