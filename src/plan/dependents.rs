//! Views and triggers that name a table which is away for a moment: SQLite's full rename reads all that there are, and
//! stops at what it cannot read (<https://www.sqlite.org/lang_altertable.html>).

use indexmap::IndexSet;

use crate::database::Scratch;
use crate::schema::{Name, ObjectKind, ObjectRef, Schema, Trigger, View};

use super::Error;
use super::statement::Statement;

/// What stands in the way of a full rename, in the order of the schema.
#[derive(Debug, Clone, Default)]
pub(super) struct Dependents {
    /// With all others of their tables: triggers fire in the order of their creation.
    pub triggers: Vec<Trigger>,
    pub views: Vec<View>,
}

impl Dependents {
    /// What names one of these tables, itself or through views, or cannot be read anyway.
    pub(super) fn of(tables: &IndexSet<Name>, scratch: &mut Scratch, schema: &Schema) -> Result<Dependents, Error> {
        let uses = scratch.dependencies(schema)?;
        let mut named = tables.clone();
        let touches =
            |named: &IndexSet<Name>, kind: ObjectKind, name: &Name| match uses.get(&ObjectRef::new(kind, name)) {
                Some(uses) => named.iter().any(|table| uses.touches(table)),
                None => true,
            };
        let mut views = Vec::new();
        for view in schema.views.values() {
            if touches(&named, ObjectKind::View, &view.name) {
                views.push(view.clone());
            }
        }
        named.extend(views.iter().map(|view| view.name.clone()));
        let is_in_the_way =
            |trigger: &&Trigger| named.contains(&trigger.table) || touches(&named, ObjectKind::Trigger, &trigger.name);
        let fired: IndexSet<&Name> =
            schema.triggers.values().filter(is_in_the_way).map(|trigger| &trigger.table).collect();
        let triggers = schema.triggers.values().filter(|trigger| fired.contains(&trigger.table)).cloned().collect();
        Ok(Dependents { triggers, views })
    }

    /// All views and triggers of a schema.
    pub(super) fn all(schema: &Schema) -> Dependents {
        Dependents {
            triggers: schema.triggers.values().cloned().collect(),
            views: schema.views.values().cloned().collect(),
        }
    }

    /// The statements that take them away, triggers first: they may stand on views.
    pub(super) fn drop(&self) -> Vec<Statement> {
        let triggers = self.triggers.iter().map(|trigger| format!("DROP TRIGGER {}", trigger.name.quoted()));
        let views = self.views.iter().map(|view| format!("DROP VIEW {}", view.name.quoted()));
        triggers.chain(views).map(Statement::new).collect()
    }
}
