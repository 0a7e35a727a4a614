//! Times and durations as the tables of tools have them.

use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, Utc};
use rusqlite::types::Value;

/// The time that a value says: seconds or milliseconds since 1970, RFC 3339, or the same with a space and without a
/// zone, which is UTC.
pub(super) fn time(value: &Value) -> Option<DateTime<Utc>> {
    match value {
        Value::Integer(number) if number.abs() >= 100_000_000_000 => DateTime::from_timestamp_millis(*number),
        Value::Integer(number) => DateTime::from_timestamp(*number, 0),
        Value::Text(text) => of_text(text.trim()),
        _ => None,
    }
}

fn of_text(text: &str) -> Option<DateTime<Utc>> {
    // Go writes the zone twice: `2024-01-31 12:00:00 +0000 UTC`.
    let text = text.strip_suffix(" UTC").map_or(text, str::trim_end);
    let with_zone = ["%Y-%m-%d %H:%M:%S%.f%:z", "%Y-%m-%d %H:%M:%S%.f %z", "%Y-%m-%dT%H:%M:%S%.f%:z"];
    let without = ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f"];
    let zoned = || with_zone.iter().find_map(|form| DateTime::parse_from_str(text, form).ok());
    let plain = || without.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
    DateTime::parse_from_rfc3339(text)
        .ok()
        .or_else(zoned)
        .map(|time| time.with_timezone(&Utc))
        .or_else(|| plain().map(|time| time.and_utc()))
}

/// So many of a unit; nothing for a number that is negative, which stands for "not known".
pub(super) fn duration(value: &Value, unit: fn(u64) -> Duration) -> Duration {
    match value {
        Value::Integer(number) => u64::try_from(*number).map(unit).unwrap_or_default(),
        _ => Duration::ZERO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_write_a_time_is_read() {
        let noon = "2024-01-31T12:00:05+00:00";
        for text in [
            "2024-01-31 12:00:05",
            "2024-01-31 12:00:05.000",
            "2024-01-31T12:00:05Z",
            "2024-01-31T13:00:05+01:00",
            "2024-01-31 12:00:05.000000+00:00",
            "2024-01-31 12:00:05 +0000 UTC",
        ] {
            assert_eq!(time(&Value::Text(text.to_owned())).unwrap().to_rfc3339(), noon, "{text}");
        }
        for number in [1_706_702_405, 1_706_702_405_000] {
            assert_eq!(time(&Value::Integer(number)).unwrap().to_rfc3339(), noon);
        }
        assert_eq!([time(&Value::Null), time(&Value::Text("yesterday".to_owned()))], [None, None]);
    }

    #[test]
    fn a_negative_duration_is_none() {
        assert_eq!(duration(&Value::Integer(-1), Duration::from_nanos), Duration::ZERO);
        assert_eq!(duration(&Value::Integer(5), Duration::from_millis), Duration::from_millis(5));
    }
}
