//! Which views and triggers a script can break: those that name what it names, and those that name these in turn.
//!
//! Takes any word for a name, so that it finds too many rather than too few.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;

use crate::schema::{Name, ObjectKind, ObjectRef, Schema};
use crate::token::{TokenKind, significant_tokens};

/// The words of views and triggers, each read once.
#[derive(Debug, Default)]
pub(super) struct Mentions {
    words: BTreeMap<ObjectRef, (String, BTreeSet<Name>)>,
}

/// Words of scripts that edit the schema by its text, in which names do not stand as such.
const EDITS: [&str; 3] = ["sqlite_schema", "sqlite_master", "writable_schema"];

/// Whether a script edits the schema by its text.
pub(super) fn edits_text(script: &str) -> bool {
    names_in(script).any(|name| name == *"writable_schema")
}

impl Mentions {
    /// The views and triggers that a script can break.
    pub(super) fn reached(
        &mut self,
        connection: &Connection,
        schema: &Schema,
        script: &str,
    ) -> rusqlite::Result<BTreeSet<ObjectRef>> {
        let said: BTreeSet<Name> = names_in(script).collect();
        let mut left = self.read(schema);
        if EDITS.iter().any(|word| said.contains(&Name::from(*word))) {
            return Ok(left.into_iter().collect());
        }
        let mut names = objects_among(connection, &said)?;
        let mut reached = BTreeSet::new();
        while !names.is_empty() {
            let words = &self.words;
            let is_hit = |object: &ObjectRef| words.get(object).is_some_and(|(_, words)| !words.is_disjoint(&names));
            let (hit, others): (Vec<_>, Vec<_>) = left.into_iter().partition(is_hit);
            names = hit.iter().map(|object| object.name.clone()).collect();
            reached.extend(hit);
            left = others;
        }
        Ok(reached)
    }

    /// Reads the words of what has come or changed, and gives all views and triggers.
    fn read(&mut self, schema: &Schema) -> Vec<ObjectRef> {
        let mut all = Vec::new();
        for view in schema.views.values() {
            all.push(self.note(ObjectRef::new(ObjectKind::View, &view.name), &view.name, view.select.as_str()));
        }
        for trigger in schema.triggers.values() {
            let object = ObjectRef::new(ObjectKind::Trigger, &trigger.name);
            all.push(match &trigger.when {
                Some(when) => self.note(object, &trigger.table, &format!("{when} {}", trigger.body)),
                None => self.note(object, &trigger.table, trigger.body.as_str()),
            });
        }
        all
    }

    fn note(&mut self, object: ObjectRef, on: &Name, text: &str) -> ObjectRef {
        if self.words.get(&object).is_none_or(|(known, _)| known != text) {
            let words = names_in(text).chain([object.name.clone(), on.clone()]).collect();
            self.words.insert(object.clone(), (text.to_owned(), words));
        }
        object
    }
}

/// The words that are names of something that is there, whosever it is: of nothing else is a view made that compiles.
fn objects_among(connection: &Connection, words: &BTreeSet<Name>) -> rusqlite::Result<BTreeSet<Name>> {
    let mut statement = connection.prepare("SELECT name FROM main.sqlite_schema")?;
    let mut rows = statement.query([])?;
    let lengths: BTreeSet<usize> = words.iter().map(|word| word.as_str().len()).collect();
    let mut objects = BTreeSet::new();
    while let Some(row) = rows.next()? {
        let name = row.get_ref(0)?.as_str()?;
        // Most names differ from all words in their length.
        if lengths.contains(&name.len()) {
            let name = Name::new(name);
            objects.extend(words.contains(&name).then_some(name));
        }
    }
    Ok(objects)
}

/// The words of a text that may be names.
pub(super) fn names_in(text: &str) -> impl Iterator<Item = Name> + '_ {
    significant_tokens(text)
        .filter(|token| matches!(token.kind, TokenKind::Word | TokenKind::QuotedName | TokenKind::String))
        .map(|token| Name::new(token.unquoted()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::{Filter, Scratch};

    #[test]
    fn what_names_the_names_of_a_script_is_reached_and_what_names_that() {
        let mut scratch = Scratch::empty().unwrap();
        scratch
            .run(
                "CREATE TABLE t (a); CREATE TABLE u (a); CREATE VIEW v AS SELECT a FROM t;
                 CREATE VIEW w AS SELECT a FROM \"V\"; CREATE VIEW x AS SELECT a FROM u;
                 CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT 1; END;
                 CREATE TRIGGER h AFTER INSERT ON u BEGIN SELECT a FROM w; END",
            )
            .unwrap();
        let schema = scratch.schema(&Filter::default()).unwrap();
        let mut mentions = Mentions::default();
        let mut names = |script: &str| -> Vec<String> {
            let reached = mentions.reached(scratch.connection(), &schema, script).unwrap();
            reached.into_iter().map(|object| object.name.to_string()).collect()
        };
        assert_eq!(names("ALTER TABLE [T] ADD COLUMN b"), ["v", "w", "g", "h"]);
        assert_eq!(names("CREATE TABLE y (z)"), Vec::<String>::new());
        assert_eq!(names("INSERT INTO t (a) VALUES (1)").len(), 4, "a column's name is none of an object");
        assert_eq!(names("UPDATE sqlite_schema SET sql = 'x'").len(), 5);
    }
}
