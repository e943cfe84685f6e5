//! `explain`, `test` and the module never disagree: the same calls under the same configuration have the same verdict, rule,
//! charges and message, whichever of the three a person looks at.

mod callers;
mod verdict;

use std::sync::Arc;

use proptest::{
    collection::vec,
    option,
    prelude::*,
    sample::{Index, select},
};
use serde_json::{Value, json};

use self::callers::{Caller, callers};
use crate::{
    cases,
    policies::policy,
    proxy::{Shared, Worker},
    requests::{Sent, requests},
};

/// A request and who sends it.
#[derive(Clone, Debug)]
struct Call {
    caller: Caller,
    session: Option<&'static str>,
    /// In milliseconds since the epoch.
    at: u64,
    body: String,
}

#[test]
fn explain_and_test_say_of_random_calls_what_the_module_does() {
    cases::run(120, &(configurations(), calls()), |(configuration, calls)| {
        let configuration = configuration.to_string();
        let mut worker = Worker::new(&Arc::new(Shared::prepared()), &configuration);
        let done = calls.iter().map(|call| verdict::by_module(&mut worker, call)).collect::<Vec<_>>();
        let file = verdict::case_file(&calls, &done);
        assert_eq!(verdict::by_cases(&configuration, &file), done, "`test` says otherwise: {file}");
        verdict::assert_cases_pass(&configuration, &file);
        // `explain` counts from nothing, as the first call does.
        assert_eq!(verdict::by_explain(&configuration, &calls[0]), done[0], "`explain` says otherwise");
    });
}

/// Configurations of two policies, which the caller's grant chooses between, with each option that changes a verdict or its
/// words.
fn configurations() -> impl Strategy<Value = Value> {
    let binding = (option::weighted(0.8, select(callers::patterns())), select(vec!["p", "q"]));
    let binding = binding.prop_map(|(grant, policy)| match grant {
        Some(grant) => json!({ "grant": grant, "policy": policy }),
        None => json!({ "policy": policy }),
    });
    let answers = (select(vec!["error", "tool_result"]), any::<bool>());
    let protocol = (select(vec!["release", "hold"]), prop::bool::weighted(0.7));
    let others = (prop::bool::weighted(0.1), any::<bool>());
    (policy(), policy(), vec(binding, 1..=3), answers, protocol, others).prop_map(
        |(p, q, bindings, (deny_as, unknown_tool), (headers, judges_batches), (is_shadow, has_url))| {
            json!({
                "policies": { "p": p, "q": q },
                "bindings": bindings,
                "identity": callers::identity(),
                "mode": if is_shadow { "shadow" } else { "enforce" },
                "answers": { "deny_as": deny_as, "unknown_tool": unknown_tool },
                "protocol": { "headers": headers, "batches": if judges_batches { "judge" } else { "refuse" } },
                "approvals": if has_url { json!({ "url": "http://localhost:10001/" }) } else { json!({}) },
            })
        },
    )
}

/// Calls in the order of time; some of them are batches of others.
fn calls() -> impl Strategy<Value = Vec<Call>> {
    let batch = option::weighted(0.3, vec(any::<Index>(), 0..=4));
    (requests(), vec((callers(), batch), 8)).prop_map(|(requests, more)| {
        let call = |(sent, (caller, batch)): (&Sent, (Caller, Option<Vec<Index>>))| {
            let several = |picks: Vec<Index>| {
                let message = |(number, pick): (usize, &Index)| numbered(&pick.get(&requests).body, number);
                picks.iter().enumerate().map(message).collect()
            };
            let body = batch.map_or_else(|| sent.body.clone(), several);
            Call { caller, session: sent.session, at: sent.at.0, body: body.to_string() }
        };
        requests.iter().zip(more).map(call).collect()
    })
}

/// The message with an id of its own, if it has one: no two requests of a batch may have the same.
fn numbered(message: &Value, number: usize) -> Value {
    let mut message = message.clone();
    if let Some(id) = message.get_mut("id") {
        *id = number.into();
    }
    message
}
