//! What SQL uses that not every SQLite knows, and since which one it does.
//!
//! Looks at tokens and asks no database: what is only spelled like something of these is told as well, so that a table or a
//! column with such a name is left out where its place says what it is.

use crate::schema::SqliteVersion;
use crate::token::{Token, TokenKind};

use super::script::statements;

/// Something that SQLite has learned.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Feature {
    /// What it is: `` `->` ``, ``the function `iif` ``.
    pub what: String,
    /// The first SQLite that knows it.
    pub version: SqliteVersion,
    /// The page that says so, below <https://www.sqlite.org/>.
    pub page: &'static str,
    /// How SQLite fails that does not know it.
    pub kind: Kind,
}

/// How SQLite fails that does not know something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// It cannot read the text, and so nothing of a database that has it in its schema.
    Syntax,
    /// It has no such function, and fails where it is called.
    Function,
    /// The same, where it was not built with it.
    Optional,
}

/// Says whether something begins at a token.
type Begins = fn(&[Token<'_>], usize) -> bool;

const SYNTAX: [(&str, SqliteVersion, &str, Begins); 14] = [
    ("an upsert", SqliteVersion::new(3, 24), "lang_upsert.html", |all, at| {
        is(all, at, "DO NOTHING") || is(all, at, "DO UPDATE")
    }),
    ("a window function", SqliteVersion::new(3, 25), "windowfunctions.html", is_window),
    ("a frame with GROUPS or EXCLUDE", SqliteVersion::new(3, 28), "windowfunctions.html", |all, at| {
        let words = ["GROUPS BETWEEN", "EXCLUDE NO", "EXCLUDE CURRENT", "EXCLUDE GROUP", "EXCLUDE TIES"];
        words.iter().any(|words| is(all, at, words))
    }),
    ("FILTER behind an aggregate function", SqliteVersion::new(3, 30), "lang_aggfunc.html", |all, at| {
        is(all, at, ") FILTER ( WHERE") && !closing(all, at + 2).is_some_and(|end| is(all, end + 1, "OVER"))
    }),
    ("NULLS FIRST or NULLS LAST", SqliteVersion::new(3, 30), "lang_select.html", |all, at| {
        is(all, at, "NULLS FIRST") || is(all, at, "NULLS LAST")
    }),
    ("UPDATE … FROM", SqliteVersion::new(3, 33), "lang_update.html", is_update_from),
    ("MATERIALIZED", SqliteVersion::new(3, 35), "lang_with.html", |all, at| {
        is(all, at, "AS MATERIALIZED (") || is(all, at, "AS NOT MATERIALIZED (")
    }),
    ("RETURNING", SqliteVersion::new(3, 35), "lang_returning.html", is_returning),
    ("`->`", SqliteVersion::new(3, 38), "json1.html", |all, at| is(all, at, "->") || is(all, at, "->>")),
    ("IS DISTINCT FROM", SqliteVersion::new(3, 39), "lang_expr.html", |all, at| {
        is(all, at, "IS DISTINCT FROM") || is(all, at, "IS NOT DISTINCT FROM")
    }),
    ("RIGHT or FULL JOIN", SqliteVersion::new(3, 39), "lang_select.html", |all, at| {
        ["RIGHT JOIN", "RIGHT OUTER JOIN", "FULL JOIN", "FULL OUTER JOIN"].iter().any(|words| is(all, at, words))
    }),
    ("ORDER BY in an aggregate function", SqliteVersion::new(3, 44), "lang_aggfunc.html", is_ordered_aggregate),
    ("`_` in a number", SqliteVersion::new(3, 46), "lang_expr.html", |all, at| {
        all[at].kind == TokenKind::Number && all[at].text.contains('_')
    }),
    ("RAISE with an expression", SqliteVersion::new(3, 47), "lang_createtrigger.html", |all, at| {
        is(all, at, "RAISE (")
            && is(all, at + 3, ",")
            && !(all.get(at + 4).is_some_and(|it| it.kind == TokenKind::String) && is(all, at + 5, ")"))
    }),
];

/// Names of functions, with spaces between them.
const FUNCTIONS: [(&str, SqliteVersion, &str, Kind); 13] = [
    ("iif", SqliteVersion::new(3, 32), "lang_corefunc.html", Kind::Function),
    ("sign", SqliteVersion::new(3, 35), "lang_corefunc.html", Kind::Function),
    (
        "acos acosh asin asinh atan atan2 atanh ceil ceiling cos cosh degrees exp floor ln log log10 log2 mod pi pow power \
         radians sin sinh sqrt tan tanh trunc",
        SqliteVersion::new(3, 35),
        "lang_mathfunc.html",
        Kind::Optional,
    ),
    ("format unixepoch", SqliteVersion::new(3, 38), "changes.html", Kind::Function),
    (
        "json json_array json_array_length json_each json_extract json_group_array json_group_object json_insert json_object \
         json_patch json_quote json_remove json_replace json_set json_tree json_type json_valid",
        SqliteVersion::new(3, 38),
        "json1.html",
        Kind::Optional,
    ),
    ("unhex", SqliteVersion::new(3, 41), "lang_corefunc.html", Kind::Function),
    ("json_error_position", SqliteVersion::new(3, 42), "json1.html", Kind::Function),
    ("octet_length timediff", SqliteVersion::new(3, 43), "changes.html", Kind::Function),
    ("concat concat_ws string_agg", SqliteVersion::new(3, 44), "changes.html", Kind::Function),
    (
        "jsonb jsonb_array jsonb_extract jsonb_group_array jsonb_group_object jsonb_insert jsonb_object jsonb_patch \
         jsonb_remove jsonb_replace jsonb_set",
        SqliteVersion::new(3, 45),
        "json1.html",
        Kind::Function,
    ),
    ("json_pretty", SqliteVersion::new(3, 46), "json1.html", Kind::Function),
    ("if", SqliteVersion::new(3, 48), "lang_corefunc.html", Kind::Function),
    ("unistr unistr_quote", SqliteVersion::new(3, 50), "lang_corefunc.html", Kind::Function),
];

/// What the statements of a text use that SQLite has learned since 3.24, each once.
#[must_use]
pub fn features(text: &str) -> Vec<Feature> {
    let mut found: Vec<Feature> = Vec::new();
    // Scripts are one statement after the other, and what stands in a schema is a part of one.
    for statement in statements(text) {
        for at in 0..statement.len() {
            found.extend(syntax(&statement, at));
            found.extend(function(&statement, at));
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

fn syntax<'a>(all: &'a [Token<'_>], at: usize) -> impl Iterator<Item = Feature> + 'a {
    let begins = move |(_, _, _, begins): &&(&str, SqliteVersion, &'static str, Begins)| begins(all, at);
    SYNTAX.iter().filter(begins).map(|(what, version, page, _)| Feature {
        what: (*what).to_owned(),
        version: *version,
        page,
        kind: Kind::Syntax,
    })
}

fn function(all: &[Token<'_>], at: usize) -> Option<Feature> {
    if all[at].kind != TokenKind::Word || !is(all, at + 1, "(") || is_name(all, at) {
        return None;
    }
    let name = all[at].text.to_ascii_lowercase();
    let (_, version, page, kind) = FUNCTIONS.iter().find(|(names, ..)| names.split(' ').any(|known| known == name))?;
    Some(Feature { what: format!("the function `{name}`"), version: *version, page, kind: *kind })
}

/// Whether a word before a parenthesis is the name of a table, a view or an index, of which columns follow.
fn is_name(all: &[Token<'_>], at: usize) -> bool {
    const BEFORE: [&str; 9] = ["TABLE", "VIEW", "INTO", "REFERENCES", "EXISTS", "WITH", "RECURSIVE", "AS", "."];
    let Some(before) = at.checked_sub(1) else { return false };
    let is_on_of_index = is(all, before, "ON") && is(all, 0, "CREATE") && !is(all, 1, "VIEW") && !is(all, 1, "TRIGGER");
    let is_of_with = is(all, before, ",") && closing(all, at + 1).is_some_and(|end| is(all, end + 1, "AS ("));
    BEFORE.iter().any(|word| is(all, before, word)) || is_on_of_index || is_of_with
}

/// Whether these words and operators, with spaces between them, stand at a token.
fn is(all: &[Token<'_>], at: usize, words: &str) -> bool {
    let is_it = |(number, word): (usize, &str)| {
        all.get(at + number).is_some_and(|token| token.is_word(word) || token.is_operator(word))
    };
    words.split(' ').enumerate().all(is_it)
}

/// The parenthesis that closes the one at a token.
fn closing(all: &[Token<'_>], at: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (place, token) in all.iter().enumerate().skip(at) {
        if token.is_operator("(") {
            depth += 1;
        } else if token.is_operator(")") {
            depth = depth.checked_sub(1)?;
            if depth == 0 {
                return Some(place);
            }
        }
    }
    None
}

/// The places of the tokens from one on to the end of its statement, outside of parentheses.
fn at_its_level(all: &[Token<'_>], at: usize) -> Vec<usize> {
    let mut places = Vec::new();
    let mut depth = 0_usize;
    for (place, token) in all.iter().enumerate().skip(at) {
        match token.text {
            "(" => depth += 1,
            ")" | ";" if depth == 0 => break,
            ")" => depth -= 1,
            _ if depth == 0 => places.push(place),
            _ => {}
        }
    }
    places
}

/// Whether a statement begins at a token, by itself or in the body of a trigger.
fn begins_statement(all: &[Token<'_>], at: usize) -> bool {
    at.checked_sub(1).is_none_or(|before| [";", "BEGIN", ")"].iter().any(|it| is(all, before, it)))
}

fn is_update_from(all: &[Token<'_>], at: usize) -> bool {
    is(all, at, "UPDATE")
        && begins_statement(all, at)
        && at_its_level(all, at).into_iter().any(|place| is(all, place, "FROM") && !is(all, place - 1, "DISTINCT"))
}

fn is_returning(all: &[Token<'_>], at: usize) -> bool {
    ["INSERT", "UPDATE", "DELETE", "REPLACE"].iter().any(|word| is(all, at, word))
        && begins_statement(all, at)
        && at_its_level(all, at).into_iter().any(|place| {
            is(all, place, "RETURNING") && ![",", "SET", ".", "="].iter().any(|before| is(all, place - 1, before))
        })
}

fn is_window(all: &[Token<'_>], at: usize) -> bool {
    let is_named = all.get(at + 2).is_some_and(|token| matches!(token.kind, TokenKind::Word | TokenKind::QuotedName));
    is(all, at, ") OVER") && (is(all, at + 2, "(") || is_named)
}

fn is_ordered_aggregate(all: &[Token<'_>], at: usize) -> bool {
    const OTHERS: [&str; 3] = ["SELECT", "WITH", "VALUES"];
    let is_call = all[at].kind == TokenKind::Word
        && is(all, at + 1, "(")
        && !["OVER", "AS", "IN", "EXISTS", "FROM", "JOIN", "WHERE", "ON", "AND", "OR", "NOT"]
            .iter()
            .any(|word| is(all, at, word));
    if !is_call || OTHERS.iter().any(|word| is(all, at + 2, word)) || is(all, at + 2, "ORDER") {
        return false;
    }
    at_its_level(all, at + 2).into_iter().any(|place| is(all, place, "ORDER BY"))
}

/// The oldest SQLite that surely knows all that a text uses, as far as it tells.
#[must_use]
pub fn needed(text: &str) -> Option<SqliteVersion> {
    features(text).into_iter().filter(|feature| feature.kind != Kind::Optional).map(|feature| feature.version).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        features(text).into_iter().map(|feature| format!("{} {}", feature.what, feature.version)).collect()
    }

    #[test]
    fn what_sqlite_has_learned_is_found_by_its_tokens() {
        for (text, wanted) in [
            ("CREATE TABLE t (a CHECK (a ->> '$.b' > 1))", "`->` 3.38"),
            ("a IS NOT DISTINCT FROM b", "IS DISTINCT FROM 3.39"),
            ("CREATE VIEW v AS SELECT * FROM t FULL OUTER JOIN u", "RIGHT or FULL JOIN 3.39"),
            ("SELECT * FROM t RIGHT JOIN u", "RIGHT or FULL JOIN 3.39"),
            ("SELECT rank() OVER (ORDER BY a) FROM t", "a window function 3.25"),
            ("SELECT sum(a) FILTER (WHERE a > 1) OVER w FROM t WINDOW w AS (ORDER BY b)", "a window function 3.25"),
            ("SELECT sum(a) FILTER (WHERE a > (1)) FROM t", "FILTER behind an aggregate function 3.30"),
            ("SELECT a FROM t ORDER BY a NULLS LAST", "NULLS FIRST or NULLS LAST 3.30"),
            ("UPDATE t SET a = (SELECT b FROM u) FROM u WHERE u.a = t.a", "UPDATE … FROM 3.33"),
            ("CREATE TRIGGER g AFTER UPDATE ON t BEGIN UPDATE t SET a = 1 FROM u; END", "UPDATE … FROM 3.33"),
            ("DELETE FROM t RETURNING a", "RETURNING 3.35"),
            ("WITH c AS NOT MATERIALIZED (SELECT 1) SELECT * FROM c", "MATERIALIZED 3.35"),
            ("INSERT INTO t VALUES (1) ON CONFLICT (a) DO UPDATE SET a = 2", "an upsert 3.24"),
            ("SELECT group_concat(a, ',' ORDER BY b) FROM t", "ORDER BY in an aggregate function 3.44"),
            ("SELECT 1_000", "`_` in a number 3.46"),
            ("SELECT raise(ABORT, 'no ' || new.a)", "RAISE with an expression 3.47"),
            ("CREATE INDEX i ON t (iif(a, 1, 2))", "the function `iif` 3.32"),
            ("CREATE TABLE t (a DEFAULT (UnixEpoch()))", "the function `unixepoch` 3.38"),
            ("a > log(2)", "the function `log` 3.35"),
            ("SELECT * FROM t JOIN u ON sqrt(u.a) > 1", "the function `sqrt` 3.35"),
            ("jsonb(a)", "the function `jsonb` 3.45"),
        ] {
            assert_eq!(found(text), [wanted], "{text}");
        }
    }

    #[test]
    fn what_is_only_spelled_so_is_not_found() {
        for text in [
            "CREATE TABLE t (a); CREATE TABLE u (b CHECK (b > 1))",
            "CREATE TABLE log (iif, \"concat\" DEFAULT 'iif(1)' /* a -> b */)",
            "CREATE TABLE IF NOT EXISTS log (a); CREATE INDEX i ON log (a)",
            "INSERT INTO log (a) VALUES ('UPDATE t SET a = 1 FROM u')",
            "CREATE TABLE t (a REFERENCES log (id) ON UPDATE CASCADE, right, full, returning)",
            "WITH log (a) AS (SELECT 1), exp (b) AS (SELECT 2) SELECT * FROM log, exp",
            "UPDATE t SET a = (SELECT b FROM u), b = extract.c WHERE a IS NOT (SELECT 1 FROM u)",
            "CREATE TRIGGER g AFTER UPDATE OF a ON t BEGIN UPDATE t SET a = 1; SELECT * FROM u; END",
            "SELECT sum(a) FROM t ORDER BY a; SELECT count(*) FROM (SELECT a FROM t ORDER BY a)",
            "SELECT a FROM t WHERE a IN (SELECT b FROM u ORDER BY b LIMIT 1)",
            "SELECT raise(ABORT, 'no'), raise(IGNORE), a LEFT JOIN b",
            "CREATE VIEW log (a) AS SELECT 1",
        ] {
            assert_eq!(found(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn what_may_be_missing_by_choice_is_not_needed() {
        assert_eq!(needed("SELECT log(a) FROM t"), None);
        assert_eq!(needed("SELECT iif(a ->> 1, concat(a), 2)"), Some(SqliteVersion::new(3, 44)));
    }
}
