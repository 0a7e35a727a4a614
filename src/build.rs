//! What the build script of an application calls to put its revisions in: reads them, checks that they hang together, and
//! writes the file that [`crate::embed!`](../macro.embed.html) includes.
//!
//! Needs no SQLite, so that `schemactl` is a small build dependency. Prints what Cargo reads: the folders whose changes
//! run the build script again, so that what is built in is never older than what is in the folder.

use std::fmt::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::report::Report;
use crate::revision::{Folder, FolderError, Graph, Problem, Script};

/// Why revisions cannot be embedded. Shown with all that is wrong, also as the end of a build script.
pub enum Error {
    /// A folder cannot be read.
    Folder(FolderError),
    /// Scripts are malformed, or do not hang together.
    Revisions(Vec<Problem>),
    /// It is no build script that asks: Cargo has not said where files go.
    NoBuildScript,
    /// The file with the revisions cannot be written.
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let problems = match self {
            Error::Folder(error) => return write!(f, "{error}"),
            Error::NoBuildScript => return f.write_str("`OUT_DIR` is not set; call this from a build script"),
            Error::Write { path, error } => return write!(f, "`{}` could not be written: {error}", path.display()),
            Error::Revisions(problems) => problems,
        };
        for diagnostic in problems.iter().flat_map(Report::diagnostics) {
            write!(f, "\n{}", diagnostic.message)?;
            if let Some(place) = &diagnostic.place {
                let (line, column) = place.line_and_column();
                write!(f, "\n  at {}:{line}:{column}", place.source.path)?;
            }
            if let Some(help) = &diagnostic.help {
                write!(f, "\n  help: {help}")?;
            }
        }
        Ok(())
    }
}

/// As for people: it is what Cargo shows of a build script that fails.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {}

/// Embeds the revisions of folders, as written from the folder of `Cargo.toml`, for `schemactl::embed!()`.
///
/// # Errors
/// When a folder cannot be read, a script is malformed, or the revisions do not hang together.
pub fn embed<P: AsRef<Path>>(folders: impl IntoIterator<Item = P>) -> Result<(), Error> {
    embed_as("revisions", folders)
}

/// The same for `schemactl::embed!("name")`, where a program has several sets of revisions.
///
/// # Errors
/// As [`embed`].
pub fn embed_as<P: AsRef<Path>>(name: &str, folders: impl IntoIterator<Item = P>) -> Result<(), Error> {
    let folders: Vec<Folder> = folders.into_iter().map(|path| Folder::new(path.as_ref())).collect();
    for folder in &folders {
        println!("cargo::rerun-if-changed={}", folder.path.display());
    }
    let out = std::env::var_os("OUT_DIR").ok_or(Error::NoBuildScript)?;
    let path = Path::new(&out).join(format!("schemactl_{name}.rs"));
    std::fs::write(&path, code(&folders)?).map_err(|error| Error::Write { path, error })
}

/// The Rust expression that is the revisions of the folders.
fn code(folders: &[Folder]) -> Result<String, Error> {
    let scripts = Folder::read(folders).map_err(Error::Folder)?;
    let texts: Vec<(String, String)> = scripts.scripts.iter().map(|script| whole(script)).collect();
    let graph = Graph::new(scripts);
    if !graph.problems().is_empty() {
        return Err(Error::Revisions(graph.problems().to_vec()));
    }
    let heads: Vec<&str> = graph.heads().into_iter().map(|head| head.id.as_str()).collect();
    let mut code = String::from("::schemactl::Revisions::embedded(&[\n");
    for (path, text) in texts {
        writeln!(code, "({path:?}, {text:?}),").expect("writing to a string does not fail");
    }
    let rows = graph.revisions().count();
    writeln!(code, "]).known(&{heads:?}, {rows})").expect("writing to a string does not fail");
    Ok(code)
}

fn whole(script: &Script) -> (String, String) {
    (script.path().to_owned(), script.source.text.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_has_the_scripts_the_head_and_the_number_of_revisions() {
        let folder = tempfile::tempdir().unwrap();
        let script =
            |id: &str, parent: &str| format!("-- revision: {id}\n-- parents: {parent}\n-- migrate:up\nSELECT '\"';\n");
        std::fs::write(folder.path().join("1_a.sql"), script("a", "none")).unwrap();
        std::fs::write(folder.path().join("2_b.sql"), script("b", "a")).unwrap();
        let code = code(&[Folder::new(folder.path())]).unwrap();
        assert!(code.contains(r#"-- revision: a\n-- parents: none\n-- migrate:up\nSELECT '\"';\n"),"#), "{code}");
        assert!(code.ends_with("]).known(&[\"b\"], 2)\n"), "{code}");
    }

    #[test]
    fn scripts_that_do_not_hang_together_are_no_part_of_a_program() {
        let folder = tempfile::tempdir().unwrap();
        let text = "-- revision: b\n-- parents: a\n-- migrate:up\nSELECT 1;\n";
        std::fs::write(folder.path().join("2_b.sql"), text).unwrap();
        std::fs::write(folder.path().join("3_c.sql"), "SELECT 1;\n").unwrap();
        let said = format!("{:?}", code(&[Folder::new(folder.path())]).unwrap_err());
        assert!(said.contains("the parent `a` of revision `b` is missing") && said.contains("2_b.sql:2:13"), "{said}");
        assert!(said.contains("3_c.sql:1:1"), "{said}");
        assert!(matches!(code(&[Folder::new("no/such")]), Err(Error::Folder(_))));
    }
}
