//! Whatever callers have stored, an answer of the console is a small multiple of it, and a page.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{ConsoleResponse, InMemory, NOW, POLICY, answer, console, headers, request};
use crate::{
    amount::Amount,
    approval::MAX_PARAMS,
    audit::decision_log::Buffer,
    config::Config,
    console::pagination::PAGE,
    engine::{self, BoundRequest, RequestInfo},
    identity::Grant,
    json::{self, Value},
    limit::{Callers, Charge, CounterInfo, CounterInfos, Counters, Key, Part, Quota, totals::Capacity},
    store::{APPROVAL_DETAILS, COUNTER_INFO, DECISIONS, Store as _},
    time::Timestamp,
    window::{Algorithm, Window},
};

/// What our own names, quotes and times add to an item.
const ITEM: usize = 512;

/// A page as a client reads it.
struct Page {
    bytes: usize,
    items: Vec<String>,
    next: Option<String>,
    version: Option<String>,
}

fn get(store: &InMemory, path: &str, known: &str) -> ConsoleResponse {
    answer(&console(), &request("GET", path, &[("if-none-match", known)]), b"", NOW, store)
}

fn page(store: &InMemory, name: &str, after: Option<&str>) -> Page {
    let path = after.map_or_else(|| format!("/api/{name}"), |after| format!("/api/{name}?after={after}"));
    let response = get(store, &path, "").response;
    assert_eq!(response.status, 200, "{path}");
    let node = json::parse(&response.body, 100_000).unwrap();
    let Value::Object(members) = node.value else { panic!("no object") };
    let member = |name: &str| members.iter().find(|member| member.name == *name).map(|member| &member.node.value);
    let Some(Value::Array(items)) = member(name) else { panic!("no `{name}`") };
    let next = member("next").map(|next| match next {
        Value::String(next) => next.clone().into_owned(),
        other => panic!("{other:?}"),
    });
    let version = response.headers.iter().find(|(name, _)| *name == "etag").map(|(_, tag)| tag.clone().into_owned());
    Page { bytes: response.body.len(), items: items.iter().map(|item| format!("{item:?}")).collect(), next, version }
}

/// All pages of a list.
fn pages(store: &InMemory, name: &str) -> Vec<Page> {
    let mut pages = vec![page(store, name, None)];
    while let Some(next) = pages.last().and_then(|page| page.next.clone()) {
        pages.push(page(store, name, Some(&next)));
        assert!(pages.len() <= 256, "the pages of `{name}` do not end");
    }
    pages
}

/// How many bytes the cells hold.
fn stored(store: &InMemory, cells: std::ops::Range<u16>) -> (usize, usize) {
    let sizes: Vec<usize> = cells.map(|cell| store.read(cell).unwrap().bytes.len()).collect();
    (sizes.iter().sum(), sizes.into_iter().max().unwrap())
}

/// Requests approvals of calls with such arguments, one of each, as many as are kept.
fn request_approvals(store: &InMemory, arguments: &[String]) {
    let config = Config::load(POLICY).unwrap();
    let pairs = [(":method", "POST"), ("content-type", "application/json")];
    for (number, arguments) in arguments.iter().enumerate() {
        let call = RequestInfo::new(headers(&pairs), Ok(Grant::from_name(&format!("jwt:agent-{}", number / 8))));
        let body = format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"pay","arguments":{{"n":{number},"x":{arguments}}}}}}}"#
        );
        // Some are requested in the same second, and some before those that are stored already.
        let now = Timestamp(NOW.0 - 1000 * (number as u64 % 3));
        let response =
            engine::authorize(&config, &BoundRequest::new(&config, call.clone()), body.as_bytes(), "gate", now, store);
        assert!(response.record.approval.is_some(), "{number}");
    }
}

/// Arguments of nearly 16 KiB that become as long as they can where they are indented, quoted or escaped.
fn hostile() -> Vec<(&'static str, String)> {
    let room = MAX_PARAMS - 100;
    let deep = 20;
    let fill = |piece: &str| piece.repeat(room / piece.len());
    vec![
        ("deep lists", "[".repeat(deep) + &"1,".repeat(room / 2 - 2 * deep) + "1" + &"]".repeat(deep)),
        ("empty lists", format!("[{}[]]", fill("[],"))),
        ("quotes", format!("\"{}\"", fill("\\\""))),
        ("backslashes", format!("\"{}\"", fill("\\\\"))),
        ("returns", format!("\"{}\"", fill("\\r"))),
        ("bells", format!("\"{}\"", fill("\\u0007"))),
        ("white space", format!("[{}1]", fill("\r"))),
        ("short strings", format!("[{}\"\"]", fill("\"\","))),
        ("text", format!("\"{}\"", fill("x"))),
    ]
}

#[test]
fn a_page_of_approvals_is_at_most_twice_what_was_stored_whatever_it_says() {
    for (what, arguments) in hostile() {
        let store = InMemory::new([1; 16]);
        request_approvals(&store, &vec![arguments; 20]);
        let (all, largest) = stored(&store, APPROVAL_DETAILS);
        let pages = pages(&store, "approvals");
        let (bytes, items): (usize, usize) =
            pages.iter().map(|page| (page.bytes, page.items.len())).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
        assert_eq!(items, 20, "{what}: each approval is on one page");
        assert!(bytes <= 2 * all + items * ITEM, "{what}: {bytes} bytes of {all}");
        let longest = pages.iter().map(|page| page.bytes).max().unwrap();
        assert!(longest <= PAGE + 2 * largest + 2 * ITEM, "{what}: a page of {longest} bytes");
    }
}

#[test]
fn a_page_of_counters_is_a_small_multiple_of_what_was_stored() {
    let store = InMemory::new([1; 16]);
    // The longest grants that are shown as they are, and the character that JSON makes most of.
    for number in 0..600 {
        let grant = format!("jwt:{number:03}{}", "\u{1}".repeat(200));
        let key = Key { filter: "f", policy: "p", counter: "c", callers: Callers::Grant(&grant), part: Part::Whole };
        let window = Window::new(60).unwrap();
        let quota = Quota { window, algorithm: Algorithm::Fixed, max: Amount::from_units(10) };
        let charge = Charge { key, quota, amount: Amount::ONE, verified: true };
        let receipt = Counters::new(&store, Capacity::new(2000)).charge(&[charge], NOW).unwrap();
        for charged in receipt.counters() {
            CounterInfos(&store).set(&CounterInfo::new("f", "p", &grant, charged), NOW);
        }
    }
    let (all, largest) = stored(&store, COUNTER_INFO);
    let pages = pages(&store, "counters");
    let bytes: usize = pages.iter().map(|page| page.bytes).sum();
    let mut items: Vec<&String> = pages.iter().flat_map(|page| &page.items).collect();
    assert!(items.len() > 200, "{} counters", items.len());
    assert!(pages.len() > 1 && bytes <= 6 * all + items.len() * ITEM, "{bytes} bytes of {all}");
    assert!(pages.iter().all(|page| page.bytes <= PAGE + 6 * largest + 2 * ITEM));
    items.sort();
    items.dedup();
    assert_eq!(items.len(), pages.iter().map(|page| page.items.len()).sum::<usize>(), "no counter is on two pages");
}

#[test]
fn a_page_of_decisions_is_little_more_than_what_was_stored() {
    let store = InMemory::new([1; 16]);
    let mut log = Buffer::new();
    for number in 0..300_u64 {
        let record = format!(r#"{{"decision":"denied","n":{number},"x":"{}"}}"#, "x".repeat(4000));
        log.add(record, Timestamp(NOW.0 + number / 3));
    }
    log.write(&store);
    let (all, largest) = stored(&store, DECISIONS);
    let pages = pages(&store, "decisions");
    let bytes: usize = pages.iter().map(|page| page.bytes).sum();
    let items: Vec<&String> = pages.iter().flat_map(|page| &page.items).collect();
    assert_eq!(items.len(), 256, "each decision is on one page");
    assert!(bytes <= all + items.len() * ITEM, "{bytes} bytes of {all}");
    assert!(pages.iter().all(|page| page.bytes <= PAGE + largest + 2 * ITEM));
}

#[test]
fn a_list_that_has_not_changed_is_not_sent_again() {
    let store = InMemory::new([1; 16]);
    request_approvals(&store, &["1".to_owned(), "2".to_owned()]);
    let mut log = Buffer::new();
    log.add(r#"{"decision":"denied"}"#.to_owned(), NOW);
    log.write(&store);
    for name in ["approvals", "counters", "decisions"] {
        let path = format!("/api/{name}");
        let version = page(&store, name, None).version.unwrap();
        for known in [version.clone(), format!("W/{version}"), format!("\"x\", {version}")] {
            let ConsoleResponse { response, .. } = get(&store, &path, &known);
            assert_eq!((response.status, response.body.len()), (304, 0), "{path}, {known}");
            assert!(response.headers.contains(&("etag", version.clone().into())), "{path}");
            assert!(response.headers.contains(&("cache-control", "no-store".into())), "{path}");
        }
        for other in ["\"x\"", "*", version.trim_matches('"')] {
            assert_eq!(get(&store, &path, other).response.status, 200, "{path}, {other}");
        }
    }
    let before = page(&store, "approvals", None).version.unwrap();
    let other = RequestInfo { grant: Ok(Grant::from_name("jwt:agent")), ..request("GET", "/api/approvals", &[]) };
    let response = answer(&console(), &other, b"", NOW, &store).response;
    assert!(!response.headers.contains(&("etag", before.clone().into())), "it says which calls are the reader's own");
    let later = Timestamp(NOW.0 + 600_000);
    let seen = request("GET", "/api/approvals", &[("if-none-match", &before)]);
    let response = answer(&console(), &seen, b"", later, &store).response;
    assert_eq!(response.status, 200, "they have expired");
    request_approvals(&store, &["3".to_owned()]);
    assert_eq!(get(&store, "/api/approvals", &before).response.status, 200, "one more is pending");
}

/// The record of a decision on this call.
fn record_of_decision(policy: &str, method: &str, params: &str, note: &str) -> String {
    let store = InMemory::new([1; 16]);
    let config = Config::load(policy.as_bytes()).unwrap();
    let pairs = [(":method", "POST"), ("content-type", "application/json")];
    let call = RequestInfo::new(headers(&pairs), Ok(Grant::from_name("jwt:agent")));
    let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}"#);
    let asked = engine::authorize(&config, &BoundRequest::new(&config, call), body.as_bytes(), "gate", NOW, &store);
    let id = asked.record.approval.expect("a request").id;
    let decision = format!(r#"{{"decision":"reject","note":"{note}"}}"#);
    let path = format!("/api/approvals/{id}");
    let decided = answer(&console(), &request("POST", &path, &[]), decision.as_bytes(), NOW, &store);
    assert_eq!(decided.response.status, 200);
    decided.record.expect("a record").replace(&*config.digest, "CONFIG").replace(&id, "ID")
}

#[test]
fn the_record_of_a_decision_names_a_resource_without_its_query_and_at_most_256_characters_of_it() {
    let policy = r#"{"version":"1","default":"deny","resources":{"https://x/*":{"action":"require_approval"}}}"#;
    let expected = |uri: &str| {
        format!(
            r#"{{"decision":"rejected","rule":"/resources/https:~1~1x~1*/action","policy":"default","config":"CONFIG","grant":"jwt:agent","method":"resources/read","tool":"{uri}","approval":{{"id":"ID","approver":"jwt:boss","note":"no"}}}}"#
        )
    };
    let long = format!("https://x/{}", "a".repeat(8000));
    for (uri, named) in [("https://x/report?token=hunter2", "https://x/report"), (&long, crate::text::front(&long))] {
        let record = record_of_decision(policy, "resources/read", &format!(r#"{{"uri":"{uri}"}}"#), "no");
        assert_eq!(record, expected(named));
    }
}

#[test]
fn the_record_of_a_decision_names_a_tool_as_it_is_and_shows_what_is_invisible() {
    let policy = r#"{"version":"1","default":"deny","tools":{"*":{"action":"require_approval"}}}"#;
    let record = record_of_decision(policy, "tools/call", "{\"name\":\"a?b\u{202e}c\"}", "n\u{200b}o");
    assert_eq!(
        record,
        r#"{"decision":"rejected","rule":"/tools/*/action","policy":"default","config":"CONFIG","grant":"jwt:agent","method":"tools/call","tool":"a?b\u202ec","approval":{"id":"ID","approver":"jwt:boss","note":"n\u200bo"}}"#
    );
}

#[test]
fn the_record_of_a_decision_has_at_most_4_kib() {
    let policy = r#"{"version":"1","default":"deny","tools":{"*":{"action":"require_approval"}}}"#;
    let record = record_of_decision(policy, "tools/call", r#"{"name":"pay"}"#, &"\u{e0001}".repeat(500));
    assert_eq!(record, r#"{"decision":"rejected","approval":{"id":"ID","approver":"jwt:boss"}}"#);
    let record = record_of_decision(policy, "tools/call", r#"{"name":"pay"}"#, &"é".repeat(500));
    assert!(record.len() > 1000 && record.ends_with("éé\"}}"), "{record}");
}
