//! `explain`, `test` and the module never disagree: the same calls under the same configuration have the same verdict, rule,
//! charges and message, whichever of the three a person looks at.

mod callers;
mod configurations;
mod verdict;

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use proptest::{collection::vec, option, prelude::*, sample::Index};
use serde_json::Value;

use self::{
    callers::{Caller, callers},
    configurations::configurations,
    verdict::Verdict,
};
use crate::{
    cases,
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
    let reached = RefCell::new(BTreeMap::<String, u32>::new());
    cases::run(200, &(configurations(), calls()), |(configuration, calls)| {
        let configuration = configuration.to_string();
        let mut worker = Worker::new(&Arc::new(Shared::prepared()), &configuration);
        let done = calls.iter().map(|call| verdict::by_module(&mut worker, call)).collect::<Vec<_>>();
        for kind in done.iter().flat_map(Verdict::kinds).collect::<BTreeSet<_>>() {
            *reached.borrow_mut().entry(kind).or_default() += 1;
        }
        let file = verdict::case_file(&calls, &done);
        assert_eq!(verdict::by_cases(&configuration, &file), done, "`test` says otherwise: {file}");
        verdict::assert_cases_pass(&configuration, &file);
        // `explain` counts from nothing, as the first call does.
        assert_eq!(verdict::by_explain(&configuration, &calls[0]), done[0], "`explain` says otherwise");
    });
    let reached = reached.into_inner();
    println!("scenarios with a call of each kind: {reached:?}");
    for kind in ["allowed", "denied", "rate_limited", "approval_required", "refused", "refused in shadow", "charged"] {
        assert!(reached.contains_key(kind), "no call is {kind}: {reached:?}");
    }
}

/// Calls in the order of time, by one caller or two; some of them are batches of others.
fn calls() -> impl Strategy<Value = Vec<Call>> {
    let batch = option::weighted(0.3, vec(any::<Index>(), 0..=4));
    (requests(), vec(callers(), 1..=2), vec((any::<Index>(), batch), 8)).prop_map(|(requests, callers, more)| {
        let call = |(sent, (caller, batch)): (&Sent, (Index, Option<Vec<Index>>))| {
            let several = |picks: Vec<Index>| {
                let message = |(number, pick): (usize, &Index)| numbered(&pick.get(&requests).body, number);
                picks.iter().enumerate().map(message).collect()
            };
            let body = batch.map_or_else(|| sent.body.clone(), several);
            Call { caller: *caller.get(&callers), session: sent.session, at: sent.at.0, body: body.to_string() }
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
