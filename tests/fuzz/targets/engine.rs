//! The whole decision, under policies that use every kind of rule: it always answers; what goes on is JSON, and no
//! call of a tool that the policy does not name; what is answered or noted is JSON that a client can read.
#![no_main]

use std::cell::LazyCell;

use libfuzzer_sys::fuzz_target;
use mcp_policy::{
    config::Config,
    engine::{
        self, AuthorizationResponse, BoundRequest, Disposition, HeadersVerdict, RequestInfo,
        callout::{Callout, CalloutResponse, Recorded},
    },
    identity::Grant,
    json::{Reader, ValueType},
    store::InMemory,
    time::Timestamp,
};
use mcp_policy_fuzz::{Allowance, Input};

const CLOSED: &[u8] = br#"{"version":"1","default":"deny","tools":{"ok":{},
    "pay":{"require":[{"conditions":[{"path":"args.amount","op":"lte","value":100}]}],
        "deny_if":[{"conditions":[{"path":"args.to[*].name","op":"regex","value":"^x"}]}],
        "limits":[{"counter":"c","window":"day","max":1000000000000,"scope":"grant","increment_from":"args.amount"}]},
    "file":{"require":[{"conditions":[{"path":"args.path","op":"path_within","value":["/srv"]}]}]},
    "ask":{"require_approval":[{"conditions":[{"path":"args.url","op":"url_host_in","value":["*.a.b"]}]}]}},
    "resources":{"file:///*":{}},"prompts":{"p*":{}}}"#;
const OPEN: &[u8] = br#"{"version":"1","default":"allow","hide":["evil"],"methods":{"ping":"deny"},
    "all_tools":{"deny_if":[{"conditions":[{"path":"args.amount","op":"gt","value":100}]}]}}"#;

thread_local! {
    static CONFIGS: LazyCell<([Config; 3], InMemory)> = LazyCell::new(|| {
        let services = r#","approvals":{"service":{"cluster":"c","path":"/"}},"limits":{"service":{"cluster":"c"}}}"#;
        // No service counts that far.
        let closed = String::from_utf8_lossy(CLOSED).replace("1000000000000", "4294967295");
        let asking = [r#"{"policy":"#, &closed, services].concat().into_bytes();
        let configs = [CLOSED, OPEN, &asking].map(|text| Config::load(text).expect("the policy loads"));
        // One for all inputs, as making it costs more than a decision; no limit ever fills.
        (configs, InMemory::new([7; 16]))
    });
}

fuzz_target!(|data: &[u8]| CONFIGS.with(|state| {
    let (configs, store) = &**state;
    let input = Input::of(data);
    let grant = Ok(Grant::from_name("constant:fuzz"));
    let info = RequestInfo::new(input.headers, grant);
    let named = &["ok", "pay", "file", "ask"][..];
    for (config, tools) in configs.iter().zip([named, &[], named]) {
        let call = BoundRequest::new(config, info.clone());
        let mut response = match engine::check_headers(config, &call, !input.body.is_empty()) {
            HeadersVerdict::Bypass | HeadersVerdict::Continue(_) => continue,
            HeadersVerdict::Reply(response) | HeadersVerdict::Discard(response) => *response,
            HeadersVerdict::ExpectEmptyBody(_) => engine::unexpected_body(config, &call),
            HeadersVerdict::NeedBody => Allowance::of(input.body.len() * 4)
                .keep(|| engine::authorize(config, &call, input.body, "fuzz", Timestamp(0), store)),
        };
        check(&response, input.body, tools);
        let mut call = call;
        for _ in 0..4 {
            let Disposition::Callout(ask) = &response.answer else { break };
            let recorded = call.callouts().record(ask.clone(), Some(&willing(ask)), Timestamp(0));
            assert!(!matches!(recorded, Recorded::Next(_)), "one answer is enough");
            response = engine::authorize(config, &call, input.body, "fuzz", Timestamp(0), store);
            check(&response, input.body, tools);
            assert!(matches!(response.answer, Disposition::Callout(_) | Disposition::Forward(_)), "{response:?}");
        }
        assert!(!matches!(response.answer, Disposition::Callout(_)), "services are asked again and again");
    }
}));

/// What a service says to let a call pass.
fn willing(ask: &Callout) -> CalloutResponse {
    let (status, body) = match ask {
        Callout::Approval(_) => (&b"200"[..], &br#"{"decision":"approve"}"#[..]),
        Callout::Charge { .. } => (&b"0"[..], &b"\x08\x01"[..]),
        Callout::Store { .. } => panic!("no etcd keeps approvals"),
    };
    CalloutResponse { status: status.to_vec(), body: body.to_vec() }
}

fn check(response: &AuthorizationResponse, body: &[u8], tools: &[&str]) {
    assert_eq!(kind(response.record.to_json().as_bytes()), Some(ValueType::Object));
    match &response.answer {
        Disposition::Forward(_) => {
            assert_eq!(kind(body), Some(ValueType::Object));
            let value: serde_json::Value = match serde_json::from_slice(body) {
                Ok(value) => value,
                // With exact numbers, serde_json gives a name of its own to one, and accepts it from no other source.
                Err(error) if error.is_data() => return,
                Err(error) => panic!("what goes on is not JSON: {error}"),
            };
            let named = value["params"]["name"].as_str().unwrap_or_default();
            let permitted = tools.is_empty() && named != "evil" || tools.contains(&named);
            assert!(value["method"] != "tools/call" || permitted, "{named}");
        }
        Disposition::Reply(reply) => {
            assert!([200, 202, 400, 405, 413, 415].contains(&reply.status), "{}", reply.status);
            assert!(reply.body.is_empty() || kind(reply.body.as_bytes()) == Some(ValueType::Object), "{}", reply.body);
        }
        Disposition::Callout(Callout::Approval(inquiry)) => {
            assert_eq!(kind(inquiry.body.as_bytes()), Some(ValueType::Object), "{}", inquiry.body);
        }
        Disposition::Callout(Callout::Charge { message, .. }) => assert!(!message.is_empty()),
        Disposition::Callout(Callout::Store { .. }) => panic!("no etcd keeps approvals"),
    }
}

/// What kind of value a text is, if it is strict JSON.
fn kind(text: &[u8]) -> Option<ValueType> {
    let mut reader = Reader::new(text, 64).ok()?;
    let kind = reader.value_type().ok()?;
    reader.skip().and_then(|_| reader.finish()).ok()?;
    reader.name_fault().is_none().then_some(kind)
}
