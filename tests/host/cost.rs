//! What one request, one answer or one configuration costs the worker that reads it: instructions and memory, which do
//! not depend on the machine. Each bound leaves a half more than was measured.

mod call;
mod configuration;
mod definitions;
mod lists;
mod results;
mod work;

use std::sync::Arc;

use crate::{
    console::{console_configuration, visit_to},
    proxy::{Part, Shared, Worker},
    request::{Request, at_an_address, call, get, list, pairs, with_options},
};

/// A worker whose instructions are counted.
fn metered(configuration: &str) -> Worker {
    let mut worker = Worker::metered(&Arc::new(Shared::prepared()));
    assert!(worker.configure(configuration), "{:?}", worker.world().log);
    worker.world().properties = at_an_address();
    worker
}

/// The instructions that something takes.
fn instructions(worker: &mut Worker, run: impl FnOnce(&mut Worker)) -> u64 {
    let before = worker.instructions();
    run(worker);
    worker.instructions() - before
}

/// The instructions that something takes when the same has come a few times: the first names the series of its statistics.
fn repeated_instructions(worker: &mut Worker, mut run: impl FnMut(&mut Worker)) -> u64 {
    for _ in 0..5 {
        run(worker);
    }
    instructions(worker, run)
}

/// The instructions of a call that is allowed, without its answer, when the same has come a few times.
fn allowed_instructions(worker: &mut Worker, request: &Request) -> u64 {
    repeated_instructions(worker, |worker| {
        let mut stream = request.send(worker);
        assert!(stream.replies.is_empty(), "allowed");
        stream.close(worker);
    })
}

#[test]
fn a_path_is_compared_with_a_pattern_in_one_pass() {
    let prefix = r#"{"path_prefix":"/*aaaa/b*/c","policy":"p"}"#;
    let mut worker =
        metered(&format!(r#"{{"policies":{{"p":{{"version":"1","default":"deny"}}}},"bindings":[{prefix}]}}"#));
    let mut cost = |length: usize| {
        let path = "/a".repeat(length / 2);
        let request = Request { headers: pairs(&[(":method", "GET"), (":path", &path)]), ..get() };
        instructions(&mut worker, |worker| {
            assert_eq!(request.send(worker).replies.len(), 1, "nothing is bound");
        })
    };
    cost(2);
    let [empty, short, long, too_long] = [2, 1024, 4096, 54_000].map(&mut cost);
    println!("a path of 2, 1,024, 4,096 and 54,000 bytes: {empty}, {short}, {long} and {too_long} instructions");
    assert!(long - empty < 5 * (short - empty), "four times as long");
    assert!(long < 2_000_000 && too_long < 2 * long);
}

/// Sends a list, and answers the instructions and the bytes of memory that reading it takes.
fn list_cost(text: &str) -> (u64, usize) {
    let (cost, memory, _) = filter_list(&with_options(r#""lists":{"max_bytes":67108864}"#), text);
    (cost, memory)
}

/// The same under any configuration, and what goes on of the list.
fn filter_list(configuration: &str, text: &str) -> (u64, usize, Vec<u8>) {
    let mut worker = metered(configuration);
    let mut stream = list().send(&mut worker);
    stream.answer(&mut worker, Part::Head(&[(":status", "200"), ("content-type", "application/json")]), false);
    let before = worker.memory();
    let instructions = instructions(&mut worker, |worker| {
        let chunks = text.as_bytes().chunks(64 << 10);
        let last = chunks.len() - 1;
        for (index, chunk) in chunks.enumerate() {
            stream.answer(worker, Part::Body(chunk), index == last);
        }
    });
    let memory = worker.memory() - before;
    stream.close(&mut worker);
    (instructions, memory, stream.answer.body)
}

fn tools(entry: &str, count: usize) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":7,"result":{{"tools":[{}]}}}}"#, vec![entry; count].join(","))
}

#[test]
fn a_list_takes_a_small_multiple_of_its_bytes() {
    for (name, text) in [
        ("the smallest entries", tools("1", 100_000)),
        ("every second one shown", tools(r#"{"name":"ok"},1"#, 50_000)),
        ("too many entries", tools("1", 4 << 20)),
        ("many lists", format!("[{}]", vec![tools("1", 1); 20_000].join(","))),
        (
            "many members",
            tools(&format!("{{{}}}", (0..99_999).map(|n| format!(r#""{n:05}":1"#)).collect::<Vec<_>>().join(",")), 1),
        ),
        ("long names", tools(&format!(r#"{{"name":"{}"}}"#, "x".repeat(1 << 20)), 8)),
    ] {
        let (instructions, memory) = list_cost(&text);
        let (a_byte, times) = (instructions / text.len() as u64, memory as f64 / text.len() as f64);
        println!("{name}: {} bytes, {a_byte} instructions a byte, {times:.1} times the memory", text.len());
        assert!(a_byte < 400, "{name}: {a_byte}");
        assert!(memory < 8 * text.len() + (1 << 20), "{name}: {times}");
    }
}

#[test]
fn the_consoles_list_of_approvals_costs_a_page_however_much_was_stored() {
    let shared = Arc::new(Shared::prepared());
    let mut gateway = Worker::new(&shared, &with_options(r#""audit":{"log":"none"}"#));
    // As deep and as full of elements as 16 KiB can be: indented, each took 290 KB.
    let deep = format!("{}{}1{}", "[".repeat(20), "1,".repeat(8000), "]".repeat(20));
    for number in 0..64 {
        gateway.world().properties = at_an_address();
        let address = format!("10.0.1.{}:9", number / 8).into_bytes();
        gateway.world().properties.insert(b"source\0address".to_vec(), Some(address));
        let body = format!(
            r#"{{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{{"name":"asked","arguments":{{"n":{number},"x":{deep}}}}}}}"#
        );
        let mut stream = Request { chunks: vec![body.into_bytes()], ..call("asked") }.send(&mut gateway);
        assert!(String::from_utf8_lossy(&stream.replies[0].body).contains("-31428"), "{number}");
        stream.close(&mut gateway);
    }
    let mut console = Worker::metered(&shared);
    assert!(console.configure(&console_configuration()));
    console.world().properties = at_an_address();
    let before = console.memory();
    let mut visit = |request: &Request| {
        let mut reply = None;
        let cost = instructions(&mut console, |console| reply = request.send(console).replies.pop());
        let reply = reply.expect("an answer");
        let tag = reply.headers.iter().find(|(name, _)| name == b"etag").map(|(_, value)| value.clone());
        (reply.code, reply.body.len(), cost, tag)
    };
    let (code, bytes, cost, tag) = visit(&visit_to("/api/approvals"));
    let mut again = visit_to("/api/approvals");
    again.headers.push((b"if-none-match".to_vec(), tag.expect("a version")));
    let (not_modified, _, unchanged, _) = visit(&again);
    let memory = console.memory() - before;
    println!(
        "a page of {bytes} bytes: {cost} instructions, {memory} bytes of memory; unchanged: {unchanged} instructions"
    );
    assert_eq!((code, not_modified), (200, 304));
    assert!(bytes < 128 << 10 && cost < 250_000_000 && memory < 1 << 20);
    assert!(unchanged < 400_000);
}
