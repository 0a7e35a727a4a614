//! The rules against their own pages, and what the tests of single rules stand on.

use super::replay::lint_script;
use super::scope::judge_schema;
use super::{Group, Levels, Linted, Rule, rule, rules};
use crate::database::{Filter, Scratch};
use crate::model::{Level, LintSetting};
use crate::report::{Place, Source};
use crate::revision::Script;

const MARK: &str = "-- migrate:up";

/// The levels with every rule at work.
fn all_on() -> Levels {
    let source = std::sync::Arc::new(Source { path: String::new(), text: String::new() });
    let off = rules().iter().filter(|rule| rule.level == Level::Off);
    let on =
        |rule: &&Rule| LintSetting { code: rule.code.to_owned(), level: Level::Warn, place: Place::new(&source, 0..0) };
    Levels::new(&off.map(on).collect::<Vec<_>>()).unwrap()
}

/// Lints a schema, or, with a marker in it, what stands before the marker as a schema and the rest as a revision of it.
fn lint(sql: &str, rows: Option<&str>) -> Linted {
    let Some(at) = sql.find(MARK) else { return lint_schema(sql, &all_on()) };
    let text = format!("-- revision: a\n-- parents: none\n{}\n", &sql[at..]);
    lint_script(&sql[..at], rows, &Script::read("a.sql", &text).unwrap(), &all_on())
}

/// Judges the schema that a script makes.
fn lint_schema(sql: &str, levels: &Levels) -> Linted {
    let mut scratch = Scratch::empty().unwrap();
    scratch.run(sql).unwrap_or_else(|failure| panic!("{sql}: {failure}"));
    let schema = scratch.schema(&Filter::default()).unwrap();
    let mut scratch = Scratch::build(&schema).unwrap();
    let mut linted = Linted::default();
    judge_schema(&mut scratch, &schema, None, levels, &mut linted).unwrap();
    linted
}

/// What a rule finds, a line each.
pub(super) fn lines(code: &str, sql: &str) -> Vec<String> {
    told(code, &lint(sql, None))
}

/// The same for a revision of a database with rows.
pub(super) fn lines_with_rows(code: &str, rows: &str, sql: &str) -> Vec<String> {
    told(code, &lint(sql, Some(rows)))
}

fn told(code: &str, linted: &Linted) -> Vec<String> {
    let own = linted.findings.iter().filter(|finding| finding.rule.code == code);
    own.map(|finding| {
        let said = &finding.diagnostic;
        format!("{} {} {} {}", said.message, said.label, said.notes.join(" "), said.help.as_deref().unwrap_or_default())
    })
    .collect()
}

/// Fails unless a rule finds something with these words in it.
pub(super) fn finds(code: &str, sql: &str, words: &str) {
    let lines = lines(code, sql);
    assert!(lines.iter().any(|line| line.contains(words)), "{code} in {sql}\nfinds {lines:#?}");
}

/// Fails if a rule finds something.
pub(super) fn clean(code: &str, sql: &str) {
    assert_eq!(lines(code, sql), Vec::<String>::new(), "{code} in {sql}");
}

/// The SQL under a heading of a rule's page.
fn example(rule: &Rule, heading: &str) -> Option<String> {
    let page = rule.page();
    let (_, rest) = page.split_once(&format!("# {heading}\n\n```sql\n"))?;
    rest.split_once("\n```").map(|(sql, _)| sql.to_owned())
}

#[test]
fn each_page_has_a_bad_example_that_is_found_and_a_good_one_that_is_not() {
    for rule in rules() {
        if rule.group() == Group::Linting || rule.needs_rows() {
            continue;
        }
        let bad = example(rule, "Bad").unwrap_or_else(|| panic!("{} has no bad example", rule.code));
        let good = example(rule, "Good").unwrap_or_else(|| panic!("{} has no good example", rule.code));
        assert!(!lines(rule.code, &bad).is_empty(), "{} finds nothing in\n{bad}", rule.code);
        clean(rule.code, &good);
    }
}

#[test]
fn each_page_says_what_why_and_how_to_mend_it() {
    for rule in rules() {
        let page = rule.page();
        assert!(rule.summary().len() > 10 && !rule.summary().contains('\n'), "{}", rule.code);
        for heading in ["# Why\n\n", "# Fix\n\n"] {
            assert!(page.contains(heading), "{} lacks {heading}", rule.code);
        }
        let name = rule.name;
        assert!(name.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{name}");
    }
}

#[test]
fn codes_and_names_are_given_once_and_in_order() {
    let codes: Vec<&str> = rules().iter().map(|rule| rule.code).collect();
    let mut sorted = codes.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(codes, sorted);
    let mut names: Vec<&str> = rules().iter().map(|rule| rule.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), codes.len());
    assert_eq!(rule("sc101").map(|rule| rule.name), Some("foreign-key-without-index"));
    assert_eq!(rule("drop-table").map(|rule| rule.code), Some("SC201"));
}

#[test]
fn the_json_schema_of_the_model_knows_every_code_and_no_other() {
    let schema: serde_json::Value = serde_json::from_str(crate::model::json_schema()).unwrap();
    let known = schema["$defs"]["lint"]["properties"].as_object().unwrap();
    let codes: Vec<&str> = rules().iter().map(|rule| rule.code).collect();
    assert_eq!(known.keys().map(String::as_str).collect::<Vec<_>>(), codes);
    for rule in rules() {
        assert_eq!(known[rule.code]["default"], rule.level.as_str(), "{}", rule.code);
        assert_eq!(known[rule.code]["description"], rule.summary(), "{}", rule.code);
    }
}

/// Public projects' schemas are mostly well made. What is found in them is worth a thought each time, and an error once:
/// a `REFERENCE` that was meant as REFERENCES.
#[test]
fn real_schemas_are_left_in_peace() {
    let beside = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let shared = std::env::var_os("SCHEMACTL_SHARED").map_or(beside, Into::into);
    let Ok(folder) = std::fs::read_dir(shared.join("corpus/schemas")) else {
        println!("skipped: no corpus at {}", shared.display());
        return;
    };
    let mut errors = Vec::new();
    for entry in folder {
        let path = entry.unwrap().path();
        let sql = std::fs::read_to_string(&path).unwrap();
        let linted = lint_schema(&sql, &Levels::default());
        for finding in &linted.findings {
            let is_plausible = ["SC101", "SC104", "SC109", "SC110", "SC112", "SC114"].contains(&finding.rule.code);
            if finding.level == Level::Error {
                errors.push(finding.diagnostic.message.clone());
            } else {
                assert!(is_plausible, "{}: {} {}", path.display(), finding.rule.code, finding.diagnostic.message);
            }
        }
    }
    assert_eq!(errors, ["`tagxref.rid` is of the type `INTEGER REFERENCE blob`: `REFERENCE` is a part of it"]);
}
