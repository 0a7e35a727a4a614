//! Requests over HTTP. Knows nothing of what they say; nothing of a token reaches an error.

use serde_json::Value as Json;

use super::error::Error;
use super::{Address, Token};

/// An answer of any status.
#[derive(Debug)]
pub(super) struct Reply {
    pub status: u16,
    pub body: String,
}

impl Reply {
    /// Whether it is about a namespace that is not there.
    pub(super) fn names_namespace(&self) -> bool {
        self.body.to_ascii_lowercase().contains("namespace")
    }
}

#[cfg(feature = "libsql")]
pub(super) use over_http::Transport;

#[cfg(feature = "libsql")]
mod over_http {
    use std::io::{self, Write};
    use std::time::Duration;

    use ureq::http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
    use ureq::{Agent, Proxy};

    use super::{Address, Error, Json, Reply, Token};

    /// How long a connection may take to come about.
    const CONNECT: Duration = Duration::from_secs(15);
    /// How long an answer may take to begin: a rebuild of many rows takes minutes.
    const ANSWER: Duration = Duration::from_secs(15 * 60);
    /// A connection that was idle for longer may have been closed by what stands in between, and what is sent on it
    /// would be in doubt.
    const IDLE: Duration = Duration::from_secs(3);

    /// Sends requests to one server.
    #[derive(Debug, Clone)]
    pub(in crate::libsql) struct Transport {
        agent: Agent,
        server: String,
    }

    impl Transport {
        pub(in crate::libsql) fn new(address: &Address) -> Result<Transport, Error> {
            if address.is_encrypted() && !cfg!(feature = "tls") {
                return Err(Error::NotBuiltIn { what: "TLS", feature: "tls" });
            }
            // What is on this machine is not behind a proxy.
            let proxy = if address.is_local() { None } else { Proxy::try_from_env() };
            let config = Agent::config_builder()
                .http_status_as_error(false)
                .max_redirects(0)
                .max_redirects_will_error(false)
                .proxy(proxy)
                .max_idle_age(IDLE)
                .timeout_connect(Some(CONNECT))
                .timeout_recv_response(Some(ANSWER))
                .user_agent(concat!("schemactl/", env!("CARGO_PKG_VERSION")))
                .build();
            Ok(Transport { agent: config.new_agent(), server: address.to_string() })
        }

        /// Sends JSON; `host` is what the request says that the host is, where that is not the one of the URL.
        ///
        /// # Errors
        /// When no connection comes about, or it breaks before the whole answer is there.
        pub(in crate::libsql) fn post(
            &self,
            url: &str,
            host: Option<&str>,
            token: Option<&Token>,
            body: &Json,
        ) -> Result<Reply, Error> {
            let mut request = self.agent.post(url).header(CONTENT_TYPE, "application/json");
            if let Some(host) = host {
                request = request.header(HOST, host);
            }
            if let Some(token) = token {
                request = request.header(AUTHORIZATION, format!("Bearer {}", token.secret()));
            }
            let mut response = request.send(body.to_string()).map_err(|error| self.failed(&error))?;
            let status = response.status().as_u16();
            let whole = response.body_mut().with_config().limit(u64::MAX).read_to_string();
            let body = whole.map_err(|error| self.lost(&error))?;
            Ok(Reply { status, body })
        }

        /// Writes what a URL gives; the number of bytes, or an answer of another status than 200.
        ///
        /// # Errors
        /// As [`Transport::post`], and when it cannot be written.
        pub(in crate::libsql) fn get(
            &self,
            url: &str,
            host: &str,
            token: Option<&Token>,
            to: &mut dyn Write,
        ) -> Result<Result<u64, Reply>, Error> {
            let mut request = self.agent.get(url).header(HOST, host);
            if let Some(token) = token {
                request = request.header(AUTHORIZATION, format!("Bearer {}", token.secret()));
            }
            let mut response = request.call().map_err(|error| self.failed(&error))?;
            let status = response.status().as_u16();
            if status != 200 {
                let body = response.body_mut().read_to_string().map_err(|error| self.lost(&error))?;
                return Ok(Err(Reply { status, body }));
            }
            let copied = io::copy(&mut response.body_mut().as_reader(), to);
            copied.map(Ok).map_err(|error| Error::Lost { server: self.server.clone(), why: error.to_string() })
        }

        /// Whether it is certain that nothing was sent.
        fn failed(&self, error: &ureq::Error) -> Error {
            use std::io::ErrorKind::{ConnectionRefused, HostUnreachable, NetworkUnreachable};
            let is_unsent = match error {
                ureq::Error::HostNotFound
                | ureq::Error::ConnectionFailed
                | ureq::Error::BadUri(_)
                | ureq::Error::Http(_)
                | ureq::Error::InvalidProxyUrl
                | ureq::Error::Tls(_)
                | ureq::Error::Timeout(ureq::Timeout::Resolve | ureq::Timeout::Connect) => true,
                ureq::Error::Io(error) => {
                    matches!(error.kind(), ConnectionRefused | HostUnreachable | NetworkUnreachable)
                }
                _ => false,
            };
            // What does not speak TLS answers the first greeting with something else.
            let is_unsent = is_unsent || words(error).contains("InvalidContentType");
            if is_unsent {
                Error::Unreachable { server: self.server.clone(), why: words(error) }
            } else {
                self.lost(error)
            }
        }

        fn lost(&self, error: &ureq::Error) -> Error {
            Error::Lost { server: self.server.clone(), why: words(error) }
        }
    }

    /// What went wrong, without what a header said.
    fn words(error: &ureq::Error) -> String {
        match error {
            ureq::Error::Http(_) | ureq::Error::BadUri(_) => "the request cannot be written".to_owned(),
            ureq::Error::Io(error) => error.to_string(),
            other => other.to_string(),
        }
    }
}

#[cfg(not(feature = "libsql"))]
pub(super) use absent::Transport;

#[cfg(not(feature = "libsql"))]
mod absent {
    use super::{Address, Error, Json, Reply, Token};

    /// Nothing to send requests with: there never is one.
    #[derive(Debug, Clone)]
    pub(in crate::libsql) enum Transport {}

    const MISSING: Error = Error::NotBuiltIn { what: "libSQL servers", feature: "libsql" };

    impl Transport {
        pub(in crate::libsql) fn new(_: &Address) -> Result<Transport, Error> {
            Err(MISSING)
        }

        pub(in crate::libsql) fn get(
            &self,
            _: &str,
            _: &str,
            _: Option<&Token>,
            _: &mut dyn std::io::Write,
        ) -> Result<Result<u64, Reply>, Error> {
            match *self {}
        }

        pub(in crate::libsql) fn post(
            &self,
            _: &str,
            _: Option<&str>,
            _: Option<&Token>,
            _: &Json,
        ) -> Result<Reply, Error> {
            match *self {}
        }
    }
}
