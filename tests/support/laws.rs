//! The laws that every planned change obeys, tried on a database with rows.
//!
//! Nothing of how the library proves its plans is used here but the reading of schemas: rows are read and compared on
//! their own.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, ErrorCode, Row};
use schemactl::database::gate::offending_rows;
use schemactl::database::{Filter, introspect};
use schemactl::diff::{Change, ColumnOrder, Discard, Renames, diff};
use schemactl::model::Intent;
use schemactl::plan::{self, Draft, Options, Statement, write_section};
use schemactl::report::Report;
use schemactl::revision::RevisionId;
use schemactl::schema::{ForeignKey, Name, Schema, Table, VirtualTable};
use schemactl::sql;

use super::rows::shows_another;

/// A change and what the rows are asked to go through.
pub struct Trial<'a> {
    pub before: &'a Schema,
    pub after: &'a Schema,
    pub intent: &'a Intent,
    pub options: Options,
    /// Whether what is dropped is kept aside.
    pub keep: bool,
}

/// How far the rows went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Up and down, with this many.
    Proved(usize),
    /// The rows do not satisfy the schema after the change: SQLite stopped the script, and nothing was changed.
    RefusedUp,
    /// The rows do not satisfy the schema before it any more: SQLite stopped the way back, and nothing was changed.
    RefusedDown,
}

/// What goes wrong, with what it takes to see it again.
pub type Broken = String;

/// A database without foreign keys being enforced, as scripts run in it.
pub fn open() -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    connection.pragma_update(None, "foreign_keys", false).unwrap();
    connection
}

/// The schema of a database.
pub fn read(connection: &Connection) -> Schema {
    introspect::read(connection, &Filter::default()).unwrap()
}

/// The CREATE statements of a schema.
pub fn script(schema: &Schema) -> String {
    let mut statements: Vec<String> = schema.tables.values().map(sql::write_table).collect();
    for table in schema.tables.values() {
        statements.extend(table.indexes.values().map(|index| sql::write_index(&table.name, index)));
    }
    statements.extend(schema.virtual_tables.values().map(sql::write_virtual_table));
    statements.extend(schema.views.values().map(sql::write_view));
    statements.extend(schema.triggers.values().map(sql::write_trigger));
    statements.into_iter().map(|statement| statement + "\n;\n").collect()
}

/// A draft, the same whenever it is made, after which nothing is left to do.
pub fn drafted(trial: &Trial) -> Result<Draft, Broken> {
    let Trial { before, after, intent, options, keep } = *trial;
    let revision = RevisionId::new("abc").unwrap();
    let draft = || {
        let draft = if keep {
            plan::draft_keeping(before, after, intent, options, &revision)
        } else {
            plan::draft(before, after, intent, options)
        };
        draft.map_err(|error| {
            let told = error.diagnostics();
            format!("no draft: {}\n{}", told[0].message, told[0].notes.join("\n"))
        })
    };
    let first = draft()?;
    let text = |draft: &Draft| [write_section(&draft.up), write_section(&draft.down)];
    if text(&first) != text(&draft()?) {
        return Err("a second draft differs from the first".to_owned());
    }
    let nothing = plan::draft(&first.schema, after, &Intent::default(), options);
    match nothing {
        Ok(second) if second.up.is_empty() && second.down.is_empty() => Ok(first),
        Ok(second) => Err(format!("something is left to do:\n{}", write_section(&second.up))),
        Err(error) => Err(format!("no second draft: {error}")),
    }
}

/// Takes a database with rows up and down and holds what it then is against what it was.
pub fn walked(trial: &Trial, draft: &Draft, connection: &Connection) -> Result<Outcome, Broken> {
    let Trial { before, after, intent, options, keep: _ } = *trial;
    let start = Contents::of(connection, before);
    let refused = refused_beforehand(trial, connection)?;
    if !run(connection, &draft.up)? {
        start.is_in(connection, before, &Intent::default())?;
        return Ok(Outcome::RefusedUp);
    }
    if let Some(refusal) = refused.first() {
        return Err(format!("refused beforehand, though SQLite takes it: {refusal}"));
    }
    reached(connection, after, options.column_order).map_err(|problem| problem + "\nup")?;
    start.is_in(connection, after, intent).map_err(|problem| problem + "\nup")?;
    let upper = Contents::of(connection, after);
    if !run(connection, &draft.down)? {
        upper.is_in(connection, after, &Intent::default())?;
        return Ok(Outcome::RefusedDown);
    }
    let back = Intent { renames: intent.renames.reversed(), ..Intent::default() };
    reached(connection, before, ColumnOrder::Strict).map_err(|problem| problem + "\ndown")?;
    upper.is_in(connection, before, &back).map_err(|problem| problem + "\ndown")?;
    start.has_come_back(connection, &draft.kept)?;
    Ok(Outcome::Proved(start.count()))
}

/// What questions to the rows find before a script runs that SQLite must refuse then. Values that change their type and
/// references, which this database does not enforce, are others' business.
fn refused_beforehand(trial: &Trial, connection: &Connection) -> Result<Vec<String>, Broken> {
    let Trial { before, after, intent, options, keep: _ } = *trial;
    let changes = diff(before, after, &intent.renames, options.column_order);
    let mut refusals = Vec::new();
    for gate in plan::gate::gates(before, &changes, &plan::RowWork::from_intent(intent)) {
        let found = offending_rows(connection, &gate).map_err(|error| format!("{error}: {}", gate.sql))?;
        let is_enforced =
            !gate.violation.contains("that changes when it becomes") && !gate.violation.contains("refers to");
        if let Some(found) = found.filter(|_| is_enforced) {
            refusals.push(format!("{}: {}\n{}", gate.violation, found.examples.join("; "), gate.sql));
        }
    }
    Ok(refusals)
}

/// Runs a script in one transaction; false where rows stand in its way, with everything as it was.
pub fn run(connection: &Connection, statements: &[Statement]) -> Result<bool, Broken> {
    let script = write_section(statements);
    let Err(error) = connection.execute_batch(&format!("BEGIN;\n{script}COMMIT;")) else { return Ok(true) };
    connection.execute_batch("ROLLBACK").map_err(|error| error.to_string())?;
    connection.pragma_update(None, "legacy_alter_table", false).unwrap();
    match error.sqlite_error_code() {
        Some(ErrorCode::ConstraintViolation | ErrorCode::TypeMismatch) => Ok(false),
        // An expression of an index or a generated column that some value breaks.
        _ if error.to_string().contains("integer overflow") => Ok(false),
        // ALTER TABLE checks rows too, and says so in words alone.
        _ if error.to_string().starts_with("Cannot add a")
            || error.to_string().starts_with("type mismatch on DEFAULT")
            || error.to_string().contains("constraint failed") =>
        {
            Ok(false)
        }
        _ => Err(format!("{error}\nin the script:\n{script}")),
    }
}

/// The database has this schema, and its pages are sound.
pub fn reached(connection: &Connection, wanted: &Schema, order: ColumnOrder) -> Result<(), Broken> {
    let differences = diff(&read(connection), wanted, &Renames::default(), order);
    if !differences.is_empty() {
        let lines: Vec<String> = differences.iter().flat_map(Change::lines).map(|line| line.text).collect();
        return Err(format!("not the wanted schema: {}", lines.join("; ")));
    }
    sound(connection)?;
    let left: i64 = connection
        .query_row(
            "SELECT count(*) FROM (SELECT name FROM sqlite_schema UNION ALL SELECT name FROM temp.sqlite_schema)
             WHERE name LIKE 'schemactl%' AND name NOT LIKE 'schemactl!_kept!_%' ESCAPE '!'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    if left == 0 { Ok(()) } else { Err("something of the script is left in the database".to_owned()) }
}

/// SQLite finds nothing wrong with the pages and the values.
pub fn sound(connection: &Connection) -> Result<(), Broken> {
    let check = connection.query_row("PRAGMA integrity_check", [], |row| row.get::<_, String>(0));
    match check.map_err(|error| error.to_string()) {
        Ok(word) if word == "ok" => Ok(()),
        Ok(problem) | Err(problem) => Err(format!("integrity_check: {problem}")),
    }
}

/// All that tables hold.
pub struct Contents {
    schema: Schema,
    tables: IndexMap<Name, Rows>,
    virtual_tables: IndexMap<Name, Vec<Vec<Value>>>,
    violations: BTreeMap<String, i64>,
    /// Full-text indexes that say of another table what it holds.
    in_step: BTreeSet<Name>,
}

struct Rows {
    rowids: Option<Vec<Value>>,
    columns: IndexMap<Name, Vec<Value>>,
    number: usize,
    counter: Option<i64>,
}

impl Contents {
    /// Reads everything.
    pub fn of(connection: &Connection, schema: &Schema) -> Contents {
        let tables = schema.tables.values().map(|table| (table.name.clone(), Rows::of(connection, table))).collect();
        let virtual_tables = schema
            .virtual_tables
            .keys()
            .map(|name| (name.clone(), tuples(connection, &format!("SELECT * FROM {}", name.quoted()))))
            .collect();
        let violations = schema.tables.keys().filter_map(|name| Some((name.folded(), orphans(connection, name)?)));
        let in_step = |name: &&Name| {
            let sql = format!("INSERT INTO {0} ({0}, rank) VALUES ('integrity-check', 1)", name.quoted());
            connection.execute(&sql, []).is_ok()
        };
        let indexes = schema.virtual_tables.values().filter(|index| shows_another(index)).map(|index| &index.name);
        let in_step = indexes.filter(in_step).cloned().collect();
        Contents { schema: schema.clone(), tables, virtual_tables, violations: violations.collect(), in_step }
    }

    /// How many rows there are.
    pub fn count(&self) -> usize {
        self.tables.values().map(|rows| rows.number).sum::<usize>()
            + self.virtual_tables.values().map(Vec::len).sum::<usize>()
    }

    /// Whether a changed database still holds all that the change does not itself discard.
    pub fn is_in(&self, connection: &Connection, schema: &Schema, intent: &Intent) -> Result<(), Broken> {
        let now = Contents::of(connection, schema);
        for (name, new) in &now.tables {
            let old_name = intent.renames.tables.get(name).unwrap_or(name);
            let (Some(before), Some(old)) = (self.schema.tables.get(old_name), self.tables.get(old_name)) else {
                continue;
            };
            same_rows((before, old), (&schema.tables[name], new), intent)?;
            let foreign_keys_are_same = before.foreign_keys == schema.tables[name].foreign_keys;
            let keep_their_values =
                before.foreign_keys.iter().all(|key| leads_as_before((&self.schema, schema), intent, name, key));
            let violations = |of: &Contents, name: &Name| of.violations.get(&name.folded()).copied();
            if foreign_keys_are_same
                && let (Some(old), Some(new)) = (violations(self, old_name), violations(&now, name))
                && new > old
                && keep_their_values
            {
                return Err(format!("{new} rows of {name} refer to nothing, before it were {old}"));
            }
        }
        if let Some(name) = self
            .in_step
            .iter()
            .find(|name| schema.virtual_tables.get(*name).is_some_and(shows_another) && !now.in_step.contains(*name))
        {
            return Err(format!("the full-text index {name} does not say any more what its table holds"));
        }
        for (name, new) in &now.virtual_tables {
            let shows_another =
                |table: &VirtualTable| table.arguments.iter().any(|each| each.as_str().starts_with("content"));
            let is_same = self.schema.virtual_tables.get(name) == schema.virtual_tables.get(name)
                && !schema.virtual_tables.get(name).is_some_and(shows_another);
            if is_same && self.virtual_tables[name] != *new {
                return Err(format!("what is in {name} has changed: {:?} to {new:?}", self.virtual_tables[name]));
            }
        }
        Ok(())
    }

    /// Whether all that was kept aside is in its place again, and nothing is left of it elsewhere.
    fn has_come_back(&self, connection: &Connection, kept: &[Discard]) -> Result<(), Broken> {
        let now = Contents::of(connection, &self.schema);
        for discard in kept {
            let (Discard::Rows { table } | Discard::Values { table, .. }) = discard;
            let (old, new) = (&self.tables[table], &now.tables[table]);
            let is_back = match discard {
                Discard::Rows { .. } => {
                    old.columns == new.columns && old.rowids == new.rowids && old.counter == new.counter
                }
                Discard::Values { column, .. } if old.rowids == new.rowids => {
                    old.columns[column] == new.columns[column]
                }
                // A table without rowids has lost them, and with them the order of its rows.
                Discard::Values { column, .. } => {
                    let key = self.schema.tables[table].primary_key.iter().flat_map(|key| &key.columns);
                    let columns: Vec<&Name> = key.map(|part| &part.name).chain([column]).collect();
                    old.sorted(&columns) == new.sorted(&columns)
                }
            };
            if !is_back {
                return Err(format!("{discard:?} has not come back"));
            }
        }
        let sql = "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'schemactl%'";
        let left: i64 = connection.query_row(sql, [], |row| row.get(0)).unwrap();
        if left == 0 { Ok(()) } else { Err("something that was kept is left".to_owned()) }
    }
}

impl Rows {
    /// The values of some columns, row by row, in an order that hangs on nothing else.
    fn sorted(&self, columns: &[&Name]) -> Vec<String> {
        let values = |row: usize| columns.iter().map(|column| &self.columns[*column][row]).collect::<Vec<_>>();
        let mut rows: Vec<String> = (0..self.number).map(|row| format!("{:?}", values(row))).collect();
        rows.sort();
        rows
    }

    fn of(connection: &Connection, table: &Table) -> Rows {
        let key = table.primary_key.iter().flat_map(|key| &key.columns).map(|column| column.name.quoted());
        let order = table.rowid_name().map_or_else(|| key.collect::<Vec<_>>().join(", "), str::to_owned);
        let order = if order.is_empty() { "1".to_owned() } else { order };
        let column = |expression: &str| {
            let sql = format!("SELECT {expression} FROM {} ORDER BY {order}", table.name.quoted());
            tuples(connection, &sql).into_iter().flatten().collect::<Vec<Value>>()
        };
        let counts = table.primary_key.as_ref().is_some_and(|key| key.autoincrement);
        let counter = counts.then(|| {
            let sql = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = ?1";
            connection.query_row(sql, [table.name.as_str()], |row| row.get(0)).unwrap()
        });
        let copied = table.columns.iter().filter(|column| column.is_copied());
        Rows {
            rowids: table.rowid_name().map(column),
            columns: copied.map(|each| (each.name.clone(), column(&each.name.quoted()))).collect(),
            number: column("1").len(),
            counter,
        }
    }
}

fn same_rows((before, old): (&Table, &Rows), (after, new): (&Table, &Rows), intent: &Intent) -> Result<(), Broken> {
    let name = &after.name;
    if old.number != new.number {
        return Err(format!("{name} had {} rows and has {}", old.number, new.number));
    }
    let old_name = |column: &Name| {
        intent.renames.columns.get(&(name.clone(), column.clone())).cloned().unwrap_or_else(|| column.clone())
    };
    let alias = |table: &Table| table.rowid_alias().map(|column| column.name.clone());
    let mut columns = Vec::new();
    for column in new.columns.keys() {
        let old_column = old_name(column);
        let (Some(was), Some(is)) = (before.column(&old_column), after.column(column)) else { continue };
        let is_alias = (alias(before) == Some(old_column.clone()), alias(after) == Some(column.clone()));
        let is_tightened = was.not_null.is_none() && is.not_null.is_some() || is_alias.0 != is_alias.1;
        let is_converted = was.type_name != is.type_name || before.strict != after.strict;
        if was.is_copied() && !is_tightened && !is_converted {
            columns.push((old_column, column));
        }
    }
    let keeps_rowids = match (alias(before), alias(after)) {
        (Some(before), Some(after)) => before == old_name(&after),
        (_, None) => true,
        // A key that is new is the number that the rows had already.
        (None, Some(alias)) => {
            let is_new = before.column(&old_name(&alias)).is_none();
            is_new && !intent.backfills.contains_key(&(name.clone(), alias))
        }
    };
    let tuples = |rows: &Rows, names: &[&Name], with_rowids: bool| {
        let mut tuples: Vec<String> = (0..rows.number)
            .map(|row| {
                let rowid = rows.rowids.as_ref().filter(|_| with_rowids).map(|rowids| &rowids[row]);
                format!(
                    "{:?}",
                    rowid.into_iter().chain(names.iter().map(|name| &rows.columns[*name][row])).collect::<Vec<_>>()
                )
            })
            .collect();
        tuples.sort();
        tuples
    };
    let with_rowids = keeps_rowids && old.rowids.is_some() && new.rowids.is_some();
    let was = tuples(old, &columns.iter().map(|(old, _)| old).collect::<Vec<_>>(), with_rowids);
    let is = tuples(new, &columns.iter().map(|(_, new)| *new).collect::<Vec<_>>(), with_rowids);
    if was != is {
        return Err(format!("rows of {name} have changed:\n{was:#?}\nto\n{is:#?}"));
    }
    match (old.counter, new.counter) {
        (Some(old), Some(new)) if new < old => Err(format!("the counter of {name} went from {old} to {new}")),
        _ => Ok(()),
    }
}

/// Whether no value of a column, told by its new name, can have changed. One that is filled, converted or computed anew
/// may come to refer to nothing, or not be referred to any more; the runner stops at that.
fn keeps_its_values(before: &Schema, after: &Schema, intent: &Intent, table: &Name, column: &Name) -> bool {
    let key = (table.clone(), column.clone());
    let old_name = intent.renames.columns.get(&key).unwrap_or(column);
    let old_table = before.tables.get(intent.renames.tables.get(table).unwrap_or(table));
    let (Some(old_table), Some(new_table)) = (old_table, after.tables.get(table)) else { return false };
    let (Some(old), Some(new)) = (old_table.column(old_name), new_table.column(column)) else { return false };
    let is_plain = old.is_copied() && new.is_copied() || old_table == new_table;
    let is_filled = old.not_null.is_none() && new.not_null.is_some() || intent.backfills.contains_key(&key);
    let is_converted = old.type_name != new.type_name
        || old_table.strict != new_table.strict
        || intent.conversions.contains_key(&key)
        || old_table.rowid_alias() != new_table.rowid_alias();
    is_plain && !is_filled && !is_converted
}

/// Whether neither side of a foreign key, told by its new names, can have changed.
fn leads_as_before((before, after): (&Schema, &Schema), intent: &Intent, table: &Name, key: &ForeignKey) -> bool {
    let primary = |schema: &Schema, table: &Name| -> Vec<Name> {
        let key = schema.tables.get(table).and_then(|table| table.primary_key.as_ref());
        key.into_iter().flat_map(|key| &key.columns).map(|column| column.name.clone()).collect()
    };
    let mut parent = key.parent_columns.clone();
    if parent.is_empty() {
        // It leads elsewhere as soon as the parent has another primary key.
        parent = primary(after, &key.parent);
        let old_column = |column: &Name| {
            let renamed = intent.renames.columns.get(&(key.parent.clone(), column.clone()));
            renamed.unwrap_or(column).clone()
        };
        let old_parent = intent.renames.tables.get(&key.parent).unwrap_or(&key.parent);
        if !primary(before, old_parent).into_iter().eq(parent.iter().map(old_column)) {
            return false;
        }
    }
    let is_kept = |table: &Name, columns: &[Name]| {
        after.tables.contains_key(table)
            && columns.iter().all(|column| keeps_its_values(before, after, intent, table, column))
    };
    is_kept(table, &key.columns) && is_kept(&key.parent, &parent)
}

/// How many rows of a table refer to nothing; none where its foreign keys fit no table.
fn orphans(connection: &Connection, table: &Name) -> Option<i64> {
    connection.query_row("SELECT count(*) FROM pragma_foreign_key_check(?1)", [table.as_str()], |row| row.get(0)).ok()
}

fn tuples(connection: &Connection, sql: &str) -> Vec<Vec<Value>> {
    let mut statement = connection.prepare(sql).unwrap_or_else(|error| panic!("{error} in {sql}"));
    let width = statement.column_count();
    let value = |row: &Row, at: usize| match row.get_ref(at)? {
        // Text that is none is compared by its bytes.
        ValueRef::Text(bytes) if std::str::from_utf8(bytes).is_err() => Ok(Value::Blob(bytes.to_vec())),
        _ => row.get(at),
    };
    let rows =
        statement.query_map([], |row| (0..width).map(|at| value(row, at)).collect::<rusqlite::Result<Vec<Value>>>());
    rows.unwrap().map(|row| row.unwrap_or_else(|error| panic!("{error} in {sql}"))).collect()
}
