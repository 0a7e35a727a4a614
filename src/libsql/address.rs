//! Where a server is: `libsql://host:port?tls=0`, `http://…`, `https://…`, and which of its databases is meant.
//!
//! Opens no connection. What a URL says of a token goes into the token, and is never shown.

use std::fmt;

use super::error::Error;

/// The address of a database on a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    scheme: Scheme,
    host: String,
    port: Option<u16>,
    /// What stands between host and `/v3/pipeline`, such as `/db`; begins with a slash where it is not empty.
    path: String,
    /// The namespace, where it is named beside the host.
    namespace: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Http,
    Https,
}

/// A secret that a server asks for; never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// A token; blank ones are none.
    #[must_use]
    pub fn new(text: &str) -> Option<Token> {
        let text = text.trim();
        (!text.is_empty()).then(|| Token(text.to_owned()))
    }

    /// The secret itself, for the head of a request.
    pub(super) fn secret(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(***)")
    }
}

/// The schemes of URLs that name a server.
const SCHEMES: [&str; 3] = ["libsql", "http", "https"];

impl Address {
    /// Whether what is written for a database means one on a server.
    #[must_use]
    pub fn is_meant(written: &str) -> bool {
        let scheme = written.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
        scheme.is_some_and(|scheme| SCHEMES.contains(&scheme.as_str()))
    }

    /// Reads a URL, and the token in it if there is one.
    ///
    /// # Errors
    /// Says what in it is not understood, without showing what may be secret.
    pub fn read(written: &str) -> Result<(Address, Option<Token>), Error> {
        let bad = |why: String| Error::BadAddress { why };
        let (scheme, rest) = written.split_once("://").ok_or_else(|| bad("it has no `://`".to_owned()))?;
        let rest = rest.split_once('#').map_or(rest, |(rest, _)| rest);
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = place.split_at(place.find('/').unwrap_or(place.len()));
        if authority.contains('@') {
            return Err(bad("a name or a password before `@` is not understood".to_owned()));
        }
        let mut tls = None;
        let mut namespace = None;
        let mut token = None;
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            match key {
                "tls" if value == "0" => tls = Some(false),
                "tls" if value == "1" => tls = Some(true),
                "tls" => return Err(bad("`tls` is 0 or 1".to_owned())),
                "namespace" if is_label(value) => namespace = Some(value.to_owned()),
                "namespace" => return Err(bad(format!("`{value}` is no name of a namespace"))),
                "authToken" => token = Token::new(value),
                other => return Err(bad(format!("the parameter `{other}` is not understood"))),
            }
        }
        let scheme = match (scheme.to_ascii_lowercase().as_str(), tls) {
            ("libsql", Some(false)) | ("http", None | Some(false)) => Scheme::Http,
            ("libsql", _) | ("https", None | Some(true)) => Scheme::Https,
            ("http" | "https", Some(_)) => return Err(bad("`tls` contradicts what stands before `://`".to_owned())),
            (other, _) => return Err(bad(format!("`{other}` is not one of `libsql`, `http`, `https`"))),
        };
        let (host, port) = host_and_port(authority).ok_or_else(|| bad("it names no host and port".to_owned()))?;
        if written.starts_with("libsql") && tls == Some(false) && port.is_none() {
            return Err(bad("without TLS there is no usual port: it must be named".to_owned()));
        }
        let path = path.trim_end_matches('/').to_owned();
        Ok((Address { scheme, host, port, path, namespace }, token))
    }

    /// The same address with another namespace.
    #[must_use]
    pub fn in_namespace(&self, namespace: &str) -> Address {
        Address { namespace: Some(namespace.to_owned()), ..self.clone() }
    }

    /// Whether what is sent is encrypted.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.scheme == Scheme::Https
    }

    /// Whether it is this machine.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.is_under_localhost() || matches!(self.host.as_str(), "localhost" | "127.0.0.1" | "[::1]")
    }

    /// `db.localhost` is this machine (<https://www.rfc-editor.org/rfc/rfc6761#section-6.3>), though few systems know.
    fn is_under_localhost(&self) -> bool {
        self.host.ends_with(".localhost")
    }

    /// The URL of an endpoint, to connect to.
    pub(super) fn url(&self, endpoint: &str) -> String {
        let is_reached_by_number = self.is_under_localhost() && self.scheme == Scheme::Http;
        let host = if is_reached_by_number { "127.0.0.1" } else { &self.host };
        format!("{}://{host}{}{}{endpoint}", self.scheme.as_str(), self.port_suffix(), self.path)
    }

    /// What the request says that the host is: a server knows its namespaces by the first label.
    pub(super) fn host_header(&self) -> String {
        let namespace = self.namespace.as_ref().map(|name| format!("{name}.")).unwrap_or_default();
        // A number has no labels to put one before.
        let is_number = !namespace.is_empty() && matches!(self.host.as_str(), "127.0.0.1" | "[::1]");
        let host = if is_number { "localhost" } else { &self.host };
        format!("{namespace}{host}{}", self.port_suffix())
    }

    fn port_suffix(&self) -> String {
        self.port.map(|port| format!(":{port}")).unwrap_or_default()
    }
}

impl Scheme {
    fn as_str(self) -> &'static str {
        match self {
            Scheme::Http => "http",
            Scheme::Https => "https",
        }
    }
}

impl fmt::Display for Address {
    /// As it can be written in the settings, without its token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Address { scheme, host, port: _, path, namespace } = self;
        let port = self.port_suffix();
        match scheme {
            Scheme::Http => write!(f, "http://{host}{port}{path}")?,
            Scheme::Https => write!(f, "libsql://{host}{port}{path}")?,
        }
        namespace.as_ref().map_or(Ok(()), |namespace| write!(f, "?namespace={namespace}"))
    }
}

fn host_and_port(authority: &str) -> Option<(String, Option<u16>)> {
    // The colons of a number in brackets are its own.
    let end_of_number = authority.rfind(']').map_or(0, |at| at + 1);
    let (host, port) = match authority[end_of_number..].rfind(':') {
        Some(colon) => {
            let (host, port) = authority.split_at(end_of_number + colon);
            (host, Some(port[1..].parse().ok().filter(|port| *port > 0)?))
        }
        None => (authority, None),
    };
    let is_host = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '[' | ']' | ':');
    (!host.is_empty() && host.chars().all(is_host)).then(|| (host.to_ascii_lowercase(), port))
}

fn is_label(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(written: &str) -> Address {
        Address::read(written).unwrap().0
    }

    #[test]
    fn urls_say_where_a_server_is() {
        for (written, url, host, shown) in [
            ("libsql://app.turso.io", "https://app.turso.io/x", "app.turso.io", "libsql://app.turso.io"),
            ("libsql://127.0.0.1:8080?tls=0", "http://127.0.0.1:8080/x", "127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("HTTP://DB1.localhost:80/", "http://127.0.0.1:80/x", "db1.localhost:80", "http://db1.localhost:80"),
            ("https://[::1]:1/db/", "https://[::1]:1/db/x", "[::1]:1", "libsql://[::1]:1/db"),
            (
                "http://127.0.0.1:8080?namespace=a-1",
                "http://127.0.0.1:8080/x",
                "a-1.localhost:8080",
                "http://127.0.0.1:8080?namespace=a-1",
            ),
        ] {
            let address = read(written);
            assert_eq!((address.url("/x"), address.host_header()), (url.to_owned(), host.to_owned()), "{written}");
            assert_eq!(address.to_string(), shown);
            assert_eq!(read(shown), address);
        }
        assert!(read("http://db.localhost:1").is_local() && !read("libsql://localhost.example").is_local());
    }

    #[test]
    fn a_token_in_a_url_is_taken_out_of_it() {
        let (address, token) = Address::read("libsql://h?authToken=s3cret").unwrap();
        assert_eq!(token.as_ref().map(Token::secret), Some("s3cret"));
        assert!(!format!("{address} {address:?} {token:?}").contains("s3cret"));
        assert_eq!(Address::read("libsql://h?authToken=").unwrap().1, None);
    }

    #[test]
    fn what_is_no_address_is_refused_without_showing_secrets() {
        for written in [
            "libsql://",
            "libsql://h:0",
            "libsql://h:port",
            "libsql://h?tls=2",
            "libsql://h?tls=0",
            "https://h?tls=0",
            "http://u:s3cret@h",
            "libsql://h?token=s3cret",
            "libsql://h?namespace=a/b",
            "libsql://a b",
        ] {
            let error = Address::read(written).unwrap_err().to_string();
            assert!(!error.contains("s3cret"), "{error}");
        }
        assert!(Address::is_meant("LibSQL://h") && !Address::is_meant("app.db") && !Address::is_meant("sqlite://a.db"));
    }
}
