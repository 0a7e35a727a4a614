//! `revision --autogenerate`, `check` and `diff`: what the model changes, and a proved script that does it.

use rusqlite::Connection;

use crate::database::{Scratch, StandIns, check, gate, introspect, needs, scratch};
use crate::diff::{self, Change, Line, LineKind, LookAlike, RenameSubject, Renames};
use crate::model::{self, Blame, Model};
use crate::plan::{self, Draft, RowWork};
use crate::report::{Class, Diagnostic, Failure, count};
use crate::revision::{Op, RevisionId, Target, Word};
use crate::schema::{Name, ObjectKind, ObjectRef, Schema, Trigger};

use super::{Project, Rows, State, discard, oldest, renames, slips, status};

/// How a drop and an add that look alike are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LookAlikes {
    /// Nobody has said what they are: they are refused.
    Refuse,
    /// They are what they say: a drop and an add.
    Separate,
}

/// The model against a schema.
#[derive(Debug)]
pub struct Comparison {
    /// The schema that is there.
    pub actual: Schema,
    /// The schema that the model describes, read back from a scratch database.
    pub wanted: Schema,
    /// What the model says beside the schema, with the renames that are to be carried out.
    pub intent: crate::model::Intent,
    /// The changes that lead from one to the other.
    pub changes: Vec<Change>,
    /// What is worth a word and stops nothing.
    pub warnings: Vec<Diagnostic>,
    /// Renames of the model that find nothing to rename while something goes. No script is written over them.
    pub unmet_renames: Vec<Diagnostic>,
}

impl Comparison {
    /// What is to be said where the changes are only looked at.
    pub fn doubts(&self) -> impl Iterator<Item = &Diagnostic> {
        self.warnings.iter().chain(&self.unmet_renames)
    }

    /// The changes, a sentence each.
    #[must_use]
    pub fn lines(&self) -> Vec<Line> {
        self.changes.iter().flat_map(Change::lines).collect()
    }

    /// The wanted tables that are new or of which columns are.
    #[must_use]
    pub fn written(&self) -> Schema {
        let lines = self.lines();
        let is_written = |name: &Name| {
            lines.iter().any(|line| {
                let is_of_columns =
                    matches!(line.kind, LineKind::AddTable | LineKind::AddColumn | LineKind::AlterColumn);
                is_of_columns && line.table.as_ref() == Some(name)
            })
        };
        let tables = self.wanted.tables.iter().filter(|(name, _)| is_written(name));
        Schema { tables: tables.map(|(name, table)| (name.clone(), table.clone())).collect(), ..Schema::default() }
    }

    /// Pairs of a drop and an add that may be renames.
    #[must_use]
    pub fn look_alikes(&self) -> Vec<LookAlike> {
        diff::look_alikes(&self.changes)
    }
}

/// Refuses to compare a database that is not at the head of its revisions, or has revisions of another branch: changes
/// would be found that are only not run yet, or that nobody here wants.
///
/// # Errors
/// When revisions are to be run or taken back first, or the graph does not hang together.
pub fn require_head(state: &State) -> Result<(), Failure> {
    if let Some(diagnostic) = status::no_file(state) {
        return Err(Failure::new(Class::No, diagnostic));
    }
    let route = state.graph.upgrade(&state.applied, &Target::of(Word::Heads))?;
    let behind = route.steps.iter().filter(|step| step.op == Op::Upgrade).count();
    if behind == 0 {
        return Ok(());
    }
    let diagnostic =
        Diagnostic::new("behind", format!("the database is behind: {} to run first", count(behind, "revision")));
    let heads = state.graph.heads().len();
    let target = if heads > 1 { "heads" } else { "head" };
    Err(Failure::new(Class::No, diagnostic.help(format!("run `schemactl upgrade {target}`"))))
}

/// The schema that is there: that of the database, or an empty one if there is no database yet.
///
/// # Errors
/// When it cannot be read.
pub fn actual_schema(project: &Project, connection: Option<&Connection>) -> Result<Schema, Failure> {
    match connection {
        Some(connection) => Ok(introspect::read(connection, &project.filter()?)?),
        None => Ok(Schema::default()),
    }
}

/// Compares the model with a schema.
///
/// `asked` are the renames of the command line, beside those of the model.
///
/// # Errors
/// When the model is mistaken, SQLite refuses it, its renames contradict the schemas, or those of the command line name
/// what is not there.
pub fn compare(project: &Project, actual: Schema, asked: &Renames) -> Result<Comparison, Failure> {
    let model = project.model()?;
    let (wanted, mut warnings) = wanted_schema(project, &model, &actual)?;
    let mut intent = model.intent.clone();
    intent.renames.tables.extend(asked.tables.clone());
    intent.renames.columns.extend(asked.columns.clone());
    intent.renames.indexes.extend(asked.indexes.clone());
    intent.renames = diff::resolve_renames(&actual, &wanted, &intent.renames)?;
    let mistaken = renames::of_command_line(asked, &intent.renames, &actual, &wanted);
    if !mistaken.is_empty() {
        return Err(Failure::all(Class::Input, mistaken));
    }
    let changes = diff::diff(&actual, &wanted, &intent.renames, project.settings.column_order);
    warnings.extend(slips::of_row_work(&model, &actual, &wanted, &changes));
    let unmet_renames = renames::of_model(&model, &actual, &changes);
    Ok(Comparison { actual, wanted, intent, changes, warnings, unmet_renames })
}

/// The schema of a model as SQLite understands it. What is wrong with it already in the database stops nothing.
fn wanted_schema(project: &Project, model: &Model, actual: &Schema) -> Result<(Schema, Vec<Diagnostic>), Failure> {
    if is_there(project, model, actual) {
        return Ok((model.schema.clone(), Vec::new()));
    }
    // What the database has already is asked only where something is to be held against it.
    if let Some(wanted) = flawless(project, model)? {
        let mistakes = left_alone(project, model, &wanted);
        return if mistakes.is_empty() { Ok((wanted, Vec::new())) } else { Err(Failure::all(Class::Input, mistakes)) };
    }
    let known = known_findings(actual)?;
    let mut scratch = build(model, &known.stand_ins)?;
    let wanted = scratch.schema(&project.filter()?)?;
    let mut warnings = Vec::new();
    let mut mistakes = left_alone(project, model, &wanted);
    for finding in scratch.check(&wanted)? {
        let is_known = known.findings.contains(&finding) || model.unchecked.contains(&finding.object);
        // What is wrong with foreign keys the model has told already, but for those that are so on purpose.
        if is_known || is_about_ignored(project, &finding) || finding.problem == check::Problem::ForeignKey {
            continue;
        }
        let code = match finding.problem {
            check::Problem::DoesNotCompile => "does_not_compile",
            check::Problem::ForeignKey => continue,
            check::Problem::NeverFires => "never_fires",
            check::Problem::String => "double_quoted_string",
        };
        let diagnostic = Diagnostic::new(code, format!("{}: {}", finding.object, finding.message));
        let blame = Blame { object: &finding.object, message: &finding.message, token: None };
        let diagnostic = blamed(model, blame, diagnostic);
        match finding.problem {
            check::Problem::DoesNotCompile => mistakes.push(diagnostic),
            _ => warnings.push(diagnostic),
        }
    }
    if let Some(notice) = scratch.stand_ins().notice() {
        warnings.push(Diagnostic::new("stand_ins", notice));
    }
    if mistakes.is_empty() { Ok((wanted, warnings)) } else { Err(Failure::all(Class::Input, mistakes)) }
}

/// Whether a schema that SQLite has taken already is all that a model asks for, and nothing is to be said of it. What is
/// written in a model is read back from SQLite as it was written; it is built only where it may have to be changed, or
/// may lean on what an application has.
fn is_there(project: &Project, model: &Model, actual: &Schema) -> bool {
    let differences = || diff::diff(actual, &model.schema, &Renames::default(), project.settings.column_order);
    !needs::may_need_application(&model.schema) && differences().is_empty()
}

/// The schema of a model that SQLite takes as it is, and in which nothing is found.
fn flawless(project: &Project, model: &Model) -> Result<Option<Schema>, Failure> {
    let Ok(mut scratch) = Scratch::build_as_written(&model.schema, &StandIns::default()) else { return Ok(None) };
    let wanted = scratch.schema(&project.filter()?)?;
    let is_flawless = scratch.check(&wanted)?.is_empty() && scratch.stand_ins().is_empty();
    Ok(is_flawless.then_some(wanted))
}

struct Known {
    findings: Vec<check::Finding>,
    stand_ins: StandIns,
}

fn known_findings(actual: &Schema) -> Result<Known, Failure> {
    let mut scratch = Scratch::build(actual)?;
    let findings = scratch.check(actual)?;
    Ok(Known { findings, stand_ins: scratch.stand_ins().clone() })
}

/// Whether a finding is only that a table which is left out on purpose is not there.
fn is_about_ignored(project: &Project, finding: &check::Finding) -> bool {
    finding.missing_table().is_some_and(|table| project.settings.ignore.covers(&table))
}

/// The objects of the model that are none of its business, so that they would be passed over in silence: what
/// `ignore` covers, what other tools keep their versions in, schemactl's own.
fn left_alone(project: &Project, model: &Model, wanted: &Schema) -> Vec<Diagnostic> {
    let Schema { tables, virtual_tables, views, triggers } = &model.schema;
    let tables = tables.keys().filter(|name| !wanted.tables.contains_key(*name)).map(|name| (ObjectKind::Table, name));
    let virtual_tables = virtual_tables.keys().filter(|name| !wanted.virtual_tables.contains_key(*name));
    let views = views.keys().filter(|name| !wanted.views.contains_key(*name));
    // A trigger goes with its table.
    let is_on_hidden = |trigger: &Trigger| {
        model.schema.tables.contains_key(&trigger.table) && !wanted.tables.contains_key(&trigger.table)
    };
    let triggers =
        triggers.values().filter(|trigger| !wanted.triggers.contains_key(&trigger.name) && !is_on_hidden(trigger));
    let others =
        virtual_tables.map(|name| (ObjectKind::VirtualTable, name)).chain(views.map(|name| (ObjectKind::View, name)));
    let triggers = triggers.map(|trigger| (ObjectKind::Trigger, &trigger.name));
    tables
        .chain(others)
        .chain(triggers)
        .map(|(kind, name)| {
            let object = ObjectRef::new(kind, name);
            let (why, help) = if project.settings.ignore.covers(name) {
                ("its name matches a pattern of `ignore`", "take it out of the model, or narrow the pattern")
            } else if *name == project.settings.version_table || name.folded().starts_with("schemactl_") {
                ("its name is one that schemactl keeps for itself", "take it out of the model, or give it another name")
            } else {
                ("it is where another tool keeps its versions", "take it out of the model, or give it another name")
            };
            let mut diagnostic = Diagnostic::new("left_alone", format!("{object} is left alone: {why}")).help(help);
            diagnostic.place = model.place(&object, None).cloned();
            diagnostic
        })
        .collect()
}

/// A diagnostic with the place that is to blame and the name that was probably meant.
fn blamed(model: &Model, blame: Blame<'_>, mut diagnostic: Diagnostic) -> Diagnostic {
    diagnostic.place = model.place_of_blame(blame);
    if diagnostic.help.is_none() {
        diagnostic.help = model.nearest_to_blame(blame).map(|meant| format!("did you mean `{meant}`?"));
    }
    diagnostic.label(blame.message)
}

/// More refused objects than these are not told: what follows them is noise.
const MOST_REFUSED: usize = 20;

/// Builds the schema of a model. An object that SQLite refuses is left out, and the others are tried without it, so
/// that all that is refused is told in one run.
pub fn build(model: &Model, known: &StandIns) -> Result<Scratch, Failure> {
    let mut schema = model.schema.clone();
    let mut mistakes = Vec::new();
    loop {
        match Scratch::build_as_written(&schema, known) {
            Ok(scratch) if mistakes.is_empty() => return Ok(scratch),
            Ok(_) => return Err(Failure::all(Class::Input, mistakes)),
            Err(error) => {
                mistakes.push(refused(model, &error));
                if !remove(&mut schema, &error.object) || mistakes.len() == MOST_REFUSED {
                    return Err(Failure::all(Class::Input, mistakes));
                }
            }
        }
    }
}

/// Takes an object out of a schema, with what hangs on it; `false` if it is not there.
fn remove(schema: &mut Schema, object: &ObjectRef) -> bool {
    let ObjectRef { kind, name } = object;
    let is_there = match kind {
        ObjectKind::Table => schema.tables.shift_remove(name).is_some(),
        ObjectKind::VirtualTable => schema.virtual_tables.shift_remove(name).is_some(),
        ObjectKind::View => schema.views.shift_remove(name).is_some(),
        ObjectKind::Trigger => return schema.triggers.shift_remove(name).is_some(),
        ObjectKind::Index => {
            return schema.tables.values_mut().any(|table| table.indexes.shift_remove(name).is_some());
        }
    };
    schema.triggers.retain(|_, trigger| trigger.table != *name);
    is_there
}

/// What SQLite says against an object of the model, with its place in the model.
fn refused(model: &Model, error: &scratch::BuildError) -> Diagnostic {
    let mut diagnostic = Diagnostic::new("refused_by_sqlite", error.to_string());
    diagnostic.help = error.nearest.as_ref().map(|meant| format!("did you mean `{meant}`?"));
    let token = error.offset.map(|offset| (error.sql.as_str(), offset));
    let diagnostic = blamed(model, Blame { object: &error.object, message: &error.message, token }, diagnostic);
    if diagnostic.place.is_some() { diagnostic } else { diagnostic.note(format!("the statement is: {}", error.sql)) }
}

/// A proved script for the changes of a comparison, and the questions to the rows that it carries. Where the settings
/// want it, what the script drops is kept aside under the name of its revision.
///
/// # Errors
/// When a rename finds nothing to rename while something goes; when a drop and an add look alike and nobody has said
/// what they are; when the oldest SQLite of the settings could not read the schema; when rows of the database refuse a
/// change; when no script can be proved.
pub fn draft(
    project: &Project,
    comparison: &Comparison,
    connection: Option<&Connection>,
    look_alikes: LookAlikes,
    revision: &RevisionId,
) -> Result<(Draft, Vec<gate::Gate>), Failure> {
    refuse_unmet_renames(comparison)?;
    if look_alikes == LookAlikes::Refuse {
        refuse_look_alikes(comparison)?;
    }
    oldest::refuse_too_new(project, comparison)?;
    let rows = RowWork::from_intent(&comparison.intent);
    let gates = plan::gate::gates(&comparison.actual, &comparison.changes, &rows);
    if let Some(connection) = connection {
        ask(&project.rows(connection)?, &gates)?;
    }
    let Comparison { actual, wanted, intent, .. } = comparison;
    let planned = if project.settings.keep_dropped {
        plan::draft_keeping(actual, wanted, intent, project.plan_options(), revision)
    } else {
        plan::draft(actual, wanted, intent, project.plan_options())
    };
    match planned {
        Ok(draft) => Ok((draft, gates)),
        Err(error) => {
            let model = project.model()?;
            Err(slips::blamed(&model, intent, wanted, &error).unwrap_or_else(|| error.into()))
        }
    }
}

/// Asks a database whether its rows refuse a change.
///
/// # Errors
/// One diagnostic for each gate that finds rows, with their number and up to five of them.
pub fn ask(rows: &Rows<'_>, gates: &[gate::Gate]) -> Result<(), Failure> {
    let mut refusals = Vec::new();
    for gate in gates {
        let found = rows.offending(gate).map_err(|error| {
            let diagnostic = Diagnostic::new("gate", format!("cannot look for {}: {error}", gate.violation));
            Failure::new(Class::Database, diagnostic.note(gate.sql.clone()))
        })?;
        if let Some(found) = found {
            let mut diagnostic =
                Diagnostic::new("rows_refuse", format!("{} ({})", gate.violation, count(found.number, "row")));
            diagnostic.notes.push(format!("such as {}", found.examples.join("; ")));
            refusals.push(diagnostic.help(gate.help.clone()));
        }
    }
    if refusals.is_empty() { Ok(()) } else { Err(Failure::all(Class::No, refusals)) }
}

/// Refuses changes that drop something while a rename of the model finds nothing to rename: what is dropped may be what it
/// means.
///
/// # Errors
/// One diagnostic for each such rename.
pub fn refuse_unmet_renames(comparison: &Comparison) -> Result<(), Failure> {
    let unmet = &comparison.unmet_renames;
    if unmet.is_empty() { Ok(()) } else { Err(Failure::all(Class::Input, unmet.clone())) }
}

fn refuse_look_alikes(comparison: &Comparison) -> Result<(), Failure> {
    let pairs = comparison.look_alikes();
    if pairs.is_empty() {
        return Ok(());
    }
    let diagnostics = pairs.iter().map(|pair| {
        let (what, option) = match &pair.subject {
            RenameSubject::ColumnOf(table) => {
                (format!("column of `{table}`"), format!("{table}.{}={}", pair.dropped, pair.added))
            }
            RenameSubject::Object(kind) => (kind.to_string(), format!("{}={}", pair.dropped, pair.added)),
        };
        Diagnostic::new(
            "look_alike",
            format!(
                "`{}` goes and `{}` comes: the same {what} under a new name, or another?",
                pair.dropped, pair.added
            ),
        )
        .note(format!(
            "if it is the same: add `{}` to `{}` in the model, or pass `--rename {option}`",
            model::renamed_from(&pair.dropped),
            pair.added
        ))
        .help("if it is another: pass `--no-renames`, and its values are discarded")
    });
    Err(Failure::all(Class::Input, diagnostics.collect()))
}

/// What the changes discard or replace of the rows that are there and the draft does not keep, counted, and what it loses
/// beside rows, a warning each.
///
/// # Errors
/// When the database cannot be read.
pub fn discards(
    project: &Project,
    comparison: &Comparison,
    draft: &Draft,
    connection: Option<&Connection>,
) -> Result<Vec<Diagnostic>, Failure> {
    let counters = plan::counters_lost(&comparison.changes, &draft.rebuilt).map(|table| {
        let found = format!(
            "the AUTOINCREMENT counter of `{table}` goes, so that identifiers of deleted rows may be given again; \
             downgrade begins it at the highest identifier that is there"
        );
        Diagnostic::new("drops_counter", found)
    });
    let mut losses: Vec<Diagnostic> = counters.collect();
    if let Some(connection) = connection {
        let up = plan::write_section(&draft.up);
        losses.extend(discard::of_script(&project.rows(connection)?, &comparison.actual, &up)?);
    }
    Ok(losses)
}

/// Where the way back of a draft will stop, since the way up discards what rows refer to, a warning each.
#[must_use]
pub fn stops(draft: &Draft) -> Vec<Diagnostic> {
    let stop = |gate: &gate::Gate| {
        let found = format!("the way back stops at {}", gate.violation);
        Diagnostic::new("way_back_stops", found).help(gate.help.clone())
    };
    draft.lost_parents.iter().map(stop).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::database::Filter;
    use crate::model::{self, Settings};
    use crate::report::Source;

    fn schema_of(sql: &str) -> Schema {
        let mut scratch = Scratch::empty().unwrap();
        scratch.run(sql).unwrap();
        scratch.schema(&Filter::default()).unwrap()
    }

    fn model_of(schema: &Schema) -> Model {
        let source = Source { path: "migrations.toml".to_owned(), text: model::write(schema) };
        Model::read(&[Arc::new(source)], &Settings::default()).unwrap()
    }

    #[test]
    fn building_a_model_that_is_there_already_finds_no_more_than_looking_at_it() {
        let project = Project::new(Settings::default(), None);
        for sql in [
            "",
            "CREATE TABLE t (id INTEGER PRIMARY KEY, a VARCHAR(20) DEFAULT 'x' UNIQUE CHECK (length(a) > 0), \"b c\" AS (id+1));
             CREATE INDEX i ON t (lower(a) DESC) WHERE a <> ''; CREATE TABLE u (x, y, PRIMARY KEY (y, x)) WITHOUT ROWID;
             CREATE VIEW v AS SELECT a FROM t; CREATE VIRTUAL TABLE f USING fts5(a, content='t');
             CREATE TRIGGER g AFTER UPDATE OF a ON t WHEN new.a <> old.a BEGIN INSERT INTO u VALUES (1, 2); END;",
            "CREATE TABLE t (a); ALTER TABLE t ADD COLUMN b REFERENCES t (a); ALTER TABLE t RENAME TO \"new name\"",
        ] {
            let schema = schema_of(sql);
            let model = model_of(&schema);
            assert!(is_there(&project, &model, &schema), "{sql}");
            let built = build(&model, &StandIns::default()).unwrap().schema(&Filter::default()).unwrap();
            let differences = diff::diff(&schema, &built, &Renames::default(), project.settings.column_order);
            assert_eq!(differences, [], "{sql}");
        }
    }

    #[test]
    fn what_differs_or_leans_on_an_application_is_built() {
        let project = Project::new(Settings::default(), None);
        let schema = schema_of("CREATE TABLE t (a, b)");
        for other in
            ["", "CREATE TABLE t (a)", "CREATE TABLE t (a, b TEXT)", "CREATE TABLE t (a, b); CREATE TABLE u (a)"]
        {
            assert!(!is_there(&project, &model_of(&schema), &schema_of(other)), "{other}");
        }
        let schema = schema_of("CREATE TABLE t (a CHECK (fold(a) > 0))");
        assert!(!is_there(&project, &model_of(&schema), &schema));
    }
}
