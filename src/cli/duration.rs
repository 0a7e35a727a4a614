//! Durations as people say them.

use std::time::Duration;

/// The duration in two figures or so: `3 ms`, `1.2 s`, `2 min 5 s`.
#[must_use]
pub fn calm(duration: Duration) -> String {
    let milliseconds = duration.as_nanos().saturating_add(500_000) / 1_000_000;
    let tenths = (milliseconds + 50) / 100;
    let seconds = (milliseconds + 500) / 1000;
    let minutes = (seconds + 30) / 60;
    match () {
        () if milliseconds == 0 => "under 1 ms".to_owned(),
        () if milliseconds < 1000 => format!("{milliseconds} ms"),
        () if tenths < 600 => format!("{}.{} s", tenths / 10, tenths % 10),
        () if seconds < 3600 => pair(seconds, "min", "s"),
        () => pair(minutes, "h", "min"),
    }
}

/// Sixtieths with the unit above them, which stands alone when nothing is left over.
fn pair(small: u128, large_unit: &str, small_unit: &str) -> String {
    match small % 60 {
        0 => format!("{} {large_unit}", small / 60),
        rest => format!("{} {large_unit} {rest} {small_unit}", small / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_magnitude_has_its_unit_and_rounding_never_shows_sixty_of_one() {
        let cases = [
            (0.0001, "under 1 ms"),
            (0.003_4, "3 ms"),
            (0.999_4, "999 ms"),
            (0.999_6, "1.0 s"),
            (1.24, "1.2 s"),
            (59.94, "59.9 s"),
            (59.96, "1 min"),
            (125.0, "2 min 5 s"),
            (3599.4, "59 min 59 s"),
            (3599.6, "1 h"),
            (7325.0, "2 h 2 min"),
        ];
        for (seconds, expected) in cases {
            assert_eq!(calm(Duration::from_secs_f64(seconds)), expected, "{seconds}");
        }
    }
}
