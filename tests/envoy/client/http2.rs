//! HTTP/2 with prior knowledge, frame by frame.

use super::{Request, Response};
use axum::http::{self, HeaderMap, HeaderName, HeaderValue};
use h2::{
    SendStream,
    client::{self, SendRequest},
};
use hyper::body::Bytes;
use std::net::SocketAddr;
use tokio::{net::TcpStream, time::sleep};

/// Sends requests side by side over one connection and reads their answers, in the order of the requests; the error
/// says why one is missing.
pub(crate) async fn send(to: SocketAddr, requests: &[Request]) -> Result<Vec<Response>, String> {
    let stream = TcpStream::connect(to).await.map_err(|error| format!("no connection to {to}: {error}"))?;
    let (sender, connection) =
        client::handshake(stream).await.map_err(|error| format!("no HTTP/2 to {to}: {error}"))?;
    let driver = tokio::spawn(connection);
    let mut exchanges = Vec::new();
    for request in requests {
        let ready = sender.clone().ready().await.map_err(|error| format!("no stream for {request:?}: {error}"))?;
        exchanges.push(tokio::spawn(exchange(ready, request.clone())));
    }
    let mut answers = Vec::new();
    for (exchange, request) in exchanges.into_iter().zip(requests) {
        let answer = exchange.await.expect("an exchange that ends");
        answers.push(answer.map_err(|error| format!("no answer to {request:?}: {error}"))?);
    }
    driver.abort();
    Ok(answers)
}

/// Sends one request in a stream of its own and reads its answer.
async fn exchange(mut sender: SendRequest<Bytes>, request: Request) -> Result<Response, h2::Error> {
    let head_only = request.head_only;
    let bodiless = request.body.pieces.is_empty() && request.body.trailers.is_empty() && !request.body.empty_end;
    let (answer, body) = sender.send_request(head(&request), bodiless)?;
    let writer = (!bodiless).then(|| tokio::spawn(write(body, request)));

    let (parts, mut body) = answer.await?.into_parts();
    let mut received = Vec::new();
    // A refusal that comes before the request has ended is followed by a reset, which is not a part of the answer.
    while !head_only && let Some(Ok(piece)) = body.data().await {
        received.extend_from_slice(&piece);
        let _ = body.flow_control().release_capacity(piece.len());
    }
    if let Some(writer) = writer {
        writer.abort();
    }
    let headers = parts.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect();
    Ok(Response { status: parts.status.as_u16(), headers, body: received })
}

/// The frames after the headers. Errors are of no interest: a refused stream is reset while it is written.
async fn write(mut to: SendStream<Bytes>, request: Request) {
    let body = &request.body;
    let last = if body.empty_end || !body.trailers.is_empty() { body.pieces.len() } else { body.pieces.len() - 1 };
    for (at, piece) in body.pieces.iter().enumerate() {
        if to.send_data(Bytes::copy_from_slice(piece), at == last).is_err() {
            return;
        }
        if !body.pause.is_zero() {
            sleep(body.pause).await;
        }
    }
    if !body.trailers.is_empty() {
        let _ = to.send_trailers(map(&body.trailers));
    } else if body.empty_end {
        let _ = to.send_data(Bytes::new(), true);
    }
    // Dropping the stream before its frames are on the wire would reset it.
    std::future::pending::<()>().await;
}

/// Method, path and headers.
fn head(request: &Request) -> http::Request<()> {
    let mut head = http::Request::builder()
        .version(http::Version::HTTP_2)
        .method(request.method.as_str())
        .uri(format!("http://{}{}", request.host, request.path))
        .body(())
        .expect("a request that HTTP/2 can write");
    *head.headers_mut() = map(&request.headers);
    head.headers_mut().insert("x-case", HeaderValue::from_str(&request.case).expect("a number"));
    if let Some(length) = request.body.length {
        head.headers_mut().insert("content-length", HeaderValue::from(length));
    }
    head
}

/// Headers in order, repeated ones too.
fn map(headers: &[(String, String)]) -> HeaderMap {
    let pair = |(name, value): &(String, String)| {
        let name: HeaderName = name.parse().expect("a header name");
        (name, HeaderValue::from_bytes(value.as_bytes()).expect("a header value"))
    };
    let mut map = HeaderMap::new();
    for (name, value) in headers.iter().map(pair) {
        map.append(name, value);
    }
    map
}

/// A header's value as text.
fn text(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}
