//! What a record says of arguments, and that no secret is written down.

use super::{listener, record_of};
use crate::{
    client::{call, message},
    gateway::{Gateway, Listener, json_text},
    runtime::{run, until},
};
use serde_json::json;
use sha2::{Digest as _, Sha256};

#[test]
fn of_arguments_is_noted_what_the_option_says() {
    run(async {
        let modes = ["none", "names", "digest", "values"];
        let listeners = modes.map(|mode| listener(mode, &json!({ "audit": { "arguments": mode } })));
        let gateway = Gateway::start("audit-arguments", &listeners).await;
        let arguments = r#"{"amount":1e2,"to":"me"}"#;
        let text = format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"ok","arguments":{arguments}}}}}"#
        );
        let digest: String = Sha256::digest(arguments).iter().map(|byte| format!("{byte:02x}")).collect();
        for (mode, expected) in modes.into_iter().zip([
            json!([null, null, null]),
            json!([["amount", "to"], null, null]),
            json!([["amount", "to"], digest, null]),
            json!([["amount", "to"], null, { "amount": 1e2, "to": "me" }]),
        ]) {
            let record = record_of(&gateway, mode, &message(text.clone())).await;
            assert_eq!(json!([record["arguments"], record["argumentsDigest"], record["argumentValues"]]), expected);
        }
    });
}

#[test]
fn values_begin_no_line_in_a_log() {
    run(async {
        let options = json!({ "audit": { "arguments": "values", "log": "all" } });
        let gateway = Gateway::start("audit-one-line", &[listener("mcp", &options)]).await;
        let text = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"ok\",\"arguments\":{\"a\":\r\n\"forged\",\n\"b\":\t1}}}";
        let request = message(text);
        let record = record_of(&gateway, "mcp", &request).await;
        assert_eq!(record["argumentValues"], json!({ "a": "forged", "b": 1 }));
        let line = until("the record is in the log", || async {
            gateway.log().lines().find(|line| line.contains("forged")).map(ToOwned::to_owned)
        })
        .await;
        assert!(line.contains("mcp-policy: {\"decision\":\"allowed\"") && line.ends_with('}'), "{line}");
    });
}

#[test]
fn by_default_no_token_and_no_value_is_written_down() {
    run(async {
        let sources = [json!({ "bearer": true }), json!({ "header": "x-key", "secret": true })];
        for (at, source) in sources.into_iter().enumerate() {
            let policy = json!({ "version": "1", "default": "deny", "tools": { "ok": {
                "require": [{ "conditions": [{ "path": "args.amount", "op": "lte", "value": 100 }] }],
            } } });
            let configuration = json!({ "policy": policy, "identity": [source], "audit": { "log": "all" } });
            let listener = Listener::new("mcp", json_text(&configuration.to_string())).access_log();
            let gateway = Gateway::start(&format!("audit-secrets-{at}"), &[listener]).await;
            let secrets = [("authorization", "Bearer token-9f86"), ("x-key", "key-9f86"), ("cookie", "id=cookie-9f86")];
            let denied = call("ok", &json!({ "amount": 101, "note": "value-9f86" }), "1", &secrets);
            let allowed = call("ok", &json!({ "amount": 99, "note": "value-9f86" }), "1", &secrets);
            // Broken off in the middle of a value, and with a name that is a secret's.
            let unreadable =
                secrets.iter().fold(message(r#"{"note":"value-9f86"#), |all, (name, value)| all.header(name, value));
            for request in [denied, allowed, unreadable] {
                let record = record_of(&gateway, "mcp", &request).await;
                assert!(record["grant"].is_string(), "{record}");
            }
            let lines = || async { (gateway.log().matches("mcp-policy: {").count() == 3).then_some(()) };
            until("three lines are in the log", lines).await;
            for (name, text) in [("log", gateway.log()), ("access log", gateway.access_log())] {
                let found = text.lines().find(|line| line.contains("-9f86"));
                assert_eq!(found, None, "in the {name}");
            }
        }
    });
}
