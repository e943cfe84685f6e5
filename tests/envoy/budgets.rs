//! One hostile client or server takes neither memory nor the worker from the others: `protocol.max_held_bytes` at its default,
//! in a real Envoy. Honest callers call all the while, and each of their answers is the right one.

mod honest;
mod hostile;
mod memory;
mod streams;

use crate::{
    clock,
    gateway::{Gateway, Listener, json_text},
    runtime::run,
};
use honest::Honest;
use hostile::Ended;
use serde_json::{Value, json};
use std::net::SocketAddr;

pub(crate) use self::{
    hostile::{Hostile, Server},
    memory::Memory,
};

/// By how much Envoy's memory may grow under an attack, in KiB.
const MORE_MEMORY: u64 = 256 << 10;
/// The attacker's address.
pub(crate) const ATTACKER: &str = "10.9.9.9";
/// A body near the largest, in bytes.
const LARGE: usize = 1_000_000;

/// A gateway with a listener for the attack, whose server may be hostile, and one for honest callers. Both are one VM in each
/// worker.
struct Attacked {
    gateway: Gateway,
    honest: Honest,
    memory: Memory,
    vms: u64,
    /// Where the attack goes.
    address: SocketAddr,
}

impl Attacked {
    async fn start(name: &str, options: &Value, attacked: impl FnOnce(Listener) -> Listener) -> Self {
        let rule = json!({ "deny_if": [{ "conditions": [{ "path": "args.x[*].y", "op": "eq", "value": 1 }] }] });
        let limited = json!({ "rate_limit": "100000/second" });
        let mut tools = json!({ "t": {}, "checked": rule, "limited": limited });
        // A service counts by other windows.
        if options.get("limits").is_none() {
            let twice = json!({ "counter": "c", "window": clock::long_window(), "max": 2, "scope": "grant" });
            tools["twice"] = json!({ "limits": [twice] });
        }
        let mut configuration = options.clone();
        configuration["policy"] = json!({ "version": "1", "default": "deny", "tools": tools });
        let text = json_text(&configuration.to_string());
        // As `render` has it: twice the filter's own limit.
        let listener = |name: &str| Listener::new(name, text.clone()).proxy_protocol().buffer_limit(2 << 20);
        let attacked = attacked(listener("attacked"));
        let gateway = Gateway::start(name, &[attacked.clone(), listener("honest")]).await;
        let address = gateway.at(attacked.name());
        // What only a first load takes is not counted.
        Honest::call_once(&gateway).await;
        let memory = Memory::watch(gateway.process_id());
        let vms = gateway.stat(VMS).await;
        let honest = Honest::start(gateway.clone());
        Self { gateway, honest, memory, vms, address }
    }

    /// No VM was replaced, which a trap would have caused; no honest call was wrong; memory has a bound.
    async fn assert_unharmed(self, attack: &str) {
        let more = self.memory.growth();
        let calls = self.honest.stop().await;
        println!("{attack}: {more} KiB of memory over idle, {calls} honest calls");
        assert_eq!(self.gateway.stat(VMS).await, self.vms, "{attack}: a VM trapped");
        assert!(calls > 0, "{attack}: no honest client called");
        assert!(more < MORE_MEMORY, "{attack}: {more} KiB");
    }
}

/// The statistic of VMs that were made.
const VMS: &str = "wasm.envoy.wasm.runtime.v8.created";

#[test]
fn heads_that_never_end_and_large_headers() {
    run(async {
        let attacked = Attacked::start("budgets-heads", &json!({}), |listener| listener).await;
        let hostile = Hostile::open_heads(attacked.address, 30, 100).await;
        attacked.honest.wait_for_calls(20).await;
        let Ended { refused, other } = hostile.ended();
        println!("of 3,000 heads {refused} were refused, the others wait");
        assert!(refused > 2000 && other == 0, "{refused} refused, {other} answered otherwise");
        // Small ones behind them.
        let small = Hostile::send_calls(attacked.address, 200, "t", "{}").await;
        attacked.honest.wait_for_calls(20).await;
        small.wait_for_all().await;
        attacked.assert_unharmed("heads that never end").await;
    });
}

#[test]
fn slow_uploads() {
    run(async {
        let attacked = Attacked::start("budgets-uploads", &json!({}), |listener| listener).await;
        let hostile = Hostile::upload_slowly(attacked.address, 200, LARGE).await;
        attacked.honest.wait_for_calls(20).await;
        let Ended { refused, other } = hostile.ended();
        println!("of 200 uploads {refused} were refused, the others wait");
        assert!(refused > 150 && other == 0, "{refused} refused, {other} answered otherwise");
        attacked.assert_unharmed("slow uploads").await;
    });
}

#[test]
fn lists_that_never_end() {
    run(async {
        let server = Server::endless_lists(8_000_000).await;
        let attacked =
            Attacked::start("budgets-lists", &json!({}), |listener| listener.in_front_of("hostile", server.address))
                .await;
        let hostile = Hostile::list(attacked.address, 100).await;
        attacked.honest.wait_for_calls(20).await;
        let Ended { refused, other } = hostile.ended();
        println!(
            "of 100 lists {refused} were refused and {other} became errors, the others wait for a list that never ends"
        );
        attacked.assert_unharmed("lists that never end").await;
    });
}

#[test]
fn arrays_of_as_many_values_as_a_body_can_hold() {
    run(async {
        let attacked = Attacked::start("budgets-values", &json!({}), |listener| listener).await;
        let arguments = format!(r#"{{"x":[{}0]}}"#, "0,".repeat(LARGE / 2 - 100));
        let hostile = Hostile::send_calls(attacked.address, 60, "checked", &arguments).await;
        attacked.honest.wait_for_calls(20).await;
        hostile.wait_for_all().await;
        attacked.assert_unharmed("arrays of small values").await;
    });
}

#[test]
fn a_body_of_as_many_values_as_48_mebibytes_can_hold() {
    run(async {
        let options = json!({ "protocol": { "max_body_bytes": 48 << 20, "max_held_bytes": 512 << 20 } });
        let attacked =
            Attacked::start("budgets-large-values", &options, |listener| listener.buffer_limit(96 << 20)).await;
        let arguments = format!(r#"{{"x":[{}0]}}"#, "0,".repeat((24 << 20) - 100));
        for _ in 0..2 {
            let hostile = Hostile::send_calls(attacked.address, 1, "checked", &arguments).await;
            hostile.wait_for_all().await;
            assert_eq!(hostile.ended(), Ended { refused: 0, other: 1 }, "it is judged, and denied");
        }
        attacked.honest.wait_for_calls(20).await;
        attacked.assert_unharmed("a body of 48 MiB").await;
    });
}

#[test]
fn calls_that_wait_for_a_service() {
    run(async {
        let service = Server::silent().await;
        let options = json!({ "limits": { "service": { "cluster": "counts", "timeout_ms": 20_000 } } });
        let attacked =
            Attacked::start("budgets-service", &options, |listener| listener.counted_by(service.address)).await;
        let arguments = format!(r#"{{"x":"{}"}}"#, "x".repeat(LARGE / 2));
        let hostile = Hostile::send_calls(attacked.address, 100, "limited", &arguments).await;
        attacked.honest.wait_for_calls(20).await;
        let Ended { refused, .. } = hostile.ended();
        println!("of 100 calls {refused} were refused, the others wait");
        assert!(refused > 70, "{refused}");
        attacked.assert_unharmed("calls that wait for a service").await;
    });
}
