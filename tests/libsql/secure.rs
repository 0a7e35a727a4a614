//! HTTPS: whose certificates are trusted, and what is said where one is not.

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::thread;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::configure;
use super::server::{Cut, Server, carry};
use crate::support::command::{Ended, Project};

/// Makes an authority and a certificate for `localhost` that it signs; false where there is no program for it.
fn certificates(folder: &Path) -> bool {
    std::fs::write(folder.join("san"), "subjectAltName=DNS:localhost\n").unwrap();
    let new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    let authority = ["req", "-x509", "-days", "2", "-subj", "/CN=authority", "-keyout", "ca.key", "-out", "ca.pem"];
    let request = ["req", "-subj", "/CN=localhost", "-keyout", "key.pem", "-out", "request"];
    let mut signed = vec!["x509", "-req", "-days", "2", "-in", "request", "-CA", "ca.pem", "-CAkey", "ca.key"];
    signed.extend(["-CAcreateserial", "-extfile", "san", "-out", "cert.pem"]);
    for args in [[&authority[..], &new_key].concat(), [&request[..], &new_key].concat(), signed] {
        let Ok(output) = Command::new("openssl").args(&args).current_dir(folder).output() else {
            println!("skipped: there is no openssl");
            return false;
        };
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    true
}

/// Takes TLS off what comes in and carries it to a server; gives the port.
fn tls_to(server: u16, folder: &Path) -> u16 {
    let chain = vec![CertificateDer::from_pem_file(folder.join("cert.pem")).unwrap()];
    let key = PrivateKeyDer::from_pem_file(folder.join("key.pem")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = Arc::new(config.with_no_client_auth().with_single_cert(chain, key).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for client in listener.incoming() {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let client = StreamOwned::new(connection, client.unwrap());
            thread::spawn(move || carry(client, server, Cut::Never, &AtomicUsize::new(0)));
        }
    });
    port
}

#[test]
fn servers_are_trusted_whose_certificates_are_and_others_are_told() {
    let Some(server) = Server::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    if !certificates(folder.path()) {
        return;
    }
    let port = tls_to(server.port, folder.path());
    let project = Project::new();
    configure(&project, &format!("libsql://localhost:{port}"), "[tables.t.columns]\na = \"TEXT\"\n");
    let run = |args: &[&str], file: &str| {
        Ended::of(project.command(args).env("SSL_CERT_FILE", folder.path().join(file)).env_remove("HTTPS_PROXY"))
    };
    run(&["revision", "--autogenerate", "-m", "a"], "ca.pem").ends_with(0);
    run(&["upgrade"], "ca.pem").ends_with(0).answers(&format!("libsql://localhost:{port} is at"));
    run(&["status"], "ca.pem").ends_with(0);
    let unknown = project.run(&["current"]).ends_with(3);
    unknown.says(&format!("the certificate of `libsql://localhost:{port}` is not trusted")).says("SSL_CERT_FILE");
    run(&["current"], "absent.pem").ends_with(2).says("cannot read the certificates in").says("absent.pem");
    run(&["current"], "san").ends_with(2).says("there is no certificate in it");
    let by_number = format!("libsql://127.0.0.1:{port}");
    run(&["current", "--database", &by_number], "ca.pem").ends_with(3).says("not trusted").says("not valid for name");
    let plain = format!("libsql://localhost:{}", server.port);
    run(&["current", "--database", &plain], "ca.pem").ends_with(3).says("cannot reach").says("`?tls=0`");
}
