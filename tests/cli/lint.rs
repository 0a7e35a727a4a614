//! `schemactl lint` and `schemactl explain`.

use crate::support::command::Project;

const CHILD: &str = "\n[tables.team.columns]\nid = \"INTEGER PRIMARY KEY\"\n\n[tables.member.columns]\n\
                     id = \"INTEGER PRIMARY KEY\"\nteam_id = \"INTEGER REFERENCES team (id)\"\n";

/// A table with a column too many, and a revision that drops it.
fn dropping(line_before: &str) -> Project {
    let project = Project::with_settings("[tables.user.columns]\nid = \"INTEGER PRIMARY KEY\"\n");
    let create = "CREATE TABLE user (id INTEGER PRIMARY KEY, fax TEXT);";
    project.revision("a1", "none", create, "DROP TABLE user;");
    let drop = format!("{line_before}ALTER TABLE user DROP COLUMN fax;");
    project.revision("b2", "a1", &drop, "ALTER TABLE user ADD COLUMN fax TEXT;");
    project
}

#[test]
fn a_finding_in_the_model_is_underlined_and_warnings_count_when_asked_to() {
    let project = Project::with_settings(CHILD);
    let ended = project.run(&["lint"]).ends_with(0);
    let ended =
        ended.answers("warning[SC101]: no index of `member` begins with `team_id`").answers("--> migrations.toml:");
    ended.answers("1 warning in 2 tables").says("schemactl explain SC101");
    project.run(&["lint", "--strict"]).ends_with(1);
}

#[test]
fn a_slip_that_sqlite_takes_is_told_before_a_script_carries_it_on() {
    let event = "[tables.event.columns]\nid = \"INTEGER PRIMARY KEY\"\nat = { type = \"TEXT\", default = \"CURRENT_TIMESTAMP\" }\n";
    let project = Project::with_settings(event);
    let told = project.run(&["revision", "--autogenerate", "--sql"]).ends_with(0);
    told.says("the default of `event.at` is the text").says("`default = { sql = \"CURRENT_TIMESTAMP\" }`");
    project.write(
        "migrations.toml",
        &project.read("migrations.toml").replace("\"CURRENT_TIMESTAMP\"", "{ sql = \"CURRENT_TIMESTAMP\" }"),
    );
    let told = project.run(&["revision", "--autogenerate", "--sql"]).ends_with(0);
    assert!(!told.stderr.contains("default"), "{told}");
}

#[test]
fn the_settings_say_how_bad_a_rule_is_and_name_no_rule_that_is_not_there() {
    let with = |level: &str| {
        let project = Project::with_settings(CHILD);
        let text = project.read("migrations.toml");
        project.write("migrations.toml", &format!("{text}\n[schemactl.lint]\n{level}\n"));
        project
    };
    with("SC101 = \"error\"").run(&["lint"]).ends_with(1).answers("error[SC101]");
    with("SC101 = \"off\"").run(&["lint", "--strict"]).ends_with(0).answers("nothing found in 2 tables");
    let wrong = with("SC110 = \"warn\"\nSC1O1 = \"error\"").run(&["lint"]).ends_with(2);
    wrong.says("there is no rule `SC1O1`").says("SC1O1 = \"error\"").says("did you mean `SC101`?");
    with("SC101 = \"eror\"").run(&["check"]).ends_with(2).says("did you mean `error`?");
}

#[test]
fn the_model_agrees_to_a_finding_with_a_reason_and_to_nothing_else() {
    let with = |allow: &str| Project::with_settings(&format!("[tables.member]\nallow = {{ {allow} }}\n{CHILD}"));
    with("SC101 = \"teams are never deleted\"").run(&["lint", "--strict"]).ends_with(0).answers("1 agreed to");
    with("SC101 = \"\"").run(&["lint"]).ends_with(1).answers("`allow SC101` gives no reason").answers("warning[SC101]");
    with("SC104 = \"why not\"").run(&["lint"]).ends_with(0).answers("warning[SC002]: `allow SC104` agrees to nothing");
    with("SC1O1 = \"why not\"")
        .run(&["lint"])
        .ends_with(1)
        .answers("there is no rule `SC1O1`")
        .answers("did you mean `SC101`?");
}

#[test]
fn a_file_of_sql_agrees_by_a_comment() {
    let with = |comment: &str| {
        let project = Project::with_settings("model = [\"model.sql\"]");
        let member = "CREATE TABLE member (id INTEGER PRIMARY KEY, team_id INTEGER REFERENCES team (id));";
        project.write("model.sql", &format!("CREATE TABLE team (id INTEGER PRIMARY KEY);\n{comment}\n{member}\n"));
        project.run(&["lint", "--strict"])
    };
    with("").ends_with(1).answers("warning[SC101]").answers("--> model.sql:");
    with("-- schemactl: allow SC101 teams are never deleted").ends_with(0).answers("1 agreed to");
    with("-- schemactl: allow SC104 no").ends_with(1).answers("agrees to nothing").answers("--> model.sql:2:");
}

#[test]
fn a_dropped_column_is_an_error_until_the_script_says_why() {
    let ended = dropping("").run(&["lint"]).ends_with(1);
    let ended = ended.answers("error[SC202]: drops the column `user.fax`").answers("--> versions/b2.sql:");
    ended.answers("ALTER TABLE user DROP COLUMN fax;").answers("1 error in 1 table and 2 revisions");
    dropping("-- schemactl: allow SC202 nobody has one\n").run(&["lint"]).ends_with(0).answers("1 agreed to");
    dropping("-- schemactl: allow SC202\n").run(&["lint"]).ends_with(1).answers("gives no reason");
    dropping("-- schemactl: allow SC201 nobody has one\n")
        .run(&["lint"])
        .ends_with(1)
        .answers("error[SC202]")
        .answers("warning[SC002]: `allow SC201` agrees to nothing");
    let in_head = dropping("");
    let text = in_head.read("versions/b2.sql");
    in_head.write(
        "versions/b2.sql",
        &text.replace("\n-- migrate:up", "-- schemactl: allow SC202 nobody has one\n\n-- migrate:up"),
    );
    in_head.run(&["lint"]).ends_with(0).answers("1 agreed to");
    in_head.run(&["upgrade"]).ends_with(0);
}

#[test]
fn what_a_database_has_is_counted_and_what_it_ran_is_not_looked_at_again() {
    let project = dropping("");
    project.run(&["upgrade", "a1"]).ends_with(0);
    if project.sqlite3("INSERT INTO user (fax) VALUES ('1'), (NULL), ('2')").is_none() {
        return;
    }
    let ended = project.run(&["lint"]).ends_with(1);
    ended.answers("2 rows of the database have a value in it").answers("1 error in 1 table and 1 revision");
    let before = std::fs::read(project.path("app.db")).unwrap();
    project.run(&["lint", "--offline"]).ends_with(1).answers("1 table and 2 revisions");
    project.run(&["lint", "--all"]).ends_with(1).answers("1 table and 2 revisions");
    assert_eq!(std::fs::read(project.path("app.db")).unwrap(), before);
    project.run(&["upgrade"]).ends_with(0);
    project.run(&["lint"]).ends_with(0).answers("nothing found in 1 table");
    project.run(&["lint", "-r", "b2:"]).ends_with(1).answers("1 error in 1 revision");
}

#[test]
fn rows_in_the_way_are_counted_even_where_the_script_looks_for_them() {
    let project = Project::with_settings("[tables.t.columns]\nid = \"INTEGER PRIMARY KEY\"\na = \"TEXT\"\n");
    project.revision("a1", "none", "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);", "DROP TABLE t;");
    project.run(&["upgrade"]).ends_with(0);
    let gate = "-- stops at: equal rows in `t` (a)\n--   SELECT a FROM t GROUP BY a HAVING count(*) > 1\n";
    project.revision("b2", "a1", &format!("{gate}CREATE UNIQUE INDEX ta ON t (a);"), "DROP INDEX ta;");
    project.run(&["lint", "--strict"]).ends_with(0);
    if project.sqlite3("INSERT INTO t (a) VALUES ('x'), ('x'), ('y')").is_some() {
        project.run(&["lint"]).ends_with(0).answers("warning[SC204]").answers("of the database in the way, such as");
    }
}

#[test]
fn a_script_that_fails_is_told_with_its_line_and_what_follows_is_not_reached() {
    let project = dropping("INSERT INTO nowhere VALUES (1);\n");
    project.revision("c3", "b2", "CREATE TABLE c (id INTEGER PRIMARY KEY);", "DROP TABLE c;");
    let ended = project.run(&["lint"]).ends_with(1);
    ended.answers("error[SC001]").answers("no such table: nowhere").says("not looked at: c3");
}

#[test]
fn files_are_linted_alone_and_a_file_of_nobody_is_refused() {
    let project = dropping("");
    project.run(&["lint", "versions/a1.sql"]).ends_with(0).answers("nothing found in 1 revision");
    project.run(&["lint", "./versions/b2.sql", "migrations.toml"]).ends_with(1).answers("1 table and 1 revision");
    project.write("notes.sql", "");
    project.run(&["lint", "notes.sql"]).ends_with(2).says("`notes.sql` is neither a revision of this project nor");
}

#[test]
fn a_database_without_a_project_is_linted_too() {
    let project = Project::new();
    if project.sqlite3("CREATE TABLE t (id INT PRIMARY KEY)").is_some() {
        project.run(&["lint", "--database", "app.db"]).ends_with(0).answers("warning[SC103]").answers("in 1 table");
        project.run(&["lint", "--database", "absent.db"]).ends_with(3).says("there is no database");
    }
}

#[test]
fn findings_are_written_for_programs_workflows_and_code_scanning() {
    let project = dropping("");
    let document = project.run(&["lint", "--format", "json"]).ends_with(1).json();
    let finding = &document["findings"][0];
    assert_eq!(
        (&finding["code"], &finding["rule"], &finding["level"]),
        (&"SC202".into(), &"drop-column".into(), &"error".into())
    );
    assert_eq!((&finding["revision"], &finding["at"]["file"]), (&"b2".into(), &"versions/b2.sql".into()));
    assert_eq!((&finding["at"]["line"], &finding["at"]["column"]), (&5.into(), &30.into()), "{document}");
    assert_eq!((&finding["at"]["end_line"], &finding["at"]["end_column"]), (&5.into(), &33.into()), "{document}");
    assert_eq!((&document["errors"], &document["warnings"]), (&1.into(), &0.into()));
    let github = project.run(&["lint", "--output-format", "github"]).ends_with(1);
    assert!(
        github.stdout.starts_with("::error file=versions/b2.sql,line=5,endLine=5,col=30,endColumn=32,title=SC202"),
        "{github}"
    );
    let sarif = project.run(&["lint", "--output-format", "sarif"]).ends_with(1);
    let log: serde_json::Value = serde_json::from_str(&sarif.stdout).unwrap();
    assert_eq!((&log["version"], &log["runs"][0]["results"][0]["ruleId"]), (&"2.1.0".into(), &"SC202".into()));
}

#[test]
fn explain_tells_about_a_rule_and_lists_them_all() {
    let project = Project::new();
    project.run(&["explain", "sc101"]).ends_with(0).answers("SC101 foreign-key-without-index").answers("CREATE INDEX");
    project.run(&["explain", "drop-table"]).ends_with(0).answers("SC201");
    project.run(&["explain"]).ends_with(0).answers("SC309").answers("A revision that drops a column");
    let document = project.run(&["explain", "--format", "json", "SC201"]).ends_with(0).json();
    assert_eq!(document["rules"][0]["level"], "error");
    project.run(&["explain", "SC1O1"]).ends_with(2).says("there is no rule `SC1O1`").says("did you mean `SC101`?");
}
