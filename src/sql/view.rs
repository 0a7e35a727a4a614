//! A view, read and written.

use crate::schema::{Expression, View};

use super::cursor::Cursor;
use super::error::ReadError;
use super::{read_object_name, text};

/// Reads what follows `CREATE VIEW`.
pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<View, ReadError> {
    let name = read_object_name(cursor, "the name of the view")?;
    let columns = if cursor.is_operator("(") { cursor.names("a column")? } else { Vec::new() };
    cursor.expect("AS")?;
    if !["SELECT", "WITH", "VALUES"].iter().any(|word| cursor.is(word)) {
        return Err(cursor.unexpected("`SELECT`, `WITH` or `VALUES`"));
    }
    let start = cursor.taken_end();
    cursor.take_expression(0)?;
    let select = Expression::new(cursor.text_since(start));
    Ok(View { name, columns, select })
}

/// Writes a view, its SELECT as it is.
#[must_use]
pub fn write_view(view: &View) -> String {
    let View { name, columns, select } = view;
    let columns = if columns.is_empty() { String::new() } else { format!(" ({})", text::quoted_list(columns)) };
    format!("CREATE VIEW {}{columns} AS\n{}", name.quoted(), text::closed(select.as_str()))
}

#[cfg(test)]
mod tests {
    use super::super::{Statement, read};
    use super::*;

    #[test]
    fn the_select_is_kept_letter_by_letter() {
        let sql = "CREATE VIEW \"v\" (\"a\", \"b\") AS\n-- sums\nSELECT a+b,  /* ; */ a  + b\n  FROM t /* end */";
        let Ok(Statement::View(view)) = read(&format!("{sql}\n; -- not the view's")) else { panic!("no view") };
        assert_eq!(write_view(&view), sql);
    }

    #[test]
    fn a_comment_at_the_end_swallows_nothing() {
        for (select, written) in [
            ("SELECT 1 -- end", "SELECT 1 -- end\n"),
            ("SELECT 1 /* end", "SELECT 1 /* end */"),
            ("SELECT 1 /*/", "SELECT 1 /*/ */"),
        ] {
            let Ok(Statement::View(view)) = read(&format!("CREATE VIEW v AS {select}")) else { panic!("no view") };
            assert_eq!(write_view(&view), format!("CREATE VIEW \"v\" AS\n{written}"));
        }
    }
}
