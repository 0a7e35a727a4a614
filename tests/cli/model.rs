//! Models as they come: in several files, with mistakes, with objects of others.

use crate::support::command::Project;

/// A project with this model after settings that name `app.db`.
fn project(model: &str) -> Project {
    let project = Project::new();
    project.write("migrations.toml", &format!("[schemactl]\ndatabase = \"app.db\"\n\n{model}"));
    std::fs::create_dir(project.path("versions")).unwrap();
    project
}

#[test]
fn what_sqlite_refuses_is_underlined_in_the_model_all_of_it_in_one_run() {
    let project = project(
        r#"[tables.user.columns]
id = "INTEGER PRIMARY KEY"
name = "TEXT CHECK (length(nmae) > 0)"

[tables.team]
strict = true
columns.id = "INTEGR"

[tables.post.columns]
title = { type = "TEXT", generated = "lenght(body)" }
body = "TEXT"

[tables.fine]
columns.id = "INTEGER PRIMARY KEY"
indexes.late = { columns = ["id"], where = "di > 1" }
"#,
    );
    let ended = project.run(&["check"]).ends_with(2);
    for expected in [
        "SQLite refuses table `user`: no such column: nmae\n --> migrations.toml:6:28",
        "did you mean `name`?",
        "SQLite refuses table `team`: unknown datatype for team.id: \"INTEGR\"\n --> migrations.toml:10:15",
        "did you mean `INTEGER`?",
        "SQLite refuses table `post`: no such function: lenght\n --> migrations.toml:13:39",
        "did you mean `length`?",
        "SQLite refuses index `late`: no such column: di\n --> migrations.toml:18:45",
        "did you mean `id`?",
    ] {
        let said = ended.stderr.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
        let (message, place) = expected.split_once('\n').unwrap_or((expected, ""));
        assert!(said.contains(message) && said.contains(place.trim_start_matches(" --> ")), "{expected}\n{ended}");
    }
}

#[test]
fn views_and_triggers_that_do_not_compile_are_underlined_unless_it_is_on_purpose() {
    let broken = r#"[tables.user.columns]
id = "INTEGER PRIMARY KEY"
name = "TEXT"

[views.people]
sql = """
SELECT id,
       nmae
FROM user"""
"#;
    let trigger = r#"
[triggers.touch]
sql = "CREATE TRIGGER touch AFTER INSERT ON user BEGIN UPDATE usr SET name = 'x'; END"
"#;
    let project_with_mistakes = project(&format!("{broken}{trigger}"));
    let ended = project_with_mistakes.run(&["check"]).ends_with(2);
    let ended = ended.says("view `people`: no such column: nmae").says("migrations.toml:11:8");
    ended.says("did you mean `name`?").says("trigger `touch`: no such table: main.usr").says("migrations.toml:15:63");

    let on_purpose = project(&format!("{broken}unchecked = true\n{trigger}unchecked = true\n"));
    on_purpose.run(&["revision", "--autogenerate", "-m", "As it is"]).ends_with(0);
    on_purpose.run(&["upgrade", "head"]).ends_with(0);
    on_purpose.run(&["check"]).ends_with(0);
    let text = on_purpose.run(&["introspect"]).ends_with(0).stdout;
    assert_eq!(text.matches("unchecked = true").count(), 2, "{text}");
}

#[test]
fn a_foreign_key_that_fits_nothing_is_taken_where_it_is_on_purpose() {
    let model = "[tables.t.columns]\na = { references = \"nowhere\" }\n";
    project(model).run(&["check"]).ends_with(2).says("there is no table `nowhere`").says("migrations.toml:5:21");
    let on_purpose = project(&model.replace(" }", ", unchecked = true }"));
    on_purpose.run(&["revision", "--autogenerate", "-m", "As it is"]).ends_with(0);
    on_purpose.run(&["upgrade", "head"]).ends_with(0);
    on_purpose.run(&["introspect"]).ends_with(0).answers("unchecked = true");
}

#[test]
fn an_object_that_would_be_left_alone_is_not_passed_over_in_silence() {
    let project = project("[tables.schema_migrations]\ncolumns.version = \"TEXT\"\n[tables.mine]\ncolumns.a = \"\"\n");
    let ended = project.run(&["revision", "--autogenerate", "-m", "x"]).ends_with(2);
    ended.says("table `schema_migrations` is left alone").says("migrations.toml:4:9").says("another name");
    let text =
        project.read("migrations.toml").replace("\n\n", "\nignore = [\"m*\"]\n\n").replace("version =", "number =");
    project.write("migrations.toml", &text);
    project.run(&["check"]).ends_with(2).says("table `mine` is left alone").says("`ignore`");
}

#[test]
fn a_model_stands_in_files_of_both_kinds() {
    let project = project("");
    let settings = "[schemactl]\ndatabase = \"app.db\"\nmodel = [\"models/*.toml\", \"models/**/*.sql\"]\nignore = [\"other_*\"]\n";
    project.write("migrations.toml", settings);
    project.write(
        "models/a.toml",
        "[tables.user]\ncolumns = { id = \"INTEGER PRIMARY KEY\", team_id = { references = \"team(id)\" } }\n",
    );
    project.write(
        "models/deep/b.sql",
        "-- teams;\nCREATE TABLE team (id INTEGER PRIMARY KEY);\nCREATE INDEX of_team ON user (team_id);\n\
         CREATE TRIGGER gone AFTER DELETE ON team BEGIN DELETE FROM user WHERE team_id = old.id; END;\n",
    );
    project.run(&["revision", "--autogenerate", "-m", "Begin"]).ends_with(0);
    project.run(&["upgrade", "head"]).ends_with(0);
    if project.sqlite3("CREATE TABLE other_cache (a)").is_some() {
        project.run(&["check"]).ends_with(0);
    }
    project
        .run(&["introspect"])
        .ends_with(0)
        .answers("[tables.team.columns]")
        .answers("of_team")
        .answers("[triggers.gone]");

    project.write(
        "models/deep/c.sql",
        "CREATE TABLE more (a REFERENCES absent);\nCREATE TABEL x (a);\nCREATE VIEW Team AS SELECT 1;",
    );
    let ended = project.run(&["check"]).ends_with(2);
    let ended = ended.says("models/deep/c.sql:1:33").says("models/deep/c.sql:2:8").says("models/deep/c.sql:3:13");
    ended.says("there is already a table of that name in models/deep/b.sql, line 2");

    project.write("migrations.toml", "[schemactl]\ndatabase = \"app.db\"\nmodel = [\"model/*.toml\"]\n");
    project.run(&["check"]).ends_with(2).says("`model/*.toml` matches no file").says("migrations.toml:3:10");
}

#[test]
fn names_that_differ_in_case_or_kind_only_are_told_with_both_places() {
    let project = project(
        "[tables.user]\ncolumns = { a = \"\", A = \"\" }\nindexes.USER = [\"a\"]\n[tables.User]\ncolumns.b = \"\"\n[views]\nuSER = \"SELECT 1\"\n",
    );
    let ended = project.run(&["check"]).ends_with(2);
    let ended = ended.says("migrations.toml:5:21").says("migrations.toml:6:9").says("migrations.toml:7:9");
    ended.says("migrations.toml:10:1").says("there is already a table of that name in migrations.toml, line 4");
}

#[test]
fn what_only_the_application_has_is_told_once_and_kept() {
    let project =
        project("[tables.t.columns]\na = \"TEXT COLLATE unicase CHECK (my_check(a))\"\nb = \"TEXT COLLATE unicase\"\n");
    let ended = project.run(&["revision", "--autogenerate", "-m", "Begin"]).ends_with(0);
    assert_eq!(ended.stderr.matches("unicase").count(), 1, "{ended}");
}

#[test]
fn editors_get_the_schema_from_the_beginning() {
    let project = Project::new();
    project.run(&["init"]).ends_with(0);
    assert!(project.read("migrations.toml").starts_with("#:schema ./migrations.schema.json\n"));
    assert_eq!(project.read("migrations.schema.json"), project.run(&["schema"]).ends_with(0).stdout);
}

#[test]
fn a_schema_with_broken_views_and_odd_corners_is_begun_with_and_built_again() {
    let project = Project::new();
    let connection = rusqlite::Connection::open(project.path("app.db")).unwrap();
    connection
        .execute_batch(
            r#"CREATE TABLE sqliteX ("it's" TEXT DEFAULT "dq", [a b] UNSIGNED BIG INT(1, 2), `select` UNIQUE UNIQUE,
                 "Größe" CONSTRAINT idle, id INTEGER PRIMARY KEY DESC, CHECK ("it's" <> "dq2"));
               CREATE TABLE w (a TEXT COLLATE NOCASE, b, /* c */ c AS (a || b), PRIMARY KEY (a COLLATE RTRIM DESC, b))
                 WITHOUT ROWID; -- end
               CREATE VIRTUAL TABLE f3 USING fts3(x); CREATE VIRTUAL TABLE f4 USING fts4(x, tokenize=porter);
               CREATE VIRTUAL TABLE f5 USING fts5(x); CREATE VIRTUAL TABLE r USING rtree(id, x0, x1);
               CREATE INDEX e ON w (lower(b) DESC) WHERE b > 'x'; CREATE TABLE gone (a);
               CREATE VIEW v AS SELECT a FROM gone; CREATE VIEW on_v AS SELECT * FROM v;
               CREATE TRIGGER t INSTEAD OF INSERT ON v BEGIN INSERT INTO w (a) VALUES (new.a); END; DROP TABLE gone;"#,
        )
        .unwrap();
    drop(connection);
    project.run(&["init", "--from-database", "app.db"]).ends_with(0);
    project.run(&["check"]).ends_with(0);
    let text = project.run(&["introspect"]).ends_with(0).stdout;
    std::fs::rename(project.path("app.db"), project.path("old.db")).unwrap();
    std::fs::remove_dir_all(project.path("versions")).unwrap();
    std::fs::create_dir(project.path("versions")).unwrap();
    project.run(&["revision", "--autogenerate", "-m", "Again"]).ends_with(0);
    project.run(&["upgrade", "head"]).ends_with(0);
    assert_eq!(project.run(&["introspect"]).ends_with(0).stdout, text);
    let judged = project.python("schema_equal.py", &["old.db", "app.db", "--ignore", "schemactl_*"]);
    if let Some(ended) = judged {
        ended.ends_with(0);
    }
}

#[test]
fn slips_of_the_pen_that_sqlite_takes_are_told_before_a_script_carries_them_on() {
    let user = |age: &str| format!("[tables.user.columns]\nid = \"INTEGER PRIMRY KEY\"\nage = {age}\n");
    let project = project(&user("\"INTEGER\""));
    let words = "`user.id` is of the type `INTEGER PRIMRY KEY`: `PRIMRY` is a part of it";
    project.run(&["revision", "--autogenerate"]).ends_with(0).says(words).says("did you mean `PRIMARY`?");
    project.run(&["upgrade"]).ends_with(0);
    let ended = project.run(&["revision", "--autogenerate"]).ends_with(0);
    assert!(!ended.stderr.contains("PRIMRY"), "it is there already: {ended}");
    // Work that is done may name what has gone since, but hardly what is nearly there.
    let done = |backfill: &str| format!("{{ type = \"INTEGER\", backfill = \"{backfill}\" }}");
    for (backfill, is_told) in [("coalesce(aeg, 0)", true), ("length(first || last)", false), ("age + 1", false)] {
        let settings = "[schemactl]\ndatabase = \"app.db\"\n\n";
        project.write("migrations.toml", &format!("{settings}{}", user(&done(backfill))));
        let ended = project.run(&["check"]).ends_with(0);
        let words = "`backfill` of `user.age` names `aeg`, which `user` does not have";
        assert_eq!(ended.stderr.contains(words), is_told, "{ended}");
    }
    // SQLite itself refuses the one when it is to be done, and takes the other for a string.
    for (backfill, code, words) in [("aeg + 1", 2, "did you mean `age`?"), ("\\\"aeg\\\"", 0, "in single quotes")] {
        let new = format!("{}years = {}\n", user("\"INTEGER\""), done(backfill));
        project.write("migrations.toml", &format!("[schemactl]\ndatabase = \"app.db\"\n\n{new}"));
        let ended = project.run(&["revision", "--autogenerate", "--sql"]).ends_with(code);
        assert!(ended.stderr.contains("`backfill` of `user.years` names `aeg`"), "{ended}");
        assert!(ended.stderr.contains(words) && ended.stderr.contains("migrations.toml:"), "{ended}");
    }
}
