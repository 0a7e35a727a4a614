//! Revisions run by an application on its own connection.

use std::sync::Barrier;
use std::time::Instant;

use schemactl::report::{Class, Report};
use schemactl::rusqlite::{self, Connection, hooks::AuthAction, hooks::AuthContext, hooks::Authorization};
use schemactl::{Error, Revisions};

use crate::support::command::Project;

fn chain(length: usize) -> (Project, Revisions) {
    let project = Project::with_settings("");
    project.chain(length);
    let revisions = read(&project);
    (project, revisions)
}

fn read(project: &Project) -> Revisions {
    Revisions::read(project.path("versions")).unwrap()
}

fn open(project: &Project) -> Connection {
    Connection::open(project.path("app.db")).unwrap()
}

fn ids(outcome: &schemactl::Outcome) -> Vec<&str> {
    outcome.steps.iter().map(|step| step.revision.as_str()).collect()
}

fn pragma(connection: &Connection, name: &str) -> i64 {
    connection.pragma_query_value(None, name, |row| row.get(0)).unwrap()
}

#[test]
fn the_command_line_and_an_application_go_on_where_the_other_has_stopped() {
    let (project, revisions) = chain(3);
    project.run(&["upgrade", "r0001"]).ends_with(0);
    let mut connection = open(&project);
    assert_eq!(revisions.current(&connection).unwrap()[0].as_str(), "r0001");
    let outcome = schemactl::upgrade(&mut connection, &revisions).unwrap();
    assert_eq!((ids(&outcome), outcome.current[0].as_str()), (vec!["r0002", "r0003"], "r0003"));
    drop(connection);
    project.run(&["upgrade"]).ends_with(0).answers("nothing to do");
    project.run(&["status"]).says("");
    project.run(&["downgrade", "-1"]).ends_with(0);
    let mut connection = open(&project);
    assert_eq!(ids(&revisions.ensure(&mut connection).unwrap()), ["r0003"]);
    assert_eq!(ids(&revisions.ensure(&mut connection).unwrap()), [""; 0]);
    assert_eq!(ids(&revisions.downgrade(&mut connection, "base").unwrap()), ["r0003", "r0002", "r0001"]);
    assert!(revisions.current(&connection).unwrap().is_empty());
}

#[test]
fn the_connection_is_as_it_was_whether_the_run_ends_well_or_not() {
    for last in ["SELECT 1;", "SELECT no_such_column;", "SELECT lonely('x');"] {
        let (project, _) = chain(1);
        let up = format!(
            "PRAGMA recursive_triggers = OFF; CREATE TABLE u (a TEXT COLLATE own); \
             CREATE INDEX i ON u (a COLLATE stranger); {last}"
        );
        project.revision("two", "r0001", &up, "DROP TABLE u;");
        let mut connection = open(&project);
        connection.create_collation("own", str::cmp).unwrap();
        for (name, value) in [
            ("foreign_keys", 1),
            ("recursive_triggers", 1),
            ("ignore_check_constraints", 1),
            ("legacy_alter_table", 1),
            ("busy_timeout", 1234),
            ("cache_size", -555),
        ] {
            connection.pragma_update(None, name, value).unwrap();
        }
        let outcome = read(&project).upgrade(&mut connection, "head");
        assert_eq!(outcome.is_ok(), last == "SELECT 1;", "{outcome:?}");
        for (name, value) in [
            ("foreign_keys", 1),
            ("recursive_triggers", 1),
            ("ignore_check_constraints", 1),
            ("legacy_alter_table", 1),
            ("busy_timeout", 1234),
            ("cache_size", -555),
        ] {
            assert_eq!(pragma(&connection, name), value, "{name} after {last}");
        }
        // What stood in for what the application lacks is gone.
        for (sql, words) in
            [("SELECT 'a' < 'b' COLLATE stranger", "no such collation"), ("SELECT lonely(1)", "no such fun")]
        {
            assert!(connection.prepare(sql).unwrap_err().to_string().contains(words), "{sql} after {last}");
        }
        // The runner's own watch is gone: this would be refused in a script.
        connection.execute_batch("BEGIN; SAVEPOINT s; ROLLBACK").unwrap();
    }
}

#[test]
fn eight_threads_and_a_process_run_each_revision_once() {
    let (project, revisions) = chain(12);
    let barrier = Barrier::new(9);
    let path = project.path("app.db");
    let steps: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    let mut connection = Connection::open(&path).unwrap();
                    barrier.wait();
                    revisions.ensure(&mut connection).unwrap().steps.len()
                })
            })
            .collect();
        let mut command = project.command(&["upgrade", "--format", "json"]);
        let start = &barrier;
        let process = scope.spawn(move || {
            start.wait();
            command.output().unwrap()
        });
        let run: usize = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
        let output = process.join().unwrap();
        let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        run + document["steps"].as_array().unwrap().len()
    });
    assert_eq!(steps, 12);
    let rows: i64 = open(&project).query_row("SELECT sum(x) FROM t12", [], |row| row.get(0)).unwrap();
    assert_eq!(rows, 12);
}

#[test]
fn a_database_in_memory_is_a_database() {
    let (_, revisions) = chain(2);
    let revisions = revisions.version_table("own_version");
    let mut connection = Connection::open_in_memory().unwrap();
    assert_eq!(ids(&revisions.ensure(&mut connection).unwrap()), ["r0001", "r0002"]);
    let rows: i64 = connection.query_row("SELECT count(*) FROM own_version", [], |row| row.get(0)).unwrap();
    assert_eq!(rows, 2);
}

#[test]
fn a_connection_that_is_not_fit_for_it_is_told_so_and_nothing_is_changed() {
    type Expected = fn(&Error) -> bool;
    let cases: [(&str, Expected, &str); 4] = [
        ("BEGIN", |error| matches!(error, Error::Run(_)), "inside a transaction"),
        ("ATTACH ':memory:' AS other", |error| matches!(error, Error::Attached { .. }), "databases attached: `other`"),
        ("CREATE TEMP TABLE t1 (a)", |error| matches!(error, Error::Temporary { .. }), "temporary objects: `t1`"),
        ("PRAGMA query_only = ON", |error| matches!(error, Error::ReadOnly), "may only read"),
    ];
    for (sql, expected, words) in cases {
        let (project, revisions) = chain(1);
        let mut connection = open(&project);
        connection.execute_batch(sql).unwrap();
        let error = revisions.ensure(&mut connection).unwrap_err();
        assert!(expected(&error) && error.to_string().contains(words), "{error}");
        let tables = open(&project).query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0));
        assert_eq!(tables, Ok(0), "{sql}");
        // Where nothing has to run, all of them do.
        read(&project).upgrade(&mut open(&project), "head").ok();
        if sql != "BEGIN" {
            assert_eq!(revisions.ensure(&mut connection).unwrap().current[0].as_str(), "r0001", "{sql}");
        }
    }
    let (project, revisions) = chain(1);
    drop(open(&project).execute_batch("PRAGMA user_version = 1"));
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    let mut connection = Connection::open_with_flags(project.path("app.db"), flags).unwrap();
    assert!(matches!(revisions.ensure(&mut connection), Err(Error::ReadOnly)));
    revisions.ensure(&mut open(&project)).unwrap();
    assert_eq!(revisions.ensure(&mut connection).unwrap().current[0].as_str(), "r0001");
}

#[test]
fn what_goes_wrong_says_which_revision_where_and_why_in_one_line() {
    let (project, _) = chain(1);
    project.revision("two", "r0001", "CREATE TABLE a (b);\nSELEC 1;", "DROP TABLE a;");
    let error = read(&project).ensure(&mut open(&project)).unwrap_err();
    let said = error.to_string();
    assert!(said.starts_with("cannot upgrade `two`: near \"SELEC\": syntax error at "), "{said}");
    assert!(said.contains("two.sql:6:1") && said.ends_with("the database stands at `r0001`"), "{said}");
    assert_eq!((error.class(), said.lines().count()), (Class::Database, 1));
    let mut connection = open(&project);
    for (target, words) in [("nowhere", "there is no revision `nowhere`"), ("a:b", "found a range")] {
        let error = read(&project).upgrade(&mut connection, target).unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
    }
    project.write("versions/bad.sql", "SELECT 1;");
    let said = Revisions::read(project.path("versions")).unwrap_err().to_string();
    assert!(said.contains("bad.sql"), "{said}");
    assert!(matches!(Revisions::read(project.path("nowhere")), Err(Error::Folder(_))));
}

#[test]
fn who_waits_too_long_can_tell_that_it_was_a_lock() {
    let (project, revisions) = chain(1);
    let other = open(&project);
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let revisions = revisions.lock_timeout(std::time::Duration::from_millis(50));
    assert!(revisions.ensure(&mut open(&project)).unwrap_err().is_locked());
    drop(other);
    revisions.ensure(&mut open(&project)).unwrap();
}

#[test]
fn a_database_that_a_newer_version_was_at_is_refused_unless_it_is_accepted() {
    let (project, _) = chain(3);
    read(&project).ensure(&mut open(&project)).unwrap();
    std::fs::remove_file(project.path("versions/r0003.sql")).unwrap();
    let (older, mut connection) = (read(&project), open(&project));
    let error = older.ensure(&mut connection).unwrap_err();
    assert!(matches!(&error, Error::Newer { unknown } if unknown[0].as_str() == "r0003"), "{error}");
    let accepting = read(&project).accept_newer(true);
    assert_eq!(accepting.ensure(&mut connection).unwrap().current[0].as_str(), "r0003");
    // The way back is in the database.
    assert_eq!(ids(&older.downgrade(&mut connection, "r0002").unwrap()), ["r0003"]);
    older.ensure(&mut connection).unwrap();
}

#[test]
fn a_schema_that_is_not_what_the_revisions_make_is_told_with_what_differs() {
    let (project, revisions) = chain(2);
    let mut connection = open(&project);
    revisions.upgrade(&mut connection, "r0001").unwrap();
    connection.execute_batch("CREATE TABLE stranger (x)").unwrap();
    let outcome = revisions.ensure(&mut connection).unwrap();
    assert!(outcome.notes[0].notes.iter().any(|note| note.contains("`stranger`")), "{:?}", outcome.notes);
}

#[test]
fn edited_and_squashed_revisions_are_met_as_on_the_command_line() {
    let (project, _) = chain(3);
    read(&project).ensure(&mut open(&project)).unwrap();
    // An edit of what has run changes nothing.
    project.revision("r0003", "r0002", "CREATE TABLE other (x);", "DROP TABLE other;");
    assert!(read(&project).ensure(&mut open(&project)).unwrap().steps.is_empty());
    for number in 1..=3 {
        std::fs::remove_file(project.path(format!("versions/r000{number}.sql"))).unwrap();
    }
    project.write(
        "versions/all.sql",
        "-- revision: all\n-- parents: none\n-- replaces: r0001, r0002, r0003\n\n-- migrate:up\nCREATE TABLE t1 (x INTEGER);\n",
    );
    let outcome = read(&project).ensure(&mut open(&project)).unwrap();
    assert_eq!((ids(&outcome).last(), outcome.current[0].as_str()), (Some(&"all"), "all"));
    assert!(read(&project).ensure(&mut open(&project)).unwrap().steps.is_empty());
    project.run(&["current"]).ends_with(0).answers("all");
}

#[test]
fn an_application_that_is_at_the_head_of_a_thousand_revisions_asks_one_question() {
    let (project, revisions) = chain(1000);
    std::fs::write(project.path("app.db"), "").unwrap();
    project.run(&["stamp", "head"]).ends_with(0);
    let mut connection = open(&project);
    let questions = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let seen = std::sync::Arc::clone(&questions);
    connection
        .authorizer(Some(move |context: AuthContext<'_>| {
            seen.fetch_add(
                usize::from(matches!(context.action, AuthAction::Read { .. })),
                std::sync::atomic::Ordering::Relaxed,
            );
            Authorization::Allow
        }))
        .unwrap();
    let mut fastest = std::time::Duration::MAX;
    for _ in 0..20 {
        let start = Instant::now();
        assert!(revisions.ensure(&mut connection).unwrap().steps.is_empty());
        fastest = fastest.min(start.elapsed());
    }
    println!("{fastest:?} at the head of 1,000 revisions");
    assert!(fastest.as_micros() < 1000, "{fastest:?}");
    // `revision` once, and one word for the table whose rows are only counted.
    assert!(questions.load(std::sync::atomic::Ordering::Relaxed) <= 20 * 2);
}
