//! Every example in the README is one that works.
#![expect(clippy::unwrap_used, reason = "a test that cannot read its own examples has failed")]

use mcp_policy::{
    config::{Config, LoadedConfig},
    engine::{self, Disposition, RequestInfo},
    http::Headers,
    identity::Grant,
    store::InMemory,
    time::Timestamp,
};
use serde_json::Value;

const README: &str = include_str!("../README.md");

const ENVOY: &str = include_str!("../envoy/README.md");

/// The contents of all fenced blocks of a language.
fn blocks(language: &str) -> Vec<&'static str> {
    blocks_of(README, language)
}

fn blocks_of(text: &'static str, language: &str) -> Vec<&'static str> {
    let fence = format!("```{language}\n");
    text.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

#[test]
fn every_configuration_loads() {
    let (answers, configurations): (Vec<_>, Vec<_>) =
        blocks("json").into_iter().partition(|text| text.contains("jsonrpc"));
    let of_envoy = blocks_of(ENVOY, "json");
    assert_eq!((answers.len(), configurations.len(), of_envoy.len()), (1, 5, 3));
    for text in [configurations, of_envoy].concat() {
        if let Err(invalid) = LoadedConfig::load(text.as_bytes()) {
            panic!("{text}\n{invalid}");
        }
    }
}

#[test]
fn the_first_policy_is_the_sample_byte_for_byte() {
    assert_eq!(blocks("json")[0], include_str!("../envoy/policies/krea.json"));
}

#[test]
fn the_refusal_is_what_an_agent_gets() {
    let config = Config::load(blocks("json")[0].as_bytes()).unwrap();
    let grant = Ok(Grant::named("constant:reader"));
    let call = RequestInfo::new(Headers::default(), grant);
    let body = br#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"drop_table"}}"#;
    let judgement = engine::authorize(&config, &call, body, "readme", Timestamp(0), &InMemory::new([0; 16]));
    let Disposition::Reply(reply) = judgement.answer else { panic!("forwarded") };
    let told: Value = serde_json::from_str(&reply.body).unwrap();
    let shown: Value = serde_json::from_str(blocks("json")[1]).unwrap();
    assert_eq!(told, shown);
}
