//! A chain of records: each names the one before it by a digest, so that a record that is missing, changed or moved is found.
//! Product contract, section 14.
//!
//! No key protects a chain: a person who can rewrite the whole log can make another one. Its [`Head`], which goes into
//! another log, is what such a person would have to rewrite, too.

use base16ct::lower;

use crate::{digest::Digest, json::Writer, time::Timestamp};

/// The records of one worker under one configuration, in the order in which Envoy logs them.
#[derive(Clone, Debug)]
pub struct Chain {
    worker: String,
    /// The records so far.
    records: u64,
    last: Digest,
    sum: Digest,
    /// When the head was written last, or the chain began.
    shown_at: Timestamp,
    /// The records that the head written last counts.
    shown: u64,
}

/// Before the first record: what its `prev` names, and what the sum begins with.
pub const ORIGIN: Digest = Digest::from_bytes([0; 32]);

/// What a link adds to a record, in bytes: names and quotes, a worker of 16 digits, a number of at most 20, a digest of 64.
pub const MAX_LINK: usize = 139;

/// How long records are linked before the head is written again, in milliseconds.
const HEAD_PERIOD: u64 = 60_000;

/// The end of a chain so far, for another log than that of its records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The worker's random id.
    pub worker: String,
    /// The number of the last record.
    pub seq: u64,
    /// The SHA-256 of its text without `chain`.
    pub record: Digest,
    /// A digest of all records up to it: see [`add`].
    pub sum: Digest,
}

/// The SHA-256 of a record's text, which has no `chain`.
#[must_use]
pub fn digest(record: &str) -> Digest {
    Digest::of(record.as_bytes())
}

/// The digest of all records up to one, from that of all records before it and its own.
#[must_use]
pub fn add(sum: &Digest, record: &Digest) -> Digest {
    Digest::of_all(&[sum.as_bytes(), record.as_bytes()])
}

impl Chain {
    /// A chain without a record; `id` is random, and begins at `now`.
    #[must_use]
    pub fn new(id: [u8; 8], now: Timestamp) -> Self {
        Self { worker: lower::encode_string(&id), records: 0, last: ORIGIN, sum: ORIGIN, shown_at: now, shown: 0 }
    }

    /// Adds `record`, a JSON object with members, and returns it with its link: `chain` is its last member.
    pub fn link(&mut self, record: &str) -> String {
        let mut link = Writer::with_capacity(MAX_LINK);
        self.records = self.records.saturating_add(1);
        link.add_string("worker", &self.worker)
            .add_json("seq", self.records)
            .add_string("prev", &self.last.to_string());
        self.last = digest(record);
        self.sum = add(&self.sum, &self.last);
        let members = record.strip_suffix('}').unwrap_or(record);
        [members, MEMBER, &link.finish(), "}"].concat()
    }

    /// The head, if it was not written for a minute, or `is_last` and records were linked since.
    pub fn due_head(&mut self, now: Timestamp, is_last: bool) -> Option<Head> {
        let is_due = is_last || now.0.saturating_sub(self.shown_at.0) >= HEAD_PERIOD;
        if !is_due || self.shown == self.records {
            return None;
        }
        (self.shown_at, self.shown) = (now, self.records);
        Some(Head { worker: self.worker.clone(), seq: self.records, record: self.last, sum: self.sum })
    }
}

/// What begins the link in a record's text.
const MEMBER: &str = ",\"chain\":";

/// What begins a head in a line of Envoy's log.
pub const HEAD: &str = "chain {";

impl Head {
    /// The line for Envoy's log.
    #[must_use]
    pub fn to_line(&self) -> String {
        let mut head = Writer::with_capacity(256);
        head.add_string("worker", &self.worker)
            .add_json("seq", self.seq)
            .add_string("record", &self.record.to_string())
            .add_string("sum", &self.sum.to_string());
        ["chain ", &head.finish()].concat()
    }
}

/// The link of a record.
#[cfg(not(target_os = "wasi"))]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link<'t> {
    /// The worker's random id.
    pub worker: &'t str,
    /// The record's number in its chain, from 1.
    pub seq: u64,
    /// The SHA-256 of the record before it.
    pub prev: Digest,
}

/// Takes a record's text apart: its digest, and its link. `None` if it does not end with a link as [`Chain::link`] writes it.
#[cfg(not(target_os = "wasi"))]
#[must_use]
pub fn take_apart(record: &str) -> Option<(Digest, Link<'_>)> {
    let (members, link) = record.rsplit_once(MEMBER)?;
    let (worker, link) = link.strip_prefix(r#"{"worker":""#)?.split_once(r#"","seq":"#)?;
    let (seq, prev) = link.strip_suffix(r#""}}"#)?.split_once(r#","prev":""#)?;
    let is_id = worker.len() == 16 && worker.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let is_number = !seq.starts_with(['0', '+']);
    let link = Link { worker, seq: seq.parse().ok().filter(|_| is_number)?, prev: Digest::parse(prev)? };
    let digest = Digest::of_all(&[members.as_bytes(), b"}"]);
    is_id.then_some((digest, link))
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    const FIRST: &str = r#"{"decision":"allowed"}"#;
    const SECOND: &str = r#"{"decision":"denied","tool":",\"chain\":{}"}"#;

    #[test]
    fn a_record_names_the_text_of_the_one_before_it() {
        let mut chain = Chain::new([0xab; 8], Timestamp(0));
        let linked = [FIRST, SECOND].map(|record| chain.link(record));
        let link =
            |seq: u64, prev: &str| format!(r#","chain":{{"worker":"abababababababab","seq":{seq},"prev":"{prev}"}}}}"#);
        let first = digest(FIRST).to_string();
        assert_eq!(linked[0], FIRST.replace('}', "") + &link(1, &"0".repeat(64)));
        assert_eq!(linked[1], SECOND.strip_suffix('}').unwrap().to_owned() + &link(2, &first));
    }

    #[cfg(not(target_os = "wasi"))]
    #[test]
    fn a_linked_record_is_taken_apart() {
        let mut chain = Chain::new([1; 8], Timestamp(0));
        let linked = [FIRST, SECOND].map(|record| chain.link(record));
        for (linked, record, seq, prev) in [(&linked[0], FIRST, 1, ORIGIN), (&linked[1], SECOND, 2, digest(FIRST))] {
            let (found, link) = take_apart(linked).unwrap();
            assert_eq!((found, link), (digest(record), Link { worker: "0101010101010101", seq, prev }));
        }
        for other in [
            FIRST,
            SECOND,
            "",
            &linked[0].replace("01", "0g"),
            &linked[0].replace(":1,", ":01,"),
            &linked[0].replace("}}", "} }"),
        ] {
            assert_eq!(take_apart(other), None, "{other}");
        }
    }

    #[test]
    fn a_link_has_a_bound() {
        let mut chain = Chain { records: u64::MAX - 1, ..Chain::new([255; 8], Timestamp(0)) };
        assert_eq!(chain.link(FIRST).len(), FIRST.len() + MAX_LINK);
    }

    #[test]
    fn the_head_is_written_each_minute_with_records_and_at_the_end() {
        let mut chain = Chain::new([1; 8], Timestamp(1000));
        assert_eq!(chain.due_head(Timestamp(90_000), false), None, "there is no record");
        chain.link(FIRST);
        assert_eq!(chain.due_head(Timestamp(60_999), false), None);
        let head = chain.due_head(Timestamp(61_000), false).unwrap();
        assert_eq!((head.seq, head.record, head.sum), (1, digest(FIRST), add(&ORIGIN, &digest(FIRST))));
        assert_eq!(chain.due_head(Timestamp(200_000), true), None, "it was written");
        chain.link(SECOND);
        let last = chain.due_head(Timestamp(61_001), true).unwrap();
        assert_eq!((last.seq, last.sum), (2, add(&head.sum, &digest(SECOND))));
        assert!(last.to_line().starts_with(r#"chain {"worker":"0101010101010101","seq":2,"record":""#));
    }
}
