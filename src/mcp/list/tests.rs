//! The rules of trimming, each on whole answers and on every two chunks of them.

mod streams;

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use std::cell::Cell;

use super::{ListKind, ListRequest, ListStream, ListedEntry, PrivateLists, StreamAborted, Visibility};
use crate::{
    budget::{LIST_BYTE, MAX_WORK},
    mcp::refusal_text::{LONG_LIST, UNREADABLE_LIST},
};

/// The request in most tests: one list, of revision 2025-11-25.
pub(super) fn list_request() -> ListRequest {
    ListRequest { ids: vec!["7".to_owned()], max_bytes: 4096, ..ListRequest::default() }
}

/// Shows everything but names with `evil`.
pub(super) fn shows(_: ListKind, name: &str) -> bool {
    !name.contains("evil")
}

/// What comes out of chunks.
pub(super) fn trimmed(mut trimmer: ListStream, chunks: &[&[u8]]) -> Result<String, StreamAborted> {
    let mut out = Vec::new();
    for chunk in chunks {
        out.extend(trimmer.push(chunk, usize::MAX, &shows)?);
    }
    out.extend(trimmer.end(&shows)?);
    Ok(String::from_utf8(out).unwrap())
}

/// What comes out of a text, which must not depend on its chunks.
#[track_caller]
pub(super) fn whole(trimmer: &ListStream, text: &str) -> Result<String, StreamAborted> {
    let whole = trimmed(trimmer.clone(), &[text.as_bytes()]);
    for index in 0..text.len() {
        let (front, back) = text.as_bytes().split_at(index);
        assert_eq!(trimmed(trimmer.clone(), &[front, back]), whole, "split at {index} of {text:?}");
    }
    whole
}

#[track_caller]
fn json(request: ListRequest, text: &str) -> String {
    whole(&ListStream::json(request), text).unwrap()
}

/// The error in place of an answer.
fn error(why: &str) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","id":7,"error":{{"code":-32603,"message":"Response refused: {why}","data":{{"kind":"refused","reason":"{why}"}}}}}}"#
    )
}

#[test]
fn entries_that_are_not_shown_are_gone_and_the_others_stay_byte_for_byte() {
    for (before, after) in [
        (r#"[{"name":"a"},{"name":"evil"},{"name":"b"}]"#, r#"[{"name":"a"},{"name":"b"}]"#),
        (r#"[{"name":"evil"} , {"name":"a"}]"#, r#"[{"name":"a"}]"#),
        ("[ {\"name\":\"a\"} ,\n {\"name\":\"evil\"}\n]", "[ {\"name\":\"a\"}\n]"),
        (r#"[{"name":"evil"},{"name":"evil2"} ]"#, "[ ]"),
        (
            r#"[{"title":"x","name":"a","inputSchema":{"name":"evil"}}]"#,
            r#"[{"title":"x","name":"a","inputSchema":{"name":"evil"}}]"#,
        ),
        (r#"[{"name":"\u0065vil"},{"name":"\u0061"}]"#, r#"[{"name":"\u0061"}]"#),
        ("[]", "[]"),
    ] {
        let around = |list: &str| {
            format!(
                "{{ \"jsonrpc\":\"2.0\",\"id\":7,\"result\":{{\"_meta\":{{\"x\":1}},\"tools\":{list},\"nextCursor\":\"c\",\"x\":[1]}}}}\n"
            )
        };
        assert_eq!(json(list_request(), &around(before)), around(after));
    }
}

#[test]
fn an_entry_that_no_request_may_name_is_not_shown() {
    let name = |length: usize| format!(r#"{{"name":"{}"}}"#, "x".repeat(length));
    let [longest, too_long] = [256, 257].map(name);
    for hidden in [r#"{"name":""}"#, r#"{"name":"a\u0000b"}"#, r#"{"name":"x\ny"}"#, r#"{"name":"a\u0085"}"#, &too_long]
    {
        let text = |entries: &str| format!(r#"{{"result":{{"tools":[{entries}]}}}}"#);
        assert_eq!(json(list_request(), &text(&format!("{hidden},{longest}"))), text(&longest), "{hidden}");
    }
    let text = |entries: &str| format!(r#"{{"result":{{"resources":[{entries}]}}}}"#);
    assert_eq!(json(list_request(), &text(r#"{"uri":""},{"uri":"a\nb"}"#)), text(r#"{"uri":"a\nb"}"#));
}

#[test]
fn each_list_names_its_entries_in_its_own_way() {
    for (list, key) in
        [("tools", "name"), ("prompts", "name"), ("resources", "uri"), ("resourceTemplates", "uriTemplate")]
    {
        let text = |entries: &str| format!(r#"{{"result":{{"{list}":[{entries}]}}}}"#);
        let both = format!(r#"{{"{key}":"evil"}},{{"{key}":"good"}}"#);
        assert_eq!(json(list_request(), &text(&both)), text(&format!(r#"{{"{key}":"good"}}"#)));
    }
}

#[test]
fn an_entry_that_cannot_be_named_is_not_shown() {
    for entry in ["1", "null", "{}", r#"{"name":1}"#, r#"{"Name":"a"}"#, r#"{"name":"a","Name":"evil"}"#, "[]"] {
        let text = format!(r#"{{"result":{{"tools":[{entry},{{"name":"a"}}]}}}}"#);
        assert_eq!(json(list_request(), &text), r#"{"result":{"tools":[{"name":"a"}]}}"#, "{entry}");
    }
}

#[test]
fn what_lists_nothing_stays_as_it_is() {
    for text in [
        r#"{"jsonrpc":"2.0","id":7,"error":{"code":-32601,"message":"tools"}}"#,
        r#"{"jsonrpc":"2.0","id":7,"result":{}}"#,
        r#"{"result":[{"tools":[{"name":"evil"}]}]}"#,
        "1",
        "",
    ] {
        assert_eq!(json(list_request(), text), text);
    }
}

#[test]
fn every_answer_of_a_batch_is_trimmed() {
    let text = |entries: &str| format!(r#"[{{"id":1,"result":{{"tools":[{entries}]}}}},{{"id":2,"result":{{}}}}]"#);
    assert_eq!(json(list_request(), &text(r#"{"name":"evil"}"#)), text(""));
}

#[test]
fn a_list_that_depends_on_the_caller_is_private_and_short_lived() {
    let request = ListRequest { private: PrivateLists::All, ..list_request() };
    for (before, after) in [
        (r#""tools":[],"ttlMs":300000,"cacheScope":"public""#, r#""tools":[],"ttlMs":60000,"cacheScope":"private""#),
        (
            r#""ttlMs": 60000 ,"cacheScope": "private" ,"tools":[]"#,
            r#""ttlMs": 60000 ,"cacheScope": "private" ,"tools":[]"#,
        ),
        (r#""ttlMs":1e9,"cacheScope":7,"tools":[]"#, r#""ttlMs":60000,"cacheScope":"private","tools":[]"#),
        (r#""ttlMs":"x","cacheScope":null,"tools":[]"#, r#""ttlMs":60000,"cacheScope":"private","tools":[]"#),
        (r#""tools":[{"name":"evil"}]"#, r#""cacheScope":"private","ttlMs":0,"tools":[]"#),
        (r#""resultType":"complete","ttlMs":300000"#, r#""resultType":"complete","ttlMs":300000"#),
    ] {
        let text = |result: &str| format!(r#"{{"jsonrpc":"2.0","id":7,"result":{{{result}}}}}"#);
        assert_eq!(json(request.clone(), &text(before)), text(after));
    }
}

#[test]
fn a_list_that_all_callers_share_stays_byte_for_byte_unless_something_is_cut() {
    let request = ListRequest { private: PrivateLists::Filtered, ..list_request() };
    let text = |result: &str| format!(r#"{{"jsonrpc":"2.0","id":7,"result":{{{result}}}}}"#);
    for same in [
        r#""tools":[{"name":"a"}],"ttlMs":300000,"cacheScope":"public""#,
        r#""cacheScope":"public" ,"tools":[]"#,
        r#""tools":[{"name":"a"}]"#,
    ] {
        assert_eq!(json(request.clone(), &text(same)), text(same));
    }
    for cut in [r#"{"name":"evil"}"#, "{}"] {
        let before = format!(r#""tools":[{{"name":"a"}},{cut}],"ttlMs":300000,"cacheScope":"public""#);
        let after = r#""tools":[{"name":"a"}],"ttlMs":60000,"cacheScope":"private""#;
        assert_eq!(json(request.clone(), &text(&before)), text(after));
    }
    // Each answer of a batch for itself.
    let both = |result: &str| format!(r#"[{{"result":{{"tools":[],"ttlMs":9e9}}}},{{"result":{result}}}]"#);
    assert_eq!(
        json(request, &both(r#"{"tools":[{"name":"evil"}]}"#)),
        both(r#"{"cacheScope":"private","ttlMs":0,"tools":[]}"#)
    );
}

#[test]
fn a_list_that_clients_may_read_differently_becomes_an_error() {
    let why = "the server's response is not JSON that all clients read alike, so the list in it was not forwarded; \
               report this to the server's operator";
    for text in [
        r#"{"result":{"tools":[],"tools":[{"name":"evil"}]}}"#,
        r#"{"result":{"tools":[]},"result":{"tools":[{"name":"evil"}]}}"#,
        r#"{"result":{"Tools":[{"name":"evil"}]}}"#,
        r#"{"result":{"tools":{"name":"evil"}}}"#,
        r#"{"result":{"tools":[{"name":"a","name":"evil"}]}}"#,
        "\u{feff}{\"result\":{\"tools\":[]}}",
        r#"{"result":{"tools":[]}}{}"#,
        r#"{"result":{"tools":[]"#,
        r#"{"result":{"tools":[NaN]}}"#,
        "<html>",
    ] {
        assert_eq!(json(list_request(), text), error(why), "{text}");
    }
}

#[test]
fn a_list_that_is_too_long_becomes_an_error() {
    let why = "the server's response is longer than `lists.max_bytes`, so it was not forwarded; ask the gateway's operator to \
               raise it, or the server's to list in pages";
    let text = |entries: usize| format!(r#"{{"result":{{"tools":[{}]}}}}"#, vec![r#"{"name":"a"}"#; entries].join(","));
    let request = ListRequest { max_bytes: text(3).len(), ..list_request() };
    assert_eq!(json(request.clone(), &text(3)), text(3));
    assert_eq!(json(request.clone(), &text(4)), error(why));
    let batch = ListRequest { ids: vec!["7".to_owned(), "\"b\"".to_owned()], is_batch: true, ..request };
    assert_eq!(json(batch, &text(4)), format!("[{},{}]", error(why), error(why).replace(":7,", ":\"b\",")));
}

#[test]
fn a_list_of_more_than_a_hundred_thousand_entries_becomes_an_error() {
    let why = "a list in the server's response has more than 100,000 entries, so it was not forwarded; ask the server's \
               operator to list in pages";
    let text = |entries: usize| format!(r#"{{"result":{{"tools":[{}]}}}}"#, vec!["1"; entries].join(","));
    let request = ListRequest { max_bytes: 1 << 20, ..list_request() };
    let json = |text: &str| trimmed(ListStream::json(request.clone()), &[text.as_bytes()]).unwrap();
    assert_eq!(json(&text(100_000)), r#"{"result":{"tools":[]}}"#);
    assert_eq!(json(&text(100_001)), error(why));
    let event = format!("data: {}\n\n", text(100_001));
    let events = trimmed(ListStream::events(request.clone()), &[event.as_bytes()]).unwrap();
    assert_eq!(events, format!("data: {}\n\n", error(why)));
}

/// A call cannot name them, and rules need not be compared with a text of any length.
#[test]
fn entries_with_names_that_no_call_can_have_are_not_shown() {
    let request = ListRequest { max_bytes: 1 << 20, ..list_request() };
    let shown = |member: &str, key: &str, length: usize| {
        let text = format!(r#"{{"result":{{"{member}":[{{"{key}":"{}"}}]}}}}"#, "x".repeat(length));
        trimmed(ListStream::json(request.clone()), &[text.as_bytes()]).unwrap() == text
    };
    assert!(shown("tools", "name", 256) && !shown("tools", "name", 257));
    assert!(shown("prompts", "name", 256) && !shown("prompts", "name", 257));
    assert!(shown("resources", "uri", 8192) && !shown("resources", "uri", 8193));
}

/// Shows everything but names with `evil`, and counts what is taken out.
#[derive(Default)]
struct Counting(Cell<usize>);

impl Visibility for Counting {
    fn mark_visible(&self, kind: ListKind, entries: &mut [ListedEntry<'_>]) {
        shows.mark_visible(kind, entries);
        entries.iter().filter(|entry| !entry.is_visible).for_each(|_| self.drop_unnamed());
    }

    fn drop_unnamed(&self) {
        self.0.set(self.0.get() + 1);
    }
}

#[test]
fn an_entry_that_no_call_could_name_counts_among_those_that_are_taken_out() {
    for (entries, left, count) in [
        (r#"[{"name":"a"},{"name":""},{"title":"b"},7,{"name":"evil"}]"#, r#"[{"name":"a"}]"#, 4),
        (r#"[{"name":"a"}]"#, r#"[{"name":"a"}]"#, 0),
    ] {
        let text = |entries: &str| format!(r#"{{"result":{{"tools":{entries}}}}}"#);
        let (mut filter, visibility) = (ListStream::json(list_request()), Counting::default());
        filter.push(text(entries).as_bytes(), usize::MAX, &visibility).unwrap();
        assert_eq!(String::from_utf8(filter.end(&visibility).unwrap()), Ok(text(left)));
        assert_eq!(visibility.0.get(), count, "{entries}");
    }
}

#[test]
fn a_list_that_is_refused_tells_its_record_why() {
    const OPEN: ListRequest = ListRequest {
        ids: Vec::new(),
        is_batch: false,
        private: PrivateLists::Never,
        max_bytes: 64,
        is_unchanged: false,
    };
    let unreadable = r#"{"id":7,"result":{"tools":[],"tools":[]}}"#;
    let long = format!(r#"{{"id":7,"result":{{"tools":[{}]}}}}"#, " ".repeat(64));
    let fine = r#"{"id":7,"result":{"tools":[{"name":"evil"}]}}"#;
    let late = r#"{"result":{"content":[],"tools":[]}}"#;
    for (message, is_stream_only, why) in [
        (unreadable, false, Some(UNREADABLE_LIST)),
        (&*long, false, Some(LONG_LIST)),
        (fine, false, None),
        // Its front has gone on, so the stream ends.
        (late, true, Some(UNREADABLE_LIST)),
    ] {
        let event = format!("data: {message}\n\n");
        let filters = [(ListStream::json(OPEN), message), (ListStream::events(OPEN), &*event)];
        for (mut filter, text) in filters.into_iter().skip(usize::from(is_stream_only)) {
            let _aborted = filter.push(text.as_bytes(), usize::MAX, &shows).and_then(|_| filter.end(&shows));
            assert_eq!(filter.refusal(), why, "{text}");
        }
    }
    let mut unchanged = ListStream::json(ListRequest { is_unchanged: true, ..OPEN });
    unchanged.push(unreadable.as_bytes(), usize::MAX, &shows).unwrap();
    assert_eq!((unchanged.end(&shows), unchanged.refusal()), (Ok(unreadable.into()), None));
}

/// Shows everything; each entry takes so much work.
struct Laborious(usize);

impl Visibility for Laborious {
    fn mark_visible(&self, _: ListKind, entries: &mut [ListedEntry<'_>]) {
        entries.iter_mut().for_each(|entry| entry.is_visible = true);
    }

    fn work(&self, _: ListKind, _: &str) -> usize {
        self.0
    }
}

#[test]
fn a_list_whose_entries_take_too_much_work_becomes_an_error() {
    let why = "to look up the entries of the server's response in the policy takes too much work, so it was not forwarded; ask \
               the gateway's operator to use fewer patterns, or the server's to list in pages";
    let text = r#"{"result":{"tools":[{"name":"a"},{"name":"b"}]}}"#;
    let enough = (MAX_WORK + LIST_BYTE * text.len()) / 2;
    let filtered = |work: usize| {
        let (mut filter, visibility) = (ListStream::json(list_request()), Laborious(work));
        filter.push(text.as_bytes(), usize::MAX, &visibility).unwrap();
        String::from_utf8(filter.end(&visibility).unwrap()).unwrap()
    };
    assert_eq!(filtered(enough), text);
    assert_eq!(filtered(enough + 1), error(why));
}
