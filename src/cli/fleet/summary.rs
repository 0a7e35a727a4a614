//! What a run over many databases came to, for people: groups first, then what failed, each kind with what comes next.

use crate::cli::context::Context;
use crate::cli::style::Meaning;
use crate::cli::visible::visible;
use crate::cli::walk::place;
use crate::diff::Line;
use crate::fleet::{Cause, Group, Look, Outcome, State, Tally, View};
use crate::report::{count, grouped};
use crate::revision::Graph;

use super::report::databases;

/// How the outcomes of a command are called.
pub(super) struct Words {
    /// `upgraded`
    pub done: &'static str,
    /// What a database is tried with by itself: `schemactl upgrade head`.
    pub alone: String,
    /// The target as it is written, where it counts steps.
    pub relative: Option<String>,
}

fn number(number: usize) -> String {
    grouped(number as u64)
}

/// `9,812 upgraded, 151 had nothing to do, 3 failed`
fn outcomes(tally: &Tally, words: &Words) -> String {
    let named = [
        (Outcome::Done, words.done),
        (Outcome::Nothing, "had nothing to do"),
        (Outcome::Failed, "failed"),
        (Outcome::Interrupted, "interrupted"),
        (Outcome::Skipped, "not begun"),
    ];
    let parts = named.iter().filter(|(outcome, _)| tally.number(*outcome) > 0);
    let parts: Vec<String> =
        parts.map(|(outcome, word)| format!("{} {word}", number(tally.number(*outcome)))).collect();
    format!("{}: {}", databases(tally.total), parts.join(", "))
}

/// Gives the summary of a run that changes databases.
pub(super) fn of_run(context: &Context, tally: &Tally, words: &Words, graph: &Graph) {
    context.output.answer(outcomes(tally, words));
    let mut places: Vec<_> = tally.places.iter().collect();
    places.sort_by_key(|(_, number)| std::cmp::Reverse(**number));
    for (heads, databases) in places {
        context.output.answer(format!("{:>8}  at {}", number(*databases), place(graph, heads)));
    }
    if tally.backups > 0 {
        context
            .output
            .talk(format!("{} made; `schemactl backups --database PATH` lists them", count(tally.backups, "backup")));
    }
    failures(context, tally, words);
}

/// What failed, by its class, with the first of each and what comes next.
fn failures(context: &Context, tally: &Tally, words: &Words) {
    for (cause, group) in &tally.failures {
        let names = names(group);
        context.output.answer(format!("{:>8}  {}: {names}", number(group.number), Meaning::Error.paint(cause)));
        if let Some(said) = group.said() {
            context.output.answer(format!("{:10}{}", "", visible(&shortened(&said.message))));
        }
        if let Some(next) = next(*cause, group, words) {
            context.output.answer(format!("{:10}{} {}", "", Meaning::Help.paint("next:"), visible(&next)));
        }
    }
}

/// The text with fingerprints cut down to what tells them apart.
fn shortened(text: &str) -> String {
    let short = |word: &str| match word.split_once("sha256:") {
        Some((before, digits)) if digits.len() > 8 && digits.is_char_boundary(8) => format!("{before}{}", &digits[..8]),
        _ => word.to_owned(),
    };
    text.split(' ').map(short).collect::<Vec<_>>().join(" ")
}

/// The first databases of a group: `data/a.db, data/b.db and 7 more`.
fn names(group: &Group) -> String {
    let named: Vec<String> = group.examples.keys().map(|path| Meaning::Path.paint(path.display())).collect();
    let more = group.number - named.len();
    let named = named.join(", ");
    if more > 0 { format!("{named} and {} more", number(more)) } else { named }
}

fn next(cause: Cause, group: &Group, words: &Words) -> Option<String> {
    let first = group.examples.keys().next()?.display();
    let help = || group.said().and_then(|said| said.help.clone());
    match cause {
        Cause::Busy => Some("wait until the other program is done, then run the same again".to_owned()),
        Cause::Drift => Some(format!("schemactl status --database {first}")),
        Cause::Constraint | Cause::ForeignKey | Cause::Script => {
            Some(format!("{} --database {first}, to see the statement", words.alone))
        }
        _ => help(),
    }
}

/// Gives the summary of a look at databases.
pub(super) fn of_look(context: &Context, tally: &Tally, view: View, graph: &Graph) {
    context.output.answer(headline(tally, view));
    let mut groups: Vec<_> = tally.looks.values().collect();
    groups.sort_by_key(|(look, group)| (look.state, std::cmp::Reverse(group.number)));
    for (look, group) in groups {
        give_group(context, look, group, view, graph);
    }
    let words = Words { done: "", alone: "schemactl status".to_owned(), relative: None };
    failures(context, tally, &words);
}

/// `10,000 databases: 9,812 at head, 37 behind, 3 drifted (2 shapes), 1 locked`
fn headline(tally: &Tally, view: View) -> String {
    let mut parts = Vec::new();
    for state in [State::AtHead, State::Behind, State::Edited, State::Drifted, State::Newer] {
        let groups: Vec<_> = tally.looks.values().filter(|(look, _)| look.state == state).collect();
        let total: usize = groups.iter().map(|(_, group)| group.number).sum();
        if total == 0 {
            continue;
        }
        let word = match state {
            State::AtHead if view == View::Check => "as the model says",
            State::AtHead => "at head",
            State::Behind => "behind",
            State::Edited => "with edited or left out scripts",
            State::Drifted if view == View::Check => "with changes that no revision makes yet",
            State::Drifted => "drifted",
            State::Newer => "newer",
        };
        let mut shapes: Vec<&str> = groups.iter().map(|(look, _)| look.schema.as_str()).collect();
        shapes.sort_unstable();
        shapes.dedup();
        let shapes = match (state, shapes.len()) {
            (State::Drifted, 2..) => format!(" ({})", count(shapes.len(), "shape")),
            _ => String::new(),
        };
        parts.push(format!("{} {word}{shapes}", number(total)));
    }
    for (cause, group) in &tally.failures {
        let word = match cause {
            Cause::Busy => "locked",
            Cause::NotADatabase => "not a database",
            Cause::ForeignKey => "with references to nothing",
            Cause::ReadOnly => "not readable",
            cause => cause.as_str(),
        };
        parts.push(format!("{} {word}", number(group.number)));
    }
    if tally.number(Outcome::Skipped) > 0 {
        parts.push(format!("{} not looked at", number(tally.number(Outcome::Skipped))));
    }
    format!("{}: {}", databases(tally.total), parts.join(", "))
}

fn give_group(context: &Context, look: &Look, group: &Group, view: View, graph: &Graph) {
    let meaning = if look.state == State::AtHead { Meaning::Added } else { Meaning::Warning };
    let behind = match look.behind {
        0 => String::new(),
        behind => format!(", {} behind", count(behind, "revision")),
    };
    let state = match look.state {
        State::AtHead | State::Behind => "",
        State::Edited => ", scripts edited or left out",
        State::Drifted if view == View::Check => ", not as the model says",
        State::Drifted => ", drifted",
        State::Newer => ", newer: there is no file here of some of its revisions",
    };
    let schema = if view == View::Check { String::new() } else { format!("  schema {}", look.shape()) };
    context.output.answer(format!(
        "{:>8}  at {}{}{}{}",
        number(group.number),
        place(graph, &look.heads),
        meaning.paint(behind),
        meaning.paint(state),
        Meaning::Dim.paint(schema)
    ));
    if look.state == State::AtHead && view != View::Current {
        return;
    }
    if view != View::Current || group.number <= group.examples.len() {
        context.output.answer(format!("{:10}{}", "", names(group)));
    }
    match &look.changes {
        Ok(lines) => lines.iter().take(MOST_LINES).for_each(|line| give_line(context, line)),
        Err(reason) => context.output.answer(format!("{:10}{}", "", visible(&reason.message))),
    }
    let first = group.examples.keys().next().map(|path| path.display().to_string()).unwrap_or_default();
    let next = match look.state {
        _ if view == View::Current => None,
        State::AtHead => None,
        State::Behind => Some("schemactl upgrade, with the same databases".to_owned()),
        // It tells a revision that is missing from what was changed in a database by hand.
        State::Drifted if view == View::Check => Some(format!("schemactl check --database {first}")),
        State::Edited | State::Drifted | State::Newer => Some(format!("schemactl status --database {first}")),
    };
    if let Some(next) = next {
        context.output.answer(format!("{:10}{} {next}", "", Meaning::Help.paint("next:")));
    }
}

/// How many changes of a group are shown: `status` of one of its databases has all.
const MOST_LINES: usize = 5;

fn give_line(context: &Context, line: &Line) {
    context.output.answer(format!("{:12}{}", "", visible(&line.text)));
}
