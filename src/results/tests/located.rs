//! Where finds are.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::inspection;
use crate::results::{Inspection, MessagePart};

/// A place in a message, and how often something is found there.
type Place = (String, MessagePart, usize);

/// The finds in a message: the entry, how often, and each place.
fn located(inspection: &Inspection, message: &str) -> Vec<(String, usize, Vec<Place>)> {
    let finds = inspection.locate(message.as_bytes()).into_iter();
    finds
        .map(|find| {
            let places = find.places.into_iter().map(|(place, count)| (place.pointer, place.part, count)).collect();
            (find.entry.to_string(), find.count, places)
        })
        .collect()
}

#[test]
fn each_entry_says_where_it_finds_something_by_json_pointer() {
    let rules = inspection(
        r#"{"redact":[{"find":"email"},{"regex":"EM-[0-9]{6}","near":"EM-"},{"regex":"KU-[0-9]{6}","near":"KU-"},{"find":"credit_card"}],"deny_if":[{"find":"iban"}]}"#,
    );
    let message = r#"{"jsonrpc":"2.0","id":1,"result":{
        "content":[{"type":"text","text":"a@example.com b@example.com"},{"type":"text","text":"KU-123456"}],
        "structuredContent":{"a/b":[4111111111111111,"EM-123456"],"iban":"DE89370400440532013000"}}}"#;
    let value = |pointer: &str, count| (pointer.to_owned(), MessagePart::Value, count);
    let entry = |name: &str| format!("/all_tools/results/{name}");
    assert_eq!(
        located(&rules, message),
        [
            (entry("redact/0"), 2, vec![value("/result/content/0/text", 2)]),
            (entry("redact/1"), 1, vec![value("/result/structuredContent/a~1b/1", 1)]),
            (entry("redact/2"), 1, vec![value("/result/content/1/text", 1)]),
            (entry("redact/3"), 1, vec![value("/result/structuredContent/a~1b/0", 1)]),
            (entry("deny_if/0"), 1, vec![value("/result/structuredContent/iban", 1)]),
        ]
    );
    assert_eq!(located(&rules, r#"{"a":"a@example.com","a":1}"#), [], "not readable");
}

#[test]
fn a_find_that_crosses_texts_is_one_find_at_two_places() {
    let rules = inspection(r#"{"redact":[{"find":"email"}]}"#);
    let message =
        r#"{"id":1,"result":{"content":[{"type":"text","text":"bob@exam"},{"type":"text","text":"ple.com"}]}}"#;
    let place = |index: usize| (format!("/result/content/{index}/text"), MessagePart::Value, 1);
    assert_eq!(located(&rules, message), [("/all_tools/results/redact/0".to_owned(), 1, vec![place(0), place(1)])]);
}

#[test]
fn a_name_that_holds_a_find_is_not_shown() {
    let rules = inspection(r#"{"redact":[{"find":"email"}]}"#);
    let message = r#"{"id":1,"result":{"structuredContent":{"bob@example.com":{"mail":"ann@example.com"}},
        "contents":[{"uri":"a:b","mimeType":"application/json","blob":"Ym9iQGV4YW1wbGUuY29t"}]}}"#;
    let place = |pointer: &str, part| (pointer.to_owned(), part, 1);
    let places = vec![
        place("/result/structuredContent/…", MessagePart::Name),
        place("/result/structuredContent/…/mail", MessagePart::Value),
        place("/result/contents/0/blob", MessagePart::Blob),
    ];
    assert_eq!(located(&rules, message), [("/all_tools/results/redact/0".to_owned(), 3, places)]);
}
