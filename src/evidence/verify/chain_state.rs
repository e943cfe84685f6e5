//! One chain, as far as the log has shown it.

use std::{collections::VecDeque, ops::Range};

use crate::{
    audit::chain::{self, Head, Link, ORIGIN},
    digest::Digest,
};

use super::{Fault, FaultKind};

/// A record of a chain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Its number, from 1.
    pub seq: u64,
    /// Its line, from 1.
    pub line: u64,
}

/// What is known of one chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainReport {
    /// The worker's random id.
    pub worker: String,
    /// Its records in the log.
    pub records: u64,
    /// The first of them; 0 if there is none.
    pub first: Place,
    /// The one with the largest number.
    pub last: Place,
    /// The last record that links or heads confirm together with all before it in this log: what can be trusted.
    pub trusted: Option<Place>,
    /// The first thing that is wrong.
    pub fault: Option<Fault>,
    /// How many further things are wrong.
    pub later_faults: u64,
}

/// One chain, as far as the log has shown it.
#[derive(Debug, Default)]
pub(super) struct ChainState {
    records: u64,
    first: Place,
    last: Place,
    last_digest: Option<Digest>,
    /// The digest of all records so far, if the log has all.
    sum: Option<Digest>,
    trusted: Option<Place>,
    fault: Option<Fault>,
    later_faults: u64,
    /// The records that were missing before the first fault's line.
    missing: Range<u64>,
    /// Records that came last, to be compared with what comes twice.
    recent: VecDeque<(Place, Digest)>,
}

/// How far from its place a record is recognized as one that came before. It bounds the memory of a chain.
const RECENT: usize = 64;

impl ChainState {
    /// Takes the next record of the chain.
    pub(super) fn add(&mut self, digest: &Digest, link: &Link<'_>, line: u64) {
        let place = Place { seq: link.seq, line };
        self.records = self.records.saturating_add(1);
        if self.records == 1 {
            self.first = place;
            if link.seq == 1 && link.prev != ORIGIN {
                self.report(FaultKind::Changed { next_line: line }, place);
            }
            self.sum = (link.seq == 1 && self.fault.is_none()).then(|| chain::add(&ORIGIN, digest));
            return self.advance(place, digest);
        }
        let expected = self.last.seq.saturating_add(1);
        if link.seq < expected {
            return self.take_late(place, digest);
        }
        if link.seq > expected {
            if self.fault.is_none() {
                self.missing = expected..link.seq;
            }
            let count = link.seq.saturating_sub(expected);
            self.report(FaultKind::Gap { from: expected, count }, place);
        } else if Some(link.prev) != self.last_digest {
            self.report(FaultKind::Changed { next_line: line }, self.last);
        } else if self.fault.is_none() {
            self.trusted = Some(self.last);
        }
        self.sum = self.sum.filter(|_| self.fault.is_none()).map(|sum| chain::add(&sum, digest));
        self.advance(place, digest);
    }

    /// Takes a record whose number is not larger than that of the one before it.
    fn take_late(&mut self, place: Place, digest: &Digest) {
        if let Some((known, other)) = self.recent.iter().find(|(known, _)| known.seq == place.seq) {
            let kind = if other == digest {
                FaultKind::Duplicate { of_line: known.line }
            } else {
                FaultKind::Conflict { with_line: known.line }
            };
            return self.report(kind, place);
        }
        self.remember(place, digest);
        let is_missing = self.missing.contains(&place.seq);
        match &mut self.fault {
            Some(Fault { kind, .. }) if is_missing => match kind {
                FaultKind::Gap { count, .. } => {
                    *kind = FaultKind::Reordered { late: 1, missing: count.saturating_sub(1) };
                }
                FaultKind::Reordered { late, missing } => {
                    (*late, *missing) = (late.saturating_add(1), missing.saturating_sub(1));
                }
                _ => {}
            },
            _ => self.report(FaultKind::Misplaced, place),
        }
    }

    fn advance(&mut self, place: Place, digest: &Digest) {
        (self.last, self.last_digest) = (place, Some(*digest));
        self.remember(place, digest);
    }

    fn remember(&mut self, place: Place, digest: &Digest) {
        if self.recent.len() >= RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back((place, *digest));
    }

    fn report(&mut self, kind: FaultKind, Place { seq, line }: Place) {
        if self.fault.is_some() {
            self.later_faults = self.later_faults.saturating_add(1);
        } else {
            self.fault = Some(Fault { kind, seq, line });
        }
    }

    /// Compares the record that was added last, on this line, with the head that names it.
    pub(super) fn compare_head(&mut self, head: &Head, digest: &Digest, line: u64) {
        let place = Place { seq: head.seq, line };
        let is_same = head.record == *digest && self.sum.is_none_or(|sum| sum == head.sum);
        if !is_same {
            self.report(FaultKind::Rewritten, place);
        } else if self.fault.is_none() {
            self.trusted = Some(place);
        }
    }

    /// The log has ended; `newest` is the newest head that its records have not reached.
    pub(super) fn finish(mut self, worker: String, newest: Option<&Head>, complete: bool) -> ChainReport {
        if let Some(head) = newest.filter(|head| head.seq > self.last.seq) {
            self.report(FaultKind::CutTail { head: head.seq }, self.last);
        }
        if complete && self.first.seq > 1 {
            // It comes before any other.
            let cut = Fault { kind: FaultKind::CutFront, seq: self.first.seq, line: self.first.line };
            if self.fault.replace(cut).is_some() {
                self.later_faults = self.later_faults.saturating_add(1);
            }
        }
        let Self { records, first, last, trusted, fault, later_faults, .. } = self;
        ChainReport { worker, records, first, last, trusted, fault, later_faults }
    }
}

impl ChainReport {
    /// A chain without a record in the log, though a head counts so many.
    pub(super) fn missing(worker: String, head: u64) -> Self {
        let none = Place::default();
        let fault = Some(Fault { kind: FaultKind::CutTail { head }, seq: 0, line: 0 });
        Self { worker, records: 0, first: none, last: none, trusted: None, fault, later_faults: 0 }
    }
}
