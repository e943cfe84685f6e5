//! Web pages before the gateway that `render envoy` writes: those of this machine, or of listed origins, can read its answers, also
//! denials and `Retry-After`; other pages and other host names reach nothing.

use crate::{
    client::{Request, Response, call},
    gateway::Gateway,
    runtime::run,
};
use serde_json::json;

const LIMITED: &str = r#"{"version":"1","default":"deny","tools":{"ok":{"rate_limit":"1/day"}}}"#;

fn from(origin: &str, tool: &str) -> Request {
    call(tool, &json!({}), "1", &[]).header("origin", origin)
}

/// What a page needs to read an answer.
#[track_caller]
fn assert_readable(answer: &Response, origin: &str) {
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
