//! Defaults that are the text of an expression, where its value was meant.

use crate::lint::found::Found;
use crate::lint::rule::{Check, rule};
use crate::lint::subject::Subject;
use crate::schema::Expression;
use crate::token::{Token, TokenKind, enclosing_parentheses, significant_tokens};

rule! {
    /// A default of text that reads as SQL, such as `'CURRENT_TIMESTAMP'`.
    ///
    /// # Why
    ///
    /// What stands in quotes is the value itself: each new row gets the word `CURRENT_TIMESTAMP`, and not the time. In a
    /// model a string is a text as well: `default = "CURRENT_TIMESTAMP"` is that word.
    ///
    /// # Bad
    ///
    /// ```sql
    /// CREATE TABLE event (id INTEGER PRIMARY KEY, at TEXT NOT NULL DEFAULT 'CURRENT_TIMESTAMP');
    /// ```
    ///
    /// # Good
    ///
    /// ```sql
    /// CREATE TABLE event (id INTEGER PRIMARY KEY, at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP);
    /// ```
    ///
    /// # Fix
    ///
    /// Take it out of its quotes; in a model write `default = { sql = "CURRENT_TIMESTAMP" }`.
    "SC119", "sql-as-text", Warn, Check::Schema(check)
}

/// Functions whose value people want as a default.
const FUNCTIONS: [&str; 14] = [
    "ABS",
    "DATE",
    "DATETIME",
    "HEX",
    "JULIANDAY",
    "LOWER",
    "NOW",
    "RANDOM",
    "RANDOMBLOB",
    "STRFTIME",
    "TIME",
    "UNIXEPOCH",
    "UPPER",
    "UUID",
];

fn check(subject: &Subject<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    for table in subject.tables() {
        for column in &table.columns {
            let Some(text) = column.default.as_ref().and_then(sql_in_quotes) else { continue };
            let message = format!("the default of `{}.{}` is the text {text:?}", table.name, column.name);
            let help = format!("where its value is meant, write `default = {{ sql = {text:?} }}` in the model");
            found.push(Found::column(table, &column.name, message).help(help));
        }
    }
    found
}

/// The text of a default, where it is one and reads as SQL: a time, or one of these functions called.
fn sql_in_quotes(default: &Expression) -> Option<String> {
    let tokens: Vec<Token<'_>> = significant_tokens(default.as_str()).collect();
    let [only] = tokens.as_slice() else { return None };
    if only.kind != TokenKind::String {
        return None;
    }
    let text = only.unquoted().into_owned();
    let tokens: Vec<Token<'_>> = significant_tokens(&text).collect();
    let is_one_of = |token: &Token<'_>, words: &[&str]| words.iter().any(|word| token.is_word(word));
    let is_sql = match tokens.as_slice() {
        [word] => is_one_of(word, &["CURRENT_TIMESTAMP", "CURRENT_DATE", "CURRENT_TIME"]),
        [name, rest @ ..] => is_one_of(name, &FUNCTIONS) && is_arguments(name, rest),
        [] => false,
    };
    is_sql.then_some(text)
}

/// Whether what follows the name of a function are its arguments, as a default can have them: no column can be named in
/// one, so that each word is a function again, or a value.
fn is_arguments(name: &Token<'_>, rest: &[Token<'_>]) -> bool {
    const VALUES: [&str; 6] = ["NULL", "TRUE", "FALSE", "CURRENT_TIMESTAMP", "CURRENT_DATE", "CURRENT_TIME"];
    let [open, arguments @ .., close] = rest else { return false };
    let is_called = open.is_operator("(") && open.start == name.span().end && close.is_operator(")");
    let is_value = |at: usize, token: &Token<'_>| {
        token.kind != TokenKind::Word
            || VALUES.iter().any(|value| token.is_word(value))
            || arguments.get(at + 1).is_some_and(|next| next.is_operator("("))
    };
    is_called && enclosing_parentheses(rest) > 0 && arguments.iter().enumerate().all(|(at, token)| is_value(at, token))
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::{clean, finds};

    #[test]
    fn times_and_calls_in_quotes_are_told_and_other_text_is_not() {
        for text in
            ["current_date", "datetime(''now'')", "NOW()", "strftime(''%s'', ''now'')", "lower(hex(randomblob(16)))"]
        {
            finds("SC119", &format!("CREATE TABLE t (id INTEGER PRIMARY KEY, a DEFAULT '{text}')"), "is the text");
        }
        for default in
            ["'now'", "'f(x)'", "'NULL'", "'time (s)x'", "CURRENT_DATE", "(datetime('now'))", "7", "'random'"]
                .into_iter()
                .chain(["'time(s)'", "'Now (soon)'", "'Date (1)'", "'now() or (never)'", "'lower(than this)'"])
        {
            clean("SC119", &format!("CREATE TABLE t (id INTEGER PRIMARY KEY, a DEFAULT {default})"));
        }
    }
}
