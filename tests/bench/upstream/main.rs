//! The server behind the Envoy that is measured: it reads the whole body of a request before it answers. A path that ends in
//! `/list` gets a list of 50 tools, every other the result of a call.

#[path = "../tools.rs"]
mod tools;

use std::{convert::Infallible, env, error::Error};

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
    let port: u16 = env::args().nth(1).ok_or("usage: upstream PORT")?.parse()?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    let tools = Bytes::from(tools::tools());
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let tools = tools.clone();
        tokio::spawn(async move {
            let service = service_fn(move |request| answer(request, tools.clone()));
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

async fn answer(request: Request<Incoming>, tools: Bytes) -> Result<Response<Full<Bytes>>, Infallible> {
    let body = if request.uri().path().ends_with("/list") { tools } else { Bytes::from_static(RESULT.as_bytes()) };
    let mut incoming = request.into_body();
    while let Some(Ok(_)) = incoming.frame().await {}
    let mut response = Response::new(Full::new(body));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}
