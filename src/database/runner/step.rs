//! One step: the script, statement by statement, then everything that must hold before it counts.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rusqlite::ffi;

use super::block::{self, Block};
use super::by_hand::{ByHand, Hanging, NotKept};
use super::deviation::sentences;
use super::evidence::{Damage, Evidence, Intended};
use super::mentions::edits_text;
use super::permission::{Limits, Watch};
use super::statistics::Statistics;
use super::swap::{self, Obstacle};
use super::unfit::{self, Unfit};
use super::work::Work;
use super::{Done, Drift, Event, Op, Problem, Runner, Step};
use crate::database::error::{primary_code, words};
use crate::database::gate::Gate;
use crate::database::statements::{Failure, Statements};
use crate::database::{gate, introspect, switches, version_table};
use crate::diff::ColumnOrder;
use crate::report::Place;
use crate::revision::{RevisionId, Section};
use crate::schema::{Name, Schema};
use crate::sql;
use crate::token::significant_tokens;

impl Runner<'_, '_> {
    /// Runs one step inside the transaction that is open; `in_one` says that all steps are one transaction.
    pub(super) fn step(&mut self, step: &Step, number: usize, of: usize, in_one: bool) -> Result<Done, Problem> {
        (self.observer)(Event::Started { step, number, of });
        let start = Instant::now();
        self.rows = 0;
        self.reached.clear();
        self.schema_before = None;
        self.by_hand.clear();
        match &step.script {
            Some(script) if !script.transaction && self.options.dry_run => {
                (self.observer)(Event::NotRehearsed { step });
            }
            Some(script) if !script.transaction && in_one => {
                return Err(Problem::OutsideTransaction { place: script.whole() });
            }
            Some(script) if !script.transaction => self.run_outside(step, script)?,
            Some(script) => self.run_inside(step, script)?,
            None => {}
        }
        self.record(step, start)?;
        Ok(Done { by_hand: std::mem::take(&mut self.by_hand), ..step.done(start.elapsed(), self.rows) })
    }

    /// Writes the step down in the version table.
    fn record(&mut self, step: &Step, start: Instant) -> Result<(), Problem> {
        let table = &self.options.version_table;
        let connection = &*self.connection;
        match step.op {
            Op::Upgrade => {
                if !std::mem::replace(&mut self.has_table, true) {
                    version_table::ensure(connection, table)?;
                    self.complete_mirror()?;
                }
                for replaced in &step.replaces {
                    version_table::delete(connection, table, replaced)?;
                    self.applied.get_or_insert_default().retain(|row| row.revision != *replaced);
                }
                // Outside a transaction another runner may have done the same at the same time.
                if !step.is_outside_transaction() || !self.has(&step.revision)? {
                    let mut row = step.row(start.elapsed(), self.options);
                    row.schema =
                        row.schema.or_else(|| self.schema.as_ref().map(|(_, fingerprint)| fingerprint.clone()));
                    row.schema_before = self.schema_before.take();
                    version_table::insert(connection, table, &row)?;
                    self.applied.get_or_insert_default().push(row);
                }
            }
            Op::Downgrade => {
                version_table::delete(connection, table, &step.revision)?;
                self.applied.get_or_insert_default().retain(|row| row.revision != step.revision);
            }
        }
        self.mirror(step, start.elapsed())
    }

    fn has(&self, revision: &RevisionId) -> Result<bool, Problem> {
        let rows = version_table::read(self.connection, &self.options.version_table)?;
        Ok(rows.iter().any(|row| row.revision == *revision))
    }

    fn run_inside(&mut self, step: &Step, script: &Section) -> Result<(), Problem> {
        let nothing_expected = step.schema_before.is_none() && step.schema_after.is_none() && step.gates.is_empty();
        if nothing_expected && only_adds(script.sql()) {
            self.run_script(step, script, &mut Statistics::default())?;
            self.schema = None;
            // Without a pragma it can have left nothing but temporary tables and views.
            let is_temporary = script.sql().to_ascii_lowercase().contains("temp");
            let cleaned = if is_temporary { self.clean_up() } else { Ok(()) };
            return cleaned.map_err(|error| self.sqlite(&error));
        }
        let (before, fingerprint_before) = match self.schema.take() {
            Some(known) => known,
            None => self.look()?,
        };
        let mut as_expected = step.schema_before.as_ref().is_some_and(|expected| *expected == fingerprint_before);
        self.judge_drift(step, script, (&before, &fingerprint_before))?;
        for gate in &step.gates {
            let found = gate::offending_rows(self.connection, gate);
            let found = found.map_err(|error| self.unanswered(gate, script, &error))?;
            if let Some(found) = found {
                let (violation, help) = (gate.violation.clone(), gate.help.clone());
                return Err(Problem::RowsRefuse { violation, found, help, place: place_of(gate, script) });
            }
        }
        let evidence =
            Evidence::gather(self.connection, &before, script.sql(), &mut self.mentions, &mut self.stand_ins)
                .map_err(|error| self.sqlite(&error))?;
        let hanging = Hanging::gather(self.connection, script.sql()).map_err(|error| self.sqlite(&error))?;
        let mut statistics = Statistics::default();
        let noted = statistics.gather(self.connection, &before, script.sql(), &|table| evidence.reaches(table));
        noted.map_err(|error| self.sqlite(&error))?;
        self.reached = evidence.rows().clone();
        let version = self.schema_version()?;
        let intended = self.run_script(step, script, &mut statistics)?;
        (self.observer)(Event::Ran { step, intended: &intended });
        self.clean_up().map_err(|error| self.sqlite(&error))?;
        let edits = self.options.catalog_edits || self.options.fast_rebuild;
        let is_as_before = !edits && self.schema_version()? == version;
        let mut changed = if is_as_before { None } else { Some(self.look()?) };
        if let Some((after, _)) = &changed
            && self.put_back(step, script, hanging, (&before, as_expected), after)?
        {
            as_expected = false;
            changed = Some(self.look()?);
        }
        let (after, fingerprint) =
            changed.as_ref().map_or((&before, &fingerprint_before), |(after, fingerprint)| (after, fingerprint));
        let damage = evidence
            .damage(self.connection, after, &intended, &step.gates, &mut self.stand_ins)
            .map_err(|error| self.sqlite(&error))?;
        if let Some(damage) = damage {
            return Err(self.damaged(damage, script));
        }
        statistics.put_back(self.connection, after, &intended).map_err(|error| self.sqlite(&error))?;
        if self.stand_ins.were_compared() {
            let names = self.stand_ins.collations.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            return Err(Problem::StandInUsed { names, place: script.whole() });
        }
        match step.schema_after.clone().filter(|expected| expected != fingerprint) {
            // What stood there before the revision may have differed from what the revisions make, and be gone for good.
            Some(expected) if as_expected && self.is_restored(step, expected.clone(), (after, fingerprint)) => {}
            Some(expected) if as_expected => {
                let deviation = self.deviation(expected, (after, fingerprint), step);
                let (op, made) = (step.op, sentences(&before, after, ColumnOrder::Loose));
                return Err(Problem::Schema { op, deviation, made, place: script.whole() });
            }
            Some(expected) => self.tell_drift(step, true, expected, (after, fingerprint)),
            None => self.schema_before = Some(self.restorable(&before, &fingerprint_before)),
        }
        self.schema = changed.or(Some((before, fingerprint_before)));
        Ok(())
    }

    /// Tells, or refuses, that the schema before a script is not the one that the revisions make.
    fn judge_drift(&mut self, step: &Step, script: &Section, actual: (&Schema, &str)) -> Result<(), Problem> {
        let Some(expected) = step.schema_before.clone().filter(|expected| expected != actual.1) else { return Ok(()) };
        let edits_text = edits_text(script.sql());
        if self.options.drift == Drift::Warn && !edits_text {
            self.tell_drift(step, false, expected, actual);
            return Ok(());
        }
        // The text of a table says which column stands where.
        let order = if edits_text { ColumnOrder::Strict } else { self.options.column_order };
        match self.drift(expected, actual, None, order) {
            Some(deviation) => Err(Problem::Drift { deviation, edits_text }),
            None => Ok(()),
        }
    }

    /// Whether a way back has come to what the revisions before it make, but for what counts as no difference.
    fn is_restored(&mut self, step: &Step, expected: String, actual: (&Schema, &str)) -> bool {
        step.op == Op::Downgrade && self.drift(expected, actual, Some(step), self.options.column_order).is_none()
    }

    /// Why a question to the rows cannot be asked: it names what is not there before the script.
    fn unanswered(&self, gate: &Gate, script: &Section, error: &rusqlite::Error) -> Problem {
        if primary_code(error) != ffi::SQLITE_ERROR {
            return self.sqlite(error);
        }
        let (violation, message) = (gate.violation.clone(), words(error));
        let missing = message.rsplit(['.', ' ']).next().map(Name::new);
        let help = if gate.mistake().is_some() {
            gate::HOW.to_owned()
        } else {
            match missing.and_then(|name| Some((renamed_to(script.sql(), &name)?, name))) {
                Some((old, new)) => {
                    format!(
                        "the question is asked before the script runs, which gives `{old}` the name `{new}`: ask `{old}`"
                    )
                }
                None => {
                    "the question is asked before the script runs: name tables and columns as they are then".to_owned()
                }
            }
        };
        Problem::Unanswered { violation, message, help, place: place_of(gate, script) }
    }

    /// What harm a script did; of what was put back it is the reason that it cannot be.
    fn damaged(&self, damage: Damage, script: &Section) -> Problem {
        let place = script.whole();
        if let Damage::Broken { object, message } = &damage
            && let Some(by_hand) = self.by_hand.iter().find(|by_hand| by_hand.object == *object)
        {
            let by_hand = ByHand { lost: Some(message.clone()), ..by_hand.clone() };
            return Problem::NotKept { what: NotKept::Object { by_hand }, place };
        }
        Problem::Damage { damage, place }
    }

    /// Runs a script that cannot be part of a transaction. Its row is written right after it: a crash between the two
    /// leaves the script done and the revision not recorded.
    fn run_outside(&mut self, step: &Step, script: &Section) -> Result<(), Problem> {
        let patience = |runner: &Runner<'_, '_>, timeout| {
            runner.connection.busy_timeout(timeout).map_err(|error| runner.sqlite(&error))
        };
        let hanging = Hanging::gather(self.connection, script.sql()).map_err(|error| self.sqlite(&error))?;
        let is_asked = !hanging.is_empty() || step.schema_before.is_some();
        let before = if is_asked { Some(self.look()?) } else { None };
        if let Some((schema, fingerprint)) = &before {
            self.judge_drift(step, script, (schema, fingerprint))?;
        }
        self.roll_back().map_err(|error| self.sqlite(&error))?;
        patience(self, self.options.lock_timeout)?;
        let outcome = self.run_script(step, script, &mut Statistics::default());
        let left_open = !self.connection.is_autocommit();
        self.roll_back().map_err(|error| self.sqlite(&error))?;
        patience(self, Duration::ZERO)?;
        self.clean_up().map_err(|error| self.sqlite(&error))?;
        outcome?;
        if left_open {
            return Err(Problem::LeftOpen { place: script.whole() });
        }
        self.begin()?;
        let (mut schema, mut actual) = self.look()?;
        if let Some((before, fingerprint)) = &before {
            let is_expected = step.schema_before.as_ref() == Some(fingerprint);
            if self.put_back(step, script, hanging, (before, is_expected), &schema)? {
                (schema, actual) = self.look()?;
            }
        }
        if let Some(expected) = step.schema_after.clone().filter(|expected| *expected != actual) {
            self.tell_drift(step, true, expected, (&schema, &actual));
        }
        Ok(())
    }

    /// The number that SQLite changes with each change of the schema
    /// (<https://www.sqlite.org/pragma.html#pragma_schema_version>).
    fn schema_version(&self) -> Result<i64, Problem> {
        let version = self.connection.pragma_query_value(None, "schema_version", |row| row.get(0));
        version.map_err(|error| self.sqlite(&error))
    }

    /// The schema as it is now and its fingerprint.
    fn look(&mut self) -> Result<(Schema, String), Problem> {
        if let Some(shapes) = self.options.shapes {
            let shape = shapes.read(self.connection)?;
            return Ok((shape.schema.clone(), shape.fingerprint.clone()));
        }
        Ok(introspect::read_with_fingerprint(self.connection, &self.options.filter, &mut self.known)?)
    }

    /// Takes away what a script may leave on the connection.
    fn clean_up(&mut self) -> rusqlite::Result<()> {
        if self.connection.is_autocommit() {
            self.connection.pragma_update(None, "foreign_keys", false)?;
        }
        switches::clean_up(self.connection)
    }

    fn run_script(&mut self, step: &Step, script: &Section, statistics: &mut Statistics) -> Result<Intended, Problem> {
        let limits = Limits {
            in_transaction: script.transaction,
            catalog_edits: self.options.catalog_edits,
            version_table: self.options.version_table.clone(),
        };
        let watch = Watch::set(self.connection, limits).map_err(|error| self.sqlite(&error))?;
        let changes = self.connection.total_changes();
        let outcome = self.run_statements(step, script, &watch, statistics);
        self.rows = self.connection.total_changes() - changes - statistics.written;
        let lifted = Watch::lift(self.connection);
        let intended = outcome?;
        lifted.map_err(|error| self.sqlite(&error))?;
        Ok(intended)
    }

    fn run_statements(
        &mut self,
        step: &Step,
        script: &Section,
        watch: &Watch,
        statistics: &mut Statistics,
    ) -> Result<Intended, Problem> {
        let mut intended = Intended::default();
        let mut done = 0;
        let may_swap = self.options.fast_rebuild && script.transaction;
        // The next one last.
        let mut blocks = if may_swap { block::blocks(script.sql()) } else { Vec::new() };
        blocks.reverse();
        loop {
            let mut statements = Statements::starting_at(self.connection, script.sql(), done);
            let stopped = loop {
                if self.options.interrupt.load(Ordering::Relaxed) {
                    return Err(Problem::Interrupted);
                }
                if let Some(block) = blocks.last().filter(|block| statements.is_about_to_enter(&block.span)) {
                    let noted = watch.aside(|| statistics.gather_before_drop(self.connection, &block.table));
                    noted.map_err(|error| self.sqlite(&error))?;
                    break None;
                }
                let prepared = match statements.next() {
                    None => return Ok(intended),
                    Some(Ok(prepared)) => prepared,
                    Some(Err(failure)) => break Some(failure),
                };
                let span = prepared.span.clone();
                let noted = watch.aside(|| statistics.note(self.connection, &watch.actions_so_far()));
                let names = noted.map_err(|error| self.sqlite(&error))?;
                (self.observer)(Event::Statement { step, place: script.place(span.clone()) });
                self.instructions.store(0, Ordering::Relaxed);
                let work = Work::of(self.connection, &script.sql()[span.clone()], &self.reached, &self.instructions);
                let takes_a_while = work.is_some();
                if let Some(work) = work {
                    (self.observer)(Event::Working { work });
                }
                let outcome = prepared.run();
                if takes_a_while {
                    (self.observer)(Event::Worked);
                }
                if let Err(failure) = outcome {
                    break Some(failure);
                }
                if let Some(names) = names {
                    let followed = watch.aside(|| statistics.follow(self.connection, &names));
                    followed.map_err(|error| self.sqlite(&error))?;
                }
                done = statements.position();
                intended.take_in(&script.sql()[span], watch);
            };
            let failure = match (stopped, blocks.pop()) {
                (Some(failure), block) => {
                    blocks.extend(block);
                    failure
                }
                (None, None) => continue,
                (None, Some(block)) => match self.rebuild(step, script, &block, watch) {
                    Ok(true) => {
                        done = block.span.end;
                        // In what is to be found afterwards both ways are one: the table went, and another took its name.
                        intended.dropped.insert(block.table);
                        continue;
                    }
                    Ok(false) => continue,
                    Err(failure) => {
                        blocks.push(block);
                        failure
                    }
                },
            };
            // What only the application has gets a stand-in, and the statement another try.
            let met = self.stand_ins.meet_in_script(self.connection, &failure.message);
            if !met.map_err(|error| self.sqlite(&error))? {
                return Err(self.failed(script, failure, watch));
            }
        }
    }

    /// Rebuilds a table in the fast way; false where its statements are to be run instead.
    fn rebuild(&mut self, step: &Step, script: &Section, block: &Block, watch: &Watch) -> Result<bool, Failure> {
        let place = script.place(block.span.clone());
        (self.observer)(Event::Statement { step, place });
        let connection = &*self.connection;
        let outcome = match &block.rebuild {
            _ if block.table == self.options.version_table => {
                Err(Obstacle::Classic("it is the version table".to_owned()))
            }
            Err(why) => Err(Obstacle::Classic(why.clone())),
            Ok(rebuild) => {
                self.instructions.store(0, Ordering::Relaxed);
                let columns = rebuild.staged.columns.len();
                let work = Work::rebuilding(&block.table, columns, &self.reached, &self.instructions);
                if let Some(work) = work {
                    (self.observer)(Event::Working { work });
                }
                let outcome = watch.aside(|| swap::swap(connection, script.sql(), rebuild, &block.table));
                (self.observer)(Event::Worked);
                outcome
            }
        };
        match outcome {
            Ok(()) => Ok(true),
            Err(Obstacle::Failed(failure)) => Err(failure),
            Err(Obstacle::Classic(why)) => {
                (self.observer)(Event::Classic { step, table: &block.table, why });
                Ok(false)
            }
        }
    }

    fn failed(&self, script: &Section, failure: Failure, watch: &Watch) -> Problem {
        let unfit = watch.aside(|| unfit::rows(self.connection, script.sql(), &failure));
        let place = script.place(failure.span);
        if let Some(Unfit { violation, found }) = unfit {
            let help = "change these rows, then run the command again".to_owned();
            return Problem::RowsRefuse { violation, found, help, place };
        }
        let code = failure.source.as_ref().map_or(0, primary_code);
        match (code, failure.source) {
            (ffi::SQLITE_AUTH, _) => match watch.refusal() {
                Some(refusal) => Problem::Refused { what: refusal.what, place, help: refusal.help },
                None => Problem::Statement { message: failure.message, place },
            },
            (ffi::SQLITE_INTERRUPT, _) => Problem::Interrupted,
            (
                ffi::SQLITE_FULL
                | ffi::SQLITE_IOERR
                | ffi::SQLITE_CORRUPT
                | ffi::SQLITE_READONLY
                | ffi::SQLITE_CANTOPEN,
                Some(error),
            ) => Problem::Database(introspect::failed(self.connection, &error)),
            _ => Problem::Statement { message: failure.message, place },
        }
    }
}

impl Intended {
    /// Takes in what a statement was compiled to do.
    fn take_in(&mut self, statement: &str, watch: &Watch) {
        let actions = watch.actions();
        let first = significant_tokens(statement).next();
        // To drop a table is to SQLite also to delete all of its rows.
        if !first.is_some_and(|token| token.is_word("DROP") || token.is_word("ALTER")) {
            self.deleted_from.extend(actions.deleted_from);
        }
        if significant_tokens(statement).any(|token| token.is_word("REPLACE")) {
            self.deleted_from.extend(actions.written.iter().cloned());
        }
        // What SQLite writes in its schema for a statement that changes it is not about rows.
        if !first.is_some_and(|token| ["ALTER", "CREATE", "DROP"].iter().any(|word| token.is_word(word))) {
            self.written.extend(actions.written);
        }
        self.dropped.extend(actions.dropped);
        self.created.extend(actions.created);
        self.renamed.extend(renamed_table(statement));
    }
}

/// The old and the new name of the table that a statement renames.
fn renamed_table(statement: &str) -> Option<(Name, Name)> {
    let tokens: Vec<_> = significant_tokens(statement).collect();
    if !tokens.first()?.is_word("ALTER") {
        return None;
    }
    let at = tokens.windows(2).position(|pair| pair[0].is_word("RENAME") && pair[1].is_word("TO"))?;
    let named = |at: usize| tokens.get(at).map(|token| Name::new(token.unquoted()));
    Some((named(at.checked_sub(1)?)?, named(at + 2)?))
}

/// The name that a table or column has before a script gives it this one.
fn renamed_to(script: &str, name: &Name) -> Option<Name> {
    sql::statements(script).iter().filter(|statement| statement[0].is_word("ALTER")).find_map(|statement| {
        let [.., old, to, new] = statement.as_slice() else { return None };
        // `ALTER TABLE t RENAME TO u` names the table before the word.
        let old = if old.is_word("RENAME") { statement.get(statement.len().checked_sub(4)?)? } else { old };
        (to.is_word("TO") && *name == *new.unquoted()).then(|| Name::new(old.unquoted()))
    })
}

/// The line of a script that a gate stands on.
pub(crate) fn place_of(gate: &Gate, script: &Section) -> Place {
    match script.sql().find(&gate.sql) {
        Some(start) => script.place(start..start + gate.sql.len()),
        None => script.whole(),
    }
}

/// Whether a script does nothing but create tables, indexes and views, so that it can harm nothing that is there. Takes
/// any word for a keyword, so that it finds too few such scripts rather than too many.
fn only_adds(script: &str) -> bool {
    const OTHERS: [&str; 13] = [
        "ALTER", "ANALYZE", "ATTACH", "DELETE", "DETACH", "DROP", "INSERT", "PRAGMA", "REINDEX", "REPLACE", "TRIGGER",
        "UPDATE", "VIRTUAL",
    ];
    significant_tokens(script).all(|token| !OTHERS.iter().any(|word| token.is_word(word)))
}
