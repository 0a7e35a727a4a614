//! What is going to be discarded of the rows that are there, counted before anything runs.
//!
//! Scripts are read by what they do to the schema in a scratch database: those that people wrote count too.

use indexmap::IndexMap;
use rusqlite::Connection;

use crate::database::{Scratch, introspect};
use crate::diff::{Change, ColumnOrder, Discard, diff, resolve_renames};
use crate::model::Renames;
use crate::plan::keep;
use crate::report::{Class, Diagnostic, Failure, count};
use crate::revision::Target;
use crate::schema::{Name, Schema};
use crate::token::{Token, significant_tokens};

use super::walk::{self, Direction};
use super::{Project, State};

/// What a walk is going to discard, a warning each. Says nothing of a script that fails: the run will.
///
/// # Errors
/// When there is no such walk, or the database cannot be read.
pub fn ahead(
    project: &Project,
    connection: &Connection,
    state: &State,
    direction: Direction,
    target: &Target,
) -> Result<Vec<Diagnostic>, Failure> {
    let steps = walk::steps(state, &walk::route(state, direction, target)?)?;
    let drops = |sql: &str| significant_tokens(sql).any(|token| token.is_word("DROP"));
    if !steps.iter().filter_map(|step| step.script.as_ref()).any(|script| drops(script.sql())) {
        return Ok(Vec::new());
    }
    let filter = project.filter()?;
    let actual = introspect::read(connection, &filter)?;
    // A schema that cannot be built again has been reported where it stands in the way.
    let Ok(mut scratch) = Scratch::build(&actual) else { return Ok(Vec::new()) };
    let mut here = Origins::of(&actual);
    let mut before = actual;
    let mut warnings = Vec::new();
    for step in steps {
        let Some(script) = &step.script else { continue };
        if scratch.run(script.sql()).is_err() {
            break;
        }
        let after = scratch.schema(&filter)?;
        let renames = renames(script.sql(), &before, &after);
        for discard in diff(&before, &after, &renames, ColumnOrder::Loose).iter().flat_map(Change::discards) {
            let (Discard::Rows { table } | Discard::Values { table, .. }) = &discard;
            let side = keep::side_name(&step.revision, table);
            let is_kept = scratch.connection().table_exists(None, side.as_str()).unwrap_or_default();
            if let Some(discard) = here.discard(&discard).filter(|_| !is_kept)
                && let Some(what) = counted(connection, &discard)?
            {
                let words = format!("{what} will be discarded by `{}`", step.revision);
                warnings.push(Diagnostic::new("discards", words));
            }
        }
        here = here.after(&before, &after, &renames);
        before = after;
    }
    Ok(warnings)
}

/// What a database has of that which is discarded: `7 rows of x`, or nothing.
///
/// # Errors
/// When the database cannot be read.
pub fn counted(connection: &Connection, discard: &Discard) -> Result<Option<String>, Failure> {
    let (sql, thing, whose) = match discard {
        Discard::Rows { table } => (format!("SELECT count(*) FROM {}", table.quoted()), "row", format!("`{table}`")),
        Discard::Values { table, column } => (
            format!("SELECT count({}) FROM {}", column.quoted(), table.quoted()),
            "value",
            format!("`{table}.{column}`"),
        ),
    };
    let number: i64 = connection.query_row(&sql, [], |row| row.get(0)).map_err(|error| {
        Failure::new(Class::Database, Diagnostic::new("count", format!("cannot count what is in {whose}: {error}")))
    })?;
    let number = usize::try_from(number).unwrap_or_default();
    Ok((number > 0).then(|| format!("{} of {whose}", count(number, thing))))
}

/// Where the tables and columns of a schema on the way were at the start: made on the way, if they are not in here.
#[derive(Debug, Clone, Default)]
pub struct Origins {
    tables: IndexMap<Name, Name>,
    columns: IndexMap<(Name, Name), Name>,
}

impl Origins {
    /// The start: everything is where it is.
    #[must_use]
    pub fn of(schema: &Schema) -> Origins {
        let mut origins = Origins { tables: IndexMap::new(), columns: IndexMap::new() };
        for table in schema.virtual_tables.keys() {
            origins.tables.insert(table.clone(), table.clone());
        }
        for table in schema.tables.values() {
            origins.tables.insert(table.name.clone(), table.name.clone());
            for column in &table.columns {
                origins.columns.insert((table.name.clone(), column.name.clone()), column.name.clone());
            }
        }
        origins
    }

    /// The name that a table had at the start.
    #[must_use]
    pub fn table(&self, table: &Name) -> Option<&Name> {
        self.tables.get(table)
    }

    /// The names that a column and its table had at the start.
    #[must_use]
    pub fn column(&self, table: &Name, column: &Name) -> Option<(&Name, &Name)> {
        Some((self.table(table)?, self.columns.get(&(table.clone(), column.clone()))?))
    }

    fn discard(&self, discard: &Discard) -> Option<Discard> {
        Some(match discard {
            Discard::Rows { table } => Discard::Rows { table: self.tables.get(table)?.clone() },
            Discard::Values { table, column } => Discard::Values {
                table: self.tables.get(table)?.clone(),
                column: self.columns.get(&(table.clone(), column.clone()))?.clone(),
            },
        })
    }

    /// The same after a step.
    #[must_use]
    pub fn after(&self, before: &Schema, after: &Schema, renames: &Renames) -> Origins {
        let mut origins = Origins { tables: IndexMap::new(), columns: IndexMap::new() };
        for name in after.tables.keys().chain(after.virtual_tables.keys()) {
            let old = renames.tables.get(name).unwrap_or(name);
            let Some(origin) = self.tables.get(old) else { continue };
            origins.tables.insert(name.clone(), origin.clone());
            let (Some(before), Some(after)) = (before.tables.get(old), after.tables.get(name)) else { continue };
            for column in &after.columns {
                let key = (name.clone(), column.name.clone());
                let old_column = renames.columns.get(&key).unwrap_or(&column.name);
                if before.column(old_column).is_some()
                    && let Some(origin) = self.columns.get(&(old.clone(), old_column.clone()))
                {
                    origins.columns.insert(key, origin.clone());
                }
            }
        }
        origins
    }
}

/// The renames of tables and columns that a script makes, from one schema to the other.
#[must_use]
pub fn renames(script: &str, before: &Schema, after: &Schema) -> Renames {
    let mut here = Origins::of(before);
    let tokens: Vec<Token<'_>> = significant_tokens(script).collect();
    let name = |at: usize| tokens.get(at).map(|token| Name::new(token.unquoted()));
    let is = |at: usize, word: &str| tokens.get(at).is_some_and(|token| token.is_word(word));
    for at in (0..tokens.len()).filter(|at| is(*at, "ALTER") && is(at + 1, "TABLE") && is(at + 3, "RENAME")) {
        let Some(table) = name(at + 2) else { continue };
        if is(at + 4, "TO") {
            let (Some(new), Some(origin)) = (name(at + 5), here.tables.shift_remove(&table)) else { continue };
            here.tables.insert(new.clone(), origin);
            let moved = std::mem::take(&mut here.columns).into_iter();
            here.columns = moved
                .map(|((of, column), origin)| ((if of == table { new.clone() } else { of }, column), origin))
                .collect();
        } else {
            let first = if is(at + 4, "COLUMN") && !is(at + 5, "TO") { at + 5 } else { at + 4 };
            let (Some(old), Some(new)) = (name(first), name(first + 2)) else { continue };
            if let Some(origin) = here.columns.shift_remove(&(table.clone(), old)) {
                here.columns.insert((table, new), origin);
            }
        }
    }
    let mut renames = Renames::default();
    for (new, old) in here.tables.iter().filter(|(new, old)| new != old) {
        if after.tables.contains_key(new) && !after.tables.contains_key(old) && !before.tables.contains_key(new) {
            renames.tables.insert(new.clone(), old.clone());
        }
    }
    for ((table, new), old) in here.columns.iter().filter(|((_, new), old)| new != *old) {
        if after.tables.get(table).is_some_and(|table| table.column(new).is_some() && table.column(old).is_none()) {
            renames.columns.insert((table.clone(), new.clone()), old.clone());
        }
    }
    resolve_renames(before, after, &renames).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(sql: &str) -> Schema {
        let mut scratch = Scratch::empty().unwrap();
        scratch.run(sql).unwrap();
        scratch.schema(&crate::database::Filter::default()).unwrap()
    }

    #[test]
    fn renames_are_read_from_a_script_and_rebuilds_are_none() {
        let before = schema("CREATE TABLE a (x, y); CREATE TABLE r (x)");
        let script = "ALTER TABLE a RENAME TO \"b\"; ALTER TABLE b RENAME COLUMN x TO z; ALTER TABLE b RENAME y TO w; \
                      CREATE TABLE schemactl_new_r (x, n); DROP TABLE r; ALTER TABLE schemactl_new_r RENAME TO r;";
        let after = schema("CREATE TABLE b (z, w); CREATE TABLE r (x, n)");
        let renames = renames(script, &before, &after);
        assert_eq!(renames.tables, [(Name::from("b"), Name::from("a"))].into());
        assert_eq!(renames.columns.len(), 2, "{renames:?}");
        assert!(diff(&before, &after, &renames, ColumnOrder::Loose).iter().all(|change| change.discards().is_empty()));
    }
}
