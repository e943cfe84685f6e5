//! Calls whose approvals etcd keeps: in every order of questions, answers, timeouts and resets, no more pass than were approved.

mod orders;

use std::sync::Arc;

use mcp_policy::{
    approval::{
        ApproverDecision, GrantDigest,
        etcd::{Query, QueryResult},
    },
    identity::Grant,
    time::Timestamp,
};

use crate::{
    approval_callout::{self, Since, codes, faults, waiting},
    etcd::Etcd,
    proxy::{CallKind, CallResponse, Fault, How, OwnCall, Part, ROOT, Shared, Stream, Worker},
    rate_limit_service::{self, charged, closed, full},
    request::{MODES, at_an_address, call, with_options},
};

const UNANSWERED: &str = "mcp_policy_approvals_unanswered";
const WAITS: Option<(u32, Option<i64>)> = Some((200, Some(-31428)));
const DENIED: Option<(u32, Option<i64>)> = Some((200, Some(-31403)));

/// A configuration under which `asked` may be called twice a minute, each time with an approval that etcd keeps.
fn kept_in_etcd(mode: &str, more: &str) -> String {
    let store = r#""approvals":{"store":{"etcd":{"cluster":"etcd","prefix":"p/","timeout_ms":200}}}"#;
    with_options(&format!(r#""protocol":{{"headers":"{mode}","max_body_bytes":4096}},{store}{more}"#))
}

/// The same without a limit.
fn unlimited(mode: &str) -> String {
    kept_in_etcd(mode, "").replace(r#","rate_limit":"2/minute"}}"#, "}}")
}

/// The same where a service counts the limit.
fn counted_elsewhere(mode: &str) -> String {
    kept_in_etcd(mode, &format!(r#","limits":{{{}}}"#, rate_limit_service::service("deny")))
}

fn worker(configuration: &str) -> Worker {
    let mut worker = Worker::new(&Arc::new(Shared::prepared()), configuration);
    worker.world().properties = at_an_address();
    worker
}

/// What etcd answers.
fn answer(etcd: &mut Etcd, asked: &OwnCall) -> CallResponse {
    let CallKind::Grpc { service, method } = &asked.does else { panic!("{asked:?}") };
    match etcd.answer((service, method), &asked.body) {
        Ok(body) => rate_limit_service::message(body),
        Err(status) => closed(status),
    }
}

/// The question to etcd that a stream waits for.
fn question(worker: &mut Worker, stream: &Stream) -> Option<OwnCall> {
    let calls = &worker.world().calls;
    calls.iter().find(|asked| asked.stream == stream.id && asked.cluster == b"\x0a\x06\x0a\x04etcd").cloned()
}

/// Answers a stream's questions as long as it waits; returns how many there were.
fn answer_all(worker: &mut Worker, stream: &mut Stream, etcd: &mut Etcd) -> usize {
    let mut count = 0;
    while stream.is_open()
        && let Some(asked) = question(worker, stream)
    {
        let answer = answer(etcd, &asked);
        stream.receive(worker, asked.number, &answer);
        count += 1;
    }
    count
}

/// Has etcd take what puts approvals back; the streams that it was made for are answered or gone.
fn put_back(worker: &mut Worker, etcd: &mut Etcd) -> usize {
    let calls = worker.world().calls.clone();
    for asked in &calls {
        let answer = answer(etcd, asked);
        worker.respond_stray(asked.number, &answer);
        worker.world().calls.retain(|own| own.number != asked.number);
    }
    calls.len()
}

/// Makes a call, which waits for approval.
fn ask(worker: &mut Worker, etcd: &mut Etcd) {
    let (mut stream, _) = waiting(worker, &call("asked"));
    answer_all(worker, &mut stream, etcd);
    assert_eq!(codes(&stream), WAITS);
    stream.close(worker);
}

/// Approves whatever is pending; returns how much that is.
fn approve(etcd: &mut Etcd, now: Timestamp) -> usize {
    let mut query = |query: Query| {
        let rpc = query.rpc(&"p/".into());
        let response = etcd.answer(rpc.method.names(), &rpc.message);
        query.read(response.ok().as_deref())
    };
    let Some(QueryResult::Listed(listed)) = query(Query::List) else { panic!("no list") };
    let decision = ApproverDecision {
        approved: true,
        grant: GrantDigest::of(&Grant::from_name("jwt:boss")),
        approver: "jwt:boss",
        note: "",
    };
    let decided = listed.iter().filter_map(|entry| entry.decide(&decision, now).ok());
    decided
        .filter(|entry| matches!(query(Query::Decide(Box::new(entry.clone()))), Some(QueryResult::Decided(_))))
        .count()
}

fn now(worker: &mut Worker) -> Timestamp {
    Timestamp(worker.world().now / 1_000_000)
}

/// An etcd in which one call of `worker` is approved.
fn approved(worker: &mut Worker) -> Etcd {
    let mut etcd = Etcd::default();
    ask(worker, &mut etcd);
    let now = now(worker);
    assert_eq!(approve(&mut etcd, now), 1);
    etcd
}

#[test]
fn a_call_asks_etcd_by_the_configured_cluster_and_passes_once() {
    for mode in MODES {
        let mut worker = worker(&kept_in_etcd(mode, ""));
        let mut etcd = approved(&mut worker);
        let request = call("asked");
        let (mut stream, first) = waiting(&mut worker, &request);
        let (service, method) = ("etcdserverpb.KV".to_owned(), "Txn".to_owned());
        assert_eq!((first.does.clone(), first.root, first.timeout), (CallKind::Grpc { service, method }, ROOT, 200));
        assert_eq!(answer_all(&mut worker, &mut stream, &mut etcd), 2);
        approval_callout::assert_went_on(&stream, &request);
        stream.answer(&mut worker, Part::Head(&[(":status", "200"), ("x-envoy-upstream-service-time", "1")]), true);
        stream.close(&mut worker);
        assert_eq!(worker.world().calls, [], "what a server got does not go back");
        ask(&mut worker, &mut etcd);
        assert_eq!(worker.world().counted(UNANSWERED), 0);
        let before = worker.world().called["proxy_grpc_call"];
        assert!(call("ok").send(&mut worker).went_on.is_whole);
        assert_eq!(worker.world().called["proxy_grpc_call"], before, "a call without such a rule asks nothing");
    }
}

#[test]
fn answers_that_do_not_come_or_make_no_sense_deny_the_call() {
    let garbage = [&b"\xff"[..], b"\x12\x01", b"\x1a\x03\x0a\x01\x12"].map(rate_limit_service::message);
    let ends = (0..=16).map(closed).chain(garbage);
    for (mode, said) in MODES.into_iter().flat_map(|mode| ends.clone().map(move |said| (mode, said))) {
        let mut worker = worker(&kept_in_etcd(mode, ""));
        let mut etcd = approved(&mut worker);
        for at in 0..2 {
            let (mut stream, mut asked) = waiting(&mut worker, &call("asked"));
            for _ in 0..at {
                let answer = answer(&mut etcd.clone(), &asked);
                stream.receive(&mut worker, asked.number, &answer);
                asked = question(&mut worker, &stream).expect("another question");
            }
            stream.receive(&mut worker, asked.number, &said);
            assert_eq!(codes(&stream), DENIED, "{said:?}");
            let body: serde_json::Value = serde_json::from_slice(&stream.replies[0].body).expect("JSON");
            assert_eq!(body["error"]["data"]["rule"], "(approvals unavailable)");
            assert!(!stream.went_on.is_whole && stream.went_on.body.is_empty());
            let answer = answer(&mut etcd, &asked);
            worker.respond_stray(asked.number, &answer);
            stream.close(&mut worker);
        }
        assert_eq!(worker.world().counted(UNANSWERED), 2);
    }
}

#[test]
fn an_answer_that_is_too_long_is_not_read() {
    let mut worker = worker(&kept_in_etcd("hold", ""));
    let (mut stream, asked) = waiting(&mut worker, &call("asked"));
    stream.receive(&mut worker, asked.number, &rate_limit_service::message(vec![0; (1 << 20) + 1]));
    assert_eq!(codes(&stream), DENIED);
}

#[test]
fn an_approval_goes_back_where_the_limit_has_no_room_or_the_client_leaves() {
    for mode in MODES {
        let mut worker = worker(&counted_elsewhere(mode));
        let mut etcd = approved(&mut worker);
        let use_up = |worker: &mut Worker, etcd: &mut Etcd| {
            let (mut stream, _) = waiting(worker, &call("asked"));
            assert_eq!(answer_all(worker, &mut stream, etcd), 2);
            let counting = worker.world().calls.iter().find(|own| own.stream == stream.id).cloned();
            (stream, counting.expect("the limit is counted after that"))
        };
        for fate in [full(3), closed(14)] {
            let (mut stream, counting) = use_up(&mut worker, &mut etcd);
            stream.receive(&mut worker, counting.number, &fate);
            assert!(!stream.is_open() && !stream.went_on.is_whole);
            assert_eq!(put_back(&mut worker, &mut etcd), 1, "{fate:?}");
            stream.close(&mut worker);
        }
        let (mut gone, counting) = use_up(&mut worker, &mut etcd);
        gone.close(&mut worker);
        worker.world().calls.retain(|own| own.number != counting.number);
        worker.respond_stray(counting.number, &charged());
        assert_eq!(put_back(&mut worker, &mut etcd), 1, "a client that leaves");
        let (mut unsent, counting) = use_up(&mut worker, &mut etcd);
        unsent.receive(&mut worker, counting.number, &charged());
        assert!(unsent.went_on.is_whole);
        unsent.close(&mut worker);
        assert_eq!(put_back(&mut worker, &mut etcd), 1, "what no server got");
        let (mut early, counting) = use_up(&mut worker, &mut etcd);
        early.answer(&mut worker, Part::Head(&[(":status", "401")]), true);
        early.receive(&mut worker, counting.number, &charged());
        assert!(early.went_on.body.is_empty() && !early.went_on.is_whole);
        assert_eq!(put_back(&mut worker, &mut etcd), 1, "a server that answers early");
        early.close(&mut worker);
        let (mut passes, counting) = use_up(&mut worker, &mut etcd);
        passes.receive(&mut worker, counting.number, &charged());
        assert!(passes.went_on.is_whole);
    }
}

#[test]
fn whatever_fails_whenever_nothing_goes_on_unapproved() {
    for mode in MODES {
        let mut worker = worker(&unlimited(mode));
        let approved = approved(&mut worker);
        let mut pending = Etcd::default();
        ask(&mut worker, &mut pending);
        let (mut passed, mut refused) = (0, 0);
        // If the host only says that a context is entered, what the module asks next is not asked for a stream.
        let enters =
            |fault: &Fault| !matches!((&fault.how, fault.call), (How::Silence, "" | "proxy_set_effective_context"));
        for fault in faults().filter(enters) {
            for (since, is_approved) in [(Since::Asking, true), (Since::Waiting, true), (Since::Waiting, false)] {
                let mut etcd = if is_approved { approved.clone() } else { pending.clone() };
                let goes_on = goes_on(&mut worker, &mut etcd, since, &fault);
                assert!(!goes_on || is_approved, "{fault:?} {since:?}: it goes on unapproved");
                worker.reload_if_failed();
                worker.world().calls.clear();
                *(if goes_on { &mut passed } else { &mut refused }) += 1;
            }
        }
        assert!(passed > 1000 && refused > 1000, "{passed} {refused}");
    }
}

/// Whether a call is forwarded while a host call fails.
fn goes_on(worker: &mut Worker, etcd: &mut Etcd, since: Since, fault: &Fault) -> bool {
    if let Since::Asking = since {
        worker.world().faults = vec![fault.clone()];
    }
    let mut stream = call("asked").send(worker);
    assert!(!stream.went_on.is_whole && stream.went_on.body.is_empty(), "{fault:?}: before etcd has said anything");
    worker.world().faults = vec![fault.clone()];
    answer_all(worker, &mut stream, etcd);
    worker.world().faults.clear();
    stream.close(worker);
    stream.went_on.is_whole
}
