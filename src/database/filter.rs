//! Which objects of a database are none of the model's business: SQLite's own, schemactl's own, other programs'.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use super::error::Error;
use super::{tools, version_table};
use crate::schema::{Name, Table};

/// What introspection leaves out.
#[derive(Debug, Clone)]
pub struct Filter {
    version_table: Name,
    ignore: GlobSet,
}

/// Names that begin so belong to schemactl: tables under construction, rows that were put aside.
const OWN_PREFIX: &str = "schemactl_";

/// Prefixes of names that other programs take for themselves.
const PREFIXES_OF_OTHERS: [&str; 3] = ["_cf_", "crsql_", "__crsql_"];

impl Filter {
    /// Leaves out the version table and whatever the patterns of `ignore` match (`*`, `?`, `[…]`), in any case.
    ///
    /// # Errors
    ///
    /// Refuses what is no pattern.
    pub fn new<'a>(version_table: Name, ignore: impl IntoIterator<Item = &'a str>) -> Result<Filter, Error> {
        let mut set = GlobSetBuilder::new();
        for pattern in ignore {
            let bad = |error: globset::Error| Error::BadPattern {
                pattern: pattern.to_owned(),
                message: error.kind().to_string(),
            };
            set.add(GlobBuilder::new(pattern).case_insensitive(true).build().map_err(bad)?);
        }
        let bad =
            |error: globset::Error| Error::BadPattern { pattern: "ignore".to_owned(), message: error.to_string() };
        Ok(Filter { version_table, ignore: set.build().map_err(bad)? })
    }

    /// Whether the settings leave an object of that name out, whatever it is.
    #[must_use]
    pub fn ignores(&self, name: &str) -> bool {
        self.version_table == *name
            || is_internal(name)
            || has_prefix(name, OWN_PREFIX)
            || PREFIXES_OF_OTHERS.iter().any(|prefix| has_prefix(name, prefix))
            || self.ignore.is_match(name)
    }
}

impl Default for Filter {
    /// Leaves out the version table under its default name and nothing that needs a pattern.
    fn default() -> Filter {
        Filter { version_table: Name::from(version_table::DEFAULT_NAME), ignore: GlobSet::empty() }
    }
}

/// Whether SQLite keeps names like this for itself: `sqlite_stat1` is one, `sqliteX` is not
/// (<https://www.sqlite.org/fileformat2.html#intschema>).
#[must_use]
pub(super) fn is_internal(name: &str) -> bool {
    has_prefix(name, "sqlite_")
}

fn has_prefix(name: &str, prefix: &str) -> bool {
    name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

/// Whether a table is where another tool keeps its versions or bookkeeping.
#[must_use]
pub(super) fn is_of_another_tool(table: &Table) -> bool {
    tools::kept(table.name.as_str(), |column| table.column(&Name::from(column)).is_some()).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Column;

    #[test]
    fn names_are_left_out_by_kind_and_pattern() {
        let filter = Filter::new(Name::from("my_versions"), ["cache_*", "tmp?"]).unwrap();
        for name in
            ["sqlite_stat1", "SQLITE_sequence", "My_Versions", "Cache_users", "tmp1", "schemactl_new_t", "_cf_KV"]
        {
            assert!(filter.ignores(name), "{name}");
        }
        for name in ["sqliteX", "sqlite", "cache", "tmp12", "user", "versions"] {
            assert!(!filter.ignores(name), "{name}");
        }
        assert!(Filter::new(Name::from("v"), ["[a"]).is_err());
    }

    #[test]
    fn a_table_of_another_tool_is_known_by_its_columns() {
        let table = |name: &str, columns: &[&str]| {
            let mut table = Table::new(name);
            table.columns = columns.iter().map(|column| Column::new(*column, None)).collect();
            is_of_another_tool(&table)
        };
        assert!(table("alembic_version", &["version_num"]));
        assert!(table("migrations", &["id", "migration", "batch"]));
        assert!(!table("migrations", &["id", "country", "year"]));
        assert!(!table("user", &["id"]));
    }
}
