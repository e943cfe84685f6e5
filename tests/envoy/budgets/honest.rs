//! Honest callers, each with an address of its own, that call all the while.

use crate::{
    client::{call, message, try_send},
    gateway::Gateway,
    runtime::until,
};
use serde_json::json;
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};
use tokio::task::JoinHandle;

/// Their addresses.
const CALLERS: [&str; 3] = ["10.0.0.1", "10.0.0.2", "10.0.0.3"];

/// Callers at work.
pub(super) struct Honest {
    calls: Arc<AtomicUsize>,
    is_over: Arc<AtomicBool>,
    callers: Vec<JoinHandle<()>>,
}

impl Honest {
    pub(super) fn start(gateway: Gateway) -> Self {
        let (calls, is_over) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let callers = CALLERS.map(|address| {
            let (gateway, calls, is_over) = (gateway.clone(), Arc::clone(&calls), Arc::clone(&is_over));
            tokio::spawn(async move {
                while !is_over.load(Ordering::Relaxed) {
                    call_from(&gateway, address).await;
                    calls.fetch_add(1, Ordering::Relaxed);
                }
            })
        });
        Self { calls, is_over, callers: callers.into() }
    }

    /// One round of calls, before anything is measured.
    pub(super) async fn call_once(gateway: &Gateway) {
        for address in CALLERS {
            call_from(gateway, address).await;
        }
    }

    /// Waits until so many more rounds of calls were answered.
    pub(super) async fn wait_for_calls(&self, more: usize) {
        let enough = self.calls.load(Ordering::Relaxed) + more;
        until("honest calls are answered", || async {
            assert!(self.callers.iter().all(|caller| !caller.is_finished()), "an honest call had a wrong answer");
            (self.calls.load(Ordering::Relaxed) >= enough).then_some(())
        })
        .await;
    }

    /// How many rounds of calls were answered.
    ///
    /// # Panics
    /// If an answer was wrong.
    pub(super) async fn stop(self) -> usize {
        self.is_over.store(true, Ordering::Relaxed);
        for caller in self.callers {
            caller.await.expect("every honest call has its answer");
        }
        self.calls.load(Ordering::Relaxed)
    }
}

/// A call with a body of some size, and a list.
async fn call_from(gateway: &Gateway, address: &'static str) {
    let arguments = json!({ "text": "x".repeat(20_000) });
    let calls = [
        (call("t", &arguments, "1", &[]), "\"result\":{}"),
        (message(r#"{"jsonrpc":"2.0","id":2,"method":"tools/list"}"#), "\"result\":{}"),
    ];
    for (request, expected) in calls {
        let request = request.proxied_from(address);
        let answer = try_send(gateway.at("honest"), &request).await.unwrap_or_else(|none| panic!("{none}"));
        assert!(answer.status == 200 && answer.text().contains(expected), "{} {}", answer.status, answer.text());
    }
}
