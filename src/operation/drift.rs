//! From which schema a new revision goes out where a database is not what its revisions make, and which revision a
//! database without a version table is at.
//!
//! A revision is run everywhere, and what somebody changed in one database by hand is there alone: a script that goes
//! out from it fails wherever else it is run.

use rusqlite::Connection;

use super::{Project, State, autogenerate, replay, status};
use crate::database::introspect;
use crate::database::runner::marked_rebuilds;
use crate::diff::{self, Renames};
use crate::model;
use crate::report::{Class, Diagnostic, Failure, first_notes};
use crate::revision::{Applied, Mention, Op, Revision, RevisionId, Target, Word};
use crate::schema::Schema;
use crate::sql;
use crate::token::Token;

/// How many differences are told.
const TOLD: usize = 10;

/// What a new revision goes out from.
#[derive(Debug)]
pub struct Start {
    /// The schema.
    pub schema: Schema,
    /// How the database differs from it, where it is not what its revisions make.
    pub drift: Option<Diagnostic>,
}

/// What shows that a database is what its revisions make, without running their scripts once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence {
    /// The fingerprint that its version table has.
    Recorded,
    /// The fingerprint that the last script promises. Where it promises none, the one in the version table is of what was
    /// there when it ran, whoever made it.
    Promised,
}

/// The schema that a new revision goes out from: that of the database, and where this is not what its revisions make,
/// the one that they make, since the script is for all databases that have run them. Before the first revision it is
/// what is there.
///
/// # Errors
/// When the database has drifted and the settings refuse that, or what its revisions make cannot be told.
pub fn start(
    project: &Project,
    state: &State,
    connection: Option<&Connection>,
    evidence: Evidence,
) -> Result<Start, Failure> {
    let State { graph, applied, .. } = state;
    let expected = status::expected_fingerprint(state);
    let filter = project.filter()?;
    let (actual, fingerprint) = match connection {
        Some(connection) => {
            let recorded = expected.as_deref().filter(|_| evidence == Evidence::Recorded);
            introspect::read_expected(connection, &filter, recorded)?
        }
        None => (Schema::default(), sql::fingerprint(&Schema::default())),
    };
    let fingerprint = Some(fingerprint);
    let is_recorded = expected == fingerprint;
    let is_shown = match evidence {
        Evidence::Recorded => is_recorded,
        Evidence::Promised => {
            // What has no script here cannot be run once more.
            let promised = graph.standing(applied).single().and_then(|head| head.schema.clone());
            promised == fingerprint || is_recorded && !graph.without_script(applied).is_empty()
        }
    };
    if applied.is_empty() || is_shown {
        return Ok(Start { schema: actual, drift: None });
    }
    let made = match replay::schema_of(project, graph, applied) {
        Ok(made) => made,
        // Scripts by hand may stand on tables that were there before them: then only the database knows.
        Err(_) if expected.is_none() || is_recorded => return Ok(Start { schema: actual, drift: None }),
        Err(failure) => return Err(cannot_be_told(&failure)),
    };
    let changes = diff::diff(&made, &actual, &Renames::default(), project.settings.column_order);
    let lines = changes.iter().flat_map(diff::Change::lines).map(|line| line.text).collect::<Vec<_>>();
    if lines.is_empty() {
        return Ok(Start { schema: actual, drift: None });
    }
    let told = |words: &str| told(words, lines, &graph.current(applied));
    let words = "the database is not what its revisions make";
    match project.settings.drift {
        model::Drift::Refuse => {
            Err(Failure::new(Class::No, told(&format!("{words}, and `drift = \"refuse\"` is set"))))
        }
        model::Drift::Warn => {
            let drift = told(&format!("{words}; a new revision goes out from what they make"));
            Ok(Start { schema: made, drift: Some(drift) })
        }
    }
}

fn told(words: &str, lines: Vec<String>, current: &[&Revision]) -> Diagnostic {
    let mut drift = Diagnostic::new("drift", words);
    drift.notes = first_notes(lines.into_iter().map(|line| format!("it differs: {line}")), TOLD);
    let undo = match current {
        [one] => format!("undo it here (`schemactl diff --from database --to {} --sql` shows how)", one.id),
        _ => "undo it here".to_owned(),
    };
    let keep = "write it into the model, run `schemactl revision --autogenerate --offline`, and where the database has \
                all of it already `schemactl stamp head`";
    drift.help(format!("{undo}; or keep it: {keep}"))
}

fn cannot_be_told(failure: &Failure) -> Failure {
    let words = "the database is not what its revisions made, and what they make cannot be told";
    let mut diagnostic = Diagnostic::new("drift", words);
    diagnostic.notes = failure.diagnostics().iter().map(|cause| cause.message.clone()).collect();
    let help = "undo in the database what was changed by hand, or mend the script: `schemactl verify` shows where";
    Failure::new(Class::No, diagnostic.help(help))
}

/// The revisions that make the schema that is there, where none of them is recorded.
#[derive(Debug, Clone, Default)]
pub struct Recognised {
    /// The revisions, the last one first.
    pub revisions: Vec<Mention>,
    /// What a stamp of the last one would pass over although it works on rows: no schema shows whether it has run.
    pub on_rows: Vec<Mention>,
    /// The last one of which a stamp passes over no such thing.
    certain: Option<RevisionId>,
}

impl Recognised {
    fn of(State { graph, applied, .. }: &State, made: &[&Revision]) -> Recognised {
        let on_rows = |revision: &Revision| -> Option<Vec<Mention>> {
            let route = graph.upgrade(applied, &Target::of(Word::Name(revision.id.to_string()))).ok()?;
            let passed_over = route.steps.iter().filter(|step| step.op == Op::Upgrade);
            let works = passed_over
                .filter(|step| graph.script(&step.revision).is_none_or(|script| works_on_rows(script.up.sql())));
            Some(works.filter_map(|step| graph.get(&step.revision)).map(Mention::from).collect())
        };
        let Some(of_last) = made.first().and_then(|last| on_rows(last)) else { return Recognised::default() };
        let certain = made.iter().find(|revision| on_rows(revision).is_some_and(|works| works.is_empty()));
        Recognised {
            revisions: made.iter().copied().map(Mention::from).collect(),
            on_rows: of_last,
            certain: certain.map(|revision| revision.id.clone()),
        }
    }

    /// What to do with a database that has their schema and no record of them.
    #[must_use]
    pub fn next(&self) -> Option<String> {
        let ids = |mentions: &[Mention]| mentions.iter().map(|it| it.id.to_string()).collect::<Vec<_>>().join(", ");
        let (last, others) = self.revisions.split_first()?;
        Some(match (&self.on_rows[..], &self.certain) {
            ([], _) if others.is_empty() => format!("schemactl stamp {}", last.id),
            ([], _) => format!("schemactl stamp {} (or {}, with the same schema)", last.id, ids(others)),
            (works, certain) => {
                let (have, they_do) = if works.len() == 1 { ("has", "it does") } else { ("have", "they do") };
                let otherwise = certain.as_ref().map_or_else(
                    || format!("do by hand first what {they_do} to rows"),
                    |certain| format!("`schemactl stamp {certain}`, then `schemactl upgrade`"),
                );
                format!("`schemactl stamp {}` if {} {have} run; else {otherwise}", last.id, ids(works))
            }
        })
    }
}

/// Whether a script does more than to change the schema and to carry the rows of the tables that it rebuilds.
fn works_on_rows(script: &str) -> bool {
    const OF_SCHEMA: [&str; 4] = ["ALTER", "CREATE", "DROP", "PRAGMA"];
    let rebuilds = marked_rebuilds(script);
    sql::statements(script).iter().any(|statement| {
        let Some(first) = statement.first() else { return false };
        let is_of_schema = OF_SCHEMA.iter().any(|word| first.is_word(word)) && !is_filled_table(statement);
        !is_of_schema && !rebuilds.iter().any(|(_, span)| span.contains(&first.start))
    })
}

/// Whether a statement creates a table with rows in it: `CREATE TABLE … AS SELECT`.
fn is_filled_table(statement: &[Token<'_>]) -> bool {
    let creates_table = statement.iter().take(3).any(|token| token.is_word("TABLE"));
    // Its columns stand in parentheses.
    creates_table && statement.iter().take_while(|token| !token.is_operator("(")).any(|token| token.is_word("AS"))
}

/// Which revisions make just this schema, where none of them is recorded; none for a schema that is empty.
#[must_use]
pub fn recognised(project: &Project, state: &State, schema: &Schema) -> Recognised {
    let State { graph, applied, .. } = state;
    if *schema == Schema::default() {
        return Recognised::default();
    }
    let fingerprint = sql::fingerprint(schema);
    let made = graph.revisions().filter(|revision| revision.schema.as_ref() == Some(&fingerprint));
    let mut made: Vec<&Revision> = made.collect();
    if !made.is_empty() {
        // What follows a recorded one with the same schema works on rows, and is not to be passed over.
        if made.iter().any(|revision| applied.contains(&revision.id)) {
            return Recognised::default();
        }
        made.reverse();
        return Recognised::of(state, &made);
    }
    // Scripts by hand say nothing of what they make, and columns may stand in another order.
    let [head] = graph.heads()[..] else { return Recognised::default() };
    let makes_it = |applied: &Applied| {
        let made = replay::schema_of(project, graph, applied);
        made.is_ok_and(|made| diff::diff(&made, schema, &Renames::default(), project.settings.column_order).is_empty())
    };
    let is_head = !applied.contains(&head.id)
        && makes_it(&graph.applied_at([&head.id]))
        && (applied.is_empty() || !makes_it(applied));
    if is_head { Recognised::of(state, &[head]) } else { Recognised::default() }
}

/// A failure to run revisions on a database that has what they make: with what to do about it.
#[must_use]
pub fn of_known_schema(project: &Project, connection: &Connection, failure: Failure) -> Failure {
    // What is refused because it is there already; to look any further would run scripts, which may take long.
    let is_there =
        |found: &Diagnostic| ["already exists", "duplicate column"].iter().any(|it| found.message.contains(it));
    // The image of a server is of before the run.
    if project.is_on_server() || !failure.diagnostics().iter().any(is_there) {
        return failure;
    }
    let look = || -> Result<Recognised, Failure> {
        // Revisions before the one that failed may be recorded by now.
        let state = project.state(Some(connection))?;
        Ok(recognised(project, &state, &autogenerate::actual_schema(project, Some(connection))?))
    };
    // What cannot be read is no reason to say less of what failed.
    let recognised = look().unwrap_or_default();
    let Some(next) = recognised.next() else { return failure };
    let mut diagnostics = failure.diagnostics().to_vec();
    if let Some(last) = diagnostics.last_mut() {
        let words = "the database has the schema of these revisions already, and no record of them";
        last.notes.push(words.to_owned());
        let is_certain = recognised.on_rows.is_empty();
        last.help = Some(if is_certain { format!("record it, and run nothing: `{next}`") } else { next });
    }
    Failure::all(failure.class(), diagnostics)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_works_on_rows_is_told_from_what_changes_the_schema() {
        let rebuild = "-- rebuild: t\nCREATE TABLE n (a);\nINSERT INTO n SELECT a FROM t;\n-- rebuild: end\n";
        for script in [
            "CREATE TABLE t (a AS (1), b DEFAULT (CAST('1' AS INTEGER))); ALTER TABLE t ADD COLUMN c; DROP TABLE u",
            "CREATE TRIGGER g AFTER INSERT ON t BEGIN UPDATE t SET a = CASE a WHEN 1 THEN 2 END; DELETE FROM u; END;",
            "CREATE VIEW v AS SELECT 1; -- DELETE FROM t",
            rebuild,
        ] {
            assert!(!works_on_rows(script), "{script}");
        }
        for script in [
            "UPDATE t SET a = upper(a)",
            "CREATE TABLE u (a); WITH w AS (SELECT 1) INSERT INTO u SELECT * FROM w",
            "CREATE TABLE IF NOT EXISTS u AS SELECT a FROM t",
            "CREATE TEMP TABLE u AS SELECT (a) FROM t",
            &format!("{rebuild}UPDATE t SET a = 1"),
        ] {
            assert!(works_on_rows(script), "{script}");
        }
    }
}
