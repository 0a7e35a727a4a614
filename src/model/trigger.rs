//! A trigger: a whole CREATE TRIGGER.

use super::blame::NO_SQL;
use super::draft::Draft;
use super::statement;
use super::table::section;
use super::toml_reader::Value;
use super::toml_writer::{write, write_key};
use crate::schema::{Name, ObjectKind, ObjectRef, Trigger};
use crate::sql::{self, Statement};

/// Reads the trigger under its name.
pub(super) fn read(value: &Value<'_>, draft: &mut Draft<'_>) {
    let Some(name_text) = value.key_text() else { return };
    let name = Name::new(name_text.as_str());
    draft.claim(ObjectKind::Trigger, &name, name_text.place());
    draft.add_passages(ObjectKind::Trigger, &name, &value.texts(&NO_SQL));
    let sql = if value.kind().is_str() {
        value.text()
    } else {
        let Some(fields) = value.fields_or(format!("trigger `{name}`"), "a string or a table") else { return };
        let sql = fields.required("sql").and_then(|value| value.text());
        if fields.flag("unchecked") {
            draft.unchecked.insert(ObjectRef::new(ObjectKind::Trigger, &name));
        }
        fields.finish();
        sql
    };
    let Some(text) = sql else { return };
    match statement::read(&text) {
        Some(Statement::Trigger(trigger)) if trigger.name == name => draft.add_trigger(trigger, &text),
        Some(other) => statement::not_that(&text, &other, ObjectKind::Trigger, &name),
        None => {}
    }
}

/// Writes a trigger as a section.
pub(super) fn write_trigger(trigger: &Trigger, unchecked: bool, out: &mut String) {
    let sql = sql::write_trigger(trigger);
    let mut fields = vec![("sql", write(&sql))];
    if unchecked {
        fields.push(("unchecked", "true".to_owned()));
    }
    section(out, &format!("triggers.{}", write_key(trigger.name.as_str())), fields);
}
