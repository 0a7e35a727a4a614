//! Random rows that a careless copy would change: gaps between rowids, quotes, leading zeros, text where numbers are
//! expected, an AUTOINCREMENT counter ahead of its rows.

use rusqlite::Connection;
use schemactl::schema::{Name, Schema, Table, VirtualTable};

/// Numbers that are the same for the same seed.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % limit.max(1)
    }
}

const VALUES: [&str; 20] = [
    "NULL",
    "0",
    "1",
    "2",
    "-7",
    "1.5",
    "'007'",
    "'it''s'",
    "''",
    "'x y'",
    "x'00ff'",
    "'1e3'",
    "900719925474099",
    "'2026-01-02'",
    "'Größe'",
    "3",
    "'a'",
    "'A'",
    "1e300",
    "'line\nbreak'",
];

/// Puts rows into all tables; a table that takes none of so many guesses stays as it is.
pub fn fill(connection: &Connection, schema: &Schema, most: usize, seed: u64) {
    let mut dice = Dice::new(seed);
    for table in schema.tables.values() {
        let copied: Vec<_> = table.columns.iter().filter(|column| column.is_copied()).collect();
        let mut rowid = 0;
        for _ in 0..dice.below(most + 1) {
            for _ in 0..20 {
                rowid += 1 + dice.below(9);
                let mut names: Vec<String> = copied.iter().map(|column| column.name.quoted()).collect();
                let mut values: Vec<String> = copied
                    .iter()
                    .map(|column| {
                        let parent = parent_value(schema, table, &column.name, &mut dice);
                        parent.unwrap_or_else(|| VALUES[dice.below(VALUES.len())].to_owned())
                    })
                    .collect();
                if table.rowid_alias().is_none()
                    && let Some(name) = table.rowid_name()
                {
                    names.push(name.to_owned());
                    values.push(rowid.to_string());
                }
                if insert(connection, &table.name, &names, &values) {
                    break;
                }
            }
        }
        if table.primary_key.as_ref().is_some_and(|key| key.autoincrement) {
            let sql = "UPDATE sqlite_sequence SET seq = seq + 10 WHERE name = ?1 AND seq < 1000000";
            connection.execute(sql, [table.name.as_str()]).unwrap();
        }
    }
    for index in schema.virtual_tables.values() {
        let table = &index.name;
        if shows_another(index) {
            // Rows that triggers brought to it are not those of the table any more.
            let sql = format!("INSERT INTO {0} ({0}) VALUES ('rebuild')", table.quoted());
            connection.execute(&sql, []).unwrap_or_else(|error| panic!("{error} in {sql}"));
            continue;
        }
        let sql = "SELECT name FROM pragma_table_xinfo(?1) WHERE hidden = 0";
        let mut statement = connection.prepare(sql).unwrap();
        let names = statement.query_map([table.as_str()], |row| row.get::<_, String>(0)).unwrap();
        let names: Vec<String> = names.map(|name| Name::new(name.unwrap()).quoted()).collect();
        for row in 0..dice.below(most + 1) {
            let values: Vec<String> = names.iter().map(|_| (row + 1).to_string()).collect();
            insert(connection, table, &names, &values);
        }
    }
    if dice.below(4) == 0 {
        connection.execute_batch("ANALYZE").unwrap();
    }
}

/// Whether a full-text index shows the rows of a table.
pub fn shows_another(index: &VirtualTable) -> bool {
    index.arguments.iter().any(|each| each.as_str().starts_with("content='") && each.as_str() != "content=''")
}

/// A value of the parent's, in one of two cases: children refer to parents as a rule.
fn parent_value(schema: &Schema, table: &Table, column: &Name, dice: &mut Dice) -> Option<String> {
    let key = table.foreign_keys.iter().find(|key| key.columns.contains(column))?;
    let at = key.columns.iter().position(|name| name == column)?;
    let parent = schema.tables.get(&key.parent)?;
    let of_primary_key = || Some(&parent.primary_key.as_ref()?.columns.get(at)?.name);
    let name = key.parent_columns.get(at).or_else(of_primary_key).filter(|name| parent.column(name).is_some())?;
    let place = dice.below(5);
    (dice.below(2) == 0)
        .then(|| format!("(SELECT {} FROM {} LIMIT 1 OFFSET {place})", name.quoted(), parent.name.quoted()))
}

fn insert(connection: &Connection, table: &Name, names: &[String], values: &[String]) -> bool {
    let sql = format!("INSERT OR ABORT INTO {} ({}) VALUES ({})", table.quoted(), names.join(", "), values.join(", "));
    connection.execute(&sql, []).is_ok()
}
