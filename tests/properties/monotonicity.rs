//! More rules never permit more.

use mcp_policy::audit::Decision;
use proptest::{prelude::*, sample::Index};
use serde_json::{Value, json};

use crate::{
    fixture::World,
    policies::{Cost, condition, cost, limit, predicate},
    requests::{Sent, scenario, spending},
};

/// An entry to add to a rule.
#[derive(Clone, Debug)]
enum Added {
    Require(Value),
    DenyIf(Value),
    /// To each predicate of `require`.
    Condition(Value),
    /// On the counter of this number, with this maximum and cost.
    Limit(u8, u8, Cost),
}

fn added() -> impl Strategy<Value = Added> {
    prop_oneof![
        predicate(1).prop_map(Added::Require),
        predicate(0).prop_map(Added::DenyIf),
        condition().prop_map(Added::Condition),
        added_limit()
    ]
}

fn added_limit() -> impl Strategy<Value = Added> {
    (0..=4_u8, 0..=4_u8, cost()).prop_map(|(counter, max, cost)| Added::Limit(counter, max, cost))
}

impl Added {
    /// Adds it to a rule, in front or at the end.
    fn to(&self, rule: &mut Value, front: bool) {
        let shadow = rule["mode"] == "shadow";
        let (key, entry) = match self {
            Self::Condition(condition) => {
                for predicate in rule["require"].as_array_mut().into_iter().flatten() {
                    let conditions = predicate["conditions"].as_array_mut().expect("a list");
                    conditions.insert(if front { 0 } else { conditions.len() }, condition.clone());
                }
                return;
            }
            Self::Require(predicate) => ("require", predicate.clone()),
            Self::DenyIf(predicate) => ("deny_if", predicate.clone()),
            Self::Limit(counter, max, cost) => ("limits", limit(*counter, *max, *cost, shadow)),
        };
        let mut entries = rule[key].as_array().cloned().unwrap_or_default();
        entries.insert(if front { 0 } else { entries.len() }, entry);
        rule[key] = json!(entries);
    }
}

/// The JSON pointers of all rules of a policy.
fn rules(policy: &Value) -> Vec<String> {
    let own = ["tools", "resources", "prompts"].into_iter().flat_map(|section| {
        let keys = policy[section].as_object().unwrap().keys();
        keys.map(move |key| format!("/{section}/{}", key.replace('~', "~0").replace('/', "~1")))
    });
    own.chain(policy.get("all_tools").map(|_| "/all_tools".to_owned())).collect()
}

/// Whether the last request passes, after the others went through the first policy.
fn last_passes(first: &str, then: &str, requests: &[Sent]) -> Result<bool, String> {
    let (last, before) = requests.split_last().expect("a request");
    let world = World::new(first)?;
    for sent in before {
        world.judge(sent);
    }
    Ok(world.under(then)?.judge(last).record.decision == Decision::Allowed)
}

/// Adds an entry to a rule, where that makes a policy and the last request was refused, and looks at that again.
fn still_refused(
    (policy, requests): (Value, Vec<Sent>),
    place: Index,
    added: &Added,
    front: bool,
) -> Result<(), TestCaseError> {
    let rules = rules(&policy);
    prop_assume!(!rules.is_empty());
    let mut stricter = policy.clone();
    added.to(stricter.pointer_mut(place.get(&rules).as_str()).expect("a rule"), front);
    let (policy, stricter) = (policy.to_string(), stricter.to_string());
    prop_assume!(!last_passes(&policy, &policy, &requests).expect("a policy"));
    // A duplicate counter in a rule is not a policy.
    let Ok(passes) = last_passes(&policy, &stricter, &requests) else {
        return Err(TestCaseError::reject("no policy"));
    };
    prop_assert!(!passes, "{}", stricter);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 800,
        max_global_rejects: 100_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn adding_an_entry_never_turns_a_refusal_into_an_allow(
        scenario in scenario(), place: Index, added in added(), front: bool,
    ) {
        still_refused(scenario, place, &added, front)?;
    }

    #[test]
    fn adding_a_limit_on_a_shared_counter_never_makes_room(
        scenario in spending(), place: Index, added in added_limit(), front: bool,
    ) {
        still_refused(scenario, place, &added, front)?;
    }
}
