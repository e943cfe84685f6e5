//! What several Envoys keep apart.

use super::{NONE, load};
use crate::lint::check_replicas;

fn warnings(text: &str, replicas: u32) -> Vec<String> {
    check_replicas(&load(text), text.as_bytes(), replicas).iter().map(ToString::to_string).collect()
}

fn with(rule: &str, options: &str) -> String {
    format!(r#"{{"policy":{{"version":"1","default":"deny","tools":{{"pay":{rule}}}}}{options}}}"#)
}

#[test]
fn approvals_per_envoy() {
    let asks = r#"{"action":"require_approval"}"#;
    let expected = "/policy/tools/pay/action: each of the 3 replicas keeps approvals of its own, so a call that is approved at one \
                    is asked for again at another; set `approvals.store`, or run one replica [approvals-per-envoy]";
    assert_eq!(warnings(&with(asks, ""), 3), [expected]);
    assert_eq!(warnings(&with(asks, ""), 1), NONE);
    for decided in [r#""store":{"etcd":{"cluster":"etcd"}}"#, r#""service":{"cluster":"desk","path":"/"}"#] {
        assert_eq!(warnings(&with(asks, &format!(r#","approvals":{{{decided}}}"#)), 3), NONE, "{decided}");
    }
    assert_eq!(warnings(&with(asks, r#","mode":"shadow""#), 3), NONE);
}

#[test]
fn limits_per_envoy() {
    let limits = r#"{"rate_limit":"10/minute"}"#;
    let expected = "/policy/tools/pay/rate_limit: each of the 2 replicas counts on its own, so a caller gets up to 2 times the \
                    limit; set `limits.service`, or run one replica [limits-per-envoy]";
    assert_eq!(warnings(&with(limits, ""), 2), [expected]);
    assert_eq!(warnings(&with(limits, ""), 1), NONE);
    assert_eq!(warnings(&with(limits, r#","limits":{"service":{"cluster":"rls"}}"#), 2), NONE);
    assert_eq!(warnings(&with("{}", ""), 2), NONE);
}
