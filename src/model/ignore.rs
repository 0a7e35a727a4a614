//! `ignore = ["litestream_*"]`: objects of the database that other programs own.

use globset::{Glob, GlobBuilder, GlobSet, GlobSetBuilder};

use crate::schema::Name;

/// Patterns of the names that schemactl leaves alone. Case does not count, as it does not in SQLite.
#[derive(Debug, Clone, Default)]
pub struct Ignore {
    patterns: Vec<String>,
    set: GlobSet,
}

impl Ignore {
    /// Reads patterns.
    pub fn new(patterns: Vec<String>) -> Result<Ignore, globset::Error> {
        let mut set = GlobSetBuilder::new();
        for pattern in &patterns {
            set.add(Ignore::glob(pattern)?);
        }
        Ok(Ignore { set: set.build()?, patterns })
    }

    /// Whether an object of that name is left alone.
    #[must_use]
    pub fn covers(&self, name: &Name) -> bool {
        self.set.is_match(name.as_str())
    }

    /// The patterns as written.
    #[must_use]
    pub fn patterns(&self) -> &[String] {
        &self.patterns
    }

    /// Reads one pattern.
    pub(super) fn glob(pattern: &str) -> Result<Glob, globset::Error> {
        GlobBuilder::new(pattern).case_insensitive(true).build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_matched_whole_and_without_case() {
        let ignore = Ignore::new(vec!["litestream_*".to_owned(), "Meta".to_owned()]).unwrap();
        for (name, covered) in [("_litestream_seq", false), ("Litestream_Lock", true), ("meta", true), ("metas", false)]
        {
            assert_eq!(ignore.covers(&Name::new(name)), covered, "{name}");
        }
        assert!(Ignore::new(vec!["a[".to_owned()]).is_err());
    }
}
