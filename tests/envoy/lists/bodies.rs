//! Answers that are JSON.

use super::{EVIL, OK, answered, both, list, listener, tools};
use crate::{
    client::{self, Request, call, message},
    gateway::{Gateway, Listener},
    runtime::run,
};
use serde_json::json;

const JSON: (&str, &str) = ("content-type", "application/json");

#[test]
fn a_list_is_trimmed_however_it_is_cut_and_framed() {
    run(async {
        let listeners = [
            listener("hold", "hold"),
            listener("release", "release").without_stop_iteration(),
            listener("http2", "hold").upstream_http2(),
            listener("small", "hold").buffer_limit(1024),
        ];
        let gateway = Gateway::start("lists-bodies", &listeners).await;
        let (before, after) = both();
        let length = before.len().to_string();
        let sized = [JSON, ("content-length", &length)];
        for listener in ["hold", "release", "http2", "small"] {
            let (front, back) = before.as_bytes().split_at(before.len() / 2);
            for (headers, pieces, trailer) in [
                (&sized[..], vec![before.as_bytes()], false),
                (&sized[..], vec![front, back], false),
                (&sized[..1], vec![before.as_bytes()], false),
                (&sized[..1], before.as_bytes().chunks(1).collect(), false),
                (&sized[..1], vec![front, back], true),
                (&sized[..1], vec![before.as_bytes(), b""], true),
            ] {
                let request = list().header("accept-encoding", "gzip");
                let answer = answered(&gateway, listener, &request, headers, &pieces, trailer).await;
                assert_eq!(answer.text(), after, "{listener} {headers:?} {} pieces, {trailer}", pieces.len());
                assert!(answer.is_upstreams(), "{answer}");
                let seen = gateway.upstream().settled(&request).await;
                assert!(!seen[0].headers.iter().any(|(name, _)| name == "accept-encoding"), "{seen:?}");
            }
        }
    });
}

#[test]
fn over_http2_a_list_is_trimmed_too() {
    run(async {
        let gateway = Gateway::start("lists-http2", &[listener("hold", "hold").upstream_http2()]).await;
        let (before, after) = both();
        let request = list();
        let mut script = gateway.upstream().script(&request, 200, &[JSON]);
        tokio::spawn(async move { script.send_data(before.into()).await });
        let answer = client::send_http2(gateway.at("hold"), &request).await;
        assert_eq!(answer.text(), after, "{answer}");
    });
}

#[test]
fn a_list_of_five_megabytes_is_trimmed_where_the_policy_allows_its_length() {
    run(async {
        let configuration = json!({
            "policy": { "version": "1", "default": "deny", "tools": { "ok": {} } },
            "protocol": { "headers": "hold" },
        });
        let long = Listener::new("long", crate::gateway::json_text(&configuration.to_string()));
        let listeners = [long, listener("short", "hold")];
        let gateway = Gateway::start("lists-long", &listeners).await;
        let filler = "x".repeat(1000);
        let tool = |index: usize| format!(r#"{{"name":"tool_{index}","description":"{filler}"}}"#);
        let all: Vec<String> = (0..5000).map(tool).chain([OK.to_owned()]).collect();
        let before = tools(&all.join(","));
        assert!(before.len() > 5_000_000);
        let pieces: Vec<&[u8]> = before.as_bytes().chunks(1 << 16).collect();
        let answer = answered(&gateway, "long", &list(), &[JSON], &pieces, false).await;
        assert_eq!(answer.text(), tools(OK));
        let answer = answered(&gateway, "short", &list(), &[JSON], &pieces, false).await;
        let message = "Response refused: the server's response is longer than `lists.max_bytes`, so it was not forwarded; ask \
                       the gateway's operator to raise it, or the server's to list in pages";
        assert_eq!((answer.status, answer.json()["error"]["message"].as_str()), (200, Some(message)));
        assert_eq!(answer.json()["id"], 7);
    });
}

/// What is put into a buffer that Envoy holds counts against its limit: beyond, Envoy ended the stream within the host call, which
/// ended the VM and then Envoy.
#[test]
fn a_list_and_an_answer_to_a_call_may_be_longer_than_envoys_buffer() {
    run(async {
        let configuration = json!({
            "policy": { "version": "1", "default": "deny", "tools": { "tool_*": {
                "results": { "redact": [{ "find": "email" }] },
            } } },
            "protocol": { "headers": "hold" },
        });
        let limited = |name: &str, bytes| {
            Listener::new(name, crate::gateway::json_text(&configuration.to_string())).buffer_limit(bytes)
        };
        let listeners =
            [limited("small", 1024), limited("usual", 1 << 20), limited("http2", 32 << 10).upstream_http2()];
        let gateway = Gateway::start("lists-longer", &listeners).await;
        let filler = "x".repeat(1000);
        let tool = |index: usize| format!(r#"{{"name":"tool_{index}","description":"{filler}"}}"#);
        let shown = tools(&(0..2000).map(tool).collect::<Vec<_>>().join(","));
        let with_one_more = tools(&(0..2000).map(tool).chain([EVIL.to_owned()]).collect::<Vec<_>>().join(","));
        let answer_with = |address: &str| {
            let lines = format!("{filler} {address}\\n").repeat(900);
            format!(r#"{{"jsonrpc":"2.0","id":7,"result":{{"content":[{{"type":"text","text":"{lines}"}}]}}}}"#)
        };
        let (called, clear, redacted) =
            (call("tool_1", &json!({}), "7", &[]), answer_with("bob@example.com"), answer_with("[redacted]"));
        for listener in ["small", "usual", "http2"] {
            for (request, before, after) in
                [(list(), &shown, &shown), (list(), &with_one_more, &shown), (called.clone(), &clear, &redacted)]
            {
                for (size, trailer) in [(1 << 14, false), (1 << 20, false), (1 << 16, true)] {
                    let pieces: Vec<&[u8]> = before.as_bytes().chunks(size).collect();
                    let answer = answered(&gateway, listener, &request, &[JSON], &pieces, trailer).await;
                    assert!(answer.text() == *after, "{listener}, pieces of {size}, {trailer}: {}", answer.status);
                }
            }
        }
    });
}

#[test]
fn behind_a_list_only_white_space_may_come() {
    run(async {
        let gateway = Gateway::start("lists-behind", &[listener("hold", "hold").upstream_http2()]).await;
        let (before, after) = both();
        for behind in ["", " ", "\r\n\t"] {
            let pieces = [before.as_bytes(), behind.as_bytes()];
            let answer = answered(&gateway, "hold", &list(), &[JSON], &pieces, false).await;
            assert_eq!(answer.text().trim_end(), after);
        }
    });
}

#[test]
fn what_is_no_list_stays_as_it_is() {
    run(async {
        let gateway = Gateway::start("lists-others", &[listener("hold", "hold")]).await;
        let text = tools(EVIL);
        let length = text.len().to_string();
        // Not even a result that looks like a list: the answers of calls are not read.
        let headers = [JSON, ("content-length", &*length)];
        let request = call("ok", &json!({}), "7", &[]);
        let answer = answered(&gateway, "hold", &request, &headers, &[text.as_bytes()], false).await;
        assert_eq!((answer.text(), answer.header("content-length")), (text.clone(), Some(&*length)));
        // Nor what is no success.
        let request = list();
        let mut script = gateway.upstream().script(&request, 401, &[("content-type", "text/html")]);
        script.send_data("<html>".into()).await.expect("room");
        drop(script);
        let answer = gateway.send("hold", &request).await;
        assert_eq!((answer.status, &*answer.text()), (401, "<html>"));
    });
}

#[test]
fn an_empty_page_keeps_its_cursor() {
    run(async {
        let gateway = Gateway::start("lists-page", &[listener("hold", "hold")]).await;
        let answer = answered(&gateway, "hold", &list(), &[JSON], &[tools(EVIL).as_bytes()], false).await;
        assert_eq!(answer.text(), tools(""));
    });
}

/// A list request of revision 2026-07-28.
fn modern_list() -> Request {
    let meta = r#"{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}"#;
    message(format!(r#"{{"jsonrpc":"2.0","id":7,"method":"tools/list","params":{{"_meta":{meta}}}}}"#))
        .header("mcp-protocol-version", "2026-07-28")
        .header("mcp-method", "tools/list")
}

#[test]
fn a_modern_list_stays_byte_for_byte_unless_an_entry_is_cut_or_callers_differ() {
    run(async {
        let policy = json!({ "version": "1", "default": "deny", "tools": { "ok": {} } });
        let bound = json!({
            "policies": { "a": policy, "b": policy },
            "bindings": [{ "grant": "address:9.*", "policy": "b" }, { "policy": "a" }],
        });
        let bound = Listener::new("bound", crate::gateway::json_text(&bound.to_string()));
        let gateway = Gateway::start("lists-modern", &[listener("same", "hold"), bound]).await;
        let text = |entries: &str, caching: &str| {
            format!(
                r#"{{"jsonrpc":"2.0","id":7 ,"result":{{ "resultType":"complete",{caching}"tools": [{entries}]}}}}"#
            )
        };
        let (shared, private) =
            (r#""ttlMs": 3e6,"cacheScope":"public", "#, r#""ttlMs": 60000,"cacheScope":"private", "#);
        for (listener, entries, after) in [
            ("same", OK.to_owned(), text(OK, shared)),
            ("same", String::new(), text("", shared)),
            ("same", format!("{OK},{EVIL}"), text(OK, private)),
            ("bound", OK.to_owned(), text(OK, private)),
        ] {
            let before = text(&entries, shared);
            let answer = answered(&gateway, listener, &modern_list(), &[JSON], &[before.as_bytes()], false).await;
            assert_eq!(answer.text(), after, "{listener}");
        }
    });
}
