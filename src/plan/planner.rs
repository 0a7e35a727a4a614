//! The one ordering rule for statements, and the trial of each on a scratch database.
//!
//! Statements come in this order, so that nothing is touched while something else still needs it:
//!
//! 0. the guard, where a table that others refer to is dropped on the way: nothing may run with foreign keys enforced;
//! 1. triggers, views and indexes that go or change are dropped, triggers first, since they may stand on views: what
//!    is about to change must not be named by anything that SQLite reads again at each ALTER;
//! 2. tables, then columns, are renamed by SQLite, which rewrites everything that names them: from here on, old and
//!    new schema speak of the same things by the same names. Chains of renames run from their free end, rings over a
//!    name aside; a column whose new name is still taken by one that goes is left to the rebuild;
//! 3. tables are altered in the order of the wanted schema, each by ALTER TABLE where that is enough, else by one
//!    rebuild. Row work reads tables as they are by then, so that all tables before the change are still there;
//! 4. tables that go are dropped, those that refer to others before them, and virtual tables that change are replaced;
//! 5. everything that is missing is created in the order in which one can stand on the other: tables, virtual tables,
//!    indexes, views, the contents of full-text indexes, triggers. Triggers come last: none fires during row work, and
//!    those of one table keep the order in which they fire.
//!
//! With [`Switches::None`] foreign keys are enforced all the while. Then step 3 first creates the tables and keys that
//! changed tables are going to refer to, and rebuilds all of them at once, with those that refer to them; steps 4 and 5
//! go by foreign keys too.
//!
//! What is dropped in step 1 or with a rebuilt table is simply missing in step 5; there is no list of things to bring
//! back. The scratch database is in the state of the statements planned so far. What it says counts: a statement that
//! it refuses, or that gives another result than wanted, is not planned. Where a plan does not lead to the wanted
//! schema, the next more cautious one is tried: first all views and triggers out of the way, then rebuilds alone.

use std::rc::Rc;

use indexmap::IndexSet;

use crate::database::{Filter, Scratch, Switches};
use crate::diff::{AlterTable, Change, ColumnOrder, Renames, TableChange, diff};
use crate::schema::{Index, Name, Schema, SqliteVersion, Table, Trigger};
use crate::sql;

use super::dependents::Dependents;
use super::rebuild::Rename;
use super::rows::RowWork;
use super::statement::Statement;
use super::{Error, catalog, confined, native, qualifier, rebuild, requirement, virtual_table};

/// What a plan may use and what counts.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// The oldest SQLite that must be able to run the statements.
    pub target: SqliteVersion,
    /// Whether the order of columns counts.
    pub column_order: ColumnOrder,
    /// Whether `sqlite_schema` may be edited where that is safe.
    pub catalog_edits: bool,
    /// Whether the runner rebuilds tables without building their indexes again, so that a rebuild costs one copy.
    pub fast_rebuild: bool,
    /// What the runner lets the statements switch. With fewer than all, rebuilds take another form, and
    /// `sqlite_schema` is not edited.
    pub switches: Switches,
}

/// Statements that lead from one schema to another, tried on a scratch database.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The statements in the order in which they run.
    pub statements: Vec<Statement>,
    /// The schema that they lead to, read back.
    pub schema: Schema,
    /// Tables that are copied.
    pub rebuilt: IndexSet<Name>,
}

/// How much of what could stand in the way is taken down first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Caution {
    /// What goes or changes.
    Least,
    /// All views and triggers.
    Dependents,
    /// All views and triggers, and each altered table is rebuilt.
    Rebuilds,
}

/// Rounds of altering: a rebuilt parent may leave its children to be rebuilt, and theirs.
const ROUNDS: usize = 3;

/// Plans the way from what stands in the scratch database to `after`, and leaves the scratch database there.
///
/// # Errors
/// [`Error::Refused`] when SQLite refuses a statement for which there is no other way; [`Error::NotReached`] when the
/// statements do not lead to the wanted schema.
///
/// # Panics
/// Never: there is always a way to try.
pub fn plan(
    scratch: &mut Scratch,
    after: &Schema,
    renames: &Renames,
    rows: &RowWork,
    options: Options,
) -> Result<Plan, Error> {
    let before = read(scratch)?;
    let mut first_error = None;
    for caution in [Caution::Least, Caution::Dependents, Caution::Rebuilds] {
        run(scratch, "SAVEPOINT schemactl_plan")?;
        let planner = Planner {
            scratch,
            before: &before,
            after,
            renames,
            rows,
            options,
            caution,
            statements: Vec::new(),
            rebuilt: IndexSet::new(),
            rewritten: IndexSet::new(),
            needs_guard: false,
            now: None,
        };
        let planned = planner.run();
        // What was put off to the end of the transaction is checked at its end.
        match planned.and_then(|plan| run(scratch, "RELEASE schemactl_plan").map(|()| plan)) {
            Ok(plan) => return Ok(plan),
            Err(error) => {
                run(scratch, "ROLLBACK TO schemactl_plan; RELEASE schemactl_plan")?;
                first_error.get_or_insert(error);
            }
        }
    }
    Err(first_error.expect("at least one way was tried"))
}

struct Planner<'a> {
    scratch: &'a mut Scratch,
    before: &'a Schema,
    after: &'a Schema,
    renames: &'a Renames,
    rows: &'a RowWork,
    options: Options,
    caution: Caution,
    statements: Vec<Statement>,
    rebuilt: IndexSet<Name>,
    /// Tables whose rows have other values or rowids than before.
    rewritten: IndexSet<Name>,
    needs_guard: bool,
    /// The schema as it is now, until the next statement.
    now: Option<Rc<Schema>>,
}

impl Planner<'_> {
    fn run(mut self) -> Result<Plan, Error> {
        let changes = self.changes(self.before, self.renames);
        self.drop_dependents(&changes)?;
        self.drop_indexes(&changes)?;
        let unnamed = self.rename(&changes)?;
        for round in 0..ROUNDS {
            let now = self.now()?;
            let changes = self.changes(&now, if round == 0 { &unnamed } else { &NO_RENAMES });
            self.drop_dependents(&changes)?;
            self.drop_indexes(&changes)?;
            let found: Vec<&AlterTable> = changes.iter().filter_map(altered).collect();
            if found.is_empty() {
                break;
            }
            let mut left = Vec::new();
            for alter in found {
                if self.alter(alter)? {
                    continue;
                }
                match self.options.switches {
                    Switches::None => left.push(alter),
                    _ => self.rebuild(alter)?,
                }
            }
            self.rebuild_together(&left)?;
        }
        self.drop_tables()?;
        self.create_missing()?;
        if self.needs_guard {
            self.statements.splice(0..0, rebuild::guard(self.options.switches));
        }
        let schema = self.now()?;
        let left = diff(&schema, self.after, &NO_RENAMES, self.options.column_order);
        if !left.is_empty() {
            return Err(Error::NotReached {
                differences: left.iter().flat_map(Change::lines).map(|line| line.text).collect(),
                script: super::statement::write_section(&self.statements),
            });
        }
        let schema = Schema::clone(&schema);
        Ok(Plan { statements: self.statements, schema, rebuilt: self.rebuilt })
    }

    fn now(&mut self) -> Result<Rc<Schema>, Error> {
        if let Some(now) = &self.now {
            return Ok(Rc::clone(now));
        }
        let now = Rc::new(read(self.scratch)?);
        self.now = Some(Rc::clone(&now));
        Ok(now)
    }

    fn changes(&self, now: &Schema, renames: &Renames) -> Vec<Change> {
        diff(now, self.after, renames, self.options.column_order)
    }

    /// Runs a statement on the scratch database and plans it.
    fn add(&mut self, statement: Statement) -> Result<(), Error> {
        self.now = None;
        run(self.scratch, &statement.sql)?;
        self.statements.push(statement);
        Ok(())
    }

    fn add_all(&mut self, statements: Vec<Statement>) -> Result<(), Error> {
        for statement in statements {
            // What is put off once is put off to the end of the transaction.
            if statement != confined::defer() || !self.statements.contains(&statement) {
                self.add(statement)?;
            }
        }
        Ok(())
    }

    /// Step 1: triggers before the views that they stand on.
    fn drop_dependents(&mut self, changes: &[Change]) -> Result<(), Error> {
        let now = self.now()?;
        let every = self.caution >= Caution::Dependents && !changes.is_empty();
        let goes_or_changes = |name: &Name, kind: fn(&Change) -> Option<&Name>| {
            every || changes.iter().filter_map(kind).any(|changed| changed == name)
        };
        for trigger in now.triggers.values().filter(|trigger| goes_or_changes(&trigger.name, changed_trigger)) {
            self.add(Statement::new(format!("DROP TRIGGER {}", trigger.name.quoted())))?;
        }
        for view in now.views.values().filter(|view| goes_or_changes(&view.name, changed_view)) {
            self.add(Statement::new(format!("DROP VIEW {}", view.name.quoted())))?;
        }
        Ok(())
    }

    fn drop_indexes(&mut self, changes: &[Change]) -> Result<(), Error> {
        let altered = changes.iter().filter_map(|change| match change {
            Change::AlterTable(alter) => Some(alter),
            _ => None,
        });
        for change in altered.flat_map(|alter| &alter.changes) {
            if let TableChange::DropIndex(index) | TableChange::AlterIndex { before: index, .. } = change {
                self.add(Statement::new(format!("DROP INDEX {}", index.name.quoted())))?;
            }
        }
        Ok(())
    }

    /// Step 2. Returns the renames of columns that the target cannot do by itself.
    fn rename(&mut self, changes: &[Change]) -> Result<Renames, Error> {
        let altered: Vec<&AlterTable> = changes
            .iter()
            .filter_map(|change| match change {
                Change::AlterTable(alter) => Some(alter),
                _ => None,
            })
            .collect();
        let tables = altered.iter().filter(|alter| alter.changes.contains(&TableChange::Rename));
        self.rename_tables(tables.map(|alter| (alter.before.name.clone(), alter.after.name.clone())).collect())?;
        let mut left = Renames::default();
        for alter in altered {
            let columns = alter.changes.iter().filter_map(|change| match change {
                TableChange::RenameColumn { before, after } => Some((before.clone(), after.clone())),
                _ => None,
            });
            self.rename_columns(alter, columns.collect(), &mut left);
        }
        Ok(left)
    }

    fn rename_tables(&mut self, mut pending: Vec<(Name, Name)>) -> Result<(), Error> {
        while !pending.is_empty() {
            let now = self.now()?;
            let is_free = |name: &Name| !now.tables.contains_key(name);
            if let Some(at) = pending.iter().position(|(_, to)| is_free(to)) {
                let (from, to) = pending.remove(at);
                self.add(rename_table(&from, &to))?;
                continue;
            }
            let occupant = pending[0].1.clone();
            let is_renamed = pending.iter().any(|(from, _)| *from == occupant);
            if is_renamed {
                // A circle, or a name that differs in case only, which SQLite takes as the same name.
                let (from, to) = pending.remove(0);
                let aside = Name::new(format!("schemactl_old_{from}"));
                self.add(rename_table(&from, &aside))?;
                pending.push((aside, to));
            } else {
                self.needs_guard |= rebuild::is_referenced(&now, &occupant);
                self.add(drop_table(&occupant))?;
            }
        }
        Ok(())
    }

    fn rename_columns(&mut self, alter: &AlterTable, mut pending: Vec<(Name, Name)>, left: &mut Renames) {
        let table = &alter.after.name;
        let mut taken: Vec<Name> = alter.before.columns.iter().map(|column| column.name.clone()).collect();
        // The model may call old values by their old name, which they have while a rebuild copies them.
        pending.retain(|(from, to)| {
            let by_old_name = self.rows.speaks_of(table, from) && !self.rows.speaks_of(table, to);
            if by_old_name {
                left.columns.insert((table.clone(), to.clone()), from.clone());
            }
            !by_old_name
        });
        while !pending.is_empty() {
            let at = pending.iter().position(|(from, to)| from == to || !taken.contains(to));
            let ((from, to), is_last) = match at {
                Some(at) => (pending.remove(at), true),
                None if pending.iter().any(|(from, _)| *from == pending[0].1) => (pending.remove(0), false),
                // The name is taken by a column that goes: the rebuild copies from one to the other.
                None => {
                    let (from, to) = pending.remove(0);
                    left.columns.insert((table.clone(), to), from);
                    continue;
                }
            };
            let next = if is_last { to.clone() } else { Name::new(format!("schemactl_old_{from}")) };
            let statement = native::rename_column(table, &from, &next, self.options.target);
            // SQLite refuses some tables that it has taken itself: those are left to the rebuild too.
            if statement.is_none_or(|statement| self.add(statement).is_err()) {
                left.columns.insert((table.clone(), to), from);
                continue;
            }
            taken.retain(|name| *name != from);
            taken.push(next.clone());
            if !is_last {
                pending.push((next, to));
            }
        }
    }

    /// Step 3, for one table; false where it must be rebuilt.
    fn alter(&mut self, alter: &AlterTable) -> Result<bool, Error> {
        let now = self.now()?;
        if alter.changes.iter().any(rewrites_rows) {
            self.rewritten.insert(alter.after.name.clone());
        }
        let updates_are_silent = !now.triggers_on(&alter.before.name).any(Trigger::fires_on_update);
        let statements = match self.caution {
            Caution::Rebuilds => None,
            _ if native::is_one_rebuild_cheaper(alter, self.options.fast_rebuild) => None,
            _ => native::statements(alter, self.rows, self.options.target, updates_are_silent),
        };
        if let Some(statements) = statements
            && self.is_reached_by(&statements, &alter.after)?
        {
            self.statements.extend(statements);
            return Ok(true);
        }
        let may_edit =
            self.options.catalog_edits && self.options.switches == Switches::All && self.caution != Caution::Rebuilds;
        if may_edit
            && let Some(statements) = catalog::statements(alter, self.rows, self.options.target, updates_are_silent)
            && self.is_reached_by(&statements, &alter.after)?
        {
            self.statements.extend(statements);
            return Ok(true);
        }
        Ok(false)
    }

    /// Runs the statements and says whether the table, read again, is the wanted one; if not, it is as before.
    fn is_reached_by(&mut self, statements: &[Statement], wanted: &Table) -> Result<bool, Error> {
        run(self.scratch, "SAVEPOINT schemactl_trial")?;
        self.now = None;
        let ran = statements.iter().all(|statement| run(self.scratch, &statement.sql).is_ok());
        let reached = ran && {
            let only = |table: &Table| Schema {
                tables: [(table.name.clone(), Table { indexes: indexmap::IndexMap::new(), ..table.clone() })].into(),
                ..Schema::default()
            };
            let now = self.now()?;
            now.tables
                .get(&wanted.name)
                .is_some_and(|read| diff(&only(read), &only(wanted), &NO_RENAMES, self.options.column_order).is_empty())
        };
        if reached {
            run(self.scratch, "RELEASE schemactl_trial")?;
        } else {
            run(self.scratch, "ROLLBACK TO schemactl_trial; RELEASE schemactl_trial")?;
            self.now = None;
        }
        Ok(reached)
    }

    fn rebuild(&mut self, alter: &AlterTable) -> Result<(), Error> {
        let now = self.now()?;
        let (rename, in_the_way) = if self.options.switches != Switches::All {
            let table = IndexSet::from([alter.before.name.clone()]);
            (Rename::Full, Dependents::of(&table, self.scratch, &now)?)
        } else if qualifier::is_self_qualified(&alter.after) {
            (Rename::Full, Dependents::all(&now))
        } else {
            (Rename::Plain, Dependents::default())
        };
        for statement in in_the_way.drop() {
            self.add(statement)?;
        }
        self.needs_guard |= rebuild::is_referenced(&now, &alter.before.name);
        let order = self.options.column_order;
        // Indexes that stay as they are belong to the rebuild: a runner may have a way to keep them.
        let existing = now.tables.get(&alter.before.name).map(|table| &table.indexes);
        let stays = |index: &&Index| existing.is_some_and(|existing| existing.get(&index.name) == Some(*index));
        let indexes: Vec<&Index> = alter.after.indexes.values().filter(stays).collect();
        for statement in rebuild::statements(alter, self.rows, rename, order, &indexes) {
            self.add(statement)?;
        }
        self.rebuilt.insert(alter.after.name.clone());
        Ok(())
    }

    /// Rebuilds without any switches: all tables at once, or one after the other where the rows of one are worked out
    /// from those of another that has changed before.
    fn rebuild_together(&mut self, alters: &[&AlterTable]) -> Result<(), Error> {
        if alters.is_empty() {
            return Ok(());
        }
        run(self.scratch, "SAVEPOINT schemactl_together")?;
        let planned = self.statements.len();
        let outcome = self.replace(alters, alters);
        if outcome.is_ok() || alters.len() == 1 {
            return outcome.and_then(|()| run(self.scratch, "RELEASE schemactl_together"));
        }
        run(self.scratch, "ROLLBACK TO schemactl_together; RELEASE schemactl_together")?;
        self.statements.truncate(planned);
        self.now = None;
        alters.iter().try_for_each(|alter| self.replace(&[alter], alters))
    }

    /// Puts tables in the place of those that have their names, with all that refer to them; `pending` are all that
    /// are to be rebuilt in this round.
    fn replace(&mut self, alters: &[&AlterTable], pending: &[&AlterTable]) -> Result<(), Error> {
        let names = || alters.iter().map(|alter| alter.before.name.clone());
        let now = self.now()?;
        self.add_all(confined::parents(&now, self.after, &confined::closure(&now, names()), self.rows))?;
        let now = self.now()?;
        let tables = confined::closure(&now, names());
        let in_the_way = Dependents::of(&tables, self.scratch, &now)?;
        self.add_all(in_the_way.drop())?;
        let (staying, going): (IndexSet<Name>, IndexSet<Name>) =
            tables.into_iter().partition(|name| self.after.tables.contains_key(name));
        // A table may have to follow those that it refers to: a rename of theirs that is left to the rebuild.
        let following = self.changes(&now, &NO_RENAMES);
        let mut copies = Vec::new();
        for name in &staying {
            let Some(before) = now.tables.get(name) else { continue };
            let unchanged = || {
                let after = Table { indexes: self.after.tables[name].indexes.clone(), ..before.clone() };
                AlterTable { before: before.clone(), after, changes: Vec::new() }
            };
            let is_of_table = |alter: &&&AlterTable| alter.after.name == *name;
            let follows = || following.iter().filter_map(altered).find(|alter| alter.after.name == *name);
            let alter = match alters.iter().find(is_of_table) {
                Some(alter) => AlterTable::clone(alter),
                None if pending.iter().any(|alter| alter.after.name == *name) => unchanged(),
                None => follows().cloned().unwrap_or_else(unchanged),
            };
            copies.push(confined::copied(&alter, self.rows, self.options.column_order));
        }
        self.add_all(confined::replace(copies, &going, &now))?;
        self.rebuilt.extend(staying);
        Ok(())
    }

    /// Step 4.
    fn drop_tables(&mut self) -> Result<(), Error> {
        let mut now = Schema::clone(&*self.now()?);
        let changes = self.changes(&now, &NO_RENAMES);
        let mut going: Vec<&Name> = changes.iter().filter_map(dropped_table).collect();
        if self.options.switches == Switches::None {
            let tables = going.drain(..).cloned().collect();
            if let Some((child, parent)) = confined::left_behind(&now, &tables) {
                let message = format!("`{child}` still refers to it, and its rows would go or change with it");
                return Err(Error::Refused { sql: drop_table(parent).sql, message });
            }
            let drops = confined::drop_tables(&now, &tables, drop_table);
            self.add_all(drops)?;
        }
        while !going.is_empty() {
            let is_free = |table: &Name| !rebuild::is_referenced_by_others(&now, table);
            // In a ring of references no table is free.
            let table = going.remove(going.iter().position(|table| is_free(table)).unwrap_or(0));
            self.needs_guard |= !is_free(table);
            self.add(drop_table(table))?;
            now.tables.shift_remove(table);
        }
        for change in changes {
            match change {
                Change::DropVirtualTable(table) => {
                    let drop = Statement::new(format!("DROP TABLE {}", table.name.quoted()));
                    self.add(drop.comment(format!("Discards everything that is in {}.", table.name)))?;
                }
                Change::AlterVirtualTable { before, after } => {
                    for statement in virtual_table::replace(self.scratch, &before, &after)? {
                        self.add(statement)?;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Step 5.
    fn create_missing(&mut self) -> Result<(), Error> {
        let after = self.after;
        let now = self.now()?;
        let missing = || after.tables.values().filter(|table| !now.tables.contains_key(&table.name));
        let enforced = self.options.switches == Switches::None;
        if enforced {
            self.add_all(confined::create(missing(), self.rows))?;
        }
        for table in missing().filter(|_| !enforced) {
            self.add(Statement::new(sql::write_table(table)).requires(requirement::of_table(table)))?;
            for statement in self.rows.returning_rows(&table.name) {
                self.add(statement.clone())?;
            }
        }
        for table in after.virtual_tables.values().filter(|table| !now.virtual_tables.contains_key(&table.name)) {
            self.add(Statement::new(sql::write_virtual_table(table)))?;
        }
        for table in after.tables.values() {
            let existing = now.tables.get(&table.name).map(|table| &table.indexes);
            for index in table.indexes.values() {
                if existing.is_none_or(|indexes| !indexes.contains_key(&index.name)) {
                    let create = Statement::new(sql::write_index(&table.name, index));
                    self.add(create.requires(requirement::of_index(index)))?;
                }
            }
        }
        for view in after.views.values().filter(|view| !now.views.contains_key(&view.name)) {
            self.add(Statement::new(sql::write_view(view)))?;
        }
        self.index_content(&now)?;
        self.create_triggers(&now)
    }

    /// Fills full-text indexes over other tables that are new, or whose rows the change has written past all triggers.
    fn index_content(&mut self, now: &Schema) -> Result<(), Error> {
        let after = self.after;
        for table in after.virtual_tables.values() {
            let Some(content) = virtual_table::content_table(table) else { continue };
            let is_new = !now.virtual_tables.contains_key(&table.name);
            let is_needed = if after.views.contains_key(&content) {
                is_new || !self.rewritten.is_empty()
            } else {
                after.tables.contains_key(&content) && (is_new || self.rewritten.contains(&content))
            };
            if is_needed {
                self.add(virtual_table::index_content(table))?;
            }
        }
        Ok(())
    }

    /// Triggers of one table fire in the reverse order of their creation: those that come after a missing one are
    /// created again behind it.
    fn create_triggers(&mut self, now: &Schema) -> Result<(), Error> {
        let after = self.after;
        let mut gaps: IndexSet<&Name> = IndexSet::new();
        let mut create = Vec::new();
        for trigger in after.triggers.values() {
            let exists = now.triggers.contains_key(&trigger.name);
            if !exists {
                gaps.insert(&trigger.table);
            }
            if gaps.contains(&trigger.table) {
                if exists {
                    self.add(
                        Statement::new(format!("DROP TRIGGER {}", trigger.name.quoted()))
                            .comment("Created again below, so that the triggers keep firing in their order."),
                    )?;
                }
                create.push(trigger);
            }
        }
        for trigger in create {
            self.add(Statement::new(sql::write_trigger(trigger)))?;
        }
        Ok(())
    }
}

/// The schema of a scratch database.
pub(super) fn read(scratch: &Scratch) -> Result<Schema, Error> {
    Ok(scratch.schema(&Filter::default())?)
}

/// Runs SQL on a scratch database.
pub(super) fn run(scratch: &mut Scratch, sql: &str) -> Result<(), Error> {
    scratch.run(sql).map_err(|failure| Error::Refused { sql: sql.to_owned(), message: failure.message })
}

static NO_RENAMES: std::sync::LazyLock<Renames> = std::sync::LazyLock::new(Renames::default);

fn rename_table(from: &Name, to: &Name) -> Statement {
    // Since 3.26, references in triggers, views and child tables follow (https://www.sqlite.org/lang_altertable.html).
    Statement::new(format!("ALTER TABLE {} RENAME TO {}", from.quoted(), to.quoted()))
        .requires(SqliteVersion::new(3, 26))
}

fn drop_table(table: &Name) -> Statement {
    Statement::new(format!("DROP TABLE {}", table.quoted())).comment(rebuild::discard_rows(table))
}

/// What a change does to a table itself, not to its indexes alone.
fn altered(change: &Change) -> Option<&AlterTable> {
    match change {
        Change::AlterTable(alter) if alter.changes.iter().any(|change| !is_of_index(change)) => Some(alter),
        _ => None,
    }
}

fn is_of_index(change: &TableChange) -> bool {
    matches!(change, TableChange::CreateIndex(_) | TableChange::DropIndex(_) | TableChange::AlterIndex { .. })
}

/// Whether a change can give rows that stay other values or other rowids.
fn rewrites_rows(change: &TableChange) -> bool {
    match change {
        TableChange::AlterColumn { before, after } => {
            before.type_name != after.type_name
                || before.generated != after.generated
                || before.not_null.is_none() && after.not_null.is_some()
        }
        TableChange::AlterPrimaryKey { .. } | TableChange::SetStrict(_) | TableChange::SetWithoutRowid(_) => true,
        _ => false,
    }
}

fn dropped_table(change: &Change) -> Option<&Name> {
    match change {
        Change::DropTable(table) => Some(&table.name),
        _ => None,
    }
}

fn changed_trigger(change: &Change) -> Option<&Name> {
    match change {
        Change::DropTrigger(trigger) | Change::AlterTrigger { before: trigger, .. } => Some(&trigger.name),
        _ => None,
    }
}

fn changed_view(change: &Change) -> Option<&Name> {
    match change {
        Change::DropView(view) | Change::AlterView { before: view, .. } => Some(&view.name),
        _ => None,
    }
}
