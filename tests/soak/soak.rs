//! A real Envoy with two workers under honest and hostile load, for three minutes or as long as `MCP_POLICY_SOAK_MINUTES` says:
//! `./build.sh soak [MINUTES]`.
//!
//! Attack follows attack, configurations are pushed, good and bad ones, and servers fail in every phase of an answer. Honest
//! callers call all the while: none of their calls is lost, none has a wrong answer, and each has its answer in time. The
//! verdict rests on what happened, not on how fast: a slow machine does less in the same minutes.

mod attacks;
mod callers;
mod server;

use crate::{
    budgets::{self, Memory},
    gateway::{Gateway, Listener, json_text},
    process::fresh_folder,
    runtime::until,
};
use callers::{Callers, Tally};
use serde_json::{Value, json};
use server::Server;
use std::{env, path::Path, time::Duration};
use tokio::{
    runtime::Builder,
    time::{Instant, sleep, timeout},
};

/// How long it takes if nothing else is said, in minutes: its part in `./build.sh test`.
const MINUTES: u64 = 3;
/// The time between two configurations.
const BETWEEN_PUSHES: Duration = Duration::from_secs(5);
/// By how much Envoy's memory may grow, in KiB. The attacks come one after the other, and each has this bound by itself.
const MORE_MEMORY: u64 = 256 << 10;
/// Lines of a worker in Envoy's log, each second.
const LINES: usize = 10;

/// The gateways: `honest` and `attacked` differ only in their callers, `flaky` has a server that fails, `endless` one whose
/// lists do not end, `counted` a service that does not answer.
fn listeners(servers: &Servers, folder: &Path, version: u64) -> Vec<Listener> {
    let policy = json!({
        "version": "1",
        "default": "deny",
        "description": format!("version {version}"),
        "tools": {
            "t": { "deny_if": [{ "conditions": [{ "path": "args.x[*].y", "op": "eq", "value": 1 }] }] },
            "limited": { "rate_limit": "1000000/second" },
        },
    });
    // Every seventh is a mistake, which Envoy rejects: the filters stay as they are.
    let default = if version % 7 == 6 { json!("maybe") } else { json!("deny") };
    let mut configuration = json!({ "policy": policy });
    configuration["policy"]["default"] = default;
    let text = |options: &[(&str, Value)]| {
        let mut configuration = configuration.clone();
        for (name, value) in options {
            configuration[*name] = value.clone();
        }
        json_text(&configuration.to_string())
    };
    let listener = |name: &str, options: &[(&str, Value)]| {
        // As `render` has it: twice the filter's own limit of a body.
        Listener::new(name, text(options)).proxy_protocol().buffer_limit(2 << 20).http2_streams(100)
    };
    let service = json!({ "service": { "cluster": "counts", "timeout_ms": 3000 } });
    let all = [
        listener("mcp", &[]).in_front_of("honest", servers.sound.address),
        listener("mcp", &[]).in_front_of("attacked", servers.sound.address),
        listener("mcp", &[("limits", json!({ "refund": "failed" }))]).in_front_of("flaky", servers.flaky.address),
        listener("mcp", &[]).in_front_of("endless", servers.endless.address),
        listener("mcp", &[("limits", service)])
            .in_front_of("counted", servers.sound.address)
            .counted_by(servers.silent.address),
    ];
    all.map(|listener| listener.discovered_in(folder)).into()
}

/// Has Envoy discover a version of the filters' configuration.
fn push(servers: &Servers, folder: &Path, version: u64) {
    listeners(servers, folder, version).iter().for_each(Listener::push);
}

/// The servers behind the gateway.
struct Servers {
    sound: Server,
    flaky: Server,
    endless: Server,
    silent: budgets::Server,
}

#[test]
fn honest_callers_lose_nothing_whatever_others_do() {
    let minutes =
        env::var("MCP_POLICY_SOAK_MINUTES").map_or(MINUTES, |minutes| minutes.parse().expect("whole minutes"));
    let length = Duration::from_secs(60 * minutes);
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    // Each step has its own limit; this one is for a step that has none.
    let soaked = runtime.block_on(async { timeout(length + Duration::from_secs(120), soak(length)).await });
    soaked.expect("the soak should have ended by now");
}

async fn soak(length: Duration) {
    let servers = Servers {
        sound: Server::start(server::Behaviour::Sound).await,
        flaky: Server::start(server::Behaviour::Flaky).await,
        endless: Server::start(server::Behaviour::Endless).await,
        silent: budgets::Server::silent().await,
    };
    let folder = fresh_folder("soak-filters");
    push(&servers, &folder, 0);
    let gateway = Gateway::start("soak", &listeners(&servers, &folder, 0)).await;
    callers::call_once(&gateway).await;
    let memory = Memory::watch(gateway.process_id());
    let callers = Callers::start(&gateway);
    let (begun, mut pushed, mut attacks, mut version) = (Instant::now(), Instant::now(), 0_usize, 0);
    while begun.elapsed() < length {
        attacks::run(&gateway, attacks).await;
        attacks += 1;
        // So that an hour of attacks is an hour of honest calls, on whatever machine.
        callers.wait_for_calls(5).await;
        if pushed.elapsed() > BETWEEN_PUSHES {
            version += 1;
            push(&servers, &folder, version);
            pushed = Instant::now();
        }
    }
    let seconds = begun.elapsed().as_secs();
    let tally = callers.stop().await;
    assert_attackers_are_free_again(&gateway).await;
    summarize(&gateway, &memory, &tally, attacks, seconds).await;
}

/// What was held for the attacks is free: their callers' requests pass again.
async fn assert_attackers_are_free_again(gateway: &Gateway) {
    until("what attackers held is free", || async { attacks::is_answered(gateway).await.then_some(()) }).await;
}

/// Prints what happened, and checks what has a bound.
async fn summarize(gateway: &Gateway, memory: &Memory, tally: &Tally, attacks: usize, seconds: u64) {
    let sum = |stats: Vec<(String, u64)>| stats.iter().map(|(_, value)| value).sum::<u64>();
    let reloads = sum(gateway.stats("vm_reload").await);
    let updates = sum(gateway.stats("config_reload").await);
    let rejected = sum(gateway.stats("config_fail").await);
    let lines = gateway.log().lines().filter(|line| line.contains("mcp-policy: {")).count();
    let (growth, now) = (memory.growth(), memory.now());
    let [half, most, slowest] = tally.latencies([0.5, 0.99, 1.0]);
    println!("soak: {seconds} s, {attacks} attacks, {updates} configurations taken, {rejected} rejected");
    println!(
        "honest: {} answers, 0 lost, 0 wrong; {half} ms at the median, {most} ms at 99 %, {slowest} ms",
        tally.calls()
    );
    println!(
        "Envoy: {growth} KiB over idle at most, {now} KiB at the end; {reloads} traps; {lines} records in the log"
    );
    assert_eq!(reloads, 0, "a VM trapped");
    assert!(updates > 0, "configurations were taken");
    assert!(gateway.log().contains("mcp-policy: {"), "the log has records");
    let bound = 2 * LINES * usize::try_from(seconds + 2).expect("a number");
    assert!(lines <= bound, "{lines} lines in {seconds} s");
    assert!(growth < MORE_MEMORY, "{growth} KiB");
}

/// A pause that holds what an attack has opened.
async fn hold() {
    sleep(Duration::from_secs(1)).await;
}
