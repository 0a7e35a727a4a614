//! Findings as a SARIF 2.1.0 log, which code scanning and editors read
//! (<https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>).

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{ends, facts};
use crate::lint::{Finding, Linted, Rule, rules};
use crate::model::Level;
use crate::report::Place;

/// The whole log: the tool with all its rules, and a result for each finding.
pub(super) fn log(linted: &Linted) -> Value {
    let results: Vec<Value> = linted.findings.iter().map(result).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "schemactl",
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules().iter().copied().map(descriptor).collect::<Vec<_>>(),
            } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn descriptor(rule: &Rule) -> Value {
    let page = rule.page();
    json!({
        "id": rule.code,
        "name": pascal(rule.name),
        "shortDescription": { "text": rule.summary() },
        "fullDescription": { "text": rule.summary() },
        "help": { "text": page, "markdown": page },
        "defaultConfiguration": { "enabled": rule.level != Level::Off, "level": level(rule.level) },
        "properties": { "tags": [rule.group().as_str()] },
    })
}

fn result(finding: &Finding) -> Value {
    let said = &finding.diagnostic;
    let text: Vec<String> = std::iter::once(said.message.clone()).chain(facts(finding)).collect();
    let index = rules().iter().position(|rule| rule.code == finding.rule.code);
    let mut result = json!({
        "ruleId": finding.rule.code,
        "ruleIndex": index,
        "level": level(finding.level),
        "message": { "text": text.join("\n") },
    });
    if let Some(place) = &said.place {
        result["locations"] = json!([location(place)]);
    }
    result
}

fn location(place: &Place) -> Value {
    let ((line, column), (end_line, end_column)) = ends(place);
    json!({ "physicalLocation": {
        "artifactLocation": { "uri": uri(&place.source.path) },
        "region": { "startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column },
    } })
}

/// A path as a relative reference: what is no letter, digit or one of a few marks is written in hexadecimal.
fn uri(path: &str) -> String {
    let mut uri = String::new();
    for byte in path.replace('\\', "/").bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warn => "warning",
        Level::Off => "note",
    }
}

/// `drop-table` as `DropTable`, which is how SARIF writes names.
fn pascal(name: &str) -> String {
    let upper = |word: &str| word[..1].to_ascii_uppercase() + &word[1..];
    name.split('-').map(upper).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::lint::rule;
    use crate::report::{Diagnostic, Source};

    #[test]
    fn a_result_points_to_its_rule_and_its_place() {
        let source = Arc::new(Source { path: "versions/ä b.sql".to_owned(), text: "é DROP\nTABLE t;".to_owned() });
        let diagnostic =
            Diagnostic::new("SC201", "drops `t`").at(Place::new(&source, 3..13)).label("7 rows").help("say why");
        let finding = Finding { rule: rule("SC201").unwrap(), level: Level::Error, diagnostic, revision: None };
        let log = log(&Linted { findings: vec![finding], ..Linted::default() });
        let run = &log["runs"][0];
        let result = &run["results"][0];
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(run["tool"]["driver"]["rules"][index]["id"], "SC201");
        assert_eq!(run["tool"]["driver"]["rules"][index]["name"], "DropTable");
        assert_eq!(result["message"]["text"], "drops `t`\n7 rows\nhelp: say why");
        let physical = &result["locations"][0]["physicalLocation"];
        assert_eq!(physical["artifactLocation"]["uri"], "versions/%C3%A4%20b.sql");
        assert_eq!(physical["region"].to_string(), r#"{"startLine":1,"startColumn":3,"endLine":2,"endColumn":6}"#);
    }
}
