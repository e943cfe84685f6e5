//! The server behind the Envoy that is measured: it reads the whole body of a request before it answers. A path that ends in
//! `/list` gets a list of 50 tools; one that ends in `/files` the next of the files that the command line names, in turn, and in
//! `/file` the first of them; every other the result of a call.

#[path = "../tools.rs"]
mod tools;

use std::{
    convert::Infallible,
    env,
    error::Error,
    fs,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use http_body_util::{BodyExt, Full};
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    header::{CONTENT_TYPE, HeaderValue},
    server::conn::http2,
    service::service_fn,
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;

/// Room for a whole body, so that neither side blocks.
const WINDOW: u32 = 16 << 20;

const RESULT: &str =
    r#"{"jsonrpc":"2.0","id":17,"result":{"content":[{"type":"text","text":"done"}],"isError":false}}"#;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let port: u16 = arguments.next().ok_or("usage: upstream PORT [FILE...]")?.parse()?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    let files = arguments.map(|path| fs::read(path).map(Bytes::from)).collect::<Result<_, _>>()?;
    let answers = Arc::new(Answers { tools: Bytes::from(tools::tools()), files, next: AtomicUsize::new(0) });
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let answers = Arc::clone(&answers);
        tokio::spawn(async move {
            let service = service_fn(move |request| answer(request, Arc::clone(&answers)));
            let mut server = http2::Builder::new(TokioExecutor::new());
            server
                .initial_stream_window_size(WINDOW)
                .initial_connection_window_size(WINDOW)
                .max_concurrent_streams(1024);
            // The measurement reports failed requests.
            let _ = server.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

struct Answers {
    tools: Bytes,
    files: Vec<Bytes>,
    next: AtomicUsize,
}

impl Answers {
    fn to(&self, path: &str) -> Bytes {
        let file = |number: usize| self.files.get(number % self.files.len().max(1)).cloned().unwrap_or_default();
        match path.rsplit('/').next() {
            Some("list") => self.tools.clone(),
            Some("file") => file(0),
            Some("files") => file(self.next.fetch_add(1, Ordering::Relaxed)),
            _ => Bytes::from_static(RESULT.as_bytes()),
        }
    }
}

async fn answer(request: Request<Incoming>, answers: Arc<Answers>) -> Result<Response<Full<Bytes>>, Infallible> {
    let body = answers.to(request.uri().path());
    let mut incoming = request.into_body();
    while let Some(Ok(_)) = incoming.frame().await {}
    let mut response = Response::new(Full::new(body));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}
