//! Walks over revision graphs, held against the answers that Alembic gives to the same questions.
//!
//! The questions are data outside the project; where they are not there, the test says so and does nothing.

mod binary;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use proptest::collection::vec;
use proptest::prelude::*;
use schemactl::report::Report;
use schemactl::revision::{
    Applied, Graph, Op, Placement, PlacementError, Purge, Range, Revision, RevisionId, Rewrite, Route, RouteError,
    Script, Scripts, Splice, Step, Target,
};
use serde_json::Value;

fn shared(file: &str) -> Option<String> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let folder = std::env::var_os("SCHEMACTL_SHARED").map_or(beside, PathBuf::from);
    std::fs::read_to_string(folder.join(file)).ok()
}

fn words(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(list) => list.iter().map(|word| word.as_str().expect("a word")).collect(),
        Value::String(word) => vec![word],
        _ => Vec::new(),
    }
}

fn id(word: &str) -> RevisionId {
    RevisionId::new(word).expect("an identifier")
}

/// The graph of a case, or the word for what is wrong with it.
fn graph(case: &Value) -> Result<Graph, String> {
    let mut revisions = Vec::new();
    for given in case["graph"].as_array().expect("a list of revisions") {
        let read = |word: &str| RevisionId::new(word).map_err(|_| "illegal_id".to_owned());
        let parents = words(&given["down"]).into_iter().map(read).collect::<Result<_, _>>()?;
        let mut revision = Revision::new(read(given["id"].as_str().expect("an identifier"))?, parents);
        revision.depends_on = words(&given["depends_on"]).into_iter().map(str::to_owned).collect();
        revision.labels = words(&given["labels"]).into_iter().map(str::to_owned).collect();
        revisions.push(revision);
    }
    Ok(Graph::with_recorded(Scripts::default(), revisions))
}

/// What a case is answered with.
#[derive(Debug)]
enum Answer {
    Route(Route),
    Revisions(Vec<String>),
    Placement(Placement),
    Loaded,
    Refused(String),
}

fn refused(error: impl Into<RouteError>) -> Answer {
    let error = error.into();
    let shown = error.diagnostics();
    assert!(shown.iter().all(|diagnostic| diagnostic.help.is_some() && !diagnostic.message.is_empty()));
    Answer::Refused(error.code().to_owned())
}

fn answer(case: &Value) -> Answer {
    let graph = match graph(case) {
        Ok(graph) => graph,
        Err(code) => return Answer::Refused(code),
    };
    let start: Vec<RevisionId> = words(&case["start"]).into_iter().map(id).collect();
    let applied = graph.applied_at(&start);
    let target = &case["target"];
    let direction = case["direction"].as_str().expect("a direction");
    let parsed = || target.as_str().expect("a target").parse::<Target>();
    let route = |route: Result<Route, RouteError>| route.map_or_else(refused, Answer::Route);
    let names = |found: Vec<&Revision>| Answer::Revisions(found.iter().map(|found| found.id.to_string()).collect());
    match direction {
        "upgrade" => parsed().map_or_else(refused, |target| route(graph.upgrade(&applied, &target))),
        "downgrade" => parsed().map_or_else(refused, |target| route(graph.downgrade(&applied, &target))),
        "stamp" => match words(target).into_iter().map(str::parse).collect::<Result<Vec<Target>, _>>() {
            Ok(targets) => route(graph.stamp(&applied, &targets, Purge::No)),
            Err(error) => refused(error),
        },
        "history" => match target.as_str().expect("a range").parse::<Range>() {
            Ok(range) => graph.history(Some(&range), None).map_or_else(refused, names),
            Err(error) => refused(error),
        },
        "resolve" => match parsed().and_then(|target| graph.resolve(&target, None).map(names)) {
            Ok(answer) => answer,
            Err(error) => refused(error),
        },
        "load" => graph.problems().first().map_or(Answer::Loaded, |problem| Answer::Refused(problem.code().to_owned())),
        "new_revision" => {
            place(&graph, target).map_or_else(|error| Answer::Refused(error.code().to_owned()), Answer::Placement)
        }
        other => panic!("unknown direction {other}"),
    }
}

fn place(graph: &Graph, asked: &Value) -> Result<Placement, PlacementError> {
    let targets = |key: &str| words(&asked[key]).into_iter().map(str::parse).collect::<Result<Vec<Target>, _>>();
    let splice = if asked["splice"] == true { Splice::Yes } else { Splice::No };
    graph.place(&targets("head")?, splice, &targets("depends_on")?)
}

/// Our words for the kinds of refusal.
fn is_of_kind(code: &str, kind: &str) -> bool {
    let codes: &[&str] = match kind {
        "no_such_revision" => &["unknown_revision", "unknown_branch", "steps_not_allowed", "no_current", "too_far"],
        "not_in_branch" => &["not_in_branch"],
        "multiple_heads" => &["several_heads"],
        "not_ancestor" => &["not_applied", "nothing_above", "not_an_ancestor"],
        "relative_too_far" => &["too_far", "wrong_direction"],
        "ambiguous_walk" => &["ambiguous_walk"],
        "ambiguous_upgrade" => &["several_current"],
        "not_a_head" => &["not_a_head"],
        "duplicate_head" => &["duplicate_head"],
        "duplicate_branch_name" => &["duplicate_label"],
        "illegal_id" => &["illegal_id"],
        "self_loop" => &["self_loop"],
        "cycle" => &["cycle"],
        "dep_self_loop" => &["dependency_self_loop"],
        "dep_cycle" => &["dependency_cycle"],
        "branch_not_active_or_ambiguous" => &["branch_not_applied", "several_current", "unknown_branch"],
        _ => &[],
    };
    codes.contains(&code)
}

/// Whether every revision of a route comes after what it needs, or before when it goes down.
fn is_in_order(graph: &Graph, steps: &[String], upwards: bool) -> bool {
    steps.iter().enumerate().all(|(at, step)| {
        steps[at + 1..].iter().all(|later| {
            let (first, second) = if upwards { (later, step) } else { (step, later) };
            !graph.is_ancestor(&id(first), &id(second))
        })
    })
}

fn sorted(mut words: Vec<String>) -> Vec<String> {
    words.sort();
    words
}

/// What is wrong with an answer to a question that Alembic answers.
fn difference(case: &Value, answer: &Answer) -> Option<String> {
    let expect = &case["expect"];
    let owned = |value: &Value| words(value).into_iter().map(str::to_owned).collect::<Vec<_>>();
    let is_total = case["order"] == "total";
    let is_same = match answer {
        Answer::Route(route) => {
            let graph = graph(case).expect("it was read before");
            let start: Vec<RevisionId> = words(&case["start"]).into_iter().map(id).collect();
            let after = route.applied_after(&graph.applied_at(&start));
            let heads = graph.current(&after).iter().map(|head| head.id.to_string()).collect();
            let steps: Vec<String> = route.steps.iter().map(|step| step.revision.to_string()).collect();
            let direction = case["direction"].as_str().expect("a direction");
            let is_same_way = direction == "stamp" || {
                let expected = expect.as_array().expect("steps");
                let expected: Vec<String> = expected.iter().map(|step| words(step)[1].to_owned()).collect();
                route.steps.iter().all(|step| step.op.as_str() == direction)
                    && if is_total {
                        steps == expected
                    } else {
                        sorted(steps.clone()) == sorted(expected) && is_in_order(&graph, &steps, direction == "upgrade")
                    }
            };
            is_same_way && sorted(heads) == sorted(owned(&case["end_heads"]))
        }
        Answer::Revisions(found) if is_total => *found == owned(expect),
        Answer::Revisions(found) => {
            let graph = graph(case).expect("it was read before");
            sorted(found.clone()) == sorted(owned(expect)) && is_in_order(&graph, found, false)
        }
        Answer::Placement(Placement { parents, depends_on }) => {
            let parents: Vec<String> = parents.iter().map(RevisionId::to_string).collect();
            sorted(parents) == sorted(owned(&expect["down"])) && *depends_on == owned(&expect["depends_on"])
        }
        Answer::Loaded => {
            let graph = graph(case).expect("it was read before");
            let names = |found: Vec<&Revision>| sorted(found.iter().map(|found| found.id.to_string()).collect());
            let labels = graph.branch_labels();
            names(graph.heads()) == sorted(owned(&expect["heads"]))
                && names(graph.effective_heads()) == sorted(owned(&expect["effective_heads"]))
                && names(graph.bases()) == sorted(owned(&expect["bases"]))
                && expect["labels"].as_object().expect("labels").iter().all(|(revision, expected)| {
                    labels[&id(revision)].iter().map(|label| (*label).to_owned()).collect::<Vec<_>>() == owned(expected)
                })
        }
        Answer::Refused(_) => false,
    };
    (!is_same).then(|| format!("expected {expect}, found {answer:?}"))
}

/// What is wrong with an answer to any question.
fn judge(case: &Value, answer: &Answer) -> Option<String> {
    let class = case["class"].as_str().expect("a class");
    let kind = case["suggest"].as_str().or(case["error"].as_str());
    match (class, kind, answer) {
        ("must_match", _, _) => difference(case, answer),
        ("must_error" | "improve", Some(kind), Answer::Refused(code)) if is_of_kind(code, kind) => None,
        ("must_error" | "improve", Some(kind), _) => Some(format!("expected a refusal, {kind}, found {answer:?}")),
        // Alembic leaves a head and its own ancestor in its table; a database cannot stand at both.
        ("improve", None, Answer::Refused(code)) if code == "overlap" => None,
        ("improve", None, _) => Some(format!("expected a refusal, overlap, found {answer:?}")),
        // Alembic takes the first of several heads; we ask which.
        ("free", _, Answer::Refused(code)) if code == "several_current" => None,
        ("free", _, _) => Some(format!("expected a question, found {answer:?}")),
        (other, _, _) => panic!("unknown class {other}"),
    }
}

#[test]
fn every_walk_is_answered_as_alembic_does_or_better() {
    let Some(text) = shared("cases/traversal.json") else {
        println!("skipped: cases/traversal.json is not there");
        return;
    };
    let all: Value = serde_json::from_str(&text).expect("JSON");
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut wrong = Vec::new();
    for case in all["cases"].as_array().expect("a list of cases") {
        let count = counts.entry(case["class"].as_str().expect("a class")).or_default();
        count.1 += 1;
        match judge(case, &answer(case)) {
            None => count.0 += 1,
            Some(why) => wrong
                .push(format!("{} {} {} {}: {why}", case["name"], case["start"], case["direction"], case["target"])),
        }
    }
    for (class, (right, all)) in &counts {
        println!("{class}: {right} of {all}");
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// The routes that follow Alembic where its answer is hardly meant say so.
#[test]
fn what_is_hardly_meant_is_a_doubt() {
    let line = |word: &str, parents: &[&str]| Revision::new(id(word), parents.iter().copied().map(id).collect());
    let revisions = vec![line("a000", &[]), line("b000", &["a000"]), line("b100", &["a000"]), line("c100", &["b100"])];
    let graph = Graph::with_recorded(Scripts::default(), revisions);
    let applied: Applied = ["a000", "b000", "b100"].map(id).into_iter().collect();
    let typo = graph.downgrade(&applied, &"nosuch@base".parse().unwrap()).unwrap();
    assert_eq!((typo.steps.len(), typo.doubts().count()), (3, 1));
    let heads = graph.stamp(&applied, &["heads".parse().unwrap()], Purge::No).unwrap();
    assert_eq!(heads.doubts().count(), 1);
    assert!(heads.steps.iter().all(|step| matches!(step.op, Op::Stamp | Op::Unstamp)));
    let plain = graph.downgrade(&applied, &"base".parse().unwrap()).unwrap();
    assert_eq!((plain.steps, plain.remarks), (typo.steps, vec![]));
}

/// A graph in which each revision follows and needs some of those before it, and the numbers of some that are applied.
fn random_graph() -> impl Strategy<Value = (Graph, Vec<usize>)> {
    let one = (vec(any::<prop::sample::Index>(), 0..3), vec(any::<prop::sample::Index>(), 0..2));
    (vec(one, 1..24), vec(0..24_usize, 0..4)).prop_map(|(shape, rows)| {
        let name = |number: usize| id(&format!("r{number:03}"));
        let revisions = shape.iter().enumerate().map(|(number, (parents, needs))| {
            let pick = |picked: &[prop::sample::Index]| -> BTreeSet<RevisionId> {
                picked.iter().filter(|_| number > 0).map(|index| name(index.index(number))).collect()
            };
            let mut revision = Revision::new(name(number), pick(parents).into_iter().collect());
            revision.depends_on = pick(needs).iter().map(RevisionId::to_string).collect();
            revision
        });
        let size = shape.len();
        (
            Graph::with_recorded(Scripts::default(), revisions.collect()),
            rows.into_iter().map(|row| row % size).collect(),
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_route_up_is_complete_in_order_and_taken_back_by_the_route_down((graph, rows) in random_graph(), aim in 0..24_usize) {
        let all: Vec<RevisionId> = graph.revisions().map(|revision| revision.id.clone()).collect();
        let rows: Vec<RevisionId> = rows.into_iter().map(|row| all[row].clone()).collect();
        let before = graph.applied_at(&rows);
        let aim = &all[aim % all.len()];
        let target: Target = aim.as_str().parse().unwrap();

        let up = graph.upgrade(&before, &target).unwrap();
        let after = up.applied_after(&before);
        let wanted = graph.applied_at([aim]);
        prop_assert!(wanted.iter().all(|needed| after.contains(needed)));
        prop_assert!(up.steps.iter().all(|step| wanted.contains(&step.revision) && !before.contains(&step.revision)));
        let steps: Vec<String> = up.steps.iter().map(|step| step.revision.to_string()).collect();
        prop_assert!(is_in_order(&graph, &steps, true));
        prop_assert!(graph.upgrade(&after, &target).unwrap().steps.is_empty());
        let heads: Vec<RevisionId> = graph.current(&after).iter().map(|head| head.id.clone()).collect();
        prop_assert_eq!(&graph.applied_at(&heads), &after);

        if let Ok(down) = graph.downgrade(&after, &target) {
            let left = down.applied_after(&after);
            let steps: Vec<String> = down.steps.iter().map(|step| step.revision.to_string()).collect();
            prop_assert!(left.contains(aim) && is_in_order(&graph, &steps, false));
            match graph.downgrade(&left, &target) {
                Ok(again) => prop_assert!(again.steps.is_empty()),
                // What another branch depends on is not where the database stands.
                Err(error) => prop_assert_eq!(error.code(), "nothing_above"),
            }
        }
        let base = graph.downgrade(&after, &"base".parse().unwrap()).unwrap();
        prop_assert!(base.applied_after(&after).is_empty());
        let stamp = graph.stamp(&before, std::slice::from_ref(&target), Purge::Yes).unwrap();
        prop_assert_eq!(stamp.applied_after(&before), wanted);
    }

    #[test]
    fn no_name_and_no_script_makes_a_panic((graph, rows) in random_graph(), name in "[a-z0-9@+:-]{0,9}|(r00|head|heads|base|current|r001)(@(head|base|r002))?[+-]?[0-9]{0,2}", text in "(-- ?(revision|parents|migrate|labels): ?(a|none|up|down|b,b)?\\PC{0,6}\r?\n|'|;|\n|\\PC{0,4}){0,12}") {
        let all: Vec<RevisionId> = graph.revisions().map(|revision| revision.id.clone()).collect();
        let applied = graph.applied_at(rows.iter().map(|&row| &all[row]));
        if let Ok(target) = name.parse::<Target>() {
            for route in [graph.upgrade(&applied, &target), graph.downgrade(&applied, &target), graph.stamp(&applied, std::slice::from_ref(&target), Purge::No)] {
                match route {
                    Ok(route) => prop_assert!(route.remarks.iter().all(|remark| !remark.diagnostic().message.is_empty())),
                    Err(error) => prop_assert!(error.diagnostics().iter().all(|shown| shown.help.is_some())),
                }
            }
            let _ = (graph.resolve(&target, Some(&applied)), graph.place(&[target], Splice::Yes, &[]));
        }
        if let Ok(range) = name.parse::<Range>() {
            let _ = graph.history(Some(&range), Some(&applied));
        }
        if let Ok(script) = Script::read("a.sql", &text) {
            let parents = Some(&script.revision.parents[..]);
            let again = script.rewritten(&Rewrite { parents, ..Rewrite::default() });
            prop_assert_eq!(again.unwrap().revision, script.revision);
        }
    }
}
