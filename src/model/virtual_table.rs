//! A virtual table: its module with the arguments, or a whole CREATE VIRTUAL TABLE.

use super::blame::NO_SQL;
use super::draft::Draft;
use super::statement;
use super::table::section;
use super::toml_reader::{Text, Value};
use super::toml_writer::{write, write_key};
use crate::report::Diagnostic;
use crate::schema::{Name, ObjectKind, VirtualTable};
use crate::sql::{self, Statement};

/// Reads the virtual table under its name.
pub(super) fn read(value: &Value<'_>, draft: &mut Draft<'_>) {
    let Some(name_text) = value.key_text() else { return };
    let name = Name::new(name_text.as_str());
    draft.claim(ObjectKind::VirtualTable, &name, name_text.place());
    draft.add_passages(ObjectKind::VirtualTable, &name, &value.texts(&NO_SQL));
    let text = if value.kind().is_str() { value.text() } else { read_table(value, &name, draft) };
    if let Some(table) = text.and_then(|text| read_sql(&text, &name)) {
        draft.add_virtual_table(table);
    }
}

fn read_table<'a>(value: &Value<'a>, name: &Name, draft: &mut Draft<'_>) -> Option<Text<'a>> {
    let fields = value.fields_or(format!("virtual table `{name}`"), "a string or a table")?;
    draft.read_allowed(&fields, ObjectKind::VirtualTable, name);
    if let Some(comment) = fields.text("comment") {
        draft.intent.comments.insert((name.clone(), None), comment.as_str().to_owned());
    }
    let text = match (fields.get("using"), fields.get("sql")) {
        (Some(using), None) => using.text(),
        (None, Some(sql)) => sql.text(),
        (Some(_), Some(_)) => {
            fields.forbid(&["using"], "sql");
            None
        }
        (None, None) => {
            let message = format!("missing key `using` in virtual table `{name}`");
            fields.mistake(Diagnostic::new("missing_key", message));
            None
        }
    };
    fields.finish();
    text
}

fn read_sql(text: &Text<'_>, name: &Name) -> Option<VirtualTable> {
    let read = if statement::is_whole(text) {
        statement::read(text)?
    } else {
        statement::read_after(&format!("CREATE VIRTUAL TABLE {} USING ", name.quoted()), text)?
    };
    match read {
        Statement::VirtualTable(table) if table.name == *name => Some(table),
        other => {
            statement::not_that(text, &other, ObjectKind::VirtualTable, name);
            None
        }
    }
}

/// Writes a virtual table as a section.
pub(super) fn write_virtual_table(table: &VirtualTable, out: &mut String) {
    let sql = sql::write_virtual_table(table);
    let head = format!("CREATE VIRTUAL TABLE {} USING ", table.name.quoted());
    let field = match sql.strip_prefix(&head) {
        Some(using) => ("using", write(using)),
        None => ("sql", write(&sql)),
    };
    section(out, &format!("virtual_tables.{}", write_key(table.name.as_str())), [field]);
}
