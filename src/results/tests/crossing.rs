//! Finds that cross texts which a reader sees one after the other.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{format_named, inspection, stream};
use crate::{budget::Work, results::Inspection};

/// A message with these blocks of content.
pub(super) fn blocks<'t>(texts: impl IntoIterator<Item = &'t str>) -> String {
    let blocks: Vec<String> =
        texts.into_iter().map(|text| format!(r#"{{"type":"text","text":{}}}"#, crate::json::quoted(text))).collect();
    format!(r#"{{"jsonrpc":"2.0","id":1,"result":{{"content":[{}]}}}}"#, blocks.join(","))
}

/// How often something is found in a message.
pub(super) fn count(inspection: &Inspection, message: &str) -> u32 {
    let inspected = inspection.inspect(message.as_bytes(), &Work::default(), usize::MAX);
    inspected.counts.iter().map(|(_, count)| count).sum()
}

const KEY: [&str; 5] = ["-----BEGIN PRIVATE KEY-----\n", "MIIE", "vgIB", "ADAN", "\n-----END PRIVATE KEY-----"];

#[test]
fn a_find_that_crosses_texts_counts_once() {
    let r = "[redacted]";
    let long = "x ".repeat(600);
    let (long_end, long_front) = (format!("{long}bob@exam"), format!("ple.com {long}"));
    let (end_redacted, front_redacted) = (format!("{long}{r}"), format!("{r} {long}"));
    for (finder, before, after, expected) in [
        ("slack_token", vec!["xoxb-1234567890-aaaaaaaa", "bbbbbbbbbb", "cccccccc", "dddd"], vec![r; 4], 1),
        ("slack_token", vec!["xoxb-12345", "67890-aa", "aaaaaa", "bbbbbbbbbb"], vec![r; 4], 1),
        ("credit_card", vec!["4111", "1111", "1111", "1111"], vec![r; 4], 1),
        ("email", vec!["bob@exam", "ple.com"], vec![r; 2], 1),
        // One text shows it alone, and it goes on.
        ("email", vec!["bob@example.co", "m"], vec![r; 2], 1),
        // Each text shows one, and so does the seam.
        ("email", vec!["a@b.co", "c@d.com"], vec![r; 2], 2),
        ("email", vec!["a@b.co bob@exam", "ple.com c@d.co"], vec!["[redacted] [redacted]"; 2], 3),
        ("email", vec!["bob@exam", "", "ple.com", " x ", "bob@example.com"], vec![r, "", r, " x ", r], 2),
        ("email", vec![&long_end, &long_front], vec![&end_redacted, &front_redacted], 1),
        ("private_key", KEY.to_vec(), vec![r; 5], 1),
        ("private_key", [KEY, KEY].concat(), vec![r; 10], 2),
    ] {
        let inspection = format_named(finder);
        let message = blocks(before);
        assert_eq!(stream(&inspection, &message), blocks(after), "{message}");
        assert_eq!(count(&inspection, &message), expected, "{message}");
    }
}

#[test]
fn a_find_of_deny_if_that_crosses_texts_refuses_the_answer() {
    let denied = inspection(r#"{"redact":[{"find":"email"}],"deny_if":[{"find":"slack_token"}]}"#);
    let out = stream(&denied, &blocks(["a@b.co xoxb-123", "4567890-abc", "d c@d.co"]));
    assert!(out.contains("-31451") && out.contains("/all_tools/results/deny_if/0"), "{out}");
}

#[test]
fn a_secret_that_is_spelled_in_blocks_of_one_character_is_found_once() {
    let token = format!("xoxb-1234567890-{}", "a".repeat(60));
    let slack = format_named("slack_token");
    let text = format!("{token} {token} ").repeat(20);
    let letters: Vec<String> = text.chars().map(String::from).collect();
    let message = blocks(letters.iter().map(String::as_str));
    assert_eq!(count(&slack, &message), 40);
    let expected = letters.iter().map(|letter| if letter == " " { " " } else { "[redacted]" });
    assert_eq!(stream(&slack, &message), blocks(expected));
}
