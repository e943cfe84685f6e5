//! A client that writes exactly what it is told to: repeated headers, odd methods, one-byte chunks, trailers.
//!
//! Ordinary clients repair what they send, so none of them could show what the filter does with the rest.

mod http1;
mod http2;
mod request;
mod response;

pub(crate) use http1::Connection;
pub(crate) use request::{Body, Request, call, message};
pub(crate) use response::Response;

use crate::runtime::PATIENCE;
use std::net::SocketAddr;
use tokio::time::timeout;

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
    let what = format!("{} {} over HTTP/2 (case {})", request.method, request.path, request.case);
    timeout(PATIENCE, http2::send(to, request)).await.unwrap_or_else(|_| panic!("no answer to {what}"))
}
