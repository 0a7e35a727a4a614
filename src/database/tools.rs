//! The tools that keep versions in a SQLite database, and the tables in which they do: one list, for those that leave
//! such tables alone and for those that take over from them.
//!
//! Knows names and columns; reads no row.

/// A tool that brings databases from version to version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is the name of a tool")]
pub enum Tool {
    Alembic,
    Atlas,
    D1,
    Dbmate,
    Diesel,
    Django,
    Drizzle,
    Ecto,
    EntityFramework,
    Flyway,
    Geni,
    GolangMigrate,
    Goose,
    Grdb,
    Knex,
    Kysely,
    Laravel,
    Liquibase,
    Phinx,
    Prisma,
    Rails,
    Refinery,
    Room,
    SeaOrm,
    Sequelize,
    Sqlx,
    TypeOrm,
    /// No tool of a name: a number in the head of the file (<https://www.sqlite.org/pragma.html#pragma_user_version>).
    UserVersion,
}

impl Tool {
    /// All tools with their names, as they are written on the command line.
    pub const ALL: [(Tool, &'static str); 28] = [
        (Tool::Alembic, "alembic"),
        (Tool::Atlas, "atlas"),
        (Tool::D1, "d1"),
        (Tool::Dbmate, "dbmate"),
        (Tool::Diesel, "diesel"),
        (Tool::Django, "django"),
        (Tool::Drizzle, "drizzle"),
        (Tool::Ecto, "ecto"),
        (Tool::EntityFramework, "ef"),
        (Tool::Flyway, "flyway"),
        (Tool::Geni, "geni"),
        (Tool::GolangMigrate, "golang-migrate"),
        (Tool::Goose, "goose"),
        (Tool::Grdb, "grdb"),
        (Tool::Knex, "knex"),
        (Tool::Kysely, "kysely"),
        (Tool::Laravel, "laravel"),
        (Tool::Liquibase, "liquibase"),
        (Tool::Phinx, "phinx"),
        (Tool::Prisma, "prisma"),
        (Tool::Rails, "rails"),
        (Tool::Refinery, "refinery"),
        (Tool::Room, "room"),
        (Tool::SeaOrm, "seaorm"),
        (Tool::Sequelize, "sequelize"),
        (Tool::Sqlx, "sqlx"),
        (Tool::TypeOrm, "typeorm"),
        (Tool::UserVersion, "user_version"),
    ];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        Tool::ALL.iter().find(|(tool, _)| *tool == self).map_or("", |(_, name)| name)
    }

    /// The tool of a name.
    #[must_use]
    pub fn named(word: &str) -> Option<Tool> {
        Tool::ALL.iter().find(|(_, name)| *name == word).map(|(tool, _)| *tool)
    }

    /// The table in which it keeps its versions.
    #[must_use]
    pub fn table(self) -> Option<&'static str> {
        TABLES.iter().find(|table| table.versions_of == Some(self)).map(|table| table.name)
    }
}

/// A table that another program keeps for itself.
#[derive(Debug)]
pub struct Kept {
    /// Its name.
    pub name: &'static str,
    /// Columns that it has, as far as it takes to tell it from a table of that name of somebody else's.
    pub columns: &'static [&'static str],
    /// The tool whose versions it holds; none where it is only for its bookkeeping.
    pub versions_of: Option<Tool>,
}

const fn versions(name: &'static str, columns: &'static [&'static str], of: Tool) -> Kept {
    Kept { name, columns, versions_of: Some(of) }
}

const fn bookkeeping(name: &'static str) -> Kept {
    Kept { name, columns: &[], versions_of: None }
}

/// The tables of all tools; where several have one name, those with more columns come first.
const TABLES: [Kept; 38] = [
    versions("alembic_version", &["version_num"], Tool::Alembic),
    versions("schema_migrations", &["version", "dirty"], Tool::GolangMigrate),
    versions("schema_migrations", &["version", "inserted_at"], Tool::Ecto),
    versions("schema_migrations", &["version"], Tool::Dbmate),
    versions("schema_migrations", &["id"], Tool::Geni),
    // Rails' versions stand in a table that looks like dbmate's; this one tells them apart.
    versions("ar_internal_metadata", &["key", "value"], Tool::Rails),
    versions("_sqlx_migrations", &["version", "checksum"], Tool::Sqlx),
    versions("__diesel_schema_migrations", &["version"], Tool::Diesel),
    versions("refinery_schema_history", &["version", "checksum"], Tool::Refinery),
    versions("goose_db_version", &["version_id", "is_applied"], Tool::Goose),
    versions("atlas_schema_revisions", &["version", "applied", "total"], Tool::Atlas),
    versions("flyway_schema_history", &["installed_rank", "version"], Tool::Flyway),
    versions("databasechangelog", &["id", "orderexecuted"], Tool::Liquibase),
    bookkeeping("databasechangeloglock"),
    versions("django_migrations", &["app", "name"], Tool::Django),
    versions("knex_migrations", &["name", "batch"], Tool::Knex),
    bookkeeping("knex_migrations_lock"),
    versions("d1_migrations", &["name"], Tool::D1),
    versions("__drizzle_migrations", &["hash"], Tool::Drizzle),
    versions("_prisma_migrations", &["migration_name", "checksum"], Tool::Prisma),
    versions("migrations", &["id", "timestamp", "name"], Tool::TypeOrm),
    versions("migrations", &["id", "migration", "batch"], Tool::Laravel),
    versions("phinxlog", &["version", "migration_name"], Tool::Phinx),
    versions("grdb_migrations", &["identifier"], Tool::Grdb),
    versions("room_master_table", &["identity_hash"], Tool::Room),
    versions("__efmigrationshistory", &["migrationid"], Tool::EntityFramework),
    bookkeeping("__efmigrationslock"),
    versions("kysely_migration", &["name", "timestamp"], Tool::Kysely),
    bookkeeping("kysely_migration_lock"),
    versions("seaql_migrations", &["version", "applied_at"], Tool::SeaOrm),
    bookkeeping("seaql_migrations_lock"),
    versions("sequelizemeta", &["name"], Tool::Sequelize),
    Kept { name: "android_metadata", columns: &["locale"], versions_of: None },
    bookkeeping("_litestream_seq"),
    bookkeeping("_litestream_lock"),
    bookkeeping("libsql_wasm_func_table"),
    bookkeeping("libsql_vector_meta_shadow"),
    bookkeeping("sqlite3_libsql_tasks"),
];

/// The entry of the list that a table is, by its name and its columns; upper and lower case do not count.
pub fn kept(name: &str, has_column: impl Fn(&str) -> bool) -> Option<&'static Kept> {
    let is_it =
        |table: &&Kept| table.name.eq_ignore_ascii_case(name) && table.columns.iter().all(|column| has_column(column));
    TABLES.iter().find(is_it)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tool(name: &str, columns: &[&str]) -> Option<Tool> {
        kept(name, |column| columns.contains(&column)).and_then(|table| table.versions_of)
    }

    #[test]
    fn four_tools_whose_tables_have_one_name_are_told_apart_by_the_columns() {
        assert_eq!(tool("schema_migrations", &["version"]), Some(Tool::Dbmate));
        assert_eq!(tool("schema_migrations", &["version", "dirty"]), Some(Tool::GolangMigrate));
        assert_eq!(tool("schema_migrations", &["version", "inserted_at"]), Some(Tool::Ecto));
        assert_eq!(tool("Schema_Migrations", &["id"]), Some(Tool::Geni));
        assert_eq!(tool("schema_migrations", &["name"]), None);
        assert_eq!(tool("migrations", &["id", "migration", "batch"]), Some(Tool::Laravel));
    }

    #[test]
    fn every_tool_has_a_name_of_its_own_and_all_but_one_a_table() {
        for (tool, name) in Tool::ALL {
            assert_eq!((tool.name(), Tool::named(name)), (name, Some(tool)));
            assert_eq!(tool.table().is_none(), tool == Tool::UserVersion, "{name}");
        }
    }
}
