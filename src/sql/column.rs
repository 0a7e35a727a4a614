//! A column definition, read and written.

use crate::schema::{
    Check, Column, Expression, ForeignKey, Generated, Name, NotNull, PrimaryKey, Table, TypeName, Unique,
};
use crate::token::{Token, TokenKind, significant_tokens};

use super::cursor::{Cursor, is_name};
use super::error::{COLUMN_CONSTRAINT, ReadError};
use super::{constraint, foreign_key, text};

/// A column with the constraints that are written with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnDefinition {
    /// The column itself.
    pub column: Column,
    /// `PRIMARY KEY`
    pub primary_key: Option<PrimaryKey>,
    /// `UNIQUE`
    pub uniques: Vec<Unique>,
    /// `CHECK (…)`
    pub checks: Vec<Check>,
    /// `REFERENCES …`
    pub foreign_keys: Vec<ForeignKey>,
}

/// Reads what SQLite's column syntax has after the name of the column: `INTEGER PRIMARY KEY`
/// (<https://www.sqlite.org/syntax/column-def.html>).
pub fn read_column(text: &str, name: &Name) -> Result<ColumnDefinition, ReadError> {
    let mut cursor = Cursor::new(text)?;
    let mut table = Table::new("");
    let column = read_definition(&mut cursor, name.clone(), &mut table)?;
    cursor.end(COLUMN_CONSTRAINT)?;
    let Table { primary_key, uniques, checks, foreign_keys, .. } = table;
    Ok(ColumnDefinition { column, primary_key, uniques, checks, foreign_keys })
}

/// Reads what follows the name of a column; its constraints go to the table, where `DEFERRABLE` finds the foreign
/// key before it.
pub(super) fn read_definition(cursor: &mut Cursor<'_>, name: Name, table: &mut Table) -> Result<Column, ReadError> {
    let mut column = Column {
        name,
        type_name: read_type(cursor)?,
        not_null: None,
        default: None,
        collate: None,
        generated: None,
        idle_names: Vec::new(),
    };
    let mut constraint_name = None;
    loop {
        if cursor.accept("CONSTRAINT") {
            let idle = constraint_name.replace(cursor.name("the name of a constraint")?);
            column.idle_names.extend(idle);
        } else if !read_constraint(cursor, &mut constraint_name, &mut column, table)? {
            break;
        }
    }
    column.idle_names.extend(constraint_name);
    Ok(column)
}

/// Reads one constraint if one comes next. Where SQLite keeps the last of several, so does this.
fn read_constraint(
    cursor: &mut Cursor<'_>,
    constraint_name: &mut Option<Name>,
    column: &mut Column,
    table: &mut Table,
) -> Result<bool, ReadError> {
    if cursor.is("PRIMARY KEY") {
        constraint::read_inline_primary_key(cursor, constraint_name.take(), &column.name, table)?;
    } else if cursor.accept("UNIQUE") {
        table.uniques.push(constraint::read_inline_unique(cursor, constraint_name.take(), &column.name)?);
    } else if cursor.accept("CHECK") {
        table.checks.push(constraint::read_inline_check(cursor, constraint_name.take(), &column.name)?);
    } else if cursor.accept("REFERENCES") {
        table.foreign_keys.push(foreign_key::read_inline(cursor, constraint_name.take(), &column.name)?);
    } else if cursor.accept("NOT NULL") {
        let not_null = NotNull { name: constraint_name.take(), on_conflict: constraint::read_conflict(cursor)? };
        let before = column.not_null.replace(not_null);
        column.idle_names.extend(before.and_then(|not_null| not_null.name));
    } else {
        if let Some(deferrable) = foreign_key::accept_deferrable(cursor)? {
            // It changes the foreign key before it, even one of another column, and says nothing where there is none.
            if let Some(foreign_key) = table.foreign_keys.last_mut() {
                foreign_key.deferrable = Some(deferrable);
            }
        } else if cursor.accept("NULL") {
            // The default, with a conflict clause that has no use.
            constraint::read_conflict(cursor)?;
        } else if cursor.accept("DEFAULT") {
            column.default = Some(read_default(cursor)?);
        } else if cursor.accept("COLLATE") {
            column.collate = Some(cursor.name("the name of a collation")?);
        } else if cursor.accept("GENERATED ALWAYS AS") || cursor.accept("AS") {
            let expression = Expression::without_parentheses(cursor.parentheses()?);
            let stored = cursor.accept("STORED");
            if !stored {
                cursor.accept("VIRTUAL");
            }
            column.generated = Some(Generated { expression, stored });
        } else {
            return Ok(false);
        }
        column.idle_names.extend(constraint_name.take());
    }
    Ok(true)
}

/// Reads a declared type: words, then perhaps one or two numbers in parentheses.
fn read_type(cursor: &mut Cursor<'_>) -> Result<Option<TypeName>, ReadError> {
    let words = cursor.rest().iter().take_while(|token| is_name(token)).count();
    if words == 0 {
        return Ok(None);
    }
    let mut tokens: Vec<Token<'_>> = (0..words).filter_map(|_| cursor.take()).collect();
    if !cursor.is_operator("(") {
        let text = without_generated_always(cursor.slice(&tokens));
        return Ok(if text.is_empty() { None } else { Some(TypeName::new(unquoted_type(text, &tokens))) });
    }
    tokens.extend(cursor.take());
    read_signed_number(cursor, &mut tokens)?;
    if cursor.is_operator(",") {
        tokens.extend(cursor.take());
        read_signed_number(cursor, &mut tokens)?;
    }
    if !cursor.is_operator(")") {
        return Err(cursor.unexpected("`,` or `)` after a number of the type"));
    }
    tokens.extend(cursor.take());
    Ok(Some(TypeName::new(cursor.slice(&tokens))))
}

fn read_signed_number<'a>(cursor: &mut Cursor<'a>, tokens: &mut Vec<Token<'a>>) -> Result<(), ReadError> {
    if cursor.is_operator("+") || cursor.is_operator("-") {
        tokens.extend(cursor.take());
    }
    match cursor.peek() {
        Some(token) if token.kind == TokenKind::Number => {
            tokens.extend(cursor.take());
            Ok(())
        }
        _ => Err(cursor.unexpected("a number, the only argument of a type")),
    }
}

/// The text of a type without the `GENERATED ALWAYS` that SQLite's grammar takes for words of it, cut as SQLite cuts
/// (`sqlite3AddColumn` in <https://www.sqlite.org/src/file/src/build.c>).
fn without_generated_always(text: &str) -> &str {
    const SHORTEST: usize = "generated always".len();
    let without = |text: &'_ str, word: &str| -> Option<usize> {
        let start = text.len().checked_sub(word.len())?;
        text.get(start..).filter(|end| end.eq_ignore_ascii_case(word)).map(|_| text[..start].trim_end().len())
    };
    if text.len() < SHORTEST {
        return text;
    }
    let Some(end) = without(text, "always") else { return text };
    let text = &text[..end];
    without(text, "generated").map_or(text, |end| &text[..end])
}

/// A type that is one quoted token without its quotes, where it says the same without: `"INTEGER"` is `INTEGER` to
/// SQLite, down to the rowid.
fn unquoted_type(text: &str, tokens: &[Token<'_>]) -> String {
    let [only] = tokens else { return text.to_owned() };
    if only.kind == TokenKind::Word {
        return text.to_owned();
    }
    let inner = only.unquoted();
    let is_plain = inner.trim() == inner
        && significant_tokens(&inner).all(|token| token.kind == TokenKind::Word && is_name(&token))
        && without_generated_always(&inner) == inner;
    if is_plain && !inner.is_empty() { inner.into_owned() } else { text.to_owned() }
}

fn read_default(cursor: &mut Cursor<'_>) -> Result<Expression, ReadError> {
    if cursor.is_operator("(") {
        return cursor.parentheses().map(Expression::default_value);
    }
    let mut tokens = Vec::new();
    if cursor.is_operator("+") || cursor.is_operator("-") {
        tokens.extend(cursor.take());
    }
    let is_value = cursor.peek().is_some_and(|token| match token.kind {
        TokenKind::Number | TokenKind::String | TokenKind::Blob => true,
        TokenKind::Word if is_value_word(&token) => true,
        _ => tokens.is_empty() && is_name(&token),
    });
    if !is_value {
        return Err(cursor.unexpected("a value, or an expression in parentheses"));
    }
    tokens.extend(cursor.take());
    Ok(Expression::default_value(cursor.slice(&tokens)))
}

/// Writes a column with the constraints that stand with it, as `CREATE TABLE` and `ADD COLUMN` take it; without
/// comments.
#[must_use]
pub fn write_column(table: &Table, column: &Column) -> String {
    let definition = write_definition(table, column);
    let name = column.name.quoted();
    if definition.is_empty() { name } else { format!("{name} {definition}") }
}

/// Writes what SQLite's column syntax has after the name of the column.
#[must_use]
pub fn write_definition(table: &Table, column: &Column) -> String {
    let Column { name, type_name, not_null, default, collate, generated, idle_names } = column;
    let mut parts = Vec::new();
    parts.extend(type_name.as_ref().map(|type_name| text::without_comments(type_name.as_str())));
    parts.extend(
        table
            .primary_key
            .iter()
            .filter(|key| constraint::column_of_primary_key(key, table) == Some(name))
            .map(constraint::write_inline_primary_key),
    );
    parts.extend(not_null.as_ref().map(write_not_null));
    parts.extend(
        table
            .uniques
            .iter()
            .filter(|unique| constraint::column_of_unique(unique, table) == Some(name))
            .map(constraint::write_inline_unique),
    );
    parts.extend(default.as_ref().map(write_default));
    parts.extend(collate.as_ref().map(|collate| format!("COLLATE {}", text::bare(collate))));
    parts.extend(generated.as_ref().map(write_generated));
    parts.extend(
        table
            .checks
            .iter()
            .filter(|check| constraint::column_of_check(check, table) == Some(name))
            .map(constraint::write_check),
    );
    parts.extend(
        table
            .foreign_keys
            .iter()
            .filter(|key| foreign_key::column_of(key, table) == Some(name))
            .map(foreign_key::write_inline),
    );
    parts.extend(idle_names.iter().map(|name| format!("CONSTRAINT {}", name.quoted())));
    parts.join(" ")
}

fn write_not_null(not_null: &NotNull) -> String {
    let NotNull { name, on_conflict } = not_null;
    format!("{}NOT NULL{}", text::constraint(name.as_ref()), text::on_conflict(*on_conflict))
}

fn write_default(default: &Expression) -> String {
    let value = text::without_comments(default.as_str());
    if stands_without_parentheses(&value) { format!("DEFAULT {value}") } else { format!("DEFAULT ({value})") }
}

/// Whether a default value is one that SQLite's grammar takes without parentheses and a person writes without.
fn stands_without_parentheses(value: &str) -> bool {
    let tokens: Vec<Token<'_>> = significant_tokens(value).collect();
    match tokens.as_slice() {
        [only] => matches!(only.kind, TokenKind::Number | TokenKind::String | TokenKind::Blob) || is_value_word(only),
        [sign, number] => (sign.is_operator("-") || sign.is_operator("+")) && number.kind == TokenKind::Number,
        _ => false,
    }
}

/// Whether a token is a keyword that is a value.
fn is_value_word(token: &Token<'_>) -> bool {
    ["NULL", "TRUE", "FALSE", "CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP"]
        .iter()
        .any(|word| token.is_word(word))
}

fn write_generated(generated: &Generated) -> String {
    let Generated { expression, stored } = generated;
    let stored = if *stored { " STORED" } else { "" };
    format!("GENERATED ALWAYS AS ({}){stored}", text::without_comments(expression.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{ConflictClause, Deferrable, Initially};

    fn column(text: &str) -> ColumnDefinition {
        read_column(text, &Name::from("c")).unwrap_or_else(|error| panic!("{error} in {text}"))
    }

    fn type_of(text: &str) -> Option<String> {
        column(text).column.type_name.map(|type_name| type_name.as_str().to_owned())
    }

    fn default_of(text: &str) -> Option<String> {
        column(text).column.default.map(|default| default.as_str().to_owned())
    }

    #[test]
    fn a_type_is_cut_out_as_sqlite_does() {
        for (text, expected) in [
            ("", ""),
            ("NOT NULL", ""),
            ("UNSIGNED BIG INT NOT NULL", "UNSIGNED BIG INT"),
            ("varchar ( -1.5 , +2 ) NOT NULL", "varchar ( -1.5 , +2 )"),
            ("GENERATED ALWAYS AS (1)", ""),
            ("INT generated\n always AS (1)", "INT"),
            ("INT(5) GENERATED ALWAYS AS (1)", "INT(5)"),
            ("INT GENERATED AS (1)", "INT GENERATED"),
            ("a type named always", "a type named"),
            ("too few always", "too few always"),
            ("\"INTEGER\" PRIMARY KEY", "INTEGER"),
            ("[long text]", "long text"),
            ("'primary key'", "'primary key'"),
            ("\" INTEGER\"", "\" INTEGER\""),
            ("\"VARCHAR\"(5)", "\"VARCHAR\"(5)"),
            ("\"\"", "\"\""),
        ] {
            assert_eq!(type_of(text).unwrap_or_default(), expected, "{text}");
        }
    }

    #[test]
    fn a_default_is_a_value_a_word_or_an_expression_in_parentheses() {
        for (text, expected) in [
            ("DEFAULT +5", "+5"),
            ("DEFAULT - 5", "- 5"),
            ("DEFAULT (-5)", "-5"),
            ("DEFAULT word", "'word'"),
            ("DEFAULT \"a'b\"", "'a''b'"),
            ("DEFAULT TRUE", "TRUE"),
            ("DEFAULT (1 + 2)", "1 + 2"),
            ("DEFAULT 1 DEFAULT 2", "2"),
        ] {
            assert_eq!(default_of(text).as_deref(), Some(expected), "{text}");
        }
        for text in ["DEFAULT 1 + 2", "DEFAULT -word", "DEFAULT f(1)", "DEFAULT -", "DEFAULT ()", "DEFAULT CHECK (1)"] {
            assert!(read_column(text, &Name::from("c")).is_err(), "{text}");
        }
    }

    #[test]
    fn a_default_is_written_in_parentheses_where_it_needs_them() {
        for (text, expected) in [
            ("DEFAULT (5)", "DEFAULT 5"),
            ("DEFAULT (- 5)", "DEFAULT - 5"),
            ("DEFAULT (null)", "DEFAULT null"),
            ("DEFAULT word", "DEFAULT 'word'"),
            ("DEFAULT x'00'", "DEFAULT x'00'"),
            ("DEFAULT (current_date)", "DEFAULT current_date"),
            ("DEFAULT -'5'", "DEFAULT (-'5')"),
            ("DEFAULT (abs(5))", "DEFAULT (abs(5))"),
            ("DEFAULT (not 5)", "DEFAULT (not 5)"),
        ] {
            let column = column(text).column;
            assert_eq!(write_definition(&Table::new("t"), &column), expected);
        }
    }

    #[test]
    fn names_without_a_use_are_kept() {
        let definition = column(
            "CONSTRAINT a CONSTRAINT b NOT NULL CONSTRAINT c NULL CONSTRAINT d DEFAULT 1 CONSTRAINT e COLLATE x \
             CONSTRAINT f UNIQUE CONSTRAINT g NOT NULL ON CONFLICT FAIL CONSTRAINT h DEFERRABLE CONSTRAINT i",
        );
        assert_eq!(definition.column.idle_names, ["a", "c", "d", "e", "b", "h", "i"].map(Name::from));
        let not_null = NotNull { name: Some(Name::from("g")), on_conflict: Some(ConflictClause::Fail) };
        assert_eq!(definition.column.not_null, Some(not_null));
        assert_eq!(definition.uniques[0].name, Some(Name::from("f")));
    }

    #[test]
    fn deferrable_by_itself_changes_the_foreign_key_before_it() {
        let definition =
            column("REFERENCES a REFERENCES b NOT NULL NOT DEFERRABLE UNIQUE DEFERRABLE INITIALLY DEFERRED DEFAULT 1");
        let deferred = Deferrable { not: false, initially: Some(Initially::Deferred) };
        assert_eq!(definition.foreign_keys[0].deferrable, None);
        assert_eq!(definition.foreign_keys[1].deferrable, Some(deferred));
    }

    #[test]
    fn a_short_form_takes_all_of_the_text() {
        for text in
            ["INTEGER, b INT", "INTEGER)", "INTEGER;", "INTEGER UNIQUE UNIQUE x", "FOREIGN KEY (a) REFERENCES b"]
        {
            assert!(read_column(text, &Name::from("c")).is_err(), "{text}");
        }
    }

    #[test]
    fn a_written_column_holds_no_comment() {
        let mut table = Table::new("t");
        table.name = Name::from("t");
        let text = "TEXT -- type\n CHECK (c > 0 -- sure\n) DEFAULT (1/**/+ /* two */2) AS (c--x\n)";
        let column = read_definition(&mut Cursor::new(text).unwrap(), Name::from("c"), &mut table).unwrap();
        table.columns.push(column);
        assert_eq!(
            write_column(&table, &table.columns[0]),
            "\"c\" TEXT DEFAULT (1 + 2) GENERATED ALWAYS AS (c) CHECK (c > 0)"
        );
    }
}
