//! Settings that are numbers: how many, and how many bytes.

use toml::de::DeValue;

use super::toml_reader::Value;
use crate::report::Diagnostic;

/// The units of a size, the larger ones first where one is the end of another.
const UNITS: [(&str, u64); 9] = [
    ("kib", 1 << 10),
    ("mib", 1 << 20),
    ("gib", 1 << 30),
    ("tib", 1 << 40),
    ("kb", 1_000),
    ("mb", 1_000_000),
    ("gb", 1_000_000_000),
    ("tb", 1_000_000_000_000),
    ("b", 1),
];

/// A number that counts something, one at least.
pub(super) fn number(value: &Value<'_>) -> Option<usize> {
    let DeValue::Integer(integer) = value.kind() else {
        value.wrong_type("a number");
        return None;
    };
    let number = usize::from_str_radix(integer.as_str(), integer.radix()).ok().filter(|number| *number > 0);
    if number.is_none() {
        let message = format!("`{}` takes a number from 1 on, found `{}`", value.key(), integer.as_str());
        value.mistake(Diagnostic::new("bad_value", message));
    }
    number
}

/// A number of bytes, with a unit.
pub(super) fn bytes(value: &Value<'_>) -> Option<u64> {
    let text = value.text_or("a size with its unit, such as `\"500 MB\"`")?;
    let size = read_bytes(text.as_str());
    if size.is_none() {
        let message = format!("`{}` takes a size such as `500 MB` or `2 GiB`, found `{}`", value.key(), text.as_str());
        text.mistake(Diagnostic::new("bad_value", message));
    }
    size
}

fn read_bytes(text: &str) -> Option<u64> {
    let folded = text.trim().to_ascii_lowercase();
    let (number, factor) = UNITS.iter().find_map(|(unit, factor)| Some((folded.strip_suffix(unit)?, *factor)))?;
    number.trim().parse::<u64>().ok()?.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_a_whole_number_and_a_unit() {
        for (text, wanted) in [
            ("500 MB", Some(500_000_000)),
            ("2GiB", Some(2 << 30)),
            ("7 b", Some(7)),
            ("500", None),
            ("1.5 GB", None),
            ("-1 kB", None),
            ("much", None),
            ("99999999999 TB", None),
        ] {
            assert_eq!(read_bytes(text), wanted, "{text}");
        }
    }
}
