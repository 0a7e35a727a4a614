//! The real tools: each makes a project and migrates it part of the way; schemactl takes over and goes on to where the
//! tool itself would have come.

use std::path::PathBuf;

use super::{SCRIPTS, ask, same_schema, sql};
use crate::support::command::{Ended, Project};
use crate::support::peers::{peer, run};

/// Takes `app.db` over when two of three scripts are applied, runs the third, and compares with `control.db`.
#[track_caller]
fn continued(project: &Project, adopted: &[&str]) {
    sql(project, "app.db", "INSERT INTO users (name, email) VALUES ('Ada', 'ada@example.org')");
    let args: Vec<&str> = ["adopt", "--database", "app.db"].iter().chain(adopted).copied().collect();
    project.run(&args).ends_with(0).answers("recorded 2 revisions as applied").answers("1 revision to run");
    assert_eq!(ask(project, "SELECT DISTINCT kind FROM schemactl_version"), ["adopt"]);
    project.run(&["upgrade", "head"]).ends_with(0);
    same_schema(project, "app.db", "control.db");
    assert_eq!(ask(project, "SELECT name, email FROM users"), ["Ada|ada@example.org"]);
    project.run(&["check"]).ends_with(0).answers("no changes");
    project.run(&["status"]).ends_with(0);
    project.run(&["verify"]).ends_with(0);
}

#[test]
fn a_project_of_dbmate_goes_on() {
    let Some(dbmate) = peer("dbmate") else { return };
    let project = Project::new();
    let up = |database: &str| {
        let url = format!("sqlite:{database}");
        run(&project, &dbmate, &["--url", &url, "--no-dump-schema", "up"], &[]);
    };
    for (number, (to, from)) in SCRIPTS.iter().enumerate() {
        if number == 2 {
            up("app.db");
        }
        let text = format!("-- migrate:up\n{to}\n-- migrate:down\n{from}");
        project.write(&format!("db/migrations/2024013112000{number}_step_{number}.sql"), &text);
    }
    up("control.db");
    continued(&project, &[]);
    // Back by the scripts that dbmate's users have written; dbmate's own account is as it was.
    project.run(&["downgrade", "base", "--no-backup"]).ends_with(0);
    assert_eq!(ask(&project, "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'users%'"), ["0"]);
    assert_eq!(ask(&project, "SELECT version FROM schema_migrations"), ["20240131120000", "20240131120001"]);
}

#[test]
fn a_project_of_sqlx_goes_on_with_its_times() {
    let Some(sqlx) = peer("sqlx") else { return };
    let project = Project::new();
    let up = |database: &str| {
        let url = format!("sqlite:{database}?mode=rwc");
        run(&project, &sqlx, &["migrate", "run", "--database-url", &url], &[]);
    };
    for (number, (to, from)) in SCRIPTS.iter().enumerate() {
        if number == 2 {
            up("app.db");
        }
        project.write(&format!("migrations/2024013112000{number}_step_{number}.up.sql"), to);
        project.write(&format!("migrations/2024013112000{number}_step_{number}.down.sql"), from);
    }
    up("control.db");
    let times = ask(&project, "SELECT replace(installed_on, ' ', 'T') || 'Z' FROM _sqlx_migrations ORDER BY version");
    continued(&project, &["--from", "sqlx"]);
    let question = "SELECT applied_at FROM schemactl_version WHERE kind = 'adopt' ORDER BY sequence";
    assert_eq!(ask(&project, question), times);
    assert_eq!(ask(&project, "SELECT count(*) FROM _sqlx_migrations"), ["2"]);
}

/// Two tools side by side for a while: what runs here is done there, what is exported runs nowhere twice, and what runs
/// there is taken over.
fn side_by_side(
    tool: &str,
    scripts: impl Fn(u64, &str, &str) -> Vec<(String, String)>,
    run_up: impl Fn(&Project) -> Ended,
) {
    let project = Project::new();
    let write = |number: u64, (up, down): (&str, &str)| {
        for (path, text) in scripts(number, up, down) {
            project.write(&path, &text);
        }
    };
    write(1, SCRIPTS[0]);
    write(2, SCRIPTS[1]);
    run_up(&project);
    write(3, SCRIPTS[2]);
    project.run(&["adopt", "--database", "app.db", "--scripts", "steps"]).ends_with(0).answers("1 revision to run");
    let mirrored = format!("[schemactl]\nmirror = \"{tool}\"\n");
    project.write("migrations.toml", &project.read("migrations.toml").replacen("[schemactl]\n", &mirrored, 1));
    let nothing_runs_there = || {
        let before = project.run(&["diff"]).ends_with(0).stdout;
        let ended = run_up(&project);
        assert!(!ended.stdout.contains("Appl"), "{ended}");
        assert_eq!(project.run(&["diff"]).ends_with(0).stdout, before);
        project.run(&["status"]).ends_with(0);
    };
    project.run(&["upgrade"]).ends_with(0);
    nothing_runs_there();
    project.run(&["downgrade", "-1"]).ends_with(0);
    project.run(&["upgrade"]).ends_with(0);
    nothing_runs_there();
    let columns = "[tables.users.columns]\n";
    let model = project.read("migrations.toml").replace(columns, &format!("{columns}age = \"INTEGER\"\n"));
    project.write("migrations.toml", &model);
    project.run(&["revision", "--autogenerate", "-m", "Age"]).ends_with(0);
    project.run(&["export", "--tool", tool, "-o", "steps"]).ends_with(0).answers("wrote steps/");
    project.run(&["upgrade"]).ends_with(0);
    nothing_runs_there();
    write(20_991_231_000_000, ("CREATE TABLE late (id INTEGER PRIMARY KEY);\n", "DROP TABLE late;\n"));
    run_up(&project);
    project.run(&["upgrade"]).ends_with(1).says(&format!("{tool} has run 1 migration since"));
    let adopted = project.run(&["adopt"]).ends_with(0).answers("recorded 1 revision as applied");
    assert!(adopted.stderr.contains("the model does not describe"), "{adopted}");
    project.run(&["upgrade"]).ends_with(0).answers("nothing to do");
    // A new database gets all of it, here and there the same.
    project.run(&["upgrade", "--database", "new.db"]).ends_with(0);
    same_schema(&project, "app.db", "new.db");
    project.run(&["downgrade", "-2", "--no-backup"]).ends_with(0);
    assert_eq!(ask(&project, "SELECT name FROM pragma_table_info('users')"), ["id", "name", "email"]);
}

#[test]
fn sqlx_and_schemactl_take_turns() {
    let Some(sqlx) = peer("sqlx") else { return };
    let scripts = |number: u64, up: &str, down: &str| {
        let file = |direction: &str, text: &str| (format!("steps/{number}_step.{direction}.sql"), text.to_owned());
        vec![file("up", up), file("down", down)]
    };
    side_by_side("sqlx", scripts, |project| {
        let args = ["migrate", "run", "--source", "steps", "--database-url", "sqlite:app.db?mode=rwc"];
        run(project, &sqlx, &args, &[])
    });
}

#[test]
fn dbmate_and_schemactl_take_turns() {
    let Some(dbmate) = peer("dbmate") else { return };
    let scripts = |number: u64, up: &str, down: &str| {
        vec![(format!("steps/{number}_step.sql"), format!("-- migrate:up\n{up}\n-- migrate:down\n{down}"))]
    };
    side_by_side("dbmate", scripts, |project| {
        let args = ["--url", "sqlite:app.db", "--no-dump-schema", "--migrations-dir", "steps", "up"];
        run(project, &dbmate, &args, &[])
    });
}

#[test]
fn a_project_of_drizzle_goes_on() {
    let Some(drizzle) = peer("drizzle-kit") else { return };
    let project = Project::new();
    let packages: PathBuf = drizzle.canonicalize().unwrap().ancestors().nth(2).unwrap().to_owned();
    #[cfg(unix)]
    std::os::unix::fs::symlink(packages, project.path("node_modules")).unwrap();
    #[cfg(not(unix))]
    return;
    let config = |database: &str| {
        let path = format!("{database}.json");
        let text = format!(
            r#"{{"dialect":"sqlite","schema":"./schema.ts","out":"./drizzle","dbCredentials":{{"url":"file:{database}"}}}}"#
        );
        project.write(&path, &text);
        path
    };
    let head = "import { sqliteTable, integer, text, index } from 'drizzle-orm/sqlite-core';\n";
    let users = |columns: &str, indexes: &str| {
        format!(
            "export const users = sqliteTable('users', {{ id: integer('id').primaryKey(), name: text('name').notNull(){columns} }}{indexes});\n"
        )
    };
    let email = ", email: text('email')";
    let generate = |schema: String| {
        project.write("schema.ts", &(head.to_owned() + &schema));
        run(&project, &drizzle, &["generate", "--config", &config("app.db")], &[]);
    };
    generate(users("", ""));
    generate(users(email, ", (t) => [index('users_email').on(t.email)]"));
    run(&project, &drizzle, &["migrate", "--config", &config("app.db")], &[]);
    generate(
        users(email, ", (t) => [index('users_email').on(t.email)]")
            + "export const posts = sqliteTable('posts', { id: integer('id').primaryKey(), user: integer('user_id').references(() => users.id) });\n",
    );
    run(&project, &drizzle, &["migrate", "--config", &config("control.db")], &[]);
    continued(&project, &[]);
}

/// A project of Alembic with its first script run on `app.db`; what is given runs the rest.
fn alembic() -> Option<(Project, impl Fn(&Project, &str))> {
    let alembic = peer("alembic")?;
    let project = Project::new();
    project.write("alembic.ini", "[alembic]\nscript_location = alembic\n");
    let environment = "import os\nfrom alembic import context\nfrom sqlalchemy import create_engine\n\
         with create_engine(os.environ['URL']).connect() as connection:\n    \
         context.configure(connection=connection)\n    with context.begin_transaction():\n        context.run_migrations()\n";
    project.write("alembic/env.py", environment);
    let revision = |id: &str, parent: &str, body: &str| {
        let text = format!(
            "from alembic import op\nimport sqlalchemy as sa\nrevision = '{id}'\ndown_revision = {parent}\n\
             def upgrade():\n    {body}\ndef downgrade():\n    pass\n"
        );
        project.write(&format!("alembic/versions/{id}.py"), &text);
    };
    let up = move |project: &Project, database: &str| {
        run(project, &alembic, &["upgrade", "head"], &[("URL", &format!("sqlite:///{database}"))]);
    };
    revision(
        "aa01",
        "None",
        "op.create_table('account', sa.Column('id', sa.Integer, primary_key=True), sa.Column('name', sa.String(50), nullable=False, unique=True))",
    );
    up(&project, "app.db");
    revision("aa02", "'aa01'", "op.add_column('account', sa.Column('age', sa.Integer()))");
    Some((project, up))
}

#[test]
fn what_alembic_runs_after_it_was_left_is_told_and_taken_over() {
    let Some((project, up)) = alembic() else { return };
    project.run(&["adopt", "--database", "app.db"]).ends_with(0);
    sql(&project, "app.db", "INSERT INTO account (name) VALUES ('Ada')");
    up(&project, "app.db");
    project.run(&["status"]).ends_with(1).answers("alembic has run 1 migration since").answers("aa02");
    project.run(&["upgrade"]).ends_with(1).says("schemactl adopt --from alembic");
    project.run(&["adopt"]).ends_with(0).answers("beyond the revisions: added column `account.age`");
    project.run(&["upgrade"]).ends_with(0).answers("nothing to do");
    project.run(&["upgrade", "--database", "new.db"]).ends_with(0);
    same_schema(&project, "app.db", "new.db");
    project.run(&["verify"]).ends_with(0);
    assert_eq!(ask(&project, "SELECT name FROM account"), ["Ada"]);
}

#[test]
fn a_database_of_alembic_becomes_one_revision() {
    let Some((project, up)) = alembic() else { return };
    up(&project, "control.db");
    sql(&project, "app.db", "INSERT INTO account (name) VALUES ('Ada')");
    project.run(&["adopt", "--database", "app.db"]).ends_with(0).answers("recorded 1 revision as applied");
    project.run(&["check"]).ends_with(0);
    let model = project.read("migrations.toml");
    project.write(
        "migrations.toml",
        &model.replace("[tables.account.columns]\n", "[tables.account.columns]\nage = \"INTEGER\"\n"),
    );
    project.run(&["revision", "--autogenerate", "-m", "Age"]).ends_with(0);
    project.run(&["upgrade"]).ends_with(0);
    same_schema(&project, "app.db", "control.db");
    assert_eq!(ask(&project, "SELECT name FROM account"), ["Ada"]);
    assert_eq!(ask(&project, "SELECT version_num FROM alembic_version"), ["aa01"]);
}

#[test]
fn a_database_of_django_becomes_one_revision() {
    let Some(django) = peer("django-admin") else { return };
    let project = Project::new();
    project.write("shop/__init__.py", "");
    project.write("shop/migrations/__init__.py", "");
    project.write(
        "settings.py",
        "import os\nSECRET_KEY = 'x'\nINSTALLED_APPS = ['shop']\nDEFAULT_AUTO_FIELD = 'django.db.models.BigAutoField'\n\
         DATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': os.environ['NAME']}}\n",
    );
    let migration = |name: &str, dependencies: &str, operation: &str| {
        let text = format!(
            "from django.db import migrations, models\nclass Migration(migrations.Migration):\n    \
             dependencies = {dependencies}\n    operations = [{operation}]\n"
        );
        project.write(&format!("shop/migrations/{name}.py"), &text);
    };
    let up = |database: &str| {
        let args = ["migrate", "--settings", "settings", "--pythonpath", "."];
        run(&project, &django, &args, &[("NAME", database)]);
    };
    migration(
        "0001_initial",
        "[]",
        "migrations.CreateModel('Product', [('id', models.BigAutoField(primary_key=True)), ('name', models.CharField(max_length=50, unique=True)), ('price', models.DecimalField(max_digits=8, decimal_places=2, db_index=True))])",
    );
    up("app.db");
    migration(
        "0002_note",
        "[('shop', '0001_initial')]",
        "migrations.AddField('product', 'note', models.TextField(null=True))",
    );
    up("control.db");
    sql(&project, "app.db", "INSERT INTO shop_product (name, price) VALUES ('pen', 1)");
    project.run(&["adopt", "--database", "app.db"]).ends_with(0).says("django: the database is taken as it is");
    project.run(&["check"]).ends_with(0);
    let model = project.read("migrations.toml");
    let columns = "[tables.shop_product.columns]\n";
    project.write("migrations.toml", &model.replace(columns, &format!("{columns}note = \"text\"\n")));
    project.run(&["revision", "--autogenerate", "-m", "Notes"]).ends_with(0);
    project.run(&["upgrade"]).ends_with(0);
    same_schema(&project, "app.db", "control.db");
    assert_eq!(ask(&project, "SELECT name FROM shop_product"), ["pen"]);
}
