//! `explain` and the engine never disagree.

use proptest::prelude::*;

use crate::{requests::scenario, world::World};

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn explain_and_the_engine_never_disagree((policy, requests) in scenario()) {
        let policy = policy.to_string();
        let [judging, explaining] = [World::new(&policy), World::new(&policy)].map(|world| world.expect("a policy"));
        for sent in &requests {
            let judged = judging.judge(sent);
            let (explained, steps) = explaining.explain(sent);
            prop_assert_eq!(&judged, &explained);
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
        let again = World::new(&first.config().policies[0].policy.to_json()).expect("a policy, written out again");
        for sent in &requests {
            prop_assert_eq!(first.judge(sent).record.decision, again.judge(sent).record.decision);
        }
    }
}
