//! Requests over HTTP. Knows nothing of what they say; nothing of a token reaches an error.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use serde_json::Value as Json;

use super::error::Error;
use super::{Address, Token};

/// How long an answer is waited for.
#[derive(Debug, Clone, Default)]
pub struct Wait {
    /// No longer than this, where it is said.
    pub limit: Option<Duration>,
    /// Not any more when this is set from outside.
    pub interrupt: Option<Arc<AtomicBool>>,
}

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
    use std::sync::atomic::Ordering;
    use std::sync::mpsc::{self, RecvTimeoutError};
    use std::thread;
    use std::time::Duration;

    use ureq::http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
    use ureq::{Agent, Proxy};

    use super::{Address, Error, Json, Path, Reply, Token, Wait};

    /// How long a connection may take to come about.
    const CONNECT: Duration = Duration::from_secs(15);
    /// How long an answer may take to begin: a rebuild of many rows takes minutes.
    const ANSWER: Duration = Duration::from_secs(15 * 60);
    /// A connection that was idle for longer may have been closed by what stands in between, and what is sent on it
    /// would be in doubt.
    const IDLE: Duration = Duration::from_secs(3);
    /// How often it is looked whether the user wants to stop.
    const GLANCE: Duration = Duration::from_millis(50);

    /// Sends requests to one server.
    #[derive(Debug, Clone)]
    pub(in crate::libsql) struct Transport {
        agent: Agent,
        server: String,
    }

    impl Transport {
        /// `certificates` is a file of those who are trusted to sign a server's, instead of those that browsers trust.
        pub(in crate::libsql) fn new(address: &Address, certificates: Option<&Path>) -> Result<Transport, Error> {
            if address.is_encrypted() && !cfg!(feature = "tls") {
                return Err(Error::NotBuiltIn { what: "TLS", feature: "tls" });
            }
            // What is on this machine is not behind a proxy.
            let proxy = if address.is_local() { None } else { Proxy::try_from_env() };
            let config = Agent::config_builder();
            #[cfg(feature = "tls")]
            let config = match certificates.filter(|_| address.is_encrypted()) {
                Some(file) => config.tls_config(trusting(file)?),
                None => config,
            };
            #[cfg(not(feature = "tls"))]
            let _ = certificates;
            let config = config
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

        /// Sends JSON; `host` is what the request says that the host is, where that is not the one of the URL. An answer
        /// that is not waited for any more is nobody's.
        ///
        /// # Errors
        /// When no connection comes about, it breaks before the whole answer is there, or the wait ends before.
        pub(in crate::libsql) fn post(
            &self,
            url: &str,
            host: Option<&str>,
            token: Option<&Token>,
            body: &Json,
            wait: &Wait,
        ) -> Result<Reply, Error> {
            let limit = wait.limit.unwrap_or(ANSWER);
            let Some(interrupt) = &wait.interrupt else { return self.exchange(url, host, token, body, limit) };
            let (sender, receiver) = mpsc::channel();
            let (transport, url, body) = (self.clone(), url.to_owned(), body.clone());
            let (host, token) = (host.map(str::to_owned), token.cloned());
            thread::spawn(move || {
                // Nobody listens any more where the user has stopped it.
                let _ = sender.send(transport.exchange(&url, host.as_deref(), token.as_ref(), &body, limit));
            });
            loop {
                match receiver.recv_timeout(GLANCE) {
                    Ok(reply) => return reply,
                    Err(RecvTimeoutError::Timeout) if interrupt.load(Ordering::Relaxed) => {
                        return Err(Error::Interrupted);
                    }
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => {
                        let why = "the request ended early".to_owned();
                        return Err(Error::Lost { server: self.server.clone(), why });
                    }
                }
            }
        }

        fn exchange(
            &self,
            url: &str,
            host: Option<&str>,
            token: Option<&Token>,
            body: &Json,
            limit: Duration,
        ) -> Result<Reply, Error> {
            let request = self.agent.post(url).config().timeout_recv_response(Some(limit)).build();
            let mut request = request.header(CONTENT_TYPE, "application/json");
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
            if matches!(error, ureq::Error::Timeout(ureq::Timeout::RecvResponse)) {
                return Error::NoAnswer { server: self.server.clone() };
            }
            let why = words(error);
            if why.contains("invalid peer certificate") {
                return Error::Certificate { server: self.server.clone(), why };
            }
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
            // What does not speak TLS answers the first greeting with something else; names that nobody knows have no
            // kind of their own.
            let unsent = ["InvalidContentType", "failed to lookup address information"];
            let is_unsent = is_unsent || unsent.iter().any(|words| why.contains(words));
            if is_unsent { Error::Unreachable { server: self.server.clone(), why } } else { self.lost(error) }
        }

        fn lost(&self, error: &ureq::Error) -> Error {
            Error::Lost { server: self.server.clone(), why: words(error) }
        }
    }

    /// Trusts those whose certificates are in a file, and nobody else.
    #[cfg(feature = "tls")]
    fn trusting(file: &Path) -> Result<ureq::tls::TlsConfig, Error> {
        use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
        let bad = |why: String| Error::Certificates { file: file.to_owned(), why };
        let text = std::fs::read(file).map_err(|error| bad(error.to_string()))?;
        let mut certificates: Vec<Certificate<'static>> = Vec::new();
        for item in parse_pem(&text) {
            if let PemItem::Certificate(certificate) = item.map_err(|error| bad(error.to_string()))? {
                certificates.push(certificate);
            }
        }
        if certificates.is_empty() {
            return Err(bad("there is no certificate in it".to_owned()));
        }
        Ok(TlsConfig::builder().root_certs(RootCerts::new_with_certs(&certificates)).build())
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
    use super::{Address, Error, Json, Path, Reply, Token, Wait};

    /// Nothing to send requests with: there never is one.
    #[derive(Debug, Clone)]
    pub(in crate::libsql) enum Transport {}

    const MISSING: Error = Error::NotBuiltIn { what: "libSQL servers", feature: "libsql" };

    impl Transport {
        pub(in crate::libsql) fn new(_: &Address, _: Option<&Path>) -> Result<Transport, Error> {
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
            _: &Wait,
        ) -> Result<Reply, Error> {
            match *self {}
        }
    }
}
