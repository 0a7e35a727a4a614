//! `rebase`: puts a line of revisions that is not applied yet on top of another head.
//!
//! A script that does on its new parent what it did on the old one is kept; one that a plan has written is written
//! again; any other is refused. Every step is shown on scratch databases before a file is touched.

use std::path::PathBuf;
use std::sync::Arc;

use crate::database::{Scratch, gate};
use crate::diff::{self, Change, ColumnOrder, Renames};
use crate::model::Intent;
use crate::plan::{self, Draft, RowWork, write_section};
use crate::report::{Class, Diagnostic, Failure};
use crate::revision::{
    Graph, HeaderKey, Mention, Revision, RevisionId, Rewrite, Script, Scripts, Target, replace_files,
};
use crate::schema::Schema;
use crate::sql;

use super::{Project, State, flow, merge, replay};

/// What became of a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Treatment {
    /// Its SQL does on the new parent what it did on the old one.
    Kept,
    /// Its SQL was planned again.
    Regenerated,
}

impl Treatment {
    /// `kept` or `regenerated`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Treatment::Kept => "kept",
            Treatment::Regenerated => "regenerated",
        }
    }
}

/// A script as it is to be.
#[derive(Debug, Clone)]
pub struct Moved {
    /// The script with its new text; nothing is written yet.
    pub script: Script,
    /// What became of its SQL.
    pub treatment: Treatment,
    /// Whether it changes rows by statements of its own, which no replay without rows can judge.
    pub changes_rows: bool,
}

/// A line of revisions on its new place.
#[derive(Debug, Clone)]
pub struct Rebased {
    /// The revision that it follows now.
    pub onto: Mention,
    /// Its scripts, each after all that it needs; none if it was there already.
    pub moved: Vec<Moved>,
}

/// Finds what moves where, and shows on scratch databases that it is right there.
///
/// # Errors
/// When the lines cannot be told, something that would move is applied, or a script written by hand does not do on the
/// new parent what it did on the old one.
///
/// # Panics
/// Never: the graph of the files knows the revisions that it has named.
pub fn prepare(
    project: &Project,
    state: &State,
    line: Option<&Target>,
    onto: Option<&Target>,
) -> Result<Rebased, Failure> {
    let files = state.graph.of_scripts();
    let rebase = files.rebase(&state.applied, line, onto)?;
    let onto = Mention::from(files.get(&rebase.onto).expect("the graph has named it"));
    let script_of = |id: &RevisionId| files.script(id).expect("all revisions of the folders have scripts");
    let mut scripts: Vec<Arc<Script>> = files.all_scripts().cloned().collect();
    for (id, parents) in &rebase.moved {
        let rewrite = Rewrite { parents: Some(parents), ..Rewrite::default() };
        put(&mut scripts, script_of(id).rewritten(&rewrite)?);
    }
    let mut moved = Vec::new();
    for (id, _) in &rebase.moved {
        let graph = Graph::new(Scripts { scripts: scripts.clone(), problems: Vec::new() });
        if let Some(problem) = graph.problems().first() {
            return Err(problem.clone().into());
        }
        let place = Place {
            project,
            before: before(project, &files, id)?,
            base: before(project, &graph, id)?,
            script: graph.script(id).expect("it was put there"),
            onto: &onto,
        };
        let one = place.settle()?;
        put(&mut scripts, one.script.clone());
        moved.push(one);
    }
    Ok(Rebased { onto, moved })
}

/// Writes the scripts, all of them or none. The one that hangs the line on its new parent is the last: a run that was
/// killed in between can be repeated.
///
/// # Errors
/// When a file cannot be written.
pub fn write(rebased: &Rebased) -> Result<(), Failure> {
    let file = |moved: &Moved| (PathBuf::from(moved.script.path()), moved.script.file_text());
    let files: Vec<(PathBuf, String)> = rebased.moved.iter().rev().map(file).collect();
    Ok(replace_files(&files)?)
}

fn put(scripts: &mut [Arc<Script>], script: Script) {
    if let Some(old) = scripts.iter_mut().find(|old| old.revision.id == script.revision.id) {
        *old = Arc::new(script);
    }
}

/// The schema on which a revision of the graph runs.
fn before(project: &Project, graph: &Graph, id: &RevisionId) -> Result<Schema, Failure> {
    let mut applied = graph.applied_at([id]);
    applied.remove(id);
    replay::schema_of(project, graph, &applied)
}

/// A script between its old place and its new one.
struct Place<'a> {
    project: &'a Project,
    /// The schema on which it ran.
    before: Schema,
    /// The schema on which it is to run.
    base: Schema,
    /// The script, with its new parents.
    script: &'a Script,
    onto: &'a Mention,
}

impl Place<'_> {
    fn settle(&self) -> Result<Moved, Failure> {
        let after = self.run(&self.before)?;
        let wanted = diff::three_way(&self.before, &after, &self.base).map_err(|clashes| self.clash(clashes))?;
        let is_generated = self.script.revision.schema.is_some();
        let changes_rows = merge::changes_rows(self.script.up.sql(), is_generated);
        let misfit = match self.misfit(&wanted) {
            Ok(schema) => {
                let script = self.with(&schema, None)?;
                return Ok(Moved { script, treatment: Treatment::Kept, changes_rows });
            }
            Err(misfit) => misfit,
        };
        let intent = self.intent(&after);
        let again = self.plan(&self.before, &after, &intent).ok().filter(|(draft, up)| self.is_text(draft, up));
        if again.is_none() {
            return Err(self.refusal(&misfit));
        }
        let (draft, up) = self.plan(&self.base, &wanted, &intent)?;
        let script = self.with(&draft.schema, Some((&up, &draft)))?;
        Ok(Moved { script, treatment: Treatment::Regenerated, changes_rows: false })
    }

    /// The schema that the script makes of another.
    fn run(&self, schema: &Schema) -> Result<Schema, Failure> {
        let mut scratch = Scratch::build(schema)?;
        replay::run_section(&mut scratch, &self.script.revision.id, &self.script.up)?;
        Ok(scratch.schema(&self.project.filter()?)?)
    }

    /// The schema that the script makes on its new place, or what is wrong with it there, a sentence each.
    fn misfit(&self, wanted: &Schema) -> Result<Schema, Vec<String>> {
        let words = |failure: &Failure| -> Vec<String> {
            failure.diagnostics().iter().map(|diagnostic| diagnostic.message.clone()).collect()
        };
        let after = self.run(&self.base).map_err(|failure| words(&failure))?;
        let differences = |actual: &Schema, wanted: &Schema, order: ColumnOrder| -> Vec<String> {
            let changes = diff::diff(actual, wanted, &Renames::default(), order);
            changes.iter().flat_map(Change::lines).map(|line| line.text).collect()
        };
        let lost = differences(&after, wanted, ColumnOrder::Loose);
        if !lost.is_empty() {
            return Err(lost.into_iter().map(|line| format!("the script would leave undone: {line}")).collect());
        }
        if let Some(down) = self.script.down.as_ref().filter(|_| self.script.revision.irreversible.is_none()) {
            let back = || -> Result<Schema, Failure> {
                let mut scratch = Scratch::build(&after)?;
                replay::run_section(&mut scratch, &self.script.revision.id, down)?;
                Ok(scratch.schema(&self.project.filter()?)?)
            };
            let back = back().map_err(|failure| words(&failure))?;
            let left = differences(&back, &self.base, ColumnOrder::Strict);
            if !left.is_empty() {
                return Err(left.into_iter().map(|line| format!("its way down would leave undone: {line}")).collect());
            }
        }
        Ok(after)
    }

    /// What the script means beside its changes: the model says it still, and renames stand in the script itself.
    fn intent(&self, after: &Schema) -> Intent {
        let mut intent = self.project.model().map(|model| model.intent.clone()).unwrap_or_default();
        let written = flow::renames(self.script.up.sql(), &self.before, after);
        intent.renames.tables.extend(written.tables.clone());
        intent.renames.columns.extend(written.columns.clone());
        intent.renames = diff::resolve_renames(&self.before, after, &intent.renames).unwrap_or(written);
        intent
    }

    /// A proved plan between two schemas, and its way up with the questions to the rows before it.
    fn plan(&self, before: &Schema, after: &Schema, intent: &Intent) -> Result<(Draft, String), Failure> {
        let options = self.project.plan_options();
        let changes = diff::diff(before, after, &intent.renames, options.column_order);
        let gates = plan::gate::gates(before, &changes, &RowWork::from_intent(intent));
        let draft = if self.project.settings.keep_dropped {
            plan::draft_keeping(before, after, intent, options, &self.script.revision.id)?
        } else {
            plan::draft(before, after, intent, options)?
        };
        let mut up = gate::write(&gates);
        if !up.is_empty() {
            up.push('\n');
        }
        up.push_str(&write_section(&draft.up));
        Ok((draft, up))
    }

    /// Whether the script is what a plan has written, to the letter.
    fn is_text(&self, draft: &Draft, up: &str) -> bool {
        let same = |section: &str, planned: &str| section.replace("\r\n", "\n").trim() == planned.trim();
        let down = self.script.down.as_ref();
        same(self.script.up.sql(), up) && down.is_some_and(|down| same(down.sql(), &write_section(&draft.down)))
    }

    /// The script with the fingerprint of the schema that it makes, if it had one, and with other sections.
    fn with(&self, schema: &Schema, sections: Option<(&str, &Draft)>) -> Result<Script, Failure> {
        let Revision { schema: promised, .. } = &self.script.revision;
        let fingerprint = promised.as_ref().map(|_| sql::fingerprint(schema));
        let down = sections.map(|(_, draft)| write_section(&draft.down)).unwrap_or_default();
        let sections = sections.map(|(up, draft)| (up, down.as_str(), draft.requires));
        let rewrite = Rewrite { parents: None, schema: fingerprint.as_deref(), sections };
        Ok(self.script.rewritten(&rewrite)?)
    }

    fn clash(&self, clashes: Vec<String>) -> Failure {
        let words = format!("`{}` and the line of `{}` both change the same", self.script.revision.id, self.onto.id);
        let mut diagnostic = Diagnostic::new("clash", words).at(self.script.place_of(HeaderKey::Parents));
        diagnostic.notes = clashes;
        let help = "nothing was written; say in the script what is to become of it, or remove the script and write the \
                    revision again: `schemactl revision --autogenerate`";
        Failure::new(Class::Input, diagnostic.help(help))
    }

    fn refusal(&self, misfit: &[String]) -> Failure {
        let words = format!(
            "`{}` is written or edited by hand and does not do on `{}` what it did before",
            self.script.revision.id, self.onto.id
        );
        let mut diagnostic = Diagnostic::new("does_not_fit", words).at(self.script.up.whole());
        diagnostic.notes = misfit.to_vec();
        let help = "nothing was written; change the script so that it fits both places, or join the lines: \
                    `schemactl merge heads`";
        Failure::new(Class::Input, diagnostic.help(help))
    }
}
