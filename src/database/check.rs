//! What SQLite takes at creation and chokes on later: views and triggers that do not compile, foreign keys that
//! nothing answers, strings that were meant as names.

use std::collections::BTreeSet;

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use super::bulk;
use super::connect;
use super::error::{Error, words};
use super::scratch::Scratch;
use super::stand_ins::{Missing, StandIns};
use crate::schema::{
    Column, Event, Expression, ForeignKey, IndexKey, Name, ObjectKind, ObjectRef, Schema, Table, Timing, Trigger,
};
use crate::token::significant_tokens;

/// The views and triggers among what was found that do not compile.
#[must_use]
pub fn broken_objects(findings: &[Finding]) -> BTreeSet<ObjectRef> {
    let broken = findings.iter().filter(|finding| finding.problem == Problem::DoesNotCompile);
    broken.map(|finding| finding.object.clone()).collect()
}

/// Something in a schema that will not work.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The object.
    pub object: ObjectRef,
    /// What kind of thing is wrong.
    pub problem: Problem,
    /// What is wrong; SQLite's own words where it says so.
    pub message: String,
}

/// The kinds of things that will not work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Problem {
    /// A view or a trigger does not compile.
    DoesNotCompile,
    /// A foreign key names no table, no column or no unique key.
    ForeignKey,
    /// A trigger watches a column that is not there, so that it never fires.
    NeverFires,
    /// A name in double quotes that names nothing, which SQLite takes as a string
    /// (<https://www.sqlite.org/quirks.html#dblquote>).
    String,
}

impl Finding {
    fn new(object: ObjectRef, problem: Problem, message: impl Into<String>) -> Finding {
        Finding { object, problem, message: message.into() }
    }

    /// The table that the finding says is missing, so that a table that was left out on purpose can be told apart.
    #[must_use]
    pub fn missing_table(&self) -> Option<Name> {
        let (_, name) = self.message.rsplit_once("no such table: ")?;
        Some(Name::new(name.strip_prefix("main.").unwrap_or(name).trim_matches('`')))
    }
}

impl Scratch {
    /// Finds what SQLite does not catch at creation. Functions and modules that only the application has are no
    /// finding.
    ///
    /// # Errors
    ///
    /// Fails where the schema cannot be read back.
    pub fn check(&mut self, schema: &Schema) -> Result<Vec<Finding>, Error> {
        let broken = broken(&self.connection, schema, &mut self.stand_ins).map_err(|error| failed(&error))?;
        let mut findings: Vec<Finding> = broken
            .iter()
            .map(|(object, message)| Finding::new(object.clone(), Problem::DoesNotCompile, message))
            .collect();
        for table in schema.tables.values() {
            let object = ObjectRef::new(ObjectKind::Table, &table.name);
            let unanswered = table.foreign_keys.iter().filter_map(|key| unanswered(schema, table, key));
            findings.extend(unanswered.map(|message| Finding::new(object.clone(), Problem::ForeignKey, message)));
        }
        findings.extend(schema.triggers.values().filter_map(|trigger| never_fires(schema, trigger)));
        let compiles = |object: &ObjectRef| !broken.iter().any(|(other, _)| other == object);
        let strings = self.strings(schema).map_err(|error| failed(&error))?;
        findings.extend(
            strings
                .into_iter()
                .filter(|(object, _)| compiles(object))
                .map(|(object, message)| Finding::new(object, Problem::String, message)),
        );
        Ok(findings)
    }
}

fn failed(error: &rusqlite::Error) -> Error {
    Error::from_sqlite(":memory:".as_ref(), error)
}

/// The views and triggers that do not compile, with SQLite's words.
fn broken(
    connection: &Connection,
    schema: &Schema,
    stand_ins: &mut StandIns,
) -> rusqlite::Result<Vec<(ObjectRef, String)>> {
    broken_among(connection, schema, &|_| true, stand_ins)
}

/// Those among some of them.
pub(super) fn broken_among(
    connection: &Connection,
    schema: &Schema,
    is_asked: &dyn Fn(&ObjectRef) -> bool,
    stand_ins: &mut StandIns,
) -> rusqlite::Result<Vec<(ObjectRef, String)>> {
    let mut broken = Vec::new();
    for view in schema.views.keys().filter(|view| is_asked(&ObjectRef::new(ObjectKind::View, view))) {
        let sql = format!("SELECT * FROM main.{}", view.quoted());
        if let Some(message) = compile(connection, &sql, stand_ins)? {
            broken.push((ObjectRef::new(ObjectKind::View, view), message));
        }
    }
    let mut seen: BTreeSet<(Name, &'static str)> = BTreeSet::new();
    let is_asked = |trigger: &&Trigger| is_asked(&ObjectRef::new(ObjectKind::Trigger, &trigger.name));
    for trigger in schema.triggers.values().filter(is_asked) {
        let Some(sql) = firing(connection, trigger)? else { continue };
        if !seen.insert((trigger.table.clone(), event_word(&trigger.event)))
            && !matches!(trigger.event, Event::Update(_))
        {
            continue;
        }
        if compile(connection, &sql, stand_ins)?.is_some() {
            // Which trigger is to blame the words do not say.
            for suspect in schema.triggers_on(&trigger.table) {
                let object = ObjectRef::new(ObjectKind::Trigger, &suspect.name);
                let is_known = broken.iter().any(|(known, _)| *known == object);
                if event_word(&suspect.event) == event_word(&trigger.event)
                    && !is_known
                    && let Some(message) = compile_alone(connection, schema, suspect, stand_ins)?
                {
                    broken.push((object, message));
                }
            }
        }
    }
    Ok(broken)
}

/// What SQLite says against a statement, if anything; what the application has is met with stand-ins.
fn compile(connection: &Connection, sql: &str, stand_ins: &mut StandIns) -> rusqlite::Result<Option<String>> {
    loop {
        let Err(error) = connection.prepare(sql) else { return Ok(None) };
        if !stand_ins.meet(connection, &error)? {
            let message = words(&error);
            let is_of_application = matches!(Missing::in_message(&message), Some(Missing::Module(_)));
            return Ok((!is_of_application).then_some(message));
        }
    }
}

/// As [`compile`] for a trigger, as if there were no other.
fn compile_alone(
    connection: &Connection,
    schema: &Schema,
    trigger: &Trigger,
    stand_ins: &mut StandIns,
) -> rusqlite::Result<Option<String>> {
    let Some(sql) = firing(connection, trigger)? else { return Ok(None) };
    connection.execute_batch("SAVEPOINT schemactl_alone")?;
    let outcome = (|| {
        for other in schema.triggers.keys().filter(|other| **other != trigger.name) {
            connection.execute_batch(&format!("DROP TRIGGER main.{}", other.quoted()))?;
        }
        compile(connection, &sql, stand_ins)
    })();
    connection.execute_batch("ROLLBACK TO schemactl_alone; RELEASE schemactl_alone")?;
    outcome
}

fn event_word(event: &Event) -> &'static str {
    match event {
        Event::Insert => "insert",
        Event::Delete => "delete",
        Event::Update(_) => "update",
    }
}

/// The statement that SQLite compiles a trigger for; `None` where its table has no column to update or no columns
/// that can be told.
pub(super) fn firing(connection: &Connection, trigger: &Trigger) -> rusqlite::Result<Option<String>> {
    let table = format!("main.{}", trigger.table.quoted());
    Ok(match &trigger.event {
        Event::Insert => Some(format!("EXPLAIN INSERT INTO {table} DEFAULT VALUES")),
        Event::Delete => Some(format!("EXPLAIN DELETE FROM {table}")),
        Event::Update(columns) => {
            let sql = "SELECT name FROM pragma_table_xinfo(?1, 'main') WHERE hidden = 0 ORDER BY cid";
            // A broken view has no columns to tell; its own finding says so.
            let there: Vec<Name> = connection
                .prepare(sql)?
                .query_map([trigger.table.as_str()], |row| row.get::<_, String>(0).map(Name::new))
                .and_then(Iterator::collect)
                .unwrap_or_default();
            let column = columns.iter().find(|column| there.contains(column)).or(there.first());
            column.map(|column| format!("EXPLAIN UPDATE {table} SET {0} = {0}", column.quoted()))
        }
    })
}

/// A trigger on an update of columns of which one is not there.
fn never_fires(schema: &Schema, trigger: &Trigger) -> Option<Finding> {
    let Event::Update(columns) = &trigger.event else { return None };
    let table = schema.tables.get(&trigger.table).filter(|_| trigger.timing != Timing::InsteadOf)?;
    let absent = columns.iter().find(|column| table.column(column).is_none())?;
    Some(Finding::new(
        ObjectRef::new(ObjectKind::Trigger, &trigger.name),
        Problem::NeverFires,
        format!("it watches the column `{absent}`, which the table `{}` does not have", table.name),
    ))
}

/// What is wrong with a foreign key's parent (<https://www.sqlite.org/foreignkeys.html#fk_indexes>).
fn unanswered(schema: &Schema, child: &Table, key: &ForeignKey) -> Option<String> {
    let columns = key.columns.iter().map(|column| format!("`{column}`")).collect::<Vec<_>>().join(", ");
    let Some(parent) = schema.tables.get(&key.parent) else {
        let other = [
            ("a view", schema.views.contains_key(&key.parent)),
            ("a virtual table", schema.virtual_tables.contains_key(&key.parent)),
        ];
        return Some(match other.iter().find(|(_, is_one)| *is_one) {
            Some((what, _)) => format!("the foreign key on {columns} refers to `{}`, which is {what}", key.parent),
            None => format!("the foreign key on {columns} refers to no such table: `{}`", key.parent),
        });
    };
    let primary = parent.primary_key.as_ref().map(|key| key.columns.iter().map(|column| column.name.clone()).collect());
    let wanted: Vec<Name> = if key.parent_columns.is_empty() {
        match primary {
            Some(primary) => primary,
            None => {
                return Some(format!(
                    "the foreign key on {columns} refers to the primary key of `{}`, which has none",
                    parent.name
                ));
            }
        }
    } else {
        key.parent_columns.clone()
    };
    if let Some(absent) = wanted.iter().find(|column| parent.column(column).is_none()) {
        return Some(format!("the foreign key on {columns} refers to no such column: `{}.{absent}`", parent.name));
    }
    if wanted.len() != key.columns.len() || !is_unique(parent, &wanted) {
        return Some(format!(
            "foreign key mismatch: \"{}\" referencing \"{}\": no primary key or unique index is on exactly the columns {}",
            child.name,
            parent.name,
            wanted.iter().map(|column| format!("`{column}`")).collect::<Vec<_>>().join(", ")
        ));
    }
    None
}

/// Whether these columns, in any order and with the collations of the columns, are the primary key or unique.
fn is_unique(table: &Table, wanted: &[Name]) -> bool {
    let wanted: BTreeSet<&Name> = wanted.iter().collect();
    let own = |name: &Name| table.column(name).and_then(|column| column.collate.clone());
    let binary = || Name::from("BINARY");
    let same_collation = |name: &Name, collate: Option<&Name>| {
        collate.is_none_or(|collate| *collate == own(name).unwrap_or_else(binary))
    };
    let keys =
        table.primary_key.iter().map(|key| &key.columns).chain(table.uniques.iter().map(|unique| &unique.columns));
    let by_constraint = keys.into_iter().any(|columns| {
        columns.iter().map(|column| &column.name).collect::<BTreeSet<_>>() == wanted
            && columns.iter().all(|column| same_collation(&column.name, column.collate.as_ref()))
    });
    by_constraint
        || table.indexes.values().filter(|index| index.unique && index.predicate.is_none()).any(|index| {
            let names: Option<BTreeSet<&Name>> = index
                .terms
                .iter()
                .map(|term| match &term.key {
                    IndexKey::Column(name) if same_collation(name, term.collate.as_ref()) => Some(name),
                    _ => None,
                })
                .collect();
            names.as_ref() == Some(&wanted)
        })
}

impl Scratch {
    /// The objects that SQLite refuses once double-quoted words that name nothing are no strings any more.
    fn strings(&mut self, schema: &Schema) -> rusqlite::Result<Vec<(ObjectRef, String)>> {
        let mut found = Vec::new();
        let suspects = schema.tables.iter().filter(|(_, table)| may_hold_strings(table));
        let suspects = Schema {
            tables: suspects.map(|(name, table)| (name.clone(), table.clone())).collect(),
            ..Schema::default()
        };
        for group in bulk::groups(&suspects).unwrap_or_default() {
            let strict = connect::in_memory()?;
            self.stand_ins.register(&strict)?;
            for (object, sql) in &group {
                allow_strings(&strict, false)?;
                if let Err(error) = strict.execute_batch(sql) {
                    allow_strings(&strict, true)?;
                    strict.execute_batch(sql)?;
                    found.push((object.clone(), words(&error)));
                }
            }
        }
        allow_strings(&self.connection, false)?;
        let refused = broken(&self.connection, schema, &mut self.stand_ins);
        allow_strings(&self.connection, true)?;
        found.extend(refused?);
        Ok(found)
    }
}

/// Whether a table or an index on it says anything in double quotes where a string may stand: in an expression, or as the
/// term of an index that is no column. Views and triggers are not compiled when they are created.
fn may_hold_strings(table: &Table) -> bool {
    let is_quoted = |expression: &Expression| expression.as_str().contains('"');
    let may_be_string = |key: &IndexKey| match key {
        IndexKey::Column(name) => table.column(name).is_none(),
        IndexKey::Expression(expression) => is_quoted(expression),
    };
    let of_column = |column: &Column| {
        column.default.iter().chain(column.generated.iter().map(|generated| &generated.expression)).any(is_quoted)
    };
    table.columns.iter().any(of_column)
        || table.checks.iter().any(|check| is_quoted(&check.expression))
        || table.indexes.values().any(|index| {
            index.terms.iter().any(|term| may_be_string(&term.key)) || index.predicate.iter().any(is_quoted)
        })
}

/// What SQLite says against a statement once double-quoted words that name nothing are no strings any more; nothing
/// where it has none.
#[must_use]
pub fn string_in_double_quotes(connection: &Connection, sql: &str) -> Option<String> {
    let has_one = significant_tokens(sql).any(|token| token.text.starts_with('"'));
    // What does not compile either way has its trouble elsewhere.
    if !has_one || connection.prepare(sql).is_err() || allow_strings(connection, false).is_err() {
        return None;
    }
    let refused = connection.prepare(sql).err().map(|error| words(&error));
    allow_strings(connection, true).ok().and(refused)
}

fn allow_strings(connection: &Connection, allowed: bool) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DDL, allowed)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, allowed)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::Filter;

    fn findings(sql: &str) -> Vec<String> {
        let mut scratch = Scratch::empty().unwrap();
        scratch.run(sql).unwrap();
        let schema = scratch.schema(&Filter::default()).unwrap();
        let mut built = Scratch::build(&schema).unwrap();
        let findings = built.check(&schema).unwrap();
        assert_eq!(built.schema(&Filter::default()).unwrap(), schema, "checking changes nothing");
        findings.iter().map(|finding| format!("{}: {}", finding.object, finding.message)).collect()
    }

    #[test]
    fn views_and_triggers_that_do_not_compile_are_named_each_by_itself() {
        assert_eq!(
            findings(
                "CREATE TABLE t (a, b); CREATE TABLE u (a);
                 CREATE VIEW v AS SELECT absent FROM t; CREATE VIEW fine AS SELECT my_own(a) FROM t;
                 CREATE TRIGGER bad AFTER INSERT ON t BEGIN INSERT INTO nowhere VALUES (1); END;
                 CREATE TRIGGER good AFTER INSERT ON t BEGIN INSERT INTO u VALUES (NEW.a); END;
                 CREATE TRIGGER deeper AFTER INSERT ON u BEGIN UPDATE t SET c = 1; END;
                 CREATE TRIGGER watches AFTER UPDATE OF gone ON t BEGIN SELECT 1; END;"
            ),
            [
                "view `v`: no such column: absent",
                "trigger `bad`: no such table: main.nowhere",
                "trigger `deeper`: no such column: c",
                "trigger `watches`: it watches the column `gone`, which the table `t` does not have",
            ]
        );
    }

    #[test]
    fn a_missing_table_is_named_so_that_it_can_be_told_from_one_left_out() {
        let mut scratch = Scratch::empty().unwrap();
        scratch.run("CREATE TABLE t (a REFERENCES gone (x)); CREATE VIEW v AS SELECT * FROM main.gone").unwrap();
        let schema = scratch.schema(&Filter::default()).unwrap();
        let missing: Vec<_> = scratch.check(&schema).unwrap().iter().map(Finding::missing_table).collect();
        assert_eq!(missing, [Some(Name::from("gone")), Some(Name::from("gone"))]);
    }

    #[test]
    fn foreign_keys_that_nothing_answers_are_named() {
        let found = findings(
            "CREATE TABLE p (id INTEGER PRIMARY KEY, a, b, c UNIQUE COLLATE NOCASE, d, UNIQUE (a, b));
             CREATE UNIQUE INDEX part ON p (d) WHERE d > 0; CREATE UNIQUE INDEX cased ON p (b COLLATE NOCASE);
             CREATE TABLE none (a); CREATE VIEW v AS SELECT 1 AS a;
             CREATE TABLE ok (a REFERENCES p, b, c REFERENCES p (c), d REFERENCES P (ID), FOREIGN KEY (a, b) REFERENCES p (b, a));
             CREATE TABLE bad (a REFERENCES nowhere, b REFERENCES none, c REFERENCES p (absent), d REFERENCES p (d),
               e REFERENCES p (b), f REFERENCES v (a), FOREIGN KEY (a, b) REFERENCES p)",
        );
        assert_eq!(found.len(), 7, "{found:#?}");
        assert!(found.iter().all(|finding| finding.starts_with("table `bad`: ")));
        assert_eq!(found[0], "table `bad`: the foreign key on `a` refers to no such table: `nowhere`");
        assert_eq!(found[5], "table `bad`: the foreign key on `f` refers to `v`, which is a view");
    }

    #[test]
    fn sqlite_agrees_with_what_is_found_about_foreign_keys() {
        let parents = "CREATE TABLE p (id INTEGER PRIMARY KEY, a, b, c COLLATE NOCASE UNIQUE, d, UNIQUE (a, b)); \
                       CREATE UNIQUE INDEX part ON p (d) WHERE d > 0; CREATE UNIQUE INDEX cased ON p (b COLLATE NOCASE); \
                       CREATE TABLE w (x, y, PRIMARY KEY (x, y)) WITHOUT ROWID; CREATE TABLE none (a);";
        for (columns, answered) in [
            ("a REFERENCES p", true),
            ("a REFERENCES p (c)", true),
            ("a REFERENCES p (d)", false),
            ("a REFERENCES p (b)", false),
            ("a REFERENCES none", false),
            ("a REFERENCES w", false),
            ("a, b, FOREIGN KEY (a, b) REFERENCES w", true),
            ("a, b, FOREIGN KEY (a, b) REFERENCES w (y, x)", true),
            ("a, b, FOREIGN KEY (a, b) REFERENCES p (b, a)", true),
            ("a, b, FOREIGN KEY (a, b) REFERENCES p (id, a)", false),
        ] {
            let sql = format!("{parents} CREATE TABLE child ({columns});");
            assert_eq!(findings(&sql).is_empty(), answered, "{columns}");
            let connection = Connection::open_in_memory().unwrap();
            connection.execute_batch(&sql).unwrap();
            let sqlite = connection.execute_batch("INSERT INTO child (a) VALUES (1); PRAGMA foreign_key_check(child)");
            assert_eq!(
                sqlite.as_ref().is_ok_and(|()| true) || words_of(&sqlite).contains("FOREIGN KEY"),
                answered,
                "{columns}"
            );
        }
    }

    fn words_of(outcome: &rusqlite::Result<()>) -> String {
        outcome.as_ref().err().map(words).unwrap_or_default()
    }

    #[test]
    fn double_quoted_words_that_name_nothing_are_named() {
        let found = findings(
            "CREATE TABLE t (a, b CHECK (b IN (\"x\", 'y'))); CREATE INDEX i ON t (\"tpyo\");
             CREATE VIEW v AS SELECT a FROM t WHERE b = \"z\"; CREATE VIEW w AS SELECT \"a\" FROM t;
             CREATE TRIGGER g AFTER INSERT ON t BEGIN UPDATE t SET a = \"q\"; END;",
        );
        assert_eq!(found.len(), 4, "{found:#?}");
        for (finding, object) in found.iter().zip(["table `t`", "index `i`", "view `v`", "trigger `g`"]) {
            assert!(finding.starts_with(object) && finding.contains("no such column"), "{finding}");
        }
    }
}
