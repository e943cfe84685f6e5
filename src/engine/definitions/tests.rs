//! Lists compared with pins, and calls after them.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{DefinitionMemo, Finding, FindingKind, ListOrigin, ListedDefinitions};
use crate::{
    config::Config,
    drift::DriftStore,
    engine::{self, AuthorizationResponse, BoundRequest, Disposition, RequestInfo},
    http::Headers,
    identity::Grant,
    mcp::list::{ENTRIES_AT_ONCE, ListedEntry, definition},
    store::InMemory,
    time::Timestamp,
};

const PAY: &str = r#"{"name":"pay","description":"Pays","inputSchema":{"type":"object"}}"#;
const GET: &str = r#"{"name":"get"}"#;

fn digest(entry: &str) -> String {
    definition::digest(entry.as_bytes()).unwrap().to_string()
}

fn config(more: &str) -> Config {
    let pins = format!(r#""pay":{{"sha256":"{}"}},"get":{{"sha256":["{}"]}}"#, digest(PAY), digest(GET));
    let text = format!(r#"{{"version":"1","default":"allow","definitions":{{{pins}}}{more}}}"#);
    Config::load(text.as_bytes()).unwrap()
}

/// One worker of an Envoy.
struct Worker<'w> {
    config: &'w Config,
    memo: DefinitionMemo,
    store: &'w InMemory,
}

impl<'w> Worker<'w> {
    fn new(config: &'w Config, store: &'w InMemory) -> Self {
        Self { config, memo: DefinitionMemo::new(2), store }
    }

    /// Which entries a list shows, and what is found.
    fn list(&mut self, entries: &[&str], seconds: u64) -> (Vec<bool>, Vec<Finding>) {
        let origin = ListOrigin { route: String::new(), grant: "jwt:bob".to_owned() };
        let now = Timestamp::from_seconds(seconds);
        let judge = ListedDefinitions::new(self.config, "default", "f", &origin, &mut self.memo, now, self.store);
        let judge = judge.unwrap();
        judge.begin_list();
        let name = |entry: &str| {
            serde_json::from_str::<serde_json::Value>(entry).unwrap()["name"].as_str().unwrap().to_owned()
        };
        let shown = entries.iter().map(|entry| judge.shows(&name(entry), entry.as_bytes())).collect();
        judge.end_list();
        (shown, judge.take_findings())
    }

    fn judge(&self, tool: &str, seconds: u64) -> AuthorizationResponse {
        let request =
            BoundRequest::new(self.config, RequestInfo::new(Headers::default(), Ok(Grant::from_name("jwt:al"))));
        let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"{tool}"}}}}"#);
        let now = Timestamp::from_seconds(seconds);
        engine::authorize(self.config, &request, body.as_bytes(), "f", now, self.store)
    }

    /// The rule that denies a call; empty if it passes.
    fn call(&self, tool: &str, seconds: u64) -> String {
        let judged = self.judge(tool, seconds);
        assert_eq!(matches!(judged.answer, Disposition::Forward(_)), judged.record.rule.is_empty());
        judged.record.rule
    }

    /// The body of the reply to a call that is denied.
    fn reply(&self, tool: &str, seconds: u64) -> String {
        match self.judge(tool, seconds).answer {
            Disposition::Reply(reply) => reply.body,
            other => panic!("{other:?}"),
        }
    }
}

fn changed(tool: &str) -> Finding {
    Finding::Entry { tool: tool.into(), kind: FindingKind::Changed }
}

#[test]
fn a_changed_definition_is_not_shown_and_denied_on_every_worker_for_ten_minutes_after_it_is_mended() {
    let (config, store) = (config(""), InMemory::new([7; 16]));
    let [mut one, two] = [(); 2].map(|()| Worker::new(&config, &store));
    let evil = PAY.replace("Pays", "Pays\u{200b}");
    assert_eq!(two.call("pay", 1), "", "nothing has been seen");
    for entries in [[PAY, GET], [GET, PAY]] {
        assert_eq!(one.list(&entries, 1), (vec![true, true], vec![]));
    }
    assert_eq!(one.memo.unlisted(), 0);
    assert_eq!(one.list(&[&evil, GET], 2), (vec![false, true], vec![changed("pay")]));
    assert_eq!([two.call("pay", 2), two.call("get", 2)], ["/definitions/pay", ""]);
    let text = "Policy violation: the policy denies the tool `pay`, because the server has changed its definition since it was \
                approved; use another tool, and ask the gateway's operator to review the change";
    assert!(two.reply("pay", 2).contains(text), "{}", two.reply("pay", 2));
    // A page that does not list the tool says nothing of it.
    assert_eq!(one.list(&[GET], 3).0, [true]);
    assert_eq!(two.call("pay", 3), "/definitions/pay");
    assert_eq!(one.list(&[PAY], 10), (vec![true], vec![]));
    assert_eq!([two.call("pay", 609), two.call("pay", 610)], ["/definitions/pay", ""]);
}

#[test]
fn a_second_entry_is_a_drift() {
    let (config, store) = (config(""), InMemory::new([7; 16]));
    let mut worker = Worker::new(&config, &store);
    let (shown, found) = worker.list(&[PAY, PAY, PAY], 1);
    assert_eq!(shown, [true, false, false]);
    assert_eq!(found, [Finding::Entry { tool: "pay".into(), kind: FindingKind::Repeated }]);
    assert_eq!(worker.call("pay", 1), "/definitions/pay");
    // Each page is a list of its own.
    let mut other = Worker::new(&config, &store);
    assert_eq!([other.list(&[GET], 2), other.list(&[GET], 2)], [(vec![true], vec![]), (vec![true], vec![])]);
    assert_eq!(other.call("get", 2), "");
}

#[test]
fn a_look_alike_is_not_shown_and_the_pinned_tool_goes_on() {
    let (config, store) = (config(""), InMemory::new([7; 16]));
    let mut worker = Worker::new(&config, &store);
    let (shown, found) = worker.list(&[PAY, r#"{"name":"Pay"}"#, r#"{"name":"p\u200bay"}"#, r#"{"name":"other"}"#], 1);
    assert_eq!(shown, [true, false, false, true]);
    let look_alike = |name: &str| Finding::Entry { tool: "pay".into(), kind: FindingKind::LookAlike(name.into()) };
    assert_eq!(found, [look_alike("Pay"), look_alike("p\u{200b}ay")]);
    assert_eq!(worker.call("pay", 1), "");
}

#[test]
fn with_report_a_changed_definition_is_shown_and_calls_pass() {
    let (config, store) = (config(r#","on_drift":"report""#), InMemory::new([7; 16]));
    let mut worker = Worker::new(&config, &store);
    let evil = PAY.replace("Pays", "Steals");
    assert_eq!(worker.list(&[&evil], 1), (vec![true], vec![changed("pay")]));
    assert_eq!(worker.call("pay", 1), "");
    assert_eq!(DriftStore(&store).read().unwrap().iter().count(), 1, "the console shows it");
}

#[test]
fn tools_without_a_pin_can_be_denied() {
    let (config, store) = (config(r#","unpinned":"deny""#), InMemory::new([7; 16]));
    let mut worker = Worker::new(&config, &store);
    assert_eq!(worker.list(&[PAY, r#"{"name":"new"}"#], 1), (vec![true, false], vec![]));
    assert_eq!([worker.call("new", 1), worker.call("pay", 1)], ["/unpinned", ""]);
}

#[test]
fn what_an_approver_accepts_is_shown_and_can_be_called() {
    let (config, store) = (config(""), InMemory::new([7; 16]));
    let mut worker = Worker::new(&config, &store);
    let mended = PAY.replace("Pays", "Pays.");
    worker.list(&[PAY], 1);
    worker.list(&[&mended], 1);
    assert_eq!(worker.call("pay", 1), "/definitions/pay");
    let drift = *DriftStore(&store).read().unwrap().iter().next().unwrap();
    DriftStore(&store).accept(drift.id()).unwrap();
    assert_eq!(worker.call("pay", 1), "");
    assert_eq!(worker.list(&[&mended, GET], 1), (vec![true, true], vec![]));
    assert_eq!(worker.list(&[PAY], 1), (vec![true], vec![]), "the pin holds, too");
    assert_eq!(worker.list(&[&PAY.replace("Pays", "Steals")], 1).0, [false]);
    assert_eq!(worker.call("pay", 1), "/definitions/pay");
}

#[test]
fn hidden_and_denied_tools_are_denied_as_such_and_rules_come_after_pins() {
    let more = r#","hide":["get"],"tools":{"pay":{"action":"deny"}}"#;
    let (config, store) = (config(more), InMemory::new([7; 16]));
    let mut worker = Worker::new(&config, &store);
    assert_eq!([worker.call("get", 1), worker.call("pay", 1)], ["(hidden)", "/tools/pay/action"]);
    worker.list(&[r#"{"name":"pay"}"#, r#"{"name":"get","x":1}"#], 1);
    assert_eq!([worker.call("get", 1), worker.call("pay", 1)], ["(hidden)", "/definitions/pay"]);
}

#[test]
fn an_entry_with_more_values_than_rules_read_is_a_drift() {
    let (config, store) = (config(""), InMemory::new([7; 16]));
    let mut worker = Worker::new(&config, &store);
    let long = format!(r#"{{"name":"pay","x":[{}0]}}"#, "0,".repeat(300_000));
    assert_eq!(worker.list(&[&long], 1), (vec![false], vec![changed("pay")]));
}

#[test]
fn a_changed_definition_stays_one_however_often_it_is_listed() {
    let (config, store) = (config(""), InMemory::new([7; 16]));
    let mut worker = Worker::new(&config, &store);
    assert_eq!(worker.memo.unlisted(), 2);
    let evil = PAY.replace("Pays", "Steals");
    for seconds in 1..4 {
        assert_eq!(worker.list(&[&evil], seconds), (vec![false], vec![changed("pay")]));
    }
    assert_eq!((worker.memo.unlisted(), worker.memo.entry(0)), (2, None));
    assert_eq!(worker.list(&[PAY, PAY], 4).0, [true, false]);
    assert_eq!((worker.memo.unlisted(), worker.list(&[&evil, PAY], 5).0), (1, vec![false, false]));
}

#[test]
fn entries_that_are_judged_together_are_shown_as_one_by_one() {
    let (config, store) = (config(""), InMemory::new([7; 16]));
    let origin = ListOrigin::default();
    let evil = PAY.replace("Pays", "Steals");
    let listed = [("pay", PAY), ("get", r#"{"name":"get","x":1}"#), ("Pay", GET), ("other", GET), ("pay", &evil)];
    let mut memo = DefinitionMemo::new(2);
    for _ in 0..2 {
        let judge = ListedDefinitions::new(&config, "default", "f", &origin, &mut memo, Timestamp(0), &store).unwrap();
        judge.begin_list();
        let mut entries = listed.map(|(name, bytes)| ListedEntry::new(name, bytes.as_bytes()));
        for together in entries.chunks_mut(ENTRIES_AT_ONCE) {
            judge.mark_shown(together);
        }
        judge.end_list();
        assert_eq!(entries.map(|entry| entry.is_visible), [true, false, false, true, false]);
        assert_eq!(judge.take_findings().len(), 3);
        assert_eq!(judge.take_findings(), []);
    }
}

#[test]
fn a_response_keeps_64_findings() {
    let (config, store) = (config(""), InMemory::new([7; 16]));
    let mut worker = Worker::new(&config, &store);
    let look_alikes: Vec<String> = (0..70).map(|_| r#"{"name":"Pay"}"#.to_owned()).collect();
    let entries: Vec<&str> = look_alikes.iter().map(|entry| &**entry).collect();
    let (shown, found) = worker.list(&entries, 1);
    assert_eq!((shown, found.len()), (vec![false; 70], 64));
}

#[test]
fn a_worker_remembers_the_admitted_entry_of_each_pin_up_to_4_mib() {
    let mut memo = DefinitionMemo::new(2);
    assert_eq!((memo.unlisted(), memo.entry(0), memo.is_known(0, b"")), (2, None, false));
    memo.remember(0, b"one");
    assert_eq!((memo.unlisted(), memo.entry(0)), (1, Some(&b"one"[..])));
    assert!(memo.is_known(0, b"one") && !memo.is_known(0, b"two") && !memo.is_known(1, b"one"));
    memo.remember(0, b"two");
    assert_eq!((memo.unlisted(), memo.entry(0)), (1, Some(&b"two"[..])));
    memo.remember(7, b"no such pin");
    let long = vec![b'x'; (4 << 20) - 2];
    memo.remember(1, &long);
    assert_eq!((memo.unlisted(), memo.entry(1)), (0, None), "one byte too many");
    memo.remember(1, &long[1..]);
    assert_eq!(memo.entry(1), Some(&long[1..]));
    memo.remember(0, b"long");
    assert_eq!(memo.entry(0), Some(&b"two"[..]), "there is no room for another byte");
}
