//! Hooks of the settings on many databases: run around each that has something to do, and fail for it alone.

use serde_json::{Value, json};

use crate::support::command::Project;
use crate::support::fleet::lines;

/// A fleet whose settings have these hooks.
fn fleet(tenants: usize, hooks: &str) -> Project {
    let project = Project::fleet(tenants);
    let settings = project.read("migrations.toml").replace("[schemactl]\n", &format!("[schemactl]\n{hooks}\n"));
    project.write("migrations.toml", &settings);
    project
}

/// What hooks have noted in `log`, in an order of its own.
fn log(project: &Project) -> Vec<String> {
    let text = std::fs::read_to_string(project.path("log")).unwrap_or_default();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

fn stands(project: &Project, tenants: usize) -> Vec<usize> {
    (0..tenants).map(|tenant| project.tenant_stands_at(tenant)).collect()
}

const ALL: &str = r#"
before_run = 'echo "$SCHEMACTL_DATABASE_ID $SCHEMACTL_HOOK $SCHEMACTL_DATABASE" >> log; echo noise'
after_revision = [{ sql = "INSERT OR IGNORE INTO user (name) VALUES ('hook')" }, { file = "after.sql" }]
after_run = 'echo "$SCHEMACTL_DATABASE_ID $SCHEMACTL_HOOK $SCHEMACTL_DIRECTION" >> log; echo louder noise >&2'
"#;

#[test]
fn hooks_run_around_the_run_of_each_database_that_has_something_to_do() {
    let project = fleet(8, ALL);
    project.write("after.sql", "UPDATE user SET mail = 'it@' || name;");
    project.run(&["upgrade", "--no-hooks", "--database", "data/t007/main.db"]).ends_with(0);
    project.run(&["upgrade", "--dry-run", "--jobs", "4"]).ends_with(0).says("a dry run runs no hooks");
    assert_eq!(log(&project), Vec::<String>::new());

    let ended = project.run(&["upgrade", "--jobs", "4", "--rehearse", "2", "--format", "json"]).ends_with(0);
    let (report, summary) = ended.lines();
    assert_eq!((report.len(), &summary["outcomes"]), (8, &json!({ "done": 7, "nothing": 1 })), "{ended}");
    assert!(!ended.stderr.contains("noise"), "{ended}");
    let folder = project.path(".").canonicalize().unwrap();
    let noted = |tenant: usize| {
        let database = folder.join(format!("data/t{tenant:03}/main.db"));
        [format!("t{tenant:03} after_run upgrade"), format!("t{tenant:03} before_run {}", database.display())]
    };
    assert_eq!(log(&project), (0..7).flat_map(noted).collect::<Vec<_>>());
    let mails = |tenant: usize| {
        let sql = "SELECT group_concat(mail) FROM user";
        project.tenant(tenant).query_row(sql, [], |row| row.get::<_, Option<String>>(0)).unwrap()
    };
    assert!((0..7).all(|tenant| mails(tenant).as_deref() == Some("it@hook")));
    assert_eq!((stands(&project, 8), mails(7)), (vec![2; 8], None));

    // Nothing to do, or nothing that they stand beside.
    project.run(&["upgrade"]).ends_with(0).answers("8 had nothing to do");
    project.run(&["backup"]).ends_with(0);
    project.run(&["downgrade", "-1", "--no-hooks"]).ends_with(0);
    assert_eq!((stands(&project, 8), log(&project).len()), (vec![1; 8], 14));

    let ended = project.run(&["upgrade", "-v", "--jobs", "4"]).ends_with(0).answers("8 databases: 8 upgraded");
    ended.says("t003: hook: echo \"$SCHEMACTL_DATABASE_ID").says("t003: noise\n").says("t007: louder noise\n");
}

#[test]
fn a_hook_that_fails_is_the_failure_of_its_database_alone() {
    let hooks = "before_run = 'echo no answer from $SCHEMACTL_DATABASE_ID; test $SCHEMACTL_DATABASE_ID != t001'\n\
                 after_revision = 'test $SCHEMACTL_DATABASE_ID != t002 || kill -9 $$'";
    let project = fleet(5, hooks);
    project.tenant(3).execute_batch("ALTER TABLE user ADD COLUMN odd").unwrap();
    let ended = project.run(&["upgrade", "--report", "run.ndjson", "--jobs", "4"]).ends_with(7);
    ended
        .answers("5 databases: 2 upgraded, 3 failed")
        .answers("2  hook: data/t001/main.db, data/t002/main.db")
        .answers("the hook `before_run` failed: the command ended with exit code 1")
        .answers("next: correct it, or go on without hooks by `--no-hooks`")
        .says("t001: hook: echo no answer from")
        .says("t001: no answer from t001\n")
        .says("3 databases left");
    let (report, summary) = lines(&project.read("run.ndjson"));
    assert_eq!(summary["failures"], json!({ "hook": 2, "drift": 1 }));
    let told = |tenant: usize| {
        let Value::Object(line) = &report[tenant] else { panic!("{report:?}") };
        (line["class"].clone(), line["error"]["code"].clone(), line["steps"].clone(), line["to"].clone())
    };
    let (old, new) = (report[0]["from"].clone(), report[0]["to"].clone());
    assert_eq!(told(1), (json!("hook"), json!("before_hook_failed"), json!(0), old));
    assert_eq!(told(2), (json!("hook"), json!("after_hook_failed"), json!(1), new));
    assert_eq!(report[1]["error"]["notes"], json!(["nothing was run", "it printed: no answer from t001"]));
    assert_eq!(project.tenant_stands_at(2), 2);

    project.tenant(3).execute_batch("ALTER TABLE user DROP COLUMN odd").unwrap();
    let again = ["upgrade", "--only", "failed", "--from", "run.ndjson"];
    project.run(&again).ends_with(7).answers("3 databases: 1 upgraded, 1 had nothing to do, 1 failed");
    assert_eq!(stands(&project, 5), [2, 1, 2, 2, 2]);
    let ended = project.run(&["downgrade", "-1", "--jobs", "1", "--max-failures", "0"]).ends_with(7);
    ended.answers("1 downgraded").answers("1 failed").says("--max-failures");
    project.run(&["upgrade", "--no-hooks"]).ends_with(0);
    assert_eq!(stands(&project, 5), [2; 5]);
}

#[test]
fn hooks_that_cannot_run_are_told_before_a_database_is_touched() {
    for (hooks, more, code) in [
        ("after_revision = 'true'", &["--transaction", "all"][..], "hooks_in_transaction"),
        ("before_run = 'true'\nafter_run = 'echo ${NOT_SET_AT_ALL}'", &[], "variable_not_set"),
    ] {
        let project = fleet(2, hooks);
        let upgrade = [&["upgrade", "--format", "json"], more].concat();
        let ended = project.run(&upgrade).ends_with(2);
        assert_eq!(ended.json()["error"]["code"], code, "{ended}");
        assert_eq!(stands(&project, 2), [1, 1]);
        project.run(&[&upgrade[..], &["--dry-run"]].concat()).ends_with(0);
        project.run(&[&upgrade[..], &["--no-hooks"]].concat()).ends_with(0);
    }
}

#[test]
fn the_hooks_of_a_database_that_others_hold_run_once() {
    let project = fleet(3, "before_run = 'echo $SCHEMACTL_DATABASE_ID >> log'\nafter_run = 'echo done >> log'");
    let other = project.tenant(1);
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let (report, _) = project.run(&["upgrade", "--lock-timeout", "1", "--format", "json"]).ends_with(7).lines();
    assert_eq!((&report[1]["class"], &report[1]["attempts"]), (&json!("busy"), &json!(1)));
    assert!(report[1]["ms"].as_f64().unwrap() >= 1000.0, "{}", report[1]);
    assert_eq!(log(&project), ["done", "done", "t000", "t001", "t002"]);
    drop(other);
    assert_eq!(stands(&project, 3), [2, 1, 2]);
}
