//! What the names of scripts say: a version, words, sometimes a time.

use std::path::PathBuf;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};

use super::{Error, Script};

/// The digits that a name begins with, and what follows them; none where it begins with something else.
pub(super) fn digits(name: &str) -> Option<(&str, &str)> {
    let end = name.find(|c: char| !c.is_ascii_digit()).unwrap_or(name.len());
    (end > 0).then(|| name.split_at(end))
}

/// A name as words: `_create_users` is `create users`.
pub(super) fn words(name: &str) -> String {
    name.split(['_', '-', ' ']).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The time that digits say: `20240131120000`, with or without more of them; seconds since 1970.
pub(super) fn time(digits: &str) -> Option<DateTime<Utc>> {
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let read = |from: usize, to: usize| digits[from..to].parse::<u32>().ok();
    match digits.len() {
        10 => DateTime::from_timestamp(digits.parse().ok()?, 0),
        14.. => {
            let date = NaiveDate::from_ymd_opt(digits[..4].parse().ok()?, read(4, 6)?, read(6, 8)?)?;
            let time: NaiveDateTime = date.and_hms_opt(read(8, 10)?, read(10, 12)?, read(12, 14)?)?;
            Some(time.and_utc())
        }
        _ => None,
    }
}

/// Sorts scripts by the number that each version is, as large as it may be.
pub(super) fn sort_by_number(scripts: &mut [Script]) {
    scripts.sort_by(|a, b| number(&a.version).cmp(&number(&b.version)));
}

/// A number as a key for sorting: without zeros in front, shorter ones first.
fn number(digits: &str) -> (usize, &str) {
    let digits = digits.trim_start_matches('0');
    (digits.len(), digits)
}

/// Whether two versions are the same number.
pub(super) fn is_same_number(a: &str, b: &str) -> bool {
    number(a) == number(b)
}

/// Refuses two scripts of one version, which must stand beside each other.
pub(super) fn refuse_twice(scripts: &[Script]) -> Result<(), Error> {
    for pair in scripts.windows(2) {
        if pair[0].version == pair[1].version {
            let path = |script: &Script| -> PathBuf { script.path.clone() };
            let (first, second) = (path(&pair[0]), path(&pair[1]));
            return Err(Error::Twice { version: pair[0].version.clone(), first, second });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fall_into_a_number_and_words() {
        assert_eq!(digits("20240131120000_create_users"), Some(("20240131120000", "_create_users")));
        assert_eq!(digits("create"), None);
        assert_eq!(words("_create_users--table"), "create users table");
    }

    #[test]
    fn a_time_is_known_by_its_length() {
        let shown = |digits| time(digits).map(|time| time.to_rfc3339());
        assert_eq!(shown("20240131120005").as_deref(), Some("2024-01-31T12:00:05+00:00"));
        assert_eq!(shown("202401311200050000").as_deref(), Some("2024-01-31T12:00:05+00:00"));
        assert_eq!(shown("1706702405").as_deref(), Some("2024-01-31T12:00:05+00:00"));
        assert_eq!([shown("0001"), shown("20241331120000"), shown("2024a131120000")], [None, None, None]);
    }

    #[test]
    fn numbers_are_compared_as_numbers() {
        assert!(number("9") < number("10") && number("00009") < number("10"));
        assert!(is_same_number("001", "1") && !is_same_number("1", "10"));
    }
}
