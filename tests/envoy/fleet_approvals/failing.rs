//! An etcd that loses nodes, or whose answers come late or not at all: nothing passes unapproved or twice, calls are denied with
//! the rule that says so, and all works again after.

use super::{
    UNANSWERED, assert_unavailable, assert_waits, decide, envoy, listed,
    nodes::Etcd,
    pay,
    relay::{DELAY, Relay, Weather},
};
use crate::{
    client::{self, Response},
    gateway::Gateway,
    runtime::{run, until},
};
use std::{net::SocketAddr, sync::Mutex, time::Duration};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, sleep_until},
};

/// How long etcd may take in these tests, in milliseconds. Shorter than [`DELAY`].
const TIMEOUT_MS: u32 = 400;

/// What became of calls.
#[derive(Debug, Default)]
struct Tally {
    passed: usize,
    waiting: usize,
    unavailable: usize,
}

impl Tally {
    fn add(&mut self, answer: &Response) {
        if answer.is_upstreams() {
            self.passed += 1;
        } else if answer.json()["error"]["code"] == -31428 {
            assert_waits(answer);
            self.waiting += 1;
        } else {
            assert_unavailable(answer);
            self.unavailable += 1;
        }
    }
}

/// Sends so many calls of one agent at once, half of them to each Envoy.
async fn repeat(gateways: &[Gateway; 2], agent: &str, calls: usize) -> Tally {
    let mut sent = JoinSet::new();
    for n in 0..calls {
        let (address, request) = (gateways[n % 2].at("hold"), pay(agent));
        sent.spawn(async move { client::send(address, &request).await });
    }
    let mut tally = Tally::default();
    sent.join_all().await.iter().for_each(|answer| tally.add(answer));
    tally
}

/// Repeats a call until it waits for approval, whatever etcd is going through, and returns the id of its request.
async fn wait(gateway: &Gateway, agent: &str) -> String {
    until("the call waits for approval", || async {
        let answer = gateway.send("hold", &pay(agent)).await;
        if answer.json()["error"]["code"] == -31428 {
            return Some(assert_waits(&answer));
        }
        assert_unavailable(&answer);
        sleep(Duration::from_millis(50)).await;
        None
    })
    .await
}

/// Gets a call approved; the gateway and the console may have to be asked again.
async fn approve(gateway: &Gateway, agent: &str) -> String {
    let id = wait(gateway, agent).await;
    until("the call is approved", || async {
        match decide(gateway, &id, "approve").await.status {
            // What was written and not confirmed is decided already.
            200 | 409 => Some(()),
            503 => None,
            other => panic!("{other}"),
        }
    })
    .await;
    id
}

/// Waits until both Envoys get answers again.
async fn until_works(gateways: &[Gateway; 2], agent: &str) {
    for (n, gateway) in gateways.iter().enumerate() {
        until("approvals work again", || async {
            let answer = gateway.send("hold", &pay(&format!("{agent}-{n}"))).await;
            (answer.json()["error"]["code"] == -31428).then_some(())
        })
        .await;
    }
}

/// Two Envoys in front of the same nodes, or of one relay each. Approvals expire after a minute.
async fn two(name: &str, nodes: [&[SocketAddr]; 2]) -> [Gateway; 2] {
    let one = envoy(&format!("approvals-{name}-0"), nodes[0], TIMEOUT_MS, "1m").await;
    [one, envoy(&format!("approvals-{name}-1"), nodes[1], TIMEOUT_MS, "1m").await]
}

#[test]
fn while_the_leader_or_another_node_dies_no_approval_is_used_twice_or_after_its_deadline() {
    run(async {
        let Some(mut etcd) = Etcd::start("killed").await else { return };
        let addresses = etcd.addresses();
        let gateways = two("killed", [&addresses, &addresses]).await;
        let late = approve(&gateways[0], "late").await;
        let deadline = Instant::now() + Duration::from_secs(61);
        for round in 0..4 {
            let agent = format!("agent-{round}");
            approve(&gateways[round % 2], &agent).await;
            let leader = etcd.leader().await;
            let victim = if round % 2 == 0 { leader } else { (leader + 1) % 3 };
            let repeats = repeat(&gateways, &agent, 30);
            etcd.kill_node(victim);
            let mut passed = repeats.await.passed;
            until_works(&gateways, &format!("after-{round}")).await;
            passed += repeat(&gateways, &agent, 10).await.passed;
            assert!(passed <= 1, "round {round}: {passed} passed");
            // With two of three nodes all goes on.
            let again = format!("again-{round}");
            approve(&gateways[0], &again).await;
            let tally = repeat(&gateways, &again, 10).await;
            assert!(tally.passed <= 1, "{tally:?}");
            etcd.start_node(victim);
            etcd.until_healthy(victim).await;
        }
        // Its lease is longer, and each new leader has renewed it: the entry is still there.
        sleep_until(deadline).await;
        for gateway in &gateways {
            assert_ne!(wait(gateway, "late").await, late);
        }
    });
}

#[test]
fn without_a_quorum_calls_are_denied_and_after_it_all_works_again() {
    run(async {
        let Some(mut etcd) = Etcd::start("quorum").await else { return };
        let addresses = etcd.addresses();
        let gateways = two("quorum", [&addresses, &addresses]).await;
        approve(&gateways[0], "alice").await;
        let leader = etcd.leader().await;
        let [first, second] = [leader, (leader + 1) % 3];
        etcd.kill_node(first);
        etcd.kill_node(second);
        let tally = repeat(&gateways, "alice", 10).await;
        assert_eq!((tally.passed, tally.waiting, tally.unavailable), (0, 0, 10));
        for gateway in &gateways {
            let answer = gateway.send("console", &super::visit(gateway, "GET", "/api/approvals")).await;
            assert_eq!(answer.status, 503, "{answer}");
            let why = "etcd, which keeps the approvals, gave no usable answer; try again later";
            assert_eq!(answer.json()["error"], why, "{answer}");
            assert!(gateway.metrics().await.get(UNANSWERED).is_some_and(|count| *count >= 5));
        }
        for node in [first, second] {
            etcd.start_node(node);
        }
        for node in [first, second] {
            etcd.until_healthy(node).await;
        }
        until_works(&gateways, "after").await;
        let tally = repeat(&gateways, "alice", 20).await;
        assert!(tally.passed <= 1, "{tally:?}");
        approve(&gateways[1], "bob").await;
        assert_eq!(repeat(&gateways, "bob", 10).await.passed, 1, "all works again");
    });
}

#[test]
fn answers_that_are_lost_or_late_let_nothing_pass_twice() {
    run(async {
        let Some(etcd) = Etcd::start("relayed").await else { return };
        let [node, other, _] = etcd.addresses();
        let relays = [Relay::start(node).await, Relay::start(other).await];
        let [first, second] = relays.each_ref().map(|relay| [relay.address]);
        let gateways = two("relayed", [&first, &second]).await;
        let (mut lost, mut unavailable) = (0, 0);
        for (round, weather) in
            [Weather::Deaf, Weather::Mute, Weather::Slow, Weather::Cut, Weather::Deaf, Weather::Slow]
                .into_iter()
                .enumerate()
        {
            let agent = format!("agent-{round}");
            approve(&gateways[round % 2], &agent).await;
            // One Envoy is cut off, or both are.
            let troubled = if round % 3 == 0 { &relays[..] } else { &relays[round % 2..=round % 2] };
            let repeats = repeat(&gateways, &agent, 20);
            let change = async {
                sleep(Duration::from_millis(5)).await;
                troubled.iter().for_each(|relay| relay.set(weather));
            };
            let (first, ()) = tokio::join!(repeats, change);
            let during = repeat(&gateways, &agent, 6).await;
            relays.iter().for_each(|relay| relay.set(Weather::Fair));
            // What was delayed arrives.
            sleep(DELAY).await;
            // Each worker has connections of its own: those that were cut off are made again.
            let after = Mutex::new(0);
            until("all calls are answered again", || async {
                let tally = repeat(&gateways, &agent, 20).await;
                *after.lock().expect("a number") += tally.passed;
                (tally.unavailable == 0).then_some(())
            })
            .await;
            let after = after.into_inner().expect("a number");
            let passed = first.passed + during.passed + after;
            assert!(passed <= 1, "{weather:?}: {first:?} {during:?}, {after} after");
            lost += usize::from(passed == 0);
            unavailable += first.unavailable + during.unavailable;
        }
        assert!(unavailable > 0, "no trouble was met");
        println!("{unavailable} calls were denied, {lost} of 6 approvals were lost");
        assert!(!listed(&gateways[0], "approvals").await.is_empty());
    });
}
