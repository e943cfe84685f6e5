//! Requests without a message: GET, HEAD, OPTIONS and DELETE.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{BoundRequest, Disposition, Gateway, HeadersVerdict, RequestInfo, call, check_headers};
use crate::{
    audit::{AuditRecord, Decision},
    http::Headers,
    identity::IdentityError,
};

const METHODS: [&str; 4] = ["GET", "HEAD", "OPTIONS", "DELETE"];
/// A configuration in which no binding matches.
const UNBOUND: &str = r#"{"policies":{"p":{"version":"1","default":"allow"}},"bindings":[]"#;

fn bodiless(method: &str) -> RequestInfo {
    let headers = Headers::new(vec![(":method".to_owned(), method.as_bytes().to_vec())]);
    RequestInfo { headers, ..call("alice") }
}

/// The record of a request, and the status of the reply if it does not pass.
fn check(gateway: &Gateway, info: RequestInfo) -> (AuditRecord, Option<u16>) {
    match check_headers(&gateway.config, &BoundRequest::new(&gateway.config, info), false) {
        HeadersVerdict::Continue(record) => (*record, None),
        HeadersVerdict::Reply(response) => {
            let Disposition::Reply(reply) = response.answer else { panic!("{response:?}") };
            assert_eq!(reply.body, "");
            (*response.record, Some(reply.status))
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_request_without_a_message_passes_and_leaves_a_record() {
    let gateway = Gateway::new(r#"{"version":"1","default":"deny"}"#);
    for method in METHODS {
        let (record, status) = check(&gateway, bodiless(method));
        assert_eq!((record.decision, record.method, status), (Decision::Allowed, format!("({method})").into(), None));
        let unknown = RequestInfo { grant: Err(IdentityError::NoIdentity), ..bodiless(method) };
        assert_eq!(
            check(&gateway, unknown).1,
            None,
            "{method}: a browser asks without a credential before it sends one"
        );
    }
}

#[test]
fn a_malformed_identity_refuses_a_request_without_a_message() {
    let gateway = Gateway::new(r#"{"version":"1","default":"allow"}"#);
    for method in METHODS {
        let malformed = || Err(IdentityError::Invalid("the header `x-agent` occurs twice".to_owned()));
        let (record, status) = check(&gateway, RequestInfo { grant: malformed(), ..bodiless(method) });
        assert_eq!(
            (record.decision, &*record.rule, status),
            (Decision::Denied, "(no identity)", Some(403)),
            "{method}"
        );
    }
}

#[test]
fn a_request_without_a_message_that_no_binding_matches_is_refused() {
    let (record, status) = check(&Gateway::new(&format!("{UNBOUND}}}")), bodiless("GET"));
    assert_eq!((record.decision, &*record.rule, status), (Decision::Denied, "(no policy)", Some(403)));
}

#[test]
fn a_configuration_in_shadow_only_reports_that_no_binding_matches() {
    let gateway = Gateway::new(&format!(r#"{UNBOUND},"mode":"shadow"}}"#));
    let (get, status) = check(&gateway, bodiless("GET"));
    let post = gateway.judge(&call("alice"), r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#);
    assert!(matches!(post.answer, Disposition::Forward(_)), "{post:?}");
    assert_eq!(status, None);
    for record in [get, *post.record] {
        let shadow = record.shadow.expect("a report");
        assert_eq!(
            (record.decision, shadow.decision, &*shadow.rule),
            (Decision::Allowed, Decision::Denied, "(no policy)")
        );
    }
}
