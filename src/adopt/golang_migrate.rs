//! golang-migrate: `<number>_<words>.up.sql` and `.down.sql`; one row with the number of the last one, and whether it
//! came to its end.

use super::naming::is_same_number;
use super::rows::Table;
use super::{Applied, Convention, Error, Script, Trouble, pairs};

pub(super) const CONVENTION: Convention = Convention {
    folders: &["migrations", "db/migrations", "db/migration"],
    scripts: |folder| pairs::read(folder, false, |_| true),
    applied,
    after_failure: "look what the script did, bring it to an end or take it back by hand, and say where it stands: `migrate force VERSION`",
};

fn applied(table: &Table<'_>, scripts: &[Script]) -> Result<Vec<Applied>, Error> {
    let rows = table.ask("SELECT version, dirty FROM {table} LIMIT 1")?;
    let Some(row) = rows.first() else { return Ok(Vec::new()) };
    let last = row.text(0);
    let trouble = || row.is_true(1).then_some(Trouble::Failed);
    // Below the first one it keeps -1.
    if last.starts_with('-') {
        let row = Applied { trouble: trouble(), ..Applied::new(last, scripts) };
        return Ok(if row.trouble.is_some() { vec![row] } else { Vec::new() });
    }
    let Some(end) = scripts.iter().position(|script| is_same_number(&script.version, &last)) else {
        return Ok(vec![Applied { trouble: trouble(), ..Applied::new(last, scripts) }]);
    };
    let mut applied: Vec<Applied> =
        scripts[..=end].iter().map(|script| Applied::new(script.version.clone(), scripts)).collect();
    if let Some(last) = applied.last_mut() {
        last.trouble = trouble();
    }
    Ok(applied)
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;
    use crate::adopt::folder_of;
    use crate::database::Tool;

    fn standing_at(version: i64, dirty: bool) -> Vec<(Option<usize>, bool)> {
        let sql = "SELECT 1;";
        let folder = folder_of(&[
            ("000009_b.up.sql", sql),
            ("000009_b.down.sql", sql),
            ("000010_c.up.sql", sql),
            ("1_a.up.sql", sql),
            ("2_not_one.sql", sql),
        ]);
        let scripts = (CONVENTION.scripts)(folder.path()).unwrap();
        assert_eq!(scripts.iter().map(|script| script.version.as_str()).collect::<Vec<_>>(), ["1", "000009", "000010"]);
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE schema_migrations (version uint64, dirty bool)").unwrap();
        connection.execute("INSERT INTO schema_migrations VALUES (?1, ?2)", (version, dirty)).unwrap();
        let applied = (CONVENTION.applied)(&Table::usual(&connection, Tool::GolangMigrate), &scripts).unwrap();
        applied.iter().map(|row| (row.script, row.trouble.is_some())).collect()
    }

    #[test]
    fn all_up_to_the_one_number_are_applied() {
        assert_eq!(standing_at(9, false), [(Some(0), false), (Some(1), false)]);
        assert_eq!(standing_at(10, true), [(Some(0), false), (Some(1), false), (Some(2), true)]);
        assert_eq!(standing_at(7, false), [(None, false)]);
        assert_eq!(standing_at(-1, false), []);
    }
}
