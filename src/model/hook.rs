//! `before_run`, `after_run`, `before_revision`, `after_revision`, `post_write`: what the settings run beside revisions.
//!
//! Read from the settings alone: no file of the model and no script can add any.

use super::environment::Lookup;
use super::settings::expanded;
use super::toml_reader::{Text, Value};
use crate::report::{Diagnostic, Place};

/// The hooks of one environment, each list in the order of the file.
#[derive(Debug, Clone, Default)]
pub struct Hooks {
    /// Before the first revision of a run.
    pub before_run: Vec<Hook>,
    /// After the last revision of a run.
    pub after_run: Vec<Hook>,
    /// Before each revision.
    pub before_revision: Vec<Hook>,
    /// After each revision.
    pub after_revision: Vec<Hook>,
    /// After a new script is written.
    pub post_write: Vec<Hook>,
}

impl Hooks {
    /// Whether there is any beside runs and revisions.
    #[must_use]
    pub fn are_beside_runs(&self) -> bool {
        let Hooks { before_run, after_run, before_revision, after_revision, post_write: _ } = self;
        [before_run, after_run, before_revision, after_revision].iter().any(|hooks| !hooks.is_empty())
    }

    /// Whether there is any between revisions.
    #[must_use]
    pub fn are_around_revisions(&self) -> bool {
        !self.before_revision.is_empty() || !self.after_revision.is_empty()
    }
}

/// Something to be run.
#[derive(Debug, Clone)]
pub struct Hook {
    /// What the text is.
    pub kind: HookKind,
    /// The text with its variables put in, or what is wrong with them: that counts when it is to run, not before.
    pub text: Result<String, Diagnostic>,
    /// Where it stands.
    pub place: Place,
}

/// What the text of a hook is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HookKind {
    /// A command for the shell.
    Command,
    /// Statements.
    Sql,
    /// The path of a file with statements, from the folder of the settings.
    File,
}

/// A hook as it is written, nothing expanded.
pub(super) struct Written<'a> {
    kind: HookKind,
    text: Text<'a>,
}

const EXPECTED: &str = "a command, or `{ sql = \"…\" }` or `{ file = \"…\" }`, or a list of these";

/// Reads one or several.
pub(super) fn read<'a>(value: &Value<'a>) -> Option<Vec<Written<'a>>> {
    value.one_or_many().iter().map(read_one).collect()
}

/// Reads those that can only be commands.
pub(super) fn read_commands<'a>(value: &Value<'a>) -> Option<Vec<Written<'a>>> {
    let command = |item: &Value<'a>| {
        let text = item.text_or("a command or a list of commands")?;
        Some(Written { kind: HookKind::Command, text })
    };
    value.one_or_many().iter().map(command).collect()
}

fn read_one<'a>(value: &Value<'a>) -> Option<Written<'a>> {
    if value.kind().is_str() {
        return Some(Written { kind: HookKind::Command, text: value.text()? });
    }
    let fields = value.fields_or("a hook", EXPECTED)?;
    let (sql, file) = (fields.text("sql"), fields.text("file"));
    let place = fields.place();
    fields.finish();
    match (sql, file) {
        (Some(text), None) => Some(Written { kind: HookKind::Sql, text }),
        (None, Some(text)) => Some(Written { kind: HookKind::File, text }),
        _ => {
            value.mistake(Diagnostic::new("bad_hook", format!("a hook takes {EXPECTED}")).at(place));
            None
        }
    }
}

/// The hooks with their variables put in.
pub(super) fn choose(written: Option<Vec<Written<'_>>>, lookup: &Lookup<'_>) -> Vec<Hook> {
    let hook = |Written { kind, text }| Hook { kind, text: expanded(&text, lookup), place: text.place() };
    written.into_iter().flatten().map(hook).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::{Error, Settings};
    use crate::report::{Report, Source};

    fn settings(text: &str, environment: Option<&str>) -> Result<Settings, Error> {
        let source = Arc::new(Source { path: "migrations.toml".to_owned(), text: text.to_owned() });
        Settings::read(&source, environment, &|name| (name == "WHO").then(|| "ops".to_owned()))
    }

    #[test]
    fn an_environment_has_hooks_of_its_own_or_none() {
        let text = "[schemactl]\nbefore_run = ['mail ${WHO}', { sql = 'ANALYZE' }]\nafter_run = { file = 'a.sql' }\n\
                    post_write = 'fmt {file}'\n[environments.x]\nbefore_run = []\nafter_revision = 'x ${NOT_SET}'\n";
        let hooks = settings(text, None).unwrap().hooks;
        let told = |hook: &Hook| (hook.kind, hook.text.clone().ok());
        let told = |hooks: &[Hook]| hooks.iter().map(told).collect::<Vec<_>>();
        let some = |kind, text: &str| (kind, Some(text.to_owned()));
        assert_eq!(told(&hooks.before_run), [some(HookKind::Command, "mail ops"), some(HookKind::Sql, "ANALYZE")]);
        assert_eq!(told(&hooks.after_run), [some(HookKind::File, "a.sql")]);
        assert_eq!(told(&hooks.post_write), [some(HookKind::Command, "fmt {file}")]);
        let hooks = settings(text, Some("x")).unwrap().hooks;
        assert!(hooks.before_run.is_empty() && hooks.after_run.len() == 1);
        // A variable that is missing counts when the hook is to run.
        assert_eq!(hooks.after_revision[0].text.as_ref().unwrap_err().code, "variable_not_set");
    }

    #[test]
    fn what_is_no_hook_is_told_in_its_place() {
        for (value, code) in [
            ("before_run = 1", "wrong_type"),
            ("before_run = { }", "bad_hook"),
            ("before_run = { sql = 'a', file = 'b' }", "bad_hook"),
            ("before_run = { command = 'a', sql = 'b' }", "unknown_key"),
            ("post_write = { sql = 'a' }", "wrong_type"),
        ] {
            let error = settings(&format!("[schemactl]\n{value}\n"), None).unwrap_err();
            assert_eq!(error.diagnostics()[0].code, code, "{value}");
            assert!(error.diagnostics()[0].place.is_some(), "{value}");
        }
    }

    #[test]
    fn a_file_of_the_model_has_no_hooks() {
        let error = settings("[tables.t]\nbefore_run = 'x'\n[tables.t.columns]\na = ''\n", None)
            .map(|settings| crate::model::Model::read(&[Arc::clone(settings.source.as_ref().unwrap())], &settings));
        assert!(error.unwrap().is_err());
    }
}
