//! `keep_dropped`: what a revision would discard is put aside, and the way back takes it from there.
//!
//! A side table for each table that goes or loses columns, in plain SQL in the script. It holds values as they are: it
//! has no constraints, and the columns that it keeps have no type. The way back makes an empty one where somebody has
//! purged it, so that a script never stumbles over that.

use crate::diff::{AlterTable, Change, Discard, TableChange};
use crate::revision::RevisionId;
use crate::schema::{Column, Expression, Name, Table, TypeName};
use crate::token::quote_string;

use super::one_way;
use super::rows::RowWork;
use super::sample::Rows;
use super::statement::Statement;

/// How the names of all side tables begin.
pub const PREFIX: &str = "schemactl_kept_";

/// The rowid of a row that is kept.
const ROWID: &str = "\"schemactl_rowid\"";

/// The side table in which a revision keeps what it takes from a table.
#[must_use]
pub fn side_name(revision: &RevisionId, table: &Name) -> Name {
    Name::new(format!("{PREFIX}{revision}_{table}"))
}

/// All that a revision keeps.
#[derive(Debug, Clone, Default)]
pub(super) struct Keeping {
    sides: Vec<Side>,
}

/// A side table.
#[derive(Debug, Clone)]
struct Side {
    name: Name,
    /// The table that the rows or values are of, before the revision.
    table: Table,
    kept: Kept,
}

#[derive(Debug, Clone)]
enum Kept {
    /// All rows.
    Rows,
    /// The values of some columns, by the key of their row.
    Values { columns: Vec<Name>, converted: Vec<Converted>, key: Vec<KeyPart>, table_after: Name },
}

/// A column whose values are replaced. Where a row has another value by the way back, that one is somebody's and stays.
#[derive(Debug, Clone)]
struct Converted {
    column: Name,
    /// Its name after the change.
    after: Name,
    /// What the old value is replaced by.
    using: Expression,
}

/// A column of the key by which a row is found again.
#[derive(Debug, Clone)]
struct KeyPart {
    /// Its name in the table, quoted where need be.
    name: String,
    /// The same after the change.
    after: String,
    type_name: Option<String>,
}

impl Keeping {
    /// What of these changes can be kept. The values of a column cannot where no key of the row survives the change.
    pub(super) fn of(changes: &[Change], work: &RowWork, revision: &RevisionId) -> Keeping {
        let side = |table: &Table, kept| Side { name: side_name(revision, &table.name), table: table.clone(), kept };
        let of_change = |change: &Change| match change {
            Change::DropTable(table) => Some(side(table, Kept::Rows)),
            Change::AlterTable(alter) => {
                let dropped = alter.changes.iter().filter_map(|change| match change {
                    TableChange::DropColumn(column) if column.is_copied() => Some(column.name.clone()),
                    _ => None,
                });
                let columns: Vec<Name> = dropped.collect();
                let converted = converted(alter, work);
                let key = if columns.is_empty() && converted.is_empty() { None } else { surviving_key(alter, work) };
                key.map(|key| {
                    let table_after = alter.after.name.clone();
                    side(&alter.before, Kept::Values { columns, converted, key, table_after })
                })
            }
            _ => None,
        };
        Keeping { sides: changes.iter().filter_map(of_change).collect() }
    }

    /// What is discarded no longer.
    pub(super) fn discards(&self) -> Vec<Discard> {
        let of_side = |side: &Side| match &side.kept {
            Kept::Rows => vec![Discard::Rows { table: side.table.name.clone() }],
            Kept::Values { columns, .. } => columns
                .iter()
                .map(|column| Discard::Values { table: side.table.name.clone(), column: column.clone() })
                .collect(),
        };
        self.sides.iter().flat_map(of_side).collect()
    }

    /// The statements that go before all others of the way up.
    pub(super) fn put_aside(&self) -> Vec<Statement> {
        self.sides.iter().flat_map(Side::put_aside).collect()
    }

    /// The statements that go behind all others of the way up: what became of the values that are replaced. Read from
    /// the table itself, whatever they were made of and by which names.
    pub(super) fn note_became(&self) -> Vec<Statement> {
        self.sides.iter().filter_map(Side::note_became).collect()
    }

    /// The statements that go before all others of the way back.
    pub(super) fn expect(&self) -> Vec<Statement> {
        let of_side = |side: &Side| {
            Statement::new(side.create("CREATE TABLE IF NOT EXISTS")).comment(format!(
                "Holds what the way up kept of {}; it is empty where that was purged.",
                side.table.name
            ))
        };
        self.sides.iter().map(of_side).collect()
    }

    /// The statements that go behind all others of the way back.
    pub(super) fn forget(&self) -> Vec<Statement> {
        self.sides.iter().map(|side| Statement::new(format!("DROP TABLE {}", side.name.quoted()))).collect()
    }

    /// Lets the way back take rows and values from the side tables. What the work has already for a column fills the
    /// rows that are not in them.
    pub(super) fn take_back(&self, work: &mut RowWork) {
        for side in &self.sides {
            match &side.kept {
                Kept::Rows => work.return_rows(&side.table.name, side.restore_rows()),
                Kept::Values { columns, converted, key, .. } => {
                    for (at, Converted { column, .. }) in converted.iter().enumerate() {
                        work.restore(&side.table.name, column, side.old_value(column, at, key));
                    }
                    for column in columns.iter().filter_map(|name| side.table.column(name)) {
                        let filler = work.backfill(&side.table.name, &column.name).cloned();
                        let value = side.value(column, key, filler.as_ref());
                        work.set_backfill(&side.table.name, &column.name, value);
                    }
                }
            }
        }
    }

    /// Comments that speak of what is discarded, set right.
    pub(super) fn correct(&self, statements: &mut [Statement]) {
        for side in &self.sides {
            let kept_in = |what: String| format!("{what} kept in {}.", side.name);
            let table = &side.table.name;
            let corrections: Vec<(String, String)> = match &side.kept {
                Kept::Rows => vec![(super::rebuild::discard_rows(table), kept_in(format!("The rows of {table} are")))],
                Kept::Values { columns, converted, table_after, .. } => {
                    let dropped = columns.iter().map(|column| {
                        let wrong = super::rebuild::discard(table_after, column);
                        (wrong, kept_in(format!("The values of {table}.{column} are")))
                    });
                    let replaced = converted.iter().map(|Converted { after, using, .. }| {
                        let right = kept_in(format!("{}; the old ones are", one_way::replacement(after, using)));
                        (one_way::replaces(after, using), right)
                    });
                    dropped.chain(replaced).collect()
                }
            };
            for comment in statements.iter_mut().filter_map(|statement| statement.comment.as_mut()) {
                for (wrong, right) in &corrections {
                    let lines: Vec<&str> =
                        comment.lines().map(|line| if line == wrong { right.as_str() } else { line }).collect();
                    *comment = lines.join("\n");
                }
            }
        }
    }

    /// Whether the old values of a column that is converted come back; by its name after the change.
    pub(super) fn restores(&self, table: &Name, column: &Name) -> bool {
        self.sides.iter().any(|side| match &side.kept {
            Kept::Rows => false,
            Kept::Values { converted, table_after, .. } => {
                table_after == table && converted.iter().any(|one| one.after == *column)
            }
        })
    }

    /// What was kept and has not come back, a sentence each.
    pub(super) fn missing(&self, before: &Rows, back: &Rows) -> Vec<String> {
        let of_side = |side: &Side| {
            let table = &side.table.name;
            let columns: Option<Vec<Name>> = match &side.kept {
                Kept::Rows => None,
                Kept::Values { columns, converted, .. } => {
                    Some(columns.iter().chain(converted.iter().map(|one| &one.column)).cloned().collect())
                }
            };
            (!before.are_same_in(back, table, columns.as_deref()))
                .then(|| format!("what was kept of `{table}` has not come back"))
        };
        self.sides.iter().filter_map(of_side).collect()
    }
}

impl Side {
    fn create(&self, verb: &str) -> String {
        let mut columns: Vec<String> = Vec::new();
        match &self.kept {
            Kept::Rows => {
                if self.rowid().is_some() {
                    columns.push(format!("{ROWID} INTEGER PRIMARY KEY"));
                }
                let alias = self.table.rowid_alias().map(|column| &column.name);
                columns.extend(self.copied().map(|column| {
                    let name = column.name.quoted();
                    match (alias == Some(&column.name), self.counts()) {
                        (true, true) => format!("{name} INTEGER PRIMARY KEY AUTOINCREMENT"),
                        (true, false) => format!("{name} INTEGER PRIMARY KEY"),
                        (false, _) => name,
                    }
                }));
            }
            Kept::Values { columns: kept, converted, key, .. } => {
                columns.extend(key.iter().enumerate().map(|(at, part)| {
                    let type_name = part.type_name.as_ref().map_or(String::new(), |name| format!(" {name}"));
                    format!("{}{type_name}", key_column(at))
                }));
                columns.extend(kept.iter().map(Name::quoted));
                columns.extend(converted.iter().map(|one| one.column.quoted()));
                columns.extend((0..converted.len()).map(became_column));
                let key: Vec<String> = (0..key.len()).map(key_column).collect();
                columns.push(format!("PRIMARY KEY ({})", key.join(", ")));
            }
        }
        format!("{verb} {} (\n  {}\n)", self.name.quoted(), columns.join(",\n  "))
    }

    fn put_aside(&self) -> Vec<Statement> {
        let (side, table) = (self.name.quoted(), self.table.name.quoted());
        let (what, into, from) = match &self.kept {
            Kept::Rows => {
                let columns: Vec<String> = self.copied().map(|column| column.name.quoted()).collect();
                let rowid = |name: Option<&str>| name.map(str::to_owned).into_iter().chain(columns.clone()).collect();
                let into: Vec<String> = rowid(self.rowid().map(|_| ROWID));
                (format!("the rows of {}", self.table.name), into, rowid(self.rowid()))
            }
            Kept::Values { columns, converted, key, .. } => {
                let columns = || columns.iter().chain(converted.iter().map(|one| &one.column));
                let kept: Vec<String> = columns().map(Name::quoted).collect();
                let with = |key: Vec<String>| [key, kept.clone()].concat();
                let names: Vec<String> = columns().map(|column| format!("{}.{column}", self.table.name)).collect();
                let into = with((0..key.len()).map(key_column).collect());
                let from = with(key.iter().map(|part| part.name.clone()).collect());
                (format!("the values of {}", names.join(", ")), into, from)
            }
        };
        let mut statements = vec![
            Statement::new(self.create("CREATE TABLE")).comment(format!(
                "Keeps {what} aside, a copy of each, so that the way down brings them back.\n\
                 `schemactl purge` lists such tables and drops them."
            )),
            Statement::new(format!(
                "INSERT INTO {side} ({})\n  SELECT {}\n  FROM {table}",
                into.join(", "),
                from.join(", ")
            )),
        ];
        if matches!(self.kept, Kept::Rows) && self.counts() {
            statements.extend(carry_counter(&self.table.name, &self.name));
        }
        statements
    }

    fn note_became(&self) -> Option<Statement> {
        let Kept::Values { converted, key, table_after, .. } = &self.kept else { return None };
        let (side, table) = (self.name.quoted(), table_after.quoted());
        let of_key = |(at, part): (usize, &KeyPart)| format!("{table}.{} = {side}.{}", part.after, key_column(at));
        let row: Vec<String> = key.iter().enumerate().map(of_key).collect();
        let became = converted.iter().enumerate().map(|(at, Converted { after, .. })| {
            let value = format!("SELECT {table}.{} FROM {table} WHERE {}", after.quoted(), row.join(" AND "));
            format!("{} = ({value})", became_column(at))
        });
        let became: Vec<String> = became.collect();
        let statement = Statement::new(format!("UPDATE {side} SET\n  {}", became.join(",\n  ")));
        let comment =
            "Notes what the values became, so that the way down replaces none that somebody has changed since.";
        (!converted.is_empty()).then(|| statement.comment(comment))
    }

    /// The statements that fill the table again once it is there, and nothing that would notice it yet.
    fn restore_rows(&self) -> Vec<Statement> {
        let columns: Vec<String> = self.copied().map(|column| column.name.quoted()).collect();
        let with =
            |rowid: Option<&str>| rowid.map(str::to_owned).into_iter().chain(columns.clone()).collect::<Vec<_>>();
        // OR ABORT: an ON CONFLICT clause of the table must not drop or replace rows in silence.
        let insert = format!(
            "INSERT OR ABORT INTO {} ({})\n  SELECT {}\n  FROM {}",
            self.table.name.quoted(),
            with(self.rowid()).join(", "),
            with(self.rowid().map(|_| ROWID)).join(", "),
            self.name.quoted()
        );
        let mut statements = vec![
            Statement::new(insert).comment(format!("Brings back the rows of {} that were kept.", self.table.name)),
        ];
        if self.counts() {
            statements.extend(carry_counter(&self.name, &self.table.name));
        }
        statements
    }

    /// The row of the side table that belongs to a row of the table, as the end of a SELECT.
    fn row_of(&self, key: &[KeyPart]) -> String {
        let (side, table) = (self.name.quoted(), self.table.name.quoted());
        let matches: Vec<String> = key
            .iter()
            .enumerate()
            .map(|(at, part)| format!("{side}.{} = {table}.{}", key_column(at), part.name))
            .collect();
        format!("FROM {side} WHERE {}", matches.join(" AND "))
    }

    /// The old value of a converted column for a row of the table, unless somebody has given the row another one since.
    fn old_value(&self, column: &Name, at: usize, key: &[KeyPart]) -> Expression {
        let (side, row) = (self.name.quoted(), self.row_of(key));
        let now = format!("{}.{}", self.table.name.quoted(), column.quoted());
        let is_unchanged = format!("EXISTS (SELECT 1 {row} AND {now} IS {side}.{})", became_column(at));
        let old = format!("SELECT {side}.{} {row}", column.quoted());
        Expression::new(format!("CASE WHEN {is_unchanged} THEN ({old}) ELSE {now} END"))
    }

    /// The value of a kept column for a row of the table, as an expression over that table.
    fn value(&self, column: &Column, key: &[KeyPart], filler: Option<&Expression>) -> Expression {
        let (side, row) = (self.name.quoted(), self.row_of(key));
        let find = |what: &str| format!("SELECT {what} {row}");
        let kept = find(&format!("{side}.{}", column.name.quoted()));
        let other = filler.or(column.default.as_ref());
        Expression::new(match (other, &column.not_null) {
            (None, _) => kept,
            (Some(other), Some(_)) => format!("coalesce(({kept}), ({other}))"),
            // A NULL that was kept is a value.
            (Some(other), None) => {
                format!("CASE WHEN EXISTS ({}) THEN ({kept}) ELSE ({other}) END", find("1"))
            }
        })
    }

    fn copied(&self) -> impl Iterator<Item = &Column> {
        self.table.columns.iter().filter(|column| column.is_copied())
    }

    /// The name by which the rowid of a table is read that has no column for it.
    fn rowid(&self) -> Option<&'static str> {
        if self.table.rowid_alias().is_some() { None } else { self.table.rowid_name() }
    }

    fn counts(&self) -> bool {
        self.table.primary_key.as_ref().is_some_and(|key| key.autoincrement)
    }
}

fn key_column(at: usize) -> String {
    format!("\"schemactl_key_{}\"", at + 1)
}

fn became_column(at: usize) -> String {
    format!("\"schemactl_became_{}\"", at + 1)
}

/// The columns whose values are replaced by what the model makes of them.
fn converted(alter: &AlterTable, work: &RowWork) -> Vec<Converted> {
    let of_change = |change: &TableChange| {
        let TableChange::AlterColumn { after: column, .. } = change else { return None };
        let old = alter.old_column(&column.name)?;
        let is_copied = old.is_copied() && column.is_copied();
        let using = work.converting(&alter.after.name, old, column).filter(|_| is_copied)?;
        Some(Converted { column: old.name.clone(), after: column.name.clone(), using: using.clone() })
    };
    alter.changes.iter().filter_map(of_change).collect()
}

fn carry_counter(from: &Name, to: &Name) -> [Statement; 2] {
    let (from, to) = (quote_string(from.as_str()), quote_string(to.as_str()));
    [
        Statement::new(format!("DELETE FROM sqlite_sequence WHERE name = {to}"))
            .comment("Carries the AUTOINCREMENT counter over, so that no identifier is given twice."),
        Statement::new(format!(
            "INSERT INTO sqlite_sequence (name, seq) SELECT {to}, seq FROM sqlite_sequence WHERE name = {from}"
        ))
        .continues(),
    ]
}

/// By what a row is found again after the change and after its way back: the rowid under its own name, a primary key
/// that cannot be NULL, or else the rowid (VACUUM may number rows anew then, <https://www.sqlite.org/lang_vacuum.html>).
fn surviving_key(alter: &AlterTable, work: &RowWork) -> Option<Vec<KeyPart>> {
    let (before, after) = (&alter.before, &alter.after);
    let survives = |name: &Name| {
        alter.changes.iter().all(|change| match change {
            TableChange::DropColumn(column) => column.name != *name,
            TableChange::AlterColumn { before, after } => before.name != *name || before.type_name == after.type_name,
            _ => true,
        })
    };
    let part = |name: &Name| {
        let type_name = before.column(name).and_then(|column| column.type_name.as_ref()).map(TypeName::as_str);
        // Outside a STRICT table the type ANY would turn text into numbers.
        let type_name = type_name.filter(|name| !(before.strict && name.eq_ignore_ascii_case("ANY")));
        let is_it = |column: &&Column| alter.old_column(&column.name).is_some_and(|old| old.name == *name);
        let now = after.columns.iter().find(is_it).map_or(name, |column| &column.name);
        // A column that is the rowid no more has given its values to it.
        let is_number = before.rowid_alias().is_some_and(|alias| alias.name == *name) && after.rowid_alias().is_none();
        let number = after.rowid_name().filter(|_| is_number).map(str::to_owned);
        let after = number.unwrap_or_else(|| now.quoted());
        KeyPart { name: name.quoted(), after, type_name: type_name.map(str::to_owned) }
    };
    if let Some(alias) = before.rowid_alias()
        && survives(&alias.name)
    {
        return Some(vec![part(&alias.name)]);
    }
    if let Some(key) = &before.primary_key {
        let is_fit = |name: &Name| {
            let column = before.column(name);
            let is_never_null =
                column.is_some_and(|column| column.not_null.is_some() || before.is_not_null_by_key(column));
            is_never_null && survives(name)
        };
        if key.columns.iter().all(|column| is_fit(&column.name)) {
            return Some(key.columns.iter().map(|column| part(&column.name)).collect());
        }
    }
    let both_have = |name: &&str| {
        let is_free = |table: &Table| !table.without_rowid && table.column(&Name::from(*name)).is_none();
        is_free(before) && is_free(after)
    };
    // Rows get other numbers where a column with values of its own becomes the rowid.
    let keeps_number = after.rowid_alias().is_none_or(|alias| {
        alter.old_column(&alias.name).is_none() && work.backfill(&after.name, &alias.name).is_none()
    });
    let rowid = ["rowid", "_rowid_", "oid"].into_iter().find(both_have).filter(|_| keeps_number)?;
    Some(vec![KeyPart { name: rowid.to_owned(), after: rowid.to_owned(), type_name: Some("INTEGER".to_owned()) }])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::Scratch;
    use crate::diff::ColumnOrder;
    use crate::model::Intent;
    use crate::plan::{Draft, Options, Switches, draft_keeping, planner, write_section};
    use crate::schema::SqliteVersion;

    /// A database that goes up, has its rows changed, and comes back.
    fn round_trip(before: &str, rows: &str, after: &str, meanwhile: &str) -> (Draft, Scratch) {
        round_trip_by(&Intent::default(), before, rows, after, meanwhile)
    }

    fn round_trip_by(intent: &Intent, before: &str, rows: &str, after: &str, meanwhile: &str) -> (Draft, Scratch) {
        let schema = |sql: &str| {
            let mut scratch = Scratch::empty().unwrap();
            planner::run(&mut scratch, sql).unwrap();
            planner::read(&scratch).unwrap()
        };
        let options = Options {
            target: SqliteVersion::new(3, 54),
            column_order: ColumnOrder::Loose,
            catalog_edits: false,
            fast_rebuild: false,
            switches: Switches::All,
        };
        let revision = RevisionId::new("abc").unwrap();
        let draft = draft_keeping(&schema(before), &schema(after), intent, options, &revision);
        let draft = draft.unwrap_or_else(|error| panic!("{error}: {error:?}"));
        let mut scratch = Scratch::empty().unwrap();
        for sql in [before, rows, &write_section(&draft.up), meanwhile, &write_section(&draft.down)] {
            planner::run(&mut scratch, sql).unwrap_or_else(|error| panic!("{error}: {error:?}"));
        }
        let left = "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'schemactl_%'";
        assert_eq!(one(&scratch, left), "0");
        (draft, scratch)
    }

    fn one(scratch: &Scratch, sql: &str) -> String {
        let sql = format!("SELECT coalesce(group_concat(row, ';'), '') FROM (SELECT ({sql}) AS row)");
        scratch.connection().query_row(&sql, [], |row| row.get(0)).unwrap()
    }

    fn all(scratch: &Scratch, table: &str, columns: &[&str]) -> String {
        let values: Vec<String> = columns.iter().map(|column| format!("quote({column})")).collect();
        one(scratch, &format!("SELECT group_concat({}, ' ') FROM {table}", values.join(" || ',' || ")))
    }

    #[test]
    fn values_come_back_to_their_rows_and_new_rows_get_a_filler() {
        let (draft, scratch) = round_trip(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT NOT NULL, b, c DEFAULT 'd')",
            "INSERT INTO t VALUES (1, 'one', 'x', NULL), (2, '002', x'00ff', 2.0), (3, 'three', NULL, 'c')",
            "CREATE TABLE t (id INTEGER PRIMARY KEY)",
            "DELETE FROM t WHERE id = 3; INSERT INTO t VALUES (9)",
        );
        assert_eq!(all(&scratch, "t", &["id", "a", "b", "c"]), "1,'one','x',NULL 2,'002',X'00FF',2.0 9,'',NULL,'d'");
        assert!(draft.rows > 0);
        assert_eq!(draft.kept.len(), 3);
    }

    #[test]
    fn values_that_an_expression_replaced_come_back_unless_somebody_has_changed_them_since() {
        let mut intent = Intent::default();
        intent.conversions.insert(("t".into(), "a".into()), Expression::new("CAST(a AS INTEGER)"));
        let (draft, scratch) = round_trip_by(
            &intent,
            "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b)",
            "INSERT INTO t VALUES (1, '007', 1), (2, 'x', 2), (3, '12', 3), (4, NULL, 4), (5, 'y', 5)",
            "CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER)",
            "UPDATE t SET a = 8 WHERE id = 2; INSERT INTO t VALUES (6, 6); DELETE FROM t WHERE id = 5",
        );
        assert_eq!(all(&scratch, "t", &["id", "a", "b"]), "1,'007',1 2,'8',2 3,'12',3 4,NULL,4 6,'6',NULL");
        let (up, down) = (write_section(&draft.up), write_section(&draft.down));
        assert!(up.contains("by CAST(a AS INTEGER); the old ones are kept in schemactl_kept_abc_t."), "{up}");
        assert!(!down.contains("stay as the way up made them"), "{down}");
        assert!(down.contains("-- Gives a the values back that were kept") && !down.contains("Replaces"), "{down}");
    }

    #[test]
    fn values_that_are_replaced_under_a_new_name_come_back_under_the_old_one() {
        let mut intent = Intent::default();
        let (table, new) = (Name::from("t"), Name::from("cents"));
        intent.renames.columns.insert((table.clone(), new.clone()), "price".into());
        intent.conversions.insert((table, new), Expression::new("CAST(round(price * 100) AS INTEGER)"));
        let (_, scratch) = round_trip_by(
            &intent,
            "CREATE TABLE t (id INTEGER PRIMARY KEY, price REAL)",
            "INSERT INTO t VALUES (1, 1.999), (2, 0.5), (3, NULL)",
            "CREATE TABLE t (id INTEGER PRIMARY KEY, cents INTEGER)",
            "UPDATE t SET cents = 70 WHERE id = 2",
        );
        assert_eq!(all(&scratch, "t", &["id", "price"]), "1,1.999 2,70.0 3,NULL");
    }

    #[test]
    fn values_that_are_replaced_come_back_whatever_is_renamed_beside() {
        let mut intent = Intent::default();
        intent.renames.tables.insert("item".into(), "thing".into());
        intent.renames.tables.insert("rate".into(), "factor".into());
        for (new, old) in [("key", "id"), ("cents", "price")] {
            intent.renames.columns.insert(("item".into(), new.into()), old.into());
        }
        let using = "CAST(round(cents * (SELECT max(n) FROM rate WHERE item.key > 0)) AS INTEGER)";
        intent.conversions.insert(("item".into(), "cents".into()), Expression::new(using));
        let (draft, scratch) = round_trip_by(
            &intent,
            "CREATE TABLE thing (id INTEGER PRIMARY KEY, price REAL); CREATE TABLE factor (n)",
            "INSERT INTO thing VALUES (1, 1.999), (2, 0.5), (3, NULL), (4, 2.25); INSERT INTO factor VALUES (100)",
            "CREATE TABLE item (key INTEGER PRIMARY KEY, cents INTEGER); CREATE TABLE rate (n)",
            "UPDATE item SET cents = 70 WHERE key = 2; DELETE FROM item WHERE key = 4; INSERT INTO item VALUES (5, 5)",
        );
        assert_eq!(all(&scratch, "thing", &["id", "price"]), "1,1.999 2,70.0 3,NULL 5,5.0");
        let down = write_section(&draft.down);
        assert!(!down.contains("stay as the way up made them"), "{down}");
    }

    #[test]
    fn values_are_kept_by_the_rowid_only_where_rows_keep_it() {
        let mut intent = Intent::default();
        intent.conversions.insert(("t".into(), "a".into()), Expression::new("length(a)"));
        let before = "CREATE TABLE t (a TEXT, code INTEGER NOT NULL)";
        let rows = "INSERT INTO t VALUES ('one', 30), ('three', 10)";
        let after = "CREATE TABLE t (a INTEGER, code INTEGER NOT NULL)";
        let (_, scratch) = round_trip_by(&intent, before, rows, after, "");
        assert_eq!(all(&scratch, "t", &["a", "code"]), "'one',30 'three',10");
        let after = "CREATE TABLE t (a INTEGER, code INTEGER NOT NULL PRIMARY KEY)";
        let (draft, _) = round_trip_by(&intent, before, rows, after, "");
        assert!(write_section(&draft.up).contains("the way down does not bring the old ones back"));
        // Where the key is the number of its row alone, that is where it is found.
        let (_, scratch) = round_trip_by(
            &intent,
            "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT)",
            "INSERT INTO t VALUES (5, 'one'), (7, 'three')",
            "CREATE TABLE t (id INTEGER, a INTEGER)",
            "",
        );
        assert_eq!(all(&scratch, "t", &["id", "a"]), "5,'one' 7,'three'");
    }

    #[test]
    fn values_of_a_unique_column_come_back_without_a_clash() {
        let (_, scratch) = round_trip(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, code INTEGER NOT NULL UNIQUE)",
            "INSERT INTO t VALUES (1, 3), (2, 1), (3, 2)",
            "CREATE TABLE t (id INTEGER PRIMARY KEY)",
            "",
        );
        assert_eq!(all(&scratch, "t", &["id", "code"]), "1,3 2,1 3,2");
    }

    #[test]
    fn rows_without_a_key_are_found_by_their_rowid_and_those_without_rowid_by_their_key() {
        let (_, scratch) = round_trip(
            "CREATE TABLE t (a TEXT, b TEXT); CREATE TABLE k (x TEXT COLLATE NOCASE, y ANY, z ANY, PRIMARY KEY (x, y)) WITHOUT ROWID, STRICT",
            "INSERT INTO t (rowid, a, b) VALUES (5, 'same', 'five'), (7, 'same', 'seven'); \
             INSERT INTO k VALUES ('A', '01', 'first'), ('A', 1, 'second')",
            "CREATE TABLE t (a TEXT); CREATE TABLE k (x TEXT COLLATE NOCASE, y ANY, PRIMARY KEY (x, y)) WITHOUT ROWID, STRICT",
            "",
        );
        assert_eq!(all(&scratch, "t", &["rowid", "a", "b"]), "5,'same','five' 7,'same','seven'");
        assert_eq!(all(&scratch, "k", &["x", "y", "z"]), "'A',1,'second' 'A','01','first'");
    }

    #[test]
    fn no_trigger_notices_that_values_and_rows_come_back() {
        let before = "CREATE TABLE log (what); CREATE TABLE gone (a, b); \
             CREATE TABLE t (id INTEGER PRIMARY KEY, a, touched DEFAULT 0); \
             CREATE TRIGGER gone_in AFTER INSERT ON gone BEGIN INSERT INTO log VALUES ('in'); END; \
             CREATE TRIGGER touch AFTER UPDATE ON t BEGIN UPDATE t SET touched = 1 WHERE id = new.id; END";
        let after = "CREATE TABLE log (what); CREATE TABLE t (id INTEGER PRIMARY KEY, touched DEFAULT 0); \
             CREATE TRIGGER touch AFTER UPDATE ON t BEGIN UPDATE t SET touched = 1 WHERE id = new.id; END";
        let rows = "INSERT INTO t (id, a) VALUES (1, 'x'); INSERT INTO gone (rowid, a, b) VALUES (8, '008', NULL); DELETE FROM log";
        let (_, scratch) = round_trip(before, rows, after, "");
        assert_eq!(all(&scratch, "t", &["id", "a", "touched"]), "1,'x',0");
        assert_eq!(all(&scratch, "gone", &["rowid", "a", "b"]), "8,'008',NULL");
        assert_eq!(one(&scratch, "SELECT count(*) FROM log"), "0");
        assert_eq!(one(&scratch, "SELECT count(*) FROM sqlite_schema WHERE type = 'trigger'"), "2");
    }

    #[test]
    fn a_table_comes_back_with_its_counter() {
        let before = "CREATE TABLE \"odd \"\"name\" (id INTEGER PRIMARY KEY AUTOINCREMENT, v TEXT, \
             g GENERATED ALWAYS AS (v || '!')); CREATE TABLE other (x)";
        let rows =
            "INSERT INTO \"odd \"\"name\" (id, v) VALUES (4, 'a'), (9, 'b'); DELETE FROM \"odd \"\"name\" WHERE id = 9";
        let (draft, scratch) = round_trip(before, rows, "CREATE TABLE other (x)", "");
        assert_eq!(all(&scratch, "\"odd \"\"name\"", &["id", "v", "g"]), "4,'a','a!'");
        assert_eq!(one(&scratch, "SELECT seq FROM sqlite_sequence WHERE name = 'odd \"name'"), "9");
        assert!(
            write_section(&draft.up).contains("-- The rows of odd \"name are kept in schemactl_kept_abc_odd \"name.")
        );
        assert!(!write_section(&draft.up).contains("Discards"), "{}", write_section(&draft.up));
    }

    #[test]
    fn the_way_back_is_open_after_a_purge() {
        let (_, scratch) = round_trip(
            "CREATE TABLE gone (a); CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER NOT NULL)",
            "INSERT INTO gone VALUES (1); INSERT INTO t VALUES (1, 2)",
            "CREATE TABLE t (id INTEGER PRIMARY KEY)",
            "DROP TABLE schemactl_kept_abc_gone; DROP TABLE schemactl_kept_abc_t",
        );
        assert_eq!(all(&scratch, "t", &["id", "a"]), "1,0");
        assert_eq!(one(&scratch, "SELECT count(*) FROM gone"), "0");
    }

    #[test]
    fn a_table_that_is_renamed_keeps_the_values_of_its_columns() {
        let schema = |sql: &str| {
            let mut scratch = Scratch::empty().unwrap();
            planner::run(&mut scratch, sql).unwrap();
            planner::read(&scratch).unwrap()
        };
        let before = "CREATE TABLE old (id INTEGER PRIMARY KEY, a TEXT, b TEXT)";
        let after = "CREATE TABLE new (key INTEGER PRIMARY KEY, b TEXT)";
        let mut intent = Intent::default();
        intent.renames.tables.insert(Name::from("new"), Name::from("old"));
        intent.renames.columns.insert((Name::from("new"), Name::from("key")), Name::from("id"));
        let options = Options {
            target: SqliteVersion::new(3, 54),
            column_order: ColumnOrder::Loose,
            catalog_edits: false,
            fast_rebuild: false,
            switches: Switches::All,
        };
        let revision = RevisionId::new("abc").unwrap();
        let draft = draft_keeping(&schema(before), &schema(after), &intent, options, &revision).unwrap();
        assert!(draft.rows > 0);
        let mut scratch = Scratch::empty().unwrap();
        let rows = "INSERT INTO old VALUES (3, 'kept', 'stays')";
        for sql in [before, rows, &write_section(&draft.up), &write_section(&draft.down)] {
            planner::run(&mut scratch, sql).unwrap();
        }
        assert_eq!(all(&scratch, "old", &["id", "a", "b"]), "3,'kept','stays'");
        assert!(!write_section(&draft.up).contains("Discards"), "{}", write_section(&draft.up));
    }

    #[test]
    fn without_being_asked_nothing_is_kept() {
        let schema = |sql: &str| {
            let mut scratch = Scratch::empty().unwrap();
            planner::run(&mut scratch, sql).unwrap();
            planner::read(&scratch).unwrap()
        };
        let options = Options {
            target: SqliteVersion::new(3, 54),
            column_order: ColumnOrder::Loose,
            catalog_edits: false,
            fast_rebuild: false,
            switches: Switches::All,
        };
        let before = schema("CREATE TABLE gone (a)");
        let draft = crate::plan::draft(&before, &schema(""), &Intent::default(), options).unwrap();
        assert!(draft.kept.is_empty());
        assert!(!write_section(&draft.up).contains(PREFIX));
    }
}
