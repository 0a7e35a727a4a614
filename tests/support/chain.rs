//! Revisions written by hand, for tests of what happens when they run.

use super::command::Project;

impl Project {
    /// A project whose database is `app.db`, with these keys in its settings and no revisions.
    pub fn with_settings(keys: &str) -> Project {
        let project = Project::new();
        project.write("migrations.toml", &format!("[schemactl]\ndatabase = \"app.db\"\n{keys}\n"));
        std::fs::create_dir(project.path("versions")).expect("a folder for revisions");
        project
    }

    /// Writes a revision with both ways.
    pub fn revision(&self, id: &str, parents: &str, up: &str, down: &str) {
        self.write(
            &format!("versions/{id}.sql"),
            &format!("-- revision: {id}\n-- parents: {parents}\n\n-- migrate:up\n{up}\n\n-- migrate:down\n{down}\n"),
        );
    }

    /// Writes a chain of revisions, `r0001` and so on, each of which makes a table with a row.
    pub fn chain(&self, length: usize) {
        for number in 1..=length {
            let parent = if number == 1 { "none".to_owned() } else { format!("r{:04}", number - 1) };
            let up = format!("CREATE TABLE t{number} (x INTEGER);\nINSERT INTO t{number} VALUES ({number});");
            self.revision(&format!("r{number:04}"), &parent, &up, &format!("DROP TABLE t{number};"));
        }
    }
}
