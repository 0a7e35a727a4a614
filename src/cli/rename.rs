//! A rename as it is said on the command line: `person=user`, `user.mail=email`.

use std::str::FromStr;

use crate::schema::Name;
use crate::token::{Token, TokenKind, significant_tokens};

/// Something that had another name before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rename {
    /// A table or an index.
    Object {
        /// The old name.
        before: Name,
        /// The new name.
        after: Name,
    },
    /// A column.
    Column {
        /// The table, under its new name if it has one.
        table: Name,
        /// The old name.
        before: Name,
        /// The new name.
        after: Name,
    },
}

impl FromStr for Rename {
    type Err = String;

    /// Reads names as SQL has them: a name with spaces or marks stands in quotes.
    fn from_str(text: &str) -> Result<Rename, String> {
        let tokens: Vec<Token> = significant_tokens(text).collect();
        let is_named = |token: &Token| matches!(token.kind, TokenKind::Word | TokenKind::QuotedName);
        let name = |token: &Token| Name::new(token.unquoted());
        match tokens.as_slice() {
            [before, is, after] if is.is_operator("=") && is_named(before) && is_named(after) => {
                Ok(Rename::Object { before: name(before), after: name(after) })
            }
            [table, dot, before, is, after]
                if dot.is_operator(".") && is.is_operator("=") && [table, before, after].into_iter().all(is_named) =>
            {
                Ok(Rename::Column { table: name(table), before: name(before), after: name(after) })
            }
            _ => Err("expected `OLD=NEW` or `TABLE.OLD=NEW`, other names than words in double quotes".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_and_columns_are_told_apart() {
        assert_eq!("person=user".parse(), Ok(Rename::Object { before: "person".into(), after: "user".into() }));
        let column = Rename::Column { table: "user".into(), before: "mail".into(), after: "email".into() };
        assert_eq!("user.mail = email".parse(), Ok(column));
    }

    #[test]
    fn any_name_can_be_quoted() {
        let column = Rename::Column { table: "a.b".into(), before: "c=d".into(), after: "e\"f".into() };
        assert_eq!("\"a.b\".[c=d]=\"e\"\"f\"".parse(), Ok(column));
    }

    #[test]
    fn what_is_no_rename_is_refused() {
        for bad in ["", "user", "=user", "user=", "a.b.c=d", "a=b=c", "my table=x", "a-b=c", "'a'=b", "1=2"] {
            assert!(bad.parse::<Rename>().is_err(), "{bad}");
        }
    }
}
