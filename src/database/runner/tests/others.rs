//! Others at the same database, and a machine that has no more to give.

use std::sync::mpsc;
use std::thread;

use super::*;

#[test]
fn several_runners_apply_each_revision_once() {
    for mode in ["DELETE", "WAL"] {
        let file = File::new(&format!("PRAGMA journal_mode = {mode}; CREATE TABLE log (n)"));
        let steps: Vec<Step> = (0..5).map(|n| up(&format!("r{n}"), &format!("INSERT INTO log VALUES ({n})"))).collect();
        let total: usize = thread::scope(|scope| {
            let run_all = || {
                let mut connection = file.open();
                let options = Options { lock_timeout: Duration::from_secs(20), ..options() };
                run_on(&mut connection, &steps, &options).unwrap().steps.len()
            };
            let runners: Vec<_> = (0..4).map(|_| scope.spawn(run_all)).collect();
            runners.into_iter().map(|runner| runner.join().unwrap()).sum()
        });
        assert_eq!(total, 5);
        assert_eq!(file.one("SELECT group_concat(n) FROM log"), "0,1,2,3,4");
        assert_eq!(file.revisions().len(), 5);
    }
}

#[test]
fn a_process_that_is_killed_leaves_the_database_at_a_revision() {
    for mode in ["DELETE", "WAL"] {
        let file = File::new(&format!("PRAGMA journal_mode = {mode}; {FAMILY}"));
        file.run(&[up("a", "CREATE TABLE t (x)")]).unwrap();
        // What a crash leaves is what stands in the files while the script runs.
        let copy = tempfile::tempdir().unwrap();
        let mut plan = |_: &[Applied]| {
            let many = "INSERT INTO p SELECT NULL, hex(randomblob(2000)), NULL FROM pragma_function_list;";
            Ok(vec![up("b", &format!("PRAGMA user_version = 2; {many} {many} {REBUILD}"))])
        };
        let mut connection = file.open();
        connection.pragma_update(None, "cache_size", 5).unwrap();
        let mut crashes = 0;
        let outcome = run(&mut connection, &mut plan, &options(), &mut |event| {
            if matches!(event, Event::Statement { step, .. } if step.revision == id("b")) {
                crashes += 1;
                let folder = copy.path().join(crashes.to_string());
                std::fs::create_dir(&folder).unwrap();
                for entry in std::fs::read_dir(file.folder.path()).unwrap() {
                    let name = entry.unwrap().file_name();
                    std::fs::copy(file.folder.path().join(&name), folder.join(&name)).unwrap();
                }
            }
        });
        outcome.unwrap();
        assert!(crashes > 8);
        for crash in 1..=crashes {
            let path = copy.path().join(crash.to_string()).join("app.db");
            let left = open(&path, Access::Write, SOON).unwrap().unwrap();
            let number = |sql: &str| left.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
            assert_eq!(number("SELECT count(*) FROM schemactl_version"), 1, "{mode} {crash}");
            assert_eq!(number("PRAGMA user_version") + number("SELECT count(*) FROM p"), 3);
            assert_eq!(left.query_row("PRAGMA integrity_check", [], |row| row.get(0)), Ok("ok".to_owned()));
        }
    }
}

#[test]
fn a_writer_that_does_not_let_go_ends_in_the_class_locked() {
    let file = File::new("CREATE TABLE t (x)");
    let other = file.outside();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut told = 0;
    let mut plan = |_: &[Applied]| Ok(vec![up("a", "CREATE TABLE u (x)")]);
    let patient = Options { lock_timeout: Duration::from_millis(1300), ..options() };
    let error = run(&mut file.open(), &mut plan, &patient, &mut |event| {
        told += usize::from(matches!(event, Event::WaitingForLock { .. }));
    })
    .unwrap_err();
    assert_eq!((error.class(), told), (Class::Locked, 1));
    assert!(matches!(error.problem, Problem::Locked { at_commit: false, .. }));
}

#[test]
fn a_reader_delays_the_commit_and_does_not_undo_the_work() {
    let file = File::new("CREATE TABLE t (x); INSERT INTO t VALUES (1), (2)");
    let (began, wait) = mpsc::channel();
    thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let connection = file.outside();
            let mut statement = connection.prepare("SELECT x FROM t").unwrap();
            let mut rows = statement.query([]).unwrap();
            rows.next().unwrap();
            began.send(()).unwrap();
            thread::sleep(Duration::from_millis(400));
        });
        wait.recv().unwrap();
        let patient = Options { lock_timeout: Duration::from_secs(10), ..options() };
        run_on(&mut file.open(), &[up("a", "CREATE TABLE u (x)")], &patient).unwrap();
        reader.join().unwrap();
    });
    assert_eq!(file.revisions(), ["a"]);

    let connection = file.outside();
    let mut statement = connection.prepare("SELECT x FROM t").unwrap();
    let mut rows = statement.query([]).unwrap();
    rows.next().unwrap();
    let error = file.run(&[up("b", "CREATE TABLE w (x)")]).unwrap_err();
    assert!(matches!(error.problem, Problem::Locked { at_commit: true, .. }), "{error}");
    drop(rows);
    assert_eq!(file.revisions(), ["a"]);
}

#[test]
fn a_full_disk_rolls_back_and_says_so() {
    let file = File::new("CREATE TABLE t (x)");
    let mut connection = file.open();
    let pages: i64 = connection.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
    connection.pragma_update(None, "max_page_count", pages + 20).unwrap();
    let overflow = "CREATE TABLE u (x);\nINSERT INTO u SELECT randomblob(100000) FROM (VALUES (1), (2), (3));";
    let error =
        run_on(&mut connection, &[up("a", "CREATE TABLE small (x)"), up("b", overflow)], &options()).unwrap_err();
    assert!(matches!(error.problem, Problem::Database(Error::Full { .. })), "{error:?}");
    assert_eq!(error.heads, Some(vec![id("a")]));
    assert!(connection.is_autocommit());
    assert_eq!(file.revisions(), ["a"]);
    assert_eq!(file.one("SELECT count(*) FROM sqlite_schema WHERE name = 'u'"), "0");
}

#[test]
fn an_interrupt_rolls_back() {
    let file = File::new("");
    let forever =
        "CREATE TABLE t AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n;";
    let options = options();
    let interrupt = Arc::clone(&options.interrupt);
    let error = thread::scope(|scope| {
        scope.spawn(move || {
            thread::sleep(Duration::from_millis(100));
            interrupt.store(true, Ordering::Relaxed);
        });
        run_on(&mut file.open(), &[up("a", "CREATE TABLE first (x)"), up("b", forever)], &options).unwrap_err()
    });
    assert_eq!(error.class(), Class::Interrupted);
    // SQLite takes back the whole transaction, which the two share.
    assert_eq!((error.done.len(), error.heads), (0, Some(Vec::new())));
    assert_eq!(file.one("SELECT count(*) FROM sqlite_schema"), "0");
}

#[test]
fn a_folder_that_may_not_be_written_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let file = File::new(FAMILY);
    let set = |mode: u32| {
        std::fs::set_permissions(file.folder.path(), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    set(0o555);
    let is_root = std::fs::write(file.folder.path().join("probe"), "").is_ok();
    let outcome = if is_root { Ok(Outcome::default()) } else { file.run(&[up("a", "CREATE TABLE t (x)")]) };
    set(0o755);
    if is_root {
        eprintln!("skipped: this user may write everywhere");
        return;
    }
    let error = outcome.unwrap_err();
    assert!(matches!(error.problem, Problem::Database(Error::ReadOnlyFolder { needed: "journal", .. })), "{error}");
    assert_eq!(file.one("SELECT count(*) FROM p"), "3");
}
