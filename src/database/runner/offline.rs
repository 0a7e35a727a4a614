//! Steps as SQL, for a database that is not at hand: the other sink of the runner.

use std::fmt::Write as _;
use std::time::Duration;

use super::{Mirrored, Op, Step, block};
use crate::database::gate::Gate;
use crate::database::version_table;
use crate::report::Report;
use crate::schema::{Name, SqliteVersion};
use crate::token::quote_string;

/// The SQL of the steps: what the runner would run, in one transaction, version rows included.
///
/// Scripts that run outside a transaction stand between two of them. `from_base` says that the version table is not
/// there yet, `requires` which SQLite all of it needs. `now` is the time that the rows say, RFC 3339 in UTC.
///
/// Whoever runs it may go on behind a statement that has failed, as the sqlite3 shell does: each transaction looks at its
/// end whether it has done what it should, and takes itself back where it has not.
///
/// # Errors
/// When what another tool keeps of a step cannot be told.
pub fn write_sql(
    steps: &[Step],
    table: &Name,
    mirrored: Option<Mirrored<'_>>,
    (from_base, requires): (bool, Option<SqliteVersion>),
    now: &str,
    tool_version: &str,
) -> Result<String, Box<dyn Report>> {
    let mut whole = String::from("PRAGMA foreign_keys = OFF;\n");
    let mut transaction = Transaction::default();
    if let Some(version) = requires.filter(|version| *version > UNIVERSAL) {
        transaction.require(version);
    }
    if from_base {
        let _ = write!(transaction.text, "\n{};\n", version_table::create_sql(table));
    }
    for step in steps {
        let message = step.message.replace(['\n', '\r'], " ");
        let _ = write!(transaction.text, "\n-- {} {} {}\n", step.op.verb(), step.revision, message);
        for gate in &step.gates {
            transaction.ask(gate);
        }
        match &step.script {
            Some(script) if script.transaction => transaction.run(script.sql()),
            Some(script) => {
                let before = std::mem::take(&mut transaction);
                let _ = write!(whole, "{}{}", before.written(), closed(script.sql()));
            }
            None => {}
        }
        for replaced in &step.replaces {
            let _ = writeln!(transaction.text, "{};", version_table::delete_sql(table, replaced));
        }
        let row = match step.op {
            Op::Upgrade => version_table::insert_sql(table, &step.row_at(Duration::ZERO, now, tool_version)),
            Op::Downgrade => version_table::delete_sql(table, &step.revision),
        };
        let _ = writeln!(transaction.text, "{row};");
        for sql in mirrored.map(|mirrored| mirrored.statements(step, now, Duration::ZERO)).transpose()?.iter().flatten()
        {
            let _ = writeln!(transaction.text, "{sql};");
        }
    }
    let _ = writeln!(whole, "{}PRAGMA foreign_keys = ON;", transaction.written());
    Ok(whole)
}

/// What this SQLite has, so has any that is still in use.
const UNIVERSAL: SqliteVersion = SqliteVersion::new(3, 24);

/// Statements that are kept together or not at all.
#[derive(Default)]
struct Transaction {
    text: String,
    /// Whether there is something to look at in the end.
    is_checked: bool,
}

impl Transaction {
    /// Notes what is wanted and what is found, two expressions.
    fn note(&mut self, what: &str, wanted: &str, found: &str, from: &str) {
        self.is_checked = true;
        let what = quote_string(what);
        let _ = writeln!(self.text, "INSERT INTO \"schemactl_check\" SELECT {what}, {wanted}, {found}, 0{from};");
    }

    fn require(&mut self, version: SqliteVersion) {
        let found = format!("CAST(substr(sqlite_version(), 3) AS INTEGER) >= {}", version.minor);
        self.note(&format!("SQLite {version} or newer"), "1", &found, "");
    }

    fn ask(&mut self, gate: &Gate) {
        self.note(&gate.violation, "0", "count(*)", &format!(" FROM ({})", gate.sql));
    }

    /// Runs a script, and counts the rows of the tables that it rebuilds.
    fn run(&mut self, sql: &str) {
        let mut at = 0;
        for (table, span) in block::marked(sql) {
            let (what, counted) = (format!("rows of {table}"), format!("(SELECT count(*) FROM {})", table.quoted()));
            self.text.push_str(sql[at..span.start].trim_start_matches(['\n', '\r']));
            self.text.push('\n');
            self.note(&what, &counted, "NULL", "");
            self.text.push_str(sql[span.clone()].trim_start_matches(['\n', '\r']));
            let _ = writeln!(
                self.text,
                "UPDATE \"schemactl_check\" SET \"found\" = {counted} WHERE \"what\" = {} AND \"found\" IS NULL;",
                quote_string(&what)
            );
            at = span.end;
        }
        self.text.push_str(&closed(&sql[at..]));
    }

    fn written(self) -> String {
        let (before, after) = if self.is_checked { (CHECK, CHECKED) } else { ("", "") };
        format!("BEGIN IMMEDIATE;\n{before}{}{after}\nCOMMIT;\n", self.text)
    }
}

const CHECK: &str = "CREATE TABLE \"schemactl_check\" (\n  \
       \"what\" TEXT,\n  \
       \"wanted\" INT,\n  \
       \"found\" INT,\n  \
       \"at_end\" INT,\n  \
       CONSTRAINT \"something went wrong, so that nothing is kept\" CHECK (\"at_end\" = 0 OR \"found\" IS \"wanted\")\n\
     );\n";

const CHECKED: &str = "\n-- Takes everything back where something went wrong, also for those who go on behind errors.\n\
     UPDATE OR ROLLBACK \"schemactl_check\" SET \"at_end\" = 1;\n\
     DROP TABLE \"schemactl_check\";\n";

/// A script with a line end behind it.
fn closed(sql: &str) -> String {
    let sql = sql.trim_matches(['\n', '\r']);
    if sql.trim().is_empty() { String::new() } else { format!("{sql}\n") }
}
