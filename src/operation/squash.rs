//! `squash`: one revision in the place of a stretch of them, shown to do the same.
//!
//! What begins with an empty database is planned anew, since there are no rows that the way could matter to. From the
//! first statement on rows on, and on top of tables that are there, the scripts are joined as they stand.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::database::Scratch;
use crate::diff::{self, Change, ColumnOrder, Renames};
use crate::model::Intent;
use crate::plan::sample::{self, Amount, Rows};
use crate::plan::{self, Draft, write_section};
use crate::report::{Class, Diagnostic, Failure};
use crate::revision::{Applied, Graph, Mention, Revision, RevisionId, Script, Scripts, Section, Target};
use crate::schema::Schema;
use crate::sql;
use crate::token;

use super::{Project, merge, new_revision, replay};

/// What the new revision says of itself.
#[derive(Debug, Clone)]
pub struct Head {
    /// Its identifier.
    pub id: RevisionId,
    /// What it does; where there are no words, it says what it replaces.
    pub message: Option<String>,
    /// When it is written.
    pub created: DateTime<Utc>,
}

/// A revision that stands for others, proved.
#[derive(Debug, Clone)]
pub struct Squashed {
    /// Its script; nothing is written yet.
    pub script: Script,
    /// The revisions whose scripts became one plan.
    pub planned: Vec<Mention>,
    /// The revisions whose scripts stand in it as they are.
    pub joined: Vec<Mention>,
    /// Those of them that work on rows.
    pub rows: Vec<Mention>,
    /// How many rows came out the same on both ways.
    pub proved_rows: usize,
    /// Where rows came out different, a sentence each: by chance or by the clock, since the statements are the same.
    pub differing_rows: Vec<String>,
}

/// Makes one revision of all from one to another, and shows on scratch databases that it does the same.
///
/// # Errors
/// When the stretch cannot become one revision, or what it does cannot be shown to be the same.
///
/// # Panics
/// Never: a stretch is two revisions at least.
pub fn prepare(project: &Project, graph: &Graph, from: &Target, to: &Target, head: Head) -> Result<Squashed, Failure> {
    graph.check_new(&head.id, &[])?;
    let mut revision = graph.squash(head.id, from, to)?;
    revision.created = Some(head.created);
    revision.message = head.message.unwrap_or_else(|| replaced(&revision.replaces));
    let stretch: Vec<&Script> = revision.replaces.iter().filter_map(|id| graph.script(id)).collect();
    if let Some(script) = stretch.iter().find(|script| !script.up.transaction) {
        let words = format!("`{}` runs outside a transaction, so it cannot be a part of another", script.revision.id);
        let diagnostic = Diagnostic::new("outside_transaction", words).at(script.up.whole());
        return Err(Failure::new(Class::Input, diagnostic.help("squash what is before it and what is after it")));
    }
    let last = stretch.last().expect("a stretch is two revisions at least").revision.id.clone();
    let mut needed = graph.applied_at([&last]);
    revision.replaces.iter().for_each(|id| needed.remove(id));
    let proof = Proof { project, graph, needed, stretch };
    let before = replay::schema_of(project, graph, &proof.needed)?;
    let plannable = if before.is_empty() { proof.leading_without_rows() } else { 0 };
    // Where the plan is not the same, by a row that a script puts in or for any other reason, joining still is.
    if plannable > 1
        && let Ok(squashed) = proof.attempt(&revision, &before, plannable)
    {
        return Ok(squashed);
    }
    proof.attempt(&revision, &before, 0)
}

/// Writes the script beside the first of those that it replaces.
///
/// # Errors
/// When the file cannot be written.
pub fn write(project: &Project, graph: &Graph, squashed: &Squashed) -> Result<PathBuf, Failure> {
    let first = squashed.script.revision.replaces.first().and_then(|id| graph.script(id));
    let folder = first.and_then(|script| Path::new(script.path()).parent()).map(Path::to_owned);
    new_revision::put(project, graph, &squashed.script, folder)
}

fn replaced(ids: &[RevisionId]) -> String {
    match ids {
        [first, .., last] => format!("squash {first} to {last}"),
        _ => "squash".to_owned(),
    }
}

/// Two ways from the same place, of which the old one is known.
struct Proof<'a> {
    project: &'a Project,
    graph: &'a Graph,
    /// What runs before the stretch.
    needed: Applied,
    stretch: Vec<&'a Script>,
}

/// Where a way came to.
struct Arrival {
    scratch: Scratch,
    schema: Schema,
    rows: Rows,
}

impl Proof<'_> {
    /// How many scripts at the beginning do nothing to rows.
    fn leading_without_rows(&self) -> usize {
        self.stretch.iter().take_while(|script| !works_on_rows(script)).count()
    }

    /// The revision with so many scripts at the beginning planned anew and the rest joined.
    fn attempt(&self, revision: &Revision, before: &Schema, planned: usize) -> Result<Squashed, Failure> {
        let (first, rest) = self.stretch.split_at(planned);
        let mut up = String::new();
        let mut down = Some(String::new());
        let mut revision = revision.clone();
        revision.requires = rest.iter().filter_map(|script| script.revision.requires).max();
        if planned > 0 {
            let draft = self.draft(first)?;
            revision.requires = revision.requires.max(draft.requires);
            up = write_section(&draft.up);
            down = Some(write_section(&draft.down));
        }
        for (number, script) in rest.iter().enumerate() {
            // Questions to the rows are asked before anything runs: only those of the first script can be answered.
            join(&mut up, script, &script.up, planned + number == 0);
            down = match (down, &script.down) {
                (Some(after), Some(section)) => {
                    let mut text = String::new();
                    join(&mut text, script, section, planned + number + 1 == self.stretch.len());
                    if !after.is_empty() {
                        text.push('\n');
                    }
                    Some(text + &after)
                }
                _ => None,
            };
        }
        if let (None, None) = (&down, &revision.irreversible) {
            let without = self.stretch.iter().find(|script| script.down.is_none());
            revision.irreversible = without.map(|script| format!("{} has no way down", script.revision.id));
        }
        self.prove(&revision, before, &up, down.as_deref(), planned)
    }

    /// A plan that does what these scripts do, from nothing.
    fn draft(&self, scripts: &[&Script]) -> Result<Draft, Failure> {
        let mut scratch = Scratch::empty()?;
        for script in scripts {
            replay::run_section(&mut scratch, &script.revision.id, &script.up)?;
        }
        let schema = scratch.schema(&self.project.filter()?)?;
        Ok(plan::draft(&Schema::default(), &schema, &Intent::default(), self.project.plan_options())?)
    }

    fn prove(
        &self,
        revision: &Revision,
        before: &Schema,
        up: &str,
        down: Option<&str>,
        planned: usize,
    ) -> Result<Squashed, Failure> {
        let (old, new) = self.both_ways(before, up, &revision.id)?;
        let left = differences(&new.schema, &old.schema);
        if !left.is_empty() {
            return Err(not_the_same("the one revision does not make the schema that the stretch makes", left));
        }
        let differing_rows = old.rows.missing_in(&new.rows, &Renames::default(), &plan::RowWork::default());
        if planned > 0 && old.rows != new.rows {
            return Err(not_the_same("the one revision does not make the rows that the stretch makes", differing_rows));
        }
        if let Some(down) = down.filter(|_| revision.irreversible.is_none()) {
            let mut scratch = new.scratch;
            replay::run_section(&mut scratch, &revision.id, &Section::stored("the way down", down, true))?;
            let left = differences(&scratch.schema(&self.project.filter()?)?, before);
            if !left.is_empty() {
                let words = "the ways down of the stretch do not lead back to where it begins";
                return Err(not_the_same(words, left));
            }
        }
        let revision = Revision { schema: Some(sql::fingerprint(&old.schema)), ..revision.clone() };
        let script = new_revision::compose(self.project, &revision, up, down)?;
        self.check_graph(&script)?;
        let mention = |script: &&Script| Mention::from(&script.revision);
        let (first, rest) = self.stretch.split_at(planned);
        Ok(Squashed {
            script,
            planned: first.iter().map(mention).collect(),
            joined: rest.iter().map(mention).collect(),
            rows: rest.iter().filter(|script| works_on_rows(script)).map(mention).collect(),
            proved_rows: old.rows.count(),
            differing_rows,
        })
    }

    /// Walks both ways from the same made-up rows; from fewer where the old way refuses them.
    fn both_ways(&self, before: &Schema, up: &str, id: &RevisionId) -> Result<(Arrival, Arrival), Failure> {
        let mut refused = None;
        for amount in [Amount::Several, Amount::SeveralWithoutNull, Amount::One, Amount::None] {
            let old = self.walk(before, amount, |scratch| {
                self.stretch.iter().try_for_each(|script| replay::run_section(scratch, &script.revision.id, &script.up))
            });
            match old {
                Ok(old) => {
                    let section = Section::stored("the one revision", up, true);
                    let new = self.walk(before, amount, |scratch| replay::run_section(scratch, id, &section))?;
                    return Ok((old, new));
                }
                Err(failure) => refused = Some(failure),
            }
        }
        Err(refused.expect("at least one amount was tried"))
    }

    fn walk(
        &self,
        before: &Schema,
        amount: Amount,
        run: impl FnOnce(&mut Scratch) -> Result<(), Failure>,
    ) -> Result<Arrival, Failure> {
        let sqlite = |error: rusqlite::Error| {
            Failure::new(Class::Database, Diagnostic::new("scratch", format!("a scratch database fails: {error}")))
        };
        let mut scratch = replay::scratch_of(self.graph, &self.needed)?;
        sample::fill(scratch.connection(), before, amount, &[]).map_err(sqlite)?;
        run(&mut scratch)?;
        let schema = scratch.schema(&self.project.filter()?)?;
        let rows = Rows::read(scratch.connection(), &schema).map_err(sqlite)?;
        Ok(Arrival { scratch, schema, rows })
    }

    /// The scripts must still hang together with the new one among them.
    fn check_graph(&self, script: &Script) -> Result<(), Failure> {
        let scripts = self.graph.all_scripts().cloned().chain([Arc::new(script.clone())]).collect();
        match Graph::new(Scripts { scripts, problems: Vec::new() }).problems().first() {
            Some(problem) => Err(problem.clone().into()),
            None => Ok(()),
        }
    }
}

fn works_on_rows(script: &Script) -> bool {
    merge::changes_rows(script.up.sql(), script.revision.schema.is_some())
}

/// Adds a section below a comment that says whose it is.
fn join(text: &mut String, script: &Script, section: &Section, with_gates: bool) {
    if section.is_empty() {
        return;
    }
    if !text.is_empty() {
        text.push('\n');
    }
    let Revision { id, message, .. } = &script.revision;
    let name = if message.is_empty() { id.to_string() } else { format!("{id}, {message}") };
    text.extend(["-- ", &name, "\n"]);
    let sql = if with_gates { section.sql().to_owned() } else { crate::database::gate::without(section.sql()) };
    text.push_str(sql.trim());
    match token::significant_tokens(&sql).last() {
        Some(last) if last.is_operator(";") => {}
        Some(last) if last.span().end == sql.trim_end().len() => text.push(';'),
        // A comment of one line may stand behind it.
        _ => text.push_str("\n;"),
    }
    text.push('\n');
}

fn differences(actual: &Schema, wanted: &Schema) -> Vec<String> {
    let changes = diff::diff(actual, wanted, &Renames::default(), ColumnOrder::Strict);
    changes.iter().flat_map(Change::lines).map(|line| format!("left to do: {}", line.text)).collect()
}

fn not_the_same(words: &str, notes: Vec<String>) -> Failure {
    let mut diagnostic = Diagnostic::new("not_the_same", words);
    diagnostic.notes = notes;
    let help = "nothing was written; `schemactl verify` says which of the scripts does not go up and down cleanly";
    Failure::new(Class::Input, diagnostic.help(help))
}
