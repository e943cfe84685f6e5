//! Expressions of the policy: what they see, and what they are charged.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{
    crossing::{blocks, count},
    format_named, inspection, stream,
};
use crate::{config::Config, policy::Mode, results::Inspection};

#[test]
fn texts_and_names_as_short_as_near_are_looked_at() {
    for (near, regex, text) in [("PIN", "PIN[0-9]*", "PIN"), ("PIN", "PIN[0-9]+", "PIN42"), ("sk_a", "sk_a", "sk_a")] {
        let redact = inspection(&format!(r#"{{"redact":[{{"regex":"{regex}","near":"{near}"}}]}}"#));
        let content = |text: &str| format!(r#"{{"id":1,"result":{{"structuredContent":{{"a":["{text}"]}}}}}}"#);
        assert_eq!(stream(&redact, &content(text)), content("[redacted]"));
        assert_eq!(stream(&redact, &content("PI")), content("PI"));
        let name = format!(r#"{{"id":1,"result":{{"structuredContent":{{"{text}":1}}}}}}"#);
        assert!(stream(&redact, &name).contains("-31451"), "{text}");
        let shaped = format!(r#"{{"id":1,"result":{{"{text}":"x"}}}}"#);
        assert!(stream(&redact, &shaped).contains("-31451"), "{text}");
    }
    // The shortest address.
    let email = format_named("email");
    let content = |text: &str| format!(r#"{{"id":1,"result":{{"a":"{text}"}}}}"#);
    assert_eq!(stream(&email, &content("a@b.co")), content("[redacted]"));
    assert_eq!(stream(&email, &content("a@[::]")), content("[redacted]"));
}

#[test]
fn expressions_that_begin_alike_are_all_looked_for() {
    // As many as a policy may have, in each mode: in shadow, both apply together.
    let list = |from: usize| {
        let finders: Vec<String> =
            (from..from + 32).map(|n| format!(r#"{{"regex":"key{n:03}z+","near":"key{n:03}"}}"#)).collect();
        finders.join(",")
    };
    let results = |from: usize| format!(r#"{{"redact":[{}],"deny_if":[{}]}}"#, list(from), list(from + 32));
    let text = format!(
        r#"{{"version":"1","default":"allow","all_tools":{{"results":{}}},"tools":{{"a":{{"mode":"shadow","results":{}}}}}}}"#,
        results(100),
        results(200)
    );
    let config = Config::load(text.as_bytes()).unwrap_or_else(|errors| panic!("{errors}"));
    let policy = &config.policies[0].policy;
    let rules = [Mode::Enforce, Mode::Shadow].into_iter().flat_map(|mode| policy.results(mode));
    let both = Inspection::new(rules).unwrap();
    for n in (100..164).chain(200..264) {
        assert_eq!(count(&both, &blocks([format!("a key{n}zz, key{n}, key000zz").as_str()])), 1, "{n}");
    }
}

#[test]
fn matches_that_are_searched_for_again_and_again_are_charged() {
    // Behind each match of one byte, the rest of the window is read to its end.
    let again = inspection(r#"{"redact":[{"regex":"a[^b]*b|a","near":"aaa"}]}"#);
    let text = |count: usize| format!(r#"{{"id":1,"result":{{"x":"{}"}}}}"#, "a".repeat(count));
    assert_eq!(count(&again, &text(300)), 300);
    assert!(stream(&again, &text(100_000)).contains("(too much to check)"));
    // So is a text that begins as `near` does, at every byte.
    let nearly = inspection(&format!(r#"{{"redact":[{{"regex":"x","near":"{}x"}}]}}"#, "a".repeat(63)));
    assert_eq!(stream(&nearly, &text(100_000)), text(100_000));
    assert!(stream(&nearly, &text(200_000)).contains("(too much to check)"));
}
