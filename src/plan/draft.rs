//! Up and down, planned together and proved before anybody sees them.

use indexmap::IndexSet;

use crate::database::gate::Gate;
use crate::database::{Scratch, Switches};
use crate::diff::{Change, ColumnOrder, Discard, Renames, diff};
use crate::model::Intent;
use crate::revision::RevisionId;
use crate::schema::{Name, Schema, SqliteVersion};

use super::Error;
use super::keep::Keeping;
use super::one_way;
use super::planner::{self, Options, Plan};
use super::rows::RowWork;
use super::sample::{self, Amount, Rows};
use super::statement::{OLDEST, Statement, write_section};
use super::station::Station;
use super::{filler, gate};

/// A proved pair of sections.
#[derive(Debug, Clone)]
pub struct Draft {
    /// From the schema as it is to the wanted one.
    pub up: Vec<Statement>,
    /// And back.
    pub down: Vec<Statement>,
    /// The schema after `up`, read back.
    pub schema: Schema,
    /// The oldest SQLite that can run both, where it is newer than any SQLite in use.
    pub requires: Option<SqliteVersion>,
    /// Tables that `up` copies.
    pub rebuilt: IndexSet<Name>,
    /// How many made-up rows went up and down.
    pub rows: usize,
    /// What the rows could refuse on the way back.
    pub down_gates: Vec<Gate>,
    /// Those of them that stop at rows whose parents `up` discards.
    pub lost_parents: Vec<Gate>,
    /// What stands against made-up rows that had to be left out, a sentence each, where it is not the way up.
    pub refused: Vec<String>,
    /// What `up` puts aside and `down` brings back.
    pub kept: Vec<Discard>,
}

/// Plans both ways between two schemas and proves them on scratch databases: up gives `after`, down gives `before`
/// again, made-up rows survive both, and the text of the script does the same as the statements one by one.
///
/// # Errors
/// See [`Error`].
///
/// # Panics
/// Never: there is always an amount to try.
pub fn draft(before: &Schema, after: &Schema, intent: &Intent, options: Options) -> Result<Draft, Error> {
    attempts(before, after, intent, options, &Keeping::default())
}

/// The same, with what the revision of that name drops put aside and brought back on the way down.
///
/// # Errors
/// See [`Error`].
pub fn draft_keeping(
    before: &Schema,
    after: &Schema,
    intent: &Intent,
    options: Options,
    revision: &RevisionId,
) -> Result<Draft, Error> {
    let changes = diff(before, after, &intent.renames, options.column_order);
    attempts(before, after, intent, options, &Keeping::of(&changes, &RowWork::from_intent(intent), revision))
}

fn attempts(
    before: &Schema,
    after: &Schema,
    intent: &Intent,
    options: Options,
    keeping: &Keeping,
) -> Result<Draft, Error> {
    let mut last = None;
    // Made-up rows are chosen so that they can go the whole way. Where rows of several tables together cannot, fewer
    // rows prove less, and it is said.
    for amount in [Amount::Several, Amount::SeveralWithoutNull, Amount::One, Amount::None] {
        match attempt(before, after, intent, options, keeping, amount) {
            Ok(mut draft) => {
                if let (Amount::None, Some(error)) = (amount, last) {
                    draft.refused = vec![format!("made-up rows are refused: {error}")];
                }
                return Ok(draft);
            }
            // Rows that are lost are no reason to look away from them.
            Err(error @ Error::RowsLost { .. }) => return Err(error),
            Err(error) => last = Some(error),
        }
    }
    Err(last.expect("at least one amount was tried"))
}

fn attempt(
    before: &Schema,
    after: &Schema,
    intent: &Intent,
    options: Options,
    keeping: &Keeping,
    amount: Amount,
) -> Result<Draft, Error> {
    let mut scratch = confined(before, options)?;
    let before = planner::read(&scratch)?;
    let work = RowWork::from_intent(intent);
    let back = intent.renames.reversed();
    let mut guesses = filler::ways_back(&scratch, &before, after, &back)?;
    let mut refused = Vec::new();
    if amount != Amount::None {
        let fill = |scratch: &Scratch, guess: &RowWork| -> Result<usize, Error> {
            let there = Station::build(&before, after, &intent.renames, &work)?;
            let way = [there, Station::build(after, &before, &back, guess)?];
            Ok(sample::fill(scratch.connection(), &before, amount, &way)?)
        };
        if guesses.len() > 1 {
            // The guess that lets most rows through goes first.
            let filled = |guess: &RowWork| Ok(std::cmp::Reverse(fill(&confined(&before, options)?, guess)?));
            let numbers = guesses.iter().map(filled).collect::<Result<Vec<_>, Error>>()?;
            let mut ranked: Vec<_> = numbers.into_iter().zip(guesses).collect();
            ranked.sort_by_key(|(number, _)| *number);
            guesses = ranked.into_iter().map(|(_, guess)| guess).collect();
        }
        let filled = fill(&scratch, &guesses[0])?;
        let there = || Station::build(&before, after, &intent.renames, &work);
        if filled < amount.rows() * before.tables.len() {
            let all = confined(&before, options)?;
            if sample::fill(all.connection(), &before, amount, &[there()?])? > filled {
                let way = [there()?, Station::build(after, &before, &back, &guesses[0])?];
                refused = sample::refused(all.connection(), &before, &way);
            }
        }
    }
    let rows = Rows::read(scratch.connection(), &before)?;

    let aside = run_all(&mut scratch, keeping.put_aside())?;
    let mut up = planner::plan(&mut scratch, after, &intent.renames, &work, options)?;
    keeping.correct(&mut up.statements);
    up.statements.splice(0..0, aside);
    up.statements.extend(run_all(&mut scratch, keeping.note_became())?);
    let rows_after = Rows::read(scratch.connection(), &up.schema)?;
    refuse_losses(&rows, &rows_after, &intent.renames, &work, &up.statements)?;

    // The way back restores the very schema, the places of its columns too.
    let exact = Options { column_order: ColumnOrder::Strict, ..options };
    let expected = run_all(&mut scratch, keeping.expect())?;
    let (mut down, work) = plan_down(&mut scratch, &before, guesses, &back, keeping, exact)?;
    down.statements.splice(0..0, expected);
    down.statements.extend(run_all(&mut scratch, keeping.forget())?);
    let changes = diff(&before, after, &intent.renames, options.column_order);
    one_way::say(&changes, &RowWork::from_intent(intent), keeping, &up.rebuilt, &mut down.statements);
    let rows_back = Rows::read(scratch.connection(), &down.schema)?;
    refuse_losses(&rows_after, &rows_back, &back, &work, &down.statements)?;
    let losses = keeping.missing(&rows, &rows_back);
    if !losses.is_empty() {
        return Err(Error::RowsLost { losses, script: write_section(&down.statements) });
    }

    prove_text(&before, after, &up, &down, options)?;
    let changes_back = diff(&up.schema, &before, &back, ColumnOrder::Strict);
    let mut down_gates = gate::of_tables(&up.schema, &changes_back, &work);
    for gate in &mut down_gates {
        "change these rows, then run the command again".clone_into(&mut gate.help);
        gate.help_in_script.clone_from(&gate.help);
    }
    let lost_parents = gate::of_empty_parents(&changes_back, &work, gate::Empty::Lost);
    down_gates.extend(lost_parents.iter().cloned());
    let newest = up.statements.iter().chain(&down.statements).map(Statement::needs).max();
    Ok(Draft {
        requires: newest.filter(|version| *version > OLDEST),
        rows: rows.count(),
        schema: up.schema,
        rebuilt: up.rebuilt,
        down_gates,
        lost_parents,
        refused,
        kept: keeping.discards(),
        up: up.statements,
        down: down.statements,
    })
}

/// A scratch database that refuses what the runner will refuse.
fn confined(schema: &Schema, options: Options) -> Result<Scratch, Error> {
    let mut scratch = Scratch::build(schema)?;
    scratch.confine(options.switches)?;
    Ok(scratch)
}

/// Plans the way back; guesses at what fills columns that come back NOT NULL are tried in turn.
fn plan_down(
    scratch: &mut Scratch,
    before: &Schema,
    guesses: Vec<RowWork>,
    renames: &Renames,
    keeping: &Keeping,
    options: Options,
) -> Result<(Plan, RowWork), Error> {
    let mut last = None;
    for mut work in guesses {
        keeping.take_back(&mut work);
        match planner::plan(scratch, before, renames, &work, options) {
            Ok(plan) => return Ok((plan, work)),
            Err(error) => last = Some(error),
        }
    }
    Err(last.expect("there is at least one guess"))
}

/// Runs statements on a scratch database, and gives them back.
fn run_all(scratch: &mut Scratch, statements: Vec<Statement>) -> Result<Vec<Statement>, Error> {
    statements.iter().try_for_each(|statement| planner::run(scratch, &statement.sql))?;
    Ok(statements)
}

fn refuse_losses(
    before: &Rows,
    after: &Rows,
    renames: &Renames,
    work: &RowWork,
    statements: &[Statement],
) -> Result<(), Error> {
    let losses = before.missing_in(after, renames, work);
    if losses.is_empty() { Ok(()) } else { Err(Error::RowsLost { losses, script: write_section(statements) }) }
}

/// The script as a person would run it, from its text, on a database of its own.
fn prove_text(before: &Schema, after: &Schema, up: &Plan, down: &Plan, options: Options) -> Result<(), Error> {
    let mut scratch = confined(before, options)?;
    let mut run = |statements: &[Statement], wanted: &Schema, order: ColumnOrder| {
        let script = write_section(statements);
        let script_in_place = match options.switches {
            Switches::None => format!("BEGIN;\n{script}COMMIT;"),
            _ => script.clone(),
        };
        planner::run(&mut scratch, &script_in_place)?;
        let differences = diff(&planner::read(&scratch)?, wanted, &Renames::default(), order);
        if differences.is_empty() {
            return Ok(());
        }
        let differences = differences.iter().flat_map(Change::lines).map(|line| line.text).collect();
        Err(Error::NotReached { differences, script })
    };
    run(&up.statements, after, options.column_order)?;
    run(&down.statements, before, ColumnOrder::Strict)
}
