//! Rules on the caller, on time and on what happened before: each line of the corpus is a case file.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::cases::read;

#[test]
fn facts_decide_as_the_corpus_says() {
    let mut failed = Vec::new();
    for (number, line) in include_str!("../../../tests/cases/facts.jsonl").lines().enumerate() {
        let cases = read(line).unwrap_or_else(|problems| panic!("line {}: {problems:?}", number + 1));
        for case in cases {
            if let Err(failure) = case.run(None) {
                failed.push(format!("line {}, {}: {failure}", number + 1, case.name));
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
