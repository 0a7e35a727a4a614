//! An index and its terms, read and written.

use crate::schema::{Expression, Index, IndexKey, IndexTerm, Name};
use crate::token::{Token, TokenKind, enclosing_parentheses, is_reserved, significant_tokens};

use super::cursor::{Cursor, slice};
use super::error::{Problem, ReadError};
use super::{read_object_name, text};

/// Reads what follows `CREATE`: the table and the index.
pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<(Name, Index), ReadError> {
    let unique = cursor.accept("UNIQUE");
    cursor.expect("INDEX")?;
    let name = read_object_name(cursor, "the name of the index")?;
    cursor.expect("ON")?;
    let table = cursor.name("the name of the table")?;
    cursor.expect_operator("(")?;
    let mut terms = Vec::new();
    loop {
        terms.push(read_term(cursor)?);
        if !cursor.accept_operator(",") {
            break;
        }
    }
    if !cursor.accept_operator(")") {
        return Err(cursor.unexpected("`,` or `)`"));
    }
    let predicate = if cursor.accept("WHERE") { Some(read_predicate(cursor)?) } else { None };
    cursor.end("`WHERE` or the end")?;
    Ok((table, Index { name, unique, terms, predicate }))
}

fn read_predicate(cursor: &mut Cursor<'_>) -> Result<Expression, ReadError> {
    let place = cursor.unexpected("a condition");
    match cursor.take_expression(0)? {
        "" => Err(place),
        text => Ok(Expression::without_parentheses(text)),
    }
}

fn read_term(cursor: &mut Cursor<'_>) -> Result<IndexTerm, ReadError> {
    let text = cursor.text();
    match cursor.list_item() {
        [] => Err(cursor.unexpected("a column or an expression")),
        item => term(text, item),
    }
}

/// Reads one term of an index: `lower(email) COLLATE NOCASE DESC`.
pub fn read_index_term(text: &str) -> Result<IndexTerm, ReadError> {
    let mut cursor = Cursor::new(text)?;
    let term = read_term(&mut cursor)?;
    cursor.end("the end of the term")?;
    Ok(term)
}

/// What the tokens of one term say, the text being what they were read from.
pub(super) fn term(text: &str, tokens: &[Token<'_>]) -> Result<IndexTerm, ReadError> {
    let (tokens, descending) = split_order(tokens)?;
    let (tokens, collate) = split_collation(peeled(tokens));
    // `((a COLLATE x) COLLATE y)` is the column a with the outermost collation.
    let mut innermost = tokens;
    while let (inner, Some(_)) = split_collation(innermost) {
        innermost = inner;
    }
    let key = match column(innermost) {
        Some(name) => IndexKey::Column(name),
        None => IndexKey::Expression(Expression::without_parentheses(slice(text, tokens))),
    };
    Ok(IndexTerm { key, collate, descending })
}

/// A term without `ASC` or `DESC` at its end, and whether it descends. `a || desc` ends in a column.
fn split_order<'t, 'a>(tokens: &'t [Token<'a>]) -> Result<(&'t [Token<'a>], bool), ReadError> {
    if let [.., before, nulls, last] = tokens
        && nulls.is_word("NULLS")
        && (last.is_word("FIRST") || last.is_word("LAST"))
        && ends_operand(before)
    {
        return Err(ReadError { problem: Problem::NullsOrder, span: nulls.start..last.span().end });
    }
    match tokens {
        [term @ .., last] if term.last().is_some_and(ends_operand) => {
            if last.is_word("DESC") {
                Ok((term, true))
            } else if last.is_word("ASC") {
                Ok((term, false))
            } else {
                Ok((tokens, false))
            }
        }
        _ => Ok((tokens, false)),
    }
}

/// Whether an operand can end in this token.
fn ends_operand(token: &Token<'_>) -> bool {
    const WORDS: [&str; 8] =
        ["NULL", "TRUE", "FALSE", "CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP", "ISNULL", "NOTNULL"];
    match token.kind {
        TokenKind::Operator => token.is_operator(")"),
        TokenKind::Word => !is_reserved(token.text) || WORDS.iter().any(|word| token.is_word(word)),
        _ => true,
    }
}

/// A term without the `COLLATE` that holds for all of it, and that collation: in `a + b COLLATE x` it holds for b
/// alone, since it binds tighter than every operator but the signs before an operand.
fn split_collation<'t, 'a>(tokens: &'t [Token<'a>]) -> (&'t [Token<'a>], Option<Name>) {
    match tokens {
        [operand @ .., word, name] if word.is_word("COLLATE") && is_operand(operand) => {
            (peeled(operand), Some(Name::new(name.unquoted())))
        }
        _ => (tokens, None),
    }
}

/// Whether tokens are one operand: a name, a value, a call, parentheses or a CASE, signs before it and collations
/// after it included.
fn is_operand(tokens: &[Token<'_>]) -> bool {
    let mut tokens = tokens;
    while let [operand @ .., word, _] = tokens {
        if !word.is_word("COLLATE") {
            break;
        }
        tokens = operand;
    }
    while let [sign, operand @ ..] = tokens {
        if !["+", "-", "~"].iter().any(|operator| sign.is_operator(operator)) {
            break;
        }
        tokens = operand;
    }
    match tokens {
        [] => false,
        [only] => only.kind != TokenKind::Operator,
        [first, .., last] if first.is_word("CASE") && last.is_word("END") => {
            closes_at_the_end(tokens, |token| token.is_word("CASE"), |token| token.is_word("END"))
        }
        [first, arguments @ ..] => {
            let enclosed = match first.kind {
                TokenKind::Word | TokenKind::QuotedName => arguments,
                _ => tokens,
            };
            enclosed.first().is_some_and(|token| token.is_operator("("))
                && closes_at_the_end(enclosed, |token| token.is_operator("("), |token| token.is_operator(")"))
        }
    }
}

/// Whether what the first token opens is closed by the last.
fn closes_at_the_end(
    tokens: &[Token<'_>],
    opens: impl Fn(&Token<'_>) -> bool,
    closes: impl Fn(&Token<'_>) -> bool,
) -> bool {
    let mut depth = 0_usize;
    for (place, token) in tokens.iter().enumerate() {
        if opens(token) {
            depth += 1;
        } else if closes(token) {
            depth = depth.saturating_sub(1);
        }
        if depth == 0 {
            return place + 1 == tokens.len();
        }
    }
    false
}

/// Tokens without the parentheses that enclose all of them.
fn peeled<'t, 'a>(tokens: &'t [Token<'a>]) -> &'t [Token<'a>] {
    let enclosing = enclosing_parentheses(tokens);
    &tokens[enclosing..tokens.len() - enclosing]
}

/// The column that a single token names. SQLite takes a `'string'` there for a name.
fn column(tokens: &[Token<'_>]) -> Option<Name> {
    match tokens {
        [only] => match only.kind {
            TokenKind::QuotedName | TokenKind::String => Some(Name::new(only.unquoted())),
            TokenKind::Word if !is_reserved(only.text) => Some(Name::new(only.text)),
            _ => None,
        },
        _ => None,
    }
}

/// Writes an index on a table of that name.
#[must_use]
pub fn write_index(table: &Name, index: &Index) -> String {
    let Index { name, unique, terms, predicate } = index;
    let unique = if *unique { "UNIQUE " } else { "" };
    let terms = terms.iter().map(write_index_term).collect::<Vec<_>>().join(", ");
    let predicate = predicate
        .as_ref()
        .map_or_else(String::new, |predicate| format!(" WHERE {}", text::without_comments(predicate.as_str())));
    format!("CREATE {unique}INDEX {} ON {} ({terms}){predicate}", name.quoted(), table.quoted())
}

/// Writes one term of an index.
#[must_use]
pub fn write_index_term(term: &IndexTerm) -> String {
    let IndexTerm { key, collate, descending } = term;
    let key = match key {
        IndexKey::Column(name) => name.quoted(),
        IndexKey::Expression(expression) => {
            let sql = text::without_comments(expression.as_str());
            let tokens: Vec<Token<'_>> = significant_tokens(&sql).collect();
            if collate.is_none() || is_operand(&tokens) { sql } else { format!("({sql})") }
        }
    };
    let descending = if *descending { " DESC" } else { "" };
    format!("{key}{}{descending}", text::collate(collate.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collation_holds_for_the_term_only_after_a_single_operand() {
        for (text, key, collate, descending) in [
            ("a", "column a", None, false),
            ("'a' ASC", "column a", None, false),
            ("\"a b\" COLLATE nocase DESC", "column a b", Some("nocase"), true),
            ("((a))", "column a", None, false),
            ("(a COLLATE x)", "column a", Some("x"), false),
            ("((a COLLATE x) COLLATE y) DESC", "column a", Some("y"), true),
            ("a COLLATE x COLLATE y", "column a", Some("y"), false),
            ("a + b COLLATE x", "a + b COLLATE x", None, false),
            ("(a + b) COLLATE x", "a + b", Some("x"), false),
            ("(a) + (b)", "(a) + (b)", None, false),
            ("(a) + (b) COLLATE x", "(a) + (b) COLLATE x", None, false),
            ("lower(a) COLLATE x DESC", "lower(a)", Some("x"), true),
            ("lower(a) COLLATE x COLLATE y", "lower(a) COLLATE x", Some("y"), false),
            ("\"lower\"(a) COLLATE 'x'", "\"lower\"(a)", Some("x"), false),
            ("-a COLLATE x", "-a", Some("x"), false),
            ("+ (a) COLLATE x", "+ (a)", Some("x"), false),
            ("NOT a COLLATE x", "NOT a COLLATE x", None, false),
            (
                "CASE a WHEN CASE b WHEN 1 THEN 2 END THEN 3 END COLLATE x",
                "CASE a WHEN CASE b WHEN 1 THEN 2 END THEN 3 END",
                Some("x"),
                false,
            ),
            (
                "CASE a WHEN 1 THEN 2 END || CASE b WHEN 1 THEN 2 END COLLATE x",
                "CASE a WHEN 1 THEN 2 END || CASE b WHEN 1 THEN 2 END COLLATE x",
                None,
                false,
            ),
            ("1", "1", None, false),
            ("NULL", "NULL", None, false),
            ("desc", "column desc", None, false),
            ("desc desc", "column desc", None, true),
            ("a || desc", "a || desc", None, false),
            ("a ISNULL DESC", "a ISNULL", None, true),
        ] {
            let term = read_index_term(text).unwrap_or_else(|error| panic!("{error} in {text}"));
            let found = match &term.key {
                IndexKey::Column(name) => format!("column {name}"),
                IndexKey::Expression(expression) => expression.to_string(),
            };
            assert_eq!((found.as_str(), term.descending), (key, descending), "{text}");
            assert_eq!(term.collate, collate.map(Name::from), "{text}");
            assert_eq!(read_index_term(&write_index_term(&term)), Ok(term), "{text}");
        }
    }

    #[test]
    fn a_term_is_one_term() {
        for text in ["", "a, b", "a)", "a DESC NULLS LAST"] {
            assert!(read_index_term(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_index_is_written_on_one_line() {
        let mut cursor =
            Cursor::new("unique INDEX i ON t(a COLLATE nocase desc, lower(b)) WHERE ((a > 0)) -- all").unwrap();
        let (table, index) = read(&mut cursor).unwrap();
        assert_eq!(
            write_index(&table, &index),
            "CREATE UNIQUE INDEX \"i\" ON \"t\" (\"a\" COLLATE nocase DESC, lower(b)) WHERE a > 0"
        );
    }
}
