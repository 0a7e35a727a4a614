//! A real server in a folder of its own, and a line to it that can be cut.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::peers::peer;

/// A server that ends with the test.
pub struct Server {
    process: Child,
    folder: Arc<TempDir>,
    args: Vec<String>,
    admin: u16,
    pub port: u16,
    token: Option<String>,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A port that nobody listens on.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Server {
    /// A server with nothing in it; nothing where there is no program for it.
    pub fn start() -> Option<Server> {
        Server::with(&[], None)
    }

    /// One with databases by name, and an administrator who makes them.
    pub fn with_namespaces(names: &[&str]) -> Option<Server> {
        let admin = free_port();
        let args = ["--enable-namespaces", "--admin-listen-addr", &format!("127.0.0.1:{admin}")];
        let mut server = Server::with(&args, None)?;
        server.admin = admin;
        for name in names {
            let path = format!("/v1/namespaces/{name}/create");
            let (status, body) = post(admin, "localhost", &path, None, &json!({})).unwrap();
            assert_eq!(status, 200, "{body}");
        }
        Some(server)
    }

    /// One with more arguments.
    pub fn with(args: &[&str], token: Option<&str>) -> Option<Server> {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let args: Vec<String> = args.iter().map(|&arg| arg.to_owned()).collect();
        let port = free_port();
        let process = launch(&folder, &args, port)?;
        let server = Server { process, folder, args, admin: 0, port, token: token.map(str::to_owned) };
        server.wait();
        Some(server)
    }

    /// Kills it where it stands.
    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Starts it again on what is there.
    pub fn restart(&mut self) {
        self.process = launch(&self.folder, &self.args, self.port).unwrap();
        self.wait();
    }

    /// The URL for the settings.
    pub fn url(&self) -> String {
        format!("libsql://127.0.0.1:{}?tls=0", self.port)
    }

    /// A file of its folder.
    pub fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// Runs statements and gives the rows of the last one, as text.
    #[track_caller]
    pub fn sql(&self, statements: &[&str]) -> Vec<Vec<String>> {
        self.sql_in("localhost", statements)
    }

    /// Waits until a question has this answer: a replica follows in its own time.
    pub fn wait_for(&self, question: &str, expected: &str) {
        let start = Instant::now();
        while self.sql(&[question]) != [[expected]] {
            assert!(start.elapsed() < Duration::from_secs(60), "`{question}` is never {expected}: {}", self.log());
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// The same in a namespace.
    #[track_caller]
    pub fn sql_in(&self, host: &str, statements: &[&str]) -> Vec<Vec<String>> {
        let mut requests: Vec<Value> = statements
            .iter()
            .map(|sql| json!({ "type": "execute", "stmt": { "sql": sql, "want_rows": true } }))
            .collect();
        requests.push(json!({ "type": "close" }));
        let body = json!({ "requests": requests });
        let (status, text) = post(self.port, host, "/v3/pipeline", self.token.as_deref(), &body).unwrap();
        assert_eq!(status, 200, "{text}");
        let answer: Value = serde_json::from_str(&text).unwrap();
        let results = answer["results"].as_array().unwrap();
        assert!(results.iter().all(|result| result["type"] == "ok"), "{text}");
        let rows = &results[results.len() - 2]["response"]["result"]["rows"];
        let value = |value: &Value| value["value"].as_str().map_or_else(|| value["value"].to_string(), str::to_owned);
        let row = |row: &Value| row.as_array().unwrap().iter().map(value).collect();
        rows.as_array().unwrap().iter().map(row).collect()
    }

    /// Tells the administrator how a namespace is to be.
    pub fn configure(&self, namespace: &str, config: &Value) {
        let path = format!("/v1/namespaces/{namespace}/config");
        let (status, body) = post(self.admin, "localhost", &path, None, config).unwrap();
        assert_eq!(status, 200, "{body}");
    }

    /// Runs a statement on a connection that nobody closes.
    pub fn leave_open(&self, statement: &str) {
        let body = json!({ "requests": [{ "type": "execute", "stmt": { "sql": statement } }] });
        let (status, text) = post(self.port, "localhost", "/v3/pipeline", None, &body).unwrap();
        assert_eq!(status, 200, "{text}");
    }

    /// All of its database as SQL.
    pub fn dump(&self) -> String {
        let request = "GET /dump HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let (status, body) = answer(&mut stream).unwrap();
        assert_eq!(status, 200, "{body}");
        body
    }

    fn wait(&self) {
        let start = Instant::now();
        let body = json!({ "requests": [{ "type": "close" }] });
        while post(self.port, "localhost", "/v3/pipeline", None, &body).is_none() {
            assert!(start.elapsed() < Duration::from_secs(30), "the server does not come up: {}", self.log());
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.path("log")).unwrap_or_default()
    }
}

fn launch(folder: &TempDir, args: &[String], port: u16) -> Option<Child> {
    let log = std::fs::File::options().create(true).append(true).open(folder.path().join("log")).unwrap();
    let mut command = Command::new(peer("sqld")?);
    command.args(["--no-welcome", "--http-listen-addr", &format!("127.0.0.1:{port}"), "--db-path"]);
    command.arg(folder.path().join("data")).args(args).current_dir(folder.path()).env_clear();
    command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
    Some(command.spawn().unwrap())
}

/// A replica of a server that has a port for replicas.
pub fn replica(grpc: u16) -> Option<Server> {
    Server::with(&["--primary-grpc-url", &format!("http://127.0.0.1:{grpc}")], None)
}

/// A server that replicas can follow, and its port for them.
pub fn primary() -> Option<(Server, u16)> {
    let grpc = free_port();
    Some((Server::with(&["--grpc-listen-addr", &format!("127.0.0.1:{grpc}")], None)?, grpc))
}

fn post(port: u16, host: &str, path: &str, token: Option<&str>, body: &Value) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    let body = body.to_string();
    let token = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n{token}Connection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all((head + &body).as_bytes()).ok()?;
    answer(&mut stream)
}

/// The status and the body of an answer that ends with the connection.
fn answer(stream: &mut TcpStream) -> Option<(u16, String)> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let is_chunked = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
    Some((status, if is_chunked { unchunked(body) } else { body.to_owned() }))
}

fn unchunked(mut body: &str) -> String {
    let mut whole = String::new();
    while let Some((length, rest)) = body.split_once("\r\n") {
        let length = usize::from_str_radix(length.trim(), 16).unwrap_or_default();
        if length == 0 {
            break;
        }
        whole += &rest[..length];
        body = rest[length..].trim_start_matches("\r\n");
    }
    whole
}

/// What a line does with the request that commits a revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// It reaches the server, and its answer reaches nobody.
    AfterCommit,
    /// It does not reach the server.
    BeforeCommit,
    /// It does not reach the server, however often it is sent.
    EveryCommit,
    /// Nothing: it is only counted which scripts make the table `t2`.
    Never,
    /// The third version of the protocol is not known there.
    OnlyV2,
}

/// A line to a server that is cut. Gives its port, and how often it was cut.
pub fn line_to(server: u16, cut: Cut) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let cuts = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&cuts);
    thread::spawn(move || {
        for client in listener.incoming() {
            let (client, cuts) = (client.unwrap(), Arc::clone(&counted));
            thread::spawn(move || carry(client, server, cut, &cuts));
        }
    });
    (port, cuts)
}

/// Carries requests and answers, one after the other, as long as the client sends any.
pub fn carry(mut client: impl Read + Write, server: u16, cut: Cut, cuts: &AtomicUsize) -> Option<()> {
    let mut server = TcpStream::connect(("127.0.0.1", server)).ok()?;
    loop {
        let request = message(&mut client)?;
        let text = String::from_utf8_lossy(&request);
        let is_commit = text.contains("INSERT INTO \\\"schemactl_version\\\"") && text.contains("\"COMMIT\"");
        let is_meant = match cut {
            Cut::AfterCommit | Cut::BeforeCommit => is_commit && cuts.load(Ordering::SeqCst) == 0,
            Cut::EveryCommit => is_commit,
            Cut::Never => text.contains("CREATE TABLE t2"),
            Cut::OnlyV2 => text.starts_with("POST /v3/"),
        };
        cuts.fetch_add(usize::from(is_meant), Ordering::SeqCst);
        match cut {
            Cut::BeforeCommit | Cut::EveryCommit if is_meant => return None,
            Cut::OnlyV2 if is_meant => {
                client.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\nNot Found").ok()?;
                continue;
            }
            _ => server.write_all(&request).ok()?,
        }
        let answer = message(&mut server)?;
        if is_meant && cut == Cut::AfterCommit {
            return None;
        }
        client.write_all(&answer).ok()?;
        client.flush().ok()?;
    }
}

/// One message of HTTP, head and body.
fn message(stream: &mut impl Read) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut byte = [0];
    while !bytes.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).ok()?;
        bytes.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
    let mut body = vec![0; length.expect("messages say how long they are")];
    stream.read_exact(&mut body).ok()?;
    bytes.extend(body);
    Some(bytes)
}
