//! Passwords and tokens in the names of databases, hidden where names are shown.

/// What stands in place of a secret.
const HIDDEN: &str = "***";
/// The parameters of URLs that are secret, in lower case.
const PARAMETERS: [&str; 8] = ["authtoken", "auth_token", "token", "password", "passwd", "secret", "key", "apikey"];

/// The name of a database without the password and the tokens of a URL.
#[must_use]
pub fn masked(name: &str) -> String {
    let Some((scheme, rest)) = name.split_once("://") else { return name.to_owned() };
    let (place, query) = rest.split_once('?').map_or((rest, None), |(place, query)| (place, Some(query)));
    let (host, path) = place.split_at(place.find('/').unwrap_or(place.len()));
    let host = match host.rsplit_once('@') {
        Some((who, host)) => match who.split_once(':') {
            Some((user, _)) => format!("{user}:{HIDDEN}@{host}"),
            None => format!("{HIDDEN}@{host}"),
        },
        None => host.to_owned(),
    };
    let query = query.map_or_else(String::new, |query| {
        let parameters: Vec<String> = query.split('&').map(parameter).collect();
        format!("?{}", parameters.join("&"))
    });
    format!("{scheme}://{host}{path}{query}")
}

fn parameter(written: &str) -> String {
    match written.split_once('=') {
        Some((name, _)) if PARAMETERS.contains(&name.to_ascii_lowercase().as_str()) => format!("{name}={HIDDEN}"),
        _ => written.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_and_tokens_are_hidden_and_paths_are_not() {
        for (name, shown) in [
            ("data/app.db", "data/app.db"),
            ("libsql://db.example.com?authToken=abc&tls=1", "libsql://db.example.com?authToken=***&tls=1"),
            ("https://ada:pass@example.com/app?x", "https://ada:***@example.com/app?x"),
            ("https://abc@example.com", "https://***@example.com"),
            ("file:///srv/a@b:c.db", "file:///srv/a@b:c.db"),
        ] {
            assert_eq!(masked(name), shown);
        }
    }
}
