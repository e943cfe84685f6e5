//! The answers to the page, as the page reads them.

use serde_json::{Value, json};

use crate::tools::Sources;

use super::{Refused, Session, answer};

fn session() -> Session {
    Session::new("/nonexistent-folder/policy.json", Sources::default()).map_err(|stop| stop.message).unwrap()
}

fn ask(name: &str, body: &Value) -> Result<Value, Refused> {
    answer(&session(), name, body.to_string().as_bytes()).map(|text| serde_json::from_str(&text).unwrap())
}

const POLICY: &str = r#"{"version": "1", "default": "deny", "description": "é𝄞", "tools": {"a": {}}}"#;

#[test]
fn a_new_file_starts_with_a_policy_that_denies_everything() {
    let opened = ask("open", &json!({})).unwrap();
    assert_eq!(opened["text"], "{\n  \"version\": \"1\",\n  \"default\": \"deny\",\n  \"tools\": {}\n}\n");
    assert_eq!(opened["saved"], json!({"policy": "", "cases": ""}));
    assert_eq!(opened["cases_file"], "/nonexistent-folder/policy.cases.json");
    assert!(opened["schema"]["$defs"]["Rule"]["properties"]["limits"].is_object());
}

#[test]
fn changes_are_replacements_in_code_units() {
    let units = |text: &str| POLICY.split(text).next().unwrap_or_default().encode_utf16().count();
    let change = json!({"op": "set", "pointer": ["tools", "a", "action"], "json": "\"deny\""});
    let inside = units("{}") + 1;
    assert_eq!(
        ask("change", &json!({"text": POLICY, "changes": [change]})),
        Ok(json!([{"from": inside, "to": inside, "insert": " \"action\": \"deny\" "}]))
    );
    let both = json!({"text": POLICY, "decision": "hide", "entries": [
        {"policy": 0, "section": "tools", "name": "a"}, {"policy": 0, "section": "tools", "name": "b"}]});
    let end = POLICY.encode_utf16().count() - 1;
    assert_eq!(
        ask("decide", &both),
        Ok(json!([
            {"from": end, "to": end, "insert": ", \"hide\": [\"a\"]"},
            {"from": end + 14, "to": end + 14, "insert": ", \"b\""},
        ]))
    );
}

#[test]
fn a_refused_request_says_why() {
    for (name, body, status, why) in [
        ("other", json!({}), 404, "there is no `other`"),
        ("view", json!({}), 400, "missing field `text`"),
        (
            "recommend",
            json!({"text": POLICY, "entries": [{"policy": 0, "server": "s", "name": "x\u{202e}"}]}),
            422,
            "the catalogue has no rule for `x\\u{202e}`",
        ),
        (
            "try",
            json!({"text": "{}", "call": {}}),
            422,
            "the policy does not load\n/nonexistent-folder/policy.json:1:1: ",
        ),
        (
            "render",
            json!({"text": POLICY, "gateway": "envoy", "option": "ftp://x"}),
            422,
            "invalid value 'ftp://x' for '--upstream <URL>'",
        ),
        (
            "save",
            json!({"text": POLICY, "cases": ""}),
            409,
            "cannot read the folder of `/nonexistent-folder/policy.json`",
        ),
    ] {
        let refused = ask(name, &body).unwrap_err();
        assert_eq!(refused.status, status, "{name}");
        assert!(refused.why.starts_with(why), "{name}: {}", refused.why);
    }
}

#[test]
fn a_rendered_gateway_comes_with_its_command() {
    let rendered =
        ask("render", &json!({"text": POLICY, "gateway": "envoy", "option": "http://127.0.0.1:3000"})).unwrap();
    assert_eq!(
        rendered["command"],
        "mcp-policy render envoy /nonexistent-folder/policy.json --upstream=http://127.0.0.1:3000"
    );
    assert!(rendered["output"].as_str().unwrap().contains("port_value: 3000"));
    for gateway in ["sidecar", "istio", "envoy-gateway"] {
        let rendered = ask("render", &json!({"text": POLICY, "gateway": gateway, "option": ""})).unwrap();
        assert!(rendered["output"].as_str().unwrap().contains("kind: "), "{gateway}");
    }
}

#[test]
fn a_change_is_compared_with_the_file() {
    let compared = ask("changes", &json!({"text": POLICY, "cases": ""})).unwrap();
    assert_eq!(compared, json!({"old": false, "faulty": false, "differences": [], "flips": []}));
    // A file with mistakes is not one without a policy.
    let session = session();
    session.saved.lock().unwrap().policy = "{".to_owned();
    let body = json!({"text": POLICY, "cases": ""}).to_string();
    let compared: Value = serde_json::from_str(&answer(&session, "changes", body.as_bytes()).unwrap()).unwrap();
    assert_eq!(compared, json!({"old": false, "faulty": true, "differences": [], "flips": []}));
}
