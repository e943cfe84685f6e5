//! Calls that a person has to approve.

use std::cell::Cell;

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{AuthorizationResponse, Disposition, Gateway, NOW, RequestInfo, Timestamp, authorize, call};
use crate::{
    approval::{self, ApprovalStore, ApproverNote},
    config::Refund,
    engine::{
        approval_service::{ApprovalResponse, Pending},
        callout::{Callout, CalloutResults},
        refund,
    },
    identity::Grant,
    mcp::ResponseFormat,
    store::{APPROVALS, Cas, InMemory, Store, Unavailable, Versioned},
};

const POLICY: &str = r#"{"policy":{"version":"1","default":"deny",
    "tools":{"pay":{"require_approval":[{"conditions":[{"path":"args.amount","op":"gt","value":10}],"on_deny":"Over 10, ask."},
                                        {"conditions":[],"expires":"1m"}],
                    "limits":[{"counter":"pay","window":"hour","max":2,"scope":"grant"}]},
             "free":{}}},
    "approvals":{"url":"http://localhost:10001"}}"#;
const PAY: &str =
    r#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"pay","arguments":{"amount":25,"to":"x"}}}"#;

fn approve(gateway: &Gateway, approved: bool) -> String {
    let desk = ApprovalStore(&gateway.store);
    let [entry] = desk.entries(NOW).unwrap().try_into().unwrap();
    let answer = approval::ApproverDecision {
        approved,
        grant: approval::GrantDigest::of(&Grant::from_name("jwt:boss")),
        approver: "jwt:boss",
        note: "as agreed",
    };
    desk.decide(entry.id, &answer, NOW).unwrap();
    entry.id_text()
}

fn reply_text(response: AuthorizationResponse) -> String {
    match response.answer {
        Disposition::Reply(reply) => reply.body,
        other => panic!("{other:?}"),
    }
}

fn is_forwarded(response: &AuthorizationResponse) -> bool {
    matches!(response.answer, Disposition::Forward(_))
}

#[test]
fn a_call_waits_for_approval_and_then_passes_once() {
    let gateway = Gateway::new(POLICY);
    let first = gateway.judge(&call("alice"), PAY);
    let id = ApprovalStore(&gateway.store).entries(NOW).unwrap()[0].id_text();
    let record = first.record.to_json();
    let expected = format!(
        r#"{{"decision":"approval_required","rule":"/tools/pay/require_approval/0","policy":"default","config":"{}","grant":"constant:alice","method":"tools/call","tool":"pay","requestId":"r-1","approval":{{"id":"{id}"}},"arguments":["amount","to"]}}"#,
        gateway.config.digest
    );
    assert_eq!(record, expected);
    let expected = format!(
        r#"{{"jsonrpc":"2.0","id":7,"error":{{"code":-31428,"message":"Approval required: a person must approve this call of the tool `pay`: Over 10, ask; ask for approval at http://localhost:10001/#{id}, then repeat the same call","data":{{"kind":"approval_required","rule":"/tools/pay/require_approval/0","policy":"default","tool":"pay","reason":"a person must approve this call of the tool `pay`: Over 10, ask","requestId":"r-1","approval":{{"id":"{id}","url":"http://localhost:10001/#{id}","expiresAt":"2026-01-01T00:01:42Z"}}}}}}}}"#
    );
    assert_eq!(reply_text(first), expected);
    assert_eq!(reply_text(gateway.judge(&call("alice"), PAY)), expected, "asked again, it is the same question");
    approve(&gateway, true);
    let passed = gateway.judge(&call("alice"), PAY);
    assert!(is_forwarded(&passed));
    let record = passed.record.to_json();
    assert!(
        record.contains(&format!(r#""approval":{{"id":"{id}","approver":"jwt:boss","note":"as agreed"}}"#)),
        "{record}"
    );
    assert!(record.contains(r#""remaining":{"pay":1}"#), "{record}");
    let later = Timestamp(NOW.0 + 1);
    let again = reply_text(gateway.judge_at(later, &call("alice"), PAY));
    assert!(again.contains("-31428") && !again.contains(&id), "another question: {again}");
}

#[test]
fn spelling_does_not_matter_and_everything_else_does() {
    let gateway = Gateway::new(POLICY);
    reply_text(gateway.judge(&call("alice"), PAY));
    approve(&gateway, true);
    for other in [
        PAY.replace("25", "26"),
        PAY.replace("\"x\"", "\"y\""),
        PAY.replace("\"to\"", "\"for\""),
        PAY.replace("\"arguments\"", "\"task\":{},\"arguments\""),
    ] {
        assert!(reply_text(gateway.judge(&call("alice"), &other)).contains("-31428"), "{other}");
    }
    assert!(reply_text(gateway.judge(&call("bob"), PAY)).contains("-31428"), "another grant");
    let mut changed = Gateway::new(&POLICY.replace("Over 10", "Above 10"));
    changed.store = gateway.store;
    assert!(reply_text(changed.judge(&call("alice"), PAY)).contains("-31428"), "another configuration");
    let gateway = Gateway { store: changed.store, ..Gateway::new(POLICY) };
    let spelled = r#"{"method":"tools/call","params":{"_meta":{"progressToken":1},"arguments":{"to":"x","amount":2.5e1},"name":"p\u0061y"},"id":"z","jsonrpc":"2.0"}"#;
    assert!(is_forwarded(&gateway.judge(&call("alice"), spelled)));
}

#[test]
fn an_approval_holds_for_the_route_and_cluster_on_which_it_was_asked() {
    let gateway = Gateway::new(POLICY);
    let at = |route: &str, cluster: &str| RequestInfo {
        route: Some(route.to_owned()),
        cluster: Some(cluster.to_owned()),
        ..call("alice")
    };
    assert!(reply_text(gateway.judge(&at("pay", "bank"), PAY)).contains("-31428"));
    approve(&gateway, true);
    for other in [at("test", "bank"), at("pay", "test"), call("alice")] {
        assert!(reply_text(gateway.judge(&other, PAY)).contains("-31428"), "{other:?}");
    }
    assert!(is_forwarded(&gateway.judge(&at("pay", "bank"), PAY)));
}

#[test]
fn a_rejected_call_is_denied_with_what_the_person_said() {
    let gateway = Gateway::new(POLICY);
    reply_text(gateway.judge(&call("alice"), PAY));
    approve(&gateway, false);
    let denied = reply_text(gateway.judge(&call("alice"), PAY));
    let expected = r#""code":-31403,"message":"Policy violation: a person rejected this call of the tool `pay`: as agreed; do not repeat it""#;
    assert!(denied.contains(expected), "{denied}");
    let over = gateway.judge_at(Timestamp(NOW.0 + 60_000), &call("alice"), PAY);
    assert!(reply_text(over).contains("-31428"), "a rejection expires");
}

#[test]
fn an_approval_expires() {
    let gateway = Gateway::new(POLICY);
    reply_text(gateway.judge(&call("alice"), PAY));
    approve(&gateway, true);
    // `expires` of the strictest predicate that asks, counted from the answer.
    let late = gateway.judge_at(Timestamp(NOW.0 + 60_000), &call("alice"), PAY);
    assert!(reply_text(late).contains("-31428"));
}

#[test]
fn a_full_limit_denies_the_call_before_an_approval_is_requested() {
    let gateway = Gateway::new(&POLICY.replace("\"max\":2", "\"max\":0"));
    assert!(reply_text(gateway.judge(&call("alice"), PAY)).contains("-31429"));
    assert_eq!(ApprovalStore(&gateway.store).entries(NOW), Ok(vec![]));
}

#[test]
fn an_approval_comes_back_with_the_quota() {
    let gateway = Gateway::new(POLICY);
    reply_text(gateway.judge(&call("alice"), PAY));
    approve(&gateway, true);
    let Disposition::Forward(receipt) = gateway.judge(&call("alice"), PAY).answer else { panic!("refused") };
    assert!(refund::is_refundable(Refund::Undelivered, &receipt));
    assert_eq!(receipt.give_back(&gateway.store, || Some(NOW)), None, "nothing is kept elsewhere");
    let passed = gateway.judge(&call("alice"), PAY);
    assert!(is_forwarded(&passed));
    assert!(passed.record.to_json().contains(r#""remaining":{"pay":1}"#), "the first charge was given back");
}

#[test]
fn in_shadow_no_approval_is_requested() {
    for policy in [
        POLICY.replace(r#""approvals""#, r#""mode":"shadow","approvals""#),
        POLICY.replace(r#""version":"1""#, r#""version":"1","mode":"shadow""#),
    ] {
        let gateway = Gateway::new(&policy);
        let response = gateway.judge(&call("alice"), PAY);
        assert!(is_forwarded(&response));
        let record = response.record.to_json();
        let shadow = r#""shadow":{"decision":"approval_required","rule":"/tools/pay/require_approval/0"}"#;
        assert!(record.contains(shadow), "{record}");
        assert_eq!(ApprovalStore(&gateway.store).entries(NOW), Ok(vec![]));
    }
}

#[test]
fn a_batch_is_not_approved() {
    let gateway = Gateway::new(&POLICY.replace(r#""approvals""#, r#""protocol":{"batches":"judge"},"approvals""#));
    let mut batch = call("alice");
    let pairs = [(":method", "POST"), ("content-type", "application/json"), ("mcp-protocol-version", "2025-03-26")];
    let pairs = pairs.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()));
    batch.headers = crate::http::Headers::new(pairs.into());
    let reply = reply_text(gateway.judge(&batch, &format!("[{PAY},{}]", PAY.replace("7", "8"))));
    assert!(reply.contains("Approval required: a person must approve this call of the tool `pay`: Over 10, ask; send the call by itself, not in a batch"), "{reply}");
    assert_eq!(ApprovalStore(&gateway.store).entries(NOW), Ok(vec![]));
}

#[test]
fn a_call_with_long_parameters_or_beyond_the_bound_on_pending_calls_is_denied() {
    let gateway = Gateway::new(POLICY);
    let long = PAY.replace("\"x\"", &format!("\"{}\"", "x".repeat(16 << 10)));
    let denied = reply_text(gateway.judge(&call("alice"), &long));
    let expected = "Policy violation: the tool `pay` needs approval, and parameters of over 16384 bytes cannot be approved; send shorter ones";
    assert!(denied.contains(expected), "{denied}");
    let pay = |amount: u32| reply_text(gateway.judge(&call("alice"), &PAY.replace("25", &amount.to_string())));
    for amount in 1..=8 {
        assert!(pay(amount).contains("-31428"));
    }
    let denied = pay(9);
    let expected = r#""message":"Policy violation: the tool `pay` needs approval, and too many calls wait for approval already; repeat the call later","data":{"kind":"denied","rule":"(approvals full)""#;
    assert!(denied.contains(expected), "{denied}");
    assert!(pay(1).contains("-31428"), "a pending request is found");
}

/// A store that another worker changes just before this call consumes an approval.
struct Raced<'s> {
    inner: &'s InMemory,
    meanwhile: &'s dyn Fn(),
    reads: Cell<u32>,
}

impl Store for Raced<'_> {
    fn seed(&self) -> Result<crate::store::Seed, Unavailable> {
        self.inner.seed()
    }

    fn read(&self, cell: u16) -> Result<Versioned, Unavailable> {
        if cell == APPROVALS {
            self.reads.set(self.reads.get() + 1);
            if self.reads.get() == 2 {
                (self.meanwhile)();
            }
        }
        self.inner.read(cell)
    }

    fn compare_and_swap(&self, cell: u16, bytes: &[u8], version: u32) -> Result<Cas, Unavailable> {
        self.inner.compare_and_swap(cell, bytes, version)
    }
}

#[test]
fn a_call_whose_approval_another_call_consumed_requests_another_and_is_not_charged() {
    let gateway = Gateway::new(POLICY);
    reply_text(gateway.judge(&call("alice"), PAY));
    approve(&gateway, true);
    let meanwhile = || gateway.store.set(APPROVALS, crate::store::HEADER).unwrap();
    let raced = Raced { inner: &gateway.store, meanwhile: &meanwhile, reads: Cell::new(0) };
    let second = authorize(&gateway.config, &gateway.bound("alice"), PAY.as_bytes(), "filter", NOW, &raced);
    assert!(reply_text(second).contains("-31428"));
    approve(&gateway, true);
    let passed = gateway.judge(&call("alice"), PAY);
    assert!(passed.record.to_json().contains(r#""remaining":{"pay":1}"#), "the call that came second was not charged");
}

/// It was executed all the same: one approval, one execution.
#[test]
fn a_call_that_the_server_calls_failed_gets_its_quota_back_and_no_approval() {
    let options = r#""limits":{"refund":"failed"},"approvals""#;
    let gateway = Gateway::new(&POLICY.replace("\"max\":2", "\"max\":1").replace(r#""approvals""#, options));
    reply_text(gateway.judge(&call("alice"), PAY));
    approve(&gateway, true);
    let Disposition::Forward(receipt) = gateway.judge(&call("alice"), PAY).answer else { panic!("not forwarded") };
    assert!(receipt.reads_response());
    let mut result = receipt.read_result(ResponseFormat::Json);
    result.push(br#"{"jsonrpc":"2.0","id":7,"result":{"content":[],"isError":true}}"#, usize::MAX);
    assert!(result.has_failed());
    receipt.refund_quota(&gateway.store);
    assert!(reply_text(gateway.judge(&call("alice"), PAY)).contains("-31428"), "there is room, and no approval");
    approve(&gateway, true);
    assert!(is_forwarded(&gateway.judge(&call("alice"), PAY)), "its quota came back");
}

#[test]
fn the_record_names_the_approval_that_was_used_up() {
    let gateway = Gateway::new(&POLICY.replace("\"max\":2", "\"max\":9"));
    reply_text(gateway.judge(&call("alice"), PAY));
    let found = approve(&gateway, true);
    let used = Cell::new(String::new());
    let meanwhile = || {
        let later = |store| {
            authorize(&gateway.config, &gateway.bound("alice"), PAY.as_bytes(), "filter", Timestamp(NOW.0 + 1), store)
        };
        assert!(is_forwarded(&later(&gateway.store)), "another call uses up the one that was found");
        reply_text(later(&gateway.store));
        used.set(approve(&gateway, true));
    };
    let raced = Raced { inner: &gateway.store, meanwhile: &meanwhile, reads: Cell::new(0) };
    let passed = authorize(&gateway.config, &gateway.bound("alice"), PAY.as_bytes(), "filter", NOW, &raced);
    assert!(is_forwarded(&passed));
    let approval = passed.record.approval.unwrap();
    assert_ne!(approval.id, found);
    assert_eq!((approval.id, &*approval.approver), (used.take(), "jwt:boss"));
}

#[test]
fn the_reason_for_the_approver_is_the_conditions_if_the_policy_gives_none() {
    let reason = |predicate: &str| {
        let gateway = Gateway::new(&format!(
            r#"{{"policy":{{"version":"1","default":"deny","tools":{{"pay":{predicate}}}}},"approvals":{{"service":{{"cluster":"a","path":"/"}}}}}}"#
        ));
        let Disposition::Callout(Callout::Approval(request)) = gateway.judge(&call("alice"), PAY).answer else {
            panic!("no approval is requested")
        };
        let body: serde_json::Value = serde_json::from_str(&request.body).unwrap();
        body["reason"].as_str().unwrap().to_owned()
    };
    let conditions = r#"[{"path":"args.amount","op":"gt","value":10},{"path":"args.to","op":"eq","value":"x"}]"#;
    assert_eq!(
        reason(&format!(r#"{{"require_approval":[{{"conditions":{conditions}}}]}}"#)),
        "the policy requires an approval for a call of the tool `pay` if `args.amount` `gt` `10` and `args.to` `eq` `\"x\"`"
    );
    assert_eq!(
        reason(r#"{"action":"require_approval"}"#),
        "the policy requires an approval for each call of the tool `pay`"
    );
}

#[test]
fn a_service_decides_if_the_configuration_names_one() {
    let service = r#""approvals":{"service":{"cluster":"approvals","path":"/decide"}}"#;
    let gateway = Gateway::new(&POLICY.replace(r#""approvals":{"url":"http://localhost:10001"}"#, service));
    let Disposition::Callout(Callout::Approval(inquiry)) = gateway.judge(&call("alice"), PAY).answer else {
        panic!("not asked")
    };
    let id = inquiry.body.split('"').nth(3).unwrap().to_owned();
    let expected = format!(
        r#"{{"id":"{id}","filter":"filter","policy":"default","config":"{}","rule":"/tools/pay/require_approval/0","grant":"constant:alice","method":"tools/call","tool":"pay","params":{{"name":"pay","arguments":{{"amount":25,"to":"x"}}}},"reason":"Over 10, ask.","expiresIn":60}}"#,
        gateway.config.digest
    );
    assert_eq!(inquiry.body, expected);
    assert_eq!(id.len(), 32);
    let results = |response| CalloutResults { approval: Some((id.clone(), response)), ..CalloutResults::default() };
    let decide_with = |response| gateway.judge(&RequestInfo { callouts: results(response), ..call("alice") }, PAY);
    let said = || ApproverNote { id: "1".into(), approver: "bob".into(), note: "fine".into() };
    let passed = decide_with(ApprovalResponse::Approved(said()));
    assert!(is_forwarded(&passed));
    let record = passed.record.to_json();
    assert!(
        record.contains(
            r#""approval":{"id":"1","approver":"bob","note":"fine"},"arguments":["amount","to"],"remaining":{"pay":1}"#
        ),
        "{record}"
    );
    let rejected = reply_text(decide_with(ApprovalResponse::Rejected(said())));
    assert!(
        rejected.contains("Policy violation: a person rejected this call of the tool `pay`: fine; do not repeat it"),
        "{rejected}"
    );
    let pending = Pending { id: "1".into(), url: Some("https://x/1".into()), expires_at: None };
    let pending = reply_text(decide_with(ApprovalResponse::Pending(pending)));
    assert!(pending.contains("ask for approval at https://x/1, then repeat"), "{pending}");
    assert!(pending.contains(r#""approval":{"id":"1","url":"https://x/1"}"#), "{pending}");
    let failed = reply_text(decide_with(ApprovalResponse::Failed));
    assert!(
        failed.contains("Policy violation: the tool `pay` needs approval, and the approval service gave no usable answer; repeat the call later"),
        "{failed}"
    );
    assert_eq!(ApprovalStore(&gateway.store).entries(NOW), Ok(vec![]), "it keeps its own book");
}
