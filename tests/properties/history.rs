//! What only counts refuses nothing, and a condition on a counter sees all that was let through before, against a model.

use mcp_policy::{audit::Decision, time::Timestamp};
use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::{Value, json};

use crate::{
    fixture::World,
    requests::{Sent, scenario},
};

/// The start of a window of ten seconds.
const START: u64 = 1_767_225_600_000;
const WINDOW: u64 = 10_000;

/// A call that is counted, or one that a condition on the count decides on.
#[derive(Clone, Copy, Debug)]
struct Call {
    caller: &'static str,
    is_counted: bool,
    after: u64,
}

fn calls() -> impl Strategy<Value = Vec<Call>> {
    let call = (select(vec!["jwt:a", "jwt:b"]), any::<bool>(), select(vec![0, 1, 700, 3_000, 9_999, 10_000]));
    vec(call.prop_map(|(caller, is_counted, after)| Call { caller, is_counted, after }), 1..=40)
}

fn sent(tool: &str, caller: &'static str, at: u64) -> Sent {
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": { "name": tool } });
    Sent { body, grant: caller, claims: None, session: None, at: Timestamp(at) }
}

/// What the calls at these times weigh now, in millionths, rounded up.
fn weight(times: &[u64], now: u64, slides: bool) -> u64 {
    let start = now / WINDOW * WINDOW;
    let within = |from: u64, to: u64| times.iter().filter(|time| (from..to).contains(*time)).count() as u64 * 1_000_000;
    let left = WINDOW - (now - start);
    let before = if slides { (within(start - WINDOW, start) * left).div_ceil(WINDOW) } else { 0 };
    within(start, start + WINDOW) + before
}

/// Removes the limits that only count.
fn without_counting(mut policy: Value) -> Value {
    let strip = |rule: &mut Value| {
        if let Some(limits) = rule.get_mut("limits").and_then(Value::as_array_mut) {
            limits.retain(|limit| limit.get("max").is_some() || limit.get("increment_from").is_some());
        }
    };
    for section in ["tools", "resources", "prompts"] {
        policy[section].as_object_mut().into_iter().flatten().for_each(|(_, rule)| strip(rule));
    }
    policy.get_mut("all_tools").into_iter().for_each(strip);
    policy
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 800, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_condition_on_a_counter_sees_every_call_before(
        calls in calls(), slides: bool, most in 0..4_u64, op in select(vec!["gt", "gte"]),
    ) {
        let algorithm = if slides { "sliding" } else { "fixed" };
        let policy = json!({
            "version": "1", "default": "deny", "tools": {
                "count": { "limits": [{ "counter": "c", "window": 10, "scope": "grant", "algorithm": algorithm }] },
                "gate": { "deny_if": [{ "conditions": [{ "counter": "c", "op": op, "value": most }] }] },
            },
        });
        let world = World::new(&policy.to_string()).expect("a policy");
        let (mut now, mut counted) = (START, [Vec::new(), Vec::new()]);
        for call in calls {
            now += call.after;
            let times = &mut counted[usize::from(call.caller == "jwt:b")];
            if call.is_counted {
                prop_assert_eq!(world.judge(&sent("count", call.caller, now)).record.decision, Decision::Allowed);
                times.push(now);
                continue;
            }
            let (used, most) = (weight(times, now, slides), most * 1_000_000);
            let is_denied = if op == "gt" { used > most } else { used >= most };
            let decision = world.judge(&sent("gate", call.caller, now)).record.decision;
            prop_assert_eq!(decision == Decision::Denied, is_denied, "{} used at {}", used, now);
        }
    }

    #[test]
    fn a_limit_that_only_counts_refuses_nothing((policy, requests) in scenario()) {
        let without = World::new(&without_counting(policy.clone()).to_string()).expect("a policy");
        let with = World::new(&policy.to_string()).expect("a policy");
        for sent in &requests {
            let [with, without] = [&with, &without].map(|world| world.judge(sent).record);
            prop_assert_eq!(with.decision, without.decision, "{:?}", sent);
        }
    }
}
