//! Time and chance, the two things that make runs differ. Both can be fixed, for reproducible runs.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::error::Failure;
use super::variables;
use crate::report::{Class, Diagnostic};

/// The variable that stops the clock: a time as in RFC 3339, `2026-11-22T19:37:12Z`.
pub const NOW: &str = "SCHEMACTL_NOW";
/// The variable with the ids to hand out in turn, separated by commas.
pub const IDS: &str = "SCHEMACTL_IDS";

/// What time it is.
///
/// # Errors
/// [`NOW`] is set, but no time.
#[expect(clippy::disallowed_methods, reason = "the one place where the clock is read")]
pub fn now() -> Result<DateTime<Utc>, Failure> {
    match variables::process(NOW) {
        None => Ok(Utc::now()),
        Some(fixed) => fixed_time(&fixed),
    }
}

fn fixed_time(text: &str) -> Result<DateTime<Utc>, Failure> {
    let read = DateTime::parse_from_rfc3339(text).map(|time| time.to_utc());
    read.map_err(|_| {
        let found = format!("`{NOW}` is `{text}`, expected a time as in RFC 3339");
        Failure::new(
            Class::Input,
            Diagnostic::new("bad_variable", found)
                .help(format!("set it to one like `2026-11-22T19:37:12Z`, or unset `{NOW}`")),
        )
    })
}

/// Where the ids of new revisions come from.
#[derive(Debug)]
pub enum Ids {
    /// Twelve hex digits of a random UUID each.
    Random,
    /// The ids of [`IDS`] that are left, the next one last.
    Fixed(Vec<String>),
}

impl Ids {
    /// The source that the process was started with.
    #[must_use]
    pub fn from_process() -> Ids {
        variables::process(IDS).map_or(Ids::Random, |list| Ids::fixed(&list))
    }

    fn fixed(list: &str) -> Ids {
        Ids::Fixed(list.split(',').rev().map(|id| id.trim().to_owned()).collect())
    }

    /// A new id.
    ///
    /// # Errors
    /// The fixed ids have run out: a reproducible run does not turn into a random one.
    pub fn next_id(&mut self) -> Result<String, Failure> {
        match self {
            Ids::Random => {
                let digits = Uuid::new_v4().simple().to_string();
                Ok(digits[digits.len() - 12..].to_owned())
            }
            Ids::Fixed(left) => left.pop().ok_or_else(|| {
                let found = format!("`{IDS}` has no id left");
                let help = format!("add more ids, separated by commas, or unset `{IDS}`");
                Failure::new(Class::Input, Diagnostic::new("bad_variable", found).help(help))
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fixed_time_is_read_in_any_zone() {
        assert_eq!(fixed_time("2026-11-22T20:37:12+01:00").unwrap().to_rfc3339(), "2026-11-22T19:37:12+00:00");
    }

    #[test]
    fn a_time_that_is_none_is_refused() {
        let failure = fixed_time("yesterday").unwrap_err();
        assert_eq!(failure.diagnostics()[0].code, "bad_variable");
        assert!(failure.diagnostics()[0].message.contains("`yesterday`"));
    }

    #[test]
    fn random_ids_are_twelve_hex_digits_and_differ() {
        let (one, other) = (Ids::Random.next_id().unwrap(), Ids::Random.next_id().unwrap());
        assert!(one.len() == 12 && one.chars().all(|digit| digit.is_ascii_hexdigit()), "{one}");
        assert_ne!(one, other);
    }

    #[test]
    fn fixed_ids_come_in_turn_and_run_out() {
        let mut ids = Ids::fixed("a1, b2");
        assert_eq!(ids.next_id().unwrap(), "a1");
        assert_eq!(ids.next_id().unwrap(), "b2");
        assert_eq!(ids.next_id().unwrap_err().diagnostics()[0].code, "bad_variable");
    }
}
