//! What the filter asks a service, read by field numbers.

use std::collections::HashMap;

use mcp_policy::protobuf::wire::{Wire, read_fields};

/// A request to the service: its domain, descriptors and hits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) domain: String,
    pub(crate) descriptors: Vec<HashMap<String, String>>,
    pub(crate) hits: u64,
}

impl Asked {
    /// Reads an `envoy.service.ratelimit.v3.RateLimitRequest`.
    pub(crate) fn read(message: &[u8]) -> Self {
        let mut asked = Self { domain: String::new(), descriptors: Vec::new(), hits: 0 };
        for field in read_fields(message).expect("a message") {
            match (field.number, field.value) {
                (1, Wire::Bytes(domain)) => asked.domain = text(domain),
                (2, Wire::Bytes(descriptor)) => asked.descriptors.push(entries(descriptor)),
                (3, Wire::Varint(hits)) => asked.hits = hits,
                (number, _) => panic!("field {number}"),
            }
        }
        asked
    }

    /// The counters, in order.
    pub(crate) fn counters(&self) -> Vec<&str> {
        self.descriptors.iter().map(|descriptor| descriptor["counter"].as_str()).collect()
    }
}

fn entries(descriptor: &[u8]) -> HashMap<String, String> {
    let entries = read_fields(descriptor).expect("a message").into_iter().filter(|field| field.number == 1);
    let pair = |entry: &[u8]| {
        let texts: Vec<String> = read_fields(entry)
            .expect("a message")
            .into_iter()
            .map(|field| if let Wire::Bytes(bytes) = field.value { text(bytes) } else { panic!("no text") })
            .collect();
        let [key, value] = texts.try_into().expect("a key and a value");
        (key, value)
    };
    entries.map(|entry| if let Wire::Bytes(bytes) = entry.value { pair(bytes) } else { panic!("no entry") }).collect()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}
