//! Callers: what the host knows of each, and the grant that a person writes for it.

use proptest::{prelude::*, sample::select};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::{
    proxy::Pairs,
    request::{Properties, at_an_address, pairs},
};

/// Who calls.
#[derive(Clone, Copy, Debug)]
pub(super) enum Caller {
    /// A header of so many letters.
    Agent(char, usize),
    /// A header that is a secret.
    Key(&'static str),
    Bearer(&'static str),
    Certificate(&'static str),
    /// By nothing but its address.
    Address,
}

/// The sources of identity, in order.
pub(super) fn identity() -> Value {
    json!([
        { "peer": "uri_san" }, { "header": "x-agent" }, { "header": "x-key", "secret": true }, { "bearer": true },
        { "address": true },
    ])
}

/// Callers of each kind; names of 256 bytes are the longest that are shown as they are, and of 4096 that are accepted.
pub(super) fn callers() -> impl Strategy<Value = Caller> {
    let names = vec![('a', 1), ('a', 1), ('b', 1), ('l', 256), ('l', 257), ('l', 300), ('l', 5000)];
    prop_oneof![
        4 => select(names).prop_map(|(letter, count)| Caller::Agent(letter, count)),
        1 => select(vec!["key", "0123456789abcdef"]).prop_map(Caller::Key),
        2 => Just(Caller::Bearer("token")),
        1 => Just(Caller::Certificate("spiffe://cluster/a")),
        1 => Just(Caller::Address),
    ]
}

/// Patterns by which bindings mean some of them: as sent, as counted, as shown.
pub(super) fn patterns() -> Vec<String> {
    let bearer = Caller::Bearer("token").grant();
    let shown: String = bearer.chars().take("bearer:".len() + 16).collect();
    let patterns = ["header:a", "header:l*", "header:*l", "*~sha256*", "bearer:*", "header.x-key:*", "peer:*", "*"];
    patterns.into_iter().chain([bearer.as_str(), &shown]).map(str::to_owned).collect()
}

impl Caller {
    /// The whole grant.
    pub(super) fn grant(self) -> String {
        match self {
            Self::Agent(letter, count) => format!("header:{}", letter.to_string().repeat(count)),
            Self::Key(key) => format!("header.x-key:{}", digest(key)),
            Self::Bearer(token) => format!("bearer:{}", digest(token)),
            Self::Certificate(name) => format!("peer:{name}"),
            Self::Address => "address:10.0.0.7".to_owned(),
        }
    }

    /// The headers that it sends besides.
    pub(super) fn headers(self) -> Pairs {
        match self {
            Self::Agent(letter, count) => pairs(&[("x-agent", &letter.to_string().repeat(count))]),
            Self::Key(key) => pairs(&[("x-key", key)]),
            Self::Bearer(token) => pairs(&[("authorization", &format!("Bearer {token}"))]),
            Self::Certificate(_) | Self::Address => Pairs::new(),
        }
    }

    /// What Envoy knows of its connection.
    pub(super) fn properties(self) -> Properties {
        let mut properties = at_an_address();
        if let Self::Certificate(name) = self {
            properties.insert(b"connection\0uri_san_peer_certificate".to_vec(), Some(name.as_bytes().to_vec()));
        }
        properties
    }
}

fn digest(secret: &str) -> String {
    Sha256::digest(secret).iter().map(|byte| format!("{byte:02x}")).collect()
}
