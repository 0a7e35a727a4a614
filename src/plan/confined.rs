//! Tables put in the place of others while foreign keys are enforced and nothing can be switched.
//!
//! DROP TABLE deletes the rows first, and what refers to them goes with them or changes
//! (<https://www.sqlite.org/foreignkeys.html#fk_schemacommands>). So with a table all are copied that refer to it, and
//! all that refer to those: the copies refer to each other by their temporary names, which SQLite's full rename turns
//! into the final ones, and what the dropped tables drag along are rows of dropped tables alone.
//!
//! What SQLite does there, by experiment (3.40 and 3.54):
//!
//! - Parents are filled before children, children are dropped before parents: no check is put off and no row is
//!   deleted on the way, so it does not matter what the runner thinks of `defer_foreign_keys`.
//! - Where tables refer to each other in a ring, or to themselves, checks are put off to the end of the transaction:
//!   else no first row could be copied, and RESTRICT would forbid the DROP. The setting must not be taken back: that
//!   forgets what is still to be checked. In a ring the old rows are deleted while all old tables are there: a DROP
//!   does not compile where an action of a table's own foreign key leads to a table that is gone.
//! - SET NULL and SET DEFAULT write to rows that are to go themselves, which constraints may refuse: these rows are
//!   deleted before those that they refer to. Where that leads around in a ring, or rows refer to their own table,
//!   such an action cannot be got around: SQLite refuses, and nothing is lost.
//! - Each copy takes its name as soon as the old table is gone, before the next one is dropped: nothing refers to the
//!   name of a table when it is dropped but what has been dropped before it.
//! - A key that foreign keys refer to may be a UNIQUE index: it moves to the copy before the children are filled.
//! - Rows that refer to nothing, foreign keys that fit no table, and tables that are missing stop the copy: such a
//!   runner would not have taken those rows either.
//! - What ANALYZE has found is gone with the old tables: plain SQL cannot ask whether there is anything to carry over.

use indexmap::{IndexMap, IndexSet};

use crate::diff::{AlterTable, ColumnOrder};
use crate::schema::{Action, Column, ForeignKey, Index, IndexKey, Name, Schema, SqliteVersion, Table};
use crate::sql;
use crate::token::{TokenKind, significant_tokens};

use super::rebuild;
use super::rows::RowWork;
use super::statement::Statement;

/// Since 3.26 a rename takes foreign keys along, whether they are enforced or not.
const RENAME: SqliteVersion = SqliteVersion::new(3, 26);

/// A table that is put in the place of the one that has its name.
#[derive(Debug, Clone)]
pub(super) struct Copied {
    /// As it will be.
    pub table: Table,
    /// Its name until then.
    pub stage: Name,
    /// Creates it under that name; its foreign keys name tables by their final names.
    pub create: Statement,
    /// Fills it.
    pub fill: Vec<Statement>,
}

/// These tables and all that refer to them, and to those.
pub(super) fn closure(schema: &Schema, tables: impl IntoIterator<Item = Name>) -> IndexSet<Name> {
    let mut closure: IndexSet<Name> = tables.into_iter().collect();
    let mut at = 0;
    while let Some(parent) = closure.get_index(at).cloned() {
        let children = schema.tables.values().filter(|table| table.foreign_keys.iter().any(|key| key.parent == parent));
        closure.extend(children.map(|table| table.name.clone()));
        at += 1;
    }
    closure
}

/// A copy of a table that changes, or of one that stays as it is and has to be copied along.
pub(super) fn copied(alter: &AlterTable, rows: &RowWork, order: ColumnOrder) -> Copied {
    let table = rebuild::rebuilt_table(alter, order);
    let stage = rebuild::stage_name(&table.name);
    let reason = if alter.changes.is_empty() {
        format!(
            "Copies {} too: it refers to a table that is replaced, and its rows would go with that one's.",
            table.name
        )
    } else {
        rebuild::reason(alter)
    };
    let create = Statement::new(sql::write_table(&Table { indexes: IndexMap::new(), ..table.clone() }));
    let create = create.comment(reason).requires(super::requirement::of_table(&table));
    Copied { fill: rebuild::fill(alter, &table, &stage, rows), table, stage, create }
}

/// Creates what copies of these tables will refer to and what is not there yet: tables with their rows, and keys.
pub(super) fn parents(now: &Schema, after: &Schema, tables: &IndexSet<Name>, rows: &RowWork) -> Vec<Statement> {
    let of_table = |name: &Name| after.tables.get(name).into_iter().flat_map(|table| &table.foreign_keys);
    let mut needed: IndexSet<Name> = tables.iter().flat_map(of_table).map(|key| key.parent.clone()).collect();
    let mut at = 0;
    while let Some(name) = needed.get_index(at).cloned() {
        if !now.tables.contains_key(&name) {
            needed.extend(of_table(&name).map(|key| key.parent.clone()));
        }
        at += 1;
    }
    let wanted = || needed.iter().filter_map(|name| after.tables.get(name));
    let mut statements = create(wanted().filter(|table| !now.tables.contains_key(&table.name)), rows);
    for parent in wanted().filter(|table| !tables.contains(&table.name)) {
        let there = now.tables.get(&parent.name);
        for index in key_indexes(parent, after.tables.values()) {
            if there.is_none_or(|table| !table.indexes.contains_key(&index.name)) {
                statements.extend(move_index(now, &parent.name, index));
            }
        }
    }
    statements
}

/// Creates tables, those that others refer to first, each with the rows that return to it.
pub(super) fn create<'a>(tables: impl Iterator<Item = &'a Table>, rows: &RowWork) -> Vec<Statement> {
    let tables: IndexMap<&Name, &Table> = tables.map(|table| (&table.name, table)).collect();
    let mut statements = Vec::new();
    for ring in rings(tables.values().copied()) {
        let create =
            |table: &Table| Statement::new(sql::write_table(table)).requires(super::requirement::of_table(table));
        statements.extend(ring.tables.iter().filter_map(|name| tables.get(name)).map(|table| create(table)));
        let returning: Vec<Statement> =
            ring.tables.iter().flat_map(|name| rows.returning_rows(name)).cloned().collect();
        if ring.is_closed() && !returning.is_empty() {
            statements.push(defer());
        }
        statements.extend(returning);
    }
    statements
}

/// Puts tables in the place of those that have their names, and drops some more. Together they are a closure of
/// `now`, the schema as it is, and no trigger or view stands in the way.
pub(super) fn replace(copies: Vec<Copied>, going: &IndexSet<Name>, now: &Schema) -> Vec<Statement> {
    let mut copies: IndexMap<Name, Copied> = copies.into_iter().map(|copy| (copy.table.name.clone(), copy)).collect();
    // What goes has no copy: a reference to it finds nothing under this name, and the statements are refused.
    let mut stages: IndexMap<Name, Name> = going.iter().map(|name| (name.clone(), rebuild::stage_name(name))).collect();
    stages.extend(copies.values().map(|copy| (copy.table.name.clone(), copy.stage.clone())));
    for copy in copies.values_mut() {
        copy.create.sql = staged(&copy.create.sql, &copy.table.name, &stages);
    }
    let wanted = rings(copies.values().map(|copy| &copy.table));
    let there = rings(stages.keys().filter_map(|name| now.tables.get(name)));

    let mut statements = Vec::new();
    if wanted.iter().chain(&there).any(Ring::is_closed) {
        statements.push(defer());
    }
    for ring in &wanted {
        let members = || ring.tables.iter().filter_map(|name| copies.get(name));
        let keys = || {
            let of = |copy: &Copied| {
                let keys = key_indexes(&copy.table, copies.values().map(|copy| &copy.table));
                keys.into_iter().flat_map(|index| move_index(now, &copy.stage, index)).collect::<Vec<_>>()
            };
            members().flat_map(of).collect::<Vec<_>>()
        };
        let fill = members().flat_map(|copy| copy.fill.iter().cloned());
        statements.extend(members().map(|copy| copy.create.clone()));
        // An index is built faster over rows that are there; a table of a ring has its children already.
        if ring.is_closed() {
            statements.extend(keys().into_iter().chain(fill));
        } else {
            statements.extend(fill.chain(keys()));
        }
    }
    for ring in there.iter().rev() {
        statements.extend(ring.empty(now));
        // What goes for good is the last of its ring: others refer to it until they are gone.
        let mut tables: Vec<&Name> = ring.tables.iter().collect();
        tables.sort_by_key(|name| going.contains(*name));
        for name in tables {
            statements.push(Statement::new(format!("DROP TABLE {}", name.quoted())));
            if let Some(copy) = copies.get(name) {
                let rename = format!("ALTER TABLE {} RENAME TO {}", copy.stage.quoted(), copy.table.name.quoted());
                statements.push(Statement::new(rename).requires(RENAME));
            }
        }
    }
    statements
}

/// Drops tables that nothing refers to but each other; `drop` says how. No trigger stands on them any more.
pub(super) fn drop_tables(now: &Schema, going: &IndexSet<Name>, drop: impl Fn(&Name) -> Statement) -> Vec<Statement> {
    let there = rings(going.iter().filter_map(|name| now.tables.get(name)));
    let deferred = there.iter().any(Ring::is_closed).then(defer);
    let drops = there.iter().rev().flat_map(|ring| {
        let drops = ring.tables.iter().map(&drop);
        ring.empty(now).into_iter().chain(drops).collect::<Vec<_>>()
    });
    deferred.into_iter().chain(drops).collect()
}

/// What goes before statements of somebody else that drop such tables, in this order.
pub(super) fn before_drops(now: &Schema, going: &IndexSet<Name>) -> Vec<Statement> {
    let there = rings(going.iter().filter_map(|name| now.tables.get(name)));
    let place = |name: &Name| going.get_index_of(name);
    let is_late = |table: &Table| {
        table.foreign_keys.iter().any(|key| place(&key.parent) < place(&table.name) && place(&key.parent).is_some())
    };
    let is_harmless =
        !there.iter().any(Ring::is_closed) && !going.iter().filter_map(|name| now.tables.get(name)).any(is_late);
    if is_harmless {
        return Vec::new();
    }
    // Rows that go with their parents fire triggers.
    let triggers = now.triggers.values().filter(|trigger| going.contains(&trigger.table));
    let drops = triggers.map(|trigger| Statement::new(format!("DROP TRIGGER {}", trigger.name.quoted())));
    drops.chain([defer()]).chain(there.iter().rev().flat_map(|ring| ring.empty(now))).collect()
}

/// A table that stays and refers to one of those that go, with the one that it refers to.
pub(super) fn left_behind<'a>(now: &'a Schema, going: &IndexSet<Name>) -> Option<(&'a Name, &'a Name)> {
    now.tables.values().filter(|table| !going.contains(&table.name)).find_map(|table| {
        let key = table.foreign_keys.iter().find(|key| going.contains(&key.parent))?;
        Some((&table.name, &key.parent))
    })
}

/// Puts the checks of foreign keys off to the end of the transaction.
pub(super) fn defer() -> Statement {
    Statement::new("PRAGMA defer_foreign_keys = ON")
        .comment("Rows refer to each other in a ring: references are checked at the end of the transaction.")
}

/// The unique indexes of a table that foreign keys of these refer to.
pub(super) fn key_indexes<'a>(parent: &'a Table, children: impl Iterator<Item = &'a Table>) -> Vec<&'a Index> {
    let keys: Vec<&ForeignKey> =
        children.flat_map(|child| &child.foreign_keys).filter(|key| key.parent == parent.name).collect();
    let is_key = |index: &&Index| {
        let is_named = |name: &Name| {
            index.terms.iter().any(|term| matches!(&term.key, IndexKey::Column(column) if column == name))
        };
        let fits = |key: &&ForeignKey| {
            key.parent_columns.len() == index.terms.len() && key.parent_columns.iter().all(&is_named)
        };
        index.unique && index.predicate.is_none() && keys.iter().any(fits)
    };
    parent.indexes.values().filter(is_key).collect()
}

/// Creates an index on a table in place of one that has its name.
pub(super) fn move_index(now: &Schema, table: &Name, index: &Index) -> Vec<Statement> {
    let is_there = now.tables.values().any(|table| table.indexes.contains_key(&index.name));
    let drop = is_there.then(|| Statement::new(format!("DROP INDEX {}", index.name.quoted())));
    let create = Statement::new(sql::write_index(table, index)).requires(super::requirement::of_index(index));
    drop.into_iter().chain([create]).collect()
}

/// A CREATE TABLE under a temporary name, with what it says of itself and others exchanged for temporary names.
fn staged(sql: &str, table: &Name, stages: &IndexMap<Name, Name>) -> String {
    let tokens: Vec<_> = significant_tokens(sql).collect();
    let is_name = |at: usize| matches!(tokens[at].kind, TokenKind::Word | TokenKind::QuotedName | TokenKind::String);
    let mut staged = String::with_capacity(sql.len());
    let mut copied = 0;
    let mut named = false;
    for at in (1..tokens.len()).filter(|at| is_name(*at)) {
        let name = Name::new(tokens[at].unquoted());
        let own = || stages.get(table).filter(|stage| name == *table || name == **stage);
        let is_qualifier = tokens.get(at + 1).is_some_and(|next| next.is_operator("."));
        let exchanged = if !named && own().is_some() {
            named = true;
            own()
        } else if tokens[at - 1].is_word("REFERENCES") {
            stages.get(&name)
        } else if is_qualifier && !tokens[at - 1].is_operator(".") {
            own()
        } else {
            None
        };
        if let Some(stage) = exchanged {
            staged.push_str(&sql[copied..tokens[at].start]);
            staged.push_str(&stage.quoted());
            copied = tokens[at].span().end;
        }
    }
    staged.push_str(&sql[copied..]);
    staged
}

/// Tables that refer to each other, directly or through others; most are one table alone.
struct Ring {
    tables: Vec<Name>,
    /// Whether one of them refers to itself.
    has_loop: bool,
}

impl Ring {
    fn is_closed(&self) -> bool {
        self.has_loop || self.tables.len() > 1
    }

    /// Deletes the rows of a ring of several tables, those first that take none along on which something is set.
    fn empty(&self, now: &Schema) -> Vec<Statement> {
        if self.tables.len() < 2 {
            return Vec::new();
        }
        let mut left: Vec<&Table> = self.tables.iter().filter_map(|name| now.tables.get(name)).collect();
        let mut statements = Vec::new();
        while !left.is_empty() {
            let harmless = left.iter().position(|table| keys_set(table, &left) == (0, 0));
            let least = || (0..left.len()).min_by_key(|at| keys_set(left[*at], &left));
            let table = left.remove(harmless.or_else(least).unwrap_or_default());
            statements.push(Statement::new(format!("DELETE FROM {}", table.name.quoted())));
        }
        statements
    }
}

/// How many foreign keys of other tables are set to something where the rows of a table are deleted: those that may not
/// be null, and all.
fn keys_set(table: &Table, tables: &[&Table]) -> (usize, usize) {
    let mut emptied: IndexSet<&Name> = IndexSet::from([&table.name]);
    let (mut not_null, mut all, mut at) = (0, 0, 0);
    while let Some(&parent) = emptied.get_index(at) {
        for child in tables.iter().filter(|child| child.name != table.name) {
            for key in child.foreign_keys.iter().filter(|key| key.parent == *parent) {
                match key.on_delete {
                    Action::Cascade => drop(emptied.insert(&child.name)),
                    Action::SetNull | Action::SetDefault => {
                        let mut columns = key.columns.iter().filter_map(|column| child.column(column));
                        let is_not_null =
                            |column: &Column| column.not_null.is_some() || child.is_not_null_by_key(column);
                        not_null += usize::from(columns.any(is_not_null));
                        all += 1;
                    }
                    Action::NoAction | Action::Restrict => {}
                }
            }
        }
        at += 1;
    }
    (not_null, all)
}

/// The rings of tables, those that are referred to before those that refer to them (Tarjan's algorithm, which finds
/// them in this order).
fn rings<'a>(tables: impl Iterator<Item = &'a Table>) -> Vec<Ring> {
    let tables: IndexMap<&Name, &Table> = tables.map(|table| (&table.name, table)).collect();
    let parents = |at: usize| -> Vec<usize> {
        tables[at].foreign_keys.iter().filter_map(|key| tables.get_index_of(&key.parent)).collect()
    };
    let (mut found, mut number, mut lowest) = (Vec::new(), vec![None; tables.len()], vec![0; tables.len()]);
    let (mut path, mut open): (Vec<(usize, Vec<usize>)>, Vec<usize>) = (Vec::new(), Vec::new());
    let mut next = 0;
    for start in 0..tables.len() {
        if number[start].is_some() {
            continue;
        }
        path.push((start, parents(start)));
        while let Some((at, left)) = path.last_mut() {
            let at = *at;
            if number[at].is_none() {
                number[at] = Some(next);
                lowest[at] = next;
                next += 1;
                open.push(at);
            }
            if let Some(parent) = left.pop() {
                match number[parent] {
                    None => path.push((parent, parents(parent))),
                    Some(seen) if open.contains(&parent) => lowest[at] = lowest[at].min(seen),
                    Some(_) => {}
                }
                continue;
            }
            path.pop();
            if let Some((child, _)) = path.last() {
                lowest[*child] = lowest[*child].min(lowest[at]);
            }
            if Some(lowest[at]) == number[at] {
                let start =
                    open.iter().rposition(|table| *table == at).expect("a table is open until its ring is found");
                let mut members = open.split_off(start);
                members.sort_unstable();
                let has_loop = members.iter().any(|member| parents(*member).contains(member));
                let tables = members.into_iter().map(|member| tables[member].name.clone()).collect();
                found.push(Ring { tables, has_loop });
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::{Scratch, Switches};
    use crate::diff::{Renames, diff};
    use crate::model::Intent;
    use crate::plan::{Draft, Options, draft, planner, write_section};

    fn schema(sql: &str) -> Schema {
        let mut scratch = Scratch::empty().unwrap();
        planner::run(&mut scratch, sql).unwrap();
        planner::read(&scratch).unwrap()
    }

    fn options(switches: Switches) -> Options {
        let target = SqliteVersion::new(3, 45);
        Options { target, column_order: ColumnOrder::Strict, catalog_edits: true, fast_rebuild: false, switches }
    }

    fn drafted(before: &str, after: &str, switches: Switches) -> Result<Draft, String> {
        draft(&schema(before), &schema(after), &Intent::default(), options(switches))
            .map_err(|error| format!("{error:?}"))
    }

    /// The rows of a database, table by table.
    fn rows(scratch: &Scratch) -> Vec<String> {
        let schema = planner::read(scratch).unwrap();
        let mut contents = Vec::new();
        for table in schema.tables.values() {
            let rowid = table.rowid_name().map_or(String::new(), |rowid| format!("{rowid} || ' ' || "));
            let columns: Vec<String> =
                table.columns.iter().map(|column| format!("quote({})", column.name.quoted())).collect();
            let sql = format!("SELECT {rowid}{} FROM {} ORDER BY 1", columns.join(" || ',' || "), table.name.quoted());
            let mut rows = scratch.connection().prepare(&sql).unwrap();
            let rows = rows.query_map([], |row| row.get::<_, String>(0)).unwrap();
            contents.push(format!("{}: {}", table.name, rows.map(Result::unwrap).collect::<Vec<_>>().join(" ")));
        }
        contents.sort();
        contents
    }

    fn same(one: &Schema, other: &Schema) {
        let left = diff(one, other, &Renames::default(), ColumnOrder::Strict);
        assert!(left.is_empty(), "{left:#?}");
    }

    /// Up and down with rows, in each of the forms, with what its runner refuses: all end in the same.
    fn same_in_all_forms(before: &str, filled: &str, after: &str) {
        let mut ends = Vec::new();
        for switches in [Switches::All, Switches::ForeignKeys, Switches::None] {
            let draft = drafted(before, after, switches).unwrap_or_else(|error| panic!("{switches:?}: {error}"));
            let mut scratch = Scratch::empty().unwrap();
            planner::run(&mut scratch, before).unwrap();
            planner::run(&mut scratch, filled).unwrap();
            let start = rows(&scratch);
            scratch.confine(switches).unwrap();
            let mut run = |statements: &[Statement], wanted: &str| {
                let script = write_section(statements);
                planner::run(&mut scratch, &format!("BEGIN;\n{script}COMMIT"))
                    .unwrap_or_else(|error| panic!("{switches:?}: {error:?}\n{script}"));
                same(&planner::read(&scratch).unwrap(), &schema(wanted));
                let orphans = scratch.connection().prepare("PRAGMA foreign_key_check").unwrap().exists([]).unwrap();
                assert!(!orphans);
                rows(&scratch)
            };
            ends.push(run(&draft.up, after));
            assert_eq!(run(&draft.down, before), start, "{switches:?}");
        }
        assert_eq!(ends[0], ends[1], "without legacy_alter_table");
        assert_eq!(ends[0], ends[2], "without any switch");
    }

    const ACTIONS: [&str; 5] = [
        "",
        "ON DELETE CASCADE ON UPDATE CASCADE",
        "ON DELETE SET NULL",
        "ON DELETE RESTRICT",
        "ON DELETE SET DEFAULT",
    ];

    #[test]
    fn children_of_every_action_keep_their_rows() {
        for action in ACTIONS {
            for deferred in ["", " DEFERRABLE INITIALLY DEFERRED"] {
                let children = format!(
                    "CREATE TABLE c (id INTEGER PRIMARY KEY AUTOINCREMENT, p INT REFERENCES p {action}{deferred}, note TEXT);
                     CREATE INDEX by_p ON c (p);
                     CREATE TABLE g (c INT PRIMARY KEY REFERENCES c (id) {action}) WITHOUT ROWID;
                     CREATE TABLE log (what TEXT);
                     CREATE VIEW v AS SELECT c.id, p.name FROM c JOIN p ON p.id = c.p; CREATE VIEW w AS SELECT count(*) AS n FROM v;
                     CREATE TRIGGER gone AFTER DELETE ON c BEGIN INSERT INTO log VALUES ('gone ' || OLD.id); END;
                     CREATE TRIGGER first AFTER INSERT ON log BEGIN SELECT n FROM w; END;
                     CREATE TRIGGER second AFTER INSERT ON log BEGIN SELECT 2; END;
                     CREATE TRIGGER into_v INSTEAD OF INSERT ON v BEGIN INSERT INTO p (name) VALUES (NEW.name); END;"
                );
                same_in_all_forms(
                    &format!("CREATE TABLE p (id INTEGER PRIMARY KEY, name TEXT); {children}"),
                    "INSERT INTO p VALUES (1, 'one'), (2, 'two'); INSERT INTO c VALUES (3, 1, 'a'), (9, 2, 'b'), (11, NULL, 'c');
                     DELETE FROM c WHERE id = 11; DELETE FROM log; INSERT INTO g VALUES (3), (9)",
                    &format!("CREATE TABLE p (id INTEGER PRIMARY KEY, name TEXT NOT NULL DEFAULT ''); {children}"),
                );
            }
        }
    }

    #[test]
    fn rings_and_references_to_itself_keep_their_rows() {
        for there in ACTIONS {
            for back in ACTIONS {
                let schema = |name: &str| {
                    format!(
                        "CREATE TABLE a (id INTEGER PRIMARY KEY, b INT REFERENCES b {there}, up INT REFERENCES a {back}, name {name});
                         CREATE TABLE b (id INTEGER PRIMARY KEY, a INT REFERENCES a {back}, up INT REFERENCES b {there});
                         CREATE TABLE leaf (b INT NOT NULL REFERENCES b ON DELETE CASCADE, CHECK (leaf.b > 0));"
                    )
                };
                same_in_all_forms(
                    &schema("TEXT"),
                    "INSERT INTO a VALUES (1, 2, 3, 'x'), (2, 1, NULL, 'y'), (3, 1, 3, 'z');
                     INSERT INTO b VALUES (1, 2, 2), (2, 1, NULL); INSERT INTO leaf VALUES (1), (2), (2)",
                    &schema("TEXT CHECK (name <> '')"),
                );
            }
        }
    }

    #[test]
    fn rings_are_emptied_so_that_nothing_is_set_that_must_not_be() {
        for name in ["TEXT", "INT NOT NULL"] {
            let schema = |name: &str| {
                format!(
                    "CREATE TABLE a (id INTEGER PRIMARY KEY, c INT REFERENCES c, name {name});
                     CREATE TABLE b (id INTEGER PRIMARY KEY, a INT NOT NULL REFERENCES a ON DELETE CASCADE);
                     CREATE TABLE c (id INTEGER PRIMARY KEY, b INT NOT NULL REFERENCES b ON DELETE SET NULL,
                       again INT REFERENCES a ON DELETE SET DEFAULT CHECK (again IS NOT NULL));"
                )
            };
            let rows = "INSERT INTO a VALUES (1, 3, 1), (2, NULL, 2); INSERT INTO b VALUES (2, 1), (3, 2);
                 INSERT INTO c VALUES (3, 2, 2), (4, 2, 1)";
            same_in_all_forms(&schema("INT"), rows, &schema(name));
        }
    }

    #[test]
    fn a_key_that_is_an_index_moves_before_its_children_are_filled() {
        let children = "CREATE TABLE c (code TEXT REFERENCES p (code) ON DELETE CASCADE);";
        let key = "CREATE UNIQUE INDEX key ON p (code); CREATE INDEX other ON p (n);";
        same_in_all_forms(
            &format!("CREATE TABLE p (n INT, code TEXT, g AS (n + 1)); {key} {children}"),
            "INSERT INTO p VALUES (1, 'x'), (2, 'y'); INSERT INTO c VALUES ('x'), ('y'), (NULL)",
            &format!("CREATE TABLE p (n INT CHECK (n > 0), code TEXT, g AS (n + 1) STORED); {key} {children}"),
        );
    }

    #[test]
    fn tables_come_and_go_around_those_that_refer_to_them() {
        same_in_all_forms(
            "CREATE TABLE old (id INTEGER PRIMARY KEY); CREATE TABLE p (id INTEGER PRIMARY KEY, a);
             CREATE TABLE c (p INT REFERENCES p ON DELETE CASCADE, old INT REFERENCES old ON DELETE RESTRICT);",
            "",
            "CREATE TABLE p (id INTEGER PRIMARY KEY, a NOT NULL DEFAULT 1);
             CREATE TABLE c (p INT REFERENCES p ON DELETE CASCADE, fresh INT REFERENCES fresh ON DELETE RESTRICT);
             CREATE TABLE fresh (id INTEGER PRIMARY KEY, code REFERENCES more (code));
             CREATE TABLE more (code); CREATE UNIQUE INDEX codes ON more (code);",
        );
    }

    #[test]
    fn a_ring_goes_and_comes_back() {
        let staying = "CREATE TABLE s (id INTEGER PRIMARY KEY);";
        let ring = "CREATE TABLE a (id INTEGER PRIMARY KEY, b INT REFERENCES b ON DELETE RESTRICT);
                    CREATE TABLE b (id INTEGER PRIMARY KEY, a INT NOT NULL REFERENCES a ON DELETE CASCADE, s INT REFERENCES s);
                    CREATE TRIGGER t AFTER DELETE ON b BEGIN DELETE FROM s; END;";
        let draft = drafted(&format!("{staying}{ring}"), staying, Switches::None).unwrap();
        let mut scratch = Scratch::empty().unwrap();
        planner::run(&mut scratch, &format!("{staying}{ring}")).unwrap();
        planner::run(
            &mut scratch,
            "INSERT INTO s VALUES (7); INSERT INTO a VALUES (1, 2); INSERT INTO b VALUES (2, 1, 7)",
        )
        .unwrap();
        scratch.confine(Switches::None).unwrap();
        planner::run(&mut scratch, &format!("BEGIN;\n{}COMMIT", write_section(&draft.up))).unwrap();
        assert_eq!(rows(&scratch), ["s: 7 7"]);
    }

    #[test]
    fn rows_that_would_go_with_a_table_are_said_and_not_lost() {
        let before = "CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (p INT REFERENCES p ON DELETE CASCADE);";
        let told =
            drafted(before, "CREATE TABLE c (p INT REFERENCES p ON DELETE CASCADE);", Switches::None).unwrap_err();
        assert!(told.contains("`c` still refers to it"), "{told}");
    }

    #[test]
    fn temporary_names_take_the_place_of_names_of_tables_alone() {
        let stages = [("p", "new_p"), ("c", "new_c")].map(|(name, stage)| (Name::from(name), Name::from(stage))).into();
        assert_eq!(
            staged(
                "CREATE TABLE 'c' (c REFERENCES p (c), p DEFAULT 'c', CHECK (c.p > \"p\"), FOREIGN KEY (p) REFERENCES \"P\", x REFERENCES other)",
                &Name::from("c"),
                &stages
            ),
            "CREATE TABLE \"new_c\" (c REFERENCES \"new_p\" (c), p DEFAULT 'c', CHECK (\"new_c\".p > \"p\"), FOREIGN KEY (p) REFERENCES \"new_p\", x REFERENCES other)"
        );
    }
}
