//! The three formats, and what callers may try in them.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use serde_json::{Value, json};

use super::{INTERVAL_MS, MAX_WAITING, NoticeQueue};
use crate::{
    config::Config,
    engine::{BoundRequest, RequestInfo, authorize},
    http::Headers,
    identity::Grant,
    json::quoted,
    store::InMemory,
    time::Timestamp,
};

/// 2026-01-01T00:00:42.500Z
const NOW: Timestamp = Timestamp(1_767_225_642_500);

/// A configuration that announces requests in this format, with more options.
fn config(format: &str, more: &str) -> Config {
    let text = format!(
        r#"{{"policy":{{"version":"1","default":"deny","tools":{{"*":{{"require_approval":[{{"conditions":[],"on_deny":"Ask <https://ok.example|Bob>."}}]}}}}}},
        "approvals":{{"url":"http://localhost:10001/","notify":{{"cluster":"hooks","path":"/services/T0/B0/secret","format":"{format}"}}}}{more}}}"#
    );
    Config::load(text.as_bytes()).unwrap_or_else(|errors| panic!("{errors}"))
}

fn call(config: &Config, store: &InMemory, tool: &str, grant: &str, arguments: &str) -> Option<String> {
    let pairs = [(":method", "POST"), ("content-type", "application/json")];
    let pairs = pairs.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()));
    let info = RequestInfo::new(Headers::new(pairs.into()), Ok(Grant::from_name(grant)));
    let body = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":{},"arguments":{arguments}}}}}"#,
        quoted(tool)
    );
    authorize(config, &BoundRequest::new(config, info), body.as_bytes(), "filter", NOW, store).notice
}

/// The notice of a first call, and the id of its request.
fn notice(config: &Config, tool: &str, grant: &str, arguments: &str) -> (Value, String) {
    let store = InMemory::new([5; 16]);
    let text = call(config, &store, tool, grant, arguments).unwrap();
    let id = crate::approval::ApprovalStore(&store).entries(NOW).unwrap()[0].id_text();
    (serde_json::from_str(&text).unwrap(), id)
}

#[test]
fn a_request_is_announced_once_in_the_gateways_own_format() {
    let config = config("json", "");
    let store = InMemory::new([5; 16]);
    let text = call(&config, &store, "pay", "jwt:alice", r#"{"amount":1}"#).unwrap();
    let id = crate::approval::ApprovalStore(&store).entries(NOW).unwrap()[0].id_text();
    assert_eq!(
        text,
        format!(
            r#"{{"method":"tools/call","tool":"pay","grant":"jwt:alice","reason":"Ask <https://ok.example|Bob>.","policy":"default","rule":"/tools/*/require_approval/0","expiresAt":"2026-01-01T00:10:42Z","id":"{id}","url":"http://localhost:10001/#{id}"}}"#
        )
    );
    assert_eq!(call(&config, &store, "pay", "jwt:alice", r#"{"amount":1.0}"#), None, "the same request");
    assert!(call(&config, &store, "pay", "jwt:alice", r#"{"amount":2}"#).is_some(), "another request");
}

#[test]
fn arguments_are_announced_only_if_records_hold_them() {
    for (option, expected) in [
        ("", Value::Null),
        (r#","audit":{"arguments":"digest"}"#, Value::Null),
        (r#","audit":{"arguments":"values"}"#, json!(r#"{"amount":1}"#)),
    ] {
        let (announced, _) = notice(&config("json", option), "pay", "jwt:alice", r#"{"amount":1}"#);
        assert_eq!(announced["arguments"], expected, "{option}");
    }
}

/// The strings of a message that people see, and its links.
fn texts_and_links(value: &Value, texts: &mut Vec<String>, links: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                match (&**name, value) {
                    ("url", Value::String(url)) => links.push(url.clone()),
                    ("text", Value::String(text)) => texts.push(text.clone()),
                    _ => texts_and_links(value, texts, links),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| texts_and_links(item, texts, links)),
        _ => {}
    }
}

#[test]
fn slack_gets_rich_text_whose_elements_are_literal() {
    let (announced, id) = notice(&config("slack", ""), "pay", "jwt:alice", "{}");
    let code = |text: &str| json!({ "type": "text", "text": text, "style": { "code": true } });
    let name = |text: &str| json!({ "type": "text", "text": text });
    let elements = json!([
        { "type": "text", "text": "A call waits for approval", "style": { "bold": true } },
        name("\nmethod: "), code("tools/call"),
        name("\ntool: "), code("pay"),
        name("\ngrant: "), code("jwt:alice"),
        name("\nreason: "), code("Ask <https://ok.example|Bob>."),
        name("\npolicy: "), code("default"),
        name("\nrule: "), code("/tools/*/require_approval/0"),
        name("\nexpiresAt: "), code("2026-01-01T00:10:42Z"),
        name("\nid: "), code(&id),
        name("\n"),
        { "type": "link", "url": format!("http://localhost:10001/#{id}"), "text": "Open the approval" },
    ]);
    let section = json!({ "type": "rich_text_section", "elements": elements });
    let blocks = json!([{ "type": "rich_text", "elements": [section] }]);
    assert_eq!(announced, json!({ "text": "A call waits for approval", "blocks": blocks }));
}

#[test]
fn workflows_get_a_card_of_text_runs() {
    let (announced, id) = notice(&config("workflows", ""), "pay", "jwt:alice", "{}");
    let attachment = &announced["attachments"][0];
    assert_eq!((&announced["type"], announced["attachments"].as_array().unwrap().len()), (&json!("message"), 1));
    assert_eq!(attachment["contentType"], "application/vnd.microsoft.card.adaptive");
    let card = &attachment["content"];
    assert_eq!((&card["type"], &card["version"]), (&json!("AdaptiveCard"), &json!("1.2")));
    assert_eq!(card["$schema"], "http://adaptivecards.io/schemas/adaptive-card.json");
    let line = json!({ "type": "RichTextBlock", "inlines": [
        { "type": "TextRun", "text": "tool: " }, { "type": "TextRun", "text": "pay", "fontType": "Monospace" },
    ] });
    assert_eq!(card["body"][2], line);
    let url = format!("http://localhost:10001/#{id}");
    assert_eq!(card["actions"], json!([{ "type": "Action.OpenUrl", "title": "Open the approval", "url": url }]));
}

/// What callers may try: marks and links of each format, the end of a string, what reorders and hides text.
const HOSTILE: [&str; 10] = [
    "<https://evil.example|Open the approval>",
    "[Open the approval](https://evil.example)",
    "<!channel> <@U1> :fire: *b* _i_ ~s~ `c` ```p```",
    "&lt;&amp;&gt;",
    r#"","url":"https://evil.example","x":""#,
    r#"\"}]},{"type":"link","url":"https://evil.example"}"#,
    "{{DATE(2017-02-14T06:00:00Z)}} ${x} @{triggerBody()}",
    "<at>everyone</at>",
    "https://evil.example",
    "# h\u{202e}gpj.exe\u{200b}\u{e0041}",
];

#[test]
fn no_text_of_a_caller_is_a_mark_a_link_or_invisible_in_any_format() {
    for format in ["json", "slack", "workflows"] {
        let config = config(format, r#","audit":{"arguments":"values"}"#);
        for hostile in HOSTILE {
            // Names have no control characters.
            let arguments = format!(r#"{{{}:{}}}"#, quoted(hostile), quoted(&format!("{hostile}\n\r\t")));
            let (announced, id) = notice(&config, hostile, &format!("jwt:{hostile}"), &arguments);
            let (mut texts, mut links) = (Vec::new(), Vec::new());
            texts_and_links(&announced, &mut texts, &mut links);
            assert_eq!(links, [format!("http://localhost:10001/#{id}")], "{format}: {announced}");
            if format == "json" {
                let object = announced.as_object().unwrap();
                assert_eq!(object.len(), 10, "{announced}");
                texts.extend(object.values().filter_map(|text| text.as_str().map(str::to_owned)));
            }
            let shown = crate::text::escape_invisible(hostile);
            let shown = if format == "workflows" { shown.replace("{{", "{ {") } else { shown };
            assert!(texts.contains(&shown), "{format}: {texts:?} lacks {shown:?}");
            let is_hidden = |c: char| c != '\n' && crate::text::is_invisible(c);
            assert!(!texts.iter().any(|text| text.chars().any(is_hidden)), "{format}: {announced}");
            if format == "workflows" {
                assert!(!announced.to_string().contains("{{"), "{announced}");
            }
        }
    }
}

#[test]
fn every_text_is_cut() {
    for format in ["json", "slack", "workflows"] {
        let config = config(format, r#","audit":{"arguments":"values"}"#);
        let arguments = format!(r#"{{"text":"{}"}}"#, "\u{202e}".repeat(5000));
        let store = InMemory::new([5; 16]);
        let text = call(&config, &store, &"x".repeat(256), &format!("jwt:{}", "é".repeat(120)), &arguments).unwrap();
        assert!(text.len() < 6000, "{format}: {}", text.len());
        let long = "x".repeat(256);
        assert!(text.contains(&long) && !text.contains(&format!("{long}x")));
    }
}

#[test]
fn the_webhooks_path_is_shown_nowhere() {
    for format in ["json", "slack", "workflows"] {
        let config = config(format, "");
        let (announced, _) = notice(&config, "pay", "jwt:alice", "{}");
        assert!(!announced.to_string().contains("secret"), "{announced}");
        assert!(!format!("{config:?}").contains("/services"), "{config:?}");
    }
}

#[test]
fn notices_go_one_a_second_and_a_bounded_number_waits() {
    let mut queue = NoticeQueue::default();
    for number in 0..MAX_WAITING {
        assert!(queue.push(number.to_string()));
    }
    assert!(!queue.push("one too many".to_owned()));
    let interval = u64::from(INTERVAL_MS);
    assert_eq!(queue.take_due(NOW).as_deref(), Some("0"));
    assert_eq!(queue.take_due(Timestamp(NOW.0 + interval - 1)), None);
    assert_eq!(queue.take_due(Timestamp(NOW.0 + interval)).as_deref(), Some("1"));
    // A clock that steps back by an hour.
    assert_eq!(queue.take_due(Timestamp(NOW.0 - 3_600_000)).as_deref(), Some("2"));
    assert_eq!(queue.waiting(), MAX_WAITING - 3);
}
