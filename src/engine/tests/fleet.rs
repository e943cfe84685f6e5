//! Limits that a service counts.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{AuthorizationResponse, Disposition, Gateway, NOW, RequestInfo, assert_answer, call};
use crate::{
    approval::{self, ApprovalStore},
    engine::callout::{Callout, CalloutResponse, CalloutResults, Recorded},
    identity::Grant,
};

const POLICY: &str = r#"{"policy":{"version":"1","default":"deny","tools":{
    "draw":{"limits":[{"counter":"draws","window":"minute","max":10,"scope":"grant"},
                      {"counter":"all","window":"day","max":1000,"scope":"global"}]},
    "pay":{"limits":[{"counter":"pays","window":"minute","max":10,"scope":"grant"},
                     {"counter":"money","window":"day","max":500,"scope":"grant","increment_from":"args.amount"}]},
    "never":{"rate_limit":"0/day"},
    "ask":{"action":"require_approval","limits":[{"counter":"asked","window":"day","max":2,"scope":"grant"}]},
    "free":{}}},
    "limits":{"service":{"cluster":"rls"}}}"#;

/// Answers of a service, as bytes of a `RateLimitResponse`.
const OK: &[u8] = b"\x08\x01";
const OVER: &[u8] = b"\x08\x02";
/// The second is full for 42 seconds.
const SECOND_OVER: &[u8] = b"\x08\x02\x12\x02\x08\x01\x12\x06\x08\x02\x22\x02\x08\x2a";
/// 4 and 900 are left.
const LEFT: &[u8] = b"\x08\x01\x12\x06\x08\x01\x12\x00\x18\x04\x12\x07\x08\x01\x12\x00\x18\x84\x07";

fn request(tool: &str, arguments: &str) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","id":"\u0061","method":"tools/call","params":{{"name":"{tool}","arguments":{arguments}}}}}"#
    )
}

/// Asks a service as often as a request takes, which gives these answers, and answers what was asked and what came of it.
fn judge(gateway: &Gateway, body: &str, answers: &[Option<&[u8]>]) -> (Vec<String>, AuthorizationResponse) {
    let (mut call, mut asked) = (call("alice"), Vec::new());
    let mut answers = answers.iter();
    loop {
        let response = gateway.judge(&call, body);
        let Disposition::Callout(ask) = &response.answer else {
            assert_eq!(answers.next(), None, "not all was asked for");
            return (asked, response);
        };
        let Callout::Charge { message, .. } = ask else { panic!("{ask:?}") };
        asked.push(counters(message));
        let answer = answers.next().expect("more was asked for");
        let answered = answer.map(|body| CalloutResponse { status: b"0".to_vec(), body: body.to_vec() });
        let _recorded = call.callouts.record(ask.clone(), answered.as_ref(), NOW);
    }
}

/// The names of counters in a request.
fn counters(message: &[u8]) -> String {
    let text = message.escape_ascii().to_string();
    let names = ["draws", "all", "pays", "money", "asked", "tried"].into_iter().filter(|name| text.contains(name));
    names.collect::<Vec<_>>().join(" ")
}

fn answer(response: &AuthorizationResponse) -> Option<(u16, String)> {
    match &response.answer {
        Disposition::Forward(_) => None,
        Disposition::Reply(reply) => Some((reply.status, reply.body.clone())),
        Disposition::Callout(ask) => panic!("{ask:?}"),
    }
}

#[test]
fn a_call_passes_once_the_service_has_charged_it() {
    let gateway = Gateway::new(POLICY);
    let (asked, response) = judge(&gateway, &request("draw", "{}"), &[Some(LEFT)]);
    assert_eq!((asked, answer(&response)), (vec!["draws all".to_owned()], None));
    let record = response.record.to_json();
    assert!(record.contains(r#""remaining":{"draws":4,"all":900}"#), "{record}");
    let (_, untold) = judge(&gateway, &request("draw", "{}"), &[Some(OK)]);
    assert!(answer(&untold).is_none() && !untold.record.to_json().contains("remaining"));
}

#[test]
fn a_call_without_limits_needs_no_callout() {
    let (asked, response) = judge(&Gateway::new(POLICY), &request("free", "{}"), &[]);
    assert!(asked.is_empty() && answer(&response).is_none());
}

#[test]
fn the_reply_for_a_full_limit_says_when_to_retry() {
    let (_, response) = judge(&Gateway::new(POLICY), &request("draw", "{}"), &[Some(SECOND_OVER)]);
    let expected = r#"{"jsonrpc":"2.0","id":"\u0061","error":{"code":-31429,"message":"Policy violation: the tool `draw` has reached the rate limit of 1000 calls a day; retry in 42 seconds","data":{"kind":"rate_limited","rule":"/tools/draw/limits/1","policy":"default","tool":"draw","reason":"the tool `draw` has reached the rate limit of 1000 calls a day","requestId":"r-1","limit":{"counter":"all","window":"day","max":1000,"scope":"global","cost":1},"retryAfterMs":42000,"resetAt":"2026-01-01T00:01:24Z"}}}"#;
    assert_answer(answer(&response), expected);
    let (_, response) = judge(&Gateway::new(POLICY), &request("draw", "{}"), &[Some(OVER)]);
    let expected = r#"{"jsonrpc":"2.0","id":"\u0061","error":{"code":-31429,"message":"Policy violation: the tool `draw` has reached the rate limit of 10 calls a minute; retry in 18 seconds","data":{"kind":"rate_limited","rule":"/tools/draw/limits/0","policy":"default","tool":"draw","reason":"the tool `draw` has reached the rate limit of 10 calls a minute","requestId":"r-1","limit":{"counter":"draws","window":"minute","max":10,"scope":"grant","cost":1},"retryAfterMs":17500,"resetAt":"2026-01-01T00:01:00Z"}}}"#;
    assert_answer(answer(&response), expected);
}

#[test]
fn what_costs_more_than_a_window_lets_through_is_not_asked_for() {
    let (asked, response) = judge(&Gateway::new(POLICY), &request("never", "{}"), &[]);
    assert!(asked.is_empty());
    assert!(
        answer(&response)
            .unwrap()
            .1
            .contains("Policy violation: the policy allows no calls of the tool `never`; do not retry")
    );
}

#[test]
fn amounts_are_asked_for_one_after_the_other() {
    let gateway = Gateway::new(POLICY);
    let pay = |amount: &str| request("pay", &format!(r#"{{"amount":{amount}}}"#));
    let both = ["pays".to_owned(), "money".to_owned()];
    let (asked, passed) = judge(&gateway, &pay("250"), &[Some(OK), Some(OK)]);
    assert_eq!((&asked[..], answer(&passed)), (&both[..], None));
    let (asked, full) = judge(&gateway, &pay("250"), &[Some(OK), Some(OVER)]);
    assert_eq!((&asked[..], &*full.record.rule), (&both[..], "/tools/pay/limits/1"));
    let (asked, full) = judge(&gateway, &pay("250"), &[Some(OVER)]);
    assert_eq!((&asked[..], &*full.record.rule), (&both[..1], "/tools/pay/limits/0"));
    let (asked, _) = judge(&gateway, &pay("0"), &[Some(OK)]);
    assert_eq!(asked, both[..1], "nothing is not charged");
    let (asked, part) = judge(&gateway, &pay("0.5"), &[]);
    assert!(asked.is_empty());
    let reply = answer(&part).unwrap().1;
    assert!(
        reply.contains("this call costs 0.5, and its limit counts only whole numbers; send a whole amount"),
        "{reply}"
    );
}

#[test]
fn a_service_that_does_not_answer_denies_or_leaves_it_to_this_envoy() {
    let local = POLICY.replace(r#""rls""#, r#""rls","on_failure":"local""#);
    for failed in [None, Some(&b""[..]), Some(b"\x08\x03"), Some(b"garbage")] {
        let (_, denied) = judge(&Gateway::new(POLICY), &request("draw", "{}"), &[failed]);
        let expected = r#"{"jsonrpc":"2.0","id":"\u0061","error":{"code":-32603,"message":"the gateway could not complete its checks, so it did not forward the call; repeat it later","data":{"kind":"refused","policy":"default","tool":"draw","reason":"the gateway could not complete its checks, so it did not forward the call; repeat it later","requestId":"r-1"}}}"#;
        assert_answer(answer(&denied), expected);
        let gateway = Gateway::new(&local);
        for left in (0..10).rev() {
            let (_, passed) = judge(&gateway, &request("draw", "{}"), &[failed]);
            let record = passed.record.to_json();
            assert!(record.contains(&format!(r#""remaining":{{"draws":{left},"all":{}}}"#, 990 + left)), "{record}");
        }
        let (_, full) = judge(&gateway, &request("draw", "{}"), &[failed]);
        assert_eq!(full.record.rule, "/tools/draw/limits/0");
        let (_, counted) = judge(&gateway, &request("draw", "{}"), &[Some(OK)]);
        assert!(answer(&counted).is_none(), "the service counts again; local counts do not matter");
    }
}

#[test]
fn a_callout_without_a_usable_response_counts_as_unanswered() {
    let ask = Callout::Charge { mode: crate::policy::Mode::Enforce, message: Vec::new() };
    let record = |body: Option<&[u8]>| {
        let answered = body.map(|body| CalloutResponse { status: b"0".to_vec(), body: body.to_vec() });
        CalloutResults::default().record(ask.clone(), answered.as_ref(), NOW)
    };
    assert_eq!([Some(OK), Some(OVER)].map(record), [Recorded::Answered, Recorded::Answered]);
    assert_eq!([None, Some(&b"\x08\x00"[..])].map(record), [Recorded::Unanswered, Recorded::Unanswered]);
}

#[test]
fn a_call_is_approved_before_it_is_charged_and_keeps_its_approval_if_the_limit_is_full() {
    let gateway = Gateway::new(POLICY);
    let body = request("ask", "{}");
    let (asked, _) = judge(&gateway, &body, &[]);
    assert!(asked.is_empty(), "a pending call is not charged");
    let desk = ApprovalStore(&gateway.store);
    let [entry] = desk.entries(NOW).unwrap().try_into().unwrap();
    let approved = approval::ApproverDecision {
        approved: true,
        grant: approval::GrantDigest::of(&Grant::from_name("jwt:boss")),
        approver: "jwt:boss",
        note: "",
    };
    desk.decide(entry.id, &approved, NOW).unwrap();
    let (asked, full) = judge(&gateway, &body, &[Some(OVER)]);
    assert_eq!((asked, &*full.record.rule), (vec!["asked".to_owned()], "/tools/ask/limits/0"));
    let (_, passed) = judge(&gateway, &body, &[Some(OK)]);
    assert!(answer(&passed).is_none());
    let (asked, _) = judge(&gateway, &body, &[]);
    assert!(asked.is_empty(), "the approval was consumed, so another one is requested");
}

#[test]
fn limits_in_shadow_are_asked_for_by_themselves_and_refuse_nothing() {
    let tried = r#""all_tools":{"mode":"shadow","limits":[{"counter":"tried","window":"day","max":5,"scope":"grant"}]},"tools""#;
    let gateway = Gateway::new(&POLICY.replace(r#""tools""#, tried));
    let (asked, passed) = judge(&gateway, &request("draw", "{}"), &[Some(OK), Some(OVER)]);
    assert_eq!((asked, answer(&passed)), (vec!["draws all".to_owned(), "tried".to_owned()], None));
    let would = passed.record.shadow.unwrap();
    assert_eq!((would.decision.name(), &*would.rule), ("rate_limited", "/all_tools/limits/0"));
    let (asked, full) = judge(&gateway, &request("draw", "{}"), &[Some(OVER)]);
    assert_eq!((asked.len(), &*full.record.rule), (1, "/tools/draw/limits/0"));
}

#[test]
fn in_shadow_a_full_limit_is_reported() {
    let gateway = Gateway::new(&POLICY.replace(r#"{"policy""#, r#"{"mode":"shadow","policy""#));
    let (asked, passed) = judge(&gateway, &request("draw", "{}"), &[Some(OVER)]);
    assert_eq!((asked.len(), answer(&passed)), (1, None));
    assert_eq!(passed.record.shadow.unwrap().rule, "/tools/draw/limits/0");
}

#[test]
fn a_command_counts_by_itself() {
    let gateway = Gateway::new(POLICY);
    let call = RequestInfo { callouts: CalloutResults::local_only(), ..call("alice") };
    let calls = (0..11).map(|_| gateway.judge(&call, &request("draw", "{}")).record.rule).collect::<Vec<_>>();
    assert_eq!(calls[..10], [""; 10]);
    assert_eq!(calls[10], "/tools/draw/limits/0");
}

#[test]
fn what_a_service_counts_is_not_tested_against_local_counts_before_an_approval() {
    let gateway = Gateway::new(
        &POLICY
            .replace(r#""rls""#, r#""rls","on_failure":"local""#)
            .replace(r#""asked","window":"day","max":2"#, r#""asked","window":"day","max":1"#),
    );
    let body = request("ask", "{}");
    let (_, waiting) = judge(&gateway, &body, &[]);
    assert_eq!(waiting.record.decision.name(), "approval_required");
    let approvals = ApprovalStore(&gateway.store);
    let entry = approvals.entries(NOW).unwrap().remove(0);
    let approved = approval::ApproverDecision {
        approved: true,
        grant: approval::GrantDigest::of(&Grant::from_name("jwt:boss")),
        approver: "jwt:boss",
        note: "",
    };
    approvals.decide(entry.id, &approved, NOW).unwrap();
    let (_, passed) = judge(&gateway, &body, &[None]);
    assert!(answer(&passed).is_none(), "this Envoy has charged it");
    let (_, waiting) = judge(&gateway, &body, &[]);
    assert_eq!(waiting.record.decision.name(), "approval_required", "the service may have room");
}
