//! An approval service, and what it says.

use proptest::{collection::vec, prelude::*, sample::select};

use crate::{
    proxy::{CallResponse, OwnCall, Pairs},
    request::{pairs, with_options},
};

/// The option that names it.
pub(crate) const SERVICE: &str =
    r#""approvals":{"service":{"cluster":"desk","path":"/decide","authority":"desk.example","timeout_ms":700}}"#;

/// What it says when the call may pass.
pub(crate) const APPROVE: &str = r#"{"decision":"approve","approver":"bob"}"#;

/// What it says else, with status 200: nothing of this lets a call pass.
pub(crate) const OTHERS: [&str; 8] = [
    r#"{"decision":"reject","note":"no"}"#,
    r#"{"decision":"pending","id":"1"}"#,
    r#"{"decision":"approved"}"#,
    r#"{"decision":"reject","decision":"approve"}"#,
    r#"["approve"]"#,
    r#"{"decision":"approve""#,
    "",
    "\0\u{1}\u{fffd}",
];

/// A configuration under which `approval_callout` may be called twice a minute, each time with the approval of this service.
pub(crate) fn asking(mode: &str) -> String {
    with_options(&format!(r#""protocol":{{"headers":"{mode}","max_body_bytes":4096}},{SERVICE}"#))
}

/// An answer with this status.
pub(crate) fn said(status: &str, body: &str) -> CallResponse {
    let headers = pairs(&[(":status", status), ("content-type", "text/html")]);
    CallResponse { headers, body: body.as_bytes().to_vec(), ..CallResponse::default() }
}

/// Answers that let nothing pass: none, half of one, odd ones, other decisions.
pub(crate) fn unwilling() -> Vec<CallResponse> {
    let twice: Pairs = pairs(&[(":status", "200"), (":status", "200")]);
    let headers = [pairs(&[]), pairs(&[("content-length", "3")]), twice];
    let odd =
        headers.map(|headers| CallResponse { headers, body: APPROVE.as_bytes().to_vec(), ..CallResponse::default() });
    let others = OTHERS.iter().map(|body| said("200", body));
    let statuses = ["", "0", "100", "201", "204", "301", "401", "503", "2000"];
    let long = format!("{APPROVE}{}", " ".repeat(16 << 10));
    let refusing = statuses.iter().map(|status| said(status, APPROVE)).chain([said("200", &long)]);
    [CallResponse::default()].into_iter().chain(odd).chain(others).chain(refusing).collect()
}

/// Any answer.
pub(crate) fn answers() -> impl Strategy<Value = CallResponse> {
    let noise = (vec(any::<u8>(), 0..8), vec(any::<u8>(), 0..40));
    prop_oneof![
        4 => Just(said("200", APPROVE)),
        3 => select(unwilling()),
        1 => noise.prop_map(|(status, body)| CallResponse { headers: vec![(b":status".to_vec(), status)], body, ..CallResponse::default() }),
    ]
}

/// Asserts that a request of the module's own is the one that the service expects.
#[track_caller]
pub(crate) fn assert_asks(call: &OwnCall, root: u32, body: &str) {
    assert_eq!((call.root, call.cluster.escape_ascii().to_string().as_str(), call.timeout), (root, "desk", 700));
    let headers = [
        (":method", "POST"),
        (":path", "/decide"),
        (":authority", "desk.example"),
        ("content-type", "application/json"),
        ("accept", "application/json"),
    ];
    assert_eq!(call.headers, pairs(&headers));
    assert_eq!(call.body.escape_ascii().to_string(), body.as_bytes().escape_ascii().to_string());
}
