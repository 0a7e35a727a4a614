//! What the file of a revision is called: time, identifier, and the message as words.

use chrono::{DateTime, Utc};

use super::id::{RevisionId, is_word_character};

/// The longest slug, in characters.
const SLUG: usize = 40;

/// The name of the file of a revision: `20261122193712_ec7d02f185ab_added_user_table.sql`.
#[must_use]
pub fn file_name(created: DateTime<Utc>, id: &RevisionId, message: &str) -> String {
    let time = created.format("%Y%m%d%H%M%S");
    match slug(message) {
        slug if slug.is_empty() => format!("{time}_{id}.sql"),
        slug => format!("{time}_{id}_{slug}.sql"),
    }
}

/// The words of a message in lower case, joined by underscores; at most 40 characters, cut between words.
#[must_use]
pub fn slug(message: &str) -> String {
    let lower = message.to_lowercase();
    let mut slug = String::new();
    let mut length = 0;
    for word in lower.split(|c| !is_word_character(c) || c == '_').filter(|word| !word.is_empty()) {
        let longer = length + usize::from(length > 0) + word.chars().count();
        if longer > SLUG {
            if slug.is_empty() {
                slug.extend(word.chars().take(SLUG));
            }
            break;
        }
        if length > 0 {
            slug.push('_');
        }
        slug += word;
        length = longer;
    }
    slug
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_is_the_words_of_the_message() {
        for (message, expected) in [
            ("Added user table", "added_user_table"),
            ("  Add `user`.email -- and more!  ", "add_user_email_and_more"),
            ("Größe hinzugefügt, naïve 表", "größe_hinzugefügt_naïve_表"),
            ("../../etc/passwd", "etc_passwd"),
            ("", ""),
            ("!?", ""),
            ("a message that is rather longer than forty characters", "a_message_that_is_rather_longer_than"),
            ("exactly_forty_characters_of_one_message_x", "exactly_forty_characters_of_one_message"),
            ("Pneumonoultramicroscopicsilicovolcanoconiosis", "pneumonoultramicroscopicsilicovolcanocon"),
        ] {
            assert_eq!(slug(message), expected);
        }
    }

    #[test]
    fn a_file_is_called_by_time_identifier_and_message() {
        let created = DateTime::parse_from_rfc3339("2026-11-22T19:37:12Z").unwrap().with_timezone(&Utc);
        let id = RevisionId::new("ec7d02f185ab").unwrap();
        assert_eq!(file_name(created, &id, "Added user table"), "20261122193712_ec7d02f185ab_added_user_table.sql");
        assert_eq!(file_name(created, &id, " "), "20261122193712_ec7d02f185ab.sql");
    }
}
