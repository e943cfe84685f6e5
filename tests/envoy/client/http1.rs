//! HTTP/1.1 by hand.

use super::{Request, Response};
use crate::runtime::PATIENCE;
use std::{fmt::Write as _, net::SocketAddr};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split},
    net::TcpStream,
    time::{sleep, timeout},
};

/// Where requests are written to.
type Writer = Box<dyn AsyncWrite + Send + Unpin>;

/// A connection, on which requests may follow each other while Envoy keeps it open.
pub(crate) struct Connection {
    reader: Reader,
    writer: Writer,
}

impl Connection {
    /// Connects.
    pub(crate) async fn open(to: SocketAddr) -> Self {
        Self::try_open(to).await.unwrap_or_else(|none| panic!("{none}"))
    }

    /// Like [`Self::open`]; the error says why there is no connection.
    pub(crate) async fn try_open(to: SocketAddr) -> Result<Self, String> {
        let stream = TcpStream::connect(to).await.map_err(|error| format!("no connection to {to}: {error}"))?;
        stream.set_nodelay(true).expect("a socket option");
        Ok(Self::over(stream))
    }

    /// A connection over whatever carries it.
    pub(crate) fn over(stream: impl AsyncRead + AsyncWrite + Send + 'static) -> Self {
        let (read, writer) = split(stream);
        Self { reader: Reader { read: Box::new(read), buffer: Vec::new() }, writer: Box::new(writer) }
    }

    /// Writes a request and reads its answer, which may come before the request is written to its end.
    ///
    /// # Panics
    /// If no complete answer comes.
    pub(crate) async fn send(&mut self, request: &Request) -> Response {
        self.try_send(request).await.unwrap_or_else(|none| panic!("{none}"))
    }

    /// Like [`Self::send`]; the error says why there is no answer.
    pub(crate) async fn try_send(&mut self, request: &Request) -> Result<Response, String> {
        let head_only = request.head_only || request.method == "HEAD";
        let exchange = async {
            let Self { reader, writer } = self;
            let answer = reader.response(head_only);
            tokio::pin!(answer);
            tokio::select! {
                biased;
                answer = &mut answer => answer,
                // A gateway that refuses early may close its side: what counts then is the answer, not the error.
                _ = write(writer, request) => answer.await,
            }
        };
        let what = format!("{} {} (case {})", request.method, request.path, request.case);
        let answer = timeout(PATIENCE, exchange).await.map_err(|_| format!("no answer to {what}"))?;
        answer.ok_or_else(|| format!("the connection ended before the answer to {what}"))
    }

    /// Like [`Self::try_send`], but reads nothing before the request is written to its end, as Python's `http.client` does.
    pub(crate) async fn write_then_read(&mut self, request: &Request) -> Result<Response, String> {
        let exchange = async {
            write(&mut self.writer, request)
                .await
                .map_err(|error| format!("the request cannot be written: {error}"))?;
            self.reader.response(false).await.ok_or_else(|| "the connection ended before the answer".to_owned())
        };
        timeout(PATIENCE, exchange).await.unwrap_or_else(|_| Err("no answer".to_owned()))
    }

    /// Whether Envoy has not closed the connection after `answer`.
    pub(crate) fn stays_open(answer: &Response) -> bool {
        answer.header("connection") != Some("close")
    }
}

/// Writes a request in the pieces and at the pace that it asks for.
async fn write(to: &mut Writer, request: &Request) -> std::io::Result<()> {
    to.write_all(head(request).as_bytes()).await?;
    let body = &request.body;
    for piece in &body.pieces {
        if body.length.is_some() {
            to.write_all(piece).await?;
        } else {
            let chunk = [format!("{:x}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat();
            to.write_all(&chunk).await?;
        }
        if !body.pause.is_zero() {
            sleep(body.pause).await;
        }
    }
    if is_chunked(request) {
        let mut end = "0\r\n".to_owned();
        for (name, value) in &body.trailers {
            write!(end, "{name}: {value}\r\n").expect("text");
        }
        end.push_str("\r\n");
        to.write_all(end.as_bytes()).await?;
    }
    Ok(())
}

/// Whether the body is sent in chunks.
fn is_chunked(request: &Request) -> bool {
    request.body.length.is_none() && !(request.body.pieces.is_empty() && request.body.trailers.is_empty())
}

/// Everything before the body.
fn head(request: &Request) -> String {
    let mut head = String::new();
    if let Some(address) = request.proxied_from {
        let family = if address.contains(':') { "TCP6 {} ::1" } else { "TCP4 {} 127.0.0.1" };
        write!(head, "PROXY {} 4321 80\r\n", family.replace("{}", address)).expect("text");
    }
    let Request { method, path, host, case, .. } = request;
    write!(head, "{method} {path} HTTP/1.1\r\nhost: {host}\r\nx-case: {case}\r\n").expect("text");
    for (name, value) in &request.headers {
        write!(head, "{name}: {value}\r\n").expect("text");
    }
    if let Some(length) = request.body.length {
        write!(head, "content-length: {length}\r\n").expect("text");
    } else if is_chunked(request) {
        head.push_str("transfer-encoding: chunked\r\n");
    }
    head + "\r\n"
}

/// Reads answers from a connection.
struct Reader {
    read: Box<dyn AsyncRead + Send + Unpin>,
    buffer: Vec<u8>,
}

impl Reader {
    /// The next answer that is not an interim one; nothing if the connection ends first.
    async fn response(&mut self, head_only: bool) -> Option<Response> {
        loop {
            let (status, headers) = self.head().await?;
            if (100..200).contains(&status) && status != 101 {
                continue;
            }
            let mut response = Response { status, headers, body: Vec::new() };
            if !head_only && status != 204 && status != 304 {
                response.body = self.body(&response).await?;
            }
            return Some(response);
        }
    }

    /// Status and headers.
    async fn head(&mut self) -> Option<(u16, Vec<(String, String)>)> {
        let first = self.line().await?;
        let status = first.split(' ').nth(1)?.parse().ok()?;
        let mut headers = Vec::new();
        loop {
            let line = self.line().await?;
            let Some((name, value)) = line.split_once(':') else {
                return Some((status, headers));
            };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
    }

    /// The body, however it is framed.
    async fn body(&mut self, response: &Response) -> Option<Vec<u8>> {
        if let Some(length) = response.header("content-length") {
            return self.exactly(length.parse().ok()?).await;
        }
        if response.header("transfer-encoding") != Some("chunked") {
            while self.more().await {}
            return Some(std::mem::take(&mut self.buffer));
        }
        let mut body = Vec::new();
        loop {
            let size = usize::from_str_radix(self.line().await?.trim(), 16).ok()?;
            if size == 0 {
                while !self.line().await?.is_empty() {}
                return Some(body);
            }
            body.extend(self.exactly(size).await?);
            self.line().await?;
        }
    }

    /// The next line without its end.
    async fn line(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.buffer.windows(2).position(|pair| pair == b"\r\n") {
                let line = self.buffer.drain(..end + 2).take(end).collect();
                return String::from_utf8(line).ok();
            }
            if !self.more().await {
                return None;
            }
        }
    }

    /// The next `size` bytes.
    async fn exactly(&mut self, size: usize) -> Option<Vec<u8>> {
        while self.buffer.len() < size {
            if !self.more().await {
                return None;
            }
        }
        Some(self.buffer.drain(..size).collect())
    }

    /// Reads on; false at the end.
    async fn more(&mut self) -> bool {
        matches!(self.read.read_buf(&mut self.buffer).await, Ok(read) if read > 0)
    }
}
