//! Web pages before the gateway that `render envoy` writes: those of this machine, or of listed origins, can read its answers, also
//! denials and `Retry-After`; other pages and other host names reach nothing.

use crate::{
    client::{Request, Response, call},
    gateway::Gateway,
    prerequisites::find,
    runtime::run,
};
use serde_json::{Value, json};
use std::{path::Path, process::Command};
use tokio::task::spawn_blocking;

const LIMITED: &str = r#"{"version":"1","default":"deny","tools":{"ok":{"rate_limit":"1/day"}}}"#;

fn from(origin: &str, tool: &str) -> Request {
    call(tool, &json!({}), "1", &[]).header("origin", origin)
}

/// What a page needs to read an answer.
#[track_caller]
pub(crate) fn assert_readable(answer: &Response, origin: &str) {
    assert_eq!(answer.header("access-control-allow-origin"), Some(origin), "{answer}");
    let exposed = "retry-after, mcp-session-id, www-authenticate";
    assert_eq!(answer.header("access-control-expose-headers"), Some(exposed), "{answer}");
}

#[test]
fn a_page_of_this_machine_reads_a_denial_and_when_to_retry() {
    run(async {
        let gateway = Gateway::start_rendered("pages-loopback", LIMITED).await;
        let page = "http://localhost:8080";
        let mut preflight = Request::new("OPTIONS", "/mcp").header("origin", page);
        preflight = preflight.header("access-control-request-method", "POST");
        preflight =
            preflight.header("access-control-request-headers", "authorization,content-type,mcp-protocol-version");
        let allowed = gateway.send("mcp", &preflight).await;
        assert_eq!((allowed.status, allowed.header("access-control-allow-origin")), (200, Some(page)), "{allowed}");
        assert_eq!(allowed.header("access-control-allow-headers"), Some("*, authorization"), "{allowed}");

        let denied = gateway.send("mcp", &from(page, "evil")).await;
        assert_eq!((denied.status, denied.json()["error"]["code"].as_i64()), (200, Some(-31403)), "{denied}");
        assert_readable(&denied, page);
        assert!(gateway.send("mcp", &from(page, "ok")).await.is_upstreams());
        let limited = gateway.send("mcp", &from(page, "ok")).await;
        assert_eq!(limited.json()["error"]["code"], -31429, "{limited}");
        assert!(limited.header("retry-after").is_some(), "{limited}");
        assert_readable(&limited, page);
    });
}

#[test]
fn another_page_or_host_name_reaches_nothing() {
    run(async {
        let gateway = Gateway::start_rendered("pages-other", LIMITED).await;
        let request = from("http://evil.example", "ok");
        let refused = gateway.send("mcp", &request).await;
        assert_eq!((refused.status, refused.json()["error"]["code"].as_i64()), (403, Some(-32600)), "{refused}");
        assert_eq!(refused.header("access-control-allow-origin"), None, "{refused}");
        assert_eq!(gateway.upstream().settled(&request).await.len(), 0);
        let rebound = call("ok", &json!({}), "1", &[]).host("evil.example:10000");
        let refused = gateway.send("mcp", &rebound).await;
        assert_eq!((refused.status, refused.is_upstreams()), (421, false), "{refused}");
        assert_eq!(gateway.upstream().settled(&rebound).await.len(), 0);
        for host in ["localhost", "localhost:10000", "127.0.0.1:1", "[::1]:10000"] {
            let denied = gateway.send("mcp", &call("evil", &json!({}), "1", &[]).host(host)).await;
            assert_eq!(denied.status, 200, "{host}: {denied}");
        }
    });
}

#[test]
fn listed_pages_alone_read_answers() {
    run(async {
        let origins = r#"["https://app.example.com","https://*.example.org"]"#;
        let document = format!(r#"{{"policy":{LIMITED},"protocol":{{"origins":{origins}}}}}"#);
        let gateway = Gateway::start_rendered("pages-listed", &document).await;
        for page in ["https://app.example.com", "https://a.example.org"] {
            let denied = gateway.send("mcp", &from(page, "evil")).await;
            assert_eq!(denied.status, 200, "{denied}");
            assert_readable(&denied, page);
        }
        for page in ["http://localhost:8080", "https://example.org", "null", "https://a.example.org.evil"] {
            let refused = gateway.send("mcp", &from(page, "evil")).await;
            assert_eq!(
                (refused.status, refused.header("access-control-allow-origin")),
                (403, None),
                "{page}: {refused}"
            );
        }
    });
}

/// What the script of a page at a host of this machine reads of the gateway's answers to calls of these tools, in Chromium.
async fn in_browser(browser: &Path, gateway: &Gateway, host: &str, tools: &[&str]) -> Vec<Value> {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/page.mjs");
    let calls =
        tools.iter().map(|tool| String::from_utf8(call(tool, &json!({}), "1", &[]).body.bytes()).expect("text"));
    let mut command = Command::new("node");
    command.arg(program).args([host, &format!("http://{}/mcp", gateway.at("mcp"))]).args(calls);
    command.env("MCP_POLICY_BROWSER", browser);
    let done = spawn_blocking(move || command.output()).await.expect("it ends").expect("node");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    serde_json::from_slice(&done.stdout).expect("what the page has read")
}

#[test]
fn a_page_in_chromium_reads_a_denial_a_limit_and_when_to_retry() {
    let Some(browser) = find("browser") else { return };
    run(async {
        let gateway = Gateway::start_rendered("pages-chromium", LIMITED).await;
        let read = in_browser(&browser, &gateway, "localhost", &["evil", "ok", "ok"]).await;
        let code = |answer: &Value| {
            let body: Value = serde_json::from_str(answer["body"].as_str().unwrap_or_default()).unwrap_or_default();
            body["error"]["code"].as_i64()
        };
        let [denied, passed, limited] = read.as_slice() else { panic!("{read:?}") };
        assert_eq!((&denied["status"], code(denied), &denied["retryAfter"]), (&json!(200), Some(-31403), &Value::Null));
        assert_eq!((&passed["status"], code(passed)), (&json!(200), None), "{passed}");
        assert_eq!((&limited["status"], code(limited)), (&json!(200), Some(-31429)));
        let seconds = limited["retryAfter"].as_str().and_then(|seconds| seconds.parse().ok());
        assert!(seconds.is_some_and(|seconds: u32| (1..=86_400).contains(&seconds)), "{limited}");
    });
}

#[test]
fn a_page_of_another_origin_in_chromium_reads_nothing_and_reaches_nothing() {
    let Some(browser) = find("browser") else { return };
    run(async {
        let gateway = Gateway::start_rendered("pages-chromium-other", LIMITED).await;
        let read = in_browser(&browser, &gateway, "127.0.0.2", &["ok"]).await;
        assert_eq!(read, [json!({ "error": "TypeError: Failed to fetch" })]);
        // A page's requests have no number.
        let any = Request { case: String::new(), ..Request::new("POST", "/mcp") };
        assert_eq!(gateway.upstream().settled(&any).await.len(), 0);
    });
}
