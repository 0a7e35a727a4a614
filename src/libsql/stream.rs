//! A connection to a server: requests that share a transaction, by the baton that goes back and forth.
//!
//! Knows nothing of revisions. Says of each failure whether the request can have been carried out.

use std::time::Duration;

use serde_json::{Value as Json, json};

use super::error::Error;
use super::hrana::{Batch, Protocol, Refusal, Results};
use super::transport::{Reply, Transport, Wait};
use super::{Address, Server, Token};

/// A connection to a server, which rolls back what is open on it when it is given up.
pub struct Stream {
    transport: Transport,
    address: Address,
    token: Option<Token>,
    protocol: Protocol,
    baton: Option<String>,
    /// Where the requests that follow go, where the server says so.
    moved_to: Option<String>,
}

/// How long a server may take to hear that a connection is given up.
const FAREWELL: Duration = Duration::from_secs(2);

/// What comes after a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// The connection stays open.
    Stay,
    /// The connection is closed.
    Close,
}

impl Stream {
    /// A connection that has not begun.
    pub(super) fn new(server: &Server) -> Stream {
        let Server { transport, address, token } = server.clone();
        Stream { transport, address, token, protocol: Protocol::V3, baton: None, moved_to: None }
    }

    /// Runs a batch. That a statement of it goes wrong is part of the result.
    ///
    /// # Errors
    /// When the server cannot be asked, or refuses the batch as a whole.
    pub fn run(&mut self, batch: &Batch, then: Then) -> Result<Results, Error> {
        self.run_within(batch, then, &Wait::default())
    }

    /// The same, no longer than one is ready to wait. The server takes the connection back when its answer finds nobody.
    ///
    /// # Errors
    /// As [`Stream::run`], and when the wait ends before the answer is there.
    pub fn run_within(&mut self, batch: &Batch, then: Then, wait: &Wait) -> Result<Results, Error> {
        let mut results = self.pipeline(std::slice::from_ref(batch), then, wait)?;
        match results.pop() {
            Some(Ok(results)) => Ok(results),
            Some(Err(refusal)) => self.locate(batch, refusal),
            None => Err(self.protocol("it gave no result".to_owned())),
        }
    }

    /// Finds the statement for whose sake the server refuses a whole batch: it looks at all of them before it begins.
    fn locate(&mut self, batch: &Batch, refusal: Refusal) -> Result<Results, Error> {
        if refusal.code != "SQL_PARSE_ERROR" {
            return Err(understood(refusal));
        }
        let outcomes = self.pipeline(&batch.unrun(), Then::Stay, &Wait::default())?;
        let mut found = outcomes.into_iter().enumerate().filter_map(|(at, outcome)| Some((at, outcome.err()?)));
        match found.next() {
            Some(failed) => Ok(Results { answers: Vec::new(), failed: Some(failed) }),
            None => Err(understood(refusal)),
        }
    }

    /// Gives the connection up; what is open on it is rolled back. Where the server does not hear of it, it does the
    /// same a few seconds later. A server that has taken another request since the last answer does not listen.
    pub fn give_up(&mut self) {
        if self.baton.is_some() {
            let _ = self.pipeline(&[], Then::Close, &Wait { limit: Some(FAREWELL), interrupt: None });
            self.baton = None;
        }
    }

    /// Sends requests together and gives what each came to.
    fn pipeline(
        &mut self,
        requests: &[Batch],
        then: Then,
        wait: &Wait,
    ) -> Result<Vec<Result<Results, Refusal>>, Error> {
        let reply = match self.post(requests, then, wait)? {
            reply
                if reply.status == 404
                    && self.protocol == Protocol::V3
                    && self.baton.is_none()
                    && !reply.names_namespace() =>
            {
                self.protocol = Protocol::V2;
                self.post(requests, then, wait)?
            }
            reply => reply,
        };
        let body = self.checked(&reply)?;
        self.baton = body["baton"].as_str().map(str::to_owned);
        if let Some(moved_to) = body["base_url"].as_str() {
            self.moved_to = Some(moved_to.trim_end_matches('/').to_owned());
        }
        let results = body["results"].as_array().ok_or_else(|| self.protocol("it gave no results".to_owned()))?;
        let read = |(batch, result): (&Batch, &Json)| match result["type"].as_str() {
            Some("ok") => Results::read(&result["response"]["result"], batch).map(Ok).map_err(|why| self.protocol(why)),
            Some("error") => Ok(Err(Refusal::read(&result["error"]))),
            _ => Err(self.protocol("a result is neither `ok` nor `error`".to_owned())),
        };
        requests.iter().zip(results).map(read).collect()
    }

    fn post(&self, requests: &[Batch], then: Then, wait: &Wait) -> Result<Reply, Error> {
        let mut requests: Vec<Json> = requests.iter().map(|batch| batch.json(self.protocol)).collect();
        if then == Then::Close {
            requests.push(json!({ "type": "close" }));
        }
        let body = json!({ "baton": self.baton, "requests": requests });
        let endpoint = self.protocol.endpoint();
        let (url, host) = match &self.moved_to {
            Some(base) => (format!("{base}{endpoint}"), None),
            None => (self.address.url(endpoint), Some(self.address.host_header())),
        };
        self.transport.post(&url, host.as_deref(), self.token.as_ref(), &body, wait)
    }

    /// The body of a reply, or what the server has against the request as a whole.
    fn checked(&self, reply: &Reply) -> Result<Json, Error> {
        let server = || self.address.to_string();
        let json: Json = serde_json::from_str(&reply.body).unwrap_or_default();
        let words = || {
            let told = ["error", "message"].iter().find_map(|key| json[*key].as_str());
            told.unwrap_or(reply.body.trim()).chars().take(300).collect::<String>()
        };
        match reply.status {
            200 if json.is_object() => Ok(json),
            401 => Err(Error::Unauthorized { server: server(), was_given: self.token.is_some() }),
            403 => Err(Error::Forbidden { server: server(), message: words() }),
            404 if reply.names_namespace() => Err(Error::NoNamespace { server: server(), message: words() }),
            400 if self.baton.is_some() => Err(Error::StreamExpired),
            status @ 300..=399 => Err(self.protocol(format!("status {status}, a redirect, which is not followed"))),
            status => Err(self.protocol(format!("status {status}: {}", words()))),
        }
    }

    fn protocol(&self, why: String) -> Error {
        Error::Protocol { server: self.address.to_string(), why }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.give_up();
    }
}

/// What a server's code means.
#[must_use]
pub fn understood(refusal: Refusal) -> Error {
    let Refusal { code, message } = refusal;
    match code.as_str() {
        "SQLITE_BUSY" | "SQLITE_LOCKED" => Error::Busy { message },
        "TRANSACTION_TIMEOUT" => Error::TransactionTimeout,
        "STREAM_EXPIRED" | "TRANSACTION_BUSY" => Error::StreamExpired,
        "BLOCKED" => Error::Blocked { message },
        _ if message.contains("database is locked") => Error::Busy { message },
        _ => Error::Refused { code, message },
    }
}
