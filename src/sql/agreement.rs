//! Comments of SQL that agree to what a rule of `lint` finds: `-- schemactl: allow SC202 nobody reads it any more`.

const MARK: &str = "schemactl:";
const WORD: &str = "allow";

/// The code and the reason of a comment that agrees to something.
#[must_use]
pub fn agreement(comment: &str) -> Option<(&str, &str)> {
    let words = comment.strip_prefix("--")?.trim().strip_prefix(MARK)?.trim_start();
    let rest = words.strip_prefix(WORD)?;
    let rest = rest.strip_prefix(char::is_whitespace).or(rest.is_empty().then_some(rest))?.trim();
    Some(rest.split_once(char::is_whitespace).map_or((rest, ""), |(code, reason)| (code, reason.trim())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_agrees_to_a_code_for_a_reason() {
        assert_eq!(
            agreement("-- schemactl: allow SC101 rows are never deleted"),
            Some(("SC101", "rows are never deleted"))
        );
        assert_eq!(agreement("--schemactl:allow  SC101\r"), Some(("SC101", "")));
        assert_eq!(agreement("-- schemactl: allow"), Some(("", "")));
        for other in
            ["-- schemactl: allowed SC101", "-- schemactl allow SC101", "-- allow SC101", "/* schemactl: allow */"]
        {
            assert_eq!(agreement(other), None, "{other}");
        }
    }
}
