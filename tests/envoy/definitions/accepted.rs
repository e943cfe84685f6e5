//! An approver accepts what was seen.

use super::{list, listener, names, pay, policy, rules};
use crate::{
    client::{Body, Request},
    command::try_command,
    gateway::{Gateway, Listener, json_text},
    runtime::run,
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// The approver's token.
const TOKEN: &str = "a-token-for-tests";

fn console() -> Listener {
    let digest: String = Sha256::digest(TOKEN).iter().map(|byte| format!("{byte:02x}")).collect();
    let configuration = json!({ "console": { "approvers": [format!("bearer:{digest}")] } });
    Listener::new("console", json_text(&configuration.to_string())).without_server().access_log()
}

/// A request by the approver.
fn visit(gateway: &Gateway, method: &str, path: &str) -> Request {
    let host = gateway.at("console").to_string();
    Request::new(method, path)
        .host(&host)
        .header("authorization", &format!("Bearer {TOKEN}"))
        .header("origin", &format!("http://{host}"))
        .header("content-type", "application/json")
}

#[test]
fn an_approver_accepts_the_very_definition_that_was_seen() {
    run(async {
        let gateway = Gateway::start("definitions-accepted", &[listener("mcp", &policy(&json!({}))), console()]).await;
        let mut mended = pay();
        mended["description"] = "Pays one invoice.".into();
        let drifts = async || {
            let answer = gateway.send("console", &visit(&gateway, "GET", "/api/drifts")).await;
            answer.json()["drifts"].as_array().cloned().unwrap_or_else(|| panic!("no drifts: {answer}"))
        };
        assert_eq!(drifts().await, [] as [Value; 0]);
        // The same worker may see neither, so the definition before is there only if it was.
        for _ in 0..8 {
            list(&gateway, "mcp", &[pay()]).await;
        }
        list(&gateway, "mcp", &[mended.clone()]).await;
        let [drift] = <[Value; 1]>::try_from(drifts().await).expect("one drift");
        assert_eq!([&drift["tool"], &drift["state"], &drift["grant"]], ["pay", "drifted", "header:alice"]);
        let seen: Value = serde_json::from_str(drift["seen"].as_str().expect("a definition")).expect("JSON");
        assert_eq!(seen["description"], "Pays one invoice.");
        let id = drift["id"].as_str().expect("an id");
        for (status, body) in
            [(400, r#"{"decision":"reject"}"#), (200, r#"{"decision":"accept","note":"a typing error"}"#)]
        {
            let request = visit(&gateway, "POST", &format!("/api/drifts/{id}")).body(Body::sized(body));
            let answer = gateway.send("console", &request).await;
            assert_eq!(answer.status, status, "{answer}");
            if status == 200 {
                let record: Value = serde_json::from_str(&gateway.record(&request).await).expect("a record");
                assert_eq!([&record["decision"], &record["tool"]], ["accepted", "pay"], "{record}");
                assert_eq!(record["approval"]["note"], "a typing error", "{record}");
            }
        }
        assert_eq!(rules(&gateway, "mcp", "pay").await, [""]);
        for _ in 0..4 {
            let (_, answer) = list(&gateway, "mcp", &[mended.clone()]).await;
            assert_eq!(names(&answer), ["pay"]);
        }
        // It was this definition, and no other.
        mended["description"] = "Pays all invoices.".into();
        let (_, answer) = list(&gateway, "mcp", &[mended]).await;
        assert_eq!(names(&answer), [] as [&str; 0]);
        assert_eq!(rules(&gateway, "mcp", "pay").await, ["/definitions/pay"]);
        let request =
            visit(&gateway, "POST", &format!("/api/drifts/{id}")).body(Body::sized(r#"{"decision":"accept"}"#));
        assert_eq!(gateway.send("console", &request).await.status, 404, "another definition has another id");
    });
}

#[test]
fn the_command_lists_what_has_changed_and_accepts_it() {
    run(async {
        let gateway = Gateway::start("definitions-command", &[listener("mcp", &policy(&json!({}))), console()]).await;
        let mut mended = pay();
        mended["description"] = "Pays one\u{200b} invoice.".into();
        for _ in 0..8 {
            list(&gateway, "mcp", &[pay()]).await;
        }
        list(&gateway, "mcp", &[mended]).await;
        let url = format!("http://{}", gateway.at("console"));
        let run = |arguments: &[&str]| {
            let arguments = [&["approvals"], arguments, &["--url", &url, "--token-file", "-"]].concat();
            let arguments: Vec<String> = arguments.into_iter().map(ToOwned::to_owned).collect();
            tokio::task::spawn_blocking(move || {
                let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
                try_command(&arguments, TOKEN)
            })
        };
        let (code, text, error) = run(&["drifts"]).await.expect("the command");
        assert_eq!(code, 0, "{error}");
        assert!(text.contains("`pay` differs from its pin") && text.contains(r"Pays one\u{200b} invoice."), "{text}");
        let id = text.split_whitespace().next().expect("an id").to_owned();
        let (code, text, error) = run(&["accept", &id, "--note", "fine"]).await.expect("the command");
        assert_eq!(code, 0, "{error}");
        assert!(text.starts_with("accepted: calls of `pay` pass"), "{text}");
        assert_eq!(rules(&gateway, "mcp", "pay").await, [""]);
        let (_, text, _) = run(&["drifts"]).await.expect("the command");
        assert!(text.contains("  accepted, seen from "), "{text}");
        let (code, _, error) = run(&["accept", "00000000000000000000"]).await.expect("the command");
        assert_eq!((code, error.contains("no such definition is denied")), (1, true), "{error}");
    });
}
