//! The first scripts of a long history, as long as they only create tables and indexes: built together, since SQLite looks
//! through the whole schema for each CREATE, so that ten thousand of them one by one take half a minute.
//!
//! Only for what asks for the schema alone: the statements are those of the schema, not the words of the scripts.

use crate::database::{Scratch, StandIns};
use crate::revision::{Graph, RevisionId};
use crate::schema::Schema;
use crate::sql::{self, Statement};
use crate::token::significant_tokens;

/// From how many scripts on it is worth it.
const MANY: usize = 100;

/// A scratch database on which the first of these revisions have run, and how many; nothing where it is not worth it, or
/// where SQLite refuses something, which running them one by one tells with its place.
pub fn build(graph: &Graph, revisions: &[&RevisionId]) -> Option<(Scratch, usize)> {
    if revisions.len() < MANY {
        return None;
    }
    let mut schema = Schema::default();
    let scripts = revisions.iter().map_while(|revision| graph.script(revision));
    let built = scripts.take_while(|script| take(&mut schema, script.up.sql()).is_some()).count();
    if built < MANY {
        return None;
    }
    Scratch::build_as_written(&schema, &StandIns::default()).ok().map(|scratch| (scratch, built))
}

/// Adds what a script creates to a schema; none, and the schema as it was, if it does anything else.
fn take(schema: &mut Schema, script: &str) -> Option<()> {
    let mut created = Vec::new();
    let mut start = 0;
    let ends = significant_tokens(script).filter(|token| token.is_operator(";")).map(|token| token.start);
    for end in ends.chain([script.len()]) {
        let statement = &script[start..end];
        start = (end + 1).min(script.len());
        if significant_tokens(statement).next().is_some() {
            created.push(sql::read(statement).ok()?);
        }
    }
    let (tables, mut indexes) = (schema.tables.len(), Vec::new());
    let add = |statement| match statement {
        Statement::Table(table) => {
            let is_new = !schema.tables.contains_key(&table.name);
            is_new.then(|| drop(schema.tables.insert(table.name.clone(), table)))
        }
        Statement::Index { table, index } => {
            let on = schema.tables.get_mut(&table).filter(|on| !on.indexes.contains_key(&index.name))?;
            indexes.push((table, index.name.clone()));
            on.indexes.insert(index.name.clone(), index);
            Some(())
        }
        Statement::View(_) | Statement::Trigger(_) | Statement::VirtualTable(_) => None,
    };
    let taken = created.into_iter().try_for_each(add);
    if taken.is_none() {
        schema.tables.truncate(tables);
        for (table, index) in indexes {
            if let Some(table) = schema.tables.get_mut(&table) {
                table.indexes.shift_remove(&index);
            }
        }
    }
    taken
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;
    use crate::database::Filter;
    use crate::revision::{Script, Scripts};

    fn graph(scripts: &[String]) -> Graph {
        let scripts = scripts.iter().enumerate().map(|(number, sql)| {
            let parent = number.checked_sub(1).map_or_else(|| "none".to_owned(), |before| format!("r{before}"));
            let text = format!("-- revision: r{number}\n-- parents: {parent}\n\n-- migrate:up\n{sql}");
            Script::read(format!("{number}.sql"), &text).unwrap().into()
        });
        Graph::new(Scripts { scripts: scripts.collect(), problems: Vec::new() })
    }

    fn one_by_one(scripts: &[String]) -> Schema {
        let mut scratch = Scratch::empty().unwrap();
        for sql in scripts {
            scratch.run(sql).unwrap();
        }
        scratch.schema(&Filter::default()).unwrap()
    }

    fn built(scripts: &[String]) -> Option<(Schema, usize)> {
        let graph = graph(scripts);
        let ids: Vec<_> = graph.revisions().map(|revision| &revision.id).collect();
        build(&graph, &ids).map(|(scratch, built)| (scratch.schema(&Filter::default()).unwrap(), built))
    }

    fn creates(number: usize) -> Vec<String> {
        let create = |n| {
            let mut sql =
                format!("CREATE TABLE IF NOT EXISTS t{n} (id INTEGER PRIMARY KEY, a TEXT DEFAULT ';'); -- x;\n");
            let before = usize::saturating_sub(n, 1);
            let _ = write!(sql, "CREATE INDEX \"i;{n}\" ON t{before} (a) WHERE a <> ';'; ");
            sql
        };
        (0..number).map(create).collect()
    }

    #[test]
    fn scripts_that_only_create_are_built_together_up_to_the_first_that_does_more() {
        let mut scripts = creates(120);
        assert_eq!(built(&scripts), Some((one_by_one(&scripts), 120)));
        for other in [
            "CREATE TABLE u (a); CREATE INDEX j ON t0 (a); INSERT INTO u VALUES (1)",
            "CREATE INDEX j ON t0 (a); CREATE TABLE t1 (a)",
            "CREATE TABLE u AS SELECT 1",
            "CREATE TEMP TABLE u (a)",
            "CREATE TABLE u (a); CREATE TRIGGER g AFTER INSERT ON u BEGIN SELECT 1; END",
            "CREATE INDEX j ON missing (a)",
        ] {
            scripts.truncate(120);
            let before = one_by_one(&scripts);
            scripts.push(other.to_owned());
            scripts.push("CREATE TABLE last (a)".to_owned());
            assert_eq!(built(&scripts), Some((before, 120)), "{other}");
        }
    }

    #[test]
    fn few_scripts_and_what_sqlite_refuses_are_left_to_be_run() {
        let mut scripts = creates(20);
        assert_eq!(built(&scripts), None);
        scripts = creates(120);
        scripts.push("CREATE TABLE u (a CHECK (absent > 0))".to_owned());
        assert_eq!(built(&scripts), None);
    }
}
