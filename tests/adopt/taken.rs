//! What each tool that runs SQL leaves behind, described by hand: its files, and the rows of its table.

use sha2::{Digest, Sha256, Sha384};

use super::{SCRIPTS, ask, same_schema, sql};
use crate::support::command::Project;

/// What a tool has made when two of three scripts are applied.
struct Made {
    tool: &'static str,
    files: Vec<(String, String)>,
    /// Its table and the rows.
    account: String,
    /// When the first script was applied, where the tool keeps that.
    applied_at: Option<&'static str>,
    /// Whether there are ways down.
    goes_down: bool,
}

/// `(name, text)` of each script as a tool has them.
fn files(each: impl Fn(usize, &str, &str) -> Vec<(String, String)>) -> Vec<(String, String)> {
    SCRIPTS.iter().enumerate().flat_map(|(number, (up, down))| each(number + 1, up, down)).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn made() -> Vec<Made> {
    let [one, two, _] = SCRIPTS.map(|(up, _)| up);
    let at = "2024-01-31T12:00:05Z";
    let pairs = |folder: &'static str| {
        files(move |number, up, down| {
            vec![
                (format!("{folder}/{number}_step.up.sql"), up.to_owned()),
                (format!("{folder}/{number}_step.down.sql"), down.to_owned()),
            ]
        })
    };
    let sha384 = |text: &str| hex(&Sha384::digest(text.as_bytes()));
    let sha256 = |text: &str| hex(&Sha256::digest(text.as_bytes()));
    vec![
        Made {
            tool: "dbmate",
            files: files(|number, up, down| {
                let text = format!("-- migrate:up\n{up}\n-- migrate:down\n{down}");
                vec![(format!("db/migrations/2024013112000{number}_step.sql"), text)]
            }),
            account: "CREATE TABLE IF NOT EXISTS \"schema_migrations\" (version varchar(128) primary key);
                      INSERT INTO schema_migrations VALUES ('20240131120001'), ('20240131120002')"
                .to_owned(),
            applied_at: None,
            goes_down: true,
        },
        Made {
            tool: "sqlx",
            files: pairs("migrations"),
            account: format!(
                "CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL,
                 installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, success BOOLEAN NOT NULL, checksum BLOB NOT NULL,
                 execution_time BIGINT NOT NULL);
                 INSERT INTO _sqlx_migrations VALUES (1, 'step', '2024-01-31 12:00:05', 1, X'{}', 5),
                 (2, 'step', '2024-01-31 12:00:06', 1, X'{}', -1)",
                sha384(one),
                sha384(two)
            ),
            applied_at: Some(at),
            goes_down: true,
        },
        Made {
            tool: "diesel",
            files: files(|number, up, down| {
                let folder = format!("migrations/2024-01-31-12000{number}-0000_step");
                vec![(format!("{folder}/up.sql"), up.to_owned()), (format!("{folder}/down.sql"), down.to_owned())]
            }),
            account: "CREATE TABLE __diesel_schema_migrations (version VARCHAR(50) PRIMARY KEY NOT NULL,
                      run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP);
                      INSERT INTO __diesel_schema_migrations VALUES ('202401311200010000', '2024-01-31 12:00:05'),
                      ('202401311200020000', '2024-01-31 12:00:06')"
                .to_owned(),
            applied_at: Some(at),
            goes_down: true,
        },
        Made {
            tool: "goose",
            files: files(|number, up, down| {
                let text = format!(
                    "-- +goose Up\n-- +goose StatementBegin\n{up}-- +goose StatementEnd\n\n-- +goose Down\n{down}"
                );
                vec![(format!("migrations/0000{number}_step.sql"), text)]
            }),
            account: "CREATE TABLE goose_db_version (id INTEGER PRIMARY KEY AUTOINCREMENT, version_id INTEGER NOT NULL,
                      is_applied INTEGER NOT NULL, tstamp TIMESTAMP DEFAULT (datetime('now')));
                      INSERT INTO goose_db_version (version_id, is_applied, tstamp) VALUES (0, 1, '2024-01-01 00:00:00'),
                      (1, 1, '2024-01-31 12:00:05'), (2, 1, '2024-01-31 12:00:06')"
                .to_owned(),
            applied_at: Some(at),
            goes_down: true,
        },
        Made {
            tool: "golang-migrate",
            files: pairs("migrations"),
            account: "CREATE TABLE schema_migrations (version uint64,dirty bool);
                      CREATE UNIQUE INDEX version_unique ON schema_migrations (version);
                      INSERT INTO schema_migrations VALUES (2, 0)"
                .to_owned(),
            applied_at: None,
            goes_down: true,
        },
        Made {
            tool: "geni",
            files: pairs("migrations"),
            account: "CREATE TABLE \"schema_migrations\" (id VARCHAR(255) PRIMARY KEY);
                      INSERT INTO schema_migrations VALUES ('1'), ('2')"
                .to_owned(),
            applied_at: None,
            goes_down: true,
        },
        Made {
            tool: "flyway",
            files: files(|number, up, _| vec![(format!("sql/V1_{number}__step.sql"), up.to_owned())]),
            // The checksums are zlib's crc32 of the lines without their ends, signed.
            account: format!(
                "CREATE TABLE \"flyway_schema_history\" (\"installed_rank\" INT NOT NULL PRIMARY KEY,\"version\" VARCHAR(50),
                 \"description\" VARCHAR(200) NOT NULL,\"type\" VARCHAR(20) NOT NULL,\"script\" VARCHAR(1000) NOT NULL,
                 \"checksum\" INT,\"installed_by\" VARCHAR(100) NOT NULL,\"installed_on\" TEXT NOT NULL,
                 \"execution_time\" INT NOT NULL,\"success\" BOOLEAN NOT NULL);
                 INSERT INTO flyway_schema_history VALUES
                 (1, '1.1', 'step', 'SQL', 'V1_1__step.sql', {FLYWAY_ONE}, 'me', '2024-01-31 12:00:05.123', 5, 1),
                 (2, '1.2', 'step', 'SQL', 'V1_2__step.sql', {FLYWAY_TWO}, 'me', '2024-01-31 12:00:06.123', 5, 1)"
            ),
            applied_at: Some(at),
            goes_down: false,
        },
        Made {
            tool: "atlas",
            files: files(|number, up, _| vec![(format!("migrations/2024013112000{number}_step.sql"), up.to_owned())]),
            account: "CREATE TABLE atlas_schema_revisions (version text NOT NULL, description text NOT NULL,
                      type integer NOT NULL DEFAULT 2, applied integer NOT NULL DEFAULT 0, total integer NOT NULL DEFAULT 0,
                      executed_at datetime NOT NULL, execution_time integer NOT NULL, error text, error_stmt text,
                      hash text NOT NULL, partial_hashes json, operator_version text NOT NULL, PRIMARY KEY (version));
                      INSERT INTO atlas_schema_revisions VALUES
                      ('20240131120001', 'step', 2, 2, 2, '2024-01-31 12:00:05.5+00:00', 5, '', '', 'h', 'null', 'Atlas CLI'),
                      ('20240131120002', 'step', 2, 2, 2, '2024-01-31 12:00:06.5+00:00', 5, '', '', 'h', 'null', 'Atlas CLI')"
                .to_owned(),
            applied_at: Some(at),
            goes_down: false,
        },
        Made {
            tool: "prisma",
            files: files(|number, up, _| {
                vec![(format!("prisma/migrations/2024013112000{number}_step/migration.sql"), up.to_owned())]
            }),
            account: format!(
                "CREATE TABLE \"_prisma_migrations\" (\"id\" TEXT PRIMARY KEY NOT NULL, \"checksum\" TEXT NOT NULL,
                 \"finished_at\" DATETIME, \"migration_name\" TEXT NOT NULL, \"logs\" TEXT, \"rolled_back_at\" DATETIME,
                 \"started_at\" DATETIME NOT NULL DEFAULT current_timestamp,
                 \"applied_steps_count\" INTEGER UNSIGNED NOT NULL DEFAULT 0);
                 INSERT INTO _prisma_migrations VALUES
                 ('a', '{}', 1706702405000, '20240131120001_step', NULL, NULL, 1706702404000, 1),
                 ('b', '{}', 1706702406000, '20240131120002_step', NULL, NULL, 1706702405500, 1)",
                sha256(one),
                sha256(two)
            ),
            applied_at: Some(at),
            goes_down: false,
        },
        Made {
            tool: "drizzle",
            files: files(|number, up, _| {
                vec![(format!("drizzle/2024013112000{number}_step/migration.sql"), up.to_owned())]
            }),
            account: format!(
                "CREATE TABLE __drizzle_migrations (id INTEGER PRIMARY KEY, hash text NOT NULL, created_at numeric,
                 name text, applied_at TEXT, version INT);
                 INSERT INTO __drizzle_migrations VALUES
                 (1, '{}', 1706702401000, '20240131120001_step', '2024-01-31T12:00:05.000Z', 1),
                 (2, '{}', 1706702402000, '20240131120002_step', '2024-01-31T12:00:06.000Z', 1)",
                sha256(one),
                sha256(two)
            ),
            applied_at: Some(at),
            goes_down: false,
        },
        Made {
            tool: "d1",
            files: files(|number, up, _| vec![(format!("migrations/000{number}_step.sql"), up.to_owned())]),
            account: "CREATE TABLE \"d1_migrations\"( id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE,
                      applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL);
                      INSERT INTO d1_migrations VALUES (1, '0001_step.sql', '2024-01-31 12:00:05'),
                      (2, '0002_step.sql', '2024-01-31 12:00:06')"
                .to_owned(),
            applied_at: Some(at),
            goes_down: false,
        },
    ]
}

const FLYWAY_ONE: i64 = 329_107_612;
const FLYWAY_TWO: i64 = 1_858_643_472;

#[test]
fn the_scripts_of_each_tool_become_revisions_and_the_rest_of_them_run() {
    for Made { tool, files, account, applied_at, goes_down } in made() {
        let project = Project::new();
        files.iter().for_each(|(path, text)| project.write(path, text));
        let [one, two, three] = SCRIPTS.map(|(up, _)| up);
        sql(&project, "app.db", &format!("{one}{two}INSERT INTO users (name) VALUES ('Ada');{account}"));
        sql(&project, "control.db", &format!("{one}{two}{three}"));
        let dry = project.run(&["adopt", "--database", "app.db", "--dry-run"]).ends_with(0);
        assert!(dry.stdout.contains("would record 2 revisions"), "{tool}: {dry}");
        assert!(!project.path("migrations.toml").exists(), "{tool}: a dry run writes nothing");
        let answer = project.run(&["adopt", "--database", "app.db", "--format", "json"]).ends_with(0).json();
        assert_eq!((&answer["tool"], &answer["pending"]), (&tool.into(), &1.into()), "{answer}");
        let revisions = answer["revisions"].as_array().unwrap();
        assert_eq!(revisions.iter().filter(|revision| revision["applied"] == true).count(), 2, "{answer}");
        assert!(revisions.iter().all(|revision| revision["message"] == "step"), "{answer}");
        let first = ask(&project, "SELECT kind, applied_at FROM schemactl_version ORDER BY sequence").remove(0);
        assert!(first.starts_with("adopt|"), "{first}");
        if let Some(at) = applied_at {
            assert_eq!(first, format!("adopt|{at}"), "{tool}");
        }
        project.run(&["upgrade", "head"]).ends_with(0);
        same_schema(&project, "app.db", "control.db");
        project.run(&["check"]).ends_with(0).answers("no changes");
        let status = project.run(&["status"]).ends_with(0);
        assert_eq!(status.stdout.matches("in sync").count(), 3, "{tool}: {status}");
        if goes_down {
            project.run(&["downgrade", "base", "--no-backup"]).ends_with(0);
            assert_eq!(ask(&project, "SELECT count(*) FROM sqlite_schema WHERE name = 'users'"), ["0"], "{tool}");
        } else {
            project.run(&["downgrade", "-1"]).ends_with(2).says("cannot be taken back");
        }
        assert_eq!(
            ask(
                &project,
                "SELECT count(*) FROM sqlite_schema WHERE name LIKE '%migrations' OR name LIKE '%version' OR name LIKE '%history' OR name LIKE '%revisions'"
            ),
            ["2"],
            "{tool}: its table stays"
        );
    }
}

#[test]
fn refinery_is_taken_over_with_its_own_checksum() {
    let project = Project::new();
    // Text and checksum are those of refinery's own tests.
    let cars = "CREATE TABLE cars (\n    id int,\n    name varchar(255)\n);\n";
    project.write("migrations/V2__add_cars_table.sql", cars);
    project.write("migrations/V3__add_brand.sql", "ALTER TABLE cars ADD COLUMN brand TEXT;");
    let account = "CREATE TABLE refinery_schema_history(version int4 PRIMARY KEY, name VARCHAR(255),
                   applied_on VARCHAR(255), checksum VARCHAR(255));
                   INSERT INTO refinery_schema_history VALUES
                   (2, 'add_cars_table', '2024-01-31T12:00:05.123456789Z', '8238603820526370208')";
    sql(&project, "app.db", &format!("{cars}{account}"));
    sql(&project, "control.db", &format!("{cars}ALTER TABLE cars ADD COLUMN brand TEXT"));
    project.run(&["adopt", "--database", "app.db"]).ends_with(0);
    assert_eq!(ask(&project, "SELECT revision, applied_at FROM schemactl_version"), ["2|2024-01-31T12:00:05Z"]);
    project.run(&["upgrade"]).ends_with(0);
    same_schema(&project, "app.db", "control.db");
}

#[test]
fn tools_whose_scripts_are_programs_become_one_revision() {
    for (tool, account) in [
        ("rails", "CREATE TABLE schema_migrations (version varchar NOT NULL PRIMARY KEY);
                   CREATE TABLE ar_internal_metadata (key varchar NOT NULL PRIMARY KEY, value varchar, created_at datetime(6) NOT NULL, updated_at datetime(6) NOT NULL)"),
        ("knex", "CREATE TABLE knex_migrations (id integer not null primary key autoincrement, name varchar(255), batch integer, migration_time datetime);
                  CREATE TABLE knex_migrations_lock (`index` integer not null primary key autoincrement, is_locked integer);
                  INSERT INTO knex_migrations_lock (is_locked) VALUES (0)"),
        ("typeorm", "CREATE TABLE migrations (id integer PRIMARY KEY AUTOINCREMENT NOT NULL, timestamp bigint NOT NULL, name varchar NOT NULL)"),
        ("ef", "CREATE TABLE __EFMigrationsHistory (MigrationId TEXT NOT NULL PRIMARY KEY, ProductVersion TEXT NOT NULL)"),
        ("user_version", "PRAGMA user_version = 7"),
    ] {
        let project = Project::new();
        sql(&project, "app.db", &format!("{}{account}", SCRIPTS[0].0));
        let answer = project.run(&["adopt", "--database", "app.db", "--format", "json"]).ends_with(0).json();
        assert_eq!(answer["tool"], tool);
        project.run(&["check"]).ends_with(0).answers("no changes");
        project.run(&["status"]).ends_with(0);
        project.run(&["verify"]).ends_with(0);
        // The same project's other database, of which the tool has made the same.
        sql(&project, "other.db", &format!("{}{account}", SCRIPTS[0].0));
        let again = project.run(&["adopt", "--database", "other.db"]).ends_with(0).answers("recorded 1 revision");
        assert!(!again.stdout.contains("wrote"), "{again}");
        project.run(&["check", "--database", "other.db"]).ends_with(0);
        project.run(&["adopt"]).ends_with(0).answers("nothing to do");
    }
}
