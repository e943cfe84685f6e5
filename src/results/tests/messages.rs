//! What of a message is looked at, and what becomes of it.

use base64::{Engine as _, engine::general_purpose::STANDARD};
#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{format_named, inspection, stream};

const MAIL: &str = "bob@example.com";

#[test]
fn every_text_of_a_message_is_looked_at() {
    let email = format_named("email");
    for message in [
        r#"{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"X"}]}}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":{"structuredContent":{"a":[{"b":"X"}]},"content":[]}}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":{"_meta":{"a/b":"X"},"content":[]}}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"resource","resource":{"uri":"a:b","text":"X"}}]}}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"resource_link","uri":"mailto:X","name":"n","description":"X"}]}}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":{"contents":[{"uri":"a:b","mimeType":"text/plain","text":"X"}]}}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":{"messages":[{"role":"user","content":{"type":"text","text":"X"}}],"description":"X"}}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":{"inputRequests":{"k":{"method":"elicitation/create","params":{"message":"X"}}}}}"#,
        r#"{"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":"X","data":{"a":"X"}}}"#,
        r#"{"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":"x","data":"X"}}"#,
        r#"{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"X"}}"#,
        r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"message":"X"}}"#,
        r#"{"jsonrpc":"2.0","id":7,"method":"sampling/createMessage","params":{"systemPrompt":"X","messages":[]}}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"a","annotations":{"audience":["X"]}}]}}"#,
        r#"[{"jsonrpc":"2.0","id":1,"result":{"x":"X"}},{"jsonrpc":"2.0","id":2,"result":{"x":"X"}}]"#,
        r#""X""#,
    ] {
        let expected = message.replace('X', "[redacted]");
        assert_eq!(stream(&email, &message.replace('X', MAIL)), expected);
        let spaced = message.replace(",\"", " ,\n\t\"").replace("\":", "\" : ");
        assert_eq!(stream(&email, &spaced.replace('X', MAIL)), spaced.replace('X', "[redacted]"), "all else stays");
    }
}

#[test]
fn strings_without_a_find_stay_byte_for_byte() {
    let email = format_named("email");
    let message = r#"{ "jsonrpc":"2.0" ,"id":1,"result":{"a":"\u0041\/\u00e9","b":[1.0,1e2, true,null],"c":"\"bob\u0040example.com\""} }"#;
    let expected =
        r#"{ "jsonrpc":"2.0" ,"id":1,"result":{"a":"\u0041\/\u00e9","b":[1.0,1e2, true,null],"c":"\"[redacted]\""} }"#;
    assert_eq!(stream(&email, message), expected);
}

#[test]
fn a_secret_that_two_blocks_share_is_found() {
    let block = |texts: &[&str]| {
        let blocks: Vec<String> = texts.iter().map(|text| format!(r#"{{"type":"text","text":"{text}"}}"#)).collect();
        format!(r#"{{"jsonrpc":"2.0","id":1,"result":{{"content":[{}]}}}}"#, blocks.join(","))
    };
    let card = format_named("credit_card");
    let r = "[redacted]";
    for (before, after) in [
        (vec!["no 4111 1111 ", "1111 1111 end"], vec![format!("no {r}"), format!("{r} end")]),
        (vec!["4111", "1111", "1111", "1111"], vec![r.into(), r.into(), r.into(), r.into()]),
        (vec!["4", "111111111111111"], vec![r.into(), r.into()]),
        (vec!["a", "b", "4111111111111111"], vec!["a".into(), "b".into(), r.into()]),
    ] {
        let after: Vec<&str> = after.iter().map(String::as_str).collect();
        assert_eq!(stream(&card, &block(&before)), block(&after));
    }
    let mut random = super::random::Random(9);
    for _ in 0..50 {
        for finder in ["email", "jwt", "github_token", "aws_key", "slack_token", "mcp_grant", "iban", "private_key"] {
            let inspection = format_named(finder);
            let sample = super::random::sample(&mut random, finder);
            if finder == "jwt" && sample.len() > 250 {
                continue;
            }
            let cut = 4 + random.below(sample.len() - 8);
            let (one, two) = sample.split_at(cut);
            let (one, two) = (one.replace('\n', "\\n"), two.replace('\n', "\\n"));
            let out = stream(&inspection, &block(&[&one, &two]));
            let longest = if one.len() > two.len() { &one } else { &two };
            assert!(!out.contains(longest.as_str()), "{finder}: {one} | {two}\n{out}");
        }
    }
}

#[test]
fn images_and_binary_blobs_are_not_looked_at_and_other_blobs_are_decoded() {
    let email = format_named("email");
    let coded = STANDARD.encode(format!("write to {MAIL} now"));
    for (kind, is_read) in [("image", false), ("audio", false), ("text", true), ("resource", true)] {
        let message = format!(r#"{{"id":1,"result":{{"content":[{{"type":"{kind}","data":"{coded}"}}]}}}}"#);
        assert_eq!(stream(&email, &message) != message, is_read, "{kind}");
    }
    for (media_type, is_read) in [
        (r#","mimeType":"image/png""#, false),
        (r#","mimeType":"application/zip""#, false),
        (r#","mimeType":"text/plain""#, true),
        (r#","mimeType":"application/json""#, true),
        (r#","mimeType":"image/svg+xml""#, true),
        (r#","mimeType":"application/x-yaml""#, true),
        ("", true),
    ] {
        let message = format!(r#"{{"id":1,"result":{{"contents":[{{"uri":"a:b","blob":"{coded}"{media_type}}}]}}}}"#);
        let out = stream(&email, &message);
        assert_eq!(out.contains("-31451"), is_read, "{media_type}: {out}");
    }
    // What is not base64 is a text, and what a lenient client decodes is decoded.
    for blob in [
        MAIL,
        "Ym9iQGV4YW1wbGUuY29",
        "Ym9i\\nQGV4\\nYW1wbGUuY29t",
        "AGJvYkBleGFtcGxlLmNvbQDDv8O_",
        "AGJvYkBleGFtcGxlLmNvbQDDvw",
    ] {
        let message = format!(r#"{{"id":1,"result":{{"contents":[{{"blob":"{blob}","mimeType":"image/png"}}]}}}}"#);
        let refused = r#"{"jsonrpc":"2.0","id":1,"error":{"code":-31451"#;
        assert!(stream(&email, &message).starts_with(refused), "{blob}");
    }
    let message = format!(r#"{{"id":1,"result":{{"content":[{{"data":"{MAIL}","type":"image"}}]}}}}"#);
    assert_eq!(stream(&email, &message), message.replace(MAIL, "[redacted]"));
    // A secret that is base64 is no image where the protocol has none.
    let card = format_named("credit_card");
    let message = r#"{"id":1,"result":{"structuredContent":{"type":"image","data":"4111111111111111"}}}"#;
    assert_eq!(stream(&card, message), message.replace("4111111111111111", "[redacted]"));
}

#[test]
fn an_image_is_bytes_only_where_the_protocol_has_content_items() {
    let card = format_named("credit_card");
    let media = r#"{"type":"image","data":"4111111111111111"}"#;
    for message in [
        r#"{"id":1,"error":{"code":-1,"message":"x","data":X}}"#,
        r#"{"id":1,"error":{"code":-1,"message":"x","data":[X]}}"#,
        r#"{"method":"notifications/message","params":{"level":"info","data":X}}"#,
        r#"{"method":"notifications/message","params":{"level":"info","type":"image","data":"4111111111111111"}}"#,
        r#"{"id":1,"result":X}"#,
        r#"{"id":1,"result":{"structuredContent":{"content":[X]}}}"#,
        r#"{"id":2,"method":"sampling/createMessage","params":{"messages":[{"role":"assistant","content":{"type":"tool_use","input":{"content":X}}}]}}"#,
    ] {
        let message = message.replace('X', media);
        assert_eq!(stream(&card, &message), message.replace("4111111111111111", "[redacted]"));
    }
    for message in [
        r#"{"id":1,"result":{"content":[X]}}"#,
        r#"{"id":1,"result":{"messages":[{"role":"user","content":X}]}}"#,
        r#"{"id":1,"result":{"inputRequests":{"k":{"method":"sampling/createMessage","params":{"messages":[{"content":[X]}]}}}}}"#,
        r#"{"id":2,"method":"sampling/createMessage","params":{"messages":[{"content":[{"type":"tool_result","content":[X]}]}]}}"#,
        r#"{"method":"notifications/tasks","params":{"taskId":"t","status":"completed","result":{"content":[X]}}}"#,
    ] {
        let message = message.replace('X', media);
        assert_eq!(stream(&card, &message), message);
    }
    let blob = r#"{"uri":"a:b","mimeType":"image/png","blob":"NDExMTExMTExMTExMTExMQ=="}"#;
    for (message, is_read) in [
        (r#"{"id":1,"result":{"contents":[X]}}"#, false),
        (r#"{"id":1,"result":{"content":[{"type":"resource","resource":X}]}}"#, false),
        (r#"{"id":1,"error":{"code":-1,"message":"x","data":X}}"#, true),
    ] {
        let out = stream(&card, &message.replace('X', blob));
        assert_eq!(out.contains("-31451"), is_read, "{out}");
    }
}

#[test]
fn a_find_in_a_name_refuses_the_answer() {
    let email = format_named("email");
    let out = stream(&email, &format!(r#"{{"id":1,"result":{{"structuredContent":{{"{MAIL}":1}}}}}}"#));
    assert!(out.contains("-31451") && out.contains("/all_tools/results/redact/0") && !out.contains(MAIL), "{out}");
}

#[test]
fn a_number_that_is_a_card_becomes_a_text() {
    let card = format_named("credit_card");
    assert_eq!(
        stream(&card, r#"{"id":1,"result":{"structuredContent":{"pan":4111111111111111,"n":4111111111111112}}}"#),
        r#"{"id":1,"result":{"structuredContent":{"pan":"[redacted]","n":4111111111111112}}}"#
    );
}

#[test]
fn a_find_of_deny_if_refuses_the_answer() {
    let denied = inspection(
        r#"{"redact":[{"find":"email"}],"deny_if":[{"find":"private_key"}],"on_deny":"keys stay on the server"}"#,
    );
    let message = r#"{"id":1,"result":{"x":"-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----"}}"#;
    assert_eq!(
        stream(&denied, message),
        r#"{"jsonrpc":"2.0","id":1,"error":{"code":-31451,"message":"Result refused: keys stay on the server. The call itself was carried out.","data":{"kind":"denied","rule":"/all_tools/results/deny_if/0","reason":"keys stay on the server"}}}"#
    );
}

#[test]
fn what_cannot_be_read_is_refused() {
    let email = format_named("email");
    for text in [
        r#"{"id":1,"result":{"a":1,"a":2}}"#,
        r#"{"id":1,"result":"\ud800"}"#,
        r#"{"id":1"#,
        "{}{}",
        "\u{feff}{}",
        "[1,]",
    ] {
        let out = stream(&email, text);
        assert!(out.contains("-31451") && out.contains("(unreadable result)"), "{text}: {out}");
    }
}

#[test]
fn an_answer_that_is_too_large_is_refused() {
    let small = inspection(r#"{"max_bytes":38}"#);
    let fits = r#"{"id":1,"result":{"x":"0123456789ab"}}"#;
    assert_eq!(fits.len(), 38);
    assert_eq!(stream(&small, fits), fits);
    let out = stream(&small, &fits.replace("ab", "abc"));
    assert_eq!(
        out,
        r#"{"jsonrpc":"2.0","id":1,"error":{"code":-31413,"message":"Result refused: the answer is larger than 38 bytes, which the policy allows; ask for less, such as one page. The call itself was carried out.","data":{"kind":"denied","rule":"/all_tools/results/max_bytes","reason":"the answer is larger than 38 bytes, which the policy allows; ask for less, such as one page"}}}"#
    );
}

#[test]
fn an_expression_sees_what_is_near_a_text() {
    let own = inspection(
        r#"{"redact":[{"regex":"sk-[A-Za-z0-9]{20,}","near":"sk-","replace":"***"},{"regex":"(?i)employee \\d{6}","near":"loyee"}]}"#,
    );
    let text = |text: &str| format!(r#"{{"id":1,"result":{{"x":"{text}"}}}}"#);
    assert_eq!(
        stream(&own, &text("a sk-0123456789abcdefghijkl b Employee 123456, employee 12345")),
        text("a *** b [redacted], employee 12345")
    );
    let far = "x".repeat(3000);
    assert_eq!(stream(&own, &text(&format!("{far} sk-0123456789abcdefghij {far}"))), text(&format!("{far} *** {far}")));
    let many = text(&"sk- ".repeat(100_000));
    let out = stream(&own, &many);
    assert!(out.contains("-31451") && out.contains("(too much to check)"), "{}", out.get(..200).unwrap_or(&out));
}
