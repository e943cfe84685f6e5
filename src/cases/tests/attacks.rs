//! Requests that try to slip past the reader.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;
use std::collections::BTreeMap;

use crate::{
    config::Config,
    engine::{self, BoundRequest, Disposition, HeadersVerdict, RequestInfo},
    http::Headers,
    identity::Grant,
    store::InMemory,
    time::Timestamp,
};

/// The requests in `tests/cases/clients.jsonl`.
const REQUESTS: usize = 50;

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
        let call = BoundRequest::new(config, RequestInfo::new(self.headers(), Ok(Grant::from_name("corpus"))));
        let body = self.body();
        let answer = match engine::check_headers(config, &call, !body.is_empty()) {
            HeadersVerdict::Bypass | HeadersVerdict::Continue(_) => return Ok(()),
            HeadersVerdict::Reply(response) | HeadersVerdict::Discard(response) => response.answer,
            HeadersVerdict::ExpectEmptyBody(_) => engine::unexpected_body(config, &call).answer,
            HeadersVerdict::NeedBody => {
                let store = InMemory::new([0; 16]);
                engine::authorize(config, &call, &body, "corpus", Timestamp(0), &store).answer
            }
        };
        match answer {
            Disposition::Forward(_) => Ok(()),
            Disposition::Reply(reply) => Err((reply.status, reply.body)),
            Disposition::Callout(inquiry) => panic!("{inquiry:?}"),
        }
    }
}

#[test]
fn attacks_end_as_the_corpus_says() {
    let config = Config::load(br#"{"version":"1","default":"deny","tools":{"ok":{}}}"#).unwrap();
    let lines = include_str!("../../../tests/cases/attacks.jsonl").lines();
    let attacks: Vec<Attack> = lines.map(|line| serde_json::from_str(line).unwrap()).collect();
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
    assert_eq!(attacks.len(), 161);
}

/// What the clients of SDKs have sent, written down by `tests/servers/clients/record.py`.
#[test]
fn everything_that_real_clients_send_is_forwarded() {
    let config = Config::load(br#"{"version":"1","default":"allow"}"#).unwrap();
    let lines = include_str!("../../../tests/cases/clients.jsonl").lines();
    let requests: Vec<Attack> = lines.map(|line| serde_json::from_str(line).unwrap()).collect();
    let refused = requests.iter().filter_map(|request| {
        let refusal = request.run(&config).err()?;
        Some(format!("{}: {refusal:?}", request.name))
    });
    assert_eq!(refused.collect::<Vec<_>>(), [""; 0]);
    assert_eq!(requests.len(), REQUESTS);
}
