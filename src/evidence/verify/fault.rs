//! What is wrong with a chain, and the heads that show it.

use std::fmt;

use base16ct::lower;
use serde::Deserialize;

use crate::{
    audit::chain::{HEAD, Head},
    digest::Digest,
};

/// The first thing that is wrong with a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong.
    pub kind: FaultKind,
    /// The number of the record that it is about, from 1.
    pub seq: u64,
    /// The line that it is about, from 1; 0 if the log has no line of it.
    pub line: u64,
}

/// What can be wrong with a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// Records are missing before this one, from the number on.
    Gap {
        /// The first that is missing.
        from: u64,
        /// How many are.
        count: u64,
    },
    /// Records that belong before this one follow later.
    Reordered {
        /// How many follow later.
        late: u64,
        /// How many do not follow at all.
        missing: u64,
    },
    /// This record was changed, or the next one names another in its place.
    Changed {
        /// The line of the next record.
        next_line: u64,
    },
    /// This record is in the log twice.
    Duplicate {
        /// The line of the first one.
        of_line: u64,
    },
    /// Another record has the same number.
    Conflict {
        /// The line of the other one.
        with_line: u64,
    },
    /// This record is among later ones, too far from its place to be compared.
    Misplaced,
    /// Records up to this one were changed together with their links: the head in Envoy's log counts others.
    Rewritten,
    /// The log ends before records that a head in Envoy's log counts.
    CutTail {
        /// The number that the head counts to.
        head: u64,
    },
    /// A log that should be complete begins with this record.
    CutFront,
}

impl FaultKind {
    /// One word, for programs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Gap { .. } => "gap",
            Self::Reordered { .. } => "reordered",
            Self::Changed { .. } => "changed",
            Self::Duplicate { .. } => "duplicate",
            Self::Conflict { .. } => "conflict",
            Self::Misplaced => "misplaced",
            Self::Rewritten => "rewritten",
            Self::CutTail { .. } => "cut_tail",
            Self::CutFront => "cut_front",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, seq, line } = self;
        match kind {
            FaultKind::Gap { from, count: 1 } => {
                write!(f, "record {from} is missing before line {line} (record {seq})")
            }
            FaultKind::Gap { from, count } => {
                let to = from.saturating_add(count.saturating_sub(1));
                write!(f, "{count} records, {from} to {to}, are missing before line {line} (record {seq})")
            }
            FaultKind::Reordered { late, missing: 0 } => {
                write!(f, "record {seq} on line {line} is out of order: {late} earlier records follow it")
            }
            FaultKind::Reordered { late, missing } => write!(
                f,
                "record {seq} on line {line} is out of order: {late} earlier records follow it, and {missing} are missing"
            ),
            FaultKind::Changed { next_line } => write!(
                f,
                "record {seq} on line {line} was changed, or the link to it on line {next_line} was: their digests differ"
            ),
            FaultKind::Duplicate { of_line } => {
                write!(f, "record {seq} is in the log twice, on line {of_line} and again on line {line}")
            }
            FaultKind::Conflict { with_line } => {
                write!(f, "two different records have the number {seq}, on line {with_line} and on line {line}")
            }
            FaultKind::Misplaced => write!(f, "record {seq} on line {line} is among later records"),
            FaultKind::Rewritten => {
                write!(f, "records up to {seq} on line {line} were changed: a head in Envoy's log counts others")
            }
            FaultKind::CutTail { head } if *line == 0 => {
                write!(f, "the log has none of its {head} records, which a head in Envoy's log counts")
            }
            FaultKind::CutTail { head } => {
                write!(f, "the records after {seq} on line {line} are missing: a head in Envoy's log counts {head}")
            }
            FaultKind::CutFront => write!(f, "the records before {seq} on line {line} are missing"),
        }
    }
}

/// Reads the head in a line of Envoy's log, whatever is before and after it.
pub(super) fn read_head(line: &str) -> Option<Head> {
    #[derive(Deserialize)]
    struct Written<'l> {
        worker: &'l str,
        seq: u64,
        record: &'l str,
        sum: &'l str,
    }
    let members = line.split_once(HEAD)?.1.split_inclusive('}').next()?;
    // A collector may have put the line into a text, and escaped its quotes.
    let json = ["{", &members.replace('\\', "")].concat();
    let Written { worker, seq, record, sum } = serde_json::from_str(&json).ok()?;
    let is_id = lower::decode_vec(worker).is_ok_and(|id| id.len() == 8);
    let head = Head { worker: worker.to_owned(), seq, record: Digest::parse(record)?, sum: Digest::parse(sum)? };
    (is_id && seq > 0).then_some(head)
}
