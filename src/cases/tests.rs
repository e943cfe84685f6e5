//! The corpus through the engine: decisions on a moved clock, and requests that try to slip past the reader.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;
use std::collections::BTreeMap;

use super::Case;
use crate::{
    caller::{self, Source},
    config::Config,
    engine::{self, Answer, Call, Opening},
    http::Headers,
    limit::{Moment, store::InMemory},
};

fn lines<'d, T: Deserialize<'d>>(data: &'d str) -> Vec<T> {
    data.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

#[test]
fn decisions_are_as_the_corpus_says() {
    let cases: Vec<Case> = lines(include_str!("../../tests/cases/decisions.jsonl"));
    let failed = cases.iter().filter_map(|case| Some(format!("{}: {}", case.name, case.run().err()?)));
    let failed: Vec<String> = failed.collect();
    assert!(failed.is_empty(), "{} of {}:\n{}", failed.len(), cases.len(), failed.join("\n"));
    assert_eq!(cases.len(), 59);
}

#[test]
fn a_case_that_expects_something_else_fails() {
    let case = |expect: &str| -> Case {
        let policy = r#"{"version":"1","default":"deny","tools":{"a":{}}}"#;
        let text = format!(
            r#"{{"name":"n","policy":{policy},"calls":[{{"tool":"a","identity":"x"}}],"expect":["{expect}"]}}"#
        );
        serde_json::from_str(&text).unwrap()
    };
    assert_eq!(case("allow").run(), Ok(()));
    let failure = case("deny").run().unwrap_err();
    assert_eq!(failure.to_string(), "call 0: expected Deny, got Allow ");
    assert_eq!(case("policy_invalid").run().unwrap_err().to_string(), "the policy loads, and should not");
}

/// An HTTP request and what has to become of it.
#[derive(Deserialize)]
struct Attack {
    name: String,
    method: String,
    path: String,
    headers: BTreeMap<String, OneOrMore>,
    body: Option<String>,
    body_b64: Option<String>,
    expect: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl Attack {
    fn headers(&self) -> Headers {
        let mut pairs = vec![(":method".to_owned(), self.method.clone().into_bytes())];
        pairs.push((":path".to_owned(), self.path.clone().into_bytes()));
        for (name, values) in &self.headers {
            let values = match values {
                OneOrMore::One(value) => std::slice::from_ref(value),
                OneOrMore::More(values) => values,
            };
            pairs.extend(values.iter().map(|value| (name.clone(), value.clone().into_bytes())));
        }
        Headers::new(pairs)
    }

    fn body(&self) -> Vec<u8> {
        let encoded = self.body_b64.as_ref().map(|text| STANDARD.decode(text).unwrap());
        encoded.unwrap_or_else(|| self.body.clone().unwrap_or_default().into_bytes())
    }

    /// What becomes of it: `forward`, or the status and body of our answer.
    fn run(&self, config: &Config) -> Result<(), (u16, String)> {
        let grant = caller::identify(&[Source::Constant("corpus".into())], &super::Nobody);
        let call = Call { headers: self.headers(), grant, request_id: None };
        let body = self.body();
        let answer = match engine::open(config, &call, !body.is_empty()) {
            Opening::Pass => return Ok(()),
            Opening::Closed(judgement) => judgement.answer,
            Opening::AwaitNothing => engine::unexpected_body(config, &call).answer,
            Opening::Await => {
                let store = InMemory::new([0; 16]);
                engine::judge(config, &call, &body, "corpus", Moment(0), &store).answer
            }
        };
        match answer {
            Answer::Forward(_) => Ok(()),
            Answer::Reply(reply) => Err((reply.status, reply.body)),
        }
    }
}

#[test]
fn attacks_end_as_the_corpus_says() {
    let config = Config::load(br#"{"version":"1","default":"deny","tools":{"ok":{}}}"#).unwrap();
    let attacks: Vec<Attack> = lines(include_str!("../../tests/cases/attacks.jsonl"));
    let mut failed = Vec::new();
    for attack in &attacks {
        let outcome = attack.run(&config);
        let right = match (attack.expect.split_once(':'), &outcome) {
            (None, Ok(())) => attack.expect == "forward",
            (None, Err((status, _))) => attack.expect == "refuse" && [200, 202, 400, 405, 413, 415].contains(status),
            (Some((_, tool)), Err((200, body))) => {
                let tool = serde_json::to_string(tool).unwrap();
                body.contains(r#""code":-31403"#) && body.contains(&format!(r#""tool":{tool}"#))
            }
            (Some(_), _) => false,
        };
        if !right {
            failed.push(format!("{}: expected {}, got {outcome:?}", attack.name, attack.expect));
        }
    }
    assert!(failed.is_empty(), "{} of {}:\n{}", failed.len(), attacks.len(), failed.join("\n"));
    assert_eq!(attacks.len(), 119);
}
