//! A virtual table, read and written. What its arguments mean is for its module.

use crate::schema::{Expression, VirtualTable};

use super::cursor::Cursor;
use super::error::ReadError;
use super::{read_object_name, text};

/// Reads what follows `CREATE VIRTUAL TABLE`.
pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<VirtualTable, ReadError> {
    let name = read_object_name(cursor, "the name of the virtual table")?;
    cursor.expect("USING")?;
    let module = cursor.name("the name of a module")?;
    let mut arguments = Vec::new();
    if cursor.accept_operator("(") {
        let text = cursor.text();
        loop {
            // SQLite hands no empty argument to the module.
            let argument = super::cursor::slice(text, cursor.list_item());
            if !argument.is_empty() {
                arguments.push(Expression::new(argument));
            }
            if !cursor.accept_operator(",") {
                break;
            }
        }
        if !cursor.accept_operator(")") {
            return Err(cursor.unexpected("`,` or `)`"));
        }
    }
    cursor.end("the end of the statement")?;
    Ok(VirtualTable { name, module, arguments })
}

/// Writes a virtual table, its arguments as they are.
#[must_use]
pub fn write_virtual_table(table: &VirtualTable) -> String {
    /// The longest statement on one line, in bytes.
    const WIDTH: usize = 100;
    let VirtualTable { name, module, arguments } = table;
    let head = format!("CREATE VIRTUAL TABLE {} USING {}", name.quoted(), text::bare(module));
    let arguments: Vec<&str> = arguments.iter().map(Expression::as_str).collect();
    let line = format!("{head}({})", arguments.join(", "));
    if arguments.is_empty() {
        head
    } else if line.len() <= WIDTH {
        line
    } else {
        format!("{head}(\n  {}\n)", arguments.join(",\n  "))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Statement, read};
    use super::*;

    fn written(sql: &str) -> String {
        match read(sql) {
            Ok(Statement::VirtualTable(table)) => write_virtual_table(&table),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn arguments_are_split_at_the_commas_outside_of_parentheses() {
        let sql = "create virtual table t using m ( a(1, 2) , , 'x,y' -- c\n, z=(a, (b)) )";
        assert_eq!(written(sql), "CREATE VIRTUAL TABLE \"t\" USING m(a(1, 2), 'x,y', z=(a, (b)))");
        assert_eq!(written("CREATE VIRTUAL TABLE t USING \"a b\"()"), "CREATE VIRTUAL TABLE \"t\" USING \"a b\"");
    }

    #[test]
    fn many_arguments_have_a_line_each() {
        let sql = format!("CREATE VIRTUAL TABLE t USING m({}, b)", "a".repeat(100));
        assert_eq!(written(&sql).lines().count(), 4);
    }
}
