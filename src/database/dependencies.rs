//! Who reads and writes which table and column, as SQLite itself finds when it compiles a view or a trigger
//! (<https://www.sqlite.org/c3ref/set_authorizer.html>).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use rusqlite::Connection;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};

use super::check::firing;
use super::error::Error;
use super::scratch::Scratch;
use crate::schema::{Name, ObjectKind, ObjectRef, Schema};

/// What a view or a trigger touches, also through the views that it reads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Uses {
    /// Tables and views with the columns that are read.
    pub reads: BTreeSet<(Name, Name)>,
    /// Tables and views that are written, with the column that an UPDATE sets.
    pub writes: BTreeSet<(Name, Option<Name>)>,
}

impl Uses {
    /// Whether a table or a view is touched in any way.
    #[must_use]
    pub fn touches(&self, table: &Name) -> bool {
        self.reads.iter().any(|(read, _)| read == table) || self.writes.iter().any(|(written, _)| written == table)
    }

    /// Whether a column is read or set.
    #[must_use]
    pub fn touches_column(&self, table: &Name, column: &Name) -> bool {
        self.reads.iter().any(|(read, of)| read == table && of == column)
            || self.writes.iter().any(|(written, of)| written == table && of.as_ref() == Some(column))
    }
}

/// What SQLite reports while it compiles: who, in the innermost view or trigger, touches what.
type Report = (Option<Name>, Touch);

enum Touch {
    Read(Name, Name),
    Write(Name, Option<Name>),
}

impl Scratch {
    /// What each view and trigger touches; those that do not compile are left out, [`Scratch::check`] names them.
    ///
    /// # Errors
    ///
    /// Fails where SQLite does.
    pub fn dependencies(&mut self, schema: &Schema) -> Result<BTreeMap<ObjectRef, Uses>, Error> {
        let failed = |error: rusqlite::Error| Error::from_sqlite(":memory:".as_ref(), &error);
        let mut all: BTreeMap<ObjectRef, Uses> = BTreeMap::new();
        for view in schema.views.keys() {
            let sql = format!("SELECT * FROM main.{}", view.quoted());
            if let Some(reports) = listen(&mut self.connection, &sql).map_err(failed)? {
                let uses = collect(reports.iter().map(|(_, touch)| touch), view);
                all.insert(ObjectRef::new(ObjectKind::View, view), uses);
            }
        }
        for trigger in schema.triggers.values() {
            let Some(sql) = firing(&self.connection, trigger).map_err(failed)? else { continue };
            if let Some(reports) = listen(&mut self.connection, &sql).map_err(failed)? {
                let own = reports.iter().filter(|(by, _)| by.as_ref() == Some(&trigger.name)).map(|(_, touch)| touch);
                let mut uses = collect(own, &trigger.name);
                let views: BTreeSet<Name> = uses.reads.iter().map(|(table, _)| table.clone()).collect();
                let through = views.iter().filter_map(|view| all.get(&ObjectRef::new(ObjectKind::View, view)));
                let reads: Vec<(Name, Name)> = through.flat_map(|uses| uses.reads.iter().cloned()).collect();
                uses.reads.extend(reads);
                all.insert(ObjectRef::new(ObjectKind::Trigger, &trigger.name), uses);
            }
        }
        Ok(all)
    }
}

fn collect<'a>(touches: impl Iterator<Item = &'a Touch>, own: &Name) -> Uses {
    let mut uses = Uses::default();
    for touch in touches {
        match touch {
            // SQLite also reports the reading of the view itself, by the statement that stands around it.
            Touch::Read(table, _) if table == own => {}
            Touch::Read(table, column) => {
                uses.reads.insert((table.clone(), column.clone()));
            }
            Touch::Write(table, column) => {
                uses.writes.insert((table.clone(), column.clone()));
            }
        }
    }
    uses
}

/// What SQLite reports while it compiles a statement; `None` where it does not compile.
fn listen(connection: &mut Connection, sql: &str) -> rusqlite::Result<Option<Vec<Report>>> {
    let heard: Arc<Mutex<Vec<Report>>> = Arc::default();
    let reports = Arc::clone(&heard);
    connection.authorizer(Some(move |context: AuthContext<'_>| {
        let touch = match context.action {
            AuthAction::Read { table_name, column_name } => {
                Some(Touch::Read(Name::new(table_name), Name::new(column_name)))
            }
            AuthAction::Update { table_name, column_name } => {
                Some(Touch::Write(Name::new(table_name), Some(Name::new(column_name))))
            }
            AuthAction::Insert { table_name } | AuthAction::Delete { table_name } => {
                Some(Touch::Write(Name::new(table_name), None))
            }
            _ => None,
        };
        if let (Some(touch), Ok(mut reports)) = (touch, reports.lock()) {
            reports.push((context.accessor.map(Name::new), touch));
        }
        Authorization::Allow
    }))?;
    let compiles = connection.prepare(sql).is_ok();
    connection.authorizer(None::<fn(AuthContext<'_>) -> Authorization>)?;
    let reports = heard.lock().map(|mut reports| std::mem::take(&mut *reports)).unwrap_or_default();
    Ok(compiles.then_some(reports))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::Filter;

    fn uses(sql: &str) -> BTreeMap<ObjectRef, Uses> {
        let mut scratch = Scratch::empty().unwrap();
        scratch.run(sql).unwrap();
        let schema = scratch.schema(&Filter::default()).unwrap();
        scratch.dependencies(&schema).unwrap()
    }

    fn read(uses: &Uses) -> Vec<String> {
        uses.reads.iter().map(|(table, column)| format!("{table}.{column}")).collect()
    }

    #[test]
    fn a_view_reads_what_the_views_below_it_read() {
        let all = uses(
            "CREATE TABLE p (id, name, v); CREATE VIEW v1 AS SELECT id, name FROM p WHERE v > 0;
             CREATE VIEW v2 AS SELECT name FROM v1; CREATE VIEW broken AS SELECT absent FROM p",
        );
        assert_eq!(all.len(), 2);
        let v2 = &all[&ObjectRef::new(ObjectKind::View, &"v2".into())];
        let reads = read(v2);
        for wanted in ["p.id", "p.name", "p.v", "v1.name"] {
            assert!(reads.iter().any(|read| read == wanted), "{wanted} in {reads:?}");
        }
        assert!(v2.touches(&"P".into()) && v2.touches_column(&"p".into(), &"V".into()));
        assert!(!v2.touches(&"v2".into()));
    }

    #[test]
    fn a_trigger_touches_what_its_own_body_says() {
        let all = uses(
            "CREATE TABLE p (id, name); CREATE TABLE log (what, n); CREATE TABLE deep (x); CREATE VIEW v AS SELECT id FROM p;
             CREATE TRIGGER g AFTER UPDATE OF name ON p WHEN NEW.id > 1 BEGIN INSERT INTO log VALUES (OLD.name, (SELECT max(id) FROM v)); UPDATE log SET n = 1; END;
             CREATE TRIGGER h AFTER INSERT ON log BEGIN DELETE FROM deep; END;
             CREATE TRIGGER i INSTEAD OF DELETE ON v BEGIN DELETE FROM p WHERE id = OLD.id; END",
        );
        let of = |name: &str| &all[&ObjectRef::new(ObjectKind::Trigger, &name.into())];
        let g = of("g");
        assert!(g.touches_column(&"p".into(), &"id".into()) && g.touches_column(&"p".into(), &"name".into()));
        assert!(g.touches_column(&"log".into(), &"n".into()) && g.touches(&"v".into()));
        assert!(!g.touches(&"deep".into()), "what other triggers do is theirs");
        assert!(of("h").writes.contains(&("deep".into(), None)));
        assert!(of("i").writes.contains(&("p".into(), None)));
    }
}
