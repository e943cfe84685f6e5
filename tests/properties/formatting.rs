//! A decision never depends on how JSON is written.

use proptest::prelude::*;
use serde_json::Value;

use crate::{fixture::World, requests::scenario, text::Dice};

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_decision_never_depends_on_key_order_or_white_space((policy, requests) in scenario(), seed: u64) {
        let mut dice = Dice::new(seed);
        let shuffled = dice.write(&policy);
        let plain = World::new(&policy.to_string()).expect("a policy");
        let other = World::new(&shuffled).expect("the same policy");
        for sent in &requests {
            let body = dice.write(&sent.body);
            let (one, two) = (plain.judge(sent), other.judge_text(sent, &body));
            prop_assert_eq!(one.outline(), two.outline(), "{} {}", shuffled, body);
        }
    }

    #[test]
    fn it_is_the_same_value_that_is_written((policy, _) in scenario(), seed: u64) {
        let shuffled = Dice::new(seed).write(&policy);
        prop_assert_eq!(serde_json::from_str::<Value>(&shuffled).unwrap(), policy);
    }
}
