#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{NONE, policy, warnings};

const ASKS: &str = r#""require_approval":[{"conditions":[]}]"#;

/// Warnings on a policy with these tools, beside these options.
fn with(tools: &str, options: &str) -> Vec<String> {
    warnings(&format!(r#"{{"policy":{{"version":"1","default":"deny","tools":{{{tools}}}}}{options}}}"#))
}

#[test]
fn approval_without_url() {
    let pay = format!(r#""ping":{{}},"pay":{{{ASKS}}},"refund":{{"action":"require_approval"}}"#);
    assert_eq!(
        with(&pay, ""),
        ["/policy/tools/pay/require_approval/0: agents do not learn where people approve their calls; set \
          `approvals.url` to the console's address [approval-without-url]"]
    );
    // A bare policy cannot have an address.
    assert_eq!(policy(r#""tools":{"refund":{"action":"require_approval"}}"#), NONE);
    assert_eq!(with(&pay, r#","approvals":{"url":"http://localhost:10001/"}"#), NONE);
    assert_eq!(with(&pay, r#","approvals":{"service":{"cluster":"desk","path":"/"}}"#), NONE);
    // In shadow mode no call waits, and no call reaches a hidden tool.
    let shadow = format!(r#""ping":{{}},"pay":{{"mode":"shadow",{ASKS}}}"#);
    for tools in ["\"ping\":{}", &shadow] {
        assert!(!with(tools, "").iter().any(|warning| warning.contains("approval-without-url")), "{tools}");
    }
    let hidden = policy(r#""hide":["pay"],"tools":{"pay":{"action":"require_approval"}}"#);
    assert!(!hidden.iter().any(|warning| warning.contains("approval-without-url")), "{hidden:?}");
    let whole = with(&pay, r#","mode":"shadow""#);
    assert!(!whole.iter().any(|warning| warning.contains("approval-without-url")), "{whole:?}");
}

#[test]
fn url_beside_service() {
    let options = r#","approvals":{"url":"http://localhost:10001/","service":{"cluster":"desk","path":"/"}}"#;
    assert_eq!(
        with(r#""ping":{}"#, options),
        [
            "/approvals/url: `approvals.service` decides, so no call waits at the console; remove `url`, unless it is the \
          service's own page and the service sends no `url` [url-beside-service]"
        ]
    );
}
