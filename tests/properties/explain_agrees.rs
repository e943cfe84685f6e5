//! A trace names what decided and what was charged; a policy that is written out again decides the same.

use mcp_policy::policy::policy_json::policy_json;
use proptest::prelude::*;

use crate::{fixture::World, requests::scenario};

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_steps_of_a_decision_name_its_rule_and_its_charges((policy, requests) in scenario()) {
        let world = World::new(&policy.to_string()).expect("a policy");
        for sent in &requests {
            let (judged, steps) = world.explain(sent);
            prop_assert!(!steps.is_empty());
            // What decided is among the steps, and so is whatever was charged.
            let shadow = judged.record.shadow.as_ref().map(|shadow| &shadow.rule);
            for rule in std::iter::once(&judged.record.rule).chain(shadow) {
                prop_assert!(rule.is_empty() || steps.iter().any(|step| step.rule == *rule), "{rule}: {steps:?}");
            }
            for (counter, _) in &judged.record.remaining {
                let charged = format!("to `{counter}`: ");
                prop_assert!(steps.iter().any(|step| step.text.contains(&charged)), "{counter}: {steps:?}");
            }
        }
    }

    #[test]
    fn a_policy_written_out_again_decides_the_same((policy, requests) in scenario()) {
        let first = World::new(&policy.to_string()).expect("a policy");
        let again = World::new(&policy_json(&first.config().policies[0].policy)).expect("a policy, written out again");
        for sent in &requests {
            prop_assert_eq!(first.judge(sent).record.decision, again.judge(sent).record.decision);
        }
    }
}
