//! Arguments beside the pinned schema: `declared` and `strict`, in the session revisions and in revision 2026-07-28.

use super::{digest, listener, pay};
use crate::{
    client::{Request, call, message},
    gateway::{Gateway, Listener},
    runtime::run,
};
use serde_json::{Value, json};

fn policy(more: &Value) -> Value {
    let schema = pay()["inputSchema"].clone();
    let mut policy = json!({ "version": "1", "default": "allow", "definitions": {
        "pay": { "sha256": digest(&pay()), "schema": schema },
    } });
    policy.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    policy
}

/// A call of `pay` in revision 2025-06-18, or in 2026-07-28.
fn pay_call(arguments: &Value, is_modern: bool) -> Request {
    if !is_modern {
        return call("pay", arguments, "7", &[("x-agent", "alice"), ("mcp-protocol-version", "2025-06-18")]);
    }
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": { "name": "t", "version": "1" },
    });
    let params = json!({ "name": "pay", "arguments": arguments, "_meta": meta });
    let body = json!({ "jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": params });
    message(body.to_string())
        .header("x-agent", "alice")
        .header("mcp-protocol-version", "2026-07-28")
        .header("mcp-method", "tools/call")
        .header("mcp-name", "pay")
}

#[test]
fn arguments_that_do_not_fit_never_reach_the_server_in_either_era() {
    run(async {
        let listeners: Vec<Listener> = ["any", "declared", "strict"]
            .iter()
            .map(|check| listener(check, &policy(&json!({ "arguments": check }))))
            .chain([listener("shadow", &policy(&json!({ "arguments": "strict", "mode": "shadow" })))])
            .collect();
        let gateway = Gateway::start("definitions-arguments", &listeners).await;
        let type_rule = "/definitions/pay/schema/properties/amount/type";
        let cases = [
            (json!({ "amount": 5 }), ["", "", ""], "", ""),
            (json!({ "amount": "5" }), ["", type_rule, type_rule], "/amount", "string"),
            (json!({ "amount": true }), ["", type_rule, type_rule], "/amount", "boolean"),
            (
                json!({}),
                ["", "/definitions/pay/schema/required", "/definitions/pay/schema/required"],
                "/amount",
                "missing",
            ),
            (
                json!({ "amount": 5, "Amount": 900 }),
                ["", "", "/definitions/pay/schema/properties"],
                "/Amount",
                "unnamed",
            ),
        ];
        for is_modern in [false, true] {
            for (arguments, rules, pointer, sent) in &cases {
                for (name, rule) in ["any", "declared", "strict"].into_iter().zip(rules) {
                    let request = pay_call(arguments, is_modern);
                    let answer = gateway.send(name, &request).await;
                    assert_eq!(answer.is_upstreams(), rule.is_empty(), "{name} {arguments}: {answer}");
                    // With headers released, the server sees the head of a denied call, and no byte of its body.
                    let seen = gateway.upstream().settled(&request).await;
                    let bodies = seen.iter().filter(|seen| !seen.body.is_empty()).count();
                    assert_eq!(bodies, usize::from(rule.is_empty()), "{name} {arguments}");
                    if !rule.is_empty() {
                        let data = &answer.json()["error"]["data"];
                        assert_eq!((answer.status, &data["rule"]), (200, &json!(rule)), "{name} {arguments}: {answer}");
                        let argument = &data["argument"];
                        assert_eq!(
                            (&argument["pointer"], &argument["sent"]),
                            (&json!(pointer), &json!(sent)),
                            "{answer}"
                        );
                        let record: Value = serde_json::from_str(&gateway.record(&request).await).expect("a record");
                        assert_eq!(
                            (&record["decision"], &record["rule"], &record["argument"]),
                            (&json!("denied"), &json!(rule), &json!(pointer)),
                            "{record}"
                        );
                    }
                }
                let request = pay_call(arguments, is_modern);
                let answer = gateway.send("shadow", &request).await;
                assert!(answer.is_upstreams(), "{answer}");
                let record: Value = serde_json::from_str(&gateway.record(&request).await).expect("a record");
                let expected = if rules[2].is_empty() { Value::Null } else { json!(rules[2]) };
                assert_eq!(record["shadow"]["rule"], expected, "{record}");
            }
        }
        let metrics = gateway.metrics().await;
        let series = "policy=.=default;.;tool=.=pay;.;mcp_policy_invalid_arguments";
        // Of `declared` three in each era, of `strict` four.
        assert_eq!(metrics.get(series), Some(&14), "{metrics:?}");
    });
}
