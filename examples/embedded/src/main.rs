//! A program that carries its revisions with it, here those of this repository:
//!
//! ```sh
//! cargo run -p embedded -- tasks.db
//! ```
//!
//! It brings the database to where they lead before it does anything else. Run again, it finds nothing to do.

use std::error::Error;

use schemactl::rusqlite::Connection;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("usage: embedded DATABASE")?;
    let mut connection = Connection::open(path)?;
    connection.pragma_update(None, "foreign_keys", true)?;

    let outcome = schemactl::embed!().ensure(&mut connection)?;

    for step in &outcome.steps {
        println!("{} {}  {}", step.op.verb(), step.revision, step.message);
    }
    for note in &outcome.notes {
        eprintln!("warning: {}", note.message);
    }
    let tasks: u32 = connection.query_row("SELECT count(*) FROM task", [], |row| row.get(0))?;
    println!("at {}, with {tasks} tasks", outcome.current[0]);
    Ok(())
}
