//! What ties the tables of a random schema together, so that a careless change of one is felt in another: foreign keys
//! that fit, rings of them, triggers that write, full-text indexes over tables, views over several.

use rusqlite::Connection;
use schemactl::schema::{
    Action, Event, Expression, ForeignKey, Name, Schema, Table, Timing, Trigger, View, VirtualTable,
};

use super::generate::Choices;
use super::mutate::taken;

/// Adds some ties.
pub fn link(schema: &mut Schema, choices: &mut Choices) {
    for _ in 0..choices.below(5) {
        foreign_key(schema, choices);
    }
    for _ in 0..choices.below(3) {
        trigger(schema, choices);
    }
    for _ in 0..choices.below(3) {
        view(schema, choices);
    }
    if choices.once_in(3) {
        full_text(schema, choices);
    }
}

fn any_table<'a>(schema: &'a Schema, choices: &mut Choices) -> &'a Table {
    &schema.tables[choices.below(schema.tables.len())]
}

fn stored(table: &Table) -> Vec<Name> {
    table.columns.iter().filter(|column| column.is_copied()).map(|column| column.name.clone()).collect()
}

/// A reference to a key that is there; the parent may be the table itself, and may refer to its child.
fn foreign_key(schema: &mut Schema, choices: &mut Choices) {
    let parent = any_table(schema, choices);
    let bare =
        |columns: &[schemactl::schema::KeyColumn]| columns.iter().map(|key| key.name.clone()).collect::<Vec<_>>();
    let mut keys: Vec<Vec<Name>> = parent.primary_key.iter().map(|key| bare(&key.columns)).collect();
    let is_primary_only = keys.len() == 1;
    keys.extend(parent.uniques.iter().map(|unique| bare(&unique.columns)));
    if keys.is_empty() {
        return;
    }
    let at = choices.below(keys.len());
    let (parent_name, key) = (parent.name.clone(), keys.swap_remove(at));
    let child = choices.below(schema.tables.len());
    let mut columns = stored(&schema.tables[child]);
    if columns.len() < key.len() {
        return;
    }
    let columns = key.iter().map(|_| columns.remove(choices.below(columns.len()))).collect();
    let parent_columns = if is_primary_only && at == 0 && choices.once_in(2) { Vec::new() } else { key };
    schema.tables[child].foreign_keys.push(ForeignKey {
        name: None,
        columns,
        parent: parent_name,
        parent_columns,
        on_delete: choices.pick(&Action::ALL).0,
        on_update: choices.pick(&Action::ALL).0,
        match_type: None,
        deferrable: None,
        inline: false,
    });
}

/// The schema without foreign keys that fit no key: where they are enforced, nothing can be put into such a table.
pub fn fitting(schema: &Schema, build: &dyn Fn(&Schema) -> Connection) -> Schema {
    let mut fitting = schema.clone();
    let names: Vec<Name> = fitting.tables.keys().cloned().collect();
    for name in names {
        let is_there = |parent: &Name| schema.tables.contains_key(parent);
        fitting.tables[&name].foreign_keys.retain(|key| is_there(&key.parent));
        let check = "SELECT count(*) FROM pragma_foreign_key_check(?1)";
        let fits = |schema: &Schema| build(schema).query_row(check, [name.as_str()], |_| Ok(())).is_ok();
        while !fits(&fitting) {
            fitting.tables[&name].foreign_keys.pop();
        }
    }
    fitting
}

/// A trigger that does something to rows, should anything fire it.
fn trigger(schema: &mut Schema, choices: &mut Choices) {
    let table = any_table(schema, choices).name.clone();
    let target = any_table(schema, choices);
    let (name, column) = (target.name.quoted(), choices.pick(&stored(target)).quoted());
    let (event, body) = match choices.below(4) {
        0 => (Event::Insert, format!("INSERT OR IGNORE INTO {name} ({column}) VALUES (42);")),
        1 => (Event::Update(Vec::new()), format!("INSERT OR IGNORE INTO {name} ({column}) VALUES (43);")),
        2 => (Event::Update(Vec::new()), format!("DELETE FROM {name};")),
        _ => (Event::Delete, format!("DELETE FROM {name};")),
    };
    let trigger = Trigger {
        name: choices.name(&mut taken(schema)),
        table,
        timing: *choices.pick(&[Timing::Before, Timing::After]),
        event,
        when: None,
        body: Expression::new(body),
    };
    schema.triggers.insert(trigger.name.clone(), trigger);
}

/// A view over two tables, or over all columns that a table has.
fn view(schema: &mut Schema, choices: &mut Choices) {
    let (one, other) = (any_table(schema, choices), any_table(schema, choices));
    let (left, right) = (choices.pick(&stored(one)).quoted(), choices.pick(&stored(other)).quoted());
    let (one, other) = (one.name.quoted(), other.name.quoted());
    let forms = [
        format!("SELECT * FROM {one}"),
        format!("SELECT p.{left}, q.{right} AS \"q\" FROM {one} AS p LEFT JOIN {other} AS q ON p.{left} = q.{right}"),
        format!("SELECT count(*) AS number FROM {one} WHERE {left} IN (SELECT {right} FROM {other})"),
    ];
    let select = Expression::new(choices.pick(&forms).clone());
    let view = View { name: choices.name(&mut taken(schema)), columns: Vec::new(), select };
    schema.views.insert(view.name.clone(), view);
}

/// A full-text index over a table.
fn full_text(schema: &mut Schema, choices: &mut Choices) {
    let is_sayable = |name: &Name| name.as_str().chars().all(|each| each.is_ascii_alphabetic());
    let table = any_table(schema, choices);
    let has_rowid = !table.without_rowid && table.column(&Name::from("rowid")).is_none();
    let columns: Vec<Name> = table
        .columns
        .iter()
        .map(|column| column.name.clone())
        .filter(|name| is_sayable(name) && *name != *"rank" && *name != table.name)
        .collect();
    if columns.is_empty() || !has_rowid || !is_sayable(&table.name) {
        return;
    }
    let mut arguments: Vec<String> = columns.iter().take(2).map(Name::quoted).collect();
    arguments.push(format!("content='{}'", table.name));
    if let Some(alias) = table.rowid_alias().filter(|alias| is_sayable(&alias.name)) {
        arguments.push(format!("content_rowid='{}'", alias.name));
    }
    let name = Name::new(format!("{} words", table.name));
    if taken(schema).contains(&name) {
        return;
    }
    let arguments = arguments.into_iter().map(Expression::new).collect();
    let index = VirtualTable { name: name.clone(), module: Name::from("fts5"), arguments };
    schema.virtual_tables.insert(name, index);
}

/// Whether a full-text index shows the rows of a table.
pub fn is_indexed(schema: &Schema, table: &Name) -> bool {
    let content = format!("content='{table}'").to_ascii_lowercase();
    let mut arguments = schema.virtual_tables.values().flat_map(|index| &index.arguments);
    arguments.any(|argument| argument.as_str().to_ascii_lowercase() == content)
}
