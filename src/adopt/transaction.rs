//! What scripts say of transactions, said as a revision says it: around all of a section.
//!
//! Other tools let scripts end their transaction, most often to switch foreign keys, and begin another one. Here they are
//! off while a script runs, and a script that ended the transaction would be recorded apart from what it did.

use std::ops::Range;

use super::Half;
use crate::database::runner::may_set_in_transaction;
use crate::sql;
use crate::token::{Token, significant_tokens};

/// The first statement of a section inside a transaction that takes it back, or a part of it: no revision does that.
pub(super) fn rollback(half: &Half) -> Option<Range<usize>> {
    let statements = sql::statements(&half.sql);
    let statement = statements.iter().find(|statement| is(statement, 0, "ROLLBACK")).filter(|_| half.transaction)?;
    Some(statement.first()?.start..statement.last()?.span().end)
}

/// Words of which the statements consist that begin and end a transaction.
const WORDS: [&str; 7] = ["BEGIN", "COMMIT", "END", "TRANSACTION", "DEFERRED", "IMMEDIATE", "EXCLUSIVE"];

/// A section that a tool runs inside a transaction, or does not mind: where its statements allow, BEGIN and COMMIT are
/// comments, so that no line moves; where they do not, it runs outside of one.
pub(super) fn settle(sql: String) -> Half {
    let statements = sql::statements(&sql);
    let is_left_alone = statements.iter().any(|statement| is(statement, 0, "ROLLBACK"));
    let transaction = !statements.iter().any(|statement| runs_outside(statement));
    let marks: Vec<&Vec<Token<'_>>> = statements.iter().filter(|statement| marks_transaction(statement)).collect();
    // What runs outside keeps a transaction of its own.
    let is_own = !transaction && marks.first().is_some_and(|statement| is(statement, 0, "BEGIN"));
    if marks.is_empty() || is_left_alone || is_own {
        return Half { sql, transaction };
    }
    let mut settled = String::with_capacity(sql.len());
    let mut done = 0;
    for mark in marks {
        let span = with_semicolon(&sql, mark);
        let words: Vec<&str> = mark.iter().map(|token| token.text).collect();
        settled.push_str(&sql[done..span.start]);
        settled.extend(["/* ", &words.join(" "), "; */"]);
        settled.push_str(&"\n".repeat(sql[span.clone()].matches('\n').count()));
        done = span.end;
    }
    settled.push_str(&sql[done..]);
    Half { sql: settled, transaction }
}

fn is(statement: &[Token<'_>], at: usize, word: &str) -> bool {
    statement.get(at).is_some_and(|token| token.is_word(word))
}

/// Whether a statement begins or ends a transaction, or a savepoint that nothing goes back to.
fn marks_transaction(statement: &[Token<'_>]) -> bool {
    is(statement, 0, "SAVEPOINT")
        || is(statement, 0, "RELEASE")
        || statement.iter().all(|token| WORDS.iter().any(|word| token.is_word(word)))
}

/// Whether no transaction may be open around a statement (<https://www.sqlite.org/lang_vacuum.html>,
/// <https://www.sqlite.org/pragma.html#pragma_journal_mode>).
fn runs_outside(statement: &[Token<'_>]) -> bool {
    if is(statement, 0, "VACUUM") {
        return true;
    }
    let name = match statement {
        [pragma, _, dot, name, ..] if pragma.is_word("PRAGMA") && dot.is_operator(".") => name,
        [pragma, name, ..] if pragma.is_word("PRAGMA") => name,
        _ => return false,
    };
    let has_value = statement.iter().any(|token| token.is_operator("=") || token.is_operator("("));
    !may_set_in_transaction(&name.unquoted(), has_value)
}

fn with_semicolon(sql: &str, statement: &[Token<'_>]) -> Range<usize> {
    let start = statement.first().map_or(0, |token| token.start);
    let end = statement.last().map_or(start, |token| token.span().end);
    let semicolon = significant_tokens(&sql[end..]).next().filter(|token| token.is_operator(";"));
    start..semicolon.map_or(end, |token| end + token.span().end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_and_begins_a_transaction_is_no_statement_of_a_revision() {
        let script = "COMMIT TRANSACTION;\nPRAGMA foreign_keys = OFF;\nBEGIN\n  -- again\n  IMMEDIATE;\n\
                      CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT CASE 1 WHEN 1 THEN 2 END; END;\n\
                      COMMIT; PRAGMA foreign_keys = ON; BEGIN TRANSACTION";
        let half = settle(script.to_owned());
        let wanted = "/* COMMIT TRANSACTION; */\nPRAGMA foreign_keys = OFF;\n/* BEGIN IMMEDIATE; */\n\n\n\
                      CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT CASE 1 WHEN 1 THEN 2 END; END;\n\
                      /* COMMIT; */ PRAGMA foreign_keys = ON; /* BEGIN TRANSACTION; */";
        assert_eq!(half, Half { sql: wanted.to_owned(), transaction: true });
    }

    #[test]
    fn what_no_transaction_may_be_around_runs_outside_of_one() {
        for (script, wanted, transaction) in [
            ("PRAGMA journal_mode = WAL;", "PRAGMA journal_mode = WAL;", false),
            ("PRAGMA main.synchronous(1);", "PRAGMA main.synchronous(1);", false),
            (
                "PRAGMA user_version = 3; PRAGMA foreign_key_check;",
                "PRAGMA user_version = 3; PRAGMA foreign_key_check;",
                true,
            ),
            ("PRAGMA journal_mode;", "PRAGMA journal_mode;", true),
            ("COMMIT; VACUUM; BEGIN;", "/* COMMIT; */ VACUUM; /* BEGIN; */", false),
            ("BEGIN; DROP TABLE t; COMMIT; VACUUM;", "BEGIN; DROP TABLE t; COMMIT; VACUUM;", false),
            ("BEGIN; DROP TABLE t; ROLLBACK;", "BEGIN; DROP TABLE t; ROLLBACK;", true),
            ("SAVEPOINT a; DROP TABLE t; RELEASE a;", "/* SAVEPOINT a; */ DROP TABLE t; /* RELEASE a; */", true),
        ] {
            let half = settle(script.to_owned());
            assert_eq!(half, Half { sql: wanted.to_owned(), transaction }, "{script}");
            assert_eq!(rollback(&half).map(|span| &half.sql[span]), script.contains("ROLLBACK").then_some("ROLLBACK"));
        }
    }
}
