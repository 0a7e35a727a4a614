//! A planned statement: SQL, why it is there, and what it needs.

use crate::schema::SqliteVersion;
use crate::sql;

/// The oldest SQLite that scripts are written for; what older ones refuse is said in `requires:`.
pub const OLDEST: SqliteVersion = SqliteVersion::new(3, 8);

/// One statement of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The SQL, without the closing semicolon.
    pub sql: String,
    /// Why it is there and what it costs, where that is not obvious; lines are kept.
    pub comment: Option<String>,
    /// Whether the comment above the statement before it speaks of this one too.
    pub continues: bool,
    /// A comment below it, on one line.
    pub closing: Option<String>,
    /// The oldest SQLite that can run it, but for what its expressions use.
    pub requires: SqliteVersion,
}

impl Statement {
    /// A statement that says itself what it does and that every SQLite can run.
    pub fn new(sql: impl Into<String>) -> Statement {
        Statement { sql: sql.into(), comment: None, continues: false, closing: None, requires: OLDEST }
    }

    /// The same with a comment above it.
    #[must_use]
    pub fn comment(mut self, comment: impl Into<String>) -> Statement {
        self.comment = Some(comment.into());
        self
    }

    /// The same as a part of what the comment above it speaks of.
    #[must_use]
    pub fn continues(mut self) -> Statement {
        self.continues = true;
        self
    }

    /// The same with a comment below it.
    #[must_use]
    pub fn closing(mut self, comment: impl Into<String>) -> Statement {
        self.closing = Some(comment.into());
        self
    }

    /// The oldest SQLite that can run it.
    #[must_use]
    pub fn needs(&self) -> SqliteVersion {
        sql::since::needed(&self.sql).map_or(self.requires, |needed| needed.max(self.requires))
    }

    /// The same, but only for this SQLite and newer.
    #[must_use]
    pub fn requires(mut self, version: SqliteVersion) -> Statement {
        self.requires = self.requires.max(version);
        self
    }
}

/// The statements as a section of a script: comments above, semicolons behind, a blank line between groups.
#[must_use]
pub fn write_section(statements: &[Statement]) -> String {
    let mut text = String::new();
    let (mut last_was_long, mut is_in_group) = (false, false);
    for statement in statements {
        let is_long = statement.sql.contains('\n');
        let ends_group = is_in_group && !statement.continues;
        if !text.is_empty() && (statement.comment.is_some() || is_long || last_was_long || ends_group) {
            text.push('\n');
        }
        is_in_group = statement.comment.is_some() || is_in_group && statement.continues;
        for line in statement.comment.iter().flat_map(|comment| comment.lines()) {
            text.push_str("-- ");
            text.push_str(line);
            text.push('\n');
        }
        text.push_str(&statement.sql);
        // A statement may end in a comment that runs to the end of its line.
        let last_line = statement.sql.rsplit('\n').next().unwrap_or_default();
        text.push_str(if last_line.contains("--") { "\n;\n" } else { ";\n" });
        if let Some(line) = &statement.closing {
            text.push_str("-- ");
            text.push_str(line);
            text.push('\n');
        }
        last_was_long = is_long || statement.closing.is_some();
    }
    text
}
