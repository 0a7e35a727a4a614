//! What goes wrong with a server, each in the words of what to do about it.

use std::path::PathBuf;
use std::time::Duration;

use crate::database;
use crate::report::{Class, Diagnostic, Report};
use crate::schema::SqliteVersion;

use super::estimate::{self, Foreseen};

/// Why a server did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The URL is not understood.
    #[error("the URL of the database is not understood: {why}")]
    BadAddress {
        /// What is wrong with it.
        why: String,
    },
    /// This program was built without what the URL needs.
    #[error("this schemactl was built without {what}")]
    NotBuiltIn {
        /// What is missing.
        what: &'static str,
        /// The feature that brings it.
        feature: &'static str,
    },
    /// No connection came about; nothing was sent.
    #[error("cannot reach the server `{server}`: {why}")]
    Unreachable {
        /// The server.
        server: String,
        /// What the system says.
        why: String,
    },
    /// The certificate of the server is signed by nobody who is trusted, or for another server.
    #[error("the certificate of `{server}` is not trusted: {why}")]
    Certificate {
        /// The server.
        server: String,
        /// What is wrong with it.
        why: String,
    },
    /// The file of those who are trusted cannot be used.
    #[error("cannot read the certificates in `{}`: {why}", .file.display())]
    Certificates {
        /// The file.
        file: PathBuf,
        /// Why.
        why: String,
    },
    /// The connection broke before the answer was there.
    #[error("the connection to `{server}` broke before its answer was there: {why}")]
    Lost {
        /// The server.
        server: String,
        /// What the system says.
        why: String,
    },
    /// The answer did not come in the time that there was for it.
    #[error("the server `{server}` has not answered in time")]
    NoAnswer {
        /// The server.
        server: String,
    },
    /// The user wants to stop.
    #[error("interrupted")]
    Interrupted,
    /// The connection broke after COMMIT was sent, and nobody could be asked what became of it.
    #[error("it is not known whether that was committed: {why}; asked again: {asked}")]
    InDoubt {
        /// Why the answer did not come.
        why: String,
        /// Why it could not be asked for.
        asked: String,
    },
    /// What answers is no such server.
    #[error("what answers at `{server}` does not speak libSQL's protocol: {why}")]
    Protocol {
        /// The server.
        server: String,
        /// What it answers.
        why: String,
    },
    /// The server asks for a token, or refuses the one that it was given.
    #[error("the server `{server}` {}", if *.was_given { "refuses the token" } else { "asks for a token" })]
    Unauthorized {
        /// The server.
        server: String,
        /// Whether a token was sent.
        was_given: bool,
    },
    /// The token allows something else.
    #[error("the server `{server}` does not allow that: {message}")]
    Forbidden {
        /// The server.
        server: String,
        /// Its words.
        message: String,
    },
    /// There is no such database on the server.
    #[error("the server `{server}` has no such database: {message}")]
    NoNamespace {
        /// The server.
        server: String,
        /// Its words.
        message: String,
    },
    /// Others write.
    #[error("the server is busy with another writer: {message}")]
    Busy {
        /// The server's words.
        message: String,
    },
    /// The transaction took too long for the server.
    #[error("the server has ended the transaction: it had lasted too long while others waited to write")]
    TransactionTimeout,
    /// The connection was idle for too long between two requests, or the server was started anew.
    #[error("the server has given up the connection, with the transaction in it")]
    StreamExpired,
    /// An administrator has stopped reads or writes.
    #[error("the database is blocked by its administrator: {message}")]
    Blocked {
        /// The server's words.
        message: String,
    },
    /// The server's own parser or its SQLite refuses a statement.
    #[error("{message}")]
    Refused {
        /// The server's code: `SQL_PARSE_ERROR`.
        code: String,
        /// Its words.
        message: String,
    },
    /// A script needs a newer SQLite than the server has.
    #[error("the revision needs SQLite {needed}, and the server has {found}")]
    TooOld {
        /// What the script says.
        needed: SqliteVersion,
        /// What the server says.
        found: SqliteVersion,
    },
    /// A transaction would write more rows anew than it has time for.
    #[error(
        "to write {} anew takes the server about {}; it ends transactions of more than {} when others wait to write",
        listed(.tables),
        seconds(estimate::total(.tables)),
        seconds(*.limit)
    )]
    TooLong {
        /// The tables, each with its rows and its time.
        tables: Vec<Foreseen>,
        /// What a server gives.
        limit: Duration,
    },
    /// The server gives no copy of itself.
    #[error("the server `{server}` gives no copy of the database (status {status} at `/dump`)")]
    NoDump {
        /// The server.
        server: String,
        /// The status of its answer.
        status: u16,
    },
    /// SQL that is to become the content of a database cannot.
    #[error("the copy cannot be loaded: {message}")]
    NotLoaded {
        /// Why.
        message: String,
    },
    /// A database that is to be filled has something in it.
    #[error("the database `{server}` is not empty, it has {found}; a copy is loaded into an empty one")]
    NotEmpty {
        /// The server.
        server: String,
        /// What is in it.
        found: String,
    },
    /// Scripts that run outside a transaction.
    #[error("its script runs outside a transaction, and on a server every revision is one")]
    OutsideTransaction,
    /// Others change the version table again and again.
    #[error("other programs changed the database while this was being worked out")]
    Overtaken,
    /// Others change the database without end.
    #[error("other programs changed the database {times} times while the run was being worked out")]
    Restless {
        /// How often.
        times: usize,
    },
    /// The schema of the server cannot be built here.
    #[error("the schema of the server cannot be built here: {message}")]
    Image {
        /// What SQLite says, and of what.
        message: String,
    },
    /// The local image fails.
    #[error(transparent)]
    Local(#[from] database::Error),
}

impl Error {
    /// Whether it is only that others write, so that it helps to wait.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        matches!(self, Error::Busy { .. })
    }

    /// Whether it is not known what has become of the request.
    #[must_use]
    pub fn is_in_doubt(&self) -> bool {
        matches!(self, Error::Lost { .. } | Error::NoAnswer { .. })
    }

    /// Whether the connection is gone, with a transaction in it that was not told to commit.
    #[must_use]
    pub fn is_loss(&self) -> bool {
        matches!(self, Error::Lost { .. } | Error::Unreachable { .. } | Error::StreamExpired)
    }
}

impl Report for Error {
    fn class(&self) -> Class {
        match self {
            Error::Local(error) => error.class(),
            Error::BadAddress { .. }
            | Error::NotBuiltIn { .. }
            | Error::Certificates { .. }
            | Error::OutsideTransaction => Class::Input,
            Error::TooOld { .. } | Error::TooLong { .. } | Error::NotEmpty { .. } => Class::No,
            Error::Busy { .. } | Error::TransactionTimeout | Error::Restless { .. } | Error::Overtaken => Class::Locked,
            Error::Interrupted => Class::Interrupted,
            _ => Class::Database,
        }
    }

    fn diagnostics(&self) -> Vec<Diagnostic> {
        let (code, help) = match self {
            Error::Local(error) => return error.diagnostics(),
            Error::BadAddress { .. } => {
                ("bad_url", "write it as `libsql://host:port`, or `http://localhost:8080` for one on this machine")
            }
            Error::NotBuiltIn { feature, .. } => {
                let help = format!("build it with `--features {feature}`");
                return vec![Diagnostic::new("not_built_in", self.to_string()).help(help)];
            }
            Error::Unreachable { .. } => {
                ("unreachable", "check the URL, and that the server runs; `?tls=0` is for one without TLS")
            }
            Error::Certificate { .. } => (
                "certificate",
                "set SSL_CERT_FILE to a file with the certificate of who signed it; the URL must name the host that it is for",
            ),
            Error::Certificates { .. } => ("certificates", "correct the variable SSL_CERT_FILE, or leave it out"),
            Error::Interrupted => return vec![Diagnostic::new("interrupted", self.to_string())],
            Error::NoAnswer { .. } => {
                ("connection_lost", "see whether the server is at work, then run the same again: nothing is done twice")
            }
            Error::Lost { .. } => ("connection_lost", "run the same again: what is done is not done twice"),
            Error::InDoubt { .. } => {
                ("in_doubt", "run `schemactl current` when the server answers again; it is wholly done or not at all")
            }
            Error::Protocol { .. } => {
                ("no_libsql_server", "check the URL and its port; the server must speak Hrana over HTTP")
            }
            Error::Unauthorized { was_given: false, .. } => {
                ("unauthorized", "set the variable SCHEMACTL_AUTH_TOKEN, here or in `.env`")
            }
            Error::Unauthorized { was_given: true, .. } => {
                ("unauthorized", "get a new token and set SCHEMACTL_AUTH_TOKEN; it may have expired")
            }
            Error::Forbidden { .. } => ("forbidden", "use a token that may write"),
            Error::NoNamespace { .. } => (
                "no_namespace",
                "name it: `http://NAME.localhost:8080`, or `?namespace=NAME`; an administrator creates it",
            ),
            Error::Busy { .. } => {
                ("locked", "wait until the other writer is done, or wait longer with `--lock-timeout`")
            }
            Error::TransactionTimeout => {
                ("transaction_timeout", "all of it was rolled back; run it again when there is less traffic")
            }
            Error::StreamExpired => ("stream_expired", "all of it was rolled back; run it again"),
            Error::Blocked { .. } => ("blocked", "ask the administrator to lift `block_writes`, then run it again"),
            Error::Refused { code, .. } => {
                return vec![
                    Diagnostic::new("refused_by_server", self.to_string()).note(format!("the server's code is {code}")),
                ];
            }
            Error::TooOld { .. } => {
                ("server_too_old", "set `target_sqlite` to the server's version and write the revision anew")
            }
            Error::TooLong { .. } => ("too_long_for_server", "run it when nobody writes, with `--long-transactions`"),
            Error::OutsideTransaction => {
                ("outside_transaction", "do it by the server's own means, then `schemactl stamp` the revision")
            }
            Error::NotLoaded { .. } => {
                ("not_loaded", "nothing of it is left; choose another copy, or load it by other means")
            }
            Error::NotEmpty { .. } => (
                "not_empty",
                "name an empty one with `--database`, or empty it: `schemactl downgrade base` drops what revisions made",
            ),
            Error::NoDump { .. } => ("no_dump", "make one by the server's own means, then go on with `--no-backup`"),
            Error::Overtaken | Error::Restless { .. } => {
                ("locked", "run it again when others do not change the schema")
            }
            Error::Image { .. } => ("image", "leave it out: add its name to `ignore` in the settings"),
        };
        vec![Diagnostic::new(code, self.to_string()).help(help)]
    }
}

/// The tables with their rows and times: `` `a` (200,000 rows, about 3 s) and `b` (…) ``.
fn listed(tables: &[Foreseen]) -> String {
    let words = |table: &Foreseen| {
        let rows = crate::report::count(usize::try_from(table.rows).unwrap_or(usize::MAX), "row");
        format!("`{}` ({rows}, {})", table.table, seconds(table.time))
    };
    let words: Vec<String> = tables.iter().map(words).collect();
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => words.join(""),
    }
}

/// A time that is only about right.
fn seconds(time: Duration) -> String {
    if time < Duration::from_secs(1) { "under 1 s".to_owned() } else { format!("{:.0} s", time.as_secs_f64()) }
}
