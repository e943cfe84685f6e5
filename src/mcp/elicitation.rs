//! Whether a client shows pages to its user: URL mode elicitation; MCP 2025-11-25 and 2026-07-28, elicitation.
//!
//! It is read only of a call that waits for approval, and of `initialize`: no other request pays for it.

use crate::json::outline::last_member;

use super::Request;

/// The member of `_meta` in which a 2026-07-28 request declares what its client can do.
const CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";

/// The revision that has sessions and URL mode elicitation.
pub const SESSION_REVISION: &str = "2025-11-25";

/// Whether a 2026-07-28 request declares that its client shows pages to its user.
#[must_use]
pub fn is_declared_by_request(request: &Request<'_>) -> bool {
    declares(request.params, &["_meta", CAPABILITIES])
}

/// Whether `initialize` declares the same for its session.
#[must_use]
pub fn is_declared_by_initialize(request: &Request<'_>) -> bool {
    request.method == "initialize" && declares(request.params, &["capabilities"])
}

/// Whether a request answers what its server has asked for in an earlier round; MCP 2026-07-28, multi round-trip requests.
#[must_use]
pub fn has_input_responses(request: &Request<'_>) -> bool {
    last_member(request.params, "inputResponses").is_some()
}

/// Whether the capabilities behind `path` have URL mode elicitation. A client that declares elicitation without modes has forms only.
fn declares(params: &[u8], path: &[&str]) -> bool {
    let path = path.iter().chain(&["elicitation", "url"]);
    let mut value = Some(params);
    for name in path {
        value = value.and_then(|object| last_member(object, name));
    }
    value.is_some_and(|url| url.first() == Some(&b'{'))
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{has_input_responses, is_declared_by_initialize, is_declared_by_request};
    use crate::mcp::{Message, Request};

    fn with_request<T>(method: &str, params: &str, check: impl FnOnce(&Request<'_>) -> T) -> T {
        let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}"#);
        let Ok(Message::Request(request)) = Message::read(body.as_bytes(), 64) else { panic!("{body}") };
        check(&request)
    }

    #[test]
    fn only_url_mode_is_a_declaration() {
        for (capabilities, expected) in [
            (r#"{"elicitation":{"url":{}}}"#, true),
            (r#"{ "roots": {}, "elicit\u0061tion" : { "form":{}, "url" : {} } }"#, true),
            (r#"{"elicitation":{}}"#, false),
            (r#"{"elicitation":{"form":{}}}"#, false),
            (r#"{"elicitation":{"url":true}}"#, false),
            (r#"{"elicitation":{"url":null}}"#, false),
            (r#"{"elicitation":[{"url":{}}]}"#, false),
            (r#"{"elicitation":{"URL":{}}}"#, false),
            (r#"{"url":{}}"#, false),
            ("{}", false),
        ] {
            let initialize = format!(r#"{{"capabilities":{capabilities}}}"#);
            assert_eq!(with_request("initialize", &initialize, is_declared_by_initialize), expected, "{capabilities}");
            let call =
                format!(r#"{{"name":"t","_meta":{{"io.modelcontextprotocol/clientCapabilities":{capabilities}}}}}"#);
            assert_eq!(with_request("tools/call", &call, is_declared_by_request), expected, "{capabilities}");
            // Arguments declare nothing, and no other method opens a session.
            let argument = format!(r#"{{"name":"t","arguments":{{"capabilities":{capabilities}}}}}"#);
            assert!(!with_request("tools/call", &argument, is_declared_by_request));
            assert!(!with_request("ping", &initialize, is_declared_by_initialize));
        }
    }

    #[test]
    fn any_answer_of_an_earlier_round_counts() {
        for (params, expected) in [
            (r#"{"name":"t","inputResponses":{"mcp-policy/approval":{"action":"accept"}}}"#, true),
            (r#"{"name":"t","inputResponses":{}}"#, true),
            (r#"{"name":"t","inputResponses":null}"#, true),
            (r#"{"name":"t","arguments":{"inputResponses":{}}}"#, false),
        ] {
            assert_eq!(with_request("tools/call", params, has_input_responses), expected, "{params}");
        }
    }
}
