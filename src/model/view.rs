//! A view: its SELECT, or a whole CREATE VIEW.

use super::blame::NO_SQL;
use super::draft::Draft;
use super::statement;
use super::table::section;
use super::toml_reader::{Text, Value};
use super::toml_writer::{array, write, write_key};
use crate::schema::{Name, ObjectKind, ObjectRef, View};
use crate::sql::Statement;

/// Reads the view under its name.
pub(super) fn read(value: &Value<'_>, draft: &mut Draft<'_>) {
    let Some(name_text) = value.key_text() else { return };
    let name = Name::new(name_text.as_str());
    draft.claim(ObjectKind::View, &name, name_text.place());
    draft.add_passages(ObjectKind::View, &name, &value.texts(&NO_SQL));
    let (sql, columns) = if value.kind().is_str() {
        (value.text(), Vec::new())
    } else {
        let Some(fields) = value.fields_or(format!("view `{name}`"), "a string or a table") else { return };
        let sql = fields.required("sql").and_then(|value| value.text());
        let columns = fields.get("columns").and_then(|value| value.items_or("a list of names")).unwrap_or_default();
        if let Some(comment) = fields.text("comment") {
            draft.intent.comments.insert((name.clone(), None), comment.as_str().to_owned());
        }
        draft.read_allowed(&fields, ObjectKind::View, &name);
        if fields.flag("unchecked") {
            draft.unchecked.insert(ObjectRef::new(ObjectKind::View, &name));
        }
        if sql.as_ref().is_some_and(statement::is_whole) {
            fields.forbid(&["columns"], "sql");
        }
        fields.finish();
        (sql, columns.iter().filter_map(Value::text).map(|text| Name::new(text.as_str())).collect())
    };
    if let Some(view) = sql.and_then(|sql| read_sql(&sql, &name, columns)) {
        draft.add_view(view);
    }
}

fn read_sql(text: &Text<'_>, name: &Name, columns: Vec<Name>) -> Option<View> {
    let read = if statement::is_whole(text) {
        statement::read(text)?
    } else {
        statement::read_after(&format!("CREATE VIEW {} AS ", name.quoted()), text)?
    };
    match read {
        Statement::View(view) if view.name == *name => {
            Some(if columns.is_empty() { view } else { View { columns, ..view } })
        }
        other => {
            statement::not_that(text, &other, ObjectKind::View, name);
            None
        }
    }
}

/// Writes a view as a section.
pub(super) fn write_view(view: &View, unchecked: bool, out: &mut String) {
    let View { name, columns, select } = view;
    let mut fields = Vec::new();
    if !columns.is_empty() {
        fields.push(("columns", array(&columns.iter().map(|name| write(name.as_str())).collect::<Vec<_>>())));
    }
    fields.push(("sql", write(select.as_str())));
    if unchecked {
        fields.push(("unchecked", "true".to_owned()));
    }
    section(out, &format!("views.{}", write_key(name.as_str())), fields);
}
