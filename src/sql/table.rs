//! A table, read and written; its indexes are statements of their own.

use crate::schema::{Name, Table};

use super::cursor::Cursor;
use super::error::{Problem, ReadError};
use super::{column, constraint, foreign_key, read_object_name};

/// Reads what follows `CREATE TABLE`.
pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<Table, ReadError> {
    let name = read_object_name(cursor, "the name of the table")?;
    if cursor.is("AS") {
        return Err(cursor.problem(Problem::AsSelect));
    }
    cursor.expect_operator("(")?;
    let mut table = Table::new("");
    table.name = name;
    read_column(cursor, &mut table)?;
    while cursor.accept_operator(",") {
        if is_constraint(cursor) {
            read_constraints(cursor, &mut table)?;
            break;
        }
        read_column(cursor, &mut table)?;
    }
    if !cursor.accept_operator(")") {
        return Err(cursor.unexpected("a constraint, `,` or `)`"));
    }
    read_options(cursor, &mut table)?;
    cursor.end("`WITHOUT ROWID`, `STRICT` or the end")?;
    Ok(table)
}

fn read_column(cursor: &mut Cursor<'_>, table: &mut Table) -> Result<(), ReadError> {
    let name = cursor.name("the name of a column")?;
    let column = column::read_definition(cursor, name, table)?;
    table.columns.push(column);
    Ok(())
}

/// Whether a constraint of the table comes next: none of its first words can name a column.
fn is_constraint(cursor: &Cursor<'_>) -> bool {
    ["CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"].iter().any(|word| cursor.is(word))
}

/// Reads the constraints of the table; the commas between them may be missing.
fn read_constraints(cursor: &mut Cursor<'_>, table: &mut Table) -> Result<(), ReadError> {
    let mut constraint_name = None;
    loop {
        if cursor.accept("CONSTRAINT") {
            let idle = constraint_name.replace(cursor.name("the name of a constraint")?);
            keep_idle_name(idle, table);
        } else if cursor.is("PRIMARY KEY") {
            constraint::read_primary_key(cursor, constraint_name.take(), table)?;
        } else if cursor.accept("UNIQUE") {
            table.uniques.push(constraint::read_unique(cursor, constraint_name.take())?);
        } else if cursor.accept("CHECK") {
            table.checks.push(constraint::read_check(cursor, constraint_name.take())?);
        } else if cursor.accept("FOREIGN KEY") {
            table.foreign_keys.push(foreign_key::read(cursor, constraint_name.take())?);
        } else {
            return Err(cursor.unexpected("`CONSTRAINT`, `PRIMARY KEY`, `UNIQUE`, `CHECK` or `FOREIGN KEY`"));
        }
        if cursor.accept_operator(",") {
            keep_idle_name(constraint_name.take(), table);
        } else if !is_constraint(cursor) {
            keep_idle_name(constraint_name, table);
            return Ok(());
        }
    }
}

/// Keeps a name without a constraint where it means the same: at the end of the last column.
fn keep_idle_name(name: Option<Name>, table: &mut Table) {
    if let Some(column) = table.columns.last_mut() {
        column.idle_names.extend(name);
    }
}

/// Reads `WITHOUT ROWID` and `STRICT`, in any order.
fn read_options(cursor: &mut Cursor<'_>, table: &mut Table) -> Result<(), ReadError> {
    if cursor.peek().is_none() {
        return Ok(());
    }
    loop {
        if cursor.accept("WITHOUT ROWID") {
            table.without_rowid = true;
        } else if cursor.accept("STRICT") {
            table.strict = true;
        } else {
            return Err(cursor.unexpected("`WITHOUT ROWID` or `STRICT`"));
        }
        if !cursor.accept_operator(",") {
            return Ok(());
        }
    }
}

/// Writes a table, without its indexes and without a `;`.
#[must_use]
pub fn write_table(table: &Table) -> String {
    let Table { name, columns, primary_key, uniques, checks, foreign_keys, without_rowid, strict, indexes: _ } = table;
    let mut lines: Vec<String> = columns.iter().map(|column| column::write_column(table, column)).collect();
    lines.extend(
        primary_key
            .iter()
            .filter(|key| constraint::column_of_primary_key(key, table).is_none())
            .map(constraint::write_primary_key),
    );
    lines.extend(
        uniques
            .iter()
            .filter(|unique| constraint::column_of_unique(unique, table).is_none())
            .map(constraint::write_unique),
    );
    lines.extend(
        checks.iter().filter(|check| constraint::column_of_check(check, table).is_none()).map(constraint::write_check),
    );
    lines
        .extend(foreign_keys.iter().filter(|key| foreign_key::column_of(key, table).is_none()).map(foreign_key::write));
    let options = match (strict, without_rowid) {
        (false, false) => "",
        (true, false) => " STRICT",
        (false, true) => " WITHOUT ROWID",
        (true, true) => " STRICT, WITHOUT ROWID",
    };
    format!("CREATE TABLE {} (\n  {}\n){options}", name.quoted(), lines.join(",\n  "))
}

#[cfg(test)]
mod tests {
    use super::super::{Statement, read};
    use super::*;

    fn table(sql: &str) -> Table {
        match read(sql) {
            Ok(Statement::Table(table)) => table,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_table_is_written_as_a_person_would() {
        let sql = "create table user (id integer primary key, email text not null unique collate nocase default 'x', \
                   team_id int constraint team references team(id) on delete cascade check (team_id > 0), \
                   age generated always as (1+1) stored, created text default (datetime('now')), \
                   constraint pair unique (email, team_id desc), check ((age >= 0)) on conflict ignore, \
                   foreign key (team_id, age) references team deferrable initially deferred) without rowid, strict";
        assert_eq!(
            write_table(&table(sql)),
            "CREATE TABLE \"user\" (\n  \
               \"id\" integer PRIMARY KEY,\n  \
               \"email\" text NOT NULL UNIQUE DEFAULT 'x' COLLATE nocase,\n  \
               \"team_id\" int CHECK (team_id > 0) \
                 CONSTRAINT \"team\" REFERENCES \"team\" (\"id\") ON DELETE CASCADE,\n  \
               \"age\" GENERATED ALWAYS AS (1+1) STORED,\n  \
               \"created\" text DEFAULT (datetime('now')),\n  \
               CONSTRAINT \"pair\" UNIQUE (\"email\", \"team_id\" DESC),\n  \
               CHECK (age >= 0) ON CONFLICT IGNORE,\n  \
               FOREIGN KEY (\"team_id\", \"age\") REFERENCES \"team\" DEFERRABLE INITIALLY DEFERRED\n\
             ) STRICT, WITHOUT ROWID"
        );
    }

    #[test]
    fn the_order_and_place_of_constraints_is_kept() {
        let table = table(
            "CREATE TABLE t(a CHECK (a > 1) UNIQUE, b CHECK (b > 1) CHECK (b > 2), UNIQUE (a, b) CHECK (a > b), UNIQUE (b))",
        );
        let inline: Vec<bool> = table.uniques.iter().map(|unique| unique.inline).collect();
        assert_eq!(inline, [true, false, false]);
        let checks: Vec<(&str, Option<&str>)> = table
            .checks
            .iter()
            .map(|check| (check.expression.as_str(), check.inline.as_ref().map(Name::as_str)))
            .collect();
        assert_eq!(checks, [("a > 1", Some("a")), ("b > 1", Some("b")), ("b > 2", Some("b")), ("a > b", None)]);
    }

    #[test]
    fn a_name_without_a_constraint_goes_to_the_last_column() {
        let table = table("CREATE TABLE t(a, b, CONSTRAINT x, CONSTRAINT y CONSTRAINT z UNIQUE (a) CONSTRAINT w)");
        assert_eq!(table.columns[1].idle_names, ["x", "y", "w"].map(Name::from));
        assert_eq!(table.uniques[0].name, Some(Name::from("z")));
    }

    #[test]
    fn what_cannot_stand_with_a_column_is_written_behind_the_columns() {
        let mut table = table(
            "CREATE TABLE t(a UNIQUE REFERENCES p(x), b, PRIMARY KEY (b COLLATE nocase), CHECK (a) ON CONFLICT FAIL)",
        );
        table.uniques[0].columns[0].descending = true;
        table.foreign_keys[0].parent_columns.push(Name::from("y"));
        table.primary_key.as_mut().unwrap().inline = true;
        table.checks[0].inline = Some(Name::from("a"));
        let sql = write_table(&table);
        for part in [
            "PRIMARY KEY (\"b\" COLLATE nocase)",
            "UNIQUE (\"a\" DESC)",
            "(\"x\", \"y\")",
            "CHECK (a) ON CONFLICT FAIL",
        ] {
            assert_eq!(sql.matches(part).count(), 1, "{part} in {sql}");
        }
        assert!(sql.starts_with("CREATE TABLE \"t\" (\n  \"a\",\n  \"b\",\n"), "{sql}");
    }
}
