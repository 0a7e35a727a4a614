//! A trigger: a whole CREATE TRIGGER.

use super::blame::NO_SQL;
use super::draft::Draft;
use super::table::section;
use super::toml_reader::Value;
use super::toml_writer::{write, write_key};
use super::{expression, statement};
use crate::schema::{Event, Name, ObjectKind, ObjectRef, Trigger};
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
        draft.read_allowed(&fields, ObjectKind::Trigger, &name);
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
    let exact = sql::write_trigger(trigger);
    let sql = with_bare_names(trigger, &exact).unwrap_or(exact);
    let mut fields = vec![("sql", write(&sql))];
    if unchecked {
        fields.push(("unchecked", "true".to_owned()));
    }
    section(out, &format!("triggers.{}", write_key(trigger.name.as_str())), fields);
}

/// The statement with the names at its head as a person writes them, if it still says the same.
fn with_bare_names(trigger: &Trigger, sql: &str) -> Option<String> {
    let Trigger { name, table, event, .. } = trigger;
    let on = |table: &str| format!(" ON {table}\n");
    let mut bare = sql.replacen(&name.quoted(), &expression::bare(name), 1);
    bare = bare.replacen(&on(&table.quoted()), &on(&expression::bare(table)), 1);
    if let Event::Update(columns) = event {
        for column in columns {
            bare = bare.replacen(&column.quoted(), &expression::bare(column), 1);
        }
    }
    matches!(sql::read(&bare), Ok(Statement::Trigger(read)) if read == *trigger).then_some(bare)
}
