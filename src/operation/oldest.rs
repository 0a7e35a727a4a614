//! What a new revision asks of SQLite, against the oldest one that the settings name.
//!
//! What makes a database unreadable there is refused: a text that it cannot parse in any object of a schema does
//! (<https://www.sqlite.org/fileformat2.html#storage_of_the_sql_database_schema>). A statement that alone needs a newer one is
//! told, and so is a function, which fails only where it is called and which an application may bring.

use crate::plan::{self, Draft};
use crate::report::{Class, Diagnostic, Failure};
use crate::schema::{Name, ObjectKind, ObjectRef, Schema};
use crate::sql;
use crate::sql::since::{self, Feature, Kind};

use super::Project;
use super::autogenerate::Comparison;

/// Refuses what the oldest SQLite that must be able to run the scripts could not read.
///
/// # Errors
/// One diagnostic for each such trait of a table, with its place in the model.
pub(super) fn refuse_too_new(project: &Project, comparison: &Comparison) -> Result<(), Failure> {
    let Some(oldest) = project.settings.target_sqlite else { return Ok(()) };
    let tables = plan::too_new(&comparison.changes, oldest);
    let tables = tables.into_iter().map(|(table, what, version)| {
        (ObjectRef::new(ObjectKind::Table, table), format!("`{table}` {what}"), version, "changes.html")
    });
    let (before, after) = (used(&comparison.actual), used(&comparison.wanted));
    // What is there already is no reason: such a SQLite cannot read the schema in any case.
    let is_new = |(_, feature): &&(ObjectRef, Feature)| {
        let is_too_new = feature.kind == Kind::Syntax && feature.version > oldest;
        is_too_new && !before.iter().any(|(_, known)| known == feature)
    };
    let texts = after.iter().filter(is_new).map(|(object, feature)| {
        (object.clone(), format!("the {object} uses {}", feature.what), feature.version, feature.page)
    });
    let too_new: Vec<_> = tables.chain(texts).collect();
    if too_new.is_empty() {
        return Ok(());
    }
    let model = project.model()?;
    let diagnostics = too_new.into_iter().map(|(object, what, version, page)| {
        let found = format!("{what}, which SQLite knows from {version} on, and `target_sqlite` is {oldest}");
        let mut diagnostic = Diagnostic::new("too_new", found);
        diagnostic.place = model.place(&object, None).cloned();
        diagnostic
            .note(format!("an older one cannot read the schema at all: https://www.sqlite.org/{page}"))
            .help(format!("take that out of the model, or set `target_sqlite = \"{version}\"`"))
    });
    Err(Failure::all(Class::Input, diagnostics.collect()))
}

/// What the texts of a schema use, each with the object that it stands in.
fn used(schema: &Schema) -> Vec<(ObjectRef, Feature)> {
    let mut found = Vec::new();
    let mut take = |kind, name: &Name, text: String| {
        let object = ObjectRef::new(kind, name);
        found.extend(since::features(&text).into_iter().map(|feature| (object.clone(), feature)));
    };
    for table in schema.tables.values() {
        take(ObjectKind::Table, &table.name, sql::write_table(table));
        for index in table.indexes.values() {
            take(ObjectKind::Index, &index.name, sql::write_index(&table.name, index));
        }
    }
    for view in schema.views.values() {
        take(ObjectKind::View, &view.name, sql::write_view(view));
    }
    for trigger in schema.triggers.values() {
        take(ObjectKind::Trigger, &trigger.name, sql::write_trigger(trigger));
    }
    found
}

/// What statements of a draft need a newer SQLite for than the scripts are meant for; a warning each for what it surely
/// lacks, and for what it lacks where it was built without.
#[must_use]
pub fn needs_newer(project: &Project, draft: &Draft) -> Vec<Diagnostic> {
    let Some(oldest) = project.settings.target_sqlite else { return Vec::new() };
    let statements = || draft.up.iter().chain(&draft.down);
    let mut warnings = Vec::new();
    if let (Some(statement), Some(version)) = (statements().find(|it| it.needs() > oldest), draft.requires) {
        let found = format!("the script needs SQLite {version}, and `target_sqlite` is {oldest}");
        let line = statement.sql.lines().next().unwrap_or_default();
        let mut warning = Diagnostic::new("needs_newer", found).note(format!("such as for `{line}`"));
        let newest = since::features(&statement.sql).into_iter().max_by_key(|feature| feature.version);
        if let Some(feature) = newest.filter(|feature| feature.version > oldest) {
            let Feature { what, version, page, .. } = feature;
            warning = warning.note(format!("{what} is known from {version} on: https://www.sqlite.org/{page}"));
        }
        warnings.push(warning);
    }
    let mut optional: Vec<Feature> = statements().flat_map(|statement| since::features(&statement.sql)).collect();
    optional.retain(|feature| feature.kind == Kind::Optional && feature.version > oldest);
    optional.sort_unstable();
    optional.dedup();
    warnings.extend(optional.into_iter().map(|Feature { what, version, page, .. }| {
        let found = format!("the script calls {what}, which SQLite {oldest} has only where it was built with it");
        Diagnostic::new("needs_newer", found)
            .note(format!("it is usual from {version} on: https://www.sqlite.org/{page}"))
    }));
    warnings
}
