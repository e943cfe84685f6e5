//! A console of the test's own.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    body::Bytes,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, runtime::Runtime};

/// An approver's token.
pub(crate) const TOKEN: &str = "dGVzdA==";

/// The ids of approvals whose decision is answered with a redirect, and with a page.
pub(crate) const MOVED: &str = "00000000000000000001";
pub(crate) const PAGE: &str = "00000000000000000002";

/// The console's time.
const NOW: &str = "2026-11-21T06:00:00Z";

/// Serves until it is dropped.
pub(crate) struct Console {
    pub(crate) url: String,
    state: Arc<Kept>,
    _runtime: Runtime,
}

struct Kept {
    approvals: Vec<Value>,
    answers: Mutex<Vec<(String, Value)>>,
    /// What `Origin` has to be.
    origin: String,
}

impl Console {
    /// Starts one in which these approvals are.
    pub(crate) fn start(approvals: Vec<Value>) -> Self {
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let url = format!("{origin}/");
        let state = Arc::new(Kept { approvals, answers: Mutex::default(), origin });
        let routes = Router::new().route("/api/approvals", get(list)).route("/api/approvals/{id}", post(answer));
        let routes = routes.with_state(Arc::clone(&state));
        runtime.spawn(async move { axum::serve(listener, routes).await });
        Self { url, state, _runtime: runtime }
    }

    /// What `list --format json` prints: all pages as one.
    pub(crate) fn list(&self) -> Value {
        json!({"now": NOW, "you": "jwt:me", "approvals": self.state.approvals})
    }

    /// The answers that it took, each with the approval's id.
    pub(crate) fn answers(&self) -> Vec<(String, Value)> {
        self.state.answers.lock().unwrap().clone()
    }
}

impl Kept {
    /// The page behind `after`: two approvals, and where the next page begins if there is one.
    fn page(&self, after: Option<&str>) -> Value {
        let start = after.map_or(0, |after| after.strip_prefix("after=").unwrap().parse().unwrap());
        let mut pages = self.approvals.iter().skip(start);
        let page: Vec<&Value> = pages.by_ref().take(2).collect();
        let next = pages.next().map(|_| (start + 2).to_string());
        json!({"now": NOW, "you": "jwt:me", "pending": 1, "approvals": page, "next": next})
    }

    fn knows(&self, headers: &HeaderMap) -> bool {
        headers.get(header::AUTHORIZATION).is_some_and(|said| said.as_bytes() == format!("Bearer {TOKEN}").as_bytes())
    }
}

fn answered(status: StatusCode, body: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

fn refused(status: StatusCode, error: &str) -> Response {
    answered(status, &json!({"error": error}))
}

async fn list(State(kept): State<Arc<Kept>>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    if !kept.knows(&headers) {
        return refused(StatusCode::UNAUTHORIZED, "not signed in: send an approver's token");
    }
    answered(StatusCode::OK, &kept.page(query.as_deref()))
}

async fn answer(State(kept): State<Arc<Kept>>, Path(id): Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    let is = |name, value: &str| headers.get(name).is_some_and(|said| said.as_bytes() == value.as_bytes());
    if !kept.knows(&headers) || !is(header::ORIGIN, &kept.origin) || !is(header::CONTENT_TYPE, "application/json") {
        return refused(StatusCode::FORBIDDEN, "not as a console is asked");
    }
    match id.as_str() {
        MOVED => return Redirect::temporary("/api/approvals/3f9c0a1b2c3d4e5f6071").into_response(),
        PAGE => return (StatusCode::INTERNAL_SERVER_ERROR, "<h1>sorry</h1>").into_response(),
        _ => {}
    }
    let Some(found) = kept.approvals.iter().find(|approval| approval["id"] == *id) else {
        return refused(StatusCode::NOT_FOUND, &format!("no such id: \u{1b}[2J `{id}`"));
    };
    if found["state"] != "pending" {
        return refused(StatusCode::CONFLICT, "it was rejected already");
    }
    let body: Value = serde_json::from_slice(&body).unwrap();
    let state =
        if body.get("decision").is_some_and(|decision| decision == "approve") { "approved" } else { "rejected" };
    let mut found = found.clone();
    found
        .as_object_mut()
        .unwrap()
        .extend([("state".to_owned(), json!(state)), ("approver".to_owned(), json!("jwt:me"))]);
    kept.answers.lock().unwrap().push((id, body));
    answered(StatusCode::OK, &found)
}
