//! Runs a property over many cases; `MCP_POLICY_HOST_CASES=20` runs twenty times as many.

use std::{env, fmt::Debug};

use proptest::{
    strategy::Strategy,
    test_runner::{Config, TestRunner},
};

/// Runs `check`, which panics where the property does not hold, on `count` values.
pub(crate) fn run<S>(count: u32, values: &S, check: impl Fn(S::Value))
where
    S: Strategy,
    S::Value: Debug,
{
    let times = env::var("MCP_POLICY_HOST_CASES").map_or(1, |times| times.parse().expect("a number of times"));
    // A failing case is printed whole, and a run takes seconds: nothing has to be kept in a file.
    let config = Config { failure_persistence: None, ..Config::with_cases(count.saturating_mul(times)) };
    let outcome = TestRunner::new(config).run(values, |value| {
        check(value);
        Ok(())
    });
    outcome.unwrap_or_else(|failed| panic!("{failed}"));
}
