//! What a request is charged, against a model that adds up its calls one by one.

use std::collections::BTreeMap;

use mcp_policy::time::Timestamp;
use proptest::{collection::vec, option, prelude::*, sample::select};
use serde_json::{Map, Value, json};

use crate::{fixture::World, requests::Sent};

const COUNTERS: [&str; 2] = ["calls", "spend"];

/// A limit on one of [`COUNTERS`]: what one window lets through, and what a call costs.
#[derive(Clone, Copy, Debug)]
struct Limit {
    max: u64,
    /// `None`: the call's `args.n` says it.
    cost: Option<u64>,
}

/// The limits of one rule, by counter.
type Rule = [Option<Limit>; 2];

/// Rules of three tools, of all tools together, and of three resources.
#[derive(Clone, Debug)]
struct Rules {
    tools: [Rule; 3],
    all_tools: Rule,
    resources: [Rule; 3],
}

/// What a request holds.
#[derive(Clone, Debug)]
enum Request {
    /// Calls of tools by number, each with its `args.n`: one message alone, or a batch.
    Tools(Vec<(usize, u64)>),
    /// URIs by number.
    Listen(Vec<usize>),
}

fn limit() -> impl Strategy<Value = Limit> {
    (1..=12_u64, option::of(1..=3_u64)).prop_map(|(max, cost)| Limit { max, cost })
}

/// A URI has no `args.n`, so a resource's limit costs a fixed amount.
fn resource() -> impl Strategy<Value = Rule> {
    let limit = || option::of((1..=12_u64, 1..=3_u64).prop_map(|(max, cost)| Limit { max, cost: Some(cost) }));
    [limit(), limit()]
}

fn rules() -> impl Strategy<Value = Rules> {
    let tool = || [option::of(limit()), option::of(limit())];
    ([tool(), tool(), tool()], tool(), [resource(), resource(), resource()])
        .prop_map(|(tools, all_tools, resources)| Rules { tools, all_tools, resources })
}

fn requests() -> impl Strategy<Value = Vec<Request>> {
    let tools = vec((0..3_usize, 0..=3_u64), 1..=5).prop_map(Request::Tools);
    let listen = vec(select(vec![0, 1, 2]), 1..=5).prop_map(Request::Listen);
    vec(prop_oneof![3 => tools, 1 => listen], 1..=6)
}

impl Rules {
    fn to_json(&self) -> Value {
        let rule = |rule: &Rule| {
            let limits = COUNTERS.iter().zip(rule).filter_map(|(counter, limit)| {
                let Limit { max, cost } = (*limit)?;
                let (key, cost) = cost.map_or(("increment_from", json!("args.n")), |cost| ("increment", json!(cost)));
                Some(json!({ "counter": counter, "window": "day", "max": max, "scope": "grant", key: cost }))
            });
            json!({ "limits": limits.collect::<Vec<_>>() })
        };
        let entries = |prefix: &str, rules: &[Rule]| {
            let entry = |(index, one)| (format!("{prefix}{index}"), rule(one));
            rules.iter().enumerate().map(entry).collect::<Map<_, _>>()
        };
        let policy = json!({
            "version": "1", "default": "deny", "all_tools": rule(&self.all_tools),
            "tools": entries("t", &self.tools), "resources": entries("note:", &self.resources),
        });
        json!({ "policy": policy, "protocol": { "batches": "judge" } })
    }

    /// Charges a request to `used`, counter by counter, if every counter has room.
    fn charge(&self, used: &mut BTreeMap<usize, u64>, request: &Request) -> bool {
        // Of each call: the rules that speak of it, and its `args.n`.
        let calls: Vec<(Vec<&Rule>, u64)> = match request {
            Request::Tools(calls) => {
                calls.iter().map(|(tool, n)| (vec![&self.tools[*tool], &self.all_tools], *n)).collect()
            }
            Request::Listen(uris) => uris.iter().map(|uri| (vec![&self.resources[*uri]], 0)).collect(),
        };
        let mut after = used.clone();
        for counter in 0..COUNTERS.len() {
            let limits = |rules: &[&Rule]| rules.iter().filter_map(|rule| rule[counter]).collect::<Vec<_>>();
            let of_call = |(rules, n): &(Vec<&Rule>, u64)| {
                limits(rules).iter().map(|limit| limit.cost.unwrap_or(*n)).max().unwrap_or(0)
            };
            let Some(max) = calls.iter().flat_map(|(rules, _)| limits(rules)).map(|limit| limit.max).min() else {
                continue;
            };
            let used = after.entry(counter).or_default();
            *used += calls.iter().map(of_call).sum::<u64>();
            if *used > max {
                return false;
            }
        }
        *used = after;
        true
    }
}

impl Request {
    fn to_json(&self) -> Value {
        let message = |id: usize, method: &str, params: Value| json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        match self {
            Self::Tools(calls) => {
                let call = |(id, (tool, n)): (usize, &(usize, u64))| {
                    message(id, "tools/call", json!({ "name": format!("t{tool}"), "arguments": { "n": n } }))
                };
                let calls: Vec<Value> = calls.iter().enumerate().map(call).collect();
                if let [alone] = &calls[..] { alone.clone() } else { Value::Array(calls) }
            }
            Self::Listen(uris) => {
                let uris: Vec<String> = uris.iter().map(|uri| format!("note:{uri}")).collect();
                let notifications = json!({ "resourceSubscriptions": uris });
                message(0, "subscriptions/listen", json!({ "notifications": notifications }))
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_request_is_charged_the_sum_of_its_calls_and_a_call_the_most_that_one_of_its_rules_says(
        (rules, requests) in (rules(), requests()),
    ) {
        let policy = rules.to_json().to_string();
        let (world, mut used) = (World::new(&policy).expect("a policy"), BTreeMap::new());
        for request in &requests {
            let body = request.to_json();
            let sent = Sent { body, grant: "jwt:a", claims: None, session: None, at: Timestamp(1_767_225_600_000) };
            let passes = rules.charge(&mut used, request);
            prop_assert_eq!(world.judge(&sent).reply.is_none(), passes, "{} {} {:?}", policy, sent.body, used);
        }
    }
}
