//! The rebuild: a new table beside the old one, all rows copied, the new one put in the old one's place.
//!
//! The twelve steps of <https://www.sqlite.org/lang_altertable.html#otheralter> in the form that keeps what those
//! lose: rowids, AUTOINCREMENT counters, views and triggers of others. Indexes and the table's own triggers go with
//! the old table and are created again by the planner with everything else that is missing at the end.

use crate::database::Switches;
use crate::database::runner::rebuild_marks;
use crate::diff::{AlterTable, Change, ColumnOrder, TableChange};
use crate::report::count;
use crate::schema::{Column, Index, Name, Schema, SqliteVersion, Table};
use crate::sql;
use crate::token::quote_string;

use super::one_way;
use super::rows::RowWork;
use super::statement::Statement;

/// The guard needs table-valued pragmas.
const GUARD: SqliteVersion = SqliteVersion::new(3, 16);

/// How the new table gets its final name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rename {
    /// By the legacy rename, which does not look at anything else.
    Plain,
    /// By SQLite's full rename, since the runner has no switch for the other, or since a CHECK calls the table by its
    /// own name: it is written with the temporary name, and the rename puts the final name in. That rename reads
    /// every view and trigger, so those that name the table must be gone by then.
    Full,
}

/// The table as it is created: where the order of columns does not count, those that are there already keep theirs and
/// new ones stand at the end.
pub(super) fn rebuilt_table(alter: &AlterTable, order: ColumnOrder) -> Table {
    let mut table = alter.after.clone();
    if order == ColumnOrder::Loose {
        let place = |column: &Column| {
            let old = alter.old_column(&column.name);
            alter.before.columns.iter().position(|before| Some(before) == old).unwrap_or(usize::MAX)
        };
        table.columns.sort_by_key(place);
    }
    table
}

/// The statements of a rebuild, and of the indexes that the table has before and after, between marks by which the
/// runner knows them.
#[must_use]
pub fn statements(
    alter: &AlterTable,
    rows: &RowWork,
    rename: Rename,
    order: ColumnOrder,
    indexes: &[&Index],
) -> Vec<Statement> {
    let (before, after) = (&alter.before, rebuilt_table(alter, order));
    let stage = stage_name(&after.name);
    let mut staged = Table { name: stage.clone(), indexes: indexmap::IndexMap::new(), ..after.clone() };
    if rename == Rename::Full {
        for check in &mut staged.checks {
            check.expression = super::qualifier::requalified(&check.expression, &after.name, &stage);
        }
        for column in &mut staged.columns {
            if let Some(generated) = &mut column.generated {
                generated.expression = super::qualifier::requalified(&generated.expression, &after.name, &stage);
            }
        }
    }
    let marks = rebuild_marks(&after.name);
    let opening = marks.iter().map(|(begin, _)| begin.clone());
    let mut statements = vec![
        Statement::new(sql::write_table(&staged))
            .comment(opening.clone().chain([reason(alter)]).collect::<Vec<_>>().join("\n"))
            .requires(super::requirement::of_table(&staged)),
    ];
    statements.extend(fill(alter, &after, &stage, rows));
    statements.push(Statement::new(format!("DROP TABLE {}", before.name.quoted())));
    let statement = format!("ALTER TABLE {} RENAME TO {}", stage.quoted(), after.name.quoted());
    match rename {
        Rename::Plain => statements.extend([
            Statement::new("PRAGMA legacy_alter_table = ON")
                .comment("The plain rename: views, triggers and foreign keys that name the table stay as they are."),
            Statement::new(statement).continues(),
            Statement::new("PRAGMA legacy_alter_table = OFF").continues(),
        ]),
        Rename::Full => statements.push(Statement::new(statement)),
    }
    statements.extend(indexes.iter().map(|index| {
        Statement::new(sql::write_index(&after.name, index)).requires(super::requirement::of_index(index))
    }));
    if let Some((_, end)) = marks
        && let Some(last) = statements.pop()
    {
        statements.push(last.closing(end));
    }
    statements
}

/// The name of the new table until it takes the old one's place.
#[must_use]
pub fn stage_name(table: &Name) -> Name {
    Name::new(format!("schemactl_new_{table}"))
}

/// Stops a script whose DROP TABLE would delete or change the rows of child tables.
///
/// Without any switches there is nothing to guard: such a script never drops a table whose rows matter to others.
#[must_use]
pub fn guard(switches: Switches) -> Vec<Statement> {
    let kind = match switches {
        Switches::All => "TEMP TABLE",
        Switches::ForeignKeys => "TABLE",
        Switches::None => return Vec::new(),
    };
    vec![
        Statement::new(format!(
            "CREATE {kind} \"schemactl_guard\" (\"foreign_keys_must_be_off\" INT CHECK (\"foreign_keys_must_be_off\" = 0))",
        ))
        .comment(
            "Stops here if foreign keys are enforced: DROP TABLE would then delete or change rows that refer to the table.\n\
             schemactl runs this script with `PRAGMA foreign_keys = OFF` and checks all references before it commits.",
        )
        .requires(GUARD),
        Statement::new("INSERT INTO \"schemactl_guard\" SELECT \"foreign_keys\" FROM pragma_foreign_keys").continues(),
        Statement::new("DROP TABLE \"schemactl_guard\"").continues(),
    ]
}

/// Whether dropping a table could touch rows of others, or its own, through foreign keys.
#[must_use]
pub fn is_referenced(schema: &Schema, table: &Name) -> bool {
    schema.tables.values().any(|other| other.foreign_keys.iter().any(|key| key.parent == *table))
}

/// Whether dropping a table could touch rows of others.
#[must_use]
pub fn is_referenced_by_others(schema: &Schema, table: &Name) -> bool {
    let mut others = schema.tables.values().filter(|other| other.name != *table);
    others.any(|other| other.foreign_keys.iter().any(|key| key.parent == *table))
}

/// What a copy puts where.
#[derive(Debug, Default)]
pub(super) struct Columns {
    /// The columns of the table after that get a value.
    pub into: Vec<String>,
    /// For each of them, an expression over the table before.
    pub from: Vec<String>,
    remarks: Vec<String>,
}

impl Columns {
    /// The columns of `after`, which is the table after with its columns in any order.
    pub(super) fn of(alter: &AlterTable, after: &Table, rows: &RowWork) -> Columns {
        let before = &alter.before;
        let mut columns = Columns::default();
        // The rowid travels with its alias where there is one; else it is copied by name, since full-text tables and
        // applications may hold on to it.
        let old_rowid = || {
            let alias = before.rowid_alias().map(|column| column.name.quoted());
            alias.or_else(|| before.rowid_name().map(str::to_owned))
        };
        let new_rowid = match after.rowid_alias() {
            None => after.rowid_name().map(str::to_owned),
            // A column that is new: rows stay the same rows by the number that they have already.
            Some(alias)
                if alter.old_column(&alias.name).is_none() && rows.backfill(&after.name, &alias.name).is_none() =>
            {
                Some(alias.name.quoted())
            }
            Some(_) => None,
        };
        if let (Some(new), Some(old)) = (new_rowid, old_rowid()) {
            columns.into.push(new);
            columns.from.push(old);
        }
        let copied = || after.columns.iter().filter(|column| column.is_copied());
        for column in copied() {
            if let Some(value) = columns.value(alter, after, column, rows) {
                columns.into.push(column.name.quoted());
                columns.from.push(value);
            }
        }
        if columns.into.is_empty()
            && let Some(column) = copied().next()
        {
            // Nothing of the old rows is left but their number.
            let default = column.default.as_ref().map_or_else(|| "NULL".to_owned(), |default| format!("({default})"));
            columns.into.push(column.name.quoted());
            columns.from.push(default);
        }
        columns
    }

    /// What a column takes from the old rows; none where its default does.
    fn value(&mut self, alter: &AlterTable, after: &Table, column: &Column, rows: &RowWork) -> Option<String> {
        let Some(old) = alter.old_column(&column.name) else {
            return rows.backfill(&after.name, &column.name).map(|backfill| format!("({backfill})"));
        };
        let value = match rows.converting(&after.name, old, column) {
            Some(using) => {
                let is_replaced = rows.is_converted(&after.name, &column.name);
                self.remarks.push(if is_replaced {
                    one_way::replaces(&column.name, using)
                } else {
                    one_way::restores(&column.name)
                });
                format!("({using})")
            }
            None => old.name.quoted(),
        };
        let is_alias = |table: &Table, name: &Name| table.rowid_alias().is_some_and(|alias| alias.name == *name);
        let becomes_rowid = is_alias(after, &column.name) && !is_alias(&alter.before, &old.name);
        if old.not_null.is_none() && (column.not_null.is_some() || becomes_rowid) {
            if let Some(filling) = rows.filling(after, column) {
                self.remarks.push(format!("{} takes {filling} where it is NULL.", column.name));
                return Some(format!("coalesce({value}, ({filling}))"));
            }
            if becomes_rowid {
                self.remarks.push(format!("{} must not be NULL: SQLite would number such rows itself.", column.name));
                return Some(format!("coalesce({value}, 'is NULL')"));
            }
        }
        Some(value)
    }
}

/// The statements that bring the rows to the new table, and the AUTOINCREMENT counter.
pub(super) fn fill(alter: &AlterTable, after: &Table, stage: &Name, rows: &RowWork) -> Vec<Statement> {
    let mut statements = vec![copy(alter, after, stage, rows)];
    if alter.drops_counter() {
        let copy = &mut statements[0];
        let own = copy.comment.take();
        copy.comment = Some(own.into_iter().chain([one_way::DROPS_COUNTER.to_owned()]).collect::<Vec<_>>().join("\n"));
    }
    let counts = |table: &Table| table.primary_key.as_ref().is_some_and(|key| key.autoincrement);
    if counts(&alter.before) && counts(after) {
        let (old, new) = (quote_string(alter.before.name.as_str()), quote_string(stage.as_str()));
        statements.push(
            Statement::new(format!("DELETE FROM sqlite_sequence WHERE name = {new}"))
                .comment("Carries the AUTOINCREMENT counter over, so that no identifier is given twice."),
        );
        let carry = format!(
            "INSERT INTO sqlite_sequence (name, seq) SELECT {new}, seq FROM sqlite_sequence WHERE name = {old}"
        );
        statements.push(Statement::new(carry).continues());
    }
    statements
}

fn copy(alter: &AlterTable, after: &Table, stage: &Name, rows: &RowWork) -> Statement {
    let before = &alter.before;
    let Columns { into, from, remarks } = Columns::of(alter, after, rows);
    let order = match (&after.primary_key, after.without_rowid, before.without_rowid) {
        (Some(key), true, false) => {
            let known = key.columns.iter().all(|column| before.column(&column.name).is_some());
            let columns = key.columns.iter().map(|column| column.name.quoted()).collect::<Vec<_>>().join(", ");
            if known { format!("\n  ORDER BY {columns}") } else { String::new() }
        }
        _ => String::new(),
    };
    // OR ABORT: an ON CONFLICT clause of the table must not drop or replace rows in silence.
    let sql = format!(
        "INSERT OR ABORT INTO {} ({})\n  SELECT {}\n  FROM {}{order}",
        stage.quoted(),
        into.join(", "),
        from.join(", "),
        before.name.quoted()
    );
    let statement = Statement::new(sql);
    if remarks.is_empty() { statement } else { statement.comment(remarks.join("\n")) }
}

/// Why a table is rebuilt, what it costs and what is lost.
pub(super) fn reason(alter: &AlterTable) -> String {
    let indexes = match alter.after.indexes.len() {
        0 => String::new(),
        number => format!(" and builds {} again", count(number, "index")),
    };
    let mut reason =
        format!("Rebuilds {}: copies every row{indexes}. ALTER TABLE cannot do all of this:", alter.after.name);
    for line in Change::AlterTable(alter.clone()).lines() {
        reason.push_str("\n  ");
        reason.push_str(&line.text.replace('`', ""));
    }
    for change in &alter.changes {
        if let TableChange::DropColumn(column) = change
            && column.is_copied()
        {
            reason.push('\n');
            reason.push_str(&discard(&alter.after.name, &column.name));
        }
    }
    reason
}

/// What a dropped table means for the rows.
#[must_use]
pub fn discard_rows(table: &Name) -> String {
    format!("Discards all rows of {table}.")
}

/// What a dropped column means for the rows.
#[must_use]
pub fn discard(table: &Name, column: &Name) -> String {
    format!("Discards the values of {table}.{column}.")
}
