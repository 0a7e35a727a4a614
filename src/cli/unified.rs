//! Two schemas as a unified diff of their CREATE statements, object by object.

use std::fmt::Display;

use indexmap::IndexMap;
use similar::algorithms::{Capture, Compact, Replace, myers};
use similar::udiff::UnifiedHunkHeader;
use similar::{ChangeTag, DiffOp};

use super::style::Meaning;
use crate::diff::Renames;
use crate::schema::{Check, ForeignKey, Name, ObjectKind, ObjectRef, Schema, Unique};
use crate::sql;

/// How many lines are shown around those that differ.
const CONTEXT: usize = 3;

/// The statements that differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unified {
    objects: Vec<Object>,
}

/// An object before and after; nothing where it is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Object {
    before: Option<(ObjectRef, String)>,
    after: Option<(ObjectRef, String)>,
}

impl Unified {
    /// The objects that differ between two schemas: those that are new or stay in the order of the later schema, then
    /// those that go.
    #[must_use]
    pub fn of(before: &Schema, after: &Schema, renames: &Renames) -> Unified {
        let mut old = statements(&aligned(before, after, renames));
        let mut objects = Vec::new();
        for (object, statement) in statements(after) {
            let renamed = match object.kind {
                ObjectKind::Table => renames.tables.get(&object.name),
                _ => None,
            };
            let was = renamed.map_or_else(|| object.clone(), |name| ObjectRef::new(object.kind, name));
            let was = old.shift_remove(&was).map(|statement| (was, statement));
            if was.as_ref().is_none_or(|(name, before)| *before != statement || *name != object) {
                objects.push(Object { before: was, after: Some((object, statement)) });
            }
        }
        objects.extend(old.into_iter().map(|gone| Object { before: Some(gone), after: None }));
        Unified { objects }
    }

    /// The diff in colours.
    #[must_use]
    pub fn render(&self, from: &impl Display, to: &impl Display) -> String {
        let objects: Vec<String> = self.objects.iter().map(|object| object.render(from, to)).collect();
        objects.join("\n")
    }

    /// The diff without colours.
    #[must_use]
    pub fn plain(&self, from: &impl Display, to: &impl Display) -> String {
        anstream::adapter::strip_str(&self.render(from, to)).to_string()
    }
}

impl Object {
    fn render(&self, from: &impl Display, to: &impl Display) -> String {
        let name = |schema: &dyn Display, side: &Option<(ObjectRef, String)>| match side {
            Some((object, _)) => format!("{schema}: {object}"),
            None => "nothing".to_owned(),
        };
        let text = |side: &Option<(ObjectRef, String)>| side.as_ref().map_or("", |(_, text)| text).to_owned();
        let (before, after) = (text(&self.before), text(&self.after));
        let mut lines = vec![
            Meaning::Heading.paint(format!("--- {}", name(from, &self.before))),
            Meaning::Heading.paint(format!("+++ {}", name(to, &self.after))),
        ];
        let before: Vec<&str> = before.split_inclusive('\n').collect();
        let after: Vec<&str> = after.split_inclusive('\n').collect();
        for hunk in hunks(&before, &after) {
            lines.push(Meaning::Path.paint(UnifiedHunkHeader::new(&hunk)));
            for change in hunk.iter().flat_map(|operation| operation.iter_changes(&before, &after)) {
                let line = change.value().trim_end_matches(['\n', '\r']);
                lines.push(match change.tag() {
                    ChangeTag::Delete => Meaning::Removed.paint(format!("-{line}")),
                    ChangeTag::Insert => Meaning::Added.paint(format!("+{line}")),
                    ChangeTag::Equal => super::visible::visible(&format!(" {line}")).into_owned(),
                });
            }
        }
        lines.join("\n")
    }
}

/// The stretches of lines that differ, with the lines around them. Naming the one algorithm keeps the others out of the
/// program, where they would take 300 KB.
fn hunks(before: &[&str], after: &[&str]) -> Vec<Vec<DiffOp>> {
    let mut operations = Compact::new(Replace::new(Capture::new()), before, after);
    let Ok(()) = myers::diff(&mut operations, before, 0..before.len(), after, 0..after.len());
    operations.into_inner().into_inner().into_grouped_ops(CONTEXT)
}

/// The earlier schema with each constraint written where the later one writes it, with its column or below: that does
/// not count as a difference, and would be shown as one.
fn aligned(before: &Schema, after: &Schema, renames: &Renames) -> Schema {
    let mut aligned = before.clone();
    for later in after.tables.values() {
        let name = renames.tables.get(&later.name).unwrap_or(&later.name);
        let Some(table) = aligned.tables.get_mut(name) else { continue };
        for check in &mut table.checks {
            let same = |other: &&Check| other.expression == check.expression && other.name == check.name;
            if let Some(other) = later.checks.iter().find(same) {
                check.inline.clone_from(&other.inline);
            }
        }
        for unique in &mut table.uniques {
            let same = |other: &&Unique| other.columns == unique.columns && other.name == unique.name;
            if let Some(other) = later.uniques.iter().find(same) {
                unique.inline = other.inline;
            }
        }
        for key in &mut table.foreign_keys {
            let same = |other: &&ForeignKey| other.columns == key.columns && other.parent == key.parent;
            if let Some(other) = later.foreign_keys.iter().find(same) {
                key.inline = other.inline;
            }
        }
    }
    aligned
}

/// The statements of each object; those of a table's indexes stand with the table.
fn statements(schema: &Schema) -> IndexMap<ObjectRef, String> {
    let Schema { tables, virtual_tables, views, triggers } = schema;
    let object = |kind, name: &Name| ObjectRef::new(kind, name);
    let mut statements = IndexMap::new();
    for table in tables.values() {
        let mut text = format!("{};\n", sql::write_table(table));
        let mut indexes: Vec<_> = table.indexes.values().collect();
        indexes.sort_by_key(|index| &index.name);
        text.extend(indexes.iter().map(|index| format!("{};\n", sql::write_index(&table.name, index))));
        statements.insert(object(ObjectKind::Table, &table.name), text);
    }
    for table in virtual_tables.values() {
        let text = format!("{};\n", sql::write_virtual_table(table));
        statements.insert(object(ObjectKind::VirtualTable, &table.name), text);
    }
    for view in views.values() {
        statements.insert(object(ObjectKind::View, &view.name), format!("{};\n", sql::write_view(view)));
    }
    for trigger in triggers.values() {
        statements.insert(object(ObjectKind::Trigger, &trigger.name), format!("{};\n", sql::write_trigger(trigger)));
    }
    statements
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::{Filter, Scratch};

    fn schema(sql: &str) -> Schema {
        let mut scratch = Scratch::empty().unwrap();
        scratch.run(sql).unwrap();
        scratch.schema(&Filter::new(Name::from("v"), []).unwrap()).unwrap()
    }

    #[test]
    fn what_is_new_changed_renamed_and_gone_is_shown_by_its_lines() {
        let before = schema(
            "CREATE TABLE a (x INT, y TEXT); CREATE INDEX a_x ON a (x); CREATE TABLE same (x); CREATE VIEW old AS SELECT 1;",
        );
        let after = schema("CREATE TABLE b (x INT, z TEXT); CREATE INDEX a_x ON b (x); CREATE TABLE same (x);");
        let mut renames = Renames::default();
        renames.tables.insert(Name::from("b"), Name::from("a"));
        let text = Unified::of(&before, &after, &renames).plain(&"database", &"model");
        assert_eq!(
            text,
            "\
--- database: table `a`
+++ model: table `b`
@@ -1,5 +1,5 @@
-CREATE TABLE \"a\" (
+CREATE TABLE \"b\" (
   \"x\" INT,
-  \"y\" TEXT
+  \"z\" TEXT
 );
-CREATE INDEX \"a_x\" ON \"a\" (\"x\");
+CREATE INDEX \"a_x\" ON \"b\" (\"x\");
--- database: view `old`
+++ nothing
@@ -1,2 +0,0 @@
-CREATE VIEW \"old\" AS
-SELECT 1;"
        );
    }

    #[test]
    fn where_a_constraint_is_written_is_no_difference() {
        let before =
            schema("CREATE TABLE a (x INT, y INT, CHECK (x > 0), UNIQUE (x), FOREIGN KEY (y) REFERENCES a (x));");
        let after = schema("CREATE TABLE a (x INT UNIQUE CHECK (x > 0), y INT REFERENCES a (x), z);");
        let text = Unified::of(&before, &after, &Renames::default()).plain(&"database", &"model");
        let changed: Vec<&str> = text.lines().filter(|line| line.starts_with([' ', '+', '-'])).skip(2).collect();
        assert_eq!(changed.iter().filter(|line| line.starts_with('-')).count(), 1, "{text}");
        assert!(text.contains("+  \"z\""), "{text}");
    }

    #[test]
    fn what_comes_is_green_and_what_goes_is_red() {
        let text = Unified::of(&schema("CREATE TABLE a (x);"), &schema("CREATE TABLE a (y);"), &Renames::default());
        let text = text.render(&"database", &"model");
        assert!(text.contains("\u{1b}[31m-  \"x\"\u{1b}[0m\n\u{1b}[32m+  \"y\"\u{1b}[0m"), "{text:?}");
    }
}
