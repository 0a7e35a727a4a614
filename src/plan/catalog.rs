//! "An edit of `sqlite_schema` can do this": a table's text is replaced and no row is touched (`catalog_edits`).
//!
//! Only for changes after which every stored row and every rowid means what it meant before
//! (<https://www.sqlite.org/pragma.html#pragma_writable_schema>). Indexes over what compares in another way then are
//! built again. Rows that are older than their column are stored
//! short, and read the default that is in force: before a DEFAULT changes, those that may be short are stored in full.

use indexmap::IndexSet;

use crate::diff::{AlterTable, ColumnOrder, TableChange};
use crate::schema::{
    Affinity, Column, Expression, Index, IndexKey, KeyColumn, Name, PrimaryKey, SqliteVersion, Table, TypeName,
};
use crate::sql;
use crate::token::{TokenKind, quote_string, significant_tokens};

use super::native::is_constant;
use super::rows::RowWork;
use super::statement::Statement;

/// `sqlite_schema` is called so since 3.33; all else is older.
const EDIT: SqliteVersion = SqliteVersion::new(3, 33);

/// Older ones find NULL in sound tables without rowid: `quick_check` of 3.40 mistakes their columns.
const EDIT_WITHOUT_ROWID: SqliteVersion = SqliteVersion::new(3, 53);

/// The statements that put the table's new text in place, or `None` where a change is not safe to make so.
///
/// They end in a check of all rows against the constraints that are in force then, where a row may fail one; of foreign
/// keys that check knows nothing, and those who run the script look at them.
#[must_use]
pub fn statements(
    alter: &AlterTable,
    rows: &RowWork,
    target: SqliteVersion,
    updates_are_silent: bool,
) -> Option<Vec<Statement>> {
    let is_about_indexes = |change: &TableChange| {
        matches!(change, TableChange::CreateIndex(_) | TableChange::DropIndex(_) | TableChange::AlterIndex { .. })
    };
    let is_safe = |change: &TableChange| is_about_indexes(change) || is_safe(change, alter, rows);
    let needed = if alter.after.without_rowid { EDIT_WITHOUT_ROWID } else { EDIT };
    let stores_in_full = store_in_full(alter);
    let may_store = stores_in_full.is_none() || updates_are_silent;
    if target < needed || !may_store || !has_same_keys(alter) || !alter.changes.iter().all(is_safe) {
        return None;
    }
    let reindex = reindex(alter)?;
    // The columns stay in the order in which the rows are stored.
    let stored = |table: &Table| -> Vec<Name> {
        let is_stored = |column: &&Column| !is_virtual(column);
        table.columns.iter().filter(is_stored).map(|column| column.name.clone()).collect()
    };
    let in_place = stored(&alter.before) == stored(&alter.after);
    let order = if in_place { ColumnOrder::Strict } else { ColumnOrder::Loose };
    let table = super::rebuild::rebuilt_table(alter, order);
    let name = table.name.as_str();
    let counts = table.primary_key.as_ref().is_some_and(|key| key.autoincrement);
    let counter = if counts { " PRIMARY KEY AUTOINCREMENT" } else { "" };
    let text = quote_string(&sql::write_table(&table));
    let lines: Vec<String> = crate::diff::Change::AlterTable(alter.clone())
        .lines()
        .into_iter()
        .map(|line| format!("\n  {}", line.text.replace('`', "")))
        .collect();
    let plain = |sql: String| Statement::new(sql).requires(needed);
    let before = alter.before.name.as_str();
    let [look, compare] = layout_stays(before).map(|statements| statements.map(plain).map(Statement::continues));
    let first = [
        plain(format!("CREATE TABLE \"schemactl_edit\" (\"id\" INTEGER{counter})")).comment(format!(
            "Edits the definition of {name} in sqlite_schema; no row is copied:{}\n\
             Run this with schemactl or SQLite's own shell only, in one transaction, and do not change it by hand: a slip\n\
             makes the database unreadable. The table that comes and goes makes all connections read the schema again.\n\
             Stops here if {name} has other columns than this was made for, or has them in another order.",
            lines.concat()
        )),
        plain("DROP TABLE \"schemactl_edit\"".to_owned()).continues(),
    ];
    let replace = [
        plain("PRAGMA writable_schema = ON".to_owned()).continues(),
        plain(format!(
            "UPDATE sqlite_schema SET sql = {text}\n  WHERE type = 'table' AND name = {}",
            quote_string(before)
        ))
        .continues(),
        plain("PRAGMA writable_schema = RESET".to_owned()).continues(),
    ];
    let edit = first.into_iter().chain(look).chain(replace).chain(compare);
    let check = [
        plain(
            "CREATE TEMP TABLE \"schemactl_check\" (\"rows_that_do_not_fit\" INT CHECK (\"rows_that_do_not_fit\" = 0))"
                .to_owned(),
        )
        .comment(format!("Stops here if a row of {name} does not fit the new definition.")),
        plain(format!(
            "INSERT INTO \"schemactl_check\" SELECT count(*) FROM pragma_quick_check({}) WHERE \"quick_check\" <> 'ok'",
            quote_string(name)
        ))
        .continues(),
        plain("DROP TABLE \"schemactl_check\"".to_owned()).continues(),
    ];
    let check = check.into_iter().filter(|_| alter.changes.iter().any(asks_more_of_rows));
    Some(stores_in_full.into_iter().chain(edit).chain(reindex).chain(check).collect())
}

/// What looks at how the rows of a table and its automatic indexes are stored, and what stops where an edit would have
/// SQLite read them in another way: the table may be another one where the script runs than where it was made.
fn layout_stays(table: &str) -> [[String; 2]; 2] {
    let table = quote_string(table);
    // Virtual columns, those with hidden = 2, are not stored.
    let layout = format!(
        "(SELECT group_concat(quote(lower(\"name\"))) FROM pragma_table_xinfo({table}) WHERE \"hidden\" <> 2)\n    \
         || (SELECT ifnull(group_concat(\"key\"), '') FROM (\n      \
         SELECT i.\"name\" || group_concat(quote(lower(c.\"name\"))) AS \"key\"\n      \
         FROM pragma_index_list({table}) AS i, pragma_index_info(i.\"name\") AS c\n      \
         WHERE i.\"origin\" <> 'c' GROUP BY i.\"name\"))"
    );
    [
        [
            "CREATE TEMP TABLE \"schemactl_layout\" (\"before\" TEXT, \"after\" TEXT,\n  CONSTRAINT \
             \"the table has other columns, or in another order, than this script was made for; make it anew without catalog_edits\" CHECK (\"after\" = \"before\"))"
                .to_owned(),
            format!("INSERT INTO \"schemactl_layout\" (\"before\") SELECT {layout}"),
        ],
        [format!("UPDATE \"schemactl_layout\" SET \"after\" = {layout}"), "DROP TABLE \"schemactl_layout\"".to_owned()],
    ]
}

/// Whether rows that were right may be wrong after a change. A type of the same affinity, and what a constraint is called
/// or does, are nothing that a row could fail.
fn asks_more_of_rows(change: &TableChange) -> bool {
    match change {
        TableChange::AlterColumn { before, after } => {
            let same = |column: &Column| (column.default.clone(), column.generated.clone(), column.collate.clone());
            same(before) != same(after) || before.not_null.is_none() && after.not_null.is_some()
        }
        TableChange::AddCheck(_) | TableChange::AddColumn(_) | TableChange::SetStrict(true) => true,
        _ => false,
    }
}

/// The UPDATE after which no row reads a default that is about to change.
fn store_in_full(alter: &AlterTable) -> Option<Statement> {
    let changed: Vec<&Column> = alter
        .changes
        .iter()
        .filter_map(|change| match change {
            TableChange::AlterColumn { before, after } if before.default != after.default => Some(before),
            _ => None,
        })
        .collect();
    if changed.is_empty() {
        return None;
    }
    // A default that is no literal is read as NULL by a row that is too short for its column.
    let read = |column: &Column| match &column.default {
        Some(default) if is_constant(default) => default.as_str().to_owned(),
        _ => "NULL".to_owned(),
    };
    let conditions: Vec<String> =
        changed.iter().map(|column| format!("{} IS {}", column.name.quoted(), read(column))).collect();
    let name = alter.before.name.quoted();
    let columns: Vec<String> = changed.iter().map(|column| format!("{0} = {0}", column.name.quoted())).collect();
    let sql = format!("UPDATE {name} SET {}\n  WHERE {}", columns.join(", "), conditions.join(" OR "));
    Some(Statement::new(sql).comment(
        "Rows from before a column was added are stored without it and read its default. They are stored in full here,\n\
         so that they keep the value that they have. No value changes.",
    ))
}

fn is_virtual(column: &Column) -> bool {
    column.generated.as_ref().is_some_and(|generated| !generated.stored)
}

/// Whether the automatic indexes of a table stay what they are: SQLite numbers them in the order in which the table's
/// text has the keys, and which of a key and a UNIQUE behind the columns came first is not known.
fn has_same_keys(alter: &AlterTable) -> bool {
    let uniques = |table: &Table| -> Vec<(Vec<_>, bool)> {
        table.uniques.iter().map(|unique| (unique.columns.clone(), unique.inline)).collect()
    };
    let key = |table: &Table| table.primary_key.as_ref().map(|key| (key.columns.clone(), key.inline));
    let (before, after) = (&alter.before, &alter.after);
    let has_index = before.rowid_alias().is_none() && before.primary_key.is_some();
    let is_told = !has_index || before.uniques.is_empty() || has_all_inline(before);
    // Inline ones follow their columns.
    let columns = |table: &Table| -> Vec<Name> {
        let has_key =
            |name: &Name| table.uniques.iter().any(|unique| unique.columns.iter().any(|key| key.name == *name));
        let in_order = table.columns.iter().map(|column| column.name.clone());
        in_order.filter(|name| has_key(name) || table.is_in_primary_key(name)).collect()
    };
    let keys_are_same = uniques(before) == uniques(after) && (!has_index || key(before) == key(after));
    let has_any = has_index || !before.uniques.is_empty();
    keys_are_same && (!has_any || is_told && columns(before) == columns(after))
}

fn has_all_inline(table: &Table) -> bool {
    table.uniques.iter().all(|unique| unique.inline) && table.primary_key.as_ref().is_some_and(|key| key.inline)
}

fn is_safe(change: &TableChange, alter: &AlterTable, rows: &RowWork) -> bool {
    match change {
        // Of a UNIQUE only a word about what happens in a conflict, or its name: its index is the same.
        TableChange::AddCheck(_)
        | TableChange::DropCheck(_)
        | TableChange::AddForeignKey(_)
        | TableChange::DropForeignKey(_)
        | TableChange::AddUnique(_)
        | TableChange::DropUnique(_) => true,
        TableChange::AlterColumn { before, after } => column_is_safe(before, after, alter, rows),
        // Nothing is stored of them.
        TableChange::AddColumn(column) | TableChange::DropColumn(column) => is_virtual(column),
        TableChange::AlterPrimaryKey { before: Some(before), after: Some(after) } => {
            let only_words = PrimaryKey {
                name: None,
                on_conflict: None,
                autoincrement: false,
                inline: before.inline,
                ..before.clone()
            };
            only_words
                == PrimaryKey { name: None, on_conflict: None, autoincrement: false, inline: before.inline, ..after.clone() }
                // Whether `INTEGER PRIMARY KEY DESC` is the rowid hangs on where it is written.
                && before.columns.iter().all(|column| !column.descending)
        }
        // SQLite itself refuses to read a STRICT table with another type than its own.
        TableChange::SetStrict(_) => {
            let is_any = |column: &Column| {
                column.type_name.as_ref().is_some_and(|name| name.as_str().eq_ignore_ascii_case("ANY"))
            };
            !alter.before.columns.iter().chain(&alter.after.columns).any(is_any)
        }
        _ => false,
    }
}

fn column_is_safe(before: &Column, after: &Column, alter: &AlterTable, rows: &RowWork) -> bool {
    let Column { name, type_name, not_null, default: _, collate: _, generated, idle_names: _ } = after;
    let table = &alter.after;
    let has_work = rows.backfill(&table.name, name).is_some() || rows.conversion(&table.name, name).is_some();
    let is_filled = before.not_null.is_none() && not_null.is_some() && rows.filling(table, after).is_some();
    let is_stored_alike = before.generated == *generated || is_virtual(before) && is_virtual(after);
    if has_work || is_filled || !is_stored_alike || before.name != *name {
        return false;
    }
    let affinity = |name: &Option<TypeName>| name.as_ref().map_or(Affinity::Blob, TypeName::affinity);
    let is_key = alter.before.is_in_primary_key(name) || table.is_in_primary_key(name);
    before.type_name == *type_name
        || !is_key && !alter.before.strict && !table.strict && affinity(&before.type_name) == affinity(type_name)
}

/// The columns that compare in another way than before, or that have another value without being stored, with those
/// that are worked out from them.
fn touched(alter: &AlterTable) -> IndexSet<&Name> {
    let itself = |change: &'_ TableChange| match change {
        TableChange::AlterColumn { before, after } => {
            before.collate != after.collate || before.generated != after.generated
        }
        TableChange::AddColumn(column) | TableChange::DropColumn(column) => is_virtual(column),
        _ => false,
    };
    let mut touched: IndexSet<&Name> = alter
        .changes
        .iter()
        .filter(|change| itself(change))
        .filter_map(|change| match change {
            TableChange::AlterColumn { after: column, .. }
            | TableChange::AddColumn(column)
            | TableChange::DropColumn(column) => Some(&column.name),
            _ => None,
        })
        .collect();
    loop {
        let found: Vec<&Name> = generated(&alter.after)
            .filter(|(column, expression)| !touched.contains(&column.name) && names_one(expression, &touched))
            .map(|(column, _)| &column.name)
            .collect();
        if found.is_empty() {
            return touched;
        }
        touched.extend(found);
    }
}

fn generated(table: &Table) -> impl Iterator<Item = (&Column, &Expression)> {
    table.columns.iter().filter_map(|column| Some((column, &column.generated.as_ref()?.expression)))
}

/// Whether an expression names one of these columns; a string in double quotes may be one.
fn names_one(expression: &Expression, columns: &IndexSet<&Name>) -> bool {
    significant_tokens(expression.as_str())
        .filter(|token| matches!(token.kind, TokenKind::Word | TokenKind::QuotedName | TokenKind::String))
        .any(|token| columns.contains(&Name::new(token.unquoted())))
}

/// The REINDEX statements after which each index has its rows in their places, or `None` where something that is stored
/// and no index hangs on a column that is touched: only a copy brings that into order.
fn reindex(alter: &AlterTable) -> Option<Vec<Statement>> {
    let (table, touched) = (&alter.after, touched(alter));
    let is_key = |key: &KeyColumn| touched.contains(&key.name);
    let in_key = table.primary_key.as_ref().is_some_and(|key| key.columns.iter().any(is_key));
    // Such a table is stored in the order of its key (https://www.sqlite.org/withoutrowid.html).
    let is_order = table.without_rowid && in_key;
    let is_result = generated(table).any(|(column, _)| !is_virtual(column) && touched.contains(&column.name));
    if is_order || is_result {
        return None;
    }
    // A bare name could be one of a collation (https://www.sqlite.org/lang_reindex.html).
    let again = |name: &Name, why: &str| {
        let reindex = Statement::new(format!("REINDEX main.{}", name.quoted()));
        reindex.comment(format!("Puts the rows of {name} into the order that they have now{why}."))
    };
    let has_key_index = in_key && table.rowid_alias().is_none();
    if has_key_index || table.uniques.iter().any(|unique| unique.columns.iter().any(is_key)) {
        return Some(vec![again(&table.name, ", in each of its indexes")]);
    }
    // What comes or changes is not there while the table is altered.
    let stands = |index: &&Index| {
        let comes = |change: &TableChange| match change {
            TableChange::CreateIndex(other) | TableChange::AlterIndex { after: other, .. } => other.name == index.name,
            _ => false,
        };
        !alter.changes.iter().any(comes)
    };
    let hangs_on_one = |index: &&Index| {
        index.predicate.as_ref().is_some_and(|predicate| names_one(predicate, &touched))
            || index.terms.iter().any(|term| match &term.key {
                IndexKey::Column(name) => touched.contains(name),
                IndexKey::Expression(expression) => names_one(expression, &touched),
            })
    };
    let indexes = table.indexes.values().filter(stands).filter(hangs_on_one);
    Some(indexes.map(|index| again(&index.name, "")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::Scratch;
    use crate::model::Intent;
    use crate::plan::{Draft, Options, Switches, draft, planner, write_section};
    use crate::schema::Schema;

    fn schema(sql: &str) -> Schema {
        let mut scratch = Scratch::empty().unwrap();
        planner::run(&mut scratch, sql).unwrap();
        planner::read(&scratch).unwrap()
    }

    fn drafted(before: &str, after: &str, catalog_edits: bool) -> Draft {
        let target = SqliteVersion::new(3, 54);
        let options = Options {
            target,
            column_order: ColumnOrder::Loose,
            catalog_edits,
            fast_rebuild: false,
            switches: Switches::All,
        };
        draft(&schema(before), &schema(after), &Intent::default(), options).unwrap_or_else(|error| panic!("{error:?}"))
    }

    /// The change is made in place, both ways, and rows, indexes and schema are sound.
    #[track_caller]
    fn edited(before: &str, rows: &str, after: &str) {
        let plan = drafted(before, after, true);
        let (up, down) = (write_section(&plan.up), write_section(&plan.down));
        assert!(up.contains("writable_schema") && down.contains("writable_schema"), "{up}\n{down}");
        assert!(plan.rebuilt.is_empty() && plan.requires.is_some_and(|version| version >= EDIT), "{up}");
        assert!(!write_section(&drafted(before, after, false).up).contains("writable_schema"));
        let mut scratch = Scratch::empty().unwrap();
        for sql in [before, rows] {
            planner::run(&mut scratch, sql).unwrap();
        }
        let dump = |scratch: &Scratch| -> String {
            let sql = "SELECT group_concat(quote(id) || quote(v), ';') FROM (SELECT id, v FROM t ORDER BY id)";
            scratch.connection().query_row(sql, [], |row| row.get(0)).unwrap()
        };
        let at_first = dump(&scratch);
        for (script, wanted) in [(&up, after), (&down, before)] {
            planner::run(&mut scratch, script).unwrap_or_else(|error| panic!("{error:?}\n{script}"));
            let check: String = scratch.connection().query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
            assert_eq!(check, "ok", "{script}");
            assert_eq!(dump(&scratch), at_first);
            let order = ColumnOrder::Loose;
            let read = planner::read(&scratch).unwrap();
            assert_eq!(crate::diff::diff(&read, &schema(wanted), &crate::diff::Renames::default(), order), []);
        }
    }

    #[track_caller]
    fn rebuilt(before: &str, after: &str) {
        let plan = drafted(before, after, true);
        assert!(!write_section(&plan.up).contains("writable_schema"), "{}", write_section(&plan.up));
        assert!(!plan.rebuilt.is_empty());
    }

    const ROWS: &str = "INSERT INTO t (id, v) VALUES (1, 'a'), (2, 'it''s'), (7, 'c')";

    #[test]
    fn constraints_types_and_collations_are_edited_in_place() {
        let parent = "CREATE TABLE p (v TEXT PRIMARY KEY); INSERT INTO p VALUES ('a'), ('it''s'), ('c');";
        let rows = format!("{parent} {ROWS}").replace("CREATE TABLE p (v TEXT PRIMARY KEY); ", "");
        let of = |table: &str| format!("CREATE TABLE p (v TEXT PRIMARY KEY); {table}");
        let before = of("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT); CREATE INDEX ix ON t (id, v)");
        let index = "CREATE INDEX ix ON t (id, v)";
        edited(
            &before,
            &rows,
            &of(&format!("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT REFERENCES p (v)); {index}")),
        );
        edited(&before, &rows, &of(&format!("CREATE TABLE t (id INTEGER PRIMARY KEY, v VARCHAR(20)); {index}")));
        edited(&before, &rows, &of(&format!("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT) STRICT; {index}")));
        edited(&before, &rows, &of(&format!("CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, v TEXT); {index}")));
        let plain = "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)";
        edited(plain, ROWS, "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT COLLATE NOCASE)");
    }

    const MIXED: &str = "INSERT INTO t (id, v) VALUES (1, 'b'), (2, 'B '), (3, 'a'), (4, 'C'), (5, 'A1'), (6, NULL)";

    #[test]
    fn indexes_over_a_column_that_compares_in_another_way_are_built_again() {
        for (table, indexes) in [
            ("(id INTEGER PRIMARY KEY, v TEXT?)", "CREATE INDEX i ON t (v DESC, id)"),
            ("(id INTEGER PRIMARY KEY, v TEXT?)", "CREATE UNIQUE INDEX i ON t (v); CREATE INDEX j ON t (id)"),
            (
                "(id INTEGER PRIMARY KEY, v TEXT?)",
                "CREATE INDEX i ON t (id) WHERE v > 'B'; CREATE INDEX j ON t (v = 'B')",
            ),
            ("(id INTEGER PRIMARY KEY, v TEXT?, g AS (v > 'B'), h AS (g + 1))", "CREATE INDEX i ON t (h, id)"),
            ("(id INTEGER PRIMARY KEY, v TEXT? UNIQUE)", "CREATE INDEX i ON t (v, id)"),
            ("(id INT, v TEXT?, PRIMARY KEY (v, id))", ""),
            ("(id INT PRIMARY KEY, v TEXT?) WITHOUT ROWID", "CREATE INDEX i ON t (v)"),
            ("(id INT, v TEXT? CHECK (v <> 'x'), UNIQUE (v, id), UNIQUE (v COLLATE BINARY))", ""),
        ] {
            let schema = |collate: &str| format!("CREATE TABLE t {}; {indexes}", table.replace('?', collate));
            for collate in [" COLLATE NOCASE", " COLLATE RTRIM"] {
                let rows =
                    if table.contains("PRIMARY KEY (v") { MIXED.replace(", (6, NULL)", "") } else { MIXED.to_owned() };
                edited(&schema(""), &rows, &schema(collate));
            }
        }
    }

    #[test]
    fn only_the_indexes_that_hang_on_the_column_are_built_again() {
        let schema = |collate: &str| {
            format!(
                "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT{collate}, w); CREATE INDEX on_v ON t (v); \
                 CREATE INDEX on_w ON t (w); CREATE INDEX both ON t (w, lower(v))"
            )
        };
        let script = write_section(&drafted(&schema(""), &schema(" COLLATE NOCASE"), true).up);
        let again: Vec<&str> = script.lines().filter(|line| line.starts_with("REINDEX")).collect();
        assert_eq!(again, ["REINDEX main.\"on_v\";", "REINDEX main.\"both\";"]);
    }

    #[test]
    fn values_that_become_one_and_the_same_stop_the_edit() {
        let schema = |collate: &str| format!("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT{collate} UNIQUE)");
        let plan = drafted(&schema(""), &schema(" COLLATE NOCASE"), true);
        let mut scratch = Scratch::empty().unwrap();
        planner::run(&mut scratch, &format!("{}; INSERT INTO t VALUES (1, 'a'), (2, 'A')", schema(""))).unwrap();
        let error = planner::run(&mut scratch, &write_section(&plan.up)).unwrap_err();
        assert!(format!("{error:?}").contains("UNIQUE constraint failed: t.v"), "{error:?}");
    }

    #[test]
    fn rows_are_looked_at_where_they_may_not_fit() {
        let table = |columns: &str| format!("CREATE TABLE t (id INTEGER PRIMARY KEY, {columns})");
        let looks = |after: &str| {
            let up = write_section(&drafted(&table("v TEXT, w INT"), &table(after), true).up);
            assert!(up.contains("writable_schema"), "{up}");
            up.contains("quick_check")
        };
        assert!(!looks("v VARCHAR(20), w INT") && looks("v TEXT COLLATE NOCASE, w INT"));
        assert!(!looks("v TEXT, w INT REFERENCES t"));
        assert!(looks("v VARCHAR(20) NOT NULL, w INT") && looks("v VARCHAR(20), w INT, CHECK (w > 1)"));
        assert!(looks("v VARCHAR(20) DEFAULT 'x', w INT") && looks("v VARCHAR(20), w INT, g AS (v || w) NOT NULL"));
    }

    #[test]
    fn what_would_change_the_meaning_of_rows_or_indexes_is_rebuilt() {
        let plain = "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT DEFAULT 'old')";
        rebuilt(plain, "CREATE TABLE t (id INTEGER PRIMARY KEY, v INTEGER DEFAULT 'old')");
        rebuilt(plain, "CREATE TABLE t (id INT PRIMARY KEY, v TEXT DEFAULT 'old')");
        rebuilt(plain, "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT DEFAULT 'old' UNIQUE)");
        let key = |collate: &str| format!("CREATE TABLE t (id INT, v TEXT{collate} PRIMARY KEY) WITHOUT ROWID");
        rebuilt(&key(""), &key(" COLLATE NOCASE"));
        let stored =
            |collate: &str| format!("CREATE TABLE t (id INT, v TEXT{collate}, w AS (v = 'A'), x AS (w + 1) STORED)");
        rebuilt(&stored(""), &stored(" COLLATE NOCASE"));
    }

    #[test]
    fn a_default_changes_and_rows_older_than_their_column_keep_their_values() {
        let table = |default: &str| format!("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT{default})");
        let older = |default: &str| {
            format!(
                "DROP TABLE t; CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1), (2); \
                 ALTER TABLE t ADD COLUMN v TEXT{default}; INSERT INTO t VALUES (3, 'full'), (4, NULL)"
            )
        };
        for (before, after) in [(" DEFAULT 'old'", " DEFAULT 'new'"), (" DEFAULT 7", ""), ("", " DEFAULT (1 + 2)")] {
            edited(&table(before), &older(before), &table(after));
        }
        // A trigger would notice the UPDATE.
        let watched =
            |default: &str| format!("{}; CREATE TRIGGER tr AFTER UPDATE ON t BEGIN DELETE FROM t; END", table(default));
        rebuilt(&watched(" DEFAULT 'old'"), &watched(" DEFAULT 'new'"));
    }

    #[test]
    fn words_of_constraints_and_virtual_columns_are_edited_in_place() {
        let before = "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT, CONSTRAINT one UNIQUE (v))";
        edited(
            before,
            ROWS,
            "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT, CONSTRAINT other UNIQUE (v) ON CONFLICT IGNORE)",
        );
        let plain = "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT, g AS (v || 1))";
        edited(plain, ROWS, "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT, g AS (v || 2))");
    }

    #[test]
    fn automatic_indexes_that_would_change_places_are_left_to_a_rebuild() {
        let before = "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT, w TEXT, UNIQUE (v), UNIQUE (w))";
        rebuilt(
            before,
            "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT, w TEXT, UNIQUE (w), UNIQUE (v), FOREIGN KEY (v) REFERENCES t (id))",
        );
        let key = "CREATE TABLE t (id TEXT, v TEXT, UNIQUE (v), PRIMARY KEY (id))";
        rebuilt(
            key,
            "CREATE TABLE t (id TEXT, v TEXT, UNIQUE (v), PRIMARY KEY (id), FOREIGN KEY (v) REFERENCES t (id))",
        );
    }

    #[test]
    fn columns_stay_where_the_rows_have_them() {
        let before = "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT, w TEXT)";
        edited(
            before,
            "INSERT INTO t VALUES (1, 'v', 'w')",
            "CREATE TABLE t (w VARCHAR(9), v TEXT, id INTEGER PRIMARY KEY)",
        );
    }

    #[test]
    fn a_table_that_stores_its_rows_in_another_way_stops_the_edit() {
        let table = |columns: &str| format!("CREATE TABLE t (id INTEGER PRIMARY KEY, {columns})");
        let made_for = table("v TEXT, w TEXT UNIQUE, x TEXT UNIQUE");
        let up = write_section(&drafted(&made_for, &table("v VARCHAR(9), w TEXT UNIQUE, x TEXT UNIQUE"), true).up);
        for (columns, is_taken) in [
            ("V text default 'other', \"w\" TEXT UNIQUE, x TEXT UNIQUE, g AS (v)", true),
            ("w TEXT UNIQUE, v TEXT, x TEXT UNIQUE", false),
            ("v TEXT, w TEXT UNIQUE, x TEXT UNIQUE, y TEXT", false),
            ("v TEXT, x TEXT, w TEXT UNIQUE, UNIQUE (x)", false),
            ("v TEXT, w TEXT, x TEXT, UNIQUE (x), UNIQUE (w)", false),
        ] {
            let mut scratch = Scratch::empty().unwrap();
            planner::run(&mut scratch, &format!("{}; INSERT INTO t (v, w, x) VALUES ('v', 'w', 'x')", table(columns)))
                .unwrap();
            match planner::run(&mut scratch, &up) {
                Ok(()) => assert!(is_taken, "{columns}"),
                Err(error) => {
                    let words = format!("{error:?}");
                    assert!(
                        !is_taken
                            && words.contains("the table has other columns, or in another order, than this script"),
                        "{words}"
                    );
                }
            }
        }
    }

    #[test]
    fn rows_that_do_not_fit_stop_the_edit() {
        let before = "CREATE TABLE t (id INTEGER PRIMARY KEY, v INTEGER)";
        let plan = drafted(before, "CREATE TABLE t (id INTEGER PRIMARY KEY, v INTEGER) STRICT", true);
        let mut scratch = Scratch::empty().unwrap();
        planner::run(&mut scratch, &format!("{before}; INSERT INTO t VALUES (1, 'five')")).unwrap();
        let error = planner::run(&mut scratch, &write_section(&plan.up)).unwrap_err();
        assert!(format!("{error:?}").contains("CHECK constraint failed: rows_that_do_not_fit"), "{error:?}");
    }
}
