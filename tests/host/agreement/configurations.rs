//! Random configurations: one or two random policies, with each option that changes a verdict or its words.

use proptest::{collection::vec, option, prelude::*, sample::select};
use serde_json::{Map, Value, json};

use super::callers;
use crate::policies;

/// Configurations of one policy, or of two that bindings choose between by the caller's grant.
pub(super) fn configurations() -> impl Strategy<Value = Value> {
    let bound = prop_oneof![
        1 => policy().prop_map(|policy| json!({ "policy": policy })),
        3 => (policy(), policy(), vec(binding(), 1..=3))
            .prop_map(|(p, q, bindings)| json!({ "policies": { "p": p, "q": q }, "bindings": bindings })),
    ];
    (bound, options()).prop_map(|(mut configuration, options)| {
        for (key, value) in options {
            configuration[key] = value;
        }
        configuration
    })
}

fn binding() -> impl Strategy<Value = Value> {
    let grant = option::weighted(0.5, select(callers::patterns()));
    (grant, select(vec!["p", "q"])).prop_map(|(grant, policy)| match grant {
        Some(grant) => json!({ "grant": grant, "policy": policy }),
        None => json!({ "policy": policy }),
    })
}

fn options() -> impl Strategy<Value = Map<String, Value>> {
    let answers = (select(vec!["error", "tool_result"]), any::<bool>())
        .prop_map(|(deny_as, unknown_tool)| json!({ "deny_as": deny_as, "unknown_tool": unknown_tool }));
    let approvals =
        any::<bool>().prop_map(|has_url| if has_url { json!({ "url": "http://localhost:10001/" }) } else { json!({}) });
    let mode = prop_oneof![9 => Just("enforce"), 1 => Just("shadow")];
    let show = select(vec!["permitted", "hidden_only", "full"]);
    let refund = select(vec!["undelivered", "never"]);
    (answers, approvals, mode, protocol(), show, refund).prop_map(
        |(answers, approvals, mode, protocol, show, refund)| {
            let options = [
                ("identity", callers::identity()),
                ("answers", answers),
                ("approvals", approvals),
                ("mode", mode.into()),
                ("protocol", protocol),
                ("lists", json!({ "show": show })),
                ("limits", json!({ "refund": refund })),
            ];
            options.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
        },
    )
}

/// How requests are read; some of the bodies and of the arguments exceed the small bounds.
fn protocol() -> impl Strategy<Value = Value> {
    let headers = select(vec!["release", "hold"]);
    let batches = prop_oneof![9 => Just("judge"), 1 => Just("refuse")];
    let max_depth = prop_oneof![19 => Just(64), 1 => Just(4)];
    let max_body_bytes = prop_oneof![19 => Just(1_048_576), 1 => Just(150)];
    (headers, batches, max_depth, max_body_bytes).prop_map(|(headers, batches, max_depth, max_body_bytes)| {
        json!({ "headers": headers, "batches": batches, "max_depth": max_depth, "max_body_bytes": max_body_bytes })
    })
}

/// What a policy has in all of its rules, in place of what the shared generator writes there.
#[derive(Clone, Debug)]
struct Variation {
    /// For each `reason` and `on_deny`.
    text: &'static str,
    /// For each `require_approval`.
    expires: Option<&'static str>,
    /// Whether fixed windows become sliding ones, and the other way round.
    swaps_windows: bool,
}

/// Random policies, in which each scope meets a fixed and a sliding window. Boxed, since several of these strategies overflow
/// the stack of a test's thread.
fn policy() -> BoxedStrategy<Value> {
    let texts = select(vec!["the text", "Ask \"ops\" — `#él`", "100 % {tool} \\ </script>"]);
    let variation = (texts, option::of(select(vec!["90s", "2h"])), any::<bool>())
        .prop_map(|(text, expires, swaps_windows)| Variation { text, expires, swaps_windows });
    let policy = (policies::policy(), variation, option::weighted(0.6, all_tools()));
    let policy = policy.prop_map(|(mut policy, variation, all_tools)| {
        policies::insert(&mut policy, "all_tools", all_tools);
        variation.apply(&mut policy);
        policy
    });
    policy.boxed()
}

/// A rule that makes charges, used-up limits and approvals frequent.
fn all_tools() -> impl Strategy<Value = Value> {
    let always = Just(json!({ "conditions": [], "on_deny": "the text" }));
    let approval = vec(prop_oneof![2 => always, 1 => policies::predicate(0)], 0..=1);
    (approval, 0..3_u8, 0..=2_u8, policies::cost()).prop_map(|(approval, counter, max, cost)| {
        json!({ "require_approval": approval, "limits": [policies::limit(counter, max, cost, false)] })
    })
}

impl Variation {
    fn apply(&self, value: &mut Value) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(|item| self.apply(item)),
            Value::Object(members) => members.iter_mut().for_each(|(key, member)| self.apply_to_member(key, member)),
            _ => {}
        }
    }

    fn apply_to_member(&self, key: &str, member: &mut Value) {
        match key {
            "reason" | "on_deny" => *member = self.text.into(),
            "algorithm" if self.swaps_windows => {
                *member = if *member == "fixed" { "sliding" } else { "fixed" }.into();
            }
            "require_approval" => {
                self.apply(member);
                for predicate in member.as_array_mut().into_iter().flatten() {
                    policies::insert(predicate, "expires", self.expires.map(Value::from));
                }
            }
            _ => self.apply(member),
        }
    }
}
