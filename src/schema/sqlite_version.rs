//! A release of SQLite.

use std::fmt;
use std::str::FromStr;

/// A version of SQLite, `3.53.0`. Versions order by age.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SqliteVersion {
    /// `3`
    pub major: u16,
    /// `53`
    pub minor: u16,
    /// `0`
    pub patch: u16,
}

impl SqliteVersion {
    /// A version with patch level 0.
    #[must_use]
    pub const fn new(major: u16, minor: u16) -> SqliteVersion {
        SqliteVersion { major, minor, patch: 0 }
    }
}

impl fmt::Display for SqliteVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)?;
        if self.patch > 0 { write!(f, ".{}", self.patch) } else { Ok(()) }
    }
}

/// A text that is no version of SQLite.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a SQLite version such as `3.45`")]
pub struct BadVersion(String);

impl FromStr for SqliteVersion {
    type Err = BadVersion;

    fn from_str(text: &str) -> Result<SqliteVersion, BadVersion> {
        let mut parts = text.trim().split('.').map(str::parse::<u16>);
        let mut next = |or: Option<u16>| match parts.next() {
            Some(Ok(number)) => Ok(number),
            None => or.ok_or_else(|| BadVersion(text.to_owned())),
            Some(Err(_)) => Err(BadVersion(text.to_owned())),
        };
        let version = SqliteVersion { major: next(None)?, minor: next(None)?, patch: next(Some(0))? };
        if version.major == 3 { Ok(version) } else { Err(BadVersion(text.to_owned())) }
    }
}
