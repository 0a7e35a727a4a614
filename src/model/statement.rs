//! Whole CREATE statements inside a model: under `sql` in TOML, and in `.sql` files.

use std::ops::Range;
use std::sync::Arc;

use super::draft::Draft;
use super::foreign_key;
use super::toml_reader::{Mistakes, Text};
use crate::report::{Diagnostic, Source};
use crate::schema::{Name, ObjectKind, ObjectRef};
use crate::sql::{self, ReadError, Statement};
use crate::token::{Token, TokenKind, significant_tokens, tokens};

/// Reads a text that is one CREATE statement.
pub(super) fn read(text: &Text<'_>) -> Option<Statement> {
    sql::read(text.as_str()).map_err(|error| text.mistake_in(error.span.clone(), error.diagnostic())).ok()
}

/// Reads a text that is what follows the beginning of a CREATE statement.
pub(super) fn read_after(beginning: &str, text: &Text<'_>) -> Option<Statement> {
    match sql::read(&format!("{beginning}{}", text.as_str())) {
        Ok(statement) => Some(statement),
        Err(error) => {
            let ReadError { span, .. } = &error;
            let inside = |at: usize| at.saturating_sub(beginning.len()).min(text.as_str().len());
            text.mistake_in(inside(span.start)..inside(span.end), error.diagnostic());
            None
        }
    }
}

/// Whether a text is a whole CREATE statement, rather than a part of one.
pub(super) fn is_whole(text: &Text<'_>) -> bool {
    significant_tokens(text.as_str()).next().is_some_and(|token| token.is_word("CREATE"))
}

/// Notes that a statement makes another object than the one that it stands under.
pub(super) fn not_that(text: &Text<'_>, found: &Statement, kind: ObjectKind, name: &Name) {
    let (found_kind, found_name) = match found {
        Statement::Table(table) => (ObjectKind::Table, &table.name),
        Statement::Index { index, .. } => (ObjectKind::Index, &index.name),
        Statement::View(view) => (ObjectKind::View, &view.name),
        Statement::Trigger(trigger) => (ObjectKind::Trigger, &trigger.name),
        Statement::VirtualTable(table) => (ObjectKind::VirtualTable, &table.name),
    };
    let message = format!("found {found_kind} `{found_name}`, expected {kind} `{name}`");
    text.mistake_in(name_place(text.as_str()), Diagnostic::new("wrong_statement", message));
}

/// Reads a `.sql` file: CREATE statements and nothing else.
pub(super) fn read_file(source: &Arc<Source>, draft: &mut Draft<'_>, mistakes: &Mistakes) {
    let Some(file) = Text::of_file(source, mistakes) else { return };
    let spans = split(file.as_str());
    for (at, span) in spans.iter().enumerate() {
        let text = file.part(span.clone());
        let place = text.place_of(name_place(text.as_str()));
        let statement = read(&text);
        if let Some(statement) = &statement {
            for (code, reason, span) in agreements(file.as_str(), &spans, at) {
                draft.allow(described(statement), code, reason, file.place_of(span));
            }
        }
        match statement {
            None => {}
            Some(Statement::Table(table)) => {
                draft.claim(ObjectKind::Table, &table.name, place);
                draft.add_passages(ObjectKind::Table, &table.name, std::slice::from_ref(&text));
                draft.add_references(&table.name, foreign_key::of_sql(&text, &table.foreign_keys, false));
                draft.add_table(table);
            }
            Some(Statement::Index { table, index }) => {
                draft.claim(ObjectKind::Index, &index.name, place);
                draft.add_passages(ObjectKind::Index, &index.name, std::slice::from_ref(&text));
                draft.add_index(table, index, text.place_of(table_place(text.as_str())));
            }
            Some(Statement::View(view)) => {
                draft.claim(ObjectKind::View, &view.name, place);
                draft.add_passages(ObjectKind::View, &view.name, std::slice::from_ref(&text));
                draft.add_view(view);
            }
            Some(Statement::Trigger(trigger)) => {
                draft.claim(ObjectKind::Trigger, &trigger.name, place);
                draft.add_passages(ObjectKind::Trigger, &trigger.name, std::slice::from_ref(&text));
                draft.add_trigger(trigger, &text);
            }
            Some(Statement::VirtualTable(table)) => {
                draft.claim(ObjectKind::VirtualTable, &table.name, place);
                draft.add_passages(ObjectKind::VirtualTable, &table.name, std::slice::from_ref(&text));
                draft.add_virtual_table(table);
            }
        }
    }
}

/// The statements of a text, without the `;` between them. A trigger ends at the `;` after an END after a `;`, as for
/// SQLite's own shell (<https://www.sqlite.org/c3ref/complete.html>).
fn split(text: &str) -> Vec<Range<usize>> {
    let mut statements = Vec::new();
    let mut statement: Vec<Token<'_>> = Vec::new();
    let bom = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    for token in tokens(&text[bom..]).filter(Token::is_significant) {
        let is_trigger = statement.iter().take(3).any(|token| token.is_word("TRIGGER"));
        let is_at_end = match statement.as_slice() {
            [.., mark, end] if is_trigger => mark.is_operator(";") && end.is_word("END"),
            _ => !is_trigger,
        };
        if token.is_operator(";") && is_at_end {
            statements.extend(span(&statement));
            statement.clear();
        } else {
            statement.push(token);
        }
    }
    statements.extend(span(&statement));
    statements.iter().map(|span| span.start + bom..span.end + bom).collect()
}

fn span(statement: &[Token<'_>]) -> Option<Range<usize>> {
    Some(statement.first()?.start..statement.last()?.span().end)
}

/// What comments agree to about a statement: those in it, on the line where it ends, or else before it.
fn agreements<'t>(text: &'t str, spans: &[Range<usize>], at: usize) -> Vec<(&'t str, &'t str, Range<usize>)> {
    let is_of = |comment: usize| {
        let line = text[..comment].rfind('\n').map_or(0, |end| end + 1);
        let on_line = spans.iter().position(|span| span.end > line && span.end <= comment);
        on_line.or_else(|| spans.iter().position(|span| span.end > comment)) == Some(at)
    };
    let bom = text.len() - text.trim_start_matches('\u{feff}').len();
    let comments = tokens(&text[bom..]).filter(|token| token.kind == TokenKind::Comment);
    let agreed = comments.filter_map(|token| {
        let (code, reason) = sql::agreement(token.text)?;
        let start = token.start + bom;
        is_of(start).then(|| (code, reason, start..start + token.text.trim_end().len()))
    });
    agreed.collect()
}

/// The object about which findings on a statement are.
fn described(statement: &Statement) -> ObjectRef {
    match statement {
        Statement::Table(table) => ObjectRef::new(ObjectKind::Table, &table.name),
        Statement::Index { table, .. } => ObjectRef::new(ObjectKind::Table, table),
        Statement::View(view) => ObjectRef::new(ObjectKind::View, &view.name),
        Statement::Trigger(trigger) => ObjectRef::new(ObjectKind::Trigger, &trigger.name),
        Statement::VirtualTable(table) => ObjectRef::new(ObjectKind::VirtualTable, &table.name),
    }
}

/// Where a CREATE statement names what it makes; where it begins if it does not.
fn name_place(sql: &str) -> Range<usize> {
    let is_before = |token: &Token<'_>| {
        ["CREATE", "UNIQUE", "VIRTUAL", "TEMP", "TEMPORARY", "TABLE", "INDEX", "VIEW", "TRIGGER", "IF", "NOT", "EXISTS"]
            .iter()
            .any(|word| token.is_word(word))
    };
    let mut rest = significant_tokens(sql).skip_while(is_before);
    let name = rest.next();
    let last = match rest.next() {
        Some(dot) if dot.is_operator(".") => rest.next(),
        _ => None,
    };
    last.or(name).map_or(0..sql.len(), |token| token.span())
}

/// Where a CREATE INDEX names its table.
fn table_place(sql: &str) -> Range<usize> {
    let name = significant_tokens(sql).skip_while(|token| !token.is_word("ON")).nth(1);
    name.map_or(0..sql.len(), |token| token.span())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_split_at_the_ends_of_its_statements() {
        let text = "\u{feff}-- one;\nCREATE TABLE a(x DEFAULT ';');\n;CREATE TRIGGER t AFTER INSERT ON a BEGIN\n \
                    SELECT CASE x WHEN 1 THEN 2 END; SELECT 1 AS \"end\"; END ;\nCREATE VIEW v AS SELECT 1 /* ; */";
        let statements: Vec<&str> = split(text).into_iter().map(|span| &text[span]).collect();
        assert_eq!(statements.len(), 3, "{statements:?}");
        assert_eq!(statements[0], "CREATE TABLE a(x DEFAULT ';')");
        assert!(statements[1].starts_with("CREATE TRIGGER") && statements[1].ends_with("END"), "{}", statements[1]);
        assert_eq!(statements[2], "CREATE VIEW v AS SELECT 1");
    }

    #[test]
    fn a_comment_is_about_the_statement_on_its_line_around_it_or_after_it() {
        let text = "\u{feff}-- schemactl: allow A before\nCREATE TABLE a(x); -- schemactl: allow B on the line\n\
                    CREATE VIEW v AS -- schemactl: allow C inside\nSELECT 1;\n-- another\n";
        let spans = split(text);
        let codes = |at| agreements(text, &spans, at).into_iter().map(|(code, ..)| code).collect::<Vec<_>>();
        assert_eq!((codes(0), codes(1)), (vec!["A", "B"], vec!["C"]));
        let (_, reason, span) = agreements(text, &spans, 0).remove(1);
        assert_eq!((reason, &text[span]), ("on the line", "-- schemactl: allow B on the line"));
    }

    #[test]
    fn the_name_of_an_object_is_found_in_its_statement() {
        for sql in ["CREATE TABLE IF NOT EXISTS main.\"a b\" (x)", "create unique index \"a b\" on t(x)"] {
            assert_eq!(&sql[name_place(sql)], "\"a b\"");
        }
        assert_eq!(table_place("CREATE INDEX i ON t(x)"), 18..19);
    }
}
