//! Exactly one entry decides, in any order of the entries.

use std::cmp::Reverse;

use mcp_policy::time::Timestamp;
use proptest::{collection::btree_map, prelude::*};
use serde_json::json;

use crate::{fixture::World, requests::Sent};

/// Whether a pattern fits, in the plainest way.
fn fits(pattern: &[char], name: &[char]) -> bool {
    match (pattern.split_first(), name.split_first()) {
        (None, None) => true,
        (Some(('*', rest)), _) if fits(rest, name) => true,
        (Some(('*', _)), Some((_, left))) => fits(pattern, left),
        (Some((one, rest)), Some((other, left))) => one == other && fits(rest, left),
        _ => false,
    }
}

/// The pointer of the rule that has to decide: the order of the product contract, section 1.1.
fn expected(entries: &[(String, bool)], name: &str) -> String {
    let chars = |text: &str| text.chars().collect::<Vec<_>>();
    let fitting = entries.iter().filter(|(key, _)| fits(&chars(key), &chars(name)));
    let best = fitting.max_by_key(|(key, denies)| {
        let exact = !key.contains('*');
        let prefix = key.split('*').next().unwrap_or_default().chars().count();
        (exact, *denies, prefix, key.chars().count(), Reverse(key.clone()))
    });
    match best {
        None => "(default deny)".to_owned(),
        Some((key, true)) => format!("/tools/{key}/deny_if/0"),
        Some((key, false)) => format!("/tools/{key}/require/0"),
    }
}

/// A policy whose every entry refuses, each in its own name, with its keys in this order.
fn policy(entries: &[(String, bool)]) -> String {
    let require = json!({ "require": [{ "conditions": [{ "path": "args.x", "op": "exists", "value": true }] }] });
    let deny = json!({ "deny_if": [{ "conditions": [] }] });
    let entry = |(key, denies): &(String, bool)| format!("{}:{}", json!(key), if *denies { &deny } else { &require });
    let entries: Vec<String> = entries.iter().map(entry).collect();
    format!(r#"{{"version":"1","default":"deny","tools":{{{}}}}}"#, entries.join(","))
}

/// Distinct keys over few letters, with one of two bytes, and whether each denies unconditionally.
fn entries() -> impl Strategy<Value = Vec<(String, bool)>> {
    btree_map("[abé*]{1,4}", any::<bool>(), 1..=8).prop_map(|entries| entries.into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn precedence_is_total(
        (sorted, shuffled) in entries().prop_flat_map(|entries| (Just(entries.clone()), Just(entries).prop_shuffle())),
        names in prop::collection::vec("[abé]{1,5}", 1..=6),
    ) {
        let [one, two] = [&sorted, &shuffled].map(|entries| World::new(&policy(entries)).expect("a policy"));
        for name in names {
            let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": { "name": name } });
            let sent = Sent { body, grant: "jwt:a", claims: None, session: None, at: Timestamp(0) };
            let expected = expected(&sorted, &name);
            prop_assert_eq!(&one.judge(&sent).record.rule, &expected);
            prop_assert_eq!(&two.judge(&sent).record.rule, &expected);
        }
    }
}
