//! Where a call is decided otherwise under another policy, `compare` says so, and in which direction.

use mcp_policy::{
    audit::Decision,
    compare::{Difference, Direction, compare},
    config::Config,
};
use proptest::{prelude::*, sample::Index};
use serde_json::Value;

use crate::{fixture::World, policies::policy, requests::requests};

/// A policy, and one that differs from it in a few places, each taken from a third policy or removed.
fn pair() -> impl Strategy<Value = (Value, Value)> {
    let edits = prop::collection::vec((any::<Index>(), any::<Index>(), 0..8_u8), 1..=2);
    (policy(), policy(), edits).prop_map(|(old, other, edits)| {
        let mut new = old.clone();
        for (place, source, kind) in edits {
            match kind {
                0 => remove(&mut new, place),
                // A whole member of the policy or an entry, whose rules fit together.
                1..=3 => graft(&mut new, &other, source, 2),
                // One condition, that looks at the same argument.
                4..=5 => change_condition(&mut new, place, source),
                _ => graft(&mut new, &other, source, usize::MAX),
            }
        }
        (old, new)
    })
}

/// The pointers of all values but the top.
fn pointers(place: String, value: &Value, found: &mut Vec<String>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(members) => {
            members.iter().map(|(key, value)| (key.replace('~', "~0").replace('/', "~1"), value)).collect()
        }
        Value::Array(items) => items.iter().enumerate().map(|(index, value)| (index.to_string(), value)).collect(),
        _ => Vec::new(),
    };
    for (key, value) in children {
        let place = format!("{place}/{key}");
        found.push(place.clone());
        pointers(place, value, found);
    }
}

fn all(value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    pointers(String::new(), value, &mut found);
    found
}

fn remove(policy: &mut Value, place: Index) {
    let places = all(policy);
    let place = place.get(&places);
    let (parent, key) = place.rsplit_once('/').expect("a pointer");
    match policy.pointer_mut(parent) {
        Some(Value::Object(members)) => drop(members.remove(&key.replace("~1", "/").replace("~0", "~"))),
        Some(Value::Array(items)) => drop(items.remove(key.parse::<usize>().expect("an index"))),
        _ => {}
    }
}

/// Writes a value of another policy, no deeper than `depth`, to its place in this one, where that has the place above.
fn graft(policy: &mut Value, other: &Value, source: Index, depth: usize) {
    let mut places = all(other);
    places.retain(|place| place.matches('/').count() <= depth);
    let place = source.get(&places);
    let (parent, key) = place.rsplit_once('/').expect("a pointer");
    let value = other.pointer(place).expect("a value").clone();
    match policy.pointer_mut(parent) {
        Some(Value::Object(members)) => drop(members.insert(key.replace("~1", "/").replace("~0", "~"), value)),
        Some(Value::Array(items)) => items.push(value),
        _ => {}
    }
}

/// Operators and values that are near each other, so that one implies another, or nearly.
const NEAR: [(&str, &str); 22] = [
    ("eq", "1"),
    ("eq", "\"a\""),
    ("in", "[1,5]"),
    ("in", "[\"a\",\"/srv/x\"]"),
    ("not_in", "[\"b\"]"),
    ("not_in", "[\"a\",\"b\"]"),
    ("not_in", "[5]"),
    ("lt", "5"),
    ("lte", "5"),
    ("lte", "1"),
    ("gt", "0"),
    ("gt", "5"),
    ("gte", "5"),
    ("exists", "true"),
    ("exists", "false"),
    ("starts_with", "\"/\""),
    ("starts_with", "\"/srv/x\""),
    ("path_within", "[\"/srv\"]"),
    ("path_within", "[\"/srv/x\"]"),
    ("url_host_in", "[\"docs.rs\"]"),
    ("max_length", "3"),
    ("regex", "\"^a$\""),
];

/// Gives one condition another operator and value.
fn change_condition(policy: &mut Value, place: Index, chosen: Index) {
    let mut places = all(policy);
    places.retain(|place| place.contains("/conditions/") && place.ends_with("/op"));
    if places.is_empty() {
        return;
    }
    let (op, value) = *chosen.get(&NEAR);
    let condition = place.get(&places).trim_end_matches("/op");
    if let Some(condition) = policy.pointer_mut(condition) {
        condition["op"] = op.into();
        condition["value"] = serde_json::from_str(value).expect("JSON");
    }
}

fn differences(old: &str, new: &str) -> Option<Vec<Difference>> {
    let [old_config, new_config] = [old, new].map(|text| Config::load(text.as_bytes()).ok());
    Some(compare((&old_config?, old.as_bytes()), (&new_config?, new.as_bytes()), None))
}

/// How far a call gets.
fn rank(decision: Decision) -> u8 {
    match decision {
        Decision::Allowed => 2,
        Decision::ApprovalRequired => 1,
        _ => 0,
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 1000,
        max_global_rejects: 100_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_call_that_is_decided_otherwise_is_reported_in_its_direction((old, new) in pair(), requests in requests()) {
        let (old, new) = (old.to_string(), new.to_string());
        let Some(differences) = differences(&old, &new) else {
            return Err(TestCaseError::reject("no policy"));
        };
        let worlds = (World::new(&old).expect("a policy"), World::new(&new).expect("a policy"));
        for sent in &requests {
            let (before, after) = (worlds.0.judge(sent).record, worlds.1.judge(sent).record);
            let direction = match rank(after.decision).cmp(&rank(before.decision)) {
                std::cmp::Ordering::Equal => continue,
                std::cmp::Ordering::Greater => Direction::Wider,
                std::cmp::Ordering::Less => Direction::Narrower,
            };
            prop_assert!(
                differences.iter().any(|difference| difference.direction == direction),
                "{}\n{}\n{}: {} by {} is {} by {}; told: {:?}",
                old, new, sent.body, before.decision.name(), before.rule, after.decision.name(), after.rule, differences
            );
            // From here on the two have other counts.
            break;
        }
    }

    #[test]
    fn a_policy_does_not_differ_from_itself(policy in policy()) {
        let text = policy.to_string();
        prop_assert_eq!(differences(&text, &text).expect("a policy"), []);
    }
}

#[test]
fn the_random_pairs_show_calls_in_both_directions_and_pairs_without_a_difference() {
    use proptest::{strategy::ValueTree, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    let (mut wider, mut narrower, mut alike) = (0, 0, 0);
    for _ in 0..1000 {
        let ((old, new), requests) = (pair(), requests()).new_tree(&mut runner).expect("a pair").current();
        let (old, new) = (old.to_string(), new.to_string());
        let Some(differences) = differences(&old, &new) else { continue };
        alike += u32::from(differences.is_empty());
        let worlds = (World::new(&old).expect("a policy"), World::new(&new).expect("a policy"));
        for sent in &requests {
            let (before, after) = (worlds.0.judge(sent).record.decision, worlds.1.judge(sent).record.decision);
            wider += u32::from(rank(after) > rank(before));
            narrower += u32::from(rank(after) < rank(before));
        }
    }
    println!("wider {wider}, narrower {narrower}, without a difference {alike}");
    assert!(wider >= 50 && narrower >= 40 && alike >= 20, "wider {wider}, narrower {narrower}, alike {alike}");
}
