//! A project with many databases, each in a folder of its tenant.

use rusqlite::Connection;
use serde_json::Value;

use super::command::{Ended, Project};

const MODEL: &str =
    "[schemactl]\ndatabases = \"data/{tenant}/main.db\"\n\n[tables.user.columns]\nid = \"INTEGER PRIMARY KEY\"\n";

impl Project {
    /// A project with a first revision, so many databases at it, and a second revision that is not run yet.
    pub fn fleet(tenants: usize) -> Project {
        let project = Project::new();
        project.write("versions/.keep", "");
        project.write("migrations.toml", &format!("{MODEL}name = \"TEXT\"\n"));
        project.run(&["revision", "--autogenerate", "--offline", "-m", "One"]).ends_with(0);
        project.run(&["template", "empty.db"]).ends_with(0);
        for tenant in 0..tenants {
            project.new_tenant(tenant);
        }
        project.write("migrations.toml", &format!("{MODEL}name = \"TEXT UNIQUE\"\nmail = \"TEXT\"\n"));
        project.run(&["revision", "--autogenerate", "--offline", "-m", "Two"]).ends_with(0);
        project
    }

    /// A copy of the template.
    pub fn new_tenant(&self, tenant: usize) {
        let path = format!("data/t{tenant:03}/main.db");
        self.write(&path, "");
        std::fs::copy(self.path("empty.db"), self.path(path)).unwrap();
    }

    /// A connection to the database of a tenant.
    pub fn tenant(&self, tenant: usize) -> Connection {
        Connection::open(self.path(format!("data/t{tenant:03}/main.db"))).unwrap()
    }

    /// How many revisions the database of a tenant has, if its schema is what they make.
    #[track_caller]
    pub fn tenant_stands_at(&self, tenant: usize) -> usize {
        let connection = self.tenant(tenant);
        let number = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, u32>(0)).unwrap() as usize;
        let revisions = number("SELECT count(*) FROM schemactl_version");
        let columns = number("SELECT count(*) FROM pragma_table_info('user')");
        assert_eq!(columns, revisions + 1, "tenant {tenant}");
        let verdict: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(verdict, "ok", "tenant {tenant}");
        revisions
    }
}

impl Ended {
    /// The answer as a line for each database, by their ids, and the summary.
    #[track_caller]
    pub fn lines(&self) -> (Vec<Value>, Value) {
        lines(&self.stdout)
    }
}

/// A report as a line for each database, by their ids, and the summary.
#[track_caller]
pub fn lines(text: &str) -> (Vec<Value>, Value) {
    let mut lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.iter().all(|line| line["version"] == 1), "{text}");
    let summary = lines.pop().expect("a summary")["summary"].take();
    assert!(summary.is_object(), "{text}");
    lines.sort_by_key(|line| line["id"].as_str().map(str::to_owned));
    (lines, summary)
}
