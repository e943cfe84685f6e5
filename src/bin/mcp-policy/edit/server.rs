//! The page on 127.0.0.1: who may ask, and what each answer says to the browser.
//!
//! A page of another site can reach this port, too, through its visitor's browser. So `Host` and `Origin` must be this server's own,
//! which stops names that another site points here, and each request of the page has a token that only the printed address holds.

use std::{future::poll_fn, net::Ipv4Addr, pin::pin, sync::Arc, task::Poll};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{DefaultBodyLimit, Path, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use tokio::{net::TcpListener, signal, task};

use super::{
    api::{self, Refused},
    session::Session,
};

const HTML: &str = include_str!("page/index.html");
const SCRIPT: &str = include_str!("page/dist/edit.js");
const STYLE: &str = include_str!("page/edit.css");

/// A policy of 4 MiB, its cases, and the escapes of both.
const MAX_BODY: usize = 16 << 20;

/// What the server holds for all requests.
struct Shared {
    session: Session,
    token: String,
    /// The values of `Host` by which it is reached.
    hosts: [String; 2],
}

/// A server that listens.
pub(super) struct Server {
    listener: TcpListener,
    router: Router,
    /// The page's address, with the token, which a browser does not send to any server.
    pub(super) address: String,
}

impl Server {
    /// Listens on 127.0.0.1; port 0 takes a free one.
    ///
    /// # Errors
    /// A sentence on why it cannot.
    pub(super) async fn bind(session: Session, port: u16) -> Result<Self, String> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
        let listener = listener.map_err(|error| {
            format!("cannot listen on 127.0.0.1:{port}: {error}; choose another port with `--port`")
        })?;
        let port = listener.local_addr().map_err(|error| format!("cannot read the port: {error}"))?.port();
        let token = random_hex()?;
        let address = format!("http://127.0.0.1:{port}/#{token}");
        Ok(Self { listener, router: router(session, token, port), address })
    }

    /// Serves until Ctrl-C.
    ///
    /// # Errors
    /// A sentence on why it stopped.
    pub(super) async fn run(self) -> Result<(), String> {
        let mut serving = pin!(axum::serve(self.listener, self.router).into_future());
        let mut interrupted = pin!(signal::ctrl_c());
        poll_fn(|context| match serving.as_mut().poll(context) {
            Poll::Ready(served) => Poll::Ready(served.map_err(|error| format!("stopped serving: {error}"))),
            Poll::Pending => {
                let stopped = interrupted.as_mut().poll(context);
                stopped.map_err(|error| format!("cannot wait for Ctrl-C: {error}"))
            }
        })
        .await
    }
}

/// 128 random bits.
fn random_hex() -> Result<String, String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| format!("the system gives no random bytes: {error}"))?;
    Ok(base16ct::lower::encode_string(&bytes))
}

fn router(session: Session, token: String, port: u16) -> Router {
    let hosts = [format!("127.0.0.1:{port}"), format!("localhost:{port}")];
    let shared = Arc::new(Shared { session, token, hosts });
    Router::new()
        .route("/", get(page))
        .route("/edit.js", get(async || file("text/javascript; charset=utf-8", SCRIPT)))
        .route("/edit.css", get(async || file("text/css; charset=utf-8", STYLE)))
        .route("/api/{name}", post(call))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(middleware::from_fn_with_state(Arc::clone(&shared), guard))
        .with_state(shared)
}

/// Refuses what another site sends, and adds to each answer what keeps the browser strict.
async fn guard(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let mut response = match refusal(&shared, request.headers()) {
        Some(why) => refuse(StatusCode::FORBIDDEN, why),
        None => next.run(request).await,
    };
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        // The page has a policy of its own, with the number of its styles.
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

const HEADERS: [(&str, &str); 6] = [
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cache-control", "no-store"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
];

/// Why a request is not one of the page.
fn refusal(shared: &Shared, headers: &HeaderMap) -> Option<&'static str> {
    let only = |name| {
        let mut values = headers.get_all(name).iter();
        values.next().filter(|_| values.next().is_none()).and_then(|value| value.to_str().ok())
    };
    let host = only(header::HOST).filter(|host| shared.hosts.iter().any(|own| own == host));
    let Some(host) = host else { return Some("this server has no such name") };
    let is_own = |origin: &str| origin.strip_prefix("http://") == Some(host);
    let is_foreign = headers.contains_key(header::ORIGIN) && !only(header::ORIGIN).is_some_and(is_own);
    is_foreign.then_some("another site cannot ask this server")
}

/// The page. A number that changes with each answer marks the styles that its editor adds as its own.
async fn page() -> Response {
    let nonce = match random_hex() {
        Ok(nonce) => nonce,
        Err(why) => return refuse(StatusCode::INTERNAL_SERVER_ERROR, &why),
    };
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src data:; connect-src 'self'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'"
    );
    let mut response = file("text/html; charset=utf-8", &HTML.replace("{nonce}", &nonce));
    if let Ok(policy) = HeaderValue::try_from(policy) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

fn file(kind: &'static str, text: &str) -> Response {
    ([(header::CONTENT_TYPE, kind)], text.to_owned()).into_response()
}

/// A request of the page, with its token.
async fn call(
    State(shared): State<Arc<Shared>>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let token = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = token.and_then(|value| value.strip_prefix("Bearer "));
    if !token.is_some_and(|token| is_same(token.as_bytes(), shared.token.as_bytes())) {
        return refuse(StatusCode::UNAUTHORIZED, "open the address that the command prints");
    }
    // Running many cases takes a while.
    let answered = task::spawn_blocking(move || api::answer(&shared.session, &name, &body)).await;
    match answered {
        Ok(Ok(json)) => ([(header::CONTENT_TYPE, "application/json")], json).into_response(),
        Ok(Err(Refused { status, why })) => {
            refuse(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), &why)
        }
        Err(_) => refuse(StatusCode::INTERNAL_SERVER_ERROR, "the command failed at this"),
    }
}

fn refuse(status: StatusCode, why: &str) -> Response {
    let body = Body::from(serde_json::json!({ "error": why }).to_string());
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

/// Compares in a time that does not depend on where the two differ.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).fold(0, |all, (one, other)| all | (one ^ other)) == 0
}

#[cfg(test)]
mod tests;
