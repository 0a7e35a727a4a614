//! A column: SQLite's own syntax as a string, or a table with a key for each thing there is to say.

use super::draft::Draft;
use super::expression::{self, bare};
use super::toml_reader::{Fields, Text, Value};
use super::toml_writer::{array, inline, write};
use super::{constraint, foreign_key};
use crate::report::Diagnostic;
use crate::schema::{Check, Column, Expression, ForeignKey, Generated, Name, PrimaryKey, Table, TypeName, Unique};
use crate::sql;
use crate::token::{Token, TokenKind, significant_tokens};

/// Reads the column under its name and puts it and its constraints on the table.
pub(super) fn read(value: &Value<'_>, table: &mut Table, draft: &mut Draft<'_>) {
    let Some(name_text) = value.key_text() else { return };
    let name = Name::new(name_text.as_str());
    if let Some(before) = table.column(&name) {
        let message = format!("column `{name}` is there already as `{}`", before.name);
        let help = "SQLite does not tell upper case from lower case in names";
        return name_text.mistake(Diagnostic::new("duplicate_name", message).help(help));
    }
    draft.column_place(&table.name, &name, name_text.place());
    // A column that cannot be read still has its name, so that what names it is no mistake too.
    table.columns.push(Column::new(name.as_str(), None));
    let at = table.columns.len() - 1;
    let column = if value.kind().is_str() {
        value.text().and_then(|text| read_short(&text, &name, false, table, draft))
    } else {
        read_table(value, name, table, draft)
    };
    if let Some(column) = column {
        table.columns[at] = column;
    }
}

/// Reads SQLite's column syntax.
fn read_short(
    text: &Text<'_>,
    name: &Name,
    unchecked: bool,
    table: &mut Table,
    draft: &mut Draft<'_>,
) -> Option<Column> {
    let definition = match sql::read_column(text.as_str(), name) {
        Ok(definition) => definition,
        Err(error) => {
            text.mistake_in(error.span.clone(), error.diagnostic());
            return None;
        }
    };
    let sql::ColumnDefinition { column, primary_key, uniques, checks, foreign_keys } = definition;
    if let Some(key) = primary_key {
        constraint::put_primary_key(table, key, &text.place(), draft);
    }
    draft.add_references(&table.name, foreign_key::of_sql(text, &foreign_keys, unchecked));
    table.uniques.extend(uniques);
    table.checks.extend(checks);
    table.foreign_keys.extend(foreign_keys);
    Some(column)
}

fn read_table(value: &Value<'_>, name: Name, table: &mut Table, draft: &mut Draft<'_>) -> Option<Column> {
    let fields = value.fields_or(format!("column `{name}`"), "a string or a table")?;
    read_intent(&fields, &name, table, draft);
    if let Some(sql) = fields.get("sql") {
        let unchecked = fields.flag("unchecked");
        fields.forbid(&KEYS, "sql");
        fields.finish();
        return read_short(&sql.text()?, &name, unchecked, table, draft);
    }
    if let Some(key) = constraint::read_inline_primary_key(&fields, &name) {
        constraint::put_primary_key(table, key, &value.key_place(), draft);
    }
    if let Some(unique) = fields.get("unique") {
        table.uniques.extend(constraint::read_inline_uniques(&unique, &name));
    }
    table.checks.extend(read_checks(&fields, &name));
    let references = foreign_key::read_inline(&fields, &name);
    table.foreign_keys.extend(references.iter().map(|reference| reference.foreign_key.clone()));
    draft.add_references(&table.name, references);
    let column = Column {
        type_name: fields.text("type").and_then(|text| read_type(&text)),
        not_null: fields.get("not_null").and_then(|value| constraint::read_not_null(&value)),
        default: fields.get("default").and_then(|value| expression::read_default(&value)),
        collate: constraint::read_name(&fields, "collate"),
        generated: read_generated(&fields),
        idle_names: read_idle_names(&fields),
        name,
    };
    fields.finish();
    Some(column)
}

/// The keys that `sql` stands for.
const KEYS: [&str; 18] = [
    "type",
    "not_null",
    "unique",
    "primary_key",
    "autoincrement",
    "default",
    "check",
    "checks",
    "one_of",
    "collate",
    "generated",
    "stored",
    "references",
    "on_delete",
    "on_update",
    "match",
    "deferrable",
    "constraint_names",
];

/// Reads what a column says about the rows and the names of before.
fn read_intent(fields: &Fields<'_>, name: &Name, table: &Table, draft: &mut Draft<'_>) {
    let key = (table.name.clone(), name.clone());
    if let Some(comment) = fields.text("comment") {
        draft.intent.comments.insert((table.name.clone(), Some(name.clone())), comment.as_str().to_owned());
    }
    if let Some(before) = constraint::read_name(fields, "renamed_from") {
        draft.intent.renames.columns.insert(key.clone(), before);
    }
    if let Some(backfill) = fields.get("backfill").and_then(|value| expression::read_row_work(&value)) {
        draft.intent.backfills.insert(key.clone(), backfill);
    }
    if let Some(using) = fields.get("using").and_then(|value| expression::read_row_work(&value)) {
        draft.intent.conversions.insert(key, using);
    }
}

/// Reads a declared type and nothing else; an empty one is none.
fn read_type(text: &Text<'_>) -> Option<TypeName> {
    let read = match sql::read_column(text.as_str(), &Name::from("")) {
        Ok(read) => read,
        Err(error) => {
            text.mistake_in(error.span.clone(), error.diagnostic());
            return None;
        }
    };
    let sql::ColumnDefinition { mut column, primary_key, uniques, checks, foreign_keys } = read;
    let type_name = column.type_name.take();
    let has_constraints =
        primary_key.is_some() || !uniques.is_empty() || !checks.is_empty() || !foreign_keys.is_empty();
    if has_constraints || column != Column::new("", None) {
        let message = format!("`type` takes a type and nothing after it, found `{}`", text.as_str());
        let help = "write each constraint under its own key, or all of it under `sql`";
        text.mistake(Diagnostic::new("bad_value", message).help(help));
    }
    type_name
}

fn read_generated(fields: &Fields<'_>) -> Option<Generated> {
    let sql = fields.get("generated");
    let stored = fields.get("stored");
    if let (None, Some(stored)) = (&sql, &stored) {
        stored.mistake(Diagnostic::new("missing_key", "`stored` on a column without `generated`"));
    }
    let expression = expression::read(&sql?.text_or("an expression in quotes")?)?;
    Some(Generated { expression, stored: stored.and_then(|value| value.flag()).unwrap_or(false) })
}

fn read_idle_names(fields: &Fields<'_>) -> Vec<Name> {
    let items = fields.get("constraint_names").and_then(|value| value.items_or("a list of names"));
    let texts = items.iter().flatten().filter_map(Value::text);
    texts.map(|text| Name::new(text.as_str())).collect()
}

/// Reads `one_of`, `check` and `checks`, in this order.
fn read_checks(fields: &Fields<'_>, name: &Name) -> Vec<Check> {
    let mut checks = Vec::new();
    if let Some(value) = fields.get("one_of")
        && let Some(items) = value.items_or("a list of values")
    {
        let literals = items.iter().filter_map(|item| expression::read_literal(item, "a value"));
        checks.push(Check {
            name: None,
            expression: is_one_of(name, literals),
            on_conflict: None,
            inline: Some(name.clone()),
        });
        if items.is_empty() {
            value.mistake(Diagnostic::new("empty", "found no value, expected at least one"));
        }
    }
    checks.extend(fields.get("check").and_then(|value| constraint::read_check(&value, Some(name))));
    let items = fields.get("checks").and_then(|value| value.items_or("a list of checks"));
    checks.extend(items.iter().flatten().filter_map(|item| constraint::read_check(item, Some(name))));
    checks
}

/// The condition that `one_of` stands for.
fn is_one_of(column: &Name, literals: impl Iterator<Item = Expression>) -> Expression {
    let list: Vec<String> = literals.map(|literal| literal.as_str().to_owned()).collect();
    Expression::new(format!("{} IN ({})", bare(column), list.join(", ")))
}

/// The constraints that are written with one column.
struct Inline<'a> {
    primary_key: Option<&'a PrimaryKey>,
    uniques: Vec<&'a Unique>,
    checks: Vec<&'a Check>,
    foreign_keys: Vec<&'a ForeignKey>,
}

impl<'a> Inline<'a> {
    fn of(table: &'a Table, column: &Name) -> Inline<'a> {
        let is_it = |name: Option<&Name>| name == Some(column);
        Inline {
            primary_key: table.primary_key.as_ref().filter(|key| is_it(column_of_primary_key(key))),
            uniques: table.uniques.iter().filter(|unique| is_it(column_of_unique(unique))).collect(),
            checks: table.checks.iter().filter(|check| is_it(check.inline.as_ref())).collect(),
            foreign_keys: table.foreign_keys.iter().filter(|key| is_it(column_of_foreign_key(key))).collect(),
        }
    }
}

/// The column that a primary key is written with, if it can be.
pub(super) fn column_of_primary_key(key: &PrimaryKey) -> Option<&Name> {
    match key.columns.as_slice() {
        [only] if key.inline && only.collate.is_none() => Some(&only.name),
        _ => None,
    }
}

/// The column that a UNIQUE constraint is written with, if it can be.
pub(super) fn column_of_unique(unique: &Unique) -> Option<&Name> {
    match unique.columns.as_slice() {
        [only] if unique.inline && only.collate.is_none() && !only.descending => Some(&only.name),
        _ => None,
    }
}

/// The column that a foreign key is written with, if it can be.
pub(super) fn column_of_foreign_key(key: &ForeignKey) -> Option<&Name> {
    match key.columns.as_slice() {
        [only] if key.inline => Some(only),
        _ => None,
    }
}

/// What the column of a table is written as: the short form where it says all of it and reads well.
pub(super) fn write_column(table: &Table, column: &Column, is_unchecked: impl Fn(&ForeignKey) -> bool) -> String {
    if is_short(table, column) {
        return write(&sql::write_definition(table, column));
    }
    let Column { name, type_name, not_null, default, collate, generated, idle_names } = column;
    let Inline { primary_key, uniques, checks, foreign_keys } = Inline::of(table, name);
    let mut fields: Vec<(&str, String)> = Vec::new();
    fields.extend(type_name.as_ref().map(|type_name| ("type", write(type_name.as_str()))));
    fields.extend(primary_key.map(|key| ("primary_key", constraint::write_inline_primary_key(key))));
    fields.extend(not_null.as_ref().map(|not_null| ("not_null", constraint::write_not_null(not_null))));
    if !uniques.is_empty() {
        fields.push(("unique", constraint::write_inline_uniques(&uniques)));
    }
    fields.extend(default.as_ref().map(|default| ("default", expression::write_default(default))));
    fields.extend(collate.as_ref().map(|collate| ("collate", write(collate.as_str()))));
    if let Some(Generated { expression, stored }) = generated {
        fields.push(("generated", expression::write(expression)));
        if *stored {
            fields.push(("stored", "true".to_owned()));
        }
    }
    match checks.as_slice() {
        [] => {}
        [only] => fields.push(write_only_check(only)),
        several => {
            fields.push(("checks", array(&several.iter().map(|c| constraint::write_check(c)).collect::<Vec<_>>())));
        }
    }
    fields.extend(foreign_key::write_inline(&foreign_keys, is_unchecked));
    if !idle_names.is_empty() {
        let names = idle_names.iter().map(|name| write(name.as_str())).collect::<Vec<_>>();
        fields.push(("constraint_names", array(&names)));
    }
    inline(&fields)
}

/// Whether SQLite's own syntax says the column best: a type, keys and NOT NULL without names, a literal default, a
/// collation.
fn is_short(table: &Table, column: &Column) -> bool {
    let Column { name, type_name: _, not_null, default, collate: _, generated, idle_names } = column;
    let Inline { primary_key, uniques, checks, foreign_keys } = Inline::of(table, name);
    let is_plain_unique = match uniques.as_slice() {
        [] => true,
        [only] => only.name.is_none() && only.on_conflict.is_none(),
        _ => false,
    };
    is_plain_unique
        && primary_key.is_none_or(|key| key.name.is_none() && key.on_conflict.is_none())
        && not_null.as_ref().is_none_or(|not_null| not_null.name.is_none() && not_null.on_conflict.is_none())
        && default.as_ref().is_none_or(is_short_default)
        && generated.is_none()
        && idle_names.is_empty()
        && checks.is_empty()
        && foreign_keys.is_empty()
}

/// Whether a default is a value or one of SQLite's times, rather than an expression.
fn is_short_default(default: &Expression) -> bool {
    let tokens: Vec<Token<'_>> = significant_tokens(default.as_str()).collect();
    let is_word = |token: &Token<'_>| {
        ["NULL", "TRUE", "FALSE", "CURRENT_TIMESTAMP", "CURRENT_DATE", "CURRENT_TIME"].iter().any(|w| token.is_word(w))
    };
    match tokens.as_slice() {
        [only] => matches!(only.kind, TokenKind::String | TokenKind::Number | TokenKind::Blob) || is_word(only),
        [sign, number] => sign.is_operator("-") && number.kind == TokenKind::Number,
        _ => false,
    }
}

/// A check without a name as `one_of` where it is one, else as `check`.
fn write_only_check(check: &Check) -> (&'static str, String) {
    let values = check.inline.as_ref().filter(|_| check.name.is_none()).and_then(|name| {
        let tokens: Vec<Token<'_>> = significant_tokens(check.expression.as_str()).collect();
        let [_, _, _, list @ .., _] = tokens.as_slice() else { return None };
        let literals: Vec<Expression> = list
            .split(|token| token.is_operator(","))
            .map(|literal| Expression::new(literal.iter().map(|token| token.text).collect::<String>()))
            .collect();
        let values: Option<Vec<String>> = literals.iter().map(expression::write_literal).collect();
        values.filter(|_| is_one_of(name, literals.into_iter()) == check.expression)
    });
    match values {
        Some(values) => ("one_of", array(&values)),
        None => ("check", constraint::write_check(check)),
    }
}
