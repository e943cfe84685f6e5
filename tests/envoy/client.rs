//! A client that writes exactly the given bytes: repeated headers, odd methods, one-byte chunks, trailers.
//!
//! Ordinary clients repair what they send, so none of them could show what the filter does with the rest.

mod http1;
mod http2;
mod request;
mod response;
mod stream;

pub(crate) use http1::Connection;
pub(crate) use request::{Body, Request, call, message};
pub(crate) use response::Response;
pub(crate) use stream::Stream;

use crate::runtime::PATIENCE;
use std::net::SocketAddr;
use tokio::time::timeout;

/// The versions of HTTP that callers speak.
pub(crate) const VERSIONS: [&str; 2] = ["HTTP/1.1", "HTTP/2"];

/// Sends one request over its own HTTP/1.1 connection.
///
/// # Panics
/// If no complete answer comes.
pub(crate) async fn send(to: SocketAddr, request: &Request) -> Response {
    try_send(to, request).await.unwrap_or_else(|none| panic!("{none}"))
}

/// Like [`send`]; the error says why there is no answer.
pub(crate) async fn try_send(to: SocketAddr, request: &Request) -> Result<Response, String> {
    Connection::try_open(to).await?.try_send(request).await
}

/// Sends one request over its own HTTP/2 connection.
///
/// # Panics
/// If no complete answer comes.
pub(crate) async fn send_http2(to: SocketAddr, request: &Request) -> Response {
    send_all_http2(to, std::slice::from_ref(request)).await.remove(0)
}

/// Sends requests side by side over one HTTP/2 connection; the answers are in the order of the requests.
///
/// # Panics
/// If a complete answer is missing.
pub(crate) async fn send_all_http2(to: SocketAddr, requests: &[Request]) -> Vec<Response> {
    try_send_all_http2(to, requests).await.unwrap_or_else(|none| panic!("{none}"))
}

/// Sends one request over its own connection of one of the [`VERSIONS`]; the error says why there is no answer.
pub(crate) async fn try_send_over(version: &str, to: SocketAddr, request: &Request) -> Result<Response, String> {
    match version {
        "HTTP/1.1" => try_send(to, request).await,
        _ => Ok(try_send_all_http2(to, std::slice::from_ref(request)).await?.remove(0)),
    }
}

/// Like [`send_all_http2`]; the error says why an answer is missing.
async fn try_send_all_http2(to: SocketAddr, requests: &[Request]) -> Result<Vec<Response>, String> {
    let answers = timeout(PATIENCE, http2::send(to, requests)).await;
    answers.unwrap_or_else(|_| Err(format!("answers are missing over HTTP/2 to {requests:?}")))
}
