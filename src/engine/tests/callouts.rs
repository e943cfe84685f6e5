//! Questions to external services, as what they take and count.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{Disposition, Gateway, NOW, RequestInfo, call};
use crate::{
    audit::metric,
    engine::{
        approval_service::ApprovalResponse,
        callout::{Callout, CalloutResponse, CalloutResults, Recorded},
    },
};

const PAY: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"pay","arguments":{"amount":25}}}"#;

fn gateway(options: &str) -> Gateway {
    let rule = r#"{"action":"require_approval","limits":[{"counter":"c","window":"day","max":2,"scope":"grant"}]}"#;
    Gateway::new(&format!(r#"{{"policy":{{"version":"1","default":"deny","tools":{{"pay":{rule}}}}},{options}}}"#))
}

const SERVICE: &str = r#""approvals":{"service":{"cluster":"a","path":"/"}}"#;
const STORE: &str = r#""approvals":{"url":"http://c/","store":{"etcd":{"cluster":"etcd"}}}"#;
const CHARGE: &str = r#""approvals":{"url":"http://c/"},"limits":{"service":{"cluster":"rls"}}"#;

fn ask(gateway: &Gateway, call: &RequestInfo) -> Callout {
    match gateway.judge(call, PAY).answer {
        Disposition::Callout(ask) => ask,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_question_says_how_many_bytes_it_holds_and_what_counts_it_if_it_stays_unanswered() {
    let approval = ask(&gateway(SERVICE), &call("alice"));
    let Callout::Approval(request) = &approval else { panic!("{approval:?}") };
    assert_eq!((approval.size(), approval.unanswered_metric()), (request.body.len(), metric::APPROVALS_UNANSWERED));
    assert!(request.body.len() > 100);
    let stored = ask(&gateway(STORE), &call("alice"));
    let Callout::Store { call: question, .. } = &stored else { panic!("{stored:?}") };
    assert_eq!((stored.size(), stored.unanswered_metric()), (question.size(), metric::APPROVALS_UNANSWERED));
    let charge = Callout::Charge { mode: crate::policy::Mode::Enforce, message: vec![0; 321] };
    assert_eq!((charge.size(), charge.unanswered_metric()), (321, metric::LIMITS_UNANSWERED));
}

#[test]
fn an_answer_counts_if_it_can_be_used() {
    let (service, store) = (ask(&gateway(SERVICE), &call("alice")), ask(&gateway(STORE), &call("alice")));
    let record = |ask: &Callout, status: &str, body: &str| {
        let (mut results, status, body) = (CalloutResults::default(), status.into(), body.into());
        let recorded = results.record(ask.clone(), Some(&CalloutResponse { status, body }), NOW);
        (recorded, results.approval.map(|(_, approval)| approval))
    };
    for (status, body, is_usable) in [
        ("200", r#"{"decision":"approve"}"#, true),
        ("200", r#"{"decision":"reject"}"#, true),
        ("200", r#"{"decision":"pending"}"#, true),
        ("500", r#"{"decision":"approve"}"#, false),
        ("200", "{", false),
    ] {
        let (recorded, approval) = record(&service, status, body);
        let expected = if is_usable { Recorded::Answered } else { Recorded::Unanswered };
        assert_eq!(recorded, expected, "{status} {body}");
        assert_eq!(approval == Some(ApprovalResponse::Failed), !is_usable, "{status} {body}");
    }
    for unanswered in [service, store] {
        assert_eq!(CalloutResults::default().record(unanswered, None, NOW), Recorded::Unanswered);
    }
}

#[test]
fn an_approver_reads_what_the_call_would_use_of_its_limits() {
    let uses = |options: &str, limits: &str| {
        let rule = format!(r#"{{"action":"require_approval","limits":[{limits}]}}"#);
        let gateway = Gateway::new(&format!(
            r#"{{"policy":{{"version":"1","default":"deny","tools":{{"pay":{rule}}}}},"approvals":{{"url":"http://c/"}}{options}}}"#
        ));
        assert!(matches!(gateway.judge(&call("alice"), PAY).answer, Disposition::Reply(_)));
        let approvals = crate::approval::ApprovalStore(&gateway.store);
        let entry = approvals.entries(NOW).unwrap().remove(0);
        let bytes = approvals.details(&entry).unwrap();
        crate::approval::ApprovalDetails::read(&bytes, entry.fingerprint).unwrap().uses.to_owned()
    };
    let day = r#"{"counter":"a","window":"day","max":5,"scope":"grant"}"#;
    let sliding = r#"{"counter":"b","window":"hour","max":9,"scope":"global","algorithm":"sliding","increment":1.5}"#;
    let keyed = r#"{"counter":"c","window":90,"max":2,"scope":"grant","key":["args.amount"]}"#;
    let counted = r#"{"counter":"d","window":"day","scope":"session"}"#;
    let first = r#"{"counter":"a","cost":1,"window":86400,"scope":"grant","max":5,"used":0}"#;
    assert_eq!(uses("", ""), "");
    assert_eq!(uses("", day), format!("[{first}]"));
    assert_eq!(
        uses("", &[day, sliding, keyed, counted].join(",")),
        format!(
            r#"[{first},{},{},{}]"#,
            r#"{"counter":"b","cost":1.5,"window":3600,"algorithm":"sliding","scope":"global","max":9,"used":0}"#,
            r#"{"counter":"c","cost":1,"window":90,"scope":"key","max":2,"used":0}"#,
            r#"{"counter":"d","cost":1,"window":86400,"scope":"session","used":0}"#
        )
    );
    let remote = r#","limits":{"service":{"cluster":"rls"}}"#;
    assert_eq!(uses(remote, day), r#"[{"counter":"a","cost":1,"window":86400,"scope":"grant","max":5}]"#);
    let many: Vec<String> = (0..12).map(|number| day.replace("\"a\"", &format!("\"c{number}\""))).collect();
    assert_eq!(uses("", &many.join(",")).matches("counter").count(), 8);
}

#[test]
fn a_service_is_not_asked_to_charge_a_call_that_waits_for_approval() {
    let waiting = gateway(CHARGE).judge(&call("alice"), PAY);
    assert_eq!(waiting.record.decision.name(), "approval_required");
    assert!(matches!(waiting.answer, Disposition::Reply(_)), "{waiting:?}");
}

#[test]
fn what_a_service_says_holds_for_the_rule_that_it_was_asked_about() {
    let policy = r#"{"version":"1","default":"deny","tools":{
        "spend":{"limits":[{"counter":"spent","window":"day","scope":"grant"}]},
        "pay":{"require_approval":[
            {"conditions":[{"counter":"spent","op":"gt","value":0}],"on_deny":"Ask a director."},
            {"conditions":[],"on_deny":"Ask a manager."}]}}}"#;
    let gateway = Gateway::new(&format!(r#"{{"policy":{policy},{SERVICE}}}"#));
    let question = ask(&gateway, &call("alice"));
    let approved = CalloutResponse { status: b"200".to_vec(), body: br#"{"decision":"approve"}"#.to_vec() };
    let mut caller = call("alice");
    assert_eq!(caller.callouts.record(question, Some(&approved), NOW), Recorded::Answered);
    assert!(matches!(gateway.judge(&caller, PAY).answer, Disposition::Forward(_)));
    // Meanwhile, another call of the same caller makes the first rule ask.
    let spend = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"spend"}}"#;
    assert!(matches!(gateway.judge(&call("alice"), spend).answer, Disposition::Forward(_)));
    let why = "the tool `pay` needs approval, and the approval service gave no usable answer; repeat the call later";
    let data = format!(
        r#"{{"kind":"denied","rule":"/tools/pay/require_approval/0","policy":"default","tool":"pay","reason":"{why}","requestId":"r-1"}}"#
    );
    let error = format!(r#"{{"code":-31403,"message":"Policy violation: {why}","data":{data}}}"#);
    let Disposition::Reply(reply) = gateway.judge(&caller, PAY).answer else { panic!("it passes") };
    assert_eq!(reply.body, format!(r#"{{"jsonrpc":"2.0","id":1,"error":{error}}}"#));
}
