//! Many small databases: looking at all of them, and a column added to each.

use std::path::Path;

use crate::measure::{Side, asked, compare, done, schemactl};
use crate::sqlite;

const SETTINGS: &str = "[schemactl]\ndatabases = \"data/{tenant}/main.db\"\n";
const FIRST: &str = "-- revision: r1\n-- parents: none\n\n-- migrate:up\n";
const SECOND: &str = "-- revision: r2\n-- parents: r1\n\n-- migrate:up\nALTER TABLE t1 ADD COLUMN note TEXT;\n\n\
                      -- migrate:down\nALTER TABLE t1 DROP COLUMN note;\n";
/// What the upgrade comes down to.
const BARE: &str = "BEGIN IMMEDIATE; ALTER TABLE t1 ADD COLUMN note TEXT; \
                    INSERT INTO schemactl_version (revision, sequence, parents, depends_on, kind, message, checksum, \
                    down_transaction, applied_at, duration_ms, tool_version) SELECT 'r2', 2, 'r1', '', kind, message, \
                    checksum, down_transaction, applied_at, duration_ms, tool_version FROM schemactl_version; COMMIT";

/// How many databases there are.
fn databases() -> usize {
    asked("SCHEMACTL_BENCH_DATABASES").and_then(|number| number.parse().ok()).unwrap_or(10_000)
}

fn write(folder: &Path, number: usize) {
    std::fs::create_dir_all(folder.join("versions")).expect("a folder");
    std::fs::write(folder.join("migrations.toml"), SETTINGS).expect("a file");
    let table = |table| {
        format!(
            "CREATE TABLE t{table} (id INTEGER PRIMARY KEY, a TEXT, b TEXT, c INTEGER);\n\
             CREATE INDEX i{table} ON t{table} (a, b);\n"
        )
    };
    let tables = (1..=8).map(table).collect::<Vec<_>>().concat();
    std::fs::write(folder.join("versions/r1_first.sql"), format!("{FIRST}{tables}")).expect("a file");
    done(schemactl(folder, &["template", "empty.db"]));
    for tenant in 0..number {
        std::fs::create_dir_all(folder.join(format!("data/{tenant}"))).expect("a folder");
    }
    fresh(folder, number);
}

/// Every database as it was at first.
fn fresh(folder: &Path, number: usize) {
    for tenant in 0..number {
        std::fs::copy(folder.join("empty.db"), folder.join(format!("data/{tenant}/main.db"))).expect("a copy");
    }
}

/// A look at all of them, and an added column, beside SQLite in one loop.
pub fn run() {
    let folder = tempfile::tempdir().expect("a folder");
    let (folder, number) = (folder.path(), databases());
    write(folder, number);
    let command = || schemactl(folder, &["status", "-q"]);
    let ours = Side { name: "schemactl", prepare: &|| (), command: &command };
    let opens = || sqlite::each(&folder.join("data"), "SELECT count(*) FROM sqlite_schema");
    let theirs = Side { name: "SQLite, opening each in a loop", prepare: &|| (), command: &opens };
    compare(&format!("fleet: {number} databases, `status`"), 3, &ours, &theirs);

    std::fs::write(folder.join("versions/r2_second.sql"), SECOND).expect("a file");
    let prepare = || fresh(folder, number);
    let command = || schemactl(folder, &["upgrade", "-q"]);
    let ours = Side { name: "schemactl", prepare: &prepare, command: &command };
    let bare = || sqlite::each(&folder.join("data"), BARE);
    let theirs = Side { name: "SQLite, the same statements in a loop", prepare: &prepare, command: &bare };
    compare(&format!("fleet: a column added to {number} databases"), 3, &ours, &theirs);
}
