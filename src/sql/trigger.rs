//! A trigger, read and written.

use crate::schema::{Event, Expression, Timing, Trigger};
use crate::token::{Token, significant_tokens};

use super::cursor::Cursor;
use super::error::{Problem, ReadError};
use super::{read_object_name, text};

/// The words that a statement of a trigger can begin with.
const STATEMENTS: [&str; 7] = ["UPDATE", "INSERT", "DELETE", "SELECT", "REPLACE", "WITH", "VALUES"];

/// Reads what follows `CREATE TRIGGER`.
pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<Trigger, ReadError> {
    let name = read_object_name(cursor, "the name of the trigger")?;
    let timing = if cursor.accept("AFTER") {
        Timing::After
    } else if cursor.accept("INSTEAD OF") {
        Timing::InsteadOf
    } else {
        cursor.accept("BEFORE");
        Timing::Before
    };
    let event = read_event(cursor)?;
    cursor.expect("ON")?;
    let mut table = cursor.name("the name of a table or a view")?;
    if cursor.accept_operator(".") {
        // A trigger belongs to the database of its table; SQLite does not look at the qualifier again.
        table = cursor.name("the name of a table or a view")?;
    }
    cursor.accept("FOR EACH ROW");
    let when = if cursor.accept("WHEN") { Some(read_when(cursor)?) } else { None };
    cursor.expect("BEGIN")?;
    let body = read_body(cursor)?;
    Ok(Trigger { name, table, timing, event, when, body })
}

fn read_event(cursor: &mut Cursor<'_>) -> Result<Event, ReadError> {
    if cursor.accept("INSERT") {
        return Ok(Event::Insert);
    }
    if cursor.accept("DELETE") {
        return Ok(Event::Delete);
    }
    if !cursor.accept("UPDATE") {
        return Err(cursor.unexpected("`INSERT`, `UPDATE` or `DELETE`"));
    }
    let mut columns = Vec::new();
    if cursor.accept("OF") {
        columns.push(cursor.name("a column")?);
        while cursor.accept_operator(",") {
            columns.push(cursor.name("a column")?);
        }
    }
    Ok(Event::Update(columns))
}

/// Reads the condition up to the BEGIN that opens the body: the one before a statement, since `begin` can be a name.
fn read_when(cursor: &mut Cursor<'_>) -> Result<Expression, ReadError> {
    let place = cursor.unexpected("a condition");
    let rest = cursor.rest();
    let begin = rest.windows(2).position(|pair| pair[0].is_word("BEGIN") && begins_statement(&pair[1]));
    let Some(begin) = begin else {
        cursor.skip_rest();
        return Err(cursor.unexpected("`BEGIN` and a statement"));
    };
    let kept = rest.len() - begin;
    if let Some(mark) = rest[..begin].iter().find(|token| token.is_operator(";")) {
        return Err(ReadError { problem: Problem::SecondStatement, span: mark.span() });
    }
    match cursor.take_expression(kept)? {
        "" => Err(place),
        text => Ok(Expression::without_parentheses(text)),
    }
}

fn begins_statement(token: &Token<'_>) -> bool {
    STATEMENTS.iter().any(|word| token.is_word(word))
}

/// Reads the statements up to the END at the end of the text.
fn read_body(cursor: &mut Cursor<'_>) -> Result<Expression, ReadError> {
    if !cursor.rest().first().is_some_and(begins_statement) {
        return Err(cursor.unexpected("`UPDATE`, `INSERT`, `DELETE` or `SELECT`"));
    }
    // No statement begins with END: an END after a `;` closes the trigger.
    let end = cursor.rest().windows(2).position(|pair| pair[0].is_operator(";") && pair[1].is_word("END"));
    let Some(end) = end else {
        cursor.skip_rest();
        return Err(cursor.unexpected("`;` and `END`"));
    };
    let after_end = cursor.rest().len() - end - 2;
    let start = cursor.taken_end();
    cursor.take_expression(after_end + 1)?;
    let body = Expression::new(cursor.text_since(start));
    cursor.expect("END")?;
    cursor.end("nothing after `END`")?;
    Ok(body)
}

/// Writes a trigger, its statements as they are.
#[must_use]
pub fn write_trigger(trigger: &Trigger) -> String {
    let Trigger { name, table, timing, event, when, body } = trigger;
    let timing = match timing {
        Timing::Before => "BEFORE",
        Timing::After => "AFTER",
        Timing::InsteadOf => "INSTEAD OF",
    };
    let event = match event {
        Event::Insert => "INSERT".to_owned(),
        Event::Delete => "DELETE".to_owned(),
        Event::Update(columns) if columns.is_empty() => "UPDATE".to_owned(),
        Event::Update(columns) => format!("UPDATE OF {}", text::quoted_list(columns)),
    };
    let when = when.as_ref().map_or_else(String::new, |when| format!("\nWHEN {}", write_when(when)));
    format!("CREATE TRIGGER {} {timing} {event} ON {}{when}\nBEGIN\n  {body}\nEND", name.quoted(), table.quoted())
}

/// A SELECT is an expression in parentheses only.
fn write_when(when: &Expression) -> String {
    let sql = text::without_comments(when.as_str());
    let is_query = significant_tokens(&sql).next().is_some_and(|token| begins_statement(&token));
    if is_query { format!("({sql})") } else { sql }
}

#[cfg(test)]
mod tests {
    use super::super::{Statement, read};
    use super::*;

    fn trigger(sql: &str) -> Trigger {
        match read(sql) {
            Ok(Statement::Trigger(trigger)) => trigger,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_body_is_kept_with_its_comments() {
        let trigger = trigger(
            "CREATE TRIGGER t INSTEAD OF UPDATE OF a,b ON v WHEN new.begin BEGIN -- why\n  DELETE FROM t;\n  -- done\nEND;",
        );
        assert_eq!(trigger.body.as_str(), "-- why\n  DELETE FROM t;\n  -- done");
        assert_eq!(
            write_trigger(&trigger),
            "CREATE TRIGGER \"t\" INSTEAD OF UPDATE OF \"a\", \"b\" ON \"v\"\nWHEN new.begin\nBEGIN\n  -- why\n  \
             DELETE FROM t;\n  -- done\nEND"
        );
    }

    #[test]
    fn a_condition_keeps_the_parentheses_of_a_query_only() {
        for (when, written) in [
            ("((SELECT 1))", "\nWHEN (SELECT 1)\n"),
            ("(new.a > 0)", "\nWHEN new.a > 0\n"),
            ("new.a -- so\n", "\nWHEN new.a\n"),
            ("(WITH x AS (SELECT 1) SELECT * FROM x)", "\nWHEN (WITH"),
        ] {
            let trigger = trigger(&format!("CREATE TRIGGER t INSERT ON t WHEN {when} BEGIN SELECT 1; END"));
            let sql = write_trigger(&trigger);
            assert!(sql.contains(written), "{sql}");
            assert_eq!(read(&sql), Ok(Statement::Trigger(trigger)));
        }
    }
}
