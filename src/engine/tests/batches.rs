//! Batches: which revision has them, and that their calls pass together.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{Disposition, Gateway, RequestInfo, batch, call};
use crate::http::Headers;

const BATCHES: &str = r#"{"policy":{"version":"1","default":"deny","tools":{"a":{"rate_limit":"3/day"}}},
    "protocol":{"batches":"judge"}}"#;

#[test]
fn a_batch_passes_whole_or_not_at_all() {
    let gateway = Gateway::new(BATCHES);
    let (status, body) = gateway.answer(&batch(&["a", "b", "a"])).unwrap();
    assert_eq!(status, 200);
    let errors: serde_json::Value = serde_json::from_str(&body).unwrap();
    let ids: Vec<_> = errors.as_array().unwrap().iter().map(|one| (&one["id"], &one["error"]["code"])).collect();
    assert_eq!(
        format!("{ids:?}"),
        "[(Number(0), Number(-32600)), (Number(1), Number(-31403)), (Number(2), Number(-32600))]"
    );
    assert!(body.contains("the policy denies the tool `b`, because no rule allows it"), "{body}");
    assert_eq!(gateway.answer(&batch(&["a", "a"])), None, "and nothing was charged before");
    let (_, body) = gateway.answer(&batch(&["a", "a"])).unwrap();
    assert!(body.contains(r#""code":-31429"#), "two are more than is left: {body}");
    assert_eq!(gateway.answer(&batch(&["a"])), None);
    let (_, body) = gateway.answer(&batch(&["a"])).unwrap();
    assert!(body.starts_with(r#"[{"jsonrpc":"2.0","id":0,"error":{"code":-31429"#), "{body}");
}

#[test]
fn batches_are_refused_unless_they_are_enabled_and_the_revision_has_them() {
    let (status, body) = Gateway::new(r#"{"version":"1","default":"allow"}"#).answer(&batch(&["a"])).unwrap();
    assert!(status == 400 && body.contains("not a batch"), "{body}");
    let gateway = Gateway::new(BATCHES);
    for (version, passes) in [("2025-03-26", true), ("2025-06-18", false), ("2024-11-05", false), ("2026-07-28", false)]
    {
        let pairs = [(":method", "POST"), ("content-type", "application/json"), ("mcp-protocol-version", version)];
        let pairs = pairs.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()));
        let call = RequestInfo { headers: Headers::new(pairs.into()), ..call("alice") };
        let forwarded = matches!(gateway.judge(&call, &batch(&["a"])).answer, Disposition::Forward(_));
        assert_eq!(forwarded, passes, "{version}");
    }
}

#[test]
fn the_answer_to_the_limited_message_of_a_batch_names_the_full_limit() {
    let gateway = Gateway::new(
        r#"{"policy":{"version":"1","default":"deny","tools":{"a":{"rate_limit":"3/day"},"none":{"rate_limit":"0/day"},"free":{}}},
            "protocol":{"batches":"judge"}}"#,
    );
    let codes = |tools: &[&str]| {
        let (_, body) = gateway.answer(&batch(tools)).unwrap();
        let errors: serde_json::Value = serde_json::from_str(&body).unwrap();
        errors.as_array().unwrap().iter().map(|one| one["error"]["code"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(codes(&["a", "none", "free"]), [-32600, -31429, -32600]);
    assert_eq!(codes(&["free", "a", "none"]), [-32600, -32600, -31429]);
    assert_eq!(gateway.answer(&batch(&["a", "a"])), None);
    let (_, body) = gateway.answer(&batch(&["a", "a"])).unwrap();
    let text = "this request costs 2, and 1 is left of the limit of the tool `a`, 3 calls a day; retry in 24 hours";
    assert!(body.contains(text), "{body}");
}
