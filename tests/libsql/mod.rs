//! Databases on a real libSQL server: what works on files works there, and what goes wrong on the way leaves the server
//! exactly at a revision. Every test says that it skips where there is no server to start.

mod copies;
mod faults;
mod secure;
mod server;
mod story;
mod walks;

use crate::support::command::Project;

use server::Server;

/// A project on a server.
fn project(server: &Server, model: &str) -> Project {
    let project = Project::new();
    configure(&project, &server.url(), model);
    project
}

/// Writes the settings and the model.
fn configure(project: &Project, url: &str, model: &str) {
    project.write("migrations.toml", &format!("[schemactl]\ndatabase = \"{url}\"\nversions = \"versions\"\n\n{model}"));
    std::fs::create_dir_all(project.path("versions")).unwrap();
}
