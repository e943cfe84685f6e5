//! The random calls reach every kind of decision: a property that only ever sees denials shows little.

use std::collections::BTreeMap;

use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::TestRunner,
};

use crate::{fixture::World, requests::scenario};

#[test]
fn every_kind_of_decision_is_reached() {
    let mut runner = TestRunner::deterministic();
    let (mut shares, mut calls): (BTreeMap<&str, u32>, u32) = (BTreeMap::new(), 0);
    for _ in 0..500 {
        let (policy, requests) = scenario().new_tree(&mut runner).expect("a scenario").current();
        let world = World::new(&policy.to_string()).unwrap_or_else(|error| panic!("{error}\n{policy}"));
        for sent in &requests {
            let record = world.judge(sent).record;
            let mut count = |kind| *shares.entry(kind).or_default() += 1;
            calls += 1;
            count(record.decision.name());
            match &record.shadow {
                Some(_) => count("refused in shadow"),
                None if !record.remaining.is_empty() => count("charged"),
                None => {}
            }
        }
    }
    println!("of {calls} calls: {shares:?}");
    for (kind, percent) in [
        ("allowed", 15),
        ("denied", 15),
        ("rate_limited", 2),
        ("approval_required", 1),
        ("refused", 1),
        ("refused in shadow", 1),
        ("charged", 3),
    ] {
        let share = shares.get(kind).copied().unwrap_or_default();
        assert!(share * 100 >= calls * percent, "{kind}: {share} of {calls}; {shares:?}");
    }
    assert_eq!(shares.get("failed"), None);
}
