//! The configuration, as JSON and as the bytes of a `Struct`: it loads or it is explained; what loads, written as a
//! document, loads as the same policy; and both forms of one document mean the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mcp_policy::config::Config;
use mcp_policy_fuzz::{Allowance, policy_json, structure};

fuzz_target!(|data: &[u8]| {
    // More than the reader may cost: expressions are compiled and tables built.
    let config = match Allowance::of(data.len() * 20).keep(|| Config::load(data)) {
        Ok(config) => config,
        Err(invalid) => {
            assert!(!invalid.problems.is_empty() && !invalid.to_string().is_empty());
            return;
        }
    };
    let written = policy_json(&config.policies[0].policy);
    let again = Config::load(written.as_bytes()).unwrap_or_else(|invalid| panic!("{invalid}\n{written}"));
    assert_eq!(policy_json(&again.policies[0].policy), written);
    if let Ok(serde_json::Value::Object(document)) = serde_json::from_slice(data)
        && let Ok(same) = Config::load(&structure(&document))
    {
        assert_eq!(policy_json(&same.policies[0].policy), written, "as a `Struct`");
    }
});
