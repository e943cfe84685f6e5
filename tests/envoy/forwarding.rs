//! What is refused never reaches the server, what is allowed reaches it unchanged: in both header modes, over both
//! versions of HTTP, however the body is cut and however it ends.

mod bodies;
mod discarded;
mod early;
mod headers;
mod methods;
mod sizes;

use crate::{
    client::{self, Request, Response},
    gateway::{Gateway, Listener, json_text},
    upstream::{End, Seen},
    version,
};
use serde_json::{Value, json};

/// The two ways to treat a request's headers until the verdict (`protocol.headers`).
pub(crate) const MODES: [&str; 2] = ["hold", "release"];

/// A listener in one of the header modes, under a policy that allows the tool `ok` and nothing else.
pub(crate) fn listener(mode: &str, protocol: &Value) -> Listener {
    listener_under(&json!({ "version": "1", "default": "deny", "tools": { "ok": {} } }), mode, protocol)
}

/// A listener in one of the header modes, named like it, under some policy.
pub(crate) fn listener_under(policy: &Value, mode: &str, protocol: &Value) -> Listener {
    let mut protocol = protocol.clone();
    protocol["headers"] = mode.into();
    let configuration = json!({ "policy": policy, "protocol": protocol });
    Listener::new(mode, json_text(&configuration.to_string())).in_mode(mode)
}

/// Why a refused request has reached the server further than its mode permits; nothing if it has not.
pub(crate) fn leak(mode: &str, seen: &[Seen]) -> Option<String> {
    let permitted = |one: &Seen| mode == "release" && one.end == End::Aborted && one.body.is_empty();
    let leaked: Vec<&Seen> = seen.iter().filter(|one| !permitted(one)).collect();
    (!leaked.is_empty()).then(|| format!("in mode {mode} the upstream saw {leaked:?}"))
}

/// Asserts that nothing of a refused request has reached the server, or with released headers no more than these.
async fn assert_kept_back(gateway: &Gateway, mode: &str, request: &Request) {
    let seen = gateway.upstream().settled(request).await;
    assert_eq!(leak(mode, &seen), None, "{request:?}");
}

/// As [`assert_kept_back`]. Where Envoy does not reset, the head of a refused call is a request without a body.
async fn assert_kept_back_from_http2(gateway: &Gateway, mode: &str, request: &Request) {
    let mut seen = gateway.upstream().settled(request).await;
    if !version::resets_over_http2() {
        let bare = seen.iter_mut().filter(|one| one.body.is_empty() && one.trailers.is_empty());
        bare.for_each(|one| one.end = End::Aborted);
    }
    assert_eq!(leak(mode, &seen), None, "{request:?}");
}

/// Asserts that a request has reached the server once and whole.
#[track_caller]
fn assert_forwarded(gateway: &Gateway, request: &Request, answer: &Response) {
    assert!(answer.is_upstreams(), "should have been forwarded: {request:?}: {answer}");
    let seen = gateway.upstream().seen(request);
    assert_eq!(seen.len(), 1, "once: {request:?}");
    assert_eq!(seen[0].end, End::Complete, "{request:?}");
    assert_eq!(seen[0].body, request.body.bytes(), "{request:?}");
    assert_eq!(seen[0].trailers, request.body.trailers, "{request:?}");
}

/// The same request again, with a mark to tell it from the first.
fn again(request: &Request) -> Request {
    Request { case: Request::new("", "").case, ..request.clone() }
}

/// Sends a request over one of the versions of HTTP.
async fn send_over(version: &str, gateway: &Gateway, listener: &str, request: &Request) -> Response {
    client::try_send_over(version, gateway.at(listener), request).await.unwrap_or_else(|none| panic!("{none}"))
}
