//! Schemas of many databases, each read once however many databases have it.
//!
//! Two databases whose `sqlite_schema` has the same text, row for row, have the same schema: SQLite itself knows no
//! more of it (<https://www.sqlite.org/schematab.html>).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;

use super::error::Error;
use super::filter::Filter;
use super::introspect::{self, Row, failed};
use crate::schema::Schema;
use crate::sql;

/// A schema and its fingerprint.
#[derive(Debug, PartialEq)]
pub struct Shape {
    /// The schema, without what the filter leaves out.
    pub schema: Schema,
    /// Its fingerprint.
    pub fingerprint: String,
}

/// The schemas that were read so far.
#[derive(Debug)]
pub struct Shapes {
    filter: Filter,
    known: Mutex<BTreeMap<Vec<Row>, Arc<Shape>>>,
}

/// How many schemas are remembered: a fleet has a few, and one in which all differ is not to fill the memory.
const MOST: usize = 1000;

impl Shapes {
    /// Nothing read so far, to be read through a filter.
    #[must_use]
    pub fn new(filter: Filter) -> Shapes {
        Shapes { filter, known: Mutex::default() }
    }

    /// The schema of a connection's main database.
    ///
    /// # Errors
    ///
    /// As [`introspect::read`].
    pub fn read(&self, connection: &Connection) -> Result<Arc<Shape>, Error> {
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let rows = introspect::rows(connection).map_err(|error| failed(connection, &error))?;
        if let Some(shape) = known().get(&rows) {
            return Ok(Arc::clone(shape));
        }
        let schema = introspect::read(connection, &self.filter)?;
        let fingerprint = sql::fingerprint(&schema);
        let shape = Arc::new(Shape { schema, fingerprint });
        // What was read is of these rows only if nobody has changed them meanwhile.
        let is_same = introspect::rows(connection).is_ok_and(|again| again == rows);
        let mut known = known();
        if is_same && known.len() < MOST {
            known.insert(rows, Arc::clone(&shape));
        }
        Ok(shape)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_is_read_once_and_a_different_one_is_not_taken_for_it() {
        let database = |sql: &str| {
            let connection = Connection::open_in_memory().unwrap();
            connection.execute_batch(sql).unwrap();
            connection
        };
        let shapes = Shapes::new(Filter::default());
        let one = database("CREATE TABLE t (a); INSERT INTO t VALUES (1)");
        let first = shapes.read(&one).unwrap();
        assert!(Arc::ptr_eq(&first, &shapes.read(&database("CREATE TABLE t (a)")).unwrap()));
        one.execute_batch("ALTER TABLE t ADD COLUMN b").unwrap();
        let second = shapes.read(&one).unwrap();
        assert_ne!(first.fingerprint, second.fingerprint);
        assert_eq!(second.schema, introspect::read(&one, &Filter::default()).unwrap());
        // The same schema in other words is another text, with the same fingerprint.
        let spelled = shapes.read(&database("CREATE TABLE \"t\" ( a )")).unwrap();
        assert!(!Arc::ptr_eq(&first, &spelled));
        assert_eq!(first.fingerprint, spelled.fingerprint);
    }
}
