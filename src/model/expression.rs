//! Expressions and literals of a model. Only what would spoil the SQL around them is refused here: what an
//! expression means is for SQLite to judge.

use toml::de::DeValue;

use super::toml_reader::{Text, Value};
use super::toml_writer;
use crate::report::Diagnostic;
use crate::schema::{Expression, Name};
use crate::token::{Token, TokenKind, is_reserved, quote_string, significant_tokens, tokens};

/// Reads an expression; outer parentheses do not count.
pub(super) fn read(text: &Text<'_>) -> Option<Expression> {
    is_one_expression(text).then(|| Expression::without_parentheses(text.as_str()))
}

/// Reads a default: a TOML literal is a value, `{ sql = "…" }` an expression.
pub(super) fn read_default(value: &Value<'_>) -> Option<Expression> {
    if value.kind().is_table() {
        let fields = value.fields("a default")?;
        let sql = fields.required("sql").and_then(|value| value.text());
        fields.finish();
        let sql = sql?;
        return is_one_expression(&sql).then(|| Expression::default_value(sql.as_str()));
    }
    read_literal(value, "a literal or `{ sql = \"…\" }`")
}

/// Reads what fills or converts rows: an expression as written, or a TOML number or truth value.
pub(super) fn read_row_work(value: &Value<'_>) -> Option<Expression> {
    const EXPECTED: &str = "an expression in quotes";
    match value.kind() {
        DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) => read_literal(value, EXPECTED),
        _ => value.text_or(EXPECTED).filter(is_one_expression).map(|text| Expression::new(text.as_str())),
    }
}

/// Reads a TOML literal as an SQL literal; anything else is a mistake in these words.
pub(super) fn read_literal(value: &Value<'_>, expected: &str) -> Option<Expression> {
    let out_of_range = |what: &str| {
        let message = format!("{what}, which no SQLite literal can be");
        value.mistake(Diagnostic::new("bad_value", message).help("write it as `{ sql = \"…\" }`"));
        None
    };
    match value.kind() {
        DeValue::String(_) => value.text().map(|text| Expression::new(quote_string(text.as_str()))),
        DeValue::Integer(integer) => match i64::from_str_radix(integer.as_str(), integer.radix()) {
            Ok(_) if integer.radix() == 10 => Some(Expression::new(integer.as_str().trim_start_matches('+'))),
            Ok(number) => Some(Expression::new(number.to_string())),
            Err(_) => out_of_range("an integer of more than 64 bits"),
        },
        DeValue::Float(float) if float.as_str().contains(['n', 'i']) => out_of_range("a number that is not finite"),
        DeValue::Float(float) => Some(Expression::new(float.as_str().trim_start_matches('+'))),
        DeValue::Boolean(flag) => Some(Expression::new(if *flag { "TRUE" } else { "FALSE" })),
        DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => {
            value.wrong_type(expected);
            None
        }
    }
}

/// Whether a text stays what it is between parentheses: whole quotes and comments, matching parentheses, no `;`.
fn is_one_expression(text: &Text<'_>) -> bool {
    let mut open: Vec<Token<'_>> = Vec::new();
    let mut any = false;
    for token in tokens(text.as_str()) {
        let wrong = if token.kind == TokenKind::Illegal {
            Some(format!("found `{}`, which is no SQL", token.text))
        } else if token.kind == TokenKind::Comment && token.text.starts_with("/*") && !token.text.ends_with("*/") {
            Some("found `/*` without its `*/`".to_owned())
        } else if token.is_operator(";") {
            Some("found `;` inside an expression".to_owned())
        } else if token.is_operator(")") && open.pop().is_none() {
            Some("found `)` without its `(`".to_owned())
        } else {
            None
        };
        if let Some(message) = wrong {
            text.mistake_in(token.span(), Diagnostic::new("unreadable_sql", message));
            return false;
        }
        if token.is_operator("(") {
            open.push(token);
        }
        any |= token.is_significant();
    }
    if let Some(token) = open.last() {
        text.mistake_in(token.span(), Diagnostic::new("unreadable_sql", "found `(` without its `)`"));
    } else if !any {
        text.mistake(Diagnostic::new("empty", "found nothing, expected an expression"));
    }
    open.is_empty() && any
}

/// The TOML literal that says an SQL literal, if there is one that reads back as the same.
pub(super) fn write_literal(expression: &Expression) -> Option<String> {
    let tokens: Vec<Token<'_>> = significant_tokens(expression.as_str()).collect();
    let (sign, value) = match tokens.as_slice() {
        [value] => ("", value),
        [sign, value] if sign.is_operator("-") && value.kind == TokenKind::Number => ("-", value),
        _ => return None,
    };
    match value.kind {
        TokenKind::String => Some(toml_writer::write(&value.unquoted())),
        TokenKind::Number => is_toml_number(value.text).then(|| format!("{sign}{}", value.text)),
        TokenKind::Word if value.is_word("TRUE") => Some("true".to_owned()),
        TokenKind::Word if value.is_word("FALSE") => Some("false".to_owned()),
        _ => None,
    }
}

/// Whether TOML reads a number and keeps its digits: `7` and `0.5` are such, `007`, `.5` and `1e3` are not.
fn is_toml_number(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let whole = |text: &str| digits(text) && (text == "0" || !text.starts_with('0'));
    match text.split_once('.') {
        Some((before, after)) => whole(before) && digits(after),
        None => whole(text) && text.parse::<i64>().is_ok(),
    }
}

/// A name as a person writes it: without quotes where SQL needs none.
pub(super) fn bare(name: &Name) -> String {
    let text = name.as_str();
    let is_word = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if is_word && !is_reserved(text) { text.to_owned() } else { name.quoted() }
}

/// SQL that begins with a quoted name, with that name as a person writes it.
pub(super) fn with_bare_name(name: &Name, sql: String) -> String {
    match sql.strip_prefix(&name.quoted()) {
        Some(rest) => format!("{}{rest}", bare(name)),
        None => sql,
    }
}

/// An expression as a person writes it in TOML: on one line where it fits, though SQL had it over several.
pub(super) fn write(expression: &Expression) -> String {
    const LONG: usize = 100;
    let text = expression.as_str();
    let is_spread = text.contains('\n');
    let has_comment = || tokens(text).any(|token| token.kind == TokenKind::Comment);
    if !is_spread || has_comment() {
        return toml_writer::write(text);
    }
    let mut line = String::with_capacity(text.len());
    let mut end = 0;
    for token in significant_tokens(text) {
        let is_apart = token.start > end && end > 0;
        if is_apart && !line.ends_with('(') && !token.is_operator(")") {
            line.push(' ');
        }
        line += token.text;
        end = token.span().end;
    }
    toml_writer::write(if line.len() <= LONG && !line.contains('\n') { &line } else { text })
}

/// What `default` is written as.
pub(super) fn write_default(default: &Expression) -> String {
    write_literal(default).unwrap_or_else(|| toml_writer::inline(&[("sql", toml_writer::write(default.as_str()))]))
}
