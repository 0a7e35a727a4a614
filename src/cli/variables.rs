//! The variables that `${VAR}` in the settings stands for: those of the process, then those of `.env`.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use indexmap::IndexMap;

use super::dotenv::{self, Variable};
use super::error::Failure;
use crate::libsql::{Credentials, Token};
use crate::report::Source;

/// Variables by name.
#[derive(Debug, Default)]
pub struct Variables {
    file: IndexMap<String, Variable>,
    shown: String,
}

impl Variables {
    /// The variables of the process, and below them those of a `.env` file where there is one; `shown` is the path
    /// of the file as the user knows it.
    ///
    /// # Errors
    /// The file cannot be read, or a line of it says nothing that is understood.
    pub fn read(file: &Path, shown: &str) -> Result<Variables, Failure> {
        match std::fs::read_to_string(file) {
            Ok(text) => {
                let source = Arc::new(Source { path: shown.to_owned(), text });
                Ok(Variables { file: dotenv::read(&source)?, shown: shown.to_owned() })
            }
            Err(absent) if absent.kind() == io::ErrorKind::NotFound => Ok(Variables::default()),
            Err(error) => Err(error).with_context(|| format!("cannot read `{shown}`"))?,
        }
    }

    /// The value of a variable; none when it is not set, or is not Unicode.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<String> {
        process(name).or_else(|| self.file.get(name).map(|variable| variable.value.clone()))
    }

    /// Where a variable is set: the environment, or a line of the file.
    #[must_use]
    pub fn origin(&self, name: &str) -> Option<String> {
        let line = || self.file.get(name).map(|variable| format!("{}:{}", self.shown, variable.line));
        process(name).map(|_| "the environment".to_owned()).or_else(line)
    }
}

/// The variables that may hold what a server asks for, the first that is set counts.
const TOKENS: [&str; 3] = ["SCHEMACTL_AUTH_TOKEN", "LIBSQL_AUTH_TOKEN", "TURSO_AUTH_TOKEN"];

/// The variable that names the certificates of those who are trusted, as OpenSSL has it.
const CERTIFICATES: &str = "SSL_CERT_FILE";

/// What a server asks for.
pub(super) fn credentials(get: &dyn Fn(&str) -> Option<String>) -> Credentials {
    Credentials {
        token: TOKENS.iter().find_map(|name| Token::new(&get(name)?)),
        certificates: get(CERTIFICATES).filter(|file| !file.is_empty()).map(PathBuf::from),
    }
}

/// The value of a variable of the process.
#[expect(clippy::disallowed_methods, reason = "the one place where the environment is read")]
pub(super) fn process(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_goes_before_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(".env");
        std::fs::write(&file, "CARGO_PKG_NAME=other\nONLY_IN_THE_FILE=1\n").unwrap();
        let variables = Variables::read(&file, ".env").unwrap();
        // Cargo sets the first one for every test.
        assert_eq!(variables.get("CARGO_PKG_NAME").as_deref(), Some("schemactl"));
        assert_eq!(variables.get("ONLY_IN_THE_FILE").as_deref(), Some("1"));
        assert_eq!(variables.get("IN_NEITHER_OF_THEM"), None);
        assert_eq!(variables.origin("CARGO_PKG_NAME").as_deref(), Some("the environment"));
        assert_eq!(variables.origin("ONLY_IN_THE_FILE").as_deref(), Some(".env:2"));
        assert_eq!(variables.origin("IN_NEITHER_OF_THEM"), None);
    }

    #[test]
    fn no_file_is_no_error_but_an_unreadable_one_is() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Variables::read(&folder.path().join(".env"), ".env").unwrap().get("IN_NEITHER_OF_THEM"), None);
        let failure = Variables::read(folder.path(), ".env").unwrap_err();
        assert_eq!(failure.diagnostics()[0].message, "cannot read `.env`");
    }
}
