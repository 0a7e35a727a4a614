//! A column of a table.

use super::constraint::{ConflictClause, NotNull};
use super::{Expression, Name};

/// A column as `CREATE TABLE` declares it (<https://www.sqlite.org/lang_createtable.html#tablecoldef>).
///
/// Keys, uniqueness, checks and references stand in the [`Table`](super::Table), also those written with the column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: Name,
    /// The declared type; `None` for a column without one.
    pub type_name: Option<TypeName>,
    /// `NOT NULL`.
    pub not_null: Option<NotNull>,
    /// `DEFAULT`, in the form that [`Expression::default_value`] gives.
    pub default: Option<Expression>,
    /// `COLLATE`.
    pub collate: Option<Name>,
    /// `GENERATED ALWAYS AS (…)`.
    pub generated: Option<Generated>,
    /// Names of constraints that SQLite keeps in the text and gives no use: on `DEFAULT`, `COLLATE`, `NULL`,
    /// `GENERATED`, or on nothing.
    pub idle_names: Vec<Name>,
}

impl Column {
    /// A column with a name, a type and nothing else.
    pub fn new(name: impl Into<String>, type_name: Option<&str>) -> Column {
        Column {
            name: Name::new(name),
            type_name: type_name.map(TypeName::new),
            not_null: None,
            default: None,
            collate: None,
            generated: None,
            idle_names: Vec::new(),
        }
    }

    /// How `NOT NULL` resolves a conflict, if the column has it.
    #[must_use]
    pub fn not_null_conflict(&self) -> Option<ConflictClause> {
        self.not_null.as_ref().map(|not_null| not_null.on_conflict.unwrap_or(ConflictClause::Abort))
    }

    /// Whether its values are stored with the row, so that a copy must carry them.
    #[must_use]
    pub fn is_copied(&self) -> bool {
        self.generated.is_none()
    }
}

/// A generated column's expression and whether its value is stored (<https://www.sqlite.org/gencol.html>).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generated {
    /// The expression, without its parentheses.
    pub expression: Expression,
    /// `STORED`; `VIRTUAL` is the default.
    pub stored: bool,
}

/// A declared type, compared without regard to case, white space and quoting: `VARCHAR (20)` is `varchar(20)`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TypeName(Expression);

/// What SQLite makes of values stored in a column (<https://www.sqlite.org/datatype3.html#determination_of_column_affinity>).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Affinity {
    /// Text.
    Text,
    /// Numbers where text looks like one.
    Numeric,
    /// Integers where text looks like one.
    Integer,
    /// Floating point numbers.
    Real,
    /// Values as they come.
    Blob,
}

impl TypeName {
    /// A type from its text as written.
    pub fn new(text: impl Into<String>) -> TypeName {
        TypeName(Expression::new(text))
    }

    /// The text as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// One text for all equal spellings.
    #[must_use]
    pub fn normal(&self) -> String {
        self.0.normal().to_ascii_lowercase()
    }

    /// Whether it is exactly `INTEGER`, the type that makes a primary key the rowid.
    #[must_use]
    pub fn is_integer(&self) -> bool {
        self.as_str().eq_ignore_ascii_case("INTEGER")
    }

    /// The affinity that the type gives to a column of a table that is not STRICT.
    #[must_use]
    pub fn affinity(&self) -> Affinity {
        let text = self.as_str().to_ascii_uppercase();
        let has = |part: &str| text.contains(part);
        if has("INT") {
            Affinity::Integer
        } else if has("CHAR") || has("CLOB") || has("TEXT") {
            Affinity::Text
        } else if has("BLOB") || text.is_empty() {
            Affinity::Blob
        } else if has("REAL") || has("FLOA") || has("DOUB") {
            Affinity::Real
        } else {
            Affinity::Numeric
        }
    }
}
