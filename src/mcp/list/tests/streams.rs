//! Event streams.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{error, list_request, shows, whole};
use crate::mcp::{
    list::{ListRequest, ListStream, StreamAborted},
    refusal_text::{LONG_LIST, UNREADABLE_LIST},
};

/// What comes out of a stream that answers a list request.
#[track_caller]
fn answer(text: &str) -> String {
    whole(&ListStream::events(list_request()), text).unwrap()
}

/// A stream that the client opened, which answers anything.
fn stream() -> ListStream {
    ListStream::events(ListRequest { ids: Vec::new(), ..list_request() })
}

const PROGRESS: &str = r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"tools":["evil"]}}"#;
const CALLED: &str =
    r#"{"jsonrpc":"2.0","id":1,"result":{"content":[],"structuredContent":{"tools":[{"name":"evil"}]}}}"#;

#[test]
fn the_lists_of_a_stream_are_trimmed_however_its_lines_end() {
    for end in ["\n", "\r\n", "\r"] {
        let text = |list: &str| {
            [": hello", "", "id: 1", "data:", "", "event: message", list, "id: 2", "retry: 5", "", "data: last", ""]
                .join(end)
        };
        let data = |entries: &str| format!(r#"data: {{"result":{{"tools":[{entries}]}}}}"#);
        let before = data(r#"{"name":"evil"},{"name":"a"}"#);
        let after = data(r#"{"name":"a"}"#);
        assert_eq!(answer(&text(&before)), text(&after));
        assert_eq!(answer(&format!("\u{feff}{}", text(&before))), format!("\u{feff}{}", text(&after)));
    }
}

#[test]
fn data_of_several_lines_is_one_message() {
    let before = "data:{\"result\":{\ndata: \"tools\":[{\"name\":\"evil\"},\nid: 3\ndata:{\"name\":\"a\"}]}}\n\n";
    let after = "data: {\"result\":{\ndata: \"tools\":[{\"name\":\"a\"}]}}\nid: 3\n\n";
    assert_eq!(answer(before), after);
    let unchanged = "data:{\"result\":{\ndata\ndata: \"tools\":[\nid: 3\ndata:{\"name\":\"a\"}]}}\n\n";
    assert_eq!(answer(unchanged), unchanged);
}

#[test]
fn everything_else_stays_as_it_is() {
    for text in [
        format!("event: message\ndata: {PROGRESS}\n\n: ping\n\ndata: {CALLED}\n\n"),
        "event: ping\ndata: 2026-11-21\n\n".to_owned(),
        "data: [1]\n\ndata:\n\ndata\n\n\n\nid\n\nfoo: bar\n\n".to_owned(),
        "data: {\"result\":{}}".to_owned(),
    ] {
        assert_eq!(answer(&text), text);
        assert_eq!(whole(&stream(), &text), Ok(text));
    }
}

#[test]
fn what_lists_nothing_is_not_held_back() {
    let mut trimmer = stream();
    for part in [
        ": ping\n",
        "id: 4\nretry: 3\n",
        &format!("data: {}", PROGRESS.split_at(40).0),
        PROGRESS.split_at(40).1,
        "\n",
        "\n",
        r#"data: {"id":1,"error":{"#,
    ] {
        assert_eq!(trimmer.push(part.as_bytes(), usize::MAX, &shows), Ok(part.as_bytes().to_vec()), "{part:?}");
    }
}

#[test]
fn a_list_is_held_back_until_it_is_complete() {
    let mut trimmer = stream();
    let push = |trimmer: &mut ListStream, part: &str| {
        String::from_utf8(trimmer.push(part.as_bytes(), usize::MAX, &shows).unwrap()).unwrap()
    };
    assert_eq!(
        push(&mut trimmer, "event: message\ndata: {\"result\":{\"tools\":[{\"name\":\"a\"}"),
        "event: message\n"
    );
    assert_eq!(push(&mut trimmer, "]}}\nid: 1\n"), "");
    assert_eq!(push(&mut trimmer, "\n"), "data: {\"result\":{\"tools\":[{\"name\":\"a\"}]}}\nid: 1\n\n");
}

#[test]
fn a_list_that_cannot_be_read_becomes_an_error_with_its_id() {
    let twice = r#"{"id":7,"result":{"tools":[],"tools":[{"name":"evil"}]}}"#;
    let text = format!("id: 1\ndata: {twice}\n\ndata: {PROGRESS}\n\n");
    let after = format!("id: 1\ndata: {}\n\ndata: {PROGRESS}\n\n", error(UNREADABLE_LIST));
    assert_eq!(answer(&text), after);
    assert_eq!(whole(&stream(), &text), Ok(after));
    // No error can take its place, so the stream ends.
    assert_eq!(whole(&stream(), &format!("data: {}\n\n", twice.replace("\"id\":7,", ""))), Err(StreamAborted));
}

#[test]
fn what_cannot_be_read_does_not_go_on_though_it_seems_to_list_nothing() {
    let dropped = r#"data: {"jsonrpc":"2.0","method":"notifications/message","params":{"level":"error","logger":"mcp-policy","data":"A message was dropped: the answer is not JSON that all clients read alike; report this to the server's operator"}}"#;
    for odd in [
        r#"{"result":{"x":1,"x":2}}"#,
        r#"{"jsonrpc":"2.0","#,
        r#"/**/{"result":{"tools":[{"name":"evil"}]}}"#,
        "\u{a0}{\"result\":{\"tools\":[{\"name\":\"evil\"}]}}",
        "\\u2028{}",
        "{]",
    ] {
        let text = format!("id: 1\ndata: {odd}\n\n: ping\n\n");
        let expected =
            if odd.contains("tools") { Err(StreamAborted) } else { Ok(format!("id: 1\n{dropped}\n\n: ping\n\n")) };
        assert_eq!(whole(&stream(), &text), expected, "{odd}");
        assert_eq!(answer(&text), format!("id: 1\ndata: {}\n\n: ping\n\n", error(UNREADABLE_LIST)), "{odd}");
    }
    // With an id, an error takes its place, whatever was asked.
    let text = "data: {\"id\":7,\"x\":1,\"x\":2}\n\n";
    assert_eq!(whole(&stream(), text), Ok(format!("data: {}\n\n", error(UNREADABLE_LIST))));
}

#[test]
fn a_list_that_is_too_long_becomes_an_error_at_once() {
    let tools = vec![r#"{"name":"a"}"#; 400].join(",");
    let text = format!("id: 1\ndata: {{\"id\":7,\"result\":{{\"tools\":[{tools}]}}}}\nid: 2\n\n: ping\n");
    let mut trimmer = stream();
    let out = trimmer.push(text.as_bytes(), usize::MAX, &shows).unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), format!("id: 1\ndata: {}\n\n: ping\n", error(LONG_LIST)));
    // However long, what lists nothing goes on.
    let long = format!("data: {{\"id\":7,\"result\":{{\"content\":[{tools}]}}}}\n\n: {tools}{tools}\n");
    assert_eq!(stream().push(long.as_bytes(), usize::MAX, &shows).unwrap(), long.as_bytes());
}

#[test]
fn an_event_ends_where_it_ended_though_lines_with_other_ends_are_gone() {
    let text = "data: {\"id\":7,\"result\":{\"tools\":[\rdata: {\"name\":\"evil\"}]}}\n\ndata: 1\n\n";
    let after = "data: {\"id\":7,\"result\":{\"tools\":[\rdata: ]}}\r\n\ndata: 1\n\n";
    assert_eq!(answer(text), after);
    let twice = text.replace("]}}", "]},\"id\":7}");
    assert_eq!(answer(&twice), format!("data: {}\r\n\ndata: 1\n\n", error(UNREADABLE_LIST)));
    let narrow = ListStream::events(ListRequest { max_bytes: 40, ..list_request() });
    assert_eq!(whole(&narrow, text), Ok(format!("data: {}\r\n\ndata: 1\n\n", error(LONG_LIST))));
}

#[test]
fn what_is_too_long_does_not_depend_on_the_chunks() {
    let narrow = |max_bytes| ListStream::events(ListRequest { ids: Vec::new(), max_bytes, ..list_request() });
    let refused = format!("data: {}\n\n", error(LONG_LIST));
    // Half an id is another id; what has not come yet is not known.
    let text = "data: {\"id\":7,\"x\":\ndata: 1,\nid: 123456789\ndata: \"method\":\"y\"}\n\n";
    for max_bytes in 30..41 {
        assert_eq!(whole(&narrow(max_bytes), text).as_deref(), Ok(&*refused), "{max_bytes}");
    }
    let late = format!("data: {{\"result\":{{\"tools\":[{}]}},\"id\":7}}\n\n", "1,".repeat(20));
    assert_eq!(whole(&narrow(40), &late), Err(StreamAborted));
    // However little is held, a line that may turn out to be data has room.
    let other = "dat: x\n\ndata: {\"method\":\"x\"}\n\n";
    assert_eq!(whole(&narrow(1), "dat: x\n\n").as_deref(), Ok("dat: x\n\n"));
    assert_eq!(whole(&narrow(14), other).as_deref(), Ok(other));
}

#[test]
fn a_message_that_turns_out_to_list_something_ends_the_stream_whatever_its_chunks() {
    for text in [
        r#"data: {"method":"x","result":{"tools":[{"name":"evil"}]}}"#,
        r#"data: {"result":{"content":[]},"Result":{"tools":[{"name":"evil"}]}}"#,
        r#"data: {"error":{},"result":{"TOOLS":[{"name":"evil"}]}}"#,
    ] {
        let text = format!("{text}\n\n");
        assert_eq!(whole(&stream(), &text), Err(StreamAborted));
        let (front, back) = text.split_at(30);
        let mut trimmer = stream();
        assert_eq!(trimmer.push(front.as_bytes(), usize::MAX, &shows), Ok(front.as_bytes().to_vec()));
        assert_eq!(trimmer.push(back.as_bytes(), usize::MAX, &shows), Err(StreamAborted));
    }
    let no_error = |entries: &str| format!("data: {{\"error\":null,\"result\":{{\"tools\":[{entries}]}}}}\n\n");
    assert_eq!(whole(&stream(), &no_error(r#"{"name":"evil"}"#)), Ok(no_error("")));
}

#[test]
fn a_list_by_a_name_that_only_some_clients_read_is_not_passed_on() {
    for name in ["Tools", "tool\u{17F}", "tools\\u0000", "tools\\u0000x"] {
        let text = format!("data: {{\"id\":7,\"result\":{{\"{name}\":[{{\"name\":\"evil\"}}]}}}}\n\n");
        assert_eq!(whole(&stream(), &text), Ok(format!("data: {}\n\n", error(UNREADABLE_LIST))));
    }
}

#[test]
fn a_last_event_without_its_blank_line_is_trimmed_too() {
    assert_eq!(answer(r#"data: {"result":{"tools":[{"name":"evil"}]}}"#), "data: {\"result\":{\"tools\":[]}}\n");
}
