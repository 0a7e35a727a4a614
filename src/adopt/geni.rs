//! geni: `<seconds>_<words>.up.sql` and `.down.sql`; a row for each with its seconds since 1970.

use super::rows::Table;
use super::{Applied, Convention, Error, Script, pairs};

pub(super) const CONVENTION: Convention = Convention {
    folders: &["migrations"],
    scripts: |folder| pairs::read(folder, false, in_transaction),
    applied,
    after_failure: super::ALL_OR_NOTHING,
};

fn in_transaction(text: &str) -> bool {
    let first = text.lines().next().unwrap_or_default();
    !["transaction: no", "transaction:no"].iter().any(|word| first.contains(word))
}

fn applied(table: &Table<'_>, scripts: &[Script]) -> Result<Vec<Applied>, Error> {
    let rows = table.ask("SELECT id FROM {table} ORDER BY id")?;
    Ok(rows.into_iter().map(|row| Applied::new(row.text(0), scripts)).collect())
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;
    use crate::adopt::folder_of;
    use crate::database::Tool;

    #[test]
    fn the_first_line_says_whether_there_is_a_transaction() {
        let folder = folder_of(&[
            ("1706702405_vacuum.up.sql", "-- transaction: no\nVACUUM;"),
            ("1706702405_vacuum.down.sql", ""),
        ]);
        let scripts = (CONVENTION.scripts)(folder.path()).unwrap();
        assert!(!scripts[0].up.transaction && scripts[0].down.is_none());
        assert_eq!(scripts[0].created.unwrap().timestamp(), 1_706_702_405);
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch("CREATE TABLE schema_migrations (id VARCHAR(255) PRIMARY KEY); INSERT INTO schema_migrations VALUES (1706702405)")
            .unwrap();
        assert_eq!((CONVENTION.applied)(&Table::usual(&connection, Tool::Geni), &scripts).unwrap()[0].script, Some(0));
    }
}
