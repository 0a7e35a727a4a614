//! Databases on libSQL servers: the schema is read into an image in memory, which all other code asks; scripts, and
//! questions about rows, go over the wire.
//!
//! The only module that speaks to a server. Knows nothing of settings and of models.

mod address;
mod amend;
mod error;
mod estimate;
mod evidence;
mod hrana;
mod image;
mod load;
mod runner;
mod step;
mod stream;
mod transaction;
mod transport;

use std::fmt;
use std::path::PathBuf;

pub use address::{Address, Token};
pub use amend::Executed;
pub use error::Error;
pub use estimate::Foreseen;
pub use hrana::{Answer, Batch, Refusal, Results, Value};
pub use image::Image;
pub use load::Content;
pub use runner::{Options, run};
pub use stream::{Stream, Then};
pub use transport::Wait;

use self::transport::Transport;
use crate::database::gate::{Gate, Offending, SHOWN};
use crate::schema::{Name, SqliteVersion};
use crate::token::quote_string;

/// The SQLite that scripts for servers are written for where nothing else is said: that of every libSQL server so far.
pub const SQLITE: SqliteVersion = SqliteVersion::new(3, 45);

/// What servers ask for, and what is asked of them.
#[derive(Debug, Clone, Default)]
pub struct Credentials {
    /// What shows who asks.
    pub token: Option<Token>,
    /// A file with the certificates of those who are trusted to sign a server's; else those that browsers trust.
    pub certificates: Option<PathBuf>,
}

/// A database on a server.
#[derive(Debug, Clone)]
pub struct Server {
    address: Address,
    token: Option<Token>,
    transport: Transport,
}

impl Server {
    /// The database of a URL; a token in it goes before the other.
    ///
    /// # Errors
    /// When the URL or the certificates are not understood, or this program was built without what it needs.
    pub fn new(written: &str, credentials: &Credentials) -> Result<Server, Error> {
        let (address, own) = Address::read(written)?;
        let transport = Transport::new(&address, credentials.certificates.as_deref())?;
        Ok(Server { address, token: own.or_else(|| credentials.token.clone()), transport })
    }

    /// A connection.
    #[must_use]
    pub fn stream(&self) -> Stream {
        Stream::new(self)
    }

    /// Looks at the database.
    ///
    /// # Errors
    /// As [`Image::read`].
    pub fn image(&self, version_table: &Name) -> Result<Image, Error> {
        Image::read(self, version_table)
    }

    /// Asks one question about rows.
    ///
    /// # Errors
    /// When the server cannot be asked, or refuses it.
    pub fn ask(&self, sql: &str) -> Result<Answer, Error> {
        let mut batch = Batch::default();
        let number = batch.then(sql);
        let mut results = self.stream().run(&batch, Then::Close)?;
        match results.failed.take() {
            Some((_, refusal)) => Err(stream::understood(refusal)),
            None => Ok(results.answer(number)),
        }
    }

    /// Writes all of the database as SQL, and gives the number of bytes.
    ///
    /// # Errors
    /// When the server cannot be asked, or does not give it.
    pub fn dump(&self, to: &mut dyn std::io::Write) -> Result<u64, Error> {
        let (url, host) = (self.address.url("/dump"), self.address.host_header());
        match self.transport.get(&url, &host, self.token.as_ref(), to)? {
            Ok(bytes) => Ok(bytes),
            Err(reply) => match reply.status {
                401 => Err(Error::Unauthorized { server: self.to_string(), was_given: self.token.is_some() }),
                status => Err(Error::NoDump { server: self.to_string(), status }),
            },
        }
    }

    /// A name for files that are about the database.
    #[must_use]
    pub fn file_name(&self) -> String {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        self.address.host_header().chars().map(|c| if is_plain(c) { c } else { '-' }).collect()
    }

    /// Asks a gate; nothing where it is open.
    ///
    /// # Errors
    /// As [`Server::ask`].
    pub fn offending_rows(&self, gate: &Gate) -> Result<Option<Offending>, Error> {
        let question = gate.sql.trim_end().trim_end_matches(';');
        let number = self.ask(&format!("SELECT count(*) FROM ({question})"))?.integer().unwrap_or_default();
        let number = usize::try_from(number).unwrap_or_default();
        if number == 0 {
            return Ok(None);
        }
        let found = self.ask(&format!("SELECT * FROM ({question}) LIMIT {SHOWN}"))?;
        let example = |row: &Vec<Value>| {
            let pairs = found.columns.iter().zip(row).map(|(column, value)| format!("{column} = {value}"));
            pairs.collect::<Vec<_>>().join(", ")
        };
        Ok(Some(Offending { number, examples: found.rows.iter().map(example).collect() }))
    }
}

impl fmt::Display for Server {
    /// As it can be written in the settings, without its token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.address.fmt(f)
    }
}

impl fmt::Display for Value {
    /// As people read it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Null => f.write_str("NULL"),
            Value::Integer(number) => number.fmt(f),
            Value::Real(number) => number.fmt(f),
            Value::Text(text) => f.write_str(&quote_string(text)),
            Value::Blob { length } => write!(f, "a blob of {length} bytes"),
        }
    }
}
