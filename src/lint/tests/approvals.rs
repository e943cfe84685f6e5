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

#[test]
fn secret_path() {
    let with = |path: &str, format: &str| {
        let notify = format!(r#"{{"cluster":"hooks","path":"{path}","format":"{format}"}}"#);
        with(r#""ping":{}"#, &format!(r#","approvals":{{"url":"http://localhost:10001/","notify":{notify}}}"#))
    };
    let warning = [
        "/approvals/notify: each client that knows this path can post there, and Envoy's configuration dump shows it; let few people read \
         dumps and this file, or announce to a relay of yours that holds the credential [secret-path]",
    ];
    assert_eq!(with("/services/T0/B0/x", "slack"), warning);
    assert_eq!(with("/workflows/1/triggers/manual", "workflows"), warning);
    assert_eq!(with("/hooks/3f9c0a1b2c3d4e5f6071", "json"), warning);
    assert_eq!(with("/notify?key=3f9c0a1b2c3d4e5f6071", "json"), warning);
    assert_eq!(with("/approvals/new-requests-for-approval", "json"), NONE);
}
