//! Over a real socket: who gets an answer, and what each answer says to the browser.

use axum::http::StatusCode;
use http_body_util::{BodyExt as _, Full};
use hyper::{Request, body::Bytes, client::conn::http1};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::tools::Sources;

use super::{Server, Session};

struct Answer {
    status: StatusCode,
    headers: hyper::HeaderMap,
    body: String,
}

/// Starts a server, and sends it one request with the headers that `headers` makes of its address and its token.
async fn ask(method: &str, path: &str, headers: impl Fn(&str, &str) -> Vec<(&'static str, String)>) -> Answer {
    let session = Session::new("/nonexistent-folder/policy.json", Sources::default());
    let server = Server::bind(session.map_err(|stop| stop.message).unwrap(), 0).await.unwrap();
    let (address, token) = server.address.strip_prefix("http://").unwrap().split_once("/#").unwrap();
    let (address, token) = (address.to_owned(), token.to_owned());
    assert_eq!(server.listener.local_addr().unwrap().ip().to_string(), "127.0.0.1");
    let serving = tokio::spawn(server.run());
    let stream = TcpStream::connect(&address).await.unwrap();
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    let connection = tokio::spawn(connection);
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers(&address, &token) {
        request = request.header(name, value);
    }
    let body = Full::new(Bytes::from_static(if method == "POST" { b"{\"text\": \"{}\"}" } else { b"" }));
    let (head, body) = sender.send_request(request.body(body).unwrap()).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    serving.abort();
    connection.abort();
    Answer { status: head.status, headers: head.headers, body: String::from_utf8(body.to_vec()).unwrap() }
}

fn own(address: &str, token: &str) -> Vec<(&'static str, String)> {
    vec![("host", address.to_owned()), ("authorization", format!("Bearer {token}"))]
}

fn with(own: Vec<(&'static str, String)>, name: &'static str, value: String) -> Vec<(&'static str, String)> {
    own.into_iter().chain([(name, value)]).collect()
}

#[tokio::test]
async fn only_the_page_with_its_token_gets_answers() {
    let answer = ask("POST", "/api/view", own).await;
    assert_eq!((answer.status, answer.body.starts_with("{\"problems\":")), (StatusCode::OK, true), "{}", answer.body);
    let same = |address: &str, token: &str| with(own(address, token), "origin", format!("http://{address}"));
    assert_eq!(ask("POST", "/api/view", same).await.status, StatusCode::OK);
    let by_name = |address: &str, token: &str| {
        let port = address.rsplit(':').next().unwrap();
        with(own(&format!("localhost:{port}"), token), "origin", format!("http://localhost:{port}"))
    };
    assert_eq!(ask("POST", "/api/view", by_name).await.status, StatusCode::OK);

    let no_token = |address: &str, _: &str| vec![("host", address.to_owned())];
    assert_eq!(ask("POST", "/api/open", no_token).await.status, StatusCode::UNAUTHORIZED);
    let wrong = |address: &str, token: &str| own(address, &token.replace(|c: char| c.is_ascii_digit(), "f"));
    assert_eq!(ask("POST", "/api/open", wrong).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(ask("GET", "/api/open", own).await.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(ask("POST", "/api/other", own).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn other_hosts_and_origins_are_refused_with_the_token_too() {
    for host in ["evil.example", "127.0.0.1", "127.0.0.1:1", "localhost"] {
        for path in ["/", "/edit.js", "/api/open"] {
            let method = if path.starts_with("/api") { "POST" } else { "GET" };
            let answer = ask(method, path, |_, token| own(host, token)).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{host} {path}");
        }
    }
    let foreign = ["http://evil.example", "null", "https://127.0.0.1", "http://localhost:1"];
    for origin in foreign {
        let answer =
            ask("POST", "/api/open", |address, token| with(own(address, token), "origin", origin.to_owned())).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{origin}");
        assert_eq!(answer.body, r#"{"error":"another site cannot ask this server"}"#);
    }
    let twice = |address: &str, token: &str| with(own(address, token), "host", address.to_owned());
    assert_eq!(ask("POST", "/api/open", twice).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn every_answer_keeps_the_browser_strict() {
    for (method, path) in
        [("GET", "/"), ("GET", "/edit.js"), ("GET", "/edit.css"), ("POST", "/api/view"), ("GET", "/other")]
    {
        let answer = ask(method, path, own).await;
        for (name, _) in super::HEADERS {
            assert!(answer.headers.contains_key(name), "{path} {name}");
        }
        assert!(answer.headers["content-security-policy"].to_str().unwrap().starts_with("default-src 'none';"));
        assert!(!answer.headers.contains_key("access-control-allow-origin"), "{path}");
    }
    let [one, other] = [ask("GET", "/", own).await, ask("GET", "/", own).await];
    let policy = |answer: &Answer| answer.headers["content-security-policy"].to_str().unwrap().to_owned();
    assert_ne!(policy(&one), policy(&other), "the number of the styles is used once");
    assert!(!one.body.contains("{nonce}"));
}
