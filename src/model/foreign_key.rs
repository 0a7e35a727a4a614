//! Foreign keys of tables and columns.

use super::constraint::read_name;
use super::expression::bare;
use super::settings::one_of;
use super::toml_reader::{Fields, Text, Value};
use super::toml_writer::{array, inline, write};
use crate::report::{Diagnostic, Place};
use crate::schema::{Action, Deferrable, ForeignKey, Name};
use crate::sql;
use crate::token::{Token, TokenKind, significant_tokens};

/// A foreign key with what is needed to say where its parent is wrong.
#[derive(Debug, Clone)]
pub(super) struct Reference {
    pub(super) foreign_key: ForeignKey,
    /// Where the parent table is named.
    pub(super) place: Place,
    /// Where its columns are named.
    pub(super) columns: Vec<Place>,
    /// Said to be so on purpose: a parent that is not there, or that is no key.
    pub(super) unchecked: bool,
}

/// The clauses that a foreign key can have, in any of its forms.
#[derive(Default)]
struct Clauses {
    on_delete: Action,
    on_update: Action,
    match_type: Option<Name>,
    deferrable: Option<Deferrable>,
    /// Where one of them stands, if there is one.
    any: Option<Place>,
}

impl Clauses {
    fn read(fields: &Fields<'_>) -> Clauses {
        let values = ["on_delete", "on_update", "match", "deferrable"].map(|key| fields.get(key));
        let any = values.iter().flatten().next().map(Value::place);
        let [on_delete, on_update, match_type, deferrable] = values;
        Clauses {
            on_delete: on_delete.as_ref().and_then(read_action).unwrap_or_default(),
            on_update: on_update.as_ref().and_then(read_action).unwrap_or_default(),
            match_type: match_type.and_then(|value| value.text()).map(|text| Name::new(text.as_str())),
            deferrable: deferrable.as_ref().and_then(read_deferrable),
            any,
        }
    }

    fn put_on(self, foreign_key: &mut ForeignKey) {
        foreign_key.on_delete = self.on_delete;
        foreign_key.on_update = self.on_update;
        foreign_key.match_type = self.match_type;
        foreign_key.deferrable = self.deferrable;
    }
}

fn read_action(value: &Value<'_>) -> Option<Action> {
    one_of(value, &Action::ALL.map(|(action, keywords)| (keywords, action)))
}

fn read_deferrable(value: &Value<'_>) -> Option<Deferrable> {
    let text = value.text_or("`\"INITIALLY DEFERRED\"` or another SQL clause in quotes")?;
    match sql::read_deferrable(text.as_str()) {
        Ok(deferrable) => Some(deferrable),
        Err(error) => {
            text.mistake_in(error.span.clone(), error.diagnostic());
            None
        }
    }
}

/// Reads `team(id)` or `team`.
fn read_parent(text: &Text<'_>, columns: Vec<Name>, inline: bool) -> Option<Reference> {
    let (parent, parent_columns) = match sql::read_references(text.as_str()) {
        Ok(read) => read,
        Err(error) => {
            text.mistake_in(error.span.clone(), error.diagnostic());
            return None;
        }
    };
    let (place, places) = parent_places(text, significant_tokens(text.as_str()), parent_columns.len());
    let foreign_key = plain(columns, parent, parent_columns, inline);
    Some(Reference { foreign_key, place, columns: places, unchecked: false })
}

/// Where a parent and so many of its columns are named, as the next tokens of a text.
fn parent_places<'t>(
    text: &Text<'_>,
    mut tokens: impl Iterator<Item = Token<'t>>,
    columns: usize,
) -> (Place, Vec<Place>) {
    let parent = tokens.next().map_or_else(|| text.place(), |token| text.place_of(token.span()));
    let names = tokens.filter(|token| token.kind != TokenKind::Operator).take(columns);
    (parent, names.map(|token| text.place_of(token.span())).collect())
}

fn plain(columns: Vec<Name>, parent: Name, parent_columns: Vec<Name>, inline: bool) -> ForeignKey {
    ForeignKey {
        name: None,
        columns,
        parent,
        parent_columns,
        on_delete: Action::NoAction,
        on_update: Action::NoAction,
        match_type: None,
        deferrable: None,
        inline,
    }
}

/// Reads `references` of a column: `"team(id)"` with the clauses beside it, a table with the clauses inside, or a
/// list of such.
pub(super) fn read_inline(fields: &Fields<'_>, column: &Name) -> Vec<Reference> {
    let beside = Clauses::read(fields);
    let on_purpose = fields.get("unchecked");
    let unchecked = on_purpose.as_ref().and_then(Value::flag).unwrap_or(false);
    let Some(value) = fields.get("references") else {
        if let Some(place) = beside.any.or(on_purpose.as_ref().map(Value::place)) {
            let mistake = Diagnostic::new("missing_key", "a clause of a foreign key without `references`");
            fields.mistake_elsewhere(mistake.at(place));
        }
        return Vec::new();
    };
    let mut references: Vec<Reference> = Vec::new();
    for one in value.one_or_many() {
        if one.kind().is_table() {
            references.extend(read_inline_table(&one, column));
        } else if let Some(text) = one.text_or("`\"table(column)\"` or a table") {
            references.extend(read_parent(&text, vec![column.clone()], true));
        }
    }
    match (references.as_mut_slice(), &beside.any) {
        ([only], _) if !value.kind().is_table() => {
            beside.put_on(&mut only.foreign_key);
            only.unchecked |= unchecked;
        }
        (_, Some(place)) => {
            let mistake = Diagnostic::new("bad_value", "a clause beside `references`, which has its clauses inside");
            fields.mistake_elsewhere(mistake.at(place.clone()).help("move it into the braces of `references`"));
        }
        (all, None) => all.iter_mut().for_each(|reference| reference.unchecked |= unchecked),
    }
    references
}

fn read_inline_table(value: &Value<'_>, column: &Name) -> Option<Reference> {
    let fields = value.fields("`references`")?;
    let to = fields.required("to").and_then(|value| value.text());
    let reference = to.and_then(|text| read_parent(&text, vec![column.clone()], true));
    finish(fields, reference)
}

/// Reads one of `foreign_keys` of a table, with the text of each child column.
pub(super) fn read_table_key<'a>(value: &Value<'a>) -> Option<(Reference, Vec<Text<'a>>)> {
    let fields = value.fields("a foreign key")?;
    let columns = fields.required("columns").and_then(|value| value.items_or("a list of columns"));
    let texts: Vec<Text<'a>> = columns.iter().flatten().filter_map(|item| item.text_or("a column in quotes")).collect();
    let names = texts.iter().map(|text| Name::new(text.as_str())).collect();
    let to = fields.required("references").and_then(|value| value.text());
    let reference = to.and_then(|text| read_parent(&text, names, false));
    Some((finish(fields, reference)?, texts))
}

/// Reads the clauses inside a foreign key's own table.
fn finish(fields: Fields<'_>, reference: Option<Reference>) -> Option<Reference> {
    let name = read_name(&fields, "name");
    let clauses = Clauses::read(&fields);
    let unchecked = fields.flag("unchecked");
    fields.finish();
    let mut reference = reference?;
    reference.foreign_key.name = name;
    reference.unchecked = unchecked;
    clauses.put_on(&mut reference.foreign_key);
    Some(reference)
}

/// The references of a piece of SQL, each with the place of its parent: the name after each REFERENCES.
pub(super) fn of_sql(text: &Text<'_>, foreign_keys: &[ForeignKey], unchecked: bool) -> Vec<Reference> {
    let mut tokens = significant_tokens(text.as_str());
    foreign_keys
        .iter()
        .map(|foreign_key| {
            tokens.find(|token| token.is_word("REFERENCES"));
            let (place, columns) = parent_places(text, tokens.by_ref(), foreign_key.parent_columns.len());
            Reference { foreign_key: foreign_key.clone(), place, columns, unchecked }
        })
        .collect()
}

fn write_parent(foreign_key: &ForeignKey) -> String {
    let parent = bare(&foreign_key.parent);
    let columns: Vec<String> = foreign_key.parent_columns.iter().map(bare).collect();
    write(&if columns.is_empty() { parent } else { format!("{parent}({})", columns.join(", ")) })
}

/// The clauses as keys, in the order of SQL.
fn write_clauses(foreign_key: &ForeignKey, unchecked: bool) -> Vec<(&'static str, String)> {
    let ForeignKey {
        name: _,
        columns: _,
        parent: _,
        parent_columns: _,
        on_delete,
        on_update,
        match_type,
        deferrable,
        inline: _,
    } = foreign_key;
    let mut fields = Vec::new();
    for (key, action) in [("on_delete", on_delete), ("on_update", on_update)] {
        if *action != Action::NoAction {
            fields.push((key, write(action.keywords())));
        }
    }
    fields.extend(match_type.as_ref().map(|name| ("match", write(name.as_str()))));
    fields.extend(deferrable.map(|deferrable| {
        let clause = sql::write_deferrable(deferrable);
        let short = clause.strip_prefix("DEFERRABLE ").unwrap_or(&clause);
        ("deferrable", write(short))
    }));
    if unchecked {
        fields.push(("unchecked", "true".to_owned()));
    }
    fields
}

/// The keys that say the foreign keys of a column.
pub(super) fn write_inline(
    foreign_keys: &[&ForeignKey],
    is_unchecked: impl Fn(&ForeignKey) -> bool,
) -> Vec<(&'static str, String)> {
    let inside = |foreign_key: &&ForeignKey| {
        let mut fields = vec![("to", write_parent(foreign_key))];
        fields.extend(foreign_key.name.as_ref().map(|name| ("name", write(name.as_str()))));
        fields.extend(write_clauses(foreign_key, is_unchecked(foreign_key)));
        inline(&fields)
    };
    match foreign_keys {
        [] => Vec::new(),
        [only] if only.name.is_none() => {
            let mut fields = vec![("references", write_parent(only))];
            fields.extend(write_clauses(only, is_unchecked(only)));
            fields
        }
        [only] => vec![("references", inside(only))],
        several => vec![("references", array(&several.iter().map(inside).collect::<Vec<_>>()))],
    }
}

/// What one of `foreign_keys` of a table is written as.
pub(super) fn write_table_key(foreign_key: &ForeignKey, unchecked: bool) -> String {
    let columns = foreign_key.columns.iter().map(|name| write(name.as_str())).collect::<Vec<_>>();
    let mut fields = vec![("columns", array(&columns)), ("references", write_parent(foreign_key))];
    fields.extend(foreign_key.name.as_ref().map(|name| ("name", write(name.as_str()))));
    fields.extend(write_clauses(foreign_key, unchecked));
    inline(&fields)
}
