//! A few of the questions of each kind, put to the binary: what the command line does to an answer on its way.

use std::collections::BTreeMap;

use serde_json::Value;

use super::*;
use crate::support::command::{Ended, Project};

/// How many questions of each kind are asked.
const OF_EACH: usize = 3;

/// Writes the scripts of a case and brings a database to where it starts.
fn set_up(case: &Value) -> Project {
    let project = Project::new();
    project.write("migrations.toml", "[schemactl]\ndatabase = \"app.db\"\n");
    project.write("versions/.keep", "");
    for (number, revision) in case["graph"].as_array().expect("a list of revisions").iter().enumerate() {
        let list = |key: &str| words(&revision[key]).join(", ");
        let id = revision["id"].as_str().expect("an identifier");
        let parents = if words(&revision["down"]).is_empty() { "none".to_owned() } else { list("down") };
        let mut text = format!("-- revision: {id}\n-- parents: {parents}\n-- created: 2026-11-01T08:{number:02}:00Z\n");
        for key in ["labels", "depends_on"] {
            if !words(&revision[key]).is_empty() {
                text.extend(["-- ", key, ": ", &list(key), "\n"]);
            }
        }
        text += "\n-- migrate:up\nSELECT 1;\n\n-- migrate:down\nSELECT 2;\n";
        project.write(&format!("versions/{number:02}.sql"), &text);
    }
    project.run(&["ensure-version"]).ends_with(0);
    for start in words(&case["start"]) {
        project.run(&["upgrade", start]).ends_with(0);
    }
    project
}

/// The answer of the binary, in the terms of the library.
fn ask(case: &Value) -> Answer {
    let project = set_up(case);
    let direction = case["direction"].as_str().expect("a direction");
    let mut line = vec!["--format", "json", "--yes"];
    match direction {
        "resolve" => line.push("show"),
        "history" => line.extend(["history", "-r"]),
        "load" => line.extend(["upgrade", "heads"]),
        "new_revision" => line.push("revision"),
        walk => line.push(walk),
    }
    let target = &case["target"];
    match target {
        Value::Object(asked) => {
            for head in asked.get("head").map(words).unwrap_or_default() {
                line.extend(["--head", head]);
            }
            line.extend((asked.get("splice") == Some(&Value::Bool(true))).then_some("--splice"));
            for needed in asked.get("depends_on").map(words).unwrap_or_default() {
                line.extend(["--depends-on", needed]);
            }
        }
        words_or_list => line.extend(words(words_or_list)),
    }
    let ended = project.run(&line);
    let document = ended.json();
    if let Some(code) = document["error"]["code"].as_str() {
        assert!(document["error"]["help"].is_string(), "no help\n{ended}");
        ended.ends_with(2);
        return Answer::Refused(code.to_owned());
    }
    let ended = ended.ends_with(0);
    match direction {
        "resolve" | "history" => {
            let revisions = document["revisions"].as_array().expect("a list of revisions");
            Answer::Revisions(revisions.iter().map(|one| words(&one["revision"])[0].to_owned()).collect())
        }
        "new_revision" => {
            let path = document["path"].as_str().expect("a path");
            let Revision { parents, depends_on, .. } = Script::read(path, &project.read(path)).unwrap().revision;
            Answer::Placement(Placement { parents, depends_on })
        }
        "load" => Answer::Loaded,
        _ => Answer::Route(route(&project, &document, &ended)),
    }
}

fn route(project: &Project, document: &Value, ended: &Ended) -> Route {
    let steps = document["steps"].as_array().unwrap_or_else(|| panic!("no steps\n{ended}")).iter().map(|step| {
        let op = match step["op"].as_str().expect("an op") {
            "upgrade" => Op::Upgrade,
            "downgrade" => Op::Downgrade,
            "record" => Op::Stamp,
            "forget" => Op::Unstamp,
            other => panic!("no op: {other}\n{ended}"),
        };
        Step { op, revision: id(step["revision"].as_str().expect("an identifier")) }
    });
    let current = project.run(&["current", "--format", "json"]).ends_with(0).json();
    let revisions = current["revisions"].as_array().expect("a list of revisions");
    let stands = sorted(revisions.iter().map(|one| words(&one["revision"])[0].to_owned()).collect());
    let heads = sorted(words(&document["heads"]).into_iter().map(str::to_owned).collect());
    assert_eq!(heads, stands, "`current` says otherwise\n{ended}");
    Route { steps: steps.collect(), remarks: Vec::new() }
}

#[test]
fn the_binary_answers_as_the_library_does() {
    let Some(text) = shared("cases/traversal.json") else {
        println!("skipped: cases/traversal.json is not there");
        return;
    };
    let all: Value = serde_json::from_str(&text).expect("JSON");
    let mut kinds: BTreeMap<(&str, &str), Vec<&Value>> = BTreeMap::new();
    for case in all["cases"].as_array().expect("a list of cases") {
        let kind = |key: &str| case[key].as_str().expect("a word");
        kinds.entry((kind("direction"), kind("class"))).or_default().push(case);
    }
    let mut wrong = Vec::new();
    let mut asked = 0;
    for (&(direction, class), cases) in &kinds {
        // A graph that is sound is shown by every walk.
        if (direction, class) == ("load", "must_match") {
            continue;
        }
        for case in cases.iter().step_by(cases.len().div_ceil(OF_EACH)) {
            asked += 1;
            let found = judge(case, &ask(case));
            let question = format!("{} {} {} {}", case["name"], case["start"], case["direction"], case["target"]);
            wrong.extend(found.map(|why| format!("{question}: {why}")));
        }
    }
    println!("{asked} questions of {} kinds", kinds.len());
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}
