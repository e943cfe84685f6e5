//! A server that speaks TLS and wants a header.

use std::{fs, net::SocketAddr, path::PathBuf, process::Command, sync::Arc};

use axum::{
    Router,
    body::Bytes,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    serve::Listener,
};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::Runtime,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring::default_provider,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    },
    server::TlsStream,
};

use super::COMMAND;

/// Connections that have shaken hands.
struct Tls {
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

impl Listener for Tls {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let Ok((stream, address)) = self.listener.accept().await else { continue };
            // A client that does not trust the certificate hangs up.
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// Answers as an MCP server of 2025 does, if the request has the header.
async fn answer(headers: HeaderMap, body: Bytes) -> Response {
    let message: Value = serde_json::from_slice(&body).unwrap_or_default();
    let Some(id) = message.get("id") else { return StatusCode::ACCEPTED.into_response() };
    if headers.get("x-key").is_none_or(|key| key != "secret-1") {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let result = match message.get("method").and_then(Value::as_str) {
        Some("initialize") => json!({
            "protocolVersion": "2025-06-18", "capabilities": {"tools": {}}, "serverInfo": {"name": "x", "version": "1"},
        }),
        _ => json!({"tools": [{"name": "get_a", "inputSchema": {"type": "object"}}]}),
    };
    let answer = json!({"jsonrpc": "2.0", "id": id, "result": result}).to_string();
    ([("content-type", "application/json")], answer).into_response()
}

/// Serves until the runtime is dropped; with the address, and a file with the authority that the command is to trust.
fn serve() -> (Runtime, String, PathBuf) {
    let mut parameters = CertificateParams::default();
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority =
        CertifiedIssuer::self_signed(parameters, KeyPair::generate().expect("a key")).expect("a certificate");
    let key = KeyPair::generate().expect("a key");
    let own = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("a name");
    let own = own.signed_by(&key, &authority).expect("a certificate");
    let configuration = ServerConfig::builder_with_provider(default_provider().into())
        .with_safe_default_protocol_versions()
        .expect("TLS 1.3")
        .with_no_client_auth()
        .with_single_cert(vec![own.der().clone()], PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())))
        .expect("a configuration");
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("suggest-authority.pem");
    fs::write(&file, authority.pem()).expect("a file");
    let runtime = Runtime::new().expect("a runtime");
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a free port");
    let address = listener.local_addr().expect("an address");
    let tls = Tls { listener, acceptor: TlsAcceptor::from(Arc::new(configuration)) };
    runtime.spawn(async move { axum::serve(tls, Router::new().fallback(answer)).await });
    (runtime, format!("https://{address}/mcp"), file)
}

#[test]
fn a_server_with_tls_that_wants_a_header_is_read_and_the_header_is_never_printed() {
    let (_runtime, url, authority) = serve();
    let suggest = |header: &[&str], trusted: bool| {
        let mut command = Command::new(COMMAND);
        command.args(["suggest", "--url", &url, "--era", "2025"]).args(header).env("NO_PROXY", "127.0.0.1");
        if trusted {
            command.env("SSL_CERT_FILE", &authority);
        }
        let output = command.output().expect("the command runs");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    let header = ["--header", "X-Key: secret-1"];
    let (code, policy, _) = suggest(&header, true);
    let policy: Value = serde_json::from_str(&policy).expect("a policy");
    assert_eq!((code, policy.get("tools")), (Some(0), Some(&json!({"get_a": {}}))));
    let file = authority.with_extension("header");
    fs::write(&file, "X-Key: secret-1\n").expect("a file");
    assert_eq!(suggest(&["--header", &format!("@{}", file.display())], true).0, Some(0));
    for (header, trusted, why) in [
        (&["--header", "X-Key: secret-2"][..], true, "it requires a login; give a token"),
        (&header, false, "certificate"),
    ] {
        let (code, printed, error) = suggest(header, trusted);
        assert_eq!((code, printed.as_str()), (Some(2), ""));
        assert!(error.contains(why) && !error.contains("secret-"), "{error}");
    }
    let (code, _, error) = suggest(&["--header", "secret-3"], true);
    assert_eq!((code, error.as_str()), (Some(2), "error: `--header`: expected `NAME: VALUE`\n"));
}
