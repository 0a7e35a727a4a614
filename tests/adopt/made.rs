//! What tools leave behind when two of three scripts are applied, described by hand: their files, and the rows of their
//! tables.

use sha2::{Digest, Sha256, Sha384};

use super::SCRIPTS;

const FLYWAY_ONE: i64 = 329_107_612;
const FLYWAY_TWO: i64 = 1_858_643_472;

/// What a tool has made when two of three scripts are applied.
pub struct Made {
    pub tool: &'static str,
    /// Paths and texts of its files.
    pub files: Vec<(String, String)>,
    /// Its table and the rows.
    pub account: String,
    /// When the first script was applied, where the tool keeps that.
    pub applied_at: Option<&'static str>,
    /// Whether there are ways down.
    pub goes_down: bool,
}

/// `(name, text)` of each script as a tool has them.
fn files(each: impl Fn(usize, &str, &str) -> Vec<(String, String)>) -> Vec<(String, String)> {
    SCRIPTS.iter().enumerate().flat_map(|(number, (up, down))| each(number + 1, up, down)).collect()
}

fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(value.into(), 16).unwrap();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

fn sha256(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

/// A checksum as sqlx writes it.
pub fn sha384(text: &str) -> String {
    hex(&Sha384::digest(text.as_bytes()))
}

/// Scripts of two files each.
fn pairs() -> Vec<(String, String)> {
    files(|number, up, down| {
        vec![
            (format!("migrations/{number}_step.up.sql"), up.to_owned()),
            (format!("migrations/{number}_step.down.sql"), down.to_owned()),
        ]
    })
}

/// When the first script was applied.
const AT: Option<&str> = Some("2024-01-31T12:00:05Z");

/// All tools.
pub fn made() -> Vec<Made> {
    up_and_down().into_iter().chain(only_up()).collect()
}

fn up_and_down() -> Vec<Made> {
    let [one, two, _] = SCRIPTS.map(|(up, _)| up);
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
            files: pairs(),
            account: format!(
                "CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL,
                 installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, success BOOLEAN NOT NULL, checksum BLOB NOT NULL,
                 execution_time BIGINT NOT NULL);
                 INSERT INTO _sqlx_migrations VALUES (1, 'step', '2024-01-31 12:00:05', 1, X'{}', 5),
                 (2, 'step', '2024-01-31 12:00:06', 1, X'{}', -1)",
                sha384(one),
                sha384(two)
            ),
            applied_at: AT,
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
            applied_at: AT,
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
            applied_at: AT,
            goes_down: true,
        },
        Made {
            tool: "golang-migrate",
            files: pairs(),
            account: "CREATE TABLE schema_migrations (version uint64,dirty bool);
                      CREATE UNIQUE INDEX version_unique ON schema_migrations (version);
                      INSERT INTO schema_migrations VALUES (2, 0)"
                .to_owned(),
            applied_at: None,
            goes_down: true,
        },
        Made {
            tool: "geni",
            files: pairs(),
            account: "CREATE TABLE \"schema_migrations\" (id VARCHAR(255) PRIMARY KEY);
                      INSERT INTO schema_migrations VALUES ('1'), ('2')"
                .to_owned(),
            applied_at: None,
            goes_down: true,
        },
    ]
}

fn only_up() -> Vec<Made> {
    let [one, two, _] = SCRIPTS.map(|(up, _)| up);
    vec![
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
            applied_at: AT,
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
            applied_at: AT,
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
            applied_at: AT,
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
            applied_at: AT,
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
            applied_at: AT,
            goes_down: false,
        },
    ]
}
