//! Runs a property over many cases; `MCP_POLICY_HOST_CASES=20` runs twenty times as many, and `MCP_POLICY_HOST_SEED` the
//! same ones again.

use std::{env, fmt::Debug, time::SystemTime};

use proptest::{
    strategy::Strategy,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
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
    let seed = seed();
    println!("MCP_POLICY_HOST_SEED={seed}");
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[[0; 24].as_slice(), &seed.to_le_bytes()].concat());
    let outcome = TestRunner::new_with_rng(config, rng).run(values, |value| {
        check(value);
        Ok(())
    });
    outcome.unwrap_or_else(|failed| panic!("with MCP_POLICY_HOST_SEED={seed}: {failed}"));
}

/// The seed of this run's values, another one each time unless it is given.
fn seed() -> u64 {
    if let Ok(seed) = env::var("MCP_POLICY_HOST_SEED") {
        return seed.parse().expect("a number as a seed");
    }
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    // Any bits of the clock will do.
    u64::try_from(since.as_nanos() & u128::from(u64::MAX)).unwrap_or_default()
}
