#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{NONE, policy, warnings};

fn limit(counter: &str, scope: &str) -> String {
    format!(r#"{{"counter":"{counter}","window":"minute","max":10,"scope":"{scope}"}}"#)
}

/// Warnings on one tool with these limits.
#[track_caller]
fn limits(limits: &[String]) -> Vec<String> {
    policy(&format!(r#""tools":{{"a":{{"limits":[{}]}}}}"#, limits.join(",")))
}

#[test]
fn local_window() {
    for (window, shown) in [("\"hour\"", "an hour"), ("\"day\"", "a day"), ("7200", "7200 seconds")] {
        let message = format!(
            "/tools/a/limits/0/window: each Envoy counts `c` on its own for {shown}: a restart resets the count, and \
             replicas do not share it; if that matters, set `limits.service`, use a window of minutes, or run one \
             replica [local-window]"
        );
        assert_eq!(limits(&[limit("c", "grant").replace("\"minute\"", window)]), [message]);
    }
    assert_eq!(limits(&[limit("c", "grant").replace("\"minute\"", "3599")]), NONE);
    assert_eq!(
        policy(r#""tools":{"a":{"rate_limit":"5/hour"}}"#),
        ["/tools/a/rate_limit: each Envoy counts `/tools/a` on its own for an hour: a restart resets the count, and \
          replicas do not share it; if that matters, set `limits.service`, use a window of minutes, or run one replica \
          [local-window]"]
    );
    // There is one warning for each counter.
    let daily = limit("c", "grant").replace("minute", "day");
    assert_eq!(
        policy(&format!(r#""tools":{{"b":{{"limits":[{daily}]}},"a":{{"limits":[{daily}]}}}}"#)),
        ["/tools/b/limits/0/window: each Envoy counts `c` on its own for a day: a restart resets the count, and \
          replicas do not share it; if that matters, set `limits.service`, use a window of minutes, or run one replica \
          [local-window]"]
    );
}

#[test]
fn session_alone() {
    assert_eq!(
        limits(&[limit("c", "session")]),
        [
            "/tools/a/limits/0/scope: `c` does not limit a caller, who can open any number of sessions: every limit here \
          has scope `session`; add one of scope `grant` [session-alone]"
        ]
    );
    assert_eq!(limits(&[limit("c", "session"), limit("d", "grant")]), NONE);
    let all = limit("d", "grant");
    let own = limit("c", "session");
    assert_eq!(policy(&format!(r#""all_tools":{{"limits":[{all}]}},"tools":{{"a":{{"limits":[{own}]}}}}"#)), NONE);
    let text = format!(
        r#"{{"version":"1","default":"allow","all_tools":{{"mode":"shadow","limits":[{all}]}},"tools":{{"a":{{"limits":[{own}]}}}}}}"#
    );
    assert_eq!(
        warnings(&text),
        [
            "/tools/a/limits/0/scope: `c` does not limit a caller, who can open any number of sessions: every limit here \
          has scope `session`; add one of scope `grant` [session-alone]"
        ]
    );
}

#[test]
fn global_alone() {
    assert_eq!(
        limits(&[limit("c", "global")]),
        ["/tools/a/limits/0/scope: one caller can use up `c` for all others, since no limit here has scope `grant`; \
          add one [global-alone]"]
    );
    assert_eq!(
        limits(&[limit("c", "session"), limit("d", "global")]),
        ["/tools/a/limits/1/scope: one caller can use up `d` for all others, since no limit here has scope `grant`; \
          add one [global-alone]"]
    );
    assert_eq!(limits(&[limit("c", "global"), limit("d", "grant")]), NONE);
    let (all, own) = (limit("c", "global"), limit("d", "grant"));
    assert_eq!(policy(&format!(r#""all_tools":{{"limits":[{all}]}},"tools":{{"a":{{"limits":[{own}]}}}}"#)), NONE);
    assert_eq!(
        policy(&format!(r#""all_tools":{{"limits":[{all}]}},"tools":{{"a":{{"limits":[{own}]}},"b":{{}}}}"#)),
        [
            "/all_tools/limits/0/scope: one caller can use up `c` for all others, since no limit here has scope `grant`; \
          add one [global-alone]"
        ]
    );
}

#[test]
fn zero_limit() {
    assert_eq!(
        limits(&[limit("c", "grant").replace("10", "0")]),
        ["/tools/a/limits/0/max: `max` is 0, so the limit allows no call; write `\"action\": \"deny\"` if you intend \
          that [zero-limit]"]
    );
    assert_eq!(
        policy(r#""tools":{"a":{"rate_limit":"0/minute"}}"#),
        ["/tools/a/rate_limit: `max` is 0, so the limit allows no call; write `\"action\": \"deny\"` if you intend \
          that [zero-limit]"]
    );
    let amount = limit("c", "grant").replace("10", "0,\"increment_from\":\"args.amount\"");
    assert_eq!(
        limits(&[amount]),
        ["/tools/a/limits/0/max: `max` is 0, so the limit allows only calls whose `args.amount` is 0; write \
          `\"action\": \"deny\"` to deny every call [zero-limit]"]
    );
}

#[test]
fn increment_over_max() {
    assert_eq!(
        limits(&[limit("c", "grant").replace("10", "10,\"increment\":10.5")]),
        ["/tools/a/limits/0/increment: one call costs 10.5 and `max` is 10, so the limit allows no call; raise `max` \
          or lower `increment` [increment-over-max]"]
    );
    assert_eq!(limits(&[limit("c", "grant").replace("10", "10,\"increment\":10")]), NONE);
}

#[test]
fn refund_beside_service() {
    let with = |limits: &str| {
        warnings(&format!(
            r#"{{"policy":{{"version":"1","default":"deny","tools":{{"a":{{"rate_limit":"5/day"}}}}}},"limits":{limits}}}"#
        ))
    };
    assert_eq!(
        with(r#"{"refund":"failed","service":{"cluster":"rls"}}"#),
        ["/limits/refund: a rate limit service makes no refunds, so a call that fails at the server stays charged; \
          remove `refund` [refund-beside-service]"]
    );
    // Where a service counts, a restart forgets nothing.
    assert_eq!(with(r#"{"refund":"undelivered","service":{"cluster":"rls"}}"#), NONE);
    assert_eq!(with(r#"{"refund":"failed"}"#).len(), 1, "the window");
}
