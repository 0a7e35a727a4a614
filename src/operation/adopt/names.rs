//! What the scripts of another tool are called as revisions.

use std::collections::BTreeSet;

use crate::adopt::Script;
use crate::report::Failure;
use crate::revision::RevisionId;

/// Identifiers for scripts: by the digits that their versions begin with, where these tell them apart.
pub(super) fn ids(scripts: &[Script]) -> Result<Vec<RevisionId>, Failure> {
    let word = |text: &str| -> String { text.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect() };
    let whole: Vec<String> =
        scripts.iter().map(|script| word(script.version.strip_suffix(".sql").unwrap_or(&script.version))).collect();
    let short = |id: &String| -> String {
        match id.split_once('_') {
            Some((digits, rest)) if is_number(digits) && !rest.split('_').all(is_number) => digits.to_owned(),
            _ => id.clone(),
        }
    };
    let shortened: Vec<String> = whole.iter().map(short).collect();
    let are_apart = shortened.iter().collect::<BTreeSet<_>>().len() == shortened.len();
    let chosen = if are_apart { shortened } else { whole };
    Ok(chosen.into_iter().map(RevisionId::new).collect::<Result<_, _>>()?)
}

fn is_number(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::adopt::Half;

    fn ids_of(versions: &[&str]) -> Vec<String> {
        let half = || Half { sql: String::new(), transaction: true };
        let script = |version: &&str| Script {
            version: (*version).to_owned(),
            message: String::new(),
            created: None,
            path: PathBuf::new(),
            text: String::new(),
            up: half(),
            down: None,
        };
        let scripts: Vec<Script> = versions.iter().map(script).collect();
        ids(&scripts).unwrap().iter().map(RevisionId::to_string).collect()
    }

    #[test]
    fn a_revision_is_called_after_the_version_of_its_script() {
        assert_eq!(ids_of(&["20240131120000", "1"]), ["20240131120000", "1"]);
        assert_eq!(ids_of(&["0001_init.sql", "0002_more.sql"]), ["0001", "0002"]);
        assert_eq!(ids_of(&["0001_init.sql", "0001_more.sql"]), ["0001_init", "0001_more"]);
        assert_eq!(ids_of(&["1.2", "1.10.1", "R__all views"]), ["1_2", "1_10_1", "R__all_views"]);
        assert!(ids(&[]).unwrap().is_empty());
    }
}
