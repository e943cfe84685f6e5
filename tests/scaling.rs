//! What a decision costs does not depend on how many tools a policy names.
#![expect(clippy::unwrap_used, reason = "a test that cannot make its own policy has failed")]

use std::time::{Duration, Instant};

use mcp_policy::{
    config::Config,
    engine::{self, BoundRequest, Disposition, RequestInfo},
    http::Headers,
    identity::Grant,
    store::InMemory,
    time::Timestamp,
};

fn policy(tools: usize) -> Config {
    let tool = |n| format!(r#""tool_{n}":{{"rate_limit":"1000000000/day"}}"#);
    let tools: Vec<String> = (0..tools).map(tool).collect();
    let text = format!(r#"{{"version":"1","default":"deny","tools":{{{}}}}}"#, tools.join(","));
    Config::load(text.as_bytes()).unwrap()
}

fn time(config: &Config, call: &BoundRequest, store: &InMemory) -> Duration {
    let body = br#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"tool_7","arguments":{"a":1}}}"#;
    let began = Instant::now();
    for _ in 0..200 {
        let response = engine::authorize(config, call, body, "cost", Timestamp(0), store);
        assert!(matches!(response.answer, Disposition::Forward(_)));
    }
    began.elapsed()
}

/// Counted in instructions the ratio is 1.02; the bound leaves room for the noise of a shared machine, and none for a
/// search through the names, which would cost a hundred times as much.
#[test]
fn ten_thousand_tools_cost_no_more_than_ten() {
    let grant = Ok(Grant::from_name("constant:a"));
    let info = RequestInfo::new(Headers::default(), grant);
    let (few, many) = (policy(10), policy(10_000));
    let [few_call, many_call] = [&few, &many].map(|config| BoundRequest::new(config, info.clone()));
    let store = InMemory::new([7; 16]);
    // In turn, so that a slow moment of the machine slows both.
    let mut ratios: Vec<f64> = (0..101)
        .map(|_| {
            let few = time(&few, &few_call, &store);
            time(&many, &many_call, &store).as_secs_f64() / few.as_secs_f64()
        })
        .collect();
    ratios.sort_by(f64::total_cmp);
    let median = ratios.get(50).copied().unwrap();
    println!("10,000 tools against 10: {median:.3} of the time");
    assert!(median < 1.25, "{median}");
}
