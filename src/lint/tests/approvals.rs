#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{NONE, advice, policy};

const ASKS: &str = r#""require_approval":[{"conditions":[]}]"#;

/// Advice on a policy with these tools, beside these options.
fn with(tools: &str, options: &str) -> Vec<String> {
    advice(&format!(r#"{{"policy":{{"version":"1","default":"deny","tools":{{{tools}}}}}{options}}}"#))
}

#[test]
fn approval_without_url() {
    let pay = format!(r#""ping":{{}},"pay":{{{ASKS}}},"refund":{{"action":"require_approval"}}"#);
    assert_eq!(
        with(&pay, ""),
        ["/policy/tools/pay/require_approval/0: agents are not told where their calls are approved; set \
             `approvals.url` to the console's address [approval-without-url]"]
    );
    // A bare policy has no place for an address.
    assert_eq!(policy(r#""tools":{"refund":{"action":"require_approval"}}"#), NONE);
    assert_eq!(with(&pay, r#","approvals":{"url":"http://localhost:10001/"}"#), NONE);
    assert_eq!(with(&pay, r#","approvals":{"service":{"cluster":"desk","path":"/"}}"#), NONE);
    // Nobody is asked in shadow, nor for what no call gets to.
    let shadow = format!(r#""ping":{{}},"pay":{{"mode":"shadow",{ASKS}}}"#);
    for tools in ["\"ping\":{}", &shadow] {
        assert!(!with(tools, "").iter().any(|advice| advice.contains("approval-without-url")), "{tools}");
    }
    let hidden = policy(r#""hide":["pay"],"tools":{"pay":{"action":"require_approval"}}"#);
    assert!(!hidden.iter().any(|advice| advice.contains("approval-without-url")), "{hidden:?}");
    let whole = with(&pay, r#","mode":"shadow""#);
    assert!(!whole.iter().any(|advice| advice.contains("approval-without-url")), "{whole:?}");
}

#[test]
fn url_beside_service() {
    let options = r#","approvals":{"url":"http://localhost:10001/","service":{"cluster":"desk","path":"/"}}"#;
    assert_eq!(
        with(r#""ping":{}"#, options),
        ["/approvals/url: a service decides, so nothing waits at the console; take the address out, unless it is \
             the service's own page and the service sends no `url` [url-beside-service]"]
    );
}
