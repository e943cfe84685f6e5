//! Texts that are broken in every place are read to their end.

use super::{Kind, Part};
use serde_json::{Value, json};

fn read(text: &str) -> (Value, Vec<String>) {
    let mut broken = Vec::new();
    let value = Part::read(text).value(&mut Vec::new(), &mut broken);
    (value, broken.into_iter().map(|tokens| tokens.iter().map(|token| format!("/{token}")).collect()).collect())
}

#[test]
fn json_is_read_as_it_is() {
    let text = r#" {"a": [1, "é\"", {"b": null}], "c": {}, "d": [], "a": 2} "#;
    assert_eq!(read(text), (json!({"a": [1, "é\"", {"b": null}], "c": {}, "d": []}), Vec::new()));
}

#[test]
fn a_mistake_breaks_its_own_part_only() {
    for (text, value, broken) in [
        (r#"{"a": tru, "b": 1}"#, json!({"a": null, "b": 1}), vec!["/a"]),
        ("{\"a\": \"x,\n \"b\": {\"c\": 2}}", json!({"a": null, "b": {"c": 2}}), vec!["", "/a"]),
        (r#"{"a": {"x": 1,}, "b": {"y": 2}}"#, json!({"a": {"x": 1}, "b": {"y": 2}}), vec!["/a"]),
        (r#"{"a": [1 2], "b": 3}"#, json!({"a": [1, 2], "b": 3}), vec!["/a"]),
        (r#"{"a": {"x": [1, 2}, "b": 3}"#, json!({"a": {"x": [1, 2]}, "b": 3}), vec!["/a/x"]),
        (r#"{"a": , "b": 3}"#, json!({"a": null, "b": 3}), vec!["/a"]),
        (r#"{"a" 1, "b": 3}"#, json!({"b": 3}), vec![""]),
        (r#"{"b": 3"#, json!({"b": 3}), vec![""]),
        (r#"{,"b": 3}"#, json!({"b": 3}), vec![""]),
        ("", json!(null), vec![""]),
        ("]", json!(null), vec![""]),
    ] {
        let (found, places) = read(text);
        assert_eq!((found, places.iter().map(String::as_str).collect::<Vec<_>>()), (value, broken), "{text}");
    }
}

#[test]
fn every_beginning_and_every_loss_of_a_byte_is_read_to_its_end() {
    let text = r#"{"a\u00e9": [1, {"b": "x\\"}, true], "c": {"d": [[]]}}"#;
    for at in 0..text.len() {
        let (before, after) = text.split_at(at);
        Part::read(before);
        let lost: String = before.chars().chain(after.chars().skip(1)).collect();
        let read = Part::read(&lost);
        assert!(read.span.end <= lost.len(), "{lost}");
    }
    let deep = "[".repeat(100_000);
    assert!(matches!(Part::read(&deep).kind, Kind::Array { .. }));
}
