//! The lines of a stream that go on.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{MAX_BEHIND, MAX_LINE, UniformEvents};

/// What goes on of a stream, which must not depend on its chunks.
#[track_caller]
fn uniform(text: impl AsRef<[u8]>) -> String {
    let push_all = |chunks: &[&[u8]]| {
        let mut events = UniformEvents::default();
        let last = chunks.len() - 1;
        let all = chunks.iter().enumerate().flat_map(|(index, chunk)| events.push(chunk, index == last)).collect();
        String::from_utf8(all).unwrap()
    };
    let text = text.as_ref();
    let whole = push_all(&[text]);
    for index in 0..text.len().min(200) {
        let (front, back) = text.split_at(index);
        assert_eq!(push_all(&[front, back]), whole, "split at {index} of {}", text.escape_ascii());
    }
    assert_eq!(push_all(&text.chunks(1).chain([&b""[..]]).collect::<Vec<_>>()), whole);
    whole
}

#[test]
fn a_stream_that_every_client_reads_alike_stays_as_it_is() {
    for text in [
        ": hello\n\nid: 1\ndata:\n\nevent: message\nid: 2\nretry: 10\ndata: {\"a\":\"\u{e9} \u{2603} \u{20ac}\"}\n\n",
        "data:{\"a\":1}\nid:2\n\n\n:\n\ndata: /messages?s=1\n\n",
        "",
    ] {
        assert_eq!(uniform(text), text);
    }
}

#[test]
fn each_line_ends_in_lf_and_a_byte_order_mark_does_not_go_on() {
    for end in ["\n", "\r\n", "\r"] {
        let text = ["\u{feff}: a", "", "id: 1", "data: {}", "", "data: 1", "", ""].join(end);
        assert_eq!(uniform(text), ": a\n\nid: 1\ndata: {}\n\ndata: 1\n\n");
    }
    // Go reads this as one line, and with it a whole message.
    assert_eq!(uniform("data: {\"jsonrpc\":\"2.0\",\r\"id\":7}\n\n"), "data: {\"jsonrpc\":\"2.0\",\n\n");
}

#[test]
fn lines_that_clients_read_in_different_ways_do_not_go_on() {
    for line in [
        "foo: bar",
        "Data: x",
        "data : x",
        " data: x",
        "database: x",
        "dat",
        "{\"id\":7}",
        // The TypeScript SDK's parser takes these characters for a byte order mark.
        "\u{ef}\u{bb}\u{bf}data: {}",
        "\u{feff}\u{feff}data: {}",
        ":x\u{b}data: {}",
        ":x\u{c}data: {}",
        ":x\u{1c}data: {}",
        ":x\u{1d}data: {}",
        ":x\u{1e}data: {}",
        ":x\u{85}data: {}",
        ":x\u{2028}data: {}",
        ":x\u{2029}data: {}",
        "id: 1\u{0}",
        "id: 1\u{b}data: {}",
        "event: message\u{2028}data: {}",
        "retry: 1\tx",
        // Go's SDKs trim values.
        "event: endpoint ",
        "event:  endpoint",
        "id",
        "event",
    ] {
        assert_eq!(uniform(format!("{line}\n\n")), "\n", "{line:?}");
        assert_eq!(uniform(format!("data: 1\n{line}\n\n")), "data: 1\n\n", "{line:?}");
    }
    assert_eq!(uniform(b"id: \xFF\n:\xC2\n\n"), "\n");
}

#[test]
fn what_separates_lines_for_some_client_is_escaped_in_data() {
    for (separator, escape) in [
        ("\u{b}", "\\u000b"),
        ("\u{c}", "\\u000c"),
        ("\u{0}", "\\u0000"),
        ("\u{1f}", "\\u001f"),
        ("\u{85}", "\\u0085"),
        ("\u{2028}", "\\u2028"),
        ("\u{2029}", "\\u2029"),
    ] {
        let text = |separator: &str| format!("data: {{\"a\":\"x{separator}{separator}data: {{}}\"}}\n\n");
        assert_eq!(uniform(text(separator)), text(escape));
    }
    // Their first bytes begin other characters, too.
    for other in ["\u{84}", "\u{2027}", "\u{202a}", "\u{e2}\u{2603}\u{a9}", "\u{20ac}\u{c2}\t\u{7f}"] {
        let text = format!("data: {other}{other}\n\n");
        assert_eq!(uniform(&text), text);
    }
    let cut = b"data: \xE2\n\ndata: \xE2\x80\n\ndata: \xC2\xE2\x80\xA8\xE2\xC2\x85\n\n";
    let mut events = UniformEvents::default();
    let out = events.push(cut, true);
    assert_eq!(out, b"data: \xE2\n\ndata: \xE2\x80\n\ndata: \xC2\\u2028\xE2\\u0085\n\n");
}

#[test]
fn the_data_of_an_event_goes_on_in_one_line_before_its_other_lines() {
    let text = "id: 1\ndata: {\"a\":\nid: 2\ndata\ndata:1,\n: x\ndata: \"b\":2}\nevent: message\n\n";
    assert_eq!(uniform(text), "id: 1\ndata: {\"a\":  1,  \"b\":2}\nid: 2\n: x\nevent: message\n\n");
    assert_eq!(uniform("data\n\ndata\ndata\n\n"), "data:\n\ndata: \n\n");
}

#[test]
fn of_a_last_event_without_its_blank_line_the_data_goes_on() {
    assert_eq!(uniform("data: 1\n\nid: 2\ndata: {}\nid: 3"), "data: 1\n\nid: 2\ndata: {}\n");
    assert_eq!(uniform("data: {"), "data: {\n");
    assert_eq!(uniform("id: 12"), "");
}

#[test]
fn no_more_than_bounds_is_held_and_what_is_longer_does_not_go_on() {
    let line = |size: usize| format!(":{}\n", "x".repeat(size - 1));
    assert_eq!(uniform(line(MAX_LINE)), line(MAX_LINE));
    assert_eq!(uniform(line(MAX_LINE + 1)), "");
    let mut events = UniformEvents::default();
    assert_eq!(events.push(line(1 << 20).trim_end().as_bytes(), false), b"");
    assert!(events.held() <= MAX_LINE + 1);
    let mut events = UniformEvents::default();
    assert_eq!(events.push(format!("data: 1\n{}", line(MAX_LINE).repeat(20)).as_bytes(), false), b"data: 1");
    assert!(events.held() <= MAX_BEHIND + 4);
}
