//! The form of the reply to a denied call, by option.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{Disposition, Gateway, RequestInfo, call};
use crate::identity::IdentityError;

#[test]
fn a_refused_tool_call_can_be_a_result() {
    let options = r#""answers":{"deny_as":"tool_result"}"#;
    let gateway = Gateway::new(&format!(
        r#"{{"policy":{{"version":"1","default":"deny","tools":{{"t":{{"rate_limit":"1/minute"}}}}}},{options}}}"#
    ));
    let tool =
        |name: &str| format!(r#"{{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{{"name":"{name}"}}}}"#);
    let result = |reason: &str, data: &str| {
        let content = format!(r#"[{{"type":"text","text":"Policy violation: {reason}"}}]"#);
        let meta = format!(r#"{{"mcp-policy/denial":{{{data},"reason":"{reason}","requestId":"r-1"}}}}"#);
        let result = format!(r#"{{"content":{content},"isError":true,"_meta":{meta}}}"#);
        Some((200, format!(r#"{{"jsonrpc":"2.0","id":"a","result":{result}}}"#)))
    };
    let data = r#""kind":"denied","rule":"(default deny)","policy":"default","tool":"x""#;
    let denied = "the policy denies the tool `x`, because no rule allows it; if you need it, ask the policy's owner";
    assert_eq!(gateway.answer(&tool("x")), result(denied, data));
    assert_eq!(gateway.answer(&tool("t")), None);
    let (_, limited) = gateway.answer(&tool("t")).unwrap();
    assert!(limited.contains("retry in ") && limited.contains(r#""isError":true"#), "{limited}");
    let prompt = r#"{"jsonrpc":"2.0","id":1,"method":"prompts/get","params":{"name":"x"}}"#;
    assert!(gateway.answer(prompt).unwrap().1.contains(r#""code":-31403"#), "only tool calls have such results");
}

#[test]
fn a_tool_that_may_never_be_called_can_be_unknown() {
    let policy = r#"{"version":"1","default":"deny","hide":["h"],"tools":{"d":{"action":"deny"},
        "t":{"require":[{"conditions":[{"path":"args.x","op":"eq","value":1}]}]}}}"#;
    let gateway = Gateway::new(&format!(r#"{{"policy":{policy},"answers":{{"unknown_tool":true}}}}"#));
    let tool = |name: &str| format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"{name}"}}}}"#);
    for name in ["h", "d", "x"] {
        let error = format!(r#"{{"code":-32602,"message":"Unknown tool: {name}"}}"#);
        assert_eq!(gateway.answer(&tool(name)), Some((200, format!(r#"{{"jsonrpc":"2.0","id":1,"error":{error}}}"#))));
    }
    assert!(gateway.answer(&tool("t")).unwrap().1.contains(r#""code":-31403"#), "a listed tool is known");
}

#[test]
fn a_tool_is_unknown_whichever_part_of_the_policy_denies_every_call_of_it() {
    let pin = format!(r#""definitions":{{"t":{{"sha256":"{}"}}}}"#, "0".repeat(64));
    for (policy, tool) in [
        (r#""default":"deny","methods":{"tools/call":"deny"},"tools":{"t":{}}"#.to_owned(), "t"),
        (format!(r#""default":"allow","unpinned":"deny",{pin}"#), "x"),
        (format!(r#""default":"allow","arguments":"strict",{pin}"#), "t"),
    ] {
        let gateway =
            Gateway::new(&format!(r#"{{"policy":{{"version":"1",{policy}}},"answers":{{"unknown_tool":true}}}}"#));
        let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"{tool}"}}}}"#);
        let error = format!(r#"{{"code":-32602,"message":"Unknown tool: {tool}"}}"#);
        let expected = Some((200, format!(r#"{{"jsonrpc":"2.0","id":1,"error":{error}}}"#)));
        assert_eq!(gateway.answer(&body), expected, "{policy}");
    }
}

#[test]
fn an_unknown_caller_gets_one_answer_whatever_tool_it_names() {
    let policy = r#"{"version":"1","default":"deny","hide":["h"],"tools":{"t":{}}}"#;
    let gateway = Gateway::new(&format!(r#"{{"policy":{policy},"answers":{{"unknown_tool":true}}}}"#));
    let why = "the gateway cannot identify the caller; send the credential that it expects";
    for name in ["h", "t", "x"] {
        let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"{name}"}}}}"#);
        let caller = RequestInfo { grant: Err(IdentityError::NoIdentity), ..call("") };
        let Disposition::Reply(reply) = gateway.judge(&caller, &body).answer else { panic!("forwarded") };
        let data = format!(
            r#"{{"kind":"denied","rule":"(no identity)","policy":"default","tool":"{name}","reason":"{why}","requestId":"r-1"}}"#
        );
        let error = format!(r#"{{"code":-31403,"message":"Policy violation: {why}","data":{data}}}"#);
        assert_eq!(reply.body, format!(r#"{{"jsonrpc":"2.0","id":1,"error":{error}}}"#));
    }
}
