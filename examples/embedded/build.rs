//! Puts the revisions into the program.

fn main() -> Result<(), schemactl::build::Error> {
    schemactl::build::embed(["../../versions"])
}
