//! Revisions as other tools run them: run by the real tools where they are there, and by what those do where not.

use std::path::{Path, PathBuf};

use rusqlite::Connection;
use schemactl::export::Tool;
use serde_json::Value;

use crate::support::command::{Ended, Project};
use crate::support::peers::{peer, run};

/// A parent with children of every action, a self-reference, a counter, a view and triggers; both rebuilt, with a column
/// that gets values.
const MODELS: [&str; 4] = [
    r#"
[tables.team.columns]
id = "INTEGER PRIMARY KEY"
name = "TEXT NOT NULL"
[tables.person.columns]
id = "INTEGER PRIMARY KEY AUTOINCREMENT"
team_id = { type = "INTEGER", references = "team(id)", on_delete = "CASCADE" }
boss_id = { type = "INTEGER", references = "person(id)", on_delete = "RESTRICT" }
name = "TEXT"
[tables.badge.columns]
id = "INTEGER PRIMARY KEY"
person_id = { type = "INTEGER", references = "person(id)", on_delete = "SET NULL" }
team_id = { type = "INTEGER", not_null = true, references = "team(id)", on_delete = "RESTRICT" }
[tables.log.columns]
line = "TEXT"
[views.people]
sql = "SELECT person.name, team.name AS team FROM person JOIN team ON team.id = person.team_id"
[triggers.person_new]
sql = """CREATE TRIGGER person_new AFTER INSERT ON person BEGIN
  INSERT INTO log (line) VALUES (CASE new.name WHEN 'x' THEN 'new; x' ELSE new.name END);
END"""
[triggers.person_gone]
sql = "CREATE TRIGGER person_gone AFTER DELETE ON person BEGIN INSERT INTO log (line) VALUES ('gone ' || old.name); END"
"#,
    "-- the parent\nname = \"TEXT NOT NULL\"\n--\nname = { type = \"VARCHAR(20)\", not_null = true, collate = \"NOCASE\" }\n",
    "-- the child\nname = \"TEXT\"\n--\nname = { type = \"TEXT\", not_null = true, backfill = \"'?' || id\" }\n",
    "-- more\n[tables.log.columns]\n--\n[tables.log.columns]\nid = \"INTEGER PRIMARY KEY\"\n",
];

const ROWS: &str = "INSERT INTO team VALUES (1, 'a'), (2, 'b');
    INSERT INTO person VALUES (1, 1, NULL, 'x'), (2, 1, 1, NULL), (7, 2, 2, 'y');
    DELETE FROM person WHERE id = 7;
    INSERT INTO person VALUES (5, 2, 2, 'z');
    INSERT INTO badge VALUES (1, 1, 1), (2, NULL, 2), (3, 5, 2);";

/// A project with four revisions, and `app.db` at the head, with rows from the first revision on.
fn project(settings: &str) -> Project {
    let project = Project::new();
    let mut model = String::new();
    for (number, change) in MODELS.iter().enumerate() {
        let (message, edit) = match change.strip_prefix("-- ") {
            None => ("Teams; people's badges", None),
            Some(rest) => {
                let (message, edit) = rest.split_once('\n').unwrap();
                (message, edit.split_once("\n--\n"))
            }
        };
        match edit {
            Some((from, to)) => {
                assert!(model.contains(from.trim_end()), "{from}");
                model = model.replacen(from.trim_end(), to.trim_end(), 1);
            }
            None => model.push_str(change),
        }
        let head = format!("[schemactl]\ndatabase = \"app.db\"\ntarget_sqlite = \"3.37\"\n{settings}\n");
        project.write("migrations.toml", &(head + &model));
        project.run(&["revision", "--autogenerate", "-m", message]).ends_with(0);
        project.run(&["upgrade", "--no-backup"]).ends_with(0);
        if number == 0 {
            open(&project, "app.db").execute_batch(ROWS).unwrap();
        }
    }
    project
}

fn open(project: &Project, name: &str) -> Connection {
    let connection = Connection::open(project.path(name)).unwrap();
    connection.pragma_update(None, "foreign_keys", true).unwrap();
    connection
}

/// The files of an export, by their names.
fn exported(project: &Project, tool: &str, more: &[&str]) -> Vec<String> {
    let args = [&["export", "--tool", tool, "--format", "json"], more].concat();
    let answer = project.run(&args).ends_with(0).json();
    let paths = answer["files"].as_array().unwrap().iter().map(|file| file["path"].as_str().unwrap().to_owned());
    paths.collect()
}

/// The same schema and the same rows, by judges that know nothing of this project.
#[track_caller]
fn is_same(project: &Project, one: &str, other: &str) {
    let others = ["*schema_migrations", "_sqlx_migrations", "refinery_schema_history", "schemactl_*"];
    let ignored: Vec<&str> = others.iter().flat_map(|table| ["--ignore", table]).collect();
    if let Some(ended) = project.python("schema_equal.py", &[&[one, other], &ignored[..]].concat()) {
        ended.ends_with(0);
    }
    let args = [&[one, other, "--rowid", "--sequence"], &ignored[..]].concat();
    if let Some(ended) = project.python("data_equal.py", &args) {
        ended.ends_with(0);
    }
}

/// A real tool, and how it is called.
struct Peer {
    name: &'static str,
    program: PathBuf,
}

/// What a real tool is asked for.
#[derive(Clone, Copy)]
enum Wish {
    Up,
    Down,
    Told,
}

impl Peer {
    fn of(name: &'static str) -> Option<Peer> {
        Some(Peer { name, program: peer(name)? })
    }

    fn call(&self, project: &Project, database: &str, folder: &str, wish: Wish) -> Ended {
        let url = format!("sqlite:{database}");
        let word = |up, down, told| match wish {
            Wish::Up => up,
            Wish::Down => down,
            Wish::Told => told,
        };
        let args = match self.name {
            "sqlx" => {
                let args = ["migrate", word("run", "revert", "info"), "--source", folder, "--database-url", &url];
                args.map(str::to_owned).to_vec()
            }
            "dbmate" => {
                let word = word("up", "rollback", "status");
                let args = ["--url", &url, "--no-dump-schema", "--migrations-dir", folder, word];
                args.map(str::to_owned).to_vec()
            }
            "diesel" => {
                let word = word("run", "revert", "list");
                let args = ["--database-url", database, "migration", word, "--migration-dir", folder];
                args.map(str::to_owned).to_vec()
            }
            "refinery" => {
                project.write("refinery.toml", &format!("[main]\ndb_type = \"Sqlite\"\ndb_path = \"{database}\"\n"));
                ["migrate", "-p", folder].map(str::to_owned).to_vec()
            }
            other => panic!("{other} is not known"),
        };
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        run(project, &self.program, &args, &[])
    }

    fn up(&self, project: &Project, database: &str, folder: &str) -> Ended {
        if self.name != "dbmate" {
            drop(open(project, database));
        }
        self.call(project, database, folder, Wish::Up)
    }

    fn down(&self, project: &Project, database: &str, folder: &str) {
        self.call(project, database, folder, Wish::Down);
    }

    /// The scripts that it says it has run, and those that it says it has not.
    fn told(&self, project: &Project, database: &str, folder: &str) -> (usize, usize) {
        let told = self.call(project, database, folder, Wish::Told).stdout;
        let (applied, open) = if self.name == "sqlx" { ("/installed ", "/pending ") } else { ("[X] ", "[ ] ") };
        (told.matches(applied).count(), told.matches(open).count())
    }
}

/// Up by one revision, rows, up to the head, and all the way down.
fn runs_in(name: &'static str) {
    let Some(peer) = Peer::of(name) else { return };
    let project = project("");
    exported(&project, name, &["base+1", "-o", "first"]);
    exported(&project, name, &["-o", "all"]);
    peer.up(&project, "peer.db", "first");
    open(&project, "peer.db").execute_batch(ROWS).unwrap();
    peer.up(&project, "peer.db", "all");
    is_same(&project, "app.db", "peer.db");
    if name == "refinery" {
        return;
    }
    for _ in 1..MODELS.len() {
        peer.down(&project, "peer.db", "all");
    }
    project.run(&["downgrade", "base+1", "--yes", "--no-backup"]).ends_with(0);
    is_same(&project, "app.db", "peer.db");
    peer.down(&project, "peer.db", "all");
    project.run(&["downgrade", "base", "--yes", "--no-backup"]).ends_with(0);
    is_same(&project, "app.db", "peer.db");
}

#[test]
fn sqlx_comes_to_the_same_schema_and_rows() {
    runs_in("sqlx");
}

#[test]
fn dbmate_comes_to_the_same_schema_and_rows() {
    runs_in("dbmate");
}

#[test]
fn diesel_comes_to_the_same_schema_and_rows() {
    runs_in("diesel");
}

/// It takes nothing back.
#[test]
fn refinery_comes_to_the_same_schema_and_rows() {
    runs_in("refinery");
}

/// The project that this repository is itself.
fn example() -> Project {
    let project = Project::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    project.write("migrations.toml", &std::fs::read_to_string(root.join("migrations.toml")).unwrap());
    for script in std::fs::read_dir(root.join("versions")).unwrap() {
        let script = script.unwrap();
        let name = script.file_name().into_string().unwrap();
        project.write(&format!("versions/{name}"), &std::fs::read_to_string(script.path()).unwrap());
    }
    project
}

/// As far as the SQLite of the tools goes.
#[test]
fn the_example_project_is_run_by_other_tools() {
    for name in ["sqlx", "dbmate", "diesel"] {
        let Some(peer) = Peer::of(name) else { continue };
        let project = example();
        project.run(&["upgrade", "5e13a8f7c960"]).ends_with(0);
        exported(&project, name, &[":5e13a8f7c960", "-o", "all"]);
        peer.up(&project, "peer.db", "all");
        is_same(&project, "app.db", "peer.db");
        (0..4).for_each(|_| peer.down(&project, "peer.db", "all"));
        project.run(&["downgrade", "base", "--yes"]).ends_with(0);
        is_same(&project, "app.db", "peer.db");
    }
}

#[test]
fn the_example_project_goes_to_every_tool() {
    let project = example();
    for (tool, _) in Tool::ALL {
        assert!(exported(&project, tool, &["-o", tool]).len() >= 5);
    }
    project.run(&["upgrade"]).ends_with(0);
    for (tool, run_script) in [("golang-migrate", within as Runner), ("sql", alone)] {
        let mut connection = open(&project, &format!("{tool}.db"));
        let files = exported(&project, tool, &["-o", tool]);
        let of = |end: &str| files.iter().filter(|file| file.ends_with(end)).collect::<Vec<_>>();
        for file in of(".up.sql") {
            run_script(&mut connection, &project.read(file));
        }
        is_same(&project, "app.db", &format!("{tool}.db"));
        for file in of(".down.sql").into_iter().rev() {
            run_script(&mut connection, &project.read(file));
        }
        let left = "SELECT count(*) FROM sqlite_schema WHERE name NOT LIKE 'sqlite%'";
        assert_eq!(connection.query_row(left, [], |row| row.get::<_, i64>(0)).unwrap(), 0, "{tool}");
    }
}

/// A way to run a script.
type Runner = fn(&mut Connection, &str);

/// Runs a script that brings its own transaction.
fn alone(connection: &mut Connection, sql: &str) {
    connection.execute_batch(&plain(sql)).unwrap_or_else(|error| panic!("{error}\n{sql}"));
}

/// A file for the shell, without what it says to the shell alone.
fn plain(file: &str) -> String {
    file.replacen(".bail on\n", "", 1)
}

/// Runs a script as tools do that give it a transaction of their own, foreign keys on.
fn within(connection: &mut Connection, sql: &str) {
    let transaction = connection.transaction().unwrap();
    transaction.execute_batch(sql).unwrap_or_else(|error| panic!("{error}\n{sql}"));
    transaction.commit().unwrap();
}

#[test]
fn tools_that_switch_nothing_come_to_the_same_schema_and_rows() {
    for tool in ["golang-migrate", "refinery", "d1"] {
        let project = project("");
        let files = exported(&project, tool, &["-o", "all"]);
        let (ups, downs): (Vec<&String>, Vec<&String>) = files.iter().partition(|file| !file.ends_with(".down.sql"));
        let mut connection = open(&project, "peer.db");
        for (number, file) in ups.iter().enumerate() {
            let sql = project.read(file);
            assert!(
                !["PRAGMA foreign_keys", "TEMP", "legacy_alter_table"].iter().any(|word| sql.contains(word)),
                "{sql}"
            );
            within(&mut connection, &sql);
            if number == 0 {
                connection.execute_batch(ROWS).unwrap();
            }
        }
        is_same(&project, "app.db", "peer.db");
        for (number, file) in downs.iter().rev().enumerate() {
            within(&mut connection, &project.read(file));
            let target = format!("base+{}", MODELS.len() - 1 - number);
            let target = if target == "base+0" { "base" } else { &target };
            project.run(&["downgrade", target, "--yes", "--no-backup"]).ends_with(0);
            is_same(&project, "app.db", "peer.db");
        }
        assert_eq!((ups.len(), downs.len()), (MODELS.len(), if tool == "golang-migrate" { MODELS.len() } else { 0 }));
    }
    let project = project("");
    let names = exported(&project, "refinery", &["-o", "all", "0310:"]);
    assert_eq!(names, ["all/V3__the_child.sql", "all/V4__more.sql"]);
}

/// goose and diesel run a script in a transaction of theirs unless they are told otherwise for both directions.
#[test]
fn scripts_for_goose_and_diesel_come_to_the_same_schema_and_rows() {
    for tool in ["goose", "diesel"] {
        let project = project("");
        let files = exported(&project, tool, &["-o", "all"]);
        let mut connection = open(&project, "peer.db");
        let mut number = 0;
        let mut run_half = |file: &String, direction: &str| {
            let (is_outside, sql) = match tool {
                "goose" => {
                    let text = project.read(file);
                    let sql = text.split(&format!("-- +goose {direction}\n")).nth(1).unwrap();
                    let sql = sql.split("-- +goose StatementBegin\n").nth(1).unwrap();
                    let sql = sql.split("-- +goose StatementEnd\n").next().unwrap().to_owned();
                    (text.contains("-- +goose NO TRANSACTION\n"), sql)
                }
                _ => (project.path(file).with_file_name("metadata.toml").exists(), project.read(file)),
            };
            if is_outside {
                alone(&mut connection, &sql);
            } else {
                within(&mut connection, &sql);
            }
            if number == 0 {
                connection.execute_batch(ROWS).unwrap();
            }
            number += 1;
        };
        let of = |end: &str| files.iter().filter(|file| tool == "goose" || file.ends_with(end)).collect::<Vec<_>>();
        for file in of("up.sql") {
            run_half(file, "Up");
        }
        is_same(&project, "app.db", "peer.db");
        for file in of("down.sql").into_iter().rev() {
            run_half(file, "Down");
        }
        project.run(&["downgrade", "base", "--yes", "--no-backup"]).ends_with(0);
        is_same(&project, "app.db", "peer.db");
    }
}

#[test]
fn what_would_break_references_or_meets_rows_in_the_way_is_rolled_back_by_the_script_itself() {
    let project = project("");
    let files = exported(&project, "sql", &["-o", "all"]);
    let script = |words: &str| plain(&project.read(files.iter().find(|file| file.contains(words)).unwrap()));
    let connection = open(&project, "peer.db");
    connection.execute_batch(&script("badges.up")).unwrap();
    connection.execute_batch(ROWS).unwrap();
    let parent = script("the_parent.up");
    let broken = parent.replace("DROP TABLE \"team\";", "DROP TABLE \"team\";\nDELETE FROM schemactl_new_team;");
    assert_ne!(parent, broken);
    let error = connection.execute_batch(&broken).unwrap_err().to_string();
    assert!(error.contains("more rows than before refer to what is not there"), "{error}");
    assert!(connection.is_autocommit(), "the transaction is left open");
    let teams = |connection: &Connection| -> i64 {
        connection.query_row("SELECT count(*) FROM team", [], |row| row.get(0)).unwrap()
    };
    assert_eq!(teams(&connection), 2);
    connection.execute_batch(&parent).unwrap();
    assert_eq!(teams(&connection), 2);
    let enforced: bool = connection.pragma_query_value(None, "foreign_keys", |row| row.get(0)).unwrap();
    assert!(enforced, "foreign keys are left off");
}

#[test]
fn the_shell_stops_at_a_refusal_however_it_is_started() {
    let project = project("");
    let files = exported(&project, "sql", &["-o", "all"]);
    let file = |words: &str| project.path(files.iter().find(|file| file.contains(words)).unwrap());
    open(&project, "peer.db").execute_batch(&plain(&std::fs::read_to_string(file("badges.up")).unwrap())).unwrap();
    open(&project, "peer.db").execute_batch(ROWS).unwrap();
    let parent = std::fs::read_to_string(file("the_parent.up")).unwrap();
    let refused = parent.replace("DROP TABLE \"team\";", "DROP TABLE \"team\";\nDELETE FROM schemactl_new_team;");
    project.write("refused.sql", &refused);
    let ended = std::process::Command::new("sqlite3")
        .arg(project.path("peer.db"))
        .stdin(std::fs::File::open(project.path("refused.sql")).unwrap())
        .output()
        .unwrap();
    assert!(!ended.status.success());
    let words = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(words.lines().filter(|line| line.contains("rror")).count(), 1, "{words}");
    let teams = "SELECT count(*) FROM team";
    assert_eq!(open(&project, "peer.db").query_row(teams, [], |row| row.get::<_, i64>(0)).unwrap(), 2);
}

#[test]
fn a_script_asks_the_rows_what_the_runner_would_ask() {
    let project = Project::new();
    project.write("migrations.toml", "[schemactl]\ndatabase = \"app.db\"\n[tables.t.columns]\na = \"TEXT\"\n");
    project.run(&["revision", "--autogenerate", "-m", "one"]).ends_with(0);
    project.run(&["upgrade"]).ends_with(0);
    project.write("migrations.toml", "[schemactl]\ndatabase = \"app.db\"\n[tables.t.columns]\na = \"INTEGER\"\n");
    project.run(&["revision", "--autogenerate", "-m", "two"]).ends_with(0);
    let files = exported(&project, "sql", &["-o", "all"]);
    let connection = open(&project, "peer.db");
    connection.execute_batch(&plain(&project.read(&files[0]))).unwrap();
    connection.execute_batch("INSERT INTO t VALUES ('007')").unwrap();
    let error = connection.execute_batch(&plain(&project.read(&files[2]))).unwrap_err().to_string();
    assert!(error.contains("CHECK constraint failed: ") && error.contains("t.a"), "{error}");
    connection.execute_batch("UPDATE t SET a = '7'").unwrap();
    connection.execute_batch(&plain(&project.read(&files[2]))).unwrap();
    let value: i64 = connection.query_row("SELECT a FROM t", [], |row| row.get(0)).unwrap();
    assert_eq!(value, 7);
    let left = "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'schemactl%'";
    assert_eq!(connection.query_row(left, [], |row| row.get::<_, i64>(0)).unwrap(), 0);
}

#[test]
fn the_same_again_is_the_same_and_what_differs_is_not_replaced_unasked() {
    let project = project("");
    for tool in ["sqlx", "dbmate", "goose", "diesel", "sql"] {
        let files = exported(&project, tool, &["-o", tool]);
        let texts: Vec<String> = files.iter().map(|file| project.read(file)).collect();
        let line = ["export", "--format", tool, "-o", tool];
        project.run(&line).ends_with(0).answers("nothing to do");
        assert_eq!(texts, files.iter().map(|file| project.read(file)).collect::<Vec<_>>());
        assert!(texts.iter().all(|text| !text.contains('\r')));
    }
    let sqlx = ["export", "--format=sqlx", "-o", "sqlx"];
    let file = exported(&project, "sqlx", &["-o", "sqlx"]).remove(0);
    let text = project.read(&file);
    project.write(&file, "SELECT 1;");
    project.run(&sqlx).ends_with(2).says("has another text").says("--force");
    assert_eq!(project.read(&file), "SELECT 1;");
    std::fs::rename(project.path(&file), project.path("sqlx/1_other.up.sql")).unwrap();
    project.write("sqlx/1_other.up.sql", &text);
    project.run(&sqlx).ends_with(2).says("under another name");
    project.run(&[&sqlx[..], &["--force"]].concat()).ends_with(0).answers("removed").answers("1_other.up.sql");
    assert!(!project.path("sqlx/1_other.up.sql").exists());
    assert_eq!(project.read(&file), text);
    project.run(&["export", "--format", "sqlx", "-o", "versions"]).ends_with(2).says("own revisions");
    project.write("other/20261122190300_of_another.sql", "SELECT 1;");
    let other = ["export", "--format=sqlx", "-o", "other", "--force"];
    project.run(&other).ends_with(2).says("20261122190300_of_another.sql").says("range");
    assert_eq!(std::fs::read_dir(project.path("other")).unwrap().count(), 1);
    project.run(&[&other[..], &["0310:"]].concat()).ends_with(0);
}

#[test]
fn files_are_called_and_marked_as_each_tool_has_it() {
    let project = project("");
    let names = |tool: &str| exported(&project, tool, &["-o", tool, ":base+1"]);
    let first = |tool: &str| project.read(&names(tool)[0]);
    assert_eq!(names("sqlx")[0], "sqlx/20261122190100_teams_people_s_badges.up.sql");
    assert_eq!(names("sqlx")[1], "sqlx/20261122190100_teams_people_s_badges.down.sql");
    assert_eq!(names("dbmate"), ["dbmate/20261122190100_teams_people_s_badges.sql"]);
    assert_eq!(names("diesel")[0], "diesel/2026-11-22-190100-0000_teams_people_s_badges/up.sql");
    assert_eq!(project.read(&names("diesel")[2]), "run_in_transaction = false\n");
    assert!(first("sqlx").starts_with("-- revision 0110c0ffee00: Teams; people's badges\n\nCREATE TABLE"));
    assert!(project.read(&names("sqlx")[1]).starts_with("-- no-transaction\n-- revision 0110c0ffee00"));
    assert!(
        first("dbmate").contains("\n-- migrate:up\nCREATE")
            && first("dbmate").contains("\n-- migrate:down transaction:false\n")
    );
    let goose = first("goose");
    assert!(
        goose.starts_with("-- +goose NO TRANSACTION\n")
            && goose.contains("-- +goose Up\n-- +goose StatementBegin\nBEGIN IMMEDIATE;\n")
    );
}

#[test]
fn a_revision_that_cannot_be_taken_back_says_so_and_a_merge_has_no_file() {
    let project = Project::new();
    project.write("migrations.toml", "[schemactl]\ndatabase = \"app.db\"\n");
    let script = |id: &str, parents: &str, more: &str, sql: &str| {
        let created = "-- created: 2026-11-22T10:00:00Z";
        let text = format!("-- revision: {id}\n-- parents: {parents}\n{created}\n{more}\n-- migrate:up\n{sql}\n");
        project.write(&format!("versions/{id}.sql"), &text);
    };
    script("a", "none", "-- irreversible: the names are gone", "CREATE TABLE a (x)");
    script("b", "a", "", "CREATE TABLE b (x); -- the end");
    script("c", "a", "", "CREATE TABLE c (x);");
    script("m", "b, c", "", "");
    let files = exported(&project, "sql", &["-o", "all"]);
    let expected = ["all/20261122100000_a.up.sql", "all/20261122100001_b.up.sql", "all/20261122100002_c.up.sql"];
    assert_eq!(files.iter().filter(|file| file.ends_with(".up.sql")).collect::<Vec<_>>(), expected.each_ref());
    let connection = open(&project, "peer.db");
    for file in expected {
        connection.execute_batch(&plain(&project.read(file))).unwrap();
    }
    let down = plain(&project.read("all/20261122100000_a.down.sql"));
    let error = connection.execute_batch(&down).unwrap_err().to_string();
    assert!(error.contains("a cannot be taken back: the names are gone"), "{error}");
}

#[test]
fn lines_that_are_marks_elsewhere_and_scripts_without_a_transaction_are_refused_with_their_revision() {
    let project = Project::new();
    project.write("migrations.toml", "[schemactl]\ndatabase = \"app.db\"\n");
    let script = |option: &str, sql: &str| {
        let text = format!("-- revision: a\n-- parents: none\n\n-- migrate:up{option}\n{sql}\n");
        project.write("versions/a.sql", &text);
    };
    script("", "CREATE TABLE t (a DEFAULT '\n-- migrate:down\n');");
    project.run(&["export", "--format", "dbmate", "-o", "x"]).ends_with(2).says("`a`").says("`-- migrate:down`");
    project.run(&["export", "--format", "sqlx", "-o", "x"]).ends_with(0);
    script("", "CREATE TABLE t (a DEFAULT '\n-- +goose Down\n');");
    project.run(&["export", "--format", "goose", "-o", "y"]).ends_with(2).says("`a`").says("`-- +goose Down`");
    script(" transaction:false", "VACUUM;");
    for tool in ["refinery", "golang-migrate", "d1"] {
        project.run(&["export", "--format", tool, "-o", "z"]).ends_with(2).says("`a`").says("transaction:false");
        assert!(!project.path("z").exists());
    }
    exported(&project, "dbmate", &["-o", "z"]);
    project.run(&["export", "--format", "atlas"]).ends_with(2).says("atlas").says("golang-migrate");
}

/// The versions in the table of another tool, in order.
fn versions(project: &Project, table: &str, column: &str) -> Vec<String> {
    let connection = open(project, "app.db");
    let sql = format!("SELECT CAST({column} AS TEXT) FROM {table} WHERE {column} <> 0 ORDER BY {column}");
    let mut statement = connection.prepare(&sql).unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

#[test]
fn a_mirror_has_the_versions_that_export_writes() {
    for (tool, table, column) in [
        ("sqlx", "_sqlx_migrations", "version"),
        ("dbmate", "schema_migrations", "version"),
        ("diesel", "__diesel_schema_migrations", "version"),
        ("goose", "goose_db_version", "version_id"),
    ] {
        let project = project(&format!("mirror = \"{tool}\""));
        let digits = |file: &String| {
            let name = file.split('/').nth(1).unwrap();
            let number = name.split('_').next().unwrap();
            number.replace('-', "")
        };
        let mut expected: Vec<String> = exported(&project, tool, &["-o", "all"]).iter().map(digits).collect();
        expected.dedup();
        assert_eq!(versions(&project, table, column), expected, "{tool}");
        project.run(&["check"]).ends_with(0);
        project.run(&["downgrade", "-2", "--yes"]).ends_with(0);
        assert_eq!(versions(&project, table, column), expected[..2], "{tool}");
        project.run(&["stamp", "head"]).ends_with(0);
        assert_eq!(versions(&project, table, column), expected, "{tool}");
        project.run(&["stamp", "base"]).ends_with(0);
        assert!(versions(&project, table, column).is_empty(), "{tool}");
    }
}

#[test]
fn with_a_mirror_other_tools_find_themselves_at_the_head() {
    for name in ["sqlx", "dbmate", "diesel"] {
        let Some(peer) = Peer::of(name) else { continue };
        let project = project(&format!("mirror = \"{name}\""));
        exported(&project, name, &["-o", "all"]);
        assert_eq!(peer.told(&project, "app.db", "all"), (MODELS.len(), 0));
        let ended = peer.up(&project, "app.db", "all");
        assert!(!ended.stdout.contains("Appl") && !ended.stdout.contains("Running"), "{ended}");
        project.run(&["downgrade", "-1", "--yes"]).ends_with(0);
        assert_eq!(peer.told(&project, "app.db", "all"), (MODELS.len() - 1, 1));
        peer.up(&project, "app.db", "all");
        project.run(&["stamp", "head"]).ends_with(0);
        project.run(&["check"]).ends_with(0);
        assert_eq!(peer.told(&project, "app.db", "all"), (MODELS.len(), 0));
    }
}

#[test]
fn a_mirror_that_is_new_gets_what_was_applied_before() {
    let project = project("");
    let model = project.read("migrations.toml");
    let expected: Vec<String> =
        exported(&project, "dbmate", &["-o", "all"]).iter().map(|file| file[4..18].to_owned()).collect();
    project.run(&["downgrade", "-1", "--yes"]).ends_with(0);
    project.write("migrations.toml", &model.replacen("[schemactl]", "[schemactl]\nmirror = \"dbmate\"", 1));
    project.run(&["upgrade"]).ends_with(0);
    assert_eq!(versions(&project, "schema_migrations", "version"), expected);
    open(&project, "app.db").execute_batch("DROP TABLE schema_migrations").unwrap();
    project.run(&["repair"]).ends_with(0).answers("added 4 rows to the table of dbmate");
    project.run(&["repair"]).ends_with(0).answers("nothing to do");
    assert_eq!(versions(&project, "schema_migrations", "version"), expected);
    project.run(&["check"]).ends_with(0);
}

/// What sqlx-cli 0.9.0 has in its table after `sqlx migrate run` on the file that is exported here.
#[test]
fn the_row_for_sqlx_is_the_one_that_it_writes_itself() {
    let project = Project::new();
    project.write("migrations.toml", "[schemactl]\ndatabase = \"app.db\"\nmirror = \"sqlx\"\n");
    let head = "-- revision: a\n-- parents: none\n-- message: Two words\n-- created: 2026-11-22T10:00:00Z\n";
    project.write(
        "versions/a.sql",
        &format!("{head}\n-- migrate:up\nCREATE TABLE t (x);\n-- migrate:down\nDROP TABLE t;\n"),
    );
    let files = exported(&project, "sqlx", &["-o", "all"]);
    assert_eq!(project.read(&files[0]), "-- revision a: Two words\n\nCREATE TABLE t (x);\n");
    project.run(&["upgrade"]).ends_with(0);
    let row = "SELECT version || '|' || description || '|' || success || '|' || hex(checksum) FROM _sqlx_migrations";
    let row: String = open(&project, "app.db").query_row(row, [], |row| row.get(0)).unwrap();
    assert_eq!(
        row,
        "20261122100000|two words|1|9836402DF520908128F686E79CCEC9EFDB0871E76C4F456AF5A0E1EA8EA19150A227DB2C18E539E80B944A51ABBC7779"
    );
}

#[test]
fn a_mirror_follows_repair_squash_and_scripts_without_a_database() {
    let Some(peer) = Peer::of("sqlx") else { return };
    let project = project("mirror = \"sqlx\"");
    let sql = project.run(&["upgrade", "--sql"]).ends_with(0).stdout;
    open(&project, "offline.db").execute_batch(&sql).unwrap();
    exported(&project, "sqlx", &["-o", "all"]);
    assert_eq!(peer.told(&project, "offline.db", "all"), (MODELS.len(), 0));
    let script = project.run(&["show", "head", "--format", "json"]).ends_with(0).json();
    let path = script["revisions"][0]["path"].as_str().map(str::to_owned);
    let path = path.or_else(|| script["path"].as_str().map(str::to_owned)).unwrap_or_else(|| panic!("{script}"));
    let text = project.read(&path).replace("-- migrate:up\n", "-- migrate:up\n-- a word\n");
    project.write(&path, &text);
    project.run(&["repair"]).ends_with(0).answers("accepted");
    exported(&project, "sqlx", &["-o", "edited"]);
    peer.up(&project, "app.db", "edited");
    project.run(&["squash", ":0510", "-m", "The beginning"]).ends_with(0);
    project.run(&["upgrade"]).ends_with(0);
    exported(&project, "sqlx", &["-o", "squashed"]);
    assert_eq!(peer.told(&project, "app.db", "squashed"), (2, 0));
    peer.up(&project, "app.db", "squashed");
}

#[test]
fn a_row_that_cannot_be_told_stops_the_run() {
    let project = project("mirror = \"dbmate\"");
    let heads = project.run(&["heads", "--format", "json"]).ends_with(0).json();
    let id = heads["revisions"][0]["revision"].as_str().unwrap().to_owned();
    let folder = std::fs::read_dir(project.path("versions")).unwrap();
    let script = folder.map(|entry| entry.unwrap().path()).find(|path| path.to_string_lossy().contains(&id)).unwrap();
    std::fs::remove_file(script).unwrap();
    let before: Value = project.run(&["current", "--format", "json"]).json();
    project.run(&["switch"]).ends_with(2).says("schema_migrations").says("mirror = \"dbmate\"");
    assert_eq!(project.run(&["current", "--format", "json"]).json(), before);
    assert_eq!(versions(&project, "schema_migrations", "version").len(), MODELS.len());
}
