//! Walks through small graphs, one a line, and the laws that hold for all of them.
//!
//! A graph is written as `a; b<a; c<a !b #label; d<b,c =x,y`: parents after `<`, dependencies after `!`, labels after
//! `#`, what is replaced after `=`. A revision is as old as its place in the line.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::*;
use crate::report::Report;

fn id(word: &str) -> RevisionId {
    RevisionId::new(word).unwrap()
}

fn revision(text: &str, number: i64) -> Revision {
    let mut revision = Revision::new(id("x"), Vec::new());
    let list = |words: &str| words.split(',').map(str::to_owned).collect::<Vec<_>>();
    let ids = |words: &str| words.split(',').map(id).collect::<Vec<_>>();
    for word in text.split_whitespace() {
        match word.split_at(1) {
            ("!", names) => revision.depends_on = list(names),
            ("#", names) => revision.labels = list(names),
            ("=", names) => revision.replaces = ids(names),
            _ => {
                let (name, parents) = word.split_once('<').map_or((word, Vec::new()), |(name, of)| (name, ids(of)));
                (revision.id, revision.parents) = (id(name), parents);
            }
        }
    }
    revision.created = DateTime::<Utc>::from_timestamp(1_800_000_000 + number * 60, 0);
    revision
}

fn revisions(text: &str) -> Vec<Revision> {
    text.split(';').enumerate().map(|(number, text)| revision(text, i64::try_from(number).unwrap())).collect()
}

pub(super) fn graph(text: &str) -> Graph {
    Graph::with_recorded(Scripts::default(), revisions(text))
}

fn ids<'a>(found: impl IntoIterator<Item = &'a Revision>) -> String {
    found.into_iter().map(|revision| revision.id.as_str()).collect::<Vec<_>>().join(" ")
}

fn applied(words: &str) -> Applied {
    words.split_whitespace().map(id).collect()
}

/// The answer to a command: steps or revisions, a `+` or `-` before what is only recorded; or `!` and the error.
fn answer(graph: &Graph, rows: &Applied, command: &str) -> String {
    let (verb, words) = command.split_once(' ').unwrap();
    let target = || words.parse::<Target>();
    let route = match verb {
        "upgrade" => target().map_err(RouteError::from).and_then(|target| graph.upgrade(rows, &target)),
        "downgrade" => target().map_err(RouteError::from).and_then(|target| graph.downgrade(rows, &target)),
        "stamp" | "purge" => {
            let purge = if verb == "purge" { Purge::Yes } else { Purge::No };
            targets(words).map_err(RouteError::from).and_then(|targets| graph.stamp(rows, &targets, purge))
        }
        "history" => {
            let range = words.parse::<Range>().map_err(RouteError::from);
            return match range.and_then(|range| graph.history(Some(&range), Some(rows))) {
                Ok(found) => ids(found),
                Err(error) => format!("!{}", error.code()),
            };
        }
        "show" => {
            return match target().and_then(|target| graph.resolve(&target, Some(rows))) {
                Ok(found) => ids(found),
                Err(error) => format!("!{}", error.code()),
            };
        }
        other => panic!("unknown command {other}"),
    };
    let shown = |step: &Step| match step.op {
        Op::Upgrade | Op::Downgrade => step.revision.to_string(),
        Op::Stamp => format!("+{}", step.revision),
        Op::Unstamp => format!("-{}", step.revision),
    };
    match route {
        Ok(route) => route.steps.iter().map(shown).collect::<Vec<_>>().join(" "),
        Err(error) => {
            assert!(error.diagnostics().iter().all(|diagnostic| diagnostic.help.is_some()), "{error}");
            format!("!{}", error.code())
        }
    }
}

const LINE: &str = "aaaa; bbbb<aaaa; cccc<bbbb; dddd<cccc";
/// Two branches that are merged.
const DIAMOND: &str = "aaaa; left<aaaa #west; rite<aaaa #east; join<left,rite; tail<join";
/// Two lines, one of which depends on the other.
const LIBRARIES: &str = "lib1 #lib; lib2<lib1; lib3<lib2; app1 #app; app2<app1 !lib2; app3<app2";
/// A line of which the first three became one.
const SQUASHED: &str = "aaaa; bbbb<aaaa; cccc<bbbb; dddd<cccc; sqsh =aaaa,bbbb,cccc";
/// The same where the old files are gone.
const SQUASHED_GONE: &str = "sqsh =aaaa,bbbb,cccc; dddd<cccc";
/// Squashed twice.
const NESTED: &str = "aaaa; bbbb<aaaa; cccc<bbbb; one =aaaa,bbbb; two =one,cccc; dddd<cccc";

#[test]
fn walks_go_where_they_are_sent() {
    for (text, rows, command, expected) in [
        // Up.
        (LINE, "", "upgrade head", "aaaa bbbb cccc dddd"),
        (LINE, "aaaa", "upgrade +2", "bbbb cccc"),
        (LINE, "aaaa", "upgrade current+1", "bbbb"),
        (LINE, "aaaa", "upgrade cc", "bbbb cccc"),
        (LINE, "aaaa bbbb cccc dddd", "upgrade head", ""),
        (LINE, "aaaa", "upgrade +4", "!too_far"),
        (LINE, "aaaa", "upgrade -1", "!wrong_direction"),
        (LINE, "aaaa", "upgrade +99999999999999999999", "!too_far"),
        (LINE, "", "upgrade base+2", "aaaa bbbb"),
        (LINE, "", "upgrade head-3", "aaaa"),
        (LINE, "", "upgrade head-4", ""),
        (LINE, "", "upgrade head-5", "!too_far"),
        (LINE, "", "upgrade a:b", "!malformed_revision"),
        // A revision below the others is applied late: a gap is filled.
        (LINE, "aaaa cccc dddd", "upgrade head", "bbbb"),
        (LINE, "zzzz", "upgrade head", "!unknown_applied"),
        (DIAMOND, "aaaa", "upgrade head", "left rite join tail"),
        (DIAMOND, "aaaa left", "upgrade +1", "rite join"),
        (DIAMOND, "aaaa", "upgrade east@+1", "rite"),
        (DIAMOND, "aaaa left rite", "upgrade +1", "!several_current"),
        (DIAMOND, "", "upgrade tail-1", "aaaa left rite join"),
        (DIAMOND, "", "upgrade tail-2", "!ambiguous_walk"),
        (DIAMOND, "", "upgrade west@tail-2", "aaaa left"),
        (LIBRARIES, "lib1", "upgrade app2", "lib2 app1 app2"),
        (LIBRARIES, "", "upgrade head", "!several_heads"),
        // Down.
        (LINE, "aaaa bbbb cccc", "downgrade -2", "cccc bbbb"),
        (LINE, "aaaa bbbb cccc", "downgrade current-1", "cccc"),
        (LINE, "aaaa bbbb cccc", "downgrade aaaa", "cccc bbbb"),
        (LINE, "aaaa bbbb cccc", "downgrade current", ""),
        (LINE, "aaaa bbbb cccc", "downgrade -4", "!too_far"),
        (LINE, "aaaa bbbb cccc", "downgrade +1", "!wrong_direction"),
        (LINE, "aaaa", "downgrade cccc", "!not_applied"),
        (LINE, "", "downgrade base", ""),
        (LINE, "aaaa zzzz", "downgrade -1", "!unknown_applied"),
        (DIAMOND, "aaaa left rite join", "downgrade -1", "join"),
        (DIAMOND, "aaaa left rite join tail", "downgrade -2", "tail join"),
        (DIAMOND, "aaaa left rite join tail", "downgrade -3", "!ambiguous_walk"),
        (DIAMOND, "aaaa left rite join tail", "downgrade west@-3", "tail join left"),
        (DIAMOND, "aaaa left rite", "downgrade -1", "!several_current"),
        (DIAMOND, "aaaa left rite", "downgrade rite@-1", "rite"),
        (DIAMOND, "aaaa left", "downgrade east@-1", "!branch_not_applied"),
        (DIAMOND, "aaaa left rite join", "downgrade tail@aaaa", "join rite left"),
        (LIBRARIES, "lib1 lib2 app1 app2", "downgrade lib1", "app2 lib2"),
        (LIBRARIES, "lib1 lib2 app1 app2", "downgrade lib2", "!nothing_above"),
        (LIBRARIES, "lib1 lib2 app1 app2", "downgrade lib@base", "app2 lib2 lib1"),
        (LIBRARIES, "lib1", "downgrade nosuch@base", "!unknown_branch"),
        // Records.
        (LINE, "", "stamp bbbb", "+aaaa +bbbb"),
        (LINE, "aaaa bbbb cccc", "stamp aaaa", "-cccc -bbbb"),
        (LINE, "aaaa bbbb cccc", "stamp -1", "-cccc"),
        (LINE, "aaaa", "stamp +1", "+bbbb"),
        (LINE, "aaaa", "stamp base", "-aaaa"),
        (LINE, "", "stamp cccc,aaaa", "!overlap"),
        (LINE, "zzzz aaaa", "stamp aaaa", "!unknown_applied"),
        (LINE, "zzzz aaaa", "purge bbbb", "-zzzz +bbbb"),
        (LINE, "zzzz aaaa", "purge base", "-zzzz -aaaa"),
        (DIAMOND, "aaaa left", "stamp east@head", "+rite +join +tail"),
        (DIAMOND, "aaaa left", "stamp rite", "+rite"),
        // Histories.
        (DIAMOND, "", "history :", "tail join rite left aaaa"),
        (DIAMOND, "aaaa left", "history current:tail-1", "join left"),
        (DIAMOND, "aaaa left", "history :current", "left aaaa"),
        (DIAMOND, "", "history -1:join", "!ambiguous_walk"),
        (LINE, "", "history -2:cccc", "cccc bbbb aaaa"),
        (LINE, "", "history -7:cccc", "cccc bbbb aaaa"),
        (LINE, "", "history -7:", "!too_far"),
        (LINE, "", "history bbbb:+1", "cccc bbbb"),
        (LIBRARIES, "", "history -1:heads", "app3 app2 lib3 lib2"),
        (LIBRARIES, "", "history app1:lib3", "!not_an_ancestor"),
        // Names.
        (LIBRARIES, "lib1 app1", "show current", "lib1 app1"),
        (LIBRARIES, "lib1 app1", "show app@current", "app1"),
        (LIBRARIES, "", "show lib", "lib1"),
        (LIBRARIES, "", "show li", "!ambiguous_revision"),
        (LIBRARIES, "", "show app@lib2", "!not_in_branch"),
        (LIBRARIES, "", "show lib@head", "lib3"),
        (LIBRARIES, "", "show -1", "lib2 app2"),
        ("aa; ab<aa", "", "show a", "!unknown_revision"),
        ("1; 10<1; 1000<10", "", "show 100", "1000"),
    ] {
        assert_eq!(answer(&graph(text), &applied(rows), command), expected, "{command} in {text} at {rows:?}");
    }
}

#[test]
fn a_revision_that_replaces_others_counts_when_all_or_none_of_them_are_applied() {
    for (text, rows, command, expected) in [
        (SQUASHED, "", "upgrade head", "sqsh dddd"),
        (SQUASHED, "aaaa bbbb cccc", "upgrade head", "-cccc -bbbb -aaaa +sqsh dddd"),
        (SQUASHED, "aaaa bbbb cccc dddd", "upgrade head", "-cccc -bbbb -aaaa +sqsh"),
        (SQUASHED, "aaaa bbbb", "upgrade head", "cccc dddd"),
        (SQUASHED, "sqsh", "upgrade head", "dddd"),
        (SQUASHED, "aaaa bbbb cccc dddd", "downgrade -1", "-cccc -bbbb -aaaa +sqsh dddd"),
        (SQUASHED, "aaaa bbbb", "downgrade -1", "bbbb"),
        (SQUASHED, "aaaa bbbb", "show current", "bbbb"),
        (SQUASHED, "aaaa bbbb cccc", "show current", "sqsh"),
        (SQUASHED, "", "history :", "dddd sqsh"),
        (SQUASHED, "aaaa", "history :", "dddd cccc bbbb aaaa"),
        (SQUASHED_GONE, "", "upgrade head", "sqsh dddd"),
        (SQUASHED_GONE, "aaaa bbbb cccc", "upgrade head", "-aaaa -bbbb -cccc +sqsh dddd"),
        (SQUASHED_GONE, "aaaa bbbb", "upgrade head", "!partly_replaced"),
        (NESTED, "", "upgrade head", "two dddd"),
        (NESTED, "aaaa", "upgrade head", "bbbb cccc dddd"),
        (NESTED, "aaaa bbbb", "upgrade head", "-bbbb -aaaa +one cccc dddd"),
        (NESTED, "one", "upgrade head", "cccc dddd"),
        (NESTED, "one cccc", "upgrade head", "-cccc -one +two dddd"),
        (NESTED, "aaaa bbbb cccc", "upgrade head", "-cccc -bbbb -aaaa +two dddd"),
    ] {
        // What replaced ones were recorded as is forgotten in any order.
        let sorted = |text: &str| {
            let (mut gone, rest): (Vec<_>, Vec<_>) = text.split_whitespace().partition(|word| word.starts_with('-'));
            gone.sort_unstable();
            (gone.join(" "), rest.join(" "))
        };
        let found = answer(&graph(text), &applied(rows), command);
        assert_eq!(sorted(&found), sorted(expected), "{command} in {text} at {rows:?}");
    }
}

#[test]
fn a_graph_that_does_not_hang_together_still_shows_its_sane_part() {
    for (text, codes, history) in [
        ("aaaa; bbbb<zzzz; cccc<bbbb", "missing_parent", "cccc bbbb aaaa"),
        ("aaaa; bbbb<aaaa !zzzz", "missing_dependency", "bbbb aaaa"),
        ("abcd1; abcd2; cccc !abc", "ambiguous_dependency", "cccc abcd2 abcd1"),
        ("aaaa<aaaa; bbbb<aaaa", "self_loop", "bbbb aaaa"),
        ("aaaa !aaaa", "dependency_self_loop", "aaaa"),
        ("aaaa<bbbb; bbbb<aaaa; cccc", "cycle", "bbbb aaaa cccc"),
        ("aaaa !bbbb; bbbb<aaaa", "dependency_cycle", "bbbb aaaa"),
        ("aaaa<bbbb; bbbb<aaaa; cccc<dddd; dddd<cccc", "cycle cycle", "dddd cccc bbbb aaaa"),
        ("aaaa #one; bbbb #one", "duplicate_label", "bbbb aaaa"),
        ("aaaa; bbbb #aaaa", "label_is_id", "bbbb aaaa"),
        ("aaaa =bbbb; bbbb =aaaa", "replaces_itself", "bbbb"),
        ("aaaa =aaaa", "replaces_itself", "aaaa"),
        ("aaaa; bbbb =aaaa; cccc =aaaa", "replaced_twice", "cccc bbbb"),
    ] {
        let graph = graph(text);
        let found: Vec<_> = graph.problems().iter().map(Problem::code).collect();
        assert_eq!(found.join(" "), codes, "{text}");
        assert_eq!(ids(graph.history(None, None).unwrap()), history, "{text}");
        let first = codes.split(' ').next().unwrap();
        for command in ["upgrade heads", "downgrade base", "stamp heads"] {
            assert_eq!(answer(&graph, &Applied::default(), command), format!("!{first}"), "{command} in {text}");
        }
        let head = [Target::of(Word::Heads)];
        assert!(graph.place(&head, Splice::No, &[]).is_err(), "{text}");
    }
}

#[test]
fn two_files_with_one_identifier_are_both_named() {
    let script = |path: &str| {
        let text = "-- revision: aaaa\n-- parents: none\n-- migrate:up\n";
        Arc::new(Script::read(path, text).unwrap())
    };
    let found = Scripts { scripts: vec![script("versions/1.sql"), script("versions/2.sql")], problems: Vec::new() };
    let graph = Graph::with_recorded(found, revisions("aaaa; bbbb<aaaa"));
    let problem = &graph.problems()[0];
    assert_eq!(problem.to_string(), "the revision `aaaa` is in `versions/2.sql` and in `versions/1.sql`");
    let place = problem.diagnostics()[0].place.clone().unwrap();
    assert_eq!((place.source.path.as_str(), &place.source.text[place.span]), ("versions/2.sql", "aaaa"));
    assert_eq!((graph.problems().len(), ids(graph.revisions())), (1, "aaaa bbbb".to_owned()));
    assert_eq!(graph.script(&id("aaaa")).unwrap().path(), "versions/1.sql");
    assert!(graph.script(&id("bbbb")).is_none());
}

#[test]
fn among_equals_the_older_comes_first_and_then_the_smaller() {
    let mut all = revisions("dddd; cccc; bbbb; aaaa");
    for revision in &mut all[..3] {
        revision.created = None;
    }
    let graph = Graph::with_recorded(Scripts::default(), all);
    assert_eq!(ids(graph.revisions()), "bbbb cccc dddd aaaa");
}

#[test]
fn a_graph_knows_its_ends_its_forks_and_what_meets_where() {
    let diamond = graph(DIAMOND);
    assert_eq!((ids(diamond.heads()), ids(diamond.bases())), ("tail".to_owned(), "aaaa".to_owned()));
    assert_eq!((ids(diamond.branch_points()), ids(diamond.children(&id("aaaa")))), ("aaaa".into(), "left rite".into()));
    assert!(diamond.is_ancestor(&id("aaaa"), &id("tail")) && !diamond.is_ancestor(&id("left"), &id("rite")));
    assert_eq!(ids(diamond.common_ancestors(&applied("aaaa left zzzz"), &id("tail"))), "left");
    assert_eq!(ids(diamond.common_ancestors(&applied("zzzz"), &id("tail"))), "");
    assert_eq!(diamond.unknown(&applied("aaaa zzzz")), [id("zzzz")]);
    let libraries = graph(LIBRARIES);
    assert_eq!(ids(libraries.heads()), "lib3 app3");
    let shorter = graph("lib1; app1 !lib1");
    assert_eq!((ids(shorter.heads()), ids(shorter.effective_heads())), ("lib1 app1".to_owned(), "app1".to_owned()));
    assert_eq!(ids(libraries.current(&libraries.applied_at(&[id("app2")]))), "app2");
    let labels = |graph: &Graph, revision: &str| {
        let all = graph.branch_labels();
        all[&id(revision)].iter().copied().collect::<Vec<_>>().join(" ")
    };
    let west = graph("root; aaaa<root; bbbb<aaaa #west; cccc<bbbb; side<root");
    let shown = ["root", "aaaa", "bbbb", "cccc", "side"].map(|revision| labels(&west, revision));
    assert_eq!(shown, ["", "west", "west", "west", ""]);
}

#[test]
fn a_new_revision_is_placed_or_refused_before_there_is_a_file() {
    let place = |text: &str, heads: &str, splice, depends_on: &str| {
        let some = |words: &str| if words.is_empty() { Ok(Vec::new()) } else { targets(words) };
        let (heads, depends_on) = (some(heads).unwrap(), some(depends_on).unwrap());
        match graph(text).place(&heads, splice, &depends_on) {
            Ok(placement) => {
                let parents: Vec<_> = placement.parents.iter().map(RevisionId::as_str).collect();
                format!("{} ! {}", parents.join(" "), placement.depends_on.join(" "))
            }
            Err(error) => {
                assert!(error.diagnostics().iter().all(|diagnostic| diagnostic.help.is_some()), "{error}");
                format!("!{}", error.code())
            }
        }
    };
    for (text, heads, splice, depends_on, expected) in [
        (LINE, "head", Splice::No, "", "dddd ! "),
        (LINE, "bbbb", Splice::No, "", "!not_a_head"),
        (LINE, "bb", Splice::Yes, "", "bbbb ! "),
        (LINE, "base", Splice::No, "aa,aaaa", " ! aaaa"),
        (LINE, "dddd,aaaa", Splice::Yes, "", "!overlap"),
        (LINE, "current", Splice::No, "", "!no_current"),
        (LINE, "head", Splice::No, "base", "!depends_on_nothing"),
        (LIBRARIES, "head", Splice::No, "", "!several_heads"),
        (LIBRARIES, "app@head", Splice::No, "lib,lib@head", "app3 ! lib lib3"),
        (LIBRARIES, "heads,app3", Splice::No, "", "!duplicate_head"),
        ("lib1; app1 !lib1", "heads", Splice::No, "", "lib1 app1 ! "),
    ] {
        assert_eq!(place(text, heads, splice, depends_on), expected, "{heads} in {text}");
    }
    let merge = |text: &str| graph(text).place_merge(&[Target::of(Word::Heads)], Splice::No);
    assert_eq!(merge(LIBRARIES).unwrap().parents, [id("lib3"), id("app3")]);
    assert_eq!(merge(LINE).unwrap_err().to_string(), "there is nothing to merge, the only head is `dddd`");
}

#[test]
fn a_new_identifier_and_new_labels_must_be_free() {
    let check = |word: &str, labels: &[&str]| {
        let labels: Vec<String> = labels.iter().map(|label| (*label).to_owned()).collect();
        graph(LIBRARIES).check_new(&id(word), &labels).map_err(|error| error.code())
    };
    assert_eq!(check("fresh", &["new_one", "new_two"]), Ok(()));
    assert_eq!(check("lib1", &[]), Err("id_taken"));
    assert_eq!(check("lib", &[]), Err("id_taken"));
    for labels in [["lib", "a"], ["app2", "a"], ["fresh", "a"], ["a", "a"]] {
        assert_eq!(check("fresh", &labels), Err("label_taken"), "{labels:?}");
    }
    assert_eq!(check("fresh", &["a-b"]), Err("illegal_word"));
    let replaced = graph(SQUASHED).check_new(&id("aaaa"), &[]);
    assert_eq!(replaced.unwrap_err().code(), "id_taken");
}

#[test]
fn a_squash_stands_where_its_parts_stood() {
    let squash = |text: &str, from: &str, to: &str| {
        let (from, to) = (from.parse().unwrap(), to.parse().unwrap());
        graph(text).squash(id("sqsh"), &from, &to).map_err(|error| error.code())
    };
    let words = |ids: &[RevisionId]| ids.iter().map(RevisionId::as_str).collect::<Vec<_>>().join(" ");
    let middle = squash(LINE, "bbbb", "cccc").unwrap();
    assert_eq!((words(&middle.parents), words(&middle.replaces)), ("aaaa".into(), "bbbb cccc".into()));
    let whole = squash(DIAMOND, "aaaa", "head").unwrap();
    assert_eq!((words(&whole.parents), words(&whole.replaces)), (String::new(), "aaaa left rite join tail".into()));
    assert_eq!(whole.labels, ["west", "east"]);
    let library = squash(LIBRARIES, "app1", "app3").unwrap();
    assert_eq!((library.depends_on, library.parents), (vec!["lib2".to_owned()], vec![]));
    assert_eq!(squash(DIAMOND, "aaaa", "left").unwrap_err(), "left_from_the_middle");
    assert_eq!(squash(LIBRARIES, "lib1", "lib3").unwrap_err(), "left_from_the_middle");
    for (from, to) in [("bbbb", "aaaa"), ("bbbb", "bbbb"), ("base", "bbbb")] {
        assert_eq!(squash(LINE, from, to).unwrap_err(), "nothing_to_squash", "{from} {to}");
    }
}

#[test]
fn an_error_says_what_was_found_and_what_to_type() {
    let shown = |text: &str, rows: &str, command: &str| {
        let (graph, rows) = (graph(text), applied(rows));
        let (verb, target) = command.split_once(' ').unwrap();
        let target: Target = target.parse().unwrap();
        let route = if verb == "upgrade" { graph.upgrade(&rows, &target) } else { graph.downgrade(&rows, &target) };
        let diagnostic = route.unwrap_err().diagnostics().remove(0);
        (diagnostic.message, diagnostic.notes.join("; "), diagnostic.help.unwrap())
    };
    let expect = |message: &str, notes: &str, help: &str| (message.to_owned(), notes.to_owned(), help.to_owned());
    assert_eq!(
        shown(LIBRARIES, "", "upgrade head"),
        expect(
            "`head` means one revision, and there are 2 heads",
            "`lib3`, 2027-01-15 08:02; `app3`, 2027-01-15 08:05",
            "`schemactl upgrade heads` runs all of them, `schemactl upgrade lib3` one; \
             `schemactl merge heads -m \"…\"` joins them"
        )
    );
    assert_eq!(
        shown(LIBRARIES, "lib1 app1", "downgrade -1"),
        expect(
            "`-1` counts from one revision, and the database stands at 2 revisions",
            "`lib1`, 2027-01-15 08:00; `app1`, 2027-01-15 08:03",
            "say which: `schemactl downgrade lib1@-1`"
        )
    );
    assert_eq!(
        shown(LINE, "aaaa", "upgrade bbbc"),
        expect("there is no revision `bbbc`", "`bbbb`, 2027-01-15 08:01", "did you mean `bbbb`?")
    );
    assert_eq!(
        shown(LINE, "aaaa", "upgrade +5"),
        expect(
            "`+5` goes too far: there are 3 revisions above",
            "`dddd`, 2027-01-15 08:03",
            "`schemactl upgrade heads` goes to the end"
        )
    );
    assert_eq!(shown(LINE, "", "upgrade HEAD"), expect("there is no revision `HEAD`", "", "did you mean `head`?"));
    assert_eq!(
        shown(LINE, "aaaa", "downgrade cccc"),
        expect(
            "`cccc` is not applied, so there is no way down to it",
            "`aaaa`, 2027-01-15 08:00",
            "`schemactl upgrade cccc` goes up to it"
        )
    );
}

#[test]
fn a_route_without_steps_says_why() {
    let remark = |text: &str, rows: &str, target: &str| {
        let route = graph(text).upgrade(&applied(rows), &target.parse().unwrap()).unwrap();
        assert!(route.steps.is_empty() && route.doubts().count() == 0);
        route.remarks[0].to_string()
    };
    assert_eq!(remark(LINE, "aaaa bbbb", "bbbb"), "the database is at `bbbb` already");
    assert_eq!(remark(LINE, "aaaa bbbb", "aaaa"), "`aaaa` is applied already, and the database is past it");
    assert_eq!(remark(LINE, "aaaa", "base"), "the base is below every revision, an upgrade does not go there");
    let empty = Graph::new(Scripts::default()).upgrade(&Applied::default(), &Target::of(Word::Head)).unwrap();
    assert_eq!(empty.remarks, [Remark::NoRevisions]);
}

#[test]
fn ten_thousand_revisions_are_one_line_and_two_thousand_branches_are_one_tree() {
    let name = |number: usize| format!("r{number:05}");
    let line: Vec<Revision> = (0..10_000)
        .map(|number| {
            Revision::new(id(&name(number)), number.checked_sub(1).map(|below| id(&name(below))).into_iter().collect())
        })
        .collect();
    let line = Graph::with_recorded(Scripts::default(), line);
    let up = line.upgrade(&Applied::default(), &Target::of(Word::Head)).unwrap();
    assert!(up.steps.iter().enumerate().all(|(number, step)| step.revision.as_str() == name(number)));
    let all = up.applied_after(&Applied::default());
    let down = line.downgrade(&all, &"-9999".parse().unwrap()).unwrap();
    assert_eq!((up.steps.len(), down.steps.len()), (10_000, 9_999));
    assert_eq!(line.resolve(&"r0420".parse().unwrap(), None).unwrap_err().to_string(), "`r0420` could be 10 revisions");
    assert_eq!(ids(line.history(Some(&"-2:r00500".parse().unwrap()), None).unwrap()), "r00500 r00499 r00498");
    let tree: Vec<Revision> = (0..2_000_usize)
        .map(|number| {
            let below = if number == 0 { vec![] } else { vec![id(&name(number.saturating_sub(1) % 1_000 / 2))] };
            let mut revision = Revision::new(id(&name(number)), below);
            revision.labels = vec![format!("label{number}")];
            revision
        })
        .collect();
    let tree = Graph::with_recorded(Scripts::default(), tree);
    let up = tree.upgrade(&Applied::default(), &Target::of(Word::Heads)).unwrap();
    let all = up.applied_after(&Applied::default());
    assert_eq!((up.steps.len(), tree.downgrade(&all, &Target::of(Word::Base)).unwrap().steps.len()), (2_000, 2_000));
    assert_eq!(tree.current(&all).len(), tree.heads().len());
}
