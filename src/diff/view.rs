//! When has a view changed?
//!
//! A column of a view without an alias is called as its expression is written, white space and case included
//! (<https://www.sqlite.org/c3ref/column_name.html>), so that spelling counts there and nowhere else.

use super::body::Bodies;
use crate::schema::View;
use crate::sql::double_quoted::is_alias_of;
use crate::token::{Token, TokenKind, is_reserved, significant_tokens};

/// Whether two views mean the same and are called the same.
pub(super) fn same(before: &View, after: &View, bodies: &Bodies) -> bool {
    let View { name, columns, select } = before;
    let (old, new) = (select.as_str(), after.select.as_str());
    name.is_spelled_like(&after.name)
        && columns.len() == after.columns.len()
        && columns.iter().zip(&after.columns).all(|(old, new)| old.is_spelled_like(new))
        && bodies.same(select, &after.select, None)
        && (!columns.is_empty() || old == new || result_names(old) == result_names(new))
}

/// The names that a SELECT itself gives to its columns, directly or through a subquery that it selects from: aliases,
/// and the text of expressions that are more than a column.
fn result_names(text: &str) -> Vec<String> {
    let tokens: Vec<Token> = significant_tokens(text).collect();
    let mut names = Vec::new();
    let mut levels = vec![Level { counts: true, clause: Clause::Before }];
    for (at, token) in tokens.iter().enumerate() {
        let previous = at.checked_sub(1).map(|at| &tokens[at]);
        let level = levels.last_mut().expect("the first level is never taken off");
        if token.is_operator("(") {
            let counts = level.counts && level.clause.takes_subquery_after(previous);
            levels.push(Level { counts, clause: Clause::Before });
            continue;
        }
        let closes = token.is_operator(")") && levels.len() > 1;
        let level = levels.last_mut().expect("the first level is never taken off");
        let next = level.clause.after(at, token, previous);
        if let Clause::Results { from } = level.clause
            && (closes || next.is_some())
            && level.counts
        {
            names.extend(result_name(&tokens[from..at], text));
        }
        level.clause = next.unwrap_or(level.clause);
        if closes {
            levels.pop();
        }
    }
    if let [Level { clause: Clause::Results { from }, .. }] = levels.as_slice() {
        names.extend(result_name(&tokens[*from..], text));
    }
    names
}

/// One pair of parentheses, or the whole text.
struct Level {
    /// Whether its result columns are, or lend their names to, those of the view.
    counts: bool,
    clause: Clause,
}

/// Where in a SELECT a token stands.
#[derive(Clone, Copy)]
enum Clause {
    Before,
    /// In a result column that begins at this token.
    Results {
        from: usize,
    },
    From,
    /// Past FROM, or in the second SELECT of a compound, which names nothing.
    Rest,
}

impl Clause {
    /// Where the tokens after this one stand, if it ends a clause or a result column.
    fn after(self, at: usize, token: &Token, previous: Option<&Token>) -> Option<Clause> {
        const ENDS: [&str; 9] =
            ["WHERE", "GROUP", "HAVING", "WINDOW", "ORDER", "LIMIT", "UNION", "EXCEPT", "INTERSECT"];
        let results = Some(Clause::Results { from: at + 1 });
        match self {
            Clause::Before => {
                if token.is_word("SELECT") {
                    results
                } else {
                    None
                }
            }
            Clause::Results { from } if from == at && (token.is_word("DISTINCT") || token.is_word("ALL")) => results,
            Clause::Results { .. } if token.is_operator(",") => results,
            Clause::Results { .. } if token.is_word("FROM") => {
                let is_comparison = previous.is_some_and(|previous| previous.is_word("DISTINCT"));
                (!is_comparison).then_some(Clause::From)
            }
            Clause::Results { .. } | Clause::From => ENDS.iter().any(|end| token.is_word(end)).then_some(Clause::Rest),
            Clause::Rest => None,
        }
    }

    /// Whether what opens here is a table to select from: in FROM or in WITH.
    fn takes_subquery_after(self, previous: Option<&Token>) -> bool {
        let Some(previous) = previous else { return true };
        let is_before_table = ["FROM", "JOIN", "AS", "MATERIALIZED"].iter().any(|word| previous.is_word(word));
        let opens = previous.is_operator("(") || previous.is_operator(",");
        matches!(self, Clause::Before | Clause::From) && (is_before_table || opens)
    }
}

/// The name that a result column has of itself; `None` where it is called like the column that it shows.
fn result_name(tokens: &[Token], text: &str) -> Option<String> {
    let (first, last) = (tokens.first()?, tokens.last()?);
    if tokens.len() > 1 && is_alias_of(tokens.get(tokens.len() - 2), last) {
        return Some(last.unquoted().into_owned());
    }
    let is_name = |token: &Token| {
        token.kind == TokenKind::QuotedName || token.kind == TokenKind::Word && !is_reserved(token.text)
    };
    let bare: Vec<&Token> = tokens.iter().filter(|token| !token.is_operator("(") && !token.is_operator(")")).collect();
    let bare = match bare.as_slice() {
        [column @ .., word, collation] if word.is_word("COLLATE") && is_name(collation) => column,
        all => all,
    };
    let is_column = bare
        .iter()
        .enumerate()
        .all(|(at, token)| if at % 2 == 1 { token.is_operator(".") } else { is_name(token) || token.is_operator("*") });
    (!is_column).then(|| text[first.start..last.span().end].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_names_its_columns_by_alias_or_by_text() {
        for (select, names) in [
            ("SELECT a, t.a, (a), \"a\", *, t.*, a COLLATE nocase FROM t", &[][..]),
            ("SELECT a AS x, a y, count(*) \"n\", lower( a ), 1  +2 from t", &["x", "y", "n", "lower( a )", "1  +2"]),
            ("SELECT DISTINCT CASE WHEN a THEN 1 ELSE 0 END FROM t", &["CASE WHEN a THEN 1 ELSE 0 END"]),
            ("SELECT a IS DISTINCT FROM b AS d FROM t WHERE a IN (SELECT b+1 FROM u)", &["d"]),
            ("SELECT * FROM (SELECT a+b FROM t) AS s JOIN (SELECT 1 AS z) ORDER BY max(a)", &["a+b", "z"]),
            ("WITH c AS (SELECT a AS n FROM t), d(m) AS (SELECT 1) SELECT n FROM c UNION SELECT 2", &["n", "1"]),
            (
                "SELECT row_number() OVER (ORDER BY a), max(a) OVER w FROM t WINDOW w AS (ORDER BY b)",
                &["row_number() OVER (ORDER BY a)", "max(a) OVER w"],
            ),
            ("SELECT 'x', true", &["'x'", "true"]),
        ] {
            assert_eq!(result_names(select), names, "{select}");
        }
    }
}
