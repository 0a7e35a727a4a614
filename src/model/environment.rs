//! `${VAR}` and `${VAR:-default}` in settings. The environment itself is a function that the caller passes in.

use std::ops::Range;

/// Where the value of an environment variable comes from.
pub type Lookup<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// What is wrong with a `${…}`, and where in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unexpanded {
    /// The variable is not set and no default is given.
    NotSet { variable: String, at: Range<usize> },
    /// It is not of the form `${VAR}` or `${VAR:-default}`.
    Malformed { at: Range<usize> },
}

/// Puts in the values of variables. As in a shell, the default also stands in for an empty value; `$${` is a literal `${`.
pub(super) fn expand(text: &str, lookup: &Lookup<'_>) -> Result<String, Unexpanded> {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(found) = text[at..].find("${") {
        let start = at + found;
        if text[at..start].ends_with('$') {
            out.push_str(&text[at..start]);
            out.push('{');
            at = start + 2;
            continue;
        }
        out.push_str(&text[at..start]);
        let Some(length) = text[start..].find('}') else {
            return Err(Unexpanded::Malformed { at: start..text.len() });
        };
        let span = start..start + length + 1;
        let inner = &text[start + 2..span.end - 1];
        let (variable, default) = match inner.split_once(":-") {
            Some((variable, default)) => (variable, Some(default)),
            None => (inner, None),
        };
        if !is_variable(variable) {
            return Err(Unexpanded::Malformed { at: span });
        }
        match (lookup(variable), default) {
            (Some(value), None) => out.push_str(&value),
            (Some(value), Some(_)) if !value.is_empty() => out.push_str(&value),
            (_, Some(default)) => out.push_str(default),
            (None, None) => return Err(Unexpanded::NotSet { variable: variable.to_owned(), at: span }),
        }
        at = span.end;
    }
    out.push_str(&text[at..]);
    Ok(out)
}

fn is_variable(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty()
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(text: &str) -> Result<String, Unexpanded> {
        expand(text, &|name| match name {
            "HOME" => Some("/home/ann".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        })
    }

    #[test]
    fn variables_and_defaults_are_put_in() {
        for (text, want) in [
            ("app.db", "app.db"),
            ("${HOME}/app.db", "/home/ann/app.db"),
            ("${NOPE:-a}${HOME}${NOPE:-}", "a/home/ann"),
            ("${EMPTY:-b}", "b"),
            ("x${EMPTY}", "x"),
            ("$HOME $${HOME} $", "$HOME ${HOME} $"),
            ("é${NOPE:-表}", "é表"),
        ] {
            assert_eq!(expanded(text).as_deref(), Ok(want), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_expanded_is_told_with_its_place() {
        assert_eq!(expanded("a${NOPE}b"), Err(Unexpanded::NotSet { variable: "NOPE".to_owned(), at: 1..8 }));
        for (text, at) in [("${", 0..2), ("a${}", 1..4), ("${1A}", 0..5), ("${A-b}", 0..6), ("${A", 0..3)] {
            assert_eq!(expanded(text), Err(Unexpanded::Malformed { at }), "{text}");
        }
    }
}
