//! Tables that tools make while they change another one, and remove at the end: where one is there, a change was broken
//! off, or somebody has a table of such a name.

use crate::database::Tool;
use crate::schema::{Name, Schema};
use crate::token::quote_name;

/// What tools put before the name of a table while they change it.
const PREFIXES: [(Tool, &str); 8] = [
    (Tool::Alembic, "_alembic_tmp_"),
    (Tool::Django, "new__"),
    (Tool::Drizzle, "__new_"),
    (Tool::Drizzle, "__old_push_"),
    (Tool::EntityFramework, "ef_temp_"),
    (Tool::Laravel, "__temp__"),
    (Tool::Prisma, "new_"),
    (Tool::TypeOrm, "temporary_"),
];

/// A table that looks left over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftover {
    /// Its name.
    pub name: Name,
    /// The table that was to be changed.
    pub of: Name,
    /// Whether that one is there.
    pub is_beside: bool,
}

impl Leftover {
    /// What can be done about it.
    #[must_use]
    pub fn advice(&self) -> String {
        let Leftover { name, of, is_beside } = self;
        if *is_beside {
            let drop = format!("DROP TABLE {}", quote_name(name.as_str()));
            format!("`{name}`: see that `{of}` has all rows, then `{drop}`")
        } else {
            let rename = format!("ALTER TABLE {} RENAME TO {}", quote_name(name.as_str()), quote_name(of.as_str()));
            format!("`{name}`: there is no `{of}`, so that the rows are in this one; then `{rename}`")
        }
    }
}

/// The tables of a schema that a tool may have left over, but for those that are known to belong there.
#[must_use]
pub fn leftovers(tool: Tool, schema: &Schema, known: &Schema) -> Vec<Leftover> {
    let of = |name: &Name| {
        let after = |prefix: &str| {
            let start = name.as_str().get(..prefix.len())?;
            let of = name.as_str().get(prefix.len()..).filter(|of| !of.is_empty())?;
            start.eq_ignore_ascii_case(prefix).then(|| Name::from(of))
        };
        PREFIXES.iter().filter(|(by, _)| *by == tool).find_map(|(_, prefix)| after(prefix))
    };
    let new = schema.tables.keys().filter(|name| !known.tables.contains_key(*name));
    new.filter_map(|name| {
        let of = of(name)?;
        let is_beside = schema.tables.contains_key(&of);
        Some(Leftover { name: name.clone(), of, is_beside })
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Table;

    fn schema(names: &[&str]) -> Schema {
        let mut schema = Schema::default();
        schema.tables.extend(names.iter().map(|name| (Name::from(*name), Table::new(*name))));
        schema
    }

    #[test]
    fn each_tool_has_its_own_names_for_them() {
        let there = schema(&["_alembic_tmp_user", "user", "new__post", "new_"]);
        let found = leftovers(Tool::Alembic, &there, &Schema::default());
        assert_eq!(found.len(), 1);
        assert!(found[0].is_beside && found[0].advice().contains("DROP TABLE \"_alembic_tmp_user\""));
        let found = leftovers(Tool::Django, &there, &Schema::default());
        assert!(!found[0].is_beside && found[0].advice().contains("RENAME TO \"post\""), "{found:?}");
        assert_eq!(leftovers(Tool::Django, &there, &schema(&["new__post"])), []);
        assert_eq!(leftovers(Tool::Dbmate, &there, &Schema::default()), []);
        // What is called only that is no table's.
        assert_eq!(leftovers(Tool::Prisma, &schema(&["new_"]), &Schema::default()), []);
    }
}
