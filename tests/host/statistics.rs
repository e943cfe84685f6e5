//! What is counted, and what that costs.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    console::Office,
    proxy::{Fault, How, ROOT, Shared, Worker, fault::STATUSES},
    request::{at_an_address, call, with_options},
};

const CONFIGURATIONS: &str = ";.;mcp_policy_configurations";

/// The options of a worker that writes no lines into the log.
const NO_LINES: &str = r#""audit":{"log":"none"}"#;

/// A worker whose policy has no approval rule.
fn worker() -> Worker {
    let tools = r#"{"ok":{},"limited":{"rate_limit":"2/minute"}}"#;
    worker_with(&format!(r#"{{"policy":{{"version":"1","default":"deny","tools":{tools}}},{NO_LINES}}}"#))
}

fn worker_with(configuration: &str) -> Worker {
    let mut worker = Worker::new(&Arc::new(Shared::prepared()), configuration);
    worker.world().properties = at_an_address();
    worker
}

/// How often a request for a tool calls into the host, by the call's name.
fn calls_of(worker: &mut Worker, tool: &str) -> BTreeMap<String, usize> {
    worker.world().called.clear();
    call(tool).send(worker).close(worker);
    std::mem::take(&mut worker.world().called)
}

#[test]
fn a_configuration_is_counted_from_its_first_tick_to_its_end() {
    let mut worker = worker();
    assert_eq!((worker.world().tick, worker.world().counted(CONFIGURATIONS)), (1, 0), "it may be the canary");
    for _ in 0..3 {
        worker.callback("proxy_on_tick", &[ROOT]);
        assert_eq!((worker.world().tick, worker.world().counted(CONFIGURATIONS)), (5000, 1));
    }
    assert!(worker.configure(&with_options(r#""audit":{"log":"all"}"#)));
    worker.callback("proxy_on_tick", &[ROOT]);
    assert_eq!(worker.world().counted(CONFIGURATIONS), 1);
    assert_eq!(worker.world().metrics.iter().filter(|(_, value)| *value == 1).count(), 1, "the new one");
    worker.callback("proxy_on_delete", &[ROOT]);
    assert_eq!(worker.world().counted(CONFIGURATIONS), 0);
}

#[test]
fn a_write_that_met_another_is_counted() {
    let mut worker = worker();
    worker.world().faults = vec![Fault { call: "proxy_set_shared_data", after: 0, times: 3, how: How::Status(8) }];
    assert_eq!(call("limited").send(&mut worker).replies, []);
    assert_eq!(worker.world().counted("mcp_policy_conflicts"), 3);
    assert_eq!(worker.world().counted("mcp_policy_counters"), 1);
}

#[test]
fn a_statistic_that_is_lost_changes_no_verdict() {
    for name in ["proxy_define_metric", "proxy_increment_metric", "proxy_set_tick_period_milliseconds"] {
        for status in STATUSES {
            let mut worker = worker();
            let fault = Fault::always(name, status);
            worker.world().faults = vec![fault.clone()];
            let stream = call("ok").send(&mut worker);
            if worker.has_failed() {
                assert!(fault.may_trap() && !stream.went_on.is_whole, "{name} {status}: {stream:?}");
                continue;
            }
            assert_eq!(stream.replies, [], "{name} {status}");
            let refused = call("evil").send(&mut worker);
            assert_eq!(refused.replies.len(), usize::from(!worker.has_failed()), "{name} {status}");
            assert!(!worker.has_failed() || fault.may_trap(), "{name} {status}");
        }
    }
}

#[test]
fn record_and_statistics_cost_a_request_two_calls_into_the_host() {
    let mut worker = worker();
    for (tool, all) in [("ok", 7), ("limited", 14)] {
        // The first names its series.
        assert!(calls_of(&mut worker, tool).contains_key("proxy_define_metric"), "{tool}");
        let calls = calls_of(&mut worker, tool);
        let of = |name: &str| calls.get(name).copied().unwrap_or_default();
        let observed = ["proxy_set_property", "proxy_increment_metric", "proxy_define_metric", "proxy_log"].map(of);
        assert_eq!((observed, calls.values().sum::<usize>()), ([1, 1, 0, 0], all), "{tool}");
    }
}

#[test]
fn a_chain_costs_a_request_calls_into_the_host_and_without_one_nothing() {
    let calls = |audit: &str| {
        let mut worker = worker_with(&with_options(&format!(r#""audit":{{"log":"none"{audit}}}"#)));
        // The first names its series.
        calls_of(&mut worker, "ok");
        calls_of(&mut worker, "ok")
    };
    let (without, off, chained) = (calls(""), calls(r#","chain":false"#), calls(r#","chain":true"#));
    assert_eq!(off, without);
    let all = |calls: &BTreeMap<String, usize>| calls.values().sum::<usize>();
    assert!(all(&chained) > all(&off), "the record is read and written again: {chained:?}");
}

#[test]
fn an_approval_rule_costs_each_request_two_calls_into_the_host_for_its_route_and_cluster() {
    let property_calls = |mut worker: Worker| {
        calls_of(&mut worker, "ok");
        calls_of(&mut worker, "ok").get("proxy_get_property").copied()
    };
    let without = property_calls(worker());
    assert_eq!((without, property_calls(worker_with(&with_options(NO_LINES)))), (Some(2), Some(4)));
}

#[test]
fn a_refusal_costs_a_request_one_call_into_the_host_besides_its_record_and_statistics() {
    let mut worker = worker();
    for (tool, all) in [("evil", 8), ("limited", 9)] {
        for _ in 0..3 {
            // Not closed: what found no server is given back.
            call(tool).send(&mut worker);
        }
        let calls = calls_of(&mut worker, tool);
        let of = |name: &str| calls.get(name).copied().unwrap_or_default();
        let observed = ["proxy_set_property", "proxy_increment_metric", "proxy_send_local_response"].map(of);
        assert_eq!((observed, calls.values().sum::<usize>()), ([1, 1, 1], all), "{tool}: {calls:?}");
    }
}

#[test]
fn the_gauges_say_how_many_approvals_wait_and_since_when() {
    const PENDING: &str = "mcp_policy_approvals_pending";
    const OLDEST: &str = "mcp_policy_approvals_oldest_seconds";
    let mut office = Office::new();
    let ticked = |worker: &mut Worker| {
        worker.callback("proxy_on_tick", &[ROOT]);
        (worker.world().counted(PENDING), worker.world().counted(OLDEST))
    };
    assert_eq!(ticked(&mut office.gateway), (0, 0));
    let id = office.call().expect_err("it is not approved");
    for worker in [&mut office.gateway, &mut office.console] {
        worker.world().now += 90_000_000_000;
        assert_eq!(ticked(worker), (1, 90), "every worker sets the same values");
    }
    office.approve(&id);
    assert_eq!(ticked(&mut office.gateway), (0, 0));
}

#[test]
fn a_policy_without_approvals_reads_none_when_it_ticks() {
    let mut worker = worker();
    worker.callback("proxy_on_tick", &[ROOT]);
    worker.world().called.clear();
    worker.callback("proxy_on_tick", &[ROOT]);
    assert_eq!(worker.world().called.get("proxy_get_shared_data"), None);
}

#[test]
fn the_fields_of_a_record_are_states_of_their_own_only_by_option() {
    let mut plain = worker();
    call("evil").send(&mut plain);
    assert_eq!(plain.world().fields.len(), 0);
    let mut worker = worker_with(&with_options(r#""audit":{"fields":true}"#));
    call("evil").send(&mut worker);
    let fields: Vec<(String, String)> = worker.world().fields.clone().into_iter().collect();
    let expected = [
        ("decision", "denied"),
        ("grant", "address:10.0.0.7"),
        ("method", "tools/call"),
        ("policy", "default"),
        ("rule", "(default deny)"),
        ("tool", "evil"),
        ("tool_name", "evil"),
    ];
    assert_eq!(fields, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
}
