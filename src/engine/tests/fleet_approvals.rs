//! Calls whose approvals etcd keeps.

use super::{AuthorizationResponse, Disposition, Gateway, NOW, RequestInfo, call};
use crate::{
    approval::{
        ApproverDecision, GrantDigest,
        etcd::{Query, QueryResult, tests::model::Etcd},
    },
    engine::callout::{Callout, CalloutResponse, CalloutResults, Recorded},
    identity::Grant,
};

const POLICY: &str = r#"{"policy":{"version":"1","default":"deny","tools":{
    "pay":{"action":"require_approval","limits":[{"counter":"pays","window":"day","max":1,"scope":"grant"}]},
    "look":{}}},
    "approvals":{"url":"http://c/","store":{"etcd":{"cluster":"etcd"}}}LIMITS}"#;
const PAY: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"pay"}}"#;

fn gateway(limits: &str) -> Gateway {
    Gateway::new(&POLICY.replace("LIMITS", limits))
}

/// Judges a call by `alice` with what etcd answers, and with these answers of the rate-limit service; returns what became of it, and
/// how often etcd was asked.
fn judge(
    gateway: &Gateway,
    etcd: &mut Option<Etcd>,
    body: &str,
    mut counted: &[&[u8]],
) -> (AuthorizationResponse, CalloutResults, usize) {
    let (mut call, mut asked): (RequestInfo, usize) = (call("alice"), 0);
    loop {
        let judged = gateway.judge(&call, body);
        let Disposition::Callout(mut ask) = judged.answer else { return (judged, call.callouts, asked) };
        loop {
            let body = match &ask {
                Callout::Store { call, .. } => {
                    asked += 1;
                    let rpc = call.rpc();
                    etcd.as_mut().and_then(|etcd| etcd.answer(rpc.method.names(), &rpc.message).ok())
                }
                Callout::Charge { .. } => {
                    let (first, rest) = counted.split_first().expect("more is counted");
                    counted = rest;
                    Some(first.to_vec())
                }
                Callout::Approval(_) => panic!("no service decides"),
            };
            let response = body.map(|body| CalloutResponse { status: b"0".to_vec(), body });
            match call.callouts.record(ask, response.as_ref(), NOW) {
                Recorded::Next(next) => ask = next,
                Recorded::Answered | Recorded::Unanswered => break,
            }
        }
    }
}

/// Decides on the only approval.
fn decide(etcd: &mut Option<Etcd>, approved: bool) {
    let etcd = etcd.as_mut().expect("an etcd");
    let mut query = |query: Query| {
        let rpc = query.rpc(&"mcp-policy/".into());
        let response = etcd.answer(rpc.method.names(), &rpc.message);
        query.read(response.ok().as_deref())
    };
    let Some(QueryResult::Listed(listed)) = query(Query::List) else { panic!() };
    let decision = ApproverDecision {
        approved,
        grant: GrantDigest::of(&Grant::from_name("jwt:boss")),
        approver: "jwt:boss",
        note: "fine",
    };
    let decided = listed[0].decide(&decision, NOW).expect("it is pending");
    assert!(matches!(query(Query::Decide(Box::new(decided))), Some(QueryResult::Decided(_))));
}

#[track_caller]
fn text(judged: &AuthorizationResponse) -> &str {
    match &judged.answer {
        Disposition::Reply(reply) => &reply.body,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_call_waits_for_approval_and_then_passes_once() {
    let (gateway, mut etcd) = (gateway(""), Some(Etcd::default()));
    let (waiting, _, asked) = judge(&gateway, &mut etcd, PAY, &[]);
    let id = waiting.record.approval.as_ref().expect("a request").id.clone();
    assert_eq!(asked, 3, "a look, a lease, a transaction");
    assert!(text(&waiting).contains(&format!("http://c/#{id}")), "{}", text(&waiting));
    let record = waiting.record.to_json();
    assert!(record.contains(&format!(r#""approval":{{"id":"{id}","store":"etcd"}}"#)), "{record}");
    decide(&mut etcd, true);
    let (passed, mut callouts, asked) = judge(&gateway, &mut etcd, PAY, &[]);
    let Disposition::Forward(receipt) = &passed.answer else { panic!("{passed:?}") };
    assert_eq!((asked, receipt.holds_stored_approval()), (2, true));
    let expected = format!(r#""approval":{{"id":"{id}","approver":"jwt:boss","note":"fine","store":"etcd"}}"#);
    assert!(passed.record.to_json().contains(&expected), "{}", passed.record.to_json());
    assert!(callouts.take_used_approval().is_some());
    let (again, ..) = judge(&gateway, &mut etcd, PAY, &[]);
    assert!(text(&again).contains("has reached the rate limit"), "limits are tested before anyone is asked");
}

#[test]
fn a_call_without_such_a_rule_asks_etcd_nothing() {
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"look"}}"#;
    let (passed, _, asked) = judge(&gateway(""), &mut None, body, &[]);
    assert!(matches!(passed.answer, Disposition::Forward(_)));
    assert_eq!(asked, 0);
}

#[test]
fn a_call_is_denied_if_etcd_does_not_answer() {
    let gateway = gateway("");
    let (denied, mut callouts, asked) = judge(&gateway, &mut None, PAY, &[]);
    let reason = "the tool `pay` needs approval, and the gateway cannot read the approvals; repeat the call later";
    assert!(text(&denied).contains(reason), "{}", text(&denied));
    assert_eq!((&*denied.record.rule, asked), ("(approvals unavailable)", 1));
    assert_eq!(callouts.take_used_approval(), None);
}

#[test]
fn a_rejected_call_is_denied_with_what_the_approver_said() {
    let (gateway, mut etcd) = (gateway(""), Some(Etcd::default()));
    let _waiting = judge(&gateway, &mut etcd, PAY, &[]);
    decide(&mut etcd, false);
    let (denied, ..) = judge(&gateway, &mut etcd, PAY, &[]);
    assert_eq!(denied.record.rule, "/tools/pay/action");
    assert!(text(&denied).contains("fine"), "{}", text(&denied));
}

#[test]
fn an_approval_is_taken_before_a_service_counts_and_goes_back_if_the_limit_has_no_room() {
    let (gateway, mut etcd) = (gateway(r#","limits":{"service":{"cluster":"rls"}}"#), Some(Etcd::default()));
    let _waiting = judge(&gateway, &mut etcd, PAY, &[]);
    decide(&mut etcd, true);
    for counted in [&b"\x08\x02"[..], b"", b"\x08\x02"] {
        let (refused, mut callouts, _) = judge(&gateway, &mut etcd, PAY, &[counted]);
        assert!(matches!(refused.answer, Disposition::Reply(_)), "{refused:?}");
        let held = callouts.take_used_approval().expect("it was taken before");
        let (store, rpc) = held.put_back(NOW).expect("it has not expired");
        assert_eq!(&*store.cluster, "etcd");
        etcd.as_mut().expect("an etcd").answer(rpc.method.names(), &rpc.message).expect("it goes back");
    }
    let (passed, ..) = judge(&gateway, &mut etcd, PAY, &[b"\x08\x01"]);
    let Disposition::Forward(receipt) = passed.answer else { panic!("{passed:?}") };
    let (_, rpc) = receipt.give_back(&gateway.store, || Some(NOW)).expect("no server got the call");
    etcd.as_mut().expect("an etcd").answer(rpc.method.names(), &rpc.message).expect("it goes back");
    let (passed, ..) = judge(&gateway, &mut etcd, PAY, &[b"\x08\x01"]);
    let Disposition::Forward(receipt) = passed.answer else { panic!("{passed:?}") };
    assert_eq!(receipt.give_back(&gateway.store, || None), None, "without the time it may have expired");
}

#[test]
fn the_command_keeps_approvals_as_one_envoy_does() {
    let gateway = gateway("");
    let call = RequestInfo { callouts: CalloutResults::local_only(), ..call("alice") };
    let judged = gateway.judge(&call, PAY);
    assert!(text(&judged).contains("Approval required"), "{}", text(&judged));
}

#[test]
fn an_answer_about_another_call_is_none_about_this_one() {
    let (gateway, mut etcd) = (gateway(""), Some(Etcd::default()));
    let (_, callouts, _) = judge(&gateway, &mut etcd, PAY, &[]);
    let other = PAY.replace(r#""name":"pay""#, r#""name":"pay","arguments":{"to":"x"}"#);
    let of = |body: &str| gateway.judge(&RequestInfo { callouts: callouts.clone(), ..call("alice") }, body).record.rule;
    assert_eq!([of(PAY), of(&other)], ["/tools/pay/action", "(approvals unavailable)"]);
}
