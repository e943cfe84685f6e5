//! A long call with progress notifications: every event arrives as early as without the filter.

use super::{
    BARE, gateway, relay,
    relay::Passed,
    report,
    session::{Event, Session},
};
use crate::{forwarding::MODES, gateway::Gateway, prerequisites::find, runtime::run, sdk_servers::server::Server};
use serde_json::json;
use std::{net::SocketAddr, time::Duration};
use tokio::time::Instant;

const STEPS: u32 = 10;
const STEP: Duration = Duration::from_millis(300);

/// How many calls go through each listener at once.
const CALLS: usize = 5;

/// How much later an event may come through the filter, in the median, on a busy machine. It is less than a step: an
/// event that waits for the next one would be seen.
const LATER: Duration = Duration::from_millis(100);

#[test]
fn the_progress_of_a_long_call_arrives_event_by_event_as_soon_as_without_the_filter() {
    progress_delays("everything-progress", gateway);
}

/// Compares the delays of events through a gateway with those without the filter.
pub(super) fn progress_delays(test: &str, gateway: impl AsyncFn(&str, SocketAddr) -> Gateway) {
    let Some(place) = find("servers") else { return };
    run(async {
        let server = Server::start_everything(test, &place).await;
        let (address, passed) = relay::start(server.address).await;
        let gateway = gateway(test, address).await;
        // All at once: what slows the machine down slows all of them down.
        let calls = [BARE].into_iter().chain(MODES).map(|listener| {
            let call = |_| tokio::spawn(delays(gateway.clone(), listener, passed.clone()));
            (listener, (0..CALLS).map(call).collect::<Vec<_>>())
        });
        let mut bare = None;
        for (listener, calls) in calls.collect::<Vec<_>>() {
            let mut all = Vec::new();
            for call in calls {
                all.extend(call.await.expect("all of its progress"));
            }
            all.sort();
            let (median, slowest) = (all[all.len() / 2], all[all.len() - 1]);
            report(&format!(
                "everything: {} events pass {listener} in {median:?}, the slowest in {slowest:?}",
                all.len()
            ));
            let bare = *bare.get_or_insert(median);
            assert!(median < bare + LATER, "{listener}: {median:?} instead of {bare:?}: {all:?}");
        }
    });
}

/// Makes the call in a session of its own; gives the delay of each event after the server has sent it.
async fn delays(gateway: Gateway, listener: &str, passed: Passed) -> Vec<Duration> {
    let session = Session::open(&gateway, listener).await;
    let duration = STEP.as_secs_f64() * f64::from(STEPS);
    let arguments = json!({ "duration": duration, "steps": STEPS });
    let mut stream = session.call("trigger-long-running-operation", &arguments).await;
    assert_eq!(Event::read(stream.event().await).data, "");
    let mut delays = Vec::new();
    for step in 1..=STEPS {
        let event = Event::read(stream.event().await);
        delays.push(Instant::now() - passed.at(&event.id));
        let parameters = json!({ "progress": step, "total": STEPS, "progressToken": "p" });
        let progress = json!({ "jsonrpc": "2.0", "method": "notifications/progress", "params": parameters });
        assert_eq!(event.message(), progress);
    }
    let text = format!("Long running operation completed. Duration: {duration} seconds, Steps: {STEPS}.");
    let result = json!({ "content": [{ "type": "text", "text": text }] });
    let answer = json!({ "jsonrpc": "2.0", "id": 7, "result": result });
    assert_eq!(Event::read(stream.event().await).message(), answer);
    delays
}
