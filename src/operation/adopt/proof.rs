//! Whether what counts as applied makes what is there; where no script was run, or something was done beside them, a
//! revision that says it joins the chain.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::adopt::{Error, leftovers};
use crate::database::{Scratch, Tool, version_table};
use crate::diff::{self, Change, Renames};
use crate::report::{Class, Diagnostic, Failure, count, first_notes};
use crate::revision::Applied;
use crate::schema::Schema;
use crate::sql;

use super::account::Account;
use super::chain::Chain;
use super::{Accepted, Options, Project, replay};
use crate::operation::verify;

/// How what is applied and what is there hang together.
pub(super) struct Proof {
    /// Whether even the order of columns is the same.
    pub is_exact: bool,
    /// What the database has beyond its scripts, where that was accepted.
    pub differences: Vec<Change>,
}

/// Shows that the revisions which count as applied make what is there. Where no script was run, or something was done
/// beside them, a revision that says it joins the chain.
pub(super) fn prove(
    project: &Project,
    account: &Account,
    chain: &mut Chain,
    recorded: &[version_table::Applied],
    live: &Schema,
    options: &Options<'_>,
) -> Result<Proof, Failure> {
    let mut applied = chain.applied(recorded);
    let exact = |differences: Vec<Change>| Proof { is_exact: true, differences };
    let is_baseline = chain.is_baseline_wanted(options);
    if is_baseline && chain.graph.is_empty() {
        if !live.is_empty() {
            refuse_leftovers(account.found.tool, live, &Schema::default(), options)?;
            chain.put_baseline(project, live, options)?;
        }
        return Ok(exact(Vec::new()));
    }
    let mut made = chain.replay(project, &applied)?;
    let mut differences = changes(project, &made, live);
    let has_applied = !applied.is_empty() || chain.new.iter().any(|link| link.is_applied);
    if differences.is_empty() && (has_applied || live.is_empty()) {
        return Ok(Proof { is_exact: sql::fingerprint(&made) == sql::fingerprint(live), differences });
    }
    if let Some(found) = standing(project, chain, &applied, recorded, live)? {
        chain.has_exactly(&found.applied);
        return Ok(Proof { is_exact: found.is_exact, differences: Vec::new() });
    }
    // What a tool has done with programs is known by what it has left, as long as it says that it did something.
    let is_by_program = is_baseline && !recorded.is_empty() && !account.since.is_empty();
    if !is_by_program && !options.accepted.contains(&Accepted::Drift) {
        return Err(match () {
            () if is_baseline && applied.is_empty() => no_revision_makes(project, chain, &applied, live)?,
            () => drifted(account, &differences),
        });
    }
    if let Some(made) = chain.count_as_applied(project, &applied, |made| changes(project, made, live).is_empty())? {
        return Ok(Proof { is_exact: sql::fingerprint(&made) == sql::fingerprint(live), differences });
    }
    if is_baseline && !has_applied {
        // Another database of the same project, on which nothing was recorded yet.
        applied = chain.graph.revisions().map(|revision| revision.id.clone()).collect();
        chain.has_exactly(&applied);
        made = chain.replay(project, &applied)?;
        differences = changes(project, &made, live);
    }
    refuse_leftovers(account.found.tool, live, &made, options)?;
    let message = is_by_program.then(|| account.told_since());
    chain.put_difference(project, &applied, (&made, live), message, options)?;
    Ok(exact(differences))
}

fn refuse_leftovers(tool: Tool, live: &Schema, known: &Schema, options: &Options<'_>) -> Result<(), Failure> {
    let which = leftovers(tool, live, known);
    if which.is_empty() || options.accepted.contains(&Accepted::Leftovers) {
        return Ok(());
    }
    Err(Error::Leftover { tool, which }.into())
}

/// Runs the revisions that were made of schemas and not of scripts as `upgrade` would on a new database. What was done
/// beside the scripts must run there; what an old database has may have its faults, which are told.
pub(super) fn rehearse(project: &Project, chain: &Chain, warnings: &mut Vec<Diagnostic>) -> Result<(), Failure> {
    let Some(link) = chain.new.iter().rfind(|link| link.origin.is_none()) else { return Ok(()) };
    let interrupt = Arc::new(AtomicBool::new(false));
    let mut verified = match verify::revision(project, chain.all_scripts(), &link.id, &interrupt) {
        Ok(Some(verified)) => verified,
        Ok(None) => return Ok(()),
        // Something before it does not run there.
        Err(failure) => {
            warnings.extend(failure.diagnostics().iter().cloned());
            return Ok(());
        }
    };
    // A way back is only ever asked for on purpose.
    let (told, findings) = verified.findings.into_iter().partition(|found| found.code == "way_back_refuses_rows");
    verified.findings = findings;
    warnings.extend::<Vec<Diagnostic>>(told);
    if verified.findings.is_empty() {
        return Ok(());
    }
    if chain.graph.is_empty() && chain.new.first().is_some_and(|first| first.id == link.id) {
        warnings.extend(verified.findings);
        return Ok(());
    }
    let words = "what was done beside the scripts cannot be said by a revision that runs on another database";
    let mut diagnostics = verified.findings;
    for diagnostic in &mut diagnostics {
        // There is no such file yet.
        diagnostic.place = None;
        diagnostic.help = None;
    }
    let help = "mend it in this database, and adopt then; nothing was written";
    diagnostics.insert(0, Diagnostic::new("unsound_drift", words).help(help));
    Err(Failure::all(Class::No, diagnostics))
}

/// A place among the revisions at which the schema is that of the database.
struct Standing {
    applied: Applied,
    is_exact: bool,
}

/// Looks for such a place: what both tables say is applied, what our own says alone, since the other one is not told when
/// a revision is taken back, and then one after the other the revisions that no script of the other tool is, since they
/// were made here.
fn standing(
    project: &Project,
    chain: &Chain,
    before: &Applied,
    recorded: &[version_table::Applied],
    live: &Schema,
) -> Result<Option<Standing>, Failure> {
    let filter = project.filter()?;
    let is_there = |scratch: &Scratch, applied: &Applied| -> Result<Option<Standing>, Failure> {
        let made = scratch.schema(&filter)?;
        let is_exact = sql::fingerprint(&made) == sql::fingerprint(live);
        Ok(changes(project, &made, live).is_empty().then(|| Standing { applied: applied.clone(), is_exact }))
    };
    let ours: Applied = recorded.iter().map(|row| row.revision.clone()).collect();
    for applied in [before, &ours].into_iter().filter(|applied| !applied.is_empty()) {
        if let Some(found) = is_there(&replay::scratch_of(&chain.graph, applied)?, applied)? {
            return Ok(Some(found));
        }
    }
    let mut applied = before.clone();
    let mut scratch = replay::scratch_of(&chain.graph, &applied)?;
    let own = chain.graph.revisions().filter(|revision| !chain.is_import(&revision.id));
    for revision in own.filter(|revision| !before.contains(&revision.id)) {
        if !revision.parents.iter().all(|parent| applied.contains(parent)) {
            continue;
        }
        replay::run(&mut scratch, &chain.graph, &revision.id)?;
        applied.insert(revision.id.clone());
        if let Some(found) = is_there(&scratch, &applied)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

fn changes(project: &Project, before: &Schema, after: &Schema) -> Vec<Change> {
    diff::diff(before, after, &Renames::default(), project.settings.column_order)
}

/// The failure that says what the database has beyond its scripts.
fn drifted(account: &Account, differences: &[Change]) -> Failure {
    let (applied, _) = account.counts();
    let words = match applied {
        0 => "the database is not what its revisions make on a scratch database".to_owned(),
        applied => format!(
            "the database is not what {} of {} {} on a scratch database",
            count(applied, "script"),
            account.found.tool.name(),
            if applied == 1 { "makes" } else { "make" }
        ),
    };
    let mut diagnostic = Diagnostic::new("drift", words);
    diagnostic.notes.extend(notes("in the database beside them", differences));
    if applied == 0 && account.folder.is_some() {
        let (tool, table) = (account.found.tool.name(), &account.found.table);
        let note = format!("`{table}` says of no script that it ran; if {tool} has another table: `--table NAME`");
        diagnostic.notes.push(note);
    }
    let help =
        "undo it in the database, or pass `--accept drift`: it counts as the scripts that do it, or becomes a revision";
    Failure::new(Class::No, diagnostic.help(help))
}

/// The failure that no revision of the project makes what is there.
fn no_revision_makes(project: &Project, chain: &Chain, before: &Applied, live: &Schema) -> Result<Failure, Failure> {
    let mut all = before.clone();
    chain.graph.revisions().for_each(|revision| all.insert(revision.id.clone()));
    let made = replay::schema_of(project, &chain.graph, &all)?;
    let words = "the project has revisions, and after none of them the schema is that of the database";
    let mut diagnostic = Diagnostic::new("drift", words);
    diagnostic.notes.extend(notes("beside what all of them make", &changes(project, &made, live)));
    let help = "bring the database to what one of them makes, or pass `--accept drift`: what is beside all of them becomes a revision; or record where it stands: `schemactl stamp REV`";
    Ok(Failure::new(Class::No, diagnostic.help(help)))
}

/// What was done by renames, maybe: nobody can tell from the schemas, and a database that runs the revision loses rows.
pub(super) fn renames(differences: &[Change]) -> Vec<Diagnostic> {
    let warning = |pair: diff::LookAlike| {
        let words = format!(
            "`{}` goes and `{}` comes, as far as anybody can tell from the schema: other databases lose what is in it",
            pair.dropped, pair.added
        );
        let help =
            "if it was renamed, say so in the revision before another database runs it: `ALTER TABLE ... RENAME ...`";
        Diagnostic::new("look_alike", words).help(help)
    };
    diff::look_alikes(differences).into_iter().map(warning).collect()
}

/// Changes as notes, so many that they can be read.
pub(super) fn notes(head: &str, changes: &[Change]) -> Vec<String> {
    const SHOWN: usize = 20;
    let lines = changes.iter().flat_map(Change::lines);
    first_notes(lines.map(|line| format!("{head}: {}", line.text)), SHOWN)
}
