//! Findings as commands of a GitHub workflow, which shows them beside the lines of a pull request
//! (<https://docs.github.com/actions/reference/workflow-commands-for-github-actions>).

use super::{ends, facts};
use crate::lint::{Finding, Linted};
use crate::model::Level;

/// A line for each finding.
pub(super) fn annotations(linted: &Linted) -> String {
    linted.findings.iter().map(annotation).collect()
}

fn annotation(finding: &Finding) -> String {
    let command = if finding.level == Level::Error { "error" } else { "warning" };
    let mut properties = Vec::new();
    if let Some(place) = &finding.diagnostic.place {
        let ((line, column), (end_line, end_column)) = ends(place);
        properties.push(format!("file={}", property(&place.source.path)));
        properties.push(format!("line={line},endLine={end_line}"));
        // GitHub takes columns only where the place is on one line, and counts the last one in.
        if line == end_line {
            properties.push(format!("col={column},endColumn={}", end_column.saturating_sub(1).max(column)));
        }
    }
    properties.push(format!("title={}", property(&format!("{} {}", finding.rule.code, finding.rule.name))));
    let mut message = finding.diagnostic.message.clone();
    for fact in facts(finding) {
        message.push('\n');
        message.push_str(&fact);
    }
    format!("::{command} {}::{}\n", properties.join(","), data(&message))
}

/// A message: what would end the line is escaped.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property: what would end it is escaped too.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::lint::rule;
    use crate::report::{Diagnostic, Place, Source};

    #[test]
    fn what_would_end_a_command_is_escaped() {
        let source = Arc::new(Source { path: "a,b:c.sql".to_owned(), text: "x\nDROP TABLE t;".to_owned() });
        let diagnostic = Diagnostic::new("SC201", "drops 100 %").at(Place::new(&source, 2..14)).help("say why");
        let finding = Finding { rule: rule("SC201").unwrap(), level: Level::Error, diagnostic, revision: None };
        assert_eq!(
            annotation(&finding),
            "::error file=a%2Cb%3Ac.sql,line=2,endLine=2,col=1,endColumn=12,title=SC201 drop-table::drops 100 %25%0Ahelp: say why\n"
        );
    }
}
