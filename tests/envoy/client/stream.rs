//! An answer that is read while it comes.

use super::Request;
use crate::runtime::PATIENCE;
use http_body_util::{BodyExt, Full};
use hyper::{
    body::{Bytes, Incoming},
    client::conn::http1,
};
use hyper_util::rt::TokioIo;
use std::net::SocketAddr;
use tokio::{net::TcpStream, time::timeout};

/// An answer on its way, over its own HTTP/1.1 connection.
pub(crate) struct Stream {
    pub(crate) status: u16,
    body: Incoming,
    /// What has come and has not been asked for yet.
    text: Vec<u8>,
}

impl Stream {
    /// Sends a request and waits for the head of its answer.
    ///
    /// # Panics
    /// If none comes.
    pub(crate) async fn open(to: SocketAddr, request: &Request) -> Self {
        let connection = TcpStream::connect(to).await.expect("a connection");
        let (mut sender, driver) = http1::handshake(TokioIo::new(connection)).await.expect("HTTP/1.1");
        tokio::spawn(driver);
        let head =
            hyper::Request::builder().method(request.method.as_str()).uri(&request.path).header("host", &request.host);
        let head = head.header("x-case", &request.case);
        let head = request.headers.iter().fold(head, |head, (name, value)| head.header(name, value));
        let request = head.body(Full::new(Bytes::from(request.body.bytes()))).expect("a request");
        let answer =
            timeout(PATIENCE, sender.send_request(request)).await.expect("an answer in time").expect("an answer");
        // Its end ends the connection.
        tokio::spawn(async move {
            std::future::pending::<()>().await;
            drop(sender)
        });
        Self { status: answer.status().as_u16(), body: answer.into_body(), text: Vec::new() }
    }

    /// Waits until the answer goes on with exactly `expected`.
    ///
    /// # Panics
    /// If it goes on with anything else, or not at all.
    pub(crate) async fn expect(&mut self, expected: &str) {
        while self.text.len() < expected.len() {
            self.go_on(expected).await;
        }
        assert_eq!(text(std::mem::take(&mut self.text)), expected);
    }

    /// Waits for the next event, or comment, with the empty line behind it.
    ///
    /// # Panics
    /// If none comes.
    pub(crate) async fn event(&mut self) -> String {
        loop {
            if let Some(end) = self.text.windows(2).position(|pair| pair == b"\n\n") {
                return text(self.text.drain(..end + 2).collect());
            }
            self.go_on("an event").await;
        }
    }

    /// Waits until the answer goes on.
    async fn go_on(&mut self, expected: &str) {
        let frame = timeout(PATIENCE, self.body.frame()).await;
        let frame = frame.unwrap_or_else(|_| {
            panic!("waited in vain for {expected:?} behind {:?}", String::from_utf8_lossy(&self.text))
        });
        let frame = frame.expect("more of the answer").expect("an answer that is not broken off");
        let data = frame.into_data().unwrap_or_default();
        self.text.extend_from_slice(&data);
    }

    /// All of the answer, which may be broken off.
    pub(crate) async fn until_broken(mut self) -> String {
        while let Some(Ok(frame)) = timeout(PATIENCE, self.body.frame()).await.expect("the answer ends") {
            self.text.extend_from_slice(&frame.into_data().unwrap_or_default());
        }
        text(self.text)
    }

    /// Waits for the end of the answer, with whatever comes before it; the error tells that it was broken off.
    pub(crate) async fn rest(self) -> Result<String, hyper::Error> {
        let rest = timeout(PATIENCE, self.body.collect()).await.expect("the answer ends");
        Ok(text([self.text, rest?.to_bytes().into()].concat()))
    }
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("text")
}
