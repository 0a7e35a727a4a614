//! What a statement of a script does, as far as its first words say it. Where statements end is for SQLite to say.

use std::ops::Range;

use rusqlite::Connection;

use crate::database::check;
use crate::schema::Name;
use crate::token::{Token, TokenKind, significant_tokens};

/// A statement of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Statement {
    /// The bytes of the section's SQL that it takes.
    pub span: Range<usize>,
    /// Its text.
    pub text: String,
    /// What it does.
    pub kind: Kind,
    /// Words in double quotes that SQLite takes as strings, with SQLite's words about the first.
    pub string_in_double_quotes: Option<String>,
}

/// What a statement does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    CreateTable(Name),
    DropTable(Name),
    RenameTable {
        from: Name,
        to: Name,
    },
    RenameColumn {
        table: Name,
        from: Name,
        to: Name,
    },
    AddColumn {
        table: Name,
        column: Name,
    },
    DropColumn {
        table: Name,
        column: Name,
    },
    /// `ALTER TABLE … ALTER COLUMN … SET NOT NULL` and `ADD CHECK`, which read the table.
    Tighten {
        table: Name,
    },
    CreateIndex {
        index: Name,
        table: Name,
    },
    /// `DROP INDEX`, `DROP TRIGGER`, `DROP VIEW`.
    Drop(Name),
    Insert {
        into: Name,
        from: Option<Name>,
    },
    Update {
        table: Name,
        columns: Vec<Name>,
        has_condition: bool,
    },
    Delete {
        table: Name,
        has_condition: bool,
    },
    Pragma {
        name: Name,
        value: Option<String>,
    },
    /// `BEGIN`, `COMMIT`, `SAVEPOINT` and the like.
    Transaction,
    /// What no transaction allows: `VACUUM`, `ATTACH`, `DETACH`.
    Outside,
    Other,
}

impl Statement {
    /// A statement from its text and its place in the SQL of its section.
    pub fn new(span: Range<usize>, text: &str) -> Statement {
        let tokens: Vec<Token<'_>> = significant_tokens(text).collect();
        let kind = Reader { tokens: &tokens }.kind().unwrap_or(Kind::Other);
        Statement { span, text: text.to_owned(), kind, string_in_double_quotes: None }
    }

    /// Asks SQLite whether a word in double quotes is a string in it. What a CREATE statement holds is asked of the
    /// schema instead.
    pub fn look_for_strings(&mut self, connection: &Connection) {
        if self.is_of_rows() {
            self.string_in_double_quotes = check::string_in_double_quotes(connection, &self.text);
        }
    }

    /// Whether it writes rows.
    pub fn is_of_rows(&self) -> bool {
        matches!(self.kind, Kind::Insert { .. } | Kind::Update { .. } | Kind::Delete { .. })
    }

    /// Whether it names something, quoted or not.
    pub fn names(&self, name: &Name) -> bool {
        self.span_of(name).is_some()
    }

    /// The bytes of the section's SQL where it names something first.
    pub fn span_of(&self, name: &Name) -> Option<Range<usize>> {
        let token = significant_tokens(&self.text).find(|token| is_name(token) && *name == *token.unquoted())?;
        Some(self.span.start + token.start..self.span.start + token.span().end)
    }

    /// What a column of the table that an `INSERT … SELECT` copies into is made of, as text.
    pub fn source_of(&self, column: &Name) -> Option<&str> {
        let tokens: Vec<Token<'_>> = significant_tokens(&self.text).collect();
        let open = tokens.iter().position(|token| token.is_operator("("))?;
        let select = tokens.iter().position(|token| token.is_word("SELECT")).filter(|select| *select > open)?;
        let close = tokens[open..select].iter().position(|token| token.is_operator(")"))? + open;
        let names = tokens[open + 1..close].split(|token| token.is_operator(","));
        let at = names.into_iter().position(|name| name.first().is_some_and(|name| *column == *name.unquoted()))?;
        let mut depth = 0_usize;
        let (mut number, mut start) = (0, select + 1);
        for (place, token) in tokens.iter().enumerate().skip(select + 1) {
            let ends = depth == 0 && (token.is_operator(",") || token.is_word("FROM"));
            if ends && number == at {
                return Some(&self.text[tokens[start].start..tokens[place - 1].span().end]);
            } else if ends {
                number += 1;
                start = place + 1;
            }
            depth = match () {
                () if token.is_operator("(") => depth + 1,
                () if token.is_operator(")") => depth.saturating_sub(1),
                () => depth,
            };
        }
        None
    }
}

fn is_name(token: &Token<'_>) -> bool {
    matches!(token.kind, TokenKind::Word | TokenKind::QuotedName)
}

/// The words of one statement.
#[derive(Clone, Copy)]
struct Reader<'a> {
    tokens: &'a [Token<'a>],
}

impl<'a> Reader<'a> {
    fn accept(&mut self, word: &str) -> bool {
        let is_there = self.tokens.first().is_some_and(|token| token.is_word(word));
        if is_there {
            self.tokens = &self.tokens[1..];
        }
        is_there
    }

    fn accept_all(&mut self, words: &[&str]) -> bool {
        let is_there =
            words.len() <= self.tokens.len() && words.iter().zip(self.tokens).all(|(word, token)| token.is_word(word));
        if is_there {
            self.tokens = &self.tokens[words.len()..];
        }
        is_there
    }

    /// A name, without the name of its database.
    fn name(&mut self) -> Option<Name> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        if let [dot, second, rest @ ..] = rest
            && dot.is_operator(".")
        {
            self.tokens = rest;
            return Some(Name::new(second.unquoted()));
        }
        Some(Name::new(first.unquoted()))
    }

    /// Goes on behind the first of these words that stands outside all parentheses; none of them is a mistake.
    fn skip_to(&mut self, words: &[&str]) -> Option<&'a str> {
        let mut depth = 0_usize;
        for (place, token) in self.tokens.iter().enumerate() {
            if depth == 0 && words.iter().any(|word| token.is_word(word)) {
                self.tokens = &self.tokens[place + 1..];
                return Some(token.text);
            }
            depth = match () {
                () if token.is_operator("(") => depth + 1,
                () if token.is_operator(")") => depth.saturating_sub(1),
                () => depth,
            };
        }
        None
    }

    fn kind(mut self) -> Option<Kind> {
        let first = self.tokens.first()?;
        match first.text.to_ascii_uppercase().as_str() {
            "CREATE" => self.create(),
            "DROP" => self.drop(),
            "ALTER" => self.alter(),
            "PRAGMA" => {
                self.accept("PRAGMA");
                let name = self.name()?;
                let value = self.tokens.get(1).map(|token| token.unquoted().into_owned());
                Some(Kind::Pragma { name, value })
            }
            "BEGIN" | "COMMIT" | "END" | "ROLLBACK" | "SAVEPOINT" | "RELEASE" => Some(Kind::Transaction),
            "VACUUM" | "ATTACH" | "DETACH" => Some(Kind::Outside),
            _ => self.rows(),
        }
    }

    fn create(mut self) -> Option<Kind> {
        self.accept("CREATE");
        let is_unique = self.accept("UNIQUE");
        if !is_unique && self.accept("TABLE") {
            self.accept_all(&["IF", "NOT", "EXISTS"]);
            return self.name().map(Kind::CreateTable);
        }
        if !self.accept("INDEX") {
            return None;
        }
        self.accept_all(&["IF", "NOT", "EXISTS"]);
        let index = self.name()?;
        self.accept("ON");
        Some(Kind::CreateIndex { index, table: self.name()? })
    }

    fn drop(mut self) -> Option<Kind> {
        self.accept("DROP");
        let is_table = self.accept("TABLE");
        let _ = is_table || self.accept("INDEX") || self.accept("TRIGGER") || self.accept("VIEW");
        self.accept_all(&["IF", "EXISTS"]);
        let name = self.name()?;
        Some(if is_table { Kind::DropTable(name) } else { Kind::Drop(name) })
    }

    fn alter(mut self) -> Option<Kind> {
        self.accept_all(&["ALTER", "TABLE"]);
        let table = self.name()?;
        if self.accept("RENAME") {
            if self.accept("TO") {
                return Some(Kind::RenameTable { from: table, to: self.name()? });
            }
            self.accept("COLUMN");
            let from = self.name()?;
            self.accept("TO");
            return Some(Kind::RenameColumn { table, from, to: self.name()? });
        }
        if self.accept("ADD") {
            let is_constraint = self.tokens.first().is_some_and(|t| t.is_word("CONSTRAINT") || t.is_word("CHECK"));
            if is_constraint {
                return Some(Kind::Tighten { table });
            }
            self.accept("COLUMN");
            return Some(Kind::AddColumn { table, column: self.name()? });
        }
        if self.accept("DROP") {
            if self.accept("CONSTRAINT") {
                return None;
            }
            self.accept("COLUMN");
            return Some(Kind::DropColumn { table, column: self.name()? });
        }
        self.skip_to(&["SET"]).map(|_| Kind::Tighten { table })
    }

    /// `INSERT`, `UPDATE`, `DELETE`, also behind `WITH`.
    fn rows(mut self) -> Option<Kind> {
        let verb = self.skip_to(&["INSERT", "REPLACE", "UPDATE", "DELETE"])?;
        if verb.eq_ignore_ascii_case("DELETE") {
            self.accept("FROM");
            let table = self.name()?;
            return Some(Kind::Delete { table, has_condition: self.skip_to(&["WHERE"]).is_some() });
        }
        if verb.eq_ignore_ascii_case("UPDATE") {
            if self.accept("OR") {
                self.name()?;
            }
            let table = self.name()?;
            self.skip_to(&["SET"])?;
            let columns = self.assigned();
            return Some(Kind::Update { table, columns, has_condition: self.skip_to(&["WHERE"]).is_some() });
        }
        self.skip_to(&["INTO"])?;
        let into = self.name()?;
        let from = self.skip_to(&["SELECT"]).and_then(|_| self.skip_to(&["FROM"])).and_then(|_| self.name());
        Some(Kind::Insert { into, from })
    }

    /// The columns that `SET` gives values to.
    fn assigned(self) -> Vec<Name> {
        let mut columns = Vec::new();
        let mut depth = 0_usize;
        let mut is_next = true;
        for token in self.tokens {
            if depth == 0 && (token.is_word("WHERE") || token.is_word("FROM") || token.is_word("RETURNING")) {
                break;
            }
            if is_next && is_name(token) {
                columns.push(Name::new(token.unquoted()));
                is_next = depth > 0;
            }
            if token.is_operator("(") {
                depth += 1;
            } else if token.is_operator(")") {
                depth = depth.saturating_sub(1);
                is_next = is_next && depth > 0;
            } else if token.is_operator(",") && depth == 0 {
                is_next = true;
            } else if token.is_operator("=") && depth == 0 {
                is_next = false;
            }
        }
        columns
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(text: &str) -> Kind {
        Statement::new(0..text.len(), text).kind
    }

    #[test]
    fn the_first_words_say_what_a_statement_does() {
        let name = |text: &str| Name::from(text);
        assert_eq!(kind("create table if not exists main.\"a b\" (x)"), Kind::CreateTable(name("a b")));
        assert_eq!(kind("DROP TABLE IF EXISTS [t]"), Kind::DropTable(name("t")));
        assert_eq!(kind("DROP TRIGGER g"), Kind::Drop(name("g")));
        assert_eq!(kind("ALTER TABLE a RENAME TO b"), Kind::RenameTable { from: name("a"), to: name("b") });
        let renamed = Kind::RenameColumn { table: name("a"), from: name("x"), to: name("y") };
        assert_eq!(kind("ALTER TABLE a RENAME x TO y"), renamed);
        assert_eq!(kind("ALTER TABLE a RENAME COLUMN x TO y"), renamed);
        assert_eq!(kind("ALTER TABLE a ADD x INT"), Kind::AddColumn { table: name("a"), column: name("x") });
        assert_eq!(kind("ALTER TABLE a DROP COLUMN x"), Kind::DropColumn { table: name("a"), column: name("x") });
        assert_eq!(kind("ALTER TABLE a ADD CONSTRAINT c CHECK (x)"), Kind::Tighten { table: name("a") });
        assert_eq!(kind("ALTER TABLE a ALTER x SET NOT NULL"), Kind::Tighten { table: name("a") });
        assert_eq!(kind("CREATE UNIQUE INDEX i ON t (a)"), Kind::CreateIndex { index: name("i"), table: name("t") });
        assert_eq!(
            kind("PRAGMA foreign_keys = OFF"),
            Kind::Pragma { name: name("foreign_keys"), value: Some("OFF".into()) }
        );
        assert_eq!(kind("COMMIT"), Kind::Transaction);
        assert_eq!(kind("VACUUM"), Kind::Outside);
        assert_eq!(kind("SELECT 1"), Kind::Other);
        assert_eq!(kind("CREATE TRIGGER g AFTER UPDATE ON t BEGIN DELETE FROM u; END"), Kind::Other);
    }

    #[test]
    fn rows_are_written_with_or_without_a_condition() {
        let update = |text: &str| match kind(text) {
            Kind::Update { table, columns, has_condition } => (table, columns, has_condition),
            other => panic!("{text}: {other:?}"),
        };
        let names = |names: &[&str]| names.iter().map(|name| Name::from(*name)).collect::<Vec<_>>();
        assert_eq!(update("UPDATE t SET a = (SELECT b FROM u WHERE u.x = 1)"), (Name::from("t"), names(&["a"]), false));
        assert_eq!(
            update("UPDATE OR IGNORE t SET a = 1, b = max(2, 3) WHERE c"),
            (Name::from("t"), names(&["a", "b"]), true)
        );
        assert_eq!(
            update("WITH w AS (SELECT 1 WHERE 1) UPDATE t SET (a, b) = (1, 2)"),
            (Name::from("t"), names(&["a", "b"]), false)
        );
        assert_eq!(kind("DELETE FROM t"), Kind::Delete { table: Name::from("t"), has_condition: false });
        assert_eq!(
            kind("INSERT OR ABORT INTO n (a) SELECT a FROM o"),
            Kind::Insert { into: Name::from("n"), from: Some(Name::from("o")) }
        );
        assert_eq!(kind("INSERT INTO n VALUES (1)"), Kind::Insert { into: Name::from("n"), from: None });
    }

    #[test]
    fn a_copied_column_is_told_from_one_that_is_made() {
        let copy = "INSERT INTO n (\"a\", b, c) SELECT a, coalesce(b, 'x, y'), (SELECT max(q) FROM z) FROM o";
        let statement = Statement::new(0..copy.len(), copy);
        assert_eq!(statement.source_of(&"A".into()), Some("a"));
        assert_eq!(statement.source_of(&"b".into()), Some("coalesce(b, 'x, y')"));
        assert_eq!(statement.source_of(&"c".into()), Some("(SELECT max(q) FROM z)"));
        assert_eq!(statement.source_of(&"d".into()), None);
    }
}
