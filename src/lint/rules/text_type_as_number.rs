//! Types whose names promise text and whose affinity makes numbers of it.

use crate::lint::found::{Found, type_text};
use crate::lint::rule::{Check, rule};
use crate::lint::subject::{Subject, affinity, affinity_word, type_words};
use crate::schema::Affinity;

rule! {
    /// A type that promises text and turns text that looks like a number into one.
    ///
    /// # Why
    ///
    /// SQLite takes any word as a type and guesses what it means by a few letters: CHAR, CLOB and TEXT make text. `STRING`,
    /// `JSON` or `UUID` have none of them, so the column is NUMERIC: `'007'` is stored as 7, `'1e5'` as 100000.
    ///
    /// # Bad
    ///
    /// ```sql
    /// CREATE TABLE product (id INTEGER PRIMARY KEY, sku STRING);
    /// ```
    ///
    /// # Good
    ///
    /// ```sql
    /// CREATE TABLE product (id INTEGER PRIMARY KEY, sku TEXT);
    /// ```
    ///
    /// # Fix
    ///
    /// Declare the column TEXT, or make the table STRICT, which takes only the types that SQLite has. Values that have lost
    /// their zeros do not get them back by that. See <https://www.sqlite.org/datatype3.html#determination_of_column_affinity>.
    "SC105", "text-type-as-number", Warn, Check::Schema(check)
}

/// Words that name text, or something that is written as text.
const TEXTUAL: [&str; 13] =
    ["STRING", "STR", "JSON", "JSONB", "UUID", "GUID", "ULID", "XML", "URL", "URI", "EMAIL", "ENUM", "INET"];

fn check(subject: &Subject<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    for table in subject.tables().filter(|table| !table.strict) {
        for column in &table.columns {
            let is_number = matches!(affinity(column), Affinity::Numeric | Affinity::Integer | Affinity::Real);
            if is_number && type_words(column).iter().any(|word| TEXTUAL.contains(&word.as_str())) {
                let number = affinity_word(affinity(column));
                let message = format!(
                    "`{}.{}` is declared {}, which SQLite takes as {number}",
                    table.name,
                    column.name,
                    type_text(column)
                );
                found.push(
                    Found::column(table, &column.name, message)
                        .label("text that looks like a number becomes one")
                        .help("declare it TEXT"),
                );
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::{clean, finds};

    #[test]
    fn sqlite_makes_numbers_of_text_in_such_columns() {
        let connection = rusqlite::Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE t (a STRING, b TEXT); INSERT INTO t VALUES ('007', '007')").unwrap();
        let kept = |column: &str| {
            connection.query_row(&format!("SELECT {column} || '' FROM t"), [], |row| row.get::<_, String>(0)).unwrap()
        };
        assert_eq!((kept("a"), kept("b")), ("7".to_owned(), "007".to_owned()));
        finds(
            "SC105",
            "CREATE TABLE t (id INTEGER PRIMARY KEY, a json, b UUID)",
            "`t.a` is declared json, which SQLite takes as NUMERIC",
        );
    }

    #[test]
    fn types_that_are_text_or_numbers_by_name_are_fine() {
        clean("SC105", "CREATE TABLE t (id INTEGER PRIMARY KEY, a VARCHAR(9), b DECIMAL(9, 2), c BOOLEAN, d DATE, e)");
    }
}
