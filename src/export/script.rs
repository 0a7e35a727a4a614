//! The SQL of one direction, and what has to stand around it so that it does elsewhere what it does here.

use std::fmt::Write as _;

use crate::database::gate::{self, Gate};
use crate::token::{quote_name, significant_tokens};

/// One direction of a revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Half {
    /// Its SQL.
    pub sql: String,
    /// What it needs of the tool that runs it.
    pub way: Way,
    /// What must not be found in the rows before it.
    pub gates: Vec<Gate>,
}

/// What a script needs of the tool that runs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// A transaction, in which it can be as it is.
    Within,
    /// No transaction: it begins its own, after it has switched foreign keys off.
    Switched,
    /// No transaction at all.
    Without,
}

impl Half {
    /// A script that needs that much. Its lines end in a single byte, so that all checkouts give the same text.
    #[must_use]
    pub fn new(sql: &str, way: Way) -> Half {
        let sql = sql.replace("\r\n", "\n");
        Half { gates: gate::read(&sql), sql, way }
    }

    /// A script that fails with words.
    #[must_use]
    pub fn refusing(words: &str) -> Half {
        // SQLite has no other way to fail with words outside a trigger that works with every tool.
        let sql = format!("SELECT 1 FROM {};\n", quote_name(words));
        Half::new(&sql, Way::Within)
    }

    /// Whether there is no statement in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        significant_tokens(&self.sql).next().is_none()
    }

    /// The script as a tool is to run it: in the tool's transaction, or outside where the way says so.
    #[must_use]
    pub fn text(&self) -> String {
        match self.way {
            Way::Within => self.body(Around::Tool),
            Way::Switched => switched(&self.body(Around::Script)),
            Way::Without => self.body(Around::Nothing),
        }
    }

    /// The script as a tool is to run it that leaves it outside a transaction in any case.
    #[must_use]
    pub fn standing_alone(&self) -> String {
        match self.way {
            Way::Within => format!("BEGIN IMMEDIATE;\n\n{}\nCOMMIT;\n", self.body(Around::Script)),
            Way::Switched | Way::Without => self.text(),
        }
    }

    /// The gates and the statements.
    fn body(&self, around: Around) -> String {
        let mut text = gates(&self.gates, around);
        text.push_str(without_trailing_space(&self.sql).trim_matches(['\n']));
        text.push('\n');
        if self.is_empty() {
            text.push_str("SELECT 1;\n");
        } else if !ends_in_semicolon(&self.sql) {
            text.push_str(";\n");
        }
        text
    }
}

/// Whose transaction is around a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Around {
    /// The tool's, which takes back what fails.
    Tool,
    /// The script's own, which a statement that stops it has to take back itself.
    Script,
    /// There is none.
    Nothing,
}

/// Foreign keys off, one transaction, no reference worse at its end than at its beginning, foreign keys on.
fn switched(body: &str) -> String {
    format!(
        "-- Foreign keys are off meanwhile: a table that is dropped would else take along the rows that refer to it.\n\
         PRAGMA foreign_keys = OFF;\n\
         BEGIN IMMEDIATE;\n\
         CREATE TABLE \"schemactl_check\" (\n  \
           \"before\" INT,\n  \
           \"after\" INT,\n  \
           CONSTRAINT \"more rows than before refer to what is not there\" CHECK (\"after\" <= \"before\")\n\
         );\n\
         INSERT INTO \"schemactl_check\" SELECT count(*), 0 FROM pragma_foreign_key_check;\n\n\
         {body}\n\
         -- Rolls everything back where references were broken.\n\
         UPDATE OR ROLLBACK \"schemactl_check\" SET \"after\" = (SELECT count(*) FROM pragma_foreign_key_check);\n\
         DROP TABLE \"schemactl_check\";\n\
         COMMIT;\n\
         PRAGMA foreign_keys = ON;\n"
    )
}

/// The questions to the rows as statements that fail where they are answered with rows.
fn gates(gates: &[Gate], around: Around) -> String {
    let mut text = String::new();
    // What nothing takes back goes with the connection.
    let temp = if around == Around::Nothing { "TEMP " } else { "" };
    let or_rollback = if around == Around::Script { "OR ROLLBACK " } else { "" };
    for gate in gates {
        let _ = write!(
            text,
            "-- Stops here at: {}\n\
             CREATE {temp}TABLE \"schemactl_gate\" (\"rows\" INT, CONSTRAINT {} CHECK (\"rows\" = 0));\n\
             INSERT {or_rollback}INTO \"schemactl_gate\" SELECT count(*) FROM ({});\n\
             DROP TABLE \"schemactl_gate\";\n\n",
            gate.violation,
            quote_name(&gate.violation),
            gate.sql
        );
    }
    text
}

fn without_trailing_space(sql: &str) -> &str {
    sql.trim_start_matches(['\r', '\n']).trim_end()
}

fn ends_in_semicolon(sql: &str) -> bool {
    significant_tokens(sql).last().is_some_and(|token| token.is_operator(";"))
}
