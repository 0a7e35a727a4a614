//! One meaningful change to a random schema, which SQLite accepts before and after.

use std::collections::BTreeSet;

use proptest::prelude::*;
use schemactl::schema::{
    Action, Check, Column, Expression, Generated, IndexKey, KeyColumn, Name, NotNull, PrimaryKey, Schema, Table,
    TypeName, Unique,
};

use super::generate::{Choices, STRICT_TYPES, TYPES, choices, columns_of, keep_conflicts_apart};
use super::links::is_indexed;

/// A random schema and the same with one meaningful change.
pub fn change() -> impl Strategy<Value = (Schema, Schema)> {
    (choices(300), choices(60)).prop_map(|(mut choices, mut mutation)| {
        let schema = choices.schema();
        let mutated = mutate(&schema, &mut mutation);
        (schema, mutated)
    })
}

type Mutation = fn(&mut Schema, &mut Choices) -> bool;

/// Each says something else than before, whatever it finds.
const MUTATIONS: [Mutation; 17] = [
    add_table,
    drop_table,
    add_column,
    drop_column,
    change_type,
    toggle_not_null,
    change_default,
    toggle_collation,
    add_check,
    drop_check,
    add_unique,
    change_foreign_key,
    add_index,
    change_index,
    drop_index,
    toggle_view,
    toggle_trigger,
];

/// What changes how a table is stored, or several things at once; some of it may say the same in other words.
const BOLD_MUTATIONS: [Mutation; 8] = [
    toggle_strict,
    toggle_without_rowid,
    toggle_autoincrement,
    change_primary_key,
    toggle_generated,
    move_column,
    drop_unique,
    drop_check_and_columns,
];

/// The schema with one change that means something to SQLite.
pub fn mutate(schema: &Schema, choices: &mut Choices) -> Schema {
    mutate_by(&MUTATIONS, schema, choices)
}

/// The same, or one of those that change how a table is stored.
pub fn mutate_boldly(schema: &Schema, choices: &mut Choices) -> Schema {
    let mutations = if choices.once_in(3) { &BOLD_MUTATIONS[..] } else { &MUTATIONS };
    mutate_by(mutations, schema, choices)
}

fn mutate_by(mutations: &[Mutation], schema: &Schema, choices: &mut Choices) -> Schema {
    let first = choices.below(mutations.len());
    let mut mutated = schema.clone();
    // Where a mutation finds nothing to change, the next one is tried; a table can always be added.
    for mutation in mutations.iter().cycle().skip(first).take(mutations.len()).chain([&(add_table as Mutation)]) {
        if mutation(&mut mutated, choices) {
            break;
        }
    }
    mutated
}

/// All names that objects have, but for those of columns and constraints.
pub(super) fn taken(schema: &Schema) -> BTreeSet<Name> {
    let indexes = schema.tables.values().flat_map(|table| table.indexes.keys());
    schema
        .tables
        .keys()
        .chain(schema.virtual_tables.keys())
        .chain(schema.views.keys())
        .chain(schema.triggers.keys())
        .chain(indexes)
        .cloned()
        .collect()
}

/// Whether a view or a trigger mentions a name, in quotes as this file writes them.
fn is_mentioned(schema: &Schema, name: &Name) -> bool {
    let quoted = name.quoted().to_ascii_lowercase();
    let selects = schema.views.values().map(|view| &view.select);
    let conditions = schema.triggers.values().filter_map(|trigger| trigger.when.as_ref());
    let bodies = schema.triggers.values().map(|trigger| &trigger.body);
    selects.chain(conditions).chain(bodies).any(|text| text.as_str().to_ascii_lowercase().contains(&quoted))
}

fn pick_table<'a>(schema: &'a mut Schema, choices: &mut Choices) -> Option<&'a mut Table> {
    let place = choices.below(schema.tables.len());
    schema.tables.get_index_mut(place).map(|(_, table)| table)
}

fn add_table(schema: &mut Schema, choices: &mut Choices) -> bool {
    let name = choices.name(&mut taken(schema));
    let tables: Vec<Name> = schema.tables.keys().cloned().chain([name.clone()]).collect();
    let table = choices.table(name.clone(), &tables);
    schema.tables.insert(name, table);
    true
}

fn drop_table(schema: &mut Schema, choices: &mut Choices) -> bool {
    let place = choices.below(schema.tables.len());
    let Some((name, _)) = schema.tables.get_index(place) else { return false };
    let name = name.clone();
    if schema.tables.len() < 2
        || is_mentioned(schema, &name)
        || is_indexed(schema, &name)
        || schema.triggers_on(&name).next().is_some()
    {
        return false;
    }
    schema.tables.shift_remove(&name).is_some()
}

fn add_column(schema: &mut Schema, choices: &mut Choices) -> bool {
    let Some(table) = pick_table(schema, choices) else { return false };
    let mut names: BTreeSet<Name> = columns_of(table).into_iter().collect();
    let name = choices.name(&mut names);
    let column = choices.column(name, table, true);
    let place = table.columns.len() - choices.below(2).min(table.columns.len());
    // A generated column may use any column before it, so that only the end is safe for both.
    let place = if column.is_copied() { place } else { table.columns.len() };
    table.columns.insert(place, column);
    true
}

fn drop_column(schema: &mut Schema, choices: &mut Choices) -> bool {
    let Some(table) = pick_table(schema, choices) else { return false };
    let Some(name) = table.columns.get(choices.below(table.columns.len())).map(|column| column.name.clone()) else {
        return false;
    };
    let table_name = table.name.clone();
    let is_dropped = may_go(schema, &table_name, &name);
    if is_dropped {
        schema.tables[&table_name].columns.retain(|column| column.name != name);
    }
    is_dropped
}

/// Whether nothing needs a column.
fn may_go(schema: &Schema, table_name: &Name, name: &Name) -> bool {
    if is_mentioned(schema, name) || is_indexed(schema, table_name) || schema.triggers_on(table_name).next().is_some() {
        return false;
    }
    let table = &schema.tables[table_name];
    let quoted = name.quoted();
    let uses = |expression: &Expression| expression.as_str().contains(&quoted);
    let is_key = |columns: &[KeyColumn]| columns.iter().any(|column| column.name == *name);
    let is_used = table.is_in_primary_key(name)
        || table.uniques.iter().any(|unique| is_key(&unique.columns))
        || table.checks.iter().any(|check| uses(&check.expression) || check.inline.as_ref() == Some(name))
        || table.foreign_keys.iter().any(|key| key.columns.contains(name))
        || table.columns.iter().any(|column| column.generated.as_ref().is_some_and(|each| uses(&each.expression)))
        || table.indexes.values().any(|index| {
            index.predicate.as_ref().is_some_and(uses)
                || index.terms.iter().any(|term| match &term.key {
                    IndexKey::Column(column) => column == name,
                    IndexKey::Expression(expression) => uses(expression),
                })
        });
    let left = table.columns.iter().filter(|column| column.is_copied() && column.name != *name).count();
    !is_used && left > 0
}

/// Drops a CHECK with the columns that it names, as far as nothing else needs them.
fn drop_check_and_columns(schema: &mut Schema, choices: &mut Choices) -> bool {
    let Some(table) = pick_table(schema, choices) else { return false };
    let table_name = table.name.clone();
    let Some(check) = table.checks.pop() else { return false };
    let named = columns_of(table).into_iter().filter(|name| check.expression.as_str().contains(&name.quoted()));
    for name in named.collect::<Vec<_>>() {
        if may_go(schema, &table_name, &name) {
            schema.tables[&table_name].columns.retain(|column| column.name != name);
        }
    }
    true
}

/// A column that is in no key.
fn plain_column<'a>(table: &'a mut Table, choices: &mut Choices) -> Option<&'a mut Column> {
    let place = choices.below(table.columns.len());
    let name = table.columns.get(place)?.name.clone();
    (!table.is_in_primary_key(&name)).then(|| &mut table.columns[place])
}

fn change_type(schema: &mut Schema, choices: &mut Choices) -> bool {
    let Some(table) = pick_table(schema, choices) else { return false };
    let strict = table.strict;
    let Some(column) = plain_column(table, choices) else { return false };
    let type_name = if strict { *choices.pick(&STRICT_TYPES) } else { *choices.pick(&TYPES) };
    let type_name = Some(TypeName::new(type_name));
    let changed = type_name != column.type_name;
    column.type_name = type_name;
    changed
}

fn toggle_not_null(schema: &mut Schema, choices: &mut Choices) -> bool {
    let Some(table) = pick_table(schema, choices) else { return false };
    let Some(column) = plain_column(table, choices) else { return false };
    column.not_null = match column.not_null {
        Some(_) => None,
        None => Some(NotNull { name: None, on_conflict: choices.conflict() }),
    };
    true
}

fn change_default(schema: &mut Schema, choices: &mut Choices) -> bool {
    let Some(table) = pick_table(schema, choices) else { return false };
    let Some(column) = plain_column(table, choices) else { return false };
    let default = choices.maybe(2, Choices::default_value);
    let changed = column.is_copied() && default != column.default;
    if changed {
        column.default = default;
    }
    changed
}

fn toggle_collation(schema: &mut Schema, choices: &mut Choices) -> bool {
    let Some(table) = pick_table(schema, choices) else { return false };
    let Some(column) = plain_column(table, choices) else { return false };
    column.collate = match &column.collate {
        Some(name) if *name != *"BINARY" => None,
        _ => Some(Name::from("RTRIM")),
    };
    // The collations of keys follow, and with them which of two keys say the same.
    keep_conflicts_apart(table);
    true
}

fn add_check(schema: &mut Schema, choices: &mut Choices) -> bool {
    let Some(table) = pick_table(schema, choices) else { return false };
    let columns = columns_of(table);
    let column = choices.pick(&columns).clone();
    let expression =
        if choices.once_in(3) { choices.condition_on_several(&columns) } else { choices.condition(&column) };
    table.checks.push(Check { name: None, expression, on_conflict: None, inline: None });
    true
}

fn drop_check(schema: &mut Schema, choices: &mut Choices) -> bool {
    pick_table(schema, choices).is_some_and(|table| table.checks.pop().is_some())
}

fn add_unique(schema: &mut Schema, choices: &mut Choices) -> bool {
    let Some(table) = pick_table(schema, choices) else { return false };
    let columns = choices.some_of(&columns_of(table));
    let labels: Vec<&Name> = table.uniques.iter().filter_map(|unique| unique.name.as_ref()).collect();
    let name = Name::from("a unique name");
    if labels.contains(&&name) {
        return false;
    }
    let columns = columns.iter().map(|column| KeyColumn::new(column.as_str())).collect();
    // With a name, it says something even where another one holds for the same columns.
    table.uniques.push(Unique { name: Some(name), columns, on_conflict: None, inline: false });
    true
}

fn change_foreign_key(schema: &mut Schema, choices: &mut Choices) -> bool {
    let tables: Vec<Name> = schema.tables.keys().cloned().collect();
    let Some(table) = pick_table(schema, choices) else { return false };
    match choices.below(3) {
        0 => {
            let columns = choices.some_of(&columns_of(table));
            let foreign_key = choices.foreign_key(columns, false, &tables, &mut BTreeSet::new());
            table.foreign_keys.push(foreign_key);
            true
        }
        1 => table.foreign_keys.pop().is_some(),
        _ => match table.foreign_keys.first_mut() {
            Some(key) => {
                key.on_delete = if key.on_delete == Action::Cascade { Action::SetNull } else { Action::Cascade };
                true
            }
            None => false,
        },
    }
}

fn add_index(schema: &mut Schema, choices: &mut Choices) -> bool {
    let mut taken = taken(schema);
    let Some(table) = pick_table(schema, choices) else { return false };
    let index = choices.index(&mut taken, table);
    table.indexes.insert(index.name.clone(), index);
    true
}

fn change_index(schema: &mut Schema, choices: &mut Choices) -> bool {
    let Some(table) = pick_table(schema, choices) else { return false };
    let Some((_, index)) = table.indexes.first_mut() else { return false };
    match choices.below(3) {
        0 => index.unique = !index.unique,
        1 => index.terms[0].descending = !index.terms[0].descending,
        _ => index.predicate = if index.predicate.is_some() { None } else { Some(Expression::new("1 > 0")) },
    }
    true
}

fn drop_index(schema: &mut Schema, choices: &mut Choices) -> bool {
    pick_table(schema, choices).is_some_and(|table| table.indexes.pop().is_some())
}

fn toggle_view(schema: &mut Schema, choices: &mut Choices) -> bool {
    let last = schema.views.keys().last().cloned();
    match last {
        Some(name)
            if choices.once_in(2) && !is_mentioned(schema, &name) && schema.triggers_on(&name).next().is_none() =>
        {
            schema.views.shift_remove(&name).is_some()
        }
        _ => {
            let view = choices.view(&mut taken(schema), schema);
            schema.views.insert(view.name.clone(), view);
            true
        }
    }
}

fn toggle_trigger(schema: &mut Schema, choices: &mut Choices) -> bool {
    if choices.once_in(2) && schema.triggers.pop().is_some() {
        return true;
    }
    let trigger = choices.trigger(&mut taken(schema), schema);
    schema.triggers.insert(trigger.name.clone(), trigger);
    true
}

fn toggle_strict(schema: &mut Schema, choices: &mut Choices) -> bool {
    let Some(table) = pick_table(schema, choices) else { return false };
    table.strict = !table.strict;
    if table.strict {
        let is_strict = |name: &TypeName| STRICT_TYPES.iter().any(|known| name.as_str().eq_ignore_ascii_case(known));
        for column in &mut table.columns {
            if !column.type_name.as_ref().is_some_and(is_strict) {
                column.type_name = Some(TypeName::new(*choices.pick(&STRICT_TYPES)));
            }
        }
    }
    true
}

fn toggle_without_rowid(schema: &mut Schema, choices: &mut Choices) -> bool {
    let Some(name) = pick_table(schema, choices).map(|table| table.name.clone()) else { return false };
    let is_indexed = is_indexed(schema, &name);
    let table = &mut schema.tables[&name];
    let is_possible = table.primary_key.as_ref().is_some_and(|key| !key.autoincrement) && !is_indexed;
    table.without_rowid ^= is_possible;
    is_possible
}

fn toggle_autoincrement(schema: &mut Schema, choices: &mut Choices) -> bool {
    let Some(table) = pick_table(schema, choices) else { return false };
    let is_possible = table.rowid_alias().is_some();
    table.primary_key.iter_mut().for_each(|key| key.autoincrement ^= is_possible);
    is_possible
}

fn change_primary_key(schema: &mut Schema, choices: &mut Choices) -> bool {
    let Some(name) = pick_table(schema, choices).map(|table| table.name.clone()) else { return false };
    if is_indexed(schema, &name) {
        return false;
    }
    let table = &mut schema.tables[&name];
    let before = table.primary_key.take();
    if table.without_rowid || choices.once_in(2) {
        let stored: Vec<Name> =
            table.columns.iter().filter(|column| column.is_copied()).map(|column| column.name.clone()).collect();
        let columns = choices.some_of(&stored).iter().map(|name| KeyColumn::new(name.as_str())).collect();
        table.primary_key =
            Some(PrimaryKey { name: None, columns, on_conflict: None, autoincrement: false, inline: false });
        keep_conflicts_apart(table);
    }
    table.primary_key != before
}

fn toggle_generated(schema: &mut Schema, choices: &mut Choices) -> bool {
    let Some(table) = pick_table(schema, choices) else { return false };
    let table_name = table.name.clone();
    let Some(column) = plain_column(table, choices).map(|column| column.name.clone()) else { return false };
    if is_mentioned(schema, &column) {
        return false;
    }
    let table = &mut schema.tables[&table_name];
    let sources: Vec<Name> = table
        .columns
        .iter()
        .filter(|other| other.is_copied() && other.name != column)
        .map(|other| other.name.clone())
        .collect();
    if sources.is_empty() {
        return false;
    }
    let source = choices.pick(&sources).quoted();
    let stored = choices.once_in(2);
    let place = table.columns.iter().position(|other| other.name == column).expect("it was picked from there");
    let column = &mut table.columns[place];
    if column.generated.take().is_none() {
        column.default = None;
        column.generated = Some(Generated { expression: Expression::new(format!("{source} || 'x'")), stored });
    }
    true
}

fn move_column(schema: &mut Schema, choices: &mut Choices) -> bool {
    let Some(table) = pick_table(schema, choices) else { return false };
    if table.columns.len() < 2 {
        return false;
    }
    let before = columns_of(table);
    let column = table.columns.remove(choices.below(before.len()));
    table.columns.insert(choices.below(before.len()), column);
    columns_of(table) != before
}

fn drop_unique(schema: &mut Schema, choices: &mut Choices) -> bool {
    pick_table(schema, choices).is_some_and(|table| table.uniques.pop().is_some())
}
